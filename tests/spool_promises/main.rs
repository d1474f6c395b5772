//! What the spool promises, and everything that could break it: processes that are killed, servers
//! that lose requests, disks that are full, clocks that are set.
//!
//! Apart from the other tests, whose times they would spoil.

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../support/lib.rs"]
mod support;
mod proxied;
use support::{desk, dice, proxy, running, servers};

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::desk::{Desk, Killed, Seen, later, new_call};
use crate::dice::Dice;
use crate::running::{signal, until};
use crate::servers::{Ran, at_once, url};

/// How many calls are reported while processes are killed.
const ROUNDS: u64 = 100;

/// An event that a telephone system reports, as words of the command line.
#[derive(Debug, Clone)]
struct Reported {
    words: Vec<String>,
    fields: Map<String, Value>,
    fate: Fate,
    /// what it said on stderr, where that is of interest
    complained: String,
}

/// What the one who reported it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// it is with Zammad, or will be
    Accepted,
    /// nothing, or that it failed
    Unknown,
}

impl Reported {
    fn new(event: &str, call_id: &str, direction: &str, cause: Option<&str>) -> Self {
        let mut fields = Map::new();
        let mut words = vec![event.to_owned()];
        let wire = if event == "new-call" { "newCall" } else { event };
        for (name, flag, value) in [
            ("event", None, Some(wire)),
            ("callId", Some("--call-id"), Some(call_id)),
            ("direction", Some("--direction"), Some(direction)),
            ("from", Some("--from"), (event == "new-call").then_some("493023125741")),
            ("to", Some("--to"), (event == "new-call").then_some("42")),
            ("cause", Some("--cause"), cause),
        ] {
            let Some(value) = value else { continue };
            fields.insert(name.to_owned(), value.into());
            words.extend(flag.into_iter().flat_map(|flag| [flag.to_owned(), value.to_owned()]));
        }
        Self { words, fields, fate: Fate::Unknown, complained: String::new() }
    }

    fn word_list(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }
}

/// The events of a call: answered, missed, or outbound.
fn call(kind: u64, call_id: &str) -> Vec<Reported> {
    let event = |event, direction, cause| Reported::new(event, call_id, direction, cause);
    match kind % 3 {
        0 => vec![event("new-call", "in", None), event("hangup", "in", Some("cancel"))],
        1 => vec![
            event("new-call", "in", None),
            event("answer", "in", None),
            event("hangup", "in", Some("normalClearing")),
        ],
        _ => vec![event("new-call", "out", None), event("hangup", "out", Some("busy"))],
    }
}

/// What agents may see of a call: what an undisturbed run leaves of all that was accepted, with or
/// without what may have arrived all the same.
fn allowed(events: &[Reported]) -> Vec<Option<Seen>> {
    let unknown: Vec<_> = (0..events.len()).filter(|place| events[*place].fate == Fate::Unknown).collect();
    let subsets = (0..1_u32 << unknown.len()).map(|chosen| {
        let is_there = |place: usize| match unknown.iter().position(|other| *other == place) {
            Some(bit) => chosen & (1 << bit) != 0,
            None => true,
        };
        let there: Vec<_> = (0..events.len()).filter(|place| is_there(*place)).collect();
        Seen::after(&there.into_iter().map(|place| &events[place].fields).collect::<Vec<_>>())
    });
    subsets.collect()
}

#[test]
fn whoever_is_killed_what_was_accepted_is_in_the_caller_log() {
    let desk = Desk::new();
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let next = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    let calls = Mutex::new(Vec::new());
    let killed = AtomicUsize::new(0);
    thread::scope(|scope| {
        let reporters = [(); 4].map(|()| {
            scope.spawn(|| {
                while let number = next.fetch_add(1, Ordering::Relaxed)
                    && number < ROUNDS
                {
                    let mut dice = Dice(seed << 20 | number);
                    let call_id = format!("call-{number}");
                    let mut events = call(number, &call_id);
                    for event in &mut events {
                        event.fate = report(&desk, event, &mut dice, &killed);
                    }
                    calls.lock().unwrap().push((call_id, events));
                }
            })
        });
        scope.spawn(|| {
            let mut dice = Dice(seed << 20 | 1 << 19);
            while !over.load(Ordering::Relaxed) {
                let command = if dice.below(2) == 0 { "run" } else { "flush" };
                let mut program = desk.program(&["spool", command, "--api-token", "x"]);
                let flusher = Killed(quiet(&mut program).spawn().unwrap());
                thread::sleep(Duration::from_millis(20 + dice.below(200)));
                drop(flusher);
            }
        });
        scope.spawn(|| {
            let mut dice = Dice(seed << 20 | 1 << 18);
            let faults = [
                json!({ "mode": "respond", "status": 503, "count": 3 }),
                json!({ "mode": "respond", "status": 502, "count": 2 }),
                json!({ "mode": "drop_before", "count": 1 }),
                json!({ "mode": "drop_after", "count": 1 }),
                json!({ "mode": "delay_before", "seconds": 0.7, "count": 1 }),
                json!({ "mode": "delay_after", "seconds": 0.7, "count": 1 }),
                // Whoever is killed then has had its event taken, and does not know it.
                json!({ "mode": "delay_after", "seconds": 0.2, "count": 4 }),
                json!({ "mode": "delay_after", "seconds": 0.2, "count": 4 }),
                json!({ "mode": "delay_after", "seconds": 0.2, "count": 4 }),
            ];
            while !over.load(Ordering::Relaxed) {
                let fault = &faults[usize::try_from(dice.below(faults.len() as u64)).unwrap()];
                desk.sandbox().fail(fault.clone());
                thread::sleep(Duration::from_millis(50 + dice.below(200)));
            }
        });
        let ended = reporters.map(|reporter| reporter.join().is_ok());
        over.store(true, Ordering::Relaxed);
        assert_eq!(ended, [true; 4]);
    });
    desk.well();
    desk.drain();
    let (mut accepted, mut hidden) = (0, Vec::new());
    for (call_id, events) in calls.lock().unwrap().iter() {
        accepted += events.iter().filter(|event| event.fate == Fate::Accepted).count();
        let (seen, allowed) = (desk.seen(call_id), allowed(events));
        if !allowed.contains(&seen) || desk.taken("answer", call_id) > 1 {
            hidden.push(format!("{call_id}: {seen:?}, not one of {allowed:?}, of {events:?}"));
        }
    }
    let killed = killed.into_inner();
    println!("{accepted} events accepted, {killed} processes killed");
    assert!(hidden.is_empty(), "seed {seed}: {hidden:#?}");
    // It was no idle run.
    assert!(accepted > 60 && killed > 20, "{accepted} {killed}");
}

#[test]
fn an_attempt_that_was_cut_off_is_looked_up_and_not_made_again() {
    // (whether Zammad takes the event before its sender is killed)
    for (mode, is_taken) in [("delay_after", true), ("delay_before", false)] {
        for killed in ["newCall", "answer", "hangup"] {
            let desk = Desk::new();
            let mut events = call(u64::from(killed == "answer"), "7");
            for event in &mut events {
                event.fate = Fate::Accepted;
                let name = event.fields["event"].as_str().unwrap();
                desk.says(&[&event.word_list()[..], &["--spool", "always"]].concat(), "spooled");
                if name != killed {
                    continue;
                }
                desk.drain_but(killed);
                desk.sandbox().fail(json!({ "mode": mode, "seconds": 0.9, "count": 1 }));
                let mut program = desk.program(&["spool", "flush", "--api-token", "x", "--timeout", "5s"]);
                let flusher = Killed(quiet(&mut program).spawn().unwrap());
                until("the attempt", || desk.is_under_way());
                until("the event", || !is_taken || desk.taken(killed, "7") == 1);
                thread::sleep(Duration::from_millis(50));
                drop(flusher);
            }
            desk.drain();
            // What was begun with is over by then, whatever became of whoever began it.
            thread::sleep(Duration::from_millis(300));
            assert_eq!(vec![desk.seen("7")], allowed(&events), "{mode} of {killed}");
            assert_eq!(desk.taken(killed, "7"), 1, "{mode} of {killed}: {:?}", desk.requests());
        }
    }
}

#[test]
fn of_several_flushers_one_has_an_event() {
    let desk = Desk::new();
    let run = |desk: &Desk| {
        let mut program = desk.program(&["spool", "run", "--timeout", "5s"]);
        Killed(quiet(&mut program).spawn().unwrap())
    };
    let events = call(0, "7");
    for event in &events {
        desk.says(&[&event.word_list()[..], &["--spool", "always"]].concat(), "spooled");
    }
    desk.sandbox().fail(json!({ "mode": "delay_after", "seconds": 0.5 }));
    let _flushers = [(); 4].map(|()| run(&desk));
    until("all has arrived", || desk.count("waiting") == 0);
    assert_eq!(desk.requests().len(), 2, "{:?}", desk.requests());
    assert!(!desk.seen("7").unwrap().done);
}

/// Reports an event by a process that may be killed on the way.
fn report(desk: &Desk, event: &Reported, dice: &mut Dice, killed: &AtomicUsize) -> Fate {
    let mode = if dice.below(3) == 0 { "always" } else { "on-failure" };
    let mut program = desk.program(&event.word_list());
    program.args(["--api-token", "x", "--spool", mode]);
    let mut process = quiet(&mut program).stdout(Stdio::piped()).spawn().unwrap();
    if dice.below(2) == 0 {
        thread::sleep(Duration::from_micros(dice.below(60_000)));
        let _ = process.kill();
    }
    let output = process.wait_with_output().unwrap();
    killed.fetch_add(usize::from(output.status.code().is_none()), Ordering::Relaxed);
    let said = String::from_utf8(output.stdout).unwrap();
    match said.as_str() {
        "none\n" | "spooled\n" => Fate::Accepted,
        "" => Fate::Unknown,
        other => panic!("it says {other:?}"),
    }
}

fn quiet(program: &mut Command) -> &mut Command {
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

#[test]
fn no_fault_of_a_server_hides_a_missed_call_or_lets_one_ring_for_ever() {
    let faults = [
        json!({ "mode": "delay_before", "seconds": 0.8, "count": 1 }),
        json!({ "mode": "delay_after", "seconds": 0.8, "count": 1 }),
        json!({ "mode": "drop_before", "count": 1 }),
        json!({ "mode": "drop_after", "count": 1 }),
        json!({ "mode": "respond", "status": 502, "count": 20 }),
        json!({ "mode": "respond", "status": 503, "count": 20 }),
        json!({ "mode": "respond", "status": 504, "count": 1 }),
    ];
    let mut cases = Vec::new();
    // What the web server in front of Zammad makes of it is another matter.
    let desks = [Desk::new as fn() -> Desk, Desk::behind_nginx];
    for (fault, desk) in faults.into_iter().flat_map(|fault| desks.map(|desk| (fault.clone(), desk))) {
        for kind in 0..2 {
            let events = call(kind, "7").len();
            cases.extend((0..events).map(|hit| (fault.clone(), desk, kind, hit)));
        }
    }
    at_once(cases, |(fault, desk, kind, hit)| {
        let desk = desk();
        let mut events = call(kind, "7");
        for (place, event) in events.iter_mut().enumerate() {
            if place == hit {
                desk.sandbox().fail(fault.clone());
            }
            let ran = desk.run(&[&event.word_list()[..], &["--api-token", "x"]].concat());
            assert_eq!(ran.code, 0, "{fault} at {place}: {ran}");
            assert!(["none\n", "spooled\n"].contains(&ran.stdout.as_str()), "{fault} at {place}: {ran}");
            event.fate = Fate::Accepted;
            desk.well();
        }
        desk.drain();
        // What a server does late, it has done by then.
        thread::sleep(Duration::from_millis(400));
        assert_eq!(vec![desk.seen("7")], allowed(&events), "{fault} at {hit} of {kind}");
        // No agent's screen opens twice, and no missed call loses its mark; what ends an answered call
        // may come again.
        let once = ["newCall", "answer", "hangup"];
        for event in &once[..if kind == 0 { 3 } else { 2 }] {
            let expected = usize::from(events.iter().any(|other| other.fields["event"] == *event));
            assert_eq!(desk.taken(event, "7"), expected, "{fault} at {hit} of {kind}: {:?}", desk.requests());
        }
    });
}

#[test]
fn after_an_outage_the_log_is_as_if_there_had_been_none() {
    const CALLS: u64 = 48;
    let mut desk = Desk::closed();
    let mut run = desk.program(&["spool", "run"]);
    let _run = Killed(quiet(&mut run).spawn().unwrap());
    until("the service has begun", || desk.spool().exists());
    at_once(0..CALLS, |number| {
        for event in call(number, &format!("call-{number}")) {
            let how = if number % 2 == 0 { ["--deadline", "800ms"] } else { ["--spool", "always"] };
            desk.says(&[&event.word_list()[..], &how].concat(), "spooled");
        }
    });
    desk.open();
    // By itself, as the service asks now and then.
    until("all has arrived", || desk.count("waiting") == 0);
    for number in 0..CALLS {
        let call_id = format!("call-{number}");
        let mut events = call(number, &call_id);
        events.iter_mut().for_each(|event| event.fate = Fate::Accepted);
        assert_eq!(vec![desk.seen(&call_id)], allowed(&events), "{call_id}");
    }
    let refused: Vec<_> = desk.requests().into_iter().filter(|line| !line.contains("-> 200")).collect();
    // But for the question whether Zammad is there.
    assert!(refused.iter().all(|line| line.contains("InvalidDirection")), "{refused:#?}");
}

#[test]
fn many_writers_and_flushers_at_once_lose_and_double_nothing() {
    const WRITERS: usize = 64;
    // The machine is what they wait for, and not each other.
    const PATIENCE: [&str; 4] = ["--deadline", "20s", "--timeout", "10s"];
    let desk = Desk::new();
    let flushers = || {
        let mut run = desk.program(&["spool", "run", "--api-token", "x"]);
        run.args(PATIENCE);
        Killed(quiet(&mut run).spawn().unwrap())
    };
    let _flushers = [(); 4].map(|()| flushers());
    for event in 0..2 {
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let reported = call(0, &format!("call-{number}")).remove(event);
                let mode = if number % 2 == 0 { "always" } else { "on-failure" };
                let mut program = desk.program(&reported.word_list());
                program.args(["--spool", mode]).args(PATIENCE);
                let streams = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
                streams.spawn().unwrap()
            })
            .collect();
        for writer in writers {
            let output = writer.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let complained = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{said}{complained}");
            assert!(["none\n", "spooled\n"].contains(&said.as_str()), "{said}{complained}");
        }
    }
    until("all has arrived", || desk.count("waiting") == 0);
    for number in 0..WRITERS {
        let seen = desk.seen(&format!("call-{number}")).unwrap();
        assert_eq!((seen.state.as_str(), seen.done), ("hangup", false), "call-{number}");
    }
    // Each event had one attempt.
    assert_eq!(desk.requests().len(), 2 * WRITERS, "{:#?}", desk.requests());
}

#[test]
fn a_writer_that_is_stopped_stops_nobody_else() {
    let desk = Desk::new();
    desk.says(&new_call("0"), "none");
    // As in the middle of a commit, for as long as one likes.
    let hold = "import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('BEGIN IMMEDIATE')
print('held', flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
db.execute('COMMIT')";
    let mut holder = Command::new("python3");
    let holder = holder.args(["-c", hold]).arg(desk.spool()).stdout(Stdio::piped()).spawn();
    let mut holder = Killed(holder.expect("python3 is there"));
    let mut line = [0; 5];
    holder.0.stdout.take().unwrap().read_exact(&mut line).unwrap();
    let (up, down) = (new_call("up"), new_call("down"));
    let ran = desk.says(&up, "none");
    assert!(ran.took.within(Duration::from_secs(1)), "{ran}");
    desk.is_down();
    let ran = desk.run(&down);
    assert_eq!(ran.code, 74, "{ran}");
    assert!(ran.stderr.contains("503") && ran.stderr.contains("the spool"), "{ran}");
    assert!(ran.took.within(Duration::from_secs(1)), "{ran}");
    // As soon as it goes on, so do the others.
    signal(holder.0.id(), "CONT");
    assert!(holder.0.wait().unwrap().success());
    desk.says(&new_call("later"), "spooled");

    // And one of ours that is stopped with its call's turn: its call waits, no other does.
    desk.well();
    desk.drain();
    desk.sandbox().fail(json!({ "mode": "delay_before", "seconds": 2, "count": 1 }));
    let mut program = desk.program(&new_call("7"));
    let mut stopped = Killed(quiet(&mut program).spawn().unwrap());
    let begun = "SELECT 1 FROM call WHERE call_id = '7'";
    until("it is at it", || desk.db().prepare(begun).unwrap().exists([]).unwrap());
    thread::sleep(Duration::from_millis(50));
    signal(stopped.0.id(), "STOP");
    desk.says(&new_call("8"), "none");
    let hangup = desk.says(&later("hangup", "7", &["--cause", "cancel"]), "spooled");
    assert!(hangup.stderr.contains("no longer waits"), "{hangup}");
    signal(stopped.0.id(), "CONT");
    assert!(stopped.0.wait().unwrap().success());
    desk.drain();
    let seen = desk.seen("7").unwrap();
    assert_eq!((seen.state.as_str(), seen.done), ("hangup", false));
}

/// A file system of its own; it ends with the test.
struct Disk(PathBuf);

impl Disk {
    fn new(path: PathBuf, options: &str) -> Self {
        assert!(is_root(), "this test mounts a file system, so it runs as root only");
        std::fs::create_dir(&path).unwrap();
        let disk = Self(path);
        disk.mount(&["-t", "tmpfs", "-o", options, "none"]);
        disk
    }

    fn mount(&self, arguments: &[&str]) {
        let status = Command::new("mount").args(arguments).arg(&self.0).status().unwrap();
        assert!(status.success(), "mount {arguments:?}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// Runs the program with its spool at another place.
fn with_spool(desk: &Desk, spool: &Path, arguments: &[&str]) -> Ran {
    Desk::end(desk.program(arguments).env("ZAMMAD_CTI_SPOOL_PATH", spool))
}

#[test]
fn a_full_disk_is_said_and_what_was_kept_before_arrives() {
    let desk = Desk::new();
    let disk = Disk::new(desk.world.path("disk"), "size=1m,mode=700");
    let spool = disk.0.join("spool.db");
    desk.is_down();
    let mut kept = Vec::new();
    let refused = (0..2000).find(|number| {
        let call_id = format!("call-{number}");
        let ran = with_spool(
            &desk,
            &spool,
            &[&new_call(&call_id)[..], &["--spool", "always", "--deadline", "200ms"]].concat(),
        );
        match ran.code {
            0 => {
                assert_eq!(ran.stdout, "spooled\n", "{ran}");
                kept.push(call_id);
                // What is written aside grows until somebody tidies up.
                if kept.len() == 10 {
                    let left = vec![0; 4096];
                    let mut file = std::fs::File::create(disk.0.join("other")).unwrap();
                    while file.write_all(&left).is_ok() {}
                }
            }
            74 => assert!(ran.stderr.contains("full") && ran.stderr.contains("503"), "{ran}"),
            code => panic!("{code}: {ran}"),
        }
        ran.code == 74
    });
    let refused = refused.expect("the disk is full");
    assert!(kept.len() >= 10, "{}", kept.len());
    // A Zammad that is there gets its events all the same.
    desk.well();
    let direct = with_spool(&desk, &spool, &new_call("direct"));
    assert_eq!((direct.code, direct.stdout.as_str()), (0, "none\n"), "{direct}");
    std::fs::remove_file(disk.0.join("other")).unwrap();
    let flushed = with_spool(&desk, &spool, &["spool", "flush"]);
    assert_eq!(flushed.code, 0, "{flushed}");
    let arrived = kept.iter().filter(|call_id| desk.seen(call_id).is_some()).count();
    assert_eq!(arrived, kept.len(), "{flushed}");
    assert_eq!(desk.seen(&format!("call-{refused}")), None);
}

#[test]
fn a_disk_that_is_read_only_is_said_and_delays_nobody() {
    let desk = Desk::new();
    let disk = Disk::new(desk.world.path("disk"), "size=4m,mode=700");
    // With a spool in it, and without one.
    for name in ["spool.db", "none.db"] {
        let spool = disk.0.join(name);
        if name == "spool.db" {
            desk.is_down();
            let kept = with_spool(&desk, &spool, &new_call("before"));
            assert_eq!(kept.stdout, "spooled\n", "{kept}");
        }
        disk.mount(&["-o", "remount,ro"]);
        desk.well();
        for mode in ["on-failure", "always"] {
            let id = format!("{name}-{mode}");
            let up = with_spool(&desk, &spool, &[&new_call(&id)[..], &["--spool", mode]].concat());
            assert_eq!((up.code, up.stdout.as_str()), (0, "none\n"), "{name}: {up}");
            desk.is_down();
            let down = with_spool(&desk, &spool, &[&new_call("down")[..], &["--spool", mode]].concat());
            assert_eq!(down.code, 74, "{name}: {down}");
            assert!(down.took.within(Duration::from_secs(1)), "{name}: {down}");
            desk.well();
        }
        disk.mount(&["-o", "remount,rw"]);
    }
    let flushed = with_spool(&desk, &disk.0.join("spool.db"), &["spool", "flush"]);
    assert_eq!(flushed.code, 0, "{flushed}");
    assert!(desk.seen("before").is_some(), "{flushed}");
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_hurries_nothing() {
    let desk = Desk::new();
    // By its own name, as the program is; what a machine counts since its start goes on as it did.
    let at = |clock: &str, arguments: &[&str]| {
        let program = desk.program(arguments);
        let mut faked = Command::new("faketime");
        faked.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        faked.env("PATH", "/usr/bin:/bin").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        faked.env("DONT_FAKE_MONOTONIC", "1").current_dir(desk.world.path(""));
        faked.args(["-f", clock]).arg(program.get_program()).args(program.get_args());
        Desk::end(&mut faked)
    };
    let seen = |call_id: &str| desk.seen(call_id).map(|seen| (seen.state, seen.done));
    for clock in ["-1d", "+365d"] {
        let id = |name: &str| format!("{name}{clock}");
        let (kept, open, retried) = (id("kept"), id("open"), id("retried"));
        desk.says(&new_call(&open), "none");
        for event in call(1, &kept) {
            desk.says(&[&event.word_list()[..], &["--spool", "always"]].concat(), "spooled");
        }
        // One that was put off just now.
        desk.says(&[&new_call(&retried)[..], &["--spool", "always"]].concat(), "spooled");
        let sql = "UPDATE event SET due = kept + 600000 WHERE call_id = ?";
        if clock == "-1d" {
            assert_eq!(desk.db().execute(sql, [&retried]).unwrap(), 1);
        }
        let ran = at(clock, &["spool", "flush"]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, "delivered 4, waiting 0, unconfirmed 0, dead 0\n"),
            "{ran}"
        );
        assert_eq!(seen(&kept), Some(("hangup".to_owned(), true)), "{ran}");
        // No call is forgotten, however many come.
        for number in 0..3 {
            let ran = at(clock, &new_call(&id(&format!("other{number}"))));
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
        }
        let sql = "SELECT count(*) FROM call WHERE call_id IN (?, ?)";
        let known: u64 = desk.db().query_row(sql, [&open, &kept], |row| row.get(0)).unwrap();
        assert_eq!(known, 2, "{clock}");
        // And what comes then goes when the clock is right again.
        let late = id("late");
        for event in call(1, &late) {
            let ran = at(clock, &[&event.word_list()[..], &["--spool", "always"]].concat());
            assert_eq!(ran.stdout, "spooled\n", "{ran}");
        }
        desk.says(&["spool", "flush"], "delivered 3, waiting 0, unconfirmed 0, dead 0");
        assert_eq!(seen(&late), Some(("hangup".to_owned(), true)), "{clock}");
    }
}

/// Makes many events out of the one that is kept, without the minutes that as many processes take.
fn multiply(desk: &Desk, call_id: &str, count: u64) {
    let sql = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)
               INSERT INTO event (address, call_id, kind, rank, text, answered, kept, boot, up, state, head,
                                  attempts, uncertain)
               SELECT address, 'call-' || n, kind, rank, replace(text, ?1, 'call-' || n), answered, kept, boot,
                      up, state, head, attempts, uncertain FROM event, number WHERE call_id = ?1";
    desk.db().execute(sql, (call_id, count)).unwrap();
}

fn set_aside(desk: &Desk) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(desk.spool().parent().unwrap()).unwrap();
    let path = folder.map(|entry| entry.unwrap().path());
    path.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.contains(".damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
    })
    .collect()
}

#[test]
fn of_a_damaged_file_arrives_what_can_be_read_and_it_is_set_aside_once() {
    const EVENTS: u64 = 1500;
    /// Where it is damaged, the pages that are overwritten, of so many, and with what.
    type Place = (&'static str, fn(u64) -> Vec<u64>, u8);
    let places: [Place; 5] = [
        ("its head", |_| vec![0], 0xff),
        ("in the middle", |pages| vec![pages / 3, pages / 2, pages / 2 + 7], 0),
        ("both ends", |pages| vec![30, pages / 2, pages - 2], 0xa5),
        ("the indexes", |_| vec![3, 4, 5], 0),
        ("text", |_| vec![], 0),
    ];
    at_once(places, |(what, pages, byte)| {
        let desk = Desk::new();
        desk.says(&[&new_call("zero-zero")[..], &["--spool", "always"]].concat(), "spooled");
        multiply(&desk, "zero-zero", EVENTS - 1);
        let db = desk.db();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let count: u64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        if what == "text" {
            // What SQLite does not notice: it is no text, no event, and not of the type it should be.
            let changes = "UPDATE event SET text = CAST(x'ff80' AS TEXT) WHERE position = 10;
                           UPDATE event SET text = '{' WHERE position = 20;
                           UPDATE event SET call_id = CAST(x'fffe' AS TEXT), text = '?' WHERE position = 30";
            db.execute_batch(changes).unwrap();
        }
        drop(db);
        let file = std::fs::File::options().write(true).open(desk.spool()).unwrap();
        for page in pages(count) {
            file.write_all_at(&[byte; 4096], page * 4096).unwrap();
        }
        drop(file);
        // A writer notices as well, and none waits for ever.
        let always = ["--spool", "always", "--deadline", "20s"];
        let writer = desk.says(&[&new_call("after")[..], &always].concat(), "spooled");
        let mut last = desk.run(&["spool", "flush"]);
        for _ in 0..3 {
            assert_eq!(last.code, 0, "{what}: {last}");
            last = desk.run(&["spool", "flush"]);
        }
        assert_eq!(last.stdout, "delivered 0, waiting 0, unconfirmed 0, dead 0\n", "{what}: {last}");
        assert!(desk.seen("after").is_some(), "{what}: {writer}");
        let arrived = desk.requests().iter().filter(|line| line.contains("-> 200")).count() as u64;
        let damaged: u64 = desk.db().query_row("SELECT damaged FROM total", [], |row| row.get(0)).unwrap();
        println!("{what}: {arrived} of {EVENTS} and one");
        if what == "text" {
            assert_eq!((arrived, desk.count("dead"), damaged), (EVENTS + 1 - 3, 3, 0), "{what}");
            assert_eq!(set_aside(&desk).len(), 0, "{what}");
        } else {
            // A page has less than twenty events.
            let least = if what == "its head" { 1 } else { EVENTS - 100 };
            assert!((least..=EVENTS + 1).contains(&arrived), "{what}: {arrived}");
            assert_eq!((damaged, set_aside(&desk).len()), (1, 1), "{what}");
        }
        // But for one that was under way when the file was set aside, and whose end is not known.
        let is_refused = |line: &&String| !line.contains("-> 200") && !line.contains("AlreadyExists");
        let refused = desk.requests().iter().filter(is_refused).count();
        assert_eq!((refused, desk.count("waiting")), (0, 0), "{what}");
    });
}

#[test]
fn one_call_that_always_fails_delays_none_of_ten_thousand() {
    const CALLS: u64 = 10_000;
    const POISON: &str = "call-77";
    let taken = Arc::new(AtomicU64::new(0));
    let tried = Arc::new(AtomicU64::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let counters = (taken.clone(), tried.clone());
    // A Zammad that keeps its connections, and on which one call runs into the proxy's limit.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, (taken, tried)) = (stream.unwrap(), counters.clone());
            let _ = stream.set_nodelay(true);
            thread::spawn(move || {
                while let Some(request) = one_request(&mut stream) {
                    let (status, body) = if request.contains(POISON) && request.contains("\"call-77\"") {
                        tried.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(300));
                        (504, "")
                    } else if request.contains("newCall") {
                        taken.fetch_add(1, Ordering::Relaxed);
                        (200, "{}")
                    } else {
                        (422, r#"{"error":"Invalid 'direction'!"}"#)
                    };
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\n");
                    let reply = format!("{head}Content-Length: {length}\r\n\r\n{body}");
                    if stream.write_all(reply.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    let desk = Desk::closed();
    let program = |arguments: &[&str]| {
        let mut program = desk.program(arguments);
        // A reply that a busy machine brings late is no failure here: an event would be counted twice.
        program.env("ZAMMAD_CTI_URL", url(address)).env("ZAMMAD_CTI_TIMEOUT", "20s");
        program
    };
    let kept = Desk::end(&mut program(&[&new_call("zero-zero")[..], &["--spool", "always"]].concat()));
    assert_eq!(kept.stdout, "spooled\n", "{kept}");
    multiply(&desk, "zero-zero", CALLS - 1);
    let started = Instant::now();
    let ran = Desk::end(&mut program(&["spool", "flush"]));
    println!("{CALLS} events in {:?}, the bad one tried {tried:?} times", started.elapsed());
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(taken.load(Ordering::Relaxed), CALLS - 1, "{ran}");
    // It was tried now and then, and not all the time.
    assert!((1..=10).contains(&tried.load(Ordering::Relaxed)), "{tried:?}");
    assert_eq!(desk.count("waiting"), 1, "{ran}");
}

/// One request of a connection that is kept; `None` at its end.
fn one_request(stream: &mut impl Read) -> Option<String> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => request.extend_from_slice(&part[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
}
