//! How much is in a spool, and whether Zammad takes anything: for whoever watches.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::file::Durable;
use super::moment::{moment, on_wall};
use super::{Moment, Spool, SpoolError};

/// A Zammad that takes nothing at present.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Held {
    /// in words
    pub reason: String,
    /// since when
    pub since: SystemTime,
}

/// What is in a spool, and what ever was. Of all Zammads that share it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Totals {
    /// events that will be sent
    pub waiting: u64,
    /// events of which nobody knows whether Zammad has them
    pub unconfirmed: u64,
    /// events that were given up
    pub dead: u64,
    /// of the events' text
    pub bytes: u64,
    /// how long the oldest one has waited
    pub oldest: Option<Duration>,
    /// how long one for this Zammad has been due that nobody has sent since
    pub overdue: Option<Duration>,
    /// waiting for another Zammad than this one
    pub elsewhere: u64,
    /// calls that were reported and have not ended
    pub open_calls: u64,
    // -- since the file was begun --
    /// events that were kept
    pub ever_kept: u64,
    /// of those, delivered
    pub ever_delivered: u64,
    /// given up
    pub ever_dead: u64,
    /// for want of room
    pub ever_refused: u64,
    /// dropped by an operator, or for room
    pub ever_dropped: u64,
    /// files that were set aside
    pub ever_damaged: u64,
}

/// All that there is to watch of a spool.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Overview {
    /// how much is in it
    pub totals: Totals,
    /// `None`: Zammad takes events, as far as is known
    pub held: Option<Held>,
    /// how many calls do not end
    pub stuck: u64,
}

impl Spool {
    /// How much is in the spool, and ever was.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn totals(&mut self, now: Moment) -> Result<Totals, SpoolError> {
        self.read_at_once(|db, address| totals(db, address, now))
    }

    /// All that is to be watched, as it is at one moment. A call that is open for longer than
    /// `stuck_after` counts as one that does not end.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn overview(&mut self, stuck_after: Duration, now: Moment) -> Result<Overview, SpoolError> {
        self.read_at_once(|db, address| {
            Ok(Overview {
                totals: totals(db, address, now)?,
                held: held(db, address)?,
                stuck: open_for(db, address, stuck_after, now)?,
            })
        })
    }

    /// Why Zammad gets nothing at present, if that is so.
    pub(crate) fn held(&mut self) -> Result<Option<Held>, SpoolError> {
        self.read(held)
    }

    /// Notes that Zammad gets nothing for now, or that it does again.
    pub(crate) fn hold(&mut self, reason: Option<&str>, now: Moment) -> Result<(), SpoolError> {
        self.change(Durable::No, |db, address| {
            match reason {
                Some(reason) => db
                    .prepare_cached(
                        "INSERT INTO held (address, reason, since) VALUES (?, ?, ?)
                         ON CONFLICT (address) DO UPDATE SET reason = excluded.reason",
                    )?
                    .execute(params![address, reason, now.wall])?,
                None => db.prepare_cached("DELETE FROM held WHERE address = ?")?.execute([address])?,
            };
            Ok(())
        })
    }
}

fn totals(db: &Connection, address: &str, now: Moment) -> rusqlite::Result<Totals> {
    let number = |sql: &str| db.prepare_cached(sql)?.query_row([], |row| row.get::<_, u64>(0));
    let at_rest = "SELECT count(*) FROM event WHERE state <> 'waiting' AND state = ";
    let (unconfirmed, dead) =
        (number(&format!("{at_rest}'unconfirmed'"))?, number(&format!("{at_rest}'dead'"))?);
    let sql = "SELECT events, bytes, kept, delivered, dead, refused, dropped, damaged FROM total";
    let totals = db.prepare_cached(sql)?.query_row([], |row| {
        let events: u64 = row.get(0)?;
        Ok(Totals {
            waiting: events.saturating_sub(unconfirmed + dead),
            unconfirmed,
            dead,
            bytes: row.get(1)?,
            ever_kept: row.get(2)?,
            ever_delivered: row.get(3)?,
            ever_dead: row.get(4)?,
            ever_refused: row.get(5)?,
            ever_dropped: row.get(6)?,
            ever_damaged: row.get(7)?,
            ..Totals::default()
        })
    })?;
    let sql = "SELECT kept, boot, up FROM event WHERE state = 'waiting' ORDER BY position LIMIT 1";
    let kept = db.prepare_cached(sql)?.query_row([], |row| moment(row, 0)).optional()?;
    let sql = "SELECT max(due, kept) FROM event
               WHERE address = ? AND state = 'waiting' AND head ORDER BY due, position LIMIT 1";
    let due = db.prepare_cached(sql)?.query_row([address], |row| row.get::<_, i64>(0)).optional()?;
    // Not `<>`, which would look at all of those that wait for this one.
    let sql = "SELECT (SELECT count(*) FROM event WHERE state = 'waiting' AND address < ?1)
                           + (SELECT count(*) FROM event WHERE state = 'waiting' AND address > ?1)";
    let elsewhere = db.prepare_cached(sql)?.query_row([address], |row| row.get(0))?;
    Ok(Totals {
        oldest: kept.map(|kept| now.since(&kept)),
        overdue: due.and_then(|due| u64::try_from(now.wall - due).ok()).map(Duration::from_millis),
        elsewhere,
        open_calls: number("SELECT count(*) FROM call WHERE ended IS NULL")?,
        ..totals
    })
}

fn held(db: &Connection, address: &str) -> rusqlite::Result<Option<Held>> {
    let sql = "SELECT reason, since FROM held WHERE address = ?";
    let held = |row: &Row| Ok(Held { reason: row.get(0)?, since: on_wall(row.get(1)?) });
    db.prepare_cached(sql)?.query_row([address], held).optional()
}

/// How many calls are open for longer than that.
fn open_for(db: &Connection, address: &str, time: Duration, now: Moment) -> rusqlite::Result<u64> {
    let sql = "SELECT began, boot, up FROM call WHERE address = ? AND ended IS NULL ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([address])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        // The oldest come first.
        if now.since(&moment(row, 0)?) < time {
            break;
        }
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CallEvent, Direction, EventKind};
    use crate::spool::tests::{Folder, begin, keep};

    #[test]
    fn an_overview_has_what_waits_why_nothing_goes_and_calls_that_do_not_end() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let hour = Duration::from_secs(60 * 60);
        for (call_id, began) in [("old", now.before(hour * 5)), ("young", now.before(hour))] {
            let event = CallEvent::new(EventKind::NewCall, call_id.parse().unwrap(), Direction::Inbound);
            begin(&mut spool, &event, None, began);
        }
        keep(&mut spool, EventKind::NewCall, "7");
        spool.hold(Some("it is down"), now).unwrap();
        let overview = spool.overview(hour * 4, now).unwrap();
        assert_eq!((overview.totals.waiting, overview.totals.open_calls, overview.stuck), (1, 3, 1));
        assert_eq!(overview.held.unwrap().reason, "it is down");
        spool.hold(None, now).unwrap();
        let overview = spool.overview(Duration::MAX, now).unwrap();
        assert!(overview.held.is_none());
        assert_eq!(overview.stuck, 0);
    }

    #[test]
    fn what_others_do_between_two_queries_is_seen_by_neither() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let seen = spool.read_at_once(|db, address| {
            let before = totals(db, address, now)?.waiting;
            keep(&mut folder.open(), EventKind::NewCall, "7");
            Ok((before, totals(db, address, now)?.waiting))
        });
        assert_eq!(seen.unwrap(), (0, 0));
        assert_eq!(spool.totals(now).unwrap().waiting, 1);
    }
}
