//! Whether a spool that is not begun yet could be.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::place::{Place, folder_of};
use super::{Spool, SpoolError};
use crate::config::{Endpoint, SpoolConfig};

/// Begins a spool in a folder of its own, beside where the spool would be, writes to it as an event does, and removes
/// it.
///
/// Nothing less shows that an event could be kept: it takes locks, memory that processes share by way of a file, room,
/// and several files, and there are file systems without one of these.
///
/// # Errors
///
/// What the first event would meet with, of the spool's own path.
pub(crate) fn try_to_begin(
    config: &SpoolConfig,
    endpoint: &Endpoint,
    patience: Duration,
) -> Result<(), SpoolError> {
    let trial = Trial::begin(&config.path)
        .map_err(|source| SpoolError::File { path: config.path.clone(), source })?;
    let trial_config = SpoolConfig { path: trial.0.join("spool.db"), ..config.clone() };
    let tried = Spool::open(&trial_config, endpoint, patience).and_then(|mut spool| spool.try_to_write());
    tried.map_err(|error| of(error, &config.path))
}

/// A folder that is removed with what is in it.
struct Trial(PathBuf);

impl Trial {
    fn begin(spool: &Path) -> io::Result<Self> {
        /// Several profiles may be checked at a time.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = folder_of(spool);
        let mut name = match folder.symlink_metadata() {
            // It would be begun, too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => folder.to_owned(),
            _ => Place::open(spool)?.path(""),
        }
        .into_os_string();
        name.push(format!(".trial-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let trial = Self(name.into());
        DirBuilder::new().mode(0o700).create(&trial.0)?;
        Ok(trial)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // What cannot be removed now is in nobody's way.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The same error of the spool itself.
fn of(error: SpoolError, spool: &Path) -> SpoolError {
    let path = spool.to_owned();
    match error {
        SpoolError::File { source, .. } => SpoolError::File { path, source },
        SpoolError::Database { source, .. } => SpoolError::Database { path, source },
        SpoolError::Newer { .. } => SpoolError::Newer { path },
        SpoolError::Foreign { .. } => SpoolError::Foreign { path },
        SpoolError::Slow { .. } => SpoolError::Slow { path },
        error @ (SpoolError::Full { .. } | SpoolError::Event(_)) => error,
    }
}
