//! `zammad-cti simulate`

use std::io::Write;

use anyhow::Context;
use zammad_cti::action::Action;
use zammad_cti::client::{self, Client};
use zammad_cti::config::Config;
use zammad_cti::delivery::Delivered;
use zammad_cti::event::{CallEvent, CallId, Direction, EventKind};
use zammad_cti::rules::{CallLog, Entry, Release};
use zammad_cti::sandbox::{Options, Sandbox};
use zammad_cti::simulation::{self, NotAsExpected, SCENARIOS, Scenario, Step, UnknownScenario};

use super::configured;
use super::sandbox::random_token;
use crate::cli::{self, Global};
use crate::exit_code::ExitCode;
use crate::output::OutputError;
use crate::safe_text::printable;

pub fn run(args: &cli::Simulate, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let named = choose(&args.scenarios)?;
    let config = configured(global, log::LevelFilter::Warn)?;
    let (config, sandbox) = if args.sandbox || config.endpoint().is_err() {
        let sandbox = start_sandbox().context("the stand-in for Zammad does not start")?;
        (config.with_endpoint(sandbox.endpoint().clone()), Some(sandbox))
    } else {
        (config, None)
    };
    match &sandbox {
        Some(sandbox) => writeln!(
            out,
            "Playing against a stand-in for Zammad on {}: nothing leaves this machine.",
            sandbox.address()
        ),
        None => writeln!(out, "Playing against {}: agents will see these calls.", config.endpoint()?),
    }
    .map_err(OutputError)?;
    let scenarios = match (named.is_empty(), &sandbox) {
        (false, _) => named,
        (true, Some(_)) => SCENARIOS.iter().collect(),
        // What the others expect is in the stand-in's settings, and hardly in those of this Zammad.
        (true, None) => SCENARIOS.iter().filter(|scenario| scenario.suits_any_zammad()).collect(),
    };
    let run: String = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let mut as_expected = true;
    let mut failure = None;
    let mut client = Client::new(&config)?;
    let mut played = Vec::new();
    client::block_on(async {
        for (number, scenario) in (1..).zip(scenarios) {
            let call_id = scenario.call_id(&run, number);
            as_expected &= play(scenario, &call_id, &mut client, &config, out, &mut failure).await?;
            played.push((scenario, call_id));
            if failure.is_some() {
                break;
            }
        }
        anyhow::Ok(())
    })??;
    if let Some(sandbox) = &sandbox {
        let entries = sandbox.entries();
        table(out, &entries).map_err(OutputError)?;
        as_expected &= played.iter().all(|(scenario, call_id)| {
            let entry = entries.iter().find(|entry| entry.call_id == call_id.as_str());
            entry.is_some_and(|entry| entry.state == EventKind::Hangup && entry.done == scenario.done)
        });
    }
    match failure {
        Some(error) => Err(error),
        None if as_expected => Ok(ExitCode::Ok),
        None => Err(NotAsExpected.into()),
    }
}

fn choose(names: &[String]) -> Result<Vec<&'static Scenario>, UnknownScenario> {
    let named = |name: &String| {
        SCENARIOS
            .iter()
            .find(|scenario| scenario.name == name)
            .ok_or_else(|| UnknownScenario { name: name.clone() })
    };
    names.iter().map(named).collect()
}

fn start_sandbox() -> Result<Sandbox, zammad_cti::sandbox::SandboxError> {
    Sandbox::start(Options {
        listen: ([127, 0, 0, 1], 0).into(),
        token: random_token(),
        setup: simulation::setup(),
        release: Release::default(),
        keep: CallLog::KEPT,
    })
}

/// Plays one call and prints it line by line; whether it went as it should.
async fn play(
    scenario: &Scenario,
    call_id: &CallId,
    client: &mut Client,
    config: &Config,
    out: &mut dyn Write,
    failure: &mut Option<anyhow::Error>,
) -> anyhow::Result<bool> {
    writeln!(out, "\n{}: {}", scenario.name, scenario.story).map_err(OutputError)?;
    let mut as_expected = true;
    let mut written = Ok(());
    scenario
        .play(client, config.encoding, config.deadline, call_id, |step| {
            as_expected &= step.as_expected;
            let line = describe(&step);
            if let Err(error) = step.result {
                failure.get_or_insert(error.into());
            }
            if written.is_ok() {
                written = writeln!(out, "{line}");
            }
        })
        .await;
    written.map_err(OutputError)?;
    Ok(as_expected)
}

fn describe(step: &Step) -> String {
    let event = told(&step.event);
    match &step.result {
        Ok(delivered) => {
            let milliseconds = delivered.effort.elapsed.as_secs_f64() * 1000.0;
            let mark = if step.as_expected { "" } else { "  NOT AS EXPECTED" };
            format!("  -> {event:<41} <- {:<21} {milliseconds:5.1} ms{mark}", decision(delivered))
        }
        Err(error) => format!("  -> {event:<41} <- {}", error.error.in_full()),
    }
}

fn told(event: &CallEvent) -> String {
    let party = |party: &Option<zammad_cti::number::Party>| {
        party.as_ref().map_or_else(|| "?".to_owned(), |party| printable(party.as_str()))
    };
    match event.kind {
        EventKind::NewCall => format!("newCall {} calls {}", party(&event.from), party(&event.to)),
        EventKind::Answer => match event.users.first() {
            Some(user) => format!("answer  {} picks up", user.as_str()),
            None => format!("answer  {} picks up", party(&event.to)),
        },
        EventKind::Hangup => {
            format!("hangup  {}", event.cause.as_ref().map(ToString::to_string).unwrap_or_default())
        }
    }
}

fn decision(delivered: &Delivered) -> String {
    match &delivered.action {
        None => "the decision is lost".to_owned(),
        Some(Action::None) => "none".to_owned(),
        Some(Action::Reject { reason }) => format!("reject {}", printable(reason)),
        Some(Action::Dial { caller_id, .. }) => format!("dial {}", printable(caller_id)),
        Some(Action::Unknown(word)) => printable(word),
    }
}

/// The caller log as agents see it, newest call first.
fn table(out: &mut dyn Write, entries: &[Entry]) -> std::io::Result<()> {
    writeln!(out, "\nThe caller log, as agents see it:\n")?;
    writeln!(out, "  {:<8} {:<20} {:<20} {:<15} shown as", "", "from", "to", "cause")?;
    for entry in entries {
        let way = match entry.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        let named = |number: &str, name: &Option<String>| match name.as_deref() {
            Some(name) if !name.is_empty() => format!("{number} {name}"),
            _ => number.to_owned(),
        };
        writeln!(
            out,
            "  {way:<8} {:<20} {:<20} {:<15} {}",
            named(&entry.from, &entry.from_comment),
            named(&entry.to, &entry.to_comment),
            entry.comment.as_deref().unwrap_or_default(),
            shown_as(entry),
        )?;
    }
    Ok(())
}

fn shown_as(entry: &Entry) -> &'static str {
    match (entry.state, entry.done) {
        (EventKind::NewCall, _) => "ringing",
        (EventKind::Answer, _) => "answered",
        (EventKind::Hangup, true) => "done",
        (EventKind::Hangup, false) => "missed",
    }
}
