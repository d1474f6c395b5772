//! The turn of an event: newCall, answer and hangup of one call are reported by processes of their
//! own, started milliseconds apart, and are to reach Zammad in that order.
//!
//! A folder holds a file for each of [`SLOTS`] hashes of a call. Whoever delivers an event has
//! locked the file of its call, and the operating system takes the lock away from whoever dies. The
//! file says which events of the call had their turn; if the lock is free these are over, however
//! they ended. If one is missing it may be about to come, and later events wait for it for a moment,
//! without the lock.
//!
//! Nothing in the folder has to be cleaned up: there are never more files, none becomes longer than
//! two kilobytes, and a hangup takes its call out.
//!
//! No event is lost, or delayed for longer than its sender allows, because it has no turn.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown,
};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cause::HangupCause;
use crate::config::{Config, SpoolMode};
use crate::event::{CallEvent, CallId, EventKind};
use crate::spool;

/// How many files there are at most, and calls that do not get in each other's way.
pub const SLOTS: u64 = 4096;

/// The calls of a file; with one more the oldest falls out.
const MAX_CALLS: usize = 32;

/// A file's text is shorter than this, in bytes.
const MAX_TEXT: usize = 2048;

/// The first line of a file.
const VERSION: &str = "zammad-cti turns 1";

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

/// Gives events their turns.
#[derive(Debug)]
pub struct Turns {
    /// the first that can be used is
    folders: Vec<PathBuf>,
    /// the spool beside which the folder is
    spool: Option<PathBuf>,
    /// `None`: no folder can be used, and events go at once
    found: OnceLock<Option<Folder>>,
    /// what the hash of each call begins with
    endpoint: u64,
    complained: AtomicBool,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Of its files, that of a group's spool is the group's.
    mode: u32,
}

impl Turns {
    /// The turns of all that report to the same Zammad for the same user, or by way of the same
    /// spool. No file is touched before the first turn is taken.
    ///
    /// `runtime` is the user's folder for what does not outlive a session, if there is one. It is
    /// the first choice where the configuration names no folder, and there is no spool.
    pub fn open(config: &Config, runtime: Option<&Path>) -> Self {
        let spool = config.spool.as_ref().filter(|spool| spool.mode != SpoolMode::Never);
        let spool = spool.map(|spool| spool.path.clone()).filter(|_| config.lock_dir.is_none());
        let folders = match (&config.lock_dir, &spool) {
            (Some(named), _) => vec![named.clone()],
            (None, Some(spool)) => {
                let mut name = spool.clone().into_os_string();
                name.push(".turns");
                vec![name.into()]
            }
            (None, None) => default_folders(runtime),
        };
        // Without its token, which is not to be found out from what is on disk.
        let endpoint = config.endpoint().map(spool::address).unwrap_or_default();
        let endpoint = hash(FNV_OFFSET, endpoint.as_bytes());
        Self { folders, spool, found: OnceLock::new(), endpoint, complained: AtomicBool::new(false) }
    }

    fn folder(&self) -> Option<&Folder> {
        let find = || {
            let mut mode = 0o600;
            if let Some(spool) = &self.spool {
                // What is wrong with it, the folder of the turns meets with too.
                let folder = spool::prepare_folder(spool).unwrap_or_default();
                if folder.is_some_and(|folder| spool::is_of_group(folder).unwrap_or_default()) {
                    mode = 0o660;
                }
            }
            let mut complaints = Vec::new();
            for folder in &self.folders {
                // With a slash at its end a link would be followed.
                let folder = folder.components().as_path();
                match prepare(folder, mode) {
                    Ok(()) => return Some(Folder { path: folder.to_owned(), mode }),
                    Err(error) => complaints.push(format!("{}: {error}", folder.display())),
                }
            }
            self.complain(&complaints.join("; "));
            None
        };
        self.found.get_or_init(find).as_ref()
    }

    /// Waits for the turn of an event, at most until then, and then does without.
    ///
    /// `answered` is what the sender knows of the call; where it does not, the hangup's cause tells.
    pub async fn take(&self, event: &CallEvent, answered: Option<bool>, until: Instant) -> Turn {
        let mut asking = self.ask(event, answered, until);
        loop {
            match asking {
                Asking::Has(turn) => return turn,
                Asking::Waits(waiting, pause) => {
                    tokio::time::sleep(pause).await;
                    asking = waiting.ask_again();
                }
            }
        }
    }

    /// The same for a thread of its own, which may outlive everybody who waits for it.
    pub fn take_in_thread(&self, event: &CallEvent, answered: Option<bool>, until: Instant) -> Turn {
        let mut asking = self.ask(event, answered, until);
        loop {
            match asking {
                Asking::Has(turn) => return turn,
                Asking::Waits(waiting, pause) => {
                    std::thread::sleep(pause);
                    asking = waiting.ask_again();
                }
            }
        }
    }

    fn ask<'a>(&'a self, event: &'a CallEvent, answered: Option<bool>, until: Instant) -> Asking<'a> {
        let call = self.call(&event.call_id);
        let step = Step::of(event, answered);
        let file = match self.slot(call) {
            Ok(Some(file)) => file,
            Ok(None) => return Asking::Has(Turn(Hold::Nothing)),
            Err(error) => {
                self.complain(&error.to_string());
                return Asking::Has(Turn(Hold::Nothing));
            }
        };
        let until = if step == Step::NewCall { until.min(Instant::now() + NEW_CALL_WAITS) } else { until };
        Waiting { turns: self, event, call, step, file, until, seen: None, pause: SHORTEST_PAUSE }.ask_again()
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
                let mut slot = Slot::read(&file);
                slot.calls.take_turn(call, Step::of(event, answered));
                if let Err(error) = slot.write(&file) {
                    self.complain(&format!("a file in it cannot be written: {error}"));
                }
                Some(Turn(Hold::Lock(file)))
            }
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => {
                self.complain(&format!("a file in it cannot be locked: {error}"));
                Some(Turn(Hold::Nothing))
            }
        }
    }

    fn call(&self, call_id: &CallId) -> u64 {
        hash(self.endpoint, call_id.as_str().as_bytes())
    }

    /// The file of a call, if there is a folder.
    fn slot(&self, call: u64) -> io::Result<Option<File>> {
        let Some(Folder { path: folder, mode }) = self.folder() else { return Ok(None) };
        let path = folder.join(format!("{:03x}", call % SLOTS));
        let open = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(*mode)
                .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
                .open(&path)
        };
        open()
            .or_else(|error| match error.kind() {
                // The folder was there, and somebody has tidied up since.
                ErrorKind::NotFound => prepare(folder, *mode).and_then(|()| open()),
                _ => Err(error),
            })
            .inspect(|file| give_to_group(file, *mode))
            .and_then(|file| match spool::owner_to_be(&path)? {
                Some((user, group)) => fchown(&file, Some(user), Some(group)).map(|()| Some(file)),
                None => Ok(Some(file)),
            })
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// Once is enough for all events.
    fn complain(&self, reason: &str) {
        if !self.complained.swap(true, Ordering::Relaxed) {
            log::warn!("no lock_dir to keep the events of a call in order, so they go at once: {reason}");
        }
    }
}

/// What an event that wants its turn hears.
enum Asking<'a> {
    Has(Turn),
    /// It is to ask again after that pause.
    Waits(Waiting<'a>, Duration),
}

/// An event that waits for its turn.
struct Waiting<'a> {
    turns: &'a Turns,
    event: &'a CallEvent,
    call: u64,
    step: Step,
    file: File,
    until: Instant,
    /// what its call had when it was last seen, and since when
    seen: Option<(Had, Instant)>,
    pause: Duration,
}

impl<'a> Waiting<'a> {
    fn ask_again(mut self) -> Asking<'a> {
        let now = Instant::now();
        match self.file.try_lock() {
            Ok(()) => {
                let mut slot = Slot::read(&self.file);
                let had = slot.calls.had(self.call);
                let since = match self.seen {
                    Some((before, since)) if before == had => since,
                    _ => now,
                };
                if now >= self.until || now - since >= self.step.patience(had) {
                    slot.calls.take_turn(self.call, self.step);
                    if let Err(error) = slot.write(&self.file) {
                        self.turns.complain(&format!("a file in it cannot be written: {error}"));
                    }
                    return Asking::Has(Turn(Hold::Lock(self.file)));
                }
                self.seen = Some((had, since));
                // Whoever cannot unlock it loses it with the file, at the latest.
                let _ = self.file.unlock();
            }
            Err(TryLockError::WouldBlock) if now < self.until => {}
            Err(TryLockError::WouldBlock) => {
                let Self { event, call, step, file, .. } = self;
                let level = if step == Step::NewCall { log::Level::Debug } else { log::Level::Warn };
                log::log!(
                    level,
                    "the {} of call {} waits no longer for another event that is on its way",
                    event.kind,
                    event.call_id
                );
                return Asking::Has(Turn(Hold::Late { file, call, step }));
            }
            Err(TryLockError::Error(error)) => {
                self.turns.complain(&format!("a file in it cannot be locked: {error}"));
                return Asking::Has(Turn(Hold::Nothing));
            }
        }
        let pause = self.pause.min(self.until.saturating_duration_since(now));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Asking::Waits(self, pause)
    }
}

/// A process's mask may have kept a file that it began from the group, which it is for.
fn give_to_group(file: &File, mode: u32) {
    let is_kept = |metadata: std::fs::Metadata| metadata.mode() & 0o777 != mode;
    if is_of_group(mode) && file.metadata().is_ok_and(is_kept) {
        // Only its owner can; whoever cannot has opened it all the same.
        let _ = file.set_permissions(Permissions::from_mode(mode));
    }
}

/// An event's turn, until it is dropped.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Turn(Hold);

#[derive(Debug)]
enum Hold {
    Lock(File),
    /// it went without the lock, so its turn has not been noted
    Late {
        file: File,
        call: u64,
        step: Step,
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
            Hold::Lock(_) | Hold::Nothing => false,
        }
    }

    /// Says that the event was tried to the end. One that went without the lock is noted now, if
    /// that can be done at once.
    pub fn settle(self) {
        match self.0 {
            Hold::Lock(file) => drop(file),
            Hold::Late { file, call, step } => {
                if file.try_lock().is_ok() {
                    let mut slot = Slot::read(&file);
                    slot.calls.note(call, step);
                    if let Err(error) = slot.write(&file) {
                        log::debug!("a late turn cannot be noted: {error}");
                    }
                }
            }
            Hold::Nothing => {}
        }
    }
}

/// An event as far as its turn depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    NewCall,
    Answer,
    /// of a call that nobody answered, as far as is known
    Hangup,
    HangupOfAnswered,
}

impl Step {
    fn of(event: &CallEvent, answered: Option<bool>) -> Self {
        let cause = || {
            event.cause.as_ref().is_some_and(|cause| cause.as_str() == HangupCause::NormalClearing.as_str())
        };
        match event.kind {
            EventKind::NewCall => Self::NewCall,
            EventKind::Answer => Self::Answer,
            EventKind::Hangup if answered.unwrap_or_else(cause) => Self::HangupOfAnswered,
            EventKind::Hangup => Self::Hangup,
        }
    }

    /// How long it leaves the lock to an event that may be about to come, after those that had
    /// their turn.
    fn patience(self, had: Had) -> Duration {
        match (self, had) {
            // Zammad knows the call, or this event's predecessor has waited in vain.
            (Self::NewCall, _) | (_, Had { answer: true, .. }) => Duration::ZERO,
            (Self::Answer | Self::Hangup, Had { new_call: true, .. }) => Duration::ZERO,
            (Self::HangupOfAnswered, Had { new_call: true, .. }) => FOR_ANSWER,
            (Self::Answer | Self::Hangup, Had { new_call: false, .. }) => FOR_NEW_CALL,
            (Self::HangupOfAnswered, Had { new_call: false, .. }) => FOR_NEW_CALL + BEHIND_ANSWER,
        }
    }
}

/// The events of a call that had their turn. After the hangup nothing is left to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Had {
    new_call: bool,
    answer: bool,
}

/// The calls of one file, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Calls(Vec<(u64, Had)>);

impl Calls {
    fn had(&self, call: u64) -> Had {
        self.0.iter().find(|(other, _)| *other == call).map(|(_, had)| *had).unwrap_or_default()
    }

    /// A newCall begins a call anew, whatever another one with its id has left.
    fn take_turn(&mut self, call: u64, step: Step) {
        if step == Step::NewCall {
            self.forget(call);
        }
        self.note(call, step);
    }

    fn note(&mut self, call: u64, step: Step) {
        let mut had = self.had(call);
        self.forget(call);
        match step {
            Step::NewCall => had.new_call = true,
            Step::Answer => had.answer = true,
            Step::Hangup | Step::HangupOfAnswered => return,
        }
        if self.0.len() >= MAX_CALLS {
            self.0.remove(0);
        }
        self.0.push((call, had));
    }

    fn forget(&mut self, call: u64) {
        self.0.retain(|(other, _)| *other != call);
    }

    /// `None` for what this release has not written.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next() != Some(VERSION) {
            return None;
        }
        let calls = lines.map(|line| {
            let digits = |call: &str| call.len() == 16 && call.bytes().all(|byte| byte.is_ascii_hexdigit());
            let (call, had) = line.split_once(' ').filter(|(call, _)| digits(call))?;
            let had = match had {
                "newCall" => Had { new_call: true, answer: false },
                "answer" => Had { new_call: false, answer: true },
                "newCall,answer" => Had { new_call: true, answer: true },
                _ => return None,
            };
            Some((u64::from_str_radix(call, 16).ok()?, had))
        });
        calls.collect::<Option<Vec<_>>>().map(Self)
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(f, "{VERSION}")?;
        for (call, Had { new_call, answer }) in &self.0 {
            let comma = if *new_call && *answer { "," } else { "" };
            let (new_call, answer) =
                (if *new_call { "newCall" } else { "" }, if *answer { "answer" } else { "" });
            writeln!(f, "{call:016x} {new_call}{comma}{answer}")?;
        }
        Ok(())
    }
}

/// What is in a locked file.
struct Slot {
    calls: Calls,
    /// bytes
    length: usize,
}

impl Slot {
    /// What cannot be read or understood counts as empty: it costs a moment's waiting, no event.
    fn read(file: &File) -> Self {
        let mut text = [0; MAX_TEXT];
        let length = file.read_at(&mut text, 0).unwrap_or(MAX_TEXT);
        let calls = text.get(..length).and_then(|text| str::from_utf8(text).ok()).and_then(Calls::parse);
        Self { calls: calls.unwrap_or_default(), length }
    }

    fn write(&self, file: &File) -> io::Result<()> {
        let text = self.calls.to_string();
        if !text.is_empty() {
            file.write_all_at(text.as_bytes(), 0)?;
        }
        // On a RAM disk an empty file takes no memory.
        if text.len() < self.length { file.set_len(text.len() as u64) } else { Ok(()) }
    }
}

/// Where the files are if nobody says: folders that a restart empties, and then one that is always
/// there.
fn default_folders(runtime: Option<&Path>) -> Vec<PathBuf> {
    let own = format!("zammad-cti-{}", rustix::process::geteuid().as_raw());
    let runtime = runtime.map(|runtime| runtime.join("zammad-cti"));
    runtime.into_iter().chain(["/run/lock", "/tmp"].map(|shared| Path::new(shared).join(&own))).collect()
}

/// Sees to it that the folder is there, and nobody else's; or the group's, if `mode` is for its files.
///
/// Where everybody may write, anybody may have put a folder or a link of that name.
fn prepare(folder: &Path, mode: u32) -> io::Result<()> {
    let of_group = is_of_group(mode);
    let metadata = match folder.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match DirBuilder::new().mode(0o700).create(folder) {
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Ok(()) if of_group => std::fs::set_permissions(folder, Permissions::from_mode(0o2770))?,
                created => created?,
            }
            if let (Some(_), Some((user, group))) = (owner_of_private(folder), spool::owner_to_be(folder)?) {
                lchown(folder, Some(user), Some(group))?;
            }
            folder.symlink_metadata()?
        }
        metadata => metadata?,
    };
    let mode = metadata.mode() & 0o7777;
    let user = rustix::process::geteuid();
    // Root looks after what is another user's.
    let is_ours = metadata.uid() == user.as_raw()
        || (user.is_root() && owner_of_private(folder) == Some(metadata.uid()));
    let only_ours = is_ours && mode & 0o777 == 0o700;
    if metadata.is_dir() && (only_ours || (of_group && mode == 0o2770)) {
        Ok(())
    } else {
        Err(io::Error::other("it is no folder of this user with mode 0700"))
    }
}

/// Who owns the folder where this one is, if nobody but him, and root, can put anything there.
fn owner_of_private(folder: &Path) -> Option<u32> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let metadata = parent.metadata().ok()?;
    (metadata.mode() & 0o022 == 0).then_some(metadata.uid())
}

/// Whether files of this mode are a group's.
fn is_of_group(mode: u32) -> bool {
    mode & 0o060 != 0
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same in every process and every release, and all the bytes of a short text count.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::cause::Cause;
    use crate::config::Settings;
    use crate::event::Direction;

    const RANG: Had = Had { new_call: true, answer: false };
    const ANSWERED: Had = Had { new_call: true, answer: true };
    const ONLY_ANSWERED: Had = Had { new_call: false, answer: true };

    #[test]
    fn an_event_waits_for_what_may_be_about_to_come_and_for_nothing_else() {
        let nothing = Had::default();
        // (event, events that had their turn, milliseconds)
        let cases = [
            (Step::NewCall, nothing, 0),
            (Step::NewCall, ANSWERED, 0),
            (Step::Answer, nothing, 100),
            (Step::Answer, RANG, 0),
            (Step::Answer, ANSWERED, 0),
            (Step::Answer, ONLY_ANSWERED, 0),
            (Step::Hangup, nothing, 100),
            (Step::Hangup, RANG, 0),
            (Step::Hangup, ONLY_ANSWERED, 0),
            (Step::HangupOfAnswered, nothing, 150),
            (Step::HangupOfAnswered, RANG, 500),
            (Step::HangupOfAnswered, ANSWERED, 0),
            (Step::HangupOfAnswered, ONLY_ANSWERED, 0),
        ];
        for (step, had, patience) in cases {
            assert_eq!(step.patience(had), Duration::from_millis(patience), "{step:?} after {had:?}");
        }
    }

    #[test]
    fn a_hangup_is_of_an_answered_call_if_its_sender_or_else_its_cause_says_so() {
        let hangup = |cause: Option<&str>| CallEvent {
            cause: cause.map(|cause| Cause::Read(cause.parse().unwrap())),
            ..CallEvent::new(EventKind::Hangup, "7".parse().unwrap(), Direction::Inbound)
        };
        // (cause, what the sender knows, step)
        let cases = [
            (None, None, Step::Hangup),
            (None, Some(true), Step::HangupOfAnswered),
            (Some("16"), None, Step::HangupOfAnswered),
            (Some("16"), Some(false), Step::Hangup),
            (Some("cancel"), None, Step::Hangup),
            (Some("cancel"), Some(true), Step::HangupOfAnswered),
        ];
        for (cause, answered, step) in cases {
            assert_eq!(Step::of(&hangup(cause), answered), step, "{cause:?} {answered:?}");
        }
    }

    #[test]
    fn a_file_knows_its_calls_until_their_hangup() {
        let file = tempfile::tempfile().unwrap();
        // (call, event, what is in the file then)
        let cases = [
            (1, Step::NewCall, "0000000000000001 newCall\n"),
            (2, Step::Answer, "0000000000000001 newCall\n0000000000000002 answer\n"),
            (1, Step::Answer, "0000000000000002 answer\n0000000000000001 newCall,answer\n"),
            (2, Step::NewCall, "0000000000000001 newCall,answer\n0000000000000002 newCall\n"),
            (1, Step::HangupOfAnswered, "0000000000000002 newCall\n"),
            (1, Step::Hangup, "0000000000000002 newCall\n"),
            (2, Step::Hangup, ""),
        ];
        for (call, step, expected) in cases {
            let mut slot = Slot::read(&file);
            slot.calls.take_turn(call, step);
            slot.write(&file).unwrap();
            let expected = if expected.is_empty() { String::new() } else { format!("{VERSION}\n{expected}") };
            assert_eq!(text(&file), expected, "{step:?} of {call}");
            assert_eq!(Slot::read(&file).calls, slot.calls, "{step:?} of {call}");
        }
    }

    #[test]
    fn what_is_noted_late_keeps_what_has_come_meanwhile() {
        let mut calls = Calls(vec![(1, ONLY_ANSWERED)]);
        calls.note(1, Step::NewCall);
        assert_eq!(calls.had(1), ANSWERED);
    }

    #[test]
    fn a_file_has_a_most() {
        let file = tempfile::tempfile().unwrap();
        for call in 0..100 {
            for step in [Step::NewCall, Step::Answer] {
                let mut slot = Slot::read(&file);
                slot.calls.take_turn(u64::MAX - call, step);
                slot.write(&file).unwrap();
            }
        }
        let Slot { calls, length } = Slot::read(&file);
        assert!(length < MAX_TEXT, "{length}");
        assert_eq!(calls.0.len(), MAX_CALLS);
        let had = |call| calls.had(u64::MAX - call);
        assert_eq!((had(99), had(68), had(67)), (ANSWERED, ANSWERED, Had::default()));
    }

    #[test]
    fn damage_is_a_new_beginning() {
        let whole = format!("{VERSION}\n0000000000000001 newCall\n0000000000000002 answer\n");
        let mut cases: Vec<_> = (0..whole.len()).map(|end| whole.as_bytes()[..end].to_vec()).collect();
        cases.retain(|case| !case.ends_with(b"\n"));
        cases.extend([
            whole.replace(VERSION, "zammad-cti turns 2").into_bytes(),
            whole.replace("newCall", "newcall").into_bytes(),
            whole.replace("0000000000000001", "1").into_bytes(),
            whole.replace("0000000000000001", "+000000000000001").into_bytes(),
            whole.replace(" answer", "").into_bytes(),
            format!("{whole}\n").into_bytes(),
            vec![0; 10],
            vec![0xff; 5000],
            whole.repeat(100).into_bytes(),
        ]);
        for damaged in cases {
            let what = String::from_utf8_lossy(&damaged).into_owned();
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&damaged, 0).unwrap();
            let mut slot = Slot::read(&file);
            assert_eq!(slot.calls, Calls::default(), "{what:?}");
            slot.calls.take_turn(3, Step::NewCall);
            slot.write(&file).unwrap();
            assert_eq!(text(&file), format!("{VERSION}\n0000000000000003 newCall\n"), "{what:?}");
        }
    }

    #[test]
    fn a_folder_that_everybody_may_write_to_is_the_last_choice() {
        let user = rustix::process::geteuid().as_raw();
        let shared =
            [format!("/run/lock/zammad-cti-{user}"), format!("/tmp/zammad-cti-{user}")].map(PathBuf::from);
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

    fn text(file: &File) -> String {
        let mut text = vec![0; 10_000];
        let length = file.read_at(&mut text, 0).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    }
}
