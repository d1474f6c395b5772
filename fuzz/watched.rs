//! What follows from what a phone system says, watched: each call is told of in its order, and has its end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use zammad_cti::bridge::source::Heard;
use zammad_cti::bridge::tracker::{CallNumber, Followed, Rules, Tracker};
use zammad_cti::event::{CallId, EventKind};

use crate::is_harmless;

/// A tracker, whose events are looked at.
pub struct Watched {
    pub tracker: Tracker,
    /// the time since it began
    pub now: Duration,
    calls: HashMap<CallNumber, Told>,
    ids: HashSet<String>,
}

/// What was told of a call.
#[derive(Default)]
struct Told {
    id: String,
    answers: usize,
    voicemails: usize,
    has_ended: bool,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            tracker: Tracker::new(Rules::default()),
            now: Duration::ZERO,
            calls: HashMap::new(),
            ids: HashSet::new(),
        }
    }
}

impl Watched {
    /// Takes in what was understood, and hands over what is to be asked.
    pub fn hear<Request>(&mut self, heard: Vec<Heard<Request>>) -> Vec<Request> {
        let mut requests = Vec::new();
        for heard in heard {
            match heard {
                Heard::Fact(fact) => self.tracker.hear(fact, self.now),
                Heard::Standing(legs) => self.tracker.compare(&legs, self.now),
                Heard::Seen(legs) => self.tracker.see(&legs, self.now),
                Heard::Ask(request) => requests.push(request),
                Heard::Remark(_) | Heard::Rights(_) | Heard::Passed(_) | Heard::Repeated(_) => {}
            }
        }
        self.look();
        requests
    }

    /// Lets time go by, as the program does: it wakes when something is due.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.tracker.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.tracker.pass(self.now);
        }
        self.now = end;
        self.tracker.pass(end);
        self.look();
    }

    fn look(&mut self) {
        let followed: Vec<Followed> = self.tracker.followed().collect();
        for followed in followed {
            let Followed::Event(call, event) = followed else { continue };
            assert!(event.call_id.parse::<CallId>().is_ok(), "{event:?}");
            assert!(is_harmless(&event.call_id), "{event:?}");
            if event.event == EventKind::NewCall {
                assert!(self.ids.insert(event.call_id.clone()), "it is another call's: {event:?}");
                let told = Told { id: event.call_id, ..Told::default() };
                assert!(self.calls.insert(call, told).is_none(), "it began before");
                continue;
            }
            let told = self.calls.get_mut(&call).expect("its newCall comes first");
            assert_eq!(told.id, event.call_id);
            assert!(!told.has_ended, "it was over: {event:?}");
            match event.event {
                EventKind::Answer if event.voicemail => told.voicemails += 1,
                EventKind::Answer => told.answers += 1,
                EventKind::Hangup => told.has_ended = true,
                EventKind::NewCall => {}
            }
            assert!(told.answers <= 1 && told.voicemails <= 1, "it is said twice: {event:?}");
        }
    }

    /// Nothing is there any more, and so nothing is open.
    pub fn assert_over(&self) {
        assert_eq!(self.tracker.open(), 0);
        assert!(self.calls.values().all(|told| told.has_ended));
    }
}
