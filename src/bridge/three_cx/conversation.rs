//! One call, and what was told of it so far.

use std::collections::{BTreeMap, BTreeSet};

use super::leg::{Kind, Leg, Other, Station, is_same_number};
use crate::bridge::fact::{Dial, Fact, LegId, Person, Side, Standing, Taker, What};
use crate::bridge::tracker::Open;
use crate::event::Direction;

/// In which an agent is rung for a caller who has left a queue's list, in milliseconds.
const MOMENT: u64 = 5_000;

/// How a call crosses the trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// somebody outside calls
    In,
    /// somebody outside is called
    Out,
    /// nobody outside is part of it
    Internal,
}

/// One call, whatever number the phone system gives it.
#[derive(Debug)]
pub struct Conversation {
    /// what facts call it: the leg outside of a call that comes in, else the phone that calls
    pub id: LegId,
    /// the phone system's numbers of it
    pub calls: BTreeSet<String>,
    /// `None` until it is known
    pub way: Option<Way>,
    /// that of who is outside, if it is one
    pub number: Option<String>,
    /// since when it has no leg, in milliseconds
    pub empty_since: Option<u64>,
    trunk: Option<String>,
    /// who is called
    to: String,
    /// the phone that calls
    owner: Option<Station>,
    /// its beginning was told, so that it is reported if the rules want it
    is_told: bool,
    /// somebody took it
    is_answered: bool,
    /// it was answered before this process began: who talks is nobody new
    is_resumed: bool,
    told: BTreeMap<String, Told>,
    /// the numbers of phones that were part of it so far
    phones: BTreeSet<String>,
}

/// What was told of a leg.
#[derive(Debug)]
struct Told {
    leg: LegId,
    station: Station,
    is_rung: bool,
    /// it was seen before it was connected
    has_rung: bool,
    has_taken: bool,
    queue: Option<String>,
}

impl Conversation {
    /// Nothing is known of it.
    pub fn new(id: LegId) -> Self {
        Self {
            id,
            calls: BTreeSet::new(),
            way: None,
            number: None,
            empty_since: None,
            trunk: None,
            to: String::new(),
            owner: None,
            is_told: false,
            is_answered: false,
            is_resumed: false,
            told: BTreeMap::new(),
            phones: BTreeSet::new(),
        }
    }

    /// One that was reported before this process began.
    pub fn reported(open: &Open) -> Self {
        let way = match open.direction {
            Direction::Inbound => Way::In,
            Direction::Outbound => Way::Out,
        };
        Self {
            way: Some(way),
            is_answered: open.answered.is_some(),
            is_resumed: open.answered.is_some(),
            ..Self::new(LegId(open.id.clone()))
        }
    }

    /// Whether somebody outside is part of it.
    pub fn is_outside(&self) -> bool {
        matches!(self.way, Some(Way::In | Way::Out))
    }

    /// Whether this number on this trunk is part of it. Of two who withhold it, the trunk has to do.
    pub fn is_with(&self, number: &Option<String>, trunk: &str) -> bool {
        let is_same = match (&self.number, number) {
            (Some(own), Some(number)) => is_same_number(own, number),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        // Where something stands between, the trunk is not shown.
        let is_same_trunk = trunk.is_empty() || self.trunk.as_deref().is_none_or(|own| own == trunk);
        self.is_outside() && is_same && is_same_trunk
    }

    /// Whether somebody took it.
    pub fn is_answered(&self) -> bool {
        self.is_answered
    }

    /// Whether who has this number cannot be who is outside. The number of somebody may be told late, but not as late as
    /// when they talk.
    pub fn is_another_than(&self, number: &Option<String>) -> bool {
        match (&self.number, number) {
            (Some(own), Some(number)) => !is_same_number(own, number),
            (None, Some(_)) => self.is_answered,
            (_, None) => false,
        }
    }

    /// Whether a phone was part of both.
    pub fn shares_a_phone_with(&self, other: &Self) -> bool {
        !self.phones.is_disjoint(&other.phones)
    }

    /// Whether it has a leg, or had one a moment ago.
    pub fn is_there(&self, at: u64) -> bool {
        self.empty_since.is_none_or(|since| at.saturating_sub(since) < MOMENT)
    }

    /// Whether no leg of it is there.
    pub fn is_empty(&self) -> bool {
        self.empty_since.is_some()
    }

    /// What facts call one of its legs.
    pub fn leg_id(&self, key: &str) -> LegId {
        LegId(format!("{}:{key}", self.id.0))
    }

    /// Whether this leg of it was told of.
    pub fn has_told(&self, key: &str) -> bool {
        self.told.contains_key(key)
    }

    /// Its numbers count for another call from now on.
    pub fn abandon(&mut self, at: u64) {
        self.told.clear();
        self.empty_since.get_or_insert(at);
    }

    /// Tells what is new; these are all its legs.
    pub fn tell(&mut self, legs: &[&Leg], at: u64, facts: &mut Vec<Fact>) {
        self.tell_gone(legs, facts);
        if legs.is_empty() {
            if self.empty_since.is_none() && !self.is_told {
                log::debug!("{}: not reported: nobody who is followed is part of it", self.id.0);
            }
            self.empty_since.get_or_insert(at);
            return;
        }
        let comes_back = self.empty_since.take().is_some();
        self.note_phones(legs);
        if self.way.is_none() {
            self.way = way(legs);
        }
        let Some(way) = self.way else { return };
        if !self.is_told && !legs.iter().any(|leg| leg.is_watched) {
            return;
        }
        if !std::mem::replace(&mut self.is_told, true) || comes_back {
            // What is known already nobody takes for a second call.
            facts.extend(self.beginning(way, legs));
        }
        for leg in legs {
            self.tell_leg(way, leg, facts);
        }
        self.is_resumed = false;
    }

    fn note_phones(&mut self, legs: &[&Leg]) {
        let at = legs.iter().map(|leg| &leg.at);
        let inside = legs.iter().filter_map(|leg| match &leg.other {
            Other::Inside(station) => Some(station),
            Other::Outside { .. } | Other::Unknown => None,
        });
        let is_phone = |station: &&Station| matches!(station.kind, Kind::Extension | Kind::Unsure);
        self.phones.extend(at.chain(inside).filter(is_phone).map(|station| station.number.clone()));
    }

    /// Its legs as a list of all legs has them.
    pub fn standing(&self) -> Vec<Standing> {
        let Some(way) = self.way.filter(|_| self.is_told && !self.is_empty()) else { return Vec::new() };
        let owner = self.owner.as_ref();
        let leg = |leg: LegId, side, calls| Standing {
            leg,
            group: self.id.clone(),
            side,
            calls,
            from: self.number.clone(),
            to: self.to.clone(),
            person: Person::default(),
            trunk: self.trunk.clone(),
            talks_to: None,
        };
        let from_owner = |standing| Standing { from: owner.map(|owner| owner.number.clone()), ..standing };
        let phone = || Standing {
            person: owner.map(person).unwrap_or_default(),
            trunk: None,
            ..from_owner(leg(self.id.clone(), Side::Phone, true))
        };
        match way {
            Way::In => {
                let is_taker = |told: &&Told| told.has_taken && told.station.kind != Kind::Voicemail;
                let talks_to = self.told.values().rev().find(is_taker).map(Told::taker);
                let outside = Standing { talks_to, ..leg(self.id.clone(), Side::Outside, true) };
                let rung = self.told.values().filter(|told| told.is_rung && told.side() == Side::Phone);
                let rung = rung.map(|told| Standing {
                    person: person(&told.station),
                    trunk: None,
                    ..leg(told.leg.clone(), Side::Phone, false)
                });
                [outside].into_iter().chain(rung).collect()
            }
            Way::Out => {
                let taker = || Taker {
                    leg: self.id.clone(),
                    side: Side::Phone,
                    person: owner.map(person).unwrap_or_default(),
                    number: None,
                };
                let far = from_owner(leg(self.far_end(), Side::Outside, false));
                vec![phone(), Standing { talks_to: self.is_answered.then(taker), ..far }]
            }
            Way::Internal => vec![phone()],
        }
    }

    /// The leg outside of a call that goes out, and the one that is called inside where only the caller's is shown.
    fn far_end(&self) -> LegId {
        LegId(format!("{}:far", self.id.0))
    }

    fn beginning(&mut self, way: Way, legs: &[&Leg]) -> Option<Fact> {
        let outside = |leg: &&&Leg| matches!(leg.other, Other::Outside { .. });
        let is_owners = |leg: &&&Leg| leg.calls && leg.at.kind == Kind::Extension;
        let first = match way {
            Way::In => {
                legs.iter().find(|leg| outside(leg) && !leg.calls).or_else(|| legs.iter().find(outside))
            }
            Way::Out => {
                legs.iter().find(|leg| outside(leg) && leg.calls).or_else(|| legs.iter().find(outside))
            }
            Way::Internal => legs.iter().find(is_owners),
        };
        let first = *first.or(legs.first())?;
        if let Other::Outside { number, trunk } = &first.other {
            self.number.clone_from(number);
            self.trunk = Some(trunk.clone()).filter(|trunk| !trunk.is_empty());
        }
        let what = match way {
            Way::In => {
                self.to = called(legs);
                let (from, trunk) = (self.number.clone(), self.trunk.clone());
                What::Calls { side: Side::Outside, from, to: self.to.clone(), trunk, place: None }
            }
            Way::Out => {
                self.to = self.number.clone().unwrap_or_else(|| crate::number::Party::ANONYMOUS.to_owned());
                self.owner = Some(first.at.clone());
                self.dial(self.far_end(), Side::Outside, Person::default(), self.to.clone())
            }
            Way::Internal => {
                let inside = match &first.other {
                    Other::Inside(station) => Some(station),
                    Other::Outside { .. } | Other::Unknown => None,
                };
                let (owner, called) =
                    if first.calls { (Some(&first.at), inside) } else { (inside, Some(&first.at)) };
                self.owner = owner.cloned();
                let called = called?;
                self.to.clone_from(&called.number);
                self.dial(self.far_end(), Side::Phone, person(called), called.number.clone())
            }
        };
        Some(self.fact(self.id.clone(), what))
    }

    fn tell_leg(&mut self, way: Way, leg: &Leg, facts: &mut Vec<Fact>) {
        let id = self.leg_id(&leg.key);
        let is_new = !self.told.contains_key(&leg.key);
        let told = self.told.entry(leg.key.clone()).or_insert_with(|| Told {
            leg: id,
            station: leg.at.clone(),
            is_rung: false,
            has_rung: false,
            has_taken: false,
            queue: None,
        });
        told.has_rung |= !leg.is_up;
        let queue = match leg.at.kind {
            Kind::Queue => Some(&leg.at),
            Kind::Extension | Kind::Unsure | Kind::Machine | Kind::Voicemail | Kind::Forwarded => {
                leg.behalf.as_ref().filter(|behalf| behalf.kind == Kind::Queue)
            }
        };
        let far = LegId(format!("{}:far", self.id.0));
        let mut what = Vec::new();
        if let (Some(queue), Way::In, None) = (queue, way, &told.queue) {
            told.queue = Some(queue.number.clone());
            what.push(What::Queued(queue.number.clone()));
        }
        let is_person = match leg.at.kind {
            Kind::Extension | Kind::Forwarded => true,
            // What picks up at once is a machine.
            Kind::Unsure => told.has_rung,
            Kind::Queue | Kind::Machine | Kind::Voicemail => false,
        };
        // Before a call is handed over, the two of the house talk about it.
        let is_consulted = self.is_answered
            && matches!(&leg.other, Other::Inside(Station { kind: Kind::Extension | Kind::Unsure, .. }));
        let takes = leg.is_up && is_person && !told.has_taken && !is_consulted;
        match way {
            Way::In => {
                if is_new && is_person && !leg.calls {
                    told.is_rung = true;
                    what.push(What::Dials(Dial {
                        to: told.leg.clone(),
                        side: told.side(),
                        person: person(&leg.at),
                        number: leg.at.number.clone(),
                        shown: self.number.clone(),
                        trunk: None,
                        place: None,
                        caller: Person::default(),
                    }));
                }
                if takes {
                    told.has_taken = true;
                    self.is_answered = true;
                    what.extend((!self.is_resumed).then(|| What::Answered(told.taker())));
                }
                if leg.at.kind == Kind::Voicemail && leg.is_up && !told.has_taken {
                    told.has_taken = true;
                    what.push(What::Voicemail);
                }
            }
            Way::Out | Way::Internal => {
                // A phone that was rung for it is the far end; one that calls talks once that has picked up.
                let is_far = match &leg.other {
                    Other::Inside(station) if leg.calls => station.kind == Kind::Extension,
                    Other::Outside { .. } | Other::Inside(_) | Other::Unknown => true,
                };
                if takes && is_far {
                    told.has_taken = true;
                    if !std::mem::replace(&mut self.is_answered, true) {
                        let side = if way == Way::Out { Side::Outside } else { Side::Phone };
                        let called = match &leg.other {
                            Other::Inside(station) if leg.calls => person(station),
                            Other::Inside(_) | Other::Unknown => person(&leg.at),
                            Other::Outside { .. } => Person::default(),
                        };
                        let number = called.number.clone();
                        let leg = far.clone();
                        what.push(What::Answered(Taker { leg, side, person: called, number }));
                    }
                }
            }
        }
        facts.extend(what.into_iter().map(|what| self.fact(self.id.clone(), what)));
    }

    /// Tells of legs that are not among these any more.
    fn tell_gone(&mut self, legs: &[&Leg], facts: &mut Vec<Fact>) {
        let there: BTreeSet<&str> = legs.iter().map(|leg| leg.key.as_str()).collect();
        let is_gone = |key: &String| !there.contains(key.as_str());
        let gone: Vec<String> = self.told.keys().filter(|key| is_gone(key)).cloned().collect();
        let gone: Vec<Told> = gone.iter().filter_map(|key| self.told.remove(key)).collect();
        let was_in_queue = gone.iter().any(|told| told.station.kind == Kind::Queue);
        for told in gone.iter().filter(|told| told.is_rung) {
            facts.push(self.fact(told.leg.clone(), What::Gone { cause: None }));
        }
        if was_in_queue && !legs.is_empty() && !legs.iter().any(|leg| leg.at.kind == Kind::Queue) {
            facts.push(self.fact(self.id.clone(), What::Unqueued));
        }
    }

    fn dial(&self, to: LegId, side: Side, called: Person, number: String) -> What {
        let owner = self.owner.as_ref();
        What::Dials(Dial {
            to,
            side,
            person: called,
            number,
            shown: owner.map(|owner| owner.number.clone()),
            trunk: self.trunk.clone().filter(|_| side == Side::Outside),
            place: None,
            caller: owner.map(person).unwrap_or_default(),
        })
    }

    fn fact(&self, leg: LegId, what: What) -> Fact {
        Fact { leg, group: self.id.clone(), what }
    }
}

impl Told {
    fn side(&self) -> Side {
        match self.station.kind {
            Kind::Forwarded => Side::Outside,
            Kind::Extension | Kind::Unsure | Kind::Queue | Kind::Machine | Kind::Voicemail => Side::Phone,
        }
    }

    fn taker(&self) -> Taker {
        let number = Some(self.station.number.clone());
        Taker { leg: self.leg.clone(), side: self.side(), person: person(&self.station), number }
    }
}

/// Which way a call goes, as far as its legs tell.
fn way(legs: &[&Leg]) -> Option<Way> {
    let mut outside = legs.iter().filter(|leg| matches!(leg.other, Other::Outside { .. })).peekable();
    if outside.peek().is_some() {
        return Some(if outside.all(|leg| leg.calls) { Way::Out } else { Way::In });
    }
    let is_inside = |leg: &&&Leg| match &leg.other {
        // Who asks what is in a box calls nobody.
        Other::Inside(station) => station.kind != Kind::Voicemail && leg.at.kind != Kind::Voicemail,
        Other::Outside { .. } | Other::Unknown => false,
    };
    legs.iter().find(is_inside).map(|_| Way::Internal)
}

/// What somebody outside has called: the number that was dialled if it is known, else what the call came to first.
fn called(legs: &[&Leg]) -> String {
    let dialled = legs.iter().find_map(|leg| leg.dialled.clone());
    let object = || legs.iter().find(|leg| leg.at.is_called_object()).map(|leg| leg.at.number.clone());
    let behalf = || legs.iter().find_map(|leg| leg.behalf.as_ref()).map(|behalf| behalf.number.clone());
    let watched = || legs.iter().find(|leg| leg.is_watched).or(legs.first());
    dialled
        .or_else(object)
        .or_else(behalf)
        .or_else(|| watched().map(|leg| leg.at.number.clone()))
        .unwrap_or_default()
}

fn person(station: &Station) -> Person {
    Person { name: station.name.clone(), endpoint: None, number: Some(station.number.clone()) }
}
