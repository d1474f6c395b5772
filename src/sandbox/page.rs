//! The live page and its stream of events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::Frame;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::watch::Receiver;

use super::State;
use super::watch::{Seen, milliseconds, news};

/// One file: the page asks nobody else for anything.
const PAGE: &str = include_str!("page.html");

/// What stands in the page where each answer has its own.
const NONCE: &str = "NONCE";

/// How many pages may listen at once; each has one message in memory.
pub(super) const VIEWERS: usize = 32;

/// How often a page hears from a sandbox where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long changes are gathered for one message, by how many bytes the last one had.
const PAUSE: Duration = Duration::from_millis(80);
const LONG_PAUSE: Duration = Duration::from_millis(500);
const LONG_MESSAGE: usize = 64 * 1024;

/// Server-sent events for as long as the other side listens.
pub(super) type Events = UnsyncBoxBody<Bytes, Infallible>;

/// The page, with a policy that lets nothing in it run but its own script.
pub(super) fn html() -> Response<Bytes> {
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let mut page = Response::new(Bytes::from(PAGE.replace(NONCE, &nonce)));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The whole state, and then each change of it; `None` if enough pages listen.
pub(super) fn events(state: Arc<State>) -> Option<Response<Events>> {
    let place = state.viewers.clone().try_acquire_owned().ok()?;
    let viewer = Viewer { changed: state.watch.subscribe(), state, seen: None, pause: PAUSE, _place: place };
    let messages = futures_util::stream::unfold(viewer, |mut viewer| async {
        let message = viewer.next().await?;
        Some((Ok(Frame::data(Bytes::from(message))), viewer))
    });
    let mut response = Response::new(StreamBody::new(messages).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Some(response)
}

/// One page that listens. It is asked for a message only when the last one is on its way, so a slow
/// one is told less often, and one that is gone is not asked again.
struct Viewer {
    state: Arc<State>,
    changed: Receiver<()>,
    seen: Option<Seen>,
    pause: Duration,
    /// of those that there are for pages
    _place: OwnedSemaphorePermit,
}

impl Viewer {
    async fn next(&mut self) -> Option<String> {
        if self.seen.is_some() {
            match tokio::time::timeout(HEARTBEAT, self.changed.changed()).await {
                Ok(Ok(())) => tokio::time::sleep(self.pause).await,
                Ok(Err(_)) => return None,
                Err(_) => {
                    let now = milliseconds(self.state.now());
                    return Some(format!("event: alive\ndata: {{\"now\":{now}}}\n\n"));
                }
            }
        }
        self.changed.mark_unchanged();
        let (message, seen) = news(&self.state, self.seen);
        self.seen = Some(seen);
        self.pause = if message.len() > LONG_MESSAGE { LONG_PAUSE } else { PAUSE };
        Some(message)
    }
}
