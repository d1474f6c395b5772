//! An event as its sender means it, before it is sent.

use serde_json::Value;

use super::Finding;
use crate::event::Direction;
use crate::number::LOOKED_UP;
use crate::rules::Fields;

/// All findings about one event as its sender meant it.
///
/// `call` is the direction of the call's newCall, if the sender knows it; `extension_digits` is
/// how long the phone system's own numbers are.
pub fn findings(event: &Fields, call: Option<Direction>, extension_digits: u8) -> Vec<Finding> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let direction = text("direction");
    let mut found = Vec::new();
    match text("event") {
        Some("newCall") => {
            if let Some(queue) = text("queue") {
                if queue.contains(char::is_whitespace) {
                    found.push(Finding::QueueWithBlanks { queue: queue.to_owned() });
                }
                let to = text("to").unwrap_or_default();
                if to.is_empty() || to == "anonymous" || to.contains(char::is_whitespace) {
                    found.push(Finding::CalledPartyOutOfReach { queue: queue.to_owned() });
                }
            }
            for field in ["from", "to"] {
                found.extend(text(field).and_then(|number| unfit_number(field, number, extension_digits)));
            }
        }
        Some("answer") => match (direction, event.get("user")) {
            (Some("out"), Some(_)) => found.push(Finding::UserOnOutboundAnswer),
            (_, Some(Value::Array(users))) if users.len() > 1 => {
                let sent = users[0].as_str().unwrap_or_default().to_owned();
                found.push(Finding::SeveralUsersOnAnswer { sent });
            }
            _ => {}
        },
        Some("hangup") => {
            found.extend(
                call.filter(|call| direction != Some(call.as_str()))
                    .map(|call| Finding::HangupAgainstDirection { call }),
            );
        }
        _ => {}
    }
    found
}

fn unfit_number(field: &'static str, number: &str, extension_digits: u8) -> Option<Finding> {
    let digits = number.len();
    if digits == 0 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits > *LOOKED_UP.end() {
        return Some(Finding::NumberTooLong { field, digits });
    }
    (digits < *LOOKED_UP.start() && digits > usize::from(extension_digits))
        .then_some(Finding::NumberTooShort { field, digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_agents_would_not_see_as_meant_is_found() {
        use Finding::*;
        // (event, direction of its newCall, extension digits, findings)
        let cases = [
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"42","queue":"support"}"#,
                None,
                5,
                vec![],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"42","queue":"first level"}"#,
                None,
                5,
                vec![QueueWithBlanks { queue: "first level".into() }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"anonymous","queue":"support"}"#,
                None,
                5,
                vec![CalledPartyOutOfReach { queue: "support".into() }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4711","to":"42"}"#,
                None,
                3,
                vec![NumberTooShort { field: "from", digits: 4 }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"123456789012345678901234567","to":"42"}"#,
                None,
                5,
                vec![NumberTooLong { field: "from", digits: 27 }],
            ),
            (r#"{"event":"newCall","direction":"in","from":"anonymous","to":"42"}"#, None, 5, vec![]),
            (
                r#"{"event":"answer","direction":"in","user":["alice","bob"]}"#,
                None,
                5,
                vec![SeveralUsersOnAnswer { sent: "alice".into() }],
            ),
            (r#"{"event":"answer","direction":"in","user":["alice"]}"#, None, 5, vec![]),
            (r#"{"event":"answer","direction":"out","user":["alice"]}"#, None, 5, vec![UserOnOutboundAnswer]),
            (r#"{"event":"hangup","direction":"out"}"#, None, 5, vec![]),
            (r#"{"event":"hangup","direction":"out"}"#, Some(Direction::Outbound), 5, vec![]),
            (
                r#"{"event":"hangup","direction":"out"}"#,
                Some(Direction::Inbound),
                5,
                vec![HangupAgainstDirection { call: Direction::Inbound }],
            ),
        ];
        for (event, call, extension_digits, expected) in cases {
            assert_eq!(findings(&fields(event), call, extension_digits), expected, "{event}");
        }
    }
}
