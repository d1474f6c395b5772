//! Other numbers and names in place of those of a recording, so that it can be shown to others.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// The fewest digits in a row that are a number, and not a count.
const SHORTEST: usize = 3;

/// Replaces the same by the same, for as long as it lives; nobody can turn it round.
#[derive(Debug, Default)]
pub struct Mask {
    secret: RandomState,
}

impl Mask {
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

    /// Another name for a name, and none for none.
    pub fn name(&self, name: &str) -> String {
        if name.is_empty() || name.starts_with('<') {
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
    }
}
