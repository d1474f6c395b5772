//! What `fuzz/` reaches of the spool.

use super::{Moment, Note, Position, Rest, Spool, SpoolError};

/// Notes that Zammad has an event.
pub fn arrived(spool: &mut Spool, position: Position) -> Result<(), SpoolError> {
    spool.note(position, &Note::Arrived, Moment::now())
}

/// Notes that an event is given up.
pub fn given_up(spool: &mut Spool, position: Position, reason: &str) -> Result<(), SpoolError> {
    let rest = Rest { reason: reason.to_owned(), outcome: None };
    spool.note(position, &Note::Dead(rest), Moment::now())
}
