//! What services answer to monitoring systems over HTTP (`--health`): whether they do their work, and figures.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::spool::{Figures, expose_bridges};
use crate::background;
use crate::client::in_full;
use crate::config::{Config, Endpoint, SpoolConfig};
use crate::program::exit_code::ExitCode;
use crate::program::output::Report;
use crate::program::safe_text::printable;
use crate::spool::{Bridge, Heartbeat, LinkState, Moment, SharedSpool, SpoolError};
use crate::web::connections::Connection;
use crate::web::server::{self, Answer, whole};
use crate::web::{browser, lock};

/// How long the spool's file may take: less than any monitoring system waits.
const PATIENCE: Duration = Duration::from_secs(2);

const TEXT: &str = "text/plain; charset=utf-8";

/// The format of Prometheus, version 0.0.4.
const FIGURES: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Why events do not reach Zammad, if that is no fault of theirs: from the first that did not, until one is delivered
/// again. Clones know the same.
#[derive(Clone, Default)]
pub struct LastDelivery(Arc<Mutex<Option<Undelivered>>>);

/// An event that Zammad did not take.
#[derive(Clone)]
struct Undelivered {
    reason: String,
    /// the same whichever event it was, and what to do about it
    trouble: String,
    /// it waits in the spool
    is_kept: bool,
}

impl LastDelivery {
    /// Notes what became of an event.
    pub fn note(&self, report: &Report, error: Option<&anyhow::Error>) {
        let lost = error.and_then(|error| match ExitCode::of(error) {
            ExitCode::Unavailable
            | ExitCode::Internal
            | ExitCode::LocalFile
            | ExitCode::NotZammad
            | ExitCode::Token
            | ExitCode::Configuration => Some(format!("{error:#}")),
            // Of a wrong event nothing follows for others.
            ExitCode::Ok
            | ExitCode::NotAsExpected
            | ExitCode::Usage
            | ExitCode::Unknown
            | ExitCode::Rejected
            | ExitCode::InvalidEvent
            | ExitCode::HungUp
            | ExitCode::Interrupted
            | ExitCode::BySigquit
            | ExitCode::BySigusr1
            | ExitCode::BySigusr2
            | ExitCode::BySigalrm
            | ExitCode::Terminated
            | ExitCode::BySigstkflt
            | ExitCode::BySigxcpu
            | ExitCode::BySigvtalrm
            | ExitCode::BySigprof
            | ExitCode::BySigio
            | ExitCode::BySigpwr => None,
        });
        let kept = report.why_spooled().map(str::to_owned);
        let mut last = lock(&self.0);
        let undelivered = |reason: String, is_kept| {
            let trouble = report.trouble().map_or_else(|| reason.clone(), str::to_owned);
            Some(Undelivered { reason, trouble, is_kept })
        };
        match (lost, kept) {
            (Some(reason), _) => *last = undelivered(reason, false),
            (None, Some(reason)) => *last = undelivered(reason, true),
            (None, None) if report.has_arrived() => *last = None,
            // One that waits behind others, or that Zammad has judged, says nothing of the way there.
            (None, None) => {}
        }
    }

    /// Why Zammad takes no events, whichever that are, and what to do about it.
    pub fn trouble(&self) -> Option<String> {
        lock(&self.0).clone().map(|last| last.trouble)
    }

    fn reason(&self) -> Option<String> {
        lock(&self.0).clone().map(|last| last.reason)
    }

    /// The same where this many events wait in the spool: what went there, others may have sent since.
    fn reason_with(&self, waiting: u64) -> Option<String> {
        lock(&self.0).clone().filter(|last| !last.is_kept || waiting > 0).map(|last| last.reason)
    }
}

/// What a service knows of itself. Clones know the same.
#[derive(Clone)]
pub struct Alive {
    way: Arc<Mutex<Way>>,
    bridge: Option<watch::Receiver<Heartbeat>>,
    last: LastDelivery,
}

/// Where its events go.
#[derive(Clone)]
struct Way {
    spool: Option<(SpoolConfig, SharedSpool)>,
    endpoint: Option<Endpoint>,
}

impl Way {
    fn of(config: &Config) -> Self {
        let endpoint = config.endpoint().ok().cloned();
        let spool = config.spool.as_ref().zip(endpoint.as_ref());
        let spool = spool.map(|(spool, endpoint)| (spool.clone(), SharedSpool::new(spool, endpoint)));
        Self { spool, endpoint }
    }
}

impl Alive {
    /// Of a service with this configuration; `bridge` is what a bridge tells of itself.
    pub fn new(config: &Config, bridge: Option<watch::Receiver<Heartbeat>>, last: LastDelivery) -> Self {
        Self { way: Arc::new(Mutex::new(Way::of(config))), bridge, last }
    }

    /// From now on the service has this configuration.
    pub fn follow(&self, config: &Config) {
        *lock(&self.way) = Way::of(config);
    }

    fn way(&self) -> Way {
        lock(&self.way).clone()
    }

    /// Answers from now on at this address, if there is one; `setting` says which one names it.
    ///
    /// # Errors
    ///
    /// It cannot be had.
    pub async fn answer_if_wanted(&self, address: Option<SocketAddr>, setting: &str) -> anyhow::Result<()> {
        match address {
            Some(address) => self.answer_at(address, setting).await,
            None => Ok(()),
        }
    }

    async fn answer_at(&self, address: SocketAddr, setting: &str) -> anyhow::Result<()> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let is_taken = error.kind() == ErrorKind::AddrInUse;
            let next_step =
                if is_taken { "; another process does: end it, or name another port" } else { "" };
            anyhow::Error::from(error).context(format!("cannot listen on {address} ({setting}){next_step}"))
        })?;
        let address = listener.local_addr()?;
        if !address.ip().to_canonical().is_loopback() {
            log::warn!(
                "everyone who reaches {address} can see whether this service works, and its figures \
                ({setting})"
            );
        }
        log::info!("health: http://{address}/healthz and /metrics");
        let alive = self.clone();
        let answer = move |request: Request<Incoming>, connection: Arc<Connection>| {
            let alive = alive.clone();
            async move { Ok(alive.answer(&request, &connection).await) }
        };
        background::begin(server::serve(listener, || log::debug!("too many connections -> 503"), answer));
        Ok(())
    }

    async fn answer(&self, request: &Request<Incoming>, connection: &Connection) -> Answer {
        // Nobody takes its place while it is at work.
        connection.asks();
        let answer = self.of(request).await;
        connection.answered();
        answer
    }

    async fn of(&self, request: &Request<Incoming>) -> Answer {
        // Programs ask by any name; pages of other sites have nothing to ask here.
        if browser::is_from_another_site(&[], request.headers()) {
            return whole(StatusCode::FORBIDDEN, TEXT, "not for pages of other sites\n");
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/healthz") => match self.trouble().await {
                None => whole(StatusCode::OK, TEXT, "ok\n"),
                Some(trouble) => {
                    let trouble = self.way().endpoint.map_or(trouble.clone(), |it| it.redact(&trouble));
                    whole(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{}\n", printable(&trouble)))
                }
            },
            (&Method::GET | &Method::HEAD, "/metrics") => match self.figures().await {
                Ok(figures) => whole(StatusCode::OK, FIGURES, figures),
                Err(error) => {
                    whole(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{}\n", printable(&in_full(&error))))
                }
            },
            _ => whole(StatusCode::NOT_FOUND, TEXT, "there are /healthz and /metrics\n"),
        }
    }

    /// What keeps it from its work.
    async fn trouble(&self) -> Option<String> {
        if let Some(bridge) = &self.bridge {
            let told = bridge.borrow();
            match &told.link {
                LinkState::Lost(reason) => {
                    return Some(format!("not connected to {}: {reason}", told.name.source));
                }
                LinkState::Ended => return Some("the bridge is stopping".to_owned()),
                LinkState::Connected => {
                    if let Some(lacks) = &told.lacks {
                        return Some(format!("connected to {}, but {lacks}", told.name.source));
                    }
                }
            }
        }
        let Some((_, spool)) = self.way().spool else { return self.last.reason() };
        match spool.overview(PATIENCE, Duration::MAX, Moment::now()).await {
            Ok(overview) => {
                let held = overview.held.map(|held| format!("nothing is sent to Zammad: {}", held.reason));
                held.or_else(|| self.last.reason_with(overview.totals.waiting))
            }
            Err(error) => Some(in_full(&error)),
        }
    }

    /// Prometheus' text format, version 0.0.4.
    async fn figures(&self) -> Result<String, SpoolError> {
        let own = self.bridge.as_ref().map(|bridge| Bridge {
            told: bridge.borrow().clone(),
            ago: Duration::ZERO,
            is_gone: false,
        });
        let Some((config, spool)) = self.way().spool else {
            let mut text = String::new();
            expose_bridges(&mut text, "", own.as_slice());
            return Ok(text);
        };
        let overview = spool.overview(PATIENCE, Duration::MAX, Moment::now()).await?;
        let mut bridges = spool.bridges(PATIENCE).await?;
        if let Some(own) = own {
            bridges.retain(|bridge| bridge.told.name != own.told.name);
            bridges.push(own);
        }
        Ok(Figures::of(&config, overview, bridges).exposition())
    }
}
