//! The arguments of `spool` and its commands.

use std::net::SocketAddr;

use clap::{Args, Subcommand};

use crate::spool::State;

use super::listen::address;
use crate::program::exit_code;

/// Manage the events that wait for Zammad
///
/// An event is in the spool because Zammad did not take it, or was not asked. Its
/// state is one of these:
///
///   waiting       `spool run` or the next `spool flush` will send it
///   unconfirmed   Zammad may have it. The reply was lost, and a second copy could
///                 show agents something false, so it is not sent again by itself
///   dead          it was given up, for the reason that `spool list` shows
///
/// Calls do not wait for any of this.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment, after_long_help = exit_code::SPOOL_HELP)]
pub enum Spool {
    List(SpoolList),
    Show(SpoolShow),
    Stats(SpoolStats),
    /// Send what waits, once; for cron
    Flush(Concurrency),
    Run(SpoolRun),
    Retry(SpoolRetry),
    Drop(SpoolDrop),
}

/// List the events in the spool, oldest first
///
/// Below the table, on stderr, it says whether sending is on hold and why, and whether events wait for
/// another Zammad than the configured one.
#[derive(Debug, Args)]
pub struct SpoolList {
    /// Only list events in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,
}

/// Show events in full, with the result of each attempt
#[derive(Debug, Args)]
pub struct SpoolShow {
    /// Events with these numbers, as `spool list` shows them
    #[arg(value_name = "ID", required = true, value_parser = event_id)]
    pub ids: Vec<i64>,
}

/// Show figures: how much waits, for how long, and all-time counts
///
/// For node_exporter's textfile collector, zammad-cti-metrics.timer runs it. Without
/// systemd, let cron run it as the service's user, in a folder that only this user
/// can write to:
///
///   cd /var/lib/zammad-cti-metrics && zammad-cti spool stats --prometheus >new &&
///   chmod 0644 new && mv new zammad-cti.prom
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct SpoolStats {
    /// Print the figures in Prometheus' text format
    #[arg(long)]
    pub prometheus: bool,
}

/// Send dead, unconfirmed or delayed events again
///
/// The events wait again, and `spool run` or the next `spool flush` sends them. Events for another
/// Zammad are sent to the configured one. So after Zammad has moved to another address, run
/// `spool retry --all`.
///
/// Before you send an unconfirmed hangup again, look at its call in Zammad's caller log. If the call
/// has ended there as missed, a second hangup would hide it, and nobody would call back. Then use
/// `spool drop`.
#[derive(Debug, Args)]
pub struct SpoolRetry {
    #[command(flatten)]
    pub chosen: Chosen,
}

/// Remove events from the spool, so that they are never sent
///
/// If you drop a new-call, Zammad does not hear of the call. If you drop a waiting hangup, the call
/// goes on ringing there; `calls close` ends it. A dropped unconfirmed hangup counts as sent.
#[derive(Debug, Args)]
pub struct SpoolDrop {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Do not ask before --all; it asks on a terminal only
    #[arg(long)]
    pub yes: bool,
}

/// Which events.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// Events with these numbers, as `spool list` shows them
    #[arg(value_name = "ID", value_parser = event_id)]
    pub ids: Vec<i64>,
    /// Events in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,
    /// All events, including waiting ones
    #[arg(long)]
    pub all: bool,
}

/// How many calls are sent at the same time.
#[derive(Debug, Args)]
pub struct Concurrency {
    /// Send this many calls at the same time, each on its own connection (1 to 256)
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}

/// Send events as they come, until SIGTERM; for a service
///
/// On SIGHUP, and when a file of its configuration changes, such as the token file, it reads the
/// configuration again. Attempts on their way keep the old one. If the new configuration cannot be
/// used, it is refused, and the old one stays in use.
#[derive(Debug, Args)]
pub struct SpoolRun {
    #[command(flatten)]
    pub concurrency: Concurrency,
    /// Serve monitoring systems on this address: /healthz replies 200, or 503 with the reason;
    /// /metrics has figures
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub health: Option<SocketAddr>,
}

/// The number of an event in the spool.
fn event_id(text: &str) -> Result<i64, String> {
    let id = text.parse().ok().filter(|&id| id > 0);
    id.ok_or_else(|| "use an event's number, as `spool list` shows it".to_owned())
}
