//! The table `[bridge.xivo]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SourceSettings, name_of, one_secret_of, secret_or};
use crate::config::value::{List, Secret};
use crate::config::{ConfigError, one_of};

/// The field of a call form that has the caller's number, on a fresh installation.
const NUMBER_FIELD: &str = "Numéro";

/// The table `[bridge.xivo]`: where XiVO's CTI server is, who logs in there, and what calls are put together from.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "XiVO")]
pub struct XivoSettings {
    /// XiVO's CTI server [default: 127.0.0.1:5003]
    #[arg(long = "address", alias = "bridge-xivo-address", id = "bridge_xivo_address")]
    #[arg(value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// A user of XiVO with access to the CTI client
    #[arg(long = "username", alias = "bridge-xivo-username", id = "bridge_xivo_username")]
    #[arg(value_name = "NAME")]
    pub username: Option<String>,
    /// The user's password
    #[arg(long = "password", alias = "bridge-xivo-password", id = "bridge_xivo_password")]
    #[arg(value_name = "PASSWORD", hide_short_help = true)]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub password: Option<Secret>,
    /// A file that holds the password; others must not be able to read it
    #[arg(long = "password-file", alias = "bridge-xivo-password-file")]
    #[arg(id = "bridge_xivo_password_file", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The server's protocol [default: auto]
    ///
    /// A server of 2.0 or later gets the password in clear, and `auto` believes every server that says it is one.
    #[arg(long = "protocol", alias = "bridge-xivo-protocol", id = "bridge_xivo_protocol")]
    #[arg(value_name = "VERSION")]
    #[serde(deserialize_with = "one_of")]
    pub protocol: Option<XivoProtocol>,
    /// What calls are put together from: forms, queues, channels, own-line, hints, separated by commas
    /// [default: forms,queues,channels]
    #[arg(long = "follow", alias = "bridge-xivo-follow", id = "bridge_xivo_follow", value_name = "KINDS")]
    pub follow: Option<XivoFollows>,
    /// The field of call forms that has the caller's number, if it is not named like XiVO's variable
    /// [default: Numéro]
    #[arg(long = "number-field", alias = "bridge-xivo-number-field", id = "bridge_xivo_number_field")]
    #[arg(value_name = "NAME", hide_short_help = true)]
    pub number_field: Option<String>,
    /// Report calls to the outside when they are over, if call forms tell the number only then
    #[arg(long = "late-outbound", alias = "bridge-xivo-late-outbound", id = "bridge_xivo_late_outbound")]
    #[arg(value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true, hide_short_help = true)]
    pub late_outbound: Option<bool>,
    /// More users, each with a connection: their own lines are followed.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<XivoAccount>,
}

/// One of `[[bridge.xivo.accounts]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct XivoAccount {
    /// a user with access to the CTI client
    pub username: Option<String>,
    /// the user's password
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// a file that holds it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

/// A version of the CTI protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[non_exhaustive]
pub enum XivoProtocol {
    /// what the server says
    #[default]
    #[value(name = "auto")]
    #[serde(rename = "auto")]
    Auto,
    /// up to 15.20; the password is hashed
    #[value(name = "1.2")]
    #[serde(rename = "1.2")]
    V1_2,
    /// 16.01
    #[value(name = "2.0")]
    #[serde(rename = "2.0")]
    V2_0,
    /// 16.04
    #[value(name = "2.1")]
    #[serde(rename = "2.1")]
    V2_1,
    /// 16.09, and XiVO.solutions
    #[value(name = "2.2")]
    #[serde(rename = "2.2")]
    V2_2,
    /// 17.16
    #[value(name = "2.3")]
    #[serde(rename = "2.3")]
    V2_3,
}

impl XivoProtocol {
    /// The version that it is to be; `None` for what the server says.
    pub fn version(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::V1_2 => Some("1.2"),
            Self::V2_0 => Some("2.0"),
            Self::V2_1 => Some("2.1"),
            Self::V2_2 => Some("2.2"),
            Self::V2_3 => Some("2.3"),
        }
    }
}

/// What calls are put together from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum XivoFollow {
    /// call forms
    Forms,
    /// who waits in queues
    Queues,
    /// channels, of servers up to 15.18
    Channels,
    /// the calls of the line of who is logged in
    OwnLine,
    /// the lamps of all phones
    Hints,
}

impl XivoFollow {
    const ALL: [(&'static str, Self); 5] = [
        ("forms", Self::Forms),
        ("queues", Self::Queues),
        ("channels", Self::Channels),
        ("own-line", Self::OwnLine),
        ("hints", Self::Hints),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Forms => "forms",
            Self::Queues => "queues",
            Self::Channels => "channels",
            Self::OwnLine => "own-line",
            Self::Hints => "hints",
        }
    }
}

/// Several of them: a list in a file, separated by commas elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XivoFollows(pub Vec<XivoFollow>);

impl FromStr for XivoFollows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let List(names) = text.parse().unwrap_or_default();
        Self::of(&names)
    }
}

impl XivoFollows {
    fn of(names: &[String]) -> Result<Self, String> {
        let read = |name: &String| {
            let found = XivoFollow::ALL.into_iter().find(|(known, _)| known == name);
            found
                .map(|(_, follow)| follow)
                .ok_or_else(|| format!("{name:?} is not one of forms, queues, channels, own-line, hints"))
        };
        if names.is_empty() {
            return Err("it is empty; leave it out for forms, queues and channels".to_owned());
        }
        names.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for XivoFollows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|follow| follow.name()).collect::<Vec<_>>().join(","))
    }
}

impl Serialize for XivoFollows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|follow| follow.name()))
    }
}

impl<'de> Deserialize<'de> for XivoFollows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let List(names) = List::deserialize(deserializer)?;
        Self::of(&names).map_err(serde::de::Error::custom)
    }
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct XivoLogin {
    /// a user of XiVO
    pub username: String,
    /// the user's
    pub password: Secret,
}

impl SourceSettings for XivoSettings {
    fn name(&self) -> &'static str {
        "xivo"
    }

    fn title(&self) -> &'static str {
        "XiVO"
    }

    /// Its CTI server: host and port.
    fn address(&self) -> String {
        self.address.clone().unwrap_or_else(|| "127.0.0.1:5003".to_owned())
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn files(&self) -> Vec<&Path> {
        let of_accounts = self.accounts.iter().map(|account| &account.password_file);
        std::iter::once(&self.password_file).chain(of_accounts).flatten().map(PathBuf::as_path).collect()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        let is_meant = self.username.is_some()
            || self.password.is_some()
            || self.password_file.is_some()
            || !self.accounts.is_empty();
        let logins = is_meant.then(|| self.logins()).transpose()?;
        Ok(logins.map(|logins| {
            let names: Vec<String> = logins.into_iter().map(|login| login.username).collect();
            format!("{} at {}", names.join(", "), self.address())
        }))
    }
}

impl XivoSettings {
    pub(super) fn or(self, other: Self) -> Self {
        let (password, password_file) =
            secret_or((self.password, self.password_file), (other.password, other.password_file));
        Self {
            address: self.address.or(other.address),
            username: self.username.or(other.username),
            password,
            password_file,
            protocol: self.protocol.or(other.protocol),
            follow: self.follow.or(other.follow),
            number_field: self.number_field.or(other.number_field),
            late_outbound: self.late_outbound.or(other.late_outbound),
            accounts: if self.accounts.is_empty() { other.accounts } else { self.accounts },
        }
    }

    /// Whether calls are put together from this.
    pub fn follows(&self, what: XivoFollow) -> bool {
        match &self.follow {
            Some(XivoFollows(follows)) => follows.contains(&what),
            None => match what {
                XivoFollow::Forms | XivoFollow::Queues | XivoFollow::Channels => true,
                XivoFollow::OwnLine | XivoFollow::Hints => false,
            },
        }
    }

    /// The field of a call form that has the caller's number.
    pub fn number_field(&self) -> &str {
        self.number_field.as_deref().unwrap_or(NUMBER_FIELD)
    }

    /// All who log in, the first one first.
    ///
    /// # Errors
    ///
    /// Nobody says who logs in, or a password's file cannot be read.
    pub fn logins(&self) -> Result<Vec<XivoLogin>, ConfigError> {
        let first = XivoAccount {
            username: self.username.clone(),
            password: self.password.clone(),
            password_file: self.password_file.clone(),
        };
        let has_first = first != XivoAccount::default() || self.accounts.is_empty();
        let first = has_first.then(|| first.login("bridge.xivo")).into_iter();
        first.chain(self.accounts.iter().map(|account| account.login("bridge.xivo.accounts"))).collect()
    }
}

impl XivoAccount {
    fn login(&self, table: &str) -> Result<XivoLogin, ConfigError> {
        let missing = |key: &str| ConfigError::Bridge(format!("{table}.{key} is not set"));
        let username = name_of("bridge.xivo", "username", &self.username)?;
        let password = one_secret_of(table, "password", &self.password, &self.password_file)?;
        let password = password.ok_or_else(|| missing("password_file"))?;
        Ok(XivoLogin { username, password })
    }
}
