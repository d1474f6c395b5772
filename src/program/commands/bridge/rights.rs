//! What the account at the phone system lacks: told once, and looked for again.

use std::time::Duration;

use tokio::time::Instant;

use crate::bridge::source::Missing;

/// An account gets other rights when it logs in. So it does after that time, as after a login that is refused.
const LOG_IN_AGAIN: Duration = Duration::from_secs(180);

/// What the account lacks, as far as it is known.
#[derive(Debug, Default)]
pub struct Rights {
    lacks: Option<Missing>,
    log_in_again: Option<Instant>,
}

impl Rights {
    /// The phone system has shown what the account may do. `true`: that is news, which has been told.
    pub fn change(&mut self, name: &str, rights: Result<(), Missing>) -> bool {
        let lacks = rights.err();
        self.log_in_again = lacks.as_ref().map(|_| Instant::now() + LOG_IN_AGAIN);
        if self.lacks == lacks {
            return false;
        }
        match &lacks {
            Some(Missing { complaint, next_step, .. }) => log::warn!("{name}: {complaint}. {next_step}"),
            None => log::info!("{name}: the account may do what it has to"),
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
    }

    /// When it may be time for a new login.
    pub fn due(&self) -> Option<Instant> {
        self.log_in_again
    }

    /// Whether a new login is to be made now. While calls are followed it waits: without a list nobody would know what
    /// happened to them meanwhile.
    pub fn is_due(&mut self, open_calls: usize) -> bool {
        let is_deaf = self.lacks.as_ref().is_some_and(|missing| missing.is_deaf);
        let is_now = is_deaf || open_calls == 0;
        self.log_in_again = (!is_now).then(|| Instant::now() + LOG_IN_AGAIN);
        is_now
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
        assert!(rights.is_due(2) && rights.due().is_none());
        // The new login shows nothing else.
        assert!(!rights.change("asterisk", missing(true)) && rights.due().is_some());
        assert!(rights.change("asterisk", Ok(())));
        assert!(rights.due().is_none() && rights.lacks().is_none());
    }

    #[test]
    fn an_account_that_hears_of_calls_logs_in_again_between_them() {
        let mut rights = Rights::default();
        rights.change("asterisk", missing(false));
        assert!(!rights.is_due(1) && rights.due().is_some());
        assert!(rights.is_due(0));
        rights.change("asterisk", missing(false));
        rights.is_lost();
        assert!(rights.due().is_none() && rights.lacks().is_some());
    }
}
