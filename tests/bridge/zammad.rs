//! A Zammad that follows Zammad's rules, and keeps what it was sent.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use zammad_cti::rules::{CallLog, Entry, Message, Release, Reply, Setup, process};

use crate::running::until;

/// Lives as long as the test process.
#[derive(Clone)]
pub struct Zammad {
    pub address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    setup: Setup,
    log: CallLog,
    /// what was taken, in its order
    events: Vec<Value>,
    /// the places of a call's events among them
    by_call: HashMap<String, Vec<usize>>,
    /// what was refused, and why
    refused: Vec<String>,
    /// the call whose events get no reply now, by its id or its caller
    held: Option<String>,
    /// how many of the next events are not taken, as by a server that is overloaded
    overloaded: usize,
    /// one of them waits
    waits: bool,
}

impl Kept {
    /// The caller log as a user may read it: the latest calls first. Zammad shows some hundred; here none is missing,
    /// as a test has as many within seconds.
    fn caller_log(&self) -> Value {
        let row = |entry: &Entry| {
            json!({ "call_id": entry.call_id, "direction": entry.direction.as_str(), "state": entry.state.as_str(),
                    "from": entry.from, "to": entry.to, "to_comment": entry.to_comment, "queue": entry.queue,
                    "comment": entry.comment, "done": entry.done })
        };
        json!({ "list": self.log.entries().iter().rev().map(row).collect::<Vec<_>>() })
    }
}

/// What agents see of a call, but for times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub state: String,
    pub direction: String,
    pub from: String,
    pub to: String,
    pub to_comment: Option<String>,
    pub queue: Option<String>,
    pub cause: Option<String>,
    pub done: bool,
}

impl Zammad {
    pub fn start() -> Self {
        Self::blocking([])
    }

    /// One that rejects these callers.
    pub fn blocking<const N: usize>(blocked: [&str; N]) -> Self {
        let setup = Setup { blocked: blocked.map(str::to_owned).to_vec(), ..Setup::default() };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(Kept { setup, ..Kept::default() }));
        let shared = kept.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), shared.clone());
                std::thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { address, kept }
    }

    pub fn url(&self) -> String {
        crate::servers::url(self.address)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// All events that were taken.
    pub fn events(&self) -> Vec<Value> {
        self.kept().events.clone()
    }

    pub fn count(&self) -> usize {
        self.kept().events.len()
    }

    /// What was refused, and why.
    pub fn refused(&self) -> Vec<String> {
        self.kept().refused.clone()
    }

    /// The events of a call: their kinds.
    pub fn kinds_of(&self, call_id: &str) -> Vec<String> {
        let kept = self.kept();
        let events = kept.events.iter().filter(|event| event["callId"] == call_id);
        events.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for an event of a call, and returns it.
    pub fn until(&self, kind: &str, call_id: &str) -> Value {
        let find = || {
            let kept = self.kept();
            let mut own = kept.by_call.get(call_id)?.iter().map(|&place| &kept.events[place]);
            own.find(|event| event["event"] == kind).cloned()
        };
        until(&format!("{kind} of {call_id}"), || find().is_some());
        find().unwrap()
    }

    /// The events of this call, known by its id or its caller, get no reply until it [`answers`](Self::answers).
    pub fn keeps_waiting(&self, call: &str) {
        self.kept().held = Some(call.to_owned());
    }

    /// The next events, `times` of them, are answered with 503.
    pub fn is_overloaded(&self, times: usize) {
        self.kept().overloaded = times;
    }

    /// Waits until none is any more.
    pub fn until_it_recovers(&self) {
        until("attempts that are not taken", || self.kept().overloaded == 0);
    }

    pub fn until_it_waits(&self) {
        until("an event that waits", || self.kept().waits);
    }

    pub fn answers(&self) {
        self.kept().held = None;
    }

    /// The caller log.
    pub fn log(&self) -> BTreeMap<String, Row> {
        let kept = self.kept();
        let rows = kept.log.entries().iter().map(|entry| {
            let row = Row {
                state: entry.state.as_str().to_owned(),
                direction: entry.direction.as_str().to_owned(),
                from: entry.from.clone(),
                to: entry.to.clone(),
                to_comment: entry.to_comment.clone(),
                queue: entry.queue.clone(),
                cause: entry.comment.clone(),
                done: entry.done,
            };
            (entry.call_id.clone(), row)
        });
        rows.collect()
    }
}

/// One connection, to its end.
fn serve(mut stream: TcpStream, kept: &Mutex<Kept>) {
    let _ = stream.set_nodelay(true);
    while let Some((head, body)) = one_request(&mut stream) {
        if head.starts_with("GET ") {
            let log = kept.lock().unwrap().caller_log();
            if respond(&mut stream, 200, &log).is_err() {
                return;
            }
            continue;
        }
        let event: Value = serde_json::from_slice(&body).unwrap();
        let is_of = |held: &str| [&event["callId"], &event["from"]].into_iter().any(|own| own == held);
        while kept.lock().unwrap().held.as_deref().is_some_and(is_of) {
            kept.lock().unwrap().waits = true;
            std::thread::sleep(Duration::from_millis(5));
        }
        let (status, reply) = {
            let mut kept = kept.lock().unwrap();
            if kept.overloaded > 0 {
                kept.overloaded -= 1;
                drop(kept);
                if respond(&mut stream, 503, &json!({ "error": "overloaded" })).is_err() {
                    return;
                }
                continue;
            }
            let Kept { setup, log, events, by_call, refused, .. } = &mut *kept;
            match process(setup, true, log, event.as_object().unwrap(), SystemTime::now()) {
                Ok(reply) => {
                    let call_id = event["callId"].as_str().unwrap().to_owned();
                    by_call.entry(call_id).or_default().push(events.len());
                    events.push(event);
                    let reply = match reply {
                        Reply::Accepted => json!({}),
                        Reply::Reject => json!({ "action": "reject", "reason": "busy" }),
                        Reply::Dial { caller_id, number } => {
                            json!({ "action": "dial", "caller_id": caller_id, "number": number })
                        }
                    };
                    (200, reply)
                }
                Err(refusal) => {
                    let release = Release::default();
                    // After trouble it is asked whether anybody is there by what is no event.
                    if event["direction"] != "probe" {
                        refused.push(format!("{refusal:?}: {event}"));
                    }
                    let text = match refusal.message(release) {
                        Message::Plain(text) | Message::Doubled(text) => text,
                        Message::ErrorId | Message::Framework => "Error ID 7d2a9c1e".to_owned(),
                    };
                    (refusal.status(release), json!({ "error": text, "error_human": text }))
                }
            }
        };
        if respond(&mut stream, status, &reply).is_err() {
            return;
        }
    }
}

fn respond(stream: &mut TcpStream, status: u16, reply: &Value) -> io::Result<()> {
    let reply = reply.to_string();
    let head = "Content-Type: application/json; charset=utf-8\r\nX-Request-Id: 1";
    let reply =
        format!("HTTP/1.1 {status} Whatever\r\n{head}\r\nContent-Length: {}\r\n\r\n{reply}", reply.len());
    stream.write_all(reply.as_bytes())
}

/// The head and the body of one request of a connection that is kept; `None` at its end.
fn one_request(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if request.len() >= end + 4 + length {
                let head = String::from_utf8_lossy(&request[..end]).into_owned();
                return Some((head, request[end + 4..end + 4 + length].to_vec()));
            }
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => request.extend_from_slice(&part[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
}
