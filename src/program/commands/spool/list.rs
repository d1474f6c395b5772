//! `zammad-cti spool list`

use std::io::{BufWriter, Write};
use std::time::Duration;

use crate::config::{Config, Format, Span};
use crate::spool::{Letter, Moment, Overview, Position, Spool, State};
use serde::Serialize;

use super::{PAGE, open};
use crate::program::cli::SpoolList;
use crate::program::exit_code::ExitCode;
use crate::program::output::{VERSION, list_ended, millis, shown_time, time};
use crate::program::safe_text::{in_words, json, printable};

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
        for letter in &page {
            let written = match config.output {
                Format::Json => writeln!(out, "{}", json(&Row::of(letter, &here))),
                Format::Text | Format::Shell => {
                    let head = if count == 0 { heading(&mut out) } else { Ok(()) };
                    head.and_then(|()| writeln!(out, "{}", row(letter, &here)))
                }
            };
            if written.is_err() {
                list_ended(written)?;
                return Ok(ExitCode::Ok);
            }
            count += 1;
        }
    }
    list_ended(end(count, args.state, config.output, &mut out).and_then(|()| out.flush()))?;
    notes(&mut spool)?;
    Ok(ExitCode::Ok)
}

fn heading(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{:>6}  {:<11}  {:<8}  {:>9}  {:<16}  WHO", "ID", "STATE", "EVENT", "AGE", "CALL")
}

/// An event in a line, and why it is there in another.
fn row(letter: &Letter, here: &str) -> String {
    let Letter { position, state, kind, age, call_id, .. } = letter;
    let age = Span::roughly(*age).to_string();
    let who = letter.event.as_ref().map_or_else(|| "(damaged)".to_owned(), who);
    let mut row = format!(
        "{:>6}  {:<11}  {:<8}  {age:>9}  {:<16}  {}",
        position.0,
        state.as_str(),
        printable(kind),
        printable(call_id),
        printable(&who)
    );
    let mut why = Vec::new();
    if letter.address != here {
        why.push(format!("for {}", letter.address));
    }
    match letter.attempts {
        0 => {}
        1 => why.push("tried once".to_owned()),
        attempts => why.push(format!("tried {attempts} times")),
    }
    why.extend(letter.due.map(|due| format!("again at {}", shown_time(due))));
    why.extend(letter.reason.clone());
    if !why.is_empty() {
        row = format!("{}\n        {}", row.trim_end(), printable(&in_words(&why.join("; "))));
    }
    row.trim_end().to_owned()
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
fn notes(spool: &mut Spool) -> anyhow::Result<()> {
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
    if totals.elsewhere > 0 {
        log::warn!(
            "{} {} for another Zammad than {}; `spool retry --all` sends all events to this one",
            totals.elsewhere,
            if totals.elsewhere == 1 { "event waits" } else { "events wait" },
            spool.address()
        );
    }
    Ok(())
}
