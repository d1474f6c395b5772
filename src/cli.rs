//! The command line: a file per command, one struct each, no decisions.

mod agi;
mod answer;
mod call;
mod calls;
mod check;
mod completions;
mod config;
mod fastagi;
mod global;
mod hangup;
mod listen;
mod man;
mod new_call;
mod normalize;
mod quick;
mod sandbox;
mod send;
mod simulate;
mod spool;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use agi::{Agi, AgiAnswer, AgiHangup, AgiNewCall};
pub use answer::Answer;
pub use call::{Call, Named};
pub use calls::{Calls, CallsClose, CallsCommand, WhichCalls};
pub use check::Check;
pub use completions::Completions;
pub use config::{Config, Init};
pub use fastagi::{Fastagi, FastagiRequest};
pub use global::Global;
pub use hangup::Hangup;
pub use man::Man;
pub use new_call::NewCall;
pub use normalize::Normalize;
pub use sandbox::Sandbox;
pub use send::Send;
pub use simulate::{Load, Simulate};
pub use spool::{Chosen, Concurrency, Spool, SpoolDrop, SpoolList, SpoolRetry, SpoolShow, SpoolStats};

use crate::exit_code;

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

/// What clap says of a wrong command line, and its tip, as one line for Asterisk's console.
pub fn mistake_in_a_line(said: &str) -> String {
    let mistake = said.lines().next().unwrap_or_default();
    let tip = said.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let mistake = mistake.strip_prefix("error: ").unwrap_or(mistake);
    tip.map_or_else(|| mistake.to_owned(), |tip| format!("{mistake}; {tip}"))
}
