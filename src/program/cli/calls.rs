//! The arguments of `calls` and its commands.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use crate::config::Span;

/// See which calls were reported from here and have not ended, and end those that are stuck
///
/// Without a command it lists them. The spool's file knows them (see --spool-path), also when
/// nothing waits in it.
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
/// Each gets a proper hangup, which goes the way of all events: to Zammad, or into the spool if
/// that is down. Zammad then shows the call as it would have been: one that nobody answered as
/// missed. After a restart of the phone system all of its calls are over: `calls close --all`.
///
/// Prints a line for each call, like `send`; the exit code is that of the first that failed. A call
/// whose hangup is in doubt is left alone, unless it was answered or outbound: a second hangup
/// would take the mark off a missed call. A call that Zammad does not know is taken off the list.
#[derive(Debug, Args)]
pub struct CallsClose {
    #[command(flatten)]
    pub which: WhichCalls,
    /// Why they ended, as `zammad-cti hangup --list-causes` has it [default: normalClearing for an
    /// answered call, cancel for another]
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    pub cause: Option<OsString>,
    /// Send the cause as given; agents see any unknown word as it is
    #[arg(long, requires = "cause")]
    pub raw_cause: bool,
    /// Close those as well whose hangup is in doubt, after a look into Zammad's caller log: they
    /// ring there
    #[arg(long)]
    pub force: bool,
    /// Take them off the list without a hangup, after a look into Zammad's caller log: they have
    /// ended there
    #[arg(long, conflicts_with_all = ["force", "cause"])]
    pub forget: bool,
}

/// Which calls are closed.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhichCalls {
    /// The ids that `calls list` shows
    #[arg(value_name = "CALLID")]
    pub call_ids: Vec<OsString>,
    /// Those that have been open for longer, such as 4h
    #[arg(long, value_name = "TIME")]
    pub older_than: Option<Span>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}
