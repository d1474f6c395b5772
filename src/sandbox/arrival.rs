//! A request as it arrived, with what Zammad's rules made of it.

mod fields;

use std::fmt;

use serde_json::Value;

use super::finding::RequestFinding;
use crate::event::{CallId, Direction, EventKind, Name};
use crate::rules::{
    self, Answered, Entry, Fields, Finding, Refusal, Reply, call_id, cast, column, done_after_hangup, given,
    is_present, user,
};
use fields::{in_its_fields, misnamed};

/// The direction by which a probe is refused, with nothing else in it.
const PROBE: &str = "probe";

/// What is known of one request.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub method: &'a str,
    pub token: Token,
    pub content_type: Option<&'a str>,
    pub accept: Option<&'a str>,
    /// whether errors are told in JSON, by the rules for `Accept`, suffix and format
    pub errors_in_json: bool,
    pub body: &'a [u8],
    /// as decoded; empty if that failed
    pub fields: &'a Fields,
    /// the call as it was before
    pub before: Option<CallBefore>,
    /// the log had the call, and dropped it for want of room
    pub was_dropped: bool,
    /// an event of this call that was refused because it came before the newCall
    pub overtaken_by: Option<EventKind>,
    /// `None` if the request never came as far as Zammad's rules
    pub outcome: Option<Result<&'a Reply, Refusal>>,
}

/// A call in the log, as far as its next event depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBefore {
    pub direction: Direction,
    pub state: EventKind,
    pub done: bool,
    pub voice_message: bool,
    /// whether the event names somebody else than agents see as called
    pub renamed: bool,
}

impl CallBefore {
    /// The call of `entry`, about to get an event.
    pub fn new(entry: &Entry, event: &Fields) -> Self {
        let shown = entry.to_comment.as_deref().unwrap_or_default();
        let named = || user(event).filter(is_present).map(|user| column(&user, Name::MAX_CHARS));
        let renamed =
            !shown.is_empty() && named().is_some_and(|named| named.to_lowercase() != shown.to_lowercase());
        Self {
            direction: entry.direction,
            state: entry.state,
            done: entry.done,
            voice_message: entry.is_voice_message(),
            renamed,
        }
    }
}

/// How the token of a request compares to Zammad's. It shows nothing of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Right,
    WithBlank,
    WithDot,
    Wrong { characters: usize, expected: usize },
}

impl Token {
    /// `given` is what stands in the path, suffix included.
    pub fn compare(given: &str, right: &str) -> Self {
        let token = given.split_once('.').map_or(given, |(token, _)| token);
        if token == right {
            Self::Right
        } else if given.replace("%20", " ").trim_matches(|c: char| c.is_whitespace() || c == '+') == right {
            Self::WithBlank
        } else if given != token {
            Self::WithDot
        } else {
            Self::Wrong { characters: given.chars().count(), expected: right.chars().count() }
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right => f.write_str("the token is right"),
            Self::WithBlank => f.write_str("the token has a blank before or behind it, which counts: 401"),
            Self::WithDot => f.write_str(
                "the token has a dot: Zammad takes what follows for a format, so such a token never fits: 401",
            ),
            Self::Wrong { characters, expected } if characters == expected => f.write_str(
                "the token is wrong, but as long as the right one: copy the address once more; upper and \
                 lower case count",
            ),
            Self::Wrong { characters, expected } => write!(
                f,
                "the token is wrong: it has {characters} characters, and the right one {expected}; copy the \
                 address once more"
            ),
        }
    }
}

/// All findings about one request; none for an event that is right.
pub fn findings_on_arrival(arrival: &Arrival) -> Vec<RequestFinding> {
    let mut found: Vec<_> = on_the_way(arrival).into_iter().collect();
    if found.is_empty() && is_probe(arrival) {
        found.push(RequestFinding::Probe);
    } else if found.is_empty() && arrival.outcome.is_some() {
        found.extend(misnamed(arrival.fields));
        if arrival.outcome == Some(Err(Refusal::InvalidDirection)) {
            found.push(RequestFinding::InvalidDirection { given: shown(arrival.fields, "direction") });
        }
        match rules::event_kind(arrival.fields) {
            Some(event) => {
                found.extend(in_its_call(event, arrival));
                found.extend(in_its_fields(event, arrival));
            }
            None => found.push(RequestFinding::UnknownEvent { given: shown(arrival.fields, "event") }),
        }
    }
    let is_event = arrival.outcome.is_some_and(|outcome| outcome != Err(Refusal::NoSuchPage));
    if is_event && !arrival.errors_in_json {
        found.push(RequestFinding::CauseHidden { accept: arrival.accept.map(str::to_owned) });
    }
    found
}

/// Whether a request only asks for the refusal that shows that all is in order.
fn is_probe(arrival: &Arrival) -> bool {
    arrival.outcome == Some(Err(Refusal::InvalidDirection))
        && arrival.fields.len() == 1
        && arrival.fields.get("direction").and_then(Value::as_str) == Some(PROBE)
}

/// What keeps a request from being read as an event.
fn on_the_way(arrival: &Arrival) -> Option<RequestFinding> {
    match arrival.outcome? {
        Err(Refusal::NoSuchPage) if arrival.method == "POST" => Some(RequestFinding::WrongPath),
        Err(Refusal::NoSuchPage) => Some(RequestFinding::WrongMethod { method: arrival.method.to_owned() }),
        Err(Refusal::SwitchedOff) => Some(RequestFinding::SwitchedOff),
        Err(Refusal::NotConfigured) => Some(RequestFinding::NotConfigured),
        Err(Refusal::WrongToken) => Some(RequestFinding::WrongToken(arrival.token)),
        Err(Refusal::BrokenJson) => {
            let reason = serde_json::from_slice::<serde::de::IgnoredAny>(arrival.body).err();
            Some(RequestFinding::BrokenJson {
                reason: reason.map_or_else(|| "it ends too early".to_owned(), |error| error.to_string()),
            })
        }
        Err(Refusal::BrokenParameters) => Some(match std::str::from_utf8(arrival.body) {
            Err(error) => RequestFinding::InvalidUtf8 { at: error.valid_up_to() },
            Ok(_) => RequestFinding::BrokenForm,
        }),
        Ok(_)
        | Err(
            Refusal::InvalidDirection
            | Refusal::AlreadyExists
            | Refusal::AlreadyExistsInDatabase
            | Refusal::UnknownCall
            | Refusal::UnknownEvent
            | Refusal::Missing(_)
            | Refusal::UnusableCallId
            | Refusal::ToIsNoText
            | Refusal::UserIsNoText,
        ) => {
            let has_fields = ["event", "direction"].iter().any(|name| arrival.fields.contains_key(*name));
            if has_fields { None } else { unread(arrival) }
        }
    }
}

/// Why a request whose body was taken has none of an event's fields.
fn unread(arrival: &Arrival) -> Option<RequestFinding> {
    let body = arrival.body.trim_ascii();
    if body.is_empty() {
        return arrival.fields.is_empty().then_some(RequestFinding::NoFields);
    }
    let media_type = arrival.content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
    let is_json = matches!(body[0], b'{' | b'[' | b'"');
    if media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/json")) {
        return arrival.fields.is_empty().then_some(match body {
            [b'{', ..] => RequestFinding::NoFields,
            _ => RequestFinding::JsonWithoutFields,
        });
    }
    let is_form = media_type.is_none_or(|media_type| {
        ["", "application/x-www-form-urlencoded", "multipart/form-data"]
            .contains(&media_type.to_ascii_lowercase().as_str())
    });
    (is_json || !is_form).then(|| RequestFinding::BodyUnread {
        content_type: arrival.content_type.map(str::to_owned),
        is_json,
    })
}

/// What follows from the place of an event in its call.
fn in_its_call(event: EventKind, arrival: &Arrival) -> Vec<RequestFinding> {
    let mut found = Vec::new();
    match arrival.outcome {
        Some(Err(Refusal::UnknownCall)) => found.push(match arrival.was_dropped {
            true => RequestFinding::NoLongerKept { event },
            false => RequestFinding::UnknownCall { event },
        }),
        Some(Err(Refusal::AlreadyExists | Refusal::AlreadyExistsInDatabase)) => {
            let state = arrival.before.map_or(EventKind::NewCall, |call| call.state);
            found.push(RequestFinding::CallIdReused { state });
        }
        Some(Err(Refusal::Missing(field))) => {
            found.push(RequestFinding::Missing { field: if field == "call_id" { "callId" } else { field } });
        }
        Some(Err(Refusal::UnusableCallId)) => found.push(RequestFinding::UnusableCallId),
        Some(Ok(Reply::Reject)) => found.push(RequestFinding::Blocked),
        // What is wrong with fields is told where they are.
        None
        | Some(
            Ok(Reply::Accepted | Reply::Dial { .. })
            | Err(
                Refusal::SwitchedOff
                | Refusal::NotConfigured
                | Refusal::WrongToken
                | Refusal::InvalidDirection
                | Refusal::UnknownEvent
                | Refusal::ToIsNoText
                | Refusal::UserIsNoText
                | Refusal::BrokenJson
                | Refusal::BrokenParameters
                | Refusal::NoSuchPage,
            ),
        ) => {}
    }
    if let Some(id) = call_id(arrival.fields).map(cast) {
        let characters = id.chars().count();
        found.extend((characters == 0).then_some(RequestFinding::EmptyCallId));
        found.extend((characters > CallId::MAX_CHARS).then_some(RequestFinding::LongCallId { characters }));
    }
    let taken = matches!(arrival.outcome, Some(Ok(_) | Err(Refusal::UserIsNoText)));
    if !taken {
        return found;
    }
    found.extend(arrival.overtaken_by.map(|by| RequestFinding::Overtaken { by }));
    let (Some(before), Some(direction)) = (arrival.before, rules::direction(arrival.fields)) else {
        return found;
    };
    match (event, before.state) {
        (EventKind::Answer, EventKind::Hangup) => found.push(RequestFinding::AnswerAfterHangup),
        (EventKind::Answer, EventKind::Answer) if before.renamed => found.push(RequestFinding::Transfer),
        (EventKind::Answer, EventKind::Answer) => found.push(RequestFinding::SecondAnswer { direction }),
        (EventKind::Hangup, EventKind::Hangup) => {
            let hides_missed = !before.done && !before.voice_message;
            found.push(RequestFinding::SecondHangup { hides_missed });
        }
        (EventKind::Answer | EventKind::Hangup, EventKind::NewCall)
        | (EventKind::Hangup, EventKind::Answer)
        | (EventKind::NewCall, _) => {}
    }
    if direction == before.direction {
        return found;
    }
    let call = before.direction;
    let done = |direction| done_after_hangup(before.state, before.voice_message, arrival.fields, direction);
    match event {
        EventKind::Answer if before.state != EventKind::Hangup => {
            found.push(RequestFinding::AnswerAgainstDirection { call });
        }
        // Where agents see the same either way, there is nothing to tell.
        EventKind::Hangup if done(direction) != done(call) => {
            let answered = if before.voice_message { Answered::Voicemail } else { Answered::Nobody };
            found.push(RequestFinding::Meant(Finding::HangupAgainstDirection { call, answered }));
        }
        EventKind::NewCall | EventKind::Answer | EventKind::Hangup => {}
    }
    found
}

/// A field as its sender wrote it.
fn shown(fields: &Fields, name: &str) -> Option<String> {
    given(fields, name).map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::super::finding::Shape;
    use super::fields::IN_RUBY;
    use super::*;
    use crate::cause::HangupCause;
    use crate::rules::{CallLog, Setup, entry_of, process};

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(fields) => fields,
            other => panic!("{other} is no object"),
        }
    }

    /// A right event, with these fields changed; a null takes one out.
    fn event(event: &str, change: Value) -> Fields {
        let mut fields = fields(json!({ "event": event, "callId": "7", "direction": "in" }));
        if event == "newCall" {
            fields.extend([("from".into(), json!("4930123456")), ("to".into(), json!("42"))]);
        }
        for (name, value) in self::fields(change) {
            if value.is_null() {
                fields.remove(&name);
            } else {
                fields.insert(name, value);
            }
        }
        fields
    }

    /// The findings about the last of some requests, each taken as it came by what came before.
    fn play(requests: &[Fields]) -> Vec<RequestFinding> {
        let setup = Setup { blocked: vec!["491715000000".to_owned()], ..Setup::default() };
        let routes = vec![crate::rules::Route::new("41*", "1").unwrap()];
        let setup = Setup { routes, ..setup };
        let mut log = CallLog::default();
        let mut refused = None;
        let mut found = Vec::new();
        for fields in requests {
            let before = entry_of(&log, fields).map(|entry| CallBefore::new(entry, fields));
            let outcome = process(&setup, true, &mut log, fields, SystemTime::UNIX_EPOCH);
            let kind = rules::event_kind(fields);
            found = findings_on_arrival(&Arrival {
                before,
                overtaken_by: refused.filter(|_| kind == Some(EventKind::NewCall)),
                outcome: Some(outcome.as_ref().map_err(|&refusal| refusal)),
                ..arrival(fields)
            });
            if outcome == Err(Refusal::UnknownCall) {
                refused = kind;
            }
        }
        found
    }

    /// A request that came as it should.
    fn arrival(fields: &Fields) -> Arrival<'_> {
        Arrival {
            method: "POST",
            token: Token::Right,
            content_type: Some("application/json"),
            accept: Some("application/json"),
            errors_in_json: true,
            body: b"{...}",
            fields,
            before: None,
            was_dropped: false,
            overtaken_by: None,
            outcome: Some(Ok(&Reply::Accepted)),
        }
    }

    #[test]
    fn parties_that_cannot_be_meant_are_told() {
        let empty = |direction| {
            RequestFinding::Meant(Finding::CalledPartyIsNoNumber { direction, sent: String::new() })
        };
        let in_form =
            |field, compared_by| RequestFinding::NotE164 { field, shape: Shape::PlusInForm, compared_by };
        let calls = RequestFinding::Meant(Finding::ExtensionCalls { sent: "42".to_owned() });
        let called = RequestFinding::ExtensionCalled { sent: "42".to_owned() };
        let inbound = json!({ "from": "493023125741", "to": "" });
        // (what differs from a right newCall, whether it is a form, findings)
        let cases = [
            (inbound, false, vec![empty(Direction::Inbound)]),
            (json!({ "direction": "out", "from": "42", "to": "" }), false, vec![empty(Direction::Outbound)]),
            (json!({ "from": "42", "to": "493023125741" }), false, vec![calls]),
            (json!({ "direction": "out", "from": "493023125741", "to": "42" }), false, vec![called]),
            // An internal call, and a call for help.
            (json!({ "from": "43", "to": "42" }), false, vec![]),
            (json!({ "direction": "out", "from": "493023125741", "to": "110" }), false, vec![]),
            (json!({ "from": " 493023125741" }), true, vec![in_form("from", "the block list")]),
            (json!({ "to": " 49 30 600" }), true, vec![in_form("to", "the caller-log filter")]),
        ];
        for (change, is_form, expected) in cases {
            let fields = event("newCall", change.clone());
            let content_type =
                is_form.then_some("application/x-www-form-urlencoded").or(Some("application/json"));
            let found = findings_on_arrival(&Arrival { content_type, ..arrival(&fields) });
            assert_eq!(found, expected, "{change}");
        }
    }

    #[test]
    fn right_calls_give_no_finding() {
        let out = json!({ "direction": "out", "from": "42", "to": "4930123456", "user": ["Alice"] });
        let group = json!({ "user": ["Alice", "Bob"], "queue": "support", "from": "anonymous" });
        let answered = json!({ "user": "alice", "answeringNumber": "42", "from": "4930123456" });
        let calls = [
            vec![
                event("newCall", group),
                event("answer", answered),
                event("hangup", json!({ "cause": "normalClearing", "from": "4930123456" })),
            ],
            vec![event("newCall", json!({})), event("hangup", json!({ "cause": "forwarded" }))],
            vec![
                event("newCall", json!({ "callId": null, "call_id": 7 })),
                event("answer", json!({ "user": "voicemail" })),
                event("hangup", json!({})),
            ],
            vec![
                event("newCall", out),
                event("answer", json!({ "direction": "out" })),
                event("hangup", json!({ "direction": "out", "cause": "busy" })),
            ],
        ];
        for call in calls {
            for events in 1..=call.len() {
                assert_eq!(play(&call[..events]), [], "{:?}", call[events - 1]);
            }
        }
    }

    #[test]
    fn each_odd_event_is_explained() {
        use RequestFinding::*;
        let new_call = |change| event("newCall", change);
        let answer = |change| event("answer", change);
        let hangup = |change| event("hangup", change);
        let answered_by = |user: &str| answer(json!({ "user": user }));
        let rings = || new_call(json!({}));
        let calls_out = || new_call(json!({ "direction": "out", "from": "42", "to": "4930123456" }));
        let calls_out_with = |change: Value| {
            let mut event = calls_out();
            event.extend(fields(change));
            event
        };
        let not_e164 = |field, shape, compared_by| NotE164 { field, shape, compared_by };
        let (block_list, filter) = ("the block list", "the caller-log filter");
        let notified =
            "where the caller log has a filter, the notification compares texts and will not match";
        let compared = "the block list and the look-up of the customer compare texts and will not match";
        // (requests, findings about the last)
        let cases = [
            // its place in its call
            (vec![answer(json!({}))], vec![UnknownCall { event: EventKind::Answer }]),
            (vec![hangup(json!({}))], vec![UnknownCall { event: EventKind::Hangup }]),
            (vec![hangup(json!({})), rings()], vec![Overtaken { by: EventKind::Hangup }]),
            (vec![rings(), rings()], vec![CallIdReused { state: EventKind::NewCall }]),
            (vec![rings(), hangup(json!({})), rings()], vec![CallIdReused { state: EventKind::Hangup }]),
            (vec![rings(), hangup(json!({})), answer(json!({}))], vec![AnswerAfterHangup]),
            (vec![rings(), hangup(json!({})), hangup(json!({}))], vec![SecondHangup { hides_missed: true }]),
            (
                vec![rings(), answer(json!({})), hangup(json!({})), hangup(json!({}))],
                vec![SecondHangup { hides_missed: false }],
            ),
            (
                vec![rings(), answer(json!({ "user": "voicemail" })), hangup(json!({})), hangup(json!({}))],
                vec![SecondHangup { hides_missed: false }],
            ),
            (
                vec![rings(), answer(json!({})), answer(json!({}))],
                vec![SecondAnswer { direction: Direction::Inbound }],
            ),
            (
                vec![rings(), answered_by("alice"), answered_by("Alice")],
                vec![SecondAnswer { direction: Direction::Inbound }],
            ),
            (vec![rings(), answered_by("alice"), answered_by("bob")], vec![Transfer]),
            // No agent gets a screen from an outbound answer, whatever the call is.
            (
                vec![rings(), answer(json!({})), answer(json!({ "direction": "out" }))],
                vec![
                    SecondAnswer { direction: Direction::Outbound },
                    AnswerAgainstDirection { call: Direction::Inbound },
                ],
            ),
            (
                vec![rings(), hangup(json!({ "direction": "out" }))],
                vec![Meant(Finding::HangupAgainstDirection {
                    call: Direction::Inbound,
                    answered: Answered::Nobody,
                })],
            ),
            (
                vec![rings(), answered_by("voicemail"), hangup(json!({ "direction": "out" }))],
                vec![Meant(Finding::HangupAgainstDirection {
                    call: Direction::Inbound,
                    answered: Answered::Voicemail,
                })],
            ),
            (
                vec![calls_out(), hangup(json!({}))],
                vec![Meant(Finding::HangupAgainstDirection {
                    call: Direction::Outbound,
                    answered: Answered::Nobody,
                })],
            ),
            (vec![rings(), answer(json!({})), hangup(json!({ "direction": "out" }))], vec![]),
            (vec![rings(), hangup(json!({ "direction": "out", "cause": "forwarded" }))], vec![]),
            (vec![calls_out(), answer(json!({ "direction": "out" })), hangup(json!({}))], vec![]),
            (
                vec![calls_out(), answer(json!({}))],
                vec![AnswerAgainstDirection { call: Direction::Outbound }],
            ),
            (vec![new_call(json!({ "from": "491715000000" }))], vec![Blocked]),
            // its numbers
            (
                vec![new_call(json!({ "from": "+4930123456" }))],
                vec![not_e164("from", Shape::Plus, block_list)],
            ),
            (
                vec![new_call(json!({ "from": "004930123456" }))],
                vec![not_e164("from", Shape::InternationalPrefix, block_list)],
            ),
            (
                vec![new_call(json!({ "from": "49 30 123456" }))],
                vec![not_e164("from", Shape::Formatted, block_list)],
            ),
            (
                vec![new_call(json!({ "from": "sip:4930123456@pbx" }))],
                vec![not_e164("from", Shape::Formatted, block_list)],
            ),
            (
                vec![new_call(json!({ "from": "030123456" }))],
                vec![TakenForGerman { field: "from", looked_up: "4930123456".into() }],
            ),
            (vec![new_call(json!({ "from": "030/123456" }))], vec![NotLookedUpWhole { field: "from" }]),
            // Of the other party's number there is nothing to look up.
            (
                vec![new_call(json!({ "to": "030123456" }))],
                vec![not_e164("to", Shape::NationalPrefix, filter)],
            ),
            (vec![new_call(json!({ "to": "030/123456" }))], vec![not_e164("to", Shape::Formatted, filter)]),
            (vec![new_call(json!({ "to": "7".repeat(27) }))], vec![]),
            (
                vec![calls_out_with(json!({ "from": "030123456" }))],
                vec![not_e164("from", Shape::NationalPrefix, filter)],
            ),
            (
                vec![calls_out_with(json!({ "to": "030123456" }))],
                vec![TakenForGerman { field: "to", looked_up: "4930123456".into() }],
            ),
            (vec![calls_out_with(json!({ "to": "030/123456" }))], vec![NotLookedUpWhole { field: "to" }]),
            (
                vec![new_call(json!({ "from": "unknown" }))],
                vec![WithheldWord { field: "from", word: "unknown".into() }],
            ),
            (
                vec![new_call(json!({ "from": 4_930_123_456_u64 }))],
                vec![NotText { field: "from", kind: "a number", effect: compared }],
            ),
            (
                vec![new_call(json!({ "direction": "out", "to": "+41441234567" }))],
                vec![not_e164("to", Shape::Plus, "the table of caller ids")],
            ),
            (
                vec![new_call(json!({ "direction": "out", "to": 41_441_234_567_u64 }))],
                vec![NotText {
                    field: "to",
                    kind: "a number",
                    effect: "Zammad answers 500 where it has caller ids to choose from",
                }],
            ),
            (
                vec![new_call(json!({ "to": 42 }))],
                vec![NotText { field: "to", kind: "a number", effect: notified }],
            ),
            (vec![calls_out_with(json!({ "from": 42 }))], vec![]),
            (
                vec![calls_out_with(json!({ "from": ["42"] }))],
                vec![NotText { field: "from", kind: "a list", effect: IN_RUBY }],
            ),
            // its names
            (
                vec![new_call(json!({ "to": "anonymous", "queue": "support" }))],
                vec![Meant(Finding::CalledPartyOutOfReach { queue: "support".into() })],
            ),
            (vec![calls_out_with(json!({ "to": "anonymous", "queue": "support" }))], vec![]),
            (vec![rings(), answer(json!({ "user": ["alice"] }))], vec![UserFailsOnAnswer { kind: "a list" }]),
            (vec![rings(), answer(json!({ "user": 5 }))], vec![UserFailsOnAnswer { kind: "a number" }]),
            (vec![rings(), answer(json!({ "user": "" }))], vec![EmptyUserOnAnswer]),
            (vec![rings(), answer(json!({ "user": [] }))], vec![EmptyUserOnAnswer]),
            (
                vec![calls_out(), answer(json!({ "direction": "out", "user": "alice" }))],
                vec![Meant(Finding::UserOnOutboundAnswer)],
            ),
            (
                vec![rings(), answer(json!({ "user": "Voicemail" }))],
                vec![VoicemailMisspelt { given: "Voicemail".into() }],
            ),
            (
                vec![new_call(json!({ "user": { "0": "Alice" } }))],
                vec![NotText { field: "user", kind: "a map", effect: "agents see it in Ruby's notation" }],
            ),
            (
                vec![new_call(json!({ "queue": "first level" }))],
                vec![Meant(Finding::QueueWithBlanks { queue: "first level".into() })],
            ),
            (
                vec![new_call(json!({ "user": "x".repeat(251) }))],
                vec![CutShort { field: "user", characters: 251, kept: 250 }],
            ),
            // its cause
            (
                vec![rings(), hangup(json!({ "cause": "NO_ANSWER" }))],
                vec![UnknownCause { given: "NO_ANSWER".into(), meant: Some(HangupCause::NoAnswer) }],
            ),
            (
                vec![rings(), hangup(json!({ "cause": "went away" }))],
                vec![UnknownCause { given: "went away".into(), meant: None }],
            ),
            (vec![rings(), hangup(json!({ "cause": "voicemail" }))], vec![VoicemailAsCause]),
            (vec![rings(), answered_by("voicemail"), hangup(json!({ "cause": "voicemail" }))], vec![]),
            // its other fields
            (
                vec![new_call(json!({ "callId": null, "callid": "7" }))],
                vec![MisspeltField { name: "callid".into(), meant: "callId" }, Missing { field: "callId" }],
            ),
            (
                vec![rings(), answer(json!({ "caller": "alice", "queue": "support" }))],
                vec![
                    MisspeltField { name: "caller".into(), meant: "user" },
                    IgnoredField { name: "queue".into(), event: EventKind::Answer },
                ],
            ),
            (
                vec![rings(), hangup(json!({ "answeringNumber": "42", "user": "alice" }))],
                vec![
                    IgnoredField { name: "answeringNumber".into(), event: EventKind::Hangup },
                    IgnoredField { name: "user".into(), event: EventKind::Hangup },
                ],
            ),
            (
                vec![new_call(json!({ "timestamp": "1", "trunk": "1", "token": "***" }))],
                vec![
                    ReservedField { name: "token".into() },
                    TimeField { name: "timestamp".into() },
                    UnknownField { name: "trunk".into() },
                ],
            ),
            (vec![new_call(json!({ "callId": "" }))], vec![EmptyCallId]),
            (vec![new_call(json!({ "callId": "x".repeat(251) }))], vec![LongCallId { characters: 251 }]),
            (vec![new_call(json!({ "callId": "a\0" }))], vec![UnusableCallId]),
            (vec![new_call(json!({ "from": null }))], vec![Missing { field: "from" }]),
            (
                vec![new_call(json!({ "direction": "inbound" }))],
                vec![InvalidDirection { given: Some("\"inbound\"".into()) }],
            ),
            (vec![answer(json!({ "direction": null }))], vec![InvalidDirection { given: None }]),
            (
                vec![fields(json!({ "callId": "7" }))],
                vec![InvalidDirection { given: None }, UnknownEvent { given: None }],
            ),
            (
                vec![fields(json!({ "direction": "probe", "callId": "7" }))],
                vec![InvalidDirection { given: Some("\"probe\"".into()) }, UnknownEvent { given: None }],
            ),
            (vec![fields(json!({ "direction": "probe" }))], vec![Probe]),
            (vec![new_call(json!({ "Format": "json" }))], vec![UnknownField { name: "Format".into() }]),
            (vec![event("newcall", json!({}))], vec![UnknownEvent { given: Some("\"newcall\"".into()) }]),
            (vec![new_call(json!({ "event": null }))], vec![UnknownEvent { given: None }]),
        ];
        for (requests, expected) in cases {
            assert_eq!(play(&requests), expected, "{:?}", requests.last());
        }
    }

    #[test]
    fn what_is_right_is_a_note_at_most() {
        use crate::rules::Severity;
        let answer = |user: &str| event("answer", json!({ "user": user }));
        let transfer = [event("newCall", json!({})), answer("alice"), answer("bob")];
        for requests in [&[fields(json!({ "direction": "probe" }))][..], &transfer] {
            let found = play(requests);
            assert!(!found.is_empty() && found.iter().all(|it| it.severity() == Severity::Note), "{found:?}");
        }
    }

    #[test]
    fn what_does_not_come_as_far_as_the_rules_is_explained() {
        use RequestFinding::*;
        let none = Fields::new();
        let right = arrival(&none);
        let refused = |refusal| Some(Err(refusal));
        let no_direction = refused(Refusal::InvalidDirection);
        let json = Some("application/json; charset=utf-8");
        let text = Some("text/plain");
        let token = Token::Wrong { characters: 3, expected: 32 };
        let unread = |content_type: Option<&str>, is_json| BodyUnread {
            content_type: content_type.map(str::to_owned),
            is_json,
        };
        let cases = [
            (Arrival { outcome: refused(Refusal::NoSuchPage), ..right }, WrongPath),
            (
                Arrival { method: "GET", outcome: refused(Refusal::NoSuchPage), ..right },
                WrongMethod { method: "GET".into() },
            ),
            (Arrival { outcome: refused(Refusal::WrongToken), token, ..right }, WrongToken(token)),
            (Arrival { outcome: refused(Refusal::SwitchedOff), ..right }, SwitchedOff),
            (
                Arrival { outcome: refused(Refusal::BrokenJson), body: b"{\"a\":}", ..right },
                BrokenJson { reason: "expected value at line 1 column 6".into() },
            ),
            (
                Arrival { outcome: refused(Refusal::BrokenParameters), body: b"{\"a\":\"\xff\"}", ..right },
                InvalidUtf8 { at: 6 },
            ),
            (Arrival { outcome: refused(Refusal::BrokenParameters), body: b"a=%zz", ..right }, BrokenForm),
            (
                Arrival { outcome: no_direction, content_type: text, body: b"{\"a\":1}", ..right },
                unread(text, true),
            ),
            (
                Arrival { outcome: no_direction, content_type: text, body: b"event=newCall", ..right },
                unread(text, false),
            ),
            (
                Arrival { outcome: no_direction, content_type: None, body: b" {\"a\":1}", ..right },
                unread(None, true),
            ),
            (Arrival { outcome: no_direction, content_type: json, body: b"[1]", ..right }, JsonWithoutFields),
            (Arrival { outcome: no_direction, content_type: json, body: b"{}", ..right }, NoFields),
            (Arrival { outcome: no_direction, content_type: None, body: b"", ..right }, NoFields),
        ];
        for (arrival, expected) in cases {
            assert_eq!(findings_on_arrival(&arrival), [expected], "{arrival:?}");
        }
        // How errors are told is no matter where there is no event.
        let hidden = Arrival { accept: Some("text/html"), errors_in_json: false, ..right };
        let hidden = findings_on_arrival(&Arrival { outcome: refused(Refusal::WrongToken), ..hidden });
        assert_eq!(hidden[1..], [CauseHidden { accept: Some("text/html".into()) }]);
        let lost = Arrival { outcome: None, ..right };
        assert_eq!(findings_on_arrival(&lost), []);
    }

    #[test]
    fn tokens_are_compared_without_showing_them() {
        let cases = [
            ("T0ken", Token::Right),
            ("T0ken.json", Token::Right),
            ("T0ken%20", Token::WithBlank),
            ("T0ke", Token::Wrong { characters: 4, expected: 5 }),
            ("T0.ken", Token::WithDot),
            ("t0ken", Token::Wrong { characters: 5, expected: 5 }),
        ];
        for (given, expected) in cases {
            let token = Token::compare(given, "T0ken");
            assert_eq!(token, expected, "{given}");
            assert!(!token.to_string().to_lowercase().contains("t0k"), "{token}");
        }
    }
}
