//! Recorded calls over a socket, whole and cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::ami::{Ami, Session};
use crate::following::{bridge, end, hangup, waiting_call};
use crate::recordings::{Recording, of_kind, sorted};
use crate::running::Running;
use crate::servers::at_once;
use crate::support::World;
use crate::switchboard::Switchboard;
use crate::zammad::Zammad;

/// A new call waits so long here for others who ring: all that belongs together is read in that time.
const HOLD: &str = "400ms";

/// What the ids of calls begin with that only mark a time.
const MARK: &str = "mark.";

/// Calls of which so much was said.
struct Play {
    recording: Recording,
    /// so many of its events were said, or have happened while nobody heard them
    said: usize,
    switchboard: Switchboard,
}

impl Play {
    fn new(recording: Recording) -> Self {
        Self { recording, said: 0, switchboard: Switchboard::default() }
    }

    /// What is said up to there.
    fn say_to(&mut self, end: usize) -> String {
        let events = &self.recording.events[self.said..end];
        self.said = end;
        for event in events {
            self.switchboard.hear(&event.fields);
        }
        events.iter().map(|event| event.text.as_str()).collect()
    }

    /// What happens up to there while nobody listens.
    fn miss_to(&mut self, end: usize) {
        let _ = self.say_to(end.min(self.recording.events.len()));
    }
}

/// Says everything up to an event of each, and pauses where a phone system would.
fn say(session: &Session, zammad: &Zammad, plays: &mut [Play], until_event: impl Fn(usize) -> usize) {
    let ends: Vec<usize> =
        (0..plays.len()).map(|place| until_event(place).min(plays[place].recording.events.len())).collect();
    while plays.iter().zip(&ends).any(|(play, &end)| play.said < end) {
        for (play, &end) in plays.iter_mut().zip(&ends) {
            if play.said < end {
                let pause = play.recording.next_pause(play.said).min(end);
                session.say(play.say_to(pause));
            }
        }
        pause(session, zammad);
    }
}

/// Lets as much time pass as a new call waits for others who ring: one more is reported, and all before it were.
fn pause(session: &Session, zammad: &Zammad) {
    static MARKS: AtomicUsize = AtomicUsize::new(0);
    let mark = format!("{MARK}{}", MARKS.fetch_add(1, Ordering::Relaxed));
    session.say(waiting_call(&mark, "4940669690"));
    zammad.until("newCall", &mark);
    session.say(hangup(&mark));
}

/// All channels of all calls.
fn channels(plays: &[Play]) -> String {
    plays.iter().map(|play| play.switchboard.list()).collect()
}

/// What is wrong with what became of them; nothing if nothing is.
fn differences(
    zammad: &Zammad,
    plays: &[Play],
    is_same: impl Fn(usize, &[Value], &[Value]) -> bool,
) -> String {
    let mut by_call: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let is_mark = |event: &Value| event["callId"].as_str().unwrap().starts_with(MARK);
    for event in sorted(zammad.events()).into_iter().filter(|event| !is_mark(event)) {
        by_call.entry(event["callId"].as_str().unwrap().to_owned()).or_default().push(event);
    }
    let mut wrong = String::new();
    for (place, play) in plays.iter().enumerate() {
        let expected = sorted(play.recording.expected.clone());
        let calls: BTreeSet<&str> = expected.iter().map(|event| event["callId"].as_str().unwrap()).collect();
        let events: Vec<Value> =
            calls.iter().flat_map(|&call| by_call.remove(call).unwrap_or_default()).collect();
        if !is_same(place, &events, &expected) {
            wrong.push_str(&format!("{} ({place}):\n", play.recording.name));
            events.iter().for_each(|event| wrong.push_str(&format!("  {event}\n")));
            wrong.push_str("expected:\n");
            expected.iter().for_each(|event| wrong.push_str(&format!("  {event}\n")));
        }
    }
    for event in by_call.into_values().flatten() {
        wrong.push_str(&format!("nobody expects {event}\n"));
    }
    zammad.refused().iter().for_each(|refused| wrong.push_str(&format!("refused: {refused}\n")));
    wrong
}

/// A phone system, and who follows it.
struct Follow {
    ami: Ami,
    zammad: Zammad,
    running: Running,
    _world: World,
}

impl Follow {
    fn start() -> Self {
        let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
        let running = Running::start(bridge(&world, &ami, &zammad).args(["--hold", HOLD, "--grace", "0s"]));
        Self { ami, zammad, running, _world: world }
    }

    /// Ends it, and everything is at the Zammad that follows from what was said.
    fn end(self) -> Zammad {
        self.ami.assert_content();
        end(self.running);
        self.zammad
    }
}

/// All recordings of a kind at once, each under way up to each of its events in turn, or to each second or third.
fn cut_everywhere(kind: &str, step: usize) -> (Vec<Play>, Vec<usize>) {
    let mut plays = Vec::new();
    let mut cuts = Vec::new();
    for (number, recording) in of_kind(kind).into_iter().enumerate() {
        for cut in (number % step..=recording.events.len()).step_by(step) {
            plays.push(Play::new(recording.copy(plays.len() + 1)));
            cuts.push(cut);
        }
    }
    (plays, cuts)
}

#[test]
fn recorded_calls_become_the_right_events() {
    at_once(["plain", "freepbx"], |kind| {
        let follow = Follow::start();
        let recordings = of_kind(kind).into_iter().enumerate();
        let mut plays: Vec<Play> =
            recordings.map(|(number, recording)| Play::new(recording.copy(number + 1))).collect();
        say(&follow.ami.session(), &follow.zammad, &mut plays, |_| usize::MAX);
        let zammad = follow.end();
        let wrong = differences(&zammad, &plays, |_, events, expected| events == expected);
        assert!(wrong.is_empty(), "{wrong}");
    });
}

/// What cannot be known: who began to ring after the connection was lost, if the call is reported before it is there again.
#[test]
fn a_lost_connection_changes_nothing_while_nothing_happens() {
    at_once(["plain", "freepbx"], |kind| {
        let follow = Follow::start();
        let (mut plays, cuts) = cut_everywhere(kind, 1);
        let session = follow.ami.session();
        say(&session, &follow.zammad, &mut plays, |place| cuts[place]);
        follow.ami.behave(|manners| manners.channels = channels(&plays));
        session.end();
        let session = follow.ami.session();
        say(&session, &follow.zammad, &mut plays, |_| usize::MAX);
        let zammad = follow.end();
        let wrong = differences(&zammad, &plays, |place, events, expected| {
            let is_whole = plays[place].recording.pauses.contains(&cuts[place]);
            events == expected || !is_whole && without_users(events) == without_users(expected)
        });
        assert!(wrong.is_empty(), "{wrong}");
    });
}

/// The events without those who ring.
fn without_users(events: &[Value]) -> Vec<Value> {
    let mut events = events.to_vec();
    for event in &mut events {
        if event["event"] == "newCall"
            && let Some(fields) = event.as_object_mut()
        {
            fields.remove("user");
        }
    }
    events
}

/// What cannot be known of what happened meanwhile:
///
/// - a call that began and ended; and one to the outside that no trunk took, while the agent still hears why;
/// - an answer, if nobody talks to the caller when the connection is there again: because the call has ended, is about
///   to, or because they are just being connected. Such a call counts as one that nobody took;
/// - why a call ended: `normalClearing` if it was answered, else `cancel`; and how phones refused it before;
/// - who rang before the call was found, and in which queue; and what stood in front of who answered.
#[test]
fn what_happens_while_the_connection_is_lost_is_found_out_as_far_as_it_can_be_known() {
    at_once(["plain", "freepbx"], |kind| {
        let follow = Follow::start();
        let (mut plays, cuts) = cut_everywhere(kind, 3);
        let session = follow.ami.session();
        say(&session, &follow.zammad, &mut plays, |place| cuts[place]);
        for (place, play) in plays.iter_mut().enumerate() {
            play.miss_to(cuts[place].saturating_add([1, 4, 12, usize::MAX][place % 4]));
        }
        follow.ami.behave(|manners| manners.channels = channels(&plays));
        session.end();
        let resumed: Vec<usize> = plays.iter().map(|play| play.said).collect();
        let talking: Vec<_> = plays.iter().map(|play| play.switchboard.talking()).collect();
        say(&follow.ami.session(), &follow.zammad, &mut plays, |_| usize::MAX);
        let zammad = follow.end();
        let wrong = differences(&zammad, &plays, |place, events, expected| {
            let recording = &plays[place].recording;
            let calls: BTreeSet<&str> =
                expected.iter().map(|event| event["callId"].as_str().unwrap()).collect();
            calls.into_iter().all(|call| {
                let of_call = |events: &[Value]| -> Vec<Value> {
                    events.iter().filter(|event| event["callId"] == call).cloned().collect()
                };
                let known = |kind: &str| recording.known.get(&(call.to_owned(), kind.to_owned())).copied();
                let is_out = expected[0]["direction"] == "out";
                let (talking, others) = &talking[place];
                let is_talking =
                    if is_out { talking.len() > 1 && others.is_empty() } else { talking.contains(call) };
                let missed = Missed { cut: cuts[place], resumed: resumed[place], is_talking };
                missed.allows(&of_call(events), &of_call(expected), known)
            })
        });
        assert!(wrong.is_empty(), "{wrong}");
    });
}

/// The events of a recording that nobody heard.
struct Missed {
    cut: usize,
    resumed: usize,
    /// somebody talked to the caller afterwards
    is_talking: bool,
}

impl Missed {
    /// Whether a call may have become these events, where `known` says after how many of the recording's events an
    /// expected one is.
    fn allows(&self, events: &[Value], expected: &[Value], known: impl Fn(&str) -> Option<usize>) -> bool {
        let has_missed =
            |kind: &str| known(kind).is_some_and(|after| self.cut < after && after <= self.resumed);
        if events.is_empty() {
            let is_refused = expected[0]["direction"] == "out" && known("answer").is_none();
            return has_missed("newCall") && (has_missed("hangup") || is_refused);
        }
        let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        let all: Vec<&str> = expected.iter().map(|event| event["event"].as_str().unwrap()).collect();
        let is_given_up = kinds == ["newCall", "hangup"] && has_missed("answer") && !self.is_talking;
        if kinds != all && !is_given_up {
            return false;
        }
        events.iter().all(|event| {
            let expected = expected.iter().find(|expected| expected["event"] == event["event"]).unwrap();
            let is_same = ["direction", "from", "to"].iter().all(|field| event[*field] == expected[*field]);
            let is_same_cause = event["cause"] == expected["cause"]
                || is_given_up
                || if has_missed("hangup") { event["cause"] == "cancel" } else { self.cut < self.resumed };
            is_same && is_same_cause
        })
    }
}
