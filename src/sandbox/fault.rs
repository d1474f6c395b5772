//! Faults that a sandbox shows on request.

use std::fmt;
use std::time::Duration;

use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};

/// What goes wrong with the next requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    pub mode: Mode,
    /// how long to wait, for the modes that do
    #[serde(default)]
    seconds: f64,
    /// how many requests it hits; all of them if absent
    count: Option<u64>,
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub body: String,
    #[serde(default = "html")]
    pub content_type: String,
    pub location: Option<String>,
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

impl Fault {
    /// Reads what was posted.
    pub fn read(body: &[u8]) -> Result<Option<Self>, String> {
        let fault: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if !(200..=999).contains(&fault.status) {
            return Err(format!("status {} is no final HTTP status", fault.status));
        }
        for text in fault.location.iter().chain([&fault.content_type]) {
            HeaderValue::from_str(text).map_err(|_| format!("{text:?} is no value of a header"))?;
        }
        if Duration::try_from_secs_f64(fault.seconds).is_err() {
            return Err(format!("seconds {} is no length of time", fault.seconds));
        }
        Ok((fault.mode != Mode::None && fault.count != Some(0)).then_some(fault))
    }

    pub fn wait(&self) -> Duration {
        Duration::try_from_secs_f64(self.seconds).unwrap_or_default()
    }

    /// The fault of the next request; the last one counted takes it out of `place`.
    pub fn take(place: &mut Option<Self>) -> Option<Self> {
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
