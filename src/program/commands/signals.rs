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

/// SIGTERM, SIGINT as Ctrl-C sends it, SIGHUP of a terminal that is closed, and the others of [`EndSignal`]. While this
/// is there, they end the process no longer by themselves.
pub struct EndSignals {
    listening: Vec<(EndSignal, Signal)>,
}

impl EndSignals {
    /// From now on none is missed. It belongs to the event loop in which it begins. One that whoever started this
    /// process has it ignore, as nohup does, stays ignored.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen.
    pub fn listen() -> io::Result<Self> {
        Self::listen_to(|signal| !is_ignored(signal))
    }

    /// The same without SIGHUP, for a program that has another use for it. A service hears SIGTERM and SIGINT in any case.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen.
    pub fn listen_but_for_hangup() -> io::Result<Self> {
        Self::listen_to(|signal| match signal {
            EndSignal::Hangup => false,
            EndSignal::Terminate | EndSignal::Interrupt => true,
            EndSignal::Quit
            | EndSignal::User1
            | EndSignal::User2
            | EndSignal::Alarm
            | EndSignal::StackFault
            | EndSignal::CpuLimit
            | EndSignal::VirtualAlarm
            | EndSignal::Profiling
            | EndSignal::Io
            | EndSignal::Power => !is_ignored(signal),
        })
    }

    fn listen_to(is_wanted: impl Fn(EndSignal) -> bool) -> io::Result<Self> {
        let wanted = EndSignal::ALL.into_iter().filter(|&signal| is_wanted(signal));
        Ok(Self { listening: wanted.map(heard).collect::<io::Result<_>>()? })
    }

    /// Waits for the next one. Whoever gives up waiting misses none.
    pub async fn next(&mut self) -> EndSignal {
        poll_fn(|context| {
            for (kind, signal) in &mut self.listening {
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
