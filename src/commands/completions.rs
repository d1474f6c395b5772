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
    // The generator takes the hyphen of the program's name for a subcommand's in half of the places.
    let text = String::from_utf8(text)?.replace("zammad__subcmd__cti", "zammad__cti");
    out.write_all(text.as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}
