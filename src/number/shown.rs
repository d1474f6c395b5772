//! What phone systems show around and inside a number.

use std::borrow::Cow;

/// Takes the number or account out of `"Name" <address>` (RFC 3261, 20.10), `sip:` and `sips:`
/// (19.1.1) and `tel:` addresses (RFC 3966).
pub(super) fn unwrapped(shown: &str) -> Cow<'_, str> {
    let pointed = shown.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let address = pointed.map_or(shown, |(inside, _)| inside.trim());
    let Some((scheme, rest)) = address.split_once(':') else {
        return Cow::Borrowed(address);
    };
    let user = match (scheme.to_ascii_lowercase().as_str(), rest.split_once('@')) {
        ("tel", _) => before(rest, &[';']),
        // A password may follow the user.
        ("sip" | "sips", Some((user, _host))) => before(user, &[';', ':']),
        ("sip" | "sips", None) => match before(rest, &[';', '?']) {
            // The address of a machine names no caller.
            host if host.contains(['.', ':']) => "",
            user => user,
        },
        _ => return Cow::Borrowed(address),
    };
    Cow::Owned(percent_decoded(user))
}

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

fn before<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.find(ends).map_or(text, |end| &text[..end])
}

/// Leaves as it is what is no escape, or no text.
fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let escape = part.split_at_checked(2).and_then(|(code, rest)| {
            let is_code = code.bytes().all(|digit| digit.is_ascii_hexdigit());
            Some((u8::from_str_radix(code, 16).ok().filter(|_| is_code)?, rest))
        });
        let (byte, rest) = escape.unwrap_or((b'%', part));
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
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
