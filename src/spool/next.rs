//! What may be done next with an event that waits.

use std::time::Duration;

use rusqlite::params;

use super::file::Durable;
use super::waiting::{WAITING, Waiting, rows};
use super::{Moment, Position, Spool, SpoolError, journal};
use crate::event::{CallEvent, EventKind};
use crate::rules;

/// What may be done next with an event. Its call's turn is with whoever asks.
#[derive(Debug)]
pub(crate) enum Next {
    /// It is to be sent, and that it is under way is noted.
    Send { waiting: Waiting, age: Duration },
    /// An attempt may have brought it, and nothing is noted.
    InDoubt { waiting: Waiting, age: Duration },
    /// It was kept for longer than is wanted, and nothing is noted.
    TooOld { waiting: Waiting, reason: String },
    /// Somebody else has sent it, or taken it away: it is not the next of its call at this Zammad.
    Gone,
}

/// For how long an event is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaxAge {
    pub(super) answer: Duration,
    pub(super) others: Duration,
}

impl Spool {
    /// What may be done next with an event. One that is to be sent is noted as under way: whoever finds
    /// that after a crash knows that nobody knows.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn next(&mut self, position: Position, now: Moment) -> Result<Next, SpoolError> {
        let Some(waiting) = self.head(position)? else { return Ok(Next::Gone) };
        let age = now.since(&waiting.kept);
        if let Some(reason) = self.limits.max_age.complaint(&waiting.event, age) {
            return Ok(Next::TooOld { waiting, reason });
        }
        if waiting.uncertain {
            return Ok(Next::InDoubt { waiting, age });
        }
        let is_begun = self.begin(&waiting)?;
        Ok(if is_begun { Next::Send { waiting, age } } else { Next::Gone })
    }

    /// Notes that an event goes to Zammad now, if it still is as it was seen.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn begin(&mut self, waiting: &Waiting) -> Result<bool, SpoolError> {
        // Where another copy would do harm, after a power cut too nobody may take it for one that was never sent:
        // that of some hangups, and of an answer that goes once more.
        let is_last = waiting.uncertain && waiting.event.kind == EventKind::Answer;
        let may_be_lost = !is_last && rules::repeat_is_safe(&waiting.event, waiting.answered);
        let durable = if may_be_lost { Durable::No } else { Durable::Yes };
        let sql =
            "UPDATE event SET attempts = attempts + 1, uncertain = uncertain OR under_way, under_way = 1
             WHERE position = ? AND address = ? AND state = 'waiting' AND head AND attempts = ?";
        self.change(durable, |db, address| {
            let seen = params![waiting.position.0, address, waiting.attempts];
            Ok(db.prepare_cached(sql)?.execute(seen)? > 0)
        })
    }

    /// One event, if it still is the next of its call, with what the journal knows of the call by now.
    fn head(&mut self, position: Position) -> Result<Option<Waiting>, SpoolError> {
        let sql = format!(
            "SELECT {WAITING} FROM event WHERE position = ? AND address = ? AND state = 'waiting' AND head"
        );
        let heads = self.waiting(|db, address| {
            let mut heads = rows(db, &sql, params![position.0, address])?;
            for head in heads.iter_mut().flatten().filter(|head| head.answered.is_none()) {
                head.answered =
                    journal::is_answered(db, address, head.event.call_id.as_str())?.then_some(true);
            }
            Ok(heads)
        });
        Ok(heads?.pop())
    }
}

impl MaxAge {
    /// Why an event is not sent any more.
    fn complaint(self, event: &CallEvent, age: Duration) -> Option<String> {
        let (most, key) = match event.kind {
            EventKind::Answer => (self.answer, "spool.max_age_answer"),
            EventKind::NewCall | EventKind::Hangup => (self.others, "spool.max_age"),
        };
        let shown = humantime::format_duration(most);
        (age > most).then(|| format!("it was older than {shown} ({key}) before Zammad could take it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::{Folder, begin, event, keep, keep_at, next, open};
    use crate::spool::{Chosen, Doubt, Note};

    #[test]
    fn an_event_that_nobody_has_tried_is_sent_and_found_in_doubt_until_its_attempt_is_noted() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let position = keep(&mut spool, EventKind::NewCall, "7");
        assert!(matches!(spool.next(position, Moment::now()).unwrap(), Next::Send { .. }));
        let Next::InDoubt { waiting, .. } = folder.open().next(position, Moment::now()).unwrap() else {
            panic!("it is under way")
        };
        assert_eq!((waiting.attempts, waiting.under_way), (1, true));
        assert!(spool.begin(&waiting).unwrap());
        assert!(!spool.begin(&waiting).unwrap(), "it has been begun since it was seen");
    }

    #[test]
    fn an_event_is_sent_until_the_age_for_its_kind() {
        let folder = Folder::new();
        let mut config = folder.config();
        config.max_age_answer = Duration::from_secs(60);
        let mut spool = open(&config).unwrap();
        let now = Moment::now();
        // (the event, its age in seconds, the key of the limit that it is beyond)
        let cases = [
            (EventKind::Answer, 60, None),
            (EventKind::Answer, 61, Some("spool.max_age_answer")),
            (EventKind::NewCall, 61, None),
            (EventKind::Hangup, 24 * 60 * 60 + 1, Some("spool.max_age")),
        ];
        for (number, (kind, age, beyond)) in cases.into_iter().enumerate() {
            let kept = now.before(Duration::from_secs(age));
            let position = keep_at(&mut spool, kind, &number.to_string(), kept);
            match (spool.next(position, now).unwrap(), beyond) {
                (Next::Send { .. }, None) => {}
                (Next::TooOld { reason, .. }, Some(key)) => {
                    assert!(reason.contains(&format!("({key})")), "{kind} of {age} s: {reason}");
                }
                (next, _) => panic!("{kind} of {age} s: {next:?}"),
            }
        }
    }

    #[test]
    fn an_event_that_was_moved_to_another_zammad_is_no_business_of_the_old_one() {
        let folder = Folder::new();
        let mut old = folder.open();
        let mut new = folder.open_for("https://other.example.com/api/v1/cti/TOKEN");
        let now = Moment::now();
        let position = keep(&mut old, EventKind::NewCall, "7");
        let seen = old.due(now, 10).unwrap().pop().unwrap();
        new.retry(&Chosen::All, now).unwrap();
        assert!(matches!(old.next(position, now).unwrap(), Next::Gone));
        assert!(!old.begin(&seen).unwrap());
        let Next::Send { waiting, .. } = new.next(position, now).unwrap() else { panic!("it is here now") };
        assert_eq!(waiting.attempts, 0);
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
}
