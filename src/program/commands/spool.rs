//! `zammad-cti spool`: what waits for Zammad, and getting it there.

mod bridges;
mod chosen;
mod flush;
mod list;
mod show;
mod stats;

pub(super) use bridges::expose as expose_bridges;
pub(super) use stats::Figures;

use std::io::Write;
use std::time::Duration;

use crate::config::{Config, ConfigError, SpoolConfig};
use crate::spool::{Spool, SpoolError, is_begun};

use super::configured;
use super::owner::become_owner;
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;

/// How long an operator's command waits for others that use the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many events or calls are read at a time: a million of them take no more memory.
pub(super) const PAGE: usize = 500;

#[cold]
pub fn run(command: &cli::Spool, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let configured = || {
        let config = configured(global, log::LevelFilter::Warn)?;
        become_owner(config.all());
        anyhow::Ok(config)
    };
    match command {
        cli::Spool::List(args) => list::run(args, &configured()?, out),
        cli::Spool::Show(args) => show::run(args, &configured()?, out),
        cli::Spool::Stats(args) => stats::run(args, global, &configured()?, out),
        cli::Spool::Flush(args) => flush::once(args, &configured()?, out),
        cli::Spool::Run(args) => flush::stay(args, global, out),
        cli::Spool::Retry(args) => chosen::retry(args, &configured()?, out),
        cli::Spool::Drop(args) => chosen::drop(args, &configured()?, out),
    }
}

/// The spool that is configured.
fn spool_of(config: &Config) -> Result<&SpoolConfig, ConfigError> {
    config.spool.as_ref().ok_or(ConfigError::NoSpool)
}

/// The same, open. `None` if nothing was ever kept: a file that an administrator begins with a look
/// into it would be his, and not the phone system's.
pub(super) fn open(config: &Config) -> anyhow::Result<Option<Spool>> {
    open_within(config, PATIENCE)
}

/// The same for work that waits for others this long.
pub(super) fn open_within(config: &Config, patience: Duration) -> anyhow::Result<Option<Spool>> {
    let spool = spool_of(config)?;
    let endpoint = config.endpoint()?;
    let is_there = is_begun(&spool.path);
    let is_there = is_there.map_err(|source| SpoolError::File { path: spool.path.clone(), source })?;
    Ok(if is_there { Some(Spool::open(spool, endpoint, patience)?) } else { None })
}
