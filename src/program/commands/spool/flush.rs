//! `zammad-cti spool flush` and `zammad-cti spool run`.

use std::io::Write;
use std::pin::pin;

use crate::client;
use crate::config::{Config, Format};
use crate::delivery::{FlushError, Flusher, Stopped, Tally};
use crate::spool::{Moment, SharedSpool, Totals};
use anyhow::Context;
use tokio::sync::watch;

use super::{PATIENCE, spool_of};
use crate::program::cli;
use crate::program::commands::daemon::{Daemon, Wish};
use crate::program::commands::settings::runtime_folder;
use crate::program::commands::signals::EndSignals;
use crate::program::exit_code::ExitCode;
use crate::program::output::{self, OutputError};

/// Sends what waits, once, and says what came of it.
pub fn once(args: &cli::Concurrency, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let stopped = client::block_on(async {
        let spool = open(config).await?;
        let mut signals = EndSignals::listen().context("cannot listen for signals")?;
        let (stop, stopped) = watch::channel(false);
        let flusher = flusher(args, config, spool.clone(), stopped)?;
        let mut flush = pin!(flusher.flush(&mut tally));
        let stopped = loop {
            tokio::select! {
                stopped = &mut flush => break stopped.map_err(plain)?,
                () = signals.next() => { stop.send_replace(true); }
            }
        };
        let left = spool.totals(PATIENCE, Moment::now()).await?;
        // Nobody else may be there to do it; if somebody is, he does.
        let _ = spool.empty_wal(PATIENCE).await;
        anyhow::Ok((stopped, left))
    })??;
    let (stopped, left) = stopped;
    say(&tally, &left, config, out)?;
    if left.elsewhere > 0 {
        log::warn!(
            "{} more wait for another Zammad; `spool list` shows for which, `spool retry` sends them to this one",
            left.elsewhere
        );
    }
    match stopped {
        Stopped::Idle { .. } | Stopped::Asked => Ok(ExitCode::Ok),
        Stopped::Held(error) => {
            Err(anyhow::Error::from(error).context("Zammad takes nothing, and what is in the spool waits"))
        }
    }
}

/// Sends what comes, until SIGTERM or Ctrl-C.
pub fn stay(args: &cli::Concurrency, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let ended = client::block_on(async {
        let spool = open(config).await?;
        let mut daemon = Daemon::begin()?;
        let (stop, stopped) = watch::channel(false);
        let flusher = flusher(args, config, spool.clone(), stopped)?;
        let doing = format!("sending what comes into {}", spool_of(config)?.path.display());
        daemon.is_ready(&doing);
        log::info!("{doing}");
        let mut run = pin!(flusher.run(&mut tally));
        let ended = loop {
            tokio::select! {
                ended = &mut run => break ended,
                wish = daemon.next() => match wish {
                    Wish::End => { stop.send_replace(true); }
                },
            }
        };
        daemon.is_ending();
        let left = spool.totals(PATIENCE, Moment::now()).await?;
        let _ = spool.empty_wal(PATIENCE).await;
        anyhow::Ok((ended.map_err(plain), left))
    })??;
    let (ended, left) = ended;
    say(&tally, &left, config, out)?;
    ended.map(|()| ExitCode::Ok)
}

async fn open(config: &Config) -> anyhow::Result<SharedSpool> {
    Ok(SharedSpool::open(spool_of(config)?, config.endpoint()?, PATIENCE).await?)
}

fn flusher<'a>(
    args: &cli::Concurrency,
    config: &'a Config,
    spool: SharedSpool,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<Flusher<'a>> {
    let concurrency = usize::from(args.concurrency);
    Ok(Flusher::new(config, spool, runtime_folder().as_deref(), concurrency, stop)?)
}

/// The error that says more.
fn plain(error: FlushError) -> anyhow::Error {
    match error {
        FlushError::Spool(error) => error.into(),
        FlushError::Client(error) => error.into(),
    }
}

fn say(tally: &Tally, left: &Totals, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let Tally { delivered, unconfirmed, dead } = tally;
    let waiting = left.waiting - left.elsewhere.min(left.waiting);
    match config.output {
        Format::Json => {
            let version = output::VERSION;
            let tally = serde_json::json!({
                "version": version,
                "delivered": delivered,
                "waiting": waiting,
                "unconfirmed": unconfirmed,
                "dead": dead,
            });
            writeln!(out, "{tally}")
        }
        Format::Text | Format::Shell => {
            writeln!(out, "delivered {delivered}, waiting {waiting}, unconfirmed {unconfirmed}, dead {dead}")
        }
    }
    .map_err(OutputError)?;
    Ok(())
}
