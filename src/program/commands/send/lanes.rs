//! Many deliveries at once in one thread, and their results together.

use std::cell::RefCell;
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::config::Config;
use crate::delivery::{Connection, Deadline, Dispatcher, OpenCalls, Pool, Ways};
use crate::event::{CallId, WrittenEvent};
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
    call: CallId,
    written: WrittenEvent,
}

/// Sends what comes in until there is no more, or nobody wants the results.
pub async fn send(
    pool: Pool<'_>,
    ways: &Ways,
    config: &Config,
    mut jobs: UnboundedReceiver<Vec<Job>>,
    results: Sender<Vec<Done>>,
) {
    // Those of this thread: the lines of a call all come here.
    let calls = RefCell::new(OpenCalls::default());
    let bring =
        async |connection: &mut Connection<'_>, ready| deliver(connection, ready, ways, config, &calls).await;
    let mut dispatcher = Dispatcher::new(pool, &bring);
    let mut done = Vec::new();
    let mut waited = pin!(sleep(TOGETHER));
    let mut open = true;
    loop {
        let is_time = dispatcher.is_idle() || done.len() >= BATCH;
        if is_time && !done.is_empty() && results.send(std::mem::take(&mut done)).is_err() {
            return;
        }
        if dispatcher.is_idle() && !open {
            return;
        }
        tokio::select! {
            biased;
            // First what has ended, so that results that come together go together.
            Some(result) = dispatcher.next() => {
                if done.is_empty() {
                    waited.as_mut().reset(Instant::now() + TOGETHER);
                }
                done.push(result);
            }
            () = &mut waited, if !done.is_empty() => {
                if results.send(std::mem::take(&mut done)).is_err() {
                    return;
                }
            }
            // What has to wait may wait there: to be told of it is to be woken.
            batch = jobs.recv(), if open && dispatcher.has_room() => match batch {
                Some(batch) => for Job { place, line, event } in batch {
                    match event {
                        Ok((call, written)) => {
                            dispatcher.push(Some(call.clone()), Ready { place, line, call, written });
                        }
                        Err(error) => done.push(unreadable(place, line, error, config)),
                    }
                },
                None => open = false,
            },
        }
    }
}

/// Delivers one event, with what the lines before say of its call.
async fn deliver(
    connection: &mut Connection<'_>,
    ready: Ready,
    ways: &Ways,
    config: &Config,
    calls: &RefCell<OpenCalls>,
) -> Done {
    let Ready { place, line, call, mut written } = ready;
    written.before = calls.borrow().known(&call);
    let direction = written.direction;
    let addressed = match ways.read(written, config).await {
        Ok(addressed) => addressed,
        Err(error) => return unreadable(place, line, error.into(), config),
    };
    let (to_send, config) = (&addressed.to_send, addressed.config(config));
    // Only now: of an event that cannot be sent nobody hears.
    calls.borrow_mut().follow(to_send.event.kind, &call, direction);
    warn(to_send, Some(line));
    let brought = ways.bring(connection, &addressed, Deadline::within(config.deadline), None, &|| {}).await;
    let (report, error) = outcome(&to_send.event, brought, config);
    match error {
        None => {
            let report = report.at_line(line).sent_without(to_send.left_out.as_deref());
            Done { place, report, error: None, is_incomplete: to_send.left_out.is_some() }
        }
        Some(error) => Done::failed(place, line, report, error, config),
    }
}

fn unreadable(place: u64, line: u64, error: anyhow::Error, config: &Config) -> Done {
    Done::failed(place, line, unsent(&error), error, config)
}
