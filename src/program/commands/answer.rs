//! `zammad-cti answer`

use std::ffi::OsStr;

use crate::config::Config;
use crate::delivery::EventToSend;
use crate::event::{CallEvent, CallId, Direction, EventKind, Known, Name};
use crate::spool::Call;

use super::arguments::{names, parts};
use crate::program::cli::Answer;

pub fn event(
    args: &Answer,
    call_id: CallId,
    call: Option<&Call>,
    config: &Config,
) -> anyhow::Result<EventToSend> {
    let parts = parts(&args.call, call, &config.numbering)?;
    let mut users = if args.voicemail { vec![Name::voicemail()] } else { names("--user", &args.users)? };
    if users.is_empty() && parts.direction == Direction::Inbound {
        let phone = args.call.answering_number.as_deref().and_then(OsStr::to_str);
        users.extend(phone.and_then(|phone| config.agents.get(phone.trim())).cloned());
    }
    let event = CallEvent {
        from: parts.from,
        to: parts.to,
        users,
        answering_number: parts.answering_number,
        force_user: args.force_user,
        ..CallEvent::new(EventKind::Answer, call_id, parts.direction)
    };
    Ok(EventToSend { event, known: Known::default(), key: None })
}
