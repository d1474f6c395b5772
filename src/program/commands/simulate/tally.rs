//! The figures of the calls that were played.

use crate::client::CallerLogError;
use crate::delivery::Undelivered;
use crate::simulation::{End, Played};

use crate::program::exit_code::ExitCode;

/// What came of the calls so far.
#[derive(Default)]
pub struct Tally {
    pub calls: usize,
    pub as_expected: usize,
    pub checks: usize,
    pub unmet: usize,
    pub is_broken_off: bool,
    /// the scenarios that did not come out as expected, each once
    pub failed: Vec<String>,
    /// the first that should not have been
    pub failure: Option<Undelivered>,
    /// why the first one of the caller logs that failed could not be read
    pub log_error: Option<CallerLogError>,
}

impl Tally {
    /// Counts a call.
    pub fn add(&mut self, scenario: &str, played: Played) {
        let is_known = self.failed.iter().any(|name| name == scenario);
        if !played.as_expected() && played.end != End::Stopped && !is_known {
            self.failed.push(scenario.to_owned());
        }
        self.calls += 1;
        self.as_expected += usize::from(played.as_expected());
        self.checks += played.checks().count();
        self.unmet += played.checks().filter(|check| !check.passed()).count();
        self.is_broken_off |= played.end == End::Stopped;
        self.log_error = self.log_error.take().or(played.log_error);
        let failure = played.steps.into_iter().find(|step| step.unexpected_failure().is_some());
        let failure = failure.and_then(|step| step.result.err());
        self.failure = self.failure.take().or(failure);
    }

    /// Whether the next call would fare no better.
    pub fn is_over(&self) -> bool {
        let code = self.failure.as_ref().map(|failure| ExitCode::of_send(&failure.error));
        code.is_some_and(|code| code != ExitCode::InvalidEvent) || self.log_error.is_some()
    }
}
