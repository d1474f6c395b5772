//! 3CX, before version 20 and since, over real sockets.

use std::process::Command;

use serde_json::{Value, json};

use crate::following::end;
use crate::running::{Running, until};
use crate::support::World;
use crate::support::three_cx::{CLIENT, Pbx, SECRET, USERNAME, Version};
use crate::zammad::Zammad;

const TRUNK: &str = "10000 Trunk (+4930123456)";
const ALICE: &str = "150 Alice Agent";
const QUEUE: &str = "816 Support Queue";

/// The program, about to follow with an API client, or with an account of the console.
fn bridge(world: &World, pbx: &Pbx, zammad: &Zammad, version: Version) -> Command {
    let mut program = world.process();
    let secret = world.file("secret", 0o600, SECRET);
    program.args(["bridge", "3cx", "--output", "json", "--url", &zammad.url()]);
    program.args(["--3cx-url", &pbx.url(), "--poll-interval", "50ms", "--queues", "816", "--grace", "0s"]);
    match version {
        Version::V20 => program.args(["--client-id", CLIENT, "--client-secret-file"]).arg(secret),
        Version::Before => {
            program.args(["--username", USERNAME, "--group", "Support", "--password-file"]).arg(secret)
        }
    };
    program
}

fn start(world: &World, pbx: &Pbx, zammad: &Zammad, version: Version) -> Running {
    Running::start(&mut bridge(world, pbx, zammad, version))
}

/// The events so far, in short.
fn lines(zammad: &Zammad) -> Vec<String> {
    let mut ids: Vec<Value> = Vec::new();
    let line = |event: &Value| {
        let id = &event["callId"];
        let place = ids.iter().position(|known| known == id).unwrap_or_else(|| {
            ids.push(id.clone());
            ids.len() - 1
        });
        let word = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let words = match word("event").as_str() {
            "newCall" => format!("{} {}→{} {}", word("direction"), word("from"), word("to"), word("queue")),
            "answer" => word("answeringNumber"),
            _ => word("cause"),
        };
        format!("#{} {} {words}", place + 1, word("event")).trim_end().to_owned()
    };
    zammad.events().iter().map(line).collect()
}

/// Waits until Zammad has these events, and no others.
fn until_told(zammad: &Zammad, expected: &[&str]) {
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        until("the events", || lines(zammad).len() >= expected.len());
    }));
    assert_eq!(lines(zammad), expected, "{told:?}");
    assert_eq!(zammad.refused(), [] as [&str; 0]);
}

fn leg(dn: &str, status: &str) -> Value {
    json!({ "id": 8106, "dn": dn, "status": status, "callid": 1264 })
}

#[test]
fn calls_of_before_version_20_are_reported_by_the_lists() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::Before), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::Before);
    pbx.lists_until_seen(&[["1", TRUNK, QUEUE, "Talking"]]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816"]);
    pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Transferring"]]);
    pbx.lists_until_seen(&[["1", TRUNK, ALICE, "Talking"]]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816", "#1 answer 150"]);
    pbx.lists(&[]);
    until_told(&zammad, &["#1 newCall in 4930123456→816 816", "#1 answer 150", "#1 hangup normalClearing"]);
    pbx.assert_content();
    end(running);
}

#[test]
fn calls_since_version_20_are_reported_as_they_are_told() {
    let (world, pbx, zammad) = (World::new(), Pbx::start(Version::V20), Zammad::start());
    let running = start(&world, &pbx, &zammad, Version::V20);
    pbx.until_followed();
    pbx.shows(&[leg("150", "Ringing")]);
    until_told(&zammad, &["#1 newCall in 4930123456→150"]);
    assert_eq!(zammad.events()[0]["user"], json!(["Alice Agent"]));
    pbx.shows(&[leg("150", "Connected")]);
    until_told(&zammad, &["#1 newCall in 4930123456→150", "#1 answer 150"]);
    pbx.shows(&[]);
    until_told(&zammad, &["#1 newCall in 4930123456→150", "#1 answer 150", "#1 hangup normalClearing"]);
    pbx.assert_content();
    end(running);
}
