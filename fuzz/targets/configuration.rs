//! The configuration: variables, one in a line, and below a line `---` the file; or just the file.

#![no_main]

use std::collections::HashMap;
use std::time::Duration;

use fuzz::{Scratch, shows_token, two_parts};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use zammad_cti::config::{Config, Endpoint, FileError, Secret, Settings, read, redact, variable};
use zammad_cti::program::reached::printable;

fuzz_target!(|data: &[u8]| {
    let (variables, file) = match two_parts(data) {
        (file, None) => (&[][..], file),
        (variables, Some(file)) => (variables, file),
    };
    let Ok(variables) = str::from_utf8(variables) else { return };
    let hides_token = has_token_only_where_it_belongs(&String::from_utf8_lossy(data));
    // What the program says, at a terminal or in a log.
    let say = |text: &str| {
        let said = printable(&redact(text));
        assert!(!hides_token || !shows_token(&said), "{said}");
    };

    let set: HashMap<_, _> = variables.lines().filter_map(|line| line.split_once('=')).collect();
    let variables = Settings::from_variables(set.iter().map(|(name, text)| (name.into(), text.into())));
    let profile = set.get("ZAMMAD_CTI_PROFILE").copied();
    let scratch = Scratch::holding(file);
    let layers = read(&scratch.path(), profile);
    let (variables, layers) = match (variables, layers) {
        (Ok(variables), Ok(layers)) => (variables, layers),
        (variables, layers) => {
            variables.err().iter().for_each(|error| say(&error.to_string()));
            layers.err().iter().for_each(|error| say(&error.to_string()));
            return;
        }
    };
    for name in &layers.profiles {
        // There is this one; its routes may lead to others.
        if let Err(error) = read(&scratch.path(), Some(name)) {
            assert!(
                matches!(&error, FileError::UnknownProfile { profile, .. } if profile != name),
                "{error}"
            );
        }
    }

    let mut settings = layers.below(variables.clone(), Settings::default());
    // An agent may have any name, and is shown.
    if settings.agents.iter().any(|(phone, login)| shows_token(phone) || shows_token(login)) {
        return;
    }
    // The stronger one counts.
    let shown = settings.by_key();
    for (key, value) in variables.by_key() {
        assert!(value.is_null() || shown[&key] == value, "{key}");
    }
    say(&format!("{settings:?}"));
    say(&Value::Object(shown).to_string());
    // Tables of routes stand in a file alone.
    come_back(&Settings { routes: Vec::new(), ..settings.clone() });

    // Files are none of this target's business.
    settings.token_file = None;
    settings.routed.values_mut().for_each(|settings| settings.token_file = None);
    match Config::try_from(settings) {
        Ok(config) => {
            check(&config);
            say(&format!("{config:?}"));
        }
        Err(error) => say(&zammad_cti::client::in_full(&error)),
    }
});

/// Settings that are shown, as variables and as a file, are the same when they are read.
fn come_back(settings: &Settings) {
    let shown = settings.clone().or(Settings::defaults()).by_key();
    let is_secret = |key: &str| ["url", "token", "api_token"].contains(&key);
    let of_file: Map<_, _> =
        shown.into_iter().filter(|(key, value)| !is_secret(key) && !value.is_null()).collect();
    let of_variables: Map<_, _> =
        of_file.clone().into_iter().filter(|(key, _)| !key.starts_with("agents.")).collect();

    let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // An empty variable is not set, and none holds a NUL.
    let holds = |value: &Value| !as_text(value).is_empty() && !as_text(value).contains('\0');
    if of_variables.values().all(holds) {
        let again = of_variables.iter().map(|(key, value)| (variable(key).into(), as_text(value).into()));
        let again = Settings::from_variables(again);
        assert_eq!(set(&again.expect("what is shown can be read")), of_variables);
    }

    let mut file = toml::Table::new();
    for (key, value) in &of_file {
        let Some(value) = in_toml(value) else { return };
        match key.split_once('.') {
            Some((table, key)) => {
                let table = file.entry(table).or_insert_with(|| toml::Table::new().into());
                table.as_table_mut().expect("no key is also a table's").insert(key.to_owned(), value);
            }
            None => drop(file.insert(key.clone(), value)),
        }
    }
    let file = Scratch::holding(file.to_string().as_bytes());
    let again = read(&file.path(), None).expect("what is shown can be read");
    assert_eq!(set(&again.top_level), of_file);
}

/// None for a number that is too large for the file.
fn in_toml(value: &Value) -> Option<toml::Value> {
    match value {
        Value::String(text) => Some(text.clone().into()),
        Value::Bool(switch) => Some((*switch).into()),
        Value::Number(number) => number.as_i64().map(Into::into),
        Value::Null | Value::Array(_) | Value::Object(_) => panic!("no setting is one"),
    }
}

fn set(settings: &Settings) -> Map<String, Value> {
    settings.by_key().into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// What a configuration promises to whoever has one.
fn check(config: &Config) {
    assert!(config.connect_timeout > Duration::ZERO);
    assert!(config.connect_timeout <= config.timeout && config.timeout <= config.deadline);
    assert!(config.deadline <= Duration::from_secs(366 * 24 * 60 * 60));
    if let Some(spool) = &config.spool {
        assert!(spool.max_age > Duration::ZERO && spool.max_age_answer <= spool.max_age);
    }
    assert!(config.agents.iter().all(|(_, login)| !login.as_str().trim().is_empty()));
    assert!(config.numbering.extension_prefix.bytes().all(|byte| byte.is_ascii_digit()));
    let Ok(endpoint) = config.endpoint() else { return };
    // An address that is complete means the same when it is read again, and shows no token.
    let whole = endpoint.reveal().as_str();
    let again = Endpoint::new(&Secret::new(whole), None).expect("it is an endpoint");
    assert_eq!(again.reveal(), endpoint.reveal());
    let (_, token) = whole.rsplit_once("/api/v1/cti/").expect("the token comes last");
    assert!(!token.is_empty() && !token.contains('/'));
    let shown = endpoint.to_string();
    assert!(shown.ends_with("/api/v1/cti/***"), "{shown}");
    if token.len() >= 8 {
        assert!(!endpoint.redact(whole).contains(token));
        assert!(!endpoint.redact(&format!("a text with {token} in it")).contains(token));
    }
    assert!(endpoint.api("cti/log").path().ends_with("/api/v1/cti/log"));
}

/// Whether the token stands nowhere but in the settings that are there for it.
fn has_token_only_where_it_belongs(text: &str) -> bool {
    text.lines().all(|line| {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let places =
            ["url", "token", "api_token", "ZAMMAD_CTI_URL", "ZAMMAD_CTI_TOKEN", "ZAMMAD_CTI_API_TOKEN"];
        !shows_token(line) || (places.contains(&key.trim()) && !shows_token(key) && shows_token(value))
    })
}
