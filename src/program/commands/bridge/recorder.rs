//! What a phone system says is written down, for `--record`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::bridge::feed::Fed;
use crate::bridge::mask::Mask;
use crate::bridge::recording::{self, Line, Recorded};
use crate::bridge::source::Source;
use crate::client::in_full;

/// Writes down what the phone system says.
pub struct Recorder<S> {
    file: BufWriter<File>,
    mask: Option<Mask>,
    source: PhantomData<S>,
}

impl<S: Source> Recorder<S> {
    pub fn begin(path: &Path, is_masked: bool) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self { file: BufWriter::new(file), mask: is_masked.then(Mask::default), source: PhantomData })
    }

    pub fn note(&mut self, fed: &Fed<S::Message>) {
        let what = match fed {
            Fed::Connected(secret) => Recorded::Connected(secret.clone()),
            Fed::Lost(error, _) => Recorded::Lost(in_full(error)),
            Fed::Said(message) => {
                let mut message = message.clone();
                if let Some(mask) = &self.mask {
                    S::mask(&mut message, mask);
                }
                Recorded::Said(message)
            }
        };
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let written = recording::write(&mut self.file, &Line { time, what }).and_then(|()| self.file.flush());
        if let Err(error) = written {
            log::warn!("the recording has a gap: {error}");
        }
    }
}
