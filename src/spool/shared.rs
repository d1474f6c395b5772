//! A spool for asynchronous work: what the disk does, nobody waits for it longer than he wants.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::{Spool, SpoolError};
use crate::config::{Endpoint, SpoolConfig};

/// A spool that many tasks use, one at a time.
#[derive(Debug, Clone)]
pub struct SharedSpool {
    lent: Arc<Lent>,
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
        Ok(Self { lent: Arc::new(Lent { spool: Mutex::new(Some(spool)), is_back: Condvar::new() }), path })
    }

    /// Does some work on it within that time.
    ///
    /// # Errors
    ///
    /// The work's, and [`SpoolError::Slow`]: it may still be done, if it was begun.
    pub async fn with<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let asked = Instant::now();
        let (lent, path) = (self.lent.clone(), self.path.clone());
        let working = spawn_blocking(move || {
            let Some(mut spool) = lent.borrow(within.saturating_sub(asked.elapsed())) else {
                return Err(SpoolError::Slow { path });
            };
            let prepared = spool.prepare(within.saturating_sub(asked.elapsed()));
            let result = prepared.and_then(|()| work(&mut spool));
            lent.give_back(spool);
            result
        });
        in_time(working, within, &self.path).await
    }
}

/// A spool, or nothing while somebody has it.
///
/// It is not a lock around the work: whoever waits for one while a disk hangs would wait in a thread of
/// his own for as long, and then do what nobody wants any longer.
#[derive(Debug)]
struct Lent {
    spool: Mutex<Option<Spool>>,
    is_back: Condvar,
}

impl Lent {
    fn borrow(&self, within: Duration) -> Option<Spool> {
        let waited = self.is_back.wait_timeout_while(self.look(), within, |spool| spool.is_none());
        let (mut spool, _) = waited.unwrap_or_else(PoisonError::into_inner);
        spool.take()
    }

    fn give_back(&self, spool: Spool) {
        *self.look() = Some(spool);
        self.is_back.notify_one();
    }

    fn look(&self) -> MutexGuard<'_, Option<Spool>> {
        // Nothing is done while it is locked that could leave half of it.
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn in_time<T>(
    work: JoinHandle<Result<T, SpoolError>>,
    within: Duration,
    path: &Path,
) -> Result<T, SpoolError> {
    match timeout(within + GRACE, work).await {
        Ok(Ok(result)) => result,
        // The other thread was ended, or does not come back.
        Ok(Err(_)) | Err(_) => Err(SpoolError::Slow { path: path.to_owned() }),
    }
}
