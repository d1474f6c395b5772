//! From an HTTP reply to the action, or to what is wrong.

use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::{SendError, TlsFault};
use crate::action::Action;
use crate::event::{CallEvent, EventKind};
use crate::rules::Complaint;

/// Zammad's texts are shorter; what is longer is cut before anybody has to read it.
const MAX_MESSAGE: usize = 200;

/// What was in the place of Zammad's JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// more than 64 KiB
    TooLong,
    /// a page for people
    Html {
        /// what it calls itself
        title: Option<String>,
    },
    /// nothing
    Empty,
    /// said to be JSON, and is not
    BrokenJson,
    /// JSON, but not an object
    NoObject,
    /// JSON of an error without one
    NoErrorText,
    /// an error text in JSON that is not Zammad's
    Text(String),
    /// what is no JSON, by its content type
    Other(String),
    /// a probe, which Zammad would refuse, was taken
    Accepted,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("more than 64 KiB"),
            Self::Html { title: None } => f.write_str("an HTML page"),
            Self::Html { title: Some(title) } => write!(f, "an HTML page titled {title:?}"),
            Self::Empty => f.write_str("an empty body"),
            Self::BrokenJson => f.write_str("broken JSON"),
            Self::NoObject => f.write_str("JSON, but not an object"),
            Self::NoErrorText => f.write_str("JSON without Zammad's error text"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Other(content_type) => f.write_str(content_type),
            Self::Accepted => f.write_str("it accepts what Zammad would refuse"),
        }
    }
}

/// What stands before a reply's body.
pub struct Head {
    /// of HTTP
    pub status: u16,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Location`, without the token
    pub location: Option<String>,
    /// `Retry-After`, see [`pause`]
    pub retry_after: Option<Duration>,
}

/// The pause that a server wishes for in `Retry-After`: seconds, or the time at which it is over. That time is of
/// the server's clock, so its `Date` counts as now where there is one.
///
/// Source: RFC 9110, sections 10.2.3 and 5.6.7.
pub fn pause(wish: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let wish = wish.trim();
    if !wish.is_empty() && wish.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(wish.parse().unwrap_or(u64::MAX)));
    }
    let end = httpdate::parse_http_date(wish).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    // One that is over is no wish.
    end.duration_since(now).ok().filter(|pause| !pause.is_zero())
}

/// What the head alone says: some of these replies have bodies that never end.
///
/// Source of 520 to 530: Cloudflare's documentation, "Cloudflare 5xx errors".
pub fn read_head(head: &Head) -> Result<(), SendError> {
    let status = head.status;
    match status {
        300..=399 => {
            let location = head.location.as_deref().map_or_else(|| "nowhere".to_owned(), one_line);
            Err(SendError::Redirected { status, location })
        }
        404 => Err(SendError::NoSuchPage),
        // Cloudflare's own: the web server refuses, is not reached in time or at all, or TLS to it fails.
        429 | 502 | 503 | 521..=523 | 525..=527 | 530 => {
            Err(SendError::Unavailable { status, retry_after: head.retry_after })
        }
        // And these: its reply was none, or did not come in time.
        504 | 520 | 524 => Err(SendError::GatewayTimeout { status }),
        _ => Ok(()),
    }
}

/// Reads a reply; `body` is `None` if it is too long to be Zammad's. `redact` takes the token out
/// of texts, for releases that put it into them.
///
/// Source: Zammad's CTI controller and its handling of exceptions, over the releases 2.6 to 7.2.
pub fn read(
    head: &Head,
    body: Option<&Vec<u8>>,
    event: &CallEvent,
    redact: impl Fn(&str) -> String,
) -> Result<Action, SendError> {
    let status = head.status;
    let not_zammad = |content| Err(SendError::NotZammad { status, content });
    let reply = object(head, body, redact)?;
    let error = error_text(&reply);
    if status == 200 && error.is_none() {
        let dialled = event.to.as_ref().map_or("", |to| to.as_str());
        return Ok(Action::read(&reply, dialled));
    }
    let Some(text) = error else {
        return not_zammad(Content::NoErrorText);
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
        (Complaint::ErrorId, 500..) => SendError::Failed { status, message },
        // Zammad says it twice, or has an Error ID; its own web server and proxies say it once.
        (_, 500..) if is_exception(&reply) => SendError::Failed { status, message },
        // Zammad has no other words with these: a proxy, or a page that wants a login.
        (_, 0..400 | 401..422 | 423..) => return not_zammad(Content::Text(message)),
        (_, 400 | 422) if is_reason_phrase(text) => return not_zammad(Content::Text(message)),
        (Complaint::ErrorId | Complaint::InvalidDirection | Complaint::Other, _) => {
            SendError::Refused { status, message }
        }
    })
}

/// Reads the reply to a probe, which is right when Zammad refuses its direction: it looks at that
/// last, when all else is in order.
pub fn read_probe(
    head: &Head,
    body: Option<&Vec<u8>>,
    redact: impl Fn(&str) -> String,
) -> Result<(), SendError> {
    let status = head.status;
    let not_zammad = |content| Err(SendError::NotZammad { status, content });
    let reply = object(head, body, redact)?;
    let Some(text) = error_text(&reply) else {
        return not_zammad(if status == 200 { Content::Accepted } else { Content::NoErrorText });
    };
    let message = one_line(text);
    Err(match (Complaint::recognise(text), status) {
        (Complaint::InvalidDirection, 422) => return Ok(()),
        (Complaint::WrongToken, 401) => SendError::WrongToken,
        (Complaint::SwitchedOff, 422) => SendError::SwitchedOff,
        (Complaint::NotConfigured, 422) => SendError::NotConfigured,
        (Complaint::ErrorId, 400..) => SendError::Failed { status, message },
        (_, 400..) if is_exception(&reply) => SendError::Failed { status, message },
        _ => return not_zammad(Content::Text(message)),
    })
}

/// The reply's JSON object, its texts without the token.
fn object(
    head: &Head,
    body: Option<&Vec<u8>>,
    redact: impl Fn(&str) -> String,
) -> Result<Map<String, Value>, SendError> {
    let not_zammad = |content| SendError::NotZammad { status: head.status, content };
    let body = body.ok_or_else(|| not_zammad(Content::TooLong))?;
    let mut reply = serde_json::from_slice::<Map<String, Value>>(body).map_err(|_| {
        let content = describe(head, body, &redact);
        wants_certificate(head, &content).unwrap_or_else(|| not_zammad(content))
    })?;
    for value in reply.values_mut() {
        if let Value::String(text) = value {
            *text = redact(text);
        }
    }
    Ok(reply)
}

/// What nginx says, as a page for people, of a client whose handshake it has let through.
///
/// Source: nginx, `src/http/ngx_http_special_response.c`, the pages for 495 and 496.
fn wants_certificate(head: &Head, content: &Content) -> Option<SendError> {
    let Content::Html { title: Some(title) } = content else { return None };
    let refused = match (head.status, title.as_str()) {
        (400, "400 No required SSL certificate was sent") => false,
        (400, "400 The SSL certificate error") => true,
        (_, _) => return None,
    };
    Some(SendError::Tls(TlsFault::ClientCertificate { refused, said: None }))
}

fn error_text(reply: &Map<String, Value>) -> Option<&str> {
    ["error", "error_human"].into_iter().find_map(|key| reply.get(key)?.as_str())
}

/// Whether an error's text stands there a second time, as nobody but Zammad writes it.
fn is_exception(reply: &Map<String, Value>) -> bool {
    reply.contains_key("error_human")
}

/// What Rails, Rack and gateways write of a status alone: `{"status":400,"error":"Bad Request"}`.
fn is_reason_phrase(text: &str) -> bool {
    let statuses = (400..600).filter_map(|status| StatusCode::from_u16(status).ok()?.canonical_reason());
    statuses.into_iter().any(|reason| reason.eq_ignore_ascii_case(text.trim()))
}

/// What a body is that should have been a JSON object.
fn describe(head: &Head, body: &[u8], redact: impl Fn(&str) -> String) -> Content {
    let content_type = head.content_type.as_deref().unwrap_or_default();
    if content_type.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<") {
        Content::Html { title: title(&String::from_utf8_lossy(body), redact) }
    } else if body.is_empty() {
        Content::Empty
    } else if serde_json::from_slice::<Value>(body).is_ok() {
        Content::NoObject
    } else if content_type.is_empty() || content_type.starts_with("application/json") {
        Content::BrokenJson
    } else {
        Content::Other(one_line(&redact(content_type)))
    }
}

/// An HTML page's title: often the name of who answers in Zammad's place.
fn title(page: &str, redact: impl Fn(&str) -> String) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let words: Vec<_> = page[start..end].split_whitespace().collect();
    // First, as a part of the token would not be found.
    let title = one_line(&redact(&words.join(" ")));
    (!title.is_empty()).then_some(title)
}

/// A stranger's text for one line of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_number_of_seconds_or_ends_at_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        // (Retry-After, Date, seconds)
        let cases = [
            ("2", None, Some(2)),
            (" 120 ", date, Some(120)),
            ("0", None, Some(0)),
            ("99999999999999999999", None, Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:39 GMT", date, Some(2)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", date, Some(60)),
            ("Sun Nov  6 09:49:37 1994", date, Some(3600)),
            // A second after 1970 began, which is now.
            ("Thu, 01 Jan 1970 00:00:03 GMT", None, Some(2)),
            ("Thu, 01 Jan 1970 00:00:03 GMT", Some("yesterday"), Some(2)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", date, None),
            ("Sun, 06 Nov 1994 08:00:00 GMT", date, None),
            ("", date, None),
            ("-1", date, None),
            ("soon", date, None),
            ("Sun, 06 Nov 1994", date, None),
        ];
        for (wish, date, seconds) in cases {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
            assert_eq!(pause(wish, date, now), seconds.map(Duration::from_secs), "{wish:?} at {date:?}");
        }
    }
}
