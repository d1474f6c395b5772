//! Many deliveries at once in one thread: one a connection, and one a call.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{Permit, Receiver, Sender};
use zammad_cti::client::Client;
use zammad_cti::config::Config;
use zammad_cti::delivery::{Courier, Described};
use zammad_cti::event::CallId;

use super::{Done, Job};
use crate::commands::report::{outcome, unsent};

/// Lines between the oldest unfinished one and the newest, for each connection: enough for the
/// others to go on while one is slow.
const WINDOW: u64 = 64;

/// An event whose line could be read.
struct Ready {
    place: u64,
    line: u64,
    described: Described,
}

/// What happens next.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is moved once")]
enum Step<'a> {
    Ended(Ended),
    Read(Option<Vec<Job>>),
    Room(Result<Permit<'a, Vec<Done>>, SendError<()>>),
}

/// The connection, the call, and what became of its event.
type Ended = (Client, CallId, Done);

/// Sends what comes in until there is no more, or nobody wants the results.
///
/// Deliveries go on while the results wait for their reader, lest a reply that is there be taken
/// for one that did not come in time.
pub async fn send(
    clients: Vec<Client>,
    courier: &Courier,
    config: &Config,
    mut jobs: Receiver<Vec<Job>>,
    results: Sender<Vec<Done>>,
) {
    let window = WINDOW * clients.len() as u64;
    let mut idle = clients;
    let mut under_way = FuturesUnordered::new();
    // Events of calls that have one under way, and events that wait for a connection.
    let mut behind: HashMap<CallId, VecDeque<Ready>> = HashMap::new();
    let mut waiting: VecDeque<Job> = VecDeque::new();
    let mut unfinished = BTreeSet::new();
    let mut done = Vec::new();
    let mut open = true;
    loop {
        while let Some(job) = waiting.front() {
            let first = unfinished.first().copied().unwrap_or(job.place);
            if idle.is_empty() || job.place >= first + window || done.len() as u64 >= window {
                break;
            }
            let Some(Job { place, line, event }) = waiting.pop_front() else { break };
            match event {
                Err(error) => done.push(unreadable(place, line, error, config)),
                Ok(described) => {
                    unfinished.insert(place);
                    let ready = Ready { place, line, described };
                    let call_id = ready.described.event.call_id.clone();
                    if let Some(others) = behind.get_mut(&call_id) {
                        others.push_back(ready);
                    } else if let Some(client) = idle.pop() {
                        behind.insert(call_id, VecDeque::new());
                        under_way.push(deliver(client, ready, courier, config));
                    }
                }
            }
        }
        let wants_more = open && waiting.is_empty();
        if under_way.is_empty() && !wants_more && done.is_empty() {
            return;
        }
        let mut room = pin!(results.reserve());
        let step = poll_fn(|context| {
            // First what has ended, so that results that come together go together. They cannot be
            // more than the window, as none begins then.
            if let Poll::Ready(Some(ended)) = under_way.poll_next_unpin(context) {
                return Poll::Ready(Step::Ended(ended));
            }
            if !done.is_empty()
                && let Poll::Ready(permit) = room.as_mut().poll(context)
            {
                return Poll::Ready(Step::Room(permit));
            }
            if wants_more && let Poll::Ready(batch) = jobs.poll_recv(context) {
                return Poll::Ready(Step::Read(batch));
            }
            Poll::Pending
        });
        match step.await {
            Step::Ended((client, call_id, result)) => {
                unfinished.remove(&result.place);
                done.push(result);
                match behind.get_mut(&call_id).and_then(VecDeque::pop_front) {
                    Some(ready) => under_way.push(deliver(client, ready, courier, config)),
                    None => {
                        behind.remove(&call_id);
                        idle.push(client);
                    }
                }
            }
            Step::Read(Some(batch)) => waiting.extend(batch),
            Step::Read(None) => open = false,
            Step::Room(Ok(permit)) => permit.send(std::mem::take(&mut done)),
            // Nobody wants results any more.
            Step::Room(Err(_)) => return,
        }
    }
}

/// Delivers one event, and gives the connection back.
async fn deliver(mut client: Client, ready: Ready, courier: &Courier, config: &Config) -> Ended {
    let Ready { place, line, mut described } = ready;
    courier.recall(&mut described).await;
    let brought = courier.bring(&mut client, &described, Instant::now(), config.deadline).await;
    let (report, error) = outcome(&described.event, Ok(brought), config);
    let done = match error {
        None => Done { place, report: report.at_line(line), error: None },
        Some(error) => Done::failed(place, line, report, error, config),
    };
    (client, described.event.call_id, done)
}

fn unreadable(place: u64, line: u64, error: anyhow::Error, config: &Config) -> Done {
    Done::failed(place, line, unsent(&error), error, config)
}
