//! An event as its sender means it, before it is sent.

use serde_json::Value;

use super::{Answered, Finding};
use crate::cause::HangupCause;
use crate::event::Direction;
use crate::number::LOOKED_UP;
use crate::rules::{self, Fields};

/// All findings about one event as its sender meant it.
///
/// `call` is the direction of the call's newCall, and `answered` whether anybody picked up, if the
/// sender knows; `extension_digits` is how long the phone system's own numbers are.
pub fn findings(
    event: &Fields,
    call: Option<Direction>,
    answered: Option<bool>,
    extension_digits: u8,
) -> Vec<Finding> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let direction = rules::direction(event);
    let mut found = Vec::new();
    match text("event") {
        Some("newCall") => {
            if let Some(queue) = text("queue") {
                if queue.contains(char::is_whitespace) {
                    found.push(Finding::QueueWithBlanks { queue: queue.to_owned() });
                }
                let to = text("to").unwrap_or_default();
                let out_of_reach = to.is_empty() || to == "anonymous" || to.contains(char::is_whitespace);
                // Nobody is notified of an outbound call.
                if direction == Some(Direction::Inbound) && out_of_reach {
                    found.push(Finding::CalledPartyOutOfReach { queue: queue.to_owned() });
                }
            }
            let customer = direction.map(customers_field);
            found.extend(customer.and_then(|field| unfit_number(field, text(field)?, extension_digits)));
        }
        // Null and false count as absent.
        Some("answer") => match (direction, event.get("user").filter(|user| shows(user))) {
            (Some(Direction::Outbound), Some(_)) => found.push(Finding::UserOnOutboundAnswer),
            (_, Some(Value::Array(users))) if users.len() > 1 => {
                let sent = users[0].as_str().unwrap_or_default().to_owned();
                found.push(Finding::SeveralUsersOnAnswer { sent });
            }
            _ => {}
        },
        Some("hangup") => {
            let may_be_open =
                answered != Some(true) && text("cause") != Some(HangupCause::Forwarded.as_str());
            let answered = if answered.is_none() { Answered::Unknown } else { Answered::Nobody };
            found.extend(
                call.filter(|&call| may_be_open && direction.is_some_and(|direction| direction != call))
                    .map(|call| Finding::HangupAgainstDirection { call, answered }),
            );
        }
        _ => {}
    }
    found
}

/// The number that Zammad looks a customer up by.
pub(super) fn customers_field(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "from",
        Direction::Outbound => "to",
    }
}

/// Whether an answer's user changes a name in the caller log.
fn shows(user: &Value) -> bool {
    !matches!(user, Value::Null | Value::Bool(false))
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
        // (event, direction of its newCall, whether it was answered, extension digits, findings)
        let cases = [
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"42","queue":"support"}"#,
                None,
                None,
                5,
                vec![],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"42","queue":"first level"}"#,
                None,
                None,
                5,
                vec![QueueWithBlanks { queue: "first level".into() }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"anonymous","queue":"support"}"#,
                None,
                None,
                5,
                vec![CalledPartyOutOfReach { queue: "support".into() }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4711","to":"42"}"#,
                None,
                None,
                3,
                vec![NumberTooShort { field: "from", digits: 4 }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"123456789012345678901234567","to":"42"}"#,
                None,
                None,
                5,
                vec![NumberTooLong { field: "from", digits: 27 }],
            ),
            (r#"{"event":"newCall","direction":"in","from":"anonymous","to":"42"}"#, None, None, 5, vec![]),
            (
                r#"{"event":"answer","direction":"in","user":["alice","bob"]}"#,
                None,
                None,
                5,
                vec![SeveralUsersOnAnswer { sent: "alice".into() }],
            ),
            (r#"{"event":"answer","direction":"in","user":["alice"]}"#, None, None, 5, vec![]),
            (
                r#"{"event":"answer","direction":"out","user":["alice"]}"#,
                None,
                None,
                5,
                vec![UserOnOutboundAnswer],
            ),
            (r#"{"event":"answer","direction":"out","user":null}"#, None, None, 5, vec![]),
            // Only a customer's number is looked up: the caller's, or the called party's of outbound.
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"4711"}"#,
                None,
                None,
                3,
                vec![],
            ),
            (
                r#"{"event":"newCall","direction":"out","from":"4711","to":"4930123456"}"#,
                None,
                None,
                3,
                vec![],
            ),
            (
                r#"{"event":"newCall","direction":"out","from":"42","to":"4711"}"#,
                None,
                None,
                3,
                vec![NumberTooShort { field: "to", digits: 4 }],
            ),
            (
                r#"{"event":"newCall","direction":"in","from":"4930123456","to":"123456789012345678901234567"}"#,
                None,
                None,
                5,
                vec![],
            ),
            // Nobody is notified of an outbound call.
            (
                r#"{"event":"newCall","direction":"out","from":"42","to":"anonymous","queue":"support"}"#,
                None,
                None,
                5,
                vec![],
            ),
            (r#"{"event":"hangup","direction":"out"}"#, None, None, 5, vec![]),
            (r#"{"event":"hangup","direction":"out"}"#, Some(Direction::Outbound), Some(false), 5, vec![]),
            (r#"{"event":"hangup","direction":"out"}"#, Some(Direction::Inbound), Some(true), 5, vec![]),
            (
                r#"{"event":"hangup","direction":"out","cause":"forwarded"}"#,
                Some(Direction::Inbound),
                Some(false),
                5,
                vec![],
            ),
            (
                r#"{"event":"hangup","direction":"out"}"#,
                Some(Direction::Inbound),
                Some(false),
                5,
                vec![HangupAgainstDirection { call: Direction::Inbound, answered: Answered::Nobody }],
            ),
            (
                r#"{"event":"hangup","direction":"in"}"#,
                Some(Direction::Outbound),
                None,
                5,
                vec![HangupAgainstDirection { call: Direction::Outbound, answered: Answered::Unknown }],
            ),
        ];
        for (event, call, answered, extension_digits, expected) in cases {
            assert_eq!(findings(&fields(event), call, answered, extension_digits), expected, "{event}");
        }
    }
}
