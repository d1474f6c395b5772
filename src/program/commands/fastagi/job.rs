//! What the thread of a call hands to the one that all calls share.

use std::sync::mpsc;

use crate::delivery::Deadline;
use crate::event::WrittenEvent;

use super::guest::Guest;
use super::places::Place;
use crate::program::output::Report;

/// An event that a call wants to have brought to Zammad.
pub struct Job {
    pub event: WrittenEvent,
    /// whose it is, of whoever is not trusted
    pub stranger: Option<Guest>,
    pub deadline: Deadline,
    /// its own, until it ends: the call that it is of may be over long before
    pub place: Place,
    /// where whoever waits for it hears of it
    pub reply: mpsc::Sender<Outcome>,
}

/// What became of it, and the error if Zammad did not take it.
pub type Outcome = (Report, Option<anyhow::Error>);
