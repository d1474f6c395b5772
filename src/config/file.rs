//! The configuration file: reading it, profiles, and who may read it besides.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use config::{Map, Value, ValueKind};
use serde::Deserialize;

use super::access::Layer;
use super::bridge::HOOK_KEYS;
use super::routes::{ROUTE_KEYS, RouteSettings};
use super::shared_path::misleading;
use super::variables::KEYS;
use super::{BridgeSettings, Endpoint, Secret, Settings, endpoint, redact};

/// A token is some dozen bytes, a configuration some hundred lines, a bundle of certificates some
/// hundred kilobytes. What is longer is another file.
const MAX_TOKEN_FILE: u64 = 4 * 1024;
const MAX_CONFIGURATION: u64 = 256 * 1024;
pub(crate) const MAX_BUNDLE: u64 = 16 * 1024 * 1024;

const SOURCES: [&str; BridgeSettings::SOURCES.len()] = BridgeSettings::SOURCES;

/// What one configuration file says.
#[derive(Debug, Default)]
pub struct Layers {
    /// those of the profile that was named; empty if none was
    pub profile: Settings,
    /// those outside of profiles, which count where the profile says nothing
    pub top_level: Settings,
    /// the profiles there are, in order
    pub profiles: Vec<String>,
    /// those of all profiles, if there are routes
    pub routed: BTreeMap<String, Settings>,
}

impl Layers {
    /// What the file says, below stronger settings and above weaker ones.
    ///
    /// Routes come from the profile that was named, or from the top level if none was. A stronger `url` is that of one
    /// Zammad, which gets all calls: then no route counts.
    pub fn below(self, stronger: Settings, weaker: Settings) -> Settings {
        let Self { profile, top_level, routed, .. } = self;
        let names_zammad = stronger.url.is_some();
        if routed.is_empty() || names_zammad {
            let mut merged = stronger.or(profile).or(top_level).or(weaker);
            if names_zammad {
                merged.routes.clear();
            }
            return merged;
        }
        let mut others = top_level.clone().or(weaker.clone());
        others.routes.clear();
        let whole = |own: Settings| stronger.clone().or(own).or(others.clone());
        let routed = routed.into_iter().map(|(name, own)| (name, whole(own))).collect();
        Settings { routed, ..stronger.or(profile).or(top_level).or(weaker) }
    }
}

/// What is wrong with a configuration or token file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum FileError {
    /// The file is not there, or not for this user.
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// It is no TOML, or a value cannot be read.
    #[error("{}: {reason}", path.display())]
    Broken { path: PathBuf, reason: String },
    /// A key that there is not; `nearest` is one like it.
    #[error("{}: unknown key `{key}`{}", path.display(), nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    UnknownKey { path: PathBuf, key: String, nearest: Option<String> },
    /// A table of `[bridge]` for a phone system that nobody can follow.
    #[error("{}: unknown phone system [{table}]; there are: {}", path.display(), SOURCES.map(|source| format!("bridge.{source}")).join(", "))]
    UnknownSource { path: PathBuf, table: String },
    /// A profile that the file does not have.
    #[error("{}: no profile `{profile}`{}", path.display(), if known.is_empty() { String::new() } else { format!("; there are: {}", known.join(", ")) })]
    UnknownProfile { path: PathBuf, profile: String, known: Vec<String> },
    /// A profile, and no file to have it.
    #[error("profile `{0}` is asked for, but there is no configuration file")]
    ProfileWithoutFile(String),
    /// Its mode would give the token away.
    #[error("{} holds a secret, and others can read it; run: chmod o-rwx {}", path.display(), path.display())]
    OthersCanRead { path: PathBuf },
    /// The token stands where a file's name belongs.
    #[error(
        "token_file looks like the token itself, not like the name of a file; put the token into \
        `token`"
    )]
    TokenForFile,
    /// It is empty, or has more than a token in it.
    #[error("{} must contain one token, and nothing else", path.display())]
    NoToken { path: PathBuf },
    /// The same of another secret.
    #[error("{} does not hold a secret, and nothing else", path.display())]
    NoSecret { path: PathBuf },
    /// A secret stands where a file's name belongs.
    #[error(
        "the secret's file does not exist; its name looks like the secret itself, which belongs to `secret`"
    )]
    SecretForFile,
}

/// Reads a configuration file, and of its profiles the one named.
///
/// # Errors
///
/// There is none, or it is broken; also if it holds a token, and others can read it.
pub fn read(path: &Path, profile: Option<&str>) -> Result<Layers, FileError> {
    let (text, metadata) = read_file(path, MAX_CONFIGURATION)?;
    let text = String::from_utf8(without_mark(&text).to_owned())
        .map_err(|_| FileError::Broken { path: path.to_owned(), reason: "it is not UTF-8".to_owned() })?;
    let broken =
        |error: config::ConfigError| FileError::Broken { path: path.to_owned(), reason: reason(&error) };
    let mut table = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .build()
        .and_then(|config| config.cache.into_table())
        .map_err(broken)?;
    let profiles = match table.remove("profiles") {
        Some(profiles) => profiles.into_table().map_err(broken)?,
        None => Map::new(),
    };
    let mut secret = holds_token(&table);
    let mut top_level = settings(path, table)?;
    top_level.origin.layer = Layer::File(path.to_owned());
    let mut others = BTreeMap::new();
    for (name, table) in profiles {
        let table = table.into_table().map_err(broken)?;
        secret |= holds_token(&table);
        let mut settings = settings(path, table)?;
        settings.origin.layer = Layer::Profile { name: name.clone(), file: path.to_owned() };
        others.insert(name, settings);
    }
    if secret {
        refuse_what_others_can_read(path, &metadata)?;
    }
    let profiles: Vec<_> = others.keys().cloned().collect();
    let unknown = |profile: &str| {
        let (path, profile, known) = (path.to_owned(), profile.to_owned(), profiles.clone());
        FileError::UnknownProfile { path, profile, known }
    };
    if profile.is_some() {
        // Whoever names a profile has decided.
        top_level.routes.clear();
    }
    let named = profile.map(|profile| others.get(profile).ok_or_else(|| unknown(profile))).transpose()?;
    let routes = named.map_or(&top_level.routes, |named| &named.routes);
    if let Some(name) =
        routes.iter().flat_map(RouteSettings::profiles).find(|name| !others.contains_key(*name))
    {
        return Err(unknown(name));
    }
    // All of them: a call may have gone by a route that is no more.
    let alone = |(name, other): (&String, &Settings)| {
        (name.clone(), Settings { routes: Vec::new(), ..other.clone() })
    };
    let routed = if routes.is_empty() { BTreeMap::new() } else { others.iter().map(alone).collect() };
    let profile = profile.and_then(|profile| others.remove(profile)).unwrap_or_default();
    Ok(Layers { profile, top_level, profiles, routed })
}

/// A table's settings, or what is wrong with its keys or values.
fn settings(path: &Path, table: Map<String, Value>) -> Result<Settings, FileError> {
    let broken = |reason| FileError::Broken { path: path.to_owned(), reason };
    let settings = Settings::deserialize(Value::from(table.clone())).map_err(|error| {
        // A misspelt key is the likeliest, and can be said better than the parser does.
        match check_keys(path, &table, "") {
            Err(unknown) => unknown,
            Ok(()) => broken(reason(&error)),
        }
    })?;
    match misleading(&settings) {
        Some((key, complaint)) => Err(broken(format!("{key}: {complaint}"))),
        None => Ok(settings),
    }
}

/// The settings of which one has this value, as text.
pub(super) fn from_text(key: &str, text: OsString) -> Result<Settings, String> {
    let text = text.into_string().map_err(|_| "it is not UTF-8".to_owned())?;
    let names = key.rsplit('.');
    let settings =
        names.fold(Value::from(text), |value, name| Value::from(Map::from([(name.to_owned(), value)])));
    let settings = Settings::deserialize(settings).map_err(|error| {
        // The variable is named already.
        let reason = reason(&error);
        reason.split_once(" for key ").map_or(reason.clone(), |(reason, _)| reason.to_owned())
    })?;
    misleading(&settings).map_or(Ok(settings), |(_, complaint)| Err(complaint))
}

/// Reads the token, or another secret, from a file of its own, such as a systemd credential.
///
/// # Errors
///
/// It cannot be read, others can read it too, or it does not hold one word.
pub fn read_token(path: &Path) -> Result<Secret, FileError> {
    let (text, metadata) = read_file(path, MAX_TOKEN_FILE).map_err(|error| match error {
        FileError::Unreadable { path, .. } if looks_like_token(&path) => FileError::TokenForFile,
        error => error,
    })?;
    // First, lest somebody is told to change the mode of a file that is no token's.
    let text = without_mark(&text);
    let token = match str::from_utf8(text).map(str::trim) {
        Ok(token) if !token.is_empty() && !token.contains(char::is_whitespace) => Secret::new(token),
        _ => return Err(FileError::NoToken { path: path.to_owned() }),
    };
    refuse_what_others_can_read(path, &metadata)?;
    Ok(token)
}

/// The same for a secret that is not Zammad's token, such as that of an account at the phone system.
///
/// # Errors
///
/// As [`read_token`], in words that fit.
pub(crate) fn read_secret(path: &Path) -> Result<Secret, FileError> {
    read_token(path).map_err(|error| match error {
        FileError::NoToken { path } => FileError::NoSecret { path },
        FileError::TokenForFile => FileError::SecretForFile,
        error => error,
    })
}

/// A text without the byte order mark that some editors put in front of it.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Whether the token itself stands where the name of its file belongs.
pub(crate) fn is_token_for_file(path: &Path) -> bool {
    looks_like_token(path) && !path.exists()
}

/// Zammad's own tokens have 27 letters, digits, hyphens and underscores.
fn looks_like_token(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.len() >= 20 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// Reads a whole file of at most `most` bytes, and what is known of the file that was read.
///
/// A pipe, which could keep a call waiting, is no file here.
pub(crate) fn read_file(path: &Path, most: u64) -> Result<(Vec<u8>, Metadata), FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let broken = |reason: &str| FileError::Broken { path: path.to_owned(), reason: reason.to_owned() };
    // Not to block: opening a pipe would wait for its writer.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(broken("it is not a regular file"));
    }
    let mut content = Vec::new();
    file.take(most + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > most {
        return Err(broken(&format!("it is longer than {} KiB", most / 1024)));
    }
    Ok((content, metadata))
}

/// # Errors
///
/// The mode of a secret's file lets everybody read it.
pub(crate) fn refuse_what_others_can_read(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    if metadata.permissions().mode() & 0o007 == 0 {
        Ok(())
    } else {
        Err(FileError::OthersCanRead { path: path.to_owned() })
    }
}

fn holds_token(table: &Map<String, Value>) -> bool {
    let text = |key: &str| table.get(key).map(Value::to_string).unwrap_or_default();
    !text("token").is_empty()
        || !text("api_token").is_empty()
        || endpoint::split(&Some(Secret::new(text("url")))).1.is_some()
        || holds_secret(table)
}

/// What secrets are called in the tables of phone systems.
const SECRETS: [&str; 5] = ["secret", "client_secret", "signing_key", "token", "password"];

/// Whether a table of `[bridge]` has the secret of a phone system.
fn holds_secret(table: &Map<String, Value>) -> bool {
    fn inner<'a>(table: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
        match &table.get(key)?.kind {
            ValueKind::Table(inner) => Some(inner),
            _ => None,
        }
    }
    let Some(bridge) = inner(table, "bridge") else { return false };
    bridge.values().any(has_secret)
}

/// Whether the table of a phone system has a secret, in a list of accounts too.
fn has_secret(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Table(table) => table.iter().any(|(key, value)| {
            let is_secret = SECRETS.contains(&key.as_str());
            is_secret && !value.to_string().is_empty() || has_secret(value)
        }),
        ValueKind::Array(values) => values.iter().any(has_secret),
        _ => false,
    }
}

/// Every key must be a setting; a misspelt one would be a setting that silently does nothing.
fn check_keys(path: &Path, table: &Map<String, Value>, prefix: &str) -> Result<(), FileError> {
    // In order, so that of several wrong keys the same one is named each time.
    let mut keys: Vec<_> = table.keys().collect();
    keys.sort();
    for key in keys {
        let full = format!("{prefix}{key}");
        let is_table = ["numbers", "spool", "check", "bridge"].contains(&full.as_str())
            || full.strip_prefix("bridge.").is_some_and(|source| SOURCES.contains(&source));
        if let ValueKind::Table(hooks) = &table[key].kind
            && full == "bridge.webhook.hooks"
        {
            check_hooks(path, hooks)?;
        } else if let ValueKind::Table(inner) = &table[key].kind
            && (is_table || prefix == "bridge.")
        {
            if !is_table {
                return Err(FileError::UnknownSource { path: path.to_owned(), table: full });
            }
            check_keys(path, inner, &format!("{full}."))?;
        } else if let ValueKind::Array(routes) = &table[key].kind
            && full == "routes"
        {
            check_routes(path, routes)?;
        } else if full == "agents" || full == "bridge.xivo.accounts" {
            // The keys of the first table are phones; the second one is a list of tables, which have no variables.
        } else if !KEYS.contains(&full.as_str()) {
            let nearest = nearest(&full, &KEYS);
            return Err(FileError::UnknownKey { path: path.to_owned(), key: full, nearest });
        }
    }
    Ok(())
}

fn nearest(key: &str, known: &[&str]) -> Option<String> {
    let by_likeness = known.iter().map(|known| (strsim::jaro_winkler(key, known), known));
    let near = by_likeness.filter(|(likeness, _)| *likeness > 0.8);
    near.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| (*known).to_owned())
}

/// The same for the tables of routes.
fn check_routes(path: &Path, routes: &[Value]) -> Result<(), FileError> {
    for route in routes {
        let ValueKind::Table(route) = &route.kind else { continue };
        let mut keys: Vec<_> = route.keys().collect();
        keys.sort();
        if let Some(key) = keys.into_iter().find(|key| !ROUTE_KEYS.contains(&key.as_str())) {
            let nearest = nearest(key, &ROUTE_KEYS);
            return Err(FileError::UnknownKey {
                path: path.to_owned(),
                key: format!("routes.{key}"),
                nearest,
            });
        }
    }
    Ok(())
}

/// The same for the tables of hooks, whose names are anybody's.
fn check_hooks(path: &Path, hooks: &Map<String, Value>) -> Result<(), FileError> {
    fn check(path: &Path, table: &Map<String, Value>, hook: &str, prefix: &str) -> Result<(), FileError> {
        let mut keys: Vec<_> = table.keys().collect();
        keys.sort();
        for key in keys {
            let full = format!("{prefix}{key}");
            if !HOOK_KEYS.contains(&full.as_str()) {
                let nearest = nearest(&full, &HOOK_KEYS);
                return Err(FileError::UnknownKey {
                    path: path.to_owned(),
                    key: format!("{hook}.{full}"),
                    nearest,
                });
            }
            // In a table of words the keys are the sender's.
            if let ValueKind::Table(inner) = &table[key].kind
                && prefix != "words."
            {
                check(path, inner, hook, &format!("{full}."))?;
            }
        }
        Ok(())
    }
    let mut names: Vec<_> = hooks.keys().collect();
    names.sort();
    for name in names {
        if let ValueKind::Table(hook) = &hooks[name].kind {
            check(path, hook, &format!("bridge.webhook.hooks.{name}"), "")?;
        }
    }
    Ok(())
}

/// A parser's message without what it quotes of the file, which may be the token: at its own key
/// in a broken line, or at a wrong one.
fn reason(error: &config::ConfigError) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    if let Some((_, expected)) = first.split_once(", expected ") {
        return format!("expected {}", redact(expected));
    }
    let message = match text.lines().last() {
        Some(last) if text.lines().count() > 1 => format!("{first}: {last}"),
        _ => first.to_owned(),
    };
    // Every second part is in quotes.
    let parts = message.split('"').enumerate();
    let safe = parts.map(
        |(place, part)| {
            if place % 2 == 1 && part.len() >= Endpoint::SECRET_FROM { "***" } else { part }
        },
    );
    redact(&safe.collect::<Vec<_>>().join("\""))
}
