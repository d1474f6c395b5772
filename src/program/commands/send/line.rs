//! One line of input, and the event on it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value};

use crate::event::{EventError, WrittenEvent, text_of};

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
        for name in ["user", "queue"] {
            fields.remove(name);
        }
        if !Value::Object(fields).to_string().is_ascii() {
            return Err(EventError::NotUtf8.into());
        }
        log::warn!(
            "line {}: a name is not UTF-8, and agents may see another one: give it in UTF-8",
            self.number
        );
        Ok(text.into_owned())
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

/// The event on a line.
pub fn event(text: &str) -> anyhow::Result<WrittenEvent> {
    Ok(serde_json::from_str(text).map_err(EventError::no_event)?)
}
