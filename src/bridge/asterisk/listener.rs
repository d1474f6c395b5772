//! From what Asterisk says to facts about legs.
//!
//! Asterisk's own particularities end here: its Local channels, which stand between two legs, and the
//! places where names and numbers are to be found. Source: recordings of calls in
//! `tests/fixtures/bridge`, and Asterisk's documentation of AMI's events.

use std::collections::HashMap;

use super::{Block, Trunks, dial_string};
use crate::asterisk::{Channel as ChannelName, is_number, shown_name};
use crate::bridge::fact::{Dial, Fact, Failure, LegId, Person, Place, Side, Taker, What};
use crate::bridge::no_trunk::NoTrunk;
use crate::number::Party;

/// Asterisk allows 79 characters of a context.
const LONGEST_CONTEXT: usize = 79;

/// Asterisk's own ids have no more characters, with the name of the system in front.
const LONGEST_ID: usize = 150;

/// The characters of a number that Zammad keeps.
const LONGEST_NUMBER: usize = 100;

/// How many Local channels one call goes through at most: a pair that leads to itself is none that Asterisk makes.
const DEEPEST: usize = 16;

/// Understands one Asterisk, from event to event.
#[derive(Debug)]
pub struct Listener {
    pub(super) trunks: Trunks,
    pub(super) outside_prefix: String,
    /// by unique id
    pub(super) channels: HashMap<String, Channel>,
    /// unique ids of Local channels, by name: the two of a pair are found by it
    pub(super) locals: HashMap<String, String>,
    no_trunk: NoTrunk,
}

/// A channel that is there.
#[derive(Debug)]
pub(super) struct Channel {
    name: String,
    /// in which it began, or was found
    context: String,
    pub side: Side,
    /// as it began, before anything was done to its names
    pub person: Person,
    /// what the queue calls the agent that it rings by this channel
    member: Option<String>,
    /// the number that was dialled for it
    dialled: Option<String>,
    /// the first leg that it had rung
    first: Option<String>,
    /// the leg that took what it had rung
    reached: Option<String>,
    /// the leg that it took the call of
    reached_by: Option<String>,
    /// a voicemail box has it
    is_in_voicemail: bool,
    /// it was there when nobody listened: what it had rung then is not known
    is_met: bool,
    origin: Origin,
}

/// How a channel came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It called, it was rung for a call, or nobody saw.
    Known,
    /// It was made to be rung, and so far not for a call.
    Made,
    /// Asterisk itself has called a customer by it, as a dialer, a queue of callbacks and a call file do, and now has
    /// somebody rung for them.
    Customer,
}

impl Channel {
    pub fn new(name: impl Into<String>, context: Option<&str>, side: Side, person: Person) -> Self {
        Self {
            name: name.into(),
            context: context.unwrap_or_default().to_owned(),
            side,
            person,
            member: None,
            dialled: None,
            first: None,
            reached: None,
            reached_by: None,
            is_in_voicemail: false,
            is_met: false,
            origin: Origin::Known,
        }
    }

    /// One that was there before.
    pub fn met(self) -> Self {
        Self { is_met: true, ..self }
    }

    /// One that was known, and is there after a time in which nobody listened.
    pub fn is_met_again(&mut self) {
        self.is_met = true;
    }
}

impl Listener {
    /// `outside_prefix` is what phones dial to get out of the house.
    pub fn new(trunks: Trunks, outside_prefix: impl Into<String>) -> Self {
        Self {
            trunks,
            outside_prefix: outside_prefix.into(),
            channels: HashMap::new(),
            locals: HashMap::new(),
            no_trunk: NoTrunk::default(),
        }
    }

    /// From now on channels that begin are told apart by these settings.
    pub fn adapt(&mut self, trunks: Trunks, outside_prefix: impl Into<String>) {
        let before = std::mem::replace(&mut self.trunks, trunks.clone());
        self.trunks = trunks.after(before);
        self.outside_prefix = outside_prefix.into();
    }

    /// What an event says of legs.
    pub fn hear(&mut self, event: &Block) -> Vec<Fact> {
        let customer = self.is_called_first(event);
        customer.into_iter().chain(self.happens(event)).collect()
    }

    fn happens(&mut self, event: &Block) -> Option<Fact> {
        let what = match event.event()? {
            "Newchannel" => self.begins(event)?,
            "Rename" => return self.is_renamed(event),
            "AgentCalled" => return self.is_called(event),
            "DialBegin" => What::Dials(self.dials(event)?),
            "DialEnd" => return self.dial_ends(event),
            "UnParkedCall" => return self.is_retrieved(event),
            "AttendedTransfer" => return self.is_handed_over(event),
            "Newstate" if event.get("ChannelStateDesc") == Some("Busy") => What::TurnedAway,
            "QueueCallerJoin" => What::Queued(shown(event, "Queue")?),
            "QueueCallerLeave" | "QueueCallerAbandon" => What::Unqueued,
            "HangupRequest" if !is_refusal(event) => What::HangsUp,
            // Only where the account is allowed to read the dialplan.
            "Newexten" if event.get("Application") == Some("VoiceMail") => return self.has_voicemail(event),
            "Hangup" => {
                self.ends(event);
                What::Gone { cause: event.get("Cause").and_then(|cause| cause.parse().ok()) }
            }
            _ => return None,
        };
        Some(Fact { leg: LegId(id(event, "Uniqueid")?), group: LegId(id(event, "Linkedid")?), what })
    }

    /// What an administrator should know who sees no call: said once, after a few of them.
    pub(super) fn remark(&mut self) -> Option<String> {
        self.no_trunk.remark(self.trunks.has_seen_one(), "trunk_contexts")
    }

    /// Whether a channel is there.
    pub(super) fn knows(&self, unique_id: &str) -> bool {
        self.channels.contains_key(unique_id)
    }

    /// The name of a leg's channel.
    pub(super) fn name(&self, leg: &LegId) -> Option<&str> {
        self.channels.get(&leg.0).map(|channel| channel.name.as_str())
    }

    /// Whether no channel is there.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.locals.is_empty()
    }

    fn begins(&mut self, event: &Block) -> Option<What> {
        let (unique_id, name) = (id(event, "Uniqueid")?, event.get("Channel")?);
        let side = self.trunks.begins(name, event.get("Context").unwrap_or_default());
        if side == Side::Inner {
            self.locals.insert(name.to_owned(), unique_id.clone());
        }
        let number = number(event, "CallerIDNum");
        let person = person(name, shown(event, "CallerIDName"), number.clone());
        let mut channel = Channel::new(name, event.get("Context"), side, person);
        // Down is a leg that is to be rung.
        if event.get("ChannelStateDesc") == Some("Down") {
            channel.origin = Origin::Made;
        }
        self.channels.insert(unique_id, channel);
        let calls = event.get("ChannelStateDesc") == Some("Ring");
        if calls && side == Side::Phone {
            self.no_trunk.sees(event.get("Context").unwrap_or_default());
        }
        calls.then(|| What::Calls {
            side,
            from: number,
            to: exten(event),
            trunk: trunk(side, name),
            place: place(side, name, event.get("Context"), event.get("CallerIDNum")),
        })
    }

    /// A Local channel that took another's place.
    fn is_renamed(&mut self, event: &Block) -> Option<Fact> {
        let (unique_id, name) = (id(event, "Uniqueid")?, event.get("Newname")?);
        let channel = self.channels.get_mut(&unique_id)?;
        if self.locals.get(&channel.name) == Some(&unique_id) {
            self.locals.remove(&channel.name);
            self.locals.insert(name.to_owned(), unique_id);
        }
        name.clone_into(&mut channel.name);
        None
    }

    /// A queue is about to have somebody rung.
    fn is_called(&mut self, event: &Block) -> Option<Fact> {
        // An agent outside is called by the way to him.
        let member = shown(event, "MemberName").filter(|name| !name.contains('/'))?;
        let channel = self.channels.get_mut(event.get("DestUniqueid")?)?;
        channel.member = Some(member);
        None
    }

    /// Asterisk itself has called somebody outside, and for the first time has a leg of the house rung for them: that is
    /// a call to the customer, which begins before this.
    fn is_called_first(&mut self, event: &Block) -> Option<Fact> {
        if event.event() != Some("DialBegin") {
            return None;
        }
        let (dialer, group) = (id(event, "Uniqueid")?, id(event, "Linkedid")?);
        if self.channels.get(event.get("DestUniqueid")?)?.side == Side::Outside {
            return None;
        }
        let shown = number(event, "CallerIDNum");
        let channel = self.channels.get_mut(&dialer)?;
        if channel.side != Side::Outside || channel.origin != Origin::Made {
            return None;
        }
        channel.origin = Origin::Customer;
        // Some show the agent the customer's number as the caller's.
        let number = channel
            .dialled
            .get_or_insert_with(|| shown.clone().unwrap_or_else(|| Party::ANONYMOUS.to_owned()));
        let dial = Dial {
            to: LegId(dialer.clone()),
            side: Side::Outside,
            person: Person::default(),
            shown: shown.filter(|shown| shown != number),
            number: number.clone(),
            trunk: trunk(Side::Outside, &channel.name),
            place: None,
            caller: Person::default(),
        };
        Some(Fact { leg: LegId(dialer), group: LegId(group), what: What::Dials(dial) })
    }

    fn dials(&mut self, event: &Block) -> Option<Dial> {
        let to = id(event, "DestUniqueid")?;
        let Some(dialer) = id(event, "Uniqueid") else {
            // Somebody had it rung who is no part of the call: AMI, or a call file.
            if let Some(channel) = self.channels.get_mut(&to).filter(|channel| channel.side == Side::Outside)
            {
                channel.dialled = event.get("DialString").and_then(dial_string::number);
            }
            return None;
        };
        let name = event.get("DestChannel")?;
        let side = match self.channels.get(&to) {
            Some(channel) => channel.side,
            None => self.trunks.meets(name, event.get("DestContext").unwrap_or_default()),
        };
        let through = event.get("DialString").and_then(dial_string::number);
        // FreePBX has it do something in another context before it rings.
        let context = self.channels.get(&to).map(|channel| channel.context.as_str());
        let place = place(side, name, context.or_else(|| event.get("DestContext")), through.as_deref());
        let member = self.member(&dialer, &to);
        let number = self.dialled(event, side);
        let person = match side {
            Side::Phone => {
                let shown = member.clone().or_else(|| shown(event, "DestCallerIDName"));
                person(name, shown, self::number(event, "DestCallerIDNum"))
            }
            // The name that goes with it belongs to the phone that is forwarded there.
            Side::Outside | Side::Inner => Person::default(),
        };
        if let Some(channel) = self.channels.get_mut(&to) {
            channel.member = member;
            channel.origin = Origin::Known;
            channel.dialled = Some(number.clone()).filter(|number| !number.is_empty());
            if side == Side::Phone {
                channel.person = person.clone();
            }
        }
        if let Some(dialer) = self.channels.get_mut(&dialer) {
            dialer.first.get_or_insert_with(|| to.clone());
        }
        let caller = self.caller(&id(event, "Linkedid")?).unwrap_or_default();
        let (shown, trunk) = (self::number(event, "CallerIDNum"), trunk(side, name));
        Some(Dial { to: LegId(to), side, person, number, shown, trunk, place, caller })
    }

    fn dial_ends(&mut self, event: &Block) -> Option<Fact> {
        let dialer = id(event, "Uniqueid")?;
        let to = id(event, "DestUniqueid")?;
        let group = LegId(id(event, "Linkedid")?);
        let failure = match event.get("DialStatus")? {
            "ANSWER" => {
                let (leg, what) = self.is_taken(event, dialer, to);
                let what = self.is_reached(&leg, what);
                return Some(Fact { leg: LegId(leg), group, what });
            }
            "BUSY" => Failure::Busy,
            "NOANSWER" | "DONTCALL" | "TORTURE" => Failure::NoAnswer,
            "CANCEL" | "ABORT" | "GOTO" | "CONTINUE" => Failure::Cancelled,
            "CONGESTION" => Failure::Congestion,
            _ => Failure::Unavailable,
        };
        Some(Fact { leg: LegId(dialer), group, what: What::Failed { to: LegId(to), failure } })
    }

    /// A leg that was rung took a call: whose, and what that means.
    fn is_taken(&mut self, event: &Block, dialer: String, to: String) -> (String, What) {
        if let Some(channel) = self.channels.get_mut(&to) {
            channel.reached_by = Some(dialer.clone());
        }
        if let Some(channel) = self.channels.get_mut(&dialer) {
            channel.reached = Some(to.clone());
        }
        let (leg, taker) = (self.before(dialer), self.taker(event, to));
        let is_inner = taker.side == Side::Inner;
        let Some(half) =
            self.other_half(&taker.leg.0).and_then(|half| self.channels.get(half)).filter(|_| is_inner)
        else {
            return (leg, What::Answered(taker));
        };
        // Nobody is behind a Local channel so far: the phone system itself took the call. A person who takes it there
        // later is told of by the end of that dialling.
        match half {
            Channel { is_met: true, .. } => (leg, What::Answered(taker)),
            Channel { is_in_voicemail: true, .. } => (leg, What::Voicemail),
            Channel { .. } => (leg, What::Failed { to: taker.leg, failure: Failure::NoAnswer }),
        }
    }

    /// The same for a customer whom Asterisk called first: once a colleague takes the call, the customer is reached.
    fn is_reached(&self, leg: &str, what: What) -> What {
        match (self.channels.get(leg), what) {
            (Some(Channel { origin: Origin::Customer, dialled, .. }), What::Answered(_)) => {
                What::Answered(Taker {
                    leg: LegId(leg.to_owned()),
                    side: Side::Outside,
                    person: Person::default(),
                    number: dialled.clone(),
                })
            }
            (_, what) => what,
        }
    }

    /// The leg whose call is handled by a leg: of the half of a Local channel that was taken already, who had it rung.
    fn before(&self, mut leg: String) -> String {
        for _ in 0..DEEPEST {
            let by = self.other_half(&leg).and_then(|half| self.channels.get(half)?.reached_by.clone());
            match by {
                Some(by) => leg = by,
                None => break,
            }
        }
        leg
    }

    /// A voicemail box is reached.
    fn has_voicemail(&mut self, event: &Block) -> Option<Fact> {
        let leg = id(event, "Uniqueid")?;
        if let Some(channel) = self.channels.get_mut(&leg) {
            channel.is_in_voicemail = true;
        }
        Some(Fact {
            leg: LegId(self.before(leg)),
            group: LegId(id(event, "Linkedid")?),
            what: What::Voicemail,
        })
    }

    /// Somebody took a call from where it was parked.
    fn is_retrieved(&self, event: &Block) -> Option<Fact> {
        self.talk(event, "Parkee", "Retriever")
    }

    /// An agent connected a call with a colleague, and left.
    fn is_handed_over(&self, event: &Block) -> Option<Fact> {
        let is_talk = event.get("Result") == Some("Success") && event.get("DestType") == Some("Bridge");
        let is_up = event.get("TransferTargetChannelStateDesc") == Some("Up");
        // Either of them may have been first.
        let talk = self.talk(event, "Transferee", "TransferTarget");
        talk.or_else(|| self.talk(event, "TransferTarget", "Transferee")).filter(|_| is_talk && is_up)
    }

    /// A leg outside talks to a phone of the house, both by their names in an event.
    fn talk(&self, event: &Block, outside: &str, phone: &str) -> Option<Fact> {
        let (leg, group) =
            (id(event, &format!("{outside}Uniqueid"))?, id(event, &format!("{outside}Linkedid"))?);
        let to = self.last_behind(id(event, &format!("{phone}Uniqueid"))?);
        let channel = self.channels.get(&to)?;
        if self.channels.get(&leg)?.side != Side::Outside || channel.side != Side::Phone {
            return None;
        }
        let (person, number) = (channel.person.clone(), channel.dialled.clone());
        let taker = Taker { leg: LegId(to), side: Side::Phone, person, number };
        Some(Fact { leg: LegId(leg), group: LegId(group), what: What::Answered(taker) })
    }

    /// Who took a call: behind Local channels the phone that the last of them had rung.
    fn taker(&self, event: &Block, to: String) -> Taker {
        let leg = self.last_behind(to);
        let is_named = event.get("DestUniqueid") == Some(leg.as_str());
        let known = self.channels.get(&leg);
        let side = known.map_or(Side::Phone, |channel| channel.side);
        let mut person = known.map(|channel| channel.person.clone()).unwrap_or_default();
        if person.name.is_none() && is_named && side == Side::Phone {
            let name = event.get("DestChannel").unwrap_or_default();
            person = self::person(name, shown(event, "DestCallerIDName"), number(event, "DestCallerIDNum"));
        }
        Taker { leg: LegId(leg), side, person, number: known.and_then(|channel| channel.dialled.clone()) }
    }

    /// The leg itself, or what the other half of a Local channel reached.
    fn last_behind(&self, mut leg: String) -> String {
        for _ in 0..DEEPEST {
            match self.behind(&leg) {
                Some(next) => leg = next,
                None => break,
            }
        }
        leg
    }

    /// The leg that the other half of a Local channel reached.
    fn behind(&self, leg: &str) -> Option<String> {
        self.channels.get(self.other_half(leg)?)?.reached.clone()
    }

    /// The other half of a Local channel: what goes into one comes out of the other.
    pub(super) fn other_half(&self, leg: &str) -> Option<&str> {
        let (name, half) = self.channels.get(leg)?.name.rsplit_once(';')?;
        let other = if half == "1" { "2" } else { "1" };
        self.locals.get(&format!("{name};{other}")).map(String::as_str)
    }

    /// What a queue calls the agent that is rung, also behind a Local channel.
    fn member(&self, dialer: &str, to: &str) -> Option<String> {
        let member = |leg: &str| self.channels.get(leg)?.member.clone();
        member(to).or_else(|| member(self.other_half(dialer)?))
    }

    /// Who began a call of the house: as the channel was when it began, since on its way out it has
    /// the number that customers are shown, and its name.
    fn caller(&self, linked_id: &str) -> Option<Person> {
        let channel = self.channels.get(linked_id)?;
        match channel.side {
            Side::Phone => Some(channel.person.clone()),
            Side::Outside => None,
            // A phone that is rung by a click, and then calls.
            Side::Inner => {
                let other = self.channels.get(self.other_half(linked_id)?)?;
                let phone = self.channels.get(other.first.as_ref()?)?;
                (phone.side == Side::Phone).then(|| phone.person.clone())
            }
        }
    }

    /// The number that was dialled for a leg.
    fn dialled(&self, event: &Block, side: Side) -> String {
        if let Some(number) = event.get("DialString").and_then(dial_string::number) {
            return number;
        }
        let exten = exten(event);
        let without = exten.strip_prefix(self.outside_prefix.as_str()).filter(|_| side == Side::Outside);
        without.unwrap_or(&exten).to_owned()
    }

    fn ends(&mut self, event: &Block) {
        let Some(channel) = event.get("Uniqueid").and_then(|unique_id| self.channels.remove(unique_id))
        else {
            return;
        };
        // Another one may have its name by now.
        if self.locals.get(&channel.name).is_some_and(|known| Some(known.as_str()) == event.get("Uniqueid")) {
            self.locals.remove(&channel.name);
        }
    }
}

/// Whether the end that is wanted is the phone system's: it says so in words of SIP before its channel
/// is told. 487 is a caller who gave up.
fn is_refusal(event: &Block) -> bool {
    let is_busy = event.get("ChannelStateDesc") == Some("Busy");
    let code: Option<u16> = event.get("TechCause").and_then(|code| code.parse().ok());
    is_busy || code.is_some_and(|code| code >= 400 && code != 487)
}

pub(super) fn id(event: &Block, field: &str) -> Option<String> {
    event.get(field).filter(|id| !id.is_empty() && id.len() <= LONGEST_ID).map(str::to_owned)
}

/// Why a call that begins is not followed, if it cannot be: nobody's id is cut to another's.
pub(super) fn unfollowed(event: &Block) -> Option<String> {
    let is_long = |field: &&str| event.get(field).is_some_and(|id| id.len() > LONGEST_ID);
    let field =
        ["Uniqueid", "Linkedid"].into_iter().find(is_long).filter(|_| event.event() == Some("Newchannel"))?;
    let channel: String = event.get("Channel").unwrap_or_default().chars().take(LONGEST_CONTEXT).collect();
    Some(format!("the call of {channel} is not followed: its {field} has more than {LONGEST_ID} characters"))
}

/// A number that is one. What was slipped in with it cannot be told from what is its own.
pub(super) fn number(event: &Block, field: &str) -> Option<String> {
    event.get(field).filter(|shown| is_number(shown) && !event.is_doubled()).map(str::to_owned)
}

/// What was dialled, which may be any text: as much as Zammad keeps of a number, without what ends a line.
fn exten(event: &Block) -> String {
    let dialled = event.get("Exten").unwrap_or_default();
    dialled.chars().filter(|c| !c.is_control()).take(LONGEST_NUMBER).collect()
}

/// A name that is one.
pub(super) fn shown(event: &Block, field: &str) -> Option<String> {
    let name = event.get(field).filter(|name| !["", "<unknown>", "(null)"].contains(&name.trim()))?;
    Some(shown_name(name.as_bytes())).filter(|name| !name.trim().is_empty())
}

/// The line that a channel outside uses.
pub(super) fn trunk(side: Side, channel: &str) -> Option<String> {
    (side == Side::Outside).then(|| ChannelName(channel).endpoint().to_owned())
}

/// Where a channel stands that is on no trunk.
fn place(side: Side, channel: &str, context: Option<&str>, shown: Option<&str>) -> Option<Place> {
    let context = context.filter(|context| !context.is_empty() && context.len() <= LONGEST_CONTEXT)?;
    (side == Side::Phone).then(|| Place {
        context: context.to_owned(),
        endpoint: ChannelName(channel).endpoint().to_owned(),
        shown: shown.unwrap_or_default().to_owned(),
    })
}

/// The person at a channel of the house.
pub(super) fn person(channel: &str, name: Option<String>, number: Option<String>) -> Person {
    let endpoint = ChannelName(channel).endpoint();
    // The extension in `PJSIP/101`.
    let extension = endpoint.split_once('/').map(|(_, name)| name).filter(|name| is_number(name));
    let number = number.or_else(|| extension.map(str::to_owned));
    Person { name, endpoint: Some(endpoint.to_owned()), number }
}
