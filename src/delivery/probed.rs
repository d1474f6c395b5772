//! Who answers at Zammad's address right after an attempt that failed.

use std::time::Duration;

use crate::client::{Client, RequestId, SendError};
use crate::config::Encoding;

/// What a request met with that leaves nothing in Zammad, right after an attempt that failed.
///
/// A web server that sends events away may say so in place of Zammad's reply; if Zammad is there a moment later, that
/// may be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// nobody was asked: nothing depends on it, or there was no time
    NotAsked,
    /// Zammad answers
    Zammad,
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
            SendError::Redirected { .. } | SendError::NoSuchPage => Self::SentAway,
            SendError::NotZammad { .. } | SendError::BrokenHead(_) | SendError::NotHttp(_) => Self::Stranger,
            SendError::Unavailable { .. }
            | SendError::Connect(_)
            | SendError::Lookup(_)
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
            (Err(unavailable(502)), Probed::Unclear),
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
