//! What a 3CX says, a line for each answer and each event on its socket: lists of both versions, participants, and
//! what is pushed. A line that is a number lets as many milliseconds go by.

#![no_main]

use std::collections::VecDeque;
use std::time::Duration;

use fuzz::watched::Watched;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use zammad_cti::bridge::mask::Mask;
use zammad_cti::bridge::source::Source;
use zammad_cti::bridge::three_cx::{Entry, Message, Participant, Place, Request, Row, ThreeCx};
use zammad_cti::config::{List, ThreeCxSettings};

/// More time than any input takes.
const LONGEST: u64 = 100_000;

struct Exchange {
    source: ThreeCx,
    watched: Watched,
    /// participants that were asked for
    asked: VecDeque<Place>,
}

impl Exchange {
    fn at(&self) -> u64 {
        1_796_000_000_000 + self.watched.now.as_millis() as u64
    }

    fn say(&mut self, message: Message) {
        let text = ThreeCx::text(&message);
        // What is recorded is what was said.
        assert_eq!(serde_json::from_str::<Message>(&text).expect("it is JSON"), message);
        let mut masked = message.clone();
        ThreeCx::mask(&mut masked, &Mask::default());
        let heard = self.source.understand(message);
        for request in self.watched.hear(heard) {
            match request {
                Request::One(place) => self.asked.push_back(place),
                // They come by themselves here.
                Request::Everything | Request::Drop(_) => {}
            }
        }
    }

    fn answer(&mut self, answer: &Value) {
        let Some(place) = self.asked.pop_front() else { return };
        let shown = Participant::read(answer, &place.dn).filter(|shown| shown.place() == place);
        self.say(Message::One { at: self.at(), place, participant: shown.map(Box::new) });
    }
}

fuzz_target!(|data: &[u8]| {
    let settings =
        ThreeCxSettings { queues: Some(List(vec!["81*".to_owned()])), ..ThreeCxSettings::default() };
    let source = ThreeCx::new(&settings);
    let mut exchange = Exchange { source, watched: Watched::default(), asked: VecDeque::new() };
    let _ = exchange.source.begin("");
    for line in data.split(|&byte| byte == b'\n') {
        let at = exchange.at();
        if let Some(message) = Message::pushed(line, at) {
            exchange.say(message);
            continue;
        }
        let rows = |list: &Value| list.as_array().into_iter().flatten().filter_map(Row::read).collect();
        match serde_json::from_slice::<Value>(line) {
            Ok(Value::Array(entries)) => {
                let entries = entries.iter().filter_map(Entry::read).collect();
                exchange.say(Message::Everything { at, entries });
            }
            Ok(Value::Number(time)) => {
                let time = time.as_u64().unwrap_or_default().min(LONGEST);
                exchange.watched.pass(Duration::from_millis(time));
            }
            Ok(Value::Object(said)) if said.contains_key("list") => {
                exchange.say(Message::Rows { at, rows: rows(&said["list"]) });
            }
            Ok(Value::Object(said)) if said.contains_key("value") => {
                exchange.say(Message::Beside { at, rows: rows(&said["value"]) });
            }
            Ok(Value::Object(said)) if said.contains_key("people") => {
                if let Ok(people) = serde_json::from_value(said["people"].clone()) {
                    exchange.say(Message::People(people));
                }
            }
            Ok(answer @ (Value::Object(_) | Value::Null)) => exchange.answer(&answer),
            Ok(Value::Bool(_) | Value::String(_)) | Err(_) => {}
        }
    }
    // Nothing is there any more, by either interface.
    for message in [
        Message::Rows { at: exchange.at(), rows: Vec::new() },
        Message::Beside { at: exchange.at(), rows: Vec::new() },
        // What was learned since it was asked for is laid over the first one.
        Message::Everything { at: exchange.at(), entries: Vec::new() },
        Message::Everything { at: exchange.at(), entries: Vec::new() },
    ] {
        exchange.say(message);
    }
    exchange.watched.pass(exchange.watched.tracker.patience());
    exchange.watched.assert_over();
});
