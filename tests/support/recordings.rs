//! Recorded calls of Asterisk, and what has to become of them.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A recording's name, what Asterisk said, and the events that have to be sent.
pub type Recording = (String, String, Vec<Value>);

/// All of a kind, `plain` or `freepbx`, by their names.
pub fn of_asterisk(kind: &str) -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/asterisk").join(kind);
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().strip_suffix(".expect.jsonl")?.to_owned();
        let said = fs::read_to_string(path.with_file_name(format!("{name}.txt"))).unwrap();
        let expected = fs::read_to_string(&path).unwrap();
        let expected = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Some((format!("{kind}/{name}"), said, expected))
    };
    let mut recordings: Vec<Recording> = fs::read_dir(folder).unwrap().filter_map(read).collect();
    recordings.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    assert!(recordings.len() > 30, "{}", recordings.len());
    recordings
}

/// The events of each call in their order, the names in any.
pub fn sorted(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
            // Zammad takes one name as well as a list of one.
            if let [only] = users.as_slice() {
                event["user"] = only.clone();
            }
        }
    }
    events.sort_by_key(|event| event["callId"].to_string());
    events
}
