//! What nobody sees of a number, and what programs leave at its ends.

use std::borrow::Cow;

/// A text without invisible marks, such as those that Windows puts around a number in its contacts, and with a blank in
/// place of tabs and line ends; these are gone at both ends.
pub(super) fn visible(shown: &str) -> Cow<'_, str> {
    // As nearly all of them come.
    if shown.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(shown);
    }
    let seen: String = shown
        .chars()
        .filter(|&c| !is_invisible(c))
        .map(|c| if is_control_blank(c) { ' ' } else { c })
        .collect();
    if seen == shown { Cow::Borrowed(shown) } else { Cow::Owned(seen.trim().to_owned()) }
}

/// Marks for the writing direction (Unicode's `Bidi_Control`), joiners, variation selectors, byte order mark and soft
/// hyphen.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
    )
}

fn is_control_blank(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
