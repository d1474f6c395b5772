//! What the configuration of 3cx-zammad-bridge says: which Zammad gets the calls of which 3CX.
//!
//! Source: the bridge itself, version 0.8.0, and how it behaves: it has no defaults and checks nothing, so what is
//! missing means zero or nothing there.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::spool;
use super::yaml_sections::{Entry, Section, Value, read};
use crate::config::{Endpoint, Secret, Span, ThreeCxSettings};
use crate::number::Country;
use crate::program::safe_text::{json, printable};

/// What is taken over.
#[derive(Debug, PartialEq, Eq)]
pub struct Imported {
    url: Secret,
    host: String,
    client: Option<(String, Secret)>,
    user: Option<(String, Secret)>,
    group: Option<String>,
    queue: Option<String>,
    trunk_digits: Option<u64>,
    country: Option<String>,
    poll_interval: Option<Span>,
    remarks: Vec<Remark>,
}

/// What is said of a line of the file. It does not quote a value, which may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Remark {
    line: usize,
    text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// Why nothing can be taken over.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("line {}: {}", .0.line, .0.text)]
    Line(Remark),
    #[error("{0}")]
    Missing(&'static str),
}

/// The sections of the bridge and their keys.
const KNOWN: [(&str, &[&str]); 3] = [
    ("Bridge", &["poll_interval"]),
    (
        "3CX",
        &[
            "host",
            "user",
            "pass",
            "group",
            "client_id",
            "client_secret",
            "extension_digits",
            "trunk_digits",
            "queue_extension",
            "country_prefix",
        ],
    ),
    ("Zammad", &["endpoint", "log_missed_queue_calls"]),
];

/// Longer than any trunk's own number; shorter than telephone numbers.
const MOST_TRUNK_DIGITS: u64 = 7;

/// Times that `poll_interval` may have here.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(60);

/// Reads the text of the file.
///
/// # Errors
///
/// It is not YAML, or what is needed is missing or cannot be.
pub fn import(text: &str) -> Result<Imported, Unusable> {
    let sections =
        read(text).map_err(|broken| Unusable::Line(Remark { line: broken.line, text: broken.reason }))?;
    let mut file = File { sections, remarks: Vec::new() };
    file.note_unknown();
    let (line, host) = file.needed("3CX", "host", "it has no `host` in `3CX`")?;
    let settings = ThreeCxSettings { url: Some(host.clone()), ..ThreeCxSettings::default() };
    if let Err(error) = settings.check_url() {
        return Err(line_error(line, &format!("`host`: {error}")));
    }
    let (line, url) = file.needed("Zammad", "endpoint", "it has no `endpoint` in `Zammad`")?;
    let url = Secret::new(url);
    if let Err(error) = Endpoint::new(&url, None) {
        return Err(line_error(line, &format!("`endpoint`: {error}")));
    }
    let client = file.both("client_id", "client_secret");
    let user = file.both("user", "pass");
    if client.is_none() && user.is_none() {
        return Err(Unusable::Missing(
            "it has neither `client_id` and `client_secret` nor `user` and `pass` in `3CX`",
        ));
    }
    let group = file.text("3CX", "group").map(|(_, group)| group);
    if group.is_none() && client.is_none() {
        file.note_missing(
            "3CX",
            "no `group`: without one the bridge finds no extension; here the calls of all are reported",
        );
    }
    let queue = file.queue();
    let extension_digits = file.number("extension_digits");
    if let Some((line, _)) = extension_digits {
        file.note(
            line,
            "`extension_digits` is left out: extensions are told apart without it, of whatever length",
        );
    }
    let trunk_digits = file.trunk_digits(extension_digits.map(|(_, digits)| digits));
    let country = file.country();
    let poll_interval = file.poll_interval();
    if let Some((line, _)) = file.text("Zammad", "log_missed_queue_calls") {
        file.note(line, "`log_missed_queue_calls` is left out: each call that is missed ends as missed, those of queues too");
    }
    let mut remarks = file.remarks;
    remarks.sort_by_key(|remark| remark.line);
    Ok(Imported { url, host, client, user, group, queue, trunk_digits, country, poll_interval, remarks })
}

fn line_error(line: usize, text: &str) -> Unusable {
    Unusable::Line(Remark { line, text: text.to_owned() })
}

struct File {
    sections: Vec<Section>,
    remarks: Vec<Remark>,
}

impl File {
    fn note(&mut self, line: usize, text: impl Into<String>) {
        self.remarks.push(Remark { line, text: text.into() });
    }

    /// That something is missing in a section.
    fn note_missing(&mut self, section: &str, text: &str) {
        let line = self.sections.iter().find(|own| own.name == section).map_or(1, |own| own.line);
        self.note(line, text);
    }

    /// The entry that counts.
    fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        let mut own = self.sections.iter().filter(|own| own.name == section).flat_map(|own| &own.entries);
        own.rfind(|entry| entry.key == key)
    }

    /// A value and its line; none if it is not there or empty.
    fn text(&self, section: &str, key: &str) -> Option<(usize, String)> {
        let Entry { line, value, .. } = self.entry(section, key)?;
        match value {
            Value::Text(text) if !text.is_empty() => Some((*line, text.clone())),
            Value::Text(_) | Value::Null | Value::Nested => None,
        }
    }

    fn needed(&self, section: &str, key: &str, missing: &'static str) -> Result<(usize, String), Unusable> {
        if let Some(Entry { line, value: Value::Nested, .. }) = self.entry(section, key) {
            return Err(line_error(*line, &format!("`{key}` is not one value")));
        }
        let (line, text) = self.text(section, key).ok_or(Unusable::Missing(missing))?;
        if text.contains(char::is_control) {
            return Err(line_error(line, &format!("`{key}` holds a control character")));
        }
        Ok((line, text))
    }

    /// Two values of which the bridge takes none without the other.
    fn both(&mut self, name: &str, secret: &str) -> Option<(String, Secret)> {
        match (self.text("3CX", name), self.text("3CX", secret)) {
            (Some((_, name)), Some((_, secret))) => Some((name, Secret::new(secret))),
            (Some((line, _)), None) => {
                self.note(line, format!("`{name}` is left out: there is no `{secret}`"));
                None
            }
            (None, Some((line, _))) => {
                self.note(line, format!("`{secret}` is left out: there is no `{name}`"));
                None
            }
            (None, None) => None,
        }
    }

    /// A count, as the bridge reads it.
    fn number(&mut self, key: &str) -> Option<(usize, u64)> {
        let (line, text) = self.text("3CX", key)?;
        match text.trim().parse() {
            Ok(number) => Some((line, number)),
            Err(_) => {
                self.note(line, format!("`{key}` is left out: it is not a number"));
                None
            }
        }
    }

    fn queue(&mut self) -> Option<String> {
        let (line, number) = self.number("queue_extension")?;
        if number == 0 {
            return None;
        }
        self.note(line, "`queue_extension`: `queues` may name several");
        Some(number.to_string())
    }

    fn trunk_digits(&mut self, extension_digits: Option<u64>) -> Option<u64> {
        let (line, digits) = self.number("trunk_digits")?;
        let left_out = if digits > MOST_TRUNK_DIGITS {
            "it means the digits of a trunk's own number, such as 5 of 10000, and not those of telephone numbers"
        } else if Some(digits) == extension_digits {
            "extensions have as many digits"
        } else if !(2..=9).contains(&digits) {
            "no trunk's number has so many"
        } else {
            self.note(line, "`trunk_digits`: trunks are recognised without it where their calls show a number in brackets");
            return Some(digits);
        };
        self.note(line, format!("`trunk_digits` is left out: {left_out}; trunks are recognised without it"));
        None
    }

    fn country(&mut self) -> Option<String> {
        let (line, prefix) = self.text("3CX", "country_prefix")?;
        let digits = prefix.trim().trim_start_matches('+').trim_start_matches('0');
        match digits.parse().ok().and_then(Country::with_code) {
            Some(country) => {
                self.note(
                    line,
                    format!("`country_prefix` is `country = \"{country}\"`: numbers are sent with the country code"),
                );
                Some(country.to_string())
            }
            None => {
                self.note(line, "`country_prefix` is left out: no country has this code; set `country`");
                None
            }
        }
    }

    fn poll_interval(&mut self) -> Option<Span> {
        let Some((line, text)) = self.text("Bridge", "poll_interval") else {
            self.note_missing(
                "Bridge",
                "no `poll_interval`: the bridge asks without a pause; here it is 500ms",
            );
            return None;
        };
        let seconds = text.trim().parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        match seconds {
            Some(seconds) if seconds > 0.0 => {
                let wanted = Duration::from_millis((seconds.min(3600.0) * 1000.0).round() as u64);
                let interval = wanted.clamp(SHORTEST, LONGEST);
                if interval != wanted {
                    self.note(line, format!("`poll_interval` is {} here", Span(interval)));
                }
                Some(Span(interval))
            }
            Some(_) => {
                self.note(
                    line,
                    "`poll_interval` is left out: the bridge asks without a pause; here it is 500ms",
                );
                None
            }
            None => {
                self.note(line, "`poll_interval` is left out: it is not a number of seconds");
                None
            }
        }
    }

    /// What the bridge does not know: it says nothing of it.
    fn note_unknown(&mut self) {
        let mut remarks = Vec::new();
        for (place, section) in self.sections.iter().enumerate() {
            let Some((_, keys)) = KNOWN.iter().find(|(name, _)| *name == section.name) else {
                let likely =
                    KNOWN.iter().find(|(name, _)| is_like(name, &section.name)).map(|(name, _)| *name);
                let likely = likely.map(|name| format!("; it knows `{name}`")).unwrap_or_default();
                let text = format!("`{}` is left out: the bridge does not know it{likely}", section.name);
                remarks.push(Remark { line: section.line, text });
                continue;
            };
            if self.sections[place + 1..].iter().any(|later| later.name == section.name) {
                let text = format!("`{}` is there twice: of each key the last one counts", section.name);
                remarks.push(Remark { line: section.line, text });
            }
            for (place, Entry { key, line, value, is_merged }) in section.entries.iter().enumerate() {
                let is_same = |later: &Entry| !later.is_merged && later.key == *key;
                let text = if !is_merged && section.entries[place + 1..].iter().any(is_same) {
                    format!("`{key}` is there twice: the last one counts")
                } else if !keys.contains(&key.as_str()) {
                    let likely = keys.iter().find(|name| is_like(name, key));
                    let likely = likely.map(|name| format!("; it knows `{name}`")).unwrap_or_default();
                    format!("`{key}` is left out: the bridge does not know it{likely}")
                } else if *value == Value::Nested {
                    format!("`{key}` is left out: it is not one value")
                } else {
                    continue;
                };
                remarks.push(Remark { line: *line, text });
            }
        }
        self.remarks.extend(remarks);
    }
}

/// Whether two names differ by case and punctuation only.
fn is_like(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

/// How a secret is written: its key, and what stands there.
pub type Write<'a> = &'a mut dyn FnMut(&'static str, &Secret) -> anyhow::Result<String>;

impl Imported {
    /// Our configuration, with a remark for each thing that differs. `write` makes the line of a secret by its key:
    /// `url`, `client_secret` or `password`.
    ///
    /// # Errors
    ///
    /// Those of `write`.
    pub fn written(&self, file: &Path, write: Write<'_>) -> anyhow::Result<String> {
        let Self { url, host, client, user, group, queue, trunk_digits, country, poll_interval, remarks } =
            self;
        let mut left = String::new();
        for remark in remarks {
            left.push_str(&format!("# - {}\n", printable(&remark.to_string())));
        }
        if !left.is_empty() {
            left.insert_str(0, "#\n# Of that file:\n");
        }
        let mut text = format!("{HEAD}# Made from {}.\n{left}\n{URL}", printable(&file.to_string_lossy()));
        text.push_str(&write("url", url)?);
        text.push_str(NUMBERS);
        text.push_str(&match country {
            Some(country) => format!("country = {}\n", json(country)),
            None => "#country = \"DE\"\n".to_owned(),
        });
        text.push_str("\n[spool]\n# Where events wait while Zammad is down. The bridge lost them.\n");
        text.push_str(&spool());
        text.push_str(TABLES);
        text.push_str(&format!("url = {}\n", json(host)));
        if let Some((id, secret)) = client {
            text.push_str("# The API client. No other program may log in with it.\n");
            text.push_str(&format!("client_id = {}\n", json(id)));
            text.push_str(&write("client_secret", secret)?);
        }
        if let Some((name, password)) = user {
            if client.is_some() {
                text.push_str("# Used if the 3CX knows no API clients, as before version 20.\n");
            }
            text.push_str(&format!("username = {}\n", json(name)));
            text.push_str(&write("password", password)?);
        }
        if let Some(group) = group {
            text.push_str("# Before version 20: whose calls are reported.\n");
            text.push_str(&format!("group = {}\n", json(group)));
        }
        if let Some(queue) = queue {
            text.push_str(&format!("queues = [{}]\n", json(queue)));
        }
        if let Some(digits) = trunk_digits {
            text.push_str("# How many digits the numbers of trunks have.\n");
            text.push_str(&format!("trunks = [\"{digits}\"]\n"));
        }
        if let Some(interval) = poll_interval {
            text.push_str("# Where the 3CX does not tell of changes.\n");
            text.push_str(&format!("poll_interval = {}\n", json(&interval.to_string())));
        }
        Ok(text)
    }
}

const HEAD: &str = "\
# The configuration of zammad-cti, in place of that of 3cx-zammad-bridge.
#
# It holds Zammad's token and the secret of an account at the 3CX. Others must not be able to read it:
# chmod o-rwx config.toml. The option --secrets puts them into files of their own.
#
# What differs from the bridge:
# - Calls that go out are reported as what they are, also since version 20.
# - Each call gets its end. It is missed if no person took it, whoever rang last.
# - `queue` is the queue's number, and `to` stays what was called first. Rows of the caller-log filter with the
#   queue's number choose who sees a call.
# - Numbers are sent as digits with the country code: set `country` below if it is not there.
# - After a transfer one answer is reported, that of the first agent; `second_answer` reports the next one's too.
# - Nothing may report the same calls beside it: stop the bridge before you start zammad-cti. Since version 20 two
#   programs with one API client log each other out.
#
";

const URL: &str = "# Zammad's CTI address with its token.\n";

const NUMBERS: &str = "
[numbers]
# The country of the phone system. National numbers get its code.
";

const TABLES: &str = "
# Who sits at which phone: an extension, and a Zammad login. The bridge sent the name that the 3CX has for it, and
# so does zammad-cti for an extension that is not listed.
[agents]
#150 = \"anna@example.com\"

# Followed by: zammad-cti bridge 3cx
[bridge.3cx]
";
