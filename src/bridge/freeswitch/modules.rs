//! What modules of FreeSWITCH say of legs: that they wait, and that they have left a message.
//!
//! Source: `mod_callcenter.c`, `mod_fifo.c` and `mod_voicemail.c`. They may say so when a call is over.

use super::event::Event;
use super::header::Header;
use super::listener::Listener;
use crate::bridge::fact::{Fact, What};

impl Listener {
    /// Something that a module of FreeSWITCH's says of a leg that is there. It may say so when its call is over.
    pub(super) fn hear_module(&mut self, uuid: &str, event: &Event) -> Vec<Fact> {
        // A caller who hangs up leaves a queue first, and did not stop waiting for that.
        let is_ending = event.get(Header::AnswerState) == Some("hangup");
        let left = if is_ending { None } else { Some(What::Unqueued) };
        let (uuid, domain, what) = match event.get(Header::Subclass) {
            Some("callcenter::info") => {
                let queue = event.get(Header::Queue).unwrap_or_default();
                let what = match event.get(Header::QueueAction) {
                    Some("member-queue-start" | "member-queue-resume") => {
                        Some(What::Queued(self.queue(queue)))
                    }
                    Some("member-queue-end") => left,
                    _ => None,
                };
                (event.get(Header::QueueCaller).unwrap_or_default(), domain_of(queue), what)
            }
            Some("fifo::info") => {
                let queue = event.get(Header::FifoName).unwrap_or_default();
                let what = match event.get(Header::FifoAction) {
                    Some("push") => Some(What::Queued(self.queue(queue))),
                    Some("caller_pop" | "abort") => left,
                    _ => None,
                };
                (uuid, domain_of(queue), what)
            }
            Some("vm::maintenance") => {
                let is_left = event.get(Header::VoicemailAction) == Some("leave-message");
                (uuid, event.get(Header::VoicemailDomain), is_left.then_some(What::Message))
            }
            _ => return Vec::new(),
        };
        let Some((what, leg)) = what.zip(self.legs.get(uuid)) else { return Vec::new() };
        let (leg, group) = (leg.id.clone(), leg.group.clone());
        self.learns(&group, event);
        self.groups.is_of(&group, domain);
        let mut facts = self.tell_root(&group, event);
        facts.push(Fact { leg, group: group.clone(), what });
        self.groups.sift(&group, facts)
    }

    fn queue(&self, name: &str) -> String {
        let short = name.split_once('@').map_or(name, |(queue, _)| queue);
        if self.queue_domain { name } else { short }.to_owned()
    }
}

fn domain_of(queue: &str) -> Option<&str> {
    queue.split_once('@').map(|(_, domain)| domain)
}
