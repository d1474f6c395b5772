//! What the numbers of a 3CX are: extensions, queues, trunks, and all else.

use std::collections::HashMap;

use super::leg::{Kind, Leg, Other, Station};
use super::message::{Participant, People, Row};
use super::row_text::{RowText, outside_number};
use crate::asterisk::{is_number, shown_name};
use crate::config::{List, Pattern, ThreeCxSettings};

/// What the numbers of calls begin with that are known by the list of active calls, beside Call Control: it may
/// count otherwise.
pub const BESIDE: &str = "list";

/// More people than any group has.
const MOST_PEOPLE: usize = 20_000;

/// Tells what numbers are, by the settings and by what the phone system says of them.
#[derive(Debug, Default)]
pub struct Directory {
    queues: Vec<Pattern>,
    extensions: Numbers,
    trunks: Numbers,
    trunk_numbers: HashMap<String, String>,
    names: HashMap<String, Option<String>>,
    known_queues: Vec<String>,
    is_group: bool,
}

/// Numbers by patterns, or by how many digits they have.
#[derive(Debug, Default)]
enum Numbers {
    #[default]
    Unknown,
    Digits(usize),
    Patterns(Vec<Pattern>),
}

impl Numbers {
    fn new(list: Option<&List>) -> Self {
        let texts = list.map_or(&[][..], |List(texts)| texts);
        match texts {
            [] => Self::Unknown,
            // No number of a 3CX has one digit.
            [only] if only.len() == 1 && only.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self::Digits(only.parse().unwrap_or_default())
            }
            several => Self::Patterns(several.iter().map(Pattern::new).collect()),
        }
    }

    /// `None`: it is not known.
    fn has(&self, number: &str) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Digits(count) => Some(number.len() == *count),
            Self::Patterns(patterns) => Some(patterns.iter().any(|pattern| pattern.is_met_by(number))),
        }
    }
}

impl Directory {
    /// From now on these settings count.
    pub fn adapt(&mut self, settings: &ThreeCxSettings) {
        let queues = settings.queues.as_ref().map_or(&[][..], |List(queues)| queues);
        self.queues = queues.iter().map(Pattern::new).collect();
        self.extensions = Numbers::new(settings.extensions.as_ref());
        self.trunks = Numbers::new(settings.trunks.as_ref());
        let numbers = settings.trunk_numbers.clone().unwrap_or_default().0;
        self.trunk_numbers = numbers.into_iter().collect();
    }

    /// Whose extensions are whose.
    pub fn learn(&mut self, people: People) {
        let known = people.people.into_iter().take(MOST_PEOPLE);
        self.names =
            known.map(|(number, name)| (number, name.filter(|name| !name.trim().is_empty()))).collect();
        self.known_queues = people.queues;
        self.is_group = people.is_group;
    }

    /// What a number is by its type, such as `Wextension`; `None` is a trunk.
    pub fn kind_of(kind: &str) -> Option<Kind> {
        kind_of(kind)
    }

    /// A line of the list of active calls as a leg; `None` if nobody outside and nobody of the house is part of it.
    pub fn of_row(&self, row: &Row) -> Option<Leg> {
        let (caller, callee) = (self.side(&row.caller), self.side(&row.callee));
        let is_up = ["talking", "connected"].contains(&row.status.to_lowercase().as_str());
        let (at, calls, other) = match (caller, callee) {
            (Side::Outside { number, trunk }, Side::Inside(at)) => {
                (at, false, Other::Outside { number, trunk })
            }
            (Side::Inside(at), Side::Outside { number, trunk }) => {
                (at, true, Other::Outside { number, trunk })
            }
            (Side::Inside(caller), Side::Inside(at)) => (at, false, Other::Inside(caller)),
            // It is forwarded to a phone outside.
            (Side::Outside { number, trunk }, Side::Outside { number: to, trunk: by }) => {
                (Station::new(Kind::Forwarded, to.unwrap_or(by)), false, Other::Outside { number, trunk })
            }
        };
        let is_watched = |station: &Station| {
            !self.is_group || self.names.contains_key(&station.number) || self.is_queue(&station.number)
        };
        let dialled = self.dialled(&other);
        let outside = match &other {
            Other::Outside { number, .. } => number.clone().unwrap_or_default(),
            Other::Inside(_) | Other::Unknown => String::new(),
        };
        Some(Leg {
            // The numbers of calls begin again; so whose call it is belongs to it.
            key: format!("{}/{}/{outside}", row.id, at.number),
            call: row.id.clone(),
            is_watched: is_watched(&at) || matches!(&other, Other::Inside(caller) if is_watched(caller)),
            at,
            is_up,
            calls,
            other,
            behalf: None,
            dialled,
            is_beside: false,
            is_fetching: false,
        })
    }

    /// A caller who waits in a queue that Call Control does not show.
    pub fn beside(&self, row: &Row, is_shown: impl Fn(&str) -> bool) -> Option<Leg> {
        let leg = self.of_row(row)?;
        let waits = leg.at.kind == Kind::Queue && !leg.calls && matches!(leg.other, Other::Outside { .. });
        (waits && !is_shown(&leg.at.number)).then(|| Leg {
            call: format!("{BESIDE}{}", leg.call),
            key: format!("{BESIDE}{}", leg.key),
            is_watched: true,
            is_beside: true,
            ..leg
        })
    }

    /// A participant as a leg; `kind` is what its number is, if that is known. `None` for the trunk's own.
    /// `is_from_before`: it may have been there for long before it is seen.
    pub fn of_participant(
        &self,
        kind: Option<&str>,
        participant: &Participant,
        is_from_before: bool,
    ) -> Option<Leg> {
        let dn = &participant.dn;
        // What is said in the settings counts more.
        let at_kind =
            if self.is_queue(dn) { Kind::Queue } else { kind.map_or(Some(Kind::Extension), kind_of)? };
        let at = self.named(Station::new(at_kind, dn));
        let status = participant.status.to_lowercase();
        let is_up = status == "connected" || status == "talking";
        let other = self.other(participant);
        // Who picks up what is parked, or a caller of a queue, calls nobody outside.
        let is_between = is_between(&other, participant);
        let calls = match status.as_str() {
            "dialing" => !is_between,
            "ringing" => false,
            _ => at.kind == Kind::Extension && !is_between && has_begun(participant, is_from_before),
        };
        let behalf = &participant.on_behalf_of_dn;
        let behalf = if self.is_queue(behalf) {
            Some(Station::new(Kind::Queue, behalf))
        } else if !behalf.is_empty() {
            let kind = kind_of(&participant.on_behalf_of_type);
            kind.filter(|kind| *kind != Kind::Extension).map(|kind| Station::new(kind, behalf))
        } else {
            self.is_from_queue(participant).then(|| Station::new(Kind::Queue, &participant.party_dn))
        };
        let did = outside_number(&participant.party_did).filter(|_| !calls);
        Some(Leg {
            key: participant.place().key(),
            call: participant.callid.clone(),
            at,
            is_up,
            calls,
            dialled: did.or_else(|| self.dialled(&other).filter(|_| !calls)),
            other,
            behalf,
            is_watched: true,
            is_beside: false,
            is_fetching: party_type(&participant.party_dn_type) == Some("parking"),
        })
    }

    fn other(&self, participant: &Participant) -> Other {
        let Participant { party_dn, party_caller_id, party_caller_name, .. } = participant;
        let outside = || Other::Outside { number: outside_number(party_caller_id), trunk: party_dn.clone() };
        let inside = |kind| {
            let name = shown_name(party_caller_name.trim().as_bytes());
            let name = Some(name).filter(|name| !name.is_empty() && name != party_dn);
            let station = Station { name, ..Station::new(kind, party_dn) };
            Other::Inside(if kind == Kind::Extension { self.named(station) } else { station })
        };
        // Longer than extensions are, or with a country code.
        let is_outside = outside_number(party_caller_id)
            .is_some_and(|number| number.starts_with(['+', '0']) || number.len() > party_dn.len().max(6));
        match party_type(&participant.party_dn_type) {
            Some("externalline") => outside(),
            Some("extension") => inside(Kind::Extension),
            Some("specialmenu" | "voicemail") => inside(Kind::Voicemail),
            // What stands between shows the caller's number.
            Some(kind) if is_outside && kind != "none" => {
                Other::Outside { number: outside_number(party_caller_id), trunk: String::new() }
            }
            Some("queue") => inside(Kind::Queue),
            Some(kind) if kind != "none" => inside(Kind::Machine),
            _ if !party_dn.is_empty() && self.trunks.has(party_dn) == Some(true) => outside(),
            _ if is_outside => outside(),
            _ if party_dn.is_empty() => Other::Unknown,
            _ if self.is_queue(party_dn) => inside(Kind::Queue),
            _ if self.is_likely_trunk(party_dn) => outside(),
            _ => inside(Kind::Extension),
        }
    }

    /// Whether a number of which nothing is known looks like a trunk's.
    fn is_likely_trunk(&self, number: &str) -> bool {
        let is_known = self.names.contains_key(number) || self.trunks.has(number).is_some();
        let is_extension =
            matches!(&self.extensions, Numbers::Patterns(_)) && self.extensions.has(number) == Some(true);
        !is_known && !is_extension && is_usual_trunk(number)
    }

    fn is_from_queue(&self, participant: &Participant) -> bool {
        let kind = party_type(&participant.party_dn_type);
        kind == Some("queue") || kind != Some("externalline") && self.is_queue(&participant.party_dn)
    }

    fn is_queue(&self, number: &str) -> bool {
        self.queues.iter().any(|queue| queue.is_met_by(number))
            || self.known_queues.iter().any(|queue| queue == number)
    }

    /// The number that callers of a trunk have dialled.
    fn dialled(&self, other: &Other) -> Option<String> {
        match other {
            Other::Outside { trunk, .. } => self.trunk_numbers.get(trunk).cloned(),
            Other::Inside(_) | Other::Unknown => None,
        }
    }

    fn named(&self, station: Station) -> Station {
        let name = self.names.get(&station.number).cloned().flatten();
        Station { name: name.or(station.name), ..station }
    }

    /// One side of a line.
    fn side(&self, text: &str) -> Side {
        let read = RowText::read(text);
        let outside = |number: &str| Side::Outside { number: read.outside(), trunk: number.to_owned() };
        let Some(number) = &read.number else {
            let kind = if read.is_voicemail() { Kind::Voicemail } else { Kind::Machine };
            return match read.shows_outside() {
                true => outside(&read.name),
                false => Side::Inside(Station::new(kind, read.name)),
            };
        };
        let station = |kind| {
            let name = Some(read.name.clone()).filter(|name| !name.is_empty());
            Side::Inside(self.named(Station { name, ..Station::new(kind, number) }))
        };
        if self.is_queue(number) {
            return station(Kind::Queue);
        }
        if self.names.contains_key(number) {
            return station(Kind::Extension);
        }
        // What is said in the settings counts more than what the text looks like.
        match (self.trunks.has(number), &self.extensions, self.extensions.has(number)) {
            (Some(true), _, _) => return outside(number),
            // A pattern such as 1* is met by the numbers that trunks usually have.
            (None, Numbers::Patterns(_), Some(true)) if is_usual_trunk(number) && read.shows_outside() => {}
            (_, Numbers::Patterns(_), Some(true)) => return station(Kind::Extension),
            _ => {}
        }
        if read.shows_outside() || self.trunks.has(number).is_none() && is_usual_trunk(number) {
            return outside(number);
        }
        if read.is_voicemail() {
            return station(Kind::Voicemail);
        }
        match self.extensions.has(number) {
            // It is said that they are people's.
            Some(true) if is_number(number) => station(Kind::Extension),
            None if number.len() <= 6 && is_number(number) => station(Kind::Unsure),
            Some(_) | None => station(Kind::Machine),
        }
    }
}

/// One side of a line in the list.
enum Side {
    Outside { number: Option<String>, trunk: String },
    Inside(Station),
}

/// Whether something of the phone system stands between a leg and who is outside, as a queue or a place for parked
/// calls does.
fn is_between(other: &Other, participant: &Participant) -> bool {
    let is_line = matches!(party_type(&participant.party_dn_type), None | Some("externalline" | "none"));
    matches!(other, Other::Outside { .. }) && !is_line
}

/// Trunks are numbered from 10000 on.
fn is_usual_trunk(number: &str) -> bool {
    number.len() == 5 && number.starts_with("100")
}

/// What a number is by its type, such as `Wextension`; `None` is a trunk.
fn kind_of(kind: &str) -> Option<Kind> {
    Some(match party_type(kind) {
        Some("externalline" | "trunk" | "bridge") => return None,
        Some("queue") => Kind::Queue,
        Some("extension" | "none") | None => Kind::Extension,
        Some("voicemail" | "specialmenu") => Kind::Voicemail,
        Some(_) => Kind::Machine,
    })
}

/// A type without its W, in small letters.
fn party_type(kind: &str) -> Option<&'static str> {
    const TYPES: [&str; 15] = [
        "externalline",
        "extension",
        "queue",
        "ringgroup",
        "ivr",
        "routepoint",
        "specialmenu",
        "voicemail",
        "parking",
        "conference",
        "fax",
        "faxextension",
        "trunk",
        "bridge",
        "none",
    ];
    let kind = kind.trim().to_lowercase();
    let kind = kind.strip_prefix('w').unwrap_or(&kind);
    match TYPES.iter().find(|known| **known == kind) {
        Some(known) => Some(known),
        None if kind.is_empty() => None,
        None => Some("other"),
    }
}

/// Whether a leg that is connected began its call: it says so itself, or nobody is said to have and it was the first.
/// The latter counts only for what may have been there for long: who dials is seen while they wait for an answer, and
/// a call that is seen first when somebody talks was picked up at once.
fn has_begun(participant: &Participant, is_from_before: bool) -> bool {
    let Participant { originated_by_dn, originated_by_type, dn, legid, .. } = participant;
    let is_said =
        !originated_by_dn.is_empty() || !["", "none"].contains(&originated_by_type.to_lowercase().as_str());
    let is_asked = !participant.on_behalf_of_dn.is_empty() || !participant.referred_by_dn.is_empty();
    if is_said { originated_by_dn == dn } else { is_from_before && legid == "1" && !is_asked }
}
