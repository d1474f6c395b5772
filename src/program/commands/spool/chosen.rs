//! `zammad-cti spool retry` and `zammad-cti spool drop`.

use std::io::Write;

use crate::config::{Config, Format, Span};
use crate::spool::{Chosen, Letter, Moment, Position, Spool, State, Totals, address};

use super::{PAGE, open, spool_of};
use crate::program::ask::{ask, can_ask};
use crate::program::cli::{self, SpoolDrop, SpoolRetry};
use crate::program::exit_code::{ExitCode, NoSuchEvent};
use crate::program::output::{OutputError, VERSION, grouped};

pub fn retry(args: &SpoolRetry, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let work = |spool: &mut Spool, chosen: &Chosen, letters: &[Letter]| {
        match chosen {
            Chosen::All | Chosen::State(State::Unconfirmed) => warn_of_all(spool)?,
            Chosen::State(State::Waiting | State::Dead) => {}
            Chosen::These(_) => {
                for letter in letters {
                    warn_of(letter, spool, config)?;
                }
            }
        }
        let others: Vec<_> =
            config.all().filter_map(|config| Some(address(config.endpoint().ok()?))).collect();
        Ok(spool.retry_beside(chosen, &others, Moment::now())?)
    };
    on(&args.chosen, "retried", work, config, out)
}

pub fn drop(args: &SpoolDrop, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let work = |spool: &mut Spool, chosen: &Chosen, _: &[Letter]| match chosen {
        Chosen::All if !args.yes && can_ask() && !may_drop_all(spool)? => Ok(0),
        Chosen::All | Chosen::State(_) | Chosen::These(_) => Ok(spool.drop_events(chosen, Moment::now())?),
    };
    on(&args.chosen, "dropped", work, config, out)
}

/// Asks the person at the terminal. Zammad never hears of what is dropped.
fn may_drop_all(spool: &mut Spool) -> anyhow::Result<bool> {
    let Totals { waiting, unconfirmed, dead, .. } = spool.totals(Moment::now())?;
    let events = waiting + unconfirmed + dead;
    if events == 0 {
        return Ok(true);
    }
    let answer = ask(&format!(
        "Events: {}, of these waiting for Zammad: {}. Drop all of them? [y/N]",
        grouped(events),
        grouped(waiting)
    ))?;
    Ok(answer.is_some_and(|answer| ["y", "yes"].contains(&answer.to_lowercase().as_str())))
}

/// Does something with the events that are there, and complains about the others.
fn on(
    args: &cli::Chosen,
    done: &str,
    work: impl FnOnce(&mut Spool, &Chosen, &[Letter]) -> anyhow::Result<u64>,
    config: &Config,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let mut spool = open(config)?;
    let (mut letters, mut missing) = (Vec::new(), Vec::new());
    for id in args.ids.iter().copied().map(Position) {
        let found = match &mut spool {
            Some(spool) => spool.letter(id, Moment::now())?,
            None => None,
        };
        match found {
            Some((letter, _)) => letters.push(letter),
            None => missing.push(id),
        }
    }
    let chosen = match args.state {
        Some(state) => Chosen::State(state),
        None if args.all => Chosen::All,
        None => Chosen::These(letters.iter().map(|letter| letter.position).collect()),
    };
    let count = match &mut spool {
        Some(spool) => work(spool, &chosen, &letters)?,
        None => 0,
    };
    match config.output {
        Format::Json => {
            writeln!(out, "{}", serde_json::json!({ "version": VERSION, done: count, "missing": missing }))
        }
        Format::Text | Format::Shell => writeln!(out, "{done} {count}"),
    }
    .map_err(OutputError)?;
    if missing.is_empty() { Ok(ExitCode::Ok) } else { Err(NoSuchEvent(missing).into()) }
}

/// What an operator may not expect of an event that is sent once more.
fn warn_of(letter: &Letter, spool: &Spool, config: &Config) -> anyhow::Result<()> {
    let Letter { position: Position(id), kind, call_id, .. } = letter;
    match (letter.state, kind.as_str()) {
        (State::Waiting, _) if letter.address == spool.address() && letter.due.is_none() => {
            log::warn!("event {id} waits already; `spool run` or `spool flush` sends it");
        }
        (State::Unconfirmed, "hangup") => {
            log::warn!(
                "Zammad may have the hangup of call {call_id} (event {id}), and a second one may hide a missed \
                 call; if the caller log shows that the call has ended, run `spool drop {id}`"
            );
        }
        (State::Unconfirmed, _) => {
            log::warn!("Zammad may have the {kind} of call {call_id} (event {id}), and get it twice");
        }
        (State::Waiting | State::Dead, _) => {}
    }
    let limits = spool_of(config)?;
    let (most, key) = if kind == "answer" {
        (limits.max_age_answer, "spool.max_age_answer")
    } else {
        (limits.max_age, "spool.max_age")
    };
    if letter.age > most {
        log::warn!("event {id} is older than {key} ({}), and will be given up again", Span(most));
    }
    Ok(())
}

/// The same of all, in a line.
fn warn_of_all(spool: &mut Spool) -> anyhow::Result<()> {
    let mut hangups = 0;
    let mut behind = Position(0);
    loop {
        let page = spool.letters(behind, Some(State::Unconfirmed), PAGE, Moment::now())?;
        let Some(last) = page.last() else { break };
        behind = last.position;
        hangups += page.iter().filter(|letter| letter.kind == "hangup").count();
    }
    if hangups > 0 {
        let are = if hangups == 1 { "is a hangup" } else { "are hangups" };
        log::warn!(
            "{hangups} of the unconfirmed events {are} that Zammad may have: a second one may hide a missed call"
        );
    }
    Ok(())
}
