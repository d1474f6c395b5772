//! Calls as both interfaces show them, state after state, and the events that have to follow.
//!
//! The states are made after published captures; queue, ring-group and transfer sequences are reconstructed from
//! users' reports, as nobody has published a whole one.

mod random;
mod since_20;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{Entry, Message, Participant, People, Place, Request, Row};
use super::understanding::ThreeCx;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::config::{List, ThreeCxSettings, TrunkNumbers};
use crate::event::{Direction, EventKind, Users};

const TRUNK: &str = "10000 Trunk (+4930123456)";
const OTHER: &str = "10000 Trunk (+49401112233)";
const HIDDEN: &str = "10000 Trunk (anonymous)";
const ALICE: &str = "150 Alice Agent";
const BOB: &str = "151 Bob Agent";
const QUEUE: &str = "816 Support Queue";

/// So much time is between two lists.
const STEP: u64 = 500;

fn settings() -> ThreeCxSettings {
    ThreeCxSettings { queues: Some(List(vec!["816".to_owned()])), ..ThreeCxSettings::default() }
}

fn names() -> People {
    let person = |number: &str, name: &str| (number.to_owned(), Some(name.to_owned()));
    let people = vec![person("150", "Alice Agent"), person("151", "Bob Agent"), person("15", "Dora")];
    People { people, queues: Vec::new(), is_group: true }
}

/// A phone system that is followed, with a clock of its own.
struct Followed3cx {
    source: ThreeCx,
    tracker: Tracker,
    now: u64,
    lines: Vec<String>,
    ids: Vec<String>,
    last: BTreeMap<Place, Participant>,
    entries: Vec<Entry>,
}

impl Followed3cx {
    fn new(rules: Rules) -> Self {
        let mut new = Self {
            source: ThreeCx::new(&settings()),
            tracker: Tracker::new(rules),
            now: 1_796_000_000_000,
            lines: Vec::new(),
            ids: Vec::new(),
            last: BTreeMap::new(),
            entries: Vec::new(),
        };
        let _ = new.source.begin("");
        new.say(Message::People(names()));
        new
    }

    /// What follows, and the answers to what is asked meanwhile.
    fn say(&mut self, message: Message) {
        let mut said = vec![message];
        while let Some(message) = said.pop() {
            for heard in self.source.understand(message) {
                let now = Duration::from_millis(self.now);
                match heard {
                    Heard::Fact(fact) => self.tracker.hear(fact, now),
                    Heard::Standing(legs) => self.tracker.compare(&legs, now),
                    Heard::Seen(legs) => self.tracker.see(&legs, now),
                    Heard::Ask(Request::One(place)) => {
                        let participant = self.last.get(&place).cloned().map(Box::new);
                        said.push(Message::One { at: self.now, place, participant });
                    }
                    Heard::Ask(Request::Everything) => {
                        said.push(Message::Everything { at: self.now, entries: self.entries.clone() });
                    }
                    Heard::Ask(Request::Drop(_))
                    | Heard::Remark(_)
                    | Heard::Rights(_)
                    | Heard::Passed(_)
                    | Heard::Repeated(_) => {}
                }
            }
        }
        self.note();
    }

    fn note(&mut self) {
        let followed: Vec<Followed> = self.tracker.followed().collect();
        for followed in followed {
            let Followed::Event(_, event) = followed else { continue };
            let place = self.ids.iter().position(|id| *id == event.call_id).unwrap_or_else(|| {
                self.ids.push(event.call_id.clone());
                self.ids.len() - 1
            });
            let mut line = format!("#{} {}", place + 1, event.event);
            match event.event {
                EventKind::NewCall => {
                    let digits = |text: &Option<String>| text.clone().unwrap_or_default().replace('+', "");
                    line += &format!(
                        " {} {}→{}",
                        event.direction.unwrap(),
                        digits(&event.from),
                        digits(&event.to)
                    );
                    line += &event.queue.as_ref().map(|queue| format!(" queue={queue}")).unwrap_or_default();
                }
                EventKind::Answer if event.voicemail => line += " voicemail",
                EventKind::Answer => {
                    line +=
                        &event.answering_number.as_ref().map(|own| format!(" ans={own}")).unwrap_or_default();
                }
                EventKind::Hangup => line += &format!(" {}", event.cause.as_deref().unwrap_or_default()),
            }
            let users = event.user.as_ref().map_or(&[][..], Users::names).join(",");
            if !users.is_empty() {
                line += &format!(" user={users}");
            }
            self.lines.push(line);
        }
    }

    fn wait(&mut self, milliseconds: u64) {
        // As often as the loop looks at the clock.
        for _ in 0..milliseconds / 50 {
            self.now += 50;
            self.tracker.pass(Duration::from_millis(self.now));
        }
        self.note();
    }

    /// The list of active calls, beside participants; the queue is not shown otherwise.
    fn beside(&mut self, rows: &[[&str; 4]], participants: &[Value]) {
        self.enter(participants);
        self.entries.retain(|entry| entry.dn != "816");
        self.say(Message::Everything { at: self.now, entries: self.entries.clone() });
        let rows = rows.iter().map(row).collect();
        self.say(Message::Beside { at: self.now, rows });
        self.wait(STEP);
    }

    /// A list with what stands in a line of the vectors: `["1", caller, callee, status]`.
    fn polls(&mut self, times: u64, rows: &[[&str; 4]]) {
        for _ in 0..times {
            let rows = rows.iter().map(row).collect();
            self.say(Message::Rows { at: self.now, rows });
            self.wait(STEP);
        }
    }

    fn enter(&mut self, participants: &[Value]) {
        let participants: Vec<Participant> =
            participants.iter().map(|own| Participant::read(&participant(own), "").unwrap()).collect();
        self.last = participants.iter().map(|own| (own.place(), own.clone())).collect();
        let kind = |dn: &str| match dn {
            "816" | "817" => "Wqueue",
            "800" => "Wroutepoint",
            "SP1" => "Wparking",
            _ => "Wextension",
        };
        let entry = |dn: &str| Entry {
            dn: dn.to_owned(),
            kind: kind(dn).to_owned(),
            participants: participants.iter().filter(|own| own.dn == dn).cloned().collect(),
        };
        self.entries = ["150", "151", "800", "816", "817", "SP1"].map(entry).to_vec();
    }

    /// Everything, as often as it is asked for.
    fn shows(&mut self, times: u64, participants: &[Value]) {
        self.enter(participants);
        for _ in 0..times {
            self.say(Message::Everything { at: self.now, entries: self.entries.clone() });
            self.wait(STEP);
        }
    }

    /// The same state, told by what changes.
    fn tells(&mut self, times: u64, participants: &[Value]) {
        let before = self.last.clone();
        self.enter(participants);
        for (place, participant) in self.last.clone() {
            if before.get(&place) != Some(&participant) {
                // It is said twice.
                self.say(Message::Changed(place.clone()));
                self.say(Message::Changed(place));
            }
        }
        for place in before.into_keys().filter(|place| !self.last.contains_key(place)).collect::<Vec<_>>() {
            self.say(Message::Removed { at: self.now, place });
        }
        self.wait(times * STEP);
    }

    fn end(mut self) -> Vec<String> {
        self.wait(5000);
        assert_eq!(self.tracker.open(), 0);
        self.lines
    }
}

/// A line of a list, with times of all kinds.
fn row([id, caller, callee, status]: &[&str; 4]) -> Row {
    let row = json!({ "Id": id.parse::<u64>().unwrap(), "Caller": caller, "Callee": callee, "Status": status,
                      "LastChangeStatus": null, "EstablishedAt": "0001-01-01T00:00:00" });
    Row::read(&row).unwrap()
}

/// A participant as published ones are, but for these fields.
fn participant(own: &Value) -> Value {
    let mut participant = json!({
        "id": 8106, "status": "Ringing", "dn": "150", "party_caller_name": "", "party_dn": "10000",
        "party_caller_id": "+4930123456", "party_did": "", "device_id": "sip:150@127.0.0.1:5063",
        "party_dn_type": "Wexternalline", "direct_control": false, "originated_by_dn": "ROUTER",
        "originated_by_type": "Wroutepoint", "referred_by_dn": "", "referred_by_type": "None",
        "on_behalf_of_dn": "", "on_behalf_of_type": "None", "callid": 1264, "legid": 4
    });
    for (name, value) in own.as_object().unwrap() {
        participant[name] = value.clone();
    }
    participant
}

/// States of a vector: how many polls it lasts, and the lines.
type Rows<'a> = &'a [(u64, &'a [[&'a str; 4]])];

fn legacy(rules: Rules, states: Rows<'_>) -> Vec<String> {
    let mut followed = Followed3cx::new(rules);
    followed.polls(1, &[]);
    for (times, rows) in states {
        followed.polls(*times, rows);
    }
    followed.polls(1, &[]);
    followed.end()
}

#[test]
fn lists_of_before_version_20_become_the_right_events() {
    // (name, states, events)
    let cases: &[(&str, Rows<'_>, &[&str])] = &[
        (
            "P1 answered",
            &[(3, &[["1", TRUNK, ALICE, "Routing"]]), (3, &[["1", TRUNK, ALICE, "Talking"]])],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "P2 missed",
            &[(3, &[["1", TRUNK, ALICE, "Routing"]])],
            &["#1 newCall in 4930123456→150 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "P3 a queue, answered",
            &[
                (2, &[["1", TRUNK, QUEUE, "Initiating"]]),
                (2, &[["1", TRUNK, QUEUE, "Talking"]]),
                (3, &[["1", TRUNK, ALICE, "Transferring"]]),
                (3, &[["1", TRUNK, ALICE, "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→816 queue=816",
                "#1 answer ans=150 user=Alice Agent",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "P4 a queue, missed",
            &[(2, &[["1", TRUNK, QUEUE, "Talking"]]), (3, &[["1", TRUNK, ALICE, "Transferring"]])],
            &["#1 newCall in 4930123456→816 queue=816", "#1 hangup cancel"],
        ),
        (
            "P4 given up while it is greeted",
            &[(2, &[["1", TRUNK, QUEUE, "Talking"]])],
            &["#1 newCall in 4930123456→816 queue=816", "#1 hangup cancel"],
        ),
        (
            "P5 out, answered",
            &[(3, &[["1", ALICE, TRUNK, "Routing"]]), (3, &[["1", ALICE, TRUNK, "Talking"]])],
            &["#1 newCall out 150→4930123456 user=Alice Agent", "#1 answer", "#1 hangup normalClearing"],
        ),
        (
            "P6 out, unanswered",
            &[(3, &[["1", ALICE, TRUNK, "Routing"]])],
            &["#1 newCall out 150→4930123456 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "P7 two phones ring",
            &[
                (3, &[["1", TRUNK, ALICE, "Routing"], ["1", TRUNK, BOB, "Routing"]]),
                (3, &[["1", TRUNK, BOB, "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent,Bob Agent",
                "#1 answer ans=151 user=Bob Agent",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "P9 two calls",
            &[
                (2, &[["1", TRUNK, ALICE, "Routing"]]),
                (2, &[["1", TRUNK, ALICE, "Talking"], ["2", OTHER, BOB, "Routing"]]),
                (2, &[["1", TRUNK, ALICE, "Talking"], ["2", OTHER, BOB, "Talking"]]),
                (6, &[["2", OTHER, BOB, "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 newCall in 49401112233→151 user=Bob Agent",
                "#2 answer ans=151 user=Bob Agent",
                "#1 hangup normalClearing",
                "#2 hangup normalClearing",
            ],
        ),
        (
            "P10 seen once",
            &[(1, &[["2", TRUNK, ALICE, "Talking"]])],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "P15 a bracket that is not closed",
            &[(2, &[["1", "10000 Trunk (+4930123456", ALICE, "Routing"]])],
            &["#1 newCall in 4930123456→150 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "no brackets",
            &[(2, &[["1", "10000 Trunk", ALICE, "Routing"]])],
            &["#1 newCall in anonymous→150 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "a trunk and a queue of other lengths",
            &[(2, &[["1", "100001 Trunk (+4930123456)", ALICE, "Routing"]])],
            &["#1 newCall in 4930123456→150 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "a name with brackets",
            &[(2, &[["1", TRUNK, "151 Bob (Sales)", "Routing"]])],
            &["#1 newCall in 4930123456→151 user=Bob Agent", "#1 hangup cancel"],
        ),
        (
            "nobody of the group",
            &[(3, &[["1", TRUNK, "199 Carol", "Routing"]]), (3, &[["1", TRUNK, "199 Carol", "Talking"]])],
            &[],
        ),
        (
            "a menu that picks up is not a person",
            &[
                (2, &[["1", TRUNK, "800 Welcome", "Talking"]]),
                (2, &[["1", TRUNK, ALICE, "Routing"]]),
                (2, &[["1", TRUNK, "801 Goodbye", "Talking"]]),
            ],
            &["#1 newCall in 4930123456→150 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "a colleague outside of the group takes it",
            &[
                (2, &[["1", TRUNK, ALICE, "Routing"]]),
                (2, &[["1", TRUNK, "199 Carol", "Routing"]]),
                (2, &[["1", TRUNK, "199 Carol", "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=199 user=Carol",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "voicemail",
            &[(2, &[["1", TRUNK, ALICE, "Routing"]]), (2, &[["1", TRUNK, "Voicemail Menu", "Talking"]])],
            &["#1 newCall in 4930123456→150 user=Alice Agent", "#1 answer voicemail", "#1 hangup cancel"],
        ),
        ("internal", &[(3, &[["1", ALICE, BOB, "Routing"]]), (3, &[["1", ALICE, BOB, "Talking"]])], &[]),
        (
            "a number that begins again",
            &[(2, &[["1", TRUNK, ALICE, "Talking"]]), (2, &[["1", OTHER, ALICE, "Routing"]])],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 newCall in 49401112233→150 user=Alice Agent",
                "#1 hangup normalClearing",
                "#2 hangup cancel",
            ],
        ),
        (
            "two who withhold their number",
            &[
                (2, &[["1", HIDDEN, ALICE, "Routing"], ["2", HIDDEN, BOB, "Routing"]]),
                (2, &[["1", HIDDEN, ALICE, "Talking"], ["2", HIDDEN, BOB, "Routing"]]),
                (6, &[["1", HIDDEN, ALICE, "Talking"]]),
            ],
            &[
                "#1 newCall in anonymous→150 user=Alice Agent",
                "#2 newCall in anonymous→151 user=Bob Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 hangup cancel",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "two who withhold their number, in a queue",
            &[
                (2, &[["1", HIDDEN, QUEUE, "Talking"]]),
                (2, &[["1", HIDDEN, QUEUE, "Talking"], ["2", HIDDEN, QUEUE, "Talking"]]),
                (2, &[["1", HIDDEN, ALICE, "Transferring"], ["2", HIDDEN, QUEUE, "Talking"]]),
                (2, &[["1", HIDDEN, ALICE, "Talking"], ["2", HIDDEN, QUEUE, "Talking"]]),
                (6, &[["1", HIDDEN, ALICE, "Talking"]]),
            ],
            &[
                "#1 newCall in anonymous→816 queue=816",
                "#2 newCall in anonymous→816 queue=816",
                "#1 answer ans=150 user=Alice Agent",
                "#2 hangup cancel",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "one number calls twice",
            &[
                (2, &[["1", TRUNK, ALICE, "Talking"]]),
                (2, &[["1", TRUNK, ALICE, "Talking"], ["2", TRUNK, BOB, "Routing"]]),
                (6, &[["1", TRUNK, ALICE, "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 newCall in 4930123456→151 user=Bob Agent",
                "#2 hangup cancel",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "one that withholds its number has the number of one with a number",
            &[(2, &[["1", HIDDEN, ALICE, "Talking"]]), (2, &[["1", OTHER, BOB, "Routing"]])],
            &[
                "#1 newCall in anonymous→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 newCall in 49401112233→151 user=Bob Agent",
                "#1 hangup normalClearing",
                "#2 hangup cancel",
            ],
        ),
        (
            "rings and waits for longer than three minutes",
            &[
                (400, &[["1", TRUNK, QUEUE, "Talking"]]),
                (400, &[["1", TRUNK, ALICE, "Routing"]]),
                (1, &[["1", TRUNK, ALICE, "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→816 queue=816",
                "#1 answer ans=150 user=Alice Agent",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "the queue is listed last and stays",
            &[
                (2, &[["1", TRUNK, QUEUE, "Talking"]]),
                (2, &[["1", TRUNK, ALICE, "Transferring"], ["1", TRUNK, QUEUE, "Talking"]]),
                (2, &[["1", TRUNK, ALICE, "Talking"], ["1", TRUNK, QUEUE, "Talking"]]),
            ],
            &[
                "#1 newCall in 4930123456→816 queue=816",
                "#1 answer ans=150 user=Alice Agent",
                "#1 hangup normalClearing",
            ],
        ),
        (
            "both are listed at once, the queue last",
            &[(2, &[["1", TRUNK, ALICE, "Routing"], ["1", TRUNK, QUEUE, "Talking"]])],
            &["#1 newCall in 4930123456→816 queue=816 user=Alice Agent", "#1 hangup cancel"],
        ),
        (
            "passed on to a colleague outside of the group",
            &[
                (2, &[["1", TRUNK, ALICE, "Talking"]]),
                (8, &[["1", TRUNK, "199 Carol", "Transferring"]]),
                (8, &[["1", TRUNK, "199 Carol", "Talking"]]),
                (1, &[["1", TRUNK, BOB, "Talking"], ["2", OTHER, ALICE, "Routing"]]),
                (6, &[["2", OTHER, ALICE, "Routing"]]),
            ],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 newCall in 49401112233→150 user=Alice Agent",
                "#1 hangup normalClearing",
                "#2 hangup cancel",
            ],
        ),
        (
            "several that end at once end as they began",
            &[
                (2, &[["7", TRUNK, ALICE, "Talking"]]),
                (2, &[["7", TRUNK, ALICE, "Talking"], ["3", OTHER, BOB, "Routing"]]),
                (
                    2,
                    &[
                        ["5", "10000 Trunk (+33123456789)", ALICE, "Routing"],
                        ["3", OTHER, BOB, "Talking"],
                        ["7", TRUNK, ALICE, "Talking"],
                    ],
                ),
            ],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#2 newCall in 49401112233→151 user=Bob Agent",
                "#2 answer ans=151 user=Bob Agent",
                "#3 newCall in 33123456789→150 user=Alice Agent",
                "#1 hangup normalClearing",
                "#2 hangup normalClearing",
                "#3 hangup cancel",
            ],
        ),
        (
            "numbers of two digits and a SIP address",
            &[(2, &[["1", "100000 Trunk (sip:+4930123456@example.com)", "15 Dora", "Routing"]])],
            &["#1 newCall in 4930123456→15 user=Dora", "#1 hangup cancel"],
        ),
        (
            "missing for a moment",
            &[(2, &[["1", TRUNK, ALICE, "Talking"]]), (2, &[]), (2, &[["1", TRUNK, ALICE, "Talking"]])],
            &[
                "#1 newCall in 4930123456→150 user=Alice Agent",
                "#1 answer ans=150 user=Alice Agent",
                "#1 hangup normalClearing",
            ],
        ),
    ];
    for (name, states, expected) in cases {
        assert_eq!(legacy(Rules::default(), states), *expected, "{name}");
    }
}

/// P10 b and c without a group: what `extensions` says tells whether it is a person who talks when first seen.
#[test]
fn who_talks_when_first_seen_has_answered_if_the_number_is_known_to_be_a_persons() {
    let [alice, welcome] = [ALICE, "80 Welcome"];
    let (new_call, answer) =
        ("#1 newCall in 4930123456→150 user=Alice Agent", "#1 answer ans=150 user=Alice Agent");
    let menu = "#1 newCall in 4930123456→80";
    let (end, cancel) = ("#1 hangup normalClearing", "#1 hangup cancel");
    // (`extensions`, who is called, how often that is seen, events)
    let cases: [(Option<&str>, &str, u64, &[&str]); 7] = [
        (Some("3"), alice, 1, &[new_call, answer, end]),
        (Some("3"), alice, 3, &[new_call, answer, end]),
        (Some("1*"), alice, 1, &[new_call, answer, end]),
        (Some("3"), welcome, 3, &[menu, cancel]),
        (Some("1*"), welcome, 3, &[menu, cancel]),
        // It may be a menu.
        (None, alice, 3, &["#1 newCall in 4930123456→150", cancel]),
        (
            Some("3"),
            "150 Voicemail of Alice",
            3,
            &["#1 newCall in 4930123456→150", "#1 answer voicemail", cancel],
        ),
    ];
    for (extensions, called, times, expected) in cases {
        let mut followed = Followed3cx::new(Rules::default());
        let extensions = extensions.map(|own| List(vec![own.to_owned()]));
        followed.source = ThreeCx::new(&ThreeCxSettings { extensions, ..settings() });
        followed.polls(1, &[]);
        followed.polls(times, &[["1", TRUNK, called, "Talking"]]);
        followed.polls(1, &[]);
        assert_eq!(followed.end(), expected, "{called}, {times} times");
    }
}

#[test]
fn a_transfer_before_version_20_stays_one_call() {
    let begin: [(u64, &[[&str; 4]]); 3] = [
        (2, &[["1", TRUNK, ALICE, "Routing"]]),
        (2, &[["1", TRUNK, ALICE, "Talking"]]),
        (3, &[["1", TRUNK, BOB, "Transferring"]]),
    ];
    let taken: [(u64, &[[&str; 4]]); 1] = [(3, &[["1", TRUNK, BOB, "Talking"]])];
    let new_call = "#1 newCall in 4930123456→150 user=Alice Agent";
    let (alice, bob) = ("#1 answer ans=150 user=Alice Agent", "#1 answer ans=151 user=Bob Agent");
    let end = "#1 hangup normalClearing";
    let both = Rules { second_answer: true, ..Rules::default() };
    let whole = [&begin[..], &taken[..]].concat();
    assert_eq!(legacy(both.clone(), &whole), [new_call, alice, bob, end]);
    assert_eq!(legacy(Rules::default(), &whole), [new_call, alice, end]);
    assert_eq!(legacy(both, &begin), [new_call, alice, end]);
}

/// With a word before: the other one is called first, and then gets the caller.
#[test]
fn a_transfer_with_a_word_before_is_that_of_who_talked_to_the_other_one() {
    let carol = "152 Carol";
    let consult: [&str; 4] = ["9", ALICE, BOB, "Talking"];
    let both = Rules { second_answer: true, ..Rules::default() };
    for (caller, from) in [(TRUNK, "4930123456"), (HIDDEN, "anonymous")] {
        // Somebody else with the same number, or also without one, is there already and stays.
        let other: [&str; 4] = ["1", caller, carol, "Talking"];
        let own: [&str; 4] = ["2", caller, ALICE, "Talking"];
        let states: [(u64, &[[&str; 4]]); 5] = [
            (2, &[other]),
            (2, &[other, own]),
            (2, &[other, own, consult]),
            (2, &[other, ["9", caller, BOB, "Talking"]]),
            (6, &[other]),
        ];
        let mut followed = Followed3cx::new(both.clone());
        let mut names = names();
        names.people.push(("152".to_owned(), None));
        followed.say(Message::People(names));
        for (times, rows) in states {
            followed.polls(times, rows);
        }
        followed.polls(1, &[]);
        assert_eq!(
            followed.end(),
            [
                &format!("#1 newCall in {from}→152 user=Carol"),
                "#1 answer ans=152 user=Carol",
                &format!("#2 newCall in {from}→150 user=Alice Agent"),
                "#2 answer ans=150 user=Alice Agent",
                "#2 answer ans=151 user=Bob Agent",
                "#2 hangup normalClearing",
                "#1 hangup normalClearing",
            ],
            "{from}"
        );
    }
}

#[test]
fn what_callers_have_dialled_may_be_told_by_their_trunk() {
    let dialled = |trunk: &str, number: &str| (trunk.to_owned(), number.to_owned());
    let numbers = [dialled("10000", "4930600000"), dialled("10001", "4930600001")];
    let trunk_numbers = Some(TrunkNumbers(numbers.into_iter().collect()));
    let mut followed = Followed3cx::new(Rules::default());
    followed.source = ThreeCx::new(&ThreeCxSettings { trunk_numbers, ..settings() });
    followed.say(Message::People(names()));
    followed.polls(2, &[["1", TRUNK, QUEUE, "Talking"]]);
    followed.polls(8, &[["2", "10001 Other (+49401112233)", ALICE, "Routing"]]);
    followed.polls(8, &[["3", ALICE, TRUNK, "Routing"]]);
    followed.polls(1, &[]);
    assert_eq!(
        followed.end(),
        [
            "#1 newCall in 4930123456→4930600000 queue=816",
            "#2 newCall in 49401112233→4930600001 user=Alice Agent",
            "#1 hangup cancel",
            "#3 newCall out 150→4930123456 user=Alice Agent",
            "#2 hangup cancel",
            "#3 hangup cancel",
        ]
    );
}
