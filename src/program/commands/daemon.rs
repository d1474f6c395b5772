//! What processes that stay have in common: what they are told, and what they say.

mod watchdog;

use std::fmt::Display;
use std::io::Write;

use anyhow::Context;
use sd_notify::NotifyState;

use super::signals::EndSignals;
use crate::program::exit_code;
use crate::program::output::{OutputError, Report};
use crate::program::safe_text::printable;
use watchdog::Watchdog;

/// Hears what others want of this process, and tells systemd how it is.
pub struct Daemon {
    signals: EndSignals,
    watchdog: Watchdog,
    is_ending: bool,
}

/// What somebody wants.
pub enum Wish {
    /// That it finishes what is under way; and whoever wishes it again does not want to wait for that.
    End,
}

impl Daemon {
    /// From now on signals are wishes. It belongs to the event loop in which it begins.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen for signals.
    pub fn begin() -> anyhow::Result<Self> {
        let signals = EndSignals::listen().context("cannot listen for signals")?;
        Ok(Self { signals, watchdog: Watchdog::of_this_process(), is_ending: false })
    }

    /// It serves from now on; `doing` is what `systemctl status` shows.
    pub fn is_ready(&self, doing: &str) {
        tell_systemd(&[NotifyState::Ready, NotifyState::Status(&printable(doing))]);
    }

    /// Waits for the next wish, and keeps systemd's watchdog quiet meanwhile: whoever waits for something else beside
    /// it may give up waiting, and is to come back soon.
    pub async fn next(&mut self) -> Wish {
        loop {
            tokio::select! {
                () = self.signals.next() => {
                    self.is_ending();
                    return Wish::End;
                }
                () = self.watchdog.is_due() => tell_systemd(&[NotifyState::Watchdog]),
            }
        }
    }

    /// It will end, by a wish or by itself.
    pub fn is_ending(&mut self) {
        if !std::mem::replace(&mut self.is_ending, true) {
            tell_systemd(&[NotifyState::Stopping, NotifyState::Status("finishing what is under way")]);
        }
    }
}

/// Says it if systemd listens.
fn tell_systemd(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::debug!("systemd does not listen: {error}");
    }
}

/// Prints where this process is reached, its first line: whoever has started it waits for that.
pub fn announce(out: &mut dyn Write, address: impl Display) -> Result<(), OutputError> {
    writeln!(out, "{address}").and_then(|()| out.flush()).map_err(OutputError)
}

/// The log's line of an event: what became of it, and what to do about it.
pub fn log_event(report: &Report, error: Option<&anyhow::Error>) {
    match error.map(exit_code::advice) {
        None => log::info!("{}", report.summary()),
        Some(None) => log::error!("{}", report.summary()),
        Some(Some(advice)) => log::error!("{}; {advice}", report.summary()),
    }
}
