//! Other numbers and names in place of those of a recording, so that it can be shown to others.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use crate::config::Pattern;

/// The fewest digits that are a number, and not a count.
const SHORTEST: usize = 3;

/// How many of a number's last digits become others. What stands before them says how it is read: the prefix, the
/// country, the area, the line to be taken.
const REPLACED: usize = 7;

/// The most digits of a service's code, such as `*121#`.
const LONGEST_CODE: usize = 4;

/// What people write between two groups of a number's digits.
const SEPARATORS: &str = " .-/()\u{a0}";

/// No number has more digits, whatever stands between them.
const MOST_DIGITS: usize = 32;

/// The most of them between two groups, as in `+49 (221) - 4710010`.
const LONGEST_GAP: usize = 4;

/// What leads to the own exchange: those who write it after the country's code do not dial it.
const NOT_DIALLED: &str = "(0)";

/// Replaces the same by the same, for as long as it lives; nobody can turn it round.
#[derive(Debug, Default)]
pub struct Mask {
    secret: RandomState,
    kept: Vec<Pattern>,
}

impl Mask {
    /// One that leaves the lines which these patterns mean as they are.
    pub fn keeping(kept: Vec<Pattern>) -> Self {
        Self { kept, ..Self::default() }
    }

    /// Whether this line keeps its name.
    pub fn keeps(&self, line: &str) -> bool {
        self.kept.iter().any(|pattern| pattern.is_met_by(line))
    }

    /// A text in which each number is another one of the same length, however it is written. Numbers that end alike still
    /// do, so that one is known again behind a prefix.
    pub fn text(&self, text: &str) -> String {
        let mut text: Vec<char> = text.chars().collect();
        let mut from = 0;
        while let Some(begin) = next_digit(&text, from) {
            let digits = number_at(&text, begin);
            from = digits.last().map_or(text.len(), |last| last + 1);
            if digits.len() >= SHORTEST && !is_code(&text, begin, from) {
                self.number(&mut text, &digits);
            }
        }
        text.into_iter().collect()
    }

    /// The digits of one number, which stand at these places.
    fn number(&self, text: &mut [char], places: &[usize]) {
        let before: String = places.iter().map(|place| text[*place]).collect();
        for (place, at) in places.iter().enumerate().skip(places.len().saturating_sub(REPLACED)) {
            // 0 begins a prefix and 1 a service's number. No other digit becomes one of them.
            let Some(digit) = text[*at].to_digit(10).filter(|digit| *digit > 1) else { continue };
            // Of what stands behind it, so that the end is the same behind any prefix.
            let shift = 1 + self.hash(&before[place + 1..]) % 7;
            text[*at] = char::from_digit(2 + (digit - 2 + shift as u32) % 8, 10).unwrap_or('0');
        }
    }

    /// Another word for one that may be a name or a number. A single letter is neither.
    pub fn word(&self, word: &str) -> String {
        let is_name = word.chars().any(char::is_alphabetic) && word.chars().nth(1).is_some();
        if is_name { self.name(word) } else { self.text(word) }
    }

    /// Another name for a name, and none for none.
    pub fn name(&self, name: &str) -> String {
        if ["", "<unknown>"].contains(&name) {
            return name.to_owned();
        }
        format!("name-{:05}", self.hash(name) % 100_000)
    }

    fn hash(&self, what: impl Hash) -> u64 {
        self.secret.hash_one(what)
    }
}

fn next_digit(text: &[char], from: usize) -> Option<usize> {
    (from..text.len()).find(|place| text[*place].is_ascii_digit())
}

/// The places of the digits of the number that begins there: all groups of one that stands alone, else the first.
fn number_at(text: &[char], begin: usize) -> Vec<usize> {
    let group =
        |from: usize| from..(from..text.len()).find(|at| !text[*at].is_ascii_digit()).unwrap_or(text.len());
    let first = group(begin);
    let mut digits: Vec<usize> = first.clone().collect();
    let mut end = first.end;
    while let Some(next) = next_digit(text, end)
        && next - end <= LONGEST_GAP
        && digits.len() < MOST_DIGITS
        && text[end..next].iter().all(|c| SEPARATORS.contains(*c))
    {
        let group = group(next);
        let around = text.get(next - 1..=group.end).unwrap_or_default();
        if !around.iter().copied().eq(NOT_DIALLED.chars()) {
            digits.extend(group.clone());
        }
        end = group.end;
    }
    // A channel's name such as `PJSIP/101-0000000a` has two, of which each is a part.
    let is_part = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || "/-._".contains(*c));
    if is_part(begin.checked_sub(1).and_then(|before| text.get(before))) || is_part(text.get(end)) {
        return first.collect();
    }
    digits
}

/// Whether digits are those of a service such as `*121#`, and no number.
fn is_code(text: &[char], begin: usize, end: usize) -> bool {
    let before = begin.checked_sub(1).and_then(|before| text.get(before));
    end - begin <= LONGEST_CODE && before.is_some_and(|c| "*#".contains(*c)) && text.get(end) == Some(&'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_others_that_still_end_alike() {
        let mask = Mask::default();
        let number = mask.text("492214710010");
        assert_eq!(number.len(), 12);
        assert_ne!(number, "492214710010");
        assert_eq!(mask.text("0492214710010")[1..], number);
        assert_eq!(
            mask.text("004922 1/471-0010"),
            format!("00{} {}/{}-{}", &number[..4], &number[4..5], &number[5..8], &number[8..])
        );
        assert_eq!(mask.text("PJSIP/492214710010@trunk,30"), format!("PJSIP/{number}@trunk,30"));
        assert_eq!(mask.text("+492214710010 and 12"), format!("+{number} and 12"));
        assert_eq!(mask.text(""), "");
        // Of this number two digits change, so that two masks may be alike.
        let is_another = |_| Mask::default().text("492214710010") != number;
        assert!((0..100).any(is_another), "nobody can turn it round");
    }

    #[test]
    fn a_number_is_another_however_it_is_written() {
        let mask = Mask::default();
        let plain = mask.text("33472556677");
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let written = [
            "+33 4 72 55 66 77",
            "33.4.72.55.66.77",
            "+33-4-72-55-66-77",
            "+33 (4) 72 55 66 77",
            "<33 4 72 55 66 77>",
            "Anna +33 4/72556677",
            "tel:+33-4-72-55-66-77",
            "33 4\u{a0}72\u{a0}55 66 77",
        ];
        for text in written {
            let masked = mask.text(text);
            assert_eq!(digits(&masked), plain, "{text}: {masked}");
            let rest = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
            assert_eq!(rest(&masked), rest(text));
        }
        // What is not dialled is no part of it.
        assert_eq!(digits(&mask.text("+33 (0)4 72 55 66 77")), format!("330{}", &plain[2..]));
        assert_eq!(digits(&mask.text("04 72 55 66 77")), format!("0{}", &plain[2..]));
    }

    /// A prefix, a country, a service: the masked number is read as the real one.
    #[test]
    fn what_says_how_a_number_is_read_stays() {
        let mask = Mask::default();
        for (number, stays) in [
            ("004922347100", "00492"),
            ("022347100", "02"),
            ("010330223471000", "01033022"),
            ("*121#022347100", "*121#02"),
            ("#31#2347100", "#31#"),
            ("*31#022347100#", "*31#02"),
            ("*21*022347100#", "*21*02"),
            ("110", "110"),
            ("011492234710010", "01149223"),
        ] {
            let masked = mask.text(number);
            assert!(masked.starts_with(stays), "{number}: {masked}");
            assert_eq!(masked.len(), number.len());
            assert_eq!(masked == number, number == stays, "{number}: {masked}");
        }
        // A number of the own area is none that begins with a prefix.
        for digit in '2'..='9' {
            let masked = mask.text(&format!("{digit}34567"));
            assert!(!masked.starts_with(['0', '1', digit]), "{digit}: {masked}");
        }
    }

    #[test]
    fn parts_of_a_channels_name_stay_apart() {
        let mask = Mask::default();
        let (extension, count) = (mask.text("234"), mask.text("00000456"));
        assert_eq!(mask.text("PJSIP/234-00000456"), format!("PJSIP/{extension}-{count}"));
        assert_eq!(mask.text("234-0000045a"), format!("{extension}-{}a", mask.text("0000045")));
    }

    #[test]
    fn a_name_becomes_another_and_the_same_again() {
        let mask = Mask::default();
        assert_eq!(mask.name("Anna Agent"), mask.name("Anna Agent"));
        assert_ne!(mask.name("Anna Agent"), mask.name("Bert Berger"));
        assert!(!mask.name("Anna Agent").contains("Anna"));
        assert_eq!(mask.name("<unknown>"), "<unknown>");
        assert_eq!(mask.name(""), "");
        assert!(!mask.name("<Anna Agent").contains("Anna"), "callers choose their names");
        assert_eq!(mask.word("anna"), mask.name("anna"));
        assert_eq!(mask.word("492214710010"), mask.text("492214710010"));
        assert_eq!(mask.word("s"), "s");
    }
}
