//! Names in whatever bytes a phone system has them.

use std::borrow::Cow;

/// A name's text. What is no UTF-8 is Latin-1, as phone systems had it before: a name that cannot be read for certain
/// is better than a call that nobody sees. Numbers and ids are not read like this.
///
/// In a text that has longer characters of UTF-8 as well, a broken one is shown as such: it was cut off.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.into();
    }
    let is_utf8 = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            _ if is_utf8 => text.push(char::REPLACEMENT_CHARACTER),
            // What Latin-1 has from 0x80 to 0x9f is not for show.
            bytes => text.extend(bytes.iter().map(|&byte| match byte {
                0x80..0xa0 => char::REPLACEMENT_CHARACTER,
                byte => byte.into(),
            })),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_as_well_as_it_can_be() {
        // (bytes, text)
        let cases: [(&[u8], &str); 8] = [
            (b"Anna", "Anna"),
            ("Jörg".as_bytes(), "Jörg"),
            (b"J\xf6rg", "Jörg"),
            (b"Gro\xdf", "Groß"),
            (b"M\xfcller-L\xfcdenscheid", "Müller-Lüdenscheid"),
            (b"\xc9lise", "Élise"),
            (b"\x84Anna\x93", "\u{fffd}Anna\u{fffd}"),
            // Cut off in the middle of a character.
            (b"J\xc3\xb6rg M\xc3", "Jörg M\u{fffd}"),
        ];
        for (bytes, text) in cases {
            assert_eq!(text_of(bytes), text, "{bytes:?}");
        }
    }
}
