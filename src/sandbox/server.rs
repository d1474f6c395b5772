//! The sandbox's pages: Zammad's endpoint, Zammad's caller log, and the switches for faults.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::{Fault, Mode};
use super::page::{self, Events};
use super::watch::Received;
use super::{State, decode, lock};
use crate::rules::{self, CallBefore, CallLog, Entry, Fields, Message, Refusal, Release, Reply, Token};

/// The proxy that Zammad ships has this limit; Zammad itself has none.
const MAX_BODY: usize = 50 * 1024 * 1024;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const FOREIGN_NAME: &str = "open this page by the sandbox's address, or as localhost";

type Page = Response<Bytes>;
type Answer = Response<Either<Full<Bytes>, Events>>;

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped on request")]
struct Dropped;

/// Accepts connections for ever.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most likely too many open files: others may be closed in a moment.
                log::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let state = state.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, state.clone()));
            // A client that goes away is its own matter.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Answers one request from a task of its own: Zammad finishes what it began, whether or not the
/// client still waits.
async fn answer(request: Request<Incoming>, state: Arc<State>) -> Result<Answer, Dropped> {
    let (head, body) = request.into_parts();
    let whole = |page: Page| page.map(|body| Either::Left(Full::new(body)));
    if head.method == Method::GET {
        if page::is_foreign_name(&state, &head.headers) {
            return Ok(whole(page::forbidden(FOREIGN_NAME)));
        }
        if head.uri.path() == "/sandbox/events" {
            return Ok(page::events(state).map(Either::Right));
        }
    }
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes()) else {
        let title = "<html><body><h1>413 Request Entity Too Large</h1></body></html>";
        return Ok(whole(page(413, HTML, title)));
    };
    let request_id = head.headers.get("x-request-id").and_then(kept_request_id);
    let page = tokio::spawn(route(Request::from_parts(head, body), state)).await;
    let mut page = page.map_err(|_| Dropped)??;
    if let Some(id) = request_id {
        page.headers_mut().insert("x-request-id", id);
    }
    Ok(whole(page))
}

async fn route(request: Request<Bytes>, state: Arc<State>) -> Result<Page, Dropped> {
    let path = request.uri().path().to_owned();
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, []) => Ok(page::html()),
        (&Method::POST, ["sandbox", ..]) if page::is_from_another_site(&state, request.headers()) => {
            Ok(page::forbidden("this is a page of another site, which may not change anything here"))
        }
        (&Method::GET, ["api", "v1", "cti", "log"]) => Ok(json_page(200, &caller_log(&lock(&state.log)))),
        (&Method::POST, ["sandbox", "reset"]) => {
            lock(&state.log).clear();
            *lock(&state.fault) = None;
            state.watch.clear();
            Ok(json_page(200, &json!({})))
        }
        (&Method::POST, ["sandbox", "fault"]) => Ok(match serde_json::from_slice::<Fault>(request.body()) {
            Ok(fault) => {
                *lock(&state.fault) = Some(fault).filter(Fault::hits);
                json_page(200, &json!({}))
            }
            Err(error) => json_page(400, &json!({ "error": error.to_string() })),
        }),
        (&Method::POST, ["api", "v1", "cti", token]) => with_faults(&request, token, &state).await,
        (&Method::OPTIONS, ["api", "v1", "cti", _]) => Ok(page(200, "text/plain", "")),
        (method, _) => {
            let wants_json = wants_json(accept(&request), None, &Fields::new());
            let page = match *method {
                Method::PATCH => framework(404, "Not Found", wants_json),
                _ => no_such_page(&state, method, &path, wants_json),
            };
            // A browser asks for icons of its own accord.
            if *method != Method::GET || segments.first() == Some(&"api") {
                log::info!("{method} {path} -> 404, there is no such page");
                let mut received = state.watch.receive(&request, Token::Right, state.now());
                received.processed(&Fields::new(), None, Err(Refusal::NoSuchPage));
                received.answered(&page);
                state.watch.add(received);
            }
            Ok(page)
        }
    }
}

async fn with_faults(request: &Request<Bytes>, token: &str, state: &State) -> Result<Page, Dropped> {
    let fault = Fault::take(&mut lock(&state.fault));
    if let Some(fault) = &fault {
        log::info!("fault: {}", fault.mode);
        if fault.mode == Mode::DelayBefore {
            tokio::time::sleep(fault.wait).await;
        }
    }
    let fit = Token::compare(token, state.token.reveal());
    let mut received = state.watch.receive(request, fit, state.now());
    received.hit(fault.as_ref().map(|fault| fault.mode));
    let mut wait = Duration::ZERO;
    let page = match fault {
        None => Ok(event(request, token, state, &mut received).await),
        Some(fault) => match fault.mode {
            Mode::None | Mode::DelayBefore => Ok(event(request, token, state, &mut received).await),
            Mode::DelayAfter => {
                wait = fault.wait;
                Ok(event(request, token, state, &mut received).await)
            }
            Mode::DropBefore => Err(Dropped),
            Mode::DropAfter => {
                event(request, token, state, &mut received).await;
                Err(Dropped)
            }
            Mode::Respond => {
                wait = fault.wait;
                Ok(told_to(fault))
            }
        },
    };
    if let Ok(page) = &page {
        received.answered(page);
    }
    state.watch.add(received);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    page
}

/// The answer that a fault has been given.
fn told_to(fault: Fault) -> Page {
    let mut page = page(fault.status, "", fault.body);
    let location = fault.location.map(|location| (LOCATION, location));
    page.headers_mut().extend(location.into_iter().chain([(CONTENT_TYPE, fault.content_type)]));
    page
}

/// One event, from its bytes to Zammad's answer.
async fn event(request: &Request<Bytes>, token: &str, state: &State, received: &mut Received) -> Page {
    // What follows a dot is a format, so a token with a dot never fits.
    let (token, suffix) =
        token.split_once('.').map_or((token, None), |(token, suffix)| (token, Some(suffix)));
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let fields = decode::fields(content_type, request.uri().query(), request.body().clone()).await;
    let (fields, before, outcome) = match fields {
        Ok(fields) => {
            let mut log = lock(&state.log);
            let before = rules::entry_of(&log, &fields).map(|entry| CallBefore::new(entry, &fields));
            let token_fits = token == state.token.reveal();
            let outcome = rules::process(&lock(&state.setup), token_fits, &mut log, &fields, state.now());
            drop(log);
            log::info!("{} {}", Value::Object(fields.clone()), told(&outcome, state.release));
            (fields, before, outcome)
        }
        Err(refusal) => {
            log::info!("unreadable request {}", told(&Err(refusal), state.release));
            (Fields::new(), None, Err(refusal))
        }
    };
    let page = match &outcome {
        Ok(reply) => json_page(200, &reply_body(reply.clone())),
        Err(refusal) => refused(*refusal, state.release, wants_json(accept(request), suffix, &fields)),
    };
    received.processed(&fields, before, outcome);
    page
}

fn reply_body(reply: Reply) -> Value {
    match reply {
        Reply::Accepted => json!({}),
        Reply::Reject => json!({ "action": "reject", "reason": "busy" }),
        Reply::Dial { caller_id, number } => {
            json!({ "action": "dial", "caller_id": caller_id, "number": number })
        }
    }
}

/// An outcome in a line for whoever watches the sandbox.
fn told(outcome: &Result<Reply, Refusal>, release: Release) -> String {
    match outcome {
        Ok(reply) => format!("-> 200 {}", reply_body(reply.clone())),
        Err(refusal) => format!("-> {} {refusal:?}", refusal.status(release)),
    }
}

fn refused(refusal: Refusal, release: Release, wants_json: bool) -> Page {
    let status = refusal.status(release);
    let text = match refusal.message(release) {
        // The controller itself knows no HTML.
        Message::Plain(text) => return json_page(status, &json!({ "error": text })),
        Message::Framework => return framework(status, "Bad Request", wants_json),
        // Without an `Accept` this release fails once more, on the way to its own error page.
        Message::ErrorId if !wants_json && refusal == Refusal::BrokenJson => {
            return framework(400, "Bad Request", wants_json);
        }
        Message::Doubled(text) if wants_json => {
            return json_page(status, &json!({ "error": text, "error_human": text }));
        }
        Message::ErrorId if wants_json => {
            let id: String = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
            let text = format!("Error ID {id}: Please contact your administrator.");
            return json_page(status, &json!({ "error": text }));
        }
        Message::Doubled(text) => text,
        Message::ErrorId => "Something went wrong".to_owned(),
    };
    // Zammad's page names no cause for a 500, and little for the others.
    let title = if status == 500 { "Something went wrong".to_owned() } else { text };
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    page(
        status,
        HTML,
        format!("<!DOCTYPE html><html><head><title>{status}: {title}</title></head><body></body></html>"),
    )
}

/// An answer of the web framework, before Zammad's own code has a say.
fn framework(status: u16, reason: &str, wants_json: bool) -> Page {
    if wants_json {
        json_page(status, &json!({ "status": status, "error": reason }))
    } else {
        page(status, HTML, "")
    }
}

fn no_such_page(state: &State, method: &Method, path: &str, wants_json: bool) -> Page {
    match state.release {
        // This release shows the path, and with it the token.
        Release::V5_5 => {
            let text = format!("No route matches [{method}] {path}");
            let body = json!({ "error": text, "error_human": text });
            if wants_json {
                json_page(404, &body)
            } else {
                page(404, HTML, "<h1>404: Requested resource was not found</h1>")
            }
        }
        Release::V7_2 => refused(Refusal::NoSuchPage, state.release, wants_json),
    }
}

/// Whether the handling of exceptions answers in JSON: an `Accept` that lists `*/*` among others
/// is taken for a browser's.
pub(super) fn wants_json(accept: Option<&str>, suffix: Option<&str>, fields: &Fields) -> bool {
    if let Some(format) = suffix.or_else(|| fields.get("format").and_then(Value::as_str)) {
        return format == "json";
    }
    let accept = accept.unwrap_or_default();
    let types: Vec<_> =
        accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).collect();
    match types.as_slice() {
        [only] => ["application/json", "*/*"].contains(only),
        [first, ..] => *first == "application/json" && !types.contains(&"*/*"),
        [] => false,
    }
}

fn accept(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get(ACCEPT)?.to_str().ok()
}

/// What Zammad keeps of a request's id: letters, digits, `-` and `_`.
fn kept_request_id(id: &HeaderValue) -> Option<HeaderValue> {
    let kept: String = id
        .to_str()
        .ok()?
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .take(255)
        .collect();
    HeaderValue::from_str(&kept).ok().filter(|id| !id.is_empty())
}

/// The caller log in the shape of Zammad's read API.
fn caller_log(log: &CallLog) -> Value {
    json!({ "list": log.entries().iter().rev().map(row).collect::<Vec<_>>() })
}

fn row(entry: &Entry) -> Value {
    let time = |time: SystemTime| humantime::format_rfc3339_millis(time).to_string();
    json!({
        "call_id": entry.call_id,
        "direction": entry.direction,
        "state": entry.state,
        "from": entry.from,
        "from_comment": entry.from_comment,
        "to": entry.to,
        "to_comment": entry.to_comment,
        "queue": entry.queue,
        "comment": entry.comment,
        "done": entry.done,
        "initialized_at": time(entry.initialized_at),
        "start_at": entry.start_at.map(time),
        "end_at": entry.end_at.map(time),
        "duration_waiting_time": entry.duration_waiting_time,
        "duration_talking_time": entry.duration_talking_time,
    })
}

fn json_page(status: u16, body: &Value) -> Page {
    page(status, JSON, body.to_string())
}

fn page(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Page {
    let mut page = Response::new(body.into());
    *page.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    page
}
