//! What Zammad wants done with a call.

use serde_json::{Map, Value};

/// Zammad's wish, read from its reply to a newCall.
///
/// Source: Zammad's CTI controller, and its documentation, "Generic CTI", page "New Call".
/// # Example
///
/// ```
/// use zammad_cti::Action;
///
/// /// What a phone system does with it.
/// fn obey(action: &Action) -> String {
///     match action {
///         Action::Reject { .. } => "hang up".to_owned(),
///         Action::Dial { caller_id, number } => format!("dial {number} as {caller_id}"),
///         Action::None | Action::Unknown(_) => "go on".to_owned(),
///     }
/// }
///
/// let reply = serde_json::json!({ "action": "dial", "caller_id": "41715880339000", "number": "41447110000" });
/// let action = Action::read(reply.as_object().unwrap(), "41447110000");
/// assert_eq!(obey(&action), "dial 41447110000 as 41715880339000");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// nothing: go on
    None,
    /// hang up: the caller is on Zammad's block list
    Reject {
        /// why, as Zammad has it: `busy`
        reason: String,
    },
    /// place the outbound call to `number` showing `caller_id`
    Dial {
        /// the caller id to show, digits as Zammad has them in its table of caller ids
        caller_id: String,
        /// whom to call: as a rule the event's `to`
        number: String,
    },
    /// a word of a Zammad newer than this program; counts as nothing
    Unknown(String),
}

impl Action {
    /// Reads a reply's JSON object. `dialled` stands in for a number that the reply leaves out.
    pub fn read(reply: &Map<String, Value>, dialled: &str) -> Self {
        let text = |key: &str| {
            let text = match reply.get(key)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
            };
            is_word(&text).then_some(text)
        };
        match text("action").as_deref() {
            None => Self::None,
            Some("reject") => Self::Reject { reason: text("reason").unwrap_or_else(|| "busy".to_owned()) },
            Some("dial") => {
                let caller_id = text("caller_id").or_else(|| text("callerId"));
                let number = text("number").or_else(|| is_word(dialled).then(|| dialled.to_owned()));
                match (caller_id, number) {
                    (Some(caller_id), Some(number)) => Self::Dial { caller_id, number },
                    // Without either there is nothing to do differently.
                    (None, _) | (_, None) => Self::None,
                }
            }
            Some(other) => Self::Unknown(other.to_owned()),
        }
    }

    /// The word for it in JSON, in shell assignments and in a dialplan.
    pub fn word(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Reject { .. } => "reject",
            Self::Dial { .. } => "dial",
            Self::Unknown(word) => word,
        }
    }
}

/// Whether a text is something in a dialplan's eyes, to which one of blanks would be a missing word.
fn is_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_become_actions() {
        let dial = || Action::Dial { caller_id: "49305".into(), number: "4171".into() };
        let cases = [
            ("{}", Action::None),
            (r#"{"action":null}"#, Action::None),
            (r#"{"action":"reject","reason":"busy"}"#, Action::Reject { reason: "busy".into() }),
            (r#"{"action":"dial","caller_id":"49305","number":"4171"}"#, dial()),
            (r#"{"action":"dial","callerId":"49305","number":"4171"}"#, dial()),
            (r#"{"action":"dial","callerId":"1","caller_id":"49305","number":"4171"}"#, dial()),
            (r#"{"action":"dial","caller_id":"49305"}"#, dial()),
            (r#"{"action":"dial","caller_id":49305,"number":4171}"#, dial()),
            (r#"{"action":"dial"}"#, Action::None),
            (r#"{"action":"dial","caller_id":"","number":"4171"}"#, Action::None),
            (r#"{"action":"dial","caller_id":" ","callerId":"49305","number":""}"#, dial()),
            (r#"{"action":"reject","reason":""}"#, Action::Reject { reason: "busy".into() }),
            (r#"{"action":"park","slot":7}"#, Action::Unknown("park".into())),
        ];
        for (reply, expected) in cases {
            let reply: Map<_, _> = serde_json::from_str(reply).unwrap();
            assert_eq!(Action::read(&reply, "4171"), expected, "{reply:?}");
        }
        // The reply to a hangup, which dials nothing.
        let reply: Map<_, _> = serde_json::from_str(r#"{"action":"dial","caller_id":"49305"}"#).unwrap();
        for dialled in ["", "?"] {
            assert_eq!(Action::read(&reply, dialled), Action::None, "{dialled:?}");
        }
    }
}
