//! Faults that a sandbox shows on request.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};

/// What goes wrong with the next requests.
/// It is read as `POST /sandbox/fault` and scenario files have it: `mode` is `none`, `delay_before`, `delay_after`
/// (with `seconds`), `drop_before`, `drop_after`, or `respond` (with `status`, `body`, `content_type`,
/// `location`); `count` says how many requests it hits, without it all.
///
/// ```
/// use zammad_cti::sandbox::Fault;
///
/// let overloaded = serde_json::json!({ "mode": "respond", "status": 503, "count": 2 });
/// let fault: Fault = serde_json::from_value(overloaded).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fault {
    pub(super) mode: Mode,
    pub(super) wait: Duration,
    /// how many requests it hits; all of them if absent
    count: Option<u64>,
    pub(super) status: u16,
    pub(super) body: Bytes,
    pub(super) content_type: HeaderValue,
    pub(super) location: Option<HeaderValue>,
}

/// A fault as it is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a fault such as { mode = \"drop_after\" }")]
struct Written {
    mode: Mode,
    /// how long to wait, for the modes that do
    #[serde(default)]
    seconds: f64,
    count: Option<u64>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    body: String,
    #[serde(default = "html")]
    content_type: String,
    location: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// no fault any more
    None,
    /// waits, then processes the event and answers
    DelayBefore,
    /// processes the event, then waits and answers
    DelayAfter,
    /// closes the connection; the event is lost
    DropBefore,
    /// processes the event and closes the connection; the answer is lost
    DropAfter,
    /// answers with the given status and body; the event is lost
    Respond,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl TryFrom<Written> for Fault {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { mode, seconds, count, status, body, content_type, location } = written;
        if !(200..=999).contains(&status) {
            return Err(format!("status {status} is not a final HTTP status"));
        }
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|_| format!("{text:?} is not a header value"));
        let wait = Duration::try_from_secs_f64(seconds)
            .map_err(|_| format!("seconds {seconds} is not a length of time"))?;
        let (content_type, location) = (header(&content_type)?, location.as_deref().map(header).transpose()?);
        Ok(Self { mode, wait, count, status, body: body.into(), content_type, location })
    }
}

impl Fault {
    /// Whether it changes anything.
    pub(super) fn hits(&self) -> bool {
        self.mode != Mode::None && self.count != Some(0)
    }

    /// What it is at present: its mode, and how many requests it will hit, if not all.
    pub(super) fn told(&self) -> serde_json::Value {
        serde_json::json!({ "mode": self.mode, "status": self.status, "count": self.count })
    }

    /// The same fault, for one request only.
    pub fn once(self) -> Self {
        Self { count: Some(1), ..self }
    }

    /// The fault of the next request; the last one counted takes it out of `place`.
    pub(super) fn take(place: &mut Option<Self>) -> Option<Self> {
        let fault = place.clone()?;
        if let Some(count) = place.as_mut().and_then(|fault| fault.count.as_mut()) {
            *count -= 1;
            if *count == 0 {
                *place = None;
            }
        }
        Some(fault)
    }
}

fn ok() -> u16 {
    200
}

fn html() -> String {
    "text/html".to_owned()
}
