//! `zammad-cti hangup`, and its list of causes.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use crate::cause::spellings;

use super::report;
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

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
    out.write_all(causes().as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// The table of causes, for `--list-causes` and the man page.
pub fn causes() -> String {
    let mut text = String::new();
    let mut family = None;
    for spelling in spellings() {
        if family != Some(spelling.family) {
            let gap = if family.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}:", spelling.family.heading());
            family = Some(spelling.family);
        }
        let _ = writeln!(text, "  {:<34} {:<15} {}", spelling.text, spelling.cause, spelling.meaning);
    }
    text
}
