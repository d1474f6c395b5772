//! Settings, each a flag, a variable and a file key of one name, and the checked configuration
//! they make.

mod access;
mod agents;
mod bridge;
mod endpoint;
mod file;
mod pattern;
mod limits;
mod rejected;
mod routes;
mod shared_path;
mod value;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

#[doc(hidden)]
pub use access::{Layer, LeftOut, Origin};
pub use agents::Agents;
#[doc(hidden)]
pub use bridge::{
    AnsweredBy, AsteriskAccount, AsteriskSettings, BridgeConfig, BridgeSettings, FreeSwitchAccount,
    FreeSwitchSettings, FritzBoxSettings, HookBody, HookFields, HookReply, HookSecrets, HookSettings,
    HookSignature, HookWords, OnReject, PRESETS, PublicUrl, SourceSettings, ThreeCxAccount, ThreeCxApi,
    ThreeCxSettings, TrunkNumbers, WazoLogin, WazoSettings, WebhookSettings, XivoAccount, XivoFollow,
    XivoFollows, XivoLogin, XivoProtocol, XivoSettings,
};
pub(crate) use endpoint::shown;
pub use endpoint::{Endpoint, EndpointError, redact};
pub(crate) use file::is_token_for_file;
pub use file::{FileError, Layers, read};
pub(crate) use file::{MAX_BUNDLE, read_file, refuse_what_others_can_read};
pub(crate) use file::{read_secret, read_token, without_mark};
#[doc(hidden)]
pub use limits::Limits;
#[doc(hidden)]
pub use pattern::Pattern;
pub use rejected::HangupRejected;
pub use routes::RouteSettings;
#[doc(hidden)]
pub use routes::{Decision, Ringing, Routes, Unmet};
pub(crate) use shared_path::relative;
#[doc(hidden)]
pub use value::List;
pub use value::{Digits, Secret, Span};
#[doc(hidden)]
pub use variables::variable;

use crate::cause::HangupCause;
use crate::event::{EventError, Name};
use crate::number::{Country, Numbering};

/// What a user may set. Precedence: flag, variable, profile, file, default.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Zammad")]
pub struct Settings {
    /// Zammad's CTI endpoint with the token, as the admin page shows it; or only Zammad's
    /// address, with --token or --token-file
    #[arg(long, value_name = "URL")]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub url: Option<Secret>,
    /// The token, if it is not part of the URL
    #[arg(long, value_name = "TOKEN")]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub token: Option<Secret>,
    /// A file with the token; others must not be able to read it
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// An access token of a Zammad user with the permission cti.agent, with which simulate and the
    /// spool read the caller log
    #[arg(long, value_name = "TOKEN")]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub api_token: Option<Secret>,
    /// The encoding of events [default: json]
    #[arg(long, value_name = "ENCODING")]
    #[serde(deserialize_with = "one_of")]
    pub encoding: Option<Encoding>,
    /// The time limit for name lookup, connection and TLS of one attempt [default: 2s]
    #[arg(long, value_name = "TIME")]
    pub connect_timeout: Option<Span>,
    /// The time limit for one attempt, such as 5s or 800ms [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<Span>,
    /// The time limit for an event with all retries [default: 8s]
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<Span>,
    /// A folder of this user, in which the events of one call wait for each other [default:
    /// $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or
    /// /run/lock/zammad-cti-UID]
    #[arg(long, value_name = "FOLDER", value_parser = shared_path::of_flag())]
    pub lock_dir: Option<PathBuf>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Send the certificate in this PEM file to a server that asks for one
    #[arg(long, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,
    /// The PEM file with the key of --client-cert; others must not be able to read it [default:
    /// the file of --client-cert]
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// Do not verify Zammad's certificate; everyone in between can then read the token
    #[arg(long, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub insecure: Option<bool>,
    /// The format of results [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[arg(help_heading = "Results")]
    #[serde(deserialize_with = "one_of")]
    pub output: Option<Format>,
    /// Exit with 10 when Zammad rejects the call
    #[arg(long, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    #[arg(help_heading = "Results")]
    pub reject_exit: Option<bool>,
    /// Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on
    #[arg(long, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    #[arg(help_heading = "Results")]
    pub fail_open: Option<bool>,
    /// When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi
    /// and fastagi with a spool, busy]
    #[arg(long, value_name = "CAUSE")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "busy")]
    #[arg(help_heading = "Results")]
    #[serde(deserialize_with = "one_of")]
    pub hangup_rejected: Option<HangupRejected>,
    #[command(flatten)]
    /// The table `[numbers]`.
    pub numbers: NumberSettings,
    #[command(flatten)]
    /// The table `[spool]`.
    pub spool: SpoolSettings,
    /// The table `[check]`: the limits of the command. Its flags are those of that command only.
    #[arg(skip)]
    pub check: CheckSettings,
    /// The table `[agents]`: who is behind a phone, its extension or endpoint and a Zammad login.
    #[arg(skip)]
    pub agents: BTreeMap<String, String>,
    /// The table `[bridge]`. Its flags are those of its command only.
    #[doc(hidden)]
    #[arg(skip)]
    pub bridge: BridgeSettings,
    /// The tables `[[routes]]`: whose Zammad gets a call; the first one counts whose conditions it meets.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteSettings>,
    /// Whole settings for each profile that routes may lead to; no key of the file. See [`Layers::below`].
    #[arg(skip)]
    #[serde(skip)]
    pub routed: BTreeMap<String, Settings>,
    // Not a setting.
    #[doc(hidden)]
    #[arg(skip)]
    #[serde(skip)]
    pub origin: Origin,
}

/// The table `[numbers]`: how the phone system writes numbers.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Numbers")]
pub struct NumberSettings {
    /// The phone system's country, such as DE; national numbers get its country code
    #[arg(long = "numbers-country", visible_alias = "country", id = "numbers_country")]
    #[arg(value_name = "COUNTRY")]
    pub country: Option<Country>,
    /// Numbers with up to this many digits are extensions [default: 5]
    #[arg(long = "numbers-extension-digits", id = "numbers_extension_digits")]
    #[arg(value_name = "COUNT")]
    pub extension_digits: Option<u8>,
    /// Put these digits in front of an extension, such as 493055571
    #[arg(long = "numbers-extension-prefix", id = "numbers_extension_prefix")]
    #[arg(value_name = "DIGITS")]
    pub extension_prefix: Option<Digits>,
    /// Numbers with exactly this many digits are national, even without a prefix; 10 in the US
    #[arg(long = "numbers-national-digits", id = "numbers_national_digits")]
    #[arg(value_name = "COUNT")]
    pub national_digits: Option<u8>,
    /// Convert numbers into the form that Zammad compares; false sends them as given
    /// [default: true]
    #[arg(long = "numbers-normalize", id = "numbers_normalize")]
    #[arg(value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub normalize: Option<bool>,
}

/// The table `[spool]`: where events wait for a Zammad that is down.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Spool")]
pub struct SpoolSettings {
    /// The file in which events wait for Zammad, and which lists the open calls; without it, there
    /// is no spool
    #[arg(long = "spool-path", id = "spool_path", value_name = "FILE")]
    #[arg(value_parser = shared_path::of_flag())]
    pub path: Option<PathBuf>,
    /// When to keep events [default: on-failure]
    #[arg(long = "spool-mode", visible_alias = "spool", id = "spool_mode")]
    #[arg(value_name = "WHEN")]
    #[serde(deserialize_with = "one_of")]
    pub mode: Option<SpoolMode>,
    /// Keep at most this many events [default: 1000000]
    #[arg(long = "spool-max-events", id = "spool_max_events", value_name = "COUNT")]
    pub max_events: Option<u64>,
    /// Keep at most this many bytes of events [default: 1000000000]
    #[arg(long = "spool-max-bytes", id = "spool_max_bytes", value_name = "BYTES")]
    pub max_bytes: Option<u64>,
    /// Give up events that are older [default: 7d]
    #[arg(long = "spool-max-age", id = "spool_max_age", value_name = "TIME")]
    pub max_age: Option<Span>,
    /// Give up answers that are older, because an answer opens a ticket screen [default: 5m]
    #[arg(long = "spool-max-age-answer", id = "spool_max_age_answer", value_name = "TIME")]
    pub max_age_answer: Option<Span>,
    /// While Zammad is unreachable, try a newCall once for this time before it is kept, because its
    /// reply may be a decision; 0s does not try [default: 1s]
    #[arg(long = "spool-held-timeout", id = "spool_held_timeout", value_name = "TIME")]
    pub held_timeout: Option<Span>,
    /// What to do with an event when the spool is full [default: refuse]
    #[arg(long = "spool-policy", id = "spool_policy", value_name = "POLICY")]
    #[serde(deserialize_with = "one_of")]
    pub policy: Option<SpoolPolicy>,
}

/// The table `[check]`: what `check` warns of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    /// from where on it is a warning; limits that are not in it are the usual ones
    pub warning: Option<Limits>,
    /// the same for what is critical
    pub critical: Option<Limits>,
    /// a call that is open for longer counts as stuck
    pub stuck_after: Option<Span>,
}

impl CheckSettings {
    /// These settings, and `weaker` ones where these say nothing, limit by limit.
    pub fn or(self, weaker: Self) -> Self {
        let limits = |own: Option<Limits>, weaker: Option<Limits>| match (own, weaker) {
            (Some(own), Some(weaker)) => Some(own.or(weaker)),
            (own, weaker) => own.or(weaker),
        };
        Self {
            warning: limits(self.warning, weaker.warning),
            critical: limits(self.critical, weaker.critical),
            stuck_after: self.stuck_after.or(weaker.stuck_after),
        }
    }

    /// What holds where nobody says anything.
    fn defaults() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self {
            warning: Some(Limits {
                time: seconds(1),
                days: Some(14),
                waiting: None,
                age: seconds(10 * 60),
                dead: Some(1),
                stuck: Some(1),
            }),
            critical: Some(Limits {
                time: seconds(5),
                days: Some(7),
                age: seconds(60 * 60),
                ..Limits::default()
            }),
            stuck_after: Some(Span(Duration::from_secs(12 * 60 * 60))),
        }
    }
}

const CONNECT_TIMEOUT: Span = Span(Duration::from_secs(2));
const TIMEOUT: Span = Span(Duration::from_secs(5));
const DEADLINE: Span = Span(Duration::from_secs(8));
const MAX_EVENTS: u64 = 1_000_000;
const MAX_BYTES: u64 = 1_000_000_000;
const MAX_AGE: Span = Span(Duration::from_secs(7 * 24 * 60 * 60));
const MAX_AGE_ANSWER: Span = Span(Duration::from_secs(5 * 60));
const HELD_TIMEOUT: Span = Span(Duration::from_secs(1));

impl Settings {
    /// What holds where nobody says anything.
    #[doc(hidden)]
    pub fn defaults() -> Self {
        let numbering = Numbering::default();
        Self {
            encoding: Some(Encoding::default()),
            connect_timeout: Some(CONNECT_TIMEOUT),
            timeout: Some(TIMEOUT),
            deadline: Some(DEADLINE),
            insecure: Some(false),
            output: Some(Format::default()),
            reject_exit: Some(false),
            fail_open: Some(false),
            numbers: NumberSettings {
                extension_digits: Some(numbering.extension_digits),
                normalize: Some(numbering.normalize),
                ..NumberSettings::default()
            },
            spool: SpoolSettings {
                // Without a file there is no spool to have a mode.
                path: None,
                mode: None,
                max_events: Some(MAX_EVENTS),
                max_bytes: Some(MAX_BYTES),
                max_age: Some(MAX_AGE),
                max_age_answer: Some(MAX_AGE_ANSWER),
                held_timeout: Some(HELD_TIMEOUT),
                policy: Some(SpoolPolicy::default()),
            },
            check: CheckSettings::defaults(),
            origin: Origin::of(Layer::Defaults),
            ..Self::default()
        }
    }

    /// The values by their keys in the file, such as `numbers.country`; secrets are stars.
    #[doc(hidden)]
    pub fn by_key(&self) -> Map<String, Value> {
        fn enter(by_key: &mut Map<String, Value>, prefix: &str, table: Map<String, Value>) {
            for (name, value) in table {
                let key = format!("{prefix}{name}");
                match value {
                    Value::Object(table) => enter(by_key, &format!("{key}."), table),
                    value => drop(by_key.insert(key, value)),
                }
            }
        }
        let mut by_key = Map::new();
        if let Ok(Value::Object(fields)) = serde_json::to_value(self) {
            enter(&mut by_key, "", fields);
        }
        by_key
    }

    /// These settings, and `weaker` ones where these say nothing.
    ///
    /// A token counts as one setting, whether it is in the URL, beside it or in a file. If a `url` of the
    /// weaker settings names another host than the one above it, no secret from below that one counts:
    /// `token`, `token_file`, `api_token`, or the token in a URL. Another host is another name or IP
    /// address, another port, or `http://` in place of `https://`. Secrets of stronger settings than
    /// the `url`, and of ones beside it, count.
    ///
    /// Layers may be joined in any grouping: `a.or(b).or(c)` is `a.or(b.or(c))`.
    pub fn or(mut self, mut weaker: Self) -> Self {
        // Most layers say nothing of either, and an event's process has no time to lose.
        if access::says_nothing(&weaker) {
            return self.and(weaker);
        }
        if access::says_nothing(&self) {
            let origin = std::mem::take(&mut weaker.origin);
            return Self { origin, ..self.and(weaker) };
        }
        let access = access::merged(&self, &weaker);
        for settings in [&mut self, &mut weaker] {
            settings.url = None;
            access::take_secrets(settings);
        }
        access.and(self).and(weaker)
    }

    /// Both settings, and of what both say this one's.
    fn and(self, other: Self) -> Self {
        Self {
            url: self.url.or(other.url),
            token: self.token.or(other.token),
            token_file: self.token_file.or(other.token_file),
            api_token: self.api_token.or(other.api_token),
            encoding: self.encoding.or(other.encoding),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            timeout: self.timeout.or(other.timeout),
            deadline: self.deadline.or(other.deadline),
            lock_dir: self.lock_dir.or(other.lock_dir),
            ca_file: self.ca_file.or(other.ca_file),
            client_cert: self.client_cert.or(other.client_cert),
            client_key: self.client_key.or(other.client_key),
            insecure: self.insecure.or(other.insecure),
            output: self.output.or(other.output),
            reject_exit: self.reject_exit.or(other.reject_exit),
            fail_open: self.fail_open.or(other.fail_open),
            hangup_rejected: self.hangup_rejected.or(other.hangup_rejected),
            numbers: NumberSettings {
                country: self.numbers.country.or(other.numbers.country),
                extension_digits: self.numbers.extension_digits.or(other.numbers.extension_digits),
                extension_prefix: self.numbers.extension_prefix.or(other.numbers.extension_prefix),
                national_digits: self.numbers.national_digits.or(other.numbers.national_digits),
                normalize: self.numbers.normalize.or(other.numbers.normalize),
            },
            spool: SpoolSettings {
                path: self.spool.path.or(other.spool.path),
                mode: self.spool.mode.or(other.spool.mode),
                max_events: self.spool.max_events.or(other.spool.max_events),
                max_bytes: self.spool.max_bytes.or(other.spool.max_bytes),
                max_age: self.spool.max_age.or(other.spool.max_age),
                max_age_answer: self.spool.max_age_answer.or(other.spool.max_age_answer),
                held_timeout: self.spool.held_timeout.or(other.spool.held_timeout),
                policy: self.spool.policy.or(other.spool.policy),
            },
            check: self.check.or(other.check),
            agents: other.agents.into_iter().chain(self.agents).collect(),
            bridge: self.bridge.or(other.bridge),
            routes: if self.routes.is_empty() { other.routes } else { self.routes },
            routed: if self.routed.is_empty() { other.routed } else { self.routed },
            origin: self.origin,
        }
    }
}

/// The checked configuration: nothing in it is left to be found wrong later.
/// # Example
///
/// ```
/// use std::time::Duration;
/// use zammad_cti::Config;
/// use zammad_cti::config::{Secret, Settings, Span};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings {
///     url: Some(Secret::new("https://zammad.example.com/api/v1/cti/TOKEN")),
///     deadline: Some(Span(Duration::from_secs(3))),
///     ..Settings::default()
/// };
/// let config = Config::try_from(settings)?;
/// assert_eq!(config.timeout, Duration::from_secs(3), "no attempt is longer than all of them");
/// assert_eq!(config.endpoint()?.to_string(), "https://zammad.example.com/api/v1/cti/***");
/// # Ok(())
/// # }
/// ```
///
/// What the program is configured with, by its variables and its file:
///
/// ```no_run
/// use zammad_cti::Config;
/// use zammad_cti::config::{Settings, read};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let variables = Settings::from_variables(std::env::vars_os())?;
/// let file = read("/etc/zammad-cti/config.toml".as_ref(), None)?;
/// let config = Config::try_from(file.below(variables, Settings::default()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    endpoint: Option<Endpoint>,
    left_out: Vec<LeftOut>,
    /// for what only a Zammad user may read
    pub api_token: Option<Secret>,
    /// how bodies are written
    pub encoding: Encoding,
    /// at most `timeout`
    pub connect_timeout: Duration,
    /// at most `deadline`
    pub timeout: Duration,
    /// for an event with all its retries
    pub deadline: Duration,
    /// `None`: one of the usual folders
    pub lock_dir: Option<PathBuf>,
    /// `None`: the system's trust store
    pub ca_file: Option<PathBuf>,
    /// what `ca_file` or the system's trust store says, if somebody had to read it ahead
    pub(crate) bundle: OnceLock<Vec<u8>>,
    /// what a server sees that asks who this is
    pub client_certificate: Option<ClientCertificate>,
    /// what its files say, likewise
    pub(crate) client_pem: OnceLock<ClientPem>,
    /// certificates are not verified
    pub insecure: bool,
    pub(crate) output: Format,
    pub(crate) reject_exit: bool,
    pub(crate) fail_open: bool,
    /// `None`: as each command has it
    pub(crate) hangup_rejected: Option<HangupRejected>,
    /// how the phone system writes numbers
    pub numbering: Numbering,
    /// `None`: there is no spool
    pub spool: Option<SpoolConfig>,
    /// whose phone it is
    pub agents: Agents,
    /// `None`: all calls go to one Zammad
    pub(crate) routes: Option<Arc<Routes>>,
}

/// The phone system whose words are read: how it writes numbers, and whose phones it has.
#[derive(Debug, Clone, Copy)]
pub struct PhoneSystem<'a> {
    /// how it writes numbers
    pub numbering: &'a Numbering,
    /// whose phones it has
    pub agents: &'a Agents,
}

impl<'a> From<&'a Config> for PhoneSystem<'a> {
    fn from(config: &'a Config) -> Self {
        Self { numbering: &config.numbering, agents: &config.agents }
    }
}

/// One whose phones nobody knows.
impl<'a> From<&'a Numbering> for PhoneSystem<'a> {
    fn from(numbering: &'a Numbering) -> Self {
        Self { numbering, agents: Agents::NONE }
    }
}

/// The files of a client certificate, in PEM form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// with those of its authorities that the server does not have
    pub certificate: PathBuf,
    /// may be the same file
    pub key: PathBuf,
}

/// What the files of a client certificate hold; the key is a secret.
#[derive(Clone)]
pub(crate) struct ClientPem {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

impl fmt::Debug for ClientPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A spool that there is.
#[derive(Debug, Clone)]
pub struct SpoolConfig {
    /// the file
    pub path: PathBuf,
    /// when events are kept
    pub mode: SpoolMode,
    /// so many at most
    pub max_events: u64,
    /// of the events' text
    pub max_bytes: u64,
    /// an event that is older is given up
    pub max_age: Duration,
    /// at most `max_age`
    pub max_age_answer: Duration,
    /// so long a newCall is tried while Zammad takes nothing
    pub held_timeout: Duration,
    /// what happens at a limit
    pub policy: SpoolPolicy,
}

impl Config {
    /// Where Zammad is.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoEndpoint`]: nobody said so.
    pub fn endpoint(&self) -> Result<&Endpoint, ConfigError> {
        self.endpoint.as_ref().ok_or(ConfigError::NoEndpoint)
    }

    /// The same configuration for another Zammad, which gets all calls. On another host than before, it has no
    /// `api_token`.
    pub fn with_endpoint(self, endpoint: Endpoint) -> Self {
        let is_same = |old: &Endpoint| access::is_same_origin(endpoint.reveal(), old.reveal());
        let keeps = self.endpoint.as_ref().is_none_or(is_same);
        let api_token = self.api_token.filter(|_| keeps);
        Self { api_token, endpoint: Some(endpoint), routes: None, ..self }
    }

    /// This configuration, and those of the profiles that routes lead to and that can be used.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> + Clone {
        std::iter::once(self)
            .chain(self.routes.iter().flat_map(|routes| routes.usable()).map(|(_, config)| config))
    }

    /// The same, with a change to each of [`all`](Self::all).
    pub(crate) fn changed(mut self, change: impl Fn(&mut Self)) -> Self {
        change(&mut self);
        if let Some(routes) = &mut self.routes {
            Arc::make_mut(routes).change(&change);
        }
        self
    }

    /// The cause with which a call that Zammad rejects is ended at once, if it is.
    pub(crate) fn end_of_rejected(&self) -> Option<HangupCause> {
        self.hangup_rejected.and_then(HangupRejected::cause)
    }

    /// The secrets that do not count, because they are for another host.
    pub(crate) fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

impl TryFrom<Settings> for Config {
    type Error = ConfigError;

    fn try_from(settings: Settings) -> Result<Self, ConfigError> {
        let file_token = settings.token_file.as_deref().map(file::read_token).transpose()?;
        if let (Some(_), Some(file)) = (&settings.token, &settings.token_file) {
            return Err(ConfigError::TwoTokens { file: file.clone() });
        }
        if let (Some(token), Some(file)) = (&file_token, &settings.token_file) {
            endpoint::check_separate_token(token)
                .map_err(|source| ConfigError::TokenFile { file: file.clone(), source })?;
        }
        if let Some(token) = &settings.token {
            endpoint::check_separate_token(token).map_err(ConfigError::Token)?;
        }
        let token = settings.token.or(file_token);
        let left_out = settings.origin.left_out().to_vec();
        let no_token = |error| match (error, left_out.iter().find(|left| left.is_token())) {
            (EndpointError::NoToken, Some(left)) => ConfigError::TokenLeftOut(Box::new(left.clone())),
            (error, _) => error.into(),
        };
        let endpoint = match (&settings.url, &token) {
            (Some(url), token) => Some(Endpoint::new(url, token.as_ref()).map_err(no_token)?),
            (None, Some(_)) => return Err(ConfigError::TokenWithoutUrl),
            (None, None) => None,
        };
        let some_time = |key, span: Option<Span>, default| match span.unwrap_or(default) {
            Span(Duration::ZERO) => Err(ConfigError::NoTime { key }),
            Span(time) => Ok(time),
        };
        let deadline = some_time("deadline", settings.deadline, DEADLINE)?;
        let timeout = some_time("timeout", settings.timeout, TIMEOUT)?.min(deadline);
        let connect_timeout =
            some_time("connect_timeout", settings.connect_timeout, CONNECT_TIMEOUT)?.min(timeout);
        let spool = match settings.spool {
            SpoolSettings { path: None, mode: None | Some(SpoolMode::Never), .. } => None,
            SpoolSettings { path: None, mode: Some(_), .. } => return Err(ConfigError::SpoolWithoutPath),
            SpoolSettings {
                path: Some(path),
                mode,
                max_events,
                max_bytes,
                max_age,
                max_age_answer,
                held_timeout,
                policy,
            } => {
                let max_age = some_time("spool.max_age", max_age, MAX_AGE)?;
                Some(SpoolConfig {
                    path,
                    mode: mode.unwrap_or_default(),
                    max_events: max_events.unwrap_or(MAX_EVENTS),
                    max_bytes: max_bytes.unwrap_or(MAX_BYTES),
                    max_age,
                    max_age_answer: max_age_answer.unwrap_or(MAX_AGE_ANSWER).0.min(max_age),
                    held_timeout: held_timeout.unwrap_or(HELD_TIMEOUT).0.min(deadline),
                    policy: policy.unwrap_or_default(),
                })
            }
        };
        let client_certificate = match (settings.client_cert, settings.client_key) {
            (Some(certificate), key) => {
                let key = key.unwrap_or_else(|| certificate.clone());
                Some(ClientCertificate { certificate, key })
            }
            (None, Some(_)) => return Err(ConfigError::KeyWithoutCertificate),
            (None, None) => None,
        };
        let mut agents = Vec::new();
        for (phone, login) in settings.agents {
            // It would be sent as a name, and agents would read it in the caller log.
            if redact(&login) != login || login.contains("://") {
                return Err(ConfigError::AgentIsAddress { phone });
            }
            // A line of the top level that got below this table: its value may be a secret.
            if variables::is_key(&phone) {
                return Err(ConfigError::AgentIsSetting { key: phone });
            }
            let name = Name::read("the login", &login);
            let name = name.map_err(|source| ConfigError::Agent { phone: phone.clone(), source })?;
            agents.extend(name.map(|name| (phone, name)));
        }
        let routes = Routes::checked(settings.routes, settings.routed, spool.as_ref())?;
        let numbers = settings.numbers;
        let default = Numbering::default();
        Ok(Self {
            endpoint,
            left_out,
            api_token: settings.api_token,
            encoding: settings.encoding.unwrap_or_default(),
            connect_timeout,
            timeout,
            deadline,
            lock_dir: settings.lock_dir,
            ca_file: settings.ca_file,
            bundle: OnceLock::new(),
            client_certificate,
            client_pem: OnceLock::new(),
            insecure: settings.insecure.unwrap_or_default(),
            output: settings.output.unwrap_or_default(),
            reject_exit: settings.reject_exit.unwrap_or_default(),
            fail_open: settings.fail_open.unwrap_or_default(),
            hangup_rejected: settings.hangup_rejected,
            numbering: Numbering {
                country: numbers.country.or(default.country),
                extension_digits: numbers.extension_digits.unwrap_or(default.extension_digits),
                extension_prefix: numbers.extension_prefix.map_or(default.extension_prefix, String::from),
                national_digits: numbers.national_digits.or(default.national_digits),
                normalize: numbers.normalize.unwrap_or(default.normalize),
            },
            spool,
            agents: Agents::from_iter(agents),
            routes,
        })
    }
}

/// What is missing or broken in the configuration.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no `url`.
    #[error("no endpoint is set; give --url, set ZAMMAD_CTI_URL, or write `url` into the configuration file")]
    NoEndpoint,
    /// There is a token, and no `url` to put it behind.
    #[error("a token is set, but no url")]
    TokenWithoutUrl,
    /// The `url` has no token, and there is one for another host.
    #[error(
        "url: it has no token, and {0}; copy the whole address from Zammad's admin page (Integrations, CTI), \
         or set the token beside this url"
    )]
    TokenLeftOut(Box<LeftOut>),
    /// `token` and `token_file` are set in one place.
    #[error("both a token and the token file {} are set; keep one of them", file.display())]
    TwoTokens { file: PathBuf },
    /// What is in the token file is no token.
    #[error("the token file {}", file.display())]
    TokenFile { file: PathBuf, source: EndpointError },
    /// The setting `token` is none.
    #[error("token")]
    Token(#[source] EndpointError),
    /// A variable whose value cannot be read.
    #[error("the variable {name}: {reason}")]
    Variable { name: String, reason: String },
    /// A time of nothing.
    #[error("{key} must not be zero; use a time such as 2s")]
    NoTime { key: &'static str },
    /// `client_key` without `client_cert`.
    #[error("client_key is set, but client_cert is not")]
    KeyWithoutCertificate,
    /// `spool.mode` without `spool.path`.
    #[error("spool.mode is set, but spool.path is not; give --spool-path, or set it in the file")]
    SpoolWithoutPath,
    /// A call is named by its key, and there is no journal that knows it.
    #[error("--call-key needs a spool; give --spool-path, or set spool.path in the file")]
    KeyWithoutSpool,
    /// Something is asked of a spool, and there is none.
    #[error(
        "there is no spool; give --spool-path, set ZAMMAD_CTI_SPOOL_PATH, or write `path` into [spool] of the configuration file"
    )]
    NoSpool,
    /// Routes lead to other Zammads, and nothing keeps where a call went.
    #[error(
        "[[routes]] need a spool, which keeps where a call went; set spool.path, and no spool.mode of `never`"
    )]
    RoutesWithoutSpool,
    /// A profile that a route names has another spool than the configuration itself.
    #[error(
        "its spool is another than that of the configuration; calls with routes share one spool, so set no \
         spool.path and no spool.mode of `never` there"
    )]
    SpoolOfRoute,
    /// A route names a profile that there is not.
    #[error("there is no such profile")]
    NoSuchProfile,
    /// What is wrong with a profile that a route names.
    #[error("the profile `{profile}`, to which a route leads")]
    Profile { profile: String, source: Arc<ConfigError> },
    /// Something about the table `[bridge]`.
    #[error("{0}")]
    Bridge(String),
    /// A login in the table `[agents]` that cannot be one.
    #[error("agents.{phone}")]
    Agent { phone: String, source: EventError },
    /// An address with a token in the place of such a login.
    #[error("agents.{phone}: a login is expected, not an address")]
    AgentIsAddress { phone: String },
    /// A setting of the top level in the table `[agents]`.
    #[error(
        "agents.{key}: `{key}` is a setting, not a phone; put its line above the first table, such as [numbers]"
    )]
    AgentIsSetting { key: String },
    /// What is wrong with `url`, or with the token.
    #[error("url")]
    Endpoint(#[from] EndpointError),
    /// What is wrong with a file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A word that is one of a few, by the names that the flag has.
fn one_of<'de, D: Deserializer<'de>, T: ValueEnum>(deserializer: D) -> Result<Option<T>, D::Error> {
    let word = String::deserialize(deserializer)?;
    T::from_str(&word, false).map(Some).map_err(|_| {
        let names = T::value_variants().iter().filter_map(T::to_possible_value);
        let names: Vec<_> = names.map(|value| value.get_name().to_owned()).collect();
        serde::de::Error::custom(format!("expected one of {}", names.join(", ")))
    })
}

/// How the body of a request is written: as JSON, or as the fields of a form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the help would say it too, and its reader knows the words")]
#[non_exhaustive]
pub enum Encoding {
    #[default]
    Json,
    Form,
}

/// When events are kept in the spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SpoolMode {
    /// do not use the spool
    Never,
    /// if Zammad has not taken the event within its deadline
    #[default]
    OnFailure,
    /// keep all events at once; Zammad is not asked, and the call does not wait
    Always,
}

/// What happens to an event for which there is no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SpoolPolicy {
    /// refuse the event, and tell its sender
    #[default]
    Refuse,
    /// drop the event that has waited longest, and count it
    DropOldest,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// one short line for a person or a dialplan
    #[default]
    Text,
    /// one object with stable keys
    Json,
    /// quoted assignments, safe to `eval`
    Shell,
}

/// Where the configuration file is looked for when nobody names one: the user's, then the
/// system's.
pub fn default_files(config_home: Option<&Path>) -> Vec<PathBuf> {
    let user = config_home.map(|home| home.join("zammad-cti/config.toml"));
    user.into_iter().chain([PathBuf::from("/etc/zammad-cti/config.toml")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_with_an_empty_login_is_nobodys() {
        let agents = [("103", "carl@x"), ("104", " ")];
        let settings = Settings {
            agents: agents.map(|(phone, login)| (phone.to_owned(), login.to_owned())).into(),
            ..Settings::default()
        };
        let config = Config::try_from(settings).unwrap();
        let logins: Vec<_> = config.agents.iter().map(|(phone, login)| (phone, login.as_str())).collect();
        assert_eq!(logins, [("103", "carl@x")]);
    }

    #[test]
    fn a_stronger_token_replaces_a_weaker_one_wherever_it_stands() {
        let settings = |url: Option<&str>, token: Option<&str>, file: Option<&str>| Settings {
            url: url.map(Secret::new),
            token: token.map(Secret::new),
            token_file: file.map(PathBuf::from),
            ..Settings::default()
        };
        let base = Some("https://z.example");
        let whole = Some("https://z.example/api/v1/cti/b");
        let elsewhere = Some("https://y.example/api/v1/cti/b");
        // (stronger, weaker, the token and the token file that count)
        let cases = [
            (settings(None, Some("a"), None), settings(base, Some("b"), None), (Some("a"), None)),
            (settings(None, Some("a"), None), settings(base, None, Some("f")), (Some("a"), None)),
            (settings(None, None, Some("f")), settings(base, Some("b"), None), (None, Some("f"))),
            (
                settings(None, Some("a"), None),
                settings(Some("https://z.example/api/v1/cti/b"), None, None),
                (Some("a"), None),
            ),
            (
                settings(Some("https://z.example/api/v1/cti/a"), None, None),
                settings(base, Some("b"), None),
                (None, None),
            ),
            (settings(base, None, None), settings(None, Some("b"), None), (Some("b"), None)),
            // A base address alone takes the token of the address it replaces, if that is of the same host,
            (settings(base, None, None), settings(whole, None, None), (Some("b"), None)),
            (settings(base, None, None), settings(elsewhere, None, None), (None, None)),
            // and not one that is weaker still.
            (
                settings(base, None, None),
                settings(whole, None, None).or(settings(None, Some("c"), None)),
                (Some("b"), None),
            ),
            // A file of a weaker layer is not read beside the token of a stronger one, in whatever layer
            // the address is.
            (
                settings(None, Some("a"), None).or(settings(None, None, Some("f"))),
                settings(whole, None, None),
                (Some("a"), None),
            ),
            (
                settings(None, None, Some("f")).or(settings(None, Some("c"), None)),
                settings(whole, None, None),
                (None, Some("f")),
            ),
        ];
        for (stronger, weaker, (token, file)) in cases {
            let what = format!("{stronger:?} or {weaker:?}");
            let merged = stronger.or(weaker);
            assert_eq!(merged.token.as_ref().map(Secret::reveal), token, "{what}");
            assert_eq!(merged.token_file.as_deref(), file.map(Path::new), "{what}");
            let url = merged.url.unwrap();
            assert!(!url.reveal().ends_with("/b"), "{what}: {}", url.reveal());
        }
    }

    #[test]
    fn another_zammad_does_not_get_the_api_token() {
        let settings = Settings {
            url: Some(Secret::new("https://z.example/api/v1/cti/b")),
            api_token: Some(Secret::new("secret")),
            ..Settings::default()
        };
        let config = Config::try_from(settings).unwrap();
        // (address, whether it gets the secret)
        for (url, gets) in
            [("https://z.example/api/v1/cti/c", true), ("https://y.example/api/v1/cti/c", false)]
        {
            let endpoint = Endpoint::new(&Secret::new(url), None).unwrap();
            assert_eq!(config.clone().with_endpoint(endpoint).api_token.is_some(), gets, "{url}");
        }
    }

    #[test]
    fn budgets_fit_into_each_other() {
        let span = |seconds| Some(Span(Duration::from_secs(seconds)));
        let config = Config::try_from(Settings { deadline: span(1), ..Settings::default() }).unwrap();
        let second = Duration::from_secs(1);
        assert_eq!((config.connect_timeout, config.timeout, config.deadline), (second, second, second));
        for key in ["connect_timeout", "timeout", "deadline"] {
            let zero = |name| if name == key { span(0) } else { None };
            let settings = Settings {
                connect_timeout: zero("connect_timeout"),
                timeout: zero("timeout"),
                deadline: zero("deadline"),
                ..Settings::default()
            };
            assert!(Config::try_from(settings).unwrap_err().to_string().starts_with(key));
        }
    }
}
