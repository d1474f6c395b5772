//! Asterisk, by its manager interface.

mod action;
mod block;
mod dial_string;
mod link;
mod listener;
mod look;
mod masking;
#[cfg(test)]
mod recordings;
mod rights;
#[cfg(test)]
mod rules;
mod snapshot;
mod system;
mod trunks;
mod understanding;
mod wholeness;

pub use action::Action;
pub use block::{Block, BlockError, Blocks};
pub use link::{Account, Link};
pub use listener::Listener;
pub use snapshot::VARIABLES;
pub use system::System;
pub use trunks::Trunks;
pub use understanding::{Asterisk, Message};
