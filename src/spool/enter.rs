//! What an event that is about to be sent finds before it.

use rusqlite::{Connection, OptionalExtension};

use super::file::Durable;
use super::{Course, Moment, Past, Position, Spool, SpoolError, course, journal, waiting};
use crate::event::{CallEvent, CallId, EventKind};
use crate::rules;

/// An event that comes to the spool, with what its sender knows of it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) event: CallEvent,
    /// by which later events may name the call
    pub(crate) key: Option<String>,
    /// whether its call was answered, as far as is known
    pub(crate) answered: Option<bool>,
    /// where the events of its call go, where routes decide
    pub(crate) course: Option<Box<Course>>,
}

/// Whether an event has its call's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    InTurn,
    /// others had it for too long
    Late,
}

/// What stands of an event that goes at once while it is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// that it was begun: its sender sees to the rest
    Noted,
    /// all of it, as under way: whoever finds it after a crash goes on with it
    Kept,
}

/// What an event finds before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    Nothing,
    /// they wait in the spool, or are about to
    EventsOfItsCall,
    SameEvent,
    /// one that was begun, and has no end
    PerhapsSameEvent,
    /// it waited in the spool, and somebody else sends it
    Itself,
}

impl Spool {
    /// Looks what is before an event; if nothing is, the journal notes that the event goes at once, in
    /// one change with a second look, so that no other event of the call comes between.
    ///
    /// With [`Begun::Kept`], the event is in the spool as well, unless that is full; its position is told. It is
    /// there until [`settle`](Self::settle), [`keep`](Self::keep) or [`leave`](Self::leave) says what came of it.
    /// Its call's turn is with whoever sends it, so nobody else does meanwhile.
    ///
    /// An event that was [kept ahead](Self::keep_ahead) is in the spool, at `ahead`. Its place is given up, or taken by that
    /// which is told.
    ///
    /// A journal that takes no note, as on a full disk, keeps no event from going.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(crate) fn enter(
        &mut self,
        entry: &Entry,
        order: Order,
        begun: Begun,
        ahead: Option<Position>,
        now: Moment,
    ) -> Result<(Earlier, Option<Position>), SpoolError> {
        // Who only reads waits for nobody: an event that does not go at once knows it although others
        // have the file for long.
        let seen = match ahead {
            None => self.read(|db, address| before(db, address, entry, order, None))?,
            Some(_) => Earlier::Itself,
        };
        if ahead.is_none() && seen != Earlier::Nothing {
            return Ok((seen, None));
        }
        let text = match (begun, ahead) {
            (Begun::Noted, None) => None,
            (Begun::Kept, _) | (_, Some(_)) => {
                Some(serde_json::to_string(&entry.event).map_err(SpoolError::Event)?)
            }
        };
        let limits = self.limits;
        let entered = self.change(Durable::No, |db, address| {
            if let Some(ahead) = ahead
                && !waiting::take_back(db, address, ahead)?
            {
                return Ok((Earlier::Itself, None));
            }
            let earlier = before(db, address, entry, order, ahead)?;
            if earlier != Earlier::Nothing {
                let again = ahead.and(text.as_deref()).filter(|_| earlier != Earlier::SameEvent);
                let kept = match again {
                    Some(text) => Some(waiting::write(db, address, entry, text, &Past::default(), now)?),
                    None => None,
                };
                return Ok((earlier, kept));
            }
            journal::note(db, address, &entry.event, entry.key.as_deref(), now)?;
            // Its copies are kept as soon as it is itself.
            if ahead.is_none() {
                course::note(db, address, limits, entry, now)?;
            }
            // What waits is not dropped for it: as a rule it is here for a moment.
            let kept = match text.as_deref() {
                Some(text) if begun == Begun::Kept && waiting::has_room(db, limits, text)? => {
                    let past = Past { attempts: 1, under_way: true, ..Past::default() };
                    Some(waiting::write(db, address, entry, text, &past, now)?)
                }
                Some(_) | None => None,
            };
            Ok((earlier, kept))
        });
        Ok(entered.unwrap_or_else(|error| {
            let call_id = &entry.event.call_id;
            log::warn!("call {call_id} is not in the journal: {}", crate::client::in_full(&error));
            (seen, None)
        }))
    }

    /// Keeps an event that is not sent yet, as one of its call or others are on their way, or as there is no connection.
    /// If its sender is killed, whoever sends what waits in the spool sends it. `None`: there is no room, or it is a
    /// second hangup.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn keep_ahead(&mut self, entry: &Entry, now: Moment) -> Result<Option<Position>, SpoolError> {
        let text = serde_json::to_string(&entry.event).map_err(SpoolError::Event)?;
        let limits = self.limits;
        self.change(Durable::No, |db, address| {
            let call_id = entry.event.call_id.as_str();
            let is_hangup = entry.event.kind == EventKind::Hangup;
            if !waiting::has_room(db, limits, &text)?
                || is_hangup && journal::has_hangup(db, address, call_id)?
            {
                return Ok(None);
            }
            // That a hangup was begun is noted once it is.
            if !is_hangup {
                journal::note(db, address, &entry.event, entry.key.as_deref(), now)?;
            }
            course::note(db, address, limits, entry, now)?;
            Ok(Some(waiting::write(db, address, entry, &text, &Past::default(), now)?))
        })
    }

    /// Reads what [`enter`](Self::enter) will ask for, so that it comes from memory then.
    pub(super) fn read_ahead(&mut self, call_id: &CallId) -> Result<(), SpoolError> {
        self.read(|db, address| waiting::has_waiting(db, address, call_id.as_str())).map(drop)
    }
}

/// `ahead`: where it was kept ahead, as later events of its call may be.
fn before(
    db: &Connection,
    address: &str,
    entry: &Entry,
    order: Order,
    ahead: Option<Position>,
) -> rusqlite::Result<Earlier> {
    let call_id = entry.event.call_id.as_str();
    if entry.event.kind == EventKind::Hangup {
        if journal::has_hangup(db, address, call_id)? {
            return Ok(Earlier::SameEvent);
        }
        if has_begun_hangup(db, address, call_id)? && !rules::repeat_is_safe(&entry.event, entry.answered) {
            return Ok(Earlier::PerhapsSameEvent);
        }
    }
    let has_waiting = match ahead {
        None => waiting::has_waiting(db, address, call_id)?,
        Some(ahead) => waiting::has_waiting_before(db, address, &entry.event, ahead)?,
    };
    Ok(if order == Order::Late || has_waiting { Earlier::EventsOfItsCall } else { Earlier::Nothing })
}

/// Whether a hangup of the call was begun, and nobody knows what became of it.
fn has_begun_hangup(db: &Connection, address: &str, call_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT hangup = 1 FROM call WHERE address = ? AND call_id = ? ORDER BY number DESC LIMIT 1";
    let begun = db.prepare_cached(sql)?.query_row([address, call_id], |row| row.get(0)).optional()?;
    Ok(begun.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SpoolConfig, SpoolPolicy};
    use crate::spool::tests::{Folder, begin, call, due, entry, event, keep, open};
    use crate::spool::{Ending, Next};

    fn enter(spool: &mut Spool, entry: &Entry, order: Order) -> Earlier {
        let (earlier, kept) = spool.enter(entry, order, Begun::Noted, None, Moment::now()).unwrap();
        assert_eq!(kept, None);
        earlier
    }

    /// Begins an event that is kept until it has ended.
    fn begin_kept(spool: &mut Spool, kind: EventKind, call_id: &str) -> Option<Position> {
        let entry = entry(&event(kind, call_id), Some("key"));
        let (earlier, kept) = spool.enter(&entry, Order::InTurn, Begun::Kept, None, Moment::now()).unwrap();
        assert_eq!(earlier, Earlier::Nothing);
        kept
    }

    #[test]
    fn an_event_whose_sender_is_killed_is_found_as_an_attempt_without_an_end() {
        for kind in [EventKind::NewCall, EventKind::Answer, EventKind::Hangup] {
            let folder = Folder::new();
            let position = begin_kept(&mut folder.open(), kind, "7").unwrap();
            let mut spool = folder.open();
            assert_eq!(due(&mut spool), [("7".to_owned(), kind)]);
            let Next::InDoubt { waiting, .. } = spool.next(position, Moment::now()).unwrap() else {
                panic!("{kind}: nobody knows whether it went")
            };
            assert_eq!((waiting.attempts, waiting.under_way), (1, true), "{kind}");
            // What comes later of its call goes behind it, and a second hangup does not go at all.
            let hangup = entry(&event(EventKind::Hangup, "7"), None);
            let found = match kind {
                EventKind::NewCall | EventKind::Answer => Earlier::EventsOfItsCall,
                EventKind::Hangup => Earlier::SameEvent,
            };
            assert_eq!(enter(&mut spool, &hangup, Order::InTurn), found, "{kind}");
        }
    }

    #[test]
    fn nothing_is_left_of_an_event_whose_sender_says_what_came_of_it() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        for kind in [NewCall, Answer, Hangup] {
            let kept = begin_kept(&mut spool, kind, "arrived");
            spool.settle(&event(kind, "arrived"), kept, true, now).unwrap();
            let kept = begin_kept(&mut spool, kind, "failed");
            spool.settle(&event(kind, "failed"), kept, false, now).unwrap();
            let kept = begin_kept(&mut spool, kind, "left").unwrap();
            spool.leave(kept).unwrap();
            assert_eq!(due(&mut spool), [], "{kind}");
        }
        let totals = spool.totals(now).unwrap();
        assert_eq!((totals.waiting, totals.ever_kept, totals.ever_delivered), (0, 0, 0));
    }

    #[test]
    fn an_event_that_failed_is_kept_once() {
        let folder = Folder::new();
        let mut spool = folder.open();
        for kind in [EventKind::NewCall, EventKind::Answer, EventKind::Hangup] {
            let call_id = kind.as_str();
            let replaces = begin_kept(&mut spool, kind, call_id);
            let past = Past { attempts: 3, replaces, ..Past::default() };
            let kept = spool.keep(&entry(&event(kind, call_id), None), &past, Moment::now()).unwrap();
            let kept = kept.expect("its own hangup is none before it");
            let Next::Send { waiting, .. } = spool.next(kept, Moment::now()).unwrap() else {
                panic!("{kind}: it surely did not arrive")
            };
            assert_eq!(waiting.attempts, 3, "{kind}");
        }
        assert_eq!(spool.totals(Moment::now()).unwrap().waiting, 3);
    }

    #[test]
    fn an_event_that_waits_behind_one_of_its_call_is_sent_by_another_if_its_sender_is_killed() {
        use EventKind::{Answer, Hangup, NewCall};
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let new_call = begin_kept(&mut spool, NewCall, "7").unwrap();
        let ahead = |spool: &mut Spool, kind| spool.keep_ahead(&entry(&event(kind, "7"), None), now).unwrap();
        let (answer, hangup) = (ahead(&mut spool, Answer).unwrap(), ahead(&mut spool, Hangup).unwrap());
        assert_eq!(ahead(&mut spool, Hangup), None, "one is enough");
        assert!(call(&mut spool, "7").unwrap().answered);
        let enter = |spool: &mut Spool, kind, order, ahead| {
            spool.enter(&entry(&event(kind, "7"), None), order, Begun::Kept, Some(ahead), now).unwrap()
        };
        // It is the turn of the answer, and the newCall waits there still: so does the answer, once.
        let (earlier, kept) = enter(&mut spool, Answer, Order::InTurn, answer);
        assert_eq!(earlier, Earlier::EventsOfItsCall);
        assert_eq!(spool.totals(now).unwrap().waiting, 3);
        spool.settle(&event(NewCall, "7"), Some(new_call), true, now).unwrap();
        assert_eq!(due(&mut spool), [("7".to_owned(), Answer)], "its sender is killed");
        // It is not, and sends it.
        let (earlier, begun) = enter(&mut spool, Answer, Order::InTurn, kept.unwrap());
        assert_eq!(earlier, Earlier::Nothing);
        // Another process has found it, and it goes once.
        assert_eq!(enter(&mut spool, Answer, Order::InTurn, begun.unwrap()), (Earlier::Itself, None));
        spool.settle(&event(Answer, "7"), begun, true, now).unwrap();
        assert_eq!(enter(&mut spool, Answer, Order::InTurn, answer), (Earlier::Itself, None));
        let (earlier, begun) = enter(&mut spool, Hangup, Order::InTurn, hangup);
        assert_eq!(earlier, Earlier::Nothing);
        assert_eq!(call(&mut spool, "7").unwrap().ending, Ending::Begun);
        spool.settle(&event(Hangup, "7"), begun, true, now).unwrap();
        assert_eq!((spool.totals(now).unwrap().waiting, due(&mut spool)), (0, Vec::new()));
        assert_eq!(call(&mut spool, "7").unwrap().ending, Ending::Reported);
    }

    #[test]
    fn a_full_spool_neither_keeps_what_goes_at_once_nor_drops_anything_for_it() {
        for policy in [SpoolPolicy::Refuse, SpoolPolicy::DropOldest] {
            let folder = Folder::new();
            let mut spool = open(&SpoolConfig { max_events: 1, policy, ..folder.config() }).unwrap();
            keep(&mut spool, EventKind::NewCall, "waits");
            assert_eq!(begin_kept(&mut spool, EventKind::NewCall, "7"), None, "{policy:?}");
            assert!(call(&mut spool, "7").is_some(), "{policy:?}: the journal has it");
            assert_eq!(due(&mut spool), [("waits".to_owned(), EventKind::NewCall)], "{policy:?}");
        }
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
            let entry = Entry { event, key: None, answered, course: None };
            assert_eq!(enter(&mut spool, &entry, order), found, "{entry:?}");
        }
        assert!(call(&mut spool, "new").is_some());
        assert!(call(&mut spool, "late").is_none(), "what does not go at once is not noted as begun");
        // A journal that takes no note keeps no event from going, and a look still tells.
        spool.db.execute_batch("PRAGMA query_only = ON").unwrap();
        for (call_id, found) in [("other", Earlier::Nothing), ("waits", Earlier::EventsOfItsCall)] {
            let answer = entry(&event(Answer, call_id), None);
            assert_eq!(enter(&mut spool, &answer, Order::InTurn), found, "{call_id}");
        }
    }
}
