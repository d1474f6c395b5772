//! The thread that all calls share: it lets them in, and brings their events to Zammad.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::agi::AgiError;
use crate::client::Clients;
use crate::config::Config;
use crate::delivery::{
    Connection, Courier, Dispatcher, Failure, NoClient, Outcome as Brought, Pool, Untried, Ways,
};
use anyhow::Context;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::complaints::{Complaints, Reason, in_thread_on_behalf, on_behalf};
use super::guest::{Guest, Reception};
use super::hall::{Hall, Visit};
use super::job::Job;
use super::places::{Place, Places};
use super::rules::Rules;
use super::shares::Shares;
use super::talk::talk;
use crate::program::commands::alive::{Alive, LastDelivery};
use crate::program::commands::daemon::{Daemon, Wish, log_event};
use crate::program::commands::report;
use crate::program::commands::settings::runtime_folder;
use crate::program::commands::watched::Watched;
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
    pub config: Arc<Config>,
    pub clients: Clients,
    /// how long one is held at most
    pub limit: Duration,
    pub rules: Rules,
}

/// Where calls come in.
pub struct Entrance {
    pub listener: TcpListener,
    /// how many of one guest are talked about at once
    pub max_calls: u16,
    /// where monitoring systems are answered
    pub health: Option<SocketAddr>,
}

/// Serves calls until SIGTERM or Ctrl-C. Then what is under way is finished, unless it comes again,
/// and whoever calls is turned away: a call must not wait for the end of a server. `ready` says so
/// when all of this is the case, and tells what systemd is to show.
///
/// When a file has changed, or on SIGHUP, `read_again` says what counts for the calls that come from then on.
pub async fn serve(
    entrance: Entrance,
    first: (Terms, Watched),
    read_again: impl Fn() -> anyhow::Result<(Terms, Watched)>,
    ready: impl FnOnce() -> Result<String, OutputError>,
) -> anyhow::Result<()> {
    let complaints = Arc::<Complaints>::default();
    let served = tokio::select! {
        served = serve_until_the_end(entrance, first, read_again, ready, &complaints) => served,
        never = sum_up(&complaints) => match never {},
    };
    complaints.end();
    served
}

async fn sum_up(complaints: &Complaints) -> Infallible {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        complaints.sum_up();
    }
}

async fn serve_until_the_end(
    Entrance { listener, max_calls, health }: Entrance,
    (terms, files): (Terms, Watched),
    read_again: impl Fn() -> anyhow::Result<(Terms, Watched)>,
    ready: impl FnOnce() -> Result<String, OutputError>,
    complaints: &Arc<Complaints>,
) -> anyhow::Result<()> {
    let reception = Reception::new(listener.local_addr()?);
    let listener = tokio::net::TcpListener::from_std(listener).context("the socket")?;
    let mut daemon = Daemon::begin(files)?;
    let Terms { config, clients, limit, rules } = terms;
    let mut hall = Hall::new(rules, complaints.clone(), reception);
    let room = Room::new(max_calls);
    let last = LastDelivery::default();
    let alive = Alive::new(&config, None, last.clone());
    alive.answer_if_wanted(health, "--health").await?;
    let mut shares = Arc::new(Shares::new(&config));
    // One for each configuration whose events are not all over.
    let mut at_work = FuturesUnordered::new();
    let (shift, work) = Shift::begin(config, clients, limit, complaints, &shares, &last);
    at_work.push(work);
    // Until the stop; then only calls have a way to one of them.
    let mut shift = Some(shift);
    let mut not_before = Instant::now();
    daemon.is_ready(&ready()?);
    while !at_work.is_empty() {
        tokio::select! {
            accepted = accept(&listener, not_before) => match (accepted, &shift) {
                (Ok(stream), Some(_)) => hall.let_in(stream),
                // Dropped, it is closed.
                (Ok(_), None) => {}
                (Err(error), _) => {
                    let text = format!("cannot take a call: {error}");
                    complaints.say(Guest::Unknown, Reason::NoRoom, text);
                    not_before = Instant::now() + BREATH;
                }
            },
            visit = hall.next(), if !hall.is_empty() => if let (Some(visit), Some(shift)) = (visit, &shift) {
                admit(visit, &room, shift, complaints);
            },
            Some(()) = at_work.next() => {}
            wish = daemon.next() => match wish {
                Wish::End if shift.take().is_some() => {
                    hall.close();
                    log::info!("finishing the calls under way");
                }
                Wish::End => return Ok(()),
                Wish::Reload(why) => if shift.is_some() && let Some(terms) = daemon.reloaded(why, read_again()) {
                    let Terms { config, clients, limit, rules } = terms;
                    hall.follow(rules);
                    shares = shares.of_next(&config);
                    alive.follow(&config);
                    let (next, work) = Shift::begin(config, clients, limit, complaints, &shares, &last);
                    at_work.push(work);
                    shift = Some(next);
                },
            },
        }
    }
    Ok(())
}

/// The calls that come while one configuration counts.
struct Shift {
    config: Arc<Config>,
    limit: Duration,
    jobs: UnboundedSender<Job>,
}

impl Shift {
    /// The second is the work on its events, which ends when it is dropped, all of its calls are over, and their
    /// events have ended.
    fn begin(
        config: Arc<Config>,
        clients: Clients,
        limit: Duration,
        complaints: &Arc<Complaints>,
        shares: &Arc<Shares>,
        last: &LastDelivery,
    ) -> (Self, LocalBoxFuture<'static, ()>) {
        let (jobs, wanted) = unbounded_channel();
        let courier =
            |config: &Config| Courier::new(config, runtime_folder().as_deref()).ending_rejected(config);
        let ways = Ways::new(&config, courier);
        let (complaints, shares) = (complaints.clone(), shares.clone());
        let sender = EventSender { config: config.clone(), ways, shares, complaints, last: last.clone() };
        let work = async move {
            tokio::select! {
                () = sender.bring_all(&clients, wanted) => {}
                never = sender.look_after_shares() => match never {},
            }
        };
        (Self { config, limit, jobs }, work.boxed_local())
    }
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
fn admit(visit: Visit, room: &Room, shift: &Shift, complaints: &Arc<Complaints>) {
    let Visit { guest, is_trusted, .. } = visit;
    let (config, jobs, limit) = (shift.config.clone(), shift.jobs.clone(), shift.limit);
    let own_complaints = complaints.clone();
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
        let (_place, complaints) = (call_place, own_complaints);
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
        complaints.say(guest, Reason::NoRoom, format!("no thread for a call: {error}"));
    }
}

/// The way of all calls' events to Zammad.
struct EventSender {
    config: Arc<Config>,
    ways: Ways,
    shares: Arc<Shares>,
    complaints: Arc<Complaints>,
    last: LastDelivery,
}

impl EventSender {
    /// Brings what is wanted, until nobody can want more and all of it has ended.
    async fn bring_all(&self, clients: &Clients, mut wanted: UnboundedReceiver<Job>) {
        let bring = async |connection: &mut Connection<'_>, job| self.bring(connection, job).await;
        // As many as [`Room`] has. Events of a call may come in another order than they happened, which their turns
        // know.
        let mut dispatcher = Dispatcher::new(Pool::growing(clients, usize::MAX, IDLE), &bring);
        let mut may_come = true;
        while may_come || !dispatcher.is_idle() {
            tokio::select! {
                job = wanted.recv(), if may_come => match job {
                    Some(job) => dispatcher.push(None, job),
                    None => may_come = false,
                },
                Some(()) = dispatcher.next() => {}
            }
        }
    }

    async fn look_after_shares(&self) -> Infallible {
        let mut rounds = tokio::time::interval(ROUND);
        loop {
            rounds.tick().await;
            self.shares.look().await;
        }
    }

    /// Brings one event to Zammad.
    async fn bring(&self, connection: &mut Connection<'_>, job: Job) {
        on_behalf(job.stranger, &self.complaints, self.bring_for_anyone(connection, job)).await;
    }

    async fn bring_for_anyone(&self, connection: &mut Connection<'_>, job: Job) {
        let Job { event, stranger, deadline, reply, place: _place } = job;
        let addressed = match self.ways.read(event, &self.config).await {
            Ok(addressed) => addressed,
            Err(error) => {
                let error = error.into();
                log::error!("{error:#}");
                let _ = reply.send((report::unsent(&error), Some(error)));
                return;
            }
        };
        let to_send = &addressed.to_send;
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
        report::warn(to_send, None);
        let brought = self.ways.bring(connection, &addressed, deadline, None, &|| {}).await;
        if let Some(reserved) = reserved {
            let is_kept = match &brought {
                Ok(brought) | Err(NoClient { kept: Some(brought), .. }) => is_kept(brought),
                Err(NoClient { kept: None, .. }) => false,
            };
            self.shares.settle(reserved, is_kept);
        }
        let (report, error) = report::outcome(&to_send.event, brought, addressed.config(&self.config));
        self.last.note(&report, error.as_ref());
        log_event(&report, error.as_ref());
        // Whoever does not wait any more was told that it is on its way.
        let _ = reply.send((report, error));
    }
}

/// Whether the spool has it, or may have it.
fn is_kept(brought: &Result<Brought, Failure>) -> bool {
    match brought {
        Ok(Brought::Spooled(_)) | Err(Failure::Unconfirmed(_)) => true,
        Err(Failure::Untried(Untried::PerhapsKept(_) | Untried::Another)) => true,
        Ok(Brought::Delivered(_) | Brought::EndedBefore) => false,
        Err(Failure::Undelivered(_) | Failure::NotKept(..) | Failure::Untried(Untried::CutShort(_))) => false,
    }
}
