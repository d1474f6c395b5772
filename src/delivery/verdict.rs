//! What follows a failed attempt: the one place where that is decided.
//!
//! Zammad is not idempotent, so what is right depends on the event, on what is known of it, and on who asks. Here
//! nothing is sent, kept or noted: the [sender](super::deliver), the [courier](super::Courier) and the
//! [flusher](super::Flusher) do what follows.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::client::{Fate, SendError};
use crate::event::EventKind;

/// An answer older than this would open its ticket screen in the middle of the talk.
pub const FRESH: Duration = Duration::from_secs(5);

/// An attempt of an answer ends in time for another one while it is fresh.
const FIRST_ANSWER: Duration = Duration::from_secs(3);

/// How often an answer or a hangup waits for a newCall that may still be under way.
const WAITS_FOR_NEW_CALL: u32 = 3;

/// Why an event is laid aside whose second copy would show agents something false.
pub const IN_DOUBT: &str =
    "it is not known whether Zammad has it, and a second copy could show agents something false";

/// Between the attempts of one event while somebody waits for it.
pub const BETWEEN_ATTEMPTS: Backoff =
    Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };

/// Between two looks whether Zammad takes anything again.
pub const BETWEEN_PROBES: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Between the attempts of an event that fails while others arrive.
pub const BETWEEN_ROUNDS: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10 * 60) };

/// Pauses that double from one to the next, and are spread, so that the calls of one outage do not come
/// back all at once.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// The pause after so many others: at most a quarter less than the whole.
    pub fn pause(self, before: u32) -> Duration {
        let whole = self.first.saturating_mul(1 << before.min(20)).min(self.longest);
        let random = RandomState::new().hash_one(before) % 256;
        whole - whole / 4 * u32::try_from(random).unwrap_or(0) / 256
    }
}

/// Who asks what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// somebody who waits for the event, and can try again
    Sender,
    /// the same, whose time is over, and who can keep the event
    Courier,
    /// nobody waits, the event is in the spool
    Flusher,
}

/// What a failed attempt met with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// what is known of the event now
    pub fate: Fate,
    /// all other events would meet with it too
    pub concerns_all: bool,
}

impl From<&SendError> for Failed {
    fn from(error: &SendError) -> Self {
        Self { fate: error.fate(), concerns_all: error.concerns_all() }
    }
}

/// What is known of an event whose attempt failed.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub asker: Asker,
    pub kind: EventKind,
    /// no second copy of it shows agents something false: [`rules::repeat_is_safe`](crate::rules::repeat_is_safe)
    pub is_safe_twice: bool,
    /// no attempt before this one may have brought it
    pub is_first: bool,
    /// an attempt before this one may have brought it: [`may_have_arrived`]
    pub may_exist: bool,
    /// how often Zammad did not know its call before
    pub unknown_call: u32,
    pub age: Duration,
    /// there is a user whom Zammad shows its caller log
    pub asks: bool,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An attempt before this one brought it.
    Arrived,
    /// It is to be tried again, after a pause.
    Again,
    /// The caller log is asked whether it arrived, before anything else.
    AskCallerLog,
    /// Nobody knows whether it arrived, and it is not sent again by itself.
    Unconfirmed,
    /// Zammad will not take it another time either.
    Dead,
    /// Nothing goes to Zammad before somebody has mended something; the event waits.
    HoldAll,
}

impl Case {
    /// What follows an attempt that failed like this.
    pub fn verdict(&self, failed: Failed) -> Verdict {
        match failed.fate {
            // Its last word is that Zammad does not have it; but an attempt before may have brought it.
            Fate::NotDelivered => match (self.asker, self.kind) {
                (Asker::Courier, EventKind::Answer) if !self.is_first => self.in_doubt(),
                (Asker::Sender | Asker::Courier | Asker::Flusher, _) => Verdict::Again,
            },
            Fate::Unknown => match self.kind {
                // Its hangup waits behind it: after that Zammad takes no answer.
                EventKind::Answer if self.asks => Verdict::AskCallerLog,
                _ if self.may_be_repeated() => Verdict::Again,
                EventKind::NewCall | EventKind::Answer | EventKind::Hangup => self.in_doubt(),
            },
            Fate::UnknownCall => match self.asker {
                Asker::Sender | Asker::Flusher if self.unknown_call < WAITS_FOR_NEW_CALL => Verdict::Again,
                Asker::Sender | Asker::Courier | Asker::Flusher => Verdict::Dead,
            },
            Fate::Exists if self.kind == EventKind::NewCall && self.may_exist => Verdict::Arrived,
            Fate::Final if failed.concerns_all => Verdict::HoldAll,
            Fate::Exists | Fate::Final => Verdict::Dead,
        }
    }

    /// Takes note of an attempt that failed, for what follows the next one.
    pub fn remember(&mut self, error: &SendError) {
        self.is_first &= error.fate() != Fate::Unknown;
        self.may_exist |= may_have_arrived(error, self.kind);
        self.unknown_call += u32::from(error.fate() == Fate::UnknownCall);
    }

    /// Whether it may go to Zammad although it may be there.
    pub fn may_be_repeated(&self) -> bool {
        match self.kind {
            // Zammad refuses the second copy.
            EventKind::NewCall => true,
            // Once: a second ticket screen is better than an answered call that is shown as missed.
            EventKind::Answer => self.asker != Asker::Courier && self.is_first && self.age < FRESH,
            EventKind::Hangup => self.is_safe_twice,
        }
    }

    /// What becomes of an event that is not sent again before somebody knows where it is.
    fn in_doubt(&self) -> Verdict {
        if self.asks { Verdict::AskCallerLog } else { Verdict::Unconfirmed }
    }

    /// How long the next attempt may take of the time that is left.
    pub fn time_for_attempt(&self, left: Duration) -> Duration {
        let leaves_another = self.age + FIRST_ANSWER < FRESH;
        match self.kind {
            EventKind::Answer if !self.asks && self.is_first && leaves_another => left.min(FIRST_ANSWER),
            EventKind::NewCall | EventKind::Answer | EventKind::Hangup => left,
        }
    }
}

/// Whether an attempt that failed like this may have brought its event.
pub fn may_have_arrived(error: &SendError, kind: EventKind) -> bool {
    match error {
        // A proxy also says so when Zammad goes down with the newCall saved. (Of the others, a second copy is
        // decided by what is known of the call.)
        SendError::Unavailable { status: 502, .. } => kind == EventKind::NewCall,
        error => error.fate() == Fate::Unknown,
    }
}

/// The pause that a server names. One of days, or for ever, is not meant for telephone calls.
pub fn named_pause(error: &SendError) -> Duration {
    match error {
        SendError::Unavailable { retry_after: Some(named), .. } => (*named).min(BETWEEN_ROUNDS.longest),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use Asker::{Courier, Flusher, Sender};
    use EventKind::{Answer, Hangup, NewCall};
    use Verdict::{Again, Arrived, AskCallerLog, Dead, HoldAll, Unconfirmed};

    use super::*;

    /// A row of the table; an empty place stands for all.
    type Row =
        (&'static [Asker], &'static [EventKind], &'static [&'static str], &'static [&'static str], Verdict);

    const FATES: [(&str, Fate, bool); 6] = [
        ("not delivered", Fate::NotDelivered, false),
        ("unknown", Fate::Unknown, false),
        ("unknown call", Fate::UnknownCall, false),
        ("exists", Fate::Exists, false),
        ("final", Fate::Final, false),
        ("final for all", Fate::Final, true),
    ];

    /// The whole table: who asks, the event, what the attempt met with, what is known, and what follows.
    ///
    /// What is known: "safe" (twice), "first", "exists" (perhaps), "waits" (for its newCall still), "fresh" and
    /// "asks"; with a "no " in front, the opposite.
    const TABLE: &[Row] = &[
        // Surely not there: again, whatever it is.
        (&[Sender, Flusher], &[], &["not delivered"], &[], Again),
        (&[Courier], &[NewCall, Hangup], &["not delivered"], &[], Again),
        (&[Courier], &[Answer], &["not delivered"], &["first"], Again),
        (&[Courier], &[Answer], &["not delivered"], &["no first", "asks"], AskCallerLog),
        (&[Courier], &[Answer], &["not delivered"], &["no first", "no asks"], Unconfirmed),
        // Perhaps there. Zammad refuses the second copy of a newCall.
        (&[], &[NewCall], &["unknown"], &[], Again),
        // A lost answer shows an answered call as missed, a second one opens a second screen.
        (&[], &[Answer], &["unknown"], &["asks"], AskCallerLog),
        (&[Sender, Flusher], &[Answer], &["unknown"], &["no asks", "first", "fresh"], Again),
        (&[Sender, Flusher], &[Answer], &["unknown"], &["no asks", "first", "no fresh"], Unconfirmed),
        (&[Sender, Flusher], &[Answer], &["unknown"], &["no asks", "no first"], Unconfirmed),
        (&[Courier], &[Answer], &["unknown"], &["no asks"], Unconfirmed),
        // A second hangup of a call that nobody answered hides a missed call.
        (&[], &[Hangup], &["unknown"], &["safe"], Again),
        (&[], &[Hangup], &["unknown"], &["no safe", "asks"], AskCallerLog),
        (&[], &[Hangup], &["unknown"], &["no safe", "no asks"], Unconfirmed),
        // Its newCall may be under way.
        (&[Sender, Flusher], &[], &["unknown call"], &["waits"], Again),
        (&[Sender, Flusher], &[], &["unknown call"], &["no waits"], Dead),
        (&[Courier], &[], &["unknown call"], &[], Dead),
        // "already exists": the copy before it, or another call with its id.
        (&[], &[NewCall], &["exists"], &["exists"], Arrived),
        (&[], &[NewCall], &["exists"], &["no exists"], Dead),
        (&[], &[Answer, Hangup], &["exists"], &[], Dead),
        (&[], &[], &["final"], &[], Dead),
        (&[], &[], &["final for all"], &[], HoldAll),
    ];

    #[test]
    fn each_case_has_its_row_and_each_row_its_verdict() {
        let mut cells = 0;
        for asker in [Sender, Courier, Flusher] {
            for kind in [NewCall, Answer, Hangup] {
                for (word, fate, concerns_all) in FATES {
                    for bits in 0..64_u32 {
                        let is = |bit: u32| bits & 1 << bit != 0;
                        let case = Case {
                            asker,
                            kind,
                            is_safe_twice: is(0),
                            is_first: is(1),
                            may_exist: is(2),
                            unknown_call: if is(3) { 2 } else { 3 },
                            age: if is(4) { Duration::from_millis(4999) } else { Duration::from_secs(5) },
                            asks: is(5),
                        };
                        let names = ["safe", "first", "exists", "waits", "fresh", "asks"];
                        let holds = |known: &str| match known.strip_prefix("no ") {
                            Some(name) => !is(names.iter().position(|known| *known == name).unwrap() as u32),
                            None => is(names.iter().position(|name| *name == known).unwrap() as u32),
                        };
                        let rows: Vec<_> = TABLE
                            .iter()
                            .filter(|(askers, kinds, fates, known, _)| {
                                (askers.is_empty() || askers.contains(&asker))
                                    && (kinds.is_empty() || kinds.contains(&kind))
                                    && fates.contains(&word)
                                    && known.iter().all(|known| holds(known))
                            })
                            .collect();
                        let what = format!("{word}: {case:?}");
                        assert_eq!(rows.len(), 1, "{what}: {rows:?}");
                        assert_eq!(case.verdict(Failed { fate, concerns_all }), rows[0].4, "{what}");
                        cells += 1;
                    }
                }
            }
        }
        assert_eq!(cells, 3 * 3 * 6 * 64);
    }

    #[test]
    fn what_may_have_arrived() {
        let unavailable = |status| SendError::Unavailable { status, retry_after: None };
        // (failure, newCall, answer or hangup)
        let cases = [
            (unavailable(502), true, false),
            (unavailable(503), false, false),
            (unavailable(429), false, false),
            (SendError::GatewayTimeout, true, true),
            (SendError::NoReply { waited: FRESH }, true, true),
            (SendError::ConnectTimeout, false, false),
            (SendError::WrongToken, false, false),
            (SendError::CallIdReused, false, false),
        ];
        for (error, new_call, later) in cases {
            assert_eq!(may_have_arrived(&error, NewCall), new_call, "{error:?}");
            for kind in [Answer, Hangup] {
                assert_eq!(may_have_arrived(&error, kind), later, "{error:?}");
            }
        }
    }

    #[test]
    fn a_first_answer_leaves_time_for_a_second_one_while_it_is_fresh() {
        let case = Case {
            asker: Sender,
            kind: Answer,
            is_safe_twice: true,
            is_first: true,
            may_exist: false,
            unknown_call: 0,
            age: Duration::ZERO,
            asks: false,
        };
        let seconds = Duration::from_secs;
        // (case, seconds for the attempt of the 8 that are left)
        let cases = [
            (case, 3),
            (Case { age: seconds(1), ..case }, 3),
            (Case { age: seconds(2), ..case }, 8),
            (Case { is_first: false, ..case }, 8),
            (Case { asks: true, ..case }, 8),
            (Case { kind: NewCall, ..case }, 8),
            (Case { kind: Hangup, ..case }, 8),
        ];
        for (case, expected) in cases {
            assert_eq!(case.time_for_attempt(seconds(8)), seconds(expected), "{case:?}");
        }
        assert_eq!(case.time_for_attempt(seconds(1)), seconds(1));
    }

    #[test]
    fn pauses_grow_and_end() {
        for (backoff, before, most) in [
            (BETWEEN_ATTEMPTS, 0, 100),
            (BETWEEN_ATTEMPTS, 1, 200),
            (BETWEEN_ATTEMPTS, 3, 800),
            (BETWEEN_ATTEMPTS, 4, 1000),
            (BETWEEN_ATTEMPTS, 50, 1000),
            (BETWEEN_PROBES, 0, 1000),
            (BETWEEN_PROBES, 10, 60_000),
            (BETWEEN_ROUNDS, 5, 32_000),
            (BETWEEN_ROUNDS, u32::MAX, 600_000),
        ] {
            let pause = backoff.pause(before);
            let most = Duration::from_millis(most);
            assert!(pause <= most && pause >= most * 3 / 4, "{before} of {backoff:?}: {pause:?}");
        }
    }

    #[test]
    fn a_server_cannot_wish_for_a_pause_without_end() {
        let unavailable = |retry_after| SendError::Unavailable { status: 503, retry_after };
        // (what the server names, what it gets)
        let cases = [(None, 0), (Some(2), 2), (Some(600), 600), (Some(86_400), 600), (Some(u64::MAX), 600)];
        for (seconds, expected) in cases {
            let error = unavailable(seconds.map(Duration::from_secs));
            assert_eq!(named_pause(&error), Duration::from_secs(expected), "{seconds:?}");
        }
    }
}
