//! Calls in a few events, and what follows from them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Event, FreeSwitch, Message, Request, Says};
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Rules, Tracker};
use crate::config::{FreeSwitchSettings, List};
use crate::event::{EventKind, Users};

/// What is said, with a second between any two, and what follows in a line each.
fn followed(settings: &FreeSwitchSettings, said: &[Value]) -> Vec<String> {
    let mut source = FreeSwitch::new(settings);
    let mut tracker = Tracker::new(Rules { trunk_setting: "inbound_contexts", ..Rules::default() });
    let mut lines = Vec::new();
    let _ = source.begin("");
    let list = Message::Reply { to: Request::Channels, says: Says::Channels(Vec::new()) };
    let events = said.iter().map(|event| Message::Event(serde_json::from_value(event.clone()).unwrap()));
    let mut now = Duration::ZERO;
    for message in std::iter::once(list).chain(events) {
        now += Duration::from_secs(1);
        for heard in source.understand(message) {
            match heard {
                Heard::Fact(fact) => tracker.hear(fact, now),
                Heard::Standing(legs) => tracker.compare(&legs, now),
                Heard::Remark(text) | Heard::Passed(text) | Heard::Repeated(text) => lines.push(text),
                Heard::Seen(_) | Heard::Ask(_) | Heard::Rights(_) => {}
            }
        }
        lines.extend(tracker.followed().filter_map(line));
    }
    assert!(source.is_empty(), "{source:?}");
    lines
}

fn line(followed: Followed) -> Option<String> {
    let event = match followed {
        Followed::Event(_, event) => event,
        Followed::Ended(..) => return None,
        Followed::Unreported(_, call, reason) => return Some(format!("{} unreported: {reason}", call.id)),
    };
    let mut words = vec![event.event.to_string()];
    match event.event {
        EventKind::NewCall => {
            words.push(event.direction.unwrap().to_string());
            words.push(event.from.clone().unwrap());
            words.push(event.to.clone().unwrap());
        }
        EventKind::Answer if event.voicemail => words.push("voicemail".to_owned()),
        EventKind::Answer => words.extend(event.answering_number.clone()),
        EventKind::Hangup => words.extend(event.cause.clone()),
    }
    words.extend(event.user.as_ref().map_or(&[][..], Users::names).iter().cloned());
    words.extend(event.queue.clone());
    Some(words.join(" "))
}

fn event(name: &str, uuid: &str, headers: Value) -> Value {
    let mut event = json!({ "Event-Name": name, "Unique-ID": id(uuid) });
    for (header, value) in headers.as_object().unwrap() {
        // A short name stands for a leg.
        let is_id = header.ends_with("uuid") || header.ends_with("Unique-ID") || header.ends_with("UUID");
        event[header] = if is_id { id(value.as_str().unwrap()).into() } else { value.clone() };
    }
    event
}

fn id(name: &str) -> String {
    if name.len() > 1 { name.to_owned() } else { name.repeat(8) + "-0000-4000-8000-" + &name.repeat(12) }
}

/// A customer calls, by a context.
fn comes(uuid: &str, context: &str) -> Value {
    event(
        "CHANNEL_CREATE",
        uuid,
        json!({ "Call-Direction": "inbound", "Caller-Context": context, "Caller-Caller-ID-Number": "4940669690",
                "Caller-Destination-Number": "493023125101", "variable_sofia_profile_name": "external" }),
    )
}

/// A phone that has logged in calls.
fn calls(uuid: &str, context: &str, to: &str) -> Value {
    event(
        "CHANNEL_CREATE",
        uuid,
        json!({ "Call-Direction": "inbound", "Caller-Context": context, "Caller-Caller-ID-Number": "101",
                "Caller-Destination-Number": to, "variable_user_name": "101" }),
    )
}

/// A phone is rung for a leg.
fn rings(uuid: &str, by: &str, user: &str, more: Value) -> Value {
    let mut headers = json!({ "Call-Direction": "outbound", "Caller-Context": "default",
        "variable_originating_leg_uuid": by, "variable_dialed_user": user, "Caller-Destination-Number": user });
    headers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event("CHANNEL_CREATE", uuid, headers)
}

/// Somebody outside is rung for a leg.
fn goes_out(uuid: &str, by: &str, more: Value) -> Value {
    let mut headers = json!({ "Call-Direction": "outbound", "Caller-Context": "default",
        "variable_originating_leg_uuid": by, "variable_sip_gateway_name": "carrier",
        "Caller-Caller-ID-Number": "493023125100", "Caller-Destination-Number": "496990009010" });
    headers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event("CHANNEL_CREATE", uuid, headers)
}

fn answers(uuid: &str) -> Value {
    event("CHANNEL_ANSWER", uuid, json!({ "Answer-State": "answered" }))
}

fn bridged(a: &str, b: &str) -> Value {
    event("CHANNEL_BRIDGE", a, json!({ "Bridge-A-Unique-ID": a, "Bridge-B-Unique-ID": b }))
}

fn unbridged(a: &str, b: &str) -> Value {
    event("CHANNEL_UNBRIDGE", a, json!({ "Bridge-A-Unique-ID": a, "Bridge-B-Unique-ID": b }))
}

fn ends(uuid: &str, cause: &str, sip: &str) -> Value {
    let headers = json!({ "Hangup-Cause": cause, "variable_sip_hangup_disposition": sip });
    event("CHANNEL_HANGUP_COMPLETE", uuid, headers)
}

fn hangs_up(uuid: &str) -> Value {
    ends(uuid, "NORMAL_CLEARING", "recv_bye")
}

fn is_over(uuid: &str) -> Value {
    ends(uuid, "NORMAL_CLEARING", "send_bye")
}

fn of_module(subclass: &str, uuid: &str, headers: Value) -> Value {
    let mut headers = headers;
    headers["Event-Subclass"] = subclass.into();
    event("CUSTOM", uuid, headers)
}

fn settings() -> FreeSwitchSettings {
    FreeSwitchSettings::default()
}

fn list(texts: &[&str]) -> Option<List> {
    Some(List(texts.iter().map(|text| (*text).to_owned()).collect()))
}

/// What is said, and what follows from it.
type Case<'a> = (&'a str, Vec<Value>, &'a [&'a str]);

fn check(settings: &FreeSwitchSettings, cases: Vec<Case<'_>>) {
    for (name, said, expected) in cases {
        assert_eq!(followed(settings, &said), expected, "{name}");
    }
}

#[test]
fn the_dialplan_says_which_way_a_call_goes() {
    let direction = |word: &str| json!({ "variable_call_direction": word });
    let inside = |first: Value, word: &str| {
        vec![
            first,
            rings("2", "1", "102", direction(word)),
            answers("2"),
            bridged("1", "2"),
            hangs_up("1"),
            is_over("2"),
        ]
    };
    let reported: &[&str] =
        &["newCall in 4940669690 493023125101 102", "answer 102 102", "hangup normalClearing"];
    let a = id("1");
    check(
        &settings(),
        vec![
            ("from a context that is no trunk's", inside(comes("1", "from-carrier"), "inbound"), reported),
            ("from a trunk's", inside(comes("1", "public"), "inbound"), reported),
            (
                "a phone without a login",
                inside(comes("1", "public"), "local"),
                &[&*format!("{a} unreported: its context public is no trunk; see inbound_contexts")],
            ),
            (
                "a phone with one, in a trunk's context",
                inside(calls("1", "public", "102"), "local"),
                &[&*format!("{a} unreported: both sides are extensions")],
            ),
            (
                "a caller who is forwarded by an outbound route",
                vec![
                    comes("1", "public"),
                    goes_out("2", "1", direction("outbound")),
                    answers("2"),
                    bridged("1", "2"),
                    hangs_up("1"),
                    is_over("2"),
                ],
                &["newCall in 4940669690 493023125101", "answer 496990009010", "hangup normalClearing"],
            ),
            (
                "a phone that calls out from a trunk's context",
                vec![
                    calls("1", "public", "06990009010"),
                    goes_out("2", "1", direction("outbound")),
                    answers("2"),
                    bridged("1", "2"),
                    hangs_up("1"),
                    is_over("2"),
                ],
                &["newCall out 493023125100 496990009010 101", "answer", "hangup normalClearing"],
            ),
            (
                "a route to the outside that has no gateway",
                vec![
                    calls("1", "default", "06990009010"),
                    event(
                        "CHANNEL_CREATE",
                        "2",
                        json!({ "Call-Direction": "outbound", "variable_originating_leg_uuid": "1",
                                "variable_call_direction": "outbound", "Caller-Caller-ID-Number": "493023125100",
                                "Caller-Destination-Number": "496990009010" }),
                    ),
                    ends("2", "USER_BUSY", "recv_refuse"),
                    ends("1", "USER_BUSY", "send_refuse"),
                ],
                &["newCall out 493023125100 496990009010 101", "hangup busy"],
            ),
        ],
    );
}

#[test]
fn a_phone_that_picks_up_talks_when_it_is_bridged() {
    let rung = || vec![comes("1", "public"), rings("2", "1", "102", json!({})), answers("2")];
    let then = |more: Vec<Value>| rung().into_iter().chain(more).collect::<Vec<_>>();
    let with_bridge = |uuid: &str, other: &str, sip: &str| {
        let headers = json!({ "Hangup-Cause": "NORMAL_CLEARING", "variable_sip_hangup_disposition": sip,
                              "variable_bridge_uuid": other });
        event("CHANNEL_HANGUP_COMPLETE", uuid, headers)
    };
    let (left, gives_up) =
        (|| ends("2", "ORIGINATOR_CANCEL", ""), || ends("1", "ORIGINATOR_CANCEL", "recv_cancel"));
    let missed: &[&str] = &["newCall in 4940669690 493023125101 102", "hangup cancel"];
    let taken: &[&str] =
        &["newCall in 4940669690 493023125101 102", "answer 102 102", "hangup normalClearing"];
    check(
        &settings(),
        vec![
            ("the caller gives up before", then(vec![left(), gives_up()]), missed),
            ("the same, and the caller's end comes first", then(vec![gives_up(), left()]), missed),
            (
                "the bridge comes after the caller's end, which names it",
                then(vec![
                    with_bridge("1", "2", "recv_bye"),
                    bridged("1", "2"),
                    is_over("2"),
                    unbridged("1", "2"),
                ]),
                taken,
            ),
            (
                "after the phone's end, which names it",
                then(vec![with_bridge("2", "1", "recv_bye"), bridged("1", "2"), is_over("1")]),
                taken,
            ),
            (
                "a caller who was connected has talked",
                then(vec![hangs_up("1"), bridged("1", "2"), is_over("2")]),
                taken,
            ),
            (
                "a menu had connected the caller",
                [vec![comes("1", "public"), answers("1")], rung().split_off(1), vec![hangs_up("1"), left()]]
                    .concat(),
                missed,
            ),
        ],
    );
}

#[test]
fn only_the_tenants_that_are_wanted_are_told_of() {
    let settings =
        FreeSwitchSettings { domains: list(&["berlin.example", "*.berlin.example"]), ..settings() };
    let domain = |name: &str| json!({ "variable_domain_name": name });
    let inside = |more: Value| {
        vec![
            comes("1", "public"),
            answers("1"),
            rings("2", "1", "102", more),
            answers("2"),
            bridged("1", "2"),
            hangs_up("1"),
            is_over("2"),
        ]
    };
    let a = id("1");
    let reported: &[&str] =
        &["newCall in 4940669690 493023125101 102", "answer 102 102", "hangup normalClearing"];
    let queue = |name: &str| {
        let start =
            json!({ "CC-Action": "member-queue-start", "CC-Queue": name, "CC-Member-Session-UUID": "1" });
        vec![comes("1", "public"), of_module("callcenter::info", "1", start), hangs_up("1")]
    };
    check(
        &settings,
        vec![
            ("one of them", inside(domain("berlin.example")), reported),
            ("another of them", inside(domain("Support.Berlin.Example")), reported),
            (
                "by the phone that rings",
                inside(json!({ "variable_dialed_domain": "berlin.example" })),
                reported,
            ),
            (
                "another",
                inside(domain("hamburg.example")),
                &[&*format!("call {a}: not reported: its domain hamburg.example is not in domains")],
            ),
            (
                "nobody knows which",
                vec![comes("1", "public"), ends("1", "NO_ROUTE_DESTINATION", "send_refuse")],
                &[&*format!("call {a}: not reported: its domain is unknown, so it is not in domains")],
            ),
            (
                "by the queue",
                queue("support@berlin.example"),
                &["newCall in 4940669690 493023125101 support", "hangup cancel"],
            ),
            (
                "by another's queue",
                queue("support@hamburg.example"),
                &[&*format!("call {a}: not reported: its domain hamburg.example is not in domains")],
            ),
        ],
    );
}

#[test]
fn a_queue_is_called_as_the_settings_want_it() {
    let action = |action: &str, state: &str| {
        of_module(
            "callcenter::info",
            "1",
            json!({ "CC-Action": action, "CC-Queue": "support@pbx.example", "CC-Member-Session-UUID": "1",
                    "Answer-State": state }),
        )
    };
    let said = vec![
        comes("1", "public"),
        action("member-queue-start", "answered"),
        action("member-queue-end", "hangup"),
        hangs_up("1"),
        // They outlive the call.
        action("member-queue-end", "hangup"),
        action("member-queue-start", "answered"),
    ];
    let whole = FreeSwitchSettings { queue_domain: Some(true), ..settings() };
    assert_eq!(followed(&settings(), &said), ["newCall in 4940669690 493023125101 support", "hangup cancel"]);
    assert_eq!(
        followed(&whole, &said),
        ["newCall in 4940669690 493023125101 support@pbx.example", "hangup cancel"]
    );
}

#[test]
fn a_caller_who_waits_is_told_from_one_who_waited() {
    let fifo = |action: &str| {
        let headers =
            json!({ "FIFO-Action": action, "FIFO-Name": "sales@pbx.example", "Answer-State": "answered" });
        of_module("fifo::info", "1", headers)
    };
    let end = |action: &str| {
        of_module(
            "callcenter::info",
            "1",
            json!({ "CC-Action": action, "CC-Queue": "support@pbx.example", "CC-Member-Session-UUID": "1",
                    "Answer-State": "answered" }),
        )
    };
    let refused = |uuid: &str| ends(uuid, "NO_ANSWER", "send_cancel");
    check(
        &settings(),
        vec![
            (
                "a waiting line, and its agent calls in",
                vec![
                    comes("1", "public"),
                    fifo("push"),
                    calls("3", "default", "*21"),
                    answers("3"),
                    fifo("caller_pop"),
                    bridged("3", "1"),
                    unbridged("3", "1"),
                    hangs_up("3"),
                    is_over("1"),
                ],
                &["newCall in 4940669690 493023125101 sales", "answer 101 101", "hangup normalClearing"],
            ),
            (
                "a queue that gave up, and the caller hears so",
                vec![
                    comes("1", "public"),
                    end("member-queue-start"),
                    event(
                        "CHANNEL_CREATE",
                        "2",
                        json!({ "Call-Direction": "outbound", "variable_cc_member_session_uuid": "1",
                                "variable_dialed_user": "102", "Caller-Destination-Number": "102" }),
                    ),
                    refused("2"),
                    end("member-queue-end"),
                    hangs_up("1"),
                ],
                &["newCall in 4940669690 493023125101 support", "hangup noAnswer"],
            ),
        ],
    );
}

/// At these seconds.
fn at(seconds: f64, mut event: Value) -> Value {
    event["Event-Date-Timestamp"] = format!("{}", 1_795_995_000_000_000 + (seconds * 1e6) as u64).into();
    event
}

#[test]
fn who_is_left_for_a_queues_sake_does_not_ring_when_the_caller_hangs_up() {
    let queue = |action: &str| {
        of_module(
            "callcenter::info",
            "1",
            json!({ "CC-Action": action, "CC-Queue": "support@pbx.example", "CC-Member-Session-UUID": "1",
                    "Answer-State": "answered" }),
        )
    };
    let agent = event(
        "CHANNEL_CREATE",
        "2",
        json!({ "Call-Direction": "outbound", "variable_cc_member_session_uuid": "1",
                "variable_dialed_user": "102", "Caller-Destination-Number": "102" }),
    );
    let until = |left: f64, hangs_up_at: f64| {
        vec![
            at(0.0, comes("1", "public")),
            at(0.0, queue("member-queue-start")),
            at(0.1, agent.clone()),
            at(30.0, queue("member-queue-end")),
            at(left, ends("2", "ORIGINATOR_CANCEL", "send_cancel")),
            at(hangs_up_at, hangs_up("1")),
        ]
    };
    let newcall = "newCall in 4940669690 493023125101 support";
    // It hears an announcement for a while, or hangs up as soon as it leaves the queue.
    assert_eq!(followed(&settings(), &until(30.0, 40.0)), [newcall, "hangup noAnswer"]);
    assert_eq!(followed(&settings(), &until(30.0, 30.1)), [newcall, "hangup cancel"]);
}

#[test]
fn a_line_that_has_registered_is_one_whatever_its_context() {
    let mut call = comes("1", "default");
    call["variable_sip_gateway"] = "carrier".into();
    call["Caller-Destination-Number"] = "account-7".into();
    call["variable_sip_to_user"] = "493023125101".into();
    let said =
        [call, rings("2", "1", "102", json!({})), ends("2", "CALL_REJECTED", "recv_refuse"), is_over("1")];
    assert_eq!(followed(&settings(), &said), ["newCall in 4940669690 493023125101 102", "hangup noAnswer"]);
}

#[test]
fn what_comes_in_another_order_means_the_same() {
    let begins = || vec![comes("1", "public"), rings("2", "1", "102", json!({}))];
    let all = |more: Vec<Value>| begins().into_iter().chain(more).collect::<Vec<_>>();
    let newcall = "newCall in 4940669690 493023125101 102";
    let end = "hangup normalClearing";
    check(
        &settings(),
        vec![
            (
                "the bridge before the answer",
                all(vec![bridged("1", "2"), answers("2"), hangs_up("1"), is_over("2"), unbridged("1", "2")]),
                &[newcall, "answer 102 102", end],
            ),
            (
                "a bridge that nobody answers: early media, and then it is busy",
                all(vec![
                    bridged("1", "2"),
                    ends("2", "USER_BUSY", "recv_refuse"),
                    ends("1", "USER_BUSY", "send_refuse"),
                ]),
                &[newcall, "hangup busy"],
            ),
            (
                "the caller's end first, while it rings",
                all(vec![
                    ends("1", "ORIGINATOR_CANCEL", "recv_cancel"),
                    ends("2", "ORIGINATOR_CANCEL", "send_cancel"),
                ]),
                &[newcall, "hangup cancel"],
            ),
            (
                "and last",
                all(vec![
                    ends("2", "ORIGINATOR_CANCEL", "send_cancel"),
                    ends("1", "ORIGINATOR_CANCEL", "recv_cancel"),
                ]),
                &[newcall, "hangup cancel"],
            ),
            (
                "a phone that is left for another, which nobody answers",
                all(vec![
                    ends("2", "ORIGINATOR_CANCEL", "send_cancel"),
                    rings("3", "1", "103", json!({})),
                    ends("3", "NO_ANSWER", "send_cancel"),
                    hangs_up("1"),
                ]),
                &[newcall, "hangup noAnswer"],
            ),
            (
                "all is said twice",
                all(all(vec![
                    answers("2"),
                    answers("2"),
                    bridged("1", "2"),
                    bridged("1", "2"),
                    hangs_up("1"),
                    hangs_up("1"),
                    is_over("2"),
                    is_over("2"),
                ])),
                &[newcall, "answer 102 102", end],
            ),
            (
                "the end of what nobody has seen begin",
                vec![hangs_up("7"), bridged("7", "8"), answers("8")],
                &[],
            ),
        ],
    );
}

#[test]
fn an_id_that_a_caller_chooses_is_no_calls_before() {
    let mut events = Vec::new();
    for created in ["1795995274297098", "1795995999000000"] {
        for mut event in [comes("x y@192.0.2.1:\u{1b}5060", "public"), hangs_up("x y@192.0.2.1:\u{1b}5060")] {
            event["Caller-Channel-Created-Time"] = created.into();
            events.push(event);
        }
    }
    let mut source = FreeSwitch::new(&settings());
    let _ = source.begin("");
    let list = Message::Reply { to: Request::Channels, says: Says::Channels(Vec::new()) };
    let _ = source.understand(list);
    let mut ids = Vec::new();
    for event in events {
        let event: Event = serde_json::from_value(event).unwrap();
        for heard in source.understand(Message::Event(event)) {
            if let Heard::Fact(fact) = heard {
                assert_eq!(source.hang_up(&fact.leg), None, "its id cannot stand in a command");
                ids.push(fact.leg.0);
            }
        }
    }
    ids.dedup();
    assert_eq!(ids, ["xy@192.0.2.15060-1795995274297098", "xy@192.0.2.15060-1795995999000000"]);
}

/// After a lost connection only a list without a leg, and FreeSWITCH's word that it is gone, end it.
#[test]
fn a_leg_of_which_freeswitch_says_nothing_is_still_there() {
    // (the caller's id at FreeSWITCH, what it says of that leg if it is asked, whether the call is over)
    let cases = [
        (id("1"), "-ERR No such channel!", true),
        (id("1"), "-ERR Something else", false),
        (id("1"), "{\"Event-Name\": \"CHANNEL_DATA\", \"Unique", false),
        (id("1"), "", false),
        ("it's@(here)".to_owned(), "it cannot be asked", false),
    ];
    for (uuid, says, is_over) in cases {
        let mut source = FreeSwitch::new(&settings());
        let mut tracker = Tracker::new(Rules { grace: Duration::ZERO, ..Rules::default() });
        let mut now = Duration::ZERO;
        let mut hear = |source: &mut FreeSwitch, message: Message| {
            now += Duration::from_secs(1);
            for heard in source.understand(message) {
                match heard {
                    Heard::Fact(fact) => tracker.hear(fact, now),
                    Heard::Standing(legs) => tracker.compare(&legs, now),
                    Heard::Seen(_)
                    | Heard::Ask(_)
                    | Heard::Remark(_)
                    | Heard::Rights(_)
                    | Heard::Passed(_)
                    | Heard::Repeated(_) => {}
                }
            }
            tracker.followed().filter_map(line).collect::<Vec<_>>()
        };
        let event = |event: Value| Message::Event(serde_json::from_value(event).unwrap());
        let listed = |uuids: &[&str]| {
            let row = |uuid: &&str| serde_json::from_value(json!({ "uuid": uuid })).unwrap();
            Message::Reply { to: Request::Channels, says: Says::Channels(uuids.iter().map(row).collect()) }
        };
        let _ = source.begin("");
        hear(&mut source, listed(&[]));
        hear(&mut source, event(comes(&uuid, "public")));
        let begun = hear(&mut source, event(rings("2", &uuid, "102", json!({}))));
        assert_eq!(begun, [] as [&str; 0]);
        let _ = source.begin("");
        let mut said = hear(&mut source, listed(&[&uuid]));
        let to = Request::Channel(uuid.clone());
        if to.command().is_some() {
            let says = to.read(says.as_bytes());
            said.extend(hear(&mut source, Message::Reply { to, says }));
        }
        assert_eq!(said.iter().any(|line| line.starts_with("hangup")), is_over, "{uuid} {says:?}: {said:?}");
        let ended = hear(&mut source, event(ends(&uuid, "ORIGINATOR_CANCEL", "recv_cancel")));
        assert_eq!(
            ended.iter().any(|line| line.starts_with("hangup")),
            !is_over,
            "{uuid} {says:?}: {ended:?}"
        );
    }
}

#[test]
fn a_leg_that_gets_another_id_is_the_same() {
    let renamed = event("CHANNEL_UUID", "9", json!({ "Old-Unique-ID": "1" }));
    let said = [
        comes("1", "public"),
        rings("2", "1", "102", json!({})),
        renamed,
        answers("2"),
        bridged("9", "2"),
        hangs_up("9"),
        is_over("2"),
    ];
    let expected = ["newCall in 4940669690 493023125101 102", "answer 102 102", "hangup normalClearing"];
    assert_eq!(followed(&settings(), &said), expected);
}

#[test]
fn freeswitch_itself_calls_somebody() {
    let outbound = |uuid: &str, more: Value| {
        let mut headers = json!({ "Call-Direction": "outbound" });
        headers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event("CHANNEL_CREATE", uuid, headers)
    };
    let customer = json!({ "variable_sip_gateway_name": "carrier", "Caller-Caller-ID-Number": "493023125100",
                           "Caller-Destination-Number": "496990009010" });
    check(
        &settings(),
        vec![
            (
                "a customer, and then a phone for them",
                vec![
                    outbound("1", customer.clone()),
                    answers("1"),
                    rings("2", "1", "102", json!({})),
                    answers("2"),
                    bridged("1", "2"),
                    hangs_up("1"),
                    is_over("2"),
                ],
                &["newCall out 493023125100 496990009010", "answer", "hangup normalClearing"],
            ),
            (
                "a phone, behind a loopback, and then a customer",
                vec![
                    outbound(
                        "1",
                        json!({ "Channel-Name": "loopback/101-a", "variable_other_loopback_leg_uuid": "2" }),
                    ),
                    event(
                        "CHANNEL_CREATE",
                        "2",
                        json!({ "Call-Direction": "inbound", "Channel-Name": "loopback/101-b",
                                "variable_other_loopback_leg_uuid": "1" }),
                    ),
                    rings("3", "2", "101", json!({})),
                    answers("3"),
                    bridged("2", "3"),
                    goes_out("4", "1", json!({})),
                    answers("4"),
                    bridged("1", "4"),
                    bridged("3", "4"),
                    is_over("1"),
                    is_over("2"),
                    hangs_up("4"),
                    is_over("3"),
                ],
                &["newCall out 493023125100 496990009010 101", "answer", "hangup normalClearing"],
            ),
            (
                "an agent outside, of whom a waiting line is about to have one more",
                vec![outbound("1", customer), ends("1", "NO_ANSWER", "send_cancel")],
                &[],
            ),
        ],
    );
}

#[test]
fn who_sees_no_call_is_told_of_the_contexts() {
    let call =
        |uuid: &str| vec![comes(uuid, "from-carrier"), ends(uuid, "NO_ROUTE_DESTINATION", "send_refuse")];
    let said: Vec<Value> = ["1", "2", "3", "4"].into_iter().flat_map(call).collect();
    let lines = followed(&settings(), &said);
    let told: Vec<_> = lines.iter().filter(|line| line.contains("name it in inbound_contexts")).collect();
    assert_eq!(told.len(), 1, "{lines:?}");
    assert!(told[0].contains("from-carrier"), "{lines:?}");
}
