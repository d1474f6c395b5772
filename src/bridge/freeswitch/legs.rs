//! The legs that there are, and what FreeSWITCH says of each when it begins.
//!
//! What a leg shows changes on its way: after a transfer it has the numbers and the context of that, after a pickup
//! those of the colleague. So all is kept as it was at the beginning. Source: recordings in
//! `tests/fixtures/bridge/freeswitch`.

use std::collections::HashMap;

use super::event::Event;
use super::header::Header;
use super::request::Row;
use crate::asterisk::is_number;
use crate::bridge::fact::{LegId, Person, Place, Side, Taker};
use crate::config::Pattern;

/// The endpoints that stand between two legs.
const INNER: [&str; 5] = ["loopback/", "null/", "pickup/", "group/", "error/"];

/// A leg that is there.
#[derive(Debug)]
pub(super) struct Leg {
    pub id: LegId,
    /// the first of the legs that belong together
    pub group: LegId,
    /// who had it rung, by its id at FreeSWITCH
    pub parent: Option<String>,
    pub side: Side,
    /// the number that it shows, if it is one and may be shown
    pub from: Option<String>,
    /// the number that it called, or that was dialled for it
    pub to: String,
    /// it called FreeSWITCH, and was not rung by it
    pub calls: bool,
    /// the context that it came to
    pub context: String,
    /// it is a phone that has logged in, or was rung by its name
    pub is_named: bool,
    /// what it is was told
    pub is_told: bool,
    pub is_answered: bool,
    /// the leg that it is bridged with
    pub partner: Option<String>,
    /// it was bridged with one
    pub was_bridged: bool,
    /// the other half of a loopback
    half: Option<String>,
    /// who is there, if it is a phone
    person: Person,
    /// the line that it uses, if it is outside
    line: Option<String>,
    /// what it shows, or what was dialled for it, whatever that is
    shown: String,
}

/// All that there are, by their ids at FreeSWITCH.
#[derive(Debug, Default)]
pub(super) struct Legs(HashMap<String, Leg>);

impl Leg {
    /// The leg that an event tells of, by the context of trunks. `row` is its line in the list of all channels.
    pub fn of(event: &Event, row: Option<&Row>, inbound_contexts: &[Pattern]) -> Option<Self> {
        let uuid = event.get(Header::UniqueId)?;
        let parent = parent(event).filter(|parent| *parent != uuid).map(str::to_owned);
        let calls = parent.is_none() && event.get(Header::CallDirection) == Some("inbound");
        let began = |of_row: fn(&Row) -> &String, header| {
            let of_row = row.map(of_row).filter(|value| !value.is_empty()).map(String::as_str);
            of_row.or_else(|| event.get(header)).unwrap_or_default()
        };
        let context = began(|row| &row.context, Header::Context);
        let to = began(|row| &row.destination, Header::Destination);
        let caller = began(|row| &row.caller_number, Header::CallerNumber);
        let channel = event.get(Header::ChannelName).unwrap_or_default();
        let is_inner = INNER.iter().any(|endpoint| channel.starts_with(endpoint));
        // One that calls has the name of whomever it dialled last as well.
        let name = event.get(if calls { Header::UserName } else { Header::DialedUser });
        let gateway = event.get(Header::Gateway).or_else(|| event.get(Header::InboundGateway));
        // A gateway that has registered may call the name that it has registered with.
        let called =
            [Header::ToUser, Header::RequestedUser].into_iter().filter_map(|header| event.get(header));
        let called = called.into_iter().find(|called| calls && !is_number(to) && is_number(called));
        let to = called.unwrap_or(to);
        let is_trunk = gateway.is_some()
            || calls && inbound_contexts.iter().any(|pattern| pattern.is_met_by(context))
            // A route to the outside without a gateway.
            || !calls && event.get(Header::Direction) == Some("outbound") && name.is_none();
        let side = match (is_inner, is_trunk) {
            (true, _) => Side::Inner,
            (false, true) => Side::Outside,
            (false, false) => Side::Phone,
        };
        let profile = event.get(Header::Profile).map(|profile| format!("sofia/{profile}"));
        // A number that is not to be shown may be known.
        let is_withheld = calls && event.get(Header::HidesNumber) == Some("true");
        let shown = if calls { caller } else { to };
        let id = id(uuid, event);
        Some(Self {
            group: id.clone(),
            id,
            parent,
            side,
            from: Some(caller).filter(|caller| is_number(caller) && !is_withheld).map(str::to_owned),
            to: to.to_owned(),
            calls,
            context: context.to_owned(),
            is_named: name.is_some(),
            is_told: false,
            is_answered: event.get(Header::AnswerState) == Some("answered"),
            partner: None,
            was_bridged: false,
            half: event.get(Header::LoopbackOther).filter(|_| is_inner).map(str::to_owned),
            person: person(event, name.unwrap_or(shown)),
            line: gateway.map(str::to_owned).or(profile),
            shown: shown.to_owned(),
        })
    }

    /// Who is there, if it is a phone.
    pub fn person(&self) -> Person {
        if self.side == Side::Phone { self.person.clone() } else { Person::default() }
    }

    /// The line that it uses, if it is outside.
    pub fn trunk(&self) -> Option<String> {
        self.line.clone().filter(|_| self.side == Side::Outside)
    }

    /// Where it stands, if it is counted to the house and may be a customer.
    pub fn place(&self) -> Option<Place> {
        let may_be_trunk = self.side == Side::Phone && !self.is_named && !self.context.is_empty();
        may_be_trunk.then(|| Place {
            context: self.context.clone(),
            endpoint: self.line.clone().unwrap_or_default(),
            shown: self.shown.clone(),
        })
    }

    /// Who is there, as the one that takes a call.
    pub fn taker(&self) -> Taker {
        let was_dialled = self.side == Side::Outside && !self.calls && is_number(&self.to);
        let number = was_dialled.then(|| self.to.clone());
        Taker { leg: self.id.clone(), side: self.side, person: self.person(), number }
    }
}

impl Legs {
    pub fn get(&self, uuid: &str) -> Option<&Leg> {
        self.0.get(uuid)
    }

    pub fn get_mut(&mut self, uuid: &str) -> Option<&mut Leg> {
        self.0.get_mut(uuid)
    }

    pub fn contains(&self, uuid: &str) -> bool {
        self.0.contains_key(uuid)
    }

    pub fn insert(&mut self, uuid: String, leg: Leg) {
        self.0.insert(uuid, leg);
    }

    pub fn remove(&mut self, uuid: &str) -> Option<Leg> {
        self.0.remove(uuid)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &Leg)> {
        self.0.iter()
    }

    /// Two are bridged.
    pub fn bridge(&mut self, one: &str, other: &str) {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(leg) = self.0.get_mut(one) {
                leg.partner = Some(other.to_owned());
                leg.was_bridged = true;
            }
        }
    }

    /// The one that has picked up of those that were rung for a leg, if it is one and waits for a bridge.
    pub fn picked_up_by(&self, uuid: &str) -> Option<&str> {
        let is_it = |leg: &Leg| leg.parent.as_deref() == Some(uuid) && leg.is_answered && !leg.was_bridged;
        let mut found = self.0.iter().filter(|(_, leg)| is_it(leg));
        found.next().filter(|_| found.next().is_none()).map(|(uuid, _)| uuid.as_str())
    }

    /// It has another id from now on.
    pub fn rename(&mut self, from: &str, to: &str) {
        let Some(leg) = self.0.remove(from) else { return };
        if let Some(other) = leg.partner.as_ref().and_then(|partner| self.0.get_mut(partner)) {
            other.partner = Some(to.to_owned());
        }
        self.0.insert(to.to_owned(), leg);
    }

    /// The legs that are bridged at both ends of a bridge, beyond those that stand between them.
    pub fn ends(&self, uuid: &str) -> Option<(&Leg, &Leg)> {
        let partner = self.0.get(uuid)?.partner.as_ref()?;
        Some((self.outward(uuid)?, self.outward(partner)?))
    }

    /// The leg that a leg stands for at its bridge: itself, or who is behind its other half.
    fn outward(&self, uuid: &str) -> Option<&Leg> {
        let mut leg = self.0.get(uuid)?;
        // One that leads to itself is none that FreeSWITCH makes.
        for _ in 0..16 {
            if leg.side != Side::Inner {
                return Some(leg);
            }
            let half = self.0.get(leg.half.as_ref()?)?;
            leg = self.0.get(half.partner.as_ref()?)?;
        }
        None
    }

    /// Whom a leg talks to.
    pub fn talks_to(&self, uuid: &str) -> Option<Taker> {
        let (_, other) = self.ends(uuid)?;
        other.is_answered.then(|| other.taker())
    }

    /// Who had a leg rung, whatever stands between: a phone, a trunk, or else the first that is known.
    pub fn dialer(&self, leg: &Leg) -> Option<(&str, &Leg)> {
        let (mut uuid, mut dialer) = self.0.get_key_value(leg.parent.as_ref()?)?;
        for _ in 0..16 {
            match dialer.parent.as_ref().and_then(|parent| self.0.get_key_value(parent)) {
                Some(parent) if dialer.side == Side::Inner => (uuid, dialer) = parent,
                Some(_) | None => break,
            }
        }
        Some((uuid, dialer))
    }
}

/// The leg that had this one rung. The second half of a loopback is "inbound", as who calls is.
pub(super) fn parent(event: &Event) -> Option<&str> {
    let names = [Header::OriginatingLeg, Header::QueueMember, Header::LoopbackFrom];
    let is_second = event.get(Header::CallDirection) == Some("inbound");
    let other_half = || event.get(Header::LoopbackOther).filter(|_| is_second);
    names.into_iter().find_map(|name| event.get(name)).or_else(other_half)
}

/// What a leg is called: as FreeSWITCH calls it, if FreeSWITCH made that up.
///
/// With `inbound-use-callid-as-uuid` a caller chooses it, who may take the same one again. So the time is a part of it.
pub(super) fn id(uuid: &str, event: &Event) -> LegId {
    if is_made_up_here(uuid) {
        return LegId(uuid.to_owned());
    }
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || ['-', '.', '@'].contains(c);
    let plain: String = uuid.chars().filter(is_plain).take(80).collect();
    LegId(format!("{plain}-{}", event.get(Header::Created).unwrap_or_default()))
}

/// `4ee24380-de63-4d20-8b37-d8330674a219`
fn is_made_up_here(uuid: &str) -> bool {
    uuid::Uuid::try_parse(uuid).is_ok_and(|read| read.hyphenated().to_string() == uuid)
}

/// Who is at the phone of this name.
fn person(event: &Event, name: &str) -> Person {
    let domain = [Header::DialedDomain, Header::Domain].into_iter().find_map(|header| event.get(header));
    let endpoint = domain.map_or_else(|| name.to_owned(), |domain| format!("user/{name}@{domain}"));
    let is_one = !name.is_empty();
    Person {
        name: is_one.then(|| name.to_owned()),
        endpoint: is_one.then_some(endpoint),
        number: is_number(name).then(|| name.to_owned()),
    }
}
