//! The log's lines about requests: none longer than a screen or two, and only so many a second about
//! requests that have nothing to do with the phone system.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// How much of one request stands in a line.
const LONGEST: usize = 1000;

/// How many lines about requests of strangers there are in [`PERIOD`].
const MOST: u32 = 20;
const PERIOD: Duration = Duration::from_secs(1);

/// A value as JSON, as far as it fits into a line.
pub(super) fn json(value: &impl Serialize) -> String {
    let mut line = Line(Vec::new());
    let is_whole = serde_json::to_writer(&mut line, value).is_ok();
    text(&line.0, is_whole)
}

/// A text, as far as it fits into a line.
pub(super) fn short(whole: &str) -> String {
    let start = &whole.as_bytes()[..whole.len().min(LONGEST)];
    text(start, start.len() == whole.len())
}

/// The time of day where this machine is.
pub(super) fn local_time(time: SystemTime) -> String {
    // Its type has another size in each C library.
    let seconds =
        time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().try_into().unwrap_or_default();
    let mut parts = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to values that are there, and `parts` is a valid one also where nothing is written to it.
    let parts = unsafe {
        libc::localtime_r(&seconds, parts.as_mut_ptr());
        parts.assume_init()
    };
    format!("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec)
}

fn text(bytes: &[u8], is_whole: bool) -> String {
    // The last character may be cut.
    let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    format!("{text}{}", if is_whole { "" } else { "…" })
}

/// The start of what is written; more is an error, so that nobody goes on writing.
struct Line(Vec<u8>);

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST - self.0.len();
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room { Err(io::ErrorKind::WriteZero.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells of requests of strangers, as long as they are few.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Strangers {
    pub fn tell(&mut self, line: fmt::Arguments<'_>) {
        if let Some(untold) = self.may_tell(Instant::now()) {
            if untold > 0 {
                log::info!("{untold} more refused requests are not listed here");
            }
            log::info!("{line}");
        }
    }

    /// Whether there may be another line, and how many were left out before it.
    fn may_tell(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= PERIOD) {
            (self.since, self.told) = (Some(now), 0);
        }
        if self.told == MOST {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(json(&["a", "é"]), r#"["a","é"]"#);
        let exact = "x".repeat(LONGEST - 2);
        assert_eq!(json(&exact), format!("\"{exact}\""));
        assert_eq!(json(&"é".repeat(LONGEST)), format!("\"{}…", "é".repeat(LONGEST / 2 - 1)));
        assert_eq!(short("GET /"), "GET /");
        assert_eq!(short(&"x".repeat(LONGEST + 1)), "x".repeat(LONGEST) + "…");
    }

    #[test]
    fn a_flood_is_some_lines_a_second_and_a_number() {
        let (mut strangers, start) = (Strangers::default(), Instant::now());
        let told = (0..1000).filter(|_| strangers.may_tell(start).is_some()).count();
        assert_eq!(told, MOST as usize);
        assert_eq!(strangers.may_tell(start + PERIOD), Some(1000 - u64::from(MOST)));
        assert_eq!(strangers.may_tell(start + PERIOD), Some(0));
    }
}
