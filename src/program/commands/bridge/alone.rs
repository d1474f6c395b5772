//! One bridge for a phone system: a second one with the same spool would report each of its calls once more.
//!
//! Whoever follows has locked a file beside the spool, and the operating system takes the lock away when that process
//! ends, however it ends. So the next one can begin at once, and nothing has to be cleaned up.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;

use crate::client::in_full;
use crate::config::{Config, SpoolConfig};
use crate::program::commands::daemon::{Daemon, Why, Wish};
use crate::program::commands::watched::Watched;
use crate::program::exit_code::AnotherBridge;
use crate::program::output;
use crate::spool::{self, BridgeLock, Place};

/// What whoever holds a file writes into it is shorter.
const LONGEST: usize = 64;

/// No other process follows this phone system with this spool until it is dropped.
pub struct Alone {
    /// what the calls of this bridge are known by in the journal
    key: String,
    /// the phone system, for people
    whom: String,
    held: Option<Held>,
}

struct Held {
    /// which Zammad, as several may share a spool
    address: String,
    /// its lock
    _file: File,
}

/// After that time it is looked once more whether another process really has the lock.
const AGAIN: Duration = Duration::from_millis(50);

/// How often it is looked whether the other process is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Alone {
    /// Waits until no other process follows the phone system: systemd would start this one again every few seconds.
    /// `None`: somebody wants it to end before.
    ///
    /// # Errors
    ///
    /// The operating system does not let this process listen for signals.
    pub async fn wait(
        another: AnotherBridge,
        begin: impl Fn() -> Result<Self, AnotherBridge>,
    ) -> anyhow::Result<Option<Self>> {
        log::warn!("{}; it waits until that one ends", in_full(&another));
        // What is in them by then is read when its turn has come.
        let mut daemon = Daemon::begin(Watched::default())?;
        daemon.is_ready(&format!("waits: {}", in_full(&another)));
        loop {
            tokio::select! {
                () = sleep(LOOK_EVERY) => if let Ok(alone) = begin() {
                    log::info!("the other bridge has ended");
                    return Ok(Some(alone));
                },
                wish = daemon.next() => match wish {
                    Wish::End => return Ok(None),
                    Wish::Reload(Why::Asked | Why::Changed) => {}
                },
            }
        }
    }

    /// Of a bridge whose calls have this key, and which follows `whom`. Without a spool nobody knows of anybody.
    ///
    /// # Errors
    ///
    /// Another process does so.
    pub fn begin(config: &Config, key: &str, whom: &str) -> Result<Self, AnotherBridge> {
        let mut alone = Self { key: key.to_owned(), whom: whom.to_owned(), held: None };
        alone.follow(config)?;
        Ok(alone)
    }

    /// From now on this configuration counts, which may name another Zammad.
    ///
    /// # Errors
    ///
    /// Another process reports to it already; then what was held is still held.
    pub fn follow(&mut self, config: &Config) -> Result<(), AnotherBridge> {
        let Some((spool, endpoint)) = config.spool.as_ref().zip(config.endpoint().ok()) else {
            self.held = None;
            return Ok(());
        };
        let address = spool::address(endpoint);
        if self.held.as_ref().is_some_and(|held| held.address == address) {
            return Ok(());
        }
        match self.hold(spool, &address) {
            Ok(file) => self.held = Some(Held { address, _file: file }),
            Err(Refusal::Another(another)) => return Err(another),
            // Calls are followed all the same.
            Err(Refusal::NoLock(error)) => {
                self.held = None;
                log::warn!("nobody is kept from following {} a second time: {}", self.whom, in_full(&error));
            }
        }
        Ok(())
    }

    fn hold(&self, spool: &SpoolConfig, address: &str) -> Result<File, Refusal> {
        let place = Place::open(&spool.path)?;
        let lock = BridgeLock::of(&self.key, address);
        let (mut file, mut is_held) = lock.hold(&place)?;
        if !is_held {
            // `check` has it for the moment in which it looks whether anybody has.
            std::thread::sleep(AGAIN);
            (file, is_held) = lock.hold(&place)?;
        }
        if !is_held {
            return Err(Refusal::Another(AnotherBridge { whom: self.whom.clone(), who: signed(&file) }));
        }
        // Only for people.
        let _ = sign(&file);
        Ok(file)
    }
}

/// Why a file is not held.
enum Refusal {
    Another(AnotherBridge),
    /// It cannot be had, or cannot be locked.
    NoLock(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::NoLock(error)
    }
}

/// Says in a file whose it is: the number of the process, and since when, in seconds.
fn sign(file: &File) -> io::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    file.set_len(0)?;
    file.write_all_at(format!("{} {since}\n", std::process::id()).as_bytes(), 0)
}

/// Whose it is. Others of the spool's group may have written anything.
fn signed(file: &File) -> Option<String> {
    let mut text = [0; LONGEST];
    let length = file.read_at(&mut text, 0).ok()?;
    let (process, since) = std::str::from_utf8(&text[..length]).ok()?.trim().split_once(' ')?;
    let process: u32 = process.parse().ok()?;
    let since: u32 = since.parse().ok()?;
    Some(format!("process {process}, since {}", output::time(UNIX_EPOCH + Duration::from_secs(since.into()))))
}
