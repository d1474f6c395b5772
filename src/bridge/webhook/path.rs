//! Where in a request something is.

use serde_json::Value;

use super::message::Said;
use crate::config::List;

/// See `docs/webhook.md`: a path into the body, into an element of a list in it, or a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// from the top of the body
    Body(Vec<String>),
    /// from an element of the list of legs
    Element(Vec<String>),
    /// a header, in small letters
    Header(String),
}

/// The name of an element's first field.
const KEY: &str = "@key";

impl Path {
    /// As it stands in the settings.
    pub fn new(text: &str) -> Self {
        let parts = |text: &str| text.split('.').map(str::to_owned).collect();
        if let Some(name) = text.strip_prefix("header:") {
            return Self::Header(name.trim().to_ascii_lowercase());
        }
        match text.strip_prefix('.') {
            Some(inner) => Self::Element(parts(inner)),
            None => Self::Body(parts(text)),
        }
    }

    /// Several of them.
    pub fn all(texts: Option<&List>) -> Vec<Self> {
        texts.map(|List(texts)| texts.iter().map(|text| Self::new(text)).collect()).unwrap_or_default()
    }

    /// The texts there; none if there are none, or only blank ones.
    pub fn texts(&self, said: &Said, element: Option<&Value>) -> Vec<String> {
        let (found, parts) = match self {
            Self::Header(name) => return said.headers.get(name).cloned().into_iter().collect(),
            Self::Body(parts) => (Some(&said.body), parts),
            Self::Element(parts) => (element, parts),
        };
        let Some(found) = found else { return Vec::new() };
        if let [only] = parts.as_slice()
            && only == KEY
        {
            return found.as_object().and_then(|fields| fields.keys().next().cloned()).into_iter().collect();
        }
        find(found, parts).map(texts).unwrap_or_default()
    }

    /// What is there in a body.
    pub fn value<'a>(&self, body: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Body(parts) => find(body, parts),
            Self::Element(_) | Self::Header(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn find_mut<'a>(&self, body: &'a mut Value) -> Option<&'a mut Value> {
        let Self::Body(parts) = self else { return None };
        parts.iter().try_fold(body, |value, part| match value {
            Value::Array(values) => values.get_mut(part.parse::<usize>().ok()?),
            Value::Object(fields) => fields.get_mut(part),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
    }
}

fn find<'a>(value: &'a Value, parts: &[String]) -> Option<&'a Value> {
    parts.iter().try_fold(value, |value, part| match value {
        Value::Array(values) => values.get(part.parse::<usize>().ok()?),
        Value::Object(fields) => fields.get(part),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::String(text) => vec![text.trim().to_owned()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(is_so) => vec![is_so.to_string()],
        Value::Array(values) => {
            let is_plain = |value: &&Value| !value.is_array();
            values.iter().filter(is_plain).flat_map(texts).collect()
        }
        Value::Null | Value::Object(_) => Vec::new(),
    }
}
