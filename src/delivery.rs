//! Send now, and again where that is right: what a retry does depends on the event and on what
//! is known, because Zammad is not idempotent.

mod courier;
mod deadline;
mod dispatch;
mod flush;
mod open_calls;
mod pool;
mod probed;
mod reading;
mod stop;
mod taken_calls;
mod verdict;
mod ways;

use std::fmt;
use std::time::{Duration, Instant};

use crate::action::Action;
use crate::client::{Client, Fate, Request, RequestId, SendError};
use crate::config::{Encoding, Span};
use crate::event::{CallEvent, CallId, EventKind, Known};
use crate::rules;
use tokio::sync::watch;

pub(crate) use courier::NoClient;
pub use courier::{Courier, EventToSend, Failure, Outcome, Spooled, Untried};
pub use deadline::Deadline;
pub(crate) use dispatch::Dispatcher;
pub use flush::{FlushError, Flusher, Stopped, Tally};
pub(crate) use open_calls::OpenCalls;
pub(crate) use pool::{Connection, Pool};
use probed::Probed;
pub use reading::ReadingError;
pub(crate) use reading::read_cause;
pub(crate) use stop::Stop;
use verdict::{Asker, BETWEEN_ATTEMPTS, Case, Failed, Verdict, named_pause};
pub(crate) use ways::{Addressed, Ways};

/// An attempt with less time than this is not begun: it would only make a sure failure an unsure one.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(250);

/// An event that Zammad took.
#[derive(Debug)]
pub struct Delivered {
    /// `None`: an earlier attempt brought the event, and its answer is lost
    pub action: Option<Action>,
    /// what it took
    pub effort: Effort,
}

/// An event that Zammad did not take, as far as anybody knows.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} the {kind} of call {call_id}",
    if *uncertain { "it is not known whether Zammad took" } else { "Zammad did not take" }
)]
pub struct Undelivered {
    /// which event
    pub kind: EventKind,
    /// of which call
    pub call_id: CallId,
    /// What the last attempt met with.
    #[source]
    pub error: SendError,
    /// What is known of the event after that attempt: its error does not say it all.
    pub fate: Fate,
    /// One of the attempts may have reached Zammad all the same.
    pub uncertain: bool,
    /// The same, or a proxy said so that also does when Zammad goes down with the event saved.
    pub may_exist: bool,
    /// what it took
    pub effort: Effort,
}

/// What an event's delivery took; shown as the line to look for in Zammad's log.
#[derive(Debug)]
pub struct Effort {
    /// requests, the first one included
    pub attempts: u32,
    /// pauses included
    pub elapsed: Duration,
    /// the same in all attempts
    pub request_id: RequestId,
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = if self.attempts == 1 { "attempt" } else { "attempts" };
        write!(f, "request {}, {} {attempts}", self.request_id, self.attempts)
    }
}

/// Delivers one event, with all retries, until the deadline.
///
/// # Errors
///
/// The last attempt's, and whether Zammad may have the event.
/// # Example
///
/// The stand-in takes the event and loses its answer; the second attempt finds the call there:
///
/// ```
/// use zammad_cti::client::{Client, block_on};
/// use zammad_cti::config::Settings;
/// use zammad_cti::delivery::{Deadline, deliver};
/// use zammad_cti::event::Known;
/// use zammad_cti::number::Numbering;
/// use zammad_cti::sandbox::{Options, Sandbox};
/// use zammad_cti::{CallEvent, CallId, Config, Direction, EventKind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let zammad = Sandbox::start(Options::default())?;
/// let lost_answer = serde_json::json!({ "mode": "drop_after", "count": 1 });
/// zammad.fail(serde_json::from_value(lost_answer)?);
///
/// let config = Config::try_from(Settings::default())?.with_endpoint(zammad.endpoint().clone());
/// let mut client = Client::new(&config)?;
/// let event = CallEvent {
///     from: Some(Numbering::default().read("493023125741")?),
///     to: Some(Numbering::default().read("4930600000000")?),
///     ..CallEvent::new(EventKind::NewCall, CallId::random(), Direction::Inbound)
/// };
/// let deadline = Deadline::within(config.deadline);
/// let sent = deliver(&mut client, &event, config.encoding, Known::default(), deadline);
/// let delivered = block_on(sent)??;
/// assert_eq!(delivered.effort.attempts, 2);
/// assert_eq!(delivered.action, None, "the decision is lost with the answer");
/// assert_eq!(zammad.entries().len(), 1);
/// # Ok(())
/// # }
/// ```
pub async fn deliver(
    client: &mut Client,
    event: &CallEvent,
    encoding: Encoding,
    known: Known,
    deadline: Deadline,
) -> Result<Delivered, Undelivered> {
    let limits = Limits { deadline, stop: &Stop::default(), tries: Tries::Many };
    deliver_as(client, event, encoding, known, InDoubt::Repeated, limits).await
}

/// How long, and how often, an event is tried.
#[derive(Debug, Clone, Copy)]
struct Limits<'a> {
    deadline: Deadline,
    stop: &'a Stop,
    tries: Tries,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tries {
    One,
    Many,
}

/// What becomes of an answer that may have arrived: Zammad opens a ticket screen for each copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum InDoubt {
    /// Once, while it is fresh: an answered call that is shown as missed is worse.
    #[default]
    Repeated,
    /// Somebody looks there whether it has arrived.
    LeftToTheCallerLog,
}

/// As [`deliver`], and ends early when that becomes true: what is on its way is cut off after a moment, and nothing is
/// tried again.
pub(crate) async fn deliver_until(
    asked: watch::Receiver<bool>,
    client: &mut Client,
    event: &CallEvent,
    encoding: Encoding,
    known: Known,
    deadline: Deadline,
) -> Result<Delivered, Undelivered> {
    let limits = Limits { deadline, stop: &Stop::by(asked), tries: Tries::Many };
    deliver_as(client, event, encoding, known, InDoubt::Repeated, limits).await
}

async fn deliver_as(
    client: &mut Client,
    event: &CallEvent,
    encoding: Encoding,
    known: Known,
    in_doubt: InDoubt,
    limits: Limits<'_>,
) -> Result<Delivered, Undelivered> {
    let Limits { deadline, stop, tries } = limits;
    let request = Request::new(event, encoding, RequestId::fresh());
    let mut case = Case {
        asker: Asker::Sender,
        kind: event.kind,
        is_safe_twice: false,
        is_of_known_call: known.new_call_taken,
        is_first: true,
        found_again: false,
        may_exist: false,
        unknown_call: 0,
        age: deadline.elapsed(),
        asks: in_doubt == InDoubt::LeftToTheCallerLog,
    };
    let mut attempts = 0;
    let mut pauses = 0;
    // of the last attempt that failed, for who would not read it in an error
    let mut reason = None;
    let result = 'event: loop {
        let left = case.time_for_attempt(deadline.time().saturating_sub(case.age));
        attempts += 1;
        let over = client.over(|| rules::repeat_is_safe(event, known.answered));
        let (begun, is_out) = (Instant::now(), client.is_out());
        let answer = tokio::select! {
            biased;
            answer = client.attempt_over(over, &request, event, left) => answer,
            () = stop.cuts(is_out) => Err(client.cut_off(begun.elapsed())),
        };
        let error = match answer {
            Ok(action) => break Ok(Some(action)),
            Err(error) if known.new_call_taken => error.at_known_call(),
            Err(error) => error,
        };
        // Only now, as most events do not fail.
        case.is_safe_twice = rules::repeat_is_safe(event, known.answered);
        log::debug!("attempt {attempts} of request {}: {}", request.id(), error.in_full());
        let mut failed = Failed::from(&error);
        if case.depends_on_probe(failed) {
            failed.probed = ask_who_answers(client, encoding, deadline, stop).await;
        }
        case.age = deadline.elapsed();
        let (verdict, fate) = (case.verdict(failed), case.fate(failed));
        case.remember(failed);
        match verdict {
            Verdict::Arrived => break Ok(None),
            Verdict::Again if stop.is_asked() || tries == Tries::One => break Err((error, fate)),
            Verdict::Again => {
                let least = SHORTEST_ATTEMPT.min(deadline.time() / 10);
                loop {
                    let pause = BETWEEN_ATTEMPTS.pause(pauses).max(named_pause(&error));
                    if pause.saturating_add(least) >= deadline.left() {
                        break 'event Err((error, fate));
                    }
                    if pauses == 0 {
                        log::warn!(
                            "{} of call {}: trying again for at most {} in all",
                            event.kind,
                            event.call_id,
                            Span::briefly(deadline.time())
                        );
                    }
                    pauses += 1;
                    reason = Some(error.in_full());
                    stop.sleep(pause).await;
                    if stop.is_asked() {
                        break 'event Err((error, fate));
                    }
                    if !case.waits_for_zammad(failed) {
                        break;
                    }
                    match ask_who_answers(client, encoding, deadline, stop).await {
                        Probed::Zammad if deadline.left() <= least => break 'event Err((error, fate)),
                        Probed::Zammad => {
                            case.found_again = true;
                            break;
                        }
                        // It says itself what it is.
                        Probed::Stranger | Probed::SentAway => break,
                        Probed::NotAsked | Probed::NoWay | Probed::Unclear => {}
                    }
                }
                case.age = deadline.elapsed();
            }
            Verdict::AskCallerLog | Verdict::Unconfirmed | Verdict::Dead | Verdict::HoldAll => {
                break Err((error, fate));
            }
        }
    };
    let effort = Effort { attempts, elapsed: deadline.elapsed(), request_id: request.id().clone() };
    if let (Ok(_), Some(reason)) = (&result, reason) {
        let (kind, call_id) = (event.kind, &event.call_id);
        log::warn!("{kind} of call {call_id}: {reason}; delivered with attempt {attempts}");
    }
    match result {
        Ok(action) => Ok(Delivered { action, effort }),
        Err((error, fate)) => Err(Undelivered {
            kind: event.kind,
            call_id: event.call_id.clone(),
            error,
            fate,
            uncertain: !case.is_first,
            may_exist: case.may_exist,
            effort,
        }),
    }
}

/// Asks, as long as there is time, and until the process is to end.
async fn ask_who_answers(client: &mut Client, encoding: Encoding, deadline: Deadline, stop: &Stop) -> Probed {
    tokio::select! {
        biased;
        probed = Probed::ask(client, encoding, deadline.left()) => probed,
        () = stop.cuts(|| true) => Probed::Unclear,
    }
}
