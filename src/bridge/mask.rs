//! Other numbers and names in place of those of a recording, so that it can be shown to others.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use crate::config::Pattern;

/// The fewest digits in a row that are a number, and not a count.
const SHORTEST: usize = 3;

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

    /// A text in which each number is another one of the same length. Numbers that end alike still do, so that one
    /// is known again behind a prefix.
    pub fn text(&self, text: &str) -> String {
        let mut masked: Vec<char> = text.chars().collect();
        let mut end = masked.len();
        while end > 0 {
            let start = masked[..end].iter().rposition(|c| !c.is_ascii_digit()).map_or(0, |other| other + 1);
            if end - start >= SHORTEST {
                self.digits(&mut masked[start..end]);
            }
            end = start.saturating_sub(1);
        }
        masked.into_iter().collect()
    }

    fn digits(&self, digits: &mut [char]) {
        for place in 0..digits.len() {
            // Of what stands behind it, which is not masked yet.
            let shift = self.secret.hash_one(&digits[place + 1..]) % 10;
            let digit = digits[place].to_digit(10).unwrap_or_default();
            digits[place] = char::from_digit((digit + shift as u32) % 10, 10).unwrap_or('0');
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
        assert_eq!(mask.text("PJSIP/492214710010@trunk,30"), format!("PJSIP/{number}@trunk,30"));
        assert_eq!(mask.text("+492214710010 and 12"), format!("+{number} and 12"));
        assert_eq!(mask.text(""), "");
        assert_ne!(Mask::default().text("492214710010"), number, "nobody can turn it round");
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
