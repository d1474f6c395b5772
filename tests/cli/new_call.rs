use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex};

use httpmock::HttpMockRequest;
use httpmock::prelude::*;
use predicates::prelude::*;
use serde_json::{Value, json};

use crate::answer::direction_of;
use crate::support::{NEW_CALL, World, stderr, stdout};

#[test]
fn what_is_said_of_a_call_is_what_zammad_gets() {
    let call = |more: Value| {
        let mut body = json!({ "event": "newCall", "callId": "7", "direction": "in", "from": "4930123456",
                               "to": "42" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let plain = ["--call-id", "7", "--from", "4930123456", "--to", "42", "--direction", "in"];
    // (arguments besides the plain ones, body besides the plain one's)
    let cases: [(&[&str], Value); 6] = [
        (&[], json!({})),
        (&["--user", "Alice"], json!({ "user": ["Alice"] })),
        (&["--user", "Alice", "--user", "Bob"], json!({ "user": ["Alice", "Bob"] })),
        (&["--queue", "support"], json!({ "queue": "support" })),
        (&["--queue", ""], json!({})),
        (&["--user", "--help", "--queue", "-V"], json!({ "user": ["--help"], "queue": "-V" })),
    ];
    for (arguments, more) in cases {
        let world = World::new();
        let posted = world.zammad_expects(call(more));
        let ended = world.zammad_cti([&["new-call"], &plain[..], arguments].concat());
        ended.code(0).stdout("none\n").stderr("");
        posted.assert();
    }
}

#[test]
fn numbers_leave_in_the_form_that_zammad_compares() {
    // (options, from, to, what Zammad gets of both)
    let cases: [(&[&str], _, _, [&str; 2]); 8] = [
        (&["--country", "DE"], "030 23125 741", "+49 (0)30 5557142", ["493023125741", "49305557142"]),
        (
            &["--country", "de"],
            "\"Müller\" <sip:03023125741@pbx>",
            "0041447110000",
            ["493023125741", "41447110000"],
        ),
        (
            &["--numbers-country", "US", "--numbers-national-digits", "10"],
            "2125550100",
            "42",
            ["12125550100", "42"],
        ),
        (&[], "+49 30 23125-741", "42", ["493023125741", "42"]),
        (&[], "", "unknown", ["anonymous", "anonymous"]),
        (&["--numbers-extension-prefix", "493055571"], "42", "4711", ["49305557142", "4930555714711"]),
        (&["--numbers-normalize=false"], "+49 30", "007", ["+49 30", "007"]),
        // Arguments that look like flags are data.
        (&[], "--help", "-1", ["--help", "1"]),
    ];
    for (options, from, to, expected) in cases {
        let world = World::new();
        let posted = world.zammad_expects(
            json!({ "event": "newCall", "callId": "--version", "direction": "out", "from": expected[0],
                    "to": expected[1] }),
        );
        let call = ["new-call", "--direction", "out", "--call-id", "--version", "--from", from, "--to", to];
        world.zammad_cti([&call, options].concat()).code(0).stdout("none\n");
        posted.assert();
    }
}

#[test]
fn a_form_repeats_the_name_of_a_list() {
    let world = World::new();
    let posted = world.zammad.mock(|when, then| {
        when.method(POST).header("content-type", "application/x-www-form-urlencoded").body(
            "event=newCall&callId=7&direction=in&from=493023125741&to=42&queue=a%26b%3Dc\
                 &user%5B%5D=Alice+M%C3%BCller&user%5B%5D=100%25+Bob",
        );
        then.status(200).body("{}");
    });
    let users = ["--user", "Alice Müller", "--user", "100% Bob", "--queue", "a&b=c"];
    world.zammad_cti([&NEW_CALL[..], &users, &["--encoding", "form"]].concat()).code(0).stdout("none\n");
    posted.assert();
}

#[test]
fn each_request_names_itself_and_asks_for_json_alone() {
    let world = World::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by_zammad = seen.clone();
    let _zammad = world.zammad.mock(|when, then| {
        when.is_true(move |request: &HttpMockRequest| {
            let mut headers = request.headers_vec().clone();
            headers.retain(|(name, _)| name != "host");
            headers.sort();
            seen_by_zammad.lock().unwrap().push(headers);
            true
        });
        then.status(200).body("{}");
    });
    let request_id = stdout(&world.zammad_cti([&NEW_CALL[..], &["--field", "request_id"]].concat()).code(0));
    assert!(
        request_id.len() == 32 && request_id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{request_id}"
    );
    let body = r#"{"event":"newCall","callId":"7","direction":"in","from":"493023125741","to":"42"}"#;
    let expected = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-length", &body.len().to_string()),
        ("content-type", "application/json"),
        ("user-agent", concat!("zammad-cti/", env!("CARGO_PKG_VERSION"))),
        ("x-request-id", &request_id),
    ];
    let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(*seen.lock().unwrap(), [expected]);
}

#[test]
fn a_call_without_an_id_gets_a_fresh_one_and_tells_it() {
    let world = World::new();
    let posted = world.zammad_accepts();
    let without_id = ["new-call", "--from", "4930123456", "--to", "42", "--direction", "in"];
    let mut ids = Vec::new();
    for more in [&["--field", "call_id"][..], &["--call-id", "auto", "--field", "call_id"]] {
        ids.push(stdout(&world.zammad_cti([&without_id, more].concat()).code(0)));
    }
    let result = stdout(&world.zammad_cti([&without_id[..], &["--output", "json"]].concat()).code(0));
    ids.push(serde_json::from_str::<Value>(&result).unwrap()["call_id"].as_str().unwrap().to_owned());
    for id in &ids {
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id:?}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    posted.assert_calls(3);

    // The id that is told is the id that was sent.
    let sandbox = world.sandbox(&[]);
    let mut program = world.bare();
    let ended = program.env("ZAMMAD_CTI_URL", &sandbox.url).args(without_id).args(["--field", "call_id"]);
    let id = stdout(&ended.assert().code(0));
    assert_eq!(sandbox.call(&id)["from"], "4930123456", "{:?}", sandbox.log());
}

#[test]
fn a_rejection_is_an_exit_code_of_its_own_if_asked_for() {
    let reject = r#"{"action":"reject","reason":"busy"}"#;
    let dial = r#"{"action":"dial","caller_id":"49305","number":"42"}"#;
    // (Zammad's reply, arguments, ZAMMAD_CTI_REJECT_EXIT, exit code)
    let cases: [(_, &[&str], _, _); 7] = [
        (reject, &[], None, 0),
        (reject, &["--reject-exit"], None, 10),
        (reject, &["--reject-exit", "--fail-open", "--output", "json"], None, 10),
        (reject, &[], Some("yes"), 10),
        (reject, &["--reject-exit=false"], Some("yes"), 0),
        (dial, &["--reject-exit"], None, 0),
        ("{}", &["--reject-exit"], None, 0),
    ];
    for (reply, arguments, variable, code) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(200, reply);
        let mut program = world.program();
        program.envs(variable.map(|value| ("ZAMMAD_CTI_REJECT_EXIT", value)));
        let code_was = program.args(NEW_CALL).args(arguments).output().unwrap().status.code();
        assert_eq!(code_was, Some(code), "{reply} {arguments:?} {variable:?}");
    }
}

#[test]
fn what_agents_would_not_see_as_meant_is_said_and_sent() {
    let digits = "1".repeat(27);
    // (arguments, warning)
    let cases: [(&[&str], _); 28] = [
        (&["--from", "4930123456", "--to", "42", "--queue", "first level"], "\"first level\" has blanks"),
        (&["--from", "4930123456", "--to", "", "--queue", "support"], "no filter row can match"),
        (
            &["--from", "4711", "--to", "42", "--numbers-extension-digits", "3"],
            "from has 4 digits and is no extension",
        ),
        (&["--from", &digits, "--to", "42"], "from has 27 digits"),
        (&["--from", "4930123456", "--to", "42", "--queue", "support"], ""),
        (&["--from", "4930123456", "--to", ""], "agents see \"anonymous\" as called"),
        (&["--from", "4930123456", "--to", "unknown"], "agents see \"anonymous\" as called"),
        (&["--from", "4930123456", "--to", "abc"], "agents see \"abc\" as called"),
        (&["--from", "4930123456", "--to", "abc", "--queue", "support"], "agents see \"abc\" as called"),
        (&["--from", "4930123456", "--to", "", "--numbers-normalize=false"], "agents see \"\" as called"),
        (&["--from", "4930123456", "--to", "*97"], ""),
        (&["--from", "42", "--to", "", "--direction", "out"], "agents see \"anonymous\" and no customer"),
        // A caller may withhold his number, and a colleague may call.
        (&["--from", "", "--to", "42"], ""),
        (&["--from", "42", "--to", "43"], ""),
        (&["--from", "42", "--to", "4930123456"], "extension \"42\" as the customer; swap `from` and `to`"),
        (&["--from", "42", "--to", "+49 30 123456"], "extension \"42\" as the customer"),
        (
            &["--from", "42", "--to", "03012345", "--numbers-extension-prefix", "493055571"],
            "extension \"49305557142\" as the customer",
        ),
        // Zammad is told of short codes too.
        (&["--from", "4930555710", "--to", "115", "--direction", "out"], ""),
        (&["--from", "4930555710", "--to", "17", "--direction", "out"], ""),
        (&["--from", "4930555710", "--to", "911", "--direction", "out"], ""),
        (&["--from", "anonymous", "--to", "42", "--direction", "out"], ""),
        (&["--from", "41", "--to", "42", "--direction", "out"], ""),
        (
            &["--from", "4930555710", "--to", "42", "--direction", "out"],
            "extension \"42\" as the customer; swap `from` and `to`, or send it as `in`",
        ),
        (
            &["--from", "+49 30 555710", "--to", "2011", "--direction", "out"],
            "extension \"2011\" as the customer",
        ),
        (&["--from", "4930123456", "--to", "42", "--user", ""], "agents see a number without a name"),
        (&["--from", "4930123456", "--to", "42", "--user", "", "--user", " "], "a number without a name"),
        (&["--from", "4930123456", "--to", "42", "--user", "", "--user", "Anna"], ""),
        (
            &["--from", "42", "--to", "4930123456", "--user", "", "--direction", "out"],
            "a number without a name",
        ),
    ];
    for (arguments, warning) in cases {
        let world = World::new();
        let posted = world.zammad_accepts();
        let ended = world.zammad_cti([&["new-call"], direction_of(arguments), arguments].concat());
        let said = stderr(&ended.code(0).stdout("none\n"));
        assert!(said.contains(warning), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), usize::from(!warning.is_empty()), "{arguments:?}: {said}");
        posted.assert_calls(1);
    }
}

#[test]
fn no_call_is_lost_for_a_name() {
    let long = "ü".repeat(600);
    let cut = "ü".repeat(250);
    // (flags, what is sent besides, what is said)
    let cases: [(&[&OsStr], Value, &str); 8] = [
        (
            &[OsStr::new("--user"), OsStr::new("Ann\tBob")],
            json!({ "user": ["Ann Bob"] }),
            "control characters",
        ),
        (
            &[OsStr::new("--user"), OsStr::new("\u{1b}[31mAnn")],
            json!({ "user": ["[31mAnn"] }),
            "control characters",
        ),
        (&[OsStr::new("--user"), OsStr::new("A\u{7f}")], json!({ "user": ["A"] }), "control characters"),
        (&[OsStr::new("--user"), OsStr::new("A\u{85}B")], json!({ "user": ["A B"] }), "control characters"),
        (&[OsStr::new("--user"), OsStr::new("Ann\n")], json!({ "user": ["Ann"] }), ""),
        (&[OsStr::new("--user"), OsStr::new(&long)], json!({ "user": [cut] }), "Zammad keeps 250 characters"),
        (&[OsStr::new("--queue"), OsStr::new(&long)], json!({ "queue": cut }), "Zammad keeps 250 characters"),
        (&[OsStr::new("--from"), OsStr::from_bytes(b"\"J\xf6rg\" <sip:+493023125741@pbx>")], json!({}), ""),
    ];
    for (flags, more, said) in cases {
        let world = World::new();
        let mut body = json!({
            "event": "newCall", "callId": "7", "direction": "in", "from": "493023125741", "to": "42",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let posted = world.zammad_expects(body);
        let mut line: Vec<OsString> =
            ["new-call", "--call-id", "7", "--direction", "in", "--to", "42"].map(OsString::from).into();
        if flags[0] != "--from" {
            line.extend(["--from", "+493023125741"].map(OsString::from));
        }
        line.extend(flags.iter().map(OsString::from));
        let told = stderr(&world.zammad_cti(line).code(0).stdout("none\n"));
        assert_eq!(told.lines().count(), usize::from(!said.is_empty()), "{flags:?}: {told}");
        assert!(told.contains(said) && told.lines().all(|line| line.len() <= 120), "{flags:?}: {told}");
        posted.assert();
    }
}

#[test]
fn what_is_no_event_never_leaves() {
    let too_long = "x".repeat(251);
    let too_long_number = "1".repeat(101);
    let not_utf8 = OsStr::from_bytes(b"4\xff9");
    // (flag, value, what is said)
    let mut cases: Vec<(&str, &OsStr, &str)> = vec![
        ("--call-id", OsStr::new(""), "call id is empty"),
        ("--call-id", OsStr::new(" \t"), "call id is empty"),
        ("--call-id", OsStr::new(&too_long), "251 characters"),
        ("--from", OsStr::new(&too_long_number), "101 characters"),
        ("--to", OsStr::new("sip:42%1b@pbx"), "control character"),
    ];
    for hostile in ["4\u{1}9", "\u{1b}[2J", "4\u{7f}"] {
        cases.extend(
            ["--call-id", "--from", "--to"].map(|flag| (flag, OsStr::new(hostile), "control character")),
        );
    }
    for hostile in ["4\n9", "4\r9", "4\u{85}9", "4\t9"] {
        cases.push(("--call-id", OsStr::new(hostile), "control character"));
    }
    // Names are shown as well as they can be.
    cases.extend(["--call-id", "--from", "--to"].map(|flag| (flag, not_utf8, "not UTF-8")));
    let world = World::new();
    let requests = world.every_request();
    for (flag, value, said) in cases {
        let defaults = ["--call-id", "--from", "--to"].into_iter().filter(|name| *name != flag);
        let mut arguments: Vec<OsString> = ["new-call", "--direction", "in"].map(OsString::from).into();
        for name in defaults {
            arguments.extend([name.into(), "42".into()]);
        }
        arguments.extend([flag.into(), value.to_owned()]);
        let ended = world.zammad_cti(arguments).code(65).stdout("");
        let told = stderr(&ended);
        assert!(told.contains(said) && told.contains(flag), "{flag} {value:?}: {told}");
        assert!(!told.trim_end().contains(|c: char| c.is_control()), "{flag} {value:?}: {told:?}");
    }
    requests.assert_calls(0);

    // The longest that Zammad keeps is taken.
    let longest = "ü".repeat(250);
    let call = ["new-call", "--from", "4930123456", "--to", "42", "--direction", "in", "--call-id", &longest];
    world.zammad_cti(call).code(0);
    requests.assert_calls(1);
}

#[test]
fn a_name_in_latin_1_is_shown_and_its_call_is_reported() {
    let world = World::new();
    let expected = json!({ "event": "newCall", "callId": "7", "direction": "in", "from": "493023125741",
                           "to": "42", "user": ["Jörg", "Anna"], "queue": "Büro" });
    let posted = world.zammad_expects(expected);
    let mut program = world.program();
    program.args(["new-call", "--call-id", "7", "--from", "493023125741", "--to", "42", "--direction", "in"]);
    for (flag, name) in [("--user", &b"J\xf6rg"[..]), ("--user", b"Anna"), ("--queue", b"B\xfcro")] {
        program.arg(flag).arg(OsStr::from_bytes(name));
    }
    let told = stderr(&program.assert().code(0).stdout("none\n"));
    for (flag, name) in [("--user", "Jörg"), ("--queue", "Büro")] {
        let warning = format!("warning: {flag} is not UTF-8; agents see \"{name}\"");
        assert_eq!(told.matches(&warning).count(), 1, "{told}");
    }
    assert_eq!(told.lines().count(), 2, "{told}");
    posted.assert_calls(1);
    // Who picked up, too.
    let posted =
        world.zammad_expects(json!({ "event": "answer", "callId": "7", "direction": "in", "user": "Jörg" }));
    let mut program = world.program();
    program.args(["answer", "--call-id", "7", "--user"]).arg(OsStr::from_bytes(b"J\xf6rg"));
    program.assert().code(0);
    posted.assert_calls(1);
}

#[test]
fn a_mistake_in_the_command_line_sends_nothing() {
    // (arguments, what is said)
    let cases: [(&[&str], &str); 6] = [
        (&["--from", "1", "--to", "2", "--direction", "inwards"], "invalid value 'inwards'"),
        (&["--from", "1", "--to", "2"], "--direction"),
        (&["--to", "2", "--direction", "in"], "--from"),
        (&["--from", "1", "--direction", "in"], "--to"),
        (&["--from", "1", "--to", "2", "--direction", "in", "--usr", "Alice"], "'--usr'"),
        (&["--from", "1", "--to", "2", "--direction", "in", "--user"], "--user"),
    ];
    let world = World::new();
    let requests = world.every_request();
    for (arguments, said) in cases {
        let ended = world.zammad_cti([&["new-call"], arguments].concat());
        ended.code(2).stdout("").stderr(predicate::str::contains(said));
    }
    requests.assert_calls(0);
}
