//! The arguments of `send`.

use std::path::PathBuf;

use clap::Args;

/// Send events from a file, one JSON object a line
///
/// An object has the keys `event` (newCall, answer, hangup), `call_id` and `direction`. Like the flags
/// of new-call, answer and hangup, it can have `from`, `to`, `user` (a text or a list), `queue`,
/// `answering_number`, `endpoint`, `voicemail`, `force_user`, `cause`, `raw_cause`, `strict_cause`,
/// `dialstatus`, `queue_status`, `abandoned`, `hangup_cause` and `answered`. `extension` is the
/// phone's own number.
///
/// Each line of input gives one line of output, in the same order. The events of one call are sent in
/// order. An invalid line is reported, and the others are sent. The exit code is that of the first
/// event that failed.
#[derive(Debug, Args)]
pub struct Send {
    /// The file; `-` means standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// Send this many calls at the same time, each on its own connection (1 to 256)
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}
