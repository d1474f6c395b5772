//! From events of legs to facts about calls.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value};

use super::calls::Call;
use super::message::{MOST_LEGS, Message, Request, text};
use crate::bridge::fact::{Fact, LegId};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::Open;
use crate::config::WazoSettings;
use crate::event::Direction;

/// The most events that wait for a name; beyond it, users have none.
const MOST_WAITING: usize = 10_000;

/// The most names that are remembered.
const MOST_NAMES: usize = 20_000;

/// Understands one Wazo.
#[derive(Debug, Default)]
pub struct Wazo {
    calls: HashMap<String, Call>,
    /// of users, by their ids; none if it cannot be found out
    names: HashMap<String, Option<String>>,
    asked: HashSet<String>,
    /// events about users whose names are asked for, and those behind them, by conversation
    waiting: HashMap<String, VecDeque<Message>>,
    /// how many these are
    waiting_count: usize,
    /// which conversations wait for whose name
    waiting_for: HashMap<String, Vec<String>>,
    /// conversations that were reported before this process began, and as what, until the list comes
    reported: HashMap<String, Direction>,
    /// conversations of which something was heard since the connection began, until the list comes, which may be older
    fresh: Option<HashSet<String>>,
}

impl Wazo {
    fn take_in(&mut self, message: Message, heard: &mut Vec<Heard<Request>>) {
        let unknown: Vec<String> =
            self.users_of(&message).filter(|user| !self.names.contains_key(user)).collect();
        for user in &unknown {
            if self.asked.insert(user.clone()) {
                heard.push(Heard::Ask(Request::User(user.clone())));
            }
        }
        // A list waits for no name: what ended meanwhile, and every other call, would wait with it. Only calls that it
        // tells of first do.
        let conversation = match &message {
            Message::Event { data, .. } => text(data, "conversation_id"),
            Message::Calls(_) | Message::User { .. } | Message::Remark(_) => None,
        };
        let Some(conversation) = conversation else { return self.hear(message, heard) };
        let is_behind = self.waiting.contains_key(&conversation);
        if (unknown.is_empty() && !is_behind) || self.waiting_count >= MOST_WAITING {
            return self.hear(message, heard);
        }
        for user in unknown {
            self.waiting_for.entry(user).or_default().push(conversation.clone());
        }
        self.waiting.entry(conversation).or_default().push_back(message);
        self.waiting_count += 1;
    }

    /// A name is known, or is known to be none: what has waited for it goes on.
    fn learn(&mut self, uuid: String, name: Option<String>, heard: &mut Vec<Heard<Request>>) {
        self.asked.remove(&uuid);
        if self.names.len() >= MOST_NAMES {
            self.names.clear();
        }
        let conversations = self.waiting_for.remove(&uuid).unwrap_or_default();
        self.names.insert(uuid, name);
        for conversation in conversations {
            let waited = self.waiting.remove(&conversation).unwrap_or_default();
            self.waiting_count -= waited.len();
            for message in waited {
                self.take_in(message, heard);
            }
        }
    }

    fn users_of(&self, message: &Message) -> impl Iterator<Item = String> + use<> {
        let user = |leg: &Map<String, Value>| text(leg, "user_uuid");
        let users: Vec<String> = match message {
            Message::Event { name, data } if name != "user_missed_call" => user(data).into_iter().collect(),
            // Its legs are taken in one by one.
            Message::Calls(_) | Message::Event { .. } | Message::User { .. } | Message::Remark(_) => {
                Vec::new()
            }
        };
        users.into_iter()
    }

    fn hear(&mut self, message: Message, heard: &mut Vec<Heard<Request>>) {
        match message {
            Message::Event { name, data } => {
                heard.extend(self.hear_event(&name, &data).into_iter().map(Heard::Fact));
            }
            Message::Calls(legs) => self.hear_list(&legs, heard),
            Message::User { .. } => {}
            Message::Remark(text) => heard.push(Heard::Remark(text)),
        }
    }

    fn hear_event(&mut self, event: &str, data: &Map<String, Value>) -> Vec<Fact> {
        let Some(conversation) = text(data, "conversation_id") else { return Vec::new() };
        let names = &self.names;
        let name = |user: &str| names.get(user).cloned().flatten();
        if let Some(fresh) = &mut self.fresh
            && fresh.len() < MOST_LEGS
        {
            fresh.insert(conversation.clone());
        }
        if event == "user_missed_call" {
            let is_from_outside = text(data, "caller_user_uuid").is_none();
            let call = self.calls.get_mut(&conversation);
            return call.map(|call| call.is_missed(is_from_outside, &name)).unwrap_or_default();
        }
        let Some(leg) = text(data, "call_id") else { return Vec::new() };
        if event == "call_ended" {
            let Some(call) = self.calls.get_mut(&conversation) else { return Vec::new() };
            let cause =
                data.get("reason_code").and_then(Value::as_u64).and_then(|code| u8::try_from(code).ok());
            let facts = call.ends(&leg, cause, &name);
            if call.is_over() {
                self.calls.remove(&conversation);
            }
            return facts;
        }
        if !["call_created", "call_updated", "call_answered"].contains(&event) {
            return Vec::new();
        }
        if self.calls.len() >= MOST_LEGS && !self.calls.contains_key(&conversation) {
            return Vec::new();
        }
        let call = self.calls.entry(conversation.clone()).or_insert_with(|| Call::new(&conversation));
        call.hear(event, &leg, data, &name)
    }

    /// All legs that there are.
    fn hear_list(&mut self, legs: &[Map<String, Value>], heard: &mut Vec<Heard<Request>>) {
        let legs = &legs[..legs.len().min(MOST_LEGS)];
        let there: HashSet<String> = legs.iter().filter_map(|leg| text(leg, "call_id")).collect();
        let fresh = self.fresh.take().unwrap_or_default();
        let reported = std::mem::take(&mut self.reported);
        // What was heard of in between may have come or gone after the list was made.
        self.calls.retain(|conversation, call| {
            fresh.contains(conversation) || call.keep(|leg| there.contains(leg))
        });
        let mut unreported = Vec::new();
        for leg in legs {
            let Some(conversation) = text(leg, "conversation_id") else { continue };
            if fresh.contains(&conversation) {
                continue;
            }
            if let Some(direction) = reported.get(&conversation) {
                let told_of = || Call::told_of(&conversation, *direction);
                self.calls.entry(conversation.clone()).or_insert_with(told_of);
            }
            if self.calls.contains_key(&conversation) {
                heard.extend(self.hear_event("call_updated", leg).into_iter().map(Heard::Fact));
            } else if !self.waiting.contains_key(&conversation) {
                unreported.push(leg.clone());
            }
        }
        let names = &self.names;
        let name = |user: &str| names.get(user).cloned().flatten();
        let standing = self.calls.values().flat_map(|call| call.standing(&name)).collect();
        heard.push(Heard::Standing(standing));
        // Nobody compares what was not reported yet, so it may wait for its names.
        for data in unreported {
            self.take_in(Message::Event { name: "call_updated".to_owned(), data }, heard);
        }
    }
}

impl Source for Wazo {
    type Message = Message;
    type Request = Request;
    type Settings = WazoSettings;

    /// Nothing of it depends on settings.
    fn adapt(&mut self, _settings: &WazoSettings) {}

    fn take_up(&mut self, open: &Open) {
        let conversation = open.id.strip_prefix("wazo-");
        self.reported.extend(conversation.map(|conversation| (conversation.to_owned(), open.direction)));
    }

    fn begin(&mut self, _secret: &str) -> Vec<Request> {
        self.fresh = Some(HashSet::new());
        // What was not found out may be by now.
        self.names.retain(|_, name| name.is_some());
        // Whoever was asked may have gone with the connection.
        self.asked.clear();
        self.waiting.clear();
        self.waiting_for.clear();
        self.waiting_count = 0;
        vec![Request::Calls]
    }

    fn ask_again(&mut self) -> Option<Request> {
        None
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Request>> {
        let mut heard = Vec::new();
        let Message::User { uuid, name } = message else {
            self.take_in(message, &mut heard);
            return heard;
        };
        self.learn(uuid, name, &mut heard);
        heard
    }

    /// That a caller is disconnected is a right that the bridge does without.
    fn hang_up(&self, _leg: &LegId) -> Option<Request> {
        None
    }

    fn about(message: &Message) -> Option<(LegId, LegId)> {
        let Message::Event { data, .. } = message else { return None };
        let call = LegId(format!("wazo-{}", text(data, "conversation_id")?));
        Some((call.clone(), call))
    }

    fn text(message: &Message) -> String {
        serde_json::to_string(message).unwrap_or_default()
    }

    fn mask(message: &mut Message, mask: &Mask) {
        message.mask(mask);
    }
}
