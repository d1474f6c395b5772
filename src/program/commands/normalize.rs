//! `zammad-cti normalize`

use std::io::Write;

use crate::config::{Config, Format};
use crate::number::{Reading, zammad_lookup};
use anyhow::Context;
use serde::Serialize;

use super::configured;
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::{OutputError, VERSION};
use crate::program::safe_text::{json, printable};

#[derive(Serialize)]
struct Row<'a> {
    version: u8,
    shown: &'a str,
    #[serde(flatten)]
    reading: &'a Reading,
    zammad_looks_up: &'a [String],
}

pub fn run(args: &cli::Normalize, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = configured(global, log::LevelFilter::Warn)?;
    for shown in &args.numbers {
        let shown = cli::text("NUMBER", shown)?;
        let reading = config.numbering.explain(shown).with_context(|| format!("{:?}", printable(shown)))?;
        print(out, shown, &reading, &config).map_err(OutputError)?;
    }
    Ok(ExitCode::Ok)
}

fn print(out: &mut dyn Write, shown: &str, reading: &Reading, config: &Config) -> std::io::Result<()> {
    let looked_up = zammad_lookup(reading.party.as_str());
    match config.output {
        Format::Json => {
            let row = Row { version: VERSION, shown, reading, zammad_looks_up: &looked_up };
            writeln!(out, "{}", json(&row))
        }
        Format::Text | Format::Shell => {
            writeln!(out, "{} -> {}", printable(shown), printable(reading.party.as_str()))?;
            for step in &reading.steps {
                writeln!(out, "  {}", printable(&step.to_string()))?;
            }
            match looked_up.as_slice() {
                [] => writeln!(out, "  Zammad looks up no customer for it"),
                numbers => writeln!(out, "  Zammad looks up the customer of {}", numbers.join(", ")),
            }
        }
    }
}
