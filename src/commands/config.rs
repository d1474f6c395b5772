//! `zammad-cti config`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};
use zammad_cti::client::Client;
use zammad_cti::config::{Config, Format, Settings, default_files, variable};

use super::settings::{config_home, named_file, sources};
use super::{configured, start_log};
use crate::cli::{self, Global};
use crate::exit_code::{ExitCode, UsageError};
use crate::output::{OutputError, VERSION};
use crate::safe_text::{printable, quoted};

/// A configuration file to begin with.
const EXAMPLE: &str = include_str!("../../config.example.toml");

pub fn run(command: &cli::Config, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        cli::Config::Show => show(global, out),
        cli::Config::Check => check(global, out),
        cli::Config::Init(args) => init(args, global, out),
    }
}

/// A layer whose origin has another name for each key.
const VARIABLE: &str = "variable";

/// A table that only the file has: its keys are phones.
const AGENTS: &str = "agents.";

/// Each setting, its value and its origin, strongest first.
fn show(global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let sources = sources(global)?;
    let mut layers =
        vec![("flag".to_owned(), sources.flags.by_key()), (VARIABLE.to_owned(), sources.variables.by_key())];
    if let Some((path, file)) = &sources.file {
        let profile = sources.profile.as_deref().unwrap_or_default();
        layers.push((format!("{}, profile {profile}", path.display()), file.profile.by_key()));
        layers.push((path.display().to_string(), file.top_level.by_key()));
    }
    layers.push(("variable of py-zammad-cti".to_owned(), sources.legacy.by_key()));
    layers.push(("default".to_owned(), Settings::defaults().by_key()));
    let effective = sources.merged().or(Settings::defaults());
    let format = effective.output.unwrap_or_default();

    let mut values = effective.by_key();
    // A complete endpoint shows itself without its token; of any other no part is sure to be none.
    if let Some(url) = values.get_mut("url")
        && let Ok(config) = Config::try_from(effective)
        && let Ok(endpoint) = config.endpoint()
    {
        *url = endpoint.to_string().into();
    }
    let mut settings = Map::new();
    for (key, value) in values {
        let origin = layers
            .iter()
            .find(|(_, layer)| !value.is_null() && layer.get(&key).is_some_and(|own| !own.is_null()));
        let origin = match origin {
            Some((origin, _)) if origin == VARIABLE => format!("variable {}", variable(&key)),
            Some((origin, _)) => origin.clone(),
            None => "not set".to_owned(),
        };
        settings.insert(key, json!({ "value": value, "origin": origin }));
    }
    match format {
        Format::Json => {
            writeln!(out, "{}", json!({ "version": VERSION, "settings": settings })).map_err(OutputError)?;
        }
        // As variables that would have the same effect, but for the token.
        Format::Shell => {
            for (key, setting) in settings.iter().filter(|(_, setting)| !setting["value"].is_null()) {
                if key.starts_with(AGENTS) {
                    continue;
                }
                let value = &setting["value"];
                if value.as_str().is_some_and(|text| text.ends_with("***")) {
                    continue;
                }
                let value = value.as_str().map_or_else(|| value.to_string(), printable);
                writeln!(out, "{}={}", variable(key), quoted(&value)).map_err(OutputError)?;
            }
        }
        Format::Text => {
            for (key, setting) in &settings {
                let value = match &setting["value"] {
                    Value::Null => "-".to_owned(),
                    Value::String(text) => printable(text),
                    other => other.to_string(),
                };
                let origin = setting["origin"].as_str().unwrap_or_default();
                writeln!(out, "{key:<26} {value:<34} {origin}").map_err(OutputError)?;
            }
        }
    }
    Ok(ExitCode::Ok)
}

/// Reads and checks everything, without a word to Zammad.
fn check(global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config: Config = configured(global, log::LevelFilter::Warn)?;
    let endpoint = config.endpoint()?;
    Client::new(&config)?;
    writeln!(out, "ok: {endpoint} (Zammad was not asked)").map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

fn init(args: &cli::Init, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let named = named_file(global);
    let is_named = named.is_some();
    let path = match named {
        Some(path) => path,
        None => {
            let home = config_home()
                .ok_or(UsageError("--config says where, as neither $XDG_CONFIG_HOME nor $HOME does"))?;
            home.join("zammad-cti/config.toml")
        }
    };
    write_example(&path, args.force).with_context(|| format!("cannot write {}", path.display()))?;
    start_log(log::LevelFilter::Warn, []);
    for hidden in default_files(config_home().as_deref()) {
        // The phone system and the services are other users, and read that one.
        if !is_named && hidden != path && hidden.exists() {
            log::warn!("{} counts no longer for this user, only for others", hidden.display());
        }
    }
    writeln!(out, "{}", path.display()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// For the owner's eyes only, as a token will stand in it.
fn write_example(path: &Path, force: bool) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A new file, so that it gets the mode below; and of a device nothing is replaced.
    if force && path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        std::fs::remove_file(path)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !force => {
            Err(error).context("it is there already; --force replaces it")
        }
        file => file.map_err(anyhow::Error::new),
    }?;
    Ok(file.write_all(EXAMPLE.as_bytes())?)
}
