//! `zammad-cti send`: events from lines, a result line each, in the order of the lines.
//!
//! One thread reads, one for each processor sends on its share of the connections, and this one
//! writes. All events of a call have the same sender, and of them one is on its way at a time, so they
//! arrive in order; a fixed number of lines is between the reader and the writer, so any number of them
//! takes the same memory.
//!
//! A signal that asks for the end ends the reading. What was read by then is sent if its turn has come, else kept or
//! reported.

pub mod line;
mod input;
mod lanes;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{BufWriter, Write};
use std::num::NonZero;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::client::{Client, Clients, EventLoop};
use crate::config::Config;
use crate::delivery::{Courier, OpenCalls, Pool, Stop, Ways};
use crate::event::{CallId, WrittenEvent};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::owner::become_owner;
use super::settings::runtime_folder;
use super::signals::listen_in_thread;
use super::{configured, report};
use crate::program::cli::{self, Global};
use crate::program::exit_code::{self, EndSignal, ExitCode};
use crate::program::output::{self, OutputError, Report, Style};
use input::Input;
use line::{Line, Lines};

/// How many lines one thread hands to the next, or as many results, before that one is woken.
const BATCH: usize = 64;
/// How many lines may be between the reader and the writer at most: enough for other calls to go on
/// while one is slow.
const WINDOW: usize = 512;

/// A line on its way.
struct Job {
    /// counted from 0, over all lines that are not blank
    place: u64,
    line: u64,
    /// or why it is none
    event: anyhow::Result<(CallId, WrittenEvent)>,
}

/// What became of one line.
struct Done {
    place: u64,
    report: Report,
    error: Option<anyhow::Error>,
    /// a hangup that is with Zammad, without its cause
    is_incomplete: bool,
}

impl Done {
    fn failed(place: u64, line: u64, report: Report, error: anyhow::Error, config: &Config) -> Self {
        let error = error.context(format!("line {line}"));
        let report = report.at_line(line).because(&error, config.endpoint().ok());
        Self { place, report, error: Some(error), is_incomplete: false }
    }
}

#[cold]
pub fn run(args: &cli::Send, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Arc::new(configured(global, log::LevelFilter::Warn)?);
    let (input, goes_on) = Input::open(&args.file)?;
    let was_cut = input.was_cut();
    let lines = Lines::new(input, &args.file);
    if global.unsent.is_wanted() {
        return show(lines, &config, global, out);
    }
    become_owner(config.all());
    let (end, is_ended) = watch::channel(false);
    let stop = Stop::by(is_ended);
    let courier = move |config: &Config| {
        let courier = Courier::of_ordered(config, runtime_folder().as_deref());
        courier.ending_rejected(config).ending_by(stop.clone())
    };
    let ways = Arc::new(Ways::new(&config, courier));
    let pools: Vec<Pool<'static>> =
        match Clients::new(&config).and_then(|clients| clients.several(args.concurrency)) {
            Ok(clients) => shares(clients).into_iter().map(Pool::of).collect(),
            // What is read is kept, as by the commands of single events.
            Err(error) if ways.has_journal() => {
                vec![Pool::without_connections(Arc::new(error), usize::from(args.concurrency))]
            }
            Err(error) => return Err(error.into()),
        };
    let (give_back, given_back) = channel();
    let (results, read_results) = channel();
    let ended_by = Arc::<OnceLock<EndSignal>>::default();
    let told = ended_by.clone();
    listen_in_thread(move |signal| {
        told.get_or_init(|| signal);
        end.send_replace(true);
        drop(goes_on);
    })?;
    // All of them before the first begins, as nobody could do the work of one that fails.
    let event_loops = pools.iter().map(|_| EventLoop::new()).collect::<Result<Vec<_>, _>>()?;
    let (lanes, senders): (Vec<_>, Vec<_>) = pools
        .into_iter()
        .zip(event_loops)
        .map(|(pool, event_loop)| {
            let (lane, jobs) = unbounded_channel();
            let (ways, config, results) = (ways.clone(), config.clone(), results.clone());
            let send = move || event_loop.block_on(lanes::send(pool, &ways, &config, jobs, results));
            (Lane { jobs: lane, in_hand: Vec::new() }, thread::spawn(send))
        })
        .unzip();
    drop(results);
    let places = Lanes { lanes, places: WINDOW, given_back };
    let reader = thread::spawn(move || read(lines, places));
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    let tally = write(&read_results, give_back, style, &mut BufWriter::new(out))?;
    for sender in senders {
        sender.join().map_err(|_| anyhow::anyhow!("a sending thread broke down"))?;
    }
    reader.join().map_err(|_| anyhow::anyhow!("the reading thread broke down"))??;
    let was_cut = was_cut.load(Ordering::Relaxed);
    let ended_by = ended_by.get().filter(|_| was_cut || tally.failure.is_some());
    if let Some(signal) = ended_by.filter(|_| was_cut) {
        log::warn!("interrupted by {signal}: the lines after the ones reported above were not sent");
    }
    if let Some(signal) = ended_by.filter(|_| !config.fail_open) {
        return Ok(signal.exit_code());
    }
    Ok(match tally {
        Tally { failure: Some(code), .. } if !config.fail_open => code,
        Tally { rejected: true, .. } if config.reject_exit => ExitCode::Rejected,
        Tally { .. } => ExitCode::Ok,
    })
}

/// The connections of each sender.
fn shares(clients: Vec<Client>) -> Vec<Vec<Client>> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut shares: Vec<_> = (0..processors.min(clients.len())).map(|_| Vec::new()).collect();
    for (number, client) in clients.into_iter().enumerate() {
        let share = number % shares.len();
        shares[share].push(client);
    }
    shares
}

/// Prints the request of each event instead of sending it.
fn show(
    lines: Lines<Input>,
    config: &Config,
    global: &Global,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let mut calls = OpenCalls::default();
    let mut code = ExitCode::Ok;
    for line in lines {
        let line = line?;
        let number = line.number;
        let read = event(line).and_then(|(call, mut written)| {
            written.before = calls.known(&call);
            Ok((written.direction, written.read(config, None)?))
        });
        match read {
            Ok((direction, to_send)) => {
                // Only now: of an event that cannot be sent nobody hears.
                calls.follow(to_send.event.kind, &to_send.event.call_id, direction);
                report::warn(&to_send, Some(number));
                report::show(out, &to_send.event, config, global)?;
                if code == ExitCode::Ok {
                    code = report::code_of_sent(to_send.left_out.is_some(), config);
                }
            }
            Err(error) => {
                if code == ExitCode::Ok {
                    code = ExitCode::of(&error);
                }
                log::error!("{:#}", error.context(format!("line {number}")));
            }
        }
    }
    Ok(code)
}

/// The call and the event on a line.
fn event(line: Line) -> anyhow::Result<(CallId, WrittenEvent)> {
    let mut written = line::event(&line.content?)?;
    let call_id = written.identify()?;
    Ok((call_id, written))
}

/// Where the reader hands its lines on.
struct Lanes {
    lanes: Vec<Lane>,
    /// for so many lines more
    places: usize,
    /// the places of lines that are written
    given_back: Receiver<usize>,
}

/// The way to one sender.
struct Lane {
    jobs: UnboundedSender<Vec<Job>>,
    /// what goes there together
    in_hand: Vec<Job>,
}

/// Nobody wants lines any more, and whoever wants them no more has said why.
struct NotWanted;

impl Lanes {
    /// Hands a line on, as soon as there is a place for one more.
    fn hand(&mut self, job: Job) -> Result<(), NotWanted> {
        if self.places == 0 {
            // The places of those in hand come back only if they go.
            self.let_go()?;
            self.places = self.given_back.recv().map_err(|_| NotWanted)?;
        }
        self.places -= 1;
        let call_id = job.event.as_ref().ok().map(|(call_id, _)| call_id);
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(call_id);
        let number = usize::try_from(hash % self.lanes.len() as u64).unwrap_or_default();
        let lane = &mut self.lanes[number];
        lane.in_hand.push(job);
        if lane.in_hand.len() >= BATCH { lane.let_go() } else { Ok(()) }
    }

    fn let_go(&mut self) -> Result<(), NotWanted> {
        self.lanes.iter_mut().try_for_each(Lane::let_go)
    }
}

impl Lane {
    fn let_go(&mut self) -> Result<(), NotWanted> {
        if self.in_hand.is_empty() {
            return Ok(());
        }
        self.jobs.send(std::mem::take(&mut self.in_hand)).map_err(|_| NotWanted)
    }
}

/// Reads lines, until they end or nobody wants them any more.
fn read(mut lines: Lines<Input>, mut lanes: Lanes) -> anyhow::Result<()> {
    let mut result = Ok(());
    for place in 0.. {
        let line = match lines.next() {
            Some(Ok(line)) => line,
            Some(Err(error)) => {
                result = Err(error);
                break;
            }
            None => break,
        };
        let job = Job { place, line: line.number, event: event(line) };
        let mut handed = lanes.hand(job);
        if !lines.has_more_at_hand() {
            // Not to wait for the next line with one in hand.
            handed = handed.and_then(|()| lanes.let_go());
        }
        if let Err(NotWanted) = handed {
            return Ok(());
        }
    }
    let _ = lanes.let_go();
    result
}

/// What the exit code depends on.
#[derive(Default)]
struct Tally {
    /// the first, in the order of the lines
    failure: Option<ExitCode>,
    rejected: bool,
}

/// Writes the results in the order of their lines, and gives back their places: many at a time, as
/// whoever waits for one has to be woken.
fn write(
    results: &Receiver<Vec<Done>>,
    give_back: Sender<usize>,
    style: Style,
    out: &mut dyn Write,
) -> Result<Tally, OutputError> {
    let mut tally = Tally::default();
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut places = 0;
    loop {
        let mut batch = results.try_recv();
        if let Err(TryRecvError::Empty) = batch {
            // Whoever waits for a result sees it before the next one is waited for.
            out.flush().map_err(OutputError)?;
            batch = results.recv().map_err(|_| TryRecvError::Disconnected);
        }
        let Ok(batch) = batch else { break };
        early.extend(batch.into_iter().map(|done| (done.place, done)));
        while let Some(Done { report, error, is_incomplete, .. }) = early.remove(&next) {
            next += 1;
            if is_incomplete {
                tally.failure.get_or_insert(ExitCode::InvalidEvent);
            }
            if let Some(error) = error {
                match exit_code::advice(&error) {
                    Some(advice) => log::error!("{error:#}; {advice}"),
                    None => log::error!("{error:#}"),
                }
                tally.failure.get_or_insert_with(|| ExitCode::of(&error));
            }
            tally.rejected |= report.rejects();
            output::result_line(out, &report, style)?;
            places += 1;
        }
        if places >= BATCH {
            // Nobody wants any more at the end of the lines.
            let _ = give_back.send(std::mem::take(&mut places));
        }
    }
    out.flush().map_err(OutputError)?;
    Ok(tally)
}
