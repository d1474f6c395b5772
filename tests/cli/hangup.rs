use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use predicates::prelude::*;
use serde_json::{Value, json};
use zammad_cti::cause::spellings;

use crate::answer::direction_of;
use crate::support::{World, stderr, stdout};

#[test]
fn a_hangup_says_what_it_is_told() {
    // (arguments, body besides event and call id)
    let cases: [(&[&str], Value); 5] = [
        (&[], json!({ "direction": "in" })),
        (&["--direction", "out"], json!({ "direction": "out" })),
        (&["--cause", ""], json!({ "direction": "in" })),
        (
            &["--from", "030 23125741", "--to", "42", "--answering-number", "43", "--country", "DE"],
            json!({ "direction": "in", "from": "493023125741", "to": "42", "answeringNumber": "43" }),
        ),
        (
            &["--answering-number", "42", "--numbers-extension-prefix", "493055571", "--answered"],
            json!({ "direction": "in", "answeringNumber": "42" }),
        ),
    ];
    for (arguments, more) in cases {
        assert_sent(arguments, more);
    }
}

#[test]
fn causes_of_every_family_become_zammads_words() {
    let cases = [
        ("normalClearing", "normalClearing"),
        ("NOANSWER", "noAnswer"),
        ("noanswer", "noAnswer"),
        ("forwarded", "forwarded"),
        ("16", "normalClearing"),
        (" 17\t", "busy"),
        ("34", "congestion"),
        ("125", "congestion"),
        ("CHANUNAVAIL", "congestion"),
        ("CANCEL", "cancel"),
        ("sip:486", "busy"),
        ("SIP:487", "cancel"),
        ("sip:404", "notFound"),
        ("sip:599", "congestion"),
        ("USER_BUSY", "busy"),
        ("originator_cancel", "cancel"),
    ];
    for (given, sent) in cases {
        assert_sent(&["--cause", given], json!({ "direction": "in", "cause": sent }));
    }
}

#[test]
fn a_raw_cause_goes_as_it_is() {
    let longest = "ä".repeat(500);
    for cause in ["transferred to Bob", "BUSY", "--help", &longest] {
        assert_sent(&["--cause", cause, "--raw-cause"], json!({ "direction": "in", "cause": cause }));
    }
    assert_sent(&["--cause", " ", "--raw-cause"], json!({ "direction": "in" }));
}

#[test]
fn a_dialplans_variables_say_why_a_call_ended() {
    // (arguments, cause)
    let cases: [(&[&str], Option<&str>); 9] = [
        (&["--dialstatus", "ANSWER", "--hangup-cause", "16"], Some("normalClearing")),
        (&["--dialstatus", "BUSY", "--answered=1"], Some("normalClearing")),
        (&["--dialstatus", "NOANSWER", "--answered=", "--hangup-cause", "17"], Some("noAnswer")),
        (&["--dialstatus", "CHANUNAVAIL", "--answered=0", "--hangup-cause", "3"], Some("notFound")),
        (&["--dialstatus", "", "--queue-status", "", "--abandoned", "TRUE"], Some("cancel")),
        (&["--queue-status", "TIMEOUT", "--abandoned", "TRUE", "--hangup-cause", "0"], Some("noAnswer")),
        (&["--dialstatus", "", "--hangup-cause", "16"], Some("cancel")),
        (&["--dialstatus", "", "--hangup-cause", "16", "--direction", "out"], Some("noAnswer")),
        (&["--dialstatus", "", "--queue-status", "", "--abandoned", "", "--hangup-cause", ""], None),
    ];
    for (arguments, cause) in cases {
        let direction = if arguments.contains(&"out") { "out" } else { "in" };
        let mut more = json!({ "direction": direction });
        more.as_object_mut().unwrap().extend(cause.map(|cause| ("cause".to_owned(), cause.into())));
        assert_sent(arguments, more);
    }
}

#[test]
fn a_cause_counts_before_a_dialplans_variables_in_flags_and_lines_alike() {
    // (flags, the same in a line, cause)
    let cases: [(&[&str], Value, Option<&str>); 6] = [
        (
            &["--cause", "17", "--dialstatus", "NOANSWER"],
            json!({ "cause": "17", "dialstatus": "NOANSWER" }),
            Some("busy"),
        ),
        (
            &["--cause", "forwarded", "--dialstatus", "ANSWER", "--hangup-cause", "16"],
            json!({ "cause": "forwarded", "dialstatus": "ANSWER", "hangup_cause": "16" }),
            Some("forwarded"),
        ),
        (
            &["--cause", "", "--dialstatus", "BUSY"],
            json!({ "cause": "", "dialstatus": "BUSY" }),
            Some("busy"),
        ),
        (
            &["--cause", "gone", "--raw-cause", "--abandoned", "TRUE"],
            json!({ "cause": "gone", "raw_cause": true, "abandoned": "TRUE" }),
            Some("gone"),
        ),
        (&["--raw-cause"], json!({ "raw_cause": true }), None),
        (
            &["--raw-cause", "--dialstatus", "BUSY"],
            json!({ "raw_cause": true, "dialstatus": "BUSY" }),
            Some("busy"),
        ),
    ];
    for (flags, more, cause) in cases {
        let mut body = json!({ "direction": "in" });
        body.as_object_mut().unwrap().extend(cause.map(|cause| ("cause".to_owned(), cause.into())));
        assert_sent(flags, body.clone());
        let world = World::new();
        let mut line = json!({ "event": "hangup", "call_id": "7", "direction": "in" });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body.as_object_mut()
            .unwrap()
            .extend([("event".to_owned(), "hangup".into()), ("callId".to_owned(), "7".into())]);
        let posted = world.zammad_expects(body);
        world
            .program()
            .arg("send")
            .write_stdin(line.to_string())
            .assert()
            .code(0)
            .stdout("none\n")
            .stderr("");
        posted.assert();
    }
}

fn assert_sent(arguments: &[&str], more: Value) {
    let world = World::new();
    let mut body = json!({ "event": "hangup", "callId": "7" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let posted = world.zammad_expects(body);
    let ended =
        world.zammad_cti([&["hangup", "--call-id", "7"], direction_of(arguments), arguments].concat());
    ended.code(0).stdout("none\n").stderr("");
    posted.assert();
}

#[test]
fn a_hangup_that_is_none_never_leaves() {
    // (arguments, exit code, what is said)
    let cases: [(&[&str], _, &str); 9] = [
        (&[], 2, "--call-id"),
        (&["--call-id", "7", "--answered=maybe"], 2, "1, 0 or nothing"),
        (&["--call-id", "7", "--user", "alice"], 2, "--user"),
        (&["--call-id", ""], 65, "the call id is empty"),
        (&["--call-id", "7", "--cause", "bsy", "--strict-cause"], 65, "did you mean busy?"),
        (&["--call-id", "7", "--cause", "4860", "--strict-cause"], 65, "not a known hangup cause"),
        (&["--call-id", "7", "--cause", "sip:183", "--strict-cause"], 65, "below 200 does not end a call"),
        (&["--call-id", "7", "--cause", "128", "--strict-cause"], 65, "not a known hangup cause"),
        (
            &["--call-id", "7", "--cause", "x\u{1b}[2Jy", "--strict-cause"],
            65,
            "\"x\\u{1b}[2Jy\" is not a known",
        ),
    ];
    let world = World::new();
    let requests = world.every_request();
    for (arguments, code, said) in cases {
        let ended = world.zammad_cti([&["hangup"], arguments].concat());
        ended.code(code).stdout("").stderr(predicate::str::contains(said));
    }
    requests.assert_calls(0);
}

#[test]
fn a_hangup_with_an_unknown_cause_still_ends_its_call() {
    // (cause, what is said)
    let cases = [
        ("bsy", "\"bsy\" is unknown, did you mean busy?"),
        ("went away", "\"went away\" is unknown"),
        ("sip:183", "a SIP status below 200 does not end a call"),
        ("x\u{1b}[2Jy", "\"x\\u{1b}[2Jy\" is unknown"),
    ];
    for (cause, said) in cases {
        for (more, code) in [(&[][..], 65), (&["--fail-open"], 0)] {
            let world = World::new();
            let posted = world.zammad_expects(json!({ "event": "hangup", "callId": "7", "direction": "in" }));
            let line = [&["hangup", "--call-id", "7", "--direction", "in", "--cause", cause], more].concat();
            let ended = world.zammad_cti(line).code(code).stdout("none\n");
            let told = stderr(&ended);
            assert!(told.contains("warning: call 7: agents see no cause: "), "{told}");
            assert!(told.contains(said) && told.lines().count() == 1, "{told}");
            posted.assert();
        }
    }
    // A program reads it in the result.
    let world = World::new();
    world.zammad_accepts();
    let line = ["hangup", "--call-id", "7", "--cause", "bsy", "--output", "json"];
    let ended = world.zammad_cti(line).code(65);
    let report: serde_json::Value = serde_json::from_str(&stdout(&ended)).unwrap();
    assert_eq!(report["delivery"], "delivered");
    assert!(report["error"].as_str().unwrap().starts_with("sent without its cause: \"bsy\""), "{report}");
}

#[test]
fn what_is_said_of_an_unknown_cause_is_a_short_line() {
    let (long, escaped) = ("gone fishing ".repeat(23), "\u{1b}".repeat(300));
    for call_id in ["7", "pbx.example.com-1733000000.12345-and-more"] {
        for cause in ["bsy", "normalClearin", long.as_str(), escaped.as_str(), "sip:183"] {
            let world = World::new();
            world.zammad_accepts();
            let line = ["hangup", "--call-id", call_id, "--direction", "in", "--cause", cause];
            let told = stderr(&world.zammad_cti(line).code(65));
            assert_eq!(told.lines().count(), 1, "{told}");
            assert!(told.trim_end().chars().count() <= 120, "{} characters: {told}", told.chars().count());
        }
    }
}

#[test]
fn a_hangup_goes_without_what_cannot_be_read() {
    let flag = |flag: &str, value: &[u8]| vec![OsString::from(flag), OsString::from_vec(value.to_vec())];
    // (flags, what is left out)
    let cases = [
        (flag("--cause", b"Besetzt \xe9"), "its cause"),
        (flag("--cause", &[b'x'; 300]), "its cause"),
        (flag("--dialstatus", b"\xff"), "its dialstatus"),
        (flag("--dialstatus", b"FOO"), "its dialstatus"),
        (flag("--hangup-cause", b"\xff"), "its hangup_cause"),
        (flag("--hangup-cause", b"abc"), "its hangup_cause"),
        (flag("--hangup-cause", b"999"), "its hangup_cause"),
        (flag("--queue-status", b"\xe9"), "its queue_status"),
        (flag("--abandoned", b"\xe9"), "its abandoned"),
        (flag("--from", b"\xe9"), "its from"),
        (flag("--from", b"49\x0130"), "its from"),
        (flag("--to", &[b'1'; 101]), "its to"),
        (flag("--answering-number", b"a\x01"), "its answering_number"),
    ];
    for (flags, said) in cases {
        let world = World::new();
        let posted = world.zammad_expects(json!({ "event": "hangup", "callId": "7", "direction": "in" }));
        let line = ["hangup", "--call-id", "7", "--direction", "in"].map(OsString::from);
        let ended = world.zammad_cti(line.into_iter().chain(flags.clone())).code(65).stdout("none\n");
        let told = stderr(&ended);
        let words = match said {
            "its cause" => "agents see no cause: ".to_owned(),
            said => format!("the hangup goes without {said}: "),
        };
        assert!(told.contains(&words), "{flags:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{flags:?}: {told}");
        assert!(told.trim_end().chars().count() <= 120, "{flags:?}: {told}");
        posted.assert();
    }
    // What agents only read is shown as well as it can be.
    let long = "x".repeat(600);
    for (cause, sent) in [(long.as_str(), "x".repeat(500)), ("a\nb", "a b".to_owned())] {
        let world = World::new();
        let body = json!({ "event": "hangup", "callId": "7", "direction": "in", "cause": sent });
        let posted = world.zammad_expects(body);
        let line = ["hangup", "--call-id", "7", "--direction", "in", "--cause", cause, "--raw-cause"];
        assert_eq!(stderr(&world.zammad_cti(line).code(0).stdout("none\n")).lines().count(), 1);
        posted.assert();
    }
}

#[test]
fn the_list_of_causes_has_every_spelling_and_its_meaning() {
    let world = World::new();
    let list = stdout(&world.bare().args(["hangup", "--list-causes"]).assert().code(0).stderr(""));
    for spelling in spellings() {
        let is_its_row = |line: &str| {
            let behind = line.trim_start().strip_prefix(spelling.text);
            behind.is_some_and(|behind| {
                behind.starts_with(' ') && behind.trim_start().starts_with(spelling.cause.as_str())
            })
        };
        assert!(list.lines().any(is_its_row), "{}", spelling.text);
    }
}

#[test]
fn the_list_of_causes_does_not_mind_the_settings_of_the_machine() {
    let world = World::new();
    let settings = [("ZAMMAD_CTI_URL", world.url()), ("ZAMMAD_CTI_TIMEOUT", "3s".to_owned())];
    for (name, value) in settings {
        let ended = world.bare().env(name, value).args(["hangup", "--list-causes"]).assert();
        ended.code(0).stdout(predicate::str::contains("normalClearing"));
    }
}

#[test]
fn only_the_hangup_of_an_answered_call_is_repeated_when_its_reply_is_lost() {
    // (arguments, exit code, attempts)
    let cases: [(&[&str], _, _); 5] = [
        (&["--cause", "cancel", "--answered"], 0, 2),
        (&["--cause", "cancel", "--answered=1"], 0, 2),
        (&["--dialstatus", "ANSWER"], 0, 2),
        (&["--cause", "cancel", "--answered="], 69, 1),
        (&["--dialstatus", "CANCEL"], 69, 1),
    ];
    for (arguments, code, attempts) in cases {
        let world = World::new();
        let sandbox = world.sandbox(&[]);
        let to = ["--call-id", "7", "--url", &sandbox.url];
        let call = ["new-call", "--from", "4930123456", "--to", "42", "--direction", "in"];
        world.bare().args(call).args(to).assert().code(0);
        sandbox.fault(json!({ "mode": "drop_after", "count": 1 }));
        let hangup = ["hangup", "--output", "json"];
        let ended = world.bare().args(hangup).args(to).args(arguments).assert().code(code);
        let result: Value = serde_json::from_str(&stdout(&ended)).unwrap();
        assert_eq!(result["attempts"], attempts, "{arguments:?}: {result}");
        assert_eq!(sandbox.call("7")["state"], "hangup");
        // A second hangup takes the missed mark off.
        assert_eq!(sandbox.call("7")["done"], attempts == 2, "{arguments:?}");
    }
}
