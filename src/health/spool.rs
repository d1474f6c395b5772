//! The spool as a part of health: what waits, what was given up, and the calls that never end.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use super::verdict::shown_count;
use super::{Bound, SpoolThresholds, Status};
use crate::background::in_thread;
use crate::client::in_full;
use crate::config::{Config, Endpoint, Span, SpoolConfig};
use crate::spool::{
    Held, Moment, Overview, SharedSpool, SpoolError, Totals, is_begun, set_aside, try_to_begin,
};

/// How long a look into the file waits for others that use it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whoever sends what waits, a service or cron, has done so before.
const NOBODY_SENDS: Duration = Duration::from_secs(5 * 60);

/// A look into the spool that can begin.
#[derive(Debug)]
pub struct SpoolCheck {
    config: SpoolConfig,
    endpoint: Endpoint,
    /// a call that is open for longer is stuck
    stuck_after: Duration,
}

/// How a spool was found.
#[derive(Debug)]
pub struct SpoolHealth {
    pub path: PathBuf,
    pub stuck_after: Duration,
    pub state: SpoolState,
}

#[derive(Debug)]
pub enum SpoolState {
    /// There is no file yet, so nothing was ever kept.
    NotBegun,
    Unusable(SpoolError),
    Open(Box<Contents>),
}

/// What is in it.
#[derive(Debug, Default)]
pub struct Contents {
    pub overview: Overview,
    /// Another call would be refused, or push out an older one.
    pub is_full: bool,
    /// damaged files that nobody has looked after
    pub set_aside: Vec<PathBuf>,
}

/// One side of a spool, and whether it is as it should be.
#[derive(Debug)]
pub struct SpoolPart {
    pub name: SpoolPartName,
    pub status: Status,
    pub found: String,
    /// the same as a part of a sentence, if something is wrong
    pub complaint: String,
    pub next_step: Cow<'static, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoolPartName {
    File,
    Delivery,
    Waiting,
    AtRest,
    Calls,
    Order,
    CallerLog,
    // -- of a bridge --
    Bridge,
    Service,
    Rights,
    Sights,
}

impl SpoolPartName {
    /// A title for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "Spool",
            Self::Delivery => "Delivery",
            Self::Waiting => "Waiting events",
            Self::AtRest => "Dead letters",
            Self::Calls => "Open calls",
            Self::Order => "Order",
            Self::CallerLog => "Caller log",
            Self::Bridge => "Bridge",
            Self::Service => "Service",
            Self::Rights => "Its account",
            Self::Sights => "It sees",
        }
    }
}

impl SpoolCheck {
    /// `None`: there is no spool to look into, or nobody says for which Zammad.
    pub fn new(config: &Config, stuck_after: Duration) -> Option<Self> {
        let (spool, endpoint) = config.spool.as_ref().zip(config.endpoint().ok())?;
        Some(Self { config: spool.clone(), endpoint: endpoint.clone(), stuck_after })
    }

    /// Begins no file, but one that is removed at once, where there is none. (One that is damaged is set aside, as by
    /// whoever uses it next.)
    pub async fn run(self, within: Duration) -> SpoolHealth {
        let path = self.config.path.clone();
        let state = match is_begun(&path) {
            Ok(false) => match self.try_to_begin(within).await {
                Ok(()) => SpoolState::NotBegun,
                Err(error) => SpoolState::Unusable(error),
            },
            Ok(true) => match self.look(within.min(PATIENCE)).await {
                Ok(contents) => SpoolState::Open(Box::new(contents)),
                Err(error) => SpoolState::Unusable(error),
            },
            Err(source) => SpoolState::Unusable(SpoolError::File { path: path.clone(), source }),
        };
        SpoolHealth { path, stuck_after: self.stuck_after, state }
    }

    /// An error unless the first event could be kept.
    async fn try_to_begin(&self, within: Duration) -> Result<(), SpoolError> {
        let (config, endpoint) = (self.config.clone(), self.endpoint.clone());
        let trying = in_thread(move || try_to_begin(&config, &endpoint, within));
        match timeout(within, trying).await {
            Ok(Ok(tried)) => tried,
            // The thread was ended, or does not come back.
            Ok(Err(_)) | Err(_) => Err(SpoolError::Slow { path: self.config.path.clone() }),
        }
    }

    async fn look(&self, within: Duration) -> Result<Contents, SpoolError> {
        let spool = SharedSpool::open(&self.config, &self.endpoint, within).await?;
        spool.try_to_write(within).await?;
        let overview = spool.overview(within, self.stuck_after, Moment::now()).await?;
        let totals = &overview.totals;
        Ok(Contents {
            // What is at rest makes room.
            is_full: totals.waiting >= self.config.max_events || totals.bytes >= self.config.max_bytes,
            overview,
            // They matter less than the rest.
            set_aside: set_aside(&self.config.path).unwrap_or_default(),
        })
    }
}

impl SpoolHealth {
    /// `None`: it could not be opened.
    pub fn contents(&self) -> Option<&Contents> {
        match &self.state {
            SpoolState::Open(contents) => Some(contents),
            SpoolState::NotBegun | SpoolState::Unusable(_) => None,
        }
    }

    /// What there is to say of it, the worst as bad as the whole.
    pub fn parts(&self, thresholds: &SpoolThresholds) -> Vec<SpoolPart> {
        let (name, path) = (SpoolPartName::File, self.path.display().to_string());
        match &self.state {
            SpoolState::NotBegun => {
                vec![SpoolPart::good(name, format!("{path} does not exist yet: nothing was ever kept"))]
            }
            SpoolState::Unusable(error) => {
                let reason = in_full(error);
                let next_step = match error {
                    SpoolError::Slow { .. } => {
                        "Another process locks the file: find it with fuser, and check the disk"
                    }
                    SpoolError::Newer { .. } => "Use the release of zammad-cti that wrote the file",
                    // It says itself what to do: what the system says has a number.
                    SpoolError::File { source, .. } if source.raw_os_error().is_none() => {
                        "Nothing can be kept while Zammad is down, until that is put right"
                    }
                    SpoolError::File { .. }
                    | SpoolError::Database { .. }
                    | SpoolError::Foreign { .. }
                    | SpoolError::Full { .. }
                    | SpoolError::Event(_) => {
                        "Nothing can be kept while Zammad is down. Check who can write to the file and its \
                        folder (does check run as another user than the phone system?), whether the disk is \
                        full, and whether the file system supports locks, as a local one does"
                    }
                };
                let status = match error {
                    SpoolError::Slow { .. } => Status::Warning,
                    SpoolError::File { .. }
                    | SpoolError::Database { .. }
                    | SpoolError::Newer { .. }
                    | SpoolError::Foreign { .. }
                    | SpoolError::Full { .. }
                    | SpoolError::Event(_) => Status::Critical,
                };
                vec![SpoolPart {
                    name,
                    status,
                    found: reason.clone(),
                    complaint: reason,
                    next_step: next_step.into(),
                }]
            }
            SpoolState::Open(contents) => contents.parts(path, self.stuck_after, thresholds),
        }
    }
}

impl Contents {
    /// Those of which nobody knows whether Zammad has them count as well.
    pub fn at_rest(&self) -> u64 {
        self.overview.totals.dead + self.overview.totals.unconfirmed
    }

    fn parts(&self, path: String, stuck_after: Duration, thresholds: &SpoolThresholds) -> Vec<SpoolPart> {
        let Totals { waiting, unconfirmed, dead, elsewhere, open_calls, oldest, .. } = self.overview.totals;
        let mut parts = vec![match self.set_aside.as_slice() {
            [] => SpoolPart::good(SpoolPartName::File, path),
            damaged @ [first, ..] => {
                let complaint = shown_count(
                    damaged.len() as u64,
                    "file was damaged and set aside",
                    "files were damaged and set aside",
                );
                SpoolPart {
                    name: SpoolPartName::File,
                    status: Status::Warning,
                    found: format!("{path}; {complaint}: {}", first.display()),
                    complaint,
                    next_step: "Readable events were kept. Check the disk. Then move the damaged file (and \
                        its -wal) to another folder to end this warning"
                        .into(),
                }
            }
        }];
        parts.extend(self.overview.held.as_ref().map(|held| {
            let complaint = format!("nothing is sent to Zammad {}: {}", since(held), held.reason);
            SpoolPart {
                name: SpoolPartName::Delivery,
                status: Status::Warning,
                found: complaint.clone(),
                complaint,
                next_step: "If the steps above are ok, run `zammad-cti spool flush`, and make sure that \
                    `zammad-cti spool run` runs as a service, or `spool flush` from cron"
                    .into(),
            }
        }));
        let age = oldest.unwrap_or_default();
        let (mut by_count, count_limit) = thresholds.waiting.status_of(waiting);
        let is_full = self.is_full;
        if is_full {
            by_count = by_count.worst(Status::Critical);
        }
        let (mut by_age, age_limit) = thresholds.age.status_beyond(age);
        // While Zammad takes nothing, nobody is to send.
        let overdue = self.overview.totals.overdue.filter(|_| self.overview.held.is_none());
        let overdue = overdue.filter(|overdue| *overdue > NOBODY_SENDS);
        if overdue.is_some() {
            by_age = by_age.worst(Status::Warning);
        }
        let mut found = shown_count(waiting, "event waits", "events wait");
        if oldest.is_some() {
            found += &format!(", the oldest for {}", Span::roughly(age));
        }
        let mut complaint = found.clone();
        complaint += &age_limit.map_or_else(String::new, |limit| format!(" (more than {})", Span(limit)));
        if let Some(overdue) = overdue {
            let nobody = format!(", and nobody sends them: due for {}", Span::roughly(overdue));
            found += &nobody;
            complaint += &nobody;
        }
        if is_full {
            found += ", and the spool is full";
            complaint += ", and the spool is full";
        }
        complaint += &count_limit.map_or_else(String::new, |limit| format!(" ({limit} or more)"));
        if elsewhere > 0 {
            found += &format!(", {elsewhere} of them for another Zammad (see spool list)");
        }
        parts.push(SpoolPart {
            name: SpoolPartName::Waiting,
            status: by_count.worst(by_age),
            found,
            complaint,
            next_step: "Make sure that `zammad-cti spool run` runs as a service, or `zammad-cti spool \
                flush` from cron; `zammad-cti spool list` shows what waits, and why"
                .into(),
        });
        let (status, _) = thresholds.dead.status_of(self.at_rest());
        let found = format!("{dead} dead, {unconfirmed} unconfirmed");
        parts.push(SpoolPart {
            name: SpoolPartName::AtRest,
            status,
            complaint: format!("{found} (see spool list)"),
            found,
            next_step: "`zammad-cti spool list` shows the events and the reasons. Look at their calls in \
                Zammad. Send events that are missing there with `spool retry`, and remove the others, such \
                as late answers, with `spool drop`"
                .into(),
        });
        let (status, _) = thresholds.stuck.status_of(self.overview.stuck);
        let stuck_after = Span(stuck_after);
        let complaint = format!(
            "{} for more than {stuck_after}",
            shown_count(self.overview.stuck, "call is open", "calls are open")
        );
        parts.push(SpoolPart {
            name: SpoolPartName::Calls,
            status,
            found: format!("{open_calls} open, {} of them for more than {stuck_after}", self.overview.stuck),
            complaint,
            next_step:
                "Their hangups were never reported: `zammad-cti calls` lists them, and `zammad-cti calls \
                        close --older-than` ends them in Zammad"
                    .into(),
        });
        parts
    }
}

impl SpoolPart {
    /// Whoever sends what waits meets with trouble where the way to Zammad was found to be well.
    pub fn differs_from_the_way(&mut self) {
        self.next_step = "Zammad takes events with this configuration, and `zammad-cti spool run` notices \
            that within a minute. If not, it has another token or configuration that it cannot read again: \
            restart it (systemctl restart zammad-cti-spool), and see its log. Without the service, run \
            `zammad-cti spool flush`, and run it from cron"
            .into();
    }

    pub(super) fn good(name: SpoolPartName, found: String) -> Self {
        Self { name, status: Status::Ok, complaint: found.clone(), found, next_step: "".into() }
    }

    pub(super) fn bad(
        name: SpoolPartName,
        status: Status,
        complaint: String,
        next_step: Cow<'static, str>,
    ) -> Self {
        Self { name, status, found: complaint.clone(), complaint, next_step }
    }
}

fn since(held: &Held) -> String {
    match SystemTime::now().duration_since(held.since) {
        Ok(time) => format!("for {} now", Span::roughly(time)),
        // The clock was set.
        Err(_) => "for a while now".to_owned(),
    }
}

impl Bound<u64> {
    /// By a count from which on it is a warning, or critical; and which one that is.
    fn status_of(&self, count: u64) -> (Status, Option<u64>) {
        self.status(|limit| count >= limit)
    }
}

impl Bound<Duration> {
    /// By a time beyond which it is a warning, or critical; and which one that is.
    fn status_beyond(&self, time: Duration) -> (Status, Option<Duration>) {
        self.status(|limit| time > limit)
    }
}
