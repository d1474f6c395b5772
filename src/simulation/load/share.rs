//! One thread's part of a load: its calls, over its connections.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Calls, Figures, LoadError, Plan};
use crate::client::{ClientError, Clients};
use crate::config::{Config, PhoneSystem};
use crate::delivery::{self, Connection, Deadline, Delivered, Dispatcher, Pool, Undelivered};
use crate::event::{CallEvent, CallId, Direction, EventKind, Known};
use crate::simulation::expected::Expected;
use crate::simulation::player::Open;
use crate::simulation::scenario::ScenarioEvent;
use crate::simulation::{Numbers, Scenario};

/// Of a timer's precision: what is due so soon is sent at once, and counts from then.
const SLACK: Duration = Duration::from_millis(1);
/// How often somebody who watches is told.
const TICK: Duration = Duration::from_millis(100);

/// One thread's part of the load: every so many calls, over so many of the connections.
pub struct Share {
    pub plan: Plan,
    pub number: u16,
    pub threads: u16,
    pub started: Instant,
}

impl Share {
    fn connections(&self) -> u16 {
        (self.plan.concurrency + self.threads - 1 - self.number) / self.threads
    }

    /// A call by its number in this share, as a number in the run; both are counted from 0.
    fn in_run(&self, call: u64) -> u64 {
        call * u64::from(self.threads) + u64::from(self.number)
    }

    /// Plays its calls; `tell` has the figures now and then.
    pub async fn play(
        self,
        config: &Config,
        calls: Calls<'_>,
        stop: &watch::Sender<bool>,
        tell: &dyn Fn(Figures),
    ) -> Result<Figures, LoadError> {
        let mut stopped = stop.subscribe();
        let mut stopped = pin!(stopped.wait_for(|stop| *stop));
        let clients = Clients::new(config)?.several(self.connections())?;
        let bring = async |connection: &mut Connection<'_>, due| send(connection, due, config).await;
        let mut dispatcher = Dispatcher::new(Pool::of(clients), &bring);
        let mut desk = Desk::new(self, Source::new(calls, config.into())?, stop);
        let mut next_tick = Instant::now() + TICK;
        let mut sleep = pin!(tokio::time::sleep_until(next_tick.into()));
        loop {
            let mut wake = next_tick;
            while dispatcher.has_room() {
                match desk.next()? {
                    Next::Event(due) => dispatcher.push(None, due),
                    Next::At(due) => {
                        wake = wake.min(due - SLACK);
                        break;
                    }
                    Next::Nothing if dispatcher.is_idle() => return Ok(desk.figures),
                    Next::Nothing => break,
                }
            }
            if sleep.deadline() != wake.into() {
                sleep.as_mut().reset(wake.into());
            }
            tokio::select! {
                biased;
                Some(sent) = dispatcher.next() => desk.done(sent?),
                _ = &mut stopped, if !desk.figures.stopped => desk.stop(),
                () = &mut sleep => if Instant::now() >= next_tick {
                    tell(desk.figures.clone());
                    next_tick = Instant::now() + TICK;
                },
            }
        }
    }
}

/// An event whose time has come.
struct Due {
    call: Call,
    /// from when its latency counts
    since: Instant,
}

/// What became of it.
struct Sent {
    due: Due,
    result: Result<Delivered, Undelivered>,
}

async fn send(connection: &mut Connection<'_>, due: Due, config: &Config) -> Result<Sent, ClientError> {
    let event = due.call.event();
    let known = Known {
        direction: due.call.open.direction,
        answered: Some(due.call.answered),
        new_call_taken: due.call.open.new_call_taken,
    };
    let (client, deadline) = (connection.client()?, Deadline::within(config.deadline));
    let result = delivery::deliver(client, &event, config.encoding, known, deadline).await;
    Ok(Sent { due, result })
}

/// Where the events of a share come from, and what came of them.
struct Desk<'a> {
    share: Share,
    source: Source<'a>,
    /// calls whose next event is not on its way
    waiting: BinaryHeap<Waiting>,
    figures: Figures,
    /// events on their way
    under_way: usize,
    stop: &'a watch::Sender<bool>,
}

/// What a connection does next.
enum Next {
    Event(Due),
    /// nothing before then
    At(Instant),
    /// nothing before an event that is on its way has ended
    Nothing,
}

impl<'a> Desk<'a> {
    fn new(share: Share, source: Source<'a>, stop: &'a watch::Sender<bool>) -> Self {
        let waiting = BinaryHeap::new();
        Self { share, source, waiting, figures: Figures::new(), under_way: 0, stop }
    }

    /// When the next call is to begin, and its number in the run; nothing if none is.
    fn next_call(&self, now: Instant) -> Option<(Instant, u64)> {
        let Share { plan, started, .. } = &self.share;
        let number = self.share.in_run(self.figures.calls);
        // Without a rate there are as many calls at a time as connections.
        let open = self.waiting.len() + self.under_way;
        let room = plan.rate.is_some() || open < usize::from(self.share.connections());
        let due = plan.rate.map_or(now, |rate| *started + Duration::from_secs_f64(number as f64 / rate));
        let begins = !self.figures.stopped
            && room
            && plan.calls.is_none_or(|calls| number < calls)
            && plan.duration.is_none_or(|duration| due.max(now) < *started + duration);
        begins.then_some((due, number))
    }

    fn next(&mut self) -> Result<Next, LoadError> {
        let now = Instant::now();
        let soon = now + SLACK;
        let begins = self.next_call(now);
        let event = self.waiting.peek().map(|Waiting(call)| call.due);
        let call = match (event, begins) {
            // The calls that are open first: without their hangups they would ring for ever.
            (Some(due), begins) if due <= soon && begins.is_none_or(|(begins, _)| due <= begins) => {
                self.waiting.pop().map(|Waiting(call)| call)
            }
            (_, Some((due, number))) if due <= soon => {
                self.figures.calls += 1;
                Some(self.source.call(number, due)?)
            }
            (Some(_) | None, Some(_) | None) => None,
        };
        let Some(call) = call else {
            let next = event.into_iter().chain(begins.map(|(due, _)| due)).min();
            return Ok(next.map_or(Next::Nothing, Next::At));
        };
        self.under_way += 1;
        let since = call.due.min(now);
        Ok(Next::Event(Due { call, since }))
    }

    /// Takes in what became of an event.
    fn done(&mut self, sent: Sent) {
        let Sent { due: Due { mut call, since }, result } = sent;
        self.under_way -= 1;
        let timed = call.script.get(call.next);
        let kind = timed.map_or(EventKind::Hangup, |timed| timed.event.kind);
        let expected = timed.map(|timed| &timed.expected);
        let scenario = &self.source.scenarios[call.place].name;
        self.figures.count(scenario, kind, expected, since, &result);
        let goes_on = call.follow(since, &result);
        if let Err(error) = result
            && self.figures.fatal.is_none()
            && (error.error.concerns_all() || self.reaches_nobody())
        {
            self.figures.fatal = Some(Arc::new(error));
            self.stop.send_replace(true);
            // And not one call more: the share itself hears of it only when it next waits.
            self.stop();
        }
        if goes_on {
            let call = if self.figures.stopped { call.into_its_end(Instant::now()) } else { Some(call) };
            self.waiting.extend(call.map(Waiting));
        }
    }

    /// Whether no event arrived, although each connection has tried.
    fn reaches_nobody(&self) -> bool {
        let Figures { delivered, failed, events, .. } = &self.figures;
        let refused = ["unknown-call", "call-id-reused", "refused", "failed"];
        let answered = !delivered.is_empty() || refused.iter().any(|class| failed.contains_key(class));
        !answered && *events >= self.share.connections().into()
    }

    /// From now on nothing but the hangups of calls that are open, and these at once.
    fn stop(&mut self) {
        self.figures.stopped = true;
        let now = Instant::now();
        let open = self.waiting.drain().filter_map(|Waiting(call)| call.into_its_end(now)).map(Waiting);
        self.waiting = open.collect();
    }
}

/// An event of a call as it is each time, but for the call's id.
struct Timed {
    after: Duration,
    event: CallEvent,
    expected: Expected,
}

/// A call that has begun.
struct Call {
    id: CallId,
    /// its scenario's place among those of the run
    place: usize,
    script: Rc<[Timed]>,
    next: usize,
    /// when its next event is due
    due: Instant,
    open: Open,
    answered: bool,
}

/// A call whose next event is not due yet.
struct Waiting(Call);

/// Where the calls come from.
struct Source<'a> {
    scenarios: &'a [Scenario],
    numbers: Option<&'a Numbers>,
    phone_system: PhoneSystem<'a>,
    run: &'a str,
    /// of each scenario, where no numbers make each call another
    scripts: Vec<Rc<[Timed]>>,
}

impl<'a> Source<'a> {
    fn new(calls: Calls<'a>, phone_system: PhoneSystem<'a>) -> Result<Self, LoadError> {
        let Calls { scenarios, numbers, run } = calls;
        let mut source = Self { scenarios, numbers, phone_system, run, scripts: Vec::new() };
        for scenario in scenarios {
            let script = source.script(scenario)?;
            source.scripts.push(script);
        }
        Ok(source)
    }

    /// A run's call, counted from 0.
    fn call(&self, number: u64, due: Instant) -> Result<Call, LoadError> {
        let place = usize::try_from(number).unwrap_or_default() % self.scenarios.len();
        let scenario = &self.scenarios[place];
        let script = match self.numbers {
            Some(numbers) => self.script(&numbers.apply(scenario, number))?,
            None => self.scripts[place].clone(),
        };
        let id = scenario.call_id(self.run, number + 1);
        Ok(Call { id, place, script, next: 0, due, open: Open::default(), answered: false })
    }

    fn script(&self, scenario: &Scenario) -> Result<Rc<[Timed]>, LoadError> {
        let id = scenario.call_id(self.run, 0);
        let unusable = |source| LoadError::Event { name: scenario.name.clone(), source };
        let events = scenario.events(&id, self.phone_system).map_err(unusable)?;
        let timed = |(step, event): (&ScenarioEvent, CallEvent)| Timed {
            after: step.after,
            event,
            expected: step.expected.clone(),
        };
        Ok(scenario.steps.iter().zip(events).map(timed).collect())
    }
}

impl Call {
    fn direction(&self) -> Direction {
        self.open.direction.unwrap_or(Direction::Inbound)
    }

    /// The event that is due: the script's, or the hangup that it lacks.
    fn event(&self) -> CallEvent {
        match self.script.get(self.next) {
            Some(timed) => CallEvent { call_id: self.id.clone(), ..timed.event.clone() },
            None => CallEvent::new(EventKind::Hangup, self.id.clone(), self.direction()),
        }
    }

    /// Takes in what became of the event; whether there is another.
    fn follow(&mut self, due: Instant, result: &Result<Delivered, Undelivered>) -> bool {
        let kind = self.script.get(self.next).map_or(EventKind::Hangup, |timed| timed.event.kind);
        let done = self.next >= self.script.len();
        let was_open = self.open.direction.is_some();
        let direction = self.script.get(self.next).map_or(self.direction(), |timed| timed.event.direction);
        self.open.follow(kind, direction, result);
        self.answered |= kind == EventKind::Answer && result.is_ok();
        self.next += 1;
        if done || (kind == EventKind::NewCall && !was_open && self.open.direction.is_none()) {
            return false;
        }
        match self.script.get(self.next) {
            // What follows at once follows when the event before is through.
            Some(timed) if timed.after.is_zero() => self.due = Instant::now(),
            Some(timed) => self.due = due + timed.after,
            None if self.open.direction.is_some() => self.due = Instant::now(),
            None => return false,
        }
        true
    }

    /// The call with nothing before its hangup, if it is open.
    fn into_its_end(mut self, now: Instant) -> Option<Self> {
        self.open.direction?;
        let rest = self.script.get(self.next..).unwrap_or_default();
        let hangup = rest.iter().position(|timed| timed.event.kind == EventKind::Hangup);
        self.next = hangup.map_or(self.script.len(), |place| self.next + place);
        self.due = now;
        Some(self)
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        Reverse(self.0.due).cmp(&Reverse(other.0.due))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}
