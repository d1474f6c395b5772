//! A 3CX over real sockets: the console's lists of before version 20, and Call Control with its WebSocket since then.
//!
//! It shows what a test has set, counts what it is asked for, and fails on request. Source: 3CX's documentation of
//! Call Control and its Configuration API, and what users of versions 16 and 18 tell of the console.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::fakes::{listen, tls_in_front_of};

pub const CLIENT: &str = "zammad-client";
pub const SECRET: &str = "s3cret-of-3cx";
pub const USERNAME: &str = "admin";

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(60);

/// Which interfaces it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    #[default]
    V20,
    Before,
}

/// A 3CX that lives as long as the test process.
#[derive(Clone)]
pub struct Pbx {
    pub address: SocketAddr,
    is_tls: bool,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    version: Version,
    /// lines of the list of active calls
    rows: Vec<Value>,
    /// participants, each with its number
    participants: Vec<Value>,
    members: Vec<String>,
    /// the token or the cookie that counts
    session: String,
    sessions: usize,
    expires_in: Option<u64>,
    /// answers in place of what would be answered, by the beginning of a path, and how often
    faults: Vec<Fault>,
    has_no_socket: bool,
    /// what is asked for below this path gets no answer
    hanging: Option<String>,
    /// questions whose clients still wait
    waiting: usize,
    /// numbers that the client may not see
    hidden: Vec<&'static str>,
    sockets: Vec<UnboundedSender<Message>>,
    sequence: u64,
    requests: Vec<Request>,
    complaints: Vec<String>,
}

/// What is answered instead.
#[derive(Debug, Clone)]
struct Fault {
    path: String,
    status: u16,
    body: String,
    times: usize,
}

/// What it was asked for.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Pbx {
    pub fn start(version: Version) -> Self {
        let members = ["150", "151"].map(str::to_owned).to_vec();
        let state = State { version, members, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let own = shared.clone();
        let address = listen(move |stream| {
            let shared = own.clone();
            async move { talk(stream, &shared).await }
        });
        Self { address, is_tls: false, shared }
    }

    /// One that speaks TLS.
    pub fn start_tls(version: Version, config: ServerConfig) -> Self {
        let pbx = Self::start(version);
        Self { address: tls_in_front_of(pbx.address, config), is_tls: true, ..pbx }
    }

    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }

    /// These lines are in the list of active calls: id, caller, callee, status.
    pub fn lists(&self, rows: &[[&str; 4]]) {
        let rows = rows.iter().map(|[id, caller, callee, status]| {
            json!({ "Id": id.parse::<u64>().unwrap(), "Caller": caller, "Callee": callee, "Status": status,
                    "LastChangeStatus": "2025-01-07T09:00:00", "EstablishedAt": null })
        });
        let rows = rows.collect();
        self.shared.change(|state| state.rows = rows);
    }

    /// The same, and waits until a client has asked for it.
    pub fn lists_until_seen(&self, rows: &[[&str; 4]]) {
        self.lists(rows);
        self.until_polled(1);
    }

    /// Waits until the list of active calls was asked for so many times more.
    pub fn until_polled(&self, times: usize) {
        let is_poll = |request: &&Request| {
            ["/api/activeCalls", "/xapi/v1/ActiveCalls", "/callcontrol"].contains(&request.path.as_str())
        };
        let polls = |state: &State| state.requests.iter().filter(is_poll).count();
        let before = polls(&self.shared.state());
        self.wait("another list", |state| (polls(state) >= before + times).then_some(()));
    }

    /// These participants are there, and whoever listens is told what has changed.
    pub fn shows(&self, participants: &[Value]) {
        let now: Vec<Value> = participants.iter().map(participant).collect();
        self.shared.change(|state| {
            let before = std::mem::replace(&mut state.participants, now.clone());
            let entity = |own: &Value| {
                format!("/callcontrol/{}/participants/{}", own["dn"].as_str().unwrap(), own["id"])
            };
            for own in now.iter().filter(|own| !before.contains(own)) {
                state.tell(0, &entity(own));
            }
            for own in before.iter().filter(|own| !now.iter().any(|now| entity(now) == entity(own))) {
                state.tell(1, &entity(own));
            }
        });
    }

    /// These are there, and nobody is told.
    pub fn shows_silently(&self, participants: &[Value]) {
        self.shared.change(|state| state.participants = participants.iter().map(participant).collect());
    }

    /// Something is said on each socket.
    pub fn says(&self, text: &str) {
        self.shared
            .change(|state| state.sockets.iter().for_each(|socket| drop(socket.send(Message::text(text)))));
    }

    /// All sockets are lost, without a word.
    pub fn drops_sockets(&self) {
        self.shared.change(|state| state.sockets.clear());
    }

    /// It opens no sockets.
    pub fn has_no_socket(&self) {
        self.shared.change(|state| state.has_no_socket = true);
    }

    /// The client may not see this number.
    pub fn hides(&self, dn: &'static str) {
        self.shared.change(|state| state.hidden.push(dn));
    }

    /// The client may see all numbers.
    pub fn shows_all(&self) {
        self.shared.change(|state| state.hidden.clear());
    }

    /// What is asked for below this path gets this answer, so many times.
    pub fn fails(&self, path: &str, status: u16, times: usize) {
        self.answers(path, status, "<html>nothing</html>", times);
    }

    /// What is asked for below this path gets no answer.
    pub fn hangs(&self, path: &str) {
        self.shared.change(|state| state.hanging = Some(path.to_owned()));
    }

    /// How many clients wait for an answer that does not come.
    pub fn waiting(&self) -> usize {
        self.shared.state().waiting
    }

    pub fn answers(&self, path: &str, status: u16, body: &str, times: usize) {
        let fault = Fault { path: path.to_owned(), status, body: body.to_owned(), times };
        self.shared.change(|state| state.faults.push(fault));
    }

    /// It does again what it should.
    pub fn is_well(&self) {
        self.shared.change(|state| state.faults.clear());
    }

    /// Somebody else logs in by the same account.
    pub fn is_taken_over(&self) {
        self.shared.change(|state| drop(state.log_in()));
    }

    pub fn has_members(&self, members: impl IntoIterator<Item = String>) {
        let members = members.into_iter().collect();
        self.shared.change(|state| state.members = members);
    }

    /// Its tokens last so long, as it says.
    pub fn tokens_last(&self, said: u64) {
        self.shared.change(|state| state.expires_in = Some(said));
    }

    /// Whether the last question was by the token or the cookie that counts.
    pub fn is_in_use(&self) -> bool {
        let state = self.shared.state();
        state.requests.last().is_some_and(|request| state.is_known(request))
    }

    /// Waits until a client has a socket, and everything.
    pub fn until_followed(&self) {
        self.wait("a client with a socket", |state| (!state.sockets.is_empty()).then_some(()));
        self.until_asked("/callcontrol", 1);
    }

    /// Waits until a path was asked for, and so many times.
    pub fn until_asked(&self, path: &str, times: usize) {
        self.wait(path, |state| {
            let count = state.requests.iter().filter(|request| request.path == path).count();
            (count >= times).then_some(())
        });
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    pub fn count(&self, path: &str) -> usize {
        self.requests().iter().filter(|request| request.path == path).count()
    }

    /// Whether clients have kept to the protocol, and have never put a secret where it is written down.
    pub fn assert_content(&self) {
        let state = self.shared.state();
        assert!(state.complaints.is_empty(), "{:?}", state.complaints);
        let told = state.requests.iter().find(|request| request.path.contains(SECRET));
        assert!(told.is_none(), "{told:?}");
    }

    fn wait<T>(&self, what: &str, mut is_so: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut state = self.shared.state();
        loop {
            if let Some(found) = is_so(&mut state) {
                return found;
            }
            let (again, waited) = self.shared.changed.wait_timeout(state, LIMIT).unwrap();
            assert!(!waited.timed_out(), "in vain: {what}");
            state = again;
        }
    }
}

/// A participant as published ones are, but for these fields.
pub fn participant(own: &Value) -> Value {
    let mut participant = json!({
        "id": 8106, "status": "Ringing", "dn": "150", "party_caller_name": "", "party_dn": "10000",
        "party_caller_id": "+4930123456", "party_did": "", "device_id": "sip:150@127.0.0.1:5063",
        "party_dn_type": "Wexternalline", "direct_control": false, "originated_by_dn": "ROUTER",
        "originated_by_type": "Wroutepoint", "referred_by_dn": "", "referred_by_type": "None",
        "on_behalf_of_dn": "", "on_behalf_of_type": "None", "callid": 1264, "legid": 4
    });
    for (name, value) in own.as_object().unwrap() {
        participant[name] = value.clone();
    }
    participant
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.notify_all();
        changed
    }
}

impl State {
    fn tell(&mut self, kind: u64, entity: &str) {
        self.sequence += 1;
        let event = json!({ "sequence": self.sequence,
                            "event": { "event_type": kind, "entity": entity, "attached_data": null } });
        self.sockets.retain(|socket| socket.send(Message::text(event.to_string())).is_ok());
    }

    /// A session that counts in place of the one before.
    fn log_in(&mut self) -> String {
        self.sessions += 1;
        self.session = format!("session-{}", self.sessions);
        self.session.clone()
    }

    fn is_known(&self, request: &Request) -> bool {
        let head = request.head.to_lowercase();
        head.contains(&format!("authorization: bearer {}\r\n", self.session))
            || head.contains(&format!("3cxsession={}", self.session))
    }

    fn answer(&mut self, request: &Request) -> (u16, String) {
        let path = request.path.split('?').next().unwrap_or_default().to_owned();
        if let Some(fault) =
            self.faults.iter_mut().find(|fault| path.starts_with(&fault.path) && fault.times > 0)
        {
            fault.times -= 1;
            return (fault.status, fault.body.clone());
        }
        let is_v20 = self.version == Version::V20;
        if is_v20
            != (path.starts_with("/callcontrol")
                || path.starts_with("/xapi")
                || path.starts_with("/connect")
                || path.starts_with("/webclient"))
        {
            return (404, "<html>404</html>".to_owned());
        }
        let fields: BTreeMap<String, String> =
            url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
        let field = |name: &str| fields.get(name).map(String::as_str);
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        match (request.method.as_str(), path.as_str()) {
            ("POST", "/connect/token") => {
                let is_client = field("client_id") == Some(CLIENT) && field("client_secret") == Some(SECRET);
                let is_user = field("client_id") == Some("Webclient")
                    && request.head.contains("RefreshTokenCookie=again");
                if !is_client && !is_user {
                    return (401, "{}".to_owned());
                }
                let (token, expires_in) = (self.log_in(), self.expires_in.unwrap_or(3600));
                let answer = json!({ "token_type": "Bearer", "expires_in": expires_in, "access_token": token,
                                     "refresh_token": null });
                return (200, answer.to_string());
            }
            ("POST", "/webclient/api/Login/GetAccessToken") => {
                if body["Username"] != USERNAME || body["Password"] != SECRET {
                    return (401, "{}".to_owned());
                }
                let answer = json!({ "Status": "AuthSuccess", "Token": { "access_token": "first", "refresh_token": "again" } });
                return (200, answer.to_string());
            }
            ("POST", "/api/login") => {
                if body["Username"] != USERNAME || body["Password"] != SECRET {
                    return (200, "AuthFailed".to_owned());
                }
                self.log_in();
                return (200, "AuthSuccess".to_owned());
            }
            _ => {}
        }
        if !self.is_known(request) {
            return (401, String::new());
        }
        let answer = match (request.method.as_str(), path.as_str()) {
            ("GET", "/callcontrol") => self.everything(),
            ("GET", "/xapi/v1/Users") => json!({ "value": [
                { "Number": "150", "FirstName": "Alice", "LastName": "Agent" },
                { "Number": "151", "FirstName": "Bob", "LastName": "Agent" }] }),
            ("GET", "/xapi/v1/Queues") => json!({ "value": [{ "Number": "816" }] }),
            ("GET", "/xapi/v1/ActiveCalls") => json!({ "value": self.rows }),
            ("GET", "/api/GroupList") => json!({ "list": [
                { "Id": 41, "Name": "Sales", "ExtensionsCount": 0 },
                { "Id": 42, "Name": "Support", "ExtensionsCount": self.members.len() }] }),
            ("POST", "/api/GroupList/set") if body["Id"] == 42 => json!({ "Id": 7001, "ActiveObject": {} }),
            ("POST", "/api/edit/update") if body["Path"]["ObjectId"] == "7001" => {
                let start = body["PropertyValue"]["State"]["Start"].as_u64().unwrap() as usize;
                let page = self.members.iter().skip(start).take(10);
                let page: Vec<Value> = page.map(|number| json!({ "Number": { "_value": number } })).collect();
                json!([{ "Item": { "Members": { "selected": page } } }])
            }
            ("GET", "/api/activeCalls") => json!({ "Now": "2025-01-07T09:00:05.4+00:00", "list": self.rows }),
            (method, path) => {
                let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
                match (method, parts.as_slice()) {
                    ("GET", ["callcontrol", dn, "participants", id]) => {
                        let is_it = |own: &&Value| own["dn"] == *dn && own["id"].as_u64() == id.parse().ok();
                        match self.participants.iter().find(is_it) {
                            Some(own) => own.clone(),
                            None => return (404, "{}".to_owned()),
                        }
                    }
                    ("POST", ["callcontrol", _, "participants", _, "drop"]) => {
                        json!({ "finalstatus": "Success" })
                    }
                    _ => {
                        self.complaints.push(format!("{method} {path}: {body}"));
                        return (404, "{}".to_owned());
                    }
                }
            }
        };
        (200, answer.to_string())
    }

    fn everything(&self) -> Value {
        let kind = |dn: &str| match dn {
            "816" | "817" => "Wqueue",
            "800" => "Wroutepoint",
            _ => "Wextension",
        };
        let entry = |dn: &str| {
            let own: Vec<&Value> = self.participants.iter().filter(|own| own["dn"] == dn).collect();
            json!({ "dn": dn, "type": kind(dn), "devices": [], "participants": own })
        };
        let mut dns: Vec<&str> = self.participants.iter().filter_map(|own| own["dn"].as_str()).collect();
        dns.extend(["150", "151", "800", "816", "817"]);
        dns.sort_unstable();
        dns.dedup();
        dns.retain(|dn| !self.hidden.contains(dn));
        json!(dns.into_iter().map(entry).collect::<Vec<_>>())
    }
}

/// One connection, to its end.
async fn talk(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        let Some(request) = one_request(&mut stream, &mut read).await? else { return Ok(()) };
        let is_socket = request.path == "/callcontrol/ws";
        let hangs = shared.change(|state| {
            let hangs = state.hanging.as_ref().is_some_and(|path| request.path.starts_with(path));
            state.waiting += usize::from(hangs);
            hangs
        });
        if hangs {
            // Until the client has enough of it.
            let _ = stream.read(&mut [0; 1]).await;
            shared.change(|state| state.waiting -= 1);
            return Ok(());
        }
        let (status, body, session) = shared.change(|state| {
            state.requests.push(request.clone());
            let has_fault =
                state.faults.iter().any(|fault| request.path.starts_with(&fault.path) && fault.times > 0);
            if is_socket && !has_fault && state.version == Version::V20 && !state.has_no_socket {
                let status = if state.is_known(&request) { 101 } else { 401 };
                return (status, String::new(), None);
            }
            if is_socket && state.has_no_socket && !has_fault {
                return (404, String::new(), None);
            }
            let (status, body) = state.answer(&request);
            (status, body, (request.path == "/api/login").then(|| state.session.clone()))
        });
        if status == 101 {
            return serve_socket(stream, &request, shared).await;
        }
        let cookie = session
            .map(|session| format!("Set-Cookie: 3CXSession={session}; path=/\r\n"))
            .unwrap_or_default();
        let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
        let reply = format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\n{cookie}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(reply.as_bytes()).await?;
    }
}

async fn serve_socket(mut stream: TcpStream, request: &Request, shared: &Shared) -> std::io::Result<()> {
    let key = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
    };
    let key = request.head.lines().find_map(key).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    let reply = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(reply.as_bytes()).await?;
    let (tell, mut told) = unbounded_channel();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    shared.change(|state| state.sockets.push(tell));
    loop {
        tokio::select! {
            message = told.recv() => match message {
                Some(message) => socket.send(message).await.map_err(std::io::Error::other)?,
                // Without a word.
                None => return Ok(()),
            },
            said = socket.next() => match said {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(()),
            },
        }
    }
}

/// The next request; `None` at the end.
async fn one_request(stream: &mut TcpStream, read: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = format!("{}\r\n", String::from_utf8_lossy(&read[..end]));
            let length = head.to_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length:").map(|length| length.trim().parse::<usize>().unwrap())
            });
            let whole = end + 4 + length.unwrap_or_default();
            if read.len() >= whole {
                let body = String::from_utf8_lossy(&read[end + 4..whole]).into_owned();
                read.drain(..whole);
                let mut words = head.split(' ');
                let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let (method, path) = (method.to_owned(), path.to_owned());
                return Ok(Some(Request { method, path, head, body }));
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await? {
            0 => return Ok(None),
            count => read.extend_from_slice(&part[..count]),
        }
    }
}
