//! What is sent again, and what agents see of it in the caller log.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::servers::{self, Ran, Reply, Sandbox, Server, at_once, program};
use crate::support::{NEW_CALL, World};

const ANSWER: [&str; 5] = ["answer", "--call-id", "7", "--direction", "in"];
const HANGUP: [&str; 5] = ["hangup", "--call-id", "7", "--direction", "in"];
const HANGUP_ANSWERED: [&str; 6] = ["hangup", "--call-id", "7", "--answered", "--direction", "in"];
const HANGUP_OUT: [&str; 5] = ["hangup", "--call-id", "7", "--direction", "out"];
const NEW_CALL_OUT: [&str; 9] =
    ["new-call", "--call-id", "7", "--from", "42", "--to", "493023125741", "--direction", "out"];

/// Exit code, action, attempts and class of the failure.
fn outcome(ran: &Ran) -> (i32, Value, Value, Value) {
    let report = ran.report();
    let class = report.get("error_class").cloned().unwrap_or_default();
    (ran.code, report["action"].clone(), report["attempts"].clone(), class)
}

#[test]
fn what_agents_see_stays_true_when_a_reply_is_lost() {
    let (no_reply, lost) = (json!({ "mode": "delay_after", "seconds": 0.6, "count": 1 }), "connection-lost");
    let once = |mode: &str| json!({ "mode": mode, "count": 1 });
    let twice = |mode: &str| json!({ "mode": mode, "count": 2 });
    let in_before = &[&NEW_CALL[..]][..];
    let answered = &[&NEW_CALL[..], &ANSWER][..];
    let out_before = &[&NEW_CALL_OUT[..]][..];
    // (events before, fault, event, (code, action, attempts, class), (state, done) in the caller log)
    type Case<'a> =
        (&'a [&'a [&'a str]], Value, &'a [&'a str], (i32, &'a str, u64, &'a str), (&'a str, bool));
    let cases: [Case; 19] = [
        (&[], once("drop_after"), &NEW_CALL, (0, "unknown", 2, ""), ("newCall", false)),
        (&[], no_reply.clone(), &NEW_CALL, (0, "unknown", 2, ""), ("newCall", false)),
        (&[], once("drop_before"), &NEW_CALL, (0, "none", 2, ""), ("newCall", false)),
        (&[], twice("drop_before"), &NEW_CALL, (0, "none", 3, ""), ("newCall", false)),
        // Whose call it was cannot be told after a lost reply.
        (in_before, once("drop_before"), &NEW_CALL, (0, "unknown", 2, ""), ("newCall", false)),
        (
            in_before,
            json!({ "mode": "none" }),
            &NEW_CALL,
            (65, "none", 1, "call-id-reused"),
            ("newCall", false),
        ),
        (
            in_before,
            // It may have come from a Zammad that went down with the newCall.
            json!({ "mode": "respond", "status": 503, "count": 1 }),
            &NEW_CALL,
            (0, "unknown", 2, ""),
            ("newCall", false),
        ),
        (in_before, once("drop_after"), &ANSWER, (0, "none", 2, ""), ("answer", true)),
        (in_before, no_reply.clone(), &ANSWER, (0, "none", 2, ""), ("answer", true)),
        (in_before, once("drop_before"), &ANSWER, (0, "none", 2, ""), ("answer", true)),
        (in_before, twice("drop_before"), &ANSWER, (69, "none", 2, lost), ("newCall", false)),
        // A second hangup would hide the missed call.
        (in_before, once("drop_after"), &HANGUP, (69, "none", 1, lost), ("hangup", false)),
        (in_before, no_reply, &HANGUP, (69, "none", 1, "no-reply"), ("hangup", false)),
        (in_before, once("drop_before"), &HANGUP, (69, "none", 1, lost), ("newCall", false)),
        (
            in_before,
            // Zammad answers right after it, so it may have had the hangup.
            json!({ "mode": "respond", "status": 503, "count": 1 }),
            &HANGUP,
            (69, "none", 1, "unavailable"),
            ("newCall", false),
        ),
        (
            in_before,
            json!({ "mode": "respond", "status": 503, "count": 2 }),
            &HANGUP,
            (0, "none", 2, ""),
            ("hangup", false),
        ),
        (answered, once("drop_after"), &HANGUP_ANSWERED, (0, "none", 2, ""), ("hangup", true)),
        (answered, once("drop_before"), &HANGUP_ANSWERED, (0, "none", 2, ""), ("hangup", true)),
        (out_before, once("drop_after"), &HANGUP_OUT, (0, "none", 2, ""), ("hangup", true)),
    ];
    let world = World::new();
    at_once(cases, |(before, fault, event, (code, action, attempts, class), (state, done))| {
        let what = format!("{event:?} at {fault} after {before:?}");
        let sandbox = Sandbox::start();
        for event in before {
            let ran = Ran::of(&mut program(&world, &sandbox.url(), event));
            assert_eq!(ran.code, 0, "{what}: {ran}");
        }
        sandbox.fail(fault);
        let ran = Ran::of(program(&world, &sandbox.url(), event).args(["--timeout", "400ms"]));
        let class = if class.is_empty() { Value::Null } else { json!(class) };
        assert_eq!(outcome(&ran), (code, json!(action), json!(attempts), class), "{what}: {ran}");
        let rows = sandbox.rows("7");
        let seen: Vec<_> = rows.iter().map(|row| (row["state"].clone(), row["done"].clone())).collect();
        assert_eq!(seen, [(json!(state), json!(done))], "{what}: {ran}");
    });
}

#[test]
fn an_answer_whose_reply_does_not_come_is_sent_once_more_while_it_is_fresh() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL)).code, 0);
    sandbox.fail(json!({ "mode": "delay_before", "seconds": 20, "count": 1 }));
    // With the times that hold by default.
    let ran = Ran::of(&mut program(&world, &sandbox.url(), &ANSWER));
    assert_eq!(outcome(&ran), (0, json!("none"), json!(2), Value::Null), "{ran}");
    assert_eq!(sandbox.rows("7")[0]["state"], "answer", "{ran}");
}

#[test]
fn a_lost_decision_is_said_and_the_call_goes_on() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    sandbox.fail_once("drop_after");
    let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", sandbox.url()).args(NEW_CALL));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    assert!(ran.stderr.contains("trying again for at most 8s"), "{ran}");
    assert!(ran.stderr.contains("decision is lost"), "{ran}");
}

#[test]
fn a_hangup_of_unknown_fate_is_said_to_be_so() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL));
    sandbox.fail_once("drop_after");
    let ran = Ran::of(&mut program(&world, &sandbox.url(), &HANGUP));
    ran.assert_failed("unanswered hangup", "connection-lost", "it is not known whether Zammad took the");
    assert!(!ran.stderr.contains("trying again"), "{ran}");
}

#[test]
fn send_knows_from_its_own_lines_whether_a_hangup_may_be_repeated() {
    let world = World::new();
    let new_call =
        json!({ "event": "newCall", "call_id": "7", "direction": "in", "from": "493023125741", "to": "42" });
    let answer = json!({ "event": "answer", "call_id": "7", "direction": "in" });
    let hangup = json!({ "event": "hangup", "call_id": "7", "direction": "in" });
    // (events before the hangup, code, attempts, done in the caller log)
    let cases = [(vec![&new_call, &answer], 0, 2, true), (vec![&new_call], 69, 1, false)];
    at_once(cases, |(before, code, attempts, done)| {
        let sandbox = Sandbox::start();
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_zammad-cti"))
            .args(["send", "--output", "json"])
            .env_clear()
            .env("HOME", world.path(""))
            .env("ZAMMAD_CTI_URL", sandbox.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        let mut results = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut send = |event: &Value| -> Value {
            writeln!(input, "{event}").unwrap();
            serde_json::from_str(&results.next().unwrap().unwrap()).unwrap()
        };
        for event in &before {
            assert_eq!(send(event)["delivery"], "delivered", "{event}");
        }
        sandbox.fail_once("drop_after");
        let report = send(&hangup);
        assert_eq!(report["attempts"], attempts, "{before:?}: {report}");
        drop(input);
        assert_eq!(process.wait().unwrap().code(), Some(code), "{before:?}: {report}");
        let row = &sandbox.rows("7")[0];
        assert_eq!((&row["state"], &row["done"]), (&json!("hangup"), &json!(done)), "{before:?}: {report}");
    });
}

#[test]
fn an_event_that_overtakes_its_new_call_waits_for_it() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| Ran::of(&mut program(&world, &sandbox.url(), &ANSWER)));
        std::thread::sleep(Duration::from_millis(300));
        let new_call = Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL));
        assert_eq!(outcome(&new_call), (0, json!("none"), json!(1), Value::Null), "{new_call}");
        let answer = answer.join().unwrap();
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.report()["attempts"].as_u64() >= Some(2), "{answer}");
    });
    assert_eq!(sandbox.rows("7")[0]["state"], "answer");
}

#[test]
fn an_event_whose_new_call_never_comes_gives_up_before_its_deadline() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    for event in [&ANSWER[..], &HANGUP] {
        let ran = Ran::of(&mut program(&world, &sandbox.url(), event));
        ran.assert_failed(event[0], "unknown-call", "Zammad does not know the call: Error ID");
        assert_eq!(ran.report()["attempts"], 4, "{ran}");
        assert!(ran.took.within(Duration::from_secs(2)), "{ran}");
    }
}

#[test]
fn a_server_that_comes_up_in_time_gets_the_event() {
    let world = World::new();
    at_once([&NEW_CALL[..], &ANSWER, &HANGUP], |event| {
        let port = servers::reserved_port();
        let url = servers::url(port.local_addr().unwrap());
        std::thread::scope(|scope| {
            let ran = scope.spawn(|| Ran::of(&mut program(&world, &url, event)));
            std::thread::sleep(Duration::from_millis(500));
            let server = Server::answering_at(servers::listen(port, 16), [Reply::json(200, "{}")]);
            let ran = ran.join().unwrap();
            assert_eq!(ran.code, 0, "{event:?}: {ran}");
            assert!(ran.report()["attempts"].as_u64() >= Some(2), "{event:?}: {ran}");
            assert_eq!(server.requests().len(), 1, "{event:?}: {ran}");
        });
    });
}

#[test]
fn a_pause_that_the_server_names_is_kept_or_too_long() {
    let busy = |pause: &str| Reply::html(503, "Service Unavailable").with("Retry-After", pause);
    let huge = u64::MAX.to_string();
    let in_a_minute = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
    // (reply, code, attempts, at least, at most)
    let cases = [
        (busy("1"), 0, 2, Duration::from_secs(1), Duration::from_secs(2)),
        (busy("0"), 0, 2, Duration::ZERO, Duration::from_millis(800)),
        // A date that is over is no wish, so the usual pause has to do.
        (busy("Fri, 21 Nov 2025 07:28:00 GMT"), 0, 2, Duration::ZERO, Duration::from_millis(800)),
        // By the server's clock, whatever the time is here.
        (
            busy("Sun, 06 Nov 1994 08:49:38 GMT").with("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            0,
            2,
            Duration::from_secs(1),
            Duration::from_secs(2),
        ),
        (
            busy("Sunday, 06-Nov-94 08:50:37 GMT").with("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            69,
            1,
            Duration::ZERO,
            Duration::from_millis(800),
        ),
        (busy(&in_a_minute), 69, 1, Duration::ZERO, Duration::from_millis(800)),
        (busy("-1"), 0, 2, Duration::ZERO, Duration::from_millis(800)),
        (busy("60"), 69, 1, Duration::ZERO, Duration::from_millis(800)),
        (busy(&huge), 69, 1, Duration::ZERO, Duration::from_millis(800)),
        (
            busy(&huge).after(Duration::from_millis(1100)),
            69,
            1,
            Duration::from_secs(1),
            Duration::from_secs(2),
        ),
    ];
    let world = World::new();
    at_once(cases, |(reply, code, attempts, least, most)| {
        let what = format!("{reply:?}");
        let server = Server::answering([reply, Reply::json(200, "{}")]);
        let ran = Ran::of(program(&world, &server.url(), &NEW_CALL).args(["--deadline", "3s"]));
        assert_eq!(ran.code, code, "{what}: {ran}");
        assert_eq!(server.requests().len(), attempts, "{what}: {ran}");
        assert!(ran.took.at_least(least) && ran.took.within(most), "{what}: {ran}");
    });
}
