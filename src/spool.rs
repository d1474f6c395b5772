//! Events that wait for Zammad, and the calls that this machine has reported: one SQLite file.
//!
//! An event is kept until Zammad has it, or until it is given up, which leaves it among the dead
//! letters with its reason. Of the events of a call only one is next; whoever sends it has the
//! call's turn, so it is under way once. Nothing here sends.
//!
//! What is kept survives a power cut; what is only noted, such as that an event arrived, survives
//! the end of a process.

mod course;
mod activity;
mod bridge_lock;
mod damage;
mod enter;
mod file;
mod heartbeat;
mod journal;
mod letters;
mod moment;
mod next;
mod note;
mod operations;
mod overview;
mod place;
mod regular;
mod schema;
mod shared;
#[cfg(test)]
mod tests;
mod trial;
mod waiting;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Resource, getrlimit};

pub(crate) use activity::{Activity, Trouble};
#[doc(hidden)]
pub use bridge_lock::BridgeLock;
pub(crate) use course::KeptCourse;
#[doc(hidden)]
pub use course::{CopyTo, Course};
pub(crate) use damage::set_aside;
pub(crate) use enter::{Begun, Earlier, Entry, Order};
use file::Durable;
// Hidden, because it grows with what bridges tell of themselves.
#[doc(hidden)]
pub use heartbeat::{Bridge, BridgeName, Heartbeat, LinkState, Sights};
pub use journal::{Call, CallNumber, Ending, Which};
pub use letters::{Attempt, Chosen, Letter};
pub use moment::Moment;
use next::MaxAge;
pub(crate) use next::Next;
pub(crate) use note::{Doubt, Note, Rest};
pub(crate) use operations::Entered;
pub use overview::{Held, Overview, Totals};
pub(crate) use place::{Place, folder_of, is_begun};
pub use shared::SharedSpool;
pub(crate) use trial::try_to_begin;
pub(crate) use waiting::{Past, Waiting};
pub use waiting::{Position, State};

use crate::config::{Endpoint, SpoolConfig, SpoolPolicy};

#[cfg(fuzzing)]
pub mod reached;

/// An open spool.
/// [`Courier`](crate::delivery::Courier) and [`Flusher`](crate::delivery::Flusher) work on it; this is how to look into
/// it, and to decide about what is at rest.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use zammad_cti::config::{Config, Secret, Settings, SpoolSettings};
/// use zammad_cti::spool::{Chosen, Moment, Spool, State};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let settings = Settings {
///     url: Some(Secret::new("https://zammad.example.com/api/v1/cti/TOKEN")),
///     spool: SpoolSettings { path: Some(folder.path().join("spool.db")), ..SpoolSettings::default() },
///     ..Settings::default()
/// };
/// let config = Config::try_from(settings)?;
/// let limits = config.spool.as_ref().expect("it is configured above");
/// let mut spool = Spool::open(limits, config.endpoint()?, Duration::from_secs(1))?;
/// let totals = spool.totals(Moment::now())?;
/// assert_eq!((totals.waiting, totals.unconfirmed, totals.dead, totals.open_calls), (0, 0, 0, 0));
/// // Sends once more what was given up.
/// spool.retry(&Chosen::State(State::Dead), Moment::now())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Spool {
    db: Connection,
    /// whether its changes wait for the disk, if that is known
    durable: Option<Durable>,
    /// pages beside the file after the last change
    aside: Arc<AtomicU32>,
    path: PathBuf,
    place: Place,
    inode: Option<u64>,
    patience: Duration,
    limits: Limits,
    /// which Zammad, as several may share a file
    address: String,
}

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy)]
struct Limits {
    events: u64,
    bytes: u64,
    policy: SpoolPolicy,
    max_age: MaxAge,
}

impl From<&SpoolConfig> for Limits {
    fn from(config: &SpoolConfig) -> Self {
        let max_age = MaxAge { answer: config.max_age_answer, others: config.max_age };
        Self { events: config.max_events, bytes: config.max_bytes, policy: config.policy, max_age }
    }
}

impl Limits {
    fn times(self, share: u64) -> Self {
        let Self { events, bytes, .. } = self;
        Self { events: events.saturating_mul(share), bytes: bytes.saturating_mul(share), ..self }
    }

    /// One part of them, of this number of parts.
    fn part(self, parts: u64) -> Self {
        let Self { events, bytes, .. } = self;
        Self { events: events / parts, bytes: bytes / parts, ..self }
    }
}

/// Why something cannot be kept, or is not to be had.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
pub enum SpoolError {
    /// The file or its folder cannot be had.
    #[error("the spool {} cannot be used", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// SQLite cannot go on.
    #[error("the spool {}", path.display())]
    Database { path: PathBuf, source: DatabaseError },
    /// Its schema is of a release after this one.
    #[error("the spool {} is from a newer release, and is left alone", path.display())]
    Newer { path: PathBuf },
    /// It is no spool.
    #[error("the spool {} is another program's file, and is left alone", path.display())]
    Foreign { path: PathBuf },
    /// A limit is reached, and `spool.policy` is to refuse.
    #[error("the spool is full: {events} events of {bytes} bytes wait in it")]
    Full { events: u64, bytes: u64 },
    /// Others have it, or the disk hangs.
    #[error("the spool {} does not answer in time", path.display())]
    Slow { path: PathBuf },
    /// A bug.
    #[error("the event cannot be stored")]
    Event(#[source] serde_json::Error),
}

/// What SQLite said.
#[derive(Debug)]
pub struct DatabaseError(rusqlite::Error);

impl Error for DatabaseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (file::is_full(&self.0), getrlimit(Resource::Fsize).current) {
            (false, _) => self.0.fmt(f),
            (true, None) => f.write_str("database or disk is full"),
            (true, Some(limit)) => {
                let what = "database or disk is full, or a file would be longer than this process may write";
                write!(f, "{what} ({limit} bytes: ulimit -f, LimitFSIZE=)")
            }
        }
    }
}

impl Spool {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which Zammad this is about: its host, and the path before its API.
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn failed(place: &Place, source: rusqlite::Error) -> SpoolError {
    SpoolError::Database { path: place.path(""), source: DatabaseError(source) }
}

fn trouble(place: &Place, source: std::io::Error) -> SpoolError {
    SpoolError::File { path: place.path(""), source }
}

/// What tells one Zammad from another on disk, without its token. A server that gets TLS, another
/// port or another token is the same one; on this machine each port may be another sandbox.
pub(crate) fn address(endpoint: &Endpoint) -> String {
    let root = endpoint.api("");
    let port = if endpoint.is_loopback() { root.port_or_known_default() } else { None };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = root.path().trim_end_matches('/').trim_end_matches("/api/v1");
    format!("{}{port}{path}", endpoint.host())
}
