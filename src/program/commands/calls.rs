//! `zammad-cti calls`: which calls were reported from here and have not ended.

mod close;

use std::io::{BufWriter, Write};

use crate::config::{Config, Format, Span};
use crate::spool::{Call, CallNumber, Ending, Moment};
use serde::Serialize;

use super::configured;
use super::owner::become_owner;
use super::spool::{PAGE, open};
use crate::program::cli::{self, CallsCommand, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::{VERSION, list_ended, millis, shown_time, time};
use crate::program::safe_text::json;
use crate::program::table::{self, Table};

/// An open call, one object a line. Keys are added, but never renamed.
#[derive(Serialize)]
struct Row<'a> {
    version: u8,
    number: CallNumber,
    call_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    answered: bool,
    since: String,
    age_ms: u64,
    /// nobody knows whether Zammad has its hangup
    hangup_in_doubt: bool,
    /// events of it that wait in the spool
    waiting: u64,
}

#[cold]
pub fn run(args: &cli::Calls, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut config = configured(global, log::LevelFilter::Warn)?;
    become_owner([&config]);
    match &args.command {
        None | Some(CallsCommand::List) => list(&config, out),
        Some(CallsCommand::Close(args)) => close::run(args, global, &mut config, out),
    }
}

fn list(config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(out);
    let mut count = 0;
    let mut others = 0;
    if let Some(mut spool) = open(config)? {
        let mut behind = CallNumber(0);
        loop {
            let page = spool.open_calls(behind, PAGE, Moment::now())?;
            let Some(last) = page.last() else { break };
            behind = last.number;
            let written = match config.output {
                Format::Json => page.iter().try_for_each(|call| writeln!(out, "{}", json(&Row::of(call)))),
                Format::Text | Format::Shell => write!(out, "{}", table(&page)),
            };
            if written.is_err() {
                list_ended(written)?;
                return Ok(ExitCode::Ok);
            }
            count += page.len() as u64;
        }
        others = spool.totals(Moment::now())?.open_calls.saturating_sub(count);
    }
    let end = match config.output {
        Format::Text | Format::Shell if count == 0 => writeln!(out, "no call is open"),
        Format::Text | Format::Shell | Format::Json => Ok(()),
    };
    list_ended(end.and_then(|()| out.flush()))?;
    if others > 0 {
        log::warn!("{others} more calls were reported to another Zammad than the configured one");
    }
    Ok(ExitCode::Ok)
}

impl<'a> Row<'a> {
    fn of(call: &'a Call) -> Self {
        Self {
            version: VERSION,
            number: call.number,
            call_id: call.call_id.as_str(),
            key: call.key.as_deref(),
            direction: call.direction.as_str(),
            from: call.from.as_deref(),
            to: call.to.as_deref(),
            answered: call.answered,
            since: time(call.began),
            age_ms: millis(call.age),
            hangup_in_doubt: call.ending == Ending::Begun,
            waiting: call.waiting,
        }
    }
}

/// At most this many columns: what is known of a call stands in one cell, line below line.
const NARROW: u16 = 60;

/// Calls for people, a page of them.
fn table(calls: &[Call]) -> Table {
    let is_narrow = table::width() < NARROW;
    let mut table = if is_narrow {
        Table::new(["AGE", "CALL"]).whole(&[0])
    } else {
        Table::new(["CALL", "AGE", "DIR", "STATE", "WHO"]).whole(&[1, 2, 3])
    };
    for call in calls {
        let state = if call.answered { "answered" } else { "rings" };
        let (call_id, direction) = (call.call_id.as_str(), call.direction.as_str());
        let age = Span::roughly(call.age).to_string();
        let about = about(call);
        let about = about.iter().map(String::as_str);
        if is_narrow {
            let state = format!("{state}, {direction}");
            table.add([vec![age.as_str()], [call_id, state.as_str()].into_iter().chain(about).collect()]);
        } else {
            table.add([vec![call_id], vec![&age], vec![direction], vec![state], about.collect()]);
        }
    }
    table
}

/// Who talks to whom, and what else is known, a line each.
fn about(call: &Call) -> Vec<String> {
    let party = |party: &Option<String>| party.clone().unwrap_or_else(|| "?".to_owned());
    let mut lines = Vec::new();
    match (&call.from, &call.to) {
        (None, None) => {}
        (from, to) => lines.push(format!("{} -> {}", party(from), party(to))),
    }
    lines.extend(call.key.as_ref().map(|key| format!("key {key}")));
    lines.push(format!("since {}", shown_time(call.began)));
    match call.ending {
        Ending::Begun => lines.push("its hangup is in doubt".to_owned()),
        Ending::None | Ending::Reported => {}
    }
    match call.waiting {
        0 => {}
        1 => lines.push("1 event waits in the spool".to_owned()),
        count => lines.push(format!("{count} events wait in the spool")),
    }
    lines
}
