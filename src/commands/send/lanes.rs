//! Many deliveries at once in one thread: one a connection, and one a call.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::{Receiver, Sender};
use zammad_cti::client::Client;
use zammad_cti::config::Config;
use zammad_cti::delivery;
use zammad_cti::event::CallId;

use super::{Done, Job};
use crate::commands::report::Described;
use crate::exit_code::ExitCode;
use crate::output::Report;

/// Lines between the oldest unfinished one and the newest, for each connection: enough for the
/// others to go on while one is slow.
const WINDOW: u64 = 64;

/// An event whose line could be read.
struct Ready {
    place: u64,
    line: u64,
    described: Described,
}

/// Sends what comes in until there is no more, or nobody wants the results.
pub async fn send(
    clients: Vec<Client>,
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
    let mut open = true;
    loop {
        let mut done = Vec::new();
        // Start what can be started.
        while let Some(job) = waiting.front() {
            let first = unfinished.first().copied().unwrap_or(job.place);
            if idle.is_empty() || job.place >= first + window {
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
                        under_way.push(deliver(client, ready, config));
                    }
                }
            }
        }
        if !done.is_empty() {
            if results.send(done).await.is_err() {
                return;
            }
            continue;
        }
        // Wait for the first of: a delivery that ends, and more lines.
        let wants_more = open && waiting.is_empty();
        let ended = match (under_way.is_empty(), wants_more) {
            (true, false) => return,
            (true, true) => None,
            (false, false) => under_way.next().await,
            (false, true) => match select(under_way.next(), Box::pin(jobs.recv())).await {
                Either::Left((ended, _)) => ended,
                Either::Right((batch, _)) => {
                    open = batch.is_some();
                    waiting.extend(batch.into_iter().flatten());
                    continue;
                }
            },
        };
        let Some(first) = ended else {
            match jobs.recv().await {
                Some(batch) => waiting.extend(batch),
                None => open = false,
            }
            continue;
        };
        // More may have ended by now; their results go together.
        let mut next = Some(first);
        while let Some((client, call_id, result)) = next {
            unfinished.remove(&result.place);
            done.push(result);
            match behind.get_mut(&call_id).and_then(VecDeque::pop_front) {
                Some(ready) => under_way.push(deliver(client, ready, config)),
                None => {
                    behind.remove(&call_id);
                    idle.push(client);
                }
            }
            next = under_way.next().now_or_never().flatten();
        }
        if results.send(done).await.is_err() {
            return;
        }
    }
}

/// Delivers one event, and gives the connection back.
async fn deliver(mut client: Client, ready: Ready, config: &Config) -> (Client, CallId, Done) {
    let Ready { place, line, described: Described { event, known } } = ready;
    let result =
        delivery::deliver(&mut client, &event, config.encoding, known, Instant::now(), config.deadline).await;
    let done = match result {
        Ok(delivered) => {
            let report = Report::delivered(&event, &delivered).at_line(line);
            Done { place, report, error: None }
        }
        Err(error) => Done::failed(place, line, Report::undelivered(&event, &error), error.into(), config),
    };
    (client, event.call_id, done)
}

fn unreadable(place: u64, line: u64, error: anyhow::Error, config: &Config) -> Done {
    Done::failed(place, line, Report::unsent(ExitCode::of(&error).class()), error, config)
}
