//! `watch`: calls, the spool and bridges in a terminal.

use std::process::Command;

use crate::servers::{Ran, reserved_port, url};
use crate::spool_commands::with_spool;
use crate::support::World;
use crate::terminal::Terminal;

fn on_terminal(world: &World, zammad: &str, arguments: &[&str]) -> Command {
    let mut program = world.process();
    program
        .env("ZAMMAD_CTI_URL", zammad)
        .env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"))
        .env("TERM", "xterm-256color")
        .arg("watch")
        .args(arguments);
    program
}

fn report(world: &World, zammad: &str, arguments: &[&str]) {
    let ran = Ran::of(&mut with_spool(world, zammad, arguments));
    assert_eq!(ran.code, 0, "{ran}");
}

const RINGS: [&str; 9] =
    ["new-call", "--from", "493023125741", "--to", "42", "--direction", "in", "--call-id", "the call"];

/// No line is wider than the terminal, and none has anything that a stranger has sent to it.
fn assert_fits(text: &str, columns: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= columns, "{line:?} in {columns}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
}

#[test]
fn the_view_follows_the_calls_in_a_terminal_of_any_size() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let mut terminal = Terminal::start(&mut on_terminal(&world, &sandbox.url, &[]), 80, 24);
    terminal.until("without a file", |text| text.contains("does not exist yet"));
    report(&world, &sandbox.url, &RINGS);
    terminal.until("a call rings", |text| text.contains("rings     in   493023125741 -> 42"));
    assert!(terminal.text().contains("the call"), "{}", terminal.text());
    let minute = "1 event: 1 new call, 0 answers, 0 hangups";
    assert!(terminal.text().contains(minute), "{}", terminal.text());
    report(&world, &sandbox.url, &["answer", "--call-id", "the call"]);
    terminal.until("it is answered", |text| text.contains("answered  in   493023125741 -> 42"));
    assert_fits(&terminal.text(), 80);

    terminal.resize(40, 12);
    terminal.until("narrow", |text| text.contains("answered  493023125741 -> 42"));
    assert_fits(&terminal.text(), 40);
    for (columns, rows) in [(12, 3), (1, 1)] {
        terminal.resize(columns, rows);
        let expected = if rows == 1 { "…" } else { "Zammad" };
        terminal.until("tiny", |text| text.lines().next().is_some_and(|line| line.starts_with(expected)));
    }
    terminal.resize(80, 24);
    report(&world, &sandbox.url, &["hangup", "--call-id", "the call"]);
    terminal.until("no call is open", |text| {
        !text.contains("Open calls") && text.contains("3 events: 1 new call, 1 answer, 1 hangup")
    });
    terminal.press("q");
    assert_eq!(terminal.ended().code(), Some(0));
}

#[test]
fn the_terminal_is_as_before_however_it_ends() {
    let world = World::new();
    let zammad = world.url();
    // (keys, or else a signal)
    let cases = [("q", 0), ("\u{3}", 0), ("", libc::SIGINT), ("", libc::SIGTERM), ("", libc::SIGHUP)];
    for (keys, signal) in cases {
        let mut terminal = Terminal::start(&mut on_terminal(&world, &zammad, &[]), 80, 24);
        terminal.until("a view", |text| text.contains("q quits"));
        let screen = terminal.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor(), "it does not draw on a screen of its own");
        let during = terminal.settings();
        terminal.press(keys);
        if keys.is_empty() {
            // SAFETY: it is this test's own process, which has not been waited for.
            assert_eq!(unsafe { libc::kill(terminal.pid(), signal) }, 0);
        }
        assert_eq!(terminal.ended().code(), Some(0), "{keys:?} {signal}");
        let screen = terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{keys:?} {signal}");
        assert_eq!(terminal.text(), "", "{keys:?} {signal}: something is left on the screen");
        let mut fresh = Command::new("true");
        let fresh = Terminal::start(&mut fresh, 80, 24).settings();
        assert_ne!(during, fresh, "keys were not read as they are pressed");
        assert_eq!(terminal.settings(), fresh, "{keys:?} {signal}");
    }
}

#[test]
fn where_nothing_can_be_drawn_the_view_is_printed_once() {
    let world = World::new();
    let closed = reserved_port();
    let zammad = url(closed.local_addr().unwrap());
    let mut call = RINGS.to_vec();
    call[8] = "a\u{202e}call";
    report(&world, &zammad, &[&call[..], &["--spool-mode", "always"]].concat());
    let ran = Ran::of(&mut with_spool(&world, &zammad, &["watch"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran}");
    assert_fits(&ran.stdout, 80);
    let parts =
        ["Waiting  1, the oldest for ", r"a\u{202e}call", "newCall   493023125741 -> 42", "not tried yet"];
    for part in parts {
        assert!(ran.stdout.contains(part), "no {part:?} in {ran}");
    }
    assert!(!ran.stdout.contains("q quits"), "{ran}");

    // (a variable, flags, whether it has colour)
    let cases: [(&str, &str, &[&str], bool); 3] = [
        ("TERM", "dumb", &[], false),
        ("NO_COLOR", "1", &["--once"], false),
        ("TERM", "xterm-256color", &["--once"], true),
    ];
    for (name, value, flags, has_colour) in cases {
        let mut program = on_terminal(&world, &zammad, flags);
        let mut terminal = Terminal::start(program.env(name, value), 60, 24);
        assert_eq!(terminal.ended().code(), Some(0), "{name}={value}");
        let written = String::from_utf8(terminal.written.clone()).unwrap();
        let (written, _) = written.split_once("\u{1b}]0;over").unwrap();
        assert!(written.contains("Open calls: 1"), "{name}={value}: {written}");
        assert_eq!(written.contains("\u{1b}["), has_colour, "{name}={value}: {written:?}");
        assert_fits(&terminal.text(), 60);
    }
}

#[test]
fn without_a_spool_there_is_nothing_to_watch() {
    let world = World::new();
    let ran = Ran::of(world.bare().env("ZAMMAD_CTI_URL", world.url()).arg("watch"));
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{ran}");
}
