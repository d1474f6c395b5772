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

/// Fields whose digits and words are nobody's: this is their name, or the last word of it.
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
    "at",
    "time",
    "number_id",
];

/// How fields are called that have a name, or several.
const NAMES: [&str; 14] = [
    "name", "names", "email", "mail", "user", "users", "agent", "agents", "peer", "display", "login",
    "contact", "member", "members",
];

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
            if !is_word(name) {
                *text = mask.text(text);
            }
        }
    }
}

/// Whether a field's name is one of [`WORDS`], or ends with one as a word of its own: `event_type`, `startTime`.
fn is_word(name: &str) -> bool {
    WORDS.iter().any(|word| {
        let Some((before, last)) =
            name.len().checked_sub(word.len()).and_then(|length| name.split_at_checked(length))
        else {
            return false;
        };
        let is_begun = !before.ends_with(char::is_alphanumeric)
            || last.starts_with(char::is_uppercase) && before.ends_with(|c: char| !c.is_uppercase());
        last.eq_ignore_ascii_case(word) && is_begun
    })
}

/// Whether a field has a name. One too many only makes a word another.
fn is_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|end| name.ends_with(end))
}

fn mask_field(name: &str, value: &mut Value, mask: &Mask) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| mask_field(name, value, mask)),
        Value::Array(values) => values.iter_mut().for_each(|value| mask_field(name, value, mask)),
        Value::String(text) if is_word(name) || text.eq_ignore_ascii_case("voicemail") => {}
        Value::String(text) if is_name(name) => *text = mask.word(text),
        Value::String(text) => *text = mask.text(text),
        Value::Number(number) if !is_word(name) => {
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
        for secret in ["4922112345678", "812345", "anna", "Anna", "example"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(masked["data"]["users"][1], "voicemail");
        assert_eq!((&masked["event"], &masked["type"]), (&json!("call.answered"), &json!(30011)));
        assert_eq!(masked["from"].as_str().unwrap().len(), "+4922112345678".len());
    }
    #[test]
    fn a_field_is_no_word_because_it_ends_like_one() {
        // (field, whether its digits stay)
        let cases = [
            ("ts", true),
            ("event_ts", true),
            ("type", true),
            ("call.type", true),
            ("startTime", true),
            ("CallStatus", true),
            ("created_at", true),
            ("number_id", true),
            ("digits", false),
            ("raw_digits", false),
            ("DIGITS", false),
            ("contacts", false),
            ("estate", false),
            ("prototype", false),
            ("mobilephoneat", false),
            ("", false),
        ];
        for (field, stays) in cases {
            let mut value = json!({ field: ["4922112345678", 4_922_112_345_678_u64] });
            mask_field("", &mut value, &Mask::default());
            assert_eq!(value.to_string().contains("4922112345678"), stays, "{field}");
            let mut header = Message::Hook(Said::default());
            let (Message::Hook(said) | Message::Rejected(said)) = &mut header;
            said.headers.insert(field.to_owned(), "4922112345678".to_owned());
            header.mask(&Mask::default());
            assert_eq!(header.said().headers[field] == "4922112345678", stays, "header {field}");
        }
    }
}
