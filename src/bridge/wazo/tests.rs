//! Conversations as Wazo tells of them, and what has to become of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Message, Request, Wazo};
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::event::{Direction, Users};

const ANNA: &str = "7a1c2f3e-0000-4000-8000-000000000101";
const BERT: &str = "7a1c2f3e-0000-4000-8000-000000000102";

/// One leg as events have it; `more` is what is not as in most.
fn leg(id: &str, user: Option<&str>, numbers: [&str; 3], more: Value) -> Map<String, Value> {
    let [own, peer, dialled] = numbers;
    let mut leg = json!({
        "call_id": id, "conversation_id": "1.1", "user_uuid": user, "caller_id_number": own,
        "peer_caller_id_number": peer, "dialed_extension": dialled, "is_caller": false, "direction": "internal",
        "status": "Ringing", "talking_to": {}, "line_id": 4, "creation_time": "2026-08-18T09:00:00.000000+0000",
    });
    leg.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    leg.as_object().unwrap().clone()
}

type Step = (&'static str, Map<String, Value>);

/// A customer calls, two phones ring, and one is picked up.
fn ring_group(direction: &'static str) -> Vec<Step> {
    let trunk = |more: Value| {
        let mut leg = leg(
            "1.1",
            None,
            ["4940669690", "", "493023125600"],
            json!({ "is_caller": true, "direction": "inbound" }),
        );
        leg.extend(more.as_object().unwrap().clone());
        leg
    };
    let anna = |more: Value| {
        let mut leg =
            leg("1.2", Some(ANNA), ["101", "4940669690", "493023125600"], json!({ "direction": direction }));
        leg.extend(more.as_object().unwrap().clone());
        leg
    };
    let bert = |more: Value| {
        let mut leg =
            leg("1.3", Some(BERT), ["102", "4940669690", "493023125600"], json!({ "direction": direction }));
        leg.extend(more.as_object().unwrap().clone());
        leg
    };
    vec![
        ("call_created", trunk(json!({ "status": "Ring" }))),
        // The phone system answers with its greeting.
        ("call_answered", trunk(json!({ "status": "Up" }))),
        ("call_created", anna(json!({ "status": "Down" }))),
        ("call_created", bert(json!({ "status": "Down" }))),
        ("call_updated", anna(json!({}))),
        ("call_updated", bert(json!({}))),
        ("call_answered", bert(json!({ "status": "Up" }))),
        ("call_ended", anna(json!({ "reason_code": 26 }))),
        (
            "call_updated",
            bert(json!({ "status": "Up", "direction": "inbound", "talking_to": { "1.1": "" } })),
        ),
        ("call_ended", bert(json!({ "status": "Up", "reason_code": 16 }))),
        (
            "user_missed_call",
            json!({ "user_uuid": ANNA, "caller_user_uuid": null, "conversation_id": "1.1",
            "caller_id_number": "4940669690" })
            .as_object()
            .unwrap()
            .clone(),
        ),
        ("call_ended", trunk(json!({ "status": "Up", "reason_code": 16 }))),
    ]
}

fn name_of(user: &str) -> Option<String> {
    [(ANNA, "Anna Agent"), (BERT, "Bert Berger")]
        .into_iter()
        .find(|(id, _)| *id == user)
        .map(|(_, name)| name.to_owned())
}

struct Following {
    source: Wazo,
    tracker: Tracker,
    /// the legs that there are
    there: BTreeMap<String, Map<String, Value>>,
    now: f64,
    told: Vec<String>,
}

impl Following {
    fn new(rules: Rules) -> Self {
        let tracker = Tracker::new(rules);
        Self { source: Wazo::default(), tracker, there: BTreeMap::new(), now: 1.0, told: Vec::new() }
    }

    fn connect(&mut self) {
        for request in self.source.begin("") {
            self.answer(request);
        }
    }

    fn answer(&mut self, request: Request) {
        self.say(match request {
            Request::Calls => Message::Calls(self.there.values().cloned().collect()),
            Request::User(uuid) => Message::User { name: name_of(&uuid), uuid },
        });
    }

    /// It happens at the phone system.
    fn happens(&mut self, (name, data): &Step) {
        let id = data.get("call_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        match *name {
            "call_ended" => drop(self.there.remove(&id)),
            "user_missed_call" => {}
            _ => drop(self.there.insert(id, data.clone())),
        }
    }

    fn step(&mut self, step: &Step) {
        self.happens(step);
        self.say(Message::Event { name: step.0.to_owned(), data: step.1.clone() });
        self.now += 0.01;
    }

    fn say(&mut self, message: Message) {
        let now = Duration::from_secs_f64(self.now);
        for heard in self.source.understand(message) {
            match heard {
                Heard::Fact(fact) => self.tracker.hear(fact, now),
                Heard::Standing(legs) => self.tracker.compare(&legs, now),
                Heard::Seen(legs) => self.tracker.see(&legs, now),
                Heard::Ask(request) => self.answer(request),
                Heard::Remark(_) | Heard::Rights(_) | Heard::Passed(_) | Heard::Repeated(_) => {}
            }
        }
        self.take();
    }

    fn pass(&mut self) {
        self.now += 5.0;
        self.tracker.pass(Duration::from_secs_f64(self.now));
        self.take();
    }

    fn take(&mut self) {
        for followed in self.tracker.followed().collect::<Vec<_>>() {
            let Followed::Event(_, event) = followed else { continue };
            let users = match &event.user {
                Some(Users::One(user)) => user.clone(),
                Some(Users::Several(users)) => users.join("+"),
                None => String::new(),
            };
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let line = format!(
                "{} {} {} {}>{} {users} {}",
                event.call_id,
                event.event.as_str(),
                event.direction.map(crate::event::Direction::as_str).unwrap_or_default(),
                text(&event.from),
                text(&event.to),
                text(&event.cause)
            );
            self.told.push(line.trim().to_owned());
        }
    }
}

fn told(steps: &[Step]) -> Vec<String> {
    told_by(Rules::default(), steps)
}

fn told_by(rules: Rules, steps: &[Step]) -> Vec<String> {
    let mut following = Following::new(rules);
    following.connect();
    steps.iter().for_each(|step| following.step(step));
    following.pass();
    following.told
}

const RING_GROUP: [&str; 3] = [
    "wazo-1.1 newCall in 4940669690>493023125600 Anna Agent+Bert Berger",
    "wazo-1.1 answer in 4940669690>493023125600 Bert Berger",
    "wazo-1.1 hangup in 4940669690>493023125600  normalClearing",
];

#[test]
fn the_legs_of_a_conversation_are_one_call() {
    for direction in ["internal", "inbound"] {
        assert_eq!(told(&ring_group(direction)), RING_GROUP, "{direction}");
    }
}

/// Somebody who sees only their own leg learns of its direction when it is answered.
#[test]
fn a_direction_may_be_put_right_until_the_end() {
    let anna = |more: Value| leg("1.2", Some(ANNA), ["101", "4940669690", "493023125101"], more);
    let rings = || [("call_created", anna(json!({}))), ("call_updated", anna(json!({})))];
    let then = |more: Vec<Step>| rings().into_iter().chain(more).collect::<Vec<_>>();
    let up = json!({ "status": "Up" });
    let put_right = json!({ "status": "Up", "direction": "inbound", "talking_to": { "1.1": "" } });
    let ended = json!({ "status": "Up", "direction": "inbound", "reason_code": 16 });
    assert_eq!(
        told(&then(vec![
            ("call_answered", anna(up)),
            ("call_updated", anna(put_right)),
            ("call_ended", anna(ended))
        ])),
        [
            "wazo-1.1 newCall in 4940669690>493023125101 Anna Agent",
            "wazo-1.1 answer in 4940669690>493023125101 Anna Agent",
            "wazo-1.1 hangup in 4940669690>493023125101  normalClearing"
        ]
    );
    // Nobody answers: the number is too long for one of the house.
    assert_eq!(
        told(&then(vec![("call_ended", anna(json!({ "reason_code": 17 })))])),
        [
            "wazo-1.1 newCall in 4940669690>493023125101 Anna Agent",
            "wazo-1.1 hangup in 4940669690>493023125101  busy"
        ]
    );
}

#[test]
fn a_call_to_the_outside_is_answered_by_its_far_end() {
    let anna = |more: Value| {
        let mut leg = leg(
            "1.1",
            Some(ANNA),
            ["101", "4940669690", "4940669690"],
            json!({ "is_caller": true, "direction": "outbound", "status": "Ring" }),
        );
        leg.extend(more.as_object().unwrap().clone());
        leg
    };
    let trunk = |more: Value| {
        let mut leg = leg("1.2", None, ["4940669690", "101", ""], json!({ "direction": "outbound" }));
        leg.extend(more.as_object().unwrap().clone());
        leg
    };
    let begin = vec![("call_created", anna(json!({}))), ("call_created", trunk(json!({})))];
    let answered = [
        // The phone system plays its own ringing tone.
        ("call_answered", anna(json!({ "status": "Up" }))),
        ("call_answered", trunk(json!({ "status": "Up" }))),
        ("call_ended", trunk(json!({ "reason_code": 16 }))),
        ("call_ended", anna(json!({ "reason_code": 16 }))),
    ];
    let new_call = "wazo-1.1 newCall out 101>4940669690 Anna Agent";
    let steps: Vec<Step> = begin.iter().cloned().chain(answered).collect();
    let expected = [
        new_call,
        "wazo-1.1 answer out 101>4940669690",
        "wazo-1.1 hangup out 101>4940669690  normalClearing",
    ];
    assert_eq!(told(&steps), expected);
    let busy = [
        ("call_ended", trunk(json!({ "reason_code": 17 }))),
        ("call_ended", anna(json!({ "reason_code": 17 }))),
    ];
    let steps: Vec<Step> = begin.into_iter().chain(busy).collect();
    assert_eq!(told(&steps), [new_call, "wazo-1.1 hangup out 101>4940669690  busy"]);
}

#[test]
fn calls_between_two_phones_are_reported_if_that_is_wanted() {
    let anna = |more: Value| {
        let mut leg = leg("1.1", Some(ANNA), ["101", "102", "102"], json!({ "is_caller": true }));
        leg.extend(more.as_object().unwrap().clone());
        leg
    };
    let bert = |more: Value| leg("1.2", Some(BERT), ["102", "101", "102"], more);
    let steps = [
        ("call_created", anna(json!({}))),
        ("call_created", bert(json!({}))),
        ("call_answered", bert(json!({ "status": "Up" }))),
        ("call_updated", bert(json!({ "status": "Up", "talking_to": { "1.1": ANNA } }))),
        ("call_ended", bert(json!({ "reason_code": 16 }))),
        ("call_ended", anna(json!({ "reason_code": 16 }))),
    ];
    assert_eq!(told(&steps), [""; 0]);
    let told = told_by(Rules { internal: true, ..Rules::default() }, &steps);
    let expected = [
        "newCall in 101>102 Bert Berger",
        "answer in 101>102 Bert Berger",
        "hangup in 101>102  normalClearing",
    ];
    assert_eq!(told, expected.map(|line| format!("wazo-1.1 {line}")));
}

/// A customer hears a menu, and nobody's phone rings.
fn menu(direction: &str, number: &str) -> [Step; 3] {
    let trunk = |status: &str, cause: u8| {
        let more =
            json!({ "is_caller": true, "direction": direction, "status": status, "reason_code": cause });
        leg("1.1", None, [number, "493023125600", "493023125600"], more)
    };
    [("call_created", trunk("Ring", 0)), ("call_answered", trunk("Up", 0)), ("call_ended", trunk("Up", 16))]
}

#[test]
fn a_caller_who_hangs_up_in_a_menu_is_missed() {
    for (direction, number) in [("inbound", "4940669690"), ("internal", "4940669690"), ("internal", "")] {
        let from = if number.is_empty() { "anonymous" } else { number };
        let expected = [
            format!("wazo-1.1 newCall in {from}>493023125600"),
            format!("wazo-1.1 hangup in {from}>493023125600  noAnswer"),
        ];
        let steps = menu(direction, number);
        assert_eq!(told(&steps), expected, "{direction} {number}");
        let mut following = Following::new(Rules::default());
        // The list at the beginning has it as `Up`, and nobody talks.
        following.happens(&steps[1]);
        following.connect();
        assert_eq!(following.told, [""; 0], "{direction} {number}");
        following.step(&steps[2]);
        following.pass();
        assert_eq!(following.told, expected, "{direction} {number}");
    }
}

/// It rang at a phone before, and is in a menu, a queue or a voicemail box when another process follows.
#[test]
fn a_call_that_was_reported_goes_on_where_no_phone_rings() {
    let steps = menu("internal", "4940669690");
    let mut following = Following::new(Rules::default());
    let open = Open {
        id: "wazo-1.1".to_owned(),
        direction: Direction::Inbound,
        from: Some("4940669690".to_owned()),
        to: "493023125600".to_owned(),
        answered: None,
    };
    following.source.take_up(&open);
    following.tracker.take_up(open, Duration::ZERO);
    following.happens(&steps[1]);
    following.connect();
    following.pass();
    assert_eq!(following.told, [""; 0], "somebody is still there, and nobody answered");
    following.step(&steps[2]);
    following.pass();
    assert_eq!(following.told, ["wazo-1.1 hangup in 4940669690>493023125600  noAnswer"]);
}

#[test]
fn a_connection_that_is_lost_at_any_event_changes_nothing() {
    let steps = ring_group("inbound");
    for cut in 0..=steps.len() {
        let mut following = Following::new(Rules { hold: Duration::from_secs(1), ..Rules::default() });
        following.connect();
        steps[..cut].iter().for_each(|step| following.step(step));
        following.connect();
        steps[cut..].iter().for_each(|step| following.step(step));
        following.pass();
        assert_eq!(following.told, RING_GROUP, "cut before {cut}");
    }
}

#[test]
fn what_is_missed_while_the_connection_is_lost_is_found_out() {
    let steps = ring_group("inbound");
    for cut in 0..steps.len() {
        for back in cut + 1..=steps.len() {
            let mut following = Following::new(Rules::default());
            following.connect();
            steps[..cut].iter().for_each(|step| following.step(step));
            steps[cut..back].iter().for_each(|step| following.happens(step));
            following.connect();
            steps[back..].iter().for_each(|step| following.step(step));
            following.pass();
            let of = |kind: &str| following.told.iter().filter(|line| line.contains(kind)).count();
            let (calls, answers, ends) = (of(" newCall "), of(" answer "), of(" hangup "));
            assert!(calls <= 1 && answers <= calls && ends == calls, "{cut}..{back}: {:?}", following.told);
            assert_eq!(following.tracker.open(), 0, "{cut}..{back}");
        }
    }
}

/// A name that does not come is no reason to wait for ever, and other calls do not wait at all.
#[test]
fn who_is_not_named_rings_all_the_same() {
    let mut source = Wazo::default();
    let _ = source.begin("");
    let created = |conversation: &str, user: &str| {
        let mut leg =
            leg(conversation, Some(user), ["101", "4940669690", "1"], json!({ "direction": "inbound" }));
        leg.insert("conversation_id".to_owned(), conversation.into());
        Message::Event { name: "call_updated".to_owned(), data: leg }
    };
    let facts =
        |heard: Vec<Heard<Request>>| heard.iter().filter(|heard| matches!(heard, Heard::Fact(_))).count();
    assert_eq!(facts(source.understand(Message::User { uuid: BERT.to_owned(), name: None })), 0);
    assert_eq!(facts(source.understand(created("1.1", ANNA))), 0);
    assert_eq!(facts(source.understand(created("2.1", BERT))), 2);
    // Nor does the list wait, or what comes after it; but a call of which it tells first.
    let listed = ["1.1", "3.1"].map(|conversation| match created(conversation, ANNA) {
        Message::Event { data, .. } => data,
        other => panic!("{other:?}"),
    });
    let heard = source.understand(Message::Calls(listed.to_vec()));
    assert!(matches!(heard[..], [Heard::Standing(_)]), "{heard:?}");
    assert_eq!(facts(source.understand(created("4.1", BERT))), 2);
    assert_eq!(facts(source.understand(Message::User { uuid: ANNA.to_owned(), name: None })), 4);
    // A name that comes late is known from then on.
    let name = Some("Anna Agent".to_owned());
    assert_eq!(facts(source.understand(Message::User { uuid: ANNA.to_owned(), name })), 0);
    let heard = format!("{:?}", source.understand(created("5.1", ANNA)));
    assert!(heard.contains("Anna Agent"), "{heard}");
}

/// It is compared with the list, which has to tell of it at once.
#[test]
fn a_call_that_was_reported_goes_on_while_a_name_is_asked_for() {
    let mut following = Following::new(Rules::default());
    let steps = ring_group("inbound");
    let open = Open {
        id: "wazo-1.1".to_owned(),
        direction: Direction::Inbound,
        from: Some("4940669690".to_owned()),
        to: "493023125600".to_owned(),
        answered: None,
    };
    following.source.take_up(&open);
    following.tracker.take_up(open, Duration::ZERO);
    let _ = following.source.begin("");
    steps[..7].iter().for_each(|step| following.happens(step));
    let legs = following.there.values().cloned().collect();
    let heard = following.source.understand(Message::Calls(legs));
    for heard in heard {
        match heard {
            Heard::Fact(fact) => following.tracker.hear(fact, Duration::from_secs(1)),
            Heard::Standing(legs) => following.tracker.compare(&legs, Duration::from_secs(1)),
            // Nobody tells names.
            Heard::Ask(_)
            | Heard::Seen(_)
            | Heard::Remark(_)
            | Heard::Rights(_)
            | Heard::Passed(_)
            | Heard::Repeated(_) => {}
        }
    }
    following.pass();
    assert_eq!(following.tracker.open(), 1, "{:?}", following.told);
    assert!(!following.told.iter().any(|line| line.contains("hangup")), "{:?}", following.told);
}
