//! A run of calls for programs: JSON, and the JUnit XML that build servers show.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use crate::client::{Row, Shown, in_full};
use crate::config::Endpoint;
use crate::event::EventKind;
use crate::simulation::{Check, End, Played, PlayedEvent, Scenario, action_word};
use anyhow::Context;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use crate::program::exit_code::UsageError;
use crate::program::output::VERSION;
use crate::program::safe_text::{json, printable};

/// Where a report goes, opened before any call is begun.
pub struct ReportFile {
    format: ReportFormat,
    file: File,
    path: PathBuf,
}

#[derive(Clone, Copy)]
enum ReportFormat {
    Json,
    Junit,
}

impl ReportFile {
    /// `words` are those of the flag: a format and a path.
    pub fn create(words: &[String]) -> anyhow::Result<Self> {
        let (format, path) = match words {
            [format, path] if format == "json" => (ReportFormat::Json, path),
            [format, path] if format == "junit" => (ReportFormat::Junit, path),
            _ => return Err(UsageError("--report takes a format, junit or json, and then a file").into()),
        };
        let file = File::create(path).with_context(|| format!("cannot write the report {path}"))?;
        Ok(Self { format, file, path: PathBuf::from(path) })
    }

    pub fn write(mut self, report: &Report) -> anyhow::Result<()> {
        let text = match self.format {
            ReportFormat::Json => json(report),
            ReportFormat::Junit => report.junit()?,
        };
        writeln!(self.file, "{}", text.trim_end())
            .with_context(|| format!("cannot write the report {}", self.path.display()))
    }
}

/// All calls of a run.
#[derive(Serialize)]
pub struct Report {
    version: u8,
    run: String,
    /// the address played against, without its token
    endpoint: String,
    stand_in: bool,
    passed: bool,
    /// why it is not complete
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    scenarios: Vec<PlayedScenario>,
    not_played: Vec<String>,
}

#[derive(Serialize)]
struct PlayedScenario {
    name: String,
    story: String,
    call_id: String,
    passed: bool,
    /// complete, stopped (by the user), failed (an event that should have arrived)
    end: &'static str,
    elapsed_ms: u64,
    steps: Vec<PlayedStep>,
    /// what the call left in the caller log, where it could be read
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<ShownRow>,
}

#[derive(Serialize)]
struct ShownRow {
    shown: Shown,
    #[serde(flatten)]
    row: Row,
}

#[derive(Serialize)]
struct PlayedStep {
    /// in the scenario's time
    at_ms: u64,
    event: EventKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'static str>,
    attempts: u32,
    elapsed_ms: u64,
    checks: Vec<Checked>,
    /// it is not in the scenario, but the call would have rung on without it
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    added: bool,
}

#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    check: Check,
    passed: bool,
}

impl Report {
    pub fn new(run: &str, endpoint: &Endpoint, stand_in: bool) -> Self {
        Self {
            version: VERSION,
            run: run.to_owned(),
            endpoint: endpoint.to_string(),
            stand_in,
            passed: true,
            error: None,
            scenarios: Vec::new(),
            not_played: Vec::new(),
        }
    }

    /// Not all calls were played, for this reason.
    pub fn ends_early(&mut self, reason: &str) {
        self.passed = false;
        self.error.get_or_insert_with(|| printable(reason));
    }

    /// A call that was not played.
    pub fn skip(&mut self, scenario: &Scenario) {
        self.not_played.push(scenario.name.clone());
    }

    pub fn add(&mut self, scenario: &Scenario, played: &Played, endpoint: &Endpoint) {
        let passed = played.as_expected();
        self.passed &= passed;
        if let Some(error) = &played.log_error {
            self.error.get_or_insert_with(|| printable(&endpoint.redact(&in_full(error))));
        }
        self.scenarios.push(PlayedScenario {
            name: scenario.name.clone(),
            story: scenario.story.clone(),
            call_id: played.call_id.to_string(),
            passed,
            end: match played.end {
                End::Complete => "complete",
                End::Stopped => "stopped",
                End::Failed => "failed",
            },
            elapsed_ms: milliseconds(played.took),
            steps: played.steps.iter().map(|step| PlayedStep::new(step, endpoint)).collect(),
            row: played.row.clone().map(|row| ShownRow { shown: row.shown(), row }),
        });
    }

    /// The same for build servers: a test case a call, and what was not as expected as its failure.
    fn junit(&self) -> Result<String, quick_junit::SerializeError> {
        let mut suite = TestSuite::new("simulate");
        for scenario in &self.scenarios {
            let mut status = TestCaseStatus::success();
            let unmet = scenario.unmet();
            if !scenario.passed {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                let message = unmet.first().cloned().unwrap_or_else(|| scenario.end.to_owned());
                status.set_message(xml_text(&message)).set_description(xml_text(&unmet.join("\n")));
            }
            let mut case = TestCase::new(xml_text(&printable(&scenario.name)), status);
            case.set_classname("zammad-cti.simulate")
                .set_time(Duration::from_millis(scenario.elapsed_ms))
                .set_system_out(xml_text(&scenario.in_words()));
            suite.add_test_case(case);
        }
        for name in &self.not_played {
            let mut case = TestCase::new(xml_text(&printable(name)), TestCaseStatus::skipped());
            case.set_classname("zammad-cti.simulate");
            suite.add_test_case(case);
        }
        if let Some(error) = &self.error {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(xml_text(error));
            let mut case = TestCase::new("the run", status);
            case.set_classname("zammad-cti.simulate");
            suite.add_test_case(case);
        }
        let mut report = quick_junit::Report::new("zammad-cti");
        report.add_test_suite(suite);
        report.to_string()
    }
}

impl PlayedScenario {
    fn unmet(&self) -> Vec<String> {
        let unmet = |step: &PlayedStep| {
            let event = step.event;
            let checks = step.checks.iter().filter(|checked| !checked.passed);
            let failure = step.error.clone().map(|error| format!(" ({error})")).unwrap_or_default();
            checks
                .map(move |checked| printable(&format!("{event}: {}{failure}", checked.check)))
                .collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(unmet).collect()
    }

    fn in_words(&self) -> String {
        let line = |step: &PlayedStep| {
            let came = step.action.as_deref().or(step.error.as_deref()).unwrap_or_default();
            printable(&format!("{} -> {came}", step.event))
        };
        let lines = [format!("call {}: {}", self.call_id, printable(&self.story))].into_iter();
        lines.chain(self.steps.iter().map(line)).collect::<Vec<_>>().join("\n")
    }
}

impl PlayedStep {
    fn new(step: &PlayedEvent, endpoint: &Endpoint) -> Self {
        let (result, effort) = match &step.result {
            Ok(delivered) => (Ok(delivered), &delivered.effort),
            Err(error) => (Err(error), &error.effort),
        };
        Self {
            at_ms: milliseconds(step.at),
            event: step.event.kind,
            action: result.ok().map(|delivered| action_word(delivered).to_owned()),
            error: result.err().map(|error| printable(&endpoint.redact(&error.error.in_full()))),
            error_class: result.err().map(|error| error.error.class()),
            attempts: effort.attempts,
            elapsed_ms: milliseconds(effort.elapsed),
            checks: step
                .checks
                .iter()
                .map(|check| Checked { check: check.clone(), passed: check.passed() })
                .collect(),
            added: step.is_added,
        }
    }
}

/// A text without the characters that no XML may have, not even escaped: they are shown by their number.
///
/// Source: XML 1.0, section 2.2, "Char".
fn xml_text(text: &str) -> String {
    let is_xml =
        |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_xml(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_default());
        }
    }
    safe
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_makes_a_report_that_is_xml() {
        // Behind the first plane all are as good as its last ones.
        let all: String = ('\0'..='\u{ffff}').chain(['\u{10000}', '\u{1fffe}', char::MAX]).collect();
        let check = Check { what: "row.cause", expected: all.clone(), found: all.clone() };
        let step = PlayedStep {
            at_ms: 0,
            event: EventKind::Hangup,
            action: Some(all.clone()),
            error: Some(all.clone()),
            error_class: None,
            attempts: 1,
            elapsed_ms: 0,
            checks: vec![Checked { check, passed: false }],
            added: false,
        };
        let played = PlayedScenario {
            name: all.clone(),
            story: all.clone(),
            call_id: all.clone(),
            passed: false,
            end: "complete",
            elapsed_ms: 0,
            steps: vec![step],
            row: None,
        };
        let report = Report {
            version: VERSION,
            run: all.clone(),
            endpoint: all.clone(),
            stand_in: true,
            passed: false,
            error: Some(all.clone()),
            scenarios: vec![played],
            not_played: vec![all],
        };
        let xml = report.junit().unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let messages = document.descendants().filter_map(|node| node.attribute("message"));
        assert!(
            messages.clone().count() == 2 && messages.clone().all(|text| text.contains(r"\u{fffe}\u{ffff}"))
        );
    }
}
