//! A spool for asynchronous work: what the disk does, nobody waits for it longer than he wants.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Spool, SpoolError, address, is_begun};
use crate::background::in_thread;
use crate::config::{Endpoint, SpoolConfig};
use crate::event::CallId;

/// A spool that many tasks use, one at a time.
#[derive(Debug, Clone)]
pub struct SharedSpool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: SpoolConfig,
    /// which Zammad it is about
    address: String,
    place: Mutex<Place>,
    is_back: Condvar,
    /// somebody who opens it
    ahead: Mutex<Option<oneshot::Receiver<()>>>,
}

/// Where the spool is.
///
/// It is not a lock around the work: whoever waits for one while a disk hangs would wait in a thread of
/// his own for as long, and then do what nobody wants any longer.
#[derive(Debug)]
enum Place {
    /// nobody has opened it yet
    Nowhere,
    Here(Box<Spool>),
    Lent,
}

/// What SQLite needs to end its waiting for a lock by itself.
const GRACE: Duration = Duration::from_millis(40);

impl SharedSpool {
    /// The file is opened, or begun, with the first work on it: in one go, as each change from one
    /// thread to another costs an event as much as a query.
    pub fn new(config: &SpoolConfig, endpoint: &Endpoint) -> Self {
        Self::of_address(config, address(endpoint))
    }

    /// The same for the Zammad of this [`address`](Spool::address), whether or not anything leads there.
    pub(crate) fn of_address(config: &SpoolConfig, address: String) -> Self {
        Self(Arc::new(Shared {
            config: config.clone(),
            address,
            place: Mutex::new(Place::Nowhere),
            is_back: Condvar::new(),
            ahead: Mutex::new(None),
        }))
    }

    /// Begins to open the file while the caller does something else, and to read what an event of
    /// this call will ask for. What goes wrong is seen by the first work on it.
    pub(crate) fn open_ahead(&self, patience: Duration, call_id: &CallId) {
        if !matches!(*self.0.look(), Place::Nowhere) {
            return;
        }
        let (shared, call_id) = (self.0.clone(), call_id.clone());
        let opening = in_thread(move || {
            if let Ok(mut spool) = shared.borrow(patience) {
                let _ = spool.read_ahead(&call_id);
                shared.put(Place::Here(spool));
            }
        });
        *self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(opening);
    }

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
        let spool = Self::new(config, endpoint);
        spool.with(within, |_| Ok(())).await?;
        Ok(spool)
    }

    /// Does some work on it within that time.
    ///
    /// # Errors
    ///
    /// The work's, those of [`Spool::open`], and [`SpoolError::Slow`]: it may still be done, if it was
    /// begun.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        self.in_thread(within, move |shared, asked| shared.lend(asked, within, work)).await
    }

    /// The same if there is a file; none is begun.
    ///
    /// # Errors
    ///
    /// As [`with`](Self::with).
    pub(super) async fn with_begun<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<Option<T>, SpoolError> {
        self.in_thread(within, move |shared, asked| {
            let path = &shared.config.path;
            if !is_begun(path).map_err(|source| SpoolError::File { path: path.clone(), source })? {
                return Ok(None);
            }
            shared.lend(asked, within, work).map(Some)
        })
        .await
    }

    async fn in_thread<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&Shared, Instant) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let asked = Instant::now();
        let shared = self.0.clone();
        let ahead = shared.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = move || work(&shared, asked);
        let working = async {
            if let Some(ahead) = ahead {
                // Not to begin another thread that would wait for it; what it met with comes again.
                let _ = ahead.await;
            }
            in_thread(work).await
        };
        match timeout(within + GRACE, working).await {
            Ok(Ok(result)) => result,
            // The other thread was ended, or does not come back.
            Ok(Err(_)) | Err(_) => Err(self.0.slow()),
        }
    }

    /// Whether there is so much beside the file that somebody should put it there. Not while others
    /// work on it.
    pub(crate) fn has_long_wal(&self) -> bool {
        match &*self.0.look() {
            Place::Here(spool) => spool.has_long_wal(),
            Place::Nowhere | Place::Lent => false,
        }
    }
}

impl Shared {
    /// Waits for it, and lends it to some work, unless whoever asked has stopped waiting by then.
    fn lend<T>(
        &self,
        asked: Instant,
        within: Duration,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        let mut spool = self.borrow(within.saturating_sub(asked.elapsed()))?;
        let result = if asked.elapsed() < within + GRACE {
            let prepared = spool.prepare(within.saturating_sub(asked.elapsed()));
            prepared.and_then(|()| work(&mut spool))
        } else {
            // On a busy machine, a thread for it may be free long after the time is over.
            Err(self.slow())
        };
        self.put(Place::Here(spool));
        result
    }

    /// Waits for it, and opens it if nobody has.
    fn borrow(&self, within: Duration) -> Result<Box<Spool>, SpoolError> {
        let asked = Instant::now();
        let is_lent = |place: &mut Place| matches!(place, Place::Lent);
        let waited = self.is_back.wait_timeout_while(self.look(), within, is_lent);
        let (mut place, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *place, Place::Lent) {
            Place::Here(spool) => Ok(spool),
            Place::Lent => Err(self.slow()),
            Place::Nowhere => {
                drop(place);
                let left = within.saturating_sub(asked.elapsed());
                let opened = Spool::open_for(&self.config, self.address.clone(), left);
                opened.map(Box::new).inspect_err(|_| self.put(Place::Nowhere))
            }
        }
    }

    fn put(&self, place: Place) {
        *self.look() = place;
        self.is_back.notify_one();
    }

    fn look(&self) -> MutexGuard<'_, Place> {
        // Nothing is done while it is locked that could leave half of it.
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slow(&self) -> SpoolError {
        SpoolError::Slow { path: self.config.path.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;
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
        // With one thread the late work begins when whatever holds it up is over.
        for threads in [2, 1] {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().max_blocking_threads(threads).build().unwrap();
            runtime.block_on(async {
                let spool = SharedSpool::open(limits, endpoint, long).await.unwrap();
                let (begins, begun) = oneshot::channel();
                let (ends, ended) = mpsc::channel();
                let hanging = spool.with(long, move |_| {
                    begins.send(()).unwrap();
                    ended.recv().unwrap();
                    Ok(())
                });
                let is_done = Arc::new(AtomicBool::new(false));
                let others = async {
                    begun.await.unwrap();
                    let done = is_done.clone();
                    let work = move |_: &mut Spool| {
                        done.store(true, Ordering::Relaxed);
                        Ok(())
                    };
                    let late = spool.with(Duration::from_millis(10), work).await;
                    assert!(matches!(late, Err(SpoolError::Slow { .. })), "{late:?}");
                    ends.send(()).unwrap();
                };
                let (hanging, ()) = tokio::join!(hanging, others);
                hanging.unwrap();
                spool.with(long, |_| Ok(())).await.unwrap();
                assert!(!is_done.load(Ordering::Relaxed), "{threads} threads");
            });
        }
    }
}
