//! Calls in a few lines, and what follows from them.

use std::time::Duration;

use super::{FritzBox, Message};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::config::{FritzBoxSettings, List, SourceSettings};
use crate::event::{Direction, EventKind, Name, Users};

fn settings() -> FritzBoxSettings {
    FritzBoxSettings { area_code: Some("30".to_owned()), ..FritzBoxSettings::default() }
}

struct Follower {
    source: FritzBox,
    tracker: Tracker,
}

impl Follower {
    fn new(settings: &FritzBoxSettings) -> Self {
        let login = Name::read("the login", "anna@example.com").unwrap().unwrap();
        let rules = Rules {
            hold: settings.hold(),
            passes_brief_calls: settings.turns_callers_away(),
            agents: [("**610".to_owned(), login.clone()), ("2".to_owned(), login)].into_iter().collect(),
            ..Rules::default()
        };
        Self { source: FritzBox::new(settings), tracker: Tracker::new(rules) }
    }

    /// What follows in a line each. Lines have a time of their own, in seconds, and may say `lost`.
    fn follows(&mut self, said: &[(f64, &str)]) -> Vec<String> {
        let mut lines = Vec::new();
        for (seconds, text) in said {
            let now = Duration::from_secs_f64(*seconds);
            self.tracker.pass(now);
            let heard = if *text == "lost" {
                let _ = self.source.begin("");
                Vec::new()
            } else {
                let clock = format!("03.11.16 13:17:{:02};", *seconds as u32);
                let text = if text.contains(';') { format!("{clock}{text}") } else { (*text).to_owned() };
                self.source.understand(Message::Line(text))
            };
            for heard in heard {
                match heard {
                    Heard::Fact(fact) => self.tracker.hear(fact, now),
                    Heard::Remark(text) | Heard::Passed(text) | Heard::Repeated(text) => lines.push(text),
                    Heard::Standing(_) | Heard::Seen(_) | Heard::Rights(_) => {
                        panic!("there is no list, and no account")
                    }
                    Heard::Ask(request) => match request {},
                }
            }
            lines.extend(self.tracker.followed().filter_map(line));
        }
        lines
    }
}

fn line(followed: Followed) -> Option<String> {
    let event = match followed {
        Followed::Event(_, event) => event,
        Followed::Ended(..) => return None,
        Followed::Unreported(_, call, reason) => return Some(format!("{} unreported: {reason}", call.id)),
    };
    let id = event.call_id.strip_prefix("fritz.box-031116").unwrap();
    let mut words = vec![id.to_owned(), event.event.to_string()];
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
    Some(words.join(" "))
}

/// What is said, and what follows from it.
type Case<'a> = (&'a str, &'a [(f64, &'a str)], &'a [&'a str]);

#[test]
fn lines_become_calls() {
    let cases: [Case<'_>; 18] = [
        (
            "a phone of the house calls another by the box's own number: one call",
            &[
                (1.0, "CALL;1;10;990134;990133;SIP1;"),
                (1.5, "RING;0;030990134;990133;SIP0;"),
                (4.0, "CONNECT;1;10;990133;"),
                (4.0, "CONNECT;0;11;030990134;"),
                (9.0, "DISCONNECT;0;5;"),
                (9.0, "DISCONNECT;1;5;"),
            ],
            &[
                "131701-1 newCall out 030990134 030990133 10",
                "131701-1 answer",
                "131701-1 hangup normalClearing",
            ],
        ),
        (
            "answered at a phone",
            &[
                (1.0, "RING;0;03023125741;990133;SIP0;"),
                (5.0, "CONNECT;0;1;03023125741;"),
                (9.0, "DISCONNECT;0;4;"),
            ],
            &[
                "131701-0 newCall in 03023125741 030990133",
                "131701-0 answer 1 1",
                "131701-0 hangup normalClearing",
            ],
        ),
        (
            "by an agent, at a DECT phone",
            &[
                (1.0, "RING;0;03023125741;990133;SIP0;"),
                (1.5, "CONNECT;0;10;03023125741;"),
                (9.0, "DISCONNECT;0;8;"),
            ],
            &[
                "131701-0 newCall in 03023125741 030990133",
                "131701-0 answer 10 anna@example.com",
                "131701-0 hangup normalClearing",
            ],
        ),
        (
            "nobody answers, and the number is withheld",
            &[(1.0, "RING;0;;004930990133;SIP0;"), (9.0, "DISCONNECT;0;0;")],
            &["131701-0 newCall in anonymous 004930990133", "131701-0 hangup cancel"],
        ),
        (
            "the box turns the caller away",
            &[(1.0, "RING;0;03023125741;990133;SIP0;"), (1.02, "DISCONNECT;0;0;")],
            &[
                "fritz.box-031116131701-0 unreported: it was over within `hold`, as one is that the phone system turns away",
            ],
        ),
        (
            "a call that is taken at once, and over at once",
            &[
                (1.0, "RING;0;03023125741;990133;SIP0;"),
                (1.2, "CONNECT;0;1;03023125741;"),
                (1.6, "DISCONNECT;0;0;"),
            ],
            &[
                "131701-0 newCall in 03023125741 030990133",
                "131701-0 answer 1 1",
                "131701-0 hangup normalClearing",
            ],
        ),
        (
            "an answering machine",
            &[
                (1.0, "RING;0;03023125741;990133;SIP0;"),
                (20.0, "CONNECT;0;40;03023125741;"),
                (30.0, "DISCONNECT;0;10;"),
            ],
            &[
                "131701-0 newCall in 03023125741 030990133",
                "131701-0 answer voicemail",
                "131701-0 hangup normalClearing",
            ],
        ),
        (
            "a fax",
            &[
                (1.0, "RING;0;03023125741;990133;SIP0;"),
                (3.0, "CONNECT;0;5;03023125741;"),
                (30.0, "DISCONNECT;0;27;"),
            ],
            &["131701-0 newCall in 03023125741 030990133", "131701-0 hangup cancel"],
        ),
        (
            "a number that is used again at once",
            &[
                (1.0, "RING;0;0301;990133;SIP0;"),
                (3.0, "DISCONNECT;0;0;"),
                (3.1, "RING;0;0302;990133;SIP0;"),
                (9.0, "DISCONNECT;0;0;"),
            ],
            &[
                "131701-0 newCall in 0301 030990133",
                "131701-0 hangup cancel",
                "131703-0 newCall in 0302 030990133",
                "131703-0 hangup cancel",
            ],
        ),
        (
            "calls beside each other",
            &[
                (1.0, "RING;0;0301;990133;SIP0;"),
                (3.0, "CONNECT;0;10;0301;"),
                (4.0, "RING;2;0302;990133;SIP0;"),
                (9.0, "DISCONNECT;2;0;"),
                (27.0, "DISCONNECT;0;24;"),
            ],
            &[
                "131701-0 newCall in 0301 030990133",
                "131701-0 answer 10 anna@example.com",
                "131704-2 newCall in 0302 030990133",
                "131704-2 hangup cancel",
                "131701-0 hangup normalClearing",
            ],
        ),
        (
            "somebody is called, over a line that is chosen",
            &[
                (1.0, "CALL;1;10;990134;*121#23125742#;SIP1;"),
                (5.0, "CONNECT;1;10;03023125742;"),
                (9.0, "DISCONNECT;1;4;"),
            ],
            &[
                "131701-1 newCall out 030990134 03023125742 10",
                "131701-1 answer",
                "131701-1 hangup normalClearing",
            ],
        ),
        (
            "and does not come",
            &[(1.0, "CALL;1;10;990134;0103303023125742;SIP1"), (9.0, "DISCONNECT;1;0")],
            &["131701-1 newCall out 030990134 03023125742 10", "131701-1 hangup noAnswer"],
        ),
        (
            "phones of the house, and codes for the box and the network",
            &[
                (1.0, "CALL;0;10;990134;**610;SIP1;"),
                (2.0, "CONNECT;0;10;**610;"),
                (3.0, "DISCONNECT;0;1;"),
                (4.0, "CALL;0;10;990134;**51;"),
                (5.0, "DISCONNECT;0;0;"),
                (6.0, "CALL;0;10;990134;#96*5*;"),
                (7.0, "CALL;0;10;990134;*#21#;"),
                (8.0, "CALL;0;10;990134;*21*03023125742#;"),
                (9.0, "DISCONNECT;0;0;"),
            ],
            &[],
        ),
        (
            "a code after a call of whose end nobody has heard",
            &[
                (1.0, "RING;0;0301;990133;SIP0;"),
                (3.0, "CONNECT;0;1;0301;"),
                (9.0, "CALL;0;10;990134;**610;SIP1;"),
                (20.0, "DISCONNECT;0;9;"),
            ],
            &["131701-0 newCall in 0301 030990133", "131701-0 answer 1 1", "131701-0 hangup normalClearing"],
        ),
        (
            "an extension that is none",
            &[
                (1.0, "RING;0;0301;990133;SIP0;"),
                (3.0, "CONNECT;0;\u{1b}[31m1;0301;"),
                (9.0, "DISCONNECT;0;6;"),
            ],
            &["131701-0 newCall in 0301 030990133", "131701-0 answer", "131701-0 hangup normalClearing"],
        ),
        (
            "a connection that was lost in the middle",
            &[
                (1.0, "RING;0;0301;990133;SIP0;"),
                (3.0, "CONNECT;0;1;0301;"),
                (4.0, "lost"),
                (5.0, "RING;1;0302;990133;SIP0;"),
                (8.0, "CONNECT;1;1;0302;"),
                (9.0, "DISCONNECT;1;1;"),
                // The first has ended meanwhile.
                (20.0, "CALL;0;10;990134;0303;SIP1;"),
                (21.0, "DISCONNECT;0;0;"),
            ],
            &[
                "131701-0 newCall in 0301 030990133",
                "131701-0 answer 1 1",
                "131705-1 newCall in 0302 030990133",
                "131705-1 answer 1 1",
                "131705-1 hangup normalClearing",
                "131701-0 hangup normalClearing",
                "131720-0 newCall out 030990134 0303 10",
                "131720-0 hangup noAnswer",
            ],
        ),
        (
            "an answer that nobody heard",
            &[(1.0, "RING;0;0301;990133;SIP0;"), (3.0, "lost"), (9.0, "DISCONNECT;0;5;")],
            &["131701-0 newCall in 0301 030990133", "131701-0 answer", "131701-0 hangup normalClearing"],
        ),
        (
            "calls of which nobody has heard the beginning, and what is no line",
            &[(1.0, "CONNECT;0;10;0301;"), (3.0, "DISCONNECT;0;5;"), (4.0, "nonsense"), (5.0, "nonsense")],
            &["the FRITZ!Box says something that is no line of its call monitor"],
        ),
    ];
    for (name, said, expected) in cases {
        let mut follower = Follower::new(&settings());
        assert_eq!(follower.follows(said), expected, "{name}");
        assert_eq!(follower.tracker.open(), 0, "{name}");
        let mask = Mask::default();
        let said: Vec<_> = said.iter().map(|(seconds, text)| (*seconds, masked(text, &mask))).collect();
        let said: Vec<_> = said.iter().map(|(seconds, text)| (*seconds, text.as_str())).collect();
        let expected: Vec<_> = expected.iter().map(|line| line_masked(line, &mask)).collect();
        assert_eq!(Follower::new(&settings()).follows(&said), expected, "{name}, masked");
    }
}

fn masked(text: &str, mask: &Mask) -> String {
    const CLOCK: &str = "03.11.16 13:17:01;";
    let mut message = Message::Line(format!("{CLOCK}{text}"));
    message.mask(mask);
    FritzBox::text(&message).strip_prefix(CLOCK).unwrap().to_owned()
}

/// What follows, with the numbers of a new call masked.
fn line_masked(line: &str, mask: &Mask) -> String {
    let is_number = |(place, word): &(usize, &str)| [3, 4].contains(place) && word.starts_with('0');
    let masked = line.split(' ').enumerate().map(|word| match is_number(&word) {
        true => mask.text(word.1),
        false => word.1.to_owned(),
    });
    masked.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_settings_say_which_extensions_are_answering_machines() {
    let ring = [(1.0, "RING;0;0301;990133;SIP0;"), (3.0, "CONNECT;0;1;0301;"), (9.0, "DISCONNECT;0;6;")];
    let voicemail = Some(List(vec!["0-1".to_owned(), "600".to_owned()]));
    let lines = Follower::new(&FritzBoxSettings { voicemail, ..settings() }).follows(&ring);
    assert_eq!(lines[1], "131701-0 answer voicemail");
    assert_eq!(Follower::new(&settings()).follows(&ring)[1], "131701-0 answer 1 1");
}

/// There is no list of calls: another process knows those that are open by the journal alone.
#[test]
fn a_call_that_another_process_reported_has_its_end() {
    // (direction, whether it was answered, what is said, what follows)
    let cases = [
        (Direction::Inbound, false, "DISCONNECT;3;0;", "131701-3 hangup cancel"),
        (Direction::Inbound, true, "DISCONNECT;3;9;", "131701-3 hangup normalClearing"),
        (Direction::Outbound, false, "DISCONNECT;3;0;", "131701-3 hangup noAnswer"),
        (Direction::Outbound, true, "DISCONNECT;3;9;", "131701-3 hangup normalClearing"),
        (Direction::Outbound, true, "RING;3;0301;990133;SIP0;", "131701-3 hangup normalClearing"),
    ];
    for (direction, answered, said, expected) in cases {
        let mut follower = Follower::new(&settings());
        let id = "fritz.box-031116131701-3".to_owned();
        let answered_before = answered.then_some(Duration::ZERO);
        let open = Open { id, direction, from: None, to: "030990133".to_owned(), answered: answered_before };
        follower.source.take_up(&open);
        follower.tracker.take_up(open, Duration::ZERO);
        let lines = follower.follows(&[(5.0, said)]);
        assert_eq!(lines, [expected], "{direction:?} {answered} {said}");
    }
}
