//! What the configuration's API tells beside Call Control: names, queues, and who waits in queues that the client may
//! not see.
//!
//! A client may lack the right for it, and after a restart of the 3CX it may be up later than Call Control. A question in
//! vain says nothing, and is asked again with growing pauses. But callers who were told of by the list of active calls
//! before are there no longer if the list is refused, is not needed any more, or does not come on a new connection:
//! nobody would tell of their end.

use std::time::Duration;

use tokio::time::Instant;

use super::message::{Message, People, Row};
use crate::bridge::source::LinkError;

/// How long a new connection waits for names before calls are followed without them. They are told of later then.
pub const NAMES: Duration = Duration::from_secs(2);

/// How often it is asked who there is.
pub const PEOPLE: Duration = Duration::from_secs(300);

/// The longest pause after questions in vain.
const LONGEST_PAUSE: Duration = Duration::from_secs(45);

/// After so many questions in vain a new connection does not bring the list: half a minute, if lists are asked for every
/// 500 ms.
const MOST_VAIN: u32 = 6;

/// How often a list is refused that was granted before, until that counts.
const REPEATED: u32 = 3;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// names and queues
    People,
    /// the list of active calls
    List,
}

/// What became of the question for the list of active calls.
#[derive(Debug)]
pub enum Listed {
    /// It came.
    Rows(Vec<Row>),
    /// It is not granted, with this status.
    Refused(u16),
    /// It did not come.
    Vain,
}

/// When to ask what, and what follows from the answers.
#[derive(Debug)]
pub struct Beside {
    /// between two lists
    interval: Duration,
    /// names and queues were told, or refused
    is_known: bool,
    people: Option<People>,
    /// numbers of queues, as far as they are told
    queues: Vec<String>,
    /// `None`: it is asked
    people_due: Option<Instant>,
    /// `None`: it is asked, not needed, or not granted
    list_due: Option<Instant>,
    is_listing: bool,
    /// the list has come on this connection
    has_come: bool,
    /// what was said last of the list; `None`: nothing on this connection
    last: Option<Vec<Row>>,
    /// questions in a row
    vain: u32,
}

impl Beside {
    /// Of a new connection. The list is asked for at this interval.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            is_known: false,
            people: None,
            queues: Vec::new(),
            people_due: None,
            list_due: None,
            is_listing: false,
            has_come: false,
            last: None,
            vain: 0,
        }
    }

    /// Whether names and queues were told, or refused.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// When something is to be asked.
    pub fn due(&self) -> Option<Instant> {
        self.people_due.into_iter().chain(self.list_due).min()
    }

    /// What is to be asked now.
    pub fn ask(&mut self, now: Instant) -> Option<Question> {
        if self.people_due.take_if(|due| now >= *due).is_some() {
            return Some(Question::People);
        }
        self.list_due.take_if(|due| now >= *due)?;
        self.is_listing = true;
        Some(Question::List)
    }

    /// Names and queues; `None` if they are not granted.
    pub fn told(
        &mut self,
        people: Result<Option<People>, LinkError>,
        now: Instant,
        at: u64,
    ) -> Option<Message> {
        match people {
            Ok(people) => {
                self.people_due = Some(now + PEOPLE);
                if !std::mem::replace(&mut self.is_known, true) {
                    self.vain = 0;
                }
                self.queues = people.as_ref().map(|people| people.queues.clone()).unwrap_or_default();
                let is_news = people.is_some() && people != self.people;
                self.people = people.or(self.people.take());
                is_news.then(|| self.people.clone().map(Message::People)).flatten()
            }
            Err(error) => {
                log::debug!("names and queues are not told: {}", crate::client::in_full(&error));
                if self.is_known {
                    self.people_due = Some(now + PEOPLE);
                    return None;
                }
                self.people_due = Some(now + self.pause());
                self.in_vain(at)
            }
        }
    }

    /// Everything is shown: whether the list is needed.
    pub fn shown(&mut self, is_shown: impl Fn(&str) -> bool, now: Instant, at: u64) -> Option<Message> {
        if !self.is_known || self.list_due.is_some() || self.is_listing {
            return None;
        }
        if self.queues.iter().all(|queue| is_shown(queue)) {
            return self.lose(at);
        }
        self.list_due = Some(now);
        None
    }

    /// The list came, or did not.
    pub fn listed(&mut self, listed: Listed, now: Instant, at: u64) -> Option<Message> {
        self.is_listing = false;
        match listed {
            Listed::Rows(rows) => {
                (self.vain, self.has_come) = (0, true);
                self.list_due = Some(now + self.interval);
                if self.last.as_ref() == Some(&rows) {
                    return None;
                }
                self.last = Some(rows.clone());
                Some(Message::Beside { at, rows })
            }
            // What was permitted a moment ago may be so again.
            Listed::Refused(_) if self.has_come && self.vain < REPEATED => {
                self.list_due = Some(now + self.pause());
                self.in_vain(at)
            }
            Listed::Refused(status) => {
                log::debug!(
                    "queues that the client may not see are not followed: no list of active calls ({status})"
                );
                // It is tried again when queues are told of again.
                self.queues.clear();
                (self.vain, self.has_come) = (0, false);
                self.lose(at)
            }
            Listed::Vain => {
                self.list_due = Some(now + self.pause());
                self.in_vain(at)
            }
        }
    }

    fn pause(&self) -> Duration {
        self.interval.saturating_mul(1 << self.vain.min(10)).min(LONGEST_PAUSE)
    }

    /// One question more. A list that has come on this connection will come again.
    fn in_vain(&mut self, at: u64) -> Option<Message> {
        self.vain += 1;
        if self.has_come || self.vain < MOST_VAIN { None } else { self.lose(at) }
    }

    /// Nobody tells any more of callers whom the list had.
    fn lose(&mut self, at: u64) -> Option<Message> {
        let is_said = self.last.as_ref().is_some_and(Vec::is_empty);
        self.last = Some(Vec::new());
        (!is_said).then(|| Message::Beside { at, rows: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[&str]) -> People {
        let people = names.iter().map(|name| ((*name).to_owned(), None)).collect();
        People { people, ..People::default() }
    }

    #[test]
    fn a_list_that_is_refused_is_asked_for_again_once_queues_are_told_of() {
        let mut beside = Beside::new(Duration::from_millis(500));
        let mut now = Instant::now();
        let queues = People { queues: vec!["816".to_owned()], ..people(&["150"]) };
        for status in [403, 404, 403] {
            beside.told(Ok(Some(queues.clone())), now, 0);
            beside.shown(|_| false, now, 0);
            assert_eq!(beside.ask(now), Some(Question::List));
            beside.listed(Listed::Refused(status), now, 0);
            beside.shown(|_| false, now, 0);
            assert_eq!(beside.due(), Some(now + PEOPLE));
            now += PEOPLE;
            assert_eq!(beside.ask(now), Some(Question::People));
        }
    }

    #[test]
    fn names_are_asked_for_again_and_said_if_they_changed() {
        let mut beside = Beside::new(Duration::from_millis(500));
        let mut now = Instant::now();
        let (one, two) = (people(&["150"]), people(&["150", "151"]));
        // (what is told, what is said)
        let cases = [
            (Some(one.clone()), Some(one.clone())),
            (Some(one.clone()), None),
            // The right is taken away for a while: what is known stays.
            (None, None),
            (Some(one), None),
            (Some(two.clone()), Some(two)),
        ];
        for (told, said) in cases {
            assert_eq!(beside.told(Ok(told), now, 0), said.map(Message::People));
            assert_eq!(beside.due(), Some(now + PEOPLE));
            assert_eq!(beside.ask(now), None);
            now += PEOPLE;
            assert_eq!(beside.ask(now), Some(Question::People));
            assert_eq!(beside.due(), None);
        }
    }
}
