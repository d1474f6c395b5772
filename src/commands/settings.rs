//! Where all commands' settings come from: the command line, its file, and the variables of a
//! program that this one replaces.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::PathBuf;

use clap::CommandFactory;
use zammad_cti::config::{ConfigError, FileError, Layers, Secret, Settings, default_files, read};

use crate::cli::{Cli, Global};

/// Settings by where they come from, strongest first.
pub struct Sources {
    pub command_line: Settings,
    pub file: Option<(PathBuf, Layers)>,
    /// the variables of the Python client py-zammad-cti
    pub legacy: Settings,
}

impl Sources {
    pub fn merged(self) -> Settings {
        let layers = self.file.map(|(_, layers)| layers).unwrap_or_default();
        self.command_line.or(layers.profile).or(layers.top_level).or(self.legacy)
    }
}

/// Reads the file and the variables that belong to a command line.
pub fn sources(global: &Global) -> Result<Sources, ConfigError> {
    let profile = global.profile.as_ref().filter(|profile| !profile.is_empty());
    let file = match (file(global)?, profile) {
        (Some(path), profile) => {
            let layers = read(&path, profile.map(String::as_str))?;
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
    let mut command_line = global.settings.clone();
    // An empty variable of a unit file is one that is not set.
    for secret in [&mut command_line.url, &mut command_line.token] {
        *secret = secret.take().filter(|secret| !secret.reveal().is_empty());
    }
    Ok(Sources { command_line, file, legacy })
}

/// The configuration file: the one named, else the first default one that is there.
fn file(global: &Global) -> Result<Option<PathBuf>, FileError> {
    if let Some(path) = global.config.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return Ok(Some(path.clone()));
    }
    for path in default_files(config_home().as_deref()) {
        match std::fs::metadata(&path) {
            Ok(_) => return Ok(Some(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {}
            // A PBX often runs under another user, with the home of whoever started it.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                eprintln!("zammad-cti: warning: {} cannot be reached, and is passed over", path.display());
            }
            Err(source) => return Err(FileError::Unreadable { path, source }),
        }
    }
    Ok(None)
}

/// $XDG_CONFIG_HOME, else ~/.config.
pub fn config_home() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CONFIG_HOME")
        .filter(|home| home.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".config")))
}

/// The keys that this process has from a variable and not from a flag.
pub fn from_variables() -> HashSet<String> {
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
