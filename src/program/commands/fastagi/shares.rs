//! How much of the spool a stranger may fill: never what others need.
//!
//! Whoever `--user` names or knows the secret has no such bound: all of his events are kept, as far as the
//! spool has room. Of everybody else it is counted what is kept for him, and he may have as much as is free
//! for others, and new calls only half of that, so that those that are kept get their end.

use std::collections::HashMap;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::in_full;
use crate::config::{Config, SpoolConfig, SpoolMode};
use crate::event::{CallEvent, EventKind};
use crate::spool::{Moment, SharedSpool, address};

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

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.map(other, u64::saturating_add)
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.map(other, u64::saturating_sub)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

/// What strangers have in the spool.
pub struct Shares {
    spool: Option<SharedSpool>,
    /// which it is: its file, and for which Zammad
    which: Option<(PathBuf, String)>,
    book: Mutex<Book>,
}

/// The counting, without a spool.
#[derive(Default)]
struct Book {
    room: Amount,
    /// what is in the spool, as far as it is known
    kept: Amount,
    /// what was kept while somebody looks, who may not have seen it
    kept_meanwhile: Amount,
    /// what is set aside for all events on their way, of which a look sees nothing
    under_way: Amount,
    /// what was kept since the last time that nothing was
    of_guest: HashMap<Guest, Share>,
    was_looked: bool,
}

/// What one of them has.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    kept: Amount,
    under_way: Amount,
}

impl Share {
    fn all(self) -> Amount {
        self.kept + self.under_way
    }
}

/// What is set aside for an event on its way.
#[derive(Debug)]
pub struct Reserved {
    guest: Guest,
    amount: Amount,
}

/// A stranger has too much in the spool.
#[derive(Debug, thiserror::Error)]
#[error("too many events of {0} wait in the spool; --user or a secret lifts this limit")]
pub struct Hoard(Guest);

impl Shares {
    pub fn new(config: &Config) -> Self {
        let spool = used(config);
        let room = spool.map_or_else(Amount::default, |spool| Amount {
            events: spool.max_events,
            bytes: spool.max_bytes,
        });
        let spool =
            spool.zip(config.endpoint().ok()).map(|(spool, endpoint)| SharedSpool::new(spool, endpoint));
        Self { spool, which: which(config), book: Mutex::new(Book { room, ..Book::default() }) }
    }

    /// The same strangers with another configuration: if the spool is the same, they have what they had.
    pub fn of_next(self: &Arc<Self>, config: &Config) -> Arc<Self> {
        let next = Self::new(config);
        if next.which != self.which {
            return Arc::new(next);
        }
        let room = next.book().room;
        self.book().room = room;
        self.clone()
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
        self.book().settle(&reserved, is_kept);
    }

    /// Looks how much there is, as events leave the spool by others' doing.
    pub async fn look(&self) {
        let Some(spool) = &self.spool else { return };
        {
            let mut book = self.book();
            if book.needs_no_look() {
                return;
            }
            book.begin_look();
        }
        match spool.totals(PATIENCE, Moment::now()).await {
            Ok(totals) => {
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

/// The spool that events are kept in.
fn used(config: &Config) -> Option<&SpoolConfig> {
    config.spool.as_ref().filter(|spool| spool.mode != SpoolMode::Never)
}

fn which(config: &Config) -> Option<(PathBuf, String)> {
    let (spool, endpoint) = used(config).zip(config.endpoint().ok())?;
    Some((spool.path.clone(), address(endpoint)))
}

impl Book {
    fn reserve(&mut self, guest: Guest, kind: EventKind, bytes: u64) -> Option<Reserved> {
        let own = self.own(guest);
        let free = self.room - (self.kept + self.under_way);
        let factor = match kind {
            EventKind::NewCall => 2,
            EventKind::Answer | EventKind::Hangup => 1,
        };
        let is_much = |own: u64, free: u64| own > 0 && own.saturating_mul(factor) >= free;
        if is_much(own.events, free.events) || is_much(own.bytes, free.bytes) {
            return None;
        }
        let amount = Amount { events: 1, bytes };
        let share = self.of_guest.entry(guest).or_default();
        share.under_way = share.under_way + amount;
        self.under_way = self.under_way + amount;
        Some(Reserved { guest, amount })
    }

    /// What counts as a guest's. One whose user cannot be found may be any user of this machine, so it has
    /// what they all have: nobody gets a second share by hiding.
    fn own(&self, guest: Guest) -> Amount {
        match guest {
            Guest::User(_) | Guest::Address(_) => {
                self.of_guest.get(&guest).copied().unwrap_or_default().all()
            }
            Guest::Unknown => {
                let local = self.of_guest.iter().filter(|(guest, _)| guest.is_local());
                local.map(|(_, share)| share.all()).sum()
            }
        }
    }

    fn settle(&mut self, reserved: &Reserved, is_kept: bool) {
        let Reserved { guest, amount } = *reserved;
        self.under_way = self.under_way - amount;
        let share = self.of_guest.entry(guest).or_default();
        share.under_way = share.under_way - amount;
        if is_kept {
            share.kept = share.kept + amount;
            self.kept = self.kept + amount;
            self.kept_meanwhile = self.kept_meanwhile + amount;
        } else if share.all() == Amount::default() {
            self.of_guest.remove(&guest);
        }
    }

    fn needs_no_look(&self) -> bool {
        self.was_looked && self.of_guest.is_empty()
    }

    fn begin_look(&mut self) {
        self.kept_meanwhile = Amount::default();
    }

    /// Nobody has more in the spool than there is. What is on its way there stays counted.
    fn look(&mut self, seen: Amount) {
        self.was_looked = true;
        self.kept = seen + self.kept_meanwhile;
        self.of_guest.retain(|_, share| {
            share.kept = share.kept.map(self.kept, u64::min);
            share.all().events > 0
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

    fn see(book: &mut Book, events: u64) {
        book.begin_look();
        book.look(Amount { events, bytes: events * 100 });
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
        book.settle(&reserved, false);
        assert_eq!(
            (book.under_way, book.kept, book.of_guest.len()),
            (Amount::default(), Amount::default(), 0)
        );
        for _ in 0..300 {
            let reserved = book.reserve(NOBODY, EventKind::NewCall, 100).unwrap();
            book.settle(&reserved, true);
        }
        assert!(book.reserve(NOBODY, EventKind::NewCall, 100).is_none());
        assert!(!book.needs_no_look());
        see(&mut book, 10);
        let reserved = book.reserve(NOBODY, EventKind::NewCall, 100).unwrap();
        book.settle(&reserved, true);
        see(&mut book, 0);
        assert!(book.needs_no_look());
    }

    #[test]
    fn what_is_on_its_way_counts_whatever_is_in_the_spool() {
        let mut book = book(900, 1_000_000);
        let reserve = |book: &mut Book| book.reserve(NOBODY, EventKind::NewCall, 100);
        let under_way: Vec<_> = std::iter::from_fn(|| reserve(&mut book)).take(900).collect();
        assert_eq!(under_way.len(), 300);
        see(&mut book, 0);
        assert!(reserve(&mut book).is_none());
        // Half of them arrive, some of which nobody has seen yet.
        let (first, rest) = under_way.split_at(150);
        first.iter().for_each(|reserved| book.settle(reserved, true));
        see(&mut book, 150);
        assert!(reserve(&mut book).is_none());
        book.begin_look();
        rest.iter().for_each(|reserved| book.settle(reserved, true));
        book.look(Amount { events: 200, bytes: 20_000 });
        assert!(reserve(&mut book).is_none());
        see(&mut book, 300);
        assert!(reserve(&mut book).is_none());
        see(&mut book, 290);
        assert_eq!(std::iter::from_fn(|| reserve(&mut book)).take(900).count(), 10);
    }

    #[test]
    fn who_hides_has_no_second_share() {
        let mut book = book(9000, 1_000_000_000);
        assert_eq!(keep_all(&mut book, NOBODY, EventKind::NewCall, 100), 3000);
        assert_eq!(keep_all(&mut book, Guest::Unknown, EventKind::NewCall, 100), 0);
        // Asterisk has its own whoever hides, and an address is not of this machine.
        assert_eq!(keep_all(&mut book, ASTERISK, EventKind::NewCall, 100), 2000);
        let mut book = self::book(9000, 1_000_000_000);
        let other = Guest::Address([192, 0, 2, 7].into());
        assert_eq!(keep_all(&mut book, other, EventKind::NewCall, 100), 3000);
        assert_eq!(keep_all(&mut book, Guest::Unknown, EventKind::NewCall, 100), 2000);
    }
}
