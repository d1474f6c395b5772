//! Calls by the queues in which they wait.
//!
//! That an entry disappears does not tell why. Somebody has answered if a member of the queue takes a call at about that
//! time; they are matched by time alone.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::ledger::{Basis, Call};
use super::message::id;
use super::understanding::caller;
use super::{List, Message, Xivo};
use crate::bridge::fact::Person;

/// A member that takes a call is the one of an entry that is gone within so many seconds, before or after.
const WITHIN: f64 = 5.0;

/// More do not wait in one queue, and no server has more queues.
const MOST: usize = 1000;

/// Who waits, and who has begun to talk.
#[derive(Debug, Default)]
pub struct Queues {
    /// by queue, the calls that wait, in their order
    waiting: BTreeMap<String, Vec<String>>,
    /// members that took a call of a queue, by what they are called in queues
    talks: HashMap<String, Talk>,
    /// entries that are gone without an answer so far, oldest first
    gone: VecDeque<Gone>,
    /// queues that the server has told of since the connection began
    told: HashSet<String>,
}

#[derive(Debug)]
struct Talk {
    /// the names of its queues: an agent has a state in each
    queues: HashSet<String>,
    since: f64,
    /// its call is known
    is_taken: bool,
}

#[derive(Debug)]
struct Gone {
    call: String,
    /// the queue's name
    queue: String,
    at: f64,
}

impl Queues {
    /// A connection has begun: who waits is told anew.
    pub fn is_connected(&mut self) {
        self.told.clear();
    }

    /// Whether a call is in one of them.
    pub fn waits(&self, call: &str) -> bool {
        self.waiting.values().flatten().any(|waiting| waiting == call)
    }
}

/// Whether a member's state means that they talk.
///
/// Source: Asterisk's states of a queue's member; 100 and 101 are XiVO's own.
fn talks(status: &str) -> bool {
    ["2", "3", "7", "8"].contains(&status)
}

/// Whether a member's state says that no call had reached them.
fn is_at_rest(status: &str) -> bool {
    ["1", "4", "5"].contains(&status)
}

impl Xivo {
    /// All who wait in one queue.
    pub(super) fn hear_entries(&mut self, message: &Message) {
        let Some(state) = message.said.get("state") else { return };
        let Some(queue) = state.get("queue_id").and_then(id) else { return };
        let name = state.get("queue_name").and_then(id);
        let Some(name) = name.or_else(|| self.directory.queue_name(&queue).map(str::to_owned)) else {
            return;
        };
        let entries = state.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if self.queues.waiting.len() >= MOST && !self.queues.waiting.contains_key(&queue) {
            return;
        }
        self.queues.told.insert(queue.clone());
        let mut now_waiting = Vec::new();
        for entry in entries.iter().take(MOST) {
            let Some(uid) = entry.get("uniqueid").and_then(id) else { continue };
            let call = format!("xivo-{uid}");
            now_waiting.push(call.clone());
            let known = self.queues.waiting.get(&queue);
            if known.is_some_and(|known| known.contains(&call)) || self.ledger.is_over(&call) {
                continue;
            }
            self.queues.gone.retain(|gone| gone.call != call);
            self.entry_comes(&call, &queue, &name, entry);
        }
        let before = self.queues.waiting.insert(queue, now_waiting.clone()).unwrap_or_default();
        for call in before.into_iter().filter(|call| !now_waiting.contains(call)) {
            // It may wait in another queue by now.
            if !self.queues.waits(&call) {
                self.entry_goes(call, &name);
            }
        }
    }

    fn entry_comes(&mut self, call: &str, queue: &str, name: &str, entry: &Value) {
        let number = self.directory.queue(queue).and_then(|queue| queue.number.clone());
        let shown = self.directory.queue(queue).and_then(|queue| queue.shown()).unwrap_or(name).to_owned();
        match self.ledger.note(call) {
            Some(known) => {
                if known.basis == Basis::Unknown {
                    known.basis = Basis::Queue;
                }
            }
            None => {
                let from = caller(entry.get("number").and_then(Value::as_str));
                let to = number.unwrap_or_else(|| shown.clone());
                let phone = from.as_deref().and_then(|from| self.directory.phone_of_number(from));
                match phone.map(|phone| self.directory.person_at(phone)) {
                    Some(colleague) => {
                        let whom = (to, Person::default());
                        self.ledger.calls_inside(call, Basis::Queue, (from, colleague), whom);
                    }
                    None => self.ledger.comes_in(call, Basis::Queue, from, to),
                }
            }
        }
        self.ledger.waits(call, &shown);
    }

    fn entry_goes(&mut self, call: String, queue: &str) {
        let Some(known) = self.ledger.get(&call) else { return };
        let is_queues = known.basis == Basis::Queue && !known.is_answered();
        self.ledger.waits_no_longer(&call);
        if !is_queues {
            return;
        }
        let now = self.now;
        let is_fresh =
            |talk: &Talk| !talk.is_taken && talk.queues.contains(queue) && (now - talk.since).abs() <= WITHIN;
        let talks = self.queues.talks.iter().filter(|(_, talk)| is_fresh(talk));
        let first = talks.min_by(|(_, one), (_, other)| one.since.total_cmp(&other.since));
        match first.map(|(interface, _)| interface.clone()) {
            Some(interface) => self.member_takes(&call, &interface),
            None => {
                self.ledger.is_missing(&call, now);
                self.queues.gone.push_back(Gone { call, queue: queue.to_owned(), at: now });
            }
        }
    }

    /// A member of a queue has another state there.
    pub(super) fn member_turns(&mut self, interface: &str, queue: &str, before: &str, now: &str) {
        if talks(now) && !talks(before) && !is_at_rest(before) {
            self.member_begins(interface, &[queue.to_owned()]);
        }
        if talks(before) && !talks(now) {
            self.member_ends(interface);
        }
    }

    /// An agent talks to a caller of a queue, or does so no longer.
    pub(super) fn agent_turns(&mut self, agent: &str, talks: bool) {
        let Some(interface) = self.directory.interface_of_agent(agent) else { return };
        if !talks {
            return self.member_ends(&interface);
        }
        let is_its = |member: &&super::directory::Member| member.interface.as_ref() == Some(&interface);
        let queues: Vec<String> =
            self.directory.members().filter(is_its).filter_map(|member| member.queue.clone()).collect();
        self.member_begins(&interface, &queues);
    }

    /// Somebody talks to a caller of one of these queues, by their names.
    fn member_begins(&mut self, interface: &str, queues: &[String]) {
        let now = self.now;
        let talk = self.queues.talks.entry(interface.to_owned()).or_insert_with(|| Talk {
            queues: HashSet::new(),
            since: now,
            is_taken: false,
        });
        talk.queues.extend(queues.iter().cloned());
        if talk.is_taken {
            return;
        }
        let its = talk.queues.clone();
        self.queues.gone.retain(|gone| now - gone.at <= WITHIN);
        let is_its = |gone: &Gone| its.contains(&gone.queue);
        if let Some(place) = self.queues.gone.iter().position(is_its)
            && let Some(Gone { call, .. }) = self.queues.gone.remove(place)
        {
            self.member_takes(&call, interface);
        }
    }

    fn member_takes(&mut self, call: &str, interface: &str) {
        if let Some(talk) = self.queues.talks.get_mut(interface) {
            talk.is_taken = true;
        }
        let phone = self.directory.phone_of_interface(interface).cloned();
        let person = self.directory.person_of_interface(interface);
        if let Some(known) = self.ledger.note(call) {
            known.member = Some(interface.to_owned());
        }
        self.ledger.is_taken(call, phone.as_deref(), person);
    }

    /// Somebody talks no longer.
    fn member_ends(&mut self, interface: &str) {
        self.queues.talks.remove(interface);
        for call in self.ledger.which(|call| is_with(call, interface)) {
            self.ledger.ends(&call);
        }
    }

    /// Whether a queue in which somebody waits, or waited a moment ago, has this phone rung.
    pub(super) fn waits_for(&self, phone: &str) -> bool {
        let now = self.now;
        // Channels and lamps may be told of behind the queue.
        let has_taken = |(interface, talk): (&String, &Talk)| {
            talk.is_taken
                && now - talk.since <= WITHIN
                && self.directory.phone_of_interface(interface).is_some_and(|its| its == phone)
        };
        if self.queues.talks.iter().any(has_taken) {
            return true;
        }
        let is_full = |queue: &str| {
            let Some((id, _)) = self.directory.queue_named(queue) else { return false };
            let is_waited_in = self.queues.waiting.get(id).is_some_and(|waiting| !waiting.is_empty());
            is_waited_in || self.queues.gone.iter().any(|gone| gone.queue == queue && now - gone.at <= WITHIN)
        };
        self.directory.members().any(|member| {
            let is_its = member.interface.as_deref().and_then(|one| self.directory.phone_of_interface(one));
            is_its.is_some_and(|its| its == phone) && member.queue.as_deref().is_some_and(is_full)
        })
    }

    /// After the lists were loaded: who has hung up meanwhile.
    pub(super) fn settle_queues(&mut self) {
        for call in self.ledger.which(|call| call.basis == Basis::Queue && call.is_answered()) {
            let Some(interface) = self.ledger.get(&call).and_then(|call| call.member.clone()) else {
                continue;
            };
            let is_member =
                |member: &&super::directory::Member| member.interface.as_ref() == Some(&interface);
            let state_talks = |member: &super::directory::Member| member.status.as_deref().is_some_and(talks);
            let is_used = self.directory.members().filter(is_member).any(state_talks);
            let agent = self.directory.agent_of_interface(&interface).and_then(|id| self.directory.agent(id));
            let is_over = !is_used && !agent.is_some_and(|agent| agent.talks);
            if is_over {
                self.member_ends(&interface);
            }
        }
    }

    /// The server has told of all queues that it knows: those in the others are gone.
    pub(super) fn settle_entries(&mut self) {
        let queues: Vec<String> = self.queues.waiting.keys().cloned().collect();
        for queue in queues {
            if self.queues.told.contains(&queue) {
                continue;
            }
            let name = self.directory.queue_name(&queue).unwrap_or_default().to_owned();
            for call in self.queues.waiting.remove(&queue).unwrap_or_default() {
                self.entry_goes(call, &name);
            }
        }
        let listed: HashSet<&String> = self.directory.ids(List::Queues).collect();
        self.queues.told.retain(|queue| listed.contains(queue));
    }
}

fn is_with(call: &Call, interface: &str) -> bool {
    call.basis == Basis::Queue && call.member.as_deref() == Some(interface)
}
