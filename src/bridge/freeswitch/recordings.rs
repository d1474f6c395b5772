//! Recorded calls, and what has to become of them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Blocks, Event, FreeSwitch, Message, Request, Says};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::config::FreeSwitchSettings;
use crate::event::{EventKind, Users, WrittenEvent};

#[path = "../../../tests/support/channels.rs"]
mod channels;
use channels::Channels;

/// A recording and what has to be sent for it.
struct Recording {
    name: String,
    said: Vec<(Duration, Said)>,
    expected: Vec<Value>,
}

/// What FreeSWITCH said, or that it is another connection on which it does.
#[derive(Debug, Clone)]
enum Said {
    Connected,
    Message(Message),
}

fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/freeswitch");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 60, "{}", files.len());
    files.iter().map(|file| recording(file)).collect()
}

fn recording(file: &Path) -> Recording {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = lines.iter_mut().filter_map(|line| line.get_mut("expect").map(Value::take)).collect();
    let mut said = vec![(Duration::ZERO, Said::Connected)];
    // Those of decoded events, and those of raw text, begin when there are no calls.
    let asks = lines.iter().any(is_list);
    if !asks {
        said.push((Duration::ZERO, Said::Message(empty_list())));
    }
    let mut socket = Socket::default();
    for line in &lines {
        let time = Duration::from_secs_f64(line["t"].as_f64().unwrap_or_default());
        if let Some(event) = line.get("event") {
            let event: Event = serde_json::from_value(event.clone()).unwrap();
            said.push((time, Said::Message(Message::Event(event))));
        } else if line.get("connect").is_some() {
            socket = Socket::default();
            said.push((time, Said::Connected));
        } else if let Some(data) = line["data"].as_str() {
            match line["dir"].as_str().unwrap() {
                "c2s" => socket.asks(data),
                _ => said.extend(socket.says(data).into_iter().map(|message| (time, Said::Message(message)))),
            }
        }
    }
    // The first of two connections asked for no list.
    if name == "raw-crash-and-restart" {
        said.insert(1, (Duration::ZERO, Said::Message(empty_list())));
    }
    Recording { name, said, expected }
}

fn is_list(line: &Value) -> bool {
    line["dir"] == "c2s" && line["data"].as_str().unwrap().starts_with("api show channels as json")
}

fn empty_list() -> Message {
    Message::Reply { to: Request::Channels, says: Says::Channels(Vec::new()) }
}

/// A recorded connection, at its far end.
#[derive(Default)]
struct Socket {
    blocks: Blocks,
    asked: VecDeque<Option<Request>>,
}

impl Socket {
    fn asks(&mut self, data: &str) {
        for command in data.split("\n\n").filter(|command| !command.is_empty()) {
            let words: Vec<&str> = command.split_whitespace().collect();
            self.asked.push_back(match words.as_slice() {
                ["api", "show", "channels", "as", "json"] => Some(Request::Channels),
                ["api", "uuid_dump", uuid, "json"] => Some(Request::Channel((*uuid).to_owned())),
                _ => None,
            });
        }
    }

    fn says(&mut self, data: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        let asked = &mut self.asked;
        let read = self.blocks.read(data.as_bytes(), &mut |block| match block.content_type() {
            "text/event-json" => messages.push(Message::Event(Event::of_json(block.body()).unwrap())),
            "text/event-plain" => {
                let text = std::str::from_utf8(block.body()).unwrap();
                messages.push(Message::Event(Event::of_plain(text)));
            }
            "api/response" | "command/reply" => {
                if let Some(to) = asked.pop_front().flatten() {
                    let says = to.read(block.body());
                    messages.push(Message::Reply { to, says });
                }
            }
            _ => {}
        });
        read.unwrap();
        messages
    }
}

/// Somebody who follows calls, and what came of it.
struct Follower {
    source: FreeSwitch,
    tracker: Tracker,
    events: Vec<WrittenEvent>,
}

impl Follower {
    fn new(settings: &FreeSwitchSettings) -> Self {
        Self {
            source: FreeSwitch::new(settings),
            tracker: Tracker::new(Rules { grace: Duration::ZERO, ..Rules::default() }),
            events: Vec::new(),
        }
    }

    fn hear(&mut self, now: Duration, said: &Said) {
        let heard = match said {
            Said::Connected => {
                let _ = self.source.begin("");
                Vec::new()
            }
            Said::Message(message) => self.source.understand(message.clone()),
        };
        for heard in heard {
            match heard {
                Heard::Fact(fact) => self.tracker.hear(fact, now),
                Heard::Standing(legs) => self.tracker.compare(&legs, now),
                Heard::Seen(_)
                | Heard::Ask(_)
                | Heard::Remark(_)
                | Heard::Rights(_)
                | Heard::Passed(_)
                | Heard::Repeated(_) => {}
            }
        }
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

    fn end(&mut self) {
        self.tracker.pass(Duration::from_secs(3600));
        self.take();
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
        "user": if event.voicemail { json!("voicemail") } else { json!(event.user) },
    });
    if let Value::Object(fields) = &mut shown {
        fields.retain(|_, value| !value.is_null());
    }
    shown
}

/// The events of each call in their order, without its id; the names in any order.
fn calls(events: Vec<Value>) -> Vec<Vec<String>> {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut event in events {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
        }
        let id = event.as_object_mut().unwrap().remove("callId").unwrap().to_string();
        let fields: BTreeMap<String, Value> = serde_json::from_value(event).unwrap();
        calls.entry(id).or_default().push(serde_json::to_string(&fields).unwrap());
    }
    let mut calls: Vec<_> = calls.into_values().collect();
    calls.sort();
    calls
}

/// What is wrong with the events of a recording; nothing if nothing is.
fn difference(events: &[WrittenEvent], expected: &[Value]) -> String {
    let (events, expected) = (calls(events.iter().map(shown).collect()), calls(expected.to_vec()));
    if events == expected {
        return String::new();
    }
    let lines = |calls: &[Vec<String>]| calls.concat().join("\n  ");
    format!("  {}\nexpected:\n  {}\n", lines(&events), lines(&expected))
}

#[test]
fn recorded_calls_become_the_right_events() {
    let mut wrong = String::new();
    for Recording { name, said, expected } in recordings() {
        let mut follower = Follower::new(&FreeSwitchSettings::default());
        for (now, said) in &said {
            follower.hear(*now, said);
        }
        follower.end();
        let difference = difference(&follower.events, &expected);
        if !difference.is_empty() {
            write!(wrong, "{name}:\n{difference}").unwrap();
        }
        assert_eq!(follower.tracker.open(), 0, "{name}");
        assert!(follower.source.is_empty(), "{name}: {:?}", follower.source);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A message as it is when phones have names in place of numbers.
fn named(message: &Message) -> Message {
    let text = serde_json::to_string(message).unwrap();
    serde_json::from_str(&text.replace("\"101\"", "\"anna\"").replace("/101@", "/anna@")).unwrap()
}

/// What is sent for a masked recording is what is sent for the other one, masked; also where a phone has its user's name.
#[test]
fn a_masked_recording_tells_the_same() {
    for Recording { name, said, .. } in recordings() {
        let mask = Mask::default();
        let settings = FreeSwitchSettings::default();
        let (mut plain, mut masked) = (Follower::new(&settings), Follower::new(&settings));
        for (now, said) in said {
            let (said, other) = match said {
                Said::Connected => (Said::Connected, Said::Connected),
                Said::Message(message) => {
                    let message = named(&message);
                    let mut other = message.clone();
                    FreeSwitch::mask(&mut other, &mask);
                    let text = FreeSwitch::text(&other);
                    assert!(!text.contains("anna"), "{name}: {text}");
                    (Said::Message(message), Said::Message(other))
                }
            };
            plain.hear(now, &said);
            masked.hear(now, &other);
        }
        plain.end();
        masked.end();
        let number = |number: &String| {
            if number == "anonymous" { number.clone() } else { mask.word(number) }
        };
        for event in &mut plain.events {
            event.from = event.from.as_ref().map(number);
            event.to = event.to.as_ref().map(number);
            event.answering_number = event.answering_number.as_ref().map(number);
            match &mut event.user {
                Some(Users::One(user)) => *user = number(user),
                Some(Users::Several(users)) => users.iter_mut().for_each(|user| *user = number(user)),
                None => {}
            }
        }
        let expected: Vec<Value> = plain.events.iter().map(shown).collect();
        let difference = difference(&masked.events, &expected);
        assert!(difference.is_empty(), "{name}:\n{difference}");
    }
}

/// The recordings of events, whose legs all begin and end in them.
fn whole_recordings() -> Vec<Recording> {
    recordings().into_iter().filter(|recording| !recording.name.starts_with("raw-")).collect()
}

/// The connection is made again, while these channels are there.
fn connected_again(channels: &Channels) -> Vec<Said> {
    let reply = |to: Request, body: &str| {
        let says = to.read(body.as_bytes());
        Said::Message(Message::Reply { to, says })
    };
    let dump = |uuid: &str| reply(Request::Channel(uuid.to_owned()), &channels.dump(uuid).unwrap());
    let list = [Said::Connected, reply(Request::Channels, &channels.list())];
    list.into_iter().chain(channels.uuids().map(dump)).collect()
}

fn happens(channels: &mut Channels, said: &Said) {
    if let Said::Message(Message::Event(event)) = said {
        channels.hear(serde_json::to_value(event).unwrap().as_object().unwrap());
    }
}

/// What FreeSWITCH tells of at nearly the same time may come in any order, as far as it is about how a talk begins and
/// ends.
#[test]
fn what_happens_at_once_may_be_told_in_any_order() {
    let is_loose = |said: &Said| {
        let loose = ["CHANNEL_UNBRIDGE", "CHANNEL_HANGUP_COMPLETE", "CUSTOM"];
        matches!(said, Said::Message(Message::Event(event)) if loose.contains(&event.name()))
    };
    let mut tried = 0;
    for Recording { name, said, expected } in whole_recordings() {
        for first in 2..said.len() - 1 {
            let near = said[first + 1].0.saturating_sub(said[first].0) < Duration::from_millis(30);
            if !near || !is_loose(&said[first].1) || !is_loose(&said[first + 1].1) {
                continue;
            }
            let mut said = said.clone();
            said.swap(first, first + 1);
            let mut follower = Follower::new(&FreeSwitchSettings::default());
            said.iter().for_each(|(now, said)| follower.hear(*now, said));
            follower.end();
            let difference = difference(&follower.events, &expected);
            assert!(difference.is_empty(), "{name} at {first}:\n{difference}");
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

/// However the connection is lost and found again, as long as nothing happens meanwhile.
#[test]
fn a_call_is_taken_up_at_any_event() {
    let mut wrong = String::new();
    for Recording { name, said, expected } in whole_recordings() {
        for cut in 2..=said.len() {
            let mut follower = Follower::new(&FreeSwitchSettings::default());
            let mut channels = Channels::default();
            for (now, said) in &said[..cut] {
                follower.hear(*now, said);
                happens(&mut channels, said);
            }
            let now = said[cut - 1].0;
            connected_again(&channels).iter().for_each(|said| follower.hear(now, said));
            for (now, said) in &said[cut..] {
                follower.hear(*now, said);
            }
            follower.end();
            let difference = difference(&follower.events, &expected);
            if !difference.is_empty() {
                write!(wrong, "{name} at {cut}:\n{difference}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Somebody begins to follow in the middle: a person who talks then has answered, and a person who never talked has not.
#[test]
fn a_call_that_is_there_already_is_reported() {
    let fields = |event: &Value| ["event", "direction", "from", "to"].map(|field| event[field].clone());
    for Recording { name, said, expected } in whole_recordings() {
        for cut in 2..said.len() {
            let mut channels = Channels::default();
            for (_, said) in &said[..cut] {
                happens(&mut channels, said);
            }
            let mut follower = Follower::new(&FreeSwitchSettings::default());
            let now = said[cut - 1].0;
            connected_again(&channels).iter().for_each(|said| follower.hear(now, said));
            for (now, said) in &said[cut..] {
                follower.hear(*now, said);
            }
            follower.end();
            let mut fates: BTreeMap<&str, Vec<EventKind>> = BTreeMap::new();
            for event in &follower.events {
                fates.entry(&event.call_id).or_default().push(event.event);
                let is_right = expected.iter().any(|expected| fields(expected) == fields(&shown(event)));
                assert!(is_right, "{name} at {cut}: {event:?}");
            }
            for kinds in fates.into_values() {
                let is_whole =
                    kinds.first() == Some(&EventKind::NewCall) && kinds.last() == Some(&EventKind::Hangup);
                assert!(is_whole && kinds.len() <= 3, "{name} at {cut}: {kinds:?}");
            }
        }
    }
}

/// The bridge itself ended and began again.
#[test]
fn a_call_is_taken_up_by_another_process() {
    let mut wrong = String::new();
    for Recording { name, said, .. } in whole_recordings() {
        for cut in 2..said.len() {
            let mut before = Follower::new(&FreeSwitchSettings::default());
            let mut channels = Channels::default();
            for (now, said) in &said[..cut] {
                before.hear(*now, said);
                happens(&mut channels, said);
            }
            let now = said[cut].0;
            let mut after = Follower::new(&FreeSwitchSettings::default());
            for open in before.open() {
                after.tracker.take_up(open, now);
            }
            connected_again(&channels).iter().for_each(|said| after.hear(now, said));
            for (now, said) in &said[cut..] {
                after.hear(*now, said);
            }
            after.end();
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
