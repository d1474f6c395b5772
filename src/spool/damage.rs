//! A file that is none any more: it is set aside, another one is begun, and what can still be read
//! of the events in it goes there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Row, TransactionBehavior};

use super::place::{ASIDE, LOCK, MENDED, OF_SQLITE, Place, put_in_place};
use super::{Moment, SpoolError, failed, schema, trouble, waiting};

/// Whether the file itself is broken, and not only in use, full, or out of reach.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Sets a damaged file aside and begins another one in its place, once, however many processes find
/// it damaged at a time.
///
/// `opened` is the file as whoever complains had it, by its inode; if another one has its name by
/// now, that is done already.
pub fn replace(place: &Place, opened: Option<u64>, patience: Duration) -> Result<(), SpoolError> {
    let trouble = |source| trouble(place, source);
    let folder = place.folder();
    let lock = folder.file(&place.name(LOCK)).map_err(trouble)?;
    schema::wait_for(place, patience, || lock.try_lock())?;
    let is_done = match opened {
        Some(_) => opened != place.inode(),
        None => schema::open_locked(place, "", patience).is_ok(),
    };
    if is_done {
        return Ok(());
    }
    // The new one gets its name when it is whole: whoever writes it may end before, and the next
    // one who finds the damage begins again.
    for suffix in [""].into_iter().chain(OF_SQLITE) {
        // There need not be any.
        let _ = folder.remove(&place.name(&format!("{MENDED}{suffix}")));
    }
    let damaged = schema::connect(place, "", patience).ok();
    if let Some(damaged) = &damaged {
        // Others can still write into it in places, and are to do so in the new one.
        let _ = damaged.execute_batch("BEGIN IMMEDIATE");
    }
    let count = fill(place, damaged.as_ref(), patience)?;
    let aside = format!("{ASIDE}{}", Moment::now().wall);
    folder.rename(&place.name(""), &place.name(&aside)).map_err(trouble)?;
    // From here on whoever finds none does the rest.
    put_in_place(place).map_err(trouble)?;
    log::error!(
        "the spool {} is damaged, and set aside as {}; {count} events could be read, and are kept",
        place.path("").display(),
        place.path(&aside).display()
    );
    Ok(())
}

/// The damaged files that are still there.
pub fn set_aside(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let place = Place::open(path)?;
    let begin = place.name(ASIDE).to_string_lossy().into_owned();
    let is_one = |name: &str| {
        let millis = name.strip_prefix(&begin);
        millis.is_some_and(|millis| !millis.is_empty() && millis.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(place.folder().path())? {
        let entry = entry?;
        if is_one(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The columns of an event that count; a call's journal is lost.
const COLUMNS: &str = "position, address, call_id, kind, rank, text, answered, kept, boot, up, state, due, \
                       attempts, under_way, uncertain, reason";

/// A file may say anything of the positions that were taken; above the last one SQLite would find none.
const MOST_POSITIONS: i64 = i64::MAX / 2;

/// How many places between two that can be read are looked at one by one.
const MOST_PLACES: i64 = 4_000_000;

/// Begins a file with what can be read of a damaged one, in itself whole. Tells how many events these
/// are.
fn fill(place: &Place, damaged: Option<&Connection>, patience: Duration) -> Result<usize, SpoolError> {
    let database = |source| failed(place, source);
    let mut fresh = schema::open_locked(place, MENDED, patience)?;
    let saved = fresh.transaction_with_behavior(TransactionBehavior::Immediate).map_err(database)?;
    // What stands in for a table of ours in another's file is not read.
    let damaged = damaged.filter(|damaged| schema::is_ours(damaged).unwrap_or_default());
    let count = damaged.map_or(0, |damaged| save(damaged, &saved));
    let sql = "UPDATE total SET damaged = damaged + 1, kept = kept + ?";
    saved.execute(sql, [count]).map_err(database)?;
    // Who still has an event of the old file in hand must not meet another one in its place.
    let ever = damaged.and_then(last_position).unwrap_or(Moment::now().wall).min(MOST_POSITIONS);
    saved.execute("DELETE FROM sqlite_sequence WHERE name = 'event'", []).map_err(database)?;
    let sql = "INSERT INTO sqlite_sequence (name, seq)
               SELECT 'event', max(?, (SELECT coalesce(max(position), 0) FROM event))";
    saved.execute(sql, [ever]).map_err(database)?;
    saved.commit().map_err(database)?;
    fresh.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(database)?;
    fresh.close().map_err(|(_, source)| database(source))?;
    Ok(count)
}

/// The last position that was ever taken.
fn last_position(damaged: &Connection) -> Option<i64> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'event'";
    damaged.query_row(sql, [], |row| row.get(0)).ok()
}

/// Copies what can be read: from either end of the table, and then what stands between damaged
/// pages.
fn save(damaged: &Connection, into: &Connection) -> usize {
    let mut count = 0;
    let mut saved = |row: &Row| match copy(row, into) {
        Ok(()) => count += 1,
        Err(error) => log::warn!("an event of the damaged spool is lost: {error}"),
    };
    let (mut first, mut last) = (i64::MIN, i64::MAX);
    // Without the indexes, which may be what is damaged.
    let upwards = format!("SELECT {COLUMNS} FROM event NOT INDEXED WHERE position > ? ORDER BY position");
    let is_whole = read(damaged, &upwards, first, |position, row| {
        first = position;
        saved(row);
    });
    if is_whole {
        return count;
    }
    let downwards =
        format!("SELECT {COLUMNS} FROM event NOT INDEXED WHERE position > ? ORDER BY position DESC");
    read(damaged, &downwards, first, |position, row| {
        last = position;
        saved(row);
    });
    let one = format!("SELECT {COLUMNS} FROM event NOT INDEXED WHERE position = ?");
    if last == i64::MAX {
        last = last_position(damaged).unwrap_or_default().saturating_add(1);
    }
    let first = first.max(0);
    for position in first + 1..last.min(first.saturating_add(MOST_PLACES)) {
        read(damaged, &one, position, |_, row| saved(row));
    }
    count
}

/// Reads rows as far as that goes. Tells whether it was to their end.
fn read(db: &Connection, sql: &str, number: i64, mut take: impl FnMut(i64, &Row)) -> bool {
    let Ok(mut statement) = db.prepare_cached(sql) else { return false };
    let Ok(mut rows) = statement.query([number]) else { return false };
    loop {
        match rows.next().map(|row| row.map(|row| (row.get(0), row))) {
            Ok(Some((Ok(position), row))) => take(position, row),
            Ok(None) => return true,
            Ok(Some((Err(_), _))) | Err(_) => return false,
        }
    }
}

/// Copies an event.
fn copy(row: &Row, into: &Connection) -> rusqlite::Result<()> {
    let values = (0..16).map(|column| row.get::<_, rusqlite::types::Value>(column));
    let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
    let sql = format!(
        "INSERT INTO event ({COLUMNS}, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
    );
    into.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values))?;
    let (address, call_id): (String, String) = (row.get(1)?, row.get(2)?);
    waiting::renew_head(into, &address, &call_id)
}
