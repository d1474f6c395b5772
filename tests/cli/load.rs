//! `simulate` with many calls at once.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use serde_json::{Value, json};

use crate::running::{Running, until};
use crate::servers::Ran;
use crate::support::{TOKEN, World, stderr, stdout};

fn load(world: &World, arguments: &[&str]) -> Assert {
    let mut program = world.bare();
    program.timeout(Duration::from_secs(60)).arg("simulate").args(arguments).assert()
}

/// The same, and its figures.
fn figures(world: &World, arguments: &[&str]) -> (Assert, Value) {
    let ended = load(world, &[arguments, &["--output", "json"]].concat());
    let figures = read(&stdout(&ended), &stderr(&ended));
    (ended, figures)
}

fn read(stdout: &str, stderr: &str) -> Value {
    assert_eq!(stdout.lines().count(), 1, "{stdout}{stderr}");
    serde_json::from_str(stdout).unwrap()
}

fn sum(counts: &Value) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

fn number(figures: &Value, key: &str) -> u64 {
    figures[key].as_u64().unwrap_or_else(|| panic!("{key}: {figures}"))
}

/// A Zammad that takes everything over connections that stay open; `before` it answers, it does
/// what the test wants with the event's place among all.
fn zammad(before: impl Fn(usize, &str) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (before, count) = (Arc::new(before), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (before, count, mut stream) = (before.clone(), count.clone(), stream.unwrap());
            stream.set_nodelay(true).unwrap();
            std::thread::spawn(move || {
                while let Some(body) = next_body(&mut stream) {
                    before(count.fetch_add(1, Ordering::Relaxed), &body);
                    let reply =
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                    if stream.write_all(reply.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    crate::servers::url(address)
}

/// A client waits for its reply before it asks again, so what has come is one request.
fn next_body(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = request.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = std::str::from_utf8(&request[..end]).unwrap().to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if request.len() >= end + 4 + length.parse::<usize>().unwrap() {
                return Some(String::from_utf8_lossy(&request[end + 4..]).into_owned());
            }
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => request.extend_from_slice(&part[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
}

#[test]
fn the_figures_are_those_of_zammads_own_log() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "491715000000", "--route", "41*=41715880339000"]);
    let arguments =
        ["answered", "missed", "rejected", "outbound-rewritten", "--calls", "24", "--concurrency", "3"];
    let (ended, figures) = figures(&world, &[&arguments[..], &["--url", &sandbox.url]].concat());
    ended.code(0).stderr("");
    let keys: Vec<_> = figures.as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = "version run connections calls calls_not_begun events unexpected elapsed_ms \
                  events_per_second delivered failed latency_ms histogram interrupted";
    assert_eq!(keys, wanted.split_whitespace().collect::<Vec<_>>());
    // Six of each: 3 + 2 + 2 + 3 events.
    let counted =
        ["calls", "calls_not_begun", "events", "unexpected", "connections"].map(|key| number(&figures, key));
    assert_eq!(counted, [24, 0, 60, 0, 3]);
    assert_eq!(figures["delivered"], json!({ "dial": 6, "none": 48, "reject": 6 }));
    assert_eq!((&figures["failed"], &figures["interrupted"]), (&json!({}), &json!(false)));

    let log = sandbox.log();
    assert_eq!(log.len(), 24);
    let prefix = format!("sim-{}-", figures["run"].as_str().unwrap());
    let mut kinds = BTreeMap::<_, usize>::new();
    for call in &log {
        let id = call["call_id"].as_str().unwrap();
        let (place, name) = id.strip_prefix(&prefix).unwrap().split_once('-').unwrap();
        assert!((1..=24).contains(&place.parse::<u64>().unwrap()), "{id}");
        let answered = !call["start_at"].is_null();
        *kinds.entry((name.to_owned(), answered, call["done"] == true)).or_default() += 1;
        assert_eq!(call["state"], "hangup", "{call}");
    }
    let kind = |name: &str, answered, done| ((name.to_owned(), answered, done), 6);
    let wanted = [
        kind("answered", true, true),
        kind("missed", false, false),
        kind("outbound-rewritten", true, true),
        kind("rejected", false, false),
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted);

    let latency = &figures["latency_ms"];
    let quantiles = ["p50", "p90", "p99", "p99.9", "max"].map(|name| latency[name].as_f64().unwrap());
    assert!(quantiles[0] > 0.0 && quantiles.is_sorted(), "{latency}");
    assert!(quantiles[4] <= number(&figures, "elapsed_ms") as f64 + 1.0, "{figures}");
    let buckets = figures["histogram"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["events"].as_u64().unwrap()).sum::<u64>(), 60);
    let ends: Vec<_> = buckets.iter().map(|bucket| bucket["up_to_ms"].as_f64().unwrap()).collect();
    assert!(ends.is_sorted() && *ends.last().unwrap() >= quantiles[4], "{figures}");

    let told = stdout(&load(&world, &[&arguments[..], &["--url", &sandbox.url]].concat()).code(0).stderr(""));
    assert!(!told.contains('\x1b') && !told.contains(sandbox.token()), "{told}");
    for said in ["24 calls, 60 events in ", "delivered  reject", "latency of an event", "p99.9 ", "≤ ", "█"]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
}

#[test]
fn without_an_endpoint_a_stand_in_takes_the_load() {
    let world = World::new();
    let (ended, tour) = figures(&world, &["--calls", "40"]);
    ended.code(0).stderr("");
    assert_eq!(tour["delivered"], json!({ "none": 100 }));
    // It is set up for the numbers of a file, too.
    let numbers: String = (0..20).map(|number| format!("4930{number}\n")).collect();
    let numbers = world.file("numbers.csv", 0o644, &numbers);
    let (ended, rejected) =
        figures(&world, &["rejected", "--calls", "50", "--numbers", numbers.to_str().unwrap()]);
    ended.code(0);
    assert_eq!(rejected["delivered"], json!({ "none": 50, "reject": 50 }));
    // What comes out otherwise is counted.
    let posted = world.zammad_accepts();
    let (ended, unexpected) = figures(&world, &["rejected", "--calls", "5", "--url", &world.url()]);
    ended.code(1).stderr(predicate::str::contains("did not meet its expectations"));
    let which = json!([{ "scenario": "rejected", "event": "newCall", "came": "none", "events": 5 }]);
    assert_eq!(unexpected["unexpected_by"], which);
    assert_eq!((number(&unexpected, "unexpected"), number(&unexpected, "events")), (5, 10));
    posted.assert_calls(10);
}

#[test]
fn numbers_go_round_and_a_wrong_one_is_found_before_any_call() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let numbers = world.file("numbers.csv", 0o644, "49301\n49302\n49303\n");
    let path = numbers.to_str().unwrap();
    let there = ["missed", "--numbers", path, "--url", &sandbox.url];
    figures(&world, &[&there[..], &["--calls", "9"]].concat()).0.code(0);
    let mut froms: Vec<_> =
        sandbox.log().iter().map(|call| call["from"].as_str().unwrap().to_owned()).collect();
    froms.sort();
    assert_eq!(froms.chunks(3).map(|same| same[0].clone()).collect::<Vec<_>>(), ["49301", "49302", "49303"]);
    assert_eq!(froms[0], froms[2]);
    world.file("numbers.csv", 0o644, "49301\n\"4930\u{7}\"\n");
    let before = sandbox.log().len();
    let ended = load(&world, &[&there[..], &["--calls", "9", "--rate", "100", "--ring", "1h"]].concat());
    ended.code(65).stdout("").stderr(predicate::str::contains("numbers.csv: line 2: "));
    assert_eq!(sandbox.log().len(), before);
}

#[test]
fn calls_begin_when_they_are_due() {
    let world = World::new();
    let begun = Arc::<Mutex<Vec<Instant>>>::default();
    let shared = begun.clone();
    let url = zammad(move |_, body| {
        if body.contains("newCall") {
            shared.lock().unwrap().push(Instant::now());
        }
    });
    let started = Instant::now();
    let (ended, figures) = figures(&world, &["missed", "--calls", "40", "--rate", "20/s", "--url", &url]);
    ended.code(0);
    // The last one is due after 39 of the 50 ms.
    let took = number(&figures, "elapsed_ms");
    assert!((1940..60_000).contains(&took), "{took} ms");
    assert_eq!((number(&figures, "calls"), figures["rate"].as_f64()), (40, Some(20.0)));
    let begun = begun.lock().unwrap();
    assert_eq!(begun.len(), 40);
    // However late one is, none comes before its time.
    for (place, time) in (0..).zip(begun.iter()) {
        let due = Duration::from_millis(50) * place;
        assert!(*time - started + Duration::from_millis(2) >= due, "{place}: {:?}", *time - started);
    }
}

#[test]
fn who_waits_in_a_calls_place_counts() {
    let world = World::new();
    // One answer takes long, and over the only connection all others wait for it.
    let url = zammad(|place, _| {
        if place == 4 {
            std::thread::sleep(Duration::from_millis(1000));
        }
    });
    let there = ["missed", "--calls", "30", "--concurrency", "1", "--url", &url];
    let (ended, due) = figures(&world, &[&there[..], &["--rate", "20"]].concat());
    ended.code(0);
    let longer_than = |figures: &Value, limit: f64| -> u64 {
        let buckets = figures["histogram"].as_array().unwrap();
        // All of a bucket are longer than the end of the one before.
        let longer = buckets.windows(2).filter(|pair| pair[0]["up_to_ms"].as_f64().unwrap() >= limit);
        longer.map(|pair| pair[1]["events"].as_u64().unwrap()).sum()
    };
    // 20 calls were due meanwhile, evenly spread over the second.
    assert!(longer_than(&due, 100.0) >= 10, "{due}");
    assert!(due["latency_ms"]["p90"].as_f64().unwrap() >= 500.0, "{due}");
    // Without a rate nothing was due, and one answer was slow.
    let url = zammad(|place, _| {
        if place == 4 {
            std::thread::sleep(Duration::from_millis(1000));
        }
    });
    let (ended, asked) = figures(&world, &[&there[..5], &["--url", &url]].concat());
    ended.code(0);
    assert!(asked["latency_ms"]["max"].as_f64().unwrap() >= 1000.0, "{asked}");
    assert!((1..5).contains(&longer_than(&asked, 500.0)), "{asked}");
}

#[test]
fn a_time_ends_the_load_and_calls_that_found_no_connection_are_told() {
    let world = World::new();
    let url = zammad(|_, _| {});
    let (ended, figures_of_time) = figures(&world, &["missed", "--duration", "500ms", "--url", &url]);
    ended.code(0);
    let (calls, events) = (number(&figures_of_time, "calls"), number(&figures_of_time, "events"));
    assert!(calls > 0 && events == 2 * calls, "{figures_of_time}");
    assert!((500..60_000).contains(&number(&figures_of_time, "elapsed_ms")), "{figures_of_time}");
    assert_eq!(number(&figures_of_time, "calls_not_begun"), 0);

    // Ten calls were due, at most four of them can begin.
    let slow = zammad(|_, _| std::thread::sleep(Duration::from_millis(300)));
    let there = ["missed", "--duration", "1s", "--rate", "10", "--concurrency", "1", "--url", &slow];
    let (ended, late) = figures(&world, &there);
    ended.code(0);
    let (calls, not_begun) = (number(&late, "calls"), number(&late, "calls_not_begun"));
    assert_eq!(calls + not_begun, 10, "{late}");
    assert!((1..=4).contains(&calls), "{late}");
    assert_eq!(number(&late, "events"), 2 * calls);
    let told = stdout(&load(&world, &there).code(0));
    assert!(told.contains("not started: the time was over"), "{told}");
    assert!(told.contains("latency since the event was due"), "{told}");
    // What comes first counts.
    let (ended, few) = figures(&world, &["missed", "--duration", "1h", "--calls", "3", "--url", &url]);
    ended.code(0);
    assert_eq!(number(&few, "calls"), 3);
}

#[test]
fn no_more_is_asked_at_a_time_than_there_are_connections() {
    let world = World::new();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let shared = (now.clone(), most.clone());
    let url = zammad(move |_, _| {
        let (now, most) = &shared;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        now.fetch_sub(1, Ordering::SeqCst);
    });
    let there = ["missed", "--calls", "30", "--concurrency", "5", "--url", &url];
    figures(&world, &there).0.code(0);
    assert_eq!(most.load(Ordering::SeqCst), 5);
    most.store(0, Ordering::SeqCst);
    figures(&world, &[&there[..], &["--rate", "1000"]].concat()).0.code(0);
    assert_eq!(most.load(Ordering::SeqCst), 5);
}

#[test]
fn what_all_events_would_meet_with_ends_the_load() {
    let world = World::new();
    // (status, Zammad's words, class, exit code)
    let cases = [
        (401, "Invalid token, please contact your admin!", "wrong-token", 77),
        (422, "Feature is disabled, please contact your administrator!", "switched-off", 78),
        (404, "This page doesn't exist.", "no-such-page", 76),
    ];
    for (status, words, class, code) in cases {
        let world = World::new();
        let posted = world.zammad_answers(status, &json!({ "error": words }).to_string());
        let there = ["--calls", "100000", "--concurrency", "4", "--url", &world.url()];
        let (ended, figures) = figures(&world, &there);
        let events = number(&figures, "events");
        assert!((1..=4).contains(&events), "{figures}");
        // Who is there is asked of what need not be Zammad.
        let requests = if status == 404 { 2 * events } else { events };
        posted.assert_calls(usize::try_from(requests).unwrap());
        assert_eq!(figures["failed"], json!({ class: events }));
        let said = stderr(&ended);
        assert!(
            said.starts_with("zammad-cti: Zammad did not take the newCall") && !said.contains(TOKEN),
            "{said}"
        );
        ended.code(code);
    }
    // Not a Zammad, and not even HTTP.
    let mail = crate::servers::Server::start(|mut stream| {
        crate::servers::read_request(&mut stream);
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
    });
    load(&world, &["--calls", "1000", "--url", &mail.url()]).code(76);
}

#[test]
fn a_zammad_that_goes_away_is_counted() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut program = world.process();
    program.args(["simulate", "missed", "--calls", "60", "--rate", "20", "--url", &sandbox.url]);
    let running = Running::start(program.args(["--deadline", "300ms", "--output", "json"]));
    until("some calls", || sandbox.log().len() >= 5);
    drop(sandbox);
    let ran = running.end();
    assert_eq!(ran.code, 1, "{ran}");
    let figures = read(&ran.stdout, &ran.stderr);
    assert_eq!(number(&figures, "calls"), 60);
    assert!(sum(&figures["delivered"]) >= 5 && figures["failed"]["connect"].as_u64().unwrap() >= 5, "{ran}");
    assert_eq!(sum(&figures["delivered"]) + sum(&figures["failed"]), number(&figures, "events"));
    // Each event that nobody expected to fail.
    assert_eq!(sum(&figures["failed"]), number(&figures, "unexpected"), "{ran}");
    assert!(!ran.stderr.contains("warning"), "{ran}");
}

#[test]
fn who_interrupts_a_load_leaves_no_call_ringing() {
    let world = World::new();
    for (signal, flags) in
        [("INT", &["--ring", "1h", "--rate", "100"][..]), ("TERM", &["--talk", "1h", "--rate", "100"])]
    {
        let sandbox = world.sandbox(&[]);
        let mut program = world.process();
        program.args([
            "simulate",
            "answered",
            "--calls",
            "100000",
            "--url",
            &sandbox.url,
            "--output",
            "json",
        ]);
        let running = Running::start(program.args(flags));
        let state = if signal == "INT" { "newCall" } else { "answer" };
        until("open calls", || sandbox.log().iter().filter(|call| call["state"] == state).count() >= 20);
        running.signal(signal);
        let ran: Ran = running.end();
        assert_eq!(ran.code, 130, "{ran}");
        let figures = read(&ran.stdout, &ran.stderr);
        assert_eq!(figures["interrupted"], true, "{ran}");
        let log = sandbox.log();
        let open: Vec<_> = log.iter().filter(|call| call["state"] != "hangup").collect();
        assert!(open.is_empty(), "{open:?} {ran}");
        assert_eq!(log.len() as u64, number(&figures, "calls"), "{ran}");
        assert_eq!(number(&figures, "calls") + number(&figures, "calls_not_begun"), 100_000, "{ran}");
    }
}

#[test]
fn a_zammad_on_another_machine_gets_load_only_from_who_says_so() {
    let world = World::new();
    // Whatever goes to an address of nobody would come to this one.
    let requests = world.every_request();
    let proxied = |arguments: &[&str]| {
        let mut program = world.bare();
        program.env("http_proxy", world.zammad.base_url()).timeout(Duration::from_secs(60));
        program
            .args(["simulate", "missed", "--url", "http://192.0.2.1/api/v1/cti/x"])
            .args(arguments)
            .assert()
    };
    for flags in [
        &["--calls", "2"][..],
        &["--calls", "2", "--rate", "1.1/s"],
        &["--duration", "1s", "--rate", "20"],
        &["--duration", "1s", "--concurrency", "1"],
    ] {
        let ended = proxied(flags).code(2).stdout("");
        ended.stderr(predicate::str::contains("add --yes-load").and(predicate::str::contains("--rate 1/s")));
    }
    requests.assert_calls(0);
    proxied(&["--calls", "2", "--rate", "1/s"]).code(0);
    requests.assert_calls(4);
    proxied(&["--calls", "3", "--yes-load"]).code(0);
    requests.assert_calls(10);
    proxied(&["--calls", "1"]).code(0);
    requests.assert_calls(12);
    // Nor do calls that are played one by one begin more often.
    let begun = Instant::now();
    proxied(&["answered", "missed", "--speed", "1000"]).code(0);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    requests.assert_calls(19);
}

#[test]
fn flags_of_a_load_that_do_not_go_together_are_refused() {
    let world = World::new();
    let requests = world.every_request();
    let report = world.path("report");
    // (flags, what is said)
    let cases: [(&[&str], &str); 10] = [
        (&["--rate", "20"], "Add --calls or --duration"),
        (&["--concurrency", "2"], "Add --calls or --duration"),
        (&["--calls", "0"], "--calls"),
        (&["--calls", "1", "--rate", "0"], "calls a second, such as 20/s"),
        (&["--calls", "1", "--rate", "inf"], "calls a second, such as 20/s"),
        (&["--calls", "1", "--concurrency", "0"], "--concurrency"),
        (&["--duration", "0s"], "--duration must be more than 0"),
        (&["--duration", "5"], "a number and a unit"),
        (&["--calls", "1", "--speed", "2"], "--speed is for calls played one by one"),
        (
            &["--calls", "1", "--report", "json", report.to_str().unwrap()],
            "--report is for calls played one by one",
        ),
    ];
    for (flags, said) in cases {
        let ended = load(&world, &[&["missed", "--url", &world.url()], flags].concat()).code(2).stdout("");
        ended.stderr(predicate::str::contains(said));
    }
    assert!(!report.exists());
    requests.assert_calls(0);
}

#[cfg(target_os = "linux")]
#[test]
fn many_calls_take_the_memory_of_few() {
    let world = World::new();
    let url = zammad(|_, _| {});
    let [few, many] = ["1000", "20000"].map(|calls| {
        let mut program = world.process();
        program.args(["simulate", "missed", "--calls", calls, "--url", &url]);
        let (ran, peak) = Running::start(&mut program).end_with_memory();
        assert_eq!(ran.code, 0, "{ran}");
        peak
    });
    // 50 bytes a call would be more.
    assert!(many < few + 900 * 1024, "{few} bytes, and then {many}");
}

#[test]
fn as_many_calls_begin_as_the_time_has_room_for() {
    let world = World::new();
    let (_, figures) = figures(&world, &["missed", "--rate", "10/s", "--duration", "1s"]);
    assert_eq!(number(&figures, "calls") + number(&figures, "calls_not_begun"), 10, "{figures}");
}

#[test]
fn where_nobody_is_the_load_ends_with_the_first_try_of_each_connection() {
    let world = World::new();
    // It can be connected to, and says nothing to a request.
    let server = crate::servers::Server::start(|mut stream| {
        crate::servers::read_request(&mut stream);
        crate::servers::reset(stream);
    });
    let url = server.url();
    let load = ["missed", "--url", &url, "--calls", "1000", "--concurrency", "4", "--deadline", "200ms"];
    let (ended, figures) = figures(&world, &load);
    ended.code(69);
    assert!(number(&figures, "calls") <= 8, "{figures}");
}

#[test]
fn a_stand_in_suits_all_calls_whatever_their_order() {
    let world = World::new();
    let numbers = world.file("numbers.csv", 0o644, "49301\n49302\n49303\n49304\n");
    let numbers = numbers.to_str().unwrap();
    let calls = ["rejected", "--calls", "60", "--numbers", numbers, "--order", "random"];
    let (ended, figures) = figures(&world, &calls);
    ended.code(0);
    assert_eq!(figures["delivered"]["reject"], 60, "{figures}");
    // Nobody could say which of many calls a fault would hit.
    load(&world, &["lost-reply", "--calls", "5"]).code(2).stderr(predicate::str::contains("lost-reply"));
    load(&world, &["--all", "--calls", "17"]).code(0).stderr(predicate::str::contains("left out"));
}
