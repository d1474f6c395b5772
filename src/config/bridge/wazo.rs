//! The table `[bridge.wazo]`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{SourceSettings, name_of, one_secret_of};
use crate::config::value::Secret;
use crate::config::{ConfigError, read_token};

/// The table `[bridge.wazo]`: where Wazo is, and who asks it for events.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Wazo")]
pub struct WazoSettings {
    /// Wazo's address [default: https://127.0.0.1]
    #[arg(long = "wazo-url", alias = "bridge-wazo-url", id = "bridge_wazo_url", value_name = "URL")]
    #[serde(rename = "url")]
    pub address: Option<String>,
    /// A user of Wazo's authentication, best of purpose external_api
    #[arg(long = "username", alias = "bridge-wazo-username", id = "bridge_wazo_username")]
    #[arg(value_name = "NAME")]
    pub username: Option<String>,
    /// The user's password
    #[arg(long = "password", alias = "bridge-wazo-password", id = "bridge_wazo_password")]
    #[arg(value_name = "PASSWORD", hide_short_help = true)]
    #[arg(value_parser = Secret::parse, allow_hyphen_values = true)]
    pub password: Option<Secret>,
    /// A file that holds the password; others must not be able to read it
    #[arg(long = "password-file", alias = "bridge-wazo-password-file")]
    #[arg(id = "bridge_wazo_password_file", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// In place of user and password: a file that holds a token, and a new one before that ends
    #[arg(long = "bridge-wazo-token-file", id = "bridge_wazo_token_file", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust the certificates in this PEM file, in place of the system's
    #[arg(long = "bridge-wazo-ca-file", id = "bridge_wazo_ca_file", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// Who asks a Wazo.
#[derive(Debug, Clone)]
pub enum WazoLogin {
    /// by a name and a password
    Password {
        /// the name
        username: String,
        /// the password
        password: Secret,
    },
    /// by a token that somebody else gets
    TokenFile(PathBuf),
}

impl SourceSettings for WazoSettings {
    fn name(&self) -> &'static str {
        "wazo"
    }

    fn title(&self) -> &'static str {
        "Wazo"
    }

    fn address(&self) -> String {
        let written = self.address.as_deref().unwrap_or("https://127.0.0.1");
        // A password that somebody has put into it is nobody's business.
        match Url::parse(written) {
            Ok(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
            }
            Err(_) => written.to_owned(),
        }
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn files(&self) -> Vec<&Path> {
        let files = [&self.password_file, &self.token_file, &self.ca_file];
        files.into_iter().flatten().map(PathBuf::as_path).collect()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        let is_meant = self.username.is_some()
            || self.password.is_some()
            || self.password_file.is_some()
            || self.token_file.is_some();
        if !is_meant {
            return Ok(None);
        }
        self.base()?;
        Ok(Some(match self.account()? {
            WazoLogin::Password { username, .. } => format!("{username} at {}", self.address()),
            WazoLogin::TokenFile(path) => format!("by {} at {}", path.display(), self.address()),
        }))
    }
}

impl WazoSettings {
    pub(super) fn or(self, other: Self) -> Self {
        // A secret counts as one setting, wherever it stands.
        let has_secret = self.password.is_some() || self.password_file.is_some() || self.token_file.is_some();
        let (password, password_file, token_file) = if has_secret {
            (self.password, self.password_file, self.token_file)
        } else {
            (other.password, other.password_file, other.token_file)
        };
        Self {
            address: self.address.or(other.address),
            username: self.username.or(other.username),
            password,
            password_file,
            token_file,
            ca_file: self.ca_file.or(other.ca_file),
        }
    }

    /// Its address, below which all else is.
    ///
    /// # Errors
    ///
    /// It is not one of `https://` or `http://`.
    pub fn base(&self) -> Result<Url, ConfigError> {
        let wrong = || {
            ConfigError::Bridge("bridge.wazo.url is not a URL such as https://wazo.example.com".to_owned())
        };
        let url = Url::parse(&self.address()).map_err(|_| wrong())?;
        let is_one =
            ["http", "https"].contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.is_empty());
        is_one.then_some(url).ok_or_else(wrong)
    }

    /// Who asks.
    ///
    /// # Errors
    ///
    /// Nobody says who, or the secret's file cannot be read.
    pub fn account(&self) -> Result<WazoLogin, ConfigError> {
        let missing = |key: &str| ConfigError::Bridge(format!("bridge.wazo.{key} is not set"));
        if let Some(path) = &self.token_file {
            read_token(path)?;
            return Ok(WazoLogin::TokenFile(path.clone()));
        }
        let password = one_secret_of("bridge.wazo", "password", &self.password, &self.password_file)?;
        let password = password.ok_or_else(|| missing("password_file"))?;
        Ok(WazoLogin::Password { username: name_of("bridge.wazo", "username", &self.username)?, password })
    }
}
