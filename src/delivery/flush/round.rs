//! One round: what is due goes, the events of a call in their order, and what came of each is noted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::{FlushError, Flusher, GLANCE, PATIENCE, Stopped, Tally};
use crate::client::{Client, Fate, Request, RequestId, SendError};
use crate::delivery::probed::Probed;
use crate::delivery::verdict::{
    Asker, BETWEEN_ATTEMPTS, BETWEEN_ROUNDS, Case, Failed, IN_DOUBT, Verdict, named_pause,
};
use crate::delivery::{Connection, Dispatcher, Pool};
use crate::event::EventKind;
use crate::rules;
use crate::spool::{Doubt, Moment, Next, Note, Position, Rest, SpoolError, Waiting};

/// So many events are looked at ahead, for each connection.
const AHEAD: usize = 8;

/// So many events that fail one after the other are not their own fault.
const IN_A_ROW: u32 = 5;

/// An event that fails so often by itself is given up.
const MOST_ATTEMPTS: u32 = 30;

/// What became of one event.
pub(super) enum EventResult {
    Delivered,
    Unconfirmed,
    Dead,
    /// for a moment: Zammad did not know its call
    Postponed,
    /// somebody else sends an event of its call
    CallIsBusy,
    /// somebody else has sent it, or taken it away
    Gone,
    /// it failed, and perhaps all would
    Failed(SendError),
    /// the same, and a second copy would show agents something false
    FailedAndUnconfirmed(SendError),
}

/// An attempt that has ended: the event, and how often it was tried before.
type EndedAttempt = (Position, u32, Result<EventResult, FlushError>);

impl Flusher {
    /// Sends what is due, and what becomes due meanwhile, until there is no more.
    pub(super) async fn drain(&self, tally: &mut Tally) -> Result<Stopped, FlushError> {
        let send = async |connection: &mut Connection<'_>, next| self.send(connection, next).await;
        // The spool has one event of each call at a time for it.
        let pool = Pool::growing(&self.clients, self.concurrency, self.concurrency);
        let mut dispatcher = Dispatcher::new(pool, &send);
        let mut calls_under_way: HashSet<Position> = HashSet::new();
        // Left alone until somebody else is done with their calls.
        let mut busy: HashSet<Position> = HashSet::new();
        let mut queue: VecDeque<Waiting> = VecDeque::new();
        let mut troubled: HashMap<Position, u32> = HashMap::new();
        let mut trouble: Option<SendError> = None;
        let mut in_a_row = 0;
        let mut looked: Option<Instant> = None;
        let mut failure: Option<FlushError> = None;
        loop {
            let stopped = self.is_stopped() || failure.is_some();
            if trouble.is_none() && !stopped {
                let is_long_ago = looked.is_none_or(|looked| looked.elapsed() >= GLANCE);
                if dispatcher.has_room() && (queue.is_empty() || is_long_ago) {
                    let most = self.concurrency * AHEAD + busy.len() + calls_under_way.len();
                    queue = self.spool.due(PATIENCE, Moment::now(), most).await?.into();
                    queue.retain(|next| {
                        !busy.contains(&next.position) && !calls_under_way.contains(&next.position)
                    });
                    looked = Some(Instant::now());
                }
                while dispatcher.has_room() {
                    let Some(next) = queue.pop_front() else { break };
                    calls_under_way.insert(next.position);
                    dispatcher.push(None, next);
                }
            }
            let Some((position, attempts, result)) = dispatcher.next().await else {
                if let Some(error) = failure {
                    return Err(error);
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
                let later = self.spool.next_due(PATIENCE, Moment::now()).await?;
                return Ok(Stopped::Idle { later, busy: !busy.is_empty() });
            };
            calls_under_way.remove(&position);
            match result {
                Ok(EventResult::Delivered) => {
                    tally.delivered += 1;
                    in_a_row = 0;
                }
                Ok(EventResult::Unconfirmed) => tally.unconfirmed += 1,
                Ok(EventResult::Dead) => tally.dead += 1,
                Ok(EventResult::Postponed | EventResult::Gone) => {}
                Ok(EventResult::CallIsBusy) => {
                    busy.insert(position);
                }
                Ok(EventResult::Failed(error)) => {
                    in_a_row += 1;
                    troubled.insert(position, attempts);
                    trouble = Some(error);
                }
                Ok(EventResult::FailedAndUnconfirmed(error)) => {
                    in_a_row += 1;
                    tally.unconfirmed += 1;
                    trouble = Some(error);
                }
                Err(error) => failure = Some(error),
            }
        }
    }

    /// Sends one event, if it is its turn, and notes what came of it.
    async fn send(&self, connection: &mut Connection<'_>, waiting: Waiting) -> EndedAttempt {
        let (position, attempts) = (waiting.position, waiting.attempts);
        let result = match connection.client() {
            Ok(client) => self.try_send(client, waiting).await.map_err(FlushError::from),
            Err(error) => Err(error.into()),
        };
        (position, attempts, result)
    }

    async fn try_send(&self, client: &mut Client, seen: Waiting) -> Result<EventResult, SpoolError> {
        let position = seen.position;
        let Some(turn) = self.turns.try_take(&seen.event, seen.answered) else {
            return Ok(EventResult::CallIsBusy);
        };
        let (waiting, age) = match self.spool.next(PATIENCE, position, Moment::now()).await? {
            Next::Send { waiting, age } => (waiting, age),
            Next::InDoubt { waiting, age } => {
                if let Some(result) = self.look_up(&waiting, age).await? {
                    return Ok(result);
                }
                if !self.spool.begin(PATIENCE, waiting.clone()).await? {
                    return Ok(EventResult::Gone);
                }
                (waiting, age)
            }
            Next::TooOld { waiting, reason } => {
                let rest = Note::Dead(Rest { reason, outcome: None });
                return self.note(&waiting, rest).await.map(|()| EventResult::Dead);
            }
            Next::Gone => return Ok(EventResult::Gone),
        };
        let request = Request::new(&waiting.event, self.config.encoding, RequestId::fresh());
        let over = client.over(|| rules::repeat_is_safe(&waiting.event, waiting.answered));
        let answer = client.attempt_over(over, &request, &waiting.event, self.config.timeout).await;
        let (note, result) = match answer {
            Ok(action) => {
                log::debug!("{}: {}", waiting.event.call_id, action.word());
                (Note::Arrived, EventResult::Delivered)
            }
            Err(error) => {
                let mut case = case(&waiting, waiting.attempts, age, self.log.is_some());
                case.is_of_known_call = turn.is_of_taken_call();
                let error = if case.is_of_known_call { error.at_known_call() } else { error };
                log::debug!("{} of call {}: {}", case.kind, waiting.event.call_id, error.in_full());
                let mut failed = Failed::from(&error);
                if case.depends_on_probe(failed) {
                    failed.probed = Probed::ask(client, self.config.encoding, self.config.timeout).await;
                }
                judge(&case, failed, error, self.settled())
            }
        };
        let noted = self.note(&waiting, note).await;
        match result {
            EventResult::Delivered => turn.arrived(),
            EventResult::Unconfirmed
            | EventResult::Dead
            | EventResult::Postponed
            | EventResult::CallIsBusy
            | EventResult::Gone
            | EventResult::Failed(_)
            | EventResult::FailedAndUnconfirmed(_) => turn.settle(),
        }
        noted.map(|()| result)
    }

    /// Notes what came of an event, and tells whoever watches if it is not sent any more.
    pub(super) async fn note(&self, waiting: &Waiting, note: Note) -> Result<(), SpoolError> {
        let event = &waiting.event;
        match &note {
            Note::Unconfirmed(Rest { reason, .. }) => {
                log::warn!("the {} of call {} is unconfirmed: {reason}", event.kind, event.call_id);
            }
            Note::Dead(Rest { reason, .. }) => {
                log::warn!("the {} of call {} is given up: {reason}", event.kind, event.call_id);
            }
            Note::Arrived | Note::Failed { .. } | Note::PutOff { .. } => {}
        }
        let position = waiting.position;
        self.insist(|| self.spool.note(PATIENCE, position, note.clone(), Moment::now())).await
    }

    /// Puts an event off that failed while others arrive; Zammad may wish for a pause.
    async fn put_off(&self, position: Position, attempts: u32, wish: Duration) -> Result<(), SpoolError> {
        // Of those that an operator has sent once more, all count again.
        let note = if (attempts + 1).is_multiple_of(MOST_ATTEMPTS) {
            let reason = format!("it failed {MOST_ATTEMPTS} times, while others arrived");
            Note::Dead(Rest { reason, outcome: None })
        } else {
            Note::PutOff { pause: BETWEEN_ROUNDS.pause(attempts).max(wish) }
        };
        self.spool.note(PATIENCE, position, note, Moment::now()).await
    }
}

/// What is to be noted of an attempt that failed, and what it means for the round. `settled`: after so long it is not
/// on its way any more.
fn judge(case: &Case, failed: Failed, error: SendError, settled: Duration) -> (Note, EventResult) {
    let outcome = error.in_full();
    let doubt = if case.may_have_arrived(failed) { Doubt::Yes } else { Doubt::No };
    match (case.verdict(failed), case.kind) {
        (Verdict::Arrived, _) => (Note::Arrived, EventResult::Delivered),
        (Verdict::Again, _) if failed.fate == Fate::UnknownCall => {
            let pause = Some(BETWEEN_ATTEMPTS.pause(case.unknown_call + 1));
            (Note::Failed { doubt: Doubt::UnknownCall, outcome, pause }, EventResult::Postponed)
        }
        (Verdict::Again | Verdict::HoldAll, _) => {
            (Note::Failed { doubt, outcome, pause: None }, EventResult::Failed(error))
        }
        // It stays before the hangup of its call.
        (Verdict::AskCallerLog, EventKind::Answer) => {
            let pause = Some(settled);
            (Note::Failed { doubt, outcome, pause }, EventResult::Failed(error))
        }
        (Verdict::AskCallerLog | Verdict::Unconfirmed, _) => {
            let rest = Rest { reason: IN_DOUBT.to_owned(), outcome: Some(outcome) };
            (Note::Unconfirmed(rest), EventResult::FailedAndUnconfirmed(error))
        }
        (Verdict::Dead, _) => {
            let rest = Rest { reason: outcome.clone(), outcome: Some(outcome) };
            (Note::Dead(rest), EventResult::Dead)
        }
    }
}

/// What is known of an event after an attempt with so many before it.
fn case(waiting: &Waiting, before: u32, age: Duration, asks: bool) -> Case {
    Case {
        asker: Asker::Flusher,
        kind: waiting.event.kind,
        is_safe_twice: rules::repeat_is_safe(&waiting.event, waiting.answered),
        is_of_known_call: false,
        // Whatever those before met with.
        is_first: before == 0,
        may_exist: waiting.uncertain,
        unknown_call: waiting.unknown_call,
        age,
        asks,
    }
}

/// The same of one whose last attempt is noted already, if anybody could say what came of it.
pub(super) fn case_of_last(waiting: &Waiting, age: Duration) -> Case {
    case(waiting, waiting.attempts.saturating_sub(1), age, false)
}
