//! `zammad-cti spool flush` and `zammad-cti spool run`.

use std::future::pending;
use std::io::Write;

use crate::client;
use crate::config::{Config, Format};
use crate::delivery::{FlushError, Flusher, Stopped, Tally};
use crate::spool::{Moment, SharedSpool, Spool, Totals};
use anyhow::Context;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{PATIENCE, spool_of};
use crate::program::cli;
use crate::program::commands::daemon::{Watchdog, tell_systemd};
use crate::program::commands::settings::runtime_folder;
use crate::program::exit_code::ExitCode;
use crate::program::output::{self, OutputError};

/// Sends what waits, once, and says what came of it.
pub fn once(args: &cli::Concurrency, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let stopped = client::block_on(async {
        let (spool, flusher_stop) = (open(config).await?, stop_when_asked()?);
        let flusher = flusher(args, config, spool.clone(), flusher_stop)?;
        let stopped = flusher.flush(&mut tally).await.map_err(plain)?;
        let left = spool.with(PATIENCE, |spool: &mut Spool| spool.totals(Moment::now())).await?;
        // Nobody else may be there to do it; if somebody is, he does.
        let _ = spool.with(PATIENCE, |spool: &mut Spool| spool.empty_wal()).await;
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
        // Its clock is the runtime's.
        let mut watchdog = Watchdog::new();
        let (spool, flusher_stop) = (open(config).await?, stop_when_asked()?);
        let flusher = flusher(args, config, spool.clone(), flusher_stop)?;
        tell_systemd(NotifyState::Ready);
        let run = flusher.run(&mut tally);
        tokio::pin!(run);
        log::info!("sending what comes into {}", spool_of(config)?.path.display());
        let ended = loop {
            tokio::select! {
                ended = &mut run => break ended,
                () = watchdog.is_due() => tell_systemd(NotifyState::Watchdog),
            }
        };
        tell_systemd(NotifyState::Stopping);
        let left = spool.with(PATIENCE, |spool: &mut Spool| spool.totals(Moment::now())).await?;
        let _ = spool.with(PATIENCE, |spool: &mut Spool| spool.empty_wal()).await;
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
    let limits = spool_of(config)?.clone();
    let concurrency = usize::from(args.concurrency);
    Ok(Flusher::new(config, limits, spool, runtime_folder().as_deref(), concurrency, stop)?)
}

/// Becomes true when somebody wants an end.
fn stop_when_asked() -> anyhow::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Whoever has ended needs no telling.
        let _ = stop.send(true);
        // A sender that is gone counts as a stop too.
        pending::<()>().await;
    });
    Ok(stopped)
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
