//! `zammad-cti config`

mod import;
mod init;
mod route;
mod template;

use std::io::{ErrorKind, Write};

use crate::bridge::system::may_begin;
use crate::bridge::{asterisk, freeswitch, fritzbox, three_cx, wazo, webhook, xivo};
use crate::client::Client;
use crate::config::{Config, Format, Layer, Settings, is_token_for_file, redact, relative, shown, variable};
use crate::spool::{SpoolError, is_begun};
use serde_json::{Map, Value, json};

pub use import::ImportError;

use super::owner::become_owner;
use super::settings::sources;
use super::{checked, start_log};
use crate::program::cli::{self, Global};
use crate::program::exit_code::ExitCode;
use crate::program::output::{OutputError, VERSION};
use crate::program::safe_text::{printable, quoted};
use crate::program::table::{Table, on_terminal};

#[cold]
pub fn run(command: &cli::Config, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        cli::Config::Show => show(global, out),
        cli::Config::Check => check(global, out),
        cli::Config::Init(args) => init::run(args, global, out),
        cli::Config::Import(args) => import::run(args, out),
        cli::Config::Route(args) => route::run(args, global, out),
    }
}

/// What `check` says too of where the spool is. That this user may not use it is no matter of the configuration.
fn unfit_spool(config: &Config) -> Option<anyhow::Error> {
    let path = &config.spool.as_ref()?.path;
    become_owner(config.all());
    match is_begun(path) {
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        Err(source) => Some(SpoolError::File { path: path.clone(), source }.into()),
    }
}

/// Tables that only the file has: the keys of the one are phones, those of the other hooks.
const FILE_ONLY: [&str; 2] = ["agents.", "bridge.webhook.hooks."];

/// What takes the place of a secret.
const STARS: &str = "***";

/// A setting as it is shown. All that `config show` prints is one: no text gets here that could hold a token.
struct Shown {
    key: String,
    value: Value,
    origin: String,
}

impl Shown {
    fn new(key: &str, value: &Value, origin: String) -> Self {
        // A token's line that got below the table of phones, where it is refused.
        let is_misplaced_secret = ["agents.token", "agents.api_token"].contains(&key);
        let value = match value.as_str() {
            Some(_) if is_misplaced_secret => STARS.into(),
            Some(text) => shown(text).into(),
            None => value.clone(),
        };
        Self { key: redact(key), value, origin }
    }

    /// Its row for people.
    fn cells(&self) -> [String; 3] {
        let value = match &self.value {
            Value::Null => "-".to_owned(),
            Value::String(text) => printable(text),
            other => other.to_string(),
        };
        [printable(&self.key), value, printable(&self.origin)]
    }

    /// Whether a part of the value is not shown.
    fn is_masked(&self) -> bool {
        self.value.as_str().is_some_and(|text| text.contains(STARS))
    }
}

/// Each setting, its value and its origin.
fn show(global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let sources = sources(global)?;
    let defaults = Settings::defaults();
    let by_strength = sources.by_strength().into_iter().chain([&defaults]);
    let layers: Vec<_> = by_strength.map(|layer| (layer.origin.layer.clone(), layer.by_key())).collect();
    let effective = sources.merged().or(defaults);
    let format = effective.output.unwrap_or_default();
    let settings = settings(&layers, effective);
    match format {
        Format::Json => {
            let settings: Map<_, _> = settings
                .into_iter()
                .map(|Shown { key, value, origin }| (key, json!({ "value": value, "origin": origin })))
                .collect();
            writeln!(out, "{}", json!({ "version": VERSION, "settings": settings })).map_err(OutputError)?;
        }
        // As variables that would have the same effect, but for the token.
        Format::Shell => {
            for setting in settings {
                let Shown { key, value, .. } = &setting;
                let is_of_file = FILE_ONLY.iter().any(|table| key.starts_with(table));
                // A list of tables stands in a file alone.
                let has_tables = value.as_array().is_some_and(|values| values.iter().any(Value::is_object));
                if value.is_null() || setting.is_masked() || is_of_file || has_tables {
                    continue;
                }
                let value = match value {
                    Value::String(text) => printable(text),
                    // As a variable has several.
                    Value::Array(texts) => {
                        let texts: Vec<_> = texts.iter().filter_map(Value::as_str).map(printable).collect();
                        texts.join(",")
                    }
                    other => other.to_string(),
                };
                writeln!(out, "{}={}", variable(key), quoted(&value)).map_err(OutputError)?;
            }
        }
        Format::Text => {
            let rows: Vec<_> = settings.iter().map(Shown::cells).collect();
            if let Some(columns) = on_terminal() {
                let rows = rows.iter().map(|row| row.iter().map(String::as_str).collect());
                write!(out, "{}", Table::without_heading(columns, rows)).map_err(OutputError)?;
                return Ok(ExitCode::Ok);
            }
            let width = rows.iter().map(|[key, _, _]| key.chars().count()).max().unwrap_or_default();
            for [key, value, origin] in rows {
                writeln!(out, "{key:<width$} {value:<34} {origin}").map_err(OutputError)?;
            }
        }
    }
    Ok(ExitCode::Ok)
}

/// What counts of each setting, and where it comes from.
fn settings(layers: &[(Layer, Map<String, Value>)], effective: Settings) -> Vec<Shown> {
    let mut values = effective.by_key();
    // Of phone systems that nobody follows there is nothing to show.
    values.retain(|key, value| !key.starts_with("bridge.") || !value.is_null());
    let left_out = effective.origin.left_out().to_vec();
    if effective.token_file.as_deref().is_some_and(is_token_for_file) {
        values.insert("token_file".to_owned(), STARS.into());
    }
    // A complete endpoint shows itself without its token; of any other no part is sure to be none.
    if let Some(url) = values.get_mut("url")
        && let Ok(config) = Config::try_from(effective)
        && let Ok(endpoint) = config.endpoint()
    {
        *url = endpoint.to_string().into();
    }
    let origin = |key: &str, value: &Value| {
        if let Some(left) = left_out.iter().find(|left| left.setting() == key) {
            return format!("not used: {}", left.reason());
        }
        let sets = |layer: &Map<String, Value>| layer.get(key).is_some_and(|own| !own.is_null());
        match layers.iter().find(|(_, values)| sets(values)) {
            _ if value.is_null() => "not set".to_owned(),
            Some((layer, _)) => layer.of_key(key),
            None => "the token in a url that is replaced".to_owned(),
        }
    };
    values.into_iter().map(|(key, value)| Shown::new(&key, &value, origin(&key, &value))).collect()
}

/// Reads and checks everything, without a word to Zammad.
fn check(global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let settings = sources(global)?.merged();
    let bridge = settings.bridge.clone();
    let relative = relative(&settings, &global.settings);
    let zammad = checked(settings, log::LevelFilter::Warn).and_then(|config| {
        let endpoint = config.endpoint()?.clone();
        Client::new(&config)?;
        Ok((endpoint, config))
    });
    let mut wrong = Vec::new();
    let config = match zammad {
        Ok((endpoint, config)) => {
            writeln!(out, "ok: {endpoint} (Zammad was not asked)").map_err(OutputError)?;
            Some(config)
        }
        Err(error) => {
            wrong.push(error);
            None
        }
    };
    let routes = config.as_ref().and_then(|config| config.routes.as_ref());
    wrong.extend(routes.iter().flat_map(|routes| routes.complaints()).map(Into::into));
    wrong.extend(bridge.checked().err().map(Into::into));
    let may_begin = [
        may_begin::<asterisk::System>,
        may_begin::<freeswitch::System>,
        may_begin::<three_cx::System>,
        may_begin::<xivo::System>,
        may_begin::<webhook::System>,
        may_begin::<fritzbox::System>,
        may_begin::<wazo::System>,
    ];
    for (source, may_begin) in bridge.sources().into_iter().zip(may_begin) {
        let login = match source.login() {
            Ok(None) => continue,
            Ok(Some(login)) => may_begin(&bridge).map(|()| login),
            Err(error) => Err(error.into()),
        };
        match login {
            Ok(login) => {
                let (phone_system, login) = (source.title(), printable(&login));
                writeln!(out, "ok: {phone_system}, {login} ({phone_system} was not asked)")
                    .map_err(OutputError)?;
            }
            Err(error) => wrong.push(error.into()),
        }
    }
    wrong.extend(config.iter().filter_map(unfit_spool));
    let mut wrong = wrong.into_iter();
    if let Some(first) = wrong.next() {
        start_log(log::LevelFilter::Warn, []);
        wrong.for_each(|error| log::error!("{error:#}"));
        return Err(first);
    }
    for (key, complaint) in relative {
        log::warn!("{key}: {complaint}");
    }
    for left in config.iter().flat_map(Config::left_out) {
        let (said, key) = (printable(&left.to_string()), left.setting());
        writeln!(out, "{said}; if this Zammad has one, set `{key}` beside its url").map_err(OutputError)?;
    }
    Ok(ExitCode::Ok)
}
