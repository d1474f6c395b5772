//! The flags of `fastagi`, and the words of a request to it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser};

use super::agi::Agi;
use super::listen::address;

/// Serve AGI over the network: one process for all calls
///
/// In extensions.conf, with the options of `zammad-cti agi` as the query:
///
///   AGI(agi://127.0.0.1:4573/new-call?direction=in&queue=support)
///   AGI(agi://127.0.0.1:4573/answer)
///   AGI(agi://127.0.0.1:4573/hangup)
///
/// This is faster than a process for each event, and the connection to Zammad stays
/// open between calls. Prints its address. Under systemd, it uses the socket of a
/// socket unit, reports when it is ready, and serves the watchdog. On SIGTERM, it
/// exits when the events on their way are sent. On SIGHUP, and when a file of its
/// configuration changes, it reads the configuration again for new calls.
///
/// A client that can report calls also learns who is blocked, and can end other
/// calls. --user names the users on this machine that may report calls.
/// --secret-file holds a secret that clients must have in their address. With both,
/// a process on this machine needs both:
///
///   AGI(agi://127.0.0.1:4573/SECRET/new-call)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Fastagi {
    /// Listen on this address; port 0 picks a free port. Everyone who reaches it can report calls,
    /// unless --user or --secret-file restricts that
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4573", value_parser = address)]
    pub listen: SocketAddr,
    /// On this machine, only accept processes of this user, such as asterisk; repeat it for several
    /// users. Root must be named like any other user
    #[arg(long = "user", value_name = "USER")]
    pub users: Vec<String>,
    /// A file with a secret of at least 16 characters; only clients with the secret in their address
    /// can report calls. Others must not be able to read the file [default: the file named by
    /// ZAMMAD_CTI_FASTAGI_SECRET_FILE, or the secret in ZAMMAD_CTI_FASTAGI_SECRET]
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Serve at most this many calls of one user, or of one other machine, at the same time; more
    /// are refused, and go on. Eight times as many of their events may wait for Zammad
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub max_calls: u16,
    /// Serve monitoring systems on this address: /healthz replies 200, or 503 with the reason;
    /// /metrics has figures
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub health: Option<SocketAddr>,
}

/// A request of FastAGI, as words.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
pub struct FastagiRequest {
    #[command(subcommand)]
    pub event: Agi,
}
