//! `zammad-cti config route`: where a call would go, and why.

use std::ffi::OsString;
use std::io::Write;

use serde::Serialize;

use super::super::{checked, settings};
use crate::config::{Config, Format, Ringing, RouteSettings, Routes, Settings, Unmet};
use crate::number::Party;
use crate::program::cli::{self, Global, name, number};
use crate::program::exit_code::ExitCode;
use crate::program::output::{OutputError, VERSION};
use crate::program::safe_text::{json, printable};
use anyhow::Context;

/// One object. Keys are added, but never renamed.
#[derive(Serialize)]
struct Answer {
    version: u8,
    /// `None`: that of the configuration itself
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// the address, without its token
    url: String,
    /// which one counts, from 1; `None`: none does
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<usize>,
    copies: Vec<Copy>,
    routes: Vec<Judged>,
    /// why no route is looked at
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Copy {
    profile: String,
    /// the address, or why there is no copy
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What a route says of the call.
#[derive(Serialize)]
struct Judged {
    route: usize,
    matches: bool,
    /// the first condition that is not met; else all of them
    why: String,
}

pub fn run(args: &cli::Route, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let sources = settings::sources(global)?;
    let reason = reason(&sources);
    let config = checked(sources.merged(), log::LevelFilter::Warn)?;
    let party = |flag, shown: &Option<OsString>| -> anyhow::Result<Option<Party>> {
        let Some(shown) = shown else { return Ok(None) };
        Ok(Some(config.numbering.read(&number(flag, shown)?).context(flag)?))
    };
    let text = |flag, shown: &Option<OsString>| shown.as_deref().map(|shown| name(flag, shown).into_owned());
    let (queue, trunk) = (text("--queue", &args.queue), text("--trunk", &args.trunk));
    let ringing = Ringing {
        direction: args.direction.and_then(|flag| flag.0),
        from: party("--from", &args.from)?,
        to: party("--to", &args.to)?,
        queue: queue.as_deref(),
        trunk: trunk.as_deref(),
        bridge: args.bridge.as_deref(),
    };
    let answer = match &config.routes {
        Some(routes) => Answer::of(routes, &ringing, &config)?,
        None => Answer {
            version: VERSION,
            profile: None,
            url: config.endpoint()?.to_string(),
            route: None,
            copies: Vec::new(),
            routes: Vec::new(),
            reason: Some(reason),
        },
    };
    match config.output {
        Format::Json => writeln!(out, "{}", json(&answer)),
        Format::Text | Format::Shell => out.write_all(answer.text(&ringing).as_bytes()),
    }
    .map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// Why there may be no routes.
fn reason(sources: &settings::Sources) -> String {
    let names_zammad = |settings: &Settings| settings.url.is_some();
    match &sources.profile {
        _ if names_zammad(&sources.flags) => "--url names the Zammad, so no route counts".to_owned(),
        _ if names_zammad(&sources.variables) => {
            "the variable ZAMMAD_CTI_URL names the Zammad, so no route counts".to_owned()
        }
        Some(profile) => format!("the profile {profile} is named, and has no [[routes]] of its own"),
        None => "there are no [[routes]]".to_owned(),
    }
}

impl Answer {
    fn of(routes: &Routes, ringing: &Ringing<'_>, config: &Config) -> anyhow::Result<Self> {
        let decision = routes.decide(ringing);
        let target = match decision.profile {
            Some(profile) => routes.zammad(profile)?,
            None => config,
        };
        let copy = |profile: &String| match routes.zammad(profile) {
            Ok(config) => {
                let url = config.endpoint().ok().map(ToString::to_string);
                Copy { profile: profile.clone(), url, error: None }
            }
            Err(error) => {
                Copy { profile: profile.clone(), url: None, error: Some(crate::client::in_full(&error)) }
            }
        };
        let judged = routes.judge(ringing).into_iter().zip(routes.written()).zip(1..);
        let judged = judged.map(|((unmet, route), number)| Judged {
            route: number,
            matches: unmet.is_none(),
            why: unmet.map_or_else(|| conditions(route), |unmet| Unmet::to_string(&unmet)),
        });
        Ok(Self {
            version: VERSION,
            profile: decision.profile.map(str::to_owned),
            url: target.endpoint()?.to_string(),
            route: decision.route.map(|place| place + 1),
            copies: decision.copy_to.iter().map(copy).collect(),
            routes: judged.collect(),
            reason: None,
        })
    }

    fn text(&self, ringing: &Ringing<'_>) -> String {
        let mut lines = Vec::new();
        lines.push(match &self.profile {
            Some(profile) => format!("profile {profile}, {}", self.url),
            None => self.url.clone(),
        });
        let parties = [("from", &ringing.from), ("to", &ringing.to)];
        for (key, party) in parties {
            lines.extend(party.as_ref().map(|party| format!("  {key} is {}", party.as_str())));
        }
        for Judged { route, matches, why } in &self.routes {
            lines.push(match (matches, self.route) {
                (true, Some(counts)) if counts == *route => format!("  route {route} counts: {why}"),
                (true, _) => format!("  route {route} would count, but stands below: {why}"),
                (false, _) => format!("  route {route} does not count: {why}"),
            });
        }
        if !self.routes.is_empty() && self.route.is_none() {
            lines.push("  no route counts, so the call goes to the Zammad of the configuration".to_owned());
        }
        for Copy { profile, url, error } in &self.copies {
            lines.push(match (url, error) {
                (Some(url), _) => format!("  a copy goes to profile {profile}, {url}"),
                (None, error) => format!("  no copy goes out: {}", error.as_deref().unwrap_or_default()),
            });
        }
        lines.extend(self.reason.as_ref().map(|reason| format!("  {reason}")));
        lines.iter().map(|line| format!("{}\n", printable(line))).collect()
    }
}

/// All conditions of a route, in words.
fn conditions(route: &RouteSettings) -> String {
    let direction = route.direction.map(|direction| format!("direction is {direction}"));
    let patterns =
        [("from", &route.from), ("to", &route.to), ("queue", &route.queue), ("trunk", &route.trunk)];
    let patterns = patterns.into_iter().chain([("bridge", &route.bridge)]);
    let patterns = patterns.filter(|(_, list)| !list.0.is_empty());
    let all: Vec<_> = direction
        .into_iter()
        .chain(patterns.map(|(key, list)| format!("{key} is {}", list.0.join(" or "))))
        .collect();
    if all.is_empty() { "it has no conditions".to_owned() } else { all.join(", ") }
}
