//! What the tests of the spool's parts have in common.

use super::*;
use crate::config::{Secret, SpoolMode};
use crate::event::{CallEvent, Direction, EventKind};
use crate::number::Numbering;

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn config(&self) -> SpoolConfig {
        SpoolConfig {
            path: self.0.path().join("spool.db"),
            mode: SpoolMode::OnFailure,
            max_events: 100,
            max_bytes: 1_000_000,
            max_age: DAY,
            max_age_answer: DAY,
            held_timeout: Duration::from_secs(1),
            policy: SpoolPolicy::Refuse,
        }
    }

    pub fn open(&self) -> Spool {
        open(&self.config()).unwrap()
    }

    pub fn open_for(&self, url: &str) -> Spool {
        let endpoint = Endpoint::new(&Secret::new(url), None).unwrap();
        Spool::open(&self.config(), &endpoint, Duration::from_secs(5)).unwrap()
    }
}

pub fn open(config: &SpoolConfig) -> Result<Spool, SpoolError> {
    let url = Secret::new("https://zammad.example.com/api/v1/cti/TOKEN-of-27-characters");
    Spool::open(config, &Endpoint::new(&url, None).unwrap(), Duration::from_secs(5))
}

pub fn event(kind: EventKind, call_id: &str) -> CallEvent {
    let from = Numbering::default().read("493023125741").ok();
    CallEvent { from, ..CallEvent::new(kind, call_id.parse().unwrap(), Direction::Inbound) }
}

pub fn keep(spool: &mut Spool, kind: EventKind, call_id: &str) -> Position {
    keep_at(spool, kind, call_id, Moment::now())
}

pub fn keep_at(spool: &mut Spool, kind: EventKind, call_id: &str, now: Moment) -> Position {
    spool.keep(&entry(&event(kind, call_id), None), &Past::default(), now).unwrap().unwrap()
}

pub fn entry(event: &CallEvent, key: Option<&str>) -> Entry {
    Entry { event: event.clone(), key: key.map(str::to_owned), answered: None, course: None }
}

/// Enters an event before which there is nothing.
pub fn begin(spool: &mut Spool, event: &CallEvent, key: Option<&str>, now: Moment) {
    let entered = spool.enter(&entry(event, key), Order::InTurn, Begun::Noted, None, now).unwrap();
    assert_eq!(entered, (Earlier::Nothing, None));
}

/// Goes on with an event that waits, as a flusher does.
pub fn next(spool: &mut Spool, position: Position) -> Waiting {
    match spool.next(position, Moment::now()).unwrap() {
        Next::Send { waiting, .. } | Next::InDoubt { waiting, .. } | Next::TooOld { waiting, .. } => waiting,
        Next::Gone => panic!("{position:?} is gone"),
    }
}

pub fn dead() -> Note {
    Note::Dead(Rest { reason: "a reason".to_owned(), outcome: None })
}

/// The calls whose next events are due, and these.
pub fn due(spool: &mut Spool) -> Vec<(String, EventKind)> {
    let due = spool.due(Moment::now(), 100).unwrap();
    due.into_iter().map(|waiting| (waiting.event.call_id.to_string(), waiting.event.kind)).collect()
}

pub fn call(spool: &mut Spool, call_id: &str) -> Option<Call> {
    spool.call(&Which::Id(call_id.parse().unwrap()), Moment::now()).unwrap()
}
