//! `zammad-cti answer`

use zammad_cti::delivery::Known;
use zammad_cti::event::{CallEvent, EventKind, Name};
use zammad_cti::number::Numbering;

use super::arguments::{call_id, names, parts};
use super::report::Described;
use crate::cli::Answer;

pub fn event(args: &Answer, numbering: &Numbering) -> anyhow::Result<Described> {
    let parts = parts(&args.call, numbering)?;
    let users = if args.voicemail { vec![Name::voicemail()] } else { names("--user", &args.users)? };
    let event = CallEvent {
        from: parts.from,
        to: parts.to,
        users,
        answering_number: parts.answering_number,
        force_user: args.force_user,
        ..CallEvent::new(EventKind::Answer, call_id(&args.call_id)?, parts.direction)
    };
    Ok(Described { event, known: Known::default() })
}
