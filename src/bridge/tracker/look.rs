//! A look at a call while it is under way, for the live page.

use super::{CallNumber, Reason, Tracker};
use crate::bridge::fact::LegId;
use crate::event::Direction;

/// A call as it is known at present.
#[derive(Debug)]
pub struct Glimpse<'a> {
    /// its id
    pub id: &'a str,
    /// which way it goes
    pub direction: Direction,
    /// who calls, if that is a number
    pub from: Option<&'a str>,
    /// who is called
    pub to: &'a str,
    /// the first queue that it came to
    pub queue: Option<&'a str>,
    /// the line that it crosses the trunk by
    pub trunk: Option<&'a str>,
    /// who took it
    pub answered_by: Option<&'a str>,
    /// somebody did
    pub is_answered: bool,
    /// a voicemail box did
    pub is_voicemail: bool,
    /// why it is not reported, as far as it has come
    pub unreported: Option<Reason>,
}

impl Tracker {
    /// The call that a leg belongs to.
    pub fn call_of(&self, leg: &LegId, group: &LegId) -> Option<CallNumber> {
        self.by_leg.get(leg).or_else(|| self.by_group.get(group)).copied()
    }

    /// Whether a call waits to be reported.
    pub fn is_due(&self, call: CallNumber) -> bool {
        self.calls.get(&call).is_some_and(|call| call.due.is_some())
    }

    /// A call that is under way.
    pub fn glimpse(&self, call: CallNumber) -> Option<Glimpse<'_>> {
        let call = self.calls.get(&call)?;
        Some(Glimpse {
            id: &call.id,
            direction: call.direction(),
            from: call.from.as_deref(),
            to: &call.to,
            queue: call.queue.as_deref(),
            trunk: call.trunk.as_deref(),
            answered_by: call.answered_by.as_deref(),
            is_answered: call.answered.is_some(),
            is_voicemail: call.is_voicemail,
            unreported: self.rules.forbids(call).filter(|_| !call.is_announced),
        })
    }
}
