//! The calls whose newCall Zammad has taken, for a process that brings all of their events.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::mem::take;
use std::sync::{Mutex, PoisonError};

use crate::event::{CallId, EventKind};

/// The last few thousand of them that are open, so that a stream of any length takes the same memory.
#[derive(Debug, Default)]
pub struct TakenCalls {
    generations: Mutex<[HashSet<u64>; 2]>,
    hasher: RandomState,
}

impl TakenCalls {
    /// When so many more are there, those before them are forgotten.
    const GENERATION: usize = 4_096;

    pub fn has(&self, call_id: &CallId) -> bool {
        let call = self.hasher.hash_one(call_id);
        self.with(|calls| calls.iter().any(|calls| calls.contains(&call)))
    }

    /// Notes an event that Zammad has taken.
    pub fn follow(&self, kind: EventKind, call_id: &CallId) {
        let call = self.hasher.hash_one(call_id);
        self.with(|[young, old]| match kind {
            EventKind::NewCall => {
                if young.len() >= Self::GENERATION {
                    *old = take(young);
                }
                young.insert(call);
            }
            EventKind::Answer => {}
            EventKind::Hangup => {
                young.remove(&call);
                old.remove(&call);
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut [HashSet<u64>; 2]) -> T) -> T {
        // Nothing is done while it is locked that could leave half of it.
        work(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_from_its_new_call_to_its_hangup_and_there_is_a_most() {
        let calls = TakenCalls::default();
        let id = |number: usize| number.to_string().parse().unwrap();
        assert!(!calls.has(&id(0)));
        calls.follow(EventKind::Answer, &id(0));
        assert!(!calls.has(&id(0)));
        calls.follow(EventKind::NewCall, &id(0));
        assert!(calls.has(&id(0)));
        calls.follow(EventKind::Hangup, &id(0));
        assert!(!calls.has(&id(0)));
        for number in 0..TakenCalls::GENERATION * 3 {
            calls.follow(EventKind::NewCall, &id(number));
        }
        assert!(calls.has(&id(TakenCalls::GENERATION * 3 - 1)) && calls.has(&id(TakenCalls::GENERATION)));
        assert!(!calls.has(&id(0)));
    }
}
