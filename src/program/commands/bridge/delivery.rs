//! A bridge's events on their way to Zammad.

use std::cell::RefCell;
use std::collections::HashSet;

use tokio::time::Instant;

use crate::bridge::tracker::CallNumber;
use crate::config::Config;
use crate::delivery::{Connection, Courier, Deadline};
use crate::event::{EventKind, WrittenEvent};
use crate::program::commands::report::{self, outcome, unsent};
use crate::program::output::Report;
use crate::program::safe_text::printable;
use crate::spool::{Ending, Which};

use super::tell;

/// An event on its way to Zammad.
pub struct Errand {
    pub call: CallNumber,
    pub written: WrittenEvent,
    /// when the phone system said what it follows from
    pub heard: Instant,
}

/// What came of an errand.
pub enum Brought {
    Done(Box<Done>),
    /// Somebody else reports its call, such as a line in the dialplan.
    Elsewhere(CallNumber, EventKind),
}

/// What became of an event.
pub struct Done {
    pub call: CallNumber,
    pub kind: EventKind,
    pub heard: Instant,
    pub report: Report,
    /// the event's
    pub fields: tell::Fields,
    pub error: Option<anyhow::Error>,
    /// Zammad does not want the caller.
    pub is_rejected: bool,
}

/// What makes a call one of this bridge's for the next process.
pub fn key_of(written: &WrittenEvent, key: &str, courier: &Courier) -> Option<String> {
    let is_noted = courier.has_journal() && written.event == EventKind::NewCall;
    is_noted.then(|| format!("{key}{}", written.call_id))
}

/// Brings one event to Zammad.
pub async fn bring(
    connection: &mut Connection<'_>,
    errand: Errand,
    key: &str,
    courier: &Courier,
    config: &Config,
    elsewhere: &RefCell<HashSet<String>>,
) -> Brought {
    let Errand { call, written, heard } = errand;
    let kind = written.event;
    if written.event == EventKind::NewCall {
        if is_announced(&written, key, courier).await {
            log::warn!(
                "call {} is reported already, so it is not reported from here",
                printable(&written.call_id)
            );
            elsewhere.borrow_mut().insert(written.call_id);
            return Brought::Elsewhere(call, kind);
        }
    } else if elsewhere.borrow().contains(&written.call_id) {
        if written.event == EventKind::Hangup {
            elsewhere.borrow_mut().remove(&written.call_id);
        }
        return Brought::Elsewhere(call, kind);
    }
    let done = |report, fields, error, is_rejected| {
        Brought::Done(Box::new(Done { call, kind, heard, report, fields, error, is_rejected }))
    };
    let to_send = match courier.read(written, config).await {
        Ok(to_send) => to_send,
        Err(error) => {
            let error = error.into();
            return done(unsent(&error), tell::Fields::new(), Some(error), false);
        }
    };
    report::warn(&to_send, None);
    let brought = match connection.client() {
        Ok(client) => Ok(courier.bring(client, &to_send, Deadline::within(config.deadline)).await),
        Err(error) => Err(error),
    };
    let (report, error) = outcome(&to_send.event, brought, config);
    let is_rejected = report.rejects();
    done(report, tell::fields(&to_send), error, is_rejected)
}

/// Whether a call is somebody else's, or was reported to its end: the phone system may still have its channel when
/// the next process begins. One that this bridge has begun is its own.
async fn is_announced(written: &WrittenEvent, key: &str, courier: &Courier) -> bool {
    let Ok(call_id) = written.call_id.parse() else { return false };
    let Ok(Some(call)) = courier.call(Which::Id(call_id)).await else { return false };
    let is_own = call.key.as_deref().is_some_and(|own| own.starts_with(key));
    !is_own || call.ending != Ending::None
}
