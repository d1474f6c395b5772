//! What the call monitor says: a line for each thing that happens to a call.
//!
//! There is no documentation by the manufacturer. Source: the module `FB_CALLMONITOR` of FHEM, `fritzconnection`, and
//! Home Assistant's integration `fritzbox_callmonitor`. Fields stand between semicolons, and the last ones may be missing
//! or others may follow.

use serde::{Deserialize, Serialize};

use crate::bridge::mask::Mask;

/// What a FRITZ!Box says, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// a line, without its end
    Line(String),
    /// a line that is longer than any that a FRITZ!Box says
    Endless,
}

/// What a FRITZ!Box is asked for: nothing, because it takes nothing.
#[derive(Debug, Clone, Copy)]
pub enum Request {}

/// One line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// the box's time, such as `21.11.16 19:08:55`; it does not say of which zone
    pub time: &'a str,
    /// the number of the call, which another one gets as soon as it is over
    pub id: u32,
    /// what happened to the call
    pub what: What<'a>,
}

/// See [`Line`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// Somebody outside calls.
    Ring {
        /// who; empty if the number is withheld
        from: &'a str,
        /// which of the box's numbers
        to: &'a str,
        /// the line, such as `SIP0`
        line: &'a str,
    },
    /// A phone of the house calls somebody.
    Call {
        /// the phone
        extension: &'a str,
        /// the number that it shows
        from: &'a str,
        /// whom
        to: &'a str,
        /// the line
        line: &'a str,
    },
    /// Somebody took it.
    Connect {
        /// the phone of the house
        extension: &'a str,
    },
    /// It is over.
    Disconnect {
        /// how long they talked
        seconds: u64,
    },
}

impl<'a> Line<'a> {
    /// Takes a line apart; `None` if it is none.
    pub fn of(text: &'a str) -> Option<Self> {
        let mut fields = text.split(';');
        let time = fields.next().filter(|time| is_time(time))?;
        let kind = fields.next()?;
        let id = fields.next()?.parse().ok()?;
        let mut next = || fields.next().unwrap_or_default();
        let what = match kind {
            "RING" => What::Ring { from: next(), to: next(), line: next() },
            "CALL" => What::Call { extension: next(), from: next(), to: next(), line: next() },
            "CONNECT" => What::Connect { extension: next() },
            "DISCONNECT" => What::Disconnect { seconds: next().parse().unwrap_or_default() },
            _ => return None,
        };
        Some(Self { time, id, what })
    }
}

impl Message {
    /// Puts other numbers in place of those that it has.
    pub fn mask(&mut self, mask: &Mask) {
        let Self::Line(text) = self else { return };
        // Behind the time, the kind and the call's own number; how long they talked is nobody's number.
        if text.split(';').nth(1) == Some("DISCONNECT") {
            return;
        }
        let masked = text.split(';').enumerate();
        *text = masked
            .map(|(place, field)| if place < 3 { field.to_owned() } else { mask.text(field) })
            .collect::<Vec<_>>()
            .join(";");
    }
}

/// `21.11.16 19:08:55`
fn is_time(text: &str) -> bool {
    let pattern = b"dd.dd.dd dd:dd:dd";
    let is_same =
        |(byte, wanted): (u8, &u8)| if *wanted == b'd' { byte.is_ascii_digit() } else { byte == *wanted };
    text.len() == pattern.len() && text.bytes().zip(pattern).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of FRITZ!Boxes as tests of other programs have them.
    #[test]
    fn lines_are_taken_apart() {
        let ring = |from, to, line| What::Ring { from, to, line };
        // (line, number, what)
        let cases = [
            ("03.11.16 13:17:16;RING;0;03023125741;990133;SIP0;", 0, ring("03023125741", "990133", "SIP0")),
            (
                "03.11.16 13:17:16;RING;0;01331744839;004955142019022;SIP0",
                0,
                ring("01331744839", "004955142019022", "SIP0"),
            ),
            ("03.11.16 13:17:16;RING;2;;990133;", 2, ring("", "990133", "")),
            ("03.11.16 13:17:26;CONNECT;0;4;03023125741;", 0, What::Connect { extension: "4" }),
            ("03.11.16 13:20:47;DISCONNECT;0;201;", 0, What::Disconnect { seconds: 201 }),
            ("03.11.16 13:20:47;DISCONNECT;0;", 0, What::Disconnect { seconds: 0 }),
            (
                "21.11.16 19:08:55;CALL;1;10;990134;03023125742;SIP1;more;",
                1,
                What::Call { extension: "10", from: "990134", to: "03023125742", line: "SIP1" },
            ),
        ];
        for (text, id, what) in cases {
            let line = Line::of(text).unwrap();
            assert_eq!((line.id, line.what), (id, what), "{text}");
        }
        let cases = [
            "",
            "SSH-2.0-OpenSSH_9.2",
            "03.11.16 13:17:16;RING;x;1;2;",
            "03.11.16 13:17:16;PHONE;0;",
            "3.11.16 13:17:16;RING;0;1;2;",
            "03.11.16 13:17:16",
            "0ä.11.16 13:17:1;RING;0;1;2;",
        ];
        for text in cases {
            assert_eq!(Line::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_masked_line_has_its_call_and_its_times() {
        let mask = Mask::default();
        let masked = |text: &str| {
            let mut message = Message::Line(text.to_owned());
            message.mask(&mask);
            let Message::Line(text) = message else { panic!("it is a line") };
            text
        };
        let ring = masked("03.11.16 13:17:16;RING;0;03023125741;990133;SIP0;");
        assert!(ring.starts_with("03.11.16 13:17:16;RING;0;") && ring.ends_with(";SIP0;"), "{ring}");
        assert!(!ring.contains("3023125741") && !ring.contains("990133"), "{ring}");
        let end = "03.11.16 13:20:47;DISCONNECT;0;201;";
        assert_eq!(masked(end), end);
    }
}
