//! In which form a request gets its errors.

use serde_json::Value;

use crate::rules::Fields;

/// Whether the handling of exceptions answers in JSON: an `Accept` that lists `*/*` among others
/// is taken for a browser's.
pub(super) fn wants_json(accept: Option<&str>, suffix: Option<&str>, fields: &Fields) -> bool {
    if let Some(format) = suffix.or_else(|| fields.get("format").and_then(Value::as_str)) {
        return format == "json";
    }
    let accept = accept.unwrap_or_default();
    let types: Vec<_> =
        accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).collect();
    match types.as_slice() {
        [only] => ["application/json", "*/*"].contains(only),
        [first, ..] => *first == "application/json" && !types.contains(&"*/*"),
        [] => false,
    }
}
