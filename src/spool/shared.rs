//! A spool for asynchronous work: what the disk does, nobody waits for it longer than he wants.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Spool, SpoolError};
use crate::config::{Endpoint, SpoolConfig};

/// A spool that many tasks use, one at a time.
#[derive(Debug, Clone)]
pub struct SharedSpool {
    spool: Arc<Mutex<Spool>>,
    path: PathBuf,
}

/// What SQLite needs to end its waiting for a lock by itself.
const GRACE: Duration = Duration::from_millis(40);

impl SharedSpool {
    /// Opens the file, or begins one, within that time.
    ///
    /// # Errors
    ///
    /// As [`Spool::open`]; and [`SpoolError::Slow`].
    pub async fn open(
        config: &SpoolConfig,
        endpoint: &Endpoint,
        within: Duration,
    ) -> Result<Self, SpoolError> {
        let path = config.path.clone();
        let (config, endpoint) = (config.clone(), endpoint.clone());
        let opening = spawn_blocking(move || Spool::open(&config, &endpoint, within));
        let spool = in_time(opening, within, &path).await?;
        Ok(Self { spool: Arc::new(Mutex::new(spool)), path })
    }

    /// Does some work on it within that time.
    ///
    /// # Errors
    ///
    /// The work's, and [`SpoolError::Slow`]: it may still be done.
    pub async fn with<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let spool = self.spool.clone();
        let working = spawn_blocking(move || {
            // What was not finished is not there.
            let mut spool = spool.lock().unwrap_or_else(PoisonError::into_inner);
            spool.prepare(within)?;
            work(&mut spool)
        });
        in_time(working, within, &self.path).await
    }
}

async fn in_time<T>(
    work: tokio::task::JoinHandle<Result<T, SpoolError>>,
    within: Duration,
    path: &std::path::Path,
) -> Result<T, SpoolError> {
    match timeout(within + GRACE, work).await {
        Ok(Ok(result)) => result,
        // The other thread was ended, or does not come back.
        Ok(Err(_)) | Err(_) => Err(SpoolError::Slow { path: path.to_owned() }),
    }
}
