//! `zammad-cti spool flush` and `zammad-cti spool run`.

use std::io::Write;
use std::pin::pin;

use crate::client;
use crate::config::{Config, Format};
use crate::delivery::{FlushError, Flusher, Stopped, Tally};
use crate::spool::{Moment, SharedSpool, Totals, address};
use anyhow::Context;
use futures_util::future::{join_all, try_join_all};
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
    let (ended_by, ended, tally, left) = client::block_on(async {
        let mut signals = EndSignals::listen().context("cannot listen for signals")?;
        let mut sending = Sending::begin(args, config.clone()).await?.ending_soon();
        let (lines, stop) = (&mut sending.lines, &sending.stop);
        let mut ended_by = None;
        let mut ended = Vec::new();
        {
            let mut flush = pin!(join_all(lines.iter_mut().map(Line::flush)));
            loop {
                tokio::select! {
                    all = &mut flush => {
                        ended = all;
                        break;
                    }
                    // Whoever asks again does not want to wait for what is under way.
                    signal = signals.next() => {
                        ended_by.get_or_insert(signal);
                        if stop.send_replace(true) {
                            break;
                        }
                    }
                }
            }
        }
        let left = sending.left().await?;
        // Nobody else may be there to do it; if somebody is, he does.
        sending.empty_wal().await;
        anyhow::Ok((ended_by, ended, sending.tally(), left))
    })??;
    say(&tally, &left, config, out)?;
    if left.elsewhere > 0 {
        log::warn!(
            "{} more wait for another Zammad; `spool list` shows for which, `spool retry` sends them to this one",
            left.elsewhere
        );
    }
    let stopped = |(whose, stopped): (Whose, Result<Stopped, FlushError>)| {
        stopped.map(|stopped| (whose, stopped)).map_err(plain)
    };
    let ended = ended.into_iter().map(stopped).collect::<anyhow::Result<Vec<_>>>()?;
    let is_unfinished = |(_, stopped): &(Whose, Stopped)| match stopped {
        Stopped::Asked | Stopped::Held(_) => true,
        Stopped::Idle { .. } => false,
    };
    // After a second signal there is none that has ended.
    let is_unfinished = ended.is_empty() || ended.iter().any(is_unfinished);
    if let Some(signal) = ended_by.filter(|_| is_unfinished && left.waiting > left.elsewhere) {
        log::warn!("interrupted by {signal}: what waits stays in the spool");
        return Ok(signal.exit_code());
    }
    let mut failure = None;
    for (whose, stopped) in ended {
        match stopped {
            Stopped::Idle { .. } | Stopped::Asked => {}
            Stopped::Held(error) => {
                let error = anyhow::Error::from(error).context(whose.takes_nothing());
                match whose {
                    // Nobody's call depends on a copy.
                    Whose { is_for_copies: true, .. } => log::warn!("{error:#}"),
                    Whose { .. } if failure.is_none() => failure = Some(error),
                    Whose { .. } => log::error!("{error:#}"),
                }
            }
        }
    }
    failure.map_or(Ok(ExitCode::Ok), Err)
}

/// What sends, with the configuration it has.
struct Sending {
    config: Config,
    /// one for each Zammad; the first is the configuration's own
    lines: Vec<Line>,
    /// ends it, when what is under way has ended
    stop: watch::Sender<bool>,
}

/// The way of the events of one Zammad.
struct Line {
    whose: Whose,
    spool: SharedSpool,
    flusher: Flusher,
    tally: Tally,
}

/// Whose Zammad it is.
#[derive(Clone)]
struct Whose {
    /// `None`: that of the configuration itself
    profile: Option<String>,
    /// routes name it for copies only
    is_for_copies: bool,
}

impl Whose {
    fn takes_nothing(&self) -> String {
        match &self.profile {
            None => "Zammad takes no events, so the events in the spool wait".to_owned(),
            Some(profile) => {
                format!("the Zammad of profile {profile} takes no events, so its events in the spool wait")
            }
        }
    }
}

impl Line {
    async fn begin(
        args: &cli::Concurrency,
        config: &Config,
        whose: Whose,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let spool = open(config).await?;
        let flusher = flusher(args, config, spool.clone(), stop)?;
        Ok(Self { whose, spool, flusher, tally: Tally::default() })
    }

    async fn flush(&mut self) -> (Whose, Result<Stopped, FlushError>) {
        (self.whose.clone(), self.flusher.flush(&mut self.tally).await)
    }

    async fn run(&mut self) -> Result<(), FlushError> {
        self.flusher.run(&mut self.tally).await
    }
}

impl Sending {
    async fn begin(args: &cli::Concurrency, config: Config) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let own = Whose { profile: None, is_for_copies: false };
        let mut lines = vec![Line::begin(args, &config, own, stopped.clone()).await?];
        let mut addresses = vec![address(config.endpoint()?)];
        let profiles = config.routes.iter().flat_map(|routes| {
            routes.usable().map(move |(name, config)| (name, config, routes.only_copies_to(name)))
        });
        for (profile, config, is_for_copies) in profiles {
            let address = address(config.endpoint()?);
            if addresses.contains(&address) {
                continue;
            }
            addresses.push(address);
            let whose = Whose { profile: Some(profile.to_owned()), is_for_copies };
            match Line::begin(args, config, whose, stopped.clone()).await {
                Ok(line) => lines.push(line),
                // It is no reason to keep the others waiting.
                Err(error) => log::error!("the events of profile {profile} wait: {error:#}"),
            }
        }
        Ok(Self { config, lines, stop })
    }

    /// The same, but what is under way when it is to end is cut off after a moment.
    fn ending_soon(self) -> Self {
        let soon = |line: Line| Line { flusher: line.flusher.ending_soon(), ..line };
        Self { lines: self.lines.into_iter().map(soon).collect(), ..self }
    }

    /// With what is configured now.
    async fn begin_again(args: &cli::Concurrency, global: &Global) -> anyhow::Result<(Self, Watched)> {
        let (config, files) = configured_from_files(global, log::LevelFilter::Info)?;
        Ok((Self::begin(args, config).await?, files))
    }

    fn doing(&self) -> anyhow::Result<String> {
        Ok(format!("sending the events of {}", spool_of(&self.config)?.path.display()))
    }

    fn tally(&self) -> Tally {
        self.lines.iter().fold(Tally::default(), |all, line| sum(all, line.tally))
    }

    /// What is in the spool; `elsewhere` is what waits for none of these.
    async fn left(&self) -> anyhow::Result<Totals> {
        let mut left = Totals::default();
        let mut own = 0;
        for (place, line) in self.lines.iter().enumerate() {
            let totals = line.spool.totals(PATIENCE, Moment::now()).await?;
            own += totals.waiting - totals.elsewhere.min(totals.waiting);
            if place == 0 {
                left = totals;
            }
        }
        left.elsewhere = left.waiting.saturating_sub(own);
        Ok(left)
    }

    async fn empty_wal(&self) {
        if let Some(line) = self.lines.first() {
            let _ = line.spool.empty_wal(PATIENCE).await;
        }
    }
}

/// Sends what comes, until SIGTERM or Ctrl-C. What is under way when the configuration changes ends with the old one.
pub fn stay(args: &cli::SpoolRun, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (config, files) = configured_from_files(global, log::LevelFilter::Info)?;
    become_owner(config.all());
    let (ended, tally, left, config) = client::block_on(async {
        let mut sending = Sending::begin(&args.concurrency, config).await?;
        let mut daemon = Daemon::begin(files)?;
        let alive = Alive::new(&sending.config, None, LastDelivery::default());
        alive.answer_if_wanted(args.health, "--health").await?;
        let doing = sending.doing()?;
        daemon.is_ready(&doing);
        log::info!("{doing}");
        // With the configurations before this one.
        let mut before = Tally::default();
        let ended = loop {
            let mut next = None;
            let mut is_to_end = false;
            let ended = {
                let (lines, stop) = (&mut sending.lines, &sending.stop);
                let mut run = pin!(try_join_all(lines.iter_mut().map(Line::run)));
                loop {
                    tokio::select! {
                        ended = &mut run => break ended.map(drop),
                        wish = daemon.next() => match wish {
                            Wish::End if is_to_end => break Ok(()),
                            Wish::End => {
                                is_to_end = true;
                                stop.send_replace(true);
                            }
                            Wish::Reload(why) => {
                                let read = Sending::begin_again(&args.concurrency, global).await;
                                if let Some(read) = daemon.reloaded(why, read) {
                                    next = Some(read);
                                    stop.send_replace(true);
                                }
                            }
                        },
                    }
                }
            };
            match (ended, next) {
                (Ok(()), Some(next)) if !is_to_end => {
                    alive.follow(&next.config);
                    before = sum(before, sending.tally());
                    sending = next;
                }
                (ended, _) => break ended,
            }
        };
        daemon.is_ending();
        let left = sending.left().await?;
        sending.empty_wal().await;
        let tally = sum(before, sending.tally());
        anyhow::Ok((ended.map_err(plain), tally, left, sending.config))
    })??;
    say(&tally, &left, &config, out)?;
    ended.map(|()| ExitCode::Ok)
}

fn sum(one: Tally, other: Tally) -> Tally {
    Tally {
        delivered: one.delivered + other.delivered,
        unconfirmed: one.unconfirmed + other.unconfirmed,
        dead: one.dead + other.dead,
    }
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
