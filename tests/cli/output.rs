use std::fs::File;
use std::process::{Command, Stdio};

use httpmock::Method::POST;
use predicates::prelude::*;
use serde_json::{Value, json};

use crate::servers::reserved_port;
use crate::support::{NEW_CALL, TOKEN, World, reply_with, stderr, stdout};

const DIAL: &str = r#"{"action":"dial","caller_id":"493055571642","number":"4171"}"#;

#[test]
fn zammads_wish_is_one_short_line() {
    // (Zammad's reply, what is printed)
    let cases = [
        ("{}", "none\n"),
        (r#"{"action":"reject","reason":"busy"}"#, "reject busy\n"),
        (r#"{"action":"reject"}"#, "reject busy\n"),
        (DIAL, "dial 493055571642 4171\n"),
        (r#"{"action":"dial","callerId":"493055571642","number":"4171"}"#, "dial 493055571642 4171\n"),
        (r#"{"action":"dial","callerId":"1","caller_id":"2","number":"4171"}"#, "dial 2 4171\n"),
        (r#"{"action":"dial","caller_id":"493055571642"}"#, "dial 493055571642 42\n"),
        (r#"{"action":"dial"}"#, "none\n"),
        (r#"{"action":"park","slot":7}"#, "none\n"),
        (r#"{"action":"none\nreject busy"}"#, "none\n"),
        (
            r#"{"action":"reject","reason":"busy\nnone\r\tx\u001b[31m\u202e\u0000\u0085 \u00a0y"}"#,
            "reject busynonex31my\n",
        ),
        (r#"{"action":"dial","caller_id":"4 9\n5","number":"4 1\u20287\u30001"}"#, "dial 495 4171\n"),
    ];
    for (reply, line) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(200, reply);
        let ended = world.zammad_cti(NEW_CALL).code(0);
        assert_eq!(stdout(&ended), line, "{reply}");
        let unknown = reply.contains("park") || reply.contains("none\\nreject");
        assert_eq!(stderr(&ended).contains("does not know"), unknown, "{reply}");
        assert_eq!(stderr(&ended).lines().count(), usize::from(unknown), "{reply}");
    }
}

/// A dialplan that splits the line at blanks would take a number for a caller id.
#[test]
fn a_blank_part_of_a_reply_counts_as_left_out() {
    // (Zammad's reply, what is printed)
    let cases = [
        (r#"{"action":"reject","reason":""}"#, "reject busy\n"),
        (r#"{"action":"dial","caller_id":"493055571642","number":" "}"#, "dial 493055571642 42\n"),
        (r#"{"action":"dial","caller_id":"","number":"4171"}"#, "none\n"),
        (r#"{"action":"dial","caller_id":" \n","number":"4171"}"#, "none\n"),
        (r#"{"action":"dial","caller_id":"","callerId":"493055571642"}"#, "dial 493055571642 42\n"),
        (r#"{"action":" "}"#, "none\n"),
    ];
    for (reply, line) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(200, reply);
        let ended = world.zammad_cti(NEW_CALL).code(0);
        assert_eq!(stdout(&ended), line, "{reply}");
        let unknown = reply.contains("park") || reply.contains("none\\nreject");
        assert_eq!(stderr(&ended).contains("does not know"), unknown, "{reply}");
        assert_eq!(stderr(&ended).lines().count(), usize::from(unknown), "{reply}");
    }
}

#[test]
fn a_field_is_one_bare_value() {
    let hostile = r#"{"action":"reject","reason":"a b\n\u001b[2J\u202ec"}"#;
    // (Zammad's reply, field, what is printed)
    let cases = [
        ("{}", "action", "none"),
        (DIAL, "action", "dial"),
        (DIAL, "caller_id", "493055571642"),
        (DIAL, "number", "4171"),
        (DIAL, "reason", ""),
        (DIAL, "event", "newCall"),
        (DIAL, "call_id", "7"),
        (DIAL, "direction", "in"),
        (DIAL, "delivery", "delivered"),
        (DIAL, "attempts", "1"),
        (DIAL, "error", ""),
        (r#"{"action":"reject","reason":"busy"}"#, "reason", "busy"),
        (r#"{"action":"park\n"}"#, "action", "none"),
        (hostile, "reason", "a b\\n\\u{1b}[2J\\u{202e}c"),
        (hostile, "action", "reject"),
    ];
    for (reply, field, value) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(200, reply);
        let ended = world.zammad_cti([&NEW_CALL[..], &["--field", field]].concat()).code(0);
        assert_eq!(stdout(&ended), value, "{field} of {reply}");
    }
}

#[test]
fn the_keys_of_a_json_result_are_stable() {
    let common =
        json!({ "version": 1, "event": "newCall", "call_id": "7", "direction": "in", "attempts": 1 });
    let invalid = "no-such-cause";
    // (arguments, Zammad's status and reply, exit code, result besides the common keys)
    let cases: [(&[&str], u16, &str, _, Value); 6] = [
        (&NEW_CALL, 200, "{}", 0, json!({ "delivery": "delivered", "action": "none" })),
        (
            &NEW_CALL,
            200,
            r#"{"action":"reject","reason":"busy\n"}"#,
            0,
            json!({ "delivery": "delivered", "action": "reject", "reason": "busy\n" }),
        ),
        (
            &NEW_CALL,
            200,
            DIAL,
            0,
            json!({ "delivery": "delivered", "action": "dial", "caller_id": "493055571642", "number": "4171" }),
        ),
        (
            &NEW_CALL,
            200,
            r#"{"action":"park","slot":7}"#,
            0,
            json!({ "delivery": "delivered", "action": "park" }),
        ),
        (
            &NEW_CALL,
            401,
            r#"{"error":"Invalid token, please contact your admin!"}"#,
            77,
            json!({ "delivery": "failed", "action": "none", "error_class": "wrong-token" }),
        ),
        (
            &["hangup", "--call-id", "7", "--cause", invalid, "--strict-cause"],
            200,
            "{}",
            65,
            json!({ "delivery": "failed", "action": "none", "error_class": "invalid", "attempts": 0,
                 "event": null, "call_id": null, "direction": null }),
        ),
    ];
    for (arguments, status, reply, code, more) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(status, reply);
        let ended = world.zammad_cti([arguments, &["--output", "json"]].concat()).code(code);
        let text = stdout(&ended);
        assert_eq!(text.lines().count(), 1, "{text}");
        let mut result: Value = serde_json::from_str(&text).unwrap();
        let keys = result.as_object_mut().unwrap();
        assert!(keys.remove("elapsed_ms").unwrap().is_u64(), "{text}");
        let was_sent = keys["attempts"] != 0;
        assert_eq!(keys.remove("request_id").is_some(), was_sent, "{text}");
        assert_eq!(keys.remove("error").is_some(), code != 0, "{text}");
        let mut expected = common.clone();
        expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        expected.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(result, expected);
    }
}

#[test]
fn a_shell_reads_back_what_a_stranger_wrote_and_runs_none_of_it() {
    let hostile = "it's \"$(touch pwned)\" `touch pwned`;touch pwned\\ $HOME & | > pwned\n'\n\ttouch pwned #";
    let shown =
        "it's \"$(touch pwned)\" `touch pwned`;touch pwned\\ $HOME & | > pwned\\n'\\n\\ttouch pwned #";
    let word = "itstouchpwnedtouchpwnedtouchpwnedHOMEpwnedtouchpwned#";
    let names = ["ACTION", "REASON", "CALLER_ID", "NUMBER", "DELIVERY", "EVENT", "CALLID", "DIRECTION"];
    let sent = ["delivered", "newCall", "it's $(touch pwned)", "in"];
    // (status, Zammad's reply, action, reason, caller id, number)
    let cases = [
        (200, json!({}), ["none", "", "", ""]),
        (200, json!({ "action": "reject", "reason": hostile }), ["reject", shown, "", ""]),
        (200, json!({ "action": "dial", "caller_id": hostile, "number": hostile }), ["dial", "", word, word]),
        (200, json!({ "action": hostile }), ["none", "", "", ""]),
    ];
    for (status, reply, expected) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(status, &reply.to_string());
        let prints: String = names.map(|name| format!("printf '%s\\0' \"$ZAMMAD_{name}\";")).concat();
        // A value of the call before must not be left standing.
        let script = format!(
            "ZAMMAD_REASON=old ZAMMAD_NUMBER=old; \
             eval \"$(\"$PROGRAM\" new-call --call-id \"it's \\$(touch pwned)\" --from 4930123456 --to 42 \
             --direction in --output shell)\"; {prints}"
        );
        let shell = shell(&world, &script);
        let read: Vec<_> = shell.split('\0').collect();
        assert_eq!(read[..8], [&expected[..], &sent].concat(), "{reply}");
        assert!(!world.path("pwned").exists(), "{reply}");
    }

    // A failure's text is Zammad's too.
    let world = World::new();
    let _zammad = world.zammad_answers(500, &json!({ "error": hostile, "error_human": hostile }).to_string());
    let script = "eval \"$(\"$PROGRAM\" answer --call-id 7 --output shell 2>/dev/null)\"; \
                  printf '%s %s' \"$ZAMMAD_DELIVERY\" \"$ZAMMAD_ERROR\"";
    let read = shell(&world, script);
    assert!(read.starts_with("failed ") && read.contains("it's \"$(touch pwned)\""), "{read}");
    assert!(!world.path("pwned").exists());
}

/// What a shell in the world's home prints; it knows the program as $PROGRAM.
fn shell(world: &World, script: &str) -> String {
    let ended = Command::new("sh")
        .args(["-c", script])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(world.folders())
        .env("PROGRAM", env!("CARGO_BIN_EXE_zammad-cti"))
        .env("ZAMMAD_CTI_URL", world.url())
        .current_dir(world.path(""))
        .output()
        .unwrap();
    // Not a word of the shell's own, which would mean that it ran something.
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.lines().all(|line| line.starts_with("zammad-cti: ")), "{script}: {told}");
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn with_fail_open_every_failure_lets_the_call_go_on() {
    let reserved = reserved_port();
    let closed = format!("http://{}/api/v1/cti/{TOKEN}", reserved.local_addr().unwrap());
    let broken_token = "http://zammad.example.com/api/v1/cti/to.ken";
    // (status and reply, arguments, what is said)
    let cases: [(u16, &str, &[&str], &str); 14] = [
        (200, "{}", &["--url", &closed, "--deadline", "1s"], "cannot connect"),
        (200, "<html>", &[], "not from Zammad"),
        (301, "{}", &[], "redirected"),
        (401, r#"{"error":"Invalid token, please contact your admin!"}"#, &[], "refused the token"),
        (404, "{}", &[], "no such page"),
        (422, r#"{"error":"Feature not configured, please contact your admin!"}"#, &[], "not configured"),
        (500, r#"{"error":"Error ID abcdefgh: Please contact your administrator."}"#, &[], "Zammad failed"),
        (503, "{}", &[], "too busy"),
        (200, "{}", &["--url", "zammad.example"], "not a URL"),
        (200, "{}", &["--url", broken_token], "a dot"),
        (200, "{}", &["--config", "/nowhere/config.toml"], "cannot read"),
        (200, "{}", &["--timeout", "0s"], "timeout must not be zero"),
        (200, "{}", &["--from", "4\u{1}9"], "control character"),
        (200, "{}", &["--call-id", ""], "call id is empty"),
    ];
    for (status, reply, arguments, said) in cases {
        let world = World::new();
        let _zammad = world.zammad.mock(|when, then| {
            when.method(POST);
            // A pause beyond the deadline: 503 is not tried again, so that no attempt ends with it.
            reply_with(then, status, reply).header("retry-after", "600");
        });
        let base = ["new-call", "--to", "42", "--direction", "in"];
        let mut call: Vec<_> = [&base, arguments].concat();
        for (flag, value) in [("--from", "4930123456"), ("--call-id", "7")] {
            if !arguments.contains(&flag) {
                call.extend([flag, value]);
            }
        }
        let closed = world.zammad_cti(&call);
        assert_ne!(closed.get_output().status.code(), Some(0), "{status} {arguments:?}");
        assert_eq!(stdout(&closed), "", "{status} {arguments:?}");

        call.push("--fail-open");
        let open = world.zammad_cti(&call).code(0).stdout("none\n");
        assert!(stderr(&open).contains(said), "{status} {arguments:?}: {}", stderr(&open));
        world.zammad_cti([&call[..], &["--field", "action"]].concat()).code(0).stdout("none");
        let by_variable = world
            .program()
            .env("ZAMMAD_CTI_FAIL_OPEN", "1")
            .args(&call[..call.len() - 1])
            .args(["--output", "json", "--reject-exit"])
            .assert()
            .code(0);
        let result: Value = serde_json::from_str(&stdout(&by_variable)).unwrap();
        assert_eq!((&result["delivery"], &result["action"]), (&json!("failed"), &json!("none")), "{result}");
        assert!(result["error"].as_str().unwrap().contains(said), "{result}");
    }

    // A broken setting leaves the others standing, where they can be read.
    let world = World::new();
    world.file("open.toml", 0o600, "fail_open = true\noutput = 'json'\ntoken_file = '/nonexistent'");
    let open = world.bare().args(["--config", "open.toml"]).args(NEW_CALL).assert().code(0);
    assert_eq!(serde_json::from_str::<Value>(&stdout(&open)).unwrap()["error_class"], "configuration");
    let variables = [("FAIL_OPEN", "yes"), ("OUTPUT", "shell"), ("DEADLINE", "soon")];
    let variables = variables.map(|(name, value)| (format!("ZAMMAD_CTI_{name}"), value));
    let open = world.program().envs(variables).args(NEW_CALL).assert().code(0);
    assert!(stdout(&open).contains("ZAMMAD_ACTION='none'"), "{}", stdout(&open));
    assert!(stderr(&open).contains("the variable ZAMMAD_CTI_DEADLINE"), "{}", stderr(&open));
}

#[test]
fn a_result_that_nobody_can_read_is_a_failure() {
    let world = World::new();
    let _zammad = world.zammad_accepts();
    world.file("events", 0o600, r#"{"event":"answer","call_id":"7","direction":"in"}"#);
    let commands: [&[&str]; 13] = [
        &NEW_CALL,
        &["answer", "--call-id", "7", "--direction", "in", "--output", "json"],
        &["hangup", "--call-id", "7", "--direction", "in", "--output", "shell"],
        &["answer", "--call-id", "7", "--direction", "in", "--field", "action"],
        &["answer", "--call-id", "7", "--direction", "in", "--dry-run"],
        &["answer", "--call-id", "7", "--direction", "in", "--curl"],
        &["send", "events"],
        &["simulate", "--sandbox"],
        &["sandbox", "--listen", "127.0.0.1:0"],
        &["normalize", "42"],
        &["config", "show"],
        &["config", "check"],
        &["completions", "bash"],
    ];
    for command in commands {
        for stdout in [full(), closed_pipe()] {
            let status = world
                .process()
                .env("ZAMMAD_CTI_URL", world.url())
                .args(command)
                .stdin(Stdio::null())
                .stdout(stdout)
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert_eq!(status.code(), Some(74), "{command:?}");
        }
    }
    for command in [&["--help"][..], &["man"], &["hangup", "--list-causes"]] {
        let status = world.process().args(command).stdout(full()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(74), "{command:?}");
    }
}

#[test]
fn a_complaint_that_nobody_can_read_is_no_bug_of_the_program() {
    let world = World::new();
    for (command, code) in [(&["--bogus"][..], 2), (&["answer", "--call-id", ""], 65)] {
        let status = world.process().args(command).stdout(Stdio::null()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{command:?}");
    }
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn closed_pipe() -> Stdio {
    let (_reader, writer) = std::io::pipe().unwrap();
    writer.into()
}

#[test]
fn what_is_only_shown_touches_no_network() {
    let world = World::new();
    let requests = world.every_request();
    world.file("events", 0o600, r#"{"event":"answer","call_id":"7","direction":"in"}"#);
    let reserved = reserved_port();
    let closed = format!("http://{}/api/v1/cti/{TOKEN}", reserved.local_addr().unwrap());
    let commands: [&[&str]; 4] = [
        &NEW_CALL,
        &["answer", "--call-id", "7", "--direction", "in"],
        &["hangup", "--call-id", "7", "--direction", "in"],
        &["send", "events"],
    ];
    for command in commands {
        for url in [&world.url(), &closed] {
            for show in ["--dry-run", "--curl"] {
                let mut program = world.bare();
                program.args(command).args([show, "--url", url]);
                let masked = stdout(&program.assert().code(0).stderr(""));
                assert!(
                    !masked.contains(TOKEN) && masked.contains("/api/v1/cti/***"),
                    "{command:?}: {masked}"
                );
                let shown = stdout(&program.arg("--show-token").assert().code(0).stderr(""));
                assert!(shown.contains(url), "{command:?}: {shown}");
            }
        }
    }
    // What cannot be sent cannot be shown either.
    world.bare().args(NEW_CALL).arg("--dry-run").assert().code(78).stdout("");
    world.zammad_cti(["answer", "--call-id", "", "--curl"]).code(65).stdout("");
    world.zammad_cti(["answer", "--call-id", "7", "--curl", "--dry-run"]).code(2).stdout("");
    requests.assert_calls(0);

    let shown = stdout(&world.zammad_cti([&NEW_CALL[..], &["--dry-run"]].concat()).code(0));
    let (head, body) = shown.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some(format!("POST {}", world.zammad.url("/api/v1/cti/***")).as_str()));
    assert!(lines.any(|line| line == "accept: application/json"), "{head}");
    let sent: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        sent,
        json!({ "event": "newCall", "callId": "7", "direction": "in", "from": "493023125741",
                             "to": "42" })
    );
}

#[test]
fn the_printed_curl_command_sends_the_same_event() {
    let hostile = "it's @/etc/passwd \"$(touch pwned)\" `touch pwned` \\ %41 & ü ]}";
    let event = ["--user", hostile, "--user", "@events", "--queue", "a=b&c+d"];
    for encoding in ["json", "form"] {
        let world = World::new();
        let posted =
            world.zammad.mock(|when, then| {
                let when = when
                    .method("POST")
                    .path(format!("/api/v1/cti/{TOKEN}"))
                    .header_count("^accept$", "^application/json$", 1)
                    .header_count("^content-type$", "^application/(json|x-www-form-urlencoded)$", 1)
                    .header_exists("x-request-id")
                    .header("user-agent", concat!("zammad-cti/", env!("CARGO_PKG_VERSION")));
                match encoding {
                "json" => when.json_body(json!({
                    "event": "newCall", "callId": "7", "direction": "in", "from": "493023125741", "to": "42",
                    "user": [hostile, "@events"], "queue": "a=b&c+d",
                })),
                _ => when.form_urlencoded_tuple("user[]", hostile).form_urlencoded_tuple("user[]", "@events")
                    .form_urlencoded_tuple("queue", "a=b&c+d").form_urlencoded_tuple("callId", "7"),
            };
                then.status(200).body("taken");
            });
        let show = ["--encoding", encoding, "--curl", "--show-token"];
        let command = stdout(&world.zammad_cti([&NEW_CALL[..], &event, &show].concat()).code(0));
        assert_eq!(shell(&world, &command), "taken", "{command}");
        posted.assert_calls(1);
        assert!(!world.path("pwned").exists(), "{command}");
    }
}

#[test]
fn every_exit_code_is_explained_in_the_help() {
    let world = World::new();
    let help = stdout(&world.bare().arg("--help").assert().code(0));
    let codes: Vec<_> =
        help.lines().filter_map(|line| line.trim().split_once("  ")?.0.parse::<u8>().ok()).collect();
    for code in [0, 2, 10, 65, 69, 70, 74, 76, 77, 78] {
        assert_eq!(codes.iter().filter(|told| **told == code).count(), 1, "{code}: {help}");
    }
    world.bare().assert().code(2).stdout("").stderr(predicate::str::contains("Usage"));
}

#[test]
fn a_machine_out_of_files_is_told_from_a_zammad_that_is_down() {
    let world = World::new();
    let requests = world.every_request();
    // (more arguments, exit code, what is printed)
    for (more, code, printed) in [("", 70, ""), ("--fail-open", 0, "none\n")] {
        // Enough to start with, and none for an event loop.
        let script = format!("ulimit -n 4; exec \"$0\" {} {more}", NEW_CALL.join(" "));
        let ended = std::process::Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_zammad-cti")])
            .env_clear()
            .envs(world.folders())
            .env("ZAMMAD_CTI_URL", world.url())
            .output()
            .unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(code), "{told}");
        assert_eq!(String::from_utf8(ended.stdout).unwrap(), printed, "{told}");
        assert!(told.contains("Too many open files"), "{told}");
    }
    requests.assert_calls(0);
}
