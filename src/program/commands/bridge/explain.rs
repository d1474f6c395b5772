//! `bridge webhook --explain`: what one request says, and what would be reported.

use std::io::{Read, Write, stdin};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Tracker};
use crate::bridge::webhook::{Message, Notice, Reading, Webhook, said};
use crate::config::{BridgeConfig, Config, ConfigError, Format, HookSettings, PRESETS, WebhookSettings};
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::{OutputError, VERSION};
use crate::program::safe_text::printable;

use super::super::start_log;
use super::super::watched::sources;
use super::{rules, tell};

/// As long as a request may be.
const LARGEST: u64 = 64 * 1024;

/// All that waits has come about by then.
const LATER: Duration = Duration::from_secs(60);

/// Reads a body, and shows what becomes of it.
pub fn explain(
    name: &str,
    source: cli::Source<WebhookSettings>,
    global: &Global,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let (_, settings, _) = sources(global, source.bridge)?;
    let hooks = chosen(name, &settings.bridge.webhook)?;
    let bridge = settings.bridge.checked()?;
    let config = Config::try_from(settings)?;
    start_log(log::LevelFilter::Info, config.endpoint().ok().cloned());
    let mut body = Vec::new();
    stdin().take(LARGEST).read_to_end(&mut body).context("stdin")?;
    let [(name, hook)] = hooks.as_slice() else {
        return guess(&hooks, &body, &config, &bridge, out);
    };
    show(name, hook, &body, &config, &bridge, out)?;
    Ok(ExitCode::Ok)
}

/// Shows it by each hook that finds a call in it.
fn guess(
    hooks: &[(String, HookSettings)],
    body: &[u8],
    config: &Config,
    bridge: &BridgeConfig,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let is_text = config.output != Format::Json;
    let mut is_known = false;
    for (name, hook) in hooks {
        let Ok(said) = said(name, hook, body)? else { continue };
        if webhook_of(name, hook).reading(&said).is_ok() {
            is_known = true;
            if is_text {
                writeln!(out, "as {}:", printable(name)).map_err(OutputError)?;
            }
            show(name, hook, body, config, bridge, out)?;
        }
    }
    if !is_known && is_text {
        let names: Vec<_> = hooks.iter().map(|(name, _)| name.as_str()).collect();
        let names = printable(&names.join(", "));
        writeln!(out, "nothing: none of {names} finds a call in it").map_err(OutputError)?;
    }
    Ok(ExitCode::Ok)
}

fn webhook_of(name: &str, hook: &HookSettings) -> Webhook {
    let hooks = [(name.to_owned(), hook.clone())].into();
    Webhook::new(&WebhookSettings { hooks, ..WebhookSettings::default() })
}

fn show(
    name: &str,
    hook: &HookSettings,
    body: &[u8],
    config: &Config,
    bridge: &BridgeConfig,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let said = said(name, hook, body)??;
    let mut webhook = webhook_of(name, hook);
    let (notices, unknown) = match webhook.reading(&said) {
        Ok(Reading { notices, unknown }) => (Ok(notices), unknown),
        Err(unsaid) => (Err(unsaid), Vec::new()),
    };
    let mut tracker = Tracker::new(rules(bridge, config, &WebhookSettings::default()));
    for heard in webhook.understand(Message::Hook(said)) {
        match heard {
            Heard::Fact(fact) => tracker.hear(fact, Duration::ZERO),
            // What a single request says nobody compares with a list.
            Heard::Standing(_)
            | Heard::Seen(_)
            | Heard::Remark(_)
            | Heard::Rights(_)
            | Heard::Passed(_)
            | Heard::Repeated(_) => {}
            Heard::Ask(request) => match request {},
        }
    }
    tracker.pass(LATER);
    let (mut events, mut unreported) = (Vec::new(), Vec::new());
    for followed in tracker.followed() {
        match followed {
            Followed::Event(_, written) => events.push(written.read(config, None)?),
            Followed::Unreported(_, _, reason) => unreported.push(reason.to_string()),
            Followed::Ended(..) => {}
        }
    }
    match config.output {
        Format::Json => {
            let notices = match &notices {
                Ok(notices) => notices.iter().map(object).collect(),
                Err(_) => Vec::new(),
            };
            let events: Vec<_> = events.iter().map(|event| Value::Object(tell::fields(event))).collect();
            let unknown: Vec<_> = unknown.iter().map(ToString::to_string).collect();
            let shown = json!({
                "version": VERSION, "hook": name, "says": notices, "unknown": unknown, "events": events,
            });
            writeln!(out, "{shown}").map_err(OutputError)?;
        }
        Format::Text | Format::Shell => {
            match &notices {
                Ok(notices) => {
                    for notice in notices {
                        write_words(out, notice).map_err(OutputError)?;
                    }
                }
                Err(unsaid) => {
                    writeln!(out, "nothing: {}", printable(&unsaid.to_string())).map_err(OutputError)?;
                }
            }
            for unsaid in &unknown {
                writeln!(out, "not understood: {}", printable(&unsaid.to_string())).map_err(OutputError)?;
            }
            let none = events.is_empty() && notices.is_ok();
            for event in &events {
                write!(out, "-> ").map_err(OutputError)?;
                tell::unsent(out, &tell::fields(event), config)?;
            }
            for reason in &unreported {
                writeln!(out, "-> not reported: {}", printable(reason)).map_err(OutputError)?;
            }
            if none && unreported.is_empty() {
                writeln!(out, "-> nothing, unless the beginning of its call was heard before")
                    .map_err(OutputError)?;
            }
        }
    }
    Ok(())
}

/// The hook of that name, or one that is but a preset; without a name all hooks that there are, or all presets.
fn chosen(name: &str, settings: &WebhookSettings) -> Result<Vec<(String, HookSettings)>, ConfigError> {
    let of_preset = |preset: &str| {
        (preset.to_owned(), HookSettings { preset: Some(preset.to_owned()), ..HookSettings::default() })
    };
    if let Some(hook) = settings.hooks.get(name) {
        return Ok(vec![(name.to_owned(), hook.clone())]);
    }
    let presets = || PRESETS.iter().map(|(preset, _)| *preset);
    if presets().any(|preset| preset == name) {
        return Ok(vec![of_preset(name)]);
    }
    if name.is_empty() {
        let own: Vec<_> = settings.hooks.iter().map(|(name, hook)| (name.clone(), hook.clone())).collect();
        return Ok(if own.is_empty() { presets().map(of_preset).collect() } else { own });
    }
    let known: Vec<_> = settings.hooks.keys().map(String::as_str).chain(presets()).collect();
    Err(ConfigError::Bridge(format!("--explain NAME: the hooks and presets are {}", known.join(", "))))
}

fn object(notice: &Notice) -> Value {
    let named = |(name, text): (&str, String)| (name.to_owned(), Value::String(text));
    Value::Object(notice.words().into_iter().map(named).collect::<Map<_, _>>())
}

fn write_words(out: &mut dyn Write, notice: &Notice) -> std::io::Result<()> {
    let words: Vec<_> =
        notice.words().into_iter().map(|(name, text)| format!("{name}={}", printable(&text))).collect();
    writeln!(out, "{}", words.join(" "))
}
