//! The signals that ask for the end.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::null;
use std::task::Poll;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::client;
use crate::program::exit_code::EndSignal;

/// SIGTERM, SIGINT as Ctrl-C sends it, and SIGHUP of a terminal that is closed. While this is there, they end the
/// process no longer by themselves.
pub struct EndSignals {
    listening: [Option<(EndSignal, Signal)>; 3],
}

impl EndSignals {
    /// From now on none is missed. It belongs to the event loop in which it begins. One that whoever started this
    /// process has it ignore, as nohup does, stays ignored.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen.
    pub fn listen() -> io::Result<Self> {
        let one = |signal| if is_ignored(signal) { Ok(None) } else { heard(signal).map(Some) };
        let [terminate, interrupt, hangup] = EndSignal::ALL;
        Ok(Self { listening: [one(terminate)?, one(interrupt)?, one(hangup)?] })
    }

    /// The same without SIGHUP, for whoever has another use for it.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen.
    pub fn listen_but_for_hangup() -> io::Result<Self> {
        let [terminate, interrupt, _] = EndSignal::ALL;
        Ok(Self { listening: [Some(heard(terminate)?), Some(heard(interrupt)?), None] })
    }

    /// Waits for the next one. Whoever gives up waiting misses none.
    pub async fn next(&mut self) -> EndSignal {
        poll_fn(|context| {
            for (kind, signal) in self.listening.iter_mut().flatten() {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*kind);
                }
            }
            Poll::Pending
        })
        .await
    }
}

fn heard(kind: EndSignal) -> io::Result<(EndSignal, Signal)> {
    Ok((kind, signal(SignalKind::from_raw(kind.number()))?))
}

/// Whether this process ignores a signal.
fn is_ignored(signal: EndSignal) -> bool {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is changed, and `now` is a valid one also where nothing is written to it.
    unsafe {
        libc::sigaction(signal.number(), null(), now.as_mut_ptr()) == 0
            && now.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Has `told` called for the first of these signals; the second one ends the process at once. In a thread of its own,
/// as whoever works may have no time for it.
///
/// # Errors
///
/// The operating system does not let this process listen.
pub fn listen_in_thread(told: impl FnOnce(EndSignal) + Send + 'static) -> anyhow::Result<()> {
    let (ready, listening) = std::sync::mpsc::channel();
    let listen = async move {
        let mut signals = match EndSignals::listen() {
            Ok(signals) => signals,
            Err(error) => return ready.send(Err(error)).unwrap_or_default(),
        };
        ready.send(Ok(())).unwrap_or_default();
        told(signals.next().await);
        std::process::exit(signals.next().await.exit_code() as i32);
    };
    std::thread::spawn(move || client::block_on(listen));
    listening.recv().context("nobody listens for signals")?.context("cannot listen for signals")
}
