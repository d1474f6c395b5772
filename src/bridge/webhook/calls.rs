//! What is known of the calls of hooks, and the facts that follow from what is said of them.
//!
//! Hooks come twice, late, and in another order than things happened. What is said of a call that is over changes
//! nothing; an end that comes before its beginning waits for that.

mod memory;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use memory::Memory;
use serde_json::Value;

use super::notice::{End, Happened, Notice, Towards};
use crate::bridge::fact::{Dial, Fact, Failure, LegId, Person, Side, Taker, What};
use crate::bridge::tracker::Open;
use crate::cause::HangupCause;
use crate::config::AnsweredBy;
use crate::event::Direction;

/// How many calls may be open: those of which nothing is heard for longest are forgotten.
const MOST_CALLS: usize = 10_000;

/// How many legs of a call are told apart.
const MOST_LEGS: usize = 256;

/// How many calls that are over, and events that were told, are known again.
const REMEMBERED: usize = 16_384;

/// The fewest digits of a number without a plus that is not one of the house.
const LONG: usize = 7;

/// What of a hook's settings matters here.
#[derive(Debug, Clone)]
pub struct Manner {
    /// the hook's name
    pub hook: String,
    /// who takes a call
    pub answered_by: AnsweredBy,
    /// a call ends when who took it hangs up
    pub taker_ends: bool,
}

/// What became of a notice.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// facts; none if it changes nothing
    Facts(Vec<Fact>),
    /// It was told before, or its call is over.
    Double,
    /// Nobody knows its call, and it does not say enough of it.
    Unknown,
}

/// All calls of all hooks.
#[derive(Debug)]
pub struct Calls {
    calls: HashMap<String, Call>,
    /// by the phone system's ids, behind the name of their hook
    by_id: HashMap<String, String>,
    begun: VecDeque<String>,
    /// ids of calls that are over, and their calls' own
    over: Memory<String>,
    /// ends of calls and legs of whose beginning nothing was heard
    early: Memory<Option<End>>,
    /// events by their ids
    heard: Memory<()>,
    /// whole requests
    said: Memory<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Internal,
}

#[derive(Debug)]
struct Call {
    /// its leg that calls, and what all belongs to
    key: LegId,
    /// `None` as long as nobody has been called
    way: Option<Way>,
    from: Option<String>,
    to: String,
    trunk: Option<String>,
    /// who calls, where a phone does
    caller: Person,
    /// the phone system's name for the leg that calls
    root: Option<String>,
    /// its ids there: those of which the end was not heard, and all
    open: Vec<String>,
    ids: Vec<String>,
    legs: BTreeMap<String, Leg>,
    is_answered: bool,
    is_voicemail: bool,
    /// Another process has reported it.
    is_taken_up: bool,
    /// What that one knew of it was said again.
    is_said_again: bool,
}

#[derive(Debug)]
struct Leg {
    id: LegId,
    side: Side,
    state: State,
    person: Person,
    number: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Rings,
    Talks,
    Gone,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            calls: HashMap::new(),
            by_id: HashMap::new(),
            begun: VecDeque::new(),
            over: Memory::new(REMEMBERED),
            early: Memory::new(REMEMBERED),
            heard: Memory::new(REMEMBERED),
            said: Memory::new(REMEMBERED),
        }
    }
}

/// The id at Zammad of a hook's call, and the leg that it begins with.
pub fn key(hook: &str, call: &str) -> LegId {
    LegId(format!("{hook}-{call}"))
}

impl Calls {
    /// Knows a call that another process reported.
    pub fn take_up(&mut self, open: &Open) {
        let key = LegId(open.id.clone());
        let way = match open.direction {
            Direction::Inbound => Way::In,
            Direction::Outbound => Way::Out,
        };
        let mut call = Call::new(key.clone(), None);
        call.way = Some(way);
        call.from.clone_from(&open.from);
        call.to.clone_from(&open.to);
        call.is_answered = open.answered.is_some();
        call.is_taken_up = true;
        self.enter(call, key.0);
    }

    /// What facts call the call that has this id of the phone system's: one that was transferred has several.
    pub fn named(&self, id: &LegId) -> Option<LegId> {
        self.by_id.get(&id.0).or_else(|| self.over.get(&id.0)).cloned().map(LegId)
    }

    /// Whether an event of this id was told before.
    pub fn is_told(&mut self, hook: &str, id: &str) -> bool {
        !self.heard.note(key(hook, id).0, ())
    }

    /// Whether a hook has said the same before. Legs may do so for good reasons.
    pub fn is_said(&mut self, hook: &str, body: &Value) -> bool {
        let mut hasher = DefaultHasher::new();
        (hook, body.to_string()).hash(&mut hasher);
        !self.said.note(format!("{:x}", hasher.finish()), ())
    }

    /// What follows from a notice.
    pub fn hear(&mut self, manner: &Manner, notice: &Notice) -> Told {
        let id = key(&manner.hook, &notice.call).0;
        if self.over.get(&id).is_some() {
            return Told::Double;
        }
        let subject = format!("{id} {}", notice.leg.as_deref().unwrap_or_default());
        if notice.happened == Happened::Hangup {
            let told = self.go_on(manner, notice, &id);
            let is_known = matches!(&told, Told::Facts(facts) if !facts.is_empty());
            let is_open = |id| self.by_id.get(id).and_then(|key| self.calls.get(key));
            if !is_known && is_open(&id).is_none_or(|call| !call.knows(notice)) {
                self.early.note(subject, notice.end);
            }
            return told;
        }
        let told = self.go_on(manner, notice, &id);
        let Told::Facts(mut facts) = told else { return told };
        // Its end has overtaken it.
        if let Some(end) = self.early.take(&subject) {
            let hangup = Notice { happened: Happened::Hangup, end, ..notice.clone() };
            if let Told::Facts(others) = self.go_on(manner, &hangup, &id) {
                facts.extend(others);
            }
        }
        Told::Facts(facts)
    }

    fn go_on(&mut self, manner: &Manner, notice: &Notice, id: &str) -> Told {
        let origin = notice.origin.as_ref().map(|origin| key(&manner.hook, origin).0);
        let known = self.by_id.get(id).cloned();
        let joins = known.is_none();
        let known = known.or_else(|| self.by_id.get(origin.as_ref()?).cloned());
        let Some(mut call) = known.and_then(|known| self.calls.remove(&known)) else {
            return self.begin(manner, notice, id);
        };
        if joins {
            call.open.push(id.to_owned());
            call.ids.push(id.to_owned());
            self.by_id.insert(id.to_owned(), call.key.0.clone());
        }
        let mut facts = call.again();
        let is_over = call.go_on(manner, notice, id, joins, &mut facts);
        self.keep(call, is_over);
        Told::Facts(facts)
    }

    /// The first that is heard of a call.
    fn begin(&mut self, manner: &Manner, notice: &Notice, id: &str) -> Told {
        let says_enough = match notice.happened {
            Happened::Call | Happened::Ring => true,
            Happened::NewCall | Happened::Answer | Happened::Voicemail | Happened::Queue => {
                notice.towards.is_some() || notice.side.is_some()
            }
            Happened::LeaveQueue | Happened::Hangup => false,
        };
        if !says_enough {
            return Told::Unknown;
        }
        let mut call = Call::new(LegId(id.to_owned()), Some(id.to_owned()));
        let mut facts = Vec::new();
        call.go_on(manner, notice, id, true, &mut facts);
        self.enter(call, id.to_owned());
        Told::Facts(facts)
    }

    fn enter(&mut self, call: Call, id: String) {
        while self.calls.len() >= MOST_CALLS
            && let Some(oldest) = self.begun.pop_front()
        {
            if let Some(oldest) = self.calls.remove(&oldest) {
                self.forget(&oldest);
            }
        }
        self.begun.push_back(call.key.0.clone());
        // Those that are over stand in it too.
        if self.begun.len() > 2 * MOST_CALLS {
            self.begun.retain(|key| self.calls.contains_key(key) || *key == call.key.0);
        }
        self.by_id.insert(id, call.key.0.clone());
        self.calls.insert(call.key.0.clone(), call);
    }

    fn keep(&mut self, call: Call, is_over: bool) {
        if !is_over {
            self.calls.insert(call.key.0.clone(), call);
            return;
        }
        self.forget(&call);
        for id in call.ids {
            self.over.note(id, call.key.0.clone());
        }
    }

    fn forget(&mut self, call: &Call) {
        for id in &call.ids {
            self.by_id.remove(id);
        }
        self.by_id.remove(&call.key.0);
    }
}

impl Way {
    /// That of a phone's call to somebody there.
    fn of_call_to(side: Side) -> Self {
        match side {
            Side::Outside => Self::Out,
            Side::Phone | Side::Inner => Self::Internal,
        }
    }
}

impl Call {
    fn new(key: LegId, id: Option<String>) -> Self {
        let ids: Vec<_> = id.into_iter().collect();
        Self {
            key,
            way: None,
            from: None,
            to: String::new(),
            trunk: None,
            caller: Person::default(),
            root: None,
            open: ids.clone(),
            ids,
            legs: BTreeMap::new(),
            is_answered: false,
            is_voicemail: false,
            is_taken_up: false,
            is_said_again: false,
        }
    }

    fn fact(&self, what: What) -> Fact {
        self.fact_of(self.key.clone(), what)
    }

    fn fact_of(&self, leg: LegId, what: What) -> Fact {
        Fact { leg, group: self.key.clone(), what }
    }

    /// The leg that a call to a customer crosses the trunk by, where the phone system has no name for it.
    fn far_end(&self) -> LegId {
        LegId(format!("{}/out", self.key.0))
    }

    /// What another process said of it has to be said again where it matters.
    fn again(&mut self) -> Vec<Fact> {
        if !self.is_taken_up || std::mem::replace(&mut self.is_said_again, true) {
            return Vec::new();
        }
        self.ids.push(self.key.0.clone());
        self.open.push(self.key.0.clone());
        match self.way {
            Some(Way::Out) => vec![self.fact(What::Dials(self.far_dial()))],
            Some(Way::In | Way::Internal) | None => Vec::new(),
        }
    }

    fn far_dial(&self) -> Dial {
        Dial {
            to: self.far_end(),
            side: Side::Outside,
            person: Person::default(),
            number: self.to.clone(),
            shown: self.from.clone(),
            trunk: self.trunk.clone(),
            place: None,
            caller: self.caller.clone(),
        }
    }

    /// What follows from a notice; whether it is over then. `joins`: by this id nothing was heard of it before.
    fn go_on(
        &mut self,
        manner: &Manner,
        notice: &Notice,
        id: &str,
        joins: bool,
        facts: &mut Vec<Fact>,
    ) -> bool {
        let is_begun = self.root.is_some() || self.way.is_some();
        if !is_begun && notice.happened != Happened::Hangup {
            self.take_root(notice, facts);
        } else if joins && notice.leg.is_none() && notice.happened != Happened::Hangup {
            self.goes_on_at(notice, facts);
        }
        if self.is_dialled(notice) {
            return self.leg_says(manner, notice, facts);
        }
        match notice.happened {
            Happened::NewCall | Happened::Call | Happened::Ring => false,
            Happened::Queue => {
                if let Some(queue) = &notice.queue {
                    facts.push(self.fact(What::Queued(queue.clone())));
                }
                false
            }
            Happened::LeaveQueue => {
                facts.push(self.fact(What::Unqueued));
                false
            }
            Happened::Voicemail => {
                self.is_voicemail = true;
                facts.push(self.fact(What::Voicemail));
                false
            }
            Happened::Answer => {
                if self.root_may_answer(manner) {
                    self.is_answered = true;
                    let taken = self.taken_by(notice);
                    facts.push(taken);
                }
                false
            }
            Happened::Hangup => {
                self.open.retain(|open| open != id);
                if !self.open.is_empty() && notice.leg.is_none() {
                    return false;
                }
                // It goes on under another id, which comes with the next request.
                if notice.end == Some(End::By(HangupCause::Forwarded)) && notice.leg.is_none() {
                    facts.push(self.fact(What::Moves(HangupCause::Forwarded)));
                    return false;
                }
                self.end(manner, notice.end, facts);
                true
            }
        }
    }

    /// The first notice says which way a call goes, and who calls.
    fn take_root(&mut self, notice: &Notice, facts: &mut Vec<Fact>) {
        let is_flat = notice.leg.is_none();
        let is_a_phones = |from: &Option<String>| {
            from.as_ref()
                .is_some_and(|from| ["sip:", "sips:", "client:"].iter().any(|it| from.starts_with(it)))
        };
        let calls = match notice.happened {
            Happened::Call => true,
            Happened::Ring => is_flat,
            _ => notice.towards != Some(Towards::Dialled),
        };
        if calls {
            self.root.clone_from(&notice.leg);
            if is_flat {
                self.root = Some(String::new());
            }
        }
        self.way = match (notice.towards, notice.side) {
            (Some(Towards::In), _) if calls && is_a_phones(&notice.from) => None,
            (Some(Towards::In), _) => Some(Way::In),
            (Some(Towards::Out), _) => Some(Way::Out),
            (Some(Towards::Internal), _) => Some(Way::Internal),
            // A leg was dialled of whose caller nothing was said.
            (Some(Towards::Dialled), _) if is_a_phones(&notice.from) => Some(Way::Out),
            (Some(Towards::Dialled), _) => Some(Way::In),
            (None, Some(Side::Outside)) if calls => Some(Way::In),
            (None, _) => None,
        };
        if !calls && self.way.is_none() {
            return;
        }
        self.from.clone_from(&notice.from);
        self.to = notice.to.clone().or_else(|| notice.trunk.clone()).unwrap_or_default();
        self.trunk.clone_from(&notice.trunk);
        self.caller = notice.people.first().cloned().unwrap_or_default();
        let is_dialled = self.is_dialled(notice);
        self.way_is_known(facts);
        self.tell_of_all(facts);
        let people: &[Person] = if is_dialled { &[] } else { &notice.people };
        match self.way {
            Some(Way::In) => {
                if let Some(queue) = &notice.queue {
                    facts.push(self.fact(What::Queued(queue.clone())));
                }
                self.rings_at(people, facts);
                if is_flat {
                    facts.push(self.fact(What::AllNamed));
                } else if notice.happened == Happened::NewCall && !is_dialled {
                    facts.push(self.fact(What::Rings));
                }
            }
            Some(Way::Internal) => {
                let number = self.to.clone();
                let person = Person { number: Some(number.clone()), ..Person::default() };
                self.dials(LegId(format!("{}/in", self.key.0)), Side::Phone, &person, number, facts);
            }
            Some(Way::Out) | None => {}
        }
    }

    /// What is to be said as soon as it is known which way a call goes.
    fn way_is_known(&mut self, facts: &mut Vec<Fact>) {
        match self.way {
            Some(Way::In) => facts.push(self.calls()),
            // A leg that has a name is dialled when it is told of.
            Some(Way::Out) if self.legs.is_empty() => facts.push(self.fact(What::Dials(self.far_dial()))),
            Some(Way::Out | Way::Internal) | None => {}
        }
    }

    fn calls(&self) -> Fact {
        self.fact(What::Calls {
            side: Side::Outside,
            from: self.from.clone(),
            to: self.to.clone(),
            trunk: self.trunk.clone(),
            place: None,
        })
    }

    /// It was transferred or forwarded, and has another id now. If it had seemed to be over, it begins anew.
    fn goes_on_at(&mut self, notice: &Notice, facts: &mut Vec<Fact>) {
        if self.way != Some(Way::In) {
            return;
        }
        facts.push(self.calls());
        self.rings_at(&notice.people, facts);
        facts.push(self.fact(What::AllNamed));
    }

    fn rings_at(&mut self, people: &[Person], facts: &mut Vec<Fact>) {
        for person in people {
            let name = person.name.as_deref().or(person.endpoint.as_deref()).or(person.number.as_deref());
            let leg = LegId(format!("{}/{}", self.key.0, name.unwrap_or_default()));
            self.dials(leg, Side::Phone, person, String::new(), facts);
        }
    }

    fn dials(&self, to: LegId, side: Side, person: &Person, number: String, facts: &mut Vec<Fact>) {
        facts.push(self.fact(What::Dials(Dial {
            to,
            side,
            person: person.clone(),
            number,
            shown: self.from.clone().or_else(|| self.caller.number.clone()),
            trunk: self.trunk.clone(),
            place: None,
            caller: self.caller.clone(),
        })));
    }

    /// Whether a notice is about a leg that was dialled, and not about the one that calls.
    fn is_dialled(&self, notice: &Notice) -> bool {
        let Some(leg) = &notice.leg else { return false };
        match &self.root {
            Some(root) => root != leg,
            // Of the caller nothing was said yet, or another process heard it.
            None => {
                let goes_the_same_way = notice.towards == Some(Towards::In) && self.way == Some(Way::In);
                let is_that_one = self.is_taken_up && notice.happened != Happened::Ring && goes_the_same_way;
                !(notice.happened == Happened::Call || *leg == notice.call || is_that_one)
            }
        }
    }

    /// Whether anything was heard of whose end a notice tells.
    fn knows(&self, notice: &Notice) -> bool {
        let is_known = |leg: &String| self.root.as_ref() == Some(leg) || self.legs.contains_key(leg);
        notice.leg.as_ref().is_none_or(is_known)
    }

    /// Whether it counts that the leg which calls was answered.
    fn root_may_answer(&self, manner: &Manner) -> bool {
        match manner.answered_by {
            AnsweredBy::Dialled => self.way == Some(Way::Out) && self.legs.is_empty(),
            AnsweredBy::Anybody => self.legs.is_empty() && self.way.is_some(),
        }
    }

    fn taken_by(&self, notice: &Notice) -> Fact {
        let person = notice.people.first().cloned().unwrap_or_default();
        let taker = match self.way {
            Some(Way::Out) => {
                Taker { leg: self.far_end(), side: Side::Outside, person, number: Some(self.to.clone()) }
            }
            Some(Way::In | Way::Internal) | None => {
                let name = person.name.as_deref().or(person.endpoint.as_deref()).or(person.number.as_deref());
                let leg = LegId(format!("{}/{}", self.key.0, name.unwrap_or("answer")));
                Taker { leg, side: Side::Phone, number: person.number.clone(), person }
            }
        };
        self.fact(What::Answered(taker))
    }

    /// A leg that was dialled.
    fn leg_says(&mut self, manner: &Manner, notice: &Notice, facts: &mut Vec<Fact>) -> bool {
        let Some(name) = notice.leg.clone() else { return false };
        if !self.legs.contains_key(&name) {
            if notice.happened == Happened::Hangup {
                return self.unknown_leg_ends(notice, facts);
            }
            if self.legs.len() >= MOST_LEGS {
                return false;
            }
            let leg = self.leg(&name, notice);
            if self.way.is_none() && self.root.is_some() {
                self.way = Some(Way::of_call_to(leg.side));
                self.from = self.from.take().or_else(|| notice.from.clone());
                self.trunk = self.trunk.take().or_else(|| notice.trunk.clone());
                if self.to.is_empty() {
                    self.to.clone_from(&leg.number);
                }
            }
            self.legs.insert(name.clone(), leg);
            self.tell_of(&name, facts);
        }
        let is_last_talker = {
            let talking = |leg: &&Leg| leg.state == State::Talks;
            self.legs.values().filter(talking).count() == 1
        };
        let Some(leg) = self.legs.get_mut(&name) else { return false };
        match notice.happened {
            Happened::Answer => {
                if leg.state == State::Rings {
                    leg.state = State::Talks;
                    self.is_answered = true;
                    let fact = self.leg_took(&name);
                    facts.extend(fact);
                }
                false
            }
            Happened::Hangup => {
                let was = std::mem::replace(&mut leg.state, State::Gone);
                if was == State::Gone {
                    return false;
                }
                let took = was == State::Talks || notice.end == Some(End::Answered);
                if was == State::Rings && took && !self.is_answered {
                    self.is_answered = true;
                    let fact = self.leg_took(&name);
                    facts.extend(fact);
                }
                self.leg_ends(manner, &name, took, is_last_talker, notice.end, facts)
            }
            Happened::NewCall
            | Happened::Call
            | Happened::Ring
            | Happened::Queue
            | Happened::LeaveQueue
            | Happened::Voicemail => false,
        }
    }

    fn leg(&self, name: &str, notice: &Notice) -> Leg {
        let number = notice.to.clone().or_else(|| notice.people.first().and_then(|it| it.number.clone()));
        let number = number.unwrap_or_default();
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let is_number = number.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
        let is_long = is_number && (number.starts_with('+') || digits >= LONG);
        let side = notice.side.unwrap_or(if is_long { Side::Outside } else { Side::Phone });
        let person = match (side, notice.people.first()) {
            (_, Some(person)) => person.clone(),
            (Side::Outside | Side::Inner, None) => Person::default(),
            // `client:anna`, `sip:anna@example.com`, or an extension
            (Side::Phone, None) if number.contains(':') => {
                let user = number.split_once(':').map_or("", |(_, rest)| rest);
                let user = user.split(['@', ';']).next().unwrap_or_default();
                Person { name: Some(user.to_owned()), endpoint: Some(number.clone()), number: None }
            }
            (Side::Phone, None) => {
                Person { number: Some(number.clone()).filter(|it| !it.is_empty()), ..Person::default() }
            }
        };
        Leg { id: LegId(format!("{}/{name}", self.key.0)), side, state: State::Rings, person, number }
    }

    /// Legs that were rung before anything was heard of who calls.
    fn tell_of_all(&mut self, facts: &mut Vec<Fact>) {
        if self.way.is_none()
            && let Some(leg) = self.legs.values().next()
        {
            self.way = Some(Way::of_call_to(leg.side));
        }
        for name in self.legs.keys() {
            self.tell_of(name, facts);
        }
    }

    fn tell_of(&self, name: &str, facts: &mut Vec<Fact>) {
        if let Some(leg) = self.legs.get(name).filter(|_| self.way.is_some()) {
            self.dials(leg.id.clone(), leg.side, &leg.person, leg.number.clone(), facts);
        }
    }

    fn leg_took(&self, name: &str) -> Option<Fact> {
        let leg = self.legs.get(name)?;
        let number = Some(leg.number.clone()).filter(|number| !number.is_empty());
        let taker = Taker { leg: leg.id.clone(), side: leg.side, person: leg.person.clone(), number };
        self.way.map(|_| self.fact(What::Answered(taker)))
    }

    /// A leg that was dialled ends; whether the call does.
    fn leg_ends(
        &mut self,
        manner: &Manner,
        name: &str,
        took: bool,
        was_last_talker: bool,
        end: Option<End>,
        facts: &mut Vec<Fact>,
    ) -> bool {
        let Some(leg) = self.legs.get(name) else { return false };
        if took && self.way == Some(Way::Out) && leg.side == Side::Outside {
            self.end(manner, end, facts);
            return true;
        }
        if !took {
            facts.push(self.fact(What::Failed { to: leg.id.clone(), failure: failure(end) }));
        }
        facts.push(self.fact_of(leg.id.clone(), What::Gone { cause: None }));
        let may_be_over = if took {
            was_last_talker
        } else {
            // Of a call out nobody else may tell the end.
            self.way != Some(Way::In) && self.legs.values().all(|leg| leg.state == State::Gone)
        };
        if manner.taker_ends && may_be_over {
            facts.push(self.fact(What::Moves(cause(end).unwrap_or(HangupCause::NormalClearing))));
        }
        false
    }

    /// A leg of which nothing was heard ends. If another process heard all, it may be the last.
    fn unknown_leg_ends(&self, notice: &Notice, facts: &mut Vec<Fact>) -> bool {
        if self.root.is_none() && self.legs.is_empty() && self.way.is_some() {
            facts.push(self.fact(What::Moves(cause(notice.end).unwrap_or(HangupCause::Cancel))));
        }
        false
    }

    /// It is over.
    fn end(&mut self, manner: &Manner, end: Option<End>, facts: &mut Vec<Fact>) {
        if end == Some(End::Answered)
            && !self.is_answered
            && !self.is_voicemail
            && self.root_may_answer(manner)
        {
            self.is_answered = true;
            let person = Person::default();
            let leg = if self.way == Some(Way::Out) {
                self.far_end()
            } else {
                LegId(format!("{}/answer", self.key.0))
            };
            let side = if self.way == Some(Way::Out) { Side::Outside } else { Side::Phone };
            facts.push(self.fact(What::Answered(Taker { leg, side, person, number: None })));
        }
        if end == Some(End::By(HangupCause::Voicemail)) && !self.is_answered && !self.is_voicemail {
            self.is_voicemail = true;
            facts.push(self.fact(What::Voicemail));
        }
        if end.is_none() && manner.taker_ends {
            // There, only who hung up is told of.
            facts.push(self.fact(What::HangsUp));
        }
        let what = || match cause(end) {
            Some(cause) => What::Ended(cause),
            None => What::Gone { cause: Some(16) },
        };
        if self.way == Some(Way::Out) {
            // Whichever of both the call lasts with.
            let far = self.legs.values().filter(|leg| leg.side == Side::Outside);
            let far: Vec<_> = far.map(|leg| leg.id.clone()).chain([self.far_end()]).collect();
            facts.extend(far.into_iter().map(|leg| self.fact_of(leg, what())));
        }
        facts.push(self.fact(what()));
    }
}

/// Why a call ended, if that is said in words that count whatever else was heard.
fn cause(end: Option<End>) -> Option<HangupCause> {
    match end? {
        End::Answered | End::By(HangupCause::NormalClearing | HangupCause::Voicemail) => None,
        End::By(cause) => Some(cause),
    }
}

fn failure(end: Option<End>) -> Failure {
    let Some(cause) = cause(end) else { return Failure::Cancelled };
    match cause {
        HangupCause::Busy => Failure::Busy,
        HangupCause::NoAnswer | HangupCause::Forwarded => Failure::NoAnswer,
        HangupCause::Congestion => Failure::Congestion,
        HangupCause::NotFound => Failure::Unavailable,
        HangupCause::Cancel | HangupCause::NormalClearing | HangupCause::Voicemail => Failure::Cancelled,
    }
}
