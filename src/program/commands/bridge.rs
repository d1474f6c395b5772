//! `zammad-cti bridge`: a whole phone system, from what it says to what Zammad is told.
//!
//! One thread does all: it takes in what the phone system says, which a task reads as fast as it comes,
//! and brings the events that follow to Zammad over many connections at once.

mod alone;
mod delivery;
mod explain;
mod follow;
mod listener;
mod lost;
mod page;
mod pulse;
mod recorder;
mod replay;
mod rights;
mod tell;
mod waiting;

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anyhow::Context;

use crate::bridge::system::PhoneSystem;
use crate::bridge::tracker::{Rules, Tracker};
use crate::bridge::{asterisk, freeswitch, fritzbox, three_cx, wazo, webhook, xivo};
use crate::client::{self, Clients};
use crate::config::{BridgeConfig, Config, Pattern, Settings, SourceSettings, Span};
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::sandbox::{Options, Sandbox, SandboxError};
use crate::spool::BridgeName;

use super::daemon::Daemon;
use super::owner::become_owner;
use super::sandbox::random_token;
use super::watched::sources;
use super::{endpoints, start_log, warn_if_insecure, warn_of_routes};
use alone::Alone;
use follow::{Task, Terms};
use listener::{Account, ListenerTo};

/// Follows a phone system until somebody ends it.
#[cold]
pub fn run(source: cli::Bridge, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match source {
        cli::Bridge::Asterisk(args) => bridge::<asterisk::System>(*args, global, out),
        cli::Bridge::Freeswitch(args) => bridge::<freeswitch::System>(*args, global, out),
        cli::Bridge::ThreeCx(args) => bridge::<three_cx::System>(*args, global, out),
        cli::Bridge::Xivo(args) => bridge::<xivo::System>(*args, global, out),
        cli::Bridge::Webhook(args) => {
            let cli::Webhook { source, explain } = *args;
            match explain {
                Some(name) => explain::explain(&name, source, global, out),
                None => bridge::<webhook::System>(source, global, out),
            }
        }
        cli::Bridge::Fritzbox(args) => bridge::<fritzbox::System>(*args, global, out),
        cli::Bridge::Wazo(args) => bridge::<wazo::System>(*args, global, out),
    }
}

fn bridge<P: PhoneSystem<Settings: clap::Args>>(
    args: cli::Source<P::Settings>,
    global: &Global,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let cli::Source { own, mut bridge, following } = args;
    *P::settings(&mut bridge) = own;
    let read = || {
        let (profile, mut settings, files) = sources(global, bridge.clone())?;
        if following.is_a_trial() {
            // It runs beside the service, which has that address.
            settings.bridge.health = bridge.health;
        }
        anyhow::Ok((profile, settings, files))
    };
    let (profile, mut settings, files) = read()?;
    let stand_in = following.sandbox.then(start_stand_in).transpose()?;
    let own = of_its_own::<P>(&mut settings);
    let (config, bridge_config) = configured(settings, &following, stand_in.as_deref())?;
    if let Some(stand_in) = &stand_in {
        if std::io::stderr().is_terminal() {
            stand_in.log_for_people();
        }
        // The bridge's own page shows that as well.
        if following.page.is_none() {
            log::info!("what agents would see: http://{}/", stand_in.address());
        }
    }
    if !following.is_a_trial() {
        become_owner(config.all());
    }
    if let Some(recording) = &following.replay {
        let source = P::source(&own);
        let tracker = Tracker::new(rules(&bridge_config, &config, &own));
        replay::replay(source, tracker, recording, &config, out)?;
        return Ok(ExitCode::Ok);
    }
    let (name, address, connected) = (own.name(), own.address(), own.connected());
    // Of one phone system each profile may follow a part.
    let key = format!("bridge {name} {} {address} ", profile.as_deref().unwrap_or("-"));
    let bridge_name = BridgeName { source: name.to_owned(), profile, phone_system: address.clone() };
    let whom = format!("{name} at {address}");
    let begin = || Alone::begin(&config, &key, &whom);
    let alone = match (!following.is_a_trial()).then(begin).transpose() {
        Err(another) if Daemon::is_of_systemd() => match client::block_on(Alone::wait(another, begin))?? {
            Some(alone) => Some(alone),
            None => return Ok(ExitCode::Ok),
        },
        begun => begun?,
    };
    let alone = RefCell::new(alone);
    let spool_path = config.spool.as_ref().map(|spool| spool.path.clone());
    let health = bridge_config.health;
    let (first, account) = terms::<P>(config, bridge_config, own, &following)?;
    // What is wrong with its settings was said by the connector.
    let source = P::source(&account.settings);
    let read_again = || {
        let (_, mut settings, files) = read()?;
        let own = of_its_own::<P>(&mut settings);
        // Its open calls in the journal are those of one phone system.
        anyhow::ensure!(
            own.address() == address,
            "the phone system's address in [bridge.{name}] is another: restart the bridge"
        );
        let (config, bridge_config) = configured(settings, &following, stand_in.as_deref())?;
        let is_another = |setting: &str| format!("{setting} is another: restart the bridge");
        let path = config.spool.as_ref().map(|spool| &spool.path);
        anyhow::ensure!(path == spool_path.as_ref(), is_another("spool.path"));
        anyhow::ensure!(bridge_config.health == health, is_another("bridge.health"));
        let (terms, account) = terms::<P>(config, bridge_config, own, &following)?;
        if let Some(alone) = &mut *alone.borrow_mut() {
            alone.follow(&terms.config)?;
        }
        Ok((terms, account, files))
    };
    let stand_in = stand_in.clone();
    let health_is_set_by = if bridge.health.is_some() { "--health" } else { "bridge.health" };
    let next_step = P::next_step;
    let task = Task {
        health_is_set_by,
        next_step,
        name,
        connected,
        key: &key,
        bridge_name,
        following: &following,
        stand_in,
    };
    let mut phones = ListenerTo::new(source, account, read_again, &following)?;
    client::block_on(follow::follow(&mut phones, (first, files), task, out))??;
    Ok(ExitCode::Ok)
}

/// The phone system's own settings. It knows a better default for one that all share.
fn of_its_own<P: PhoneSystem>(settings: &mut Settings) -> P::Settings {
    let own = P::settings(&mut settings.bridge).clone();
    settings.bridge.hold.get_or_insert_with(|| Span(own.hold()));
    own
}

type AccountAt<P> = Account<<P as PhoneSystem>::Source, <P as PhoneSystem>::Connector>;

fn terms<P: PhoneSystem>(
    config: Config,
    bridge: BridgeConfig,
    settings: P::Settings,
    following: &cli::Following,
) -> anyhow::Result<(Terms, AccountAt<P>)> {
    let (rules, connector) = (rules(&bridge, &config, &settings), P::connector(&settings)?);
    // Also what they verify Zammad with is read now: if it cannot be used, the configuration of before goes on.
    let clients = (!following.dry_run).then(|| Clients::new(&config)).transpose()?;
    Ok((Terms { config: Arc::new(config), clients, bridge, rules }, Account { settings, connector }))
}

/// What takes the events in place of a Zammad.
fn start_stand_in() -> anyhow::Result<Arc<Sandbox>> {
    let start = |listen| Sandbox::start(Options { token: random_token(), listen, ..Options::default() });
    let stand_in = match start(cli::LISTENS) {
        // That of a sandbox, perhaps.
        Err(SandboxError::PortInUse { .. }) => start(Options::default().listen),
        started => started,
    };
    Ok(Arc::new(stand_in.context("the stand-in for Zammad does not start")?))
}

/// The configuration, and how calls are followed.
fn configured(
    settings: Settings,
    following: &cli::Following,
    stand_in: Option<&Sandbox>,
) -> anyhow::Result<(Config, BridgeConfig)> {
    let bridge = settings.bridge.checked()?;
    let mut config = Config::try_from(settings)?;
    if let Some(stand_in) = stand_in {
        config = config.with_endpoint(stand_in.endpoint().clone());
        // What it does not take nobody will ever send.
        config.spool = None;
    }
    start_log(log::LevelFilter::Info, endpoints(&config));
    if !following.is_a_trial() {
        config.endpoint()?;
        warn_if_insecure(config.all());
        warn_of_routes(&config);
    }
    Ok((config, bridge))
}

fn rules(bridge: &BridgeConfig, config: &Config, own: &impl SourceSettings) -> Rules {
    Rules {
        hold: bridge.hold,
        internal: bridge.internal,
        second_answer: bridge.second_answer,
        grace: bridge.grace,
        ignore: bridge.ignore.iter().map(Pattern::new).collect(),
        stale: bridge.stale,
        agents: config.agents.clone(),
        numbering: config.numbering.clone(),
        trunk_setting: own.trunk_setting(),
        passes_brief_calls: own.turns_callers_away(),
    }
}
