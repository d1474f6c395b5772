//! A recording in place of the phone system, by its own clock.

use std::io::{BufRead, Write};
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use crate::bridge::recording::{Recorded, read};
use crate::bridge::source::Source;
use crate::bridge::tracker::{Followed, Tracker};
use crate::config::Config;

use super::follow::{Onlookers, dry, hear};
use super::tell;

/// Follows what was recorded, to its end.
pub fn replay<S: Source>(
    mut source: S,
    mut tracker: Tracker,
    recording: impl BufRead,
    config: &Config,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    // Nobody is there to be asked.
    let (requests, _) = unbounded_channel();
    let mut last = Duration::ZERO;
    for line in read::<S::Message>(recording) {
        let line = line?;
        let now = line.at();
        last = last.max(now);
        match line.what {
            Recorded::Connected(secret) => drop(source.begin(&secret)),
            Recorded::Lost(_) => {}
            Recorded::Said(message) => {
                hear(&mut source, &mut tracker, message, now, &requests, &Onlookers::default());
            }
        }
        print(&mut tracker, config, out)?;
    }
    // What would follow a moment later, had nothing more been said.
    tracker.pass(last + tracker.patience());
    print(&mut tracker, config, out)
}

fn print(tracker: &mut Tracker, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    for followed in tracker.followed().collect::<Vec<_>>() {
        match followed {
            Followed::Event(_, written) => dry(written, config, out)?,
            Followed::Ended(_, summary) => tell::ended(&summary),
            Followed::Unreported(_, summary, reason) => tell::unreported(&summary, &reason),
        }
    }
    Ok(())
}
