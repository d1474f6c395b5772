//! The token that a 3CX gives an API client since version 20.
//!
//! Source: 3CX's documentation of its Configuration API and its examples of Call Control. The lifetime was in
//! minutes and is in seconds since 20.0.9.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::http::{Answer, By, Http};
use super::message::{field, text};
use crate::bridge::source::LinkError;
use crate::config::Secret;

const PATH: &str = "connect/token";
const WEB_LOGIN: &str = "webclient/api/Login/GetAccessToken";

/// What is below counts minutes.
const FEWEST_SECONDS: u64 = 300;

/// It is renewed before its end, and after that time at the latest.
const LONGEST_USE: Duration = Duration::from_secs(50 * 60);

/// How long it lasts if that is not said.
const USUAL: Duration = Duration::from_secs(60 * 60);

/// No token lasts longer, whatever is said.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How soon another one is tried for after none came.
const AGAIN: Duration = Duration::from_secs(30);

/// A right to ask, for a time.
#[derive(Debug, Clone)]
pub struct Token {
    /// what is shown with each question
    pub access: Secret,
    /// when to get another one
    pub renewal: Instant,
    /// until when it counts, if nobody takes it away
    pub end: Instant,
}

impl Token {
    /// When to try again for another one after none came; `None` if this one is over.
    pub fn renewal_after_failure(&self, now: Instant) -> Option<Instant> {
        let left = self.end.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(now + AGAIN.min(left))
    }
}

/// What became of a login.
#[derive(Debug)]
pub enum Login {
    /// It was accepted.
    Token(Token),
    /// There is no such thing: the 3CX is older.
    NotThere,
}

/// Logs an API client in. The secret goes with the form and never into an address, which is logged.
///
/// # Errors
///
/// It is refused, or there is no answer to go on with.
pub async fn of_client(http: &Http, id: &str, secret: &Secret) -> Result<Login, LinkError> {
    let fields =
        [("client_id", id), ("client_secret", secret.reveal()), ("grant_type", "client_credentials")];
    let answer = http.post_form(PATH, By::Nobody, &fields).await?;
    match answer.status {
        404 | 405 => Ok(Login::NotThere),
        400 | 401 => Err(http.refused(format!(
            "the API client {id} is not known, its secret is wrong, or Console Restrictions in the 3CX keep this \
             machine's address out ({})",
            answer.status
        ))),
        403 => Err(http.refused(format!(
            "the API client {id} may not log in (403): see the licence, and Console Restrictions in the 3CX"
        ))),
        _ => read(http, &answer).map(Login::Token),
    }
}

/// Logs a user of the web client in, as some do who have no API client.
///
/// # Errors
///
/// It is refused, or there is no answer to go on with.
pub async fn of_user(http: &Http, name: &str, password: &Secret) -> Result<Login, LinkError> {
    let body = json!({ "Username": name, "Password": password.reveal(), "SecurityCode": "" });
    let answer = http.post(WEB_LOGIN, By::Nobody, &body).await?;
    match answer.status {
        404 | 405 => return Ok(Login::NotThere),
        400 | 401 | 403 => return Err(http.refused(format!("the account {name} ({})", answer.status))),
        _ => {}
    }
    let login = answer.json(http)?;
    let token = login.get("Token").and_then(Value::as_object);
    let refresh =
        token.and_then(|token| field(token, "refresh_token")).and_then(Value::as_str).unwrap_or_default();
    if token.is_none() {
        let status = login.as_object().map(|login| text(login, "Status")).unwrap_or_default();
        return Err(http.refused(format!("the account {name}: {status:?}")));
    }
    let fields = [("client_id", "Webclient"), ("grant_type", "refresh_token")];
    let cookie = Secret::new(format!("RefreshTokenCookie={refresh}"));
    let answer = http.post_form(PATH, By::Cookies(&cookie), &fields).await?;
    read(http, &answer).map(Login::Token)
}

fn read(http: &Http, answer: &Answer) -> Result<Token, LinkError> {
    let answer = answer.json(http)?;
    let fields = answer.as_object();
    let access =
        fields.and_then(|fields| field(fields, "access_token")).and_then(Value::as_str).unwrap_or_default();
    if access.is_empty() {
        return Err(http.unreachable(format!("what it answers to {PATH} holds no token")));
    }
    let said = fields.and_then(|fields| text(fields, "expires_in").parse::<u64>().ok());
    let (lasts, now) = (lifetime(said), Instant::now());
    Ok(Token { access: Secret::new(access), renewal: now + use_of(lasts), end: now + lasts })
}

/// How long a token lasts of which this is said.
fn lifetime(said: Option<u64>) -> Duration {
    let Some(said) = said.filter(|&said| said > 0) else { return USUAL };
    let seconds = if said < FEWEST_SECONDS { said * 60 } else { said };
    Duration::from_secs(seconds).min(LONGEST)
}

/// How long a token is used that lasts so long.
fn use_of(lasts: Duration) -> Duration {
    (lasts - lasts / 6).min(LONGEST_USE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_its_end() {
        // (what is said, seconds)
        let cases = [
            (None, 3000),
            (Some(0), 3000),
            (Some(60), 3000),
            (Some(3600), 3000),
            (Some(600), 500),
            (Some(1), 50),
        ];
        for (said, seconds) in cases {
            assert_eq!(use_of(lifetime(said)).as_secs(), seconds, "{said:?}");
        }
        assert_eq!(use_of(lifetime(Some(u64::MAX))), LONGEST_USE);
    }

    #[test]
    fn a_token_that_is_not_replaced_is_used_until_its_end() {
        let now = Instant::now();
        let token = |left: u64| Token {
            access: Secret::new("one"),
            renewal: now,
            end: now + Duration::from_secs(left),
        };
        // (seconds that are left, until another one is tried for)
        for (left, again) in [(600, Some(30)), (31, Some(30)), (10, Some(10)), (0, None)] {
            let due = token(left).renewal_after_failure(now).map(|due| due.duration_since(now).as_secs());
            assert_eq!(due, again, "{left}");
        }
        assert_eq!(token(5).renewal_after_failure(now + Duration::from_secs(6)), None);
    }
}
