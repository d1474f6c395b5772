//! The file of a spool: how it is opened, read, changed, replaced when it is damaged, and kept short.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

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
        let (place, mut db) = open_or_replace(&config.path, patience)?;
        let limits = Limits::from(config);
        let address = address(endpoint);
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
