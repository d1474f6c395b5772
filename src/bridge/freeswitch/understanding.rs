//! Which messages count, in which order, and when all channels are to be looked at.
//!
//! A connection begins with a list of all channels, and then each of them is asked for. While that comes, what happens
//! meanwhile waits.

use std::collections::HashSet;
use std::mem::take;

use super::event::Event;
use super::header::Header;
use super::legs;
use super::listener::Listener;
use super::look::rights;
use super::request::{Message, Request, Row, Says};
use crate::bridge::fact::LegId;
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::config::FreeSwitchSettings;

/// More events than come while the list of all channels does.
const MOST_MEANWHILE: usize = 100_000;

/// How far the list of all channels is.
#[derive(Debug, Default)]
struct List {
    /// it is asked for, or it comes
    is_coming: bool,
    /// the channels that were asked for, and are not there yet
    missing: Vec<Row>,
    /// those that are
    channels: Vec<(Row, Event)>,
    /// those that are there, and of which it says no more
    unread: HashSet<String>,
    /// what has happened since it was asked for
    meanwhile: Vec<Event>,
}

/// Understands one FreeSWITCH.
#[derive(Debug)]
pub struct FreeSwitch {
    listener: Listener,
    list: List,
    /// it was said that something that is no event came
    is_told_of_broken: bool,
}

impl FreeSwitch {
    /// Nothing is known yet.
    pub fn new(settings: &FreeSwitchSettings) -> Self {
        Self { listener: Listener::new(settings), list: List::default(), is_told_of_broken: false }
    }

    /// Whether no leg is there.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.listener.legs.iter().next().is_none() && self.listener.groups.is_empty()
    }

    fn hear(&mut self, event: &Event) -> Vec<Heard<Request>> {
        let mut heard: Vec<_> = self.listener.hear(event).into_iter().map(Heard::Fact).collect();
        heard.extend(self.listener.remark().map(Heard::Remark));
        heard.extend(self.listener.groups.passed().into_iter().map(Heard::Passed));
        heard
    }

    fn read(&mut self, to: Request, says: Says) -> Vec<Heard<Request>> {
        match (to, says) {
            (Request::Channels, Says::Channels(rows)) if self.list.is_coming => self.ask_for_each(rows),
            (Request::Channel(uuid), says) if self.list.is_coming => self.comes(&uuid, says),
            (Request::Channels, Says::Text(why)) => {
                let mut heard = self.listed_nothing();
                heard.push(Heard::Rights(rights(Some(&why)).map(drop)));
                heard
            }
            (Request::Tell(events), Says::Text(why)) if !why.starts_with("+OK") => {
                vec![Heard::Remark(format!(
                    "FreeSWITCH does not tell of {events} ({why}), so the bridge does not know of them"
                ))]
            }
            // A call that is over needs no end.
            (Request::End(_), Says::Text(why))
                if !why.starts_with("+OK") && !why.contains("No such channel") =>
            {
                vec![Heard::Remark(format!(
                    "a caller whom Zammad blocks is not disconnected ({why}); on_reject = hangup needs the command \
                     uuid_kill"
                ))]
            }
            (
                Request::Channels
                | Request::Channel(_)
                | Request::Tell(_)
                | Request::End(_)
                | Request::Alive
                | Request::Gateways
                | Request::Queues
                | Request::Registrations,
                Says::Channels(_) | Says::Channel(_) | Says::Text(_),
            ) => Vec::new(),
        }
    }

    fn ask_for_each(&mut self, rows: Vec<Row>) -> Vec<Heard<Request>> {
        let is_askable = |row: &Row| Request::Channel(row.uuid.clone()).command().is_some();
        let (askable, other): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_askable);
        self.list.missing = askable;
        self.list.unread = other.into_iter().map(|row| row.uuid).collect();
        if self.list.missing.is_empty() {
            return self.listed();
        }
        let ask = |row: &Row| Heard::Ask(Request::Channel(row.uuid.clone()));
        self.list.missing.iter().map(ask).collect()
    }

    /// One of the channels that were asked for, or that it is there no longer.
    fn comes(&mut self, uuid: &str, says: Says) -> Vec<Heard<Request>> {
        let Some(place) = self.list.missing.iter().position(|row| row.uuid == uuid) else {
            return Vec::new();
        };
        let row = self.list.missing.swap_remove(place);
        let mut heard = match says {
            Says::Channel(channel) => {
                self.list.channels.push((row, channel));
                Vec::new()
            }
            Says::Text(why) if why.contains("permission denied") => {
                let mut heard = self.listed_nothing();
                heard.push(Heard::Remark(format!(
                    "FreeSWITCH does not show which calls there are ({why}); its account needs the command uuid_dump"
                )));
                heard
            }
            Says::Text(why) if why.contains("No such channel") => Vec::new(),
            // Nothing says that it is gone.
            Says::Text(_) | Says::Channels(_) => {
                self.list.unread.insert(row.uuid);
                Vec::new()
            }
        };
        if self.list.is_coming && self.list.missing.is_empty() {
            heard.extend(self.listed());
        }
        heard
    }

    /// The list is complete. What happened meanwhile to legs that are known comes before it, so that a call that ended
    /// is one that ended as it did; what else happened, after it.
    fn listed(&mut self) -> Vec<Heard<Request>> {
        let List { channels, mut unread, meanwhile, .. } = take(&mut self.list);
        let uuid = |event: &Event| event.get(Header::UniqueId).map(str::to_owned);
        let (known, other): (Vec<_>, Vec<_>) = meanwhile
            .into_iter()
            .partition(|event| uuid(event).is_some_and(|uuid| self.listener.legs.contains(&uuid)));
        let is_end = |event: &&Event| event.name() == "CHANNEL_HANGUP_COMPLETE";
        let gone: HashSet<String> = known.iter().chain(&other).filter(is_end).filter_map(uuid).collect();
        let mut heard: Vec<_> = known.iter().flat_map(|event| self.hear(event)).collect();
        let there: Vec<_> = channels.into_iter().filter(|(row, _)| !gone.contains(&row.uuid)).collect();
        unread.retain(|uuid| !gone.contains(uuid));
        let (facts, standing) = self.listener.standing(&there, &unread);
        heard.extend(facts.into_iter().map(Heard::Fact));
        heard.push(Heard::Standing(standing));
        heard.push(Heard::Rights(Ok(())));
        heard.extend(other.iter().flat_map(|event| self.hear(event)).collect::<Vec<_>>());
        heard
    }

    /// There is no list. What has happened counts.
    fn listed_nothing(&mut self) -> Vec<Heard<Request>> {
        let List { meanwhile, .. } = take(&mut self.list);
        meanwhile.iter().flat_map(|event| self.hear(event)).collect()
    }
}

impl Source for FreeSwitch {
    type Message = Message;
    type Request = Request;
    type Settings = FreeSwitchSettings;

    fn adapt(&mut self, settings: &FreeSwitchSettings) {
        self.listener.adapt(settings);
    }

    fn begin(&mut self, _secret: &str) -> Vec<Request> {
        self.list = List { is_coming: true, ..List::default() };
        self.is_told_of_broken = false;
        vec![Request::Channels]
    }

    /// What was asked tells of each leg whether it has answered, and with whom it is bridged. Whatever changed later was
    /// told, because events were asked for before.
    fn ask_again(&mut self) -> Option<Request> {
        None
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Request>> {
        match message {
            Message::Event(event) if self.list.is_coming && self.list.meanwhile.len() < MOST_MEANWHILE => {
                self.list.meanwhile.push(event);
                Vec::new()
            }
            Message::Event(event) => self.hear(&event),
            Message::Reply { to, says } => self.read(to, says),
            Message::Broken(why) => {
                let is_told = std::mem::replace(&mut self.is_told_of_broken, true);
                let remark = format!("FreeSWITCH says something that is no event: {why}");
                (!is_told).then_some(Heard::Remark(remark)).into_iter().collect()
            }
        }
    }

    fn hang_up(&self, leg: &LegId) -> Option<Request> {
        let is_it = |(_, known): &(&String, &legs::Leg)| known.id == *leg;
        let uuid = if self.listener.legs.contains(&leg.0) {
            &leg.0
        } else {
            self.listener.legs.iter().find(is_it).map(|(uuid, _)| uuid)?
        };
        let request = Request::End(uuid.clone());
        request.command().is_some().then_some(request)
    }

    fn about(message: &Message) -> Option<(LegId, LegId)> {
        let Message::Event(event) = message else { return None };
        let queue_caller = || event.get(Header::QueueCaller);
        let uuid = event.get(Header::UniqueId).or_else(queue_caller)?;
        let leg = legs::id(uuid, event);
        let group = legs::parent(event).map_or_else(|| leg.clone(), |parent| LegId(parent.to_owned()));
        Some((leg, group))
    }

    fn text(message: &Message) -> String {
        message.to_string()
    }

    fn mask(message: &mut Message, mask: &Mask) {
        match message {
            Message::Event(event) | Message::Reply { says: Says::Channel(event), .. } => event.mask(mask),
            Message::Reply { says: Says::Channels(rows), .. } => {
                for row in rows {
                    row.destination = mask.word(&row.destination);
                    row.caller_number = mask.word(&row.caller_number);
                }
            }
            Message::Reply { says: Says::Text(_), .. } | Message::Broken(_) => {}
        }
    }
}
