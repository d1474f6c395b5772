//! A stand-in Zammad to try a phone system against: an HTTP server that answers as Zammad's
//! generic CTI endpoint does, because both the server and the client's rules are `rules`.

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod arrival;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod decode;
#[cfg(not(fuzzing))]
mod arrival;
#[cfg(not(fuzzing))]
mod decode;
mod accept;
mod caller_log;
mod fault;
mod finding;
mod interface;
mod lines;
mod page;
mod server;
mod switches;
mod watch;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::sync::{Semaphore, oneshot};

use crate::config::{Endpoint, EndpointError, Secret};
use crate::rules::CallLog;
#[doc(inline)]
pub use crate::rules::{Entry, Integration, Release, Route, Setup};
use crate::web::{body, browser, live, lock};
pub use fault::Fault;
pub use interface::Interface;
use lines::Strangers;
use watch::Watch;

/// The most bytes of one body. A proxy in front of Zammad allows more; an event has a few hundred.
const LARGEST_BODY: usize = 1024 * 1024;

/// How much memory the bodies of events take at once, with replies as long as them, and that of
/// requests that take no token.
const EVENTS: usize = 32 * LARGEST_BODY;
const SWITCHES: usize = 4 * LARGEST_BODY;

/// How a sandbox is set up.
#[derive(Debug)]
pub struct Options {
    /// port 0 picks a free one
    pub listen: SocketAddr,
    /// the last part of the endpoint; any text without a dot or a slash
    pub token: Secret,
    /// whom it rejects, and which caller ids it gives
    pub setup: Setup,
    /// whose wording errors have
    pub release: Release,
    /// which of Zammad's web interfaces the page is like
    pub interface: Interface,
    /// how many calls the log keeps; then the oldest goes
    pub keep: NonZeroUsize,
    /// whose time it is
    pub clock: Clock,
    /// names of this machine by which browsers may ask, besides its addresses and `localhost`
    pub hosts: Vec<String>,
    /// whether pages of other sites may report events
    pub other_sites: OtherSites,
}

/// What pages of other sites, open in a browser on this machine or near it, may do: they can always
/// send, and never read a reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherSites {
    /// nothing: right for a token that somebody chose, and others can guess
    #[default]
    MayNothing,
    /// report events as anybody who has the token: right for a random one
    MayReport,
}

impl Default for Options {
    /// On a free port of this machine, with the token `test`, and a Zammad as it comes: nobody is
    /// blocked, and no caller id is configured.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: Secret::new("test"),
            setup: Setup::default(),
            release: Release::default(),
            interface: Interface::default(),
            keep: CallLog::KEPT,
            clock: Clock::Machine,
            hosts: Vec::new(),
            other_sites: OtherSites::default(),
        }
    }
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
/// # Example
///
/// ```
/// use zammad_cti::sandbox::{Options, Route, Sandbox, Setup};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let setup = Setup {
///     blocked: vec!["491715000000".to_owned()],
///     routes: vec![Route::new("41*", "41715880339000")?],
///     ..Setup::default()
/// };
/// let zammad = Sandbox::start(Options { setup, ..Options::default() })?;
/// let address = format!("http://{}/api/v1/cti/test", zammad.address());
/// // Here the phone system that is tested sends its events to the address; then:
/// for entry in zammad.entries() {
///     println!("{} calls {}, {}", entry.from, entry.to, if entry.done { "done" } else { "open" });
/// }
/// # assert!(address.starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    address: SocketAddr,
    endpoint: Endpoint,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum SandboxError {
    /// Another program listens there.
    #[error(
        "cannot listen on {address}: another program does; `ss -ltnp` shows which, and --listen with \
         port 0 picks a free one"
    )]
    PortInUse { address: SocketAddr, source: std::io::Error },
    /// The address is not this machine's, or not for this user.
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    /// What Zammad could never match.
    #[error("the token")]
    Token(#[from] EndpointError),
    /// A pattern that is no regular expression.
    #[error("route {route:?}: {reason}")]
    Route { route: String, reason: String },
}

/// What all connections share.
struct State {
    token: Secret,
    setup: Mutex<Setup>,
    release: Release,
    interface: Interface,
    /// the time of a held clock
    held: Option<Mutex<SystemTime>>,
    log: Mutex<CallLog>,
    fault: Mutex<Option<Fault>>,
    endpoint: Endpoint,
    /// it listens on loopback, so only this machine reaches it
    is_local: bool,
    /// requests are logged in lines for people, else as JSON
    is_for_people: AtomicBool,
    /// lower case, without a dot at the end
    hosts: Vec<String>,
    other_sites: OtherSites,
    watch: Watch,
    strangers: Mutex<Strangers>,
    /// for pages that listen
    viewers: Arc<Semaphore>,
    /// for the bodies of events whose token is right
    events: body::Room,
    /// for bodies that anybody may send
    switches: body::Room,
}

impl Sandbox {
    /// Listens, and serves from a thread of its own.
    ///
    /// # Errors
    ///
    /// The address cannot be had, or the token could be none.
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
            interface: options.interface,
            held: (options.clock == Clock::Held).then(|| Mutex::new(SystemTime::now())),
            log: Mutex::new(CallLog::keeping(options.keep)),
            fault: Mutex::default(),
            endpoint: endpoint.clone(),
            is_local: address.ip().is_loopback(),
            is_for_people: AtomicBool::new(false),
            hosts: options.hosts.iter().map(|name| browser::plain(name)).collect(),
            other_sites: options.other_sites,
            watch: Watch::new(),
            strangers: Mutex::default(),
            viewers: Arc::new(Semaphore::new(live::VIEWERS)),
            events: body::Room::of(EVENTS, LARGEST_BODY),
            switches: body::Room::of(SWITCHES, LARGEST_BODY),
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

    /// Where it listens, with the port that was free.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client is configured with, token included.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// From now on the log has lines for people, with findings, instead of each event's JSON.
    pub(crate) fn log_for_people(&self) {
        self.state.is_for_people.store(true, Ordering::Relaxed);
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

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
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
    fn is_for_people(&self) -> bool {
        self.is_for_people.load(Ordering::Relaxed)
    }

    fn now(&self) -> SystemTime {
        self.held.as_ref().map_or_else(SystemTime::now, |held| *lock(held))
    }
}
