//! The other side as a part of health: whether the phone systems that bridges follow are reached, and by whom.
//!
//! While a bridge runs it is asked, by its heartbeat in the spool's file, and nobody logs in beside it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::time::timeout;

use super::{SpoolPart, SpoolPartName, Status};
use crate::bridge::source::{LinkError, Missing};
use crate::bridge::system::{Look, PhoneSystem};
use crate::bridge::{asterisk, freeswitch, fritzbox, three_cx, wazo, webhook, xivo};
use crate::client::in_full;
use crate::config::{BridgeSettings, Config, SourceSettings, Span};
use crate::spool::{Bridge, BridgeName, Heartbeat, LinkState, SharedSpool, SpoolError};

/// How long a look into the file waits for others that use it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many names of a kind are shown.
const SHOWN: usize = 4;

/// A phone system that is configured to be followed.
pub struct BridgeCheck {
    name: BridgeName,
    /// a look at it
    look: BoxFuture<'static, Result<Look, Unreached>>,
    /// what to do if there is no answer
    after_silence: Cow<'static, str>,
    /// what it means that it came about
    reached: &'static str,
    /// where a bridge tells of itself
    spool: Option<SharedSpool>,
}

/// Why a phone system could not be looked at.
struct Unreached {
    reason: String,
    next_step: Cow<'static, str>,
}

/// How a phone system and its bridge were found.
#[derive(Debug)]
pub struct BridgeHealth {
    pub name: BridgeName,
    pub state: BridgeState,
    pub parts: Vec<SpoolPart>,
    /// of a bridge that runs
    pub heartbeat: Option<Bridge>,
    /// what there is, by the bridge that runs or by a login
    pub sights: Option<Seen>,
}

/// What is there, as names.
#[derive(Debug, Default)]
pub struct Seen {
    pub trunks: Vec<String>,
    pub queues: Vec<String>,
    pub extensions: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BridgeState {
    /// A bridge runs, and has a connection.
    Followed,
    /// A bridge runs, and has none.
    Lost,
    /// No bridge runs, or none that could be asked; a login was accepted.
    Reached,
    /// No bridge runs, and no login was accepted.
    Unreached,
}

impl BridgeState {
    /// A word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::Lost => "lost",
            Self::Reached => "reached",
            Self::Unreached => "unreached",
        }
    }
}

impl BridgeCheck {
    /// One for each table `[bridge.SOURCE]` that has something in it. Secrets are read here.
    pub fn configured(
        settings: &BridgeSettings,
        profile: Option<&str>,
        config: Option<&Config>,
    ) -> Vec<Self> {
        let of_each = [
            Self::of::<asterisk::System>,
            Self::of::<freeswitch::System>,
            Self::of::<three_cx::System>,
            Self::of::<xivo::System>,
            Self::of::<webhook::System>,
            Self::of::<fritzbox::System>,
            Self::of::<wazo::System>,
        ];
        of_each.into_iter().filter_map(|of| of(settings, profile, config)).collect()
    }

    fn of<P: PhoneSystem>(
        settings: &BridgeSettings,
        profile: Option<&str>,
        config: Option<&Config>,
    ) -> Option<Self> {
        let own = P::settings(&mut settings.clone()).clone();
        if !own.is_set() {
            return None;
        }
        let (source, reached) = (own.name(), own.reached());
        let name = BridgeName {
            source: source.to_owned(),
            profile: profile.map(str::to_owned),
            phone_system: own.address(),
        };
        let connector = P::connector(&own).map_err(|error| Unreached {
            reason: in_full(&error),
            next_step: format!("See the table [bridge.{source}] of the configuration").into(),
        });
        let look = async move {
            P::look(connector?, own)
                .await
                .map_err(|error| Unreached { reason: in_full(&error), next_step: P::next_step(&error) })
        };
        let spool = config.and_then(|config| config.spool.as_ref().zip(config.endpoint().ok()));
        Some(Self {
            name,
            look: look.boxed(),
            after_silence: P::next_step(&LinkError::Silent),
            reached,
            spool: spool.map(|(spool, endpoint)| SharedSpool::new(spool, endpoint)),
        })
    }

    /// Takes so long at most.
    pub async fn run(self, within: Duration) -> BridgeHealth {
        let Self { name, look, after_silence, reached, spool } = self;
        let told = match &spool {
            None => None,
            Some(spool) => Some(spool.bridges(PATIENCE.min(within)).await),
        };
        let of_this = |bridges: Vec<Bridge>| {
            // Whoever follows it, under whichever profile.
            let mut bridges: Vec<_> =
                bridges.into_iter().filter(|bridge| bridge.told.name.is_same_system(&name)).collect();
            bridges.sort_by_key(|bridge| (!bridge.is_running(), bridge.ago));
            bridges.into_iter().next()
        };
        let told = told.map(|bridges| bridges.map(of_this));
        if let Some(Ok(Some(bridge))) = &told
            && bridge.is_running()
        {
            return followed(name, bridge.clone());
        }
        let look = timeout(within, look).await.unwrap_or_else(|_| {
            Err(Unreached { reason: "no answer in time".to_owned(), next_step: after_silence })
        });
        // A login does not show which events would come. The last bridge has seen it.
        let look = look.map(|look| match &told {
            Some(Ok(Some(Bridge { told: Heartbeat { lacks: Some(lacks), next_step, .. }, .. })))
                if look.rights.is_ok() =>
            {
                let complaint = format!("{lacks}, as the bridge found when it ran last");
                let next_step = next_step.clone().into();
                Look { rights: Err(Missing { complaint, next_step, is_deaf: true }), ..look }
            }
            Some(_) | None => look,
        });
        let mut health = looked(name, look, reached);
        health.parts.extend(told.and_then(|told| nobody_follows(told, &health.name)));
        health
    }
}

/// What a bridge that runs tells.
fn followed(name: BridgeName, bridge: Bridge) -> BridgeHealth {
    let told = &bridge.told;
    let since = Span::roughly(SystemTime::now().duration_since(told.since).unwrap_or_default());
    let calls = super::verdict::shown_count(told.calls, "call open", "calls open");
    let (state, part) = match &told.link {
        LinkState::Lost(reason) => {
            let complaint = format!("{}: not connected for {since}: {reason}", whom_beside(&name, reason));
            let next_step = match told.next_step.as_str() {
                "" => "The bridge tries again by itself. See whether the phone system runs, and the account",
                told => told,
            };
            let next_step = next_step.to_owned().into();
            let part = SpoolPart::bad(SpoolPartName::Bridge, Status::Critical, complaint, next_step);
            (BridgeState::Lost, part)
        }
        LinkState::Connected | LinkState::Ended => {
            let found = format!("{}, connected for {since}, {calls}", whom(&name));
            (BridgeState::Followed, SpoolPart::good(SpoolPartName::Bridge, found))
        }
    };
    let sights = &told.sights;
    let sights = Seen {
        trunks: sights.trunks.clone(),
        queues: sights.queues.clone(),
        extensions: sights.extensions.clone(),
    };
    let mut parts = vec![part];
    if state == BridgeState::Followed {
        if let Some(lacks) = &told.lacks {
            let next_step = told.next_step.clone().into();
            parts.push(SpoolPart::bad(SpoolPartName::Rights, Status::Warning, lacks.clone(), next_step));
        }
        parts.push(SpoolPart::good(SpoolPartName::Sights, sights.to_string()));
    }
    BridgeHealth { name, state, parts, heartbeat: Some(bridge), sights: Some(sights) }
}

/// What a login tells.
fn looked(name: BridgeName, look: Result<Look, Unreached>, reached: &str) -> BridgeHealth {
    let Look { rights, trunks, queues, extensions } = match look {
        Ok(look) => look,
        Err(Unreached { reason, next_step }) => {
            let part = SpoolPart::bad(
                SpoolPartName::Bridge,
                Status::Critical,
                format!("{}: {reason}", whom_beside(&name, &reason)),
                next_step,
            );
            let state = BridgeState::Unreached;
            return BridgeHealth { name, state, parts: vec![part], heartbeat: None, sights: None };
        }
    };
    let rights = match rights {
        Ok(found) => SpoolPart::good(SpoolPartName::Rights, found.into_owned()),
        Err(Missing { complaint, next_step, is_deaf: _ }) => {
            SpoolPart::bad(SpoolPartName::Rights, Status::Warning, complaint, next_step)
        }
    };
    let seen = Seen { trunks, queues, extensions };
    let parts = vec![
        SpoolPart::good(SpoolPartName::Bridge, format!("{} {reached}", whom(&name))),
        rights,
        SpoolPart::good(SpoolPartName::Sights, seen.to_string()),
    ];
    BridgeHealth { name, state: BridgeState::Reached, parts, heartbeat: None, sights: Some(seen) }
}

/// What is to say of a phone system that nobody follows, as far as the spool's file knows.
fn nobody_follows(told: Result<Option<Bridge>, SpoolError>, name: &BridgeName) -> Option<SpoolPart> {
    let source = &name.source;
    let part = |status, complaint: String, next_step: String| {
        SpoolPart::bad(SpoolPartName::Service, status, complaint, next_step.into())
    };
    let start = || format!("Start it: systemctl enable --now zammad-cti-bridge@{source}");
    match told {
        // The spool's own part says so.
        Err(_) => None,
        Ok(None) => Some(part(Status::Warning, format!("no bridge has followed {source} yet"), start())),
        Ok(Some(bridge)) if bridge.told.link == LinkState::Ended => {
            Some(part(Status::Warning, format!("the bridge {source} has ended"), start()))
        }
        Ok(Some(bridge)) => Some(part(
            Status::Critical,
            format!("the bridge {source} is gone: silent for {}", Span::roughly(bridge.ago)),
            format!("See why it ended: journalctl -u zammad-cti-bridge@{source}"),
        )),
    }
}

fn whom(name: &BridgeName) -> String {
    format!("{} at {}", name.source, name.phone_system)
}

/// The same before a reason, most of which name the address.
fn whom_beside(name: &BridgeName, reason: &str) -> String {
    if reason.contains(&name.phone_system) { name.source.clone() } else { whom(name) }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = [("trunks", &self.trunks), ("queues", &self.queues), ("extensions", &self.extensions)];
        for (place, (kind, names)) in kinds.into_iter().enumerate() {
            f.write_str(if place > 0 { "; " } else { "" })?;
            let more = names.len().saturating_sub(SHOWN);
            let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            match (names.len(), more) {
                (0, _) => write!(f, "no {kind} so far")?,
                (_, 0) => write!(f, "{kind} {shown}")?,
                (_, more) => write!(f, "{kind} {shown} and {more} more")?,
            }
        }
        Ok(())
    }
}

/// A heartbeat is fresh for longer than its bridge is silent.
const _: () = assert!(Heartbeat::LATE.as_secs() > 3 * Heartbeat::EVERY.as_secs());
