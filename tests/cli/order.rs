//! The order of one call's events, each reported by a process of its own.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Stopwatch;
use crate::running::{Running, until};
use crate::servers::{Ran, Sandbox, at_once, program};
use crate::support::{NEW_CALL, World};

const ANSWER: [&str; 5] = ["answer", "--call-id", "7", "--direction", "in"];
const HANGUP: [&str; 5] = ["hangup", "--call-id", "7", "--direction", "in"];
const HANGUP_ANSWERED: [&str; 6] = ["hangup", "--call-id", "7", "--answered", "--direction", "in"];

/// How often it happens is compared with calls that have no turns: an event goes without the one before
/// it where that comes 100 ms later, and a busy machine may start a process so late.
#[test]
fn events_that_are_started_at_once_arrive_in_order() {
    const CALLS: usize = 300;
    let (world, sandbox) = (World::new(), Sandbox::start());
    let no_folder = world.file("file", 0o600, "");
    let next = AtomicUsize::new(0);
    // Two of three calls have turns.
    let has_turns = |number: usize| number % 3 < 2;
    let call = |number: usize| {
        let id = format!("call-{number}");
        let new_call =
            vec!["new-call", "--call-id", &id, "--from", "493023125741", "--to", "42", "--direction", "in"];
        let answer = vec!["answer", "--call-id", &id, "--direction", "in"];
        let hangup = vec!["hangup", "--call-id", &id, "--direction", "in", "--cause", "normalClearing"];
        let mut events = [new_call, answer, hangup];
        // Every other call the wrong way round: which process is the first is the machine's choice.
        if number % 2 == 1 {
            events.reverse();
        }
        if !has_turns(number) {
            events.iter_mut().for_each(|event| event.extend(["--lock-dir", no_folder.to_str().unwrap()]));
        }
        let running = events.map(|event| start(&world, &sandbox, &event));
        let ended = running.map(Running::end);
        // Refused counts also what was taken when it was sent again.
        let was_refused = ended.iter().any(|ran| ran.code != 0 || ran.report()["attempts"] != 1);
        if has_turns(number) && !was_refused {
            assert!(ended.iter().all(|ran| ran.stderr.is_empty()), "{}{}{}", ended[0], ended[1], ended[2]);
        }
        (number, was_refused)
    };
    let mut ended = Vec::new();
    thread::scope(|scope| {
        let several = [(); 3].map(|()| {
            scope.spawn(|| {
                let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                numbers.take_while(|number| *number < CALLS).map(call).collect::<Vec<_>>()
            })
        });
        ended.extend(several.into_iter().flat_map(|calls| calls.join().unwrap()));
    });
    assert_eq!(ended.len(), CALLS);
    let out_of_order = |turns: bool| {
        let calls = ended.iter().filter(|(number, _)| has_turns(*number) == turns);
        let wrong = calls.filter(|(number, was_refused)| {
            *was_refused || seen(&sandbox, &format!("call-{number}")) != ("hangup".to_owned(), true)
        });
        wrong.count()
    };
    let (with, without) = (out_of_order(true), out_of_order(false));
    assert!(without >= CALLS / 3 / 4, "started so, few get out of order: {without}");
    // There are twice as many with turns.
    assert!(with * 10 <= without * 2, "out of order: {with} with turns, {without} without");
    // Nothing is left of a call that is over, but an empty file; unless its hangup was not the last.
    let files: Vec<_> = slots(&world).iter().map(|file| file.metadata().unwrap().len()).collect();
    let left = files.iter().filter(|length| **length > 0).count();
    assert!(!files.is_empty() && left <= with, "{left} of {} files, {with} calls out of order", files.len());
}

#[test]
fn a_hangup_stays_behind_an_answer_that_is_tried_again() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL)).code, 0);
    // An attempt, and the questions after it whether Zammad is there.
    sandbox.fail(json!({ "mode": "respond", "status": 502, "count": 6 }));
    let answer = start(&world, &sandbox, &ANSWER);
    answer.until_it_says("trying again");
    // Nothing says that the call was answered, so it is the answer's turn alone that counts.
    let hangup = start(&world, &sandbox, &HANGUP).end();
    let answer = answer.end();
    assert_eq!(answer.report()["attempts"], 2, "{answer}");
    assert_eq!(hangup.report()["attempts"], 1, "{hangup}");
    assert_eq!((answer.code, hangup.code), (0, 0), "{answer}{hangup}");
    assert_eq!(seen(&sandbox, "7"), ("hangup".to_owned(), true));
}

#[test]
fn the_turn_of_a_process_that_is_killed_ends_with_it() {
    // (events before, the one that is killed, the one behind it, state and done in the caller log)
    type Case<'a> = (&'a [&'a [&'a str]], &'a [&'a str], &'a [&'a str], (&'a str, bool));
    let cases: [Case; 3] = [
        (&[&NEW_CALL], &ANSWER, &HANGUP_ANSWERED, ("hangup", false)),
        (&[&NEW_CALL], &ANSWER, &HANGUP, ("hangup", false)),
        (&[&NEW_CALL], &NEW_CALL, &ANSWER, ("answer", true)),
    ];
    at_once(cases, |(before, killed, behind, (state, done))| {
        let (world, sandbox) = (World::new(), Sandbox::start());
        for event in before {
            assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), event)).code, 0);
        }
        sandbox.fail(json!({ "mode": "delay_before", "seconds": 60, "count": 1 }));
        let killed = start(&world, &sandbox, killed);
        until("the first one has its turn", || slots(&world).iter().any(|slot| slot.try_lock().is_err()));
        let behind = start(&world, &sandbox, behind);
        // For longer than it would wait for anything but the lock.
        thread::sleep(Duration::from_millis(700));
        let waited = Stopwatch::start();
        killed.signal("KILL");
        let ran = behind.end();
        let waited = waited.took();
        assert!(waited.within(Duration::from_millis(300)), "{waited:?}: {ran}");
        assert!(ran.took.at_least(Duration::from_millis(700)), "{ran}");
        assert_eq!(ran.code, 0, "{ran}");
        assert_eq!(seen(&sandbox, "7"), (state.to_owned(), done), "{ran}");
    });
}

#[test]
fn an_event_of_a_call_that_was_announced_elsewhere_is_hardly_late() {
    // (event, milliseconds)
    for (event, late) in [(&ANSWER[..], 100), (&HANGUP, 100), (&HANGUP_ANSWERED, 150)] {
        let (world, elsewhere, sandbox) = (World::new(), World::new(), Sandbox::start());
        assert_eq!(Ran::of(&mut program(&elsewhere, &sandbox.url(), &NEW_CALL)).code, 0);
        let ran = Ran::of(&mut program(&world, &sandbox.url(), event));
        let late = Duration::from_millis(late);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{event:?}: {ran}");
        assert!(ran.took.at_least(late) && ran.took.within(late), "{event:?}: {ran}");
        assert_eq!(ran.report()["attempts"], 1, "{event:?}: {ran}");
    }
}

#[test]
fn a_hangup_waits_for_an_answer_only_if_there_was_one() {
    // (hangup, milliseconds)
    let cases = [
        (&["--cause", "cancel"][..], 0),
        (&["--cause", "normalClearing"], 500),
        (&["--answered", "--cause", "busy"], 500),
        (&[], 0),
    ];
    for (options, late) in cases {
        let (world, sandbox) = (World::new(), Sandbox::start());
        assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL)).code, 0);
        let ran = Ran::of(program(&world, &sandbox.url(), &HANGUP).args(options));
        let late = Duration::from_millis(late);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{options:?}: {ran}");
        assert!(ran.took.at_least(late) && ran.took.within(late), "{options:?}: {ran}");
    }
}

#[test]
fn no_event_waits_beyond_its_deadline_for_its_turn() {
    // (event, least and most milliseconds, whether it complains)
    let cases = [(&NEW_CALL[..], 20, 300, false), (&ANSWER, 750, 1000, true), (&HANGUP, 750, 1000, true)];
    at_once(cases, |(event, least, most, complains)| {
        let (world, sandbox) = (World::new(), Sandbox::start());
        let id = if event == NEW_CALL { "8" } else { "7" };
        assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL)).code, 0);
        let slot = slots(&world).pop().unwrap();
        if id == "8" {
            // A second newCall would be refused: what holds the lock is as good as another call.
            sandbox.fail(json!({ "mode": "respond", "body": "{}", "content_type": "application/json" }));
        }
        slot.lock().unwrap();
        let ran = Ran::of(program(&world, &sandbox.url(), event).args(["--deadline", "1s"]));
        assert_eq!(ran.code, 0, "{event:?}: {ran}");
        assert_eq!(ran.stderr.contains("no longer waits"), complains, "{event:?}: {ran}");
        let [least, most] = [least, most].map(Duration::from_millis);
        assert!(ran.took.at_least(least) && ran.took.within(most), "{event:?}: {ran}");
    });

    // And with Zammad silent as well it ends in time.
    let (world, sandbox) = (World::new(), Sandbox::start());
    assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL)).code, 0);
    sandbox.fail(json!({ "mode": "delay_before", "seconds": 60 }));
    let slot = slots(&world).pop().unwrap();
    slot.lock().unwrap();
    let ran = Ran::of(program(&world, &sandbox.url(), &ANSWER).args(["--deadline", "1s"]));
    assert_eq!(ran.code, 69, "{ran}");
    assert!(ran.took.within(Duration::from_secs(1)), "{ran}");
}

#[test]
fn a_folder_that_is_not_ours_alone_is_not_used_and_the_event_goes() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    let folder = |name: &str, mode| {
        let path = world.path(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let good = folder("good", 0o700);
    let link = world.path("link");
    symlink(&good, &link).unwrap();
    let link_with_slash = PathBuf::from(format!("{}/", link.display()));
    let folders = [
        link,
        link_with_slash,
        folder("open", 0o755),
        folder("read-only", 0o500),
        world.file("file", 0o700, ""),
        world.path("not/there"),
        // Where not even root makes one.
        PathBuf::from("/proc/zammad-cti"),
    ];
    for (number, folder) in folders.iter().enumerate() {
        let id = number.to_string();
        for event in [&NEW_CALL[..], &HANGUP] {
            let mut event = event.to_vec();
            event[2] = &id;
            let mut program = program(&world, &sandbox.url(), &event);
            let ran = Ran::of(program.arg("--lock-dir").arg(folder));
            assert_eq!(ran.code, 0, "{folder:?}: {ran}");
            assert_eq!(ran.stderr.matches("warning: no lock_dir").count(), 1, "{folder:?}: {ran}");
            assert_eq!(ran.stderr.lines().count(), 1, "{folder:?}: {ran}");
        }
        assert_eq!(seen(&sandbox, &id).0, "hangup", "{folder:?}");
    }
    assert_eq!(files_in(&good), 0);
}

#[test]
fn the_folder_is_the_named_one_else_the_users_own() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    let runtime = world.path("runtime");
    std::fs::create_dir(&runtime).unwrap();
    let named = world.path("named");
    let mut number = 0;
    let mut new_call = |variables: &[(&str, &Path)]| {
        number += 1;
        let id = format!("call-{number}");
        let mut event = NEW_CALL;
        event[2] = &id;
        let mut program = program(&world, &sandbox.url(), &event);
        let ran = Ran::of(program.env("XDG_RUNTIME_DIR", &runtime).envs(variables.iter().copied()));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
        (files_in(&named), files_in(&runtime.join("zammad-cti")))
    };
    assert_eq!(new_call(&[]), (0, 1));
    assert_eq!(new_call(&[("ZAMMAD_CTI_LOCK_DIR", &named)]), (1, 1));
    for folder in [&named, &runtime.join("zammad-cti")] {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
    }
}

/// One user's mask must not keep another one of the group out.
#[test]
fn beside_the_spool_of_a_group_the_folder_is_the_groups_too() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    // (the folder's mode, that of the folder of turns, that of the files)
    for (mode, folder_mode, file_mode) in [(0o2770, 0o2770, 0o660), (0o700, 0o700, 0o600)] {
        let spool = world.path(format!("{mode:o}"));
        std::fs::create_dir(&spool).unwrap();
        std::fs::set_permissions(&spool, Permissions::from_mode(mode)).unwrap();
        if mode == 0o2770 && rustix::process::geteuid().is_root() {
            // Root uses no folder that others may write; it becomes this one's owner.
            std::fs::set_permissions(world.path(""), Permissions::from_mode(0o755)).unwrap();
            chown(&spool, Some(12345), Some(54321)).unwrap();
            std::fs::set_permissions(&spool, Permissions::from_mode(mode)).unwrap();
        }
        let mut shell = Command::new("sh");
        let program = world.process();
        shell.args(["-c", "umask 077; exec \"$0\" \"$@\""]).arg(program.get_program()).args(NEW_CALL);
        shell.env_clear().envs(world.folders()).env("ZAMMAD_CTI_URL", sandbox.url());
        shell.env("ZAMMAD_CTI_SPOOL_PATH", spool.join("spool.db"));
        let output = shell.env("ZAMMAD_CTI_SPOOL_MODE", "always").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "spooled\n", "{output:?}");
        // It is in nobody's turn; this one is.
        let output = shell.env("ZAMMAD_CTI_SPOOL_MODE", "on-failure").output().unwrap();
        assert_eq!(output.stderr, b"", "{output:?}");
        let mode_of = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        let turns = spool.join("spool.db.turns");
        assert_eq!(mode_of(&turns), folder_mode, "{mode:o}");
        let files = [&spool, &turns].into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let files: Vec<_> = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
        assert!(files.len() > 1 && files_in(&turns) == 1, "{files:?}");
        for file in files {
            assert_eq!(mode_of(&file), file_mode, "{}", file.display());
        }
    }
}

#[test]
fn a_damaged_file_stops_no_event() {
    let (world, sandbox) = (World::new(), Sandbox::start());
    assert_eq!(Ran::of(&mut program(&world, &sandbox.url(), &NEW_CALL)).code, 0);
    let folder = world.path("zammad-cti");
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, [0xff; 100_000]).unwrap();
    for event in [&ANSWER[..], &HANGUP_ANSWERED] {
        let ran = Ran::of(&mut program(&world, &sandbox.url(), event));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
    }
    assert_eq!(seen(&sandbox, "7"), ("hangup".to_owned(), true));
    assert_eq!(file.metadata().unwrap().len(), 0);
}

/// A process that reports an event, with an object for its result.
fn start(world: &World, sandbox: &Sandbox, event: &[&str]) -> Running {
    let mut program = world.process();
    program.env("ZAMMAD_CTI_URL", sandbox.url());
    Running::start(program.args(event).args(["--output", "json"]))
}

/// State and done in the caller log.
fn seen(sandbox: &Sandbox, call_id: &str) -> (String, bool) {
    let rows = sandbox.rows(call_id);
    let row = rows.first().unwrap_or(&Value::Null);
    (row["state"].as_str().unwrap_or_default().to_owned(), row["done"] == true)
}

/// The files in which this world's calls wait for each other.
fn slots(world: &World) -> Vec<File> {
    let folder = std::fs::read_dir(world.path("zammad-cti")).unwrap();
    let open = |path: PathBuf| OpenOptions::new().read(true).write(true).open(path).unwrap();
    folder.map(|entry| open(entry.unwrap().path())).collect()
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}
