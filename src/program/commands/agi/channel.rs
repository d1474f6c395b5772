//! From the words of a dialplan, and what its channel knows, to an event.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, Write};
use std::os::unix::ffi::OsStrExt;

use crate::agi::{Conversation, Header};
use crate::asterisk::{Channel, called, calling, number_in, shown_name};
use crate::cause::HangupCause;
use crate::config::Config;
use crate::event::{CallId, Direction, EventKind, Users, WrittenEvent};
use crate::rules::Finding;
use anyhow::Context;

use crate::program::cli::{self, name, text};
use crate::program::exit_code::UsageError;
use crate::program::safe_text::printable;

/// What is to be done about an event.
pub enum Wanted {
    /// an event that can be sent
    Report(Box<WrittenEvent>),
    /// nothing, and why
    Nothing(String),
}

/// What the dialplan wants. On return the channel knows what the call's later events need.
pub fn wanted<R: BufRead, W: Write>(
    event: &cli::Agi,
    conversation: &mut Conversation<R, W>,
    config: &Config,
) -> anyhow::Result<Wanted> {
    let wanted = match event {
        cli::Agi::NewCall(args) => new_call(args, conversation, config),
        cli::Agi::Answer(args) => answer(args, conversation, config),
        cli::Agi::Hangup(args) => hangup(args, conversation, config),
    };
    if conversation.is_out_of_place() {
        log::warn!(
            "call {}: a name or number has a line break, which is left out; use FILTER()",
            printable(&conversation.header().unique_id)
        );
    }
    wanted
}

fn new_call<R: BufRead, W: Write>(
    args: &cli::AgiNewCall,
    conversation: &mut Conversation<R, W>,
    config: &Config,
) -> anyhow::Result<Wanted> {
    let [reported, own_id, number, presentation, dialled, dialled_on_master, extension] = conversation
        .values([
            "ZAMMAD_CALLID",
            "UNIQUEID",
            "CALLERID(num)",
            "CALLERID(pres)",
            "CALLERID(dnid)",
            "MASTER_CHANNEL(CALLERID(dnid))",
            "EXTEN",
        ])?;
    if !reported.is_empty() {
        return Ok(Wanted::Nothing(format!("zammad-cti: call {reported} is reported already")));
    }
    let direction = direction(EventKind::NewCall, &args.direction, "")?.unwrap_or(Direction::Inbound);
    let from = match given("--from", &args.from)? {
        Some(from) => from.to_owned(),
        None => calling(&number, &presentation, direction).into_owned(),
    };
    let to = match given("--to", &args.to)? {
        Some(to) => to.to_owned(),
        // What was dialled first, also where the dialplan has gone on to `s`, or to a Local channel.
        None => called([dialled, dialled_on_master, extension]),
    };
    let call_id = match given("--call-id", &args.call_id)? {
        Some(CallId::AUTO) => CallId::random().to_string(),
        Some(call_id) => call_id.to_owned(),
        None => id([own_id], conversation.header()),
    };
    let users = args.users.iter().map(|shown| shown_name(shown.as_bytes()));
    let users = users.filter(|name| !name.trim().is_empty());
    let written = WrittenEvent {
        from: Some(from),
        to: Some(to),
        user: Some(Users::Several(users.collect())),
        queue: args.queue.as_deref().map(|queue| name("--queue", queue).into_owned()),
        trunk: trunk(args, conversation.header(), direction).map(Into::into),
        ..WrittenEvent::new(EventKind::NewCall, &call_id, direction)
    };
    // What cannot be sent is not reported, and has no hangup.
    written.clone().read(config, None)?;
    // Now, as the hangup must find it even if nothing is heard of Zammad.
    conversation.set("ZAMMAD_CALLID", &call_id)?;
    conversation.set("ZAMMAD_DIRECTION", direction.as_str())?;
    Ok(Wanted::Report(Box::new(written)))
}

/// The line that a call crosses. An outbound call's is not known yet: the channel is the agent's.
fn trunk(args: &cli::AgiNewCall, header: &Header, direction: Direction) -> Option<String> {
    let given = args.trunk.as_deref().map(|trunk| name("--trunk", trunk).into_owned());
    let own = || match direction {
        Direction::Inbound => Some(Channel(&header.channel).endpoint().to_owned()),
        Direction::Outbound => None,
    };
    given.filter(|trunk| !trunk.trim().is_empty()).or_else(own)
}

fn answer<R: BufRead, W: Write>(
    args: &cli::AgiAnswer,
    conversation: &mut Conversation<R, W>,
    config: &Config,
) -> anyhow::Result<Wanted> {
    // The dialplan's line may have said it all, for a phone that is gone by now.
    let values = conversation.values([
        "ZAMMAD_CALLID",
        "MASTER_CHANNEL(ZAMMAD_CALLID)",
        "MASTER_CHANNEL(ZAMMAD_DIRECTION)",
        "CHANNEL(linkedid)",
        "UNIQUEID",
        "CHANNEL",
        "CALLERID(num)",
    ]);
    let [call_id, of_caller, shown_direction, linked, own_id, channel, number] =
        values.unwrap_or_else(|error| {
            log::warn!("the variables of the call's new-call cannot be read: {error}");
            Default::default()
        });
    let header = conversation.header();
    let call_id = match given("--call-id", &args.call_id)? {
        Some(call_id) => call_id.to_owned(),
        None => id([call_id, of_caller, linked, own_id], header),
    };
    let direction = direction(EventKind::Answer, &args.direction, &shown_direction)?;
    let channel = Some(&channel).filter(|name| !name.is_empty()).unwrap_or(&header.channel);
    let user = args.user.as_deref().filter(|_| !args.voicemail).map(|user| name("--user", user));
    let user = user.filter(|user| !user.trim().is_empty());
    let written = WrittenEvent {
        user: user.map(|user| Users::One(user.into_owned())),
        answering_number: given("--answering-number", &args.answering_number)?.map(str::to_owned),
        endpoint: Some(Channel(channel).endpoint().to_owned()),
        extension: number_in(&number).map(Cow::into_owned),
        voicemail: args.voicemail,
        ..WrittenEvent::new(EventKind::Answer, call_id, direction)
    };
    written.clone().read(config, None)?;
    // For the hangup. Not just that somebody picked up: the caller's channel may have had other calls.
    let _ = conversation.set("MASTER_CHANNEL(ZAMMAD_ANSWERED)", &written.call_id);
    if args.voicemail {
        // It picks up on the caller's own channel, which may outlive the one that called it.
        let _ = conversation.set("ZAMMAD_ANSWERED", &written.call_id);
    }
    Ok(Wanted::Report(Box::new(written)))
}

fn hangup<R: BufRead, W: Write>(
    args: &cli::AgiHangup,
    conversation: &mut Conversation<R, W>,
    config: &Config,
) -> anyhow::Result<Wanted> {
    // A call without its hangup rings for ever: what the channel does not say any more is left out.
    let values = conversation.values([
        "ZAMMAD_CALLID",
        "UNIQUEID",
        "ZAMMAD_DIRECTION",
        "ZAMMAD_ANSWERED",
        "MASTER_CHANNEL(ZAMMAD_ANSWERED)",
        "ZAMMAD_ENDED",
        "DIALSTATUS",
        "QUEUESTATUS",
        "ABANDONED",
        "HANGUPCAUSE",
    ]);
    let [
        known,
        own_id,
        shown_direction,
        answered,
        answered_on_master,
        ended,
        dial_status,
        queue_status,
        abandoned,
        hangup_cause,
    ] = values.unwrap_or_else(|error| {
        log::warn!("the cause of the hangup is unknown: {error}");
        Default::default()
    });
    let call_id = match given("--call-id", &args.call_id)? {
        Some(call_id) => call_id.to_owned(),
        None => id([known, own_id], conversation.header()),
    };
    if ended == call_id {
        // A second hangup would take the mark off a missed call.
        return Ok(Wanted::Nothing(format!("zammad-cti: the hangup of call {call_id} is sent already")));
    }
    let direction = direction(EventKind::Hangup, &args.direction, &shown_direction)?;
    // 1 is what a dialplan of its own may note there.
    let answered = answered == "1" || [answered, answered_on_master].contains(&call_id);
    let cause = match given("--cause", &args.cause)? {
        // Without its hangup the call would ring for ever.
        Some(cause) => match cause.parse::<HangupCause>() {
            Ok(_) => Some(cause.to_owned()),
            Err(error) => {
                log::warn!("--cause: {error}; the channel's cause is used");
                let _ = conversation.say(&format!("zammad-cti: --cause: {error}"));
                None
            }
        },
        None => None,
    };
    let written = WrittenEvent {
        cause,
        dialstatus: Some(dial_status),
        queue_status: Some(queue_status),
        abandoned: Some(abandoned),
        hangup_cause: Some(hangup_cause),
        answered: answered.then_some(true),
        ..WrittenEvent::new(EventKind::Hangup, call_id, direction)
    };
    written.clone().read(config, None)?;
    // Only a later run would look for it.
    let _ = conversation.set("ZAMMAD_ENDED", &written.call_id);
    Ok(Wanted::Report(Box::new(written)))
}

/// The first id of these, else the header's. Whoever makes a channel from outside may choose its id, so it is
/// taken without what no id may have.
fn id(known: impl IntoIterator<Item = String>, header: &Header) -> String {
    let mut known = known.into_iter().map(|id| id.replace(char::is_control, ""));
    known.find(|id| !id.is_empty()).unwrap_or_else(|| header.unique_id.clone())
}

/// An option's text; none if it is empty, as an unset variable of the dialplan is.
fn given<'a>(flag: &'static str, shown: &'a Option<OsString>) -> anyhow::Result<Option<&'a str>> {
    let text = shown.as_deref().map(|shown: &OsStr| text(flag, shown)).transpose()?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// The option's direction, else that of the call's newCall, if the channel knows it.
fn direction(kind: EventKind, option: &Option<OsString>, of_call: &str) -> anyhow::Result<Option<Direction>> {
    let of_call = of_call.parse().ok();
    let read = given("--direction", option)?.map(str::parse::<Direction>);
    match (read, of_call) {
        (Some(Ok(direction)), _) => Ok(Some(direction)),
        (Some(Err(_)), Some(call)) => {
            log::warn!("{}", Finding::DirectionUnread { kind, call });
            Ok(Some(call))
        }
        (Some(Err(_)), None) => Err(UsageError::NO_DIRECTION).context("--direction"),
        (None, of_call) => Ok(of_call),
    }
}
