//! Ctrl-C while calls are open: they get their hangup before the program ends.

use std::io::Write;
use std::sync::Arc;

use crate::client;
use anyhow::Context;
use tokio::sync::watch;

use crate::program::commands::signals::EndSignals;
use crate::program::exit_code::ExitCode;

/// Tells those who play calls that nobody wants more.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// From now on Ctrl-C, and a SIGTERM, ask for the end; the second one does not wait for it.
    pub fn on_signals() -> anyhow::Result<Self> {
        let stop = Self(Arc::new(watch::Sender::new(false)));
        let shared = stop.clone();
        let (ready, listening) = std::sync::mpsc::channel();
        // In a thread of its own, as whoever plays calls may have no time for it.
        std::thread::spawn(move || client::block_on(shared.listen(&ready)));
        listening.recv().context("nobody listens for signals")?.context("cannot listen for signals")?;
        Ok(stop)
    }

    async fn listen(self, ready: &std::sync::mpsc::Sender<std::io::Result<()>>) {
        let mut signals = match EndSignals::listen() {
            Ok(signals) => signals,
            Err(error) => return ready.send(Err(error)).unwrap_or_default(),
        };
        ready.send(Ok(())).unwrap_or_default();
        for already in [false, true] {
            signals.next().await;
            if already {
                std::process::exit(ExitCode::Interrupted as i32);
            }
            // Nobody is left to tell if stderr is closed.
            let _ = writeln!(
                std::io::stderr(),
                "\nzammad-cti: hanging up the open calls; once more ends at once, and they ring on"
            );
            self.now();
        }
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
