//! Countries, and how numbers are dialled there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::countries::COUNTRIES;

/// A country, and how numbers are dialled there. Written as the two letters of ISO 3166, in any
/// case.
///
/// Source: libphonenumber's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    pub(super) letters: [u8; 2],
    pub(super) code: u16,
    /// Prefixes before a foreign number, longest first, with `X` for any digit.
    pub(super) international: &'static str,
    /// Prefixes before a number of the same country, longest first, some with a carrier's code
    /// behind the trunk prefix.
    pub(super) trunk: &'static str,
    /// Digits of a number without its prefix, where the prefix alone leaves a doubt. Else empty.
    pub(super) lengths: Lengths,
    /// Digits of any number behind the country code.
    pub(super) possible: Lengths,
    /// The same of numbers that begin with a zero which is dialled from abroad too, as in Italy.
    pub(super) zero_led: Lengths,
}

/// Some numbers of digits, each at most 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths(u32);

impl Lengths {
    pub(super) const fn of(lengths: &[u32]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < lengths.len() {
            set |= 1 << lengths[index];
            index += 1;
        }
        Self(set)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn contain(self, length: usize) -> bool {
        u32::try_from(length)
            .ok()
            .and_then(|length| self.0.checked_shr(length))
            .is_some_and(|set| set & 1 == 1)
    }
}

impl Country {
    /// The countries whose code these digits begin with; several share one, such as 1 or 44.
    pub(super) fn all_of(e164: &str) -> impl Iterator<Item = &'static Self> + Clone + use<> {
        let code = |digits: usize| e164.get(..digits).and_then(|head| head.parse::<u16>().ok());
        let codes = [1, 2, 3].map(code);
        COUNTRIES.iter().filter(move |country| codes.contains(&Some(country.code)))
    }

    /// The country with this code; of those that share one, the one that most people mean.
    pub(crate) fn with_code(code: u16) -> Option<Self> {
        const MEANT: [(u16, [u8; 2]); 12] = [
            (1, *b"US"),
            (7, *b"RU"),
            (39, *b"IT"),
            (44, *b"GB"),
            (47, *b"NO"),
            (61, *b"AU"),
            (212, *b"MA"),
            (262, *b"RE"),
            (290, *b"SH"),
            (358, *b"FI"),
            (590, *b"GP"),
            (599, *b"CW"),
        ];
        let meant = MEANT.iter().find(|(shared, _)| *shared == code).map(|(_, letters)| *letters);
        let is_meant =
            |country: &&Self| country.code == code && meant.is_none_or(|meant| meant == country.letters);
        COUNTRIES.iter().find(is_meant).copied()
    }

    /// What follows the country code.
    pub(super) fn behind_code<'a>(&self, e164: &'a str) -> Option<&'a str> {
        e164.strip_prefix(self.code.to_string().as_str())
    }

    /// What follows the trunk prefix. A zero is one before any number, a carrier's code or the 8 of
    /// Russia only before one of the right length.
    pub(super) fn after_trunk_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        self.trunk.split_ascii_whitespace().find_map(|prefix| {
            let rest = after_prefix(prefix, digits)?;
            let sure = self.lengths.is_empty() || (prefix == "0" && !self.keeps_zero(digits));
            let fits = sure || self.lengths.contain(rest.len());
            (fits && !rest.starts_with('0')).then_some(rest)
        })
    }

    /// Whether the zero before a number belongs to it. A second one before that never does.
    pub(super) fn keeps_zero(&self, national: &str) -> bool {
        national.starts_with('0') && !national.starts_with("00") && self.zero_led.contain(national.len())
    }

    /// Whether a number may look like this behind the country code.
    pub(super) fn could_be(&self, national: &str) -> bool {
        let length = national.len();
        // A number may begin with Russia's 8 as well, but none begins with a zero that is dropped.
        let is_doubtful = self.trunk.split_ascii_whitespace().any(|prefix| !prefix.starts_with('0'));
        self.possible.contain(length)
            && (!is_doubtful || self.lengths.contain(length))
            && (!national.starts_with('0') || self.keeps_zero(national))
    }

    /// Whether these digits may be a number of this country with its code, perhaps with a trunk prefix
    /// inside.
    pub(super) fn has(&self, e164: &str) -> bool {
        let fits = |national| self.could_be(national) || self.without_inner_trunk_prefix(national).is_some();
        self.behind_code(e164).is_some_and(fits)
    }

    /// The same without a trunk prefix, or a zero that people take for one, which stands behind the
    /// country code and does not belong there.
    pub(super) fn without_inner_trunk_prefix<'a>(&self, national: &'a str) -> Option<&'a str> {
        let zero = || national.strip_prefix('0');
        let rest = self.after_trunk_prefix(national).or_else(zero)?;
        self.could_be(rest).then_some(rest)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [first, second] = self.letters.map(char::from);
        write!(f, "{first}{second}")
    }
}

/// No country of this name, with the form that is valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a country: use the two letters of ISO 3166, {example}")]
pub struct UnknownCountry {
    given: String,
    example: String,
}

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(given: &str) -> Result<Self, UnknownCountry> {
        let letters = given.to_ascii_uppercase();
        match COUNTRIES.binary_search_by_key(&letters.as_bytes(), |country| &country.letters) {
            Ok(index) => Ok(COUNTRIES[index]),
            Err(_) => Err(UnknownCountry { given: given.to_owned(), example: example(&letters) }),
        }
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What was probably meant: many take a calling code for the country, or UK for one.
fn example(given: &str) -> String {
    let code: Option<u16> = given.trim_start_matches('+').parse().ok();
    let meant: Vec<String> =
        (COUNTRIES.iter()).filter(|country| Some(country.code) == code).map(Country::to_string).collect();
    match given {
        "UK" => "for the United Kingdom GB".to_owned(),
        _ if meant.is_empty() => "such as DE".to_owned(),
        _ => format!("with this calling code {}", meant.join(", ")),
    }
}

/// What follows a prefix, in which `X` stands for any digit.
pub(super) fn after_prefix<'a>(prefix: &str, digits: &'a str) -> Option<&'a str> {
    let (head, rest) = digits.split_at_checked(prefix.len())?;
    let mut pairs = prefix.bytes().zip(head.bytes());
    let fits = pairs.all(|(wanted, digit)| wanted == b'X' || wanted == digit);
    fits.then_some(rest)
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    #[test]
    fn countries_are_two_letters() {
        for country in COUNTRIES {
            assert_eq!(country.to_string().parse(), Ok(country));
            assert_eq!(country.to_string().to_lowercase().parse(), Ok(country));
        }
        // (what is given, the end of the message)
        let cases = [
            ("", "such as DE"),
            ("Germany", "such as DE"),
            ("D\n", "such as DE"),
            ("uk", "for the United Kingdom GB"),
            ("+49", "with this calling code DE"),
            ("44", "with this calling code GB, GG, IM, JE"),
        ];
        for (given, example) in cases {
            let refused = given.parse::<Country>().unwrap_err();
            let expected = "is not a country: use the two letters of ISO 3166";
            assert_eq!(refused.to_string(), format!("{given:?} {expected}, {example}"));
        }
        let from_file = |text| Country::deserialize(StrDeserializer::<Error>::new(text));
        assert_eq!(from_file("de").unwrap().to_string(), "DE");
        assert!(from_file("49").unwrap_err().to_string().contains("DE"));
    }
}
