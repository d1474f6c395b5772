//! From what a 3CX says to facts about legs.
//!
//! Call Control says that something has changed, and what it is now has to be asked for. Answers are slower than
//! what is said meanwhile: each is laid over by what was learned since it was asked for.

use std::collections::HashMap;

use super::calls::{Calls, Changes};
use super::directory::Directory;
use super::message::{Entry, Message, Participant, Place, Request};
use crate::bridge::fact::LegId;
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::Open;
use crate::config::ThreeCxSettings;

/// How many answers are waited for at most.
const MOST_ASKED: usize = 20_000;

/// Understands one 3CX.
#[derive(Debug, Default)]
pub struct ThreeCx {
    directory: Directory,
    calls: Calls,
    /// what the numbers are that Call Control shows
    kinds: HashMap<String, String>,
    /// participants that were asked for, and whether they have changed since
    asked: HashMap<Place, bool>,
    /// what was learned since everything was asked for; `None`: it is not
    since: Option<HashMap<Place, Option<Box<Participant>>>>,
    /// a participant was not told of since everything was asked for
    is_untold: bool,
    /// legs can be dropped
    is_call_control: bool,
    /// what is there when everything is shown for the first time since a connection began may be there for long
    is_first_look: bool,
}

impl ThreeCx {
    /// Nothing is known yet.
    pub fn new(settings: &ThreeCxSettings) -> Self {
        let mut new = Self::default();
        new.directory.adapt(settings);
        new
    }

    fn ask_for_everything(&mut self) -> Request {
        self.since = Some(HashMap::new());
        Request::Everything
    }

    /// Everything, as it was some time between the question and the answer.
    fn everything(&mut self, at: u64, entries: Vec<Entry>) -> Changes {
        self.is_call_control = true;
        let mut participants = HashMap::new();
        self.kinds.clear();
        for Entry { dn, kind, participants: own } in entries {
            participants.extend(own.into_iter().map(|own| (own.place(), own)));
            self.kinds.insert(dn, kind);
        }
        for (place, learned) in self.since.take().into_iter().flatten() {
            match learned {
                Some(participant) => drop(participants.insert(place, *participant)),
                None => drop(participants.remove(&place)),
            }
        }
        let legs = participants.values().filter_map(|participant| self.leg(participant)).collect();
        self.is_first_look = false;
        self.calls.show(legs, at)
    }

    fn leg(&self, participant: &Participant) -> Option<super::leg::Leg> {
        let kind = self.kinds.get(&participant.dn).map(String::as_str);
        self.directory.of_participant(kind, participant, self.is_first_look)
    }

    /// The answer about one participant.
    fn one(&mut self, at: u64, place: Place, participant: Option<Box<Participant>>) -> Vec<Heard<Request>> {
        // It went while the answer was on its way.
        let Some(has_changed) = self.asked.remove(&place) else { return Vec::new() };
        if participant.is_some() && !self.kinds.contains_key(&place.dn) {
            // Whether it is a person or a machine only the whole picture tells; this one is laid over it.
            let ask = self.since.is_none().then(|| Heard::Ask(self.ask_for_everything()));
            if let Some(since) = &mut self.since {
                since.insert(place.clone(), participant);
            }
            let again = has_changed.then(|| self.changed(place)).flatten();
            return ask.into_iter().chain(again).collect();
        }
        let mut heard = match &participant {
            Some(participant) => match self.leg(participant) {
                Some(leg) => heard(self.calls.put(leg, at)),
                None => Vec::new(),
            },
            None => heard(self.calls.remove(&place.key(), at)),
        };
        if let Some(since) = &mut self.since {
            since.insert(place.clone(), participant);
        }
        if has_changed {
            heard.extend(self.changed(place));
        }
        heard
    }

    fn changed(&mut self, place: Place) -> Option<Heard<Request>> {
        if let Some(has_changed) = self.asked.get_mut(&place) {
            *has_changed = true;
            return None;
        }
        if self.asked.len() >= MOST_ASKED {
            return None;
        }
        self.asked.insert(place.clone(), false);
        Some(Heard::Ask(Request::One(place)))
    }

    /// What it is now is not told, so all is looked at: it counts as gone if it is not there either.
    fn untold(&mut self, place: &Place) -> Vec<Heard<Request>> {
        if self.asked.remove(place).is_none() {
            return Vec::new();
        }
        if self.since.is_some() {
            // What is asked for already may be older than the change.
            self.is_untold = true;
            return Vec::new();
        }
        vec![Heard::Ask(self.ask_for_everything())]
    }

    fn removed(&mut self, at: u64, place: Place) -> Vec<Heard<Request>> {
        self.asked.remove(&place);
        let changes = self.calls.remove(&place.key(), at);
        if let Some(since) = &mut self.since {
            since.insert(place, None);
        }
        heard(changes)
    }
}

impl Source for ThreeCx {
    type Message = Message;
    type Request = Request;
    type Settings = ThreeCxSettings;

    fn adapt(&mut self, settings: &ThreeCxSettings) {
        self.directory.adapt(settings);
    }

    fn take_up(&mut self, open: &Open) {
        self.calls.take_up(open);
    }

    fn begin(&mut self, _secret: &str) -> Vec<Request> {
        self.asked.clear();
        self.is_untold = false;
        self.is_first_look = true;
        vec![self.ask_for_everything()]
    }

    fn ask_again(&mut self) -> Option<Request> {
        None
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Request>> {
        match message {
            Message::Rows { at, rows } => {
                self.is_call_control = false;
                let mut legs = HashMap::new();
                for leg in rows.iter().filter_map(|row| self.directory.of_row(row)) {
                    // Of two lines for one phone the one that talks counts.
                    let known = legs.entry(leg.key.clone()).or_insert_with(|| leg.clone());
                    known.is_up |= leg.is_up;
                }
                heard(self.calls.show(legs.into_values().collect(), at))
            }
            Message::Beside { at, rows } => {
                let is_shown = |number: &str| self.kinds.contains_key(number);
                let (mut waiting, mut others) = (Vec::new(), Vec::new());
                for row in &rows {
                    match self.directory.beside(row, is_shown) {
                        Some(leg) => waiting.push(leg),
                        None => others.extend(self.directory.of_row(row)),
                    }
                }
                heard(self.calls.show_beside(waiting, others, at))
            }
            Message::People(people) => {
                self.directory.learn(people);
                Vec::new()
            }
            Message::Everything { at, entries } => {
                let mut heard = heard(self.everything(at, entries));
                if std::mem::take(&mut self.is_untold) {
                    heard.push(Heard::Ask(self.ask_for_everything()));
                }
                heard
            }
            Message::One { at, place, participant } => self.one(at, place, participant),
            Message::Untold(place) => self.untold(&place),
            Message::Changed(place) => self.changed(place).into_iter().collect(),
            Message::Removed { at, place } => self.removed(at, place),
            Message::Time => match self.since {
                Some(_) => Vec::new(),
                None => vec![Heard::Ask(self.ask_for_everything())],
            },
            Message::Notice(text) => vec![Heard::Remark(text)],
        }
    }

    fn hang_up(&self, leg: &LegId) -> Option<Request> {
        let keys = if self.is_call_control { self.calls.keys_of(leg) } else { Vec::new() };
        let place = |key: &String| {
            let (dn, id) = key.rsplit_once('/')?;
            Some(Place { dn: dn.to_owned(), id: id.to_owned() })
        };
        let places: Vec<Place> = keys.iter().filter_map(place).collect();
        (!places.is_empty()).then_some(Request::Drop(places))
    }

    /// A leg by its place: which call it is part of is known once the message is understood.
    fn about(message: &Message) -> Option<(LegId, LegId)> {
        match message {
            Message::One { place, .. }
            | Message::Untold(place)
            | Message::Changed(place)
            | Message::Removed { place, .. } => {
                let leg = LegId(place.key());
                Some((leg.clone(), leg))
            }
            Message::Rows { .. }
            | Message::Beside { .. }
            | Message::People(_)
            | Message::Everything { .. }
            | Message::Time
            | Message::Notice(_) => None,
        }
    }

    fn named(&self, leg: LegId, group: LegId) -> (LegId, LegId) {
        self.calls.named(&leg.0).unwrap_or((leg, group))
    }

    fn text(message: &Message) -> String {
        serde_json::to_string(message).unwrap_or_default()
    }

    fn mask(message: &mut Message, mask: &Mask) {
        match message {
            Message::Rows { rows, .. } | Message::Beside { rows, .. } => {
                rows.iter_mut().for_each(|row| row.mask(mask))
            }
            Message::People(people) => {
                for (_, name) in &mut people.people {
                    *name = name.as_deref().map(|name| mask.name(name));
                }
            }
            Message::Everything { entries, .. } => {
                let all = entries.iter_mut().flat_map(|entry| &mut entry.participants);
                all.for_each(|participant| participant.mask(mask));
            }
            Message::One { participant, .. } => {
                participant.iter_mut().for_each(|participant| participant.mask(mask));
            }
            Message::Untold(_)
            | Message::Changed(_)
            | Message::Removed { .. }
            | Message::Time
            | Message::Notice(_) => {}
        }
    }
}

/// Facts first: what is compared was told before.
fn heard(changes: Changes) -> Vec<Heard<Request>> {
    let Changes { facts, standing } = changes;
    facts.into_iter().map(Heard::Fact).chain(standing.map(Heard::Standing)).collect()
}
