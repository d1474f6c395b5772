//! Which calls are reported, and when.

use std::time::Duration;

use super::Reason;
use super::call::{Call, Way};
use crate::asterisk::is_number;
use crate::bridge::fact::{Person, Place, Side, Taker};
use crate::config::{Agents, Pattern};
use crate::event::WrittenEvent;
use crate::number::{Numbering, Party};

/// As many characters of a number as Zammad keeps, also with a country's code before them.
const LONGEST_NUMBER: usize = 90;

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
    /// calls of these numbers, queues, lines and extensions are not reported
    pub ignore: Vec<Pattern>,
    /// a call of which nothing was heard for so long is over
    pub stale: Duration,
    /// whose phone it is
    pub agents: Agents,
    /// how the phone system writes numbers
    pub numbering: Numbering,
    /// the key of the phone system's settings that names the contexts of trunks
    pub trunk_setting: &'static str,
    /// a call that is over within `hold`, and that nobody took, is one that the phone system turned away: not reported
    pub passes_brief_calls: bool,
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
            trunk_setting: "trunk_contexts",
            passes_brief_calls: false,
        }
    }
}

impl Rules {
    /// The pattern by which a call is not reported: its numbers as the phone system writes them and as Zammad gets them,
    /// its queue, its line, and the extension that calls.
    pub(super) fn ignores(&self, call: &Call) -> Option<&str> {
        // Most have none, and numbers take time to read.
        if self.ignore.is_empty() {
            return None;
        }
        let numbers = [call.from.as_deref(), Some(&*call.to)].map(|shown| shown.map(str::to_owned));
        let sent = numbers.clone().map(|shown| shown.map(|shown| self.sent(shown)));
        let others = [&call.queue, &call.trunk, &call.caller];
        let texts: Vec<&str> =
            numbers.iter().chain(&sent).chain(others).flatten().map(String::as_str).collect();
        self.met(&texts)
    }

    /// The pattern by which it is not reported as long as no other phones ring: all that have been rung are such
    /// extensions.
    pub(super) fn ignores_extensions(&self, call: &Call) -> Option<&str> {
        if call.way == Way::Out {
            return None;
        }
        let mut met = call.extensions.iter().map(|extension| self.met(&[extension]));
        let first = met.next()??;
        met.all(|pattern| pattern.is_some()).then_some(first)
    }

    fn met<'a>(&'a self, texts: &[&str]) -> Option<&'a str> {
        let is_met = |pattern: &&Pattern| texts.iter().any(|text| pattern.is_met_by(text));
        self.ignore.iter().find(is_met).map(Pattern::as_str)
    }

    /// Who took a call: the login if it is known, else what the phone system calls them.
    pub(super) fn user(&self, person: &Person) -> Option<String> {
        let login = self.agents.login(person.endpoint.as_deref(), person.number.as_deref(), &self.numbering);
        login.map(|login| login.as_str().to_owned()).or_else(|| person.name.clone())
    }

    /// Who took a call, and their number. Nobody of the house is at a mobile, whatever name was shown to it.
    pub(super) fn taker(&self, taker: Taker) -> (Option<String>, Option<String>) {
        let Taker { leg: _, side, person, number } = taker;
        match side {
            Side::Phone | Side::Inner => (self.user(&person), person.number),
            Side::Outside => (None, number),
        }
    }

    /// The same for people.
    pub(super) fn shown_taker(&self, user: Option<&str>, number: Option<&str>) -> Option<String> {
        user.map(str::to_owned).or_else(|| number.map(|shown| self.sent_of_taker(shown.to_owned())))
    }

    /// The number of who calls as Zammad gets it.
    pub(super) fn sent_of_caller(&self, shown: &str) -> String {
        self.numbering.read(shown).map_or_else(|_| Party::ANONYMOUS.to_owned(), |party| party.to_string())
    }

    /// A number as Zammad gets it; of what it does not take as much as it does.
    pub(super) fn sent(&self, shown: String) -> String {
        self.numbering.read(&shown).map_or_else(|_| cut(&shown), |party| party.to_string())
    }

    /// The number of who took a call, likewise.
    pub(super) fn sent_of_taker(&self, shown: String) -> String {
        self.numbering.read_answering(&shown).map_or_else(|_| cut(&shown), |number| number.to_string())
    }

    /// Puts numbers into an event that Zammad takes. A stranger may have written anything there: a call is not lost for
    /// that, and nobody is taken for half of a number.
    pub(super) fn make_sendable(&self, event: &mut WrittenEvent) {
        let is_wrong =
            |shown: &Option<String>| shown.as_ref().is_some_and(|shown| self.numbering.read(shown).is_err());
        if is_wrong(&event.from) {
            event.from = Some(Party::ANONYMOUS.to_owned());
        }
        if is_wrong(&event.to) {
            event.to = event.to.as_deref().map(cut);
        }
        if is_wrong(&event.to) {
            event.to = Some(Party::ANONYMOUS.to_owned());
        }
        if is_wrong(&event.answering_number) {
            event.answering_number = None;
        }
    }

    /// The context of a leg that is counted to the house, and is none of its phones: so it may be a trunk's.
    pub(super) fn unknown_context(&self, place: Place) -> Option<String> {
        let Place { context, endpoint, shown } = place;
        let digits = |number: &str| number.chars().filter(char::is_ascii_digit).count();
        let is_long =
            |number: &str| is_number(number) && digits(number) > usize::from(self.numbering.extension_digits);
        let name = endpoint.split_once('/').map_or(endpoint.as_str(), |(_, name)| name);
        // Whatever number customers are shown of it.
        let is_phone = name == shown || is_number(name) && !is_long(name);
        // SIP's word for a number that is withheld (RFC 3323): phones of the house have no reason for it.
        let is_stranger = is_long(&shown) || shown.eq_ignore_ascii_case(Party::ANONYMOUS);
        (is_stranger && !is_phone).then_some(context)
    }

    /// Why a call is not reported that is not.
    pub(super) fn forbids(&self, call: &Call) -> Option<Reason> {
        let ignores = || self.ignores(call).or_else(|| self.ignores_extensions(call));
        if let Some(pattern) = call.is_ignored.as_deref().or_else(ignores) {
            return Some(Reason::Ignored(pattern.to_owned()));
        }
        if call.is_brief {
            return Some(Reason::Brief);
        }
        if self.reports(call) {
            return None;
        }
        let no_trunk = |context| Reason::NoTrunk { context, setting: self.trunk_setting };
        Some(call.unknown_context.clone().map_or(Reason::Internal, no_trunk))
    }

    /// Whether a call is one that Zammad is told of.
    pub(super) fn reports(&self, call: &Call) -> bool {
        call.is_ignored.is_none()
            && !call.is_alone
            && !call.is_brief
            && (call.way != Way::Internal || self.internal)
    }
}

/// As much of what was dialled as Zammad keeps, without what nobody dials, and up to what hides such a thing.
fn cut(shown: &str) -> String {
    let begins = shown.split('%').next().unwrap_or_default();
    begins.chars().filter(char::is_ascii_graphic).take(LONGEST_NUMBER).collect()
}
