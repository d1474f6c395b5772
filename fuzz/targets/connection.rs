//! The bytes that a server sends to the client, whole and over a real connection.

#![no_main]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use fuzz::{TOKEN, config, holds_whole_token, shows_token};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use zammad_cti::client::{CallerLog, Client, Fate, Request, RequestId, SendError};
use zammad_cti::config::{Config, Encoding, Secret};
use zammad_cti::event::{CallEvent, Direction, EventKind};

/// More than a machine needs that has other things to do, and less than libFuzzer grants an input.
const PATIENCE: Duration = Duration::from_secs(4);

struct World {
    runtime: Runtime,
    listener: TcpListener,
    config: Config,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

impl World {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("an event loop");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("it has one");
        let mut config = config(&format!("http://{address}"));
        (config.connect_timeout, config.timeout) = (PATIENCE, PATIENCE);
        config.api_token = Some(Secret::new(TOKEN));
        Self { runtime, listener, config }
    }

    /// Takes one request, answers with these bytes, and closes the connection. Returns the request.
    async fn serve(&self, reply: &[u8]) -> Vec<u8> {
        let (mut stream, _) = self.listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        while !is_whole(&request) {
            let read = stream.read_buf(&mut request).await.expect("a request");
            assert!(read > 0, "the client ended in the middle of its request");
        }
        // The client may have heard enough.
        let _ = stream.write_all(reply).await;
        let _ = stream.shutdown().await;
        request
    }
}

fuzz_target!(|data: &[u8]| {
    if !holds_whole_token(data) {
        return;
    }
    WORLD.with_borrow(|world| world.runtime.block_on(answered_with(world, data)));
});

async fn answered_with(world: &World, reply: &[u8]) {
    let event = CallEvent::new(EventKind::Hangup, "7".parse().expect("an id"), Direction::Inbound);
    let request = Request::new(&event, Encoding::Json, RequestId::fresh());
    let mut client = Client::new(&world.config).expect("a client");
    let started = Instant::now();
    let (result, received) = tokio::join!(client.attempt(&request, &event, PATIENCE), world.serve(reply));
    assert!(started.elapsed() < PATIENCE, "it took {:?}", started.elapsed());
    assert!(received.ends_with(request.body().as_bytes()));

    let has = |word: &[u8]| reply.windows(word.len()).any(|part| part == word);
    match result {
        // It takes a server that says so, in JSON.
        Ok(_) => assert!(has(b"HTTP/1.") && has(b" 200") && has(b"{") && has(b"}")),
        Err(error) => {
            let text = error.in_full();
            assert!(!shows_token(&text), "{text}");
            // The server has the event: nobody may say that it has not, but for one who limits requests.
            let busy = matches!(error, SendError::Unavailable { status: 429, .. });
            assert!(error.fate() != Fate::NotDelivered || busy, "{text}");
        }
    }

    // The same as a caller log.
    let log = CallerLog::new(&world.config).expect("a client");
    let (result, received) = tokio::join!(log.read(), world.serve(reply));
    assert!(received.starts_with(b"GET /api/v1/cti/log HTTP/1.1\r\n"));
    match result {
        Ok(rows) => rows.iter().for_each(|row| assert!(!row.shown().to_string().is_empty())),
        Err(error) => {
            let text = zammad_cti::client::in_full(&error);
            assert!(!shows_token(&text), "{text}");
        }
    }
}

/// Whether a request has come with its body.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|part| part == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
    request.len() >= end + 4 + length
}
