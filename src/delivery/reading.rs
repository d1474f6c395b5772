//! From what a source writes to what is sent: each event is read here, once, by the configuration and by
//! what is known of its call.

mod doubts;

use std::borrow::Cow;

use crate::asterisk::CallEnd;
use crate::cause::Cause;
use crate::client::in_full;
use crate::config::{ConfigError, PhoneSystem};
use crate::event::{
    CallEvent, CallId, Direction, EventError, EventKind, Known, Name, Users, WrittenError, WrittenEvent,
    fitting, plain,
};
use crate::number::{NumberError, Reading};
use crate::rules;
use crate::spool::{Call, SpoolError, Which};

use super::{Courier, EventToSend};
use doubts::Written;

/// Why an event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// A field of it is wrong.
    #[error(transparent)]
    Written(#[from] WrittenError),
    /// It has a key, and there is no journal.
    #[error(transparent)]
    NoJournal(ConfigError),
    /// The journal does not say which call has this key.
    #[error(transparent)]
    Journal(SpoolError),
    /// It is to go to a profile that cannot be used.
    #[error(transparent)]
    Profile(#[from] ConfigError),
}

impl Courier {
    /// The event that is meant, with what the journal knows of its call.
    ///
    /// # Errors
    ///
    /// As [`WrittenEvent::read`]. A journal that cannot be read is an error only where a key names the call;
    /// otherwise the event goes without.
    pub async fn read<'a>(
        &self,
        mut written: WrittenEvent,
        phone_system: impl Into<PhoneSystem<'a>>,
    ) -> Result<EventToSend, ReadingError> {
        if written.call_key.is_some() && !self.has_journal() {
            return Err(ReadingError::NoJournal(ConfigError::KeyWithoutSpool));
        }
        let call = match (written.event, &written.call_key) {
            (EventKind::NewCall, _) => None,
            (EventKind::Answer | EventKind::Hangup, Some(key)) => {
                let key = key_of(key)?;
                let call = self.call(Which::Key(key)).await.map_err(ReadingError::Journal)?;
                Some(
                    call.ok_or(WrittenError::Text { field: "call_key", source: EventError::UnknownCallKey })?,
                )
            }
            (EventKind::Answer | EventKind::Hangup, None) => {
                self.call(Which::Id(written.identify()?)).await.unwrap_or_else(|error| {
                    log::warn!("what is known of call {}: {}", written.call_id, in_full(&error));
                    None
                })
            }
        };
        Ok(written.read(phone_system, call.as_ref())?)
    }
}

impl WrittenEvent {
    /// The event that is meant. `call` is what the journal has of it: its direction counts, because Zammad
    /// would show another one falsely.
    ///
    /// # Errors
    ///
    /// A field that is missing, has no place in this event, or cannot be read. But a hangup goes without what it does
    /// not need: all but the call and its direction.
    pub fn read<'a>(
        mut self,
        phone_system: impl Into<PhoneSystem<'a>>,
        call: Option<&Call>,
    ) -> Result<EventToSend, WrittenError> {
        self.refuse_misplaced()?;
        let PhoneSystem { numbering, agents } = phone_system.into();
        let kind = self.event;
        let call_id = match (call, &self.call_key) {
            (Some(call), Some(_)) => call.call_id.clone(),
            (Some(_) | None, _) => self.identify()?,
        };
        let known_direction = self.known_direction(call);
        if self.unread_direction && known_direction.is_none() {
            return Err(WrittenError::Text { field: "direction", source: EventError::NoDirection });
        }
        let direction = known_direction.unwrap_or(Direction::Inbound);
        let end = self.call_end();
        // On an outbound call it is the customer who picked up.
        let is_agents_phone = kind == EventKind::Answer && direction == Direction::Inbound && !self.voicemail;

        let mut left_out = LeftOut::of(&self, end.as_ref())?;
        let from = self.from.as_deref().map(|shown| numbering.explain(shown));
        let from = left_out.unless_read(kind, "from", from)?;
        let to = self.to.as_deref().map(|shown| numbering.explain(shown));
        let to = left_out.unless_read(kind, "to", to)?;
        let own_number = self.extension.as_deref().filter(|_| is_agents_phone);
        let answering_number = given(&self.answering_number).or(own_number);
        let mut users = self.names()?;
        let are_names_blank = users.is_empty()
            && (kind == EventKind::NewCall || is_agents_phone)
            && self.user.as_ref().is_some_and(|user| !user.names().is_empty());
        if users.is_empty() && is_agents_phone {
            users.extend(agents.login(self.endpoint.as_deref(), answering_number, numbering).cloned());
        }
        let written = Written {
            is_direction_assumed: known_direction.is_none(),
            is_direction_unread: self.unread_direction,
            overruled: self.direction.or(self.before.direction).filter(|&said| said != direction),
            from: from.as_ref().map(|from| from.kind),
            to: to.as_ref().map(|to| to.kind),
            are_names_blank,
        };
        let party = |reading: Reading| reading.party;
        let answering_number = answering_number.map(|shown| numbering.read_answering(shown));
        let answering_number = left_out.unless_read(kind, "answering_number", answering_number)?;
        let event = CallEvent {
            from: from.map(party),
            to: to.map(party),
            users,
            queue: self.queue.as_deref().map(|queue| name("queue", queue)).transpose()?.flatten(),
            answering_number,
            cause: match self.own_cause(&mut left_out)? {
                Some(cause) => Some(cause),
                None => end.as_ref().and_then(|end| end.cause(direction)).map(Cause::Read),
            },
            force_user: self.force_user,
            ..CallEvent::new(kind, call_id, direction)
        };
        let answered = end.and_then(|end| end.answered()).or(self.answered).or(self.before.answered);
        let known = Known {
            direction: call.map(|call| call.direction).or(self.before.direction),
            // That nobody is known to have answered says nothing: the answer may be on its way.
            answered: answered.or(call.and_then(|call| call.answered.then_some(true))),
            new_call_taken: self.before.new_call_taken,
        };
        let key = self.call_key.as_deref().filter(|_| kind == EventKind::NewCall).map(key_of).transpose()?;
        let mut findings =
            rules::findings(&(&event).into(), known.direction, known.answered, numbering.extension_digits);
        written.add_doubts(&event, &mut findings);
        let left_out = left_out.told(&event.call_id);
        Ok(EventToSend { event, known, key, findings, left_out, course: None })
    }

    /// The direction that is sent; `None`: nobody knows. The journal's counts before the event's own, as Zammad
    /// would show another one falsely; and that before what its writer said of the call in earlier events,
    /// which [`rules::findings`] compares it with.
    fn known_direction(&self, call: Option<&Call>) -> Option<Direction> {
        call.map(|call| call.direction).or(self.direction).or(self.before.direction)
    }

    fn names(&self) -> Result<Vec<Name>, WrittenError> {
        let mut names = Vec::new();
        for shown in self.user.as_ref().map_or(&[][..], Users::names) {
            names.extend(name("user", shown)?);
        }
        if self.voicemail {
            names.push(Name::voicemail());
        }
        Ok(names)
    }

    /// The cause as it is given. A call without its hangup would ring for ever.
    fn own_cause(&self, left_out: &mut LeftOut) -> Result<Option<Cause>, WrittenError> {
        match read_cause(self.cause.as_deref().unwrap_or_default(), self.raw_cause) {
            Err(WrittenError::Cause(error)) if !self.strict_cause => {
                left_out.push("cause", error.in_short());
                Ok(None)
            }
            read => read,
        }
    }

    /// What Asterisk says of the end; `None` if it is not asked.
    fn call_end(&mut self) -> Option<CallEnd> {
        let words =
            [&mut self.dialstatus, &mut self.queue_status, &mut self.abandoned, &mut self.hangup_cause];
        if words.iter().all(|word| word.is_none()) {
            return None;
        }
        let [dial_status, queue_status, abandoned, hangup_cause] =
            words.map(|word| word.take().unwrap_or_default());
        let answered = self.answered == Some(true);
        Some(CallEnd { answered, dial_status, queue_status, abandoned, hangup_cause })
    }

    /// A field at the wrong event would be sent in vain.
    fn refuse_misplaced(&self) -> Result<(), EventError> {
        use EventKind::{Answer, Hangup, NewCall};
        let kind = self.event;
        let places = [
            ("user", self.user.is_some(), [NewCall, Answer].as_slice()),
            ("force_user", self.force_user, &[Answer]),
            ("queue", self.queue.is_some(), &[NewCall]),
            ("trunk", self.trunk.is_some(), &[NewCall]),
            ("answering_number", self.answering_number.is_some(), &[Answer, Hangup]),
            ("endpoint", self.endpoint.is_some(), &[Answer]),
            ("extension", self.extension.is_some(), &[Answer]),
            ("voicemail", self.voicemail, &[Answer]),
            ("cause", self.cause.is_some(), &[Hangup]),
            ("raw_cause", self.raw_cause, &[Hangup]),
            ("strict_cause", self.strict_cause, &[Hangup]),
            ("dialstatus", self.dialstatus.is_some(), &[Hangup]),
            ("queue_status", self.queue_status.is_some(), &[Hangup]),
            ("abandoned", self.abandoned.is_some(), &[Hangup]),
            ("hangup_cause", self.hangup_cause.is_some(), &[Hangup]),
            ("answered", self.answered.is_some(), &[Hangup]),
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
            NewCall if self.from.is_none() => Err(EventError::Missing("from")),
            NewCall if self.to.is_none() => Err(EventError::Missing("to")),
            NewCall if self.direction.is_none() => Err(EventError::Missing("direction")),
            NewCall | Answer | Hangup => Ok(()),
        }
    }
}

/// Behind `zammad-cti: warning: ` it makes a line of 120 characters.
const LONGEST_WARNING: usize = 120 - 21;

/// More than Asterisk's ids have.
const SHOWN_OF_ID: usize = 24;

/// What of a hangup cannot be read, and why.
#[derive(Debug, Default)]
struct LeftOut(Vec<(&'static str, String)>);

impl LeftOut {
    /// What is known to be none before it is read.
    fn of(written: &WrittenEvent, end: Option<&CallEnd>) -> Result<Self, WrittenError> {
        if written.strict_cause && written.no_text.contains(&"cause") {
            return Err(WrittenError::Text { field: "cause", source: EventError::NotUtf8 });
        }
        let mut left_out = Self::default();
        for &field in written.no_text.iter() {
            left_out.push(field, "it is not a text".to_owned());
        }
        for field in end.map(CallEnd::unread).unwrap_or_default() {
            left_out.push(field, "Asterisk has no such value".to_owned());
        }
        Ok(left_out)
    }

    fn push(&mut self, field: &'static str, reason: String) {
        self.0.push((field, reason));
    }

    /// What was read of a field that is given; of a hangup nothing, if it cannot be read.
    fn unless_read<T>(
        &mut self,
        kind: EventKind,
        field: &'static str,
        read: Option<Result<T, NumberError>>,
    ) -> Result<Option<T>, WrittenError> {
        match (read.transpose(), kind) {
            (Ok(read), _) => Ok(read),
            (Err(error), EventKind::Hangup) => {
                self.push(field, error.to_string());
                Ok(None)
            }
            (Err(source), EventKind::NewCall | EventKind::Answer) => {
                Err(WrittenError::Number { field, source })
            }
        }
    }

    /// Warns, and says it for a report.
    fn told(self, call_id: &CallId) -> Option<String> {
        for (field, reason) in &self.0 {
            let call = cut(call_id.as_str(), SHOWN_OF_ID);
            let line = match *field {
                "cause" => format!("call {call}: agents see no cause: {reason}"),
                field => format!("call {call}: the hangup goes without its {field}: {reason}"),
            };
            log::warn!("{}", cut(&line, LONGEST_WARNING));
        }
        let parts: Vec<_> = self.0.iter().map(|(field, reason)| format!("its {field}: {reason}")).collect();
        (!parts.is_empty()).then(|| format!("sent without {}", parts.join("; ")))
    }
}

/// The beginning of a text of more characters than that.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept = text.char_indices().nth(most - 1).map_or(text.len(), |(place, _)| place);
            Cow::Owned(format!("{}…", &text[..kept]))
        }
    }
}

/// A text that is there, and is not that of a variable that is not set.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.trim().is_empty())
}

fn name(field: &'static str, shown: &str) -> Result<Option<Name>, WrittenError> {
    Name::read("the name", &kept(field, shown, Name::MAX_CHARS))
        .map_err(|source| WrittenError::Text { field, source })
}

/// A text for agents to read as Zammad keeps it, with a warning if that is another one.
fn kept<'a>(field: &str, shown: &'a str, most: usize) -> Cow<'a, str> {
    let kept = fitting(shown, most);
    if kept != shown.trim_end_matches(['\r', '\n']) {
        match shown.chars().count() > most {
            true => log::warn!("{field} is cut: Zammad keeps {most} characters"),
            false => log::warn!("{field} holds control characters: agents see blanks in their place"),
        }
    }
    kept
}

pub(super) fn key_of(shown: &str) -> Result<String, WrittenError> {
    if shown.trim().is_empty() {
        return Err(EventError::EmptyCallKey.into());
    }
    let key = plain("the call key", shown, CallId::MAX_CHARS);
    key.map_err(|source| WrittenError::Text { field: "call_key", source })
}

/// A cause, or with `is_raw` any text; none for a blank one, as an unset variable of a dialplan gives it.
pub(crate) fn read_cause(shown: &str, is_raw: bool) -> Result<Option<Cause>, WrittenError> {
    if shown.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(if is_raw {
        Cause::Raw(kept("cause", shown, Cause::MAX_CHARS).into_owned())
    } else {
        Cause::Read(shown.parse().map_err(WrittenError::Cause)?)
    }))
}
