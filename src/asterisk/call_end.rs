//! What Asterisk's dialplan knows of a call that ends, and why it ended.
//!
//! The number that a channel ends with says little about its call: one that nobody answered has 16
//! as one that was answered, and of a group with one busy phone the whole call has 17. So the
//! variables of the applications that were tried come first.
//!
//! Sources: Asterisk's documentation of the applications `Dial` and `Queue`; measured on Asterisk
//! 22.10.1 for each SIP status.

use crate::cause::{Family, HangupCause, spellings};
use crate::event::Direction;

/// The variables of the calling channel at the end; an empty one is not set.
///
/// # Example
///
/// ```
/// use zammad_cti::Direction;
/// use zammad_cti::asterisk::CallEnd;
/// use zammad_cti::cause::HangupCause;
///
/// // One phone of a group was busy, the others rang until the caller was sent away.
/// let end = CallEnd {
///     dial_status: "NOANSWER".to_owned(),
///     hangup_cause: "17".to_owned(),
///     ..CallEnd::default()
/// };
/// assert_eq!(end.cause(Direction::Inbound), Some(HangupCause::NoAnswer));
/// assert_eq!(end.answered(), Some(false));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallEnd {
    /// somebody picked up, as far as the dialplan noted it
    pub answered: bool,
    /// `DIALSTATUS`: how the last `Dial` ended
    pub dial_status: String,
    /// `QUEUESTATUS`: why the last `Queue` gave the caller back; empty if it did not
    pub queue_status: String,
    /// `ABANDONED`: `TRUE` after every `Queue` that nobody answered
    pub abandoned: String,
    /// `HANGUPCAUSE`: the Q.850 number of the channel
    pub hangup_cause: String,
}

impl CallEnd {
    /// Whether anybody picked up, if that can be told.
    pub fn answered(&self) -> Option<bool> {
        if self.answered || self.is_dial_status("ANSWER") {
            return Some(true);
        }
        let tried = !self.dial_status.trim().is_empty() || self.was_in_queue();
        tried.then_some(false)
    }

    /// Why the call ended; `None` if nothing is known.
    pub fn cause(&self, direction: Direction) -> Option<HangupCause> {
        if self.answered() == Some(true) {
            return Some(HangupCause::NormalClearing);
        }
        let by_number = || self.number().map(HangupCause::of_unanswered);
        // CHANUNAVAIL also stands for a phone that declined and for a number that does not exist.
        if self.is_dial_status("CHANUNAVAIL") {
            return by_number().or(dialled(&self.dial_status));
        }
        if let Some(cause) = dialled(&self.dial_status) {
            return Some(cause);
        }
        if self.was_in_queue() {
            let gave_up = self.queue_status.trim().is_empty();
            return Some(if gave_up { HangupCause::Cancel } else { HangupCause::NoAnswer });
        }
        match (direction, self.number()) {
            // Nothing was tried: the caller went. 127 is a SIP CANCEL without a reason.
            (Direction::Inbound, Some(0 | 16 | 127)) => Some(HangupCause::Cancel),
            (Direction::Inbound | Direction::Outbound, _) => by_number(),
        }
    }

    /// The variables whose values are none of Asterisk's.
    pub(crate) fn unread(&self) -> Vec<&'static str> {
        let has_status = !self.dial_status.trim().is_empty();
        let has_number = !self.hangup_cause.trim().is_empty();
        let dial_status = (has_status && dialled(&self.dial_status).is_none()).then_some("dialstatus");
        let hangup_cause = (has_number && self.number().is_none()).then_some("hangup_cause");
        dial_status.into_iter().chain(hangup_cause).collect()
    }

    fn is_dial_status(&self, word: &str) -> bool {
        self.dial_status.trim().eq_ignore_ascii_case(word)
    }

    fn was_in_queue(&self) -> bool {
        self.abandoned.trim().eq_ignore_ascii_case("TRUE") || !self.queue_status.trim().is_empty()
    }

    fn number(&self) -> Option<u8> {
        self.hangup_cause.trim().parse().ok()
    }
}

/// A word of `Dial`; others than its own are none.
fn dialled(word: &str) -> Option<HangupCause> {
    let word = word.trim();
    let own = |row: &&crate::cause::Spelling| {
        row.family == Family::DialStatus && row.text.eq_ignore_ascii_case(word)
    };
    spellings().iter().find(own).map(|row| row.cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(answered: bool, dial_status: &str, queue_status: &str, abandoned: &str, number: &str) -> CallEnd {
        let text = str::to_owned;
        CallEnd {
            answered,
            dial_status: text(dial_status),
            queue_status: text(queue_status),
            abandoned: text(abandoned),
            hangup_cause: text(number),
        }
    }

    #[test]
    fn what_was_tried_says_why_a_call_ended() {
        use Direction::{Inbound, Outbound};
        use HangupCause::{Busy, Cancel, Congestion, NoAnswer, NormalClearing, NotFound};
        // (noted as answered, DIALSTATUS, QUEUESTATUS, ABANDONED, HANGUPCAUSE), direction, cause, answered
        let cases = [
            (end(true, "", "", "", "16"), Inbound, Some(NormalClearing), Some(true)),
            // Picked up, then sent to a phone that is busy.
            (end(true, "BUSY", "", "", "17"), Inbound, Some(NormalClearing), Some(true)),
            (end(true, "", "", "TRUE", "0"), Inbound, Some(NormalClearing), Some(true)),
            (end(false, "ANSWER", "", "", "31"), Outbound, Some(NormalClearing), Some(true)),
            (end(false, "CANCEL", "", "", "127"), Inbound, Some(Cancel), Some(false)),
            (end(false, "BUSY", "", "", "17"), Inbound, Some(Busy), Some(false)),
            // One of a group is busy, the others did not answer.
            (end(false, "NOANSWER", "", "", "17"), Inbound, Some(NoAnswer), Some(false)),
            (end(false, "CONGESTION", "", "", "34"), Outbound, Some(Congestion), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "21"), Inbound, Some(NoAnswer), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "18"), Inbound, Some(NoAnswer), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "1"), Outbound, Some(NotFound), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "22"), Outbound, Some(NotFound), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "3"), Inbound, Some(NotFound), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "16"), Inbound, Some(NoAnswer), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "23"), Inbound, Some(Congestion), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "38"), Outbound, Some(Congestion), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", "127"), Outbound, Some(Congestion), Some(false)),
            (end(false, "CHANUNAVAIL", "", "", ""), Inbound, Some(Congestion), Some(false)),
            (end(false, "noanswer", "", "", "0"), Inbound, Some(NoAnswer), Some(false)),
            // A queue: gave up, or waited too long.
            (end(false, "", "", "TRUE", "0"), Inbound, Some(Cancel), Some(false)),
            (end(false, "", "TIMEOUT", "TRUE", "16"), Inbound, Some(NoAnswer), Some(false)),
            (end(false, "", "FULL", "", "16"), Inbound, Some(NoAnswer), Some(false)),
            (end(false, "", "JOINEMPTY", "", "16"), Inbound, Some(NoAnswer), Some(false)),
            // The caller went before anything was tried, or the dialplan refused the call.
            (end(false, "", "", "", "0"), Inbound, Some(Cancel), None),
            (end(false, "", "", "", "16"), Inbound, Some(Cancel), None),
            (end(false, "", "", "", "127"), Inbound, Some(Cancel), None),
            (end(false, "", "", "", "16"), Outbound, Some(NoAnswer), None),
            (end(false, "", "", "", "17"), Inbound, Some(Busy), None),
            (end(false, "", "", "", "21"), Inbound, Some(NoAnswer), None),
            (end(false, "", "", "", "1"), Inbound, Some(NotFound), None),
            (end(false, "", "", "", ""), Inbound, None, None),
            // Nothing that Asterisk says.
            (end(false, "sip:302", "", "", "x"), Inbound, None, Some(false)),
            (end(false, "23", "", "", "999"), Inbound, None, Some(false)),
            (end(false, "forwarded", "", "FALSE", "16"), Inbound, Some(Cancel), Some(false)),
        ];
        for (end, direction, cause, answered) in cases {
            assert_eq!(end.cause(direction), cause, "{direction} {end:?}");
            assert_eq!(end.answered(), answered, "{end:?}");
        }
    }
}
