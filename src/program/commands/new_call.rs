//! `zammad-cti new-call`

use crate::delivery::EventToSend;
use crate::event::{CallEvent, CallId, EventKind, Known};
use crate::number::Numbering;

use super::arguments::{call_id, call_key, names, party};
use crate::program::cli::NewCall;

pub fn event(args: &NewCall, numbering: &Numbering) -> anyhow::Result<EventToSend> {
    let queue = names("--queue", args.queue.as_slice())?.pop();
    let call_id = if args.call_id == CallId::AUTO { CallId::random() } else { call_id(&args.call_id)? };
    let event = CallEvent {
        from: Some(party("--from", &args.from, numbering)?),
        to: Some(party("--to", &args.to, numbering)?),
        users: names("--user", &args.users)?,
        queue,
        ..CallEvent::new(EventKind::NewCall, call_id, args.direction)
    };
    let key = args.call_key.as_deref().map(call_key).transpose()?;
    Ok(EventToSend { event, known: Known::default(), key })
}
