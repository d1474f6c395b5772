//! Who answers at Zammad's address right after an attempt that failed.

use std::time::Duration;

use crate::client::{Client, RequestId, SendError};
use crate::config::Encoding;

/// What a request met with that leaves nothing in Zammad, right after an attempt that failed.
///
/// A web server that says that it does not reach Zammad says the same when Zammad goes down with the event written
/// down; if Zammad is there a moment later, that may be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// nobody was asked: nothing depends on it, or there was no time
    NotAsked,
    /// Zammad answers
    Zammad,
    /// nobody takes a connection, or a proxy does not reach Zammad
    NoWay,
    /// something answers that is not Zammad
    Stranger,
    /// something redirects, or knows no such page
    SentAway,
    /// nobody can say
    Unclear,
}

impl Probed {
    /// Asks, within that time; what does not answer in it is [`Unclear`](Self::Unclear).
    pub async fn ask(client: &mut Client, encoding: Encoding, within: Duration) -> Self {
        if within.is_zero() {
            return Self::NotAsked;
        }
        let met = client.probe(RequestId::fresh(), encoding, within).await;
        let probed = Self::of(&met);
        log::debug!("who answers right after it: {probed:?}");
        probed
    }

    fn of(met: &Result<(), SendError>) -> Self {
        let Err(error) = met else { return Self::Zammad };
        match error {
            SendError::WrongToken
            | SendError::SwitchedOff
            | SendError::NotConfigured
            | SendError::Refused { .. }
            | SendError::Failed { .. }
            | SendError::UnknownCall { .. }
            | SendError::FailedAtKnownCall { .. }
            | SendError::CallIdReused => Self::Zammad,
            // A limit of requests is in force whoever is behind it.
            SendError::Unavailable { status: 429, .. } => Self::Unclear,
            SendError::Connect(_) | SendError::Unavailable { .. } => Self::NoWay,
            SendError::Redirected { .. } | SendError::NoSuchPage => Self::SentAway,
            SendError::NotZammad { .. } | SendError::BrokenHead(_) | SendError::NotHttp(_) => Self::Stranger,
            SendError::Lookup(_)
            | SendError::LookupTimeout
            | SendError::ConnectTimeout
            | SendError::Tls(_)
            | SendError::PerhapsRefused(_)
            | SendError::NoReply { .. }
            | SendError::ConnectionLost(_)
            | SendError::HeadTooLong(_)
            | SendError::GatewayTimeout { .. } => Self::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Content;

    #[test]
    fn who_answers_is_told_by_what_a_probe_meets() {
        let unavailable = |status| SendError::Unavailable { status, retry_after: None };
        // (what the probe meets, who answers)
        let cases = [
            (Ok(()), Probed::Zammad),
            (Err(SendError::WrongToken), Probed::Zammad),
            (Err(SendError::SwitchedOff), Probed::Zammad),
            (Err(SendError::Failed { status: 500, message: "Error ID 1".to_owned() }), Probed::Zammad),
            (Err(unavailable(502)), Probed::NoWay),
            (Err(unavailable(503)), Probed::NoWay),
            (Err(unavailable(521)), Probed::NoWay),
            (Err(unavailable(429)), Probed::Unclear),
            (Err(SendError::NoSuchPage), Probed::SentAway),
            (Err(SendError::Redirected { status: 302, location: String::new() }), Probed::SentAway),
            (Err(SendError::NotZammad { status: 200, content: Content::Empty }), Probed::Stranger),
            (Err(SendError::GatewayTimeout { status: 504 }), Probed::Unclear),
            (Err(SendError::NoReply { waited: Duration::ZERO }), Probed::Unclear),
            (Err(SendError::ConnectTimeout), Probed::Unclear),
        ];
        for (met, expected) in cases {
            assert_eq!(Probed::of(&met), expected, "{met:?}");
        }
    }
}
