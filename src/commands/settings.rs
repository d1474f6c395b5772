//! Where all commands' settings come from: the command line, its file, and the variables of a
//! program that this one replaces.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use zammad_cti::config::{ConfigError, FileError, Layers, Secret, Settings, default_files, read, variable};

use crate::cli::Global;

/// Settings by where they come from, strongest first.
pub struct Sources {
    pub flags: Settings,
    pub variables: Settings,
    pub file: Option<(PathBuf, Layers)>,
    pub profile: Option<String>,
    /// the variables of the Python client py-zammad-cti
    pub legacy: Settings,
}

impl Sources {
    pub fn merged(self) -> Settings {
        let layers = self.file.map(|(_, layers)| layers).unwrap_or_default();
        self.flags.or(self.variables).or(layers.profile).or(layers.top_level).or(self.legacy)
    }
}

/// Reads the file and the variables that belong to a command line.
pub fn sources(global: &Global) -> Result<Sources, ConfigError> {
    let profile = global.profile.clone().or_else(|| std::env::var("ZAMMAD_CTI_PROFILE").ok());
    let profile = profile.filter(|profile| !profile.is_empty());
    let file = match (file(global)?, &profile) {
        (Some(path), profile) => {
            let layers = read(&path, profile.as_deref())?;
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
    let variables = Settings::from_variables(|name| std::env::var_os(name))?;
    Ok(Sources { flags: global.settings.clone(), variables, file, profile, legacy })
}

/// Whether every failure is to let the call go on, as far as that can be known although the
/// configuration is broken.
pub fn fails_open(global: &Global) -> bool {
    let variable = || {
        let only = variable("fail_open");
        Settings::from_variables(|name| std::env::var_os(name).filter(|_| name == only)).ok()?.fail_open
    };
    global.settings.fail_open.or_else(variable).unwrap_or_default()
}

/// The file of `--config` or its variable.
pub fn named_file(global: &Global) -> Option<PathBuf> {
    let variable = || std::env::var_os("ZAMMAD_CTI_CONFIG").map(PathBuf::from);
    global.config.clone().or_else(variable).filter(|path| !path.as_os_str().is_empty())
}

/// The configuration file: the one named, else the first default one that is there.
fn file(global: &Global) -> Result<Option<PathBuf>, FileError> {
    if let Some(path) = named_file(global) {
        return Ok(Some(path));
    }
    for path in default_files(config_home().as_deref()) {
        match std::fs::metadata(&path) {
            Ok(_) => return Ok(Some(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {}
            // A PBX often runs under another user, with the home of whoever started it.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let path = path.display();
                let mut stderr = std::io::stderr();
                // Nobody is left to tell if stderr is closed.
                let _ = writeln!(stderr, "zammad-cti: warning: {path} cannot be reached, and is passed over");
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
