//! What a hosted phone system says: one request that was believed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bridge::fact::LegId;
use crate::bridge::mask::Mask;
use crate::bridge::source::Waits;

/// What happens at a hook.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// a request
    Hook(Said),
    /// the reply to it said that Zammad does not want the call
    Rejected(Said),
}

/// What one request says, without its secrets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Said {
    /// the hook's name
    pub hook: String,
    /// those of its headers that the hook's paths lead to, in small letters
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// its fields
    pub body: Value,
    /// what it is about, for whoever looks
    #[serde(skip)]
    pub about: Option<(LegId, LegId)>,
    /// who waits to hear what becomes of it
    #[serde(skip)]
    pub waits: Option<Waits>,
}

/// Fields whose digits and words are nobody's.
const WORDS: [&str; 12] = [
    "event",
    "type",
    "status",
    "state",
    "direction",
    "cause",
    "reason",
    "timestamp",
    "ts",
    "_at",
    "time",
    "number_id",
];

/// Fields that have a name.
const NAMES: [&str; 7] = ["name", "email", "user", "agent", "peer", "display", "login"];

impl Message {
    /// What it says.
    pub fn said(&self) -> &Said {
        match self {
            Self::Hook(said) | Self::Rejected(said) => said,
        }
    }

    /// Puts other numbers and names in place of those in it.
    pub fn mask(&mut self, mask: &Mask) {
        let (Self::Hook(said) | Self::Rejected(said)) = self;
        mask_field("", &mut said.body, mask);
        for (name, text) in &mut said.headers {
            if !is_one_of(name, &WORDS) {
                *text = mask.text(text);
            }
        }
    }
}

fn is_one_of(name: &str, ends: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    ends.iter().any(|end| name.ends_with(end))
}

fn mask_field(name: &str, value: &mut Value, mask: &Mask) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| mask_field(name, value, mask)),
        Value::Array(values) => values.iter_mut().for_each(|value| mask_field(name, value, mask)),
        Value::String(text) if is_one_of(name, &WORDS) || text.eq_ignore_ascii_case("voicemail") => {}
        Value::String(text) if is_one_of(name, &NAMES) => *text = mask.name(text),
        Value::String(text) => *text = mask.text(text),
        Value::Number(number) if !is_one_of(name, &WORDS) => {
            // What was none that begins with a zero is none afterwards.
            let masked = mask.text(&number.to_string());
            *value = masked.parse().map_or(Value::String(masked), Value::Number);
        }
        Value::Number(_) | Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_names_are_masked_and_words_are_not() {
        let body = json!({
            "event": "call.answered", "type": 30011, "from": "+4922112345678",
            "data": { "id": 812345, "user": { "email": "anna@example.org" }, "users": ["Anna", "voicemail"] },
        });
        let said = Said { hook: "a".to_owned(), body, ..Said::default() };
        let mut message = Message::Hook(said);
        message.mask(&Mask::default());
        let masked = &message.said().body;
        let text = masked.to_string();
        for secret in ["4922112345678", "812345", "anna", "example"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!((&masked["event"], &masked["type"]), (&json!("call.answered"), &json!(30011)));
        assert_eq!(masked["from"].as_str().unwrap().len(), "+4922112345678".len());
    }
}
