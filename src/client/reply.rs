//! From an HTTP reply to the action, or to what is wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use super::SendError;
use crate::action::Action;
use crate::event::{CallEvent, EventKind};
use crate::rules::Complaint;

/// Zammad's texts are shorter; what is longer is cut before anybody has to read it.
const MAX_MESSAGE: usize = 200;

/// What stands before a reply's body.
pub(super) struct Head {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub retry_after: Option<Duration>,
}

/// What the head alone says: some of these replies have bodies that never end.
pub(super) fn read_head(head: &Head) -> Result<(), SendError> {
    let status = head.status;
    match status {
        300..=399 => {
            let location = head.location.as_deref().map_or_else(|| "nowhere".to_owned(), one_line);
            Err(SendError::Redirected { status, location })
        }
        404 => Err(SendError::NoSuchPage),
        429 | 502 | 503 => Err(SendError::Unavailable { status, retry_after: head.retry_after }),
        504 => Err(SendError::GatewayTimeout),
        _ => Ok(()),
    }
}

/// Reads a reply; `body` is `None` if it is too long to be Zammad's. `redact` takes the token out
/// of texts, for releases that put it into them.
///
/// Source: Zammad's CTI controller and its handling of exceptions, over the releases 2.6 to 7.2.
pub(super) fn read(
    head: &Head,
    body: Option<&Vec<u8>>,
    event: &CallEvent,
    redact: impl Fn(&str) -> String,
) -> Result<Action, SendError> {
    let status = head.status;
    let not_zammad = |content: String| Err(SendError::NotZammad { status, content });
    let Some(body) = body else {
        return not_zammad("more than 64 KiB".to_owned());
    };
    let Ok(mut reply) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return not_zammad(describe(head, body));
    };
    for value in reply.values_mut() {
        if let Value::String(text) = value {
            *text = redact(text);
        }
    }
    let error = ["error", "error_human"].into_iter().find_map(|key| reply.get(key)?.as_str());
    if status == 200 && error.is_none() {
        let dialled = event.to.as_ref().map_or("", |to| to.as_str());
        return Ok(Action::read(&reply, dialled));
    }
    let Some(text) = error else {
        return not_zammad("JSON without Zammad's error text".to_owned());
    };
    let message = one_line(text);
    let follows_new_call = match event.kind {
        EventKind::NewCall => false,
        EventKind::Answer | EventKind::Hangup => true,
    };
    Err(match (Complaint::recognise(text), status) {
        (Complaint::WrongToken, _) => SendError::WrongToken,
        (Complaint::SwitchedOff, _) => SendError::SwitchedOff,
        (Complaint::NotConfigured, _) => SendError::NotConfigured,
        (Complaint::AlreadyExists, _) => SendError::CallIdReused,
        (Complaint::UnknownCall, _) => SendError::UnknownCall { message },
        (Complaint::ErrorId, 500) if follows_new_call => SendError::UnknownCall { message },
        // Zammad has no other words with these: a proxy, or a page that wants a login.
        (_, 200 | 401 | 403 | 405..=407) => return not_zammad(format!("{message:?}")),
        (_, 500..) => SendError::Failed { status, message },
        (Complaint::ErrorId | Complaint::InvalidDirection | Complaint::Other, _) => {
            SendError::Refused { status, message }
        }
    })
}

/// What a body is that should have been a JSON object.
fn describe(head: &Head, body: &[u8]) -> String {
    let content_type = head.content_type.as_deref().unwrap_or_default();
    if content_type.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<") {
        "an HTML page".to_owned()
    } else if body.is_empty() {
        "an empty body".to_owned()
    } else if serde_json::from_slice::<Value>(body).is_ok() {
        "JSON, but no object".to_owned()
    } else if content_type.is_empty() || content_type.starts_with("application/json") {
        "broken JSON".to_owned()
    } else {
        one_line(content_type)
    }
}

/// A stranger's text for one line of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE).collect()
}
