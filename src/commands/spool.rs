//! `zammad-cti spool`: what waits for Zammad, and getting it there.

mod flush;

use std::io::Write;
use std::time::Duration;

use zammad_cti::config::{Config, ConfigError, SpoolConfig};
use zammad_cti::spool::Spool;

use super::configured;
use crate::cli::{self, Global};
use crate::exit_code::ExitCode;

/// How long an operator's command waits for others that use the file.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn run(command: &cli::Spool, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        cli::Spool::Flush(args) => {
            let config = configured(global, log::LevelFilter::Warn)?;
            flush::once(args, &config, out)
        }
        cli::Spool::Run(args) => {
            let config = configured(global, log::LevelFilter::Info)?;
            flush::stay(args, &config, out)
        }
    }
}

/// The spool that is configured.
fn spool_of(config: &Config) -> Result<&SpoolConfig, ConfigError> {
    config.spool.as_ref().ok_or(ConfigError::NoSpool)
}

/// The same, open.
#[expect(dead_code, reason = "for the commands to come")]
fn open(config: &Config) -> anyhow::Result<Spool> {
    Ok(Spool::open(spool_of(config)?, config.endpoint()?, PATIENCE)?)
}
