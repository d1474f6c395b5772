//! What Zammad does with an event: from a caller log and a request to the reply and the changed
//! log. No I/O, and no clock of its own.
//!
//! Source: Zammad's CTI controller, its CTI driver, and its caller-log model, as versions 5.5 and
//! 7.2 behave when they are run; `tests/fixtures/recorded-sequences.jsonl` is such a run.

mod finding;
mod refusal;
mod ruby;

use std::borrow::Cow;
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::time::SystemTime;

use regex_lite::Regex;
use serde_json::{Map, Value};

pub(crate) use finding::customers_field;
pub use finding::{Answered, Finding, Meant, Severity, findings};
pub use refusal::{Complaint, Message, Refusal, Release};
use ruby::joined;
pub(crate) use ruby::{cast, column, is_present};

use crate::event::{CallEvent, CallId, Direction, EventKind, Name};

/// A request's fields, decoded as Zammad decodes them: texts mostly, but JSON can bring anything.
pub type Fields = Map<String, Value>;

/// Names that the path decides, whatever the fields say; their values are not for show.
pub(crate) const FROM_PATH: [&str; 3] = ["controller", "action", "token"];

/// How one Zammad's CTI integration is set up.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// whether it is switched on
    pub integration: Integration,
    /// callers to reject, compared as text
    pub blocked: Vec<String>,
    /// caller ids by destination; the first that fits counts
    pub routes: Vec<Route>,
    /// the caller id of all other outbound calls
    pub default_caller_id: Option<String>,
}

/// Zammad's switch for the whole feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Integration {
    /// switched on and configured
    #[default]
    On,
    /// switched off
    Off,
    /// switched on, but without a configuration
    Unconfigured,
}

/// One row of Zammad's table of outbound caller ids.
#[derive(Debug, Clone)]
pub struct Route {
    destination: Regex,
    /// as it was written
    pattern: String,
    caller_id: String,
}

impl Route {
    /// `destination` is a pattern as Zammad reads it: the whole number, `*` for one or more
    /// characters, and every other character as a regular expression has it.
    ///
    /// # Errors
    ///
    /// A pattern that is not understood here. Zammad's regular expressions are Ruby's, which know
    /// more; a pattern that Ruby does not know either makes Zammad answer each outbound call with 500.
    pub fn new(destination: &str, caller_id: &str) -> Result<Self, String> {
        // Ruby takes a plus behind the anchor as the anchor's repetition: it matches nothing.
        let pattern = destination.trim_start_matches('+').replace('*', ".+?");
        Ok(Self {
            destination: Regex::new(&format!("(?m)^{pattern}$")).map_err(|error| error.to_string())?,
            pattern: destination.to_owned(),
            caller_id: caller_id.to_owned(),
        })
    }

    /// The pattern as it was written, and the caller id.
    pub(crate) fn written(&self) -> (&str, &str) {
        (&self.pattern, &self.caller_id)
    }

    /// The route of one number.
    ///
    /// # Errors
    ///
    /// As [`Route::new`].
    pub fn of_number(destination: &str, caller_id: &str) -> Result<Self, String> {
        Self::new(&regex_lite::escape(destination), caller_id)
    }
}

/// Zammad's caller log: an entry a call, oldest first. It keeps so many, and drops the oldest.
#[derive(Debug)]
pub struct CallLog {
    entries: VecDeque<Entry>,
    /// the place of each call, counted from the first there ever was
    by_call_id: HashMap<String, u64>,
    dropped: u64,
    keep: NonZeroUsize,
    gone: Gone,
}

/// The ids of the calls that were dropped last, as numbers that hardly two of them share.
#[derive(Debug, Default)]
struct Gone {
    oldest_first: VecDeque<u64>,
    all: HashSet<u64>,
}

impl Gone {
    /// How many are remembered: a call that was dropped earlier has ended.
    const MOST: usize = 10_000;

    fn add(&mut self, call_id: &str) {
        let number = Self::number(call_id);
        if self.all.insert(number) {
            self.oldest_first.push_back(number);
        }
        if self.oldest_first.len() > Self::MOST
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    fn has(&self, call_id: &str) -> bool {
        self.all.contains(&Self::number(call_id))
    }

    fn number(call_id: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        call_id.hash(&mut hasher);
        hasher.finish()
    }
}

impl Default for CallLog {
    fn default() -> Self {
        Self::keeping(Self::KEPT)
    }
}

impl CallLog {
    /// How many calls are kept where nobody says otherwise.
    pub const KEPT: NonZeroUsize = NonZeroUsize::new(10_000).expect("ten thousand is not zero");

    pub fn keeping(calls: NonZeroUsize) -> Self {
        Self {
            entries: VecDeque::new(),
            by_call_id: HashMap::new(),
            dropped: 0,
            keep: calls,
            gone: Gone::default(),
        }
    }

    /// Oldest first.
    pub fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Newest first, those before a place that is counted from the first call there ever was, each
    /// with its own.
    pub fn before(&self, place: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let end = place.clamp(self.dropped, self.total());
        let entries = usize::try_from(end - self.dropped).unwrap_or_default();
        (self.dropped..end).rev().zip(self.entries.range(..entries).rev())
    }

    /// How many calls there ever were.
    pub fn total(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    /// Forgets all calls.
    pub fn clear(&mut self) {
        *self = Self::keeping(self.keep);
    }

    /// Ticks a call off, or takes the tick away; `place` is counted from the first call there ever was. Whether
    /// there is such a call.
    pub fn tick(&mut self, place: u64, done: bool) -> bool {
        let place = place.checked_sub(self.dropped).and_then(|place| usize::try_from(place).ok());
        let entry = place.and_then(|place| self.entries.get_mut(place));
        entry.map(|entry| entry.done = done).is_some()
    }

    /// Whether a call was here and was dropped for want of room.
    pub(crate) fn has_dropped(&self, call_id: &str) -> bool {
        self.find(call_id).is_none() && self.gone.has(call_id)
    }

    pub fn find(&self, call_id: &str) -> Option<&Entry> {
        self.entries.get(self.place(call_id)?)
    }

    fn find_mut(&mut self, call_id: &str) -> Option<&mut Entry> {
        let place = self.place(call_id)?;
        self.entries.get_mut(place)
    }

    fn place(&self, call_id: &str) -> Option<usize> {
        let place = self.by_call_id.get(call_id)?;
        usize::try_from(place - self.dropped).ok()
    }

    fn add(&mut self, entry: Entry) {
        self.by_call_id.insert(entry.call_id.clone(), self.total());
        self.entries.push_back(entry);
        if self.entries.len() > self.keep.get()
            && let Some(oldest) = self.entries.pop_front()
        {
            self.by_call_id.remove(&oldest.call_id);
            self.gone.add(&oldest.call_id);
            self.dropped += 1;
        }
    }
}

/// One call as agents see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// as the newCall had it
    pub call_id: String,
    /// as the newCall had it
    pub direction: Direction,
    /// the last event that changed it
    pub state: EventKind,
    /// who calls; for an outbound call with a route, the caller id that Zammad chose
    pub from: String,
    /// the caller's name
    pub from_comment: Option<String>,
    /// who is called
    pub to: String,
    /// the name of who is called, or who answered
    pub to_comment: Option<String>,
    /// the queue; without one, this side's number: `to` of an inbound call, `from` of an outbound one
    pub queue: Option<String>,
    /// the cause of the last event
    pub comment: Option<String>,
    /// `false`: agents see it as open, and after the hangup as missed
    pub done: bool,
    /// when its newCall arrived
    pub initialized_at: SystemTime,
    /// when its answer arrived
    pub start_at: Option<SystemTime>,
    /// when its hangup arrived
    pub end_at: Option<SystemTime>,
    /// from newCall to answer, in whole seconds; without an answer, to hangup
    pub duration_waiting_time: Option<u64>,
    /// from answer to hangup, in whole seconds
    pub duration_talking_time: Option<u64>,
}

impl Entry {
    /// Whether voicemail picked up: such a call stays open after its hangup.
    pub fn is_voice_message(&self) -> bool {
        self.to_comment.as_deref() == Some(Name::VOICEMAIL)
    }
}

/// What Zammad answers to an event it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Accepted,
    Reject,
    Dial { caller_id: String, number: Value },
}

/// What Zammad looks at before any field of an event.
///
/// # Errors
///
/// The integration is not on, or the token is wrong; in this order, as in Zammad.
pub fn admit(setup: &Setup, token_fits: bool) -> Result<(), Refusal> {
    match setup.integration {
        Integration::On if token_fits => Ok(()),
        Integration::On => Err(Refusal::WrongToken),
        Integration::Off => Err(Refusal::SwitchedOff),
        Integration::Unconfigured => Err(Refusal::NotConfigured),
    }
}

/// Zammad's controller, driver and caller-log model in one step.
///
/// # Errors
///
/// What Zammad refuses. Only [`Refusal::UserIsNoText`] leaves a changed log behind, as in Zammad.
pub fn process(
    setup: &Setup,
    token_fits: bool,
    log: &mut CallLog,
    request: &Fields,
    now: SystemTime,
) -> Result<Reply, Refusal> {
    admit(setup, token_fits)?;
    let direction = direction(request).ok_or(Refusal::InvalidDirection)?;
    let new_call = is(request, "event", "newCall");
    match direction {
        Direction::Inbound => {
            let blocked = new_call
                && request
                    .get("from")
                    .and_then(Value::as_str)
                    .is_some_and(|from| setup.blocked.iter().any(|number| number == from));
            record(log, request, direction, given(request, "from"), now)?;
            Ok(if blocked { Reply::Reject } else { Reply::Accepted })
        }
        Direction::Outbound => {
            let caller_id = if new_call { caller_id_for(setup, request)? } else { None };
            let from = caller_id.clone().map(Value::from).or_else(|| given(request, "from"));
            record(log, request, direction, from, now)?;
            Ok(match caller_id {
                Some(caller_id) => {
                    Reply::Dial { caller_id, number: request.get("to").cloned().unwrap_or_default() }
                }
                None => Reply::Accepted,
            })
        }
    }
}

/// The entry that a request is about, as it stands.
pub fn entry_of<'log>(log: &'log CallLog, request: &Fields) -> Option<&'log Entry> {
    log.find(&find_listed(log, call_id(request)).ok()??)
}

/// The id under which Zammad lists the call of a request, or would list it.
pub fn listed_id(request: &Fields) -> Option<String> {
    call_id(request).map(|id| column(id, CallId::MAX_CHARS))
}

/// Whether sending `event` a second time could spoil what its first copy left in the caller log:
/// a second hangup marks a missed call as done.
///
/// `answered` is what the sender knows of the call; unknown counts as unanswered.
pub fn repeat_is_safe(event: &CallEvent, answered: Option<bool>) -> bool {
    let mut log = CallLog::default();
    let now = SystemTime::UNIX_EPOCH;
    let mut before = vec![EventKind::NewCall];
    before.extend(answered.unwrap_or(false).then_some(EventKind::Answer));
    let mut send = |kind: EventKind| {
        let mut fields = event.fields();
        fields.insert("event".to_owned(), kind.as_str().into());
        for number in ["from", "to"] {
            fields.entry(number).or_insert_with(|| "".into());
        }
        // A refused copy changes nothing, which is all that is asked here.
        let _ = process(&Setup::default(), true, &mut log, &fields, now);
        log.find(event.call_id.as_str()).cloned()
    };
    if event.kind != EventKind::NewCall {
        for kind in before {
            send(kind);
        }
    }
    send(event.kind) == send(event.kind)
}

/// The caller id Zammad wants shown for an outbound newCall.
fn caller_id_for(setup: &Setup, request: &Fields) -> Result<Option<String>, Refusal> {
    let Some(to) = present(request, "to") else { return Ok(None) };
    if !setup.routes.is_empty() {
        let to = to.as_str().ok_or(Refusal::ToIsNoText)?;
        if let Some(route) = setup.routes.iter().find(|route| route.destination.is_match(to)) {
            return Ok(Some(route.caller_id.clone()));
        }
    }
    Ok(setup.default_caller_id.clone().filter(|caller_id| !caller_id.trim().is_empty()))
}

/// The caller-log model: writes or changes the entry of one event.
fn record(
    log: &mut CallLog,
    request: &Fields,
    direction: Direction,
    from: Option<Value>,
    now: SystemTime,
) -> Result<(), Refusal> {
    let call_id = call_id(request);
    let known = find_listed(log, call_id)?;
    let entry = known.and_then(|id| log.find_mut(&id));
    match request.get("event").and_then(Value::as_str) {
        Some("newCall") if entry.is_some() => Err(Refusal::AlreadyExists),
        Some("newCall") => begin(log, request, direction, from, call_id, now),
        Some("answer") => answer(entry.ok_or(Refusal::UnknownCall)?, request, direction, now),
        Some("hangup") => {
            end(entry.ok_or(Refusal::UnknownCall)?, request, direction, now);
            Ok(())
        }
        _ => Err(Refusal::UnknownEvent),
    }
}

pub(crate) fn direction(request: &Fields) -> Option<Direction> {
    let word = request.get("direction")?.as_str()?;
    [Direction::Inbound, Direction::Outbound].into_iter().find(|direction| direction.as_str() == word)
}

pub(crate) fn event_kind(request: &Fields) -> Option<EventKind> {
    let word = request.get("event")?.as_str()?;
    [EventKind::NewCall, EventKind::Answer, EventKind::Hangup].into_iter().find(|kind| kind.as_str() == word)
}

/// What a request names as its call.
pub(crate) fn call_id(request: &Fields) -> Option<&Value> {
    let given = |name| request.get(name).filter(|id| !id.is_null());
    given("callId").filter(|id| **id != Value::Bool(false)).or_else(|| given("call_id"))
}

/// The first of the ids of a request that is in the log. Zammad searches in full, but stores cut
/// short: a long id is never found again. Of a list, any item is looked for, but the list as a whole
/// is stored.
fn find_listed<'a>(log: &CallLog, call_id: Option<&'a Value>) -> Result<Option<Cow<'a, str>>, Refusal> {
    let ids = match call_id {
        None => &[],
        Some(Value::Array(ids)) => ids.as_slice(),
        Some(Value::Object(_)) => return Err(Refusal::UnusableCallId),
        Some(id) => std::slice::from_ref(id),
    };
    if ids.iter().any(|id| cast(id).contains('\0')) {
        return Err(Refusal::UnusableCallId);
    }
    Ok(ids.iter().map(cast).find(|id| log.place(id).is_some()))
}

/// The entry of a newCall.
fn begin(
    log: &mut CallLog,
    request: &Fields,
    direction: Direction,
    from: Option<Value>,
    call_id: Option<&Value>,
    now: SystemTime,
) -> Result<(), Refusal> {
    let user = user(request);
    let from = from.ok_or(Refusal::Missing("from"))?;
    let to = given(request, "to").ok_or(Refusal::Missing("to"))?;
    let call_id = column(call_id.ok_or(Refusal::Missing("call_id"))?, CallId::MAX_CHARS);
    if log.find(&call_id).is_some() {
        return Err(Refusal::AlreadyExistsInDatabase);
    }
    let queue = present(request, "queue").cloned();
    let (from_comment, to_comment, default_queue) = match direction {
        Direction::Inbound => {
            let callee = user.filter(is_present).or_else(|| queue.clone());
            (None, callee, &to)
        }
        Direction::Outbound => (user, None, &from),
    };
    log.add(Entry {
        call_id,
        direction,
        state: EventKind::NewCall,
        queue: Some(column(queue.as_ref().unwrap_or(default_queue), 250)),
        from: column(&from, 100),
        from_comment: from_comment.map(|name| column(&name, 250)),
        to: column(&to, 100),
        to_comment: to_comment.map(|name| column(&name, 250)),
        comment: cause(request),
        done: direction == Direction::Outbound,
        initialized_at: now,
        start_at: None,
        end_at: None,
        duration_waiting_time: None,
        duration_talking_time: None,
    });
    Ok(())
}

/// What an answer does to its call's entry.
fn answer(entry: &mut Entry, request: &Fields, direction: Direction, now: SystemTime) -> Result<(), Refusal> {
    if entry.state == EventKind::Hangup {
        return Ok(());
    }
    entry.state = EventKind::Answer;
    entry.start_at = Some(now);
    entry.duration_waiting_time = Some(seconds(entry.initialized_at, now));
    if let Some(user) = user(request).filter(|user| *user != Value::Bool(false)) {
        entry.to_comment = Some(column(&user, 250));
    }
    entry.done = true;
    entry.comment = cause(request);
    // The search for the agent takes the user as a login, after the entry is saved. It finds
    // nobody by number here: this log has no agents.
    if direction == Direction::Inbound && present(request, "user").is_some_and(|user| !user.is_string()) {
        return Err(Refusal::UserIsNoText);
    }
    Ok(())
}

/// What a hangup does to its call's entry.
fn end(entry: &mut Entry, request: &Fields, direction: Direction, now: SystemTime) {
    entry.done = done_after_hangup(entry.state, entry.is_voice_message(), request, direction);
    entry.state = EventKind::Hangup;
    entry.end_at = Some(now);
    if let Some(start_at) = entry.start_at {
        entry.duration_talking_time = Some(seconds(start_at, now));
    } else if entry.duration_waiting_time.is_none() {
        entry.duration_waiting_time = Some(seconds(entry.initialized_at, now));
    }
    entry.comment = cause(request);
}

/// Whether a hangup of this direction leaves nothing for agents to do.
pub(crate) fn done_after_hangup(
    before: EventKind,
    is_voice_message: bool,
    request: &Fields,
    direction: Direction,
) -> bool {
    let missed = before == EventKind::NewCall && !is(request, "cause", "forwarded");
    direction == Direction::Outbound || !(missed || is_voice_message)
}

/// The names of a newCall or an answer. A list becomes text here, but stays a list for the search
/// of the agent.
pub(crate) fn user(request: &Fields) -> Option<Value> {
    given(request, "user").map(|user| match &user {
        Value::Array(names) => Value::from(joined(names)),
        _ => user,
    })
}

fn cause(request: &Fields) -> Option<String> {
    given(request, "cause").map(|cause| column(&cause, 500))
}

fn is(request: &Fields, name: &str, word: &str) -> bool {
    request.get(name).and_then(Value::as_str) == Some(word)
}

/// A field that is there and not null.
pub(crate) fn given(request: &Fields, name: &str) -> Option<Value> {
    request.get(name).filter(|value| !value.is_null()).cloned()
}

/// A field that Ruby on Rails calls present.
fn present<'a>(request: &'a Fields, name: &str) -> Option<&'a Value> {
    request.get(name).filter(|value| is_present(value))
}

/// Whole seconds from one of Zammad's time stamps to another, which are cut to seconds before.
fn seconds(from: SystemTime, to: SystemTime) -> u64 {
    let whole = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    whole(to).saturating_sub(whole(from))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(fields) => fields,
            other => panic!("{other} is no object"),
        }
    }

    fn setup() -> Setup {
        Setup {
            blocked: vec!["491715000000".to_owned()],
            routes: vec![Route::new("+41*", "1").unwrap(), Route::new("4.2", "2").unwrap()],
            ..Setup::default()
        }
    }

    /// What a Zammad with an empty log makes of requests, one a second.
    fn play(setup: &Setup, requests: &[Value]) -> (Vec<Result<Reply, Refusal>>, CallLog) {
        let mut log = CallLog::default();
        let start = SystemTime::UNIX_EPOCH;
        let replies = requests.iter().enumerate().map(|(second, request)| {
            let now = start + Duration::from_secs(second as u64);
            process(setup, true, &mut log, &fields(request.clone()), now)
        });
        (replies.collect(), log)
    }

    fn new_call(change: Value) -> Value {
        let mut request =
            json!({ "event": "newCall", "callId": "7", "direction": "in", "from": "493", "to": "42" });
        for (name, value) in fields(change) {
            request[name] = value;
        }
        request
    }

    #[test]
    fn odd_requests_get_zammads_answer() {
        let long = "x".repeat(251);
        let answer = |change: Value| {
            let mut request = new_call(json!({ "event": "answer" }));
            request.as_object_mut().unwrap().extend(fields(change));
            request
        };
        // (requests before, the request, its outcome)
        let cases = [
            (vec![], new_call(json!({ "callId": "a\0b" })), Err(Refusal::UnusableCallId)),
            (vec![], new_call(json!({ "callId": { "0": "7" } })), Err(Refusal::UnusableCallId)),
            (vec![new_call(json!({}))], answer(json!({ "callId": ["6", "7"] })), Ok(Reply::Accepted)),
            (
                vec![new_call(json!({ "callId": ["7"] }))],
                new_call(json!({ "callId": ["7"] })),
                Err(Refusal::AlreadyExistsInDatabase),
            ),
            (
                vec![new_call(json!({ "callId": true }))],
                answer(json!({ "callId": "t" })),
                Ok(Reply::Accepted),
            ),
            (vec![], new_call(json!({ "callId": null, "call_id": "8" })), Ok(Reply::Accepted)),
            (vec![], new_call(json!({ "callId": null })), Err(Refusal::Missing("call_id"))),
            (vec![], new_call(json!({ "callId": null, "from": null })), Err(Refusal::Missing("from"))),
            (vec![], new_call(json!({ "from": 491_715_000_000_u64 })), Ok(Reply::Accepted)),
            (vec![], new_call(json!({ "from": "+491715000000" })), Ok(Reply::Accepted)),
            (vec![], new_call(json!({ "from": "491715000000" })), Ok(Reply::Reject)),
            (vec![], new_call(json!({ "direction": "out", "to": 41_000 })), Err(Refusal::ToIsNoText)),
            (vec![], new_call(json!({ "direction": "out", "to": ["41000"] })), Err(Refusal::ToIsNoText)),
            (vec![], new_call(json!({ "direction": ["in"] })), Err(Refusal::InvalidDirection)),
            (vec![], new_call(json!({ "event": "Answer" })), Err(Refusal::UnknownEvent)),
            (vec![], new_call(json!({ "event": null })), Err(Refusal::UnknownEvent)),
            (vec![], answer(json!({})), Err(Refusal::UnknownCall)),
            (vec![new_call(json!({}))], new_call(json!({ "from": null })), Err(Refusal::AlreadyExists)),
            (vec![new_call(json!({ "callId": 7 }))], answer(json!({})), Ok(Reply::Accepted)),
            (vec![new_call(json!({}))], answer(json!({ "user": 5 })), Err(Refusal::UserIsNoText)),
            (vec![new_call(json!({}))], answer(json!({ "user": [] })), Ok(Reply::Accepted)),
            (
                vec![new_call(json!({}))],
                answer(json!({ "user": ["a"], "direction": "out" })),
                Ok(Reply::Accepted),
            ),
            // A long id is cut where it is stored, and never found again.
            (
                vec![new_call(json!({ "callId": long }))],
                answer(json!({ "callId": long })),
                Err(Refusal::UnknownCall),
            ),
            (
                vec![new_call(json!({ "callId": long }))],
                new_call(json!({ "callId": long })),
                Err(Refusal::AlreadyExistsInDatabase),
            ),
        ];
        for (before, request, expected) in cases {
            let requests: Vec<_> = before.into_iter().chain([request.clone()]).collect();
            let (replies, _) = play(&setup(), &requests);
            assert_eq!(replies.last(), Some(&expected), "{request}");
        }
    }

    #[test]
    fn the_log_keeps_the_latest_calls_and_finds_each_of_them() {
        let three = NonZeroUsize::new(3).unwrap();
        let mut log = CallLog::keeping(three);
        let send = |log: &mut CallLog, event: &str, id: u32| {
            let request = fields(new_call(json!({ "event": event, "callId": id.to_string() })));
            process(&setup(), true, log, &request, SystemTime::UNIX_EPOCH)
        };
        for id in 0..1000 {
            assert_eq!(send(&mut log, "newCall", id), Ok(Reply::Accepted));
        }
        let kept: Vec<_> = log.entries().iter().map(|entry| entry.call_id.as_str()).collect();
        assert_eq!((kept, log.total(), log.by_call_id.len()), (vec!["997", "998", "999"], 1000, 3));
        assert_eq!(log.find("998").map(|entry| entry.call_id.as_str()), Some("998"));
        assert_eq!(send(&mut log, "answer", 999), Ok(Reply::Accepted));
        assert_eq!(log.find("999").map(|entry| entry.state), Some(EventKind::Answer));
        // What was dropped is unknown, and its id is free again.
        assert_eq!(send(&mut log, "hangup", 996), Err(Refusal::UnknownCall));
        assert_eq!(send(&mut log, "newCall", 996), Ok(Reply::Accepted));
        log.clear();
        assert_eq!((log.entries().len(), log.find("999"), log.keep), (0, None, three));
    }

    #[test]
    fn outbound_routes_are_anchored_patterns() {
        // (called party, caller id)
        let cases = [
            ("41471", Some("1")),
            ("+41471", None),
            ("41", None),
            ("4x2", Some("2")),
            ("4x22", None),
            ("first\n41471", Some("1")),
            ("", None),
        ];
        for (to, expected) in cases {
            let (replies, log) = play(&setup(), &[new_call(json!({ "direction": "out", "to": to }))]);
            let expected_reply = match expected {
                Some(caller_id) => Reply::Dial { caller_id: caller_id.to_owned(), number: to.into() },
                None => Reply::Accepted,
            };
            assert_eq!(replies, [Ok(expected_reply)], "{to:?}");
            assert_eq!(log.entries()[0].from, expected.unwrap_or("493"), "{to:?}");
            assert_eq!(log.entries()[0].queue.as_deref(), Some(expected.unwrap_or("493")), "{to:?}");
        }
        assert!(Route::new("41(", "1").is_err());
    }

    #[test]
    fn what_is_stored_is_text_of_some_length() {
        let (_, log) = play(
            &setup(),
            &[new_call(json!({
                "from": "1".repeat(101),
                "to": "4\u{0}2",
                "user": { "0": "Alice", "1": ["b"] },
                "queue": "q".repeat(251),
                "cause": "c".repeat(501),
            }))],
        );
        let entry = &log.entries()[0];
        assert_eq!(entry.from.len(), 100);
        assert_eq!(entry.to, "42");
        assert_eq!(entry.to_comment.as_deref(), Some(r#"{"0" => "Alice", "1" => ["b"]}"#));
        assert_eq!(entry.queue.as_deref().map(str::len), Some(250));
        assert_eq!(entry.comment.as_deref().map(str::len), Some(500));
    }

    #[test]
    fn a_list_of_users_becomes_one_text() {
        let (_, log) = play(&setup(), &[new_call(json!({ "user": [["Alice", "Bob"], "Carol", 5] }))]);
        assert_eq!(log.entries()[0].to_comment.as_deref(), Some("Alice, Bob, Carol, 5"));
    }

    #[test]
    fn only_the_very_word_forwarded_takes_the_mark_off() {
        for (cause, done) in [("forwarded", true), ("Forwarded", false), ("forwarded\0", false)] {
            let hangup = new_call(json!({ "event": "hangup", "cause": cause }));
            let (_, log) = play(&setup(), &[new_call(json!({})), hangup]);
            assert_eq!(log.entries()[0].done, done, "{cause:?}");
        }
    }

    #[test]
    fn times_are_those_of_arrival() {
        let then = |event: &str| new_call(json!({ "event": event }));
        let (_, log) = play(&setup(), &[then("newCall"), then("answer"), then("answer"), then("hangup")]);
        let entry = &log.entries()[0];
        // The second answer moves the beginning of the talk.
        assert_eq!(entry.duration_waiting_time, Some(2));
        assert_eq!(entry.duration_talking_time, Some(1));
        let (_, log) = play(&setup(), &[then("newCall"), then("hangup"), then("answer")]);
        let entry = &log.entries()[0];
        assert_eq!((entry.state, entry.start_at), (EventKind::Hangup, None));
        assert_eq!((entry.duration_waiting_time, entry.duration_talking_time), (Some(1), None));
    }

    #[test]
    fn settings_come_before_the_token_and_the_token_before_the_event() {
        let cases = [
            (Integration::Off, false, Err(Refusal::SwitchedOff)),
            (Integration::Unconfigured, false, Err(Refusal::NotConfigured)),
            (Integration::On, false, Err(Refusal::WrongToken)),
            (Integration::On, true, Err(Refusal::InvalidDirection)),
        ];
        for (integration, token_fits, expected) in cases {
            let setup = Setup { integration, ..Setup::default() };
            let probe = fields(json!({ "direction": "probe" }));
            let mut log = CallLog::default();
            assert_eq!(process(&setup, token_fits, &mut log, &probe, SystemTime::UNIX_EPOCH), expected);
        }
    }

    #[test]
    fn a_repeat_is_unsafe_where_it_would_hide_a_missed_call() {
        use crate::cause::{Cause, HangupCause};
        let event = |kind, direction, cause| CallEvent {
            cause: Some(Cause::Read(cause)),
            ..CallEvent::new(kind, "7".parse().unwrap(), direction)
        };
        use Direction::{Inbound, Outbound};
        use EventKind::{Answer, Hangup, NewCall};
        let cases = [
            (Hangup, Inbound, HangupCause::Cancel, None, false),
            (Hangup, Inbound, HangupCause::Cancel, Some(false), false),
            (Hangup, Inbound, HangupCause::Cancel, Some(true), true),
            (Hangup, Inbound, HangupCause::Forwarded, None, true),
            (Hangup, Outbound, HangupCause::Cancel, None, true),
            (Answer, Inbound, HangupCause::Cancel, None, true),
            (NewCall, Inbound, HangupCause::Cancel, None, true),
        ];
        for (kind, direction, cause, answered, safe) in cases {
            let what = format!("{kind} {direction} {cause} {answered:?}");
            assert_eq!(repeat_is_safe(&event(kind, direction, cause), answered), safe, "{what}");
        }
    }
}
