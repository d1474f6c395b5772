//! All channels that there are, as `show channels` and `uuid_dump` tell of them.

use std::collections::HashSet;

use super::event::Event;
use super::header::Header;
use super::listener::Listener;
use super::request::Row;
use crate::bridge::fact::{Fact, Side, Standing};

impl Listener {
    /// What the list says of legs; from here on these are the legs that there are. What happened meanwhile to calls
    /// that are known comes first. Of those in `unread` it is only known that they are there.
    pub(super) fn standing(
        &mut self,
        list: &[(Row, Event)],
        unread: &HashSet<String>,
    ) -> (Vec<Fact>, Vec<Standing>) {
        let listed = list.iter().map(|(row, _)| &row.uuid);
        let there: HashSet<&str> = listed.clone().chain(unread).map(String::as_str).collect();
        let gone: Vec<String> = self
            .legs
            .iter()
            .map(|(uuid, _)| uuid)
            .filter(|uuid| !there.contains(uuid.as_str()))
            .cloned()
            .collect();
        for uuid in gone {
            if let Some(leg) = self.legs.remove(&uuid) {
                self.groups.leave(&leg.group);
            }
        }
        let known: HashSet<String> = self.legs.iter().map(|(uuid, _)| uuid.clone()).collect();
        self.enter_all(list);
        for (row, event) in list {
            self.is_as_listed(row, event, &there);
        }
        let mut facts = Vec::new();
        for (row, event) in list {
            let Some(group) = self.legs.get(&row.uuid).map(|leg| leg.group.clone()) else { continue };
            let is_known = self.groups.get(&group).is_some_and(|group| known.contains(&group.root));
            let mut told = self.tell_root(&group, event);
            told.extend(self.tell_dial(&row.uuid));
            if is_known {
                facts.extend(self.groups.sift(&group, told));
            }
        }
        let standing = listed.chain(unread).filter_map(|uuid| self.stands(uuid)).collect();
        (facts, standing)
    }

    /// Takes up the legs that are not known, each after the one that had it rung.
    fn enter_all(&mut self, list: &[(Row, Event)]) {
        let there: HashSet<&str> = list.iter().map(|(row, _)| row.uuid.as_str()).collect();
        let mut waiting: Vec<&(Row, Event)> =
            list.iter().filter(|(row, _)| !self.legs.contains(&row.uuid)).collect();
        loop {
            let before = waiting.len();
            waiting.retain(|(row, event)| {
                let parent = super::legs::parent(event);
                let is_next =
                    parent.is_none_or(|parent| !there.contains(parent) || self.legs.contains(parent));
                if is_next {
                    self.enters(event, Some(row));
                }
                !is_next
            });
            if waiting.len() == before {
                return;
            }
        }
    }

    /// A leg has gone on as the list has it.
    fn is_as_listed(&mut self, row: &Row, event: &Event, there: &HashSet<&str>) {
        let Some(leg) = self.legs.get_mut(&row.uuid) else { return };
        leg.is_answered |= event.get(Header::AnswerState) == Some("answered");
        // The second is there while it rings, too.
        let partners =
            [Header::BridgedTo, Header::BoundTo].into_iter().filter_map(|header| event.get(header));
        leg.partner = partners.into_iter().find(|uuid| there.contains(uuid)).map(str::to_owned);
        leg.was_bridged |= event.get(Header::BridgedTo).is_some();
        let group = leg.group.clone();
        self.learns(&group, event);
    }

    fn stands(&self, uuid: &str) -> Option<Standing> {
        let leg = self.legs.get(uuid).filter(|leg| leg.side != Side::Inner)?;
        if !self.groups.is_followed(&leg.group) {
            return None;
        }
        // A phone that is rung by a click, and then calls.
        let is_rung_to_call = leg.side == Side::Phone && leg.parent.is_none();
        Some(Standing {
            leg: leg.id.clone(),
            group: leg.group.clone(),
            side: leg.side,
            calls: leg.calls || is_rung_to_call,
            from: leg.from.clone(),
            to: leg.to.clone(),
            person: leg.person(),
            trunk: leg.trunk(),
            talks_to: self.legs.talks_to(uuid),
        })
    }
}
