//! Events on their way from one attempt to the next, and those at rest.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::file::{Durable, Trouble};
use super::journal::Ending;
use super::moment::moment;
use super::note::{Note, Rest, is_here};
use super::{Entry, Limits, Moment, Spool, SpoolError, course, journal};
use crate::config::SpoolPolicy;
use crate::event::{CallEvent, EventKind};

/// A call that is younger than this goes before what has waited longer: agents see it ring.
const FRESH: Duration = Duration::from_secs(60);

/// No event is put off for longer; one that is due later was put off by another clock.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// An event's place among all that were ever kept in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

/// What becomes of an event in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// it will be sent
    Waiting,
    /// Zammad may have it, and a second copy would show agents something false
    Unconfirmed,
    /// it was given up
    Dead,
}

impl State {
    /// all states
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Unconfirmed, Self::Dead];

    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Unconfirmed => "unconfirmed",
            Self::Dead => "dead",
        }
    }
}

/// What happened to an event before it was kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    pub(crate) attempts: u32,
    /// one of them may have brought it to Zammad
    pub(crate) uncertain: bool,
    /// why it did not arrive
    pub(crate) outcome: Option<String>,
    /// nobody is to send it until it is known whether Zammad has it; this is why
    pub(crate) unconfirmed: Option<String>,
    /// its last attempt has not ended
    pub(crate) under_way: bool,
    /// where it was kept while it was under way
    pub(crate) replaces: Option<Position>,
}

impl Past {
    fn state(&self) -> State {
        if self.unconfirmed.is_some() { State::Unconfirmed } else { State::Waiting }
    }
}

/// An event that is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) position: Position,
    pub(crate) event: CallEvent,
    pub(crate) kept: Moment,
    /// how often it was tried
    pub(crate) attempts: u32,
    /// how often Zammad did not know its call
    pub(crate) unknown_call: u32,
    /// an attempt may have delivered it to Zammad, and nobody knows
    pub(crate) uncertain: bool,
    /// that attempt was never ended by whoever began it
    pub(crate) under_way: bool,
    /// whether its call was answered, as far as is known
    pub(crate) answered: Option<bool>,
}

pub(super) const WAITING: &str =
    "position, text, kept, boot, up, attempts, unknown_call, uncertain OR under_way, answered, under_way";

impl Spool {
    /// Keeps one event behind those of its call. On return it survives a power cut; on an error
    /// nothing of it is there. The journal knows of it too.
    ///
    /// `None`: it is a hangup, and its call has had one.
    ///
    /// # Errors
    ///
    /// There is no room, or the disk does not take it.
    pub(crate) fn keep(
        &mut self,
        entry: &Entry,
        past: &Past,
        now: Moment,
    ) -> Result<Option<Position>, SpoolError> {
        let text = serde_json::to_string(&entry.event).map_err(SpoolError::Event)?;
        let position = self.insert(entry, &text, past, now)?;
        if self.is_in_place() {
            return Ok(position);
        }
        // Another process has found the file damaged meanwhile, and may have copied it before.
        self.reopen()?;
        let sql = "SELECT position FROM event WHERE address = ? AND call_id = ? AND kept = ? AND text = ?";
        let copied = self.read(|db, address| {
            let values = params![address, entry.event.call_id.as_str(), now.wall, text];
            db.prepare_cached(sql)?.query_row(values, |row| row.get(0).map(Position)).optional()
        })?;
        copied.map_or_else(|| self.insert(entry, &text, past, now), |copied| Ok(Some(copied)))
    }

    fn insert(
        &mut self,
        entry: &Entry,
        text: &str,
        past: &Past,
        now: Moment,
    ) -> Result<Option<Position>, SpoolError> {
        let Entry { event, key, .. } = entry;
        let limits = self.limits;
        self.change(Durable::Yes, |db, address| {
            if let Some(position) = past.replaces {
                leave(db, address, position)?;
            }
            if event.kind == EventKind::Hangup && journal::has_hangup(db, address, event.call_id.as_str())? {
                return Ok(None);
            }
            // A call that is kept gets its end, or it would ring for ever: twice what is allowed is the
            // most, as it has hardly more.
            let share = if event.kind == EventKind::NewCall { 1 } else { 2 };
            make_room(db, limits.times(share), text.len() as u64, now)?;
            journal::note(db, address, event, key.as_deref(), now)?;
            course::note(db, address, limits, entry, now)?;
            if past.state() == State::Waiting {
                journal::ended(db, address, event, now)?;
            }
            let position = write(db, address, entry, text, past, now)?;
            count(db, "kept = kept + 1")?;
            Ok(Some(position))
        })
    }

    /// The next events of at most so many calls: those of fresh calls, then those that have waited
    /// longest. What is damaged among them is given up.
    pub(crate) fn due(&mut self, now: Moment, most: usize) -> Result<Vec<Waiting>, SpoolError> {
        let latest = format!(
            "SELECT {WAITING} FROM event
             WHERE address = ?1 AND state = 'waiting' AND head AND due = 0 ORDER BY position DESC LIMIT ?2"
        );
        let mut due = self.waiting(|db, address| rows(db, &latest, params![address, most]))?;
        due.retain(|waiting| now.since(&waiting.kept) < FRESH);
        due.reverse();
        let fresh: HashSet<_> = due.iter().map(|waiting| waiting.position).collect();
        // One after the other, as each of them leaves out those that are put off between them.
        let too_late = now.after(LONGEST_PAUSE).wall;
        for (is_due, limit) in [("due <= ?3", now.wall), ("due > ?3", too_late)] {
            let oldest = format!(
                "SELECT {WAITING} FROM event
                 WHERE address = ?1 AND state = 'waiting' AND head AND {is_due}
                 ORDER BY due, position LIMIT ?2"
            );
            let oldest = self.waiting(|db, address| rows(db, &oldest, params![address, most, limit]))?;
            due.extend(oldest.into_iter().filter(|waiting| !fresh.contains(&waiting.position)));
            if due.len() >= most {
                break;
            }
        }
        due.truncate(most);
        Ok(due)
    }

    /// When the first of the events that were put off is due.
    pub(crate) fn next_due(&mut self, now: Moment) -> Result<Option<Duration>, SpoolError> {
        let sql = "SELECT min(due) FROM event
                   WHERE address = ? AND state = 'waiting' AND head AND due > ?";
        let due: Option<i64> = self.read(|db, address| {
            db.prepare_cached(sql)?.query_row(params![address, now.wall], |row| row.get(0))
        })?;
        Ok(due.map(|due| Moment { wall: due, boot: 0, ..now }.since(&now).min(LONGEST_PAUSE)))
    }

    /// At most so many of those of which nobody knows whether Zammad has them, if the last attempt is
    /// so long ago.
    pub(crate) fn unconfirmed(
        &mut self,
        settled: Duration,
        now: Moment,
        most: usize,
    ) -> Result<Vec<Waiting>, SpoolError> {
        let sql = format!(
            "SELECT {WAITING} FROM event WHERE address = ? AND state <> 'waiting' AND state = 'unconfirmed'
                 AND coalesce((SELECT max(at) FROM attempt WHERE event = position), kept) NOT BETWEEN ? AND ?
             ORDER BY position DESC LIMIT ?"
        );
        let since = now.before(settled).wall;
        self.waiting(|db, address| rows(db, &sql, params![address, since, now.wall, most]))
    }

    /// Sends an event in doubt once more, unless somebody has done so since it was tried so often.
    pub(crate) fn send_again(&mut self, position: Position, attempts: u32) -> Result<(), SpoolError> {
        self.change(Durable::Yes, |db, _| {
            let sql =
                "UPDATE event SET state = 'waiting', head = 0, due = 0, unknown_call = 0, uncertain = 0,
                           under_way = 0, reason = NULL
                       WHERE position = ? AND state = 'unconfirmed' AND attempts = ?
                       RETURNING address, call_id";
            let call: Option<(String, String)> = db
                .prepare_cached(sql)?
                .query_row(params![position.0, attempts], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((address, call_id)) = call else { return Ok(()) };
            Ok(renew_head(db, &address, &call_id)?)
        })
    }

    /// Runs a query for events; those whose text cannot be read are given up, and counted.
    pub(super) fn waiting(
        &mut self,
        query: impl Fn(&Connection, &str) -> rusqlite::Result<Vec<Result<Waiting, Position>>>,
    ) -> Result<Vec<Waiting>, SpoolError> {
        let mut readable = Vec::new();
        for row in self.read(query)? {
            match row {
                Ok(waiting) => readable.push(waiting),
                Err(position) => {
                    let reason = "its record in the spool is damaged".to_owned();
                    self.note(position, &Note::Dead(Rest { reason, outcome: None }), Moment::now())?;
                }
            }
        }
        Ok(readable)
    }
}

/// The events that a query finds; of one that is damaged its position.
pub(super) fn rows(
    db: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Result<Waiting, Position>>> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| {
        let position = Position(row.get(0)?);
        // One that is damaged must not keep the others from being read.
        let Ok(event) = serde_json::from_slice(bytes(row, 1)?) else { return Ok(Err(position)) };
        let waiting = || -> rusqlite::Result<Waiting> {
            Ok(Waiting {
                position,
                event,
                kept: moment(row, 2)?,
                attempts: row.get(5)?,
                unknown_call: row.get(6)?,
                uncertain: row.get(7)?,
                answered: row.get(8)?,
                under_way: row.get(9)?,
            })
        };
        Ok(waiting().map_err(|_| position))
    })?;
    rows.collect()
}

/// Whether an event of this call waits, behind which all later ones have to.
pub(super) fn has_waiting(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM event WHERE address = ? AND call_id = ? AND state = 'waiting' LIMIT 1";
    db.prepare_cached(sql)?.exists([address, call_id])
}

/// The same of those that come before an event which was at this position.
pub(super) fn has_waiting_before(
    db: &Connection,
    address: &str,
    event: &CallEvent,
    position: Position,
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM event WHERE address = ?1 AND call_id = ?2 AND state = 'waiting'
                   AND (rank < ?3 OR rank = ?3 AND position < ?4) LIMIT 1";
    db.prepare_cached(sql)?.exists(params![address, event.call_id.as_str(), rank(event.kind), position.0])
}

/// A value's bytes, whatever they are meant to be.
pub(super) fn bytes<'a>(row: &'a Row, column: usize) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_bytes().unwrap_or_default())
}

/// The same as a text, as far as it is one.
pub(super) fn text(row: &Row, column: usize) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(bytes(row, column)?).into_owned())
}

/// A call has them in this order, whoever was faster.
fn rank(kind: EventKind) -> u8 {
    match kind {
        EventKind::NewCall => 0,
        EventKind::Answer => 1,
        EventKind::Hangup => 2,
    }
}

/// Writes an event down behind those of its call.
pub(super) fn write(
    db: &Transaction,
    address: &str,
    entry: &Entry,
    text: &str,
    past: &Past,
    now: Moment,
) -> Result<Position, Trouble> {
    let Entry { event, answered, .. } = entry;
    let sql = "INSERT INTO event (address, call_id, kind, rank, text, answered, kept, boot, up, state,
                       head, attempts, under_way, uncertain, reason)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![
        address,
        event.call_id.as_str(),
        event.kind.as_str(),
        rank(event.kind),
        text,
        answered,
        now.wall,
        now.boot,
        now.up,
        past.state().as_str(),
        past.attempts,
        past.under_way,
        past.uncertain,
        past.unconfirmed,
    ])?;
    let position = Position(db.last_insert_rowid());
    if let Some(outcome) = &past.outcome {
        note_attempt(db, position, outcome, now)?;
    }
    renew_head(db, address, event.call_id.as_str())?;
    Ok(position)
}

/// Takes out an event that was kept while it was under way. One that was moved to another Zammad is that one's.
pub(super) fn leave(db: &Transaction, address: &str, position: Position) -> rusqlite::Result<()> {
    if is_here(db, address, position)? {
        remove(db, position)?;
    }
    Ok(())
}

/// Takes out an event that nobody has tried to send. `false`: somebody has, or it is not there.
pub(super) fn take_back(db: &Transaction, address: &str, position: Position) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM event WHERE position = ? AND address = ? AND state = 'waiting' AND attempts = 0
                   AND NOT under_way";
    Ok(db.prepare_cached(sql)?.exists(params![position.0, address])? && remove(db, position)?)
}

/// Whether there is room for one more event without taking another one out.
pub(super) fn has_room(db: &Transaction, limits: Limits, text: &str) -> rusqlite::Result<bool> {
    let (events, used) = totals(db)?;
    Ok(events < limits.events && used + text.len() as u64 <= limits.bytes)
}

/// How many events there are, and of how many bytes.
fn totals(db: &Transaction) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT events, bytes FROM total";
    db.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Sees to it that there is room for one more event of so many bytes. What is at rest goes first.
fn make_room(db: &Transaction, limits: Limits, bytes: u64, now: Moment) -> Result<(), Trouble> {
    loop {
        let (events, used) = totals(db)?;
        if events < limits.events && used + bytes <= limits.bytes {
            return Ok(());
        }
        let first = |sql: &str| {
            let position = db.prepare_cached(sql)?.query_row([], |row| row.get::<_, Option<i64>>(0));
            position.optional().map(Option::flatten)
        };
        let at_rest = first(
            "SELECT min(position) FROM (
                 SELECT min(position) AS position FROM event WHERE state = 'unconfirmed' AND state <> 'waiting'
                 UNION ALL
                 SELECT min(position) FROM event WHERE state = 'dead' AND state <> 'waiting')",
        )?;
        let oldest = match (at_rest, limits.policy) {
            (Some(position), _) => Some(position),
            (None, SpoolPolicy::Refuse) => None,
            (None, SpoolPolicy::DropOldest) => {
                first("SELECT position FROM event WHERE state = 'waiting' ORDER BY position LIMIT 1")?
            }
        };
        let Some(oldest) = oldest else { return Err(Trouble::Full { events, bytes: used }) };
        if at_rest.is_none() {
            journal::hangup_is(db, Position(oldest), Ending::None, now)?;
        }
        remove(db, Position(oldest))?;
        count(db, "dropped = dropped + 1")?;
    }
}

/// Takes an event out, and makes the next one of its call the head.
pub(super) fn remove(db: &Transaction, position: Position) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM event WHERE position = ? RETURNING address, call_id, head";
    let call: Option<(String, String, bool)> = db
        .prepare_cached(sql)?
        .query_row([position.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((address, call_id, was_head)) = call else { return Ok(false) };
    if was_head && let Some((next, _)) = next_of(db, &address, &call_id)? {
        // Without a look at all the others of the call, as it has no head any more.
        db.prepare_cached("UPDATE event SET head = 1 WHERE position = ?")?.execute([next])?;
    }
    Ok(true)
}

/// Sees to it that the right event of a call is its head.
pub(super) fn renew_head(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<()> {
    if let Some((next, false)) = next_of(db, address, call_id)? {
        let sql = "UPDATE event SET head = position = ?3
                   WHERE address = ?1 AND call_id = ?2 AND state = 'waiting' AND (head OR position = ?3)";
        db.prepare_cached(sql)?.execute(params![address, call_id, next])?;
    }
    Ok(())
}

/// The event of a call that is to be its head, and whether it is.
fn next_of(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<Option<(i64, bool)>> {
    let sql = "SELECT position, head FROM event WHERE address = ? AND call_id = ? AND state = 'waiting'
               ORDER BY rank, position LIMIT 1";
    db.prepare_cached(sql)?.query_row([address, call_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

pub(super) fn note_attempt(
    db: &Transaction,
    position: Position,
    outcome: &str,
    now: Moment,
) -> Result<(), Trouble> {
    let sql = "INSERT INTO attempt (event, at, outcome) VALUES (?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![position.0, now.wall, outcome])?;
    Ok(())
}

pub(super) fn count(db: &Transaction, change: &str) -> rusqlite::Result<()> {
    db.prepare_cached(&format!("UPDATE total SET {change}"))?.execute([]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SpoolConfig;
    use crate::spool::Next;
    use crate::spool::tests::{DAY, Folder, dead, due, entry, event, keep, keep_at, next, open};

    #[test]
    fn of_a_call_one_event_is_next_whoever_was_faster() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let hangup = keep(&mut spool, Hangup, "7");
        assert_eq!(due(&mut spool), [("7".to_owned(), Hangup)]);
        let new_call = keep(&mut spool, NewCall, "7");
        let answer = keep(&mut spool, Answer, "7");
        for (next, position) in [(NewCall, new_call), (Answer, answer), (Hangup, hangup)] {
            assert_eq!(due(&mut spool), [("7".to_owned(), next)]);
            assert_eq!(self::next(&mut spool, position).event.kind, next);
            spool.note(position, &Note::Arrived, Moment::now()).unwrap();
            assert!(matches!(spool.next(position, Moment::now()).unwrap(), Next::Gone), "{next}");
        }
        assert!(due(&mut spool).is_empty());
        assert_eq!(spool.totals(Moment::now()).unwrap().waiting, 0);
    }

    #[test]
    fn what_is_read_is_what_was_kept() {
        let folder = Folder::new();
        let kept = CallEvent {
            users: vec![crate::event::Name::voicemail()],
            cause: Some(crate::cause::Cause::Raw("a \"cause\"".to_owned())),
            force_user: true,
            ..event(EventKind::Hangup, "a 'call'")
        };
        let entry = Entry { answered: Some(true), ..entry(&kept, Some("key")) };
        folder.open().keep(&entry, &Past::default(), Moment::now()).unwrap();
        let mut spool = folder.open();
        let found = spool.due(Moment::now(), 1).unwrap().pop().unwrap();
        assert_eq!(found.event, kept);
        assert_eq!(found.answered, Some(true));
    }

    #[test]
    fn fresh_calls_go_before_what_has_waited_and_then_the_oldest() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        for (call_id, seconds) in [("old", 300), ("older", 200), ("fresh", 30), ("fresher", 1)] {
            keep_at(&mut spool, EventKind::NewCall, call_id, now.before(Duration::from_secs(seconds)));
        }
        let calls: Vec<_> = due(&mut spool).into_iter().map(|(call_id, _)| call_id).collect();
        assert_eq!(calls, ["fresh", "fresher", "old", "older"]);
    }

    #[test]
    fn an_event_that_is_put_off_is_due_again_also_by_a_clock_that_was_set_back() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let position = keep(&mut spool, EventKind::NewCall, "7");
        let now = Moment::now();
        spool.note(position, &Note::PutOff { pause: Duration::from_secs(60) }, now).unwrap();
        let is_due = |spool: &mut Spool, now| !spool.due(now, 1).unwrap().is_empty();
        assert!(!is_due(&mut spool, now));
        assert_eq!(spool.next_due(now).unwrap(), Some(Duration::from_secs(60)));
        assert!(is_due(&mut spool, now.after(Duration::from_secs(60))));
        assert!(is_due(&mut spool, Moment { wall: now.before(DAY).wall, ..now }));
    }

    #[test]
    fn what_is_full_refuses_or_drops_the_oldest_and_counts_it() {
        let folder = Folder::new();
        let limited = |policy| SpoolConfig { max_events: 2, policy, ..folder.config() };
        let mut spool = open(&limited(SpoolPolicy::Refuse)).unwrap();
        let first = keep(&mut spool, EventKind::NewCall, "1");
        keep(&mut spool, EventKind::NewCall, "2");
        let third = entry(&event(EventKind::NewCall, "3"), None);
        let refused = spool.keep(&third, &Past::default(), Moment::now());
        assert!(matches!(refused, Err(SpoolError::Full { events: 2, .. })), "{refused:?}");
        // Without its end a call that is kept would ring for ever.
        let hangup = keep(&mut spool, EventKind::Hangup, "2");
        spool.note(hangup, &Note::Arrived, Moment::now()).unwrap();
        // What was given up makes room.
        spool.note(first, &dead(), Moment::now()).unwrap();
        keep(&mut spool, EventKind::NewCall, "3");
        let mut spool = open(&limited(SpoolPolicy::DropOldest)).unwrap();
        keep(&mut spool, EventKind::NewCall, "4");
        let calls: Vec<_> = due(&mut spool).into_iter().map(|(call_id, _)| call_id).collect();
        assert_eq!(calls, ["3", "4"]);
        let totals = spool.totals(Moment::now()).unwrap();
        assert_eq!((totals.ever_refused, totals.ever_dropped, totals.waiting), (1, 2, 2));
        let mut spool = open(&SpoolConfig { max_bytes: 10, ..folder.config() }).unwrap();
        let refused = spool.keep(&third, &Past::default(), Moment::now());
        assert!(matches!(refused, Err(SpoolError::Full { .. })), "{refused:?}");
    }

    #[test]
    fn a_text_that_is_no_event_is_given_up_alone() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let broken = keep(&mut spool, EventKind::NewCall, "7");
        keep(&mut spool, EventKind::NewCall, "8");
        spool.db.execute("UPDATE event SET text = '{\"kind\":' WHERE position = ?", [broken.0]).unwrap();
        assert_eq!(due(&mut spool), [("8".to_owned(), EventKind::NewCall)]);
        let totals = spool.totals(Moment::now()).unwrap();
        assert_eq!((totals.waiting, totals.dead), (1, 1));
    }
}
