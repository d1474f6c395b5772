//! `zammad-cti log`: Zammad's caller log, as an agent sees it.

mod done;

use std::io::{BufWriter, Write};
use std::iter;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::configured;
use super::owner::become_owner;
use crate::client::{self, CallerLog, Row, Shown};
use crate::config::{Format, Span};
use crate::event::Direction;
use crate::program::cli::{self, Global, LogCommand};
use crate::program::exit_code::ExitCode;
use crate::program::output::{VERSION, list_ended, time};
use crate::program::safe_text::json;
use crate::program::table::Table;

/// A call, one object a line. Keys are added, but never renamed.
#[derive(Serialize)]
struct Line<'a> {
    version: u8,
    number: u64,
    call_id: &'a str,
    direction: Direction,
    shown: Shown,
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_name: Option<&'a str>,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    began: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    talking_ms: Option<u64>,
    /// `log done` has ticked it off, or would
    #[serde(skip_serializing_if = "Option::is_none")]
    ticked_off: Option<bool>,
}

#[cold]
pub fn run(args: &cli::Log, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = configured(global, log::LevelFilter::Warn)?;
    become_owner([&config]);
    let log = CallerLog::new(&config)?;
    match &args.command {
        None => list(&log, &args.which, config.output, out),
        Some(LogCommand::Done(args)) => done::run(&log, args, config.output, out),
    }
}

fn list(
    log: &CallerLog,
    which: &cli::WhichRows,
    format: Format,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let mut rows = read(log)?;
    rows.retain(|row| {
        (!which.missed || is_missed(row))
            && which.since.is_none_or(|Span(since)| age(row).is_none_or(|age| age <= since))
            && which.call_id.as_ref().is_none_or(|id| row.call_id == *id)
    });
    let mut out = BufWriter::new(out);
    list_ended(write(&rows, format, None, &mut out).and_then(|()| out.flush()))?;
    Ok(ExitCode::Ok)
}

fn read(log: &CallerLog) -> Result<Vec<Row>, anyhow::Error> {
    Ok(client::block_on(log.read())??)
}

/// Calls as a table, or one a line; what became of them if they were to be ticked off.
fn write(rows: &[Row], format: Format, ticked_off: Option<bool>, out: &mut dyn Write) -> std::io::Result<()> {
    match format {
        Format::Json => rows.iter().try_for_each(|row| writeln!(out, "{}", json(&Line::of(row, ticked_off)))),
        Format::Text | Format::Shell if rows.is_empty() => writeln!(out, "no such call"),
        Format::Text | Format::Shell => {
            let mut table =
                Table::new(["NUMBER", "BEGAN", "DIR", "STATE", "FROM", "TO", "TIME"]).whole(&[0, 1, 2, 6]);
            for row in rows {
                add(&mut table, row);
            }
            write!(out, "{table}")
        }
    }
}

impl<'a> Line<'a> {
    fn of(row: &'a Row, ticked_off: Option<bool>) -> Self {
        let millis = |seconds: Option<u64>| seconds.map(|seconds| seconds.saturating_mul(1000));
        Self {
            version: VERSION,
            number: row.id,
            call_id: &row.call_id,
            direction: row.direction,
            shown: row.shown(),
            from: &row.from,
            from_name: row.from_name.as_deref(),
            to: &row.to,
            to_name: row.to_name.as_deref(),
            queue: row.queue.as_deref(),
            cause: row.cause.as_deref(),
            done: row.done,
            began: began(row).map(time),
            waiting_ms: millis(row.waiting),
            talking_ms: millis(row.talking),
            ticked_off,
        }
    }
}

fn add(table: &mut Table, row: &Row) {
    let number = row.id.to_string();
    // To the minute: `11-30 15:24`.
    let began = began(row).map(time).unwrap_or_default().replace('T', " ");
    let began = began.get(5..16).unwrap_or_default();
    let shown = row.shown().to_string();
    let lasted = row.talking.or(row.waiting).map(|seconds| format!("{}:{:02}", seconds / 60, seconds % 60));
    let under = |text: &str, below: &Option<String>| {
        let below = below.clone().filter(|below| !below.is_empty());
        iter::once(text.to_owned()).chain(below).collect::<Vec<_>>()
    };
    let state = under(&shown, &row.cause);
    let (from, to) = (under(&row.from, &row.from_name), under(&row.to, &row.to_name));
    table.add([
        vec![&*number],
        vec![began],
        vec![row.direction.as_str()],
        state.iter().map(String::as_str).collect(),
        from.iter().map(String::as_str).collect(),
        to.iter().map(String::as_str).collect(),
        vec![&*lasted.unwrap_or_default()],
    ]);
}

/// Whether agents see it as one that somebody has to call back.
fn is_missed(row: &Row) -> bool {
    match row.shown() {
        Shown::Missed | Shown::VoiceMessage => true,
        Shown::Ringing | Shown::Answered | Shown::Done | Shown::Absent => false,
    }
}

fn began(row: &Row) -> Option<SystemTime> {
    humantime::parse_rfc3339_weak(row.began.as_deref()?).ok()
}

/// How long ago it began. One from the future has just begun: its Zammad's clock is ahead.
fn age(row: &Row) -> Option<Duration> {
    Some(SystemTime::now().duration_since(began(row)?).unwrap_or_default())
}
