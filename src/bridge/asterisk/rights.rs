//! What an account may see, as far as its connection shows it.
//!
//! Asterisk says of no account what it may read: events that it may not read do not come. Source: Asterisk's
//! documentation of AMI; tried with Asterisk 22.10.1.

use std::collections::HashSet;

use super::Block;
use crate::bridge::source::Missing;

/// What an account lacks from now on, or that it lacks nothing any more.
pub(super) type Change = Result<(), Missing>;

/// The account may not list channels, for this reason.
pub(super) fn no_list(reason: &str) -> Missing {
    Missing {
        complaint: format!("the account may not list calls: {reason}"),
        next_step:
            "Give the account write = reporting in manager.conf (FreePBX: manager_custom.conf), and reload: \
                    asterisk -rx 'manager reload'"
                .into(),
        is_deaf: false,
    }
}

/// It gets no event.
pub(super) fn no_event() -> Missing {
    lacks_reading("no event arrives")
}

fn lacks_reading(complaint: &str) -> Missing {
    Missing {
        complaint: complaint.to_owned(),
        next_step:
            "Give the account read = call,agent,system in manager.conf (FreePBX: manager_custom.conf), and \
                    reload: asterisk -rx 'manager reload'"
                .into(),
        is_deaf: true,
    }
}

/// Which events do not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deaf {
    /// none at all
    ToAll,
    /// those of calls
    ToCalls,
}

/// What one connection has shown so far.
#[derive(Debug, Default)]
pub(super) struct Rights {
    /// an event has come
    has_heard: bool,
    /// one of a channel has come since the last look
    has_heard_of_calls: bool,
    /// channels that are listed and that no event has told of: Asterisk's own, of which none ever does
    silent: HashSet<String>,
    /// others of that kind, as the last look had them
    suspects: HashSet<String>,
    /// the list of channels is refused
    unlisted: Option<Missing>,
    /// events do not come
    deaf: Option<Deaf>,
    /// what was told last
    told: Option<Change>,
}

impl Rights {
    /// A new connection has begun. Only an event of a call shows that they come.
    pub fn begin(&mut self) {
        *self = Self { deaf: self.deaf.take(), ..Self::default() };
    }

    /// An event has come by itself.
    pub fn hear(&mut self, event: &Block) -> Option<Change> {
        self.has_heard = true;
        let is_of_call = event.get("Uniqueid").is_some();
        self.has_heard_of_calls |= is_of_call;
        let was_deaf = self.deaf;
        self.deaf.take_if(|deaf| is_of_call || *deaf == Deaf::ToAll);
        if was_deaf == self.deaf { None } else { self.change() }
    }

    /// A list was refused.
    pub fn refuse(&mut self, reason: &str) -> Option<Change> {
        self.unlisted = Some(no_list(reason));
        self.change()
    }

    /// A list has come that has these channels of which no event has told. One that begins while the list comes is told
    /// of a moment later, so one look is not enough.
    pub fn look(&mut self, mut untold: HashSet<String>) -> Option<Change> {
        self.unlisted = None;
        self.silent.retain(|id| untold.contains(id));
        untold.retain(|id| !self.silent.contains(id));
        if std::mem::take(&mut self.has_heard_of_calls) {
            self.suspects.clear();
            self.silent.extend(untold);
        } else if !self.has_heard {
            self.deaf = Some(Deaf::ToAll);
        } else if !self.suspects.is_disjoint(&untold) {
            self.deaf = Some(Deaf::ToCalls);
        } else {
            self.suspects = untold;
        }
        self.change()
    }

    fn change(&mut self) -> Option<Change> {
        let deaf = self.deaf.map(|deaf| match deaf {
            Deaf::ToAll => no_event(),
            Deaf::ToCalls => lacks_reading("no event of a call arrives"),
        });
        let now = self.unlisted.clone().or(deaf).map_or(Ok(()), Err);
        if self.told.as_ref() == Some(&now) {
            return None;
        }
        self.told = Some(now.clone());
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::asterisk::Blocks;

    fn event(text: &str) -> Block {
        let mut read = Vec::new();
        Blocks::default().read(format!("{text}\r\n\r\n").as_bytes(), &mut |block| read.push(block.unwrap()));
        read.remove(0)
    }

    fn of_a_call() -> Block {
        event("Event: Newstate\r\nUniqueid: 1.1")
    }

    fn ids(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    fn complaint(change: Option<Change>) -> Option<String> {
        change.map(|change| change.map_or_else(|missing| missing.complaint, |()| "none".to_owned()))
    }

    fn is(complaint: &str) -> Option<String> {
        Some(complaint.to_owned())
    }

    #[test]
    fn an_account_that_gets_no_event_lacks_a_right() {
        let mut rights = Rights::default();
        assert_eq!(complaint(rights.look(ids(&[]))), is("no event arrives"));
        assert_eq!(rights.look(ids(&[])), None, "it is told once");
        assert_eq!(rights.hear(&of_a_call()), Some(Ok(())));
        assert_eq!(rights.look(ids(&[])), None);
    }

    #[test]
    fn an_account_that_gets_none_of_calls_lacks_a_right() {
        let mut rights = Rights::default();
        assert_eq!(rights.hear(&event("Event: FullyBooted")), None);
        assert_eq!(rights.look(ids(&[])), Some(Ok(())));
        assert_eq!(rights.look(ids(&["1.1"])), None, "its event may be on its way");
        assert_eq!(complaint(rights.look(ids(&["1.1"]))), is("no event of a call arrives"));
        // A new login shows nothing else until somebody calls.
        rights.begin();
        assert_eq!(rights.hear(&event("Event: FullyBooted")), None);
        assert_eq!(complaint(rights.look(ids(&[]))), is("no event of a call arrives"));
        assert_eq!(rights.hear(&of_a_call()), Some(Ok(())));
    }

    #[test]
    fn an_account_that_got_no_event_gets_one_after_a_new_login() {
        let mut rights = Rights::default();
        assert_eq!(complaint(rights.look(ids(&[]))), is("no event arrives"));
        rights.begin();
        assert_eq!(rights.hear(&event("Event: FullyBooted")), Some(Ok(())));
        assert_eq!(rights.look(ids(&[])), None);
    }

    #[test]
    fn a_channel_of_asterisk_s_own_is_no_complaint() {
        let mut rights = Rights::default();
        rights.hear(&of_a_call());
        assert_eq!(rights.look(ids(&["1.7"])), Some(Ok(())));
        // It announces something in a conference, whose members say nothing for an hour.
        for _ in 0..3 {
            assert_eq!(rights.look(ids(&["1.7"])), None);
        }
        assert_eq!(rights.look(ids(&["1.7", "1.8"])), None);
        assert_eq!(complaint(rights.look(ids(&["1.7", "1.8"]))), is("no event of a call arrives"));
    }

    #[test]
    fn a_list_that_is_refused_is_a_right_that_lacks() {
        let mut rights = Rights::default();
        let refused = is("the account may not list calls: Permission denied");
        assert_eq!(complaint(rights.refuse("Permission denied")), refused);
        assert_eq!(rights.refuse("Permission denied"), None);
        assert_eq!(rights.hear(&of_a_call()), None, "calls are heard of, and lists are still refused");
        assert_eq!(rights.look(ids(&[])), Some(Ok(())));
    }
}
