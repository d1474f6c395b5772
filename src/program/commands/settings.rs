//! Where all commands' settings come from: the command line, its file, and the variables of a
//! program that this one replaces.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::config::{
    ConfigError, FileError, Layer, Layers, Secret, Settings, default_files, read, redact, variable,
};

use crate::program::cli::Global;
use crate::program::safe_text::printable;

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
    /// The strongest first.
    pub fn by_strength(&self) -> Vec<&Settings> {
        let file = self.file.iter().flat_map(|(_, layers)| [&layers.profile, &layers.top_level]);
        [&self.flags, &self.variables].into_iter().chain(file).chain([&self.legacy]).collect()
    }

    pub fn merged(self) -> Settings {
        let layers = self.file.map(|(_, layers)| layers).unwrap_or_default();
        layers.below(self.flags.or(self.variables), self.legacy)
    }
}

/// Reads the file and the variables that belong to a command line.
pub fn sources(global: &Global) -> Result<Sources, ConfigError> {
    let profile = match (&global.profile, text_of("ZAMMAD_CTI_PROFILE")?) {
        (Some(profile), _) => Some(profile.clone()),
        (None, profile) => profile,
    };
    sources_of(global, profile)
}

/// The same for this profile, or for none.
pub fn sources_of(global: &Global, profile: Option<String>) -> Result<Sources, ConfigError> {
    let file = match (file(global)?, &profile) {
        (Some(path), profile) => {
            let layers = read(&path, profile.as_deref())?;
            Some((path, layers))
        }
        (None, Some(profile)) => return Err(FileError::ProfileWithoutFile(profile.clone()).into()),
        (None, None) => None,
    };
    let mut legacy = Settings {
        url: of_py_zammad_cti("URL")?.map(Secret::new),
        insecure: of_py_zammad_cti("VERIFY_SSL")?
            .map(|verify| ["0", "false", "no", "off"].contains(&verify.to_lowercase().as_str())),
        ..Settings::default()
    };
    legacy.origin.layer = Layer::PyZammadCti;
    let variables = Settings::from_variables(std::env::vars_os())?;
    let mut flags = global.settings.clone();
    flags.origin.layer = Layer::Flags;
    Ok(Sources { flags, variables, file, profile, legacy })
}

/// A variable of the Python client py-zammad-cti: as it reads it (version 0.0.2, by way of classmods 1.2.1,
/// which puts the prefix into capitals), or as its documentation has it.
fn of_py_zammad_cti(name: &str) -> Result<Option<String>, ConfigError> {
    let read = text_of(&format!("ZAMMADCTI_{name}"))?;
    if read.is_some() { Ok(read) } else { text_of(&format!("ZammadCTI_{name}")) }
}

/// A variable's text; an empty one is not set.
fn text_of(name: &str) -> Result<Option<String>, ConfigError> {
    let text = std::env::var_os(name).filter(|text| !text.is_empty()).map(OsString::into_string).transpose();
    let not_utf8 = |_| ConfigError::Variable { name: name.to_owned(), reason: "it is not UTF-8".to_owned() };
    text.map_err(not_utf8)
}

/// What can be known of the settings although something is wrong with them: how to say so, and
/// whether the call goes on.
pub fn of_the_rest(global: &Global) -> Settings {
    if let Ok(sources) = sources(global) {
        return sources.merged();
    }
    let variable = |key| {
        let only = variable(key);
        Settings::from_variables(std::env::vars_os().filter(|(name, _)| *name == *only)).unwrap_or_default()
    };
    global.settings.clone().or(variable("fail_open")).or(variable("output"))
}

/// The file of `--config` or its variable.
pub fn named_file(global: &Global) -> Option<PathBuf> {
    let variable = || std::env::var_os("ZAMMAD_CTI_CONFIG").map(PathBuf::from);
    global.config.clone().or_else(variable).filter(|path| !path.as_os_str().is_empty())
}

/// Where the configuration file may be.
pub fn possible_files(global: &Global) -> Vec<PathBuf> {
    named_file(global).map_or_else(|| default_files(config_home().as_deref()), |named| vec![named])
}

/// The configuration file: the one named, else the first default one that is there.
fn file(global: &Global) -> Result<Option<PathBuf>, FileError> {
    if let Some(path) = named_file(global) {
        return Ok(Some(path));
    }
    for path in default_files(config_home().as_deref()) {
        match std::fs::metadata(&path) {
            Ok(_) => return Ok(Some(path)),
            // One that is a link to nothing was meant to be there.
            Err(source) if leads_nowhere(&path, &source) => {
                return Err(FileError::Unreadable { path, source });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {}
            // A PBX often runs under another user, with the home of whoever started it.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let path = printable(&redact(&path.to_string_lossy()));
                let mut stderr = std::io::stderr();
                // Nobody is left to tell if stderr is closed.
                let _ = writeln!(stderr, "zammad-cti: warning: {path} cannot be reached, and is skipped");
            }
            Err(source) => return Err(FileError::Unreadable { path, source }),
        }
    }
    Ok(None)
}

/// Whether a file is not there because it, or its folder, is a link that leads nowhere.
fn leads_nowhere(path: &Path, error: &std::io::Error) -> bool {
    let is_dangling = |path: &Path| path.is_symlink() && !path.exists();
    error.kind() == ErrorKind::NotFound && (is_dangling(path) || path.parent().is_some_and(is_dangling))
}

/// $XDG_CONFIG_HOME, else ~/.config.
pub fn config_home() -> Option<PathBuf> {
    let home = || folder_of("HOME").map(|home| home.join(".config"));
    folder_of("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute()).or_else(home)
}

/// $XDG_RUNTIME_DIR, which whoever has logged in has.
pub fn runtime_folder() -> Option<PathBuf> {
    folder_of("XDG_RUNTIME_DIR").filter(|folder| folder.is_absolute())
}

/// The folder that a variable names; an empty one is not set.
fn folder_of(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
