use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use predicates::prelude::*;
use serde_json::{Value, json};

use crate::clock::patiently;
use crate::servers::{Reply, Server, read_request};
use crate::support::{World, stderr, stdout};

/// Lines that are no event, and what is said of them.
fn bad_lines() -> [(Vec<u8>, &'static str); 14] {
    let line = |text: &str| text.as_bytes().to_vec();
    let long = format!(r#"{{"event":"answer","call_id":"{}","direction":"in"}}"#, "7".repeat(70 * 1024));
    [
        (line("not JSON"), "not a valid event"),
        (line("[]"), "not a valid event"),
        (line(r#"{"event":"newCall","call_id":"7","from":"1","to":"2"}"#), "needs `direction`"),
        (line(r#"{"event":"newcall","call_id":"7","direction":"in"}"#), "unknown variant `newcall`"),
        (line(r#"{"event":"answer","call_id":"7","direction":"in","usr":"alice"}"#), "unknown field `usr`"),
        (line(r#"{"event":"answer","call_id":7,"direction":"in"}"#), "invalid type"),
        (line(r#"{"event":"answer","call_id":"","direction":"in"}"#), "call_id: the call id is empty"),
        (
            line(r#"{"event":"answer","call_id":"7","direction":"in","cause":"busy"}"#),
            "`cause` does not belong in answer",
        ),
        (
            line(r#"{"event":"hangup","call_id":"7","direction":"in","user":"alice"}"#),
            "`user` does not belong in hangup",
        ),
        (
            line(r#"{"event":"hangup","call_id":"7","direction":"in","cause":"bsy","strict_cause":true}"#),
            "did you mean busy?",
        ),
        (line(r#"{"event":"newCall","call_id":"7","direction":"in","from":"1"}"#), "a newCall needs `to`"),
        (
            line(r#"{"event":"newCall","call_id":"7","direction":"in","from":"1\u0001","to":"2"}"#),
            "from: the number has a control character",
        ),
        (long.into_bytes(), "longer than 64 KiB"),
        (b"{\"event\":\"answer\",\"call_id\":\"\xff\",\"direction\":\"in\"}".to_vec(), "not UTF-8"),
    ]
}

#[test]
fn every_spelling_of_an_event_is_sent() {
    // (line, body)
    let cases = [
        (
            r#"{"event":"newCall","call_id":"7","direction":"in","from":"030 23125741","to":"","queue":"x"}"#,
            json!({ "event": "newCall", "callId": "7", "direction": "in", "from": "493023125741",
                    "to": "anonymous", "queue": "x" }),
        ),
        (
            r#"{"event":"newCall","call_id":"7","direction":"in","from":"1","to":"42","user":"Alice"}"#,
            json!({ "event": "newCall", "callId": "7", "direction": "in", "from": "1", "to": "42",
                    "user": ["Alice"] }),
        ),
        (
            r#"{"event":"newCall","callId":"7","direction":"out","from":"42","to":"","user":["Alice","Bob"]}"#,
            json!({ "event": "newCall", "callId": "7", "direction": "out", "from": "42", "to": "anonymous",
                    "user": ["Alice", "Bob"] }),
        ),
        (
            r#"{"event":"answer","call_id":"7","direction":"in","user":"alice","answering_number":"42"}"#,
            json!({ "event": "answer", "callId": "7", "direction": "in", "user": "alice",
                    "answeringNumber": "42" }),
        ),
        (
            r#"{"event":"answer","callId":"7","direction":"in","voicemail":true,"answeringNumber":""}"#,
            json!({ "event": "answer", "callId": "7", "direction": "in", "user": "voicemail" }),
        ),
        (
            r#"{"event":"hangup","call_id":"7","direction":"in","cause":"sip:486","answered":true}"#,
            json!({ "event": "hangup", "callId": "7", "direction": "in", "cause": "busy" }),
        ),
        // What the commands have flags for.
        (
            r#"{"event":"answer","call_id":"7","direction":"out","user":"alice","force_user":true}"#,
            json!({ "event": "answer", "callId": "7", "direction": "out", "user": "alice" }),
        ),
        (
            r#"{"event":"hangup","call_id":"7","direction":"in","cause":"gone fishing","raw_cause":true}"#,
            json!({ "event": "hangup", "callId": "7", "direction": "in", "cause": "gone fishing" }),
        ),
        (
            r#"{"event":"hangup","call_id":"7","direction":"in","dialstatus":"CHANUNAVAIL","hangup_cause":"17"}"#,
            json!({ "event": "hangup", "callId": "7", "direction": "in", "cause": "busy" }),
        ),
        (
            r#"{"event":"hangup","call_id":"7","direction":"in","queue_status":"TIMEOUT","abandoned":"TRUE"}"#,
            json!({ "event": "hangup", "callId": "7", "direction": "in", "cause": "noAnswer" }),
        ),
        // Whose phone it is.
        (
            r#"{"event":"answer","call_id":"7","direction":"in","answering_number":"030 5557142"}"#,
            json!({ "event": "answer", "callId": "7", "direction": "in", "answeringNumber": "49305557142",
                    "user": "anna" }),
        ),
        (
            r#"{"event":"answer","call_id":"7","direction":"in","endpoint":"PJSIP/bert","extension":"102"}"#,
            json!({ "event": "answer", "callId": "7", "direction": "in", "answeringNumber": "102",
                    "user": "bert" }),
        ),
        (
            r#"{"event":"answer","call_id":"7","direction":"out","endpoint":"PJSIP/bert","extension":"102"}"#,
            json!({ "event": "answer", "callId": "7", "direction": "out" }),
        ),
    ];
    let agents = "[agents]\n'+49 30 5557142' = 'anna'\nbert = 'bert'\n";
    for (line, body) in cases {
        let world = World::new();
        world.file("config.toml", 0o600, agents);
        let posted = world.zammad_expects(body);
        let options = ["send", "--country", "DE", "--config", "config.toml"];
        let ended = world.program().args(options).write_stdin(line).assert();
        ended.code(0).stdout("none\n");
        posted.assert();
    }
}

#[test]
fn a_hangup_with_an_unknown_cause_is_sent_and_said() {
    let hangup =
        json!({ "event": "hangup", "call_id": "7", "direction": "in", "cause": "gone fishing" }).to_string();
    let answer = json!({ "event": "answer", "call_id": "8", "direction": "in" }).to_string();
    for (more, code) in [(&[][..], 65), (&["--fail-open"], 0), (&["--dry-run"], 65)] {
        let world = World::new();
        let posted = world.zammad_expects(json!({ "event": "hangup", "callId": "7", "direction": "in" }));
        let answered = world.zammad_expects(json!({ "event": "answer", "callId": "8", "direction": "in" }));
        let mut send = world.program();
        send.args(["send", "--output", "json"]).args(more).write_stdin(format!("{hangup}\n{answer}\n"));
        let ended = send.assert().code(code);
        if more == ["--dry-run"] {
            continue;
        }
        let [without, with] = &results(&stdout(&ended))[..] else { panic!("two results") };
        assert_eq!((&without["delivery"], &without["action"]), (&json!("delivered"), &json!("none")));
        let error = without["error"].as_str().unwrap();
        assert!(error.starts_with("sent without its cause: \"gone fishing\" is unknown"), "{error}");
        assert_eq!(with.get("error"), None);
        posted.assert_calls(1);
        answered.assert_calls(1);
    }
}

#[test]
fn a_name_in_latin_1_is_shown_and_its_call_is_reported() {
    let world = World::new();
    let posted = world.zammad_expects(json!({ "event": "newCall", "callId": "7", "direction": "in",
        "from": "493023125741", "to": "42", "user": ["Jörg", "Anna"], "queue": "Büro" }));
    let line: &[u8] =
        b"{\"event\":\"newCall\",\"call_id\":\"7\",\"direction\":\"in\",\"from\":\"493023125741\",\
        \"to\":\"42\",\"user\":[\"J\xf6rg\",\"Anna\"],\"queue\":\"B\xfcro\"}\n";
    let ended = world.program().arg("send").write_stdin(line).assert().code(0).stdout("none\n");
    let told = stderr(&ended);
    assert!(told.contains("line 1: a name is not UTF-8") && told.lines().count() == 1, "{told}");
    posted.assert();
    // Numbers and ids are read for certain or not at all, also in the same line.
    for (place, other) in [("\"7\"", "\"\u{f6}\""), ("\"42\"", "\"4\u{f6}2\"")] {
        let line: String = line.iter().map(|&byte| char::from(byte)).collect();
        let bytes: Vec<u8> = line.replace(place, other).chars().map(|sign| sign as u8).collect();
        let ended = world.program().arg("send").write_stdin(bytes).assert().code(65);
        assert!(stderr(&ended).contains("not UTF-8"), "{place}");
    }
    posted.assert();
}

#[test]
fn a_file_is_read_like_the_standard_input() {
    let world = World::new();
    let posted = world.zammad_accepts();
    let answer = |call_id| json!({ "event": "answer", "call_id": call_id, "direction": "in" }).to_string();
    // Blank lines count, but are no events; the last line may lack its end.
    let text = format!("\n{}\r\n  \t\r\n\r\n{}\n\n{}", answer("a"), answer("b"), answer("c"));
    world.file("events", 0o600, &text);
    let options = ["--output", "json"];
    for arguments in [&["send", "events"][..], &["send", "-"], &["send"]] {
        let ended = world.program().args(arguments).args(options).write_stdin(text.clone()).assert();
        let results = results(&stdout(&ended.code(0)));
        let lines: Vec<_> = results.iter().map(|result| (&result["line"], &result["call_id"])).collect();
        assert_eq!(lines, [(&json!(2), &json!("a")), (&json!(5), &json!("b")), (&json!(7), &json!("c"))]);
    }
    posted.assert_calls(9);
    world.program().arg("send").write_stdin(" \n\r\n").assert().code(0).stdout("");
    for file in ["nowhere", "."] {
        let ended = world.zammad_cti(["send", file]).code(74).stdout("");
        ended.stderr(predicate::str::contains(format!("cannot read {file}")));
    }
    posted.assert_calls(9);
}

fn results(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_that_is_no_event_is_reported_and_the_others_are_sent() {
    let world = World::new();
    let posted = world.zammad_accepts();
    let mut text = Vec::new();
    for (line, _) in bad_lines() {
        text.extend(line);
        text.extend(b"\n{\"event\":\"answer\",\"call_id\":\"good\",\"direction\":\"in\"}\r\n\n");
    }
    for concurrency in ["1", "4"] {
        let mut program = world.program();
        program.args(["send", "--output", "json", "--concurrency", concurrency]).write_stdin(text.clone());
        let ended = program.assert().code(65);
        let (results, complaints) = (results(&stdout(&ended)), stderr(&ended));
        assert_eq!(results.len(), 2 * bad_lines().len());
        for (at, (_, said)) in bad_lines().into_iter().enumerate() {
            let (line, bad, good) = (3 * at + 1, &results[2 * at], &results[2 * at + 1]);
            assert_eq!((&bad["line"], &bad["delivery"]), (&json!(line), &json!("failed")), "{said}");
            let error = bad["error"].as_str().unwrap();
            assert!(error.starts_with(&format!("line {line}: ")) && error.contains(said), "{said}: {error}");
            assert!(complaints.contains(error), "{said}: {complaints}");
            assert_eq!((&good["line"], &good["delivery"]), (&json!(line + 1), &json!("delivered")), "{said}");
        }
    }
    posted.assert_calls(2 * bad_lines().len());

    let text = stdout(&world.program().arg("send").write_stdin(text).assert().code(65));
    assert_eq!(text, "failed invalid\nnone\n".repeat(bad_lines().len()));
}

/// What cannot be sent has not happened: agents would see the call's end with another direction.
#[test]
fn a_line_that_is_refused_says_nothing_of_its_call() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let lines = [
        json!({ "event": "newCall", "call_id": "7", "direction": "out", "from": "42", "to": "493023125741" }),
        json!({ "event": "hangup", "call_id": "7", "cause": "bsy", "strict_cause": true }),
        json!({ "event": "hangup", "call_id": "7", "cause": "busy" }),
        json!({ "event": "newCall", "call_id": "8", "direction": "out", "from": "42", "to": "1\u{1}" }),
        json!({ "event": "newCall", "call_id": "8", "direction": "in", "from": "493023125741", "to": "42" }),
        json!({ "event": "hangup", "call_id": "8", "cause": "busy" }),
    ];
    let lines = lines.map(|line| format!("{line}\n")).concat();
    let ended = world.program().args(["send", "--url", &sandbox.url]).write_stdin(lines).assert().code(65);
    assert!(stderr(&ended).lines().count() == 2, "{}", stderr(&ended));
    for (call, direction) in [("7", "out"), ("8", "in")] {
        let call = sandbox.call(call);
        assert_eq!((&call["direction"], &call["state"]), (&json!(direction), &json!("hangup")), "{call}");
    }
}

#[test]
fn the_exit_code_is_that_of_the_first_event_that_failed() {
    let bad = "no event\n";
    let good = "{\"event\":\"answer\",\"call_id\":\"7\",\"direction\":\"in\"}\n";
    let (ok, token) = ("{}", r#"{"error":"Invalid token, please contact your admin!"}"#);
    let reject = r#"{"action":"reject","reason":"busy"}"#;
    // (lines, status and reply, arguments, exit code, output)
    let cases: [(_, _, _, &[&str], _, _); 9] = [
        ([good, good], 200, ok, &[], 0, "none\nnone\n"),
        ([bad, good], 401, token, &[], 65, "failed invalid\nfailed wrong-token\n"),
        ([good, bad], 401, token, &[], 77, "failed wrong-token\nfailed invalid\n"),
        ([good, bad], 401, token, &["--concurrency", "2"], 77, "failed wrong-token\nfailed invalid\n"),
        ([good, bad], 401, token, &["--fail-open"], 0, "none\nnone\n"),
        ([good, good], 200, reject, &[], 0, "reject busy\nreject busy\n"),
        ([good, good], 200, reject, &["--reject-exit"], 10, "reject busy\nreject busy\n"),
        ([good, bad], 200, reject, &["--reject-exit"], 65, "reject busy\nfailed invalid\n"),
        ([good, bad], 200, reject, &["--field", "delivery"], 65, "delivered\nfailed\n"),
    ];
    for (lines, status, reply, arguments, code, output) in cases {
        let world = World::new();
        let _zammad = world.zammad_answers(status, reply);
        let ended = world.program().arg("send").args(arguments).write_stdin(lines.concat()).assert();
        ended.code(code).stdout(output);
    }
}

#[test]
fn what_a_hangup_has_against_its_call_is_said() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let call =
        json!({ "event": "newCall", "call_id": "7", "direction": "in", "from": "4930123456", "to": "42" });
    let hangup = json!({ "event": "hangup", "call_id": "7", "direction": "out" });
    let ended = world
        .bare()
        .args(["send", "--url", &sandbox.url])
        .write_stdin(format!("{call}\n\n{hangup}\n"))
        .assert();
    let warning =
        "line 3: an outbound hangup for an inbound call: Zammad hides a missed call; send it as `in`";
    ended.code(0).stdout("none\nnone\n").stderr(format!("zammad-cti: warning: {warning}\n"));
}

#[test]
fn a_result_is_there_before_the_next_event_is() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut sending = Sending::start(&world, &sandbox.url, &["--concurrency", "4"]);
    for call_id in ["a", "b", "c"] {
        sending.give(
            &json!({ "event": "newCall", "call_id": call_id, "direction": "in", "from": "1", "to": "2" }),
        );
        assert_eq!(sending.result()["call_id"], call_id);
    }
    // Nor does an event wait for the rest of the next one, or behind blank lines.
    let event = json!({ "event": "hangup", "call_id": "a" });
    write!(sending.process.stdin.as_mut().unwrap(), "{event}\n\n \n{{\"event\":").unwrap();
    assert_eq!(sending.result()["call_id"], "a");
    write!(sending.process.stdin.as_mut().unwrap(), "\"hangup\",\"call_id\":\"b\"}}").unwrap();
    drop(sending.process.stdin.take());
    assert_eq!(sending.result()["call_id"], "b");
    assert_eq!(sending.end(), Some(0));
}

#[test]
fn a_result_does_not_wait_for_a_slow_call_behind_it() {
    let world = World::new();
    let (go_on, held) = channel::<()>();
    let held = Mutex::new(held);
    let zammad = Server::start(move |mut stream| {
        if read_request(&mut stream).contains("slow") {
            // Until the test has read the other results, or failed.
            let _ = held.lock().unwrap().recv();
        }
        let _ = stream.write_all(&Reply::json(200, "{}").bytes());
    });
    let patience = ["--concurrency", "16", "--timeout", "50s", "--deadline", "60s"];
    let mut sending = Sending::start(&world, &zammad.url(), &patience);
    // Some of them have their thread in common with the slow one.
    let quick: Vec<_> = (0..8).map(|number| format!("quick-{number}")).collect();
    let lines: String = (quick.iter().map(String::as_str).chain(["slow"]))
        .map(|id| json!({ "event": "newCall", "call_id": id, "direction": "in", "from": "1", "to": "2" }))
        .map(|event| format!("{event}\n"))
        .collect();
    // At once, so that all are under way before the first has ended.
    sending.process.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    let mut results: Vec<_> = quick.iter().map(|_| sending.result()).collect();
    go_on.send(()).unwrap();
    results.push(sending.result());
    for (result, call_id) in results.iter().zip(quick.iter().map(String::as_str).chain(["slow"])) {
        assert_eq!((&result["call_id"], &result["attempts"]), (&json!(call_id), &json!(1)), "{result}");
    }
    assert_eq!(sending.end(), Some(0));
}

#[test]
fn replies_are_taken_while_nobody_reads_the_results() {
    patiently(|| {
        let world = World::new();
        let sandbox = world.sandbox(&[]);
        let mut sending =
            Sending::start(&world, &sandbox.url, &["--concurrency", "16", "--timeout", "500ms"]);
        let mut input = sending.process.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            for call in 0..4000 {
                let event = json!({ "event": "newCall", "call_id": call.to_string(), "direction": "in", "from": "1", "to": "2" });
                writeln!(input, "{event}").unwrap();
            }
        });
        // Longer than an attempt may take; the pipe is full long before.
        std::thread::sleep(Duration::from_millis(1500));
        for call in 0..4000 {
            let result = sending.result();
            assert_eq!(
                (&result["call_id"], &result["attempts"]),
                (&json!(call.to_string()), &json!(1)),
                "{result}"
            );
        }
        writer.join().unwrap();
        assert_eq!(sending.end(), Some(0));
    });
}

#[test]
fn a_slow_call_holds_up_no_other_and_the_results_stay_in_order() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    // As long as Zammad takes to reply to the slow one.
    let slow = Duration::from_secs(4);
    sandbox.fault(json!({ "mode": "delay_after", "seconds": 4, "count": 1 }));
    let mut sending = Sending::start(&world, &sandbox.url, &["--concurrency", "8"]);
    let started = Instant::now();
    sending
        .give(&json!({ "event": "newCall", "call_id": "slow", "direction": "in", "from": "1", "to": "2" }));
    let wait_for = |calls: usize| {
        while sandbox.log().len() < calls {
            assert!(started.elapsed() < slow, "{calls} calls are held up");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for(1);
    let calls: Vec<_> = (0..40).map(|number| format!("call-{number}")).collect();
    for call_id in &calls {
        sending.give(
            &json!({ "event": "newCall", "call_id": call_id, "direction": "in", "from": "1", "to": "2" }),
        );
    }
    sending.give(&json!({ "event": "answer", "call_id": "slow", "direction": "in" }));
    // Some have their connection in common with the slow one.
    wait_for(20);
    let order = ["slow"].into_iter().chain(calls.iter().map(String::as_str)).chain(["slow"]);
    for call_id in order {
        let result = sending.result();
        assert_eq!(
            (&result["call_id"], &result["delivery"]),
            (&json!(call_id), &json!("delivered")),
            "{result}"
        );
        assert_eq!(result["attempts"], 1, "{result}");
    }
    assert_eq!(sending.end(), Some(0));
    assert_eq!(sandbox.call("slow")["state"], "answer");
}

#[test]
fn many_events_arrive_once_in_order_and_in_little_memory() {
    const CALLS: usize = 6_700;
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut sending = Sending::start(&world, &sandbox.url, &["--concurrency", "8"]);
    let mut input = sending.process.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        // A hundred calls at a time, side by side.
        for hundred in (0..CALLS).collect::<Vec<_>>().chunks(100) {
            for event in ["newCall", "answer", "hangup"] {
                for call in hundred {
                    let mut line =
                        json!({ "event": event, "call_id": format!("call-{call}"), "direction": "in" });
                    if event == "newCall" {
                        line["from"] = json!("4930123456");
                        line["to"] = json!("42");
                    }
                    writeln!(input, "{line}").unwrap();
                }
            }
        }
        // Open until all results are read: the memory of a process that has ended is not known.
        input
    });
    for line in 1..=3 * CALLS {
        let result = sending.result();
        assert_eq!((&result["line"], &result["delivery"]), (&json!(line), &json!("delivered")), "{result}");
        // An event before its call's newCall would have been refused, and tried again.
        assert_eq!(result["attempts"], 1, "{result}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", sending.process.id())).unwrap();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
    assert!(peak.is_some_and(|kilobytes: u32| kilobytes < 40_000), "{peak:?}");
    drop(feeder.join().unwrap());
    assert_eq!(sending.end(), Some(0));

    let log = sandbox.log();
    assert_eq!(log.len(), CALLS);
    assert!(log.iter().all(|call| call["state"] == "hangup" && call["done"] == true));
}

/// `send` at work.
struct Sending {
    process: Child,
    results: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Sending {
    fn start(world: &World, url: &str, arguments: &[&str]) -> Self {
        let mut process = world
            .process()
            .args(["send", "--output", "json", "--url", url])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let results = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, results }
    }

    fn give(&mut self, event: &Value) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{event}").unwrap();
    }

    fn result(&mut self) -> Value {
        serde_json::from_str(&self.results.next().unwrap().unwrap()).unwrap()
    }

    /// Closes the input; the exit code.
    fn end(mut self) -> Option<i32> {
        drop(self.process.stdin.take());
        assert!(self.results.next().is_none());
        self.process.wait().unwrap().code()
    }
}

#[test]
fn each_line_has_its_result_or_nothing_is_sent_however_few_files_may_be_open() {
    let world = World::new();
    let accepted = world.zammad_accepts();
    let lines: String = (0..10)
        .map(|call| format!("{{\"event\":\"newCall\",\"call_id\":\"{call}\",\"direction\":\"in\",\"from\":\"1\",\"to\":\"2\"}}\n"))
        .collect();
    let file = world.file("events.ndjson", 0o600, &lines);
    for most in 6..20 {
        let before = accepted.calls();
        let limited = format!(r#"ulimit -n {most}; exec "$0" "$@""#);
        let ended = std::process::Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_zammad-cti")])
            .args(["send", "--concurrency", "2", "--deadline", "100ms", "--url", &world.url()])
            .arg(&file)
            .env_clear()
            .envs(world.folders())
            .output()
            .unwrap();
        let results = String::from_utf8(ended.stdout).unwrap().lines().count();
        let said = String::from_utf8_lossy(&ended.stderr);
        let sent = accepted.calls() - before;
        assert!(results == 10 || results == 0 && sent == 0, "{most}: {results} results, {sent} sent: {said}");
    }
}

#[test]
fn a_hangup_goes_without_what_is_no_text() {
    // (fields besides, what is sent besides, what is left out)
    let cases: [(&[u8], Value, &str); 8] = [
        (br#""cause":17"#, json!({ "cause": "busy" }), ""),
        (br#""cause":["busy"]"#, json!({}), "its cause"),
        (br#""cause":{"q850":17}"#, json!({}), "its cause"),
        (br#""from":493023125741"#, json!({ "from": "493023125741" }), ""),
        (br#""from":"4930\n""#, json!({ "from": "4930" }), ""),
        (br#""from":["4930"],"to":true"#, json!({}), "its from"),
        (b"\"from\":\"49\xe9\"", json!({}), "its from"),
        (b"\"cause\":\"Besetzt \xe9\"", json!({}), "its cause"),
    ];
    for (fields, more, left_out) in cases {
        let world = World::new();
        let mut body = json!({ "event": "hangup", "callId": "7", "direction": "in" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let posted = world.zammad_expects(body);
        let line = [br#"{"event":"hangup","call_id":"7","direction":"in","#, fields, b"}\n"].concat();
        let what = String::from_utf8_lossy(&line).into_owned();
        let ended =
            world.bare().args(["send", "--output", "json", "--url", &world.url()]).write_stdin(line).assert();
        let said = stdout(&ended);
        assert!(said.contains("\"delivery\":\"delivered\""), "{what}: {said}");
        assert_eq!(said.contains("sent without"), !left_out.is_empty(), "{what}: {said}");
        assert!(said.contains(left_out), "{what}: {said}");
        ended.code(if left_out.is_empty() { 0 } else { 65 });
        posted.assert();
    }
}
