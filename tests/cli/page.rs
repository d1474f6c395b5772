//! The sandbox's live page and its stream, as bytes; tests/sandbox_page has them in a browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use predicates::prelude::*;
use serde_json::{Value, json};

use crate::support::{Sandbox, TOKEN, World};

const JSON: &str = "Content-Type: application/json";
const ACCEPT: &str = "Accept: application/json";

/// The page's stream of events.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(sandbox: &Sandbox) -> Self {
        let mut stream = TcpStream::connect(sandbox.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "GET /sandbox/events HTTP/1.1\r\nHost: {}\r\n\r\n", sandbox.address()).unwrap();
        Self(BufReader::new(stream))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream goes on");
        line.trim_end().to_owned()
    }

    fn head(&mut self) -> String {
        let mut head = String::new();
        loop {
            match self.line() {
                line if line.is_empty() => return head,
                line => head = head + &line.to_lowercase() + "\n",
            }
        }
    }

    /// The next event's name and data.
    fn next(&mut self) -> (String, Value) {
        loop {
            if let Some(event) = self.line().strip_prefix("event: ") {
                let data = self.line();
                assert_eq!(self.line(), "", "an event ends with an empty line");
                let data = data.strip_prefix("data: ").unwrap();
                return (event.to_owned(), serde_json::from_str(data).unwrap());
            }
        }
    }
}

/// What a page that is opened now is told.
fn state(sandbox: &Sandbox) -> Value {
    let (event, state) = Stream::open(sandbox).next();
    assert_eq!(event, "state");
    state
}

fn post(sandbox: &Sandbox, body: impl AsRef<[u8]>) -> u16 {
    let path = format!("POST /api/v1/cti/{}", sandbox.token());
    sandbox.ask(&path, &[JSON, ACCEPT], body).unwrap().status
}

fn new_call(call_id: &str) -> String {
    json!({ "event": "newCall", "callId": call_id, "direction": "in", "from": "4930123456", "to": "42" })
        .to_string()
}

/// The texts of a request's findings.
fn findings(request: &Value) -> Vec<&str> {
    request["findings"].as_array().unwrap().iter().map(|finding| finding["text"].as_str().unwrap()).collect()
}

#[test]
fn the_page_asks_nobody_else_and_runs_nothing_else() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let pages = [(); 2].map(|()| sandbox.ask("GET /", &[], "").unwrap());
    for page in &pages {
        assert_eq!(page.status, 200);
        let nonce = page.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(nonce.len() >= 32 && page.body.matches(nonce).count() == 2, "{nonce}");
        for header in [
            "content-type: text/html; charset=utf-8",
            "default-src 'none'",
            &format!("script-src 'nonce-{nonce}';"),
            &format!("style-src 'nonce-{nonce}';"),
            "connect-src 'self';",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(page.head.contains(header), "{header}: {}", page.head);
        }
        assert!(!page.body.contains(TOKEN));
        // The one address in it names a format.
        let addresses: Vec<_> =
            page.body.match_indices("://").map(|(at, _)| &page.body[at..at + 13]).collect();
        assert!(addresses.iter().all(|address| *address == "://www.w3.org"), "{addresses:?}");
        assert!(!page.body.contains("innerHTML"));
    }
    assert_ne!(pages[0].body, pages[1].body, "a nonce is used once");
}

#[test]
fn the_stream_tells_the_whole_and_then_each_change() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    assert_eq!(post(&sandbox, new_call("a")), 200);
    let mut stream = Stream::open(&sandbox);
    let head = stream.head();
    for header in ["http/1.1 200", "content-type: text/event-stream", "cache-control: no-store"] {
        assert!(head.contains(header), "{head}");
    }
    let (event, state) = stream.next();
    assert_eq!(event, "state");
    assert_eq!((&state["open"], &state["calls_ever"]), (&json!(1), &json!(1)));
    let call = &state["calls"][0];
    assert_eq!(
        (&call["call_id"], &call["state"], &call["done"]),
        (&json!("a"), &json!("newCall"), &json!(false))
    );
    let request = &state["requests"][0];
    assert_eq!(request["head"].as_str().unwrap().lines().next(), Some("POST /api/v1/cti/***"));
    assert_eq!(request["body"], new_call("a"));
    assert_eq!((&request["status"], &request["reply"]), (&json!(200), &json!("{}")));
    assert_eq!(request["fields"][0], json!(["event", "newCall"]));
    assert_eq!(request["findings"], json!([]));

    // Only what is new, and only the call that it changed.
    assert_eq!(post(&sandbox, new_call("b")), 200);
    let (event, change) = stream.next();
    assert_eq!(event, "change");
    assert_eq!((change["calls"].as_array().unwrap().len(), &change["calls"][0]["call_id"]), (1, &json!("b")));
    assert_eq!(change["requests"].as_array().unwrap().len(), 1);
    assert_eq!(post(&sandbox, r#"{"event":"hangup","callId":"a","direction":"in"}"#), 200);
    let (_, change) = stream.next();
    assert_eq!(
        (&change["calls"][0]["call_id"], &change["calls"][0]["state"]),
        (&json!("a"), &json!("hangup"))
    );
    assert_eq!(change["open"], 1);
    // After a reset, the whole again: nothing.
    sandbox.ask("POST /sandbox/reset", &[], "").unwrap();
    let (event, state) = stream.next();
    assert_eq!((event.as_str(), &state["calls"], &state["requests"]), ("state", &json!([]), &json!([])));
}

#[test]
fn what_is_kept_is_bounded() {
    let world = World::new();
    let sandbox = world.sandbox(&["--keep", "3"]);
    let mut stream = Stream::open(&sandbox);
    stream.next();
    for number in 0..510 {
        assert_eq!(post(&sandbox, new_call(&number.to_string())), 200);
    }
    let kept = state(&sandbox);
    let calls: Vec<_> = kept["calls"].as_array().unwrap().iter().map(|call| &call["call_id"]).collect();
    assert_eq!(calls, ["509", "508", "507"]);
    assert_eq!(kept["calls_ever"], 510);
    let requests = kept["requests"].as_array().unwrap();
    assert_eq!(
        (requests.len(), &requests[0]["call_id"], &requests[0]["number"]),
        (500, &json!("10"), &json!(10))
    );
    assert_eq!(sandbox.log().len(), 3);
    assert_eq!(post(&sandbox, r#"{"event":"hangup","callId":"506","direction":"in"}"#), 500);
    // A page that did not read meanwhile comes to the same, in as many steps as it likes.
    loop {
        let (_, news) = stream.next();
        let last = news["requests"].as_array().unwrap().last().unwrap();
        if last["number"] == 510 {
            assert_eq!(last["call_id"], "506");
            break;
        }
    }
    world.bare().args(["sandbox", "--keep", "0"]).assert().code(2).stderr(predicate::str::contains("--keep"));
}

#[test]
fn the_token_is_nowhere_in_the_stream() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN, "--zammad", "5.5"]);
    let body = json!({ "event": "newCall", "callId": TOKEN, "direction": "in", "from": TOKEN, "to": "42",
                       "user": [TOKEN], "queue": TOKEN, "cause": TOKEN, "token": TOKEN, TOKEN: TOKEN });
    let agent = format!("User-Agent: {TOKEN}");
    for (request, body) in [
        (format!("POST /api/v1/cti/{TOKEN}"), body.to_string()),
        (format!("POST /api/v1/cti/{TOKEN}.json?{TOKEN}={TOKEN}&token={TOKEN}"), String::new()),
        (format!("POST /api/v1/cti/{TOKEN}.{TOKEN}"), new_call("x")),
        (format!("POST /api/v1/cti/{TOKEN}/{TOKEN}"), new_call("x")),
        (format!("POST /zammad/api/v1/cti/{TOKEN}"), new_call("x")),
        (format!("POST /{TOKEN}"), new_call("x")),
        (format!("GET /api/v1/cti/{TOKEN}"), String::new()),
        (format!("PATCH /api/v1/cti/{TOKEN}"), String::new()),
    ] {
        sandbox.ask(&request, &[JSON, ACCEPT, &agent], body).unwrap();
    }
    // The sandbox itself says it, in this release's way.
    let told = sandbox.ask(&format!("GET /api/v1/cti/{TOKEN}"), &[ACCEPT], "").unwrap();
    assert!(told.body.contains(TOKEN));
    let state = state(&sandbox);
    assert_eq!(state["requests"].as_array().unwrap().len(), 9);
    assert!(!state.to_string().contains(TOKEN), "{state:#}");
    assert_eq!(
        state["requests"][1]["head"].as_str().unwrap().lines().next(),
        Some("POST /api/v1/cti/***.json?***=***&token=***")
    );
    // A wrong token may be right elsewhere.
    sandbox.ask("POST /api/v1/cti/Another-Zammads-token", &[JSON], new_call("x")).unwrap();
    let state = self::state(&sandbox);
    assert!(!state.to_string().contains("Another-Zammads-token"), "{state:#}");
    assert_eq!(
        findings(&state["requests"][9])[0],
        "the token is wrong: it has 21 characters, and the right one 19; copy the address once more"
    );
}

#[test]
fn whatever_comes_is_told_and_harms_nothing() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let big = json!({ "event": "newCall", "callId": "big", "direction": "in", "from": "4930123456", "to": "42",
                      "note": "n".repeat(1_000_000) });
    // (body, status, what the page says of it)
    let cases: [(Vec<u8>, u16, &str); 7] = [
        (b"{\"event\":\"M\xfcller\"}".into(), 400, "byte 12 of the body is not UTF-8"),
        (b"{\"event\":\"newCall\"".into(), 400, "the body is not JSON (EOF while parsing"),
        (b"[1]".into(), 422, "the JSON is not an object"),
        (b"{\"callId\":\"a\\u0000\",\"event\":\"answer\",\"direction\":\"in\"}".into(), 422, "NUL"),
        ("[".repeat(5000).into(), 400, "the body is not JSON"),
        (
            b"{\"event\":\"hangup\",\"callId\":\"9\",\"direction\":\"in\"}".into(),
            500,
            "hangup before newCall",
        ),
        (big.to_string().into(), 200, ""),
    ];
    for (at, (body, status, said)) in cases.iter().enumerate() {
        assert_eq!(post(&sandbox, body), *status, "{said}");
        let state = state(&sandbox);
        let findings = findings(&state["requests"][at]);
        assert!(said.is_empty() || findings.iter().any(|text| text.contains(said)), "{said}: {findings:?}");
    }
    let last = state(&sandbox);
    assert_eq!(last["requests"][0]["body"], "{\"event\":\"M\\xfcller\"}");
    let request = &last["requests"][6];
    assert_eq!((request["body"].as_str().unwrap().len(), &request["call_id"]), (8192, &json!("big")));
    assert_eq!(request["left_out"], big.to_string().len() - 8192);
    assert_eq!(last["calls"][0]["call_id"], "big");

    // Of a long query, too, only a part is kept, and nothing is read into it.
    let query = format!("event=newCall&callId=long&direction=in&from=1&to=2&note={}", "%41".repeat(4000));
    let path = format!("POST /api/v1/cti/{}?{query}", sandbox.token());
    assert_eq!(sandbox.ask(&path, &[ACCEPT], "").unwrap().status, 200);
    let last = state(&sandbox);
    let request = last["requests"].as_array().unwrap().last().unwrap();
    assert_eq!((&request["call_id"], &request["fields"]), (&json!("long"), &json!([])));
    assert!(request["left_out"].as_u64().unwrap() > 3000, "{request}");

    // A fault is told with what it did.
    for (mode, status, reply) in [
        ("drop_after", Value::Null, Value::Null),
        ("drop_before", Value::Null, Value::Null),
        ("respond", json!(503), json!("closed")),
    ] {
        sandbox.fault(json!({ "mode": mode, "status": 503, "body": "closed", "count": 1 }));
        sandbox.ask(&format!("POST /api/v1/cti/{}", sandbox.token()), &[JSON, ACCEPT], new_call(mode));
        let state = state(&sandbox);
        let request = state["requests"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&request["fault"], &request["status"], &request["reply"]),
            (&json!(mode), &status, &reply)
        );
        assert_eq!(findings(&request), Vec::<&str>::new(), "{mode}");
    }
}

#[test]
fn pages_of_other_sites_learn_and_change_nothing() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ask = |request: &str, host: &str, headers: &str| {
        let mut stream = TcpStream::connect(sandbox.address()).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        String::from_utf8_lossy(&head[9..]).parse::<u16>().unwrap()
    };
    let (address, port) = (sandbox.address(), sandbox.address().rsplit(':').next().unwrap());
    // A name of the attacker's that leads here.
    for request in ["GET /", "GET /sandbox/events", "GET /api/v1/cti/log", "GET //api/v1/cti/log/"] {
        for (host, status) in [
            (address, 200),
            (&*format!("localhost:{port}"), 200),
            ("LOCALHOST", 200),
            ("[::1]:3000", 200),
            ("evil.example", 403),
            (&*format!("evil.example:{port}"), 403),
            ("localhost.evil.example", 403),
            ("127.0.0.1.evil.example", 403),
        ] {
            assert_eq!(ask(request, host, ""), status, "{request} {host}");
        }
    }
    let same = format!("Origin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n");
    for (host, headers, status) in [
        (address, "", 200),
        (address, &*same, 200),
        (address, "Sec-Fetch-Site: cross-site\r\n", 403),
        (address, "Sec-Fetch-Site: same-site\r\n", 403),
        (address, "Origin: null\r\n", 403),
        (address, "Origin: http://evil.example\r\n", 403),
        (address, "Origin: http://127.0.0.1:1\r\n", 403),
        ("evil.example", "Origin: http://evil.example\r\n", 403),
    ] {
        for (path, refused_only) in [("reset", false), ("fault", true)] {
            let got = ask(&format!("POST /sandbox/{path}"), host, headers);
            // A fault without a body is a mistake of another kind.
            let expected = if refused_only && status == 200 { 400 } else { status };
            assert_eq!(got, expected, "{path} {host} {headers}");
        }
    }
}

#[test]
fn it_says_where_to_look_and_why_it_cannot_start() {
    let world = World::new();
    let mut sandbox = world
        .process()
        .args(["sandbox", "--listen", "127.0.0.1:0", "--token", TOKEN])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut url, mut said) = (String::new(), String::new());
    BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut url).unwrap();
    BufReader::new(sandbox.stderr.take().unwrap()).read_line(&mut said).unwrap();
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    let page = url.split("api").next().unwrap();
    assert_eq!(said, format!("watch it live: {page}\n"));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = world.bare().args(["sandbox", "--listen", &address]).assert().code(78).stdout("");
    let said = crate::support::stderr(&ended);
    assert!(said.contains(&format!("cannot listen on {address}: another program does")), "{said}");
    assert!(said.contains("ss -ltnp") && said.contains("--listen"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn the_page_is_like_one_of_zammads_interfaces() {
    // (interface, whether a call pops up: of anybody, of a blocked caller, to a number with a plus)
    let cases = [("old", [true, false, true]), ("new", [true, true, false])];
    for (interface, pops_up) in cases {
        let world = World::new();
        let sandbox = world.sandbox(&["--token", TOKEN, "--block", "491715", "--interface", interface]);
        for (call_id, from, to) in [("1", "4930", "42"), ("2", "491715", "42"), ("3", "4930", "+4930600")] {
            let body =
                json!({ "event": "newCall", "callId": call_id, "direction": "in", "from": from, "to": to });
            assert_eq!(post(&sandbox, body.to_string()), 200);
        }
        let state = state(&sandbox);
        assert_eq!((&state["interface"], &state["counter"]), (&json!(interface), &json!(3)), "{state}");
        let mut calls = state["calls"].as_array().unwrap().clone();
        calls.sort_by_key(|call| call["call_id"].to_string());
        let told: Vec<_> = calls.iter().map(|call| call["pops_up"].as_bool().unwrap()).collect();
        assert_eq!(told, pops_up, "{interface}: {state}");
        // It pops up while it rings.
        let hangup = json!({ "event": "hangup", "callId": "1", "direction": "in", "cause": "forwarded" });
        assert_eq!(post(&sandbox, hangup.to_string()), 200);
        let state = self::state(&sandbox);
        assert_eq!(state["counter"], 2, "{state}");
        let calls = state["calls"].as_array().unwrap();
        let first = calls.iter().find(|call| call["call_id"] == "1").unwrap();
        assert_eq!(first["pops_up"], false, "{first}");
    }
}
