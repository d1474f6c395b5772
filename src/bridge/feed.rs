//! The connection to a phone system, for ever: made, lost, and made again.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::pauses::Pauses;
use super::source::{Connector, Link, LinkError, Refusals};

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
                    Some(error) => (error, Some(since.elapsed())),
                    None => return,
                }
            }
            Err(error) => (error, None),
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
