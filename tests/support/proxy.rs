//! A proxy between the program and Zammad that can be relied on in nothing: it loses, changes and delays replies after
//! Zammad has processed the request, dies, and comes back. It knows what nobody else can.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpSocket;

use crate::support::dice::Dice;
use crate::support::servers::{Reply, listen, read_request, url};

/// A reply that comes so late has come in vain: longer than a client's `timeout` in these tests.
const TOO_LATE: Duration = Duration::from_millis(1300);

/// One that takes so long may have.
const LATE: Duration = Duration::from_millis(500);

/// Whoever was told of a Zammad that is not reached has asked once more within this, or never does.
const ASKS_WITHIN: Duration = Duration::from_secs(2);

/// And as somebody else may have asked, nothing happens so soon after it.
const HARDLY_TOLD: Duration = Duration::from_millis(200);

/// A connection ended with the proxy before its request came: whoever was about to send it may take it for sent.
pub const CUT_OFF: &str = "cut off before the request";

/// An event: the id of its call, and its name.
pub type Event = (String, String);

/// It is well from its drop on, and ends with the process.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    phases: Option<JoinHandle<()>>,
}

struct Shared {
    zammad: SocketAddr,
    seed: u64,
    requests: AtomicUsize,
    is_well: AtomicBool,
    is_over: AtomicBool,
    /// it says 502 to all, as before a Zammad that is down
    is_away: AtomicBool,
    /// what is under way: whoever sent it, and its event
    open: Mutex<HashMap<usize, (TcpStream, Option<Event>)>>,
    /// calls whose answer was seen: their hangup does no harm twice
    answered: Mutex<HashSet<String>>,
    /// events that met with a Zammad that was away
    met_none: Mutex<HashSet<Event>>,
    /// events of which nobody else can know whether they are there
    unknowable: Mutex<HashSet<Event>>,
    /// what happened to events, to others, and to itself; for whoever wonders
    story: Mutex<Vec<(Duration, Option<Event>, String)>>,
    began: Instant,
    /// how often each thing was done
    done: Mutex<HashMap<&'static str, usize>>,
    /// who was told of a Zammad that is not reached, and has not asked since: how many, and when the last one was
    owed: Mutex<(usize, Option<Instant>)>,
    /// the same events, and when each of them was told
    told: Mutex<Vec<(Instant, Event)>>,
    /// those of them who may have asked too late to learn what was so
    asked_late: Mutex<HashSet<Event>>,
}

/// What it does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Passes,
    /// after a moment that nobody minds
    Hesitates,
    /// the request, before Zammad sees it
    LosesIt,
    /// as if Zammad were not there
    Refuses,
    LosesItsReply,
    /// the reply comes too late
    DelaysItsReply,
    /// the reply is another one
    ChangesItsReply,
    /// the reply is that Zammad is not reached
    DeniesIt,
}

impl Does {
    fn name(self) -> &'static str {
        match self {
            Self::Passes => "passed on",
            Self::Hesitates => "passed on after a moment",
            Self::LosesIt => "lost",
            Self::Refuses => "refused",
            Self::LosesItsReply => "reply lost",
            Self::DelaysItsReply => "reply delayed",
            Self::ChangesItsReply => "reply changed",
            Self::DeniesIt => "denied after it was processed",
        }
    }

    /// What becomes of an event, and of the requests of the same kind that leave nothing: of these no reply is changed,
    /// as one that is changed for good would be that of a stranger.
    fn thrown(dice: &mut Dice, is_event: bool) -> Self {
        match (dice.below(24), is_event) {
            (0..=2, true) => Self::LosesItsReply,
            (3..=5, true) => Self::ChangesItsReply,
            (6..=7, true) => Self::DeniesIt,
            (8, true) => Self::Refuses,
            (9, true) => Self::DelaysItsReply,
            (10, true) => Self::LosesIt,
            (11..=13, _) => Self::Hesitates,
            _ => Self::Passes,
        }
    }
}

impl Proxy {
    /// One that is reliable until it is [`let loose`](Self::let_loose).
    pub fn before(zammad: SocketAddr, seed: u64) -> Self {
        let holder = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = holder.local_addr().unwrap();
        let shared = Arc::new(Shared {
            zammad,
            seed,
            requests: AtomicUsize::new(0),
            is_well: AtomicBool::new(true),
            is_over: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            open: Mutex::default(),
            answered: Mutex::default(),
            met_none: Mutex::default(),
            unknowable: Mutex::default(),
            story: Mutex::default(),
            began: Instant::now(),
            done: Mutex::default(),
            owed: Mutex::default(),
            told: Mutex::default(),
            asked_late: Mutex::default(),
        });
        let living = shared.clone();
        // Nobody else gets the port while nobody listens there.
        let phases = thread::spawn(move || {
            live(&living, address);
            drop(holder);
        });
        Self { address, shared, phases: Some(phases) }
    }

    pub fn url(&self) -> String {
        url(self.address)
    }

    pub fn let_loose(&self) {
        self.shared.is_well.store(false, Ordering::SeqCst);
    }

    /// From now on it passes all on.
    pub fn mend(&self) {
        self.shared.is_well.store(true, Ordering::SeqCst);
    }

    /// Whether something was done to an event after which nobody but the proxy can know whether Zammad has it.
    pub fn only_it_knows(&self, call_id: &str, event: &str) -> bool {
        self.shared.unknowable.lock().unwrap().contains(&(call_id.to_owned(), event.to_owned()))
    }

    /// Whether whoever sent an event may have asked too late, because the machine was busy: then it has learnt of another
    /// moment whether Zammad is reached.
    pub fn may_have_been_asked_late(&self, call_id: &str, event: &str) -> bool {
        self.shared.asked_late.lock().unwrap().contains(&(call_id.to_owned(), event.to_owned()))
    }

    /// How often somebody was to ask.
    pub fn was_to_be_asked(&self) -> usize {
        self.shared.told.lock().unwrap().len()
    }

    /// What it did to the events of a call, and to everybody meanwhile.
    pub fn story(&self, call_id: &str) -> Vec<String> {
        let story = self.shared.story.lock().unwrap();
        let is_its_own = |event: &Option<Event>| event.as_ref().is_some_and(|event| event.0 == call_id);
        let mut times = story.iter().filter(|line| is_its_own(&line.1)).map(|line| line.0);
        let Some(first) = times.next() else { return Vec::new() };
        let around = Duration::from_millis(300);
        let times = first.saturating_sub(around)..times.next_back().unwrap_or(first) + around;
        let is_told = |line: &&(Duration, Option<Event>, String)| {
            is_its_own(&line.1) || (line.1.is_none() && times.contains(&line.0))
        };
        let told = |(time, event, what): &(Duration, Option<Event>, String)| {
            format!("{time:?} {}: {what}", event.as_ref().map_or("", |event| &event.1))
        };
        story.iter().filter(is_told).map(told).collect()
    }

    /// What it has done, and how often.
    pub fn done(&self) -> Vec<(&'static str, usize)> {
        let mut done: Vec<_> =
            self.shared.done.lock().unwrap().iter().map(|(&what, &often)| (what, often)).collect();
        done.sort_unstable();
        done
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        if let Some(phases) = self.phases.take() {
            let _ = phases.join();
        }
    }
}

impl Shared {
    fn tells(&self, event: Option<&Event>, what: String) {
        self.story.lock().unwrap().push((self.began.elapsed(), event.cloned(), what));
    }

    fn counts(&self, event: Option<&Event>, what: &'static str) {
        self.tells(event, what.to_owned());
        *self.done.lock().unwrap().entry(what).or_default() += 1;
    }

    fn only_this_knows(&self, event: &Event) {
        self.unknowable.lock().unwrap().insert(event.clone());
    }

    fn is_well(&self) -> bool {
        self.is_well.load(Ordering::SeqCst)
    }

    /// Whoever is told after an event that Zammad is not reached asks at once whether it is there. A proxy that dies just
    /// then is a Zammad that went down with the event, of which nobody is to think so.
    fn nobody_is_about_to_ask(&self) -> bool {
        let (owed, last) = *self.owed.lock().unwrap();
        last.is_none_or(|last| last.elapsed() > if owed == 0 { HARDLY_TOLD } else { ASKS_WITHIN })
    }

    fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        stream.set_read_timeout(Some(ASKS_WITHIN)).unwrap();
        self.open.lock().unwrap().insert(number, (stream.try_clone().unwrap(), None));
        let request = read_request(&mut stream);
        let event = event_of(&request);
        let began = Instant::now();
        match self.open.lock().unwrap().get_mut(&number) {
            Some((_, under_way)) => under_way.clone_from(&event),
            // It died meanwhile.
            None => {
                self.counts(event.as_ref(), if event.is_none() { CUT_OFF } else { "cut off" });
                event.iter().for_each(|event| self.only_this_knows(event));
                return;
            }
        }
        if !request.is_empty() {
            let mut dice = Dice(self.seed << 32 | number as u64);
            let reply = self.reply(&mut dice, &request, event.as_ref());
            if began.elapsed() >= LATE {
                event.iter().for_each(|event| self.only_this_knows(event));
            }
            let is_gone = stream.write_all(&reply).is_err();
            let (line, took) = (
                String::from_utf8_lossy(&reply).lines().next().unwrap_or("nothing").to_owned(),
                began.elapsed(),
            );
            let to = request.lines().next().unwrap_or_default().get(..4).unwrap_or_default().to_owned();
            self.tells(event.as_ref(), format!("{to}{line} after {took:?}, gone: {is_gone}"));
            if is_gone {
                event.iter().for_each(|event| self.only_this_knows(event));
            }
        }
        self.open.lock().unwrap().remove(&number);
    }

    /// What the client gets; nothing: its connection is closed.
    fn reply(&self, dice: &mut Dice, request: &str, event: Option<&Event>) -> Vec<u8> {
        let is_probe = request.contains(r#""direction":"probe""#);
        if is_probe {
            let owed = &mut self.owed.lock().unwrap().0;
            *owed = owed.saturating_sub(1);
        }
        let not_reached = || Reply::html(502, "Bad Gateway").bytes();
        if self.is_away.load(Ordering::SeqCst) {
            self.counts(event, "said while Zammad was away");
            if let Some(event) = event {
                self.owes(request, event);
                // Sent again, it may have come to a Zammad that has gone down since it was found.
                if !self.met_none.lock().unwrap().insert(event.clone()) {
                    self.only_this_knows(event);
                }
            }
            return not_reached();
        }
        let does = if self.is_well() { Does::Passes } else { Does::thrown(dice, event.is_some()) };
        self.counts(event, does.name());
        if let (Some(event), false) = (event, matches!(does, Does::Passes | Does::Hesitates)) {
            self.only_this_knows(event);
        }
        if let Some((call_id, _)) = event.filter(|(_, name)| name == "answer") {
            self.answered.lock().unwrap().insert(call_id.clone());
        }
        if let (Does::Refuses | Does::DeniesIt, Some(event)) = (does, event) {
            self.owes(request, event);
        }
        match does {
            Does::Passes => passed_on(self.zammad, request),
            Does::Hesitates => {
                thread::sleep(Duration::from_millis(dice.below(200)));
                passed_on(self.zammad, request)
            }
            Does::LosesIt => Vec::new(),
            Does::Refuses => not_reached(),
            Does::LosesItsReply => {
                passed_on(self.zammad, request);
                Vec::new()
            }
            Does::DelaysItsReply => {
                let reply = passed_on(self.zammad, request);
                thread::sleep(TOO_LATE);
                reply
            }
            Does::ChangesItsReply => {
                passed_on(self.zammad, request);
                let others = other_replies();
                others[usize::try_from(dice.below(others.len() as u64)).unwrap()].clone()
            }
            Does::DeniesIt => {
                passed_on(self.zammad, request);
                Reply::html(if dice.below(2) == 0 { 502 } else { 503 }, "Sorry").bytes()
            }
        }
    }

    /// Somebody is to ask whether Zammad is there, if a copy of the event would do harm.
    fn owes(&self, request: &str, (call_id, name): &Event) {
        let is_safe_twice = name == "newCall"
            || (name == "hangup"
                && (request.contains(r#""direction":"out""#)
                    || self.answered.lock().unwrap().contains(call_id)));
        if is_safe_twice {
            return;
        }
        self.told.lock().unwrap().push((Instant::now(), (call_id.clone(), name.clone())));
        let mut owed = self.owed.lock().unwrap();
        *owed = (owed.0 + 1, Some(Instant::now()));
    }

    /// From here on whoever asks learns something else than right before.
    fn turns(&self) {
        let told = self.told.lock().unwrap();
        let late =
            told.iter().filter(|(when, _)| when.elapsed() < ASKS_WITHIN).map(|(_, event)| event.clone());
        self.asked_late.lock().unwrap().extend(late);
    }

    /// What is under way ends in the middle.
    fn dies(&self) {
        for (stream, event) in std::mem::take(&mut *self.open.lock().unwrap()).into_values() {
            event.iter().for_each(|event| self.only_this_knows(event));
            // What still comes is read, to know of which event nobody knows.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

/// It lives, and now and then it dies, or what is behind it.
fn live(shared: &Arc<Shared>, address: SocketAddr) {
    let mut dice = Dice(shared.seed);
    loop {
        let listener = listen(socket(address), 1024);
        listener.set_nonblocking(true).unwrap();
        let mut until = Instant::now() + Duration::from_millis(100 + dice.below(900));
        loop {
            accept(shared, &listener);
            if shared.is_over.load(Ordering::SeqCst) {
                return;
            }
            if shared.is_well() {
                shared.is_away.store(false, Ordering::SeqCst);
            } else if Instant::now() >= until && shared.nobody_is_about_to_ask() {
                if shared.is_away.load(Ordering::SeqCst) || dice.below(2) == 0 {
                    break;
                }
                shared.turns();
                shared.counts(None, "Zammad was away");
                shared.is_away.store(true, Ordering::SeqCst);
                until = Instant::now() + Duration::from_millis(50 + dice.below(350));
            }
            thread::sleep(Duration::from_millis(1));
        }
        let was_away = shared.is_away.load(Ordering::SeqCst);
        if !was_away {
            shared.turns();
        }
        shared.counts(None, "died");
        accept(shared, &listener);
        drop(listener);
        shared.dies();
        // Whoever was told of a Zammad that is away has time to ask.
        thread::sleep(Duration::from_millis(if was_away { 600 } else { 50 + dice.below(350) }));
        shared.turns();
        shared.is_away.store(false, Ordering::SeqCst);
        shared.tells(None, "comes back".to_owned());
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(false).unwrap();
        let shared = shared.clone();
        thread::spawn(move || shared.serve(stream));
    }
}

/// Several of them may be there for one address, of which one listens.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

fn event_of(request: &str) -> Option<Event> {
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n")?.1).ok()?;
    Some((body["callId"].as_str()?.to_owned(), body["event"].as_str()?.to_owned()))
}

/// Zammad's reply.
fn passed_on(zammad: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(zammad).unwrap();
    let (first, rest) = request.split_once("\r\n").unwrap();
    stream.write_all(format!("{first}\r\nConnection: close\r\n{rest}").as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    reply
}

/// What comes in place of the reply to an event that was taken, and is not Zammad's.
fn other_replies() -> Vec<Vec<u8>> {
    vec![
        Reply::html(504, "Gateway Time-out").bytes(),
        Reply::new(520, "text/plain", "error code: 520").bytes(),
        Reply::new(500, "", "").bytes(),
        Reply::html(500, "Internal Server Error").bytes(),
        Reply::html(200, "Request blocked").bytes(),
        Reply::html(403, "Forbidden").bytes(),
        Reply::json(500, r#"{"message":"Internal server error"}"#).bytes(),
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}".to_vec(),
    ]
}
