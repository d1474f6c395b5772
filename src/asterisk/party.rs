//! Who calls and who is called, from what a channel shows of them: much of it is a stranger's.

use std::borrow::Cow;

use crate::event::{Direction, Name, text_of};
use crate::number::{Numbering, Party, Rule};

/// The calling party of a new call, from `CALLERID(num)` and `CALLERID(pres)`: nobody knows what a stranger
/// writes, so it is a number or nothing. An agent who hides from the customer does not hide from the help
/// desk.
///
/// Source: Asterisk's documentation, "CALLERID" and "SetCallerPres"; of the number's and the name's
/// presentation `pres` is the stricter one.
pub fn calling<'a>(number: &'a str, presentation: &str, direction: Direction) -> Cow<'a, str> {
    let is_withheld = presentation.starts_with("prohib") && direction == Direction::Inbound;
    Some(number).filter(|_| !is_withheld).and_then(number_in).unwrap_or(Party::ANONYMOUS.into())
}

/// The called party of a new call: the first that is a number; empty if none is.
pub fn called(shown: impl IntoIterator<Item = String>) -> String {
    shown.into_iter().find_map(|shown| number_in(&shown).map(Cow::into_owned)).unwrap_or_default()
}

/// The number that channels show, taken out of what stands around it: `sip:+493055571101@example.com`,
/// `"Chris" <+4930...>`, `+493055571101;npdi;rn=+49301`, `4930...,,5`. A context stays with it, as it says in which
/// country the number is. What a program said of it ends in a line break, which is none of its own.
pub fn number_in(shown: &str) -> Option<Cow<'_, str>> {
    let shown = shown.trim();
    // As nearly all of them come.
    if is_number(shown) {
        return Some(shown.into());
    }
    if shown.len() > LONGEST_TEXT || shown.contains(char::is_control) {
        return None;
    }
    let reading = Numbering::default().explain(shown).ok()?;
    let takes_out = |rule| [Rule::Unwrapped, Rule::DialledExtension].contains(&rule);
    let number = reading.steps.into_iter().rfind(|step| takes_out(step.rule))?.text;
    let has_context = shown.to_ascii_lowercase().contains(";phone-context=");
    is_number(&number).then_some(if has_context { shown.into() } else { number.into() })
}

/// What agents see of a name. A phone may show anything as its own, in any bytes, and its call is
/// reported all the same.
pub fn shown_name(shown: &[u8]) -> String {
    text_of(shown).chars().filter(|c| !c.is_control()).take(Name::MAX_CHARS).collect()
}

/// More than any number has, with all that makes it easier to read. A caller who sends more must not
/// make the call one that Zammad does not take.
const LONGEST_NUMBER: usize = 40;

/// More than a real number with its name, its host and its options.
const LONGEST_TEXT: usize = 240;

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
        // (number, presentation, direction, sent)
        let cases = [
            ("+49 171 5000000", "allowed_not_screened", Inbound, "+49 171 5000000"),
            ("+49 171 5000000", "allowed_failed_screen", Inbound, "+49 171 5000000"),
            ("+49 171 5000000", "", Inbound, "+49 171 5000000"),
            ("+49 171 5000000", "prohib", Inbound, "anonymous"),
            ("+49 171 5000000", "prohib_not_screened", Inbound, "anonymous"),
            ("101", "prohib_passed_screen", Outbound, "101"),
            ("anna", "allowed", Inbound, "anonymous"),
            ("+49301;npdi;rn=+49302", "allowed", Inbound, "+49301"),
            ("sip:+4930123456@example.com;user=phone", "allowed", Inbound, "+4930123456"),
            ("sips:4930123456:secret@[2001:db8::1]:5061", "allowed", Inbound, "4930123456"),
            ("tel:+49-30-123456", "allowed", Inbound, "+49-30-123456"),
            ("callto:+4930123456", "allowed", Inbound, "+4930123456"),
            ("\"Chris\" <+4930123456>", "allowed", Inbound, "+4930123456"),
            ("Chris <sip:+4930123456@pbx>;tag=1", "allowed", Inbound, "+4930123456"),
            ("+4930123456,,5", "allowed", Inbound, "+4930123456"),
            ("+4930123456;5", "allowed", Inbound, "+4930123456"),
            ("+4930123456p5", "allowed", Inbound, "+4930123456"),
            ("+4930123456w5", "allowed", Inbound, "+4930123456"),
            ("+4930123456 ext. 5", "allowed", Inbound, "+4930123456"),
            ("\"Chris\" <+4930123456>", "prohib", Inbound, "anonymous"),
            ("sip:chris@example.com", "allowed", Inbound, "anonymous"),
            ("\"Chris\" <$(id)>", "allowed", Inbound, "anonymous"),
            ("sip:0791234567;phone-context=+41@x", "allowed", Inbound, "sip:0791234567;phone-context=+41@x"),
            ("+49301;npdi", "prohib", Inbound, "anonymous"),
            ("49301@192.0.2.1:5060", "allowed", Inbound, "49301"),
            ("0791;phone-context=+41", "allowed", Inbound, "0791;phone-context=+41"),
            ("anna;phone-context=+41", "allowed", Inbound, "anonymous"),
            ("49301;40", "allowed", Inbound, "49301"),
            ("49301;$(id)", "allowed", Inbound, "49301"),
            ("49301;a\nb", "allowed", Inbound, "anonymous"),
            ("4930123456\n", "allowed", Inbound, "4930123456"),
            ("\r\n+4930123456;npdi\r\n", "allowed", Inbound, "+4930123456"),
            ("4930123456\n42", "allowed", Inbound, "anonymous"),
            ("(4930) 123456", "allowed", Inbound, "(4930) 123456"),
            (")\n200 result=1 (666)", "allowed", Inbound, "anonymous"),
            ("\n", "allowed", Inbound, "anonymous"),
            ("", "unavailable", Outbound, "anonymous"),
        ];
        for (number, presentation, direction, sent) in cases {
            assert_eq!(
                calling(number, presentation, direction),
                sent,
                "{direction} {number:?} {presentation}"
            );
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
            (["s", "sip:+493055571101@example.com", "42"], "+493055571101"),
            (["493055571101\r\n", "42", ""], "493055571101"),
            (["4930\n5557", "42", ""], "42"),
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
