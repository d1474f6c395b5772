//! Events that wait: for a connection, or for the event of their call that is on its way.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use crate::event::CallId;

/// The events of each call go one behind the other, in the order in which they came. Calls do not wait for each
/// other.
pub struct Queue<E> {
    /// in the order in which they came
    waiting: VecDeque<Waiting<E>>,
    /// of each call with an event on its way: those that came up meanwhile
    behind: HashMap<CallId, VecDeque<E>>,
}

/// An event, and whose order it keeps.
pub struct Waiting<E> {
    pub call: Option<CallId>,
    pub event: E,
}

impl<E> Queue<E> {
    pub fn new() -> Self {
        Self { waiting: VecDeque::new(), behind: HashMap::new() }
    }

    pub fn push(&mut self, waiting: Waiting<E>) {
        self.waiting.push_back(waiting);
    }

    /// The first event that no other one of its call is before. It counts as on its way until it has
    /// [`ended`](Self::ended).
    pub fn pop(&mut self) -> Option<Waiting<E>> {
        while let Some(Waiting { call, event }) = self.waiting.pop_front() {
            match call.as_ref().map(|call| self.behind.entry(call.clone())) {
                Some(Entry::Occupied(mut others)) => others.get_mut().push_back(event),
                Some(Entry::Vacant(none)) => {
                    none.insert(VecDeque::new());
                    return Some(Waiting { call, event });
                }
                None => return Some(Waiting { call, event }),
            }
        }
        None
    }

    /// The event of this call that was on its way has ended. Tells the next one of the call, which is on its way
    /// from now on: whatever is in [`pop`](Self::pop) came later.
    pub fn ended(&mut self, call: CallId) -> Option<Waiting<E>> {
        let Entry::Occupied(mut behind) = self.behind.entry(call) else { return None };
        match behind.get_mut().pop_front() {
            Some(event) => Some(Waiting { call: Some(behind.key().clone()), event }),
            None => {
                behind.remove();
                None
            }
        }
    }

    /// Whether [`pop`](Self::pop) may have one.
    pub fn may_have_more(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.behind.values().map(VecDeque::len).sum::<usize>()
    }

    /// Takes out all that waits, the events of a call in their order.
    pub fn empty(&mut self) -> Vec<E> {
        let mut all: Vec<_> = self.behind.values_mut().flat_map(|behind| behind.drain(..)).collect();
        all.extend(self.waiting.drain(..).map(|waiting| waiting.event));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> CallId {
        id.parse().unwrap()
    }

    /// Events are called by their call and a number.
    fn queue(events: &[&'static str]) -> Queue<&'static str> {
        let mut queue = Queue::new();
        for &event in events {
            queue.push(Waiting { call: Some(call(&event[..1])), event });
        }
        queue
    }

    fn next(queue: &mut Queue<&'static str>) -> Option<&'static str> {
        queue.pop().map(|next| next.event)
    }

    #[test]
    fn a_call_has_one_event_on_its_way() {
        let mut queue = queue(&["a1", "a2", "b1", "a3", "b2"]);
        assert_eq!(next(&mut queue), Some("a1"));
        assert_eq!(next(&mut queue), Some("b1"));
        assert_eq!(next(&mut queue), None, "the others are behind these");
        let mut after = |id| queue.ended(call(id)).map(|next| next.event);
        assert_eq!(after("a"), Some("a2"));
        assert_eq!(after("a"), Some("a3"));
        assert_eq!(after("b"), Some("b2"));
        assert_eq!(after("a"), None);
        assert_eq!(after("b"), None);
        assert!(queue.behind.is_empty(), "nothing is left of calls that are over");
    }

    #[test]
    fn what_keeps_no_order_waits_for_no_other() {
        let mut queue = Queue::new();
        for event in ["1", "2"] {
            queue.push(Waiting { call: None, event });
        }
        assert_eq!(next(&mut queue), Some("1"));
        assert_eq!(next(&mut queue), Some("2"));
    }
}
