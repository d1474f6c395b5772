//! Plays one call after the other, and leaves none of them open.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Scenario;
use super::expected::Check;
use crate::client::{CallerLog, CallerLogError, Client, ClientError, Row};
use crate::config::Config;
use crate::delivery::{self, Deadline, Delivered, OpenCalls, Undelivered};
use crate::event::{CallEvent, CallId, Direction, EventKind, Known, WrittenError};
use crate::sandbox::Sandbox;

/// How often somebody who watches is told that the call goes on.
const TICK: Duration = Duration::from_secs(1);

/// Plays calls against one Zammad, or a stand-in for it.
pub struct Player<'a> {
    config: &'a Config,
    client: Client,
    log: Option<CallerLog>,
    stand_in: Option<&'a Sandbox>,
    /// how many times faster than in the scenario time goes by
    speed: f64,
    /// becomes true when the user wants no more
    stop: watch::Receiver<bool>,
}

/// Why a call could not be played at all.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    #[error("no client")]
    Client(#[from] ClientError),
    #[error("the scenario {name}")]
    Event { name: String, source: WrittenError },
    #[error("the caller log")]
    Log(#[from] CallerLogError),
}

/// What a player is about to do, or has done.
pub enum Moment<'a> {
    /// an event goes out, so long after the call's first in the scenario's time
    Sends {
        at: Duration,
        event: &'a CallEvent,
    },
    Got(&'a PlayedEvent),
    /// for so long nothing happens until this event, in real time
    Waits {
        left: Duration,
        next: EventKind,
    },
}

/// An event, and what came of it.
pub struct PlayedEvent {
    pub at: Duration,
    pub event: CallEvent,
    pub result: Result<Delivered, Undelivered>,
    pub checks: Vec<Check>,
    /// It is not in the scenario, but the call would have rung on without it.
    pub is_added: bool,
}

impl PlayedEvent {
    /// The failure, if it was not to be.
    pub fn unexpected_failure(&self) -> Option<&Undelivered> {
        let error = self.result.as_ref().err()?;
        self.checks.iter().any(|check| check.what == "error" && !check.passed()).then_some(error)
    }
}

/// A call that has been played.
pub struct Played {
    pub call_id: CallId,
    pub steps: Vec<PlayedEvent>,
    /// what it left in the caller log, where that could be read
    pub row: Option<Row>,
    /// why the caller log could not be read
    pub log_error: Option<CallerLogError>,
    pub end: End,
    pub took: Duration,
}

/// How far a call was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Complete,
    /// the user wanted no more
    Stopped,
    /// an event failed that should not have
    Failed,
}

impl Played {
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.steps.iter().flat_map(|step| &step.checks)
    }

    pub fn as_expected(&self) -> bool {
        self.end == End::Complete && self.checks().all(Check::passed)
    }
}

impl<'a> Player<'a> {
    /// The caller log is looked into where it can be read: at a stand-in, or with an API token.
    pub fn new(
        config: &'a Config,
        stand_in: Option<&'a Sandbox>,
        speed: f64,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, PlayError> {
        let reads_log = stand_in.is_some() || config.api_token.is_some();
        let log = reads_log.then(|| CallerLog::new(config)).transpose()?;
        Ok(Self { config, client: Client::new(config)?, log, stand_in, speed, stop })
    }

    pub fn reads_log(&self) -> bool {
        self.log.is_some()
    }

    pub fn stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Plays a call. One that Zammad took gets its hangup, whatever becomes of the steps between.
    pub async fn play(
        &mut self,
        scenario: &Scenario,
        call_id: &CallId,
        tell: &mut dyn FnMut(Moment<'_>),
    ) -> Result<Played, PlayError> {
        let started = Instant::now();
        let unusable = |source| PlayError::Event { name: scenario.name.clone(), source };
        let events = scenario.events(call_id, self.config).map_err(unusable)?;
        if let Some(stand_in) = self.stand_in {
            stand_in.set_up(scenario.setup(&self.config.numbering).map_err(unusable)?);
        }
        let mut calls = OpenCalls::default();
        let mut open = Open::default();
        let mut at = Duration::ZERO;
        let mut steps: Vec<PlayedEvent> = Vec::new();
        let mut end = End::Complete;
        let mut trouble = None;
        for (step, event) in scenario.steps.iter().zip(events) {
            let passed = self.wait(step.after, event.kind, tell).await;
            at += passed;
            if passed < step.after || self.stopped() {
                end = End::Stopped;
                break;
            }
            if let (Some(stand_in), Some(fault)) = (self.stand_in, &step.fault) {
                stand_in.fail(fault.clone());
            }
            let result = self.send(&event, at, &mut calls, &mut open, tell).await;
            if result.is_err() && self.stopped() {
                // It was cut short, so nothing was to be expected of it.
                let step = PlayedEvent { at, event, result, checks: Vec::new(), is_added: false };
                tell(Moment::Got(&step));
                steps.push(step);
                end = End::Stopped;
                break;
            }
            let failed = result.is_err() && !step.expected.fits(&result);
            let log = match (&self.log, &step.expected.row) {
                // What is wrong with the log then would hide what is wrong with the event.
                (Some(log), Some(_)) if !failed => match find(log, call_id).await {
                    Ok(row) => Some(row),
                    Err(error) => {
                        trouble = Some(error);
                        None
                    }
                },
                _ => None,
            };
            let checks =
                step.expected.checks(&result, log.as_ref().map(Option::as_ref), &self.config.numbering);
            let step = PlayedEvent { at, event, result, checks, is_added: false };
            tell(Moment::Got(&step));
            steps.push(step);
            if failed || trouble.is_some() {
                end = End::Failed;
                break;
            }
        }
        if let Some(direction) = open.direction {
            let event = CallEvent::new(EventKind::Hangup, call_id.clone(), direction);
            let result = self.send(&event, at, &mut calls, &mut open, tell).await;
            let step = PlayedEvent { at, event, result, checks: Vec::new(), is_added: true };
            tell(Moment::Got(&step));
            steps.push(step);
        }
        let mut row = None;
        // Otherwise it would be asked in vain, or long after the user wanted no more.
        if let (Some(log), End::Complete) = (&self.log, end) {
            match find(log, call_id).await {
                Ok(found) => row = found,
                Err(error) => (trouble, end) = (Some(error), End::Failed),
            }
        }
        let call_id = call_id.clone();
        Ok(Played { call_id, steps, row, log_error: trouble, end, took: started.elapsed() })
    }

    async fn send(
        &mut self,
        event: &CallEvent,
        at: Duration,
        calls: &mut OpenCalls,
        open: &mut Open,
        tell: &mut dyn FnMut(Moment<'_>),
    ) -> Result<Delivered, Undelivered> {
        let known = calls.follow(event.kind, &event.call_id, Some(event.direction));
        let known = Known { new_call_taken: open.new_call_taken, ..known };
        tell(Moment::Sends { at, event });
        let deadline = Deadline::within(self.config.deadline);
        let (client, encoding) = (&mut self.client, self.config.encoding);
        // Who stops it has the open calls hung up, with all the time that events have.
        let result = if *self.stop.borrow() {
            delivery::deliver(client, event, encoding, known, deadline).await
        } else {
            delivery::deliver_until(self.stop.clone(), client, event, encoding, known, deadline).await
        };
        open.follow(event.kind, event.direction, &result);
        result
    }

    /// Lets the time of a scenario pass, or as much of it as the user wants; how much that was.
    async fn wait(&mut self, time: Duration, next: EventKind, tell: &mut dyn FnMut(Moment<'_>)) -> Duration {
        let begun = Instant::now();
        let whole = time.div_f64(self.speed);
        let mut goes_on = true;
        while goes_on {
            let left = whole.saturating_sub(begun.elapsed());
            if left <= TICK {
                goes_on = self.rest(left).await;
                break;
            }
            tell(Moment::Waits { left, next });
            goes_on = self.rest(TICK).await;
        }
        let passed = match goes_on {
            true => time,
            false => roughly(begun.elapsed().mul_f64(self.speed)).min(time),
        };
        if let Some(stand_in) = self.stand_in {
            stand_in.advance(passed);
        }
        passed
    }

    /// Does nothing for so long; whether the user wants more then.
    pub async fn rest(&mut self, time: Duration) -> bool {
        let stopped = self.stop.wait_for(|stop| *stop);
        tokio::time::timeout(time, stopped).await.is_err() && !self.stopped()
    }
}

/// As exact as a person wants to have it: a tenth of a second.
fn roughly(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis() / 100 * 100).unwrap_or(u64::MAX))
}

/// Whether Zammad may show the call as open, and in which direction it began.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub direction: Option<Direction>,
    /// Zammad surely has it
    pub new_call_taken: bool,
}

impl Open {
    pub fn follow(&mut self, kind: EventKind, direction: Direction, result: &Result<Delivered, Undelivered>) {
        let arrived = result.as_ref().map_or_else(|error| error.uncertain, |_| true);
        let is_there = arrived || result.as_ref().is_err_and(|error| error.error.may_have_left_an_entry());
        self.new_call_taken |= kind == EventKind::NewCall && result.is_ok();
        match kind {
            EventKind::NewCall if is_there => self.direction = Some(direction),
            // One whose fate is not known must not be sent again: it might hide a missed call.
            EventKind::Hangup if arrived => self.direction = None,
            EventKind::NewCall | EventKind::Answer | EventKind::Hangup => {}
        }
    }
}

async fn find(log: &CallerLog, call_id: &CallId) -> Result<Option<Row>, CallerLogError> {
    Ok(log.read().await?.into_iter().find(|row| row.call_id == call_id.as_str()))
}
