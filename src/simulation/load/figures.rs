//! What came of the calls, counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::action::Action;
use crate::delivery::{Delivered, Undelivered};
use crate::simulation::expected::Expected;

/// What takes longer counts as this.
const LONGEST: Duration = Duration::from_secs(3600);

/// What came of it.
#[derive(Debug, Clone)]
pub struct Figures {
    /// calls begun
    pub calls: u64,
    /// calls that were due, but found no connection until the time was over
    pub not_begun: u64,
    pub events: u64,
    /// by the word of the action
    pub delivered: BTreeMap<&'static str, u64>,
    /// by the class of the failure
    pub failed: BTreeMap<&'static str, u64>,
    /// events whose result is not what their scenario expects
    pub unexpected: u64,
    /// microseconds from when an event was due to its result
    pub latency: Histogram<u64>,
    pub elapsed: Duration,
    pub stopped: bool,
    /// a failure that all further events would have met with too; or nobody was there at all
    pub fatal: Option<Arc<Undelivered>>,
}

impl Figures {
    pub(super) fn new() -> Self {
        let longest = u64::try_from(LONGEST.as_micros()).expect("an hour has some billion microseconds");
        Self {
            calls: 0,
            not_begun: 0,
            events: 0,
            delivered: BTreeMap::new(),
            failed: BTreeMap::new(),
            unexpected: 0,
            latency: Histogram::new_with_bounds(1, longest, 2).expect("these bounds are in order"),
            elapsed: Duration::ZERO,
            stopped: false,
            fatal: None,
        }
    }

    /// Those of several threads together.
    pub(super) fn sum(shares: &[Self], elapsed: Duration) -> Self {
        let mut sum = Self { elapsed, ..Self::new() };
        for share in shares {
            sum.calls += share.calls;
            sum.events += share.events;
            sum.unexpected += share.unexpected;
            sum.stopped |= share.stopped;
            sum.fatal = sum.fatal.or_else(|| share.fatal.clone());
            for (all, some) in [(&mut sum.delivered, &share.delivered), (&mut sum.failed, &share.failed)] {
                for (word, count) in some {
                    *all.entry(word).or_default() += count;
                }
            }
            sum.latency.add(&share.latency).expect("all have the same bounds");
        }
        sum
    }

    /// Counts an event by what its scenario expects, when it was due, and what became of it.
    pub(super) fn count(
        &mut self,
        expected: Option<&Expected>,
        due: Instant,
        result: &Result<Delivered, Undelivered>,
    ) {
        self.events += 1;
        let latency = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency.saturating_record(latency);
        match result {
            Ok(delivered) => {
                // A word that a newer Zammad made up must not become a row of a table.
                let word = match &delivered.action {
                    Some(Action::None) => "none",
                    Some(Action::Reject { .. }) => "reject",
                    Some(Action::Dial { .. }) => "dial",
                    Some(Action::Unknown(_)) => "other",
                    None => "unknown",
                };
                *self.delivered.entry(word).or_default() += 1;
            }
            Err(error) => *self.failed.entry(error.error.class()).or_default() += 1,
        }
        let fits = expected.map_or(result.is_ok(), |expected| expected.fits(result));
        self.unexpected += u64::from(!fits);
    }
}
