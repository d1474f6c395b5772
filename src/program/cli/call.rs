//! Which call it is, and what is said of it: what answer and hangup have in common.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::Args;

use super::direction::LaterDirection;
use super::text::{number, optional};
use crate::event::{EventKind, WrittenEvent};
use crate::program::exit_code::UsageError;

/// Which call it is.
#[derive(Debug, Args)]
pub struct Named {
    /// The id of the call's new-call
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The --call-key of the call's new-call, instead of the id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, conflicts_with = "call_id")]
    pub call_key: Option<OsString>,
}

/// What answer and hangup have in common.
#[derive(Debug, Args)]
pub struct Call {
    /// The direction of the call's new-call [default: from the spool's journal; without it
    /// `in`, with a warning]
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: Option<LaterDirection>,
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

impl Call {
    /// The event, as far as answer and hangup have it in common.
    pub fn describe(&self, kind: EventKind, named: &Named) -> anyhow::Result<WrittenEvent> {
        if named.call_id.is_none() && named.call_key.is_none() {
            let which = "which call? give --call-id, or the --call-key of its new-call";
            return Err(UsageError(which).into());
        }
        let mut no_text = Vec::new();
        let mut party = |field, flag, shown: &Option<OsString>| {
            let read = shown.as_deref().map(|shown| number(flag, shown).map(Cow::into_owned)).transpose();
            match (read, kind) {
                // A call without its hangup would ring for ever.
                (Err(_), EventKind::Hangup) => {
                    no_text.push(field);
                    Ok(None)
                }
                (read, EventKind::NewCall | EventKind::Answer | EventKind::Hangup) => read,
            }
        };
        let from = party("from", "--from", &self.from)?;
        let to = party("to", "--to", &self.to)?;
        let answering_number = party("answering_number", "--answering-number", &self.answering_number)?;
        let direction = self.direction.unwrap_or(LaterDirection::Said(None));
        Ok(WrittenEvent {
            unread_direction: direction == LaterDirection::Unread,
            call_key: optional("--call-key", &named.call_key)?,
            from,
            to,
            answering_number,
            no_text: Box::new(no_text),
            ..WrittenEvent::new(
                kind,
                optional("--call-id", &named.call_id)?.unwrap_or_default(),
                match direction {
                    LaterDirection::Said(direction) => direction,
                    LaterDirection::Unread => None,
                },
            )
        })
    }
}
