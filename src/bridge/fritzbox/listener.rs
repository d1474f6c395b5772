//! From what a FRITZ!Box says to facts about legs.
//!
//! The box numbers its calls from 0, and the next call gets a number as soon as it is free. So a call's id has the box's
//! name, the time of its beginning and its number. Of phones only the one is known that took a call or began it; why a
//! call ended is never said. Source: the module `FB_CALLMONITOR` of FHEM, for which extension is what.

use std::collections::HashMap;

use super::line::{Line, Message, Request, What as Said};
use super::number::{dialled, with_area};
use crate::asterisk::is_number;
use crate::bridge::fact::{Dial, Fact, Failure, LegId, Person, Side, Taker, What};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::Open;
use crate::config::{FritzBoxSettings, List, SourceSettings};
use crate::event::Direction;

/// The fax of the box, and those of ISDN and of computers: nobody is there.
const FAXES: [u32; 3] = [5, 36, 37];

/// The answering machines: the one of older boxes, and those of newer ones.
const VOICEMAIL: [&str; 2] = ["6", "40-44"];

/// Understands one FRITZ!Box.
#[derive(Debug)]
pub struct FritzBox {
    /// what its calls' ids begin with
    name: String,
    area_code: Option<String>,
    /// the first and the last extension of some answering machines
    voicemail: Vec<(u32, u32)>,
    /// those that are under way, by the box's number
    calls: HashMap<u32, Call>,
    is_told_of_strange: bool,
}

/// A call that is under way.
#[derive(Debug)]
struct Call {
    leg: LegId,
    direction: Direction,
    /// somebody, or something, took it
    is_taken: bool,
    /// the number that a call to the outside shows, and the one that it goes to
    numbers: Option<(String, String)>,
}

impl FritzBox {
    /// No call is known.
    pub fn new(settings: &FritzBoxSettings) -> Self {
        let mut new = Self {
            name: String::new(),
            area_code: None,
            voicemail: Vec::new(),
            calls: HashMap::new(),
            is_told_of_strange: false,
        };
        new.adapt(settings);
        new
    }

    fn hear(&mut self, line: &Line<'_>) -> Vec<Fact> {
        match line.what {
            Said::Ring { from, to, line: trunk } => {
                if self.is_of_the_house(from, to) {
                    // Its number may be that of one that is over.
                    return self.calls.remove(&line.id).map(Call::ends).unwrap_or_default();
                }
                let (mut facts, leg) = self.begins(line, Direction::Inbound, None);
                let from = Some(from).filter(|from| is_number(from)).map(str::to_owned);
                let to = with_area(to, self.area_code.as_deref());
                let trunk = name(trunk);
                facts.push(fact(
                    &leg,
                    What::Calls { side: Side::Outside, from, to: to.clone(), trunk, place: None },
                ));
                // The phones of that number ring. Which these are is not said.
                let dial = Dial { number: to, ..dial(phones(&leg), Side::Phone) };
                facts.push(fact(&leg, What::Dials(dial)));
                facts
            }
            Said::Call { extension, from, to, line: trunk } => {
                let to = with_area(dialled(to), self.area_code.as_deref());
                // A code for the box itself, or for the network, or a phone of the house (`**610`): nobody outside is called.
                if to.is_empty() || to.contains(['*', '#']) {
                    return self.calls.remove(&line.id).map(Call::ends).unwrap_or_default();
                }
                let from = with_area(from, self.area_code.as_deref());
                let numbers = Some((from.clone(), to.clone()));
                let (mut facts, leg) = self.begins(line, Direction::Outbound, numbers);
                let dial = Dial {
                    number: to,
                    shown: Some(from).filter(|from| is_number(from)),
                    trunk: name(trunk),
                    caller: person(extension),
                    ..dial(far_end(&leg), Side::Outside)
                };
                facts.push(fact(&leg, What::Dials(dial)));
                facts
            }
            Said::Connect { extension } => {
                // A call that began before anybody listened: which way it goes is not known.
                let Some(call) = self.calls.get_mut(&line.id) else { return Vec::new() };
                let number: Option<u32> = extension.parse().ok();
                let is_voicemail = number.is_some_and(|number| {
                    self.voicemail.iter().any(|(first, last)| (*first..=*last).contains(&number))
                });
                if number.is_some_and(|number| FAXES.contains(&number)) {
                    call.is_taken = true;
                    return Vec::new();
                }
                if is_voicemail && call.direction == Direction::Inbound {
                    call.is_taken = true;
                    return vec![fact(&call.leg, What::Message)];
                }
                vec![call.is_taken_by(person(extension))]
            }
            Said::Disconnect { seconds } => {
                let Some(mut call) = self.calls.remove(&line.id) else { return Vec::new() };
                let mut facts = Vec::new();
                // They talked, and who took it was said while nobody listened.
                if seconds > 0 && !call.is_taken {
                    facts.push(call.is_taken_by(Person::default()));
                }
                facts.extend(call.ends());
                facts
            }
        }
    }

    /// A call begins. The one that had its number is over, and nobody has heard it.
    fn begins(
        &mut self,
        line: &Line<'_>,
        direction: Direction,
        numbers: Option<(String, String)>,
    ) -> (Vec<Fact>, LegId) {
        let facts = self.calls.remove(&line.id).map(Call::ends).unwrap_or_default();
        let digits: String = line.time.chars().filter(char::is_ascii_digit).collect();
        let leg = LegId(format!("{}-{digits}-{}", self.name, line.id));
        self.calls.insert(line.id, Call { leg: leg.clone(), direction, is_taken: false, numbers });
        (facts, leg)
    }

    /// Whether who calls is a phone of the house that has dialled one of the box's own numbers: the box tells of it as
    /// of a call that goes out, and then as of another one that comes in.
    fn is_of_the_house(&self, from: &str, to: &str) -> bool {
        let mut numbers = self.calls.values().filter_map(|call| call.numbers.as_ref());
        numbers.any(|(own, dialled)| is_same(own, from) && is_same(dialled, to))
    }

    /// The box's number of a call, by its id.
    fn number(&self, id: &str) -> Option<u32> {
        let mut parts = id.strip_prefix(self.name.as_str())?.strip_prefix('-')?.split('-');
        parts.nth(1)?.parse().ok()
    }
}

impl Call {
    /// A person took it; outside, if it goes there.
    fn is_taken_by(&mut self, person: Person) -> Fact {
        self.is_taken = true;
        let taker = match self.direction {
            Direction::Inbound => Taker { leg: phones(&self.leg), side: Side::Phone, person, number: None },
            Direction::Outbound => Taker {
                leg: far_end(&self.leg),
                side: Side::Outside,
                person: Person::default(),
                number: None,
            },
        };
        fact(&self.leg, What::Answered(taker))
    }

    /// It is over. If nobody took it, the caller has given up, or the other side did not come: the box does not say which.
    fn ends(self) -> Vec<Fact> {
        let first = match self.direction {
            Direction::Inbound => What::HangsUp,
            Direction::Outbound => What::Failed { to: far_end(&self.leg), failure: Failure::NoAnswer },
        };
        let mut facts = vec![fact(&self.leg, first), fact(&self.leg, What::Gone { cause: None })];
        if self.direction == Direction::Outbound {
            // An answered one lasts as long as its far end.
            let far_end = far_end(&self.leg);
            facts.push(Fact { leg: far_end, group: self.leg, what: What::Gone { cause: None } });
        }
        facts
    }
}

impl Source for FritzBox {
    type Message = Message;
    type Request = Request;
    type Settings = FritzBoxSettings;

    fn adapt(&mut self, settings: &FritzBoxSettings) {
        let address = settings.address();
        let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
        self.name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        self.area_code = settings.area_code();
        self.voicemail = match &settings.voicemail {
            Some(List(extensions)) => extensions.iter().filter_map(|text| range(text)).collect(),
            None => VOICEMAIL.iter().filter_map(|text| range(text)).collect(),
        };
    }

    /// A box tells of no call that is there already.
    fn begin(&mut self, _secret: &str) -> Vec<Request> {
        self.is_told_of_strange = false;
        Vec::new()
    }

    fn ask_again(&mut self) -> Option<Request> {
        None
    }

    fn take_up(&mut self, open: &Open) {
        if let Some(number) = self.number(&open.id) {
            let leg = LegId(open.id.clone());
            let call =
                Call { leg, direction: open.direction, is_taken: open.answered.is_some(), numbers: None };
            self.calls.insert(number, call);
        }
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Request>> {
        if let Message::Line(text) = &message
            && let Some(line) = Line::of(text)
        {
            return self.hear(&line).into_iter().map(Heard::Fact).collect();
        }
        let is_told = std::mem::replace(&mut self.is_told_of_strange, true);
        let remark = "the FRITZ!Box says something that is no line of its call monitor".to_owned();
        (!is_told).then_some(Heard::Remark(remark)).into_iter().collect()
    }

    fn hang_up(&self, _leg: &LegId) -> Option<Request> {
        None
    }

    fn about(_message: &Message) -> Option<(LegId, LegId)> {
        // The number of a call is another call's a moment later.
        None
    }

    fn text(message: &Message) -> String {
        match message {
            Message::Line(text) => text.clone(),
            Message::Endless => "a line without an end".to_owned(),
        }
    }

    fn mask(message: &mut Message, mask: &Mask) {
        message.mask(mask);
    }
}

/// Whether two numbers are the same, of which one may lack the codes of the country and the area.
fn is_same(one: &str, other: &str) -> bool {
    let (long, short) = if one.len() > other.len() { (one, other) } else { (other, one) };
    let short = short.trim_start_matches(['0', '+']);
    short.len() >= 4 && long.ends_with(short)
}

/// `6` or `40-44`, as the first and the last.
fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

/// The phones that ring for a call.
fn phones(leg: &LegId) -> LegId {
    LegId(format!("{}-phones", leg.0))
}

/// The far end of a call that goes out.
fn far_end(leg: &LegId) -> LegId {
    LegId(format!("{}-far", leg.0))
}

fn fact(leg: &LegId, what: What) -> Fact {
    Fact { leg: leg.clone(), group: leg.clone(), what }
}

fn dial(to: LegId, side: Side) -> Dial {
    Dial {
        to,
        side,
        person: Person::default(),
        number: String::new(),
        shown: None,
        trunk: None,
        place: None,
        caller: Person::default(),
    }
}

fn name(line: &str) -> Option<String> {
    Some(line).filter(|line| !line.is_empty()).map(str::to_owned)
}

/// Who is at an extension: by its number, and by the one that phones of the house dial.
fn person(extension: &str) -> Person {
    let extension = extension.trim();
    let Ok(number) = extension.parse::<u32>() else { return Person::default() };
    let inner = match number {
        0..=2 => Some(number + 1),
        10..=29 => Some(number + 600),
        _ => None,
    };
    Person {
        name: name(extension),
        endpoint: inner.map(|inner| format!("FRITZ/**{inner}")),
        number: Some(number.to_string()),
    }
}
