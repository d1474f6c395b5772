//! What single settings hold, from the text of a flag, a variable or a file.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text nobody may see: it shows nothing but stars.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Any text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire and for whoever asks for it by name.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    #[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that could fail")]
    pub(super) fn parse(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A length of time, written like `5s`, `800ms` or `1m 30s`; a year at most, so that nothing that
/// is reckoned with it goes beyond what clocks can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    const MOST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    /// A time as exact as a person wants to have it.
    pub(crate) fn roughly(time: Duration) -> Self {
        let seconds = time.as_secs();
        let unit = match seconds {
            0..3600 => 1,
            3600..86_400 => 60,
            _ => 3600,
        };
        Self(Duration::from_secs(seconds / unit * unit))
    }

    /// A time in at most three figures of its unit, rounded up, as messages tell it.
    pub(crate) fn briefly(time: Duration) -> Self {
        const MILLIS: [u64; 7] = [1, 10, 100, 1000, 60_000, 3_600_000, 86_400_000];
        let millis = u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let is_brief = |unit: &u64| millis.div_ceil(*unit) < 1000;
        let unit = MILLIS.into_iter().find(is_brief).unwrap_or(86_400_000);
        Self(Duration::from_millis(millis.div_ceil(unit).saturating_mul(unit)))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map_err(|_| "a time has a number and a unit, such as 5s or 800ms".to_owned())
            .and_then(|time| {
                if time > Self::MOST {
                    Err("a time cannot be longer than a year".to_owned())
                } else {
                    Ok(Self(time))
                }
            })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Digits and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Digits(String);

impl From<Digits> for String {
    fn from(Digits(digits): Digits) -> Self {
        digits
    }
}

impl FromStr for Digits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("use only digits, country code first".to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Several texts: a list in a file, separated by commas elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List(pub Vec<String>);

impl FromStr for List {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()))
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a list of texts, or texts separated by commas")]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::One(text) => text.parse().unwrap_or_default(),
            Written::Several(texts) => Self(texts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_three_figures_at_most() {
        // (time in microseconds, as it is told)
        let cases = [
            (0, "0s"),
            (663, "1ms"),
            (361_000, "361ms"),
            (2_361_663, "2s 370ms"),
            (4_990_000, "4s 990ms"),
            (23_610_000, "23s 700ms"),
            (99_950_000, "1m 40s"),
            (361_200_000, "6m 2s"),
            (2_361_000_000, "40m"),
            (90_061_000_000, "1day 2h"),
        ];
        for (micros, told) in cases {
            assert_eq!(Span::briefly(Duration::from_micros(micros)).to_string(), told, "{micros} us");
        }
        assert!(Span::briefly(Duration::MAX).0 >= Span::MOST);
    }
}
