//! A telephone call's events, as Zammad's generic CTI endpoint takes them.

mod shown;
mod written;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

pub(crate) use shown::{fitting, is_only_name_foreign, number_of, text_of};
pub use written::{Users, WrittenError, WrittenEvent};

use crate::cause::Cause;
use crate::number::Party;

/// What happened to a call, in the wire's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventKind {
    /// A call rings, or an agent dials.
    NewCall,
    /// Somebody picked up.
    Answer,
    /// The call is over, answered or not. Zammad wants it for every newCall, a rejected one too.
    Hangup,
}

impl EventKind {
    /// The word on the wire: `newCall`, `answer` or `hangup`.
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
///
/// # Example
///
/// ```
/// use zammad_cti::Direction;
///
/// assert_eq!("in".parse::<Direction>()?, Direction::Inbound);
/// assert_eq!("Outbound".parse::<Direction>()?, Direction::Outbound);
/// assert_eq!("eingehend".parse::<Direction>()?, Direction::Inbound);
/// # Ok::<(), zammad_cti::event::EventError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
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
    /// The word on the wire: `in` or `out`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "in",
            Self::Outbound => "out",
        }
    }

    /// The words of phone systems, in any case: English, German, French, Spanish, Italian, Portuguese and Dutch.
    const WORDS: [(Self, &[&str]); 2] = [
        (
            Self::Inbound,
            &[
                "in",
                "inbound",
                "incoming",
                "eingehend",
                "ankommend",
                "entrant",
                "entrante",
                "in entrata",
                "entrada",
                "inkomend",
                "binnenkomend",
            ],
        ),
        (
            Self::Outbound,
            &[
                "out",
                "outbound",
                "outgoing",
                "ausgehend",
                "abgehend",
                "sortant",
                "saliente",
                "uscente",
                "in uscita",
                "saída",
                "uitgaand",
            ],
        ),
    ];

    /// Reads one of the words for it; `None` for a blank text: an unset variable of a dialplan says nothing.
    ///
    /// # Errors
    ///
    /// It is another word.
    pub fn read(text: &str) -> Result<Option<Self>, EventError> {
        if text.trim().is_empty() { Ok(None) } else { text.parse().map(Some) }
    }
}

impl FromStr for Direction {
    type Err = EventError;

    fn from_str(text: &str) -> Result<Self, EventError> {
        let word = text.trim().to_lowercase();
        let found = Self::WORDS.iter().find(|(_, words)| words.contains(&&*word));
        found.map(|&(direction, _)| direction).ok_or(EventError::NoDirection)
    }
}

impl<'de> Deserialize<'de> for Direction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::unknown_variant(&text, &["in", "out"]))
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

    /// The text on the wire.
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
    /// The most characters that Zammad keeps of a name.
    pub const MAX_CHARS: usize = 250;

    /// The one name Zammad's rules know, to the letter: an answer by it is a voice message.
    pub const VOICEMAIL: &str = "voicemail";

    /// Who has answered a call that went to the voicemail box.
    pub fn voicemail() -> Self {
        Self(Self::VOICEMAIL.to_owned())
    }

    /// Reads a name; `what` says in an error which one it was.
    ///
    /// `None` for a blank text: an unset variable of a dialplan is a name that was not given.
    ///
    /// # Errors
    ///
    /// The text is too long, or has a control character.
    pub fn read(what: &'static str, text: &str) -> Result<Option<Self>, EventError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        plain(what, text, Self::MAX_CHARS).map(|text| Some(Self(text)))
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be part of an event.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum EventError {
    /// The call id is empty, or blank.
    #[error("the call id is empty: Zammad would take the first such call and mix up all later ones")]
    EmptyCallId,
    /// [`CallId::AUTO`] stands where an id is needed that a call has already.
    #[error("`auto` is for new-call only; give the id of the call")]
    AutoCallId,
    /// A word that says neither of the two ways.
    #[error("the direction must be `in` or `out`")]
    NoDirection,
    /// The key that names a call in the journal is empty.
    #[error("the call key is empty: all calls without a key would share it")]
    EmptyCallKey,
    /// The journal knows no call with this key.
    #[error("no call with this key was reported from here")]
    UnknownCallKey,
    /// Zammad would cut the text, or never find it again.
    #[error("{what} has {chars} characters; Zammad keeps {most}")]
    TooLong { what: &'static str, chars: usize, most: usize },
    /// A character below U+0020, or another that is not for show.
    #[error("{what} has a control character")]
    ControlCharacter { what: &'static str },
    /// A line of events is no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// A line of events is no JSON, or no object with the fields of an event.
    #[error("not a valid event: {0}")]
    NoEvent(String),
    /// A line of events has no end.
    #[error("it is longer than 64 KiB")]
    LongLine,
    /// A field of another event, which Zammad would ignore.
    #[error("`{field}` does not belong in {kind}")]
    Misplaced { field: &'static str, kind: EventKind },
    /// What Zammad refuses a newCall without.
    #[error("a newCall needs `{0}`")]
    Missing(&'static str),
    /// A person, or the voicemail box, has answered; not both.
    #[error("give either `user` or `voicemail`")]
    TwoUsers,
}

impl EventError {
    /// What JSON said of one line, which is always its line 1.
    pub(crate) fn no_event(error: serde_json::Error) -> Self {
        Self::NoEvent(error.to_string().replace(" at line 1 column ", " at column "))
    }
}

/// `text` unchanged if it has at most `most` characters and no control character.
pub(crate) fn plain(what: &'static str, text: &str, most: usize) -> Result<String, EventError> {
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
    /// Whether anybody picked up: whether a hangup may be sent a second time depends on it.
    pub answered: Option<bool>,
    /// Zammad is known to have the call's newCall, by the reply to it at the same address.
    pub new_call_taken: bool,
}

/// One event of one call. Written down, it is read again as it was, without another look at its
/// numbers.
///
/// Source of the fields: Zammad documentation, "Generic CTI", pages "New Call", "Call Answered"
/// and "Call Hangup".
/// # Example
///
/// ```
/// use zammad_cti::event::{FieldValue, Name};
/// use zammad_cti::number::Numbering;
/// use zammad_cti::{CallEvent, Direction, EventKind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let answer = CallEvent {
///     users: Name::read("the user", "alice")?.into_iter().collect(),
///     answering_number: Some(Numbering::default().read_answering("42")?),
///     ..CallEvent::new(EventKind::Answer, "1732187000.17".parse()?, Direction::Inbound)
/// };
/// let sent = [
///     ("event", FieldValue::Text("answer")),
///     ("callId", FieldValue::Text("1732187000.17")),
///     ("direction", FieldValue::Text("in")),
///     ("answeringNumber", FieldValue::Text("42")),
///     ("user", FieldValue::Text("alice")),
/// ];
/// assert_eq!(answer.wire(), sent);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEvent {
    /// What happened.
    pub kind: EventKind,
    /// The same in all events of the call.
    pub call_id: CallId,
    /// In every event the same: Zammad does not remember it.
    pub direction: Direction,
    /// Who calls; a newCall needs it, and the other events need not have it.
    pub from: Option<Party>,
    /// Who is called; a newCall needs it too.
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
        let texts = [
            ("event", Some(self.kind.as_str())),
            ("callId", Some(self.call_id.as_str())),
            ("direction", Some(self.direction.as_str())),
            ("from", self.from.as_ref().map(Party::as_str)),
            ("to", self.to.as_ref().map(Party::as_str)),
            ("queue", self.queue.as_ref().map(Name::as_str)),
            ("answeringNumber", self.answering_number.as_ref().map(Party::as_str)),
            ("cause", self.cause.as_ref().map(Cause::as_str)),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, FieldValue::Text(text?))));
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
        texts.chain(user.map(|user| ("user", user))).collect()
    }

    /// The same as a JSON object.
    #[doc(hidden)]
    pub fn fields(&self) -> Map<String, Value> {
        self.wire().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }
}

/// The value of a field as Zammad takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValue<'a> {
    /// One text.
    Text(&'a str),
    /// A list of them: the users of a newCall.
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
