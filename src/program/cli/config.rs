//! The flags of `config` and its commands.

use clap::{Args, Subcommand};

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
