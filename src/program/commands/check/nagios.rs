//! One line for Nagios and its kin, by the Nagios plug-in development guidelines: status, text,
//! and behind the bar the performance data.

use std::io::Write;
use std::time::Duration;

use crate::health::{Bound, Contents, SpoolHealth, SpoolState, SpoolThresholds, Status, Thresholds};

use super::{Checked, worst};
use crate::config::redact;
use crate::program::safe_text::{in_words, printable};

pub(super) fn write(
    out: &mut dyn Write,
    checked: &[Checked],
    thresholds: &Thresholds,
) -> std::io::Result<()> {
    let text = match checked {
        [one] => one.clean(&one.verdict.message),
        several => {
            let mut parts: Vec<_> = several.iter().collect();
            // The worst first: a pager shows the beginning of the line.
            parts.sort_by_key(|checked| match checked.verdict.status {
                Status::Critical => 0,
                Status::Unknown => 1,
                Status::Warning => 2,
                Status::Ok => 3,
            });
            let said = |checked: &Checked| {
                let Checked { verdict, .. } = checked;
                checked.clean(&format!("{} {}: {}", name(checked), verdict.status, verdict.message))
            };
            parts.into_iter().map(said).collect::<Vec<_>>().join("; ")
        }
    };
    // Behind a bar everything would be performance data.
    let text = text.replace('|', "/");
    let data: Vec<_> = checked.iter().flat_map(|checked| performance(checked, thresholds)).collect();
    writeln!(out, "ZAMMAD {} - {text} | {}", worst(checked), data.join(" "))
}

/// The line of a check that did not begin.
pub(super) fn not_checked(out: &mut dyn Write, why: &str) -> std::io::Result<()> {
    let why = printable(&in_words(&redact(why))).replace('|', "/");
    writeln!(out, "ZAMMAD {} - {why}", Status::Unknown)
}

/// `'label'=value[unit];warning;critical;minimum;maximum`
fn performance(checked: &Checked, thresholds: &Thresholds) -> Vec<String> {
    let health = &checked.health;
    let time = health.time().map_or_else(|| "U".to_owned(), |time| format!("{:.3}s", time.as_secs_f64()));
    let Thresholds { warning_time, critical_time, warning_days, critical_days, .. } = thresholds;
    let mut data = vec![format!(
        "{}={time};{};{};0",
        label(checked, "time"),
        warning_time.as_secs_f64(),
        critical_time.as_secs_f64()
    )];
    data.extend(health.days_left.map(|days| {
        let days_label = label(checked, "days");
        if health.insecure {
            format!("{days_label}={days}")
        } else {
            format!("{days_label}={days};{warning_days}:;{critical_days}:")
        }
    }));
    data.extend(checked.bridges.iter().map(|bridge| {
        let calls =
            bridge.heartbeat.as_ref().map_or_else(|| "U".to_owned(), |told| told.told.calls.to_string());
        format!("{}={calls};;;0", label(checked, &format!("{}_calls", bridge.name.source)))
    }));
    data.extend(checked.spool.iter().flat_map(|spool| of_spool(checked, &spool.health, &thresholds.spool)));
    data
}

/// The spool's; all is zero in one that is not begun.
fn of_spool(checked: &Checked, spool: &SpoolHealth, thresholds: &SpoolThresholds) -> [String; 4] {
    let nothing = Contents::default();
    let contents = match &spool.state {
        SpoolState::NotBegun => Some(&nothing),
        SpoolState::Open(contents) => Some(&**contents),
        SpoolState::Unusable(_) => None,
    };
    let value = |value: fn(&Contents) -> String| contents.map_or_else(|| "U".to_owned(), value);
    // Here a limit is the last value that is well, there the first that is not.
    let last = |limit: Option<u64>| limit.map_or_else(String::new, |limit| (limit - 1).to_string());
    let counted = |what: &str, value: String, bound: Bound<u64>| {
        format!("{}={value};{};{};0", label(checked, what), last(bound.warning), last(bound.critical))
    };
    let seconds =
        |limit: Option<Duration>| limit.map_or_else(String::new, |limit| limit.as_secs_f64().to_string());
    let age = value(|contents| format!("{}s", contents.overview.totals.oldest.unwrap_or_default().as_secs()));
    let Bound { warning, critical } = thresholds.age;
    [
        counted(
            "waiting",
            value(|contents| contents.overview.totals.waiting.to_string()),
            thresholds.waiting,
        ),
        format!("{}={age};{};{};0", label(checked, "age"), seconds(warning), seconds(critical)),
        counted("dead", value(|contents| contents.at_rest().to_string()), thresholds.dead),
        counted("stuck", value(|contents| contents.overview.stuck.to_string()), thresholds.stuck),
    ]
}

fn label(checked: &Checked, what: &str) -> String {
    let Some(profile) = &checked.profile else { return what.to_owned() };
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    // First, because a token is not found any more in what becomes of an address.
    format!("{}_{what}", checked.clean(profile).chars().map(safe).collect::<String>())
}

fn name(checked: &Checked) -> &str {
    checked.profile.as_deref().unwrap_or("top level")
}
