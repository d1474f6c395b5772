//! `zammad-cti calls`: which calls were reported from here and have not ended.

mod close;

use std::io::{BufWriter, Write};

use crate::config::{Config, Format, Span};
use crate::spool::{Call, CallNumber, Ending, Moment, address};
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
    /// to whose Zammad a route sent it
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
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
    let config = configured(global, log::LevelFilter::Warn)?;
    become_owner(config.all());
    match &args.command {
        None | Some(CallsCommand::List) => list(&config, out),
        Some(CallsCommand::Close(args)) => close::run(args, global, &config, out),
    }
}

fn list(config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(out);
    let mut count = 0;
    let mut others = 0;
    for (profile, config) in zammads(config) {
        let Some(mut spool) = open(config)? else { break };
        let mut behind = CallNumber(0);
        loop {
            let page = spool.open_calls(behind, PAGE, Moment::now())?;
            let Some(last) = page.last() else { break };
            behind = last.number;
            let written = match config.output {
                Format::Json => {
                    page.iter().try_for_each(|call| writeln!(out, "{}", json(&Row::of(call, profile))))
                }
                Format::Text | Format::Shell => write!(out, "{}", table(&page, profile)),
            };
            if written.is_err() {
                list_ended(written)?;
                return Ok(ExitCode::Ok);
            }
            count += page.len() as u64;
        }
        others = spool.totals(Moment::now())?.open_calls;
    }
    let copied = copies(config).try_fold(0, |sum, config| anyhow::Ok(sum + open_calls(config)?))?;
    let others = others.saturating_sub(count + copied);
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

/// The configurations whose calls these are, each with its profile: one for each Zammad that routes lead to.
fn zammads(config: &Config) -> Vec<(Option<&str>, &Config)> {
    let routed = config
        .routes
        .iter()
        .flat_map(|routes| routes.usable().filter(|(name, _)| !routes.only_copies_to(name)));
    let all = std::iter::once((None, config)).chain(routed.map(|(name, config)| (Some(name), config)));
    let mut addresses = Vec::new();
    let is_another = |(_, config): &(Option<&str>, &Config)| {
        let own = config.endpoint().ok().map(address);
        let is_another = !addresses.contains(&own);
        addresses.push(own);
        is_another
    };
    all.filter(is_another).collect()
}

/// Those of the Zammads that get only copies.
fn copies(config: &Config) -> impl Iterator<Item = &Config> {
    let own: Vec<_> =
        zammads(config).iter().filter_map(|(_, config)| config.endpoint().ok()).map(address).collect();
    let mut counted = own;
    config.all().filter(move |config| {
        let own = config.endpoint().ok().map(address).unwrap_or_default();
        let is_another = !counted.contains(&own);
        counted.push(own);
        is_another
    })
}

/// How many calls are open at a Zammad.
fn open_calls(config: &Config) -> anyhow::Result<u64> {
    let Some(mut spool) = open(config)? else { return Ok(0) };
    let mut count = 0;
    let mut behind = CallNumber(0);
    loop {
        let page = spool.open_calls(behind, PAGE, Moment::now())?;
        let Some(last) = page.last() else { return Ok(count) };
        behind = last.number;
        count += page.len() as u64;
    }
}

impl<'a> Row<'a> {
    fn of(call: &'a Call, profile: Option<&'a str>) -> Self {
        Self {
            version: VERSION,
            profile,
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

/// Calls for people, a page of them, which a route sent to the Zammad of a profile.
fn table(calls: &[Call], profile: Option<&str>) -> Table {
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
        let about = about(call, profile);
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
fn about(call: &Call, profile: Option<&str>) -> Vec<String> {
    let party = |party: &Option<String>| party.clone().unwrap_or_else(|| "?".to_owned());
    let mut lines = Vec::new();
    match (&call.from, &call.to) {
        (None, None) => {}
        (from, to) => lines.push(format!("{} -> {}", party(from), party(to))),
    }
    lines.extend(call.key.as_ref().map(|key| format!("key {key}")));
    lines.extend(profile.map(|profile| format!("profile {profile}")));
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
