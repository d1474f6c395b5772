//! The table `[bridge.freeswitch]`.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};

use super::host_port::host_and_port;
use super::{SourceSettings, one_secret_of, secret_or};
use crate::config::ConfigError;
use crate::config::value::{List, Secret};

/// That of the event socket.
const USUAL_PORT: u16 = 8021;

/// The table `[bridge.freeswitch]`: where FreeSWITCH's event socket is, and which calls come from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "FreeSWITCH")]
pub struct FreeSwitchSettings {
    /// FreeSWITCH's event socket [default: 127.0.0.1:8021]
    #[arg(long = "address", alias = "bridge-freeswitch-address", id = "bridge_freeswitch_address")]
    #[arg(value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// A user of the directory with esl-password, such as zammad@pbx.example.com, in place of the event socket's
    /// own password
    #[arg(long = "username", alias = "bridge-freeswitch-username", id = "bridge_freeswitch_username")]
    #[arg(value_name = "USER@DOMAIN")]
    pub username: Option<String>,
    /// The password of event_socket.conf.xml, or of that user [default: ClueCon]
    #[arg(
        long = "password",
        alias = "bridge-freeswitch-password",
        id = "bridge_freeswitch_password",
        value_name = "PASSWORD",
        hide_short_help = true
    )]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub password: Option<Secret>,
    /// A file that holds the password; others must not be able to read it
    #[arg(long = "password-file", alias = "bridge-freeswitch-password-file")]
    #[arg(id = "bridge_freeswitch_password_file", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The contexts in which calls from outside begin: patterns with * for any characters, separated by
    /// commas [default: public]
    #[arg(long = "inbound-contexts", alias = "bridge-freeswitch-inbound-contexts")]
    #[arg(id = "bridge_freeswitch_inbound_contexts", value_name = "PATTERNS")]
    pub inbound_contexts: Option<List>,
    /// Tenants whose calls are reported, by their domains: patterns, separated by commas [default: all]
    #[arg(long = "domains", alias = "bridge-freeswitch-domains", id = "bridge_freeswitch_domains")]
    #[arg(value_name = "PATTERNS")]
    pub domains: Option<List>,
    /// Report a queue by its whole name, support@pbx.example.com in place of support
    #[arg(long = "queue-domain", alias = "bridge-freeswitch-queue-domain")]
    #[arg(id = "bridge_freeswitch_queue_domain", value_name = "BOOL", hide_short_help = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub queue_domain: Option<bool>,
}

/// Who logs in at which FreeSWITCH.
#[derive(Debug, Clone)]
pub struct FreeSwitchAccount {
    /// host and port
    pub address: String,
    /// a user of the directory, with its domain; `None`: whoever knows the event socket's password
    pub username: Option<String>,
    /// the password
    pub password: Secret,
}

impl SourceSettings for FreeSwitchSettings {
    fn name(&self) -> &'static str {
        "freeswitch"
    }

    fn title(&self) -> &'static str {
        "FreeSWITCH"
    }

    /// Its event socket: host and port.
    fn address(&self) -> String {
        // What is none is named as it is, and refused.
        self.checked_address().unwrap_or_else(|_| self.address.clone().unwrap_or_default())
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn trunk_setting(&self) -> &'static str {
        "inbound_contexts"
    }

    fn files(&self) -> Vec<&Path> {
        self.password_file.iter().map(PathBuf::as_path).collect()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        if !self.is_set() {
            return Ok(None);
        }
        let FreeSwitchAccount { address, username, password: _ } = self.account()?;
        Ok(Some(username.map_or_else(|| address.clone(), |username| format!("{username} at {address}"))))
    }
}

impl FreeSwitchSettings {
    pub(super) fn or(self, other: Self) -> Self {
        let (password, password_file) =
            secret_or((self.password, self.password_file), (other.password, other.password_file));
        Self {
            address: self.address.or(other.address),
            username: self.username.or(other.username),
            password,
            password_file,
            inbound_contexts: self.inbound_contexts.or(other.inbound_contexts),
            domains: self.domains.or(other.domains),
            queue_domain: self.queue_domain.or(other.queue_domain),
        }
    }

    fn checked_address(&self) -> Result<String, ConfigError> {
        let address = self.address.as_deref().unwrap_or("127.0.0.1");
        host_and_port("bridge.freeswitch.address", address, USUAL_PORT)
    }

    /// The account.
    ///
    /// # Errors
    ///
    /// The address is none, the user has no domain, nobody says its password, or the password's file cannot be read.
    pub fn account(&self) -> Result<FreeSwitchAccount, ConfigError> {
        let wrong = |text: &str| Err(ConfigError::Bridge(format!("bridge.freeswitch.{text}")));
        if self.username.as_deref().is_some_and(|name| !is_user(name)) {
            return wrong("username: not of the form user@domain");
        }
        let password =
            match one_secret_of("bridge.freeswitch", "password", &self.password, &self.password_file)? {
                Some(password) => password,
                None if self.username.is_some() => return wrong("password_file is not set"),
                None => Secret::new("ClueCon"),
            };
        // It would end the command.
        if password.reveal().contains(char::is_control) {
            return wrong("password: it has a line break or another control character");
        }
        Ok(FreeSwitchAccount { address: self.checked_address()?, username: self.username.clone(), password })
    }
}

/// `user@domain`; a colon ends it in the command that has it.
fn is_user(name: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && !part.contains([':', '@', ' ']) && !part.contains(char::is_control);
    name.split_once('@').is_some_and(|(user, domain)| is_part(user) && is_part(domain))
}
