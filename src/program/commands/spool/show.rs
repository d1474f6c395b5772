//! `zammad-cti spool show`

use std::io::Write;

use crate::config::{Config, Format, Span};
use crate::spool::{Attempt, Letter, Moment, Position, State};
use serde::Serialize;
use serde_json::{Map, Value};

use super::list::Row;
use super::open;
use crate::program::cli::SpoolShow;
use crate::program::exit_code::{ExitCode, NoSuchEvent};
use crate::program::output::{OutputError, shown_time, time};
use crate::program::safe_text::{in_words, json, printable};

/// All about an event: what `spool list` has, and this.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// as Zammad gets them
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Map<String, Value>>,
    history: Vec<FailedAttempt<'a>>,
}

/// An attempt that failed.
#[derive(Serialize)]
struct FailedAttempt<'a> {
    at: String,
    outcome: &'a str,
}

pub fn run(args: &SpoolShow, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut spool = open(config)?;
    let mut missing = Vec::new();
    let mut is_first = true;
    for id in args.ids.iter().copied().map(Position) {
        let found = match &mut spool {
            Some(spool) => spool.letter(id, Moment::now())?,
            None => None,
        };
        let Some((letter, history)) = found else {
            missing.push(id);
            continue;
        };
        let here = spool.as_ref().map_or("", |spool| spool.address());
        match config.output {
            Format::Json => writeln!(out, "{}", json(&whole(&letter, &history, here))),
            Format::Text | Format::Shell => {
                let gap = if is_first { Ok(()) } else { writeln!(out) };
                gap.and_then(|()| write!(out, "{}", text(&letter, &history, here)))
            }
        }
        .map_err(OutputError)?;
        is_first = false;
    }
    if missing.is_empty() { Ok(ExitCode::Ok) } else { Err(NoSuchEvent(missing).into()) }
}

fn whole<'a>(letter: &'a Letter, history: &'a [Attempt], here: &str) -> Whole<'a> {
    let history = history.iter().map(|step| FailedAttempt { at: time(step.at), outcome: &step.outcome });
    Whole {
        row: Row::of(letter, here),
        fields: letter.event.as_ref().map(|event| event.fields()),
        history: history.collect(),
    }
}

fn text(letter: &Letter, history: &[Attempt], here: &str) -> String {
    let Letter { position, kind, call_id, .. } = letter;
    let mut text = format!("{}\n", printable(&format!("event {}: {kind} of call {call_id}", position.0)));
    let mut line = |name: &str, value: &str| {
        text += &printable(&in_words(&format!("  {name:<10} {value}")));
        text.push('\n');
    };
    line("state", letter.state.as_str());
    if let Some(reason) = &letter.reason {
        line(if letter.state == State::Waiting { "because" } else { "reason" }, reason);
    }
    line("kept", &format!("{}, {} ago", shown_time(letter.kept), Span::roughly(letter.age)));
    let elsewhere =
        if letter.address == here { String::new() } else { format!(", not the configured {here}") };
    line("for", &format!("{}{elsewhere}", letter.address));
    if letter.state == State::Waiting {
        line("next", &letter.due.map_or_else(|| "at once".to_owned(), shown_time));
    }
    if letter.uncertain {
        line("in doubt", "an attempt may have delivered it to Zammad");
    }
    line("attempts", &letter.attempts.to_string());
    for step in history {
        line("", &format!("{}  {}", shown_time(step.at), step.outcome));
    }
    match &letter.event {
        None => line("fields", "its record is damaged"),
        Some(event) => {
            for (place, (name, value)) in event.fields().into_iter().enumerate() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                line(if place == 0 { "fields" } else { "" }, &format!("{name} = {value}"));
            }
        }
    }
    text
}
