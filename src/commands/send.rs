//! `zammad-cti send`: events from lines, a result line each, in the order of the lines.
//!
//! One thread reads, one sends on all connections, and this one writes. Of a call's events one is
//! on its way at a time, so they arrive in order; a fixed number of lines is between the reader
//! and the writer, so any number of them takes the same memory.

mod line;
mod lanes;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use zammad_cti::client::{self, Clients};
use zammad_cti::config::Config;
use zammad_cti::delivery::{Courier, Described, OpenCalls};
use zammad_cti::event::Known;

use super::settings::runtime_folder;
use super::{configured, report};
use crate::cli::{self, Global};
use crate::exit_code::{self, ExitCode};
use crate::output::{self, OutputError, Report, Style};
use line::{Line, Lines};

/// How many lines may be handed from one thread to the next at a time.
const BATCH: usize = 64;

/// A line on its way.
struct Job {
    /// counted from 0, over all lines that are not blank
    place: u64,
    line: u64,
    /// or why it is none
    event: anyhow::Result<Described>,
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
    let clients = Clients::new(&config)?.several(args.concurrency)?;
    let (jobs, read_jobs) = channel(1);
    let (results, read_results) = channel(1);
    let reader = {
        let config = config.clone();
        std::thread::spawn(move || read(lines, &config, &jobs))
    };
    let sender = {
        let config = config.clone();
        let courier = Courier::of_ordered(&config, runtime_folder().as_deref());
        std::thread::spawn(move || {
            client::block_on(lanes::send(clients, &courier, &config, read_jobs, results))
        })
    };
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    let tally = write(read_results, style, &mut BufWriter::new(out))?;
    sender.join().map_err(|_| anyhow::anyhow!("the sending thread broke down"))??;
    reader.join().map_err(|_| anyhow::anyhow!("the reading thread broke down"))??;
    Ok(match tally {
        Tally { failure: Some(code), .. } if !config.fail_open => code,
        Tally { rejected: true, .. } if config.reject_exit => ExitCode::Rejected,
        Tally { .. } => ExitCode::Ok,
    })
}

type Input = Lines<Box<dyn Read + Send>>;

fn open(path: &Path) -> anyhow::Result<Input> {
    let input: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Box::new(file)
    };
    Ok(Lines::new(input, path))
}

/// Prints the request of each event instead of sending it.
fn show(lines: Input, config: &Config, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut calls = OpenCalls::default();
    let mut code = ExitCode::Ok;
    for line in lines {
        let line = line?;
        let number = line.number;
        match described(line, &mut calls, config) {
            Ok(described) => report::show(out, &described.event, config, global)?,
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

/// The event on a line, and what the lines before say of its call.
fn described(line: Line, calls: &mut OpenCalls, config: &Config) -> anyhow::Result<Described> {
    let Described { event, known: told, .. } =
        line::event(&line.content?, &config.numbering, |call_id| calls.direction(call_id))?;
    let seen = calls.follow(&event);
    let known = Known { answered: told.answered.or(seen.answered), ..seen };
    report::warn(&event, known, config, Some(line.number));
    Ok(Described { event, known, key: None })
}

/// Reads lines, until they end or nobody wants them any more.
fn read(mut lines: Input, config: &Config, jobs: &Sender<Vec<Job>>) -> anyhow::Result<()> {
    let mut calls = OpenCalls::default();
    let mut batch = Vec::new();
    for place in 0.. {
        let Some(line) = lines.next() else { break };
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                let _ = jobs.blocking_send(batch);
                return Err(error);
            }
        };
        batch.push(Job { place, line: line.number, event: described(line, &mut calls, config) });
        // Not to wait for the next line with one in hand.
        let rest_is_far = batch.len() >= BATCH || !lines.has_more_at_hand();
        if rest_is_far && jobs.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
    }
    // Whoever receives it no more has said why.
    let _ = jobs.blocking_send(batch);
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
fn write(mut results: Receiver<Vec<Done>>, style: Style, out: &mut dyn Write) -> Result<Tally, OutputError> {
    let mut tally = Tally::default();
    let mut early = BTreeMap::new();
    let mut next = 0;
    while let Some(batch) = results.blocking_recv() {
        early.extend(batch.into_iter().map(|done| (done.place, done)));
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
        }
        if results.is_empty() {
            // Whoever waits for a result sees it before the next one is waited for.
            out.flush().map_err(OutputError)?;
        }
    }
    out.flush().map_err(OutputError)?;
    Ok(tally)
}
