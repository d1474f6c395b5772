//! The sandbox among strangers: the website in a browser of this machine, the flood, and the client
//! that says nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use predicates::prelude::*;
use serde_json::{Value, json};

use crate::clock::patiently;
use crate::running::until;
use crate::support::{Sandbox, TOKEN, World};

const JSON: &str = "Content-Type: application/json";
const ACCEPT: &str = "Accept: application/json";

/// What takes longer than this will never be.
const NEVER: Duration = Duration::from_secs(60);

/// What the page promises: strangers take no more memory than this, in MB.
const PROMISED_MB: u64 = 256;

/// So many times longer may an answer take, of a sandbox that waits for the machine no more than one without a flood.
const PROMISED_TIMES: f64 = 10.0;

const MB: usize = 1024 * 1024;

/// A connection whose parts go out at once.
fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.address()).unwrap();
    stream.set_read_timeout(Some(NEVER)).unwrap();
    stream.set_write_timeout(Some(NEVER)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The next reply's status and head, in lower case, and its body if its length is told.
fn reply(stream: &mut BufReader<TcpStream>) -> std::io::Result<(u16, String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    Ok((head[9..12].parse().unwrap(), head, String::from_utf8(body).unwrap()))
}

fn new_call(call_id: &str) -> String {
    json!({ "event": "newCall", "callId": call_id, "direction": "in", "from": "4930123456", "to": "42" })
        .to_string()
}

/// A body whose parts take many times their bytes in memory once they are parsed.
fn heavy(bytes: usize) -> String {
    let mut body = new_call("heavy");
    body.pop();
    body.push_str(",\"note\":[0");
    while body.len() < bytes - 2 {
        body.push_str(",0");
    }
    body + "]}"
}

/// A figure of the process in /proc, in MB.
fn memory(sandbox: &Sandbox, figure: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", sandbox.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn sockets(sandbox: &Sandbox) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", sandbox.pid())).unwrap();
    let leads_to = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    leads_to.filter(|file| file.to_string_lossy().starts_with("socket:")).count()
}

/// A phone system that reports calls over one connection, and gets an answer to each.
fn report_calls(sandbox: &Sandbox, name: &str, calls: usize) -> Vec<Duration> {
    let mut stream = BufReader::new(connect(sandbox));
    let report = |number| {
        let started = Instant::now();
        let body = new_call(&format!("{name}-{number}"));
        let (token, length) = (sandbox.token(), body.len());
        let head = format!("POST /api/v1/cti/{token} HTTP/1.1\r\nHost: x\r\n{JSON}\r\n{ACCEPT}\r\n");
        let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (status, _, body) = reply(&mut stream).unwrap();
        assert_eq!((status, body.as_str()), (200, "{}"), "{name} {number}");
        started.elapsed()
    };
    (0..calls).map(report).collect()
}

/// How long the process has run, and how long it waited for the machine when it had work to do.
fn turns(sandbox: &Sandbox) -> (Duration, Duration) {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", sandbox.pid())).unwrap();
    let told = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    let times = told.map(|told| {
        let mut times = told.split(' ').map(|time| Duration::from_nanos(time.parse().unwrap()));
        (times.next().unwrap(), times.next().unwrap())
    });
    times.fold(Default::default(), |(ran, waited), (more, longer)| (ran + more, waited + longer))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Sends a request with a body whatever comes back, and tells the status if one does.
fn push(sandbox: &Sandbox, head: &str, body: &[u8]) -> Option<u16> {
    let mut stream = connect(sandbox);
    let length = body.len();
    write!(stream, "{head} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {length}\r\n\r\n")
        .ok()?;
    // It may be answered before it has said all.
    let _ = stream.write_all(body);
    reply(&mut BufReader::new(stream)).ok().map(|(status, _, _)| status)
}

#[test]
fn a_flood_takes_neither_memory_nor_the_answers_of_others() {
    patiently(|| {
        let world = World::new();
        let (quiet, flooded) = (world.sandbox(&["--token", TOKEN]), world.sandbox(&["--token", TOKEN]));
        report_calls(&quiet, "quiet", 200);
        let usual = memory(&quiet, "VmHWM");

        // 200 that say nothing, 100 that say little, and 100 pages that do not read.
        let silent: Vec<_> = (0..200).map(|_| connect(&flooded)).collect();
        let mut slow: Vec<_> = (0..100).map(|_| connect(&flooded)).collect();
        let pages: Vec<_> = (0..100).map(|_| connect(&flooded)).collect();
        for mut page in &pages {
            write!(page, "GET /sandbox/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        }
        let (body, is_over) = (heavy(50 * MB), AtomicBool::new(false));
        let endpoint = format!("/api/v1/cti/{TOKEN}");
        std::thread::scope(|scope| {
            for path in ["/api/v1/cti/wrong", &endpoint, "/sandbox/fault", "/other"] {
                let (body, is_over, flooded) = (&body, &is_over, &flooded);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let status = push(flooded, &format!("POST {path}"), body.as_bytes());
                        // A connection may end before it says why.
                        assert!(
                            status.is_none_or(|status| [401, 404, 413].contains(&status)),
                            "{path}: {status:?}"
                        );
                    }
                });
            }
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for slow in &mut slow {
                        // Its time may be over.
                        let _ = slow.write_all(b"P");
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
            scope.spawn(|| {
                // Also those that fail have to end the flood.
                let ended = std::panic::catch_unwind(|| {
                    // In turn with one that has no flood, but the same busy machine.
                    let before = turns(&flooded);
                    let rounds = (0..10).map(|round| {
                        let report = |sandbox, name| report_calls(sandbox, &format!("{name}-{round}"), 20);
                        (report(&quiet, "beside"), report(&flooded, "flooded"))
                    });
                    let times = rounds.unzip::<_, _, Vec<_>, Vec<_>>();
                    // It has work all the time, and so it waits for its turn where others have, too.
                    let (ran, waited) = turns(&flooded);
                    let slowed = 1.0 + (waited - before.1).as_secs_f64() / (ran - before.0).as_secs_f64();
                    (times, slowed)
                });
                is_over.store(true, Ordering::Relaxed);
                let ((quiet, flooded), slowed) = ended.unwrap();
                let (quiet, flooded) = (median(quiet.concat()), median(flooded.concat()));
                assert!(
                    flooded <= quiet.mul_f64(PROMISED_TIMES * slowed),
                    "{flooded:?} with the flood, {quiet:?} without it, slowed by {slowed:.1}"
                );
            });
        });
        let peak = memory(&flooded, "VmHWM");
        assert!(peak <= usual + PROMISED_MB, "{peak} MB with the flood, {usual} MB without it");
        assert_eq!(flooded.log().len(), 200);
        drop((silent, pages));
    });
}

#[test]
fn who_keeps_the_sandbox_waiting_is_cut_off() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let of_its_own = sockets(&sandbox);
    let head = format!("POST /api/v1/cti/{TOKEN} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\n");
    let body = new_call("idle");
    let length = body.len();
    // (what a client says before it falls silent, the status it gets)
    let cases = [
        (String::new(), None),
        ("POST /api/v1".to_owned(), None),
        (head.clone(), None),
        (format!("{head}Content-Length: 100\r\n\r\n{{"), Some(408)),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"), Some(408)),
        (format!("{head}Content-Length: {length}\r\n\r\n{body}"), Some(200)),
        // It is answered, and what follows is waited for in vain.
        ("POST /api/v1/cti/wrong HTTP/1.1\r\nContent-Length: 100\r\n\r\n{".to_owned(), Some(401)),
        ("POST /sandbox/fault HTTP/1.1\r\nContent-Length: 100\r\n\r\n{".to_owned(), Some(408)),
    ];
    let waiting = cases.map(|(said, status)| {
        let mut stream = connect(&sandbox);
        stream.write_all(said.as_bytes()).unwrap();
        (stream, said, status)
    });
    for (stream, said, status) in waiting {
        let mut all = Vec::new();
        // An end with a reset is one too; a timeout is none.
        if let Err(error) = BufReader::new(stream).read_to_end(&mut all) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{said}");
        }
        let got = all.get(9..12).map(|status| String::from_utf8_lossy(status).parse().unwrap());
        assert_eq!(got, status, "{said}: {}", String::from_utf8_lossy(&all));
    }

    // More than the system keeps for a client that reads nothing: a page's news, and logs.
    report_calls(&sandbox, "c", 1000);
    let mut page = connect(&sandbox);
    write!(page, "GET /sandbox/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut log = connect(&sandbox);
    log.write_all("GET /api/v1/cti/log HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100).as_bytes()).unwrap();
    let note = "n".repeat(7000);
    until("the end of what nobody reads", || {
        let body = json!({ "event": "hangup", "callId": "c-1", "direction": "in", "note": note }).to_string();
        for _ in 0..50 {
            let path = format!("POST /api/v1/cti/{TOKEN}");
            assert_eq!(sandbox.ask(&path, &[JSON], &body).unwrap().status, 200);
        }
        sockets(&sandbox) == of_its_own
    });
    drop((page, log));
}

#[test]
fn silent_connections_make_room_for_others() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let mut silent: Vec<_> = (0..2000).map(|_| connect(&sandbox)).collect();
    report_calls(&sandbox, "late", 20);
    // The oldest made room, long before its time was over.
    assert_eq!(silent[0].read(&mut [0]).unwrap(), 0);
    until("no more than 1,280 of them", || sockets(&sandbox) <= 1280 + 20);
}

#[test]
fn the_token_is_looked_at_before_the_body() {
    let world = World::new();
    for (options, path, status, said) in [
        (&[][..], "cti/wrong", 401, "Invalid token, please contact your admin!"),
        (&["--zammad", "5.5"], "cti/wrong", 401, "Invalid token, please contact your admin!"),
        (
            &["--integration", "off"],
            "cti/wrong",
            422,
            "Feature is disabled, please contact your administrator!",
        ),
        (&["--integration", "unconfigured"], "cti/wrong", 422, "Feature not configured"),
        (&[], "cti", 404, ""),
        (&[], &format!("cti/{TOKEN}"), 413, ""),
    ] {
        let sandbox = world.sandbox(&[&["--token", TOKEN], options].concat());
        let mut stream = connect(&sandbox);
        // The body never comes.
        let head =
            format!("POST /api/v1/{path} HTTP/1.1\r\nHost: x\r\n{JSON}\r\nContent-Length: 50000000\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let (got, head, body) = reply(&mut BufReader::new(stream)).unwrap();
        assert_eq!(got, status, "{path}: {head}{body}");
        assert!(body.contains(said), "{body}");
        // The page shows what it was, and not what was in it.
        let request = news(&sandbox)["requests"][0].clone();
        assert_eq!((&request["status"], &request["left_out"]), (&json!(status), &json!(50_000_000)));
        assert_eq!((&request["body"], &request["fields"]), (&json!(""), &json!([])));
    }

    let sandbox = world.sandbox(&["--token", TOKEN]);
    // A client that sends all gets to read why it was in vain.
    for (path, body, status) in [
        ("/api/v1/cti/wrong", b"{\"event\":".to_vec(), 401),
        ("/api/v1/cti/wrong", vec![b'x'; 3 * MB], 401),
        (&format!("/api/v1/cti/{TOKEN}"), vec![b' '; MB], 422),
        (&format!("/api/v1/cti/{TOKEN}"), vec![b' '; MB + 1], 413),
        ("/sandbox/fault", vec![b' '; MB + 1], 413),
    ] {
        let reply = sandbox.ask(&format!("POST {path}"), &[JSON], &body).unwrap();
        assert_eq!(reply.status, status, "{path} {}", body.len());
    }
    // Without a length it is too long when it is.
    let mut stream = connect(&sandbox);
    let head = format!("POST /api/v1/cti/{TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..17 {
        write!(stream, "{:x}\r\n{}\r\n", MB / 16, " ".repeat(MB / 16)).unwrap();
    }
    assert_eq!(reply(&mut BufReader::new(stream)).unwrap().0, 413);
}

/// What a page that is opened now is told.
fn news(sandbox: &Sandbox) -> Value {
    let mut stream = connect(sandbox);
    write!(stream, "GET /sandbox/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let data = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).next().unwrap();
    serde_json::from_str(&data).unwrap()
}

#[test]
fn a_flood_leaves_the_requests_of_the_phone_system_on_the_page() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    report_calls(&sandbox, "first", 3);
    let mut stream = BufReader::new(connect(&sandbox));
    let query = "q".repeat(2000);
    for _ in 0..600 {
        let head = format!("POST /api/v1/cti/wrong?{query} HTTP/1.1\r\nHost: x\r\nUser-Agent: {query}\r\n");
        write!(stream.get_mut(), "{head}Content-Length: 9\r\n\r\n{{\"a\":\"b\"}}").unwrap();
        assert_eq!(reply(&mut stream).unwrap().0, 401);
    }
    report_calls(&sandbox, "last", 2);
    let news = news(&sandbox);
    let requests = news["requests"].as_array().unwrap();
    let ids: Vec<_> = requests.iter().filter_map(|request| request["call_id"].as_str()).collect();
    assert_eq!(ids, ["first-0", "first-1", "first-2", "last-0", "last-1"]);
    let strangers: Vec<_> = requests.iter().filter(|request| request["of_stranger"] == true).collect();
    assert_eq!(strangers.len(), 100);
    for stranger in strangers {
        assert!(stranger.to_string().len() < 2000, "{stranger}");
        assert!(stranger["findings"].to_string().contains("the token is wrong"), "{stranger}");
    }
    let numbers: Vec<_> = requests.iter().map(|request| request["number"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[test]
fn no_line_of_the_log_has_a_whole_body_in_it() {
    let world = World::new();
    let log = world.path("log");
    let file = std::fs::File::create(&log).unwrap();
    let sandbox = listening(&world, "127.0.0.1:0", &["--zammad", "5.5"], file.into());
    let long = "n".repeat(900_000);
    let event = json!({ "event": "newCall", "callId": long, "direction": "out", "from": long.get(..9), "to": "42",
                        "note": [long.get(..9)] });
    for (path, body) in [
        (format!("/api/v1/cti/{TOKEN}"), event.to_string()),
        (format!("/api/v1/cti/{TOKEN}"), format!("{{\"event\":{long}")),
        (format!("/api/v1/cti/{}", &long[..30_000]), event.to_string()),
        (format!("/{}", &long[..30_000]), event.to_string()),
        (format!("/api/v1/cti/{TOKEN}"), "{\"event\":\"the last\"}".to_owned()),
    ] {
        let mut stream = connect(&sandbox);
        let length = body.len();
        write!(stream, "POST {path} HTTP/1.1\r\nHost: x\r\n{JSON}\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        reply(&mut BufReader::new(stream)).unwrap();
    }
    let said = || std::fs::read_to_string(&log).unwrap();
    until("the last line", || said().contains("the last"));
    let said = said();
    assert!(said.lines().count() >= 6, "{said}");
    for line in said.lines() {
        assert!(line.len() < 1500 && !line.contains(TOKEN), "{} bytes: {line:.200}", line.len());
    }
}

/// The status of a request with these headers.
fn ask_as(sandbox: &Sandbox, request: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = connect(sandbox);
    let length = body.len();
    write!(stream, "{request} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}").unwrap();
    let (status, _, body) = reply(&mut BufReader::new(stream)).unwrap();
    (status, body)
}

#[test]
fn a_website_reports_no_calls_unless_it_was_told_a_random_token() {
    let world = World::new();
    let (chosen, random) = (world.sandbox(&["--token", "test"]), world.sandbox(&[]));
    for sandbox in [&chosen, &random] {
        let (address, port) = (sandbox.address(), sandbox.address().rsplit(':').next().unwrap());
        // (headers, whether they are a browser's that shows another site)
        let cases = [
            // A phone system, by any name.
            (format!("Host: {address}\r\n"), false),
            (format!("Host: pbx-lab.example:{port}\r\n"), false),
            // The sandbox's own page, and a typed address.
            (
                format!("Host: {address}\r\nOrigin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n"),
                false,
            ),
            (format!("Host: {address}\r\nSec-Fetch-Site: none\r\n"), false),
            // Forms and scripts of a website.
            (
                format!("Host: {address}\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n"),
                true,
            ),
            (format!("Host: {address}\r\nOrigin: https://evil.example\r\n"), true),
            (format!("Host: {address}\r\nOrigin: null\r\n"), true),
            (format!("Host: {address}\r\nOrigin: http://127.0.0.1:1\r\nSec-Fetch-Site: same-site\r\n"), true),
            (format!("Host: {address}\r\nSec-Fetch-Site: cross-site\r\n"), true),
            // A website whose name was made to lead here.
            (format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n"), true),
            (
                "Host: evil.example\r\nOrigin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n"
                    .to_owned(),
                true,
            ),
        ];
        let mut logged = 0;
        for (at, (headers, is_website)) in cases.iter().enumerate() {
            for kind in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
                let request = format!("POST /api/v1/cti/{}", sandbox.token());
                let body = match kind {
                    "application/json" => new_call(&format!("{at}-json")),
                    _ => format!("event=newCall&direction=in&from=1&to=2&callId={at}-form"),
                };
                let (status, said) =
                    ask_as(sandbox, &request, &format!("{headers}Content-Type: {kind}\r\n"), &body);
                let is_refused = *is_website && sandbox.token() == "test";
                let expected = match (is_refused, kind) {
                    (true, _) => 403,
                    // Zammad reads nothing in it.
                    (false, "text/plain") => 422,
                    (false, _) => 200,
                };
                assert_eq!(status, expected, "{headers}{kind}: {said}");
                logged += usize::from(status == 200);
            }
        }
        assert_eq!(sandbox.log().len(), logged);
    }
    // It is shown, as whoever looks for the event wants to know.
    let request = news(&chosen)["requests"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&request["status"], &request["of_stranger"]), (&json!(403), &json!(true)));
}

#[test]
fn names_are_checked_wherever_it_listens() {
    let world = World::new();
    // On all addresses, and asked over loopback.
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        for named in [false, true] {
            let names: &[_] = if named { &["--host", "PBX-Lab.example", "--host", "lab"] } else { &[] };
            let sandbox = listening(&world, listen, names, Stdio::null());
            let port = sandbox.address().rsplit(':').next().unwrap();
            for request in [
                "GET /",
                "GET /api/v1/cti/log",
                "GET /api/v1/cti/x",
                "POST /sandbox/reset",
                "POST /sandbox/fault",
            ] {
                let granted = match request {
                    "GET /api/v1/cti/x" => 404,
                    "POST /sandbox/fault" => 400,
                    _ => 200,
                };
                for (host, is_own) in [
                    (format!("127.0.0.1:{port}"), true),
                    ("192.0.2.7".to_owned(), true),
                    (format!("[2001:db8::7]:{port}"), true),
                    (format!("localhost:{port}"), true),
                    (format!("pbx-lab.example:{port}"), named),
                    ("LAB.".to_owned(), named),
                    ("evil.example".to_owned(), false),
                    ("evil.pbx-lab.example".to_owned(), false),
                ] {
                    let (status, said) = ask_as(&sandbox, request, &format!("Host: {host}\r\n"), "");
                    assert_eq!(
                        status,
                        if is_own { granted } else { 403 },
                        "{listen} {request} {host}: {said}"
                    );
                    let name = host.split(':').next().unwrap().trim_end_matches('.').to_lowercase();
                    assert!(is_own || said.contains(&format!("--host {name}")), "{said}");
                }
            }
            // Its own page may use its switches by this name; the event stream goes by it as well.
            let host = "Host: lab\r\nOrigin: http://lab\r\n";
            let expected = if named { 200 } else { 403 };
            assert_eq!(ask_as(&sandbox, "POST /sandbox/reset", host, "").0, expected);
            for (name, status) in [("lab", expected), ("evil.example", 403)] {
                let mut stream = connect(&sandbox);
                write!(stream, "GET /sandbox/events HTTP/1.1\r\nHost: {name}\r\n\r\n").unwrap();
                assert_eq!(reply(&mut BufReader::new(stream)).unwrap().0, status, "{name}");
            }
        }
    }
    for name in ["", ".", "a b", "http://lab", "lab:3000", "[::1]"] {
        let ended = world.bare().args(["sandbox", "--listen", "127.0.0.1:0", "--host", name]).assert();
        ended.code(2).stderr(predicate::str::contains("--host"));
    }
}

/// A sandbox that listens there, asked over loopback.
fn listening(world: &World, listen: &str, options: &[&str], stderr: Stdio) -> Sandbox {
    let mut process = world
        .process()
        .args(["sandbox", "--listen", listen, "--token", TOKEN])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
    Sandbox::of(process, url.trim_end().replace("0.0.0.0", "127.0.0.1"))
}

#[test]
fn every_reply_is_guarded() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let event = format!("POST /api/v1/cti/{TOKEN}");
    let long = "x".repeat(MB + 1);
    let call = new_call("a");
    let fault = json!({ "mode": "respond", "status": 503, "body": "<script>", "count": 1 }).to_string();
    // (request, headers, body, status)
    let cases: [(&str, &str, &str, u16); 17] = [
        ("GET /", "", "", 200),
        ("GET /sandbox/events", "", "", 200),
        ("GET /api/v1/cti/log", "", "", 200),
        (&event, JSON, &call, 200),
        (&event, JSON, &call, 500),
        (&event, JSON, "{", 400),
        (&event, JSON, "{}", 422),
        (&event, JSON, &long, 413),
        (&event, "Sec-Fetch-Site: cross-site", &call, 403),
        (&format!("OPTIONS /api/v1/cti/{TOKEN}"), "", "", 200),
        ("POST /api/v1/cti/wrong", JSON, &call, 401),
        ("POST /other", "", "", 404),
        ("GET /", "Host: evil.example", "", 403),
        ("POST /sandbox/reset", "", "", 200),
        ("POST /sandbox/fault", "", "{", 400),
        ("POST /sandbox/fault", "", &fault, 200),
        (&event, JSON, &call, 503),
    ];
    for (request, header, body, status) in cases {
        let mut stream = connect(&sandbox);
        let host = if header.starts_with("Host") { "" } else { "Host: localhost\r\n" };
        let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\n{host}{header}Content-Length: {length}\r\n\r\n{body}").unwrap();
        let (got, head, _) = reply(&mut BufReader::new(stream)).unwrap();
        assert_eq!(got, status, "{request}: {head}");
        for guard in [
            "\ncontent-security-policy: default-src 'none';",
            "frame-ancestors 'none'",
            "\nx-content-type-options: nosniff\r",
            "\nx-frame-options: deny\r",
            "\nreferrer-policy: no-referrer\r",
            "\ncross-origin-resource-policy: same-origin\r",
            "\ncache-control: no-store\r",
        ] {
            assert_eq!(head.matches(guard).count(), 1, "{request}, {status}, {guard:?}: {head}");
        }
    }
}

#[test]
fn a_log_that_is_sent_in_parts_is_whole() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    report_calls(&sandbox, "c", 1500);
    let log = sandbox.ask("GET /api/v1/cti/log", &[], "").unwrap();
    assert!(log.head.contains("transfer-encoding: chunked"), "{}", log.head);
    let ids: Vec<_> =
        log.json()["list"].as_array().unwrap().iter().map(|call| call["call_id"].clone()).collect();
    assert_eq!(ids, (0..1500).rev().map(|number| json!(format!("c-{number}"))).collect::<Vec<_>>());
}
