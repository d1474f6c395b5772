//! Where the events of a call go when there are several Zammads: decided once, with its newCall, and kept with the call.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::file::Trouble;
use super::{Entry, Limits, Past, Spool, SpoolError, Which, journal, waiting};
use crate::event::{CallId, EventKind};
use crate::spool::Moment;

/// Where the events of a call go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// whose Zammad decides; `None`: that of the configuration itself
    pub profile: Option<String>,
    /// who else gets them
    pub copies: Vec<CopyTo>,
}

/// A Zammad that gets copies, which nobody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyTo {
    /// its profile
    pub profile: String,
    /// as in [`Spool::address`]
    pub address: String,
}

/// What was decided for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptCourse {
    pub(crate) call_id: CallId,
    /// that of the Zammad which its newCall went to
    pub(crate) address: String,
    /// whose Zammad that was; `None`: that of the configuration itself
    pub(crate) profile: Option<String>,
    /// the profiles that get copies
    pub(crate) copies: Vec<String>,
    /// no hangup of it was reported
    pub(crate) is_open: bool,
}

/// Copies of new calls are kept up to this part of what the spool may hold, so that a Zammad that never takes any leaves
/// room for the events that count; those of later events up to the second part, as a call is to get its end.
const OF_NEW_CALLS: u64 = 4;
const OF_LATER_EVENTS: u64 = 2;

impl Spool {
    /// Where the events of a call go, whichever Zammad this spool was opened for; of several calls with one key the
    /// latest. `None`: no route decided about it.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn course(&mut self, which: &Which) -> Result<Option<KeptCourse>, SpoolError> {
        let (column, name) = match which {
            Which::Id(call_id) => ("call_id", call_id.as_str()),
            Which::Key(key) => ("key", key.as_str()),
        };
        let sql = format!(
            "SELECT call_id, address, profile, copies,
                    EXISTS (SELECT 1 FROM call WHERE call.address = route.address
                                AND call.call_id = route.call_id AND ended IS NULL)
             FROM route WHERE {column} = ? ORDER BY number DESC LIMIT 1"
        );
        self.read(|db, _| Ok(db.prepare_cached(&sql)?.query_row([name], kept).optional()?.flatten()))
    }
}

/// `None` for a row that this release has not written.
fn kept(row: &Row) -> rusqlite::Result<Option<KeptCourse>> {
    let (call_id, copies): (String, String) = (row.get(0)?, row.get(3)?);
    let (Ok(call_id), Ok(copies)) = (call_id.parse(), serde_json::from_str(&copies)) else { return Ok(None) };
    let (address, profile, is_open) = (row.get(1)?, row.get(2)?, row.get(4)?);
    Ok(Some(KeptCourse { call_id, address, profile, copies, is_open }))
}

/// Notes where the events of a call go, beside the call itself, and keeps the copies of this one.
pub(super) fn note(
    db: &Transaction,
    address: &str,
    limits: Limits,
    entry: &Entry,
    now: Moment,
) -> Result<(), Trouble> {
    let Some(course) = &entry.course else { return Ok(()) };
    let or = match entry.event.kind {
        EventKind::NewCall => "REPLACE",
        // Its newCall was not reported from here.
        EventKind::Answer => "IGNORE",
        EventKind::Hangup => return copy(db, limits, entry, course, now),
    };
    let copies: Vec<_> = course.copies.iter().map(|to| to.profile.as_str()).collect();
    let copies = serde_json::Value::from(copies).to_string();
    let sql =
        format!("INSERT OR {or} INTO route (call_id, key, address, profile, copies) VALUES (?, ?, ?, ?, ?)");
    let values = params![entry.event.call_id.as_str(), entry.key, address, course.profile, copies];
    db.prepare_cached(&sql)?.execute(values)?;
    copy(db, limits, entry, course, now)
}

/// Keeps the copies of an event. Those for which there is no room are left out, with all that follows in their call.
fn copy(
    db: &Transaction,
    limits: Limits,
    entry: &Entry,
    course: &Course,
    now: Moment,
) -> Result<(), Trouble> {
    let event = &entry.event;
    for CopyTo { address, .. } in &course.copies {
        let (is_wanted, part) = match event.kind {
            EventKind::NewCall => (!is_open(db, address, &event.call_id)?, OF_NEW_CALLS),
            EventKind::Answer => (is_open(db, address, &event.call_id)?, OF_LATER_EVENTS),
            EventKind::Hangup => (
                is_open(db, address, &event.call_id)?
                    && !journal::has_hangup(db, address, event.call_id.as_str())?,
                OF_LATER_EVENTS,
            ),
        };
        // What could be written down in a command line can be written here.
        let Ok(text) = serde_json::to_string(event) else { continue };
        if !is_wanted || !waiting::has_room(db, limits.part(part), &text)? {
            continue;
        }
        journal::note(db, address, event, None, now)?;
        journal::ended(db, address, event, now)?;
        waiting::write(db, address, entry, &text, &Past::default(), now)?;
        waiting::count(db, "kept = kept + 1")?;
    }
    Ok(())
}

/// Whether a call was reported to a Zammad, and has not ended there.
fn is_open(db: &Connection, address: &str, call_id: &CallId) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM call WHERE address = ? AND call_id = ? AND ended IS NULL";
    db.prepare_cached(sql)?.exists([address, call_id.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SpoolConfig;
    use crate::spool::tests::{Folder, due, entry, event, open};
    use crate::spool::{Begun, Chosen, Earlier, Order};

    const TEST: &str = "https://test.example.com/api/v1/cti/TOKEN";

    /// An event of a call that goes to this profile, with a copy for the test system.
    fn routed(kind: EventKind, call_id: &str, profile: &str) -> Entry {
        let copy = CopyTo { profile: "test".to_owned(), address: "test.example.com".to_owned() };
        let course = Course { profile: Some(profile.to_owned()), copies: vec![copy] };
        Entry { course: Some(Box::new(course)), ..entry(&event(kind, call_id), Some("SIP/1")) }
    }

    fn enter(spool: &mut Spool, entry: &Entry) {
        let entered = spool.enter(entry, Order::InTurn, Begun::Noted, None, Moment::now()).unwrap();
        assert_eq!(entered, (Earlier::Nothing, None));
    }

    fn of(spool: &mut Spool, call_id: &str) -> Option<KeptCourse> {
        spool.course(&Which::Id(call_id.parse().unwrap())).unwrap()
    }

    #[test]
    fn where_a_call_goes_is_kept_with_it_and_copies_go_along() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut berlin = folder.open_for("https://berlin.example.com/api/v1/cti/TOKEN");
        enter(&mut berlin, &routed(NewCall, "7", "berlin"));
        // The one who looks need not know where it went, by its key neither.
        let mut other = folder.open();
        let kept = of(&mut other, "7").unwrap();
        assert_eq!(kept.address, "berlin.example.com");
        assert_eq!(
            (kept.profile.as_deref(), kept.copies.as_slice()),
            (Some("berlin"), &["test".to_owned()][..])
        );
        assert!(kept.is_open);
        assert_eq!(other.course(&Which::Key("SIP/1".to_owned())).unwrap(), Some(kept));
        // Of what goes at once, only the copies are in the spool.
        enter(&mut berlin, &routed(Answer, "7", "berlin"));
        enter(&mut berlin, &routed(Hangup, "7", "berlin"));
        berlin.settle(&event(Hangup, "7"), None, true, Moment::now()).unwrap();
        assert_eq!(due(&mut berlin), []);
        let mut test = folder.open_for(TEST);
        assert_eq!(due(&mut test), [("7".to_owned(), NewCall)]);
        assert_eq!(test.totals(Moment::now()).unwrap().waiting, 3);
        assert!(!of(&mut other, "7").unwrap().is_open);
        // A call that is forgotten takes it along.
        berlin.reopen_call(&"7".parse().unwrap()).unwrap();
        berlin.forget(&"7".parse().unwrap()).unwrap();
        assert_eq!(of(&mut other, "7"), None);
    }

    #[test]
    fn an_event_that_is_kept_takes_its_copies_along() {
        use EventKind::{Hangup, NewCall};
        let folder = Folder::new();
        let mut berlin = folder.open_for("https://berlin.example.com/api/v1/cti/TOKEN");
        for kind in [NewCall, Hangup] {
            berlin.keep(&routed(kind, "7", "berlin"), &Past::default(), Moment::now()).unwrap();
        }
        let mut test = folder.open_for(TEST);
        for spool in [&mut berlin, &mut test] {
            assert_eq!(due(spool), [("7".to_owned(), NewCall)], "{}", spool.address());
            let totals = spool.totals(Moment::now()).unwrap();
            assert_eq!((totals.waiting, totals.elsewhere), (4, 2));
        }
    }

    #[test]
    fn copies_that_nobody_takes_leave_room_for_the_events_that_count() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = open(&SpoolConfig { max_events: 8, ..folder.config() }).unwrap();
        let calls = ["1", "2", "3"];
        for kind in [NewCall, Answer, Hangup] {
            calls.iter().for_each(|call_id| enter(&mut spool, &routed(kind, call_id, "berlin")));
        }
        let mut test = folder.open_for(TEST);
        // Two new calls are a quarter, and with what follows of them there is half of it.
        assert_eq!(due(&mut test), [("1".to_owned(), NewCall), ("2".to_owned(), NewCall)]);
        assert_eq!(test.totals(Moment::now()).unwrap().waiting, 4);
        for call_id in ["4", "5", "6", "7"] {
            spool.keep(&entry(&event(NewCall, call_id), None), &Past::default(), Moment::now()).unwrap();
        }
    }

    #[test]
    fn an_id_that_is_used_again_is_decided_about_again() {
        use EventKind::{Hangup, NewCall};
        let folder = Folder::new();
        let mut berlin = folder.open_for("https://berlin.example.com/api/v1/cti/TOKEN");
        enter(&mut berlin, &routed(NewCall, "7", "berlin"));
        enter(&mut berlin, &routed(Hangup, "7", "berlin"));
        berlin.settle(&event(Hangup, "7"), None, true, Moment::now()).unwrap();
        let mut hamburg = folder.open_for("https://hamburg.example.com/api/v1/cti/TOKEN");
        enter(&mut hamburg, &routed(NewCall, "7", "hamburg"));
        let kept = of(&mut berlin, "7").unwrap();
        assert_eq!((kept.profile.as_deref(), kept.is_open), (Some("hamburg"), true));
    }

    #[test]
    fn a_call_whose_events_are_moved_goes_where_they_went() {
        let folder = Folder::new();
        let mut berlin = folder.open_for("https://berlin.example.com/api/v1/cti/TOKEN");
        berlin.keep(&routed(EventKind::NewCall, "7", "berlin"), &Past::default(), Moment::now()).unwrap();
        let mut other = folder.open();
        other.retry(&Chosen::All, Moment::now()).unwrap();
        assert_eq!(of(&mut other, "7").unwrap().address, other.address());
    }
}
