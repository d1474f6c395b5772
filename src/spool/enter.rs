//! What an event that is about to be sent finds before it.

use rusqlite::{Connection, OptionalExtension};

use super::file::Durable;
use super::{Moment, Spool, SpoolError, journal, waiting};
use crate::event::{CallEvent, CallId, EventKind};
use crate::rules;

/// An event that comes to the spool, with what its sender knows of it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) event: CallEvent,
    /// by which later events may name the call
    pub(crate) key: Option<String>,
    /// whether its call was answered, as far as is known
    pub(crate) answered: Option<bool>,
}

/// Whether an event has its call's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    InTurn,
    /// others had it for too long
    Late,
}

/// What an event finds before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    Nothing,
    /// they wait in the spool, or are about to
    EventsOfItsCall,
    SameEvent,
    /// one that was begun, and has no end
    PerhapsSameEvent,
}

impl Spool {
    /// Looks what is before an event; if nothing is, the journal notes that the event goes at once, in
    /// one change with a second look, so that no other event of the call comes between.
    ///
    /// A journal that takes no note, as on a full disk, keeps no event from going.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(crate) fn enter(&mut self, entry: &Entry, order: Order, now: Moment) -> Result<Earlier, SpoolError> {
        // Who only reads waits for nobody: an event that does not go at once knows it although others
        // have the file for long.
        let seen = self.read(|db, address| before(db, address, entry, order))?;
        if seen != Earlier::Nothing {
            return Ok(seen);
        }
        let entered = self.change(Durable::No, |db, address| {
            let earlier = before(db, address, entry, order)?;
            if earlier == Earlier::Nothing {
                journal::note(db, address, &entry.event, entry.key.as_deref(), now)?;
            }
            Ok(earlier)
        });
        Ok(entered.unwrap_or_else(|error| {
            let call_id = &entry.event.call_id;
            log::warn!("call {call_id} is not in the journal: {}", crate::client::in_full(&error));
            seen
        }))
    }

    /// Reads what [`enter`](Self::enter) will ask for, so that it comes from memory then.
    pub(super) fn read_ahead(&mut self, call_id: &CallId) -> Result<(), SpoolError> {
        self.read(|db, address| waiting::has_waiting(db, address, call_id.as_str())).map(drop)
    }
}

fn before(db: &Connection, address: &str, entry: &Entry, order: Order) -> rusqlite::Result<Earlier> {
    let call_id = entry.event.call_id.as_str();
    if entry.event.kind == EventKind::Hangup {
        if journal::has_hangup(db, address, call_id)? {
            return Ok(Earlier::SameEvent);
        }
        if has_begun_hangup(db, address, call_id)? && !rules::repeat_is_safe(&entry.event, entry.answered) {
            return Ok(Earlier::PerhapsSameEvent);
        }
    }
    if order == Order::Late || waiting::has_waiting(db, address, call_id)? {
        return Ok(Earlier::EventsOfItsCall);
    }
    Ok(Earlier::Nothing)
}

/// Whether a hangup of the call was begun, and nobody knows what became of it.
fn has_begun_hangup(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT hangup = 1 FROM call WHERE address = ? AND call_id = ? ORDER BY number DESC LIMIT 1";
    let begun = db.prepare_cached(sql)?.query_row([address, call_id], |row| row.get(0)).optional()?;
    Ok(begun.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::{Folder, begin, call, entry, event, keep};

    #[test]
    fn an_event_enters_behind_what_waits_and_not_beside_another_hangup() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        begin(&mut spool, &event(NewCall, "begun"), None, now);
        begin(&mut spool, &event(Hangup, "begun"), None, now);
        keep(&mut spool, NewCall, "waits");
        keep(&mut spool, Hangup, "ended");
        // (the event, whether its call was answered, its order, what it finds)
        let cases = [
            (event(NewCall, "new"), None, Order::InTurn, Earlier::Nothing),
            (event(Answer, "late"), None, Order::Late, Earlier::EventsOfItsCall),
            (event(Answer, "waits"), None, Order::InTurn, Earlier::EventsOfItsCall),
            (event(Hangup, "ended"), None, Order::Late, Earlier::SameEvent),
            (event(Hangup, "begun"), None, Order::InTurn, Earlier::PerhapsSameEvent),
            (event(Hangup, "begun"), Some(true), Order::InTurn, Earlier::Nothing),
        ];
        for (event, answered, order, found) in cases {
            let entry = Entry { event, key: None, answered };
            assert_eq!(spool.enter(&entry, order, now).unwrap(), found, "{entry:?}");
        }
        assert!(call(&mut spool, "new").is_some());
        assert!(call(&mut spool, "late").is_none(), "what does not go at once is not noted as begun");
        // A journal that takes no note keeps no event from going, and a look still tells.
        spool.db.execute_batch("PRAGMA query_only = ON").unwrap();
        for (call_id, found) in [("other", Earlier::Nothing), ("waits", Earlier::EventsOfItsCall)] {
            let answer = entry(&event(Answer, call_id), None);
            assert_eq!(spool.enter(&answer, Order::InTurn, now).unwrap(), found, "{call_id}");
        }
    }
}
