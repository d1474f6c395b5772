//! One line for Nagios and its kin, by the Nagios plug-in development guidelines: status, text,
//! and behind the bar the performance data.

use std::io::Write;

use zammad_cti::health::{Status, Thresholds};

use super::{Checked, worst};

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

/// `'label'=value[unit];warning;critical;minimum;maximum`
fn performance(checked: &Checked, thresholds: &Thresholds) -> Vec<String> {
    let health = &checked.health;
    let time = health.time().map_or_else(|| "U".to_owned(), |time| format!("{:.3}s", time.as_secs_f64()));
    let Thresholds { warning_time, critical_time, warning_days, critical_days } = thresholds;
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
    data
}

fn label(checked: &Checked, what: &str) -> String {
    let Some(profile) = &checked.profile else { return what.to_owned() };
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    format!("{}_{what}", profile.chars().map(safe).collect::<String>())
}

fn name(checked: &Checked) -> &str {
    checked.profile.as_deref().unwrap_or("top level")
}
