//! A FRITZ!Box, by its call monitor.

mod line;
mod link;
mod listener;
mod number;
mod system;
#[cfg(test)]
mod tests;

pub use line::{Line, Message, Request, What};
pub use link::{Account, Link};
pub use listener::FritzBox;
pub use system::System;
