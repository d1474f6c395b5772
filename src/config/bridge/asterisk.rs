//! The table `[bridge.asterisk]`.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};

use super::host_port::host_and_port;
use super::{SourceSettings, name_of, one_secret_of, refuse_blanks, secret_or};
use crate::config::ConfigError;
use crate::config::value::{List, Secret};

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

/// That of manager.conf, unless somebody has set another.
const USUAL_PORT: u16 = 5038;

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

impl SourceSettings for AsteriskSettings {
    fn name(&self) -> &'static str {
        "asterisk"
    }

    fn title(&self) -> &'static str {
        "Asterisk"
    }

    /// Its manager interface: host and port.
    fn address(&self) -> String {
        // One that is none is refused by whoever uses it.
        self.checked_address().unwrap_or_else(|_| self.address.clone().unwrap_or_default())
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn files(&self) -> Vec<&Path> {
        [&self.secret_file, &self.ca_file].into_iter().flatten().map(PathBuf::as_path).collect()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        self.checked_address()?;
        let is_meant = self.username.is_some() || self.secret.is_some() || self.secret_file.is_some();
        let account = is_meant.then(|| self.account()).transpose()?;
        Ok(account.map(|AsteriskAccount { address, username, secret: _ }| format!("{username} at {address}")))
    }
}

impl AsteriskSettings {
    pub(super) fn or(self, other: Self) -> Self {
        let (secret, secret_file) =
            secret_or((self.secret, self.secret_file), (other.secret, other.secret_file));
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

    fn checked_address(&self) -> Result<String, ConfigError> {
        let address = self.address.as_deref().unwrap_or("127.0.0.1");
        host_and_port("bridge.asterisk.address", address, USUAL_PORT)
    }

    /// The account.
    ///
    /// # Errors
    ///
    /// The address is none, nobody says who logs in, or the secret's file cannot be read.
    pub fn account(&self) -> Result<AsteriskAccount, ConfigError> {
        let address = self.checked_address()?;
        let secret = one_secret_of("bridge.asterisk", "secret", &self.secret, &self.secret_file)?;
        let secret =
            secret.ok_or_else(|| ConfigError::Bridge("bridge.asterisk.secret_file is not set".to_owned()))?;
        let username = name_of("bridge.asterisk", "username", &self.username)?;
        self.check_understanding()?;
        Ok(AsteriskAccount { address, username, secret })
    }

    /// What its calls are understood by.
    fn check_understanding(&self) -> Result<(), ConfigError> {
        refuse_blanks("bridge.asterisk.trunk_contexts", &self.trunk_contexts)?;
        refuse_blanks("bridge.asterisk.trunk_channels", &self.trunk_channels)?;
        let is_dialled = |c: char| c.is_ascii_digit() || "*#+".contains(c);
        match &self.outside_prefix {
            Some(prefix) if !prefix.chars().all(is_dialled) => Err(ConfigError::Bridge(format!(
                "bridge.asterisk.outside_prefix: {prefix:?} is not what phones dial to get out, such as 0"
            ))),
            Some(_) | None => Ok(()),
        }
    }
}
