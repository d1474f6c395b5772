//! What the program makes of every reply that is no action, and of servers that give none.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::servers::{self, Ran, Reply, Server, at_once, program, read_request, reset, stay_silent};
use crate::support::{NEW_CALL, TOKEN, World};

const ANSWER: [&str; 9] =
    ["answer", "--call-id", "7", "--from", "493023125741", "--to", "42", "--direction", "in"];
const HANGUP: [&str; 9] =
    ["hangup", "--call-id", "7", "--from", "493023125741", "--to", "42", "--direction", "in"];

#[test]
fn each_reply_that_is_no_action_has_a_class_a_code_and_a_next_step() {
    let new_call = &NEW_CALL[..];
    let (answer, hangup) = (&ANSWER[..], &HANGUP[..]);
    let (error_id, page) = ("Error ID zntrXi7j: Please contact your administrator.", "an HTML page (HTTP ");
    let plain = |status, text: &str| Reply::json(status, &format!("{{\"error\":{text:?}}}"));
    let exists = "This object already exists.";
    let column = "Attribute 'from\" of relation \"cti_logs' required!";
    let moved = |to: String| Reply::html(301, "Moved Permanently").with("Location", to);
    let no_route = format!("No route matches [POST] /api/v1/cti/{TOKEN}");
    // Longer than what is shown of it, which ends in the middle of the token.
    let cut = format!("<html><title>{}{TOKEN}</title></html>", "x".repeat(190));
    // (event, reply, class, a part of the cause)
    let cases = [
        // -- Zammad's own words --
        (
            new_call,
            plain(401, "Invalid token, please contact your admin!"),
            "wrong-token",
            "Zammad refused the token",
        ),
        (
            answer,
            plain(422, "Feature is disabled, please contact your administrator!"),
            "switched-off",
            "switched off in Zammad",
        ),
        (
            new_call,
            plain(422, "Feature is disable, please contact your admin to enable it!"),
            "switched-off",
            "switched off in Zammad",
        ),
        (
            hangup,
            plain(422, "Feature not configured, please contact your admin!"),
            "not-configured",
            "not configured in Zammad",
        ),
        (answer, plain(500, error_id), "unknown-call", error_id),
        (hangup, plain(500, error_id), "unknown-call", "does not know the call"),
        (answer, plain(500, "No such call_id 7"), "unknown-call", "No such call_id 7"),
        (new_call, Reply::doubled(500, exists), "call-id-reused", "the call id was used before"),
        (new_call, Reply::doubled(422, exists), "call-id-reused", "the call id was used before"),
        (new_call, Reply::doubled(500, "Object already exists!"), "call-id-reused", "used before"),
        (new_call, plain(500, "Object already exists!"), "call-id-reused", "used before"),
        (new_call, plain(422, "Invalid 'direction'!"), "refused", "Invalid 'direction'! (HTTP 422)"),
        (answer, plain(422, error_id), "refused", error_id),
        (new_call, Reply::doubled(422, column), "refused", column),
        (
            new_call,
            Reply::doubled(400, "Error occurred while parsing request parameters"),
            "refused",
            "parsing request parameters (HTTP 400)",
        ),
        (new_call, plain(500, error_id), "failed", "Zammad failed: Error ID zntrXi7j"),
        (new_call, Reply::doubled(404, "This page doesn't exist."), "no-such-page", "no such page"),
        (new_call, Reply::doubled(404, &no_route), "no-such-page", "(HTTP 404)"),
        (new_call, plain(422, &no_route), "refused", "No route matches [POST] /api/v1/cti/***"),
        (new_call, plain(422, &format!("Odd token {TOKEN}")), "refused", "Odd token *** (HTTP 422)"),
        (new_call, plain(422, "two\nlines"), "refused", "two lines (HTTP 422)"),
        // -- from in front of Zammad --
        (new_call, Reply::html(404, "Not Found"), "no-such-page", "no such page (HTTP 404)"),
        (
            new_call,
            moved(format!("https://zammad.example.com/api/v1/cti/{TOKEN}")),
            "redirected",
            "redirected to https://zammad.example.com/api/v1/cti/*** (HTTP 301)",
        ),
        (new_call, moved("http://other.example.com/".to_owned()), "redirected", "http://other.example.com/"),
        (new_call, Reply::html(302, "Found").with("Location", "/login"), "redirected", "/login (HTTP 302)"),
        (new_call, Reply::html(308, "Permanent Redirect"), "redirected", "nowhere (HTTP 308)"),
        (new_call, Reply::html(401, "Authorization Required"), "not-zammad", "an HTML page (HTTP 401)"),
        (new_call, Reply::html(403, "Forbidden"), "not-zammad", "an HTML page (HTTP 403)"),
        (new_call, plain(401, "Unauthorized"), "not-zammad", "\"Unauthorized\" (HTTP 401)"),
        (new_call, Reply::html(413, "Request Entity Too Large"), "not-zammad", "an HTML page (HTTP 413)"),
        (new_call, Reply::html(500, "Something went wrong"), "not-zammad", "an HTML page (HTTP 500)"),
        (new_call, Reply::new(500, "text/html", &cut), "not-zammad", "xxx***\" (HTTP 500)"),
        (new_call, Reply::new(400, "text/html", ""), "not-zammad", page),
        (new_call, Reply::html(200, "Please log in"), "not-zammad", "an HTML page (HTTP 200)"),
        (new_call, Reply::new(200, "", "<!DOCTYPE html>"), "not-zammad", "an HTML page (HTTP 200)"),
        (new_call, Reply::new(200, "text/plain", "ok"), "not-zammad", "text/plain (HTTP 200)"),
        (new_call, Reply::new(200, "", "ok"), "not-zammad", "broken JSON (HTTP 200)"),
        (new_call, Reply::json(200, "[]"), "not-zammad", "JSON, but not an object (HTTP 200)"),
        (new_call, Reply::json(200, ""), "not-zammad", "an empty body (HTTP 200)"),
        (new_call, Reply::new(204, "", ""), "not-zammad", "an empty body (HTTP 204)"),
        (new_call, Reply::json(422, "{\"status\":422}"), "not-zammad", "JSON without Zammad's error text"),
        (new_call, Reply::json(400, "{\"error\":{\"code\":1}}"), "not-zammad", "without Zammad's error text"),
        (new_call, Reply::html(429, "Too Many Requests"), "unavailable", "(HTTP 429)"),
        (answer, Reply::html(502, "Bad Gateway"), "unavailable", "(HTTP 502)"),
        (hangup, Reply::html(503, "Service Unavailable"), "unavailable", "too busy or restarting (HTTP 503)"),
        (new_call, Reply::html(504, "Gateway Time-out"), "gateway-timeout", "(HTTP 504)"),
    ];
    let world = World::new();
    at_once(cases, |(event, reply, class, cause)| {
        let server = Server::answering([reply]);
        let ran = Ran::of(program(&world, &server.url(), event).args(["--deadline", "1s"]));
        let what = format!("{} {class} {cause}", event[0]);
        ran.assert_failed(&what, class, cause);
        let (mut requests, report) = (server.requests(), ran.report());
        // But for the questions who answers there, which are repeated in place of what is not to be there twice.
        let all = requests.len();
        requests.retain(|request| !request.contains(r#""direction":"probe""#));
        assert_eq!(report["attempts"], requests.len(), "{what}");
        let retried = ["unavailable", "gateway-timeout", "unknown-call"].contains(&class);
        assert_eq!(
            all > 1 && (requests.len() > 1 || all > 2),
            retried,
            "{what}: {} of {all}",
            requests.len()
        );
        let request_id = format!("x-request-id: {}\r\n", report["request_id"].as_str().unwrap());
        assert!(requests.iter().all(|request| request.contains(&request_id)), "{what}: {requests:?}");
    });
}

#[test]
fn a_failure_has_no_result_unless_the_call_is_to_go_on() {
    let world = World::new();
    let server = Server::answering([Reply::html(404, "Not Found")]);
    // (flags, code, stdout)
    let cases: [(&[&str], i32, &str); 4] = [
        (&[], 76, ""),
        (&["--field", "action"], 76, ""),
        (&["--fail-open"], 0, "none\n"),
        (&["--fail-open", "--field", "action"], 0, "none"),
    ];
    for (flags, code, stdout) in cases {
        let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", server.url()).args(NEW_CALL).args(flags));
        assert_eq!((ran.code, ran.stdout.as_str()), (code, stdout), "{flags:?}");
        assert!(ran.stderr.contains("no such page"), "{flags:?}: {ran}");
    }
}

/// A server that may do anything, and the address it is reached at.
struct BadServer {
    url: String,
    /// what has to stay for it to stay bad
    _held: Box<dyn Send + Sync>,
}

fn bad(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> BadServer {
    let server = Server::start(serve);
    BadServer { url: server.url(), _held: Box::new(server) }
}

/// Reads the request and says this, and nothing more.
fn says(text: &'static str) -> BadServer {
    bad(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(text.as_bytes());
    })
}

/// Reads the request and sends this, a byte a second.
fn drips(at_once: &'static str, slowly: &'static str) -> BadServer {
    bad(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(at_once.as_bytes());
        for byte in slowly.bytes() {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    })
}

/// Reads the request and sends 10 MB behind this head.
fn floods(head: &'static str) -> BadServer {
    bad(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(head.as_bytes());
        for _ in 0..10_000 {
            if stream.write_all(&[b'x'; 1000]).is_err() {
                return;
            }
        }
    })
}

/// Listens, but has no room for another connection.
fn full() -> BadServer {
    let listener = servers::full(servers::reserved_port());
    BadServer { url: servers::url(listener.address()), _held: Box::new(listener) }
}

fn nobody_listens() -> BadServer {
    let socket = servers::reserved_port();
    BadServer { url: servers::url(socket.local_addr().unwrap()), _held: Box::new(socket) }
}

fn no_such_host() -> BadServer {
    BadServer { url: format!("http://nowhere.invalid/api/v1/cti/{TOKEN}"), _held: Box::new(()) }
}

#[test]
fn no_server_keeps_a_command_beyond_its_deadline() {
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n";
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n";
    let endless = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let long_error = "HTTP/1.1 500 Oh\r\nContent-Length: 10000000\r\n\r\n";
    let reset_unread = |stream: TcpStream| {
        let _ = stream.peek(&mut [0]);
        reset(stream);
    };
    let reset_read = |mut stream: TcpStream| {
        read_request(&mut stream);
        reset(stream);
    };
    // (what it does, server, class, a part of the cause)
    let cases = [
        ("accepts and stays silent", bad(stay_silent), "no-reply", "no reply within"),
        ("drips its head", drips("", half), "no-reply", "no reply within"),
        ("drips its body", drips(half, "{                  }"), "no-reply", "no reply within"),
        ("drips chunks", drips(chunks, "1\r\n{\r\n1\r\n \r\n"), "no-reply", "no reply within"),
        ("sends 10 MB with a length", floods(long), "not-zammad", "more than 64 KiB (HTTP 200)"),
        ("sends 10 MB without a length", floods(endless), "not-zammad", "more than 64 KiB (HTTP 200)"),
        (
            "sends 10 MB as its head",
            floods("HTTP/1.1 200 OK\r\nX: "),
            "head-too-long",
            "the head of the reply is too long",
        ),
        ("sends 10 MB as an error", floods(long_error), "not-zammad", "more than 64 KiB (HTTP 500)"),
        ("resets before it reads", bad(reset_unread), "connection-lost", "broke before the reply"),
        ("resets when it has read", bad(reset_read), "connection-lost", "broke before the reply"),
        ("closes at once", bad(drop), "connection-lost", "broke before the reply"),
        ("closes when it has read", says(""), "connection-lost", "broke before the reply"),
        (
            "closes within its head",
            says("HTTP/1.1 200 OK\r\nCo"),
            "connection-lost",
            "broke before the reply",
        ),
        ("closes within its body", says(half), "connection-lost", "broke before the reply"),
        ("does not listen", nobody_listens(), "connect", "cannot connect"),
        ("has no address", no_such_host(), "lookup", "the name lookup failed"),
        ("has no room", full(), "connect-timeout", "no connection in time"),
    ];
    // One attempt that ends at the deadline, and several that end before.
    let flags: [&[&str]; 2] = [&["--deadline", "1s"], &["--deadline", "1s", "--timeout", "400ms"]];
    let deadline = Duration::from_secs(1);
    let world = World::new();
    let runs = cases.iter().flat_map(|case| flags.map(|flags| (case, flags)));
    at_once(runs, |((what, server, class, cause), flags)| {
        let ran = Ran::of(program(&world, &server.url, &NEW_CALL).args(flags));
        assert!(ran.took.within(deadline), "{what} {flags:?}: {ran}");
        ran.assert_failed(&format!("{what} {flags:?}"), class, cause);
    });
}

#[test]
fn the_last_of_several_attempts_ends_at_the_deadline() {
    let world = World::new();
    at_once(&[("stays silent", bad(stay_silent)), ("has no room", full())], |(what, server)| {
        let mut program = program(&world, &server.url, &NEW_CALL);
        let ran = Ran::of(program.args(["--deadline", "1s", "--timeout", "850ms"]));
        assert_eq!(ran.code, 69, "{what}: {ran}");
        assert!(ran.took.within(Duration::from_secs(1)), "{what}: {ran}");
    });
}

#[test]
fn what_speaks_no_http_is_told_from_a_broken_connection() {
    // (what it speaks, what it says, or begins with)
    let cases = [
        ("SSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        ("SMTP", "220 mail.example.com ESMTP Postfix\r\n"),
        ("SIP", "SIP/2.0 400 Bad Request\r\n\r\n"),
        ("TLS", "\x15\x03\x01\x00\x02\x02\x46"),
        ("nonsense", "\0\r\n\u{1b}[31m\r\n\r\n"),
    ];
    let broken = [
        ("a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"),
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
        ("a line without a colon", "HTTP/1.1 200 OK\r\nX-Frame\r\nContent-Length: 2\r\n\r\n{}"),
        ("a zero byte", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
        ("a status that is none", "HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}"),
    ];
    let world = World::new();
    let broken = broken.map(|(what, text)| (what, says(text)));
    at_once(broken.iter(), |(what, server)| {
        let ran = Ran::of(program(&world, &server.url, &NEW_CALL).args(["--deadline", "1s"]));
        ran.assert_failed(what, "broken-head", "the head of the reply is broken: ");
        assert!(!ran.stderr.contains("https://"), "{what}: {ran}");
        let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", &server.url).arg("check"));
        assert!(ran.stdout.contains("has a line that is not HTTP"), "{what}: {ran}");
    });
    let servers = cases.map(|(what, text)| (what, says(text)));
    let first = bad(|mut stream| {
        let _ = stream.write_all(b"220 mail.example.com ESMTP Postfix\r\n");
        stay_silent(stream);
    });
    let first = ("SMTP before it is asked", first);
    at_once(servers.iter().chain(&[first]), |(what, server)| {
        let ran = Ran::of(program(&world, &server.url, &NEW_CALL).args(["--deadline", "1s"]));
        ran.assert_failed(what, "not-http", "the reply is not HTTP");
        assert_eq!(ran.report()["attempts"], 1, "{what}: {ran}");
    });
}

#[test]
fn a_head_of_many_lines_is_read_and_one_that_nobody_needs_is_told_by_its_length() {
    let head = |lines: usize| {
        let cookies: String = (0..lines).map(|line| format!("Set-Cookie: a{line}=b\r\n")).collect();
        format!("HTTP/1.1 200 OK\r\n{cookies}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}")
    };
    let serve = |lines: usize| {
        let text = head(lines);
        bad(move |mut stream| {
            read_request(&mut stream);
            let _ = stream.write_all(text.as_bytes());
        })
    };
    let world = World::new();
    for lines in [98, 99, 110, 250] {
        let server = serve(lines);
        let ran = Ran::of(&mut program(&world, &server.url, &NEW_CALL));
        assert_eq!(ran.code, 0, "{lines} lines: {ran}");
    }
    let server = serve(2000);
    let ran = Ran::of(program(&world, &server.url, &NEW_CALL).args(["--deadline", "1s"]));
    ran.assert_failed("2000 lines", "head-too-long", "the head of the reply is too long");
}

#[test]
fn a_status_that_says_it_all_needs_no_body() {
    // (head, class)
    let cases = [
        ("HTTP/1.1 301 Moved\r\nLocation: https://z.example/\r\nContent-Length: 20\r\n\r\n", "redirected"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\n\r\n", "no-such-page"),
        ("HTTP/1.1 503 Unavailable\r\nContent-Length: 20\r\n\r\n", "unavailable"),
        ("HTTP/1.1 504 Time-out\r\nContent-Length: 20\r\n\r\n", "gateway-timeout"),
    ];
    let world = World::new();
    at_once(cases, |(head, class)| {
        let server = drips(head, "so slow that nobody waits");
        let ran = Ran::of(program(&world, &server.url, &NEW_CALL).args(["--deadline", "1s"]));
        ran.assert_failed(head, class, "(HTTP ");
    });
}

#[test]
fn a_proxy_is_asked_for_what_is_not_on_this_machine() {
    let world = World::new();
    let proxy = Server::answering([Reply::json(200, "{}")]);
    let (address, _) =
        proxy.url().split_once("/api/").map(|(base, rest)| (base.to_owned(), rest.to_owned())).unwrap();
    let new_call = |no_proxy: &str| {
        let mut program = program(&world, "http://zammad.invalid/api/v1/cti/x", &NEW_CALL);
        program.env("http_proxy", &address).env("no_proxy", no_proxy).args(["--deadline", "300ms"]);
        Ran::of(&mut program)
    };
    assert_eq!(new_call("").code, 0);
    assert!(
        proxy.requests()[0].starts_with("POST http://zammad.invalid/api/v1/cti/x "),
        "{:?}",
        proxy.requests()
    );
    assert_eq!(new_call("zammad.invalid").code, 69);
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn no_proxy_counts_for_addresses_as_in_curl() {
    let world = World::new();
    // (NO_PROXY, whether the proxy is asked)
    let cases = [
        ("", true),
        ("*", false),
        ("0.0.0.0", false),
        ("a.example 0.0.0.0", false),
        ("a.example\t0.0.0.0/8", false),
        ("a.example, 0.0.0.0", false),
        ("a.example 0.0.0.1", true),
        ("a.example,*", true),
    ];
    at_once(cases, |(no_proxy, is_asked)| {
        let [proxy, zammad] = [(); 2].map(|()| Server::answering([Reply::json(200, "{}")]));
        // An address that is not this machine's by its looks, but leads there.
        let url = format!("http://0.0.0.0:{}/api/v1/cti/{TOKEN}", zammad.address.port());
        for name in ["NO_PROXY", "no_proxy"] {
            let (before, direct) = (proxy.requests().len(), zammad.requests().len());
            let mut program = program(&world, &url, &NEW_CALL);
            program.env("HTTP_PROXY", format!("http://{}", proxy.address)).env(name, no_proxy);
            let ran = Ran::of(&mut program);
            assert_eq!(ran.code, 0, "{no_proxy:?}: {ran}");
            let asked = (proxy.requests().len() - before, zammad.requests().len() - direct);
            assert_eq!(asked, if is_asked { (1, 0) } else { (0, 1) }, "{no_proxy:?}: {ran}");
        }
    });
}

#[test]
fn a_proxy_variable_that_is_no_address_is_told_and_nothing_goes_past_it() {
    let world = World::new();
    let zammad = Server::answering([Reply::json(200, "{}")]);
    let url = format!("http://0.0.0.0:{}/api/v1/cti/{TOKEN}", zammad.address.port());
    // (variable, its value, the reason)
    let cases = [
        ("http_proxy", "http://", "empty host"),
        ("HTTP_PROXY", "http://me:secret@proxy:port", "invalid port number"),
        ("HTTP_PROXY", "http://me:sec#ret@proxy:3128", "invalid port number"),
        ("ALL_PROXY", "socks5://me:secret@proxy:1080", "socks5://, but only http:// and https:// proxies"),
        ("all_proxy", "my secret proxy", "invalid"),
    ];
    for (name, value, reason) in cases {
        let ran = Ran::of(program(&world, &url, &NEW_CALL).env(name, value));
        assert_eq!(ran.code, 78, "{name}={value}: {ran}");
        let names =
            if value.starts_with("socks") { "names a proxy of the kind" } else { "is not the address of a" };
        assert!(ran.stderr.contains(&format!("the variable {name} {names}")), "{ran}");
        assert!(ran.stderr.contains(reason) && !ran.stderr.contains("sec"), "{name}={value}: {ran}");
        for command in [&["config", "check"][..], &["check"]] {
            let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", &url).env(name, value).args(command));
            assert_ne!(ran.code, 0, "{name}={value} {command:?}: {ran}");
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains(name) && !said.contains("sec"), "{name}={value} {command:?}: {ran}");
        }
        // What is not behind the proxy does not need it.
        let ran = Ran::of(program(&world, &zammad.url(), &NEW_CALL).env(name, value));
        assert_eq!(ran.code, 0, "{name}={value}: {ran}");
    }
    assert_eq!(zammad.requests().len(), cases.len());
}
