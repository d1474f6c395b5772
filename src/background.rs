//! Work that goes on beside the one that is waited for.
//!
//! To the runtime each kind of work is a type, and brings a copy of its code: so all kinds are one here.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

/// Begins work of its own, in the event loop in which this is called.
pub fn begin(work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(Box::pin(work) as Pin<Box<dyn Future<Output = ()> + Send>>)
}

/// Begins work that waits for a disk, in a thread of its own. It is done to its end, also if nobody waits for its
/// result; there is none if it was ended.
pub fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (tell, told) = oneshot::channel();
    let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(tell.send(work())));
    spawn_blocking(work);
    told
}
