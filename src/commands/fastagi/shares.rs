//! How much of the spool a stranger may fill: never what others need.
//!
//! Whoever `--user` names or knows the secret has no such bound: all of his events are kept, as far as the
//! spool has room. Of everybody else it is counted what is kept for him, and he may have as much as is free
//! for others, and new calls only half of that, so that those that are kept get their end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zammad_cti::client::in_full;
use zammad_cti::config::{Config, SpoolMode};
use zammad_cti::event::{CallEvent, EventKind};
use zammad_cti::spool::{Moment, SharedSpool};

use super::guest::Guest;

/// How long a look into the spool may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Events, and the bytes of their text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Amount {
    events: u64,
    bytes: u64,
}

impl Amount {
    fn map(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self { events: of(self.events, other.events), bytes: of(self.bytes, other.bytes) }
    }
}

/// What strangers have in the spool.
pub struct Shares {
    spool: Option<SharedSpool>,
    book: Mutex<Book>,
}

/// The counting, without a spool.
#[derive(Default)]
struct Book {
    room: Amount,
    /// by all
    taken: Amount,
    /// what was kept since the last time that nothing was
    of_guest: HashMap<Guest, Amount>,
    was_looked: bool,
}

/// What is set aside for an event on its way.
#[derive(Debug)]
pub struct Reserved {
    guest: Guest,
    amount: Amount,
}

/// A stranger has too much in the spool.
#[derive(Debug, thiserror::Error)]
#[error("too many events of {0} wait in the spool; --user or a secret lifts this bound")]
pub struct Hoard(Guest);

impl Shares {
    pub fn new(config: &Config) -> Self {
        let spool = config.spool.as_ref().filter(|spool| spool.mode != SpoolMode::Never);
        let room = spool.map_or_else(Amount::default, |spool| Amount {
            events: spool.max_events,
            bytes: spool.max_bytes,
        });
        let spool =
            spool.zip(config.endpoint().ok()).map(|(spool, endpoint)| SharedSpool::new(spool, endpoint));
        Self { spool, book: Mutex::new(Book { room, ..Book::default() }) }
    }

    /// Sets aside what a stranger's event would take in the spool.
    ///
    /// # Errors
    ///
    /// It is too much.
    pub fn reserve(&self, guest: Guest, event: &CallEvent) -> Result<Option<Reserved>, Hoard> {
        if self.spool.is_none() {
            return Ok(None);
        }
        // As the spool writes it.
        let bytes = serde_json::to_string(event).map_or(0, |text| text.len() as u64);
        self.book().reserve(guest, event.kind, bytes).map(Some).ok_or(Hoard(guest))
    }

    /// The event is kept, or it does not need the room.
    pub fn settle(&self, reserved: Reserved, is_kept: bool) {
        if !is_kept {
            self.book().release(&reserved);
        }
    }

    /// Looks how much there is, as events leave the spool by others' doing.
    pub async fn look(&self) {
        let Some(spool) = &self.spool else { return };
        if self.book().needs_no_look() {
            return;
        }
        match spool.with_begun(PATIENCE, |spool| spool.totals(Moment::now())).await {
            Ok(totals) => {
                let totals = totals.unwrap_or_default();
                // What is at rest makes room for what waits.
                self.book().look(Amount { events: totals.waiting, bytes: totals.bytes });
            }
            Err(error) => log::debug!("how much is in the spool: {}", in_full(&error)),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn reserve(&mut self, guest: Guest, kind: EventKind, bytes: u64) -> Option<Reserved> {
        let own = self.of_guest.get(&guest).copied().unwrap_or_default();
        let free = self.room.map(self.taken, u64::saturating_sub);
        let factor = match kind {
            EventKind::NewCall => 2,
            EventKind::Answer | EventKind::Hangup => 1,
        };
        let is_much = |own: u64, free: u64| own > 0 && own.saturating_mul(factor) >= free;
        if is_much(own.events, free.events) || is_much(own.bytes, free.bytes) {
            return None;
        }
        let amount = Amount { events: 1, bytes };
        self.of_guest.insert(guest, own.map(amount, u64::saturating_add));
        self.taken = self.taken.map(amount, u64::saturating_add);
        Some(Reserved { guest, amount })
    }

    fn release(&mut self, reserved: &Reserved) {
        self.taken = self.taken.map(reserved.amount, u64::saturating_sub);
        if let Some(own) = self.of_guest.get_mut(&reserved.guest) {
            *own = own.map(reserved.amount, u64::saturating_sub);
            if own.events == 0 {
                self.of_guest.remove(&reserved.guest);
            }
        }
    }

    fn needs_no_look(&self) -> bool {
        self.was_looked && self.of_guest.is_empty()
    }

    /// Nobody has more in the spool than there is.
    fn look(&mut self, taken: Amount) {
        self.was_looked = true;
        self.taken = taken;
        self.of_guest.retain(|_, own| {
            *own = own.map(taken, u64::min);
            own.events > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Guest = Guest::User(65534);
    const ASTERISK: Guest = Guest::User(998);

    fn book(events: u64, bytes: u64) -> Book {
        Book { room: Amount { events, bytes }, ..Book::default() }
    }

    fn keep_all(book: &mut Book, guest: Guest, kind: EventKind, bytes: u64) -> usize {
        std::iter::from_fn(|| book.reserve(guest, kind, bytes)).take(100_000).count()
    }

    #[test]
    fn one_guest_leaves_room_for_the_next() {
        let mut book = book(9000, 1_000_000_000);
        // A third for new calls, and more for their ends.
        assert_eq!(keep_all(&mut book, NOBODY, EventKind::NewCall, 100), 3000);
        assert_eq!(keep_all(&mut book, NOBODY, EventKind::Hangup, 100), 1500);
        assert_eq!(keep_all(&mut book, ASTERISK, EventKind::NewCall, 100), 1500);
        assert_eq!(keep_all(&mut book, ASTERISK, EventKind::Hangup, 100), 750);
        assert_eq!(keep_all(&mut book, NOBODY, EventKind::Hangup, 100), 0);
    }

    #[test]
    fn large_events_count_by_their_size() {
        let mut book = book(1_000_000, 1_000_000);
        assert_eq!(keep_all(&mut book, NOBODY, EventKind::Hangup, 10_000), 50);
        assert_eq!(keep_all(&mut book, ASTERISK, EventKind::Hangup, 100), 2500);
    }

    #[test]
    fn what_has_gone_does_not_count() {
        let mut book = book(900, 1_000_000);
        let reserved = book.reserve(NOBODY, EventKind::NewCall, 100).unwrap();
        book.release(&reserved);
        assert_eq!((book.taken, book.of_guest.len()), (Amount::default(), 0));
        assert_eq!(keep_all(&mut book, NOBODY, EventKind::NewCall, 100), 300);
        assert!(!book.needs_no_look());
        book.look(Amount { events: 10, bytes: 1000 });
        assert!(book.reserve(NOBODY, EventKind::NewCall, 100).is_some());
        book.look(Amount::default());
        assert!(book.needs_no_look());
    }
}
