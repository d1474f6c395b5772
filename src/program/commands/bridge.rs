//! `zammad-cti bridge`: a whole phone system, from what it says to what Zammad is told.
//!
//! One thread does all: it takes in what the phone system says, which a task reads as fast as it comes,
//! and brings the events that follow to Zammad over many connections at once.

mod delivery;
mod follow;
mod page;
mod pulse;
mod recorder;
mod replay;
mod tell;

use std::fs::File;
use std::io::{BufReader, Write};
use std::sync::Arc;

use anyhow::Context;

use crate::bridge::asterisk::{Account, Asterisk, Listener, Trunks};
use crate::bridge::pattern::Pattern;
use crate::bridge::tracker::{Rules, Tracker};
use crate::client;
use crate::config::{BridgeConfig, Config, Settings};
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::sandbox::{Options, Sandbox};
use crate::spool::BridgeName;

use super::owner::become_owner;
use super::sandbox::random_token;
use super::settings::sources;
use super::{start_log, warn_if_insecure};
use follow::Task;

/// Follows a phone system until somebody ends it.
#[cold]
pub fn run(source: cli::Bridge, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match source {
        cli::Bridge::Asterisk(args) => asterisk(*args, global, out),
    }
}

fn asterisk(args: cli::BridgeAsterisk, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let cli::BridgeAsterisk { asterisk, mut bridge, following } = args;
    bridge.asterisk = asterisk;
    let sources = sources(global)?;
    let profile = sources.profile.clone();
    let mut settings = sources.merged();
    settings.bridge = bridge.or(settings.bridge);
    let (config, bridge, stand_in) = configured(settings.clone(), &following)?;
    let settings = settings.bridge.asterisk;
    let trunks = Trunks::of(&settings);
    let source = Asterisk::new(Listener::new(trunks, settings.outside_prefix.clone().unwrap_or_default()));
    let tracker = Tracker::new(rules(&bridge, &config));
    if let Some(recording) = &following.replay {
        let file = File::open(recording).with_context(|| recording.display().to_string())?;
        replay::replay(source, tracker, BufReader::new(file), &config, out)?;
        return Ok(ExitCode::Ok);
    }
    let account = Account::of(&settings)?;
    let key = format!("bridge asterisk {} ", account.address);
    let phone_system = account.address.clone();
    let bridge_name = BridgeName { source: "asterisk".to_owned(), profile, phone_system };
    let task = Task {
        name: "asterisk",
        key: &key,
        bridge_name,
        config: &config,
        bridge: &bridge,
        following: &following,
        stand_in: stand_in.clone(),
    };
    client::block_on(follow::follow(source, tracker, account, task, out))??;
    // Its page is there until the end.
    drop(stand_in);
    Ok(ExitCode::Ok)
}

/// The configuration, how calls are followed, and the stand-in for Zammad, if there is one.
fn configured(
    settings: Settings,
    following: &cli::Following,
) -> anyhow::Result<(Config, BridgeConfig, Option<Arc<Sandbox>>)> {
    let bridge = settings.bridge.checked()?;
    let config = Config::try_from(settings)?;
    if following.sandbox {
        let options = Options { token: random_token(), ..Options::default() };
        let stand_in = Sandbox::start(options).context("the stand-in for Zammad does not start")?;
        let endpoint = stand_in.endpoint().clone();
        start_log(log::LevelFilter::Info, Some(endpoint.clone()));
        log::info!("what agents would see: http://{}/", stand_in.address());
        let mut config = config.with_endpoint(endpoint);
        // What it does not take nobody will ever send.
        config.spool = None;
        return Ok((config, bridge, Some(Arc::new(stand_in))));
    }
    start_log(log::LevelFilter::Info, config.endpoint().ok().cloned());
    if !following.dry_run {
        config.endpoint()?;
        warn_if_insecure([&config]);
        become_owner([&config]);
    }
    Ok((config, bridge, None))
}

fn rules(bridge: &BridgeConfig, config: &Config) -> Rules {
    Rules {
        hold: bridge.hold,
        internal: bridge.internal,
        second_answer: bridge.second_answer,
        grace: bridge.grace,
        ignore: bridge.ignore.iter().map(Pattern::new).collect(),
        stale: bridge.stale,
        agents: config.agents.clone(),
        numbering: config.numbering.clone(),
    }
}
