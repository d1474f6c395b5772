//! Ctrl-C while calls are open: they get their hangup before the program ends.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit_code::ExitCode;

/// Tells those who play calls that nobody wants more.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// From now on Ctrl-C, and a SIGTERM, ask for the end; the second one does not wait for it.
    pub fn on_signals() -> anyhow::Result<Self> {
        let stop = Self(Arc::new(watch::Sender::new(false)));
        let context = "cannot listen for signals";
        let mut interrupt = signal(SignalKind::interrupt()).context(context)?;
        let mut terminate = signal(SignalKind::terminate()).context(context)?;
        let shared = stop.clone();
        tokio::spawn(async move {
            for already in [false, true] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if already {
                    std::process::exit(ExitCode::Interrupted as i32);
                }
                // Nobody is left to tell if stderr is closed.
                let _ = writeln!(
                    std::io::stderr(),
                    "\nzammad-cti: hanging up the open calls; once more ends at once, and they ring on"
                );
                shared.now();
            }
        });
        Ok(stop)
    }

    pub fn now(&self) {
        self.0.send_replace(true);
    }

    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
