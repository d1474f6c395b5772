//! 3CX: by its Call Control API since version 20, and by its management console's list of calls before.

mod account;
mod beside;
mod call_control;
mod calls;
mod console;
mod conversation;
mod directory;
mod http;
mod leg;
mod look;
mod message;
mod polling;
mod row_text;
mod socket;
mod system;
mod token;
mod understanding;
#[cfg(test)]
mod vectors;
mod xapi;

pub use account::{Link, Login3cx};
pub use message::{Entry, Message, Participant, People, Place, Request, Row};
pub use system::System;
pub use understanding::ThreeCx;
