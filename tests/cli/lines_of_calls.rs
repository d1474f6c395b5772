//! The line of each call that a bridge follows: administrators take rows for Zammad's filter from it.

use crate::support::{World, stderr, stdout};

const CALLS: &str = include_str!("../../examples/bridge/calls.jsonl");

#[test]
fn the_line_of_a_call_has_the_numbers_that_zammad_gets() {
    let world = World::new();
    // As many trunks show them.
    let national = CALLS.replace("493023125", "03023125").replace("4940669690", "+4940669690");
    let recording = world.file("calls.jsonl", 0o600, &national);
    let arguments = ["bridge", "asterisk", "--dry-run", "--country", "DE", "--replay"];
    let ended = world.program().args(arguments).arg(recording).assert().code(0);
    let (events, lines) = (stdout(&ended), stderr(&ended));
    // (the event, the line)
    let cases = [
        (
            "event=newCall … from=4940669690 to=493023125600 ",
            "in 4940669690 -> 493023125600, answered by Anna Agent, ",
        ),
        (
            "event=newCall … from=4940669690 to=493023125701 queue=701 ",
            "in 4940669690 -> 493023125701 (701), cancel; ",
        ),
    ];
    for (event, line) in cases {
        let (begin, fields) = event.split_once('…').unwrap();
        let is_there = |said: &str| said.starts_with(begin) && said.contains(fields);
        assert!(events.lines().any(is_there), "{event}: {events}");
        assert!(lines.lines().any(|said| said.starts_with(line)), "{line}: {lines}");
    }
}
