//! The server's lists are loaded, some requests at a time.

use std::collections::{HashSet, VecDeque};

use super::{Ask, List, Message};

/// So many requests wait for their reply at once.
const AT_ONCE: usize = 50;

/// What happens meanwhile waits; beyond so many messages it is no longer waited for.
const MOST_WAITING: usize = 20_000;

/// When nothing has been loaded for so many seconds of the server's clock, the rest never comes.
const LONGEST: f64 = 15.0;

/// The lists of one connection, as far as they are loaded.
#[derive(Debug, Default)]
pub struct Loading {
    is_going_on: bool,
    /// to be asked; configurations come before states, which mean something only then
    wanted: VecDeque<Ask>,
    later: VecDeque<Ask>,
    /// asked, and not answered
    open: HashSet<Ask>,
    /// what nothing has been said of yet: a reply, or news that came before it
    unknown: HashSet<Ask>,
    /// what came meanwhile
    waiting: Vec<Message>,
    last: Option<f64>,
}

impl Loading {
    /// Begins anew.
    pub fn begin(&mut self) {
        *self = Self { is_going_on: true, ..Self::default() };
        for ask in List::ALL.map(Ask::Ids) {
            self.unknown.insert(ask.clone());
            self.wanted.push_back(ask);
        }
    }

    /// It comes to nothing, as the connection is lost.
    pub fn stop(&mut self) {
        *self = Self::default();
    }

    /// Whether something is still missing.
    pub fn is_going_on(&self) -> bool {
        self.is_going_on
    }

    /// These are in a list: what is to be known of each.
    pub fn wants(&mut self, list: List, ids: &[String]) {
        for id in ids {
            let config = Ask::Config(list, id.clone());
            self.unknown.insert(config.clone());
            self.wanted.push_back(config);
            if list.has_status() {
                let status = Ask::Status(list, id.clone());
                self.unknown.insert(status.clone());
                self.later.push_back(status);
            }
        }
    }

    /// Whether something is what was to be known, whoever began to speak of it.
    pub fn hears(&mut self, of: &Ask, now: Option<f64>) -> bool {
        let is_reply = self.open.remove(of);
        let is_news = self.unknown.remove(of);
        if is_reply || is_news {
            self.last = now.or(self.last);
        }
        is_reply || is_news
    }

    /// What is to be asked next.
    pub fn next(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        while self.open.len() < AT_ONCE {
            // As long as a list is unknown there may be more of those that come first.
            if self.wanted.is_empty() && !List::ALL.iter().any(|list| self.unknown.contains(&Ask::Ids(*list)))
            {
                self.wanted.append(&mut self.later);
            }
            let Some(ask) = self.wanted.pop_front() else { break };
            self.open.insert(ask.clone());
            asks.push(ask);
        }
        asks
    }

    /// Keeps a message for later.
    pub fn keep(&mut self, message: Message) {
        self.waiting.push(message);
    }

    /// Whether it is over: all is there, or it is no longer waited for.
    pub fn is_over(&mut self, now: Option<f64>) -> bool {
        let is_late = self.last.zip(now).is_some_and(|(last, now)| now - last > LONGEST);
        self.last = self.last.or(now);
        self.is_going_on && (self.unknown.is_empty() || is_late || self.waiting.len() > MOST_WAITING)
    }

    /// Ends it: what came meanwhile, and how many of whom nothing is known.
    pub fn end(&mut self) -> (Vec<Message>, usize) {
        let unknown = self.unknown.len();
        let waiting = std::mem::take(&mut self.waiting);
        self.stop();
        (waiting, unknown)
    }
}
