//! The way to Zammad a step at a time, for who wants to know which step fails: name lookup,
//! connection, TLS. It is the way that events take, through a proxy where they go through one.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Intercept;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::{Certificate, Witness};
use super::client_certificate::Asked;
use super::error::{RootCause, SendError, TlsFault};
use super::proxy::{self, ProxyError};
use super::tls::{self, Tls};
use crate::config::Endpoint;

/// A proxy's answer to CONNECT has some hundred bytes.
const MAX_TUNNEL_HEAD: usize = 8 * 1024;

/// From this machine to Zammad.
pub(crate) struct Connector {
    host: String,
    port: u16,
    proxy: Option<Intercept>,
    tls: Tls,
    witness: Option<Arc<Witness>>,
}

/// A proxy's address. It is shown without the login that it may need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    scheme: String,
    /// without the brackets of an IPv6 address
    pub host: String,
    port: Option<u16>,
}

/// Why a step leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the proxy does not let the connection through (HTTP {status})")]
    Proxy { status: u16 },
}

/// A stream, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Connector {
    pub(super) fn new(endpoint: &Endpoint, tls: Tls) -> Result<Self, ProxyError> {
        let url = endpoint.reveal();
        let host = endpoint.host().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let proxy = proxy::of(endpoint, std::env::var_os)?.map(|chosen| chosen.intercept);
        let witness = tls.verifier.clone().map(|verifier| Arc::new(Witness::new(verifier)));
        Ok(Self { host, port, proxy, tls, witness })
    }

    /// The proxy in front of Zammad.
    pub fn proxy(&self) -> Option<Proxy> {
        self.proxy.as_ref().map(|proxy| Proxy::of(proxy.uri()))
    }

    pub fn is_tls(&self) -> bool {
        self.witness.is_some()
    }

    /// Host and port of the first connection: the proxy's, if there is one.
    pub fn next_hop(&self) -> (&str, u16) {
        match &self.proxy {
            None => (&self.host, self.port),
            Some(proxy) => {
                let uri = proxy.uri();
                let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
                (bare_host(uri), uri.port_u16().unwrap_or(usual))
            }
        }
    }

    /// The address that needs no lookup, because the host is one.
    pub fn literal_address(&self) -> Option<SocketAddr> {
        let (host, port) = self.next_hop();
        host.parse::<IpAddr>().ok().map(|address| (address, port).into())
    }

    /// The addresses of the next hop, at least one.
    pub async fn look_up(&self, until: Instant) -> Result<Vec<SocketAddr>, SendError> {
        let found = timeout_at(until, tokio::net::lookup_host(self.next_hop())).await;
        let found = found.map_err(|_| SendError::LookupTimeout)?;
        let addresses: Vec<_> = found.map_err(|error| SendError::Lookup(RootCause::of(&error)))?.collect();
        if addresses.is_empty() {
            let nobody = std::io::Error::other("the name has no address");
            return Err(SendError::Lookup(RootCause::of(&nobody)));
        }
        Ok(addresses)
    }

    /// Connects to one address.
    pub async fn connect(&self, address: SocketAddr, until: Instant) -> Result<TcpStream, SendError> {
        match timeout_at(until, TcpStream::connect(address)).await {
            Ok(connected) => connected.map_err(|error| SendError::from_io(&error, Asked::Nothing)),
            Err(_) => Err(SendError::ConnectTimeout),
        }
    }

    /// Agrees on TLS with Zammad, on a connection to the next hop. Returns the TLS version.
    ///
    /// # Errors
    ///
    /// Those of an event, and [`ConnectorError::Proxy`].
    pub async fn secure(&self, stream: TcpStream, until: Instant) -> Result<&'static str, ConnectorError> {
        let peer = stream.peer_addr();
        let shaken = self.shake_hands_by(stream, until).await;
        if !matches!(shaken, Err(ConnectorError::Send(SendError::Tls(TlsFault::NoCommonWay(_))))) {
            return shaken;
        }
        // The server has said nothing of the reason.
        let Ok(peer) = peer else { return shaken };
        let Ok(again) = self.connect(peer, until).await else { return shaken };
        self.tls.look_closer();
        match self.shake_hands_by(again, until).await {
            Err(ConnectorError::Send(closer @ SendError::Tls(TlsFault::Unverifiable(_)))) => {
                Err(closer.into())
            }
            Ok(_) | Err(_) => shaken,
        }
    }

    /// The certificate that Zammad showed, trusted or not.
    pub fn certificate(&self) -> Option<Certificate> {
        self.witness.as_ref()?.seen()
    }

    async fn shake_hands_by(
        &self,
        stream: TcpStream,
        until: Instant,
    ) -> Result<&'static str, ConnectorError> {
        timeout_at(until, self.shake_hands(stream)).await.unwrap_or(Err(SendError::ConnectTimeout.into()))
    }

    async fn shake_hands(&self, stream: TcpStream) -> Result<&'static str, ConnectorError> {
        let mut stream: Box<dyn Stream> = Box::new(stream);
        if let Some(proxy) = &self.proxy {
            if proxy.uri().scheme_str() == Some("https") {
                // Without the witness: this is not Zammad's certificate.
                let verifier = self.witness.as_ref().map(|witness| witness.verifier());
                stream = Box::new(
                    encrypt(stream, self.next_hop().0, tls::trusting(verifier), || Asked::Nothing).await?,
                );
            }
            self.tunnel(&mut stream, proxy).await?;
        }
        let stream = encrypt(stream, &self.host, self.tls.trusting(self.witness.clone()), || {
            self.tls.handshakes.asked()
        })
        .await?;
        Ok(match stream.get_ref().1.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        })
    }

    /// Asks the proxy for a connection to Zammad.
    async fn tunnel(
        &self,
        stream: &mut (impl Stream + ?Sized),
        proxy: &Intercept,
    ) -> Result<(), ConnectorError> {
        let failed = |error: std::io::Error| SendError::from_io(&error, Asked::Nothing);
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let target = format!("{host}:{}", self.port);
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(login) = proxy.basic_auth() {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(login.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(failed)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            // A byte at a time: what follows the head is Zammad's.
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
            if head.len() > MAX_TUNNEL_HEAD {
                break;
            }
        }
        let head = String::from_utf8_lossy(&head);
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
        match status {
            Some(200..=299) => Ok(()),
            Some(status) => Err(ConnectorError::Proxy { status }),
            None => Err(failed(std::io::Error::other("the proxy's reply is not HTTP")).into()),
        }
    }
}

impl Proxy {
    pub(super) fn of(uri: &Uri) -> Self {
        Self {
            scheme: uri.scheme_str().unwrap_or_default().to_owned(),
            host: bare_host(uri).to_owned(),
            port: uri.port_u16(),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The host alone, without a login and brackets.
fn bare_host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_matches(['[', ']'])
}

async fn encrypt<S: Stream>(
    stream: S,
    host: &str,
    settings: ClientConfig,
    asked: impl Fn() -> Asked,
) -> Result<TlsStream<S>, SendError> {
    let failed = |error: std::io::Error| SendError::from_io(&error, asked());
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other).map_err(failed)?;
    TlsConnector::from(Arc::new(settings)).connect(name, stream).await.map_err(failed)
}
