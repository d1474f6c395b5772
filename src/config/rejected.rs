//! What becomes of a call that Zammad rejects.

use clap::ValueEnum;
use serde::Serialize;

use crate::cause::HangupCause;

/// Whether the hangup of a rejected call is sent at once, and with which cause.
///
/// Zammad's new interface rings for blocked callers until the hangup arrives (it was read in the code of November
/// 2026). With the cause `busy`, the caller log shows a missed call, and with `forwarded` a call that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HangupRejected {
    /// do not send it; the phone system reports the end of the call
    Never,
    /// the caller log shows a missed call
    Busy,
    /// the caller log shows a call that is done
    Forwarded,
}

impl HangupRejected {
    /// The cause of the hangup, if one is sent.
    pub fn cause(self) -> Option<HangupCause> {
        match self {
            Self::Never => None,
            Self::Busy => Some(HangupCause::Busy),
            Self::Forwarded => Some(HangupCause::Forwarded),
        }
    }
}
