//! What stands in the way, and at which stage.

use super::StageName;
use crate::client::{ClientError, ConnectorError, Content, SendError, in_full};

/// Why a stage failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The configuration does not say how to get there.
    #[error(transparent)]
    Unusable(ClientError),
    /// The proxy answered CONNECT with this status.
    #[error("the proxy does not let the connection through (HTTP {status})")]
    Proxy {
        /// what it answered
        status: u16,
    },
    /// What would become of an event.
    #[error(transparent)]
    Send(#[from] SendError),
}

impl Fault {
    /// The fault and its causes in a line.
    pub fn in_full(&self) -> String {
        in_full(self)
    }

    /// A word for it that programs can rely on: the same as for an event.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unusable(error) => class_of(error),
            Self::Proxy { .. } => "proxy",
            Self::Send(error) => error.class(),
        }
    }
}

fn class_of(error: &ClientError) -> &'static str {
    match error {
        ClientError::Config(_) | ClientError::Trust(_) | ClientError::Proxy(_) => "configuration",
        ClientError::Http(_) | ClientError::Runtime(_) => "internal",
        ClientError::ForAll(reason) => class_of(reason),
    }
}

impl From<ConnectorError> for Fault {
    fn from(error: ConnectorError) -> Self {
        match error {
            ConnectorError::Send(error) => Self::Send(error),
            ConnectorError::Proxy { status } => Self::Proxy { status },
        }
    }
}

/// The stage at which a request with this end failed.
pub(super) fn stage(error: &SendError) -> StageName {
    match error {
        SendError::Lookup(_)
        | SendError::LookupTimeout
        | SendError::Connect(_)
        | SendError::ConnectTimeout
        | SendError::Tls(_)
        | SendError::Unavailable { .. }
        | SendError::NoReply { .. }
        | SendError::ConnectionLost(_)
        | SendError::HeadTooLong(_)
        | SendError::GatewayTimeout { .. }
        | SendError::PerhapsRefused(_)
        | SendError::Redirected { .. }
        | SendError::BrokenHead(_)
        | SendError::NotHttp(_) => StageName::Http,
        SendError::NotZammad { content, .. } => match content {
            Content::TooLong
            | Content::Html { .. }
            | Content::Empty
            | Content::BrokenJson
            | Content::Other(_) => StageName::Http,
            Content::NoObject | Content::NoErrorText | Content::Text(_) | Content::Accepted => {
                StageName::Zammad
            }
        },
        SendError::NoSuchPage
        | SendError::Failed { .. }
        | SendError::Refused { .. }
        | SendError::UnknownCall { .. }
        | SendError::FailedAtKnownCall { .. }
        | SendError::CallIdReused => StageName::Zammad,
        SendError::SwitchedOff => StageName::Integration,
        SendError::NotConfigured => StageName::Configured,
        SendError::WrongToken => StageName::Token,
    }
}
