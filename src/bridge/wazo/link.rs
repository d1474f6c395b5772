//! A connection to a Wazo: its WebSocket, and beside it what is asked over HTTP.
//!
//! Source: wazo-websocketd 0a263f5, `session.py`: the talk of version 2, and the codes with which it closes.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use super::http::{Http, Token, Untold};
use super::message::{EVENTS, Message, Request};
use crate::bridge::pauses::jittered;
use crate::bridge::source::{self, Connector, LinkError};
use crate::bridge::system::AccountError;
use crate::bridge::web;
use crate::config::{Secret, WazoSettings};

/// How long each step of the beginning may take.
const STEP: Duration = Duration::from_secs(10);

/// After so long without a word it is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);

/// So long it may take to say so.
const PONG: Duration = Duration::from_secs(10);

/// The longest message.
const LONGEST: usize = 1024 * 1024;

/// So long a call waits for a user's name; one that comes later is known to the next calls.
const NAME: Duration = Duration::from_secs(1);

/// The most questions over HTTP that are open at once.
const AT_ONCE: usize = 8;

/// The list of legs is asked for again after so long, if it failed; then after twice as long each time, up to the longest.
const LIST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_LIST_PAUSE: Duration = Duration::from_secs(60);

/// A new token is tried for again after so long, as long as the old one counts.
const RETRY: Duration = Duration::from_secs(60);

/// Where a Wazo is, and who asks it.
#[derive(Debug, Clone)]
pub struct Server {
    http: Http,
}

impl Server {
    /// That of the settings, whose files are read now.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub fn of(settings: &WazoSettings) -> Result<Self, AccountError> {
        Ok(Self { http: Http::of(settings)? })
    }
}

/// What comes of what is asked beside the socket.
enum Answer {
    Said(Message),
    /// the list of legs failed, for this reason
    Failed(String),
    Renewed(Result<Token, LinkError>),
}

/// What comes next.
enum Turn {
    /// something is said; `None`: nothing for long
    Frame(Option<Option<Result<Frame, tungstenite::Error>>>),
    Answer(Answer),
    /// a name has not come in time
    Unnamed,
    /// a new token is due
    Renew,
}

/// A connection on which events come.
pub struct Link {
    socket: web::Socket,
    http: Http,
    token: Token,
    read: VecDeque<Message>,
    unsent: VecDeque<Frame>,
    wanted: VecDeque<Request>,
    open: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// users whose names were asked for, and until when somebody waits for them; the earliest first
    unnamed: VecDeque<(Instant, String)>,
    /// when the next token is due; `None` while it is asked for
    renew: Option<Instant>,
    heard: Instant,
    is_asked: bool,
    /// how often the list of legs has failed in a row
    failed: u32,
}

impl Connector for Server {
    type Link = Link;

    async fn connect(&self) -> Result<Link, LinkError> {
        let token = self.http.token().await?;
        let socket = timeout(STEP, self.open(&token)).await;
        let socket = socket.map_err(|_| self.http.unreachable("it does not open the socket in time"))??;
        let mut link = Link {
            socket,
            http: self.http.clone(),
            renew: Some(Instant::now() + token.used),
            token,
            read: VecDeque::new(),
            unsent: VecDeque::new(),
            wanted: VecDeque::new(),
            open: FuturesUnordered::new(),
            unnamed: VecDeque::new(),
            heard: Instant::now(),
            is_asked: false,
            failed: 0,
        };
        timeout(STEP, link.begin()).await.map_err(|_| LinkError::Silent)??;
        if link.token.sees_all == Some(false) {
            let text = "the account sees the calls of its own lines only: it takes one of purpose external_api, or an \
                        administrator's";
            link.read.push_back(Message::Remark(text.to_owned()));
        }
        Ok(link)
    }
}

impl Server {
    /// Opens the socket. Its address holds the token, so it is in no error.
    async fn open(&self, token: &Token) -> Result<web::Socket, LinkError> {
        let http = &self.http;
        let mut url = http.base().join("api/websocketd/").map_err(|error| http.unreachable(error))?;
        url.query_pairs_mut().append_pair("token", token.secret.reveal()).append_pair("version", "2");
        match web::open_socket(&url, None, &http.tls, LONGEST).await {
            Ok(socket) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => {
                Err(http.unreachable(format!("it answers {} to who opens the socket", response.status())))
            }
            // A server that is started again hangs up in the middle.
            Err(tungstenite::Error::Io(error)) => Err(LinkError::unreached(http.address(), &error)),
            Err(
                error @ (tungstenite::Error::ConnectionClosed
                | tungstenite::Error::Protocol(ProtocolError::HandshakeIncomplete)),
            ) => Err(http.unreachable(error)),
            Err(_) => Err(LinkError::Stranger {
                address: http.address(),
                wanted: "websocketd of Wazo",
                said: "no WebSocket".to_owned(),
            }),
        }
    }
}

impl Link {
    /// Whether it sees the calls of all users, if that was said.
    pub fn sees_all(&self) -> Option<bool> {
        self.token.sees_all
    }

    /// Waits until it is known here, and asks to be told of calls.
    async fn begin(&mut self) -> Result<(), LinkError> {
        self.until("init").await?;
        for event in EVENTS {
            self.send(json!({ "op": "subscribe", "data": { "event_name": event } })).await?;
            self.until("subscribe").await?;
        }
        self.send(json!({ "op": "start" })).await?;
        self.until("start").await
    }

    async fn send(&mut self, message: Value) -> Result<(), LinkError> {
        let frame = Frame::Text(message.to_string().into());
        self.socket.send(frame).await.map_err(|error| LinkError::Broken(io::Error::other(error)))
    }

    /// Waits for the reply to an operation.
    async fn until(&mut self, op: &str) -> Result<(), LinkError> {
        loop {
            let Some(said) = self.frame().await? else { continue };
            if said.get("op").and_then(Value::as_str) != Some(op) {
                self.take(said);
                continue;
            }
            return match said.get("code").and_then(Value::as_i64).unwrap_or_default() {
                0 => Ok(()),
                code => Err(self.http.refused(&format!("`{op}` is answered with {code}"))),
            };
        }
    }

    /// The next thing that is said; `None` for what only keeps the connection.
    async fn frame(&mut self) -> Result<Option<Map<String, Value>>, LinkError> {
        let frame = self.socket.next().await;
        self.understood(frame)
    }

    fn understood(
        &mut self,
        frame: Option<Result<Frame, tungstenite::Error>>,
    ) -> Result<Option<Map<String, Value>>, LinkError> {
        let frame = match frame {
            None => return Err(LinkError::Ended),
            Some(Err(error)) => return Err(LinkError::Broken(io::Error::other(error))),
            Some(Ok(frame)) => frame,
        };
        self.heard = Instant::now();
        self.is_asked = false;
        match frame {
            Frame::Text(text) => Ok(serde_json::from_str(&text).ok()),
            Frame::Close(why) => Err(self.closed(why.map(|why| u16::from(why.code)))),
            Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => Ok(None),
        }
    }

    /// Why it was closed.
    fn closed(&self, code: Option<u16>) -> LinkError {
        match code {
            Some(4001) => self.http.refused("it has got no token"),
            Some(4002) => self.http.refused("the token is not valid, or lacks the permission websocketd"),
            Some(4004) => self.http.refused("it does not understand what it is told (4004)"),
            // 4003: the token has ended, and the next connection has a new one.
            _ => LinkError::Ended,
        }
    }

    fn take(&mut self, said: Map<String, Value>) {
        if said.get("op").and_then(Value::as_str) != Some("event") {
            return;
        }
        let Some(Value::Object(data)) = said.get("data") else { return };
        let name = data.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let (true, Some(Value::Object(data))) = (EVENTS.contains(&name.as_str()), data.get("data")) {
            self.read.push_back(Message::Event { name, data: data.clone() });
        }
    }

    /// Asks what is wanted over HTTP, some at a time.
    fn ask_next(&mut self) {
        while self.open.len() < AT_ONCE
            && let Some(request) = self.wanted.pop_front()
        {
            let (http, token) = (self.http.clone(), self.token.secret.clone());
            let answer = async move {
                match request {
                    Request::Calls => calls(&http, &token).await,
                    Request::User(uuid) => {
                        // Calls are told of without the name if there is none.
                        let name = http.user(&token, &uuid).await.unwrap_or_default();
                        Answer::Said(Message::User { uuid, name })
                    }
                }
            };
            self.open.push(answer.boxed());
        }
    }

    /// The list of legs failed: calld is up later than the rest after a restart. Without it, a call that ended meanwhile
    /// would stay open.
    fn ask_for_calls_again(&mut self, why: &str) {
        if self.failed == 0 {
            self.read.push_back(Message::Remark(format!(
                "which calls there are is not told ({why}); it is asked again until it is"
            )));
        }
        let pause = LIST_PAUSE.saturating_mul(1 << self.failed.min(10)).min(LONGEST_LIST_PAUSE);
        self.failed += 1;
        let (http, token) = (self.http.clone(), self.token.secret.clone());
        let again = async move {
            sleep(jittered(pause)).await;
            calls(&http, &token).await
        };
        self.open.push(again.boxed());
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Said(Message::User { uuid, name }) => {
                self.unnamed.retain(|(_, unnamed)| *unnamed != uuid);
                self.read.push_back(Message::User { uuid, name });
            }
            Answer::Said(message) => self.read.push_back(message),
            Answer::Failed(why) => self.ask_for_calls_again(&why),
            Answer::Renewed(Ok(token)) => {
                let message = json!({ "op": "token", "data": { "token": token.secret.reveal() } });
                self.unsent.push_back(Frame::Text(message.to_string().into()));
                self.renew = Some(Instant::now() + token.used);
                self.token = token;
            }
            Answer::Renewed(Err(error)) => {
                let why = crate::client::in_full(&error);
                self.read.push_back(Message::Remark(format!("there is no new token: {why}")));
                self.renew = Some(Instant::now() + RETRY);
            }
        }
    }

    fn begin_to_renew(&mut self) {
        let http = self.http.clone();
        self.open.push(async move { Answer::Renewed(http.token().await) }.boxed());
        // The answer says when the next one is due.
        self.renew = None;
    }
}

/// Asks for the list of legs.
async fn calls(http: &Http, token: &Secret) -> Answer {
    match http.calls(token).await {
        Ok(legs) => Answer::Said(Message::Calls(legs)),
        Err(Untold::Forbidden(status)) => Answer::Said(Message::Remark(format!(
            "which calls there are is not told (it answers {status}); the account needs calld.calls.read"
        ))),
        Err(Untold::Failed(why)) => Answer::Failed(why),
    }
}

impl source::Link for Link {
    type Message = Message;
    type Request = Request;

    async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            if let Some(message) = self.read.pop_front() {
                return Ok(message);
            }
            // What is fed before it is dropped is flushed by the next one.
            while let Some(frame) = self.unsent.front().cloned() {
                self.socket.feed(frame).await.map_err(|error| LinkError::Broken(io::Error::other(error)))?;
                self.unsent.pop_front();
            }
            self.socket.flush().await.map_err(|error| LinkError::Broken(io::Error::other(error)))?;
            self.ask_next();
            let until = self.heard + QUIET + if self.is_asked { PONG } else { Duration::ZERO };
            let renew = self.renew;
            let unnamed = self.unnamed.front().map(|(until, _)| *until);
            let has_open = !self.open.is_empty();
            let said = {
                let open = &mut self.open;
                let answered = async {
                    match has_open {
                        true => open.next().await,
                        false => std::future::pending().await,
                    }
                };
                let socket = &mut self.socket;
                tokio::select! {
                    frame = timeout_at(until, socket.next()) => Turn::Frame(frame.ok()),
                    Some(answer) = answered => Turn::Answer(answer),
                    () = sleep_until(unnamed.unwrap_or(until)), if unnamed.is_some() => Turn::Unnamed,
                    () = sleep_until(renew.unwrap_or(until)), if renew.is_some() => Turn::Renew,
                }
            };
            match said {
                Turn::Frame(Some(frame)) => {
                    if let Some(said) = self.understood(frame)? {
                        self.take(said);
                    }
                }
                Turn::Frame(None) if self.is_asked => return Err(LinkError::Silent),
                Turn::Frame(None) => {
                    self.is_asked = true;
                    let ping = json!({ "op": "ping", "data": { "payload": "zammad-cti" } });
                    self.unsent.push_back(Frame::Text(ping.to_string().into()));
                }
                Turn::Answer(answer) => self.answered(answer),
                Turn::Unnamed => {
                    let late = self.unnamed.pop_front().map(|(_, uuid)| Message::User { uuid, name: None });
                    self.read.extend(late);
                }
                Turn::Renew => self.begin_to_renew(),
            }
        }
    }

    fn ask(&mut self, request: Request) {
        match request {
            // Names wait for their turn, and the list does not wait for names.
            Request::Calls => self.wanted.push_front(request),
            Request::User(ref uuid) => {
                self.unnamed.push_back((Instant::now() + NAME, uuid.clone()));
                self.wanted.push_back(request);
            }
        }
    }
}
