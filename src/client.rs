//! One event, one POST, one [`Action`] or one [`SendError`].
//!
//! No retries here: `delivery` decides about them. An attempt is asynchronous, so it ends on time
//! whatever the network does, and many of them share a thread; [`block_on`] is for who has one.

mod addresses;
#[doc(hidden)]
mod caller_log;
mod certificate;
mod client_certificate;
mod error;
mod phase;
mod proxy;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod reply;
#[cfg(not(fuzzing))]
mod reply;
mod request;
mod tls;
mod connector;
mod unverifiable;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use tokio::runtime::{Builder, Runtime};

#[doc(hidden)]
pub use caller_log::{CallerLog, CallerLogError, Refused};
pub(crate) use caller_log::{Row, Shown};
pub use certificate::Certificate;
use client_certificate::Asked;
pub use connector::Proxy;
pub(crate) use connector::{Connector, ConnectorError};
pub use error::{Fate, RootCause, SendError, TlsFault, in_full};
pub(crate) use error::{distrust, why_unreachable};
use phase::{Phase, Progress};
pub use proxy::ProxyError;
pub use reply::Content;
pub use request::{Request, RequestId};
use tls::Tls;
pub use tls::TrustError;
pub(crate) use tls::settings_for_another;
pub use unverifiable::Unverifiable;

use crate::action::Action;
use crate::config::{Config, ConfigError, Encoding, Endpoint};
use crate::event::CallEvent;

/// Zammad's replies are below 1 KB; what is longer than this comes from something else.
pub(crate) const MAX_REPLY: usize = 64 * 1024;

/// A proxy may put more cookies into the head of a reply than hyper's usual 100 lines. For each there is
/// room made before a reply is read, 64 bytes.
const MAX_HEAD_LINES: usize = 256;

/// A connection may be closed by the other side when it has been idle for this long.
const IDLE: Duration = Duration::from_secs(5);

/// The way to one Zammad, for one event at a time.
/// [`deliver`](crate::delivery::deliver) sends events through it, and again where that is right; this is a
/// single attempt:
///
/// ```
/// use std::time::Duration;
/// use zammad_cti::client::{Client, Fate, Request, RequestId, SendError, block_on};
/// use zammad_cti::sandbox::{Options, Sandbox};
/// use zammad_cti::{CallEvent, Config, Direction, EventKind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let zammad = Sandbox::start(Options::default())?;
/// let config = Config::try_from(zammad_cti::config::Settings::default())?;
/// let config = config.with_endpoint(zammad.endpoint().clone());
/// let mut client = Client::new(&config)?;
///
/// // An answer to a call that Zammad does not know.
/// let answer = CallEvent::new(EventKind::Answer, "7".parse()?, Direction::Inbound);
/// let request = Request::new(&answer, config.encoding, RequestId::fresh());
/// let result = block_on(client.attempt(&request, &answer, Duration::from_secs(2)))?;
///
/// let error = result.unwrap_err();
/// assert!(matches!(error, SendError::UnknownCall { .. }));
/// assert_eq!(error.fate(), Fate::UnknownCall);
/// assert_eq!(error.class(), "unknown-call");
/// # Ok(())
/// # }
/// ```
pub struct Client {
    endpoint: Endpoint,
    connect_timeout: Duration,
    timeout: Duration,
    tls: Tls,
    http: reqwest::Client,
    /// a POST to the endpoint with the usual headers, and the login that may stand in its URL
    blank: reqwest::Request,
    /// the same without connections that stay, once somebody needs a new one
    anew: Option<reqwest::Client>,
    /// there may be a connection by now
    was_used: bool,
    progress: Progress,
    /// the last event without a connection, and why it had none
    unconnected: Option<(RequestId, SendError)>,
}

/// Makes clients with a connection each; the trust store is read once.
pub(crate) struct Clients {
    config: Config,
    endpoint: Endpoint,
    tls: Tls,
}

impl Clients {
    /// Reads the trust store, if the endpoint needs one.
    ///
    /// # Errors
    ///
    /// There is no endpoint, or nobody to trust.
    pub fn new(config: &Config) -> Result<Self, ClientError> {
        let endpoint = config.endpoint()?;
        let tls = Tls::new(config, endpoint)?;
        Ok(Self { config: config.clone(), endpoint: endpoint.clone(), tls })
    }

    /// One client.
    ///
    /// # Errors
    ///
    /// [`ClientError::Http`].
    pub fn client(&self) -> Result<Client, ClientError> {
        Client::with_tls(&self.config, &self.endpoint, &self.tls)
    }

    /// As many of them.
    ///
    /// # Errors
    ///
    /// [`ClientError::Http`].
    pub fn several(&self, count: u16) -> Result<Vec<Client>, ClientError> {
        (0..count).map(|_| self.client()).collect()
    }
}

// By hand, because the parts would show the URL, and with it the token.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The configuration says nothing of a Zammad, or something broken.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nobody whose certificates could be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A variable names a proxy that cannot be one.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// A bug, or a machine without resources.
    #[error("the HTTP client does not start")]
    Http(#[source] RootCause),
    /// The same.
    #[error("no event loop")]
    Runtime(#[source] std::io::Error),
    /// For several that there should be, the same.
    #[error(transparent)]
    ForAll(Arc<Self>),
}

/// Reads the certificates to trust now, for a process that soon may not.
pub(crate) fn keep_trust(config: &Config) {
    tls::keep(config);
}

impl Client {
    /// A client of its own for one event at a time; its connection is kept for the next one. The trust
    /// store is read here, and only for an `https://` address.
    ///
    /// # Errors
    ///
    /// There is no endpoint, or nobody to trust.
    pub fn new(config: &Config) -> Result<Self, ClientError> {
        let endpoint = config.endpoint()?;
        Self::with_tls(config, endpoint, &Tls::new(config, endpoint)?)
    }

    /// A client, and the way it takes to Zammad, to be walked a step at a time.
    pub(crate) fn with_connector(config: &Config) -> Result<(Self, Connector), ClientError> {
        let endpoint = config.endpoint()?;
        let tls = Tls::new(config, endpoint)?;
        let client = Self::with_tls(config, endpoint, &tls)?;
        Ok((client, Connector::new(endpoint, tls)?))
    }

    fn with_tls(config: &Config, endpoint: &Endpoint, tls: &Tls) -> Result<Self, ClientError> {
        // What a server wanted of one client has nothing to do with another one's failure.
        let tls = tls.of_another_client();
        let progress = Progress::new();
        let http = http(config.connect_timeout, endpoint, tls.settings(), &progress, Kept::Open)?;
        let blank = http.post(endpoint.reveal().clone()).headers(request::usual_headers()).build();
        let blank = blank.map_err(|error| ClientError::Http(RootCause::of(&error.without_url())))?;
        let (connect_timeout, timeout) = (config.connect_timeout, config.timeout);
        let endpoint = endpoint.clone();
        Ok(Self {
            endpoint,
            connect_timeout,
            timeout,
            tls,
            http,
            blank,
            anew: None,
            was_used: false,
            progress,
            unconnected: None,
        })
    }

    /// Posts one request, once, in at most `within`.
    ///
    /// # Errors
    ///
    /// Each [`SendError`] says whether Zammad has the event; none of them holds the token.
    pub async fn attempt(
        &mut self,
        request: &Request,
        event: &CallEvent,
        within: Duration,
    ) -> Result<Action, SendError> {
        self.attempt_over(Over::AnyConnection, request, event, within).await
    }

    /// The same over such a connection.
    pub(crate) async fn attempt_over(
        &mut self,
        over: Over,
        request: &Request,
        event: &CallEvent,
        within: Duration,
    ) -> Result<Action, SendError> {
        let http = self.http_for(over);
        self.was_used = true;
        let redact = |text: &str| self.endpoint.redact(text);
        let result =
            self.post(&http, request, within, |head, body| reply::read(head, body, event, redact)).await;
        result.map_err(|error| self.explained(request.id(), error, within))
    }

    /// Over which connection an event goes. One that is open already may be about to be closed by the other side, and
    /// nobody could say then whether the event has arrived.
    pub(crate) fn over(&self, is_safe_twice: impl FnOnce() -> bool) -> Over {
        // The first one is new in any case.
        if self.was_used && !is_safe_twice() { Over::NewConnection } else { Over::AnyConnection }
    }

    /// Cheap to clone.
    fn http_for(&mut self, over: Over) -> reqwest::Client {
        if over == Over::NewConnection {
            if self.anew.is_none() {
                let tls = self.tls.settings();
                let anew = http(self.connect_timeout, &self.endpoint, tls, &self.progress, Kept::Closed);
                self.anew =
                    anew.inspect_err(|error| log::debug!("no new connection: {}", in_full(error))).ok();
            }
            if let Some(anew) = &self.anew {
                return anew.clone();
            }
        }
        self.http.clone()
    }

    /// Tells of the attempt under way, as often as it is asked, whether its request is out.
    pub(crate) fn is_out(&self) -> impl Fn() -> bool + use<> {
        let progress = self.progress.clone();
        move || progress.phase() == Phase::Reply
    }

    /// What becomes of an attempt that is given up after so long: the same as if its time were over.
    pub(crate) fn cut_off(&self, waited: Duration) -> SendError {
        SendError::from_timeout(self.progress.phase(), waited)
    }

    /// What is to be said of a failure: an attempt that its time cut short has nothing to say of the way to Zammad,
    /// and what the one before it met with counts. One that was sent on a connection may have arrived, whatever the
    /// one before it met with.
    fn explained(&mut self, id: &RequestId, error: SendError, within: Duration) -> SendError {
        let is_cut_short = within < self.connect_timeout
            && matches!(error, SendError::LookupTimeout | SendError::ConnectTimeout);
        // In TLS 1.3 a server refuses a client behind the handshake, which then may be all that there was time for.
        let may_be_refused = self.tls.handshakes.asked() != Asked::Nothing
            && matches!(error, SendError::NoReply { .. } | SendError::ConnectionLost(_));
        if let Some((same, before)) = &self.unconnected
            && same == id
        {
            // Every other handshake looks closer.
            let was_seen = matches!(before, SendError::Tls(TlsFault::Unverifiable(_)))
                && matches!(error, SendError::Tls(TlsFault::NoCommonWay(_)));
            if is_cut_short || was_seen {
                return before.clone();
            }
            if may_be_refused && let SendError::Tls(fault @ TlsFault::ClientCertificate { .. }) = before {
                return SendError::PerhapsRefused(fault.clone());
            }
        }
        if matches!(error, SendError::Lookup(_) | SendError::Connect(_) | SendError::Tls(_)) {
            self.unconnected = Some((id.clone(), error.clone()));
        }
        error
    }

    /// Posts a request that Zammad refuses when all is in order, and that leaves no entry in the
    /// caller log.
    ///
    /// # Errors
    ///
    /// What would become of an event; and [`SendError::NotZammad`] if nobody refuses.
    pub(crate) async fn probe(
        &mut self,
        id: RequestId,
        encoding: Encoding,
        within: Duration,
    ) -> Result<(), SendError> {
        // A server that has just failed may be about to close the connection, which would say nothing of who is there.
        let http = self.http_for(self.over(|| false));
        self.was_used = true;
        let redact = |text: &str| self.endpoint.redact(text);
        let request = Request::probe(encoding, id);
        self.post(&http, &request, within, |head, body| reply::read_probe(head, body, redact)).await
    }

    async fn post<T>(
        &self,
        http: &reqwest::Client,
        request: &Request,
        within: Duration,
        read: impl FnOnce(&reply::Head, Option<&Vec<u8>>) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let limit = self.timeout.min(within);
        self.progress.begin(limit.min(self.connect_timeout));
        self.tls.handshakes.begin();
        let exchanged = tokio::time::timeout(limit, self.exchange(http, request, read)).await;
        let result = exchanged.unwrap_or_else(|_| Err(SendError::from_timeout(self.progress.phase(), limit)));
        if matches!(result, Err(SendError::ConnectTimeout)) {
            self.progress.had_no_connection();
        }
        if matches!(result, Err(SendError::Tls(TlsFault::NoCommonWay(_)))) {
            self.tls.look_closer();
        }
        result
    }

    async fn exchange<T>(
        &self,
        http: &reqwest::Client,
        request: &Request,
        read: impl FnOnce(&reply::Head, Option<&Vec<u8>>) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let failed =
            |error| SendError::from_transport(&error, self.progress.phase(), self.tls.handshakes.asked());
        let mut post = self.blank.try_clone().expect("what has no body can be cloned");
        request.add_headers(post.headers_mut());
        *post.body_mut() = Some(self.progress.body(request.body().to_owned()));
        let mut response = http.execute(post).await.map_err(failed)?;
        let head = head_of(&response, &self.endpoint);
        reply::read_head(&head)?;
        let mut body = Vec::new();
        let mut complete = true;
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_REPLY {
                complete = false;
                break;
            }
            body.extend_from_slice(&chunk);
        }
        read(&head, complete.then_some(&body))
    }
}

/// What is read of a reply before its body.
fn head_of(response: &reqwest::Response, endpoint: &Endpoint) -> reply::Head {
    let header = |name| response.headers().get(name)?.to_str().ok();
    reply::Head {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE).map(str::to_owned),
        location: header(LOCATION).map(|location| endpoint.redact(location)),
        retry_after: header(RETRY_AFTER).and_then(|wish| reply::pause(wish, header(DATE), SystemTime::now())),
    }
}

/// The connection of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// one that is open already, if there is one
    AnyConnection,
    /// one that the other side has no reason to close
    NewConnection,
}

/// What becomes of a connection after its reply.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// it stays open for the next request
    Open,
    Closed,
}

/// What speaks HTTP, and reports to `progress` how far it has come.
fn http(
    connect_timeout: Duration,
    endpoint: &Endpoint,
    tls: rustls::ClientConfig,
    progress: &Progress,
    kept: Kept,
) -> Result<reqwest::Client, ClientError> {
    let mut http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        // `delivery` decides about that.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect_timeout)
        // The variables are read below.
        .no_proxy()
        .pool_idle_timeout(IDLE)
        .http1_max_headers(MAX_HEAD_LINES)
        .dns_resolver(Arc::new(progress.clone()));
    match kept {
        Kept::Open => {}
        Kept::Closed => http = http.pool_max_idle_per_host(0),
    }
    if let Some(proxy) = proxy::of(endpoint, std::env::var_os)? {
        let proxy = reqwest::Proxy::all(proxy.url);
        http = http.proxy(proxy.map_err(|error| ClientError::Http(RootCause::of(&error.without_url())))?);
    }
    http.build().map_err(|error| ClientError::Http(RootCause::of(&error.without_url())))
}

/// Does asynchronous work in this thread.
///
/// # Errors
///
/// [`ClientError::Runtime`]: the operating system has no event loop to give.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, ClientError> {
    Ok(EventLoop::new()?.block_on(work))
}

// Not promised: for who has to know before the thread begins that there is one.
/// What asynchronous work in a thread needs.
#[derive(Debug)]
pub(crate) struct EventLoop(Runtime);

impl EventLoop {
    /// # Errors
    ///
    /// [`ClientError::Runtime`].
    pub fn new() -> Result<Self, ClientError> {
        Builder::new_current_thread().enable_all().build().map(Self).map_err(ClientError::Runtime)
    }

    pub fn block_on<T>(self, work: impl Future<Output = T>) -> T {
        let Self(runtime) = self;
        let result = runtime.block_on(work);
        // A name lookup that does not end must not hold up the program's end.
        runtime.shutdown_background();
        result
    }
}
