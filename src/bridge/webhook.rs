//! Hosted phone systems, which send a request for whatever happens: a server takes them.
//!
//! What a sender's words mean is data: the settings of its hook, and presets for those that are known.

mod body;
mod calls;
mod guard;
mod hook;
mod message;
mod notice;
mod path;
mod receiver;
mod refused;
mod reply;
mod system;
#[cfg(test)]
mod tests;
mod understanding;

pub use body::BadBody;
pub use hook::said;
pub use message::{Message, Said};
pub use notice::{Happened, Notice, Reading, Unsaid};
pub use receiver::Receiver;
pub use system::System;
pub use understanding::Webhook;
