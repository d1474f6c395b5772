//! Events of which a proxy said that it does not reach Zammad.
//!
//! Such an event goes again when Zammad was found there. If the proxy then says the same, Zammad may have gone down with
//! the event written down, although nobody is there right after: see [`Case::found_again`](super::super::verdict::Case).

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::spool::{Position, Waiting};

/// What a sender remembers of them. Another process that sends them finds Zammad there itself.
#[derive(Debug, Default)]
pub(super) struct TurnedAway(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Zammad took nothing when this one began, and was found there.
    found_again: bool,
    here: HashSet<Position>,
}

impl TurnedAway {
    /// Zammad took nothing, and was found there before anything was sent.
    pub fn found_again(&self) {
        self.known(|known| known.found_again = true);
    }

    /// Whether Zammad was found there since the last attempt of an event, which failed.
    pub fn was_found_for(&self, event: &Waiting) -> bool {
        event.attempts > 0 && self.known(|known| known.found_again || known.here.contains(&event.position))
    }

    /// Takes note of what became of an attempt.
    pub fn note(&self, position: Position, is_turned_away: bool) {
        self.known(|known| match is_turned_away {
            true => known.here.insert(position),
            false => known.here.remove(&position),
        });
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        // Nothing is done while it is locked that could leave half of it.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
