//! A page that is live, and its stream of news.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::Frame;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use tokio::sync::watch::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all pages look like.
const STYLE: &str = include_str!("page.css");

/// What stands in a page where each answer has its own.
const NONCE: &str = "NONCE";

/// How many pages may listen at once; each has one message in memory.
pub const VIEWERS: usize = 32;

/// How often a page hears from a server where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long changes are gathered for one message, by how many bytes the last one had.
const PAUSE: Duration = Duration::from_millis(80);
const LONG_PAUSE: Duration = Duration::from_millis(500);
const LONG_MESSAGE: usize = 64 * 1024;

/// Server-sent events for as long as the other side listens.
pub type Events = UnsyncBoxBody<Bytes, Infallible>;

/// What a page shows.
pub trait Live: Send + Sync + 'static {
    /// How far a page has been told.
    type Seen: Copy + Send;

    /// What a page is to be told, as one server-sent event, and how far it then is. Without `seen` it is the whole.
    fn news(&self, seen: Option<Self::Seen>) -> (String, Self::Seen);

    /// Rings at every change from now on.
    fn subscribe(&self) -> Receiver<()>;

    /// What time it is there.
    fn now(&self) -> SystemTime;
}

/// A page, with a policy that lets nothing in it run but its own script. It is one file: it asks nobody else for
/// anything. `STYLE` stands in it for what all pages look like, `NONCE` for what is another one in each answer.
pub fn html(page: &str) -> Response<Bytes> {
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let mut page = Response::new(Bytes::from(page.replacen("STYLE", STYLE, 1).replace(NONCE, &nonce)));
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
pub fn events<L: Live>(live: Arc<L>, viewers: &Arc<Semaphore>) -> Option<Response<Events>> {
    let place = viewers.clone().try_acquire_owned().ok()?;
    let viewer = Viewer { changed: live.subscribe(), live, seen: None, pause: PAUSE, _place: place };
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
struct Viewer<L: Live> {
    live: Arc<L>,
    changed: Receiver<()>,
    seen: Option<L::Seen>,
    pause: Duration,
    /// of those that there are for pages
    _place: OwnedSemaphorePermit,
}

impl<L: Live> Viewer<L> {
    async fn next(&mut self) -> Option<String> {
        if self.seen.is_some() {
            match tokio::time::timeout(HEARTBEAT, self.changed.changed()).await {
                Ok(Ok(())) => tokio::time::sleep(self.pause).await,
                Ok(Err(_)) => return None,
                Err(_) => {
                    let now = milliseconds(self.live.now());
                    return Some(format!("event: alive\ndata: {{\"now\":{now}}}\n\n"));
                }
            }
        }
        self.changed.mark_unchanged();
        let (message, seen) = self.live.news(self.seen);
        self.seen = Some(seen);
        self.pause = if message.len() > LONG_MESSAGE { LONG_PAUSE } else { PAUSE };
        Some(message)
    }
}

/// Since 1970.
pub fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A stranger's bytes as text: what is no text, or would not be seen, is shown as an escape.
pub fn legible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' | '\t' => text.push(c),
                '\r' => {}
                c if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                    text.extend(c.escape_default());
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
