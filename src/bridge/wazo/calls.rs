//! One call: the legs of a conversation, and what follows from each of their changes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::message::text;
use crate::asterisk::is_number;
use crate::bridge::fact::{Dial, Fact, LegId, Person, Side, Standing, Taker, What};
use crate::event::Direction;

/// From this number of digits on, a number is no extension.
const LONG: usize = 7;

/// More legs no conversation has.
const MOST: usize = 200;

/// One leg, as its latest event has it.
#[derive(Debug, Clone, Default)]
pub struct Leg {
    user: Option<String>,
    calls: bool,
    direction: Option<String>,
    /// its own number
    number: Option<String>,
    /// that of its other side
    peer: Option<String>,
    dialled: Option<String>,
    line: Option<String>,
    is_up: bool,
    /// it is connected with somebody
    talks: bool,
    /// it was said that it was answered
    is_answered: bool,
}

impl Leg {
    /// Takes in what an event says of it.
    pub fn take(&mut self, data: &Map<String, Value>) {
        self.user = text(data, "user_uuid").or(self.user.take());
        if let Some(Value::Bool(calls)) = data.get("is_caller") {
            self.calls = *calls;
        }
        self.direction = text(data, "direction").or(self.direction.take());
        let number = |key: &str| text(data, key).filter(|shown| is_number(shown));
        self.number = number("caller_id_number").or(self.number.take());
        self.peer = number("peer_caller_id_number").or(self.peer.take());
        self.dialled = number("dialed_extension").or(self.dialled.take());
        self.line = text(data, "line_id").or(self.line.take());
        self.is_up = text(data, "status").map_or(self.is_up, |status| status == "Up");
        if let Some(Value::Object(others)) = data.get("talking_to") {
            self.talks = !others.is_empty();
        }
    }
}

/// Which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Internal,
}

/// The legs of one conversation.
#[derive(Debug)]
pub struct Call {
    /// its id at Zammad
    id: String,
    legs: BTreeMap<String, Leg>,
    /// once it is told of
    way: Option<Way>,
    /// another process has told of it, as one that goes this way
    told: Option<Way>,
    /// what it was told of with, so that a list shows the same
    from: Option<String>,
    to: String,
    rung: Vec<String>,
    taken_at: Option<String>,
}

impl Call {
    /// Nothing is known of it.
    pub fn new(conversation: &str) -> Self {
        Self {
            id: format!("wazo-{conversation}"),
            legs: BTreeMap::new(),
            way: None,
            told: None,
            from: None,
            to: String::new(),
            rung: Vec::new(),
            taken_at: None,
        }
    }

    /// One that another process has told of.
    pub fn told_of(conversation: &str, direction: Direction) -> Self {
        let way = match direction {
            Direction::Inbound => Way::In,
            Direction::Outbound => Way::Out,
        };
        Self { told: Some(way), ..Self::new(conversation) }
    }

    /// Takes in an event of a leg; `name` tells who a user is.
    pub fn hear(&mut self, event: &str, id: &str, data: &Map<String, Value>, name: Names<'_>) -> Vec<Fact> {
        if self.legs.len() >= MOST && !self.legs.contains_key(id) {
            return Vec::new();
        }
        let leg = self.legs.entry(id.to_owned()).or_default();
        leg.take(data);
        leg.is_answered |= event == "call_answered";
        let is_first = event == "call_created";
        self.follow(is_first, name)
    }

    /// Somebody did not take it whom somebody outside called, or somebody of the house.
    pub fn is_missed(&mut self, is_from_outside: bool, name: Names<'_>) -> Vec<Fact> {
        if self.way.is_some() || !is_from_outside {
            return Vec::new();
        }
        self.begin(Way::In, name)
    }

    /// A leg is gone.
    pub fn ends(&mut self, id: &str, cause: Option<u8>, name: Names<'_>) -> Vec<Fact> {
        let mut facts = Vec::new();
        let is_last = self.legs.len() == 1 && self.legs.contains_key(id);
        if is_last && self.way.is_none() {
            // Nobody was called, as when the caller hangs up in a menu, or it was never said that it crosses a trunk:
            // then its number tells.
            let is_known = |way: &Way| *way != Way::Out || self.whom_it_reaches().is_some();
            let way = self.way_by_direction().filter(is_known).unwrap_or_else(|| self.way_by_numbers());
            facts.extend(self.begin(way, name));
        }
        let Some(leg) = self.legs.remove(id) else { return facts };
        if self.way.is_none() {
            return facts;
        }
        let gone = if self.way == Some(Way::Out) && leg.user.is_none() { self.far() } else { self.leg(id) };
        facts.push(self.fact(gone, What::Gone { cause }));
        if self.legs.is_empty() {
            let last = match self.way {
                Some(Way::Out) if self.taken_at.is_some() => self.far(),
                _ => LegId(self.id.clone()),
            };
            facts.push(self.fact(last, What::Gone { cause }));
        }
        facts
    }

    /// Nothing of it is there.
    pub fn is_over(&self) -> bool {
        self.legs.is_empty()
    }

    /// Keeps the legs for which something holds; whether any is left.
    pub fn keep(&mut self, is_there: impl Fn(&str) -> bool) -> bool {
        self.legs.retain(|id, _| is_there(id));
        !self.legs.is_empty()
    }

    /// What it looks like in a list of all calls.
    pub fn standing(&self, name: Names<'_>) -> Vec<Standing> {
        let Some(way) = self.way else { return Vec::new() };
        let leg = |leg: LegId, side: Side, calls: bool| Standing {
            leg,
            group: LegId(self.id.clone()),
            side,
            calls,
            from: self.from.clone(),
            to: self.to.clone(),
            person: Person::default(),
            trunk: None,
            talks_to: None,
        };
        let first = LegId(self.id.clone());
        let talks_to = self.taken_at.as_deref().map(|at| self.taker(way, at, name));
        match way {
            Way::In => vec![Standing { talks_to, ..leg(first, Side::Outside, true) }],
            Way::Internal => vec![leg(first, Side::Phone, true)],
            Way::Out => {
                let far = Standing { talks_to, ..leg(self.far(), Side::Outside, false) };
                vec![leg(first, Side::Phone, true), far]
            }
        }
    }

    fn leg(&self, id: &str) -> LegId {
        LegId(format!("{}/{id}", self.id))
    }

    fn far(&self) -> LegId {
        LegId(format!("{}/far", self.id))
    }

    fn fact(&self, leg: LegId, what: What) -> Fact {
        Fact { leg, group: LegId(self.id.clone()), what }
    }

    /// What follows from the legs as they are now.
    fn follow(&mut self, is_first: bool, name: Names<'_>) -> Vec<Fact> {
        let mut facts = Vec::new();
        let Some(way) = self.way.or_else(|| self.way_by_direction()).or(self.told) else { return facts };
        if self.way.is_none() {
            let is_known = match way {
                // A caller who hides the number is not known later either.
                Way::In => self.called().next().is_some() && (self.caller_outside().is_some() || !is_first),
                Way::Out => self.whom_it_reaches().is_some(),
                Way::Internal => true,
            };
            if !is_known && self.told.is_none() {
                return facts;
            }
            facts.extend(self.begin(way, name));
        } else if way != Way::Out {
            facts.extend(self.ring(name));
        }
        facts.extend(self.take(way, name));
        facts
    }

    /// Tells of it, and of all who ring.
    fn begin(&mut self, way: Way, name: Names<'_>) -> Vec<Fact> {
        self.way = Some(way);
        let first = LegId(self.id.clone());
        match way {
            Way::In => {
                self.from = self.caller_outside();
                self.to = self.number_called();
                let (from, to) = (self.from.clone(), self.to.clone());
                let what = What::Calls { side: Side::Outside, from, to, trunk: None, place: None };
                let mut facts = vec![self.fact(first, what)];
                facts.extend(self.ring(name));
                facts
            }
            Way::Out => {
                let owner = self.legs.values().find(|leg| leg.calls && leg.user.is_some());
                let caller = owner.map(|leg| person(leg, name)).unwrap_or_default();
                self.from = caller.number.clone();
                self.to = self.whom_it_reaches().unwrap_or_default();
                let dial = self.dial(self.far(), Side::Outside, Person::default(), caller);
                vec![self.fact(first, What::Dials(dial))]
            }
            Way::Internal => {
                let owner = self.legs.values().find(|leg| leg.calls);
                let caller = owner.map(|leg| person(leg, name)).unwrap_or_default();
                self.from = owner.and_then(|leg| leg.number.clone());
                let reached = owner.and_then(|leg| leg.dialled.clone().or_else(|| leg.peer.clone()));
                self.to = reached.unwrap_or_else(|| self.number_called());
                let called = self.called().next().map(|(id, leg)| (id.clone(), person(leg, name)));
                let (id, person) = called.unwrap_or_else(|| ("to".to_owned(), Person::default()));
                let dial = self.dial(self.leg(&id), Side::Phone, person, caller);
                self.rung.push(id);
                let mut facts = vec![self.fact(first, What::Dials(dial))];
                facts.extend(self.ring(name));
                facts
            }
        }
    }

    fn dial(&self, to: LegId, side: Side, person: Person, caller: Person) -> Dial {
        Dial {
            to,
            side,
            person,
            number: self.to.clone(),
            shown: self.from.clone(),
            trunk: None,
            place: None,
            caller,
        }
    }

    /// Users whose phones ring by now.
    fn ring(&mut self, name: Names<'_>) -> Vec<Fact> {
        let fresh = self.called().filter(|(id, _)| !self.rung.contains(id));
        let fresh: Vec<(String, Person)> = fresh.map(|(id, leg)| (id.clone(), person(leg, name))).collect();
        let mut facts = Vec::new();
        for (id, person) in fresh {
            let dial = self.dial(self.leg(&id), Side::Phone, person, Person::default());
            facts.push(self.fact(LegId(self.id.clone()), What::Dials(dial)));
            self.rung.push(id);
        }
        facts
    }

    /// Who has taken it: one who is called, or the far end of a call to the outside.
    fn take(&mut self, way: Way, name: Names<'_>) -> Option<Fact> {
        let has_taken = |leg: &Leg| leg.is_answered || leg.is_up && leg.talks;
        let at = match way {
            Way::In | Way::Internal => {
                let mut takers = self.called().filter(|(_, leg)| has_taken(leg)).map(|(id, _)| id);
                // The person who takes it over comes last; otherwise it stays with the person who has it.
                takers.find(|id| Some(*id) != self.taken_at.as_ref()).cloned()
            }
            Way::Out => {
                let is_far = |leg: &Leg| leg.user.is_none() && leg.is_answered;
                let is_own = |leg: &Leg| leg.calls && leg.is_up && leg.talks;
                self.legs.values().any(|leg| is_far(leg) || is_own(leg)).then(|| "far".to_owned())
            }
        }?;
        if self.taken_at.as_ref() == Some(&at) {
            return None;
        }
        // Of two who talk at once nobody knows which one is the later.
        let before = self.taken_at.as_ref().and_then(|before| self.legs.get(before));
        if before.is_some_and(|leg| leg.talks) {
            return None;
        }
        self.taken_at = Some(at.clone());
        Some(self.fact(LegId(self.id.clone()), What::Answered(self.taker(way, &at, name))))
    }

    fn taker(&self, way: Way, at: &str, name: Names<'_>) -> Taker {
        let person = self.legs.get(at).map(|leg| person(leg, name)).unwrap_or_default();
        let (side, number) = match way {
            Way::In | Way::Internal => (Side::Phone, person.number.clone()),
            Way::Out => (Side::Outside, Some(self.to.clone())),
        };
        Taker { leg: self.leg(at), side, person, number }
    }

    /// Legs of users who are called.
    fn called(&self) -> impl Iterator<Item = (&String, &Leg)> {
        self.legs.iter().filter(|(_, leg)| !leg.calls && leg.user.is_some())
    }

    /// The leg of somebody outside who calls. Only who may see all legs sees it.
    fn stranger(&self) -> Option<&Leg> {
        self.legs.values().find(|leg| leg.calls && leg.user.is_none())
    }

    /// Which way it goes, as far as that is said. A leg that is not connected yet counts as internal.
    fn way_by_direction(&self) -> Option<Way> {
        let has = |direction: &str| self.legs.values().any(|leg| leg.direction.as_deref() == Some(direction));
        match (has("inbound"), has("outbound"), has("unknown")) {
            (true, false, _) => Some(Way::In),
            (false, true, _) => Some(Way::Out),
            // It comes in, and goes on to somebody outside.
            (true, true, _) if self.stranger().is_some() => Some(Way::In),
            (true, true, _) => Some(if self.called().next().is_some() { Way::In } else { Way::Out }),
            (false, false, _) => {
                let talks = self.called().any(|(_, leg)| leg.is_up && leg.talks);
                let is_inside = self.legs.values().all(|leg| leg.direction.as_deref() == Some("internal"));
                (talks && is_inside && self.legs.len() > 1).then_some(Way::Internal)
            }
        }
    }

    fn way_by_numbers(&self) -> Way {
        if let Some(told) = self.told {
            return told;
        }
        let is_long = |number: &Option<String>| {
            number.as_ref().is_some_and(|number| number.chars().filter(char::is_ascii_digit).count() >= LONG)
        };
        let of_called = self.called().any(|(_, leg)| is_long(&leg.peer));
        let of_caller = self.legs.values().any(|leg| leg.calls && leg.user.is_some() && is_long(&leg.peer));
        // A caller who hides the number is outside.
        let of_stranger = self.stranger().is_some_and(|leg| leg.number.is_none() || is_long(&leg.number));
        match (of_called || of_stranger, of_caller) {
            (true, _) => Way::In,
            (false, true) => Way::Out,
            (false, false) => Way::Internal,
        }
    }

    /// The number of somebody outside who calls.
    fn caller_outside(&self) -> Option<String> {
        if let Some(number) = self.stranger().and_then(|leg| leg.number.clone()) {
            return Some(number);
        }
        // An empty one is filled with what was dialled.
        let known = |leg: &Leg| {
            leg.peer
                .clone()
                .filter(|peer| Some(peer) != leg.dialled.as_ref() && Some(peer) != leg.number.as_ref())
        };
        self.called().find_map(|(_, leg)| known(leg))
    }

    /// The number that somebody outside called.
    fn number_called(&self) -> String {
        let dialled = self.stranger().and_then(|leg| leg.dialled.clone());
        let of_called = || self.called().find_map(|(_, leg)| leg.dialled.clone());
        let own = || self.called().find_map(|(_, leg)| leg.number.clone());
        dialled.or_else(of_called).or_else(own).unwrap_or_default()
    }

    /// The number that a user called.
    fn whom_it_reaches(&self) -> Option<String> {
        let owner = self.legs.values().find(|leg| leg.calls && leg.user.is_some())?;
        owner.dialled.clone().or_else(|| owner.peer.clone())
    }
}

/// Tells who a user is, by their id.
pub type Names<'a> = &'a dyn Fn(&str) -> Option<String>;

fn person(leg: &Leg, name: Names<'_>) -> Person {
    let endpoint = leg.line.as_ref().map(|line| format!("line/{line}"));
    Person { name: leg.user.as_deref().and_then(name), endpoint, number: leg.number.clone() }
}
