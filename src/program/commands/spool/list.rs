//! `zammad-cti spool list`

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::time::Duration;

use crate::config::{Config, Format, Span};
use crate::spool::{Letter, Moment, Overview, Position, Spool, State, address};
use serde::Serialize;

use super::{PAGE, open};
use crate::program::cli::SpoolList;
use crate::program::exit_code::ExitCode;
use crate::program::output::{VERSION, list_ended, millis, shown_time, time};
use crate::program::safe_text::{in_words, json};
use crate::program::table::{self, Table};

/// An event, one object a line. Keys are added, but never renamed.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    version: u8,
    id: Position,
    state: State,
    event: &'a str,
    call_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    /// which Zammad it is for
    zammad: &'a str,
    /// that is another one than is configured
    elsewhere: bool,
    kept: String,
    age_ms: u64,
    /// when it is tried again, if not at once
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    attempts: u32,
    /// Zammad may have it
    in_doubt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// what is written of it cannot be read
    damaged: bool,
}

impl<'a> Row<'a> {
    pub(super) fn of(letter: &'a Letter, here: &str) -> Self {
        let event = letter.event.as_ref();
        Self {
            version: VERSION,
            id: letter.position,
            state: letter.state,
            event: &letter.kind,
            call_id: &letter.call_id,
            direction: event.map(|event| event.direction.as_str()),
            from: event.and_then(|event| Some(event.from.as_ref()?.as_str())),
            to: event.and_then(|event| Some(event.to.as_ref()?.as_str())),
            zammad: &letter.address,
            elsewhere: letter.address != here,
            kept: time(letter.kept),
            age_ms: millis(letter.age),
            due: letter.due.map(time),
            attempts: letter.attempts,
            in_doubt: letter.uncertain,
            reason: letter.reason.as_deref(),
            damaged: letter.event.is_none(),
        }
    }
}

pub fn run(args: &SpoolList, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Some(mut spool) = open(config)? else {
        list_ended(end(0, args.state, config.output, out))?;
        return Ok(ExitCode::Ok);
    };
    let here = spool.address().to_owned();
    let mut out = BufWriter::new(out);
    let mut count = 0;
    let mut behind = Position(0);
    loop {
        let page = spool.letters(behind, args.state, PAGE, Moment::now())?;
        let Some(last) = page.last() else { break };
        behind = last.position;
        let written = match config.output {
            Format::Json => {
                page.iter().try_for_each(|letter| writeln!(out, "{}", json(&Row::of(letter, &here))))
            }
            Format::Text | Format::Shell => write!(out, "{}", table(&page, &here)),
        };
        if written.is_err() {
            list_ended(written)?;
            return Ok(ExitCode::Ok);
        }
        count += page.len() as u64;
    }
    list_ended(end(count, args.state, config.output, &mut out).and_then(|()| out.flush()))?;
    notes(&mut spool, config)?;
    Ok(ExitCode::Ok)
}

/// At most this many columns: what is known of an event stands in one cell, line below line.
const NARROW: u16 = 60;

/// Events for people, a page of them.
fn table(letters: &[Letter], here: &str) -> Table {
    let is_narrow = table::width() < NARROW;
    let mut table = if is_narrow {
        Table::new(["ID", "EVENT"]).whole(&[0])
    } else {
        Table::new(["ID", "STATE", "EVENT", "AGE", "CALL", "WHO"]).whole(&[0, 1, 2, 3])
    };
    for letter in letters {
        let Letter { position, state, kind, age, call_id, .. } = letter;
        let (id, age) = (position.0.to_string(), Span::roughly(*age).to_string());
        let about = about(letter, here);
        let about = about.iter().map(String::as_str);
        if is_narrow {
            let (event, state) =
                (format!("{kind} of call {call_id}"), format!("{} for {age}", state.as_str()));
            table.add([
                vec![id.as_str()],
                [event.as_str(), state.as_str()].into_iter().chain(about).collect(),
            ]);
        } else {
            table.add([
                vec![id.as_str()],
                vec![state.as_str()],
                vec![kind.as_str()],
                vec![age.as_str()],
                vec![call_id.as_str()],
                about.collect(),
            ]);
        }
    }
    table
}

/// Who talks to whom, and why the event is there, a line each.
fn about(letter: &Letter, here: &str) -> Vec<String> {
    let mut lines = vec![letter.event.as_ref().map_or_else(|| "(damaged)".to_owned(), who)];
    if letter.address != here {
        lines.push(format!("for {}", letter.address));
    }
    match letter.attempts {
        0 => {}
        1 => lines.push("tried once".to_owned()),
        attempts => lines.push(format!("tried {attempts} times")),
    }
    lines.extend(letter.due.map(|due| format!("again at {}", shown_time(due))));
    lines.extend(letter.reason.as_deref().map(in_words));
    lines.retain(|line| !line.is_empty());
    lines
}

/// Who talks to whom.
pub(super) fn who(event: &crate::CallEvent) -> String {
    let party =
        |party: &Option<crate::number::Party>| party.as_ref().map_or("?", |party| party.as_str()).to_owned();
    match (&event.from, &event.to) {
        (None, None) => String::new(),
        (from, to) => format!("{} -> {}", party(from), party(to)),
    }
}

fn end(count: u64, state: Option<State>, format: Format, out: &mut dyn Write) -> std::io::Result<()> {
    match (format, count, state) {
        (Format::Json, ..) | (_, 1.., _) => Ok(()),
        (Format::Text | Format::Shell, 0, None) => writeln!(out, "the spool is empty"),
        (Format::Text | Format::Shell, 0, Some(state)) => {
            writeln!(out, "no event is {}", state.as_str())
        }
    }
}

/// What holds up more than one event.
fn notes(spool: &mut Spool, config: &Config) -> anyhow::Result<()> {
    // Calls that do not end are for `check` to count.
    let Overview { totals, held, .. } = spool.overview(Duration::MAX, Moment::now())?;
    if let Some(held) = held {
        log::warn!(
            "nothing is sent to Zammad since {}: {}; `spool run` asks Zammad now and then, `spool flush` at \
            once",
            shown_time(held.since),
            held.reason
        );
    }
    let elsewhere = totals.elsewhere.saturating_sub(routed(spool.address(), config)?);
    if elsewhere > 0 {
        log::warn!(
            "{elsewhere} {} for another Zammad than {}; `spool retry --all` sends all events to this one",
            if elsewhere == 1 { "event waits" } else { "events wait" },
            spool.address()
        );
    }
    Ok(())
}

/// How many events wait for the other Zammads that routes lead to.
fn routed(here: &str, config: &Config) -> anyhow::Result<u64> {
    let by_address = config.all().filter_map(|config| Some((address(config.endpoint().ok()?), config)));
    let others = by_address.filter(|(address, _)| address != here).collect::<BTreeMap<_, _>>();
    let mut count = 0;
    for config in others.into_values() {
        let Some(mut spool) = open(config)? else { continue };
        let totals = spool.totals(Moment::now())?;
        count += totals.waiting.saturating_sub(totals.elsewhere);
    }
    Ok(count)
}
