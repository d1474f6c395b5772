use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use predicates::prelude::*;
use serde_json::{Value, json};

use crate::running::until;
use crate::support::{NEW_CALL, Reply, Sandbox, TOKEN, World, stdout};
use crate::terminal::Terminal;

const JSON: &str = "Content-Type: application/json";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const ACCEPT: &str = "Accept: application/json";

/// Posts JSON to the endpoint as a client should.
fn post(sandbox: &Sandbox, body: &Value) -> Option<Reply> {
    sandbox.ask(&format!("POST /api/v1/cti/{}", sandbox.token()), &[JSON, ACCEPT], body.to_string())
}

fn new_call(call_id: &str) -> Value {
    json!({ "event": "newCall", "callId": call_id, "direction": "in", "from": "4930123456", "to": "42" })
}

fn event(event: &str, call_id: &str) -> Value {
    json!({ "event": event, "callId": call_id, "direction": "in" })
}

#[test]
fn its_first_line_is_an_address_that_works() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "493023125741"]);
    assert!(sandbox.url.starts_with("http://127.0.0.1:") && sandbox.token().len() >= 27, "{}", sandbox.url);
    let ended = world.bare().env("ZAMMAD_CTI_URL", &sandbox.url).args(NEW_CALL).assert();
    ended.code(0).stdout("reject busy\n").stderr("");
    assert_eq!(sandbox.log().len(), 1);
    // Each sandbox has a token of its own, unless it is told one.
    let (other, told) = (world.sandbox(&[]), world.sandbox(&["--token", "told"]));
    assert_ne!(sandbox.token(), other.token());
    assert_eq!(told.token(), "told");
}

#[test]
fn the_caller_log_has_zammads_shape_newest_first_until_it_is_reset() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut first = new_call("a");
    first
        .as_object_mut()
        .unwrap()
        .extend([("user".into(), json!(["Alice", "Bob"])), ("queue".into(), json!("support"))]);
    for event in [first, new_call("b"), event("answer", "a")] {
        assert_eq!(post(&sandbox, &event).unwrap().body, "{}");
    }
    let mut hangup = event("hangup", "a");
    hangup["cause"] = json!("normalClearing");
    assert_eq!(post(&sandbox, &hangup).unwrap().status, 200);

    let mut log = sandbox.log();
    assert_eq!(log.iter().map(|call| &call["call_id"]).collect::<Vec<_>>(), ["b", "a"]);
    let call = log[1].as_object_mut().unwrap();
    for time in ["initialized_at", "start_at", "end_at"] {
        let stamp = call.remove(time).unwrap();
        let stamp = stamp.as_str().unwrap();
        assert!(stamp.len() == 24 && stamp.contains('T') && stamp.ends_with('Z'), "{time}: {stamp}");
    }
    for duration in ["duration_waiting_time", "duration_talking_time"] {
        assert!(call.remove(duration).unwrap().as_u64().unwrap() <= 5, "{duration}");
    }
    let expected = json!({
        "id": 1, "call_id": "a", "direction": "in", "state": "hangup", "from": "4930123456", "from_comment": null,
        "to": "42", "to_comment": "Alice, Bob", "queue": "support", "comment": "normalClearing", "done": true,
    });
    assert_eq!(log[1], expected);
    let ringing = [("state", json!("newCall")), ("done", json!(false)), ("queue", json!("42"))];
    for (key, value) in ringing.into_iter().chain(
        ["comment", "to_comment", "start_at", "end_at", "duration_waiting_time", "duration_talking_time"]
            .map(|key| (key, Value::Null)),
    ) {
        assert_eq!(log[0].get(key), Some(&value), "{key}");
    }

    assert_eq!(sandbox.ask("POST /sandbox/reset", &[], "").unwrap().body, "{}");
    assert_eq!(sandbox.log(), Vec::<Value>::new());
    assert_eq!(post(&sandbox, &new_call("a")).unwrap().status, 200);
}

#[test]
fn faults_hit_as_many_requests_as_they_say() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    // (fault, status of the next request, whether its event is in the log, seconds it takes)
    let cases = [
        (json!({ "mode": "delay_before", "seconds": 0.3, "count": 1 }), Some(200), true, 0.3),
        (json!({ "mode": "delay_after", "seconds": 0.3, "count": 1 }), Some(200), true, 0.3),
        (json!({ "mode": "drop_before", "count": 1 }), None, false, 0.0),
        (json!({ "mode": "drop_after", "count": 1 }), None, true, 0.0),
        (json!({ "mode": "respond", "status": 503, "count": 1 }), Some(503), false, 0.0),
        (json!({ "mode": "respond", "status": 504, "seconds": 0.3, "count": 1 }), Some(504), false, 0.3),
        (json!({ "mode": "none" }), Some(200), true, 0.0),
        (json!({ "mode": "drop_before", "count": 0 }), Some(200), true, 0.0),
    ];
    for (at, (fault, status, logged, seconds)) in cases.into_iter().enumerate() {
        let call_id = format!("hit-{at}");
        sandbox.fault(fault.clone());
        let asked = Instant::now();
        let reply = post(&sandbox, &new_call(&call_id));
        assert_eq!(reply.map(|reply| reply.status), status, "{fault}");
        assert!(asked.elapsed() >= Duration::from_secs_f64(seconds), "{fault}: {:?}", asked.elapsed());
        assert_eq!(!sandbox.call(&call_id).is_null(), logged, "{fault}");
        // It is over; the caller log and the switches were never hit.
        assert_eq!(post(&sandbox, &new_call(&format!("next-{at}"))).unwrap().status, 200, "{fault}");
    }

    // Before and after are seen from the event: the log tells while the reply is still out.
    for (mode, logged) in [("delay_before", false), ("delay_after", true)] {
        sandbox.fault(json!({ "mode": mode, "seconds": 30, "count": 1 }));
        let mut arguments = NEW_CALL.to_vec();
        arguments[2] = mode;
        let limits = ["--url", &sandbox.url, "--timeout", "300ms", "--deadline", "300ms"];
        world.bare().args(arguments).args(limits).assert().code(69);
        assert_eq!(!sandbox.call(mode).is_null(), logged, "{mode}");
    }

    sandbox.fault(json!({ "mode": "drop_before", "count": 2 }));
    let hit = [0, 1, 2].map(|at| post(&sandbox, &new_call(&format!("twice-{at}"))).is_none());
    assert_eq!(hit, [true, true, false]);
    // Without a count it lasts until it is taken back, or until the reset.
    for end in ["POST /sandbox/fault", "POST /sandbox/reset"] {
        sandbox.fault(json!({ "mode": "drop_after" }));
        assert!([(); 3].map(|()| post(&sandbox, &new_call("x"))).iter().all(Option::is_none));
        sandbox.ask(end, &[], r#"{"mode":"none"}"#).unwrap();
        assert!(post(&sandbox, &new_call("x")).is_some(), "{end}");
    }
    let redirect = json!({ "mode": "respond", "status": 301, "body": "<html>moved</html>", "count": 1,
                           "location": "https://elsewhere/x",
                           "content_type": "text/html; charset=iso-8859-1" });
    sandbox.fault(redirect);
    let reply = post(&sandbox, &new_call("x")).unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (301, "<html>moved</html>"));
    for header in ["location: https://elsewhere/x", "content-type: text/html; charset=iso-8859-1"] {
        assert!(reply.head.contains(header), "{}", reply.head);
    }

    let wrong = [
        "",
        "[]",
        r#"{"mode":"explode"}"#,
        r#"{"mode":"none","cuont":1}"#,
        r#"{"mode":"respond","status":99}"#,
        r#"{"mode":"delay_before","seconds":-1}"#,
        r#"{"mode":"none","count":-1}"#,
    ];
    for fault in wrong {
        let reply = sandbox.ask("POST /sandbox/fault", &[], fault).unwrap();
        assert_eq!(reply.status, 400, "{fault}");
        assert!(!reply.json()["error"].as_str().unwrap().is_empty(), "{fault}");
    }
}

#[test]
fn it_blocks_and_routes_as_it_is_told() {
    let world = World::new();
    let options = [
        "--block",
        "4930666",
        "--block",
        "anonymous",
        "--route",
        "41*=41715880339000",
        "--route",
        "4144*=never",
        "--caller-id",
        "4930777000000",
    ];
    let sandbox = world.sandbox(&options);
    // (direction, from, to, what the program prints)
    let cases = [
        ("in", "4930666", "42", "reject busy\n"),
        ("in", "+4930666", "42", "reject busy\n"),
        ("in", "", "42", "reject busy\n"),
        ("in", "49306660", "42", "none\n"),
        ("out", "42", "41447110000", "dial 41715880339000 41447110000\n"),
        ("out", "42", "4930123456", "dial 4930777000000 4930123456\n"),
        ("out", "4930666", "41", "dial 4930777000000 41\n"),
    ];
    for (direction, from, to, printed) in cases {
        let call = ["new-call", "--direction", direction, "--from", from, "--to", to, "--url", &sandbox.url];
        world.bare().args(call).assert().code(0).stdout(printed);
    }
    // Zammad compares texts.
    let mut plus = new_call("plus");
    plus["from"] = json!("+4930666");
    assert_eq!(post(&sandbox, &plus).unwrap().body, "{}");
}

#[test]
fn events_are_refused_in_the_words_of_each_release() {
    let error = |text: &str| json!({ "error": text });
    let twice = |text: &str| json!({ "error": text, "error_human": text });
    let missing = |field: &str| twice(&format!("Attribute '{field}\" of relation \"cti_logs' required!"));
    let error_id = Value::Null;
    let mut parsed_55 = new_call("x");
    parsed_55["direction"] = json!("inbound");
    let without = |field: &str| {
        let mut call = new_call("x");
        call.as_object_mut().unwrap().remove(field);
        call
    };
    // (body, status, reply)
    let cases = [
        (json!({}).to_string(), 422, error("Invalid 'direction'!")),
        (parsed_55.to_string(), 422, error("Invalid 'direction'!")),
        ("[1]".to_owned(), 422, error("Invalid 'direction'!")),
        (String::new(), 422, error("Invalid 'direction'!")),
        (new_call("known").to_string(), 500, twice("This object already exists.")),
        (event("answer", "nobody").to_string(), 500, error_id.clone()),
        (event("hangup", "nobody").to_string(), 500, error_id.clone()),
        (event("newcall", "x").to_string(), 422, error_id.clone()),
        (without("from").to_string(), 422, missing("from")),
        (without("to").to_string(), 422, missing("to")),
        (without("callId").to_string(), 422, missing("call_id")),
        (new_call("a\0b").to_string(), 422, error_id.clone()),
    ];
    let world = World::new();
    for release in ["5.5", "7.2"] {
        let sandbox = world.sandbox(&["--zammad", release]);
        let path = format!("POST /api/v1/cti/{}", sandbox.token());
        post(&sandbox, &new_call("known")).unwrap();
        for (body, status, expected) in &cases {
            assert_refused(&sandbox.ask(&path, &[JSON, ACCEPT], body).unwrap(), *status, expected, body);
        }
        let wrong_token =
            sandbox.ask("POST /api/v1/cti/wrong", &[JSON, ACCEPT], new_call("x").to_string()).unwrap();
        assert_refused(&wrong_token, 401, &error("Invalid token, please contact your admin!"), release);
        let broken = sandbox.ask(&path, &[JSON, ACCEPT], "{\"event\":").unwrap();
        match release {
            "5.5" => assert_refused(&broken, 500, &error_id, release),
            _ => assert_refused(
                &broken,
                400,
                &twice("Error occurred while parsing request parameters"),
                release,
            ),
        }
        for path in ["/api/v1/cti", "/api/v1/cti/a/b", "/api/v1/cto/x", "/"] {
            let reply = sandbox.ask(&format!("POST {path}"), &[ACCEPT], "").unwrap();
            let text = match release {
                "5.5" => format!("No route matches [POST] {path}"),
                _ => "This page doesn't exist.".to_owned(),
            };
            assert_refused(&reply, 404, &twice(&text), path);
        }
        // This release shows the path, and with it the token.
        let got = sandbox.ask(&format!("GET /api/v1/cti/{}", sandbox.token()), &[ACCEPT], "").unwrap();
        assert_eq!((got.status, got.body.contains(sandbox.token())), (404, release == "5.5"), "{got:?}");
        assert_eq!(sandbox.log().len(), 1, "{release}");
    }

    for (state, text) in [
        ("off", "Feature is disabled, please contact your administrator!"),
        ("unconfigured", "Feature not configured, please contact your admin!"),
    ] {
        let sandbox = world.sandbox(&["--integration", state]);
        let reply = sandbox.ask("POST /api/v1/cti/wrong", &[JSON], new_call("x").to_string()).unwrap();
        assert_refused(&reply, 422, &error(text), state);
        world.bare().args(NEW_CALL).args(["--url", &sandbox.url]).assert().code(78);
    }
}

/// `expected` is the body, or null for an Error ID.
fn assert_refused(reply: &Reply, status: u16, expected: &Value, what: &str) {
    assert_eq!(reply.status, status, "{what}: {reply:?}");
    assert!(reply.head.contains("content-type: application/json; charset=utf-8"), "{what}: {reply:?}");
    let body = reply.json();
    if expected.is_null() {
        let text = body["error"].as_str().unwrap();
        let id = text.strip_prefix("Error ID ").unwrap().strip_suffix(": Please contact your administrator.");
        assert!(id.is_some_and(|id| id.len() == 8) && body.get("error_human").is_none(), "{what}: {body}");
    } else {
        assert_eq!(body, *expected, "{what}");
    }
}

#[test]
fn it_reads_every_encoding_that_zammad_reads() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let token = sandbox.token();
    let form = "event=newCall&direction=in&from=%2B49+30&to=42&user%5B%5D=Alice&user[]=Bob&callId=";
    // (path behind the token, headers, body, call id)
    let cases: [(&str, &[&str], String, _); 8] = [
        ("", &[FORM], format!("{form}form"), "form"),
        ("", &[], format!("{form}bare"), "bare"),
        (
            "",
            &["Content-Type: application/x-www-form-urlencoded; charset=utf-8"],
            format!("{form}utf8"),
            "utf8",
        ),
        (&format!("?{form}query"), &[], String::new(), "query"),
        ("?callId=lost&queue=support", &[FORM], format!("{form}body-wins"), "body-wins"),
        ("/", &[FORM], format!("{form}slash"), "slash"),
        (".json", &[FORM], format!("{form}suffix"), "suffix"),
        ("", &[FORM], format!("token=wrong&action=x&controller=y&{form}reserved"), "reserved"),
    ];
    for (behind, headers, body, call_id) in cases {
        let reply = sandbox.ask(&format!("POST /api/v1/cti/{token}{behind}"), headers, body).unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "{}"), "{call_id}");
        let call = sandbox.call(call_id);
        assert_eq!(
            (&call["from"], &call["to_comment"]),
            (&json!("+49 30"), &json!("Alice, Bob")),
            "{call_id}"
        );
    }
    for (path, call_id) in
        [(format!("/api/v1/cti//{token}"), "doubled"), (format!("//api/v1//cti/{token}"), "twice")]
    {
        assert_eq!(
            sandbox.ask(&format!("POST {path}"), &[FORM], format!("{form}{call_id}")).unwrap().status,
            200
        );
    }
    let multipart = Command::new("curl")
        .args([
            "--silent",
            "--form",
            "event=newCall",
            "--form",
            "direction=in",
            "--form",
            "from=+49 30",
            "--form",
            "to=42",
        ])
        .args([
            "--form",
            "user[]=Alice",
            "--form-string",
            "user[]=Bob; x=\"y\"",
            "--form",
            "callId=multipart",
            &sandbox.url,
        ])
        .output()
        .unwrap();
    assert_eq!(multipart.stdout, b"{}");
    assert_eq!(sandbox.call("multipart")["to_comment"], "Alice, Bob; x=\"y\"");

    // What Ruby on Rails makes of odd lists: the last text wins, an index makes a map.
    let plain = "event=newCall&direction=in&from=1&to=2";
    for (users, call_id, shown) in
        [("user=a&user=b", "last", "b"), ("user[0]=a&user[1]=b", "map", r#"{"0" => "a", "1" => "b"}"#)]
    {
        post_form(&sandbox, &format!("{plain}&{users}&callId={call_id}"), 200);
        let call = sandbox.call(call_id);
        let shown_as = call["to_comment"].as_str().unwrap().replace("\"=>\"", "\" => \"");
        assert_eq!(shown_as, shown, "{users}");
    }
    let before = sandbox.log().len();
    for broken in ["user=a&user[]=b", "user=a%", "user=%zz", "user=%ff"] {
        let reply = post_form(&sandbox, &format!("{plain}&callId=broken&{broken}"), 400);
        assert!(
            reply.json()["error"].as_str().unwrap().starts_with("Invalid request parameters"),
            "{reply:?}"
        );
    }
    // JSON under another name is not read.
    for headers in
        [&["Content-Type: text/plain"][..], &["Content-Type: application/vnd.api+json"], &[FORM], &[]]
    {
        let path = format!("POST /api/v1/cti/{token}");
        assert_eq!(
            sandbox.ask(&path, headers, new_call("unread").to_string()).unwrap().status,
            422,
            "{headers:?}"
        );
    }
    assert_eq!(sandbox.log().len(), before);
}

fn post_form(sandbox: &Sandbox, body: &str, status: u16) -> Reply {
    let reply = sandbox.ask(&format!("POST /api/v1/cti/{}", sandbox.token()), &[FORM, ACCEPT], body).unwrap();
    assert_eq!(reply.status, status, "{body}: {reply:?}");
    reply
}

#[test]
fn the_accept_header_decides_whether_an_exception_is_told_in_json() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let token = sandbox.token();
    // (Accept, suffix, whether the error comes in JSON)
    let cases = [
        (Some("application/json"), "", true),
        (Some("*/*"), "", true),
        (None, "", false),
        (Some("application/json, */*"), "", false),
        (Some("*/*, application/json"), "", false),
        (Some("text/html"), "", false),
        (Some("text/html"), ".json", true),
        (None, ".json", true),
        (None, "?format=json", true),
    ];
    for (accept, suffix, in_json) in cases {
        let accept = accept.map(|accept| format!("Accept: {accept}"));
        let headers: Vec<_> = [JSON].into_iter().chain(accept.as_deref()).collect();
        let path = format!("POST /api/v1/cti/{token}{suffix}");
        let exception = sandbox.ask(&path, &headers, event("hangup", "nobody").to_string()).unwrap();
        assert_eq!(exception.status, 500, "{headers:?}");
        assert_eq!(
            exception.head.contains("content-type: application/json"),
            in_json,
            "{headers:?}: {exception:?}"
        );
        if in_json {
            assert!(exception.json()["error"].as_str().unwrap().starts_with("Error ID "), "{exception:?}");
        } else {
            assert!(
                exception.head.contains("content-type: text/html")
                    && exception.body.contains("500: Something went wrong"),
                "{exception:?}"
            );
        }
        // What the controller itself says is always JSON.
        let refusal = sandbox.ask(&path, &headers, "{}").unwrap();
        assert_refused(&refusal, 422, &json!({ "error": "Invalid 'direction'!" }), "refusal");
    }
}

#[test]
fn other_methods_are_answered_as_zammad_does() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let path = format!("/api/v1/cti/{}", sandbox.token());
    let options = sandbox.ask(&format!("OPTIONS {path}"), &[], "").unwrap();
    assert_eq!((options.status, options.body.as_str()), (200, ""));
    assert!(options.head.contains("content-type: text/plain"), "{options:?}");
    let patch = sandbox.ask(&format!("PATCH {path}"), &[JSON, ACCEPT], new_call("x").to_string()).unwrap();
    assert_refused(&patch, 404, &json!({ "status": 404, "error": "Not Found" }), "PATCH");
    for method in ["GET", "PUT", "DELETE"] {
        let reply =
            sandbox.ask(&format!("{method} {path}"), &[JSON, ACCEPT], new_call("x").to_string()).unwrap();
        assert_eq!(reply.status, 404, "{method}");
    }
    assert_eq!(sandbox.log(), Vec::<Value>::new());

    // A request's id comes back as far as Zammad keeps it.
    let path = format!("POST {path}");
    let reply = sandbox.ask(&path, &[JSON, "X-Request-Id: a1-_.b c!"], new_call("x").to_string()).unwrap();
    assert!(reply.head.contains("x-request-id: a1-_bc\r\n"), "{reply:?}");
}

#[test]
fn on_a_terminal_it_tells_people_what_comes_and_what_is_odd() {
    let world = World::new();
    let mut program = world.process();
    program.args(["sandbox", "--listen", "127.0.0.1:0", "--token", "test", "--block", "491715000000"]);
    let mut terminal = Terminal::start(&mut program, 100, 30);
    terminal.until("an address", |text| text.contains("watch it live"));
    let url = terminal.text().lines().next().unwrap().trim_end().to_owned();
    let report = |arguments: &str| {
        let mut program = world.bare();
        program.env("ZAMMAD_CTI_URL", &url).args(arguments.split(' '));
        assert_eq!(program.output().unwrap().status.code(), Some(0), "{arguments}");
    };
    report("new-call --call-id 7 --direction in --from 491715000000 --to 42 --user Alice");
    report("hangup --call-id 7 --direction in --cause busy");
    terminal.until("both events", |text| text.contains("hangup   busy  ok  call 7"));
    let text = terminal.text();
    assert!(text.contains("  newCall  491715000000 -> 42 (Alice)  reject busy  call 7\n"), "{text}");
    assert!(text.contains("          warning: this caller is blocked"), "{text}");
    assert!(!text.contains('{'), "{text}");
}

#[test]
fn a_sandbox_that_cannot_start_says_why() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    // (arguments, exit code, what is said)
    let cases: [(&[&str], _, &str); 8] = [
        (&["--listen", &address], 78, &format!("cannot listen on {address}")),
        (&["--token", "to.ken"], 78, "a dot"),
        (&["--route", "41"], 78, "DEST=CALLER_ID"),
        (&["--route", "4(1=49"], 78, "route \"4(1=49\""),
        (&["--listen", "localhost"], 2, "--listen"),
        // No secret, and found in most words.
        (&["--listen", "3000", "--token", "t"], 2, "'--listen <ADDRESS:PORT>'"),
        (&["--zammad", "1.0"], 2, "5.5, 7.2"),
        (&["--integration", "broken"], 2, "unconfigured"),
    ];
    for (arguments, code, said) in cases {
        let listen: &[_] = if arguments[0] == "--listen" { &[] } else { &["--listen", "127.0.0.1:0"] };
        let ended = world.bare().arg("sandbox").args(arguments).args(listen).assert();
        ended.code(code).stdout("").stderr(predicate::str::contains(said));
    }
}

#[test]
fn a_sandbox_has_nothing_to_do_with_the_real_zammad() {
    let world = World::new();
    let requests = world.every_request();
    let sandbox = world.sandbox_beside_zammad();
    assert_ne!(sandbox.token(), TOKEN);
    let told = stdout(&world.bare().args(NEW_CALL).args(["--url", &sandbox.url]).assert().code(0));
    assert_eq!(told, "none\n");
    requests.assert_calls(0);
}

#[test]
fn standard_streams_that_are_closed_lead_nowhere() {
    let world = World::new();
    let mut sandbox = Command::new("sh")
        .args(["-c", r#"exec "$0" sandbox --listen 127.0.0.1:0 <&- >&- 2>&-"#])
        .arg(env!("CARGO_BIN_EXE_zammad-cti"))
        .env_clear()
        .envs(world.folders())
        .spawn()
        .unwrap();
    let leads_to = |number| std::fs::read_link(format!("/proc/{}/fd/{number}", sandbox.id()));
    until("streams that lead nowhere", || {
        (0..=2).all(|number| leads_to(number).is_ok_and(|file| file == Path::new("/dev/null")))
    });
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
}
