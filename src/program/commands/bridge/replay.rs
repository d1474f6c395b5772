//! A recording in place of the phone system, by its own clock.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::bridge::recording::{Recorded, RecordingError, read};
use crate::bridge::source::Source;
use crate::bridge::tracker::{Followed, Tracker};
use crate::config::Config;
use crate::program::safe_text::printable;

use super::follow::{Onlookers, dry, hear};
use super::listener::understand;
use super::tell;

/// Follows what was recorded, to its end.
pub fn replay<S: Source>(
    mut source: S,
    mut tracker: Tracker,
    recording: &Path,
    config: &Config,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let name = || recording.display().to_string();
    let file = File::open(recording).with_context(name)?;
    let mut last = Duration::ZERO;
    for line in read::<S::Message>(BufReader::new(file)) {
        let line = match line {
            // What stands before it is as good as ever.
            Err(error @ RecordingError::CutOff { .. }) => {
                log::warn!("{}: {error}", printable(&name()));
                break;
            }
            line => line.with_context(name)?,
        };
        let now = line.at();
        last = last.max(now);
        match line.what {
            Recorded::Connected(secret) => drop(source.begin(&secret)),
            // What is due by now was due for who recorded it, too.
            Recorded::Lost(_) => tracker.pass(now),
            Recorded::Said(message) => {
                // Nobody is there to be asked.
                let said = understand(&mut source, message, false, drop);
                hear(&mut tracker, said, now, &Onlookers::default());
            }
        }
        print(&mut tracker, config, out)?;
    }
    // What would follow a moment later, had nothing more been said.
    tracker.pass(last + tracker.patience());
    print(&mut tracker, config, out)?;
    match tracker.open() {
        0 => {}
        1 => log::info!("1 call is still open where the recording ends"),
        open => log::info!("{open} calls are still open where the recording ends"),
    }
    Ok(())
}

fn print(tracker: &mut Tracker, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    for followed in tracker.followed().collect::<Vec<_>>() {
        match followed {
            Followed::Event(_, written) => drop(dry(written, config, out)?),
            Followed::Ended(_, summary) => tell::ended(&summary),
            Followed::Unreported(_, summary, reason) => tell::unreported(&summary, &reason),
        }
    }
    Ok(())
}
