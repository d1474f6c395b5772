//! What goes on, for `watch`: the calls and events of the last moments, and what went wrong.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::moment::moment;
use super::waiting::{State, text};
use super::{Moment, Position, Spool, SpoolError};

/// What this machine has reported lately, and which calls are open; of one Zammad.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    /// calls that began within the time asked for
    pub(crate) new_calls: u64,
    /// calls that were answered within it
    pub(crate) answers: u64,
    /// calls whose hangup was reported within it
    pub(crate) hangups: u64,
    /// calls that are open
    pub(crate) open: u64,
    /// how long ago the oldest of these began
    pub(crate) oldest: Option<Duration>,
}

/// Something that went wrong with an event that is in the spool; of all Zammads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// the event's place in the spool
    pub(crate) position: Position,
    /// how long ago it was
    pub(crate) ago: Duration,
    /// of which call
    pub(crate) call_id: String,
    /// `newCall`, `answer` or `hangup`
    pub(crate) kind: String,
    /// what became of the event
    pub(crate) state: State,
    /// in words
    pub(crate) what: String,
}

impl Spool {
    /// What was reported within that time, and what is open.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn activity(&mut self, within: Duration, now: Moment) -> Result<Activity, SpoolError> {
        self.read_at_once(|db, address| activity(db, address, now.before(within).wall, now))
    }

    /// The last trouble of each event, at most this many, the newest first.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    pub(crate) fn troubles(&mut self, most: usize, now: Moment) -> Result<Vec<Trouble>, SpoolError> {
        self.read_at_once(|db, _| troubles(db, most, now))
    }
}

fn activity(db: &Connection, address: &str, since: i64, now: Moment) -> rusqlite::Result<Activity> {
    // A call that began or was answered since then is open, or has ended since then.
    let count = "count(*), coalesce(sum(began > ?2), 0), coalesce(sum(answered > ?2), 0) FROM call WHERE address = ?1";
    let read = |ended: &str| {
        let sql = format!("SELECT {count} AND {ended}");
        db.prepare_cached(&sql)?.query_row(params![address, since], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?))
        })
    };
    let (open, begun, answered) = read("ended IS NULL")?;
    let (hangups, begun_and_over, answered_and_over) = read("ended > ?2")?;
    let sql = "SELECT began, boot, up FROM call WHERE address = ? AND ended IS NULL ORDER BY number LIMIT 1";
    let oldest = db.prepare_cached(sql)?.query_row([address], |row| moment(row, 0)).optional()?;
    Ok(Activity {
        new_calls: begun + begun_and_over,
        answers: answered + answered_and_over,
        hangups,
        open,
        oldest: oldest.map(|began| now.since(&began)),
    })
}

fn troubles(db: &Connection, most: usize, now: Moment) -> rusqlite::Result<Vec<Trouble>> {
    let trouble = |row: &Row| {
        let state = text(row, 4)?;
        let ago = now.wall.saturating_sub(row.get(1)?);
        Ok(Trouble {
            position: Position(row.get(0)?),
            ago: Duration::from_millis(u64::try_from(ago).unwrap_or_default()),
            call_id: text(row, 2)?,
            kind: text(row, 3)?,
            state: State::ALL.into_iter().find(|other| other.as_str() == state).unwrap_or(State::Dead),
            what: text(row, 5)?,
        })
    };
    let mut found = Vec::new();
    let attempts = "SELECT position, at, call_id, kind, state, coalesce(reason, outcome)
                    FROM attempt JOIN event ON position = event ORDER BY attempt.rowid DESC LIMIT ?1";
    // An event may have been given up without an attempt, such as for its age.
    let at_rest =
        "SELECT position, coalesce((SELECT max(at) FROM attempt WHERE event = position), kept), call_id,
                          kind, state, coalesce(reason, '') FROM event
                   WHERE state <> 'waiting' AND state = ?2 ORDER BY position DESC LIMIT ?1";
    // Several attempts may be those of one event.
    let rows = most.saturating_mul(4);
    for trouble in db.prepare_cached(attempts)?.query_map([rows], trouble)? {
        found.push(trouble?);
    }
    for state in [State::Unconfirmed, State::Dead] {
        for trouble in db.prepare_cached(at_rest)?.query_map(params![most, state.as_str()], trouble)? {
            found.push(trouble?);
        }
    }
    found.sort_by_key(|trouble: &Trouble| (trouble.ago, std::cmp::Reverse(trouble.position.0)));
    let mut seen = Vec::new();
    found.retain(|trouble| {
        let is_new = !seen.contains(&trouble.position.0);
        seen.push(trouble.position.0);
        is_new
    });
    found.truncate(most);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind::{Answer, Hangup, NewCall};
    use crate::spool::tests::{Folder, begin, dead, event, keep, keep_at};
    use crate::spool::{Doubt, Note};

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn each_event_of_the_last_minute_counts_once_whether_its_call_is_open_or_over() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let (early, lately) = (now.before(MINUTE * 3), now.before(MINUTE / 2));
        // (call, when it began, was answered, ended)
        let calls = [
            ("over before", early, Some(early), Some(early)),
            ("over", lately, Some(lately), Some(lately)),
            ("ended lately", early, Some(early), Some(lately)),
            ("answered lately", early, Some(lately), None),
            ("rings", lately, None, None),
            ("rings for long", early, None, None),
        ];
        for (call_id, began, answered, ended) in calls {
            begin(&mut spool, &event(NewCall, call_id), None, began);
            if let Some(answered) = answered {
                begin(&mut spool, &event(Answer, call_id), None, answered);
            }
            if let Some(ended) = ended {
                begin(&mut spool, &event(Hangup, call_id), None, ended);
                spool.settle(&event(Hangup, call_id), None, true, ended).unwrap();
            }
        }
        let seen = spool.activity(MINUTE, now).unwrap();
        let expected =
            Activity { new_calls: 2, answers: 2, hangups: 2, open: 3, oldest: Some(now.since(&early)) };
        assert_eq!(seen, expected);
        let mut other = folder.open_for("https://other.example.com/api/v1/cti/TOKEN");
        assert_eq!(other.activity(MINUTE, now).unwrap(), Activity::default());
    }

    #[test]
    fn the_last_trouble_of_each_event_is_told_newest_first() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        assert_eq!(spool.troubles(10, now).unwrap(), []);
        let failed = |outcome: &str| Note::Failed {
            doubt: Doubt::No,
            outcome: outcome.to_owned(),
            pause: Some(Duration::ZERO),
        };
        let first = keep(&mut spool, NewCall, "1");
        let second = keep(&mut spool, NewCall, "2");
        for attempt in 0..30 {
            spool.note(first, &failed(&format!("refused {attempt}")), now.before(MINUTE)).unwrap();
        }
        spool.note(second, &failed("no reply"), now.before(MINUTE / 2)).unwrap();
        let given_up = keep_at(&mut spool, Hangup, "3", now.before(MINUTE * 5));
        spool.note(given_up, &dead(), now).unwrap();
        let told: Vec<_> = spool.troubles(10, now).unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|trouble| (trouble.call_id.as_str(), trouble.state, trouble.what.as_str()))
            .collect();
        let expected = [
            ("2", State::Waiting, "no reply"),
            ("1", State::Waiting, "refused 29"),
            ("3", State::Dead, "a reason"),
        ];
        assert_eq!(told, expected);
        assert_eq!(spool.troubles(1, now).unwrap().len(), 1);
        spool.note(second, &Note::Arrived, now).unwrap();
        assert_eq!(spool.troubles(10, now).unwrap().len(), 2);
    }
}
