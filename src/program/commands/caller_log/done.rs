//! `zammad-cti log done`

use std::io::Write;

use anyhow::Context;

use super::{age, is_missed, read, write};
use crate::client::{self, CallerLog, Row};
use crate::config::{Format, Span};
use crate::program::cli::LogDone;
use crate::program::exit_code::ExitCode;
use crate::program::output::{OutputError, list_ended};

pub fn run(log: &CallerLog, args: &LogDone, format: Format, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let rows = read(log)?;
    let (rows, unseen) = match args.which.missed {
        true => (missed(rows, args.older_than), Vec::new()),
        false => by_number(rows, &args.which.ids),
    };
    if !args.dry_run && !rows.is_empty() {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        client::block_on(log.tick_all(&ids))?.context("no call was ticked off")?;
    }
    list_ended(write_ticked(&rows, &unseen, args, format, out))?;
    // Zammad shows its latest calls, and knows all.
    for id in unseen {
        if !args.dry_run {
            client::block_on(log.tick(id))?.with_context(|| format!("call {id} was not ticked off"))?;
        }
        if format != Format::Json {
            let verb = if args.dry_run { "would be" } else { "was" };
            writeln!(out, "{id} is older than what Zammad shows; it {verb} ticked off")
                .map_err(OutputError)?;
        }
    }
    Ok(ExitCode::Ok)
}

fn write_ticked(
    rows: &[Row],
    unseen: &[u64],
    args: &LogDone,
    format: Format,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if !rows.is_empty() || unseen.is_empty() {
        write(rows, format, Some(!args.dry_run), out)?;
    }
    let count = rows.len();
    match format {
        Format::Json => Ok(()),
        Format::Text | Format::Shell if count == 0 => Ok(()),
        Format::Text | Format::Shell => {
            let calls = if count == 1 { "1 call".to_owned() } else { format!("{count} calls") };
            let fate = if args.dry_run { "would be ticked off" } else { "ticked off" };
            writeln!(out, "{calls} {fate}")
        }
    }
}

fn missed(mut rows: Vec<Row>, older_than: Option<Span>) -> Vec<Row> {
    rows.retain(|row| {
        is_missed(row) && older_than.is_none_or(|Span(limit)| age(row).is_some_and(|age| age > limit))
    });
    rows
}

/// The rows of these numbers, and the numbers of which there is none.
fn by_number(mut rows: Vec<Row>, ids: &[u64]) -> (Vec<Row>, Vec<u64>) {
    rows.retain(|row| ids.contains(&row.id));
    let unseen = ids.iter().copied().filter(|id| !rows.iter().any(|row| row.id == *id)).collect();
    (rows, unseen)
}
