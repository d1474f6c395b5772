//! A stream that nobody waits for after a certain time.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Reads and writes until then; later both fail with [`ErrorKind::TimedOut`].
#[derive(Debug)]
pub struct Until<S> {
    stream: S,
    end: Instant,
}

impl<S: AsFd> Until<S> {
    pub fn new(stream: S, end: Instant) -> Self {
        Self { stream, end }
    }

    fn wait(&self, flags: PollFlags) -> Result<()> {
        loop {
            let left = self.end.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left.max(Duration::from_nanos(1))).map_err(Error::other)?;
            match poll(&mut [PollFd::new(&self.stream, flags)], Some(&timeout)) {
                Ok(0) => return Err(ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// `work` once the stream is ready for it, again if it was not after all.
    fn when_ready<T>(&mut self, flags: PollFlags, mut work: impl FnMut(&mut S) -> Result<T>) -> Result<T> {
        loop {
            self.wait(flags)?;
            match work(&mut self.stream) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                result => return result,
            }
        }
    }
}

impl<S: AsFd + Read> Read for Until<S> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        self.when_ready(PollFlags::IN, |stream| stream.read(bytes))
    }
}

impl<S: AsFd + Write> Write for Until<S> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.when_ready(PollFlags::OUT, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}
