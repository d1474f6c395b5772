use predicates::prelude::*;
use serde_json::{Value, json};

use crate::support::{World, stderr, stdout};

#[test]
fn a_number_is_shown_with_its_path_and_what_zammad_looks_up() {
    // (arguments, lines of output)
    let cases: [(&[&str], &[&str]); 4] = [
        (
            &["--country", "DE", "030 23125 741"],
            &[
                "030 23125 741 -> 493023125741",
                "  formatting dropped: 03023125741",
                "  trunk prefix replaced by the country code: 493023125741",
                "  Zammad looks up the customer of 493023125741",
                "  a block of 493023125741 matches in the old and the new interface",
                "  a route to 493023125741 matches in the old and the new interface",
                "  a filter row 493023125741 matches in the old and the new interface; with a queue, only the popup of the old one",
                "  an agent's Phone 493023125741 matches in the old and the new interface",
            ],
        ),
        (
            &["-42", "private"],
            &[
                "-42 -> 42",
                "  formatting dropped: 42",
                "  short enough for an extension: 42",
                "  Zammad looks up no customer for it",
                "  a block of 42 matches in the old and the new interface",
                "  a route to 42 matches in the old and the new interface",
                "  a filter row 42 matches in the old and the new interface; with a queue, only the popup of the old one",
                "  an agent's Phone never matches: Zammad compares six digits or more",
                "private -> anonymous",
                "  no number shown: anonymous",
                "  Zammad looks up no customer for it",
                "  a block of anonymous matches in the old and the new interface",
                "  a route to anonymous matches in the old and the new interface",
                "  a filter row anonymous matches in the old and the new interface; with a queue, only the popup of the old one",
                "  an agent's Phone never matches: it is not a number with its country code",
            ],
        ),
        // Without a country Zammad takes it for a German number.
        (
            &["0223456789"],
            &[
                "0223456789 -> 0223456789",
                "  sent as it is: 0223456789",
                "  Zammad looks up the customer of 49223456789",
                "  a block of 0223456789 matches in the old and the new interface",
                "  a route to 0223456789 matches in the old and the new interface",
                "  a filter row 0223456789 matches in the old and the new interface; with a queue, only the popup of the old one",
                "  an agent's Phone matches in the old interface; in the new one none does: it is not a number with its country code",
            ],
        ),
        (
            &["--numbers-extension-prefix", "493055571", "42"],
            &[
                "42 -> 49305557142",
                "  extension prefix put before: 49305557142",
                "  Zammad looks up the customer of 49305557142",
                "  a block of 49305557142 matches in the old and the new interface",
                "  a route to 49305557142 matches in the old and the new interface",
                "  a filter row 49305557142 matches in the old and the new interface; with a queue, only the popup of the old one",
                "  an agent's Phone 49305557142 matches in the old and the new interface",
            ],
        ),
    ];
    let world = World::new();
    for (arguments, lines) in cases {
        let ended = world.bare().arg("normalize").args(arguments).assert().code(0).stderr("");
        assert_eq!(stdout(&ended).lines().collect::<Vec<_>>(), lines, "{arguments:?}");
    }
}

#[test]
fn a_number_is_explained_to_programs_too() {
    let world = World::new();
    let mut program = world.bare();
    let ended =
        program.args(["normalize", "--output", "json", "--country", "DE", "030 23125 741", "42"]).assert();
    let text = stdout(&ended.code(0));
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let step = |rule: &str, text: &str| json!({ "rule": rule, "text": text });
    let found = |what: &str, matches: bool| json!({ "what": what, "old": matches, "new": matches });
    let matches = |phone: bool| {
        [found("block", true), found("route", true), found("filter_row", true), found("phone", phone)]
    };
    let expected = [
        json!({
            "version": 1, "shown": "030 23125 741", "party": "493023125741", "kind": "international",
            "steps": [step("formatting", "03023125741"), step("trunk_prefix", "493023125741")],
            "zammad_looks_up": ["493023125741"], "zammad_matches": matches(true),
        }),
        json!({
            "version": 1, "shown": "42", "party": "42", "kind": "extension", "steps": [step("extension", "42")],
            "zammad_looks_up": [], "zammad_matches": matches(false),
        }),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn what_is_no_number_is_refused() {
    let too_long = "1".repeat(101);
    // (arguments, exit code, what is said)
    let cases: [(&[&str], _, &str); 4] = [
        (&[], 2, "<NUMBER>"),
        (&["4\u{1b}9"], 65, "a control character, U+001B"),
        (&[&too_long], 65, "101 characters"),
        (&["--country", "XX", "42"], 2, "not a country"),
    ];
    for (arguments, code, said) in cases {
        let world = World::new();
        let ended = world.bare().arg("normalize").args(arguments).assert();
        ended.code(code).stdout("").stderr(predicate::str::contains(said));
    }
}

#[test]
fn a_number_that_cannot_be_read_does_not_hide_the_others() {
    let world = World::new();
    let ended = world.bare().args(["normalize", "42", "4\u{1b}9", "\u{202a}43\u{202c}\n"]).assert().code(65);
    let shown = stdout(&ended);
    assert!(shown.starts_with("42 -> 42\n") && shown.contains(" -> 43\n"), "{shown}");
    assert!(stderr(&ended).contains("U+001B"), "{ended}");
}

#[test]
fn settings_may_stand_behind_the_numbers() {
    let world = World::new();
    let ended = world.bare().args(["normalize", "030 23125 741", "--country", "DE"]).assert().code(0);
    assert_eq!(stdout(&ended).lines().next(), Some("030 23125 741 -> 493023125741"));
    let ended = world.bare().args(["normalize", "42", "--output", "json"]).assert().code(0);
    assert_eq!(serde_json::from_str::<Value>(&stdout(&ended)).unwrap()["party"], "42");
}
