//! The command line: one struct per command, no decisions.

use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use zammad_cti::config::Settings;
use zammad_cti::event::Direction;
use zammad_cti::rules::{CallLog, Integration, Release};

use crate::exit_code;
use crate::output::Field;

/// Reports telephone calls to the help desk Zammad, and prints what Zammad wants done with them.
///
/// A phone system runs new-call when a call begins to ring, answer when somebody picks up, and
/// hangup when it ends. Zammad shows the call to its agents. To a new call it may answer that the
/// caller is to be rejected, or which caller id to show; that is printed for the dialplan:
///
///   none                      go on
///   reject busy               hang up, and send hangup
///   dial CALLER_ID NUMBER     place the outbound call with this caller id
#[derive(Debug, Parser)]
#[command(name = "zammad-cti", version, max_term_width = 100, subcommand_required = true)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = exit_code::HELP, infer_long_args = false, verbatim_doc_comment)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// The configuration file [default: ~/.config/zammad-cti/config.toml, else
    /// /etc/zammad-cti/config.toml]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// The table [profiles.NAME] of the configuration file overrides its top level
    #[arg(long, value_name = "NAME", global = true, help_heading = "Configuration")]
    pub profile: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
    /// Print this one value of the result, without a newline
    #[arg(long, value_name = "NAME", global = true, help_heading = "Results")]
    pub field: Option<Field>,
    /// Print the request instead of sending it
    #[arg(long, global = true, help_heading = "Results")]
    pub dry_run: bool,
    /// Print a curl command that does the same, instead of sending
    #[arg(long, global = true, help_heading = "Results", conflicts_with = "dry_run")]
    pub curl: bool,
    /// Show the token in --dry-run and --curl
    #[arg(long, global = true, help_heading = "Results")]
    pub show_token: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    NewCall(NewCall),
    Answer(Answer),
    Hangup(Hangup),
    Send(Send),
    Simulate(Simulate),
    Sandbox(Box<Sandbox>),
    Normalize(Normalize),
    #[command(subcommand)]
    Config(Config),
    Completions(Completions),
    Man(Man),
}

/// Report a call that begins to ring
///
/// Prints Zammad's decision. Zammad stamps the time of arrival, so send it when the ringing
/// starts.
#[derive(Debug, Args)]
pub struct NewCall {
    /// The calling party: a number in any usual form, an extension, or nothing if it is withheld
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: OsString,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: OsString,
    /// Seen from the agents: `in` is a customer who calls
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: Direction,
    /// One id in all events of the call, unique for a year; `auto` makes one up, which
    /// `--field call_id` or the JSON output tells
    #[arg(long, value_name = "ID|auto", default_value = "auto", allow_hyphen_values = true)]
    pub call_id: OsString,
    /// Who is called, or who calls out, as agents shall see it; several for a group
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<OsString>,
    /// The queue: agents with this caller-log filter see the call
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<OsString>,
}

/// Report that somebody picked up
///
/// The agent is found by --answering-number, else by --user, and gets the caller on the screen.
#[derive(Debug, Args)]
pub struct Answer {
    /// The id of the call's new-call
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: OsString,
    #[command(flatten)]
    pub call: Call,
    /// The Zammad login of who picked up; one only
    #[arg(long = "user", value_name = "LOGIN", allow_hyphen_values = true, conflicts_with = "voicemail")]
    pub users: Vec<OsString>,
    /// Voicemail picked up: after the hangup the call stays open as a voice message
    #[arg(long)]
    pub voicemail: bool,
    /// Send --user for an outbound call too, although it replaces the customer's name
    #[arg(long)]
    pub force_user: bool,
}

/// Report that a call ended
///
/// An inbound call that nobody answered is shown as missed, unless the cause is `forwarded`.
#[derive(Debug, Args)]
pub struct Hangup {
    /// The id of the call's new-call
    #[arg(long, value_name = "ID", allow_hyphen_values = true, required_unless_present = "list_causes")]
    pub call_id: Option<OsString>,
    #[command(flatten)]
    pub call: Call,
    /// Why: Zammad's word, a Q.850 number, an Asterisk DIALSTATUS, sip:486, or a FreeSWITCH name
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    pub cause: Option<OsString>,
    /// Send the cause as given; agents see any unknown word as it is
    #[arg(long, requires = "cause")]
    pub raw_cause: bool,
    /// The call was answered: then a hangup whose reply is lost may be sent again
    #[arg(long)]
    pub answered: bool,
    /// List the causes that are understood, and end
    #[arg(long)]
    pub list_causes: bool,
}

/// What answer and hangup have in common.
#[derive(Debug, Args)]
pub struct Call {
    /// The direction of the call's new-call [default: in]
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: Option<Direction>,
    /// The calling party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<OsString>,
    /// The extension or number that picked up
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub answering_number: Option<OsString>,
}

/// Send events from a file, one JSON object a line
///
/// An object has `event` (newCall, answer, hangup), `call_id`, `direction` and, as the commands of
/// these names have them, `from`, `to`, `user` (a text or a list), `queue`, `answering_number`,
/// `voicemail`, `cause` and `answered`. Each gives one line of output, in the order of the input.
/// The events of one call are sent in order. A line that is no event is reported, and the others
/// are sent. The exit code is that of the first event that failed.
#[derive(Debug, Args)]
pub struct Send {
    /// The file; `-` is the standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// How many calls may be under way at once, each on a connection of its own (1 to 256)
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}

/// Play whole calls and show what agents will see
///
/// Without an endpoint, or with --sandbox, it starts a stand-in for Zammad in the same process:
/// nothing leaves this machine.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Which calls [default: answered, missed, and with the stand-in also blocked, outbound]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    /// Play against the stand-in although an endpoint is configured
    #[arg(long)]
    pub sandbox: bool,
}

/// Run a stand-in for Zammad, to try a phone system against
///
/// It answers as Zammad's CTI endpoint does and keeps a caller log. The first line of output is
/// the address to put into the phone system. A browser at / shows the calls as they come, each
/// request with the reply, and what is odd about it. The log is at GET /api/v1/cti/log; POST
/// /sandbox/reset empties it; POST /sandbox/fault makes the next requests fail, for example
/// {"mode":"drop_after","count":1}; without "count" all until the next. Modes: none, delay_before,
/// delay_after (with "seconds"), drop_before, drop_after, respond (with "status", "body",
/// "content_type", "location"); before and after mean before and after the event is processed.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: SocketAddr,
    /// A caller to reject; compared as text, so E.164 digits without plus
    #[arg(long = "block", value_name = "NUMBER")]
    pub blocked: Vec<String>,
    /// The caller id for outbound calls to DEST; `*` in DEST is one or more characters
    #[arg(long = "route", value_name = "DEST=CALLER_ID")]
    pub routes: Vec<String>,
    /// The caller id for all other outbound calls
    #[arg(long, value_name = "NUMBER")]
    pub caller_id: Option<String>,
    /// Whose wording errors have
    #[arg(long = "zammad", value_name = "RELEASE", default_value = "7.2")]
    pub release: Release,
    /// Whether the integration is switched on
    #[arg(long, value_name = "STATE", default_value = "on")]
    pub integration: Integration,
    /// How many calls the log keeps; then the oldest goes
    #[arg(long, value_name = "CALLS", default_value_t = CallLog::KEPT)]
    pub keep: NonZeroUsize,
}

/// Show how numbers are read: what is sent, and how Zammad will look it up
#[derive(Debug, Args)]
pub struct Normalize {
    /// Numbers as the phone system shows them
    #[arg(value_name = "NUMBER", required = true, allow_negative_numbers = true)]
    pub numbers: Vec<OsString>,
}

/// Look at the configuration, check it, or begin one
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show each setting and where it comes from
    Show,
    /// Check the configuration without sending anything
    Check,
    /// Write a commented configuration file to begin with
    Init(Init),
}

/// Where `config init` writes is --config, else the user's own file.
#[derive(Debug, Args)]
pub struct Init {
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    pub shell: Shell,
}

/// Print the man page, or write all of them
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page per command into this folder
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

/// An address and a port, or a host's name and a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses =
        text.to_socket_addrs().map_err(|_| "such as 127.0.0.1:3000 or localhost:3000".to_owned())?;
    addresses.next().ok_or_else(|| "no such host".to_owned())
}
