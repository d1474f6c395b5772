//! `zammad-cti completions`

use std::io::Write;

use clap::CommandFactory;

use crate::cli::{Cli, Completions};
use crate::exit_code::ExitCode;
use crate::output::OutputError;

pub fn run(args: &Completions, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // Written to memory first: the generator does not expect a closed pipe.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "zammad-cti", &mut text);
    out.write_all(&text).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}
