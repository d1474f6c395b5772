//! Later: what waits in the spool goes to Zammad.
//!
//! Different calls go at the same time, the events of one call one behind the other. A call that
//! fails waits by itself; when nothing arrives, all wait, and Zammad is asked now and then whether it
//! takes events again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, watch};

use super::verdict::{
    Asker, BETWEEN_ATTEMPTS, BETWEEN_PROBES, BETWEEN_ROUNDS, Case, IN_DOUBT, Verdict, may_have_arrived,
    named_pause,
};
use crate::client::{
    CallerLog, CallerLogError, Client, ClientError, Clients, Fate, Request, RequestId, Row, SendError,
    in_full,
};
use crate::config::{Config, SpoolConfig};
use crate::event::{CallEvent, EventKind};
use crate::rules;
use crate::spool::{Doubt, Moment, Position, SharedSpool, Spool, SpoolError, State, Waiting};
use crate::turn::Turns;

/// How long any work on the spool waits for others.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often what came of an attempt is tried to be noted.
const NOTES: u32 = 6;

/// So many events are looked at ahead, for each connection.
const AHEAD: usize = 8;

/// After so long the spool is looked into again: a fresh call may have come.
const GLANCE: Duration = Duration::from_millis(50);

/// After so long somebody else may be done with a call.
const BUSY: Duration = Duration::from_millis(250);

/// So many events that fail one after the other are not their own fault.
const IN_A_ROW: u32 = 5;

/// How often the caller log is asked about events in doubt, and for how long: it shows the latest
/// calls only.
const DOUBTS: Duration = Duration::from_secs(5);
const DOUBTS_END: Duration = Duration::from_secs(60 * 60);

/// An event that fails so often by itself is given up.
const MOST_ATTEMPTS: u32 = 30;

/// Sends what waits in a spool.
pub struct Flusher<'a> {
    spool: SharedSpool,
    limits: Arc<SpoolConfig>,
    turns: Turns,
    clients: Clients<'a>,
    config: &'a Config,
    /// where there is somebody to ask
    log: Option<Mutex<CallerLog>>,
    concurrency: usize,
    stop: watch::Receiver<bool>,
}

impl fmt::Debug for Flusher<'_> {
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

/// What became of one event.
enum Fared {
    Delivered,
    Unconfirmed,
    Dead,
    /// for a moment: Zammad did not know its call
    Postponed,
    /// somebody else sends an event of its call
    Busy,
    /// somebody else has sent it
    Gone,
    /// it failed, and perhaps all would
    Trouble(SendError),
    /// the same, and it is at rest
    TroubleAtRest(SendError),
}

/// An event that is about to be sent, now that nobody else sends it.
enum Found {
    /// and that it is under way is noted
    Begun {
        waiting: Waiting,
        age: Duration,
    },
    TooOld {
        waiting: Waiting,
        reason: String,
    },
    /// an attempt may have brought it
    InDoubt {
        waiting: Waiting,
        age: Duration,
    },
    Gone,
}

/// An attempt that has ended: its connection, and the event.
type Ended = (Client, Position, u32, Result<Fared, SpoolError>);

impl<'a> Flusher<'a> {
    /// It ends when `stop` becomes true, and what is under way has ended.
    ///
    /// # Errors
    ///
    /// There is no way to Zammad, or no way to read its caller log.
    pub fn new(
        config: &'a Config,
        limits: SpoolConfig,
        spool: SharedSpool,
        runtime: Option<&Path>,
        concurrency: usize,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, CallerLogError> {
        let log = config.api_token.as_ref().map(|_| CallerLog::new(config)).transpose()?.map(Mutex::new);
        let clients = Clients::new(config)?;
        Ok(Self {
            spool,
            limits: Arc::new(limits),
            turns: Turns::open(config, runtime),
            clients,
            config,
            log,
            concurrency,
            stop,
        })
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
        self.ask_about_doubts().await?;
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
                            log::error!("nothing goes to Zammad for now: {}", in_full(&error));
                        }
                        self.hold(Some(&error)).await;
                        self.wait_out(&error, &mut holds).await;
                        continue;
                    }
                }
            }
            if doubts.elapsed() >= DOUBTS {
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
                    log::error!("nothing goes to Zammad for now: {}", in_full(&error));
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

    /// Sends what is due, and what becomes due meanwhile, until there is no more.
    async fn drain(&self, tally: &mut Tally) -> Result<Stopped, FlushError> {
        let mut idle: Vec<Client> = Vec::new();
        let mut under_way = FuturesUnordered::new();
        let mut calls_under_way: HashSet<Position> = HashSet::new();
        // Left alone until somebody else is done with their calls.
        let mut busy: HashSet<Position> = HashSet::new();
        let mut queue: VecDeque<Waiting> = VecDeque::new();
        let mut troubled: HashMap<Position, u32> = HashMap::new();
        let mut trouble: Option<SendError> = None;
        let mut in_a_row = 0;
        let mut looked: Option<Instant> = None;
        let mut failure: Option<SpoolError> = None;
        loop {
            let stopped = self.is_stopped() || failure.is_some();
            if trouble.is_none() && !stopped {
                let is_long_ago = looked.is_none_or(|looked| looked.elapsed() >= GLANCE);
                if under_way.len() < self.concurrency && (queue.is_empty() || is_long_ago) {
                    let most = self.concurrency * AHEAD + busy.len() + calls_under_way.len();
                    queue = self.with(move |spool| spool.due(Moment::now(), most)).await?.into();
                    queue.retain(|next| {
                        !busy.contains(&next.position) && !calls_under_way.contains(&next.position)
                    });
                    looked = Some(Instant::now());
                }
                while under_way.len() < self.concurrency {
                    let Some(next) = queue.pop_front() else { break };
                    let client = idle.pop().map_or_else(|| self.clients.client(), Ok)?;
                    calls_under_way.insert(next.position);
                    under_way.push(self.send(client, next));
                }
            }
            let Some((client, position, attempts, fared)) = under_way.next().await else {
                if let Some(error) = failure {
                    return Err(error.into());
                }
                if let Some(error) = trouble.take() {
                    // Who names a pause is not asked before.
                    let wants_a_pause = !named_pause(&error).is_zero();
                    if wants_a_pause {
                        self.hold(Some(&error)).await;
                    } else if let Err(error) = self.probe().await {
                        self.hold(Some(&error)).await;
                        return Ok(Stopped::Held(error));
                    }
                    // It is these events' own fault, or there are too many at a time.
                    for (position, attempts) in troubled.drain() {
                        self.put_off(position, attempts, named_pause(&error)).await?;
                    }
                    if in_a_row >= IN_A_ROW || wants_a_pause {
                        return Ok(Stopped::Held(error));
                    }
                    continue;
                }
                if stopped {
                    return Ok(Stopped::Asked);
                }
                let later = self.with(|spool| spool.next_due(Moment::now())).await?;
                return Ok(Stopped::Idle { later, busy: !busy.is_empty() });
            };
            idle.push(client);
            calls_under_way.remove(&position);
            match fared {
                Ok(Fared::Delivered) => {
                    tally.delivered += 1;
                    in_a_row = 0;
                }
                Ok(Fared::Unconfirmed) => tally.unconfirmed += 1,
                Ok(Fared::Dead) => tally.dead += 1,
                Ok(Fared::Postponed | Fared::Gone) => {}
                Ok(Fared::Busy) => {
                    busy.insert(position);
                }
                Ok(Fared::Trouble(error)) => {
                    in_a_row += 1;
                    troubled.insert(position, attempts);
                    trouble = Some(error);
                }
                Ok(Fared::TroubleAtRest(error)) => {
                    in_a_row += 1;
                    tally.unconfirmed += 1;
                    trouble = Some(error);
                }
                Err(error) => failure = Some(error),
            }
        }
    }

    /// Sends one event, if it is its turn, and notes what came of it.
    async fn send(&self, mut client: Client, waiting: Waiting) -> Ended {
        let (position, attempts) = (waiting.position, waiting.attempts);
        let fared = self.try_send(&mut client, waiting).await;
        (client, position, attempts, fared)
    }

    async fn try_send(&self, client: &mut Client, seen: Waiting) -> Result<Fared, SpoolError> {
        let position = seen.position;
        let Some(turn) = self.turns.try_take(&seen.event, seen.answered) else { return Ok(Fared::Busy) };
        let limits = self.limits.clone();
        let (waiting, age) = match self.with(move |spool| begin(spool, position, &limits)).await? {
            Found::Begun { waiting, age } => (waiting, age),
            Found::TooOld { waiting, reason } => {
                return self.lay_to_rest(&waiting, State::Dead, reason, None).await.map(|()| Fared::Dead);
            }
            Found::InDoubt { waiting, age } => {
                if let Some(fared) = self.look_up(&waiting, age).await? {
                    return Ok(fared);
                }
                if !self.with(move |spool| spool.begin_attempt(position, true)).await? {
                    return Ok(Fared::Gone);
                }
                (waiting, age)
            }
            Found::Gone => return Ok(Fared::Gone),
        };
        let request = Request::new(&waiting.event, self.config.encoding, RequestId::fresh());
        let result = client.attempt(&request, &waiting.event, self.config.timeout).await;
        let fared = self.note(&waiting, age, result).await;
        turn.settle();
        fared
    }

    /// Looks up whether an event in doubt has arrived. An answer's fate is known before anything else
    /// of its call is sent: after the hangup Zammad takes no answer. `None`: it is to be sent.
    async fn look_up(&self, waiting: &Waiting, age: Duration) -> Result<Option<Fared>, SpoolError> {
        let position = waiting.position;
        let settled = self.settled();
        let log = match (&self.log, waiting.event.kind) {
            (Some(log), EventKind::Answer) => log,
            (None, _) if case_of_last(waiting, age).may_be_repeated() => return Ok(None),
            (_, EventKind::NewCall | EventKind::Answer | EventKind::Hangup) => {
                let outcome = "an attempt had no outcome".to_owned();
                self.lay_to_rest(waiting, State::Unconfirmed, IN_DOUBT.to_owned(), Some(outcome)).await?;
                return Ok(Some(Fared::Unconfirmed));
            }
        };
        if waiting.under_way {
            let outcome = "an attempt had no outcome".to_owned();
            self.postpone(position, Some(settled), Doubt::Yes, outcome).await?;
            return Ok(Some(Fared::Postponed));
        }
        if age < settled {
            self.with(move |spool| spool.put_off(position, settled - age, Moment::now())).await?;
            return Ok(Some(Fared::Postponed));
        }
        let rows = match log.lock().await.read().await {
            Ok(rows) => rows,
            Err(CallerLogError::Send(error)) => return Ok(Some(Fared::Trouble(error))),
            Err(error) => {
                log::warn!("events in doubt: {}", in_full(&error));
                Vec::new()
            }
        };
        match rows.iter().find(|row| row.call_id == waiting.event.call_id.as_str()) {
            Some(row) if has(row.state, waiting.event.kind) => self.arrived(position).await.map(Some),
            Some(_) => Ok(None),
            None => {
                self.lay_to_rest(waiting, State::Unconfirmed, IN_DOUBT.to_owned(), None).await?;
                Ok(Some(Fared::Unconfirmed))
            }
        }
    }

    /// Notes what came of an attempt.
    async fn note(
        &self,
        waiting: &Waiting,
        age: Duration,
        result: Result<crate::action::Action, SendError>,
    ) -> Result<Fared, SpoolError> {
        let position = waiting.position;
        let error = match result {
            Ok(action) => {
                log::debug!("{}: {}", waiting.event.call_id, action.word());
                return self.arrived(position).await;
            }
            Err(error) => error,
        };
        let event = &waiting.event;
        let outcome = error.in_full();
        log::debug!("{} of call {}: {outcome}", event.kind, event.call_id);
        let doubt = if may_have_arrived(&error, event.kind) { Doubt::Yes } else { Doubt::No };
        let case = case(waiting, waiting.attempts, age, self.log.is_some());
        match (case.verdict((&error).into()), event.kind) {
            (Verdict::Arrived, _) => self.arrived(position).await,
            (Verdict::Again, _) if error.fate() == Fate::UnknownCall => {
                let pause = BETWEEN_ATTEMPTS.pause(waiting.unknown_call + 1);
                self.postpone(position, Some(pause), Doubt::UnknownCall, outcome).await?;
                Ok(Fared::Postponed)
            }
            (Verdict::Again | Verdict::HoldAll, _) => {
                self.postpone(position, None, doubt, outcome).await?;
                Ok(Fared::Trouble(error))
            }
            // It stays before the hangup of its call.
            (Verdict::AskCallerLog, EventKind::Answer) => {
                self.postpone(position, Some(self.settled()), doubt, outcome).await?;
                Ok(Fared::Trouble(error))
            }
            (Verdict::AskCallerLog | Verdict::Unconfirmed, _) => {
                self.lay_to_rest(waiting, State::Unconfirmed, IN_DOUBT.to_owned(), Some(outcome)).await?;
                Ok(Fared::TroubleAtRest(error))
            }
            (Verdict::Dead, _) => {
                self.lay_to_rest(waiting, State::Dead, outcome.clone(), Some(outcome)).await?;
                Ok(Fared::Dead)
            }
        }
    }

    /// Asks Zammad, with a request that leaves nothing there, whether it takes events.
    async fn probe(&self) -> Result<(), SendError> {
        match self.clients.client() {
            Ok(mut client) => {
                client.probe(RequestId::fresh(), self.config.encoding, self.config.timeout).await
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
        self.hold(error.as_ref()).await;
        Ok(error)
    }

    async fn is_held(&self) -> Result<bool, SpoolError> {
        Ok(self.with(Spool::held).await?.is_some())
    }

    /// For whoever looks into the spool; that it cannot be noted changes nothing.
    async fn hold(&self, error: Option<&SendError>) {
        let reason = error.map(SendError::in_full);
        let noted = self.with(move |spool| spool.hold(reason.as_deref(), Moment::now())).await;
        if let Err(error) = noted {
            log::warn!("{}", in_full(&error));
        }
    }

    /// An event that failed while others arrive; Zammad may wish for a pause.
    async fn put_off(&self, position: Position, attempts: u32, wish: Duration) -> Result<(), SpoolError> {
        // Of those that an operator has sent once more, all count again.
        if (attempts + 1).is_multiple_of(MOST_ATTEMPTS) {
            let reason = format!("it failed {MOST_ATTEMPTS} times, while others arrived");
            let now = Moment::now();
            let rest = self.with(move |spool| spool.lay_to_rest(position, State::Dead, &reason, None, now));
            return rest.await;
        }
        let pause = BETWEEN_ROUNDS.pause(attempts).max(wish);
        self.with(move |spool| spool.put_off(position, pause, Moment::now())).await
    }

    async fn arrived(&self, position: Position) -> Result<Fared, SpoolError> {
        self.insist(move |spool| spool.arrived(position, Moment::now())).await?;
        Ok(Fared::Delivered)
    }

    async fn postpone(
        &self,
        position: Position,
        pause: Option<Duration>,
        doubt: Doubt,
        outcome: String,
    ) -> Result<(), SpoolError> {
        self.insist(move |spool| spool.postpone(position, pause, doubt, &outcome, Moment::now())).await
    }

    async fn lay_to_rest(
        &self,
        waiting: &Waiting,
        state: State,
        reason: String,
        outcome: Option<String>,
    ) -> Result<(), SpoolError> {
        let (position, event) = (waiting.position, &waiting.event);
        let what = match state {
            State::Waiting => "waits",
            State::Unconfirmed => "is unconfirmed",
            State::Dead => "is given up",
        };
        log::warn!("the {} of call {} {what}: {reason}", event.kind, event.call_id);
        self.insist(move |spool| {
            spool.lay_to_rest(position, state, &reason, outcome.as_deref(), Moment::now())
        })
        .await
    }

    /// After so long no attempt is on its way any more, also one whose sender has not waited for it.
    fn settled(&self) -> Duration {
        self.config.timeout * 2
    }

    /// Looks events in doubt up in Zammad's caller log, if there is a user who may.
    async fn ask_about_doubts(&self) -> Result<(), SpoolError> {
        let Some(log) = &self.log else { return Ok(()) };
        let (now, settled) = (Moment::now(), self.settled());
        let mut doubts = self.with(move |spool| spool.unconfirmed(settled, now, 1000)).await?;
        doubts.retain(|doubt| now.since(&doubt.kept) < DOUBTS_END);
        if doubts.is_empty() {
            return Ok(());
        }
        let rows = match log.lock().await.read().await {
            Ok(rows) => rows,
            Err(error) => {
                log::warn!("events in doubt: {}", in_full(&error));
                return Ok(());
            }
        };
        let rows: HashMap<&str, &Row> = rows.iter().map(|row| (row.call_id.as_str(), row)).collect();
        for doubt in doubts {
            let (position, attempts) = (doubt.position, doubt.attempts);
            let Some(row) = rows.get(doubt.event.call_id.as_str()) else { continue };
            if has(row.state, doubt.event.kind) {
                self.arrived(position).await?;
            } else {
                // Another flusher may have seen the same, and have sent it meanwhile.
                self.insist(move |spool| spool.send_again(position, attempts)).await?;
            }
        }
        Ok(())
    }

    /// Waits until something changes, or is due.
    async fn wait_for_more(&self, later: Option<Duration>) {
        let until = Instant::now() + later.unwrap_or(DOUBTS).min(DOUBTS);
        let before = self.with(|spool| spool.changes()).await.ok();
        while !self.is_stopped() && Instant::now() < until {
            self.sleep(GLANCE.min(until.saturating_duration_since(Instant::now()))).await;
            if self.with(|spool| spool.changes()).await.ok() != before {
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

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        self.spool.with(PATIENCE, work).await
    }

    /// Notes what must not be forgotten, however long others keep the file to themselves.
    async fn insist<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Spool) -> Result<T, SpoolError> + Clone + Send + 'static,
    ) -> Result<T, SpoolError> {
        for _ in 1..NOTES {
            match self.with(work.clone()).await {
                Ok(done) => return Ok(done),
                Err(error) => log::warn!("what came of an event cannot be noted yet: {}", in_full(&error)),
            }
            tokio::time::sleep(GLANCE).await;
        }
        self.with(work).await
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

/// Looks whether an event still waits and may be sent, and notes that it is under way: in one go,
/// as each change from one thread to another costs as much as a query.
fn begin(spool: &mut Spool, position: Position, limits: &SpoolConfig) -> Result<Found, SpoolError> {
    let Some(mut waiting) = spool.head(position)? else { return Ok(Found::Gone) };
    if waiting.answered.is_none() && spool.is_answered(&waiting.event.call_id)? {
        waiting.answered = Some(true);
    }
    let age = Moment::now().since(&waiting.kept);
    if let Some(reason) = too_old(limits, &waiting.event, age) {
        return Ok(Found::TooOld { waiting, reason });
    }
    // A second ticket screen is better than none at all, but not than a look at the caller log.
    let is_answer = waiting.event.kind == EventKind::Answer;
    if waiting.uncertain && (is_answer || !case_of_last(&waiting, age).may_be_repeated()) {
        return Ok(Found::InDoubt { waiting, age });
    }
    let does_harm_twice = !rules::repeat_is_safe(&waiting.event, waiting.answered);
    let is_there = spool.begin_attempt(position, does_harm_twice)?;
    Ok(if is_there { Found::Begun { waiting, age } } else { Found::Gone })
}

/// Why an event is not sent any more.
fn too_old(limits: &SpoolConfig, event: &CallEvent, age: Duration) -> Option<String> {
    let (most, key) = match event.kind {
        EventKind::Answer => (limits.max_age_answer, "spool.max_age_answer"),
        EventKind::NewCall | EventKind::Hangup => (limits.max_age, "spool.max_age"),
    };
    let shown = humantime::format_duration(most);
    (age > most).then(|| format!("it was older than {shown} ({key}) before Zammad could take it"))
}

/// What is known of an event after an attempt with so many before it.
fn case(waiting: &Waiting, before: u32, age: Duration, asks: bool) -> Case {
    Case {
        asker: Asker::Flusher,
        kind: waiting.event.kind,
        is_safe_twice: rules::repeat_is_safe(&waiting.event, waiting.answered),
        // Whatever those before met with.
        is_first: before == 0,
        may_exist: waiting.uncertain,
        unknown_call: waiting.unknown_call,
        age,
        asks,
    }
}

/// The same of one whose last attempt is noted already, if anybody could say what came of it.
fn case_of_last(waiting: &Waiting, age: Duration) -> Case {
    case(waiting, waiting.attempts.saturating_sub(1), age, false)
}

/// Whether a call in this state has had that event.
fn has(state: EventKind, event: EventKind) -> bool {
    match (state, event) {
        (_, EventKind::NewCall) | (EventKind::Hangup, _) | (EventKind::Answer, EventKind::Answer) => true,
        (EventKind::NewCall, EventKind::Answer | EventKind::Hangup)
        | (EventKind::Answer, EventKind::Hangup) => false,
    }
}
