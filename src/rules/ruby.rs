//! Values as Ruby and Ruby on Rails treat them, on their way into Zammad's caller log.

use std::borrow::Cow;

use serde_json::Value;

/// What Ruby on Rails calls present: neither nothing nor blank.
pub(crate) fn is_present(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// A list of names as Ruby joins it, lists in lists included.
pub(super) fn joined(names: &[Value]) -> String {
    let name = |name: &Value| match name {
        Value::Array(names) => joined(names),
        other => text(other),
    };
    names.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A value as it is stored in a text column of at most `most` characters, from which NULs are
/// taken after the cut.
pub(crate) fn column(value: &Value, most: usize) -> String {
    cast(value).chars().take(most).filter(|&c| c != '\0').collect()
}

/// A value as Ruby on Rails casts it for a text column.
pub(crate) fn cast(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Bool(true) => "t".into(),
        Value::Bool(false) => "f".into(),
        Value::String(text) => text.into(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => text(value).into(),
    }
}

/// A value as Ruby turns it into text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => inspect(value),
    }
}

/// A value in Ruby's own notation, which is what agents see of a list or a map.
fn inspect(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(inspect).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(key, value)| format!("{key:?} => {}", inspect(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}
