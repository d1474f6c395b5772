//! What `check` says of every way to fail, and that nobody notices a check.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use assert_cmd::Command;
use rcgen::SanType;
use serde_json::{Value, json};

use crate::certificates::{
    FUTURE, NOW, PAST, authority, ends_in, params, pem_file, root, self_signed, signed_by, url,
};
use crate::servers::{
    Ran, Reply, Server, at_once, listen, read_request, reserved_port, reset, stay_silent, url as http_url,
};
use crate::support::{NEW_CALL, TOKEN, World};

/// As Zammad refuses a probe when all is in order.
fn refusal() -> Reply {
    Reply::json(422, r#"{"error":"Invalid 'direction'!"}"#)
}

fn error(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({ "error": text }).to_string())
}

fn check(world: &World, url: &str, arguments: &[&str]) -> Command {
    let mut program = world.bare();
    program.env("ZAMMAD_CTI_URL", url).arg("check").args(arguments);
    program
}

/// The state of a stage in the JSON object.
fn state<'a>(report: &'a Value, name: &str) -> &'a str {
    stage(report, name)["state"].as_str().unwrap()
}

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    let stages = report["stages"].as_array().unwrap();
    stages.iter().find(|stage| stage["name"] == name).unwrap()
}

#[test]
fn all_is_well_in_each_format() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ran = Ran::of(&mut check(&world, &sandbox.url, &[]));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("http://{}/api/v1/cti/***", sandbox.address()));
    // (how a row begins, what it holds)
    let rows = [
        ("  Configuration   ok ", " ms"),
        ("  DNS             - ", "not needed"),
        ("  TCP connection  ok ", sandbox.address()),
        ("  TLS             - ", "http://"),
        ("  HTTP            ok ", "HTTP 422, the right answer to a probe"),
        ("  Zammad answers  ok", ""),
        ("  CTI switched on ok", ""),
        ("  CTI configured  ok", ""),
        ("  Token           ok", ""),
        ("  Country         -", "not set: national numbers"),
    ];
    for (line, (begin, part)) in lines[2..].iter().zip(rows) {
        assert!(line.starts_with(begin) && line.contains(part), "{line:?}");
    }
    assert!(lines[13].starts_with("OK: token accepted in "), "{ran}");
    assert!(!ran.stdout.contains('\u{1b}'), "no colour for a file: {ran}");

    let ran = Ran::of(&mut check(&world, &sandbox.url, &["--output", "json"]));
    let report = ran.report();
    assert_eq!((ran.code, &report["status"], &report["version"]), (0, &json!("ok"), &json!(1)));
    let keys: Vec<_> = report.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["version", "endpoint", "status", "message", "time_ms", "request_id", "stages"]);
    let names: Vec<_> =
        report["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    let all = ["configuration", "dns", "tcp", "tls", "http", "zammad", "integration", "configured", "token"];
    assert_eq!(names, all);
    for name in all {
        let expected = if ["dns", "tls"].contains(&name) { "not_needed" } else { "passed" };
        assert_eq!(state(&report, name), expected, "{name}");
    }
    assert_eq!(stage(&report, "tcp")["address"], sandbox.address());
    assert_eq!(stage(&report, "http")["http_status"], 422);
    assert!(stage(&report, "http")["ms"].as_f64().unwrap() > 0.0);

    let ran = Ran::of(&mut check(&world, &sandbox.url, &["--nagios"]));
    assert_eq!((ran.code, ran.stderr.as_str(), ran.stdout.lines().count()), (0, "", 1), "{ran}");
    let (text, data) = ran.stdout.split_once(" | ").unwrap();
    assert!(text.starts_with("ZAMMAD OK - token accepted in ") && text.ends_with(" ms"), "{ran}");
    assert!(data.starts_with("time=0.") && data.ends_with("s;1;5;0\n"), "{ran}");
}

#[test]
fn a_check_leaves_the_caller_log_as_it_is() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "493023125741"]);
    for encoding in ["json", "form"] {
        for shape in [&["--nagios"][..], &["--output", "json"], &[]] {
            let mut program = check(&world, &sandbox.url, shape);
            assert_eq!(Ran::of(program.args(["--encoding", encoding])).code, 0, "{encoding} {shape:?}");
        }
    }
    assert_eq!(sandbox.log(), Vec::<Value>::new());
    world.bare().env("ZAMMAD_CTI_URL", &sandbox.url).args(NEW_CALL).assert().code(0);
    let before = sandbox.log();
    assert_eq!(Ran::of(&mut check(&world, &sandbox.url, &[])).code, 0);
    assert_eq!((sandbox.log(), before.len()), (before, 1));
}

#[test]
fn the_probe_is_one_request_that_looks_like_an_event() {
    let world = World::new();
    // (encoding, content type, body)
    let cases = [
        ("json", "application/json", r#"{"direction":"probe"}"#),
        ("form", "application/x-www-form-urlencoded", "direction=probe"),
    ];
    for (encoding, content_type, body) in cases {
        let zammad = Server::answering([refusal()]);
        let ran = Ran::of(&mut check(&world, &zammad.url(), &["--encoding", encoding, "--output", "json"]));
        assert_eq!(ran.code, 0, "{ran}");
        let id = ran.report()["request_id"].as_str().unwrap().to_owned();
        // The connection that is measured says nothing.
        let requests: Vec<_> = zammad.requests().into_iter().filter(|request| !request.is_empty()).collect();
        assert_eq!(requests.len(), 1, "{requests:?}");
        assert!(requests[0].starts_with(&format!("POST /api/v1/cti/{TOKEN} HTTP/1.1\r\n")), "{requests:?}");
        assert!(requests[0].ends_with(&format!("\r\n\r\n{body}")), "{requests:?}");
        for header in [format!("content-type: {content_type}"), format!("x-request-id: {id}")] {
            assert!(requests[0].contains(&format!("{header}\r\n")), "{requests:?}");
        }
        assert!(requests[0].contains("accept: application/json\r\n"), "{requests:?}");
    }
}

#[test]
fn every_answer_has_a_stage_a_class_and_a_next_step() {
    let world = World::new();
    let moved = |to: &str| Reply::html(301, "Moved Permanently").with("Location", to);
    let doubled = "Error ID zntrXi7j: Please contact your administrator.";
    let page = "<html><head><TITLE>\n Sign in </title></head></html>";
    // (answer, stage, class, a part of the cause, a part of the next step)
    let cases = [
        (
            error(401, "Invalid token, please contact your admin!"),
            "token",
            "wrong-token",
            "refused the token",
            "Copy the Endpoint again",
        ),
        (
            error(422, "Feature is disabled, please contact your administrator!"),
            "integration",
            "switched-off",
            "switched off",
            "Admin > System > Integrations > CTI (generic)",
        ),
        (
            error(422, "Feature is disable, please contact your admin to enable it!"),
            "integration",
            "switched-off",
            "switched off",
            "The token is not checked before that",
        ),
        (
            error(422, "Feature not configured, please contact your admin!"),
            "configured",
            "not-configured",
            "not configured",
            "save it once",
        ),
        (
            moved(&format!("https://127.0.0.1/api/v1/cti/{TOKEN}")),
            "http",
            "redirected",
            "redirected to https://127.0.0.1/api/v1/cti/*** (HTTP 301)",
            "write https://127.0.0.1/... in `url`",
        ),
        (moved("https://127.0.0.1:8443/x"), "http", "redirected", "(HTTP 301)", "https://127.0.0.1:8443/..."),
        (
            moved("https://other.example.com/x"),
            "http",
            "redirected",
            "other.example.com",
            "moved to other.example.com",
        ),
        (moved("/login"), "http", "redirected", "/login", "If it is a login"),
        (
            Reply::html(200, "Please log in"),
            "http",
            "not-zammad",
            "an HTML page (HTTP 200)",
            "Another site's",
        ),
        (
            Reply::new(200, "text/html", page),
            "http",
            "not-zammad",
            "an HTML page titled \"Sign in\"",
            "a login in front of Zammad",
        ),
        (Reply::html(400, "Bad Request"), "http", "not-zammad", "(HTTP 400)", "Write https://"),
        (
            Reply::html(401, "Authorization Required"),
            "http",
            "not-zammad",
            "(HTTP 401)",
            "asks for its own login",
        ),
        (Reply::html(403, "Forbidden"), "http", "not-zammad", "(HTTP 403)", "refuses this machine"),
        (error(401, "Unauthorized"), "zammad", "not-zammad", "\"Unauthorized\"", "asks for its own login"),
        (
            Reply::html(500, "Something went wrong"),
            "http",
            "not-zammad",
            "(HTTP 500)",
            "or its web server fails",
        ),
        (Reply::html(502, "Bad Gateway"), "http", "unavailable", "(HTTP 502)", "systemctl status zammad-web"),
        (Reply::html(503, "Unavailable"), "http", "unavailable", "(HTTP 503)", "maintenance"),
        (Reply::html(429, "Too Many"), "http", "unavailable", "(HTTP 429)", "limits the number"),
        (Reply::html(504, "Time-out"), "http", "gateway-timeout", "(HTTP 504)", "too slow"),
        (Reply::html(404, "Not Found"), "zammad", "no-such-page", "no such page", "subfolder"),
        (Reply::doubled(404, "This page doesn't exist."), "zammad", "no-such-page", "(HTTP 404)", "Endpoint"),
        (Reply::doubled(500, doubled), "zammad", "failed", "Error ID zntrXi7j", "production.log"),
        (error(422, doubled), "zammad", "failed", "Error ID zntrXi7j", "production.log"),
        // -- JSON, but not from Zammad --
        (
            Reply::json(200, "{}"),
            "zammad",
            "not-zammad",
            "accepts what Zammad would refuse",
            "Another program",
        ),
        (Reply::json(200, "[]"), "zammad", "not-zammad", "JSON, but not an object", "Another program"),
        (error(422, "validation failed"), "zammad", "not-zammad", "\"validation failed\"", "Another program"),
        (error(200, "Invalid 'direction'!"), "zammad", "not-zammad", "(HTTP 200)", "Another program"),
        (error(400, "Invalid 'direction'!"), "zammad", "not-zammad", "(HTTP 400)", "Another program"),
        (Reply::new(200, "text/plain", "ok"), "http", "not-zammad", "text/plain", "Another program"),
        (Reply::new(204, "", ""), "http", "not-zammad", "an empty body", "Another program"),
    ];
    at_once(cases, |(reply, at, class, cause, step)| {
        let server = Server::answering([reply]);
        let ran = Ran::of(&mut check(&world, &server.url(), &["--output", "json"]));
        assert_fails_at(&ran, at, class, cause, step);
        // Nothing is sent twice.
        assert_eq!(server.requests().iter().filter(|request| !request.is_empty()).count(), 1, "{ran}");
        let ran = Ran::of(&mut check(&world, &server.url(), &[]));
        assert_eq!(ran.code, 2, "{ran}");
        assert_eq!(ran.stdout.matches(" FAILED").count(), 1, "{ran}");
        assert!(ran.stdout.contains("\nCRITICAL: ") && ran.stdout.contains(cause), "{ran}");
        let ran = Ran::of(&mut check(&world, &server.url(), &["--nagios"]));
        assert!(ran.stdout.starts_with("ZAMMAD CRITICAL - ") && ran.stdout.contains(cause), "{ran}");
        assert!(ran.stdout.ends_with(" | time=U;1;5;0\n"), "{ran}");
    });
}

/// It failed at this stage; all before passed, and none behind was reached.
fn assert_fails_at(ran: &Ran, at: &str, class: &str, cause: &str, step: &str) {
    let report = ran.report();
    assert_eq!((ran.code, &report["status"]), (2, &json!("critical")), "{ran}");
    assert_eq!((&report["error_stage"], &report["error_class"]), (&json!(at), &json!(class)), "{ran}");
    for (key, part) in [("error", cause), ("message", cause), ("next_step", step)] {
        assert!(report[key].as_str().unwrap().contains(part), "no {part:?} in {key}: {ran}");
    }
    let mut failed = false;
    for stage in report["stages"].as_array().unwrap() {
        let expected: &[&str] = match (stage["name"] == at, failed) {
            (true, _) => &["failed"],
            (false, false) => &["passed", "not_needed"],
            (false, true) => &["not_reached"],
        };
        assert!(expected.contains(&stage["state"].as_str().unwrap()), "{stage}: {ran}");
        failed |= stage["name"] == at;
    }
}

#[test]
fn a_real_sandbox_tells_its_states_apart() {
    let world = World::new();
    // (options, what is put behind the address, stage)
    let cases: [(&[&str], &str, &str); 4] = [
        (&["--integration", "off"], "", "integration"),
        (&["--integration", "unconfigured"], "", "configured"),
        (&[], "x", "token"),
        (&["--zammad", "5.5"], "x", "token"),
    ];
    for (options, behind, at) in cases {
        let sandbox = world.sandbox(options);
        let ran = Ran::of(&mut check(&world, &format!("{}{behind}", sandbox.url), &["--output", "json"]));
        assert_eq!((ran.code, &ran.report()["error_stage"]), (2, &json!(at)), "{options:?}: {ran}");
    }
    let sandbox = world.sandbox(&["--zammad", "5.5"]);
    assert_eq!(Ran::of(&mut check(&world, &sandbox.url, &[])).code, 0);
    let subfolder = sandbox.url.replace("/api", "/zammad/api");
    let ran = Ran::of(&mut check(&world, &subfolder, &["--output", "json"]));
    assert_fails_at(&ran, "zammad", "no-such-page", "no such page", "subfolder");
    sandbox.fault(json!({ "mode": "drop_before", "count": 1 }));
    let ran = Ran::of(&mut check(&world, &sandbox.url, &["--output", "json"]));
    assert_fails_at(&ran, "http", "connection-lost", "broke before the reply", "crashes or restarts");
}

#[test]
fn what_is_wrong_with_a_connection_is_told_apart() {
    let world = World::new();
    let closed = reserved_port();
    let closed = http_url(closed.local_addr().unwrap());
    let full = listen(reserved_port(), 0);
    let _filled: Vec<_> = (0..8)
        .map_while(|_| {
            TcpStream::connect_timeout(&full.local_addr().unwrap(), Duration::from_millis(50)).ok()
        })
        .collect();
    let full = http_url(full.local_addr().unwrap());
    let ssh = Server::start(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    });
    let silent = Server::start(stay_silent);
    let nowhere = format!("http://nowhere.invalid/api/v1/cti/{TOKEN}");
    // (address, stage, class, a part of the cause, a part of the next step)
    let cases = [
        (nowhere, "dns", "lookup", "the name lookup failed", "getent hosts nowhere.invalid"),
        (closed, "tcp", "connect", "Connection refused", "systemctl status nginx"),
        (full, "tcp", "connect-timeout", "no connection in time", "firewall"),
        (ssh.url(), "http", "not-http", "not HTTP", "Check the port"),
        (silent.url(), "http", "no-reply", "no reply within", "overloaded"),
    ];
    at_once(cases, |(url, at, class, cause, step)| {
        let arguments = ["--output", "json", "--connect-timeout", "300ms", "--timeout", "400ms"];
        let ran = Ran::of(&mut check(&world, &url, &arguments));
        assert_fails_at(&ran, at, class, cause, step);
    });
}

#[test]
fn what_is_wrong_with_tls_is_told_apart() {
    let world = World::new();
    let (root, stranger) = (root("root"), root("Stranger CA"));
    let zammad = |years| params("zammad", &["localhost"], years);
    let trusted = pem_file(&world, "trusted.pem", &[&root]);
    let plain = Server::start(|mut stream| {
        let _ = stream.peek(&mut [0]);
        let _ = stream.write_all(&Reply::html(400, "Bad Request").bytes());
        stay_silent(stream);
    });
    // (what is wrong, server, class, a part of the cause, a part of the next step)
    let cases = [
        (
            "another name",
            signed_by(&root, params("other", &["zammad.example.com", "z.example.com"], NOW)).serve(),
            "tls-name",
            "for another name (zammad.example.com, z.example.com)",
            "https://zammad.example.com/...",
        ),
        (
            "expired",
            signed_by(&root, zammad(PAST)).serve(),
            "tls-expired",
            " days ago, on 2021-01-01)",
            "certbot renew",
        ),
        (
            "not valid yet",
            signed_by(&root, zammad(FUTURE)).serve(),
            "tls-not-yet-valid",
            "(valid from 2060-01-01)",
            "clock",
        ),
        ("self-signed", self_signed(zammad(NOW)).serve(), "tls-self-signed", "self-signed", "--ca-file"),
        (
            "self-signed as an authority",
            self_signed(authority(zammad(NOW))).serve(),
            "tls-self-signed",
            "self-signed",
            "--ca-file",
        ),
        (
            "unknown authority",
            signed_by(&stranger, zammad(NOW)).serve(),
            "tls-unknown-issuer",
            "(issued by Stranger CA",
            "fullchain.pem",
        ),
        ("plain HTTP", plain, "tls-none", "does not speak TLS", "https port"),
        ("silent", Server::start(stay_silent), "connect-timeout", "no connection in time", "for https"),
        (
            "reset",
            Server::start(|stream| {
                let _ = stream.peek(&mut [0]);
                reset(stream);
            }),
            "connect",
            "cannot connect",
            "cut before TLS",
        ),
    ];
    at_once(cases, |(what, server, class, cause, step)| {
        let arguments = ["--output", "json", "--connect-timeout", "1s", "--ca-file"];
        let ran = Ran::of(check(&world, &url("localhost", &server), &arguments).arg(&trusted));
        assert_fails_at(&ran, "tls", class, cause, step);
        let shows = ["tls-name", "tls-expired", "tls-self-signed", "tls-unknown-issuer"].contains(&class);
        let report = ran.report();
        let certificate = &stage(&report, "tls")["certificate"];
        assert_eq!(certificate.is_object(), shows || class == "tls-not-yet-valid", "{what}: {ran}");
        assert!(certificate["verified"] != json!(true), "{what}: {ran}");
    });
}

#[test]
fn a_certificate_is_described_and_its_days_are_counted() {
    let world = World::new();
    let root = root("Test CA");
    let trusted = pem_file(&world, "trusted.pem", &[&root]);
    let zammad = |days| {
        let params = ends_in(params("zammad", &["localhost", "127.0.0.1"], NOW), days);
        signed_by(&root, params).answering(refusal())
    };
    // (days left, limits, code, a part of the message)
    let cases: [(u64, &[&str], i32, &str); 10] = [
        (45, &[], 0, "certificate 45 days left"),
        (14, &[], 0, "certificate 14 days left"),
        (13, &[], 1, "certificate 13 days left (fewer than 14)"),
        (7, &[], 1, "certificate 7 days left (fewer than 14)"),
        (6, &[], 2, "certificate 6 days left (fewer than 7)"),
        (1, &[], 2, "certificate 1 day left (fewer than 7)"),
        (45, &["-w", "days=60"], 1, "(fewer than 60)"),
        (45, &["-w", "days=60", "-c", "days=50"], 2, "(fewer than 50)"),
        (3, &["-w", "days=3", "-c", "days=2"], 0, "certificate 3 days left"),
        (0, &["--warning=time=2s,days=0", "--critical=days=0"], 0, "certificate 0 days left"),
    ];
    at_once(cases, |(days, limits, code, message)| {
        let server = zammad(days);
        let url = url("localhost", &server);
        for shape in [&["--output", "json"][..], &["--nagios"], &[]] {
            let ran = Ran::of(check(&world, &url, shape).args(limits).arg("--ca-file").arg(&trusted));
            assert_eq!(ran.code, code, "{days} {limits:?}: {ran}");
            assert!(ran.stdout.contains(message), "{days} {limits:?}: {ran}");
        }
    });
    let server = zammad(45);
    let url = url("localhost", &server);
    let ran = Ran::of(check(&world, &url, &["--output", "json", "--ca-file"]).arg(&trusted));
    let report = ran.report();
    assert_eq!(report["certificate_days"], 45);
    let tls = stage(&report, "tls");
    assert_eq!((state(&report, "dns"), &tls["tls_version"]), ("passed", &json!("TLS 1.3")), "{ran}");
    let certificate = &tls["certificate"];
    assert_eq!(certificate["names"], json!(["localhost", "127.0.0.1"]));
    assert!(certificate["issuer"].as_str().unwrap().starts_with("Test CA"), "{certificate}");
    assert_eq!((&certificate["days_left"], &certificate["verified"]), (&json!(45), &json!(true)));
    let ran = Ran::of(check(&world, &url, &["--nagios", "-w", "days=20", "--ca-file"]).arg(&trusted));
    assert!(ran.stdout.ends_with("s;1;5;0 days=45;20:;7:\n"), "{ran}");
}

#[test]
fn an_unverified_certificate_is_shown_as_such() {
    let world = World::new();
    let server = self_signed(params("zammad", &["zammad.example.com"], PAST)).answering(refusal());
    let ran = Ran::of(&mut check(&world, &url("localhost", &server), &["--insecure"]));
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("warning: Zammad's certificate is not verified"), "{ran}");
    assert!(ran.stdout.contains("until 2021-01-01 (expired), NOT VERIFIED"), "{ran}");
    assert!(ran.stdout.contains("(not verified)"), "{ran}");
}

#[test]
fn a_slow_answer_is_a_warning_or_critical() {
    let world = World::new();
    let server = Server::answering([refusal().after(Duration::from_millis(300))]);
    // (limits, code, a part of the message)
    let cases: [(&[&str], i32, &str); 3] = [
        (&["-w", "time=20s", "-c", "time=30s"], 0, "OK"),
        (&["-w", "time=250ms", "-c", "time=1m"], 1, "(more than 250ms)"),
        (&["-w", "time=100ms", "-c", "time=200ms"], 2, "(more than 200ms)"),
    ];
    for (limits, code, message) in cases {
        let ran = Ran::of(check(&world, &server.url(), &["--nagios"]).args(limits));
        assert_eq!(ran.code, code, "{limits:?}: {ran}");
        assert!(ran.stdout.contains(message), "{limits:?}: {ran}");
        let ran = Ran::of(check(&world, &server.url(), &[]).args(limits));
        assert_eq!(
            (ran.code, ran.stdout.contains("Compare the times")),
            (code, code != 0),
            "{limits:?}: {ran}"
        );
    }
}

#[test]
fn a_wrong_command_line_is_unknown_and_not_critical() {
    let world = World::new();
    let zammad = Server::answering([refusal()]);
    // (arguments, a part of the complaint)
    let cases: [(&[&str], &str); 22] = [
        (&["check", "--nagois"], "--nagios"),
        (&["check", "--dry-run"], "unexpected argument '--dry-run'"),
        (&["--bogus", "check"], "--bogus"),
        (&["--profile", "send", "check", "--bogus"], "--bogus"),
        (&["check", "-w", "5"], "limits are written like time=1s,days=14"),
        (&["check", "-w", "days=soon"], "days must be a whole number"),
        (&["check", "-w", "days=-1"], "days must be a whole number"),
        (&["check", "-w", "time=5"], "a time has a number and a unit"),
        (&["check", "-w", "time=0s"], "time must be more than 0"),
        (&["check", "-w", "days=5,days=6"], "days is given twice"),
        (&["check", "-w", "load=5"], "limits are written like"),
        (&["check", "-w", "time=10s"], "the warning at 10s would come after the critical at 5s"),
        (&["check", "-c", "days=20"], "the warning at 14 days would come after the critical at 20"),
        (&["check", "-w", "waiting=0"], "waiting must be a whole number, 1 or more"),
        (&["check", "-w", "dead=1,dead=2"], "dead is given twice"),
        (&["check", "-c", "age=1m"], "the warning at 10m would come after the critical at 1m"),
        (&["check", "-w", "stuck=3", "-c", "stuck=2"], "the warning at stuck=3 would come after"),
        (&["check", "--stuck-after", "12"], "a number and a unit"),
        (&["check", "--output", "shell"], "--output json or --nagios"),
        (&["check", "--field", "error"], "unexpected argument '--field'"),
        (&["check", "--nagios", "--output", "json"], "cannot be used with --output"),
        (&["check", "--all-profiles", "--profile", "x"], "--profile"),
    ];
    for (arguments, complaint) in cases {
        let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", zammad.url()).args(arguments));
        let is_for_nagios = arguments.contains(&"--nagios");
        assert_eq!((ran.code, ran.stdout.is_empty()), (3, !is_for_nagios), "{arguments:?}: {ran}");
        assert!(ran.stderr.contains(complaint), "{arguments:?}: {ran}");
    }
    assert_eq!(zammad.requests().len(), 0, "nothing was checked");
    // Another command's code stays what it is.
    let others: [&[&str]; 3] = [
        &["config", "check", "--bogus"],
        &["--profile", "check", "send", "--bogus"],
        &["--curl", "--profile=x", "send", "check", "--bogus"],
    ];
    for arguments in others {
        assert_eq!(Ran::of(world.bare().args(arguments)).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_configuration_that_is_missing_or_broken_is_unknown() {
    let world = World::new();
    let readable = world.file("readable.toml", 0o644, &format!("url = '{}'", world.url()));
    let misspelt = world.file("misspelt.toml", 0o600, "timout = '1s'\n");
    let no_certificate = world.file("empty.pem", 0o644, "");
    let https = format!("https://localhost:1/api/v1/cti/{TOKEN}");
    // (arguments, a part of the message)
    let cases: [(&[&str], &str); 7] = [
        (&[], "no endpoint is set"),
        (&["--token", TOKEN], "a token is set, but no url"),
        (&["--url", "ftp://zammad.example.com"], "not with http:// or https://"),
        (&["--config", readable.to_str().unwrap()], "chmod o-rwx"),
        (&["--config", misspelt.to_str().unwrap()], "did you mean `timeout`?"),
        (&["--config", misspelt.to_str().unwrap(), "--profile", "x"], "timout"),
        (&["--url", &https, "--ca-file", no_certificate.to_str().unwrap()], "has no certificate"),
    ];
    for (arguments, message) in cases {
        let check = |shape: &[&str]| Ran::of(world.bare().arg("check").args(arguments).args(shape));
        for (shape, word) in
            [(&[][..], "UNKNOWN: Configuration: "), (&["--nagios"], "ZAMMAD UNKNOWN - Configuration: ")]
        {
            let ran = check(shape);
            assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{arguments:?}: {ran}");
            assert!(ran.stdout.contains(word) && ran.stdout.contains(message), "{arguments:?}: {ran}");
        }
        let ran = check(&["--output", "json"]);
        let report = ran.report();
        assert_eq!((ran.code, &report["status"]), (3, &json!("unknown")), "{ran}");
        assert_eq!(report["error_class"], "configuration", "{ran}");
        assert_eq!((state(&report, "configuration"), state(&report, "token")), ("failed", "not_reached"));
    }
}

#[test]
fn a_result_that_cannot_be_written_is_unknown() {
    let world = World::new();
    let zammad = Server::answering([refusal()]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut program = world.process();
    let ended = program.env("ZAMMAD_CTI_URL", zammad.url()).arg("check").stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(3));
    assert!(String::from_utf8(ended.stderr).unwrap().contains("cannot write the result"));
}

#[test]
fn all_profiles_are_checked_and_the_worst_counts() {
    let world = World::new();
    let (good, off) = (world.sandbox(&[]), world.sandbox(&["--integration", "off"]));
    let config = world.file(
        "config.toml",
        0o600,
        &format!(
            "token_file = 'nowhere'\n[profiles.main]\nurl = '{}'\n[profiles.'odd name']\nurl = '{}'\n",
            good.url, off.url
        ),
    );
    let check = |config: &std::path::Path, shape: &[&str]| {
        let mut program = world.bare();
        Ran::of(program.arg("--config").arg(config).args(["check", "--all-profiles"]).args(shape))
    };
    // The top level says no address, so it is passed over.
    let ran = check(&config, &["--output", "json"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (2, 2), "{ran}");

    let profiles = format!(
        "[profiles.main]\nurl = '{}'\n[profiles.'odd name']\nurl = '{}'\n[profiles.slow]\nurl = '{}'\ntimeout = '0s'\n",
        good.url, off.url, good.url
    );
    let config = world.file("config.toml", 0o600, &format!("timeout = '3s'\n{profiles}"));
    let ran = check(&config, &["--output", "json"]);
    let reports: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = reports.iter().map(|report| (&report["profile"], &report["status"])).collect();
    let expected =
        [("main", "ok"), ("odd name", "critical"), ("slow", "unknown")].map(|(a, b)| (json!(a), json!(b)));
    assert_eq!(told, expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>(), "{ran}");
    assert_eq!(ran.code, 2, "critical is worse than unknown: {ran}");

    let ran = check(&config, &[]);
    for heading in
        ["profile main: http://", "profile odd name: http://", "profile slow: the configuration cannot"]
    {
        assert!(ran.stdout.contains(heading), "{ran}");
    }
    let ran = check(&config, &["--nagios"]);
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    let begin = "ZAMMAD CRITICAL - odd name CRITICAL: CTI switched on: ";
    assert!(ran.stdout.starts_with(begin), "the worst first: {ran}");
    assert!(ran.stdout.contains("; main OK: token accepted"), "{ran}");
    assert!(
        ran.stdout.contains(" | main_time=0.") && ran.stdout.contains(" odd_name_time=U;1;5;0 "),
        "{ran}"
    );

    let mut talkative = world.bare();
    talkative.env("RUST_LOG", "trace").arg("--config").arg(&config).args(["check", "--all-profiles"]);
    let ran = Ran::of(&mut talkative);
    assert!(ran.stderr.lines().count() > 5, "{ran}");
    for token in [good.token(), off.token()] {
        assert!(!ran.stderr.contains(token) && !ran.stdout.contains(token), "{ran}");
    }

    // The top level is one of them when it is complete.
    let config =
        world.file("config.toml", 0o600, &format!("url = '{}'\n[profiles.main]\ntimeout = '2s'", good.url));
    let ran = check(&config, &["--nagios"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.starts_with("ZAMMAD OK - top level OK: "), "{ran}");
    assert!(ran.stdout.contains(" | time=0.") && ran.stdout.contains(" main_time=0."), "{ran}");

    let nobody = world.file("config.toml", 0o600, "[profiles.main]\ntimeout = '2s'\n");
    let ran = check(&nobody, &["--nagios"]);
    assert_eq!((ran.code, ran.stdout.contains("no endpoint is set")), (3, true), "{ran}");
    let ran = Ran::of(world.bare().args(["check", "--all-profiles"]));
    assert_eq!((ran.code, ran.stderr.contains("needs a configuration file")), (3, true), "{ran}");
    let ran = check(&config, &["--url", &good.url]);
    assert_eq!((ran.code, ran.stderr.contains("override all of them")), (3, true), "{ran}");
}

#[test]
fn a_proxys_certificate_is_not_taken_for_zammads() {
    let world = World::new();
    let root = root("root");
    let trusted = pem_file(&world, "trusted.pem", &[&root]);
    let ending = ends_in(params("proxy", &["localhost"], NOW), 3);
    let proxy = signed_by(&root, ending).answering(Reply::html(403, "Forbidden"));
    let https = format!("https://zammad.invalid/api/v1/cti/{TOKEN}");
    let mut program = check(&world, &https, &["--output", "json", "--ca-file"]);
    let address = format!("https://localhost:{}", proxy.address.port());
    let ran = Ran::of(program.arg(&trusted).env("HTTPS_PROXY", address));
    assert_fails_at(&ran, "tls", "proxy", "(HTTP 403)", "Let the proxy connect to zammad.invalid");
    let report = ran.report();
    assert_eq!(
        (&stage(&report, "tls")["certificate"], &report["certificate_days"]),
        (&Value::Null, &Value::Null),
        "{ran}"
    );
}

#[test]
fn no_server_keeps_a_check_beyond_its_deadline() {
    let world = World::new();
    let drips = |text: &'static str| {
        Server::start(move |mut stream| {
            read_request(&mut stream);
            for byte in text.bytes() {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        })
    };
    let floods = || {
        Server::start(|mut stream| {
            read_request(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
            while stream.write_all(&[b'x'; 1000]).is_ok() {}
        })
    };
    let good = self_signed(params("zammad", &["localhost"], NOW)).answering(refusal());
    let late = Server::start(move |stream| {
        std::thread::sleep(Duration::from_millis(700));
        pass_on(stream, good.address);
    });
    let http = |server: Server| http_url(server.address);
    let https = |server: Server| url("localhost", &server);
    // (what it does, address)
    let cases = [
        ("stays silent", http(Server::start(stay_silent))),
        ("stays silent in TLS", https(Server::start(stay_silent))),
        ("drips its head", http(drips("HTTP/1.1 422 Unprocessable\r\nContent-Type: application/json"))),
        ("drips TLS", https(drips("\u{16}\u{3}\u{3}\0\u{7a}\u{2}\0\0\u{76}\u{3}\u{3}"))),
        ("takes nearly all the time for one connection", https(late)),
        ("floods", http(floods())),
        ("resets", http(Server::start(reset))),
        ("closes", http(Server::start(drop))),
    ];
    at_once(cases, |(what, url)| {
        for limits in [&["--deadline", "900ms"][..], &["--deadline", "900ms", "--connect-timeout", "800ms"]] {
            let ran = Ran::of(check(&world, &url, &["--insecure", "--nagios"]).args(limits));
            assert_eq!(ran.code, 2, "{what}: {ran}");
            assert!(ran.took.within(Duration::from_millis(900)), "{what}: {ran}");
        }
    });
}

#[test]
fn strangers_texts_do_no_harm() {
    let world = World::new();
    let evil = "\u{1b}[31m\u{202e}|evil\u{7}\n";
    let root = root(&format!("CA {evil}"));
    let trusted = pem_file(&world, "trusted.pem", &[&root]);
    let mut odd = params("zammad", &[], NOW);
    odd.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into().unwrap()),
        SanType::DnsName(format!("{TOKEN}\u{1b}[2J").try_into().unwrap()),
    ];
    let page = format!("<title>{evil} at /api/v1/cti/{TOKEN}</title>");
    let servers = [
        ("a certificate", url("localhost", &signed_by(&root, odd).answering(refusal())), "CA "),
        ("a page", http_url(Server::answering([Reply::new(200, "text/html", page)]).address), "evil"),
        ("an error", http_url(Server::answering([error(418, &format!("{evil} {TOKEN}"))]).address), "evil"),
        (
            "a redirect",
            http_url(
                Server::answering([Reply::html(301, "x").with("Location", format!("http://x/|{TOKEN}"))])
                    .address,
            ),
            "redirected to",
        ),
    ];
    for (what, url, part) in servers {
        for shape in [&[][..], &["--output", "json"], &["--nagios"]] {
            let ran =
                Ran::of(check(&world, &url, shape).arg("--ca-file").arg(&trusted).env("RUST_LOG", "trace"));
            let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!ran.stdout.contains(harmful) && !ran.stderr.contains(harmful), "{what}: {ran}");
            assert!(shape == ["--nagios"] || ran.stdout.contains(part), "{what}: {ran}");
            if shape == ["--nagios"] {
                assert_eq!(
                    (ran.stdout.lines().count(), ran.stdout.matches('|').count()),
                    (1, 1),
                    "{what}: {ran}"
                );
            }
        }
    }
}

/// Makes a connection a way to `target`.
fn pass_on(mut client: TcpStream, target: SocketAddr) {
    let mut server = TcpStream::connect(target).unwrap();
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
    let _ = std::io::copy(&mut server, &mut client);
}

/// A proxy that answers CONNECT like this, and then is a way to `target`.
fn proxy(answer: &'static str, target: SocketAddr) -> Server {
    Server::start(move |mut client| {
        let request = read_request(&mut client);
        assert!(request.starts_with("CONNECT zammad.invalid:443 HTTP/1.1\r\n"), "{request}");
        client.write_all(answer.as_bytes()).unwrap();
        pass_on(client, target);
    })
}

#[test]
fn the_first_stages_are_about_the_proxy_if_there_is_one() {
    let world = World::new();
    let root = root("root");
    let trusted = pem_file(&world, "trusted.pem", &[&root]);
    let zammad = signed_by(&root, params("zammad", &["zammad.invalid"], NOW)).answering(refusal());
    let https = format!("https://zammad.invalid/api/v1/cti/{TOKEN}");
    let through = |answer, login: &str| {
        let proxy = proxy(answer, zammad.address);
        let address = format!("http://{login}localhost:{}", proxy.address.port());
        let mut program = check(&world, &https, &["--output", "json", "--ca-file"]);
        Ran::of(program.arg(&trusted).env("HTTPS_PROXY", address))
    };
    let ran = through("HTTP/1.1 200 Connection established\r\n\r\n", "me:secret@");
    let report = ran.report();
    assert_eq!((ran.code, state(&report, "dns")), (0, "passed"), "{ran}");
    assert!(report["proxy"].as_str().unwrap().starts_with("http://localhost:"), "{ran}");
    assert!(!ran.stdout.contains("secret"), "{ran}");
    assert_eq!(stage(&report, "tls")["certificate"]["names"], json!(["zammad.invalid"]), "{ran}");
    // The rest of a password with an @ in it is no part of the host.
    let ran = through("HTTP/1.1 200 Connection established\r\n\r\n", "me:p@secret@");
    assert_eq!((ran.code, ran.stdout.contains("secret")), (0, false), "{ran}");
    assert!(ran.report()["proxy"].as_str().unwrap().starts_with("http://localhost:"), "{ran}");

    let ran = through("HTTP/1.1 403 Forbidden\r\n\r\n", "");
    assert_fails_at(&ran, "tls", "proxy", "(HTTP 403)", "Let the proxy connect to zammad.invalid");
    let ran = through("HTTP/1.1 407 Login\r\n\r\n", "");
    assert_fails_at(&ran, "tls", "proxy", "(HTTP 407)", "USER:PASSWORD");
    let ran = through("SSH-2.0-OpenSSH\r\n\r\n", "");
    assert_fails_at(&ran, "tls", "connect", "the proxy's reply is not HTTP", "does not answer like a proxy");

    let http = format!("http://zammad.invalid/api/v1/cti/{TOKEN}");
    let plain = Server::answering([refusal()]);
    let check = |no_proxy: &str| {
        let mut program = check(&world, &http, &["--output", "json"]);
        let address = format!("http://127.0.0.1:{}", plain.address.port());
        Ran::of(program.env("http_proxy", address).env("no_proxy", no_proxy))
    };
    let ran = check("");
    assert_eq!((ran.code, state(&ran.report(), "dns")), (0, "not_needed"), "{ran}");
    assert_fails_at(&check("zammad.invalid"), "dns", "lookup", "name lookup", "getent hosts zammad.invalid");
    // What is on this machine is not behind a proxy.
    let sandbox = world.sandbox(&[]);
    let mut program = self::check(&world, &sandbox.url, &["--output", "json"]);
    let ran = Ran::of(program.env("http_proxy", "http://127.0.0.1:9"));
    assert_eq!((ran.code, &ran.report()["proxy"]), (0, &Value::Null), "{ran}");
}

/// A check with the spool in the home.
fn check_with_spool(world: &World, url: &str, arguments: &[&str]) -> Command {
    let mut program = check(world, url, arguments);
    program.env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
    program
}

#[test]
fn a_spool_is_a_part_of_health_and_a_check_begins_none() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &[]));
    assert_eq!(ran.code, 0, "{ran}");
    assert!(
        ran.stdout.contains("  Spool           ok") && ran.stdout.contains("does not exist yet"),
        "{ran}"
    );
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &["--output", "json"]));
    let spool = &ran.report()["spool"];
    assert_eq!((&spool["state"], &spool["status"]), (&json!("not_begun"), &json!("ok")), "{ran}");
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &["--nagios"]));
    let nothing = " waiting=0;;;0 age=0s;600;3600;0 dead=0;0;;0 stuck=0;0;;0\n";
    assert!(ran.stdout.ends_with(nothing), "{ran}");
    assert!(!world.path("spool.db").exists());
    // Nor a folder for it.
    for shape in [&[][..], &["--nagios"]] {
        let mut program = check(&world, &sandbox.url, shape);
        let ran = Ran::of(program.env("ZAMMAD_CTI_SPOOL_PATH", world.path("later/spool.db")));
        assert_eq!(ran.code, 0, "{shape:?}: {ran}");
        assert!(!world.path("later").exists(), "{shape:?}: {ran}");
    }

    let mut keep = world.bare();
    keep.env("ZAMMAD_CTI_URL", &sandbox.url).env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
    assert_eq!(Ran::of(keep.args(NEW_CALL).args(["--spool-mode", "always"])).stdout, "spooled\n");
    std::thread::sleep(Duration::from_millis(20));
    // (limits, code, a part of the message)
    let cases: [(&[&str], i32, &str); 9] = [
        (&[], 0, "token accepted"),
        (&["-w", "waiting=2"], 0, "token accepted"),
        (&["-w", "waiting=1"], 1, "(1 or more)"),
        (&["-c", "waiting=1"], 2, "(1 or more)"),
        (&["-w", "age=10ms"], 1, "(more than 10ms)"),
        (&["-w", "age=5ms", "-c", "age=10ms"], 2, "(more than 10ms)"),
        (&["--stuck-after", "10ms"], 1, "; spool: 1 call is open for more than 10ms"),
        (&["--stuck-after", "10ms", "-w", "stuck=2"], 0, "token accepted"),
        (&["--stuck-after", "10ms", "-c", "stuck=1"], 2, "1 call is open"),
    ];
    for (limits, code, message) in cases {
        for shape in [&[][..], &["--nagios"], &["--output", "json"]] {
            let ran = Ran::of(check_with_spool(&world, &sandbox.url, shape).args(limits));
            assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{limits:?}: {ran}");
            assert!(ran.stdout.contains(message), "{limits:?}: {ran}");
            // The event is as old as the machine is slow.
            let waits = ran.stdout.contains("; spool: 1 event waits, the oldest for ");
            assert_eq!(waits, message.ends_with(')'), "{limits:?}: {ran}");
        }
    }
    let limits = ["--nagios", "-w", "waiting=5,age=20m,stuck=3", "-c", "waiting=9,age=2h,dead=4,stuck=4"];
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &limits));
    assert!(ran.stdout.contains(" waiting=1;4;8;0 age="), "{ran}");
    assert!(ran.stdout.ends_with("s;1200;7200;0 dead=0;0;3;0 stuck=0;2;3;0\n"), "{ran}");
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &["-w", "age=1ms"]));
    assert!(ran.stdout.contains("  Waiting events  WARN ") && ran.stdout.contains("spool flush"), "{ran}");
    // Without one there is nothing to say of it.
    for shape in [&[][..], &["--nagios"], &["--output", "json"]] {
        let ran = Ran::of(&mut check(&world, &sandbox.url, shape));
        assert!(!ran.stdout.contains("pool") && !ran.stdout.contains("waiting"), "{ran}");
    }
}

#[test]
fn what_was_given_up_is_a_warning_and_so_is_a_zammad_that_takes_nothing() {
    let world = World::new();
    let (sandbox, off) = (world.sandbox(&[]), world.sandbox(&["--integration", "off"]));
    let run = |url: &str, arguments: &[&str]| {
        let mut program = world.bare();
        program.env("ZAMMAD_CTI_URL", url).env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
        Ran::of(program.args(arguments))
    };
    assert_eq!(run(&sandbox.url, &NEW_CALL).code, 0);
    sandbox.fault(json!({ "mode": "drop_before", "count": 1 }));
    assert_eq!(run(&sandbox.url, &["hangup", "--call-id", "7"]).code, 69);
    // (limits, code)
    for (limits, code) in [(&[][..], 1), (&["-w", "dead=2"], 0), (&["-c", "dead=1"], 2)] {
        let ran = Ran::of(check_with_spool(&world, &sandbox.url, &["--nagios"]).args(limits));
        assert_eq!(ran.code, code, "{limits:?}: {ran}");
        assert_eq!(ran.stdout.contains("; spool: 0 dead, 1 unconfirmed"), code != 0, "{limits:?}: {ran}");
        assert!(ran.stdout.contains(" dead=1;"), "{limits:?}: {ran}");
    }
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &["--output", "json"]));
    let spool = &ran.report()["spool"];
    assert_eq!(
        (&spool["unconfirmed"], &spool["dead"], &spool["open_calls"]),
        (&json!(1), &json!(0), &json!(1))
    );

    assert_eq!(run(&off.url, &["hangup", "--call-id", "8", "--spool-mode", "always"]).stdout, "spooled\n");
    assert_eq!(run(&off.url, &["spool", "flush"]).code, 78);
    let ran = Ran::of(&mut check_with_spool(&world, &off.url, &["-w", "dead=9"]));
    assert_eq!(ran.code, 2, "it still takes nothing: {ran}");
    assert!(
        ran.stdout.contains("  Delivery        WARN ")
            && ran.stdout.contains("nothing is sent to Zammad for"),
        "{ran}"
    );
    // The way is what has to be mended first.
    assert!(ran.stdout.contains("Admin > System > Integrations"), "{ran}");
}

#[test]
fn a_spool_that_cannot_be_used_is_told_and_the_way_is_checked_all_the_same() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let newer = world.file("newer.db", 0o600, "");
    let foreign = world.file("foreign.db", 0o600, "");
    let folder = world.path("folder");
    std::fs::create_dir(&folder).unwrap();
    let sql = |path: &std::path::Path, sql: &str| {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap()
    };
    sql(&newer, "PRAGMA application_id = 0x5a435449; PRAGMA user_version = 99; CREATE TABLE x (y)");
    sql(&foreign, "CREATE TABLE x (y)");
    // (file, a part of the message)
    let cases = [
        (folder, " is a folder, not a file"),
        (newer, "is from a newer release"),
        (foreign, "is another program's file"),
    ];
    for (path, message) in cases {
        let check =
            |shape: &[&str]| Ran::of(check(&world, &sandbox.url, shape).env("ZAMMAD_CTI_SPOOL_PATH", &path));
        for shape in [&[][..], &["--nagios"]] {
            let ran = check(shape);
            assert_eq!(ran.code, 2, "{ran}");
            assert!(ran.stdout.contains("token accepted") && ran.stdout.contains(message), "{ran}");
        }
        assert!(
            check(&["--nagios"])
                .stdout
                .ends_with(" waiting=U;;;0 age=U;600;3600;0 dead=U;0;;0 stuck=U;0;;0\n")
        );
        let ran = check(&["--output", "json"]);
        let report = ran.report();
        assert_eq!(
            (&report["spool"]["state"], state(&report, "token")),
            (&json!("unusable"), "passed"),
            "{ran}"
        );
        assert!(report["spool"]["error"].as_str().unwrap().contains(message), "{ran}");
    }
    // A damaged one is set aside, and that is told until somebody has looked after it.
    let damaged = world.file("spool.db", 0o600, &"no database ".repeat(1000));
    // Without it the file would be somebody else's.
    world.file("spool.db.lock", 0o600, "");
    assert_eq!(Ran::of(&mut check_with_spool(&world, &sandbox.url, &["--nagios"])).code, 1);
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &[]));
    assert!(ran.stdout.contains("1 file was damaged and set aside: "), "{ran}");
    assert!(damaged.exists(), "a new one is begun");
    for entry in std::fs::read_dir(world.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("spool.db.damaged-") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let ran = Ran::of(&mut check_with_spool(&world, &sandbox.url, &["--output", "json"]));
    assert_eq!((ran.code, &ran.report()["spool"]["damaged_files"]), (0, &json!(1)), "{ran}");
}
