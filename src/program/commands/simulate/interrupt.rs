//! Ctrl-C, or another end, while calls are open: they get their hangup before the program ends.

use std::io::Write;
use std::sync::Arc;

use tokio::sync::watch;

use crate::program::commands::signals::listen_in_thread;

/// Tells those who play calls that nobody wants more.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// From now on Ctrl-C, a SIGTERM and a SIGHUP ask for the end; the second one does not wait for it.
    pub fn on_signals() -> anyhow::Result<Self> {
        let stop = Self(Arc::new(watch::Sender::new(false)));
        let shared = stop.clone();
        listen_in_thread(move |_| {
            // Nobody is left to tell if stderr is closed.
            let _ = writeln!(
                std::io::stderr(),
                "\nzammad-cti: hanging up the open calls; the same again exits at once, and they ring on"
            );
            shared.now();
        })?;
        Ok(stop)
    }

    pub fn now(&self) {
        self.0.send_replace(true);
    }

    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }

    /// For who may have reasons of his own to end it.
    pub fn sender(&self) -> &watch::Sender<bool> {
        &self.0
    }
}
