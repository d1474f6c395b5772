//! What came of the calls, counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::action::Action;
use crate::delivery::{Delivered, Undelivered};
use crate::event::EventKind;
use crate::simulation::expected::Expected;

/// What takes longer counts as this.
const LONGEST: Duration = Duration::from_secs(3600);

/// What came of it.
#[derive(Debug, Clone)]
pub struct Figures {
    /// calls begun
    pub calls: u64,
    /// calls that were planned, but the time was over or the load ended before their turn
    pub not_begun: u64,
    pub events: u64,
    /// by the word of the action
    pub delivered: BTreeMap<&'static str, u64>,
    /// by the class of the failure
    pub failed: BTreeMap<&'static str, u64>,
    /// events whose result is not what their scenario expects: scenario, event, what came
    pub unexpected: BTreeMap<(String, EventKind, &'static str), u64>,
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
            unexpected: BTreeMap::new(),
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
            for (which, count) in &share.unexpected {
                *sum.unexpected.entry(which.clone()).or_default() += count;
            }
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

    /// Counts an event of a scenario by when it was due, and what became of it; `expected` is
    /// nothing for a hangup that the scenario lacks.
    pub(super) fn count(
        &mut self,
        scenario: &str,
        kind: EventKind,
        expected: Option<&Expected>,
        due: Instant,
        result: &Result<Delivered, Undelivered>,
    ) {
        self.events += 1;
        let latency = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency.saturating_record(latency);
        let (counts, word) = match result {
            // A word that a newer Zammad made up must not become a row of a table.
            Ok(Delivered { action: Some(Action::Unknown(_)), .. }) => (&mut self.delivered, "other"),
            Ok(Delivered { action: Some(Action::None), .. }) => (&mut self.delivered, "none"),
            Ok(Delivered { action: Some(Action::Reject { .. }), .. }) => (&mut self.delivered, "reject"),
            Ok(Delivered { action: Some(Action::Dial { .. }), .. }) => (&mut self.delivered, "dial"),
            Ok(Delivered { action: None, .. }) => (&mut self.delivered, "unknown"),
            Err(error) => (&mut self.failed, error.error.class()),
        };
        *counts.entry(word).or_default() += 1;
        if !expected.map_or(result.is_ok(), |expected| expected.fits(result)) {
            *self.unexpected.entry((scenario.to_owned(), kind, word)).or_default() += 1;
        }
    }
}
