//! What the account at the phone system lacks: told once, and looked for again.

use std::time::Duration;

use tokio::time::Instant;

use crate::bridge::source::Missing;

/// An account gets other rights when it logs in. So one that hears of no call does after that time.
const LOG_IN_AGAIN: Duration = Duration::from_secs(180);

/// One that hears of calls does it rarely: of a call that begins in that moment it may not hear, and no list tells.
const LOG_IN_RARELY: Duration = Duration::from_secs(60 * 60);

/// What the account lacks, as far as it is known.
#[derive(Debug, Default)]
pub struct Rights {
    lacks: Option<Missing>,
    log_in_again: Option<Instant>,
    /// a login is under way for its rights alone
    is_wanted: bool,
}

impl Rights {
    /// The phone system has shown what the account may do. `true`: that is news, which has been told.
    pub fn change(&mut self, name: &str, rights: Result<(), Missing>) -> bool {
        let lacks = rights.err();
        let pause = |missing: &Missing| if missing.is_deaf { LOG_IN_AGAIN } else { LOG_IN_RARELY };
        self.log_in_again = lacks.as_ref().map(|missing| Instant::now() + pause(missing));
        if self.lacks == lacks {
            return false;
        }
        match &lacks {
            Some(Missing { complaint, next_step, .. }) => log::warn!("{name}: {complaint}. {next_step}"),
            None => log::info!("{name}: the account has the rights that it needs"),
        }
        self.lacks = lacks;
        true
    }

    /// What the account lacks.
    pub fn lacks(&self) -> Option<&Missing> {
        self.lacks.as_ref()
    }

    /// The connection was lost, and another one shows more.
    pub fn is_lost(&mut self) {
        self.log_in_again = None;
        self.is_wanted = false;
    }

    /// When it is time for a new login.
    pub fn due(&self) -> Option<Instant> {
        self.log_in_again
    }

    /// A new login is made now.
    pub fn log_in_again(&mut self) {
        self.log_in_again = None;
        self.is_wanted = true;
    }

    /// There is a connection. `false`: it was there before, and only the rights may be others.
    pub fn is_new_connection(&mut self) -> bool {
        !std::mem::take(&mut self.is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(is_deaf: bool) -> Result<(), Missing> {
        Err(Missing { complaint: "no event arrives".to_owned(), next_step: "Give it one".into(), is_deaf })
    }

    #[test]
    fn what_an_account_lacks_is_told_once_and_looked_for_again() {
        let mut rights = Rights::default();
        assert!(!rights.change("asterisk", Ok(())) && rights.due().is_none());
        assert!(rights.change("asterisk", missing(true)));
        assert!(!rights.change("asterisk", missing(true)));
        assert!(rights.due().is_some_and(|due| due > Instant::now()));
        assert!(rights.is_new_connection());
        rights.log_in_again();
        assert!(rights.due().is_none() && !rights.is_new_connection() && rights.is_new_connection());
        // The new login shows nothing else.
        assert!(!rights.change("asterisk", missing(true)) && rights.due().is_some());
        assert!(rights.change("asterisk", Ok(())));
        assert!(rights.due().is_none() && rights.lacks().is_none());
    }

    #[test]
    fn an_account_that_hears_of_calls_logs_in_again_rarely() {
        let mut rights = Rights::default();
        rights.change("asterisk", missing(true));
        let soon = rights.due().unwrap();
        rights.change("asterisk", missing(false));
        assert!(rights.due().unwrap() > soon + LOG_IN_AGAIN);
        rights.is_lost();
        assert!(rights.due().is_none() && rights.lacks().is_some());
    }
}
