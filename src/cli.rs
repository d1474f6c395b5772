//! The command line: one struct per command, no decisions.

mod quick;

use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use zammad_cti::config::{Settings, Span};
use zammad_cti::event::Direction;
use zammad_cti::health::Limits;
use zammad_cti::rules::{CallLog, Integration, Release};
use zammad_cti::simulation::Order;
use zammad_cti::spool::State;

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
///   spooled                   Zammad could not be asked; the event is safe on disk and will be
///                             delivered: go on
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

impl Cli {
    /// Reads the command line of this process.
    ///
    /// # Errors
    ///
    /// It is none, or asks for help.
    pub fn read() -> Result<Self, clap::Error> {
        let words: Vec<OsString> = std::env::args_os().collect();
        // What is wrong with it, the whole command line knows better how to tell.
        quick::of_an_event(&words).map_or_else(|| Self::try_parse_from(words), Ok)
    }
}

#[derive(Debug, Default, Clone, Args)]
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
    Simulate(Box<Simulate>),
    Sandbox(Box<Sandbox>),
    Check(Check),
    Normalize(Normalize),
    #[command(subcommand)]
    Agi(Agi),
    Fastagi(Fastagi),
    #[command(subcommand)]
    Spool(Spool),
    Calls(Calls),
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
    /// A name by which answer and hangup find the call, such as its channel's; needs a spool
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub call_key: Option<OsString>,
}

/// Report that somebody picked up
///
/// The agent is found by --answering-number, else by --user, and gets the caller on the screen.
#[derive(Debug, Args)]
pub struct Answer {
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub call: Call,
    /// The Zammad login of who picked up; one only [default: by the table [agents] of the
    /// configuration, from --answering-number]
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
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub call: Call,
    /// Why: Zammad's word, a Q.850 number, an Asterisk DIALSTATUS, sip:486, or a FreeSWITCH name
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["dialstatus", "queue_status", "abandoned", "hangup_cause"])]
    pub cause: Option<OsString>,
    /// Send the cause as given; agents see any unknown word as it is
    #[arg(long, requires = "cause")]
    pub raw_cause: bool,
    /// The call was answered: then a hangup whose reply is lost may be sent again. For a
    /// dialplan's variable: 1 is yes; 0 and nothing are no
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1", value_parser = set_or_not)]
    pub answered: Option<bool>,
    /// In place of --cause: Asterisk's ${DIALSTATUS} of the last Dial
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub dialstatus: Option<OsString>,
    /// Asterisk's ${QUEUESTATUS} of the last Queue; empty if the caller gave up
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub queue_status: Option<OsString>,
    /// Asterisk's ${ABANDONED}, TRUE after a queue in which nobody answered
    #[arg(long, value_name = "BOOL", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub abandoned: Option<OsString>,
    /// Asterisk's ${HANGUPCAUSE}, which counts where the others say nothing
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub hangup_cause: Option<OsString>,
    /// List the causes that are understood, and end
    #[arg(long)]
    pub list_causes: bool,
}

const ASTERISK: &str = "The cause, as Asterisk's dialplan knows it (each may be empty)";

/// Which call it is.
#[derive(Debug, Args)]
pub struct Named {
    /// The id of the call's new-call
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// In place of the id: the key that new-call was given
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, conflicts_with = "call_id")]
    pub call_key: Option<OsString>,
}

/// What answer and hangup have in common.
#[derive(Debug, Args)]
pub struct Call {
    /// The direction of the call's new-call [default: as the spool's journal knows it, else in]
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
/// Without an endpoint, or with --sandbox, it plays against a stand-in for Zammad in the same
/// process: nothing leaves this machine, and the caller log is checked too. Against a real Zammad
/// the replies are checked, and the log where --api-token is set; agents see these calls.
///
/// A scenario is a file in TOML: `simulate --show answered >mine.toml` is one to begin with, and
/// `simulate ./mine.toml` plays it. Every call that was begun gets its hangup, also after Ctrl-C.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Which calls: names as --list has them, or files, such as ./mine.toml [default: a tour of
    /// four; against a real Zammad of two]
    #[arg(value_name = "SCENARIO|FILE")]
    pub scenarios: Vec<String>,
    /// Play all that come along
    #[arg(long, conflicts_with = "scenarios")]
    pub all: bool,
    /// List the scenarios that come along, and end
    #[arg(long)]
    pub list: bool,
    /// Print a scenario as a file, and end
    #[arg(long, value_name = "NAME")]
    pub show: Option<String>,
    /// Play against the stand-in although an endpoint is configured
    #[arg(long)]
    pub sandbox: bool,
    /// Write a report for a build server or another program, too
    #[arg(long, num_args = 2, value_names = ["junit|json", "FILE"])]
    pub report: Option<Vec<String>>,
    #[command(flatten)]
    pub overrides: Overrides,
    #[command(flatten)]
    pub load: Load,
}

/// What a scenario has otherwise.
#[derive(Debug, Args)]
#[command(next_help_heading = "In place of what the scenarios have")]
pub struct Overrides {
    /// The calling party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// An agent; several in the order in which the scenario names its own
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<String>,
    /// The queue
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<String>,
    /// A call takes the next line of this CSV file: the customer's number, or under a heading any
    /// of from, to, user, queue
    #[arg(long, value_name = "FILE.csv")]
    pub numbers: Option<PathBuf>,
    /// In which order the lines of --numbers are taken
    #[arg(long, value_name = "ORDER", default_value = "sequential", requires = "numbers")]
    pub order: Order,
    /// How long the phones ring, such as 3s
    #[arg(long, value_name = "TIME")]
    pub ring: Option<Span>,
    /// How long the parties talk, such as 10s
    #[arg(long, value_name = "TIME")]
    pub talk: Option<Span>,
    /// How many times faster than that time goes by [default: 1; with the stand-in, whose clock
    /// goes along, 20]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    pub speed: Option<f64>,
}

/// Many calls at once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load: how many calls Zammad takes, and how fast")]
pub struct Load {
    /// So many calls; without --ring and --talk no time is spent on either
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub calls: Option<u64>,
    /// So many calls a second, begun on time however long the others take, such as 20/s
    /// [default: as fast as they go]
    #[arg(long, value_name = "CALLS/s", value_parser = rate)]
    pub rate: Option<f64>,
    /// For so long, such as 60s
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// So many connections [default: 16]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    /// More than one call a second to a Zammad on another machine, whose agents will see them all
    #[arg(long)]
    pub yes_load: bool,
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
///
/// A body has 1 MB at most, else the answer is 413. A wrong token is answered before the body is
/// read. There are 1,280 connections and 32 open pages at most. A connection ends when it sends no
/// whole request, or reads nothing of a reply, for 15 seconds. Pages of other sites cannot change
/// anything; they can report events only if the token is the random one.
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
    /// A name of this machine for the page, the log and the switches, besides its addresses and
    /// localhost; events may be sent to any name
    #[arg(long = "host", value_name = "NAME", value_parser = host_name)]
    pub hosts: Vec<String>,
}

/// Check the way to Zammad, without leaving a call there
///
/// Stage by stage: configuration, DNS, TCP connection, TLS, HTTP, whether Zammad answers, whether
/// its CTI integration is switched on and configured, and whether it accepts the token. For the
/// first one that fails it says what to do. It ends with a request that Zammad refuses in words of
/// its own if all is well, so no agent sees anything of it, and the caller log stays as it is; the
/// integration's Recent Logs get a line.
///
/// With a spool it looks there as well: what waits and for how long, what is in doubt or was given
/// up, and which calls have not ended.
#[derive(Debug, Args)]
#[command(after_help = exit_code::CHECK_HELP)]
pub struct Check {
    /// Print one line for Nagios, Icinga and the like, with performance data
    #[arg(long)]
    pub nagios: bool,
    /// Warn by these limits [default: time=1s,days=14,age=10m,dead=1,stuck=1]
    #[arg(short, long, value_name = "LIMITS")]
    pub warning: Option<Limits>,
    /// Be critical by these limits [default: time=5s,days=7,age=1h]
    #[arg(short, long, value_name = "LIMITS")]
    pub critical: Option<Limits>,
    /// A call that is open for longer counts as stuck
    #[arg(long, value_name = "TIME", default_value = "12h")]
    pub stuck_after: Span,
    /// Check the top level of the configuration file and each of its profiles
    #[arg(long, conflicts_with = "profile")]
    pub all_profiles: bool,
}

/// Report an event out of Asterisk's dialplan, as an AGI program
///
/// In extensions.conf, where no shell comes in between:
///
///   AGI(/usr/bin/zammad-cti,agi,new-call)
///   AGI(/usr/bin/zammad-cti,agi,new-call,--queue,support)
///
/// What is not given as an option comes from the channel. The call goes on whatever happens: when
/// Zammad cannot be asked within the deadline (2s, or less if `deadline` says so; --deadline may
/// ask for more), the exit code is 0, and ZAMMAD_ACTION is `spooled` where there is a spool, else
/// `error`. For an answer and a hangup it goes on after a moment, and they arrive when they can.
/// Empty options count as not given, as a dialplan's variables may be unset.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub enum Agi {
    NewCall(AgiNewCall),
    Answer(AgiAnswer),
    Hangup(AgiHangup),
}

/// Report the call of this channel, and set what Zammad wants done with it
///
/// For the first line of a route, or before Dial of an outbound call. The caller's number is sent
/// as anonymous if it is restricted, or anything but a number. Sets on the channel:
///
///   ZAMMAD_CALLID, ZAMMAD_DIRECTION   for the answer and the hangup
///   ZAMMAD_ACTION      none, reject, dial; or
///                      spooled: Zammad could not be asked, the event is safe on disk and will be
///                      delivered: go on
///                      error: Zammad could not be asked: go on
///   ZAMMAD_REASON      of reject, such as busy
///   ZAMMAD_CALLER_ID   of dial: the caller id to show
///   ZAMMAD_NUMBER      of dial: the number to call, as Zammad writes it
///   ZAMMAD_ERROR       of error: why
///
/// A channel that has ZAMMAD_CALLID already is left alone: its call is reported once, also if a
/// transfer brings it back into the route.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct AgiNewCall {
    /// Seen from the agents: `in` is a customer who calls [default: in]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// The calling party [default: the channel's caller number]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// The called party [default: the number that was dialled first, else the extension]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<OsString>,
    /// One id in all events of the call [default: the channel's unique id]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// Who is called, or who calls out, as agents shall see it; several for a group
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<OsString>,
    /// The queue: agents with this caller-log filter see the call
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<OsString>,
}

/// Report that this channel picked up
///
/// For a routine that runs on the channel that answered, before the two are connected:
/// Dial(...,U(zammad-answer^${ZAMMAD_CALLID}^in)), or the last argument of Queue. It does not keep
/// the two waiting: what takes longer than a moment goes on without them. Sets ZAMMAD_ANSWERED on
/// the caller's channel.
#[derive(Debug, Args)]
pub struct AgiAnswer {
    /// The id of the call's new-call [default: ZAMMAD_CALLID of the caller's channel]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The direction of the call's new-call [default: ZAMMAD_DIRECTION of the caller's channel]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// Who picked up [default: this channel's own number; nobody for an outbound call]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub answering_number: Option<OsString>,
    /// The Zammad login of who picked up [default: by the table [agents] of the configuration,
    /// from the channel's endpoint or number]
    #[arg(long, value_name = "LOGIN", allow_hyphen_values = true)]
    pub user: Option<OsString>,
    /// Voicemail picks up: run it on the caller's channel, before VoiceMail()
    #[arg(long)]
    pub voicemail: bool,
    #[command(flatten)]
    pub handed: Handed,
}

/// Report that the call of this channel ended
///
/// For a hangup handler of the channel that ran new-call. The cause comes from DIALSTATUS,
/// QUEUESTATUS, ABANDONED and HANGUPCAUSE, and from what new-call and answer have left.
#[derive(Debug, Args)]
pub struct AgiHangup {
    /// The id of the call's new-call [default: ZAMMAD_CALLID]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The direction of the call's new-call [default: ZAMMAD_DIRECTION]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// Why, as `zammad-cti hangup --list-causes` has it, in place of what the channel says
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    pub cause: Option<OsString>,
    #[command(flatten)]
    pub handed: Handed,
}

/// How a process of this program makes another one of itself.
#[derive(Debug, Args)]
pub struct Handed {
    /// The event is on the standard input, and nobody waits for it
    #[arg(long = "handed-over", hide = true)]
    pub over: bool,
}

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
/// and keeps its watchdog quiet. SIGTERM ends it when the calls under way have been told.
///
/// Whoever reports calls sees who is blocked, and can end the calls of others. --user names who may
/// on this machine; --secret-file has a word that everybody else's address needs as well. With both,
/// a process of this machine needs both:
///
///   AGI(agi://127.0.0.1:4573/SECRET/new-call)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Fastagi {
    /// Where to listen; port 0 picks a free one. Whoever reaches it can report calls, unless --user
    /// or --secret-file says who may
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4573", value_parser = address)]
    pub listen: SocketAddr,
    /// On this machine, only processes of this user may report calls, such as asterisk; several
    /// for several users. Root is one like any other
    #[arg(long = "user", value_name = "USER")]
    pub users: Vec<String>,
    /// A file with a secret of 16 characters or more: only whoever has it in the address may report
    /// calls. Others must not be able to read the file [default: the file that
    /// ZAMMAD_CTI_FASTAGI_SECRET_FILE names; or the secret is in ZAMMAD_CTI_FASTAGI_SECRET]
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// How many calls of one user, or from one other machine, may be talked about at once; the next
    /// one is turned away, and goes on. Eight times as many of their events may wait for Zammad
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub max_calls: u16,
}

/// A request of FastAGI, as words.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
pub struct FastagiRequest {
    #[command(subcommand)]
    pub event: Agi,
}

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
#[command(verbatim_doc_comment, after_help = exit_code::SPOOL_HELP)]
pub enum Spool {
    List(SpoolList),
    Show(SpoolShow),
    Stats(SpoolStats),
    /// Send what waits, once: for cron
    Flush(Concurrency),
    /// Send what comes, until SIGTERM: for a service
    Run(Concurrency),
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

/// How many calls are sent at the same time.
#[derive(Debug, Args)]
pub struct Concurrency {
    /// How many calls may be under way at once, each on a connection of its own (1 to 256)
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
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

impl Load {
    pub fn is_wanted(&self) -> bool {
        self.calls.is_some() || self.duration.is_some()
    }
}

/// What clap says of a wrong command line, and its tip, as one line for Asterisk's console.
pub fn mistake_in_a_line(said: &str) -> String {
    let mistake = said.lines().next().unwrap_or_default();
    let tip = said.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let mistake = mistake.strip_prefix("error: ").unwrap_or(mistake);
    tip.map_or_else(|| mistake.to_owned(), |tip| format!("{mistake}; {tip}"))
}

/// A variable of a dialplan that is set or not.
fn set_or_not(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("1, 0 or nothing".to_owned()),
    }
}

/// The number of an event in the spool.
fn event_id(text: &str) -> Result<i64, String> {
    let id = text.parse().ok().filter(|&id| id > 0);
    id.ok_or_else(|| "an event's number, as `spool list` shows it".to_owned())
}

/// A factor above zero.
fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (0.001..=1e6).contains(speed));
    speed.ok_or_else(|| "a factor such as 10, or 0.5 for half as fast".to_owned())
}

/// Calls a second; the unit may be left out.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).trim();
    let rate = number.parse().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "calls a second, such as 20/s or 0.5/s".to_owned())
}

/// An address and a port, or a host's name and a port.
/// A name as a browser sends it, without scheme and port.
fn host_name(text: &str) -> Result<String, String> {
    let is_name = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
    };
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("such as pbx-lab.example, without a port".to_owned())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses =
        text.to_socket_addrs().map_err(|_| "such as 127.0.0.1:3000 or localhost:3000".to_owned())?;
    addresses.next().ok_or_else(|| "no such host".to_owned())
}
