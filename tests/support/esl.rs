//! FreeSWITCH's event socket over a real socket.
//!
//! It lets in who knows the password, lists the channels of what was said, says what a test has it say, checks what a
//! client sends, and misbehaves on request. Source: the sessions `raw-*` in `tests/fixtures/bridge/freeswitch`.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Map, Value};

use super::channels::Channels;

pub const PASSWORD: &str = "s3cret-of-esl";
pub const USER: &str = "zammad@pbx.example";

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(60);

/// What whoever goes is told.
const NOTICE: &str = "Content-Type: text/disconnect-notice\nContent-Length: 67\n\n\
                      Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";

/// How a socket behaves; what is not said is as in FreeSWITCH 1.11.
#[derive(Debug, Clone, Default)]
pub struct Manners {
    /// what it says first, in place of the question who it is
    pub greeting: Option<Vec<u8>>,
    /// it lets nobody in
    pub refuses: bool,
    /// the events that the client may see; `None`: all
    pub events: Option<Vec<&'static str>>,
    /// the commands that it may use; `None`: all
    pub commands: Option<Vec<&'static str>>,
    /// what `show channels as json` says, in place of the channels of what was said
    pub list: Option<String>,
}

/// A socket that lives as long as the test process.
#[derive(Clone)]
pub struct Esl {
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
    manners: Manners,
    channels: Channels,
    /// connections that were made, whatever became of them
    connections: usize,
    /// those that were let in and have asked for the list of channels
    sessions: VecDeque<Session>,
    /// all commands, without those that have the password
    commands: Vec<String>,
    /// what no client may do
    complaints: Vec<String>,
}

/// A client that follows.
#[derive(Clone)]
pub struct Session {
    stream: Arc<Mutex<TcpStream>>,
    is_hung: Arc<AtomicBool>,
    has_asked: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Session {
    /// Says it as it is.
    pub fn say_raw(&self, bytes: &[u8]) {
        // One that is over is a matter of the test that goes on with it.
        let _ = self.stream.lock().unwrap().write_all(bytes);
    }

    /// Says it in two pieces, as it may come. Nothing comes between them.
    fn say_in_two(&self, text: &str) {
        let (head, tail) = text.as_bytes().split_at(text.len() / 2);
        let mut stream = self.stream.lock().unwrap();
        let _ = stream.write_all(head).and_then(|()| stream.write_all(tail));
    }

    /// Something happens, and is told of.
    pub fn say(&self, event: &Map<String, Value>) {
        self.shared.change(|state| state.channels.hear(event));
        self.say_raw(&block(event));
    }

    pub fn end(&self) {
        let _ = self.stream.lock().unwrap().shutdown(Shutdown::Both);
    }

    /// Nothing comes any more.
    pub fn hang(&self) {
        self.is_hung.store(true, Ordering::SeqCst);
    }
}

/// An event as it is sent.
pub fn block(event: &Map<String, Value>) -> Vec<u8> {
    let body = Value::Object(event.clone()).to_string();
    format!("Content-Length: {}\nContent-Type: text/event-json\n\n{body}", body.len()).into_bytes()
}

impl Esl {
    pub fn start() -> Self {
        Self::start_with(Manners::default())
    }

    pub fn start_with(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State { manners, ..State::default() }),
            ..Shared::default()
        });
        let esl = Self { address, shared: shared.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), shared.clone());
                shared.change(|state| state.connections += 1);
                std::thread::spawn(move || drop(talk(stream, &shared)));
            }
        });
        esl
    }

    /// Where it is, as settings have it.
    pub fn at(&self) -> String {
        self.address.to_string()
    }

    /// How many connections were made since it began.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Changes how it behaves from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Manners)) {
        self.shared.change(|state| change(&mut state.manners));
    }

    /// Something happens, and nobody is told of it.
    pub fn happens(&self, event: &Map<String, Value>) {
        self.shared.change(|state| state.channels.hear(event));
    }

    /// Waits for the next client that was let in and has asked for the list of channels.
    pub fn session(&self) -> Session {
        self.wait("a client that follows", |state| state.sessions.pop_front())
    }

    /// Waits until a client has sent a command that begins like this.
    pub fn until_asked(&self, start: &str) -> String {
        self.wait(start, |state| state.commands.iter().find(|command| command.starts_with(start)).cloned())
    }

    /// Whether clients have kept to the protocol, and have asked for nothing but what follows calls.
    pub fn assert_content(&self) {
        let state = self.shared.state();
        assert!(state.complaints.is_empty(), "{:?}", state.complaints);
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

/// One connection, to its end.
fn talk(stream: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let session = Session {
        stream: Arc::new(Mutex::new(stream)),
        is_hung: Arc::default(),
        has_asked: Arc::default(),
        shared: shared.clone(),
    };
    let greeting = shared.state().manners.greeting.clone();
    if let Some(greeting) = greeting {
        session.say_raw(&greeting);
        session.end();
        return Ok(());
    }
    session.say_raw(b"Content-Type: auth/request\n\n");
    let mut is_in = false;
    loop {
        let command: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let Some(first) = command.first() else { return Ok(()) };
        if command.len() > 1 {
            shared.change(|state| state.complaints.push(format!("a command of several lines: {command:?}")));
        }
        if session.is_hung.load(Ordering::SeqCst) {
            continue;
        }
        let (reply, is_last) = hear(first, &mut is_in, shared, &session);
        session.say_in_two(&reply);
        if is_last {
            session.say_raw(NOTICE.as_bytes());
            session.end();
            return Ok(());
        }
    }
}

/// What is said about a command, and whether it is the last word.
fn hear(command: &str, is_in: &mut bool, shared: &Shared, session: &Session) -> (String, bool) {
    let reply = |text: &str| (format!("Content-Type: command/reply\nReply-Text: {text}\n\n"), false);
    let response =
        |body: &str| (format!("Content-Type: api/response\nContent-Length: {}\n\n{body}", body.len()), false);
    let denied = || reply("-ERR permission denied");
    let words: Vec<&str> = command.split(' ').collect();
    let mut state = shared.state();
    let is_login = ["auth", "userauth"].contains(&words[0]);
    if !is_login {
        state.commands.push(command.to_owned());
    }
    let manners = state.manners.clone();
    match words.as_slice() {
        ["auth" | "userauth", given @ ..] => {
            let right = if words[0] == "auth" { PASSWORD.to_owned() } else { format!("{USER}:{PASSWORD}") };
            *is_in = !manners.refuses && given.join(" ") == right;
            if *is_in { reply("+OK accepted") } else { (reply("-ERR invalid").0, true) }
        }
        _ if !*is_in => reply("-ERR command not found"),
        ["event", "json", names @ ..] => {
            // What is behind CUSTOM belongs to it.
            let is_allowed = |name: &&str| {
                *name == "CUSTOM" || manners.events.as_ref().is_none_or(|events| events.contains(name))
            };
            if names.iter().all(is_allowed) { reply("+OK event listener enabled json") } else { denied() }
        }
        ["api", name, ..] if manners.commands.as_ref().is_some_and(|commands| !commands.contains(name)) => {
            denied()
        }
        ["api", "show", "channels", "as", "json"] => {
            let list = manners.list.unwrap_or_else(|| state.channels.list());
            // It asks once more a moment later.
            if !session.has_asked.swap(true, Ordering::SeqCst) {
                state.sessions.push_back(session.clone());
            }
            shared.changed.notify_all();
            response(&list)
        }
        ["api", "uuid_dump", uuid, "json"] => {
            response(&state.channels.dump(uuid).unwrap_or_else(|| "-ERR No such channel!\n".to_owned()))
        }
        ["api", "uuid_kill", _, "CALL_REJECTED"] => {
            shared.changed.notify_all();
            response("+OK\n")
        }
        ["api", "global_getvar", "core_uuid"] => response("561b3711-a818-4fb7-9391-f6a710dd682f"),
        ["api", "sofia", "status"] => response(
            "  Name\t   Type\tData\tState\n external::carrier\tgateway\tsip:4930@carrier.example\tREGED\n",
        ),
        ["api", "callcenter_config", "queue", "list"] => {
            response("name|strategy|moh_sound\nsupport@pbx.example|ring-all|local_stream://moh\n+OK\n")
        }
        ["api", "show", "registrations", "as", "json"] => response(
            "{\"row_count\":2,\"rows\":[{\"reg_user\":\"101\",\"realm\":\"pbx.example\"},\
             {\"reg_user\":\"102\",\"realm\":\"pbx.example\"}]}\n",
        ),
        _ => {
            state.complaints.push(format!("{command:?} is asked for"));
            reply("-ERR command not found")
        }
    }
}
