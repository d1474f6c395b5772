//! What processes that stay have in common: what they are told, and what they say.

mod watchdog;

use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::signals::EndSignals;
use super::watched::Watched;
use crate::background::in_thread;
use crate::program::exit_code;
use crate::program::output::{OutputError, Report};
use crate::program::safe_text::printable;
use watchdog::Watchdog;

/// How often it is looked whether a file has changed: a new token is known within about that time, and Zammad is not
/// asked for longer with an old one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Hears what others want of this process, and tells systemd how it is.
pub struct Daemon {
    signals: EndSignals,
    hangup: Signal,
    files: Files,
    watchdog: Watchdog,
    complaint: Complaint,
    is_ending: bool,
}

/// Why the configuration cannot be read again, as it was told last.
#[derive(Debug, Default)]
struct Complaint(Option<String>);

impl Complaint {
    /// Whether that is to be told. Somebody who changes a file and sends a SIGHUP has it read for both reasons.
    fn is_news(&mut self, why: Why, text: &str) -> bool {
        let is_same = self.0.as_deref() == Some(text);
        self.0 = Some(text.to_owned());
        why == Why::Asked || !is_same
    }
}

/// The files of the configuration. A disk that hangs holds nobody up.
struct Files {
    watched: Arc<Watched>,
    looks: Interval,
    /// one at a time
    looking: Option<oneshot::Receiver<bool>>,
}

/// What somebody wants.
pub enum Wish {
    /// That it finishes what is under way; and whoever wishes it again does not want to wait for that.
    End,
    /// That it reads its configuration again.
    Reload(Why),
}

/// Why a configuration is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// somebody sent a SIGHUP
    Asked,
    /// one of its files is not what it was
    Changed,
}

impl Files {
    fn new(watched: Watched) -> Self {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { watched: Arc::new(watched), looks, looking: None }
    }

    /// Waits until one has changed. Whoever gives up waiting misses no change.
    async fn have_changed(&mut self) {
        loop {
            if self.looking.is_none() {
                self.looks.tick().await;
                let watched = self.watched.clone();
                self.looking = Some(in_thread(move || watched.have_changed()));
            }
            if let Some(looking) = &mut self.looking {
                let has_changed = looking.await.unwrap_or(false);
                self.looking = None;
                if has_changed {
                    return;
                }
            }
        }
    }
}

impl Daemon {
    /// From now on signals are wishes, and so is a change of one of these files. It belongs to the event loop in which
    /// it begins.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen for signals.
    pub fn begin(files: Watched) -> anyhow::Result<Self> {
        let listen = || -> std::io::Result<_> {
            Ok((EndSignals::listen_but_for_hangup()?, signal(SignalKind::hangup())?))
        };
        let (signals, hangup) = listen().context("cannot listen for signals")?;
        let (files, watchdog) = (Files::new(files), Watchdog::of_this_process());
        Ok(Self { signals, hangup, files, watchdog, complaint: Complaint::default(), is_ending: false })
    }

    /// Takes over what was read again, or says why the configuration of before goes on. The new one is made of these
    /// files.
    pub fn reloaded<T>(&mut self, why: Why, read: anyhow::Result<(T, Watched)>) -> Option<T> {
        match read {
            Ok((read, files)) => {
                self.files = Files::new(files);
                self.complaint = Complaint::default();
                log::info!(
                    "{}",
                    match why {
                        Why::Asked => "the configuration was read again",
                        Why::Changed => "a file of the configuration has changed, and was read again",
                    }
                );
                Some(read)
            }
            Err(error) => {
                let text = format!("{error:#}");
                if self.complaint.is_news(why, &text) {
                    log::error!("the new configuration cannot be used, and the old one stays in use: {text}");
                }
                None
            }
        }
    }

    /// Whether systemd keeps this process running, and starts it again when it ends.
    pub fn is_of_systemd() -> bool {
        std::env::var_os("NOTIFY_SOCKET").is_some()
    }

    /// It serves from now on; `doing` is what `systemctl status` shows.
    pub fn is_ready(&self, doing: &str) {
        tell_systemd(&[NotifyState::Ready, NotifyState::Status(&printable(doing))]);
    }

    /// What `systemctl status` shows from now on.
    pub fn is_doing(&self, doing: &str) {
        if !self.is_ending {
            tell_systemd(&[NotifyState::Status(&printable(doing))]);
        }
    }

    /// Waits for the next wish, and keeps systemd's watchdog quiet meanwhile: whoever waits for something else beside
    /// it may give up waiting, and is to come back soon.
    pub async fn next(&mut self) -> Wish {
        loop {
            tokio::select! {
                // What somebody asks for is read once, and the files are looked at anew with it.
                biased;
                _ = self.signals.next() => {
                    self.is_ending();
                    return Wish::End;
                }
                Some(()) = self.hangup.recv() => return Wish::Reload(Why::Asked),
                () = self.files.have_changed() => return Wish::Reload(Why::Changed),
                () = self.watchdog.is_due() => tell_systemd(&[NotifyState::Watchdog]),
            }
        }
    }

    /// It will end, by a wish or by itself.
    pub fn is_ending(&mut self) {
        if !std::mem::replace(&mut self.is_ending, true) {
            tell_systemd(&[
                NotifyState::Stopping,
                NotifyState::Status(
                    "finishing the attempts on their \
                way",
                ),
            ]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_configuration_cannot_be_used_is_told_once_for_each_change() {
        let mut complaint = Complaint::default();
        // (why it is read, what is wrong with it, whether that is told)
        let cases = [
            (Why::Asked, "one", true),
            (Why::Changed, "one", false),
            (Why::Changed, "two", true),
            (Why::Changed, "two", false),
            (Why::Asked, "two", true),
        ];
        for (place, (why, text, is_told)) in cases.into_iter().enumerate() {
            assert_eq!(complaint.is_news(why, text), is_told, "{place}");
        }
    }
}
