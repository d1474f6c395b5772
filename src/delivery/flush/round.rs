//! One round: what is due goes, the events of a call in their order, and what came of each is noted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use tokio::time::timeout;

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

/// An attempt that has ended, of an event as it was seen before.
type EndedAttempt = (Waiting, Result<EventResult, FlushError>);

/// Events that failed, until Zammad is asked about them.
struct Trouble {
    events: HashMap<Position, Waiting>,
    /// the one that names the longest pause, or the last
    error: SendError,
}

/// What is seen of a round.
#[derive(Default)]
struct Seen {
    /// what may go next
    queue: VecDeque<Waiting>,
    looked: Option<Instant>,
    under_way: HashSet<Position>,
    /// left alone until somebody else is done with their calls
    busy: HashSet<Position>,
    /// failures one after the other
    in_a_row: u32,
    trouble: Option<Trouble>,
    /// what ends the round, once what is under way has ended
    failure: Option<FlushError>,
}

impl Seen {
    fn looked_long_ago(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= GLANCE)
    }

    fn failed(&mut self, error: SendError, event: Option<Waiting>) {
        self.in_a_row += 1;
        let (mut events, error) = match self.trouble.take() {
            Some(before) if named_pause(&before.error) > named_pause(&error) => (before.events, before.error),
            Some(before) => (before.events, error),
            None => (HashMap::new(), error),
        };
        events.extend(event.map(|event| (event.position, event)));
        self.trouble = Some(Trouble { events, error });
    }

    fn ended(&mut self, (event, result): EndedAttempt, tally: &mut Tally) {
        self.under_way.remove(&event.position);
        match result {
            Ok(EventResult::Delivered) => {
                tally.delivered += 1;
                self.in_a_row = 0;
            }
            Ok(EventResult::Unconfirmed) => tally.unconfirmed += 1,
            Ok(EventResult::Dead) => tally.dead += 1,
            Ok(EventResult::Postponed | EventResult::Gone) => {}
            Ok(EventResult::CallIsBusy) => {
                self.busy.insert(event.position);
            }
            Ok(EventResult::Failed(error)) => self.failed(error, Some(event)),
            Ok(EventResult::FailedAndUnconfirmed(error)) => {
                tally.unconfirmed += 1;
                self.failed(error, None);
            }
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Flusher {
    /// Sends what is due, and what becomes due meanwhile, until there is no more.
    pub(super) async fn drain(&self, tally: &mut Tally) -> Result<Stopped, FlushError> {
        let send = async |connection: &mut Connection<'_>, next| self.send(connection, next).await;
        // The spool has one event of each call at a time for it.
        let pool = Pool::growing(&self.clients, self.concurrency, self.concurrency);
        let mut dispatcher = Dispatcher::new(pool, &send);
        let mut seen = Seen::default();
        loop {
            let stopped = self.is_stopped() || seen.failure.is_some();
            let goes_on = seen.trouble.is_none() && !stopped;
            if goes_on && dispatcher.has_room() {
                if seen.queue.is_empty() || seen.looked_long_ago() {
                    self.look(&mut seen).await;
                }
                while dispatcher.has_room()
                    && let Some(next) = seen.queue.pop_front()
                {
                    seen.under_way.insert(next.position);
                    dispatcher.push(None, next);
                }
            }
            if !dispatcher.is_idle() {
                let ended = match goes_on && dispatcher.has_room() {
                    // A fresh call does not wait until an old one's attempt has ended.
                    true => timeout(GLANCE, dispatcher.next()).await.ok().flatten(),
                    false => dispatcher.next().await,
                };
                if let Some(ended) = ended {
                    seen.ended(ended, tally);
                }
            } else if let Some(error) = seen.failure {
                return Err(error);
            } else if let Some(trouble) = seen.trouble.take() {
                if let Some(stopped) = self.find_fault(trouble, seen.in_a_row, tally).await? {
                    return Ok(stopped);
                }
            } else if stopped {
                return Ok(Stopped::Asked);
            } else {
                let later = self.spool.next_due(PATIENCE, Moment::now()).await?;
                return Ok(Stopped::Idle { later, busy: !seen.busy.is_empty() });
            }
        }
    }

    /// Looks what is due. What is under way ends, also when the spool cannot be read.
    async fn look(&self, seen: &mut Seen) {
        let most = self.concurrency * AHEAD + seen.busy.len() + seen.under_way.len();
        seen.looked = Some(Instant::now());
        match self.spool.due(PATIENCE, Moment::now(), most).await {
            Ok(due) => {
                seen.queue = due.into();
                let Seen { queue, busy, under_way, .. } = seen;
                queue.retain(|next| !busy.contains(&next.position) && !under_way.contains(&next.position));
            }
            Err(error) => {
                seen.queue.clear();
                seen.failure = Some(error.into());
            }
        }
    }

    /// Finds out whether Zammad takes nothing, which ends the round, or these events are at fault, which are put off.
    async fn find_fault(
        &self,
        trouble: Trouble,
        in_a_row: u32,
        tally: &mut Tally,
    ) -> Result<Option<Stopped>, SpoolError> {
        let Trouble { events, error } = trouble;
        let pause = named_pause(&error);
        // Who names a pause is not asked before.
        let wants_a_pause = !pause.is_zero();
        if wants_a_pause {
            self.hold(Some(&error)).await;
        } else if !self.cut.is_asked()
            && let Err(error) = self.probe().await
        {
            if !self.cut.is_asked() {
                self.hold(Some(&error)).await;
            }
            return Ok(Some(Stopped::Held(error)));
        }
        // It is these events' own fault, or there are too many at a time.
        for event in events.into_values() {
            self.put_off(&event, pause, tally).await?;
        }
        Ok((in_a_row >= IN_A_ROW || wants_a_pause).then_some(Stopped::Held(error)))
    }

    /// Sends one event, if it is its turn, and notes what came of it.
    async fn send(&self, connection: &mut Connection<'_>, seen: Waiting) -> EndedAttempt {
        let result = match connection.client() {
            Ok(client) => self.try_send(client, &seen).await.map_err(FlushError::from),
            Err(error) => Err(error.into()),
        };
        (seen, result)
    }

    async fn try_send(&self, client: &mut Client, seen: &Waiting) -> Result<EventResult, SpoolError> {
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
        let was_found = self.turned_away.was_found_for(&waiting);
        let request = Request::new(&waiting.event, self.config.encoding, RequestId::fresh());
        let over = client.over(|| rules::repeat_is_safe(&waiting.event, waiting.answered));
        let (begun, is_out) = (Instant::now(), client.is_out());
        let answer = tokio::select! {
            biased;
            answer = client.attempt_over(over, &request, &waiting.event, self.config.timeout) => answer,
            () = self.cut.cuts(is_out) => Err(client.cut_off(begun.elapsed())),
        };
        let (note, result) = match answer {
            Ok(action) => {
                self.turned_away.note(position, false);
                log::debug!("{}: {}", waiting.event.call_id, action.word());
                (Note::Arrived, EventResult::Delivered)
            }
            Err(error) => {
                let mut case = case(&waiting, waiting.attempts, age, self.log.is_some());
                case.is_of_known_call = turn.is_of_taken_call();
                case.found_again = was_found;
                let error = if case.is_of_known_call { error.at_known_call() } else { error };
                log::debug!("{} of call {}: {}", case.kind, waiting.event.call_id, error.in_full());
                let mut failed = Failed::from(&error);
                if case.depends_on_probe(failed) {
                    failed.probed = tokio::select! {
                        biased;
                        probed = Probed::ask(client, self.config.encoding, self.config.timeout) => probed,
                        () = self.cut.cuts(|| true) => Probed::Unclear,
                    };
                }
                let is_turned_away =
                    failed.fate == Fate::Unreached && case.fate(failed) == Fate::NotDelivered;
                self.turned_away.note(position, is_turned_away);
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
    async fn put_off(&self, event: &Waiting, wish: Duration, tally: &mut Tally) -> Result<(), SpoolError> {
        // Of those that an operator has sent once more, all count again.
        if (event.attempts + 1).is_multiple_of(MOST_ATTEMPTS) {
            tally.dead += 1;
            let reason = format!("it failed {MOST_ATTEMPTS} times, while others arrived");
            return self.note(event, Note::Dead(Rest { reason, outcome: None })).await;
        }
        let pause = BETWEEN_ROUNDS.pause(event.attempts).max(wish);
        self.note(event, Note::PutOff { pause }).await
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
        // The sender remembers.
        found_again: false,
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
