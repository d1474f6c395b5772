//! A spool for asynchronous work: what the disk does, nobody waits for it longer than he wants.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::{Spool, SpoolError};
use crate::config::{Endpoint, SpoolConfig};
use crate::event::CallId;

/// A spool that many tasks use, one at a time.
#[derive(Debug, Clone)]
pub struct SharedSpool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: SpoolConfig,
    endpoint: Endpoint,
    /// `None` before the first work on it
    spool: Mutex<Option<Spool>>,
    /// somebody who opens it
    ahead: Mutex<Option<JoinHandle<()>>>,
}

/// What SQLite needs to end its waiting for a lock by itself.
const GRACE: Duration = Duration::from_millis(40);

impl SharedSpool {
    /// The file is opened, or begun, with the first work on it: in one go, as each change from one
    /// thread to another costs an event as much as a query.
    pub fn new(config: &SpoolConfig, endpoint: &Endpoint) -> Self {
        Self(Arc::new(Shared {
            config: config.clone(),
            endpoint: endpoint.clone(),
            spool: Mutex::new(None),
            ahead: Mutex::new(None),
        }))
    }

    /// Begins to open the file while the caller does something else, and to read what an event of
    /// this call will ask for. What goes wrong is seen by the first work on it.
    pub fn open_ahead(&self, patience: Duration, call_id: &CallId) {
        if self.0.spool.try_lock().is_ok_and(|spool| spool.is_some()) {
            return;
        }
        let (shared, call_id) = (self.0.clone(), call_id.clone());
        let opening = spawn_blocking(move || {
            let mut spool = shared.spool.lock().unwrap_or_else(PoisonError::into_inner);
            if spool.is_none()
                && let Ok(mut opened) = Spool::open(&shared.config, &shared.endpoint, patience)
            {
                let _ = opened.has_waiting(&call_id);
                *spool = Some(opened);
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
    /// The work's, those of [`Spool::open`], and [`SpoolError::Slow`]: it may still be done.
    pub async fn with<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let shared = self.0.clone();
        let ahead = shared.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = move || {
            // What was not finished is not there.
            let mut spool = shared.spool.lock().unwrap_or_else(PoisonError::into_inner);
            let spool = match &mut *spool {
                Some(spool) => {
                    spool.prepare(within)?;
                    spool
                }
                none => none.insert(Spool::open(&shared.config, &shared.endpoint, within)?),
            };
            work(spool)
        };
        let working = async {
            if let Some(ahead) = ahead {
                // Not to begin another thread that would wait for it; what it met with comes again.
                let _ = ahead.await;
            }
            spawn_blocking(work).await
        };
        match timeout(within + GRACE, working).await {
            Ok(Ok(result)) => result,
            // The other thread was ended, or does not come back.
            Ok(Err(_)) | Err(_) => Err(SpoolError::Slow { path: self.0.config.path.clone() }),
        }
    }

    /// Whether there is so much beside the file that somebody should put it there. Not while others
    /// work on it.
    pub fn is_untidy(&self) -> bool {
        self.0.spool.try_lock().is_ok_and(|spool| spool.as_ref().is_some_and(Spool::is_untidy))
    }
}
