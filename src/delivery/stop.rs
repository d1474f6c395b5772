//! That a process is to end while events are on their way.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;

/// So long a reply is still waited for once its request is out: most come within it, and then nobody has to doubt.
const FOR_REPLY: Duration = Duration::from_millis(500);

/// Whether whoever sends is to end. What is on its way then gets no second attempt, and what was not tried is
/// not tried any more: the spool keeps it, where there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Option<watch::Receiver<bool>>);

impl Stop {
    /// It is to end when that becomes true.
    pub fn by(asked: watch::Receiver<bool>) -> Self {
        Self(Some(asked))
    }

    pub fn is_asked(&self) -> bool {
        self.0.as_ref().is_some_and(|asked| *asked.borrow())
    }

    /// Waits until it is to end.
    pub async fn asked(&self) {
        let Some(asked) = &self.0 else { return pending().await };
        if asked.clone().wait_for(|&asked| asked).await.is_err() {
            // Nobody is left who could ask for it.
            pending::<()>().await;
        }
    }

    /// Waits until an attempt is to be cut off: at once when its request is not out yet, else when its reply has had
    /// a moment more.
    pub async fn cuts(&self, is_out: impl Fn() -> bool) {
        self.asked().await;
        if is_out() {
            tokio::time::sleep(FOR_REPLY).await;
        }
    }

    /// Waits for so long, or until it is to end.
    pub async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.asked() => {}
        }
    }
}
