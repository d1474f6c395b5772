//! XiVO, by the protocol of its desktop client: JSON lines of the server `xivo-ctid`.
//!
//! No message lists calls. A call is put together from what there is: call forms, queues' entries, channels (of servers
//! up to 15.18), a user's own line, and the lamps of phones.
//!
//! Source: the code of xivo-ctid 14.06, 15.18 and 19.03, and recordings of it in `tests/fixtures/bridge/xivo`.

mod form;
mod message;

pub use form::{Form, FormError};
pub use message::{Ask, List, Message, Request};
