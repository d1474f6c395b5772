//! Strangers' texts, and Zammad's, in forms that do no harm where they go: to a terminal, a log,
//! a shell or a dialplan.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

/// Any value as one line of JSON that does no harm to a terminal either.
pub fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|_| Value::Null.to_string());
    if !text.contains(is_harmful) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// A stranger's text for a terminal or a log: control characters are shown, not sent.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// A text of the operating system's without its number for programmers: `File exists (os error 17)`.
pub fn in_words(text: &str) -> String {
    const NUMBER: &str = " (os error ";
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(NUMBER) {
        words.push_str(before);
        rest = match after.split_once(')') {
            Some((number, after)) if number.bytes().all(|byte| byte.is_ascii_digit()) => after,
            Some(_) | None => {
                words.push_str(NUMBER);
                after
            }
        };
    }
    words + rest
}

/// Controls a terminal, ends a line, or turns the direction of the text around it.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A stranger's text as one word for a dialplan: what numbers and addresses are made of, and
/// nothing that a blank, a shell or Asterisk would take for something else.
pub fn one_word(text: &str) -> String {
    text.chars().filter(|&c| c.is_alphanumeric() || "+*#._@:-".contains(c)).collect()
}

/// A text as words that neither an expression nor an argument of a dialplan takes for something
/// else.
pub fn plain_words(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .:_/+*#@-".contains(c);
    let words: String = text.chars().map(|c| if plain(c) { c } else { ' ' }).take(PLAIN_WORDS).collect();
    words.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// As many characters as a line of Asterisk's console shows of a variable.
const PLAIN_WORDS: usize = 240;

/// A text as one word of a command that a person may copy into a shell.
pub fn one_argument(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:@+/-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(&printable(text)) }
}

/// A text as one word of a shell command, whatever is in it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_system_are_left_out() {
        // (text, what is left)
        let cases = [
            ("File exists (os error 17)", "File exists"),
            ("a (os error 2): b (os error 111); c", "a: b; c"),
            ("(os error", "(os error"),
            (" (os error x) y", " (os error x) y"),
            (" (os error 1", " (os error 1"),
        ];
        for (text, expected) in cases {
            assert_eq!(in_words(text), expected);
        }
    }
}
