//! Where the lines come from, until nobody wants more.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, stdin};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// A file or a stream. What was read of it is handed on; then it ends where it ends, or when its [`GoesOn`] is dropped.
pub struct Input {
    file: File,
    stopped: PipeReader,
    was_cut: Arc<AtomicBool>,
}

/// While this is there, an input goes on.
pub struct GoesOn {
    _open: PipeWriter,
}

impl Input {
    /// `-` is the standard input.
    pub fn open(path: &Path) -> anyhow::Result<(Self, GoesOn)> {
        let file = if path == Path::new("-") {
            // Not by way of std's own buffer, in which something could wait unseen.
            stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        };
        let file = file.with_context(|| format!("cannot read {}", path.display()))?;
        let (stopped, open) = io::pipe()?;
        Ok((Self { file, stopped, was_cut: Arc::default() }, GoesOn { _open: open }))
    }

    /// Becomes true if it ends although there may be more.
    pub fn was_cut(&self) -> Arc<AtomicBool> {
        self.was_cut.clone()
    }
}

impl Read for Input {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut either = [PollFd::new(&self.stopped, PollFlags::IN), PollFd::new(&self.file, PollFlags::IN)];
        while let Err(error) = poll(&mut either, None) {
            if error != Errno::INTR {
                return Err(error.into());
            }
        }
        // Nothing is ever written there: it has ended, or there is nothing to see.
        if !either[0].revents().is_empty() {
            self.was_cut.store(true, Ordering::Relaxed);
            return Ok(0);
        }
        self.file.read(bytes)
    }
}
