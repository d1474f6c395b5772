//! Where Zammad would take an event, but agents would not see what its sender meant.

use std::fmt;

use serde_json::Value;

use super::Fields;
use crate::event::Direction;
use crate::number::LOOKED_UP;

/// One thing that agents will not see as meant, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    SeveralUsersOnAnswer { sent: String },
    UserOnOutboundAnswer,
    QueueWithBlanks { queue: String },
    CalledPartyOutOfReach { queue: String },
    NumberTooLong { field: &'static str, digits: usize },
    NumberTooShort { field: &'static str, digits: usize },
    HangupAgainstDirection { call: Direction },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeveralUsersOnAnswer { sent } => write!(
                f,
                "several users on an answer: Zammad takes one, and fails on a list; only {sent:?} is named"
            ),
            Self::UserOnOutboundAnswer => f.write_str(
                "a user on an outbound answer: Zammad would show it in place of the customer's name",
            ),
            Self::QueueWithBlanks { queue } => write!(
                f,
                "the queue {queue:?} has blanks: Zammad strips them from its caller-log filter, \
                 so no filter row can match this name"
            ),
            Self::CalledPartyOutOfReach { queue } => write!(
                f,
                "the queue {queue:?} decides who sees the call, but the called party decides who is \
                 notified, and no filter row can match this one"
            ),
            Self::NumberTooLong { field, digits } => write!(
                f,
                "{field} has {digits} digits: Zammad looks up {} at most, so it will find no customer",
                LOOKED_UP.end()
            ),
            Self::NumberTooShort { field, digits } => write!(
                f,
                "{field} has {digits} digits and is no extension: Zammad looks up numbers of {} or more, \
                 so it will find no customer",
                LOOKED_UP.start()
            ),
            Self::HangupAgainstDirection { call: Direction::Inbound } => {
                f.write_str("an outbound hangup for an inbound call: Zammad would hide a missed call")
            }
            Self::HangupAgainstDirection { call: Direction::Outbound } => {
                f.write_str("an inbound hangup for an outbound call: Zammad may show it as missed")
            }
        }
    }
}

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
