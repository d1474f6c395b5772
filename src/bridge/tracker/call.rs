//! One call, from its first ring to its end.

use std::collections::HashSet;
use std::time::Duration;

use super::super::fact::{Failure, LegId, Person, Side};
use crate::cause::HangupCause;
use crate::event::{Direction, EventKind, Users, WrittenEvent};

/// How a call crosses the trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A customer calls.
    In,
    /// A phone of the house calls somebody outside.
    Out,
    /// Both are phones of the house.
    Internal,
}

/// A leg that was rung for a call.
#[derive(Debug)]
struct Rung {
    leg: LegId,
    failure: Option<Failure>,
    /// how it ended by itself, as a Q.850 cause
    cause: Option<u8>,
    is_gone: bool,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// its id at Zammad
    pub id: String,
    /// which way it goes
    pub way: Way,
    /// the leg at the far side of the trunk, if it is known
    pub outside: Option<LegId>,
    /// the phone that calls, where one does
    pub owner: Option<LegId>,
    /// what it belongs to since it began
    pub group: LegId,
    /// who calls
    pub from: Option<String>,
    /// who is called
    pub to: String,
    /// whose phones ring, or who calls
    pub users: Vec<String>,
    /// the extension that calls
    pub caller: Option<String>,
    /// the extensions that have been rung, each once
    pub extensions: Vec<String>,
    /// the first queue that it came to
    pub queue: Option<String>,
    /// the line that it crosses the trunk by
    pub trunk: Option<String>,
    /// it is reported when that time has come
    pub due: Option<Duration>,
    /// it is missing from a list, or may have ended, and counts as ended if nothing is heard of it until that time
    pub vanishes: Option<Duration>,
    /// why it has ended then, if that was said
    pub vanishes_by: Option<HangupCause>,
    /// its newCall is out
    pub is_announced: bool,
    /// what forbids to report it
    pub is_ignored: Option<String>,
    /// it has reached nobody so far, and is known only because it may be a customer's
    pub is_alone: bool,
    /// it was over at once
    pub is_brief: bool,
    /// the context of one of its legs that may be on a trunk and is counted to the house
    pub unknown_context: Option<String>,
    /// a person took it
    pub answered: Option<Duration>,
    /// how long they had talked by then, as another process was told of the answer
    pub talked_before: Duration,
    /// at which leg, last
    pub taken_at: Option<LegId>,
    /// who that was
    pub answered_by: Option<String>,
    /// a voicemail box took it
    pub is_voicemail: bool,
    /// the box has a message of this call
    pub has_message: bool,
    /// when something was heard of it last
    pub heard: Duration,
    is_in_queue: bool,
    /// Its far end wanted the end: while somebody was to be reached, or not.
    wanted_end: Option<bool>,
    rung: Vec<Rung>,
    /// how others were not reached that were rung before
    past: HashSet<Option<Failure>>,
}

/// How many legs that were rung for a call are known each by itself.
const KEPT: usize = 64;

impl Call {
    /// A call that nobody has been told of.
    pub fn new(id: String, way: Way, group: LegId, now: Duration) -> Self {
        Self {
            id,
            way,
            outside: None,
            owner: None,
            group,
            from: None,
            to: String::new(),
            users: Vec::new(),
            caller: None,
            extensions: Vec::new(),
            queue: None,
            trunk: None,
            due: None,
            vanishes: None,
            vanishes_by: None,
            is_announced: false,
            is_ignored: None,
            is_alone: false,
            is_brief: false,
            unknown_context: None,
            answered: None,
            talked_before: Duration::ZERO,
            taken_at: None,
            answered_by: None,
            is_voicemail: false,
            has_message: false,
            heard: now,
            is_in_queue: false,
            wanted_end: None,
            rung: Vec::new(),
            past: HashSet::new(),
        }
    }

    /// The direction of its events.
    pub fn direction(&self) -> Direction {
        match self.way {
            Way::In | Way::Internal => Direction::Inbound,
            Way::Out => Direction::Outbound,
        }
    }

    /// The leg with which the call is over.
    pub fn lasts_with(&self) -> Option<&LegId> {
        match self.way {
            Way::In => self.outside.as_ref(),
            // Of one that another process reported only who began it may be known.
            Way::Out if self.answered.is_some() => self.outside.as_ref().or(self.owner.as_ref()),
            Way::Out | Way::Internal => self.owner.as_ref(),
        }
    }

    /// The legs that it is found by.
    pub fn known_by(&self) -> impl Iterator<Item = &LegId> {
        [&self.outside, &self.owner].into_iter().flatten()
    }

    /// It turns out to be a call to somebody outside.
    pub fn leaves(&mut self, owner: LegId, outside: LegId) {
        self.way = Way::Out;
        self.is_alone = false;
        self.owner = Some(owner);
        self.outside = Some(outside);
        // A phone of the house that took it has only begun it.
        self.answered = None;
        self.talked_before = Duration::ZERO;
        self.taken_at = None;
        self.answered_by = None;
    }

    /// Notes that a leg is rung.
    pub fn rings_at(&mut self, leg: LegId, side: Side, person: &Person) {
        if side == Side::Phone
            && let Some(name) = &person.name
            && !self.users.contains(name)
        {
            self.users.push(name.clone());
        }
        if side == Side::Phone
            && let Some(number) = &person.number
            && !self.extensions.contains(number)
        {
            self.extensions.push(number.clone());
        }
        if !self.rung.iter().any(|rung| rung.leg == leg) {
            self.forget_one();
            self.rung.push(Rung { leg, failure: None, cause: None, is_gone: false });
        }
    }

    /// A queue may ring its agents for hours. Of the leg that has been gone for longest only the result is kept.
    fn forget_one(&mut self) {
        let is_past = |rung: &Rung| rung.is_gone && Some(&rung.leg) != self.outside.as_ref();
        if self.rung.len() >= KEPT
            && let Some(oldest) = self.rung.iter().position(is_past)
        {
            self.past.insert(self.rung.remove(oldest).failure);
        }
    }

    /// How many legs that were rung are known each by itself.
    #[cfg(test)]
    pub fn rung_count(&self) -> usize {
        self.rung.len()
    }

    /// Notes how a leg was not reached: what is said first counts.
    pub fn failed(&mut self, leg: &LegId, failure: Failure) {
        if let Some(rung) = self.rung.iter_mut().find(|rung| rung.leg == *leg) {
            rung.failure.get_or_insert(failure);
        }
    }

    /// Notes that a leg is no longer there.
    pub fn lost(&mut self, leg: &LegId, cause: Option<u8>) {
        if let Some(rung) = self.rung.iter_mut().find(|rung| rung.leg == *leg) {
            rung.is_gone = true;
            rung.cause = rung.cause.or(cause.filter(|&cause| cause != 0));
        }
    }

    /// It waits in a queue.
    pub fn queued(&mut self, queue: &str) {
        self.is_in_queue = true;
        self.queue.get_or_insert_with(|| queue.to_owned());
    }

    /// It does no longer.
    pub fn unqueued(&mut self) {
        self.is_in_queue = false;
    }

    /// Its far end wants the end.
    pub fn wants_end(&mut self) {
        // In a voicemail box nobody is to be reached any more.
        let is_open = |rung: &Rung| !rung.is_gone && rung.failure.is_none();
        let is_tried = !self.is_voicemail && self.rung.iter().any(is_open);
        self.wanted_end.get_or_insert(is_tried || self.is_in_queue || self.rung.is_empty());
    }

    /// It was turned away before anybody wanted anything.
    pub fn turned_away(&mut self) {
        self.wanted_end = None;
    }

    /// Why it ended; `cause` is that of the leg it ended with.
    ///
    /// What the phone system did afterwards (an announcement, an apology) hides behind the caller's own
    /// cause, so that of the legs that were rung comes first.
    pub fn cause(&self, cause: Option<u8>) -> HangupCause {
        // With a message the caller got what the box is for.
        if self.answered.is_some() || self.has_message {
            return HangupCause::NormalClearing;
        }
        let outside = self.rung.iter().find(|rung| Some(&rung.leg) == self.outside.as_ref());
        // Also if the agent hung up: that is what one does who hears that it did not work.
        if let Some(result) = outside.filter(|_| self.way == Way::Out).and_then(|rung| rung.result(cause)) {
            return result;
        }
        match self.wanted_end {
            Some(true) => return HangupCause::Cancel,
            Some(false) => return HangupCause::NoAnswer,
            None => {}
        }
        let only = match (self.way, self.rung.as_slice()) {
            // Trunks that were tried before do not matter.
            (Way::Out, _) => outside,
            (Way::In | Way::Internal, [only]) if self.past.is_empty() => Some(only),
            (Way::In | Way::Internal, _) => None,
        };
        if let Some(only) = only {
            return only.result(cause).unwrap_or_else(|| by_number(only.cause.or(cause)));
        }
        let results = || self.rung.iter().map(|rung| rung.failure).chain(self.past.iter().copied());
        let is_any = |failure| results().any(|result| result == Some(failure));
        let is_all_busy = results().all(|result| result == Some(Failure::Busy));
        if is_any(Failure::NoAnswer) {
            HangupCause::NoAnswer
        } else if !self.rung.is_empty() && is_all_busy {
            HangupCause::Busy
        } else if is_any(Failure::Congestion) {
            HangupCause::Congestion
        } else if is_any(Failure::Busy) {
            HangupCause::Busy
        } else {
            by_number(cause)
        }
    }

    /// What is reported when it begins.
    pub fn new_call(&self) -> WrittenEvent {
        let users = Some(self.users.clone()).filter(|users| !users.is_empty());
        WrittenEvent {
            user: users.map(Users::Several),
            queue: self.queue.clone(),
            trunk: self.trunk.as_deref().map(Box::from),
            ..self.event(EventKind::NewCall)
        }
    }

    /// What is reported when somebody takes it.
    pub fn answer(&self, user: Option<String>, number: Option<String>) -> WrittenEvent {
        // Zammad would write an agent's name over the customer's.
        let is_agents = self.way != Way::Out;
        WrittenEvent {
            user: user.filter(|_| is_agents).map(Users::One),
            answering_number: number.filter(|_| is_agents),
            ..self.event(EventKind::Answer)
        }
    }

    /// What is reported when a voicemail box takes it.
    pub fn voicemail(&self) -> WrittenEvent {
        WrittenEvent { voicemail: true, ..self.event(EventKind::Answer) }
    }

    /// What is reported when it ends.
    pub fn hangup(&self, cause: HangupCause) -> WrittenEvent {
        WrittenEvent {
            cause: Some(cause.as_str().to_owned()),
            answered: Some(self.answered.is_some()),
            ..self.event(EventKind::Hangup)
        }
    }

    fn event(&self, kind: EventKind) -> WrittenEvent {
        let from = self.from.clone().unwrap_or_else(|| crate::number::Party::ANONYMOUS.to_owned());
        WrittenEvent {
            from: Some(from),
            to: Some(self.to.clone()),
            ..WrittenEvent::new(kind, self.id.clone(), self.direction())
        }
    }
}

impl Rung {
    /// Why it was not reached, if that was not because somebody gave up or was faster; `caller` is the
    /// cause of who called it.
    fn result(&self, caller: Option<u8>) -> Option<HangupCause> {
        match self.failure? {
            Failure::Busy => Some(HangupCause::Busy),
            Failure::Congestion => Some(HangupCause::Congestion),
            Failure::NoAnswer | Failure::Unavailable => Some(by_number(self.cause.or(caller))),
            Failure::Cancelled => None,
        }
    }
}

/// What the Q.850 cause says of a call that nobody answered.
fn by_number(cause: Option<u8>) -> HangupCause {
    HangupCause::of_unanswered(cause.unwrap_or_default())
}
