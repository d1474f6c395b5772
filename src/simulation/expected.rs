//! What should come of an event, and whether it did.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::client::{Row, SendError, Shown};
use crate::delivery::{Delivered, Undelivered};
use crate::event::EventKind;
use crate::number::Numbering;

/// What should come of one event. What is not named may be anything, but an event whose failure
/// is not expected has to be delivered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    action: Option<ActionWord>,
    reason: Option<String>,
    caller_id: Option<String>,
    /// the class of the failure, as results name it
    error: Option<String>,
    pub(super) row: Option<ExpectedRow>,
}

/// The call in the caller log after the event; an empty text is nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedRow {
    shown: Option<Shown>,
    from: Option<String>,
    from_name: Option<String>,
    to: Option<String>,
    to_name: Option<String>,
    queue: Option<String>,
    cause: Option<String>,
}

/// An action's word in results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionWord {
    None,
    Reject,
    Dial,
    /// the reply is lost, and Zammad's decision with it
    Unknown,
}

impl ActionWord {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reject => "reject",
            Self::Dial => "dial",
            Self::Unknown => "unknown",
        }
    }
}

/// One expectation, and what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// such as `action` or `row.shown`
    pub what: &'static str,
    pub expected: String,
    pub found: String,
}

impl Check {
    pub fn passed(&self) -> bool {
        self.expected == self.found
    }

    fn new(what: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what, expected: expected.into(), found: found.into() }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.what == "error" && !self.passed() {
            let Self { expected, found, .. } = self;
            return match (expected.as_str(), found.as_str()) {
                ("", found) => write!(f, "it should have arrived, but it failed: {found}"),
                (expected, "") => write!(f, "it should have failed with {expected}, but it arrived"),
                (expected, found) => write!(
                    f,
                    "it should have failed with {expected}, but it failed with \
                    {found}"
                ),
            };
        }
        let told = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        write!(f, "{} {}", self.what, told(&self.expected))?;
        if self.passed() { Ok(()) } else { write!(f, ", but it is {}", told(&self.found)) }
    }
}

/// What the result of an event is in a word.
pub fn action_word(delivered: &Delivered) -> &str {
    delivered.action.as_ref().map_or(ActionWord::Unknown.as_str(), Action::word)
}

impl Expected {
    /// Compares what came with what should have; a caller log that nobody could read counts as
    /// nothing expected of it.
    pub fn checks(
        &self,
        result: &Result<Delivered, Undelivered>,
        log: Option<Option<&Row>>,
        numbering: &Numbering,
    ) -> Vec<Check> {
        let mut checks = self.reply_checks(result);
        if let (Some(expected), Some(row)) = (&self.row, log) {
            checks.extend(expected.checks(row, numbering));
        }
        checks
    }

    /// Whether the reply is as it should be.
    pub fn fits(&self, result: &Result<Delivered, Undelivered>) -> bool {
        match (result, &self.error) {
            // The usual, and there are millions of them.
            (Ok(Delivered { action: Some(Action::None), .. }), None) => {
                self.action.is_none_or(|action| action == ActionWord::None)
            }
            _ => self.reply_checks(result).iter().all(Check::passed),
        }
    }

    fn reply_checks(&self, result: &Result<Delivered, Undelivered>) -> Vec<Check> {
        let mut checks = Vec::new();
        match (result, &self.error) {
            (Ok(_), None) => {}
            (Ok(_), Some(expected)) => checks.push(Check::new("error", expected, "")),
            (Err(error), expected) => {
                let expected = expected.clone().unwrap_or_default();
                checks.push(Check::new("error", expected, error.error.class()));
            }
        }
        let Ok(delivered) = result else { return checks };
        if let Some(action) = self.action {
            checks.push(Check::new("action", action.as_str(), action_word(delivered)));
        }
        let (reason, caller_id) = match &delivered.action {
            Some(Action::Reject { reason }) => (reason.as_str(), ""),
            Some(Action::Dial { caller_id, .. }) => ("", caller_id.as_str()),
            Some(Action::None | Action::Unknown(_)) | None => ("", ""),
        };
        for (what, expected, found) in
            [("reason", &self.reason, reason), ("caller_id", &self.caller_id, caller_id)]
        {
            checks.extend(expected.as_ref().map(|expected| Check::new(what, expected, found)));
        }
        checks
    }

    /// What cannot come of such an event.
    pub(super) fn check(&self, kind: EventKind) -> Result<(), String> {
        if let Some(error) = &self.error {
            if self.action.is_some() || self.reason.is_some() || self.caller_id.is_some() {
                return Err("an event that fails has no action".to_owned());
            }
            if !SendError::CLASSES.contains(&error.as_str()) {
                let hint = match nearest(error, SendError::CLASSES) {
                    Some(nearest) => format!("did you mean {nearest:?}?"),
                    None => format!("there are: {}", SendError::CLASSES.join(", ")),
                };
                return Err(format!("there is no error class {error:?}; {hint}"));
            }
        }
        let decides = match self.action {
            None | Some(ActionWord::None) => false,
            Some(ActionWord::Reject | ActionWord::Dial | ActionWord::Unknown) => true,
        };
        if kind != EventKind::NewCall && (decides || self.reason.is_some() || self.caller_id.is_some()) {
            return Err(format!("Zammad decides at the newCall, not at the {kind}"));
        }
        if self.reason.is_some() && self.action != Some(ActionWord::Reject) {
            return Err("only the action `reject` has a reason".to_owned());
        }
        if self.caller_id.is_some() && self.action != Some(ActionWord::Dial) {
            return Err("only the action `dial` has a caller_id".to_owned());
        }
        match &self.row {
            Some(row)
                if row.shown == Some(Shown::Absent) && row.fields(None).any(|(_, e, _)| e.is_some()) =>
            {
                Err("a call that is absent has nothing else".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// What may be a number of the scenario.
    pub(super) fn numbers(&mut self) -> impl Iterator<Item = &mut Option<String>> {
        self.row.iter_mut().flat_map(|row| [&mut row.from, &mut row.to])
    }

    /// What may be the names of its agents.
    pub(super) fn names(&mut self) -> impl Iterator<Item = &mut String> {
        self.row.iter_mut().flat_map(|row| [&mut row.from_name, &mut row.to_name]).filter_map(Option::as_mut)
    }

    /// What may be the name of its queue.
    pub(super) fn names_and_queue(&mut self) -> impl Iterator<Item = &mut String> {
        let row = self.row.iter_mut();
        row.flat_map(|row| [&mut row.from_name, &mut row.to_name, &mut row.queue]).filter_map(Option::as_mut)
    }
}

impl ExpectedRow {
    /// The columns but the first: what is expected, and what stands there.
    fn fields<'a>(
        &'a self,
        row: Option<&'a Row>,
    ) -> impl Iterator<Item = (&'static str, Option<&'a String>, String)> {
        let text = |column: fn(&Row) -> Option<&str>| row.and_then(column).unwrap_or_default().to_owned();
        [
            ("row.from", &self.from, text(|row| Some(&row.from))),
            ("row.from_name", &self.from_name, text(|row| row.from_name.as_deref())),
            ("row.to", &self.to, text(|row| Some(&row.to))),
            ("row.to_name", &self.to_name, text(|row| row.to_name.as_deref())),
            ("row.queue", &self.queue, text(|row| row.queue.as_deref())),
            ("row.cause", &self.cause, text(|row| row.cause.as_deref())),
        ]
        .into_iter()
        .map(|(what, expected, found)| (what, expected.as_ref(), found))
    }

    fn checks(&self, row: Option<&Row>, numbering: &Numbering) -> Vec<Check> {
        let shown = row.map_or(Shown::Absent, Row::shown);
        let first =
            self.shown.map(|expected| Check::new("row.shown", expected.to_string(), shown.to_string()));
        // A number is expected as it was sent, or as it stands there.
        let sent = |what: &str, expected: &String, found: &str| match numbering.read(expected) {
            Ok(party)
                if ["row.from", "row.to"].contains(&what) && expected != found && !expected.is_empty() =>
            {
                party.as_str().to_owned()
            }
            Ok(_) | Err(_) => expected.clone(),
        };
        let others = self.fields(row).filter_map(|(what, expected, found)| {
            expected.map(|expected| Check::new(what, sent(what, expected, &found), found))
        });
        first.into_iter().chain(others).collect()
    }
}

/// The word that a misspelt one most likely stands for, if any is near.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    let nearest = known.into_iter().min_by_key(distance)?;
    (distance(&nearest) <= nearest.len().max(word.len()) / 2).then_some(nearest)
}
