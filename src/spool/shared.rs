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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;
    use crate::client::block_on;
    use crate::config::{Config, Secret, Settings, SpoolSettings};

    #[test]
    fn what_nobody_waits_for_any_longer_is_not_done() {
        let folder = tempfile::TempDir::new().unwrap();
        let settings = Settings {
            url: Some(Secret::new("http://127.0.0.1:1/api/v1/cti/x")),
            spool: SpoolSettings { path: Some(folder.path().join("spool.db")), ..SpoolSettings::default() },
            ..Settings::default()
        };
        let config = Config::try_from(settings).unwrap();
        let (limits, endpoint) = (config.spool.as_ref().unwrap(), config.endpoint().unwrap());
        let long = Duration::from_secs(60);
        block_on(async {
            let spool = SharedSpool::open(limits, endpoint, long).await.unwrap();
            let (begins, begun) = oneshot::channel();
            let (ends, ended) = mpsc::channel();
            let hanging = spool.with(long, move |_| {
                begins.send(()).unwrap();
                Ok(ended.recv().unwrap())
            });
            let is_done = Arc::new(AtomicBool::new(false));
            let others = async {
                begun.await.unwrap();
                let done = is_done.clone();
                let work = move |_: &mut Spool| Ok(done.store(true, Ordering::Relaxed));
                let late = spool.with(Duration::from_millis(10), work).await;
                assert!(matches!(late, Err(SpoolError::Slow { .. })), "{late:?}");
                ends.send(()).unwrap();
            };
            let (hanging, ()) = tokio::join!(hanging, others);
            hanging.unwrap();
            spool.with(long, |_| Ok(())).await.unwrap();
            assert!(!is_done.load(Ordering::Relaxed));
        })
        .unwrap();
    }
}
