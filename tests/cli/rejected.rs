//! `hangup_rejected`: the hangup of a call that Zammad rejects.

use serde_json::json;

use crate::asterisk::{CALL, Channel, events};
use crate::servers::{Ran, Reply, Server};
use crate::spool_commands::with_spool;
use crate::support::{NEW_CALL, Sandbox, World, stderr};

const REJECT: &str = r#"{"action":"reject","reason":"busy"}"#;

/// A Zammad that rejects the first event's call, and replies so to the others.
fn rejecting(then: Reply) -> Server {
    Server::answering([Reply::json(200, REJECT), then])
}

fn seen(sandbox: &Sandbox, call_id: &str) -> Vec<String> {
    let call = sandbox.call(call_id);
    ["state", "comment", "done"].map(|key| call[key].to_string().replace('"', "")).to_vec()
}

#[test]
fn a_rejected_call_is_hung_up_at_once_with_the_cause_that_is_set() {
    // (arguments, variable, cause)
    let cases: [(&[&str], Option<&str>, Option<&str>); 6] = [
        (&["--hangup-rejected"], None, Some("busy")),
        (&["--hangup-rejected=forwarded"], None, Some("forwarded")),
        (&[], Some("forwarded"), Some("forwarded")),
        (&["--hangup-rejected=never"], Some("busy"), None),
        (&[], None, None),
        (&["--hangup-rejected", "--reject-exit=false"], None, Some("busy")),
    ];
    for (arguments, variable, cause) in cases {
        let world = World::new();
        let zammad = rejecting(Reply::json(200, "{}"));
        let mut program = world.bare();
        program.env("ZAMMAD_CTI_URL", zammad.url());
        program.envs(variable.map(|value| ("ZAMMAD_CTI_HANGUP_REJECTED", value)));
        program.args(NEW_CALL).args(arguments).assert().code(0).stdout("reject busy\n").stderr("");
        let hangup =
            cause.map(|cause| json!({ "event": "hangup", "callId": "7", "direction": "in", "cause": cause }));
        assert_eq!(events(&zammad).split_off(1), hangup.into_iter().collect::<Vec<_>>(), "{arguments:?}");
    }
    let world = World::new();
    let ended = world.bare().args(NEW_CALL).arg("--hangup-rejected=cancel").assert().code(2);
    assert!(stderr(&ended).contains("never, busy, forwarded"), "{}", stderr(&ended));
}

#[test]
fn a_call_that_zammad_takes_is_not_hung_up() {
    for reply in ["{}", r#"{"action":"dial","caller_id":"49305","number":"42"}"#] {
        let world = World::new();
        let zammad = Server::answering([Reply::json(200, reply)]);
        let mut program = world.bare();
        program.env("ZAMMAD_CTI_URL", zammad.url()).args(NEW_CALL).arg("--hangup-rejected");
        program.assert().code(0);
        assert_eq!(zammad.requests().len(), 1, "{reply}");
    }
}

#[test]
fn with_a_spool_the_phone_systems_own_hangup_is_no_second_one() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "493023125741"]);
    let own = |arguments: &[&str]| {
        let mut program = with_spool(&world, &sandbox.url, arguments);
        Ran::of(program.env("ZAMMAD_CTI_HANGUP_REJECTED", "busy"))
    };
    let ran = own(&NEW_CALL);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "reject busy\n", ""), "{ran}");
    assert_eq!(seen(&sandbox, "7"), ["hangup", "busy", "false"]);
    // A second one would take the mark off the missed call.
    let ran = own(&["hangup", "--call-id", "7", "--cause", "busy"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "none\n", ""), "{ran}");
    assert_eq!(seen(&sandbox, "7"), ["hangup", "busy", "false"]);
    let ran = Ran::of(&mut with_spool(&world, &sandbox.url, &["calls"]));
    assert_eq!(ran.stdout, "no call is open\n", "{ran}");
}

#[test]
fn a_hangup_that_zammad_does_not_take_leaves_the_decision_as_it_is() {
    let world = World::new();
    let zammad = rejecting(Reply::json(422, r#"{"error":"Feature is disabled"}"#));
    let mut program = world.bare();
    program.env("ZAMMAD_CTI_URL", zammad.url()).args(NEW_CALL).arg("--hangup-rejected");
    let ended = program.arg("--reject-exit").assert().code(10).stdout("reject busy\n");
    let said = stderr(&ended);
    assert!(said.contains("the hangup of the rejected call 7 is not with Zammad"), "{said}");
    // With a spool it is kept, and sent later.
    let zammad = rejecting(Reply::json(422, r#"{"error":"Feature is disabled"}"#));
    let mut new_call = with_spool(&world, &zammad.url(), &NEW_CALL);
    let ran = Ran::of(new_call.arg("--hangup-rejected"));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "reject busy\n"), "{ran}");
    let ran = Ran::of(&mut with_spool(&world, &zammad.url(), &["spool", "list"]));
    assert!(ran.stdout.contains("hangup"), "{ran}");
}

#[test]
fn agi_hangs_up_where_a_journal_knows_of_it() {
    // (whether there is a spool, setting, events)
    let cases = [(true, None, 2), (true, Some("never"), 1), (false, None, 1), (false, Some("busy"), 2)];
    for (has_spool, setting, count) in cases {
        let world = World::new();
        let zammad = rejecting(Reply::json(200, "{}"));
        let mut program = world.process();
        program.env("ZAMMAD_CTI_URL", zammad.url()).args(["agi", "new-call"]);
        program.envs(setting.map(|value| ("ZAMMAD_CTI_HANGUP_REJECTED", value)));
        if has_spool {
            program.env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
        }
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(&mut program);
        assert_eq!((ended.code, channel.get("ZAMMAD_ACTION")), (0, "reject"), "{has_spool} {setting:?}");
        assert_eq!(zammad.requests().len(), count, "{has_spool} {setting:?}");
        if has_spool && count == 2 {
            // The dialplan's own.
            let mut program = world.process();
            program.env("ZAMMAD_CTI_URL", zammad.url()).args(["agi", "hangup"]);
            let ended = channel.run(program.env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db")));
            assert_eq!(ended.code, 0);
            assert!(!ended.said.is_empty());
            // Whoever brings it has ended when nothing more is written.
            assert_eq!(ended.stderr(), "");
            assert_eq!(zammad.requests().len(), 2, "a second hangup");
        }
    }
}
