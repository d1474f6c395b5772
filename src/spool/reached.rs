//! What `fuzz/` reaches of the spool.

use super::{Entry, Moment, Note, Past, Position, Rest, Spool, SpoolError};
use crate::event::{CallEvent, CallId};

/// Keeps an event.
pub fn keep(spool: &mut Spool, event: &CallEvent, key: &str) -> Result<Option<Position>, SpoolError> {
    let entry = Entry { event: event.clone(), key: Some(key.to_owned()), answered: None, course: None };
    spool.keep(&entry, &Past::default(), Moment::now())
}

/// The next events of at most so many calls.
pub fn due(spool: &mut Spool, most: usize) -> Result<Vec<(Position, CallEvent)>, SpoolError> {
    let due = spool.due(Moment::now(), most)?;
    Ok(due.into_iter().map(|waiting| (waiting.position, waiting.event)).collect())
}

/// Notes that Zammad has an event.
pub fn arrived(spool: &mut Spool, position: Position) -> Result<(), SpoolError> {
    spool.note(position, &Note::Arrived, Moment::now())
}

/// Notes that an event is given up.
pub fn given_up(spool: &mut Spool, position: Position, reason: &str) -> Result<(), SpoolError> {
    let rest = Rest { reason: reason.to_owned(), outcome: None };
    spool.note(position, &Note::Dead(rest), Moment::now())
}

/// Forgets a call.
pub fn forget(spool: &mut Spool, call_id: &CallId) -> Result<(), SpoolError> {
    spool.forget(call_id)
}
