//! `zammad-cti normalize`

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::Write;

use crate::config::{Config, Format};
use crate::number::{Match, Reading, Setting, is_too_short_for_phone, zammad_lookup, zammad_matches};
use anyhow::Context;
use serde::Serialize;

use super::configured;
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::{OutputError, VERSION};
use crate::program::safe_text::{json, printable};
use crate::program::table::fitted;

#[derive(Serialize)]
struct Row<'a> {
    version: u8,
    shown: &'a str,
    #[serde(flatten)]
    reading: &'a Reading,
    zammad_looks_up: &'a [String],
    zammad_matches: &'a [Match],
}

#[cold]
pub fn run(args: &cli::Normalize, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = configured(global, log::LevelFilter::Warn)?;
    let mut code = ExitCode::Ok;
    for shown in &args.numbers {
        match read(shown, &config) {
            Ok((shown, reading)) => print(out, &shown, &reading, &config).map_err(OutputError)?,
            // The others are read all the same.
            Err(error) => {
                log::error!("{error:#}");
                code = ExitCode::of(&error);
            }
        }
    }
    Ok(code)
}

fn read<'a>(shown: &'a OsStr, config: &Config) -> anyhow::Result<(Cow<'a, str>, Reading)> {
    let shown = cli::number("NUMBER", shown)?;
    let reading = config.numbering.explain(&shown).with_context(|| format!("{:?}", printable(&shown)))?;
    Ok((shown, reading))
}

fn print(out: &mut dyn Write, shown: &str, reading: &Reading, config: &Config) -> std::io::Result<()> {
    let sent = reading.party.as_str();
    let looked_up = zammad_lookup(sent);
    let matches = zammad_matches(sent);
    match config.output {
        Format::Json => {
            let row = Row {
                version: VERSION,
                shown,
                reading,
                zammad_looks_up: &looked_up,
                zammad_matches: &matches,
            };
            writeln!(out, "{}", json(&row))
        }
        Format::Text | Format::Shell => {
            writeln!(out, "{} -> {}", printable(shown), printable(sent))?;
            for step in &reading.steps {
                row(out, &printable(&step.to_string()))?;
            }
            match looked_up.as_slice() {
                [] => row(out, "Zammad looks up no customer for it")?,
                numbers => row(out, &format!("Zammad looks up the customer of {}", numbers.join(", ")))?,
            }
            matches.iter().try_for_each(|found| row(out, &printable(&told(found, sent))))
        }
    }
}

fn row(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    writeln!(out, "  {}", fitted(text, 4))
}

/// What an administrator has to write so that it matches, or why nothing does.
fn told(found: &Match, sent: &str) -> String {
    let (what, unless) = match found.what {
        Setting::Block => ("a block of", ""),
        Setting::Route => ("a route to", "Zammad drops the plus of a pattern"),
        Setting::FilterRow => ("a filter row", "Zammad takes the blanks out of rows"),
        Setting::Phone if is_too_short_for_phone(sent) => {
            ("an agent's Phone", "Zammad compares six digits or more")
        }
        Setting::Phone => ("an agent's Phone", "it is not a number with its country code"),
    };
    // With a queue, a row with its name is the only one that both interfaces know.
    let with_queue = match found.what {
        Setting::FilterRow => "; with a queue, only the popup of the old one",
        Setting::Block | Setting::Route | Setting::Phone => "",
    };
    match (found.old, found.new) {
        (true, true) => format!("{what} {sent} matches in the old and the new interface{with_queue}"),
        (true, false) => format!("{what} matches in the old interface; in the new one none does: {unless}"),
        (false, true) => {
            format!("{what} {sent} matches in the new interface; in the old one none does: {unless}")
        }
        (false, false) => format!("{what} never matches: {unless}"),
    }
}
