//! An event as its sender means it, before it is sent.

use serde_json::Value;

use super::{Answered, Finding};
use crate::cause::{Cause, HangupCause};
use crate::event::{CallEvent, Direction, EventKind, Name};
use crate::number::{LOOKED_UP, Party};
use crate::rules::{self, Fields};

/// What an event says, whoever wrote it.
#[derive(Debug)]
pub struct Meant<'a> {
    kind: Option<EventKind>,
    direction: Option<Direction>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    queue: Option<&'a str>,
    cause: Option<&'a str>,
    /// the first one's name, and how many there are; `None` changes no name in the caller log
    users: Option<(&'a str, usize)>,
}

impl<'a> From<&'a CallEvent> for Meant<'a> {
    fn from(event: &'a CallEvent) -> Self {
        Self {
            kind: Some(event.kind),
            direction: Some(event.direction),
            from: event.from.as_ref().map(Party::as_str),
            to: event.to.as_ref().map(Party::as_str),
            queue: event.queue.as_ref().map(Name::as_str),
            cause: event.cause.as_ref().map(Cause::as_str),
            users: event.users.first().map(|first| (first.as_str(), event.users.len())),
        }
    }
}

impl<'a> From<&'a Fields> for Meant<'a> {
    fn from(fields: &'a Fields) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let users = match fields.get("user") {
            // They count as absent.
            None | Some(Value::Null | Value::Bool(false)) => None,
            Some(Value::Array(users)) => {
                let first = users.first().and_then(Value::as_str);
                Some((first.unwrap_or_default(), users.len()))
            }
            Some(user) => Some((user.as_str().unwrap_or_default(), 1)),
        };
        Self {
            kind: rules::event_kind(fields),
            direction: rules::direction(fields),
            from: text("from"),
            to: text("to"),
            queue: text("queue"),
            cause: text("cause"),
            users,
        }
    }
}

/// All findings about one event as its sender meant it.
///
/// `call` is the direction of the call's newCall, and `answered` whether anybody picked up, if the
/// sender knows; `extension_digits` is how long the phone system's own numbers are.
pub fn findings(
    event: &Meant<'_>,
    call: Option<Direction>,
    answered: Option<bool>,
    extension_digits: u8,
) -> Vec<Finding> {
    let mut found = Vec::new();
    match event.kind {
        Some(EventKind::NewCall) => {
            if let Some(queue) = event.queue {
                if queue.contains(char::is_whitespace) {
                    found.push(Finding::QueueWithBlanks { queue: queue.to_owned() });
                }
                let to = event.to.unwrap_or_default();
                let out_of_reach =
                    to.is_empty() || to == Party::ANONYMOUS || to.contains(char::is_whitespace);
                // Nobody is notified of an outbound call.
                if event.direction == Some(Direction::Inbound) && out_of_reach {
                    found.push(Finding::CalledPartyOutOfReach { queue: queue.to_owned() });
                }
            }
            let customer = event.direction.and_then(|direction| {
                let number = match direction {
                    Direction::Inbound => event.from,
                    Direction::Outbound => event.to,
                };
                Some((customers_field(direction), number?))
            });
            found.extend(customer.and_then(|(field, number)| unfit_number(field, number, extension_digits)));
        }
        Some(EventKind::Answer) => match (event.direction, event.users) {
            (Some(Direction::Outbound), Some(_)) => found.push(Finding::UserOnOutboundAnswer),
            (_, Some((first, 2..))) => found.push(Finding::SeveralUsersOnAnswer { sent: first.to_owned() }),
            _ => {}
        },
        Some(EventKind::Hangup) => {
            let may_be_open = answered != Some(true) && event.cause != Some(HangupCause::Forwarded.as_str());
            let answered = if answered.is_none() { Answered::Unknown } else { Answered::Nobody };
            let is_against = |&call: &Direction| event.direction.is_some_and(|direction| direction != call);
            found.extend(
                call.filter(|call| may_be_open && is_against(call))
                    .map(|call| Finding::HangupAgainstDirection { call, answered }),
            );
        }
        None => {}
    }
    found
}

/// The number that Zammad looks a customer up by.
pub(crate) fn customers_field(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "from",
        Direction::Outbound => "to",
    }
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
            (r#"{"event":"answer","direction":"out","user":false}"#, None, None, 5, vec![]),
            (r#"{"event":"answer","direction":"out","user":[]}"#, None, None, 5, vec![UserOnOutboundAnswer]),
            (r#"{"event":"answer","direction":"out","user":{}}"#, None, None, 5, vec![UserOnOutboundAnswer]),
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
            assert_eq!(
                findings(&Meant::from(&fields(event)), call, answered, extension_digits),
                expected,
                "{event}"
            );
        }
    }
}
