//! A Wazo over a real socket: wazo-auth, wazo-confd, wazo-calld and wazo-websocketd behind one address.
//!
//! It checks what a client says, and follows the documented talk. Source: wazo-websocketd 0a263f5, `session.py`.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

pub const USERNAME: &str = "zammad";
pub const PASSWORD: &str = "s3cret-of-wazo";

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(60);

/// A Wazo that lives as long as the test process.
#[derive(Clone)]
pub struct Wazo {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// the legs that there are
    there: BTreeMap<String, Map<String, Value>>,
    tokens: usize,
    /// clients that have subscribed and begun
    sessions: usize,
    orders: VecDeque<Order>,
    complaints: Vec<String>,
    /// who asks gets this close code in place of a beginning
    refusal: Option<u16>,
    /// the list of legs is not for everybody
    has_no_list: bool,
    /// calld is not up for so many questions
    list_failures: usize,
    /// names are not told for now
    has_no_names: bool,
    /// sockets are closed before they are opened, so many of them
    lost_sockets: usize,
    renewed: Vec<String>,
    /// how long tokens last, in seconds, if that is less than was asked for
    tokens_last: Option<u64>,
}

/// What the connection is to do.
enum Order {
    Say(Value),
    Close(u16),
}

impl Wazo {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wazo = Self { address: listener.local_addr().unwrap(), shared: Arc::default() };
        let shared = wazo.shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), shared.clone());
                thread::spawn(move || serve(stream, &shared));
            }
        });
        wazo
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Something happens to a leg, and whoever listens is told.
    pub fn happens(&self, name: &str, data: &Value) {
        self.is_missed(name, data);
        self.shared.change(|state| {
            let event =
                json!({ "name": name, "data": data, "origin_uuid": "08c56466-8f29-45c7-9856-92bf1ba89b92" });
            state.orders.push_back(Order::Say(json!({ "op": "event", "code": 0, "data": event })));
        });
    }

    /// Something happens to a leg, and nobody is told.
    pub fn is_missed(&self, name: &str, data: &Value) {
        let Some(id) = data["call_id"].as_str().map(str::to_owned) else { return };
        self.shared.change(|state| match name {
            "call_ended" => drop(state.there.remove(&id)),
            _ => drop(state.there.insert(id, data.as_object().unwrap().clone())),
        });
    }

    /// The connection is closed.
    pub fn close(&self, code: u16) {
        self.shared.change(|state| state.orders.push_back(Order::Close(code)));
    }

    /// Whoever comes is turned away, or let in again.
    pub fn refuses(&self, code: Option<u16>) {
        self.shared.change(|state| state.refusal = code);
    }

    pub fn has_no_list(&self) {
        self.shared.change(|state| state.has_no_list = true);
    }

    /// The list of legs fails so many times.
    pub fn list_fails(&self, times: usize) {
        self.shared.change(|state| state.list_failures = times);
    }

    /// Waits until the list of legs has failed as often as it was to.
    pub fn until_list_failed(&self) {
        self.wait("questions for the list", |state| state.list_failures == 0);
    }

    /// Who asks for a name waits until it is told.
    pub fn tells_names(&self, does: bool) {
        self.shared.change(|state| state.has_no_names = !does);
    }

    /// So many clients who want a socket are hung up on, as by a server that is started again.
    pub fn loses_sockets(&self, times: usize) {
        self.shared.change(|state| state.lost_sockets = times);
    }

    /// From now on tokens last this many seconds, whatever is asked for.
    pub fn tokens_last(&self, seconds: u64) {
        self.shared.change(|state| state.tokens_last = Some(seconds));
    }

    /// Waits until so many clients have begun.
    pub fn until_sessions(&self, count: usize) {
        self.wait(&format!("{count} sessions"), |state| state.sessions >= count);
    }

    /// Waits until this many tokens were put in place of the ones before, on connections that go on.
    pub fn until_renewed(&self, count: usize) {
        self.wait(&format!("{count} new tokens"), |state| state.renewed.len() >= count);
    }

    fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let mut state = self.shared.state.lock().unwrap();
        while !is_so(&state) {
            let (again, waited) = self.shared.changed.wait_timeout(state, LIMIT).unwrap();
            assert!(!waited.timed_out(), "in vain: {what}; {:?}", again.complaints);
            state = again;
        }
    }

    pub fn sessions(&self) -> usize {
        self.shared.state.lock().unwrap().sessions
    }

    pub fn tokens(&self) -> usize {
        self.shared.state.lock().unwrap().tokens
    }

    /// Whether clients have kept to the protocol, and have asked for nothing but what follows calls.
    pub fn assert_content(&self) {
        let state = self.shared.state.lock().unwrap();
        assert!(state.complaints.is_empty(), "{:?}", state.complaints);
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        changed
    }

    fn complain(&self, what: String) {
        self.change(|state| state.complaints.push(what));
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut begin = [0; 22];
    while stream.peek(&mut begin).is_ok_and(|length| length > 0 && length < begin.len()) {
        thread::sleep(Duration::from_millis(1));
    }
    if begin.starts_with(b"GET /api/websocketd/") {
        return socket(stream, shared);
    }
    while let Some((head, body)) = one_request(&mut stream) {
        let (status, answer) = answer(&head, &body, shared);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(head: &str, body: &[u8], shared: &Shared) -> (u16, Value) {
    let request = head.lines().next().unwrap_or_default();
    let has = |line: &str| head.lines().any(|one| one.eq_ignore_ascii_case(line));
    if request.starts_with("POST /api/auth/0.1/token ") {
        // zammad:s3cret-of-wazo
        if !has("authorization: Basic emFtbWFkOnMzY3JldC1vZi13YXpv") {
            return (401, json!({ "reason": ["Authentication Failed"] }));
        }
        let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
        if wanted["expiration"].as_u64().is_none() {
            shared.complain(format!("a token without an end: {wanted}"));
        }
        let (number, lasts) = shared.change(|state| {
            state.tokens += 1;
            (state.tokens, state.tokens_last)
        });
        let lasts = lasts.or(wanted["expiration"].as_u64()).unwrap_or_default();
        let issued = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_000_000);
        let time = |time: SystemTime| humantime::format_rfc3339_micros(time).to_string().replace('Z', "");
        let (issued, expires) = (time(issued), time(issued + Duration::from_secs(lasts)));
        let metadata = json!({ "purpose": "external_api", "admin": false, "tenant_uuid": "2c34c282" });
        let token = json!({ "token": format!("t0ken-{number}"), "metadata": metadata,
                            "utc_issued_at": issued, "utc_expires_at": expires });
        return (200, json!({ "data": token }));
    }
    let newest = shared.state.lock().unwrap().tokens;
    if !has(&format!("x-auth-token: t0ken-{newest}")) {
        shared.complain(format!("without the token: {head}"));
        return (401, json!({}));
    }
    if request.starts_with("GET /api/calld/1.0/calls ") {
        let is_up = shared.change(|state| {
            let left = state.list_failures.checked_sub(1);
            state.list_failures = left.unwrap_or_default();
            left.is_none()
        });
        if !is_up {
            return (503, json!({ "reason": "calld is not up" }));
        }
        let state = shared.state.lock().unwrap();
        if state.has_no_list {
            return (401, json!({ "reason": ["Unauthorized"] }));
        }
        return (200, json!({ "items": state.there.values().collect::<Vec<_>>() }));
    }
    if request.starts_with("GET /api/confd/") {
        let mut state = shared.state.lock().unwrap();
        while state.has_no_names {
            state = shared.changed.wait(state).unwrap();
        }
    }
    match request.strip_prefix("GET /api/confd/1.1/users/").and_then(|rest| rest.split(' ').next()) {
        Some("anna") => (200, json!({ "firstname": "Anna", "lastname": "Agent", "uuid": "anna" })),
        Some(_) => (404, json!(["Resource Not Found - User was not found"])),
        None => {
            shared.complain(format!("this is not to be asked: {request}"));
            (404, json!({}))
        }
    }
}

fn socket(stream: TcpStream, shared: &Shared) {
    let is_lost = shared.change(|state| {
        let left = state.lost_sockets.checked_sub(1);
        state.lost_sockets = left.unwrap_or_default();
        left.is_some()
    });
    if is_lost {
        return;
    }
    let newest = shared.state.lock().unwrap().tokens;
    let mut is_known = false;
    let check = |request: &Request, response: Response| {
        is_known = request.uri().query() == Some(format!("token=t0ken-{newest}&version=2").as_str());
        Ok(response)
    };
    let Ok(mut socket) = tungstenite::accept_hdr(stream, check) else { return };
    if !is_known {
        shared.complain("a socket without the token".to_owned());
    }
    if let Some(code) = shared.state.lock().unwrap().refusal {
        return close(&mut socket, code);
    }
    let say = |socket: &mut WebSocket<TcpStream>, message: Value| {
        socket.send(Message::Text(message.to_string().into())).is_ok()
    };
    say(&mut socket, json!({ "op": "init", "code": 0, "data": { "version": 2 } }));
    let mut events = Vec::new();
    loop {
        let Ok(Message::Text(text)) = socket.read() else { return };
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        match said["op"].as_str() {
            Some("subscribe") => {
                events.push(said["data"]["event_name"].as_str().unwrap_or_default().to_owned());
                say(&mut socket, json!({ "op": "subscribe", "code": 0 }));
            }
            Some("start") => break,
            _ => return shared.complain(format!("this is not to be said yet: {text}")),
        }
    }
    for event in ["call_created", "call_updated", "call_answered", "call_ended"] {
        if !events.iter().any(|subscribed| subscribed == event) {
            shared.complain(format!("nobody subscribes to {event}"));
        }
    }
    say(&mut socket, json!({ "op": "start", "code": 0 }));
    shared.change(|state| {
        state.orders.clear();
        state.sessions += 1;
    });
    socket.get_ref().set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    loop {
        match shared.change(|state| state.orders.pop_front()) {
            Some(Order::Say(message)) => {
                if !say(&mut socket, message) {
                    return;
                }
            }
            Some(Order::Close(code)) => return close(&mut socket, code),
            None => match socket.read() {
                Ok(Message::Text(text)) => {
                    let said: Value = serde_json::from_str(&text).unwrap_or_default();
                    match said["op"].as_str() {
                        Some("ping") => {
                            say(&mut socket, json!({ "op": "pong", "code": 0, "data": said["data"] }));
                        }
                        Some("token") => {
                            let token = said["data"]["token"].as_str().unwrap_or_default().to_owned();
                            if token != format!("t0ken-{}", shared.state.lock().unwrap().tokens) {
                                shared.complain("a token that is not the newest one".to_owned());
                            }
                            shared.change(|state| state.renewed.push(token));
                            say(&mut socket, json!({ "op": "token", "code": 0 }));
                        }
                        _ => shared.complain(format!("this is not to be said: {text}")),
                    }
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            },
        }
    }
}

fn close(socket: &mut WebSocket<TcpStream>, code: u16) {
    let _ = socket.close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() }));
    while socket.read().is_ok() {}
}

/// The head and the body of one request of a connection that is kept; `None` at its end.
fn one_request(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, length) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| length.trim().parse().unwrap())
            });
            let length: usize = length.unwrap_or(0);
            if request.len() >= end + 4 + length {
                return Some((head, request[end + 4..end + 4 + length].to_vec()));
            }
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => request.extend_from_slice(&part[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
}
