//! `bridge freeswitch`, by recordings.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{World, stdout};

/// Decoded events as `--record` writes them, and what has to become of them.
fn recordings() -> Vec<(String, String, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/freeswitch");
    let mut recordings = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("raw-") {
            continue;
        }
        let list = json!({ "to": "channels", "says": { "channels": [] } });
        let mut said = format!("{}\n", json!({ "time": 0, "connected": "1" }));
        said.push_str(&format!("{}\n", json!({ "time": 0, "said": { "reply": list } })));
        let mut expected = Vec::new();
        for line in fs::read_to_string(path).unwrap().lines() {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if line.get("event").is_some() {
                let line = json!({ "time": line["t"], "said": { "event": line["event"] } });
                said.push_str(&format!("{line}\n"));
            }
            expected.extend(line.get_mut("expect").map(Value::take));
        }
        recordings.push((name, said, expected));
    }
    assert!(recordings.len() > 45, "{}", recordings.len());
    recordings
}

/// The events of each call in their order, without its id; the names in any order.
fn calls(events: impl Iterator<Item = Value>) -> Vec<Vec<String>> {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut event in events {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
            // Zammad takes one name as well as a list of one.
            if let [only] = users.as_slice() {
                event["user"] = only.clone();
            }
        }
        let id = event.as_object_mut().unwrap().remove("callId").unwrap();
        let fields: BTreeMap<String, Value> = serde_json::from_value(event).unwrap();
        calls.entry(id.to_string()).or_default().push(serde_json::to_string(&fields).unwrap());
    }
    let mut calls: Vec<_> = calls.into_values().collect();
    calls.sort();
    calls
}

#[test]
fn recorded_calls_become_the_right_events() {
    let world = World::new();
    let mut wrong = String::new();
    for (name, said, expected) in recordings() {
        let recording = world.file("recording", 0o600, &said);
        let arguments = ["bridge", "freeswitch", "--dry-run", "--output", "json", "--replay"];
        let ended = world.program().args(arguments).arg(recording).assert().code(0);
        let lines = stdout(&ended);
        let events = calls(lines.lines().map(|line| serde_json::from_str(line).unwrap()));
        let expected = calls(expected.into_iter());
        if events != expected {
            wrong.push_str(&format!("{name}:\n  {events:?}\nexpected:\n  {expected:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
