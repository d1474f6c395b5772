//! The flags of `config` and its commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Look at the configuration, check it, or begin one
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show each setting and where it comes from
    Show,
    /// Check the configuration without sending anything
    Check,
    /// Write a commented configuration file to begin with
    Init(Init),
    /// Print the configuration file of another program as one of this program
    ///
    /// It goes to the standard output, with a remark for each thing that differs. What cannot be taken over
    /// is one error, with its line. Zammad's token and the secret of the phone system stand in the
    /// result, so a file that it goes to is kept from others, and a terminal shows stars instead:
    ///
    ///   zammad-cti config import asterisk config.cfg >config.toml
    #[command(verbatim_doc_comment)]
    Import(Import),
}

/// Where `config init` writes is --config, else the user's own file.
#[derive(Debug, Args)]
pub struct Init {
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Whose configuration it is
    #[arg(value_name = "PROGRAM")]
    pub program: Peer,
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The section with Zammad's address, as the option --zammad of asterisk-zammad-cti-bridge
    #[arg(long, value_name = "SECTION", default_value = "zammad")]
    pub zammad: String,
    /// The section with Asterisk's account, as its option --asterisk; the other sections become profiles
    #[arg(long, value_name = "SECTION", default_value = "asterisk")]
    pub asterisk: String,
}

/// A program whose configuration can be taken over.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Peer {
    /// config.cfg of asterisk-zammad-cti-bridge
    Asterisk,
}
