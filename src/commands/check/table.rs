//! A table for people, and what to do.

use std::io::Write;
use std::net::SocketAddr;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use zammad_cti::config::Endpoint;
use zammad_cti::health::{Detail, Health, Stage, StageName, State, Status};

use super::Checked;

/// Where advice is broken into lines.
const WIDTH: usize = 96;

/// So many names of a certificate are shown.
const NAMES: usize = 3;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

pub(super) fn write(out: &mut dyn Write, checked: &[Checked]) -> std::io::Result<()> {
    // Knows terminals, NO_COLOR and the others.
    let colours = anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
    let paint = |style: Style, text: &str| {
        if colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let several = checked.len() > 1;
    for (place, checked) in checked.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}\n", checked.clean(&heading(checked, several)))?;
        for stage in &checked.health.stages {
            let (style, word) = match stage.state {
                State::Passed => (GOOD, "ok"),
                State::Failed(_) => (BAD, "FAILED"),
                State::NotReached | State::NotNeeded => (Style::new(), "-"),
            };
            let time = stage.took.map_or_else(String::new, |took| {
                let milliseconds = took.as_secs_f64() * 1000.0;
                format!("{milliseconds:.1} ms")
            });
            let row = format!(
                "  {:<15} {}{} {time:>10}  {}",
                stage.name.title(),
                paint(style, word),
                " ".repeat(6 - word.len()),
                checked.clean(&detail(&checked.health, stage))
            );
            writeln!(out, "{}", row.trim_end())?;
        }
        let verdict = &checked.verdict;
        let style = match verdict.status {
            Status::Ok => GOOD,
            Status::Warning | Status::Unknown => DOUBTFUL,
            Status::Critical => BAD,
        };
        let word = verdict.status.to_string();
        writeln!(out, "\n{}: {}", paint(style, &word), checked.clean(&verdict.message))?;
        let advice = match (&verdict.next_step, verdict.status) {
            (Some(step), _) => format!("{step}."),
            (None, Status::Ok) => "If agents see no calls all the same: they need the permission CTI, and \
                                   caller-log filters, if there are any, must match the queue or the called \
                                   number."
                .to_owned(),
            (None, _) => continue,
        };
        for line in lines(&checked.clean(&advice)) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn heading(checked: &Checked, several: bool) -> String {
    let endpoint = checked.shown_endpoint().unwrap_or_else(|| "no endpoint".to_owned());
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
        Some(Detail::Connected { to, in_vain }) => format!("{to}{proxy}, in vain: {}", addresses(in_vain)),
        Some(Detail::TriedInVain(tried)) => format!("{}{proxy}", addresses(tried)),
        Some(Detail::TlsVersion(version)) => (*version).to_owned(),
        Some(Detail::HttpStatus(422)) if health.failure().is_none() => {
            "HTTP 422, the right answer to a probe".to_owned()
        }
        Some(Detail::HttpStatus(status)) => format!("HTTP {status}"),
    };
    match (stage.name, &stage.state) {
        (StageName::Tls, State::NotNeeded) => {
            let in_the_clear = !health.endpoint.as_ref().is_some_and(Endpoint::is_loopback);
            let warning = if in_the_clear { ": whoever is in between can read the token" } else { "" };
            format!("not used, the URL is http://{warning}")
        }
        (StageName::Dns, State::NotNeeded) => "not needed, the host is an address".to_owned(),
        (StageName::Tls, State::Passed | State::Failed(_)) => {
            let parts = [Some(found).filter(|found| !found.is_empty()), certificate(health)];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        _ => found,
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

/// A text in lines of some width.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if !line.is_empty() && line.len() + word.len() >= WIDTH {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
