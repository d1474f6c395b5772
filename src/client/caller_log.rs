//! Zammad's caller log, as its agents' browsers read it.
//!
//! Source: Zammad's controller of the caller log, `GET /api/v1/cti/log`, which wants a user with
//! the permission `cti.agent`.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::phase::Progress;
use super::tls::Tls;
use super::{ClientError, Kept, SendError, head_of, http, reply};
use crate::config::{Config, Endpoint};
use crate::event::{Direction, EventKind, Name};

/// Some hundred calls, and what is known of everybody in them.
const MAX_LOG: usize = 16 * 1024 * 1024;

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
    #[error("the API token holds a character that has no place in a header")]
    Token,
    #[error("cannot read the caller log")]
    Client(#[from] ClientError),
    #[error("cannot read the caller log")]
    Send(#[source] SendError),
    #[error("Zammad does not let the API token's user read the caller log (HTTP {0})")]
    NoPermission(u16),
    #[error("what should be the caller log is none (HTTP {0})")]
    NoLog(u16),
}

/// A call as agents see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
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
        self.progress.begin(self.connect_timeout);
        match tokio::time::timeout(self.timeout, self.exchange()).await {
            Ok(result) => result,
            Err(_) => Err(CallerLogError::Send(SendError::from_timeout(self.progress.phase(), self.timeout))),
        }
    }

    async fn exchange(&self) -> Result<Vec<Row>, CallerLogError> {
        let failed = |error| {
            let asked = self.tls.handshakes.asked();
            CallerLogError::Send(SendError::from_transport(&error, self.progress.phase(), asked))
        };
        let mut get = self.http.get(self.endpoint.api("cti/log")).build().map_err(failed)?;
        get.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        get.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = &self.authorization {
            // In place of a login for a proxy that may stand in the URL.
            get.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        *get.body_mut() = Some(self.progress.body(String::new()));
        let mut response = self.http.execute(get).await.map_err(failed)?;
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
            401 | 403 => return Err(CallerLogError::NoPermission(status)),
            _ => return Err(CallerLogError::NoLog(status)),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_LOG {
                return Err(CallerLogError::NoLog(status));
            }
            body.extend_from_slice(&chunk);
        }
        #[derive(Deserialize)]
        struct Log {
            list: Vec<Value>,
        }
        let log: Log = serde_json::from_slice(&body).map_err(|_| CallerLogError::NoLog(status))?;
        // Other integrations have rows there too, and none of theirs is asked for.
        Ok(log.list.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect())
    }
}
