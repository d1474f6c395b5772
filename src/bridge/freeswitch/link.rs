//! A connection to FreeSWITCH's event socket.
//!
//! Source: `mod_event_socket.c` of FreeSWITCH, and recordings of a FreeSWITCH 1.11 in
//! `tests/fixtures/bridge/freeswitch`. A client that is refused is told why, and then shut out at once.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::block::{Block, Blocks};
use super::event::Event;
use super::request::{Message, Request, Says};
use crate::bridge::source::{self, Connector, LinkError};
use crate::bridge::tcp;
use crate::config::FreeSwitchAccount;

/// How long each step of the beginning may take. FreeSWITCH waits 25 seconds for a login.
const STEP: Duration = Duration::from_secs(10);

/// After so long without a word FreeSWITCH is asked whether it is still there. It says so itself every 20 seconds, if
/// nobody has set another time.
const QUIET: Duration = Duration::from_secs(30);

/// So long it may take to reply. A list of all channels is long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The events without which no call can be followed. Others that tell of channels are a quarter of all, and of no use.
const NEEDED: [&str; 5] =
    ["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP_COMPLETE"];

/// Those that are wanted as well.
const WANTED: [&str; 5] =
    ["CHANNEL_UUID", "HEARTBEAT", "CUSTOM callcenter::info", "CUSTOM fifo::info", "CUSTOM vm::maintenance"];

/// A connection that is logged in.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    blocks: Blocks,
    read: VecDeque<Block>,
    buffer: Vec<u8>,
    unsent: Vec<u8>,
    /// what it was asked for and has not replied to, in its order, and when it began to reply to the first
    asked: VecDeque<Request>,
    replies_since: Instant,
    /// when something was heard last
    heard: Instant,
}

impl Connector for FreeSwitchAccount {
    type Link = Link;

    async fn connect(&self) -> Result<Link, LinkError> {
        let stream = tcp::connect(&self.address, STEP).await?;
        let now = Instant::now();
        let mut link = Link {
            stream,
            blocks: Blocks::default(),
            read: VecDeque::new(),
            buffer: vec![0; 64 * 1024],
            unsent: Vec::new(),
            asked: VecDeque::new(),
            replies_since: now,
            heard: now,
        };
        timeout(STEP, link.log_in(self)).await.map_err(|_| LinkError::Silent)??;
        timeout(STEP, link.subscribe(self)).await.map_err(|_| LinkError::Silent)??;
        Ok(link)
    }
}

impl Link {
    async fn log_in(&mut self, account: &FreeSwitchAccount) -> Result<(), LinkError> {
        let refused = |reason: &str| LinkError::Refused {
            address: account.address.clone(),
            reason: without_mark(reason).to_owned(),
        };
        let first = self.greeting(account).await?;
        match first.content_type() {
            "auth/request" => {}
            // It is not asked who it is: its address is none that may log in.
            "text/rude-rejection" => return Err(refused(&excerpt(first.body()))),
            other => return Err(stranger(account, other.as_bytes())),
        }
        let password = account.password.reveal();
        let command = match &account.username {
            Some(username) => format!("userauth {username}:{password}\n\n"),
            None => format!("auth {password}\n\n"),
        };
        self.unsent.extend_from_slice(command.as_bytes());
        let reply = self.command_reply().await?;
        if is_ok(&reply) { Ok(()) } else { Err(refused(&reply)) }
    }

    /// The first block. A server that is no FreeSWITCH says something else, and nothing more.
    async fn greeting(&mut self, account: &FreeSwitchAccount) -> Result<Block, LinkError> {
        let mut said = Vec::new();
        loop {
            let length = self.stream.read(&mut self.buffer).await?;
            let arrived = &self.buffer[..length];
            said.extend_from_slice(arrived);
            let read = &mut self.read;
            let is_readable = self.blocks.read(arrived, &mut |block| read.push_back(block)).is_ok();
            if let Some(block) = self.read.pop_front() {
                return Ok(block);
            }
            let begins_well = "Content-".bytes().zip(&said).all(|(wanted, &byte)| wanted == byte);
            match length {
                0 if said.is_empty() => return Err(LinkError::Ended),
                _ if length == 0 || !is_readable || !begins_well => return Err(stranger(account, &said)),
                _ => {}
            }
        }
    }

    /// Asks to be told of calls. One event that an account may not see refuses all that are asked for with it, so then
    /// each is asked for by itself. What is refused of those that are only wanted is a reply like all others.
    async fn subscribe(&mut self, account: &FreeSwitchAccount) -> Result<(), LinkError> {
        // What is behind `CUSTOM` belongs to it.
        let modules = WANTED.into_iter().filter_map(|event| event.strip_prefix("CUSTOM "));
        let others = WANTED.into_iter().filter(|event| !event.starts_with("CUSTOM "));
        let all: Vec<&str> = NEEDED.into_iter().chain(others).chain(["CUSTOM"]).chain(modules).collect();
        source::Link::ask(self, Request::Tell(all.join(" ")));
        if is_ok(&self.command_reply().await?) {
            return Ok(());
        }
        for event in NEEDED.into_iter().chain(WANTED) {
            source::Link::ask(self, Request::Tell(event.to_owned()));
        }
        let mut refused = Vec::new();
        for event in NEEDED {
            let reply = self.command_reply().await?;
            if !is_ok(&reply) {
                refused.push(format!("{event} ({})", without_mark(&reply)));
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let reason = format!("it does not tell of {}", refused.join(", "));
        Err(LinkError::Refused { address: account.address.clone(), reason })
    }

    /// The reply to the first of the commands that have none. What else comes before it is kept.
    async fn command_reply(&mut self) -> Result<String, LinkError> {
        let mut seen = 0;
        loop {
            while let Some(block) = self.read.get(seen) {
                if block.content_type() == "command/reply" {
                    let reply = block.get("Reply-Text").unwrap_or_default().to_owned();
                    self.read.remove(seen);
                    self.asked.pop_front();
                    return Ok(reply);
                }
                seen += 1;
            }
            self.fill().await?;
        }
    }

    /// What a block says, if that matters.
    fn message(&mut self, block: &Block) -> Option<Message> {
        match block.content_type() {
            "text/event-json" => Some(match Event::of_json(block.body()) {
                Ok(event) => Message::Event(event),
                Err(error) => Message::Broken(error.to_string()),
            }),
            "text/event-plain" => {
                Some(Message::Event(Event::of_plain(&String::from_utf8_lossy(block.body()))))
            }
            "api/response" => self.reply(|to| to.read(block.body())),
            // A command that an account may not use is replied to like this.
            "command/reply" => {
                let text = block.get("Reply-Text").unwrap_or_default().to_owned();
                self.reply(|_| Says::Text(text))
            }
            _ => None,
        }
    }

    fn reply(&mut self, says: impl FnOnce(&Request) -> Says) -> Option<Message> {
        let to = self.asked.pop_front()?;
        self.replies_since = Instant::now();
        let says = says(&to);
        Some(Message::Reply { to, says })
    }

    /// When it has been silent for too long: all of it, or the reply that is to come.
    fn ends_at(&self) -> Instant {
        match self.asked.is_empty() {
            true => self.heard + QUIET,
            false => self.replies_since + PATIENCE,
        }
    }

    /// Reads what there is, and sends what is to be said meanwhile: FreeSWITCH takes a command after its reply to the one
    /// before. What is not sent yet when it is dropped is sent by the next one.
    async fn fill(&mut self) -> Result<(), LinkError> {
        loop {
            let writes = if self.unsent.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            let ready = self.stream.ready(writes).await?;
            if ready.is_writable()
                && !self.unsent.is_empty()
                && let Some(length) = done(self.stream.try_write(&self.unsent))?
            {
                self.unsent.drain(..length);
            }
            if ready.is_readable()
                && let Some(length) = done(self.stream.try_read(&mut self.buffer))?
            {
                return self.take(length);
            }
        }
    }

    /// Takes what has arrived; nothing is the end.
    fn take(&mut self, length: usize) -> Result<(), LinkError> {
        if length == 0 {
            return Err(LinkError::Ended);
        }
        self.heard = Instant::now();
        let read = &mut self.read;
        let is_readable = self.blocks.read(&self.buffer[..length], &mut |block| read.push_back(block));
        is_readable.map_err(|error| LinkError::Broken(io::Error::other(error)))
    }
}

/// How much was read or written; `None`: it was not ready after all.
fn done(result: io::Result<usize>) -> Result<Option<usize>, LinkError> {
    match result {
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl source::Link for Link {
    type Message = Message;
    type Request = Request;

    async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            while let Some(block) = self.read.pop_front() {
                if let Some(message) = self.message(&block) {
                    return Ok(message);
                }
            }
            match timeout_at(self.ends_at(), self.fill()).await {
                Ok(filled) => filled?,
                Err(_) if self.asked.is_empty() => self.ask(Request::Alive),
                Err(_) => return Err(LinkError::Silent),
            }
        }
    }

    fn ask(&mut self, request: Request) {
        let Some(command) = request.command() else { return };
        self.unsent.extend_from_slice(command.as_bytes());
        if self.asked.is_empty() {
            self.replies_since = Instant::now();
        }
        self.asked.push_back(request);
    }
}

fn is_ok(reply: &str) -> bool {
    reply.starts_with("+OK")
}

/// Why something is refused.
fn without_mark(reply: &str) -> &str {
    reply.trim_start_matches("-ERR ")
}

fn stranger(account: &FreeSwitchAccount, said: &[u8]) -> LinkError {
    LinkError::Stranger {
        address: account.address.clone(),
        wanted: "event socket of FreeSWITCH",
        said: excerpt(said),
    }
}

/// As much of what somebody says as tells who it is.
fn excerpt(said: &[u8]) -> String {
    String::from_utf8_lossy(&said[..said.len().min(256)]).trim().to_owned()
}
