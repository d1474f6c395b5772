//! The arguments of `send`.

use std::path::PathBuf;

use clap::Args;

/// Send events from a file, one JSON object a line
///
/// An object has `event` (newCall, answer, hangup), `call_id`, `direction` and, as the commands of
/// these names have them, `from`, `to`, `user` (a text or a list), `queue`, `answering_number`,
/// `endpoint`, `extension`, `voicemail`, `force_user`, `cause`, `raw_cause`, `strict_cause`, `dialstatus`,
/// `queue_status`, `abandoned`, `hangup_cause` and `answered`. Each gives one line of output, in the order of the input.
/// The events of one call are sent in order. A line that is no event is reported, and the others
/// are sent. The exit code is that of the first event that failed.
#[derive(Debug, Args)]
pub struct Send {
    /// The file; `-` is the standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// How many calls may be under way at once, each on a connection of its own (1 to 256)
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}
