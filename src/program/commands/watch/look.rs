//! What there is to see in the spool's file at one moment, and what was seen before.

use std::time::{Duration, SystemTime};

use crate::config::{Config, shown};
use crate::program::commands::spool;
use crate::spool::{Activity, Bridge, Call, Letter, LinkState, Moment, Overview, Position, State, Trouble};

/// At most this many calls, events and errors are looked at: more than a screen has lines.
pub const MOST: usize = 200;

/// The time whose events are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// How long this waits for others that use the file: keys wait as well.
const PATIENCE: Duration = Duration::from_secs(1);

/// The spool at one moment.
#[derive(Debug, Default)]
pub struct Look {
    /// the file, without what looks like a token in its place
    pub path: String,
    /// what there is in it; `None`: nothing was ever kept
    pub spool: Option<Seen>,
}

/// What is in a spool.
#[derive(Debug)]
pub struct Seen {
    pub at: SystemTime,
    /// which Zammad it is about
    pub zammad: String,
    pub overview: Overview,
    pub activity: Activity,
    /// newest first
    pub calls: Vec<Call>,
    /// oldest first
    pub waiting: Vec<Letter>,
    /// newest first
    pub troubles: Vec<Trouble>,
    /// those with a connection that is lost come first, those that have ended last
    pub bridges: Vec<Bridge>,
}

impl Look {
    /// Looks at the spool of this configuration.
    ///
    /// # Errors
    ///
    /// No spool is configured, or it cannot be read.
    pub fn now(config: &Config) -> anyhow::Result<Self> {
        let path = config.spool.as_ref().map(|spool| shown(&spool.path.to_string_lossy()));
        let path = path.unwrap_or_default();
        // Opened each time: another file may have its name by now.
        let Some(mut spool) = spool::open_within(config, PATIENCE)? else {
            return Ok(Self { path, spool: None });
        };
        let now = Moment::now();
        let mut bridges = spool.bridges(now)?;
        bridges.sort_by_key(|bridge| match bridge.told.link {
            LinkState::Ended => 2,
            LinkState::Connected if bridge.is_running() => 1,
            LinkState::Connected | LinkState::Lost(_) => 0,
        });
        let seen = Seen {
            at: now.time(),
            zammad: spool.address().to_owned(),
            // Calls that do not end are for `check` to count.
            overview: spool.overview(Duration::MAX, now)?,
            activity: spool.activity(MINUTE, now)?,
            calls: spool.newest_open_calls(MOST, now)?,
            waiting: spool.letters(Position(0), Some(State::Waiting), MOST, now)?,
            troubles: spool.troubles(MOST, now)?,
            bridges,
        };
        Ok(Self { path, spool: Some(seen) })
    }
}

/// The errors of all looks: those of an event that has arrived since are not in the file any more.
#[derive(Debug, Default)]
pub struct Memory(Vec<Remembered>);

/// An error, and when it was.
#[derive(Debug)]
pub struct Remembered {
    pub trouble: Trouble,
    pub at: SystemTime,
    /// its event is not in the spool any more
    pub is_over: bool,
}

impl Memory {
    /// Remembers the errors of another look.
    pub fn note(&mut self, look: &Look) {
        let Some(seen) = &look.spool else { return };
        for remembered in &mut self.0 {
            remembered.is_over = true;
        }
        for trouble in &seen.troubles {
            let at = seen.at.checked_sub(trouble.ago).unwrap_or(SystemTime::UNIX_EPOCH);
            let new = Remembered { trouble: trouble.clone(), at, is_over: false };
            match self.0.iter_mut().find(|known| known.trouble.position == trouble.position) {
                Some(known) => *known = new,
                None => self.0.push(new),
            }
        }
        self.0.sort_by_key(|remembered| std::cmp::Reverse(remembered.at));
        self.0.truncate(MOST);
    }

    /// Newest first.
    pub fn troubles(&self) -> &[Remembered] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: SystemTime, troubles: &[(i64, u64)]) -> Look {
        let trouble = |(position, ago): &(i64, u64)| Trouble {
            position: Position(*position),
            ago: Duration::from_secs(*ago),
            call_id: "7".to_owned(),
            kind: "newCall".to_owned(),
            state: State::Waiting,
            what: "no reply".to_owned(),
        };
        let seen = Seen {
            at,
            zammad: "zammad.example.com".to_owned(),
            overview: Overview::default(),
            activity: Activity::default(),
            calls: Vec::new(),
            waiting: Vec::new(),
            troubles: troubles.iter().map(trouble).collect(),
            bridges: Vec::new(),
        };
        Look { path: String::new(), spool: Some(seen) }
    }

    #[test]
    fn an_error_is_remembered_when_its_event_has_arrived() {
        let mut memory = Memory::default();
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        memory.note(&look(start, &[(1, 10), (2, 20)]));
        memory.note(&look(start + Duration::from_secs(5), &[(2, 1), (3, 3)]));
        memory.note(&Look::default());
        let seen: Vec<_> = memory
            .troubles()
            .iter()
            .map(|one| (one.trouble.position.0, one.at.duration_since(start).is_ok(), one.is_over))
            .collect();
        assert_eq!(seen, [(2, true, false), (3, true, false), (1, false, true)]);
        for position in 10..10 + MOST as i64 * 2 {
            memory.note(&look(start + Duration::from_secs(60), &[(position, 0)]));
        }
        assert_eq!(memory.troubles().len(), MOST);
    }
}
