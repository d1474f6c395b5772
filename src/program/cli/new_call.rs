//! The flags of `new-call`.

use std::ffi::OsString;

use clap::Args;

use super::direction::DirectionFlag;
use super::text::{name, names, optional, text};
use crate::event::{EventKind, Users, WrittenEvent};

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
    ///
    /// Inbound, incoming, outbound and outgoing are understood too, in any case.
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: DirectionFlag,
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

impl NewCall {
    /// The event that is meant.
    pub fn describe(&self) -> anyhow::Result<WrittenEvent> {
        Ok(WrittenEvent {
            call_key: optional("--call-key", &self.call_key)?,
            from: Some(text("--from", &self.from)?.to_owned()),
            to: Some(text("--to", &self.to)?.to_owned()),
            user: (!self.users.is_empty()).then(|| Users::Several(names("--user", &self.users))),
            queue: self.queue.as_deref().map(|queue| name("--queue", queue).into_owned()),
            ..WrittenEvent::new(EventKind::NewCall, text("--call-id", &self.call_id)?, self.direction.0)
        })
    }
}
