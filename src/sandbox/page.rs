//! The live page, its stream of events, and who may have them.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::{Response, StatusCode};
use tokio::sync::watch::Receiver;

use super::State;
use super::watch::{Seen, milliseconds, news};

/// One file: the page asks nobody else for anything.
const PAGE: &str = include_str!("page.html");

/// What stands in the page where each answer has its own.
const NONCE: &str = "NONCE";

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
        headers.insert("content-security-policy", policy);
    }
    guard(headers);
    page
}

/// The whole state, and then each change of it.
pub(super) fn events(state: Arc<State>) -> Response<Events> {
    let viewer = Viewer { changed: state.watch.subscribe(), state, seen: None, pause: PAUSE };
    let messages = futures_util::stream::unfold(viewer, |mut viewer| async {
        let message = viewer.next().await?;
        Some((Ok(Frame::data(Bytes::from(message))), viewer))
    });
    let mut response = Response::new(StreamBody::new(messages).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    guard(response.headers_mut());
    response
}

/// One page that listens. It is asked for a message only when the last one is on its way, so a slow
/// one is told less often, and one that is gone is not asked again.
struct Viewer {
    state: Arc<State>,
    changed: Receiver<()>,
    seen: Option<Seen>,
    pause: Duration,
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

/// Whether the browser took this machine for the site that it names: an attacker's name that leads
/// to a loopback address makes the attacker's page this server's own.
pub(super) fn is_foreign_name(state: &State, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    state.is_loopback && !name.is_empty() && !name.eq_ignore_ascii_case("localhost") && address.is_err()
}

/// Whether a page of another site makes the browser ask. Programs that are no browsers say nothing
/// about that, and may.
pub(super) fn is_from_another_site(state: &State, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let from_elsewhere = text(&HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !["same-origin", "none"].contains(&site));
    let host = text(&HOST).unwrap_or_default();
    let other_origin = text(&ORIGIN).is_some_and(|origin| {
        origin.split_once("://").is_none_or(|(_, origin)| origin != host) || is_foreign_name(state, headers)
    });
    from_elsewhere || other_origin
}

/// What is said to a browser that may not.
pub(super) fn forbidden(why: &'static str) -> Response<Bytes> {
    let mut page = Response::new(Bytes::from_static(why.as_bytes()));
    *page.status_mut() = StatusCode::FORBIDDEN;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    guard(page.headers_mut());
    page
}

/// Nobody keeps it, frames it, guesses what it is, or learns where it was.
fn guard(headers: &mut HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
