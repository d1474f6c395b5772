//! The arguments of `bridge` and its sources.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::{AsteriskSettings, BridgeSettings};

/// Follow a whole phone system, and report its calls
///
/// For phone systems that cannot call a program for each call, or not in every route. It connects to one,
/// reads which calls there are, and reports each from its first ring to its end. Lost connections are
/// made again, and calls that are open when it ends are taken up when it starts again.
#[derive(Debug, Subcommand)]
pub enum Bridge {
    Asterisk(Box<BridgeAsterisk>),
}

/// Follow an Asterisk or a FreePBX through its manager interface
///
/// It needs an account in manager.conf, or in FreePBX's manager_custom.conf, with
///
///   read = call,agent,system
///   write = reporting
///
/// To try what would be reported, without a Zammad:
///
///   zammad-cti bridge asterisk --username zammad --secret-file secret --dry-run
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct BridgeAsterisk {
    #[command(flatten)]
    pub asterisk: AsteriskSettings,
    #[command(flatten)]
    pub bridge: BridgeSettings,
    #[command(flatten)]
    pub following: Following,
}

/// How a phone system is followed this time.
#[derive(Debug, Args)]
#[command(next_help_heading = "This time")]
pub struct Following {
    /// Print the events, and send none
    #[arg(long = "dry-run", id = "bridge_dry_run")]
    pub dry_run: bool,
    /// Write what the phone system says to this file, one JSON object a line, without secrets
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// In that file, put other numbers and names in place of the true ones, the same for the same
    #[arg(long, requires = "record")]
    pub mask: bool,
    /// With --dry-run, take such a file in place of the phone system, by its own clock and without waiting
    #[arg(long, value_name = "FILE", requires = "bridge_dry_run", conflicts_with = "record")]
    pub replay: Option<PathBuf>,
}
