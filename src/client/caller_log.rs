//! Zammad's caller log, as its agents' browsers read it and tick it off.
//!
//! Source: Zammad's controller of the caller log, `GET /api/v1/cti/log` and `POST /api/v1/cti/done/...`, which want a
//! user with the permission `cti.agent`.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::phase::Progress;
use super::tls::Tls;
use super::{ClientError, Kept, SendError, head_of, http, reply};
use crate::config::{Config, Endpoint};
use crate::event::{Direction, EventKind, Name};

/// Some hundred calls, and what is known of everybody in them.
const MAX_LOG: usize = 16 * 1024 * 1024;
/// An error of Zammad's API is much shorter.
const MAX_REFUSAL: usize = 64 * 1024;
/// As many characters of it are shown.
const MAX_WORDS: usize = 100;

/// Reads the latest calls; Zammad shows between 60 and 300 of them.
pub struct CallerLog {
    endpoint: Endpoint,
    tls: Tls,
    http: reqwest::Client,
    progress: Progress,
    connect_timeout: Duration,
    timeout: Duration,
    authorization: Option<HeaderValue>,
}

/// Why there is no caller log to read.
#[derive(Debug, thiserror::Error)]
pub enum CallerLogError {
    #[error("the API token has a character that is not allowed in a header")]
    Token,
    #[error("cannot read the caller log")]
    Client(#[from] ClientError),
    #[error("cannot read the caller log")]
    Send(#[source] SendError),
    #[error("Zammad does not let the API token's user read the caller log ({})", .0.said())]
    NoPermission(Refused),
    #[error("the reply is not a caller log (HTTP {0})")]
    NoLog(u16),
    #[error("the caller log has no call {0}")]
    NoRow(u64),
}

/// How Zammad refuses a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// 401 or 403
    pub status: u16,
    /// Zammad's own words, which it does not translate; from a server, so anything may be in them
    pub words: Option<String>,
}

impl Refused {
    fn said(&self) -> String {
        match &self.words {
            Some(words) => format!("HTTP {}: {words}", self.status),
            None => format!("HTTP {}", self.status),
        }
    }
}

/// A call as agents see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// its number in Zammad's database, by which it is ticked off
    #[serde(default, skip_serializing)]
    pub id: u64,
    /// when it began, as Zammad writes it
    #[serde(default, rename = "initialized_at", skip_serializing)]
    pub began: Option<String>,
    pub call_id: String,
    pub direction: Direction,
    pub state: EventKind,
    pub from: String,
    /// the caller's name
    #[serde(rename = "from_comment")]
    pub from_name: Option<String>,
    pub to: String,
    /// the name of who is called, or who answered
    #[serde(rename = "to_comment")]
    pub to_name: Option<String>,
    pub queue: Option<String>,
    /// the cause of the last event
    #[serde(rename = "comment")]
    pub cause: Option<String>,
    pub done: bool,
    /// seconds
    #[serde(rename = "duration_waiting_time")]
    pub waiting: Option<u64>,
    /// seconds
    #[serde(rename = "duration_talking_time")]
    pub talking: Option<u64>,
}

/// What a call is to an agent's eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    #[serde(rename = "ringing")]
    Ringing,
    #[serde(rename = "answered")]
    Answered,
    #[serde(rename = "done")]
    Done,
    #[serde(rename = "missed")]
    Missed,
    #[serde(rename = "voice message")]
    VoiceMessage,
    /// not at all
    #[serde(rename = "absent")]
    Absent,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Row {
    pub fn shown(&self) -> Shown {
        match (self.state, self.done) {
            (EventKind::NewCall, _) => Shown::Ringing,
            (EventKind::Answer, _) => Shown::Answered,
            (EventKind::Hangup, true) => Shown::Done,
            (EventKind::Hangup, false) if self.to_name.as_deref() == Some(Name::VOICEMAIL) => {
                Shown::VoiceMessage
            }
            (EventKind::Hangup, false) => Shown::Missed,
        }
    }
}

impl CallerLog {
    pub fn new(config: &Config) -> Result<Self, CallerLogError> {
        let endpoint = config.endpoint().map_err(ClientError::from)?;
        let tls = Tls::new(config, endpoint).map_err(ClientError::from)?;
        let progress = Progress::new();
        let http = http(config.connect_timeout, endpoint, tls.settings(), &progress, Kept::Open)?;
        let authorization = match &config.api_token {
            Some(token) => {
                let mut header = HeaderValue::from_str(&format!("Token token={}", token.reveal()))
                    .map_err(|_| CallerLogError::Token)?;
                header.set_sensitive(true);
                Some(header)
            }
            None => None,
        };
        let (connect_timeout, timeout) = (config.connect_timeout, config.timeout);
        Ok(Self { endpoint: endpoint.clone(), tls, http, progress, connect_timeout, timeout, authorization })
    }

    /// Newest first.
    pub async fn read(&self) -> Result<Vec<Row>, CallerLogError> {
        #[derive(Deserialize)]
        struct Log {
            list: Vec<Value>,
        }
        let body = self.ask(Method::GET, "cti/log", String::new()).await?;
        let log: Log = serde_json::from_slice(&body).map_err(|_| CallerLogError::NoLog(200))?;
        // Other integrations have rows there too, and none of theirs is asked for.
        Ok(log.list.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect())
    }

    /// Ticks one call off.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), and [`CallerLogError::NoRow`].
    pub async fn tick(&self, id: u64) -> Result<(), CallerLogError> {
        let ticked =
            self.ask(Method::POST, &format!("cti/done/{id}"), json!({ "done": true }).to_string()).await;
        match ticked {
            Ok(_) => Ok(()),
            Err(CallerLogError::NoLog(404)) => Err(CallerLogError::NoRow(id)),
            Err(error) => Err(error),
        }
    }

    /// Ticks calls off that are known to be there.
    pub async fn tick_all(&self, ids: &[u64]) -> Result<(), CallerLogError> {
        self.ask(Method::POST, "cti/done/bulk", json!({ "ids": ids }).to_string()).await.map(drop)
    }

    /// The body of a reply that is one of Zammad's API.
    async fn ask(&self, method: Method, path: &str, body: String) -> Result<Vec<u8>, CallerLogError> {
        self.progress.begin(self.connect_timeout);
        match tokio::time::timeout(self.timeout, self.exchange(method, path, body)).await {
            Ok(result) => result,
            Err(_) => Err(CallerLogError::Send(SendError::from_timeout(self.progress.phase(), self.timeout))),
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: String) -> Result<Vec<u8>, CallerLogError> {
        let failed = |error| {
            let asked = self.tls.handshakes.asked();
            CallerLogError::Send(SendError::from_transport(&error, self.progress.phase(), asked))
        };
        let request = self.http.request(method, self.endpoint.api(path)).build();
        let mut request = request.map_err(failed)?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = &self.authorization {
            // In place of a login for a proxy that may stand in the URL.
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if !body.is_empty() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        *request.body_mut() = Some(self.progress.body(body));
        let mut response = self.http.execute(request).await.map_err(failed)?;
        // A proxy that does not reach Zammad, and what is over after a while: that there is no log says nothing of it.
        let head = head_of(&response, &self.endpoint);
        if let Err(error @ (SendError::Unavailable { .. } | SendError::GatewayTimeout { .. })) =
            reply::read_head(&head)
        {
            return Err(CallerLogError::Send(error));
        }
        let status = head.status;
        match status {
            200 => {}
            401 | 403 => {
                let words = words_of(&mut response).await;
                return Err(CallerLogError::NoPermission(Refused { status, words }));
            }
            _ => return Err(CallerLogError::NoLog(status)),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_LOG {
                return Err(CallerLogError::NoLog(status));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// What an error of Zammad's API says, if it is one.
async fn words_of(response: &mut reqwest::Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_REFUSAL {
            return None;
        }
    }
    let Refusal { error } = serde_json::from_slice(&body).ok()?;
    Some(error.chars().take(MAX_WORDS).collect())
}
