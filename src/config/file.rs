//! The configuration file: reading it, profiles, and who may read it besides.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use config::{Map, Value, ValueKind};
use serde::Deserialize;

use super::{Secret, Settings, redact};

/// A token is some dozen bytes; a file of more is another file.
const MAX_TOKEN_FILE: u64 = 4096;

/// What one configuration file says.
#[derive(Debug, Default)]
pub struct Layers {
    pub profile: Settings,
    pub top_level: Settings,
}

/// What is wrong with a configuration or token file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}: {reason}", path.display())]
    Broken { path: PathBuf, reason: String },
    #[error("{}: unknown key `{key}`{}", path.display(), nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    UnknownKey { path: PathBuf, key: String, nearest: Option<String> },
    #[error("{}: no profile `{profile}`{}", path.display(), if known.is_empty() { String::new() } else { format!("; there are: {}", known.join(", ")) })]
    UnknownProfile { path: PathBuf, profile: String, known: Vec<String> },
    #[error("profile `{0}` is asked for, but there is no configuration file")]
    ProfileWithoutFile(String),
    #[error("{} holds the token, and others can read it; run: chmod o-rwx {}", path.display(), path.display())]
    OthersCanRead { path: PathBuf },
    #[error("{} holds no token", path.display())]
    NoToken { path: PathBuf },
}

/// Reads a configuration file, and of its profiles the one named.
pub fn read(path: &Path, profile: Option<&str>) -> Result<Layers, FileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
    let broken =
        |error: config::ConfigError| FileError::Broken { path: path.to_owned(), reason: reason(&error) };
    let mut table = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .build()
        .and_then(|config| config.cache.into_table())
        .map_err(broken)?;
    let mut profiles = match table.remove("profiles") {
        Some(profiles) => profiles.into_table().map_err(broken)?,
        None => Map::new(),
    };
    let mut secret = holds_token(&table);
    check_keys(path, &table, "")?;
    for settings in profiles.values() {
        if let ValueKind::Table(settings) = &settings.kind {
            secret |= holds_token(settings);
            check_keys(path, settings, "")?;
        }
    }
    if secret {
        refuse_what_others_can_read(path)?;
    }
    let profile = match profile {
        None => Settings::default(),
        Some(name) => match profiles.remove(name) {
            Some(settings) => Settings::deserialize(settings).map_err(broken)?,
            None => {
                let mut known: Vec<_> = profiles.into_keys().collect();
                known.sort();
                return Err(FileError::UnknownProfile {
                    path: path.to_owned(),
                    profile: name.to_owned(),
                    known,
                });
            }
        },
    };
    let top_level = Settings::deserialize(Value::from(table)).map_err(broken)?;
    Ok(Layers { profile, top_level })
}

/// Reads the token from a file of its own, such as a systemd credential.
pub(super) fn read_token(path: &Path) -> Result<Secret, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    refuse_what_others_can_read(path)?;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_TOKEN_FILE).read_to_string(&mut text))
        .map_err(unreadable)?;
    match text.trim() {
        "" => Err(FileError::NoToken { path: path.to_owned() }),
        token => Ok(Secret::new(token)),
    }
}

fn refuse_what_others_can_read(path: &Path) -> Result<(), FileError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
    if metadata.permissions().mode() & 0o007 == 0 {
        Ok(())
    } else {
        Err(FileError::OthersCanRead { path: path.to_owned() })
    }
}

fn holds_token(table: &Map<String, Value>) -> bool {
    let text = |key: &str| table.get(key).map(Value::to_string).unwrap_or_default();
    !text("token").is_empty() || redact(&text("url")) != text("url")
}

/// Every key must be a setting; a misspelt one would be a setting that silently does nothing.
fn check_keys(path: &Path, table: &Map<String, Value>, prefix: &str) -> Result<(), FileError> {
    let known = known_keys();
    // In order, so that of several wrong keys the same one is named each time.
    let mut keys: Vec<_> = table.keys().collect();
    keys.sort();
    for key in keys {
        let full = format!("{prefix}{key}");
        if let (ValueKind::Table(inner), "numbers") = (&table[key].kind, full.as_str()) {
            check_keys(path, inner, "numbers.")?;
        } else if !known.contains(&full) {
            let nearest = known
                .into_iter()
                .map(|known| (strsim::jaro_winkler(&full, &known), known))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|(a, _), (b, _)| a.total_cmp(b))
                .map(|(_, known)| known);
            return Err(FileError::UnknownKey { path: path.to_owned(), key: full, nearest });
        }
    }
    Ok(())
}

/// The keys of the settings, from the same definition as their flags.
fn known_keys() -> Vec<String> {
    Settings::augment_args(clap::Command::new(""))
        .get_arguments()
        .map(|flag| flag.get_id().as_str().replacen("numbers_", "numbers.", 1))
        .collect()
}

/// A parser's message without the lines of the file that it quotes: they may hold the token.
fn reason(error: &config::ConfigError) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    match text.lines().last() {
        Some(last) if text.lines().count() > 1 => redact(&format!("{first}: {last}")),
        _ => redact(first),
    }
}
