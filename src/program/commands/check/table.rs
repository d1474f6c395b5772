//! A table for people, and what to do.

use std::io::Write;
use std::net::SocketAddr;

use crate::config::Endpoint;
use crate::health::{Detail, Health, SpoolPart, Stage, StageName, State, Status};
use anstyle::Style;

use super::Checked;
use crate::program::colour::Palette;
use crate::program::table::fitted;

/// Where what was found begins.
const FOUND: usize = 37;

/// So many names of a certificate are shown.
const NAMES: usize = 3;

/// What is said where nobody says in which country the phone system is.
const NO_COUNTRY: &str = "not set: national numbers are sent as they are; set country in [numbers]";

/// What is said when nothing is wrong on this side.
const NOTHING_WRONG: &str = "If agents still see no calls: they need the permission CTI, and caller-log \
    filters, if any, must match the queue or the called number.";

pub(super) fn write(out: &mut dyn Write, checked: &[Checked]) -> std::io::Result<()> {
    let palette = Palette::for_stdout();
    let several = checked.len() > 1;
    for (place, checked) in checked.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}\n", checked.clean(&heading(checked, several)))?;
        for stage in &checked.health.stages {
            writeln!(out, "{}", row(checked, stage, palette))?;
        }
        for part in checked.spool.iter().flat_map(|spool| &spool.parts).chain(&checked.order) {
            writeln!(out, "{}", part_row(checked, part, palette))?;
        }
        if let Some(part) = &checked.log {
            writeln!(out, "{}", part_row(checked, part, palette))?;
        }
        if checked.lacks_country {
            writeln!(out, "  {:<15} {:<6} {:>10}  {}", "Country", "-", "", beside(NO_COUNTRY))?;
        }
        for part in checked.bridges.iter().flat_map(|bridge| &bridge.parts) {
            writeln!(out, "{}", part_row(checked, part, palette))?;
        }
        let verdict = &checked.verdict;
        let style = match verdict.status {
            Status::Ok => palette.good,
            Status::Warning | Status::Unknown => palette.notable,
            Status::Critical => palette.bad,
        };
        let status = verdict.status;
        let message = fitted(&checked.clean(&verdict.message), status.to_string().len() + 2);
        writeln!(out, "\n{style}{status}{style:#}: {message}")?;
        let advice =
            verdict.next_step.as_ref().map_or_else(|| NOTHING_WRONG.to_owned(), |step| format!("{step}."));
        writeln!(out, "  {}", fitted(&checked.clean(&advice), 2))?;
    }
    Ok(())
}

/// One stage: its name, how it went, its time, and what it found.
fn row(checked: &Checked, stage: &Stage, palette: Palette) -> String {
    let (style, word) = match stage.state {
        State::Passed => (palette.good, "ok"),
        State::Failed(_) => (palette.bad, "FAILED"),
        State::NotReached | State::NotNeeded => (Style::new(), "-"),
    };
    let time = stage.took.map_or_else(String::new, |took| format!("{:.1} ms", took.as_secs_f64() * 1000.0));
    let (title, blanks) = (stage.name.title(), " ".repeat(6 - word.len()));
    let found = beside(&checked.clean(&detail(&checked.health, stage)));
    format!("  {title:<15} {style}{word}{style:#}{blanks} {time:>10}  {found}").trim_end().to_owned()
}

/// A side of the spool or of a phone system.
fn part_row(checked: &Checked, part: &SpoolPart, palette: Palette) -> String {
    let (style, word) = match part.status {
        Status::Ok => (palette.good, "ok"),
        Status::Warning | Status::Unknown => (palette.notable, "WARN"),
        Status::Critical => (palette.bad, "CRIT"),
    };
    let (title, blanks) = (part.name.title(), " ".repeat(6 - word.len()));
    let found = beside(&checked.clean(&part.found));
    format!("  {title:<15} {style}{word}{style:#}{blanks} {:>10}  {found}", "")
}

/// What was found may be long, as names are, and goes on in further lines.
fn beside(found: &str) -> String {
    fitted(found, FOUND)
}

fn heading(checked: &Checked, several: bool) -> String {
    let endpoint = checked.shown_endpoint().unwrap_or_else(|| {
        if checked.has_url { "the configuration cannot be used" } else { "no endpoint" }.to_owned()
    });
    match &checked.profile {
        Some(profile) => format!("profile {profile}: {endpoint}"),
        None if several => format!("top level: {endpoint}"),
        None => endpoint,
    }
}

fn detail(health: &Health, stage: &Stage) -> String {
    let addresses =
        |addresses: &[SocketAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let proxy = health.proxy.as_ref().map_or_else(String::new, |proxy| format!(", the proxy {proxy}"));
    let found = match &stage.detail {
        None => String::new(),
        Some(Detail::Addresses(found)) => {
            let found: Vec<_> = found.iter().map(|address| address.ip().to_string()).collect();
            format!("{}{proxy}", found.join(", "))
        }
        Some(Detail::Connected { to, in_vain }) if in_vain.is_empty() => format!("{to}{proxy}"),
        Some(Detail::Connected { to, in_vain }) => format!("{to}{proxy}, failed: {}", addresses(in_vain)),
        Some(Detail::TriedInVain(tried)) => format!("{}{proxy}", addresses(tried)),
        Some(Detail::TlsVersion(version)) => (*version).to_owned(),
        Some(Detail::HttpStatus(422)) if health.failure().is_none() => {
            "HTTP 422, the right answer to a probe".to_owned()
        }
        Some(Detail::HttpStatus(status)) => format!("HTTP {status}"),
    };
    match stage.name {
        StageName::Dns => match stage.state {
            State::NotNeeded => "not needed, the host is an address".to_owned(),
            State::Passed | State::Failed(_) | State::NotReached => found,
        },
        StageName::Tls => match stage.state {
            State::NotNeeded => {
                let in_the_clear = !health.endpoint.as_ref().is_some_and(Endpoint::is_loopback);
                let warning = if in_the_clear { ": everyone in between can read the token" } else { "" };
                format!("not used, the URL is http://{warning}")
            }
            State::Passed | State::Failed(_) => {
                let parts = [Some(found).filter(|found| !found.is_empty()), certificate(health)];
                parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
            State::NotReached => found,
        },
        StageName::Configuration
        | StageName::Tcp
        | StageName::Http
        | StageName::Zammad
        | StageName::Integration
        | StageName::Configured
        | StageName::Token => found,
    }
}

fn certificate(health: &Health) -> Option<String> {
    let certificate = health.certificate.as_ref()?;
    let days = match health.days_left? {
        days @ 0.. => format!("{days} days left"),
        _ => "expired".to_owned(),
    };
    let verified = if health.insecure { ", NOT VERIFIED" } else { "" };
    let names = certificate.names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    let more = match certificate.names.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = if names.is_empty() { "no name".to_owned() } else { names };
    Some(format!(
        "certificate until {} ({days}){verified}, from {}, for {names}{more}",
        certificate.last_day, certificate.issuer
    ))
}
