//! The tables of a spool, and how a file is begun, opened, or brought up to date.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{SpoolError, damage, failed};

/// In the head of the file, so that other programs know whose it is: "ZCTI".
const APPLICATION: i64 = 0x5a43_5449;

/// One step for each version that there ever was; a file's version says how many it has behind it.
const STEPS: [&str; 1] = ["
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
"];

/// Beside each spool that was ever opened there is a file of its name and this.
const LOCK: &str = ".lock";

/// What is to take the place of a damaged file is beside it until it is whole.
pub const MENDED: &str = ".mended";

/// Opens a file with the tables of this release.
///
/// Nobody opens it while a damaged one is set aside: what he wrote would be in neither.
pub fn open(path: &Path, patience: Duration) -> Result<Connection, SpoolError> {
    let trouble = |source| SpoolError::File { path: path.to_owned(), source };
    let folder = prepare_folder(path).map_err(trouble)?;
    let mode =
        if folder.is_some_and(|folder| is_of_group(folder).unwrap_or_default()) { 0o660 } else { 0o600 };
    let before = path.metadata().ok();
    if let Some(other) = before.as_ref().filter(|metadata| !metadata.is_file()) {
        let what = if other.is_dir() { "a folder" } else { "no file" };
        let what = format!("it is {what}; name a file, such as spool.db in a folder");
        return Err(trouble(io::Error::other(what)));
    }
    if !beside(path, LOCK).exists() && is_something_else(path) {
        // A wrong path must not make somebody's file a damaged spool.
        return Err(SpoolError::Foreign { path: path.to_owned() });
    }
    let lock = lock_file(path, mode).map_err(trouble)?;
    lock.lock_shared().map_err(trouble)?;
    if !path.exists() && beside(path, MENDED).exists() {
        // Whoever was about to put it here has ended.
        lock.lock().map_err(trouble)?;
        if !path.exists() {
            damage::put_in_place(path).map_err(trouble)?;
        }
    }
    let db = open_locked(path, mode, patience)?;
    if before.is_some_and(|metadata| metadata.mode() & 0o777 & !mode != 0) {
        // Only now it is sure to be a spool. Whoever does not own it can use it all the same.
        let _ = std::fs::set_permissions(path, Permissions::from_mode(mode));
    }
    Ok(db)
}

/// The same for who has the lock.
pub fn open_locked(path: &Path, mode: u32, patience: Duration) -> Result<Connection, SpoolError> {
    prepare(path, mode).map_err(|source| SpoolError::File { path: path.to_owned(), source })?;
    let database = |source| failed(path, source);
    let mut db = connect(path, patience).map_err(database)?;
    if missing(&db, path)?.is_empty() {
        return Ok(db);
    }
    // It stays in the file, and cannot be changed within a transaction.
    db.pragma_update(None, "journal_mode", "WAL").map_err(database)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(database)?;
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(database)?;
    // Once more, now that nobody else can change it.
    let missing = missing(&begun, path)?;
    for step in missing {
        begun.execute_batch(step).map_err(database)?;
    }
    begun.pragma_update(None, "application_id", APPLICATION).map_err(database)?;
    begun.pragma_update(None, "user_version", STEPS.len() as i64).map_err(database)?;
    begun.commit().map_err(database)?;
    Ok(db)
}

fn connect(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(patience)?;
    // Otherwise each process of one event would wait for the disk at its end.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// The steps that a file does not have behind it.
fn missing(db: &Connection, path: &Path) -> Result<&'static [&'static str], SpoolError> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let database = |source| failed(path, source);
    let version = number("user_version").map_err(database)?;
    if number("application_id").map_err(database)? != APPLICATION {
        let is_empty = db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0));
        return if is_empty.map_err(database)? {
            Ok(&STEPS)
        } else {
            Err(SpoolError::Foreign { path: path.to_owned() })
        };
    }
    let behind = usize::try_from(version).unwrap_or(usize::MAX);
    STEPS.get(behind..).ok_or_else(|| SpoolError::Newer { path: path.to_owned() })
}

/// Whoever has it alone may put another file in the spool's place.
pub fn lock_file(path: &Path, mode: u32) -> io::Result<File> {
    file_of_mode(&beside(path, LOCK), mode)
}

/// What root begins in another user's folder is that user's: otherwise a look at the spool would keep
/// the phone system out of it.
pub fn owner_to_be(path: &Path) -> io::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let owner = folder.metadata()?;
    Ok((owner.uid() != 0).then(|| (owner.uid(), owner.gid())))
}

/// Whether a file has something in it that does not begin as SQLite's files do.
///
/// Source: SQLite, "Database File Format", section 1.3.1.
fn is_something_else(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_ok() && !head.is_empty() && head != b"SQLite format 3\0"
}

/// A file whose name begins like another's.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Sees to it that the file is there, and that nobody but its owner reads it, or the group to which
/// the administrator has given the folder; what SQLite puts beside it gets the same mode.
///
/// A file that is there is not touched: to close it would take away the locks that this process has on
/// it by way of SQLite.
fn prepare(path: &Path, mode: u32) -> io::Result<()> {
    if path.exists() { Ok(()) } else { file_of_mode(path, mode).map(drop) }
}

/// Whether there is a spool, or one that is about to be put in its place.
pub fn is_begun(path: &Path) -> bool {
    path.exists() || beside(path, MENDED).exists()
}

/// Opens a file, or begins one with this mode, whatever the process's mask is.
fn file_of_mode(path: &Path, mode: u32) -> io::Result<File> {
    let there = || OpenOptions::new().write(true).open(path);
    match there() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => return opened,
    }
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => there(),
        Err(error) => Err(error),
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(mode))?;
            if let Some((user, group)) = owner_to_be(path)? {
                fchown(&file, Some(user), Some(group))?;
            }
            Ok(file)
        }
    }
}

/// Sees to it that the folder of a spool is there, if it is named.
pub fn prepare_folder(path: &Path) -> io::Result<Option<&Path>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.map(|folder| DirBuilder::new().mode(0o700).create(folder)) {
        None | Some(Ok(())) => Ok(folder),
        Some(Err(error)) if error.kind() == ErrorKind::AlreadyExists => Ok(folder),
        Some(Err(error)) => Err(error),
    }
}

/// Whether a folder's files belong to its group, and the group may write them (mode 2770).
pub fn is_of_group(folder: &Path) -> io::Result<bool> {
    Ok(folder.metadata()?.mode() & 0o2070 == 0o2070)
}
