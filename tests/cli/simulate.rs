use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use serde_json::{Value, json};

use crate::running::{Running, until};
use crate::servers::{Reply, Server, at_once, read_request};
use crate::support::{Sandbox, TOKEN, World, stderr, stdout};

/// Nobody waits for telephones.
const FAST: [&str; 2] = ["--speed", "1000000"];
const API_TOKEN: &str = "api_Zw8-never-shown";

/// `simulate`, against the stand-in unless an argument says otherwise.
fn simulate(world: &World, arguments: &[&str]) -> Assert {
    let mut program = world.bare();
    program.timeout(Duration::from_secs(60)).arg("simulate").args(FAST).args(arguments).assert()
}

/// The same, and its results.
fn played(world: &World, arguments: &[&str]) -> (Assert, Value) {
    let ended = simulate(world, &[arguments, &["--output", "json"]].concat());
    let told = stdout(&ended);
    assert_eq!(told.lines().count(), 1, "{told}{}", stderr(&ended));
    (ended, serde_json::from_str(&told).unwrap())
}

fn names(world: &World) -> Vec<String> {
    let list = stdout(&simulate(world, &["--list"]).code(0).stderr(""));
    list.lines().map(|line| line.split("  ").next().unwrap().to_owned()).collect()
}

/// A built-in scenario's text.
fn shown(world: &World, name: &str) -> String {
    stdout(&simulate(world, &["--show", name]).code(0).stderr(""))
}

/// The text with one thing in it changed.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in {text}");
    text.replacen(from, to, 1)
}

/// Of a played call: event and what came of it.
fn course(scenario: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let came = |step: &Value| word(step.get("action").unwrap_or(&step["error_class"]));
    scenario["steps"].as_array().unwrap().iter().map(|step| (word(&step["event"]), came(step))).collect()
}

#[test]
fn without_an_endpoint_some_calls_are_played_against_a_stand_in() {
    let world = World::new();
    let told = stdout(&simulate(&world, &[]).code(0).stderr(""));
    assert!(told.contains("nothing leaves this machine"), "{told}");
    for name in ["answered", "missed", "rejected", "outbound-rewritten"] {
        assert!(told.lines().any(|line| line.starts_with(&format!("{name}: "))), "{name}: {told}");
    }
    for said in [
        "0s  → newCall  493023125741 calls 4930777000000, for Alice",
        "← reject busy",
        "← dial 41715880339000 41447110000",
        "18s  → hangup   normalClearing",
        "✓ action none, row.shown missed, row.cause cancel",
        "= done · 493023125741 → 4930777000000 (Alice) · normalClearing · waited 6s · talked 12s",
        "4 calls, 28 expectations: all met.",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!told.contains('✗') && !told.contains('\x1b'), "{told}");
    let (_, log) = told.split_once("The caller log, as agents see it:").unwrap();
    // Names stand below their numbers.
    let rows = log.lines().skip(3).take_while(|line| !line.is_empty()).filter(|line| !line.starts_with(' '));
    let shown_as: Vec<_> = rows.map(|row| row.split("  ").last().unwrap().trim()).collect();
    assert_eq!(shown_as, ["done", "missed", "missed", "done"], "{log}");
}

#[test]
fn every_scenario_comes_out_as_it_says_all_together_alone_and_as_a_file() {
    let world = World::new();
    let names = names(&world);
    let wanted = "answered missed busy rejected voicemail forwarded group queue transfer outbound \
                  outbound-unanswered outbound-rewritten anonymous duplicate late-answer out-of-order \
                  lost-reply double-hangup";
    let mut sorted = [names.clone(), wanted.split_whitespace().map(str::to_owned).collect()];
    sorted.iter_mut().for_each(|names| names.sort());
    assert_eq!(sorted[0], sorted[1]);
    let (ended, all) = played(&world, &["--all"]);
    ended.code(0);
    let scenarios = all["scenarios"].as_array().unwrap();
    let in_order: Vec<_> = scenarios.iter().map(|scenario| scenario["name"].as_str().unwrap()).collect();
    assert_eq!(in_order, names);
    assert!(scenarios.iter().all(|scenario| scenario["passed"] == true), "{all}");

    at_once(scenarios, |scenario| {
        let name = scenario["name"].as_str().unwrap();
        let (ended, alone) = played(&world, &[name]);
        ended.code(0);
        let path = world.file(&format!("own-{name}.toml"), 0o644, &shown(&world, name));
        let (ended, from_file) = played(&world, &[path.to_str().unwrap()]);
        ended.code(0);
        for other in [&alone["scenarios"][0], &from_file["scenarios"][0]] {
            assert_eq!(course(other), course(scenario), "{name}");
            for key in ["shown", "to_comment", "comment", "duration_waiting_time", "duration_talking_time"] {
                assert_eq!(other["row"][key], scenario["row"][key], "{name}: {key}");
            }
        }
        assert_eq!(from_file["scenarios"][0]["name"], format!("own-{name}"));
    });
    // Each run and each call has an id of its own.
    let mut ids: Vec<_> = scenarios.iter().map(|scenario| scenario["call_id"].as_str().unwrap()).collect();
    let prefix = format!("sim-{}-", all["run"].as_str().unwrap());
    assert!(ids.iter().all(|id| id.starts_with(&prefix)), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), names.len());
    assert_ne!(played(&world, &["missed"]).1["run"], all["run"]);
}

#[test]
fn each_call_leaves_in_zammads_log_what_zammad_makes_of_it() {
    let world = World::new();
    let options = "--block 491715000000 --block 491715000001 --route 41*=41715880339000";
    let sandbox = world.sandbox(&options.split(' ').collect::<Vec<_>>());
    // (scenario, done, the party called by name, cause, answered)
    let cases = [
        ("answered", true, json!("Alice"), "normalClearing", true),
        ("missed", false, json!("Alice"), "cancel", false),
        ("busy", false, json!("Alice"), "busy", false),
        ("rejected", false, json!("Alice"), "busy", false),
        ("voicemail", false, json!("voicemail"), "normalClearing", true),
        ("forwarded", true, json!("Alice"), "forwarded", false),
        ("group", true, json!("Bob"), "normalClearing", true),
        ("queue", true, json!("Carol"), "normalClearing", true),
        ("transfer", true, json!("Bob"), "normalClearing", true),
        ("anonymous", true, json!("Alice"), "normalClearing", true),
        ("outbound", true, Value::Null, "normalClearing", true),
        ("outbound-unanswered", true, Value::Null, "noAnswer", false),
        ("outbound-rewritten", true, Value::Null, "normalClearing", true),
        // The second newCall is refused, and changes nothing.
        ("duplicate", false, json!("Alice"), "cancel", false),
        // The late answer is ignored: no name, no time.
        ("late-answer", false, json!("Alice"), "normalClearing", false),
        // What overtook the newCall is lost.
        ("out-of-order", false, json!("Alice"), "normalClearing", false),
        // The second hangup hides that the call was missed.
        ("double-hangup", true, json!("Alice"), "cancel", false),
    ];
    let there = ["--url", &sandbox.url, "--api-token", "x"];
    let all: Vec<_> = cases.iter().map(|case| case.0).collect();
    let (ended, report) = played(&world, &[&all[..], &there].concat());
    ended.code(0);
    assert_eq!((&report["stand_in"], &report["passed"]), (&json!(false), &json!(true)));
    let log = sandbox.log();
    assert_eq!(log.len(), cases.len(), "no call is there twice");
    for ((name, done, to_name, cause, answered), scenario) in
        cases.iter().zip(report["scenarios"].as_array().unwrap())
    {
        let row = sandbox.call(scenario["call_id"].as_str().unwrap());
        let found = (&row["state"], &row["done"], &row["to_comment"], &row["comment"]);
        assert_eq!(found, (&json!("hangup"), &json!(done), to_name, &json!(cause)), "{name}: {row}");
        assert_eq!(!row["start_at"].is_null(), *answered, "{name}: {row}");
        assert_eq!(scenario["row"]["done"], row["done"], "{name}");
    }
    let row = |name: &str| {
        let at = cases.iter().position(|case| case.0 == name).unwrap();
        sandbox.call(report["scenarios"][at]["call_id"].as_str().unwrap())
    };
    assert_eq!(row("queue")["queue"], "support");
    assert_eq!(row("anonymous")["from"], "anonymous");
    assert_eq!(row("outbound-rewritten")["from"], "41715880339000");
    assert_eq!(
        (&row("outbound")["from_comment"], &row("outbound")["direction"]),
        (&json!("Alice"), &json!("out"))
    );
    let courses = |name: &str| {
        let at = cases.iter().position(|case| case.0 == name).unwrap();
        course(&report["scenarios"][at]).into_iter().map(|(_, came)| came).collect::<Vec<_>>()
    };
    assert_eq!(courses("duplicate"), ["none", "call-id-reused", "none"]);
    assert_eq!(courses("late-answer"), ["none", "none", "none"]);
    assert_eq!(courses("out-of-order"), ["unknown-call", "unknown-call", "none", "none"]);
    assert_eq!(courses("double-hangup"), ["none", "none", "none"]);

    // The same call without its second hangup stays missed.
    let once = shown(&world, "double-hangup");
    let (once, _) = once.rsplit_once("[[step]]").unwrap();
    let once = world.file("once.toml", 0o644, once);
    let (ended, report) = played(&world, &[&[once.to_str().unwrap()], &there[..]].concat());
    ended.code(0);
    assert_eq!(sandbox.call(report["scenarios"][0]["call_id"].as_str().unwrap())["done"], false);

    // Nobody makes a real Zammad lose a reply, but it may happen.
    let refused = simulate(&world, &[&["lost-reply"], &there[..]].concat()).code(2).stdout("");
    refused.stderr(predicate::str::contains("--sandbox"));
    let lost = changed(&shown(&world, "lost-reply"), "fault = { mode = \"drop_after\" }", "");
    let lost = world.file("lost.toml", 0o644, &lost);
    sandbox.fault(json!({ "mode": "drop_after", "count": 1 }));
    let (ended, report) = played(&world, &[&[lost.to_str().unwrap()], &there[..]].concat());
    ended.code(0);
    assert_eq!(course(&report["scenarios"][0])[0].1, "unknown");
    assert_eq!(report["scenarios"][0]["steps"][0]["attempts"], 2);
    let row = sandbox.call(report["scenarios"][0]["call_id"].as_str().unwrap());
    assert_eq!((&row["state"], &row["done"]), (&json!("hangup"), &json!(false)));
}

#[test]
fn the_calls_go_where_the_endpoint_is_unless_the_stand_in_is_asked_for() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    // A Zammad that nobody set up for it gets the calls that come out the same everywhere.
    let told = stdout(&simulate(&world, &["--url", &sandbox.url]).code(0));
    assert!(told.contains("agents will see these calls") && !told.contains(sandbox.token()), "{told}");
    let done: Vec<_> = sandbox.log().iter().map(|call| call["done"] == true).collect();
    assert_eq!(done, [false, true]);

    let requests = world.every_request();
    simulate(&world, &["--url", &world.url(), "--sandbox"]).code(0);
    // Not even by way of a proxy.
    let proxy = world.zammad.base_url();
    for variable in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        world.bare().env(variable, &proxy).args(["simulate", "missed"]).args(FAST).assert().code(0);
        requests.assert_calls(0);
    }
}

#[test]
fn an_expectation_that_does_not_hold_is_told_and_counts() {
    let world = World::new();
    // (scenario, what it expects, what it is made to expect, what is told)
    let cases = [
        ("missed", "action = \"none\"", "action = \"reject\"", "action reject, but it is none"),
        ("rejected", "action = \"reject\"", "action = \"none\"", "action none, but it is reject"),
        (
            "rejected",
            "action = \"reject\"",
            "action = \"reject\"\nexpect.reason = \"idle\"",
            "reason idle, but it is busy",
        ),
        (
            "outbound-rewritten",
            "caller_id = \"41715880339000\"\nexpect",
            "caller_id = \"4199\"\nexpect",
            "caller_id 4199, but it is 41715880339000",
        ),
        (
            "missed",
            "shown = \"missed\"",
            "shown = \"voice message\"",
            "row.shown voice message, but it is missed",
        ),
        (
            "missed",
            "shown = \"missed\", cause = \"cancel\"",
            "shown = \"absent\"",
            "row.shown absent, but it is missed",
        ),
        ("answered", "to_name = \"Alice\"", "to_name = \"Bob\"", "row.to_name Bob, but it is Alice"),
        ("outbound", "from_name = \"Alice\"", "to_name = \"Zoe\"", "row.to_name Zoe, but it is nothing"),
        ("outbound", "from_name = \"Alice\"", "from_name = \"\"", "row.from_name nothing, but it is Alice"),
        ("anonymous", "from = \"anonymous\" }", "from = \"49\" }", "row.from 49, but it is anonymous"),
        ("queue", "queue = \"support\",", "queue = \"sales\",", "row.queue sales, but it is support"),
        ("busy", "cause = \"busy\" }", "cause = \"cancel\" }", "row.cause cancel, but it is busy"),
        (
            "duplicate",
            "\"call-id-reused\"",
            "\"unknown-call\"",
            "it should have failed with unknown-call, but it failed with call-id-reused",
        ),
        (
            "late-answer",
            "user = \"Bob\"\nexpect.action = \"none\"",
            "user = \"Bob\"\nexpect.error = \"refused\"",
            "it should have failed with refused, but it arrived",
        ),
        ("lost-reply", "action = \"unknown\"", "action = \"reject\"", "action reject, but it is unknown"),
    ];
    at_once(cases.into_iter().enumerate(), |(at, (name, from, to, told))| {
        let text = changed(&shown(&world, name), from, to);
        let path = world.file(&format!("wrong-{at}.toml"), 0o644, &text);
        let ended = simulate(&world, &[path.to_str().unwrap(), "missed"]);
        let transcript = stdout(&ended);
        assert!(transcript.contains(&format!("✗ {told}\n")), "{told}: {transcript}");
        if told.starts_with("it should have failed with unknown-call") {
            // A failure of another kind is a failure, and no call after it would be worth much.
            ended.code(65).stderr(predicate::str::contains("the call id was used before"));
            return;
        }
        // The others are played all the same.
        assert!(transcript.contains(" expectations: 1 not met, in 1 of them: wrong-"), "{transcript}");
        assert!(transcript.contains("\nmissed: "), "{transcript}");
        let said = stderr(&ended.code(1));
        assert!(said.ends_with("zammad-cti: a call did not meet its expectations\n"), "{said}");
    });
    // A file says what it wants of the log, and what comes of it, in JSON too.
    let text = changed(&shown(&world, "missed"), "shown = \"missed\"", "shown = \"done\"");
    let path = world.file("wrong.toml", 0o644, &text);
    let (ended, report) = played(&world, &[path.to_str().unwrap()]);
    ended.code(1);
    assert_eq!((&report["passed"], &report["scenarios"][0]["passed"]), (&json!(false), &json!(false)));
    let checks = report["scenarios"][0]["steps"][1]["checks"].as_array().unwrap();
    let unmet: Vec<_> = checks.iter().filter(|check| check["passed"] == false).collect();
    let expected = json!({ "what": "row.shown", "expected": "done", "found": "missed", "passed": false });
    assert_eq!(unmet, [&expected]);
}

#[test]
fn overrides_take_the_place_of_what_a_scenario_has_also_in_what_it_expects() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "4989111", "--route", "33*=41715880339000"]);
    // (scenario, overrides, columns of the call in the log)
    type Case<'a> = (&'a str, &'a [&'a str], Value);
    let cases: [Case; 9] = [
        ("missed", &["--from", "4989222", "--to", "4989333"], json!({ "from": "4989222", "to": "4989333" })),
        ("anonymous", &["--from", "4989222"], json!({ "from": "4989222", "done": true })),
        ("rejected", &["--from", "4989111"], json!({ "from": "4989111", "done": false })),
        ("outbound-rewritten", &["--to", "33123"], json!({ "to": "33123", "from": "41715880339000" })),
        ("group", &["--user", "Zoe", "--user", "Yves"], json!({ "to_comment": "Yves", "done": true })),
        // Whoever has no name of its own gets the first.
        ("transfer", &["--user", "Zoe"], json!({ "to_comment": "Zoe" })),
        ("queue", &["--queue", "sales", "--user", "Zoe"], json!({ "queue": "sales", "to_comment": "Zoe" })),
        ("missed", &["--queue", "sales"], json!({ "queue": "sales", "to_comment": "Alice" })),
        ("outbound", &["--user", "Zoe"], json!({ "from_comment": "Zoe", "to_comment": null })),
    ];
    at_once(cases, |(name, overrides, columns)| {
        let there = ["--url", &sandbox.url, "--api-token", "x"];
        let (ended, report) = played(&world, &[&[name], overrides, &there].concat());
        ended.code(0);
        let row = sandbox.call(report["scenarios"][0]["call_id"].as_str().unwrap());
        for (column, value) in columns.as_object().unwrap() {
            assert_eq!(row[column], *value, "{name} {overrides:?}: {row}");
        }
    });
    // The stand-in is set up for the numbers as they are now.
    simulate(&world, &["rejected", "outbound-rewritten", "--from", "1234", "--to", "5678"]).code(0);
    let (ended, group) = played(&world, &["group", "--user", "Zoe", "--user", "Yves", "--user", "Xaver"]);
    ended.code(0);
    let ringing = &group["scenarios"][0]["steps"][0]["checks"][2];
    assert_eq!((&ringing["what"], &ringing["found"]), (&json!("row.to_name"), &json!("Zoe, Yves, Xaver")));
    // What no Zammad could take is refused before anything is played.
    let endless = "4".repeat(101);
    for wrong in ["--from", "--to"] {
        let ended = simulate(&world, &["missed", wrong, &endless]).code(65);
        ended.stderr(predicate::str::contains("101 characters"));
    }
}

#[test]
fn time_goes_by_as_it_is_told() {
    let world = World::new();
    // (scenario, flags, when its events are, waited, talked)
    type Case<'a> = (&'a str, &'a [&'a str], Vec<u64>, Value, Value);
    let cases: [Case; 6] = [
        ("answered", &[], vec![0, 6000, 18_000], json!(6), json!(12)),
        ("answered", &["--ring", "3s"], vec![0, 3000, 15_000], json!(3), json!(12)),
        ("answered", &["--ring", "3s", "--talk", "10s"], vec![0, 3000, 13_000], json!(3), json!(10)),
        ("transfer", &["--talk", "10s"], vec![0, 5000, 15_000, 25_000], json!(15), json!(10)),
        ("missed", &["--ring", "2s", "--talk", "9s"], vec![0, 2000], json!(2), Value::Null),
        // What comes after the hangup is neither ringing nor talking.
        ("late-answer", &["--ring", "3s", "--talk", "9s"], vec![0, 3000, 4000], json!(3), Value::Null),
    ];
    at_once(cases, |(name, flags, times, waited, talked)| {
        let (ended, report) = played(&world, &[&[name], flags].concat());
        ended.code(0);
        let scenario = &report["scenarios"][0];
        let at: Vec<_> = scenario["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["at_ms"].as_u64().unwrap())
            .collect();
        let row = &scenario["row"];
        assert_eq!(at, times, "{name} {flags:?}");
        let found = (&row["duration_waiting_time"], &row["duration_talking_time"]);
        assert_eq!(found, (&waited, &talked), "{name} {flags:?}");
    });
    // Real time is the scenario's divided by the speed, which a stand-in has high.
    for (speed, at_least) in [(Some("2"), 500), (Some("0.5"), 2000), (None, 10)] {
        let mut program = world.bare();
        program.args(["simulate", "answered", "--ring", "1s", "--talk", "0s", "--output", "json"]);
        program.args(speed.iter().flat_map(|speed| ["--speed", speed]));
        let report: Value = serde_json::from_str(&stdout(&program.assert().code(0))).unwrap();
        let took = report["scenarios"][0]["elapsed_ms"].as_u64().unwrap();
        assert!(took >= at_least, "{speed:?}: {took} ms");
    }
    for wrong in
        [["--speed", "0"], ["--speed", "nan"], ["--speed", "-1"], ["--ring", "3"], ["--talk", "long"]]
    {
        world.bare().arg("simulate").args(wrong).assert().code(2).stdout("");
    }
}

#[test]
fn calls_take_their_numbers_from_a_file() {
    let world = World::new();
    let run = |numbers: &str, arguments: &[&str]| {
        let path = world.file("numbers.csv", 0o644, numbers);
        let (ended, report) = played(&world, &[arguments, &["--numbers", path.to_str().unwrap()]].concat());
        ended.code(0);
        let rows = report["scenarios"].as_array().unwrap().iter().map(|scenario| scenario["row"].clone());
        rows.collect::<Vec<_>>()
    };
    let column = |rows: &[Value], name: &str| -> Vec<String> {
        rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    // One after the other, and from the first again; what is not a number's column is passed over.
    let three = "# the customers\n49301\n\"49302\", second\n 49303 \n";
    let rows = run(three, &["missed", "missed", "missed", "missed", "answered"]);
    assert_eq!(column(&rows, "from"), ["49301", "49302", "49303", "49301", "49302"]);
    assert!(column(&rows, "to").iter().all(|to| to == "4930777000000"), "{rows:?}");
    // The customer is who is called, and Zammad is set up for both.
    let rows = run("49301\n49302\n49303\n", &["outbound", "rejected", "outbound-rewritten"]);
    assert_eq!(
        (&rows[0]["to"], &rows[1]["from"], &rows[2]["to"]),
        (&json!("49301"), &json!("49302"), &json!("49303"))
    );
    assert_eq!(rows[2]["from"], "41715880339000");
    // Under a heading in any order; an empty field leaves what the scenario has.
    let headed = "queue,to,name,user,from\nsales,49301,x,Zoe,49302\n,,,,49303\n";
    let rows = run(headed, &["missed", "missed"]);
    assert_eq!(column(&rows, "from"), ["49302", "49303"]);
    assert_eq!(column(&rows, "to"), ["49301", "4930777000000"]);
    assert_eq!(column(&rows, "to_comment"), ["Zoe", "Alice"]);
    assert_eq!(column(&rows, "queue"), ["sales", "4930777000000"]);
    // At random: of the file's numbers, not the same each time.
    let many: String = (100..200).map(|number| format!("4930{number}\n")).collect();
    let calls = ["missed"; 8];
    let draws =
        [(), ()].map(|()| column(&run(&many, &[&calls[..], &["--order", "random"]].concat()), "from"));
    for number in draws.iter().flatten() {
        assert!(many.lines().any(|line| line == number), "{number}");
    }
    assert_ne!(draws[0], draws[1]);

    let control = "49301\n\"49\u{7}302\"\n";
    // (file, exit code, what is said)
    let cases = [
        (Some(""), 65, "has no number"),
        (Some("# nobody\n"), 65, "has no number"),
        (Some("from,to\n"), 65, "has no number"),
        (Some(control), 65, "line 2: number: the number has a control character, U+0007"),
        (Some("user\nAlice\nA\u{7}lice\n"), 65, "line 3: user: "),
        (Some("from,queue\n1,a\n2,b\u{7}\n"), 65, "line 3: queue: "),
        (None, 74, "No such file"),
    ];
    for (text, code, said) in cases {
        let path = match text {
            Some(text) => world.file("broken.csv", 0o644, text),
            None => world.path("nowhere.csv"),
        };
        let arguments = ["missed", "missed", "missed", "--numbers", path.to_str().unwrap()];
        let ended = simulate(&world, &arguments).stdout("");
        let told = stderr(&ended);
        assert!(told.contains(said) && told.contains(path.file_name().unwrap().to_str().unwrap()), "{told}");
        ended.code(code);
    }
    simulate(&world, &["missed", "--order", "random"]).code(2).stdout("");
}

/// Names, and what else a stranger may choose, as somebody would who means harm.
const HOSTILE: &str = "<script>\"'&amp;]]>\u{fffe}\u{ffff}\u{1b}[31m\u{202e}";

#[test]
fn reports_can_be_read_whatever_is_in_them() {
    let world = World::new();
    let text = shown(&world, "answered");
    let hostile = json!(HOSTILE).to_string().replace('\u{202e}', "\\u202e");
    // Zammad takes no control characters in names.
    let name = json!(HOSTILE.replace(['\u{1b}', '\u{202e}'], "")).to_string();
    let text = changed(&text, "\"a customer calls, Alice picks up, they talk\"", &hostile);
    let text = text.replace("\"Alice\"", &name);
    let good = format!("{HOSTILE}.toml");
    let bad = format!("{HOSTILE}-unmet.toml");
    world.file(&good, 0o644, &text);
    let unmet = changed(&text, "cause = \"normalClearing\" }", &format!("cause = {hostile} }}"));
    world.file(&bad, 0o644, &unmet);
    let (xml, json) = (world.path("report.xml"), world.path("report.json"));
    for (format, path) in [("junit", &xml), ("json", &json)] {
        let report = ["--report", format, path.to_str().unwrap()];
        let ended = simulate(&world, &[&["missed", &good, &bad], &report[..]].concat());
        let transcript = stdout(&ended);
        assert!(
            !transcript.contains(['\u{1b}', '\u{202e}']) && transcript.contains("<script>"),
            "{transcript}"
        );
        ended.code(1);
    }

    let xml = std::fs::read_to_string(xml).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    assert!(!xml.contains(['\u{1b}', '\u{202e}']), "{xml}");
    let suites = document.root_element();
    assert!(suites.has_tag_name("testsuites"));
    assert_eq!(
        ["tests", "failures", "errors"].map(|name| suites.attribute(name)),
        [Some("3"), Some("1"), Some("0")]
    );
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let names: Vec<_> = cases.iter().map(|case| case.attribute("name").unwrap()).collect();
    assert_eq!(names[0], "missed");
    assert!(names[1].starts_with("<script>\"'&amp;]]>") && names[2].ends_with("-unmet"), "{names:?}");
    let failures: Vec<_> = document.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].parent(), Some(cases[2]));
    let message = failures[0].attribute("message").unwrap();
    assert!(message.starts_with("hangup: row.cause <script>"), "{message}");
    assert!(message.ends_with("but it is normalClearing"), "{message}");
    assert!(cases.iter().all(|case| case.attribute("time").unwrap().parse::<f64>().is_ok()), "{xml}");

    let text = std::fs::read_to_string(json).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&report), "version run endpoint stand_in passed scenarios not_played");
    assert_eq!((&report["version"], &report["passed"]), (&json!(1), &json!(false)));
    assert!(report["endpoint"].as_str().unwrap().ends_with("/api/v1/cti/***"), "{text}");
    let scenario = &report["scenarios"][1];
    assert_eq!(keys(scenario), "name story call_id passed end elapsed_ms steps row");
    assert_eq!((&scenario["name"], &scenario["story"]), (&json!(HOSTILE), &json!(HOSTILE)));
    assert_eq!(keys(&scenario["steps"][0]), "at_ms event action attempts elapsed_ms checks");
    assert_eq!(keys(&scenario["steps"][0]["checks"][0]), "what expected found passed");
    let passed: Vec<_> =
        report["scenarios"].as_array().unwrap().iter().map(|scenario| scenario["passed"] == true).collect();
    assert_eq!(passed, [true, true, false]);

    // A report that cannot be written is told before any call is begun.
    let requests = world.zammad_accepts();
    let nowhere = world.path("nowhere/report.xml");
    let ended =
        simulate(&world, &["missed", "--url", &world.url(), "--report", "junit", nowhere.to_str().unwrap()]);
    ended.code(74).stderr(predicate::str::contains("cannot write the report"));
    let ended = simulate(&world, &["missed", "--url", &world.url(), "--report", "xml", "report.xml"]);
    ended.code(2).stderr(predicate::str::contains("junit or json"));
    requests.assert_calls(0);
}

#[test]
fn a_call_that_fails_is_in_the_report_with_its_error() {
    let world = World::new();
    let zammad = Zammad::new(|request| {
        (request.event() != "answer").then(|| Reply::json(200, "{}")).or_else(|| {
            Some(Reply::json(422, r#"{"error":"Error ID 1a2b3c4d: Please contact your administrator."}"#))
        })
    });
    for (format, file) in [("json", "failed.json"), ("junit", "failed.xml")] {
        let path = world.path(file);
        let report = ["answered", "missed", "--report", format, path.to_str().unwrap()];
        simulate(&world, &[&["--url", &zammad.url()], &report[..]].concat()).code(65);
    }
    let text = std::fs::read_to_string(world.path("failed.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let scenario = &report["scenarios"][0];
    assert_eq!((&scenario["end"], &scenario["passed"]), (&json!("failed"), &json!(false)), "{text}");
    assert_eq!(scenario["steps"][1]["error_class"], "refused");
    assert!(scenario["steps"][1]["error"].as_str().unwrap().contains("1a2b3c4d"), "{text}");
    assert_eq!(scenario["steps"][2]["event"], "hangup");
    // An event that is refused says nothing of the next call.
    assert_eq!(report["scenarios"].as_array().unwrap().len(), 2, "{text}");
    let xml = std::fs::read_to_string(world.path("failed.xml")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert!(failure.attribute("message").unwrap().contains("1a2b3c4d"), "{xml}");
}

#[test]
fn neither_token_is_ever_shown() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let config = format!("url = \"{}\"\napi_token = \"{API_TOKEN}\"\n", sandbox.url);
    let config = world.file("simulate.toml", 0o600, &config);
    let html = format!("<html>{TOKEN} {API_TOKEN}</html>");
    for (what, mode) in [
        ("all is well", json!({ "mode": "none" })),
        ("a lost connection", json!({ "mode": "drop_before" })),
        ("a page", json!({ "mode": "respond", "status": 404, "body": html })),
        ("a redirect", json!({ "mode": "respond", "status": 301, "location": sandbox.url })),
    ] {
        sandbox.fault(mode);
        let limit = if what == "all is well" { "10s" } else { "300ms" };
        for format in ["text", "json"] {
            let report = world.path("report");
            let mut program = world.bare();
            program.env("RUST_LOG", "trace").env("ZAMMAD_CTI_CONFIG", &config);
            program.args(["simulate", "missed", "--output", format, "--report", "junit"]).arg(&report);
            let ended = program.args(FAST).args(["--deadline", limit]).assert();
            let shown = stdout(&ended) + &stderr(&ended) + &std::fs::read_to_string(report).unwrap();
            for secret in [TOKEN, API_TOKEN] {
                assert!(!shown.contains(secret), "{what}: {shown}");
            }
            assert_eq!(ended.get_output().status.success(), what == "all is well", "{what}: {shown}");
        }
    }
}

/// A Zammad that answers as a test wants, and keeps what it was asked; where the test has no
/// answer, it closes the connection.
struct Zammad {
    server: Server,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request.
#[derive(Debug, Clone)]
struct Asked(String);

impl Asked {
    fn is_for_the_log(&self) -> bool {
        self.0.starts_with("GET /api/v1/cti/log HTTP/1.1\r\n")
    }

    fn body(&self) -> Value {
        let (_, body) = self.0.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_default()
    }

    fn event(&self) -> String {
        self.body()["event"].as_str().unwrap_or("log").to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.0.lines().take_while(|line| !line.is_empty());
        let mut headers = lines.filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Zammad {
    fn new(answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let shared = asked.clone();
        let server = Server::start(move |mut stream| {
            let request = Asked(read_request(&mut stream));
            let reply = answer(&request);
            shared.lock().unwrap().push(request);
            if let Some(reply) = reply {
                // A client that has given up is its own matter.
                let _ = stream.write_all(&reply.bytes());
            }
        });
        Self { server, asked }
    }

    fn url(&self) -> String {
        self.server.url()
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The events in their order, and `log` where the caller log was asked for.
    fn events(&self) -> Vec<String> {
        self.asked().iter().map(Asked::event).collect()
    }
}

#[test]
fn the_api_token_goes_to_the_caller_log_and_nowhere_else() {
    let world = World::new();
    // Other integrations have rows there too, of other shapes.
    let call = Arc::<Mutex<Value>>::default();
    let zammad = Zammad::new(move |request| {
        let mut call = call.lock().unwrap();
        if request.is_for_the_log() {
            let log = json!({ "list": [{ "id": 1 }, "?", *call], "assets": { "User": {} } });
            return Some(Reply::json(200, &log.to_string()));
        }
        let event = request.body();
        let given = call.clone();
        let kept = |key: &str| if event[key].is_null() { given[key].clone() } else { event[key].clone() };
        *call = json!({
            "id": 7, "call_id": event["callId"], "direction": "in", "state": event["event"], "done": false,
            "from": kept("from"), "from_comment": null, "to": kept("to"), "to_comment": "Alice",
            "queue": "q", "comment": event["cause"], "preferences": {},
        });
        Some(Reply::json(200, "{}"))
    });
    let told =
        stdout(&simulate(&world, &["missed", "--url", &zammad.url(), "--api-token", API_TOKEN]).code(0));
    assert!(told.contains("row.shown missed, row.cause cancel"), "{told}");
    assert_eq!(zammad.events(), ["newCall", "log", "hangup", "log", "log"]);
    for request in zammad.asked() {
        let authorization = request.header("authorization");
        if request.is_for_the_log() {
            assert_eq!(authorization, Some(format!("Token token={API_TOKEN}").as_str()), "{request:?}");
            assert!(!request.0.contains(TOKEN), "{request:?}");
        } else {
            assert!(!request.0.contains(API_TOKEN) && authorization.is_none(), "{request:?}");
        }
    }
}

#[test]
fn without_an_api_token_the_replies_are_checked_and_the_log_is_not_asked_for() {
    let world = World::new();
    let zammad = Zammad::new(|_| Some(Reply::json(200, "{}")));
    let told = stdout(&simulate(&world, &["missed", "--url", &zammad.url()]).code(0));
    assert!(told.contains("(--api-token) the caller log is not checked"), "{told}");
    assert!(told.contains("✓ action none\n") && !told.contains("row."), "{told}");
    assert_eq!(zammad.events(), ["newCall", "hangup"]);
    let (ended, report) = played(&world, &["rejected", "--url", &zammad.url()]);
    ended.code(1);
    assert!(report["scenarios"][0].get("row").is_none(), "{report}");
}

#[test]
fn a_caller_log_that_cannot_be_read_is_an_error_and_the_call_gets_its_hangup() {
    let world = World::new();
    // (what the log's page says, exit code, what is told)
    type Case = (&'static str, fn() -> Option<Reply>, i32, &'static str);
    let cases: [Case; 9] = [
        (
            "a wrong token",
            || Some(Reply::json(401, r#"{"error":"Authentication required"}"#)),
            77,
            "HTTP 401",
        ),
        ("no permission", || Some(Reply::json(403, r#"{"error":"Not authorized"}"#)), 77, "HTTP 403"),
        ("a page", || Some(Reply::html(200, "Welcome")), 76, "is not a caller log (HTTP 200)"),
        ("no page", || Some(Reply::html(404, "Not Found")), 76, "is not a caller log (HTTP 404)"),
        (
            "elsewhere",
            || Some(Reply::html(302, "Found").with("Location", "/login")),
            76,
            "is not a caller log (HTTP 302)",
        ),
        ("out of order", || Some(Reply::html(500, "Error")), 76, "is not a caller log (HTTP 500)"),
        ("other JSON", || Some(Reply::json(200, r#"{"assets":{}}"#)), 76, "is not a caller log (HTTP 200)"),
        ("a list", || Some(Reply::json(200, "[]")), 76, "is not a caller log (HTTP 200)"),
        ("no reply", || None, 69, "cannot read the caller log"),
    ];
    at_once(cases, |(what, log, code, told)| {
        let zammad = Zammad::new(
            move |request| {
                if request.is_for_the_log() { log() } else { Some(Reply::json(200, "{}")) }
            },
        );
        let ended =
            simulate(&world, &["missed", "answered", "--url", &zammad.url(), "--api-token", API_TOKEN]);
        let said = stderr(&ended);
        assert!(said.contains("zammad-cti: the caller log") && said.contains(told), "{what}: {said}");
        assert_eq!(ended.get_output().status.code(), Some(code), "{what}: {said}");
        // It is asked once, and the call is not left open.
        assert_eq!(zammad.events(), ["newCall", "log", "hangup"], "{what}");
    });
}

#[test]
fn a_call_whose_event_fails_gets_its_hangup() {
    let world = World::new();
    let error_id = r#"{"error":"Error ID 1a2b3c4d: Please contact your administrator."}"#;
    let page = || Reply::html(404, "Not Found");
    // (what becomes of the answer, exit code, how often it is sent)
    let cases = [
        ("refused", Some(Reply::json(422, error_id)), 65, 1),
        // Zammad has taken the newCall, so this is not for want of it.
        ("an Error ID", Some(Reply::json(500, error_id)), 69, 2),
        (
            "wrong token",
            Some(Reply::json(401, r#"{"error":"Invalid token, please contact your admin!"}"#)),
            77,
            1,
        ),
        ("no page", Some(page()), 76, 1),
        ("lost", None, 69, 2),
    ];
    at_once(cases, |(what, reply, code, times)| {
        let zammad = Zammad::new(move |request| match request.event().as_str() {
            // Whoever asks who is there gets the same.
            "answer" | "log" => reply.clone(),
            _ => Some(Reply::json(200, "{}")),
        });
        let ended = simulate(&world, &["answered", "--url", &zammad.url()]);
        let told = stdout(&ended) + &stderr(&ended);
        assert_eq!(ended.get_output().status.code(), Some(code), "{what}: {told}");
        assert!(told.contains("the call ends here"), "{what}: {told}");
        let answers = vec!["answer".to_owned(); times];
        let expected = [vec!["newCall".to_owned()], answers, vec!["hangup".to_owned()]].concat();
        let mut events = zammad.events();
        events.retain(|event| event != "log");
        assert_eq!(events, expected, "{what}: {told}");
    });
    // One that did not begin needs none.
    let zammad = Zammad::new(|_| Some(Reply::html(404, "Not Found")));
    simulate(&world, &["answered", "--url", &zammad.url()]).code(76);
    assert_eq!(zammad.events(), ["newCall", "log"]);
    // A scenario without a hangup does not leave its call open either.
    let text = shown(&world, "answered");
    let (text, _) = text.rsplit_once("[[step]]").unwrap();
    let path = world.file("open.toml", 0o644, text);
    let sandbox = world.sandbox(&[]);
    simulate(&world, &[path.to_str().unwrap(), "--url", &sandbox.url, "--api-token", "x"]).code(0);
    assert_eq!(sandbox.log()[0]["state"], "hangup");
}

#[test]
fn a_zammad_that_begins_to_fail_between_two_events_sees_the_call_hung_up() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let running =
        Running::start(world.process().args(["simulate", "answered", "--ring", "4s", "--url", &sandbox.url]));
    until("the call rings", || sandbox.log().len() == 1);
    sandbox.fault(json!({
        "mode": "respond", "status": 422, "count": 1, "content_type": "application/json; charset=utf-8",
        "body": r#"{"error":"Error ID 1a2b3c4d: Please contact your administrator."}"#,
    }));
    let ran = running.end();
    assert_eq!(ran.code, 65, "{ran}");
    let call = &sandbox.log()[0];
    assert_eq!((&call["state"], &call["start_at"]), (&json!("hangup"), &Value::Null), "{ran}");
}

#[test]
fn what_all_calls_would_meet_with_ends_the_run_at_the_first() {
    let world = World::new();
    let error = |status, text: &str| Reply::json(status, &json!({ "error": text }).to_string());
    // (what Zammad says, exit code, what is told)
    let cases = [
        (error(401, "Invalid token, please contact your admin!"), 77, "token"),
        (error(422, "Feature is disabled, please contact your administrator!"), 78, "switched off"),
        (error(422, "Feature not configured, please contact your admin!"), 78, "not configured"),
        (Reply::html(200, "Welcome"), 76, "not from Zammad"),
        (Reply::html(404, "Not Found"), 76, "404"),
        (Reply::html(301, "Moved").with("Location", "https://elsewhere.example/"), 76, "redirect"),
        (Reply::json(200, "[1]"), 76, "not from Zammad"),
    ];
    at_once(cases, |(reply, code, told)| {
        let copy = reply.clone();
        let zammad = Zammad::new(move |_| Some(copy.clone()));
        let ended =
            simulate(&world, &["missed", "answered", "busy", "--url", &zammad.url(), "--api-token", "x"]);
        let said = stdout(&ended) + &stderr(&ended);
        assert_eq!(ended.get_output().status.code(), Some(code), "{told}: {said}");
        assert!(said.to_lowercase().contains(&told.to_lowercase()), "{told}: {said}");
        assert!(!said.contains("answered: ") && !said.contains(TOKEN), "{told}: {said}");
        assert_eq!(zammad.events().iter().filter(|event| *event != "log").count(), 1, "{reply:?}");
    });
    // Nobody is there.
    let nobody = crate::servers::reserved_port();
    let url = crate::servers::url(nobody.local_addr().unwrap());
    let ended = simulate(&world, &["missed", "answered", "--url", &url, "--deadline", "300ms"]);
    assert!(!stdout(&ended).contains("answered: "));
    ended.code(69);
}

/// A program whose call is under way at this sandbox, with phones that take long.
fn with_an_open_call(world: &World, sandbox: &Sandbox, state: &str) -> Running {
    let slow: &[&str] =
        if state == "newCall" { &["--ring", "1h"] } else { &["--ring", "1ms", "--talk", "1h"] };
    let mut program = world.process();
    program.args([
        "simulate",
        "answered",
        "missed",
        "--url",
        &sandbox.url,
        "--timeout",
        "60s",
        "--deadline",
        "60s",
    ]);
    let running = Running::start(program.args(slow));
    until(state, || sandbox.log().first().is_some_and(|call| call["state"] == state));
    running
}

#[test]
fn who_is_interrupted_hangs_up_first() {
    let world = World::new();
    // (signal, when, whether the call is done then)
    let cases = [
        ("INT", "newCall", false),
        ("INT", "answer", true),
        ("TERM", "newCall", false),
        ("TERM", "answer", true),
        ("HUP", "newCall", false),
        ("HUP", "answer", true),
    ];
    at_once(cases, |(signal, state, done)| {
        let sandbox = world.sandbox(&[]);
        let running = with_an_open_call(&world, &sandbox, state);
        running.signal(signal);
        let ran = running.end();
        assert_eq!(ran.code, 130, "{signal} at {state}: {ran}");
        assert!(ran.stderr.contains("hanging up the open calls"), "{ran}");
        let log = sandbox.log();
        assert_eq!(log.len(), 1, "no further call is begun: {ran}");
        assert_eq!(
            (&log[0]["state"], &log[0]["done"]),
            (&json!("hangup"), &json!(done)),
            "{signal} at {state}"
        );
        assert!(ran.stdout.contains("→ hangup"), "{ran}");
    });
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let running = with_an_open_call(&world, &sandbox, "newCall");
    sandbox.fault(json!({ "mode": "delay_before", "seconds": 3600 }));
    running.signal("INT");
    running.until_it_says("the same again exits at once");
    running.signal("INT");
    assert_eq!(running.end().code, 130);
    assert_eq!(sandbox.log()[0]["state"], "newCall");
}

#[test]
fn what_cannot_be_played_is_told_with_its_place() {
    let world = World::new();
    let text = shown(&world, "answered");
    let with = |from, to| changed(&text, from, to).into_bytes();
    let head = "story = \"x\"\n\n[call]\ndirection = \"in\"\nfrom = \"1\"\nto = \"2\"\n";
    // (the file, exit code, what is said behind its name)
    let cases: Vec<(Vec<u8>, i32, &str)> = vec![
        (with("user = \"Alice\"", "usr = \"Alice\""), 65, "line 10: unknown field `usr`"),
        (with("shown = \"done\"", "shwon = \"done\""), 65, "line 27: unknown field `shwon`"),
        (with("shown = \"done\"", "shown = \"gone\""), 65, "line 27: unknown variant `gone`"),
        (with("story", "stroy"), 65, "line 1: unknown field `stroy`"),
        (with("[call]", "[cal]"), 65, "line 3: unknown field `cal`"),
        (with("direction = \"in\"", "direction = \"up\""), 65, "line 4: unknown variant `up`"),
        (with("to = \"4930777000000\"", ""), 65, "line 3: missing field `to`"),
        (
            with("event = \"newCall\"", "event = \"newCall\"\ncause = \"busy\""),
            65,
            "line 8: `cause` does not belong in newCall",
        ),
        (with("event = \"hangup\"\n", ""), 65, "line 22: missing field `event`"),
        (with("event = \"hangup\"", "event = \"hagnup\""), 65, "line 24: unknown variant `hagnup`"),
        (
            with("cause = \"normalClearing\"\nexpect.action = \"none\"", "expect.action = \"reject\""),
            65,
            "line 22: Zammad decides at the newCall, not at the hangup",
        ),
        (
            with("answering_number = \"42\"\nexpect.action = \"none\"", "expect.action = \"dial\""),
            65,
            "line 14: Zammad decides at the newCall, not at the answer",
        ),
        (
            with("cause = \"normalClearing\"\nexpect.action = \"none\"", "expect.error = \"unknwon-call\""),
            65,
            "line 22: there is no error class \"unknwon-call\"; did you mean \"unknown-call\"?",
        ),
        (
            with("cause = \"normalClearing\"\nexpect", "expect.error = \"refused\"\nexpect"),
            65,
            "line 22: an event that fails has no action",
        ),
        (
            with("shown = \"done\"", "shown = \"absent\""),
            65,
            "line 22: a call that is absent has nothing else",
        ),
        (with("answering_number = \"42\"", "voicemail = true"), 65, "line 14: give either `user` or \
            `voicemail`"),
        (with("\"6s\"", "\"6 parsecs\""), 65, "line 15: a time has a number and a unit"),
        (with("\"6s\"", "\"6s"), 65, "line 15: invalid basic string"),
        (with("\"493023125741\"", "\"49\\u0007\""), 65, "line 8: "),
        (with("\"normalClearing\"\n", "\"tired\"\n"), 65, "line 22: "),
        // The only event is a hangup, which has no numbers; but the caller is to be blocked.
        (
            b"story = \"\"\nzammad.blocks_caller = true\n[call]\ndirection = \"in\"\nfrom = \"1\\u00012\"\nto = \"3\"\n\
              [[step]]\nevent = \"hangup\"\n"
                .to_vec(),
            65,
            "line 3: from: the number has a control character, U+0001",
        ),
        (Vec::new(), 65, "line 1: missing field `story`"),
        (head.into(), 65, "line 1: missing field `step`"),
        (format!("step = []\n{head}").into(), 65, "line 1: a call needs at least one [[step]]"),
        ([text.as_bytes(), b"# \xff\n"].concat(), 65, "line 28: it is not UTF-8"),
        (b"\xff\xfes\0t\0".to_vec(), 65, "line 1: it is not UTF-8"),
        (vec![b'#'; 1_000_000], 74, "it is longer than 256 KiB"),
        ("#é".repeat(500_000).into(), 74, "it is longer than 256 KiB"),
    ];
    let requests = world.every_request();
    at_once(cases.into_iter().enumerate(), |(at, (bytes, code, said))| {
        let name = format!("broken-{at}.toml");
        std::fs::write(world.path(&name), bytes).unwrap();
        let ended = simulate(&world, &["missed", &name, "--url", &world.url()]).stdout("");
        let told = stderr(&ended);
        let line = told.strip_prefix(&format!("zammad-cti: {name}: "));
        let line = line.or_else(|| told.strip_prefix(&format!("zammad-cti: cannot read {name}: ")));
        assert!(line.is_some_and(|line| line.starts_with(said)), "no {said:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert_eq!(ended.get_output().status.code(), Some(code), "{told}");
    });
    std::fs::create_dir(world.path("directory.toml")).unwrap();
    // (the word, exit code, what is said)
    let words = [
        ("directory.toml", 74, "cannot read directory.toml: "),
        ("./", 74, "cannot read ./: "),
        ("nowhere.toml", 74, "cannot read nowhere.toml: "),
        ("anwsered", 2, "no scenario \"anwsered\"; did you mean \"answered\"?"),
        ("Double_Hangup", 2, "did you mean \"double-hangup\"?"),
        ("", 2, "no scenario \"\""),
        ("\u{1b}[31m", 2, "no scenario \"\\u{1b}[31m\""),
    ];
    for (word, code, said) in words {
        let ended = simulate(&world, &["missed", word, "--url", &world.url()]).stdout("");
        ended
            .code(code)
            .stderr(predicate::str::contains(said).and(predicate::str::starts_with("zammad-cti: ")));
    }
    let ended = simulate(&world, &["--show", "qeue"]).code(2).stdout("");
    ended.stderr(predicate::str::contains("did you mean \"queue\"?"));
    simulate(&world, &["--all", "missed"]).code(2).stdout("");
    for flags in [&["--output", "shell"][..], &["--field", "action"]] {
        let ended = simulate(&world, &[&["missed", "--url", &world.url()], flags].concat());
        ended.code(2).stdout("");
    }
    requests.assert_calls(0);
}

#[test]
fn a_reader_who_goes_away_leaves_no_call_open() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut program = world.process();
    program.args(["simulate", "answered", "missed", "--ring", "1s", "--talk", "1h", "--url", &sandbox.url]);
    let mut running = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(running.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("→ newCall")));
    // Now nobody reads, and the next line cannot be written.
    assert_eq!(running.wait().unwrap().code(), Some(74));
    let log = sandbox.log();
    assert_eq!((log.len(), &log[0]["state"]), (1, &json!("hangup")), "{log:?}");
}

#[test]
fn a_new_call_that_zammad_fails_at_may_ring_and_is_hung_up() {
    let world = World::new();
    // Zammad writes the entry first, and can fail at telling its agents.
    let replies = [
        Reply::json(500, r#"{"error":"Error ID x1y2z3a4: Please contact your administrator."}"#),
        Reply::json(200, "{}"),
    ];
    let zammad = Server::answering(replies);
    simulate(&world, &["missed", "--url", &zammad.url()]).code(69);
    let events: Vec<_> = zammad.requests().iter().map(|request| request.contains(r#""hangup""#)).collect();
    assert_eq!(events, [false, true]);
}

#[test]
fn a_time_beyond_all_clocks_is_refused_before_any_call() {
    let world = World::new();
    let requests = world.every_request();
    for flags in [["--ring", "18446744073709551615s"], ["--talk", "5000y"], ["--deadline", "400days"]] {
        let mut program = world.program();
        let ended =
            program.timeout(Duration::from_secs(60)).args(["simulate", "missed"]).args(flags).assert();
        ended.code(2).stderr(predicate::str::contains("a time cannot be longer than a year"));
    }
    requests.assert_calls(0);
}

#[test]
fn numbers_are_expected_as_they_are_sent() {
    let world = World::new();
    simulate(&world, &["anonymous", "outbound-rewritten", "--from", "+49 30 23125-799"]).code(0);
    let (_, run) = played(&world, &["missed", "--from", "4930777000000", "--to", "42"]);
    let row = &run["scenarios"][0]["row"];
    assert_eq!((&row["from"], &row["to"]), (&json!("4930777000000"), &json!("42")));
    let text = changed(&shown(&world, "anonymous"), "from = \"anonymous\"", "from = \"+49 30 23125 742\"");
    let text = text.replace("from = \"anonymous\"", "from = \"+49 30 23125742\"");
    let file = world.file("mine.toml", 0o644, &text);
    simulate(&world, &[file.to_str().unwrap()]).code(0);
}

#[test]
fn a_run_that_ends_early_has_not_passed() {
    let world = World::new();
    let zammad = Server::answering([Reply::json(200, "{}")]);
    // The caller log is none, so the first call is the last.
    let report = |format: &str| {
        let path = world.path(format!("report.{format}"));
        let arguments = ["answered", "missed", "--url", &zammad.url(), "--api-token", API_TOKEN, "--report"];
        simulate(&world, &[&arguments[..], &[format, path.to_str().unwrap()]].concat()).code(76);
        std::fs::read_to_string(path).unwrap()
    };
    let json: Value = serde_json::from_str(&report("json")).unwrap();
    assert_eq!(json["passed"], false, "{json}");
    assert!(json["error"].as_str().unwrap().contains("caller log"), "{json}");
    assert_eq!(json["scenarios"].as_array().unwrap().len(), 1, "{json}");
    let xml = report("junit");
    assert!(xml.contains("the run") && xml.contains("errors=\"1\""), "{xml}");

    // The reason is told with its causes.
    let zammad = Server::start(|mut stream| {
        if read_request(&mut stream).starts_with("POST") {
            stream.write_all(&Reply::json(200, "{}").bytes()).unwrap();
        }
    });
    let (ended, run) = played(&world, &["missed", "--url", &zammad.url(), "--api-token", API_TOKEN]);
    ended.code(69);
    let error = run["error"].as_str().unwrap();
    assert!(error.contains("the caller log: the connection broke"), "{error}");
}

#[test]
fn a_file_of_numbers_has_columns_or_numbers() {
    let world = World::new();
    let played_from = |text: &str| {
        let file = world.file("numbers.csv", 0o644, text);
        let (_, run) = played(&world, &["missed", "--numbers", file.to_str().unwrap()]);
        run["scenarios"][0]["row"]["from"].clone()
    };
    for text in ["From,To\n49301,42\n", "customer\n49301\n", "49301\n", " 49301 ,x\n"] {
        assert_eq!(played_from(text), "49301", "{text}");
    }
    assert_eq!(played_from("withheld\n49301\n"), "anonymous");
    // It is stronger than the flag.
    let file = world.file("numbers.csv", 0o644, "49301\n");
    let (_, run) = played(&world, &["missed", "--from", "49302", "--numbers", file.to_str().unwrap()]);
    assert_eq!(run["scenarios"][0]["row"]["from"], "49301");
    let file = world.file("numbers.csv", 0o644, "Phone\n49301\n");
    let ended = simulate(&world, &["missed", "--numbers", file.to_str().unwrap()]).code(65).stdout("");
    ended.stderr(predicate::str::contains("line 1: \"Phone\" is neither a number nor a column"));
}

#[test]
fn an_answer_names_the_agent_whose_phone_it_is() {
    let world = World::new();
    let step = |event: &str, more: &str| {
        format!("[[step]]\nevent = \"{event}\"\nexpect.action = \"none\"\n{more}\n")
    };
    let text = [
        "story = \"x\"\n[call]\ndirection = \"in\"\nfrom = \"1\"\nto = \"2\"\n".to_owned(),
        step("newCall", ""),
        step(
            "answer",
            "answering_number = \"42\"\nexpect.row = { shown = \"answered\", to_name = \"anna\" }",
        ),
        step("hangup", "cause = \"normalClearing\""),
    ];
    world.file("call.toml", 0o600, &text.concat());
    world.file("config.toml", 0o600, "[agents]\n42 = \"anna\"\n");
    let played = ["--config", "config.toml", "simulate", "--sandbox", "call.toml", "--speed", "1000"];
    world.bare().args(played).assert().code(0);
    // Without the table nobody is named.
    world.bare().args(&played[2..]).assert().code(1);
}
