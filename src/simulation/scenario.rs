//! A call written down: its steps, and what should come of each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::expected::Expected;
use crate::client::in_full;
use crate::config::{PhoneSystem, Span};
use crate::event::{CallEvent, CallId, Direction, EventKind, Users, WrittenError, WrittenEvent};
use crate::number::Numbering;
use crate::rules::{Route, Setup};
use crate::sandbox::Fault;

/// One call and what should come of it.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: String,
    /// what happens, in a line
    pub story: String,
    zammad: Zammad,
    call: Call,
    pub(super) steps: Vec<ScenarioEvent>,
}

/// One event of a scenario.
#[derive(Debug, Clone)]
pub struct ScenarioEvent {
    /// how long after the event before
    pub after: Duration,
    /// what goes wrong with its first request, where it can be made to
    pub fault: Option<Fault>,
    pub expected: Expected,
    event: WrittenEvent,
}

/// What a file of a scenario holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    story: String,
    #[serde(default)]
    zammad: Zammad,
    call: Spanned<Call>,
    step: Vec<Spanned<WrittenStep>>,
}

/// What Zammad has to be set up for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Zammad {
    /// the calling party is on the block list
    blocks_caller: bool,
    /// this one is shown when the called party is called
    caller_id: Option<String>,
}

/// What all events of the call have in common.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    direction: Direction,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    after: Option<Span>,
    event: EventKind,
    direction: Option<Direction>,
    from: Option<String>,
    to: Option<String>,
    user: Option<Users>,
    queue: Option<String>,
    answering_number: Option<String>,
    #[serde(default)]
    voicemail: bool,
    cause: Option<String>,
    fault: Option<Fault>,
    #[serde(default)]
    expect: Expected,
}

/// What is wrong with a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}: line {line}: {reason}", path.display())]
    Broken { path: PathBuf, line: usize, reason: String },
    #[error(
        "the scenario {name} needs a Zammad that fails; only the stand-in (--sandbox) does that, for calls \
        played one by one"
    )]
    CannotFail { name: String },
}

/// What a user wants otherwise than the scenario has it. Wherever the scenario has the value, in
/// events and in expectations, it is replaced.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    pub from: Option<String>,
    pub to: Option<String>,
    /// in the place of the scenario's names, in their order
    pub users: Vec<String>,
    pub queue: Option<String>,
    /// how long the phones ring
    pub ring: Option<Duration>,
    /// how long the parties talk
    pub talk: Option<Duration>,
}

impl Scenario {
    /// A scenario of a user's own is some dozen lines.
    pub const MAX_FILE: u64 = 256 * 1024;

    /// Reads a scenario of which nobody knows yet whether it is text.
    pub fn read_bytes(name: &str, path: &Path, bytes: Vec<u8>) -> Result<Self, ScenarioError> {
        let text = String::from_utf8(bytes).map_err(|error| ScenarioError::Broken {
            path: path.to_owned(),
            line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
            reason: "it is not UTF-8".to_owned(),
        })?;
        Self::read(name, path, &text)
    }

    /// Reads a scenario; `path` is for errors.
    pub fn read(name: &str, path: &Path, text: &str) -> Result<Self, ScenarioError> {
        let broken = |place: Option<usize>, reason: String| ScenarioError::Broken {
            path: path.to_owned(),
            line: line_of(text.as_bytes(), place.unwrap_or_default()),
            reason,
        };
        let file: File = toml::from_str(text).map_err(|error| {
            broken(error.span().map(|span| span.start), error.message().replace('\n', ", "))
        })?;
        if file.step.is_empty() {
            return Err(broken(None, "a call needs at least one [[step]]".to_owned()));
        }
        let place = file.call.span().start;
        let call = file.call.into_inner();
        let mut steps = Vec::new();
        for written in file.step {
            let place = written.span().start;
            let step = written.into_inner().into_step(&call);
            step.check().map_err(|reason| broken(Some(place), reason))?;
            steps.push(step);
        }
        let scenario = Self { name: name.to_owned(), story: file.story, zammad: file.zammad, call, steps };
        // Its numbers need not be in any event.
        scenario.setup(&Numbering::default()).map_err(|error| broken(Some(place), in_full(&error)))?;
        Ok(scenario)
    }

    /// Whether only a stand-in can play it: nobody makes a real Zammad fail.
    pub fn needs_stand_in(&self) -> bool {
        self.steps.iter().any(|step| step.fault.is_some())
    }

    /// How a Zammad has to be set up for it.
    ///
    /// # Errors
    ///
    /// A number that is none, in the way of this phone system.
    pub fn setup(&self, numbering: &Numbering) -> Result<Setup, WrittenError> {
        let sent = |field, shown: &str| -> Result<String, WrittenError> {
            let party = numbering.read(shown).map_err(|source| WrittenError::Number { field, source })?;
            Ok(party.as_str().to_owned())
        };
        let mut setup = Setup::default();
        if self.zammad.blocks_caller {
            setup.blocked.push(sent("from", &self.call.from)?);
        }
        if let Some(caller_id) = &self.zammad.caller_id {
            // An escaped number is a pattern.
            setup.routes.extend(Route::of_number(&sent("to", &self.call.to)?, caller_id));
        }
        Ok(setup)
    }

    /// The events of one such call.
    pub fn events<'a>(
        &self,
        call_id: &CallId,
        phone_system: impl Into<PhoneSystem<'a>>,
    ) -> Result<Vec<CallEvent>, WrittenError> {
        let phone_system = phone_system.into();
        self.steps.iter().map(|step| step.event(call_id, phone_system)).collect()
    }

    /// The id of a run's call, distinct from those of any other run.
    pub fn call_id(&self, run: &str, number: u64) -> CallId {
        let name: String = self.name.chars().filter(char::is_ascii_graphic).take(40).collect();
        format!("sim-{run}-{number}-{name}").parse().expect("a short word is a call id")
    }

    /// The scenario as its user wants it.
    pub fn with(mut self, overrides: &Overrides) -> Self {
        self.replace_numbers(overrides.from.as_deref(), overrides.to.as_deref());
        self.replace_users(&overrides.users);
        if let Some(queue) = &overrides.queue {
            self.replace_queue(queue);
        }
        self.replace_waits(overrides.ring, overrides.talk);
        self
    }

    /// The party that is not an agent.
    pub fn customer(&self) -> &str {
        match self.call.direction {
            Direction::Inbound => &self.call.from,
            Direction::Outbound => &self.call.to,
        }
    }

    pub fn direction(&self) -> Direction {
        self.call.direction
    }

    fn replace_numbers(&mut self, from: Option<&str>, to: Option<&str>) {
        let Call { from: my_from, to: my_to, .. } = self.call.clone();
        let fields = [&mut self.call.from, &mut self.call.to].into_iter();
        let fields = fields.chain(self.steps.iter_mut().flat_map(|step| {
            let event = [&mut step.event.from, &mut step.event.to];
            event.into_iter().chain(step.expected.numbers()).filter_map(Option::as_mut)
        }));
        for field in fields {
            let wanted = if *field == my_from {
                from
            } else if *field == my_to {
                to
            } else {
                None
            };
            if let Some(wanted) = wanted {
                wanted.clone_into(field);
            }
        }
    }

    fn replace_users(&mut self, wanted: &[String]) {
        let Some(first) = wanted.first() else { return };
        let mut mine: Vec<String> = Vec::new();
        for step in &self.steps {
            for name in step.event.user.as_ref().map_or(&[][..], Users::names) {
                if !mine.contains(name) {
                    mine.push(name.clone());
                }
            }
        }
        let stands_for = |name: &str| {
            let place = mine.iter().position(|other| other == name)?;
            Some(wanted.get(place).unwrap_or(first).clone())
        };
        for step in &mut self.steps {
            if mine.is_empty() && step.event.event == EventKind::NewCall {
                step.event.user = Some(Users::Several(wanted.to_vec()));
            }
            let names = step.event.user.iter_mut().flat_map(|users| match users {
                Users::One(name) => std::slice::from_mut(name),
                Users::Several(names) => names,
            });
            for name in names {
                if let Some(wanted) = stands_for(name) {
                    *name = wanted;
                }
            }
            for names in step.expected.names() {
                let replaced =
                    names.split(", ").map(|name| stands_for(name).unwrap_or_else(|| name.to_owned()));
                *names = replaced.collect::<Vec<_>>().join(", ");
            }
        }
    }

    fn replace_queue(&mut self, wanted: &str) {
        let mine = self.steps.iter().find_map(|step| step.event.queue.clone());
        for step in &mut self.steps {
            if step.kind() == EventKind::NewCall {
                step.event.queue = Some(wanted.to_owned());
            }
            // A queue is also the name of who is called where no agent is named.
            let shown = step.expected.names_and_queue();
            shown.filter(|shown| Some(&**shown) == mine.as_ref()).for_each(|shown| wanted.clone_into(shown));
        }
    }

    /// A wait is for the ringing until the first answer, and then for the talking.
    fn replace_waits(&mut self, ring: Option<Duration>, talk: Option<Duration>) {
        let mut wanted = ring;
        for step in &mut self.steps {
            if step.after > Duration::ZERO {
                step.after = wanted.unwrap_or(step.after);
            }
            match step.event.event {
                EventKind::NewCall => wanted = ring,
                EventKind::Answer => wanted = talk,
                // What comes after the end of the call is neither.
                EventKind::Hangup => wanted = None,
            }
        }
    }
}

impl WrittenStep {
    fn into_step(self, call: &Call) -> ScenarioEvent {
        // A hangup needs no numbers; an answer's are in the title of the agent's ticket.
        let usual = |number: &String| (self.event != EventKind::Hangup).then(|| number.clone());
        ScenarioEvent {
            after: self.after.map_or(Duration::ZERO, |Span(after)| after),
            fault: self.fault.map(Fault::once),
            expected: self.expect,
            event: WrittenEvent {
                from: self.from.or_else(|| usual(&call.from)),
                to: self.to.or_else(|| usual(&call.to)),
                user: self.user,
                queue: self.queue,
                answering_number: self.answering_number,
                voicemail: self.voicemail,
                cause: self.cause,
                // A scenario is to say what it means; at other events the word has no place.
                strict_cause: self.event == EventKind::Hangup,
                ..WrittenEvent::new(self.event, "sim", self.direction.unwrap_or(call.direction))
            },
        }
    }
}

impl ScenarioEvent {
    pub fn kind(&self) -> EventKind {
        self.event.event
    }

    fn event(&self, call_id: &CallId, phone_system: PhoneSystem<'_>) -> Result<CallEvent, WrittenError> {
        let written = WrittenEvent { call_id: call_id.as_str().to_owned(), ..self.event.clone() };
        written.read(phone_system, None).map(|read| read.event)
    }

    /// What cannot be, or is never seen.
    fn check(&self) -> Result<(), String> {
        let event = self.event.clone().read(&Numbering::default(), None);
        event.map_err(|error| in_full(&error))?;
        self.expected.check(self.kind())
    }
}

/// The line, counted from 1, of a place in a text.
fn line_of(text: &[u8], place: usize) -> usize {
    text.iter().take(place).filter(|&&byte| byte == b'\n').count() + 1
}
