//! What belongs together: the first of some legs, all that were rung for it, and the tenant that they are of.

use std::collections::HashMap;

use crate::bridge::fact::{Fact, Failure, LegId, Person, What};
use crate::config::Pattern;

/// More than happens to a call before its tenant is known.
const MOST_HELD: usize = 64;

/// When a caller hangs up, those who ring are left within this time, in microseconds.
const AT_ONCE: u64 = 500_000;

/// Some legs that belong together.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// the first of them, by its id at FreeSWITCH
    pub root: String,
    /// who began the call, if that is a phone of the house
    pub caller: Person,
    /// how many there are
    legs: usize,
    /// those that ring: who has them rung, and they
    ringing: Vec<(LegId, LegId)>,
    /// the tenant
    domain: Option<String>,
    /// legs that were left by who had them rung: it went, or has found another way
    abandoned: Vec<(LegId, LegId)>,
    /// when the last of them was, in microseconds
    abandoned_at: Option<u64>,
    /// what is not told as long as the tenant is not known
    held: Vec<Fact>,
}

/// All that there are, by the first leg of each.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: HashMap<LegId, Group>,
    /// the tenants that are followed; none of them: all
    domains: Vec<Pattern>,
    /// calls of other tenants that are over
    passed: Vec<String>,
}

impl Groups {
    pub fn new(domains: Vec<Pattern>) -> Self {
        Self { domains, ..Self::default() }
    }

    pub fn adapt(&mut self, domains: Vec<Pattern>) {
        self.domains = domains;
    }

    pub fn get(&self, group: &LegId) -> Option<&Group> {
        self.groups.get(group)
    }

    pub fn get_mut(&mut self, group: &LegId) -> Option<&mut Group> {
        self.groups.get_mut(group)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// A leg is one of them.
    pub fn join(&mut self, group: &LegId, root: &str) {
        let group = self.groups.entry(group.clone()).or_default();
        if group.legs == 0 {
            root.clone_into(&mut group.root);
        }
        group.legs += 1;
    }

    /// A leg is there no longer.
    pub fn leave(&mut self, group: &LegId) {
        let Some(left) = self.groups.get_mut(group) else { return };
        left.legs -= 1;
        if left.legs > 0 {
            return;
        }
        let Some(Group { root, domain, .. }) = self.groups.remove(group) else { return };
        if !is_ours(&self.domains, domain.as_deref()) {
            let why = match &domain {
                Some(domain) => format!("its domain {domain} is not in domains"),
                None => "its domain is unknown, so it is not in domains".to_owned(),
            };
            self.passed.push(format!("call {root}: not reported: {why}"));
        }
    }

    /// Why calls that are over were not told of.
    pub fn passed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.passed)
    }

    /// It belongs to this tenant; what is heard first counts.
    pub fn is_of(&mut self, group: &LegId, domain: Option<&str>) {
        if let Some(group) = self.groups.get_mut(group)
            && let Some(domain) = domain.filter(|domain| !domain.is_empty())
        {
            group.domain.get_or_insert_with(|| domain.to_ascii_lowercase());
        }
    }

    /// Whether it is told of, as far as it is known.
    pub fn is_followed(&self, group: &LegId) -> bool {
        is_ours(&self.domains, self.groups.get(group).and_then(|group| group.domain.as_deref()))
    }

    /// What is to be told: nothing of other tenants, and nothing as long as the tenant is not known.
    pub fn sift(&mut self, group: &LegId, facts: Vec<Fact>) -> Vec<Fact> {
        if self.domains.is_empty() {
            return facts;
        }
        let is_followed = self.is_followed(group);
        let Some(group) = self.groups.get_mut(group) else { return Vec::new() };
        if group.domain.is_none() {
            let room = MOST_HELD.saturating_sub(group.held.len());
            group.held.extend(facts.into_iter().take(room));
            return Vec::new();
        }
        let mut held = std::mem::take(&mut group.held);
        held.extend(facts);
        if is_followed { held } else { Vec::new() }
    }

    /// A leg is rung.
    pub fn rings(&mut self, group: &LegId, dialer: LegId, leg: LegId) {
        if let Some(group) = self.groups.get_mut(group) {
            group.ringing.push((dialer, leg));
        }
    }

    /// A leg rings no longer.
    pub fn rings_not(&mut self, group: &LegId, leg: &LegId) {
        if let Some(group) = self.groups.get_mut(group) {
            group.ringing.retain(|(_, ringing)| ringing != leg);
        }
    }

    /// Who had them rung is gone, and for this reason: they do not ring any more.
    pub fn fails(&mut self, group: &LegId, failure: Failure, cause: u8) -> Vec<Fact> {
        let Some(members) = self.groups.get_mut(group) else { return Vec::new() };
        failed(group, std::mem::take(&mut members.ringing), failure, Some(cause))
    }

    /// A leg was left by who had it rung.
    pub fn abandons(&mut self, group: &LegId, dialer: LegId, leg: LegId, time: Option<u64>) {
        if let Some(group) = self.groups.get_mut(group) {
            group.abandoned.push((dialer, leg));
            group.abandoned_at = time;
        }
    }

    /// Who began the call has hung up: legs that were left long before were not left for that.
    pub fn hangs_up(&mut self, group: &LegId, time: Option<u64>) -> Vec<Fact> {
        let left = self.groups.get(group).and_then(|group| group.abandoned_at);
        let is_long_ago = left.zip(time).is_some_and(|(left, now)| now.saturating_sub(left) > AT_ONCE);
        if is_long_ago { self.goes_on(group) } else { Vec::new() }
    }

    /// The call goes on: the leg that had them rung is still there, and they are not.
    pub fn goes_on(&mut self, group: &LegId) -> Vec<Fact> {
        let Some(members) = self.groups.get_mut(group) else { return Vec::new() };
        failed(group, std::mem::take(&mut members.abandoned), Failure::Cancelled, None)
    }
}

fn failed(group: &LegId, legs: Vec<(LegId, LegId)>, failure: Failure, cause: Option<u8>) -> Vec<Fact> {
    let fact = |leg, what| Fact { leg, group: group.clone(), what };
    let both = |(dialer, leg): (LegId, LegId)| {
        [fact(dialer, What::Failed { to: leg.clone(), failure }), fact(leg, What::Gone { cause })]
    };
    legs.into_iter().flat_map(both).collect()
}

fn is_ours(domains: &[Pattern], domain: Option<&str>) -> bool {
    domains.is_empty() || domain.is_some_and(|domain| domains.iter().any(|ours| ours.is_met_by(domain)))
}
