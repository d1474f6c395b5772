//! `zammad-cti hangup --list-causes`

use std::fmt::Write as _;
use std::io::Write;

use crate::cause::spellings;

use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

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
