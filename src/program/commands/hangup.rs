//! `zammad-cti hangup`, and its list of causes.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use crate::cause;

use super::report;
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;
use crate::program::table::{on_terminal, wrapped};

/// On narrower terminals the causes are no table, which has no room for what they mean.
const NARROW: u16 = 70;

/// Reports the end of a call.
pub fn run(
    args: &cli::Hangup,
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    report::run(global, started, out, || args.describe())
}

/// Prints the table of causes, family by family.
#[cold]
pub fn list_causes(out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    out.write_all(causes(on_terminal()).as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// The table of causes, for `--list-causes` and the man page, with its lines whole where no width is given.
pub fn causes(width: Option<u16>) -> String {
    let is_narrow = width.is_some_and(|width| width < NARROW);
    let beside =
        |text: &str, indent| width.map_or_else(|| text.to_owned(), |width| wrapped(text, width, indent));
    let mut text = String::new();
    let mut family = None;
    for spelling in cause::spellings() {
        if family != Some(spelling.family) {
            let gap = if family.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}:", beside(spelling.family.heading(), 0));
            family = Some(spelling.family);
        }
        let (spelt, cause, meaning) = (spelling.text, spelling.cause, spelling.meaning);
        let _ = if is_narrow {
            writeln!(text, "  {}", beside(&format!("{spelt}: {cause}, {meaning}"), 4))
        } else {
            let before = format!("  {spelt:<34} {cause:<15} ");
            writeln!(text, "{before}{}", beside(meaning, before.len()))
        };
    }
    text
}
