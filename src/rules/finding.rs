//! Where agents would not see what the sender of an event meant, in plain words.

mod meant;

use std::fmt;

pub(crate) use meant::customers_field;
pub use meant::{Meant, findings};

use crate::event::Direction;
use crate::number::LOOKED_UP;

/// One thing about an event that agents will not see as its sender meant it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    SeveralUsersOnAnswer { sent: String },
    UserOnOutboundAnswer,
    QueueWithBlanks { queue: String },
    CalledPartyOutOfReach { queue: String },
    NumberTooLong { field: &'static str, digits: usize },
    NumberTooShort { field: &'static str, digits: usize },
    HangupAgainstDirection { call: Direction, answered: Answered },
}

/// Who picked up a call before its hangup, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Nobody,
    Voicemail,
    Unknown,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// good to know
    Note,
    /// agents may see less, or something else
    Warning,
    /// the event is lost, or agents see something false
    Error,
}

impl Finding {
    pub fn severity(&self) -> Severity {
        match self {
            Self::HangupAgainstDirection { answered: Answered::Nobody | Answered::Voicemail, .. } => {
                Severity::Error
            }
            Self::SeveralUsersOnAnswer { .. }
            | Self::UserOnOutboundAnswer
            | Self::QueueWithBlanks { .. }
            | Self::CalledPartyOutOfReach { .. }
            | Self::NumberTooLong { .. }
            | Self::NumberTooShort { .. }
            | Self::HangupAgainstDirection { answered: Answered::Unknown, .. } => Severity::Warning,
        }
    }
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
            Self::HangupAgainstDirection { call: Direction::Inbound, answered } => write!(
                f,
                "an outbound hangup for an inbound call: Zammad {}",
                match answered {
                    Answered::Nobody => "hides a missed call",
                    Answered::Voicemail => "hides a voice message",
                    Answered::Unknown => "may hide a missed call",
                }
            ),
            Self::HangupAgainstDirection { call: Direction::Outbound, answered } => write!(
                f,
                "an inbound hangup for an outbound call: Zammad {}",
                match answered {
                    Answered::Nobody => "shows it as missed",
                    Answered::Voicemail => "shows it as a voice message",
                    Answered::Unknown => "may show it as missed",
                }
            ),
        }
    }
}
