//! Who calls and who is called, from what a channel shows of them: much of it is a stranger's.

use crate::event::{Direction, Name, text_of};
use crate::number::Party;

/// The calling party, as far as a channel tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caller<'a> {
    /// as it came; `None` if it is unset or not to be believed
    pub number: Option<&'a str>,
    /// the caller does not want it to be shown
    pub is_restricted: bool,
}

impl<'a> Caller<'a> {
    /// The calling party of a new call: nobody knows what a stranger writes, so it is a number or
    /// nothing. An agent who hides from the customer does not hide from the help desk.
    pub fn calling(self, direction: Direction) -> &'a str {
        let is_withheld = self.is_restricted && direction == Direction::Inbound;
        self.number.filter(|_| !is_withheld).and_then(number_in).unwrap_or(Party::ANONYMOUS)
    }
}

/// The called party of a new call: the first that is a number; empty if none is.
pub fn called(shown: impl IntoIterator<Item = String>) -> String {
    shown.into_iter().find_map(|shown| number_in(&shown).map(str::to_owned)).unwrap_or_default()
}

/// The number before a host and the options of a SIP address, which some channels show as well:
/// `+493055571101;npdi;rn=+49301`. A context stays with it, as it says in which country the number is.
///
/// Source: RFC 3966, 5; RFC 4694 for those of number portability.
fn number_in(shown: &str) -> Option<&str> {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "+-._=;@: ".contains(c);
    let (number, options) = shown.split_at(shown.find([';', '@']).unwrap_or(shown.len()));
    let are_named =
        options.split(';').skip(1).all(|option| option.starts_with(|c: char| c.is_ascii_alphabetic()));
    let are_options = are_named && options.len() <= LONGEST_OPTIONS && options.chars().all(is_harmless);
    let is_one = is_number(number) && are_options;
    let has_context = options.to_ascii_lowercase().contains(";phone-context=");
    is_one.then_some(if has_context { shown } else { number })
}

/// What agents see of a name. A phone may show anything as its own, in any bytes, and its call is
/// reported all the same.
pub fn shown_name(shown: &[u8]) -> String {
    text_of(shown).chars().filter(|c| !c.is_control()).take(Name::MAX_CHARS).collect()
}

/// More than any number has, with all that makes it easier to read. A caller who sends more must not
/// make the call one that Zammad does not take.
const LONGEST_NUMBER: usize = 40;

/// More than the options of a real number.
const LONGEST_OPTIONS: usize = 200;

/// Whether this is a number in one of the usual forms and nothing else.
pub fn is_number(shown: &str) -> bool {
    if shown.len() > LONGEST_NUMBER {
        return false;
    }
    let number = shown.trim_start_matches('+');
    let is_sign = |c: char| c.is_ascii_digit() || "*#".contains(c);
    number.chars().any(is_sign) && number.chars().all(|c| is_sign(c) || " -./()".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_number_and_nothing_else() {
        for number in [
            "4940669690",
            "+49 40 669-690",
            "(040) 669.690",
            "040/669690",
            "*97",
            "#31#",
            "101",
            "++4940669690",
        ] {
            assert!(is_number(number), "{number:?}");
        }
        for other in [
            "",
            "+",
            " ",
            "-",
            "anonymous",
            "anna",
            "4930x",
            "49$(id)",
            "49`id`",
            "49,30",
            "1\n2",
            "49+30",
            "'1'",
            "1;2",
            "٠٣٠",
            "<1>",
            &"1".repeat(41),
        ] {
            assert!(!is_number(other), "{other:?}");
        }
    }

    #[test]
    fn a_stranger_calls_from_a_number_or_anonymously() {
        use Direction::{Inbound, Outbound};
        // (number, is restricted, direction, sent)
        let cases = [
            (Some("+49 171 5000000"), false, Inbound, "+49 171 5000000"),
            (Some("+49 171 5000000"), true, Inbound, "anonymous"),
            (Some("101"), true, Outbound, "101"),
            (Some("anna"), false, Inbound, "anonymous"),
            (Some("+49301;npdi;rn=+49302"), false, Inbound, "+49301"),
            (Some("+49301;npdi"), true, Inbound, "anonymous"),
            (Some("49301@192.0.2.1:5060"), false, Inbound, "49301"),
            (Some("0791;phone-context=+41"), false, Inbound, "0791;phone-context=+41"),
            (Some("anna;phone-context=+41"), false, Inbound, "anonymous"),
            (Some("49301;40"), false, Inbound, "anonymous"),
            (Some("49301;$(id)"), false, Inbound, "anonymous"),
            (Some("49301;a\nb"), false, Inbound, "anonymous"),
            (None, false, Outbound, "anonymous"),
        ];
        for (number, is_restricted, direction, sent) in cases {
            let caller = Caller { number, is_restricted };
            assert_eq!(caller.calling(direction), sent, "{direction} {caller:?}");
        }
    }

    #[test]
    fn the_first_number_is_the_called_party() {
        // (what channels show, sent)
        let cases = [
            (["", "4930123456", "s"], "4930123456"),
            (["42", "43", ""], "42"),
            (["", "", "s"], ""),
            (["s", "+493055571101;npdi;rn=+49301", "42"], "+493055571101"),
        ];
        for (shown, sent) in cases {
            assert_eq!(called(shown.map(str::to_owned)), sent, "{shown:?}");
        }
    }

    #[test]
    fn a_name_is_never_in_the_way_of_its_call() {
        // (shown, sent)
        let cases: [(&[u8], &str); 4] = [
            ("J\u{f6}rg".as_bytes(), "J\u{f6}rg"),
            (b"J\xf6rg", "J\u{f6}rg"),
            (b"a\x1b[2J\nb", "a[2Jb"),
            (&[b'x'; 300], &"x".repeat(250)),
        ];
        for (shown, sent) in cases {
            assert_eq!(shown_name(shown), sent, "{shown:?}");
        }
    }
}
