//! What people write between the digits of a number.

/// Leaves digits, round brackets and a leading plus. None if this is not a number.
pub(super) fn without_formatting(text: &str) -> Option<String> {
    let mut number = String::new();
    for c in text.chars().map(in_ascii) {
        match c {
            '0'..='9' | '(' | ')' => number.push(c),
            '[' => number.push('('),
            ']' => number.push(')'),
            '+' if number.bytes().all(|before| before == b'(') => number.push(c),
            '-' | '.' | '/' | '~' => {}
            // soft hyphen, zero width space, dashes, word joiner, minus, Japanese dash, byte order
            // mark
            '\u{AD}' | '\u{200B}' | '\u{2010}'..='\u{2015}' => {}
            '\u{2060}' | '\u{2212}' | '\u{30FC}' | '\u{FEFF}' => {}
            blank if blank.is_whitespace() => {}
            _ => return None,
        }
    }
    Some(number)
}

/// The same without its brackets.
pub(super) fn without_brackets(number: &str) -> String {
    number.replace(['(', ')'], "")
}

/// Full-width characters and Arabic-Indic digits as they would be in ASCII.
fn in_ascii(c: char) -> char {
    let (first, first_in_ascii) = match c {
        '\u{FF01}'..='\u{FF5E}' => ('\u{FF01}', '!'),
        '\u{0660}'..='\u{0669}' => ('\u{0660}', '0'),
        '\u{06F0}'..='\u{06F9}' => ('\u{06F0}', '0'),
        _ => return c,
    };
    char::from_u32(u32::from(c) - u32::from(first) + u32::from(first_in_ascii)).unwrap_or(c)
}
