//! Events that wait for Zammad, and the calls that this machine has reported: one SQLite file.
//!
//! An event is kept until Zammad has it, or until it is given up, which leaves it among the dead
//! letters with its reason. Of the events of a call only one is next; whoever sends it has the
//! call's turn (see [`turn`](crate::turn)), so it is under way once. Nothing here sends.
//!
//! What is kept survives a power cut; what is only noted, such as that an event arrived, survives
//! the end of a process.

mod damage;
mod journal;
mod moment;
mod schema;
mod shared;
mod waiting;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use journal::{Call, CallNumber, Ending, Which};
pub use moment::Moment;
pub use schema::{is_of_group, prepare_folder};
pub use shared::SharedSpool;
pub use waiting::{Attempt, Doubt, Held, Letter, Past, Position, State, Totals, Waiting};

use crate::config::{Endpoint, SpoolConfig, SpoolPolicy};

/// So many pages, of 4 KiB, may be beside the file when a process ends: the next one to open it, if
/// nobody else has it open, reads them all, and whoever puts them into the file waits for the disk.
const PAGES_ASIDE: u32 = 120;

/// With so many beside it whoever makes a change puts them there at once, as those do who stay.
const MOST_PAGES_ASIDE: u32 = 2000;

/// An open spool.
#[derive(Debug)]
pub struct Spool {
    db: Connection,
    /// whether its changes wait for the disk, if that is known
    durable: Option<Durable>,
    /// pages beside the file after the last change
    aside: Arc<AtomicU32>,
    path: PathBuf,
    inode: Option<u64>,
    patience: Duration,
    limits: Limits,
    /// which Zammad, as several may share a file
    address: String,
}

/// How much is kept.
#[derive(Debug, Clone, Copy)]
struct Limits {
    events: u64,
    bytes: u64,
    policy: SpoolPolicy,
}

/// Why something cannot be kept, or is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("the spool {} cannot be used", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the spool {}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("the spool {} is of a newer release, and is left alone", path.display())]
    Newer { path: PathBuf },
    #[error("the spool {} is another program's file, and is left alone", path.display())]
    Foreign { path: PathBuf },
    #[error("the spool is full: {events} events of {bytes} bytes wait in it")]
    Full { events: u64, bytes: u64 },
    #[error("the spool {} does not answer in time", path.display())]
    Slow { path: PathBuf },
    #[error("the event cannot be written down")]
    Event(#[source] serde_json::Error),
}

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
        let path = &config.path;
        let mut db = match schema::open(path, patience) {
            Err(SpoolError::Database { source, .. }) if damage::is_damage(&source) => {
                damage::replace(path, None, patience)?;
                schema::open(path, patience)?
            }
            opened => opened?,
        };
        let limits = Limits { events: config.max_events, bytes: config.max_bytes, policy: config.policy };
        let address = address(endpoint);
        let aside = watch(&mut db).map_err(|source| failed(path, source))?;
        let (path, inode) = (path.clone(), inode(path));
        Ok(Self { db, durable: None, aside, path, inode, patience, limits, address })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which Zammad this is about: its host, and the path before its API.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes it ready for work that may wait for others so long, also if another file has its name by
    /// now.
    pub fn prepare(&mut self, patience: Duration) -> Result<(), SpoolError> {
        self.patience = patience;
        if self.inode != inode(&self.path) {
            self.reopen()?;
        }
        self.db.busy_timeout(patience).map_err(|source| failed(&self.path, source))
    }

    /// A number that changes whenever somebody else changes something.
    pub fn changes(&self) -> Result<i64, SpoolError> {
        let number = self.db.pragma_query_value(None, "data_version", |row| row.get(0));
        number.map_err(|source| failed(&self.path, source))
    }

    /// Whether whoever opens the file next would read for long what is beside it.
    pub fn is_untidy(&self) -> bool {
        self.aside.load(Ordering::Relaxed) >= PAGES_ASIDE
    }

    /// Puts what is beside the file into it, unless somebody reads it there; then he has it to do.
    pub fn tidy_up(&mut self) -> Result<(), SpoolError> {
        self.db.busy_timeout(Duration::ZERO).map_err(|source| failed(&self.path, source))?;
        let (beside, done) = self
            .db
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
            .map_err(|source| failed(&self.path, source))?;
        if beside > done {
            return Ok(());
        }
        // A change goes to the beginning of what is beside it, which would else be read once more.
        self.change(Durable::No, |db, _| {
            db.execute("UPDATE total SET tidied = tidied + 1", [])?;
            Ok(())
        })
    }

    /// The same when there is time, and without anything left beside the file.
    pub fn tidy(&self) -> Result<(), SpoolError> {
        let tidied = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        tidied.map_err(|source| failed(&self.path, source))
    }

    /// Reads something; once more from a new file if this one is damaged.
    fn read<T>(&mut self, work: impl Fn(&Connection, &str) -> rusqlite::Result<T>) -> Result<T, SpoolError> {
        match work(&self.db, &self.address) {
            Err(error) if damage::is_damage(&error) => {
                self.replace()?;
                work(&self.db, &self.address).map_err(|source| failed(&self.path, source))
            }
            result => result.map_err(|source| failed(&self.path, source)),
        }
    }

    /// Changes something, all of it or nothing; once more in a new file if this one is damaged.
    fn change<T>(
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
            Trouble::Database(source) => failed(&self.path, source),
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
        damage::replace(&self.path, self.inode, self.patience)?;
        self.reopen()
    }

    fn reopen(&mut self) -> Result<(), SpoolError> {
        self.db = schema::open(&self.path, self.patience)?;
        self.durable = None;
        self.aside = watch(&mut self.db).map_err(|source| failed(&self.path, source))?;
        self.inode = inode(&self.path);
        Ok(())
    }
}

/// Whether a change waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durable {
    Yes,
    No,
}

/// Why a change is not made; nothing of it is there.
enum Trouble {
    Database(rusqlite::Error),
    Full { events: u64, bytes: u64 },
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
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

fn failed(path: &Path, source: rusqlite::Error) -> SpoolError {
    SpoolError::Database { path: path.to_owned(), source }
}

fn inode(path: &Path) -> Option<u64> {
    path.metadata().map(|metadata| metadata.ino()).ok()
}

/// What tells one Zammad from another on disk, without its token. A server that gets TLS, another
/// port or another token is the same one; on this machine each port may be another sandbox.
fn address(endpoint: &Endpoint) -> String {
    let root = endpoint.api("");
    let port = if endpoint.is_loopback() { root.port_or_known_default() } else { None };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = root.path().trim_end_matches('/').trim_end_matches("/api/v1");
    format!("{}{port}{path}", endpoint.host())
}
