//! What an event that is about to be sent finds before it.

use rusqlite::{Connection, OptionalExtension};

use super::file::Durable;
use super::{Moment, Spool, SpoolError, journal, waiting};
use crate::event::{CallEvent, CallId, EventKind};

/// An event that is about to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entering<'a> {
    pub(crate) event: &'a CallEvent,
    /// by which later events may name the call
    pub(crate) key: Option<&'a str>,
    /// Zammad would show something false if it got the event twice.
    pub(crate) does_harm_twice: bool,
    pub(crate) order: Order,
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
    pub(crate) fn enter(&mut self, entering: &Entering<'_>, now: Moment) -> Result<Earlier, SpoolError> {
        // Who only reads waits for nobody: an event that does not go at once knows it although others
        // have the file for long.
        let seen = self.read(|db, address| before(db, address, entering))?;
        if seen != Earlier::Nothing {
            return Ok(seen);
        }
        let entered = self.change(Durable::No, |db, address| {
            let earlier = before(db, address, entering)?;
            if earlier == Earlier::Nothing {
                journal::note(db, address, entering.event, entering.key, now)?;
            }
            Ok(earlier)
        });
        Ok(entered.unwrap_or_else(|error| {
            let call_id = &entering.event.call_id;
            log::warn!("call {call_id} is not in the journal: {}", crate::client::in_full(&error));
            seen
        }))
    }

    /// Reads what [`enter`](Self::enter) will ask for, so that it comes from memory then.
    pub(super) fn read_ahead(&mut self, call_id: &CallId) -> Result<(), SpoolError> {
        self.read(|db, address| waiting::has_waiting(db, address, call_id.as_str())).map(drop)
    }
}

fn before(db: &Connection, address: &str, entering: &Entering<'_>) -> rusqlite::Result<Earlier> {
    let call_id = entering.event.call_id.as_str();
    if entering.event.kind == EventKind::Hangup {
        if journal::has_hangup(db, address, call_id)? {
            return Ok(Earlier::SameEvent);
        }
        if entering.does_harm_twice && has_begun_hangup(db, address, call_id)? {
            return Ok(Earlier::PerhapsSameEvent);
        }
    }
    if entering.order == Order::Late || waiting::has_waiting(db, address, call_id)? {
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
