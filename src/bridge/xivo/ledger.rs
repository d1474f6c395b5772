//! The calls that are known, and what is told of them.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Request;
use crate::bridge::fact::{Dial, Fact, LegId, Person, Side, Standing, Taker, What};
use crate::bridge::source::Heard;
use crate::bridge::tracker::Open;
use crate::event::Direction;

/// No server has so many calls at once. Beyond it the oldest is no longer followed.
const MOST: usize = 4096;

/// What is missing for so many seconds is not heard of any more.
const LONG: f64 = 60.0;

/// How it is known what becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// by call forms
    Form,
    /// by a queue, its members and agents
    Queue,
    /// by channels
    Channels,
    /// by the lamp of a phone, and the calls of the own line
    Lamp,
    /// another process has begun it
    Unknown,
}

/// Which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Internal,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    way: Way,
    /// how it is known what becomes of it
    pub basis: Basis,
    from: Option<String>,
    to: String,
    /// the phones that ring, or have rung
    pub rung: Vec<String>,
    /// who took it, last
    pub taker: Option<Person>,
    /// at which phone
    pub phone: Option<String>,
    /// the member of a queue that took it
    pub member: Option<String>,
    /// the channel of who calls
    pub channel: Option<String>,
    /// a phone was seen to ring for it
    pub has_rung: bool,
    /// it is over, unless something is heard of it soon
    is_missing: bool,
}

impl Call {
    fn new(way: Way, basis: Basis, from: Option<String>, to: String) -> Self {
        Self {
            way,
            basis,
            from,
            to,
            rung: Vec::new(),
            taker: None,
            phone: None,
            member: None,
            channel: None,
            has_rung: false,
            is_missing: false,
        }
    }

    /// Who calls, if that is known.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Somebody took it.
    pub fn is_answered(&self) -> bool {
        self.taker.is_some()
    }

    /// It rings at a phone, or goes on there.
    pub fn is_at(&self, phone: &str) -> bool {
        match &self.phone {
            Some(taken) => taken == phone,
            None => self.taker.is_none() && self.rung.iter().any(|rung| rung == phone),
        }
    }
}

/// All calls, by their ids at Zammad.
#[derive(Debug, Default)]
pub struct Ledger {
    calls: HashMap<String, Call>,
    by_channel: HashMap<String, String>,
    /// in the order in which they began
    order: VecDeque<String>,
    /// calls that are over: what is still said of them is no news
    over: HashSet<String>,
    over_in_order: VecDeque<String>,
    /// calls that are missing, and since when
    missing: VecDeque<(f64, String)>,
    told: Vec<Heard<Request>>,
}

impl Ledger {
    /// What is to be told since the last time.
    pub fn told(&mut self) -> Vec<Heard<Request>> {
        std::mem::take(&mut self.told)
    }

    /// A call.
    pub fn get(&self, id: &str) -> Option<&Call> {
        self.calls.get(id)
    }

    /// The same, to note something of it.
    pub fn note(&mut self, id: &str) -> Option<&mut Call> {
        self.calls.get_mut(id)
    }

    /// It is there, or was.
    pub fn is_known(&self, id: &str) -> bool {
        self.calls.contains_key(id) || self.over.contains(id)
    }

    /// It has ended.
    pub fn is_over(&self, id: &str) -> bool {
        self.over.contains(id)
    }

    /// The calls for which something holds, the oldest first.
    pub fn which(&self, holds: impl Fn(&Call) -> bool) -> Vec<String> {
        let is_one = |id: &&String| self.calls.get(*id).is_some_and(&holds);
        self.order.iter().filter(is_one).cloned().collect()
    }

    /// The call of a channel that calls.
    pub fn of_channel(&self, channel: &str) -> Option<&String> {
        self.by_channel.get(channel)
    }

    /// Notes whose channel it is.
    pub fn has_channel(&mut self, id: &str, channel: &str) {
        if let Some(call) = self.calls.get_mut(id)
            && call.channel.is_none()
            && !channel.is_empty()
        {
            call.channel = Some(channel.to_owned());
            self.by_channel.insert(channel.to_owned(), id.to_owned());
        }
    }

    /// Somebody outside calls.
    pub fn comes_in(&mut self, id: &str, basis: Basis, from: Option<String>, to: String) {
        let what =
            What::Calls { side: Side::Outside, from: from.clone(), to: to.clone(), trunk: None, place: None };
        self.begin(id, Call::new(Way::In, basis, from, to));
        self.tell(id, what);
    }

    /// A phone calls another number of the house.
    pub fn calls_inside(
        &mut self,
        id: &str,
        basis: Basis,
        (from, caller): (Option<String>, Person),
        (to, person): (String, Person),
    ) {
        let dial = Dial {
            to: LegId(format!("{id}/to")),
            side: Side::Phone,
            person,
            number: to.clone(),
            shown: from.clone(),
            trunk: None,
            place: None,
            caller,
        };
        self.begin(id, Call::new(Way::Internal, basis, from, to));
        self.tell(id, What::Dials(dial));
    }

    /// A phone calls somebody outside.
    pub fn goes_out(&mut self, id: &str, basis: Basis, caller: Person, to: String) {
        let from = caller.number.clone();
        let dial = Dial {
            to: far(id),
            side: Side::Outside,
            person: Person::default(),
            number: to.clone(),
            shown: from.clone(),
            trunk: None,
            place: None,
            caller,
        };
        self.begin(id, Call::new(Way::Out, basis, from, to));
        self.tell(id, What::Dials(dial));
    }

    fn begin(&mut self, id: &str, call: Call) {
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.front().cloned()
        {
            self.forget(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.calls.insert(id.to_owned(), call);
    }

    /// Another process has begun it.
    pub fn take_up(&mut self, open: &Open) {
        if self.calls.contains_key(&open.id) {
            return;
        }
        let way = match open.direction {
            Direction::Inbound => Way::In,
            Direction::Outbound => Way::Out,
        };
        let mut call = Call::new(way, Basis::Unknown, open.from.clone(), open.to.clone());
        call.taker = open.answered.map(|_| Person::default());
        self.begin(&open.id, call);
    }

    /// It rings at a phone, or is about to.
    pub fn rings(&mut self, id: &str, phone: &str, person: Person) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.rung.iter().any(|rung| rung == phone) || call.way == Way::Out {
            return;
        }
        call.rung.push(phone.to_owned());
        let dial = Dial {
            to: LegId(format!("{id}/{phone}")),
            side: Side::Phone,
            number: person.number.clone().unwrap_or_default(),
            person,
            shown: call.from.clone(),
            trunk: None,
            place: None,
            caller: Person::default(),
        };
        self.tell(id, What::Dials(dial));
    }

    /// It rings somewhere: nobody is named.
    pub fn rings_somewhere(&mut self, id: &str) {
        self.rings(id, "?", Person::default());
    }

    /// It waits in a queue.
    pub fn waits(&mut self, id: &str, queue: &str) {
        self.tell(id, What::Queued(queue.to_owned()));
    }

    /// It waits no longer.
    pub fn waits_no_longer(&mut self, id: &str) {
        self.tell(id, What::Unqueued);
    }

    /// Somebody took it, at a phone if that is known.
    pub fn is_taken(&mut self, id: &str, phone: Option<&str>, person: Person) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.taker = Some(person.clone());
        call.phone = phone.map(str::to_owned);
        let taker = call.talks_to(id);
        if let Some(taker) = taker {
            self.tell(id, What::Answered(taker));
        }
    }

    /// It is over.
    pub fn ends(&mut self, id: &str) {
        let Some(call) = self.calls.get(id) else { return };
        let leg = call.lasts_with(id);
        for what in [What::HangsUp, What::Gone { cause: None }] {
            self.told.push(Heard::Fact(Fact { leg: leg.clone(), group: LegId(id.to_owned()), what }));
        }
        self.forget(id);
    }

    /// It is over, unless something is heard of it within a moment.
    pub fn is_missing(&mut self, id: &str, now: f64) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.is_missing = true;
        let leg = call.lasts_with(id);
        self.told.push(Heard::Fact(Fact { leg, group: LegId(id.to_owned()), what: What::Missing }));
        self.missing.push_back((now, id.to_owned()));
    }

    /// Forgets what has been missing for long.
    pub fn pass(&mut self, now: f64) {
        while let Some((since, _)) = self.missing.front()
            && now - since > LONG
            && let Some((_, id)) = self.missing.pop_front()
        {
            if self.calls.get(&id).is_some_and(|call| call.is_missing) {
                self.forget(&id);
            }
        }
    }

    /// Nothing more is told of it.
    pub fn forget(&mut self, id: &str) {
        let Some(call) = self.calls.remove(id) else { return };
        if let Some(channel) = call.channel {
            self.by_channel.remove(&channel);
        }
        self.order.retain(|known| known != id);
        if self.over.insert(id.to_owned()) {
            self.over_in_order.push_back(id.to_owned());
        }
        if self.over_in_order.len() > MOST
            && let Some(oldest) = self.over_in_order.pop_front()
        {
            self.over.remove(&oldest);
        }
    }

    /// All legs of calls that are there.
    pub fn standing(&self) -> Vec<Standing> {
        let there = self.order.iter().filter_map(|id| Some((id, self.calls.get(id)?)));
        there.filter(|(_, call)| !call.is_missing).flat_map(|(id, call)| call.legs(id)).collect()
    }

    /// Something for the administrator.
    pub fn remark(&mut self, text: impl Into<String>) {
        self.told.push(Heard::Remark(text.into()));
    }

    /// Something to be asked.
    pub fn ask(&mut self, request: Request) {
        self.told.push(Heard::Ask(request));
    }

    /// All that is there is told at once.
    pub fn tell_all(&mut self) {
        let standing = self.standing();
        self.told.push(Heard::Standing(standing));
    }

    fn tell(&mut self, id: &str, what: What) {
        if let Some(call) = self.calls.get_mut(id) {
            call.is_missing = false;
        }
        let leg = LegId(id.to_owned());
        self.told.push(Heard::Fact(Fact { leg: leg.clone(), group: leg, what }));
    }
}

impl Call {
    /// The leg with which it ends.
    fn lasts_with(&self, id: &str) -> LegId {
        match self.way {
            Way::Out if self.is_answered() => far(id),
            Way::In | Way::Out | Way::Internal => LegId(id.to_owned()),
        }
    }

    fn talks_to(&self, id: &str) -> Option<Taker> {
        let person = self.taker.clone()?;
        Some(match self.way {
            Way::In | Way::Internal => {
                let at = self.phone.as_deref().or(self.member.as_deref()).unwrap_or("?");
                let number = person.number.clone();
                Taker { leg: LegId(format!("{id}/{at}")), side: Side::Phone, person, number }
            }
            Way::Out => Taker { leg: far(id), side: Side::Outside, person, number: Some(self.to.clone()) },
        })
    }

    fn legs(&self, id: &str) -> Vec<Standing> {
        let leg = |leg: LegId, side: Side, calls: bool| Standing {
            leg,
            group: LegId(id.to_owned()),
            side,
            calls,
            from: self.from.clone(),
            to: self.to.clone(),
            person: Person::default(),
            trunk: None,
            talks_to: None,
        };
        let first = LegId(id.to_owned());
        // What another process has told of it stays.
        let talks_to = self.talks_to(id).filter(|_| self.basis != Basis::Unknown);
        match self.way {
            Way::In => vec![Standing { talks_to, ..leg(first, Side::Outside, true) }],
            Way::Internal => vec![leg(first, Side::Phone, true)],
            Way::Out => {
                vec![
                    leg(first, Side::Phone, true),
                    Standing { talks_to, ..leg(far(id), Side::Outside, false) },
                ]
            }
        }
    }
}

/// The leg outside of a call that goes out.
fn far(id: &str) -> LegId {
    LegId(format!("{id}/far"))
}
