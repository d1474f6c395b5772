//! What is told of requests that changed nothing: a line at once, then how many there were, once a minute.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::hook::Unread;
use crate::bridge::source::Refusals;
use crate::web::lock;

/// How often there is a line about one hook and one reason.
const PERIOD: Duration = Duration::from_secs(60);

/// Why a request changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It is not believed, or cannot be read.
    Unread(Unread),
    /// There are too many.
    Rate,
    /// It is too large.
    Large,
    /// It came too slowly.
    Slow,
    /// It is none for a hook.
    Method,
    /// There is no room, or no connection left.
    Full,
    /// Its events are not safe.
    Unkept,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(why) => why.fmt(f),
            Self::Rate => f.write_str("there are more than its rate allows"),
            Self::Large => f.write_str("its body is too large"),
            Self::Slow => f.write_str("its body did not come in time"),
            Self::Method => f.write_str("it is neither POST nor GET"),
            Self::Full => f.write_str("there are too many at once"),
            Self::Unkept => f.write_str("neither Zammad nor the spool has its events in time"),
        }
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub struct Refused {
    counts: Mutex<BTreeMap<(String, Reason), Count>>,
    all: Refusals,
}

#[derive(Debug)]
struct Count {
    ever: u64,
    told: u64,
    at: Instant,
}

impl Refused {
    /// Counts one, and tells of it unless that was done just now. `hook` is one that there is, or none.
    pub fn note(&self, hook: &str, reason: Reason) {
        self.all.note();
        if let Some(line) = self.line(hook, reason, Instant::now()) {
            log::warn!("{line}");
        }
    }

    /// How many there are, whatever the reason.
    pub fn count(&self) -> Refusals {
        self.all.clone()
    }

    fn line(&self, hook: &str, reason: Reason, now: Instant) -> Option<String> {
        let mut counts = lock(&self.counts);
        let first = Count { ever: 0, told: 0, at: now };
        let count = counts.entry((hook.to_owned(), reason)).or_insert(first);
        count.ever += 1;
        if count.told > 0 && now.saturating_duration_since(count.at) < PERIOD {
            return None;
        }
        let since = count.ever - count.told;
        (count.told, count.at) = (count.ever, now);
        let whose = if hook.is_empty() { String::new() } else { format!("{hook}: ") };
        Some(match since {
            1 => format!("{whose}a request is refused: {reason}"),
            _ => format!("{whose}{since} more requests were refused: {reason}; {} so far", count.ever),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_requests_are_a_line_a_minute() {
        let refused = Refused::default();
        let begun = Instant::now();
        let mut lines = Vec::new();
        for second in 0..125 {
            lines.extend(refused.line("sipgate", Reason::Rate, begun + Duration::from_secs(second)));
        }
        let expected = [
            "sipgate: a request is refused: there are more than its rate allows",
            "sipgate: 60 more requests were refused: there are more than its rate allows; 61 so far",
            "sipgate: 60 more requests were refused: there are more than its rate allows; 121 so far",
        ];
        assert_eq!(lines, expected);
    }
}
