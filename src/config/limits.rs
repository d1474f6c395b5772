//! The limits of `check`: from where on something is a warning, or critical.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Span;

/// Some limits, written like `time=1s,days=14`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "docs/monitoring.md says what they are")]
pub struct Limits {
    pub time: Option<Duration>,
    pub days: Option<u16>,
    // -- of the spool --
    pub waiting: Option<u64>,
    pub age: Option<Duration>,
    pub dead: Option<u64>,
    pub stuck: Option<u64>,
}

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for part in text.split(',') {
            let form = || {
                "limits are written like time=1s,days=14, with any of time, days, waiting, age, dead, stuck"
                    .to_owned()
            };
            let (name, value) = part.trim().split_once('=').ok_or_else(form)?;
            let was_there = match name {
                "time" => limits.time.replace(some_time(value, "time must be more than 0")?).is_some(),
                "days" => {
                    let days = value.parse().map_err(|_| {
                        "days must be a whole number, such as \
                        14"
                        .to_owned()
                    })?;
                    limits.days.replace(days).is_some()
                }
                "waiting" => limits.waiting.replace(count(name, value)?).is_some(),
                "age" => limits.age.replace(some_time(value, "age must be a time, such as 10m")?).is_some(),
                "dead" => limits.dead.replace(count(name, value)?).is_some(),
                "stuck" => limits.stuck.replace(count(name, value)?).is_some(),
                _ => return Err(form()),
            };
            if was_there {
                return Err(format!("{name} is given twice"));
            }
        }
        Ok(limits)
    }
}

impl Limits {
    /// These, and `weaker` ones where these say nothing.
    pub fn or(self, weaker: Self) -> Self {
        Self {
            time: self.time.or(weaker.time),
            days: self.days.or(weaker.days),
            waiting: self.waiting.or(weaker.waiting),
            age: self.age.or(weaker.age),
            dead: self.dead.or(weaker.dead),
            stuck: self.stuck.or(weaker.stuck),
        }
    }
}

/// As it is read.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, days, waiting, age, dead, stuck } = self;
        let span = |time: &Option<Duration>| time.map(|time| Span(time).to_string().replace(' ', ""));
        let parts = [
            ("time", span(time)),
            ("days", days.map(|days| days.to_string())),
            ("waiting", waiting.map(|count| count.to_string())),
            ("age", span(age)),
            ("dead", dead.map(|count| count.to_string())),
            ("stuck", stuck.map(|count| count.to_string())),
        ];
        let parts = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        f.write_str(&parts.collect::<Vec<_>>().join(","))
    }
}

impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

fn some_time(value: &str, none: &str) -> Result<Duration, String> {
    let Span(time) = value.parse()?;
    if time.is_zero() { Err(none.to_owned()) } else { Ok(time) }
}

/// This number, or more: no fewer than one.
fn count(name: &str, value: &str) -> Result<u64, String> {
    let count = value.parse().ok().filter(|&count| count > 0);
    count.ok_or_else(|| format!("{name} must be a whole number, 1 or more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_they_are_read() {
        for text in ["time=1s,days=14,age=10m,dead=1,stuck=1", "waiting=7,age=1h 30m", "time=800ms"] {
            let limits: Limits = text.parse().unwrap();
            assert_eq!(limits.to_string(), text.replace(' ', ""));
            assert_eq!(limits.to_string().parse::<Limits>().unwrap(), limits);
        }
    }
}
