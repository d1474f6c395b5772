//! A number with words or signs around it, as address books and scripts write it.

use super::formatting::{is_dialled, without_formatting};

/// Words before a number, with a colon, a dot or a blank behind them.
const LABELS: [&str; 22] = [
    "tel",
    "telefon",
    "telephone",
    "telefono",
    "teléfono",
    "téléphone",
    "telefoon",
    "phone",
    "fon",
    "mobil",
    "mobile",
    "handy",
    "cell",
    "fax",
    "nr",
    "no",
    "nummer",
    "number",
    "numero",
    "número",
    "numéro",
    "call",
];

/// The most digits of a port, and of a time, which looks the same.
const PORT: usize = 5;

/// What is left of quotation marks, a name in front, a label, a remark in brackets, a port, and a comma at the end, if
/// that is a number.
pub(super) fn undressed(text: &str) -> Option<&str> {
    let steps = [without_quotes, without_name, without_label, without_remark, without_port];
    let mut number = text;
    for step in steps {
        number = step(number).trim().trim_end_matches([',', ';', ':', '!']).trim_end();
    }
    let is_shorter = number.len() < text.len();
    (is_shorter && is_dialled(number) && without_formatting(number).is_some()).then_some(number)
}

/// The first of two numbers that a slash joins, as no number has that many digits.
///
/// Source: ITU-T E.164, 6.2.1: fifteen at most.
pub(super) fn first_of_two(text: &str) -> Option<&str> {
    const FEWEST: usize = 6;
    let most = if text.starts_with("00") { 17 } else { 15 };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    // A zero in brackets is written, and not dialled.
    if digits(&text.replace("(0)", "")) <= most {
        return None;
    }
    let are_two = |&end: &usize| {
        let (first, second) = (&text[..end], text[end + 1..].trim_start());
        [first, second].into_iter().all(|number| is_dialled(number) && digits(number) >= FEWEST)
            && digits(first) <= most
    };
    let mut ends = text.match_indices('/').map(|(end, _)| end).filter(are_two);
    let has_prefix = |end: &usize| text[end + 1..].trim_start().starts_with(['+', '0', '(']);
    let end = ends.clone().find(has_prefix).or_else(|| ends.next())?;
    Some(text[..end].trim_end())
}

fn without_quotes(text: &str) -> &str {
    const MARKS: [char; 12] = ['"', '\'', '`', '´', '‘', '’', '‚', '“', '”', '„', '«', '»'];
    let inside = text.trim_end_matches([',', ';']).trim_matches(MARKS);
    if inside.contains(MARKS) { text } else { inside }
}

/// `"Ann" +49...`
fn without_name(text: &str) -> &str {
    let behind = text.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    behind.map_or(text, |(_, number)| number)
}

fn without_label(text: &str) -> &str {
    let letters = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, number) = text.split_at(letters);
    match LABELS.contains(&word.to_lowercase().as_str()) {
        true => number.trim_start_matches(['.', ':', ' ', '\u{a0}']),
        false => text,
    }
}

/// `030 23125741 (mobil)`
fn without_remark(text: &str) -> &str {
    let Some((number, remark)) = text.strip_suffix([')', ']']).and_then(|rest| rest.rsplit_once(['(', '[']))
    else {
        return text;
    };
    let is_remark = remark.contains(char::is_alphabetic) && !remark.contains(|c: char| c.is_ascii_digit());
    if is_remark { number } else { text }
}

fn without_port(text: &str) -> &str {
    match text.split_once(':') {
        Some((number, port))
            if number.len() > PORT
                && port.len() <= PORT
                && port.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            number
        }
        Some(_) | None => text,
    }
}
