//! The connection to a phone system, for ever: made, lost, and made again.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::source::{Connector, Link, LinkError, Refusals};

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

/// What is told of the connection, and what comes over it.
#[derive(Debug)]
pub enum Fed<M> {
    /// It was made: what is asked for next goes over it. Nobody else knows this word. What it turns away is counted.
    Connected(String, Refusals),
    /// The phone system said something.
    Said(M),
    /// It was lost, or could not be made; it is tried again after that time.
    Lost(LinkError, Duration),
}

/// Keeps a connection, and hands over what comes, until nobody wants it any more. Reading never waits for
/// the one that takes it. A connector that is changed counts for the next connection, which is made at once if
/// there is none; of it counts for this one what [can](Connector::adapt).
pub async fn feed<C: Connector + Clone>(
    mut connectors: watch::Receiver<C>,
    fed: UnboundedSender<Fed<<C::Link as Link>::Message>>,
    mut requests: UnboundedReceiver<<C::Link as Link>::Request>,
) {
    let mut pauses = Pauses::default();
    loop {
        let connector = connectors.borrow_and_update().clone();
        let (error, held) = match connector.connect().await {
            Ok(link) => {
                let since = Instant::now();
                // What was asked of the connection before.
                while requests.try_recv().is_ok() {}
                let secret = uuid::Uuid::new_v4().simple().to_string();
                if fed.send(Fed::Connected(secret, link.refusals())).is_err() {
                    return;
                }
                match hand_over(link, &mut connectors, &fed, &mut requests).await {
                    Some(error) => (error, since.elapsed()),
                    None => return,
                }
            }
            Err(error) => (error, Duration::ZERO),
        };
        let wait = pauses.after(&error, held, Instant::now());
        if fed.send(Fed::Lost(error, wait)).is_err() {
            return;
        }
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = connectors.changed() => pauses = Pauses::default(),
            () = fed.closed() => return,
        }
    }
}

/// How long it is waited before the next try, by what has happened with these settings so far.
#[derive(Debug, Default)]
struct Pauses {
    /// tries in a row that came to nothing, or not to much
    tries: u32,
    /// a connection was a good one
    has_been_good: bool,
    /// when it was refused
    refusals: Vec<Instant>,
}

impl Pauses {
    /// After this, when the connection has held so long, if it was made.
    fn after(&mut self, error: &LinkError, held: Duration, now: Instant) -> Duration {
        let is_good = held >= GOOD;
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

/// Why the connection ended; `None` if nobody wants it any more.
async fn hand_over<C: Connector>(
    mut link: C::Link,
    connectors: &mut watch::Receiver<C>,
    fed: &UnboundedSender<Fed<<C::Link as Link>::Message>>,
    requests: &mut UnboundedReceiver<<C::Link as Link>::Request>,
) -> Option<LinkError> {
    loop {
        tokio::select! {
            said = link.next() => match said {
                Ok(message) => fed.send(Fed::Said(message)).ok()?,
                Err(error) => return Some(error),
            },
            request = requests.recv() => link.ask(request?),
            Ok(()) = connectors.changed() => connectors.borrow_and_update().adapt(&mut link),
        }
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
        let (good, brief) = (GOOD, Duration::ZERO);
        // (how it ended, how long it held, the longest that the pause after it may be, in seconds)
        type Case = (LinkError, Duration, u64);
        let cases: [(&str, Vec<Case>); 4] = [
            (
                "never in",
                vec![(refused(), brief, 180), (LinkError::Ended, brief, 2), (refused(), brief, 180)],
            ),
            (
                "it restarts",
                vec![
                    (LinkError::Ended, good, 1),
                    (refused(), brief, 5),
                    (refused(), brief, 15),
                    (LinkError::Silent, brief, 8),
                    (wrong("hello"), brief, 45),
                    (refused(), brief, 180),
                    (refused(), brief, 180),
                ],
            ),
            ("the right is taken away", vec![(refused(), good, 5), (refused(), brief, 15)]),
            (
                "it is lost",
                [1, 2, 4, 8, 16, 32, 60, 60]
                    .into_iter()
                    .map(|most| (LinkError::Ended, brief, most))
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
                now += held + pause;
            }
        }
        // What was long ago is forgotten.
        let (mut pauses, now) = (Pauses::default(), Instant::now());
        for _ in 0..4 {
            pauses.after(&refused(), good, now);
        }
        assert_eq!(pauses.after(&refused(), brief, now), AFTER_REFUSAL);
        assert!(pauses.after(&refused(), brief, now + REMEMBERED) <= AFTER_FIRST_REFUSALS[0]);
    }
}
