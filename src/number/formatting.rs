//! What people write between the digits of a number.

/// Leaves digits, round brackets and a leading plus: also of `++49`, and of `00+49`, which
/// gateways make when they put their prefix before it. None if this is not a number.
pub(super) fn without_formatting(text: &str) -> Option<String> {
    let mut number = String::new();
    for c in text.chars().map(in_ascii) {
        match c {
            '0'..='9' | '(' | ')' => number.push(c),
            '[' | '{' => number.push('('),
            ']' | '}' => number.push(')'),
            '+' if number.bytes().all(|before| b"(+".contains(&before)) => {
                number.retain(|before| before != '+');
                number.push('+');
            }
            '+' if number == "0" || number == "00" => "+".clone_into(&mut number),
            '-' | '.' | '/' | '~' | '·' | '•' => {}
            // Not at the beginning, where it is a part of a name.
            '_' if number.contains(|c: char| c.is_ascii_digit()) => {}
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

/// Whether this is what somebody dials: a number, or a code with `*` and `#`.
pub(super) fn is_dialled(text: &str) -> bool {
    let without_codes = text.replace(['*', '#'], "");
    text.contains(|c| in_ascii(c).is_ascii_digit()) && without_formatting(&without_codes).is_some()
}

/// The same without its brackets.
pub(super) fn without_brackets(number: &str) -> String {
    number.replace(['(', ')'], "")
}

/// Words before the digits of an extension, besides a bare `x`: English, German, French, Spanish,
/// Italian, Portuguese, Dutch, Polish, Czech and Russian.
const EXTENSION_WORDS: [&str; 24] = [
    "ext",
    "extn",
    "xtn",
    "extension",
    "extensión",
    "durchwahl",
    "dw",
    "nst",
    "nebenstelle",
    "klappe",
    "apparat",
    "app",
    "doorkiesnummer",
    "poste",
    "anexo",
    "int",
    "interno",
    "ramal",
    "toestel",
    "tst",
    "wew",
    "linka",
    "доб",
    "добавочный",
];

/// The number before an extension that is dialled when the call stands: `030 23125741 ext. 5`,
/// `...x5`, `...p5` and `...w5` as phones write a pause, `...,,5`, `...#5`; and before a lone `#`, which ends what is dialled.
pub(super) fn without_dialled_extension(text: &str) -> Option<DialledExtension<'_>> {
    const LONGEST: usize = 7;
    // `(ext 5)`
    let text = text.strip_suffix([')', ']']).filter(|inside| inside.contains(['(', '['])).unwrap_or(text);
    let marked = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - marked.len();
    let marked = marked.trim_end_matches([' ', '\u{a0}', '.', ':', '=']);
    let before_word = marked.trim_end_matches(char::is_alphabetic);
    let word = &marked[before_word.len()..];
    let (number, is_clear) = if !word.is_empty() {
        let is_known = |known: &str| word.to_lowercase() == known;
        let is_word = EXTENSION_WORDS.iter().any(|known| is_known(known));
        let is_x = ["x", "p", "w"].iter().any(|sign| word.eq_ignore_ascii_case(sign));
        // Accounts look like 2345678x0.
        let is_apart = is_word || before_word.ends_with([' ', '\u{a0}', '(', '[']);
        ((is_word || is_x).then_some(before_word)?, is_apart)
    } else {
        let before_sign = marked.trim_end_matches([',', '#']);
        let sign = &marked[before_sign.len()..];
        match sign.is_empty() || (sign != "#" && digits == 0) {
            true => return None,
            false => (before_sign, true),
        }
    };
    let is_one = digits <= LONGEST && (digits > 0 || word.is_empty());
    let number = number.trim_end_matches([' ', '\u{a0}', ',', '(', '[', '-']);
    let extension = &text[text.len() - digits..];
    is_one.then_some(DialledExtension { number, extension, is_clear })
}

/// A number with an extension, less that.
pub(super) struct DialledExtension<'a> {
    /// What stands before it; nothing if it stands alone.
    pub number: &'a str,
    /// Its digits.
    pub extension: &'a str,
    /// Whether it can be nothing else: not the end of an account's name.
    pub is_clear: bool,
}

/// The digits of `0800 FLOWERS`, as they are on a keypad: a beginning of digits, and at least three
/// letters behind it. What is not in capitals may be a name behind a number, as in `030 12345 Anna`, so
/// there the beginning has to be short, and all of it as long as a number.
pub(super) fn letters_as_digits(text: &str) -> Option<String> {
    const AT_LEAST: usize = 3;
    const LONGEST_BEGINNING: usize = 5;
    const SHORTEST: usize = 10;
    // From A to Z.
    const KEYS: &[u8; 26] = b"22233344455566677778889999";
    let letters_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (head, tail) = text.split_at(letters_at);
    let digits = head.chars().filter(char::is_ascii_digit).count();
    let letters = tail.chars().take_while(|c| !c.is_ascii_digit()).filter(char::is_ascii_alphabetic).count();
    let key = |c: char| match c.to_ascii_uppercase() {
        letter @ 'A'..='Z' => char::from(KEYS[usize::from(letter as u8 - b'A')]),
        other => other,
    };
    let may_be_name = tail.contains(|c: char| c.is_ascii_lowercase());
    let is_name = may_be_name && (digits > LONGEST_BEGINNING || digits + letters < SHORTEST);
    (digits >= AT_LEAST && letters >= AT_LEAST && !is_name).then(|| text.chars().map(key).collect())
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
