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
use crate::program::safe_text::{json, printable};

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
            for call in &page {
                let written = match config.output {
                    Format::Json => writeln!(out, "{}", json(&Row::of(call))),
                    Format::Text | Format::Shell => {
                        let head = if count == 0 { writeln!(out, "{}", heading()) } else { Ok(()) };
                        head.and_then(|()| writeln!(out, "{}", row(call)))
                    }
                };
                if written.is_err() {
                    list_ended(written)?;
                    return Ok(ExitCode::Ok);
                }
                count += 1;
            }
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

fn heading() -> String {
    format!("{:<20}  {:>9}  {:<3}  {:<8}  WHO", "CALL", "AGE", "DIR", "STATE")
}

fn row(call: &Call) -> String {
    let state = if call.answered { "answered" } else { "rings" };
    let party = |party: &Option<String>| printable(party.as_deref().unwrap_or("?"));
    let who = match (&call.from, &call.to) {
        (None, None) => String::new(),
        (from, to) => format!("{} -> {}", party(from), party(to)),
    };
    let mut row = format!(
        "{:<20}  {:>9}  {:<3}  {state:<8}  {who}",
        printable(call.call_id.as_str()),
        Span::roughly(call.age).to_string(),
        call.direction.as_str(),
    );
    let mut more = Vec::new();
    more.extend(call.key.as_ref().map(|key| format!("key {}", printable(key))));
    more.push(format!("since {}", shown_time(call.began)));
    match call.ending {
        Ending::Begun => more.push("its hangup is in doubt".to_owned()),
        Ending::None | Ending::Reported => {}
    }
    match call.waiting {
        0 => {}
        1 => more.push("1 event waits in the spool".to_owned()),
        count => more.push(format!("{count} events wait in the spool")),
    }
    row = format!("{}\n        {}", row.trim_end(), more.join("; "));
    row
}
