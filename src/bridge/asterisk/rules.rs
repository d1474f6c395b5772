//! The rules that no recording shows, each as a few events of the manager interface.

use std::collections::HashMap;
use std::time::Duration;

use super::{Block, Blocks, Listener, Trunks};
use crate::bridge::tracker::{Followed, Rules, Tracker};
use crate::event::{EventKind, Users, WrittenEvent};

const SECOND: Duration = Duration::from_secs(1);

/// An Asterisk that says in full what is written in a few words, a line for each event, a second apart:
///
/// - `new ID CHANNEL CONTEXT NUMBER EXTEN`: a channel calls; `new ID@GROUP ...`: one is made to be rung
/// - `made ID CHANNEL ...`: one is made to be rung, and is no part of a call; `dial ID STRING`: nobody has it rung
/// - `dial ID ID STRING`, `end ID ID STATUS`
/// - `up ID`, `busy ID`, `wants ID`, `wants ID TECHCAUSE`, `gone ID CAUSE`
/// - `join ID QUEUE`, `leave ID`, `abandon ID`, `agent ID ID NAME`
/// - `voicemail ID`, `unpark ID ID`, `transfer ID ID`, `rename ID CHANNEL`
#[derive(Default)]
struct Pbx {
    channels: HashMap<String, Shown>,
}

#[derive(Clone, Default)]
struct Shown {
    name: String,
    group: String,
    context: String,
    number: String,
    exten: String,
    state: String,
}

impl Pbx {
    fn says(&mut self, line: &str) -> Block {
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words[..] {
            [made @ ("new" | "made"), id, name, context, number, exten] => {
                let (id, group) = id.split_once('@').unwrap_or((id, id));
                let calls = made == "new" && (id == group || name.ends_with(";2"));
                let state = if calls { "Ring" } else { "Down" };
                let text = |text: &str| text.replace('~', " ");
                self.channels.insert(
                    id.to_owned(),
                    Shown {
                        name: name.to_owned(),
                        group: group.to_owned(),
                        context: context.to_owned(),
                        number: text(number),
                        exten: exten.to_owned(),
                        state: state.to_owned(),
                    },
                );
                self.event("Newchannel", id, "")
            }
            ["dial", to, string] => {
                format!("Event: DialBegin\n{}DialString: {string}\n", self.channel("Dest", to))
            }
            ["dial", from, to, string] => {
                format!("{}DialString: {string}\n", self.both("DialBegin", from, "Dest", to))
            }
            ["end", from, to, status] => {
                format!("{}DialStatus: {status}\n", self.both("DialEnd", from, "Dest", to))
            }
            ["up", id] => self.newstate(id, "Up"),
            ["busy", id] => self.newstate(id, "Busy"),
            ["wants", id] => self.event("HangupRequest", id, "Cause: 16\n"),
            ["wants", id, code] => self.event("HangupRequest", id, &format!("TechCause: {code}\n")),
            ["gone", id, cause] => self.event("Hangup", id, &format!("Cause: {cause}\n")),
            ["join", id, queue] => self.event("QueueCallerJoin", id, &format!("Queue: {queue}\n")),
            ["leave", id] => self.event("QueueCallerLeave", id, "Queue: support\n"),
            ["abandon", id] => self.event("QueueCallerAbandon", id, "Queue: support\n"),
            ["agent", from, to, name] => {
                format!("{}MemberName: {name}\n", self.both("AgentCalled", from, "Dest", to))
            }
            ["voicemail", id] => self.event("Newexten", id, "Application: VoiceMail\n"),
            ["unpark", parkee, retriever] => {
                let (parkee, retriever) =
                    (self.channel("Parkee", parkee), self.channel("Retriever", retriever));
                format!("Event: UnParkedCall\n{parkee}{retriever}")
            }
            ["transfer", transferee, target] => {
                let (transferee, target) =
                    (self.channel("Transferee", transferee), self.channel("TransferTarget", target));
                format!("Event: AttendedTransfer\nResult: Success\n{transferee}{target}DestType: Bridge\n")
            }
            ["rename", id, name] => {
                let said = self.event("Rename", id, &format!("Newname: {name}\n"));
                name.clone_into(&mut self.channels.get_mut(id).unwrap().name);
                said
            }
            _ => panic!("{line:?}"),
        };
        let mut block = None;
        Blocks::default().read(format!("{said}\n").as_bytes(), &mut |read| block = Some(read.unwrap()));
        block.unwrap()
    }

    fn newstate(&mut self, id: &str, state: &str) -> String {
        state.clone_into(&mut self.channels.get_mut(id).unwrap().state);
        self.event("Newstate", id, "")
    }

    fn event(&self, event: &str, id: &str, more: &str) -> String {
        format!("Event: {event}\n{}{more}", self.channel("", id))
    }

    fn both(&self, event: &str, id: &str, prefix: &str, other: &str) -> String {
        format!("{}{}", self.event(event, id, ""), self.channel(prefix, other))
    }

    fn channel(&self, prefix: &str, id: &str) -> String {
        let Shown { name, group, context, number, exten, state } = &self.channels[id];
        format!(
            "{prefix}Channel: {name}\n{prefix}ChannelStateDesc: {state}\n{prefix}CallerIDNum: {number}\n\
             {prefix}CallerIDName: Name {number}\n{prefix}Context: {context}\n{prefix}Exten: {exten}\n\
             {prefix}Uniqueid: {id}\n{prefix}Linkedid: {group}\n"
        )
    }
}

fn line(event: &WrittenEvent) -> String {
    let mut words = vec![event.call_id.clone(), event.event.to_string()];
    match event.event {
        EventKind::NewCall => {
            words.push(event.direction.unwrap().to_string());
            words.extend([event.from.clone().unwrap(), event.to.clone().unwrap()]);
        }
        EventKind::Answer if event.voicemail => words.push("voicemail".to_owned()),
        EventKind::Answer => words.extend(event.answering_number.clone()),
        EventKind::Hangup => words.extend(event.cause.clone()),
    }
    words.extend(event.user.as_ref().map_or(&[][..], Users::names).iter().cloned());
    words.extend(event.queue.clone());
    words.join(" ")
}

fn followed(rules: Rules, said: &[&str]) -> Vec<String> {
    let mut pbx = Pbx::default();
    let mut listener = Listener::new(Trunks::default(), "0");
    let mut tracker = Tracker::new(rules);
    let mut now = SECOND;
    let mut lines = Vec::new();
    for said in said.iter().flat_map(|said| said.split("; ")) {
        for fact in listener.hear(&pbx.says(said)) {
            tracker.hear(fact, now);
        }
        now += SECOND;
        tracker.pass(now);
        lines.extend(tracker.followed().filter_map(|followed| match followed {
            Followed::Event(_, event) => Some(line(&event)),
            Followed::Ended(..) | Followed::Unreported(..) => None,
        }));
    }
    assert_eq!(tracker.open(), 0, "{said:?}");
    lines
}

/// What Asterisk says, and what follows.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

fn check(rules: &Rules, cases: &[Case<'_>]) {
    for (name, said, expected) in cases {
        assert_eq!(followed(rules.clone(), said), *expected, "{name}");
    }
}

/// A customer calls 42.
const COMES: &str = "new a PJSIP/trunk-1 from-trunk 4940 42";
/// A phone that is made to be rung for that call.
const PHONE: &str = "new p@a PJSIP/101-1 from-internal 101 s";
/// A Local channel between the two.
const LOCAL: &str = "new l@a Local/101@x-1;1 x 101 101; new m@a Local/101@x-1;2 x 4940 101; dial a l 101@x/n";
/// A phone calls a customer.
const GOES: &str =
    "new p PJSIP/101-1 from-internal 101 0221; new t@p PJSIP/trunk-1 from-trunk 0221 s; dial p t 0221@trunk";

const BEGUN: &str = "a newCall in 4940 42 Name 101";
const ANSWERED: &str = "a answer 101 Name 101";
const CLEARED: &str = "a hangup normalClearing";

#[test]
fn only_a_person_behind_a_local_channel_answers() {
    let cases: [Case<'_>; 7] = [
        (
            "the phone is connected to the Local channel, then that to the caller",
            &[COMES, LOCAL, PHONE, "dial m p 101; end m p ANSWER; end a l ANSWER; gone a 16"],
            &["a newCall in 4940 42", ANSWERED, CLEARED],
        ),
        (
            "the Local channel has an announcement, and then a phone takes the call",
            &[COMES, LOCAL, "end a l ANSWER", PHONE, "dial m p 101; end m p ANSWER; gone a 16"],
            &["a newCall in 4940 42", ANSWERED, CLEARED],
        ),
        (
            "it has an announcement, and the caller gives up while the phone rings",
            &[COMES, LOCAL, "end a l ANSWER", PHONE, "dial m p 101; wants a; end m p CANCEL; gone a 16"],
            &["a newCall in 4940 42", "a hangup cancel"],
        ),
        (
            "two of them, and the inner one has an announcement",
            &[
                COMES,
                LOCAL,
                "new n@a Local/102@x-2;1 x 102 102; new o@a Local/102@x-2;2 x 4940 102; dial m n 102@x",
                "end m n ANSWER; end a l ANSWER",
                PHONE,
                "dial o p 101; end o p ANSWER; gone a 16",
            ],
            &["a newCall in 4940 42", ANSWERED, CLEARED],
        ),
        (
            "nobody is there, and its voicemail box takes the call",
            &[
                COMES,
                LOCAL,
                PHONE,
                "dial m p 101; end m p NOANSWER; voicemail m; end a l ANSWER; wants a; gone a 16",
            ],
            &["a newCall in 4940 42", "a answer voicemail", "a hangup noAnswer"],
        ),
        (
            "a voicemail box that the account is not told of",
            &[COMES, LOCAL, PHONE, "dial m p 101; end m p NOANSWER; end a l ANSWER; gone a 16"],
            &["a newCall in 4940 42", "a hangup noAnswer"],
        ),
        (
            "a menu behind it, and the voicemail box after that",
            &[COMES, LOCAL, "end a l ANSWER; voicemail m; gone a 16"],
            &["a newCall in 4940 42", "a answer voicemail", "a hangup noAnswer"],
        ),
    ];
    check(&Rules::default(), &cases);
}

#[test]
fn who_takes_a_call_from_its_place_or_from_a_colleague_talks() {
    let other = "new q PJSIP/102-2 from-internal 102 701";
    let consulted = "new l@p Local/102@x-1;1 x 102 102; new m@p Local/102@x-1;2 x 101 102; new q@p PJSIP/102-2 from-internal 102 s";
    let taken = "dial a p 101; end a p ANSWER";
    let second: &str = "a answer 102 Name 102";
    let cases: [Case<'_>; 5] = [
        (
            "a call that a menu has parked",
            &[COMES, "join a support; leave a", other, "unpark a q; gone a 16"],
            &["a newCall in 4940 42 support", second, CLEARED],
        ),
        (
            "a call that an agent has parked",
            &[COMES, PHONE, taken, "gone p 16", other, "unpark a q; gone a 16"],
            &[BEGUN, ANSWERED, second, CLEARED],
        ),
        (
            "a transfer after a talk with the colleague",
            &[
                COMES,
                PHONE,
                taken,
                consulted,
                "dial m q 102; end m q ANSWER; up l; transfer a l; gone p 16; gone a 16",
            ],
            &[BEGUN, ANSWERED, second, CLEARED],
        ),
        (
            "the customer was called second",
            &[COMES, PHONE, taken, other, "up q; up a; transfer q a; gone p 16; gone a 16"],
            &[BEGUN, ANSWERED, second, CLEARED],
        ),
        (
            "the colleague still rings",
            &[
                COMES,
                PHONE,
                taken,
                "new q@p PJSIP/102-2 from-internal 102 s; transfer a q; gone p 16; gone a 16",
            ],
            &[BEGUN, ANSWERED, CLEARED],
        ),
    ];
    check(&Rules { second_answer: true, ..Rules::default() }, &cases);
    // One answer is enough otherwise.
    for (name, said, _) in &cases[1..] {
        assert_eq!(followed(Rules::default(), said), [BEGUN, ANSWERED, CLEARED], "{name}");
    }
}

#[test]
fn the_cause_is_what_became_of_the_call() {
    let (begun, second) =
        ("p newCall out 101 0221 Name 101", "new u@p PJSIP/trunk-2 from-trunk 0221 s; dial p u 0221@trunk");
    // (what happens, cause)
    let cases: [(&[&str], &str); 31] = [
        (&[COMES, "gone a 17"], "busy"),
        (&[COMES, "gone a 1"], "notFound"),
        (&[COMES, "gone a 2"], "notFound"),
        (&[COMES, "gone a 3"], "notFound"),
        (&[COMES, "gone a 22"], "notFound"),
        (&[COMES, "gone a 28"], "notFound"),
        (&[COMES, "gone a 0"], "noAnswer"),
        (&[COMES, "gone a 18"], "noAnswer"),
        (&[COMES, "gone a 21"], "noAnswer"),
        (&[COMES, "gone a 34"], "congestion"),
        (&[COMES, "gone a 127"], "congestion"),
        // Nothing was dialled yet.
        (&[COMES, "wants a; gone a 127"], "cancel"),
        // The queue's time was over; then he listened to a menu.
        (&[COMES, "join a support; abandon a; leave a; wants a; gone a 16"], "cancel"),
        (
            &[
                COMES,
                "join a support",
                PHONE,
                "dial a p 101; end a p NOANSWER; gone p 0; leave a; abandon a; wants a; gone a 16",
            ],
            "noAnswer",
        ),
        (&[COMES, "join a support; wants a; abandon a; leave a; gone a 0"], "cancel"),
        // The phone system refuses, and says so too late, or only in SIP's words.
        (&[COMES, PHONE, "dial a p 101; end a p BUSY; gone p 17; wants a; busy a; gone a 17"], "busy"),
        (&[COMES, PHONE, "dial a p 101; end a p BUSY; gone p 17; wants a 486; gone a 17"], "busy"),
        (&[COMES, PHONE, "dial a p 101; wants a 487; end a p CANCEL; gone p 0; gone a 127"], "cancel"),
        // Of a single leg its own number counts, and the caller's if it has none.
        (&[COMES, PHONE, "dial a p 101; end a p NOANSWER; gone p 21; gone a 34"], "noAnswer"),
        (&[COMES, PHONE, "dial a p 101; end a p NOANSWER; gone p 0; gone a 34"], "congestion"),
        (&[COMES, PHONE, "dial a p 101; end a p CONGESTION; gone p 34; gone a 16"], "congestion"),
        (&[COMES, PHONE, "dial a p 101; end a p CHANUNAVAIL; gone p 1; gone a 16"], "notFound"),
        // A member of a queue that did not answer is told of twice.
        (&[COMES, PHONE, "dial a p 101; end a p NOANSWER; end a p CANCEL; gone p 0; gone a 16"], "noAnswer"),
        // Several.
        (
            &[
                COMES,
                PHONE,
                "new q@a PJSIP/102-1 x 102 s; dial a p 101; dial a q 102; end a p BUSY; end a q NOANSWER; gone a 17",
            ],
            "noAnswer",
        ),
        (
            &[
                COMES,
                PHONE,
                "new q@a PJSIP/102-1 x 102 s; dial a p 101; dial a q 102; end a p BUSY; end a q BUSY; gone a 16",
            ],
            "busy",
        ),
        (
            &[
                COMES,
                PHONE,
                "new q@a PJSIP/102-1 x 102 s; dial a p 101; dial a q 102; end a p BUSY; end a q CONGESTION; gone a 16",
            ],
            "congestion",
        ),
        (
            &[
                COMES,
                PHONE,
                "new q@a PJSIP/102-1 x 102 s; dial a p 101; dial a q 102; end a p BUSY; end a q CHANUNAVAIL; gone a 16",
            ],
            "busy",
        ),
        (
            &[
                COMES,
                PHONE,
                "new q@a PJSIP/102-1 x 102 s; dial a p 101; dial a q 102; end a p CHANUNAVAIL; end a q CHANUNAVAIL; gone a 3",
            ],
            "notFound",
        ),
        // The agent hears an announcement.
        (&[GOES, "end p t NOANSWER; gone t 1; wants p; gone p 16"], "notFound"),
        // A trunk that was tried before does not matter.
        (&[GOES, "end p t CONGESTION; gone t 34", second, "end p u CANCEL; gone u 0; gone p 16"], "noAnswer"),
        (&[GOES, "end p t CONGESTION; gone t 34", second, "end p u BUSY; gone u 17; gone p 16"], "busy"),
    ];
    for (said, cause) in cases {
        let told = followed(Rules::default(), said);
        let is_out = said[0] == GOES;
        let id = if is_out { "p" } else { "a" };
        assert!(!is_out || told[0] == begun, "{told:?}");
        assert_eq!(told.last().unwrap(), &format!("{id} hangup {cause}"), "{said:?}");
        assert_eq!(told.len(), 2, "{said:?}: {told:?}");
    }
}

#[test]
fn who_rings_is_named_by_the_queue_then_by_the_phone() {
    let cases: [Case<'_>; 4] = [
        (
            "by the queue",
            &[
                COMES,
                "join a support",
                PHONE,
                "agent a p Anna; dial a p 101; end a p ANSWER; leave a; gone a 16",
            ],
            &["a newCall in 4940 42 support", "a answer 101 Anna", CLEARED],
        ),
        (
            "a queue that calls him by his way",
            &[COMES, PHONE, "agent a p PJSIP/101; dial a p PJSIP/101; end a p ANSWER; gone a 16"],
            &[BEGUN, ANSWERED, CLEARED],
        ),
        (
            "nobody by the second queue",
            &[
                COMES,
                "join a support; abandon a; leave a; join a sales; wants a; abandon a; leave a; gone a 16",
            ],
            &["a newCall in 4940 42 support", "a hangup cancel"],
        ),
        (
            "a mobile by its number only",
            &[
                COMES,
                "new t@a PJSIP/trunk-2 from-trunk 4940 s; dial a t 0171@trunk; end a t ANSWER; gone a 16",
            ],
            &["a newCall in 4940 42", "a answer 0171", CLEARED],
        ),
    ];
    check(&Rules::default(), &cases);
}

#[test]
fn a_number_that_is_none_is_anonymous() {
    for number in ["anonymous", "<unknown>", "+49~40~$(x)", "4940;x", "anna"] {
        let comes = format!("new a PJSIP/trunk-1 from-trunk {number} 42");
        assert_eq!(
            followed(Rules::default(), &[&comes, "gone a 16"])[0],
            "a newCall in anonymous 42",
            "{number}"
        );
    }
}

/// Zammad would refuse such a call, and nobody would see it.
#[test]
fn what_was_dialled_is_a_number_that_zammad_takes() {
    let comes = format!("new a PJSIP/trunk-1 from-trunk 4940 4\u{1b}2\u{7}{}", "3".repeat(5000));
    let new_call = format!("a newCall in 4940 42{}", "3".repeat(98));
    assert_eq!(followed(Rules::default(), &[&comes, "gone a 16"])[0], new_call);
}

#[test]
fn a_local_channel_is_known_by_the_name_that_it_has() {
    let renamed = "rename l Local/101@x-9;1; rename m Local/101@x-9;2";
    let cases: [Case<'_>; 1] = [(
        "renamed",
        &[
            COMES,
            LOCAL,
            PHONE,
            renamed,
            "dial m p 101; end m p ANSWER; end a l ANSWER; gone l 16; gone m 16; gone a 16",
        ],
        &["a newCall in 4940 42", ANSWERED, CLEARED],
    )];
    check(&Rules::default(), &cases);
    let (mut pbx, mut listener) = (Pbx::default(), Listener::new(Trunks::default(), ""));
    for said in
        [COMES, LOCAL, renamed, "gone l 16; gone m 16; gone a 16"].iter().flat_map(|said| said.split("; "))
    {
        let _ = listener.hear(&pbx.says(said));
    }
    assert!(listener.is_empty(), "{listener:?}");
}

/// A dialer, a queue of callbacks and a call file call the customer first.
#[test]
fn a_customer_whom_asterisk_calls_first_is_called() {
    let made = "made t PJSIP/trunk-1 from-trunk 4930 700; dial t 0221@trunk; up t";
    let same = made.replace(" 4930 ", " 0221 ");
    let phone = "new p@t PJSIP/101-1 from-internal 101 s";
    let local = "new l@t Local/101@x-1;1 x 101 101; new m@t Local/101@x-1;2 x 4930 101; dial t l 101@x/n";
    let cases: [Case<'_>; 7] = [
        (
            "an agent takes the call",
            &[made, phone, "dial t p 101; end t p ANSWER; wants t; gone p 16; gone t 16"],
            &["t newCall out 4930 0221", "t answer", "t hangup normalClearing"],
        ),
        (
            "by a Local channel",
            &[made, "join t 700", local, phone, "dial m p 101; end m p ANSWER; end t l ANSWER; gone t 16"],
            &["t newCall out 4930 0221", "t answer", "t hangup normalClearing"],
        ),
        (
            "the customer gives up while an agent is rung",
            &[made, phone, "dial t p 101; wants t; end t p CANCEL; gone p 26; gone t 16"],
            &["t newCall out 4930 0221", "t hangup cancel"],
        ),
        (
            "one agent after the other is rung",
            &[
                made,
                phone,
                "dial t p 101; end t p NOANSWER; gone p 19; new q@t PJSIP/102-1 from-internal 102 s; dial t q 102",
                "end t q ANSWER; gone t 16",
            ],
            &["t newCall out 4930 0221", "t answer", "t hangup normalClearing"],
        ),
        (
            "the agent is shown the customer's number",
            &[&same, phone, "dial t p 101; gone t 16"],
            &["t newCall out anonymous 0221", "t hangup noAnswer"],
        ),
        ("nobody is rung for the customer", &[made, "wants t; gone t 16"], &[]),
        (
            "a customer whom a phone has called is sent on to a colleague",
            &[
                GOES,
                "end p t ANSWER; new q@p PJSIP/102-1 from-internal 102 s; dial t q 102; end t q ANSWER; gone t 16",
            ],
            &["p newCall out 101 0221 Name 101", "p answer", "p hangup normalClearing"],
        ),
    ];
    check(&Rules::default(), &cases);
}

#[test]
fn a_phone_that_somebody_else_had_rung_is_no_call() {
    // A click: the phone is rung by nobody, and calls when it is up.
    let clicked = "new p@p2 PJSIP/101-1 from-internal 101 s";
    let mut pbx = Pbx::default();
    let _ = pbx.says(clicked);
    let block = format!("Event: DialBegin\n{}DialString: 101\n", pbx.channel("Dest", "p"));
    let mut listener = Listener::new(Trunks::default(), "");
    Blocks::default().read(format!("{block}\n").as_bytes(), &mut |block| {
        assert_eq!(listener.hear(&block.unwrap()), []);
    });
}
