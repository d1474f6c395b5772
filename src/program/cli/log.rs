//! The arguments of `log` and its command.

use clap::{Args, Subcommand};

use crate::config::Span;

/// See Zammad's caller log as an agent sees it, and tick calls off
///
/// It needs an api_token: an access token of a user with the permission cti.agent (in Zammad: avatar,
/// Profile, Token Access). What that user's filter hides is not shown. Zammad shows the latest 60 to 300
/// calls; older ones are still counted at Phone, and only ticked off by their number.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Log {
    #[command(subcommand)]
    pub command: Option<LogCommand>,
    #[command(flatten)]
    pub which: WhichRows,
}

/// Which calls are listed.
#[derive(Debug, Args)]
pub struct WhichRows {
    /// Those that nobody took, voice messages among them
    #[arg(long = "missed", id = "log_missed")]
    pub missed: bool,
    /// Those that began within this time, such as 2h
    #[arg(long, value_name = "TIME")]
    pub since: Option<Span>,
    /// This call, by the id that the phone system gave it
    #[arg(long, value_name = "ID")]
    pub call_id: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    Done(LogDone),
}

/// Tick calls off, so that agents no longer see them as missed
///
/// Zammad's new interface counts all calls of twelve months that nobody took, and has no button to tick
/// off many. Each call that is ticked off is printed.
#[derive(Debug, Args)]
pub struct LogDone {
    #[command(flatten)]
    pub which: WhichDone,
    /// With --missed: those that began longer ago, such as 30d
    #[arg(long, value_name = "TIME", requires = "log_done_missed")]
    pub older_than: Option<Span>,
    /// Print which calls would be ticked off, and change nothing
    #[arg(long = "dry-run", id = "log_done_dry_run")]
    pub dry_run: bool,
}

/// Which calls are ticked off.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhichDone {
    /// The numbers in the first column of `log`
    #[arg(value_name = "NUMBER")]
    pub ids: Vec<u64>,
    /// All that nobody took, voice messages among them
    #[arg(long = "missed", id = "log_done_missed")]
    pub missed: bool,
}
