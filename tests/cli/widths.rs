//! What people read is no wider than their terminal. What programs read has its lines whole.

use crate::support::World;
use crate::terminal::Terminal;

/// What a command writes on a terminal of this width.
fn on_terminal(world: &World, command: &str, columns: u16) -> String {
    let mut program = world.process();
    program.env("NO_COLOR", "1").args(command.split(' '));
    let mut terminal = Terminal::start(&mut program, columns, 60);
    assert!(terminal.ended().code().is_some(), "{command}");
    let written = String::from_utf8(terminal.written.clone()).unwrap();
    let (written, _) = written.split_once("\u{1b}]0;over").unwrap();
    // What was there for a moment is written over.
    written.replace("\r\u{1b}[2K", "")
}

fn widest(text: &str) -> &str {
    text.lines().max_by_key(|line| line.trim_end().chars().count()).unwrap_or_default()
}

#[test]
fn texts_are_no_wider_than_their_terminal() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let check = format!("--url {} check", sandbox.url);
    let commands = [
        (check.as_str(), "If agents still see no calls"),
        ("check", "UNKNOWN: Configuration: no endpoint is set"),
        ("hangup --list-causes", "AST_CAUSE_UNALLOCATED"),
        ("simulate --list", "a customer calls, nobody picks up: agents see a missed call"),
        (
            "simulate answered group outbound-rewritten voicemail --speed 1000",
            "The caller log, as agents see it",
        ),
        ("normalize 030-1234 +4930123", "with a queue, only the popup of the old one"),
        ("config show", "check.warning"),
    ];
    for columns in [80, 61, 40] {
        for (command, said) in commands {
            let written = on_terminal(&world, command, columns);
            let line = widest(&written);
            assert!(
                line.trim_end().chars().count() <= usize::from(columns),
                "{command} in {columns}: {line:?}"
            );
            let words = |text: &str| text.split_whitespace().collect::<String>();
            assert!(words(&written).contains(&words(said)), "{command} in {columns}: {written}");
        }
    }
}

#[test]
fn a_program_that_reads_gets_whole_lines() {
    let world = World::new();
    for (command, line) in [
        (
            "hangup --list-causes",
            "  24                                 noAnswer        call rejected by a feature at the destination",
        ),
        ("simulate --list", "anonymous            a caller who withholds the number"),
        (
            "normalize 030-1234",
            "  a filter row 0301234 matches in the old and the new interface; with a queue, only the popup of the old one",
        ),
    ] {
        let written = world.process().args(command.split(' ')).output().unwrap().stdout;
        let written = String::from_utf8(written).unwrap();
        assert!(written.lines().any(|found| found == line), "{command}: {written}");
        assert!(widest(&written).chars().count() > 80, "{command}: {written}");
    }
}
