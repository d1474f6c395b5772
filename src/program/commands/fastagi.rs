//! `zammad-cti fastagi`: AGI over the network, one process for all calls.
//!
//! Each call has a thread that talks with Asterisk, as `agi` does; this one brings their events to
//! Zammad, over connections that stay open from one to the next.

mod complaints;
mod guest;
mod hall;
mod job;
mod owner;
mod places;
pub mod request;
mod rules;
mod secret;
mod serve;
mod shares;
mod talk;
mod users;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::client::{self, Clients};
use anyhow::Context;
use listenfd::ListenFd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::owner::become_owner;
use super::watched::Watched;
use super::{agi, configured_from_files, daemon};
use crate::program::cli::{self, Global};
use crate::program::exit_code::{ExitCode, UnusableSecret};
pub use complaints::may_be_logged;
use rules::Rules;
use serve::{Entrance, Terms};
use users::{Named, Namespace};

#[cold]
pub fn run(args: &cli::Fastagi, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (terms, files) = read(args, global)?;
    let listener = listener(args)?;
    // A port below 1024 is root's.
    become_owner(terms.config.all());
    let address = listener.local_addr()?;
    warn_of_strangers(&terms.rules, address);
    allow_many_files();
    let url = format!("agi://{address}");
    let ready = || {
        daemon::announce(out, &url)?;
        Ok(format!("taking calls on {url}"))
    };
    let read_again = || {
        let (terms, files) = read(args, global)?;
        warn_of_strangers(&terms.rules, address);
        Ok((terms, files))
    };
    let entrance = Entrance { listener, max_calls: args.max_calls, health: args.health };
    client::block_on(serve::serve(entrance, (terms, files), read_again, ready))??;
    Ok(ExitCode::Ok)
}

/// What is configured, and the files it stands in.
fn read(args: &cli::Fastagi, global: &Global) -> anyhow::Result<(Terms, Watched)> {
    let secret_file = secret::file(args.secret_file.as_deref());
    let (config, files) = configured_from_files(global, log::LevelFilter::Info)?;
    let files = files.and(secret_file);
    let config = Arc::new(agi::unhurried_of(global, config)?);
    let secret = secret::configured(args.secret_file.as_deref());
    let secret = secret.map_err(|error| UnusableSecret(error.into()))?;
    let rules = Rules { users: args.users.iter().map(|name| Named::read(name)).collect(), secret };
    let clients = Clients::new(&config)?;
    let limit = agi::held_for(global, Some(&config));
    Ok((Terms { config, clients, limit, rules }, files))
}

/// Says who can report calls that nobody has thought of.
fn warn_of_strangers(rules: &Rules, address: SocketAddr) {
    if !address.ip().to_canonical().is_loopback() && rules.secret.is_none() {
        log::warn!(
            "it listens on {address} without a secret (--secret-file): everyone who reaches it can see who \
            is blocked, make calls appear, and end other calls"
        );
    } else if rules.are_open() {
        log::info!("every user of this machine can report calls (--user or --secret-file restricts that)");
    }
    let namespace = Namespace::of_this_process();
    for Named { name, user } in &rules.users {
        match user {
            None => log::warn!("there is no user {name} on this machine: --user {name} lets nobody in"),
            Some(user) if !namespace.tells_apart(*user) => log::warn!(
                "--user {name} lets nobody in: this process is in a user namespace (PrivateUsers=, or a container's) \
                 that does not show user {user}"
            ),
            Some(_) => {}
        }
    }
}

/// More than wait in the [hall](hall), as far as the kernel allows it.
const BACKLOG: i32 = 4096;

/// A call takes some: its own, its turn's, and one to Zammad. The usual limit is for programs that ask
/// for more themselves.
pub(super) fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, all) {
        log::debug!("cannot raise the limit of open files: {error}");
    }
}

/// The socket that systemd has opened, else one of our own.
fn listener(args: &cli::Fastagi) -> anyhow::Result<TcpListener> {
    // Of this process only by its number: what stays of another's environment is no socket of ours.
    let is_ours = std::env::var_os("LISTEN_PID").is_some_and(|process| !process.is_empty());
    let mut given = if is_ours { ListenFd::from_env() } else { ListenFd::empty() };
    let given = given.take_tcp_listener(0).context("the socket that systemd gave")?;
    let listener = match given {
        Some(listener) => listener,
        None => {
            TcpListener::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?
        }
    };
    // Connections that nobody has taken yet wait in the kernel, whoever they are of.
    rustix::net::listen(&listener, BACKLOG)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
