//! How far an attempt has come: what runs out of time before its request is written never reached
//! Zammad.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::addresses;

/// What an attempt is waiting for, in the order in which it comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    Connection,
    Lookup,
    /// a connection, to an address that is known
    Address,
    /// a reply to a request that is on its way
    Reply,
}

/// The phase of the attempt under way, as the parts of the HTTP client report it.
///
/// It only goes forward: a connection that is made in vain, because another one became free in
/// the meantime, does not take back that the request is out.
#[derive(Clone)]
pub(super) struct Progress(Arc<Known>);

struct Known {
    phase: AtomicU8,
    /// milliseconds for a connection
    within: AtomicU64,
    /// attempts that had no connection in time
    unconnected: AtomicUsize,
}

impl Progress {
    pub fn new() -> Self {
        Self(Arc::new(Known {
            phase: AtomicU8::new(Phase::Connection as u8),
            within: AtomicU64::new(0),
            unconnected: AtomicUsize::new(0),
        }))
    }

    /// An attempt begins that has so long for a connection.
    pub fn begin(&self, within: Duration) {
        self.0.phase.store(Phase::Connection as u8, Ordering::Relaxed);
        self.0.within.store(u64::try_from(within.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// It had none in time: the next one tries the host's addresses in another order.
    pub fn had_no_connection(&self) {
        self.0.unconnected.fetch_add(1, Ordering::Relaxed);
    }

    pub fn phase(&self) -> Phase {
        let phase = self.0.phase.load(Ordering::Relaxed);
        let later = [Phase::Lookup, Phase::Address, Phase::Reply];
        later.into_iter().find(|known| *known as u8 == phase).unwrap_or(Phase::Connection)
    }

    fn reach(&self, phase: Phase) {
        self.0.phase.fetch_max(phase as u8, Ordering::Relaxed);
    }

    /// A request's body that tells when it is written, which is after the head.
    pub fn body(&self, text: String) -> reqwest::Body {
        reqwest::Body::wrap(Told { text: Full::new(text.into()), progress: self.clone() })
    }
}

/// The system's name lookup.
impl Resolve for Progress {
    fn resolve(&self, name: Name) -> Resolving {
        self.reach(Phase::Lookup);
        let progress = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let within = Duration::from_millis(progress.0.within.load(Ordering::Relaxed));
            let failed = progress.0.unconnected.load(Ordering::Relaxed);
            let addresses: Vec<SocketAddr> = addresses::in_time(found, within, failed);
            progress.reach(Phase::Address);
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// See [`Progress::body`].
struct Told {
    text: Full<Bytes>,
    progress: Progress,
}

impl Body for Told {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.progress.reach(Phase::Reply);
        Pin::new(&mut self.text).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.text.size_hint()
    }
}
