//! A connection by TCP to a phone system, and TLS over it.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::source::LinkError;

/// After so long without a word it is asked whether the other machine is there, as on connections to Zammad.
const IDLE: Duration = Duration::from_secs(15);

/// How often it is asked, this long apart, before the connection counts as lost: within a minute in all.
const TIMES: u32 = 3;

/// Connects to a host and port within a time. What is said goes at once, and a machine that is gone is noticed.
///
/// # Errors
///
/// Nobody is there.
pub(super) async fn connect(address: &str, longest: Duration) -> Result<TcpStream, LinkError> {
    let connected = timeout(longest, dial(address)).await;
    let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    connected.map_err(|source| LinkError::Unreachable { address: address.to_owned(), source })
}

/// The same for callers that have a time and an error of their own.
pub(super) async fn dial(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    keep_alive(&stream)?;
    Ok(stream)
}

/// What carries a protocol: TCP, or TLS over it.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Debug + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Stream for T {}

/// TLS over a connection to this host.
pub(super) async fn encrypted(
    stream: TcpStream,
    host: &str,
    tls: &Arc<ClientConfig>,
) -> io::Result<Box<dyn Stream>> {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(tls.clone()).connect(name, stream).await?))
}

fn keep_alive(stream: &TcpStream) -> rustix::io::Result<()> {
    set_socket_keepalive(stream, true)?;
    set_tcp_keepidle(stream, IDLE)?;
    set_tcp_keepintvl(stream, IDLE)?;
    set_tcp_keepcnt(stream, TIMES)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rustix::net::sockopt::{socket_keepalive, tcp_keepcnt, tcp_keepidle, tcp_keepintvl};

    use super::*;
    use crate::client::block_on;

    #[test]
    fn a_machine_that_is_gone_is_noticed_within_a_minute() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        block_on(async {
            let stream = connect(&address, Duration::from_secs(10)).await.unwrap();
            assert!(stream.nodelay().unwrap());
            assert!(socket_keepalive(&stream).unwrap());
            let longest = tcp_keepidle(&stream).unwrap()
                + tcp_keepintvl(&stream).unwrap() * tcp_keepcnt(&stream).unwrap();
            assert!(longest <= Duration::from_secs(60), "{longest:?}");
        })
        .unwrap();
    }
}
