//! The table `[bridge.3cx]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::{SourceSettings, one_secret_of};
use crate::config::value::{List, Secret, Span};
use crate::config::{ConfigError, one_of};

/// The table `[bridge.3cx]`: where the 3CX is, who logs in there, and which of its numbers are what.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "3CX")]
pub struct ThreeCxSettings {
    /// The address of the 3CX, such as `https://pbx.example.com:5001`
    #[arg(long = "3cx-url", alias = "bridge-3cx-url", id = "bridge_3cx_url", value_name = "URL")]
    pub url: Option<String>,
    /// Trust the certificates in this PEM file, in place of the system's
    #[arg(long = "bridge-3cx-ca-file", id = "bridge_3cx_ca_file", value_name = "FILE")]
    #[arg(hide_short_help = true)]
    pub ca_file: Option<PathBuf>,
    /// How it is followed [default: auto]
    #[arg(long = "api", alias = "bridge-3cx-api", id = "bridge_3cx_api", value_name = "API")]
    #[arg(hide_short_help = true)]
    #[serde(deserialize_with = "one_of")]
    pub api: Option<ThreeCxApi>,
    /// Since version 20: the API client, as the console has it
    #[arg(long = "client-id", alias = "bridge-3cx-client-id", id = "bridge_3cx_client_id")]
    #[arg(value_name = "ID")]
    pub client_id: Option<String>,
    /// Its secret, which the 3CX calls API key
    #[arg(long = "client-secret", alias = "bridge-3cx-client-secret", id = "bridge_3cx_client_secret")]
    #[arg(value_name = "SECRET", value_parser = Secret::parse, allow_hyphen_values = true)]
    #[arg(hide_short_help = true)]
    pub client_secret: Option<Secret>,
    /// A file that holds its secret, which nobody else may read
    #[arg(long = "client-secret-file", alias = "bridge-3cx-client-secret-file")]
    #[arg(id = "bridge_3cx_client_secret_file", value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// Before version 20: an account of the console
    #[arg(long = "username", alias = "bridge-3cx-username", id = "bridge_3cx_username")]
    #[arg(value_name = "NAME")]
    pub username: Option<String>,
    /// Its password
    #[arg(long = "password", alias = "bridge-3cx-password", id = "bridge_3cx_password")]
    #[arg(value_name = "PASSWORD", value_parser = Secret::parse, allow_hyphen_values = true)]
    #[arg(hide_short_help = true)]
    pub password: Option<Secret>,
    /// A file that holds the password, which nobody else may read
    #[arg(long = "password-file", alias = "bridge-3cx-password-file")]
    #[arg(id = "bridge_3cx_password_file", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Before version 20: report this group's calls only
    #[arg(long = "group", alias = "bridge-3cx-group", id = "bridge_3cx_group", value_name = "NAME")]
    pub group: Option<String>,
    /// The numbers of queues, with * for any characters
    #[arg(long = "queues", alias = "bridge-3cx-queues", id = "bridge_3cx_queues", value_name = "PATTERNS")]
    pub queues: Option<List>,
    /// Where the 3CX does not tell: extensions of people, as patterns, or how many digits extensions have
    #[arg(long = "extensions", alias = "bridge-3cx-extensions", id = "bridge_3cx_extensions")]
    #[arg(value_name = "PATTERNS", hide_short_help = true)]
    pub extensions: Option<List>,
    /// Where the 3CX does not tell: the numbers of trunks, as patterns, or how many digits they have
    #[arg(long = "trunks", alias = "bridge-3cx-trunks", id = "bridge_3cx_trunks", value_name = "PATTERNS")]
    #[arg(hide_short_help = true)]
    pub trunks: Option<List>,
    /// The number that callers of a trunk have dialled, where the 3CX does not tell: such as 10000=493023125100
    #[arg(long = "trunk-numbers", alias = "bridge-3cx-trunk-numbers", id = "bridge_3cx_trunk_numbers")]
    #[arg(value_name = "TRUNK=NUMBER,..", hide_short_help = true)]
    pub trunk_numbers: Option<TrunkNumbers>,
    /// How often a list of calls is asked for, where the 3CX does not tell of changes [default: 500ms]
    #[arg(long = "poll-interval", alias = "bridge-3cx-poll-interval", id = "bridge_3cx_poll_interval")]
    #[arg(value_name = "TIME", hide_short_help = true)]
    pub poll_interval: Option<Span>,
}

/// How a 3CX is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ThreeCxApi {
    /// by what its login page says
    #[default]
    Auto,
    /// by its Call Control API, since version 20
    V20,
    /// by its list of active calls, since version 20
    #[value(name = "v20-activecalls")]
    #[serde(rename = "v20-activecalls")]
    V20ActiveCalls,
    /// by its console's list of active calls, before version 20
    Legacy,
}

/// What callers of a trunk have dialled, by the trunk's number: a table in a file, `TRUNK=NUMBER` separated by
/// commas elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrunkNumbers(pub BTreeMap<String, String>);

/// Who logs in at which 3CX.
#[derive(Debug, Clone)]
pub struct ThreeCxAccount {
    /// where it is; it ends with a slash
    pub url: Url,
    /// an API client and its secret
    pub client: Option<(String, Secret)>,
    /// an account of the console and its password
    pub user: Option<(String, Secret)>,
}

/// The longest pause between two lists: what happens between them nobody sees.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

const SHORTEST_INTERVAL: Duration = Duration::from_millis(50);

const INTERVAL: Duration = Duration::from_millis(500);

impl SourceSettings for ThreeCxSettings {
    fn name(&self) -> &'static str {
        "3cx"
    }

    fn title(&self) -> &'static str {
        "3CX"
    }

    /// Its URL without an account in it.
    fn address(&self) -> String {
        self.url().map_or_else(|_| "nowhere".to_owned(), |url| url.as_str().trim_end_matches('/').to_owned())
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn files(&self) -> Vec<&Path> {
        let files = [&self.client_secret_file, &self.password_file, &self.ca_file];
        files.into_iter().flatten().map(PathBuf::as_path).collect()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        let is_meant = self.url.is_some() || self.client_id.is_some() || self.username.is_some();
        let account = is_meant.then(|| self.account()).transpose()?;
        self.poll_interval()?;
        Ok(account.map(|ThreeCxAccount { client, user, .. }| {
            let name = client.or(user).map(|(name, _)| name).unwrap_or_default();
            format!("{name} at {}", self.address())
        }))
    }
}

impl ThreeCxSettings {
    pub(super) fn or(self, other: Self) -> Self {
        // A secret counts as one setting, wherever it stands.
        let has_secret = self.client_secret.is_some() || self.client_secret_file.is_some();
        let (client_secret, client_secret_file) = if has_secret {
            (self.client_secret, self.client_secret_file)
        } else {
            (other.client_secret, other.client_secret_file)
        };
        let has_password = self.password.is_some() || self.password_file.is_some();
        let (password, password_file) = if has_password {
            (self.password, self.password_file)
        } else {
            (other.password, other.password_file)
        };
        Self {
            url: self.url.or(other.url),
            ca_file: self.ca_file.or(other.ca_file),
            api: self.api.or(other.api),
            client_id: self.client_id.or(other.client_id),
            client_secret,
            client_secret_file,
            username: self.username.or(other.username),
            password,
            password_file,
            group: self.group.or(other.group),
            queues: self.queues.or(other.queues),
            extensions: self.extensions.or(other.extensions),
            trunks: self.trunks.or(other.trunks),
            trunk_numbers: self.trunk_numbers.or(other.trunk_numbers),
            poll_interval: self.poll_interval.or(other.poll_interval),
        }
    }

    /// Who logs in where. The files of secrets are read now.
    ///
    /// # Errors
    ///
    /// The address is none, nobody says who logs in, or a secret's file cannot be read.
    pub fn account(&self) -> Result<ThreeCxAccount, ConfigError> {
        let missing = |key: &str| ConfigError::Bridge(format!("bridge.3cx.{key} is not set"));
        let secret = |key: &str, secret: &Option<Secret>, file: &Option<PathBuf>| {
            one_secret_of("bridge.3cx", key, secret, file)?.ok_or_else(|| missing(&format!("{key}_file")))
        };
        let of_client = || secret("client_secret", &self.client_secret, &self.client_secret_file);
        let of_user = || secret("password", &self.password, &self.password_file);
        let with = |name: &Option<String>, secret: &dyn Fn() -> Result<Secret, ConfigError>| {
            let name = name.as_ref().filter(|name| !name.is_empty());
            name.map(|name| Ok::<_, ConfigError>((name.clone(), secret()?))).transpose()
        };
        let url = self.url()?;
        let client = with(&self.client_id, &of_client)?;
        let user = with(&self.username, &of_user)?;
        match (self.api.unwrap_or_default(), &client, &user) {
            (ThreeCxApi::Legacy, _, None) => Err(missing("username")),
            (ThreeCxApi::Auto | ThreeCxApi::V20 | ThreeCxApi::V20ActiveCalls, None, None) => {
                Err(missing("client_id"))
            }
            _ => Ok(ThreeCxAccount { url, client, user }),
        }
    }

    /// Whether `group` counts for nothing: only a 3CX before version 20 is asked for its groups.
    pub(crate) fn has_idle_group(&self) -> bool {
        let is_since_20 = match self.api.unwrap_or_default() {
            ThreeCxApi::V20 | ThreeCxApi::V20ActiveCalls => true,
            ThreeCxApi::Auto => self.username.is_none(),
            ThreeCxApi::Legacy => false,
        };
        self.group.is_some() && is_since_20
    }

    /// How often a list is asked for.
    ///
    /// # Errors
    ///
    /// It is so short that the 3CX would have nothing else to do, or so long that calls would be missed.
    pub fn poll_interval(&self) -> Result<Duration, ConfigError> {
        let interval = self.poll_interval.map_or(INTERVAL, |Span(interval)| interval);
        if (SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&interval) {
            Ok(interval)
        } else {
            Err(ConfigError::Bridge("bridge.3cx.poll_interval: from 50ms to 1m".to_owned()))
        }
    }

    /// Whether its address is one.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn check_url(&self) -> Result<(), ConfigError> {
        self.url().map(drop)
    }

    /// Where it is, with a slash at the end.
    fn url(&self) -> Result<Url, ConfigError> {
        let wrong = |what: &str| ConfigError::Bridge(format!("bridge.3cx.url {what}"));
        let text = self.url.as_deref().ok_or_else(|| wrong("is not set"))?;
        let mut url = Url::parse(text.trim())
            .map_err(|_| wrong("is not a URL such as https://pbx.example.com:5001"))?;
        if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
            return Err(wrong("is not a URL such as https://pbx.example.com:5001"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds an account; client_id or username is the place for it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has something behind its path"));
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }
}

impl FromStr for TrunkNumbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let entry = |entry: &str| {
            let (trunk, number) =
                entry.split_once('=').ok_or("a trunk's number, =, and the number dialled")?;
            Ok((trunk.trim().to_owned(), number.trim().to_owned()))
        };
        entries.map(entry).collect::<Result<_, String>>().map(Self)
    }
}

impl Serialize for TrunkNumbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(trunk, number)| format!("{trunk}={number}")))
    }
}

impl<'de> Deserialize<'de> for TrunkNumbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a table of numbers by trunk, or TRUNK=NUMBER separated by commas")]
        enum Written {
            Text(String),
            Several(Vec<String>),
            Table(BTreeMap<String, String>),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
            Written::Several(texts) => texts.join(",").parse().map_err(serde::de::Error::custom),
            Written::Table(numbers) => Ok(Self(numbers)),
        }
    }
}
