//! What a person at a terminal reads, and is asked.

use crate::calls::rings;
use crate::servers::{Ran, reserved_port, url};
use crate::spool_commands::with_spool;
use crate::support::dialogue::Dialogue;
use crate::support::{NEW_CALL, World, stderr, stdout};

/// The settings of `with_spool`, as a terminal's shell has them.
fn variables(world: &World, zammad: &str) -> String {
    format!("ZAMMAD_CTI_URL={zammad} ZAMMAD_CTI_SPOOL_PATH={}", world.path("spool.db").display())
}

fn keeps(world: &World, zammad: &str, call_id: &str) {
    let new_call =
        ["new-call", "--from", "493023125741", "--to", "42", "--direction", "in", "--call-id", call_id];
    let ran = Ran::of(with_spool(world, zammad, &new_call).args(["--spool", "always"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
}

#[test]
fn spool_drop_all_asks_first() {
    let world = World::new();
    let zammad = url(reserved_port().local_addr().unwrap());
    let variables = variables(&world, &zammad);
    keeps(&world, &zammad, "1");
    keeps(&world, &zammad, "2");
    // (answer, what comes of it)
    for (answer, said) in [("n\n", "dropped 0"), ("\n", "dropped 0"), ("yes\n", "dropped 2")] {
        let mut terminal = Dialogue::shell(&world, &format!("{variables} $PROGRAM spool drop --all"));
        let question = terminal.waits_for("[y/N] ");
        assert!(
            question.contains("Events: 2, of these waiting for Zammad: 2. Drop all of them?"),
            "{question}"
        );
        terminal.types(answer);
        let (code, shown) = terminal.ends();
        assert!(code == Some(0) && shown.contains(said), "{answer:?}: {shown}");
    }
    // Nothing is asked of whoever knows, of scripts, and where there is nothing to lose.
    keeps(&world, &zammad, "3");
    for (arguments, said) in
        [("--all --yes", "dropped 1"), ("--all", "dropped 0"), ("--state dead", "dropped 0")]
    {
        let (_, shown) =
            Dialogue::shell(&world, &format!("{variables} $PROGRAM spool drop {arguments}")).ends();
        assert!(shown.contains(said) && !shown.contains("[y/N]"), "{arguments}: {shown}");
    }
    keeps(&world, &zammad, "4");
    let ran = Ran::of(with_spool(&world, &zammad, &["spool", "drop", "--all"]).write_stdin("n\n"));
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("dropped 1\n", ""), "{ran}");
}

#[test]
fn calls_close_names_what_it_closes_and_says_when_nothing_is_open() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let variables = variables(&world, &sandbox.url);
    let close = |which: &str| {
        let (code, shown) =
            Dialogue::shell(&world, &format!("{variables} $PROGRAM calls close {which}")).ends();
        assert_eq!(code, Some(0), "{shown}");
        shown
    };
    assert_eq!(close("--all"), "no call is open\r\n");
    rings(&world, &sandbox.url, "7", "in");
    assert_eq!(close("--older-than 4h"), "no call has been open for 4h\r\n");
    let shown = close("--all");
    assert!(
        shown.starts_with("7, 493023125741 -> 42, ringing for ") && shown.ends_with("s: closed\r\n"),
        "{shown}"
    );
    let ran = Ran::of(&mut with_spool(&world, &sandbox.url, &["calls", "close", "--all"]));
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "a script reads a line a call: {ran}");
}

#[test]
fn times_are_local_on_a_terminal_only() {
    let world = World::new();
    let zammad = url(reserved_port().local_addr().unwrap());
    keeps(&world, &zammad, "1");
    let variables = variables(&world, &zammad);
    // Far from UTC, so that the hour is another one.
    let show = |zone: &str| {
        let command = format!("TZ={zone} {variables} $PROGRAM spool show 1");
        let (_, shown) = Dialogue::shell(&world, &command).ends();
        let kept = shown.lines().find(|line| line.contains("kept")).unwrap_or_default().to_owned();
        kept.split_whitespace().skip(1).take(2).collect::<Vec<_>>().join(" ")
    };
    let (here, there) = (show("UTC0"), show("XXX-13:30"));
    let is_local = |time: &str| time.len() == "2026-11-30 20:10:00,".len() && !time.contains(['T', 'Z']);
    assert!(is_local(&here) && is_local(&there) && here != there, "{here} {there}");
    let piped = Ran::of(with_spool(&world, &zammad, &["spool", "show", "1"]).env("TZ", "XXX-13:30"));
    assert!(piped.stdout.lines().any(|line| line.contains("kept") && line.contains("Z, ")), "{piped}");
}

#[test]
fn messages_have_no_numbers_of_the_system_and_no_words_of_libraries() {
    let world = World::new();
    let closed = reserved_port();
    let zammad = url(closed.local_addr().unwrap());
    let mut program = world.bare();
    program.env("ZAMMAD_CTI_URL", &zammad).args(NEW_CALL).args(["--deadline", "1s", "--output", "json"]);
    let ended = program.assert().code(69);
    let said = stderr(&ended) + &stdout(&ended);
    assert!(said.contains("Connection refused") && !said.contains("os error"), "{said}");
    // Its reason is said once, by whichever line is the last.
    assert_eq!(stderr(&ended).matches("Connection refused").count(), 1, "{said}");
    let check = world.bare().args(["check", "--url", &zammad]).assert();
    assert!(stdout(&check).contains("Connection refused") && !stdout(&check).contains("os error"));
    // (arguments, what is said)
    let cases: [(&[&str], &str); 3] = [
        (&["--numbers-extension-digits", "x"], "use a whole number"),
        (&["--numbers-extension-digits", "999"], "is not in 0..=255"),
        (&["--spool-max-events", ""], "use a whole number"),
    ];
    for (arguments, expected) in cases {
        let ended = world.bare().args(NEW_CALL).args(arguments).assert().code(2);
        let said = stderr(&ended);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains("digit found") && !said.contains("integer"), "{arguments:?}: {said}");
    }
}
