//! Recorded calls, as many copies of each as are wanted, and what has to become of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use zammad_cti::bridge::asterisk::{Blocks, Listener, Trunks};
use zammad_cti::bridge::tracker::{Followed, Rules, Tracker};

use crate::support::recordings::of_asterisk;
pub use crate::support::recordings::sorted;

/// What phones dial to get out of the house in the plain recordings.
pub const OUTSIDE_PREFIX: &str = "0";

/// A recording, or a copy of one whose ids are its own.
#[derive(Debug, Clone)]
pub struct Recording {
    pub name: String,
    pub events: Vec<Recorded>,
    /// what has to be sent, each call's in its order
    pub expected: Vec<Value>,
    /// after so many events nothing was said for as long as a new call waits for others who ring
    pub pauses: Vec<usize>,
    /// after how many events each of the expected ones is known, by call and kind
    pub known: BTreeMap<(String, String), usize>,
}

/// One event, as Asterisk said it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub text: String,
    pub fields: Vec<(String, String)>,
}

/// All of a kind: `plain` or `freepbx`.
pub fn of_kind(kind: &str) -> Vec<Recording> {
    let recordings = of_asterisk(kind).into_iter();
    recordings.map(|(name, said, expected)| Recording::new(name, &said, expected)).collect()
}

impl Recording {
    fn new(name: String, said: &str, expected: Vec<Value>) -> Self {
        let said = said.replace("\r\n", "\n");
        let texts = said.split_inclusive("\n\n").filter(|text| !text.trim().is_empty());
        let mut recording =
            Self { name, events: Vec::new(), expected, pauses: Vec::new(), known: BTreeMap::new() };
        let rules = Rules::default();
        let mut listener = Listener::new(Trunks::default(), OUTSIDE_PREFIX);
        let mut tracker = Tracker::new(rules.clone());
        let mut last = None::<Duration>;
        for text in texts {
            let text = format!("{}\n\n", text.trim());
            let mut fields = Vec::new();
            Blocks::default().read(text.as_bytes(), &mut |block| {
                let block = block.unwrap();
                let now = block.get("Timestamp").map(|time| Duration::from_secs_f64(time.parse().unwrap()));
                let now = now.or(last).unwrap_or_default();
                if last.is_some_and(|last| now >= last + rules.hold) {
                    recording.pauses.push(recording.events.len());
                }
                last = Some(now);
                for fact in listener.hear(&block) {
                    tracker.hear(fact, now);
                }
                fields = block.fields().to_vec();
            });
            for followed in tracker.followed() {
                if let Followed::Event(_, event) = followed {
                    let which = (event.call_id, event.event.to_string());
                    recording.known.insert(which, recording.events.len() + 1);
                }
            }
            recording.events.push(Recorded { text: text.replace('\n', "\r\n"), fields });
        }
        recording
    }

    /// The same calls once more, with ids and channels of their own.
    pub fn copy(&self, number: usize) -> Self {
        let renamed = |name: &str, value: &str| match name {
            "Timestamp" => value.to_owned(),
            "BridgeUniqueid" => format!("{number}-{value}"),
            _ => renamed_channel(&renamed_ids(value, number), number),
        };
        let events = self.events.iter().map(|event| {
            let fields: Vec<(String, String)> =
                event.fields.iter().map(|(name, value)| (name.clone(), renamed(name, value))).collect();
            let mut text: String =
                fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            text.push_str("\r\n");
            Recorded { text, fields }
        });
        let expected = self.expected.iter().map(|event| {
            let mut event = event.clone();
            event["callId"] = renamed("callId", event["callId"].as_str().unwrap()).into();
            event
        });
        Self {
            name: self.name.clone(),
            events: events.collect(),
            expected: expected.collect(),
            pauses: self.pauses.clone(),
            known: self
                .known
                .iter()
                .map(|((call, kind), &after)| ((renamed("callId", call), kind.clone()), after))
                .collect(),
        }
    }

    /// After so many events, how many are there at the next pause.
    pub fn next_pause(&self, after: usize) -> usize {
        self.pauses.iter().copied().find(|&pause| pause > after).unwrap_or(self.events.len())
    }
}

/// A text in which each unique id, such as `1795205003.29`, is this copy's.
fn renamed_ids(text: &str, number: usize) -> String {
    let mut renamed = String::new();
    let mut rest = text;
    while let Some(dot) = rest.find('.') {
        let start = rest[..dot].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |before| before + 1);
        let is_id = dot - start == 10 && rest[dot + 1..].starts_with(|c: char| c.is_ascii_digit());
        renamed.push_str(&rest[..start]);
        if is_id {
            renamed.push_str(&format!("c{number}-"));
        }
        renamed.push_str(&rest[start..=dot]);
        rest = &rest[dot + 1..];
    }
    renamed + rest
}

/// A channel such as `Local/101@default-0000001a;2` with this copy's number in it; any other text as it is.
fn renamed_channel(text: &str, number: usize) -> String {
    let (name, half) =
        text.rsplit_once(';').map_or((text, String::new()), |(name, half)| (name, format!(";{half}")));
    match name.rsplit_once('-') {
        Some((name, counter)) if counter.len() == 8 && counter.chars().all(|c| c.is_ascii_hexdigit()) => {
            format!("{name}-{number:04x}{}{half}", &counter[4..])
        }
        _ => text.to_owned(),
    }
}
