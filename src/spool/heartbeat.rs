//! What bridges tell of themselves while they run: a row for each, in the file that all its readers have anyway.
//!
//! A bridge that is gone cannot say so. So each says every few seconds that it is there, and one that has said
//! nothing for [`Heartbeat::LATE`] counts as gone.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::file::Durable;
use super::moment::moment;
use super::{BridgeLock, Moment, SharedSpool, Spool, SpoolError};

/// After so long a bridge that has not said how it ended is forgotten: nobody waits for it any more.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a bridge told of itself last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// which bridge
    pub name: BridgeName,
    /// whether it has a connection to its phone system
    pub link: LinkState,
    /// what to do about a connection that it does not have, or about what its account lacks
    #[serde(default)]
    pub next_step: String,
    /// what its account lacks, while it is connected
    #[serde(default)]
    pub lacks: Option<String>,
    /// since when
    pub since: SystemTime,
    /// events whose fate is known, since it began
    pub events: u64,
    /// what the phone system said, in messages, since it began
    pub messages: u64,
    /// calls that are under way
    pub calls: u64,
    /// how often the connection was made again
    pub reconnects: u64,
    /// what was sent to it and is not believed, or was too much, since it began
    #[serde(default)]
    pub refused: u64,
    /// what was sent again or came too late, since it began
    #[serde(default)]
    pub repeated: u64,
    /// how long the last event took, from the phone system's word to Zammad's reply
    pub delay: Duration,
    /// what it has seen of the phone system
    pub sights: Sights,
    /// what it has locked for as long as it runs, if it could
    #[serde(default)]
    pub lock: BridgeLock,
}

/// A bridge among those that share a spool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BridgeName {
    /// the kind of phone system, such as `asterisk`
    pub source: String,
    /// the profile it was started with
    pub profile: Option<String>,
    /// where the phone system is
    pub phone_system: String,
}

impl BridgeName {
    /// Whether another one follows the same phone system, under whichever profile.
    pub fn is_same_system(&self, other: &Self) -> bool {
        (&self.source, &self.phone_system) == (&other.source, &other.phone_system)
    }
}

/// Whether a bridge follows its phone system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// It does.
    Connected,
    /// It cannot, for this reason; it tries again.
    Lost(String),
    /// It was told to end.
    Ended,
}

/// What there is of a phone system, as far as a bridge has seen it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sights {
    /// lines to the outside
    pub trunks: Vec<String>,
    /// queues that callers came to
    pub queues: Vec<String>,
    /// extensions that rang or called
    pub extensions: Vec<String>,
}

impl Sights {
    /// So many of each kind are remembered: enough to see whether the settings are right.
    pub const MOST: usize = 50;

    /// Remembers a name. `true`: it is new.
    pub fn note(names: &mut Vec<String>, name: &str) -> bool {
        // A stranger's, perhaps.
        let is_short = (1..=80).contains(&name.len());
        let is_new = is_short && names.len() < Self::MOST && !names.iter().any(|known| known == name);
        if is_new {
            names.push(name.to_owned());
        }
        is_new
    }
}

/// A bridge as it is known to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// what it told
    pub told: Heartbeat,
    /// how long ago
    pub ago: Duration,
    /// its process has ended, whatever it told
    pub is_gone: bool,
}

impl Bridge {
    /// Whether it runs, as far as one can know.
    pub fn is_running(&self) -> bool {
        self.told.link != LinkState::Ended && self.ago < Heartbeat::LATE && !self.is_gone
    }
}

impl Heartbeat {
    /// How often a bridge tells of itself.
    pub const EVERY: Duration = Duration::from_secs(10);

    /// One of which nothing was heard for so long is gone, or cannot write.
    pub const LATE: Duration = Duration::from_secs(35);
}

impl Spool {
    /// Notes what a bridge tells of itself.
    pub(crate) fn note_bridge(&mut self, told: &Heartbeat, now: Moment) -> Result<(), SpoolError> {
        self.change(Durable::No, |db, _| {
            let [name, told] = [serde_json::to_string(&told.name), serde_json::to_string(told)]
                .map(|text| text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into())));
            db.prepare_cached(
                "INSERT OR REPLACE INTO bridge (name, told, at, boot, up) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![name?, told?, now.wall, now.boot, now.up])?;
            let forgotten = now.before(FORGOTTEN).wall;
            db.prepare_cached("DELETE FROM bridge WHERE at < ?")?.execute([forgotten])?;
            Ok(())
        })
    }

    /// What bridges told of themselves last, those of all Zammads that share the file.
    ///
    /// # Errors
    ///
    /// The file cannot be used.
    #[doc(hidden)]
    pub fn bridges(&mut self, now: Moment) -> Result<Vec<Bridge>, SpoolError> {
        let mut bridges = self.read(|db, _| bridges(db, now))?;
        for bridge in &mut bridges {
            bridge.is_gone = bridge.told.lock.is_free(&self.place);
        }
        Ok(bridges)
    }
}

impl SharedSpool {
    /// As [`Spool::note_bridge`].
    pub(crate) async fn note_bridge(&self, within: Duration, told: Heartbeat) -> Result<(), SpoolError> {
        self.with(within, move |spool| spool.note_bridge(&told, Moment::now())).await
    }

    /// As [`Spool::bridges`]. No file is begun by a question.
    pub(crate) async fn bridges(&self, within: Duration) -> Result<Vec<Bridge>, SpoolError> {
        let bridges = self.with_begun(within, |spool| spool.bridges(Moment::now())).await;
        bridges.map(Option::unwrap_or_default)
    }
}

fn bridges(db: &Connection, now: Moment) -> rusqlite::Result<Vec<Bridge>> {
    let mut statement = db.prepare_cached("SELECT told, at, boot, up FROM bridge")?;
    let read = |row: &Row| {
        let told = serde_json::from_str(row.get_ref(0)?.as_str()?).ok();
        let ago = now.since(&moment(row, 1)?);
        // What another release has written in other words is not known here.
        Ok(told.map(|told| Bridge { told, ago, is_gone: false }))
    };
    let bridges = statement.query_map([], read)?;
    let mut bridges: Vec<Bridge> = bridges.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    bridges.sort_by(|one, other| one.told.name.cmp(&other.told.name));
    Ok(bridges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::Folder;

    fn heartbeat(profile: Option<&str>, link: LinkState) -> Heartbeat {
        let name = BridgeName {
            source: "asterisk".to_owned(),
            profile: profile.map(str::to_owned),
            phone_system: "192.0.2.1:5038".to_owned(),
        };
        Heartbeat {
            name,
            link,
            next_step: String::new(),
            lacks: None,
            since: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
            events: 7,
            messages: 700,
            calls: 2,
            reconnects: 1,
            refused: 3,
            repeated: 2,
            delay: Duration::from_micros(4_321),
            sights: Sights { trunks: vec!["PJSIP/trunk".to_owned()], ..Sights::default() },
            lock: BridgeLock::default(),
        }
    }

    #[test]
    fn a_bridge_is_known_by_what_it_told_last_and_is_gone_when_it_is_silent() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        assert_eq!(spool.bridges(now).unwrap(), []);
        let lost = heartbeat(None, LinkState::Lost("no connection".to_owned()));
        let berlin = heartbeat(Some("berlin"), LinkState::Connected);
        spool.note_bridge(&heartbeat(None, LinkState::Connected), now.before(Heartbeat::EVERY)).unwrap();
        spool.note_bridge(&lost, now).unwrap();
        spool.note_bridge(&berlin, now.before(Heartbeat::LATE)).unwrap();
        let bridges = spool.bridges(now).unwrap();
        assert_eq!(
            bridges,
            [
                Bridge { told: lost.clone(), ago: Duration::ZERO, is_gone: false },
                Bridge { told: berlin, ago: Heartbeat::LATE, is_gone: false }
            ]
        );
        assert_eq!([true, false], [bridges[0].is_running(), bridges[1].is_running()]);
        spool.note_bridge(&Heartbeat { link: LinkState::Ended, ..lost }, now).unwrap();
        assert!(!spool.bridges(now).unwrap()[0].is_running());
        // Nobody waits for that one any more.
        spool.note_bridge(&heartbeat(None, LinkState::Connected), now.after(FORGOTTEN)).unwrap();
        assert_eq!(spool.bridges(now).unwrap().len(), 1);
    }

    #[test]
    fn a_bridge_whose_process_has_ended_is_gone_at_once() {
        let folder = Folder::new();
        let mut spool = folder.open();
        let now = Moment::now();
        let lock = BridgeLock::of("bridge asterisk", "zammad");
        let told = Heartbeat { lock: lock.clone(), ..heartbeat(None, LinkState::Connected) };
        spool.note_bridge(&told, now).unwrap();
        let is_running = |spool: &mut Spool| spool.bridges(now).unwrap()[0].is_running();
        assert!(is_running(&mut spool), "there is no such file");
        let (file, is_held) = lock.hold(&spool.place).unwrap();
        assert!(is_held && is_running(&mut spool));
        assert!(!lock.hold(&spool.place).unwrap().1, "somebody has it");
        drop(file);
        assert!(!is_running(&mut spool));
        // A bridge of an earlier release names none.
        let nameless = serde_json::from_str(r#""../../etc/passwd""#).unwrap();
        for lock in [BridgeLock::default(), nameless] {
            spool.note_bridge(&Heartbeat { lock, ..told.clone() }, now).unwrap();
            assert!(is_running(&mut spool));
        }
    }

    #[test]
    fn so_much_is_seen_and_no_more() {
        let mut names = Vec::new();
        for name in 0..Sights::MOST * 2 {
            assert_eq!(Sights::note(&mut names, &name.to_string()), name < Sights::MOST);
        }
        assert!(!Sights::note(&mut names, "0"));
        let mut names = Vec::new();
        assert!(!Sights::note(&mut names, "") && !Sights::note(&mut names, &"x".repeat(81)));
    }
}
