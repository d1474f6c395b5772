//! A file that is none any more: it is set aside, another one is begun, and what can still be read
//! of the events in it goes there.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::schema::beside;
use super::{Moment, SpoolError, failed, schema, waiting};

/// Whether the file itself is broken, and not only in use, full, or out of reach.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Sets a damaged file aside and begins another one in its place, once, however many processes find
/// it damaged at a time.
///
/// `opened` is the file as whoever complains had it, by its inode; if another one has its name by
/// now, that is done already.
pub fn replace(path: &Path, opened: Option<u64>, patience: Duration) -> Result<(), SpoolError> {
    let trouble = |source| SpoolError::File { path: path.to_owned(), source };
    let database = |source| failed(path, source);
    let mode = path.metadata().map_err(trouble)?.mode() & 0o777;
    let lock = schema::lock_file(path, mode).map_err(trouble)?;
    lock.lock().map_err(trouble)?;
    let is_done = match opened {
        Some(_) => opened != super::inode(path),
        None => schema::open_locked(path, mode, patience).is_ok(),
    };
    if is_done {
        return Ok(());
    }
    let aside = beside(path, &format!("{ASIDE}{}", Moment::now().wall));
    for suffix in ["-wal", "-shm"] {
        // There need not be any.
        let _ = std::fs::rename(beside(path, suffix), beside(&aside, suffix));
    }
    std::fs::rename(path, &aside).map_err(trouble)?;
    let mut fresh = schema::open_locked(path, mode, patience)?;
    let saved = fresh.transaction().map_err(database)?;
    let count = save(&aside, &saved);
    saved.execute("UPDATE total SET damaged = damaged + 1, kept = ?", [count]).map_err(database)?;
    saved.commit().map_err(database)?;
    log::error!(
        "the spool {} is damaged, and set aside as {}; {count} events could be read, and are kept",
        path.display(),
        aside.display()
    );
    Ok(())
}

/// What a damaged file's name goes on with; then comes when that was found, in milliseconds.
const ASIDE: &str = ".damaged-";

/// The damaged files that are still there.
pub fn set_aside(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name() else { return Ok(Vec::new()) };
    let begin = format!("{}{ASIDE}", name.to_string_lossy());
    let is_one = |name: &str| {
        let millis = name.strip_prefix(&begin);
        millis.is_some_and(|millis| !millis.is_empty() && millis.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
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

/// Copies what can be read from either end of the table, as the damage is mostly in one place.
fn save(damaged: &Path, into: &Connection) -> usize {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(damaged) = Connection::open_with_flags(damaged, flags) else { return 0 };
    let mut count = 0;
    for direction in ["ASC", "DESC"] {
        // Without the indexes, which may be what is damaged.
        let sql = format!("SELECT {COLUMNS} FROM event NOT INDEXED ORDER BY position {direction}");
        let Ok(mut statement) = damaged.prepare(&sql) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        while let Ok(Some(row)) = rows.next() {
            match copy(row, into) {
                Ok(true) => count += 1,
                // The other end has come as far.
                Ok(false) => break,
                Err(error) => log::warn!("an event of the damaged spool is lost: {error}"),
            }
        }
    }
    count
}

/// Copies an event, unless it is there.
fn copy(row: &Row, into: &Connection) -> rusqlite::Result<bool> {
    let values = (0..16).map(|column| row.get::<_, rusqlite::types::Value>(column));
    let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
    let sql = format!(
        "INSERT OR IGNORE INTO event ({COLUMNS}, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
    );
    let is_new = into.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values))? > 0;
    let (address, call_id): (String, String) = (row.get(1)?, row.get(2)?);
    waiting::renew_head(into, &address, &call_id)?;
    Ok(is_new)
}
