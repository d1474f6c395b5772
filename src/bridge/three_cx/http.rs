//! HTTP as both interfaces of 3CX want it: each question has a time and each answer a size at most.

use std::fmt;
use std::io;
use std::time::Duration;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use rustls::ClientConfig;
use serde_json::Value;
use url::Url;

use crate::bridge::source::LinkError;
use crate::bridge::web;
use crate::config::Secret;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// So much of an answer is shown.
const SHOWN: usize = 120;

/// Asks one 3CX.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
}

/// What it answers. A token or a cookie may be in it, so it shows nothing of that under `{:?}`.
pub struct Answer {
    /// the status
    pub status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    path: &'static str,
}

/// By whom something is asked.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// nobody
    Nobody,
    /// who has this token
    Token(&'a Secret),
    /// who has these cookies
    Cookies(&'a Secret),
}

impl Http {
    /// One that speaks TLS so; `base` ends with a slash.
    pub fn new(base: Url, tls: ClientConfig) -> Result<Self, reqwest::Error> {
        Ok(Self { client: web::client(tls, PATIENCE)?, base })
    }

    /// Where the 3CX is, for people.
    pub fn address(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// Its URL, which ends with a slash.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Asks for what is at a path, which is named `what` to people.
    pub async fn get(&self, path: &str, what: &'static str, by: By<'_>) -> Result<Answer, LinkError> {
        self.ask(self.request(Method::GET, path, by)?, what).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &'static str, by: By<'_>, body: &Value) -> Result<Answer, LinkError> {
        self.post_to(path, path, by, body).await
    }

    /// The same to a path that is named `what` to people.
    pub async fn post_to(
        &self,
        path: &str,
        what: &'static str,
        by: By<'_>,
        body: &Value,
    ) -> Result<Answer, LinkError> {
        let request = self.request(Method::POST, path, by)?;
        let request = request.header("content-type", "application/json").body(body.to_string());
        self.ask(request, what).await
    }

    /// Sends the fields of a form.
    pub async fn post_form(
        &self,
        path: &'static str,
        by: By<'_>,
        fields: &[(&str, &str)],
    ) -> Result<Answer, LinkError> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(Method::POST, path, by)?;
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        self.ask(request, path).await
    }

    /// That the connection is of no use.
    pub fn unreachable(&self, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LinkError {
        LinkError::Unreachable { address: self.address(), source: io::Error::other(why) }
    }

    /// That this status is no answer to go on with.
    pub fn answers(&self, status: u16, path: &str) -> LinkError {
        // What stands in front of it is up before it is.
        let why = if (502..=504).contains(&status) { ", as a 3CX that starts does" } else { "" };
        self.unreachable(format!("it answers {status} to {path}{why}"))
    }

    /// That nobody gets in.
    pub fn refused(&self, reason: impl Into<String>) -> LinkError {
        LinkError::Refused { address: self.address(), reason: reason.into() }
    }

    fn request(&self, method: Method, path: &str, by: By<'_>) -> Result<RequestBuilder, LinkError> {
        let url = self.base.join(path).map_err(|error| self.unreachable(error))?;
        let request = self.client.request(method, url);
        Ok(match by {
            By::Nobody => request,
            By::Token(token) => request.bearer_auth(token.reveal()),
            By::Cookies(cookies) if cookies.reveal().is_empty() => request,
            By::Cookies(cookies) => request.header(COOKIE, cookies.reveal()),
        })
    }

    async fn ask(&self, request: RequestBuilder, path: &'static str) -> Result<Answer, LinkError> {
        let failed = |error: reqwest::Error| LinkError::unreached(self.address(), &error);
        let mut response = request.send().await.map_err(failed)?;
        let body = web::body(&mut response).await.map_err(failed)?;
        let body = body.ok_or_else(|| self.unreachable(format!("what it answers to {path} has no end")))?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { status: response.status().as_u16(), headers, body, path })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// Whether it is what was asked for.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Its JSON.
    pub fn json(&self, http: &Http) -> Result<Value, LinkError> {
        if !self.is_good() {
            return Err(self.unexpected(http));
        }
        let wrong =
            |_| http.unreachable(format!("what it answers to {} is not JSON: {:?}", self.path, self.text()));
        serde_json::from_slice(&self.body).map_err(wrong)
    }

    /// That this is no answer to go on with.
    pub fn unexpected(&self, http: &Http) -> LinkError {
        match self.leads_to(http) {
            Some(origin) => {
                http.unreachable(format!("it answers {} to {} and leads to {origin}", self.status, self.path))
            }
            None => http.answers(self.status, self.path),
        }
    }

    /// Where who asks is sent, without what may be a secret.
    fn leads_to(&self, http: &Http) -> Option<String> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        Some(http.base.join(location).ok()?.origin().ascii_serialization())
    }

    /// The beginning of its text.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.trim().chars().take(SHOWN).collect()
    }

    /// The cookies that it sets, by name.
    pub fn cookies(&self) -> impl Iterator<Item = (String, Secret)> {
        let set = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        set.filter_map(|cookie| {
            let (name, value) = cookie.split(';').next()?.split_once('=')?;
            Some((name.trim().to_owned(), Secret::new(value.trim())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{in_full, settings_for_another};

    fn answer(status: u16, location: Option<&str>) -> Answer {
        let header = |location: &str| (LOCATION, location.parse().unwrap());
        let headers = location.into_iter().map(header).collect();
        Answer { status, headers, body: br#"{"access_token":"s3cret"}"#.to_vec(), path: "connect/token" }
    }

    #[test]
    fn who_looks_at_an_answer_sees_no_secret() {
        let shown = format!("{:?}", answer(200, Some("https://pbx.example/?token=s3cret")));
        assert!(!shown.contains("s3cret") && shown.contains("connect/token"), "{shown}");
    }

    #[test]
    fn an_answer_of_no_use_says_why_that_may_be() {
        let http =
            Http::new("http://pbx.example/".parse().unwrap(), settings_for_another(None).unwrap()).unwrap();
        // (status, where it leads to, what is said)
        let cases = [
            (500, None, "it answers 500 to connect/token"),
            (503, None, "it answers 503 to connect/token, as a 3CX that starts does"),
            (
                301,
                Some("https://me:s3cret@pbx.example:5001/connect/token?s3cret"),
                "it answers 301 to connect/token and leads to https://pbx.example:5001",
            ),
            (302, Some("/login"), "it answers 302 to connect/token and leads to http://pbx.example"),
            (302, None, "it answers 302 to connect/token"),
        ];
        for (status, location, said) in cases {
            let error = answer(status, location).unexpected(&http);
            assert_eq!(in_full(&error), format!("no connection to http://pbx.example: {said}"));
        }
    }
}
