//! `simulate` for somebody who watches: what it says while it plays, and at its end.

use crate::running::Running;
use crate::servers::{Ran, reserved_port, url};
use crate::support::World;
use crate::support::dialogue::Dialogue;

#[test]
fn ctrl_c_ends_a_call_to_a_zammad_that_is_down() {
    let world = World::new();
    let closed = reserved_port();
    let mut program = world.process();
    program.args(["simulate", "answered", "missed", "--url", &url(closed.local_addr().unwrap())]);
    // Without an end before it, a test would hang for as long.
    let running = Running::start(program.args(["--deadline", "30m", "--timeout", "1s"]));
    running.until_it_says("trying again");
    running.signal("INT");
    let ran = running.end();
    assert_eq!(ran.code, 130, "{ran}");
    assert!(ran.stdout.contains("Interrupted: 1 call, the last one cut short; 1 not played."), "{ran}");
    assert!(!ran.stdout.contains("should have arrived"), "{ran}");
}

#[test]
fn the_times_of_an_interrupted_call_are_for_people() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut program = world.process();
    program.args(["simulate", "missed", "--ring", "1h", "--speed", "7", "--url", &sandbox.url]);
    let running = Running::start(&mut program);
    crate::running::until("it rings", || !sandbox.log().is_empty());
    running.signal("INT");
    let ran = running.end();
    assert_eq!(ran.code, 130, "{ran}");
    let hangup = ran.stdout.lines().find(|line| line.contains("→ hangup")).unwrap_or_default();
    let (time, _) = hangup.split_once('→').unwrap_or_default();
    let units = time.split_whitespace().map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    let units: Vec<_> = units.collect();
    assert!(!units.is_empty() && units.iter().all(|unit| ["m", "s", "ms"].contains(unit)), "{time:?}: {ran}");
    assert!(!time.contains("ms") || time.trim_end().ends_with("00ms"), "{time:?}: {ran}");
}

#[test]
fn the_end_names_the_scenarios_that_failed() {
    let world = World::new();
    let missed =
        String::from_utf8(world.bare().args(["simulate", "--show", "missed"]).output().unwrap().stdout)
            .unwrap();
    world.file("odd.toml", 0o644, &missed.replace("shown = \"missed\"", "shown = \"done\""));
    let mut program = world.bare();
    let ran =
        Ran::of(program.args(["simulate", "answered", "./odd.toml", "busy", "./odd.toml", "--sandbox"]));
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stdout.contains("2 not met, in 2 of them: odd.\n"), "{ran}");
}

#[test]
fn a_call_in_real_time_shows_on_a_terminal_that_it_lives() {
    let world = World::new();
    let mut terminal = Dialogue::of(&world, "simulate missed --sandbox --speed 1 --ring 3s");
    terminal.waits_for("hangup in 3s");
    terminal.waits_for("hangup in 2s");
    let (code, shown) = terminal.ends();
    assert!(code == Some(0) && shown.contains("\r\u{1b}[2K"), "{shown}");
    // Not where a program reads.
    let mut program = world.bare();
    let ran = Ran::of(program.args(["simulate", "missed", "--sandbox", "--speed", "1", "--ring", "2s"]));
    assert!(!ran.stderr.contains("hangup in") && !ran.stdout.contains("hangup in"), "{ran}");
}

#[test]
fn load_on_an_address_that_does_not_answer_does_not_begin() {
    let world = World::new();
    let closed = reserved_port();
    let address = url(closed.local_addr().unwrap());
    let mut program = world.bare();
    let ran = Ran::of(program.args(["simulate", "missed", "--calls", "1000", "--url", &address]));
    assert_eq!((ran.code, ran.stderr.contains("no call was started")), (69, true), "{ran}");
    assert_eq!(ran.stderr.matches("Connection refused").count(), 1, "{ran}");
    assert!(!ran.stdout.contains("events"), "{ran}");
}
