//! Whether events would reach Zammad, and if not, what stands in their way.
//!
//! The check takes the way of an event a stage at a time: name lookup, connection and TLS on a
//! connection of its own, then a whole request as an event makes it. That request is a probe, which
//! Zammad refuses in words of its own when all is in order, so it leaves no entry in the caller
//! log. Nothing is sent twice: a check is to show trouble, not to get over it.
//!
//! Whether what was kept gets there in the end is the spool's part of it; and whether the events of a call can
//! be kept in order, that of the turns.

mod advice;
mod bridge;
mod fault;
mod log;
mod order;
#[doc(hidden)]
mod spool;
mod verdict;

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

pub(crate) use bridge::{BridgeCheck, BridgeHealth};
pub use fault::Fault;
pub(crate) use log::caller_log;
pub(crate) use order::order;
pub(crate) use spool::{Contents, SpoolCheck, SpoolHealth, SpoolPart, SpoolPartName, SpoolState};
#[doc(hidden)]
pub use verdict::{Bound, SpoolThresholds};
pub use verdict::{Status, Thresholds, Verdict};

use crate::client::{Certificate, Client, ClientError, Connector, Proxy, RequestId};
use crate::config::{Config, Encoding, Endpoint};

/// What is checked, in this order. Where one fails, the later ones are not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageName {
    /// the settings, and the trust store
    Configuration,
    /// the host's address
    Dns,
    /// a connection to it
    Tcp,
    /// a certificate that can be trusted
    Tls,
    /// an answer to a request as events make it
    Http,
    /// it is Zammad that answers
    Zammad,
    /// the CTI integration is switched on
    Integration,
    /// and configured
    Configured,
    /// the token is right
    Token,
}

impl StageName {
    /// In their order.
    pub const ALL: [Self; 9] = [
        Self::Configuration,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Http,
        Self::Zammad,
        Self::Integration,
        Self::Configured,
        Self::Token,
    ];

    /// A word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Zammad => "zammad",
            Self::Integration => "integration",
            Self::Configured => "configured",
            Self::Token => "token",
        }
    }

    /// The same for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Configuration => "Configuration",
            Self::Dns => "DNS",
            Self::Tcp => "TCP connection",
            Self::Tls => "TLS",
            Self::Http => "HTTP",
            Self::Zammad => "Zammad answers",
            Self::Integration => "CTI switched on",
            Self::Configured => "CTI configured",
            Self::Token => "Token",
        }
    }
}

/// One stage and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage {
    /// which one
    pub name: StageName,
    /// what came of it
    pub state: State,
    /// `None` where the time is that of another stage
    pub took: Option<Duration>,
    /// what it found out
    pub detail: Option<Detail>,
}

/// What came of a stage.
#[derive(Debug)]
pub enum State {
    /// all is well
    Passed,
    /// this stands in the way
    Failed(Fault),
    /// an earlier one failed
    NotReached,
    /// such as TLS for an `http://` address
    NotNeeded,
}

/// What a stage found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// of the host
    Addresses(Vec<SocketAddr>),
    /// Those in vain came before this one.
    Connected {
        /// who answered
        to: SocketAddr,
        /// who did not
        in_vain: Vec<SocketAddr>,
    },
    /// nobody answered
    TriedInVain(Vec<SocketAddr>),
    /// such as `TLS 1.3`
    TlsVersion(&'static str),
    /// 422 if all is well
    HttpStatus(u16),
}

/// A check that can begin: its configuration is in order.
/// # Example
///
/// ```
/// use std::time::{Instant, SystemTime};
/// use zammad_cti::Config;
/// use zammad_cti::client::block_on;
/// use zammad_cti::config::{Secret, Settings};
/// use zammad_cti::health::{Check, StageName, Status, Thresholds};
/// use zammad_cti::sandbox::{Options, Sandbox};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let zammad = Sandbox::start(Options::default())?;
/// let url = format!("http://{}/api/v1/cti/another-token", zammad.address());
/// let settings = Settings { url: Some(Secret::new(url)), ..Settings::default() };
/// let config = Config::try_from(settings)?;
///
/// let health = block_on(Check::new(&config)?.run(Instant::now(), SystemTime::now()))?;
/// let (stage, fault) = health.failure().expect("the token is another");
/// assert_eq!((stage, fault.class()), (StageName::Token, "wrong-token"));
/// assert_eq!(health.verdict(&Thresholds::default()).status, Status::Critical);
/// assert!(zammad.entries().is_empty(), "a check leaves no call behind");
/// # Ok(())
/// # }
/// ```
pub struct Check {
    client: Client,
    connector: Connector,
    endpoint: Endpoint,
    encoding: Encoding,
    connect_timeout: Duration,
    deadline: Duration,
    insecure: bool,
    /// what reading the trust store took
    took: Duration,
}

/// How Zammad was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Health {
    /// all of them, in order
    pub stages: Vec<Stage>,
    /// what was checked
    pub endpoint: Option<Endpoint>,
    /// the proxy in between
    pub proxy: Option<Proxy>,
    /// what Zammad's server showed, trusted or not
    pub certificate: Option<Certificate>,
    /// whole days; below zero since it expired
    pub days_left: Option<i64>,
    /// The certificate is not verified, because nobody wants it to be.
    pub insecure: bool,
    /// to look for in Zammad's log, if a request was made
    pub request_id: Option<RequestId>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Check {
    /// Reads what the check needs.
    ///
    /// # Errors
    ///
    /// Something in the configuration is missing or broken; [`Health::unusable`] shows it as
    /// the failed stage that it is.
    pub fn new(config: &Config) -> Result<Self, ClientError> {
        let begun = Instant::now();
        let (client, connector) = Client::with_connector(config)?;
        Ok(Self {
            client,
            endpoint: config.endpoint()?.clone(),
            encoding: config.encoding,
            connect_timeout: config.connect_timeout,
            deadline: config.deadline,
            insecure: config.insecure && connector.is_tls(),
            connector,
            took: begun.elapsed(),
        })
    }

    /// Takes the configured deadline at most, counted from `started`.
    pub async fn run(mut self, started: std::time::Instant, now: SystemTime) -> Health {
        let id = RequestId::fresh();
        let mut stages = vec![Stage::passed(StageName::Configuration, Some(self.took), None)];
        let failed = self.walk(&mut stages, started.into(), &id).await.err();
        let reached_http = failed.is_none() || stages.iter().any(|stage| stage.name == StageName::Tls);
        stages.extend(failed);
        let certificate = self.connector.certificate();
        Health {
            stages: completed(stages),
            proxy: self.connector.proxy(),
            endpoint: Some(self.endpoint),
            days_left: certificate.as_ref().map(|certificate| certificate.days_left(now)),
            certificate,
            insecure: self.insecure,
            request_id: reached_http.then_some(id),
        }
    }

    /// Walks on until a stage fails, and returns that one.
    async fn walk(&mut self, passed: &mut Vec<Stage>, started: Instant, id: &RequestId) -> Result<(), Stage> {
        let end = started + self.deadline;
        // Together, as in the client.
        let connected_by = end.min(Instant::now() + self.connect_timeout);
        let addresses = self.look_up(passed, connected_by).await?;
        let stream = self.connect(passed, &addresses, connected_by).await?;
        if self.connector.is_tls() {
            let begun = Instant::now();
            let version = self.connector.secure(stream, connected_by).await;
            let took = Some(begun.elapsed());
            let version = version.map_err(|error| Stage::failed(StageName::Tls, took, None, error.into()))?;
            passed.push(Stage::passed(StageName::Tls, took, Some(Detail::TlsVersion(version))));
        } else {
            // Some servers have one connection at a time.
            drop(stream);
            passed.push(Stage::not_needed(StageName::Tls));
        }
        self.probe(passed, end, id).await
    }

    async fn look_up(&self, passed: &mut Vec<Stage>, until: Instant) -> Result<Vec<SocketAddr>, Stage> {
        if let Some(address) = self.connector.literal_address() {
            passed.push(Stage::not_needed(StageName::Dns));
            return Ok(vec![address]);
        }
        let begun = Instant::now();
        let found = self.connector.look_up(until).await;
        let took = Some(begun.elapsed());
        let mut addresses = found.map_err(|error| Stage::failed(StageName::Dns, took, None, error.into()))?;
        addresses.dedup();
        passed.push(Stage::passed(StageName::Dns, took, Some(Detail::Addresses(addresses.clone()))));
        Ok(addresses)
    }

    /// One address after another, each with its share of the time that is left.
    async fn connect(
        &self,
        passed: &mut Vec<Stage>,
        addresses: &[SocketAddr],
        until: Instant,
    ) -> Result<tokio::net::TcpStream, Stage> {
        let begun = Instant::now();
        let mut last = None;
        for (place, &to) in addresses.iter().enumerate() {
            let still = u32::try_from(addresses.len() - place).unwrap_or(u32::MAX);
            let share = until.saturating_duration_since(Instant::now()) / still;
            match self.connector.connect(to, Instant::now() + share).await {
                Ok(stream) => {
                    let detail = Detail::Connected { to, in_vain: addresses[..place].to_vec() };
                    passed.push(Stage::passed(StageName::Tcp, Some(begun.elapsed()), Some(detail)));
                    return Ok(stream);
                }
                Err(error) => last = Some(error),
            }
        }
        let error = last.expect("a lookup finds one address at least");
        let detail = Some(Detail::TriedInVain(addresses.to_vec()));
        Err(Stage::failed(StageName::Tcp, Some(begun.elapsed()), detail, error.into()))
    }

    /// One answer decides all the stages from HTTP on.
    async fn probe(&mut self, passed: &mut Vec<Stage>, end: Instant, id: &RequestId) -> Result<(), Stage> {
        let begun = Instant::now();
        let left = end.saturating_duration_since(begun);
        let answer = self.client.probe(id.clone(), self.encoding, left).await;
        let took = begun.elapsed();
        let status = answer.as_ref().map_or_else(|error| error.status(), |()| Some(422));
        let mut failed = answer.err().map(|error| (fault::stage(&error), error));
        for name in StageName::ALL.into_iter().skip_while(|&name| name != StageName::Http) {
            let is_http = name == StageName::Http;
            let took = is_http.then_some(took);
            let detail = status.filter(|_| is_http).map(Detail::HttpStatus);
            if let Some((_, error)) = failed.take_if(|(at, _)| *at == name) {
                return Err(Stage::failed(name, took, detail, error.into()));
            }
            passed.push(Stage::passed(name, took, detail));
        }
        Ok(())
    }
}

impl Health {
    /// There is no way to check, because the configuration does not say how.
    pub fn unusable(error: ClientError, endpoint: Option<Endpoint>) -> Self {
        let failed = Stage::failed(StageName::Configuration, None, None, Fault::Unusable(error));
        Self {
            stages: completed(vec![failed]),
            endpoint,
            proxy: None,
            certificate: None,
            days_left: None,
            insecure: false,
            request_id: None,
        }
    }

    /// The first stage that failed, and why.
    pub fn failure(&self) -> Option<(StageName, &Fault)> {
        self.stages.iter().find_map(|stage| match &stage.state {
            State::Failed(fault) => Some((stage.name, fault)),
            State::Passed | State::NotReached | State::NotNeeded => None,
        })
    }

    /// How long a request takes as an event makes it, connection included, if it got its answer.
    pub fn time(&self) -> Option<Duration> {
        let http = self.stages.iter().find(|stage| stage.name == StageName::Http)?;
        http.took.filter(|_| self.failure().is_none())
    }
}

impl Stage {
    fn passed(name: StageName, took: Option<Duration>, detail: Option<Detail>) -> Self {
        Self { name, state: State::Passed, took, detail }
    }

    fn failed(name: StageName, took: Option<Duration>, detail: Option<Detail>, fault: Fault) -> Self {
        Self { name, state: State::Failed(fault), took, detail }
    }

    fn not_needed(name: StageName) -> Self {
        Self { name, state: State::NotNeeded, took: None, detail: None }
    }
}

/// The stages with those that were not reached.
fn completed(mut stages: Vec<Stage>) -> Vec<Stage> {
    let missing = StageName::ALL.into_iter().skip(stages.len());
    stages.extend(missing.map(|name| Stage { name, state: State::NotReached, took: None, detail: None }));
    stages
}
