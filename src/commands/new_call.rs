//! `zammad-cti new-call`

use zammad_cti::delivery::Known;
use zammad_cti::event::{CallEvent, CallId, EventKind};
use zammad_cti::number::Numbering;

use super::arguments::{call_id, names, party};
use super::report::Described;
use crate::cli::NewCall;

pub fn event(args: &NewCall, numbering: &Numbering) -> anyhow::Result<Described> {
    let queue = names("--queue", args.queue.as_slice())?.pop();
    let call_id = if args.call_id == CallId::AUTO { CallId::random() } else { call_id(&args.call_id)? };
    let event = CallEvent {
        from: Some(party("--from", &args.from, numbering)?),
        to: Some(party("--to", &args.to, numbering)?),
        users: names("--user", &args.users)?,
        queue,
        ..CallEvent::new(EventKind::NewCall, call_id, args.direction)
    };
    Ok(Described { event, known: Known::default() })
}
