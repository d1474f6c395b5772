//! A bridge tells of itself while it runs: to whoever looks into the spool's file, or asks this process.
//!
//! The file may be slow, or not there at all; nothing waits for it.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{timeout, timeout_at};

use crate::background;
use crate::bridge::fact::{Side, What};
use crate::bridge::source::{Heard, Missing};
use crate::client::in_full;
use crate::config::Config;
use crate::spool::{self, BridgeLock, BridgeName, Heartbeat, LinkState, SharedSpool, Sights};

/// How long the file may take for what is noted there.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the end waits for its note: less than anybody waits for the end.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Why there is no connection before there was one.
const NOT_YET: &str = "it has not connected yet";

/// What is told; clones of the receiver see the latest.
pub struct Pulse {
    told: watch::Sender<Heartbeat>,
    writing: Option<JoinHandle<()>>,
}

impl Pulse {
    /// Begins to tell of a bridge that has no connection yet; in the spool's file too, if there is one.
    pub fn begin(name: BridgeName, key: &str, config: Option<&Config>) -> Self {
        let first = Heartbeat {
            name,
            link: LinkState::Lost(NOT_YET.to_owned()),
            next_step: String::new(),
            lacks: None,
            since: SystemTime::now(),
            events: 0,
            messages: 0,
            calls: 0,
            reconnects: 0,
            refused: 0,
            repeated: 0,
            delay: Duration::ZERO,
            sights: Sights::default(),
            lock: config.map(|config| lock_of(key, config)).unwrap_or_default(),
        };
        let (told, tells) = watch::channel(first);
        let spool = config.and_then(|config| config.spool.as_ref().zip(config.endpoint().ok()));
        let writing =
            spool.map(|(spool, endpoint)| background::begin(write(SharedSpool::new(spool, endpoint), tells)));
        Self { told, writing }
    }

    /// From now on this configuration counts, which may name another Zammad.
    pub fn follows(&self, key: &str, config: &Config) {
        self.count(|told| told.lock = lock_of(key, config));
    }

    /// For whoever asks this process.
    pub fn tells(&self) -> watch::Receiver<Heartbeat> {
        self.told.subscribe()
    }

    /// What `systemctl status` shows.
    pub fn status(&self) -> String {
        let told = self.told.borrow();
        let name = &told.name.source;
        let since = humantime::format_rfc3339_seconds(told.since);
        let calls = if told.calls == 1 { "1 call".to_owned() } else { format!("{} calls", told.calls) };
        match &told.link {
            LinkState::Connected => {
                let lacks = told.lacks.as_ref().map_or_else(String::new, |lacks| format!(", but {lacks}"));
                format!("connected to {name} since {since}, {calls} open{lacks}")
            }
            LinkState::Lost(reason) => format!("not connected to {name} since {since}: {reason}"),
            LinkState::Ended => "it ends".to_owned(),
        }
    }

    /// Changes figures: they are told with the next beat.
    pub fn count(&self, change: impl FnOnce(&mut Heartbeat)) {
        self.told.send_if_modified(|told| {
            change(told);
            false
        });
    }

    /// Remembers what there is of the phone system.
    pub fn sees<Request>(&self, heard: &Heard<Request>) {
        self.count(|told| {
            let Heartbeat { sights: Sights { trunks, queues, extensions }, repeated, .. } = told;
            let note = |names: &mut Vec<String>, name: &Option<String>| {
                if let Some(name) = name {
                    Sights::note(names, name);
                }
            };
            match heard {
                Heard::Fact(fact) => match &fact.what {
                    What::Calls { trunk, .. } => note(trunks, trunk),
                    What::Dials(dial) => {
                        note(trunks, &dial.trunk);
                        note(extensions, &dial.caller.number);
                        if dial.side == Side::Phone {
                            note(extensions, &dial.person.number);
                        }
                    }
                    What::Queued(queue) => {
                        Sights::note(queues, queue);
                    }
                    What::Withheld
                    | What::Rings
                    | What::AllNamed
                    | What::Unqueued
                    | What::Answered(_)
                    | What::Failed { .. }
                    | What::Voicemail
                    | What::Message
                    | What::HangsUp
                    | What::TurnedAway
                    | What::Missing
                    | What::Moves(_)
                    | What::Ended(_)
                    | What::Gone { .. } => {}
                },
                Heard::Standing(legs) | Heard::Seen(legs) => {
                    for leg in legs {
                        note(trunks, &leg.trunk);
                        note(extensions, &leg.person.number);
                    }
                }
                Heard::Repeated(_) => *repeated += 1,
                Heard::Ask(_) | Heard::Remark(_) | Heard::Rights(_) | Heard::Passed(_) => {}
            }
        });
    }

    /// There is a connection, or none any more: that is told at once.
    pub fn link_is(&self, link: LinkState) {
        self.told.send_if_modified(|told| {
            let is_new = told.link != link;
            if is_new {
                // Another reason is no other state.
                let was_lost = matches!(told.link, LinkState::Lost(_));
                if !(was_lost && matches!(link, LinkState::Lost(_))) {
                    told.since = SystemTime::now();
                }
                told.link = link;
            }
            is_new
        });
    }

    /// There is no connection for this reason, and that is to be done about it.
    pub fn is_lost(&self, reason: String, next_step: &str) {
        self.count(|told| next_step.clone_into(&mut told.next_step));
        self.link_is(LinkState::Lost(reason));
    }

    /// What the account lacks, from now on: that is told at once.
    pub fn lacks(&self, missing: Option<&Missing>) {
        self.told.send_modify(|told| {
            told.lacks = missing.map(|missing| missing.complaint.clone());
            told.next_step = missing.map(|missing| missing.next_step.to_string()).unwrap_or_default();
        });
    }

    /// Says that it ends, and waits a moment for the file.
    pub async fn end(self) {
        self.link_is(LinkState::Ended);
        drop(self.told);
        if let Some(writing) = self.writing {
            let _ = timeout(LAST_WORD, writing).await;
        }
    }
}

/// What a bridge has locked whose calls have this key.
fn lock_of(key: &str, config: &Config) -> BridgeLock {
    config.endpoint().map(|endpoint| BridgeLock::of(key, &spool::address(endpoint))).unwrap_or_default()
}

/// Writes what is told, at every change of the connection and every few seconds, until nothing more is told.
async fn write(spool: SharedSpool, mut tells: watch::Receiver<Heartbeat>) {
    let mut trouble = None;
    loop {
        let next = tokio::time::Instant::now() + Heartbeat::EVERY;
        let told = tells.borrow_and_update().clone();
        let is_last = told.link == LinkState::Ended;
        let failed = spool.note_bridge(PATIENCE, told).await.err().map(|error| in_full(&error));
        if let Some(text) = failed.as_ref().filter(|text| trouble.as_ref() != Some(*text)) {
            log::warn!("check and spool stats do not see this bridge: {text}");
        }
        trouble = failed;
        if is_last {
            return;
        }
        // Nothing changed in that time, or the end was told just now.
        let _ = timeout_at(next, tells.changed()).await;
    }
}
