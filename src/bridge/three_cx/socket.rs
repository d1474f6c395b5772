//! The WebSocket on which Call Control says what has changed.
//!
//! Source: 3CX's documentation of Call Control, and its own client, which pings every 5 seconds.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{self, Bytes};

use super::http::Http;
use super::message::Message;
use crate::bridge::source::LinkError;
use crate::bridge::web;
use crate::config::Secret;

/// How long it may take to open.
const OPENING: Duration = Duration::from_secs(20);

/// How long a ping may take to go.
const SENDING: Duration = Duration::from_secs(10);

/// The longest message.
const LONGEST: usize = 4 * 1024 * 1024;

/// How often it is asked whether it is still there.
pub const PING: Duration = Duration::from_secs(5);

/// After so long without a word it is not.
const QUIET: Duration = Duration::from_secs(30);

/// A socket that is open.
#[derive(Debug)]
pub struct Socket {
    stream: web::Socket,
    /// when something was heard last
    heard: Instant,
}

/// What became of an attempt to open one.
#[derive(Debug)]
pub enum Opened {
    /// It is open.
    Socket(Box<Socket>),
    /// The answer was this status instead.
    Status(u16),
}

/// Opens it.
///
/// # Errors
///
/// There is no connection, or no answer.
pub async fn open(http: &Http, tls: &Arc<ClientConfig>, token: &Secret) -> Result<Opened, LinkError> {
    let url = http.base().join("callcontrol/ws").map_err(|error| http.unreachable(error))?;
    match timeout(OPENING, web::open_socket(&url, Some(token), tls, LONGEST)).await {
        Err(_) => Err(http.unreachable("it does not open the socket in time")),
        Ok(Ok(stream)) => Ok(Opened::Socket(Box::new(Socket { stream, heard: Instant::now() }))),
        Ok(Err(tungstenite::Error::Http(response))) => Ok(Opened::Status(response.status().as_u16())),
        Ok(Err(tungstenite::Error::Io(error))) => Err(LinkError::unreached(http.address(), &error)),
        Ok(Err(error)) => Err(http.unreachable(error)),
    }
}

impl Socket {
    /// The next thing that it says of calls. It may be dropped before it is there, and nothing is lost by it.
    ///
    /// # Errors
    ///
    /// It is closed or broken.
    pub async fn next(&mut self, now: impl Fn() -> u64) -> Result<Message, LinkError> {
        loop {
            let frame = match self.stream.next().await {
                None | Some(Ok(tungstenite::Message::Close(_))) => return Err(LinkError::Ended),
                Some(Err(error)) => return Err(LinkError::Broken(io::Error::other(error))),
                Some(Ok(frame)) => frame,
            };
            self.heard = Instant::now();
            let said = match &frame {
                tungstenite::Message::Text(text) => text.as_bytes(),
                tungstenite::Message::Binary(bytes) => bytes,
                tungstenite::Message::Ping(_)
                | tungstenite::Message::Pong(_)
                | tungstenite::Message::Close(_)
                | tungstenite::Message::Frame(_) => continue,
            };
            if let Some(message) = Message::pushed(said, now()) {
                return Ok(message);
            }
        }
    }

    /// Asks whether the other side is there.
    ///
    /// # Errors
    ///
    /// It is not, or it has said nothing for long.
    pub async fn ping(&mut self) -> Result<(), LinkError> {
        if self.heard.elapsed() >= QUIET {
            return Err(LinkError::Silent);
        }
        let ping = self.stream.send(tungstenite::Message::Ping(Bytes::new()));
        match timeout(SENDING, ping).await {
            Ok(sent) => sent.map_err(|error| LinkError::Broken(io::Error::other(error))),
            Err(_) => Err(LinkError::Silent),
        }
    }
}
