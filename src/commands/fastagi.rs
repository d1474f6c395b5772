//! `zammad-cti fastagi`: AGI over the network, one process for all calls.
//!
//! Each call has a thread that talks with Asterisk, as `agi` does; this one brings their events to
//! Zammad, over connections that stay open from one to the next.

mod request;
mod serve;
mod talk;

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Context;
use listenfd::ListenFd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zammad_cti::client::{self, Clients};

use super::agi;
use super::owner::become_owner;
use crate::cli::{self, Global};
use crate::exit_code::ExitCode;
use crate::output::OutputError;

pub fn run(args: &cli::Fastagi, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Arc::new(agi::unhurried(global, log::LevelFilter::Info)?);
    let clients = Clients::new(&config)?;
    let listener = listener(args)?;
    // A port below 1024 is root's.
    become_owner([&*config]);
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        log::warn!(
            "it listens on {address}: whoever reaches it can report calls to Zammad, and make agents see them"
        );
    }
    allow_many_files();
    let limit = agi::deadline(global, Some(&config));
    let tell = || writeln!(out, "agi://{address}").and_then(|()| out.flush()).map_err(OutputError);
    client::block_on(serve::serve(listener, &config, &clients, limit, args.max_calls, tell))??;
    Ok(ExitCode::Ok)
}

/// A call takes some: its own, its turn's, and one to Zammad. The usual limit is for programs that ask
/// for more themselves.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, all) {
        log::debug!("no more files than usual: {error}");
    }
}

/// The socket that systemd has opened, else one of our own.
fn listener(args: &cli::Fastagi) -> anyhow::Result<TcpListener> {
    let given = ListenFd::from_env().take_tcp_listener(0).context("the socket that systemd gave")?;
    let listener = match given {
        Some(listener) => listener,
        None => {
            TcpListener::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?
        }
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}
