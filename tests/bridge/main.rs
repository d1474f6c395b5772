//! Whole phone systems, followed by the real program over a real socket.

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../support/lib.rs"]
mod support;
use support::{running, servers};

#[allow(dead_code, reason = "what an interface can do is written down whole")]
#[path = "../support/ami.rs"]
mod ami;
mod following;
mod recorded;
mod recordings;
#[path = "../support/switchboard.rs"]
mod switchboard;
#[allow(dead_code, reason = "what Zammad can be asked for is written down whole")]
mod zammad;
