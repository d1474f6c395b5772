//! The table `[bridge]`: how whole phone systems are followed, and where they are.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};

use super::value::{List, Secret, Span};
use super::{ConfigError, one_of, read_token};

/// What all sources share, and below it a table for each.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Bridge")]
pub struct BridgeSettings {
    /// Report calls between two extensions too
    #[arg(long = "internal", alias = "bridge-internal", id = "bridge_internal", value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub internal: Option<bool>,
    /// After a transfer, report an answer of the agent who took the call over: the ticket screen opens there,
    /// and Zammad counts the talk from then on
    #[arg(
        long = "second-answer",
        alias = "bridge-second-answer",
        id = "bridge_second_answer",
        hide_short_help = true
    )]
    #[arg(value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub second_answer: Option<bool>,
    /// What happens to a caller whom Zammad blocks [default: none]
    #[arg(long = "on-reject", alias = "bridge-on-reject", id = "bridge_on_reject", hide_short_help = true)]
    #[arg(value_name = "ACTION")]
    #[serde(deserialize_with = "one_of")]
    pub on_reject: Option<OnReject>,
    /// How long a new call waits for the others who ring, so that all are named; at most 2s
    /// [default: 150ms]
    #[arg(
        long = "hold",
        alias = "bridge-hold",
        id = "bridge_hold",
        value_name = "TIME",
        hide_short_help = true
    )]
    pub hold: Option<Span>,
    /// How long a call may be missing from a phone system's list before it counts as ended [default: 2s]
    #[arg(
        long = "grace",
        alias = "bridge-grace",
        id = "bridge_grace",
        value_name = "TIME",
        hide_short_help = true
    )]
    pub grace: Option<Span>,
    /// Calls that are not reported: patterns for their numbers, queue and trunk, with * for any
    /// characters, separated by commas
    #[arg(long = "ignore", alias = "bridge-ignore", id = "bridge_ignore", value_name = "PATTERNS")]
    pub ignore: Option<List>,
    /// A call of which nothing was heard for so long is over [default: 6h]
    #[arg(
        long = "stale",
        alias = "bridge-stale",
        id = "bridge_stale",
        value_name = "TIME",
        hide_short_help = true
    )]
    pub stale: Option<Span>,
    /// Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures
    #[arg(long = "health", alias = "bridge-health", id = "bridge_health", value_name = "ADDRESS:PORT")]
    #[arg(hide_short_help = true)]
    pub health: Option<SocketAddr>,
    /// The table `[bridge.asterisk]`.
    #[arg(skip)]
    pub asterisk: AsteriskSettings,
}

/// The table `[bridge.asterisk]`: where Asterisk's manager interface is, and which channels are trunks.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Asterisk")]
pub struct AsteriskSettings {
    /// Asterisk's manager interface [default: 127.0.0.1:5038]
    #[arg(long = "address", alias = "bridge-asterisk-address", id = "bridge_asterisk_address")]
    #[arg(value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// Speak TLS to it, as manager.conf's tlsbindaddr wants it
    #[arg(long = "tls", alias = "bridge-asterisk-tls", id = "bridge_asterisk_tls", value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_short_help = true)]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub tls: Option<bool>,
    /// With --tls, trust the certificates in this PEM file, in place of the system's
    #[arg(long = "bridge-asterisk-ca-file", id = "bridge_asterisk_ca_file", value_name = "FILE")]
    #[arg(hide_short_help = true)]
    pub ca_file: Option<PathBuf>,
    /// The account there, a section of manager.conf
    #[arg(long = "username", alias = "bridge-asterisk-username", id = "bridge_asterisk_username")]
    #[arg(value_name = "NAME")]
    pub username: Option<String>,
    /// Its secret
    #[arg(
        long = "secret",
        alias = "bridge-asterisk-secret",
        id = "bridge_asterisk_secret",
        value_name = "SECRET",
        hide_short_help = true
    )]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub secret: Option<Secret>,
    /// A file that holds its secret; others must not be able to read it
    #[arg(long = "secret-file", alias = "bridge-asterisk-secret-file")]
    #[arg(id = "bridge_asterisk_secret_file", value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The contexts in which calls from outside begin: patterns with * for any characters, separated by
    /// commas [default: from-trunk*, from-pstn*, and those of FreePBX]
    #[arg(long = "trunk-contexts", alias = "bridge-asterisk-trunk-contexts")]
    #[arg(id = "bridge_asterisk_trunk_contexts", value_name = "PATTERNS")]
    pub trunk_contexts: Option<List>,
    /// Channels that are trunks, such as PJSIP/provider*: patterns, separated by commas
    #[arg(long = "trunk-channels", alias = "bridge-asterisk-trunk-channels")]
    #[arg(id = "bridge_asterisk_trunk_channels", value_name = "PATTERNS")]
    pub trunk_channels: Option<List>,
    /// What phones dial to get out of the house, such as 0 or 9
    #[arg(long = "outside-prefix", alias = "bridge-asterisk-outside-prefix")]
    #[arg(id = "bridge_asterisk_outside_prefix", value_name = "DIGITS")]
    pub outside_prefix: Option<String>,
}

/// What happens to a caller whom Zammad blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnReject {
    /// the call goes on
    #[default]
    None,
    /// the caller is disconnected
    Hangup,
}

/// How calls are followed.
#[derive(Debug, Clone)]
pub struct BridgeConfig {
    /// calls between two extensions are reported too
    pub internal: bool,
    /// who takes a call over is reported too
    pub second_answer: bool,
    /// what happens to a caller whom Zammad blocks
    pub on_reject: OnReject,
    /// how long a new call waits for the others who ring
    pub hold: Duration,
    /// how long a call may be missing from a list before it counts as ended
    pub grace: Duration,
    /// patterns of calls that are not reported
    pub ignore: Vec<String>,
    /// a call of which nothing was heard for so long is over
    pub stale: Duration,
    /// where monitoring systems are answered
    pub health: Option<SocketAddr>,
}

/// Who logs in at which Asterisk.
#[derive(Debug, Clone)]
pub struct AsteriskAccount {
    /// host and port
    pub address: String,
    /// an account of its manager interface
    pub username: String,
    /// the account's
    pub secret: Secret,
}

const HOLD: Duration = Duration::from_millis(150);

/// Callers hear it ring meanwhile, and agents see nothing.
const LONGEST_HOLD: Duration = Duration::from_secs(2);

const GRACE: Duration = Duration::from_secs(2);

const STALE: Duration = Duration::from_secs(6 * 60 * 60);

impl BridgeSettings {
    /// These settings, and weaker ones where these say nothing.
    pub fn or(self, other: Self) -> Self {
        Self {
            internal: self.internal.or(other.internal),
            second_answer: self.second_answer.or(other.second_answer),
            on_reject: self.on_reject.or(other.on_reject),
            hold: self.hold.or(other.hold),
            grace: self.grace.or(other.grace),
            ignore: self.ignore.or(other.ignore),
            stale: self.stale.or(other.stale),
            health: self.health.or(other.health),
            asterisk: self.asterisk.or(other.asterisk),
        }
    }

    /// What they mean.
    ///
    /// # Errors
    ///
    /// A value is none that makes sense.
    pub fn checked(&self) -> Result<BridgeConfig, ConfigError> {
        let hold = self.hold.map_or(HOLD, |Span(hold)| hold);
        if hold > LONGEST_HOLD {
            return Err(ConfigError::Bridge("bridge.hold: 2s is the longest time".to_owned()));
        }
        Ok(BridgeConfig {
            internal: self.internal.unwrap_or_default(),
            second_answer: self.second_answer.unwrap_or_default(),
            on_reject: self.on_reject.unwrap_or_default(),
            hold,
            grace: self.grace.map_or(GRACE, |Span(grace)| grace),
            ignore: self.ignore.clone().unwrap_or_default().0,
            stale: self.stale.map_or(STALE, |Span(stale)| stale),
            health: self.health,
        })
    }
}

impl AsteriskSettings {
    fn or(self, other: Self) -> Self {
        // A secret counts as one setting, wherever it stands.
        let has_secret = self.secret.is_some() || self.secret_file.is_some();
        let (secret, secret_file) =
            if has_secret { (self.secret, self.secret_file) } else { (other.secret, other.secret_file) };
        Self {
            address: self.address.or(other.address),
            tls: self.tls.or(other.tls),
            ca_file: self.ca_file.or(other.ca_file),
            username: self.username.or(other.username),
            secret,
            secret_file,
            trunk_contexts: self.trunk_contexts.or(other.trunk_contexts),
            trunk_channels: self.trunk_channels.or(other.trunk_channels),
            outside_prefix: self.outside_prefix.or(other.outside_prefix),
        }
    }

    /// Where its manager interface is: host and port.
    pub fn address(&self) -> String {
        self.address.clone().unwrap_or_else(|| "127.0.0.1:5038".to_owned())
    }

    /// The account.
    ///
    /// # Errors
    ///
    /// Nobody says who logs in, or the secret's file cannot be read.
    pub fn account(&self) -> Result<AsteriskAccount, ConfigError> {
        let missing = |key: &str| ConfigError::Bridge(format!("bridge.asterisk.{key} is not set"));
        let secret = match (&self.secret, &self.secret_file) {
            (Some(secret), _) => secret.clone(),
            (None, Some(path)) => read_token(path)?,
            (None, None) => return Err(missing("secret_file")),
        };
        Ok(AsteriskAccount {
            address: self.address(),
            username: self.username.clone().ok_or_else(|| missing("username"))?,
            secret,
        })
    }
}
