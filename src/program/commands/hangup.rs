//! `zammad-cti hangup`, and its list of causes.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use crate::cause::spellings;

use super::report;
use super::settings::of_the_rest;
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

/// Reports the end of a call. What agents miss of it if its cause is unknown is told by the exit code.
pub fn run(
    args: &cli::Hangup,
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let code = report::run(global, started, out, || args.describe())?;
    let is_told = code == ExitCode::Ok && args.leaves_cause_out();
    // Read once more, as it is rare.
    let is_told = is_told && !of_the_rest(global).fail_open.unwrap_or_default();
    Ok(if is_told { ExitCode::InvalidEvent } else { code })
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
