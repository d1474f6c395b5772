//! Calls by the lamps of phones, and by what a user's own line is said to do.

use std::collections::HashSet;

use serde_json::Value;

use super::directory::Lamp;
use super::ledger::{Basis, Call};
use super::understanding::caller;
use super::{Message, Xivo};
use crate::bridge::fact::Person;
use crate::config::XivoFollow;

/// What is remembered of phones.
#[derive(Debug, Default)]
pub struct Lines {
    /// they have rung since they were free
    rang: HashSet<String>,
    /// they are said to talk
    talk: HashSet<String>,
}

impl Xivo {
    /// A phone's lamp turns.
    pub(super) fn lamp_turns(&mut self, phone: &str, before: Lamp, now: Lamp) {
        if now.rings() && !before.rings() {
            self.phone_rings(phone, now);
        }
        if now.is_used() && !before.is_used() {
            self.phone_is_taken(phone, before);
        }
        if before.is_used() && !now.is_used() {
            for id in self.ledger.which(|call| call.is_answered() && call.is_at(phone)) {
                if self.ends_by_lamp(&id) {
                    self.ledger.ends(&id);
                }
            }
        }
        if !now.rings() && !now.is_used() {
            self.lines.rang.remove(phone);
            self.phone_is_free(phone);
        }
    }

    fn phone_rings(&mut self, phone: &str, now: Lamp) {
        self.lines.rang.insert(phone.to_owned());
        let here = self.ledger.which(|call| call.is_at(phone));
        for id in &here {
            if let Some(call) = self.ledger.note(id) {
                call.has_rung = true;
            }
        }
        if self.phone_has_form(phone, None).is_some() {
            return;
        }
        let is_told_otherwise = self.forms.are_full || self.channels.are_seen() || self.waits_for(phone);
        if !self.follows(XivoFollow::Hints) || now != Lamp::Rings || !here.is_empty() || is_told_otherwise {
            return;
        }
        let id = self.fresh_id(&format!("line{phone}"));
        let person = self.directory.person_at(phone);
        self.ledger.comes_in(&id, Basis::Lamp, None, person.number.clone().unwrap_or_default());
        self.ledger.rings(&id, phone, person);
        if let Some(call) = self.ledger.note(&id) {
            call.has_rung = true;
        }
    }

    fn phone_is_taken(&mut self, phone: &str, before: Lamp) {
        let have_answers = self.forms.have_answers;
        let is_it = |call: &Call| {
            let says_lamp = call.basis == Basis::Lamp || call.basis == Basis::Form && !have_answers;
            says_lamp && !call.is_answered() && call.is_at(phone) && (before.rings() || call.has_rung)
        };
        if let Some(id) = self.ledger.which(is_it).first() {
            let person = self.directory.person_at(phone);
            self.ledger.is_taken(id, Some(phone), person);
        }
    }

    fn phone_is_free(&mut self, phone: &str) {
        for id in self.ledger.which(|call| !call.is_answered() && call.has_rung && call.is_at(phone)) {
            let Some(call) = self.ledger.get(&id) else { continue };
            if call.rung.iter().any(|phone| self.is_busy(phone)) || !self.ends_by_lamp(&id) {
                continue;
            }
            match call.basis {
                // Another phone may ring next.
                Basis::Form => self.ledger.is_missing(&id, self.now),
                Basis::Lamp | Basis::Queue | Basis::Channels | Basis::Unknown => self.ledger.ends(&id),
            }
        }
        self.settle_unknown();
    }

    /// Whether nothing but the lamp of its phone tells when a call is over.
    fn ends_by_lamp(&self, id: &str) -> bool {
        self.ledger.get(id).is_some_and(|call| match call.basis {
            Basis::Lamp => true,
            Basis::Form => !self.forms.have_ends,
            Basis::Queue | Basis::Channels | Basis::Unknown => false,
        })
    }

    /// What the own line of an account's user does: at most one call, from its answer on.
    pub(super) fn hear_current_calls(&mut self, message: &Message) {
        if !self.owns_line(message.account) {
            return;
        }
        let Some(phone) = self.own_phone(message.account) else { return };
        let calls = message.said.get("current_calls").and_then(Value::as_array);
        let Some(call) = calls.and_then(|calls| calls.first()) else {
            // Lamps turn first: that a call is not told of yet is not its end.
            if !self.lines.talk.remove(&phone) {
                return;
            }
            for id in self.ledger.which(|call| call.is_answered() && call.is_at(&phone)) {
                if self.ends_by_lamp(&id) {
                    self.ledger.ends(&id);
                }
            }
            return;
        };
        self.lines.talk.insert(phone.clone());
        let number = caller(call.get("cid_number").and_then(Value::as_str));
        let here = self.ledger.which(|call| call.is_at(&phone));
        if here.iter().any(|id| self.ledger.get(id).is_some_and(Call::is_answered)) {
            return;
        }
        let known = here.into_iter().next().or_else(|| self.phone_has_form(&phone, None));
        let known = known.or_else(|| self.goes_on_here(&phone, number.as_deref()));
        let person = self.directory.person_at(&phone);
        if let Some(id) = known {
            return self.ledger.is_taken(&id, Some(&phone), person);
        }
        // Who waits in a queue is told of there.
        if self.waits_for(&phone) {
            return;
        }
        self.line_talks(message.account, &phone, number);
    }

    /// The call of another process that goes on at a phone, by its caller.
    fn goes_on_here(&mut self, phone: &str, number: Option<&str>) -> Option<String> {
        let is_it = |call: &Call| call.basis == Basis::Unknown && call.from() == number;
        let id = self.ledger.which(is_it).into_iter().next()?;
        if let Some(call) = self.ledger.note(&id) {
            call.basis = Basis::Lamp;
            call.rung = vec![phone.to_owned()];
        }
        Some(id)
    }

    /// Calls of another process that are known by a phone or a user go on there.
    pub(super) fn adopt_by_id(&mut self) {
        for id in self.ledger.which(|call| call.basis == Basis::Unknown) {
            let part = |kind: &str| Some(id.strip_prefix("xivo-")?.strip_prefix(kind)?.split_once('-')?.0);
            let line = part("line").map(str::to_owned);
            let phone = line.or_else(|| self.directory.phone_of_user(part("user")?).cloned());
            if let Some(phone) = phone.filter(|phone| self.directory.phone(phone).is_some())
                && let Some(call) = self.ledger.note(&id)
            {
                call.basis = Basis::Lamp;
                call.has_rung = true;
                call.phone = call.is_answered().then(|| phone.clone());
                call.rung = vec![phone];
            }
        }
    }

    /// After the lists were loaded: calls whose phones are free are over.
    pub(super) fn settle_lamps(&mut self) {
        let are_channels_told = self.channels.are_seen();
        for id in self.ledger.which(|call| matches!(call.basis, Basis::Lamp | Basis::Form)) {
            let Some(call) = self.ledger.get(&id) else { continue };
            let phones: Vec<String> = match &call.phone {
                Some(phone) => vec![phone.clone()],
                None if call.is_answered() || !call.has_rung => continue,
                None => call.rung.clone(),
            };
            // Where channels are told of, they are the better witnesses.
            if call.basis == Basis::Lamp && call.channel.is_some() && are_channels_told {
                continue;
            }
            if phones.iter().any(|phone| self.is_busy(phone)) || self.queues.waits(&id) {
                continue;
            }
            if call.is_answered() || call.basis == Basis::Lamp {
                self.ledger.ends(&id);
            } else {
                self.ledger.is_missing(&id, self.now);
            }
        }
    }

    /// Somebody is on that phone, or it rings.
    fn is_busy(&self, phone: &str) -> bool {
        let lamp = self.directory.phone(phone).map(|phone| phone.lamp).unwrap_or_default();
        lamp.rings() || lamp.is_used()
    }

    /// A call of the own line that nothing was known of.
    fn line_talks(&mut self, account: usize, phone: &str, number: Option<String>) {
        let user = self.accounts.get(&account).and_then(Option::as_deref).unwrap_or_default();
        let id = self.fresh_id(&format!("user{user}"));
        let person = self.directory.person_at(phone);
        let own = person.number.clone().unwrap_or_default();
        let came_in = self.lines.rang.contains(phone);
        let other = number.as_deref().and_then(|number| self.directory.phone_of_number(number));
        let other_person = other.map(|other| self.directory.person_at(other)).unwrap_or_default();
        // The house's own numbers are the short ones.
        let is_inside = other.is_some() || number.as_ref().is_some_and(|number| number.len() <= own.len());
        match (came_in, number) {
            (true, number) if is_inside => {
                self.ledger.calls_inside(&id, Basis::Lamp, (number, other_person), (own, person.clone()));
                self.ledger.is_taken(&id, Some(phone), person);
            }
            (false, Some(number)) if is_inside => {
                self.ledger.calls_inside(
                    &id,
                    Basis::Lamp,
                    (Some(own), person),
                    (number, other_person.clone()),
                );
                // It ends when the own line is free.
                self.ledger.is_taken(&id, Some(phone), other_person);
            }
            (true, number) => {
                self.ledger.comes_in(&id, Basis::Lamp, number, own);
                self.ledger.rings(&id, phone, person.clone());
                self.ledger.is_taken(&id, Some(phone), person);
            }
            (false, Some(number)) => {
                self.ledger.goes_out(&id, Basis::Lamp, person, number);
                self.ledger.is_taken(&id, Some(phone), Person::default());
            }
            (false, None) => {}
        }
    }
}
