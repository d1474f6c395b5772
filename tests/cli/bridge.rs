//! `bridge asterisk`, by recordings and over a socket.

use serde_json::json;

use crate::ami::{Ami, SECRET, USERNAME};
use crate::running::{Running, until};
use crate::support::recordings::{of_asterisk, sorted};
use crate::support::{World, stdout};

/// What Asterisk said, as `--record` writes it.
fn as_recorded(said: &str) -> String {
    let mut time = 0.0;
    let mut lines = String::from("{\"time\":0,\"connected\":\"1\"}\n");
    for block in said.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let fields: Vec<(&str, &str)> =
            block.lines().filter_map(|line| line.split_once(':')).map(|(k, v)| (k, v.trim())).collect();
        if let Some((_, stamp)) = fields.iter().find(|(name, _)| *name == "Timestamp") {
            time = stamp.parse().unwrap();
        }
        lines.push_str(&json!({ "time": time, "said": { "block": fields } }).to_string());
        lines.push('\n');
    }
    lines
}

#[test]
fn recorded_calls_become_the_right_events() {
    let world = World::new();
    let mut wrong = String::new();
    for (name, said, expected) in ["plain", "freepbx"].into_iter().flat_map(of_asterisk) {
        let recording = world.file("recording", 0o600, &as_recorded(&said));
        let arguments =
            ["bridge", "asterisk", "--dry-run", "--output", "json", "--outside-prefix", "0", "--replay"];
        let ended = world.program().args(arguments).arg(recording).assert().code(0);
        let lines = stdout(&ended);
        let events = sorted(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
        let expected = sorted(expected);
        if events != expected {
            wrong.push_str(&format!("{name}:\n  {events:?}\nexpected:\n  {expected:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_recording_sends_nothing() {
    let world = World::new();
    let requests = world.every_request();
    let recording = world.file("recording", 0o600, "{\"time\":0,\"connected\":\"1\"}\n");
    world.program().args(["bridge", "asterisk", "--replay"]).arg(recording).assert().code(2);
    requests.assert_calls(0);
}

/// Of two phone systems with one spool, each bridge takes up its own calls.
#[test]
fn open_calls_are_taken_up_by_the_bridge_that_reported_them() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let (first, second) = (Ami::start(), Ami::start());
    let secret = world.file("secret", 0o600, SECRET);
    let start = |ami: &Ami| {
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--url", &sandbox.url, "--username", USERNAME, "--spool-path"]);
        program.arg(world.path("spool.db")).args(["--address", &ami.at(), "--secret-file"]).arg(&secret);
        Running::start(&mut program)
    };
    let end = |running: Running| {
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
    };
    let running = start(&first);
    let call = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
                Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
                Event: QueueCallerJoin\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: 700\r\n\r\n";
    first.session().say(call);
    until("the call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "1.1"));
    end(running);
    let running = start(&second);
    second.session().say(call.replace("1.1", "2.1"));
    until("the other call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "2.1"));
    end(running);
    assert_eq!(sandbox.call("1.1")["state"], "newCall");
    let running = start(&first);
    until("the call has ended at Zammad", || sandbox.call("1.1")["state"] == "hangup");
    end(running);
    assert_eq!(sandbox.call("2.1")["state"], "newCall");
}

#[test]
fn a_call_over_a_socket_is_seen_by_agents() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let secret = world.file("secret", 0o600, SECRET);
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--url", &sandbox.url, "--username", USERNAME]);
    program.args(["--address", &ami.at(), "--secret-file"]).arg(secret);
    let running = Running::start(&mut program);
    let connection = ami.session();
    let said = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
                Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
                Event: DialBegin\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\
                DestChannel: PJSIP/101-2\r\nDestChannelStateDesc: Down\r\nDestCallerIDNum: 101\r\n\
                DestCallerIDName: Anna Agent\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1\r\nDialString: 101\r\n\r\n";
    connection.say(said);
    until("the call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "1.1"));
    // The connection is lost; afterwards the call is no longer there.
    connection.end();
    ami.session();
    until("the call has ended at Zammad", || sandbox.call("1.1")["state"] == "hangup");
    running.signal("TERM");
    let ran = running.end();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\nnone\n"), "{ran}");
    assert!(!ran.stderr.contains(SECRET), "{ran}");
    ami.assert_content();
}

#[test]
fn settings_that_cannot_work_are_a_matter_of_configuration() {
    let world = World::new();
    // (arguments, what is missing)
    let cases: [(&[&str], &str); 3] = [
        (&[], "bridge.asterisk.secret_file is not set"),
        (&["--secret", "s"], "bridge.asterisk.username is not set"),
        (&["--secret", "s", "--username", "u", "--tls", "--bridge-asterisk-ca-file", "nowhere"], "nowhere"),
    ];
    for (arguments, missing) in cases {
        let ended = world.program().args(["bridge", "asterisk"]).args(arguments).assert().code(78);
        let said = String::from_utf8_lossy(&ended.get_output().stderr).into_owned();
        assert!(said.contains(missing), "{said}");
    }
}
