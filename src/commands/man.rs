//! `zammad-cti man`

use std::io::Write;

use anyhow::Context;
use clap::CommandFactory;

use crate::cli::{Cli, Man};
use crate::exit_code::ExitCode;
use crate::output::OutputError;

pub fn run(args: &Man, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match &args.dir {
        Some(dir) => clap_mangen::generate_to(Cli::command(), dir)
            .map_err(OutputError)
            .with_context(|| dir.display().to_string())?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(OutputError)?;
            out.write_all(&page).map_err(OutputError)?;
        }
    }
    Ok(ExitCode::Ok)
}
