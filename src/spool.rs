//! Events that wait for Zammad, and the calls that this machine has reported: one SQLite file.
//!
//! An event is kept until Zammad has it, or until it is given up, which leaves it among the dead
//! letters with its reason. Of the events of a call only one is next; whoever sends it has the
//! call's turn, so it is under way once. Nothing here sends.
//!
//! What is kept survives a power cut; what is only noted, such as that an event arrived, survives
//! the end of a process.

mod damage;
mod enter;
mod file;
mod journal;
mod letters;
mod moment;
mod next;
mod note;
mod operations;
mod overview;
mod place;
mod regular;
mod schema;
mod shared;
mod waiting;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rusqlite::Connection;

pub(crate) use damage::set_aside;
pub(crate) use enter::{Earlier, Entry, Order};
use file::Durable;
pub use journal::{Call, CallNumber, Ending, Which};
pub use letters::{Attempt, Chosen, Letter};
pub use moment::Moment;
use next::MaxAge;
pub(crate) use next::Next;
pub(crate) use note::{Doubt, Note, Rest};
pub use overview::{Held, Overview, Totals};
pub(crate) use place::{Place, folder_of, is_begun};
pub use shared::SharedSpool;
pub(crate) use waiting::{Past, Waiting};
pub use waiting::{Position, State};

use crate::config::{Endpoint, SpoolConfig, SpoolPolicy};

#[cfg(fuzzing)]
pub mod reached;

/// An open spool.
/// [`Courier`](crate::delivery::Courier) and [`Flusher`](crate::delivery::Flusher) work on it; this is how to look into
/// it, and to decide about what is at rest.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use zammad_cti::config::{Config, Secret, Settings, SpoolSettings};
/// use zammad_cti::spool::{Chosen, Moment, Spool, State};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let settings = Settings {
///     url: Some(Secret::new("https://zammad.example.com/api/v1/cti/TOKEN")),
///     spool: SpoolSettings { path: Some(folder.path().join("spool.db")), ..SpoolSettings::default() },
///     ..Settings::default()
/// };
/// let config = Config::try_from(settings)?;
/// let limits = config.spool.as_ref().expect("it is configured above");
/// let mut spool = Spool::open(limits, config.endpoint()?, Duration::from_secs(1))?;
/// let totals = spool.totals(Moment::now())?;
/// assert_eq!((totals.waiting, totals.unconfirmed, totals.dead, totals.open_calls), (0, 0, 0, 0));
/// // Sends once more what was given up.
/// spool.retry(&Chosen::State(State::Dead), Moment::now())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Spool {
    db: Connection,
    /// whether its changes wait for the disk, if that is known
    durable: Option<Durable>,
    /// pages beside the file after the last change
    aside: Arc<AtomicU32>,
    path: PathBuf,
    place: Place,
    inode: Option<u64>,
    patience: Duration,
    limits: Limits,
    /// which Zammad, as several may share a file
    address: String,
}

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy)]
struct Limits {
    events: u64,
    bytes: u64,
    policy: SpoolPolicy,
    max_age: MaxAge,
}

impl From<&SpoolConfig> for Limits {
    fn from(config: &SpoolConfig) -> Self {
        let max_age = MaxAge { answer: config.max_age_answer, others: config.max_age };
        Self { events: config.max_events, bytes: config.max_bytes, policy: config.policy, max_age }
    }
}

impl Limits {
    fn times(self, share: u64) -> Self {
        let Self { events, bytes, .. } = self;
        Self { events: events.saturating_mul(share), bytes: bytes.saturating_mul(share), ..self }
    }
}

/// Why something cannot be kept, or is not to be had.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
pub enum SpoolError {
    /// The file or its folder cannot be had.
    #[error("the spool {} cannot be used", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// SQLite cannot go on.
    #[error("the spool {}", path.display())]
    Database { path: PathBuf, source: DatabaseError },
    /// Its schema is of a release after this one.
    #[error("the spool {} is of a newer release, and is left alone", path.display())]
    Newer { path: PathBuf },
    /// It is no spool.
    #[error("the spool {} is another program's file, and is left alone", path.display())]
    Foreign { path: PathBuf },
    /// A limit is reached, and `spool.policy` is to refuse.
    #[error("the spool is full: {events} events of {bytes} bytes wait in it")]
    Full { events: u64, bytes: u64 },
    /// Others have it, or the disk hangs.
    #[error("the spool {} does not answer in time", path.display())]
    Slow { path: PathBuf },
    /// A bug.
    #[error("the event cannot be written down")]
    Event(#[source] serde_json::Error),
}

/// What SQLite said.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseError(rusqlite::Error);

impl Spool {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which Zammad this is about: its host, and the path before its API.
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn failed(place: &Place, source: rusqlite::Error) -> SpoolError {
    SpoolError::Database { path: place.path(""), source: DatabaseError(source) }
}

fn trouble(place: &Place, source: std::io::Error) -> SpoolError {
    SpoolError::File { path: place.path(""), source }
}

/// What tells one Zammad from another on disk, without its token. A server that gets TLS, another
/// port or another token is the same one; on this machine each port may be another sandbox.
pub(crate) fn address(endpoint: &Endpoint) -> String {
    let root = endpoint.api("");
    let port = if endpoint.is_loopback() { root.port_or_known_default() } else { None };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = root.path().trim_end_matches('/').trim_end_matches("/api/v1");
    format!("{}{port}{path}", endpoint.host())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::config::{Secret, SpoolMode};
    use crate::event::{CallEvent, Direction, EventKind};
    use crate::number::Numbering;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    pub(super) struct Folder(tempfile::TempDir);

    impl Folder {
        pub(crate) fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        pub(crate) fn config(&self) -> SpoolConfig {
            SpoolConfig {
                path: self.0.path().join("spool.db"),
                mode: SpoolMode::OnFailure,
                max_events: 100,
                max_bytes: 1_000_000,
                max_age: DAY,
                max_age_answer: DAY,
                policy: SpoolPolicy::Refuse,
            }
        }

        pub(crate) fn open(&self) -> Spool {
            open(&self.config()).unwrap()
        }

        pub(crate) fn open_for(&self, url: &str) -> Spool {
            let endpoint = Endpoint::new(&Secret::new(url), None).unwrap();
            Spool::open(&self.config(), &endpoint, Duration::from_secs(5)).unwrap()
        }
    }

    pub(super) fn open(config: &SpoolConfig) -> Result<Spool, SpoolError> {
        let url = Secret::new("https://zammad.example.com/api/v1/cti/TOKEN-of-27-characters");
        Spool::open(config, &Endpoint::new(&url, None).unwrap(), Duration::from_secs(5))
    }

    pub(super) fn event(kind: EventKind, call_id: &str) -> CallEvent {
        let from = Numbering::default().read("493023125741").ok();
        CallEvent { from, ..CallEvent::new(kind, call_id.parse().unwrap(), Direction::Inbound) }
    }

    pub(super) fn keep(spool: &mut Spool, kind: EventKind, call_id: &str) -> Position {
        keep_at(spool, kind, call_id, Moment::now())
    }

    pub(super) fn keep_at(spool: &mut Spool, kind: EventKind, call_id: &str, now: Moment) -> Position {
        spool.keep(&entry(&event(kind, call_id), None), &Past::default(), now).unwrap().unwrap()
    }

    fn entry(event: &CallEvent, key: Option<&str>) -> Entry {
        Entry { event: event.clone(), key: key.map(str::to_owned), answered: None }
    }

    /// Enters an event before which there is nothing.
    pub(super) fn begin(spool: &mut Spool, event: &CallEvent, key: Option<&str>, now: Moment) {
        assert_eq!(spool.enter(&entry(event, key), Order::InTurn, now).unwrap(), Earlier::Nothing);
    }

    /// Goes on with an event that waits, as a flusher does.
    fn next(spool: &mut Spool, position: Position) -> Waiting {
        match spool.next(position, Moment::now()).unwrap() {
            Next::Send { waiting, .. } | Next::InDoubt { waiting, .. } | Next::TooOld { waiting, .. } => {
                waiting
            }
            Next::Gone => panic!("{position:?} is gone"),
        }
    }

    fn dead() -> Note {
        Note::Dead(Rest { reason: "a reason".to_owned(), outcome: None })
    }

    /// The calls whose next events are due, and these.
    pub(super) fn due(spool: &mut Spool) -> Vec<(String, EventKind)> {
        let due = spool.due(Moment::now(), 100).unwrap();
        due.into_iter().map(|waiting| (waiting.event.call_id.to_string(), waiting.event.kind)).collect()
    }

    pub(super) fn call(spool: &mut Spool, call_id: &str) -> Option<Call> {
        spool.call(&Which::Id(call_id.parse().unwrap()), Moment::now()).unwrap()
    }

    #[test]
    fn of_a_call_one_event_is_next_whoever_was_faster() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let hangup = keep(&mut spool, Hangup, "7");
        assert_eq!(due(&mut spool), [("7".to_owned(), Hangup)]);
        let new_call = keep(&mut spool, NewCall, "7");
        let answer = keep(&mut spool, Answer, "7");
        for (next, position) in [(NewCall, new_call), (Answer, answer), (Hangup, hangup)] {
            assert_eq!(due(&mut spool), [("7".to_owned(), next)]);
            assert_eq!(self::next(&mut spool, position).event.kind, next);
            spool.note(position, &Note::Arrived, Moment::now()).unwrap();
            assert!(matches!(spool.next(position, Moment::now()).unwrap(), Next::Gone), "{next}");
        }
        assert!(due(&mut spool).is_empty());
        assert_eq!(spool.totals(Moment::now()).unwrap().waiting, 0);
    }

    #[test]
    fn what_is_read_is_what_was_kept() {
        let folder = Folder::new();
        let kept = CallEvent {
            users: vec![crate::event::Name::voicemail()],
            cause: Some(crate::cause::Cause::Raw("a \"cause\"".to_owned())),
            force_user: true,
            ..event(EventKind::Hangup, "a 'call'")
        };
        let entry = Entry { answered: Some(true), ..entry(&kept, Some("key")) };
        folder.open().keep(&entry, &Past::default(), Moment::now()).unwrap();
        let mut spool = folder.open();
        let found = spool.due(Moment::now(), 1).unwrap().pop().unwrap();
        assert_eq!(found.event, kept);
        assert_eq!(found.answered, Some(true));
    }

    #[test]
    fn the_next_event_of_a_call_knows_of_an_answer_that_went_before_it() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let hangup = keep(&mut spool, EventKind::Hangup, "7");
        assert_eq!(next(&mut spool, hangup).answered, None);
        let now = Moment::now();
        begin(&mut spool, &event(EventKind::Answer, "8"), None, now);
        let other = keep(&mut spool, EventKind::Hangup, "8");
        assert_eq!(next(&mut spool, other).answered, Some(true));
        assert_eq!(next(&mut spool, hangup).answered, None);
    }

    #[test]
    fn fresh_calls_go_before_what_has_waited_and_then_the_oldest() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        for (call_id, seconds) in [("old", 300), ("older", 200), ("fresh", 30), ("fresher", 1)] {
            keep_at(&mut spool, EventKind::NewCall, call_id, now.before(Duration::from_secs(seconds)));
        }
        let calls: Vec<_> = due(&mut spool).into_iter().map(|(call_id, _)| call_id).collect();
        assert_eq!(calls, ["fresh", "fresher", "old", "older"]);
    }

    #[test]
    fn an_event_that_is_put_off_is_due_again_also_by_a_clock_that_was_set_back() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let position = keep(&mut spool, EventKind::NewCall, "7");
        let now = Moment::now();
        spool.note(position, &Note::PutOff { pause: Duration::from_secs(60) }, now).unwrap();
        let is_due = |spool: &mut Spool, now| !spool.due(now, 1).unwrap().is_empty();
        assert!(!is_due(&mut spool, now));
        assert_eq!(spool.next_due(now).unwrap(), Some(Duration::from_secs(60)));
        assert!(is_due(&mut spool, now.after(Duration::from_secs(60))));
        assert!(is_due(&mut spool, Moment { wall: now.before(DAY).wall, ..now }));
    }

    #[test]
    fn a_crash_during_an_attempt_leaves_a_doubt() {
        let folder = Folder::new();
        let position = {
            let mut spool = folder.open();
            let position = keep(&mut spool, EventKind::Hangup, "7");
            assert!(!next(&mut spool, position).uncertain);
            position
        };
        let mut spool = folder.open();
        let found = next(&mut spool, position);
        assert!(found.uncertain);
        assert_eq!(found.attempts, 1);
        // An attempt whose outcome is known leaves none.
        let refused = Note::Failed { doubt: Doubt::No, outcome: "refused".to_owned(), pause: None };
        spool.note(position, &refused, Moment::now()).unwrap();
        let other = keep(&mut spool, EventKind::Hangup, "8");
        next(&mut spool, other);
        spool.note(other, &refused, Moment::now()).unwrap();
        assert!(!next(&mut spool, other).uncertain);
    }

    #[test]
    fn what_is_full_refuses_or_drops_the_oldest_and_counts_it() {
        let folder = Folder::new();
        let limited = |policy| SpoolConfig { max_events: 2, policy, ..folder.config() };
        let mut spool = open(&limited(SpoolPolicy::Refuse)).unwrap();
        let first = keep(&mut spool, EventKind::NewCall, "1");
        keep(&mut spool, EventKind::NewCall, "2");
        let third = entry(&event(EventKind::NewCall, "3"), None);
        let refused = spool.keep(&third, &Past::default(), Moment::now());
        assert!(matches!(refused, Err(SpoolError::Full { events: 2, .. })), "{refused:?}");
        // Without its end a call that is kept would ring for ever.
        let hangup = keep(&mut spool, EventKind::Hangup, "2");
        spool.note(hangup, &Note::Arrived, Moment::now()).unwrap();
        // What was given up makes room.
        spool.note(first, &dead(), Moment::now()).unwrap();
        keep(&mut spool, EventKind::NewCall, "3");
        let mut spool = open(&limited(SpoolPolicy::DropOldest)).unwrap();
        keep(&mut spool, EventKind::NewCall, "4");
        let calls: Vec<_> = due(&mut spool).into_iter().map(|(call_id, _)| call_id).collect();
        assert_eq!(calls, ["3", "4"]);
        let totals = spool.totals(Moment::now()).unwrap();
        assert_eq!((totals.ever_refused, totals.ever_dropped, totals.waiting), (1, 2, 2));
        let mut spool = open(&SpoolConfig { max_bytes: 10, ..folder.config() }).unwrap();
        let refused = spool.keep(&third, &Past::default(), Moment::now());
        assert!(matches!(refused, Err(SpoolError::Full { .. })), "{refused:?}");
    }

    #[test]
    fn the_journal_knows_a_call_until_a_day_after_its_end() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let then = now.before(DAY + Duration::from_secs(60));
        begin(&mut spool, &event(NewCall, "7"), Some("SIP/1"), then);
        let open = spool.call(&Which::Key("SIP/1".to_owned()), now).unwrap().unwrap();
        assert_eq!((open.call_id.as_str(), open.answered, open.ending), ("7", false, Ending::None));
        begin(&mut spool, &event(Answer, "7"), None, then);
        assert!(call(&mut spool, "7").unwrap().answered);
        begin(&mut spool, &event(Hangup, "7"), None, then);
        assert_eq!(call(&mut spool, "7").unwrap().ending, Ending::Begun);
        assert_eq!(spool.open_calls(CallNumber(0), 10, now).unwrap().len(), 1);
        spool.settle(&event(Hangup, "7"), true, then).unwrap();
        assert_eq!(call(&mut spool, "7").unwrap().ending, Ending::Reported);
        assert!(spool.open_calls(CallNumber(0), 10, now).unwrap().is_empty());
        for call_id in 8..40 {
            begin(&mut spool, &event(NewCall, &call_id.to_string()), Some("SIP/1"), now);
        }
        assert!(call(&mut spool, "7").is_none());
        let latest = spool.call(&Which::Key("SIP/1".to_owned()), now).unwrap().unwrap();
        assert_eq!(latest.call_id.as_str(), "39");
    }

    #[test]
    fn an_event_enters_behind_what_waits_and_not_beside_another_hangup() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        begin(&mut spool, &event(NewCall, "begun"), None, now);
        begin(&mut spool, &event(Hangup, "begun"), None, now);
        keep(&mut spool, NewCall, "waits");
        keep(&mut spool, Hangup, "ended");
        // (the event, whether its call was answered, its order, what it finds)
        let cases = [
            (event(NewCall, "new"), None, Order::InTurn, Earlier::Nothing),
            (event(Answer, "late"), None, Order::Late, Earlier::EventsOfItsCall),
            (event(Answer, "waits"), None, Order::InTurn, Earlier::EventsOfItsCall),
            (event(Hangup, "ended"), None, Order::Late, Earlier::SameEvent),
            (event(Hangup, "begun"), None, Order::InTurn, Earlier::PerhapsSameEvent),
            (event(Hangup, "begun"), Some(true), Order::InTurn, Earlier::Nothing),
        ];
        for (event, answered, order, found) in cases {
            let entry = Entry { event, key: None, answered };
            assert_eq!(spool.enter(&entry, order, now).unwrap(), found, "{entry:?}");
        }
        assert!(call(&mut spool, "new").is_some());
        assert!(call(&mut spool, "late").is_none(), "what does not go at once is not noted as begun");
        // A journal that takes no note keeps no event from going, and a look still tells.
        spool.db.execute_batch("PRAGMA query_only = ON").unwrap();
        for (call_id, found) in [("other", Earlier::Nothing), ("waits", Earlier::EventsOfItsCall)] {
            let answer = entry(&event(Answer, call_id), None);
            assert_eq!(spool.enter(&answer, Order::InTurn, now).unwrap(), found, "{call_id}");
        }
    }

    #[test]
    fn a_call_that_zammad_refused_is_not_open_and_one_whose_hangup_was_given_up_is() {
        use EventKind::{Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        begin(&mut spool, &event(NewCall, "7"), None, now);
        spool.settle(&event(NewCall, "7"), false, now).unwrap();
        assert!(call(&mut spool, "7").is_none());
        begin(&mut spool, &event(NewCall, "8"), None, now);
        let hangup = keep(&mut spool, Hangup, "8");
        assert_eq!(call(&mut spool, "8").unwrap().ending, Ending::Reported);
        spool.note(hangup, &dead(), now).unwrap();
        assert_eq!(call(&mut spool, "8").unwrap().ending, Ending::None);
    }

    #[test]
    fn a_file_of_a_newer_release_or_of_another_program_is_left_alone() {
        let folder = Folder::new();
        let path = folder.config().path;
        keep(&mut folder.open(), EventKind::NewCall, "7");
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 1000).unwrap();
        drop(newer);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(&folder.config()), Err(SpoolError::Newer { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        std::fs::remove_file(&path).unwrap();
        let foreign = Connection::open(&path).unwrap();
        foreign.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
        drop(foreign);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(&folder.config()), Err(SpoolError::Foreign { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let config = SpoolConfig { path: folder.0.path().join("config.toml"), ..folder.config() };
        std::fs::write(&config.path, "url = \"https://zammad.example.com\"").unwrap();
        for path in [path, config.path.clone()] {
            let open_to_all = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
            std::fs::set_permissions(&path, open_to_all).unwrap();
            let opened = open(&SpoolConfig { path: path.clone(), ..config.clone() });
            assert!(matches!(opened, Err(SpoolError::Foreign { .. })), "{path:?}");
            assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o644, "{path:?}");
        }
    }

    #[test]
    fn a_damaged_file_is_set_aside_with_what_cannot_be_read() {
        let folder = Folder::new();
        let path = folder.config().path;
        let mut spool = open(&SpoolConfig { max_events: 10_000, ..folder.config() }).unwrap();
        for call in 0..500 {
            keep(&mut spool, EventKind::NewCall, &call.to_string());
        }
        spool.empty_wal().unwrap();
        let pages = std::fs::metadata(&path).unwrap().len() / 4096;
        // In the middle of the events, and the other process has it open.
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &[0xA5; 4096], pages / 2 * 4096).unwrap();
        let mut other = folder.open();
        let mut seen = 0;
        while let Some(waiting) = other.due(Moment::now(), 1).unwrap().pop() {
            other.note(waiting.position, &Note::Arrived, Moment::now()).unwrap();
            seen += 1;
        }
        let totals = other.totals(Moment::now()).unwrap();
        assert_eq!(totals.ever_damaged, 1);
        assert!((400..500).contains(&seen), "{seen} of 500 events");
        // The one that had the old file goes on with the new one.
        let position = keep(&mut spool, EventKind::Hangup, "499");
        assert_eq!(next(&mut other, position).event.kind, EventKind::Hangup);
        let aside = std::fs::read_dir(folder.0.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            name.starts_with("spool.db.damaged-") && !name.contains("-wal") && !name.contains("-shm")
        });
        assert_eq!(aside.count(), 1);
    }

    #[test]
    fn a_text_that_is_no_event_is_given_up_alone() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let broken = keep(&mut spool, EventKind::NewCall, "7");
        keep(&mut spool, EventKind::NewCall, "8");
        spool.db.execute("UPDATE event SET text = '{\"kind\":' WHERE position = ?", [broken.0]).unwrap();
        assert_eq!(due(&mut spool), [("8".to_owned(), EventKind::NewCall)]);
        let totals = spool.totals(Moment::now()).unwrap();
        assert_eq!((totals.waiting, totals.dead), (1, 1));
    }

    #[test]
    fn nobody_else_reads_it_and_no_token_is_in_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let config = SpoolConfig { path: folder.0.path().join("sub/spool.db"), ..folder.config() };
        let mut spool = open(&config).unwrap();
        keep(&mut spool, EventKind::NewCall, "7");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let sub = config.path.parent().unwrap();
        assert_eq!(mode(sub), 0o700);
        let files: Vec<_> = std::fs::read_dir(sub).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{file:?}");
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(8).any(|window| window == b"TOKEN-of"), "{file:?}");
        }
        // Also one that was made readable.
        std::fs::set_permissions(&config.path, std::fs::Permissions::from_mode(0o644)).unwrap();
        open(&config).unwrap();
        assert_eq!(mode(&config.path), 0o600);
    }
}
