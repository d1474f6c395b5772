//! What 3CX writes of a side of a call in a line of its list, such as `150 Alice Agent` or
//! `10000 Trunk (+493023125741)`.
//!
//! Source: lists of active calls that were published by users of version 16 and 18, and of `ActiveCalls` since
//! version 20, which has the same texts.

use crate::asterisk::{is_number, shown_name};

/// The longest text of a side that is looked at.
const LONGEST: usize = 400;

/// One side of a call, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowText {
    /// the number in front, of the phone system's own
    pub number: Option<String>,
    /// what stands behind it
    pub name: String,
    /// what stands in the last brackets
    pub brackets: Option<String>,
}

impl RowText {
    /// Takes a text apart. There is none that cannot be.
    pub fn read(text: &str) -> Self {
        let text = shortened(text);
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let is_own =
            !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte));
        let (number, rest) = if is_own { (Some(first.to_owned()), rest) } else { (None, text) };
        let (name, brackets) = last_brackets(rest.trim());
        let name = match brackets {
            // They belong to the name if no number stands in them.
            Some(inside) if outside_number(inside).is_none() && !stands_for_none(inside) => rest.trim(),
            Some(_) | None => name,
        };
        Self { number, name: shown_name(name.trim().as_bytes()), brackets: brackets.map(str::to_owned) }
    }

    /// Whether the brackets hold a number of the outside world, or what is shown in place of one.
    pub fn shows_outside(&self) -> bool {
        let is_none = self.brackets.as_deref().is_some_and(stands_for_none);
        let digits = |number: String| number.bytes().filter(u8::is_ascii_digit).count();
        is_none || self.outside().map(digits).is_some_and(|digits| digits > 4)
    }

    /// The number in the brackets, or in place of a name, if it is one.
    pub fn outside(&self) -> Option<String> {
        outside_number(self.brackets.as_deref().unwrap_or(&self.name))
    }

    /// Whether it is a voicemail box by its name.
    pub fn is_voicemail(&self) -> bool {
        let name = self.name.to_lowercase();
        name.contains("voicemail") || name.contains("voice mail")
    }
}

/// A caller's number, if it is one: without what a line adds to it, and without the host of an address.
pub fn outside_number(text: &str) -> Option<String> {
    let text = shortened(text.trim());
    let text = ["sip:", "sips:", "tel:"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let text = text.split(['@', ';']).next().unwrap_or_default();
    // An SBC adds what it knows itself: 02473003575+0+0392063337+032640183
    let sign = text.char_indices().skip(1).find(|(_, c)| *c == '+');
    let text = sign.map_or(text, |(place, _)| &text[..place]).trim();
    is_number(text).then(|| text.to_owned())
}

/// Nothing, or a word that 3CX shows in place of a number that is withheld.
fn stands_for_none(inside: &str) -> bool {
    let inside = inside.trim().to_lowercase();
    let inside = inside.split('@').next().unwrap_or_default();
    ["", "anonymous", "private", "unknown", "unavailable", "restricted", "withheld"].contains(&inside)
}

/// What stands in front of the last brackets, and in them. Brackets inside of them belong to them, and a missing
/// one at the end is no matter.
fn last_brackets(text: &str) -> (&str, Option<&str>) {
    let Some(inside_end) = text.strip_suffix(')') else {
        return match text.rfind('(') {
            Some(open) if !text[open..].contains(')') => (&text[..open], Some(&text[open + 1..])),
            Some(_) | None => (text, None),
        };
    };
    let mut depth = 1;
    for (place, c) in inside_end.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[..place], Some(&inside_end[place + 1..]));
        }
    }
    (text, None)
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_taken_apart_whatever_is_in_it() {
        // (text, own number, name, number in brackets, shows somebody outside)
        let cases = [
            ("10000 Trunk (+4930123456)", Some("10000"), "Trunk", Some("+4930123456"), true),
            (
                "10000 Trunk (Backup) (+4930123456)",
                Some("10000"),
                "Trunk (Backup)",
                Some("+4930123456"),
                true,
            ),
            ("10000 Smith (Sales) (+4930123456)", Some("10000"), "Smith (Sales)", Some("+4930123456"), true),
            ("10000 Trunk (+4930123456", Some("10000"), "Trunk", Some("+4930123456"), true),
            ("10000 Trunk (+49 (0)30 123456)", Some("10000"), "Trunk", Some("+49 (0)30 123456"), true),
            ("10000 Trunk", Some("10000"), "Trunk", None, false),
            ("10000 +4930123456", Some("10000"), "+4930123456", Some("+4930123456"), true),
            ("10000 Trunk (anonymous)", Some("10000"), "Trunk", None, true),
            ("10000 Trunk ()", Some("10000"), "Trunk", None, true),
            ("10000 Trunk (Anonymous@anonymous.invalid)", Some("10000"), "Trunk", None, true),
            ("10000 Trunk (sip:030123456@example.com)", Some("10000"), "Trunk", Some("030123456"), true),
            (
                "10001 SBC (02473003575+0+0392063337+032640183)",
                Some("10001"),
                "SBC",
                Some("02473003575"),
                true,
            ),
            ("150 Alice Agent", Some("150"), "Alice Agent", None, false),
            ("151 Bob (Sales)", Some("151"), "Bob (Sales)", None, false),
            ("152 Carol (2nd floor", Some("152"), "Carol (2nd floor", None, false),
            ("150", Some("150"), "", None, false),
            ("Voicemail Menu", None, "Voicemail Menu", None, false),
            ("(", None, "", None, true),
            (")", None, ")", None, false),
            ("", None, "", None, false),
            ("150 a)(", Some("150"), "a)", None, true),
            ("150\tÄnne", Some("150"), "Änne", None, false),
        ];
        for (text, number, name, outside, shows_outside) in cases {
            let read = RowText::read(text);
            assert_eq!(read.number.as_deref(), number, "{text:?}");
            assert_eq!(read.name, name, "{text:?}");
            assert_eq!(read.outside().as_deref(), outside, "{text:?}");
            assert_eq!(read.shows_outside(), shows_outside, "{text:?}");
        }
        RowText::read(&"(é".repeat(10_000));
    }
}
