//! Others on the same machine: users of the spool's group who put links, pipes and folders in place of
//! what is in it, while root and the service work there; and files that they have made.
//!
//! It takes root, who becomes the users.

#[allow(dead_code, reason = "the others use the rest")]
#[path = "../cli/certificates.rs"]
mod certificates;
#[allow(dead_code, reason = "the others use the rest")]
#[path = "../cli/desk.rs"]
mod desk;
#[allow(dead_code, reason = "the others use the rest")]
#[path = "../cli/running.rs"]
mod running;
#[allow(dead_code, reason = "the others use the rest")]
#[path = "../cli/servers.rs"]
mod servers;
#[allow(dead_code, reason = "the others use the rest")]
#[path = "../cli/support.rs"]
mod support;

mod planted;
mod swapped;
mod users;
