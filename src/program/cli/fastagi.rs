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
/// Faster than a process for each event, and the connection to Zammad stays open between calls.
/// Prints its address. Under systemd it takes the socket of a socket unit, says when it is ready,
/// and keeps its watchdog quiet. SIGTERM ends it when the calls under way have been told. On SIGHUP, and when
/// a file of its configuration has changed, such as the token's, it reads them again for the calls to come.
///
/// A client that may report calls sees who is blocked, and can end the calls of others. --user names who may
/// on this machine; --secret-file has a word that everybody else's address needs as well. With both,
/// a process of this machine needs both:
///
///   AGI(agi://127.0.0.1:4573/SECRET/new-call)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Fastagi {
    /// Where to listen; port 0 picks a free one. Anyone who reaches it can report calls, unless --user
    /// or --secret-file says who may
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4573", value_parser = address)]
    pub listen: SocketAddr,
    /// On this machine, only processes of this user may report calls, such as asterisk; several
    /// for several users. Root is one like any other
    #[arg(long = "user", value_name = "USER")]
    pub users: Vec<String>,
    /// A file with a secret of 16 characters or more: only clients that have it in the address may report
    /// calls. Others must not be able to read the file [default: the file that
    /// ZAMMAD_CTI_FASTAGI_SECRET_FILE names; or the secret is in ZAMMAD_CTI_FASTAGI_SECRET]
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// How many calls of one user, or from one other machine, may be talked about at once; the next
    /// one is turned away, and goes on. Eight times as many of their events may wait for Zammad
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub max_calls: u16,
    /// Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures
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
