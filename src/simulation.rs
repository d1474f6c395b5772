//! Whole calls, played through the real client, with what should come of them.

use std::time::{Duration, Instant};

use crate::action::Action;
use crate::cause::{Cause, HangupCause};
use crate::client::Client;
use crate::config::Encoding;
use crate::delivery::{self, Delivered, Known, OpenCalls, Undelivered};
use crate::event::{CallEvent, CallId, Direction, EventKind, Name};
use crate::number::{Numbering, Party};
use crate::rules::{Route, Setup};

/// A caller that the scenarios' Zammad rejects.
const BLOCKED: &str = "491715000000";
/// What it shows on outbound calls to Switzerland.
const SWISS_CALLER_ID: &str = "41715880339000";

const CUSTOMER: &str = "493023125741";
const SWISS_CUSTOMER: &str = "41447110000";
const COMPANY: &str = "4930777000000";

/// One call and what should come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    pub name: &'static str,
    /// what happens, in a line
    pub story: &'static str,
    direction: Direction,
    from: &'static str,
    to: &'static str,
    /// who picks up, or who calls out
    agent: &'static str,
    answered: bool,
    cause: HangupCause,
    /// the word of the action that the newCall brings
    action: &'static str,
    /// whether the call ends as done, and not as missed
    pub done: bool,
}

/// The built-in scenarios, in the order in which they are played.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "answered",
        story: "a customer calls, Alice picks up, they talk",
        direction: Direction::Inbound,
        from: CUSTOMER,
        to: COMPANY,
        agent: "Alice",
        answered: true,
        cause: HangupCause::NormalClearing,
        action: "none",
        done: true,
    },
    Scenario {
        name: "missed",
        story: "a customer calls, nobody picks up",
        direction: Direction::Inbound,
        from: CUSTOMER,
        to: COMPANY,
        agent: "Alice",
        answered: false,
        cause: HangupCause::Cancel,
        action: "none",
        done: false,
    },
    Scenario {
        name: "blocked",
        story: "a caller on the block list calls, the phone system hangs up",
        direction: Direction::Inbound,
        from: BLOCKED,
        to: COMPANY,
        agent: "Alice",
        answered: false,
        cause: HangupCause::Busy,
        action: "reject",
        done: false,
    },
    Scenario {
        name: "outbound",
        story: "Alice calls Switzerland, Zammad chooses the caller id",
        direction: Direction::Outbound,
        from: COMPANY,
        to: SWISS_CUSTOMER,
        agent: "Alice",
        answered: true,
        cause: HangupCause::NormalClearing,
        action: "dial",
        done: true,
    },
];

/// The Zammad that the scenarios are written for.
pub fn setup() -> Setup {
    let route = Route::new("41*", SWISS_CALLER_ID).expect("a country code and an asterisk are a pattern");
    Setup { blocked: vec![BLOCKED.to_owned()], routes: vec![route], ..Setup::default() }
}

/// No scenario has this name.
#[derive(Debug, thiserror::Error)]
#[error("no scenario {name:?}; there are: {}", SCENARIOS.map(|scenario| scenario.name).join(", "))]
pub struct UnknownScenario {
    pub name: String,
}

/// A call took another course than its scenario.
#[derive(Debug, thiserror::Error)]
#[error("a call did not come out as it should")]
pub struct NotAsExpected;

/// One event of a scenario, and what became of it.
pub struct Step {
    pub event: CallEvent,
    pub result: Result<Delivered, Undelivered>,
    pub as_expected: bool,
}

impl Scenario {
    /// Whether it comes out the same whatever Zammad's block list and caller ids are.
    pub fn suits_any_zammad(&self) -> bool {
        self.action == "none"
    }

    /// The id of a run's call, distinct from those of any other run.
    pub fn call_id(&self, run: &str, number: usize) -> CallId {
        format!("sim-{run}-{number}-{}", self.name).parse().expect("a short word is a call id")
    }

    /// Plays the call, telling each step as it is done. A call that Zammad took gets its hangup,
    /// whatever becomes of the steps between.
    pub async fn play(
        &self,
        client: &mut Client,
        encoding: Encoding,
        deadline: Duration,
        call_id: &CallId,
        mut tell: impl FnMut(Step),
    ) {
        let mut calls = OpenCalls::default();
        for event in self.events(call_id) {
            let known: Known = calls.follow(&event);
            let result = delivery::deliver(client, &event, encoding, known, Instant::now(), deadline).await;
            let as_expected = match (&result, event.kind) {
                (Ok(delivered), EventKind::NewCall) => {
                    delivered.action.as_ref().is_some_and(|action| action.word() == self.action)
                }
                (Ok(delivered), EventKind::Answer | EventKind::Hangup) => {
                    delivered.action == Some(Action::None)
                }
                (Err(_), _) => false,
            };
            let never_rang =
                event.kind == EventKind::NewCall && result.as_ref().is_err_and(|error| !error.uncertain);
            tell(Step { event, result, as_expected });
            if never_rang {
                return;
            }
        }
    }

    fn events(&self, call_id: &CallId) -> Vec<CallEvent> {
        let kinds = [EventKind::NewCall].into_iter();
        let kinds = kinds.chain(self.answered.then_some(EventKind::Answer)).chain([EventKind::Hangup]);
        kinds.map(|kind| self.event(kind, call_id)).collect()
    }

    fn event(&self, kind: EventKind, call_id: &CallId) -> CallEvent {
        let party = |number: &str| -> Option<Party> { Numbering::default().read(number).ok() };
        // An outbound answer by the agent would replace the customer's name.
        let names_agent = match kind {
            EventKind::NewCall => true,
            EventKind::Answer => self.direction == Direction::Inbound,
            EventKind::Hangup => false,
        };
        CallEvent {
            from: party(self.from),
            to: party(self.to),
            users: names_agent
                .then(|| Name::read("the agent", self.agent).ok().flatten())
                .flatten()
                .into_iter()
                .collect(),
            cause: (kind == EventKind::Hangup).then_some(Cause::Read(self.cause)),
            ..CallEvent::new(kind, call_id.clone(), self.direction)
        }
    }
}
