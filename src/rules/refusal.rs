//! The words in which Zammad refuses a request, and how they are recognised.

/// Why Zammad does not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    SwitchedOff,
    NotConfigured,
    WrongToken,
    InvalidDirection,
    /// newCall with the id of a call in the log
    AlreadyExists,
    /// the same, found out by the database only: a lost race, or an id that was cut short
    AlreadyExistsInDatabase,
    /// answer or hangup without a newCall before
    UnknownCall,
    UnknownEvent,
    /// newCall without the field of this name
    Missing(&'static str),
    /// a call id with a NUL character, or one that is a map
    UnusableCallId,
    /// an outbound newCall's `to` is a number or a list
    ToIsNoText,
    /// an inbound answer's `user` is a list or a number; the answer itself is in the log
    UserIsNoText,
    /// the body is no JSON
    BrokenJson,
    /// the body or the query cannot be read as form fields
    BrokenParameters,
    /// no such path, or not by this method
    NoSuchPage,
}

/// A Zammad whose wording of errors to follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Release {
    #[value(name = "5.5")]
    V5_5,
    #[default]
    #[value(name = "7.2")]
    V7_2,
}

/// What stands in a refusal's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// this text, and nothing else: from the CTI controller, which always answers in JSON
    Plain(String),
    /// this text twice, as `error` and as `error_human`: from the handling of exceptions
    Doubled(String),
    /// "Error ID", with eight characters that change every time
    ErrorId,
    /// no text of Zammad's own: the web framework answers for it
    Framework,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(self, release: Release) -> u16 {
        match self {
            Self::WrongToken => 401,
            Self::NoSuchPage => 404,
            Self::BrokenParameters => 400,
            Self::BrokenJson => match release {
                Release::V5_5 => 500,
                Release::V7_2 => 400,
            },
            Self::AlreadyExists | Self::UnknownCall | Self::ToIsNoText | Self::UserIsNoText => 500,
            Self::SwitchedOff
            | Self::NotConfigured
            | Self::InvalidDirection
            | Self::AlreadyExistsInDatabase
            | Self::UnknownEvent
            | Self::Missing(_)
            | Self::UnusableCallId => 422,
        }
    }

    pub fn message(self, release: Release) -> Message {
        let plain = |text: &str| Message::Plain(text.to_owned());
        let doubled = |text: &str| Message::Doubled(text.to_owned());
        match self {
            Self::SwitchedOff => plain("Feature is disabled, please contact your administrator!"),
            Self::NotConfigured => plain("Feature not configured, please contact your admin!"),
            Self::WrongToken => plain("Invalid token, please contact your admin!"),
            Self::InvalidDirection => plain("Invalid 'direction'!"),
            Self::AlreadyExists | Self::AlreadyExistsInDatabase => doubled("This object already exists."),
            // The odd quotes are Zammad's: it cuts PostgreSQL's message at the wrong place.
            Self::Missing(field) => {
                doubled(&format!("Attribute '{field}\" of relation \"cti_logs' required!"))
            }
            Self::UnknownCall
            | Self::UnknownEvent
            | Self::UnusableCallId
            | Self::ToIsNoText
            | Self::UserIsNoText => Message::ErrorId,
            Self::BrokenJson => match release {
                Release::V5_5 => Message::ErrorId,
                Release::V7_2 => doubled("Error occurred while parsing request parameters"),
            },
            Self::BrokenParameters => match release {
                Release::V5_5 => Message::Framework,
                Release::V7_2 => doubled("Invalid request parameters: invalid encoding or nesting"),
            },
            Self::NoSuchPage => match release {
                // Zammad 5.5 adds the method and the path, token included.
                Release::V5_5 => doubled("No route matches"),
                Release::V7_2 => doubled("This page doesn't exist."),
            },
        }
    }
}

/// What a client can tell from the `error` text of a reply; the texts changed over the releases,
/// these parts of them did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    AlreadyExists,
    /// releases before 3.4 said so; later ones hide it behind an Error ID
    UnknownCall,
    ErrorId,
    InvalidDirection,
    WrongToken,
    SwitchedOff,
    NotConfigured,
    Other,
}

impl Complaint {
    pub fn recognise(error: &str) -> Self {
        let error = error.to_lowercase();
        let known = [
            ("already exists", Self::AlreadyExists),
            ("no such call_id", Self::UnknownCall),
            ("error id", Self::ErrorId),
            ("invalid token", Self::WrongToken),
            ("invalid direction", Self::InvalidDirection),
            ("invalid 'direction'", Self::InvalidDirection),
            ("feature is disable", Self::SwitchedOff),
            ("not configured", Self::NotConfigured),
        ];
        known
            .into_iter()
            .find(|(part, _)| error.contains(part))
            .map_or(Self::Other, |(_, complaint)| complaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_recognised_in_each_release() {
        let cases = [
            (Refusal::SwitchedOff, Complaint::SwitchedOff),
            (Refusal::NotConfigured, Complaint::NotConfigured),
            (Refusal::WrongToken, Complaint::WrongToken),
            (Refusal::InvalidDirection, Complaint::InvalidDirection),
            (Refusal::AlreadyExists, Complaint::AlreadyExists),
            (Refusal::AlreadyExistsInDatabase, Complaint::AlreadyExists),
            (Refusal::Missing("from"), Complaint::Other),
            (Refusal::NoSuchPage, Complaint::Other),
        ];
        for (refusal, expected) in cases {
            for release in [Release::V5_5, Release::V7_2] {
                match refusal.message(release) {
                    Message::Plain(text) | Message::Doubled(text) => {
                        assert_eq!(Complaint::recognise(&text), expected, "{text}");
                    }
                    Message::ErrorId | Message::Framework => panic!("{refusal:?} has no text"),
                }
            }
        }
    }

    #[test]
    fn texts_of_old_releases_are_recognised() {
        let cases = [
            ("Object already exists!", Complaint::AlreadyExists),
            ("No such call_id 123", Complaint::UnknownCall),
            ("Error ID zntrXi7j: Please contact your administrator.", Complaint::ErrorId),
            ("Feature is disable, please contact your admin to enable it!", Complaint::SwitchedOff),
            ("Invalid direction!", Complaint::InvalidDirection),
        ];
        for (text, expected) in cases {
            assert_eq!(Complaint::recognise(text), expected, "{text}");
        }
    }
}
