//! The file of a spool: how it is opened, read, changed, replaced when it is damaged, and kept short.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::ffi::{SQLITE_FULL, SQLITE_IOERR_SHMSIZE};
use rusqlite::hooks::Wal;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Limits, Place, Spool, SpoolError, address, damage, failed, schema};
use crate::config::{Endpoint, SpoolConfig};

/// So many pages, of 4 KiB, may be beside the file when a process ends: the next one to open it, if
/// nobody else has it open, reads them all, and whoever puts them into the file waits for the disk.
const PAGES_ASIDE: u32 = 120;

/// With so many beside it whoever makes a change puts them there at once, as those do who stay.
const MOST_PAGES_ASIDE: u32 = 2000;

impl Spool {
    /// Opens the file, or begins one. `patience` is how long any work on it may wait for others.
    ///
    /// A damaged file is set aside, and counted in the one that is begun in its place.
    ///
    /// # Errors
    ///
    /// The file cannot be had, is another program's, or is of a newer release; then it is left as it
    /// is.
    pub fn open(config: &SpoolConfig, endpoint: &Endpoint, patience: Duration) -> Result<Self, SpoolError> {
        Self::open_for(config, address(endpoint), patience)
    }

    /// The same for the Zammad of this [`address`](Self::address), whether or not anything leads there.
    pub(super) fn open_for(
        config: &SpoolConfig,
        address: String,
        patience: Duration,
    ) -> Result<Self, SpoolError> {
        let (place, mut db) = open_or_replace(&config.path, patience)?;
        let limits = Limits::from(config);
        let aside = watch(&mut db).map_err(|source| failed(&place, source))?;
        let (path, inode) = (config.path.clone(), place.inode());
        Ok(Self { db, durable: None, aside, path, place, inode, patience, limits, address })
    }

    /// Makes it ready for work that may wait for others so long, also if another file has its name by
    /// now.
    pub(crate) fn prepare(&mut self, patience: Duration) -> Result<(), SpoolError> {
        self.patience = patience;
        if !self.is_in_place() {
            self.reopen()?;
        }
        self.db.busy_timeout(patience).map_err(|source| failed(&self.place, source))
    }

    /// Whether the file still has its name.
    pub(super) fn is_in_place(&self) -> bool {
        self.inode == self.place.inode()
    }

    /// A number that changes whenever somebody else changes something.
    pub(crate) fn changes(&self) -> Result<i64, SpoolError> {
        let number = self.db.pragma_query_value(None, "data_version", |row| row.get(0));
        number.map_err(|source| failed(&self.place, source))
    }

    /// Whether whoever opens the file next would read for long what is beside it.
    pub(crate) fn has_long_wal(&self) -> bool {
        self.aside.load(Ordering::Relaxed) >= PAGES_ASIDE
    }

    /// Puts what is beside the file into it, unless somebody reads it there; then he has it to do.
    pub(crate) fn shorten_wal(&mut self) -> Result<(), SpoolError> {
        self.db.busy_timeout(Duration::ZERO).map_err(|source| failed(&self.place, source))?;
        let (beside, done) = self
            .db
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
            .map_err(|source| failed(&self.place, source))?;
        if beside > done {
            return Ok(());
        }
        // A change goes to the beginning of what is beside it, which would else be read once more.
        self.change(Durable::No, |db, _| Ok(touch(db)?))
    }

    /// The same when there is time, and without anything left beside the file.
    pub(crate) fn empty_wal(&self) -> Result<(), SpoolError> {
        let tidied = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        tidied.map_err(|source| failed(&self.place, source))
    }

    /// Writes as an event would, but nothing that counts.
    ///
    /// # Errors
    ///
    /// What an event would meet with: the disk is full, or does not let this user write.
    pub(crate) fn try_to_write(&mut self) -> Result<(), SpoolError> {
        self.change(Durable::Yes, |db, _| Ok(touch(db)?))
    }

    /// Reads something; once more from a new file if this one is damaged.
    pub(super) fn read<T>(
        &mut self,
        work: impl Fn(&Connection, &str) -> rusqlite::Result<T>,
    ) -> Result<T, SpoolError> {
        match work(&self.db, &self.address) {
            Err(error) if damage::is_damage(&error) => {
                self.replace()?;
                work(&self.db, &self.address).map_err(|source| failed(&self.place, source))
            }
            result => result.map_err(|source| failed(&self.place, source)),
        }
    }

    /// The same for what takes several queries: they see the spool as it is at one moment.
    pub(super) fn read_at_once<T>(
        &mut self,
        work: impl Fn(&Connection, &str) -> rusqlite::Result<T>,
    ) -> Result<T, SpoolError> {
        self.read(|db, address| work(&*db.unchecked_transaction()?, address))
    }

    /// Changes something, all of it or nothing; once more in a new file if this one is damaged.
    pub(super) fn change<T>(
        &mut self,
        durable: Durable,
        work: impl Fn(&Transaction, &str) -> Result<T, Trouble>,
    ) -> Result<T, SpoolError> {
        let result = match self.try_change(durable, &work) {
            Err(Trouble::Database(error)) if damage::is_damage(&error) => {
                self.replace()?;
                self.try_change(durable, &work)
            }
            result => result,
        };
        result.map_err(|trouble| match trouble {
            Trouble::Database(source) => failed(&self.place, source),
            Trouble::Full { events, bytes } => {
                // Seen by whoever watches; the sender is told anyway.
                let _ = self.db.execute("UPDATE total SET refused = refused + 1", []);
                SpoolError::Full { events, bytes }
            }
        })
    }

    fn try_change<T>(
        &mut self,
        durable: Durable,
        work: &impl Fn(&Transaction, &str) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if self.durable != Some(durable) {
            let synchronous = match durable {
                Durable::Yes => "FULL",
                Durable::No => "NORMAL",
            };
            self.db.pragma_update(None, "synchronous", synchronous)?;
            self.durable = Some(durable);
        }
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction, &self.address)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Goes on with a new file in place of this one, which is damaged.
    fn replace(&mut self) -> Result<(), SpoolError> {
        damage::replace(&self.place, self.inode, self.patience)?;
        self.reopen()
    }

    pub(super) fn reopen(&mut self) -> Result<(), SpoolError> {
        (self.place, self.db) = open_or_replace(&self.path, self.patience)?;
        self.durable = None;
        self.aside = watch(&mut self.db).map_err(|source| failed(&self.place, source))?;
        self.inode = self.place.inode();
        Ok(())
    }
}

/// Whether a change waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    Yes,
    No,
}

/// Why a change is not made; nothing of it is there.
pub(super) enum Trouble {
    Database(rusqlite::Error),
    Full { events: u64, bytes: u64 },
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Whether there is no room for more, in the file or in the memory beside it that processes share.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    [Some(SQLITE_FULL), Some(SQLITE_IOERR_SHMSIZE)].contains(&code)
}

/// Opens the file; another one in its place if it is damaged.
fn open_or_replace(path: &Path, patience: Duration) -> Result<(Place, Connection), SpoolError> {
    let place = Place::open(path).map_err(|source| SpoolError::File { path: path.to_owned(), source })?;
    let db = match schema::open(&place, patience) {
        Err(SpoolError::Database { source, .. }) if damage::is_damage(&source.0) => {
            damage::replace(&place, None, patience)?;
            schema::open(&place, patience)
        }
        opened => opened,
    }?;
    Ok((place, db))
}

/// Changes what nobody looks at; what stays as it is would not be written.
fn touch(db: &Transaction) -> rusqlite::Result<()> {
    db.execute("UPDATE total SET tidied = tidied + 1", []).map(drop)
}

/// Counts the pages beside the file.
fn watch(db: &mut Connection) -> rusqlite::Result<Arc<AtomicU32>> {
    let aside = Arc::new(AtomicU32::new(0));
    let seen = aside.clone();
    db.wal_hook(Some(move |wal: &mut Wal, pages| {
        seen.store(u32::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
        if seen.load(Ordering::Relaxed) >= MOST_PAGES_ASIDE {
            // What cannot be done now is left to the next change.
            let _ = wal.checkpoint();
        }
        Ok(())
    }))?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileExt, MetadataExt};

    use super::*;
    use crate::event::EventKind;
    use crate::spool::tests::{Folder, keep, next, open};
    use crate::spool::{Moment, Note};

    #[test]
    fn a_file_of_a_newer_release_or_of_another_program_is_left_alone() {
        let folder = Folder::new();
        let path = folder.config().path;
        keep(&mut folder.open(), EventKind::NewCall, "7");
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 1000).unwrap();
        drop(newer);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(&folder.config()), Err(SpoolError::Newer { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        std::fs::remove_file(&path).unwrap();
        let foreign = Connection::open(&path).unwrap();
        foreign.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
        drop(foreign);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(&folder.config()), Err(SpoolError::Foreign { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let config = SpoolConfig { path: folder.0.path().join("config.toml"), ..folder.config() };
        std::fs::write(&config.path, "url = \"https://zammad.example.com\"").unwrap();
        for path in [path, config.path.clone()] {
            let open_to_all = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
            std::fs::set_permissions(&path, open_to_all).unwrap();
            let opened = open(&SpoolConfig { path: path.clone(), ..config.clone() });
            assert!(matches!(opened, Err(SpoolError::Foreign { .. })), "{path:?}");
            assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o644, "{path:?}");
        }
    }

    #[test]
    fn a_damaged_file_is_set_aside_with_what_cannot_be_read() {
        let folder = Folder::new();
        let path = folder.config().path;
        let mut spool = open(&SpoolConfig { max_events: 10_000, ..folder.config() }).unwrap();
        for call in 0..500 {
            keep(&mut spool, EventKind::NewCall, &call.to_string());
        }
        spool.empty_wal().unwrap();
        let pages = std::fs::metadata(&path).unwrap().len() / 4096;
        // In the middle of the events, and the other process has it open.
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        // Source: SQLite, "Database File Format", section 1.6: a leaf of a table, and not of an index.
        let is_leaf = |page: &u64| {
            let mut kind = [0];
            file.read_exact_at(&mut kind, page * 4096).unwrap();
            kind == [0x0d]
        };
        let page = (pages / 2..pages).find(is_leaf).unwrap();
        file.write_all_at(&[0xA5; 4096], page * 4096).unwrap();
        let mut other = folder.open();
        let mut seen = 0;
        while let Some(waiting) = other.due(Moment::now(), 1).unwrap().pop() {
            other.note(waiting.position, &Note::Arrived, Moment::now()).unwrap();
            seen += 1;
        }
        let totals = other.totals(Moment::now()).unwrap();
        assert_eq!(totals.ever_damaged, 1);
        assert!((400..500).contains(&seen), "{seen} of 500 events");
        // The one that had the old file goes on with the new one.
        let position = keep(&mut spool, EventKind::Hangup, "499");
        assert_eq!(next(&mut other, position).event.kind, EventKind::Hangup);
        let aside = std::fs::read_dir(folder.0.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            name.starts_with("spool.db.damaged-") && !name.contains("-wal") && !name.contains("-shm")
        });
        assert_eq!(aside.count(), 1);
    }

    #[test]
    fn nobody_else_reads_it_and_no_token_is_in_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let config = SpoolConfig { path: folder.0.path().join("sub/spool.db"), ..folder.config() };
        let mut spool = open(&config).unwrap();
        keep(&mut spool, EventKind::NewCall, "7");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let sub = config.path.parent().unwrap();
        assert_eq!(mode(sub), 0o700);
        let files: Vec<_> = std::fs::read_dir(sub).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{file:?}");
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(8).any(|window| window == b"TOKEN-of"), "{file:?}");
        }
        // Also one that was made readable.
        std::fs::set_permissions(&config.path, std::fs::Permissions::from_mode(0o644)).unwrap();
        open(&config).unwrap();
        assert_eq!(mode(&config.path), 0o600);
    }
}
