//! A stand-in Zammad to try a phone system against: an HTTP server that answers as Zammad's
//! generic CTI endpoint does, because both the server and the client's rules are `rules`.

mod decode;
mod fault;
mod page;
mod server;
mod watch;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use crate::config::{Endpoint, EndpointError, Secret};
use crate::rules::{CallLog, Entry, Release, Setup};
pub use fault::Fault;
use watch::Watch;

/// How a sandbox is set up.
pub struct Options {
    /// port 0 picks a free one
    pub listen: SocketAddr,
    pub token: Secret,
    pub setup: Setup,
    /// whose wording errors have
    pub release: Release,
    /// how many calls the log keeps; then the oldest goes
    pub keep: NonZeroUsize,
    pub clock: Clock,
}

/// What time a sandbox takes it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// the machine's
    Machine,
    /// one that only [`Sandbox::advance`] moves, so that durations are exact
    Held,
}

/// A running sandbox; it stops when it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    endpoint: Endpoint,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(
        "cannot listen on {address}: another program does; `ss -ltnp` shows which, and --listen with \
         port 0 picks a free one"
    )]
    PortInUse { address: SocketAddr, source: std::io::Error },
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the token")]
    Token(#[from] EndpointError),
    #[error("route {route:?}: {reason}")]
    Route { route: String, reason: String },
}

/// What all connections share.
struct State {
    token: Secret,
    setup: Mutex<Setup>,
    release: Release,
    /// the time of a held clock
    held: Option<Mutex<SystemTime>>,
    log: Mutex<CallLog>,
    fault: Mutex<Option<Fault>>,
    endpoint: Endpoint,
    is_loopback: bool,
    watch: Watch,
}

impl Sandbox {
    /// Listens, and serves from a thread of its own.
    pub fn start(options: Options) -> Result<Self, SandboxError> {
        let address = options.listen;
        let listen_failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => SandboxError::PortInUse { address, source },
            _ => SandboxError::Listen { address, source },
        };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(listen_failed)?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).map_err(listen_failed)?;
        let address = listener.local_addr().map_err(listen_failed)?;
        let endpoint = Endpoint::new(&Secret::new(format!("http://{address}")), Some(&options.token))?;
        let state = Arc::new(State {
            token: options.token,
            setup: Mutex::new(options.setup),
            release: options.release,
            held: (options.clock == Clock::Held).then(|| Mutex::new(SystemTime::now())),
            log: Mutex::new(CallLog::keeping(options.keep)),
            fault: Mutex::default(),
            endpoint: endpoint.clone(),
            is_loopback: address.ip().is_loopback(),
            watch: Watch::new(),
        });
        let (stop, stopped) = oneshot::channel();
        let shared = state.clone();
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                runtime.spawn(server::serve(listener, shared));
                // An error means that the sender is gone, which is a stop too.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_background();
            })
            .map_err(listen_failed)?;
        Ok(Self { address, endpoint, state, stop: Some(stop), thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sets it up anew; the caller log stays.
    pub fn set_up(&self, setup: Setup) {
        *lock(&self.state.setup) = setup;
    }

    /// Makes the next requests fail.
    pub fn fail(&self, fault: Fault) {
        *lock(&self.state.fault) = Some(fault).filter(Fault::hits);
    }

    /// Moves a held clock; the machine's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(held) = &self.state.held {
            *lock(held) += by;
        }
    }

    /// The caller log, newest first.
    pub fn entries(&self) -> Vec<Entry> {
        lock(&self.state.log).entries().iter().rev().cloned().collect()
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread serves until the sender is used or gone, and `self` still holds it.
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    fn now(&self) -> SystemTime {
        self.held.as_ref().map_or_else(SystemTime::now, |held| *lock(held))
    }
}

/// A sandbox goes on serving whatever became of one request's thread.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
