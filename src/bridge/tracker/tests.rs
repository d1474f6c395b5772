//! Calls in a few words, and the events that follow from them.

use std::time::Duration;

use super::*;
use crate::asterisk::is_number;
use crate::bridge::fact::{Failure, Person, Place, Standing};
use crate::config::Pattern;
use crate::event::{EventKind, Users};
use crate::number::Numbering;

const SECOND: Duration = Duration::from_secs(1);

/// A call that is missing from a list has ended, where nothing else is said.
fn rules() -> Rules {
    Rules { grace: Duration::ZERO, ..Rules::default() }
}

/// What happens, a second apart.
#[derive(Clone)]
enum Step {
    /// `in LEG`: a customer calls
    In(&'static str),
    /// somebody calls who is on no trunk: leg, context, endpoint, number
    From(&'static str, &'static str, &'static str, &'static str),
    /// the same as `Dials` to a phone, by a number that is dialled through an endpoint: leg, whom, context, endpoint
    Through(&'static str, &'static str, &'static str, &'static str),
    /// leg, group, whom, where
    Dials(&'static str, &'static str, &'static str, Side),
    /// leg, group, who took it, where
    Answers(&'static str, &'static str, &'static str, Side),
    Fails(&'static str, &'static str, Failure),
    Queue(&'static str),
    Unqueue(&'static str),
    Voicemail(&'static str),
    Message(&'static str),
    HangsUp(&'static str),
    TurnedAway(&'static str),
    Gone(&'static str, u8),
    Withheld(&'static str),
    Missing(&'static str),
    Rings(&'static str),
    AllNamed(&'static str),
    Moves(&'static str, HangupCause),
    Ended(&'static str, HangupCause),
    /// so much time passes
    Waits(Duration),
    /// only these legs are there: leg, group, where, it called, it talks to
    There(&'static [(&'static str, &'static str, Side, bool, Option<&'static str>)]),
    /// these legs are seen, and others may be there
    Seen(&'static [(&'static str, &'static str, Side, bool, Option<&'static str>)]),
}

use Failure::{Busy, Cancelled, Congestion, NoAnswer, Unavailable};
use Side::{Inner, Outside, Phone};
use Step::{
    AllNamed, Answers, Dials, Ended, Fails, From, Gone, HangsUp, In, Message, Missing, Moves, Queue, Rings,
    Seen, There, Through, TurnedAway, Unqueue, Voicemail, Waits, Withheld,
};

fn leg(id: &str) -> LegId {
    LegId(id.to_owned())
}

fn person(leg: &str) -> Person {
    Person { name: Some(format!("agent {leg}")), endpoint: None, number: Some(leg.to_owned()) }
}

fn place(context: &str, endpoint: &str, shown: &str) -> Place {
    Place { context: context.to_owned(), endpoint: endpoint.to_owned(), shown: shown.to_owned() }
}

fn fact(id: &str, group: &str, what: What) -> Fact {
    Fact { leg: leg(id), group: leg(group), what }
}

impl Step {
    fn fact(self) -> Option<Fact> {
        Some(match self {
            In(id) => {
                let (from, to) = (Some("4940".to_owned()), "4930".to_owned());
                fact(
                    id,
                    id,
                    What::Calls {
                        side: Outside,
                        from,
                        to,
                        trunk: Some("PJSIP/trunk".to_owned()),
                        place: None,
                    },
                )
            }
            From(id, context, endpoint, shown) => {
                let (from, to) = (Some(shown.to_owned()).filter(|shown| is_number(shown)), "4930".to_owned());
                let place = Some(place(context, endpoint, shown));
                fact(id, id, What::Calls { side: Phone, from, to, trunk: None, place })
            }
            Through(id, to, context, endpoint) => {
                let Some(Fact { what: What::Dials(dial), .. }) = Dials(id, id, to, Phone).fact() else {
                    return None;
                };
                fact(id, id, What::Dials(Dial { place: Some(place(context, endpoint, to)), ..dial }))
            }
            Dials(id, group, to, side) => {
                let dial = Dial {
                    to: leg(to),
                    side,
                    person: person(to),
                    number: to.to_owned(),
                    shown: Some("4930".to_owned()),
                    trunk: None,
                    place: None,
                    caller: person(group),
                };
                fact(id, group, What::Dials(dial))
            }
            Answers(id, group, by, side) => {
                let taker = Taker { leg: leg(by), side, person: person(by), number: Some(by.to_owned()) };
                fact(id, group, What::Answered(taker))
            }
            Fails(id, to, failure) => fact(id, id, What::Failed { to: leg(to), failure }),
            Queue(id) => fact(id, id, What::Queued("support".to_owned())),
            Unqueue(id) => fact(id, id, What::Unqueued),
            Voicemail(id) => fact(id, id, What::Voicemail),
            Message(id) => fact(id, id, What::Message),
            HangsUp(id) => fact(id, id, What::HangsUp),
            TurnedAway(id) => fact(id, id, What::TurnedAway),
            Gone(id, cause) => fact(id, id, What::Gone { cause: Some(cause) }),
            Withheld(id) => fact(id, id, What::Withheld),
            Missing(id) => fact(id, id, What::Missing),
            Rings(id) => fact(id, id, What::Rings),
            AllNamed(id) => fact(id, id, What::AllNamed),
            Moves(id, cause) => fact(id, id, What::Moves(cause)),
            Ended(id, cause) => fact(id, id, What::Ended(cause)),
            Waits(_) | There(_) | Seen(_) => return None,
        })
    }
}

/// The events in short, and the calls that are not reported.
fn followed(rules: Rules, steps: &[Step]) -> Vec<String> {
    followed_by(Tracker::new(rules), steps)
}

fn followed_by(mut tracker: Tracker, steps: &[Step]) -> Vec<String> {
    let mut now = SECOND;
    let mut lines = Vec::new();
    for step in steps {
        match step {
            Waits(time) => now += *time,
            There(legs) => tracker.compare(&legs.iter().map(standing).collect::<Vec<_>>(), now),
            Seen(legs) => tracker.see(&legs.iter().map(standing).collect::<Vec<_>>(), now),
            other => tracker.hear(other.clone().fact().unwrap(), now),
        }
        lines.extend(tracker.followed().filter_map(line));
        now += SECOND;
    }
    tracker.pass(now);
    lines.extend(tracker.followed().filter_map(line));
    lines
}

#[test]
fn who_took_a_call_is_told_as_zammad_gets_it() {
    let mut tracker = Tracker::new(Rules::default());
    let taker = Taker {
        leg: leg("b"),
        side: Outside,
        person: Person::default(),
        number: Some("+49 171 9999999".to_owned()),
    };
    let answered = Fact { leg: leg("a"), group: leg("a"), what: What::Answered(taker) };
    let facts = [In("a").fact().unwrap(), answered, Gone("a", 16).fact().unwrap()];
    facts.into_iter().for_each(|fact| tracker.hear(fact, SECOND));
    let takers: Vec<_> = tracker
        .followed()
        .filter_map(|followed| match followed {
            Followed::Ended(_, summary) => summary.answered_by,
            Followed::Event(..) | Followed::Unreported(..) => None,
        })
        .collect();
    assert_eq!(takers, ["491719999999"]);
}

fn standing(&(id, group, side, calls, talks_to): &(&str, &str, Side, bool, Option<&str>)) -> Standing {
    let taker = |other: &str| Taker { leg: leg(other), side: Phone, person: person(other), number: None };
    Standing {
        leg: leg(id),
        group: leg(group),
        side,
        calls,
        from: Some("4940".to_owned()),
        to: "4930".to_owned(),
        person: person(id),
        trunk: None,
        talks_to: talks_to.map(taker),
    }
}

fn line(followed: Followed) -> Option<String> {
    let event = match followed {
        Followed::Event(_, event) => event,
        Followed::Ended(..) => return None,
        Followed::Unreported(_, call, reason) => return Some(format!("{} unreported: {reason}", call.id)),
    };
    let mut words = vec![event.call_id.clone(), event.event.to_string()];
    match event.event {
        EventKind::NewCall => {
            words.push(event.direction.unwrap().to_string());
            words.push(event.from.clone().unwrap());
        }
        EventKind::Answer if event.voicemail => words.push("voicemail".to_owned()),
        EventKind::Answer => words.extend(event.answering_number.clone()),
        EventKind::Hangup => words.extend(event.cause.clone()),
    }
    words.extend(event.user.as_ref().map_or(&[][..], Users::names).iter().cloned());
    words.extend(event.queue.clone());
    Some(words.join(" "))
}

/// Steps, and what follows from them.
type Case<'a> = (&'a str, &'a [Step], &'a [&'a str]);

fn check(rules: &Rules, cases: &[Case<'_>]) {
    for (name, steps, expected) in cases {
        assert_eq!(followed(rules.clone(), steps), *expected, "{name}");
    }
}

#[test]
fn a_customers_call_is_one_call_whatever_happens_inside() {
    let cases: [Case<'_>; 13] = [
        (
            "a group rings, one answers",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                Dials("a", "a", "102", Phone),
                Answers("a", "a", "102", Phone),
                Fails("a", "101", Cancelled),
                Gone("101", 26),
                Gone("a", 16),
            ],
            // A second apart, so the second phone rings too late for the names.
            &["a newCall in 4940 agent 101", "a answer 102 agent 102", "a hangup normalClearing"],
        ),
        (
            "everything is said twice",
            &[
                In("a"),
                In("a"),
                Dials("a", "a", "101", Phone),
                Dials("a", "a", "101", Phone),
                Answers("a", "a", "101", Phone),
                Answers("a", "a", "101", Phone),
                Gone("a", 16),
                Gone("a", 16),
            ],
            &["a newCall in 4940 agent 101", "a answer 101 agent 101", "a hangup normalClearing"],
        ),
        (
            "a transfer does not end it, and is no second answer",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                Answers("a", "a", "101", Phone),
                Gone("101", 16),
                Dials("a", "a", "102", Phone),
                Answers("a", "a", "102", Phone),
                Gone("a", 16),
            ],
            &["a newCall in 4940 agent 101", "a answer 101 agent 101", "a hangup normalClearing"],
        ),
        (
            "a queue, and its member behind a channel of the phone system's own",
            &[
                In("a"),
                Queue("a"),
                Dials("a", "a", "local;1", Inner),
                Dials("local;2", "a", "101", Phone),
                Answers("local;2", "a", "101", Phone),
                Answers("a", "a", "101", Phone),
                Gone("a", 16),
            ],
            &["a newCall in 4940 support", "a answer 101 agent 101", "a hangup normalClearing"],
        ),
        (
            "a mobile takes it: nobody of the house is named",
            &[In("a"), Dials("a", "a", "0171", Outside), Answers("a", "a", "0171", Outside), Gone("a", 16)],
            &["a newCall in 4940", "a answer 0171", "a hangup normalClearing"],
        ),
        (
            "over before anybody was told of it",
            &[In("a"), Gone("a", 16)],
            &["a newCall in 4940", "a hangup noAnswer"],
        ),
        (
            "the caller gives up while a phone rings",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                HangsUp("a"),
                Fails("a", "101", Cancelled),
                Gone("a", 16),
            ],
            &["a newCall in 4940 agent 101", "a hangup cancel"],
        ),
        (
            "the caller gives up in a queue, and after it",
            &[In("a"), Queue("a"), HangsUp("a"), Unqueue("a"), Gone("a", 16)],
            &["a newCall in 4940 support", "a hangup cancel"],
        ),
        (
            "the caller hangs up at an announcement after nobody was there",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                Fails("a", "101", NoAnswer),
                Gone("101", 0),
                HangsUp("a"),
                Gone("a", 16),
            ],
            &["a newCall in 4940 agent 101", "a hangup noAnswer"],
        ),
        (
            "turned away, although it seemed to hang up",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                Fails("a", "101", Busy),
                HangsUp("a"),
                TurnedAway("a"),
                Gone("a", 17),
            ],
            &["a newCall in 4940 agent 101", "a hangup busy"],
        ),
        (
            "a voicemail box is no person",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                Fails("a", "101", NoAnswer),
                Voicemail("a"),
                Gone("a", 16),
            ],
            &["a newCall in 4940 agent 101", "a answer voicemail", "a hangup noAnswer"],
        ),
        (
            "a message in a voicemail box is what the caller wanted there",
            &[
                In("a"),
                Dials("a", "a", "101", Phone),
                Fails("a", "101", NoAnswer),
                Message("a"),
                Gone("a", 16),
            ],
            &["a newCall in 4940 agent 101", "a answer voicemail", "a hangup normalClearing"],
        ),
        (
            "a number that is not to be shown",
            &[In("a"), Withheld("a"), Dials("a", "a", "101", Phone), Gone("a", 16)],
            &["a newCall in anonymous agent 101", "a hangup noAnswer"],
        ),
    ];
    check(&rules(), &cases);
}

#[test]
fn a_call_to_a_customer_begins_when_it_leaves_the_house() {
    let cases: [Case<'_>; 8] = [
        (
            "answered, and transferred inside",
            &[
                Dials("p", "p", "x", Outside),
                Answers("p", "p", "x", Outside),
                Gone("p", 16),
                Dials("x", "p", "102", Phone),
                Gone("x", 16),
            ],
            &["p newCall out 4930 agent p", "p answer", "p hangup normalClearing"],
        ),
        (
            "busy, and the agent listens to the announcement",
            &[
                Dials("p", "p", "x", Outside),
                Fails("p", "x", Busy),
                Gone("x", 17),
                HangsUp("p"),
                Gone("p", 16),
            ],
            &["p newCall out 4930 agent p", "p hangup busy"],
        ),
        (
            "an unknown number, and the agent hangs up",
            &[
                Dials("p", "p", "x", Outside),
                Gone("x", 1),
                Fails("p", "x", NoAnswer),
                HangsUp("p"),
                Gone("p", 16),
            ],
            &["p newCall out 4930 agent p", "p hangup notFound"],
        ),
        (
            "the agent gives up",
            &[Dials("p", "p", "x", Outside), HangsUp("p"), Fails("p", "x", Cancelled), Gone("p", 127)],
            &["p newCall out 4930 agent p", "p hangup cancel"],
        ),
        (
            "the second trunk takes it",
            &[
                Dials("p", "p", "x", Outside),
                Fails("p", "x", Congestion),
                Gone("x", 34),
                Dials("p", "p", "y", Outside),
                Answers("p", "p", "y", Outside),
                Gone("y", 16),
            ],
            &["p newCall out 4930 agent p", "p answer", "p hangup normalClearing"],
        ),
        (
            "a call inside that a forward takes out of the house",
            &[
                Dials("p", "p", "102", Inner),
                Dials("102;2", "p", "x", Outside),
                Answers("102;2", "p", "x", Outside),
                Gone("x", 16),
            ],
            &["p newCall out 4930 agent p", "p answer", "p hangup normalClearing"],
        ),
        (
            "one customer after the other, from one phone",
            &[
                Dials("p", "p", "x", Outside),
                Answers("p", "p", "x", Outside),
                Gone("x", 16),
                Dials("p", "p", "y", Outside),
                Gone("y", 0),
                Gone("p", 16),
            ],
            &[
                "p newCall out 4930 agent p",
                "p answer",
                "p hangup normalClearing",
                "y newCall out 4930 agent p",
                "y hangup noAnswer",
            ],
        ),
        (
            "a trunk that is not there",
            &[Dials("p", "p", "x", Outside), Fails("p", "x", Unavailable), Gone("p", 3)],
            &["p newCall out 4930 agent p", "p hangup notFound"],
        ),
    ];
    check(&rules(), &cases);
}

#[test]
fn what_is_not_reported_says_why() {
    let inside = [Dials("p", "p", "102", Phone), Answers("p", "p", "102", Phone), Gone("p", 16)];
    check(&rules(), &[("inside", &inside, &["p unreported: both sides are extensions"])]);
    let internal = Rules { internal: true, ..rules() };
    let events = ["p newCall in 4930 agent 102", "p answer 102 agent 102", "p hangup normalClearing"];
    check(&internal, &[("inside, and wanted", &inside, &events)]);
    for pattern in ["4940", "49*", "*", "supp*t", "PJSIP/*"] {
        let rules = Rules { ignore: vec![Pattern::new(pattern)], ..rules() };
        let unreported = format!("a unreported: `ignore` has {pattern:?}");
        check(&rules, &[(pattern, &[In("a"), Queue("a"), Gone("a", 16)], &[&unreported])]);
    }
    let rules = Rules { ignore: vec![Pattern::new("494"), Pattern::new("Support")], ..rules() };
    let events = ["a newCall in 4940 support", "a hangup noAnswer"];
    check(&rules, &[("others", &[In("a"), Queue("a"), Unqueue("a"), Gone("a", 16)], &events)]);
}

#[test]
fn what_is_ignored_may_be_a_number_as_zammad_gets_it_or_an_extension() {
    let ignore = |pattern| Rules {
        ignore: vec![Pattern::new(pattern)],
        numbering: Numbering { country: Some("DE".parse().unwrap()), ..Numbering::default() },
        ..rules()
    };
    let goes_out = [Dials("p", "p", "01713920077", Outside), Gone("p", 16)];
    for pattern in ["01713920077", "491713920077", "49171*", "p"] {
        let unreported = format!("p unreported: `ignore` has {pattern:?}");
        check(&ignore(pattern), &[(pattern, &goes_out, &[&unreported])]);
    }
    let rings = [In("a"), Dials("a", "a", "190", Phone)];
    let taken = |by| [Answers("a", "a", by, Phone), Gone("a", 16)];
    let unreported = "a unreported: `ignore` has \"19*\"";
    check(&ignore("19*"), &[("a fax", &[&rings[..], &taken("190")].concat(), &[unreported])]);
    // Somebody else is called as well, then or later.
    let both = [&rings[..], &[Dials("a", "a", "101", Phone)], &taken("101")].concat();
    let events =
        ["a newCall in 4940 agent 190 agent 101", "a answer 101 agent 101", "a hangup normalClearing"];
    check(&ignore("19*"), &[("a group with the fax", &both, &events)]);
    let handed_on = [&rings[..], &taken("190")[..1], &both[2..]].concat();
    check(&ignore("19*"), &[("from the fax to a phone", &handed_on, &[events[0], events[2]])]);
}

#[test]
fn calls_inside_the_house_go_on_and_begin_while_nobody_listens() {
    let wanted = Rules { internal: true, ..rules() };
    let events = ["p newCall in 4930 agent 102", "p answer 102 agent 102", "p hangup normalClearing"];
    let cases: [Case<'_>; 3] = [
        (
            "one is taken",
            &[
                Dials("p", "p", "102", Phone),
                Waits(SECOND),
                There(&[("p", "p", Phone, true, Some("102")), ("102", "p", Phone, false, Some("p"))]),
                Gone("p", 16),
            ],
            &events,
        ),
        (
            "one begins, and one rings",
            &[
                There(&[
                    ("p", "p", Phone, true, Some("102")),
                    ("102", "p", Phone, false, Some("p")),
                    ("q", "q", Phone, true, None),
                    ("103", "q", Phone, false, None),
                ]),
                Gone("p", 16),
                Answers("q", "q", "103", Phone),
                Gone("q", 16),
            ],
            &[
                "p newCall in 4940 agent 102",
                "p answer 102 agent 102",
                "q newCall in 4940 agent 103",
                "p hangup normalClearing",
                "q answer 103 agent 103",
                "q hangup normalClearing",
            ],
        ),
        (
            "a phone that listens to its messages, and a call to somebody outside that nobody can name",
            &[There(&[
                ("p", "p", Phone, true, None),
                ("r", "r", Phone, true, Some("s")),
                ("s", "r", Phone, true, Some("r")),
                ("q", "q", Phone, true, None),
                ("x", "q", Outside, true, None),
            ])],
            &["x newCall in 4940"],
        ),
    ];
    check(&wanted, &cases);
    let inside =
        [There(&[("p", "p", Phone, true, Some("102")), ("102", "p", Phone, false, None)]), Gone("p", 16)];
    assert_eq!(followed(rules(), &inside), [""; 0]);
}

#[test]
fn no_call_is_lost_for_what_a_stranger_writes_as_a_number() {
    let long = "4".repeat(300);
    // (what is shown, who calls by it, who is called by it)
    let cases = [
        ("4940\u{1b}[2J", "anonymous", "4940[2J"),
        (long.as_str(), "anonymous", &long[..90]),
        ("sip:4930%1b@example.com", "anonymous", "sip:4930"),
        ("4930", "4930", "4930"),
    ];
    for (shown, from, to) in cases {
        let mut tracker = Tracker::new(rules());
        let calls = |from: &str, to: &str| What::Calls {
            side: Outside,
            from: Some(from.to_owned()),
            to: to.to_owned(),
            trunk: None,
            place: None,
        };
        tracker.hear(fact("a", "a", calls(shown, "4930")), SECOND);
        tracker.hear(fact("b", "b", calls("4940", shown)), SECOND);
        let taker =
            Taker { leg: leg("x"), side: Outside, person: Person::default(), number: Some(shown.to_owned()) };
        tracker.hear(fact("a", "a", What::Answered(taker)), SECOND);
        tracker.hear(Gone("a", 16).fact().unwrap(), SECOND);
        tracker.hear(Gone("b", 16).fact().unwrap(), SECOND);
        let events: Vec<_> = tracker
            .followed()
            .filter_map(|followed| match followed {
                Followed::Event(_, event) => Some(event),
                Followed::Ended(..) | Followed::Unreported(..) => None,
            })
            .collect();
        assert_eq!(events.len(), 5, "{shown:?}");
        for event in events {
            let expected = if event.call_id == "a" { (from, "4930") } else { ("4940", to) };
            assert_eq!((event.from.as_deref().unwrap(), event.to.as_deref().unwrap()), expected, "{shown:?}");
            let number = event.answering_number.as_deref();
            assert!(number.is_none_or(|number| number == "4930"), "{number:?}");
        }
    }
}

#[test]
fn a_call_that_leaves_the_house_while_others_begin_to_ring_is_told_of_once() {
    let wanted = Rules { internal: true, hold: 10 * SECOND, ..rules() };
    let steps = [
        Dials("p", "p", "102", Phone),
        Dials("p", "p", "0171", Outside),
        Waits(20 * SECOND),
        Gone("102", 26),
        Gone("0171", 16),
        Gone("p", 16),
    ];
    check(
        &wanted,
        &[("a group with a mobile", &steps, &["p newCall out 4930 agent p", "p hangup noAnswer"])],
    );
}

#[test]
fn nobody_waits_for_others_who_ring_when_nobody_listens_any_more() {
    let mut tracker = Tracker::new(Rules { hold: 100 * SECOND, ..rules() });
    for step in [In("a"), Dials("a", "a", "101", Phone), In("b")] {
        tracker.hear(step.fact().unwrap(), SECOND);
    }
    assert_eq!(tracker.followed().count(), 0);
    tracker.hurry();
    let told: Vec<_> = tracker.followed().filter_map(line).collect();
    // What has reached nobody so far is told of only if it ends so.
    assert_eq!(told, ["a newCall in 4940 agent 101"]);
    tracker.hurry();
    assert_eq!((tracker.followed().count(), tracker.open()), (0, 1));
}

#[test]
fn a_queue_that_rings_for_hours_takes_no_more_memory_and_its_end_says_the_same() {
    // How it ends, and how many of those that were rung are known then.
    let rounds = |count: usize, failure| {
        let mut tracker = Tracker::new(rules());
        let mut hear = |step: Step| tracker.hear(Fact { group: leg("a"), ..step.fact().unwrap() }, SECOND);
        hear(In("a"));
        for number in 0..count {
            let phone: &'static str = format!("phone {number}").leak();
            hear(Dials("a", "a", phone, Phone));
            hear(Fails("a", phone, failure));
            hear(Gone(phone, 16));
        }
        let known = tracker.calls.values().next().unwrap().rung_count();
        tracker.hear(Gone("a", 16).fact().unwrap(), SECOND);
        (tracker.followed().filter_map(line).last().unwrap(), known)
    };
    for (failure, cause) in [(Busy, "a hangup busy"), (NoAnswer, "a hangup noAnswer")] {
        assert_eq!(rounds(3, failure), (cause.to_owned(), 3), "{failure:?}");
        assert_eq!(rounds(300, failure), (cause.to_owned(), 64), "{failure:?}");
    }
}

#[test]
fn a_context_that_may_be_a_trunks_is_named() {
    let inside = [Dials("a", "a", "102", Phone), Answers("a", "a", "102", Phone), Gone("a", 16)];
    // (where it begins, who calls, whether that is the house)
    let cases = [
        ("from-sip", "PJSIP/carrier", "494023125", false),
        ("from-sip", "PJSIP/carrier", "+4940 23125", false),
        ("from-sip", "PJSIP/493055", "494023125", false),
        ("from-sip", "PJSIP/carrier", "Anonymous", false),
        ("default", "SIP/gw", "123456", false),
        // Its number is no longer than an extension, or is not known.
        ("from-sip", "PJSIP/carrier", "12345", true),
        ("from-internal", "PJSIP/anna", "101", true),
        ("from-internal", "PJSIP/anna", "", true),
        ("from-internal", "PJSIP/anna", "<unknown>", true),
        // A phone that shows the number that customers see, or whose name is its number.
        ("from-internal", "PJSIP/101", "494023125", true),
        ("from-internal", "PJSIP/101", "anonymous", true),
        ("from-internal", "PJSIP/494023125", "494023125", true),
    ];
    for (context, endpoint, number, is_house) in cases {
        let reason = if is_house {
            "both sides are extensions".to_owned()
        } else {
            format!("its context {context} is no trunk; see trunk_contexts")
        };
        let unreported = format!("a unreported: {reason}");
        let begins = From("a", context, endpoint, number);
        let reaches = [&[begins.clone(), begins.clone()], &inside[..]].concat();
        check(&rules(), &[(number, &reaches, &[&unreported])]);
        // It comes to a menu or a queue, and reaches nobody.
        let alone = [begins, Queue("a"), HangsUp("a"), Gone("a", 16)];
        let told: &[&str] = if is_house { &[] } else { &[&unreported] };
        let internal = Rules { internal: true, ..rules() };
        check(&rules(), &[(number, &alone, told)]);
        // Whether calls of the house are reported is another matter.
        assert_eq!(followed(internal.clone(), &reaches).len(), 3, "{number}");
        assert!(followed(internal, &alone).iter().all(|told| told.contains("unreported")), "{number}");
    }
    let begins = From("a", "from-sip", "PJSIP/carrier", "494023125");
    let unreported = "a unreported: its context from-sip is no trunk; see trunk_contexts";
    check(&rules(), &[("it is gone", &[begins.clone(), There(&[])], &[unreported])]);
    // A phone that shows a customer's number, and calls one: by a trunk after all.
    let leaves = [begins, Dials("a", "a", "x", Outside), Gone("x", 17), HangsUp("a"), Gone("a", 16)];
    let events = ["a newCall out 4930 agent a", "a hangup noAnswer"];
    check(&rules(), &[("it leaves the house", &leaves, &events)]);
}

#[test]
fn the_context_of_a_line_that_goes_out_is_named_too() {
    let none = "p unreported: both sides are extensions";
    let named = "p unreported: its context from-sip is no trunk; see trunk_contexts";
    let calls = From("p", "from-internal", "PJSIP/101", "101");
    let out = Through("p", "494023125", "from-sip", "PJSIP/carrier");
    let cases: [Case<'_>; 4] = [
        ("to a customer", &[calls.clone(), out.clone(), Gone("p", 16)], &[named]),
        ("forwarded", &[calls.clone(), Dials("p", "p", "102", Phone), out, Gone("p", 16)], &[named]),
        (
            "to a phone",
            &[calls.clone(), Through("p", "102", "from-internal", "PJSIP/102"), Gone("p", 16)],
            &[none],
        ),
        (
            "to its number",
            &[calls, Through("p", "494023125", "from-internal", "PJSIP/102"), Gone("p", 16)],
            &[none],
        ),
    ];
    check(&rules(), &cases);
}

#[test]
fn who_takes_a_call_over_is_named_if_that_is_wanted() {
    let rules = Rules { second_answer: true, ..rules() };
    let steps = [
        In("a"),
        Dials("a", "a", "101", Phone),
        Answers("a", "a", "101", Phone),
        Dials("a", "a", "102", Phone),
        Answers("a", "a", "102", Phone),
        Gone("a", 16),
    ];
    let events = [
        "a newCall in 4940 agent 101",
        "a answer 101 agent 101",
        "a answer 102 agent 102",
        "a hangup normalClearing",
    ];
    check(&rules, &[("transfer", &steps, &events)]);
}

#[test]
fn after_silence_what_is_there_counts() {
    let rings = [In("a"), Dials("a", "a", "101", Phone), Waits(SECOND)];
    let talks = [In("a"), Dials("a", "a", "101", Phone), Answers("a", "a", "101", Phone)];
    let with = |steps: &[Step], more: &[Step]| [steps, more].concat();
    let begun = "a newCall in 4940 agent 101";
    let answered = "a answer 101 agent 101";
    let cases: [(&str, Vec<Step>, &[&str]); 7] = [
        ("gone while it rang", with(&rings, &[There(&[])]), &[begun, "a hangup cancel"]),
        (
            "gone while they talked",
            with(&talks, &[There(&[])]),
            &[begun, answered, "a hangup normalClearing"],
        ),
        ("still there", with(&talks, &[There(&[("a", "a", Outside, true, None)])]), &[begun, answered]),
        (
            "answered meanwhile",
            with(&rings, &[There(&[("a", "a", Outside, true, Some("101"))])]),
            &[begun, answered],
        ),
        (
            "begun meanwhile, with the mobile that it rings",
            vec![There(&[("m", "b", Outside, false, None), ("b", "b", Outside, true, None)]), Gone("b", 16)],
            &["b newCall in 4940", "b hangup noAnswer"],
        ),
        (
            "a customer was called meanwhile",
            vec![
                There(&[("p", "p", Phone, true, None), ("x", "p", Outside, false, Some("p"))]),
                Gone("x", 16),
            ],
            &["p newCall out 4940 agent p", "p answer", "p hangup normalClearing"],
        ),
        (
            "a leg that is left of a call that is over",
            vec![There(&[("x", "p", Outside, false, None)]), Gone("x", 16)],
            &[],
        ),
    ];
    for (name, steps, expected) in cases {
        assert_eq!(followed(rules(), &steps), expected, "{name}");
    }
}

#[test]
fn a_call_that_nothing_is_heard_of_ends_at_last() {
    let rules = Rules { stale: 3600 * SECOND, ..rules() };
    let steps =
        [In("a"), Dials("a", "a", "101", Phone), Waits(3500 * SECOND), Queue("a"), Waits(3500 * SECOND)];
    let begun = "a newCall in 4940 agent 101";
    check(&rules, &[("heard of", &steps, &[begun])]);
    let silent = [&steps[..], &[Waits(200 * SECOND)]].concat();
    check(&rules, &[("silent", &silent, &[begun, "a hangup cancel"])]);
}

#[test]
fn a_call_of_another_process_goes_on() {
    let open = |direction, answered: bool| Open {
        id: "a".to_owned(),
        direction,
        from: Some("4940".to_owned()),
        to: "4930".to_owned(),
        answered: answered.then_some(SECOND),
    };
    use Direction::{Inbound, Outbound};
    // (call, legs that are there, events)
    let cases: [(Open, &[Step], &[&str]); 7] = [
        (
            open(Inbound, true),
            &[There(&[("a", "a", Outside, true, Some("101"))]), Gone("a", 16)],
            &["a hangup normalClearing"],
        ),
        (open(Inbound, false), &[There(&[])], &["a hangup cancel"]),
        (
            open(Outbound, false),
            &[There(&[("a", "a", Phone, true, None), ("x", "a", Outside, false, Some("a"))]), Gone("x", 16)],
            &["a answer", "a hangup normalClearing"],
        ),
        // A phone system without a list of its calls says nothing of what it dialled before.
        (
            open(Outbound, false),
            &[Answers("a", "a", "x", Outside), Gone("x", 16)],
            &["a answer", "a hangup normalClearing"],
        ),
        // Nobody outside took it.
        (open(Outbound, false), &[Answers("a", "a", "102", Phone), Gone("a", 16)], &["a hangup noAnswer"]),
        (open(Outbound, true), &[Dials("a", "a", "x", Outside), Gone("x", 16)], &["a hangup normalClearing"]),
        // The agent is no longer there.
        (
            open(Outbound, true),
            &[There(&[("x", "a", Outside, false, Some("102"))]), Gone("x", 16)],
            &["a hangup normalClearing"],
        ),
    ];
    for (open, steps, expected) in cases {
        let mut tracker = Tracker::new(rules());
        tracker.take_up(open.clone(), SECOND);
        assert_eq!(followed_by(tracker, steps), expected, "{open:?}");
    }
}

#[test]
fn the_end_of_a_call_of_another_process_tells_who_took_it_and_how_long_they_talked() {
    let there = |to| [("a", "a", Outside, true, Some(to)), ("x", "a", Outside, false, Some("a"))];
    // (direction, how long ago it was answered, the legs that are there, who took it, how long they talked)
    type Leg<'a> = (&'a str, &'a str, Side, bool, Option<&'a str>);
    type Case<'a> = (Direction, Option<u32>, &'a [Leg<'a>], Option<&'a str>, Option<u32>);
    let cases: [Case<'_>; 5] = [
        (Direction::Inbound, Some(40), &there("101")[..1], Some("agent 101"), Some(45)),
        (Direction::Inbound, Some(0), &there("101")[..1], Some("agent 101"), Some(5)),
        // It was taken while nobody listened.
        (Direction::Inbound, None, &there("101")[..1], Some("agent 101"), Some(4)),
        (Direction::Outbound, Some(40), &there("101")[1..], Some("4930"), Some(45)),
        // The list does not say.
        (Direction::Inbound, Some(40), &[("a", "a", Outside, true, None)], None, Some(45)),
    ];
    for (direction, ago, legs, taker, talked) in cases {
        let mut tracker = Tracker::new(rules());
        let (id, from) = ("a".to_owned(), Some("4940".to_owned()));
        let answered = ago.map(|ago| ago * SECOND);
        tracker.take_up(Open { id, direction, from, to: "4930".to_owned(), answered }, SECOND);
        tracker.compare(&legs.iter().map(standing).collect::<Vec<_>>(), 2 * SECOND);
        let leg = if direction == Direction::Inbound { "a" } else { "x" };
        tracker.hear(Gone(leg, 16).fact().unwrap(), 6 * SECOND);
        let summary = tracker.followed().find_map(|followed| match followed {
            Followed::Ended(_, summary) => Some((summary.answered_by, summary.talked)),
            Followed::Event(..) | Followed::Unreported(..) => None,
        });
        let expected = (taker.map(str::to_owned), talked.map(|talked| talked * SECOND));
        assert_eq!(summary, Some(expected), "{direction} {ago:?}");
    }
}

#[test]
fn a_call_may_be_missing_from_a_list_for_a_moment() {
    let grace = Rules { grace: 5 * SECOND, ..Rules::default() };
    let begins = [In("a"), Dials("a", "a", "101", Phone)];
    let there: &[_] = &[("a", "a", Outside, true, None)];
    // (what happens then, what is told besides the newCall)
    let cases: [(&[Step], &[&str]); 9] = [
        (&[There(&[]), Waits(2 * SECOND)], &[]),
        (&[There(&[]), Waits(8 * SECOND)], &["a hangup cancel"]),
        (&[There(&[]), There(there), Waits(8 * SECOND)], &[]),
        (&[There(&[]), Queue("a"), Waits(8 * SECOND)], &[]),
        (&[There(&[]), There(&[]), Waits(4 * SECOND)], &["a hangup cancel"]),
        // The phone system has a list of its own for each queue.
        (&[Missing("a"), Waits(2 * SECOND)], &[]),
        (&[Missing("a"), Missing("a"), Waits(4 * SECOND)], &["a hangup cancel"]),
        (&[Missing("a"), Answers("a", "a", "101", Phone), Waits(8 * SECOND)], &["a answer 101 agent 101"]),
        (&[Missing("101"), Waits(8 * SECOND)], &[]),
    ];
    for (number, (then, expected)) in cases.into_iter().enumerate() {
        let told = followed(grace.clone(), &[&begins[..], then].concat());
        assert_eq!(told[1..], *expected, "case {number}");
    }
}

#[test]
fn a_call_may_go_on_elsewhere() {
    let grace = Rules { grace: 5 * SECOND, ..Rules::default() };
    let begins = [In("a"), Dials("a", "a", "101", Phone)];
    let moves = Moves("a", HangupCause::Forwarded);
    let other = [Dials("a", "a", "102", Phone), Answers("a", "a", "102", Phone)];
    let answer = "a answer 102 agent 102";
    // (what happens then, what is told besides the newCall)
    let cases: [(Vec<Step>, &[&str]); 4] = [
        (vec![moves.clone(), Waits(8 * SECOND)], &["a hangup forwarded"]),
        ([&[moves.clone()][..], &other, &[Waits(8 * SECOND)]].concat(), &[answer]),
        ([&other[..], &[moves.clone(), Waits(8 * SECOND)]].concat(), &[answer, "a hangup normalClearing"]),
        // What was said of an end that was none is forgotten.
        (vec![moves, Queue("a"), There(&[]), Waits(8 * SECOND)], &["a hangup cancel"]),
    ];
    for (number, (then, expected)) in cases.into_iter().enumerate() {
        let told = followed(grace.clone(), &[&begins[..], &then].concat());
        assert_eq!(told[1..], *expected, "case {number}");
    }
}

#[test]
fn a_phone_system_may_tell_of_whole_calls_only() {
    let (busy, cancel) = (HangupCause::Busy, HangupCause::Cancel);
    let cases: [Case<'_>; 4] = [
        (
            "nobody says who rings",
            &[In("a"), Rings("a"), Ended("a", cancel)],
            &["a newCall in 4940", "a hangup cancel"],
        ),
        (
            "the words for the end are Zammad's",
            &[In("a"), Dials("a", "a", "101", Phone), AllNamed("a"), Ended("a", busy)],
            &["a newCall in 4940 agent 101", "a hangup busy"],
        ),
        (
            "who talked has not hung up in vain",
            &[In("a"), Rings("a"), Answers("a", "a", "101", Phone), Ended("a", cancel)],
            &["a newCall in 4940", "a answer 101 agent 101", "a hangup normalClearing"],
        ),
        (
            "a call out",
            &[Dials("a", "a", "x", Outside), Ended("x", busy), Ended("a", busy)],
            &["a newCall out 4930 agent a", "a hangup busy"],
        ),
    ];
    check(&rules(), &cases);
    // Without a pause for others that may ring.
    let mut tracker = Tracker::new(rules());
    for step in [In("a"), Rings("a")] {
        tracker.hear(step.fact().unwrap(), SECOND);
    }
    assert_eq!(tracker.followed().count(), 0);
    tracker.hear(AllNamed("a").fact().unwrap(), SECOND);
    assert_eq!(tracker.followed().count(), 1);
}

#[test]
fn who_is_seen_to_talk_has_answered_and_nothing_else_follows() {
    let begins = [In("a"), Dials("a", "a", "101", Phone)];
    let talks: &[_] = &[("a", "a", Outside, true, Some("101")), ("101", "a", Phone, false, None)];
    // (what is seen, what is told besides the newCall)
    let cases: [(&[Step], &[&str]); 5] = [
        (&[Seen(talks), Seen(talks), Gone("a", 16)], &["a answer 101 agent 101", "a hangup normalClearing"]),
        (&[Answers("a", "a", "101", Phone), Seen(talks)], &["a answer 101 agent 101"]),
        (&[Seen(&[("a", "a", Outside, true, None)])], &[]),
        (&[Seen(&[])], &[]),
        // A call of which nobody has heard may be over already.
        (&[Seen(&[("b", "b", Outside, true, Some("102"))])], &[]),
    ];
    for (number, (then, expected)) in cases.into_iter().enumerate() {
        let told = followed(rules(), &[&begins[..], then].concat());
        assert_eq!(told[1..], *expected, "case {number}");
    }
    let out = [Dials("p", "p", "x", Outside), Seen(&[("x", "p", Outside, false, Some("p"))])];
    assert_eq!(followed(rules(), &out)[1..], ["p answer"]);
}

#[test]
fn an_id_that_comes_again_is_another_call() {
    let call = [In("a"), Queue("a"), Waits(SECOND), HangsUp("a"), Gone("a", 16)];
    let told = followed(rules(), &[&call[..]; 3].concat());
    let ids: Vec<&str> =
        told.iter().filter_map(|told| told.split_once(" newCall")).map(|(id, _)| id).collect();
    assert_eq!(ids, ["a", "a-2", "a-3"], "{told:?}");
}

#[test]
fn what_is_said_twice_happens_once() {
    let twice = |steps: &[Step]| -> Vec<Step> {
        steps.iter().flat_map(|step| [step.clone(), step.clone()]).collect()
    };
    let call = [
        In("a"),
        Queue("a"),
        Dials("a", "a", "101", Phone),
        Dials("a", "a", "102", Phone),
        Answers("a", "a", "101", Phone),
        Unqueue("a"),
        HangsUp("a"),
        Gone("101", 16),
        Gone("a", 16),
    ];
    for rules in [rules(), Rules { second_answer: true, ..rules() }] {
        let told = followed(rules, &twice(&call));
        let kinds: Vec<&str> = told.iter().filter_map(|told| told.split(' ').nth(1)).collect();
        assert_eq!(kinds, ["newCall", "answer", "hangup"], "{told:?}");
    }
}

#[test]
fn a_call_that_is_over_at_once_may_be_one_that_was_turned_away() {
    let at_once = [In("a"), Dials("a", "a", "101", Phone), HangsUp("a"), Gone("a", 16)];
    let answered = [In("a"), Dials("a", "a", "101", Phone), Answers("a", "a", "101", Phone), Gone("a", 16)];
    // (rules, steps, what follows)
    let long = Rules { hold: 5 * SECOND, ..rules() };
    let brief = Rules { passes_brief_calls: true, ..long.clone() };
    let ended: &[&str] = &["a newCall in 4940 agent 101", "a hangup cancel"];
    let turned_away = "a unreported: it was over within `hold`, as one is that the phone system turns away";
    let cases: [(Rules, &[Step], &[&str]); 4] = [
        (long, &at_once, ended),
        (brief.clone(), &at_once, &[turned_away]),
        (Rules { hold: SECOND / 2, ..brief.clone() }, &at_once, ended),
        (
            brief,
            &answered,
            &["a newCall in 4940 agent 101", "a answer 101 agent 101", "a hangup normalClearing"],
        ),
    ];
    for (rules, steps, expected) in cases {
        assert_eq!(followed(rules, steps), expected);
    }
}
