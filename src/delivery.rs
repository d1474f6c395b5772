//! Send now, and again where that is right: what a retry does depends on the event and on what
//! is known, because Zammad is not idempotent.

mod courier;
mod flush;
mod open_calls;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::action::Action;
use crate::client::{Client, Fate, Request, RequestId, SendError};
use crate::config::Encoding;
use crate::event::{CallEvent, CallId, EventKind, Known};
use crate::rules;

pub use courier::{Courier, Described, Failure, Outcome, Spooled, Untried};
pub use flush::{FlushError, Flusher, Stopped, Tally};
#[doc(hidden)]
pub use open_calls::OpenCalls;

/// An answer older than this would open its ticket screen in the middle of the talk.
const FRESH: Duration = Duration::from_secs(5);

/// An attempt of an answer ends in time for another one while it is fresh.
const FIRST_ANSWER: Duration = Duration::from_secs(3);

/// An attempt with less time than this is not begun: it would only make a sure failure an unsure one.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(250);

/// How often an answer or a hangup waits for a newCall that may still be under way.
const WAITS_FOR_NEW_CALL: u32 = 3;

/// Why an event is laid aside whose second copy would show agents something false.
const IN_DOUBT: &str =
    "it is not known whether Zammad has it, and a second copy could show agents something false";

const LONGEST_PAUSE: Duration = Duration::from_secs(1);

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

/// Delivers one event, with all retries, until `deadline` after `started`.
///
/// # Errors
///
/// The last attempt's, and whether Zammad may have the event.
/// # Example
///
/// The stand-in takes the event and loses its answer; the second attempt finds the call there:
///
/// ```
/// use std::time::Instant;
/// use zammad_cti::client::{Client, block_on};
/// use zammad_cti::config::Settings;
/// use zammad_cti::delivery::deliver;
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
/// let (encoding, deadline) = (config.encoding, config.deadline);
/// let sent = deliver(&mut client, &event, encoding, Known::default(), Instant::now(), deadline);
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
    started: Instant,
    deadline: Duration,
) -> Result<Delivered, Undelivered> {
    deliver_as(client, event, encoding, known, InDoubt::Repeated, started, deadline).await
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

async fn deliver_as(
    client: &mut Client,
    event: &CallEvent,
    encoding: Encoding,
    known: Known,
    in_doubt: InDoubt,
    started: Instant,
    deadline: Duration,
) -> Result<Delivered, Undelivered> {
    let request = Request::new(event, encoding, RequestId::fresh());
    let mut history = History { in_doubt, ..History::default() };
    let action = loop {
        let elapsed = started.elapsed();
        let mut left = deadline.saturating_sub(elapsed);
        let may_be_repeated =
            in_doubt == InDoubt::Repeated && history.unanswered == 0 && elapsed + FIRST_ANSWER < FRESH;
        if event.kind == EventKind::Answer && may_be_repeated {
            left = left.min(FIRST_ANSWER);
        }
        let error = match client.attempt(&request, event, left).await {
            Ok(action) => break Ok(Some(action)),
            Err(error) => error,
        };
        history.attempts += 1;
        history.elapsed = started.elapsed();
        log::debug!("attempt {} of request {}: {}", history.attempts, request.id(), error.in_full());
        let next = history.next(&error, event, known);
        history.remember(&error);
        match next {
            Next::Delivered => break Ok(None),
            Next::Retry { pause } => {
                if pause.saturating_add(history.elapsed + SHORTEST_ATTEMPT.min(deadline / 10)) >= deadline {
                    break Err(error);
                }
                if history.attempts == 1 {
                    log::warn!(
                        "{} of call {}: {}; trying again for at most {} in all",
                        event.kind,
                        event.call_id,
                        error.in_full(),
                        humantime::format_duration(deadline)
                    );
                }
                tokio::time::sleep(pause).await;
            }
            Next::GiveUp => break Err(error),
        }
    };
    let attempts = history.attempts + u32::from(action.as_ref().is_ok_and(Option::is_some));
    let effort = Effort { attempts, elapsed: started.elapsed(), request_id: request.id().clone() };
    match action {
        Ok(action) => Ok(Delivered { action, effort }),
        Err(error) => Err(Undelivered {
            kind: event.kind,
            call_id: event.call_id.clone(),
            error,
            uncertain: history.unanswered > 0,
            may_exist: history.repeats,
            effort,
        }),
    }
}

/// What a failed attempt leads to.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Retry {
        pause: Duration,
    },
    /// an attempt before brought the event
    Delivered,
    GiveUp,
}

/// What became of an event so far.
#[derive(Debug, Default)]
struct History {
    in_doubt: InDoubt,
    attempts: u32,
    elapsed: Duration,
    /// attempts that may have brought the event
    unanswered: u32,
    /// the next attempt may bring a second copy
    repeats: bool,
    unknown_call: u32,
}

impl History {
    fn next(&self, error: &SendError, event: &CallEvent, known: Known) -> Next {
        let retry = Next::Retry { pause: pause(self.attempts) };
        match error.fate() {
            Fate::NotDelivered => {
                let wish =
                    if let SendError::Unavailable { retry_after, .. } = error { *retry_after } else { None };
                Next::Retry { pause: pause(self.attempts).max(wish.unwrap_or_default()) }
            }
            Fate::Unknown => {
                let again = match event.kind {
                    EventKind::NewCall => true,
                    EventKind::Answer => {
                        self.in_doubt == InDoubt::Repeated && self.unanswered == 0 && self.elapsed < FRESH
                    }
                    EventKind::Hangup => rules::repeat_is_safe(event, known.answered),
                };
                if again { retry } else { Next::GiveUp }
            }
            Fate::UnknownCall if self.unknown_call < WAITS_FOR_NEW_CALL => retry,
            Fate::Exists if event.kind == EventKind::NewCall && self.repeats => Next::Delivered,
            Fate::UnknownCall | Fate::Exists | Fate::Final => Next::GiveUp,
        }
    }

    fn remember(&mut self, error: &SendError) {
        if error.fate() == Fate::Unknown {
            self.unanswered += 1;
            self.repeats = true;
        }
        // A proxy also says so when Zammad goes down with the event saved.
        self.repeats |= matches!(error, SendError::Unavailable { status: 502, .. });
        self.unknown_call += u32::from(error.fate() == Fate::UnknownCall);
    }
}

/// The pause after so many attempts: doubled each time, and spread, so that the calls of one
/// outage do not come back all at once.
fn pause(attempts: u32) -> Duration {
    let whole = Duration::from_millis(100 << attempts.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    let spread = RandomState::new().hash_one(attempts) % 256;
    whole - whole.mul_f64(0.25) * u32::try_from(spread).unwrap_or(0) / 256
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Direction;
    use crate::number::Numbering;

    fn event(kind: EventKind, direction: Direction) -> CallEvent {
        let numbering = Numbering::default();
        CallEvent {
            from: numbering.read("4930123456").ok(),
            to: numbering.read("42").ok(),
            ..CallEvent::new(kind, "7".parse().unwrap(), direction)
        }
    }

    fn no_reply() -> SendError {
        SendError::NoReply { waited: Duration::from_secs(5) }
    }

    fn unknown_call() -> SendError {
        SendError::UnknownCall { message: "Error ID".into() }
    }

    #[test]
    fn a_retry_depends_on_the_event_and_on_what_is_known() {
        use Direction::{Inbound, Outbound};
        use EventKind::{Answer, Hangup, NewCall};
        let busy = || SendError::Unavailable { status: 503, retry_after: None };
        // (failure, event, direction, answered, failures before, seconds gone, tried again)
        type Case = (fn() -> SendError, EventKind, Direction, Option<bool>, Vec<SendError>, u64, bool);
        let cases: Vec<Case> = vec![
            (|| SendError::ConnectTimeout, NewCall, Inbound, None, vec![], 2, true),
            (|| SendError::ConnectTimeout, Answer, Inbound, None, vec![], 6, true),
            (|| SendError::ConnectTimeout, Hangup, Inbound, None, vec![], 2, true),
            (busy, Hangup, Inbound, Some(false), vec![], 2, true),
            (no_reply, NewCall, Inbound, None, vec![no_reply()], 6, true),
            (no_reply, Answer, Inbound, None, vec![], 4, true),
            (no_reply, Answer, Inbound, None, vec![], 5, false),
            (no_reply, Answer, Inbound, None, vec![no_reply()], 2, false),
            (no_reply, Hangup, Inbound, None, vec![], 1, false),
            (no_reply, Hangup, Inbound, Some(false), vec![], 1, false),
            (no_reply, Hangup, Inbound, Some(true), vec![], 1, true),
            (no_reply, Hangup, Outbound, None, vec![], 1, true),
            (|| SendError::GatewayTimeout, Hangup, Inbound, Some(false), vec![], 1, false),
            (unknown_call, Answer, Inbound, None, vec![], 0, true),
            (unknown_call, Hangup, Inbound, None, vec![unknown_call(), unknown_call()], 0, true),
            (
                unknown_call,
                Hangup,
                Inbound,
                None,
                vec![unknown_call(), unknown_call(), unknown_call()],
                0,
                false,
            ),
            (
                || SendError::Failed { status: 500, message: String::new() },
                NewCall,
                Inbound,
                None,
                vec![],
                0,
                false,
            ),
            (|| SendError::WrongToken, NewCall, Inbound, None, vec![], 0, false),
            (|| SendError::CallIdReused, NewCall, Inbound, None, vec![], 0, false),
            (|| SendError::CallIdReused, NewCall, Inbound, None, vec![busy()], 0, false),
        ];
        for (failure, kind, direction, answered, before, seconds, again) in cases {
            let mut history =
                History { attempts: 1, elapsed: Duration::from_secs(seconds), ..History::default() };
            before.iter().for_each(|error| history.remember(error));
            let known = Known { direction: None, answered };
            let next = history.next(&failure(), &event(kind, direction), known);
            let what = format!("{:?} on {kind} {direction} after {before:?}", failure());
            assert_eq!(matches!(next, Next::Retry { .. }), again, "{what}: {next:?}");
        }
    }

    #[test]
    fn a_repeated_new_call_that_exists_is_delivered() {
        let mut history = History { attempts: 2, ..History::default() };
        history.remember(&no_reply());
        let new_call = event(EventKind::NewCall, Direction::Inbound);
        assert_eq!(history.next(&SendError::CallIdReused, &new_call, Known::default()), Next::Delivered);
    }

    #[test]
    fn a_server_that_names_a_pause_gets_it() {
        let wish = Duration::from_secs(3);
        let error = SendError::Unavailable { status: 429, retry_after: Some(wish) };
        let history = History { attempts: 1, ..History::default() };
        let next = history.next(&error, &event(EventKind::Answer, Direction::Inbound), Known::default());
        assert_eq!(next, Next::Retry { pause: wish });
    }

    #[test]
    fn pauses_grow_and_end() {
        for (attempts, most) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (50, 1000)] {
            let pause = pause(attempts);
            let most = Duration::from_millis(most);
            assert!(pause <= most && pause >= most * 3 / 4, "{attempts}: {pause:?}");
        }
    }
}
