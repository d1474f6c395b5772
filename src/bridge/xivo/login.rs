//! Logging in: three questions, and what their answers mean.
//!
//! Source: the code of xivo-ctid 15.18 and 19.03; `login_*.jsonl` in `tests/fixtures/bridge/xivo`.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Map, Value, json};

use super::wire::Wire;
use crate::bridge::source::LinkError;
use crate::config::XivoLogin;

/// The versions of the protocol that are known.
pub const VERSIONS: [&str; 5] = ["1.2", "2.0", "2.1", "2.2", "2.3"];

/// The one to begin with: that of most servers which are still there.
pub const FIRST: &str = "2.2";

/// More of what a server says is not shown.
const SHOWN: usize = 200;

/// How far a login has come.
#[derive(Debug)]
pub enum Outcome {
    /// logged in: the server's reply, which says as whom
    In(Map<String, Value>),
    /// the server speaks this version, and wants a new connection
    OtherVersion(String),
}

/// What goes wrong with a login.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("user or password refused")]
    Password,
    #[error("user or password refused: the server closed the connection without a word")]
    PasswordWithoutWord,
    #[error("there is no such user, or the user has no access to the CTI client")]
    User,
    #[error("the user has no CTI profile")]
    NoProfile,
    #[error("XiVO's authentication daemon does not answer")]
    NoAuthentication,
    #[error("the user's CTI profile is refused: {0}")]
    Profile(String),
    #[error("a server of protocol 1.2 takes no password with other than ASCII characters")]
    NotAscii,
    #[error("the server speaks protocol {theirs}, and `protocol` says {ours}")]
    Pinned { ours: String, theirs: String },
    #[error("the server speaks protocol {0:?}, which is not known")]
    Version(String),
    #[error("the server says {0:?}")]
    Other(String),
}

/// Logs in over a connection that has just been made.
pub async fn log_in(wire: &mut Wire, login: &XivoLogin, version: &str) -> Result<Outcome, LinkError> {
    let refused = |refusal: Refusal, wire: &Wire| wire.refuses(refusal.to_string());
    let hello = json!({
        "class": "login_id", "company": "default", "ident": "zammad-cti", "userlogin": login.username,
        "xivoversion": version, "wazoversion": version,
    });
    wire.send(hello).await?;
    let reply = wire.reply("login_id").await?;
    if let Some(error) = error_of(&reply) {
        return match other_version(error) {
            Some(theirs) => Ok(Outcome::OtherVersion(theirs.to_owned())),
            None => Err(refused(Refusal::of(error), wire)),
        };
    }
    let is_hashed = version.starts_with("1.");
    let mut answer = json!({ "class": "login_pass" });
    let password = login.password.reveal();
    if is_hashed {
        if !password.is_ascii() {
            return Err(refused(Refusal::NotAscii, wire));
        }
        let session = reply.get("sessionid").and_then(Value::as_str).unwrap_or_default();
        answer["hashedpassword"] = hashed(session, password).into();
    } else {
        answer["password"] = password.into();
    }
    wire.send(answer).await?;
    let reply = match wire.reply("login_pass").await {
        // No word of a refusal ever arrives.
        Err(LinkError::Ended | LinkError::Broken(_)) => {
            return Err(refused(Refusal::PasswordWithoutWord, wire));
        }
        reply => reply?,
    };
    if let Some(error) = error_of(&reply) {
        let refusal = match error {
            "login_password" => Refusal::Password,
            error => Refusal::of(error),
        };
        return Err(refused(refusal, wire));
    }
    let profile = reply.get("capalist").and_then(|list| list.get(0)).cloned();
    let Some(profile) = profile else { return Err(refused(Refusal::NoProfile, wire)) };
    let choice = json!({
        "class": "login_capas", "capaid": profile, "state": "available", "loginkind": "user", "lastconnwins": false,
    });
    wire.send(choice).await?;
    let reply = match wire.reply("login_capas").await {
        Err(LinkError::Ended | LinkError::Broken(_)) => {
            let refusal = Refusal::Profile("the server closed the connection without a word".to_owned());
            return Err(refused(refusal, wire));
        }
        reply => reply?,
    };
    match error_of(&reply) {
        Some(error) => Err(refused(Refusal::of(error), wire)),
        None => Ok(Outcome::In(reply)),
    }
}

impl Refusal {
    fn of(error: &str) -> Self {
        let error: String = error.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
        match error.as_str() {
            "login_password" | "user_not_found" => Self::User,
            "capaid_undefined" => Self::NoProfile,
            "xivo_auth_error" => Self::NoAuthentication,
            "wrong cti_profile_id" | "unknown cti_profile_id" => Self::Profile(error),
            _ => Self::Other(error),
        }
    }
}

fn error_of(reply: &Map<String, Value>) -> Option<&str> {
    reply.get("error_string").and_then(Value::as_str)
}

/// The server's own version, in the error that the client's is another: `xivoversion_client:2.2;1.2`.
fn other_version(error: &str) -> Option<&str> {
    let versions =
        error.strip_prefix("xivoversion_client:").or_else(|| error.strip_prefix("wazoversion_client:"))?;
    versions.split_once(';').map(|(_, theirs)| theirs)
}

/// What a server of protocol 1.2 gets in place of the password.
fn hashed(session: &str, password: &str) -> String {
    let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{session}:{password}").as_bytes());
    sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_hashed_as_the_server_does() {
        assert_eq!(hashed("pzfHQO9r0V", "s3cr3t"), "7d3abb48975252e298af33da03f0b9d522e80846");
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        // (what the server says to a login, what is told)
        let cases = [
            ("login_password", "there is no such user, or the user has no access to the CTI client"),
            ("user_not_found", "there is no such user, or the user has no access to the CTI client"),
            ("capaid_undefined", "the user has no CTI profile"),
            ("xivo_auth_error", "XiVO's authentication daemon does not answer"),
            ("wrong cti_profile_id", "the user's CTI profile is refused: wrong cti_profile_id"),
            ("unknown cti_profile_id", "the user's CTI profile is refused: unknown cti_profile_id"),
            ("missing:ident", "the server says \"missing:ident\""),
            ("no\u{7}\nline", "the server says \"noline\""),
        ];
        for (said, told) in cases {
            assert_eq!(Refusal::of(said).to_string(), told, "{said}");
        }
        let long = Refusal::of(&"x".repeat(100_000)).to_string();
        assert!(long.len() < 300, "{}", long.len());
    }

    #[test]
    fn the_servers_own_version_stands_in_the_error() {
        let cases = [
            ("xivoversion_client:2.2;1.2", Some("1.2")),
            ("wazoversion_client:2.2;2.3", Some("2.3")),
            ("xivoversion_client:2.2", None),
            ("login_password", None),
        ];
        for (said, version) in cases {
            assert_eq!(other_version(said), version, "{said}");
        }
    }
}
