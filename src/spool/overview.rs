//! How much is in a spool, and whether Zammad takes anything: for whoever watches.

use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension, Row, params};

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

impl Spool {
    /// How much is in the spool, and ever was.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn totals(&mut self, now: Moment) -> Result<Totals, SpoolError> {
        self.read(|db, address| {
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
            // Not `<>`, which would look at all of those that wait for this one.
            let sql = "SELECT (SELECT count(*) FROM event WHERE state = 'waiting' AND address < ?1)
                           + (SELECT count(*) FROM event WHERE state = 'waiting' AND address > ?1)";
            let elsewhere = db.prepare_cached(sql)?.query_row([address], |row| row.get(0))?;
            Ok(Totals {
                oldest: kept.map(|kept| now.since(&kept)),
                elsewhere,
                open_calls: number("SELECT count(*) FROM call WHERE ended IS NULL")?,
                ..totals
            })
        })
    }

    /// Why Zammad gets nothing at present, if that is so.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn held(&mut self) -> Result<Option<Held>, SpoolError> {
        let sql = "SELECT reason, since FROM held WHERE address = ?";
        let held = |row: &Row| Ok(Held { reason: row.get(0)?, since: on_wall(row.get(1)?) });
        self.read(|db, address| db.prepare_cached(sql)?.query_row([address], held).optional())
    }

    /// Notes that Zammad gets nothing for now, or that it does again.
    #[doc(hidden)]
    pub fn hold(&mut self, reason: Option<&str>, now: Moment) -> Result<(), SpoolError> {
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

    /// How many calls are open for longer than that.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub fn calls_open_for(&mut self, time: Duration, now: Moment) -> Result<u64, SpoolError> {
        let sql = "SELECT began, boot, up FROM call WHERE address = ? AND ended IS NULL ORDER BY number";
        self.read(|db, address| {
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
        })
    }
}
