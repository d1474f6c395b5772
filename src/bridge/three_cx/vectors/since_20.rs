//! Calls as Call Control shows them, and its list of active calls beside it.

use super::*;

/// States of a vector: how many polls it lasts, and the participants.
type States<'a> = &'a [(u64, Vec<Value>)];

fn v20(rules: &Rules, name: &str, states: States<'_>, expected: &[&str]) {
    let play = |tell: fn(&mut Followed3cx, u64, &[Value])| {
        let mut followed = Followed3cx::new(rules.clone());
        followed.shows(1, &[]);
        for (times, participants) in states {
            tell(&mut followed, *times, participants);
        }
        tell(&mut followed, 1, &[]);
        followed.end()
    };
    assert_eq!(play(Followed3cx::shows), expected, "{name}, shown");
    assert_eq!(play(Followed3cx::tells), expected, "{name}, told");
}

#[test]
fn participants_since_version_20_become_the_right_events() {
    let new_call = "#1 newCall in 4930123456→150 user=Alice Agent";
    let answer = "#1 answer ans=150 user=Alice Agent";
    let of_queue = "#1 newCall in 4930123456→816 queue=816";
    let (end, cancel) = ("#1 hangup normalClearing", "#1 hangup cancel");
    let out = "#1 newCall out 150→4930123456 user=Alice Agent";
    let leg = |id: u64, dn: &str, status: &str, callid: u64| json!({ "id": id, "dn": dn, "status": status, "callid": callid });
    let with = |mut leg: Value, more: Value| {
        more.as_object().unwrap().iter().for_each(|(name, value)| leg[name] = value.clone());
        leg
    };
    let behalf = || json!({ "legid": 2, "on_behalf_of_dn": "816", "on_behalf_of_type": "Wqueue" });
    let waits = leg(1, "816", "Connected", 20);
    let rings = with(leg(2, "150", "Ringing", 20), behalf());
    let talks = with(leg(2, "150", "Connected", 20), behalf());
    let rules = Rules::default();
    let check = |name: &str, states: States<'_>, expected: &[&str]| v20(&rules, name, states, expected);
    check(
        "V1 answered",
        &[(3, vec![leg(8106, "150", "Ringing", 1264)]), (3, vec![leg(8106, "150", "Connected", 1264)])],
        &[new_call, answer, end],
    );
    check("V2 missed", &[(3, vec![leg(8106, "150", "Ringing", 1264)])], &[new_call, cancel]);
    check(
        "V3 a queue, answered",
        &[
            (3, vec![waits.clone()]),
            (3, vec![waits.clone(), rings.clone()]),
            (2, vec![waits.clone(), talks.clone()]),
            (3, vec![talks.clone()]),
        ],
        &[of_queue, answer, end],
    );
    check(
        "V3 the queue not shown",
        &[(3, vec![rings.clone()]), (3, vec![talks.clone()])],
        &["#1 newCall in 4930123456→816 queue=816 user=Alice Agent", answer, end],
    );
    check(
        "V4 a queue, missed",
        &[(3, vec![waits.clone()]), (3, vec![waits.clone(), rings.clone()])],
        &[of_queue, cancel],
    );
    check(
        "V4 two queues",
        &[
            (3, vec![waits.clone(), leg(3, "817", "Connected", 20)]),
            (3, vec![waits, leg(3, "817", "Connected", 20), rings]),
        ],
        &[of_queue, cancel],
    );
    check(
        "V5 out, answered",
        &[(3, vec![leg(8107, "150", "Dialing", 1265)]), (3, vec![leg(8107, "150", "Connected", 1265)])],
        &[out, "#1 answer", end],
    );
    check("V6 out, unanswered", &[(3, vec![leg(8107, "150", "Dialing", 1265)])], &[out, cancel]);
    let (alice, bob) = (leg(1, "150", "Ringing", 30), leg(2, "151", "Ringing", 30));
    let both = "#1 newCall in 4930123456→150 user=Alice Agent,Bob Agent";
    check(
        "V7 a ring group",
        &[(3, vec![alice.clone(), bob.clone()]), (3, vec![leg(2, "151", "Connected", 30)])],
        &[both, "#1 answer ans=151 user=Bob Agent", end],
    );
    check(
        "V7 a leg that stays",
        &[(3, vec![alice.clone(), bob.clone()]), (3, vec![leg(1, "150", "Connected", 30), bob.clone()])],
        &[both, answer, end],
    );
    check("V7 nobody", &[(3, vec![alice, bob])], &[both, cancel]);
    check("V10 seen once", &[(1, vec![leg(1, "150", "Connected", 60)])], &[new_call, answer, end]);
    let inside = json!({ "party_dn": "151", "party_dn_type": "Wextension", "party_caller_id": "151",
                         "originated_by_dn": "", "originated_by_type": "None", "legid": 1 });
    let other = json!({ "party_dn": "150", "party_dn_type": "Wextension", "party_caller_id": "150",
                        "originated_by_dn": "", "originated_by_type": "None", "legid": 2 });
    let internal = |status: [&str; 2]| {
        vec![
            with(leg(1, "150", status[0], 70), inside.clone()),
            with(leg(2, "151", status[1], 70), other.clone()),
        ]
    };
    let talk = [(2, internal(["Dialing", "Ringing"])), (2, internal(["Connected", "Connected"]))];
    check("V13 internal", &talk, &[]);
    v20(
        &Rules { internal: true, ..Rules::default() },
        "V13 internal, wanted",
        &talk,
        &["#1 newCall in 150→151 user=Bob Agent", "#1 answer ans=151 user=Bob Agent", end],
    );
    let odd = |more: Value| vec![(2, vec![with(leg(1, "150", "Ringing", 80), more)])];
    let anonymous = "#1 newCall in anonymous→150 user=Alice Agent";
    check("V14 no number", &odd(json!({ "party_caller_id": "" })), &[anonymous, cancel]);
    check("V14 anonymous", &odd(json!({ "party_caller_id": "Anonymous" })), &[anonymous, cancel]);
    let untyped = json!({ "party_dn_type": null, "party_caller_id": "anonymous" });
    check("no number and no type", &odd(untyped), &[anonymous, cancel]);
    check(
        "V14 a name with brackets",
        &odd(json!({ "party_caller_name": "Smith (Sales)" })),
        &[new_call, cancel],
    );
    check(
        "V16 a route point first",
        &[
            (2, vec![leg(1, "800", "Connected", 90)]),
            (2, vec![leg(1, "800", "Connected", 90), leg(2, "150", "Ringing", 90)]),
            (2, vec![leg(2, "150", "Connected", 90)]),
        ],
        &["#1 newCall in 4930123456→800 user=Alice Agent", answer, end],
    );
    let parked = json!({ "party_dn": "SP1", "party_dn_type": "Wparking", "originated_by_dn": "", "originated_by_type": "None" });
    let (alice, place) = (leg(1, "150", "Connected", 91), leg(3, "SP1", "Connected", 91));
    check(
        "parked, and fetched by another number of the phone system's",
        &[
            (2, vec![leg(1, "150", "Ringing", 91)]),
            (2, vec![alice.clone()]),
            (2, vec![alice, place.clone()]),
            (2, vec![place.clone(), with(leg(4, "151", "Dialing", 92), parked.clone())]),
            (2, vec![with(leg(4, "151", "Connected", 92), parked)]),
        ],
        &[new_call, answer, end],
    );
    let by_menu = json!({ "party_dn": "800", "party_dn_type": "Wroutepoint" });
    check(
        "a customer who calls a second time, by a menu",
        &[
            (2, vec![leg(1, "150", "Connected", 93)]),
            (2, vec![leg(1, "150", "Connected", 93), with(leg(2, "151", "Ringing", 94), by_menu)]),
            (6, vec![leg(1, "150", "Connected", 93)]),
        ],
        &[new_call, answer, "#2 newCall in 4930123456→151 user=Bob Agent", "#2 hangup cancel", end],
    );
    check(
        "a menu that is left",
        &[(2, vec![leg(1, "800", "Connected", 90)])],
        &["#1 newCall in 4930123456→800", cancel],
    );
    check(
        "the number that was dialled",
        &odd(json!({ "party_did": "+4930600000" })),
        &["#1 newCall in 4930123456→4930600000 user=Alice Agent", cancel],
    );
    check(
        "a box that is listened to",
        &[(
            2,
            vec![with(
                leg(1, "150", "Connected", 95),
                json!({
        "party_dn": "666", "party_dn_type": "Wspecialmenu", "party_caller_id": "666", "legid": 1 }),
            )],
        )],
        &[],
    );
}

/// Who dials is seen while they wait. What is there when the bridge begins may have been there for long.
#[test]
fn who_talks_when_they_are_first_seen_was_called_unless_that_was_before() {
    let unsaid = |status: &str| {
        vec![json!({ "id": 1, "dn": "150", "status": status, "callid": 60, "legid": 1,
                     "originated_by_dn": "", "originated_by_type": "None" })]
    };
    let own =
        vec![json!({ "id": 1, "dn": "150", "status": "Connected", "callid": 60, "originated_by_dn": "150",
                           "originated_by_type": "Wextension" })];
    let (came, went) = (
        ["#1 newCall in 4930123456→150 user=Alice Agent", "#1 answer ans=150 user=Alice Agent"],
        ["#1 newCall out 150→4930123456 user=Alice Agent", "#1 answer"],
    );
    type Case<'a> = (&'a str, &'a [Vec<Value>], [&'a str; 2]);
    let cases: [Case<'_>; 5] = [
        ("while it is followed", &[vec![], unsaid("Connected")], came),
        ("rung", &[vec![], unsaid("Ringing"), unsaid("Connected")], came),
        ("dialled", &[vec![], unsaid("Dialing"), unsaid("Connected")], went),
        ("it says so", &[vec![], own], went),
        ("there already", &[unsaid("Connected")], went),
    ];
    for (name, states, expected) in cases {
        let mut followed = Followed3cx::new(Rules::default());
        for state in states {
            followed.shows(2, state);
        }
        followed.shows(1, &[]);
        assert_eq!(followed.end(), [expected[0], expected[1], "#1 hangup normalClearing"], "{name}");
    }
}

#[test]
fn a_transfer_since_version_20_stays_one_call() {
    let leg = |id: u64, dn: &str, status: &str, callid: u64| json!({ "id": id, "dn": dn, "status": status, "callid": callid });
    let referred = |status: &str| {
        json!({ "id": 2, "dn": "151", "status": status, "callid": 40, "legid": 3,
                "referred_by_dn": "150", "referred_by_type": "Wextension" })
    };
    let new_call = "#1 newCall in 4930123456→150 user=Alice Agent";
    let (alice, bob) = ("#1 answer ans=150 user=Alice Agent", "#1 answer ans=151 user=Bob Agent");
    let end = "#1 hangup normalClearing";
    let both = Rules { second_answer: true, ..Rules::default() };
    let begin = [
        (2, vec![leg(1, "150", "Ringing", 40)]),
        (2, vec![leg(1, "150", "Connected", 40)]),
        (2, vec![leg(1, "150", "Connected", 40), referred("Ringing")]),
    ];
    let whole = [&begin[..], &[(3, vec![referred("Connected")])]].concat();
    v20(&both, "V8 taken", &whole, &[new_call, alice, bob, end]);
    v20(&Rules::default(), "V8 one answer", &whole, &[new_call, alice, end]);
    v20(&both, "V8 not taken", &begin, &[new_call, alice, end]);

    // With a word before: the other one is called first, and then gets the caller.
    let inside = |id: u64, dn: &str, party: &str, status: &str, legid: u64| {
        json!({ "id": id, "dn": dn, "status": status, "callid": 41, "legid": legid, "party_dn": party,
                "party_dn_type": "Wextension", "party_caller_id": party, "originated_by_dn": "", "originated_by_type": "None" })
    };
    let consult = |one: &str, two: &str| {
        vec![leg(1, "150", "Connected", 40), inside(7, "150", "151", one, 1), inside(9, "151", "150", two, 2)]
    };
    let begin = [
        begin[0].clone(),
        begin[1].clone(),
        (2, consult("Dialing", "Ringing")),
        (2, consult("Connected", "Connected")),
    ];
    let moved = [&begin[..], &[(3, vec![leg(9, "151", "Connected", 40)])]].concat();
    v20(&both, "the one who was asked moves", &moved, &[new_call, alice, bob, end]);
    let turned = [&begin[..], &[(3, vec![leg(9, "151", "Connected", 41)])]].concat();
    v20(&both, "the caller moves", &turned, &[new_call, alice, bob, end]);
    v20(&Rules::default(), "the caller moves, one answer", &turned, &[new_call, alice, end]);

    // Who was asked has a call of their own until it is joined, also for a while after who asked has hung up.
    let alone = |status: &str| (2, vec![inside(9, "151", "150", status, 2)]);
    let late = [&begin[..], &[alone("Connected"), (3, vec![leg(9, "151", "Connected", 41)])]].concat();
    v20(&both, "joined late", &late, &[new_call, alice, bob, end]);
    // It rings while the caller is passed on: who called is not missed, as they were answered.
    let rings = [&begin[..3], &[(3, vec![leg(9, "151", "Ringing", 41)])]].concat();
    v20(&both, "passed on before it is answered", &rings, &[new_call, alice, end]);
    let moves = [&begin[..3], &[(3, vec![leg(9, "151", "Ringing", 40)])]].concat();
    v20(&both, "moves before it is answered", &moves, &[new_call, alice, end]);
    let refused = [&begin[..3], &begin[1..2]].concat();
    v20(&both, "who is asked does not answer", &refused, &[new_call, alice, end]);
    // The same of a caller without a number, while another one without talks to nobody of these.
    let withheld = |mut leg: Value| {
        leg["party_caller_id"] = json!("");
        leg
    };
    let waits = || withheld(leg(3, "816", "Connected", 50));
    let of_queue = "#1 newCall in anonymous→816 queue=816";
    let [new_call, alice, bob, end] = [
        "#2 newCall in anonymous→150 user=Alice Agent",
        "#2 answer ans=150 user=Alice Agent",
        "#2 answer ans=151 user=Bob Agent",
        "#2 hangup normalClearing",
    ];
    let consult = |one: &str, two: &str| {
        let own = withheld(leg(1, "150", "Connected", 40));
        vec![waits(), own, inside(7, "150", "151", one, 1), inside(9, "151", "150", two, 2)]
    };
    let turned = [
        (2, vec![waits()]),
        (2, vec![waits(), withheld(leg(1, "150", "Ringing", 40))]),
        (2, vec![waits(), withheld(leg(1, "150", "Connected", 40))]),
        (2, consult("Dialing", "Ringing")),
        (2, consult("Connected", "Connected")),
        (2, vec![waits(), withheld(leg(9, "151", "Connected", 41))]),
        (6, vec![waits()]),
    ];
    v20(&both, "no number", &turned, &[of_queue, new_call, alice, bob, end, "#1 hangup cancel"]);
    // Calls between the two are told of if that is wanted, and nobody has missed one.
    let rules = Rules { internal: true, second_answer: true, ..Rules::default() };
    let asks = [
        "#2 newCall in 150→151 user=Bob Agent",
        "#2 answer ans=151 user=Bob Agent",
        "#2 hangup normalClearing",
    ];
    let [new_call, alice, bob, end] = [
        "#1 newCall in 4930123456→150 user=Alice Agent",
        "#1 answer ans=150 user=Alice Agent",
        "#1 answer ans=151 user=Bob Agent",
        "#1 hangup normalClearing",
    ];
    v20(&rules, "internal", &moved, &[new_call, alice, asks[0], asks[1], bob, asks[2], end]);
}

/// Also while everything is asked for already: that may be older than the change.
#[test]
fn a_participant_that_is_not_told_of_is_found_in_everything() {
    let mut source = ThreeCx::default();
    let place = || Place { dn: "150".to_owned(), id: "1".to_owned() };
    let everything = || Message::Everything { at: 0, entries: Vec::new() };
    let mut asks = |message: Message| {
        let asked = source.understand(message).into_iter().filter_map(|heard| match heard {
            Heard::Ask(request) => Some(request),
            Heard::Fact(_)
            | Heard::Standing(_)
            | Heard::Seen(_)
            | Heard::Remark(_)
            | Heard::Rights(_)
            | Heard::Passed(_)
            | Heard::Repeated(_) => None,
        });
        asked.collect::<Vec<_>>()
    };
    assert_eq!(asks(Message::Untold(place())), []);
    assert_eq!(asks(Message::Changed(place())), [Request::One(place())]);
    assert_eq!(asks(Message::Untold(place())), [Request::Everything]);
    assert_eq!(asks(Message::Changed(place())), [Request::One(place())]);
    assert_eq!(asks(Message::Untold(place())), []);
    assert_eq!(asks(everything()), [Request::Everything]);
    assert_eq!(asks(everything()), []);
}

#[test]
fn a_call_that_was_reported_is_taken_up_by_its_number() {
    let leg = |status: &str| vec![json!({ "id": 8106, "dn": "150", "status": status, "callid": 1264 })];
    let open = |id: &str, from: &str, answered: bool| Open {
        id: id.to_owned(),
        direction: Direction::Inbound,
        from: Some(from.to_owned()),
        to: "150".to_owned(),
        answered: answered.then_some(Duration::ZERO),
    };
    let before = "3cx-1264-1795000000000";
    let answer = "#1 answer ans=150 user=Alice Agent";
    let (end, cancel) = ("#1 hangup normalClearing", "#1 hangup cancel");
    let new_call = "#2 newCall in 4930123456→150 user=Alice Agent";
    let both = Rules { second_answer: true, ..Rules::default() };
    // (the call that was reported, what is there, events)
    type Case<'a> = (Open, &'a [Vec<Value>], &'a [&'a str]);
    let cases: [Case<'_>; 6] = [
        (open(before, "4930123456", false), &[leg("Ringing"), leg("Connected")], &[answer, end]),
        (open(before, "4930123456", false), &[leg("Connected")], &[answer, end]),
        (open(before, "4930123456", true), &[leg("Connected")], &[end]),
        (open(before, "4930123456", true), &[], &[end]),
        (open(before, "4930123456", false), &[], &[cancel]),
        // The phone system began to count again.
        (open(before, "4940666666", false), &[leg("Ringing")], &[new_call, cancel, "#2 hangup cancel"]),
    ];
    for (open, states, expected) in cases {
        let mut followed = Followed3cx::new(both.clone());
        followed.ids.push(open.id.clone());
        followed.source.take_up(&open);
        followed.tracker.take_up(open.clone(), Duration::from_millis(followed.now));
        for state in states {
            followed.shows(7, state);
        }
        followed.shows(1, &[]);
        assert_eq!(followed.end(), expected, "{open:?}");
    }
}

#[test]
fn a_queue_that_is_not_shown_is_followed_by_the_list_of_active_calls() {
    let leg = |dn: &str, status: &str| json!({ "id": 2, "dn": dn, "status": status, "callid": 20 });
    let withheld = |status: &str| {
        let mut leg = leg("150", status);
        leg["party_caller_id"] = json!("");
        leg
    };
    let new_call = "#1 newCall in 4930123456→816 queue=816";
    let (answer, end, cancel) =
        ("#1 answer ans=150 user=Alice Agent", "#1 hangup normalClearing", "#1 hangup cancel");
    let waits: &[[&str; 4]] = &[["5", TRUNK, QUEUE, "Talking"]];
    let rings: &[[&str; 4]] = &[["5", TRUNK, ALICE, "Transferring"]];
    let hidden: &[[&str; 4]] = &[["5", "10000 Trunk (anonymous)", QUEUE, "Talking"]];
    type State<'a> = (&'a [[&'a str; 4]], Vec<Value>);
    // (name, states, events)
    let other = |status: &str| {
        let mut leg = withheld(status);
        (leg["id"], leg["dn"], leg["callid"]) = (json!(3), json!("151"), json!(21));
        leg
    };
    let next = |status: &str| {
        let mut leg = leg("151", status);
        (leg["id"], leg["callid"]) = (json!(3), json!(21));
        leg
    };
    let row = |id: &'static str, called: &'static str, status: &'static str| [id, HIDDEN, called, status];
    let (fifth, sixth) = (row("5", QUEUE, "Talking"), row("6", QUEUE, "Talking"));
    let (two, one, other_one) = (&[fifth, sixth], &[fifth], &[sixth]);
    let direct = &[fifth, row("6", ALICE, "Routing")];
    let [hidden_call, second_call] =
        ["#1 newCall in anonymous→816 queue=816", "#2 newCall in anonymous→816 queue=816"];
    let cases: [(&str, Vec<State<'_>>, Vec<&str>); 14] = [
        ("given up", vec![(waits, vec![])], vec![new_call, cancel]),
        (
            "answered",
            vec![(waits, vec![]), (rings, vec![leg("150", "Ringing")]), (&[], vec![leg("150", "Connected")])],
            vec![new_call, answer, end],
        ),
        (
            "rings while it waits, then another",
            vec![
                (waits, vec![leg("150", "Ringing")]),
                (waits, vec![]),
                (waits, vec![leg("151", "Ringing")]),
                (waits, vec![]),
            ],
            vec!["#1 newCall in 4930123456→150 queue=816 user=Alice Agent", cancel],
        ),
        (
            "two callers",
            vec![
                (&[["5", TRUNK, QUEUE, "Talking"], ["6", OTHER, QUEUE, "Talking"]], vec![]),
                (&[["6", OTHER, QUEUE, "Talking"]], vec![leg("150", "Connected")]),
                (&[["6", OTHER, QUEUE, "Talking"]], vec![]),
            ],
            vec![new_call, "#2 newCall in 49401112233→816 queue=816", answer, "#2 hangup cancel", end],
        ),
        (
            "no number",
            vec![(hidden, vec![]), (hidden, vec![withheld("Ringing")]), (&[], vec![withheld("Connected")])],
            vec![hidden_call, answer, end],
        ),
        (
            "rings while it waits, then another by another number of the phone system's",
            vec![
                (waits, vec![leg("150", "Ringing")]),
                (waits, vec![]),
                (waits, vec![next("Ringing")]),
                (&[], vec![next("Connected")]),
            ],
            vec![
                "#1 newCall in 4930123456→150 queue=816 user=Alice Agent",
                "#1 answer ans=151 user=Bob Agent",
                end,
            ],
        ),
        (
            "two without a number, the first one's turn",
            vec![
                (two, vec![]),
                (two, vec![withheld("Ringing")]),
                (other_one, vec![withheld("Connected")]),
                (&[], vec![withheld("Connected")]),
                (&[], vec![withheld("Connected")]),
            ],
            vec![hidden_call, answer, end, second_call, "#2 hangup cancel"],
        ),
        (
            "two without a number, the second one's turn",
            vec![
                (two, vec![]),
                (one, vec![withheld("Ringing")]),
                (one, vec![withheld("Connected")]),
                (one, vec![]),
                (&[], vec![other("Connected")]),
            ],
            vec![
                hidden_call,
                second_call,
                answer,
                end,
                "#2 answer ans=151 user=Bob Agent",
                "#2 hangup normalClearing",
            ],
        ),
        (
            "two without a number, each rings an agent",
            vec![
                (two, vec![withheld("Ringing"), other("Ringing")]),
                (&[], vec![withheld("Connected"), other("Ringing")]),
                (&[], vec![withheld("Connected")]),
            ],
            vec![
                "#1 newCall in anonymous→150 queue=816 user=Alice Agent",
                "#2 newCall in anonymous→151 queue=816 user=Bob Agent",
                answer,
                "#2 hangup cancel",
                end,
            ],
        ),
        (
            "two without a number, one talks",
            vec![(&[], vec![withheld("Connected")]), (one, vec![withheld("Connected")]), (one, vec![])],
            vec![
                "#1 newCall in anonymous→150 user=Alice Agent",
                answer,
                second_call,
                end,
                "#2 hangup cancel",
            ],
        ),
        (
            "two without a number, one talks who has waited",
            vec![
                (one, vec![]),
                (one, vec![withheld("Ringing")]),
                (&[], vec![withheld("Connected")]),
                (other_one, vec![withheld("Connected")]),
                (other_one, vec![]),
            ],
            vec![hidden_call, answer, second_call, end, "#2 hangup cancel"],
        ),
        (
            "two without a number, one rings",
            vec![
                (&[], vec![withheld("Ringing")]),
                (direct, vec![withheld("Ringing")]),
                (direct, vec![withheld("Ringing")]),
                (one, vec![]),
            ],
            vec!["#1 newCall in anonymous→150 user=Alice Agent", second_call, cancel, "#2 hangup cancel"],
        ),
        (
            "two without a number, one has just gone",
            vec![(&[], vec![withheld("Connected")]), (one, vec![])],
            vec![
                "#1 newCall in anonymous→150 user=Alice Agent",
                answer,
                second_call,
                end,
                "#2 hangup cancel",
            ],
        ),
        (
            "one without a number waits, and another one calls an agent",
            vec![
                (one, vec![]),
                (direct, vec![withheld("Ringing")]),
                (one, vec![withheld("Connected")]),
                (one, vec![]),
            ],
            vec![
                hidden_call,
                "#2 newCall in anonymous→150 user=Alice Agent",
                "#2 answer ans=150 user=Alice Agent",
                "#2 hangup normalClearing",
                cancel,
            ],
        ),
    ];
    for (name, states, expected) in cases {
        let mut followed = Followed3cx::new(Rules::default());
        followed.say(Message::People(People { queues: vec!["816".to_owned()], ..names() }));
        for (rows, participants) in states {
            followed.beside(rows, &participants);
        }
        followed.beside(&[], &[]);
        let mut told = followed.end();
        let mut expected = expected.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        if name.starts_with("two ") {
            told.sort();
            expected.sort();
        }
        assert_eq!(told, expected, "{name}");
    }
}

/// What a number is the socket does not say.
#[test]
fn a_machine_that_is_told_of_before_everything_is_no_person() {
    let queue = json!({ "id": 1, "dn": "817", "status": "Connected", "callid": 20 });
    let mut followed = Followed3cx::new(Rules::default());
    followed.enter(std::slice::from_ref(&queue));
    let place = Place { dn: "817".to_owned(), id: "1".to_owned() };
    followed.say(Message::Changed(place));
    // As it was when it was asked for.
    followed.enter(&[]);
    followed.say(Message::Everything { at: followed.now, entries: followed.entries.clone() });
    followed.wait(STEP);
    assert_eq!(followed.lines, ["#1 newCall in 4930123456→817 queue=817"]);
    followed.shows(1, &[]);
    assert_eq!(followed.end()[1..], ["#1 hangup cancel"]);
}
