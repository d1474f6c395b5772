//! `log`: Zammad's caller log as an agent sees it, and calls that are ticked off there.

use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::servers::Ran;
use crate::spool_commands::lines;
use crate::support::{Sandbox, World, reply_with};

fn log(world: &World, url: &str, words: &str) -> Ran {
    Ran::of(world.bare().args(["log", "--url", url]).args(words.split_whitespace()))
}

/// A sandbox with a call that was missed, one with a voice message, one that was answered, and one that rings.
fn calls(world: &World) -> Sandbox {
    let sandbox = world.sandbox(&[]);
    let event = |event: &str, call_id: &str, more: Value| {
        let mut fields = json!({
            "event": event, "callId": call_id, "direction": "in", "from": "493023125741", "to": "4930600000000",
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let to = format!("POST /api/v1/cti/{}", sandbox.token());
        let reply = sandbox.ask(&to, &["Content-Type: application/json"], fields.to_string()).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    for call_id in ["missed", "message", "answered", "rings"] {
        event("newCall", call_id, json!({ "user": "Anna\u{1b}[2J Agent", "queue": "support" }));
    }
    event("answer", "message", json!({ "user": "voicemail" }));
    event("answer", "answered", json!({ "user": "Anna Agent" }));
    event("hangup", "missed", json!({ "cause": "noAnswer" }));
    event("hangup", "message", json!({ "cause": "normalClearing" }));
    event("hangup", "answered", json!({ "cause": "normalClearing" }));
    sandbox
}

/// The ids of the calls in a list of JSON.
fn ids(ran: &Ran) -> Vec<String> {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
    lines(ran).iter().map(|call| call["call_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn calls_are_listed_as_agents_see_them() {
    let world = World::new();
    let sandbox = calls(&world);
    let ran = log(&world, &sandbox.url, "--output json --missed --call-id missed");
    assert_eq!(ran.code, 0, "{ran}");
    let [call] = &lines(&ran)[..] else { panic!("{ran}") };
    let mut call = call.clone();
    assert!(call["began"].as_str().unwrap().ends_with('Z') && call["waiting_ms"].is_u64(), "{ran}");
    for key in ["began", "waiting_ms"] {
        call.as_object_mut().unwrap().remove(key);
    }
    let expected = json!({
        "version": 1, "number": 1, "call_id": "missed", "direction": "in", "shown": "missed", "done": false,
        "from": "493023125741", "to": "4930600000000", "to_name": "Anna\u{1b}[2J Agent", "queue": "support",
        "cause": "noAnswer",
    });
    assert_eq!(call, expected);

    // (words, calls)
    let cases: [(&str, &[&str]); 5] = [
        ("", &["rings", "answered", "message", "missed"]),
        ("--missed", &["message", "missed"]),
        ("--since 1h", &["rings", "answered", "message", "missed"]),
        ("--since 0s", &[]),
        ("--call-id none", &[]),
    ];
    for (words, calls) in cases {
        assert_eq!(ids(&log(&world, &sandbox.url, &format!("--output json {words}"))), calls, "{words}");
    }
}

#[test]
fn the_table_has_eighty_columns_and_no_strangers_commands() {
    let world = World::new();
    let sandbox = calls(&world);
    let ran = log(&world, &sandbox.url, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{ran}");
    assert!(!ran.stdout.contains('\u{1b}') && ran.stdout.contains(r"Anna\u{1b}[2J"), "{ran}");
    for word in ["NUMBER", "493023125741", "4930600000000", "voice message", "noAnswer", "ringing"] {
        assert!(ran.stdout.contains(word), "{word}: {ran}");
    }
    assert_eq!(log(&world, &sandbox.url, "--call-id none").stdout, "no such call\n");
}

#[test]
fn what_is_ticked_off_is_no_longer_missed() {
    let world = World::new();
    let sandbox = calls(&world);
    let missed = || ids(&log(&world, &sandbox.url, "--output json --missed"));
    let ran = log(&world, &sandbox.url, "done --missed --dry-run");
    assert!(ran.code == 0 && ran.stdout.ends_with("\n2 calls would be ticked off\n"), "{ran}");
    assert_eq!(missed(), ["message", "missed"]);
    let ran = log(&world, &sandbox.url, "done --missed --older-than 1h");
    assert!(ran.code == 0 && ran.stdout == "no such call\n", "{ran}");
    assert_eq!(missed(), ["message", "missed"]);
    let ran = log(&world, &sandbox.url, "done 1");
    assert!(ran.code == 0 && ran.stdout.ends_with("\n1 call ticked off\n"), "{ran}");
    assert_eq!(missed(), ["message"]);
    let ran = log(&world, &sandbox.url, "done --missed --output json");
    assert_eq!(ids(&ran), ["message"]);
    assert_eq!(lines(&ran)[0]["ticked_off"], true, "{ran}");
    assert!(missed().is_empty());
    assert_eq!(sandbox.call("rings")["done"], false, "a call that rings is not over");
}

#[test]
fn a_call_that_zammad_no_longer_shows_is_ticked_off_by_its_number() {
    let world = World::new();
    let empty = world.zammad.mock(|when, then| {
        when.method(GET).path("/api/v1/cti/log").header("Authorization", "Token token=read-me");
        reply_with(then, 200, r#"{"list":[]}"#);
    });
    let done = world.zammad.mock(|when, then| {
        when.method(POST).path("/api/v1/cti/done/17").json_body(json!({ "done": true }));
        reply_with(then, 200, "{}");
    });
    let gone = world.zammad.mock(|when, then| {
        when.method(POST).path("/api/v1/cti/done/18");
        reply_with(then, 404, r#"{"error":"Couldn't find Cti::Log with 'id'=18"}"#);
    });
    let ran = log(&world, &world.url(), "--api-token read-me done 17 --dry-run");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "17 is older than what Zammad shows; it would be ticked off\n")
    );
    done.assert_calls(0);
    let ran = log(&world, &world.url(), "--api-token read-me done 17 18");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (65, "17 is older than what Zammad shows; it was ticked off\n")
    );
    assert!(ran.stderr.contains("the caller log has no call 18"), "{ran}");
    for mock in [&done, &gone] {
        mock.assert();
    }
    empty.assert_calls(2);
}

#[test]
fn a_user_who_may_not_read_it_is_told_what_is_needed() {
    let world = World::new();
    for status in [401, 403] {
        let mut refused = world.zammad.mock(|when, then| {
            when.path("/api/v1/cti/log");
            reply_with(then, status, r#"{"error":"Not authorized"}"#);
        });
        let ran = log(&world, &world.url(), "--missed");
        assert_eq!((ran.code, ran.stdout.as_str()), (77, ""), "{ran}");
        assert!(ran.stderr.contains("set api_token") && ran.stderr.contains("cti.agent"), "{ran}");
        refused.delete();
    }
}
