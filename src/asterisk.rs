//! What a phone system with Asterisk means: who calls and who is called, whose phone a channel is, and
//! why a call ended.

mod call_end;
mod channel;
mod party;

pub use call_end::CallEnd;
// Hidden, because they grow with each program that follows calls inside Asterisk.
pub(crate) use channel::Channel;
pub(crate) use party::{called, calling, is_number, number_in, shown_name};
