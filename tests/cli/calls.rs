//! `calls`: the calls that were reported from here and have not ended.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::patiently;
use crate::servers::{Ran, reserved_port, url};
use crate::spool_commands::{lines, with_spool};
use crate::support::{Sandbox, World};
use crate::terminal::Terminal;

/// Reports a call that begins to ring. On a busy machine the journal may not answer in time; then the event goes
/// without it, and the test cannot go on.
pub fn rings(world: &World, zammad: &str, call_id: &str, direction: &str) {
    let arguments =
        ["new-call", "--from", "493023125741", "--to", "42", "--direction", direction, "--call-id", call_id];
    patiently(|| {
        let ran = Ran::of(&mut with_spool(world, zammad, &arguments));
        assert_eq!((ran.code, ran.stderr.contains("without reading the spool")), (0, false), "{ran}");
    });
}

fn calls(world: &World, zammad: &str, arguments: &[&str]) -> Ran {
    Ran::of(with_spool(world, zammad, &["calls"]).args(arguments))
}

/// The ids of the open calls.
fn open(world: &World, zammad: &str) -> Vec<String> {
    let ran = calls(world, zammad, &["--output", "json"]);
    lines(&ran).iter().map(|call| call["call_id"].as_str().unwrap().to_owned()).collect()
}

/// What an agent sees of a call: its state, its cause, and whether it is done.
fn seen(sandbox: &Sandbox, call_id: &str) -> [Value; 3] {
    let call = sandbox.call(call_id);
    ["state", "comment", "done"].map(|key| call[key].clone())
}

#[test]
fn open_calls_are_listed_with_what_is_known_of_them() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ran = calls(&world, &sandbox.url, &[]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "no call is open\n", ""));
    assert!(!world.path("spool.db").exists(), "a look begins no file");
    let mut new_call = with_spool(&world, &sandbox.url, &["new-call", "--from", "+49 30 23125741"]);
    new_call.args(["--to", "42", "--direction", "in", "--call-id", "1", "--call-key", "SIP/\u{202e}x"]);
    assert_eq!(Ran::of(&mut new_call).code, 0);
    rings(&world, &sandbox.url, "2", "out");
    let answer = ["answer", "--call-id", "1"];
    assert_eq!(Ran::of(&mut with_spool(&world, &sandbox.url, &answer)).code, 0);

    let ran = calls(&world, &sandbox.url, &["list", "--output", "json"]);
    let mut listed = lines(&ran);
    for call in &mut listed {
        assert!(call["since"].as_str().unwrap().ends_with('Z') && call["age_ms"].is_u64(), "{ran}");
        for key in ["since", "age_ms"] {
            call.as_object_mut().unwrap().remove(key);
        }
    }
    let expected = [
        json!({ "version": 1, "number": 1, "call_id": "1", "key": "SIP/\u{202e}x", "direction": "in",
                "from": "493023125741", "to": "42",
                "answered": true, "hangup_in_doubt": false, "waiting": 0 }),
        json!({ "version": 1, "number": 2, "call_id": "2", "direction": "out", "from": "493023125741",
                "to": "42", "answered": false, "hangup_in_doubt": false, "waiting": 0 }),
    ];
    assert_eq!(listed, expected, "{ran}");

    let ran = calls(&world, &sandbox.url, &[]);
    assert_eq!(ran.code, 0, "{ran}");
    for part in ["answered  493023125741 -> 42", "rings     493023125741 -> 42", r"key SIP/\u{202e}x"] {
        assert!(ran.stdout.contains(part), "no {part:?} in {ran}");
    }
    let hangup = ["hangup", "--call-id", "1"];
    assert_eq!(Ran::of(&mut with_spool(&world, &sandbox.url, &hangup)).code, 0);
    assert_eq!(open(&world, &sandbox.url), ["2"]);
}

#[test]
fn lists_are_no_wider_than_their_terminal() {
    let world = World::new();
    let closed = reserved_port();
    let zammad = url(closed.local_addr().unwrap());
    let long = "0123456789abcdef0123456789ABCDEF";
    let event = json!({ "event": "newCall", "call_id": long, "direction": "in", "from": "493023125741",
                        "to": "4930600000000" });
    let mut send = with_spool(&world, &zammad, &["send", "--spool-mode", "always"]);
    assert_eq!(Ran::of(send.write_stdin(format!("{event}\n"))).code, 0);
    for columns in [80, 40, 20] {
        for command in ["calls", "spool list"] {
            let mut program = world.process();
            program.env("ZAMMAD_CTI_URL", &zammad).env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
            let mut terminal = Terminal::start(program.args(command.split(' ')), columns, 60);
            assert_eq!(terminal.ended().code(), Some(0), "{command}");
            let written = String::from_utf8(terminal.written.clone()).unwrap();
            let (written, _) = written.split_once("\u{1b}]0;over").unwrap();
            for line in written.lines() {
                let width = line.trim_end().chars().count();
                assert!(width <= usize::from(columns), "{command} in {columns}: {width} in {line:?}");
            }
            // Whole, so that it can be copied, where there is room.
            let whole = written.split_whitespace().collect::<String>();
            assert!(columns == 20 || whole.contains("493023125741->"), "{command} in {columns}: {written}");
            assert!(columns != 40 || written.contains(long), "{command} in {columns}: {written}");
        }
    }
}

#[test]
fn a_closed_call_gets_the_hangup_that_it_would_have_had() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    for (call_id, direction) in [("missed", "in"), ("talk", "in"), ("out", "out"), ("busy", "in")] {
        rings(&world, &sandbox.url, call_id, direction);
    }
    let answer = ["answer", "--call-id", "talk"];
    assert_eq!(Ran::of(&mut with_spool(&world, &sandbox.url, &answer)).code, 0);
    let ran = calls(&world, &sandbox.url, &["close", "busy", "--cause", "busy"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    // A young call is none of these.
    let ran = calls(&world, &sandbox.url, &["close", "--older-than", "4h"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{ran}");
    let ran = calls(&world, &sandbox.url, &["close", "--all"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "none\n".repeat(3).as_str(), ""));
    // (call, cause, whether it is done: the others were missed)
    let cases = [
        ("missed", "cancel", false),
        ("talk", "normalClearing", true),
        ("out", "cancel", true),
        ("busy", "busy", false),
    ];
    for (call_id, cause, done) in cases {
        assert_eq!(seen(&sandbox, call_id), [json!("hangup"), json!(cause), json!(done)], "{call_id}");
    }
    assert!(open(&world, &sandbox.url).is_empty());
    // Whoever closes it again does not hide that it was missed.
    let ran = calls(&world, &sandbox.url, &["close", "missed"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    assert!(ran.stderr.contains("has already ended, so no second hangup is sent"), "{ran}");
    assert_eq!(seen(&sandbox, "missed")[2], json!(false));
}

#[test]
fn all_calls_are_closed_however_many_there_are() {
    let world = World::new();
    let closed = reserved_port();
    let zammad = url(closed.local_addr().unwrap());
    let events: String = (0..1203)
        .map(|call| {
            format!("{{\"event\":\"newCall\",\"call_id\":\"{call}\",\"direction\":\"in\",\"from\":\"1\",\"to\":\"2\"}}\n")
        })
        .collect();
    let always = |arguments: &[&str]| {
        let mut program = with_spool(&world, &zammad, arguments);
        program.env("ZAMMAD_CTI_SPOOL_MODE", "always");
        program
    };
    let ran = Ran::of(always(&["send"]).write_stdin(events));
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1203), "{}", ran.stderr);
    for which in [&["--older-than", "1ms"][..], &["--all"]] {
        let ran = Ran::of(always(&["calls", "close"]).args(which));
        let expected = if which == ["--all"] { 0 } else { 1203 };
        assert_eq!((ran.code, ran.stdout.matches("spooled\n").count()), (0, expected), "{}", ran.stderr);
    }
    assert!(open(&world, &zammad).is_empty());
}

#[test]
fn each_call_has_its_line_and_the_first_failure_its_code() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ran = calls(&world, &sandbox.url, &["close", "nobody"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (65, "failed invalid\n"), "no file yet: {ran}");
    rings(&world, &sandbox.url, "1", "in");
    let ran = calls(&world, &sandbox.url, &["close", "nobody", "1", "--output", "json"]);
    let told = lines(&ran);
    assert_eq!((ran.code, told.len()), (65, 2), "{ran}");
    assert_eq!((&told[0]["delivery"], &told[0]["error_class"]), (&json!("failed"), &json!("invalid")));
    assert_eq!((&told[1]["delivery"], &told[1]["call_id"]), (&json!("delivered"), &json!("1")));
    assert!(ran.stderr.contains("no call nobody was reported from here"), "{ran}");
    // (arguments, a part of the complaint)
    let cases: [(&[&str], &str); 6] = [
        (&["close"], "<CALLID|--older-than <TIME>|--all>"),
        (&["close", "1", "--all"], "cannot be used with"),
        (&["close", "--all", "--older-than", "4h"], "cannot be used with"),
        (&["close", "--older-than", "4"], "a number and a unit"),
        (&["close", "1", "--force", "--forget"], "cannot be used with"),
        (&["clse"], "'close'"),
    ];
    for (arguments, complaint) in cases {
        let ran = calls(&world, &sandbox.url, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran}");
        assert!(ran.stderr.contains(complaint), "{arguments:?}: {ran}");
    }
    let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", &sandbox.url).arg("calls"));
    assert_eq!((ran.code, ran.stderr.contains("there is no spool")), (78, true), "{ran}");
}

#[test]
fn a_call_that_zammad_does_not_know_rings_nowhere() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    rings(&world, &sandbox.url, "1", "in");
    sandbox.ask("POST /sandbox/reset", &[], "").unwrap();
    let ran = calls(&world, &sandbox.url, &["close", "1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (65, "failed unknown-call\n"), "{ran}");
    assert!(
        ran.stderr.contains("call 1 was removed from the list, because it does not ring in Zammad"),
        "{ran}"
    );
    assert!(open(&world, &sandbox.url).is_empty());

    // A Zammad in trouble uses the same words for calls that it knows.
    rings(&world, &sandbox.url, "2", "in");
    let error = "Error ID zntrXi7j: Please contact your administrator.";
    let body = json!({ "error": error, "error_human": error }).to_string();
    sandbox
        .fault(json!({ "mode": "respond", "status": 500, "content_type": "application/json", "body": body }));
    let ran = calls(&world, &sandbox.url, &["close", "2"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (69, "failed failed\n"), "{ran}");
    assert_eq!(open(&world, &sandbox.url), ["2"]);
}

#[test]
fn a_call_whose_hangup_is_in_doubt_is_left_alone() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let in_doubt = |call_id: &str, mode: &str| {
        rings(&world, &sandbox.url, call_id, "in");
        sandbox.fault(json!({ "mode": mode, "count": 1 }));
        let ran = Ran::of(&mut with_spool(&world, &sandbox.url, &["hangup", "--call-id", call_id]));
        assert_eq!(ran.code, 69, "{ran}");
    };
    let unconfirmed =
        || lines(&Ran::of(&mut with_spool(&world, &sandbox.url, &["spool", "list", "--output", "json"])));
    in_doubt("lost", "drop_before");
    in_doubt("there", "drop_after");
    let ran = calls(&world, &sandbox.url, &[]);
    assert_eq!(ran.stdout.matches("its hangup is in doubt").count(), 2, "{ran}");
    for which in [&["lost", "there"][..], &["--all"]] {
        let ran = Ran::of(with_spool(&world, &sandbox.url, &["calls", "close"]).args(which));
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (69, "failed unconfirmed\nfailed unconfirmed\n"),
            "{ran}"
        );
        let advice =
            "if it rings there, `calls close --force lost`; if it has ended, `calls close --forget lost`";
        assert!(ran.stderr.contains(advice), "{ran}");
    }
    assert_eq!(seen(&sandbox, "lost")[0], json!("newCall"));
    assert_eq!(seen(&sandbox, "there")[2], json!(false), "missed, and not hidden");
    assert_eq!(unconfirmed().len(), 2);
    let ran = calls(&world, &sandbox.url, &["close", "--force", "lost"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    let ran = calls(&world, &sandbox.url, &["close", "--forget", "there"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    for call_id in ["lost", "there"] {
        let [state, _, done] = seen(&sandbox, call_id);
        assert_eq!((state, done), (json!("hangup"), json!(false)), "{call_id} is missed");
    }
    // Nobody sends what is settled.
    assert_eq!(unconfirmed(), Vec::<Value>::new());
    assert!(open(&world, &sandbox.url).is_empty());
}

#[test]
fn while_zammad_is_down_hangups_are_kept_and_only_one_is_tried() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    for call_id in ["1", "2", "3"] {
        rings(&world, &sandbox.url, call_id, "out");
    }
    sandbox.fault(json!({ "mode": "respond", "status": 503 }));
    let ran = calls(&world, &sandbox.url, &["close", "--all", "--deadline", "1s"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\nspooled\nspooled\n"), "{ran}");
    assert!(ran.stderr.contains("the other calls go into the spool at once"), "{ran}");
    assert!(ran.took.within(Duration::from_millis(1500)), "{ran}");
    assert!(open(&world, &sandbox.url).is_empty());
    sandbox.fault(json!({ "mode": "none" }));
    let ran = Ran::of(&mut with_spool(&world, &sandbox.url, &["spool", "flush"]));
    assert_eq!(ran.stdout, "delivered 3, waiting 0, unconfirmed 0, dead 0\n", "{ran}");
    assert_eq!(seen(&sandbox, "3")[0], json!("hangup"));
}
