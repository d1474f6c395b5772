//! What came of an event that was to be sent.

use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, params};

use super::file::{Durable, Trouble};
use super::journal::Ending;
use super::waiting::{State, bytes, count, note_attempt, remove, renew_head};
use super::{Moment, Position, Spool, SpoolError, journal};

/// What came of an event that was to be sent.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    /// Zammad has it: the next event of its call follows.
    Arrived,
    /// An attempt failed. It is to be tried again: at once, or after a pause.
    Failed { doubt: Doubt, outcome: String, pause: Option<Duration> },
    /// It waits at least for so long. What came of its last attempt is noted already.
    PutOff { pause: Duration },
    /// Nobody knows whether Zammad has it. It is kept to be looked at, and the next event of its call follows.
    Unconfirmed(Rest),
    /// It is given up. It is kept to be looked at, and the next event of its call follows.
    Dead(Rest),
}

/// Whether an attempt may have brought its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    No,
    Yes,
    /// no, and Zammad did not know the call
    UnknownCall,
}

/// Why an event is not sent any more by itself.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    pub(crate) reason: String,
    /// of the attempt that led to it, if there was one
    pub(crate) outcome: Option<String>,
}

impl Spool {
    /// Notes what came of an event. One that was dropped, or moved to another Zammad, is left alone.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn note(&mut self, position: Position, note: &Note, now: Moment) -> Result<(), SpoolError> {
        let durable = match note {
            Note::Arrived | Note::Failed { .. } | Note::PutOff { .. } => Durable::No,
            Note::Unconfirmed(_) | Note::Dead(_) => Durable::Yes,
        };
        self.change(durable, |db, address| {
            if !is_here(db, address, position)? {
                return Ok(());
            }
            match note {
                Note::Arrived => {
                    journal::hangup_is(db, position, Ending::Reported, now)?;
                    remove(db, position)?;
                    count(db, "delivered = delivered + 1")?;
                }
                Note::Failed { doubt, outcome, pause } => {
                    let due = pause.map_or(0, |pause| now.after(pause).wall);
                    let sql =
                        "UPDATE event SET due = ?, uncertain = uncertain OR ?, unknown_call = unknown_call + ?,
                             under_way = 0 WHERE position = ?";
                    let (uncertain, unknown) = (*doubt == Doubt::Yes, *doubt == Doubt::UnknownCall);
                    db.prepare_cached(sql)?.execute(params![due, uncertain, unknown, position.0])?;
                    note_attempt(db, position, outcome, now)?;
                }
                Note::PutOff { pause } => {
                    let sql = "UPDATE event SET due = max(due, ?) WHERE position = ? AND state = 'waiting'";
                    db.prepare_cached(sql)?.execute(params![now.after(*pause).wall, position.0])?;
                }
                Note::Unconfirmed(rest) => {
                    lay_to_rest(db, address, position, State::Unconfirmed, rest, now)?;
                    journal::hangup_is(db, position, Ending::Begun, now)?;
                }
                Note::Dead(rest) => {
                    lay_to_rest(db, address, position, State::Dead, rest, now)?;
                    journal::hangup_is(db, position, Ending::None, now)?;
                    count(db, "dead = dead + 1")?;
                }
            }
            Ok(())
        })
    }
}

/// Whether an event is in the spool, and for this Zammad.
pub(super) fn is_here(db: &Transaction, address: &str, position: Position) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM event WHERE position = ? AND address = ?";
    db.prepare_cached(sql)?.exists(params![position.0, address])
}

fn lay_to_rest(
    db: &Transaction,
    address: &str,
    position: Position,
    state: State,
    rest: &Rest,
    now: Moment,
) -> Result<(), Trouble> {
    let sql = "UPDATE event SET state = ?, reason = ?, head = 0, due = 0, under_way = 0 WHERE position = ?
               RETURNING call_id";
    // Also where it is no text any more.
    let call_id: Option<Vec<u8>> = db
        .prepare_cached(sql)?
        .query_row(params![state.as_str(), rest.reason, position.0], |row| Ok(bytes(row, 0)?.to_vec()))
        .optional()?;
    if let Some(outcome) = &rest.outcome {
        note_attempt(db, position, outcome, now)?;
    }
    Ok(renew_head(db, address, &String::from_utf8_lossy(&call_id.unwrap_or_default()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::spool::Chosen;
    use crate::spool::tests::{Folder, keep};

    fn notes() -> [Note; 5] {
        let pause = Duration::from_secs(60);
        let rest = || Rest { reason: "a reason".to_owned(), outcome: Some("refused".to_owned()) };
        [
            Note::Arrived,
            Note::Failed { doubt: Doubt::Yes, outcome: "refused".to_owned(), pause: Some(pause) },
            Note::PutOff { pause },
            Note::Unconfirmed(rest()),
            Note::Dead(rest()),
        ]
    }

    #[test]
    fn what_came_of_an_event_at_one_zammad_changes_nothing_once_it_is_for_another() {
        for note in notes() {
            let folder = Folder::new();
            let mut old = folder.open();
            let mut new = folder.open_for("https://other.example.com/api/v1/cti/TOKEN");
            let now = Moment::now();
            let position = keep(&mut old, EventKind::Hangup, "7");
            old.next(position, now).unwrap();
            new.retry(&Chosen::All, now).unwrap();
            old.note(position, &note, now).unwrap();
            let due = new.due(now, 10).unwrap();
            assert_eq!(due.len(), 1, "{note:?}");
            assert!(!due[0].uncertain, "{note:?}");
            let (_, attempts) = new.letter(position, now).unwrap().unwrap();
            assert!(attempts.is_empty(), "{note:?}: {attempts:?}");
            assert_eq!(new.totals(now).unwrap().ever_delivered, 0, "{note:?}");
        }
    }

    #[test]
    fn of_an_event_that_was_dropped_meanwhile_nothing_is_noted() {
        for note in notes() {
            let folder = Folder::new();
            let mut spool = folder.open();
            let now = Moment::now();
            let position = keep(&mut spool, EventKind::NewCall, "7");
            spool.next(position, now).unwrap();
            spool.drop_events(&Chosen::All, now).unwrap();
            spool.note(position, &note, now).unwrap();
            let attempts = spool.db.query_row("SELECT count(*) FROM attempt", [], |row| row.get(0));
            assert_eq!(attempts, Ok(0), "{note:?}");
            let totals = spool.totals(now).unwrap();
            assert_eq!((totals.ever_delivered, totals.ever_dead), (0, 0), "{note:?}");
        }
    }
}
