//! Many calls at once, to see how many a Zammad takes, and how long its answers need then.
//!
//! With a rate the calls begin when they are due, however slow the others are, and an event's
//! latency counts from when it was due: a Zammad that makes callers wait cannot hide it by being
//! asked less often.

mod figures;
mod share;

use std::num::NonZero;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub use figures::Figures;
use share::Share;

use super::{Numbers, Scenario};
use crate::client::{self, ClientError};
use crate::config::Config;
use crate::event::WrittenError;

/// How much load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// so many calls; without it, until the time is over
    pub calls: Option<u64>,
    pub duration: Option<Duration>,
    /// calls a second; without it, as fast as the connections allow
    pub rate: Option<f64>,
    /// connections
    pub concurrency: u16,
}

/// Why there is no load at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("no client")]
    Client(#[from] ClientError),
    #[error("the scenario {name}")]
    Event { name: String, source: WrittenError },
}

/// Calls a second that one thread is enough for.
const SLOW: f64 = 1000.0;

/// What all calls of a run have in common.
#[derive(Clone, Copy)]
pub struct Calls<'a> {
    pub scenarios: &'a [Scenario],
    pub numbers: Option<&'a Numbers>,
    pub run: &'a str,
}

/// Plays calls over several connections until the plan is done, or `stop` becomes true; then the
/// calls that are open get their hangups. `tell` has the figures now and then.
///
/// Any number of calls takes the same memory: what counts is how many are open at a time, and with
/// a rate that follows from how long they last. As many threads as there are processors have their
/// share of the connections and of the calls each.
pub fn load(
    config: &Config,
    plan: Plan,
    calls: Calls<'_>,
    stop: &watch::Sender<bool>,
    tell: &mut dyn FnMut(&Figures),
) -> Result<Figures, LoadError> {
    let started = Instant::now();
    let threads = plan.threads();
    let (tellers, told) = channel();
    let mut shares: Vec<_> = (0..threads).map(|_| Figures::new()).collect();
    let mut failure = None;
    std::thread::scope(|scope| {
        for number in 0..threads {
            let share = Share { plan, number, threads, started };
            let teller = tellers.clone();
            scope.spawn(move || {
                // Whoever listens no more has nothing left to tell.
                let tell = |figures| teller.send((number, figures)).unwrap_or_default();
                let played = client::block_on(share.play(config, calls, stop, &|figures| tell(Ok(figures))));
                tell(played.unwrap_or_else(|error| Err(error.into())));
            });
        }
        drop(tellers);
        for (number, figures) in told {
            match figures {
                Ok(figures) => shares[usize::from(number)] = figures,
                Err(error) => {
                    stop.send_replace(true);
                    failure = failure.take().or(Some(error));
                }
            }
            tell(&Figures::sum(&shares, started.elapsed()));
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let mut whole = Figures::sum(&shares, started.elapsed());
    let due =
        plan.rate.zip(plan.duration).map(|(rate, duration)| (duration.as_secs_f64() * rate).ceil() as u64);
    if let Some(planned) = due.into_iter().chain(plan.calls).min() {
        whole.not_begun = planned.saturating_sub(whole.calls);
    }
    Ok(whole)
}

impl Plan {
    /// A thread for each processor, but not for a few calls now and then.
    fn threads(&self) -> u16 {
        if self.rate.is_some_and(|rate| rate < SLOW) {
            return 1;
        }
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        u16::try_from(processors).unwrap_or(u16::MAX).min(self.concurrency)
    }
}
