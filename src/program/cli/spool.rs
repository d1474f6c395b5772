//! The arguments of `spool` and its commands.

use std::net::SocketAddr;

use clap::{Args, Subcommand};

use crate::spool::State;

use super::listen::address;
use crate::program::exit_code;

/// Look after the events that wait for Zammad
///
/// An event is in the spool because Zammad did not take it, or was not asked. It is there as
///
///   waiting       it will be sent, by `spool run` or the next `spool flush`
///   unconfirmed   Zammad may have it: a reply was lost, and a second copy could show agents
///                 something false, so it is not sent again by itself
///   dead          it was given up, for the reason that `spool list` shows
///
/// Calls are not delayed by any of it.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment, after_long_help = exit_code::SPOOL_HELP)]
pub enum Spool {
    List(SpoolList),
    Show(SpoolShow),
    Stats(SpoolStats),
    /// Send what waits, once: for cron
    Flush(Concurrency),
    Run(SpoolRun),
    Retry(SpoolRetry),
    Drop(SpoolDrop),
}

/// List the events in the spool, oldest first
///
/// Says below the table, on stderr, if Zammad gets nothing at present and why, and if events wait
/// for another Zammad than the one that is configured.
#[derive(Debug, Args)]
pub struct SpoolList {
    /// Only those in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,
}

/// Show all about some events: what is in them, and what came of each attempt
#[derive(Debug, Args)]
pub struct SpoolShow {
    /// The numbers that `spool list` shows
    #[arg(value_name = "ID", required = true, value_parser = event_id)]
    pub ids: Vec<i64>,
}

/// Show how much is in the spool, for how long, and what ever went through it
///
/// For node_exporter's textfile collector zammad-cti-metrics.timer runs it, or cron as the service's
/// user, in a folder that only this user writes:
///
///   cd /var/lib/zammad-cti-metrics && zammad-cti spool stats --prometheus >new &&
///   chmod 0644 new && mv new zammad-cti.prom
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct SpoolStats {
    /// Print the figures as Prometheus reads them
    #[arg(long)]
    pub prometheus: bool,
}

/// Send events once more that are dead, unconfirmed, or put off
///
/// They wait again, and `spool run` or the next `spool flush` sends them. Those that wait for
/// another Zammad than the one that is configured come here: after a move of Zammad to another
/// address, `spool retry --all` is what brings them over.
///
/// Before an unconfirmed hangup is sent again, look at its call in Zammad's caller log: if the call
/// has ended there as missed, a second hangup takes the mark off, and nobody calls back; then
/// `spool drop` is right.
#[derive(Debug, Args)]
pub struct SpoolRetry {
    #[command(flatten)]
    pub chosen: Chosen,
}

/// Take events out of the spool: they are never sent
///
/// Zammad does not hear of a call whose new-call is dropped, and a call whose waiting hangup is
/// dropped rings on there; `calls close` ends it. An unconfirmed hangup that is dropped counts as
/// sent.
#[derive(Debug, Args)]
pub struct SpoolDrop {
    #[command(flatten)]
    pub chosen: Chosen,
}

/// Which events.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// The numbers that `spool list` shows
    #[arg(value_name = "ID", value_parser = event_id)]
    pub ids: Vec<i64>,
    /// Those of this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,
    /// All of them, also what waits
    #[arg(long)]
    pub all: bool,
}

/// How many calls are sent at the same time.
#[derive(Debug, Args)]
pub struct Concurrency {
    /// How many calls may be under way at once, each on a connection of its own (1 to 256)
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}

/// Send what comes, until SIGTERM: for a service
///
/// Reads its configuration again on SIGHUP, and when a file of it has changed, such as the token's. What
/// is under way ends as it began. A configuration that cannot be used is refused, and the one of before
/// goes on.
#[derive(Debug, Args)]
pub struct SpoolRun {
    #[command(flatten)]
    pub concurrency: Concurrency,
    /// Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub health: Option<SocketAddr>,
}

/// The number of an event in the spool.
fn event_id(text: &str) -> Result<i64, String> {
    let id = text.parse().ok().filter(|&id| id > 0);
    id.ok_or_else(|| "an event's number, as `spool list` shows it".to_owned())
}
