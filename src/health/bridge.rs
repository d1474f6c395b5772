//! The other side as a part of health: whether the phone systems that bridges follow are reached, and by whom.
//!
//! While a bridge runs it is asked, by its heartbeat in the spool's file, and nobody logs in beside it.

use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use super::{SpoolPart, SpoolPartName, Status};
use crate::bridge::asterisk::{self, Account, AccountError, Look, Trunks};
use crate::bridge::source::{Connector, LinkError};
use crate::client::in_full;
use crate::config::{AsteriskSettings, BridgeSettings, Config, Span};
use crate::spool::{Bridge, BridgeName, Heartbeat, LinkState, SharedSpool, SpoolError};

/// How long a look into the file waits for others that use it.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many names of a kind are shown.
const SHOWN: usize = 4;

/// A phone system that is configured to be followed.
#[derive(Debug)]
pub struct BridgeCheck {
    profile: Option<String>,
    account: Result<Account, AccountError>,
    address: String,
    trunks: Trunks,
    /// where a bridge tells of itself
    spool: Option<SharedSpool>,
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
        let asterisk = &settings.asterisk;
        if *asterisk == AsteriskSettings::default() {
            return Vec::new();
        }
        let spool = config.and_then(|config| config.spool.as_ref().zip(config.endpoint().ok()));
        vec![Self {
            profile: profile.map(str::to_owned),
            account: Account::of(asterisk),
            address: asterisk.address(),
            trunks: Trunks::of(asterisk),
            spool: spool.map(|(spool, endpoint)| SharedSpool::new(spool, endpoint)),
        }]
    }

    /// Takes so long at most.
    pub async fn run(self, within: Duration) -> BridgeHealth {
        let name = BridgeName {
            source: "asterisk".to_owned(),
            profile: self.profile,
            phone_system: self.address.clone(),
        };
        let told = match &self.spool {
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
        let mut health = reach(name, self.account, self.trunks, within).await;
        health.parts.extend(told.and_then(|told| nobody_follows(told, &health.name)));
        health
    }
}

/// What a bridge that runs tells.
fn followed(name: BridgeName, bridge: Bridge) -> BridgeHealth {
    let told = &bridge.told;
    let whom = whom(&name);
    let since = Span::roughly(SystemTime::now().duration_since(told.since).unwrap_or_default());
    let calls = super::verdict::shown_count(told.calls, "call open", "calls open");
    let (state, part) = match &told.link {
        LinkState::Lost(reason) => {
            let complaint = format!("{whom}: not connected for {since}: {reason}");
            let part = SpoolPart {
                name: SpoolPartName::Bridge,
                status: Status::Critical,
                found: complaint.clone(),
                complaint,
                next_step: "The bridge tries again by itself. See whether the phone system runs, and the account",
            };
            (BridgeState::Lost, part)
        }
        LinkState::Connected | LinkState::Ended => {
            let found = format!("{whom}, connected for {since}, {calls}");
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
        parts.push(SpoolPart::good(SpoolPartName::Sights, sights.to_string()));
    }
    BridgeHealth { name, state, parts, heartbeat: Some(bridge), sights: Some(sights) }
}

/// What a login tells.
async fn reach(
    name: BridgeName,
    account: Result<Account, AccountError>,
    trunks: Trunks,
    within: Duration,
) -> BridgeHealth {
    let whom = whom(&name);
    let failed = |name: BridgeName, reason: String, next_step| {
        let complaint = format!("{whom}: {reason}");
        let part = SpoolPart {
            name: SpoolPartName::Bridge,
            status: Status::Critical,
            found: complaint.clone(),
            complaint,
            next_step,
        };
        BridgeHealth { name, state: BridgeState::Unreached, parts: vec![part], heartbeat: None, sights: None }
    };
    let account = match account {
        Ok(account) => account,
        Err(error) => {
            return failed(name, in_full(&error), "See the table [bridge.asterisk] of the configuration");
        }
    };
    let looking = async { asterisk::look(account.connect().await?, trunks).await };
    let look = match timeout(within, looking).await {
        Ok(Ok(look)) => look,
        Ok(Err(error)) => {
            let next_step = after(&error);
            return failed(name, in_full(&error), next_step);
        }
        Err(_) => return failed(name, "no answer in time".to_owned(), after(&LinkError::Silent)),
    };
    let mut parts = vec![SpoolPart::good(SpoolPartName::Bridge, format!("{whom} reached, login accepted"))];
    parts.push(rights(&look));
    let seen = Seen { trunks: look.trunks, queues: look.queues, extensions: look.extensions };
    parts.push(SpoolPart::good(SpoolPartName::Sights, seen.to_string()));
    BridgeHealth { name, state: BridgeState::Reached, parts, heartbeat: None, sights: Some(seen) }
}

/// What the account may do.
fn rights(look: &Look) -> SpoolPart {
    let warning = |complaint: String, next_step| SpoolPart {
        name: SpoolPartName::Rights,
        status: Status::Warning,
        found: complaint.clone(),
        complaint,
        next_step,
    };
    if let Some(reason) = &look.no_list {
        return warning(
            format!("the account may not list calls: {reason}"),
            "Give the account write = reporting in manager.conf (FreePBX: manager_custom.conf), and reload: \
             asterisk -rx 'manager reload'",
        );
    }
    if !look.is_told {
        return warning(
            "no event arrives".to_owned(),
            "Give the account read = call,agent,system in manager.conf (FreePBX: manager_custom.conf), and reload: \
             asterisk -rx 'manager reload'",
        );
    }
    SpoolPart::good(SpoolPartName::Rights, "lists calls, hears events".to_owned())
}

/// What to do about a connection that does not come about.
fn after(error: &LinkError) -> &'static str {
    match error {
        LinkError::Unreachable { .. } | LinkError::Ended | LinkError::Broken(_) | LinkError::Silent => {
            "See whether Asterisk runs, whether manager.conf has enabled = yes, bindaddr and port, and whether a \
             firewall or permit = keeps this machine out"
        }
        LinkError::Refused { .. } => {
            "See username and secret in manager.conf (FreePBX: manager_custom.conf), and its permit = lines; then \
             asterisk -rx 'manager reload'"
        }
        LinkError::Stranger { .. } => {
            "See address in [bridge.asterisk]: the manager interface is at port 5038"
        }
    }
}

/// What is to say of a phone system that nobody follows, as far as the spool's file knows.
fn nobody_follows(told: Result<Option<Bridge>, SpoolError>, name: &BridgeName) -> Option<SpoolPart> {
    let part = |status, complaint: String, next_step| SpoolPart {
        name: SpoolPartName::Bridge,
        status,
        found: complaint.clone(),
        complaint,
        next_step,
    };
    const START: &str = "Start it: systemctl enable --now zammad-cti-bridge@asterisk";
    match told {
        // The spool's own part says so.
        Err(_) => None,
        Ok(None) => Some(part(Status::Warning, format!("no bridge has followed {} yet", name.source), START)),
        Ok(Some(bridge)) if bridge.told.link == LinkState::Ended => {
            Some(part(Status::Warning, format!("the bridge {} has ended", name.source), START))
        }
        Ok(Some(bridge)) => Some(part(
            Status::Critical,
            format!("the bridge {} is gone: silent for {}", name.source, Span::roughly(bridge.ago)),
            "See why it ended: journalctl -u zammad-cti-bridge@asterisk",
        )),
    }
}

fn whom(name: &BridgeName) -> String {
    format!("{} at {}", name.source, name.phone_system)
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
