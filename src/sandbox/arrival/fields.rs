//! What is wrong with the fields of an event, and what is no field of it.

use serde_json::Value;

use super::{Arrival, CallBefore};
use crate::cause::{Cause, HangupCause};
use crate::event::{Direction, EventKind, Name};
use crate::number::{LOOKED_UP, stands_for_no_number, zammad_lookup};
use crate::rules::{self, FROM_PATH, Fields, Finding, Refusal, Reply, customers_field, findings, is_present};
use crate::sandbox::finding::{FILTER, RequestFinding, Shape};

/// How long a phone system's own numbers may be; Zammad does not know it, so this is a guess.
const EXTENSION_DIGITS: u8 = 5;

/// What Zammad's caller log keeps of a number.
const NUMBER_CHARS: usize = 100;

/// What follows from the fields of an event.
pub fn in_its_fields(event: EventKind, arrival: &Arrival) -> Vec<RequestFinding> {
    let fields = arrival.fields;
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let direction = rules::direction(fields);
    // What a hangup does to its call is known here, and told already.
    let as_meant = findings(&fields.into(), None, None, EXTENSION_DIGITS);
    // What a sender would cut down to one user arrives as a list.
    let mut found: Vec<_> = (as_meant.into_iter())
        .filter(|finding| !matches!(finding, Finding::SeveralUsersOnAnswer { .. }))
        .map(RequestFinding::Meant)
        .collect();
    match event {
        EventKind::NewCall => {
            for (direction, field) in direction.into_iter().flat_map(|it| [(it, "from"), (it, "to")]) {
                match fields.get(field) {
                    Some(Value::String(number)) => {
                        found.extend(unfit(direction, field, number, is_form(arrival)));
                        found.extend(too_long(field, number, NUMBER_CHARS));
                    }
                    Some(value) => found.extend(not_text(field, value, effect(direction, field, value))),
                    None => {}
                }
            }
            if let (Some(direction), Some(from), Some(to)) = (direction, text("from"), text("to")) {
                let queue = text("queue").filter(|queue| !queue.is_empty());
                found.extend(odd_parties(direction, from, to, queue.is_some()));
            }
            if let Some(users @ Value::Object(_)) = fields.get("user") {
                found.extend(not_text("user", users, Some(IN_RUBY)));
            }
            for field in ["user", "queue"] {
                found.extend(text(field).and_then(|name| too_long(field, name, Name::MAX_CHARS)));
                found.extend(text(field).and_then(voicemail_misspelt));
            }
        }
        EventKind::Answer => found.extend(answered_by(fields.get("user"), direction, arrival.outcome)),
        EventKind::Hangup => found.extend(text("cause").and_then(|cause| odd_cause(cause, arrival.before))),
    }
    found.extend(text("cause").and_then(|cause| too_long("cause", cause, Cause::MAX_CHARS)));
    found.extend(fields.keys().filter_map(|name| useless(event, name)));
    found
}

/// Whether a plus sign in the request stands for a blank.
///
/// Source: WHATWG, "URL", section 5.1, "application/x-www-form-urlencoded parsing".
fn is_form(arrival: &Arrival) -> bool {
    let media_type = arrival.content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    let media_type = media_type.trim().to_ascii_lowercase();
    ["", "application/x-www-form-urlencoded"].contains(&media_type.as_str())
}

/// A called party that is missing, or parties that seem to be swapped.
fn odd_parties(direction: Direction, from: &str, to: &str, has_queue: bool) -> Option<RequestFinding> {
    if to.trim().is_empty() {
        // With a queue it is told what becomes of the popup.
        let is_told = direction == Direction::Inbound && has_queue;
        let finding = Finding::CalledPartyIsNoNumber { direction, sent: to.to_owned() };
        return (!is_told).then_some(RequestFinding::Meant(finding));
    }
    let is_extension = |number: &str| {
        (1..=usize::from(EXTENSION_DIGITS)).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
            // Such as 0 for the exchange, or 110.
            && !number.starts_with('0')
            && !number.starts_with('1')
    };
    let is_whole = |number: &str| number.bytes().filter(u8::is_ascii_digit).count() >= *LOOKED_UP.start();
    match direction {
        Direction::Inbound if is_extension(from) && is_whole(to) => {
            Some(RequestFinding::Meant(Finding::ExtensionCalls { sent: from.to_owned() }))
        }
        Direction::Outbound if is_whole(from) && is_extension(to) => {
            Some(RequestFinding::ExtensionCalled { sent: to.to_owned() })
        }
        Direction::Inbound | Direction::Outbound => None,
    }
}

/// A number that Zammad takes, but compares or looks up to no avail.
fn unfit(
    direction: Direction,
    field: &'static str,
    number: &str,
    is_in_form: bool,
) -> Option<RequestFinding> {
    let trimmed = number.trim();
    if trimmed.is_empty() || trimmed == "anonymous" {
        return None;
    }
    if stands_for_no_number(trimmed) {
        return Some(RequestFinding::WithheldWord { field, word: trimmed.to_owned() });
    }
    let is_customers = field == customers_field(direction);
    let compared_by = match (direction, is_customers) {
        (Direction::Inbound, true) => "the block list",
        (Direction::Outbound, true) => "the table of caller ids",
        (Direction::Inbound | Direction::Outbound, false) => FILTER,
    };
    let not_e164 = |shape| Some(RequestFinding::NotE164 { field, shape, compared_by });
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_only_digits = digits(number);
    if number.strip_prefix('+').is_some_and(digits) {
        return not_e164(Shape::Plus);
    }
    if is_in_form
        && number.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return not_e164(Shape::PlusInForm);
    }
    let all: String = number.chars().filter(char::is_ascii_digit).collect();
    // A dot or a slash leaves groups that are too short, or several of them.
    let is_bare = number.chars().all(|c| c.is_ascii_digit() || " \t+-()/.".contains(c));
    if is_bare && number.contains(['.', '/']) && all.len() >= *LOOKED_UP.start() {
        return match is_customers {
            true => Some(RequestFinding::NotLookedUpWhole { field }),
            false => not_e164(Shape::Formatted),
        };
    }
    // Names of extensions and of queues are no numbers.
    let looked_up = zammad_lookup(number).into_iter().next()?;
    let is_national = all.starts_with('0') && !all.starts_with("00");
    if is_national && is_customers {
        return Some(RequestFinding::TakenForGerman { field, looked_up });
    }
    if !has_only_digits {
        return not_e164(if number.starts_with('+') { Shape::Plus } else { Shape::Formatted });
    }
    if is_national {
        return not_e164(Shape::NationalPrefix);
    }
    if number.starts_with("00") { not_e164(Shape::InternationalPrefix) } else { None }
}

/// What becomes of a newCall's number that is no text; `None` if nothing does.
fn effect(direction: Direction, field: &str, value: &Value) -> Option<&'static str> {
    match direction {
        Direction::Inbound if field == "from" => {
            Some("the block list and the look-up of the customer compare texts and will not match")
        }
        Direction::Inbound => {
            Some("where the caller log has a filter, the notification compares texts and will not match")
        }
        Direction::Outbound if field == "to" => {
            Some("Zammad answers 500 where it has caller ids to choose from")
        }
        // It is stored as the text that it should be.
        Direction::Outbound if value.is_number() => None,
        Direction::Outbound => Some(IN_RUBY),
    }
}

pub const IN_RUBY: &str = "agents see it in Ruby's notation";

/// A field that is no text where Zammad wants one; a null counts as absent.
fn not_text(field: &'static str, value: &Value, effect: Option<&'static str>) -> Option<RequestFinding> {
    Some(RequestFinding::NotText { field, kind: kind(value)?, effect: effect? })
}

fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null | Value::String(_) => None,
        Value::Bool(_) => Some("true or false"),
        Value::Number(_) => Some("a number"),
        Value::Array(_) => Some("a list"),
        Value::Object(_) => Some("a map"),
    }
}

fn too_long(field: &'static str, text: &str, kept: usize) -> Option<RequestFinding> {
    let characters = text.chars().count();
    (characters > kept).then_some(RequestFinding::CutShort { field, characters, kept })
}

/// The user of an answer.
fn answered_by(
    user: Option<&Value>,
    direction: Option<Direction>,
    outcome: Option<Result<&Reply, Refusal>>,
) -> Option<RequestFinding> {
    let user = user.filter(|user| !user.is_null())?;
    if outcome == Some(Err(Refusal::UserIsNoText)) {
        return kind(user).map(|kind| RequestFinding::UserFailsOnAnswer { kind });
    }
    match user {
        // Of an outbound answer any user at all is a finding already.
        _ if direction == Some(Direction::Outbound) => None,
        user if !is_present(user) && *user != Value::Bool(false) => Some(RequestFinding::EmptyUserOnAnswer),
        Value::String(user) => voicemail_misspelt(user),
        Value::Array(_) => Some(RequestFinding::ListOnAnswer),
        _ => None,
    }
}

fn voicemail_misspelt(name: &str) -> Option<RequestFinding> {
    let misspelt = name != Name::VOICEMAIL && name.trim().eq_ignore_ascii_case(Name::VOICEMAIL);
    misspelt.then(|| RequestFinding::VoicemailMisspelt { given: name.to_owned() })
}

fn odd_cause(cause: &str, before: Option<CallBefore>) -> Option<RequestFinding> {
    if cause == HangupCause::Voicemail.as_str() {
        let is_voice_message = before.is_some_and(|call| call.voice_message);
        return (!is_voice_message).then_some(RequestFinding::VoicemailAsCause);
    }
    let meant = cause.parse::<HangupCause>().ok();
    let is_word = meant.is_some_and(|meant| meant.as_str() == cause);
    (!is_word && !cause.is_empty()).then(|| RequestFinding::UnknownCause { given: cause.to_owned(), meant })
}

/// The fields that each event has a use for.
///
/// Source: Zammad's CTI driver and caller-log model.
fn used(event: EventKind) -> &'static [&'static str] {
    match event {
        EventKind::NewCall => &["user", "queue"],
        EventKind::Answer => &["user", "answeringNumber", "user_id"],
        EventKind::Hangup => &[],
    }
}

/// All names that mean something to Zammad, in one event or another.
const KNOWN: [&str; 11] = [
    "event",
    "direction",
    "callId",
    "call_id",
    "from",
    "to",
    "cause",
    "user",
    "queue",
    "answeringNumber",
    "user_id",
];

/// Fields whose names keep a request from meaning anything, whatever event it is.
pub fn misnamed(fields: &Fields) -> Vec<RequestFinding> {
    let plain = |name: &str| name.replace(['-', '_', ' '], "").to_lowercase();
    let mut found = Vec::new();
    for name in fields.keys() {
        // The path may end in a format too.
        if FROM_PATH.contains(&name.as_str()) || name == "format" {
            found.push(RequestFinding::ReservedField { name: name.clone() });
        } else if !KNOWN.contains(&name.as_str())
            && let Some(meant) = KNOWN.into_iter().find(|known| plain(known) == plain(name))
        {
            found.push(RequestFinding::MisspeltField { name: name.clone(), meant });
        }
    }
    found
}

/// A field that this event has no use for.
fn useless(event: EventKind, name: &str) -> Option<RequestFinding> {
    const TIMES: [&str; 8] =
        ["timestamp", "time", "date", "datetime", "start", "end", "initialized_at", "duration"];
    let named = || name.to_owned();
    match name {
        "event" | "direction" | "callId" | "call_id" | "from" | "to" | "cause" => None,
        "user" | "queue" | "answeringNumber" | "user_id" => {
            (!used(event).contains(&name)).then(|| RequestFinding::IgnoredField { name: named(), event })
        }
        // In the documentation's examples of an answer.
        "caller" => Some(RequestFinding::MisspeltField { name: named(), meant: "user" }),
        _ if TIMES.contains(&name.to_lowercase().as_str()) => {
            Some(RequestFinding::TimeField { name: named() })
        }
        _ if !misnamed(&Fields::from_iter([(named(), Value::Null)])).is_empty() => None,
        _ => Some(RequestFinding::UnknownField { name: named() }),
    }
}
