//! 3CX, before version 20 and since, over real sockets.

use std::process::Command;

use serde_json::{Value, json};

use crate::certificates::{NOW, params, pem_file, root, self_signed, signed_by};
use crate::following::end;
use crate::running::{Running, until};
use crate::support::World;
use crate::support::three_cx::{CLIENT, Pbx, SECRET, USERNAME, Version};
use crate::zammad::Zammad;

const TRUNK: &str = "10000 Trunk (+4930123456)";
const ALICE: &str = "150 Alice Agent";
const OTHER: &str = "10000 Trunk (+49401112233)";
const BOB: &str = "151 Bob Agent";
const QUEUE: &str = "816 Support Queue";

/// The program, about to follow with an API client, or with an account of the console.
fn bridge(world: &World, pbx: &Pbx, zammad: &Zammad, version: Version) -> Command {
    let mut program = patient_bridge(world, pbx, zammad, version);
    program.args(["--grace", "0s"]);
    program
}

/// The same, for which a call may vanish for a while.
fn patient_bridge(world: &World, pbx: &Pbx, zammad: &Zammad, version: Version) -> Command {
    let mut program = world.process();
    let secret = world.file("secret", 0o600, SECRET);
    program.args(["bridge", "3cx", "--output", "json", "--url", &zammad.url()]);
    program.args(["--3cx-url", &pbx.url(), "--poll-interval", "50ms", "--queues", "816"]);
    match version {
        Version::V20 => program.args(["--client-id", CLIENT, "--client-secret-file"]).arg(secret),
        Version::Before => {
            program.args(["--username", USERNAME, "--group", "Support", "--password-file"]).arg(secret)
        }
    };
    program
}

fn start(world: &World, pbx: &Pbx, zammad: &Zammad, version: Version) -> Running {
    Running::start(&mut bridge(world, pbx, zammad, version))
}

/// The events so far, in short.
fn lines(zammad: &Zammad) -> Vec<String> {
    let mut ids: Vec<Value> = Vec::new();
    let line = |event: &Value| {
        let id = &event["callId"];
        let place = ids.iter().position(|known| known == id).unwrap_or_else(|| {
            ids.push(id.clone());
            ids.len() - 1
        });
        let word = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let words = match word("event").as_str() {
            "newCall" => format!("{} {}→{} {}", word("direction"), word("from"), word("to"), word("queue")),
            "answer" => word("answeringNumber"),
            _ => word("cause"),
        };
        format!("#{} {} {words}", place + 1, word("event")).trim_end().to_owned()
    };
    zammad.events().iter().map(line).collect()
}

/// Waits until Zammad has these events, and no others.
fn until_told(zammad: &Zammad, expected: &[&str]) {
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        until("the events", || lines(zammad).len() >= expected.len());
    }));
    assert_eq!(lines(zammad), expected, "{told:?}");
    assert_eq!(zammad.refused(), [] as [&str; 0]);
}

fn leg(dn: &str, status: &str) -> Value {
    json!({ "id": 8106, "dn": dn, "status": status, "callid": 1264 })
}

const RINGS: &str = "#1 newCall in 4930123456→150";
const TALKS: &str = "#1 answer 150";
const ENDS: &str = "#1 hangup normalClearing";

#[test]
fn calls_of_before_version_20_are_reported_by_the_lists() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::Before), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::Before);
    let new_call = "#1 newCall in 4930123456→816 816";
    pbx.lists_until_seen(&[["1", TRUNK, QUEUE, "Talking"]]);
    until_told(&zammad, &[new_call]);
    pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Transferring"]]);
    pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Talking"]]);
    until_told(&zammad, &[new_call, TALKS]);
    pbx.lists(&[]);
    until_told(&zammad, &[new_call, TALKS, ENDS]);
    pbx.assert_content();
    end(running);
}

#[test]
fn calls_since_version_20_are_reported_as_they_are_told() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    pbx.shows(&[leg("150", "Ringing")]);
    until_told(&zammad, &[RINGS]);
    assert_eq!(zammad.events()[0]["user"], json!(["Alice Agent"]));
    pbx.shows(&[leg("150", "Connected")]);
    until_told(&zammad, &[RINGS, TALKS]);
    pbx.shows(&[]);
    until_told(&zammad, &[RINGS, TALKS, ENDS]);
    assert_eq!((pbx.count("/connect/token"), pbx.count("/callcontrol")), (1, 1));
    pbx.assert_content();
    end(running);
}

/// Each way to fail, for a while.
#[test]
fn a_list_that_does_not_come_ends_no_call() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::Before), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::Before);
    pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Talking"]]);
    until_told(&zammad, &[RINGS, TALKS]);
    let path = "/api/activeCalls";
    pbx.fails(path, 500, 2);
    pbx.until_polled(4);
    pbx.fails(path, 200, 2);
    pbx.until_polled(4);
    pbx.answers(path, 200, "{}", 1);
    pbx.until_polled(2);
    // What is said of a failure is no matter.
    let logins = pbx.count("/api/login");
    pbx.answers(path, 500, "401 Unauthorized, 403, 404", 2);
    pbx.until_polled(4);
    assert_eq!(pbx.count("/api/login"), logins);
    // The session has ended.
    pbx.fails(path, 401, 1);
    pbx.until_polled(3);
    pbx.is_taken_over();
    pbx.until_polled(3);
    // For so long that the connection counts as lost.
    pbx.fails(path, 503, 3);
    running.until_it_says(
        "it answers 503 to api/activeCalls, as a 3CX that starts does; it is tried again after",
    );
    pbx.until_polled(5);
    until_told(&zammad, &[RINGS, TALKS]);
    pbx.lists(&[]);
    until_told(&zammad, &[RINGS, TALKS, ENDS]);
    end(running);
}

#[test]
fn a_socket_that_is_lost_changes_nothing() {
    let states = [vec![leg("150", "Ringing")], vec![leg("150", "Connected")], Vec::new()];
    let all = [RINGS, TALKS, ENDS];
    // After so many states the socket is lost, and the next state comes while nobody listens, or later.
    crate::servers::at_once(
        [(0, true), (1, true), (2, true), (1, false), (2, false)],
        |(lost_after, is_missed)| {
            let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
            let running = start(&world, &pbx, &zammad, Version::V20);
            pbx.until_followed();
            for (place, state) in states.iter().enumerate() {
                if place == lost_after {
                    if is_missed {
                        pbx.shows_silently(state);
                    }
                    pbx.drops_sockets();
                    pbx.until_asked("/callcontrol", 2);
                    pbx.until_followed();
                }
                pbx.shows(state);
                until_told(&zammad, &all[..=place]);
            }
            // Each connection with a token of its own.
            assert_eq!(pbx.count("/connect/token"), 2);
            end(running);
        },
    );
}

#[test]
fn a_token_that_is_taken_away_is_replaced_and_told_of() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    pbx.shows(&[leg("150", "Ringing")]);
    until_told(&zammad, &[RINGS]);
    pbx.is_taken_over();
    pbx.shows(&[leg("150", "Connected")]);
    until_told(&zammad, &[RINGS, TALKS]);
    running.until_it_says("Each bridge needs an API client of its own");
    // Again and again: that is no way to go on.
    for (times, status) in ["Ringing", "Connected", "Ringing"].into_iter().enumerate() {
        pbx.is_taken_over();
        pbx.shows(&[leg("150", status)]);
        pbx.until_asked("/connect/token", 3 + times);
    }
    until("the last token is used", || pbx.is_in_use());
    pbx.is_taken_over();
    pbx.shows(&[leg("150", "Connected")]);
    running.until_it_says("takes the token away; it is tried again after 3m");
    assert_eq!(pbx.count("/connect/token"), 5);
    until_told(&zammad, &[RINGS, TALKS]);
    assert_eq!(end(running).matches("another one is asked for").count(), 1);
}

/// A login that counts for nothing for a while, a right that is missing for a while.
#[test]
fn what_is_refused_for_a_moment_ends_no_call() {
    crate::servers::at_once(
        [
            (Version::Before, 401, 4),
            (Version::Before, 403, 3),
            (Version::V20, 401, 3),
            (Version::V20, 403, 3),
        ],
        |(version, status, times)| {
            let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
            pbx.has_no_socket();
            let running = start(&world, &pbx, &zammad, version);
            let (path, is_v20) = match version {
                Version::V20 => ("/callcontrol", true),
                Version::Before => ("/api/activeCalls", false),
            };
            match is_v20 {
                true => pbx.shows(&[leg("150", "Connected")]),
                false => pbx.lists(&[["1", TRUNK, ALICE, "Talking"]]),
            }
            until("the call", || lines(&zammad).len() == 2);
            let before = lines(&zammad);
            pbx.fails(path, status, times);
            pbx.until_polled(times + 2);
            assert_eq!(lines(&zammad), before, "{version:?} {status}");
            pbx.shows(&[]);
            pbx.lists(&[]);
            until("its end", || lines(&zammad).len() == 3);
            assert_eq!(lines(&zammad)[2], ENDS);
            assert!(!end(running).contains("it is tried again"), "{version:?} {status}");
        },
    );
}

#[test]
fn what_is_pushed_and_is_no_event_is_no_matter() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    for said in [
        "",
        "[]",
        "<html>",
        "{\"event\":{}}",
        "{\"event\":{\"event_type\":0,\"entity\":\"/callcontrol/../participants/1\"}}",
    ] {
        pbx.says(said);
    }
    // A participant that is not there any more when it is asked for.
    pbx.says(r#"{"event":{"event_type":0,"entity":"/callcontrol/150/participants/1"}}"#);
    pbx.shows(&[leg("150", "Ringing")]);
    until_told(&zammad, &[RINGS]);
    pbx.assert_content();
    end(running);
}

#[test]
fn open_calls_are_taken_up_by_the_next_process() {
    crate::servers::at_once([Version::V20, Version::Before], |version| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
        let begin = || {
            let mut program = bridge(&world, &pbx, &zammad, version);
            Running::start(program.arg("--second-answer").arg("--spool-path").arg(world.path("spool.db")))
        };
        let there = |is_there: bool| match version {
            Version::V20 if is_there => pbx.shows(&[leg("150", "Connected")]),
            Version::V20 => pbx.shows(&[]),
            Version::Before if is_there => pbx.lists(&[["1", TRUNK, ALICE, "Talking"]]),
            Version::Before => pbx.lists(&[]),
        };
        there(true);
        let running = begin();
        until_told(&zammad, &[RINGS, TALKS]);
        end(running);
        let running = begin();
        running.until_it_says("connected to 3cx");
        match version {
            Version::V20 => pbx.until_asked("/callcontrol", 2),
            Version::Before => pbx.until_polled(3),
        }
        until_told(&zammad, &[RINGS, TALKS]);
        there(false);
        until_told(&zammad, &[RINGS, TALKS, ENDS]);
        end(running);
        // And one that ends while nobody follows.
        there(true);
        let running = begin();
        until_told(&zammad, &[RINGS, TALKS, ENDS, "#2 newCall in 4930123456→150", "#2 answer 150"]);
        end(running);
        there(false);
        let running = begin();
        let whole =
            [RINGS, TALKS, ENDS, "#2 newCall in 4930123456→150", "#2 answer 150", "#2 hangup normalClearing"];
        until_told(&zammad, &whole);
        end(running);
    });
}

#[test]
fn versions_are_told_apart_by_what_is_there() {
    let (world, zammad) = (World::new(), Zammad::start());
    // With both accounts, an older one has the console only.
    let older = Pbx::start(Version::Before);
    let mut program = bridge(&world, &older, &zammad, Version::Before);
    let running = Running::start(program.args(["--client-id", CLIENT, "--client-secret", SECRET]));
    older.lists_until_seen(&[["1", TRUNK, ALICE, "Routing"]]);
    until_told(&zammad, &[RINGS]);
    assert_eq!(older.count("/connect/token"), 1);
    end(running);
    // What fails otherwise says nothing of a version.
    let newer = Pbx::start(Version::V20);
    newer.answers("/connect", 500, "404 Not Found", 1);
    let running = start(&world, &newer, &zammad, Version::V20);
    running.until_it_says("it answers 500 to connect/token; it is tried again after 1s");
    newer.until_followed();
    end(running);
    // An account of the web client will do since version 20.
    let running = start(&world, &newer, &zammad, Version::Before);
    newer.until_asked("/webclient/api/Login/GetAccessToken", 1);
    newer.until_followed();
    newer.assert_content();
    end(running);
}

/// One clear line for each, and no question is asked again and again.
#[test]
fn what_cannot_work_is_told_once() {
    let well = |_: &Pbx| {};
    type Case<'a> = (Version, &'a dyn Fn(&Pbx), &'a [&'a str], &'a str);
    let cases: [Case<'_>; 9] = [
        (
            Version::V20,
            &|pbx| pbx.fails("/connect", 401, 9),
            &[],
            "the API client zammad-client is not known, its secret is wrong",
        ),
        (Version::V20, &|pbx| pbx.fails("/connect", 400, 9), &[], "Console Restrictions"),
        (
            Version::V20,
            &|pbx| pbx.fails("/callcontrol", 403, 99),
            &[],
            "it permits no Call Control (403). The 3CX needs an Enterprise",
        ),
        (
            Version::V20,
            &|pbx| pbx.fails("/xapi/v1/ActiveCalls", 403, 99),
            &["--api", "v20-activecalls"],
            "it does not show its active calls (403)",
        ),
        (
            Version::V20,
            &well,
            &["--api", "legacy", "--username", "x", "--password", "y"],
            "neither the login of version 20 nor the one of before",
        ),
        (
            Version::Before,
            &|pbx| pbx.answers("/api/login", 200, "AuthFailed", 9),
            &[],
            "the account admin: \"AuthFailed\"",
        ),
        (
            Version::Before,
            &|pbx| {
                pbx.answers(
                    "/api/GroupList",
                    200,
                    r#"{"list":[{"Id":1,"Name":"Sales"},{"Name":"support"}]}"#,
                    9,
                )
            },
            &[],
            "it has no group \"Support\"; there is: Sales, support",
        ),
        (
            Version::Before,
            &|pbx| pbx.fails("/api/GroupList", 403, 99),
            &[],
            "a login is accepted, and counts for nothing",
        ),
        (
            Version::Before,
            &|pbx| pbx.fails("/api/activeCalls", 401, 99),
            &[],
            "a login is accepted, and counts for nothing",
        ),
    ];
    let (world, zammad) = (World::new(), Zammad::start());
    for (version, prepare, arguments, said) in cases {
        let pbx = Pbx::start(version);
        prepare(&pbx);
        let running = Running::start(bridge(&world, &pbx, &zammad, version).args(arguments));
        running.until_it_says(said);
        running.until_it_says("it is tried again after 3m");
        let asked = pbx.requests().len();
        let said = end(running);
        assert_eq!(said.matches("is tried again").count(), 1, "{said}");
        assert!(asked <= 12, "{said}: {:?}", pbx.requests());
        assert_eq!(pbx.requests().len(), asked);
    }
    // Nobody is there.
    let mut program = world.process();
    program.args(["bridge", "3cx", "--dry-run", "--3cx-url", "http://127.0.0.1:9", "--client-id", "x"]);
    let running = Running::start(program.args(["--client-secret", SECRET]));
    running.until_it_says("no connection to http://127.0.0.1:9: ");
    end(running);
}

#[test]
fn tls_is_spoken_to_whom_the_file_trusts() {
    let (world, zammad) = (World::new(), Zammad::start());
    let authority = root("authority");
    let server = signed_by(&authority, params("3cx", &["127.0.0.1"], NOW));
    let pbx = Pbx::start_tls(Version::V20, server.server_config());
    let trusted = pem_file(&world, "trusted.pem", &[&authority]);
    let mut program = bridge(&world, &pbx, &zammad, Version::V20);
    let running = Running::start(program.arg("--bridge-3cx-ca-file").arg(&trusted));
    pbx.until_followed();
    pbx.shows(&[leg("150", "Ringing")]);
    until_told(&zammad, &[RINGS]);
    end(running);
    let stranger =
        Pbx::start_tls(Version::V20, self_signed(params("3cx", &["127.0.0.1"], NOW)).server_config());
    let mut program = bridge(&world, &stranger, &zammad, Version::V20);
    let running = Running::start(program.arg("--bridge-3cx-ca-file").arg(&trusted));
    running.until_it_says("as ca_file in [bridge.3cx]");
    running.until_it_says("it is tried again");
    let said = end(running);
    assert!(said.contains("certificate"), "{said}");
    assert!(stranger.requests().is_empty());
}

#[test]
fn active_calls_are_followed_since_version_20_too() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    let running =
        Running::start(bridge(&world, &pbx, &zammad, Version::V20).args(["--api", "v20-activecalls"]));
    pbx.lists_until_seen(&[["1", TRUNK, QUEUE, "Talking"]]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816"]);
    pbx.fails("/xapi/v1/ActiveCalls", 401, 1);
    pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Talking"]]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816", TALKS]);
    // A good answer without a list is no empty list.
    for answer in [r#"{"error":{"code":"","message":"busy"}}"#, "{}", "[]", r#"{"value":null}"#] {
        pbx.answers("/xapi/v1/ActiveCalls", 200, answer, 2);
        pbx.until_polled(4);
    }
    until_told(&zammad, &["#1 newCall in 4930123456→816 816", TALKS]);
    pbx.lists(&[]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816", TALKS, ENDS]);
    end(running);
}

#[test]
fn queues_that_the_client_may_not_see_are_followed_by_the_list() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    pbx.hides("816");
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    pbx.lists(&[["5", TRUNK, QUEUE, "Talking"]]);
    let new_call = "#1 newCall in 4930123456→816 816";
    until_told(&zammad, &[new_call]);
    for (status, answer) in [(500, "<html>nothing</html>"), (200, r#"{"error":{"code":""}}"#), (403, "{}")] {
        pbx.answers("/xapi/v1/ActiveCalls", status, answer, 2);
        pbx.until_polled(4);
    }
    pbx.shows(&[leg("150", "Ringing")]);
    pbx.shows(&[leg("150", "Connected")]);
    until_told(&zammad, &[new_call, TALKS]);
    pbx.lists_until_seen(&[]);
    pbx.shows(&[]);
    until_told(&zammad, &[new_call, TALKS, ENDS]);
    end(running);
    // One that may not see the list either asks for it once.
    let forbidden = Pbx::start(Version::V20);
    forbidden.hides("816");
    forbidden.fails("/xapi/v1/ActiveCalls", 403, 99);
    let running = start(&world, &forbidden, &zammad, Version::V20);
    forbidden.until_asked("/xapi/v1/ActiveCalls", 1);
    forbidden.shows(&[leg("150", "Ringing")]);
    until("the call", || zammad.log().len() == 2);
    assert_eq!(forbidden.count("/xapi/v1/ActiveCalls"), 1);
    end(running);
}

/// Whether the list is refused, not needed any more, or not there since the 3CX was restarted.
#[test]
fn a_caller_of_a_queue_ends_when_the_list_of_active_calls_is_lost() {
    let new_call = "#1 newCall in 4930123456→816 816";
    let cancel = "#1 hangup cancel";
    type Loses<'a> = &'a (dyn Fn(&Pbx) + Sync);
    let refused: Loses<'_> = &|pbx| pbx.fails("/xapi/v1/ActiveCalls", 403, usize::MAX);
    let not_granted: Loses<'_> = &|pbx| {
        pbx.fails("/xapi", 403, usize::MAX);
        pbx.drops_sockets();
    };
    let not_up: Loses<'_> = &|pbx| {
        pbx.fails("/xapi", 503, usize::MAX);
        pbx.drops_sockets();
    };
    let without_list: Loses<'_> = &|pbx| {
        pbx.fails("/xapi/v1/ActiveCalls", 503, usize::MAX);
        pbx.drops_sockets();
    };
    let shown: Loses<'_> = &|pbx| {
        pbx.shows_all();
        pbx.drops_sockets();
    };
    crate::servers::at_once([refused, not_granted, not_up, without_list, shown], |loses| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
        pbx.hides("816");
        let running = start(&world, &pbx, &zammad, Version::V20);
        pbx.until_followed();
        pbx.lists(&[["5", TRUNK, QUEUE, "Talking"]]);
        until_told(&zammad, &[new_call]);
        loses(&pbx);
        until_told(&zammad, &[new_call, cancel]);
        end(running);
    });
}

#[test]
fn the_list_of_active_calls_is_asked_for_when_its_interface_is_up_again() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    pbx.hides("816");
    // Users and queues, three times.
    pbx.fails("/xapi", 503, 6);
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    pbx.lists(&[["5", TRUNK, QUEUE, "Talking"]]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816"]);
    // A moment without it ends nothing.
    pbx.fails("/xapi", 503, 6);
    pbx.drops_sockets();
    pbx.until_asked("/callcontrol/ws", 2);
    pbx.until_polled(5);
    pbx.lists_until_seen(&[]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816", "#1 hangup cancel"]);
    assert_eq!(pbx.count("/callcontrol/ws"), 2);
    end(running);
}

#[test]
fn no_secret_is_in_a_log_or_in_an_address() {
    crate::servers::at_once([Version::V20, Version::Before], |version| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
        pbx.fails(if version == Version::V20 { "/connect" } else { "/api/login" }, 500, 1);
        let mut program = bridge(&world, &pbx, &zammad, version);
        let running = Running::start(program.env("RUST_LOG", "trace"));
        match version {
            Version::V20 => {
                pbx.until_followed();
                pbx.shows(&[leg("150", "Ringing")]);
            }
            Version::Before => pbx.lists(&[["1", TRUNK, ALICE, "Routing"]]),
        }
        until_told(&zammad, &[RINGS]);
        pbx.is_taken_over();
        match version {
            Version::V20 => pbx.shows(&[leg("150", "Connected")]),
            Version::Before => pbx.lists(&[["1", TRUNK, ALICE, "Talking"]]),
        }
        until_told(&zammad, &[RINGS, TALKS]);
        pbx.assert_content();
        let log = end(running);
        // The tokens and cookies of the 3CX begin so.
        for secret in [SECRET, "session-"] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    });
}

/// Somebody sits at each phone, by the name that Zammad knows.
#[test]
fn who_answers_is_told_by_their_login() {
    crate::servers::at_once([Version::V20, Version::Before], |version| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
        let file = world.file("agents.toml", 0o600, "[agents]\n150 = \"anna@example.com\"\n");
        let mut program = bridge(&world, &pbx, &zammad, version);
        let running = Running::start(program.arg("--config").arg(file));
        match version {
            Version::V20 => {
                pbx.until_followed();
                pbx.shows(&[leg("150", "Connected")]);
            }
            Version::Before => pbx.lists(&[["1", TRUNK, ALICE, "Talking"]]),
        }
        until("the answer", || zammad.events().len() >= 2);
        let answer = &zammad.events()[1];
        assert!(answer.to_string().contains("anna@example.com"), "{answer}");
        end(running);
    });
}

#[test]
fn names_that_do_not_come_hold_up_no_call() {
    crate::servers::at_once(["v20", "v20-activecalls"], |api| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
        pbx.hangs(if api == "v20" { "/xapi" } else { "/xapi/v1/Users" });
        let running = Running::start(bridge(&world, &pbx, &zammad, Version::V20).args(["--api", api]));
        match api {
            "v20" => {
                pbx.until_followed();
                pbx.shows(&[leg("150", "Ringing")]);
            }
            _ => pbx.lists(&[["1", TRUNK, ALICE, "Routing"]]),
        }
        until_told(&zammad, &[RINGS]);
        // A bridge that waits for names first has given up on them by then.
        assert_eq!(pbx.waiting(), if api == "v20" { 2 } else { 1 });
        end(running);
    });
}

/// The answer about one participant: refused, or good without one.
#[test]
fn a_participant_that_is_not_told_of_ends_no_call() {
    crate::servers::at_once([(403, "{}"), (200, "{}"), (200, r#"{"error":{}}"#)], |(status, answer)| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
        let running = start(&world, &pbx, &zammad, Version::V20);
        pbx.until_followed();
        pbx.shows(&[leg("150", "Ringing")]);
        until_told(&zammad, &[RINGS]);
        let path = "/callcontrol/150/participants/8106";
        let before = pbx.count("/callcontrol");
        pbx.answers(path, status, answer, 4);
        pbx.shows(&[leg("150", "Connected")]);
        until_told(&zammad, &[RINGS, TALKS]);
        // What it is now is told by everything.
        assert_eq!(pbx.count("/callcontrol"), before + 1);
        pbx.is_well();
        // It is asked for again when it changes.
        let asked = pbx.count(path);
        let mut held = leg("150", "Connected");
        held["party_caller_name"] = json!("Customer");
        pbx.shows(&[held]);
        pbx.until_asked(path, asked + 1);
        pbx.shows(&[]);
        until_told(&zammad, &[RINGS, TALKS, ENDS]);
        end(running);
    });
}

#[test]
fn without_a_socket_everything_is_asked_for_again_and_again() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    pbx.has_no_socket();
    // As some proxies do.
    pbx.fails("/callcontrol/ws", 403, 1);
    let running = start(&world, &pbx, &zammad, Version::V20);
    running.until_it_says("opens no socket (403), so it is asked every 50ms");
    pbx.until_polled(1);
    pbx.shows(&[leg("150", "Ringing")]);
    until_told(&zammad, &[RINGS]);
    pbx.fails("/callcontrol", 401, 1);
    pbx.until_polled(3);
    pbx.shows(&[leg("150", "Connected")]);
    until_told(&zammad, &[RINGS, TALKS]);
    pbx.fails("/callcontrol", 500, 4);
    running.until_it_says("it answers 500 to callcontrol");
    pbx.until_polled(2);
    pbx.shows(&[]);
    until_told(&zammad, &[RINGS, TALKS, ENDS]);
    end(running);
}

#[test]
fn a_group_is_read_over_all_its_pages() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::Before), Zammad::start());
    pbx.has_members((100..123).map(|number| number.to_string()));
    let running = start(&world, &pbx, &zammad, Version::Before);
    // A page that tells of no members is no group without members.
    pbx.answers("/api/edit/update", 200, "{}", 2);
    pbx.lists_until_seen(&[["1", TRUNK, "122 Zoe", "Routing"], ["2", TRUNK, "123 Nobody", "Routing"]]);
    until_told(&zammad, &["#1 newCall in 4930123456→122"]);
    assert_eq!(pbx.count("/api/edit/update"), 2 + 3);
    end(running);
}

#[test]
fn three_hundred_missed_calls_in_as_many_lists_are_as_many_missed_calls() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::Before), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::Before);
    for number in 1..=300 {
        let id = number.to_string();
        let caller = format!("10000 Trunk (+49301{number:06})");
        pbx.lists_until_seen(&[[&id, &caller, ALICE, "Routing"]]);
    }
    pbx.lists(&[]);
    until("all of them", || zammad.count() >= 600);
    end(running);
    let rows = zammad.log();
    assert_eq!(rows.len(), 300);
    assert!(
        rows.values().all(|row| row.state == "hangup" && !row.done && row.cause.as_deref() == Some("cancel"))
    );
    assert_eq!(zammad.refused(), [] as [&str; 0]);
}

#[test]
fn six_hundred_calls_leave_nothing_behind() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    let mut before = (0, 0);
    for number in 1..=600_u64 {
        let leg = |status: &str| json!({ "id": number, "dn": "150", "status": status, "callid": number });
        for state in [vec![leg("Ringing")], vec![leg("Connected")], Vec::new()] {
            pbx.shows(&state);
        }
        // Each of its states may be gone before it is asked for; what was seen of a call has an end.
        if number == 100 {
            until("an end for each", || has_ended(&zammad));
            before = (running.open_files(), running.memory());
        }
    }
    until("an end for each", || has_ended(&zammad));
    let (files, memory) = (running.open_files(), running.memory());
    // How many connections it keeps depends on how much happens at once: some dozen at most. One for each call would
    // be 500 more.
    assert!(files <= before.0 + 32, "{files} files, {} before", before.0);
    assert!(memory <= before.1 + 500 * 4096, "{memory} bytes, {} before", before.1);
    end(running);
}

fn has_ended(zammad: &Zammad) -> bool {
    zammad.log().values().all(|row| row.state == "hangup")
}

#[test]
fn what_zammad_does_not_take_at_first_it_gets_all_the_same() {
    crate::servers::at_once(
        [(Version::V20, 0), (Version::V20, 1), (Version::V20, 2), (Version::Before, 0), (Version::Before, 2)],
        |(version, refused)| {
            let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
            let running = start(&world, &pbx, &zammad, version);
            running.until_it_says("connected to 3cx");
            let all = [RINGS, TALKS, ENDS];
            for (place, status) in ["Ringing", "Connected", ""].into_iter().enumerate() {
                if place == refused {
                    zammad.is_overloaded(2);
                }
                let is_there = !status.is_empty();
                match version {
                    Version::V20 if is_there => pbx.shows(&[leg("150", status)]),
                    Version::V20 => pbx.shows(&[]),
                    Version::Before if is_there => {
                        let status = if status == "Ringing" { "Routing" } else { "Talking" };
                        pbx.lists(&[["1", TRUNK, ALICE, status]]);
                    }
                    Version::Before => pbx.lists(&[]),
                }
                until_told(&zammad, &all[..=place]);
            }
            end(running);
        },
    );
}

#[test]
fn a_slow_zammad_hides_no_other_call() {
    crate::servers::at_once([Version::V20, Version::Before], |version| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
        let running = start(&world, &pbx, &zammad, version);
        running.until_it_says("connected to 3cx");
        let other = || json!({ "id": 2, "dn": "151", "status": "Connected", "callid": 2, "party_caller_id": "+49401112233" });
        let (first, second) = (["1", TRUNK, ALICE, "Routing"], ["2", OTHER, BOB, "Talking"]);
        zammad.keeps_waiting("4930123456");
        match version {
            Version::V20 => pbx.shows(&[leg("150", "Ringing")]),
            Version::Before => pbx.lists(&[first]),
        }
        zammad.until_it_waits();
        match version {
            Version::V20 => pbx.shows(&[leg("150", "Ringing"), other()]),
            Version::Before => pbx.lists(&[first, second]),
        }
        let told = ["#1 newCall in 49401112233→151", "#1 answer 151", ENDS];
        until_told(&zammad, &told[..2]);
        match version {
            Version::V20 => pbx.shows(&[leg("150", "Ringing")]),
            Version::Before => pbx.lists(&[first]),
        }
        until_told(&zammad, &told);
        zammad.answers();
        until_told(&zammad, &[&told[..], &["#2 newCall in 4930123456→150"]].concat());
        end(running);
    });
}

#[test]
fn a_caller_whom_zammad_blocks_is_disconnected_if_that_is_wanted() {
    let (world, pbx) = (World::new(), Pbx::start(Version::V20));
    let zammad = Zammad::blocking(["4930123456"]);
    let running = Running::start(bridge(&world, &pbx, &zammad, Version::V20).args(["--on-reject", "hangup"]));
    pbx.until_followed();
    pbx.shows(&[leg("150", "Ringing")]);
    pbx.until_asked("/callcontrol/150/participants/8106/drop", 1);
    pbx.assert_content();
    end(running);
}

#[test]
fn a_recording_without_names_and_numbers_replays_to_the_same_events() {
    crate::servers::at_once([Version::V20, Version::Before], |version| {
        let (world, pbx, zammad) = (World::new(), Pbx::start(version), Zammad::start());
        let recording = world.path("recording.jsonl");
        let mut program = patient_bridge(&world, &pbx, &zammad, version);
        let running =
            Running::start(program.args(["--grace", "100ms", "--mask", "--record"]).arg(&recording));
        running.until_it_says("connected to 3cx");
        match version {
            Version::V20 => {
                pbx.until_followed();
                pbx.shows(&[leg("150", "Ringing")]);
                until_told(&zammad, &[RINGS]);
                pbx.shows(&[leg("150", "Connected")]);
                until_told(&zammad, &[RINGS, TALKS]);
                pbx.shows(&[]);
            }
            Version::Before => {
                pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Routing"]]);
                until_told(&zammad, &[RINGS]);
                pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Talking"]]);
                until_told(&zammad, &[RINGS, TALKS]);
                pbx.lists(&[]);
            }
        }
        until_told(&zammad, &[RINGS, TALKS, ENDS]);
        end(running);
        let text = std::fs::read_to_string(&recording).unwrap();
        for secret in ["30123456", "Alice", SECRET, "session-"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let mut program = world.process();
        program.args([
            "bridge",
            "3cx",
            "--dry-run",
            "--output",
            "json",
            "--queues",
            "816",
            "--grace",
            "100ms",
        ]);
        let replayed = program.arg("--replay").arg(&recording).output().unwrap();
        let events = String::from_utf8(replayed.stdout).unwrap();
        let field = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let short = |event: &Value| {
            ["event", "callId", "to", "answeringNumber", "cause"].map(|name| field(event, name))
        };
        let of_replay: Vec<_> =
            events.lines().map(|line| short(&serde_json::from_str(line).unwrap())).collect();
        let of_zammad: Vec<_> = zammad.events().iter().map(short).collect();
        assert_eq!(of_replay, of_zammad, "{}", String::from_utf8_lossy(&replayed.stderr));
    });
}
