//! Recorded calls, and what has to become of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Block, Blocks, Listener, Trunks};
use crate::bridge::fact::Side;
use crate::bridge::mask::Mask;
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::event::{EventKind, Users, WrittenEvent};

#[path = "../../../tests/support/switchboard.rs"]
mod switchboard;
use switchboard::Switchboard;

/// A recording and what has to be sent for it.
struct Recording {
    name: String,
    blocks: Vec<(Duration, Block)>,
    expected: Vec<Value>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/asterisk")
}

fn recordings() -> Vec<Recording> {
    let mut recordings = Vec::new();
    for kind in ["plain", "freepbx"] {
        for entry in fs::read_dir(folder().join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let Some(name) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".expect.jsonl") else {
                continue;
            };
            let lines = fs::read_to_string(&path).unwrap();
            recordings.push(Recording {
                name: format!("{kind}/{name}"),
                blocks: blocks(&path.with_file_name(format!("{name}.txt"))),
                expected: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            });
        }
    }
    assert!(recordings.len() > 80, "{}", recordings.len());
    recordings
}

fn blocks(recording: &Path) -> Vec<(Duration, Block)> {
    let mut blocks = Vec::new();
    let mut now = Duration::ZERO;
    Blocks::default().read(&fs::read(recording).unwrap(), &mut |block| {
        let block = block.unwrap();
        if let Some(time) = block.get("Timestamp") {
            now = Duration::from_secs_f64(time.parse().unwrap());
        }
        blocks.push((now, block));
    });
    blocks
}

/// Somebody who follows calls, and what came of it.
struct Follower {
    listener: Listener,
    tracker: Tracker,
    events: Vec<WrittenEvent>,
}

impl Follower {
    fn new() -> Self {
        // The number that phones dial to get out of the house in the plain recordings.
        Self {
            listener: Listener::new(Trunks::default(), "0"),
            tracker: Tracker::new(Rules { grace: Duration::ZERO, ..Rules::default() }),
            events: Vec::new(),
        }
    }

    fn hear(&mut self, (now, block): &(Duration, Block)) {
        for fact in self.listener.hear(block) {
            self.tracker.hear(fact, *now);
        }
        self.take();
    }

    fn compare(&mut self, list: &[Block], now: Duration) {
        let standing = self.listener.standing(list);
        self.tracker.compare(&standing, now);
        self.take();
    }

    fn take(&mut self) {
        for followed in self.tracker.followed() {
            match followed {
                Followed::Event(_, event) => self.events.push(event),
                Followed::Ended(..) | Followed::Unreported(..) => {}
            }
        }
    }

    /// The calls that a journal has as open.
    fn open(&self) -> Vec<Open> {
        let mut open: BTreeMap<&str, Open> = BTreeMap::new();
        for event in &self.events {
            match event.event {
                EventKind::NewCall => {
                    let call = Open {
                        id: event.call_id.clone(),
                        direction: event.direction.unwrap(),
                        from: event.from.clone(),
                        to: event.to.clone().unwrap(),
                        answered: None,
                    };
                    open.insert(&event.call_id, call);
                }
                EventKind::Answer => {
                    open.get_mut(event.call_id.as_str()).unwrap().answered = Some(Duration::ZERO);
                }
                EventKind::Hangup => drop(open.remove(event.call_id.as_str())),
            }
        }
        open.into_values().collect()
    }
}

/// An event as the recordings have it.
fn shown(event: &WrittenEvent) -> Value {
    let mut shown = json!({
        "event": event.event,
        "callId": event.call_id,
        "direction": event.direction,
        "from": event.from,
        "to": event.to,
        "queue": event.queue,
        "answeringNumber": event.answering_number,
        "cause": event.cause,
        "user": event.user,
    });
    if let Value::Object(fields) = &mut shown {
        fields.retain(|_, value| !value.is_null());
    }
    shown
}

/// The events of each call in their order, the names in any.
fn sorted(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
        }
    }
    events.sort_by_key(|event| event["callId"].to_string());
    events
}

/// What is wrong with the events of a recording; nothing if nothing is.
fn difference(events: &[WrittenEvent], expected: &[Value]) -> String {
    let (expected, events) = (sorted(expected.to_vec()), sorted(events.iter().map(shown).collect()));
    if events == expected {
        return String::new();
    }
    let lines = |events: &[Value]| events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n  ");
    format!("  {}\nexpected:\n  {}\n", lines(&events), lines(&expected))
}

#[test]
fn recorded_calls_become_the_right_events() {
    let mut wrong = String::new();
    for Recording { name, blocks, expected } in recordings() {
        let mut follower = Follower::new();
        for block in &blocks {
            follower.hear(block);
        }
        let difference = difference(&follower.events, &expected);
        if !difference.is_empty() {
            write!(wrong, "{name}:\n{difference}").unwrap();
        }
        assert_eq!(follower.tracker.open(), 0, "{name}");
        assert!(follower.listener.is_empty(), "{name}: {:?}", follower.listener);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is sent for a masked recording is what is sent for the other one, masked; also where a phone has its user's name.
#[test]
fn a_masked_recording_tells_the_same() {
    for Recording { name, mut blocks, .. } in recordings() {
        for (_, block) in &mut blocks {
            let text = block.to_string().replace("PJSIP/101", "PJSIP/anna-maria");
            let text = text.replace("DialString: 101", "DialString: anna-maria");
            Blocks::default().read(format!("{text}\n").as_bytes(), &mut |named| *block = named.unwrap());
        }
        let mask = Mask::default();
        let (mut plain, mut masked) = (Follower::new(), Follower::new());
        for (now, block) in blocks {
            let mut other = block.clone();
            other.mask(&mask);
            assert!(!other.to_string().contains("anna-maria"), "{name}: {other}");
            plain.hear(&(now, block));
            masked.hear(&(now, other));
        }
        let anonymous = |number: &str| {
            if number == "anonymous" { number.to_owned() } else { mask.word(number) }
        };
        for event in &mut plain.events {
            event.from = event.from.as_deref().map(anonymous);
            event.to = event.to.as_deref().map(anonymous);
            event.answering_number = event.answering_number.as_deref().map(|number| mask.word(number));
            event.queue = event.queue.as_deref().map(|queue| mask.text(queue));
            match &mut event.user {
                Some(Users::One(user)) => *user = mask.name(user),
                Some(Users::Several(users)) => users.iter_mut().for_each(|user| *user = mask.name(user)),
                None => {}
            }
        }
        let expected: Vec<Value> = plain.events.iter().map(shown).collect();
        let difference = difference(&masked.events, &expected);
        assert!(difference.is_empty(), "{name}:\n{difference}");
    }
}

/// All channels that there are, as they are listed.
fn listed(switchboard: &Switchboard) -> Vec<Block> {
    let mut list = Vec::new();
    Blocks::default().read(switchboard.list().as_bytes(), &mut |block| list.push(block.unwrap()));
    list
}

/// However the connection is lost and found again, as long as nothing happens meanwhile.
#[test]
fn with_no_trunk_each_call_of_a_customer_names_a_context() {
    for recording in recordings() {
        let mut follower = Follower::new();
        follower.listener = Listener::new(Trunks::new(["none"], [""; 0]), "0");
        let mut reasons = BTreeMap::new();
        for (now, block) in &recording.blocks {
            for fact in follower.listener.hear(block) {
                follower.tracker.hear(fact, *now);
            }
            for followed in follower.tracker.followed() {
                if let Followed::Unreported(_, call, reason) = followed {
                    reasons.insert(call.id, reason.to_string());
                }
            }
        }
        let customers: BTreeSet<&str> =
            recording.expected.iter().map(|event| event["callId"].as_str().unwrap()).collect();
        for id in &customers {
            assert!(reasons.contains_key(*id), "{}: {id} is told of", recording.name);
        }
        for (id, reason) in reasons {
            let context = reason.strip_prefix("its context ").and_then(|told| told.split(' ').next());
            let is_trunks = context
                .is_some_and(|context| Trunks::default().begins("PJSIP/x-1", context) == Side::Outside);
            assert_eq!(is_trunks, customers.contains(id.as_str()), "{}: {id}: {reason}", recording.name);
        }
    }
}

#[test]
fn a_call_is_taken_up_at_any_event() {
    let mut wrong = String::new();
    for Recording { name, blocks, expected } in recordings() {
        for cut in 0..=blocks.len() {
            let mut follower = Follower::new();
            let mut switchboard = Switchboard::default();
            for block in &blocks[..cut] {
                follower.hear(block);
                switchboard.hear(block.1.fields());
            }
            let now = blocks[cut.saturating_sub(1)].0;
            follower.compare(&listed(&switchboard), now);
            for block in &blocks[cut..] {
                follower.hear(block);
            }
            let difference = difference(&follower.events, &expected);
            if !difference.is_empty() {
                write!(wrong, "{name} at {cut}:\n{difference}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The bridge itself ended and began again.
#[test]
fn a_call_is_taken_up_by_another_process() {
    let mut wrong = String::new();
    for Recording { name, blocks, .. } in recordings() {
        for cut in 0..blocks.len() {
            let mut before = Follower::new();
            let mut switchboard = Switchboard::default();
            for block in &blocks[..cut] {
                before.hear(block);
                switchboard.hear(block.1.fields());
            }
            let now = blocks[cut].0;
            let mut after = Follower::new();
            for open in before.open() {
                after.tracker.take_up(open, now);
            }
            after.compare(&listed(&switchboard), now);
            for block in &blocks[cut..] {
                after.hear(block);
            }
            let mut fates: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
            for event in before.events.iter().chain(&after.events) {
                fates.entry(&event.call_id).or_default()[event.event as usize] += 1;
            }
            for (call, [new_calls, answers, hangups]) in fates {
                if new_calls != 1 || answers > 1 || hangups != 1 {
                    writeln!(wrong, "{name} at {cut}: call {call}: {new_calls} {answers} {hangups}").unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// As the lists were recorded: a call that rings, one that is answered and one to the outside; and in
/// FreePBX one from a queue, one that a mobile took, one to the outside, and one that rings at a group.
#[test]
fn a_list_of_channels_says_which_calls_there_are() {
    // (recording, events)
    let cases: [(&str, &[&str]); 2] = [
        (
            "plain/resync-status.txt",
            &[
                "1795205373.133 newCall 4940669690 > 493023125104 Dora Decker",
                "1795205373.134 newCall 4940669690 > 493023125101 Anna Agent",
                "1795205373.134 answer 4940669690 > 493023125101 Anna Agent",
                "1795205373.136 newCall 493023125102 > 492214710010 Bert Berger",
                "1795205373.136 answer 493023125102 > 492214710010 ",
            ],
        ),
        (
            "freepbx/resync-status.txt",
            &[
                "1795997457.328 newCall 4940669690 > 493023125700 Anna Agent",
                "1795997457.328 answer 4940669690 > 493023125700 Anna Agent",
                "1795997459.335 newCall 4940669691 > 493023125103 ",
                "1795997459.335 answer 4940669691 > 493023125103 ",
                "1795997463.344 newCall 493023125000 > 492214710010 ",
                "1795997463.344 answer 493023125000 > 492214710010 ",
                "1795997466.346 newCall 4940669692 > 493023125602 Dora Decker, Fritz Frank",
            ],
        ),
    ];
    for (recording, expected) in cases {
        let list: Vec<Block> =
            blocks(&folder().join(recording)).into_iter().map(|(_, block)| block).collect();
        let mut follower = Follower::new();
        follower.compare(&list, Duration::ZERO);
        let mut events = follower.events;
        events.sort_by_key(|event| (event.call_id.clone(), event.event));
        let line = |event: &WrittenEvent| {
            let WrittenEvent { call_id, event: kind, from, to, user, .. } = event;
            let mut users = user.as_ref().map_or(&[][..], Users::names).to_vec();
            users.sort();
            let (from, to) = (from.as_deref().unwrap_or_default(), to.as_deref().unwrap_or_default());
            format!("{call_id} {kind} {from} > {to} {}", users.join(", "))
        };
        let lines: Vec<String> = events.iter().map(line).collect();
        assert_eq!(lines, expected, "{recording}");
    }
}
