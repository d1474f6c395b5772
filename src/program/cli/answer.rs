//! The flags of `answer`.

use std::ffi::OsString;

use clap::Args;

use super::call::{Call, Named};
use super::text::{names, optional};
use crate::event::{EventKind, Users, WrittenEvent};

/// Report that somebody picked up
///
/// Zammad finds the agent by --answering-number, or else by --user, and opens the caller on the
/// agent's screen.
#[derive(Debug, Args)]
pub struct Answer {
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub call: Call,
    /// The Zammad login of the agent who picked up; only one [default: from the table [agents] of
    /// the configuration, by --endpoint or --answering-number]
    #[arg(long = "user", value_name = "LOGIN", allow_hyphen_values = true, conflicts_with = "voicemail")]
    pub users: Vec<OsString>,
    /// The endpoint that picked up, such as PJSIP/anna, for the table [agents]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub endpoint: Option<OsString>,
    /// Voicemail picked up; after the hangup, the call stays open as a voice message
    #[arg(long)]
    pub voicemail: bool,
    /// Send --user for an outbound call too, although it replaces the customer's name
    #[arg(long)]
    pub force_user: bool,
}

impl Answer {
    /// The event that is meant.
    pub fn describe(&self) -> anyhow::Result<WrittenEvent> {
        let users = names("--user", &self.users);
        Ok(WrittenEvent {
            user: (!users.is_empty()).then_some(Users::Several(users)),
            force_user: self.force_user,
            endpoint: optional("--endpoint", &self.endpoint)?,
            voicemail: self.voicemail,
            ..self.call.describe(EventKind::Answer, &self.named)?
        })
    }
}
