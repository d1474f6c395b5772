//! What processes that stay tell systemd.

use std::future::pending;

use sd_notify::NotifyState;
use tokio::time::{Interval, interval};

/// Tells systemd that this process still serves, twice as often as it wants to know.
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    pub fn new() -> Self {
        Self(sd_notify::watchdog_enabled().map(|time| interval(time / 2)))
    }

    pub async fn is_due(&mut self) {
        match &mut self.0 {
            Some(interval) => {
                interval.tick().await;
            }
            None => pending().await,
        }
    }
}

/// Says it if systemd listens.
pub fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        log::debug!("systemd does not listen: {error}");
    }
}
