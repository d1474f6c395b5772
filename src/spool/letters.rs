//! What operators see of the events, and what they do about them.

use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension, Row, params};

use super::file::Durable;
use super::journal::Ending;
use super::moment::{moment, on_wall};
use super::waiting::{State, bytes, remove, renew_head, text};
use super::{Moment, Position, Spool, SpoolError, journal};
use crate::event::CallEvent;

/// So many events are changed before others get at the file again,
const AT_ONCE: usize = 200;

/// for so long: they look whether it is free now and then.
const GAP: Duration = Duration::from_millis(5);

/// Which events an operator means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// all of them
    All,
    /// those in this state
    State(State),
    /// these
    These(Vec<Position>),
}

/// An event as operators see it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Letter {
    /// its place among all
    pub position: Position,
    /// which Zammad it is for
    pub address: String,
    /// of which call
    pub call_id: String,
    /// `newCall`, `answer` or `hangup`
    pub kind: String,
    /// `None`: it is damaged
    pub event: Option<CallEvent>,
    /// what becomes of it
    pub state: State,
    /// since when it is here
    pub kept: SystemTime,
    /// how long that is
    pub age: Duration,
    /// `None`: at once
    pub due: Option<SystemTime>,
    /// how often it was tried
    pub attempts: u32,
    /// an attempt may have brought it
    pub uncertain: bool,
    /// why it is at rest, else what came of the last attempt
    pub reason: Option<String>,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Attempt {
    /// when
    pub at: SystemTime,
    /// in words
    pub outcome: String,
}

const LETTER: &str = "position, address, call_id, kind, text, state, kept, boot, up, due, attempts, \
                      uncertain OR under_way, coalesce(reason,
                          (SELECT outcome FROM attempt WHERE event = position ORDER BY rowid DESC LIMIT 1))";

impl Spool {
    /// Sends events once more that are at rest or were put off, to the Zammad that is configured now;
    /// those as well that wait for another one, and what is known of their calls comes along. Tells
    /// how many.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn retry(&mut self, chosen: &Chosen, now: Moment) -> Result<u64, SpoolError> {
        self.retry_beside(chosen, &[], now)
    }

    /// The same where events go to several Zammads: those that wait for one of these stay its own.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn retry_beside(
        &mut self,
        chosen: &Chosen,
        others: &[String],
        now: Moment,
    ) -> Result<u64, SpoolError> {
        let wait_here = "state = 'waiting' AND address = ?2";
        let of_these = format!("NOT ({wait_here} AND due = 0)");
        let find = format!("SELECT address, call_id FROM event WHERE position = ?1 AND {of_these}");
        let own = "SELECT address FROM event WHERE position = ?";
        // Of one that only waits too long it still counts what became of its attempts.
        let update = format!(
            "UPDATE event SET state = 'waiting', address = ?2, due = 0, head = 0, unknown_call = 0,
                 reason = NULL, uncertain = {wait_here} AND uncertain, under_way = {wait_here} AND under_way
             WHERE position = ?1"
        );
        self.some_at_a_time(chosen, &of_these, |spool, some| {
            spool.change(Durable::Yes, |db, here| {
                let mut count = 0;
                for position in some {
                    let own: Option<String> =
                        db.prepare_cached(own)?.query_row([position.0], |row| row.get(0)).optional()?;
                    let address = own.as_deref().filter(|own| others.iter().any(|other| other == own));
                    let address = address.unwrap_or(here);
                    let parameters = params![position.0, address];
                    let call: Option<(String, String)> = db
                        .prepare_cached(&find)?
                        .query_row(parameters, |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()?;
                    let Some((before, call_id)) = call else { continue };
                    if journal::has_other_hangup(db, *position)? {
                        continue;
                    }
                    db.prepare_cached(&update)?.execute(parameters)?;
                    count += 1;
                    if before != address {
                        let sql =
                            "UPDATE OR IGNORE call SET address = ?1 WHERE address = ?2 AND call_id = ?3";
                        db.prepare_cached(sql)?.execute([address, &before, &call_id])?;
                        let sql = "UPDATE route SET address = ?1 WHERE address = ?2 AND call_id = ?3";
                        db.prepare_cached(sql)?.execute([address, &before, &call_id])?;
                        renew_head(db, &before, &call_id)?;
                    }
                    renew_head(db, address, &call_id)?;
                    journal::hangup_is(db, *position, Ending::Reported, now)?;
                }
                Ok(count)
            })
        })
    }

    /// Takes events out, whatever their state. Tells how many.
    ///
    /// A call whose hangup was to be sent is open again. One whose hangup was in doubt has ended: who
    /// takes it out knows better.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn drop_events(&mut self, chosen: &Chosen, now: Moment) -> Result<u64, SpoolError> {
        self.some_at_a_time(chosen, "TRUE", |spool, some| {
            spool.change(Durable::Yes, |db, _| {
                let mut dropped = 0;
                for position in some {
                    journal::hangup_is_dropped(db, *position, now)?;
                    dropped += u64::from(remove(db, *position)?);
                }
                db.prepare_cached("UPDATE total SET dropped = dropped + ?")?.execute([dropped])?;
                Ok(dropped)
            })
        })
    }

    /// Does some work on events, of all on those that are there by now and for which the condition
    /// holds; `?2` in it is this Zammad. Others do not wait until all of it is done.
    fn some_at_a_time(
        &mut self,
        chosen: &Chosen,
        condition: &str,
        mut work: impl FnMut(&mut Self, &[Position]) -> Result<u64, SpoolError>,
    ) -> Result<u64, SpoolError> {
        let of_state = match chosen {
            Chosen::These(positions) => return work(self, positions),
            Chosen::All => String::new(),
            Chosen::State(state) => format!("AND state = '{}'", state.as_str()),
        };
        let last: i64 = self.read(|db, _| {
            db.query_row("SELECT coalesce(max(position), 0) FROM event", [], |row| row.get(0))
        })?;
        let sql = format!(
            "SELECT position FROM event WHERE position > ?1 AND position <= ?3 AND {condition} {of_state}
             ORDER BY position LIMIT ?4"
        );
        let (mut behind, mut count) = (0, 0);
        loop {
            let some = self.read(|db, address| {
                let mut statement = db.prepare_cached(&sql)?;
                let parameters = params![behind, address, last, AT_ONCE];
                statement
                    .query_map(parameters, |row| row.get(0).map(Position))?
                    .collect::<Result<Vec<_>, _>>()
            })?;
            let Some(Position(position)) = some.last() else { return Ok(count) };
            behind = *position;
            count += work(self, &some)?;
            if some.len() == AT_ONCE {
                std::thread::sleep(GAP);
            }
        }
    }

    /// At most so many events behind a position, in their order, of this state or of all.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn letters(
        &mut self,
        behind: Position,
        state: Option<State>,
        most: usize,
        now: Moment,
    ) -> Result<Vec<Letter>, SpoolError> {
        let of_state = match state {
            None => "?3 IS NULL",
            // In words that the index has.
            Some(State::Waiting) => "state = ?3",
            Some(State::Unconfirmed | State::Dead) => "state = ?3 AND state <> 'waiting'",
        };
        let sql = format!(
            "SELECT {LETTER} FROM event WHERE position > ?1 AND {of_state} ORDER BY position LIMIT ?2"
        );
        let state = state.map(State::as_str);
        self.read(|db, _| {
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map(params![behind.0, most, state], |row| letter(row, now))?;
            rows.collect()
        })
    }

    /// One event, and what came of its attempts.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn letter(
        &mut self,
        position: Position,
        now: Moment,
    ) -> Result<Option<(Letter, Vec<Attempt>)>, SpoolError> {
        let sql = format!("SELECT {LETTER} FROM event WHERE position = ?");
        self.read_at_once(|db, _| {
            let letter =
                db.prepare_cached(&sql)?.query_row([position.0], |row| letter(row, now)).optional()?;
            let Some(letter) = letter else { return Ok(None) };
            let sql = "SELECT at, outcome FROM attempt WHERE event = ? ORDER BY rowid";
            let mut statement = db.prepare_cached(sql)?;
            let attempt = |row: &Row| Ok(Attempt { at: on_wall(row.get(0)?), outcome: row.get(1)? });
            let attempts = statement.query_map([position.0], attempt)?.collect::<rusqlite::Result<_>>()?;
            Ok(Some((letter, attempts)))
        })
    }
}

fn letter(row: &Row, now: Moment) -> rusqlite::Result<Letter> {
    let kept = moment(row, 6)?;
    let state = text(row, 5)?;
    let due: i64 = row.get(9)?;
    Ok(Letter {
        position: Position(row.get(0)?),
        address: text(row, 1)?,
        call_id: text(row, 2)?,
        kind: text(row, 3)?,
        event: serde_json::from_slice(bytes(row, 4)?).ok(),
        state: State::ALL.into_iter().find(|other| other.as_str() == state).unwrap_or(State::Dead),
        kept: kept.time(),
        age: now.since(&kept),
        due: (due != 0).then(|| on_wall(due)),
        attempts: row.get(10)?,
        uncertain: row.get(11)?,
        reason: row.get(12)?,
    })
}
