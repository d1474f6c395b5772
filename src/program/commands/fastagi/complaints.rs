//! What is said of peers that are refused or make no sense: a line at once, and how often it was after a
//! minute, lest a stranger fills the log.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::Level;

use super::guest::Guest;

/// What is said once counts for so long.
const MINUTE: Duration = Duration::from_secs(60);

/// So many peers and reasons are kept apart; what comes beyond them counts as one.
const APART: usize = 1000;

/// What a peer does that is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// no header in time
    Silent,
    /// too many connections without a header
    Crowd,
    /// it speaks something else
    NoAgi,
    /// too many calls at once
    TooMany,
    /// too many events on their way to Zammad
    Backlog,
    WrongUser,
    WrongSecret,
    /// a secret that nobody asks for
    NeedlessSecret,
    /// an address or a call that cannot be reported
    Mistake,
    /// too many of its events wait
    Hoard,
    /// the system has no more files or threads
    NoRoom,
    /// whatever else is logged while a stranger's event is dealt with
    Line(Level),
}

impl Reason {
    /// How many lines a minute there are of it. What is wrong with a dialplan has a line for each mistake, and
    /// so has each event.
    fn lines(self) -> u32 {
        match self {
            Self::Mistake | Self::Line(_) => 20,
            Self::Silent
            | Self::Crowd
            | Self::NoAgi
            | Self::TooMany
            | Self::Backlog
            | Self::WrongUser
            | Self::WrongSecret
            | Self::NeedlessSecret
            | Self::Hoard
            | Self::NoRoom => 1,
        }
    }
}

tokio::task_local! {
    /// for whom something is done, if it is not trusted
    static STRANGER: (Guest, Arc<Complaints>);
}

/// Does it for a stranger: of what is logged meanwhile only so much is said.
pub async fn on_behalf<F: Future>(
    stranger: Option<Guest>,
    complaints: &Arc<Complaints>,
    work: F,
) -> F::Output {
    match stranger {
        Some(guest) => STRANGER.scope((guest, complaints.clone()), work).await,
        None => work.await,
    }
}

/// The same in a thread.
pub fn in_thread_on_behalf<T>(
    stranger: Option<Guest>,
    complaints: &Arc<Complaints>,
    work: impl FnOnce() -> T,
) -> T {
    match stranger {
        Some(guest) => STRANGER.sync_scope((guest, complaints.clone()), work),
        None => work(),
    }
}

/// Whether a line may be in the log: not if it is one of too many on behalf of a stranger. Details, which
/// there are only if somebody asks for them, always may.
pub fn may_be_logged(level: Level, target: &str, text: &str) -> bool {
    // What is said here was counted before.
    if level > Level::Info || target == module_path!() {
        return true;
    }
    let is_new = |(guest, complaints): &(Guest, Arc<Complaints>)| {
        complaints.is_new(*guest, Reason::Line(level), text, Instant::now())
    };
    STRANGER.try_with(is_new).unwrap_or(true)
}

/// What was said of whom.
#[derive(Default)]
pub struct Complaints(Mutex<HashMap<(Option<Guest>, Reason), Said>>);

struct Said {
    since: Instant,
    lines: u32,
    /// those that were counted only
    more: u64,
    last: String,
}

impl Complaints {
    /// Says it, if it was not said within the last minute.
    pub fn say(&self, guest: Guest, reason: Reason, text: impl fmt::Display) {
        let text = text.to_string();
        if self.is_new(guest, reason, &text, Instant::now()) {
            match reason {
                // Of a call, which is not in Zammad for it.
                Reason::Mistake | Reason::NoAgi => log::error!("{text}"),
                Reason::Silent
                | Reason::Crowd
                | Reason::TooMany
                | Reason::Backlog
                | Reason::WrongUser
                | Reason::WrongSecret
                | Reason::NeedlessSecret
                | Reason::Hoard
                | Reason::NoRoom => log::warn!("{text}"),
                Reason::Line(level) => log::log!(level, "{text}"),
            }
        }
    }

    fn is_new(&self, guest: Guest, reason: Reason, text: &str, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = all.len() >= APART;
        let key = if is_full && !all.contains_key(&(Some(guest), reason)) { None } else { Some(guest) };
        match all.entry((key, reason)) {
            Entry::Vacant(entry) => {
                entry.insert(Said { since: now, lines: 1, more: 0, last: text.to_owned() });
                true
            }
            Entry::Occupied(mut entry) => {
                let said = entry.get_mut();
                if said.lines < reason.lines() {
                    said.lines += 1;
                    return true;
                }
                said.more += 1;
                text.clone_into(&mut said.last);
                false
            }
        }
    }

    /// Says how often it was, of what was said a minute ago and came again.
    pub fn sum_up(&self) {
        self.lines_of(Some(Instant::now())).iter().for_each(|line| log::warn!("{line}"));
    }

    /// The same of all, at the end.
    pub fn end(&self) {
        self.lines_of(None).iter().for_each(|line| log::warn!("{line}"));
    }

    /// `now`: of what is a minute old then.
    fn lines_of(&self, now: Option<Instant>) -> Vec<String> {
        let mut lines = Vec::new();
        let is_over = |said: &Said| now.is_none_or(|now| now.saturating_duration_since(said.since) >= MINUTE);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(guest, _), said| {
            let is_over = is_over(said);
            if is_over && said.more > 0 {
                let whose = if guest.is_some() { "" } else { ", by several peers" };
                lines.push(format!("{} more like this{whose}, the last: {}", said.more, said.last));
            }
            !is_over
        });
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_once_a_minute_and_counted() {
        let complaints = Complaints::default();
        let start = Instant::now();
        let (nobody, other) = (Guest::User(65534), Guest::User(33));
        let says = |guest, reason, text: &str, second| {
            complaints.is_new(guest, reason, text, start + Duration::from_secs(second))
        };
        assert!(says(nobody, Reason::Silent, "a", 0));
        for second in 1..=300 {
            assert!(!says(nobody, Reason::Silent, &format!("{second}"), second / 10));
        }
        assert!(says(nobody, Reason::WrongUser, "b", 1));
        assert!(says(other, Reason::Silent, "c", 1));
        assert_eq!(complaints.lines_of(Some(start + Duration::from_secs(59))), [""; 0]);
        let lines = complaints.lines_of(Some(start + Duration::from_secs(60)));
        assert_eq!(lines, ["300 more like this, the last: 300"]);
        assert!(says(nobody, Reason::Silent, "again", 61));
        assert_eq!(complaints.lines_of(None), [""; 0]);
    }

    #[test]
    fn mistakes_have_a_line_each_up_to_a_bound() {
        let complaints = Complaints::default();
        let now = Instant::now();
        let said = (0..100)
            .filter(|number| complaints.is_new(Guest::Unknown, Reason::Mistake, &format!("{number}"), now))
            .count();
        assert_eq!(said, 20);
        assert_eq!(complaints.lines_of(None), ["80 more like this, the last: 99"]);
    }

    #[test]
    fn strangers_without_number_do_not_fill_memory() {
        let complaints = Complaints::default();
        let now = Instant::now();
        let strangers = (0..5000_u32).map(|number| Guest::Address(number.to_be_bytes().into()));
        let said = strangers.filter(|guest| complaints.is_new(*guest, Reason::Silent, "x", now)).count();
        assert_eq!(said, APART + 1);
        assert_eq!(complaints.lines_of(None), ["3999 more like this, by several peers, the last: x"]);
    }
}
