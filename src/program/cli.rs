//! The command line: a file per command, one struct each, no decisions. Those that report an event describe it too,
//! so that a flag stands beside what it means.

mod agi;
mod answer;
mod bridge;
mod call;
mod calls;
mod check;
mod completions;
mod config;
mod direction;
mod fastagi;
mod global;
mod hangup;
mod listen;
mod log;
mod man;
mod new_call;
mod normalize;
mod quick;
mod sandbox;
mod send;
mod simulate;
mod spool;
mod text;
mod watch;
mod words;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use agi::{Agi, AgiAnswer, AgiHangup, AgiNewCall};
pub use answer::Answer;
pub use bridge::{Bridge, Following, Source, Webhook};
pub use calls::{Calls, CallsClose, CallsCommand, WhichCalls};
pub use check::Check;
pub use completions::Completions;
pub use config::{Config, Import, Init, Peer, Route};
pub use fastagi::{Fastagi, FastagiRequest};
pub use global::Global;
pub use hangup::Hangup;
pub use log::{Log, LogCommand, LogDone, WhichRows};
pub use man::Man;
pub use new_call::NewCall;
pub use normalize::Normalize;
pub use sandbox::{LISTENS, Sandbox};
pub use send::Send;
pub use simulate::{Load, Simulate};
pub use spool::{
    Chosen, Concurrency, Spool, SpoolDrop, SpoolList, SpoolRetry, SpoolRun, SpoolShow, SpoolStats,
};
pub use text::{name, number, text};
pub use watch::Watch;

use words::Words;
pub use words::named_command;

use crate::program::exit_code;

/// Reports phone calls to the help desk Zammad, and prints what Zammad decides.
///
/// A phone system runs new-call when a call starts to ring, answer when somebody
/// picks up, and hangup when the call ends. Zammad shows the call to its agents.
/// Zammad may reject a new call, or choose its caller id. The decision is printed
/// for the dialplan:
///
///   none                      go on
///   reject busy               hang up, and send hangup
///   dial CALLER_ID NUMBER     place the outbound call with this caller id
///   spooled                   Zammad is unreachable. The event is safe on disk and
///                             will be sent later: go on
#[derive(Debug, Parser)]
#[command(name = "zammad-cti", version, max_term_width = 100, subcommand_required = true)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = exit_code::START, after_long_help = exit_code::HELP,  infer_long_args = false, verbatim_doc_comment)]
pub struct Program {
    #[command(subcommand)]
    command: Command,
}

impl Program {
    /// The whole of it, each command with all the flags that count there: for those who describe it.
    pub fn documented() -> clap::Command {
        let mut program = Self::command();
        for (path, _) in global::COMMANDS {
            program = with_flags(program, path, path);
        }
        program
    }
}

/// A program, or a group of commands, in which the command of this path has its flags.
fn with_flags(program: clap::Command, command: &str, path: &str) -> clap::Command {
    match path.split_once(' ') {
        Some((group, below)) => program.mut_subcommand(group, |group| with_flags(group, command, below)),
        None => program.mut_subcommand(path, |own| Global::added_to(own, command)),
    }
}

/// A command line that was read.
#[derive(Debug)]
pub struct Cli {
    pub global: Global,
    pub command: Command,
}

impl Cli {
    /// Reads the command line of this process.
    ///
    /// # Errors
    ///
    /// It is none, or asks for help.
    pub fn read() -> Result<Self, clap::Error> {
        let words = Words::of(std::env::args_os().collect());
        // What is wrong with it, the whole command line knows better how to tell.
        quick::of_an_event(&words).map_or_else(|| Self::of(&words), Ok)
    }

    fn of(words: &Words) -> Result<Self, clap::Error> {
        let mut program = Program::command();
        if !words.command.is_empty() {
            program = with_flags(program, &words.command, &words.command);
        }
        let matches = program.try_get_matches_from_mut(&words.all)?;
        let mut of_the_command = &matches;
        for _ in words.command.split_whitespace() {
            of_the_command = of_the_command.subcommand().map_or(of_the_command, |(_, below)| below);
        }
        let global = Global::of(&mut of_the_command.clone(), &words.command);
        let read = global
            .and_then(|global| Command::from_arg_matches(&matches).map(|command| Self { global, command }));
        read.map_err(|error| error.format(&mut program))
    }
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
    Bridge(Bridge),
    #[command(subcommand)]
    Spool(Spool),
    Calls(Calls),
    Watch(Watch),
    Log(Log),
    #[command(subcommand)]
    Config(Config),
    Completions(Completions),
    Man(Man),
}

/// What clap says of a wrong command line, and its tip, as one line for Asterisk's console.
pub fn mistake_in_a_line(said: &str) -> String {
    let mistake = said.lines().next().unwrap_or_default();
    let tip = said.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let mistake = mistake.strip_prefix("error: ").unwrap_or(mistake);
    tip.map_or_else(|| mistake.to_owned(), |tip| format!("{mistake}; {tip}"))
}
