//! The flags of `config` and its commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::direction::DirectionFlag;

/// Show, check, write or import the configuration
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show each setting and where it comes from
    Show,
    /// Check the configuration without sending anything
    Check,
    Init(Init),
    /// Convert the configuration file of another program
    ///
    /// Prints the result, with a comment for each difference. If a line cannot be
    /// converted, it fails and names the line. The result contains Zammad's token and
    /// the phone system's secret. So an output file is made private, and a terminal
    /// shows stars instead of the secrets:
    ///
    ///   zammad-cti config import asterisk config.cfg >config.toml
    ///   zammad-cti config import 3cx config.yaml >config.toml
    #[command(verbatim_doc_comment)]
    Import(Import),
    /// Show which Zammad a call would go to, and why
    ///
    /// Shows for each of the [[routes]] why it counts or does not. Nothing is sent. Leave out
    /// what the call does not have.
    Route(Route),
}

/// Write a commented configuration file that only you can read
///
/// It writes the file of --config, or else your own file, ~/.config/zammad-cti/config.toml. Settings that are
/// given as flags are in the file. Without such flags, on a terminal, it asks for Zammad's endpoint and the
/// country of the phone system, and then checks the connection as `zammad-cti check` does. What you paste as
/// the endpoint is not shown, because it contains the token.
#[derive(Debug, Args)]
pub struct Init {
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// A call that nobody makes.
#[derive(Debug, Args)]
pub struct Route {
    /// The calling party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<OsString>,
    /// The direction, seen from the agents
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: Option<DirectionFlag>,
    /// The queue
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<OsString>,
    /// The line that the call crosses, as the phone system calls it
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub trunk: Option<OsString>,
    /// The source that a bridge follows, such as asterisk
    #[arg(long, value_name = "SOURCE")]
    pub bridge: Option<String>,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The other program
    #[arg(value_name = "PROGRAM")]
    pub program: Peer,
    /// Its configuration file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Of 3cx: write each secret to a file of its own in this folder, and its name into the result
    #[arg(long, value_name = "FOLDER")]
    pub secrets: Option<PathBuf>,
    /// Of asterisk: the section with Zammad's address, like the option --zammad of asterisk-zammad-cti-bridge
    #[arg(long, value_name = "SECTION", default_value = "zammad")]
    pub zammad: String,
    /// Of asterisk: the section with Asterisk's account, as its option --asterisk; the other sections become profiles
    #[arg(long, value_name = "SECTION", default_value = "asterisk")]
    pub asterisk: String,
}

/// A program whose configuration can be taken over.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Peer {
    /// config.cfg of asterisk-zammad-cti-bridge
    Asterisk,
    /// config.yaml of 3cx-zammad-bridge
    #[value(name = "3cx")]
    ThreeCx,
}
