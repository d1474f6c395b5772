//! Connections to a server, each with limits: whoever reaches it may send it anything.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::background;

use super::browser;
use super::connections::{Connection, Connections};
use super::patient::Patient;

/// How long a connection may keep a server waiting: for the head of the next request, for all of its
/// body, and for reading some of a reply. Clients of phone systems are done within seconds.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// How much of one connection is buffered, and so the largest head of a request.
const BUFFER: usize = 64 * 1024;

/// What a connection gets when all others are busy.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 30\r\nX-Content-Type-Options: nosniff\r\n\
    Cache-Control: no-store\r\n\r\nthere are too many connections";

/// A whole answer, or one that goes on.
pub type Answer = Response<Either<Full<Bytes>, UnsyncBoxBody<Bytes, Infallible>>>;

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped on request")]
pub struct Dropped;

/// What answers requests: one type for all servers, as each would bring its own copy of the HTTP library's code.
type Answering = dyn Fn(Request<Incoming>, Arc<Connection>) -> Pin<Box<dyn Future<Output = Result<Answer, Dropped>> + Send>>
    + Send
    + Sync;

/// Accepts connections for ever; `answer` has each request, `when_full` hears of those that were turned away.
pub fn serve<F>(
    listener: TcpListener,
    when_full: impl Fn() + Send + 'static,
    answer: impl Fn(Request<Incoming>, Arc<Connection>) -> F + Send + Sync + 'static,
) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    F: Future<Output = Result<Answer, Dropped>> + Send + 'static,
{
    let answer = Arc::new(move |request, connection| Box::pin(answer(request, connection)) as Pin<Box<_>>);
    Box::pin(accept(listener, Box::new(when_full), answer))
}

async fn accept(listener: TcpListener, when_full: Box<dyn Fn() + Send>, answer: Arc<Answering>) {
    let connections = Arc::<Connections>::default();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most likely too many open files.
                log::warn!("cannot accept a connection: {error}");
                connections.make_room();
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(connection) = connections.enter() else {
            when_full();
            // Whether it arrives is not worth a wait.
            let _ = stream.try_write(FULL);
            continue;
        };
        background::begin(talk(stream, Arc::new(connection), answer.clone()));
    }
}

/// Serves one connection until it ends, or has to make room.
async fn talk(stream: TcpStream, connection: Arc<Connection>, answer: Arc<Answering>) {
    let _ = stream.set_nodelay(true);
    let asking = connection.clone();
    let service = service_fn(move |request| answer(request, asking.clone()));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Patient::new(stream, PATIENCE)), service);
    tokio::select! {
        // A client that goes away is its own matter.
        _ = served => {}
        () = connection.lost() => {}
    }
}

/// A whole answer of some kind, guarded.
pub fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(body.into())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    browser::guard(answer.headers_mut());
    answer
}
