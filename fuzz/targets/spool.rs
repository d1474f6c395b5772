//! Events on their way through the spool, with the journal of their calls: a line for each, as `send`
//! reads it. The line `arrives` has the next one that is due arrive, and `dies`, with a reason behind it,
//! has it given up.

#![no_main]

use std::cell::RefCell;
use std::time::Duration;

use fuzz::config;
use libfuzzer_sys::fuzz_target;
use zammad_cti::config::{SpoolConfig, SpoolMode, SpoolPolicy};
use zammad_cti::event::{CallEvent, CallId, EventKind, WrittenEvent};
use zammad_cti::number::Numbering;
use zammad_cti::spool::reached::{arrived, due, forget, given_up, keep};
use zammad_cti::spool::{Chosen, Moment, Position, Spool, Which};

/// More than a call has.
const MOST: usize = 12;

thread_local! {
    static SPOOL: RefCell<Spool> = RefCell::new(open());
}

fn open() -> Spool {
    let folder = std::env::temp_dir().join(format!("zammad-cti-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let limits = SpoolConfig {
        path: folder.join("spool.db"),
        mode: SpoolMode::Always,
        max_events: 1000,
        max_bytes: 1_000_000,
        max_age: Duration::from_secs(60),
        max_age_answer: Duration::from_secs(60),
        held_timeout: Duration::from_secs(1),
        policy: SpoolPolicy::Refuse,
    };
    let zammad = config("http://127.0.0.1");
    Spool::open(&limits, zammad.endpoint().expect("there is one"), Duration::from_secs(2)).expect("a spool")
}

fuzz_target!(|text: &str| {
    SPOOL.with_borrow_mut(|spool| {
        let mut kept = Kept::default();
        for line in text.lines().take(MOST) {
            if line == "arrives" {
                kept.next(spool, |spool, position| arrived(spool, position).expect("it did"));
            } else if let Some(reason) = line.strip_prefix("dies ") {
                kept.next(spool, |spool, position| {
                    given_up(spool, position, reason).expect("it is given up");
                    let letter = spool.letter(position, Moment::now()).expect("the spool can be read");
                    assert_eq!(letter.expect("it is there").0.reason.as_deref(), Some(reason));
                });
            } else if let Some(event) = read(line) {
                kept.keep(spool, event);
            }
        }
        // All that is left comes out as it went in.
        while kept.next(spool, |spool, position| arrived(spool, position).expect("it did")) {}
        assert!(kept.waiting.is_empty(), "{:?}", kept.waiting);
        kept.forget(spool);
    });
});

fn read(line: &str) -> Option<CallEvent> {
    let written: WrittenEvent = serde_json::from_str(line).ok()?;
    written.read(&Numbering::default(), None).ok().map(|read| read.event)
}

/// What the spool should have.
#[derive(Default)]
struct Kept {
    waiting: Vec<(Position, CallEvent)>,
    calls: Vec<CallId>,
}

impl Kept {
    fn keep(&mut self, spool: &mut Spool, event: CallEvent) {
        let is_second = event.kind == EventKind::Hangup
            && self
                .waiting
                .iter()
                .any(|(_, other)| other.kind == event.kind && other.call_id == event.call_id);
        let key = format!("key of {}", event.call_id);
        let position = keep(spool, &event, &key).expect("room");
        self.calls.push(event.call_id.clone());
        let Some(position) = position else {
            return assert_eq!(event.kind, EventKind::Hangup);
        };
        assert!(!is_second, "a second hangup hides a missed call");
        // The journal knows the call by both its names.
        for which in [Which::Id(event.call_id.clone()), Which::Key(key)] {
            let call = spool.call(&which, Moment::now()).expect("the journal can be read");
            let is_here = call.is_some_and(|call| call.call_id == event.call_id);
            assert!(is_here || event.kind == EventKind::Hangup, "{which:?}");
        }
        self.waiting.push((position, event));
    }

    /// Does something with the event that is due first; tells whether there is one.
    fn next(&mut self, spool: &mut Spool, with: impl FnOnce(&mut Spool, Position)) -> bool {
        let due = due(spool, 2 * MOST).expect("the spool can be read");
        // One of each call, and that the first of it.
        let mut calls: Vec<_> = self.waiting.iter().map(|(_, event)| event.call_id.as_str()).collect();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(due.len(), calls.len());
        for (position, event) in &due {
            let of_call = self.waiting.iter().filter(|(_, other)| other.call_id == event.call_id);
            let first = of_call.min_by_key(|(position, other)| (other.kind, *position)).expect("it was kept");
            assert_eq!((position, event), (&first.0, &first.1));
        }
        let Some((first, _)) = due.first() else { return false };
        self.waiting.retain(|(position, _)| position != first);
        with(spool, *first);
        true
    }

    fn forget(self, spool: &mut Spool) {
        spool.drop_events(&Chosen::All, Moment::now()).expect("they are dropped");
        for call_id in self.calls {
            forget(spool, &call_id).expect("it is forgotten");
        }
    }
}
