//! What follows a failed attempt: the one place where that is decided.
//!
//! Zammad is not idempotent, so what is right depends on the event, on what is known of it, and on who asks. Here
//! nothing is sent, kept or noted: the [sender](super::deliver), the [courier](super::Courier) and the
//! [flusher](super::Flusher) do what follows.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::probed::Probed;
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
    /// what its reply alone says of the event
    pub fate: Fate,
    /// all other events would meet with it too
    pub concerns_all: bool,
    /// who answered right after it, if that was asked: see [`Case::depends_on_probe`]
    pub probed: Probed,
}

impl From<&SendError> for Failed {
    fn from(error: &SendError) -> Self {
        Self { fate: error.fate(), concerns_all: error.concerns_all(), probed: Probed::NotAsked }
    }
}

/// What is known of an event whose attempt failed.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub asker: Asker,
    pub kind: EventKind,
    /// no second copy of it shows agents something false: [`rules::repeat_is_safe`](crate::rules::repeat_is_safe)
    pub is_safe_twice: bool,
    /// Zammad is known to have its newCall, which was delivered at the same address
    pub is_of_known_call: bool,
    /// no attempt before this one may have brought it
    pub is_first: bool,
    /// Zammad was found there again, after a proxy had said of an attempt before this one that it does not reach it
    pub found_again: bool,
    /// an attempt before this one may have brought it: [`Case::may_have_arrived`]
    pub may_exist: bool,
    /// how often Zammad did not know its call before, or failed at the event
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
        match self.fate(failed) {
            // Its last word is that Zammad does not have it; but an attempt before may have brought it.
            Fate::NotDelivered => match (self.asker, self.kind) {
                (Asker::Courier, EventKind::Answer) if !self.is_first => self.in_doubt(),
                (Asker::Sender | Asker::Courier | Asker::Flusher, _) => Verdict::Again,
            },
            // Its copies meet with the same.
            Fate::FailedInside
                if self.kind != EventKind::Answer
                    && self.may_be_repeated()
                    && (self.asker == Asker::Courier || self.unknown_call >= WAITS_FOR_NEW_CALL) =>
            {
                Verdict::Dead
            }
            // Of the last three something else is known by now.
            Fate::Unknown | Fate::FailedInside | Fate::Unreached | Fate::Strange | Fate::SentAway => {
                match self.kind {
                    // Its hangup waits behind it: after that Zammad takes no answer.
                    EventKind::Answer if self.asks => Verdict::AskCallerLog,
                    _ if self.may_be_repeated() => Verdict::Again,
                    EventKind::NewCall | EventKind::Answer | EventKind::Hangup => self.in_doubt(),
                }
            }
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
    pub fn remember(&mut self, failed: Failed) {
        let fate = self.fate(failed);
        self.may_exist |= self.may_have_arrived(failed);
        self.is_first &= !matches!(fate, Fate::Unknown | Fate::FailedInside);
        self.unknown_call += u32::from(matches!(fate, Fate::UnknownCall | Fate::FailedInside));
    }

    /// Whether it makes a difference who answers at Zammad's address right after an attempt that failed like this.
    pub fn depends_on_probe(&self, failed: Failed) -> bool {
        match failed.fate {
            Fate::Unreached => match self.kind {
                // Zammad refuses the second copy.
                EventKind::NewCall => false,
                EventKind::Answer => !self.found_again,
                EventKind::Hangup => !self.found_again && !self.is_safe_twice,
            },
            Fate::Strange => !self.is_of_known_call,
            Fate::SentAway => true,
            Fate::NotDelivered
            | Fate::Unknown
            | Fate::UnknownCall
            | Fate::FailedInside
            | Fate::Exists
            | Fate::Final => false,
        }
    }

    /// Whether it goes again only when somebody has found Zammad there: that a proxy does not reach it says little of
    /// one attempt, and may say the same of each copy that Zammad takes.
    pub fn waits_for_zammad(&self, failed: Failed) -> bool {
        failed.fate == Fate::Unreached && self.depends_on_probe(failed)
    }

    /// What is known of the event after an attempt that failed like this. Only what surely comes from before Zammad
    /// says that it does not have it.
    pub fn fate(&self, failed: Failed) -> Fate {
        match (failed.fate, failed.probed) {
            // Nobody asks, as Zammad refuses a second copy.
            (Fate::Unreached, _) if self.kind == EventKind::NewCall => Fate::NotDelivered,
            // Zammad is down, and was so for the attempt. Found there right before, it may have gone down with it.
            (Fate::Unreached, Probed::NoWay) if !self.found_again => Fate::NotDelivered,
            // A stranger does not take newCalls.
            (Fate::Strange, Probed::Stranger | Probed::SentAway) if !self.is_of_known_call => Fate::Final,
            // Zammad is somewhere else, or down, and was so for the attempt.
            (Fate::SentAway, Probed::SentAway) => Fate::Final,
            (
                Fate::Unreached | Fate::Strange | Fate::SentAway,
                Probed::NotAsked
                | Probed::Zammad
                | Probed::NoWay
                | Probed::Stranger
                | Probed::SentAway
                | Probed::Unclear,
            ) => Fate::Unknown,
            (
                known @ (Fate::NotDelivered
                | Fate::Unknown
                | Fate::UnknownCall
                | Fate::FailedInside
                | Fate::Exists
                | Fate::Final),
                _,
            ) => known,
        }
    }

    /// Whether an attempt that failed like this may have brought the event.
    pub fn may_have_arrived(&self, failed: Failed) -> bool {
        match self.fate(failed) {
            Fate::Unknown | Fate::FailedInside => true,
            // Of a newCall a repeat tells whether it is there, so all that a proxy may have said in place of
            // Zammad counts.
            Fate::NotDelivered | Fate::Final => {
                self.kind == EventKind::NewCall
                    && matches!(failed.fate, Fate::Unreached | Fate::Strange | Fate::SentAway)
            }
            Fate::Unreached | Fate::Strange | Fate::SentAway | Fate::UnknownCall | Fate::Exists => false,
        }
    }

    /// Whether it may go to Zammad although it may be there.
    pub fn may_be_repeated(&self) -> bool {
        match self.kind {
            // Zammad refuses the second copy.
            EventKind::NewCall => true,
            // Once: a second ticket screen is better than an answered call that is shown as missed. What went
            // again because it was presumed not to be there went once more already.
            EventKind::Answer => {
                self.asker != Asker::Courier && self.is_first && !self.found_again && self.age < FRESH
            }
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
            EventKind::Answer if !self.asks && self.is_first && !self.found_again && leaves_another => {
                left.min(FIRST_ANSWER)
            }
            EventKind::NewCall | EventKind::Answer | EventKind::Hangup => left,
        }
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

    const FATES: [(&str, Fate, bool); 10] = [
        ("not delivered", Fate::NotDelivered, false),
        ("unreached", Fate::Unreached, false),
        ("strange", Fate::Strange, true),
        ("sent away", Fate::SentAway, true),
        ("unknown", Fate::Unknown, false),
        ("failed inside", Fate::FailedInside, false),
        ("unknown call", Fate::UnknownCall, false),
        ("exists", Fate::Exists, false),
        ("final", Fate::Final, false),
        ("final for all", Fate::Final, true),
    ];

    /// The whole table: who asks, the event, what the attempt met with, what is known, and what follows.
    ///
    /// What is known: "safe" (twice), "first", "exists" (perhaps), "waits" (for its newCall still), "fresh", "asks" and
    /// "known call" (Zammad has its newCall), "found again", "single" (first, and not found again); with a "no " in front,
    /// the opposite. And who answered right after it: "zammad", "no way" (to Zammad), "stranger", "away", "unclear" or
    /// "unasked"; "down" is no way to Zammad that was not found again before, and "replaced" what stands in the place of
    /// Zammad's reply.
    const TABLE: &[Row] = &[
        // Surely not there: again, whatever it is.
        (&[Sender, Flusher], &[], &["not delivered"], &[], Again),
        (&[Courier], &[NewCall, Hangup], &["not delivered"], &[], Again),
        (&[Courier], &[Answer], &["not delivered"], &["first"], Again),
        (&[Courier], &[Answer], &["not delivered"], &["no first", "asks"], AskCallerLog),
        (&[Courier], &[Answer], &["not delivered"], &["no first", "no asks"], Unconfirmed),
        // A proxy says that it does not reach Zammad: not there, if the same is said right after.
        (&[], &[NewCall], &["unreached"], &[], Again),
        (&[Sender, Flusher], &[Answer, Hangup], &["unreached"], &["down"], Again),
        (&[Courier], &[Hangup], &["unreached"], &["down"], Again),
        (&[Courier], &[Answer], &["unreached"], &["down", "first"], Again),
        (&[Courier], &[Answer], &["unreached"], &["down", "no first", "asks"], AskCallerLog),
        (&[Courier], &[Answer], &["unreached"], &["down", "no first", "no asks"], Unconfirmed),
        // Otherwise Zammad may have gone down, or come up again, with the event written down.
        (&[], &[Answer], &["unreached"], &["no down", "asks"], AskCallerLog),
        (&[Sender, Flusher], &[Answer], &["unreached"], &["no down", "no asks", "single", "fresh"], Again),
        (
            &[Sender, Flusher],
            &[Answer],
            &["unreached"],
            &["no down", "no asks", "single", "no fresh"],
            Unconfirmed,
        ),
        (&[Sender, Flusher], &[Answer], &["unreached"], &["no down", "no asks", "no single"], Unconfirmed),
        (&[Courier], &[Answer], &["unreached"], &["no down", "no asks"], Unconfirmed),
        (&[], &[Hangup], &["unreached"], &["no down", "safe"], Again),
        (&[], &[Hangup], &["unreached"], &["no down", "no safe", "asks"], AskCallerLog),
        (&[], &[Hangup], &["unreached"], &["no down", "no safe", "no asks"], Unconfirmed),
        // A stranger in Zammad's place, who answers for good.
        (&[], &[], &["strange"], &["is stranger", "no known call"], HoldAll),
        (&[], &[], &["strange"], &["is away", "no known call"], HoldAll),
        // A redirect or a 404, as the probe has it.
        (&[], &[], &["sent away"], &["is away"], HoldAll),
        // Or in the place of its reply.
        (&[], &[NewCall], &["strange", "sent away"], &["replaced"], Again),
        (&[], &[Answer], &["strange", "sent away"], &["replaced", "asks"], AskCallerLog),
        (
            &[Sender, Flusher],
            &[Answer],
            &["strange", "sent away"],
            &["replaced", "no asks", "single", "fresh"],
            Again,
        ),
        (
            &[Sender, Flusher],
            &[Answer],
            &["strange", "sent away"],
            &["replaced", "no asks", "single", "no fresh"],
            Unconfirmed,
        ),
        (
            &[Sender, Flusher],
            &[Answer],
            &["strange", "sent away"],
            &["replaced", "no asks", "no single"],
            Unconfirmed,
        ),
        (&[Courier], &[Answer], &["strange", "sent away"], &["replaced", "no asks"], Unconfirmed),
        (&[], &[Hangup], &["strange", "sent away"], &["replaced", "safe"], Again),
        (&[], &[Hangup], &["strange", "sent away"], &["replaced", "no safe", "asks"], AskCallerLog),
        (&[], &[Hangup], &["strange", "sent away"], &["replaced", "no safe", "no asks"], Unconfirmed),
        // Perhaps there. Zammad refuses the second copy of a newCall.
        (&[], &[NewCall], &["unknown"], &[], Again),
        // A lost answer shows an answered call as missed, a second one opens a second screen.
        (&[], &[Answer], &["unknown"], &["asks"], AskCallerLog),
        (&[Sender, Flusher], &[Answer], &["unknown"], &["no asks", "single", "fresh"], Again),
        (&[Sender, Flusher], &[Answer], &["unknown"], &["no asks", "single", "no fresh"], Unconfirmed),
        (&[Sender, Flusher], &[Answer], &["unknown"], &["no asks", "no single"], Unconfirmed),
        (&[Courier], &[Answer], &["unknown"], &["no asks"], Unconfirmed),
        // A second hangup of a call that nobody answered hides a missed call.
        (&[], &[Hangup], &["unknown"], &["safe"], Again),
        (&[], &[Hangup], &["unknown"], &["no safe", "asks"], AskCallerLog),
        (&[], &[Hangup], &["unknown"], &["no safe", "no asks"], Unconfirmed),
        // Zammad has its call, and failed at it, as it would at a copy.
        (&[Sender, Flusher], &[NewCall], &["failed inside"], &["waits"], Again),
        (&[Sender, Flusher], &[NewCall], &["failed inside"], &["no waits"], Dead),
        (&[Courier], &[NewCall], &["failed inside"], &[], Dead),
        (&[Sender, Flusher], &[Hangup], &["failed inside"], &["safe", "waits"], Again),
        (&[Sender, Flusher], &[Hangup], &["failed inside"], &["safe", "no waits"], Dead),
        (&[Courier], &[Hangup], &["failed inside"], &["safe"], Dead),
        (&[], &[Hangup], &["failed inside"], &["no safe", "asks"], AskCallerLog),
        (&[], &[Hangup], &["failed inside"], &["no safe", "no asks"], Unconfirmed),
        (&[], &[Answer], &["failed inside"], &["asks"], AskCallerLog),
        (&[Sender, Flusher], &[Answer], &["failed inside"], &["no asks", "single", "fresh"], Again),
        (&[Sender, Flusher], &[Answer], &["failed inside"], &["no asks", "single", "no fresh"], Unconfirmed),
        (&[Sender, Flusher], &[Answer], &["failed inside"], &["no asks", "no single"], Unconfirmed),
        (&[Courier], &[Answer], &["failed inside"], &["no asks"], Unconfirmed),
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

    const PROBED: [(&str, Probed); 6] = [
        ("unasked", Probed::NotAsked),
        ("zammad", Probed::Zammad),
        ("no way", Probed::NoWay),
        ("stranger", Probed::Stranger),
        ("away", Probed::SentAway),
        ("unclear", Probed::Unclear),
    ];

    #[test]
    fn each_case_has_its_row_and_each_row_its_verdict() {
        let mut cells = 0;
        for asker in [Sender, Courier, Flusher] {
            for kind in [NewCall, Answer, Hangup] {
                for (word, fate, concerns_all) in FATES {
                    for (bits, (answers, probed)) in (0..256_u32).flat_map(|bits| PROBED.map(|by| (bits, by)))
                    {
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
                            is_of_known_call: is(6),
                            found_again: is(7),
                        };
                        let names = [
                            "safe",
                            "first",
                            "exists",
                            "waits",
                            "fresh",
                            "asks",
                            "known call",
                            "found again",
                        ];
                        let named =
                            |name: &str| is(names.iter().position(|known| *known == name).unwrap() as u32);
                        let holds = |known: &str| {
                            if let Some(who) = known.strip_prefix("is ") {
                                who == answers
                            } else if known == "replaced" {
                                match word {
                                    "sent away" => answers != "away",
                                    _ => named("known call") || !["stranger", "away"].contains(&answers),
                                }
                            } else {
                                let (name, expected) = match known.strip_prefix("no ") {
                                    Some(name) => (name, false),
                                    None => (known, true),
                                };
                                expected
                                    == match name {
                                        "down" => answers == "no way" && !named("found again"),
                                        "single" => named("first") && !named("found again"),
                                        name => named(name),
                                    }
                            }
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
                        let what = format!("{word}, then {answers}: {case:?}");
                        assert_eq!(rows.len(), 1, "{what}: {rows:?}");
                        let failed = Failed { fate, concerns_all, probed };
                        assert_eq!(case.verdict(failed), rows[0].4, "{what}");
                        // Who has to know who answers asks.
                        let differs = |other: &(&str, Probed)| {
                            let other = Failed { probed: other.1, ..failed };
                            case.verdict(other) != case.verdict(failed)
                                || case.fate(other) != case.fate(failed)
                        };
                        let is_repeated = kind == Hangup && case.is_safe_twice && fate == Fate::Unreached;
                        if PROBED.iter().any(differs) && !is_repeated {
                            assert!(case.depends_on_probe(failed), "{what}");
                        }
                        cells += 1;
                    }
                }
            }
        }
        assert_eq!(cells, 3 * 3 * 10 * 256 * 6);
    }

    #[test]
    fn a_repeat_of_a_hangup_that_does_no_harm_needs_nobody_to_be_asked() {
        for (kind, is_safe_twice, asks) in
            [(NewCall, true, false), (Hangup, true, false), (Hangup, false, true), (Answer, false, true)]
        {
            let unavailable = SendError::Unavailable { status: 502, retry_after: None };
            let case = Case { kind, is_safe_twice, ..FIRST };
            assert_eq!(case.depends_on_probe((&unavailable).into()), asks, "{case:?}");
        }
    }

    #[test]
    fn what_may_have_arrived() {
        let unavailable = |status| SendError::Unavailable { status, retry_after: None };
        let page = || SendError::NotZammad { status: 200, content: crate::client::Content::Empty };
        let redirect = || SendError::Redirected { status: 302, location: String::new() };
        // (failure, who answers right after it, newCall, answer or hangup)
        let cases = [
            (unavailable(502), Probed::NoWay, true, false),
            (unavailable(502), Probed::Zammad, true, true),
            (unavailable(503), Probed::NoWay, true, false),
            (unavailable(503), Probed::NotAsked, true, true),
            (unavailable(429), Probed::NotAsked, false, false),
            (page(), Probed::Stranger, true, false),
            (page(), Probed::Zammad, true, true),
            (redirect(), Probed::SentAway, true, false),
            (redirect(), Probed::Zammad, true, true),
            (SendError::NoSuchPage, Probed::SentAway, true, false),
            (SendError::NoSuchPage, Probed::NoWay, true, true),
            (SendError::GatewayTimeout { status: 504 }, Probed::NotAsked, true, true),
            (SendError::NoReply { waited: FRESH }, Probed::NotAsked, true, true),
            (SendError::ConnectTimeout, Probed::NotAsked, false, false),
            (SendError::WrongToken, Probed::NotAsked, false, false),
            (SendError::CallIdReused, Probed::NotAsked, false, false),
        ];
        for (error, probed, new_call, later) in cases {
            let failed = Failed { probed, ..Failed::from(&error) };
            for (kind, expected) in [(NewCall, new_call), (Answer, later), (Hangup, later)] {
                let case = Case { kind, ..FIRST };
                assert_eq!(case.may_have_arrived(failed), expected, "{error:?}: {case:?}");
            }
        }
    }

    /// The first attempt of an event of which nothing is known.
    const FIRST: Case = Case {
        asker: Sender,
        kind: Answer,
        is_safe_twice: false,
        is_of_known_call: false,
        is_first: true,
        found_again: false,
        may_exist: false,
        unknown_call: 0,
        age: Duration::ZERO,
        asks: false,
    };

    #[test]
    fn a_first_answer_leaves_time_for_a_second_one_while_it_is_fresh() {
        let case = Case { is_safe_twice: true, ..FIRST };
        let seconds = Duration::from_secs;
        // (case, seconds for the attempt of the 8 that are left)
        let cases = [
            (case, 3),
            (Case { age: seconds(1), ..case }, 3),
            (Case { age: seconds(2), ..case }, 8),
            (Case { is_first: false, ..case }, 8),
            (Case { found_again: true, ..case }, 8),
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
