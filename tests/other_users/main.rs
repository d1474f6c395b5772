//! Others on the same machine: users of the spool's group who put links, pipes and folders in place of
//! what is in it, while root and the service work there; and files that they have made.
//!
//! It takes root, who becomes the users.

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../support/lib.rs"]
mod support;
use support::{certificates, desk, running, servers};

mod planted;
mod swapped;
mod users;
