//! The lock of a bridge, beside the spool. The process that follows a phone system has it, and the operating system takes it away
//! when that process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::place::Place;

/// What its name begins with, behind that of the spool's file.
const BRIDGE: &str = ".bridge-";

/// How many digits follow.
const DIGITS: usize = 16;

/// The file that a bridge has locked, such as `spool.db.bridge-6c1d0d2f0a9b4e57`: the same for the same phone system and
/// Zammad.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BridgeLock(String);

impl BridgeLock {
    /// That of the bridge whose calls have this key in the journal, and go to the Zammad of this address.
    pub fn of(key: &str, address: &str) -> Self {
        let of_both = Md5::digest([key.as_bytes(), address.as_bytes()].join(&0));
        let digits = of_both.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}"));
        Self(digits.collect())
    }

    /// The file, begun if need be, and whether this process has locked it.
    ///
    /// # Errors
    ///
    /// It cannot be had, or cannot be locked.
    pub(crate) fn hold(&self, place: &Place) -> io::Result<(File, bool)> {
        let file = place.folder().file(&place.name(&format!("{BRIDGE}{}", self.0)))?;
        match file.try_lock() {
            Ok(()) => Ok((file, true)),
            Err(TryLockError::WouldBlock) => Ok((file, false)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether it is known that nobody has it.
    pub(super) fn is_free(&self, place: &Place) -> bool {
        // Anything may stand in the file that tells of it.
        if self.0.len() != DIGITS || !self.0.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return false;
        }
        let name = place.name(&format!("{BRIDGE}{}", self.0));
        // Whoever begins to follow in this moment finds it locked, and looks again.
        let is_there = place.folder().has_file(&name).unwrap_or(false);
        is_there && place.folder().file(&name).is_ok_and(|file| file.try_lock_shared().is_ok())
    }
}
