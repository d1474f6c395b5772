//! `zammad-cti man`

use std::io::Write;

use anyhow::Context;

use super::hangup;
use crate::program::cli::{Man, Program};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

pub fn run(args: &Man, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // The table of causes is too long for a help text, and would cost every start of the program.
    let documented =
        Program::documented().mut_subcommand("hangup", |command| command.after_long_help(hangup::causes()));
    match &args.dir {
        Some(dir) => clap_mangen::generate_to(documented, dir)
            .map_err(OutputError)
            .with_context(|| dir.display().to_string())?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(documented).render(&mut page).map_err(OutputError)?;
            out.write_all(&page).map_err(OutputError)?;
        }
    }
    Ok(ExitCode::Ok)
}
