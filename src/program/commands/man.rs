//! `zammad-cti man`

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::Command;

use super::hangup;
use crate::program::cli::{Man, Program};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

#[cold]
pub fn run(args: &Man, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // The table of causes is too long for a help text, and would cost every start of the program.
    let documented = Program::documented()
        .mut_subcommand("hangup", |command| command.after_long_help(hangup::causes(None)));
    match &args.dir {
        Some(dir) => {
            let mut documented = documented.disable_help_subcommand(true);
            documented.build();
            write_to(dir, documented).map_err(OutputError).with_context(|| dir.display().to_string())?;
        }
        None => {
            let mut page = Vec::new();
            page_of(documented).render(&mut page).map_err(OutputError)?;
            out.write_all(&page).map_err(OutputError)?;
        }
    }
    Ok(ExitCode::Ok)
}

/// A page for a command and for each below it.
fn write_to(dir: &Path, command: Command) -> std::io::Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()).cloned() {
        write_to(dir, below)?;
    }
    page_of(command).generate_to(dir)?;
    Ok(())
}

fn page_of(command: Command) -> clap_mangen::Man {
    clap_mangen::Man::new(command)
        // None, in quotes: the next word would take its place.
        .date("\"\"")
        .source(concat!("zammad-cti ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands")
}
