//! An event that another process of this program brings to Zammad, so that nobody waits for it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::agi::Until;
use crate::delivery::Deadline;
use crate::event::{EventError, WrittenEvent};
use anyhow::Context;

use super::{on_its_way, unhurried};
use crate::program::cli::Global;
use crate::program::exit_code::ExitCode;

/// What comes from another process of this program is short.
const MAX_LINE: u64 = 64 * 1024;

/// Begins another process with this event, and waits for what becomes of it at most that long.
/// Returns a line for Asterisk's console.
pub fn hand_over(written: &WrittenEvent, patience: Duration) -> anyhow::Result<String> {
    let end = Instant::now() + patience;
    let mut other = another().context("no other process")?;
    let event = serde_json::to_string(written).context("the event cannot be written")?;
    if let Some(mut input) = other.stdin.take() {
        input.write_all(event.as_bytes()).context("the other process does not listen")?;
    }
    let mut said = String::new();
    if let Some(output) = other.stdout.take() {
        let output = BufReader::new(Until::new(File::from(OwnedFd::from(output)), end));
        // It has the event by now, and a second copy could hide a missed call: whatever is heard of it,
        // nobody else brings it.
        if output.take(MAX_LINE).read_line(&mut said).is_err() {
            return Ok(on_its_way(written.event, &written.call_id));
        }
    }
    Ok(match said.trim_end() {
        "" => format!("zammad-cti: {} of call {}: see the log", written.event, written.call_id),
        said => format!("zammad-cti: {said}"),
    })
}

/// This program once more, with the same settings.
fn another() -> std::io::Result<Child> {
    let began_as = std::env::args_os().next().unwrap_or_default();
    let spawn = |program: &OsStr| {
        Command::new(program)
            .arg0("zammad-cti")
            .args(std::env::args_os().skip(1))
            .arg("--handed-over")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Asterisk's signals are for this process.
            .process_group(0)
            .spawn()
    };
    // The file may have been replaced by a newer release meanwhile; this one is still there. Where
    // there is no /proc, as in a bare chroot, the newer one will do.
    spawn(OsStr::new("/proc/self/exe")).or_else(|_| spawn(&began_as))
}

/// Brings the event of another process to Zammad, in all the time that events have.
pub fn deliver(global: &Global, started: Instant, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = unhurried(global, log::LevelFilter::Warn)?;
    let mut event = String::new();
    stdin().lock().take(MAX_LINE).read_to_string(&mut event)?;
    let written: WrittenEvent = serde_json::from_str(&event).map_err(EventError::no_event)?;
    let (report, error) = super::deliver(written, &config, Deadline::new(started, config.deadline))?;
    // Whoever handed it over has ended if it took long. In one piece, so that none of it waits in a
    // buffer for another try that would be an error.
    let _ = out.write_all(format!("{}\n", report.summary()).as_bytes());
    error.map_or(Ok(ExitCode::Ok), Err)
}
