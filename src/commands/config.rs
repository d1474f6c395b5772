//! `zammad-cti config`, and where all commands' settings come from.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::CommandFactory;
use serde_json::{Map, Value, json};
use zammad_cti::config::{
    Config, ConfigError, FileError, Format, Layers, Secret, Settings, default_files, read,
};

use super::configured;
use crate::cli::{self, Cli, Global};
use crate::exit_code::ExitCode;
use crate::output::{OutputError, VERSION};

/// A configuration file to begin with.
const EXAMPLE: &str = include_str!("../../config.example.toml");

/// `config init` could not write.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("{} is there already; --force replaces it", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}", path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("neither --config, nor $XDG_CONFIG_HOME, nor $HOME says where the file belongs")]
    NoPlace,
}

/// Settings by where they come from, strongest first.
pub struct Sources {
    command_line: Settings,
    file: Option<(PathBuf, Layers)>,
    /// the variables of the Python client py-zammad-cti
    legacy: Settings,
}

impl Sources {
    pub fn merged(self) -> Settings {
        let layers = self.file.map(|(_, layers)| layers).unwrap_or_default();
        self.command_line.or(layers.profile).or(layers.top_level).or(self.legacy)
    }
}

/// Reads the file and the variables that belong to a command line.
pub fn sources(global: &Global) -> anyhow::Result<Sources> {
    let file = match (file(global)?, &global.profile) {
        (Some(path), profile) => {
            let layers = read(&path, profile.as_deref()).map_err(ConfigError::File)?;
            Some((path, layers))
        }
        (None, Some(profile)) => return Err(FileError::ProfileWithoutFile(profile.clone()).into()),
        (None, None) => None,
    };
    let verify = std::env::var("ZammadCTI_VERIFY_SSL").ok();
    let legacy = Settings {
        url: std::env::var("ZammadCTI_URL").ok().filter(|url| !url.is_empty()).map(Secret::new),
        insecure: verify.map(|verify| ["0", "false", "no", "off"].contains(&verify.to_lowercase().as_str())),
        ..Settings::default()
    };
    Ok(Sources { command_line: global.settings.clone(), file, legacy })
}

/// The configuration file: the one named, else the first default one that is there.
fn file(global: &Global) -> Result<Option<PathBuf>, FileError> {
    if let Some(path) = &global.config {
        return Ok(Some(path.clone()));
    }
    for path in default_files(config_home().as_deref()) {
        match std::fs::metadata(&path) {
            Ok(_) => return Ok(Some(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {}
            // A file that cannot be reached may say something else than the next one.
            Err(source) => return Err(FileError::Unreadable { path, source }),
        }
    }
    Ok(None)
}

/// $XDG_CONFIG_HOME, else ~/.config.
fn config_home() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CONFIG_HOME")
        .filter(|home| home.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".config")))
}

pub fn run(command: &cli::Config, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        cli::Config::Show => show(global, out),
        cli::Config::Check => check(global, out),
        cli::Config::Init(args) => init(args, global, out),
    }
}

/// Each setting, its value and its origin, strongest first.
fn show(global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let sources = sources(global)?;
    let variables = from_variables();
    let mut layers = vec![("flag".to_owned(), flat(&sources.command_line))];
    if let Some((path, file)) = &sources.file {
        let profile = global.profile.as_deref().unwrap_or_default();
        layers.push((format!("{}, profile {profile}", path.display()), flat(&file.profile)));
        layers.push((path.display().to_string(), flat(&file.top_level)));
    }
    layers.push(("variable of py-zammad-cti".to_owned(), flat(&sources.legacy)));
    layers.push(("default".to_owned(), flat(&Settings::defaults())));
    let effective = sources.merged().or(Settings::defaults());
    let format = effective.output.unwrap_or_default();

    let mut values = flat(&effective);
    // A complete endpoint shows itself without its token; of any other no part is sure to be none.
    if let Some(url) = values.get_mut("url")
        && let Ok(config) = Config::try_from(effective)
        && let Ok(endpoint) = config.endpoint()
    {
        *url = endpoint.to_string().into();
    }
    let mut settings = Map::new();
    for (key, value) in values {
        let origin = layers.iter().find(|(_, layer)| !value.is_null() && !layer[&key].is_null());
        let origin = match origin {
            Some((origin, _)) if origin == "flag" && variables.contains(&key) => {
                format!("variable {}", variable(&key))
            }
            Some((origin, _)) => origin.clone(),
            None => "not set".to_owned(),
        };
        settings.insert(key, json!({ "value": value, "origin": origin }));
    }
    match format {
        Format::Json => {
            writeln!(out, "{}", json!({ "version": VERSION, "settings": settings })).map_err(OutputError)?;
        }
        Format::Text | Format::Shell => {
            for (key, setting) in &settings {
                let value = match &setting["value"] {
                    Value::Null => "-".to_owned(),
                    Value::String(text) => crate::output::printable(text),
                    other => other.to_string(),
                };
                let origin = setting["origin"].as_str().unwrap_or_default();
                writeln!(out, "{key:<26} {value:<34} {origin}").map_err(OutputError)?;
            }
        }
    }
    Ok(ExitCode::Ok)
}

/// The settings by their keys in the file, such as `numbers.country`.
fn flat(settings: &Settings) -> Map<String, Value> {
    let mut flat = Map::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(settings) {
        for (key, value) in fields {
            match value {
                Value::Object(inner) => {
                    flat.extend(inner.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
                }
                value => {
                    flat.insert(key, value);
                }
            }
        }
    }
    flat
}

/// The keys that this process has from a variable and not from a flag.
fn from_variables() -> HashSet<String> {
    let matches = Cli::command().get_matches();
    let mut deepest = &matches;
    while let Some((_, inner)) = deepest.subcommand() {
        deepest = inner;
    }
    deepest
        .ids()
        .filter(|id| deepest.value_source(id.as_str()) == Some(clap::parser::ValueSource::EnvVariable))
        .map(|id| id.as_str().replacen("numbers_", "numbers.", 1))
        .collect()
}

/// A key's variable.
fn variable(key: &str) -> String {
    format!("ZAMMAD_CTI_{}", key.to_uppercase().replace('.', "_"))
}

/// Reads and checks everything, without a word to Zammad.
fn check(global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config: Config = configured(global, log::LevelFilter::Warn)?;
    let endpoint = config.endpoint()?;
    super::connect(&config)?;
    writeln!(out, "ok: {endpoint}").map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

fn init(args: &cli::Init, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let path = match &global.config {
        Some(path) => path.clone(),
        None => config_home().ok_or(InitError::NoPlace)?.join("zammad-cti/config.toml"),
    };
    write_example(&path, args.force).context("no configuration file was written")?;
    writeln!(out, "{}", path.display()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// For the owner's eyes only, as a token will stand in it.
fn write_example(path: &Path, force: bool) -> Result<(), InitError> {
    let unwritable = |source| InitError::Unwritable { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    if force {
        // A new file, so that it gets the mode below.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(InitError::Exists(path.to_owned()));
        }
        file => file.map_err(unwritable)?,
    };
    file.write_all(EXAMPLE.as_bytes()).map_err(unwritable)
}
