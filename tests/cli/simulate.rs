use predicates::prelude::*;

use crate::support::{TOKEN, World, stdout};

const SCENARIOS: [&str; 4] = ["answered", "missed", "blocked", "outbound"];

#[test]
fn without_an_endpoint_all_calls_are_played_against_a_stand_in() {
    let world = World::new();
    let told = stdout(&world.bare().arg("simulate").assert().code(0).stderr(""));
    assert!(told.contains("nothing leaves this machine"), "{told}");
    for scenario in SCENARIOS {
        assert!(told.lines().any(|line| line.starts_with(&format!("{scenario}: "))), "{scenario}: {told}");
    }
    for said in ["reject busy", "dial 41715880339000", "-> hangup  cancel"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let (_, log) = told.split_once("The caller log, as agents see it:").unwrap();
    let shown_as: Vec<_> = log.lines().skip(3).map(|row| row.split("  ").last().unwrap().trim()).collect();
    assert_eq!(shown_as, ["done", "missed", "missed", "done"], "{log}");
    assert!(!told.contains("NOT AS EXPECTED"), "{told}");
}

#[test]
fn some_of_the_calls_are_played_in_the_order_asked_for() {
    let world = World::new();
    let told = stdout(&world.bare().args(["simulate", "outbound", "missed"]).assert().code(0));
    let played: Vec<_> = told
        .lines()
        .filter_map(|line| SCENARIOS.iter().find(|name| line.starts_with(&format!("{name}: "))))
        .collect();
    assert_eq!(played, [&"outbound", &"missed"], "{told}");

    let unknown = world.bare().args(["simulate", "answered", "transfer"]).assert().code(2).stdout("");
    unknown.stderr(predicate::str::contains("no scenario \"transfer\"; there are: answered, missed"));
}

#[test]
fn a_stand_in_keeps_the_calls_on_this_machine() {
    let world = World::new();
    let requests = world.every_request();
    world.zammad_cti(["simulate", "--sandbox"]).code(0);
    // Not even by way of a proxy.
    let proxy = world.zammad.base_url();
    for variable in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        let ended = world.bare().env(variable, &proxy).args(["simulate", "missed"]).output().unwrap();
        requests.assert_calls(0);
        assert_eq!(ended.status.code(), Some(0), "{variable}");
    }
}

#[test]
fn with_an_endpoint_the_calls_go_there_and_are_compared_with_what_should_come() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "491715000000", "--route", "41*=41715880339000"]);
    // A Zammad that nobody set up for it gets the calls that come out the same everywhere.
    let told = stdout(&world.bare().args(["simulate", "--url", &sandbox.url]).assert().code(0));
    assert!(told.contains("agents will see these calls") && !told.contains(sandbox.token()), "{told}");
    let done: Vec<_> = sandbox.log().iter().map(|call| call["done"] == true).collect();
    assert_eq!(done, [false, true]);
    world.bare().args(["simulate", "--url", &sandbox.url, "blocked", "outbound"]).assert().code(0);
    let done: Vec<_> = sandbox.log().iter().map(|call| call["done"] == true).collect();
    assert_eq!(done, [true, false, false, true]);

    let _off =
        world.zammad_answers(422, r#"{"error":"Feature is disabled, please contact your administrator!"}"#);
    let ended = world.zammad_cti(["simulate"]).code(78);
    ended.stderr(predicate::str::contains("switched off").and(predicate::str::contains(TOKEN).not()));
}

#[test]
fn what_comes_out_otherwise_is_neither_a_success_nor_a_bug_of_this_program() {
    let world = World::new();
    // It has no block list.
    let posted = world.zammad_accepts();
    let ended = world.zammad_cti(["simulate", "answered", "blocked"]);
    let told = stdout(&ended);
    assert_eq!(told.matches("NOT AS EXPECTED").count(), 1, "{told}");
    posted.assert_calls(5);
    ended.code(1).stderr(predicate::str::contains("did not come out as it should"));
}
