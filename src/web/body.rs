//! Bodies of requests: how much of them is read, for how long, and how much of all of them is in
//! memory at once.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::background;

/// How much room in memory all bodies of one kind share, and the most bytes of one of them.
#[derive(Debug)]
pub struct Room {
    bytes: Arc<Semaphore>,
    most: usize,
}

/// A body that was read, and the room it takes: give it back by dropping it.
#[derive(Default)]
pub struct Read {
    pub bytes: Bytes,
    pub room: Option<OwnedSemaphorePermit>,
}

/// Why a body is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    TooLarge,
    TooSlow,
    /// too many others are in memory
    NoRoom,
    /// the connection ended
    Gone,
}

impl Room {
    /// For so many bytes, in bodies of at most so many.
    pub fn of(bytes: usize, most: usize) -> Self {
        Self { bytes: Arc::new(Semaphore::new(bytes)), most }
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Unread> {
        let bytes = u32::try_from(bytes).map_err(|_| Unread::TooLarge)?;
        self.bytes.clone().try_acquire_many_owned(bytes).map_err(|_| Unread::NoRoom)
    }
}

/// Reads a body to its end, which has to come within `patience`.
pub async fn read(body: &mut Incoming, room: &Room, patience: Duration) -> Result<Read, Unread> {
    // What says from the start that it is too large is not read at all.
    if body.size_hint().lower() > room.most as u64 {
        return Err(Unread::TooLarge);
    }
    tokio::time::timeout(patience, collect(body, room)).await.unwrap_or(Err(Unread::TooSlow))
}

async fn collect(body: &mut Incoming, room: &Room) -> Result<Read, Unread> {
    let mut read = Read::default();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(|_| Unread::Gone)?.into_data() else { continue };
        if read.bytes.len() + part.len() > room.most {
            return Err(Unread::TooLarge);
        }
        let taken = room.take(part.len())?;
        match &mut read.room {
            Some(room) => room.merge(taken),
            None => read.room = Some(taken),
        }
        read.add(part);
    }
    Ok(read)
}

impl Read {
    fn add(&mut self, part: Bytes) {
        // Most bodies have one part only.
        if self.bytes.is_empty() {
            self.bytes = part;
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let mut longer = bytes.try_into_mut().unwrap_or_else(|bytes| BytesMut::from(&bytes[..]));
        longer.extend_from_slice(&part);
        self.bytes = longer.freeze();
    }
}

/// Lets a body that nobody wants come in and go, for as long as `patience`: a client that is still
/// sending would take the end of the connection for the loss of the reply.
pub fn discard(mut body: Incoming, patience: Duration) {
    if !body.is_end_stream() {
        background::begin(async move {
            let all = async { while let Some(Ok(_)) = body.frame().await {} };
            let _ = tokio::time::timeout(patience, all).await;
        });
    }
}

/// These bytes, which give their room back when they are sent.
pub fn hold(bytes: Bytes, room: Option<OwnedSemaphorePermit>) -> Bytes {
    Bytes::from_owner(Held { bytes, _room: room })
}

struct Held {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
