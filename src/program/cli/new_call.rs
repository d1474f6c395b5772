//! The flags of `new-call`.

use std::ffi::OsString;

use clap::Args;

use super::direction::DirectionFlag;
use super::text::{name, names, number, optional, text};
use crate::event::{EventKind, Users, WrittenEvent};

/// Report a call that starts to ring
///
/// Prints Zammad's decision. Zammad stamps the event when it arrives, so send it when the ringing
/// starts.
#[derive(Debug, Args)]
pub struct NewCall {
    /// The calling party: a number in any usual form, an extension, or empty if withheld
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: OsString,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: OsString,
    /// The direction, seen from the agents: `in` if a customer calls
    ///
    /// Inbound, incoming, outbound and outgoing are accepted too, in upper or lower case.
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: DirectionFlag,
    /// The id in all events of the call, unique for a year; `auto` generates one, which
    /// `--field call_id` and the JSON output show
    #[arg(long, value_name = "ID|auto", default_value = "auto", allow_hyphen_values = true)]
    pub call_id: OsString,
    /// The name of the agent who is called or who calls, as agents see it; repeat it for a group
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<OsString>,
    /// The queue; agents with this caller-log filter see the call
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<OsString>,
    /// The line that the call crosses, as the phone system calls it: [[routes]] go by it
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub trunk: Option<OsString>,
    /// A name that answer and hangup can use instead of the id, such as the channel's; needs a
    /// spool
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub call_key: Option<OsString>,
}

impl NewCall {
    /// The event that is meant.
    pub fn describe(&self) -> anyhow::Result<WrittenEvent> {
        Ok(WrittenEvent {
            call_key: optional("--call-key", &self.call_key)?,
            from: Some(number("--from", &self.from)?.into_owned()),
            to: Some(number("--to", &self.to)?.into_owned()),
            user: (!self.users.is_empty()).then(|| Users::Several(names("--user", &self.users))),
            queue: self.queue.as_deref().map(|queue| name("--queue", queue).into_owned()),
            trunk: self.trunk.as_deref().map(|trunk| name("--trunk", trunk).into()),
            ..WrittenEvent::new(EventKind::NewCall, text("--call-id", &self.call_id)?, self.direction.0)
        })
    }
}
