//! Many calls at once, and what came of them in figures.

use std::io::{IsTerminal, Stderr, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::client::{self, Client};
use crate::config::{Config, Format};
use crate::rules::Setup;
use crate::simulation::{self, Plan};
use anyhow::Context;
use pbr::ProgressBar;
use tokio::time::Instant;

use super::interrupt::Stop;
use super::{Calls, Zammad, figures, run_id};
use crate::program::cli;
use crate::program::colour::Palette;
use crate::program::exit_code::{ExitCode, NotAsExpected, UsageError};
use crate::program::output::OutputError;
use crate::program::safe_text::{json, printable};

const CONCURRENCY: u16 = 16;
/// What agents can bear to see.
const HARMLESS_RATE: f64 = 1.0;
/// As many of a file's numbers the stand-in is set up for.
const MOST_SETUPS: usize = 10_000;

/// The load that is asked for, if any is.
pub fn plan(args: &cli::Simulate) -> Result<Option<Plan>, UsageError> {
    let cli::Load { calls, rate, duration, concurrency, .. } = args.load;
    if !args.load.is_wanted() {
        return if rate.is_some() || concurrency.is_some() {
            Err(UsageError("how many calls, or for how long? Add --calls or --duration"))
        } else {
            Ok(None)
        };
    }
    if args.overrides.speed.is_some() {
        return Err(UsageError("--speed is for calls played one by one; under load set --ring and --talk"));
    }
    let duration = duration.map(|span| span.0);
    if duration == Some(Duration::ZERO) {
        return Err(UsageError("--duration must be more than 0, such as 60s"));
    }
    Ok(Some(Plan { calls, duration, rate, concurrency: concurrency.unwrap_or(CONCURRENCY) }))
}

pub fn run(
    plan: Plan,
    calls: &Calls,
    zammad: &Zammad,
    args: &cli::Simulate,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let Zammad { config, stand_in } = zammad;
    let harmless = plan.rate.is_some_and(|rate| rate <= HARMLESS_RATE) || plan.calls == Some(1);
    if !config.endpoint()?.is_loopback() && !harmless && !args.load.yes_load {
        return Err(UsageError(
            "more than one call a second, to a Zammad on another machine: its agents will see them all, and \
             its log keeps them; add --yes-load if that is what you want, or --rate 1/s",
        )
        .into());
    }
    if let Some(stand_in) = stand_in {
        stand_in.set_up(setup(calls, config)?);
    }
    if stand_in.is_none() {
        client::block_on(reach(config))?.context("no call was started")?;
    }
    let run = run_id();
    let mut bar = Bar::new(&plan);
    let mut tell = |figures: &simulation::Figures| {
        let rate = figures.events as f64 / figures.elapsed.as_secs_f64();
        let failed: u64 = figures.failed.values().sum();
        let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
        let latency = figures::latency(&figures.latency, 0.99);
        bar.show(figures, &format!("{rate:.0} events/s, p99 {latency}{failed} "));
    };
    if config.output == Format::Text {
        let names: Vec<_> = calls.scenarios.iter().map(|scenario| printable(&scenario.name)).collect();
        let place = match stand_in {
            Some(_) => "a stand-in for Zammad in this process".to_owned(),
            None => config.endpoint()?.to_string(),
        };
        writeln!(out, "Load on {place} with {}. The caller log is not checked.\n", names.join(", "))
            .map_err(OutputError)?;
    }
    let load_calls =
        simulation::Calls { scenarios: &calls.scenarios, numbers: calls.numbers.as_ref(), run: &run };
    let figures = simulation::load(config, plan, load_calls, Stop::on_signals()?.sender(), &mut tell)?;
    bar.end();
    match config.output {
        Format::Json => writeln!(out, "{}", json(&figures::Report::new(&run, &plan, &figures))),
        Format::Text | Format::Shell => figures::print(out, Palette::for_stdout(), &plan, &figures),
    }
    .map_err(OutputError)?;
    match figures {
        // All threads have ended, so nobody else holds it.
        simulation::Figures { fatal: Some(error), .. } => {
            Err(Arc::into_inner(error).map_or_else(|| NotAsExpected.into(), anyhow::Error::from))
        }
        simulation::Figures { stopped: true, .. } => Ok(ExitCode::Interrupted),
        simulation::Figures { unexpected, .. } if unexpected.is_empty() => Ok(ExitCode::Ok),
        simulation::Figures { .. } => Err(NotAsExpected.into()),
    }
}

/// Connects once: an address that does not answer need not be tried by all connections, for as long as an event has.
async fn reach(config: &Config) -> anyhow::Result<()> {
    let (_, connector) = Client::with_connector(config)?;
    let until = Instant::now() + config.connect_timeout;
    let addresses = match connector.literal_address() {
        Some(address) => vec![address],
        None => connector.look_up(until).await?,
    };
    let mut last = None;
    for (place, address) in addresses.iter().enumerate() {
        let still = u32::try_from(addresses.len() - place).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(Instant::now()) / still;
        match connector.connect(*address, Instant::now() + share).await {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    last.map_or(Ok(()), |error| Err(error.into()))
}

/// A stand-in that suits all calls.
fn setup(calls: &Calls, config: &Config) -> anyhow::Result<Setup> {
    let mut whole = Setup::default();
    for scenario in &calls.scenarios {
        let variants: Vec<_> = match &calls.numbers {
            Some(numbers) => numbers.each(scenario).take(MOST_SETUPS).collect(),
            None => vec![scenario.clone()],
        };
        for variant in variants {
            let setup = variant.setup(&config.numbering)?;
            whole.blocked.extend(setup.blocked);
            whole.routes.extend(setup.routes);
        }
    }
    Ok(whole)
}

/// How far the load is: on a terminal; elsewhere nothing is drawn.
struct Bar {
    bar: Option<ProgressBar<Stderr>>,
    counts_calls: bool,
}

impl Bar {
    fn new(plan: &Plan) -> Self {
        let whole = plan.calls.or(plan.duration.map(milliseconds));
        let bar = whole.filter(|_| std::io::stderr().is_terminal()).map(|whole| {
            let mut bar = ProgressBar::on(std::io::stderr(), whole);
            bar.set_max_refresh_rate(Some(Duration::from_millis(100)));
            bar.show_counter = plan.calls.is_some();
            bar.show_speed = false;
            bar
        });
        Self { bar, counts_calls: plan.calls.is_some() }
    }

    fn show(&mut self, figures: &simulation::Figures, message: &str) {
        if let Some(bar) = &mut self.bar {
            bar.message(message);
            bar.set(if self.counts_calls { figures.calls } else { milliseconds(figures.elapsed) });
        }
    }

    /// Leaves the line to what comes next.
    fn end(self) {
        if self.bar.is_some() {
            // Nobody is left to see if stderr is closed.
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
