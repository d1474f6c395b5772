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
    pub(super) lengths: &'static [usize],
    /// Whether numbers may begin with a zero that is dialled from abroad too, as in Italy.
    pub(super) keeps_zero: bool,
}

impl Country {
    pub(super) fn drops_zero(&self) -> bool {
        !self.keeps_zero
    }

    /// What follows the trunk prefix. A zero is one before any number, a carrier's code or the 8 of
    /// Russia only before one of the right length.
    pub(super) fn after_trunk_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        self.trunk.split_ascii_whitespace().find_map(|prefix| {
            let rest = after_prefix(prefix, digits)?;
            let sure = self.lengths.is_empty() || (prefix == "0" && !self.keeps_zero);
            let fits = sure || self.lengths.contains(&rest.len());
            (fits && !rest.starts_with('0')).then_some(rest)
        })
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
#[error("{given:?} is not a country: two letters as in ISO 3166 are expected, {example}")]
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
            let expected = "is not a country: two letters as in ISO 3166 are expected";
            assert_eq!(refused.to_string(), format!("{given:?} {expected}, {example}"));
        }
        let from_file = |text| Country::deserialize(StrDeserializer::<Error>::new(text));
        assert_eq!(from_file("de").unwrap().to_string(), "DE");
        assert!(from_file("49").unwrap_err().to_string().contains("DE"));
    }
}
