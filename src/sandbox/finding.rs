//! What is odd about a request that arrived, in plain words.

use std::fmt;

use super::arrival::Token;
use crate::cause::HangupCause;
use crate::event::{CallId, Direction, EventKind};
use crate::rules::{Finding, Severity};

/// One thing about a request that its sender should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestFinding {
    // Agents will not see its event as it was meant.
    Meant(Finding),

    // It did not come as far as Zammad's rules.
    WrongMethod { method: String },
    WrongPath,
    SwitchedOff,
    NotConfigured,
    WrongToken(Token),
    InvalidUtf8 { at: usize },
    BrokenJson { reason: String },
    BrokenForm,
    BodyUnread { content_type: Option<String>, is_json: bool },
    JsonWithoutFields,
    NoFields,
    CauseHidden { accept: Option<String> },
    ReservedField { name: String },

    // What is in it.
    Probe,
    InvalidDirection { given: Option<String> },
    UnknownEvent { given: Option<String> },
    Missing { field: &'static str },
    EmptyCallId,
    LongCallId { characters: usize },
    UnusableCallId,
    MisspeltField { name: String, meant: &'static str },
    IgnoredField { name: String, event: EventKind },
    UnknownField { name: String },
    TimeField { name: String },
    NotText { field: &'static str, kind: &'static str, effect: &'static str },
    CutShort { field: &'static str, characters: usize, kept: usize },
    NotE164 { field: &'static str, shape: Shape, compared_by: &'static str },
    TakenForGerman { field: &'static str, looked_up: String },
    NotLookedUpWhole { field: &'static str },
    WithheldWord { field: &'static str, word: String },
    ExtensionCalled { sent: String },
    UserFailsOnAnswer { kind: &'static str },
    ListOnAnswer,
    EmptyUserOnAnswer,
    VoicemailMisspelt { given: String },
    UnknownCause { given: String, meant: Option<HangupCause> },
    VoicemailAsCause,

    // Where it comes in its call.
    UnknownCall { event: EventKind },
    NoLongerKept { event: EventKind },
    CallIdReused { state: EventKind },
    Overtaken { by: EventKind },
    AnswerAfterHangup,
    SecondAnswer { direction: Direction },
    Transfer,
    SecondHangup { hides_missed: bool },
    AnswerAgainstDirection { call: Direction },
    Blocked,
}

/// What compares the numbers of this side.
pub(super) const FILTER: &str = "the caller-log filter";

/// How a number is written that is not in E.164 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Plus,
    PlusInForm,
    InternationalPrefix,
    NationalPrefix,
    Formatted,
}

impl RequestFinding {
    pub fn severity(&self) -> Severity {
        match self {
            Self::Meant(finding) => finding.severity(),
            Self::WrongMethod { .. }
            | Self::WrongPath
            | Self::WrongToken(_)
            | Self::InvalidUtf8 { .. }
            | Self::BrokenJson { .. }
            | Self::BrokenForm
            | Self::BodyUnread { .. }
            | Self::JsonWithoutFields
            | Self::NoFields
            | Self::InvalidDirection { .. }
            | Self::UnknownEvent { .. }
            | Self::Missing { .. }
            | Self::LongCallId { .. }
            | Self::UnusableCallId
            | Self::UserFailsOnAnswer { .. }
            | Self::UnknownCall { .. }
            | Self::CallIdReused { .. }
            | Self::Overtaken { .. }
            | Self::SecondHangup { hides_missed: true }
            | Self::EmptyCallId => Severity::Error,
            Self::ReservedField { .. }
            | Self::MisspeltField { .. }
            | Self::NotText { .. }
            | Self::CutShort { .. }
            | Self::NotE164 { .. }
            | Self::TakenForGerman { .. }
            | Self::NotLookedUpWhole { .. }
            | Self::WithheldWord { .. }
            | Self::ExtensionCalled { .. }
            | Self::NoLongerKept { .. }
            | Self::ListOnAnswer
            | Self::EmptyUserOnAnswer
            | Self::VoicemailMisspelt { .. }
            | Self::VoicemailAsCause
            | Self::AnswerAfterHangup
            | Self::SecondAnswer { .. }
            | Self::AnswerAgainstDirection { .. }
            | Self::Blocked => Severity::Warning,
            Self::SwitchedOff
            | Self::NotConfigured
            | Self::CauseHidden { .. }
            | Self::IgnoredField { .. }
            | Self::UnknownField { .. }
            | Self::TimeField { .. }
            | Self::UnknownCause { .. }
            | Self::Probe
            | Self::Transfer
            | Self::SecondHangup { hides_missed: false } => Severity::Note,
        }
    }
}

impl fmt::Display for RequestFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Meant(finding) => finding.fmt(f),

            Self::WrongMethod { method } => {
                write!(f, "{method} is answered with 404: Zammad takes events by POST only")
            }
            Self::WrongPath => f.write_str(
                "no such path: events go to /api/v1/cti/ and the token, with nothing after it",
            ),
            Self::SwitchedOff => f.write_str(
                "this sandbox plays a Zammad whose integration is switched off (--integration off), and \
                 such a one refuses every event, whatever the token",
            ),
            Self::NotConfigured => f.write_str(
                "this sandbox plays a Zammad whose integration is not configured (--integration \
                 unconfigured), and such a one refuses every event, whatever the token",
            ),
            Self::WrongToken(token) => write!(f, "{token}"),
            Self::InvalidUtf8 { at } => write!(
                f,
                "byte {} of the body is not UTF-8: Zammad answers 400; send every text as UTF-8",
                at + 1
            ),
            Self::BrokenJson { reason } => write!(
                f,
                "the body is not JSON ({reason}): Zammad answers 400, releases before 7.2 500 with an Error \
                 ID; quotes and line ends in a name have to be escaped"
            ),
            Self::BrokenForm => f.write_str(
                "the form cannot be read: a percent sign without two hexadecimal digits, text that is not \
                UTF-8, one name both as a text and as a list (user and user[]), or a multipart body without \
                 its boundary",
            ),
            Self::BodyUnread { content_type, is_json } => {
                match content_type {
                    Some(content_type) => write!(f, "the Content-Type is {content_type:?}")?,
                    None => f.write_str("there is no Content-Type")?,
                }
                f.write_str(match is_json {
                    true => {
                        ", so Zammad does not read this JSON and misses all its fields; send \
                         Content-Type: application/json"
                    }
                    false => {
                        ", so Zammad does not read the body and misses all its fields; send JSON as \
                         application/json, or a form as application/x-www-form-urlencoded"
                    }
                })
            }
            Self::JsonWithoutFields => f.write_str(
                "the JSON is not an object with fields, so Zammad misses all of them; send one object an \
                event",
            ),
            Self::NoFields => f.write_str("the request has no fields: put them into its body"),
            Self::CauseHidden { accept } => {
                match accept {
                    Some(accept) => write!(f, "with Accept: {accept}")?,
                    None => f.write_str("without an Accept header")?,
                }
                f.write_str(
                    ", Zammad tells most errors as an HTML page that names no cause; send exactly Accept: \
                     application/json",
                )
            }
            Self::ReservedField { name } => write!(
                f,
                "{name} is a name that Zammad itself uses for a part of the path, so no field may have it; \
                 leave it out"
            ),

            Self::Probe => f.write_str(
                "a probe: all is in order; Zammad refuses it without an entry in the caller log, which shows \
                 that address and token are right",
            ),
            Self::InvalidDirection { given: Some(given) } => write!(
                f,
                "direction is {given}: Zammad knows \"in\" and \"out\", in lower case, and answers 422 to \
                everything else"
            ),
            Self::InvalidDirection { given: None } => f.write_str(
                "direction is missing: every event needs it, answer and hangup as well; Zammad does not \
                 remember it",
            ),
            Self::UnknownEvent { given: Some(given) } => write!(
                f,
                "event is {given}: Zammad knows newCall, answer and hangup, exactly so spelt, and answers \
                422 to everything else"
            ),
            Self::UnknownEvent { given: None } => {
                f.write_str("event is missing: it is newCall, answer or hangup")
            }
            Self::Missing { field } => write!(f, "newCall without {field}: Zammad answers 422 and shows nothing"),
            Self::EmptyCallId => f.write_str(
                "the call id is empty: Zammad takes the first such call, refuses all later ones, and mixes up \
                 their answers and hangups",
            ),
            Self::LongCallId { characters } => write!(
                f,
                "the call id has {characters} characters: Zammad stores {} but looks for all of them, so \
                 the call's answer and hangup never find it, and it rings for ever",
                CallId::MAX_CHARS
            ),
            Self::UnusableCallId => {
                f.write_str("the call id is a map, or has a NUL character in it: Zammad refuses both")
            }
            Self::MisspeltField { name, meant } => {
                write!(f, "Zammad does not know the field {name}: it is spelt {meant}")
            }
            Self::IgnoredField { name, event } => write!(f, "Zammad ignores {name} on {event}"),
            Self::UnknownField { name } => write!(f, "Zammad does not know the field {name}, and ignores it"),
            Self::TimeField { name } => write!(
                f,
                "Zammad ignores {name}: it stamps the time of arrival, so a late event gives wrong durations"
            ),
            Self::NotText { field, kind, effect } => {
                write!(f, "{field} is {kind}, not a text: {effect}; put quotes around it")
            }
            Self::CutShort { field, characters, kept } => {
                write!(f, "{field} has {characters} characters: Zammad keeps the first {kept}")
            }
            Self::NotE164 { field, shape, compared_by } => write!(
                f,
                "{field} {}: {compared_by} compares text and will not match{}; send E.164 digits without plus, \
                 such as 4930123456",
                match shape {
                    Shape::Plus => "has a plus sign",
                    Shape::PlusInForm => {
                        "begins with a blank, because `+` stands for a blank in a form (`%2B` is a plus sign)"
                    }
                    Shape::InternationalPrefix => "begins with 00",
                    Shape::NationalPrefix => "begins with a single 0",
                    Shape::Formatted => "is more than digits",
                },
                match (*field, shape) {
                    // An outbound call's is the customer's, and pops up nowhere.
                    ("to", Shape::Plus | Shape::PlusInForm | Shape::InternationalPrefix | Shape::Formatted)
                        if *compared_by == FILTER =>
                    {
                        ", and in Zammad's new interface the call does not pop up"
                    }
                    (
                        _,
                        Shape::Plus
                        | Shape::PlusInForm
                        | Shape::InternationalPrefix
                        | Shape::NationalPrefix
                        | Shape::Formatted,
                    ) => "",
                }
            ),
            Self::TakenForGerman { field, looked_up } => write!(
                f,
                "{field} begins with a single 0: Zammad takes every such number for a German one and looks up \
                 {looked_up}; send E.164 digits"
            ),
            Self::NotLookedUpWhole { field } => write!(
                f,
                "{field} has a character that breaks the number apart where Zammad looks up its customer, so \
                 it will find nobody; send E.164 digits"
            ),
            Self::WithheldWord { field, word } => write!(
                f,
                "{field} is {word:?}, which Zammad shows as it is; a withheld number is \"anonymous\""
            ),
            Self::ExtensionCalled { sent } => write!(
                f,
                "to is {sent:?}, as short as an extension: agents see no customer; if this call comes in, send it \
                 as in, and if from and to are swapped, swap them"
            ),
            Self::UserFailsOnAnswer { kind } => write!(
                f,
                "user is {kind} on an inbound answer: Zammad saves the answer, then fails with 500 while it \
                 looks for the agent; send one text, and do not repeat the event"
            ),
            Self::ListOnAnswer => {
                f.write_str("user is a list on an answer: Zammad wants one text there, the agent's login")
            }
            Self::EmptyUserOnAnswer => f.write_str(
                "an empty user on an answer wipes the name of the called party; leave the field out instead",
            ),
            Self::VoicemailMisspelt { given } => write!(
                f,
                "{given:?} is a name like any other: only \"voicemail\", in lower case, keeps the call \
                 open as a voice message"
            ),
            Self::UnknownCause { given, meant: Some(meant) } => write!(
                f,
                "the cause {given:?} is not one of Zammad's words, so agents see it as it is; the word is \
                {meant}"
            ),
            Self::UnknownCause { given, meant: None } => write!(
                f,
                "the cause {given:?} is not one of Zammad's words, so agents see it as it is; the words are \
                 normalClearing, busy, cancel, noAnswer, congestion, notFound and forwarded"
            ),
            Self::VoicemailAsCause => f.write_str(
                "the cause voicemail is shown, but makes no voice message: for that, send an answer with the \
                 user \"voicemail\" before the hangup",
            ),

            Self::UnknownCall { event } => write!(
                f,
                "{event} before newCall: Zammad knows no call with this id, answers 500, and forgets the \
                 event; if its newCall comes later, {}",
                lost(*event)
            ),
            Self::NoLongerKept { event } => write!(
                f,
                "{event} of a call that this sandbox no longer keeps, so it answers 500; Zammad would take the \
                 event; --keep says how many calls are kept"
            ),
            Self::CallIdReused { state } => write!(
                f,
                "the id belongs to a call in the log ({}), so Zammad answers \"already exists\" and shows no \
                 new one; that does no harm if it is the same newCall again, but ids must be unique for a year",
                match state {
                    EventKind::NewCall => "ringing",
                    EventKind::Answer => "answered",
                    EventKind::Hangup => "ended",
                }
            ),
            Self::Overtaken { by } => write!(
                f,
                "the {by} of this call came before it and was refused: {}; send the events of a call one after \
                 the other, each after the reply to the last",
                lost(*by)
            ),
            Self::AnswerAfterHangup => {
                f.write_str("answer after hangup: Zammad says yes and ignores it; the call stays as it was")
            }
            Self::SecondAnswer { direction: Direction::Inbound } => f.write_str(
                "a second answer: the waiting time grows, and whoever it names gets a ticket screen (again)",
            ),
            Self::SecondAnswer { direction: Direction::Outbound } => {
                f.write_str("a second answer: the waiting time grows up to now")
            }
            Self::Transfer => f.write_str(
                "a second answer that names somebody else: right for a transfer, but the waiting time now \
                 ends there",
            ),
            Self::SecondHangup { hides_missed: true } => f.write_str(
                "a second hangup: Zammad now shows the missed call as done, and nobody will call back",
            ),
            Self::SecondHangup { hides_missed: false } => {
                f.write_str("a second hangup: Zammad moves the end of the call to now")
            }
            Self::AnswerAgainstDirection { call: Direction::Inbound } => f.write_str(
                "an outbound answer for an inbound call: no agent gets the caller on the screen",
            ),
            Self::AnswerAgainstDirection { call: Direction::Outbound } => f.write_str(
                "an inbound answer for an outbound call: the agent gets a ticket screen as if a customer had \
                 called",
            ),
            Self::Blocked => f.write_str(
                "this caller is blocked: the phone system must hang up and send a hangup, or the call rings for ever; in \
                 Zammad's new interface it even pops up for agents until then, so send the hangup at once",
            ),
        }
    }
}

/// What agents see of a call whose event of this kind was refused.
fn lost(event: EventKind) -> &'static str {
    match event {
        EventKind::NewCall => "there is no call",
        EventKind::Answer => "the call rings until its hangup, and then counts as missed",
        EventKind::Hangup => "the call will ring for ever",
    }
}
