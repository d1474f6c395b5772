//! What is kept while Zammad is down, and how it gets there later.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::clock::patiently;
use crate::desk::{Desk, Killed, later, new_call};
use crate::running::{Running, until};
use crate::servers::{Reply, Server, read_request, stay_silent};
use crate::support::World;

#[test]
fn an_event_that_zammad_does_not_take_is_kept_and_comes_later() {
    patiently(|| {
        let desk = Desk::new();
        desk.is_down();
        let kept = desk.says(&new_call("7"), "spooled");
        assert!(
            kept.stderr.contains("it is in the spool, and will be sent by `zammad-cti spool run`"),
            "{kept}"
        );
        // Still down: it stays.
        let held = desk.run(&["spool", "flush"]);
        assert_eq!(held.code, 69, "{held}");
        assert_eq!((desk.count("waiting"), desk.seen("7")), (1, None));
        desk.well();
        desk.says(&["spool", "flush"], "delivered 1, waiting 0, unconfirmed 0, dead 0");
        assert_eq!((desk.count("waiting"), desk.seen("7").unwrap().state.as_str()), (0, "newCall"));
        // Nobody else reads what customers have called.
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&desk.spool()), mode(desk.spool().parent().unwrap())), (0o600, 0o700));
    });
}

#[test]
fn a_zammad_that_takes_events_gets_them_at_once() {
    patiently(|| {
        let desk = Desk::new();
        desk.says(&new_call("7"), "none");
        desk.says(&later("hangup", "7", &["--cause", "cancel"]), "none");
        assert!(!desk.seen("7").unwrap().done);
        assert_eq!((desk.count("waiting"), desk.requests().len()), (0, 2));
    });
}

#[test]
fn a_fresh_call_does_not_wait_for_the_attempt_of_another() {
    let desk = Desk::new();
    let always = |id| desk.says(&[&new_call(id)[..], &["--spool", "always"]].concat(), "spooled");
    always("7");
    // Its reply takes longer than the test may.
    desk.sandbox().fail(json!({ "mode": "delay_before", "seconds": 300, "count": 1 }));
    let mut program = desk.program(&["spool", "run"]);
    let running =
        Running::start(program.env("ZAMMAD_CTI_TIMEOUT", "300s").env("ZAMMAD_CTI_DEADLINE", "300s"));
    let under_way =
        || desk.db().query_row("SELECT count(*) FROM event WHERE under_way", [], |row| row.get(0));
    until("the attempt is under way", || under_way() == Ok(1));
    always("8");
    until("the fresh call arrives", || desk.seen("8").is_some());
    assert!(desk.seen("7").is_none());
    drop(running);
}

#[test]
fn a_second_signal_ends_a_sender_at_once() {
    // A service is meant to end; a flush has not done what it was started for.
    for (how, code) in [("run", 0), ("flush", 143)] {
        let desk = Desk::new();
        desk.says(&[&new_call("7")[..], &["--spool", "always"]].concat(), "spooled");
        // Its reply takes longer than the test may.
        desk.sandbox().fail(json!({ "mode": "delay_before", "seconds": 300 }));
        let mut program = desk.program(&["spool", how]);
        let running =
            Running::start(program.env("ZAMMAD_CTI_TIMEOUT", "300s").env("ZAMMAD_CTI_DEADLINE", "300s"));
        until("the attempt is under way", || desk.count_under_way() == 1);
        running.signal("TERM");
        // Two of a kind may become one.
        running.signal("INT");
        let ran = running.end();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, "delivered 0, waiting 1, unconfirmed 0, dead 0\n"),
            "{how}: {ran}"
        );
    }
}

#[test]
fn always_asks_nobody() {
    patiently(|| {
        let desk = Desk::new();
        let always = |arguments: &[&str]| desk.says(&[arguments, &["--spool", "always"]].concat(), "spooled");
        always(&new_call("7"));
        always(&later("hangup", "7", &["--cause", "cancel"]));
        assert_eq!((desk.requests().len(), desk.count("waiting")), (0, 2));
        desk.says(&["spool", "flush"], "delivered 2, waiting 0, unconfirmed 0, dead 0");
        let seen = desk.seen("7").unwrap();
        assert_eq!(
            (seen.state.as_str(), seen.done, seen.cause.as_deref()),
            ("hangup", false, Some("cancel"))
        );
    });
}

#[test]
fn an_event_goes_behind_those_of_its_call_that_wait() {
    patiently(|| {
        let desk = Desk::new();
        desk.is_down();
        desk.says(&new_call("7"), "spooled");
        desk.well();
        desk.says(&later("answer", "7", &[]), "spooled");
        desk.says(&later("hangup", "7", &["--cause", "normalClearing"]), "spooled");
        assert!(desk.requests().is_empty(), "{:?}", desk.requests());
        // Other calls are not in their way.
        desk.says(&new_call("8"), "none");
        desk.says(&["spool", "flush"], "delivered 3, waiting 0, unconfirmed 0, dead 0");
        let seen = desk.seen("7").unwrap();
        assert_eq!((seen.state.as_str(), seen.done), ("hangup", true));
        assert!(desk.requests().iter().all(|line| line.contains("-> 200")), "{:?}", desk.requests());
    });
}

#[test]
fn a_later_event_needs_no_more_than_its_call() {
    const OUTBOUND: [&str; 7] = ["new-call", "--from", "42", "--to", "493023125741", "--direction", "out"];
    patiently(|| {
        let desk = Desk::new();
        desk.says(&[&OUTBOUND[..], &["--call-id", "7"]].concat(), "none");
        desk.says(&later("answer", "7", &[]), "none");
        // A contradiction would show the call as missed.
        let corrected = desk.says(&later("hangup", "7", &["--direction", "in"]), "none");
        assert!(corrected.stderr.contains("sent as `out`, as agents see the call"), "{corrected}");
        let seen = desk.seen("7").unwrap();
        assert_eq!((seen.direction.as_str(), seen.state.as_str(), seen.done), ("out", "hangup", true));
    });

    // By the key that newCall was given, also while the call waits.
    for word in ["none", "spooled"] {
        patiently(|| {
            let desk = Desk::new();
            if word == "spooled" {
                desk.is_down();
            }
            let auto = ["--call-id", "auto", "--call-key", "SIP/42-1", "--field", "call_id"];
            let call_id = desk.run(&[&OUTBOUND[..], &auto].concat()).stdout;
            desk.says(&["answer", "--call-key", "SIP/42-1"], word);
            desk.says(&["hangup", "--call-key", "SIP/42-1"], word);
            if word == "spooled" {
                desk.well();
                desk.says(&["spool", "flush"], "delivered 3, waiting 0, unconfirmed 0, dead 0");
            }
            let seen = desk.seen(&call_id).unwrap();
            assert_eq!((seen.direction.as_str(), seen.state.as_str(), seen.done), ("out", "hangup", true));
            let unknown = desk.run(&["hangup", "--call-key", "SIP/43"]);
            assert_eq!(unknown.code, 65, "{unknown}");
            assert!(unknown.stderr.contains("--call-key: no call with this key"), "{unknown}");
        });
    }
}

#[test]
fn what_the_journal_knows_of_a_call_its_lines_need_not() {
    let desk = Desk::new();
    let outbound = ["new-call", "--from", "42", "--to", "493023125741", "--direction", "out", "--call-id"];
    desk.says(&[&outbound[..], &["7"]].concat(), "none");
    desk.says(&[&outbound[..], &["8"]].concat(), "none");
    let lines = [
        json!({ "event": "answer", "call_id": "7", "endpoint": "PJSIP/anna", "extension": "101" }),
        // An inbound call that ends like this was given up by its caller.
        json!({ "event": "hangup", "call_id": "8", "hangup_cause": "16" }),
    ];
    std::fs::write(desk.world.path("lines"), lines.map(|line| format!("{line}\n")).concat()).unwrap();
    std::fs::write(desk.world.path("config.toml"), "[agents]\n101 = 'anna'\n").unwrap();
    let ran = desk.run(&["--config", "config.toml", "send", "lines"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "none\nnone\n", ""), "{ran}");
    let row = |call_id| desk.sandbox().rows(call_id).remove(0);
    let (answered, ended) = (row("7"), row("8"));
    assert_eq!((&answered["direction"], &answered["state"]), (&json!("out"), &json!("answer")));
    assert_eq!(answered["to_comment"], Value::Null, "{answered}");
    assert_eq!(ended["comment"], "noAnswer", "{ended}");
}

#[test]
fn a_second_hangup_is_not_sent() {
    patiently(|| {
        // Where the first one is, if it is not with Zammad.
        for (first, option, code) in [
            ("waiting", "--spool=on-failure", 0),
            ("waiting", "--spool=always", 0),
            ("unconfirmed", "", 69),
            ("", "", 0),
        ] {
            let desk = Desk::new();
            let hangup = |desk: &Desk| {
                let options = ["--cause", "cancel", option];
                let given = if option.is_empty() { &options[..2] } else { &options };
                desk.run(&later("hangup", "7", given))
            };
            desk.says(&new_call("7"), "none");
            match first {
                "waiting" => desk.is_down(),
                "unconfirmed" => desk.sandbox().fail_once("drop_after"),
                _ => {}
            }
            let ran = hangup(&desk);
            assert_eq!(ran.code, code, "{first} {option}: {ran}");
            desk.well();
            for _ in 0..2 {
                let second = hangup(&desk);
                assert_eq!(
                    (second.code, second.stdout.as_str()),
                    (0, "none\n"),
                    "{first} {option}: {second}"
                );
                assert!(second.stderr.contains("is reported already"), "{first} {option}: {second}");
            }
            desk.drain();
            let seen = desk.seen("7").unwrap();
            assert_eq!((seen.state.as_str(), seen.done), ("hangup", false), "{first} {option}");
            assert_eq!(desk.taken("hangup", "7"), 1, "{first} {option}");
        }
    });
}

#[test]
fn a_late_answer_is_given_up_and_the_rest_of_its_call_is_not() {
    patiently(|| {
        let desk = Desk::new();
        for event in [new_call("7"), later("answer", "7", &[]), later("hangup", "7", &["--cause", "busy"])] {
            desk.says(&[&event[..], &["--spool", "always"]].concat(), "spooled");
        }
        std::thread::sleep(Duration::from_millis(20));
        let flush = ["spool", "flush", "--spool-max-age-answer", "10ms"];
        let ran = desk.says(&flush, "delivered 2, waiting 0, unconfirmed 0, dead 1");
        assert_eq!(desk.taken("answer", "7"), 0, "{ran}");
        assert_eq!(desk.seen("7").unwrap().state, "hangup");
        let sql = "SELECT reason FROM event WHERE state = 'dead' AND kind = 'answer'";
        let reason: String = desk.db().query_row(sql, [], |row| row.get(0)).unwrap();
        assert!(reason.contains("older than 10ms (spool.max_age_answer)"), "{reason}");
    });
}

#[test]
fn a_hangup_in_doubt_is_looked_up_and_never_sent_blindly() {
    patiently(|| {
        // (the fault, copies that Zammad takes in the end)
        for fault in ["drop_after", "drop_before"] {
            let desk = Desk::new();
            desk.says(&new_call("7"), "none");
            desk.sandbox().fail_once(fault);
            let hangup = desk.run(&later("hangup", "7", &["--cause", "cancel"]));
            assert_eq!(hangup.code, 69, "{fault}: {hangup}");
            assert!(hangup.stderr.contains("unconfirmed"), "{fault}: {hangup}");
            // Without somebody who may look it up it stays.
            for _ in 0..2 {
                desk.says(&["spool", "flush"], "delivered 0, waiting 0, unconfirmed 0, dead 0");
            }
            assert_eq!(desk.count("unconfirmed"), 1, "{fault}");
            desk.drain();
            let seen = desk.seen("7").unwrap();
            assert_eq!((seen.state.as_str(), seen.done), ("hangup", false), "{fault}");
            assert_eq!(desk.taken("hangup", "7"), 1, "{fault}");
        }
    });
}

#[test]
fn an_answer_in_doubt_stays_before_its_hangup() {
    patiently(|| {
        for fault in ["drop_after", "drop_before"] {
            let desk = Desk::new();
            desk.says(&new_call("7"), "none");
            desk.sandbox().fail_once(fault);
            // Somebody will look it up: not even a fresh one is sent blindly, and the hangup waits behind.
            desk.says(&later("answer", "7", &["--api-token", "x"]), "spooled");
            let hangup = ["--api-token", "x", "--cause", "normalClearing"];
            desk.says(&later("hangup", "7", &hangup), "spooled");
            desk.drain();
            let seen = desk.seen("7").unwrap();
            assert_eq!((seen.state.as_str(), seen.done), ("hangup", true), "{fault}");
            assert_eq!(desk.taken("answer", "7"), 1, "{fault}");
        }
    });
}

#[test]
fn a_wrong_token_holds_everything_until_it_is_right() {
    patiently(|| {
        let desk = Desk::new();
        let wrong = format!("{}-of-yesterday", desk.url());
        let with_wrong = |arguments: &[&str]| {
            let mut program = desk.program(arguments);
            Desk::end(program.env("ZAMMAD_CTI_URL", &wrong))
        };
        let kept = with_wrong(&new_call("7"));
        assert_eq!((kept.code, kept.stdout.as_str()), (0, "spooled\n"), "{kept}");
        let held = with_wrong(&["spool", "flush"]);
        assert_eq!(held.code, 77, "{held}");
        assert_eq!(desk.count("waiting"), 1);
        // Who asks first whether it is over sends no event in vain.
        let requests = desk.requests().len();
        let held = with_wrong(&["spool", "flush"]);
        assert_eq!(held.code, 77, "{held}");
        let probes = desk.requests().split_off(requests);
        assert!(probes.iter().all(|line| !line.contains("newCall")) && probes.len() == 1, "{probes:?}");
        desk.says(&["spool", "flush"], "delivered 1, waiting 0, unconfirmed 0, dead 0");
        assert_eq!(desk.seen("7").unwrap().state, "newCall");
    });
}

#[test]
fn a_service_waits_as_long_as_it_is_told_and_goes_on_by_itself() {
    patiently(|| {
        let at = Arc::new(Mutex::new(Vec::new()));
        let seen = at.clone();
        let server = Server::start(move |mut stream| {
            let request = read_request(&mut stream);
            let mut at = seen.lock().unwrap();
            let reply = match at.len() {
                0 => Reply::html(503, "Service Unavailable").with("Retry-After", "2"),
                _ if request.contains("newCall") => Reply::json(200, "{}"),
                _ => Reply::json(422, r#"{"error":"Invalid 'direction'!"}"#),
            };
            at.push((Instant::now(), request));
            drop(at);
            let _ = stream.write_all(&reply.bytes());
        });
        let desk = Desk::closed();
        let with_server = |arguments: &[&str]| {
            let mut program = desk.program(arguments);
            program.env("ZAMMAD_CTI_URL", server.url());
            program
        };
        let kept = Desk::end(&mut with_server(&[&new_call("7")[..], &["--spool", "always"]].concat()));
        assert_eq!(kept.stdout, "spooled\n", "{kept}");
        let _run = Killed(with_server(&["spool", "run"]).spawn().unwrap());
        until("the event arrives", || at.lock().unwrap().len() >= 3);
        let at = at.lock().unwrap();
        let waited = at[1].0 - at[0].0;
        assert!(waited >= Duration::from_millis(1900), "{waited:?}");
        // Zammad is asked before an event is tried.
        assert!(!at[1].1.contains("newCall") && at[2].1.contains("newCall"), "{at:?}");
    });
}

#[test]
fn systemd_is_told_that_the_sender_is_ready_alive_and_about_to_end() {
    patiently(|| {
        let desk = Desk::new();
        let path = desk.world.path("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut program = desk.program(&["spool", "run"]);
        let running = Running::start(program.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000"));
        let next = || {
            let mut part = [0; 4096];
            let length = systemd.recv(&mut part).unwrap();
            String::from_utf8(part[..length].to_vec()).unwrap().trim_end().to_owned()
        };
        let place = desk.spool().display().to_string();
        assert_eq!(next(), format!("READY=1\nSTATUS=sending the events of {place}"));
        for _ in 0..4 {
            assert_eq!(next(), "WATCHDOG=1");
        }
        running.signal("TERM");
        let mut said = next();
        while said == "WATCHDOG=1" {
            said = next();
        }
        assert_eq!(said, "STOPPING=1\nSTATUS=finishing the attempts on their way");
        assert_eq!(running.end().code, 0);
    });
}

#[test]
fn no_time_means_no_watchdog() {
    // (its time in microseconds, whether it is told)
    let cases = [("0", false), ("", false), ("-1", false), ("none", false), ("1", true)];
    for (time, is_told) in cases {
        let desk = Desk::new();
        let path = desk.world.path("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut program = desk.program(&["spool", "run"]);
        let running = Running::start(program.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", time));
        let mut part = [0; 4096];
        let mut next = || {
            let length = systemd.recv(&mut part).unwrap();
            String::from_utf8_lossy(&part[..length]).into_owned()
        };
        assert!(next().starts_with("READY=1"), "{time:?}");
        if is_told {
            assert_eq!(next().trim_end(), "WATCHDOG=1", "{time:?}");
        } else {
            // It does what it is there for.
            let kept = desk.run(&[&new_call("7")[..], &["--spool", "always"]].concat());
            assert_eq!(kept.stdout, "spooled\n", "{time:?}: {kept}");
            until("the event arrives", || desk.seen("7").is_some());
        }
        running.signal("TERM");
        if !is_told {
            assert!(next().starts_with("STOPPING=1"), "{time:?}");
        }
        assert_eq!(running.end().code, 0, "{time:?}");
    }
}

#[test]
fn what_cannot_be_kept_is_sent_at_once_or_says_so() {
    patiently(|| {
        // (where the spool is to be, what is said, the code when Zammad is down)
        let cases = [
            ("/proc/zammad-cti/spool.db", "cannot be used", 74),
            ("/dev/full", "the spool /dev/full", 74),
            ("folder", " is a folder, not a file", 74),
        ];
        for (path, words, code) in cases {
            let desk = Desk::new();
            std::fs::create_dir(desk.world.path("folder")).unwrap();
            let with_path =
                |arguments: &[&str]| Desk::end(desk.program(arguments).args(["--spool-path", path]));
            for mode in ["on-failure", "always"] {
                let id = format!("{mode}-up");
                let up = with_path(&[&new_call(&id)[..], &["--spool", mode]].concat());
                assert_eq!((up.code, up.stdout.as_str()), (0, "none\n"), "{path}: {up}");
                assert!(up.stderr.contains(words), "{path}: {up}");
                assert!(desk.seen(&id).is_some(), "{path}: {up}");
                desk.is_down();
                let down = with_path(&[&new_call(&format!("{mode}-down"))[..], &["--spool", mode]].concat());
                assert_eq!(down.code, code, "{path}: {down}");
                assert!(down.stderr.contains(words) && down.stderr.contains("503"), "{path}: {down}");
                assert!(down.took.within(Duration::from_secs(1)), "{path}: {down}");
                desk.well();
            }
        }
    });
}

#[test]
fn a_full_spool_refuses_or_drops_as_it_is_told_and_counts_it() {
    patiently(|| {
        let desk = Desk::new();
        let limits = ["--spool", "always", "--spool-max-events", "1"];
        let newest = [&limits[..], &["--spool-policy", "drop-oldest"]].concat();
        desk.is_down();
        desk.says(&[&new_call("7")[..], &limits].concat(), "spooled");
        let refused = desk.run(&[&new_call("8")[..], &limits].concat());
        assert_eq!(refused.code, 69, "{refused}");
        assert!(refused.stderr.contains("the spool is full: 1 events"), "{refused}");
        desk.says(&[&new_call("9")[..], &newest].concat(), "spooled");
        let counted = desk.db().query_row("SELECT refused, dropped, events FROM total", [], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?))
        });
        let (refused, dropped, events) = counted.unwrap();
        assert!(refused >= 1 && (dropped, events) == (1, 1), "{refused} {dropped} {events}");
        desk.well();
        desk.drain();
        let arrived = ["7", "8", "9"].map(|id| desk.seen(id).is_some());
        assert_eq!(arrived, [false, false, true]);
    });
}

#[test]
fn a_spool_that_others_keep_to_themselves_delays_nobody_beyond_his_deadline() {
    patiently(|| {
        let desk = Desk::new();
        desk.says(&new_call("7"), "none");
        let db = desk.db();
        for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
            db.execute_batch(lock).unwrap();
            let id = |name: &str| format!("{name} {}", lock.replace(' ', "-"));
            for mode in ["on-failure", "always"] {
                let call = id(mode).replace(' ', "-");
                let up = desk.says(&[&new_call(&call)[..], &["--spool", mode]].concat(), "none");
                assert!(desk.seen(&call).is_some(), "{up}");
                assert!(up.took.within(Duration::from_secs(1)), "{up}");
                desk.sandbox().fail(json!({ "mode": "delay_before", "seconds": 60, "count": 1 }));
                let silent =
                    desk.run(&[&new_call(&format!("{call}-silent"))[..], &["--spool", mode]].concat());
                assert_eq!(silent.code, 74, "{lock} {mode}: {silent}");
                assert!(silent.stderr.contains("no reply"), "{lock} {mode}: {silent}");
                assert!(silent.took.within(Duration::from_secs(1)), "{lock} {mode}: {silent}");
            }
            db.execute_batch("ROLLBACK").unwrap();
        }
        // A Zammad that says nothing, and a spool that does not answer: both within the time.
        let silent = Server::start(stay_silent);
        db.execute_batch("BEGIN EXCLUSIVE").unwrap();
        for event in [new_call("9"), later("hangup", "9", &[])] {
            let mut program = desk.program(&event);
            let ran = Desk::end(program.env("ZAMMAD_CTI_URL", silent.url()));
            assert_eq!(ran.code, 74, "{ran}");
            assert!(ran.took.within(Duration::from_secs(1)), "{ran}");
        }
    });
}

#[test]
fn a_file_of_a_newer_release_and_one_of_another_program_are_left_alone() {
    patiently(|| {
        let newer = |desk: &Desk| {
            desk.is_down();
            desk.says(&new_call("7"), "spooled");
            let db = desk.db();
            db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version = 99;").unwrap();
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        };
        let foreign = |desk: &Desk| {
            std::fs::create_dir(desk.spool().parent().unwrap()).unwrap();
            let db = Connection::open(desk.spool()).unwrap();
            db.execute_batch("CREATE TABLE contacts (name TEXT); INSERT INTO contacts VALUES ('Nicole')")
                .unwrap();
        };
        // (how the file is made, what is said)
        type Case<'a> = (&'a dyn Fn(&Desk), &'a str);
        let cases: [Case; 2] = [(&newer, "is from a newer release"), (&foreign, "is another program's file")];
        for (make, words) in cases {
            let desk = Desk::new();
            make(&desk);
            let before = std::fs::read(desk.spool()).unwrap();
            desk.is_down();
            for arguments in [new_call("8"), vec!["spool", "flush"]] {
                let ran = desk.run(&arguments);
                assert_eq!(ran.code, 74, "{words}: {ran}");
                assert!(ran.stderr.contains(words), "{words}: {ran}");
            }
            desk.well();
            desk.says(&new_call("8"), "none");
            assert!(std::fs::read(desk.spool()).unwrap() == before, "{words}");
            let beside = std::fs::read_dir(desk.spool().parent().unwrap()).unwrap();
            let aside = beside
                .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("damaged"));
            assert_eq!(aside.count(), 0, "{words}");
        }
    });
}

#[test]
fn an_empty_file_and_an_empty_database_become_a_spool() {
    patiently(|| {
        for text in ["", "PRAGMA user_version = 0; VACUUM"] {
            let desk = Desk::new();
            desk.is_down();
            std::fs::create_dir(desk.spool().parent().unwrap()).unwrap();
            std::fs::write(desk.spool(), "").unwrap();
            if !text.is_empty() {
                Connection::open(desk.spool()).unwrap().execute_batch(text).unwrap();
            }
            desk.says(&new_call("7"), "spooled");
            let number = |name| desk.db().pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!((number("user_version"), number("application_id")), (3, 0x5a43_5449));
            assert_eq!(desk.count("waiting"), 1);
        }
    });
}

#[test]
fn without_a_spool_nothing_is_written() {
    let world = World::new();
    world.zammad_answers(503, "");
    let ended = world.zammad_cti([&crate::support::NEW_CALL[..], &["--deadline", "300ms"]].concat());
    ended.code(69);
    assert!(!world.path("spool").exists());
}
