//! Replays what a real Zammad 7.2 was sent, and compares what the sandbox answers and logs.
//!
//! `fixtures/recorded-sequences.jsonl` has 200 sequences of events in JSON and forms. A step has
//! the body, the reply with the Error ID masked, and the caller log after it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use zammad_cti::config::Secret;
use zammad_cti::rules::{Release, Route, Setup};
use zammad_cti::sandbox::{Options, Sandbox};

const TOKEN: &str = "right";

#[test]
fn the_sandbox_answers_and_logs_as_zammad_did() {
    let caller_id = "41715880339000";
    let routes = ["41*", "491714000000"].map(|destination| Route::new(destination, caller_id).unwrap());
    let sandbox = Sandbox::start(Options {
        listen: ([127, 0, 0, 1], 0).into(),
        token: Secret::new(TOKEN),
        setup: Setup {
            blocked: vec!["491715000000".to_owned()],
            routes: routes.into(),
            default_caller_id: Some("4930777000000".to_owned()),
            ..Setup::default()
        },
        release: Release::V7_2,
        ..Options::default()
    })
    .unwrap();

    let recording = include_str!("fixtures/recorded-sequences.jsonl");
    let mut steps = 0;
    for sequence in recording.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        request(sandbox.address(), "POST", "/sandbox/reset", "application/json", "");
        for step in sequence["steps"].as_array().unwrap() {
            steps += 1;
            let content_type = match step["encoding"].as_str().unwrap() {
                "json" => "application/json",
                "form" => "application/x-www-form-urlencoded",
                other => panic!("encoding {other}"),
            };
            let token = if step["token_ok"].as_bool().unwrap() { TOKEN } else { "wrong" };
            let path = format!("/api/v1/cti/{token}");
            let body = step["body"].as_str().unwrap();
            let (status, reply) = request(sandbox.address(), "POST", &path, content_type, body);
            let what = format!("sequence {}: {body}", sequence["sequence"]);
            assert_eq!(as_recorded(status, &reply), step["reply"], "{what}");
            let (_, log) = request(sandbox.address(), "GET", "/api/v1/cti/log", "", "");
            assert_eq!(without_own(&log["list"]), *step["log"].as_array().unwrap(), "{what}");
        }
    }
    assert_eq!(steps, 956);
}

/// A reply in the recording's form.
fn as_recorded(status: u16, reply: &Value) -> Value {
    let mut recorded = json!({ "status": status, "kind": if status == 200 { "ok" } else { "error" } });
    for (key, value) in reply.as_object().unwrap() {
        let value = match value.as_str() {
            Some(text) if text.starts_with("Error ID ") => {
                assert_eq!(text.split(' ').nth(2).map(str::len), Some("zntrXi7j:".len()), "{text}");
                json!("Error ID *: Please contact your administrator.")
            }
            _ => value.clone(),
        };
        // It repeats `error`, and the recording leaves it out.
        if key == "error_human" {
            assert_eq!(&value, &reply["error"]);
        } else {
            recorded[key] = value;
        }
    }
    recorded
}

/// The times of a row and its number, which the recording does not have.
const OWN: [&str; 6] =
    ["id", "initialized_at", "start_at", "end_at", "duration_waiting_time", "duration_talking_time"];

/// The rows in the recording's order, by call id, without these.
fn without_own(log: &Value) -> Vec<Value> {
    let row = |row: &Value| {
        let mut row = row.clone();
        for own in OWN {
            assert!(row.as_object_mut().unwrap().remove(own).is_some(), "{own}");
        }
        row
    };
    let mut rows: Vec<_> = log.as_array().unwrap().iter().map(row).collect();
    rows.sort_by_key(|row| row["call_id"].as_str().unwrap().to_owned());
    rows
}

fn request(address: SocketAddr, method: &str, path: &str, content_type: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}
