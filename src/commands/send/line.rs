//! One line of input, and the event on it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use zammad_cti::delivery::Known;
use zammad_cti::event::{CallEvent, CallId, Direction, EventError, EventKind, Name};
use zammad_cti::number::{Numbering, Party};

use crate::commands::arguments::{answering_party, party};
use crate::commands::hangup::read_cause;
use crate::commands::report::Described;

/// An event takes some hundred bytes.
const MAX_LINE: u64 = 64 * 1024;

/// A line that is not blank.
pub struct Line {
    /// counted from 1, as editors do
    pub number: u64,
    pub content: anyhow::Result<String>,
}

/// The lines of an input, however long they are.
pub struct Lines<R> {
    input: BufReader<R>,
    /// for errors
    path: PathBuf,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub fn new(input: R, path: &Path) -> Self {
        Self { input: BufReader::new(input), path: path.to_owned(), number: 0 }
    }

    /// Whether the whole of another line has been read already.
    pub fn has_more_at_hand(&self) -> bool {
        let mut lines = self.input.buffer().split_inclusive(|&byte| byte == b'\n');
        lines.any(|line| line.ends_with(b"\n") && !line.trim_ascii().is_empty())
    }

    /// Reads up to the end of a line; `None` at the end of the input.
    fn read(&mut self) -> std::io::Result<Option<anyhow::Result<String>>> {
        let mut bytes = Vec::new();
        (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
            return Ok(Some(Err(EventError::LongLine.into())));
        }
        let text = String::from_utf8(bytes).map_err(|_| EventError::NotUtf8.into());
        // Some editors begin a file with a mark that is no part of it.
        Ok(Some(text.map(|text| text.trim_start_matches('\u{feff}').trim_end().to_owned())))
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = anyhow::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.number += 1;
            match self.read() {
                Ok(None) => return None,
                Ok(Some(Ok(text))) if text.trim().is_empty() => {}
                Ok(Some(content)) => return Some(Ok(Line { number: self.number, content })),
                Err(error) => {
                    let error = Err(error).with_context(|| format!("cannot read {}", self.path.display()));
                    return Some(error);
                }
            }
        }
    }
}

/// An event as it stands on a line, in the words of the results, of Zammad, or of both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Written {
    event: EventKind,
    #[serde(alias = "callId")]
    call_id: String,
    direction: Option<Direction>,
    from: Option<String>,
    to: Option<String>,
    user: Option<Users>,
    queue: Option<String>,
    #[serde(alias = "answeringNumber")]
    answering_number: Option<String>,
    #[serde(default)]
    voicemail: bool,
    cause: Option<String>,
    answered: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Users {
    One(String),
    Several(Vec<String>),
}

/// Reads one line; `call` tells the direction of a call that began on a line before.
pub fn event(
    text: &str,
    numbering: &Numbering,
    call: impl FnOnce(&CallId) -> Option<Direction>,
) -> anyhow::Result<Described> {
    let written: Written = serde_json::from_str(text).map_err(EventError::no_event)?;
    let kind = written.event;
    written.refuse_misplaced()?;
    let optional = |field, shown: Option<String>| -> anyhow::Result<Option<Party>> {
        shown.map(|shown| party(field, shown.as_ref(), numbering)).transpose()
    };
    let name = |field, shown: &str| Name::read("the name", shown).context(field);
    let mut users = Vec::new();
    for shown in match &written.user {
        None => &[][..],
        Some(Users::One(name)) => std::slice::from_ref(name),
        Some(Users::Several(names)) => names,
    } {
        users.extend(name("user", shown)?);
    }
    if written.voicemail {
        users.push(Name::voicemail());
    }
    let call_id = match (kind, written.call_id.as_str()) {
        (EventKind::NewCall, CallId::AUTO) => CallId::random(),
        (_, call_id) => call_id.parse().context("call_id")?,
    };
    let direction = written.direction.or_else(|| call(&call_id)).unwrap_or(Direction::Inbound);
    let event = CallEvent {
        from: optional("from", written.from)?,
        to: optional("to", written.to)?,
        users,
        queue: written.queue.as_deref().map(|queue| name("queue", queue)).transpose()?.flatten(),
        answering_number: written
            .answering_number
            .filter(|shown| !shown.is_empty())
            .map(|shown| answering_party("answering_number", shown.as_ref(), numbering))
            .transpose()?,
        cause: written.cause.map(|cause| read_cause(&cause, false).context("cause")).transpose()?.flatten(),
        ..CallEvent::new(kind, call_id, direction)
    };
    Ok(Described { event, known: Known { direction: None, answered: written.answered } })
}

impl Written {
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
