//! The real program, which follows an interface and reports to a Zammad.

use std::path::PathBuf;
use std::process::Command;

use crate::ami::{Ami, SECRET, USERNAME};
use crate::recordings::OUTSIDE_PREFIX;
use crate::running::Running;
use crate::support::World;
use crate::zammad::Zammad;

/// The program, about to follow.
pub fn bridge(world: &World, ami: &Ami, zammad: &Zammad) -> Command {
    let mut program = bridge_of_file(world, ami);
    program.args(["--url", &zammad.url()]);
    program
}

/// The same, which is to be told of Zammad by a file.
pub fn bridge_of_file(world: &World, ami: &Ami) -> Command {
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--output", "json"]);
    program.args(["--address", &ami.address.to_string(), "--username", USERNAME]);
    program.args(["--outside-prefix", OUTSIDE_PREFIX, "--secret-file"]).arg(secret(world));
    program
}

/// The same with a spool, so that its open calls are known to the next process.
pub fn with_spool(world: &World, ami: &Ami, zammad: &Zammad) -> Command {
    let mut program = bridge(world, ami, zammad);
    program.arg("--spool-path").arg(world.path("spool.db"));
    program
}

/// The service that sends what the spool has kept.
pub fn spool(world: &World, zammad: &Zammad) -> Command {
    let mut program = world.process();
    program.args(["spool", "run", "--url", &zammad.url(), "--spool-path"]).arg(world.path("spool.db"));
    program
}

fn secret(world: &World) -> PathBuf {
    world.file("secret", 0o600, SECRET)
}

/// Ends it as systemd does, and returns what it said.
pub fn end(running: Running) -> String {
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(!format!("{ran}").contains(SECRET), "the secret is shown: {ran}");
    ran.stderr
}

/// What Asterisk says of a call from outside that waits in a queue.
pub fn waiting_call(id: &str, from: &str) -> String {
    format!(
        "Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-{id}\r\nChannelStateDesc: Ring\r\n\
         CallerIDNum: {from}\r\nContext: from-trunk\r\nExten: 493023125101\r\nUniqueid: {id}\r\n\
         Linkedid: {id}\r\n\r\n\
         Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nChannel: PJSIP/trunk-{id}\r\n\
         ChannelStateDesc: Up\r\nUniqueid: {id}\r\nLinkedid: {id}\r\nQueue: 700\r\n\r\n"
    )
}

/// What it says at the end of one that nobody took.
pub fn hangup(id: &str) -> String {
    format!(
        "Event: HangupRequest\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-{id}\r\nChannelStateDesc: Up\r\n\
         Uniqueid: {id}\r\nLinkedid: {id}\r\n\r\n\
         Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-{id}\r\nChannelStateDesc: Up\r\n\
         Uniqueid: {id}\r\nLinkedid: {id}\r\nCause: 16\r\n\r\n"
    )
}
