//! A connection to the call monitor of a FRITZ!Box.
//!
//! There is no login and no greeting: the box only sends, and only when something happens. A connection that is lost
//! without a word is found out by TCP's keep-alive.

use std::collections::VecDeque;
use std::time::Duration;

use rustix::net::sockopt::{
    set_socket_keepalive, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl, set_tcp_user_timeout,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::line::{Line, Message, Request};
use crate::bridge::source::{self, Connector, LinkError};
use crate::config::{ConfigError, FritzBoxSettings, SourceSettings};

/// How long it may take to connect.
const STEP: Duration = Duration::from_secs(10);

/// After so long without a word the box's network is asked whether it is still there, so often, and so far apart.
const IDLE: Duration = Duration::from_secs(20);
const TIMES: u32 = 3;
const APART: Duration = Duration::from_secs(10);

/// A line has less than a hundred bytes.
const LONGEST: usize = 1024;

/// Where a FRITZ!Box is.
#[derive(Debug, Clone)]
pub struct Account {
    /// host and port
    pub address: String,
}

impl Account {
    /// That of the settings.
    ///
    /// # Errors
    ///
    /// See [`FritzBoxSettings::checked`].
    pub fn of(settings: &FritzBoxSettings) -> Result<Self, ConfigError> {
        settings.checked()?;
        Ok(Self { address: settings.address() })
    }
}

/// A connection.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    address: String,
    /// what has arrived of a line that has not ended
    line: Vec<u8>,
    /// the line was too long already
    is_endless: bool,
    /// a line of a call monitor has come
    is_known: bool,
    read: VecDeque<Message>,
    buffer: Vec<u8>,
}

impl Connector for Account {
    type Link = Link;

    async fn connect(&self) -> Result<Link, LinkError> {
        let unreachable = |source| LinkError::Unreachable { address: self.address.clone(), source };
        let stream = match timeout(STEP, TcpStream::connect(&self.address)).await {
            Ok(connected) => connected.map_err(unreachable)?,
            Err(_) => return Err(unreachable(std::io::ErrorKind::TimedOut.into())),
        };
        keep_alive(&stream).map_err(|error| unreachable(error.into()))?;
        Ok(Link {
            stream,
            address: self.address.clone(),
            line: Vec::new(),
            is_endless: false,
            is_known: false,
            read: VecDeque::new(),
            buffer: vec![0; 16 * 1024],
        })
    }
}

fn keep_alive(stream: &TcpStream) -> rustix::io::Result<()> {
    set_socket_keepalive(stream, true)?;
    set_tcp_keepidle(stream, IDLE)?;
    set_tcp_keepcnt(stream, TIMES)?;
    set_tcp_keepintvl(stream, APART)?;
    // Nothing is ever sent that a reply is owed to.
    set_tcp_user_timeout(stream, 0)
}

impl Link {
    /// Takes what has arrived.
    fn take(&mut self, length: usize) -> Result<(), LinkError> {
        for place in 0..length {
            match self.buffer[place] {
                b'\n' => self.end_line()?,
                _ if self.line.len() >= LONGEST => self.is_endless = true,
                byte => self.line.push(byte),
            }
        }
        // A server that says this much without a line is no call monitor.
        if self.is_endless && !self.is_known { Err(self.stranger()) } else { Ok(()) }
    }

    fn end_line(&mut self) -> Result<(), LinkError> {
        let text = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        if !self.is_known && !text.is_empty() && Line::of(&text).is_none() {
            return Err(self.stranger());
        }
        self.line.clear();
        if std::mem::take(&mut self.is_endless) {
            self.read.push_back(Message::Endless);
        } else if !text.is_empty() {
            self.is_known = true;
            self.read.push_back(Message::Line(text));
        }
        Ok(())
    }

    fn stranger(&self) -> LinkError {
        let said = &self.line[..self.line.len().min(256)];
        LinkError::Stranger {
            address: self.address.clone(),
            wanted: "call monitor of a FRITZ!Box",
            said: String::from_utf8_lossy(said).trim().to_owned(),
        }
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
            let length = match self.stream.read(&mut self.buffer).await {
                Ok(0) => return Err(LinkError::Ended),
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => return Err(LinkError::Silent),
                Err(error) => return Err(error.into()),
            };
            self.take(length)?;
        }
    }

    fn ask(&mut self, request: Request) {
        match request {}
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rustix::net::sockopt::{socket_keepalive, tcp_keepcnt, tcp_keepidle, tcp_keepintvl};

    use super::*;
    use crate::client::block_on;

    /// Silence is all that a box says between two calls. Whether it is there is the network's matter.
    #[test]
    fn a_connection_that_is_lost_without_a_word_is_found_out_within_a_minute() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let account = Account { address: listener.local_addr().unwrap().to_string() };
        block_on(async {
            let Link { stream, .. } = account.connect().await.unwrap();
            assert!(socket_keepalive(&stream).unwrap());
            let longest = tcp_keepidle(&stream).unwrap()
                + tcp_keepintvl(&stream).unwrap() * tcp_keepcnt(&stream).unwrap();
            assert!(longest <= Duration::from_secs(60), "{longest:?}");
        })
        .unwrap();
    }
}
