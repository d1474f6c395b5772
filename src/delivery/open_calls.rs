//! What a stream of events says of the calls in it.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::event::{CallId, Direction, EventKind, Known};

/// The calls of a stream of events that are open.
#[derive(Debug, Default)]
pub struct OpenCalls {
    /// by a hash of the call id, as ids may be long; some thousand of 64 bits hardly ever meet
    calls: HashMap<u64, Call>,
    /// oldest first; some of them over
    order: VecDeque<(u64, u64)>,
    begun: u64,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Call {
    known: Known,
    /// tells it from another one that had the same id before
    number: u64,
}

impl OpenCalls {
    /// A phone system with more calls at a time is no phone system; what is older is forgotten,
    /// so that a stream of any length takes the same memory.
    const MOST: usize = 4_096;

    /// What is known of a call.
    pub fn known(&self, call_id: &CallId) -> Known {
        self.calls.get(&self.hasher.hash_one(call_id)).map_or_else(Known::default, |call| call.known)
    }

    /// What is known of a call before an event of it; afterwards the event itself is known. `direction` is
    /// what it says.
    pub fn follow(&mut self, kind: EventKind, call_id: &CallId, direction: Option<Direction>) -> Known {
        let hash = self.hasher.hash_one(call_id);
        if kind == EventKind::Hangup {
            return self.calls.remove(&hash).unwrap_or_default().known;
        }
        let call = self.calls.entry(hash).or_insert_with(|| {
            self.begun += 1;
            self.order.push_back((hash, self.begun));
            Call { known: Known::default(), number: self.begun }
        });
        let before = call.known;
        match kind {
            EventKind::NewCall => {
                call.known.direction = call.known.direction.or(direction);
                call.known.answered.get_or_insert(false);
            }
            EventKind::Answer => call.known.answered = Some(true),
            EventKind::Hangup => {}
        }
        if self.order.len() > Self::MOST
            && let Some((hash, number)) = self.order.pop_front()
            && self.calls.get(&hash).is_some_and(|call| call.number == number)
        {
            self.calls.remove(&hash);
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(calls: &mut OpenCalls, kind: EventKind, direction: Direction) -> Known {
        calls.follow(kind, &"7".parse().unwrap(), Some(direction))
    }

    #[test]
    fn a_stream_remembers_its_open_calls_and_no_more() {
        let mut calls = OpenCalls::default();
        let outbound = Some(Direction::Outbound);
        assert_eq!(follow(&mut calls, EventKind::NewCall, Direction::Outbound), Known::default());
        let ringing = Known { direction: outbound, answered: Some(false), ..Known::default() };
        assert_eq!(follow(&mut calls, EventKind::Answer, Direction::Inbound), ringing);
        let talking = Known { direction: outbound, answered: Some(true), ..Known::default() };
        assert_eq!(follow(&mut calls, EventKind::Hangup, Direction::Inbound), talking);
        assert_eq!(follow(&mut calls, EventKind::Hangup, Direction::Inbound), Known::default());
        for id in 0..OpenCalls::MOST * 3 {
            calls.follow(EventKind::NewCall, &id.to_string().parse().unwrap(), Some(Direction::Inbound));
        }
        assert_eq!(calls.calls.len(), OpenCalls::MOST);
        assert_eq!(calls.order.len(), OpenCalls::MOST);
    }

    #[test]
    fn an_answer_without_its_new_call_is_remembered_and_stays_one() {
        let mut calls = OpenCalls::default();
        follow(&mut calls, EventKind::Answer, Direction::Inbound);
        follow(&mut calls, EventKind::NewCall, Direction::Inbound);
        let talking = Known { direction: Some(Direction::Inbound), answered: Some(true), ..Known::default() };
        assert_eq!(follow(&mut calls, EventKind::Hangup, Direction::Inbound), talking);
    }

    #[test]
    fn an_id_that_is_used_again_is_another_call() {
        let mut calls = OpenCalls::default();
        follow(&mut calls, EventKind::NewCall, Direction::Inbound);
        follow(&mut calls, EventKind::Hangup, Direction::Inbound);
        follow(&mut calls, EventKind::NewCall, Direction::Outbound);
        for id in 0..OpenCalls::MOST - 1 {
            let call_id = format!("other-{id}").parse().unwrap();
            calls.follow(EventKind::NewCall, &call_id, Some(Direction::Inbound));
        }
        let ringing =
            Known { direction: Some(Direction::Outbound), answered: Some(false), ..Known::default() };
        assert_eq!(follow(&mut calls, EventKind::Hangup, Direction::Inbound), ringing);
    }
}
