//! Calls by channels, of which servers up to 15.18 tell. No channel has a number.
//!
//! Who has answered the called channel says. That of who calls is up before, in a queue.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::ledger::Basis;
use super::message::id;
use super::{Message, Xivo};

/// No server has so many channels.
const MOST: usize = 10_000;

/// So many Local channels stand between two phones at most.
const LONGEST_CHAIN: usize = 8;

/// All channels.
#[derive(Debug, Default)]
pub struct Channels {
    channels: HashMap<String, Channel>,
    are_seen: bool,
}

#[derive(Debug, Default)]
struct Channel {
    state: String,
    communication: String,
    talks_to: Option<String>,
    /// when it was seen first, in seconds of the server's clock
    began: u64,
    /// it was there before anything was heard of it
    is_older: bool,
    /// its call is told of otherwise, or cannot be
    is_left_out: bool,
}

impl Channel {
    fn take(&mut self, status: &Map<String, Value>) {
        let text = |key: &str| status.get(key).and_then(Value::as_str).map(str::to_owned);
        self.state = text("state").unwrap_or_default();
        self.communication = text("commstatus").unwrap_or_default();
        // Keys without a value are left out.
        self.talks_to = status.get("talkingto_id").and_then(id);
    }

    fn is_up(&self) -> bool {
        self.state == "Up" || self.communication.starts_with("linked")
    }
}

impl Channels {
    /// The server is one that tells of them.
    pub fn are_seen(&self) -> bool {
        self.are_seen
    }

    /// Whether somebody talks there.
    pub fn is_up(&self, name: &str) -> bool {
        self.channels.get(name).is_some_and(Channel::is_up)
    }

    fn other_end(&self, name: &str) -> Option<&str> {
        self.channels.get(name)?.talks_to.as_deref()
    }

    /// What a channel is connected with, through Local channels: the call of one half goes on with the other.
    fn far_end<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut end = self.other_end(name)?;
        for _ in 0..LONGEST_CHAIN {
            let Some(half) = other_half(end) else { return Some(end) };
            let (half, _) = self.channels.get_key_value(&half)?;
            end = self.other_end(half)?;
        }
        None
    }
}

/// The other one of a pair of Local channels.
fn other_half(name: &str) -> Option<String> {
    if !is_local(name) {
        return None;
    }
    let (base, half) = name.rsplit_once(';')?;
    match half {
        "1" => Some(format!("{base};2")),
        "2" => Some(format!("{base};1")),
        _ => None,
    }
}

/// A channel's name as a part of an id.
fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

fn is_local(name: &str) -> bool {
    name.starts_with("Local/")
}

impl Xivo {
    /// A message of the list of channels.
    pub(super) fn hear_channels(&mut self, message: &Message) {
        match message.text("function") {
            "updatestatus" => {
                let Some(name) = message.id("tid") else { return };
                match message.said.get("status").and_then(Value::as_object) {
                    Some(status) => self.channel_turns(&name, status),
                    None => self.channel_ends(&name),
                }
            }
            "delconfig" => {
                let gone = message.said.get("list").and_then(Value::as_array);
                for name in gone.into_iter().flatten().filter_map(id) {
                    self.channel_ends(&name);
                }
            }
            _ => {}
        }
    }

    fn channel_turns(&mut self, name: &str, status: &Map<String, Value>) {
        self.channels.are_seen = true;
        let began = self.now.max(0.0) as u64;
        if !self.channels.channels.contains_key(name) && self.channels.channels.len() >= MOST {
            return;
        }
        let is_older = status.get("commstatus").and_then(Value::as_str).is_some_and(|said| said != "ready");
        let fresh = || Channel { began, is_older, ..Channel::default() };
        self.channels.channels.entry(name.to_owned()).or_insert_with(fresh).take(status);
        // A change of a Local channel is one of what it stands between.
        let ends: Vec<String> = match other_half(name) {
            Some(half) => [name, half.as_str()]
                .into_iter()
                .filter_map(|half| self.channels.other_end(half))
                .filter(|end| !is_local(end))
                .map(str::to_owned)
                .collect(),
            None => vec![name.to_owned()],
        };
        for end in ends {
            let Some(other) = self.channels.far_end(&end).map(str::to_owned) else { continue };
            if let Some((calling, called)) = self.in_order(end, other) {
                self.channels_talk(&calling, &called);
            }
        }
    }

    /// Which of two channels calls the other one.
    fn in_order(&self, one: String, other: String) -> Option<(String, String)> {
        let of = |name: &str| self.channels.channels.get(name).map(|channel| channel.communication.as_str());
        let calls = |name: &str| matches!(of(name), Some("calling" | "linked-caller"));
        let is_called = |name: &str| matches!(of(name), Some("ringing" | "linked-called"));
        if self.ledger.of_channel(&one).is_some() || calls(&one) || is_called(&other) {
            return Some((one, other));
        }
        (self.ledger.of_channel(&other).is_some() || calls(&other) || is_called(&one)).then_some((other, one))
    }

    fn channels_talk(&mut self, calling: &str, called: &str) {
        let phone = self.directory.phone_of_channel(called).cloned();
        if self.ledger.of_channel(calling).is_none() {
            self.channel_calls(calling, called, phone.as_deref());
        }
        let (Some(id), Some(phone)) = (self.ledger.of_channel(calling).cloned(), phone) else { return };
        let person = self.directory.person_at(&phone);
        if self.channels.is_up(called) {
            self.ledger.is_taken(&id, Some(&phone), person);
        } else {
            self.ledger.rings(&id, &phone, person);
        }
    }

    /// A channel calls another one, and nothing is known of its call.
    fn channel_calls(&mut self, calling: &str, called: &str, phone: Option<&str>) {
        let Some(channel) = self.channels.channels.get(calling) else { return };
        let is_older = channel.is_older;
        if channel.is_left_out || is_local(calling) || is_local(called) {
            return;
        }
        if let Some(phone) = phone
            && self.phone_has_form(phone, Some(calling)).is_some()
        {
            return;
        }
        let caller = self.directory.phone_of_channel(calling).cloned();
        // Another process has begun it. Of a call that is not known by its channel, its age is all that there is.
        let begun = format!("xivo-{}-", clean(calling));
        let known = self.ledger.which(|call| call.basis == Basis::Unknown);
        let known = known.iter().find(|id| id.starts_with(&begun)).or(known.first().filter(|_| is_older));
        if let Some(id) = known.cloned().filter(|_| caller.is_none()) {
            if let Some(call) = self.ledger.note(&id) {
                call.basis = Basis::Channels;
            }
            return self.ledger.has_channel(&id, calling);
        }
        // Two who talk are no second call of those who talk already.
        let is_at = |phone| self.ledger.which(|call| call.is_answered() && call.is_at(phone));
        if self.channels.is_up(called) && phone.is_some_and(|phone| !is_at(phone).is_empty()) {
            return self.leave_out(calling);
        }
        let is_told_otherwise = self.forms.are_full || phone.is_some_and(|phone| self.waits_for(phone));
        let id = self.id_of_channel(calling);
        match (caller, phone) {
            _ if is_told_otherwise || self.ledger.is_over(&id) => self.leave_out(calling),
            (None, Some(phone)) => {
                let to = self.directory.person_at(phone).number.unwrap_or_default();
                self.ledger.comes_in(&id, Basis::Channels, None, to);
                self.ledger.has_channel(&id, calling);
            }
            (Some(caller), Some(phone)) => {
                let (caller, person) = (self.directory.person_at(&caller), self.directory.person_at(phone));
                let (from, to) = (caller.number.clone(), person.number.clone().unwrap_or_default());
                self.ledger.calls_inside(&id, Basis::Channels, (from, caller), (to, person));
                self.ledger.has_channel(&id, calling);
            }
            (Some(_), None) => {
                self.leave_out(calling);
                if !self.settings.late_outbound.unwrap_or_default() {
                    self.remark_once(
                        "calls to the outside are not reported: channels do not tell the number that was dialled; see \
                         late_outbound and own-line",
                    );
                }
            }
            // From one line to another: whom it reaches is to be seen.
            (None, None) => {}
        }
    }

    fn leave_out(&mut self, name: &str) {
        if let Some(channel) = self.channels.channels.get_mut(name) {
            channel.is_left_out = true;
        }
    }

    fn channel_ends(&mut self, name: &str) {
        if let Some(id) = self.ledger.of_channel(name).cloned() {
            self.ledger.ends(&id);
        }
        self.channels.channels.remove(name);
    }

    /// A call's id, of the channel that calls and when it began.
    pub(super) fn id_of_channel(&self, name: &str) -> String {
        let began =
            self.channels.channels.get(name).map_or(self.now.max(0.0) as u64, |channel| channel.began);
        format!("xivo-{}-{began}", clean(name))
    }

    /// The phone that called what a channel reaches.
    pub(super) fn phone_that_calls(&self, channel: &str) -> Option<String> {
        self.directory.phone_of_channel(self.channels.far_end(channel)?).cloned()
    }

    /// After the lists were loaded: the channels of a call that are at no phone any more are gone.
    pub(super) fn settle_channels(&mut self) {
        if !self.channels.are_seen {
            return;
        }
        let mut there: Vec<String> =
            self.directory.phones().flat_map(|phone| phone.channels.clone()).collect();
        there.sort();
        let is_there = |name: &str| there.binary_search_by(|one| one.as_str().cmp(name)).is_ok();
        for id in self.ledger.which(|call| matches!(call.basis, Basis::Channels | Basis::Lamp)) {
            let Some(call) = self.ledger.get(&id) else { continue };
            let Some(calling) = call.channel.clone() else { continue };
            let ends =
                self.channels.channels.keys().filter(|name| self.channels.far_end(name) == Some(&calling));
            let far = self.channels.far_end(&calling).into_iter().map(str::to_owned);
            let ends: Vec<String> = ends.filter(|end| !is_local(end)).cloned().chain(far).collect();
            let at_phone = ends.iter().find(|name| is_there(name)).cloned();
            let Some(called) = at_phone else {
                if !is_there(&calling) {
                    self.channel_ends(&calling);
                }
                continue;
            };
            // Whether it was taken meanwhile only the phone's lamp tells.
            let phone = self.directory.phone_of_channel(&called).cloned();
            let lamp = phone.as_deref().and_then(|phone| self.directory.phone(phone)).map(|phone| phone.lamp);
            if !call.is_answered()
                && let Some(phone) = phone
                && lamp.is_some_and(|lamp| lamp.is_used() && !lamp.rings())
            {
                let person = self.directory.person_at(&phone);
                self.ledger.is_taken(&id, Some(&phone), person);
            }
        }
        // Those of phones that are gone leave nothing behind.
        let is_gone = |name: &String| self.directory.phone_of_channel(name).is_some() && !is_there(name);
        let gone: Vec<String> = self.channels.channels.keys().filter(|name| is_gone(name)).cloned().collect();
        for name in gone {
            self.channel_ends(&name);
        }
    }
}
