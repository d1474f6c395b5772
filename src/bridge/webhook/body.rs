//! Bodies of requests as trees of values, whatever they are written in.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::path::Path;
use crate::config::HookBody;

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum BadBody {
    /// It is to be JSON.
    #[error("its body is no JSON")]
    NoJson,
    /// It is to be text.
    #[error("its body is not UTF-8")]
    NoText,
}

/// What a request says, besides its headers.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// the header `Content-Type`
    pub content_type: Option<&'a str>,
    /// what stands behind `?` in the address
    pub query: Option<&'a str>,
    /// the body
    pub body: &'a [u8],
}

/// The fields of a request; what stands in the address counts where the body has no field of its name. Null: it says
/// nothing.
///
/// # Errors
///
/// See [`BadBody`].
pub fn read(kind: HookBody, json_in: &[Path], request: Request<'_>) -> Result<Value, BadBody> {
    let text = str::from_utf8(request.body).map_err(|_| BadBody::NoText)?;
    let query = form(request.query.unwrap_or_default());
    let mut value = match written_in(kind, request.content_type, text) {
        HookBody::Json if text.trim().is_empty() => Value::Null,
        HookBody::Json => json(text, !json_in.is_empty()).ok_or(BadBody::NoJson)?,
        HookBody::Form => Value::Object(form(text)),
        HookBody::Query | HookBody::Auto => Value::Null,
    };
    match &mut value {
        Value::Object(fields) => {
            for (name, value) in query {
                fields.entry(name).or_insert(value);
            }
        }
        Value::Null if !query.is_empty() => value = Value::Object(query),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
    }
    for path in json_in {
        if let Some(place) = path.find_mut(&mut value)
            && let Some(inner) = place.as_str().and_then(|text| serde_json::from_str(text).ok())
        {
            *place = inner;
        }
    }
    Ok(value)
}

/// What a body is written in. Content types are not to be relied upon.
fn written_in(kind: HookBody, content_type: Option<&str>, text: &str) -> HookBody {
    match kind {
        HookBody::Json | HookBody::Form | HookBody::Query => kind,
        HookBody::Auto => {
            let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
            if content_type.contains("json") || text.trim_start().starts_with(['{', '[']) {
                HookBody::Json
            } else {
                HookBody::Form
            }
        }
    }
}

/// A JSON text. Where a text in it holds JSON, its quotes may be missing: so print manuals of Yeastar what is sent.
fn json(text: &str, holds_json: bool) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}');
    let read = serde_json::from_str(text).ok();
    read.or_else(|| {
        serde_json::from_str(&text.replace("\"{", "{").replace("}\"", "}")).ok().filter(|_| holds_json)
    })
}

/// The fields of a form: `a[]`, and a name that comes again, are lists.
fn form(text: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(text.trim().as_bytes()) {
        let (name, is_list) = match name.strip_suffix("[]") {
            Some(name) => (name.to_owned(), true),
            None => (name.into_owned(), false),
        };
        let value = Value::String(value.into_owned());
        match fields.get_mut(&name) {
            None => drop(fields.insert(name, if is_list { Value::Array(vec![value]) } else { value })),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request<'a>(content_type: &'a str, body: &'a str) -> Request<'a> {
        Request { content_type: Some(content_type), query: None, body: body.as_bytes() }
    }

    #[test]
    fn a_body_is_read_by_what_it_is_written_in() {
        // (content type, body, fields)
        let cases = [
            ("application/json; charset=utf-8", r#"{"a":{"b":[1,"x"]}}"#, json!({"a": {"b": [1, "x"]}})),
            ("text/plain", " {\"a\":1}", json!({"a": 1})),
            (
                "application/x-www-form-urlencoded",
                "a=%2B49+30&u[]=A&u%5B%5D=B&c",
                json!({"a": "+49 30", "u": ["A", "B"], "c": ""}),
            ),
            ("", "a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
            ("application/json", "", Value::Null),
            ("", "", json!({})),
        ];
        for (content_type, body, expected) in cases {
            let read = read(HookBody::Auto, &[], request(content_type, body));
            assert_eq!(read, Ok(expected), "{body}");
        }
        assert_eq!(read(HookBody::Auto, &[], request("application/json", "{")), Err(BadBody::NoJson));
        assert_eq!(read(HookBody::Json, &[], request("", "a=1")), Err(BadBody::NoJson));
        let latin = Request { content_type: None, query: None, body: b"a=\xe4" };
        assert_eq!(read(HookBody::Auto, &[], latin), Err(BadBody::NoText));
    }

    #[test]
    fn the_address_has_fields_too() {
        let with = |query, body: &'static str| Request {
            content_type: None,
            query: Some(query),
            body: body.as_bytes(),
        };
        assert_eq!(read(HookBody::Query, &[], with("a=1&b=2", "a=3")), Ok(json!({"a": "1", "b": "2"})));
        assert_eq!(read(HookBody::Auto, &[], with("a=1&b=2", "a=3")), Ok(json!({"a": "3", "b": "2"})));
    }

    #[test]
    fn a_text_may_hold_json() {
        let expected = json!({"type": 1, "msg": {"a": "b", "c": [{"d": "e"}]}});
        let bodies = [
            r#"{"type":1,"msg":"{\"a\":\"b\",\"c\":[{\"d\":\"e\"}]}"}"#,
            r#"{"type":1,"msg":{"a":"b","c":[{"d":"e"}]}}"#,
            // As the manual prints it.
            r#"{"type":1,"msg":"{"a":"b","c":[{"d":"e"}]}"}"#,
        ];
        for body in bodies {
            let read = read(HookBody::Json, &[Path::new("msg")], request("", body));
            assert_eq!(read, Ok(expected.clone()), "{body}");
        }
    }
}
