//! The sandbox's pages: Zammad's endpoint, Zammad's caller log, and the switches for faults.
//!
//! Whoever reaches the sandbox may send it anything, so each connection has limits, and the head of a
//! request decides whether it may have what it asks for: the body of one that is refused is neither
//! parsed nor kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::accept::wants_json;
use super::arrival::{CallBefore, Token};
use super::fault::{Fault, Mode};
use super::switches::Written;
use super::watch::Received;
use super::{OtherSites, State, caller_log, decode, lines, page};
use crate::rules::{self, Fields, Message, Refusal, Release, Reply};
use crate::web::body::{self, Read, Unread};
use crate::web::connections::Connection;
use crate::web::server::{self, Answer, Dropped, PATIENCE};
use crate::web::{browser, lock};

/// A reply that is longer takes room as the bodies of requests do.
const LONG_REPLY: usize = 64 * 1024;

pub(super) const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) type Page = Response<Bytes>;

/// Accepts connections for ever.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    let full = state.clone();
    let when_full = move || lock(&full.strangers).tell(format_args!("too many connections -> 503"));
    let answer = move |request, connection| answer(request, connection, state.clone());
    server::serve(listener, when_full, answer).await;
}

/// What a request asks for, by its method and its path.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Page,
    News,
    Log,
    Reset,
    Fault,
    /// whom it blocks, and its caller ids
    Setup,
    /// an event that the page reports; the token is the sandbox's
    Play,
    /// the address with the token
    Address,
    /// calls are ticked off: a number, or `bulk`
    Done(&'a str),
    /// with what stands in the token's place
    Event(&'a str),
    Options,
    /// what there is not
    Nothing,
}

impl<'a> Wanted<'a> {
    fn by(method: &Method, path: &'a str) -> Self {
        // No path that means something has more parts than that.
        let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).take(6).collect();
        match (method, parts.as_slice()) {
            (&Method::GET, []) => Self::Page,
            (&Method::GET, ["sandbox", "events"]) => Self::News,
            (&Method::GET, ["api", "v1", "cti", "log"]) => Self::Log,
            (&Method::POST, ["api", "v1", "cti", "done", which])
                if *which == "bulk" || which.parse::<u64>().is_ok() =>
            {
                Self::Done(which)
            }
            (&Method::POST, ["sandbox", "reset"]) => Self::Reset,
            (&Method::POST, ["sandbox", "fault"]) => Self::Fault,
            (&Method::POST, ["sandbox", "setup"]) => Self::Setup,
            (&Method::POST, ["sandbox", "event"]) => Self::Play,
            (&Method::GET, ["sandbox", "address"]) => Self::Address,
            (&Method::POST, ["api", "v1", "cti", token]) => Self::Event(token),
            (&Method::OPTIONS, ["api", "v1", "cti", _]) => Self::Options,
            _ => Self::Nothing,
        }
    }

    /// Whether a page that the browser takes for the sandbox's own could learn or change something by it.
    fn is_for_its_own_names(self, method: &Method) -> bool {
        match self {
            Self::Page
            | Self::News
            | Self::Log
            | Self::Reset
            | Self::Fault
            | Self::Setup
            | Self::Play
            | Self::Address
            | Self::Done(_) => true,
            // A phone system may know the sandbox by any name; a browser says which page sends.
            Self::Event(_) | Self::Options => false,
            // The path may be in the reply.
            Self::Nothing => *method == Method::GET,
        }
    }

    /// Whether a page of another site could change something by it, or take what others need.
    fn is_for_its_own_pages(self, sites: OtherSites) -> bool {
        match self {
            Self::News
            | Self::Reset
            | Self::Fault
            | Self::Setup
            | Self::Play
            | Self::Address
            | Self::Done(_) => true,
            Self::Event(_) => sites == OtherSites::MayNothing,
            // The browser keeps the reply from the page that asked.
            Self::Page | Self::Log | Self::Options | Self::Nothing => false,
        }
    }
}

/// Answers one request.
async fn answer(
    request: Request<Incoming>,
    connection: Arc<Connection>,
    state: Arc<State>,
) -> Result<Answer, Dropped> {
    let (head, body) = request.into_parts();
    let request_id = head.headers.get("x-request-id").and_then(kept_request_id);
    let path = head.uri.path().to_owned();
    let wanted = Wanted::by(&head.method, &path);
    let mut answer = match refusal(&head, wanted, &state) {
        Some(page) => {
            body::discard(body, PATIENCE);
            whole(page)
        }
        None => granted(head, body, wanted, &connection, &state).await?,
    };
    let headers = answer.headers_mut();
    browser::guard(headers);
    if let Some(id) = request_id {
        headers.insert("x-request-id", id);
    }
    Ok(answer)
}

fn whole(page: Page) -> Answer {
    page.map(|body| Either::Left(Full::new(body)))
}

/// What a request is answered that cannot have what it asks for, whatever is in its body.
fn refusal(head: &Parts, wanted: Wanted, state: &State) -> Option<Page> {
    if wanted.is_for_its_own_names(&head.method)
        && let Some(name) = browser::foreign_name(&state.hosts, &head.headers)
    {
        tell(head, 403, &format!("the name {} is not the sandbox's", lines::short(&name)), state);
        return Some(browser::not_by_this_name(&name));
    }
    if wanted.is_for_its_own_pages(state.other_sites)
        && browser::is_from_another_site(&state.hosts, &head.headers)
    {
        let page = browser::not_from_there();
        turn_away(head, wanted, None, &page, "from a page of another site", state);
        return Some(page);
    }
    // Those who reach the sandbox from elsewhere need the token, and do not get it here.
    if matches!(wanted, Wanted::Play | Wanted::Address) && !state.is_local {
        let page = page(403, TEXT, "the sandbox does this only where it listens on loopback");
        turn_away(head, wanted, None, &page, "not on loopback", state);
        return Some(page);
    }
    let Wanted::Event(given) = wanted else { return None };
    let (token, suffix) = split_suffix(given);
    if token == state.token.reveal() {
        return None;
    }
    let refusal = rules::admit(&lock(&state.setup), false).err()?;
    let page = refused(refusal, state.release, wants_json(accept(head), suffix, &Fields::new()));
    turn_away(head, wanted, Some(refusal), &page, &format!("{refusal:?}"), state);
    Some(page)
}

/// A line about a request that was refused.
fn tell(head: &Parts, status: u16, why: &str, state: &State) {
    let (method, path) = (lines::short(head.method.as_str()), lines::short(head.uri.path()));
    lock(&state.strangers).tell(format_args!("{method} {path} -> {status}, {why}"));
}

/// Notes a request that was refused without its body.
fn turn_away(head: &Parts, wanted: Wanted, outcome: Option<Refusal>, page: &Page, why: &str, state: &State) {
    tell(head, page.status().as_u16(), why, state);
    let token = match wanted {
        Wanted::Event(given) => Token::compare(given, state.token.reveal()),
        Wanted::Page
        | Wanted::News
        | Wanted::Log
        | Wanted::Reset
        | Wanted::Fault
        | Wanted::Setup
        | Wanted::Play
        | Wanted::Address
        | Wanted::Done(_)
        | Wanted::Options
        | Wanted::Nothing => Token::Right,
    };
    let mut received = Received::of_stranger(head, token, state.now());
    if let Some(refusal) = outcome {
        received.processed(&Fields::new(), None, Err(refusal));
    }
    received.answered(page);
    state.watch.add(received);
}

/// What a request is answered that may have what it asks for.
async fn granted(
    head: Parts,
    mut body: Incoming,
    wanted: Wanted<'_>,
    connection: &Arc<Connection>,
    state: &Arc<State>,
) -> Result<Answer, Dropped> {
    let room = match wanted {
        Wanted::Event(_) | Wanted::Play => Some(&state.events),
        Wanted::Fault | Wanted::Setup | Wanted::Done(_) => Some(&state.switches),
        Wanted::Page
        | Wanted::News
        | Wanted::Log
        | Wanted::Reset
        | Wanted::Address
        | Wanted::Options
        | Wanted::Nothing => None,
    };
    let read = match room {
        Some(room) => body::read(&mut body, room, PATIENCE).await,
        None => Ok(Read::default()),
    };
    if !matches!(read, Err(Unread::TooSlow)) {
        body::discard(body, PATIENCE);
    }
    let read = match read {
        Ok(read) => read,
        Err(why) => return unread(&head, wanted, why, state).map(whole),
    };
    Ok(match wanted {
        Wanted::Event(token) => whole(report(head, read, token.to_owned(), connection, state).await?),
        Wanted::Play => {
            let token = state.token.reveal().to_owned();
            whole(report(as_an_event(head, state), read, token, connection, state).await?)
        }
        Wanted::Fault => whole(set_fault(&read.bytes, state)),
        Wanted::Setup => whole(set_up(&read.bytes, state)),
        Wanted::Address => whole(json_page(200, &json!({ "address": state.endpoint.reveal().as_str() }))),
        Wanted::Page => whole(page::html()),
        Wanted::News => match page::events(state.clone()) {
            // It is busy for as long as somebody listens.
            Some(news) if connection.asks() => news.map(Either::Right),
            Some(_) => return Err(Dropped),
            None => whole(busy("too many pages listen to the sandbox")),
        },
        Wanted::Log => caller_log::page(state),
        Wanted::Done(which) => whole(caller_log::tick(which, &read.bytes, state)),
        Wanted::Reset => {
            lock(&state.log).clear();
            *lock(&state.fault) = None;
            state.watch.clear();
            whole(json_page(200, &json!({})))
        }
        Wanted::Options => whole(page(200, "text/plain", "")),
        Wanted::Nothing => {
            let page = no_such_page(state, &head);
            // A browser asks for icons of its own accord.
            if head.method != Method::GET || head.uri.path().trim_start_matches('/').starts_with("api/") {
                turn_away(&head, wanted, Some(Refusal::NoSuchPage), &page, "there is no such page", state);
            }
            whole(page)
        }
    })
}

/// What a request is answered whose body was not read to its end.
fn unread(head: &Parts, wanted: Wanted, why: Unread, state: &State) -> Result<Page, Dropped> {
    let (page, words) = match why {
        Unread::TooLarge => (too_large(), "the body is larger than 1 MB"),
        Unread::TooSlow => {
            (page(408, TEXT, "the body did not come in time"), "the body did not come in time")
        }
        Unread::NoRoom => (busy("the sandbox has too many bodies to read"), "too many bodies at once"),
        Unread::Gone => return Err(Dropped),
    };
    turn_away(head, wanted, None, &page, words, state);
    Ok(page)
}

/// One event with the right token, in a task of its own: Zammad finishes what it began, whether or not
/// the client still waits.
async fn report(
    head: Parts,
    read: Read,
    token: String,
    connection: &Arc<Connection>,
    state: &Arc<State>,
) -> Result<Page, Dropped> {
    if !connection.asks() {
        return Err(Dropped);
    }
    let (place, state) = (connection.clone(), state.clone());
    let page = tokio::spawn(async move {
        let Read { bytes, room } = read;
        let page = with_faults(&Request::from_parts(head, bytes), &token, &state).await;
        drop(place);
        let is_long = |page: &Page| page.body().len() > LONG_REPLY;
        page.map(|page| if is_long(&page) { page.map(|body| body::hold(body, room)) } else { page })
    });
    let page = page.await.map_err(|_| Dropped)??;
    connection.answered();
    Ok(page)
}

/// The request that the page would send if it knew the token.
fn as_an_event(mut head: Parts, state: &State) -> Parts {
    if let Ok(uri) = format!("/api/v1/cti/{}", state.token.reveal()).parse() {
        head.uri = uri;
    }
    head
}

fn set_up(written: &[u8], state: &State) -> Page {
    match Written::take(written, state) {
        Ok(()) => {
            state.watch.ring();
            json_page(200, &json!({}))
        }
        Err(error) => json_page(400, &json!({ "error": error })),
    }
}

fn set_fault(written: &[u8], state: &State) -> Page {
    match serde_json::from_slice::<Fault>(written) {
        Ok(fault) => {
            *lock(&state.fault) = Some(fault).filter(Fault::hits);
            state.watch.ring();
            json_page(200, &json!({}))
        }
        Err(error) => json_page(400, &json!({ "error": error.to_string() })),
    }
}

/// As the proxy that Zammad ships, whose limit is 50 MB.
fn too_large() -> Page {
    page(413, HTML, "<html><body><h1>413 Request Entity Too Large</h1></body></html>")
}

fn busy(why: &'static str) -> Page {
    let mut page = page(503, TEXT, why);
    page.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    page
}

/// What follows a dot is a format, so a token with a dot never fits.
fn split_suffix(given: &str) -> (&str, Option<&str>) {
    given.split_once('.').map_or((given, None), |(token, suffix)| (token, Some(suffix)))
}

async fn with_faults(request: &Request<Bytes>, token: &str, state: &State) -> Result<Page, Dropped> {
    let fault = Fault::take(&mut lock(&state.fault));
    if let Some(fault) = &fault {
        log::info!("fault: {}", fault.mode);
        if fault.mode == Mode::DelayBefore {
            tokio::time::sleep(fault.wait).await;
        }
    }
    let mut received = state.watch.receive(request, state.now());
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
    let number = state.watch.add(received);
    if state.is_for_people() {
        for line in state.watch.in_plain_words(number, state.release) {
            log::info!("{line}");
        }
    }
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
    let (token, suffix) = split_suffix(token);
    let content_type = text_of(request.headers().get(CONTENT_TYPE));
    let fields = decode::fields(content_type, request.uri().query(), request.body().clone()).await;
    let (fields, before, outcome) = match fields {
        Ok(fields) => {
            let mut log = lock(&state.log);
            let before = rules::entry_of(&log, &fields).map(|entry| CallBefore::new(entry, &fields));
            let token_fits = token == state.token.reveal();
            let outcome = rules::process(&lock(&state.setup), token_fits, &mut log, &fields, state.now());
            if outcome == Err(Refusal::UnknownCall)
                && rules::listed_id(&fields).is_some_and(|call_id| log.has_dropped(&call_id))
            {
                received.came_too_late();
            }
            drop(log);
            if !state.is_for_people() {
                log::info!("{} {}", lines::json(&fields), told(&outcome, state.release));
            }
            (fields, before, outcome)
        }
        Err(refusal) => {
            if !state.is_for_people() {
                log::info!("unreadable request {}", told(&Err(refusal), state.release));
            }
            (Fields::new(), None, Err(refusal))
        }
    };
    let page = match &outcome {
        Ok(reply) => json_page(200, &reply_body(reply.clone())),
        Err(refusal) => refused(
            *refusal,
            state.release,
            wants_json(text_of(request.headers().get(ACCEPT)), suffix, &fields),
        ),
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
        Ok(reply) => format!("-> 200 {}", lines::json(&reply_body(reply.clone()))),
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

fn no_such_page(state: &State, head: &Parts) -> Page {
    let wants_json = wants_json(accept(head), None, &Fields::new());
    if head.method == Method::PATCH {
        return framework(404, "Not Found", wants_json);
    }
    match state.release {
        // This release shows the path, and with it the token.
        Release::V5_5 if wants_json => {
            let text = format!("No route matches [{}] {}", head.method, head.uri.path());
            json_page(404, &json!({ "error": text, "error_human": text }))
        }
        Release::V5_5 => page(404, HTML, "<h1>404: Requested resource was not found</h1>"),
        Release::V7_2 => refused(Refusal::NoSuchPage, state.release, wants_json),
    }
}

fn accept(head: &Parts) -> Option<&str> {
    text_of(head.headers.get(ACCEPT))
}

fn text_of(value: Option<&HeaderValue>) -> Option<&str> {
    value?.to_str().ok()
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

pub(super) fn json_page(status: u16, body: &Value) -> Page {
    page(status, JSON, body.to_string())
}

fn page(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Page {
    let mut page = Response::new(body.into());
    *page.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    page
}
