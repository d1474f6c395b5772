//! What the sender of one event does: bring it to Zammad in its turn, or keep it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::probed::Probed;
use super::taken_calls::TakenCalls;
use super::verdict::{Asker, Case, Failed, IN_DOUBT, Verdict};
use super::{Deadline, Delivered, InDoubt, Limits, Stop, Tries, Undelivered, deliver_as};
use crate::action::Action;
use crate::background::in_thread;
use crate::cause::{Cause, HangupCause};
use crate::client::{Client, Fate};
use crate::config::{Config, Encoding, SpoolMode};
use crate::event::{CallEvent, EventKind, Known};
use crate::rules::{self, Finding};
use crate::spool::{
    Begun, Call, Course, Earlier, Entered, Entry, KeptCourse, Moment, Order, Past, Position, SharedSpool,
    SpoolError, Which,
};
use crate::turn::{Turn, Turns};

/// So much time, and at most a quarter of what there is, is left for the attempt of an event that
/// waits for its turn, and for keeping one that was tried in vain.
const LEFT: Duration = Duration::from_secs(1);

/// What a disk gets to answer in when somebody has waited for others already.
const FOR_DISK: Duration = Duration::from_millis(30);

/// How long an event waits for what the journal says of its call, or an eighth of its deadline: then
/// it goes on without.
const FOR_JOURNAL: Duration = Duration::from_millis(150);

/// The same for events of a phone system, whose calls wait for nobody: what the journal does not know is lost if the
/// process is killed. Or a quarter of the deadline.
const FOR_JOURNAL_OF_CALLS: Duration = Duration::from_secs(2);

/// How long an event waits for what the journal says of a call whose Zammad nothing leads to: it does not go there now.
pub(super) const FOR_CALLS_ELSEWHERE: Duration = Duration::from_millis(500);

/// How long a service that begins waits for what the journal has.
const FOR_OPEN_CALLS: Duration = Duration::from_secs(5);

/// An event, and what its sender knows of the call.
#[derive(Debug, Clone)]
pub struct EventToSend {
    /// what happened
    pub event: CallEvent,
    /// what its sender knows of the call
    pub known: Known,
    /// by which later events may name the call
    pub key: Option<String>,
    /// where agents would not see what its source meant
    pub findings: Vec<Finding>,
    /// what of a hangup could not be read, and why; it is sent without
    pub left_out: Option<String>,
    /// where the events of its call go, where routes decide
    #[doc(hidden)]
    pub course: Option<Box<Course>>,
}

/// Where an event is.
#[derive(Debug)]
pub enum Outcome {
    /// Zammad has it.
    Delivered(Delivered),
    /// The spool has it, and it will be sent: see [`Flusher`](super::Flusher).
    Spooled(Spooled),
    /// A hangup of a call that has had one: a second one would take the mark off a missed call.
    EndedBefore,
}

/// There is no way to Zammad because of this process's own settings, such as a proxy that cannot be used.
#[derive(Debug)]
pub(crate) struct NoClient<E> {
    pub error: E,
    /// what became of the event in the spool; `None`: it is not there
    pub kept: Option<Result<Outcome, Failure>>,
}

/// An event that is safe on disk, and will be delivered.
#[derive(Debug)]
pub struct Spooled {
    /// `None`: it was not tried
    pub tried: Option<Undelivered>,
}

/// Why an event is neither with Zammad nor sure to get there.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Zammad did not take it, and there is no spool.
    #[error(transparent)]
    Undelivered(Undelivered),
    /// the same, and it is in the spool so that somebody may look after it
    #[error(transparent)]
    Unconfirmed(Undelivered),
    /// and the spool that there is could not keep it
    #[error("{0}, and the spool cannot keep it")]
    NotKept(Undelivered, #[source] SpoolError),
    /// it was not sent at all
    #[error(transparent)]
    Untried(Untried),
}

/// Why an event is not tried: a second copy could show agents something false, or its sender is to end.
#[derive(Debug, thiserror::Error)]
pub enum Untried {
    /// The disk did not answer in time.
    #[error("it is not known whether the spool has it, and a second copy could show agents something false")]
    PerhapsKept(#[source] SpoolError),
    /// A hangup of the same call may be with Zammad.
    #[error(
        "another hangup of this call is on its way, or was cut off, and a second one could hide a missed call; \
         this one is in the spool as unconfirmed"
    )]
    Another,
    /// The process was told to end before its turn came, and no spool keeps it.
    #[error("it was not sent")]
    CutShort(#[source] Option<SpoolError>),
}

/// Brings events, one by one.
/// # Example
///
/// Zammad is down, so the event stays on disk; later a [`Flusher`](super::Flusher) sends it:
///
/// ```
/// use std::time::Duration;
/// use zammad_cti::client::{Client, block_on};
/// use zammad_cti::config::{Settings, Span, SpoolSettings};
/// use zammad_cti::delivery::{Courier, Deadline, EventToSend, Flusher, Outcome, Tally};
/// use zammad_cti::event::Known;
/// use zammad_cti::sandbox::{Options, Sandbox};
/// use zammad_cti::spool::SharedSpool;
/// use zammad_cti::{CallEvent, CallId, Config, Direction, EventKind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let zammad = Sandbox::start(Options::default())?;
/// let settings = Settings {
///     deadline: Some(Span(Duration::from_millis(600))),
///     spool: SpoolSettings { path: Some(folder.path().join("spool.db")), ..SpoolSettings::default() },
///     ..Settings::default()
/// };
/// let config = Config::try_from(settings)?.with_endpoint(zammad.endpoint().clone());
/// let event = CallEvent {
///     from: Some(config.numbering.read("493023125741")?),
///     to: Some(config.numbering.read("4930600000000")?),
///     ..CallEvent::new(EventKind::NewCall, CallId::random(), Direction::Inbound)
/// };
/// let to_send =
///     EventToSend { event, known: Known::default(), key: None, findings: Vec::new(), left_out: None, course: None };
///
/// let is_down = serde_json::json!({ "mode": "respond", "status": 503 });
/// zammad.fail(serde_json::from_value(is_down)?);
/// let courier = Courier::new(&config, None);
/// let mut client = Client::new(&config)?;
/// let brought = block_on(courier.bring(&mut client, &to_send, Deadline::within(config.deadline)))?;
/// assert!(matches!(brought?, Outcome::Spooled(_)));
/// assert_eq!(zammad.entries().len(), 0);
///
/// zammad.fail(serde_json::from_value(serde_json::json!({ "mode": "none" }))?);
/// let limits = config.spool.clone().expect("it is configured above");
/// let spool = SharedSpool::new(&limits, config.endpoint()?);
/// // Whoever sends `true` stops it.
/// let (_stop, stopped) = tokio::sync::watch::channel(false);
/// let flusher = Flusher::new(&config, spool, None, 1, stopped)?;
/// let mut tally = Tally::default();
/// block_on(async {
///     // An event that failed is put off, by about a second.
///     while tally.delivered == 0 {
///         tokio::time::sleep(Duration::from_millis(100)).await;
///         flusher.flush(&mut tally).await?;
///     }
///     Ok::<_, zammad_cti::delivery::FlushError>(())
/// })??;
/// assert_eq!(zammad.entries().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Courier {
    turns: Option<Arc<Turns>>,
    /// where there are no turns, which know more than what this process has brought
    taken: TakenCalls,
    encoding: Encoding,
    keeper: Option<Keeper>,
    stop: Stop,
    /// with which a call that Zammad rejects is ended at once
    rejected: Option<HangupCause>,
}

impl Courier {
    /// `runtime` is the user's folder for what does not outlive a session, if there is one.
    pub fn new(config: &Config, runtime: Option<&Path>) -> Self {
        let courier = Self::of_ordered(config, runtime);
        Self { turns: courier.turns.or_else(|| Some(Arc::new(Turns::open(config, runtime)))), ..courier }
    }

    /// The same for whoever keeps the events of a call in order himself: they take their turns only
    /// if others may send what waits in the spool.
    pub fn of_ordered(config: &Config, runtime: Option<&Path>) -> Self {
        let keeper = config.spool.as_ref().filter(|spool| spool.mode != SpoolMode::Never);
        let keeper = keeper.zip(config.endpoint().ok()).map(|(spool, endpoint)| Keeper {
            mode: spool.mode,
            spool: SharedSpool::new(spool, endpoint),
            patience: FOR_JOURNAL.min(config.deadline / 8),
            held_timeout: spool.held_timeout,
            asks: config.api_token.is_some(),
            begun: Begun::Noted,
        });
        let turns = keeper.as_ref().map(|_| Arc::new(Turns::open(config, runtime)));
        let (encoding, taken, stop) = (config.encoding, TakenCalls::default(), Stop::default());
        Self { turns, taken, encoding, keeper, stop, rejected: None }
    }

    /// The same, which sends the hangup of a call that Zammad rejects right after its newCall, if the configuration
    /// says so.
    pub(crate) fn ending_rejected(self, config: &Config) -> Self {
        Self { rejected: config.end_of_rejected(), ..self }
    }

    /// The same, which is to end when `stop` says so: what is on its way then is cut off after a moment, and
    /// what was not tried is not tried any more. The spool keeps both, where there is one.
    pub(crate) fn ending_by(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// The same for whoever learns of an event from a phone system that does not say it again: the spool has the
    /// event while it is on its way. If the process is killed, whoever sends what waits in the spool goes on with it,
    /// as with any attempt of which nobody knows what became of it.
    pub(crate) fn outlived_by_its_events(mut self, config: &Config) -> Self {
        if let Some(keeper) = &mut self.keeper {
            keeper.begun = Begun::Kept;
            keeper.patience = FOR_JOURNAL_OF_CALLS.min(config.deadline / 4);
        }
        self
    }

    /// Keeps an event whose turn is not yet, so that it [outlives](Self::outlived_by_its_events) this process. `None`: it
    /// is not kept.
    pub(crate) async fn keep_ahead(&self, to_send: &EventToSend) -> Option<Position> {
        let keeper = self.keeper.as_ref().filter(|keeper| keeper.mode != SpoolMode::Always)?;
        let kept = keeper.spool.keep_ahead(keeper.patience, to_send.entry(), Moment::now()).await;
        kept.unwrap_or_else(|error| {
            log::debug!(
                "an event that waits for its turn is not in the spool: {}",
                crate::client::in_full(&error)
            );
            None
        })
    }

    /// Whether there is a journal to look a call up in.
    pub fn has_journal(&self) -> bool {
        self.keeper.is_some()
    }

    /// A call that was reported from here before.
    ///
    /// # Errors
    ///
    /// There is a journal, and it cannot be read.
    pub async fn call(&self, which: Which) -> Result<Option<Call>, SpoolError> {
        let Some(keeper) = &self.keeper else { return Ok(None) };
        keeper.spool.call(keeper.patience, which, Moment::now()).await
    }

    /// Where the events of a call go, if routes decided about it.
    ///
    /// # Errors
    ///
    /// There is a journal, and it cannot be read.
    pub(crate) async fn course(&self, which: Which) -> Result<Option<KeptCourse>, SpoolError> {
        let Some(keeper) = &self.keeper else { return Ok(None) };
        keeper.spool.course(keeper.patience, which).await
    }

    /// The calls that were reported with keys of this beginning, and are open.
    ///
    /// # Errors
    ///
    /// There is a journal, and it cannot be read.
    pub(crate) async fn open_calls(&self, key: &str) -> Result<Vec<Call>, SpoolError> {
        let Some(keeper) = &self.keeper else { return Ok(Vec::new()) };
        let mut open = keeper.spool.open_calls(FOR_OPEN_CALLS, Moment::now()).await?;
        open.retain(|call| call.key.as_deref().is_some_and(|own| own.starts_with(key)));
        Ok(open)
    }

    /// Delivers one event with all retries, or keeps it, until the deadline. It goes
    /// behind those of its call that other processes, or other tasks of this one, are about to
    /// deliver, and behind those that wait in the spool.
    ///
    /// # Errors
    ///
    /// It is not sure that the event will ever reach Zammad.
    pub async fn bring(
        &self,
        client: &mut Client,
        to_send: &EventToSend,
        deadline: Deadline,
    ) -> Result<Outcome, Failure> {
        self.bring_telling(client, to_send, deadline, None, &|| {}).await
    }

    /// The same; `is_kept` is called if the spool has the event before its outcome is known. `ahead`: where it is
    /// [kept ahead](Self::keep_ahead).
    pub(crate) async fn bring_telling(
        &self,
        client: &mut Client,
        to_send: &EventToSend,
        deadline: Deadline,
        ahead: Option<Position>,
        is_kept: &(dyn Fn() + Sync),
    ) -> Result<Outcome, Failure> {
        match self.keep_at_once(to_send, deadline).await {
            Some(kept) => kept,
            None => {
                let brought = self.bring_at_once(client, to_send, deadline, &self.stop, ahead, is_kept).await;
                self.end_rejected(client, to_send, &brought, deadline, &self.stop).await;
                brought
            }
        }
    }

    /// Sends the hangup of a call that Zammad has just rejected, if that is wanted.
    async fn end_rejected(
        &self,
        client: &mut Client,
        to_send: &EventToSend,
        brought: &Result<Outcome, Failure>,
        deadline: Deadline,
        stop: &Stop,
    ) {
        let (Some(cause), Ok(Outcome::Delivered(Delivered { action: Some(Action::Reject { .. }), .. }))) =
            (self.rejected, brought)
        else {
            return;
        };
        let CallEvent { call_id, direction, .. } = &to_send.event;
        let event = CallEvent {
            cause: Some(Cause::Read(cause)),
            ..CallEvent::new(EventKind::Hangup, call_id.clone(), *direction)
        };
        let known = Known { direction: Some(*direction), answered: Some(false), new_call_taken: true };
        let course = to_send.course.clone();
        let hangup = EventToSend { event, known, key: None, findings: Vec::new(), left_out: None, course };
        // On the heap, because few calls are rejected, and each event would carry it along.
        let ended = Box::pin(self.bring_at_once(client, &hangup, deadline, stop, None, &|| {})).await;
        if let Err(error) = ended {
            log::warn!(
                "the hangup of the rejected call {call_id} is not with Zammad: {}; agents see the call ring until the \
                 phone system's hangup arrives",
                crate::client::in_full(&error)
            );
        }
    }

    /// As [`bring`](Self::bring), for an event that is all a process does: what can wait until Zammad has it
    /// waits, and `client` is asked for one only if it is needed, because that takes a while. It ends early when
    /// `stop` says so, as in [`ending_by`](Self::ending_by).
    ///
    /// # Errors
    ///
    /// There is no client, and the spool may have the event; inside, as [`bring`](Self::bring).
    pub(crate) async fn bring_only<E>(
        &self,
        client: impl FnOnce() -> Result<Client, E>,
        to_send: &EventToSend,
        deadline: Deadline,
        stop: &Stop,
    ) -> Result<Result<Outcome, Failure>, NoClient<E>> {
        let brought = match self.keep_at_once(to_send, deadline).await {
            Some(kept) => Ok(kept),
            None => {
                self.open_ahead(&to_send.event);
                match client() {
                    Ok(mut client) => {
                        let brought =
                            self.bring_at_once(&mut client, to_send, deadline, stop, None, &|| {}).await;
                        self.end_rejected(&mut client, to_send, &brought, deadline, stop).await;
                        Ok(brought)
                    }
                    Err(error) => Err(self.keep_without_client(error, to_send, deadline, None).await),
                }
            }
        };
        self.tidy_up(deadline.left()).await;
        brought
    }

    /// Keeps an event, if there is a spool, that nobody can send before somebody has changed a setting of this
    /// process.
    pub(crate) async fn keep_without_client<E>(
        &self,
        error: E,
        to_send: &EventToSend,
        deadline: Deadline,
        ahead: Option<Position>,
    ) -> NoClient<E> {
        let Some(keeper) = &self.keeper else { return NoClient { error, kept: None } };
        let kept = keeper.keep_untried(to_send, ahead, Moment::now(), deadline.left()).await;
        let kept =
            kept.inspect_err(|error| log::warn!("the event is not kept: {}", crate::client::in_full(error)));
        NoClient { error, kept: kept.ok() }
    }

    /// Keeps an event without an attempt, if that is wanted, and works.
    async fn keep_at_once(
        &self,
        to_send: &EventToSend,
        deadline: Deadline,
    ) -> Option<Result<Outcome, Failure>> {
        let keeper = self.keeper.as_ref().filter(|keeper| keeper.mode == SpoolMode::Always)?;
        match keeper.keep_untried(to_send, None, Moment::now(), deadline.left() / 2).await {
            Ok(kept) => Some(kept),
            Err(error) => {
                log::warn!("the event is sent to Zammad at once: {}", crate::client::in_full(&error));
                None
            }
        }
    }

    /// As [`bring`](Self::bring), for an event that was not kept at once.
    async fn bring_at_once(
        &self,
        client: &mut Client,
        to_send: &EventToSend,
        deadline: Deadline,
        stop: &Stop,
        ahead: Option<Position>,
        is_kept: &(dyn Fn() + Sync),
    ) -> Result<Outcome, Failure> {
        let EventToSend { event, .. } = to_send;
        let left = LEFT.min(deadline.time() / 4);
        let turn = match &self.turns {
            Some(_) if stop.is_asked() => None,
            Some(turns) => tokio::select! {
                biased;
                turn = self.take_turn(turns, to_send, deadline.earlier_by(left).end()) => Some(turn),
                () = stop.asked() => None,
            },
            None => None,
        };
        let is_of_taken_call = match &turn {
            Some(turn) => turn.is_of_taken_call(),
            None => event.kind != EventKind::NewCall && self.taken.has(&event.call_id),
        };
        let of_taken_call;
        let to_send = if is_of_taken_call {
            of_taken_call =
                EventToSend { known: Known { new_call_taken: true, ..to_send.known }, ..to_send.clone() };
            &of_taken_call
        } else {
            to_send
        };
        let result = match &self.keeper {
            None if stop.is_asked() => Err(Failure::Untried(Untried::CutShort(None))),
            None => {
                let limits = Limits { deadline, stop, tries: Tries::Many };
                self.send(client, to_send, limits).await.map_err(Failure::Undelivered)
            }
            Some(keeper) => {
                let now = Moment::now();
                let is_late = turn.as_ref().is_some_and(Turn::is_late);
                // Whoever is to end leaves its event behind those of its call.
                let is_to_end = stop.is_asked();
                let is_behind = is_to_end || (is_late && event.kind != EventKind::NewCall);
                let order = if is_behind { Order::Late } else { Order::InTurn };
                let limits = Limits { deadline, stop, tries: Tries::Many };
                // Without its turn somebody else might send it at the same time.
                let begun =
                    if turn.as_ref().is_some_and(Turn::is_held) { keeper.begun } else { Begun::Noted };
                let Entered { earlier, held, kept, is_noted } =
                    keeper.enter(to_send, order, begun, ahead, now).await;
                if kept.is_some() {
                    is_kept();
                }
                let copied = if is_noted { to_send.copied() } else { None };
                let to_send = copied.as_ref().unwrap_or(to_send);
                match (earlier, held) {
                    (Earlier::SameEvent, _) => Ok(Outcome::EndedBefore),
                    (Earlier::Itself, _) => Ok(Outcome::Spooled(Spooled { tried: None })),
                    (Earlier::EventsOfItsCall, _) => {
                        self.keep_rather(keeper, client, to_send, kept, limits, now).await
                    }
                    (Earlier::PerhapsSameEvent, _) => {
                        let within = deadline.left();
                        let unconfirmed = Some(IN_DOUBT.to_owned());
                        let past = Past { unconfirmed, replaces: kept, ..Past::default() };
                        match keeper.keep(to_send, past, now, within).await {
                            Ok(None) => Ok(Outcome::EndedBefore),
                            Ok(Some(_)) if keeper.asks => Ok(Outcome::Spooled(Spooled { tried: None })),
                            Ok(Some(_)) => Err(Failure::Untried(Untried::Another)),
                            Err(error) => Err(Failure::Untried(Untried::PerhapsKept(error))),
                        }
                    }
                    (Earlier::Nothing, _) if is_to_end => Err(Failure::Untried(Untried::CutShort(None))),
                    (Earlier::Nothing, Some(held)) if !keeper.tries_while_held(event) => {
                        let kept = self.keep_rather(keeper, client, to_send, kept, limits, now).await;
                        if matches!(kept, Ok(Outcome::Spooled(Spooled { tried: None }))) {
                            log::warn!(
                                "Zammad takes no events for now ({}); the event is in the spool, and will be sent later",
                                held.reason
                            );
                        }
                        kept
                    }
                    (Earlier::Nothing, held) => {
                        let left_for_keeping = deadline.earlier_by(left);
                        let limits = match held {
                            None => Limits { deadline: left_for_keeping, ..limits },
                            // Somebody may have mended it meanwhile.
                            Some(_) => {
                                let time = deadline.elapsed() + keeper.held_timeout;
                                let deadline = left_for_keeping.with_time(time.min(left_for_keeping.time()));
                                Limits { deadline, stop, tries: Tries::One }
                            }
                        };
                        match self.send(client, to_send, limits).await {
                            Ok(delivered) => {
                                keeper.settle(to_send, kept, true, now, deadline).await;
                                if held.is_some() {
                                    keeper.release().await;
                                }
                                Ok(delivered)
                            }
                            Err(tried) => keeper.keep_what_failed(to_send, kept, tried, now, deadline).await,
                        }
                    }
                }
            }
        };
        match (turn, &result) {
            (Some(turn), Ok(Outcome::Delivered(_))) => turn.arrived(),
            (Some(turn), Ok(Outcome::Spooled(_) | Outcome::EndedBefore) | Err(_)) => turn.settle(),
            (None, Ok(Outcome::Delivered(_))) => self.taken.follow(event.kind, &event.call_id),
            (None, Ok(Outcome::Spooled(_) | Outcome::EndedBefore) | Err(_)) => {}
        }
        result
    }

    /// Keeps an event that is not to be tried; only if there is no room it is.
    async fn keep_rather(
        &self,
        keeper: &Keeper,
        client: &mut Client,
        to_send: &EventToSend,
        begun: Option<Position>,
        limits: Limits<'_>,
        now: Moment,
    ) -> Result<Outcome, Failure> {
        match keeper.keep_untried(to_send, begun, now, limits.deadline.left()).await {
            Ok(kept) => kept,
            Err(error) if limits.stop.is_asked() => Err(Failure::Untried(Untried::CutShort(Some(error)))),
            Err(error) => {
                log::warn!("the event overtakes others: {}", crate::client::in_full(&error));
                let sent = self.send(client, to_send, limits).await;
                if begun.is_some() && sent.is_ok() {
                    keeper.settle(to_send, begun, true, now, limits.deadline).await;
                }
                sent.map_err(|tried| Failure::NotKept(tried, error))
            }
        }
    }

    /// The turn of an event. Beside a spool its files are on a disk, for which nobody waits longer than
    /// he wants.
    async fn take_turn(&self, turns: &Arc<Turns>, to_send: &EventToSend, until: Instant) -> Turn {
        let answered = to_send.known.answered;
        if self.keeper.is_none() {
            return turns.take(&to_send.event, answered, until).await;
        }
        let (turns, event) = (turns.clone(), to_send.event.clone());
        let taking = in_thread(move || turns.take_in_thread(&event, answered, until));
        let left = until.saturating_duration_since(Instant::now());
        match timeout(left + FOR_DISK, taking).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => {
                log::warn!("the event is sent without its turn: the disk does not answer in time");
                Turn::none()
            }
        }
    }

    /// Begins to open the spool, for an event that will look into it.
    fn open_ahead(&self, event: &CallEvent) {
        if let Some(keeper) = &self.keeper {
            keeper.spool.open_ahead(keeper.patience, &event.call_id);
        }
    }

    /// Does, when the only event of a process is over, what those of the next ones would wait for.
    async fn tidy_up(&self, within: Duration) {
        let Some(keeper) = self.keeper.as_ref().filter(|keeper| keeper.spool.has_long_wal()) else { return };
        if let Err(error) = keeper.spool.shorten_wal(within).await {
            log::debug!(
                "the files beside the spool's file stay there for now: {}",
                crate::client::in_full(&error)
            );
        }
    }

    async fn send(
        &self,
        client: &mut Client,
        to_send: &EventToSend,
        limits: Limits<'_>,
    ) -> Result<Outcome, Undelivered> {
        let EventToSend { event, known, .. } = to_send;
        let asks = self.keeper.as_ref().is_some_and(|keeper| keeper.asks);
        let in_doubt = if asks { InDoubt::LeftToTheCallerLog } else { InDoubt::Repeated };
        let sent = deliver_as(client, event, self.encoding, *known, in_doubt, limits);
        sent.await.map(Outcome::Delivered)
    }
}

impl EventToSend {
    /// Whether Zammad would show something false if it got the event twice.
    pub(crate) fn does_harm_twice(&self) -> bool {
        !rules::repeat_is_safe(&self.event, self.known.answered)
    }

    fn entry(&self) -> Entry {
        let Self { event, known, key, course, .. } = self.clone();
        Entry { event, key, answered: known.answered, course }
    }

    /// The same when the spool has its copies.
    fn copied(&self) -> Option<Self> {
        self.course.as_ref()?;
        Some(Self { course: None, ..self.clone() })
    }
}

/// Keeps an event that nobody can send for now.
///
/// # Errors
///
/// The spool cannot keep it.
pub(super) async fn keep_for_later(
    spool: &SharedSpool,
    to_send: &EventToSend,
    deadline: Deadline,
) -> Result<Outcome, Failure> {
    match spool.keep(deadline.left(), to_send.entry(), Past::default(), Moment::now()).await {
        Ok(Some(_)) => Ok(Outcome::Spooled(Spooled { tried: None })),
        Ok(None) => Ok(Outcome::EndedBefore),
        Err(error @ SpoolError::Slow { .. }) if to_send.does_harm_twice() => {
            Err(Failure::Untried(Untried::PerhapsKept(error)))
        }
        Err(error) => Err(Failure::Untried(Untried::CutShort(Some(error)))),
    }
}

/// The spool, for events that are tried first, or not at all.
#[derive(Debug)]
struct Keeper {
    mode: SpoolMode,
    spool: SharedSpool,
    /// for the journal
    patience: Duration,
    /// for a newCall while Zammad takes nothing
    held_timeout: Duration,
    /// Somebody asks the caller log about events that are in doubt.
    asks: bool,
    /// what the spool has of an event while it is on its way
    begun: Begun,
}

impl Keeper {
    /// Keeps an event, unless it is the second hangup of its call.
    async fn keep(
        &self,
        to_send: &EventToSend,
        past: Past,
        now: Moment,
        within: Duration,
    ) -> Result<Option<Position>, SpoolError> {
        self.spool.keep(within, to_send.entry(), past, now).await
    }

    /// Keeps an event that was not tried. With an error it is not kept, and may be sent.
    async fn keep_untried(
        &self,
        to_send: &EventToSend,
        begun: Option<Position>,
        now: Moment,
        within: Duration,
    ) -> Result<Result<Outcome, Failure>, SpoolError> {
        let past = Past { replaces: begun, ..Past::default() };
        match self.keep(to_send, past, now, within).await {
            Ok(Some(_)) => Ok(Ok(Outcome::Spooled(Spooled { tried: None }))),
            Ok(None) => Ok(Ok(Outcome::EndedBefore)),
            Err(error @ SpoolError::Slow { .. }) if to_send.does_harm_twice() => {
                Ok(Err(Failure::Untried(Untried::PerhapsKept(error))))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks what is before an event, and notes it in the journal if it goes at once. Without a spool that answers
    /// it goes.
    async fn enter(
        &self,
        to_send: &EventToSend,
        order: Order,
        begun: Begun,
        ahead: Option<Position>,
        now: Moment,
    ) -> Entered {
        let entered = self.spool.enter(self.patience, to_send.entry(), order, begun, ahead, now).await;
        entered.unwrap_or_else(|error| {
            if ahead.is_some() {
                // It is there, and somebody will send it.
                return Entered { earlier: Earlier::Itself, held: None, kept: None, is_noted: true };
            }
            log::warn!(
                "the event is sent to Zammad without reading the spool: {}",
                crate::client::in_full(&error)
            );
            Entered { earlier: Earlier::Nothing, held: None, kept: None, is_noted: false }
        })
    }

    /// Whether an event is tried although Zammad is known to take nothing: a newCall, because it may bring a decision,
    /// and its repeat does no harm.
    fn tries_while_held(&self, event: &CallEvent) -> bool {
        event.kind == EventKind::NewCall && !self.held_timeout.is_zero()
    }

    /// Notes that Zammad takes events again.
    async fn release(&self) {
        if let Err(error) = self.spool.hold(self.patience, None, Moment::now()).await {
            log::debug!("cannot note that Zammad takes events again: {}", crate::client::in_full(&error));
        }
    }

    /// Notes what became of an event that went at once, if that matters.
    async fn settle(
        &self,
        to_send: &EventToSend,
        begun: Option<Position>,
        has_arrived: bool,
        now: Moment,
        deadline: Deadline,
    ) {
        let event = to_send.event.clone();
        if has_arrived && event.kind != EventKind::Hangup && begun.is_none() {
            return;
        }
        let within = self.patience_with(begun, deadline);
        if let Err(error) = self.spool.settle(within, event, begun, has_arrived, now).await {
            log::warn!("cannot note the event's result in the journal: {}", crate::client::in_full(&error));
        }
    }

    /// Takes out an event that is in the spool as under way, and of whose end there is nothing to note.
    async fn leave(&self, begun: Position, deadline: Deadline) {
        if let Err(error) = self.spool.leave(self.patience_with(Some(begun), deadline), begun).await {
            log::warn!("cannot note the event's result in the spool: {}", crate::client::in_full(&error));
        }
    }

    /// How long a note of what became of an event waits for the disk. One that stays in the spool as under way is
    /// sent again.
    fn patience_with(&self, begun: Option<Position>, deadline: Deadline) -> Duration {
        match begun {
            None => self.patience.min(deadline.left()),
            Some(_) => self.patience.max(deadline.left()),
        }
    }

    /// Keeps an event that was tried in vain, if another attempt may help.
    async fn keep_what_failed(
        &self,
        to_send: &EventToSend,
        begun: Option<Position>,
        tried: Undelivered,
        now: Moment,
        deadline: Deadline,
    ) -> Result<Outcome, Failure> {
        let event = &to_send.event;
        let case = Case {
            asker: Asker::Courier,
            kind: event.kind,
            is_safe_twice: !to_send.does_harm_twice(),
            is_of_known_call: to_send.known.new_call_taken,
            is_first: !tried.uncertain,
            // Said by its fate already.
            found_again: false,
            may_exist: tried.may_exist,
            unknown_call: 0,
            age: tried.effort.elapsed,
            asks: self.asks,
        };
        // Who answers there was asked by whoever tried it.
        let (fate, concerns_all) = (tried.fate, tried.error.concerns_all());
        let waits = match case.verdict(Failed { fate, concerns_all, probed: Probed::NotAsked }) {
            Verdict::Again | Verdict::HoldAll => true,
            // An answer stays before the hangup of its call until the caller log was asked.
            Verdict::AskCallerLog => event.kind == EventKind::Answer,
            Verdict::Unconfirmed => false,
            Verdict::Arrived | Verdict::Dead => {
                // Zammad can fail at telling agents of an event that it has written down.
                let may_be_there = tried.error.may_have_left_an_entry();
                if event.kind != EventKind::Hangup || !may_be_there {
                    self.settle(to_send, begun, may_be_there, now, deadline).await;
                } else if let Some(begun) = begun {
                    self.leave(begun, deadline).await;
                }
                return Err(Failure::Undelivered(tried));
            }
        };
        let past = Past {
            attempts: tried.effort.attempts,
            uncertain: tried.uncertain || tried.may_exist,
            outcome: Some(tried.error.in_full()),
            unconfirmed: (!waits).then(|| IN_DOUBT.to_owned()),
            under_way: false,
            replaces: begun,
        };
        let within = deadline.left();
        // As of now: from here on counts for how long the last attempt may still be on its way.
        match self.keep(to_send, past, Moment::now(), within).await {
            Ok(None) => Ok(Outcome::EndedBefore),
            Ok(Some(_)) if waits || self.asks => Ok(Outcome::Spooled(Spooled { tried: Some(tried) })),
            Ok(Some(_)) => Err(Failure::Unconfirmed(tried)),
            Err(error) => {
                if tried.fate == Fate::NotDelivered && !tried.uncertain {
                    // It is neither there nor here: no call rings, and no hangup is in doubt.
                    self.settle(to_send, begun, false, now, deadline).await;
                }
                Err(Failure::NotKept(tried, error))
            }
        }
    }
}
