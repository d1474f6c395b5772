//! Who waits to hear what becomes of what was said: a sender of requests, who is answered when its events are safe.

use std::collections::{HashMap, HashSet};

use super::lost::Lost;
use crate::bridge::fact::LegId;
use crate::bridge::source::{Fate, Waits};
use crate::bridge::tracker::{CallNumber, Tracker};
use crate::event::WrittenEvent;

/// Those who wait, by the call that they told of.
#[derive(Default)]
pub struct Waiting {
    by_call: HashMap<CallNumber, Told>,
    /// calls of which something has become known
    changed: HashSet<CallNumber>,
    /// what their senders were told that nobody has
    lost: Lost,
}

#[derive(Default)]
struct Told {
    waits: Vec<Waits>,
    /// what they call it
    names: Vec<LegId>,
    /// events that were sent off, and of which nothing final is known
    under_way: usize,
    /// those of them that the spool has
    kept: usize,
    /// Nobody will have one of its events.
    is_lost: bool,
    is_rejected: bool,
}

impl Waiting {
    /// Somebody has told of a call; `about` is what they call it. If it is none, nothing follows.
    ///
    /// What was lost of it is to be sent off now, before what follows from this: a sender that was told of a loss
    /// says the same again, from which nothing new follows.
    pub fn enter(
        &mut self,
        call: Option<CallNumber>,
        about: Option<(LegId, LegId)>,
        waits: Waits,
    ) -> Vec<(CallNumber, WrittenEvent)> {
        let names: Vec<_> = about.into_iter().flat_map(|(leg, group)| [leg, group]).collect();
        // It may be over, and its end be what is lost.
        let Some(call) = call.or_else(|| self.lost.call_of(&names)) else {
            waits.tell(Fate::Decided { is_rejected: false });
            return Vec::new();
        };
        let told = self.by_call.entry(call).or_default();
        told.waits.push(waits);
        told.names.extend(names);
        self.changed.insert(call);
        if told.under_way > 0 {
            // Behind these it would come too late. They are lost to this sender as well, and it will say so again.
            return Vec::new();
        }
        told.is_lost = false;
        self.lost.take(call).into_iter().map(|event| (call, event)).collect()
    }

    /// An event of a call is sent off.
    pub fn is_under_way(&mut self, call: CallNumber) {
        self.change(call, |told| told.under_way += 1);
    }

    /// The spool has an event of a call.
    pub fn is_kept(&mut self, call: CallNumber) {
        self.change(call, |told| told.kept += 1);
    }

    /// It is known what became of an event of a call. `again`: the event, if it was lost and can be sent once more.
    pub fn is_done(&mut self, call: CallNumber, fate: Fate, again: Option<WrittenEvent>) {
        if let Some(event) = again {
            let told = self.by_call.get(&call);
            self.lost.keep(call, told.map(|told| told.names.as_slice()), event);
        }
        self.change(call, |told| {
            told.under_way = told.under_way.saturating_sub(1);
            // Of a call one event at a time is on its way.
            told.kept = 0;
            match fate {
                Fate::Lost => told.is_lost = true,
                Fate::Decided { is_rejected } => told.is_rejected |= is_rejected,
                Fate::UnderWay | Fate::Safe => {}
            }
        });
    }

    fn change(&mut self, call: CallNumber, change: impl FnOnce(&mut Told)) {
        if let Some(told) = self.by_call.get_mut(&call) {
            change(told);
            self.changed.insert(call);
        }
    }

    /// Tells those whose call has nothing on its way that could be lost.
    pub fn settle(&mut self, tracker: &Tracker) {
        let by_call = &mut self.by_call;
        // What waits to be reported will be looked at again.
        self.changed.retain(|call| {
            let is_due = tracker.is_due(*call);
            if !is_due
                && let Some(told) = by_call.get(call)
                && told.tell()
            {
                by_call.remove(call);
            }
            is_due
        });
    }
}

impl Told {
    /// Tells everybody how far it is; whether that is the end.
    fn tell(&self) -> bool {
        let is_over = self.under_way == 0;
        let fate = if is_over && self.is_lost {
            Fate::Lost
        } else if is_over {
            Fate::Decided { is_rejected: self.is_rejected }
        } else if self.kept >= self.under_way && !self.is_lost {
            Fate::Safe
        } else {
            return false;
        };
        self.waits.iter().for_each(|waits| waits.tell(fate));
        is_over
    }
}
