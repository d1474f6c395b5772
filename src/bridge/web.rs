//! A phone system's web server: what is asked of it, and the socket on which it says what happens.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

use super::tcp::{self, Stream};
use crate::config::Secret;

/// How long a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(10);

/// How long a connection is kept on which nothing is asked.
const IDLE: Duration = Duration::from_secs(20);

/// The longest answer: thousands of legs, each some hundred bytes long.
const LONGEST: usize = 16 * 1024 * 1024;

/// A WebSocket that is open.
pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// A client that goes through no proxy and follows no redirect. `patience` is how long an answer may take.
pub(super) fn client(tls: ClientConfig, patience: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECTING)
        .timeout(patience)
        .pool_idle_timeout(IDLE)
        .build()
}

/// All that an answer holds; `None` if it has no end.
pub(super) async fn body(answer: &mut reqwest::Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > LONGEST {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// Opens a WebSocket at this address of the web server. Its messages have `longest` bytes at most.
pub(super) async fn open_socket(
    url: &Url,
    bearer: Option<&Secret>,
    tls: &Arc<ClientConfig>,
    longest: usize,
) -> Result<Socket, Error> {
    let is_tls = url.scheme() == "https";
    let host = url.host_str().unwrap_or_default();
    let stream = tcp::dial(&format!("{host}:{}", url.port_or_known_default().unwrap_or(443))).await?;
    let stream = if is_tls { tcp::encrypted(stream, host, tls).await? } else { Box::new(stream) };
    let mut url = url.clone();
    // The scheme says no more than which ports are usual.
    let _ = url.set_scheme(if is_tls { "wss" } else { "ws" });
    let mut request = url.as_str().into_client_request()?;
    if let Some(token) = bearer {
        let shown = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
        let shown = shown.map_err(|error| Error::HttpFormat(error.into()))?;
        request.headers_mut().insert("authorization", shown);
    }
    let limits = WebSocketConfig::default().max_message_size(Some(longest)).max_frame_size(Some(longest));
    let (socket, _) = client_async_with_config(request, stream, Some(limits)).await?;
    Ok(socket)
}
