//! The tables of a spool, and how a file is begun, opened, or brought up to date.

use std::fs::TryLockError;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::place::{LOCK, MENDED, OF_SQLITE, Place, put_in_place};
use super::{SpoolError, failed, regular, trouble};

/// In the head of the file, so that other programs know whose it is: "ZCTI".
const APPLICATION: i64 = 0x5a43_5449;

/// One step for each version that there ever was; a file's version says how many it has behind it.
const STEPS: [&str; 3] = [
    "
    -- What waits for Zammad, and what was given up.
    CREATE TABLE event (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        address TEXT NOT NULL,
        call_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        -- the place of its kind in a call
        rank INTEGER NOT NULL,
        text TEXT NOT NULL,
        answered INTEGER,
        kept INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        up INTEGER NOT NULL,
        state TEXT NOT NULL,
        -- the next one of its call
        head INTEGER NOT NULL,
        -- 0: at once
        due INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL,
        unknown_call INTEGER NOT NULL DEFAULT 0,
        under_way INTEGER NOT NULL DEFAULT 0,
        uncertain INTEGER NOT NULL,
        reason TEXT
    ) STRICT;
    CREATE INDEX event_of_call ON event (address, call_id, rank, position) WHERE state = 'waiting';
    CREATE INDEX event_due ON event (address, due, position) WHERE state = 'waiting' AND head;
    CREATE INDEX event_at_rest ON event (state, position) WHERE state <> 'waiting';
    -- What came of each attempt that failed.
    CREATE TABLE attempt (
        event INTEGER NOT NULL,
        at INTEGER NOT NULL,
        outcome TEXT NOT NULL
    ) STRICT;
    CREATE INDEX attempt_of_event ON attempt (event);
    -- The calls that this machine has reported.
    CREATE TABLE call (
        number INTEGER PRIMARY KEY,
        address TEXT NOT NULL,
        call_id TEXT NOT NULL,
        key TEXT,
        direction TEXT NOT NULL,
        calling TEXT,
        called TEXT,
        answered INTEGER NOT NULL,
        began INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        up INTEGER NOT NULL,
        -- its hangup: none, under way, or reported
        hangup INTEGER NOT NULL DEFAULT 0,
        ended INTEGER,
        UNIQUE (address, call_id)
    ) STRICT;
    CREATE INDEX call_by_key ON call (address, key, number) WHERE key IS NOT NULL;
    CREATE INDEX call_ended ON call (ended) WHERE ended IS NOT NULL;
    CREATE INDEX call_open ON call (address, number) WHERE ended IS NULL;
    -- Zammads that take nothing at present.
    CREATE TABLE held (
        address TEXT PRIMARY KEY,
        reason TEXT NOT NULL,
        since INTEGER NOT NULL
    ) STRICT;
    -- One row: what would take too long to count each time, and what is counted for ever.
    CREATE TABLE total (
        events INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        kept INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        dead INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0,
        dropped INTEGER NOT NULL DEFAULT 0,
        damaged INTEGER NOT NULL DEFAULT 0,
        -- how often what was beside the file was put into it; for a change that is one
        tidied INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    INSERT INTO total DEFAULT VALUES;
    CREATE TRIGGER event_comes AFTER INSERT ON event BEGIN
        UPDATE total SET events = events + 1, bytes = bytes + length(CAST(new.text AS BLOB));
    END;
    CREATE TRIGGER event_goes AFTER DELETE ON event BEGIN
        UPDATE total SET events = events - 1, bytes = bytes - length(CAST(old.text AS BLOB));
        DELETE FROM attempt WHERE event = old.position;
    END;
",
    "
    -- What each bridge tells of itself. Few columns, as each event's process reads them here.
    CREATE TABLE bridge (
        name TEXT PRIMARY KEY,
        told TEXT NOT NULL,
        at INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        up INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    -- Where the events of a call go, where routes decide. It goes with its call.
    CREATE TABLE route (
        number INTEGER PRIMARY KEY,
        call_id TEXT NOT NULL UNIQUE,
        key TEXT,
        address TEXT NOT NULL,
        -- whose Zammad that is, unless it is that of the configuration itself
        profile TEXT,
        -- the profiles that get copies, as a list in JSON
        copies TEXT NOT NULL
    ) STRICT;
    CREATE INDEX route_by_key ON route (key, number) WHERE key IS NOT NULL;
    CREATE TRIGGER call_goes AFTER DELETE ON call BEGIN
        DELETE FROM route WHERE call_id = old.call_id AND address = old.address;
    END;
",
];

/// How long whoever waits for the lock sleeps between two looks at it.
const PAUSE: Duration = Duration::from_millis(5);

/// Opens a file with the tables of this release.
///
/// Nobody opens it while a damaged one is set aside: what he wrote would be in neither.
pub fn open(place: &Place, patience: Duration) -> Result<Connection, SpoolError> {
    let trouble = |source| trouble(place, source);
    let folder = place.folder();
    let is_begun = folder.has_file(&place.name("")).map_err(trouble)?;
    if is_begun && !folder.has_file(&place.name(LOCK)).map_err(trouble)? && is_something_else(place) {
        // A wrong path must not make somebody's file a damaged spool.
        return Err(foreign(place));
    }
    let lock = folder.file(&place.name(LOCK)).map_err(trouble)?;
    wait_for(place, patience, || lock.try_lock_shared())?;
    if !folder.has_file(&place.name("")).map_err(trouble)?
        && folder.has_file(&place.name(MENDED)).map_err(trouble)?
    {
        // Whoever was about to put it here has ended.
        wait_for(place, patience, || lock.try_lock())?;
        if !folder.has_file(&place.name("")).map_err(trouble)? {
            put_in_place(place).map_err(trouble)?;
        }
    }
    let db = open_locked(place, "", patience)?;
    if is_begun {
        // Only now it is sure to be a spool. Whoever does not own it can use it all the same.
        let _ = folder.restrict(&place.name(""));
    }
    Ok(db)
}

/// The same for who has the lock; `suffix` is at the end of its name.
pub fn open_locked(place: &Place, suffix: &str, patience: Duration) -> Result<Connection, SpoolError> {
    prepare(place, suffix).map_err(|source| trouble(place, source))?;
    let database = |source| failed(place, source);
    let mut db = connect(place, suffix, patience).map_err(database)?;
    if missing(&db, place)?.is_empty() {
        return Ok(db);
    }
    // It stays in the file, and cannot be changed within a transaction.
    while_busy(patience, || db.pragma_update(None, "journal_mode", "WAL")).map_err(database)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(database)?;
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(database)?;
    // Once more, now that nobody else can change it.
    let missing = missing(&begun, place)?;
    for step in missing {
        begun.execute_batch(step).map_err(database)?;
    }
    begun.pragma_update(None, "application_id", APPLICATION).map_err(database)?;
    begun.pragma_update(None, "user_version", STEPS.len() as i64).map_err(database)?;
    begun.commit().map_err(database)?;
    Ok(db)
}

/// Tries once more while others have the file: SQLite does not wait by itself where two that wait could wait for
/// each other, as those do that begin one file.
fn while_busy<T>(patience: Duration, work: impl Fn() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let asked = Instant::now();
    loop {
        match work() {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == rusqlite::ErrorCode::DatabaseBusy && asked.elapsed() < patience =>
            {
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

/// A connection that believes nothing of what the file says of itself: whoever may write the folder may
/// have made it.
///
/// Source: SQLite, "Defense Against The Dark Arts", section 1.
pub fn connect(place: &Place, suffix: &str, patience: Duration) -> rusqlite::Result<Connection> {
    regular::only();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        // A link that has come since the last look; what stands beside the file is never followed.
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = Connection::open_with_flags(place.path(suffix), flags)?;
    db.busy_timeout(patience)?;
    // Otherwise each process of one event would wait for the disk at its end; and one with a damaged file
    // would take away what by then is the new one's.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// The steps that a file does not have behind it.
fn missing(db: &Connection, place: &Place) -> Result<&'static [&'static str], SpoolError> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let database = |source| failed(place, source);
    let version = number("user_version").map_err(database)?;
    if number("application_id").map_err(database)? != APPLICATION {
        let is_empty = db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0));
        if is_empty.map_err(database)? {
            return Ok(&STEPS);
        }
        // Somebody may have begun it between the two looks.
        if number("application_id").map_err(database)? != APPLICATION {
            return Err(foreign(place));
        }
        return missing(db, place);
    }
    let behind = usize::try_from(version).unwrap_or(usize::MAX);
    let missing = STEPS.get(behind..).ok_or_else(|| SpoolError::Newer { path: place.path("") })?;
    if is_ours(db).map_err(database)? { Ok(missing) } else { Err(foreign(place)) }
}

/// Whether a file has the tables, indexes and triggers that a release has given it, all of them and no others: a
/// trigger would do what its author wants with each event.
pub fn is_ours(db: &Connection) -> rusqlite::Result<bool> {
    let version = db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    let steps = STEPS.get(..usize::try_from(version).unwrap_or(usize::MAX)).unwrap_or_default();
    let mut missing: usize = steps.iter().map(|step| step.matches(CREATE).count()).sum();
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema")?;
    let mut rows = statement.query([])?;
    // As a rule they stand there in the order in which they were made, so each is found behind the last.
    let mut behind = steps.first().copied().unwrap_or_default();
    while let Some(row) = rows.next()? {
        match (row.get_ref(0)?, row.get_ref(1)?) {
            (ValueRef::Text(name), ValueRef::Null) if name.starts_with(b"sqlite_autoindex_") => {}
            (ValueRef::Text(b"sqlite_sequence"), ValueRef::Text(sql)) if sql == SEQUENCE => {}
            // SQLite keeps the words that a table was made with.
            (ValueRef::Text(_), ValueRef::Text(sql)) => {
                let Ok(sql) = str::from_utf8(sql) else { return Ok(false) };
                let found = [behind].iter().chain(steps).find_map(|step| rest_behind(step, sql));
                let Some(rest) = found else { return Ok(false) };
                (behind, missing) = (rest, missing.saturating_sub(1));
            }
            _ => return Ok(false),
        }
    }
    Ok(missing == 0)
}

/// What stands behind a whole statement of a step.
fn rest_behind<'a>(step: &'a str, sql: &str) -> Option<&'a str> {
    let (_, rest) = step.split_once(sql)?;
    (sql.starts_with(CREATE) && rest.starts_with(';')).then_some(rest)
}

/// What each statement of a step begins with that leaves something in the schema.
const CREATE: &str = "CREATE ";

/// SQLite's own table, which goes with AUTOINCREMENT.
const SEQUENCE: &[u8] = b"CREATE TABLE sqlite_sequence(name,seq)";

/// Takes a lock as soon as others leave it, within that time.
pub fn wait_for(
    place: &Place,
    patience: Duration,
    take: impl Fn() -> Result<(), TryLockError>,
) -> Result<(), SpoolError> {
    let asked = Instant::now();
    loop {
        match take() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if asked.elapsed() < patience => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(SpoolError::Slow { path: place.path("") }),
            Err(TryLockError::Error(source)) => return Err(trouble(place, source)),
        }
    }
}

/// Whether a file has something in it that does not begin as SQLite's files do.
///
/// Source: SQLite, "Database File Format", section 1.3.1.
fn is_something_else(place: &Place) -> bool {
    let mut head = Vec::new();
    let read =
        place.folder().open_file(&place.name("")).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_ok() && !head.is_empty() && head != b"SQLite format 3\0"
}

/// Sees to it that the file is there, and that nobody but its owner reads it, or the group to which
/// the administrator has given the folder; what SQLite puts beside it gets the same mode.
///
/// A file that is there is not opened: to close it would take away the locks that this process has on
/// it by way of SQLite.
fn prepare(place: &Place, suffix: &str) -> io::Result<()> {
    let folder = place.folder();
    for of_sqlite in OF_SQLITE {
        folder.has_file(&place.name(&format!("{suffix}{of_sqlite}")))?;
    }
    let name = place.name(suffix);
    if folder.has_file(&name)? { Ok(()) } else { folder.file(&name).map(drop) }
}

fn foreign(place: &Place) -> SpoolError {
    SpoolError::Foreign { path: place.path("") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Moment;
    use crate::spool::tests::Folder;

    #[test]
    fn a_file_that_several_begin_at_once_is_nobody_elses() {
        for _ in 0..50 {
            let folder = Folder::new();
            std::thread::scope(|threads| {
                for _ in 0..4 {
                    threads.spawn(|| drop(folder.open()));
                }
            });
        }
    }

    #[test]
    fn a_file_of_an_earlier_release_is_brought_up_to_date() {
        let folder = Folder::new();
        let path = folder.config().path;
        for steps in 1..STEPS.len() {
            drop(folder.open());
            std::fs::remove_file(&path).unwrap();
            let earlier = Connection::open(&path).unwrap();
            for step in &STEPS[..steps] {
                earlier.execute_batch(step).unwrap();
            }
            earlier.pragma_update(None, "application_id", APPLICATION).unwrap();
            earlier.pragma_update(None, "user_version", steps as i64).unwrap();
            drop(earlier);
            assert_eq!(folder.open().bridges(Moment::now()).unwrap(), [], "{steps}");
        }
    }
}
