//! What is asked over HTTP: tokens, names, and which legs there are.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use rustls::ClientConfig;
use serde_json::{Map, Value, json};
use url::Url;

use crate::bridge::source::LinkError;
use crate::bridge::system::AccountError;
use crate::bridge::web;
use crate::client::{in_full, settings_for_another};
use crate::config::{ConfigError, Secret, SourceSettings, WazoLogin, WazoSettings, read_token};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a token is to last; a new one is got after half of it.
const TOKEN_LASTS: Duration = Duration::from_secs(2 * 60 * 60);

/// However short a token lasts, it is used for so long.
const SHORTEST_USE: Duration = Duration::from_secs(1);

/// A Wazo, and who asks it.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    login: WazoLogin,
    pub tls: Arc<ClientConfig>,
}

/// Why something is not told.
#[derive(Debug)]
pub enum Untold {
    /// The account lacks the right, with this status.
    Forbidden(StatusCode),
    /// It failed, and may be told a moment later.
    Failed(String),
}

/// What lets somebody in.
#[derive(Debug, Clone)]
pub struct Token {
    /// itself
    pub secret: Secret,
    /// whether it sees the calls of all users; `None` if that was not said
    pub sees_all: Option<bool>,
    /// how long it is used
    pub used: Duration,
}

impl Http {
    /// That of the settings, whose files are read now.
    pub fn of(settings: &WazoSettings) -> Result<Self, AccountError> {
        let tls = settings_for_another(settings.ca_file.as_deref())?;
        let client =
            web::client(tls.clone(), PATIENCE).map_err(|error| ConfigError::Bridge(in_full(&error)))?;
        Ok(Self { client, base: settings.base()?, login: settings.account()?, tls: Arc::new(tls) })
    }

    /// Its address.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// For people.
    pub fn address(&self) -> String {
        WazoSettings { address: Some(self.base.to_string()), ..WazoSettings::default() }.address()
    }

    /// That the connection is of no use.
    pub fn unreachable(&self, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LinkError {
        LinkError::Unreachable { address: self.address(), source: io::Error::other(why) }
    }

    /// That nobody gets in.
    pub fn refused(&self, reason: &str) -> LinkError {
        LinkError::Refused { address: self.address(), reason: reason.to_owned() }
    }

    /// A token, by user and password or from a file.
    pub async fn token(&self) -> Result<Token, LinkError> {
        let (username, password) = match &self.login {
            WazoLogin::Password { username, password } => (username, password),
            WazoLogin::TokenFile(path) => {
                let secret = read_token(path).map_err(|error| self.refused(&in_full(&error)))?;
                return Ok(Token { secret, sees_all: None, used: TOKEN_LASTS / 2 });
            }
        };
        let basic = STANDARD.encode(format!("{username}:{}", password.reveal()));
        let body = json!({ "expiration": TOKEN_LASTS.as_secs() }).to_string();
        let url = self.join("api/auth/0.1/token")?;
        let request =
            self.client.request(Method::POST, url).header("authorization", format!("Basic {basic}"));
        let (status, answer) =
            self.ask(request.header("content-type", "application/json").body(body)).await?;
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Err(self.refused("user or password refused"));
        }
        let token = answer.get("data").and_then(|data| data.get("token")).and_then(Value::as_str);
        let Some(token) = token.filter(|_| status.is_success()) else {
            return Err(self.unreachable(format!("it answers {status} to who wants a token")));
        };
        let metadata = answer.get("data").and_then(|data| data.get("metadata"));
        let sees_all = metadata.and_then(|metadata| {
            let purpose = metadata.get("purpose")?.as_str()?;
            let is_admin = metadata.get("admin").and_then(Value::as_bool).unwrap_or_default();
            Some(is_admin || ["external_api", "internal"].contains(&purpose))
        });
        let lasts = answer.get("data").and_then(lifetime).unwrap_or(TOKEN_LASTS);
        let used = (lasts / 2).clamp(SHORTEST_USE, TOKEN_LASTS / 2);
        Ok(Token { secret: Secret::new(token), sees_all, used })
    }

    /// The legs that there are.
    pub async fn calls(&self, token: &Secret) -> Result<Vec<Map<String, Value>>, Untold> {
        let answer = self.get("api/calld/1.0/calls", token).await?;
        let items = answer.get("items").and_then(Value::as_array);
        let items = items.ok_or_else(|| Untold::Failed("it answers without a list".to_owned()))?;
        Ok(items.iter().filter_map(Value::as_object).cloned().collect())
    }

    /// A user's name.
    pub async fn user(&self, token: &Secret, uuid: &str) -> Result<Option<String>, Untold> {
        let is_harmless = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !uuid.chars().all(is_harmless) {
            return Ok(None);
        }
        let user = self.get(&format!("api/confd/1.1/users/{uuid}"), token).await?;
        let parts =
            ["firstname", "lastname"].map(|key| user.get(key).and_then(Value::as_str).unwrap_or_default());
        let name = crate::asterisk::shown_name(parts.join(" ").trim().as_bytes());
        Ok(Some(name).filter(|name| !name.is_empty()))
    }

    async fn get(&self, path: &str, token: &Secret) -> Result<Value, Untold> {
        let failed = |error: LinkError| Untold::Failed(in_full(&error));
        let url = self.join(path).map_err(failed)?;
        let request = self.client.request(Method::GET, url).header("x-auth-token", token.reveal());
        match self.ask(request).await.map_err(failed)? {
            (StatusCode::UNAUTHORIZED, _) => Err(Untold::Forbidden(StatusCode::UNAUTHORIZED)),
            (StatusCode::FORBIDDEN, _) => Err(Untold::Forbidden(StatusCode::FORBIDDEN)),
            (status, answer) if status.is_success() => Ok(answer),
            (status, _) => Err(Untold::Failed(format!("it answers {status}"))),
        }
    }

    fn join(&self, path: &str) -> Result<Url, LinkError> {
        self.base.join(path).map_err(|error| self.unreachable(error))
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<(StatusCode, Value), LinkError> {
        let failed = |error: reqwest::Error| LinkError::unreached(self.address(), &error);
        let mut response = request.send().await.map_err(failed)?;
        let body = web::body(&mut response).await.map_err(failed)?;
        let body = body.ok_or_else(|| self.unreachable("its answer has no end"))?;
        Ok((response.status(), serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// How long a token lasts by its own times, which are written as `2026-08-18T06:10:00.123456`: Wazo may limit what is
/// asked for. Two of the same clock, so that its zone and its error do not matter.
fn lifetime(data: &Value) -> Option<Duration> {
    let time = |key: &str| {
        let text = data.get(key)?.as_str()?;
        let text = text.split(['+', 'Z']).next().unwrap_or_default();
        humantime::parse_rfc3339_weak(text).ok()
    };
    let lifetime = |begin: &str, end: &str| time(end)?.duration_since(time(begin)?).ok();
    lifetime("utc_issued_at", "utc_expires_at").or_else(|| lifetime("issued_at", "expires_at"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_as_long_as_its_own_times_say() {
        let utc = |begin: &str, end: &str| json!({ "utc_issued_at": begin, "utc_expires_at": end });
        let cases = [
            (utc("2026-08-18T06:10:00.500000", "2026-08-18T06:12:00.500000"), Some(120)),
            (utc("2026-08-18T06:10:00+00:00", "2026-08-18T07:10:00+00:00"), Some(3600)),
            (json!({ "issued_at": "2026-08-18T23:59:30", "expires_at": "2026-08-19T00:00:00" }), Some(30)),
            (utc("2026-08-18T06:10:00", "2026-08-18T06:00:00"), None),
            (utc("soon", "later"), None),
            (json!({ "utc_issued_at": 1, "utc_expires_at": null }), None),
        ];
        for (data, seconds) in cases {
            assert_eq!(lifetime(&data).map(|lifetime| lifetime.as_secs()), seconds, "{data}");
        }
    }
}
