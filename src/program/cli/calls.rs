//! The arguments of `calls` and its commands.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use crate::config::Span;

/// List open calls that this machine reported, and end stuck ones
///
/// Without a command, it lists them. The list is in the spool's file (see --spool-path), even if no
/// event waits there.
#[derive(Debug, Args)]
pub struct Calls {
    #[command(subcommand)]
    pub command: Option<CallsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum CallsCommand {
    /// List the open calls, oldest first
    List,
    Close(CallsClose),
}

/// End calls in Zammad that the phone system has forgotten
///
/// Each call gets a hangup, which is sent like all events: to Zammad, or into the spool if Zammad is
/// unreachable. Zammad then shows an unanswered call as missed. After a restart of the phone system,
/// all of its calls are over: run `calls close --all`.
///
/// Prints a line for each call, like `send`. The exit code is that of the first call that failed. A
/// call whose hangup is in doubt is skipped, unless it was answered or outbound, because a second
/// hangup would hide a missed call. A call that Zammad does not know is removed from the list.
#[derive(Debug, Args)]
pub struct CallsClose {
    #[command(flatten)]
    pub which: WhichCalls,
    /// The cause, a word of `zammad-cti hangup --list-causes` [default: normalClearing for an
    /// answered call, cancel for others]
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    pub cause: Option<OsString>,
    /// Send the cause as given; agents see unknown words as they are
    #[arg(long, requires = "cause")]
    pub raw_cause: bool,
    /// Also close calls whose hangup is in doubt; first check that they still ring in Zammad's caller
    /// log
    #[arg(long)]
    pub force: bool,
    /// Remove the calls from the list without a hangup; first check that they have ended in Zammad's
    /// caller log
    #[arg(long, conflicts_with_all = ["force", "cause"])]
    pub forget: bool,
}

/// Which calls are closed.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhichCalls {
    /// The calls with these ids, as `calls list` shows them
    #[arg(value_name = "CALLID")]
    pub call_ids: Vec<OsString>,
    /// Calls that have been open for longer, such as 4h
    #[arg(long, value_name = "TIME")]
    pub older_than: Option<Span>,
    /// All open calls
    #[arg(long)]
    pub all: bool,
}
