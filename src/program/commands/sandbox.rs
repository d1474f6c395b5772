//! `zammad-cti sandbox`

use std::io::{IsTerminal, Write};

use crate::config::Secret;
use crate::rules::{Route, Setup};
use crate::sandbox::{Clock, Options, OtherSites, Sandbox, SandboxError};
use anyhow::Context;

use super::daemon;
use super::fastagi::allow_many_files;
use super::start_log;
use crate::program::cli;
use crate::program::exit_code::ExitCode;

#[cold]
pub fn run(args: &cli::Sandbox, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // A token from a variable or a file is a real Zammad's, and not for show.
    let (token, other_sites) = match args.token.clone() {
        Some(token) => (token, OtherSites::MayNothing),
        // Who has it was told.
        None => (random_token(), OtherSites::MayReport),
    };
    let options = Options {
        listen: args.listen,
        token,
        setup: Setup {
            integration: args.integration,
            blocked: args.blocked.clone(),
            routes: args.routes.iter().map(|route| read_route(route)).collect::<Result<_, _>>()?,
            default_caller_id: args.caller_id.clone(),
        },
        release: args.release,
        interface: args.interface,
        clock: Clock::Machine,
        keep: args.keep,
        hosts: args.hosts.clone(),
        other_sites,
    };
    allow_many_files();
    let sandbox = Sandbox::start(options).context("the sandbox does not start")?;
    // Events are what its user wants to watch.
    start_log(log::LevelFilter::Info, Some(sandbox.endpoint().clone()));
    if !sandbox.address().ip().is_loopback() {
        log::warn!(
            "the sandbox listens on {}: everyone who reaches it can read and change its log",
            sandbox.address()
        );
    }
    if std::io::stderr().is_terminal() {
        sandbox.log_for_people();
    }
    daemon::announce(out, sandbox.endpoint().reveal())?;
    log::info!("watch it live: http://{}/", sandbox.address());
    sandbox.wait();
    Ok(ExitCode::Ok)
}

/// As long as Zammad's own, and with nothing in it that a shell or a URL would change.
pub fn random_token() -> Secret {
    Secret::new(uuid::Uuid::new_v4().simple().to_string())
}

fn read_route(route: &str) -> Result<Route, SandboxError> {
    let broken = |reason: String| SandboxError::Route { route: route.to_owned(), reason };
    let (destination, caller_id) =
        route.split_once('=').ok_or_else(|| broken("use the form DEST=CALLER_ID".to_owned()))?;
    Route::new(destination, caller_id).map_err(broken)
}
