//! Events that nobody has, until their senders say the same again.

use std::collections::{HashMap, VecDeque};

use crate::bridge::fact::LegId;
use crate::bridge::tracker::CallNumber;
use crate::event::WrittenEvent;

/// How many calls may have some: those that have had them for longest are given up.
const MOST: usize = 1024;

/// Events that neither Zammad nor the spool has, by their calls.
#[derive(Default)]
pub struct Lost {
    by_call: HashMap<CallNumber, OfCall>,
    /// by what their senders call them: such a call may be over
    by_name: HashMap<LegId, CallNumber>,
    in_order: VecDeque<CallNumber>,
}

#[derive(Default)]
struct OfCall {
    events: Vec<WrittenEvent>,
    names: Vec<LegId>,
}

impl Lost {
    /// Keeps an event of a call, behind those that it has. `names`: what its senders call it, if one has told of it; of
    /// a call that no sender has told of, or whose senders know of nothing that was lost, nobody will say anything again.
    pub fn keep(&mut self, call: CallNumber, names: Option<&[LegId]>, event: WrittenEvent) {
        if names.is_none() && !self.by_call.contains_key(&call) {
            return;
        }
        if !self.by_call.contains_key(&call) {
            self.in_order.push_back(call);
            if self.in_order.len() > MOST
                && let Some(oldest) = self.in_order.pop_front()
            {
                self.remove(oldest);
            }
        }
        let lost = self.by_call.entry(call).or_default();
        lost.events.push(event);
        for name in names.unwrap_or_default() {
            if !lost.names.contains(name) {
                lost.names.push(name.clone());
                self.by_name.insert(name.clone(), call);
            }
        }
    }

    /// The call of that name which has lost events.
    pub fn call_of(&self, names: &[LegId]) -> Option<CallNumber> {
        names.iter().find_map(|name| self.by_name.get(name)).copied()
    }

    /// Those of a call, in their order. They are no longer here.
    pub fn take(&mut self, call: CallNumber) -> Vec<WrittenEvent> {
        if !self.by_call.contains_key(&call) {
            return Vec::new();
        }
        self.in_order.retain(|other| *other != call);
        self.remove(call)
    }

    fn remove(&mut self, call: CallNumber) -> Vec<WrittenEvent> {
        let OfCall { events, names } = self.by_call.remove(&call).unwrap_or_default();
        for name in names {
            if self.by_name.get(&name) == Some(&call) {
                self.by_name.remove(&name);
            }
        }
        events
    }
}
