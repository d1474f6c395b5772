//! What a phone system says is written down, for `--record`.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::bridge::feed::Fed;
use crate::bridge::mask::Mask;
use crate::bridge::recording::{self, Line, Recorded};
use crate::bridge::source::Source;
use crate::client::in_full;
use crate::program::safe_text::printable;

/// Writes down what the phone system says.
pub struct Recorder<S> {
    file: File,
    gap: Gap,
    /// how long the file is, in whole lines
    length: u64,
    mask: Option<Mask>,
    source: PhantomData<S>,
}

impl<S: Source> Recorder<S> {
    /// Begins a file that only this user can read: numbers and names stand in it, unless they are masked.
    ///
    /// # Errors
    ///
    /// It cannot be written, or is there already.
    pub fn begin(path: &Path, mask: Option<Mask>) -> anyhow::Result<Self> {
        let file = begin(path).with_context(|| path.display().to_string())?;
        let gap = Gap { path: path.to_owned(), lines: 0 };
        Ok(Self { file, gap, length: 0, mask, source: PhantomData })
    }

    pub fn note(&mut self, fed: &Fed<S::Message>) {
        self.write(match fed {
            Fed::Connected(secret, _) => Recorded::Connected(secret.clone()),
            Fed::Lost(error, _) => Recorded::Lost(in_full(error)),
            Fed::Said(message) => {
                let mut message = message.clone();
                if let Some(mask) = &self.mask {
                    S::mask(&mut message, mask);
                }
                Recorded::Said(message)
            }
        });
    }

    /// Nothing is followed any more. Until then, time passes for those who read it.
    pub fn end(&mut self) {
        self.write(Recorded::Lost("the recording ends".to_owned()));
    }

    fn write(&mut self, what: Recorded<S::Message>) {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let mut text = Vec::new();
        let written = recording::write(&mut text, &Line { time, what });
        let written = written.and_then(|()| self.file.write_all(&text));
        match &written {
            Ok(()) => self.length += text.len() as u64,
            Err(_) => {
                // Half a line would be none of a recording. What has no length has no lines either.
                let whole = self.file.set_len(self.length);
                let _ = whole.and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            }
        }
        if let Some(said) = self.gap.after(written) {
            log::warn!("{}", printable(&said));
        }
    }
}

fn begin(path: &Path) -> anyhow::Result<File> {
    let begun = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match begun {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // Of a pipe or a device nothing is replaced.
            if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
                return Ok(OpenOptions::new().write(true).open(path)?);
            }
            Err(error).context("a recording is not written over what is there; name another file")
        }
        begun => Ok(begun?),
    }
}

/// What is missing in a recording, which is told where it begins and where it ends.
struct Gap {
    path: PathBuf,
    lines: u64,
}

impl Gap {
    /// What is to be said after a line was written, or not.
    fn after(&mut self, written: io::Result<()>) -> Option<String> {
        let path = self.path.display();
        match written {
            Ok(()) => match std::mem::take(&mut self.lines) {
                0 => None,
                lines => Some(format!("the recording {path} goes on; {lines} lines are missing in it")),
            },
            Err(error) => {
                self.lines += 1;
                (self.lines == 1).then(|| format!("the recording {path} has a gap from here: {error}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_where_it_begins_and_where_it_ends() {
        let mut gap = Gap { path: "calls.jsonl".into(), lines: 0 };
        let full = || Err::<(), _>(io::Error::from(ErrorKind::StorageFull));
        let said: Vec<_> = [Ok(()), full(), full(), Ok(()), Ok(()), full()]
            .into_iter()
            .map(|written| gap.after(written).unwrap_or_default())
            .collect();
        let begins = format!("the recording calls.jsonl has a gap from here: {}", full().unwrap_err());
        let ends = "the recording calls.jsonl goes on; 2 lines are missing in it";
        assert_eq!(said, ["", &begins, "", ends, "", &begins]);
    }
}
