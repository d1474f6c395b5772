//! JSON lines over a connection.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Ask, Message};
use crate::bridge::source::LinkError;
use crate::bridge::traffic::Traffic;

/// How long each step of the beginning may take. A server closes connections that do not log in within 5 s.
const STEP: Duration = Duration::from_secs(10);

/// A server with STARTTLS says so at once, before it is asked anything.
const GREETING: Duration = Duration::from_millis(300);

/// The longest line that is read: what a big site lists has some 100 kB, and forms have not much more.
pub const LONGEST: usize = 4 * 1024 * 1024;

/// What is shown of somebody else's first words.
const SHOWN: usize = 100;

/// A connection.
#[derive(Debug)]
pub struct Wire {
    traffic: Traffic<TcpStream>,
    address: String,
    /// the number of the account whose connection it is
    account: usize,
    lines: Lines,
    read: VecDeque<Message>,
    /// the number of the last message that was sent
    sent: u64,
    is_in: bool,
}

impl Wire {
    /// Connects, and declines to encrypt if the server asks: it speaks nothing newer than TLS 1.0.
    pub async fn connect(address: &str, account: usize) -> Result<Self, LinkError> {
        let unreachable = |source| LinkError::Unreachable { address: address.to_owned(), source };
        let stream = match timeout(STEP, TcpStream::connect(address)).await {
            Ok(connected) => connected.map_err(unreachable)?,
            Err(_) => return Err(unreachable(io::ErrorKind::TimedOut.into())),
        };
        stream.set_nodelay(true).map_err(unreachable)?;
        rustix::net::sockopt::set_socket_keepalive(&stream, true)
            .map_err(|error| unreachable(error.into()))?;
        let mut wire = Self {
            traffic: Traffic::new(stream),
            address: address.to_owned(),
            account,
            lines: Lines::default(),
            read: VecDeque::new(),
            sent: 1000,
            is_in: false,
        };
        if let Ok(greeting) = timeout(GREETING, wire.reply("starttls")).await {
            let _ = greeting?;
            wire.decline_tls().await?;
            let _ = wire.reply("starttls").await?;
        }
        Ok(wire)
    }

    async fn decline_tls(&mut self) -> Result<(), LinkError> {
        let text = "the server offers TLS 1.0, which is not used: password and calls go over the network in clear. Use a \
                    tunnel, such as WireGuard or ssh -L, where others may listen";
        self.read.push_back(Message::remark(self.account, text));
        self.send(json!({ "class": "starttls", "status": false })).await
    }

    /// What a server's refusal is told of by.
    pub fn refuses(&self, reason: String) -> LinkError {
        LinkError::Refused { address: self.address.clone(), reason }
    }

    /// From now on all that is said counts: before, servers tell whoever is connected of this and that.
    pub fn is_logged_in(&mut self) {
        self.is_in = true;
        self.read.retain(|message| message.class() == "remark");
    }

    /// What it says first.
    pub fn begins_with(&mut self, mut reply: Map<String, Value>) {
        // Pages of what its window may show.
        reply.retain(|key, _| ["class", "userid", "ipbxid", "timenow"].contains(&key.as_str()));
        self.read.push_back(Message { account: self.account, said: reply });
    }

    /// Something for the administrator.
    pub fn remarks(&mut self, text: &str) {
        self.read.push_back(Message::remark(self.account, text));
    }

    /// Sends a message, with a number of its own.
    pub async fn send(&mut self, mut message: Value) -> Result<(), LinkError> {
        self.sent += 1;
        message["commandid"] = self.sent.into();
        self.push(&message);
        timeout(STEP, self.traffic.flush()).await.map_err(|_| LinkError::Silent)?
    }

    /// Asks for something, with the next turn of [`next`](Self::next).
    pub fn ask(&mut self, ask: &Ask) {
        self.sent += 1;
        let message = ask.message(self.sent);
        self.push(&message);
    }

    fn push(&mut self, message: &Value) {
        self.traffic.push(ascii(&message.to_string()).as_bytes());
        self.traffic.push(b"\n");
    }

    /// The next message of a class. What comes before it is kept.
    pub async fn reply(&mut self, class: &str) -> Result<Map<String, Value>, LinkError> {
        let until = Instant::now() + STEP;
        let mut seen = 0;
        loop {
            while let Some(message) = self.read.get(seen) {
                let found = message.class();
                let is_offer = found == "starttls" && !message.said.contains_key("starttls");
                if found == "broken" && !self.is_in {
                    return Err(self.is_stranger(message.text("text").chars().take(SHOWN).collect()));
                }
                if found == class
                    && let Some(message) = self.read.remove(seen)
                {
                    return Ok(message.said);
                }
                if is_offer {
                    // It came late.
                    self.read.remove(seen);
                    self.decline_tls().await?;
                    continue;
                }
                seen += 1;
            }
            let length = timeout_at(until, self.traffic.fill()).await.map_err(|_| LinkError::Silent)??;
            self.take(length);
        }
    }

    fn is_stranger(&self, said: String) -> LinkError {
        LinkError::Stranger { address: self.address.clone(), wanted: "CTI server of XiVO", said }
    }

    /// The next message. It may be dropped before it is there, and nothing is lost by it.
    pub async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            if let Some(message) = self.read.pop_front() {
                return Ok(message);
            }
            // Official clients ask every 120 s.
            match self.traffic.fill_or_ask().await? {
                Some(length) => self.take(length),
                None => self.ask(&Ask::KeepAlive),
            }
        }
    }

    /// Takes in what was read.
    fn take(&mut self, length: usize) {
        let (account, is_in, read) = (self.account, self.is_in, &mut self.read);
        self.lines.read(self.traffic.bytes(length), &mut |line| read.extend(message(account, is_in, line)));
    }
}

/// A line as a message.
fn message(account: usize, is_in: bool, line: Result<&[u8], TooLong>) -> Option<Message> {
    let line = match line {
        Ok(line) if line.trim_ascii().is_empty() => return None,
        Ok(line) => line,
        Err(TooLong) => return Some(Message::broken(account, "a line of more than 4 MiB is left out")),
    };
    match serde_json::from_slice::<Map<String, Value>>(line) {
        Ok(said) => Message::of_server(account, said),
        Err(_) if is_in => Some(Message::broken(account, "a line that is not a JSON object is left out")),
        // Whoever it is says something else.
        Err(_) => {
            let said: String = String::from_utf8_lossy(line).trim().chars().take(SHOWN).collect();
            Some(Message::broken(account, &said))
        }
    }
}

/// All other characters as escapes, as servers of 1.2 want them.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// A line has more than [`LONGEST`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TooLong;

/// Takes bytes apart at the ends of lines, whatever pieces they come in.
#[derive(Debug, Default)]
struct Lines {
    begun: Vec<u8>,
    is_too_long: bool,
}

impl Lines {
    fn read(&mut self, mut bytes: &[u8], take: &mut impl FnMut(Result<&[u8], TooLong>)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            self.add(line);
            if std::mem::take(&mut self.is_too_long) {
                take(Err(TooLong));
            } else {
                take(Ok(&self.begun));
            }
            self.begun.clear();
            // A long one is rare.
            self.begun.shrink_to(64 * 1024);
        }
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.begun.len() + bytes.len() > LONGEST {
            self.is_too_long = true;
            self.begun = Vec::new();
        }
        if !self.is_too_long {
            self.begun.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_any_pieces_and_of_any_length() {
        let mut text = b"one\n\ntwo\r\n".to_vec();
        text.extend(vec![b'x'; 2 * LONGEST]);
        text.extend(b"\nthree\nrest");
        for piece in [1 << 12, 1 << 20, text.len()] {
            let (mut lines, mut read) = (Lines::default(), Vec::new());
            for bytes in text.chunks(piece) {
                lines.read(bytes, &mut |line| {
                    read.push(line.map(|line| String::from_utf8_lossy(line).into_owned()));
                });
                assert!(lines.begun.capacity() <= 2 * LONGEST);
            }
            let expected = [Ok("one"), Ok(""), Ok("two\r"), Err(TooLong), Ok("three")];
            assert_eq!(read, expected.map(|line| line.map(str::to_owned)), "{piece}");
        }
    }

    #[test]
    fn all_that_is_sent_is_ascii() {
        assert_eq!(ascii(r#"{"a":"é😀"}"#), r#"{"a":"\u00e9\ud83d\ude00"}"#);
    }
}
