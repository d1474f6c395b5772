//! Whether events would reach Zammad, and if not, what stands in their way.
//!
//! The check takes the way of an event a stage at a time: name lookup, connection and TLS on a
//! connection of its own, then a whole request as an event makes it. That request is a probe, which
//! Zammad refuses in words of its own when all is in order, so it leaves no entry in the caller
//! log. Nothing is sent twice: a check is to show trouble, not to get over it.
//!
//! Whether what was kept gets there in the end is the spool's part of it.

mod advice;
mod fault;
mod spool;
mod verdict;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

pub use fault::Fault;
pub use spool::{Contents, SpoolCheck, SpoolHealth, SpoolPart, SpoolPartName, SpoolState};
pub use verdict::{Bound, Limits, SpoolThresholds, Status, ThresholdError, Thresholds, Verdict};

use crate::client::{Certificate, Client, ClientError, Proxy, RequestId, Way};
use crate::config::{Config, Encoding, Endpoint};

/// What is checked, in this order. Where one fails, the later ones are not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageName {
    Configuration,
    Dns,
    Tcp,
    Tls,
    Http,
    Zammad,
    Integration,
    Configured,
    Token,
}

impl StageName {
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
pub struct Stage {
    pub name: StageName,
    pub state: State,
    /// `None` where the time is that of another stage
    pub took: Option<Duration>,
    pub detail: Option<Detail>,
}

#[derive(Debug)]
pub enum State {
    Passed,
    Failed(Fault),
    NotReached,
    /// such as TLS for an `http://` address
    NotNeeded,
}

/// What a stage found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    Addresses(Vec<SocketAddr>),
    /// Those in vain came before this one.
    Connected {
        to: SocketAddr,
        in_vain: Vec<SocketAddr>,
    },
    TriedInVain(Vec<SocketAddr>),
    TlsVersion(&'static str),
    HttpStatus(u16),
}

/// A check that can begin: its configuration is in order.
pub struct Check {
    client: Client,
    way: Way,
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
pub struct Health {
    /// all of them, in order
    pub stages: Vec<Stage>,
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

impl Check {
    /// # Errors
    ///
    /// Something in the configuration is missing or broken; [`Health::unusable`] shows it as
    /// the failed stage that it is.
    pub fn new(config: &Config) -> Result<Self, ClientError> {
        let begun = Instant::now();
        let (client, way) = Client::with_way(config)?;
        Ok(Self {
            client,
            endpoint: config.endpoint()?.clone(),
            encoding: config.encoding,
            connect_timeout: config.connect_timeout,
            deadline: config.deadline,
            insecure: config.insecure && way.is_tls(),
            way,
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
        let certificate = self.way.certificate();
        Health {
            stages: completed(stages),
            proxy: self.way.proxy(),
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
        if self.way.is_tls() {
            let begun = Instant::now();
            let version = self.way.secure(stream, connected_by).await;
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
        if let Some(address) = self.way.literal_address() {
            passed.push(Stage::not_needed(StageName::Dns));
            return Ok(vec![address]);
        }
        let begun = Instant::now();
        let found = self.way.look_up(until).await;
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
            match self.way.connect(to, Instant::now() + share).await {
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
