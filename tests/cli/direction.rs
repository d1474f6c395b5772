//! The direction in all the places where it may be written.

use std::time::Duration;

use predicates::prelude::*;
use serde_json::json;

use crate::asterisk::{CALL, Channel, events};
use crate::desk::Desk;
use crate::fastagi::{fastagi, zammad};
use crate::running::until;
use crate::servers::at_once;
use crate::support::{World, stderr};

/// (as it is written, as Zammad gets it)
const WORDS: [(&str, &str); 14] = [
    ("in", "in"),
    ("IN", "in"),
    ("inbound", "in"),
    ("Inbound", "in"),
    ("INCOMING", "in"),
    (" in ", "in"),
    ("Out", "out"),
    ("outbound", "out"),
    ("Outgoing", "out"),
    ("OUT\t", "out"),
    ("Eingehend", "in"),
    ("entrante", "in"),
    ("ausgehend", "out"),
    ("SORTANT", "out"),
];

#[test]
fn each_word_for_a_direction_is_understood_wherever_it_is_written() {
    at_once(WORDS, |(written, sent)| {
        let world = World::new();
        for (event, more) in [
            ("new-call", &["--from", "4930123456", "--to", "4930555710"][..]),
            ("answer", &[]),
            ("hangup", &[]),
        ] {
            let mut posted = world.every_request();
            let command = [&[event, "--call-id", "7", "--direction", written], more].concat();
            world.zammad_cti(command).code(0).stdout("none\n").stderr("");
            let kind = if event == "new-call" { "newCall" } else { event };
            let mut line = json!({ "event": kind, "call_id": "7", "direction": written });
            if event == "new-call" {
                line["from"] = "4930123456".into();
                line["to"] = "4930555710".into();
            }
            let mut program = world.program();
            program.args(["send", "--dry-run", "--output", "json"]).write_stdin(line.to_string());
            let has = predicate::str::contains(format!("\"direction\":\"{sent}\""));
            program.assert().code(0).stdout(has.clone()).stderr("");
            let mut program = world.program();
            let command = [&[event, "--call-id", "7", "--direction", written], more].concat();
            program
                .args(command)
                .args(["--dry-run", "--output", "json"])
                .assert()
                .code(0)
                .stdout(has)
                .stderr("");
            posted.assert_calls(1);
            posted.delete();
        }
    });
}

#[test]
fn each_word_for_a_direction_is_understood_over_agi() {
    at_once(WORDS, |(written, sent)| {
        let world = World::new();
        for is_served in [false, true] {
            let zammad = zammad(Duration::ZERO);
            let server = is_served.then(|| fastagi(&world, &zammad.url(), &[]));
            let run = |channel: &mut Channel, event: &str, option: Option<&str>| match &server {
                Some(server) => {
                    let option = option.map(|word| format!("?direction={}", word.trim()));
                    channel.call(server.address, &format!("{event}{}", option.unwrap_or_default()));
                }
                None => {
                    let mut program = world.process();
                    program.env("ZAMMAD_CTI_URL", zammad.url()).args(["agi", event]);
                    program.args(option.into_iter().flat_map(|word| ["--direction", word]));
                    assert_eq!(channel.run(&mut program).stderr(), "", "{event} {written:?}");
                }
            };
            let mut channel = Channel::of_customer(CALL);
            run(&mut channel, "new-call", Some(written));
            assert_eq!(channel.get("ZAMMAD_DIRECTION"), sent, "{written:?}");
            // A dialplan of its own may have noted it.
            let mut channel = Channel::of_customer(CALL).with(&[("ZAMMAD_DIRECTION", written)]);
            run(&mut channel, "answer", None);
            run(&mut channel, "hangup", None);
            until("all events", || zammad.requests().len() == 3);
            for event in events(&zammad) {
                assert_eq!(event["direction"], sent, "{written:?} {event}");
            }
            if let Some(server) = server {
                server.stop();
            }
        }
    });
}

#[test]
fn another_word_for_a_direction_is_refused() {
    let world = World::new();
    let requests = world.every_request();
    for event in ["new-call", "answer", "hangup"] {
        let call = if event == "new-call" { &["--from", "1", "--to", "2"] } else { &["--call-id", "7"][..] };
        let ended = world.zammad_cti([&[event, "--direction", "sideways"], call].concat());
        let said = if event == "new-call" {
            "invalid value 'sideways'"
        } else {
            "--direction: the direction must be"
        };
        ended.code(2).stdout("").stderr(predicate::str::contains(said));
    }
    let mut program = world.program();
    program.arg("send").write_stdin(r#"{"event":"hangup","call_id":"7","direction":"sideways"}"#);
    program.assert().code(65).stderr(predicate::str::contains("the direction must be `in` or `out`"));
    // An unset variable is none.
    let ended = world.zammad_cti(["new-call", "--direction", "", "--from", "1", "--to", "2"]);
    ended.code(65).stdout("").stderr(predicate::str::contains("a newCall needs `direction`"));
    requests.assert_calls(0);
}

#[test]
fn an_unknown_direction_of_a_known_call_is_that_of_its_new_call() {
    const SAID: &str = "an unknown direction; agents see it as `out`, the call's own; give `in` or `out`";
    for word in ["internal", "local", "\u{fffd}"] {
        let desk = Desk::new();
        desk.says(
            &["new-call", "--call-id", "7", "--direction", "out", "--from", "42", "--to", "4930123456"],
            "none",
        );
        for event in ["answer", "hangup"] {
            let ran = desk.says(&[event, "--call-id", "7", "--direction", word], "none");
            assert!(ran.stderr.contains(SAID) && ran.stderr.lines().count() == 1, "{word}: {ran}");
            assert!(ran.stderr.trim_end().len() <= 120, "{word}: {ran}");
        }
        assert_eq!(desk.seen("7").unwrap().state, "hangup", "{word}");
        // Also of a call whose newCall the same writer has sent.
        let lines = [
            json!({ "event": "newCall", "call_id": "8", "direction": "out", "from": "42", "to": "4930123456" }),
            json!({ "event": "hangup", "call_id": "8", "direction": word }),
        ];
        let world = World::new();
        let mut program = world.program();
        let lines = lines.map(|line| format!("{line}\n")).concat();
        program.args(["send", "--dry-run", "--output", "json"]).write_stdin(lines);
        let sent = program.assert().code(0).stderr(predicate::str::contains(SAID));
        let both = predicate::str::contains("\"direction\":\"out\"").count(2);
        sent.stdout(both);
        // And over AGI.
        let zammad = zammad(Duration::ZERO);
        let mut channel =
            Channel::of_customer(CALL).with(&[("ZAMMAD_CALLID", CALL), ("ZAMMAD_DIRECTION", "out")]);
        let mut program = world.process();
        program.env("ZAMMAD_CTI_URL", zammad.url()).args(["agi", "hangup", "--direction", word]);
        let said = channel.run(&mut program).stderr();
        assert!(said.contains(SAID), "{word}: {said}");
        until("the hangup", || zammad.requests().len() == 1);
        assert_eq!(events(&zammad)[0]["direction"], "out", "{word}");
    }
}

#[test]
fn a_direction_that_nobody_knows_is_said_once() {
    const SAID: &str = "zammad-cti: warning: no direction, so it is `in`: agents see an outbound call";
    let is_said = |stderr: &str, what: &str| {
        assert!(stderr.starts_with(SAID) && stderr.lines().count() == 1, "{what}: {stderr}");
        assert!(stderr.trim_end().len() <= 120, "{what}: {stderr}");
    };
    let world = World::new();
    let posted = world.every_request();
    for event in ["answer", "hangup"] {
        for options in [&[][..], &["--direction", ""], &["--direction", " "], &["--dry-run"]] {
            let ended = world.zammad_cti([&[event, "--call-id", "7"], options].concat());
            is_said(&stderr(&ended.code(0)), &format!("{event} {options:?}"));
        }
        for direction in [json!(null), json!(""), json!(" ")] {
            let line = json!({ "event": event, "call_id": "7", "direction": direction });
            let mut program = world.program();
            let ended = program.arg("send").write_stdin(line.to_string()).assert().code(0);
            is_said(&stderr(&ended).replace("line 1: ", ""), &format!("{line}"));
        }
        let zammad = zammad(Duration::ZERO);
        let mut program = world.process();
        program.env("ZAMMAD_CTI_URL", zammad.url()).args(["agi", event]);
        is_said(&Channel::of_customer(CALL).run(&mut program).stderr(), event);
        let server = fastagi(&world, &zammad.url(), &[]);
        Channel::of_customer(CALL).call(server.address, event);
        until("both events", || zammad.requests().len() == 2);
        let ran = server.stop();
        assert_eq!(ran.stderr.matches(SAID).count(), 1, "{event}: {ran}");
    }
    posted.assert_calls(12);
}

#[test]
fn a_direction_that_somebody_knows_need_not_be_said() {
    let world = World::new();
    let posted = world.every_request();
    let call = ["--from", "42", "--to", "4930123456", "--direction", "out", "--call-id", "7"];
    let run = |arguments: &[&str]| {
        let ended = world.zammad_cti([arguments, &["--spool-path", "spool.db"]].concat());
        ended.code(0).stdout("none\n").stderr("");
    };
    run(&[&["new-call"], &call[..]].concat());
    run(&["answer", "--call-id", "7"]);
    let ended =
        world.zammad_cti(["hangup", "--call-id", "7", "--direction", "in", "--spool-path", "spool.db"]);
    let said = "zammad-cti: warning: the hangup is sent as `out`, as agents see the call, not as `in`";
    let told = stderr(&ended.code(0).stdout("none\n"));
    assert!(told.starts_with(said) && told.lines().count() == 1, "{told}");
    // The lines before say it too.
    let lines = [
        json!({ "event": "newCall", "call_id": "8", "direction": "out", "from": "42", "to": "4930123456" }),
        json!({ "event": "answer", "call_id": "8" }),
        json!({ "event": "hangup", "call_id": "8" }),
    ];
    let mut program = world.program();
    program.arg("send").write_stdin(lines.map(|line| format!("{line}\n")).concat());
    program.assert().code(0).stdout("none\nnone\nnone\n").stderr("");
    posted.assert_calls(6);
}
