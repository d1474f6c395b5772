//! The flags of `answer`.

use std::ffi::OsString;

use clap::Args;

use super::call::{Call, Named};

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
