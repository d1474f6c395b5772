use predicates::prelude::*;
use serde_json::{Value, json};

use crate::support::{World, stderr};

#[test]
fn an_answer_says_what_zammad_can_make_use_of() {
    let several = "only \"alice\" is named";
    let nobody = "agents do not see who picked up";
    let outbound = "in place of the customer's name";
    // (arguments, body besides event and call id, warning)
    let cases: [(&[&str], Value, &str); 17] = [
        (&[], json!({ "direction": "in" }), ""),
        (
            &["--from", "030 23125741", "--to", "42", "--country", "DE"],
            json!({ "direction": "in", "from": "493023125741", "to": "42" }),
            "",
        ),
        (&["--user", "alice"], json!({ "direction": "in", "user": "alice" }), ""),
        (&["--user", "alice", "--user", "bob"], json!({ "direction": "in", "user": "alice" }), several),
        (&["--user", ""], json!({ "direction": "in" }), nobody),
        (&["--user", " ", "--user", ""], json!({ "direction": "in" }), nobody),
        (&["--user", "", "--user", "alice"], json!({ "direction": "in", "user": "alice" }), ""),
        // It is the customer who picked up.
        (&["--user", "", "--direction", "out"], json!({ "direction": "out" }), ""),
        (&["--user", "--voicemail"], json!({ "direction": "in", "user": "--voicemail" }), ""),
        (&["--voicemail"], json!({ "direction": "in", "user": "voicemail" }), ""),
        (&["--direction", "out"], json!({ "direction": "out" }), ""),
        (&["--direction", "out", "--user", "alice"], json!({ "direction": "out" }), outbound),
        (
            &["--direction", "out", "--user", "alice", "--force-user"],
            json!({ "direction": "out", "user": "alice" }),
            outbound,
        ),
        (
            &["--answering-number", "030 5557142", "--country", "DE"],
            json!({ "direction": "in", "answeringNumber": "49305557142" }),
            "",
        ),
        (&["--answering-number", "-42"], json!({ "direction": "in", "answeringNumber": "42" }), ""),
        (&["--answering-number", ""], json!({ "direction": "in" }), ""),
        // Agents have their extension in their profile, not the number behind it.
        (
            &["--answering-number", "42", "--to", "42", "--numbers-extension-prefix", "493055571"],
            json!({ "direction": "in", "to": "49305557142", "answeringNumber": "42" }),
            "",
        ),
    ];
    for (arguments, more, warning) in cases {
        let world = World::new();
        let mut body = json!({ "event": "answer", "callId": "7" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let posted = world.zammad_expects(body);
        let ended =
            world.zammad_cti([&["answer", "--call-id", "7"], direction_of(arguments), arguments].concat());
        let said = stderr(&ended.code(0).stdout("none\n"));
        assert!(said.contains(warning), "{arguments:?}: {said}");
        assert_eq!(said.is_empty(), warning.is_empty(), "{arguments:?}: {said}");
        posted.assert();
    }
}

/// `in`, where the arguments do not say it.
pub fn direction_of(arguments: &[&str]) -> &'static [&'static str] {
    if arguments.contains(&"--direction") { &[] } else { &["--direction", "in"] }
}

#[test]
fn agents_see_who_picked_up_and_whom_an_outbound_call_goes_to() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let report = |arguments: &[&str]| {
        world.bare().args(arguments).args(["--url", &sandbox.url]).assert().code(0);
    };
    let call = ["--from", "4930123456", "--to", "42", "--user", "Group"];
    report(&[&["new-call", "--call-id", "in", "--direction", "in"], &call[..]].concat());
    report(&[&["new-call", "--call-id", "vm", "--direction", "in"], &call[..]].concat());
    report(&[&["new-call", "--call-id", "out", "--direction", "out"], &call[..]].concat());
    report(&["answer", "--call-id", "in", "--user", "alice", "--user", "bob"]);
    report(&["answer", "--call-id", "vm", "--voicemail"]);
    report(&["answer", "--call-id", "out", "--direction", "out", "--user", "alice"]);
    // (call, callee, state after the answer, whether it is done after the hangup)
    for (call_id, callee, done) in
        [("in", json!("alice"), true), ("vm", json!("voicemail"), false), ("out", Value::Null, true)]
    {
        let call = sandbox.call(call_id);
        assert_eq!((&call["to_comment"], &call["state"]), (&callee, &json!("answer")), "{call_id}");
        let direction = call["direction"].as_str().unwrap().to_owned();
        report(&["hangup", "--call-id", call_id, "--direction", &direction]);
        assert_eq!(sandbox.call(call_id)["done"], done, "{call_id}");
    }
}

#[test]
fn an_answer_that_is_none_never_leaves() {
    // (arguments, exit code, what is said)
    let cases: [(&[&str], _, &str); 7] = [
        (&[], 2, "--call-id"),
        (&["--call-id", "7", "--user", "alice", "--voicemail"], 2, "--voicemail"),
        (&["--call-id", "7", "--cause", "busy"], 2, "--cause"),
        (&["--call-id", ""], 65, "--call-id: the call id is empty"),
        (&["--call-id", "7", "--from", "1\u{1}2"], 65, "--from: the number has a control character"),
        (&["--call-id", "7", "--to", "1\u{1}2"], 65, "--to: the number has a control character"),
        (
            &["--call-id", "7", "--answering-number", "1\u{1b}"],
            65,
            "--answering-number: the number has a control character",
        ),
    ];
    let world = World::new();
    let requests = world.every_request();
    for (arguments, code, said) in cases {
        let ended = world.zammad_cti([&["answer"], arguments].concat());
        ended.code(code).stdout("").stderr(predicate::str::contains(said));
    }
    requests.assert_calls(0);
}

#[test]
fn the_configuration_knows_who_sits_at_a_phone() {
    // (arguments, user)
    let cases: [(&[&str], Option<&str>); 11] = [
        (&["--answering-number", "101"], Some("anna")),
        (&["--answering-number", " 101 "], Some("anna")),
        (&["--answering-number", "101", "--user", "carl"], Some("carl")),
        (&["--answering-number", "101", "--user", ""], Some("anna")),
        (&["--answering-number", "102"], None),
        (&["--answering-number", "101", "--voicemail"], Some("voicemail")),
        // The same number in another form, and an endpoint, which is not sent.
        (&["--answering-number", "030 5557142"], Some("bert")),
        (&["--answering-number", "101", "--endpoint", "PJSIP/carl"], Some("carl")),
        (&["--answering-number", "102", "--endpoint", "Local/101@queue"], Some("anna")),
        (&["--answering-number", "101", "--endpoint", ""], Some("anna")),
        // It is the customer who picked up.
        (&["--answering-number", "101", "--endpoint", "PJSIP/carl", "--direction", "out"], None),
    ];
    for (arguments, user) in cases {
        let world = World::new();
        let agents = "[agents]\n101 = 'anna'\n'+49 30 5557142' = 'bert'\n'PJSIP/carl' = 'carl'\n";
        let file = world.file("config.toml", 0o600, &format!("[numbers]\ncountry = 'DE'\n{agents}"));
        let direction = if arguments.contains(&"out") { "out" } else { "in" };
        let mut body = json!({ "event": "answer", "callId": "7", "direction": direction });
        body["answeringNumber"] = arguments[1].trim().replace("030 ", "4930").into();
        body.as_object_mut().unwrap().extend(user.map(|user| ("user".to_owned(), user.into())));
        let posted = world.zammad_expects(body);
        let mut program = world.program();
        program.arg("--config").arg(file).args(["answer", "--call-id", "7"]);
        program.args(direction_of(arguments)).args(arguments);
        program.assert().code(0).stderr("");
        posted.assert();
    }
}
