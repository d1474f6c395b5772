//! What a phone system said, one JSON object a line: written while it is followed, and read in its place.

use std::io::{BufRead, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line<M> {
    /// seconds, from any beginning
    pub time: f64,
    /// what happened then
    #[serde(flatten)]
    pub what: Recorded<M>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded<M> {
    /// a connection began; its secret, which is of no use afterwards
    Connected(String),
    /// it ended, and why
    Lost(String),
    /// the phone system said something
    Said(M),
}

/// Why a recording cannot be read on.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
pub enum RecordingError {
    /// The file.
    #[error("cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// What is in it.
    #[error("line {line} is no line of a recording of this phone system")]
    Strange { line: u64, source: serde_json::Error },
}

impl<M> Line<M> {
    /// When it happened.
    pub fn at(&self) -> Duration {
        Duration::try_from_secs_f64(self.time).unwrap_or_default()
    }
}

/// Writes one line.
///
/// # Errors
///
/// The file's.
pub fn write<M: Serialize>(file: &mut impl Write, line: &Line<M>) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

/// Reads line by line; blank ones are none.
pub fn read<M: DeserializeOwned>(
    file: impl BufRead,
) -> impl Iterator<Item = Result<Line<M>, RecordingError>> {
    let lines = file.split(b'\n').zip(1..);
    lines.filter_map(|(text, line)| match text {
        Ok(text) if text.trim_ascii().is_empty() => None,
        Ok(text) => {
            Some(serde_json::from_slice(&text).map_err(|source| RecordingError::Strange { line, source }))
        }
        Err(error) => Some(Err(error.into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::asterisk::{Blocks, Message};

    #[test]
    fn what_was_written_is_read_again() {
        let mut said = Vec::new();
        Blocks::default().read("Event: Hangup\nCause: 16\n\nCause: 17\n\n".as_bytes(), &mut |block| {
            said.push(Recorded::Said(Message::from(block)));
        });
        let lines = [Recorded::Connected("1".to_owned())]
            .into_iter()
            .chain(said)
            .chain([Recorded::Lost("gone".to_owned())]);
        let lines: Vec<Line<Message>> = lines.map(|what| Line { time: 1.5, what }).collect();
        let mut file = Vec::new();
        for line in &lines {
            write(&mut file, line).unwrap();
        }
        let text = String::from_utf8(file).unwrap();
        assert!(
            text.contains(r#"{"time":1.5,"said":{"block":[["Event","Hangup"],["Cause","16"]]}}"#),
            "{text}"
        );
        let read: Vec<Line<Message>> = read(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(format!("{read:?}"), format!("{lines:?}"));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let file = "{\"time\":1,\"connected\":\"1\"}\n\n{\"time\":2}\n";
        let read: Vec<Result<Line<Message>, _>> = read(file.as_bytes()).collect();
        assert!(read[0].is_ok());
        let error = read[1].as_ref().unwrap_err();
        assert!(error.to_string().starts_with("line 3 "), "{error}");
    }
}
