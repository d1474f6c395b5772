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
    /// Its last line has no end.
    #[error("line {line} is cut off, and what came then is not recorded")]
    CutOff { line: u64 },
    /// There is nothing in it.
    #[error("it is empty, and no recording")]
    Empty,
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

/// Reads line by line; blank ones are none. Its writer may have been killed in the middle of its last line.
pub fn read<M: DeserializeOwned>(
    mut file: impl BufRead,
) -> impl Iterator<Item = Result<Line<M>, RecordingError>> {
    let (mut line, mut found) = (0, 0_u64);
    std::iter::from_fn(move || {
        loop {
            let mut text = Vec::new();
            match file.read_until(b'\n', &mut text) {
                Ok(0) if found == 0 => {
                    found = 1;
                    return Some(Err(RecordingError::Empty));
                }
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    found += 1;
                    return Some(Err(error.into()));
                }
            }
            line += 1;
            if text.trim_ascii().is_empty() {
                continue;
            }
            found += 1;
            let is_whole = text.ends_with(b"\n");
            return Some(serde_json::from_slice(&text).map_err(|source| {
                match source.is_eof() && !is_whole {
                    // The first line of some other file may have no end either.
                    true if found > 1 => RecordingError::CutOff { line },
                    true | false => RecordingError::Strange { line, source },
                }
            }));
        }
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

    #[test]
    fn a_file_without_an_end_and_one_without_a_line_are_told_apart() {
        let read = |file: &str| -> Vec<String> {
            let lines = read::<Message>(file.as_bytes());
            lines.map(|line| line.map_or_else(|error| error.to_string(), |_| "line".to_owned())).collect()
        };
        let line = "{\"time\":1,\"connected\":\"1\"}";
        let cut = "line 2 is cut off, and what came then is not recorded";
        assert_eq!(read(&format!("{line}\n{{\"time\":2,\"conn")), ["line", cut]);
        assert_eq!(read(&format!("{line}\n{line}")), ["line", "line"]);
        assert_eq!(read("\n"), ["it is empty, and no recording"]);
        assert_eq!(read("[").len(), 1);
        assert!(read("{\"a\"")[0].starts_with("line 1 is no line"));
    }
}
