//! The sandbox's pages: Zammad's endpoint, Zammad's caller log, and the switches for faults.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::{Fault, Mode};
use super::{State, decode, lock};
use crate::rules::{self, CallLog, Entry, Fields, Message, Refusal, Release, Reply};

/// The proxy that Zammad ships has this limit; Zammad itself has none.
const MAX_BODY: usize = 50 * 1024 * 1024;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

type Page = Response<Full<Bytes>>;

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
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
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
async fn answer(request: Request<Incoming>, state: Arc<State>) -> Result<Page, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes()) else {
        return Ok(page(413, HTML, "<html><body><h1>413 Request Entity Too Large</h1></body></html>"));
    };
    let request_id = head.headers.get("x-request-id").and_then(kept_request_id);
    let page = tokio::spawn(route(Request::from_parts(head, body), state)).await;
    let mut page = page.map_err(|_| Dropped)??;
    if let Some(id) = request_id {
        page.headers_mut().insert("x-request-id", id);
    }
    Ok(page)
}

async fn route(request: Request<Bytes>, state: Arc<State>) -> Result<Page, Dropped> {
    let path = request.uri().path().to_owned();
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, ["api", "v1", "cti", "log"]) => Ok(json_page(200, &caller_log(&lock(&state.log)))),
        (&Method::POST, ["sandbox", "reset"]) => {
            lock(&state.log).clear();
            *lock(&state.fault) = None;
            Ok(json_page(200, &json!({})))
        }
        (&Method::POST, ["sandbox", "fault"]) => Ok(match Fault::read(request.body()) {
            Ok(fault) => {
                *lock(&state.fault) = fault;
                json_page(200, &json!({}))
            }
            Err(error) => json_page(400, &json!({ "error": error })),
        }),
        (&Method::POST, ["api", "v1", "cti", token]) => with_faults(&request, token, &state).await,
        (&Method::OPTIONS, ["api", "v1", "cti", _]) => Ok(page(200, "text/plain", "")),
        (&Method::PATCH, _) => Ok(framework(404, "Not Found", wants_json(&request, None, &Fields::new()))),
        (method, _) => Ok(no_such_page(&state, method, &path, wants_json(&request, None, &Fields::new()))),
    }
}

async fn with_faults(request: &Request<Bytes>, token: &str, state: &State) -> Result<Page, Dropped> {
    let Some(fault) = Fault::take(&mut lock(&state.fault)) else {
        return Ok(event(request, token, state).await);
    };
    log::info!("fault: {}", fault.mode);
    match fault.mode {
        Mode::None => Ok(event(request, token, state).await),
        Mode::DelayBefore => {
            tokio::time::sleep(fault.wait()).await;
            Ok(event(request, token, state).await)
        }
        Mode::DelayAfter => {
            let page = event(request, token, state).await;
            tokio::time::sleep(fault.wait()).await;
            Ok(page)
        }
        Mode::DropBefore => Err(Dropped),
        Mode::DropAfter => {
            event(request, token, state).await;
            Err(Dropped)
        }
        Mode::Respond => {
            tokio::time::sleep(fault.wait()).await;
            let mut page = page(fault.status, "", fault.body);
            let location = fault.location.map(|location| (LOCATION, location));
            for (name, text) in location.into_iter().chain([(CONTENT_TYPE, fault.content_type)]) {
                if let Ok(value) = HeaderValue::from_str(&text) {
                    page.headers_mut().insert(name, value);
                }
            }
            Ok(page)
        }
    }
}

/// One event, from its bytes to Zammad's answer.
async fn event(request: &Request<Bytes>, token: &str, state: &State) -> Page {
    // What follows a dot is a format, so a token with a dot never fits.
    let (token, suffix) =
        token.split_once('.').map_or((token, None), |(token, suffix)| (token, Some(suffix)));
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let fields = decode::fields(content_type, request.uri().query(), request.body().clone()).await;
    let mut wants_json_for = Fields::new();
    let outcome = match fields {
        Ok(fields) => {
            let outcome = rules::process(
                &state.setup,
                token == state.token.reveal(),
                &mut lock(&state.log),
                &fields,
                SystemTime::now(),
            );
            log::info!("{} {}", Value::Object(fields.clone()), told(&outcome, state.release));
            wants_json_for = fields;
            outcome
        }
        Err(refusal) => {
            log::info!("unreadable request {}", told(&Err(refusal), state.release));
            Err(refusal)
        }
    };
    match outcome {
        Ok(reply) => json_page(200, &reply_body(reply)),
        Err(refusal) => refused(refusal, state.release, wants_json(request, suffix, &wants_json_for)),
    }
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
fn wants_json(request: &Request<Bytes>, suffix: Option<&str>, fields: &Fields) -> bool {
    if let Some(format) = suffix.or_else(|| fields.get("format").and_then(Value::as_str)) {
        return format == "json";
    }
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let types: Vec<_> =
        accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).collect();
    match types.as_slice() {
        [only] => ["application/json", "*/*"].contains(only),
        [first, ..] => *first == "application/json" && !types.contains(&"*/*"),
        [] => false,
    }
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
    let mut page = Response::new(Full::new(body.into()));
    *page.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    page
}
