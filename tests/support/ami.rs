//! Asterisk's manager interface over a real socket.
//!
//! It lets in who knows the secret, lists the channels that a test has set, says what a test has it say, checks
//! what a client sends, and misbehaves on request. Source: Asterisk's documentation of AMI, and the session in
//! `tests/fixtures/bridge/asterisk/plain/raw-session.crlf.txt`.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use md5::{Digest, Md5};
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::fakes::{listen, tls_in_front_of};

pub const USERNAME: &str = "zammad";
pub const SECRET: &str = "s3cret-of-ami";

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(60);

/// How an interface behaves; what is not said is as in Asterisk 22 with the account that the documentation wants.
#[derive(Debug, Clone)]
pub struct Manners {
    /// the first line, which no empty line follows
    pub banner: Vec<u8>,
    /// whether it has MD5 challenges
    pub has_md5: bool,
    /// why it lets nobody in
    pub refusal: Option<&'static str>,
    /// what it says before it is asked anything
    pub before_login: Vec<u8>,
    /// the account's `read`
    pub read: Vec<&'static str>,
    /// the account's `write`
    pub write: Vec<&'static str>,
    /// a block for each channel that there is; `{break}` is a line break of a stranger's
    pub channels: String,
    /// what `Getvar` tells, by channel and variable
    pub variables: HashMap<(String, String), String>,
    /// those whose state it knows
    pub devices: Vec<&'static str>,
    pub queues: Vec<&'static str>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            banner: b"Asterisk Call Manager/11.0.0\r\n".to_vec(),
            has_md5: true,
            refusal: None,
            before_login: Vec::new(),
            read: vec!["call", "agent", "system"],
            write: vec!["reporting"],
            channels: String::new(),
            variables: HashMap::new(),
            devices: vec!["PJSIP/101", "PJSIP/102", "PJSIP/gw-berlin", "Queue:700"],
            queues: vec!["700"],
        }
    }
}

/// An interface that lives as long as the test process.
#[derive(Clone)]
pub struct Ami {
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
    /// connections that were made, whatever became of them
    connections: usize,
    /// those that were let in and have asked for the list of channels
    sessions: VecDeque<Session>,
    /// all that have asked for the list, and may have gone
    followers: Vec<Session>,
    /// all that clients asked for, as `Name` and fields
    actions: Vec<Action>,
    /// what no client may do
    complaints: Vec<String>,
}

/// What a client asked for.
#[derive(Debug, Clone)]
pub struct Action {
    fields: Vec<(String, String)>,
}

impl Action {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn name(&self) -> &str {
        self.get("Action").unwrap_or_default()
    }
}

/// A client that follows.
#[derive(Clone)]
pub struct Session {
    tell: UnboundedSender<Order>,
}

/// What a connection is to do.
enum Order {
    Say(Vec<u8>),
    /// It is lost.
    End,
    /// Nothing comes any more, and nothing is taken.
    Hang,
}

impl Session {
    /// Says it as it is.
    pub fn say(&self, bytes: impl Into<Vec<u8>>) {
        // One that is over is a matter of the test that goes on with it.
        let _ = self.tell.send(Order::Say(bytes.into()));
    }

    pub fn end(&self) {
        let _ = self.tell.send(Order::End);
    }

    pub fn hang(&self) {
        let _ = self.tell.send(Order::Hang);
    }
}

impl Ami {
    pub fn start() -> Self {
        Self::start_with(Manners::default())
    }

    pub fn start_with(manners: Manners) -> Self {
        let state = Mutex::new(State { manners, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        let own = shared.clone();
        let address = listen(move |stream| {
            own.change(|state| state.connections += 1);
            let shared = own.clone();
            async move { talk(stream, &shared).await }
        });
        Self { address, shared }
    }

    /// One that speaks TLS from the first byte.
    pub fn start_tls(manners: Manners, config: ServerConfig) -> Self {
        let ami = Self::start_with(manners);
        Self { address: tls_in_front_of(ami.address, config), ..ami }
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

    /// Something happens: these channels are there now, and whoever follows is told of it.
    pub fn happens(&self, channels: String, said: &str) {
        self.shared.change(|state| {
            state.manners.channels = channels;
            state.followers.iter().for_each(|session| session.say(said));
        });
    }

    /// Waits for the next client that was let in and has asked for the list of channels.
    pub fn session(&self) -> Session {
        self.wait("a client that follows", |state| state.sessions.pop_front())
    }

    /// Waits until so many connections were made since it began.
    pub fn until_connections(&self, count: usize) {
        self.wait("more connections", |state| (state.connections >= count).then_some(()));
    }

    /// Waits until a client has asked for something of this name, and so many times.
    pub fn until_asked(&self, name: &str, times: usize) -> Action {
        self.wait(name, |state| {
            state.actions.iter().filter(|action| action.name() == name).nth(times - 1).cloned()
        })
    }

    /// What clients have asked for so far.
    pub fn actions(&self) -> Vec<Action> {
        self.shared.state().actions.clone()
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
async fn talk(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (orders, mut ordered) = unbounded_channel();
    let (read, mut write) = tokio::io::split(stream);
    let mut read = BufReader::new(read);
    let (banner, before) = {
        let manners = &shared.state().manners;
        (manners.banner.clone(), manners.before_login.clone())
    };
    write.write_all(&[banner, before].concat()).await?;
    let mut client = Client { challenge: None, is_in: false, events: Vec::new(), orders };
    let mut lines = Vec::new();
    let mut line = Vec::new();
    loop {
        tokio::select! {
            order = ordered.recv() => match order {
                Some(Order::Say(bytes)) => write.write_all(&client.allowed(&bytes, shared)).await?,
                Some(Order::Hang) => return hang(&mut ordered).await,
                Some(Order::End) | None => return Ok(()),
            },
            // What has come of a line stays in `line` when it is dropped.
            length = read.read_until(b'\n', &mut line) => {
                if length? == 0 {
                    return Ok(());
                }
                let line = std::mem::take(&mut line);
                let Some(text) = line.strip_suffix(b"\r\n").and_then(|text| std::str::from_utf8(text).ok()) else {
                    let complaint = format!("no line: {:?}", String::from_utf8_lossy(&line));
                    shared.change(|state| state.complaints.push(complaint));
                    continue;
                };
                if !text.is_empty() {
                    lines.push(text.to_owned());
                    continue;
                }
                let lines = std::mem::take(&mut lines);
                let (reply, is_last) = shared.change(|state| client.hear(&lines, state));
                write.write_all(reply.as_bytes()).await?;
                if is_last {
                    return Ok(());
                }
            }
        }
    }
}

/// A connection that stays and on which nothing happens, as behind a firewall that has forgotten it.
async fn hang(ordered: &mut UnboundedReceiver<Order>) -> std::io::Result<()> {
    while let Some(order) = ordered.recv().await {
        if matches!(order, Order::End) {
            break;
        }
    }
    Ok(())
}

/// Who is connected.
struct Client {
    challenge: Option<String>,
    is_in: bool,
    /// the classes of events that it wants; none: all
    events: Vec<String>,
    orders: UnboundedSender<Order>,
}

impl Client {
    /// What is said about an action, and whether it is the last word.
    fn hear(&mut self, lines: &[String], state: &mut State) -> (String, bool) {
        let fields: Option<Vec<(String, String)>> = lines
            .iter()
            .map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect();
        let Some(fields) = fields else {
            state.complaints.push(format!("no action: {lines:?}"));
            return (String::new(), true);
        };
        let action = Action { fields };
        state.actions.push(action.clone());
        let text = |name: &str| action.get(name).unwrap_or_default();
        let id = text("ActionID").to_owned();
        if lines.first().is_none_or(|line| !line.starts_with("Action: ")) || id.is_empty() {
            state.complaints.push(format!("no action that its reply is known by: {lines:?}"));
        }
        let reply = |response: &str, rest: &str| {
            (format!("Response: {response}\r\nActionID: {id}\r\n{rest}\r\n"), false)
        };
        let error = |message: &str| reply("Error", &format!("Message: {message}\r\n"));
        let list = |events: &str, end: &str| {
            let list = events.replace("\n\n", &format!("\nActionID: {id}\n\n"));
            let items = list.matches("\n\n").count();
            let end = format!("Event: {end}\nActionID: {id}\nEventList: Complete\nItems: {items}\n\n");
            let begin = reply("Success", "EventList: start\r\nMessage: A list will follow\r\n").0;
            (begin + &(list + &end).replace('\n', "\r\n").replace("{break}", "\r\n"), false)
        };
        let manners = state.manners.clone();
        let may = |class: &str| manners.write.contains(&class);
        match action.name() {
            "Challenge" if !manners.has_md5 => error("Must specify AuthType"),
            "Challenge" => {
                assert_eq!(text("AuthType"), "MD5");
                let challenge = format!("{}", 100_000_000 + state.actions.len() * 7919);
                self.challenge = Some(challenge.clone());
                reply("Success", &format!("Challenge: {challenge}\r\n"))
            }
            "Login" => {
                if manners.has_md5 && !text("Secret").is_empty() {
                    state.complaints.push("the secret is sent although there is a challenge".to_owned());
                }
                let is_right = match (&self.challenge, text("AuthType")) {
                    (Some(challenge), "MD5") => {
                        let key = Md5::digest(format!("{challenge}{SECRET}"));
                        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                        text("Key") == key
                    }
                    (_, "") => text("Secret") == SECRET,
                    _ => false,
                };
                if let Some(refusal) = manners.refusal {
                    return (error(refusal).0, true);
                }
                if !is_right || text("Username") != USERNAME {
                    return (error("Authentication failed").0, true);
                }
                self.is_in = true;
                let events = action.get("Events").unwrap_or("on");
                if events != "on" {
                    self.events = events.split(',').map(str::to_owned).collect();
                }
                let booted = "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 4711\r\nLastReload: 4711\r\n\
                              Status: Fully Booted\r\n\r\n";
                let booted = if manners.read.contains(&"system") { booted } else { "" };
                (reply("Success", "Message: Authentication accepted\r\n").0 + booted, false)
            }
            "Logoff" => (reply("Goodbye", "Message: Thanks for all the fish.\r\n").0, true),
            "Ping" if self.is_in => reply("Success", "Ping: Pong\r\nTimestamp: 1795205369.788481\r\n"),
            _ if !self.is_in => error("Permission denied"),
            "Status" => {
                let session = Session { tell: self.orders.clone() };
                // Who only looks once more was there before.
                let begins = !id.ends_with("-again");
                if begins {
                    state.sessions.push_back(session.clone());
                }
                if !["reporting", "call", "system"].into_iter().any(may) {
                    return error("Permission denied");
                }
                // `check` only looks which channels there are.
                if !id.starts_with("look-") && !text("Variables").contains("FROM_DID") {
                    state.complaints.push(format!("without the variables that tell a trunk: {lines:?}"));
                }
                if begins {
                    state.followers.push(session);
                }
                list(&manners.channels, "StatusComplete")
            }
            "DeviceStateList" if !may("reporting") && !may("call") => error("Permission denied"),
            "DeviceStateList" => {
                let device =
                    |name: &&str| format!("Event: DeviceStateChange\nDevice: {name}\nState: NOT_INUSE\n\n");
                let devices: String = manners.devices.iter().map(device).collect();
                list(&devices, "DeviceStateListComplete")
            }
            "QueueSummary" => {
                let queue = |name: &&str| format!("Event: QueueSummary\nQueue: {name}\nCallers: 0\n\n");
                let queues: String = manners.queues.iter().map(queue).collect();
                list(&queues, "QueueSummaryComplete")
            }
            "Getvar" if !may("reporting") && !may("call") => error("Permission denied"),
            "Getvar" => {
                let (channel, variable) = (text("Channel"), text("Variable"));
                match manners.variables.get(&(channel.to_owned(), variable.to_owned())) {
                    Some(value) => reply("Success", &format!("Variable: {variable}\r\nValue: {value}\r\n")),
                    None => error("No such channel"),
                }
            }
            "Hangup" if !may("call") && !may("system") => error("Permission denied"),
            "Hangup" => reply("Success", "Message: Channel Hungup\r\n"),
            other => {
                state.complaints.push(format!("{other} is asked for"));
                error("Invalid/unknown command: . Use Action: ListCommands to show available commands.")
            }
        }
    }

    /// Without the events that the client does not want, or may not see.
    fn allowed(&self, bytes: &[u8], shared: &Shared) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
        let read = shared.state().manners.read.clone();
        let is_wanted = |block: &&str| {
            let Some(privilege) = block.lines().find_map(|line| line.strip_prefix("Privilege: ")) else {
                return true;
            };
            let is_read = |class: &str| read.contains(&class);
            let is_asked =
                |class: &str| self.events.is_empty() || self.events.iter().any(|event| event == class);
            privilege.split(',').any(|class| is_read(class) && is_asked(class))
        };
        text.split_inclusive("\r\n\r\n").filter(is_wanted).collect::<String>().into_bytes()
    }
}
