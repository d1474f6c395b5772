//! What FreeSWITCH's words for the end of a leg mean for its call.
//!
//! Source: `CAUSE_CHART` in `switch_channel.c`, and recordings in `tests/fixtures/bridge/freeswitch`.

use super::event::Event;
use super::header::Header;
use crate::bridge::fact::{Failure, What};
use crate::cause::HangupCause;

/// Why a leg that was rung did not take the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It failed, with this Q.850 number or one that means the same.
    Failed(Failure, Option<u8>),
    /// Who had it rung left it.
    Abandoned,
}

/// What the end of a leg says that had not answered, and that was rung for a call.
pub fn refusal(event: &Event) -> Refusal {
    let word = event.get(Header::HangupCause).unwrap_or_default();
    match word {
        "ORIGINATOR_CANCEL" => Refusal::Abandoned,
        // Somebody else was faster, or the call goes on elsewhere.
        "LOSE_RACE"
        | "PICKED_OFF"
        | "REDIRECTION_TO_NEW_DESTINATION"
        | "BLIND_TRANSFER"
        | "ATTENDED_TRANSFER" => Refusal::Failed(Failure::Cancelled, None),
        other => {
            let cause = meaning(other);
            Refusal::Failed(failure(cause), Some(number(cause)))
        }
    }
}

/// The end of a leg that calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// who calls has hung up
    pub is_callers: bool,
    /// how its last attempt to reach somebody failed, if nobody took the call
    pub failure: Failure,
    /// the Q.850 number of that
    pub cause: u8,
}

/// What the end of a leg says that calls.
///
/// The leg's own cause is that of a normal end as soon as the dialplan went on after busy or no answer. What came of
/// its last attempt stands beside it.
pub fn end(event: &Event) -> End {
    let word = event.get(Header::HangupCause).unwrap_or_default();
    let sip = event.get(Header::SipHangupDisposition).unwrap_or_default();
    let is_callers =
        ["recv_bye", "recv_cancel"].contains(&sip) || sip.is_empty() && word == "ORIGINATOR_CANCEL";
    // `failure` stands there from the beginning of an attempt; who left it is known from above.
    let of_attempt = event
        .get(Header::OriginateDisposition)
        .filter(|word| !["failure", "success", "SUCCESS", "ORIGINATOR_CANCEL"].contains(word))
        .filter(|_| word != "SYSTEM_SHUTDOWN");
    let cause = meaning(of_attempt.unwrap_or(word));
    End { is_callers, failure: failure(cause), cause: number(cause) }
}

impl End {
    /// In the words that all phone systems share.
    pub fn told(self) -> Vec<What> {
        let gone = What::Gone { cause: Some(self.cause) };
        if self.is_callers { vec![What::HangsUp, gone] } else { vec![gone] }
    }
}

fn failure(cause: HangupCause) -> Failure {
    match cause {
        HangupCause::Busy => Failure::Busy,
        HangupCause::Congestion => Failure::Congestion,
        HangupCause::NotFound => Failure::Unavailable,
        HangupCause::NoAnswer | HangupCause::NormalClearing => Failure::NoAnswer,
        HangupCause::Cancel | HangupCause::Forwarded | HangupCause::Voicemail => Failure::Cancelled,
    }
}

/// What Zammad is told for a word.
fn meaning(word: &str) -> HangupCause {
    match word {
        // Here it is a phone that is switched off.
        "SUBSCRIBER_ABSENT" => HangupCause::NotFound,
        // `--cause` is told of calls that had been answered too.
        "MEDIA_TIMEOUT" => HangupCause::Congestion,
        "" => HangupCause::NoAnswer,
        _ => word.parse().unwrap_or(HangupCause::Congestion),
    }
}

/// A Q.850 number that means the same of a call that nobody answered.
fn number(cause: HangupCause) -> u8 {
    match cause {
        HangupCause::Busy => 17,
        HangupCause::NotFound => 1,
        HangupCause::Congestion => 34,
        HangupCause::NoAnswer
        | HangupCause::NormalClearing
        | HangupCause::Cancel
        | HangupCause::Forwarded
        | HangupCause::Voicemail => 19,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_chart_mean_what_they_say() {
        use HangupCause::{Busy, Congestion, NoAnswer, NotFound};
        // (words, Zammad's)
        let cases: [(&[&str], HangupCause); 4] = [
            (&["USER_BUSY", "BUSY_EVERYWHERE"], Busy),
            (&["NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "CALL_REJECTED", "DECLINE"], NoAnswer),
            (
                &[
                    "UNALLOCATED_NUMBER",
                    "NO_ROUTE_DESTINATION",
                    "INVALID_NUMBER_FORMAT",
                    "USER_NOT_REGISTERED",
                    "SUBSCRIBER_ABSENT",
                    "DOES_NOT_EXIST_ANYWHERE",
                ],
                NotFound,
            ),
            (
                &[
                    "NORMAL_TEMPORARY_FAILURE",
                    "NORMAL_CIRCUIT_CONGESTION",
                    "SWITCH_CONGESTION",
                    "DESTINATION_OUT_OF_ORDER",
                    "GATEWAY_DOWN",
                    "MEDIA_TIMEOUT",
                    "SYSTEM_SHUTDOWN",
                    "A_WORD_OF_TOMORROW",
                ],
                Congestion,
            ),
        ];
        for (words, expected) in cases {
            for word in words {
                assert_eq!(HangupCause::of_unanswered(number(meaning(word))), expected, "{word}");
            }
        }
    }
}
