//! One line of input, and the event on it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value};

use crate::event::{Direction, EventError, WrittenEvent, is_only_name_foreign, text_of};

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
        let text = String::from_utf8(bytes).or_else(|error| self.with_latin_1(error.as_bytes()));
        // Some editors begin a file with a mark that is no part of it.
        Ok(Some(text.map(|text| text.trim_start_matches('\u{feff}').trim_end().to_owned())))
    }
}

impl<R> Lines<R> {
    /// A line whose names are not UTF-8, as on the command line. Numbers and ids are read for certain or not at all.
    #[cold]
    fn with_latin_1(&self, bytes: &[u8]) -> anyhow::Result<String> {
        let text = text_of(bytes);
        let mut fields: Map<String, Value> = serde_json::from_str(&text).map_err(|_| EventError::NotUtf8)?;
        let is_hangup = fields.get("event").is_some_and(|event| event == "hangup");
        let mut others = fields.clone();
        for name in ["user", "queue"] {
            others.remove(name);
        }
        for number in ["from", "to"] {
            if others.get(number).and_then(Value::as_str).is_some_and(is_only_name_foreign) {
                others.remove(number);
            }
        }
        for (field, value) in others {
            if value.to_string().is_ascii() {
                continue;
            }
            if !is_hangup || !DISPENSABLE.contains(&field.as_str()) {
                return Err(EventError::NotUtf8.into());
            }
            // It is told, and left out, as what is no text.
            fields.insert(field, Value::Object(Map::new()));
        }
        log::warn!(
            "line {}: a name is not UTF-8, and agents may see another one: give it in UTF-8",
            self.number
        );
        Ok(Value::Object(fields).to_string())
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

/// The texts that a hangup can do without.
const DISPENSABLE: [&str; 9] = [
    "from",
    "to",
    "answering_number",
    "answeringNumber",
    "cause",
    "dialstatus",
    "queue_status",
    "abandoned",
    "hangup_cause",
];

/// The event on a line.
pub fn event(text: &str) -> anyhow::Result<WrittenEvent> {
    let read = serde_json::from_str(text);
    Ok(read.or_else(|error| with_other_types(text).ok_or_else(|| EventError::no_event(error)))?)
}

/// An event with numbers where texts belong; a hangup also with anything else there, which it is sent without. Of a
/// call that is known, an event needs no direction that says something.
#[cold]
fn with_other_types(text: &str) -> Option<WrittenEvent> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    let is_hangup = fields.get("event")? == "hangup";
    let mut no_text = Vec::new();
    for field in DISPENSABLE {
        match fields.get_mut(field) {
            Some(value @ Value::Number(_)) => *value = Value::String(value.to_string()),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) if is_hangup => {
                fields.remove(field);
                no_text.push(field);
            }
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::String(_) | Value::Null)
            | None => {}
        }
    }
    let is_unread = |value: &Value| value.as_str().is_some_and(|word| Direction::read(word).is_err());
    let unread_direction = fields["event"] != "newCall" && fields.get("direction").is_some_and(is_unread);
    if unread_direction {
        fields.remove("direction");
    }
    let written: WrittenEvent = serde_json::from_value(Value::Object(fields)).ok()?;
    Some(WrittenEvent { no_text: Box::new(no_text), unread_direction, ..written })
}
