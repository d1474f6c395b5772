//! What a call is: facts about legs and times go in, events come out.
//!
//! It is pure: it has no clock of its own and reads and writes nothing. Times count from any beginning
//! that its caller chooses.
//!
//! A call across the trunk is its leg outside: whatever the phone system does inside (groups, queues,
//! transfers, parking), the customer's leg stays, and so it is one call. A call that no trunk is part
//! of is one between two phones of the house.

mod call;
mod comparison;
mod look;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::time::Duration;

use super::fact::{Dial, Fact, LegId, Side, Taker, What};
use crate::cause::HangupCause;
use crate::event::{Direction, WrittenEvent};
use call::{Call, Way};
pub use comparison::Open;
pub use look::Glimpse;
pub use rules::Rules;

/// How often it is looked whether there are calls of which nothing is heard.
const SWEEP: Duration = Duration::from_secs(60);

/// How many calls that are over are still known by their ids: a phone that calls one customer after the
/// other may do so in one group.
const REMEMBERED: usize = 4096;

/// A call's number among those that a tracker has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallNumber(u64);

/// What follows from the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// Zammad is to have an event.
    Event(CallNumber, WrittenEvent),
    /// A call is over that was reported.
    Ended(CallNumber, Summary),
    /// A call is over of which nothing was reported, and why.
    Unreported(CallNumber, Summary, Reason),
}

/// A call that is over, as it is told of in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// its id
    pub id: String,
    /// which way it went
    pub direction: Direction,
    /// who called, if that was a number; as Zammad gets it
    pub from: Option<String>,
    /// who was called, likewise
    pub to: String,
    /// the first queue that it came to
    pub queue: Option<String>,
    /// who took it
    pub answered_by: Option<String>,
    /// how long they talked, if anybody took it
    pub talked: Option<Duration>,
    /// why it ended
    pub cause: HangupCause,
}

/// Why a call is not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No trunk is part of it.
    Internal,
    /// Somebody outside seems to be part of it, by a channel in this context, which is no trunk's by the settings.
    NoTrunk {
        /// the context
        context: String,
        /// the key of the settings that names contexts of trunks
        setting: &'static str,
    },
    /// It is one of those that are to be ignored, by this pattern.
    Ignored(String),
    /// It was over at once, as one is that the phone system turns away.
    Brief,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internal => f.write_str("both sides are extensions"),
            Self::NoTrunk { context, setting } => {
                write!(f, "its context {context} is no trunk; see {setting}")
            }
            Self::Ignored(pattern) => write!(f, "`ignore` has {pattern:?}"),
            Self::Brief => {
                f.write_str("it was over within `hold`, as one is that the phone system turns away")
            }
        }
    }
}

/// Follows the calls of one phone system.
#[derive(Debug)]
pub struct Tracker {
    rules: Rules,
    calls: BTreeMap<CallNumber, Call>,
    next: u64,
    /// by the outside leg, and by the phone that calls
    by_leg: HashMap<LegId, CallNumber>,
    /// by what they belonged to when they began
    by_group: HashMap<LegId, CallNumber>,
    /// calls that are to be reported soon
    due: BTreeSet<(Duration, CallNumber)>,
    /// calls that are missing from a list
    vanishing: BTreeSet<(Duration, CallNumber)>,
    next_sweep: Duration,
    used: HashSet<String>,
    used_in_order: VecDeque<String>,
    followed: VecDeque<Followed>,
}

impl Tracker {
    /// From now on these rules count, for calls that are under way too.
    pub fn adapt(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Without a call.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            calls: BTreeMap::new(),
            next: 0,
            by_leg: HashMap::new(),
            by_group: HashMap::new(),
            due: BTreeSet::new(),
            vanishing: BTreeSet::new(),
            next_sweep: Duration::ZERO,
            used: HashSet::new(),
            used_in_order: VecDeque::new(),
            followed: VecDeque::new(),
        }
    }

    /// What followed from what was heard, in its order.
    pub fn followed(&mut self) -> impl Iterator<Item = Followed> {
        self.followed.drain(..)
    }

    /// How many calls are under way that are reported.
    pub fn open(&self) -> usize {
        self.calls.values().filter(|call| call.is_announced).count()
    }

    /// The leg whose end is the end of a call that is under way.
    pub fn leg_of(&self, call: CallNumber) -> Option<&LegId> {
        self.calls.get(&call).and_then(Call::lasts_with)
    }

    /// When something is to be done even if nothing is heard.
    pub fn due(&self) -> Option<Duration> {
        let sweep = (!self.calls.is_empty()).then_some(self.next_sweep);
        let vanishing = self.vanishing.first().map(|(due, _)| *due);
        self.due.first().map(|(due, _)| *due).into_iter().chain(vanishing).chain(sweep).min()
    }

    /// How long it waits at most for what would change its mind: others who ring, or a call that is missing from a list.
    pub fn patience(&self) -> Duration {
        self.rules.hold.max(self.rules.grace)
    }

    /// Tells of the calls that wait for others who ring: nobody waits any more.
    pub fn hurry(&mut self) {
        while let Some((_, number)) = self.due.pop_first() {
            self.announce(number);
        }
    }

    /// Does what is due.
    pub fn pass(&mut self, now: Duration) {
        while let Some((due, number)) = self.due.first().copied()
            && due <= now
        {
            self.due.remove(&(due, number));
            self.announce(number);
        }
        while let Some((due, number)) = self.vanishing.first().copied()
            && due <= now
        {
            self.vanishing.remove(&(due, number));
            self.end_unseen(number, now);
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            let stale = |call: &Call| now.saturating_sub(call.heard) >= self.rules.stale;
            let stale: Vec<_> =
                self.calls.iter().filter(|(_, call)| stale(call)).map(|(&number, _)| number).collect();
            for number in stale {
                self.end_unseen(number, now);
            }
        }
    }

    /// Takes a fact in.
    pub fn hear(&mut self, fact: Fact, now: Duration) {
        self.pass(now);
        let Fact { leg, group, what } = fact;
        if let What::Calls { side, from, to, trunk, place } = what {
            match side {
                Side::Outside => self.comes_in(leg, group, from, to, trunk, now),
                Side::Phone | Side::Inner => {
                    if let Some(context) = place.and_then(|place| self.rules.unknown_context(place)) {
                        self.comes_in_unknown(leg, group, from, to, context, now);
                    }
                }
            }
            return;
        }
        let found = self.by_leg.get(&leg).or_else(|| self.by_group.get(&group)).copied();
        // What is heard of is there after all.
        if let Some(&found) = self.by_leg.get(&leg) {
            self.reappears(found);
        }
        if let What::Dials(dial) = what {
            match found {
                Some(found) => self.dials(found, leg, dial, now),
                None => self.dials_first(leg, group, dial, now),
            }
            return;
        }
        let Some(found) = found else { return };
        let Some(call) = self.calls.get_mut(&found) else { return };
        call.heard = now;
        let is_outside = call.outside.as_ref() == Some(&leg);
        let is_last = call.lasts_with() == Some(&leg);
        match what {
            What::Calls { .. } | What::Dials(_) => {}
            What::Withheld if is_outside && call.way == Way::In => call.from = None,
            What::Withheld => {}
            What::Queued(queue) => {
                call.queued(&queue);
                self.hold(found, now);
            }
            What::Rings => self.hold(found, now),
            What::AllNamed => self.announce(found),
            What::Unqueued => call.unqueued(),
            What::Answered(taker) => {
                let is_owner = call.owner.as_ref() == Some(&leg);
                let is_answer = match (call.way, &call.outside) {
                    (Way::In, _) => is_outside,
                    (Way::Out, Some(outside)) => *outside == taker.leg,
                    // Taken up from another process, which alone has heard whom the phone called.
                    (Way::Out, None) => is_owner && taker.side == Side::Outside,
                    (Way::Internal, _) => is_owner,
                };
                if is_answer {
                    if call.way == Way::Out && call.outside.is_none() {
                        let outside = taker.leg.clone();
                        self.rename(found, |call| call.outside = Some(outside));
                    }
                    self.answered(found, taker, now);
                }
            }
            What::Failed { to, failure } => call.failed(&to, failure),
            What::Voicemail if is_outside && !call.is_voicemail && call.answered.is_none() => {
                call.is_voicemail = true;
                self.announce(found);
                self.tell(found, Call::voicemail);
            }
            What::Message if is_outside && !call.is_voicemail && call.answered.is_none() => {
                (call.is_voicemail, call.has_message) = (true, true);
                self.announce(found);
                self.tell(found, Call::voicemail);
            }
            What::Message if is_outside => call.has_message |= call.is_voicemail,
            What::Voicemail | What::Message => {}
            What::HangsUp if is_last => call.wants_end(),
            What::HangsUp => {}
            What::TurnedAway if is_last => call.turned_away(),
            What::TurnedAway => {}
            What::Missing if is_last => self.vanishes(found, now),
            What::Missing => {}
            What::Moves(cause) => {
                call.vanishes_by = Some(cause);
                self.vanishes(found, now);
            }
            What::Ended(cause) if is_last => {
                let cause = if call.answered.is_some() { HangupCause::NormalClearing } else { cause };
                self.end(found, cause, now);
            }
            What::Ended(_) => call.lost(&leg, None),
            What::Gone { cause } if is_last => {
                let cause = call.cause(cause);
                self.end(found, cause, now);
            }
            What::Gone { cause } => call.lost(&leg, cause),
        }
    }

    /// A customer calls.
    fn comes_in(
        &mut self,
        leg: LegId,
        group: LegId,
        from: Option<String>,
        to: String,
        trunk: Option<String>,
        now: Duration,
    ) {
        // It is said twice.
        if self.by_leg.contains_key(&leg) {
            return;
        }
        let mut call = Call::new(leg.0.clone(), Way::In, group, now);
        call.outside = Some(leg);
        call.from = from;
        call.to = to;
        call.trunk = trunk;
        self.begin(call);
    }

    /// Somebody calls who may be a customer, by a line that is no trunk by the settings: whomever the call reaches,
    /// or if it reaches nobody, it is told of why it is not reported.
    fn comes_in_unknown(
        &mut self,
        leg: LegId,
        group: LegId,
        from: Option<String>,
        to: String,
        context: String,
        now: Duration,
    ) {
        // It is said twice, or it is part of a call that is known.
        if self.by_leg.contains_key(&leg) || self.by_group.contains_key(&group) {
            return;
        }
        let mut call = Call::new(group.0.clone(), Way::Internal, group, now);
        call.owner = Some(leg);
        call.from = from;
        call.to = to;
        call.is_alone = true;
        call.unknown_context = Some(context);
        self.begin(call);
    }

    /// A phone calls, and nothing of its call is known.
    fn dials_first(&mut self, leg: LegId, group: LegId, dial: Dial, now: Duration) {
        let Dial { to, side, person, number, shown, trunk, place, caller } = dial;
        let way = match side {
            Side::Outside => Way::Out,
            Side::Phone | Side::Inner => Way::Internal,
        };
        let mut call = Call::new(group.0.clone(), way, group, now);
        call.owner = Some(leg);
        call.from = shown;
        call.to = number;
        call.trunk = trunk;
        call.unknown_context = place.and_then(|place| self.rules.unknown_context(place));
        if way == Way::Out {
            call.outside = Some(to.clone());
            call.users = caller.name.into_iter().collect();
        }
        call.caller = caller.number;
        call.rings_at(to, side, &person);
        let number = self.begin(call);
        match way {
            Way::Out => self.announce(number),
            Way::Internal => self.hold(number, now),
            Way::In => {}
        }
    }

    /// A leg of a call has another one rung.
    fn dials(&mut self, found: CallNumber, leg: LegId, dial: Dial, now: Duration) {
        let Dial { to, side, person, number, shown, trunk, place, caller } = dial;
        let Some(call) = self.calls.get_mut(&found) else { return };
        call.heard = now;
        if call.unknown_context.is_none() {
            call.unknown_context = place.and_then(|place| self.rules.unknown_context(place));
        }
        match (call.way, side) {
            // It leaves the house after all: by a forward, or an agent who has his calls follow him.
            (Way::Internal, Side::Outside) if !call.is_announced => {
                call.from = shown;
                call.to = number;
                call.trunk = trunk;
                call.users = caller.name.into_iter().collect();
                call.caller = caller.number;
                call.rings_at(to.clone(), side, &person);
                self.rename(found, |call| call.leaves(leg, to));
                self.announce(found);
            }
            (Way::In | Way::Internal, _) => {
                if std::mem::take(&mut call.is_alone) {
                    call.from = shown;
                    call.to = number;
                }
                call.rings_at(to, side, &person);
                self.hold(found, now);
            }
            // The first trunk did not take it, so another is tried; or it was taken up from another process.
            (Way::Out, Side::Outside) if call.answered.is_none() || call.outside.is_none() => {
                call.rings_at(to.clone(), side, &person);
                self.rename(found, |call| call.outside = Some(to));
            }
            (Way::Out, _) => call.rings_at(to, side, &person),
        }
    }

    fn begin(&mut self, mut call: Call) -> CallNumber {
        let number = CallNumber(self.next);
        self.next += 1;
        if self.used.contains(&call.id)
            && let Some(outside) = &call.outside
        {
            call.id.clone_from(&outside.0);
        }
        // After a restart a phone system may count from the same number again.
        let id = call.id.clone();
        let mut times = 2;
        while self.used.contains(&call.id) {
            call.id = format!("{id}-{times}");
            times += 1;
        }
        // What a call that has reached nobody was dialled by may not be its number.
        if !call.is_alone {
            call.is_ignored = self.rules.ignores(&call).map(str::to_owned);
        }
        self.used.insert(call.id.clone());
        self.used_in_order.push_back(call.id.clone());
        if self.used_in_order.len() > REMEMBERED
            && let Some(oldest) = self.used_in_order.pop_front()
        {
            self.used.remove(&oldest);
        }
        if self.calls.is_empty() {
            self.next_sweep = call.heard + SWEEP;
        }
        self.by_group.entry(call.group.clone()).or_insert(number);
        self.calls.insert(number, call);
        self.rename(number, |_| {});
        number
    }

    /// Changes which legs a call is found by.
    fn rename(&mut self, found: CallNumber, change: impl FnOnce(&mut Call)) {
        self.unname(found);
        let Some(call) = self.calls.get_mut(&found) else { return };
        change(call);
        for leg in call.known_by() {
            self.by_leg.insert(leg.clone(), found);
        }
    }

    fn unname(&mut self, found: CallNumber) {
        let Some(call) = self.calls.get(&found) else { return };
        for leg in call.known_by() {
            if self.by_leg.get(leg) == Some(&found) {
                self.by_leg.remove(leg);
            }
        }
    }

    /// Waits a moment for the others who ring.
    fn hold(&mut self, found: CallNumber, now: Duration) {
        let Some(call) = self.calls.get_mut(&found) else { return };
        if !call.is_announced && call.due.is_none() && self.rules.reports(call) {
            let due = now + self.rules.hold;
            call.due = Some(due);
            self.due.insert((due, found));
        }
    }

    /// It was missing from a list, or seemed to have ended, and is there.
    fn reappears(&mut self, found: CallNumber) {
        let Some(call) = self.calls.get_mut(&found) else { return };
        call.vanishes_by = None;
        if let Some(vanishes) = call.vanishes.take() {
            self.vanishing.remove(&(vanishes, found));
        }
    }

    fn announce(&mut self, found: CallNumber) {
        let Some(call) = self.calls.get_mut(&found) else { return };
        if let Some(due) = call.due.take() {
            self.due.remove(&(due, found));
        }
        if call.is_ignored.is_none() {
            call.is_ignored = self.rules.ignores(call).map(str::to_owned);
        }
        let is_wanted = self.rules.reports(call) && self.rules.ignores_extensions(call).is_none();
        if is_wanted && !std::mem::replace(&mut call.is_announced, true) {
            self.tell(found, Call::new_call);
        }
    }

    fn answered(&mut self, found: CallNumber, taker: Taker, now: Duration) {
        let Some(call) = self.calls.get_mut(&found) else { return };
        if call.answered.is_some() && (!self.rules.second_answer || call.way == Way::Out) {
            return;
        }
        // It is said twice.
        if call.taken_at.replace(taker.leg.clone()).as_ref() == Some(&taker.leg) {
            return;
        }
        call.answered.get_or_insert(now);
        let (user, number) = self.rules.taker(taker);
        call.answered_by = self.rules.shown_taker(user.as_deref(), number.as_deref());
        self.announce(found);
        self.tell(found, |call| call.answer(user, number));
    }

    fn end(&mut self, found: CallNumber, cause: HangupCause, now: Duration) {
        if self.rules.passes_brief_calls
            && let Some(call) = self.calls.get_mut(&found)
        {
            call.is_brief = call.due.is_some();
        }
        self.announce(found);
        self.tell(found, |call| call.hangup(cause));
        self.unname(found);
        self.reappears(found);
        let Some(call) = self.calls.remove(&found) else { return };
        if self.by_group.get(&call.group) == Some(&found) {
            self.by_group.remove(&call.group);
        }
        let reason = self.rules.forbids(&call).filter(|_| !call.is_announced);
        let summary = Summary {
            direction: call.direction(),
            id: call.id,
            from: call.from.map(|shown| self.rules.sent_of_caller(&shown)),
            to: self.rules.sent(call.to),
            queue: call.queue,
            answered_by: call.answered_by,
            talked: call.answered.map(|answered| call.talked_before + now.saturating_sub(answered)),
            cause,
        };
        self.followed.push_back(match reason {
            Some(reason) => Followed::Unreported(found, summary, reason),
            None => Followed::Ended(found, summary),
        });
    }

    /// Tells of an event of a call, if that is one that is reported.
    fn tell(&mut self, found: CallNumber, event: impl FnOnce(&Call) -> WrittenEvent) {
        let Some(call) = self.calls.get(&found) else { return };
        if call.is_announced {
            let mut event = event(call);
            self.rules.make_sendable(&mut event);
            self.followed.push_back(Followed::Event(found, event));
        }
    }
}
