//! A telephone call's events, as Zammad's generic CTI endpoint takes them.

mod written;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use written::{Users, WrittenError, WrittenEvent};

use crate::cause::Cause;
use crate::number::Party;

/// What happened to a call, in the wire's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventKind {
    NewCall,
    Answer,
    Hangup,
}

impl EventKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewCall => "newCall",
            Self::Answer => "answer",
            Self::Hangup => "hangup",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which way a call goes, seen from the agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
pub enum Direction {
    /// a customer calls
    #[serde(rename = "in")]
    #[value(name = "in")]
    Inbound,
    /// an agent calls
    #[serde(rename = "out")]
    #[value(name = "out")]
    Outbound,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "in",
            Self::Outbound => "out",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One id in all events of a call; unique for the whole life of Zammad's caller log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(String);

impl CallId {
    /// Zammad stores this many characters, but searches for all: the answer and the hangup of a
    /// call with a longer id never find it.
    pub const MAX_CHARS: usize = 250;

    /// What stands for a fresh id where a new call is reported.
    pub const AUTO: &str = "auto";

    /// A fresh id for a call whose phone system has none.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CallId {
    type Err = EventError;

    fn from_str(text: &str) -> Result<Self, EventError> {
        if text.trim().is_empty() {
            return Err(EventError::EmptyCallId);
        }
        if text == Self::AUTO {
            return Err(EventError::AutoCallId);
        }
        Ok(Self(plain("the call id", text, Self::MAX_CHARS)?))
    }
}

/// The name of an agent, of a login or of a queue: not empty, no control characters, short
/// enough for Zammad's caller log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    pub const MAX_CHARS: usize = 250;

    /// The one name Zammad's rules know, to the letter: an answer by it is a voice message.
    pub const VOICEMAIL: &str = "voicemail";

    pub fn voicemail() -> Self {
        Self(Self::VOICEMAIL.to_owned())
    }

    /// `None` for a blank text: an unset variable of a dialplan is a name that was not given.
    pub fn read(what: &'static str, text: &str) -> Result<Option<Self>, EventError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        plain(what, text, Self::MAX_CHARS).map(|text| Some(Self(text)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be part of an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("the call id is empty: Zammad would take the first such call and mix up all later ones")]
    EmptyCallId,
    #[error("`auto` makes an id up for a new call only; here give the id that it made")]
    AutoCallId,
    #[error("the call key is empty: it would be that of every other call without one")]
    EmptyCallKey,
    #[error("no call with this key was reported from here")]
    UnknownCallKey,
    #[error("{what} has {chars} characters; Zammad keeps {most}")]
    TooLong { what: &'static str, chars: usize, most: usize },
    #[error("{what} holds a control character")]
    ControlCharacter { what: &'static str },
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it is no event: {0}")]
    NoEvent(String),
    #[error("it is longer than 64 KiB")]
    LongLine,
    #[error("`{field}` has no place in {kind}")]
    Misplaced { field: &'static str, kind: EventKind },
    #[error("a newCall needs `{0}`")]
    Missing(&'static str),
    #[error("either `user` or `voicemail`")]
    TwoUsers,
}

impl EventError {
    /// What JSON said of one line, which is always its line 1.
    pub fn no_event(error: serde_json::Error) -> Self {
        Self::NoEvent(error.to_string().replace(" at line 1 column ", " at column "))
    }
}

/// `text` unchanged if it has at most `most` characters and no control character.
pub fn plain(what: &'static str, text: &str, most: usize) -> Result<String, EventError> {
    let chars = text.chars().count();
    if chars > most {
        return Err(EventError::TooLong { what, chars, most });
    }
    if text.chars().any(char::is_control) {
        return Err(EventError::ControlCharacter { what });
    }
    Ok(text.to_owned())
}

/// What the sender knows of a call besides its event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// the direction of the call's newCall
    pub direction: Option<Direction>,
    pub answered: Option<bool>,
}

/// One event of one call. Written down, it is read again as it was, without another look at its
/// numbers.
///
/// Source of the fields: Zammad documentation, "Generic CTI", pages "New Call", "Call Answered"
/// and "Call Hangup".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEvent {
    pub kind: EventKind,
    pub call_id: CallId,
    pub direction: Direction,
    pub from: Option<Party>,
    pub to: Option<Party>,
    /// newCall: whose phones ring (inbound) or who calls (outbound); answer: who picked up
    pub users: Vec<Name>,
    /// newCall only
    pub queue: Option<Name>,
    /// answer and hangup: the extension or number that picked up
    pub answering_number: Option<Party>,
    /// hangup only
    pub cause: Option<Cause>,
    /// Send the user of an outbound answer too, although it replaces the customer's name in
    /// Zammad's caller log.
    pub force_user: bool,
}

impl CallEvent {
    /// An event that says no more of its call than this.
    pub fn new(kind: EventKind, call_id: CallId, direction: Direction) -> Self {
        Self {
            kind,
            call_id,
            direction,
            from: None,
            to: None,
            users: Vec::new(),
            queue: None,
            answering_number: None,
            cause: None,
            force_user: false,
        }
    }

    /// The event as it goes over the wire, name by name: what Zammad would show falsely is left out.
    pub fn wire(&self) -> Vec<(&'static str, FieldValue<'_>)> {
        let mut fields = self.all_but_user();
        let mut users = self.users.iter().map(Name::as_str);
        let user = match self.kind {
            EventKind::NewCall if self.users.is_empty() => None,
            EventKind::NewCall => Some(FieldValue::List(users.collect())),
            // A list, or anybody on an outbound answer, leads Zammad astray.
            EventKind::Answer if self.direction == Direction::Inbound || self.force_user => {
                users.next().map(FieldValue::Text)
            }
            EventKind::Answer | EventKind::Hangup => None,
        };
        fields.extend(user.map(|user| ("user", user)));
        fields
    }

    /// The same as a JSON object.
    pub fn fields(&self) -> Map<String, Value> {
        self.wire().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// The event as its sender meant it, with every user: what warnings are about.
    pub fn meant(&self) -> Map<String, Value> {
        let mut fields = self.all_but_user();
        if !self.users.is_empty() {
            fields.push(("user", FieldValue::List(self.users.iter().map(Name::as_str).collect())));
        }
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    fn all_but_user(&self) -> Vec<(&'static str, FieldValue<'_>)> {
        let fields = [
            ("event", Some(self.kind.as_str())),
            ("callId", Some(self.call_id.as_str())),
            ("direction", Some(self.direction.as_str())),
            ("from", self.from.as_ref().map(Party::as_str)),
            ("to", self.to.as_ref().map(Party::as_str)),
            ("queue", self.queue.as_ref().map(Name::as_str)),
            ("answeringNumber", self.answering_number.as_ref().map(Party::as_str)),
            ("cause", self.cause.as_ref().map(Cause::as_str)),
        ];
        fields.into_iter().filter_map(|(name, text)| Some((name, FieldValue::Text(text?)))).collect()
    }
}

/// The value of a field as Zammad takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValue<'a> {
    Text(&'a str),
    List(Vec<&'a str>),
}

impl From<FieldValue<'_>> for Value {
    fn from(value: FieldValue<'_>) -> Self {
        match value {
            FieldValue::Text(text) => text.into(),
            FieldValue::List(texts) => texts.into(),
        }
    }
}
