//! From what FreeSWITCH says to facts about legs.
//!
//! FreeSWITCH's own particularities end here: which legs belong together, loopback channels that stand between two legs,
//! a bridge that is no answer yet, and where names and numbers are to be found. Source: recordings of a FreeSWITCH 1.11 in
//! `tests/fixtures/bridge/freeswitch`.

use super::ending::{Refusal, end, refusal};
use super::event::Event;
use super::groups::Groups;
use super::header::Header;
use super::legs::{self, Leg, Legs};
use super::request::Row;
use crate::bridge::fact::{Dial, Fact, LegId, Side, What};
use crate::bridge::no_trunk::NoTrunk;
use crate::config::{FreeSwitchSettings, List, Pattern};

/// Understands one FreeSWITCH, from event to event.
#[derive(Debug)]
pub struct Listener {
    inbound_contexts: Vec<Pattern>,
    /// a queue is called `support@pbx.example`, and not `support`
    pub(super) queue_domain: bool,
    pub(super) legs: Legs,
    pub(super) groups: Groups,
    trunks: Trunks,
}

/// What was seen of trunks, for who sees no call reported.
#[derive(Debug, Default)]
struct Trunks {
    is_seen: bool,
    none: NoTrunk,
}

impl Listener {
    /// Nothing is known yet.
    pub fn new(settings: &FreeSwitchSettings) -> Self {
        Self {
            inbound_contexts: inbound_contexts(settings),
            queue_domain: settings.queue_domain.unwrap_or_default(),
            legs: Legs::default(),
            groups: Groups::new(domains(settings)),
            trunks: Trunks::default(),
        }
    }

    /// From now on legs that begin are told apart by these settings.
    pub fn adapt(&mut self, settings: &FreeSwitchSettings) {
        self.inbound_contexts = inbound_contexts(settings);
        self.queue_domain = settings.queue_domain.unwrap_or_default();
        self.groups.adapt(domains(settings));
    }

    /// What an event says of legs.
    pub fn hear(&mut self, event: &Event) -> Vec<Fact> {
        let uuid = event.get(Header::UniqueId).unwrap_or_default();
        match event.name() {
            "CHANNEL_CREATE" => self.begins(uuid, event),
            "CHANNEL_ANSWER" => self.answers(uuid, event),
            "CHANNEL_BRIDGE" => self.is_bridged(event),
            "CHANNEL_UNBRIDGE" => {
                self.is_unbridged(event);
                Vec::new()
            }
            "CHANNEL_HANGUP_COMPLETE" => self.ends(uuid, event),
            "CHANNEL_UUID" => {
                self.legs.rename(event.get(Header::OldUniqueId).unwrap_or_default(), uuid);
                Vec::new()
            }
            "CUSTOM" => self.hear_module(uuid, event),
            _ => Vec::new(),
        }
    }

    fn begins(&mut self, uuid: &str, event: &Event) -> Vec<Fact> {
        if !self.legs.contains(uuid) && !self.enters(event, None) {
            return Vec::new();
        }
        let Some(leg) = self.legs.get(uuid) else { return Vec::new() };
        let (group, is_rung) = (leg.group.clone(), leg.parent.is_some());
        self.learns(&group, event);
        // Whether who calls is a customer is said a moment later.
        if !is_rung {
            return Vec::new();
        }
        let mut facts = self.goes_on(&group, event);
        facts.extend(self.tell_dial(uuid));
        self.groups.sift(&group, facts)
    }

    /// Takes a leg up; `row` is its line in the list of all channels. Whether it is one.
    pub(super) fn enters(&mut self, event: &Event, row: Option<&Row>) -> bool {
        let Some(mut leg) = Leg::of(event, row, &self.inbound_contexts) else { return false };
        let uuid = event.get(Header::UniqueId).unwrap_or_default();
        let root = match &leg.parent {
            Some(parent) => {
                leg.group = match self.legs.get(parent) {
                    Some(parent) => parent.group.clone(),
                    None => LegId(parent.clone()),
                };
                parent.as_str()
            }
            None => uuid,
        };
        self.groups.join(&leg.group, root);
        if let Some(group) = self.groups.get_mut(&leg.group) {
            let is_first = leg.parent.is_none();
            let has_none_before = group.caller.name.is_none()
                && self.legs.get(&group.root).is_none_or(|root| root.side == Side::Inner);
            if leg.side == Side::Phone && (is_first || has_none_before) {
                group.caller = leg.person();
            }
        }
        self.legs.insert(uuid.to_owned(), leg);
        true
    }

    /// What an event says of the tenant.
    pub(super) fn learns(&mut self, group: &LegId, event: &Event) {
        for header in [Header::Domain, Header::DialedDomain] {
            self.groups.is_of(group, event.get(header));
        }
    }

    /// The call goes on: who began it is told of, and whom it has left.
    fn goes_on(&mut self, group: &LegId, event: &Event) -> Vec<Fact> {
        let mut facts = self.tell_root(group, event);
        facts.extend(self.groups.goes_on(group));
        facts
    }

    /// Tells who calls, unless that is told. `event` is of a leg of its call, and may say which way that goes.
    pub(super) fn tell_root(&mut self, group: &LegId, event: &Event) -> Vec<Fact> {
        let Some(members) = self.groups.get_mut(group) else { return Vec::new() };
        let Some(leg) = self.legs.get_mut(&members.root).filter(|leg| leg.calls && !leg.is_told) else {
            return Vec::new();
        };
        leg.is_told = true;
        leg.side = side_by_dialplan(leg, event.get(Header::Direction));
        members.caller = leg.person();
        self.trunks.sees(leg);
        let what = What::Calls {
            side: leg.side,
            from: leg.from.clone(),
            to: leg.to.clone(),
            trunk: leg.trunk(),
            place: leg.place(),
        };
        vec![Fact { leg: leg.id.clone(), group: group.clone(), what }]
    }

    /// Tells that a leg is rung, unless that is told.
    pub(super) fn tell_dial(&mut self, uuid: &str) -> Vec<Fact> {
        let Some(leg) = self.legs.get_mut(uuid) else { return Vec::new() };
        if std::mem::replace(&mut leg.is_told, true) || leg.side == Side::Inner {
            return Vec::new();
        }
        self.trunks.is_seen |= leg.side == Side::Outside;
        let Some(leg) = self.legs.get(uuid) else { return Vec::new() };
        let (dialer, by) = (self.legs.dialer(leg), self.dialer_of(leg));
        let mut facts = vec![self.dial(leg, by.clone())];
        if !leg.is_answered {
            self.groups.rings(&leg.group, by, leg.id.clone());
        }
        // FreeSWITCH itself has called somebody outside, and now it rings a phone for them.
        let first = dialer.filter(|(_, first)| first.side == Side::Outside && !first.calls && !first.is_told);
        if let Some((uuid, first)) = first {
            if leg.side == Side::Phone {
                facts.insert(0, self.dial(first, first.id.clone()));
            }
            let uuid = uuid.to_owned();
            if let Some(first) = self.legs.get_mut(&uuid) {
                first.is_told = true;
            }
        }
        facts
    }

    fn dial(&self, leg: &Leg, by: LegId) -> Fact {
        let caller = self.groups.get(&leg.group).map(|group| group.caller.clone()).unwrap_or_default();
        let dial = Dial {
            to: leg.id.clone(),
            side: leg.side,
            person: leg.person(),
            number: leg.to.clone(),
            shown: leg.from.clone(),
            trunk: leg.trunk(),
            place: leg.place(),
            caller,
        };
        Fact { leg: by, group: leg.group.clone(), what: What::Dials(dial) }
    }

    fn answers(&mut self, uuid: &str, event: &Event) -> Vec<Fact> {
        let Some(leg) = self.legs.get_mut(uuid) else { return Vec::new() };
        leg.is_answered = true;
        let (id, group) = (leg.id.clone(), leg.group.clone());
        self.groups.rings_not(&group, &id);
        self.learns(&group, event);
        let facts = self.goes_on(&group, event);
        let mut facts = self.groups.sift(&group, facts);
        facts.extend(self.talk(uuid));
        facts
    }

    fn is_bridged(&mut self, event: &Event) -> Vec<Fact> {
        let (Some(a), Some(b)) = (event.get(Header::BridgeA), event.get(Header::BridgeB)) else {
            return Vec::new();
        };
        self.legs.bridge(a, b);
        let mut facts = Vec::new();
        for uuid in [a, b] {
            let Some(group) = self.legs.get(uuid).map(|leg| leg.group.clone()) else { continue };
            if event.get(Header::UniqueId) == Some(uuid) {
                self.learns(&group, event);
            }
            let told = self.goes_on(&group, event);
            facts.extend(self.groups.sift(&group, told));
        }
        facts.extend(self.talk(a));
        facts
    }

    fn is_unbridged(&mut self, event: &Event) {
        let (a, b) = (event.get(Header::BridgeA), event.get(Header::BridgeB));
        for (one, other) in [(a, b), (b, a)] {
            if let Some(leg) = one.and_then(|uuid| self.legs.get_mut(uuid))
                && leg.partner.as_deref() == other
            {
                leg.partner = None;
            }
        }
    }

    /// Who talks at both ends of a leg's bridge. It may be made while one of them still rings.
    fn talk(&mut self, uuid: &str) -> Vec<Fact> {
        let Some((one, other)) = self.legs.ends(uuid) else { return Vec::new() };
        let fact = |leg: &Leg, taker: &Leg| {
            let what = What::Answered(taker.taker());
            taker.is_answered.then(|| Fact { leg: leg.id.clone(), group: leg.group.clone(), what })
        };
        let facts = [fact(one, other), fact(other, one)];
        facts
            .into_iter()
            .flatten()
            .flat_map(|fact| self.groups.sift(&fact.group.clone(), vec![fact]))
            .collect()
    }

    /// A talk of which the end of a leg tells before its bridge does: these come in any order.
    fn late_talk(&mut self, uuid: &str, event: &Event) -> Vec<Fact> {
        let Some(leg) = self.legs.get(uuid).filter(|leg| !leg.was_bridged) else { return Vec::new() };
        let is_told = event.get(Header::BridgedTo).filter(|other| self.legs.contains(other));
        // Only who was connected hangs up with a BYE, and nobody but a phone has connected this one.
        let is_connected = !leg.is_answered && event.get(Header::SipHangupDisposition) == Some("recv_bye");
        let Some(other) = is_told.or_else(|| is_connected.then(|| self.legs.picked_up_by(uuid)).flatten())
        else {
            return Vec::new();
        };
        let other = other.to_owned();
        self.legs.bridge(uuid, &other);
        self.talk(uuid)
    }

    fn ends(&mut self, uuid: &str, event: &Event) -> Vec<Fact> {
        let Some(leg) = self.legs.get(uuid) else {
            return self.ends_unknown(uuid, event);
        };
        let group = leg.group.clone();
        self.learns(&group, event);
        let mut facts = self.tell_root(&group, event);
        facts.extend(self.late_talk(uuid, event));
        let Some(leg) = self.legs.remove(uuid) else { return Vec::new() };
        let fact = |leg: &LegId, what| Fact { leg: leg.clone(), group: group.clone(), what };
        self.groups.rings_not(&group, &leg.id);
        if leg.parent.is_none() {
            let end = end(event);
            facts.extend(match end.is_callers {
                true => self.groups.hangs_up(&group, event.time()),
                false => self.groups.fails(&group, end.failure, end.cause),
            });
            facts.extend(end.told().into_iter().map(|what| fact(&leg.id, what)));
        } else if leg.side != Side::Inner {
            match refusal(event) {
                // A phone that has picked up is still no talk, so the caller may have left it.
                Refusal::Abandoned if !(leg.is_answered && leg.was_bridged) => {
                    let dialer = self.dialer_of(&leg);
                    self.groups.abandons(&group, dialer, leg.id.clone(), event.time());
                }
                Refusal::Abandoned | Refusal::Failed(..) if leg.is_answered => {
                    facts.push(fact(&leg.id, What::Gone { cause: None }));
                }
                Refusal::Abandoned => {}
                Refusal::Failed(failure, cause) => {
                    let dialer = self.dialer_of(&leg);
                    facts.push(fact(&dialer, What::Failed { to: leg.id.clone(), failure }));
                    facts.push(fact(&leg.id, What::Gone { cause }));
                }
            }
        }
        let facts = self.groups.sift(&group, facts);
        self.groups.leave(&group);
        facts
    }

    /// The end of a leg whose beginning nobody saw: it may be that of a call that another process reported.
    fn ends_unknown(&mut self, uuid: &str, event: &Event) -> Vec<Fact> {
        if uuid.is_empty() {
            return Vec::new();
        }
        let leg = legs::id(uuid, event);
        let group = legs::parent(event).map_or_else(|| leg.clone(), |parent| LegId(parent.to_owned()));
        let fact = |what| Fact { leg: leg.clone(), group: group.clone(), what };
        end(event).told().into_iter().map(fact).collect()
    }

    fn dialer_of(&self, leg: &Leg) -> LegId {
        let parent = || LegId(leg.parent.clone().unwrap_or_default());
        self.legs.dialer(leg).map_or_else(parent, |(_, dialer)| dialer.id.clone())
    }

    /// What an administrator should know who sees no call: said once, after a few of them.
    pub(super) fn remark(&mut self) -> Option<String> {
        self.trunks.remark()
    }
}

impl Trunks {
    /// Who calls is told of.
    fn sees(&mut self, leg: &Leg) {
        self.is_seen |= leg.side == Side::Outside;
        if leg.side == Side::Phone {
            self.none.sees(&leg.context);
        }
    }

    fn remark(&mut self) -> Option<String> {
        self.none.remark(self.is_seen, "inbound_contexts")
    }
}

/// The side that a leg is on which calls, if the dialplan may say another than its context does.
///
/// FusionPBX sets `call_direction` in the dialplan, so that it is not there when the leg begins. A caller from outside who
/// is forwarded there goes through an outbound route, and is a caller from outside all the same.
fn side_by_dialplan(leg: &Leg, direction: Option<&str>) -> Side {
    match (direction, leg.side) {
        (Some("inbound"), Side::Phone) => Side::Outside,
        (Some("local"), Side::Outside) => Side::Phone,
        (Some("outbound"), Side::Outside) if leg.is_named => Side::Phone,
        (_, side) => side,
    }
}

/// The contexts in which calls from outside begin.
fn inbound_contexts(settings: &FreeSwitchSettings) -> Vec<Pattern> {
    match &settings.inbound_contexts {
        Some(List(contexts)) => contexts.iter().map(Pattern::new).collect(),
        None => vec![Pattern::new("public")],
    }
}

/// The tenants whose calls are told of; none of them: all.
fn domains(settings: &FreeSwitchSettings) -> Vec<Pattern> {
    let domains = settings.domains.iter().flat_map(|List(domains)| domains);
    domains.map(|domain| Pattern::new(domain.to_ascii_lowercase())).collect()
}
