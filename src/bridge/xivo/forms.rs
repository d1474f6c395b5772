//! Calls by call forms.
//!
//! A form whose fields are named like the server's variables says all of a call. The one of a fresh installation has the
//! caller's number alone, and goes to the user who is called: what becomes of that call the user's phone tells.

use super::ledger::Basis;
use super::understanding::caller;
use super::{Form, Message, Xivo};
use crate::bridge::fact::Person;
use crate::config::XivoFollow;

/// A form of a call waits so many seconds for a phone that rings.
const LONGEST_WAIT: f64 = 60.0;

/// So many forms wait.
const MOST_WAITING: usize = 200;

/// A call that went out is known by two forms, which come within so many seconds.
const BOTH_WITHIN: f64 = 5.0;

/// What is known of forms, and those that wait.
#[derive(Debug, Default)]
pub struct Forms {
    /// they say all of a call, so that nothing else has to
    pub are_full: bool,
    /// they say who has answered
    pub have_answers: bool,
    /// they say when a call is over
    pub have_ends: bool,
    waiting: Vec<Waiting>,
    /// calls that went out, of which it is not known who began them
    late: Vec<Late>,
}

/// A form that says who calls, and not whom.
#[derive(Debug)]
struct Waiting {
    call: String,
    from: Option<String>,
    did: Option<String>,
    /// the phones of who got the form; none: it is anybody's
    phones: Vec<String>,
    channel: String,
    at: f64,
}

#[derive(Debug)]
struct Late {
    call: String,
    number: String,
    at: f64,
}

/// What a form tells the end of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Enters,
    Rings,
    Answered,
    Ends,
}

/// Where a call goes.
#[derive(Debug)]
enum Destination {
    Phone(String),
    /// somebody whose phone is not known
    Person(Person),
    /// by its name, and its number
    Queue(String, Option<String>),
    /// to many, or to something that is no phone
    Elsewhere,
    /// the form does not say
    Unsaid,
}

impl Form {
    /// The unique id of the channel of who calls.
    pub(super) fn uid(&self) -> Option<&str> {
        self.internal("uid").or_else(|| self.variable("uniqueid"))
    }

    fn moment(&self) -> Option<Moment> {
        match self.internal("where").or_else(|| self.variable("where"))? {
            "incomingdid" => Some(Moment::Enters),
            "dial" => Some(Moment::Rings),
            "link" => Some(Moment::Answered),
            "hangup" => Some(Moment::Ends),
            _ => None,
        }
    }

    fn is_full(&self) -> bool {
        self.variable("uniqueid").is_some() || self.variable("where").is_some()
    }
}

impl Xivo {
    /// A call form.
    pub(super) fn hear_form(&mut self, message: &Message) {
        if !self.follows(XivoFollow::Forms) && !self.owns_line(message.account) {
            return;
        }
        let form = match Form::of(&message.said) {
            Ok(form) => form,
            Err(error) => return self.ledger.remark(format!("a call form is left out: {error}")),
        };
        let Some(moment) = form.moment() else { return };
        let channel = Some(message.text("channel")).filter(|channel| !channel.is_empty());
        let channel = channel.or_else(|| form.variable("channel")).unwrap_or_default().to_owned();
        let Some(call) = self.call_of_form(&form, &channel) else { return };
        self.forms.are_full |= form.is_full();
        match moment {
            Moment::Answered => self.forms.have_answers = true,
            Moment::Ends => self.forms.have_ends = true,
            Moment::Enters | Moment::Rings => {}
        }
        if self.ledger.is_over(&call) {
            return;
        }
        if moment == Moment::Ends {
            self.forms.waiting.retain(|waiting| waiting.call != call);
            if self.ledger.get(&call).is_some() {
                self.ledger.ends(&call);
            } else if self.settings.late_outbound.unwrap_or_default() {
                self.has_gone_out(&form, &channel, &call);
            }
            return;
        }
        let destination = self.destination(&form, message.account);
        if self.ledger.get(&call).is_none()
            && !self.begins(&form, &call, &channel, moment, &destination, message.account)
        {
            return;
        }
        // Another process has begun it: now it is known how it goes on.
        if let Some(known) = self.ledger.note(&call)
            && known.basis == Basis::Unknown
        {
            known.basis = Basis::Form;
        }
        self.ledger.has_channel(&call, &channel);
        match (moment, destination) {
            (Moment::Answered, Destination::Phone(phone)) => {
                let person = self.directory.person_at(&phone);
                self.ledger.is_taken(&call, Some(&phone), person);
            }
            (Moment::Answered, Destination::Person(person)) => self.ledger.is_taken(&call, None, person),
            (Moment::Answered, _) => {
                // It rang at one phone only, or nobody knows who it was.
                let rung = self.ledger.get(&call).map(|call| call.rung.clone()).unwrap_or_default();
                let phone =
                    Some(rung).filter(|rung| rung.len() == 1).and_then(|rung| rung.into_iter().next());
                let person = phone.as_deref().map(|phone| self.directory.person_at(phone));
                self.ledger.is_taken(&call, phone.as_deref(), person.unwrap_or_default());
            }
            (_, Destination::Phone(phone)) => {
                let person = self.directory.person_at(&phone);
                self.ledger.rings(&call, &phone, person);
            }
            (_, Destination::Person(person)) => {
                let whom = person.name.clone().unwrap_or_default();
                self.ledger.rings(&call, &whom, person);
            }
            (_, Destination::Queue(name, _)) => self.ledger.waits(&call, &name),
            (_, Destination::Elsewhere | Destination::Unsaid) => self.ledger.rings_somewhere(&call),
        }
    }

    /// The id of a form's call: of old releases that have no unique id, by the channel.
    fn call_of_form(&self, form: &Form, channel: &str) -> Option<String> {
        // Channels have told of it first.
        if let Some(known) = self.ledger.of_channel(channel) {
            return Some(known.clone());
        }
        if let Some(uid) = form.uid() {
            return Some(format!("xivo-{uid}"));
        }
        if channel.is_empty() {
            return None;
        }
        let waiting = self.forms.waiting.iter().find(|waiting| waiting.channel == channel);
        Some(waiting.map_or_else(|| self.id_of_channel(channel), |waiting| waiting.call.clone()))
    }

    /// A call that nothing was known of. Whether it is one now.
    fn begins(
        &mut self,
        form: &Form,
        call: &str,
        channel: &str,
        moment: Moment,
        destination: &Destination,
        account: usize,
    ) -> bool {
        let number = form.variable("calleridnum").or_else(|| form.field(self.settings.number_field()));
        let from = caller(number);
        let did = form.variable("did").map(str::to_owned);
        let origin = form.variable("origin").or_else(|| form.field("Origine")).unwrap_or_default();
        let phone = self.directory.phone_of_channel(channel).cloned();
        let is_inside = matches!(origin, "intern" | "internal") || phone.is_some();
        if did.is_none() && is_inside {
            let caller = phone.map(|phone| self.directory.person_at(&phone)).unwrap_or_default();
            let (to, person) = match destination {
                Destination::Phone(phone) => {
                    let person = self.directory.person_at(phone);
                    (person.number.clone(), person)
                }
                Destination::Person(person) => (person.number.clone(), person.clone()),
                Destination::Queue(_, number) => (number.clone(), Person::default()),
                Destination::Elsewhere | Destination::Unsaid => (None, Person::default()),
            };
            let to = to.or_else(|| form.variable("calledidnum").map(str::to_owned));
            self.ledger.calls_inside(call, Basis::Form, (from, caller), (to.unwrap_or_default(), person));
            return true;
        }
        if !form.is_full() && moment != Moment::Answered {
            self.wait_for_phone(call, from, did, channel, destination, account);
            return false;
        }
        let to =
            did.or_else(|| form.variable("calledidnum").map(str::to_owned)).or_else(|| match destination {
                Destination::Phone(phone) => self.directory.phone(phone)?.number.clone(),
                Destination::Person(person) => person.number.clone(),
                Destination::Queue(_, number) => number.clone(),
                Destination::Elsewhere | Destination::Unsaid => None,
            });
        let basis = if form.is_full() { Basis::Form } else { Basis::Lamp };
        self.forms.waiting.retain(|waiting| waiting.call != call);
        self.ledger.comes_in(call, basis, from, to.unwrap_or_default());
        true
    }

    /// Where a form says that its call goes.
    fn destination(&self, form: &Form, account: usize) -> Destination {
        let id = form.variable("destid");
        match form.variable("desttype") {
            Some("user") => match id.and_then(|user| self.directory.phone_of_user(user)) {
                Some(phone) => Destination::Phone(phone.clone()),
                None => {
                    let user = id.and_then(|user| self.directory.user(user));
                    let name = user.and_then(|user| user.name.clone());
                    let name = name.or_else(|| form.variable("calledidname").map(str::to_owned));
                    let number = caller(form.variable("calledidnum"));
                    Destination::Person(Person { name, endpoint: None, number })
                }
            },
            Some("agent") => {
                let by_id = id.and_then(|agent| self.directory.interface_of_agent(agent));
                let by_number = || form.variable("agentnumber").map(|number| format!("Agent/{number}"));
                let Some(agent) = by_id.or_else(by_number) else { return Destination::Elsewhere };
                match self.directory.phone_of_interface(&agent) {
                    Some(phone) => Destination::Phone(phone.clone()),
                    None => Destination::Person(self.directory.person_of_interface(&agent)),
                }
            }
            Some("queue") => {
                let by_id = id.and_then(|queue| self.directory.queue(queue));
                let by_name =
                    || self.directory.queue_named(form.variable("queuename")?).map(|(_, queue)| queue);
                let queue = by_id.or_else(by_name);
                let name = queue.and_then(|queue| queue.shown()).or_else(|| form.variable("queuename"));
                match name {
                    Some(name) => {
                        Destination::Queue(name.to_owned(), queue.and_then(|queue| queue.number.clone()))
                    }
                    None => Destination::Elsewhere,
                }
            }
            Some(_) => Destination::Elsewhere,
            None => match self.own_phone(account) {
                Some(phone) => Destination::Phone(phone),
                None => Destination::Unsaid,
            },
        }
    }

    /// The form says who calls; which phone rings is to be seen.
    fn wait_for_phone(
        &mut self,
        call: &str,
        from: Option<String>,
        did: Option<String>,
        channel: &str,
        destination: &Destination,
        account: usize,
    ) {
        let user = self.accounts.get(&account).and_then(Option::as_deref);
        let own = user.map(|user| self.directory.phones_of_user(user)).unwrap_or_default();
        let phones = match destination {
            Destination::Phone(phone) if own.is_empty() => vec![phone.clone()],
            Destination::Phone(_)
            | Destination::Person(_)
            | Destination::Queue(..)
            | Destination::Elsewhere
            | Destination::Unsaid => own.into_iter().cloned().collect(),
        };
        let now = self.now;
        let waiting = &mut self.forms.waiting;
        waiting.retain(|waiting| waiting.call != call && now - waiting.at < LONGEST_WAIT);
        if waiting.len() >= MOST_WAITING {
            waiting.remove(0);
        }
        let (call, channel) = (call.to_owned(), channel.to_owned());
        let ringing = |phone: &&String| {
            let lamp = self.directory.phone(phone).map(|phone| phone.lamp).unwrap_or_default();
            lamp.rings() && self.ledger.which(|call| call.is_at(phone)).is_empty()
        };
        let rings = phones.iter().find(ringing).cloned();
        waiting.push(Waiting { call, from, did, phones, channel, at: now });
        if let Some(phone) = rings {
            self.phone_has_form(&phone, None);
        }
    }

    /// A phone rings, for a call from this channel if that is known: the call of a form that waits for it begins.
    pub(super) fn phone_has_form(&mut self, phone: &str, channel: Option<&str>) -> Option<String> {
        let now = self.now;
        let is_it = |waiting: &Waiting| {
            let is_its = waiting.phones.is_empty() || waiting.phones.iter().any(|one| one == phone);
            let is_known = channel.is_none_or(|channel| waiting.channel == channel);
            is_its && is_known && now - waiting.at < LONGEST_WAIT
        };
        let place = self.forms.waiting.iter().position(is_it)?;
        let Waiting { call, from, did, channel, .. } = self.forms.waiting.remove(place);
        let person = self.directory.person_at(phone);
        let to = did.or_else(|| person.number.clone()).unwrap_or_default();
        self.ledger.comes_in(&call, Basis::Lamp, from, to);
        self.ledger.has_channel(&call, &channel);
        self.ledger.rings(&call, phone, person);
        if let Some(noted) = self.ledger.note(&call) {
            noted.has_rung = true;
        }
        Some(call)
    }

    /// A call that went out is over: only now its number is told.
    fn has_gone_out(&mut self, form: &Form, channel: &str, call: &str) {
        let number = form.variable("calleridnum").or_else(|| form.field(self.settings.number_field()));
        let now = self.now;
        self.forms.late.retain(|late| now - late.at < BOTH_WITHIN);
        if let Some(phone) = self.directory.phone_of_channel(channel).cloned() {
            // The phone's own end comes behind that of the line.
            let is_its = number == self.directory.phone(&phone).and_then(|phone| phone.number.as_deref());
            if is_its && !self.forms.late.is_empty() {
                let late = self.forms.late.remove(0);
                self.report_late(&late.call, &phone, late.number, false);
            }
            return;
        }
        let came_in = form.variable("origin").is_some() || form.variable("did").is_some();
        let Some(number) = caller(number).filter(|_| !came_in && !channel.starts_with("Local/")) else {
            return;
        };
        match self.phone_that_calls(channel) {
            Some(phone) => {
                let is_answered = self.channels.is_up(channel);
                self.report_late(call, &phone, number, is_answered);
            }
            None if self.channels.are_seen() => {}
            None => {
                if self.forms.late.len() < MOST_WAITING {
                    self.forms.late.push(Late { call: call.to_owned(), number, at: now });
                }
            }
        }
    }

    fn report_late(&mut self, call: &str, phone: &str, number: String, is_answered: bool) {
        let person = self.directory.person_at(phone);
        self.ledger.goes_out(call, Basis::Form, person, number);
        if is_answered {
            self.ledger.is_taken(call, None, Person::default());
        }
        self.ledger.ends(call);
    }
}
