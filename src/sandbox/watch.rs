//! What came in, for whoever watches: the latest requests as they were, and what to tell a page.
//!
//! A request costs a copy of the first of its bytes; everything else is made when a page asks. A page is told
//! what changed since it was told last, or the whole if it missed too much, so nothing queues up
//! for a slow one.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::FutureExt as _;
use hyper::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, Uri};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::accept::wants_json;
use super::arrival::{Arrival, CallBefore, Token, findings_on_arrival};
use super::fault::{Fault, Mode};
use super::finding::RequestFinding;
use super::switches::Written;
use super::{State, decode, lines};
use crate::event::EventKind;
use crate::rules::{self, CallLog, Fields, Refusal, Release, Reply, Severity};
use crate::web::live::{legible, milliseconds};
use crate::web::lock;

/// How many requests are kept: those that have the token, and those of anybody.
const KEPT: usize = 500;
const STRANGERS: usize = 100;

/// How many calls a page is told of: the latest.
const CALLS: usize = 200;

/// How much of a body, or of a path with its query, is kept; an event has a few hundred bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// How much of a header is kept.
const MAX_HEADER: usize = 1024;

/// How much of each part of a stranger's request.
const MAX_OF_STRANGER: usize = 256;

/// How much of the latest requests a page is told at once, and of their calls.
const MESSAGE: usize = 1024 * 1024;

/// The findings of one request that are told.
const FINDINGS: usize = 20;

/// The headers that make a difference, or name the sender.
const HEADERS: [HeaderName; 5] =
    [CONTENT_TYPE, ACCEPT, USER_AGENT, CONTENT_LENGTH, HeaderName::from_static("x-request-id")];

/// The latest requests, and a bell for the pages.
pub(super) struct Watch {
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Kept {
    /// oldest first
    requests: VecDeque<Received>,
    /// those that were refused by their head, in a place of their own: a flood of them leaves the
    /// others alone; oldest first
    strangers: VecDeque<Received>,
    seen: Seen,
    /// where the requests begin that are all kept, but for strangers'
    complete_from: u64,
    /// the memory of the last one that was dropped, for the next
    spare: Vec<u8>,
}

/// How far a page has been told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// how often everything was forgotten
    resets: u64,
    /// how many requests there ever were
    requests: u64,
}

/// One request as it came, and what became of it.
pub(super) struct Received {
    /// its place among all there ever were
    number: u64,
    at: SystemTime,
    /// refused by its head: its body was not read
    of_stranger: bool,
    /// the request line and some headers, then the body, then the reply's, each as far as it is kept
    raw: Vec<u8>,
    head: usize,
    body: usize,
    /// how many bytes of the request are not kept
    left_out: usize,
    token: Token,
    before: Option<CallBefore>,
    /// the log had its call, and dropped it
    was_dropped: bool,
    /// `None` if a fault kept it from Zammad's rules
    outcome: Option<Result<Reply, Refusal>>,
    fault: Option<Mode>,
    /// `None` if the connection was closed without a reply
    status: Option<u16>,
    /// the call, if the request is not kept in full or was too early; that of all others is read
    /// again when asked for
    call_id: Option<String>,
}

impl Watch {
    pub fn new() -> Self {
        Self { kept: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Begins the record of a request that has not come to Zammad's rules yet.
    pub fn receive(&self, request: &Request<Bytes>, at: SystemTime) -> Received {
        let spare = std::mem::take(&mut lock(&self.kept).spare);
        Received::new(request, at, spare)
    }

    /// Keeps a record, and drops the oldest of its kind.
    /// Its place among all there ever were.
    pub fn add(&self, mut request: Received) -> u64 {
        let mut kept = lock(&self.kept);
        let number = kept.seen.requests;
        request.number = number;
        kept.seen.requests += 1;
        if request.of_stranger {
            kept.strangers.push_back(request);
            if kept.strangers.len() > STRANGERS {
                kept.strangers.pop_front();
            }
        } else {
            kept.requests.push_back(request);
            if kept.requests.len() > KEPT
                && let Some(oldest) = kept.requests.pop_front()
            {
                kept.complete_from = oldest.number + 1;
                kept.spare = oldest.raw;
            }
        }
        drop(kept);
        self.ring();
        number
    }

    /// A request for people who look at a terminal: a line, and one for each finding. Strangers' texts in it are as
    /// they came.
    pub fn in_plain_words(&self, number: u64, release: Release) -> Vec<String> {
        let kept = lock(&self.kept);
        let Some(request) = kept.requests.iter().rev().find(|request| request.number == number) else {
            return Vec::new();
        };
        let readable = Readable::new(request);
        let earlier = kept.requests.iter().take_while(|other| other.number < number);
        let mut lines = vec![readable.in_a_line(release)];
        lines.extend(readable.findings(earlier).iter().map(|finding| {
            let severity = match finding.severity() {
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            format!("{:10}{severity}: {finding}", "")
        }));
        lines
    }

    pub fn clear(&self) {
        let mut kept = lock(&self.kept);
        kept.requests.clear();
        kept.strangers.clear();
        kept.seen.resets += 1;
        drop(kept);
        self.ring();
    }

    /// Pages are told everything anew: calls have changed without a request that they show.
    pub fn retell(&self) {
        lock(&self.kept).seen.resets += 1;
        self.ring();
    }

    /// Pages are told what has changed besides requests and calls.
    pub fn ring(&self) {
        if self.changed.receiver_count() > 0 {
            self.changed.send_replace(());
        }
    }

    /// Rings at every change from now on.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

impl Received {
    fn new(request: &Request<Bytes>, at: SystemTime, mut raw: Vec<u8>) -> Self {
        let (target, body) = (target(request.uri()), request.body());
        raw.clear();
        write_head(&mut raw, request.method(), request.uri(), request.headers(), (MAX_LENGTH, MAX_HEADER));
        let head = raw.len();
        raw.extend_from_slice(first(body, MAX_LENGTH));
        let left_out = body.len().saturating_sub(MAX_LENGTH) + target.len().saturating_sub(MAX_LENGTH);
        Self { head, body: raw.len(), left_out, ..Self::of_head(raw, Token::Right, at) }
    }

    /// The record of a request that was refused by its head.
    pub fn of_stranger(head: &Parts, token: Token, at: SystemTime) -> Self {
        let mut raw = Vec::new();
        let most = (MAX_OF_STRANGER, MAX_OF_STRANGER);
        write_head(&mut raw, &head.method, &head.uri, &head.headers, most);
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let left_out = length.unwrap_or_default();
        Self { of_stranger: true, left_out, ..Self::of_head(raw, token, at) }
    }

    fn of_head(raw: Vec<u8>, token: Token, at: SystemTime) -> Self {
        Self {
            number: 0,
            at,
            of_stranger: false,
            head: raw.len(),
            body: raw.len(),
            left_out: 0,
            raw,
            token,
            before: None,
            was_dropped: false,
            outcome: None,
            fault: None,
            status: None,
            call_id: None,
        }
    }

    /// What Zammad's rules made of it.
    pub fn processed(
        &mut self,
        fields: &Fields,
        before: Option<CallBefore>,
        outcome: Result<Reply, Refusal>,
    ) {
        if !self.of_stranger && (self.left_out > 0 || outcome == Err(Refusal::UnknownCall)) {
            self.call_id = rules::listed_id(fields);
        }
        self.before = before;
        self.outcome = Some(outcome);
    }

    /// The log had its call, and has dropped it.
    pub fn came_too_late(&mut self) {
        self.was_dropped = true;
    }

    /// A fault hit it.
    pub fn hit(&mut self, fault: Option<Mode>) {
        self.fault = fault;
    }

    pub fn answered(&mut self, reply: &Response<Bytes>) {
        self.status = Some(reply.status().as_u16());
        let most = if self.of_stranger { MAX_OF_STRANGER } else { MAX_LENGTH };
        self.raw.extend_from_slice(first(reply.body(), most));
    }

    fn head(&self) -> impl Iterator<Item = &str> {
        self.raw[..self.head]
            .split(|&byte| byte == b'\n')
            .map(|line| std::str::from_utf8(line).unwrap_or("?"))
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.head().skip(1).find_map(|line| line.strip_prefix(name.as_str())?.strip_prefix(": "))
    }

    fn request_line(&self) -> (&str, &str) {
        self.head().next().and_then(|line| line.split_once(' ')).unwrap_or_default()
    }

    fn body(&self) -> &[u8] {
        &self.raw[self.head..self.body]
    }

    fn reply(&self) -> &[u8] {
        &self.raw[self.body..]
    }

    /// The fields, read once more: of a request that was cut short there are none.
    fn fields(&self) -> Fields {
        let query = self.request_line().1.split_once('?').map(|(_, query)| query);
        if self.left_out > 0 {
            return Fields::new();
        }
        let body = Bytes::copy_from_slice(self.body());
        let fields = decode::fields(self.header(&CONTENT_TYPE), query, body).now_or_never();
        fields.and_then(Result::ok).unwrap_or_default()
    }
}

/// A request together with what is in it.
struct Readable<'a> {
    request: &'a Received,
    fields: Fields,
    call_id: Option<String>,
}

impl<'a> Readable<'a> {
    fn new(request: &'a Received) -> Self {
        let fields = request.fields();
        let call_id = request.call_id.clone().or_else(|| rules::listed_id(&fields));
        Self { request, fields, call_id }
    }

    fn is(&self, event: EventKind) -> bool {
        self.fields.get("event").and_then(Value::as_str) == Some(event.as_str())
    }

    fn findings(&self, earlier: impl Iterator<Item = &'a Received> + Clone) -> Vec<RequestFinding> {
        let request = self.request;
        if request.left_out > 0 && !request.of_stranger {
            return Vec::new();
        }
        let (method, target) = request.request_line();
        let accept = request.header(&ACCEPT);
        let suffix = last_segment(target).and_then(|token| token.split_once('.')).map(|(_, suffix)| suffix);
        // A newCall looks back for events that were too early for it.
        let too_early = |event: EventKind| {
            earlier.clone().any(|other| {
                other.outcome == Some(Err(Refusal::UnknownCall))
                    && other.call_id == self.call_id
                    && Readable::new(other).is(event)
            })
        };
        let is_new_call = self.call_id.is_some() && self.is(EventKind::NewCall);
        let overtaken_by = ([EventKind::Hangup, EventKind::Answer].into_iter())
            .find(|&event| is_new_call && too_early(event));
        findings_on_arrival(&Arrival {
            method,
            token: request.token,
            content_type: request.header(&CONTENT_TYPE),
            accept,
            errors_in_json: wants_json(accept, suffix, &self.fields),
            body: request.body(),
            fields: &self.fields,
            before: request.before,
            was_dropped: request.was_dropped,
            overtaken_by,
            outcome: request.outcome.as_ref().map(|outcome| outcome.as_ref().map_err(|&refusal| refusal)),
        })
    }

    /// When, which event, who, and the reply.
    fn in_a_line(&self, release: Release) -> String {
        let text = |name: &str| self.fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let users: Vec<_> = match self.fields.get("user") {
            Some(Value::Array(users)) => users.iter().filter_map(Value::as_str).collect(),
            _ => text("user").into_iter().collect(),
        };
        let users = users.join(", ");
        let event = text("event").unwrap_or(self.request.request_line().0);
        let who = match rules::event_kind(&self.fields) {
            Some(EventKind::NewCall) => {
                let users = if users.is_empty() { users } else { format!(" ({users})") };
                format!("{} -> {}{users}", text("from").unwrap_or("?"), text("to").unwrap_or("?"))
            }
            Some(EventKind::Answer) => {
                [text("answeringNumber").unwrap_or_default(), &users].join(" ").trim().to_owned()
            }
            Some(EventKind::Hangup) => text("cause").unwrap_or_default().to_owned(),
            None => String::new(),
        };
        let call = self.call_id.as_ref().map_or_else(String::new, |call_id| format!("  call {call_id}"));
        let reply = match (&self.request.outcome, self.request.fault) {
            (None, fault) => fault.map_or_else(String::new, |fault| format!("fault {fault}")),
            (Some(Ok(Reply::Accepted)), _) => "ok".to_owned(),
            (Some(Ok(Reply::Reject)), _) => "reject busy".to_owned(),
            (Some(Ok(Reply::Dial { caller_id, .. })), _) => format!("dial {caller_id}"),
            (Some(Err(refusal)), _) => format!("{} {refusal:?}", refusal.status(release)),
        };
        let time = lines::local_time(self.request.at);
        lines::short(&format!("{time}  {event:<8} {who}  {reply}{call}"))
    }

    /// As the page shows it, without the token.
    fn told(&self, findings: &[RequestFinding], hide: &impl Fn(&str) -> String) -> Value {
        let request = self.request;
        let (method, target) = request.request_line();
        let mut head = format!("{method} {}", without_token(target, hide));
        for line in request.head().skip(1) {
            head.push('\n');
            head.push_str(&hide(&legible(titled(line).as_bytes())));
        }
        let fields = self.fields.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            json!([hide(&legible(name.as_bytes())), hide(&legible(value.as_bytes()))])
        });
        let findings = findings.iter().take(FINDINGS).map(|finding| {
            let text = legible(finding.to_string().as_bytes());
            json!({ "severity": finding.severity(), "text": hide(&text) })
        });
        json!({
            "number": request.number,
            "of_stranger": request.of_stranger,
            "at": milliseconds(request.at),
            "what": match self.fields.get("event").and_then(Value::as_str) {
                Some(event) => hide(&legible(event.as_bytes())),
                None => method.to_owned(),
            },
            "call_id": self.call_id.as_deref().map(hide),
            "head": head,
            "body": hide(&legible(request.body())),
            // A copy would be another request where it was made legible, or the token was taken out.
            "is_exact": request.left_out == 0 && is_shown_as_it_is(request.body(), hide),
            "left_out": request.left_out,
            "fields": fields.collect::<Vec<_>>(),
            "status": request.status,
            "reply": request.status.map(|_| hide(&legible(request.reply()))),
            "fault": request.fault,
            "findings": findings.collect::<Vec<_>>(),
        })
    }
}

/// What a page is to be told, as one server-sent event, and how far it then is.
pub(super) fn news(state: &State, seen: Option<Seen>) -> (String, Seen) {
    let hide = |text: &str| state.endpoint.redact(text);
    let fault = lock(&state.fault).as_ref().map(Fault::told);
    let switches = json!({ "fault": fault, "setup": Written::now(state), "is_local": state.is_local });
    let blocked = lock(&state.setup).blocked.clone();
    let log = lock(&state.log);
    let kept = lock(&state.watch.kept);
    let seen = seen.filter(|seen| seen.resets == kept.seen.resets && seen.requests >= kept.complete_from);
    let known = seen.map_or(0, |seen| seen.requests);
    let mut new: Vec<_> = (kept.requests.iter().chain(&kept.strangers))
        .filter(|request| request.number >= known)
        .map(Readable::new)
        .collect();
    new.sort_by_key(|readable| Reverse(readable.request.number));
    let requests = new.iter().map(|readable| {
        let before = readable.request.number;
        let earlier = kept.requests.iter().take_while(|request| request.number < before);
        readable.told(&readable.findings(earlier), &hide)
    });
    let mut requests = as_many_as_fit(requests);
    requests.reverse();
    let mut calls: Vec<_> = match seen {
        None => log.entries().iter().rev().take(CALLS).collect(),
        Some(_) => {
            let changed: BTreeSet<_> =
                new.iter().filter_map(|readable| readable.call_id.as_deref()).collect();
            changed.into_iter().filter_map(|id| log.find(id)).collect()
        }
    };
    calls.sort_by_key(|entry| Reverse(entry.initialized_at));
    let calls = as_many_as_fit(calls.into_iter().map(|entry| {
        let mut call = call(entry, &hide);
        call["pops_up"] = state.interface.pops_up(entry, &blocked).into();
        call
    }));
    let event = if seen.is_some() { "change" } else { "state" };
    let news = format!(
        "{{\"now\":{},\"interface\":{},\"counter\":{},\"switches\":{switches},\"open\":{},\"calls_ever\":{},\"calls\":[{}],\"requests\":[{}]}}",
        milliseconds(state.now()),
        json!(state.interface),
        state.interface.counter(&log),
        open_calls(&log),
        log.total(),
        calls.join(","),
        requests.join(","),
    );
    (format!("event: {event}\ndata: {news}\n\n"), kept.seen)
}

fn is_shown_as_it_is(body: &[u8], hide: &impl Fn(&str) -> String) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| hide(&legible(body)) == text)
}

/// The first of these as JSON, until they are enough for one message.
fn as_many_as_fit(values: impl Iterator<Item = Value>) -> Vec<String> {
    let mut length = 0;
    let texts = values.map(|value| value.to_string());
    texts
        .take_while(|text| {
            length += text.len();
            length <= MESSAGE
        })
        .collect()
}

/// A call as the page shows it.
fn call(entry: &rules::Entry, hide: &impl Fn(&str) -> String) -> Value {
    let hidden = |text: &Option<String>| text.as_deref().map(hide);
    json!({
        "call_id": hide(&entry.call_id),
        "direction": entry.direction,
        "state": entry.state,
        "from": hide(&entry.from),
        "from_name": hidden(&entry.from_comment),
        "to": hide(&entry.to),
        "to_name": hidden(&entry.to_comment),
        "queue": hidden(&entry.queue),
        "cause": hidden(&entry.comment),
        "done": entry.done,
        "voice_message": entry.is_voice_message(),
        "began": milliseconds(entry.initialized_at),
        "answered": entry.start_at.map(milliseconds),
        "waiting": entry.duration_waiting_time,
        "talking": entry.duration_talking_time,
    })
}

fn open_calls(log: &CallLog) -> usize {
    log.entries().iter().filter(|entry| entry.state != EventKind::Hangup).count()
}

fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", |target| target.as_str())
}

/// The request line and some headers, as far as they are kept: so much of the line, and of each header.
fn write_head(
    raw: &mut Vec<u8>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    (of_line, of_header): (usize, usize),
) {
    raw.extend_from_slice(first(method.as_str().as_bytes(), of_header));
    raw.push(b' ');
    raw.extend_from_slice(first(target(uri).as_bytes(), of_line));
    for name in &HEADERS {
        if let Some(value) = headers.get(name) {
            raw.push(b'\n');
            raw.extend_from_slice(name.as_str().as_bytes());
            raw.extend_from_slice(b": ");
            raw.extend_from_slice(first(value.as_bytes(), of_header));
        }
    }
}

fn first(bytes: &[u8], most: usize) -> &[u8] {
    &bytes[..bytes.len().min(most)]
}

fn last_segment(target: &str) -> Option<&str> {
    let path = target.split('?').next().unwrap_or_default();
    path.split('/').rfind(|segment| !segment.is_empty())
}

/// A path and query with stars in place of what follows the endpoint's path, but for the suffix.
fn without_token(target: &str, hide: &impl Fn(&str) -> String) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let Some((before, token)) = path.split_once("/cti/") else { return hide(target) };
    let token = token.trim_start_matches('/');
    let behind = token.find(['.', '/']).map_or("", |end| &token[end..]);
    // What follows a dot may be the rest of a token that has one.
    let behind = if [".json", ".json/", "/"].contains(&behind) { behind } else { "" };
    format!("{}/cti/***{behind}{}", hide(before), hide(query))
}

/// A header with its name in the usual spelling: hyper knows them in lower case only.
fn titled(line: &str) -> String {
    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    format!("{}: {value}", name.split('-').map(word).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_bytes_become_legible() {
        let cases: [(&[u8], &str); 6] = [
            (b"{\"a\":\"b\"}\r\n", "{\"a\":\"b\"}\n"),
            ("Zoë".as_bytes(), "Zoë"),
            (b"M\xfcller", "M\\xfcller"),
            (b"a\0b\x1b[31m", "a\\u{0}b\\u{1b}[31m"),
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b"),
            ("a\u{2028}b\u{2029}c".as_bytes(), "a\\u{2028}b\\u{2029}c"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(legible(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_path_is_shown_without_its_token() {
        let cases = [
            ("/api/v1/cti/secret", "/api/v1/cti/***"),
            ("/api/v1/cti/secret/", "/api/v1/cti/***/"),
            ("/api/v1/cti//secret", "/api/v1/cti/***"),
            ("/api/v1/cti/secret.json?a=b", "/api/v1/cti/***.json?a=b"),
            ("/api/v1/cti/se.cret", "/api/v1/cti/***"),
            ("/api/v1/cti/secret/more", "/api/v1/cti/***"),
            ("/zammad/api/v1/cti/secret", "/zammad/api/v1/cti/***"),
            ("/api/v1/cti", "/api/v1/cti"),
            ("/secret?secret", "/***?***"),
            ("/api/v1/cti/other?a=secret", "/api/v1/cti/***?a=***"),
        ];
        for (target, expected) in cases {
            assert_eq!(
                without_token(target, &|text: &str| text.replace("secret", "***")),
                expected,
                "{target}"
            );
        }
    }
}
