//! systemd's watchdog, which ends a process that it does not hear of.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// What a timer can tell apart.
const SHORTEST: Duration = Duration::from_millis(1);

/// When the watchdog wants to be told.
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    /// The watchdog of this process, if it has one: `WATCHDOG_USEC` and `WATCHDOG_PID` say so.
    pub fn of_this_process() -> Self {
        Self::that_waits(sd_notify::watchdog_enabled())
    }

    /// One that waits for so long at most. As for `sd_watchdog_enabled(3)`, no time means no watchdog.
    fn that_waits(time: Option<Duration>) -> Self {
        Self(time.filter(|time| !time.is_zero()).map(|time| {
            let mut interval = interval((time / 2).max(SHORTEST));
            // It wants to hear that this process lives, not how often it could have said so.
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        }))
    }

    /// Waits until it is time to tell it again, twice as often as it wants.
    pub async fn is_due(&mut self) {
        match &mut self.0 {
            Some(interval) => {
                interval.tick().await;
            }
            None => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::block_on;

    #[test]
    fn any_time_is_one_or_none() {
        // What is rarer counts as this.
        const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
        // (microseconds, how often it is told)
        let cases = [
            (None, None),
            (Some(0), None),
            (Some(1), Some(SHORTEST)),
            (Some(2_000), Some(SHORTEST)),
            (Some(30_000_000), Some(Duration::from_secs(15))),
            (Some(u64::MAX), Some(YEAR)),
        ];
        for (microseconds, told) in cases {
            let time = microseconds.map(Duration::from_micros);
            let period = block_on(async {
                let mut watchdog = Watchdog::that_waits(time);
                if watchdog.0.is_some() {
                    watchdog.is_due().await;
                }
                watchdog.0.map(|interval| interval.period().min(YEAR))
            });
            assert_eq!(period.unwrap(), told, "{microseconds:?}");
        }
    }
}
