//! `zammad-cti answer`

use std::ffi::OsStr;

use zammad_cti::config::Config;
use zammad_cti::delivery::Known;
use zammad_cti::event::{CallEvent, Direction, EventKind, Name};

use super::arguments::{call_id, names, parts};
use super::report::Described;
use crate::cli::Answer;

pub fn event(args: &Answer, config: &Config) -> anyhow::Result<Described> {
    let parts = parts(&args.call, &config.numbering)?;
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
        ..CallEvent::new(EventKind::Answer, call_id(&args.call_id)?, parts.direction)
    };
    Ok(Described { event, known: Known::default() })
}
