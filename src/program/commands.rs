//! From the chosen command to its module, with the configuration it needs.

pub(crate) mod agi;
mod alive;
mod bridge;
mod calls;
mod check;
mod completions;
mod config;
mod daemon;
pub(crate) mod fastagi;
mod hangup;
mod man;
mod normalize;
mod caller_log;
mod owner;
mod report;
mod sandbox;
pub(crate) mod send;
mod settings;
mod signals;
mod simulate;
mod spool;
mod watch;
mod watched;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use crate::client::in_full;
use crate::config::{Config, Endpoint, Settings, redact};

pub use agi::refuse as refuse_to_asterisk;
pub use check::refuse_to_nagios;
pub use config::ImportError;

use crate::program::cli::{Cli, Command, Global};
use crate::program::exit_code::ExitCode;
use crate::program::safe_text;

/// Runs the chosen command. Its result goes to `out`, all else to the log on stderr.
///
/// Those that no call waits for are cold, so that their code stands away from that of an event.
pub fn run(cli: Cli, started: Instant, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Cli { global, command } = cli;
    match command {
        Command::NewCall(args) => report::run(&global, started, out, || args.describe()),
        Command::Answer(args) => report::run(&global, started, out, || args.describe()),
        Command::Hangup(args) if args.list_causes => hangup::list_causes(out),
        Command::Hangup(args) => hangup::run(&args, &global, started, out),
        Command::Send(args) => send::run(&args, &global, out),
        Command::Simulate(args) => simulate::run(&args, &global, out),
        Command::Sandbox(args) => sandbox::run(&args, out),
        Command::Check(args) => check::run(&args, &global, started, out),
        Command::Normalize(args) => normalize::run(&args, &global, out),
        Command::Agi(event) => agi::run(&event, &global, started, out),
        Command::Fastagi(args) => fastagi::run(&args, &global, out),
        Command::Bridge(source) => bridge::run(source, &global, out),
        Command::Spool(command) => spool::run(&command, &global, out),
        Command::Calls(args) => calls::run(&args, &global, out),
        Command::Watch(args) => watch::run(&args, &global, out),
        Command::Log(args) => caller_log::run(&args, &global, out),
        Command::Config(command) => config::run(&command, &global, out),
        Command::Completions(args) => completions::run(&args, out),
        Command::Man(args) => man::run(&args, out),
    }
}

/// The checked configuration, and a log that knows which token to keep quiet about.
fn configured(global: &Global, quiet: log::LevelFilter) -> anyhow::Result<Config> {
    checked(settings::sources(global)?.merged(), quiet)
}

/// The same of settings that were read.
fn checked(settings: Settings, quiet: log::LevelFilter) -> anyhow::Result<Config> {
    let config = Config::try_from(settings)?;
    start_log(quiet, endpoints(&config));
    warn_if_insecure(config.all());
    Ok(config)
}

/// The same for a process that stays, with the files to look at. It is called again when one of them has changed.
fn configured_from_files(
    global: &Global,
    quiet: log::LevelFilter,
) -> anyhow::Result<(Config, watched::Watched)> {
    let (config, watched) = watched::read(global)?;
    start_log(quiet, endpoints(&config));
    warn_if_insecure(config.all());
    warn_of_routes(&config);
    Ok((config, watched))
}

/// The addresses that a configuration has, with those that routes lead to.
fn endpoints(config: &Config) -> impl Iterator<Item = Endpoint> {
    config.all().filter_map(|config| config.endpoint().ok().cloned())
}

/// Says which profiles that routes name cannot be used: a process that stays goes on without them.
fn warn_of_routes(config: &Config) {
    for error in config.routes.iter().flat_map(|routes| routes.complaints()) {
        log::error!("{}", in_full(&error));
    }
}

/// Says who can read the token besides Zammad: a line for all of these, once.
fn warn_if_insecure<'a>(configs: impl IntoIterator<Item = &'a Config>) {
    let (mut unverified, mut in_clear) = (false, BTreeSet::new());
    for config in configs {
        let Ok(endpoint) = config.endpoint() else { continue };
        if endpoint.is_tls() {
            unverified |= config.insecure;
        } else if !endpoint.is_loopback() {
            // With a proxy or without; what is on this machine goes through none.
            in_clear.insert(endpoint.host());
        }
    }
    if unverified {
        log::warn!("Zammad's certificate is not verified (insecure): everyone in between can read the token");
    }
    if !in_clear.is_empty() {
        let hosts = in_clear.into_iter().collect::<Vec<_>>().join(", ");
        log::warn!(
            "http:// to {hosts} is not encrypted: everyone in between can read the token; use \
            https://"
        );
    }
}

/// The addresses whose tokens the log keeps quiet about: also those of a configuration that was another one before.
static QUIET_ABOUT: RwLock<Vec<Endpoint>> = RwLock::new(Vec::new());

/// Lines on stderr: warnings and worse, or what RUST_LOG asks for.
fn start_log(quiet: log::LevelFilter, endpoints: impl IntoIterator<Item = Endpoint>) {
    QUIET_ABOUT.write().unwrap_or_else(PoisonError::into_inner).extend(endpoints);
    let mut builder = env_logger::Builder::new();
    builder.filter_level(quiet).parse_default_env().format(move |line, record| {
        let text = redact(&record.args().to_string());
        let endpoints = QUIET_ABOUT.read().unwrap_or_else(PoisonError::into_inner);
        let text = endpoints.iter().fold(text, |text, endpoint| endpoint.redact(&text));
        let text = safe_text::printable(&safe_text::in_words(&without_logins(&text)));
        // A WebSocket's requests and messages hold tokens.
        let is_of_socket =
            ["tungstenite", "tokio_tungstenite"].iter().any(|crate_| record.target().starts_with(crate_));
        if is_of_socket || !fastagi::may_be_logged(record.level(), record.target(), &text) {
            return Ok(());
        }
        match record.level() {
            log::Level::Error => writeln!(line, "zammad-cti: {text}"),
            log::Level::Warn => writeln!(line, "zammad-cti: warning: {text}"),
            log::Level::Info => writeln!(line, "{text}"),
            level => writeln!(line, "{level} {}: {text}", record.target()),
        }
    });
    // Whoever reads its configuration again has one.
    let _ = builder.try_init();
}

/// A library's text without what stands before a host: the HTTP client takes what follows the first
/// `@` of a proxy's password for the host, and says so.
fn without_logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |place| place + 1);
        safe.push_str("://");
        safe.push_str(&part[host..]);
    }
    safe
}
