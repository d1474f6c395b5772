//! Names in whatever bytes a phone system has them.

use std::borrow::Cow;

/// A name's text. What is no UTF-8 is Latin-1, or Windows-1252, which has characters where Latin-1 has none for show, as
/// phone systems had it before: a name that cannot be read for certain is better than a call that nobody sees. Numbers
/// and ids are not read like this.
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
            bytes => text.extend(bytes.iter().map(|&byte| match byte {
                0x80..0xa0 => WINDOWS_1252[usize::from(byte - 0x80)],
                byte => byte.into(),
            })),
        }
    }
    text.into()
}

/// What Windows-1252 has from 0x80 to 0x9f. Source: WHATWG, Encoding, index windows-1252; its five controls are not for
/// show.
const WINDOWS_1252: [char; 32] = [
    '€', NONE, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', NONE, 'Ž', NONE, NONE, '‘', '’', '“',
    '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', NONE, 'ž', 'Ÿ',
];
const NONE: char = char::REPLACEMENT_CHARACTER;

/// A number's text. Only the name before it may have other bytes, as in `"J\xf6rg" <sip:+4930...>`.
pub(crate) fn number_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = text_of(bytes);
    let is_right = matches!(text, Cow::Borrowed(_)) || is_only_name_foreign(&text);
    is_right.then_some(text)
}

/// Whether all that is not ASCII stands before an address in angle brackets.
pub(crate) fn is_only_name_foreign(text: &str) -> bool {
    text.rsplit_once('<').is_some_and(|(_, address)| address.is_ascii() && address.contains('>'))
}

/// A name as Zammad keeps it: blanks in place of control characters, and a limited number of characters. A call is not
/// lost for a name.
pub(crate) fn fitting(text: &str, most: usize) -> Cow<'_, str> {
    let is_plain = !text.contains(char::is_control);
    // As nearly all of them come.
    if is_plain && text.len() <= most {
        return text.into();
    }
    let seen: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let seen = if is_plain { seen.as_str() } else { seen.trim() };
    seen.chars().take(most).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_zammads_log() {
        // (name, what is sent)
        let cases = [
            ("Anna", "Anna"),
            (" Anna ", " Anna "),
            ("Anna\n", "Anna"),
            ("Ann\tBob", "Ann Bob"),
            ("\u{1b}[31mAnna", "[31mAnna"),
            ("A\u{7f}", "A"),
            ("A\u{85}B", "A B"),
            ("12345678", "12345678"),
            ("123456789", "12345678"),
            ("äöüäöüäöü", "äöüäöüäö"),
            ("\n", ""),
        ];
        for (name, sent) in cases {
            assert_eq!(fitting(name, 8), sent, "{name:?}");
        }
    }

    #[test]
    fn only_the_name_before_a_number_may_have_any_bytes() {
        assert_eq!(number_of(b"\"J\xf6rg\" <sip:+4930@pbx>").unwrap(), "\"Jörg\" <sip:+4930@pbx>");
        assert_eq!(number_of("Jörg <+4930>".as_bytes()).unwrap(), "Jörg <+4930>");
        for bytes in [&b"49\xe9"[..], b"\"Ann\" <49\xe9>", b"J\xf6rg 4930", b"J\xf6rg <4930"] {
            assert_eq!(number_of(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_name_is_shown_as_well_as_it_can_be() {
        // (bytes, text)
        let cases: [(&[u8], &str); 10] = [
            (b"Anna", "Anna"),
            ("Jörg".as_bytes(), "Jörg"),
            (b"J\xf6rg", "Jörg"),
            (b"Gro\xdf", "Groß"),
            (b"M\xfcller-L\xfcdenscheid", "Müller-Lüdenscheid"),
            (b"\xc9lise", "Élise"),
            (b"\x84Anna\x93 \x96 B\x9cuf", "„Anna“ – Bœuf"),
            (b"O\x92Neil \x80\x9f", "O’Neil €Ÿ"),
            (b"\x81Anna\x9d", "\u{fffd}Anna\u{fffd}"),
            // Cut off in the middle of a character.
            (b"J\xc3\xb6rg M\xc3", "Jörg M\u{fffd}"),
        ];
        for (bytes, text) in cases {
            assert_eq!(text_of(bytes), text, "{bytes:?}");
        }
    }
}
