//! Pictures that nobody would think of: whatever is shown, and in whatever order, a call is told of once and has an end.

use std::collections::HashMap;

use super::*;
use crate::bridge::tracker::CallNumber;

/// Numbers that seem to be thrown, and are the same each time.
///
/// Source: G. Marsaglia, "Xorshift RNGs" (2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn participant(&mut self) -> Value {
        let party = *self.one(&["10000", "10001", "150", "151", "816", "SP1", ""]);
        json!({
            "id": 1 + self.below(4), "dn": *self.one(&["150", "150", "151", "152", "816", "817", "800", "999"]),
            "status": *self.one(&["Ringing", "Dialing", "Connected", "Connected", "Held", ""]),
            "callid": 40 + self.below(3), "legid": 1 + self.below(4), "party_dn": party,
            "party_dn_type": *self.one(&["Wexternalline", "Wexternalline", "Wextension", "Wqueue", "Wparking",
                                         "Wspecialmenu", "Wfuture", "None", ""]),
            "party_caller_id": *self.one(&["+4930123456", "030123456", "+49401112233", "", "anonymous", "150"]),
            "party_did": *self.one(&["", "", "+4930600000"]),
            "originated_by_dn": *self.one(&["", "ROUTER", "150"]),
            "originated_by_type": *self.one(&["None", "Wroutepoint", "Wextension"]),
            "on_behalf_of_dn": *self.one(&["", "816", "800"]),
            "on_behalf_of_type": *self.one(&["None", "Wqueue", "Wringgroup"]),
            "referred_by_dn": *self.one(&["", "150"]),
        })
    }

    fn row(&mut self) -> [String; 4] {
        let sides = [TRUNK, OTHER, ALICE, BOB, QUEUE, "10000 Trunk ()", "Voicemail Menu", "152 Carol", ""];
        let words = ["Routing", "Talking", "Transferring", "Initiating", "Held"];
        let id = (1 + self.below(3)).to_string();
        [id, (*self.one(&sides)).to_owned(), (*self.one(&sides)).to_owned(), (*self.one(&words)).to_owned()]
    }
}

/// What was told of a call.
#[derive(Default)]
struct Told {
    id: String,
    answers: usize,
    voicemails: usize,
    has_ended: bool,
}

struct Watched {
    followed: Followed3cx,
    calls: HashMap<CallNumber, Told>,
}

impl Watched {
    fn new() -> Self {
        Self { followed: Followed3cx::new(Rules::default()), calls: HashMap::new() }
    }

    /// As the feed does, but for the answers: they come when the dice say so.
    fn say(&mut self, message: Message) -> Vec<Place> {
        let mut asked = Vec::new();
        for heard in self.followed.source.understand(message) {
            let now = Duration::from_millis(self.followed.now);
            match heard {
                Heard::Fact(fact) => self.followed.tracker.hear(fact, now),
                Heard::Standing(legs) => self.followed.tracker.compare(&legs, now),
                Heard::Seen(legs) => self.followed.tracker.see(&legs, now),
                Heard::Ask(Request::One(place)) => asked.push(place),
                Heard::Ask(Request::Everything | Request::Drop(_))
                | Heard::Remark(_)
                | Heard::Rights(_)
                | Heard::Passed(_)
                | Heard::Repeated(_) => {}
            }
        }
        self.look();
        asked
    }

    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / 50 {
            self.followed.now += 50;
            self.followed.tracker.pass(Duration::from_millis(self.followed.now));
        }
        self.look();
    }

    fn look(&mut self) {
        let followed: Vec<Followed> = self.followed.tracker.followed().collect();
        for followed in followed {
            let Followed::Event(call, event) = followed else { continue };
            if event.event == EventKind::NewCall {
                assert!(self.calls.values().all(|told| told.id != event.call_id), "another's id: {event:?}");
                let told = Told { id: event.call_id, ..Told::default() };
                assert!(self.calls.insert(call, told).is_none(), "it began before");
                continue;
            }
            let told = self.calls.get_mut(&call).expect("its newCall comes first");
            assert!(told.id == event.call_id && !told.has_ended, "{event:?}");
            match event.event {
                EventKind::Answer if event.voicemail => told.voicemails += 1,
                EventKind::Answer => told.answers += 1,
                EventKind::Hangup => told.has_ended = true,
                EventKind::NewCall => {}
            }
            assert!(told.answers <= 1 && told.voicemails <= 1, "it is said twice: {event:?}");
        }
    }

    /// Nothing is there any more.
    fn end(mut self) -> usize {
        let at = self.followed.now;
        self.say(Message::Rows { at, rows: Vec::new() });
        self.say(Message::Beside { at, rows: Vec::new() });
        // What was learned since it was asked for is laid over the first one.
        self.say(Message::Everything { at, entries: Vec::new() });
        self.say(Message::Everything { at, entries: Vec::new() });
        self.pass(3000);
        assert_eq!(self.followed.tracker.open(), 0);
        assert!(self.calls.values().all(|told| told.has_ended));
        self.calls.len()
    }
}

#[test]
fn whatever_participants_are_shown_each_call_has_its_order_and_its_end() {
    let mut calls = 0;
    for seed in 1..=150_u64 {
        let (mut dice, mut watched) = (Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), Watched::new());
        let mut asked: Vec<Place> = Vec::new();
        for _ in 0..30 {
            let at = watched.followed.now;
            match dice.below(8) {
                0..=2 => {
                    let several: Vec<Value> = (0..dice.below(4)).map(|_| dice.participant()).collect();
                    watched.followed.enter(&several);
                    let entries = watched.followed.entries.clone();
                    asked.extend(watched.say(Message::Everything { at, entries }));
                }
                3 => {
                    let own = Participant::read(&participant(&dice.participant()), "").unwrap();
                    asked.extend(watched.say(Message::Changed(own.place())));
                }
                4 | 5 => {
                    if !asked.is_empty() {
                        let place = asked.remove(dice.below(asked.len()));
                        let mut own = Participant::read(&participant(&dice.participant()), "").unwrap();
                        (own.dn, own.id) = (place.dn.clone(), place.id.clone());
                        let participant = (dice.below(4) > 0).then(|| Box::new(own));
                        asked.extend(watched.say(Message::One { at, place, participant }));
                    }
                }
                6 => {
                    let place = Participant::read(&participant(&dice.participant()), "").unwrap().place();
                    asked.extend(watched.say(Message::Removed { at, place }));
                }
                _ => {
                    let rows: Vec<[String; 4]> = (0..dice.below(3)).map(|_| dice.row()).collect();
                    let rows = rows.iter().map(|own| row(&own.each_ref().map(String::as_str))).collect();
                    asked.extend(watched.say(Message::Beside { at, rows }));
                }
            }
            watched.pass(*dice.one(&[0, 100, 500, 2500]));
        }
        calls += watched.end();
    }
    assert!(calls > 300, "{calls} calls are too few to say anything");
}

#[test]
fn whatever_lists_are_shown_each_call_has_its_order_and_its_end() {
    let mut calls = 0;
    for seed in 1..=150_u64 {
        let (mut dice, mut watched) = (Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), Watched::new());
        for _ in 0..30 {
            let rows: Vec<[String; 4]> = (0..dice.below(5)).map(|_| dice.row()).collect();
            let rows = rows.iter().map(|own| row(&own.each_ref().map(String::as_str))).collect();
            let at = watched.followed.now;
            watched.say(Message::Rows { at, rows });
            watched.pass(*dice.one(&[0, 500, 2500]));
        }
        calls += watched.end();
    }
    assert!(calls > 300, "{calls} calls are too few to say anything");
}
