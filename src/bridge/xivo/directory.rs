//! Who and what there is, as the server's lists tell: people, phones, agents, queues and their members.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::List;
use super::message::{id, is_on, shown};
use crate::asterisk::Channel;
use crate::bridge::fact::Person;

/// More of one kind than this no server has.
const MOST: usize = 20_000;

/// What a phone does, as its lamp shows.
///
/// Source: xivo-ctid, the hint codes in `phonestatus` of a login's reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lamp {
    /// nothing is known
    #[default]
    Unknown,
    /// free, not there, or switched off
    Free,
    /// it rings
    Rings,
    /// it is in use, or dials
    Used,
    /// it is in use, and rings
    UsedAndRings,
}

impl Lamp {
    fn of(code: &str) -> Self {
        match code {
            "8" => Self::Rings,
            "1" | "2" | "16" => Self::Used,
            "9" => Self::UsedAndRings,
            "0" | "4" | "-1" | "-2" => Self::Free,
            _ => Self::Unknown,
        }
    }

    /// Somebody is to pick up.
    pub fn rings(self) -> bool {
        matches!(self, Self::Rings | Self::UsedAndRings)
    }

    /// Somebody has picked up.
    pub fn is_used(self) -> bool {
        matches!(self, Self::Used | Self::UsedAndRings)
    }
}

/// Somebody.
#[derive(Debug, Default)]
pub struct User {
    /// their name
    pub name: Option<String>,
    /// the ids of their phones
    pub phones: Vec<String>,
    /// the id that they have as an agent
    agent: Option<String>,
}

/// A phone.
#[derive(Debug, Default)]
pub struct Phone {
    /// its endpoint, such as `SIP/aq3v9x`
    pub identity: Option<String>,
    /// its number
    pub number: Option<String>,
    /// whose it is
    pub user: Option<String>,
    /// what it does
    pub lamp: Lamp,
    /// its channels, where the server tells them
    pub channels: Vec<String>,
}

/// Who takes calls of queues.
#[derive(Debug, Default)]
pub struct Agent {
    number: Option<String>,
    first: Option<String>,
    last: Option<String>,
    /// they talk to a caller of a queue
    pub talks: bool,
}

/// A queue.
#[derive(Debug, Default)]
pub struct Queue {
    name: Option<String>,
    display: Option<String>,
    /// the number that is called to reach it
    pub number: Option<String>,
}

impl Queue {
    /// What people call it.
    pub fn shown(&self) -> Option<&str> {
        self.display.as_deref().or(self.name.as_deref())
    }
}

/// Somebody who takes the calls of one queue.
#[derive(Debug, Default)]
pub struct Member {
    /// an agent or a phone, such as `Agent/2001`
    pub interface: Option<String>,
    /// the queue's name
    pub queue: Option<String>,
    /// Asterisk's state of it
    pub status: Option<String>,
}

/// What a message changed of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A phone's lamp is another.
    Lamp { phone: String, before: Lamp, now: Lamp },
    /// A member of a queue has another state.
    Member { interface: String, queue: String, before: String, now: String },
    /// An agent talks to a caller of a queue, or does so no longer.
    Agent { agent: String, talks: bool },
}

/// All of it.
#[derive(Debug, Default)]
pub struct Directory {
    users: HashMap<String, User>,
    phones: HashMap<String, Phone>,
    agents: HashMap<String, Agent>,
    queues: HashMap<String, Queue>,
    members: HashMap<String, Member>,
    /// phones by what their channels begin with, as [`key`] has it
    by_identity: HashMap<String, String>,
    by_number: HashMap<String, String>,
}

impl Directory {
    /// Takes in what one of a list is, or a part of it that has changed.
    pub fn configure(&mut self, list: List, id: &str, config: &Map<String, Value>) -> Option<Change> {
        match list {
            List::Users => {
                let user = entry(&mut self.users, id)?;
                user.configure(config);
            }
            List::Phones => {
                let phone = entry(&mut self.phones, id)?;
                phone.configure(config);
                if let Some(identity) = &phone.identity {
                    self.by_identity.insert(key(identity), id.to_owned());
                }
                if let Some(number) = &phone.number {
                    self.by_number.insert(number.clone(), id.to_owned());
                }
            }
            List::Agents => {
                let agent = entry(&mut self.agents, id)?;
                set(&mut agent.number, config, "number");
                set(&mut agent.first, config, "firstname");
                set(&mut agent.last, config, "lastname");
            }
            List::Queues => {
                let queue = entry(&mut self.queues, id)?;
                set(&mut queue.name, config, "name");
                set(&mut queue.display, config, "displayname");
                set(&mut queue.number, config, "number");
            }
            List::Members => {
                let member = entry(&mut self.members, id)?;
                let before = member.status.clone().unwrap_or_default();
                set(&mut member.interface, config, "interface");
                set(&mut member.queue, config, "queue_name");
                if let Some(status) = config.get("status").and_then(self::id) {
                    member.status = Some(status);
                }
                let (interface, queue) = (member.interface.clone()?, member.queue.clone()?);
                let now = member.status.clone().unwrap_or_default();
                return (before != now).then_some(Change::Member { interface, queue, before, now });
            }
        }
        None
    }

    /// Takes in how one of a list does.
    pub fn change(&mut self, list: List, id: &str, status: &Map<String, Value>) -> Option<Change> {
        match list {
            List::Phones => {
                let phone = entry(&mut self.phones, id)?;
                if let Some(Value::Array(channels)) = status.get("channels") {
                    phone.channels = channels.iter().filter_map(self::id).take(100).collect();
                }
                let before = phone.lamp;
                if let Some(code) = status.get("hintstatus").and_then(self::id) {
                    phone.lamp = Lamp::of(&code);
                }
                let now = phone.lamp;
                (before != now).then(|| Change::Lamp { phone: id.to_owned(), before, now })
            }
            List::Agents => {
                let talks = is_on(status.get("on_call_acd")?);
                let agent = entry(&mut self.agents, id)?;
                let before = std::mem::replace(&mut agent.talks, talks);
                (before != talks).then(|| Change::Agent { agent: id.to_owned(), talks })
            }
            List::Users | List::Queues | List::Members => None,
        }
    }

    /// One of a list is no longer there.
    pub fn remove(&mut self, list: List, id: &str) {
        match list {
            List::Users => drop(self.users.remove(id)),
            List::Phones => {
                let removed = self.phones.remove(id).unwrap_or_default();
                if let Some(identity) = removed.identity {
                    self.by_identity.remove(&key(&identity));
                }
                if let Some(number) = removed.number {
                    self.by_number.remove(&number);
                }
            }
            List::Agents => drop(self.agents.remove(id)),
            List::Queues => drop(self.queues.remove(id)),
            List::Members => drop(self.members.remove(id)),
        }
    }

    /// These are all of a list; what is not among them is no longer there.
    pub fn keep(&mut self, list: List, ids: &[String]) {
        let ids: std::collections::HashSet<&str> = ids.iter().map(String::as_str).collect();
        let gone: Vec<String> = self.ids(list).filter(|id| !ids.contains(id.as_str())).cloned().collect();
        for id in gone {
            self.remove(list, &id);
        }
    }

    /// The ids of a list.
    pub fn ids(&self, list: List) -> Box<dyn Iterator<Item = &String> + '_> {
        match list {
            List::Users => Box::new(self.users.keys()),
            List::Phones => Box::new(self.phones.keys()),
            List::Agents => Box::new(self.agents.keys()),
            List::Queues => Box::new(self.queues.keys()),
            List::Members => Box::new(self.members.keys()),
        }
    }

    /// A user.
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    /// A phone.
    pub fn phone(&self, id: &str) -> Option<&Phone> {
        self.phones.get(id)
    }

    /// All phones.
    pub fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.phones.values()
    }

    /// A queue.
    pub fn queue(&self, id: &str) -> Option<&Queue> {
        self.queues.get(id)
    }

    /// All queues.
    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.values()
    }

    /// A queue by its name, as members and forms have it.
    pub fn queue_named(&self, name: &str) -> Option<(&String, &Queue)> {
        self.queues.iter().find(|(_, queue)| queue.name.as_deref() == Some(name))
    }

    /// The name of a queue.
    pub fn queue_name(&self, id: &str) -> Option<&str> {
        self.queues.get(id)?.name.as_deref()
    }

    /// All members of queues.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// The phone that a channel is of.
    pub fn phone_of_channel(&self, channel: &str) -> Option<&String> {
        self.by_identity.get(&key(Channel(channel).endpoint()))
    }

    /// The phone that has this number.
    pub fn phone_of_number(&self, number: &str) -> Option<&String> {
        self.by_number.get(number)
    }

    /// The first phone of a user.
    pub fn phone_of_user(&self, user: &str) -> Option<&String> {
        self.phones_of_user(user).into_iter().next()
    }

    /// All phones of a user, the first one first.
    pub fn phones_of_user(&self, user: &str) -> Vec<&String> {
        let listed = self.users.get(user).map(|user| user.phones.as_slice()).unwrap_or_default();
        let listed: Vec<&String> =
            listed.iter().filter_map(|id| self.phones.get_key_value(id)).map(|(id, _)| id).collect();
        if !listed.is_empty() {
            return listed;
        }
        let mut theirs: Vec<&String> = self
            .phones
            .iter()
            .filter(|(_, phone)| phone.user.as_deref() == Some(user))
            .map(|(id, _)| id)
            .collect();
        theirs.sort();
        theirs
    }

    /// The user who is an agent.
    pub fn user_of_agent(&self, agent: &str) -> Option<&String> {
        self.users.iter().find(|(_, user)| user.agent.as_deref() == Some(agent)).map(|(id, _)| id)
    }

    /// The agent whose calls a member of a queue takes, if it is one.
    pub fn agent_of_interface(&self, interface: &str) -> Option<&String> {
        let number = interface.strip_prefix("Agent/")?;
        self.agents.iter().find(|(_, agent)| agent.number.as_deref() == Some(number)).map(|(id, _)| id)
    }

    /// An agent.
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents.get(id)
    }

    /// What members of queues call an agent.
    pub fn interface_of_agent(&self, id: &str) -> Option<String> {
        let number = self.agents.get(id)?.number.as_deref()?;
        Some(format!("Agent/{number}"))
    }

    /// The phone at which a member of a queue takes calls.
    pub fn phone_of_interface(&self, interface: &str) -> Option<&String> {
        match self.agent_of_interface(interface) {
            Some(agent) => self.phone_of_user(self.user_of_agent(agent)?),
            None => self.by_identity.get(&key(interface)),
        }
    }

    /// Who is at a phone.
    pub fn person_at(&self, phone: &str) -> Person {
        let Some(phone) = self.phones.get(phone) else { return Person::default() };
        let user = phone.user.as_deref().and_then(|user| self.users.get(user));
        Person {
            name: user.and_then(|user| user.name.clone()),
            endpoint: phone.identity.clone(),
            number: phone.number.clone(),
        }
    }

    /// Who takes calls as a member of a queue.
    pub fn person_of_interface(&self, interface: &str) -> Person {
        if let Some(phone) = self.phone_of_interface(interface) {
            return self.person_at(phone);
        }
        let agent = self.agent_of_interface(interface).and_then(|agent| self.agents.get(agent));
        let name = agent.map(|agent| [agent.first.as_deref(), agent.last.as_deref()]);
        let name = name.map(|parts| parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
        Person { name: name.filter(|name| !name.is_empty()), endpoint: None, number: None }
    }
}

impl User {
    fn configure(&mut self, config: &Map<String, Value>) {
        set(&mut self.name, config, "fullname");
        if self.name.is_none() {
            let parts = ["firstname", "lastname"].map(|key| config.get(key).and_then(shown));
            let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.name = Some(name).filter(|name| !name.is_empty());
        }
        if let Some(agent) = config.get("agentid") {
            self.agent = id(agent).filter(|agent| agent != "0");
        }
        if let Some(Value::Array(lines)) = config.get("linelist") {
            self.phones = lines.iter().filter_map(id).take(100).collect();
        }
    }
}

impl Phone {
    fn configure(&mut self, config: &Map<String, Value>) {
        set(&mut self.identity, config, "identity");
        set(&mut self.number, config, "number");
        if let Some(user) = config.get("iduserfeatures") {
            self.user = id(user).filter(|user| user != "0");
        }
    }
}

/// The one of this id, or a new one if there is room.
fn entry<'a, T: Default>(all: &'a mut HashMap<String, T>, id: &str) -> Option<&'a mut T> {
    if !all.contains_key(id) && all.len() >= MOST {
        return None;
    }
    Some(all.entry(id.to_owned()).or_default())
}

/// A value that a message has replaces the one of before.
fn set(value: &mut Option<String>, config: &Map<String, Value>, key: &str) {
    match config.get(key) {
        Some(said @ Value::String(_)) => *value = shown(said),
        Some(said @ Value::Number(_)) => *value = id(said),
        Some(Value::Null) => *value = None,
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {}
    }
}

/// What is the same for all spellings of an endpoint: PJSIP follows SIP, and case tells nothing.
fn key(endpoint: &str) -> String {
    let lower = endpoint.to_ascii_lowercase();
    lower.strip_prefix("pjsip/").map(|name| format!("sip/{name}")).unwrap_or(lower)
}
