//! The turn of an event: newCall, answer and hangup of one call are reported by processes of their
//! own, started milliseconds apart, and are to reach Zammad in that order.
//!
//! A folder holds a file for each of [`SLOTS`] hashes of a call. Whoever delivers an event has
//! locked the file of its call, and the operating system takes the lock away from whoever dies. The
//! file says which events of the call had their turn; if the lock is free these are over, however
//! they ended. If one is missing it may be about to come, and later events wait for it for a moment,
//! without the lock.
//!
//! The file also says of which calls Zammad has taken the newCall: what it says of a later event is to be understood
//! by that.
//!
//! Nothing in the folder has to be cleaned up: there are never more files, none becomes longer than
//! two kilobytes, and a hangup takes its call out, unless Zammad is not known to have it.
//!
//! No event is lost, or delayed for longer than its sender allows, because it has no turn.

mod slot;

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use rustix::fs::{Access, access};
use slot::{Calls, Had, Slot, TurnKind};

use crate::config::{Config, SpoolMode};
use crate::event::{CallEvent, CallId};
use crate::folder::Folder;
use crate::spool::{self, Place, folder_of};

/// How many files there are at most, and calls that do not get in each other's way.
pub const SLOTS: u64 = 4096;

/// A newCall waits for no event before it. What it may meet is another call with the same slot, or
/// an event of its own that has given up waiting for it.
const NEW_CALL_WAITS: Duration = Duration::from_millis(20);

/// How long an event waits for a newCall of which nothing is seen: its process may have been started
/// a moment ago and be slower.
const FOR_NEW_CALL: Duration = Duration::from_millis(100);

/// So much longer waits the hangup of an answered call: if both give up, its answer goes first.
const BEHIND_ANSWER: Duration = Duration::from_millis(50);

/// How long the hangup of an answered call waits for an answer of which nothing is seen. Zammad
/// ignores an answer after the hangup, and shows the call as missed.
const FOR_ANSWER: Duration = Duration::from_millis(500);

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// What the name of the turns' folder ends with, where it is beside a spool.
const BESIDE_SPOOL: &str = ".turns";

/// Gives events their turns.
#[derive(Debug)]
pub struct Turns {
    /// the first that can be used is
    candidates: Vec<Candidate>,
    /// `None`: no folder can be used, and events go at once
    found: OnceLock<Option<Found>>,
    /// what the hash of each call begins with
    endpoint: u64,
    complained: AtomicBool,
}

/// Where the folder may be.
#[derive(Debug, Clone)]
enum Candidate {
    /// a folder of this user's
    Own(PathBuf),
    /// beside this spool, and its group's if the spool is
    Beside(PathBuf),
}

/// The folder that is used, and where another one is begun when somebody has tidied up.
#[derive(Debug)]
struct Found {
    candidate: Candidate,
    folder: Mutex<Arc<Folder>>,
}

impl Turns {
    /// The turns of all that report to the same Zammad for the same user, or by way of the same
    /// spool. No file is touched before the first turn is taken.
    ///
    /// `runtime` is the user's folder for what does not outlive a session, if there is one. It is
    /// the first choice where the configuration names no folder, and there is no spool.
    pub fn open(config: &Config, runtime: Option<&Path>) -> Self {
        let spool = config.spool.as_ref().filter(|spool| spool.mode != SpoolMode::Never);
        let candidates = match (&config.lock_dir, spool) {
            (Some(named), _) => vec![Candidate::Own(named.clone())],
            (None, Some(spool)) => vec![Candidate::Beside(spool.path.clone())],
            (None, None) => default_folders(runtime).into_iter().map(Candidate::Own).collect(),
        };
        // Without its token, which is not to be found out from what is on disk.
        let endpoint = config.endpoint().map(spool::address).unwrap_or_default();
        let endpoint = hash(FNV_OFFSET, endpoint.as_bytes());
        Self { candidates, found: OnceLock::new(), endpoint, complained: AtomicBool::new(false) }
    }

    fn found(&self) -> Option<&Found> {
        let find = || {
            let first = self.first(|candidate| {
                let folder = Mutex::new(Arc::new(candidate.open()?));
                Ok(Found { candidate: candidate.clone(), folder })
            });
            first.map_err(|complaint| self.complain(&complaint)).ok()
        };
        self.found.get_or_init(find).as_ref()
    }

    /// Why no event can have a turn, if none can. Begins nothing.
    pub fn complaint(&self) -> Option<String> {
        self.first(Candidate::may_be_had).err()
    }

    /// The first candidate that does, or what each of them meets with.
    fn first<T>(&self, work: impl Fn(&Candidate) -> io::Result<T>) -> Result<T, String> {
        let mut complaints = Vec::new();
        for candidate in &self.candidates {
            match work(candidate) {
                Ok(found) => return Ok(found),
                Err(error) => complaints.push(format!("{}: {error}", candidate.path().display())),
            }
        }
        Err(complaints.join("; "))
    }

    /// Waits for the turn of an event, at most until then, and then does without.
    ///
    /// `answered` is what the sender knows of the call; where it does not, the hangup's cause tells.
    pub async fn take(&self, event: &CallEvent, answered: Option<bool>, until: Instant) -> Turn {
        self.take_sleeping(event, answered, until, tokio::time::sleep).await
    }

    /// The same in a thread of its own, which may outlive the event loop of whoever waits for it.
    pub fn take_in_thread(&self, event: &CallEvent, answered: Option<bool>, until: Instant) -> Turn {
        let sleep = async |pause| std::thread::sleep(pause);
        let taken = self.take_sleeping(event, answered, until, sleep).now_or_never();
        taken.expect("it sleeps without giving the thread away")
    }

    async fn take_sleeping(
        &self,
        event: &CallEvent,
        answered: Option<bool>,
        until: Instant,
        sleep: impl AsyncFn(Duration),
    ) -> Turn {
        let call = self.call(&event.call_id);
        let kind = TurnKind::of(event, answered);
        let file = match self.slot(call) {
            Ok(Some(file)) => file,
            Ok(None) => return Turn(Hold::Nothing),
            Err(error) => {
                self.complain(&error.to_string());
                return Turn(Hold::Nothing);
            }
        };
        let until =
            if kind == TurnKind::NewCall { until.min(Instant::now() + NEW_CALL_WAITS) } else { until };
        let mut seen = None;
        let mut pause = SHORTEST_PAUSE;
        loop {
            let now = Instant::now();
            match file.try_lock() {
                Ok(()) => {
                    let slot = Slot::read(&file);
                    let had = slot.calls.had(call);
                    let since = match seen {
                        Some((before, since)) if before == had => since,
                        _ => now,
                    };
                    if now >= until || now - since >= patience(kind, had) {
                        return self.begin(file, slot, call, kind);
                    }
                    seen = Some((had, since));
                    // Whoever cannot unlock it loses it with the file, at the latest.
                    let _ = file.unlock();
                }
                Err(TryLockError::WouldBlock) if now < until => {}
                Err(TryLockError::WouldBlock) => {
                    let level = if kind == TurnKind::NewCall { log::Level::Debug } else { log::Level::Warn };
                    log::log!(
                        level,
                        "the {} of call {} no longer waits for another event on its way",
                        event.kind,
                        event.call_id
                    );
                    return Turn(Hold::Late { file, call, kind });
                }
                Err(TryLockError::Error(error)) => {
                    self.complain(&format!("a file in it cannot be locked: {error}"));
                    return Turn(Hold::Nothing);
                }
            }
            sleep(pause.min(until.saturating_duration_since(now))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The turn of an event that has waited in the spool, unless another event of its call is on its
    /// way.
    pub fn try_take(&self, event: &CallEvent, answered: Option<bool>) -> Option<Turn> {
        let call = self.call(&event.call_id);
        let file = match self.slot(call) {
            Ok(Some(file)) => file,
            Ok(None) => return Some(Turn(Hold::Nothing)),
            Err(error) => {
                self.complain(&error.to_string());
                return Some(Turn(Hold::Nothing));
            }
        };
        match file.try_lock() {
            Ok(()) => {
                let slot = Slot::read(&file);
                Some(self.begin(file, slot, call, TurnKind::of(event, answered)))
            }
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => {
                self.complain(&format!("a file in it cannot be locked: {error}"));
                Some(Turn(Hold::Nothing))
            }
        }
    }

    /// The turn of an event that has locked the file of its call.
    fn begin(&self, file: File, mut slot: Slot, call: u64, kind: TurnKind) -> Turn {
        let had = slot.calls.had(call);
        slot.calls.take_turn(call, kind);
        if let Err(error) = slot.write(&file) {
            self.complain(&format!("a file in it cannot be written: {error}"));
        }
        Turn(Hold::Lock { file, slot, call, kind, had })
    }

    fn call(&self, call_id: &CallId) -> u64 {
        hash(self.endpoint, call_id.as_str().as_bytes())
    }

    /// The file of a call, if there is a folder.
    fn slot(&self, call: u64) -> io::Result<Option<File>> {
        let Some(found) = self.found() else { return Ok(None) };
        let name = format!("{:03x}", call % SLOTS);
        let folder = found.folder();
        let opened = match folder.file(name.as_ref()) {
            // The folder was there, and somebody has tidied up since.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                found.begin_again().and_then(|folder| folder.file(name.as_ref()))
            }
            opened => opened,
        };
        let path = || folder.path().join(&name);
        opened
            .map(Some)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path().display())))
    }

    /// Once is enough for all events.
    fn complain(&self, reason: &str) {
        if !self.complained.swap(true, Ordering::Relaxed) {
            log::warn!(
                "no lock_dir to keep the events of a call in order, so they are sent at once: \
                {reason}"
            );
        }
    }
}

impl Candidate {
    fn path(&self) -> &Path {
        match self {
            Self::Own(path) | Self::Beside(path) => path,
        }
    }

    fn open(&self) -> io::Result<Folder> {
        match self {
            Self::Own(path) => Folder::open_private(path),
            Self::Beside(spool) => {
                let place = Place::open(spool)?;
                place.folder().subfolder(&place.name(BESIDE_SPOOL))
            }
        }
    }

    /// Whether it is there, or could be begun.
    fn may_be_had(&self) -> io::Result<()> {
        match self {
            Self::Own(path) if path.symlink_metadata().is_ok() => self.open()?.has_locks(),
            Self::Own(path) => Ok(access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK)?),
            // The folder is begun with the first event.
            Self::Beside(spool) if folder_of(spool).symlink_metadata().is_err() => Ok(()),
            Self::Beside(spool) => match Place::open(spool) {
                Ok(place) if place.path(BESIDE_SPOOL).symlink_metadata().is_ok() => {
                    place.folder().subfolder(&place.name(BESIDE_SPOOL))?.has_locks()
                }
                // What is wrong with the spool's own folder is told of the spool.
                Ok(_) | Err(_) => Ok(()),
            },
        }
    }
}

impl Found {
    fn folder(&self) -> Arc<Folder> {
        // Nothing is done while it is locked that could leave half of it.
        self.folder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn begin_again(&self) -> io::Result<Arc<Folder>> {
        let folder = Arc::new(self.candidate.open()?);
        *self.folder.lock().unwrap_or_else(PoisonError::into_inner) = folder.clone();
        Ok(folder)
    }
}

/// An event's turn, until it is dropped.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Turn(Hold);

#[derive(Debug)]
enum Hold {
    Lock {
        file: File,
        slot: Slot,
        call: u64,
        kind: TurnKind,
        /// the events of the call before this one
        had: Had,
    },
    /// it went without the lock, so its turn has not been noted
    Late {
        file: File,
        call: u64,
        kind: TurnKind,
    },
    Nothing,
}

impl Turn {
    /// That of an event which goes without.
    pub fn none() -> Self {
        Self(Hold::Nothing)
    }

    /// Whether it went without the lock, because others had it for too long.
    pub fn is_late(&self) -> bool {
        match self.0 {
            Hold::Late { .. } => true,
            Hold::Lock { .. } | Hold::Nothing => false,
        }
    }

    /// Whether nobody else sends an event of its call before it ends, also if that is by a crash.
    pub fn is_held(&self) -> bool {
        match self.0 {
            Hold::Lock { .. } => true,
            Hold::Late { .. } | Hold::Nothing => false,
        }
    }

    /// Whether Zammad is known to have its call's newCall.
    pub fn is_of_taken_call(&self) -> bool {
        match &self.0 {
            Hold::Lock { kind, had, .. } => *kind != TurnKind::NewCall && had.taken,
            Hold::Late { .. } | Hold::Nothing => false,
        }
    }

    /// Says that Zammad has the event.
    pub fn arrived(mut self) {
        self.end(|calls, call, kind, _| {
            if kind == TurnKind::NewCall {
                calls.taken(call);
            }
        });
    }

    /// Says that the event was tried to the end, and that Zammad is not known to have it. One that went without the
    /// lock is noted now, if that can be done at once.
    pub fn settle(mut self) {
        self.end(Calls::go_on);
    }

    fn end(&mut self, change: impl FnOnce(&mut Calls, u64, TurnKind, Had)) {
        let written = match std::mem::replace(&mut self.0, Hold::Nothing) {
            Hold::Lock { file, mut slot, call, kind, had } => {
                slot.change(&file, |calls| change(calls, call, kind, had))
            }
            Hold::Late { file, call, kind } if file.try_lock().is_ok() => {
                let mut slot = Slot::read(&file);
                let had = slot.calls.had(call);
                slot.change(&file, |calls| {
                    calls.note(call, kind);
                    change(calls, call, kind, had);
                })
            }
            Hold::Late { .. } | Hold::Nothing => Ok(()),
        };
        if let Err(error) = written {
            log::debug!("how a turn ended cannot be noted: {error}");
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.0 {
            Hold::Lock { .. } => self.end(Calls::go_on),
            Hold::Late { .. } | Hold::Nothing => {}
        }
    }
}

/// How long an event leaves the lock to one that may be about to come, after those that had their
/// turn.
fn patience(kind: TurnKind, had: Had) -> Duration {
    match (kind, had) {
        // Zammad knows the call, or this event's predecessor has waited in vain.
        (TurnKind::NewCall, _) | (_, Had { answer: true, .. }) => Duration::ZERO,
        (TurnKind::Answer | TurnKind::Hangup, Had { new_call: true, .. }) => Duration::ZERO,
        (TurnKind::HangupOfAnswered, Had { new_call: true, .. }) => FOR_ANSWER,
        (TurnKind::Answer | TurnKind::Hangup, Had { new_call: false, .. }) => FOR_NEW_CALL,
        (TurnKind::HangupOfAnswered, Had { new_call: false, .. }) => FOR_NEW_CALL + BEHIND_ANSWER,
    }
}

/// Folders in which each user of Zammad's group has one, which the package brings, and nobody else
/// can have put one.
const OF_PACKAGE: &str = "/run/zammad-cti";

/// Where the files are if nobody says: folders that a restart empties, and then one that is always
/// there.
fn default_folders(runtime: Option<&Path>) -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw().to_string();
    let own = format!("zammad-cti-{user}");
    let runtime = runtime.map(|runtime| runtime.join("zammad-cti"));
    let shared = ["/run/lock", "/tmp"].map(|shared| Path::new(shared).join(&own));
    runtime.into_iter().chain([Path::new(OF_PACKAGE).join(user)]).chain(shared).collect()
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same in every process and every release, and all the bytes of a short text count.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::event::{Direction, EventKind};

    const RANG: Had = Had { new_call: true, taken: false, answer: false };
    const ANSWERED: Had = Had { new_call: true, taken: false, answer: true };
    const ONLY_ANSWERED: Had = Had { new_call: false, taken: false, answer: true };

    #[test]
    fn an_event_waits_for_what_may_be_about_to_come_and_for_nothing_else() {
        let nothing = Had::default();
        // (event, events that had their turn, milliseconds)
        let cases = [
            (TurnKind::NewCall, nothing, 0),
            (TurnKind::NewCall, ANSWERED, 0),
            (TurnKind::Answer, nothing, 100),
            (TurnKind::Answer, RANG, 0),
            (TurnKind::Answer, ANSWERED, 0),
            (TurnKind::Answer, ONLY_ANSWERED, 0),
            (TurnKind::Hangup, nothing, 100),
            (TurnKind::Hangup, RANG, 0),
            (TurnKind::Hangup, ONLY_ANSWERED, 0),
            (TurnKind::HangupOfAnswered, nothing, 150),
            (TurnKind::HangupOfAnswered, RANG, 500),
            (TurnKind::HangupOfAnswered, ANSWERED, 0),
            (TurnKind::HangupOfAnswered, ONLY_ANSWERED, 0),
        ];
        for (kind, had, milliseconds) in cases {
            assert_eq!(patience(kind, had), Duration::from_millis(milliseconds), "{kind:?} after {had:?}");
        }
    }

    #[test]
    fn a_folder_that_everybody_may_write_to_is_the_last_choice() {
        let user = rustix::process::geteuid().as_raw();
        let shared = [
            format!("/run/zammad-cti/{user}"),
            format!("/run/lock/zammad-cti-{user}"),
            format!("/tmp/zammad-cti-{user}"),
        ]
        .map(PathBuf::from);
        assert_eq!(default_folders(None), shared);
        let with_own =
            [PathBuf::from("/run/user/7/zammad-cti")].into_iter().chain(shared).collect::<Vec<_>>();
        assert_eq!(default_folders(Some(Path::new("/run/user/7"))), with_own);
    }

    #[test]
    fn a_call_has_the_same_hash_in_every_release() {
        // Test vectors of FNV's authors, http://www.isthe.com/chongo/src/fnv/test_fnv.c
        for (text, expected) in
            [("", FNV_OFFSET), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(hash(FNV_OFFSET, text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn tasks_of_one_process_take_turns_as_well_in_a_folder_that_is_made_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("turns");
        let settings = Settings { lock_dir: Some(folder.clone()), ..Settings::default() };
        let turns = Turns::open(&Config::try_from(settings).unwrap(), None);
        let event = |kind| CallEvent::new(kind, "7".parse().unwrap(), Direction::Inbound);
        let (answer, hangup) = (event(EventKind::Answer), event(EventKind::Hangup));
        let until = Instant::now() + Duration::from_secs(60);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            turns.take(&event(EventKind::NewCall), None, until).await.settle();
            std::fs::remove_dir_all(&folder).unwrap();
            turns.take(&event(EventKind::NewCall), None, until).await.settle();
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
            let answering = turns.take(&answer, None, until).await;
            assert!(turns.take(&hangup, None, until).now_or_never().is_none());
            // As of a task that is given up.
            drop(answering);
            assert!(turns.take(&hangup, None, until).now_or_never().is_some());
        });
    }
}
