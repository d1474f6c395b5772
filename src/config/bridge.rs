//! The table `[bridge]`: how whole phone systems are followed; each has a table of its own below it.

mod asterisk;
mod freeswitch;
mod three_cx;
mod wazo;
mod xivo;
mod webhook;
mod host_port;
mod fritzbox;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Deserializer, Serialize};

pub use asterisk::{AsteriskAccount, AsteriskSettings};
pub use freeswitch::{FreeSwitchAccount, FreeSwitchSettings};
pub use fritzbox::FritzBoxSettings;
pub use three_cx::{ThreeCxAccount, ThreeCxApi, ThreeCxSettings, TrunkNumbers};
pub use wazo::{WazoLogin, WazoSettings};
pub(crate) use webhook::HOOK_KEYS;
pub use webhook::{
    AnsweredBy, HookBody, HookFields, HookReply, HookSecrets, HookSettings, HookSignature, HookWords,
    PRESETS, PublicUrl, WebhookSettings,
};
pub use xivo::{XivoAccount, XivoFollow, XivoFollows, XivoLogin, XivoProtocol, XivoSettings};

use super::value::{List, Secret, Span};
use super::{ConfigError, one_of, read_secret};

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
    /// [default: 150ms; 1s for a FRITZ!Box]
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
    /// Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with *
    /// for any characters, separated by commas
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
    #[arg(value_parser = health_address, hide_short_help = true)]
    #[serde(deserialize_with = "some_health_address")]
    pub health: Option<SocketAddr>,
    /// The table `[bridge.asterisk]`.
    #[arg(skip)]
    pub asterisk: AsteriskSettings,
    /// The table `[bridge.freeswitch]`.
    #[arg(skip)]
    pub freeswitch: FreeSwitchSettings,
    /// The table `[bridge.3cx]`.
    #[arg(skip)]
    #[serde(rename = "3cx")]
    pub three_cx: ThreeCxSettings,
    /// The table `[bridge.xivo]`.
    #[arg(skip)]
    pub xivo: XivoSettings,
    /// The table `[bridge.webhook]`.
    #[arg(skip)]
    pub webhook: WebhookSettings,
    /// The table `[bridge.fritzbox]`.
    #[arg(skip)]
    pub fritzbox: FritzBoxSettings,
    /// The table `[bridge.wazo]`.
    #[arg(skip)]
    pub wazo: WazoSettings,
}

/// The settings of a phone system, as far as those of all are alike.
pub trait SourceSettings {
    /// What its table and its command are called, such as `asterisk`.
    fn name(&self) -> &'static str;

    /// The same as people write it.
    fn title(&self) -> &'static str;

    /// Where the phone system is. Bridges are listed by it.
    fn address(&self) -> String;

    /// Whether any of them is set.
    fn is_set(&self) -> bool;

    /// The key that names the contexts in which calls from outside begin.
    fn trunk_setting(&self) -> &'static str {
        "trunk_contexts"
    }

    /// How long a new call waits for the others who ring, if nothing else is set.
    fn hold(&self) -> Duration {
        HOLD
    }

    /// Whether the phone system tells of callers whom it turns away, as of calls that are over at once.
    fn turns_callers_away(&self) -> bool {
        false
    }

    /// The files that they name, which may change while they are in use.
    fn files(&self) -> Vec<&Path>;

    /// Who logs in where, for people: `zammad at 127.0.0.1:5038`. `None` if no part of an account is set.
    ///
    /// # Errors
    ///
    /// They cannot work.
    fn login(&self) -> Result<Option<String>, ConfigError>;

    /// What is told when there is a connection.
    fn connected(&self) -> String {
        format!("connected to {}", self.name())
    }

    /// What a look found that came about.
    fn reached(&self) -> &'static str {
        "reached, login accepted"
    }
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

const HOLD: Duration = Duration::from_millis(150);

/// Callers hear it ring meanwhile, and agents see nothing.
const LONGEST_HOLD: Duration = Duration::from_secs(2);

const GRACE: Duration = Duration::from_secs(2);

const STALE: Duration = Duration::from_secs(6 * 60 * 60);

impl BridgeSettings {
    /// The names of all phone systems that can be followed.
    pub const SOURCES: [&str; 7] = ["asterisk", "freeswitch", "3cx", "xivo", "webhook", "fritzbox", "wazo"];

    /// The settings of each of them.
    pub fn sources(&self) -> [&dyn SourceSettings; Self::SOURCES.len()] {
        [
            &self.asterisk,
            &self.freeswitch,
            &self.three_cx,
            &self.xivo,
            &self.webhook,
            &self.fritzbox,
            &self.wazo,
        ]
    }

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
            freeswitch: self.freeswitch.or(other.freeswitch),
            three_cx: self.three_cx.or(other.three_cx),
            xivo: self.xivo.or(other.xivo),
            webhook: self.webhook.or(other.webhook),
            fritzbox: self.fritzbox.or(other.fritzbox),
            wazo: self.wazo.or(other.wazo),
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
        if self.stale.is_some_and(|Span(stale)| stale.is_zero()) {
            return Err(ConfigError::Bridge("bridge.stale: each call would end at once".to_owned()));
        }
        refuse_blanks("bridge.ignore", &self.ignore)?;
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

/// Refuses a pattern that nothing ever meets.
///
/// # Errors
///
/// The list of this key has one.
fn refuse_blanks(key: &str, patterns: &Option<List>) -> Result<(), ConfigError> {
    let List(patterns) = patterns.as_ref().unwrap_or(const { &List(Vec::new()) });
    match patterns.iter().any(|pattern| pattern.trim().is_empty()) {
        true => Err(ConfigError::Bridge(format!("{key} has an empty pattern"))),
        false => Ok(()),
    }
}

/// A name that somebody logs in with.
///
/// # Errors
///
/// Nobody has set it, or it is empty.
fn name_of(table: &str, key: &str, name: &Option<String>) -> Result<String, ConfigError> {
    match name {
        None => Err(ConfigError::Bridge(format!("{table}.{key} is not set"))),
        Some(name) if name.trim().is_empty() => Err(ConfigError::Bridge(format!("{table}.{key} is empty"))),
        Some(name) => Ok(name.clone()),
    }
}

fn health_address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| "an address and a port, such as 127.0.0.1:9180".to_owned())
}

fn some_health_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    health_address(&text).map(Some).map_err(|error| serde::de::Error::custom(format!("expected {error}")))
}

/// A secret, or the file that holds it, wherever it stands: both count as one setting.
fn secret_or(
    own: (Option<Secret>, Option<PathBuf>),
    other: (Option<Secret>, Option<PathBuf>),
) -> (Option<Secret>, Option<PathBuf>) {
    if own.0.is_some() || own.1.is_some() { own } else { other }
}

/// The secret `key` of a table, from where it is set. Its file is read now.
///
/// # Errors
///
/// It is empty, it stands in both places, or its file cannot be read.
fn one_secret_of(
    table: &str,
    key: &str,
    secret: &Option<Secret>,
    file: &Option<PathBuf>,
) -> Result<Option<Secret>, ConfigError> {
    match (secret, file) {
        (Some(_), Some(_)) => {
            Err(ConfigError::Bridge(format!("{table}: both {key} and {key}_file are set; keep one of them")))
        }
        (Some(secret), None) if secret.reveal().is_empty() => {
            Err(ConfigError::Bridge(format!("{table}.{key} is empty")))
        }
        (Some(secret), None) => Ok(Some(secret.clone())),
        (None, Some(path)) => Ok(Some(read_secret(path)?)),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phone_system_is_listed_by_its_name() {
        let bridge = BridgeSettings::default();
        assert_eq!(bridge.sources().map(SourceSettings::name), BridgeSettings::SOURCES);
        assert!(!bridge.sources().into_iter().any(SourceSettings::is_set));
    }
}
