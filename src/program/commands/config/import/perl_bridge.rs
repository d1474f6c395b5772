//! What the configuration of asterisk-zammad-cti-bridge says: which Zammad gets the calls of which
//! Asterisk.
//!
//! Source: the script itself, in the version with the options `--zammad` and `--asterisk`, which name
//! sections of the file.

use std::fmt;

use super::config_simple::{Entry, Section, Value, read};
use crate::config::{Endpoint, Secret};

/// The sections that the script takes: its options `--zammad` and `--asterisk`.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    pub zammad: &'a str,
    pub asterisk: &'a str,
}

/// What is taken over.
#[derive(Debug, PartialEq, Eq)]
pub struct Imported {
    pub url: Secret,
    pub asterisk: Account,
    /// the sections that were not chosen
    pub profiles: Vec<Profile>,
    pub remarks: Vec<Remark>,
}

/// A section that is a profile here.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub url: Option<Secret>,
    pub asterisk: Option<Account>,
}

/// Who logs in at which Asterisk.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    pub address: String,
    pub username: String,
    pub secret: Secret,
}

/// What is said of a line of the file. It does not quote a value, which may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Remark {
    pub line: usize,
    pub text: String,
}

impl Remark {
    fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// Why nothing can be taken over.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("{0}")]
    Line(Remark),
    #[error("there is no section [{name}], which {option} names; the sections are: {}", known.join(", "))]
    NoSection { name: String, option: &'static str, known: Vec<String> },
    #[error("it has no section")]
    Empty,
}

const OF_ZAMMAD: [&str; 1] = ["url"];
const OF_ASTERISK: [&str; 4] = ["host", "port", "user", "secret"];

/// Where the script's library looks for Asterisk if the file does not say so.
const HOST: &str = "127.0.0.1";
const PORT: &str = "5038";

/// Reads the text of the file.
///
/// # Errors
///
/// A line is none that the script reads, or what it needs is missing or cannot be.
pub fn import(text: &str, chosen: Chosen<'_>) -> Result<Imported, Unusable> {
    let sections = read(text)
        .map_err(|line| Remark::new(line, "not a section such as [zammad], and not a key with a value"))
        .map_err(Unusable::Line)?;
    if sections.is_empty() {
        return Err(Unusable::Empty);
    }
    let find = |name: &str, option| {
        sections.iter().find(|section| section.name == name).ok_or_else(|| Unusable::NoSection {
            name: name.to_owned(),
            option,
            known: sections.iter().map(|section| section.name.clone()).collect(),
        })
    };
    let mut remarks = Vec::new();
    let url = url(find(chosen.zammad, "--zammad")?).map_err(Unusable::Line)?;
    let asterisk = account(find(chosen.asterisk, "--asterisk")?, &mut remarks).map_err(Unusable::Line)?;
    let mut profiles = Vec::new();
    for section in &sections {
        remarks.extend(unused(section));
        let other = Section::has_any_of;
        let is_zammad = section.name != chosen.zammad && other(section, &OF_ZAMMAD);
        let is_asterisk = section.name != chosen.asterisk && other(section, &OF_ASTERISK);
        match profile(section, is_zammad, is_asterisk, &mut remarks) {
            Ok(profile) => profiles.extend(profile),
            Err(Remark { line, text }) => {
                remarks.push(Remark::new(line, format!("{text}, so [{}] is left out", section.name)));
            }
        }
    }
    remarks.sort_by_key(|remark| remark.line);
    Ok(Imported { url, asterisk, profiles, remarks })
}

/// A section that was not chosen as what it is.
fn profile(
    section: &Section,
    is_zammad: bool,
    is_asterisk: bool,
    remarks: &mut Vec<Remark>,
) -> Result<Option<Profile>, Remark> {
    if !is_zammad && !is_asterisk {
        return Ok(None);
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if section.name.is_empty() || !section.name.chars().all(is_name) {
        return Err(Remark::new(section.line, "the script does not accept its name"));
    }
    let url = is_zammad.then(|| url(section)).transpose()?;
    let asterisk = is_asterisk.then(|| account(section, remarks)).transpose()?;
    Ok(Some(Profile { name: section.name.clone(), url, asterisk }))
}

/// What is in a section, and not taken over: keys that the script does not know, and those that are
/// written again below.
fn unused(section: &Section) -> Vec<Remark> {
    let is_known = |key: &str| OF_ZAMMAD.contains(&key) || OF_ASTERISK.contains(&key);
    if !section.entries.iter().any(|entry| is_known(&entry.key)) {
        let text = format!("[{}] is left out: it has no key of the script", section.name);
        return vec![Remark::new(section.line, text)];
    }
    let mut remarks = Vec::new();
    for entry in &section.entries {
        let Entry { key, line, value: _ } = entry;
        match section.entry(key) {
            _ if !is_known(key) => {
                remarks.push(Remark::new(*line, format!("`{key}` is left out: the script does not know it")));
            }
            Some(last) if last.line != *line => {
                remarks.push(Remark::new(
                    *line,
                    format!("`{key}` is left out: line {} has it again", last.line),
                ));
            }
            Some(_) | None => {}
        }
    }
    remarks
}

fn url(section: &Section) -> Result<Secret, Remark> {
    let (line, url) = section.needed("url")?;
    let url = Secret::new(url);
    // Whatever is wrong with it, `config check` would find later.
    match Endpoint::new(&url, None) {
        Ok(_) => Ok(url),
        Err(error) => Err(Remark::new(line, format!("`url`: {error}"))),
    }
}

fn account(section: &Section, remarks: &mut Vec<Remark>) -> Result<Account, Remark> {
    let mut or_default = |key: &str, default: &str| {
        let set = section.text(key)?;
        if set.is_none() {
            remarks.push(Remark::new(section.line, format!("[{}] has no `{key}`: {default}", section.name)));
        }
        Ok(set.unwrap_or_else(|| (section.line, default.to_owned())))
    };
    let (line, host) = or_default("host", HOST)?;
    if host.contains(char::is_whitespace) || host.contains('/') {
        return Err(Remark::new(line, "`host` is not the name or the address of a machine"));
    }
    let (line, port) = or_default("port", PORT)?;
    let is_port =
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    if !is_port {
        return Err(Remark::new(line, "`port` is not a number from 1 to 65535"));
    }
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    let address = if is_bare_v6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let (_, username) = section.needed("user")?;
    let (_, secret) = section.needed("secret")?;
    Ok(Account { address, username, secret: Secret::new(secret) })
}

impl Section {
    /// The entry that counts.
    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    fn has_any_of(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.entry(key).is_some())
    }

    /// A value and its line; none if it is not there or empty.
    fn text(&self, key: &str) -> Result<Option<(usize, String)>, Remark> {
        let Some(Entry { line, value, .. }) = self.entry(key) else { return Ok(None) };
        let wrong = |what: &str| Err(Remark::new(*line, format!("`{key}` {what}")));
        match value {
            Value::Text(text) if text.contains(char::is_control) => wrong("has a control character"),
            Value::Text(text) => Ok(Some((*line, text.clone())).filter(|_| !text.is_empty())),
            Value::List => wrong("has a comma, which begins another value there: put it in quotes"),
            Value::Unended => {
                wrong("has a quote or a backslash that is not closed: the script reads nothing there")
            }
        }
    }

    /// The same of a key that the script insists on.
    fn needed(&self, key: &str) -> Result<(usize, String), Remark> {
        self.text(key)?.ok_or_else(|| {
            let line = self.entry(key).map_or(self.line, |entry| entry.line);
            Remark::new(line, format!("[{}] has no `{key}`", self.name))
        })
    }
}
