//! Bytes to and from a phone system, whatever it speaks: what is to be said, what comes, and whether it is still there.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::source::LinkError;

/// After so long without a word it is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);

/// So long it may take to say so.
const PONG: Duration = Duration::from_secs(10);

/// What goes over a connection.
#[derive(Debug)]
pub struct Traffic<S> {
    /// the connection
    pub stream: S,
    buffer: Vec<u8>,
    unsent: Vec<u8>,
    /// when something was heard last, and whether it was asked for since
    heard: Instant,
    is_asked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Traffic<S> {
    /// Nothing was said yet.
    pub fn new(stream: S) -> Self {
        let buffer = vec![0; 64 * 1024];
        Self { stream, buffer, unsent: Vec::new(), heard: Instant::now(), is_asked: false }
    }

    /// These are to be said, with the next turn of what waits for news.
    pub fn push(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Sends what is to be said. What is not sent yet when it is dropped is sent by the next one.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub async fn flush(&mut self) -> Result<(), LinkError> {
        while !self.unsent.is_empty() {
            let length = self.stream.write(&self.unsent).await?;
            self.unsent.drain(..length);
        }
        Ok(())
    }

    /// Reads what there is, at least a byte; how many [`bytes`](Self::bytes) there are. It may be dropped before, and
    /// nothing is lost by it.
    ///
    /// # Errors
    ///
    /// The connection is broken, or has ended.
    pub async fn fill(&mut self) -> Result<usize, LinkError> {
        self.flush().await?;
        let length = self.stream.read(&mut self.buffer).await?;
        if length == 0 {
            return Err(LinkError::Ended);
        }
        self.heard = Instant::now();
        self.is_asked = false;
        Ok(length)
    }

    /// The same; `None` once nothing came for so long that it is to be asked whether it is still there.
    ///
    /// # Errors
    ///
    /// As those of [`fill`](Self::fill), or it was asked, and does not answer.
    pub async fn fill_or_ask(&mut self) -> Result<Option<usize>, LinkError> {
        let until = self.heard + QUIET + if self.is_asked { PONG } else { Duration::ZERO };
        match timeout_at(until, self.fill()).await {
            Ok(filled) => filled.map(Some),
            Err(_) if self.is_asked => Err(LinkError::Silent),
            Err(_) => {
                self.is_asked = true;
                Ok(None)
            }
        }
    }

    /// What was read last.
    pub fn bytes(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }
}
