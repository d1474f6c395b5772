//! XiVO, by the protocol of its desktop client: JSON lines of the server `xivo-ctid`.
//!
//! No message lists calls. A call is put together from what there is: call forms, queues' entries, channels (of servers
//! up to 15.18), a user's own line, and the lamps of phones.
//!
//! Source: the code of xivo-ctid 14.06, 15.18 and 19.03, and recordings of it in `tests/fixtures/bridge/xivo`.

mod channels;
mod directory;
mod form;
mod forms;
mod ledger;
mod lines;
mod link;
mod loading;
mod login;
mod look;
mod message;
mod queues;
mod system;
#[cfg(test)]
mod tests;
mod understanding;
mod wire;

pub use form::{Form, FormError};
pub use link::{Link, Server};
pub use message::{Ask, List, Message, Request};
pub use system::System;
pub use understanding::Xivo;
