//! `zammad-cti check`

mod json;
mod nagios;
mod table;

use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use crate::client;
use crate::config::{
    BridgeSettings, CheckSettings, Config, ConfigError, Endpoint, EndpointError, Format, Settings, Span,
    redact,
};
use crate::delivery::Deadline;
use crate::health::{
    BridgeCheck, BridgeHealth, Check, Health, SpoolCheck, SpoolHealth, SpoolPart, SpoolPartName, Status,
    Thresholds, Verdict, caller_log, order,
};
use anyhow::Context;
use futures_util::future::{join, join_all};

use super::owner::become_owner;
use super::settings::{Sources, of_the_rest, runtime_folder, sources, sources_of};
use super::{start_log, warn_if_insecure};
use crate::program::cli::{self, Global};
use crate::program::exit_code::{ExitCode, NotChecked, UsageError};
use crate::program::output::OutputError;
use crate::program::safe_text::{in_words, printable};

/// How long phone systems have where the configuration cannot be read any further.
const UNCONFIGURED: Duration = Duration::from_secs(8);

/// How the result is shown.
enum Shape {
    Table,
    Json,
    Nagios,
}

/// What is to be checked, if its configuration says so.
struct Target {
    profile: Option<String>,
    /// Somebody says where Zammad is.
    has_url: bool,
    config: Result<Config, ConfigError>,
    bridge: BridgeSettings,
}

/// What came of one target.
struct Checked {
    profile: Option<String>,
    health: Health,
    spool: Option<CheckedSpool>,
    /// what keeps the events of a call from being kept in order
    order: Option<SpoolPart>,
    /// the caller log, if there is an API token
    log: Option<SpoolPart>,
    /// the phone systems that are followed
    bridges: Vec<BridgeHealth>,
    verdict: Verdict,
    /// Somebody says where Zammad is.
    has_url: bool,
    /// National numbers are sent as they are.
    lacks_country: bool,
}

/// What came of the spool of one target.
struct CheckedSpool {
    health: SpoolHealth,
    parts: Vec<SpoolPart>,
}

/// A target that is ready to be checked, as far as its configuration says how.
struct Ready {
    profile: Option<String>,
    check: Result<Check, Box<Health>>,
    spool: Option<SpoolCheck>,
    order: Option<SpoolPart>,
    bridges: Vec<BridgeCheck>,
    /// for the spool and the phone systems
    deadline: Duration,
    has_url: bool,
    /// if it can be used
    config: Option<Config>,
}

#[cold]
pub fn run(
    args: &cli::Check,
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let checked = check(args, global, started, out).context(NotChecked);
    if let Err(error) = &checked
        && args.nagios
    {
        // Monitoring systems read stdout alone.
        nagios::not_checked(out, &format!("{error:#}")).map_err(OutputError)?;
    }
    checked
}

/// The line of a monitoring system for a command line that cannot be read, if it is one of a check for such a system.
pub fn refuse_to_nagios(mistake: &str) {
    if std::env::args_os().any(|argument| argument == "--nagios") {
        // Nobody is left to tell if stdout is closed.
        let _ = nagios::not_checked(&mut std::io::stdout(), mistake);
    }
}

fn check(
    args: &cli::Check,
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let limits = limits(args, global);
    let thresholds =
        Thresholds::new(limits.warning.unwrap_or_default(), limits.critical.unwrap_or_default())?;
    let shape = shape(args, global)?;
    let targets = if args.all_profiles { all_targets(global)? } else { vec![target(global)] };
    start_log(
        log::LevelFilter::Warn,
        targets.iter().filter_map(|target| target.config.as_ref().ok()?.endpoint().ok().cloned()),
    );
    warn_if_insecure(targets.iter().filter_map(|target| target.config.as_ref().ok()));
    become_owner(targets.iter().filter_map(|target| target.config.as_ref().ok()));
    let checked = examine(targets, &limits, started, &thresholds)?;
    match shape {
        Shape::Table => table::write(out, &checked),
        Shape::Json => json::write(out, &checked),
        Shape::Nagios => nagios::write(out, &checked, &thresholds),
    }
    .map_err(OutputError)?;
    Ok(match worst(&checked) {
        Status::Ok => ExitCode::Ok,
        Status::Warning => ExitCode::WARNING,
        Status::Critical => ExitCode::CRITICAL,
        Status::Unknown => ExitCode::Unknown,
    })
}

/// The limits of the flags, those of the configuration, and the usual ones. What is wrong with the configuration is
/// for the check itself to say.
fn limits(args: &cli::Check, global: &Global) -> CheckSettings {
    let cli::Check { warning, critical, stuck_after, .. } = *args;
    let configured = sources(global).map(Sources::merged).unwrap_or_default().check;
    CheckSettings { warning, critical, stuck_after }.or(configured).or(Settings::defaults().check)
}

fn worst(checked: &[Checked]) -> Status {
    checked.iter().fold(Status::Ok, |status, checked| status.worst(checked.verdict.status))
}

/// A format in the file or a variable is for the commands of a dialplan; only a flag can be wrong.
fn shape(args: &cli::Check, global: &Global) -> Result<Shape, UsageError> {
    match (global.settings.output, args.nagios) {
        (Some(Format::Shell), _) => Err(UsageError("use text, --output json or --nagios with check")),
        (Some(_), true) => Err(UsageError("--nagios cannot be used with --output")),
        (None, true) => Ok(Shape::Nagios),
        (Some(Format::Json), false) => Ok(Shape::Json),
        (Some(Format::Text), false) => Ok(Shape::Table),
        (None, false) => Ok(match of_the_rest(global).output.unwrap_or_default() {
            Format::Json => Shape::Json,
            Format::Text | Format::Shell => Shape::Table,
        }),
    }
}

fn target(global: &Global) -> Target {
    match sources(global) {
        Ok(sources) => Target::new(sources.profile.clone(), sources.merged()),
        Err(error) => Target::broken(global.profile.clone(), error),
    }
}

/// The top level and each profile, as far as they say where their Zammad is. A profile without a
/// `url` has the top level's, and is checked as well: its other settings may matter.
fn all_targets(global: &Global) -> Result<Vec<Target>, UsageError> {
    if global.profile.is_some() {
        return Err(UsageError("use either --all-profiles or --profile"));
    }
    let top = match sources_of(global, None) {
        Ok(sources) => sources,
        Err(error) => return Ok(vec![Target::broken(None, error)]),
    };
    if top.flags.url.is_some() || top.variables.url.is_some() {
        return Err(UsageError(
            "--all-profiles reads each address from the file; remove --url and ZAMMAD_CTI_URL, which \
            override all of them",
        ));
    }
    let Some((_, layers)) = &top.file else {
        return Err(UsageError("--all-profiles needs a configuration file"));
    };
    let names = layers.profiles.clone();
    let mut targets = vec![Target::new(None, top.merged())];
    targets.extend(names.into_iter().map(|name| match sources_of(global, Some(name.clone())) {
        Ok(sources) => Target::new(Some(name), sources.merged()),
        Err(error) => Target::broken(Some(name), error),
    }));
    let (with, without): (Vec<_>, Vec<_>) = targets.into_iter().partition(Target::is_meant);
    // Nobody has one: the first says so.
    Ok(if with.is_empty() { without.into_iter().take(1).collect() } else { with })
}

impl Target {
    fn new(profile: Option<String>, settings: Settings) -> Self {
        let bridge = settings.bridge.clone();
        Self { profile, has_url: settings.url.is_some(), config: Config::try_from(settings), bridge }
    }

    fn broken(profile: Option<String>, error: ConfigError) -> Self {
        Self { profile, has_url: true, config: Err(error), bridge: BridgeSettings::default() }
    }

    /// Whether it is meant to be a way to Zammad, and not only what profiles have in common.
    fn is_meant(&self) -> bool {
        let lacks_token = matches!(
            self.config,
            Err(ConfigError::Endpoint(EndpointError::NoToken) | ConfigError::TokenLeftOut(_))
        );
        self.has_url && !(lacks_token && self.profile.is_none())
    }

    fn prepare(self, stuck_after: Duration) -> Ready {
        let unusable = |error, endpoint| Err(Box::new(Health::unusable(error, endpoint)));
        let config = self.config.as_ref().ok();
        let bridges = BridgeCheck::configured(&self.bridge, self.profile.as_deref(), config);
        let (check, spool, order, deadline, config) = match self.config {
            Err(error) => (unusable(error.into(), None), None, None, UNCONFIGURED, None),
            Ok(config) => {
                let check = match Check::new(&config) {
                    Ok(check) => Ok(check),
                    Err(error) => unusable(error, config.endpoint().ok().cloned()),
                };
                let order = order(&config, runtime_folder().as_deref());
                let spool = SpoolCheck::new(&config, stuck_after);
                (check, spool, order, config.deadline, Some(config))
            }
        };
        Ready { profile: self.profile, check, spool, order, bridges, deadline, has_url: self.has_url, config }
    }
}

/// Checks all of them at the same time.
fn examine(
    targets: Vec<Target>,
    limits: &CheckSettings,
    started: Instant,
    thresholds: &Thresholds,
) -> anyhow::Result<Vec<Checked>> {
    // All of them are made ready first: reading files would spoil the time of the others.
    let Span(stuck_after) = limits.stuck_after.unwrap_or(Span(Duration::MAX));
    let ready: Vec<_> = targets.into_iter().map(|target| target.prepare(stuck_after)).collect();
    let checks = ready.into_iter().map(
        async |Ready { profile, check, spool, order, bridges, deadline, has_url, config }| {
            let way = async {
                match check {
                    Ok(check) => check.run(started, SystemTime::now()).await,
                    Err(unusable) => *unusable,
                }
            };
            let look = async {
                let spool = spool?.run(Deadline::new(started, deadline).left()).await;
                Some(CheckedSpool { parts: spool.parts(&thresholds.spool), health: spool })
            };
            let bridges = join_all(bridges.into_iter().map(|bridge| bridge.run(deadline)));
            let ((health, mut spool), bridges) = join(join(way, look), bridges).await;
            if health.failure().is_none()
                && let Some(spool) = &mut spool
            {
                let delivery = spool.parts.iter_mut().find(|part| part.name == SpoolPartName::Delivery);
                delivery.into_iter().for_each(SpoolPart::differs_from_the_way);
            }
            // A Zammad that takes no events says no more of the log than that.
            let log = match config.as_ref().filter(|_| health.failure().is_none()) {
                Some(config) => caller_log(config, Deadline::new(started, deadline).left()).await,
                None => None,
            };
            // One thing at a time.
            let lacks_country = health.failure().is_none()
                && config
                    .is_some_and(|config| config.numbering.normalize && config.numbering.country.is_none());
            let parts = spool.as_ref().map_or(&[][..], |spool| &spool.parts);
            let verdict = health.verdict(thresholds).with_spool(parts, order.as_ref(), log.as_ref());
            let verdict = verdict.with_bridges(bridges.iter().flat_map(|bridge| &bridge.parts));
            Checked { profile, verdict, health, spool, order, log, bridges, has_url, lacks_country }
        },
    );
    Ok(client::block_on(join_all(checks))?)
}

impl Checked {
    /// A text from anywhere without the token, and without harm to a terminal.
    fn clean(&self, text: &str) -> String {
        let endpoint = self.health.endpoint.as_ref();
        printable(&in_words(&endpoint.map_or_else(|| redact(text), |endpoint| endpoint.redact(text))))
    }

    fn shown_endpoint(&self) -> Option<String> {
        self.health.endpoint.as_ref().map(Endpoint::to_string)
    }
}
