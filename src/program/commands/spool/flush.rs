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
use crate::program::cli::{self, Global};
use crate::program::commands::alive::{Alive, LastDelivery};
use crate::program::commands::configured_from_files;
use crate::program::commands::daemon::{Daemon, Wish};
use crate::program::commands::owner::become_owner;
use crate::program::commands::settings::runtime_folder;
use crate::program::commands::signals::EndSignals;
use crate::program::commands::watched::Watched;
use crate::program::exit_code::ExitCode;
use crate::program::output::{self, OutputError};

/// Sends what waits, once, and says what came of it.
pub fn once(args: &cli::Concurrency, config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let mut ended_by = None;
    let stopped = client::block_on(async {
        let spool = open(config).await?;
        let mut signals = EndSignals::listen().context("cannot listen for signals")?;
        let (stop, stopped) = watch::channel(false);
        let flusher = flusher(args, config, spool.clone(), stopped)?.ending_soon();
        let mut flush = pin!(flusher.flush(&mut tally));
        let stopped = loop {
            tokio::select! {
                stopped = &mut flush => break stopped.map_err(plain)?,
                // Whoever asks again does not want to wait for what is under way.
                signal = signals.next() => {
                    ended_by.get_or_insert(signal);
                    if stop.send_replace(true) {
                        break Stopped::Asked;
                    }
                }
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
    let is_cut_short = match &stopped {
        Stopped::Asked | Stopped::Held(_) => left.waiting > left.elsewhere,
        Stopped::Idle { .. } => false,
    };
    if let Some(signal) = ended_by.filter(|_| is_cut_short) {
        log::warn!("interrupted by {signal}: what waits stays in the spool");
        return Ok(signal.exit_code());
    }
    match stopped {
        Stopped::Idle { .. } | Stopped::Asked => Ok(ExitCode::Ok),
        Stopped::Held(error) => {
            Err(anyhow::Error::from(error).context("Zammad takes no events, so the events in the spool wait"))
        }
    }
}

/// What sends, with the configuration it has.
struct Sending {
    config: Config,
    spool: SharedSpool,
    flusher: Flusher,
    /// ends it, when what is under way has ended
    stop: watch::Sender<bool>,
}

impl Sending {
    async fn begin(args: &cli::Concurrency, config: Config) -> anyhow::Result<Self> {
        let spool = open(&config).await?;
        let (stop, stopped) = watch::channel(false);
        let flusher = flusher(args, &config, spool.clone(), stopped)?;
        Ok(Self { config, spool, flusher, stop })
    }

    /// With what is configured now.
    async fn begin_again(args: &cli::Concurrency, global: &Global) -> anyhow::Result<(Self, Watched)> {
        let (config, files) = configured_from_files(global, log::LevelFilter::Info)?;
        Ok((Self::begin(args, config).await?, files))
    }

    fn doing(&self) -> anyhow::Result<String> {
        Ok(format!("sending the events of {}", spool_of(&self.config)?.path.display()))
    }
}

/// Sends what comes, until SIGTERM or Ctrl-C. What is under way when the configuration changes ends with the old one.
pub fn stay(args: &cli::SpoolRun, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (config, files) = configured_from_files(global, log::LevelFilter::Info)?;
    become_owner([&config]);
    let mut tally = Tally::default();
    let (ended, left, config) = client::block_on(async {
        let mut sending = Sending::begin(&args.concurrency, config).await?;
        let mut daemon = Daemon::begin(files)?;
        let alive = Alive::new(&sending.config, None, LastDelivery::default());
        alive.answer_if_wanted(args.health, "--health").await?;
        let doing = sending.doing()?;
        daemon.is_ready(&doing);
        log::info!("{doing}");
        let ended = loop {
            let mut next = None;
            let mut is_to_end = false;
            let ended = {
                let mut run = pin!(sending.flusher.run(&mut tally));
                loop {
                    tokio::select! {
                        ended = &mut run => break ended,
                        wish = daemon.next() => match wish {
                            Wish::End if is_to_end => break Ok(()),
                            Wish::End => {
                                is_to_end = true;
                                sending.stop.send_replace(true);
                            }
                            Wish::Reload(why) => {
                                let read = Sending::begin_again(&args.concurrency, global).await;
                                if let Some(read) = daemon.reloaded(why, read) {
                                    next = Some(read);
                                    sending.stop.send_replace(true);
                                }
                            }
                        },
                    }
                }
            };
            match (ended, next) {
                (Ok(()), Some(next)) if !is_to_end => {
                    alive.follow(&next.config);
                    sending = next;
                }
                (ended, _) => break ended,
            }
        };
        daemon.is_ending();
        let left = sending.spool.totals(PATIENCE, Moment::now()).await?;
        let _ = sending.spool.empty_wal(PATIENCE).await;
        anyhow::Ok((ended.map_err(plain), left, sending.config))
    })??;
    say(&tally, &left, &config, out)?;
    ended.map(|()| ExitCode::Ok)
}

async fn open(config: &Config) -> anyhow::Result<SharedSpool> {
    Ok(SharedSpool::open(spool_of(config)?, config.endpoint()?, PATIENCE).await?)
}

fn flusher(
    args: &cli::Concurrency,
    config: &Config,
    spool: SharedSpool,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<Flusher> {
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
