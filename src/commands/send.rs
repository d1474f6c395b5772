//! `zammad-cti send`: events from lines, a result line each, in the order of the lines.
//!
//! One thread reads, one a connection sends, and this one writes. All events of a call go to the
//! same sender, so they stay in order; a fixed number of lines is on its way at a time, so any
//! number of them takes the same memory.

mod line;

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use anyhow::Context;
use zammad_cti::client::Client;
use zammad_cti::config::Config;
use zammad_cti::delivery::{self, Known, OpenCalls};
use zammad_cti::event::CallEvent;

use super::{configured, report};
use crate::cli::{self, Global};
use crate::exit_code::{self, ExitCode};
use crate::output::{self, OutputError, Report, Style};
use line::{Line, Lines};

/// Lines on their way for each sender: enough to keep it busy while the others are.
const WINDOW: usize = 64;

/// An event for one of the senders.
struct Job {
    /// counted from 0, over all lines that are not blank
    place: u64,
    line: u64,
    event: CallEvent,
    known: Known,
}

/// What became of one line.
struct Done {
    place: u64,
    report: Report,
    error: Option<anyhow::Error>,
}

impl Done {
    fn failed(place: u64, line: u64, report: Report, error: anyhow::Error, config: &Config) -> Self {
        let error = error.context(format!("line {line}"));
        let report = report.at_line(line).because(&error, config.endpoint().ok());
        Self { place, report, error: Some(error) }
    }
}

pub fn run(args: &cli::Send, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Arc::new(configured(global, log::LevelFilter::Warn)?);
    let lines = open(&args.file)?;
    if global.dry_run || global.curl {
        return show(lines, &config, global, out);
    }
    let clients = Client::several(&config, args.concurrency)?;
    let window = clients.len() * WINDOW;
    // A ticket for each line on its way; the writer gives it back.
    let (tickets, given_back) = sync_channel(window);
    let (done, results) = sync_channel(window);
    let senders = clients.into_iter().map(|client| sender(client, config.clone(), done.clone())).collect();
    let reader = {
        let config = config.clone();
        std::thread::spawn(move || read(lines, &config, senders, &done, &tickets))
    };
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    let tally = write(&results, &given_back, style, &mut BufWriter::new(out))?;
    reader.join().map_err(|_| anyhow::anyhow!("the reading thread broke down"))??;
    Ok(match tally {
        Tally { failure: Some(code), .. } if !config.fail_open => code,
        Tally { rejected: true, .. } if config.reject_exit => ExitCode::Rejected,
        Tally { .. } => ExitCode::Ok,
    })
}

type Input = Lines<Box<dyn BufRead + Send>>;

fn open(path: &Path) -> anyhow::Result<Input> {
    let input: Box<dyn BufRead + Send> = if path == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Box::new(BufReader::new(file))
    };
    Ok(Lines::new(input, path))
}

/// Prints the request of each event instead of sending it.
fn show(lines: Input, config: &Config, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::Ok;
    for line in lines {
        let Line { number, content } = line?;
        match content.and_then(|text| line::event(&text, &config.numbering, |_| None)) {
            Ok(described) => {
                report::show(out, &described.event, config, global)?;
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

/// Starts a thread with a connection of its own.
fn sender(mut client: Client, config: Arc<Config>, done: SyncSender<Done>) -> SyncSender<Job> {
    let (sender, jobs) = sync_channel::<Job>(WINDOW);
    std::thread::spawn(move || {
        for Job { place, line, event, known } in jobs {
            let started = Instant::now();
            let result =
                delivery::deliver(&mut client, &event, config.encoding, known, started, config.deadline);
            let result = match result {
                Ok(delivered) => {
                    let report = Report::delivered(&event, &delivered).at_line(line);
                    Done { place, report, error: None }
                }
                Err(error) => {
                    Done::failed(place, line, Report::undelivered(&event, &error), error.into(), &config)
                }
            };
            if done.send(result).is_err() {
                return;
            }
        }
    });
    sender
}

/// Hands the lines to the senders, until they end or nobody wants results any more.
fn read(
    lines: Input,
    config: &Config,
    senders: Vec<SyncSender<Job>>,
    done: &SyncSender<Done>,
    tickets: &SyncSender<()>,
) -> anyhow::Result<()> {
    let mut calls = OpenCalls::default();
    let hash = BuildHasherDefault::<DefaultHasher>::new();
    for (place, line) in (0..).zip(lines) {
        let Line { number, content } = line?;
        if tickets.send(()).is_err() {
            return Ok(());
        }
        let handed_on = match content
            .and_then(|text| line::event(&text, &config.numbering, |call_id| calls.direction(call_id)))
        {
            Ok(report::Described { event, known: told }) => {
                let seen = calls.follow(&event);
                let known = Known { answered: told.answered.or(seen.answered), ..seen };
                report::warn(&event, known, config, Some(number));
                let sender = usize::try_from(hash.hash_one(&event.call_id) % senders.len() as u64)?;
                senders[sender].send(Job { place, line: number, event, known }).is_ok()
            }
            Err(error) => done
                .send(Done::failed(
                    place,
                    number,
                    Report::unsent(ExitCode::of(&error).class()),
                    error,
                    config,
                ))
                .is_ok(),
        };
        if !handed_on {
            return Ok(());
        }
    }
    Ok(())
}

/// What the exit code depends on.
#[derive(Default)]
struct Tally {
    /// the first, in the order of the lines
    failure: Option<ExitCode>,
    rejected: bool,
}

/// Writes the results in the order of their lines.
fn write(
    results: &Receiver<Done>,
    tickets: &Receiver<()>,
    style: Style,
    out: &mut dyn Write,
) -> Result<Tally, OutputError> {
    let mut tally = Tally::default();
    let mut early = BTreeMap::new();
    let mut next = 0;
    loop {
        let done = match results.try_recv() {
            Ok(done) => done,
            Err(_) => {
                // Whoever waits for a result sees it before the next one is waited for.
                out.flush().map_err(OutputError)?;
                match results.recv() {
                    Ok(done) => done,
                    Err(_) => return Ok(tally),
                }
            }
        };
        early.insert(done.place, done);
        while let Some(Done { report, error, .. }) = early.remove(&next) {
            next += 1;
            if let Some(error) = error {
                match exit_code::advice(&error) {
                    Some(advice) => log::error!("{error:#}; {advice}"),
                    None => log::error!("{error:#}"),
                }
                tally.failure.get_or_insert_with(|| ExitCode::of(&error));
            }
            tally.rejected |= report.rejects();
            output::result_line(out, &report, style)?;
            // The reader took it before it handed the line on.
            let _ = tickets.try_recv();
        }
    }
}
