//! An event as people and programs write it down: a line for `send`, or a step of a scenario.

use serde::{Deserialize, Serialize};

use super::{CallEvent, CallId, Direction, EventError, EventKind, Name};
use crate::cause::{Cause, UnknownCause};
use crate::number::{NumberError, Numbering, Party};

/// One event in the words of the results, of Zammad, or of both.
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
/// // A newCall says its direction itself; for later events the closure looks it up.
/// let event = written.read(&german, |_call_id| None)?;
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
    /// Also written `callId`; `auto` makes one up for a newCall.
    pub call_id: String,
    /// `in` or `out`; a newCall needs it, and later events have that of their newCall.
    pub direction: Option<Direction>,
    /// Who calls, as the phone system shows it.
    pub from: Option<String>,
    /// Who is called, as the phone system shows it.
    pub to: Option<String>,
    /// newCall: whose phones ring, or who calls; answer: who picked up.
    pub user: Option<Users>,
    /// newCall only.
    pub queue: Option<String>,
    #[serde(alias = "answeringNumber")]
    /// answer and hangup; also written `answeringNumber`.
    pub answering_number: Option<String>,
    #[serde(default)]
    /// answer only: the voicemail box picked up.
    pub voicemail: bool,
    /// hangup only; any of the [`spellings`](crate::cause::spellings).
    pub cause: Option<String>,
    /// what the writer knows of the call that ends
    pub answered: Option<bool>,
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
    pub fn new(event: EventKind, call_id: impl Into<String>, direction: Direction) -> Self {
        Self {
            event,
            call_id: call_id.into(),
            direction: Some(direction),
            from: None,
            to: None,
            user: None,
            queue: None,
            answering_number: None,
            voicemail: false,
            cause: None,
            answered: None,
        }
    }

    /// The event that is meant; `call` tells the direction of a call that was written before.
    ///
    /// # Errors
    ///
    /// A field that is missing, has no place in this event, or cannot be read.
    pub fn read(
        self,
        numbering: &Numbering,
        call: impl FnOnce(&CallId) -> Option<Direction>,
    ) -> Result<CallEvent, WrittenError> {
        self.refuse_misplaced()?;
        let kind = self.event;
        let party = |field, shown: Option<String>| -> Result<Option<Party>, WrittenError> {
            let read = shown.map(|shown| numbering.read(&shown));
            read.transpose().map_err(|source| WrittenError::Number { field, source })
        };
        let name = |field, shown: &str| {
            Name::read("the name", shown).map_err(|source| WrittenError::Text { field, source })
        };
        let mut users = Vec::new();
        for shown in self.user.as_ref().map_or(&[][..], Users::names) {
            users.extend(name("user", shown)?);
        }
        if self.voicemail {
            users.push(Name::voicemail());
        }
        let call_id = match (kind, self.call_id.as_str()) {
            (EventKind::NewCall, CallId::AUTO) => CallId::random(),
            (_, call_id) => {
                call_id.parse().map_err(|source| WrittenError::Text { field: "call_id", source })?
            }
        };
        let direction = self.direction.or_else(|| call(&call_id)).unwrap_or(Direction::Inbound);
        let answering = self.answering_number.filter(|shown| !shown.is_empty());
        Ok(CallEvent {
            from: party("from", self.from)?,
            to: party("to", self.to)?,
            users,
            queue: self.queue.map(|queue| name("queue", &queue)).transpose()?.flatten(),
            answering_number: answering
                .map(|shown| numbering.read_answering(&shown))
                .transpose()
                .map_err(|source| WrittenError::Number { field: "answering_number", source })?,
            cause: self
                .cause
                .filter(|cause| !cause.trim().is_empty())
                .map(|cause| cause.parse().map(Cause::Read))
                .transpose()
                .map_err(WrittenError::Cause)?,
            ..CallEvent::new(kind, call_id, direction)
        })
    }

    /// A field at the wrong event would be sent in vain.
    fn refuse_misplaced(&self) -> Result<(), EventError> {
        let kind = self.event;
        let places = [
            ("user", self.user.is_some(), [EventKind::NewCall, EventKind::Answer].as_slice()),
            ("queue", self.queue.is_some(), &[EventKind::NewCall]),
            ("answering_number", self.answering_number.is_some(), &[EventKind::Answer, EventKind::Hangup]),
            ("voicemail", self.voicemail, &[EventKind::Answer]),
            ("cause", self.cause.is_some(), &[EventKind::Hangup]),
            ("answered", self.answered.is_some(), &[EventKind::Hangup]),
        ];
        for (field, given, kinds) in places {
            if given && !kinds.contains(&kind) {
                return Err(EventError::Misplaced { field, kind });
            }
        }
        if self.user.is_some() && self.voicemail {
            return Err(EventError::TwoUsers);
        }
        match kind {
            EventKind::NewCall if self.from.is_none() => Err(EventError::Missing("from")),
            EventKind::NewCall if self.to.is_none() => Err(EventError::Missing("to")),
            EventKind::NewCall if self.direction.is_none() => Err(EventError::Missing("direction")),
            EventKind::NewCall | EventKind::Answer | EventKind::Hangup => Ok(()),
        }
    }
}
