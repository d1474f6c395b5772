//! One thread's part of a load: its calls, over its connections.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Notify, watch};

use super::{Calls, Figures, LoadError, Plan};
use crate::client::{Client, Clients};
use crate::config::{Config, PhoneSystem};
use crate::delivery::{self, Deadline, Delivered, Undelivered};
use crate::event::Known;
use crate::event::{CallEvent, CallId, Direction, EventKind};
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
        let clients = Clients::new(config)?.several(self.connections())?;
        let desk = Desk::new(self, Source::new(calls, config.into())?, stop);
        let mut connections: FuturesUnordered<_> =
            clients.into_iter().map(|client| serve(client, config, &desk)).collect();
        let mut next_tick = Instant::now() + TICK;
        loop {
            let wake = desk.next_due(Instant::now()).map_or(next_tick, |due| (due - SLACK).min(next_tick));
            tokio::select! {
                biased;
                ended = connections.next() => match ended {
                    Some(ended) => ended?,
                    None => break,
                },
                _ = stopped.wait_for(|stop| *stop), if !desk.is_stopped() => desk.stop(),
                () = tokio::time::sleep_until(wake.into()) => {
                    if Instant::now() >= next_tick {
                        tell(desk.figures.borrow().clone());
                        next_tick = Instant::now() + TICK;
                    }
                    // Whoever is awake looks for itself.
                    desk.work.notify_one();
                }
                () = desk.changed.notified() => {}
            }
        }
        let figures = desk.figures.borrow().clone();
        Ok(figures)
    }
}

/// Where the connections of a share get their events from.
struct Desk<'a> {
    share: Share,
    source: Source<'a>,
    /// calls whose next event is not on its way
    waiting: RefCell<BinaryHeap<Waiting>>,
    figures: RefCell<Figures>,
    /// events on their way
    under_way: Cell<usize>,
    /// connections with nothing to do
    idle: Cell<usize>,
    /// somebody with nothing to do should look again
    work: Notify,
    /// the time until something is due may be another
    changed: Notify,
    stop: &'a watch::Sender<bool>,
}

/// What a connection does next.
enum Next {
    Event(Call, Instant),
    /// nothing, until something is due or the situation changes
    Nothing,
    /// there will be nothing more
    End,
}

/// One connection: an event after the other, as they are due.
async fn serve(mut client: Client, config: &Config, desk: &Desk<'_>) -> Result<(), LoadError> {
    let encoding = config.encoding;
    loop {
        match desk.next()? {
            Next::Event(call, due) => {
                let event = call.event();
                let known = Known { direction: call.open.direction, answered: Some(call.answered) };
                let deadline = Deadline::within(config.deadline);
                let result = delivery::deliver(&mut client, &event, encoding, known, deadline).await;
                desk.done(call, due, result);
            }
            Next::Nothing => {
                desk.idle.update(|idle| idle + 1);
                desk.work.notified().await;
                desk.idle.update(|idle| idle - 1);
            }
            Next::End => {
                // And so for the others.
                desk.work.notify_one();
                return Ok(());
            }
        }
    }
}

impl<'a> Desk<'a> {
    fn new(share: Share, source: Source<'a>, stop: &'a watch::Sender<bool>) -> Self {
        Self {
            share,
            source,
            waiting: RefCell::default(),
            figures: RefCell::new(Figures::new()),
            under_way: Cell::new(0),
            idle: Cell::new(0),
            work: Notify::new(),
            changed: Notify::new(),
            stop,
        }
    }

    fn is_stopped(&self) -> bool {
        self.figures.borrow().stopped
    }

    /// When the next call is to begin, and its number in the run; nothing if none is.
    fn next_call(&self, now: Instant) -> Option<(Instant, u64)> {
        let Share { plan, started, .. } = &self.share;
        let figures = self.figures.borrow();
        let number = self.share.in_run(figures.calls);
        // Without a rate there are as many calls at a time as connections.
        let open = self.waiting.borrow().len() + self.under_way.get();
        let room = plan.rate.is_some() || open < usize::from(self.share.connections());
        let due = plan.rate.map_or(now, |rate| *started + Duration::from_secs_f64(number as f64 / rate));
        let begins = !figures.stopped
            && room
            && plan.calls.is_none_or(|calls| number < calls)
            && plan.duration.is_none_or(|duration| due.max(now) < *started + duration);
        begins.then_some((due, number))
    }

    /// When something is due that nobody has begun with.
    fn next_due(&self, now: Instant) -> Option<Instant> {
        let event = self.waiting.borrow().peek().map(|Waiting(call)| call.due);
        let call = self.next_call(now).map(|(due, _)| due);
        // Who is busy looks by himself when he is through.
        let next = [event, call].into_iter().flatten().min();
        next.filter(|_| self.idle.get() > 0)
    }

    fn next(&self) -> Result<Next, LoadError> {
        let now = Instant::now();
        let soon = now + SLACK;
        let call = self.next_call(now);
        let event = self.waiting.borrow().peek().map(|Waiting(call)| call.due);
        let next = match (event, call) {
            // The calls that are open first: without their hangups they would ring for ever.
            (Some(due), call) if due <= soon && call.is_none_or(|(begins, _)| due <= begins) => {
                self.waiting.borrow_mut().pop().map(|Waiting(call)| call)
            }
            (_, Some((due, number))) if due <= soon => {
                self.figures.borrow_mut().calls += 1;
                Some(self.source.call(number, due)?)
            }
            (None, None) if self.under_way.get() == 0 => return Ok(Next::End),
            (Some(_) | None, Some(_) | None) => None,
        };
        let Some(call) = next else { return Ok(Next::Nothing) };
        self.under_way.update(|events| events + 1);
        if self.idle.get() > 0 {
            // There may be more for somebody else.
            self.work.notify_one();
        }
        let due = call.due.min(now);
        Ok(Next::Event(call, due))
    }

    /// Takes in what became of an event.
    fn done(&self, mut call: Call, due: Instant, result: Result<Delivered, Undelivered>) {
        self.under_way.update(|events| events - 1);
        let timed = call.script.get(call.next);
        let kind = timed.map_or(EventKind::Hangup, |timed| timed.event.kind);
        let expected = timed.map(|timed| &timed.expected);
        let scenario = &self.source.scenarios[call.place].name;
        self.figures.borrow_mut().count(scenario, kind, expected, due, &result);
        let goes_on = call.follow(due, &result);
        let is_first = self.figures.borrow().fatal.is_none();
        if let Err(error) = result
            && is_first
            && (error.error.concerns_all() || self.reaches_nobody())
        {
            self.figures.borrow_mut().fatal = Some(Arc::new(error));
            self.stop.send_replace(true);
            // And not one call more: the share itself hears of it only when it next waits.
            self.stop();
        }
        if goes_on {
            let call = if self.is_stopped() { call.into_its_end(Instant::now()) } else { Some(call) };
            self.waiting.borrow_mut().extend(call.map(Waiting));
            if self.idle.get() > 0 {
                self.changed.notify_one();
            }
        }
    }

    /// Whether no event arrived, although each connection has tried.
    fn reaches_nobody(&self) -> bool {
        let figures = self.figures.borrow();
        let refused = ["unknown-call", "call-id-reused", "refused", "failed"];
        let answered =
            !figures.delivered.is_empty() || refused.iter().any(|class| figures.failed.contains_key(class));
        !answered && figures.events >= self.share.connections().into()
    }

    /// From now on nothing but the hangups of calls that are open, and these at once.
    fn stop(&self) {
        self.figures.borrow_mut().stopped = true;
        let now = Instant::now();
        let mut waiting = self.waiting.borrow_mut();
        let open = waiting.drain().filter_map(|Waiting(call)| call.into_its_end(now)).map(Waiting);
        let open: BinaryHeap<_> = open.collect();
        *waiting = open;
        self.work.notify_one();
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
