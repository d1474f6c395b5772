//! The thread that all calls share: it lets them in, and brings their events to Zammad.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::agi::AgiError;
use crate::client::{ClientError, Clients};
use crate::config::Config;
use crate::delivery::{Connection, Courier, Dispatcher, Failure, Outcome as Brought, Pool};
use anyhow::Context;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::complaints::{Complaints, Reason, in_thread_on_behalf, on_behalf};
use super::guest::{Guest, Reception};
use super::hall::{Hall, Visit};
use super::job::Job;
use super::places::{Place, Places};
use super::rules::Rules;
use super::shares::Shares;
use super::talk::talk;
use crate::program::commands::daemon::{Daemon, Wish, log_event};
use crate::program::commands::report;
use crate::program::commands::settings::runtime_folder;
use crate::program::output::OutputError;

/// After an error of the system's, such as too many open files.
const BREATH: Duration = Duration::from_millis(50);

/// How often it is looked what has changed in the spool, and what was complained about.
const ROUND: Duration = Duration::from_secs(5);

/// So many connections to Zammad are kept when fewer events are under way.
const IDLE: usize = 16;

/// Of each call that may be talked about at once, so many events may be on their way: a call that ends is
/// let go within a moment, and its event has the configuration's deadline.
const JOBS: u16 = 8;

/// At least so many events of one guest that is trusted may be on their way: more than 50 calls a second
/// have when Zammad is silent for eight seconds, which are 1,200.
const TRUSTED_JOBS: u16 = 4096;

/// How calls are served.
pub struct Terms {
    /// how long one is held at most
    pub limit: Duration,
    /// how many of one guest are talked about at once
    pub max_calls: u16,
    pub rules: Rules,
}

/// Serves calls until SIGTERM or Ctrl-C. Then what is under way is finished, unless it comes again,
/// and whoever calls is turned away: a call must not wait for the end of a server. `ready` says so
/// when all of this is the case, and tells what systemd is to show.
pub async fn serve(
    listener: TcpListener,
    config: &Arc<Config>,
    clients: &Clients<'_>,
    terms: Terms,
    ready: impl FnOnce() -> Result<String, OutputError>,
) -> anyhow::Result<()> {
    let complaints = Arc::<Complaints>::default();
    let courier = Courier::new(config, runtime_folder().as_deref());
    let sender = EventSender { config, courier, shares: Shares::new(config), complaints: complaints.clone() };
    let served = tokio::select! {
        served = serve_until_the_end(listener, &sender, clients, terms, ready) => served,
        never = keep_house(&sender) => match never {},
    };
    complaints.end();
    served
}

async fn keep_house(sender: &EventSender<'_>) -> Infallible {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        sender.complaints.sum_up();
        sender.shares.look().await;
    }
}

async fn serve_until_the_end(
    listener: TcpListener,
    sender: &EventSender<'_>,
    clients: &Clients<'_>,
    terms: Terms,
    ready: impl FnOnce() -> Result<String, OutputError>,
) -> anyhow::Result<()> {
    let Terms { limit, max_calls, rules } = terms;
    let reception = Reception::new(listener.local_addr()?);
    let listener = tokio::net::TcpListener::from_std(listener).context("the socket")?;
    let mut daemon = Daemon::begin()?;
    let mut hall = Hall::new(rules, sender.complaints.clone(), reception);
    let room = Room::new(max_calls);
    let (jobs, mut wanted) = unbounded_channel();
    // Until the stop; then the calls have the only ones.
    let mut jobs = Some(jobs);
    let mut are_calls_left = true;
    let bring = async |connection: &mut Connection<'_>, job| sender.bring(connection, job).await;
    // As many as [`Room`] has. Events of a call may come in another order than they happened, which their turns know.
    let mut dispatcher = Dispatcher::new(Pool::growing(clients, usize::MAX, IDLE), &bring);
    let mut not_before = Instant::now();
    daemon.is_ready(&ready()?);
    while are_calls_left || !dispatcher.is_idle() {
        tokio::select! {
            accepted = accept(&listener, not_before) => match (accepted, &jobs) {
                (Ok(stream), Some(_)) => hall.let_in(stream),
                // Dropped, it is closed.
                (Ok(_), None) => {}
                (Err(error), _) => {
                    let text = format!("cannot take a call: {error}");
                    sender.complaints.say(Guest::Unknown, Reason::NoRoom, text);
                    not_before = Instant::now() + BREATH;
                }
            },
            visit = hall.next(), if !hall.is_empty() => if let (Some(visit), Some(jobs)) = (visit, &jobs) {
                admit(visit, &room, jobs.clone(), sender, limit);
            },
            job = wanted.recv(), if are_calls_left => match job {
                Some(job) => dispatcher.push(None, job),
                None => are_calls_left = false,
            },
            Some(()) = dispatcher.next() => {}
            wish = daemon.next() => match (wish, jobs.take()) {
                (Wish::End, Some(_)) => {
                    hall.close();
                    log::info!("finishing the calls under way");
                }
                (Wish::End, None) => return Ok(()),
            },
        }
    }
    Ok(())
}

/// The next call, after a breath if the system needs one.
async fn accept(listener: &tokio::net::TcpListener, not_before: Instant) -> std::io::Result<TcpStream> {
    tokio::time::sleep_until(not_before.into()).await;
    listener.accept().await.map(|(stream, _)| stream)
}

/// What there may be at once of everybody.
struct Room {
    calls: Arc<Places>,
    /// events on their way to Zammad: those of strangers take no place of the others'
    jobs: Arc<Places>,
    trusted_jobs: Arc<Places>,
}

impl Room {
    fn new(max_calls: u16) -> Self {
        let jobs = max_calls.saturating_mul(JOBS);
        Self {
            calls: Places::new(max_calls),
            jobs: Places::new(jobs),
            trusted_jobs: Places::new(jobs.max(TRUSTED_JOBS)),
        }
    }

    /// Places for one call and for its event.
    fn take(&self, guest: Guest, is_trusted: bool) -> Result<(Place, Place), Full> {
        let jobs = if is_trusted { &self.trusted_jobs } else { &self.jobs };
        let call = self.calls.take(guest).ok_or(Full::Calls)?;
        Ok((call, jobs.take(guest).ok_or(Full::Jobs)?))
    }
}

/// There are too many.
enum Full {
    Calls,
    Jobs,
}

/// Gives a call a thread, if there is one for it.
fn admit(visit: Visit, room: &Room, jobs: UnboundedSender<Job>, sender: &EventSender<'_>, limit: Duration) {
    let Visit { guest, is_trusted, .. } = visit;
    let (config, complaints) = (sender.config.clone(), sender.complaints.clone());
    let (call_place, job_place) = match room.take(guest, is_trusted) {
        Ok(places) => places,
        Err(full) => {
            let (reason, what) = match full {
                Full::Calls => (Reason::TooMany, "too many calls at once (--max-calls)"),
                Full::Jobs => (Reason::Backlog, "too many events wait for Zammad (8 times --max-calls)"),
            };
            complaints.say(guest, reason, format!("{what}: one of {guest} goes on without Zammad"));
            return;
        }
    };
    let call = move || {
        let _place = call_place;
        let stranger = (!is_trusted).then_some(guest);
        let talked =
            in_thread_on_behalf(stranger, &complaints, || talk(visit, &jobs, job_place, &config, limit));
        let Err(error) = talked else { return };
        // Of a stranger it is not sure that this is a call.
        if is_trusted {
            log::error!("{error:#}");
        } else {
            let reason = if error.chain().any(|error| error.is::<AgiError>()) {
                Reason::NoAgi
            } else {
                Reason::Mistake
            };
            complaints.say(guest, reason, format!("{error:#}"));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("call".to_owned()).spawn(call) {
        sender.complaints.say(guest, Reason::NoRoom, format!("no thread for a call: {error}"));
    }
}

/// The way of all calls' events to Zammad.
struct EventSender<'a> {
    config: &'a Arc<Config>,
    courier: Courier,
    shares: Shares,
    complaints: Arc<Complaints>,
}

impl EventSender<'_> {
    /// Brings one event to Zammad.
    async fn bring(&self, connection: &mut Connection<'_>, job: Job) {
        on_behalf(job.stranger, &self.complaints, self.bring_for_anyone(connection, job)).await;
    }

    async fn bring_for_anyone(&self, connection: &mut Connection<'_>, job: Job) {
        let Job { event, stranger, deadline, reply, place: _place } = job;
        let to_send = match self.courier.read(event, &**self.config).await {
            Ok(to_send) => to_send,
            Err(error) => {
                let error = error.into();
                log::error!("{error:#}");
                let _ = reply.send((report::unsent(&error), Some(error)));
                return;
            }
        };
        let reserved = match stranger.map(|guest| self.shares.reserve(guest, &to_send.event)).transpose() {
            Ok(reserved) => reserved.flatten(),
            Err(error) => {
                if let Some(guest) = stranger {
                    self.complaints.say(guest, Reason::Hoard, &error);
                }
                let error = error.into();
                let _ = reply.send((report::unsent(&error), Some(error)));
                return;
            }
        };
        report::warn(&to_send.event, to_send.known, self.config, None);
        let brought = match connection.client() {
            Ok(client) => Ok(self.courier.bring(client, &to_send, deadline).await),
            Err(error) => Err(error),
        };
        if let Some(reserved) = reserved {
            self.shares.settle(reserved, is_kept(&brought));
        }
        let (report, error) = report::outcome(&to_send.event, brought, self.config);
        log_event(&report, error.as_ref());
        // Whoever does not wait any more was told that it is on its way.
        let _ = reply.send((report, error));
    }
}

/// Whether the spool has it, or may have it.
fn is_kept(brought: &Result<Result<Brought, Failure>, ClientError>) -> bool {
    match brought {
        Ok(Ok(Brought::Spooled(_)) | Err(Failure::Unconfirmed(_) | Failure::Untried(_))) => true,
        Ok(Ok(Brought::Delivered(_) | Brought::EndedBefore)) => false,
        Ok(Err(Failure::Undelivered(_) | Failure::NotKept(..))) | Err(_) => false,
    }
}
