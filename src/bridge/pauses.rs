//! How long it is waited before a phone system is tried again: one rule for all of them, and for each of the connections
//! that some have.

use std::time::Duration;

use tokio::time::Instant;

use super::source::LinkError;

/// The first pause after a connection is lost; each one is twice the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// After a refusal, which lasts until somebody changes a setting. Some phone systems shut out a client that
/// tries too often.
const AFTER_REFUSAL: Duration = Duration::from_secs(180);

/// Before that after the first refusals by a phone system that has let us in before: one that restarts may refuse
/// everybody for a moment.
const AFTER_FIRST_REFUSALS: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(45)];

/// How long a refusal is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);

/// A connection that has held so long was a good one.
const GOOD: Duration = Duration::from_secs(30);

/// How long it is waited before the next try, by what has happened with these settings so far.
#[derive(Debug, Default)]
pub struct Pauses {
    /// tries in a row that came to nothing, or not to much
    tries: u32,
    /// a connection was a good one
    has_been_good: bool,
    /// when it was refused
    refusals: Vec<Instant>,
}

impl Pauses {
    /// After this, when the connection has held so long, if it was made.
    pub fn after(&mut self, error: &LinkError, held: Option<Duration>, now: Instant) -> Duration {
        let is_good = held.is_some_and(|held| held >= GOOD);
        // One that lets us in may refuse the first question all the same.
        self.has_been_good |= is_good;
        if is_good {
            self.tries = 0;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.tries.min(16)).min(LONGEST_PAUSE);
        self.tries += 1;
        if !error.is_lasting() {
            return jittered(pause);
        }
        self.refusals.retain(|before| now.duration_since(*before) < REMEMBERED);
        let soon = AFTER_FIRST_REFUSALS.get(self.refusals.len()).filter(|_| self.has_been_good);
        self.refusals.push(now);
        soon.copied().map_or(AFTER_REFUSAL, jittered)
    }
}

/// Between half of it and all of it, so that many who lost one phone system do not come back at once.
pub(super) fn jittered(pause: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() % 1000;
    pause / 2 + pause * (random as u32) / 2000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_system_that_has_let_us_in_is_tried_soon_after_it_refuses() {
        let refused = || LinkError::Refused { address: "a".to_owned(), reason: "b".to_owned() };
        let wrong =
            |said: &str| LinkError::Stranger { address: "a".to_owned(), wanted: "b", said: said.to_owned() };
        let (good, brief, never) = (Some(GOOD), Some(Duration::ZERO), None);
        // (how it ended, how long it held, the longest that the pause after it may be, in seconds)
        type Case = (LinkError, Option<Duration>, u64);
        let cases: [(&str, Vec<Case>); 5] = [
            (
                "never in",
                vec![(refused(), never, 180), (LinkError::Ended, never, 2), (refused(), never, 180)],
            ),
            (
                "it was in for a moment",
                vec![
                    (refused(), never, 180),
                    (LinkError::Ended, brief, 2),
                    (refused(), never, 180),
                    (refused(), brief, 180),
                ],
            ),
            (
                "it restarts",
                vec![
                    (LinkError::Ended, good, 1),
                    (refused(), never, 5),
                    (refused(), never, 15),
                    (LinkError::Silent, never, 8),
                    (wrong("hello"), never, 45),
                    (refused(), never, 180),
                    (refused(), never, 180),
                ],
            ),
            ("the right is taken away", vec![(refused(), good, 5), (refused(), never, 15)]),
            (
                "it is lost",
                [1, 2, 4, 8, 16, 32, 60, 60]
                    .into_iter()
                    .map(|most| (LinkError::Ended, never, most))
                    .collect(),
            ),
        ];
        for (name, ends) in cases {
            let (mut pauses, mut now) = (Pauses::default(), Instant::now());
            for (place, (error, held, most)) in ends.into_iter().enumerate() {
                let most = Duration::from_secs(most);
                let least = if most == AFTER_REFUSAL { most } else { most / 2 };
                let pause = pauses.after(&error, held, now);
                assert!((least..=most).contains(&pause), "{name}, {place}: {pause:?}");
                now += held.unwrap_or_default() + pause;
            }
        }
        // What was long ago is forgotten.
        let (mut pauses, now) = (Pauses::default(), Instant::now());
        for _ in 0..4 {
            pauses.after(&refused(), good, now);
        }
        assert_eq!(pauses.after(&refused(), never, now), AFTER_REFUSAL);
        assert!(pauses.after(&refused(), never, now + REMEMBERED) <= AFTER_FIRST_REFUSALS[0]);
    }
}
