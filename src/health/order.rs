//! Whether the events of a call are kept in order, as a part of health.

use std::path::Path;

use super::{SpoolPart, SpoolPartName, Status};
use crate::config::Config;
use crate::turn::Turns;

/// What there is to say if the events of this user's calls cannot be kept in order. Begins nothing.
///
/// `runtime` is the user's folder for what does not outlive a session, if there is one.
pub fn order(config: &Config, runtime: Option<&Path>) -> Option<SpoolPart> {
    let complaint = Turns::open(config, runtime).complaint()?;
    Some(SpoolPart {
        name: SpoolPartName::Order,
        status: Status::Warning,
        found: format!("events of one call may overtake each other: {complaint}"),
        complaint: format!("no folder to keep the events of a call in order: {complaint}"),
        next_step: "See what is there (ls -ld), and remove it; or set lock_dir to a folder of the user that \
            reports calls"
            .into(),
    })
}
