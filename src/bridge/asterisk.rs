//! Asterisk, by its manager interface.

mod action;
mod block;
mod dial_string;
mod link;
mod listener;
mod look;
#[cfg(test)]
mod recordings;
mod snapshot;
mod trunks;
mod understanding;

pub use action::Action;
pub use block::{Block, BlockError, Blocks};
pub use link::{Account, AccountError, Link};
pub use listener::Listener;
pub use look::{Look, look};
pub use snapshot::VARIABLES;
pub use trunks::Trunks;
pub use understanding::{Asterisk, Message};
