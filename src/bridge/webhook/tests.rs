//! What senders say, by their documentation, and the events that follow.

use std::time::Duration;

use super::*;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::config::{HookSettings, WebhookSettings};
use crate::event::{Direction, EventKind, Users};

const SECOND: Duration = Duration::from_secs(1);

/// A hook, and calls that are followed through it.
struct Talk {
    hook: HookSettings,
    webhook: Webhook,
    tracker: Tracker,
    now: Duration,
}

impl Talk {
    fn with(settings: &str) -> Self {
        let hook: HookSettings = toml::from_str(settings).unwrap();
        let settings =
            WebhookSettings { hooks: [("h".to_owned(), hook.clone())].into(), ..WebhookSettings::default() };
        let (webhook, tracker) = (Webhook::new(&settings), Tracker::new(Rules::default()));
        Self { hook, webhook, tracker, now: SECOND }
    }

    fn of(preset: &str) -> Self {
        Self::with(&format!("preset = '{preset}'"))
    }

    /// What follows from a body, or from the time that passes then.
    fn say(&mut self, body: &str) -> Vec<String> {
        self.now += SECOND / 10;
        let said = said("h", &self.hook, body.as_bytes()).unwrap().unwrap();
        for heard in self.webhook.understand(Message::Hook(said)) {
            match heard {
                Heard::Fact(fact) => self.tracker.hear(fact, self.now),
                Heard::Remark(remark) => return vec![format!("remark: {remark}")],
                Heard::Repeated(_) => {}
                other => panic!("{other:?}"),
            }
        }
        self.told()
    }

    fn wait(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.tracker.pass(self.now);
        self.told()
    }

    fn told(&mut self) -> Vec<String> {
        self.tracker.followed().filter_map(line).collect()
    }

    /// What follows from all bodies, with a second between them.
    fn all(mut self, bodies: &[&str]) -> Vec<String> {
        let mut told = Vec::new();
        for body in bodies {
            told.extend(self.say(body));
            told.extend(self.wait(SECOND));
        }
        told.extend(self.wait(5 * SECOND));
        told
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
            let direction = event.direction.unwrap().to_string();
            words.extend([direction, event.from.clone().unwrap(), event.to.clone().unwrap()]);
        }
        EventKind::Answer if event.voicemail => words.push("voicemail".to_owned()),
        EventKind::Answer => words.extend(event.answering_number.clone()),
        EventKind::Hangup => words.extend(event.cause.clone()),
    }
    words.extend(event.user.as_ref().map_or(&[][..], Users::names).iter().cloned());
    words.extend(event.queue.clone());
    Some(words.join(" "))
}

/// A preset, bodies, and what follows from them.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str]);

fn check(cases: &[Case<'_>]) {
    for (preset, name, bodies, expected) in cases {
        assert_eq!(Talk::of(preset).all(bodies), *expected, "{preset}: {name}");
    }
}

mod sipgate {
    use super::*;

    const IN: &str = "event=newCall&direction=in&from=492111234567&to=4915799912345&callId=C1&origCallId=C1\
                      &user[]=Alice&user[]=Bob&userId[]=w0&userId[]=w1&fullUserId[]=1234567w0&fullUserId[]=1234567w1";
    const ANSWER: &str = "event=answer&callId=C1&user=Alice&userId=w0&from=492111234567&to=4915799912345\
                          &direction=in&answeringNumber=2199";
    const NEW: &str = "h-C1 newCall in 492111234567 4915799912345 Alice Bob";

    #[test]
    fn a_call_is_told_of_in_three_requests() {
        let hangup = |cause| {
            format!("event=hangup&cause={cause}&callId=C1&from=492111234567&to=4915799912345&direction=in")
        };
        let (normal, busy, cancel) = (hangup("normalClearing"), hangup("busy"), hangup("cancel"));
        let out = "event=newCall&direction=out&from=4915799912345&to=492111234567&callId=C1&user[]=Alice";
        let out_answer = "event=answer&direction=out&callId=C1&user=Alice&from=4915799912345&to=492111234567";
        let out_hangup = "event=hangup&direction=out&callId=C1&cause=noAnswer";
        let out_new = "h-C1 newCall out 4915799912345 492111234567 Alice";
        check(&[
            (
                "sipgate",
                "answered",
                &[IN, ANSWER, &normal],
                &[NEW, "h-C1 answer 2199 Alice", "h-C1 hangup normalClearing"],
            ),
            ("sipgate", "the caller gives up", &[IN, &cancel], &[NEW, "h-C1 hangup cancel"]),
            ("sipgate", "all are busy", &[IN, &busy], &[NEW, "h-C1 hangup busy"]),
            (
                "sipgate",
                "all come twice",
                &[IN, IN, ANSWER, ANSWER, &normal, &normal, ANSWER, IN],
                &[NEW, "h-C1 answer 2199 Alice", "h-C1 hangup normalClearing"],
            ),
            (
                "sipgate",
                "the answer is lost, and the end says that there was one",
                &[IN, &normal],
                &[NEW, "h-C1 answer", "h-C1 hangup normalClearing"],
            ),
            (
                "sipgate",
                "a voicemail box takes it",
                &[IN, &ANSWER.replace("user=Alice", "user=voicemail"), &normal],
                &[NEW, "h-C1 answer voicemail", "h-C1 hangup noAnswer"],
            ),
            (
                "sipgate",
                "a call out",
                &[out, out_answer, &out_hangup.replace("noAnswer", "normalClearing")],
                &[out_new, "h-C1 answer", "h-C1 hangup normalClearing"],
            ),
            ("sipgate", "a call out in vain", &[out, out_hangup], &[out_new, "h-C1 hangup noAnswer"]),
            (
                "sipgate",
                "who calls withholds the number",
                &[&IN.replace("from=492111234567", "from=anonymous"), &cancel],
                &["h-C1 newCall in anonymous 4915799912345 Alice Bob", "h-C1 hangup cancel"],
            ),
        ]);
    }

    #[test]
    fn a_call_that_is_forwarded_or_transferred_is_one() {
        let forwarded = "event=hangup&cause=forwarded&callId=C1&direction=in";
        let second = "event=newCall&direction=in&from=492111234567&to=4915799912345&callId=C2&origCallId=C1\
                      &user[]=Marty&diversion=4915799912345";
        let to_voicemail = second.replace("Marty", "voicemail");
        let answer = "event=answer&callId=C2&user=Marty&direction=in&answeringNumber=3000";
        let box_answers = "event=answer&callId=C2&user=voicemail&direction=in";
        let hangup = |id, cause| format!("event=hangup&cause={cause}&callId={id}&direction=in");
        let (one, two, two_cancel) =
            (hangup("C1", "normalClearing"), hangup("C2", "normalClearing"), hangup("C2", "cancel"));
        check(&[
            (
                "sipgate",
                "forwarded to a colleague",
                &[IN, forwarded, second, answer, &two],
                &[NEW, "h-C1 answer 3000 Marty", "h-C1 hangup normalClearing"],
            ),
            (
                "sipgate",
                "forwarded to a voicemail box",
                &[IN, forwarded, &to_voicemail, box_answers, &two],
                &[NEW, "h-C1 answer voicemail", "h-C1 hangup noAnswer"],
            ),
            (
                "sipgate",
                "forwarded, and the caller gives up",
                &[IN, forwarded, second, &two_cancel],
                &[NEW, "h-C1 hangup cancel"],
            ),
            (
                "sipgate",
                "forwarded to nobody that is told of",
                &[IN, forwarded],
                &[NEW, "h-C1 hangup forwarded"],
            ),
            (
                "sipgate",
                "transferred: the first ends before the second or after it",
                &[IN, ANSWER, second, &one, answer, &two],
                &[NEW, "h-C1 answer 2199 Alice", "h-C1 hangup normalClearing"],
            ),
        ]);
        // A colleague is told of much later than the grace for it.
        let mut talk = Talk::of("sipgate");
        assert_eq!(talk.say(IN), [NEW]);
        assert!(talk.say(forwarded).is_empty());
        assert_eq!(talk.wait(10 * SECOND), ["h-C1 hangup forwarded"]);
        assert_eq!(talk.say(second), ["h-C1-2 newCall in 492111234567 4915799912345 Marty"]);
        assert_eq!(talk.say(answer), ["h-C1-2 answer 3000 Marty"]);
        assert_eq!(talk.say(&two), ["h-C1-2 hangup normalClearing"]);
    }

    #[test]
    fn an_end_may_overtake_its_beginning() {
        let cancel = "event=hangup&cause=cancel&callId=C1&direction=in";
        let mut talk = Talk::of("sipgate");
        assert!(talk.say(cancel).is_empty());
        assert_eq!(talk.say(IN), [NEW, "h-C1 hangup cancel"]);
        assert!(talk.say(IN).is_empty());
        // An answer does too, and says enough.
        let mut talk = Talk::of("sipgate");
        assert_eq!(
            talk.say(ANSWER),
            ["h-C1 newCall in 492111234567 4915799912345 Alice", "h-C1 answer 2199 Alice"]
        );
        assert!(talk.say(IN).is_empty());
    }

    #[test]
    fn a_call_of_another_process_goes_on() {
        // (direction, answered, what is said, what follows)
        let cases: [(_, _, &[&str], &[&str]); 4] = [
            (
                Direction::Inbound,
                false,
                &[IN, ANSWER, "event=hangup&callId=C1&cause=normalClearing"],
                &["h-C1 answer 2199 Alice", "h-C1 hangup normalClearing"],
            ),
            (
                Direction::Inbound,
                true,
                &["event=hangup&callId=C1&cause=normalClearing"],
                &["h-C1 hangup normalClearing"],
            ),
            (
                Direction::Outbound,
                false,
                &["event=answer&callId=C1&direction=out", "event=hangup&callId=C1"],
                &["h-C1 answer", "h-C1 hangup normalClearing"],
            ),
            (
                Direction::Outbound,
                true,
                &["event=hangup&callId=C1&cause=normalClearing"],
                &["h-C1 hangup normalClearing"],
            ),
        ];
        for (direction, answered, bodies, expected) in cases {
            let open = Open {
                id: "h-C1".to_owned(),
                direction,
                from: Some("492111234567".to_owned()),
                to: "4915799912345".to_owned(),
                answered: answered.then_some(Duration::ZERO),
            };
            let mut talk = Talk::of("sipgate");
            talk.webhook.take_up(&open);
            talk.tracker.take_up(open, SECOND);
            assert_eq!(talk.all(bodies), expected, "{direction} {answered}");
        }
    }
}

#[test]
fn placetel() {
    let id = "f4591ba315d81671d7a06c2a3b4f963dafd119de39cb26edd8a6476676b2f447";
    let event = |event: &str, more: &str| {
        format!("event={event}&from=022112345678&to=022198765432&call_id={id}{more}")
    };
    let incoming = event("IncomingCall", "&direction=in");
    let outgoing = event("OutgoingCall", "&direction=out");
    let accepted = event("CallAccepted", "&peer=7777abcdefg%40fpbx.de&direction=in");
    let hung_up = |kind: &str| event("HungUp", &format!("&type={kind}&duration=0"));
    let new = format!("h-{id} newCall in 022112345678 022198765432");
    let new_out = format!("h-{id} newCall out 022112345678 022198765432");
    // (what is said, what follows)
    let cases: [(&[&str], &[&str]); 9] = [
        (
            &[&incoming, &accepted, &hung_up("accepted")],
            &[&new, "answer 7777abcdefg@fpbx.de", "hangup normalClearing"],
        ),
        (&[&incoming, &hung_up("missed")], &[&new, "hangup noAnswer"]),
        (&[&incoming, &hung_up("voicemail")], &[&new, "answer voicemail", "hangup noAnswer"]),
        (&[&incoming, &hung_up("canceled")], &[&new, "hangup cancel"]),
        (&[&incoming, &hung_up("blocked")], &[&new, "hangup busy"]),
        (&[&incoming, &hung_up("unavailable")], &[&new, "hangup congestion"]),
        // Of a call out nobody tells that it was taken before it is over.
        (&[&outgoing, &hung_up("accepted")], &[&new_out, "answer", "hangup normalClearing"]),
        (&[&outgoing, &hung_up("busy")], &[&new_out, "hangup busy"]),
        // The first versions did not say the direction.
        (&[&event("IncomingCall", ""), &hung_up("congestion")], &[&new, "hangup congestion"]),
    ];
    for (bodies, expected) in cases {
        let told = Talk::of("placetel").all(bodies);
        let told: Vec<_> = told
            .iter()
            .enumerate()
            .map(
                |(place, line)| {
                    if place == 0 { line.as_str() } else { line.strip_prefix(&format!("h-{id} ")).unwrap() }
                },
            )
            .collect();
        assert_eq!(told, expected, "{bodies:?}");
    }
}

mod yeastar {
    use super::*;

    const NEW: &str = "h-1648861726.280 newCall in 022112345678 5503300";

    fn status(members: &[String]) -> String {
        let msg = format!("{{\"call_id\":\"1648861726.280\",\"members\":[{}]}}", members.join(","));
        format!("{{\"type\":30011,\"sn\":\"SN\",\"msg\":{}}}", serde_json::Value::String(msg))
    }

    fn inbound(status: &str) -> String {
        format!(
            r#"{{"inbound":{{"from":"022112345678","to":"5503300","trunk_name":"T1","channel_id":"PJSIP/T1-0000008a","member_status":"{status}"}}}}"#
        )
    }

    fn outbound(status: &str) -> String {
        format!(
            r#"{{"outbound":{{"from":"5503300","to":"022112345678","trunk_name":"T1","channel_id":"PJSIP/T1-0000008c","member_status":"{status}"}}}}"#
        )
    }

    fn extension(number: &str, status: &str) -> String {
        format!(
            r#"{{"extension":{{"number":"{number}","channel_id":"PJSIP/{number}-0000008b","member_status":"{status}","call_path":"6500"}}}}"#
        )
    }

    #[test]
    fn legs_make_a_call() {
        let (ring, other_rings) = (extension("2002", "RING"), extension("2003", "RING"));
        let (answer, bye, other_bye) =
            (extension("2003", "ANSWER"), extension("2003", "BYE"), extension("2002", "BYE"));
        let rings = status(&[inbound("ALERT"), ring.clone(), other_rings.clone()]);
        let cases: [(&str, &[String], &[&str]); 9] = [
            (
                "a group rings, one answers, the caller hangs up",
                &[
                    rings.clone(),
                    status(&[inbound("ANSWERED"), answer.clone(), other_bye.clone()]),
                    status(&[inbound("BYE")]),
                ],
                &[NEW, "h-1648861726.280 answer 2003", "h-1648861726.280 hangup normalClearing"],
            ),
            (
                "the agent hangs up, and nothing is said of the caller",
                &[
                    rings.clone(),
                    status(&[inbound("ANSWERED"), answer.clone()]),
                    status(&[bye.clone(), inbound("HOLD")]),
                ],
                &[NEW, "h-1648861726.280 answer 2003", "h-1648861726.280 hangup normalClearing"],
            ),
            (
                "the agent transfers it",
                &[
                    rings.clone(),
                    status(&[inbound("ANSWERED"), answer.clone()]),
                    status(&[bye.clone(), extension("2009", "RING"), inbound("HOLD")]),
                    status(&[extension("2009", "ANSWER")]),
                    status(&[inbound("BYE")]),
                ],
                &[NEW, "h-1648861726.280 answer 2003", "h-1648861726.280 hangup normalClearing"],
            ),
            (
                "the caller gives up",
                &[rings.clone(), status(&[inbound("BYE")])],
                &[NEW, "h-1648861726.280 hangup cancel"],
            ),
            (
                "nobody but the menu answers",
                &[status(&[inbound("ALERT")]), status(&[inbound("ANSWERED")]), status(&[inbound("BYE")])],
                &[NEW, "h-1648861726.280 hangup cancel"],
            ),
            (
                "the extension is told of first",
                &[
                    status(std::slice::from_ref(&ring)),
                    status(&[inbound("ALERT")]),
                    status(&[extension("2002", "ANSWER")]),
                    status(&[inbound("BYE")]),
                ],
                &[NEW, "h-1648861726.280 answer 2002", "h-1648861726.280 hangup normalClearing"],
            ),
            (
                "a call out",
                &[
                    status(&[extension("2002", "ALERT"), outbound("RING")]),
                    status(&[extension("2002", "ANSWERED"), outbound("ANSWER")]),
                    status(&[outbound("BYE")]),
                ],
                &[
                    "h-1648861726.280 newCall out 5503300 022112345678",
                    "h-1648861726.280 answer",
                    "h-1648861726.280 hangup normalClearing",
                ],
            ),
            (
                "a call out in vain",
                &[
                    status(&[extension("2002", "ALERT")]),
                    status(&[outbound("EARLYMEDIA")]),
                    status(&[extension("2002", "BYE")]),
                ],
                &["h-1648861726.280 newCall out 5503300 022112345678", "h-1648861726.280 hangup cancel"],
            ),
            (
                "a colleague",
                &[
                    status(&[extension("2002", "ALERT"), other_rings]),
                    status(&[extension("2002", "ANSWERED"), answer]),
                    status(&[bye, other_bye]),
                ],
                &["h-1648861726.280 unreported: both sides are extensions"],
            ),
        ];
        for (name, bodies, expected) in cases {
            let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
            assert_eq!(Talk::of("yeastar").all(&bodies), expected, "{name}");
        }
    }

    #[test]
    fn the_details_of_a_call_end_it_too() {
        let details = |status: &str| {
            let msg = format!(
                "{{\"call_id\":\"1648861726.280\",\"call_from\":\"022112345678\",\"call_to\":\"2002\",\"status\":\"{status}\",\"type\":\"Inbound\"}}"
            );
            format!("{{\"type\":30012,\"sn\":\"SN\",\"msg\":{}}}", serde_json::Value::String(msg))
        };
        let rings = status(&[inbound("ALERT"), extension("2002", "RING")]);
        let cases = [
            ("NO ANSWER", vec![NEW, "h-1648861726.280 hangup noAnswer"]),
            ("BUSY", vec![NEW, "h-1648861726.280 hangup busy"]),
            ("VOICEMAIL", vec![NEW, "h-1648861726.280 answer voicemail", "h-1648861726.280 hangup noAnswer"]),
        ];
        for (status, expected) in cases {
            assert_eq!(Talk::of("yeastar").all(&[&rings, &details(status)]), expected, "{status}");
        }
    }

    #[test]
    fn the_s_series_has_the_same_legs() {
        let event = |members: &str| {
            format!(r#"{{"event":"CallStatus","callid":"15","sn":"1","members":[{members}]}}"#)
        };
        let rings = event(
            r#"{"inbound":{"from":22112345678,"to":5503300,"trunkname":"T1","channelid":"a","memberstatus":"ALERT"}},{"ext":{"number":"2002","channelid":"b","memberstatus":"RING"}}"#,
        );
        let answers = event(r#"{"ext":{"number":"2002","channelid":"b","memberstatus":"ANSWER"}}"#);
        let ends = event(
            r#"{"inbound":{"from":22112345678,"to":5503300,"trunkname":"T1","channelid":"a","memberstatus":"BYE"}}"#,
        );
        let expected =
            ["h-15 newCall in 22112345678 5503300", "h-15 answer 2002", "h-15 hangup normalClearing"];
        assert_eq!(Talk::of("yeastar").all(&[&rings, &answers, &ends]), expected);
    }
}

#[test]
fn twilio() {
    let callback = |sid: &str, parent: &str, direction: &str, from: &str, to: &str, status: &str| {
        let (from, to) = (from.replace('+', "%2B"), to.replace('+', "%2B"));
        format!(
            "CallSid={sid}&ParentCallSid={parent}&From={from}&To={to}&Direction={direction}&CallStatus={status}&SequenceNumber=1"
        )
    };
    let root = |status| callback("CA1", "", "inbound", "+492111", "+493022", status);
    let client = |status| callback("CA2", "CA1", "outbound-dial", "+492111", "client:anna", status);
    let mobile = |status| callback("CA3", "CA1", "outbound-dial", "+492111", "+491715000000", status);
    let out = |status| callback("CA1", "", "outbound-api", "+493022", "+492111", status);
    let by_client = |status| callback("CA1", "", "inbound", "client:anna", "+492111", status);
    let dialled = |status| callback("CA2", "CA1", "outbound-dial", "+493022", "+492111", status);
    let new = "h-CA1 newCall in +492111 +493022";
    let (answer, normal) = ("h-CA1 answer", "h-CA1 hangup normalClearing");
    let cases: [(&str, &[String], &[&str]); 10] = [
        ("one leg in vain", &[root("ringing"), root("no-answer")], &[new, "h-CA1 hangup noAnswer"]),
        ("given up", &[root("ringing"), root("canceled")], &[new, "h-CA1 hangup cancel"]),
        (
            "an application answers, and nobody is dialled",
            &[root("ringing"), root("in-progress"), root("completed")],
            &[new, "h-CA1 hangup noAnswer"],
        ),
        (
            "an application answers, and nobody that it dials",
            &[
                root("ringing"),
                root("in-progress"),
                client("initiated"),
                client("ringing"),
                client("no-answer"),
                root("completed"),
            ],
            &[new, "h-CA1 hangup noAnswer"],
        ),
        (
            "an agent is dialled",
            &[
                root("ringing"),
                client("initiated"),
                client("ringing"),
                client("in-progress"),
                client("completed"),
                root("completed"),
            ],
            &["h-CA1 newCall in +492111 +493022", "h-CA1 answer anna", normal],
        ),
        (
            "nobody takes it, whatever a menu does",
            &[
                root("ringing"),
                client("ringing"),
                root("in-progress"),
                client("no-answer"),
                root("completed"),
            ],
            &[new, "h-CA1 hangup noAnswer"],
        ),
        (
            "a mobile",
            &[root("ringing"), mobile("ringing"), mobile("in-progress"), root("completed")],
            &[new, "h-CA1 answer +491715000000", normal],
        ),
        (
            "a call out",
            &[out("queued"), out("initiated"), out("ringing"), out("in-progress"), out("completed")],
            &["h-CA1 newCall out +493022 +492111", answer, normal],
        ),
        (
            "a call out that is busy",
            &[out("ringing"), out("busy")],
            &["h-CA1 newCall out +493022 +492111", "h-CA1 hangup busy"],
        ),
        (
            "a client calls somebody",
            &[
                by_client("ringing"),
                dialled("ringing"),
                by_client("in-progress"),
                dialled("in-progress"),
                dialled("completed"),
                by_client("completed"),
            ],
            &["h-CA1 newCall out client:anna +492111", answer, normal],
        ),
    ];
    for (name, bodies, expected) in cases {
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        assert_eq!(Talk::of("twilio").all(&bodies), expected, "{name}");
    }
    // Where the one leg is the agent's.
    let direct = Talk::with("preset = 'twilio'\nanswered_by = 'anybody'");
    assert_eq!(
        direct.all(&[&root("ringing"), &root("in-progress"), &root("completed")]),
        [new, answer, normal]
    );
}

#[test]
fn telnyx() {
    let event = |kind: &str, id: &str, leg: &str, direction: &str, to: &str, more: &str| {
        let direction =
            if direction.is_empty() { String::new() } else { format!(r#""direction":"{direction}","#) };
        format!(
            r#"{{"data":{{"record_type":"event","event_type":"call.{kind}","id":"{id}","occurred_at":"2026-11-29T10:00:09.1Z","payload":{{"call_session_id":"S1","call_leg_id":"{leg}",{direction}"from":"+492111","to":"{to}","state":"x"{more}}}}}}}"#
        )
    };
    let begins = event("initiated", "E1", "L1", "incoming", "+493022", "");
    let answered = event("answered", "E2", "L1", "", "+493022", "");
    let ends = |cause: &str| {
        event(
            "hangup",
            "E9",
            "L1",
            "",
            "+493022",
            &format!(r#","hangup_cause":"{cause}","sip_hangup_cause":"487""#),
        )
    };
    let dials = event("initiated", "E3", "L2", "outgoing", "sip:anna@sip.telnyx.com", "");
    let takes = event("answered", "E4", "L2", "", "sip:anna@sip.telnyx.com", "");
    let bridged = |id, leg| event("bridged", id, leg, "", "+493022", "");
    let other_ends =
        event("hangup", "E8", "L2", "", "sip:anna@sip.telnyx.com", r#","hangup_cause":"normal_clearing""#);
    let other_fails =
        event("hangup", "E8", "L2", "", "sip:anna@sip.telnyx.com", r#","hangup_cause":"timeout""#);
    let out = event("initiated", "E1", "L1", "outgoing", "+493022", "");
    let new = "h-S1 newCall in +492111 +493022";
    let normal = "h-S1 hangup normalClearing";
    let cases: [(&str, &[String], &[&str]); 7] = [
        ("given up", &[begins.clone(), ends("originator_cancel")], &[new, "h-S1 hangup cancel"]),
        (
            "an application answers, and nobody that it dials",
            &[begins.clone(), answered.clone(), dials.clone(), other_fails, ends("normal_clearing")],
            &[new, "h-S1 hangup noAnswer"],
        ),
        (
            "an agent is dialled; events come twice and late",
            &[
                begins.clone(),
                begins.clone(),
                dials.clone(),
                takes.clone(),
                bridged("E5", "L2"),
                bridged("E6", "L1"),
                takes.clone(),
                other_ends.clone(),
                ends("normal_clearing"),
                dials.clone(),
            ],
            &[new, "h-S1 answer anna", normal],
        ),
        ("declined", &[begins.clone(), ends("call_rejected")], &[new, "h-S1 hangup noAnswer"]),
        ("the end comes first", &[ends("originator_cancel"), begins.clone()], &[new, "h-S1 hangup cancel"]),
        (
            "a call out",
            &[out.clone(), answered, ends("normal_clearing")],
            &["h-S1 newCall out +492111 +493022", "h-S1 answer", normal],
        ),
        (
            "a call out that is busy",
            &[out, ends("user_busy")],
            &["h-S1 newCall out +492111 +493022", "h-S1 hangup busy"],
        ),
    ];
    for (name, bodies, expected) in cases {
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        assert_eq!(Talk::of("telnyx").all(&bodies), expected, "{name}");
    }
}

#[test]
fn aircall() {
    let event = |event: &str, direction: &str, more: &str| {
        format!(
            r#"{{"event":"call.{event}","resource":"call","timestamp":1790000000,"token":"T","data":{{"id":812,"direction":"{direction}","status":"initial","raw_digits":"+49 211 1","number":{{"id":1,"name":"Support","digits":"+49 30 22"}}{more}}}}}"#
        )
    };
    let user = r#","user":{"id":5,"name":"Anna","email":"a@example.org"},"answered_at":1790000000"#;
    let new = "h-812 newCall in +49 211 1 +49 30 22";
    let missed = r#","user":null,"answered_at":null,"missed_call_reason":"short_abandoned""#;
    let bodies = |parts: &[(&str, &str, &str)]| -> Vec<String> {
        parts.iter().map(|(name, way, more)| event(name, way, more)).collect()
    };
    let cases = [
        (
            bodies(&[
                ("created", "inbound", ""),
                ("ringing_on_agent", "inbound", user),
                ("answered", "inbound", user),
                ("hungup", "inbound", user),
                ("ended", "inbound", user),
            ]),
            vec![new, "h-812 answer a@example.org", "h-812 hangup normalClearing"],
        ),
        (
            bodies(&[
                ("created", "inbound", ""),
                ("hungup", "inbound", missed),
                ("ended", "inbound", missed),
            ]),
            vec![new, "h-812 hangup cancel"],
        ),
        (
            bodies(&[
                ("created", "inbound", ""),
                ("voicemail_left", "inbound", ""),
                ("hungup", "inbound", ""),
            ]),
            vec![new, "h-812 answer voicemail", "h-812 hangup noAnswer"],
        ),
        (
            bodies(&[
                ("created", "outbound", user),
                ("answered", "outbound", user),
                ("hungup", "outbound", user),
            ]),
            vec![
                "h-812 newCall out +49 30 22 +49 211 1 a@example.org",
                "h-812 answer",
                "h-812 hangup normalClearing",
            ],
        ),
    ];
    for (bodies, expected) in cases {
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        let told: Vec<_> =
            Talk::of("aircall").all(&bodies).into_iter().filter(|line| !line.starts_with("remark")).collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn didww() {
    let event = |id: &str, kind: &str, data: &str| {
        format!(
            r#"{{"id":"{id}","type":"call.{kind}","ts":"2026-11-29T10:00:00.000Z","global_tag":"G1","data":{data}}}"#
        )
    };
    let data = r#"{"direction":"inbound","from":"+492111","to":"+493022"}"#;
    let bodies = [
        event("E1", "started", data),
        event("E1", "started", data),
        event("E2", "connected", data),
        event("E3", "ended", data),
        event("E4", "cdr.created", data),
    ];
    let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
    let told = Talk::of("didww").all(&bodies);
    assert_eq!(told[..3], ["h-G1 newCall in +492111 +493022", "h-G1 answer", "h-G1 hangup normalClearing"]);
}

#[test]
fn words_that_nobody_knows_are_told_of_once() {
    let sender = "
        each = 'legs'
        fields = { event = '.event', call = 'id', leg = '.leg', side = '.side', direction = 'way', from = 'from', to = 'to' }
        words.event = { begin = 'new_call', end = 'hangup' }";
    let request = |way: &str, legs: &[(&str, &str)]| {
        let leg = |(event, side): &(&str, &str)| {
            format!(r#"{{"leg":"{event}{side}","event":"{event}","side":"{side}"}}"#)
        };
        let legs: Vec<_> = legs.iter().map(leg).collect();
        let legs = legs.join(",");
        format!(r#"{{"id":"1","way":"{way}","from":"4940","to":"4930","legs":[{legs}]}}"#)
    };
    let sideways = request("sideways", &[("begin", "")]);
    // (what is said, what is told of)
    let cases = [
        (
            &sideways,
            "remark: h: a request is not understood as a whole: its direction \"sideways\" is not in words.direction",
        ),
        (
            &request("in", &[("begin", "outside"), ("sung", "phone")]),
            "remark: h: a request is not understood as a whole: its event \"sung\" is not in words.event",
        ),
        (
            &request("in", &[("begin", "upside")]),
            "remark: h: a request is not understood as a whole: its side \"upside\" is not in words.side",
        ),
    ];
    let mut talk = Talk::with(sender);
    for (body, told) in cases {
        assert_eq!(talk.say(body), [told]);
    }
    assert_eq!(talk.say(&sideways), [] as [&str; 0]);
    // An event that says which way its call goes is understood.
    let by_event = "fields = { event = 'e', call = 'id', direction = 'way', from = 'from', to = 'to' }
        words.event = { begin = 'new_call in' }";
    let body = r#"{"e":"begin","id":"1","way":"sideways","from":"4940","to":"4930"}"#;
    assert_eq!(Talk::with(by_event).say(body), ["h-1 newCall in 4940 4930"]);
}

#[test]
fn a_mapping_can_be_written_for_any_sender() {
    let verimor = "
        body = 'form'
        fields = { event = 'event_type', call = 'call_uuid', direction = 'direction', from = 'caller_id_number', to = 'destination_number', user = 'connected_user' }
        words.event = { ringing = 'new_call', answer = 'answer', hangup = 'hangup' }";
    let request = |event: &str| {
        format!(
            "event_type={event}&domain_id=101&direction=inbound&caller_id_number=02129990000&destination_number=1001&call_uuid=V1&connected_user=ayse"
        )
    };
    let told = Talk::with(verimor).all(&["", &request("ringing"), &request("answer"), &request("hangup")]);
    assert_eq!(
        told,
        ["h-V1 newCall in 02129990000 1001 ayse", "h-V1 answer ayse", "h-V1 hangup normalClearing"]
    );

    // Here ANSWERED is the end of a call that was taken.
    let vonage = "
        fields = { event = 'event.state', call = 'event.id', direction = 'event.direction', outside = 'event.phoneNumber', own = 'event.internal', user = 'event.userId' }
        words.event = { RINGING = 'new_call', ACTIVE = 'answer', ANSWERED = 'hangup answered', MISSED = 'hangup noAnswer' }";
    let state = |state: &str| {
        format!(
            r#"{{"event":{{"id":"I","direction":"INBOUND","phoneNumber":"+49211","internal":"100","userId":"U","state":"{state}"}}}}"#
        )
    };
    let told = Talk::with(vonage).all(&[&state("RINGING"), &state("ACTIVE"), &state("ANSWERED")]);
    assert_eq!(told, ["h-I newCall in +49211 100 U", "h-I answer U", "h-I hangup normalClearing"]);
    let told = Talk::with(vonage).all(&[&state("RINGING"), &state("MISSED")]);
    assert_eq!(told, ["h-I newCall in +49211 100 U", "h-I hangup noAnswer"]);

    // All extensions have one id, each is a leg, and the losers are not told of.
    let nfon = "
        fields = { event = 'state', call = 'uuid', leg = 'extension', direction = 'direction', from = 'caller', to = 'callee', number = 'extension', cause = 'error' }
        words.event = { ring = 'ring', answer = 'answer', hangup = 'hangup', end = 'hangup' }";
    let leg = |extension: &str, state: &str| {
        format!(
            r#"{{"uuid":"N1","caller":"4962511234","callee":"{extension}","state":"{state}","direction":"inbound","extension":"{extension}"}}"#
        )
    };
    let told = Talk::with(nfon).all(&[&leg("20", "ring"), &leg("21", "ring"), &leg("21", "answer")]);
    assert_eq!(told[..2], ["h-N1 newCall in 4962511234 20", "h-N1 answer 21"]);
}

/// Bodies as the senders' documentation has them, by a mapping each: what has no preset.
#[test]
fn documented_bodies_of_senders_without_a_preset() {
    let kazoo = "
        fields = { event = 'hook_event', call = 'call_id', direction = 'call_direction', from = 'caller_id_number', to = 'callee_id_number', user = 'owner_id', cause = 'hangup_cause' }
        words.event = { channel_create = 'new_call', channel_answer = 'answer', channel_bridge = 'answer', channel_destroy = 'hangup' }";
    let kazoo_says = |event: &str, more: &str| {
        format!(
            r#"{{"hook_event":"{event}","account_id":"A","call_direction":"inbound","call_id":"K1","other_leg_call_id":"K0","caller_id_number":"+49211","callee_id_number":"+4930","is_internal_leg":false{more}}}"#
        )
    };
    let ringcentral = "
        each = ['body.parties']
        fields = { event = '.status.code', call = 'body.telephonySessionId', leg = '.id', direction = '.direction', from = '.from.phoneNumber', to = '.to.phoneNumber', number = '.to.phoneNumber', id = 'uuid' }
        words.event = { Setup = 'ignore', Proceeding = 'new_call', Answered = 'answer', VoiceMail = 'voicemail', Disconnected = 'hangup', Gone = 'hangup' }";
    let ringcentral_says = |uuid: &str, code: &str| {
        format!(
            r#"{{"uuid":"{uuid}","timestamp":"2026-11-29T10:00:00Z","body":{{"sequence":5,"telephonySessionId":"S","parties":[{{"id":"S-2","extensionId":"40","direction":"Inbound","from":{{"phoneNumber":"+49211"}},"to":{{"phoneNumber":"102"}},"status":{{"code":"{code}"}},"missedCall":false}}]}}}}"#
        )
    };
    let zoom = "
        fields = { event = 'event', call = 'payload.object.call_id', from = 'payload.object.caller.phone_number', to = 'payload.object.callee.phone_number', number = 'payload.object.callee.extension_number' }
        [words.event]
        'phone.callee_ringing' = 'new_call in'
        'phone.callee_answered' = 'answer in'
        'phone.callee_missed' = 'hangup in noAnswer'
        'phone.callee_rejected' = 'hangup in busy'
        'phone.callee_ended' = 'hangup in'";
    let zoom_says = |event: &str| {
        format!(
            r#"{{"event":"phone.{event}","event_ts":1790000000000,"payload":{{"account_id":"A","object":{{"call_id":"72","caller":{{"phone_number":"+49211"}},"callee":{{"extension_number":1002,"phone_number":"+4930","user_id":"U"}},"ringing_start_time":"x","answer_start_time":"x"}}}}}}"#
        )
    };
    let creomate = "
        fields = { event = 'event', call = 'id', from = 'callerid', to = 'did', user = 'user' }
        words.event = { ring = 'new_call in', pickup = 'answer in', hangup = 'hangup in' }";
    let creomate_says = |event: &str| {
        format!(
            r#"{{"event":"{event}","callerid":"+49211","user":"101","usertype":"ext","did":"DID-4930","id":"230115121143_9-2","finishtype":"Ok","transfer":"False"}}"#
        )
    };
    let ivoz = "
        fields = { event = 'event', call = 'callId', direction = 'direction', from = 'from', to = 'to' }
        words.event = { start = 'new_call', ring = 'ignore', answer = 'answer', end = 'hangup', updateClid = 'ignore' }";
    let ivoz_says = |event: &str| {
        format!(r#"{{"event":"{event}","callId":"I1","direction":"inbound","from":"+49211","to":"+4930"}}"#)
    };
    let phone_com = "
        fields = { event = 'data.first_leg.state', call = 'data.uuid', direction = 'data.direction', from = 'data.first_leg.from', to = 'data.first_leg.to', cause = 'data.first_leg.completion_status' }
        words.event = { ringing = 'new_call', connected = 'answer', completed = 'hangup' }
        words.cause = { missed = 'noAnswer', answered = 'answered' }";
    let phone_com_says = |state: &str| {
        format!(
            r#"{{"data":{{"uuid":"P1","direction":"in","first_leg":{{"state":"{state}","completion_status":"missed","from":"+49211","to":"+4930"}}}}}}"#
        )
    };
    let missed_by_kazoo = kazoo_says("channel_destroy", r#","hangup_cause":"USER_BUSY""#);
    let trial = r#"{"test":1}"#;
    // (mapping, bodies, what follows)
    let cases: [(&str, Vec<String>, &[&str]); 8] = [
        (
            kazoo,
            vec![
                kazoo_says("channel_create", ""),
                kazoo_says("channel_answer", r#","owner_id":"O""#),
                kazoo_says("channel_destroy", ""),
            ],
            &["h-K1 newCall in +49211 +4930", "h-K1 answer O", "h-K1 hangup normalClearing"],
        ),
        (
            kazoo,
            vec![kazoo_says("channel_create", ""), missed_by_kazoo],
            &["h-K1 newCall in +49211 +4930", "h-K1 hangup busy"],
        ),
        (
            ringcentral,
            vec![
                ringcentral_says("1", "Setup"),
                ringcentral_says("2", "Proceeding"),
                ringcentral_says("2", "Proceeding"),
                ringcentral_says("3", "Answered"),
                ringcentral_says("4", "Disconnected"),
            ],
            &["h-S newCall in +49211 102", "h-S answer 102", "h-S hangup normalClearing"],
        ),
        (
            zoom,
            vec![zoom_says("callee_ringing"), zoom_says("callee_answered"), zoom_says("callee_ended")],
            &["h-72 newCall in +49211 +4930", "h-72 answer 1002", "h-72 hangup normalClearing"],
        ),
        (
            zoom,
            vec![zoom_says("callee_ringing"), zoom_says("callee_rejected")],
            &["h-72 newCall in +49211 +4930", "h-72 hangup busy"],
        ),
        (
            creomate,
            vec![creomate_says("ring"), creomate_says("pickup"), creomate_says("hangup")],
            &[
                "h-230115121143_9-2 newCall in +49211 DID-4930 101",
                "h-230115121143_9-2 answer 101",
                "h-230115121143_9-2 hangup normalClearing",
            ],
        ),
        (
            ivoz,
            vec![
                ivoz_says("start"),
                ivoz_says("ring"),
                ivoz_says("updateClid"),
                ivoz_says("answer"),
                ivoz_says("end"),
            ],
            &["h-I1 newCall in +49211 +4930", "h-I1 answer", "h-I1 hangup normalClearing"],
        ),
        (
            phone_com,
            vec![trial.to_owned(), phone_com_says("ringing"), phone_com_says("completed")],
            &["h-P1 newCall in +49211 +4930", "h-P1 hangup noAnswer"],
        ),
    ];
    for (mapping, bodies, expected) in cases {
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        assert_eq!(Talk::with(mapping).all(&bodies), expected, "{mapping}");
    }
}

#[test]
fn whatever_is_sent_is_read_or_refused() {
    let bodies = [
        "event=newCall&direction=in&from=4921&to=4930&callId=C1&origCallId=C0&user[]=A&userId[]=w0&cause=busy",
        r#"{"type":30011,"msg":"{\"call_id\":\"1.2\",\"members\":[{\"inbound\":{\"from\":\"4921\",\"channel_id\":\"a\",\"member_status\":\"BYE\"}},[],7,{\"extension\":{\"number\":{},\"member_status\":\"RING\"}}]}"}"#,
        r#"{"data":{"event_type":"call.bridged","id":[],"payload":{"call_session_id":1e400,"call_leg_id":true,"direction":"x"}}}"#,
        r#"{"event":"call.answered","data":{"id":812,"direction":"outbound","user":[null,{"email":7}],"number":"x"}}"#,
    ];
    for (preset, _) in crate::config::PRESETS {
        let hook = HookSettings { preset: Some(preset.to_owned()), ..HookSettings::default() };
        let settings =
            WebhookSettings { hooks: [("h".to_owned(), hook.clone())].into(), ..WebhookSettings::default() };
        let mut webhook = Webhook::new(&settings);
        let mut tracker = Tracker::new(Rules::default());
        for body in bodies {
            for end in (0..=body.len()).filter(|&end| body.is_char_boundary(end)) {
                for sent in
                    [body[..end].to_owned(), body[end..].to_owned(), body.replacen(&body[..end], "", 1)]
                {
                    let Ok(said) = said("h", &hook, sent.as_bytes()).unwrap() else { continue };
                    for heard in webhook.understand(Message::Hook(said)) {
                        if let Heard::Fact(fact) = heard {
                            tracker.hear(fact, SECOND);
                        }
                    }
                }
            }
        }
        // Whatever became of calls, each was begun before it ended, and once.
        let mut begun = std::collections::HashSet::new();
        for followed in tracker.followed() {
            if let Followed::Event(call, event) = followed {
                let is_new = event.event == EventKind::NewCall;
                assert_eq!(is_new, begun.insert(call), "{preset}: {event:?}");
            }
        }
    }
}

#[test]
fn what_is_not_understood_is_told_of_once() {
    let mut talk = Talk::of("aircall");
    let strange = r#"{"event":"call.sung","data":{"id":1}}"#;
    assert_eq!(
        talk.say(strange),
        [r#"remark: h: a request says nothing of a call: its event "call.sung" is not in words.event"#]
    );
    assert!(talk.say(strange).is_empty());
    for trial in ["", "{}", r#"{"test":1}"#, "[]", "null", r#"{"event":{"a":1}}"#] {
        assert!(talk.say(trial).is_empty(), "{trial}");
    }
    // An id that is too long is none: what is left of it could be another's.
    let long =
        format!(r#"{{"event":"call.created","data":{{"id":"{}","direction":"inbound"}}}}"#, "x".repeat(151));
    assert!(talk.say(&long)[0].starts_with("remark: "));
    // Of a call whose beginning was not heard nothing is made up.
    assert!(talk.say(r#"{"event":"call.answered","data":{"id":3}}"#).is_empty());
    assert!(talk.say(r#"{"event":"call.hungup","data":{"id":4}}"#).is_empty());
}
