//! What a page shows of a phone system that is followed: its latest calls with their legs, what was reported of each
//! and what not, and what the phone system said of it. All of it is bounded.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::fact::{Fact, Failure, LegId, Person, Side, Standing, What};
use super::tracker::{CallNumber, Glimpse, Reason, Summary};
use crate::event::EventKind;

/// The most calls that are kept; beyond it the oldest goes.
const CALLS: usize = 200;

/// So many legs of one call, and so many events.
const LEGS: usize = 40;
const EVENTS: usize = 20;

/// So much of what the phone system said: of one call, of one message, and of all calls together.
const SAID_OF_CALL: usize = 64 * 1024;
const SAID_AT_ONCE: usize = 4 * 1024;
const SAID: usize = 4 * 1024 * 1024;

/// How many messages wait for what is understood of their legs.
const UNPLACED: usize = 64;

/// The latest calls.
#[derive(Debug, Default)]
pub struct View {
    /// oldest first
    rows: VecDeque<Row>,
    begun: u64,
    /// how often anything changed
    changes: u64,
    said: usize,
    /// what was said of legs of which nothing was known by then
    unplaced: VecDeque<(LegId, LegId, String)>,
    link: String,
    is_connected: bool,
    /// why Zammad takes no events, and since when
    zammad: Option<(String, SystemTime)>,
}

/// One call.
#[derive(Debug)]
struct Row {
    number: u64,
    /// the last change of it
    change: u64,
    /// `None` as long as it is none for the tracker
    call: Option<CallNumber>,
    /// the first of its legs, and what the phone system counts it to
    leg: LegId,
    group: LegId,
    id: String,
    direction: &'static str,
    from: String,
    to: String,
    queue: String,
    trunk: String,
    answered_by: String,
    state: State,
    cause: String,
    unreported: Option<Reason>,
    began: SystemTime,
    answered: Option<SystemTime>,
    ended: Option<SystemTime>,
    legs: Vec<Leg>,
    events: Vec<Event>,
    said: VecDeque<String>,
    said_bytes: usize,
    left_out: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ringing,
    Talking,
    Voicemail,
    Ended,
}

#[derive(Debug)]
struct Leg {
    leg: LegId,
    who: String,
    side: Side,
    state: &'static str,
}

#[derive(Debug)]
struct Event {
    kind: EventKind,
    fields: Vec<(String, String)>,
    /// what became of it; `None`: it is on its way
    fate: Option<String>,
    is_wrong: bool,
}

impl View {
    /// The connection to the phone system is made or lost.
    pub fn link_is(&mut self, is_connected: bool, text: String) {
        (self.is_connected, self.link) = (is_connected, text);
        self.changes += 1;
    }

    /// Zammad takes no events, for this reason; or takes them again.
    pub fn zammad_takes_none(&mut self, reason: Option<String>) {
        let before = self.zammad.take();
        self.zammad = reason.map(|reason| (reason, before.map_or_else(SystemTime::now, |(_, since)| since)));
        self.changes += 1;
    }

    /// Something happened to a leg of this call, or of none that is known; `glimpse` is the call afterwards.
    pub fn hear(&mut self, call: Option<CallNumber>, glimpse: Option<Glimpse<'_>>, fact: &Fact) {
        let now = SystemTime::now();
        let place = self.place(call, &fact.leg, &fact.group);
        let begins = matches!(fact.what, What::Calls { .. } | What::Dials(_));
        let place = match place {
            Some(place) => place,
            None if begins || call.is_some() => self.begin(call, &fact.leg, &fact.group, now),
            // The end of what was there before, or nothing that anybody calls a call.
            None => return,
        };
        self.changes += 1;
        let change = self.changes;
        let Some(row) = self.rows.get_mut(place) else { return };
        row.change = change;
        row.call = row.call.or(call);
        row.take(fact, now);
        if let Some(glimpse) = glimpse {
            row.looks_like(&glimpse, now);
        } else if row.call.is_none()
            && row.leg == fact.leg
            && matches!(fact.what, What::Gone { .. } | What::Ended(_))
        {
            row.state = State::Ended;
            row.ended = Some(now);
        }
    }

    /// A leg is there, as the list of all legs has it.
    pub fn stands(&mut self, call: CallNumber, glimpse: &Glimpse<'_>, standing: &Standing) {
        let now = SystemTime::now();
        let place = self.place(Some(call), &standing.leg, &standing.group);
        let place = place.unwrap_or_else(|| self.begin(Some(call), &standing.leg, &standing.group, now));
        self.changes += 1;
        let change = self.changes;
        let Some(row) = self.rows.get_mut(place) else { return };
        row.change = change;
        row.call = row.call.or(Some(call));
        let who = match standing.side {
            Side::Phone | Side::Inner => who(&standing.person, ""),
            Side::Outside => standing.from.clone().unwrap_or_default(),
        };
        let state = if standing.talks_to.is_some() { "talks" } else { "is there" };
        row.leg_is(&standing.leg, who, standing.side, state);
        row.looks_like(glimpse, now);
    }

    /// The phone system said something of a leg of this call.
    pub fn said(&mut self, call: Option<CallNumber>, leg: &LegId, group: &LegId, mut text: String) {
        let mut end = SAID_AT_ONCE.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        let Some(place) = self.place(call, leg, group) else {
            // What comes in one go is understood at its end.
            if self.unplaced.len() >= UNPLACED {
                self.unplaced.pop_front();
            }
            return self.unplaced.push_back((leg.clone(), group.clone(), text));
        };
        self.changes += 1;
        let change = self.changes;
        let Some(row) = self.rows.get_mut(place) else { return };
        row.change = change;
        self.said += text.len();
        row.said_bytes += text.len();
        row.said.push_back(text);
        while row.said_bytes > SAID_OF_CALL {
            self.said -= row.forget_first();
        }
        // The oldest calls first.
        let mut oldest = 0;
        while self.said > SAID && oldest < self.rows.len() {
            let forgotten = self.rows[oldest].forget_first();
            self.said -= forgotten;
            oldest += usize::from(forgotten == 0);
        }
    }

    /// An event of a call is to be reported.
    pub fn reports(&mut self, call: CallNumber, kind: EventKind) {
        self.change(call, |row| {
            if row.events.len() < EVENTS {
                row.events.push(Event { kind, fields: Vec::new(), fate: None, is_wrong: false });
            }
        });
    }

    /// What Zammad was sent of it, and what became of it.
    pub fn reported(
        &mut self,
        call: CallNumber,
        kind: EventKind,
        fields: Vec<(String, String)>,
        fate: String,
        is_wrong: bool,
    ) {
        self.change(call, |row| {
            let mut events = row.events.iter_mut();
            if let Some(event) = events.find(|event| event.kind == kind && event.fate.is_none()) {
                (event.fields, event.fate, event.is_wrong) = (fields, Some(fate), is_wrong);
            }
        });
    }

    /// A call is over; with a reason if nothing was reported of it.
    pub fn ended(&mut self, call: CallNumber, summary: &Summary, unreported: Option<&Reason>) {
        self.change(call, |row| {
            row.state = State::Ended;
            row.ended = Some(SystemTime::now());
            summary.cause.as_str().clone_into(&mut row.cause);
            row.answered_by = summary.answered_by.clone().unwrap_or_default();
            row.unreported = unreported.cloned();
        });
    }

    fn change(&mut self, call: CallNumber, change: impl FnOnce(&mut Row)) {
        self.changes += 1;
        let changes = self.changes;
        if let Some(row) = self.rows.iter_mut().rev().find(|row| row.call == Some(call)) {
            row.change = changes;
            change(row);
        }
    }

    /// The row of a call; of one that is over, or none yet, by what the phone system counts it to.
    fn place(&self, call: Option<CallNumber>, leg: &LegId, group: &LegId) -> Option<usize> {
        let by_call = call.and_then(|call| self.rows.iter().rposition(|row| row.call == Some(call)));
        by_call.or_else(|| {
            let is_same = |row: &Row| {
                row.group == *group || row.leg == *leg || row.legs.iter().any(|known| known.leg == *leg)
            };
            let is_free = |row: &Row| call.is_none() || row.call.is_none();
            self.rows.iter().rposition(|row| is_same(row) && is_free(row))
        })
    }

    fn begin(&mut self, call: Option<CallNumber>, leg: &LegId, group: &LegId, now: SystemTime) -> usize {
        if self.rows.len() >= CALLS
            && let Some(oldest) = self.rows.pop_front()
        {
            self.said -= oldest.said_bytes;
        }
        self.begun += 1;
        self.rows.push_back(Row {
            number: self.begun,
            change: self.changes,
            call,
            leg: leg.clone(),
            group: group.clone(),
            id: String::new(),
            direction: "",
            from: String::new(),
            to: String::new(),
            queue: String::new(),
            trunk: String::new(),
            answered_by: String::new(),
            state: State::Ringing,
            cause: String::new(),
            unreported: None,
            began: now,
            answered: None,
            ended: None,
            legs: Vec::new(),
            events: Vec::new(),
            said: VecDeque::new(),
            said_bytes: 0,
            left_out: 0,
        });
        for (leg, group, text) in std::mem::take(&mut self.unplaced) {
            self.said(None, &leg, &group, text);
        }
        self.rows.len() - 1
    }

    /// How often anything changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// What changed since: the calls, and the connection. `clean` makes a text harmless.
    pub fn news(&self, since: u64, clean: &dyn Fn(&str) -> String) -> Value {
        let rows = self.rows.iter().filter(|row| row.change > since || since == 0);
        let open = self.rows.iter().filter(|row| row.state != State::Ended).count();
        json!({
            "now": milliseconds(SystemTime::now()),
            "connected": self.is_connected,
            "link": clean(&self.link),
            "zammad": self.zammad.as_ref().map(|(reason, since)| {
                json!({ "trouble": clean(reason), "since": milliseconds(*since) })
            }),
            "open": open,
            "ever": self.begun,
            "calls": rows.map(|row| row.told(clean)).collect::<Vec<_>>(),
        })
    }

    /// What the phone system said of a call, and how many of its messages are not kept.
    pub fn messages(&self, number: u64, clean: &dyn Fn(&str) -> String) -> Option<Value> {
        let row = self.rows.iter().find(|row| row.number == number)?;
        let messages: Vec<_> = row.said.iter().map(|text| clean(text)).collect();
        Some(json!({ "messages": messages, "left_out": row.left_out }))
    }
}

impl Row {
    /// Forgets what was said first; how much that was.
    fn forget_first(&mut self) -> usize {
        let length = self.said.pop_front().map_or(0, |text| text.len());
        self.left_out += usize::from(length > 0);
        self.said_bytes -= length;
        length
    }

    fn leg_is(&mut self, leg: &LegId, who: String, side: Side, state: &'static str) {
        let has_room = self.legs.len() < LEGS;
        match self.legs.iter_mut().find(|known| known.leg == *leg) {
            Some(known) => {
                known.state = state;
                if known.who.is_empty() {
                    known.who = who;
                }
            }
            None if has_room => {
                self.legs.push(Leg { leg: leg.clone(), who, side, state });
            }
            None => {}
        }
    }

    /// A leg that is known is in another state.
    fn leg_turns(&mut self, leg: &LegId, state: &'static str) {
        if let Some(known) = self.legs.iter_mut().find(|known| known.leg == *leg) {
            known.state = state;
        }
    }

    fn take(&mut self, fact: &Fact, now: SystemTime) {
        let Fact { leg, group: _, what } = fact;
        match what {
            What::Calls { side, from, to, trunk, place: _ } => {
                if self.legs.is_empty() {
                    self.from = from.clone().unwrap_or_default();
                    self.to.clone_from(to);
                }
                let line = trunk.clone().unwrap_or_default();
                self.leg_is(leg, from.clone().unwrap_or(line), *side, "calls");
            }
            What::Dials(dial) => {
                self.leg_is(
                    leg,
                    who(&dial.caller, dial.shown.as_deref().unwrap_or("")),
                    Side::Phone,
                    "calls",
                );
                self.leg_is(&dial.to, who(&dial.person, &dial.number), dial.side, "rings");
            }
            What::Answered(taker) => {
                let number = taker.number.as_deref().unwrap_or_default();
                self.leg_is(&taker.leg, who(&taker.person, number), taker.side, "talks");
                self.leg_turns(leg, "talks");
                self.answered.get_or_insert(now);
            }
            What::Failed { to, failure } => self.leg_turns(
                to,
                match failure {
                    Failure::Busy => "is busy",
                    Failure::NoAnswer => "did not answer",
                    Failure::Cancelled => "rang in vain",
                    Failure::Congestion => "is not reached: congestion",
                    Failure::Unavailable => "is not available",
                },
            ),
            What::Queued(_) => self.leg_turns(leg, "waits in the queue"),
            What::Voicemail => self.leg_turns(leg, "talks to a voicemail box"),
            What::Message => self.leg_turns(leg, "leaves a message"),
            What::Gone { .. } | What::Ended(_) => {
                let talked = self.legs.iter().any(|known| known.leg == *leg && known.state == "talks");
                let rang = self.legs.iter().any(|known| known.leg == *leg && known.state == "rings");
                let tried = ["is busy", "did not answer", "rang in vain", "is not available"];
                let has_failed =
                    self.legs.iter().any(|known| known.leg == *leg && tried.contains(&known.state));
                if !has_failed {
                    self.leg_turns(
                        leg,
                        if talked {
                            "talked"
                        } else if rang {
                            "rang in vain"
                        } else {
                            "is gone"
                        },
                    );
                }
            }
            What::Withheld
            | What::Rings
            | What::AllNamed
            | What::Unqueued
            | What::HangsUp
            | What::TurnedAway
            | What::Missing
            | What::Moves(_) => {}
        }
    }

    fn looks_like(&mut self, call: &Glimpse<'_>, now: SystemTime) {
        call.id.clone_into(&mut self.id);
        self.direction = call.direction.as_str();
        self.from = call.from.unwrap_or_default().to_owned();
        call.to.clone_into(&mut self.to);
        self.queue = call.queue.unwrap_or_default().to_owned();
        self.trunk = call.trunk.unwrap_or_default().to_owned();
        self.answered_by = call.answered_by.unwrap_or_default().to_owned();
        self.unreported.clone_from(&call.unreported);
        self.state = match (call.is_answered, call.is_voicemail) {
            (true, _) => State::Talking,
            (false, true) => State::Voicemail,
            (false, false) => State::Ringing,
        };
        if call.is_answered {
            self.answered.get_or_insert(now);
        } else {
            // A phone of the house that took it had only begun it.
            self.answered = None;
        }
    }

    fn told(&self, clean: &dyn Fn(&str) -> String) -> Value {
        const ALONE: &str = "a phone talks to the phone system itself: it has called nobody";
        let alone = || self.call.is_none().then(|| ALONE.to_owned());
        let unreported = self.unreported.as_ref().map(Reason::to_string).or_else(alone);
        let legs = self.legs.iter().map(|leg| {
            let side = match leg.side {
                Side::Outside => "outside",
                Side::Phone => "phone",
                Side::Inner => "inside the phone system",
            };
            json!({ "who": clean(&leg.who), "side": side, "state": leg.state })
        });
        let events = self.events.iter().map(|event| {
            let fields = event.fields.iter().map(|(name, value)| json!([clean(name), clean(value)]));
            json!({
                "event": event.kind.as_str(),
                "fields": fields.collect::<Vec<_>>(),
                "fate": event.fate.as_deref().map(clean),
                "wrong": event.is_wrong,
            })
        });
        json!({
            "number": self.number,
            "call_id": clean(&self.id),
            "direction": self.direction,
            "from": clean(&self.from),
            "to": clean(&self.to),
            "queue": clean(&self.queue),
            "trunk": clean(&self.trunk),
            "answered_by": clean(&self.answered_by),
            "state": match self.state {
                State::Ringing => "ringing",
                State::Talking => "talking",
                State::Voicemail => "voicemail",
                State::Ended => "ended",
            },
            "cause": self.cause,
            "unreported": unreported.as_deref().map(clean),
            "advice": match &self.unreported {
                Some(Reason::Internal) => Some("internal"),
                Some(Reason::NoTrunk { setting, .. }) => Some(*setting),
                Some(Reason::Ignored(_) | Reason::Brief) | None => None,
            },
            "began": milliseconds(self.began),
            "answered": self.answered.map(milliseconds),
            "ended": self.ended.map(milliseconds),
            "legs": legs.collect::<Vec<_>>(),
            "events": events.collect::<Vec<_>>(),
            "undelivered": self.events.iter().any(|event| event.is_wrong),
            "messages": self.said.len() + self.left_out,
        })
    }
}

/// A person's name and number, or else the phone's, or what was dialled for it.
fn who(person: &Person, dialled: &str) -> String {
    let number = person.number.as_deref().unwrap_or(dialled);
    match (&person.name, number) {
        (Some(name), "") => name.clone(),
        (Some(name), number) if name != number => format!("{name} ({number})"),
        (_, "") => person.endpoint.clone().unwrap_or_default(),
        (_, number) => number.to_owned(),
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since: Duration = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(leg: &str) -> Fact {
        let what = What::Calls {
            side: Side::Phone,
            from: Some("101".to_owned()),
            to: "*97".to_owned(),
            trunk: None,
            place: None,
        };
        Fact { leg: LegId(leg.to_owned()), group: LegId(leg.to_owned()), what }
    }

    #[test]
    fn however_much_is_said_so_much_is_kept() {
        let mut view = View::default();
        for call in 0..CALLS * 2 {
            let fact = calls(&call.to_string());
            view.hear(None, None, &fact);
            for _ in 0..40 {
                view.said(None, &fact.leg, &fact.group, "ä".repeat(SAID_AT_ONCE));
            }
        }
        assert_eq!(view.rows.len(), CALLS);
        let kept: usize = view.rows.iter().map(|row| row.said.iter().map(String::len).sum::<usize>()).sum();
        assert_eq!(kept, view.said);
        assert!(kept <= SAID && view.rows.iter().all(|row| row.said_bytes <= SAID_OF_CALL), "{kept}");
        let clean = |text: &str| text.to_owned();
        assert_eq!(view.news(0, &clean)["calls"].as_array().unwrap().len(), CALLS);
        assert_eq!(view.news(view.changes(), &clean)["calls"], json!([]));
    }

    #[test]
    fn what_is_said_before_it_is_understood_is_kept() {
        let mut view = View::default();
        let fact = calls("1.1");
        let say = |view: &mut View, leg: &str, text: &str| {
            let leg = LegId(leg.to_owned());
            view.said(None, &leg, &leg, text.to_owned());
        };
        (0..UNPLACED).for_each(|_| say(&mut view, "1.2", "nobody's"));
        say(&mut view, "1.1", "Newchannel");
        view.hear(None, None, &fact);
        say(&mut view, "1.1", "Hangup");
        assert_eq!(view.rows[0].said, ["Newchannel", "Hangup"]);
        assert_eq!(view.unplaced.len(), UNPLACED - 1);
    }

    #[test]
    fn a_phone_that_calls_nobody_is_shown_with_the_reason() {
        let mut view = View::default();
        let fact = calls("1.1");
        view.hear(None, None, &fact);
        view.hear(None, None, &Fact { what: What::Gone { cause: None }, ..fact });
        let told = view.news(0, &|text: &str| text.to_owned());
        let call = &told["calls"][0];
        assert_eq!((&call["state"], &told["open"]), (&json!("ended"), &json!(0)));
        assert!(call["unreported"].as_str().unwrap().contains("called nobody"), "{call}");
    }
}
