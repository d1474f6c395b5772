//! The WebSocket on which Call Control says what has changed.
//!
//! Source: 3CX's documentation of Call Control, and its own client, which pings every 5 seconds.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::http::Http;
use super::message::Message;
use crate::bridge::source::LinkError;
use crate::config::Secret;

/// How long each step of the beginning may take.
const STEP: Duration = Duration::from_secs(10);

/// The longest message.
const LONGEST: usize = 4 * 1024 * 1024;

/// How often it is asked whether it is still there.
pub const PING: Duration = Duration::from_secs(5);

/// After so long without a word it is not.
const QUIET: Duration = Duration::from_secs(30);

/// What carries it: TCP, or TLS over it.
trait Stream: AsyncRead + AsyncWrite + Unpin + Debug + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Stream for T {}

/// A socket that is open.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<Box<dyn Stream>>,
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
    let wrong = |error: tungstenite::Error| http.unreachable(error);
    let mut url = http.base().join("callcontrol/ws").map_err(|error| http.unreachable(error))?;
    let (host, port) =
        (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or(443));
    let is_tls = url.scheme() == "https";
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let connecting = async {
        let stream = TcpStream::connect((bare.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        if !is_tls {
            return Ok::<Box<dyn Stream>, io::Error>(Box::new(stream));
        }
        let name = ServerName::try_from(bare.clone()).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(tls.clone()).connect(name, stream).await?))
    };
    let stream = match timeout(STEP, connecting).await {
        Ok(connected) => connected.map_err(|error| LinkError::unreached(http.address(), &error))?,
        Err(_) => return Err(http.unreachable("it does not open the socket in time")),
    };
    // The scheme says no more than which ports are usual.
    let _ = url.set_scheme(if is_tls { "wss" } else { "ws" });
    let mut request = url.as_str().into_client_request().map_err(wrong)?;
    let bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
    request.headers_mut().insert("authorization", bearer.map_err(|error| http.unreachable(error))?);
    let limits = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
    match timeout(STEP, client_async_with_config(request, stream, Some(limits))).await {
        Err(_) => Err(http.unreachable("it does not open the socket in time")),
        Ok(Ok((stream, _))) => Ok(Opened::Socket(Box::new(Socket { stream, heard: Instant::now() }))),
        Ok(Err(tungstenite::Error::Http(response))) => Ok(Opened::Status(response.status().as_u16())),
        Ok(Err(error)) => Err(wrong(error)),
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
        match timeout(STEP, ping).await {
            Ok(sent) => sent.map_err(|error| LinkError::Broken(io::Error::other(error))),
            Err(_) => Err(LinkError::Silent),
        }
    }
}
