//! Which calls are reported, and when.

use std::time::Duration;

use super::call::{Call, Way};
use crate::bridge::fact::Person;
use crate::bridge::pattern::Pattern;
use crate::config::Agents;
use crate::number::Numbering;

/// What is reported and when: the table `[bridge]`.
#[derive(Debug, Clone)]
pub struct Rules {
    /// how long a new call waits for the others who ring
    pub hold: Duration,
    /// whether calls between two phones of the house are reported
    pub internal: bool,
    /// whether who takes a call over gets an answer too
    pub second_answer: bool,
    /// how long a call may be missing from a list before it counts as ended
    pub grace: Duration,
    /// calls of these numbers, queues and lines are not reported
    pub ignore: Vec<Pattern>,
    /// a call of which nothing was heard for so long is over
    pub stale: Duration,
    /// whose phone it is
    pub agents: Agents,
    /// how the phone system writes numbers
    pub numbering: Numbering,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            hold: Duration::from_millis(150),
            internal: false,
            second_answer: false,
            grace: Duration::from_secs(2),
            ignore: Vec::new(),
            stale: Duration::from_secs(6 * 60 * 60),
            agents: Agents::default(),
            numbering: Numbering::default(),
        }
    }
}

impl Rules {
    /// The pattern by which a call is not reported.
    pub(super) fn ignores(&self, call: &Call) -> Option<&str> {
        let texts = || {
            let (from, to) = (call.from.as_deref(), Some(call.to.as_str()));
            [from, to, call.queue.as_deref(), call.trunk.as_deref()].into_iter().flatten()
        };
        let is_met = |pattern: &&Pattern| texts().any(|text| pattern.is_met_by(text));
        self.ignore.iter().find(is_met).map(Pattern::as_str)
    }

    /// Who took a call: the login if it is known, else what the phone system calls them.
    pub(super) fn user(&self, person: &Person) -> Option<String> {
        let login = self.agents.login(person.endpoint.as_deref(), person.number.as_deref(), &self.numbering);
        login.map(|login| login.as_str().to_owned()).or_else(|| person.name.clone())
    }

    /// A number as Zammad gets it; what is none as it is shown.
    pub(super) fn sent(&self, shown: String) -> String {
        self.numbering.read(&shown).map_or(shown, |party| party.to_string())
    }

    /// Whether a call is one that Zammad is told of.
    pub(super) fn reports(&self, call: &Call) -> bool {
        call.is_ignored.is_none() && (call.way != Way::Internal || self.internal)
    }
}
