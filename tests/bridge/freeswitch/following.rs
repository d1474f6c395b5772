//! The real program, which follows an event socket and reports to a Zammad.

use std::process::Command;

use serde_json::{Map, Value, json};

use crate::esl::{Esl, PASSWORD};
use crate::running::Running;
use crate::support::World;
use crate::zammad::Zammad;

/// The program, about to follow.
pub fn bridge(world: &World, esl: &Esl, zammad: &Zammad) -> Command {
    let mut program = world.process();
    program.args([
        "bridge",
        "freeswitch",
        "--output",
        "json",
        "--url",
        &zammad.url(),
        "--address",
        &esl.at(),
    ]);
    program.arg("--password-file").arg(world.file("password", 0o600, &format!("{PASSWORD}\n")));
    program
}

/// Ends it as systemd does, and returns what it said.
pub fn end(running: Running) -> String {
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(!format!("{ran}").contains(PASSWORD), "the password is shown: {ran}");
    ran.stderr
}

/// An event of a caller's leg; `more` are headers.
pub fn event(name: &str, uuid: &str, more: &Value) -> Map<String, Value> {
    let mut event = json!({
        "Event-Name": name, "Unique-ID": uuid, "Call-Direction": "inbound", "Caller-Context": "public",
        "Caller-Caller-ID-Number": "4940669690", "Caller-Destination-Number": "493023125101",
        "variable_sofia_profile_name": "external",
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.as_object().unwrap().clone()
}

/// A call from outside that waits in a queue.
pub fn waiting_call(uuid: &str) -> [Map<String, Value>; 2] {
    let queue = json!({
        "Event-Subclass": "callcenter::info", "CC-Action": "member-queue-start", "CC-Queue": "support@pbx.example",
        "CC-Member-Session-UUID": uuid, "Answer-State": "answered",
    });
    [event("CHANNEL_CREATE", uuid, &json!({})), event("CUSTOM", uuid, &queue)]
}

/// Its end.
pub fn hangup(uuid: &str) -> Map<String, Value> {
    let cause = json!({ "Hangup-Cause": "NORMAL_CLEARING", "variable_sip_hangup_disposition": "recv_bye" });
    event("CHANNEL_HANGUP_COMPLETE", uuid, &cause)
}
