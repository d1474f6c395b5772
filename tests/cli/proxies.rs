//! What stands between the program and Zammad, and replies in its place: whether an event is there is told by what
//! surely comes from before Zammad, and by nothing else.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::nginx::Nginx;
use crate::running::{Running, until};
use crate::servers::{Ran, Reply, Sandbox, Server, at_once, program, read_request};
use crate::support::{NEW_CALL, World};

const ANSWER: [&str; 5] = ["answer", "--call-id", "7", "--direction", "in"];
const HANGUP: [&str; 7] = ["hangup", "--call-id", "7", "--direction", "in", "--cause", "noAnswer"];
const HANGUP_ANSWERED: [&str; 6] = ["hangup", "--call-id", "7", "--direction", "in", "--answered"];

/// A sandbox, and something between it and the program that passes all requests on.
struct Behind {
    sandbox: Sandbox,
    between: Server,
}

impl Behind {
    /// `replaces` gives the reply in place of the sandbox's to a request, if it is to be another.
    fn new(replaces: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let sandbox = Sandbox::start();
        let address = sandbox.address;
        let between = Server::start(move |mut stream| {
            let request = read_request(&mut stream);
            let reply = passed_on(address, &request);
            let _ = stream.write_all(&replaces(&request).unwrap_or(reply));
        });
        Self { sandbox, between }
    }
}

/// Zammad's reply to a request.
fn passed_on(zammad: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(zammad).unwrap();
    let (first, rest) = request.split_once("\r\n").unwrap();
    stream.write_all(format!("{first}\r\nConnection: close\r\n{rest}").as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    reply
}

fn is_probe(request: &str) -> bool {
    request.contains(r#""direction":"probe""#)
}

/// State and whether it is done, of the only row of the call.
fn seen(sandbox: &Sandbox) -> (String, bool) {
    let rows = sandbox.rows("7");
    assert_eq!(rows.len(), 1, "{rows:?}");
    (rows[0]["state"].as_str().unwrap().to_owned(), rows[0]["done"].as_bool().unwrap())
}

fn rings(world: &World, url: &str) {
    let ran = Ran::of(&mut program(world, url, &NEW_CALL));
    assert_eq!(ran.code, 0, "{ran}");
}

const IS_DOUBTED: &str = "it is not known whether Zammad took the";

#[test]
fn what_nginx_says_when_zammad_goes_down_with_the_event_is_a_doubt() {
    // As it is shipped; with a page for the time of an update; and one that says 503.
    let says_503 = ("error_page 502 =503 @busy;", "location @busy { return 503; }");
    let a_page =
        ("error_page 502 =200 /update;", "location = /update { return 200 '<title>Back soon</title>'; }");
    let lost = |mode: &str, count: u64| json!({ "mode": mode, "count": count });
    let (none, answered) = (&[][..], &[&ANSWER[..]][..]);
    /// (events before, fault, event, (code, attempts), (state, done))
    type Case<'a> = (&'a [&'a [&'a str]], Value, &'a [&'a str], (i32, u64), (&'a str, bool));
    let cases: [Case; 10] = [
        (none, lost("drop_after", 1), &HANGUP, (69, 1), ("hangup", false)),
        (none, lost("drop_before", 1), &HANGUP, (69, 1), ("newCall", false)),
        // The probe right after meets the same: Zammad is down.
        (none, lost("drop_before", 2), &HANGUP, (0, 2), ("hangup", false)),
        // Nothing is sent again before a probe finds Zammad.
        (none, lost("drop_before", 4), &HANGUP, (0, 2), ("hangup", false)),
        (none, lost("drop_after", 1), &ANSWER, (0, 2), ("answer", true)),
        (none, lost("drop_before", 1), &ANSWER, (0, 2), ("answer", true)),
        (none, lost("drop_after", 3), &ANSWER, (0, 2), ("answer", true)),
        (none, lost("drop_after", 7), &ANSWER, (0, 2), ("answer", true)),
        // What does no harm twice is sent again, and nobody is asked.
        (answered, lost("drop_after", 1), &HANGUP_ANSWERED, (0, 2), ("hangup", true)),
        (answered, lost("drop_before", 1), &HANGUP_ANSWERED, (0, 2), ("hangup", true)),
    ];
    let runs = cases.into_iter().flat_map(|case| [("", ""), says_503].map(|nginx| (case.clone(), nginx)));
    let world = World::new();
    at_once(runs.collect::<Vec<_>>(), |((before, fault, event, (code, attempts), (state, done)), nginx)| {
        let what = format!("{event:?} at {fault} behind {nginx:?}");
        let sandbox = Sandbox::start();
        let nginx = Nginx::with(sandbox.address, nginx.0, nginx.1);
        rings(&world, &nginx.url());
        for event in before {
            assert_eq!(Ran::of(&mut program(&world, &nginx.url(), event)).code, 0, "{what}");
        }
        sandbox.fail(fault);
        let ran = Ran::of(&mut program(&world, &nginx.url(), event));
        assert_eq!((ran.code, ran.report()["attempts"].as_u64().unwrap()), (code, attempts), "{what}: {ran}");
        assert_eq!(ran.stderr.contains(IS_DOUBTED), code != 0, "{what}: {ran}");
        assert_eq!(seen(&sandbox), (state.to_owned(), done), "{what}: {ran}");
    });

    // A page in place of the reply of a Zammad that has taken the call's newCall.
    let sandbox = Sandbox::start();
    let nginx = Nginx::with(sandbox.address, a_page.0, a_page.1);
    rings(&world, &nginx.url());
    sandbox.fail(lost("drop_after", 1));
    let ran = Ran::of(&mut program(&world, &nginx.url(), &HANGUP));
    ran.assert_failed("a page", "not-zammad", IS_DOUBTED);
    assert_eq!(seen(&sandbox), ("hangup".to_owned(), false), "{ran}");
}

/// Replies by which a web server sends somebody away, with `error_page` also in place of Zammad's reply.
fn that_send_away() -> Vec<(&'static str, Vec<u8>)> {
    let to = |status| Reply::html(status, "Moved").with("Location", "https://status.example.com/").bytes();
    vec![
        ("301", to(301)),
        ("302", to(302)),
        ("303", to(303)),
        ("307", to(307)),
        ("308", to(308)),
        ("404", Reply::html(404, "Not Found").bytes()),
    ]
}

#[test]
fn a_redirect_in_place_of_zammads_reply_is_a_doubt() {
    at_once(that_send_away(), |(what, reply)| {
        let desk = Desk::closed();
        let replaced = AtomicUsize::new(0);
        // Of every event but the second one, which is the copy of the newCall; a probe is answered.
        let zammad = Behind::new(move |request| {
            (!is_probe(request) && replaced.fetch_add(1, Ordering::Relaxed) != 1).then(|| reply.clone())
        });
        let run = |arguments: &[&str]| {
            let mut program = desk.program(arguments);
            program.env("ZAMMAD_CTI_URL", zammad.between.url());
            Desk::end(&mut program)
        };
        // The second copy of the newCall finds the first one there.
        let ran = run(&NEW_CALL);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{what}: {ran}");
        let ran = run(&HANGUP);
        assert!(ran.stderr.contains(IS_DOUBTED), "{what}: {ran}");
        for _ in 0..2 {
            run(&["spool", "flush"]);
            assert_eq!(desk.count("unconfirmed"), 1, "{what}");
        }
        assert_eq!(seen(&zammad.sandbox), ("hangup".to_owned(), false), "{what}");
    });
}

#[test]
fn a_redirect_that_the_probe_meets_too_is_another_address() {
    at_once(that_send_away(), |(what, reply)| {
        let desk = Desk::closed();
        let lost = Arc::new(AtomicUsize::new(1));
        let (is_lost, taken) = (lost.clone(), Arc::<AtomicUsize>::default());
        let counted = taken.clone();
        let zammad = Behind::new(move |request| {
            if !is_probe(request) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            (is_lost.load(Ordering::Relaxed) == 1).then(|| reply.clone())
        });
        let run = |arguments: &[&str]| {
            let mut program = desk.program(arguments);
            program.env("ZAMMAD_CTI_URL", zammad.between.url());
            Desk::end(&mut program)
        };
        // It waits, and the second copy is not taken for a reused call id, as it may be there.
        let ran = run(&NEW_CALL);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{what}: {ran}");
        lost.store(0, Ordering::Relaxed);
        let ran = run(&["spool", "flush"]);
        assert!(ran.stdout.contains("delivered 1, waiting 0, unconfirmed 0, dead 0"), "{what}: {ran}");
        assert_eq!(taken.load(Ordering::Relaxed), 2, "{what}");
        assert_eq!(seen(&zammad.sandbox), ("newCall".to_owned(), false), "{what}");
    });
}

#[test]
fn who_answers_is_asked_over_a_new_connection() {
    // It closes a connection behind its first reply, as soon as anything else comes over it.
    let (world, refuses) = (World::new(), Arc::new(AtomicUsize::new(0)));
    let sandbox = Sandbox::start();
    let (address, left) = (sandbox.address, refuses.clone());
    let between = Server::start(move |mut stream| {
        let request = read_request(&mut stream);
        if left.load(Ordering::Relaxed) == 0 {
            let _ = stream.write_all(&passed_on(address, &request));
            return;
        }
        left.fetch_sub(1, Ordering::Relaxed);
        let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.read(&mut [0]);
    });
    rings(&world, &between.url());
    refuses.store(2, Ordering::Relaxed);
    let ran = Ran::of(&mut program(&world, &between.url(), &HANGUP));
    assert_eq!((ran.code, &ran.report()["attempts"]), (0, &json!(2)), "{ran}");
    assert_eq!(seen(&sandbox), ("hangup".to_owned(), false), "{ran}");
}

/// What a proxy does to a request that is no newCall.
#[derive(Debug, Clone, Copy)]
enum Does {
    Passes,
    /// it says 502 in place of the reply
    Replaces,
    /// it says 502, and Zammad never sees the request
    Refuses,
}

/// A proxy before a Zammad that has the call, and does this to one request after the other, then passes all on.
/// How many events have reached Zammad is counted.
fn proxy_that(does: &'static [Does]) -> (Sandbox, Server, Arc<AtomicUsize>) {
    let sandbox = Sandbox::start();
    let (address, place) = (sandbox.address, AtomicUsize::new(0));
    let copies = Arc::<AtomicUsize>::default();
    let counted = copies.clone();
    let between = Server::start(move |mut stream| {
        let request = read_request(&mut stream);
        let place = match request.contains("newCall") {
            true => usize::MAX,
            false => place.fetch_add(1, Ordering::Relaxed),
        };
        let does = does.get(place);
        if place != usize::MAX && !is_probe(&request) && !matches!(does, Some(Does::Refuses)) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        let reply = match does {
            None | Some(Does::Passes) => passed_on(address, &request),
            Some(Does::Refuses) => Reply::html(502, "Bad Gateway").bytes(),
            Some(Does::Replaces) => {
                passed_on(address, &request);
                Reply::html(502, "Bad Gateway").bytes()
            }
        };
        let _ = stream.write_all(&reply);
    });
    (sandbox, between, copies)
}

#[test]
fn zammad_found_again_right_before_a_502_may_have_gone_down_with_the_event() {
    use Does::{Passes, Refuses, Replaces};
    // Event, probe right after, probe after a pause, event, and so on.
    /// (what the proxy does, event, (code, attempts, copies at Zammad), (state, done))
    type Case = (&'static [Does], &'static [&'static str], (i32, u64, usize), (&'static str, bool));
    let cases: [Case; 5] = [
        (&[Replaces, Refuses, Passes, Replaces, Refuses], &ANSWER, (69, 2, 2), ("answer", true)),
        (&[Replaces, Refuses, Passes, Replaces, Passes], &ANSWER, (69, 2, 2), ("answer", true)),
        (&[Refuses, Refuses, Passes, Replaces, Refuses], &HANGUP, (69, 2, 1), ("hangup", false)),
        // An update that takes a while is none of that.
        (&[Refuses; 6], &HANGUP, (0, 2, 1), ("hangup", false)),
        (&[Refuses; 6], &ANSWER, (0, 2, 1), ("answer", true)),
    ];
    at_once(cases, |(does, event, (code, attempts, copies), expected)| {
        let what = format!("{event:?} at {does:?}");
        let world = World::new();
        let (sandbox, between, taken) = proxy_that(does);
        rings(&world, &between.url());
        let ran = Ran::of(&mut program(&world, &between.url(), event));
        assert_eq!((ran.code, &ran.report()["attempts"]), (code, &json!(attempts)), "{what}: {ran}");
        assert_eq!(ran.stderr.contains(IS_DOUBTED), code != 0, "{what}: {ran}");
        assert_eq!(taken.load(Ordering::Relaxed), copies, "{what}: {ran}");
        assert_eq!(seen(&sandbox), (expected.0.to_owned(), expected.1), "{what}: {ran}");
    });
}

/// What sends from the spool asks who is there in other processes, or much later.
#[test]
fn the_spool_remembers_that_a_proxy_has_turned_an_event_away() {
    use Does::{Passes, Refuses, Replaces};
    // Event, probe right after, probe before all wait; probe later, event, and who is there then.
    let flapping: &[Does] = &[Refuses, Refuses, Refuses, Passes, Replaces, Refuses, Refuses];
    // Zammad was not there in all this time.
    let updated: &[Does] = &[Refuses; 5];
    /// (what the proxy does, event, where it ends, copies at Zammad)
    type Case = (&'static [Does], &'static [&'static str], &'static str, usize);
    let cases: [Case; 4] = [
        (flapping, &HANGUP, "unconfirmed", 1),
        (flapping, &ANSWER, "unconfirmed", 1),
        (updated, &HANGUP, "", 1),
        (updated, &ANSWER, "", 1),
    ];
    let runs = cases.into_iter().flat_map(|case| [false, true].map(|stays| (case, stays)));
    at_once(runs, |((does, event, state, copies), stays)| {
        let what = format!("{event:?} at {does:?}, run {stays}");
        let desk = Desk::closed();
        let (sandbox, between, taken) = proxy_that(does);
        let program = |arguments: &[&str]| {
            let mut program = desk.program(arguments);
            program.env("ZAMMAD_CTI_URL", between.url());
            program
        };
        rings(&desk.world, &between.url());
        let kept = Desk::end(&mut program(&[event, &["--spool", "always"]].concat()));
        assert_eq!(kept.stdout, "spooled\n", "{what}: {kept}");
        let is_over = || desk.count("waiting") == 0;
        if stays {
            let running = Running::start(&mut program(&["spool", "run"]));
            until("it is sent", is_over);
            running.signal("TERM");
            running.end();
        } else {
            until("it is sent", || {
                // What failed is put off.
                desk.db().execute("UPDATE event SET due = 0", []).unwrap();
                Desk::end(&mut program(&["spool", "flush"]));
                is_over()
            });
        }
        assert_eq!(taken.load(Ordering::Relaxed), copies, "{what}");
        assert_eq!(desk.count("unconfirmed"), u64::from(!state.is_empty()), "{what}");
        let expected = if event == HANGUP { ("hangup", false) } else { ("answer", true) };
        assert_eq!(seen(&sandbox), (expected.0.to_owned(), expected.1), "{what}");
    });
}

#[test]
fn a_new_call_behind_a_proxy_is_repeated_and_nobody_is_asked() {
    for status in [502, 503, 521] {
        let (world, replaced) = (World::new(), AtomicUsize::new(0));
        let zammad = Behind::new(move |request| {
            assert!(!is_probe(request), "{request}");
            let is_first = replaced.fetch_add(1, Ordering::Relaxed) == 0;
            is_first.then(|| Reply::html(status, "Sorry").bytes())
        });
        let ran = Ran::of(&mut program(&world, &zammad.between.url(), &NEW_CALL));
        let report = ran.report();
        assert_eq!(
            (ran.code, &report["attempts"], &report["action"]),
            (0, &json!(2), &json!("unknown")),
            "{ran}"
        );
        assert_eq!(seen(&zammad.sandbox), ("newCall".to_owned(), false), "{ran}");
    }
}

/// Replies that a proxy, or Zammad's own web server, may give in place of the one to an event that was taken.
fn in_place_of_a_reply() -> Vec<(&'static str, Vec<u8>)> {
    let raw = |text: &str| text.as_bytes().to_vec();
    let nginx_500 = "<html>\r\n<head><title>500 Internal Server Error</title></head>\r\n<body>\r\n\
                     <center><h1>500 Internal Server Error</h1></center>\r\n<hr><center>nginx</center>\r\n\
                     </body>\r\n</html>\r\n";
    let puma = "An unhandled lowlevel error occurred. The application logs may have details.\n";
    // `printf '{}' | gzip`
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    let mut zipped = raw(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
         Content-Length: 22\r\n\r\n",
    );
    zipped.extend_from_slice(gzip);
    let cookies: String = (0..1100).map(|line| format!("Set-Cookie: a{line}=b\r\n")).collect();
    let ok = "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    vec![
        ("gzip that nobody asked for", zipped),
        ("520", Reply::new(520, "text/plain", "error code: 520").bytes()),
        ("521", Reply::html(521, "Web server is down").bytes()),
        ("522", Reply::html(522, "Connection timed out").bytes()),
        ("523", Reply::html(523, "Origin is unreachable").bytes()),
        ("524", Reply::html(524, "A timeout occurred").bytes()),
        ("500 without a body", Reply::new(500, "", "").bytes()),
        ("599 without a body", Reply::new(599, "", "").bytes()),
        ("nginx's own page", Reply::new(500, "text/html", nginx_500).bytes()),
        ("Puma's own page", Reply::new(500, "text/plain", puma).bytes()),
        ("a firewall's page", Reply::html(200, "Request blocked").bytes()),
        ("a firewall's page that refuses", Reply::html(403, "Forbidden").bytes()),
        ("JSON of a gateway", Reply::json(500, r#"{"message":"Internal server error"}"#).bytes()),
        ("Rails' own words", Reply::json(500, r#"{"status":500,"error":"Internal Server Error"}"#).bytes()),
        ("JSON of another gateway", Reply::json(500, r#"{"error":"upstream reset"}"#).bytes()),
        ("a gateway that waited", Reply::json(408, r#"{"error":"Request Timeout"}"#).bytes()),
        ("a gateway that refuses", Reply::json(400, r#"{"status":400,"error":"Bad Request"}"#).bytes()),
        ("a byte order mark before it all", raw(&format!("\u{feff}HTTP/1.1 200 OK\r\n{ok}"))),
        ("a byte order mark in the head", raw(&format!("HTTP/1.1 200 OK\r\n\u{feff}X: y\r\n{ok}"))),
        ("a NUL in the head", raw(&format!("HTTP/1.1 200 OK\r\nX: a\0b\r\n{ok}"))),
        ("1100 cookies", raw(&format!("HTTP/1.1 200 OK\r\n{cookies}{ok}"))),
        (
            "half a body",
            raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"),
        ),
    ]
}

#[test]
fn a_reply_that_cannot_be_understood_leaves_a_doubt() {
    // To events only, so that the probe finds Zammad; or to all requests, but for what a proxy says that does not
    // reach Zammad: then nothing else is known.
    let mut cases: Vec<_> = in_place_of_a_reply().into_iter().map(|reply| (reply, false)).collect();
    let replies = in_place_of_a_reply().into_iter();
    cases
        .extend(replies.filter(|(what, _)| !["521", "522", "523"].contains(what)).map(|reply| (reply, true)));
    at_once(cases, |((what, reply), to_all)| {
        let world = World::new();
        // Where all replies are replaced, it is the newCall that tells that Zammad is there; otherwise nobody here
        // has seen it.
        let bytes = reply.clone();
        let zammad = Behind::new(move |request| {
            let replaced = !request.contains("newCall") && (to_all || !is_probe(request));
            replaced.then(|| bytes.clone())
        });
        let new_call_by = if to_all { zammad.between.url() } else { zammad.sandbox.url() };
        rings(&world, &new_call_by);
        let ran = Ran::of(program(&world, &zammad.between.url(), &HANGUP).args(["--deadline", "4s"]));
        assert!([69, 76].contains(&ran.code), "{what}: {ran}");
        assert!(ran.stderr.contains(IS_DOUBTED), "{what}: {ran}");
        assert_eq!(ran.report()["attempts"], 1, "{what}: {ran}");
        assert_eq!(seen(&zammad.sandbox), ("hangup".to_owned(), false), "{what}: {ran}");
    });
}

#[test]
fn the_spool_does_not_send_again_what_may_be_there() {
    at_once(in_place_of_a_reply(), |(what, reply)| {
        let desk = Desk::closed();
        let zammad = Behind::new(move |request| {
            (!request.contains("newCall") && !is_probe(request)).then(|| reply.clone())
        });
        let run = |arguments: &[&str]| {
            let mut program = desk.program(arguments);
            program.env("ZAMMAD_CTI_URL", zammad.between.url());
            Desk::end(&mut program)
        };
        assert_eq!(run(&NEW_CALL).stdout, "none\n", "{what}");
        assert_eq!(run(&[&HANGUP[..], &["--spool", "always"]].concat()).stdout, "spooled\n", "{what}");
        for _ in 0..2 {
            let ran = run(&["spool", "flush"]);
            assert!(ran.stdout.contains("delivered 0, waiting 0,"), "{what}: {ran}");
            assert_eq!(desk.count("unconfirmed"), 1, "{what}: {ran}");
        }
        assert_eq!(seen(&zammad.sandbox), ("hangup".to_owned(), false), "{what}");
    });
}

#[test]
fn a_caller_log_that_is_not_reached_says_nothing_of_an_event() {
    let desk = Desk::closed();
    let (asked, is_lost) = (Arc::<AtomicUsize>::default(), AtomicUsize::new(1));
    let counted = asked.clone();
    let zammad = Behind::new(move |request| {
        if request.starts_with("GET ") {
            let before = counted.fetch_add(1, Ordering::SeqCst);
            return (before < 2).then(|| Reply::html([502, 504][before], "Bad Gateway").bytes());
        }
        // Zammad takes it, and nobody hears of it.
        (request.contains(r#""event":"answer""#) && is_lost.swap(0, Ordering::SeqCst) == 1).then(Vec::new)
    });
    let run = |arguments: &[&str]| {
        let mut program = desk.program(arguments);
        program.env("ZAMMAD_CTI_URL", zammad.between.url()).args(["--api-token", "x"]);
        Desk::end(&mut program)
    };
    let hangup = ["hangup", "--call-id", "7", "--cause", "normalClearing"];
    for (event, word) in [(&NEW_CALL[..], "none\n"), (&ANSWER, "spooled\n"), (&hangup, "spooled\n")] {
        let ran = run(event);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, word), "{ran}");
    }
    until("it has arrived", || {
        // What is put off is tried now.
        desk.db().execute("UPDATE event SET due = 0", []).unwrap();
        let ran = run(&["spool", "flush"]);
        assert!(ran.stdout.contains("unconfirmed 0, dead 0"), "{ran}");
        desk.count("waiting") == 0
    });
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(seen(&zammad.sandbox), ("hangup".to_owned(), true));
}

#[test]
fn a_new_call_whose_reply_is_replaced_is_repeated_where_zammad_answers() {
    at_once(in_place_of_a_reply(), |(what, reply)| {
        let (world, replaced) = (World::new(), AtomicUsize::new(0));
        let zammad = Behind::new(move |request| {
            let is_first = !is_probe(request) && replaced.fetch_add(1, Ordering::Relaxed) == 0;
            is_first.then(|| reply.clone())
        });
        let ran = Ran::of(&mut program(&world, &zammad.between.url(), &NEW_CALL));
        let report = ran.report();
        assert_eq!((ran.code, &report["attempts"]), (0, &json!(2)), "{what}: {ran}");
        assert_eq!(report["action"], "unknown", "{what}: {ran}");
        assert_eq!(seen(&zammad.sandbox), ("newCall".to_owned(), false), "{what}: {ran}");
    });
}

#[test]
fn a_stranger_who_answers_for_good_is_told_from_a_reply_that_was_replaced() {
    let world = World::new();
    let strangers = [
        Reply::html(200, "Please log in").bytes(),
        Reply::html(500, "Something went wrong").bytes(),
        Reply::json(200, "[]").bytes(),
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_vec(),
    ];
    for event in [&NEW_CALL[..], &ANSWER, &HANGUP] {
        at_once(strangers.clone(), |reply| {
            let what = format!("{event:?}: {}", String::from_utf8_lossy(&reply));
            let server = Server::start(move |mut stream| {
                read_request(&mut stream);
                let _ = stream.write_all(&reply);
            });
            let ran = Ran::of(&mut program(&world, &server.url(), event));
            assert_eq!(ran.code, 76, "{what}: {ran}");
            assert!(ran.stderr.contains("Zammad did not take the"), "{what}: {ran}");
            assert_eq!(ran.report()["attempts"], 1, "{what}: {ran}");
        });
    }
}

#[test]
fn an_error_id_for_a_call_that_zammad_has_is_no_missing_new_call() {
    let error_id = Reply::json(500, r#"{"error":"Error ID zntrXi7j: Please contact your administrator."}"#);
    // (event, attempts, state and done, whether it is in doubt)
    let cases = [
        (&ANSWER[..], 2, ("answer", true), true),
        (&HANGUP[..], 1, ("hangup", false), true),
        (&HANGUP_ANSWERED[..], 4, ("hangup", true), true),
    ];
    at_once(cases, |(event, attempts, (state, done), in_doubt)| {
        let world = World::new();
        let reply = error_id.bytes();
        let zammad = Behind::new(move |request| {
            let fails = !request.contains("newCall") && !is_probe(request);
            fails.then(|| reply.clone())
        });
        rings(&world, &zammad.between.url());
        if event == HANGUP_ANSWERED {
            assert_eq!(Ran::of(&mut program(&world, &zammad.sandbox.url(), &ANSWER)).code, 0);
        }
        let ran = Ran::of(&mut program(&world, &zammad.between.url(), event));
        ran.assert_failed(
            event[0],
            "failed",
            "Zammad has the call, but failed at this event: Error ID zntrXi7j",
        );
        assert!(ran.stderr.contains("cti_customer_last_activity") && ran.stderr.contains("push"), "{ran}");
        assert!(!ran.stderr.contains("new-call first"), "{ran}");
        assert_eq!(ran.stderr.contains(IS_DOUBTED), in_doubt, "{ran}");
        assert_eq!(ran.report()["attempts"], attempts, "{ran}");
        assert_eq!(seen(&zammad.sandbox), (state.to_owned(), done), "{ran}");
    });
}

#[test]
fn send_knows_the_calls_whose_new_call_it_has_brought() {
    let world = World::new();
    let reply =
        Reply::json(500, r#"{"error":"Error ID zntrXi7j: Please contact your administrator."}"#).bytes();
    let zammad = Behind::new(move |request| request.contains("hangup").then(|| reply.clone()));
    let lines = [
        json!({ "event": "newCall", "call_id": "7", "direction": "in", "from": "493023125741", "to": "42" }),
        json!({ "event": "hangup", "call_id": "7", "direction": "in" }),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut send = program(&world, &zammad.between.url(), &["send"]);
    let ran = Ran::of(send.write_stdin(lines));
    assert_eq!(ran.code, 69, "{ran}");
    assert!(ran.stdout.contains(r#""error_class":"failed""#) && ran.stdout.contains(IS_DOUBTED), "{ran}");
    assert_eq!(seen(&zammad.sandbox), ("hangup".to_owned(), false), "{ran}");
}
