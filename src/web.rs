//! What the servers of this program have in common that browsers and strangers may ask: how many connections there
//! may be, how long each may keep them waiting, and what browsers may do.

pub mod body;
pub mod browser;
pub mod connections;
pub mod live;
pub mod patient;
pub mod server;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A server goes on serving whatever became of one request's thread.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
