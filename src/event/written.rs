//! An event as its source has it: a command line, a line for `send`, a step of a scenario, a channel of
//! Asterisk.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{CallId, Direction, EventError, EventKind, Known};
use crate::cause::UnknownCause;
use crate::number::NumberError;

/// One event in the words of the results, of Zammad, or of both. Each is the name of a flag too.
///
/// # Example
///
/// ```
/// use zammad_cti::event::WrittenEvent;
/// use zammad_cti::number::Numbering;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let line = r#"{"event":"newCall","call_id":"7","direction":"in","from":"030 23125 741","to":"42","user":["Alice","Bob"]}"#;
/// let written: WrittenEvent = serde_json::from_str(line)?;
/// let german = Numbering { country: Some("DE".parse()?), ..Numbering::default() };
/// // For a later event, what is known of its call stands in place of `None`.
/// let event = written.read(&german, None)?.event;
/// assert_eq!(event.from.unwrap().as_str(), "493023125741");
/// assert_eq!(event.users.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct WrittenEvent {
    /// What happened: `newCall`, `answer` or `hangup`.
    pub event: EventKind,
    #[serde(alias = "callId")]
    /// Also written `callId`; `auto` makes one up for a newCall. Empty where a key names the call.
    pub call_id: String,
    /// newCall: by which later events may name the call; those: which call it is. Not in JSON.
    #[serde(skip)]
    pub call_key: Option<String>,
    /// `in` or `out`, or another of its words; a newCall needs it, and later events have that of their newCall.
    /// Empty is not given.
    #[serde(default, deserialize_with = "direction")]
    pub direction: Option<Direction>,
    /// answer and hangup: in place of the direction stands a word that says neither. Then only what is known of the
    /// call counts. Not in JSON.
    #[serde(skip)]
    pub unread_direction: bool,
    /// Who calls, as the phone system shows it.
    pub from: Option<String>,
    /// Who is called, as the phone system shows it.
    pub to: Option<String>,
    /// newCall: whose phones ring, or who calls; answer: who picked up.
    pub user: Option<Users>,
    /// answer only: send the user of an outbound call too.
    #[serde(default)]
    pub force_user: bool,
    /// newCall only.
    pub queue: Option<String>,
    /// newCall only: the line that the call crosses, as the phone system calls it. Routes go by it; Zammad does not get
    /// it.
    pub trunk: Option<Box<str>>,
    #[serde(alias = "answeringNumber")]
    /// answer and hangup; also written `answeringNumber`.
    pub answering_number: Option<String>,
    /// answer only: the endpoint that picked up, such as `PJSIP/anna`, by which
    /// [`Agents`](crate::config::Agents) may know whose phone it is.
    pub endpoint: Option<String>,
    /// answer only: the number of the phone that picked up; the `answering_number` where none is given and
    /// it is an agent's phone.
    pub extension: Option<String>,
    #[serde(default)]
    /// answer only: the voicemail box picked up.
    pub voicemail: bool,
    /// hangup only; any of the [`spellings`](crate::cause::spellings). It counts before `dialstatus` and what
    /// stands beside it, which then only tell whether anybody picked up. Empty is not given.
    pub cause: Option<String>,
    /// hangup only: the cause goes as it is, whatever it is. It says nothing about one that is not given.
    #[serde(default)]
    pub raw_cause: bool,
    /// hangup only: a cause that nobody knows is an error. Otherwise the hangup goes without it, as a call
    /// without its hangup rings for ever.
    #[serde(default)]
    pub strict_cause: bool,
    /// hangup only: Asterisk's `DIALSTATUS`. Where no cause is given, it comes from this one and the next
    /// three: see [`CallEnd`](crate::asterisk::CallEnd).
    pub dialstatus: Option<String>,
    /// hangup only: Asterisk's `QUEUESTATUS`
    pub queue_status: Option<String>,
    /// hangup only: Asterisk's `ABANDONED`
    pub abandoned: Option<String>,
    /// hangup only: Asterisk's `HANGUPCAUSE`
    pub hangup_cause: Option<String>,
    /// hangup only: whether anybody picked up, as far as the writer knows.
    pub answered: Option<bool>,
    /// hangup only: fields whose values are no text. The hangup goes without them, as a call without its hangup rings
    /// for ever. Not in JSON. Mostly there is none, so it takes little room.
    #[serde(skip)]
    pub no_text: Box<Vec<&'static str>>,
    /// What the same writer said of the call in earlier events. Not in JSON.
    #[serde(skip)]
    pub before: Known,
}

fn direction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Direction>, D::Error> {
    match Option::<Cow<'_, str>>::deserialize(deserializer)? {
        Some(text) => Direction::read(&text).map_err(D::Error::custom),
        None => Ok(None),
    }
}

/// One name, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub enum Users {
    /// As in `"user": "alice"`.
    One(String),
    /// As in `"user": ["Alice", "Bob"]`.
    Several(Vec<String>),
}

impl Users {
    /// All names, in their order.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// Which field of a written event is wrong, and why.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum WrittenError {
    /// Something about the event as a whole.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A text that Zammad would not keep as it is.
    #[error("{field}")]
    Text { field: &'static str, source: EventError },
    /// A number that cannot be sent.
    #[error("{field}")]
    Number { field: &'static str, source: NumberError },
    /// A cause that is none of the spellings.
    #[error("cause")]
    Cause(#[source] UnknownCause),
}

impl WrittenEvent {
    /// An event that says no more of its call than this.
    pub fn new(
        event: EventKind,
        call_id: impl Into<String>,
        direction: impl Into<Option<Direction>>,
    ) -> Self {
        Self {
            event,
            call_id: call_id.into(),
            call_key: None,
            direction: direction.into(),
            unread_direction: false,
            from: None,
            to: None,
            user: None,
            force_user: false,
            queue: None,
            trunk: None,
            answering_number: None,
            endpoint: None,
            extension: None,
            voicemail: false,
            cause: None,
            raw_cause: false,
            strict_cause: false,
            dialstatus: None,
            queue_status: None,
            abandoned: None,
            hangup_cause: None,
            answered: None,
            no_text: Box::default(),
            before: Known::default(),
        }
    }

    /// The id of its call. The one that `auto` stands for is made up once, and is there from then on.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn identify(&mut self) -> Result<CallId, WrittenError> {
        if self.event == EventKind::NewCall && self.call_id == CallId::AUTO {
            let call_id = CallId::random();
            call_id.as_str().clone_into(&mut self.call_id);
            return Ok(call_id);
        }
        self.call_id.parse().map_err(|source| WrittenError::Text { field: "call_id", source })
    }
}
