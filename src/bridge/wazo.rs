//! Wazo since 19.04, by the events of its WebSocket.
//!
//! Each event is about one leg. The legs of one conversation are one call; which way it goes may be known only when
//! somebody answers.
//!
//! Source: wazo-calld 07b6704d (`plugins/calls`), wazo-bus 4c47e71 (`resources/calls`), wazo-websocketd 0a263f5.

mod calls;
mod http;
mod link;
mod message;
mod system;
#[cfg(test)]
mod tests;
mod understanding;

pub use link::{Link, Server};
pub use message::{Message, Request};
pub use system::System;
pub use understanding::Wazo;
