//! Recorded calls over a socket: all at once, and cut.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::following::{bridge, end, waiting_call};
use crate::esl::{Esl, Session};
use crate::running::Running;
use crate::support::World;
use crate::zammad::Zammad;

/// A new call waits so long here for others who ring: all that belongs together is read in that time.
const HOLD: &str = "400ms";

/// Between two events of a recording that are so far apart, a phone system pauses.
const PAUSE: Duration = Duration::from_millis(300);

/// A recording and what has to be sent for it.
struct Recording {
    name: String,
    events: Vec<(f64, Map<String, Value>)>,
    expected: Vec<Value>,
}

fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/freeswitch");
    let mut recordings = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("raw-") {
            continue;
        }
        let mut recording = Recording { name, events: Vec::new(), expected: Vec::new() };
        for line in fs::read_to_string(path).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if let Some(event) = line["event"].as_object() {
                recording.events.push((line["t"].as_f64().unwrap(), event.clone()));
            }
            recording.expected.extend(line.get("expect").cloned());
        }
        recordings.push(recording);
    }
    assert!(recordings.len() > 45, "{}", recordings.len());
    recordings
}

impl Recording {
    /// The same call with ids of its own.
    fn copy(&self, number: usize) -> Self {
        let text = serde_json::to_string(&self.events).unwrap();
        let mut ids: Vec<&str> = self.events.iter().flat_map(|(_, event)| ids(event)).collect();
        ids.sort_unstable();
        ids.dedup();
        let text =
            ids.into_iter().fold(text, |text, id| text.replace(id, &format!("{:08x}{}", number, &id[8..])));
        let events = serde_json::from_str(&text).unwrap();
        Self { name: self.name.clone(), events, expected: self.expected.clone() }
    }

    /// The end of what comes at once from there on.
    fn next_pause(&self, from: usize) -> usize {
        let pauses = |at: &usize| {
            Duration::from_secs_f64((self.events[*at].0 - self.events[*at - 1].0).max(0.0)) >= PAUSE
        };
        (from + 1..self.events.len()).find(pauses).unwrap_or(self.events.len())
    }
}

/// What looks like the id of a leg.
fn ids(event: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let is_id = |text: &&str| text.len() == 36 && text.matches('-').count() == 4;
    event.values().filter_map(Value::as_str).filter(is_id)
}

/// Calls of which so much was said.
struct Play {
    recording: Recording,
    said: usize,
}

/// Says everything up to an event of each, and pauses where a phone system would.
fn say(
    session: &Session,
    zammad: &Zammad,
    plays: &mut [Play],
    mark: &mut u32,
    end: impl Fn(&Play, usize) -> usize,
) {
    loop {
        let mut is_over = true;
        for (place, play) in plays.iter_mut().enumerate() {
            let end = end(play, place).min(play.recording.events.len());
            if play.said < end {
                let until = play.recording.next_pause(play.said).min(end);
                for (_, event) in &play.recording.events[play.said..until] {
                    session.say(event);
                }
                play.said = until;
                is_over = false;
            }
        }
        if is_over {
            return;
        }
        // One more is reported, and all before it were.
        *mark += 1;
        let uuid = format!("ffffffff-ffff-4fff-8fff-{mark:012x}");
        waiting_call(&uuid).iter().for_each(|event| session.say(event));
        zammad.until("newCall", &uuid);
    }
}

/// What is wrong with what became of them; nothing if nothing is.
fn differences(zammad: &Zammad, plays: &[Play]) -> String {
    let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in zammad.events() {
        events.entry(event["callId"].as_str().unwrap().to_owned()).or_default().push(event);
    }
    let mut wrong = String::new();
    for Play { recording, .. } in plays {
        let ids: Vec<&str> = recording.events.iter().flat_map(|(_, event)| ids(event)).collect();
        let own = |id: &&String| ids.contains(&id.as_str());
        let of_calls: Vec<Vec<Value>> =
            events.iter().filter(|(id, _)| own(id)).map(|(_, own)| own.clone()).collect();
        let mut expected: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for event in &recording.expected {
            expected.entry(event["callId"].to_string()).or_default().push(event.clone());
        }
        let (events, expected) = (sorted(of_calls), sorted(expected.into_values().collect()));
        if events != expected {
            wrong.push_str(&format!("{}:\n  {events:?}\nexpected:\n  {expected:?}\n", recording.name));
        }
    }
    zammad.refused().iter().for_each(|refused| wrong.push_str(&format!("refused: {refused}\n")));
    wrong
}

/// Calls without their ids, the names in any order.
fn sorted(calls: Vec<Vec<Value>>) -> Vec<Vec<String>> {
    let text = |mut event: Value| {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
            // Zammad takes one name as well as a list of one.
            if let [only] = users.as_slice() {
                event["user"] = only.clone();
            }
        }
        event.as_object_mut().unwrap().remove("callId");
        let fields: BTreeMap<String, Value> = serde_json::from_value(event).unwrap();
        serde_json::to_string(&fields).unwrap()
    };
    let mut calls: Vec<Vec<String>> =
        calls.into_iter().map(|events| events.into_iter().map(text).collect()).collect();
    calls.sort();
    calls
}

#[test]
fn recorded_calls_become_the_right_events() {
    let (world, esl, zammad) = (World::new(), Esl::start(), Zammad::start());
    let running = Running::start(bridge(&world, &esl, &zammad).args(["--hold", HOLD]));
    let mut plays: Vec<Play> = recordings()
        .into_iter()
        .enumerate()
        .map(|(number, recording)| Play { recording: recording.copy(number + 1), said: 0 })
        .collect();
    say(&esl.session(), &zammad, &mut plays, &mut 0, |_, _| usize::MAX);
    esl.assert_content();
    end(running);
    let wrong = differences(&zammad, &plays);
    assert!(wrong.is_empty(), "{wrong}");
}

/// All recordings at once, each under way up to one of its pauses: the connection is lost there and made again.
#[test]
fn a_lost_connection_changes_nothing_while_nothing_happens() {
    let (world, esl, zammad) = (World::new(), Esl::start(), Zammad::start());
    let running = Running::start(bridge(&world, &esl, &zammad).args(["--hold", HOLD, "--grace", "0s"]));
    let (mut plays, mut cuts) = (Vec::new(), Vec::new());
    for recording in recordings() {
        let mut cut = 0;
        while cut < recording.events.len() {
            plays.push(Play { recording: recording.copy(plays.len() + 1), said: 0 });
            cuts.push(cut);
            cut = recording.next_pause(cut);
        }
    }
    let mut mark = 0;
    let session = esl.session();
    say(&session, &zammad, &mut plays, &mut mark, |_, place| cuts[place]);
    session.end();
    say(&esl.session(), &zammad, &mut plays, &mut mark, |_, _| usize::MAX);
    esl.assert_content();
    end(running);
    let wrong = differences(&zammad, &plays);
    assert!(wrong.is_empty(), "{wrong}");
}
