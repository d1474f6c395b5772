//! What Zammad makes of a number to find its customer.

use std::ops::RangeInclusive;

/// How many characters a number has that Zammad looks up among its customers and agents.
///
/// Source: Zammad's caller id code, which cuts groups of this length out of a text.
pub const LOOKED_UP: RangeInclusive<usize> = 6..=26;

/// What Zammad looks a number up as, to find the customer: it takes every number in the text, and
/// every number with a zero for a German one. Empty if it finds none.
///
/// Source: Zammad's caller id code, `Cti::CallerId.extract_numbers`.
pub fn zammad_lookup(sent: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || is_zammad_blank(c) || "-(|)".contains(c);
    (sent.split(|c| !is_part(c)))
        .flat_map(|found| found.as_bytes().chunks(*LOOKED_UP.end()))
        .filter(|found| found.len() >= *LOOKED_UP.start())
        .map(|found| zammad_normalized(found.iter().copied().map(char::from)))
        // Zammad keeps such a group of blanks too, and finds nobody.
        .filter(|number| !number.is_empty())
        .collect()
}

fn zammad_normalized(found: impl Iterator<Item = char>) -> String {
    let mut number: String = found.filter(|&c| c != '-' && !is_zammad_blank(c)).collect();
    // 49(0)30 and 0049(0)30: only behind two digits, whatever the country.
    if let Some((head, tail)) = number.split_once('(')
        && let Some((inside, tail)) = tail.split_once(')')
        && (head.len() == 2 || (head.len() == 4 && head.starts_with("00")))
        && head.bytes().chain(inside.bytes()).all(|c| c.is_ascii_digit())
    {
        number = format!("{head}{}{tail}", inside.strip_prefix('0').unwrap_or(inside));
    }
    number.retain(|c| c.is_ascii_digit());
    match (number.strip_prefix("00"), number.strip_prefix('0')) {
        (Some(international), _) => international.to_owned(),
        (None, Some(national)) => format!("49{national}"),
        (None, None) => number,
    }
}

fn is_zammad_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zammad_looks_numbers_up_as_german_ones() {
        let cases: [(&str, &[&str]); 23] = [
            ("493023125741", &["493023125741"]),
            ("+49 30 23125741", &["493023125741"]),
            ("0049 30 23125741", &["493023125741"]),
            ("030 23125-741", &["493023125741"]),
            ("+49 (0)30 23125741", &["493023125741"]),
            ("0049(0)30 23125741", &["493023125741"]),
            ("49(030)23125741", &["493023125741"]),
            ("(030) 23125741", &["493023125741"]),
            ("sip:493023125741@pbx.example.com", &["493023125741"]),
            ("\"Alice\" <493023125741>", &["493023125741"]),
            ("044 668 18 00", &["49446681800"]),
            ("+423 (0)23 123 45", &["42302312345"]),
            ("030/23125741", &["23125741"]),
            ("030.23125.741", &[]),
            ("12345", &[]),
            ("123456", &["123456"]),
            ("1 2 3 ", &["123"]),
            ("anonymous", &[]),
            ("", &[]),
            ("- - - -", &[]),
            ("123456, 234567", &["123456", "234567"]),
            ("12345678901234567890123456789012", &["12345678901234567890123456", "789012"]),
            ("٠٣٠٢٣١٢٥٧٤١", &[]),
        ];
        for (sent, expected) in cases {
            assert_eq!(zammad_lookup(sent), expected, "looked up {sent:?}");
        }
    }
}
