//! Where agents would not see what the sender of an event meant, in plain words.

mod meant;

use std::fmt;

pub(crate) use meant::customers_field;
pub use meant::{Meant, findings};

use crate::event::{Direction, EventKind};
use crate::number::LOOKED_UP;

/// One thing about an event that agents will not see as its sender meant it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    SeveralUsersOnAnswer {
        sent: String,
    },
    UserOnOutboundAnswer,
    QueueWithBlanks {
        queue: String,
    },
    CalledPartyOutOfReach {
        queue: String,
    },
    NumberTooLong {
        field: &'static str,
        digits: usize,
    },
    NumberTooShort {
        field: &'static str,
        digits: usize,
    },
    HangupAgainstDirection {
        call: Direction,
        answered: Answered,
    },
    /// Nobody knows the direction of the call, so it is sent as inbound.
    DirectionAssumed {
        kind: EventKind,
    },
    /// The direction is neither of the two, and that of the call's newCall is sent.
    DirectionUnread {
        kind: EventKind,
        call: Direction,
    },
    /// The journal knows another direction of the call, which is sent.
    DirectionOverruled {
        kind: EventKind,
        said: Direction,
        call: Direction,
    },
    /// The called party of a newCall is withheld, empty, or a text without a digit.
    CalledPartyIsNoNumber {
        direction: Direction,
        sent: String,
    },
    /// An inbound call comes from an extension, and goes to a number.
    ExtensionCalls {
        sent: String,
    },
    /// An outbound call goes from a number to an extension.
    ExtensionCalled {
        sent: String,
    },
    /// The names are blank.
    NobodyNamed {
        kind: EventKind,
    },
}

/// Who picked up a call before its hangup, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Nobody,
    Voicemail,
    Unknown,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// good to know
    Note,
    /// agents may see less, or something else
    Warning,
    /// the event is lost, or agents see something false
    Error,
}

impl Finding {
    pub fn severity(&self) -> Severity {
        match self {
            Self::HangupAgainstDirection { answered: Answered::Nobody | Answered::Voicemail, .. } => {
                Severity::Error
            }
            Self::SeveralUsersOnAnswer { .. }
            | Self::UserOnOutboundAnswer
            | Self::QueueWithBlanks { .. }
            | Self::CalledPartyOutOfReach { .. }
            | Self::NumberTooLong { .. }
            | Self::NumberTooShort { .. }
            | Self::DirectionAssumed { .. }
            | Self::DirectionUnread { .. }
            | Self::DirectionOverruled { .. }
            | Self::CalledPartyIsNoNumber { .. }
            | Self::ExtensionCalls { .. }
            | Self::ExtensionCalled { .. }
            | Self::NobodyNamed { .. }
            | Self::HangupAgainstDirection { answered: Answered::Unknown, .. } => Severity::Warning,
        }
    }
}

/// In one line, which with `zammad-cti: warning: ` before it has 120 characters at most: what agents see, and
/// what to change.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeveralUsersOnAnswer { sent } => write!(
                f,
                "several users on an answer: only {} is named, as Zammad takes one; give one",
                short(sent)
            ),
            Self::UserOnOutboundAnswer => f.write_str(
                "a user on an outbound answer: agents see it in place of the customer's name; leave it out",
            ),
            Self::QueueWithBlanks { queue } => write!(
                f,
                "the queue {} has blanks, so no filter row of agents can match; leave them out",
                short(queue)
            ),
            Self::CalledPartyOutOfReach { queue } => write!(
                f,
                "agents of {} get no popup in the old interface: no filter row can match; give `to`",
                short(queue)
            ),
            Self::NumberTooLong { field, digits } => write!(
                f,
                "{field} has {digits} digits: agents see no customer, as Zammad looks up {} at most; try `normalize`",
                LOOKED_UP.end()
            ),
            Self::NumberTooShort { field, digits } => write!(
                f,
                "{field} has {digits} digits and is no extension: agents see no customer; see numbers.extension_digits"
            ),
            Self::HangupAgainstDirection { call: Direction::Inbound, answered } => write!(
                f,
                "an outbound hangup for an inbound call: Zammad {}; send it as `in`",
                match answered {
                    Answered::Nobody => "hides a missed call",
                    Answered::Voicemail => "hides a voice message",
                    Answered::Unknown => "may hide a missed call",
                }
            ),
            Self::HangupAgainstDirection { call: Direction::Outbound, answered } => write!(
                f,
                "an inbound hangup for an outbound call: Zammad {}; send it as `out`",
                match answered {
                    Answered::Nobody => "shows it as missed",
                    Answered::Voicemail => "shows it as a voice message",
                    Answered::Unknown => "may show it as missed",
                }
            ),
            Self::DirectionAssumed { kind: EventKind::Hangup } => f.write_str(
                "no direction, so it is `in`: agents see an outbound call as missed; give --direction or a spool",
            ),
            Self::DirectionAssumed { kind: EventKind::NewCall | EventKind::Answer } => f.write_str(
                "no direction, so it is `in`: agents see an outbound call wrongly; give --direction or a spool",
            ),
            Self::DirectionUnread { kind, call } => write!(
                f,
                "the {kind} has an unknown direction; agents see it as `{call}`, the call's own; give `in` or `out`"
            ),
            Self::DirectionOverruled { kind, said, call } => write!(
                f,
                "the {kind} is sent as `{call}`, as agents see the call, not as `{said}`; say the newCall's"
            ),
            Self::CalledPartyIsNoNumber { direction: Direction::Inbound, sent } => write!(
                f,
                "`to` is no number: agents see {} as called, no filter row matches; give the number",
                short(sent)
            ),
            Self::CalledPartyIsNoNumber { direction: Direction::Outbound, sent } => write!(
                f,
                "`to` is no number: agents see {} and no customer; give the number",
                short(sent)
            ),
            Self::ExtensionCalls { sent } => write!(
                f,
                "agents see extension {} as the customer; swap `from` and `to`, or send it as `out`",
                short(sent)
            ),
            Self::ExtensionCalled { sent } => write!(
                f,
                "agents see extension {} as the customer; swap `from` and `to`, or send it as `in`",
                short(sent)
            ),
            Self::NobodyNamed { kind: EventKind::Answer } => f.write_str(
                "`user` is empty: agents do not see who picked up; give a login, or leave it out",
            ),
            Self::NobodyNamed { kind: EventKind::NewCall | EventKind::Hangup } => f.write_str(
                "`user` is empty: agents see a number without a name; give a name, or leave it out",
            ),
        }
    }
}

/// The beginning of a text, in quotes.
fn short(text: &str) -> String {
    const SHOWN: usize = 16;
    let mut shown = String::from("\"");
    for c in text.chars() {
        let escaped = c.escape_debug();
        if shown.chars().count() + escaped.len() > SHOWN + 1 {
            shown.push('…');
            break;
        }
        shown.extend(escaped);
    }
    shown.push('"');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_a_short_line() {
        use Direction::{Inbound, Outbound};
        let long = || "wide \u{200b} and long \"texts\" ".repeat(9);
        let against = |call| {
            [Answered::Nobody, Answered::Voicemail, Answered::Unknown]
                .map(|answered| Finding::HangupAgainstDirection { call, answered })
        };
        let mut all = vec![
            Finding::SeveralUsersOnAnswer { sent: long() },
            Finding::UserOnOutboundAnswer,
            Finding::QueueWithBlanks { queue: long() },
            Finding::CalledPartyOutOfReach { queue: long() },
            Finding::NumberTooLong { field: "from", digits: 100 },
            Finding::NumberTooShort { field: "from", digits: 5 },
            Finding::DirectionAssumed { kind: EventKind::Answer },
            Finding::DirectionAssumed { kind: EventKind::Hangup },
            Finding::DirectionOverruled { kind: EventKind::Hangup, said: Outbound, call: Outbound },
            Finding::CalledPartyIsNoNumber { direction: Inbound, sent: long() },
            Finding::CalledPartyIsNoNumber { direction: Outbound, sent: long() },
            Finding::ExtensionCalls { sent: long() },
            Finding::ExtensionCalled { sent: long() },
            Finding::NobodyNamed { kind: EventKind::NewCall },
            Finding::NobodyNamed { kind: EventKind::Answer },
        ];
        all.extend(against(Inbound));
        all.extend(against(Outbound));
        for finding in all {
            let line = format!("zammad-cti: warning: {finding}");
            assert!(line.chars().count() <= 120, "{} characters: {line}", line.chars().count());
        }
    }

    #[test]
    fn a_long_text_is_shown_by_its_beginning() {
        // (text, shown)
        let cases = [
            ("support", "\"support\""),
            ("sixteen letters!", "\"sixteen letters!\""),
            ("seventeen letters", "\"seventeen letter…\""),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("\u{200b}\u{200b}\u{200b}", "\"\\u{200b}\\u{200b}…\""),
        ];
        for (text, shown) in cases {
            assert_eq!(short(text), shown);
        }
    }
}
