//! After a time in which nothing was heard: what is there is compared with what is known.

use std::collections::HashMap;
use std::time::Duration;

use super::call::{Call, Way};
use super::{CallNumber, Tracker};
use crate::bridge::fact::{LegId, Side, Standing, Taker};
use crate::cause::HangupCause;
use crate::event::Direction;

/// A call that was reported before this process began, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// its id at Zammad
    pub id: String,
    /// that of its newCall
    pub direction: Direction,
    /// who calls
    pub from: Option<String>,
    /// who is called
    pub to: String,
    /// how long ago its answer was reported, if it was
    pub answered: Option<Duration>,
}

impl Tracker {
    /// Takes up a call that was reported before. Whether it is still there says the next
    /// [`compare`](Self::compare).
    pub fn take_up(&mut self, open: Open, now: Duration) {
        let Open { id, direction, from, to, answered } = open;
        let leg = LegId(id.clone());
        let way = match direction {
            Direction::Inbound => Way::In,
            Direction::Outbound => Way::Out,
        };
        let mut call = Call::new(id, way, leg.clone(), now);
        match direction {
            Direction::Inbound => call.outside = Some(leg),
            Direction::Outbound => call.owner = Some(leg),
        }
        call.from = from;
        call.to = to;
        call.is_announced = true;
        call.answered = answered.map(|_| now);
        call.talked_before = answered.unwrap_or_default();
        self.begin(call);
    }

    /// Compares all legs that there are with the calls that are known: what is gone has ended, what
    /// came meanwhile has begun, and who talks has answered.
    pub fn compare(&mut self, standing: &[Standing], now: Duration) {
        self.pass(now);
        let by_leg: HashMap<&LegId, &Standing> = standing.iter().map(|leg| (&leg.leg, leg)).collect();
        let known: Vec<CallNumber> = self.calls.keys().copied().collect();
        for number in known {
            self.look_for(number, &by_leg, standing, now);
        }
        let outside = || standing.iter().filter(|leg| leg.side == Side::Outside);
        // Who called comes first: a leg that was rung may belong to it, as a mobile does.
        for leg in outside().filter(|leg| leg.calls).chain(outside().filter(|leg| !leg.calls)) {
            let is_its_own = leg.calls || !self.by_group.contains_key(&leg.group);
            if is_its_own && !self.by_leg.contains_key(&leg.leg) {
                self.adopt(leg, standing, now);
            }
        }
        if self.rules.internal {
            for leg in standing.iter().filter(|leg| leg.side == Side::Phone && leg.calls) {
                if !self.by_leg.contains_key(&leg.leg) && !self.by_group.contains_key(&leg.group) {
                    self.adopt_internal(leg, standing, now);
                }
            }
        }
    }

    /// Looks at legs that are there for calls that nobody seems to have taken: who talks has answered. What is not
    /// among them may be there all the same.
    pub fn see(&mut self, legs: &[Standing], now: Duration) {
        self.pass(now);
        for leg in legs {
            let Some(&number) = self.by_leg.get(&leg.leg) else { continue };
            let is_its = |call: &Call| call.outside.as_ref() == Some(&leg.leg);
            if let Some(taker) = &leg.talks_to
                && self.calls.get(&number).is_some_and(is_its)
            {
                self.talks(number, taker.clone(), now);
            }
        }
    }

    fn look_for(
        &mut self,
        number: CallNumber,
        by_leg: &HashMap<&LegId, &Standing>,
        standing: &[Standing],
        now: Duration,
    ) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.way == Way::Internal && !call.is_announced {
            let is_its = |leg: &&Standing| leg.side == Side::Outside && leg.group == call.group && !leg.calls;
            if let Some(leg) = standing.iter().find(is_its).filter(|leg| !leg.to.is_empty()) {
                // It left the house meanwhile.
                let owner = call.group.clone();
                call.from.clone_from(&leg.from);
                call.to.clone_from(&leg.to);
                call.trunk.clone_from(&leg.trunk);
                let person = by_leg.get(&owner).and_then(|owner| owner.person.name.clone());
                call.users = person.into_iter().collect();
                call.rings_at(leg.leg.clone(), leg.side, &leg.person);
                self.rename(number, |call| call.leaves(owner, leg.leg.clone()));
                self.announce(number);
            }
        }
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.way == Way::Out && call.outside.as_ref().is_none_or(|leg| !by_leg.contains_key(leg)) {
            // Another trunk was tried, or the call was taken up by the phone that began it.
            let is_its = |leg: &&Standing| leg.side == Side::Outside && leg.group == call.group && !leg.calls;
            if let Some(other) = standing.iter().find(is_its) {
                let outside = other.leg.clone();
                self.rename(number, |call| call.outside = Some(outside));
            }
        }
        let Some(call) = self.calls.get_mut(&number) else { return };
        let far_end = if call.way == Way::Internal { &call.owner } else { &call.outside };
        let far_end = far_end.as_ref().and_then(|leg| by_leg.get(leg));
        if let Some(taker) = far_end.and_then(|leg| leg.talks_to.clone()) {
            self.talks(number, taker, now);
        }
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.lasts_with().is_some_and(|leg| by_leg.contains_key(leg)) {
            call.heard = now;
            self.reappears(number);
        } else {
            self.vanishes(number, now);
        }
    }

    /// Somebody talks whom nobody has seen taking the call.
    fn talks(&mut self, number: CallNumber, taker: Taker, now: Duration) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.answered.is_none() {
            self.answered(number, taker, now);
        } else if call.answered_by.is_none() {
            // Another process has told of the answer, and the journal does not say whose it was.
            let (user, shown) = match call.way {
                Way::In | Way::Internal => self.rules.taker(taker),
                Way::Out => (None, Some(call.to.clone())),
            };
            call.answered_by = self.rules.shown_taker(user.as_deref(), shown.as_deref());
        }
    }

    /// Ends a call whose end nobody has seen.
    pub(super) fn end_unseen(&mut self, number: CallNumber, now: Duration) {
        let Some(call) = self.calls.get(&number) else { return };
        let cause = match (call.answered, call.vanishes_by) {
            (Some(_), _) => HangupCause::NormalClearing,
            (None, Some(cause)) => cause,
            (None, None) => HangupCause::Cancel,
        };
        self.end(number, cause, now);
    }

    /// Waits a moment whether anything more is heard of a call: if not, it has ended.
    pub(super) fn vanishes(&mut self, number: CallNumber, now: Duration) {
        let Some(call) = self.calls.get_mut(&number).filter(|call| call.vanishes.is_none()) else { return };
        let vanishes = now + self.rules.grace;
        call.vanishes = Some(vanishes);
        self.vanishing.insert((vanishes, number));
        self.pass(now);
    }

    /// Takes up a call that began while nobody listened.
    fn adopt(&mut self, leg: &Standing, standing: &[Standing], now: Duration) {
        let others = || standing.iter().filter(|other| other.group == leg.group && other.leg != leg.leg);
        if !leg.calls && leg.talks_to.is_none() {
            // A leg that was rung for a call that is over, or that is about to be dialled: that is said.
            let is_wanted = others().any(|other| other.leg == leg.group);
            if !is_wanted || leg.to.is_empty() {
                return;
            }
        }
        let (id, way) = if leg.calls { (&leg.leg, Way::In) } else { (&leg.group, Way::Out) };
        let mut call = Call::new(id.0.clone(), way, leg.group.clone(), now);
        call.outside = Some(leg.leg.clone());
        call.from.clone_from(&leg.from);
        call.to.clone_from(&leg.to);
        call.trunk.clone_from(&leg.trunk);
        if leg.calls {
            for other in others().filter(|other| !other.calls) {
                call.rings_at(other.leg.clone(), other.side, &other.person);
            }
        } else {
            let owner = others().find(|other| other.leg == leg.group && other.calls);
            call.owner = Some(leg.group.clone());
            call.users = owner.and_then(|owner| owner.person.name.clone()).into_iter().collect();
        }
        self.begin_late(call, leg, now);
    }

    /// Takes up a call between two phones that began while nobody listened.
    fn adopt_internal(&mut self, leg: &Standing, standing: &[Standing], now: Duration) {
        let is_other = |other: &&Standing| other.group == leg.group && other.leg != leg.leg;
        let others = || standing.iter().filter(is_other);
        // A phone that listens to an announcement calls nobody, nor does one that is in a conference.
        let is_anybody_rung = others().any(|other| !other.calls);
        if leg.to.is_empty() || !is_anybody_rung || others().any(|other| other.side == Side::Outside) {
            return;
        }
        let mut call = Call::new(leg.group.0.clone(), Way::Internal, leg.group.clone(), now);
        call.owner = Some(leg.leg.clone());
        call.from.clone_from(&leg.from);
        call.to.clone_from(&leg.to);
        call.caller.clone_from(&leg.person.number);
        for other in others().filter(|other| !other.calls) {
            call.rings_at(other.leg.clone(), other.side, &other.person);
        }
        self.begin_late(call, leg, now);
    }

    fn begin_late(&mut self, call: Call, leg: &Standing, now: Duration) {
        let number = self.begin(call);
        self.announce(number);
        if let Some(taker) = leg.talks_to.clone() {
            self.answered(number, taker, now);
        }
    }
}
