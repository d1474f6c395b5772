//! `zammad-cti simulate`: calls against a Zammad, or against a stand-in for it in this process.

mod figures;
mod interrupt;
mod load;
mod play;
mod report;
mod tally;
mod transcript;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use crate::client;
use crate::config::{Config, Format};
use crate::sandbox::{Clock, Options, Sandbox, SandboxError};
use crate::simulation::{self, Numbers, Overrides, Scenario, ScenarioError};
use anyhow::Context;

use super::configured;
use super::sandbox::random_token;
use crate::program::cli::{self, Global};
use crate::program::colour::Palette;
use crate::program::exit_code::{ExitCode, UsageError};
use crate::program::output::OutputError;
use crate::program::table::fitted;
use report::ReportFile;

/// What a newcomer sees: the usual calls, and what Zammad decides.
const TOUR: [&str; 4] = ["answered", "missed", "rejected", "outbound-rewritten"];
/// What comes out the same whatever a Zammad's settings are, and spoils nothing there.
const HARMLESS: [&str; 2] = ["answered", "missed"];

#[cold]
pub fn run(args: &cli::Simulate, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if args.list {
        return list(out);
    }
    if let Some(name) = &args.show {
        out.write_all(simulation::text(name)?.as_bytes()).map_err(OutputError)?;
        return Ok(ExitCode::Ok);
    }
    let given = scenarios(args)?;
    let load = load::plan(args)?;
    let report = match &args.report {
        Some(_) if load.is_some() => return Err(UsageError("--report is for calls played one by one").into()),
        Some(report) => Some(ReportFile::create(report)?),
        None => None,
    };
    // Under load every event that is tried again would be a line.
    let quiet = if load.is_some() { log::LevelFilter::Error } else { log::LevelFilter::Warn };
    let config = configured(global, quiet)?;
    if config.output == Format::Shell {
        return Err(UsageError("simulate prints text or JSON, not --output shell").into());
    }
    // Only who plays calls one by one can move its clock with them.
    let clock = if load.is_some() { Clock::Machine } else { Clock::Held };
    let zammad = Zammad::of(args, config, clock)?;
    let calls = Calls::new(args, given, &zammad)?;
    match load {
        Some(plan) => load::run(plan, &calls, &zammad, args, out),
        None => client::block_on(play::run(&calls, &zammad, args, report, out))?,
    }
}

/// Where the calls go.
struct Zammad {
    config: Config,
    stand_in: Option<Sandbox>,
}

impl Zammad {
    fn of(args: &cli::Simulate, config: Config, clock: Clock) -> anyhow::Result<Self> {
        if !args.sandbox && config.endpoint().is_ok() {
            return Ok(Self { config, stand_in: None });
        }
        let stand_in = start_stand_in(clock).context("the stand-in for Zammad does not start")?;
        Ok(Self { config: config.with_endpoint(stand_in.endpoint().clone()), stand_in: Some(stand_in) })
    }
}

fn start_stand_in(clock: Clock) -> Result<Sandbox, SandboxError> {
    Sandbox::start(Options { token: random_token(), clock, ..Options::default() })
}

/// What is played.
struct Calls {
    scenarios: Vec<Scenario>,
    numbers: Option<Numbers>,
    /// nobody said which
    are_a_tour: bool,
}

impl Calls {
    fn new(args: &cli::Simulate, given: Vec<Scenario>, zammad: &Zammad) -> anyhow::Result<Self> {
        let stand_in = zammad.stand_in.is_some();
        let wanted = &args.overrides;
        // Load is about events, not about telephones that ring.
        let usual = args.load.is_wanted().then_some(Duration::ZERO);
        let overrides = Overrides {
            from: wanted.from.clone(),
            to: wanted.to.clone(),
            users: wanted.users.clone(),
            queue: wanted.queue.clone(),
            ring: wanted.ring.map(|span| span.0).or(usual),
            talk: wanted.talk.map(|span| span.0).or(usual),
        };
        // Of many calls at once nobody could say which one a fault hits.
        let can_fail = stand_in && !args.load.is_wanted();
        let the_usual = || {
            // Under load what one call wants of Zammad's settings would hit the others.
            let names: &[&str] = if can_fail { &TOUR } else { &HARMLESS };
            names.iter().map(|name| simulation::named(name)).collect::<Result<Vec<_>, _>>()
        };
        let are_a_tour = given.is_empty();
        let scenarios = if are_a_tour { the_usual()? } else { given };
        let (not_here, scenarios): (Vec<_>, Vec<_>) =
            scenarios.into_iter().partition(|scenario| !can_fail && scenario.needs_stand_in());
        if let Some(Scenario { name, .. }) = not_here.into_iter().next() {
            let error = ScenarioError::CannotFail { name };
            if !args.all {
                return Err(error.into());
            }
            // Also where warnings of each single event would be too many.
            log::error!("left out: {error}");
        }
        let numbers = wanted.numbers.as_deref();
        let numbers =
            numbers.map(|path| Numbers::read(path, wanted.order, &zammad.config.numbering)).transpose()?;
        let scenarios = scenarios.into_iter().map(|scenario| scenario.with(&overrides)).collect();
        Ok(Self { scenarios, numbers, are_a_tour })
    }

    /// The scenario of a run's call, counted from 0.
    fn scenario(&self, call: u64) -> Scenario {
        let place = usize::try_from(call).unwrap_or_default() % self.scenarios.len();
        match &self.numbers {
            Some(numbers) => numbers.apply(&self.scenarios[place], call),
            None => self.scenarios[place].clone(),
        }
    }
}

/// What was named on the command line.
fn scenarios(args: &cli::Simulate) -> anyhow::Result<Vec<Scenario>> {
    if args.all {
        return Ok(simulation::names().map(simulation::named).collect::<Result<_, _>>()?);
    }
    let mut scenarios = Vec::new();
    for word in &args.scenarios {
        let is_file = word.contains('/') || word.ends_with(".toml");
        scenarios.push(if is_file { read(Path::new(word))? } else { simulation::named(word)? });
    }
    Ok(scenarios)
}

/// A scenario of the user's own.
fn read(path: &Path) -> Result<Scenario, ScenarioError> {
    let unreadable = |source| ScenarioError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(Scenario::MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > Scenario::MAX_FILE {
        return Err(unreadable(std::io::Error::new(ErrorKind::InvalidData, "it is longer than 256 KiB")));
    }
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Scenario::read_bytes(&name, path, bytes)
}

fn list(out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Palette { heading, .. } = Palette::for_stdout();
    let width = simulation::names().map(str::len).max().unwrap_or_default();
    for name in simulation::names() {
        let story = fitted(&simulation::named(name)?.story, width + 2);
        writeln!(out, "{heading}{name:<width$}{heading:#}  {story}").map_err(OutputError)?;
    }
    Ok(ExitCode::Ok)
}

/// Tells this run's calls from those of any other.
fn run_id() -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect()
}
