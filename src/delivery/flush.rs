//! Later: what waits in the spool goes to Zammad.
//!
//! Different calls go at the same time, the events of one call one behind the other. A call that
//! fails waits by itself; when nothing arrives, all wait, and Zammad is asked now and then whether it
//! takes events again.

mod doubts;
mod round;
mod turned_away;

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use super::Stop;
use super::verdict::{BETWEEN_PROBES, named_pause};
use crate::client::{CallerLog, CallerLogError, ClientError, Clients, RequestId, SendError, in_full};
use crate::config::Config;
use crate::spool::{Moment, SharedSpool, SpoolError};
use crate::turn::Turns;
use turned_away::TurnedAway;

/// How long any work on the spool waits for others.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often what came of an attempt is tried to be noted.
const NOTES: u32 = 6;

/// After so long the spool is looked into again: a fresh call may have come.
const GLANCE: Duration = Duration::from_millis(50);

/// After so long somebody else may be done with a call.
const BUSY: Duration = Duration::from_millis(250);

/// How often the caller log is asked about events in doubt.
const LOOK_UP_EVERY: Duration = Duration::from_secs(5);

/// Sends what waits in a spool.
pub struct Flusher {
    spool: SharedSpool,
    turns: Turns,
    clients: Clients,
    config: Config,
    /// where there is somebody to ask
    log: Option<Mutex<CallerLog>>,
    concurrency: usize,
    stop: watch::Receiver<bool>,
    /// cuts off what is under way
    cut: Stop,
    turned_away: TurnedAway,
}

impl fmt::Debug for Flusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flusher").field("spool", &self.spool).finish_non_exhaustive()
    }
}

/// What became of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Zammad has them
    pub delivered: u64,
    /// nobody knows whether Zammad has them, and a second copy would show agents something false
    pub unconfirmed: u64,
    /// given up, and kept with their reason
    pub dead: u64,
}

/// Why there is no more to do.
#[derive(Debug)]
pub enum Stopped {
    /// Nothing is due; `later`: but something will be, then.
    Idle {
        /// when something is due next, if anything waits
        later: Option<Duration>,
        /// others send at present
        busy: bool,
    },
    /// Zammad takes nothing.
    Held(SendError),
    /// Somebody wanted it to end.
    Asked,
}

impl Flusher {
    /// It ends when `stop` becomes true, and what is under way has ended.
    ///
    /// # Errors
    ///
    /// There is no way to Zammad, or no way to read its caller log.
    pub fn new(
        config: &Config,
        spool: SharedSpool,
        runtime: Option<&Path>,
        concurrency: usize,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, CallerLogError> {
        let log = config.api_token.as_ref().map(|_| CallerLog::new(config)).transpose()?.map(Mutex::new);
        let clients = Clients::new(config)?;
        let (turns, config) = (Turns::open(config, runtime), config.clone());
        Ok(Self {
            spool,
            turns,
            clients,
            config,
            log,
            concurrency,
            stop,
            cut: Stop::default(),
            turned_away: TurnedAway::default(),
        })
    }

    /// The same, but what is under way when it is to end is cut off after a moment, as a reply that does not come.
    pub(crate) fn ending_soon(self) -> Self {
        let cut = Stop::by(self.stop.clone());
        Self { cut, ..self }
    }

    /// Sends all that is due, once. An event that fails by itself is left for the next time.
    ///
    /// # Errors
    ///
    /// The spool cannot be used.
    pub async fn flush(&self, tally: &mut Tally) -> Result<Stopped, FlushError> {
        let started = Instant::now();
        if let Some(error) = self.still_held().await? {
            return Ok(Stopped::Held(error));
        }
        tokio::select! {
            biased;
            asked = self.ask_about_doubts() => asked?,
            () = self.cut.cuts(|| true) => return Ok(Stopped::Asked),
        }
        loop {
            match self.drain(tally).await? {
                // Not to leave to the next time what takes a moment.
                Stopped::Idle { later: Some(later), .. } if later <= Duration::from_secs(1) => {
                    self.sleep(later).await;
                }
                Stopped::Idle { busy: true, .. } if started.elapsed() < self.config.deadline => {
                    self.sleep(GLANCE).await;
                }
                stopped => return Ok(stopped),
            }
        }
    }

    /// Sends what comes, until it is stopped.
    ///
    /// # Errors
    ///
    /// There is no way to Zammad any more.
    pub async fn run(&self, tally: &mut Tally) -> Result<(), FlushError> {
        let mut holds = 0;
        let mut doubts = Instant::now();
        let mut held = self.is_held().await.unwrap_or_default();
        while !self.is_stopped() {
            if held {
                match self.probe().await {
                    Ok(()) => {
                        log::info!("Zammad takes events");
                        self.hold(None).await;
                        held = false;
                    }
                    Err(error) => {
                        if holds == 0 {
                            log::error!("nothing is sent to Zammad for now: {}", in_full(&error));
                        }
                        self.hold(Some(&error)).await;
                        self.wait_out(&error, &mut holds).await;
                        continue;
                    }
                }
            }
            if doubts.elapsed() >= LOOK_UP_EVERY {
                doubts = Instant::now();
                if let Err(error) = self.ask_about_doubts().await {
                    log::warn!("events in doubt: {}", in_full(&error));
                }
            }
            let delivered = tally.delivered;
            let drained = self.drain(tally).await;
            if tally.delivered > delivered {
                holds = 0;
            }
            match drained {
                Ok(Stopped::Asked) => break,
                Ok(Stopped::Idle { later, busy }) => {
                    let later = if busy { Some(later.unwrap_or(BUSY).min(BUSY)) } else { later };
                    self.wait_for_more(later).await;
                }
                Ok(Stopped::Held(error)) => {
                    log::error!("nothing is sent to Zammad for now: {}", in_full(&error));
                    held = true;
                    self.wait_out(&error, &mut holds).await;
                }
                Err(FlushError::Spool(error)) => {
                    log::error!("{}", in_full(&error));
                    self.sleep(Duration::from_secs(1)).await;
                }
                Err(error @ FlushError::Client(_)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Asks Zammad, with a request that leaves nothing there, whether it takes events.
    async fn probe(&self) -> Result<(), SendError> {
        match self.clients.client() {
            Ok(mut client) => {
                let (begun, encoding, within) = (Instant::now(), self.config.encoding, self.config.timeout);
                let is_out = client.is_out();
                tokio::select! {
                    biased;
                    met = client.probe(RequestId::fresh(), encoding, within) => met,
                    () = self.cut.cuts(is_out) => Err(client.cut_off(begun.elapsed())),
                }
            }
            // There was one before; the next event will tell.
            Err(_) => Ok(()),
        }
    }

    /// Why Zammad still takes nothing, if it did not the last time.
    async fn still_held(&self) -> Result<Option<SendError>, SpoolError> {
        if !self.is_held().await? {
            return Ok(None);
        }
        let error = self.probe().await.err();
        if error.is_none() {
            self.turned_away.found_again();
        }
        if !self.cut.is_asked() {
            self.hold(error.as_ref()).await;
        }
        Ok(error)
    }

    async fn is_held(&self) -> Result<bool, SpoolError> {
        Ok(self.spool.held(PATIENCE).await?.is_some())
    }

    /// For whoever looks into the spool; that it cannot be noted changes nothing.
    async fn hold(&self, error: Option<&SendError>) {
        let reason = error.map(SendError::in_full);
        if let Err(error) = self.spool.hold(PATIENCE, reason, Moment::now()).await {
            log::warn!("{}", in_full(&error));
        }
    }

    /// Waits until something changes, or is due.
    async fn wait_for_more(&self, later: Option<Duration>) {
        let until = Instant::now() + later.unwrap_or(LOOK_UP_EVERY).min(LOOK_UP_EVERY);
        let before = self.spool.changes(PATIENCE).await.ok();
        while !self.is_stopped() && Instant::now() < until {
            self.sleep(GLANCE.min(until.saturating_duration_since(Instant::now()))).await;
            if self.spool.changes(PATIENCE).await.ok() != before {
                return;
            }
        }
    }

    /// Waits until Zammad may be asked again.
    async fn wait_out(&self, error: &SendError, holds: &mut u32) {
        let pause = BETWEEN_PROBES.pause(*holds);
        *holds += 1;
        self.sleep(pause.max(named_pause(error))).await;
    }

    async fn sleep(&self, time: Duration) {
        let mut stop = self.stop.clone();
        // Whoever could stop it is gone: then it is stopped.
        let _ = tokio::time::timeout(time, stop.wait_for(|&stopped| stopped)).await;
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Notes what must not be forgotten, however long others keep the file to themselves.
    async fn insist<Noting: Future<Output = Result<(), SpoolError>>>(
        &self,
        note: impl Fn() -> Noting,
    ) -> Result<(), SpoolError> {
        for _ in 1..NOTES {
            match note().await {
                Ok(()) => return Ok(()),
                Err(error) => log::warn!("cannot note the result of an event yet: {}", in_full(&error)),
            }
            tokio::time::sleep(GLANCE).await;
        }
        note().await
    }
}

/// Why it ends.
#[derive(Debug, thiserror::Error)]
pub enum FlushError {
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// There is no way to Zammad.
    #[error(transparent)]
    Client(#[from] ClientError),
}
