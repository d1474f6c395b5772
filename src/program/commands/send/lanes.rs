//! Many deliveries at once in one thread: one a connection, and one a call.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::task::Poll;
use std::time::Duration;

use crate::client::Client;
use crate::config::Config;
use crate::delivery::{Courier, Deadline};
use crate::event::{CallId, WrittenEvent};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};

use super::{BATCH, Done, Job};
use crate::program::commands::report::{outcome, unsent, warn};

/// How long a result waits for others while more events are under way, or a millisecond longer: whoever
/// writes them has to be woken, which takes as long as to send an event.
const TOGETHER: Duration = Duration::from_millis(1);

/// An event whose line could be read.
struct Ready {
    place: u64,
    line: u64,
    call_id: CallId,
    written: WrittenEvent,
}

/// What happens next.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is moved once")]
enum Next {
    Ended(Ended),
    Tell,
    Read(Option<Vec<Job>>),
}

/// The connection, the call, and what became of its event.
type Ended = (Client, CallId, Done);

/// Sends what comes in until there is no more, or nobody wants the results.
pub async fn send(
    clients: Vec<Client>,
    courier: &Courier,
    config: &Config,
    mut jobs: UnboundedReceiver<Vec<Job>>,
    results: Sender<Vec<Done>>,
) {
    let mut idle = clients;
    let mut under_way = FuturesUnordered::new();
    // Events of calls that have one under way, and events that wait for a connection.
    let mut behind: HashMap<CallId, VecDeque<Ready>> = HashMap::new();
    let mut waiting: VecDeque<Job> = VecDeque::new();
    let mut done = Vec::new();
    let mut waited = pin!(sleep(TOGETHER));
    let mut open = true;
    loop {
        while let Some(client) = idle.pop() {
            let Some(Job { place, line, event }) = waiting.pop_front() else {
                idle.push(client);
                break;
            };
            match event {
                Ok((call_id, written)) => {
                    let ready = Ready { place, line, call_id: call_id.clone(), written };
                    if let Some(others) = behind.get_mut(&call_id) {
                        others.push_back(ready);
                        idle.push(client);
                    } else {
                        behind.insert(call_id, VecDeque::new());
                        under_way.push(deliver(client, ready, courier, config));
                    }
                }
                Err(error) => {
                    done.push(unreadable(place, line, error, config));
                    idle.push(client);
                }
            }
        }
        let wants_more = open && waiting.is_empty();
        if under_way.is_empty() && !wants_more && done.is_empty() {
            return;
        }
        let step = poll_fn(|context| {
            // First what has ended, so that results that come together go together.
            if let Poll::Ready(Some(ended)) = under_way.poll_next_unpin(context) {
                return Poll::Ready(Next::Ended(ended));
            }
            if !done.is_empty()
                && (under_way.is_empty() || done.len() >= BATCH || waited.as_mut().poll(context).is_ready())
            {
                return Poll::Ready(Next::Tell);
            }
            if wants_more && let Poll::Ready(batch) = jobs.poll_recv(context) {
                return Poll::Ready(Next::Read(batch));
            }
            Poll::Pending
        });
        match step.await {
            Next::Ended((client, call_id, result)) => {
                if done.is_empty() {
                    waited.as_mut().reset(Instant::now() + TOGETHER);
                }
                done.push(result);
                match behind.get_mut(&call_id).and_then(VecDeque::pop_front) {
                    Some(ready) => under_way.push(deliver(client, ready, courier, config)),
                    None => {
                        behind.remove(&call_id);
                        idle.push(client);
                    }
                }
            }
            Next::Tell => {
                if results.send(std::mem::take(&mut done)).is_err() {
                    return;
                }
            }
            Next::Read(Some(batch)) => waiting.extend(batch),
            Next::Read(None) => open = false,
        }
    }
}

/// Delivers one event, and gives the connection back.
async fn deliver(mut client: Client, ready: Ready, courier: &Courier, config: &Config) -> Ended {
    let Ready { place, line, call_id, written } = ready;
    let to_send = match courier.read(written, config).await {
        Ok(to_send) => to_send,
        Err(error) => return (client, call_id, unreadable(place, line, error.into(), config)),
    };
    warn(&to_send.event, to_send.known, config, Some(line));
    let brought = courier.bring(&mut client, &to_send, Deadline::within(config.deadline)).await;
    let (report, error) = outcome(&to_send.event, Ok(brought), config);
    let done = match error {
        None => Done { place, report: report.at_line(line), error: None },
        Some(error) => Done::failed(place, line, report, error, config),
    };
    (client, call_id, done)
}

fn unreadable(place: u64, line: u64, error: anyhow::Error, config: &Config) -> Done {
    Done::failed(place, line, unsent(&error), error, config)
}
