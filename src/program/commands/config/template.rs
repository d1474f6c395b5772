//! A configuration file to begin with: the commented example, with some settings in it.

use serde_json::{Map, Value};

use crate::config::{Secret, Settings};
use crate::program::exit_code::UsageError;

const EXAMPLE: &str = include_str!("../../../../config.example.toml");

/// The example with these settings in the lines that show them. A token gets a line of its own below the address.
///
/// # Errors
///
/// A path is not UTF-8, and a configuration file is.
pub fn filled(settings: &Settings) -> Result<String, UsageError> {
    let mut values = written(settings)?;
    let mut table = String::new();
    let mut lines = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = format!("{name}.");
        }
        let key = line.trim_start_matches('#').split_once(" = ").map(|(key, _)| format!("{table}{key}"));
        match key.and_then(|key| values.remove_entry(&key)) {
            None => lines.push(line.to_owned()),
            Some((key, value)) => lines.push(assignment(&key, &value)),
        }
        if line.starts_with("#url = ")
            && let Some(token) = values.remove("token")
        {
            lines.push(assignment("token", &token));
        }
    }
    debug_assert!(values.is_empty(), "the example names each setting: {:?}", values.keys());
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// The settings that are set by their keys, secrets in clear.
fn written(settings: &Settings) -> Result<Map<String, Value>, UsageError> {
    let mut values = settings.by_key();
    if values.is_empty() {
        return Err(UsageError("a path that is not UTF-8 cannot be in a configuration file"));
    }
    values.retain(|_, value| !value.is_null());
    let Settings { url, token, api_token, .. } = settings;
    for (key, secret) in [("url", url), ("token", token), ("api_token", api_token)] {
        let secret = secret.as_ref().map(Secret::reveal);
        values.extend(secret.map(|secret| (key.to_owned(), secret.into())));
    }
    Ok(values)
}

/// A line of the file. The texts of JSON are those of TOML, but for one character that JSON does not escape.
fn assignment(key: &str, value: &Value) -> String {
    let name = key.rsplit('.').next().unwrap_or(key);
    format!("{name} = {}", value.to_string().replace('\u{7f}', "\\u007f"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::variable;

    #[test]
    fn each_setting_has_its_line() {
        // (setting, a value that it can have, where that is no number and no time)
        let words = [
            ("encoding", "form"),
            ("lock_dir", "/7"),
            ("output", "json"),
            ("hangup_rejected", "forwarded"),
            ("numbers.country", "AT"),
            ("spool.path", "/7"),
            ("spool.mode", "always"),
            ("spool.policy", "drop-oldest"),
            ("check.warning", "time=7s"),
            ("check.critical", "days=7"),
        ];
        for (key, value) in Settings::defaults().by_key() {
            if key.starts_with("bridge.") || key.starts_with("agents") {
                continue;
            }
            let word = words.into_iter().find(|(name, _)| *name == key).map(|(_, word)| word);
            let number = if value.is_boolean() { "true" } else { "7" };
            let is_time =
                value.as_str().is_some_and(|text| text.ends_with(|c: char| c.is_ascii_alphabetic()));
            let text = word.unwrap_or(if is_time { "7s" } else { number });
            let set = [(variable(&key).into(), text.into())].into_iter();
            let settings = Settings::from_variables(set).unwrap();
            let file = toml::from_str::<Settings>(&filled(&settings).unwrap()).unwrap();
            let (set, read) = (written(&settings).unwrap(), written(&file).unwrap());
            assert_eq!(read.get(&key), set.get(&key), "{key}");
            assert!(set.contains_key(&key), "{key}");
        }
    }

    #[test]
    fn any_text_is_written_as_one_value() {
        let odd = "a\"b\\c\n\t\u{7f}\u{1}[x]\n#é";
        let settings = Settings { ca_file: Some(odd.into()), ..Settings::default() };
        let file: Settings = toml::from_str(&filled(&settings).unwrap()).unwrap();
        assert_eq!(file.ca_file, settings.ca_file);
    }
}
