//! The calls that this machine has reported: what their later events need to know of them.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::file::{Durable, Trouble};
use super::moment::{moment, on_wall};
use super::{Moment, Position, Spool, SpoolError, waiting};
use crate::event::{CallEvent, CallId, Direction, EventKind};

/// Calls are forgotten when so many others have come, as looking for them costs each as much as it
/// does itself.
const PRUNED: i64 = 16;

/// A call that has ended is forgotten after so long.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A call of which no end is known, after so long.
const OPEN_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A call's place among all that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CallNumber(pub i64);

/// How a later event names its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// by its id
    Id(CallId),
    /// what newCall was given for it, such as a channel's name
    Key(String),
}

/// How far the end of a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// it is open
    None,
    /// a hangup was begun, and nobody knows what became of it
    Begun,
    /// Zammad has the hangup, or the spool
    Reported,
}

/// A call that was reported.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// its place among all
    pub number: CallNumber,
    /// its id at Zammad
    pub call_id: CallId,
    /// what its sender calls it
    pub key: Option<String>,
    /// that of its newCall
    pub direction: Direction,
    /// who calls
    pub from: Option<String>,
    /// who is called
    pub to: Option<String>,
    /// its answer was reported
    pub answered: bool,
    /// how long ago that was
    pub talked: Option<Duration>,
    /// when its newCall was reported
    pub began: SystemTime,
    /// how long ago that was
    pub age: Duration,
    /// whether it is open
    pub ending: Ending,
    /// how many of its events wait
    pub waiting: u64,
}

const CALL: &str = "number, call_id, key, direction, calling, called, answered, began, boot, up, hangup, ended,
                    (SELECT count(*) FROM event
                     WHERE event.address = call.address AND event.call_id = call.call_id AND state = 'waiting')";

impl Spool {
    /// A call, if this machine has reported it; of several with one key the latest.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn call(&mut self, which: &Which, now: Moment) -> Result<Option<Call>, SpoolError> {
        let (column, name) = match which {
            Which::Id(call_id) => ("call_id", call_id.as_str()),
            Which::Key(key) => ("key", key.as_str()),
        };
        let sql = format!(
            "SELECT {CALL} FROM call WHERE address = ? AND {column} = ? ORDER BY number DESC LIMIT 1"
        );
        self.read(|db, address| {
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_row([address, name], |row| call(row, now)).optional()?.flatten())
        })
    }

    /// Notes what became of an event that went at once: Zammad has it, or it surely does not and nobody
    /// will send it. Where it was kept while it was under way, it is so no longer.
    pub(crate) fn settle(
        &mut self,
        event: &CallEvent,
        kept: Option<Position>,
        has_arrived: bool,
        now: Moment,
    ) -> Result<(), SpoolError> {
        self.change(Durable::No, |db, address| {
            match (event.kind, has_arrived) {
                (EventKind::Hangup, true) => ended(db, address, event, now)?,
                (EventKind::Hangup, false) => {
                    let sql =
                        "UPDATE call SET hangup = 0 WHERE address = ? AND call_id = ? AND ended IS NULL";
                    db.prepare_cached(sql)?.execute([address, event.call_id.as_str()])?;
                }
                // Zammad knows of no such call, so none is open.
                (EventKind::NewCall, false) => {
                    let sql = "DELETE FROM call WHERE address = ? AND call_id = ? AND began = ?";
                    db.prepare_cached(sql)?.execute(params![address, event.call_id.as_str(), now.wall])?;
                }
                (EventKind::NewCall | EventKind::Answer, _) => {}
            }
            if let Some(position) = kept {
                waiting::leave(db, address, position)?;
            }
            Ok(())
        })
    }

    /// Takes out an event that was kept while it was under way: whoever sent it knows what to say of it.
    pub(crate) fn leave(&mut self, kept: Position) -> Result<(), SpoolError> {
        self.change(Durable::No, |db, address| Ok(waiting::leave(db, address, kept)?))
    }

    /// At most so many open calls behind a number, in their order.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn open_calls(
        &mut self,
        behind: CallNumber,
        most: usize,
        now: Moment,
    ) -> Result<Vec<Call>, SpoolError> {
        let sql = format!(
            "SELECT {CALL} FROM call WHERE address = ? AND number > ? AND ended IS NULL ORDER BY number LIMIT ?"
        );
        self.read(|db, address| {
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map(params![address, behind.0, most], |row| call(row, now))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
        })
    }

    /// At most this many open calls, the newest first.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn newest_open_calls(&mut self, most: usize, now: Moment) -> Result<Vec<Call>, SpoolError> {
        let sql = format!(
            "SELECT {CALL} FROM call WHERE address = ? AND ended IS NULL ORDER BY number DESC LIMIT ?"
        );
        self.read(|db, address| {
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map(params![address, most], |row| call(row, now))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
        })
    }

    /// Takes the hangups of a call out that are not sent any more by themselves, for another one in
    /// their place: until it comes the call is open.
    ///
    /// Not one that has ended by another hangup.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn reopen_call(&mut self, call_id: &CallId) -> Result<(), SpoolError> {
        self.change(Durable::Yes, |db, address| Ok(reopen(db, address, call_id)?))
    }

    /// Forgets a call, as Zammad knows of none, with those of its hangups that are not sent any more by
    /// themselves.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn forget(&mut self, call_id: &CallId) -> Result<(), SpoolError> {
        self.change(Durable::Yes, |db, address| {
            reopen(db, address, call_id)?;
            let sql = "DELETE FROM call WHERE address = ? AND call_id = ?";
            db.prepare_cached(sql)?.execute([address, call_id.as_str()])?;
            Ok(())
        })
    }
}

fn reopen(db: &Transaction, address: &str, call_id: &CallId) -> rusqlite::Result<()> {
    let sql = "UPDATE call SET hangup = 0 WHERE address = ? AND call_id = ? AND hangup <> 2";
    if db.prepare_cached(sql)?.execute([address, call_id.as_str()])? == 0 {
        return Ok(());
    }
    let sql = "DELETE FROM event WHERE state <> 'waiting' AND state = ? AND address = ? AND call_id = ?
                   AND kind = 'hangup'";
    for state in ["unconfirmed", "dead"] {
        db.prepare_cached(sql)?.execute([state, address, call_id.as_str()])?;
    }
    Ok(())
}

/// Notes what an event says of its call.
pub(super) fn note(
    db: &Transaction,
    address: &str,
    event: &CallEvent,
    key: Option<&str>,
    now: Moment,
) -> Result<(), Trouble> {
    let call_id = event.call_id.as_str();
    match event.kind {
        EventKind::NewCall => {
            let mut is_new = insert(db, address, event, key, now)?;
            if !is_new {
                // An id that is used again is another call if the first one has ended.
                let sql = "DELETE FROM call WHERE address = ? AND call_id = ? AND ended IS NOT NULL";
                is_new = db.prepare_cached(sql)?.execute([address, call_id])? > 0
                    && insert(db, address, event, key, now)?;
            }
            if is_new && db.last_insert_rowid() % PRUNED == 0 {
                prune(db, now)?;
            }
        }
        EventKind::Answer => {
            insert(db, address, event, key, now)?;
            // When: any number but 0 is true, and `watch` counts those of the last minute.
            let sql = "UPDATE call SET answered = ? WHERE address = ? AND call_id = ?";
            db.prepare_cached(sql)?.execute(params![now.wall.max(1), address, call_id])?;
        }
        EventKind::Hangup => {
            let sql = "UPDATE call SET hangup = 1 WHERE address = ? AND call_id = ? AND hangup = 0";
            db.prepare_cached(sql)?.execute([address, call_id])?;
        }
    }
    Ok(())
}

/// Notes what became of an event that was kept, if it is a hangup.
pub(super) fn hangup_is(
    db: &Transaction,
    position: Position,
    ending: Ending,
    now: Moment,
) -> Result<(), Trouble> {
    let (hangup, ended) = match ending {
        Ending::None => (0, None),
        Ending::Begun => (1, None),
        Ending::Reported => (2, Some(now.wall)),
    };
    let sql = "UPDATE call SET hangup = ?1, ended = ?2 WHERE (address, call_id) IN
                   (SELECT address, call_id FROM event WHERE position = ?3 AND kind = 'hangup')";
    db.prepare_cached(sql)?.execute(params![hangup, ended, position.0])?;
    Ok(())
}

/// Notes what becomes of a call whose hangup is taken out of the spool: nobody sends it, so the call
/// is open again, or whoever takes it out knows that Zammad has it.
pub(super) fn hangup_is_dropped(db: &Transaction, position: Position, now: Moment) -> Result<(), Trouble> {
    let sql = "SELECT state, uncertain OR under_way FROM event WHERE position = ? AND kind = 'hangup'";
    let state: Option<(String, bool)> =
        db.prepare_cached(sql)?.query_row([position.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match state.as_ref().map(|(state, in_doubt)| (state.as_str(), in_doubt)) {
        Some(("waiting", false)) => hangup_is(db, position, Ending::None, now),
        // Somebody may be sending it.
        Some(("waiting", true)) => hangup_is(db, position, Ending::Begun, now),
        Some(("unconfirmed", _)) => hangup_is(db, position, Ending::Reported, now),
        // Since one was given up the call may have had another.
        Some(_) | None => Ok(()),
    }
}

/// Whether an event is a hangup, and its call has had another one since it was laid to rest.
pub(super) fn has_other_hangup(db: &Connection, position: Position) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM event AS own
                   WHERE position = ?1 AND kind = 'hangup' AND state <> 'waiting' AND (
                       EXISTS (SELECT 1 FROM call WHERE call.address = own.address
                                   AND call.call_id = own.call_id AND hangup = 2)
                       OR EXISTS (SELECT 1 FROM event AS other WHERE other.address = own.address
                                      AND other.call_id = own.call_id AND other.state = 'waiting'
                                      AND other.kind = 'hangup')))";
    db.prepare_cached(sql)?.query_row([position.0], |row| row.get(0))
}

/// Whether somebody is known to have answered a call.
pub(super) fn is_answered(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM call WHERE address = ? AND call_id = ? AND answered";
    db.prepare_cached(sql)?.exists([address, call_id])
}

/// Whether a call's hangup was reported: Zammad has it, or may have it, or the spool has it.
pub(super) fn has_hangup(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM call WHERE address = ?1 AND call_id = ?2 AND hangup = 2)
                    OR EXISTS (SELECT 1 FROM event WHERE address = ?1 AND call_id = ?2
                                   AND state = 'waiting' AND kind = 'hangup')
                    OR EXISTS (SELECT 1 FROM event WHERE address = ?1 AND call_id = ?2 AND state <> 'waiting'
                                   AND state = 'unconfirmed' AND kind = 'hangup')";
    db.prepare_cached(sql)?.query_row([address, call_id], |row| row.get(0))
}

/// Notes that a call's hangup is with Zammad, or in the spool.
pub(super) fn ended(db: &Transaction, address: &str, event: &CallEvent, now: Moment) -> Result<(), Trouble> {
    if event.kind == EventKind::Hangup {
        let sql = "UPDATE call SET hangup = 2, ended = ? WHERE address = ? AND call_id = ?";
        db.prepare_cached(sql)?.execute(params![now.wall, address, event.call_id.as_str()])?;
    }
    Ok(())
}

/// Begins a call, unless there is one with this id.
fn insert(
    db: &Transaction,
    address: &str,
    event: &CallEvent,
    key: Option<&str>,
    now: Moment,
) -> Result<bool, Trouble> {
    let sql = "INSERT OR IGNORE INTO call
                   (address, call_id, key, direction, calling, called, answered, began, boot, up)
               VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)";
    let inserted = db.prepare_cached(sql)?.execute(params![
        address,
        event.call_id.as_str(),
        key,
        event.direction.as_str(),
        event.from.as_ref().map(|party| party.as_str()),
        event.to.as_ref().map(|party| party.as_str()),
        now.wall,
        now.boot,
        now.up,
    ])?;
    Ok(inserted > 0)
}

/// Forgets calls, a few at a time: more than have come. None that began since then by the time that
/// this machine runs, whatever the clock was set to.
fn prune(db: &Transaction, now: Moment) -> Result<(), Trouble> {
    let ended = "DELETE FROM call WHERE number IN
                     (SELECT number FROM call
                      WHERE ended < ?1 AND (boot <> ?2 OR boot = 0 OR up < ?3) LIMIT ?4)";
    let since = now.before(KEPT);
    db.prepare_cached(ended)?.execute([since.wall, since.boot, since.up, 4 * PRUNED])?;
    let open = "DELETE FROM call WHERE number IN (SELECT number FROM call ORDER BY number LIMIT ?4)
                    AND began < ?1 AND (boot <> ?2 OR boot = 0 OR up < ?3)";
    let since = now.before(OPEN_KEPT);
    db.prepare_cached(open)?.execute([since.wall, since.boot, since.up, 2 * PRUNED])?;
    Ok(())
}

/// `None` for a row that this release has not written.
fn call(row: &Row, now: Moment) -> rusqlite::Result<Option<Call>> {
    let began = moment(row, 7)?;
    let (call_id, direction, answered): (String, String, i64) = (row.get(1)?, row.get(3)?, row.get(6)?);
    let direction =
        [Direction::Inbound, Direction::Outbound].into_iter().find(|other| other.as_str() == direction);
    let (Ok(call_id), Some(direction)) = (call_id.parse(), direction) else { return Ok(None) };
    Ok(Some(Call {
        number: CallNumber(row.get(0)?),
        call_id,
        key: row.get(2)?,
        direction,
        from: row.get(4)?,
        to: row.get(5)?,
        answered: answered != 0,
        talked: (answered != 0).then(|| {
            // By the clock on the wall from its beginning, which knows of restarts and of clocks that were set.
            let rang = u64::try_from(answered.saturating_sub(began.wall)).unwrap_or_default();
            now.since(&began).saturating_sub(Duration::from_millis(rang))
        }),
        began: on_wall(began.wall),
        age: now.since(&began),
        ending: match row.get::<_, i64>(10)? {
            0 => Ending::None,
            1 => Ending::Begun,
            _ => Ending::Reported,
        },
        waiting: row.get(12)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::{DAY, Folder, begin, call, dead, event, keep};

    #[test]
    fn the_journal_knows_a_call_until_a_day_after_its_end() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let then = now.before(DAY + Duration::from_secs(60));
        begin(&mut spool, &event(NewCall, "7"), Some("SIP/1"), then);
        let open = spool.call(&Which::Key("SIP/1".to_owned()), now).unwrap().unwrap();
        assert_eq!((open.call_id.as_str(), open.answered, open.ending), ("7", false, Ending::None));
        begin(&mut spool, &event(Answer, "7"), None, then);
        let answered = call(&mut spool, "7").unwrap();
        // How long ago the answer was, not the beginning.
        assert_eq!((open.talked, answered.answered), (None, true));
        let at = |time| Moment { wall: then.wall + time, up: then.up + time, ..then };
        begin(&mut spool, &event(NewCall, "6"), None, then);
        begin(&mut spool, &event(Answer, "6"), None, at(20_000));
        let call_of = |spool: &mut Spool, time| {
            spool.call(&Which::Id("6".parse().unwrap()), at(time)).unwrap().unwrap().talked.unwrap().as_secs()
        };
        assert_eq!([20_000, 80_000, 0].map(|time| call_of(&mut spool, time)), [0, 60, 0]);
        spool.forget(&"6".parse().unwrap()).unwrap();
        begin(&mut spool, &event(Hangup, "7"), None, then);
        assert_eq!(call(&mut spool, "7").unwrap().ending, Ending::Begun);
        assert_eq!(spool.open_calls(CallNumber(0), 10, now).unwrap().len(), 1);
        spool.settle(&event(Hangup, "7"), None, true, then).unwrap();
        assert_eq!(call(&mut spool, "7").unwrap().ending, Ending::Reported);
        assert!(spool.open_calls(CallNumber(0), 10, now).unwrap().is_empty());
        for call_id in 8..40 {
            begin(&mut spool, &event(NewCall, &call_id.to_string()), Some("SIP/1"), now);
        }
        assert!(call(&mut spool, "7").is_none());
        let latest = spool.call(&Which::Key("SIP/1".to_owned()), now).unwrap().unwrap();
        assert_eq!(latest.call_id.as_str(), "39");
    }

    #[test]
    fn a_call_that_zammad_refused_is_not_open_and_one_whose_hangup_was_given_up_is() {
        use EventKind::{Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        begin(&mut spool, &event(NewCall, "7"), None, now);
        spool.settle(&event(NewCall, "7"), None, false, now).unwrap();
        assert!(call(&mut spool, "7").is_none());
        begin(&mut spool, &event(NewCall, "8"), None, now);
        let hangup = keep(&mut spool, Hangup, "8");
        assert_eq!(call(&mut spool, "8").unwrap().ending, Ending::Reported);
        spool.note(hangup, &dead(), now).unwrap();
        assert_eq!(call(&mut spool, "8").unwrap().ending, Ending::None);
    }
}
