//! FreeSWITCH, and FusionPBX, by their event socket.

mod block;
mod ending;
mod event;
mod groups;
mod header;
mod legs;
mod link;
mod listener;
mod look;
mod modules;
#[cfg(test)]
mod recordings;
mod request;
mod snapshot;
mod system;
#[cfg(test)]
mod tests;
mod understanding;

pub use block::{Block, Blocks, Endless};
pub use event::Event;
pub use header::Header;
pub use link::Link;
pub use listener::Listener;
pub use request::{Message, Request, Row, Says};
pub use system::System;
pub use understanding::FreeSwitch;
