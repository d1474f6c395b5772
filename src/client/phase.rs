//! How far an attempt has come: what runs out of time before the connection stands never reached
//! Zammad.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What an attempt is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// a reply, on a connection that stands
    Reply,
    Lookup,
    Connection,
}

/// The phase of the attempt under way, as the parts of the HTTP client report it.
#[derive(Clone)]
pub(super) struct Progress(Arc<AtomicU8>);

impl Progress {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU8::new(Phase::Reply as u8)))
    }

    pub fn phase(&self) -> Phase {
        let phase = self.0.load(Ordering::Relaxed);
        [Phase::Lookup, Phase::Connection]
            .into_iter()
            .find(|known| *known as u8 == phase)
            .unwrap_or(Phase::Reply)
    }

    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }
}

/// The system's name lookup.
impl Resolve for Progress {
    fn resolve(&self, name: Name) -> Resolving {
        self.enter(Phase::Lookup);
        let progress = self.clone();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            progress.enter(Phase::Connection);
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl<S> tower_layer::Layer<S> for Progress {
    type Service = Watched<S>;

    fn layer(&self, connector: S) -> Watched<S> {
        Watched { connector, progress: self.clone() }
    }
}

/// A connector that says when it is at work.
#[derive(Clone)]
pub(super) struct Watched<S> {
    connector: S,
    progress: Progress,
}

impl<S, Target> tower_service::Service<Target> for Watched<S>
where
    S: tower_service::Service<Target>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        self.progress.enter(Phase::Connection);
        let progress = self.progress.clone();
        let connection = self.connector.call(target);
        Box::pin(async move {
            let connection = connection.await?;
            progress.enter(Phase::Reply);
            Ok(connection)
        })
    }
}
