//! The request that carries an event: the same bytes for the wire, for `--dry-run` and for
//! `--curl`.

use std::fmt;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::config::Encoding;
use crate::event::CallEvent;

/// Names one event in Zammad's log lines: letters and digits only, as Zammad drops the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    pub fn random() -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        Self(HeaderValue::from_str(&id).expect("hexadecimal digits are a header"))
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("it was made of hexadecimal digits")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Headers and body of one event.
pub struct Request {
    id: RequestId,
    content_type: &'static str,
    body: String,
}

impl Request {
    pub fn new(event: &CallEvent, encoding: Encoding, id: RequestId) -> Self {
        Self::carrying(event.fields(), encoding, id)
    }

    /// A request that Zammad looks at as at an event, and then refuses: it leaves no entry in the
    /// caller log.
    pub fn probe(encoding: Encoding, id: RequestId) -> Self {
        let fields = [("direction".to_owned(), Value::from("probe"))];
        Self::carrying(fields.into_iter().collect(), encoding, id)
    }

    fn carrying(fields: Map<String, Value>, encoding: Encoding, id: RequestId) -> Self {
        let (content_type, body) = match encoding {
            Encoding::Json => ("application/json", Value::Object(fields).to_string()),
            Encoding::Form => ("application/x-www-form-urlencoded", form(&fields)),
        };
        Self { id, content_type, body }
    }

    pub fn id(&self) -> &RequestId {
        &self.id
    }

    pub fn body(&self) -> &str {
        &self.body
    }

    pub fn headers(&self) -> HeaderMap {
        [
            (CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            // Exactly this: with any other list Zammad hides the cause of errors in an HTML page.
            (ACCEPT, HeaderValue::from_static("application/json")),
            (USER_AGENT, HeaderValue::from_static(concat!("zammad-cti/", env!("CARGO_PKG_VERSION")))),
            (HeaderName::from_static("x-request-id"), self.id.0.clone()),
        ]
        .into_iter()
        .collect()
    }
}

/// The fields as an HTML form sends them; a list is its name with brackets, once an item.
fn form(fields: &Map<String, Value>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        match value {
            Value::Array(items) => {
                let name = format!("{name}[]");
                form.extend_pairs(items.iter().filter_map(Value::as_str).map(|item| (&name, item)));
            }
            _ => {
                form.extend_pairs(value.as_str().map(|text| (name, text)));
            }
        }
    }
    form.finish()
}
