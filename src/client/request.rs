//! The request that carries an event: the same bytes for the wire, for `--dry-run` and for
//! `--curl`.

use std::cell::Cell;
use std::fmt;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use serde::Serializer;
use url::form_urlencoded;

use crate::config::Encoding;
use crate::event::{CallEvent, FieldValue};

/// Most bodies are shorter.
const USUAL_BODY: usize = 256;

/// Names one event in Zammad's log lines: letters and digits only, as Zammad drops the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// One that no other event has.
    pub fn fresh() -> Self {
        thread_local! {
            static NEXT: Cell<u128> = Cell::new(uuid::Uuid::new_v4().as_u128());
        }
        // The system's randomness for the first only: it takes longer than the rest of a request.
        let id = NEXT.replace(NEXT.get().wrapping_add(1));
        let id = uuid::Uuid::from_u128(id).simple();
        Self(HeaderValue::from_str(id.encode_lower(&mut [0; 32])).expect("hexadecimal digits are a header"))
    }

    /// 32 hexadecimal digits.
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
#[derive(Debug)]
pub struct Request {
    id: RequestId,
    content_type: &'static str,
    body: String,
}

impl Request {
    /// The request of an event.
    pub fn new(event: &CallEvent, encoding: Encoding, id: RequestId) -> Self {
        Self::carrying(&event.wire(), encoding, id)
    }

    /// A request that Zammad looks at as at an event, and then refuses: it leaves no entry in the
    /// caller log.
    pub fn probe(encoding: Encoding, id: RequestId) -> Self {
        Self::carrying(&[("direction", FieldValue::Text("probe"))], encoding, id)
    }

    fn carrying(fields: &[(&'static str, FieldValue<'_>)], encoding: Encoding, id: RequestId) -> Self {
        let (content_type, body) = match encoding {
            Encoding::Json => ("application/json", json(fields)),
            Encoding::Form => ("application/x-www-form-urlencoded", form(fields)),
        };
        Self { id, content_type, body }
    }

    /// Sent as the header `X-Request-Id`.
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// What is posted: JSON, or the fields of a form.
    pub fn body(&self) -> &str {
        &self.body
    }

    #[doc(hidden)]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = usual_headers();
        self.add_headers(&mut headers);
        headers
    }

    /// Adds those that differ from one request to the next.
    pub(super) fn add_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(HeaderName::from_static("x-request-id"), self.id.0.clone());
    }
}

/// The headers that all requests have.
pub(super) fn usual_headers() -> HeaderMap {
    [
        // Exactly this: with any other list Zammad hides the cause of errors in an HTML page.
        (ACCEPT, HeaderValue::from_static("application/json")),
        // A compressed reply could not be read, and what became of the event would not be known.
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (USER_AGENT, HeaderValue::from_static(concat!("zammad-cti/", env!("CARGO_PKG_VERSION")))),
    ]
    .into_iter()
    .collect()
}

fn json(fields: &[(&'static str, FieldValue<'_>)]) -> String {
    let mut text = Vec::with_capacity(USUAL_BODY);
    let mut serializer = serde_json::Serializer::new(&mut text);
    let pairs = fields.iter().map(|(name, value)| (name, value));
    serializer.collect_map(pairs).expect("texts and lists of texts can be written into memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// The fields as an HTML form sends them; a list is its name with brackets, once an item.
fn form(fields: &[(&'static str, FieldValue<'_>)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(USUAL_BODY));
    for (name, value) in fields {
        match value {
            FieldValue::Text(text) => {
                form.append_pair(name, text);
            }
            FieldValue::List(items) => {
                let name = format!("{name}[]");
                form.extend_pairs(items.iter().map(|item| (&name, item)));
            }
        }
    }
    form.finish()
}
