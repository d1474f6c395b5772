//! The server that hosted phone systems send their requests to.
//!
//! Whoever does not know a hook's secret gets nothing but 404. What is believed is answered when its events are safe.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::guard::{self, Refusal};
use super::hook::{Hook, Hooks, Unread};
use super::message::{Message, Said};
use super::refused::{Reason, Refused};
use crate::background;
use crate::bridge::source::{Connector, Fate, Link, LinkError, Refusals, Waits};
use crate::web::body::{self, Room};
use crate::web::connections::Connection;
use crate::web::lock;
use crate::web::server::{self, Answer, Dropped, PATIENCE, whole};

/// The most bytes of one request's body: the longest that is known has some thousand.
const LARGEST: usize = 64 * 1024;

/// The most bytes of all bodies in memory.
const ROOM: usize = 16 * 1024 * 1024;

/// How many messages may wait to be understood.
const BACKLOG: usize = 4096;

/// How long a sender waits until its events are safe: Zammad may be slow, and then the spool has them.
const UNTIL_SAFE: Duration = Duration::from_secs(10);

/// How long it then waits for Zammad's decision, where the reply has a place for it.
const UNTIL_DECIDED: Duration = Duration::from_secs(2);

const TEXT: &str = "text/plain; charset=utf-8";

/// Where requests are taken, and which.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// where
    pub listen: SocketAddr,
    /// which
    pub hooks: Arc<Hooks>,
}

/// A server that runs for as long as it is there.
#[derive(Debug)]
pub struct Listening {
    messages: mpsc::Receiver<Message>,
    state: Arc<State>,
    served: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    hooks: RwLock<Arc<Hooks>>,
    messages: Mutex<mpsc::Sender<Message>>,
    room: Room,
    refused: Refused,
}

impl Connector for Receiver {
    type Link = Listening;

    async fn connect(&self) -> Result<Listening, LinkError> {
        let unreachable =
            |source: io::Error| LinkError::Unreachable { address: self.listen.to_string(), source };
        let listener = TcpListener::bind(self.listen).await.map_err(unreachable)?;
        let address = listener.local_addr().map_err(unreachable)?;
        if !address.ip().to_canonical().is_loopback() {
            log::warn!(
                "requests are taken at {address} without encryption: put a proxy with HTTPS before it"
            );
        }
        for name in self.hooks.keys() {
            log::info!("{name} is heard at http://{address}/hook/{name}/***");
        }
        let (messages, taken) = mpsc::channel(BACKLOG);
        let state = Arc::new(State {
            hooks: RwLock::new(self.hooks.clone()),
            messages: Mutex::new(messages),
            room: Room::of(ROOM, LARGEST),
            refused: Refused::default(),
        });
        let full = state.clone();
        let when_full = move || full.refused.note("", Reason::Full);
        let answering = state.clone();
        let answer = move |request, connection| {
            let state = answering.clone();
            async move { answer(request, connection, &state).await }
        };
        let served = background::begin(server::serve(listener, when_full, answer));
        Ok(Listening { messages: taken, state, served })
    }

    fn adapt(&self, link: &mut Listening) {
        *link.state.hooks.write().unwrap_or_else(|error| error.into_inner()) = self.hooks.clone();
    }
}

impl Link for Listening {
    type Message = Message;
    type Request = Infallible;

    async fn next(&mut self) -> Result<Message, LinkError> {
        // The state keeps a sender.
        self.messages.recv().await.ok_or(LinkError::Ended)
    }

    fn ask(&mut self, request: Infallible) {
        match request {}
    }

    fn refusals(&self) -> Refusals {
        self.state.refused.count()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// What is refused, and how.
struct No(StatusCode, Reason);

impl From<Unread> for No {
    fn from(why: Unread) -> Self {
        let status = match why {
            Unread::Refused(Refusal::Address) => StatusCode::NOT_FOUND,
            Unread::Refused(Refusal::Basic) => StatusCode::UNAUTHORIZED,
            Unread::Refused(Refusal::Token | Refusal::Signature | Refusal::Time) => StatusCode::FORBIDDEN,
            Unread::Broken(_) => StatusCode::BAD_REQUEST,
        };
        Self(status, Reason::Unread(why))
    }
}

async fn answer(
    request: Request<Incoming>,
    connection: Arc<Connection>,
    state: &Arc<State>,
) -> Result<Answer, Dropped> {
    let (head, mut body) = request.into_parts();
    let hooks = state.hooks.read().unwrap_or_else(|error| error.into_inner()).clone();
    let answer = match wanted(&hooks, head.uri.path()) {
        None => refuse("", No::from(Unread::from(Refusal::Address)), state),
        Some(hook) => match read(hook, &head, &mut body, &connection, state).await? {
            Err(no) => refuse(&hook.name, no, state),
            Ok(said) => take(hook, &head, said, state).await,
        },
    };
    body::discard(body, PATIENCE);
    connection.answered();
    Ok(answer)
}

/// The hook of an address, if its secret is the right one.
fn wanted<'a>(hooks: &'a Hooks, path: &str) -> Option<&'a Hook> {
    let (name, secret) = path.strip_prefix("/hook/")?.split_once('/')?;
    let hook = hooks.get(name)?;
    hook.guard.knows(secret.strip_suffix('/').unwrap_or(secret)).then_some(hook)
}

async fn read(
    hook: &Hook,
    head: &Parts,
    body: &mut Incoming,
    connection: &Connection,
    state: &State,
) -> Result<Result<Said, No>, Dropped> {
    if ![Method::POST, Method::GET, Method::PUT].contains(&head.method) {
        return Ok(Err(No(StatusCode::METHOD_NOT_ALLOWED, Reason::Method)));
    }
    if !hook.has_room(Instant::now()) {
        return Ok(Err(No(StatusCode::TOO_MANY_REQUESTS, Reason::Rate)));
    }
    let read = match body::read(body, &state.room, PATIENCE).await {
        Ok(read) => read,
        Err(body::Unread::TooLarge) => return Ok(Err(No(StatusCode::PAYLOAD_TOO_LARGE, Reason::Large))),
        Err(body::Unread::TooSlow) => return Ok(Err(No(StatusCode::REQUEST_TIMEOUT, Reason::Slow))),
        Err(body::Unread::NoRoom) => return Ok(Err(No(StatusCode::SERVICE_UNAVAILABLE, Reason::Full))),
        Err(body::Unread::Gone) => return Err(Dropped),
    };
    // From here on nobody else has its place.
    if !connection.asks() {
        return Err(Dropped);
    }
    let request = guard::Request {
        headers: &head.headers,
        query: head.uri.query(),
        body: &read.bytes,
        now: SystemTime::now(),
    };
    Ok(hook.read(request).map_err(No::from))
}

fn refuse(hook: &str, No(status, reason): No, state: &State) -> Answer {
    state.refused.note(hook, reason);
    let mut answer = whole(status, TEXT, format!("{}\n", status.canonical_reason().unwrap_or_default()));
    let headers = answer.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"hook\""));
    }
    if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

/// Hands over what a request says, and answers when that is safe.
async fn take(hook: &Hook, head: &Parts, mut said: Said, state: &State) -> Answer {
    let (waits, hears) = Waits::new();
    said.waits = Some(waits);
    let sender = lock(&state.messages).clone();
    if sender.try_send(Message::Hook(said.clone())).is_err() {
        return refuse(&hook.name, No(StatusCode::SERVICE_UNAVAILABLE, Reason::Full), state);
    }
    said.waits = None;
    let is_rejected = match fate(hears, hook.reply.can_reject()).await {
        Fate::Safe => false,
        Fate::Decided { is_rejected } => is_rejected,
        Fate::UnderWay | Fate::Lost => {
            return refuse(&hook.name, No(StatusCode::SERVICE_UNAVAILABLE, Reason::Unkept), state);
        }
    };
    let url = hook.url(&head.headers);
    let text = if is_rejected && hook.reply.can_reject() {
        let text = hook.reply.rejection(&said, &url);
        let _ = sender.send(Message::Rejected(said)).await;
        text
    } else {
        hook.reply.text(&said, &url)
    };
    let status = StatusCode::from_u16(hook.reply.status).unwrap_or(StatusCode::OK);
    let mut answer = whole(status, TEXT, text);
    if let Ok(content_type) = HeaderValue::from_str(&hook.reply.content_type) {
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    answer
}

/// What became of the events of a request.
async fn fate(mut hears: watch::Receiver<Fate>, can_reject: bool) -> Fate {
    let mut known = async |least: Fate, within| {
        let heard = timeout(within, hears.wait_for(|fate| *fate >= least)).await;
        heard.ok().map(|fate| fate.map_or(Fate::Lost, |fate| *fate))
    };
    match known(Fate::Safe, UNTIL_SAFE).await {
        Some(Fate::Safe) if can_reject => {
            let decided = known(Fate::Decided { is_rejected: false }, UNTIL_DECIDED).await;
            match decided {
                // It is with the spool at least.
                Some(Fate::Lost) | None => Fate::Safe,
                Some(fate) => fate,
            }
        }
        Some(fate) => fate,
        None => Fate::UnderWay,
    }
}
