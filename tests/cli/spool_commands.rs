//! What an operator does with the spool: list, show, stats, retry, drop.

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::servers::{Ran, reserved_port, url};
use crate::support::{NEW_CALL, Sandbox, World};

/// The program with a spool in the home, for this Zammad.
pub fn with_spool(world: &World, zammad: &str, arguments: &[&str]) -> Command {
    let mut program = world.bare();
    program
        .env("ZAMMAD_CTI_URL", zammad)
        .env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"))
        .args(arguments);
    program
}

/// The objects of `--output json`, one a line.
pub fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How many rows a table has: each begins with a number.
fn rows_of(ran: &Ran) -> usize {
    ran.stdout.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count()
}

fn spool(world: &World, zammad: &str, arguments: &[&str]) -> Ran {
    Ran::of(with_spool(world, zammad, &["spool"]).args(arguments))
}

fn listed(world: &World, zammad: &str) -> Vec<Value> {
    lines(&spool(world, zammad, &["list", "--output", "json"]))
}

/// Events go into the spool without a look at Zammad.
fn keep(world: &World, zammad: &str, events: &str) {
    let mut send = with_spool(world, zammad, &["send", "--spool-mode", "always"]);
    let ran = Ran::of(send.write_stdin(events));
    assert_eq!((ran.code, ran.stdout.lines().all(|line| line == "spooled")), (0, true), "{ran}");
}

fn new_call(call_id: &str, direction: &str) -> String {
    let event = json!({ "event": "newCall", "call_id": call_id, "direction": direction, "from": "493023125741", "to": "42" });
    format!("{event}\n")
}

fn event(kind: &str, call_id: &str) -> String {
    format!("{}\n", json!({ "event": kind, "call_id": call_id }))
}

/// A hangup of an unanswered call of which nobody knows whether Zammad has it.
fn unconfirmed_hangup(world: &World, sandbox: &Sandbox, call_id: &str) {
    let mut send = with_spool(world, &sandbox.url, &["send"]);
    assert_eq!(Ran::of(send.write_stdin(new_call(call_id, "in"))).code, 0);
    sandbox.fault(json!({ "mode": "drop_after", "count": 1 }));
    let ran = Ran::of(&mut with_spool(world, &sandbox.url, &["hangup", "--call-id", call_id]));
    assert_eq!(ran.code, 69, "{ran}");
}

#[test]
fn a_look_begins_no_file() {
    let world = World::new();
    let zammad = world.url();
    // (arguments, code, stdout)
    let cases: [(&[&str], i32, &str); 8] = [
        (&["list"], 0, "the spool is empty\n"),
        (&["list", "--state", "dead"], 0, "no event is dead\n"),
        (&["list", "--output", "json"], 0, ""),
        (&["show", "1"], 65, ""),
        (&["retry", "--all"], 0, "retried 0\n"),
        (&["drop", "--all"], 0, "dropped 0\n"),
        (&["drop", "1", "2", "--output", "json"], 65, "{\"version\":1,\"dropped\":0,\"missing\":[1,2]}\n"),
        (&["retry", "1"], 65, "retried 0\n"),
    ];
    for (arguments, code, stdout) in cases {
        let ran = spool(&world, &zammad, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, stdout), "{arguments:?}: {ran}");
        assert_eq!(ran.stderr.contains("there is no event 1"), code == 65, "{arguments:?}: {ran}");
    }
    let ran = spool(&world, &zammad, &["stats", "--output", "json"]);
    assert_eq!((ran.code, &ran.report()["begun"]), (0, &json!(false)), "{ran}");
    assert_eq!(spool(&world, &zammad, &["stats", "--prometheus"]).code, 0);
    assert!(!world.path("spool.db").exists());
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let world = World::new();
    let zammad = world.url();
    keep(&world, &zammad, &new_call("1", "in"));
    // (arguments, a part of the complaint)
    let cases: [(&[&str], &str); 9] = [
        (&["drop"], "<ID|--state <STATE>|--all>"),
        (&["retry"], "<ID|--state <STATE>|--all>"),
        (&["drop", "1", "--all"], "cannot be used with"),
        (&["drop", "all"], "an event's number"),
        (&["drop", "0"], "an event's number"),
        (&["drop", "-1"], "-1"),
        (&["show"], "<ID>"),
        (&["list", "--state", "alive"], "unconfirmed"),
        (&["stats", "--prometheus", "--output", "json"], "cannot be used with --output"),
    ];
    for (arguments, complaint) in cases {
        let ran = spool(&world, &zammad, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran}");
        assert!(ran.stderr.contains(complaint), "{arguments:?}: {ran}");
    }
    assert_eq!(listed(&world, &zammad).len(), 1, "nothing was dropped");
    for command in ["list", "stats"] {
        let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", &zammad).args(["spool", command]));
        assert_eq!((ran.code, ran.stderr.contains("there is no spool")), (78, true), "{ran}");
    }
}

#[test]
fn events_are_listed_and_shown_with_all_that_is_known() {
    let world = World::new();
    let closed = reserved_port();
    let zammad = url(closed.local_addr().unwrap());
    let mut call = with_spool(&world, &zammad, &["new-call", "--call-id", "a\u{202e}b", "--direction", "in"]);
    call.args(["--from", "493023125741", "--to", "42", "--user", "Ann\u{2066}", "--deadline", "500ms"]);
    assert_eq!(Ran::of(&mut call).stdout, "spooled\n");
    keep(&world, &zammad, &event("hangup", "2"));

    let rows = listed(&world, &zammad);
    let keys: Vec<_> = rows[0].as_object().unwrap().keys().collect();
    let expected = [
        "version",
        "id",
        "state",
        "event",
        "call_id",
        "direction",
        "from",
        "to",
        "zammad",
        "elsewhere",
        "kept",
        "age_ms",
        "attempts",
        "in_doubt",
        "reason",
        "damaged",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        (&rows[0]["id"], &rows[0]["state"], &rows[1]["event"]),
        (&json!(1), &json!("waiting"), &json!("hangup"))
    );
    assert!(rows[0]["reason"].as_str().unwrap().contains("Connection refused"), "{rows:?}");

    let ran = spool(&world, &zammad, &["list"]);
    assert_eq!((ran.code, rows_of(&ran), ran.stderr.as_str()), (0, 2, ""), "{ran}");
    for part in [r"a\u{202e}b", "493023125741 -> 42", "tried ", "Connection refused"] {
        assert!(ran.stdout.contains(part), "no {part:?} in {ran}");
    }
    let ran = spool(&world, &zammad, &["show", "1", "9", "2", "--output", "json"]);
    let shown = lines(&ran);
    assert_eq!((ran.code, shown.len(), ran.stderr.contains("there is no event 9")), (65, 2, true), "{ran}");
    assert_eq!(shown[0]["fields"]["user"], json!(["Ann\u{2066}"]));
    assert_eq!(shown[0]["history"].as_array().unwrap().len(), 1);
    assert!(shown[0]["history"][0]["outcome"].as_str().unwrap().contains("Connection refused"));
    assert_eq!(shown[1]["history"], json!([]));
    let ran = spool(&world, &zammad, &["show", "1"]);
    for part in [r"newCall of call a\u{202e}b", "state      waiting", "from = 493023125741", r"Ann\u{2066}"] {
        assert!(ran.stdout.contains(part), "no {part:?} in {ran}");
    }
    let harmful = |c: char| c == '\u{202e}' || c == '\u{2066}' || (c.is_control() && c != '\n');
    assert!(!ran.stdout.contains(harmful), "{ran}");
}

#[test]
fn a_long_list_comes_in_pages_and_may_be_cut_short() {
    let world = World::new();
    let zammad = world.url();
    keep(&world, &zammad, &(0..1203).map(|call| new_call(&call.to_string(), "in")).collect::<String>());
    let rows = listed(&world, &zammad);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=1203).collect::<Vec<_>>());
    let ran = spool(&world, &zammad, &["list", "--state", "waiting"]);
    assert_eq!(rows_of(&ran), 1203);
    let cut = format!("{} spool list | head -n 2; echo ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_zammad-cti"));
    let mut shell = std::process::Command::new("bash");
    shell.env_clear().envs(world.folders()).env("PATH", std::env::var_os("PATH").unwrap());
    shell.env("ZAMMAD_CTI_URL", &zammad).env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
    let output = shell.args(["--norc", "-c", &cut]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!((stdout.lines().last(), output.stderr.as_slice()), (Some("0"), &[][..]), "{stdout}");
}

#[test]
fn what_is_at_rest_says_why_and_goes_again_when_it_is_told_to() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    // An answer that is too old by now, and an event that goes.
    keep(&world, &sandbox.url, &(new_call("1", "in") + &event("answer", "1")));
    std::thread::sleep(std::time::Duration::from_millis(20));
    let ran = spool(&world, &sandbox.url, &["flush", "--spool-max-age-answer", "10ms"]);
    assert_eq!(ran.stdout, "delivered 1, waiting 0, unconfirmed 0, dead 1\n", "{ran}");
    unconfirmed_hangup(&world, &sandbox, "2");

    let ran = spool(&world, &sandbox.url, &["list", "--state", "dead", "--output", "json"]);
    let dead = ran.report();
    assert_eq!((&dead["state"], &dead["event"]), (&json!("dead"), &json!("answer")), "{ran}");
    assert!(dead["reason"].as_str().unwrap().contains("spool.max_age_answer"), "{ran}");
    let ran = spool(&world, &sandbox.url, &["list", "--state", "unconfirmed", "--output", "json"]);
    let in_doubt = ran.report();
    assert_eq!((&in_doubt["event"], &in_doubt["call_id"]), (&json!("hangup"), &json!("2")), "{ran}");
    let (dead, in_doubt) = (dead["id"].to_string(), in_doubt["id"].to_string());
    let ran = spool(&world, &sandbox.url, &["show", &in_doubt]);
    assert!(ran.stdout.contains("state      unconfirmed") && ran.stdout.contains("attempts   1"), "{ran}");

    let ran =
        spool(&world, &sandbox.url, &["retry", &dead, &in_doubt, "77", "--spool-max-age-answer", "1ms"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (65, "retried 2\n"), "{ran}");
    for part in [
        "there is no event 77",
        "a second one may hide a missed call",
        "is older than spool.max_age_answer (1ms), and will be given up again",
    ] {
        assert!(ran.stderr.contains(part), "no {part:?} in {ran}");
    }
    let ran = spool(&world, &sandbox.url, &["retry", &dead]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "retried 0\n"), "{ran}");
    assert!(ran.stderr.contains("waits already"), "{ran}");
    // Its call ends by the hangup that waits, and gets no other.
    let open = Ran::of(&mut with_spool(&world, &sandbox.url, &["calls", "--output", "json"]));
    assert_eq!(open.report()["call_id"], "1", "{open}");
    let ran = spool(&world, &sandbox.url, &["flush"]);
    assert_eq!(ran.stdout, "delivered 2, waiting 0, unconfirmed 0, dead 0\n", "{ran}");
    assert_eq!(sandbox.call("1")["state"], "answer");

    unconfirmed_hangup(&world, &sandbox, "3");
    let ran = spool(&world, &sandbox.url, &["drop", "--state", "dead"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "dropped 0\n"), "{ran}");
    let ran = spool(&world, &sandbox.url, &["retry", "--all"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "retried 1\n"), "{ran}");
    assert!(ran.stderr.contains("1 of the unconfirmed events is a hangup that Zammad may have"), "{ran}");
}

#[test]
fn what_is_dropped_is_never_sent_and_its_call_can_still_be_ended() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let events = new_call("1", "in") + &new_call("2", "in") + &event("hangup", "1") + &event("hangup", "2");
    keep(&world, &sandbox.url, &events);
    let ran = spool(&world, &sandbox.url, &["drop", "3", "9", "--output", "json"]);
    assert_eq!(
        (ran.code, ran.report()),
        (65, json!({ "version": 1, "dropped": 1, "missing": [9] })),
        "{ran}"
    );
    assert_eq!(
        spool(&world, &sandbox.url, &["flush"]).stdout,
        "delivered 3, waiting 0, unconfirmed 0, dead 0\n"
    );
    assert_eq!(
        (&sandbox.call("1")["state"], &sandbox.call("2")["state"]),
        (&json!("newCall"), &json!("hangup"))
    );
    let open = || lines(&Ran::of(&mut with_spool(&world, &sandbox.url, &["calls", "--output", "json"])));
    assert_eq!((open().len(), &open()[0]["call_id"]), (1, &json!("1")));
    let ran = Ran::of(&mut with_spool(&world, &sandbox.url, &["calls", "close", "--all"]));
    assert_eq!((ran.code, &sandbox.call("1")["state"]), (0, &json!("hangup")), "{ran}");
    // Who drops a hangup in doubt knows that Zammad has it.
    unconfirmed_hangup(&world, &sandbox, "3");
    assert_eq!((open().len(), &open()[0]["hangup_in_doubt"]), (1, &json!(true)));
    keep(&world, &sandbox.url, &new_call("4", "out"));
    assert_eq!(spool(&world, &sandbox.url, &["drop", "--all"]).stdout, "dropped 2\n");
    assert_eq!(open().iter().map(|call| &call["call_id"]).collect::<Vec<_>>(), [&json!("4")]);
    let stats = spool(&world, &sandbox.url, &["stats", "--output", "json"]).report();
    assert_eq!(
        (&stats["ever"]["dropped"], &stats["waiting"], &stats["bytes"]),
        (&json!(3), &json!(0), &json!(0))
    );
}

#[test]
fn events_for_another_zammad_are_shown_as_such_and_brought_here_in_order() {
    let world = World::new();
    let (old, sandbox) = (world.sandbox(&[]), world.sandbox(&[]));
    keep(&world, &old.url, &(new_call("1", "in") + &event("answer", "1")));
    keep(&world, &sandbox.url, &event("hangup", "1"));
    let ran = spool(&world, &sandbox.url, &["list"]);
    let note = "2 events wait for another Zammad than 127.0.0.1:";
    assert!(
        ran.stderr.contains(note) && ran.stderr.contains("`spool retry --all` sends all events to this one"),
        "{ran}"
    );
    assert_eq!(ran.stdout.matches(" for 127.0.0.1:").count(), 2, "{ran}");
    let elsewhere: Vec<_> = listed(&world, &sandbox.url).iter().map(|row| row["elsewhere"].clone()).collect();
    assert_eq!(elsewhere, [json!(true), json!(true), json!(false)]);
    let stats = spool(&world, &sandbox.url, &["stats", "--output", "json"]).report();
    assert_eq!((&stats["waiting"], &stats["elsewhere"]), (&json!(3), &json!(2)));
    assert_eq!(spool(&world, &sandbox.url, &["retry", "--all"]).stdout, "retried 2\n");
    let ran = spool(&world, &sandbox.url, &["flush"]);
    assert_eq!(ran.stdout, "delivered 3, waiting 0, unconfirmed 0, dead 0\n", "{ran}");
    let call = sandbox.call("1");
    assert_eq!((&call["state"], &call["done"]), (&json!("hangup"), &json!(true)), "answered before it ended");

    // If one event of a call is brought over, the others go where they were to go.
    let mut new_call_there = world.bare();
    new_call_there.env("ZAMMAD_CTI_URL", &old.url).args(NEW_CALL);
    assert_eq!(Ran::of(&mut new_call_there).code, 0);
    keep(&world, &old.url, &(event("answer", "7") + &event("hangup", "7")));
    let ids: Vec<_> = listed(&world, &sandbox.url).iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(spool(&world, &sandbox.url, &["retry", &ids[0]]).stdout, "retried 1\n");
    let ran = spool(&world, &old.url, &["flush"]);
    assert_eq!(ran.stdout, "delivered 1, waiting 0, unconfirmed 0, dead 0\n", "{ran}");
    assert_eq!(old.call("7")["state"], "hangup");
}

#[test]
fn a_zammad_that_takes_nothing_is_said_to() {
    let world = World::new();
    let sandbox = world.sandbox(&["--integration", "off"]);
    keep(&world, &sandbox.url, &new_call("1", "in"));
    assert_eq!(spool(&world, &sandbox.url, &["flush"]).code, 78);
    let ran = spool(&world, &sandbox.url, &["list"]);
    assert!(
        ran.stderr.contains("nothing is sent to Zammad since ") && ran.stderr.contains("switched off"),
        "{ran}"
    );
    let ran = spool(&world, &sandbox.url, &["stats"]);
    assert!(ran.stdout.contains("on hold since ") && ran.stdout.contains("switched off"), "{ran}");
    let ran = spool(&world, &sandbox.url, &["stats", "--output", "json"]);
    assert!(ran.report()["held"]["reason"].as_str().unwrap().contains("switched off"), "{ran}");
    let ran = spool(&world, &sandbox.url, &["stats", "--prometheus"]);
    assert!(ran.stdout.contains("\"} 1\n# HELP zammad_cti_open_calls"), "{ran}");
}

#[test]
fn prometheus_gets_families_with_a_type_and_samples_of_their_own() {
    let world = World::new();
    let zammad = world.url();
    let path = world.path("spool \"quoted\" \\.db");
    let program = |arguments: &[&str]| {
        let mut program = with_spool(&world, &zammad, arguments);
        program.env("ZAMMAD_CTI_SPOOL_PATH", &path);
        program
    };
    let events = new_call("1", "in") + &new_call("2", "in");
    assert_eq!(Ran::of(program(&["send", "--spool-mode", "always"]).write_stdin(events)).code, 0);
    let ran = Ran::of(&mut program(&["spool", "stats", "--prometheus"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
    let label = format!(
        "path=\"{}/spool \\\"quoted\\\" \\\\.db\"",
        world.path("").to_str().unwrap().trim_end_matches('/')
    );
    let mut family = "";
    let mut samples = std::collections::BTreeMap::new();
    let mut text = ran.stdout.lines().peekable();
    while let Some(line) = text.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split_once(' ').unwrap().0;
            let kind = if family.ends_with("_total") { "counter" } else { "gauge" };
            assert_eq!(text.next().unwrap(), format!("# TYPE {family} {kind}"), "{ran}");
            continue;
        }
        let (name, rest) = line.split_once('{').unwrap();
        assert_eq!(name, family, "{ran}");
        let (labels, value) = rest.rsplit_once("} ").unwrap();
        assert!(labels.starts_with(&label), "{labels} is not {label}");
        let state = labels[label.len()..].trim_start_matches(",state=").trim_matches('"');
        let before = samples.insert(format!("{name} {state}"), value.parse::<f64>().unwrap());
        assert_eq!(before, None, "{line} is there twice");
    }
    // (sample, value)
    let cases = [
        ("zammad_cti_spool_events waiting", 2.0),
        ("zammad_cti_spool_events unconfirmed", 0.0),
        ("zammad_cti_spool_events dead", 0.0),
        ("zammad_cti_spool_events_limit ", 1_000_000.0),
        ("zammad_cti_spool_bytes_limit ", 1_000_000_000.0),
        ("zammad_cti_spool_held ", 0.0),
        ("zammad_cti_open_calls ", 2.0),
        ("zammad_cti_spool_kept_total ", 2.0),
        ("zammad_cti_spool_delivered_total ", 0.0),
        ("zammad_cti_spool_dead_total ", 0.0),
        ("zammad_cti_spool_refused_total ", 0.0),
        ("zammad_cti_spool_dropped_total ", 0.0),
        ("zammad_cti_spool_damaged_files_total ", 0.0),
    ];
    for (sample, value) in cases {
        assert_eq!(samples.get(sample), Some(&value), "{sample}: {ran}");
    }
    assert!(
        samples["zammad_cti_spool_bytes "] > 100.0 && samples["zammad_cti_spool_oldest_age_seconds "] > 0.0
    );
}
