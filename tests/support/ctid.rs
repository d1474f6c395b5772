//! XiVO's CTI server over a real socket, which plays recorded talk.
//!
//! It checks what a client says as the real server does, answers what it is asked, and plays what happened. Source:
//! the recordings in `tests/fixtures/bridge/xivo`, and the code of xivo-ctid 15.18 and 19.03.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Map, Value, json};

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(60);

/// A server's login timeout, which is 5 s at real ones.
const LOGIN_TIMEOUT: Duration = Duration::from_millis(300);

/// All that a client that follows calls may say.
const ALLOWED: [&str; 7] =
    ["login_id", "login_pass", "login_capas", "starttls", "getlist", "subscribe", "keepalive"];

/// A recorded talk, and what has to become of it.
#[derive(Debug, Clone)]
pub struct Vector {
    pub name: String,
    pub meta: Value,
    /// one after the other
    pub connections: Vec<Talk>,
    pub expected: Vec<Value>,
}

/// What is said over one connection.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// what the server says while somebody logs in
    pub login: Vec<Value>,
    /// what a client asks for while it loads, and what it gets
    asked: Vec<Value>,
    pub load: Vec<Value>,
    /// what happens then
    pub live: Vec<Value>,
    /// it is cut off in the end
    is_cut: bool,
}

/// All recorded talks.
pub fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/xivo");
    let mut vectors: Vec<Vector> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| Vector::read(&entry.unwrap().path()))
        .filter(|vector| !vector.connections[0].login.is_empty() || vector.meta["outcome"].is_string())
        .collect();
    vectors.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(vectors.len() > 35, "{}", vectors.len());
    vectors
}

impl Vector {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let meta = lines.next().unwrap();
        let mut vector = Self { name, meta, connections: vec![Talk::default()], expected: Vec::new() };
        for line in lines {
            let talk = vector.connections.last_mut().unwrap();
            let message = line["msg"].clone();
            match (line["dir"].as_str().unwrap(), line["phase"].as_str().unwrap_or_default()) {
                ("s2c", "login") => talk.login.push(message),
                ("s2c", "load") => talk.load.push(message),
                ("s2c", "live") => talk.live.push(message),
                ("c2s", "load") => talk.asked.push(message),
                ("cut", _) => talk.is_cut = true,
                ("connect", _) => vector.connections.push(Talk::default()),
                ("expect", _) => vector.expected.push(line["post"].clone()),
                _ => {}
            }
        }
        vector
    }

    pub fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/xivo");
        Self::read(&folder.join(format!("{name}.jsonl")))
    }

    /// So many people there are, each with a phone.
    pub fn has_users(&mut self, count: usize) {
        for talk in &mut self.connections {
            let ids: Vec<String> = (100..100 + count).map(|id| id.to_string()).collect();
            for reply in &mut talk.load {
                if reply["function"] == "listid"
                    && ["users", "phones"].contains(&reply["listname"].as_str().unwrap())
                {
                    reply["list"].as_array_mut().unwrap().extend(ids.iter().map(|id| json!(id)));
                }
            }
            for id in &ids {
                let user = json!({ "fullname": format!("User {id}"), "linelist": [id], "agentid": null });
                let phone = json!({ "identity": format!("SIP/phone{id}"), "number": format!("1{id}"), "iduserfeatures": id });
                let get = |function: &str, list: &str| json!({ "class": "getlist", "function": function, "listname": list, "tid": id });
                for (mut reply, key, value) in [
                    (get("updateconfig", "users"), "config", user),
                    (get("updateconfig", "phones"), "config", phone),
                    (get("updatestatus", "phones"), "status", json!({ "hintstatus": "0" })),
                ] {
                    talk.asked.push(reply.clone());
                    reply[key] = value;
                    talk.load.push(reply);
                }
            }
        }
    }

    pub fn outcome(&self) -> &str {
        self.meta["outcome"].as_str().unwrap_or("ok")
    }

    pub fn protocol(&self) -> &str {
        self.meta["protocol"].as_str().unwrap_or_default()
    }

    /// The user who logs in, and the password that is tried.
    pub fn login(&self) -> (&str, &str) {
        let login = &self.meta["login"];
        (login["user"].as_str().unwrap(), login["password"].as_str().unwrap())
    }
}

/// A server that lives as long as the test process.
#[derive(Clone)]
pub struct Ctid {
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
    /// all that clients have said
    said: Vec<Value>,
    /// what no client may do
    complaints: Vec<String>,
    /// connections that were made
    connections: usize,
    /// those that were logged in
    logins: usize,
    streams: Vec<TcpStream>,
}

/// How it differs from what was recorded.
#[derive(Debug, Clone, Default)]
pub struct Manners {
    /// what is said behind all that was recorded
    pub afterwards: Vec<Value>,
    /// lines that it says when somebody has logged in
    pub raw: Vec<Vec<u8>>,
    /// the first connection of the right version is lost when a client has said so much
    pub cut_after: Option<usize>,
}

impl Ctid {
    pub fn start(vector: &Vector) -> Self {
        Self::start_with(vector, Manners::default())
    }

    pub fn start_with(vector: &Vector, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ctid = Self { address: listener.local_addr().unwrap(), shared: Arc::default() };
        let (shared, vector) = (ctid.shared.clone(), vector.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                shared.change(|state| {
                    state.connections += 1;
                    state.streams.push(stream.try_clone().unwrap());
                });
                let (shared, vector, manners) = (shared.clone(), vector.clone(), manners.clone());
                thread::spawn(move || Connection::new(stream, &shared, &vector, &manners).talk());
            }
        });
        ctid
    }

    /// Where it is, as settings have it.
    pub fn at(&self) -> String {
        self.address.to_string()
    }

    /// All that clients have said.
    pub fn said(&self) -> Vec<Value> {
        self.shared.state.lock().unwrap().said.clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections
    }

    /// Waits until somebody was logged in so often.
    pub fn until_logins(&self, count: usize) {
        self.wait("logins", |state| state.logins >= count);
    }

    /// Waits until a client has said so many messages of a class.
    pub fn until_said(&self, class: &str, count: usize) {
        self.wait(class, |state| state.said.iter().filter(|said| said["class"] == class).count() >= count);
    }

    /// Says something to all who are connected.
    pub fn say(&self, message: &Value) {
        let state = self.shared.state.lock().unwrap();
        for mut stream in &state.streams {
            let _ = stream.write_all(format!("{message}\n").as_bytes());
        }
    }

    /// All connections are lost.
    pub fn cut(&self) {
        self.shared.change(|state| {
            for stream in state.streams.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    /// Whether clients have kept to the protocol, and have asked for nothing but what follows calls.
    pub fn assert_content(&self) {
        let state = self.shared.state.lock().unwrap();
        assert!(state.complaints.is_empty(), "{:?}", state.complaints);
    }

    fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let mut state = self.shared.state.lock().unwrap();
        while !is_so(&state) {
            let (again, waited) = self.shared.changed.wait_timeout(state, LIMIT).unwrap();
            assert!(!waited.timed_out(), "in vain: {what}");
            state = again;
        }
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        changed
    }
}

/// One connection.
struct Connection<'a> {
    stream: TcpStream,
    shared: &'a Shared,
    vector: &'a Vector,
    manners: &'a Manners,
    session: String,
    numbers: HashSet<u64>,
    /// what is still to be asked before anything happens
    missing: Vec<Value>,
    talk: Talk,
    is_in: bool,
    /// which one it is of all that were made
    place: usize,
}

impl<'a> Connection<'a> {
    fn new(stream: TcpStream, shared: &'a Shared, vector: &'a Vector, manners: &'a Manners) -> Self {
        Self {
            stream,
            shared,
            vector,
            manners,
            session: String::new(),
            numbers: HashSet::new(),
            missing: Vec::new(),
            talk: Talk::default(),
            is_in: false,
            place: shared.state.lock().unwrap().connections,
        }
    }

    fn talk(mut self) {
        let greeting = self.recorded("starttls", |message| !message.contains_key("starttls"));
        if let Some(greeting) = greeting {
            self.say(&greeting);
        }
        let lines = BufReader::new(self.stream.try_clone().unwrap()).lines();
        if ["timeout", "before_login"].contains(&self.vector.outcome()) {
            thread::sleep(LOGIN_TIMEOUT);
            return self.close();
        }
        for line in lines.map_while(Result::ok) {
            if !self.hear(&line) {
                return self.close();
            }
        }
    }

    fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn say(&mut self, message: &Value) {
        // Characters beyond ASCII are escaped, as the real one does.
        let text: String = message
            .to_string()
            .chars()
            .flat_map(|c| match c.is_ascii() {
                true => vec![c],
                false => format!("\\u{:04x}", u32::from(c)).chars().collect(),
            })
            .collect();
        let _ = self.stream.write_all(format!("{text}\n").as_bytes());
    }

    fn complain(&self, what: String) {
        self.shared.change(|state| state.complaints.push(what));
    }

    /// What was recorded of a class while somebody logged in.
    fn recorded(&self, class: &str, is_it: impl Fn(&Map<String, Value>) -> bool) -> Option<Value> {
        let login = &self.vector.connections[0].login;
        login.iter().find(|message| message["class"] == class && is_it(message.as_object().unwrap())).cloned()
    }

    /// Whether it goes on.
    fn hear(&mut self, line: &str) -> bool {
        let Ok(Value::Object(message)) = serde_json::from_str(line) else {
            self.complain(format!("no message: {line}"));
            return false;
        };
        let message = Value::Object(message);
        let class = message["class"].as_str().unwrap_or_default().to_owned();
        let number = message["commandid"].as_u64();
        if !line.is_ascii() || !ALLOWED.contains(&class.as_str()) {
            self.complain(format!("this is not to be said: {line}"));
        }
        if number.is_none_or(|number| !self.numbers.insert(number)) {
            self.complain(format!("its number is not its own: {line}"));
        }
        self.shared.change(|state| state.said.push(message.clone()));
        // The first one has said the wrong version.
        if self.place == 2 && self.manners.cut_after.is_some_and(|most| self.numbers.len() > most) {
            return false;
        }
        match class.as_str() {
            "starttls" => {
                if message["status"] != json!(false) {
                    self.complain(format!("TLS is not spoken here: {line}"));
                }
                self.say(&json!({ "class": "starttls", "starttls": false, "timenow": 1447755500.9 }));
                true
            }
            "login_id" => self.hello(&message),
            "login_pass" => self.password(&message),
            "login_capas" => self.profile(&message),
            _ if !self.is_in => true,
            "keepalive" => {
                self.say(
                    &json!({ "class": "keepalive", "replyid": number, "warning_string": "unimplemented" }),
                );
                true
            }
            _ => self.asked(&message),
        }
    }

    fn hello(&mut self, message: &Value) -> bool {
        let theirs = self.vector.protocol();
        let key = if theirs == "2.3" { "wazoversion" } else { "xivoversion" };
        for needed in ["company", "ident", "userlogin", key] {
            if !message[needed].is_string() {
                self.complain(format!("login_id without {needed}"));
            }
        }
        let ours = message[key].as_str().unwrap_or_default().to_owned();
        if ours != theirs {
            let error = format!("{key}_client:{ours};{theirs}");
            self.say(&json!({ "class": "login_id", "error_string": error, "timenow": 1447755500.1 }));
            // It is for the client to begin anew.
            return true;
        }
        if self.vector.outcome() == "id_user" {
            let reply = self.recorded("login_id", |_| true).unwrap();
            self.say(&reply);
            return true;
        }
        let reply = self.recorded("login_id", |message| message.contains_key("sessionid"));
        let reply =
            reply.unwrap_or_else(|| json!({ "class": "login_id", key: theirs, "sessionid": "pzfHQO9r0V" }));
        self.session = reply["sessionid"].as_str().unwrap().to_owned();
        // Broadcasts reach who is not logged in.
        self.say(&json!({ "class": "getlist", "function": "updatestatus", "listname": "users", "tid": "1", "status": {} }));
        self.say(&reply);
        true
    }

    fn password(&mut self, message: &Value) -> bool {
        let is_hashed = self.vector.protocol() == "1.2";
        let key = if is_hashed { "hashedpassword" } else { "password" };
        let other = if is_hashed { "password" } else { "hashedpassword" };
        if message.get(other).is_some() {
            self.complain(format!("a server of {} gets {other}", self.vector.protocol()));
        }
        let right = self.vector.meta["account"]["password"].as_str().unwrap_or("s3cr3t");
        let right = match is_hashed {
            true => {
                let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{}:{right}", self.session).as_bytes());
                sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
            }
            false => right.to_owned(),
        };
        let is_right = message[key] == *right && self.vector.outcome() != "pass_noprofile";
        if is_right {
            self.say(&json!({ "class": "login_pass", "capalist": [2], "timenow": 1447755500.2 }));
        } else if !is_hashed {
            self.say(
                &json!({ "class": "login_pass", "error_string": "login_password", "timenow": 1447755500.2 }),
            );
        }
        is_right || !is_hashed
    }

    fn profile(&mut self, message: &Value) -> bool {
        let is_old = self.vector.protocol() == "1.2";
        let needed: &[&str] =
            if is_old { &["capaid", "state", "loginkind", "lastconnwins"] } else { &["capaid", "state"] };
        if message["capaid"] != json!(2) || needed.iter().any(|key| message[*key].is_null()) {
            self.complain(format!("no such profile: {message}"));
        }
        if self.vector.outcome() == "capas" {
            if let Some(reply) = self.recorded("login_capas", |_| true) {
                self.say(&reply);
            }
            return !is_old;
        }
        let logins = self.shared.change(|state| {
            state.logins += 1;
            state.logins
        });
        let connections = &self.vector.connections;
        self.talk = connections[(logins - 1).min(connections.len() - 1)].clone();
        self.missing = self.talk.asked.clone();
        self.is_in = true;
        if self.recorded("login_capas", |_| true).is_none() {
            self.say(
                &json!({ "class": "login_capas", "userid": "9", "ipbxid": "xivo", "timenow": 1447755500.3 }),
            );
        }
        for message in self.talk.login.clone() {
            if ["login_capas", "getlist"].contains(&message["class"].as_str().unwrap()) {
                self.say(&message);
            }
        }
        for raw in &self.manners.raw.clone() {
            let _ = self.stream.write_all(raw);
        }
        true
    }

    /// Something is asked of a server that knows who asks.
    fn asked(&mut self, message: &Value) -> bool {
        // A request is answered by what has the same in these.
        const KEYS: [&str; 6] = ["class", "function", "listname", "tid", "message", "queueid"];
        let is_same = |other: &Value| KEYS.iter().all(|key| other[*key] == message[*key]);
        let replies: Vec<Value> = match message["class"].as_str() {
            Some("getlist") => {
                let function = message["function"].as_str().unwrap_or_default();
                if !["listid", "updateconfig", "updatestatus"].contains(&function) {
                    self.complain(format!("this is not to be asked: {message}"));
                }
                let found = self.talk.load.iter().find(|reply| is_same(reply)).cloned();
                let what = if function == "updateconfig" { "config" } else { "status" };
                let unknown = json!({ "class": "getlist", "function": function, "listname": message["listname"],
                    "tid": message["tid"], what: {} });
                vec![found.unwrap_or(unknown)]
            }
            _ => {
                let class = message["message"].clone();
                let is_it = |said: &&Value| {
                    said["class"] == class
                        && (message["queueid"].is_null()
                            || said["state"]["queue_id"].as_u64().map(|id| id.to_string()).as_deref()
                                == message["queueid"].as_str())
                };
                self.talk.load.iter().filter(is_it).cloned().collect()
            }
        };
        for reply in &replies {
            self.say(reply);
        }
        let before = self.missing.len();
        self.missing.retain(|missing| !is_same(missing));
        if before > 0 && self.missing.is_empty() {
            return self.live();
        }
        true
    }

    /// What happens when all is loaded.
    fn live(&mut self) -> bool {
        for message in self.talk.live.clone() {
            self.say(&message);
        }
        if self.talk.is_cut {
            return false;
        }
        for message in self.manners.afterwards.clone() {
            self.say(&message);
        }
        true
    }
}
