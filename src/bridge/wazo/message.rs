//! What a Wazo says, and what it is asked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bridge::mask::Mask;

/// More legs at once nobody has.
pub const MOST_LEGS: usize = 10_000;

/// The longest text that is taken for an id, a number or a name.
const LONGEST: usize = 150;

/// The events that are subscribed to.
pub const EVENTS: [&str; 5] =
    ["call_created", "call_updated", "call_answered", "call_ended", "user_missed_call"];

/// What a Wazo says, as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// an event of one leg
    Event {
        /// such as `call_created`
        name: String,
        /// the leg
        data: Map<String, Value>,
    },
    /// the legs that there are
    Calls(Vec<Map<String, Value>>),
    /// a user's name; none if it cannot be found out
    User {
        /// their id
        uuid: String,
        /// their name
        name: Option<String>,
    },
    /// something for the administrator
    Remark(String),
}

/// What a Wazo is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// which legs there are
    Calls,
    /// the name of a user
    User(String),
}

impl Message {
    /// Puts other numbers and names in place of those in it.
    pub fn mask(&mut self, mask: &Mask) {
        match self {
            Self::Event { data, .. } => mask_leg(data, mask),
            Self::Calls(legs) => legs.iter_mut().for_each(|leg| mask_leg(leg, mask)),
            Self::User { name, .. } => {
                if let Some(name) = name {
                    *name = mask.name(name);
                }
            }
            Self::Remark(_) => {}
        }
    }
}

fn mask_leg(leg: &mut Map<String, Value>, mask: &Mask) {
    for (key, value) in leg {
        let Value::String(text) = value else { continue };
        match key.as_str() {
            "caller_id_number" | "peer_caller_id_number" | "dialed_extension" => *text = mask.text(text),
            "caller_id_name" | "peer_caller_id_name" => *text = mask.name(text),
            _ => {}
        }
    }
}

/// A value that is text, or a number as text; none if it is empty or too long.
pub fn text(leg: &Map<String, Value>, key: &str) -> Option<String> {
    let text = match leg.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty() && text.len() <= LONGEST && !text.contains(char::is_control)).then_some(text)
}
