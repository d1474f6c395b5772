//! What a request says of a call, in words that all hooks share.

use std::collections::BTreeMap;

use serde_json::Value;

use super::message::Said;
use super::path::Path;
use crate::bridge::fact::{Person, Side};
use crate::cause::HangupCause;
use crate::config::{HookFields, HookSettings, HookWords};

/// A call's id is a part of its id at Zammad, which keeps 250 characters of that.
const LONGEST_ID: usize = 150;

/// Names and numbers are shorter: so much Zammad keeps of a number.
const LONGEST_TEXT: usize = 100;

/// How many legs or names one request may have.
const MOST: usize = 64;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// A call begins, or one of its legs does: the first one calls, the others are rung.
    NewCall,
    /// This leg calls.
    Call,
    /// This leg is rung.
    Ring,
    /// This leg, or whoever is called, took the call.
    Answer,
    /// A voicemail box did.
    Voicemail,
    /// The call waits in a queue.
    Queue,
    /// It does no longer.
    LeaveQueue,
    /// This leg, or the call, is over.
    Hangup,
}

/// Which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Towards {
    /// A customer calls.
    In,
    /// A customer is called.
    Out,
    /// Neither.
    Internal,
    /// This leg was dialled for a call, whichever way that one goes.
    Dialled,
}

/// Why a call, or a leg, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// in Zammad's words
    By(HangupCause),
    /// Somebody had taken it.
    Answered,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// what
    pub happened: Happened,
    /// the phone system's id of the call
    pub call: String,
    /// the call that this one continues
    pub origin: Option<String>,
    /// the leg, where a call has several
    pub leg: Option<String>,
    /// where the leg is
    pub side: Option<Side>,
    /// which way
    pub towards: Option<Towards>,
    /// who calls
    pub from: Option<String>,
    /// who is called
    pub to: Option<String>,
    /// who rings, or took it
    pub people: Vec<Person>,
    /// where it waits
    pub queue: Option<String>,
    /// the line
    pub trunk: Option<String>,
    /// why it ended
    pub end: Option<End>,
    /// by which the same is known if it is said again
    pub id: Option<String>,
}

/// What one request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// of each leg in it; who calls comes first
    pub notices: Vec<Notice>,
    /// what else it says, in words that nobody knows
    pub unknown: Vec<Unsaid>,
}

impl Notice {
    /// What it says, by the names that the settings have for it.
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let texts = |text: fn(&Person) -> &Option<String>| {
            let texts: Vec<_> = self.people.iter().filter_map(|person| text(person).clone()).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        };
        let words = [
            ("event", Some(self.happened.as_str().to_owned())),
            ("call", Some(self.call.clone())),
            ("origin", self.origin.clone()),
            ("leg", self.leg.clone()),
            (
                "side",
                self.side.map(|side| if side == Side::Outside { "outside" } else { "phone" }.to_owned()),
            ),
            ("direction", self.towards.map(|towards| towards.as_str().to_owned())),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("user", texts(|person| &person.name)),
            ("endpoint", texts(|person| &person.endpoint)),
            ("number", self.people.first().and_then(|person| person.number.clone())),
            ("queue", self.queue.clone()),
            ("trunk", self.trunk.clone()),
            ("cause", self.end.map(|end| end.as_str().to_owned())),
            ("id", self.id.clone()),
        ];
        words.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }
}

impl Happened {
    const ALL: [Self; 8] = [
        Self::NewCall,
        Self::Call,
        Self::Ring,
        Self::Answer,
        Self::Voicemail,
        Self::Queue,
        Self::LeaveQueue,
        Self::Hangup,
    ];

    /// Its word in `words.event`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewCall => "new_call",
            Self::Call => "call",
            Self::Ring => "ring",
            Self::Answer => "answer",
            Self::Voicemail => "voicemail",
            Self::Queue => "queue",
            Self::LeaveQueue => "leave_queue",
            Self::Hangup => "hangup",
        }
    }
}

impl Towards {
    const ALL: [Self; 4] = [Self::In, Self::Out, Self::Internal, Self::Dialled];

    /// Its word in `words.direction`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Internal => "internal",
            Self::Dialled => "dialled",
        }
    }
}

impl End {
    /// Its word in `words.cause`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::By(cause) => cause.as_str(),
            Self::Answered => "answered",
        }
    }
}

/// Why a request says nothing of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsaid {
    /// It has no event, as a sender's trial has none.
    #[error("it names no event")]
    NoEvent,
    /// Its event is of no interest.
    #[error("its event {0:?} is one to be ignored")]
    Ignored(String),
    /// Nobody knows its event.
    #[error("its event {0:?} is not in words.event")]
    UnknownEvent(String),
    /// Nor which way its call goes.
    #[error("its direction {0:?} is not in words.direction")]
    UnknownDirection(String),
    /// Nor where its leg is.
    #[error("its side {0:?} is not in words.side")]
    UnknownSide(String),
    /// It says of no call what it is about.
    #[error("it has no id of a call of up to {LONGEST_ID} characters")]
    NoCall,
}

/// A word of `words.event`, `words.direction` or `words.cause` that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("words.{table} has {word:?}, which is none of {known}")]
pub struct UnknownWord {
    table: &'static str,
    word: String,
    known: &'static str,
}

/// How a hook's requests are read.
#[derive(Debug, Clone)]
pub struct Mapping {
    each: Vec<Path>,
    fields: Fields,
    events: Table<Meaning>,
    directions: Table<Towards>,
    sides: Table<Side>,
    causes: Table<End>,
}

/// What an event's word means. `None`: nothing of interest.
type Meaning = Option<(Happened, Option<Towards>, Option<End>)>;

#[derive(Debug, Clone)]
struct Fields {
    event: Vec<Path>,
    call: Vec<Path>,
    origin: Vec<Path>,
    leg: Vec<Path>,
    side: Vec<Path>,
    direction: Vec<Path>,
    from: Vec<Path>,
    to: Vec<Path>,
    outside: Vec<Path>,
    own: Vec<Path>,
    user: Vec<Path>,
    endpoint: Vec<Path>,
    number: Vec<Path>,
    queue: Vec<Path>,
    trunk: Vec<Path>,
    cause: Vec<Path>,
    id: Vec<Path>,
}

/// The sender's words, in small letters.
#[derive(Debug, Clone)]
struct Table<T>(BTreeMap<String, T>);

impl<T: Copy> Table<T> {
    fn new(
        table: &'static str,
        known: &'static str,
        words: &BTreeMap<String, String>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Self, UnknownWord> {
        let meant = |(theirs, ours): (&String, &String)| {
            let meaning = read(ours).ok_or_else(|| UnknownWord { table, word: ours.clone(), known })?;
            Ok((theirs.to_lowercase(), meaning))
        };
        Ok(Self(words.iter().map(meant).collect::<Result<_, _>>()?))
    }

    fn get(&self, word: &str) -> Option<T> {
        self.0.get(&word.to_lowercase()).copied()
    }
}

const EVENTS: &str = "new_call, call, ring, answer, voicemail, queue, leave_queue, hangup, ignore, with a direction and \
                      a cause behind it";
const DIRECTIONS: &str = "in, out, internal, dialled";
const SIDES: &str = "outside, phone";
const CAUSES: &str =
    "normalClearing, busy, cancel, noAnswer, congestion, notFound, forwarded, voicemail, answered";

impl Mapping {
    /// That of a hook with its preset.
    ///
    /// # Errors
    ///
    /// Its words are to mean something that there is not.
    pub fn new(hook: &HookSettings) -> Result<Self, UnknownWord> {
        let HookWords { event, direction, side, cause } = &hook.words;
        Ok(Self {
            each: Path::all(hook.each.as_ref()),
            fields: Fields::new(&hook.fields),
            events: Table::new("event", EVENTS, event, meaning)?,
            directions: Table::new("direction", DIRECTIONS, direction, towards)?,
            sides: Table::new("side", SIDES, side, side_of)?,
            causes: Table::new("cause", CAUSES, cause, end)?,
        })
    }

    /// The headers that are of interest.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.fields.all().flatten().filter_map(|path| match path {
            Path::Header(name) => Some(name.as_str()),
            Path::Body(_) | Path::Element(_) => None,
        })
    }

    /// What a request says.
    ///
    /// # Errors
    ///
    /// It says nothing.
    pub fn read(&self, said: &Said) -> Result<Reading, Unsaid> {
        let mut unknown = Vec::new();
        let lists = self.each.iter().filter_map(|path| path.value(&said.body).and_then(Value::as_array));
        let Some(legs) = lists.into_iter().next().filter(|legs| !legs.is_empty()) else {
            let notices = vec![self.notice(said, None, &mut unknown)?];
            return Ok(Reading { notices, unknown });
        };
        let mut notices = Vec::new();
        let mut unsaid = Unsaid::NoEvent;
        for leg in legs.iter().take(MOST) {
            match self.notice(said, Some(leg), &mut unknown) {
                Ok(notice) => notices.push(notice),
                Err(nothing) => {
                    if matches!(nothing, Unsaid::UnknownEvent(_)) {
                        unknown.push(nothing.clone());
                    }
                    unsaid = nothing;
                }
            }
        }
        notices.sort_by_key(|notice| notice.happened != Happened::Call);
        if notices.is_empty() { Err(unsaid) } else { Ok(Reading { notices, unknown }) }
    }

    /// The call that a request is about, and the one that that one continues.
    pub fn call(&self, said: &Said) -> Option<(String, Option<String>)> {
        let call = id(self.fields.call.as_slice(), said, None)?;
        Some((call, id(self.fields.origin.as_slice(), said, None)))
    }

    fn notice(&self, said: &Said, leg: Option<&Value>, unknown: &mut Vec<Unsaid>) -> Result<Notice, Unsaid> {
        let fields = &self.fields;
        let text = |paths: &[Path]| first(paths, said, leg).into_iter().next();
        let word = text(&fields.event).ok_or(Unsaid::NoEvent)?;
        let own = || meaning(&word);
        let known = self.events.get(&word).or_else(own).ok_or_else(|| Unsaid::UnknownEvent(word.clone()))?;
        let (mut happened, towards_by_event, end_by_event) = known.ok_or(Unsaid::Ignored(word))?;
        let call = id(&fields.call, said, leg).ok_or(Unsaid::NoCall)?;
        let towards = text(&fields.direction).and_then(|word| {
            let known = self.directions.get(&word).or_else(|| towards_of(&word));
            // What its event says may be enough.
            if known.or(towards_by_event).is_none() {
                unknown.push(Unsaid::UnknownDirection(word));
            }
            known
        });
        let towards = towards.or(towards_by_event);
        let side = text(&fields.side).and_then(|word| {
            let known = self.sides.get(&word).or_else(|| side_of(&word));
            if known.is_none() {
                unknown.push(Unsaid::UnknownSide(word));
            }
            known
        });
        let (outside, own) = (text(&fields.outside), text(&fields.own));
        let (by_from, by_to) = match towards {
            Some(Towards::Out) => (own, outside),
            Some(Towards::In | Towards::Internal | Towards::Dialled) | None => (outside, own),
        };
        let ended_by = text(&fields.cause);
        let ended_by = ended_by.and_then(|word| self.causes.get(&word).or_else(|| end(&word)));
        let people =
            people(first(&fields.user, said, leg), first(&fields.endpoint, said, leg), text(&fields.number));
        // So sipgate names a voicemail box, and Zammad too.
        let (boxes, people): (Vec<_>, Vec<_>) = people.into_iter().partition(is_voicemail);
        if happened == Happened::Answer && !boxes.is_empty() && people.is_empty() {
            happened = Happened::Voicemail;
        }
        Ok(Notice {
            happened,
            call,
            origin: id(&fields.origin, said, leg),
            leg: id(&fields.leg, said, leg),
            side,
            towards,
            from: text(&fields.from).or(by_from),
            to: text(&fields.to).or(by_to),
            people,
            queue: text(&fields.queue),
            trunk: text(&fields.trunk),
            // What the event says counts less than what is said besides.
            end: ended_by.or(end_by_event),
            id: id(&fields.id, said, leg),
        })
    }
}

impl Fields {
    fn new(fields: &HookFields) -> Self {
        Self {
            event: Path::all(fields.event.as_ref()),
            call: Path::all(fields.call.as_ref()),
            origin: Path::all(fields.origin.as_ref()),
            leg: Path::all(fields.leg.as_ref()),
            side: Path::all(fields.side.as_ref()),
            direction: Path::all(fields.direction.as_ref()),
            from: Path::all(fields.from.as_ref()),
            to: Path::all(fields.to.as_ref()),
            outside: Path::all(fields.outside.as_ref()),
            own: Path::all(fields.own.as_ref()),
            user: Path::all(fields.user.as_ref()),
            endpoint: Path::all(fields.endpoint.as_ref()),
            number: Path::all(fields.number.as_ref()),
            queue: Path::all(fields.queue.as_ref()),
            trunk: Path::all(fields.trunk.as_ref()),
            cause: Path::all(fields.cause.as_ref()),
            id: Path::all(fields.id.as_ref()),
        }
    }

    fn all(&self) -> impl Iterator<Item = &[Path]> {
        [
            &self.event,
            &self.call,
            &self.origin,
            &self.leg,
            &self.side,
            &self.direction,
            &self.from,
            &self.to,
            &self.outside,
            &self.own,
            &self.user,
            &self.endpoint,
            &self.number,
            &self.queue,
            &self.trunk,
            &self.cause,
            &self.id,
        ]
        .into_iter()
        .map(Vec::as_slice)
    }
}

/// The texts at the first path that leads to any, none of them longer than a text is, and none with signs that control
/// something: with one of these an event would be refused, and nobody saw the call.
fn first(paths: &[Path], said: &Said, leg: Option<&Value>) -> Vec<String> {
    let texts = paths.iter().map(|path| path.texts(said, leg)).find(|texts| !texts.is_empty());
    let tamed =
        |text: String| -> String { text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect() };
    texts.unwrap_or_default().into_iter().take(MOST).map(tamed).filter(|text| !text.is_empty()).collect()
}

/// An id, whole or not at all: a part of it could be that of another call.
fn id(paths: &[Path], said: &Said, leg: Option<&Value>) -> Option<String> {
    let texts = paths.iter().map(|path| path.texts(said, leg)).find(|texts| !texts.is_empty());
    let id = texts.and_then(|texts| texts.into_iter().next());
    let is_plain = |id: &String| id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
    id.filter(is_plain)
}

/// Names and endpoints go together, in their order.
fn people(names: Vec<String>, endpoints: Vec<String>, number: Option<String>) -> Vec<Person> {
    let count = names.len().max(endpoints.len()).max(usize::from(number.is_some()));
    let (mut names, mut endpoints) = (names.into_iter(), endpoints.into_iter());
    let person = |_| Person { name: names.next(), endpoint: endpoints.next(), number: number.clone() };
    (0..count).map(person).collect()
}

fn is_voicemail(person: &Person) -> bool {
    person.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("voicemail"))
}

/// `hangup in busy`: what happened, which way the call goes, why it ended; the last two in any order, or not at all.
fn meaning(text: &str) -> Option<Meaning> {
    let mut words = text.split_whitespace();
    let word = words.next()?.to_ascii_lowercase();
    if word == "ignore" {
        return Some(None);
    }
    // Zammad writes it without a line in it.
    let word = if word == "newcall" { Happened::NewCall.as_str() } else { &word };
    let happened = Happened::ALL.into_iter().find(|happened| happened.as_str() == word)?;
    let (mut towards_by_event, mut end_by_event) = (None, None);
    for word in words {
        if let Some(way) = towards(word) {
            towards_by_event = Some(way);
        } else {
            end_by_event = Some(end(word)?);
        }
    }
    Some(Some((happened, towards_by_event, end_by_event)))
}

fn towards(word: &str) -> Option<Towards> {
    Towards::ALL.into_iter().find(|towards| towards.as_str() == word)
}

/// The same by the words that most phone systems have for it.
fn towards_of(word: &str) -> Option<Towards> {
    match word.to_ascii_lowercase().as_str() {
        "inbound" | "incoming" => Some(Towards::In),
        "outbound" | "outgoing" => Some(Towards::Out),
        "local" => Some(Towards::Internal),
        word => towards(word),
    }
}

fn side_of(word: &str) -> Option<Side> {
    match word {
        "outside" => Some(Side::Outside),
        "phone" => Some(Side::Phone),
        _ => None,
    }
}

fn end(word: &str) -> Option<End> {
    if word.eq_ignore_ascii_case("answered") {
        return Some(End::Answered);
    }
    word.parse().ok().map(End::By)
}
