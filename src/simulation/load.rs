//! Many calls at once, to see how many a Zammad takes, and how long its answers need then.
//!
//! With a rate the calls begin when they are due, however slow the others are, and an event's
//! latency counts from when it was due: a Zammad that makes callers wait cannot hide it by being
//! asked less often.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use hdrhistogram::Histogram;
use tokio::sync::watch;

use super::expected::Expected;
use super::player::Open;
use super::scenario::Step;
use super::{Numbers, Scenario};
use crate::action::Action;
use crate::client::{self, Client, ClientError};
use crate::config::Config;
use crate::delivery::{self, Delivered, Known, Undelivered};
use crate::event::{CallEvent, CallId, Direction, EventKind, WrittenError};
use crate::number::Numbering;

/// How much load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// so many calls; without it, until the time is over
    pub calls: Option<u64>,
    pub duration: Option<Duration>,
    /// calls a second; without it, as fast as the connections allow
    pub rate: Option<f64>,
    /// connections
    pub concurrency: u16,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Figures {
    /// calls begun
    pub calls: u64,
    /// calls that were due, but found no connection until the time was over
    pub not_begun: u64,
    pub events: u64,
    /// by the word of the action
    pub delivered: BTreeMap<&'static str, u64>,
    /// by the class of the failure
    pub failed: BTreeMap<&'static str, u64>,
    /// events whose result is not what their scenario expects
    pub unexpected: u64,
    /// microseconds from when an event was due to its result
    pub latency: Histogram<u64>,
    pub elapsed: Duration,
    pub stopped: bool,
    /// a failure that all further events would have met with too
    pub fatal: Option<Arc<Undelivered>>,
}

/// Why there is no load at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("no client")]
    Client(#[from] ClientError),
    #[error("the scenario {name}")]
    Event { name: String, source: WrittenError },
}

/// Of a timer's precision: what is due so soon is sent at once, and counts from then.
const SLACK: Duration = Duration::from_millis(1);
/// Calls a second that one thread is enough for.
const SLOW: f64 = 1000.0;
/// How often somebody who watches is told.
const TICK: Duration = Duration::from_millis(100);
/// What takes longer counts as this.
const LONGEST: Duration = Duration::from_secs(3600);

/// An event of a call as it is each time, but for the call's id.
struct Timed {
    after: Duration,
    event: CallEvent,
    expected: Expected,
}

/// A call that has begun.
struct Call {
    id: CallId,
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
    numbering: &'a Numbering,
    run: &'a str,
    /// of each scenario, where no numbers make each call another
    scripts: Vec<Rc<[Timed]>>,
}

/// What all calls of a run have in common.
#[derive(Clone, Copy)]
pub struct Calls<'a> {
    pub scenarios: &'a [Scenario],
    pub numbers: Option<&'a Numbers>,
    pub run: &'a str,
}

/// Plays calls over several connections until the plan is done, or `stop` becomes true; then the
/// calls that are open get their hangups. `tell` has the figures now and then.
///
/// Any number of calls takes the same memory. As many threads as there are processors have their
/// share of the connections and of the calls each.
pub fn load(
    config: &Config,
    plan: Plan,
    calls: Calls<'_>,
    stop: &watch::Sender<bool>,
    tell: &mut dyn FnMut(&Figures),
) -> Result<Figures, LoadError> {
    let started = Instant::now();
    let threads = plan.threads();
    let (tellers, told) = channel();
    let mut shares: Vec<_> = (0..threads).map(|_| Figures::new()).collect();
    let mut failure = None;
    std::thread::scope(|scope| {
        for number in 0..threads {
            let share = Share { plan, number, threads, started };
            let teller = tellers.clone();
            scope.spawn(move || {
                // Whoever listens no more has nothing left to tell.
                let tell = |figures| teller.send((number, figures)).unwrap_or_default();
                let played = client::block_on(share.play(config, calls, stop, &|figures| tell(Ok(figures))));
                tell(played.unwrap_or_else(|error| Err(error.into())));
            });
        }
        drop(tellers);
        for (number, figures) in told {
            match figures {
                Ok(figures) => shares[usize::from(number)] = figures,
                Err(error) => {
                    stop.send_replace(true);
                    failure = failure.take().or(Some(error));
                }
            }
            tell(&Figures::sum(&shares, started.elapsed()));
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let mut whole = Figures::sum(&shares, started.elapsed());
    if let (Some(rate), false) = (plan.rate, whole.stopped) {
        let due = plan.duration.map_or(u64::MAX, |duration| (duration.as_secs_f64() * rate).ceil() as u64);
        whole.not_begun = due.min(plan.calls.unwrap_or(u64::MAX)).saturating_sub(whole.calls);
    }
    Ok(whole)
}

impl Plan {
    /// A thread for each processor, but not for a few calls now and then.
    fn threads(&self) -> u16 {
        if self.rate.is_some_and(|rate| rate < SLOW) {
            return 1;
        }
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        u16::try_from(processors).unwrap_or(u16::MAX).min(self.concurrency)
    }
}

/// One thread's part of the load: every so many calls, over so many of the connections.
struct Share {
    plan: Plan,
    number: u16,
    threads: u16,
    started: Instant,
}

impl Share {
    fn connections(&self) -> u16 {
        (self.plan.concurrency + self.threads - 1 - self.number) / self.threads
    }

    /// A call by its number in this share, as a number in the run; both are counted from 0.
    fn in_run(&self, call: u64) -> u64 {
        call * u64::from(self.threads) + u64::from(self.number)
    }

    async fn play(
        self,
        config: &Config,
        calls: Calls<'_>,
        stop: &watch::Sender<bool>,
        tell: &dyn Fn(Figures),
    ) -> Result<Figures, LoadError> {
        let Self { plan, started, .. } = self;
        let mut stopped = stop.subscribe();
        let source = Source::new(calls, &config.numbering)?;
        let connections = usize::from(self.connections());
        let mut idle = Client::several(config, self.connections())?;
        let mut figures = Figures::new();
        let ends = plan.duration.map(|duration| started + duration);
        let mut waiting: BinaryHeap<Waiting> = BinaryHeap::new();
        let mut under_way = FuturesUnordered::new();
        let mut next_tick = started + TICK;
        loop {
            let now = Instant::now();
            if now >= next_tick {
                tell(figures.clone());
                next_tick = now + TICK;
            }
            // Without a rate there are as many calls at a time as connections.
            let room = plan.rate.is_some() || waiting.len() + under_way.len() < connections;
            let number = self.in_run(figures.calls);
            let begins = !figures.stopped
                && room
                && plan.calls.is_none_or(|calls| number < calls)
                && ends.is_none_or(|ends| now < ends);
            // When the next call is to begin, if one is.
            let next_call = begins.then(|| match plan.rate {
                Some(rate) => started + Duration::from_secs_f64(number as f64 / rate),
                None => now,
            });
            let next_event = waiting.peek().map(|Waiting(call)| call.due);
            let next = [next_call, next_event].into_iter().flatten().min();
            if let Some(due) = next
                && due <= now + SLACK
                && let Some(client) = idle.pop()
            {
                // The calls that are open first: without their hangups they would ring for ever.
                let call = match waiting.peek() {
                    Some(Waiting(call)) if Some(call.due) == next => waiting.pop(),
                    _ => None,
                };
                let call = match call {
                    Some(Waiting(call)) => call,
                    None => {
                        figures.calls += 1;
                        source.call(number, due)?
                    }
                };
                under_way.push(send(client, call, config, due.min(now)));
                continue;
            }
            if under_way.is_empty() && next.is_none() {
                break;
            }
            let wake = match next {
                Some(due) if !idle.is_empty() => (due - SLACK).min(next_tick),
                _ => next_tick,
            };
            let ended = tokio::select! {
                biased;
                Some(ended) = under_way.next() => ended,
                _ = stopped.wait_for(|stop| *stop), if !figures.stopped => {
                    figures.stopped = true;
                    waiting = into_their_ends(waiting, now);
                    continue;
                }
                () = tokio::time::sleep_until(wake.into()) => continue,
            };
            let Ended { client, mut call, due, result } = ended;
            idle.push(client);
            figures.count(&call, due, &result);
            let goes_on = call.follow(due, &result);
            if let Err(error) = result
                && figures.fatal.is_none()
                && error.error.concerns_all()
            {
                figures.fatal = Some(Arc::new(error));
                stop.send_replace(true);
                // And not one call more: who is told by `stop` hears of it only when it next waits.
                figures.stopped = true;
                waiting = into_their_ends(waiting, now);
            }
            if goes_on {
                let call = if figures.stopped { call.into_its_end(now) } else { Some(call) };
                waiting.extend(call.map(Waiting));
            }
        }
        Ok(figures)
    }
}

impl Figures {
    fn new() -> Self {
        let longest = u64::try_from(LONGEST.as_micros()).expect("an hour has some billion microseconds");
        Self {
            calls: 0,
            not_begun: 0,
            events: 0,
            delivered: BTreeMap::new(),
            failed: BTreeMap::new(),
            unexpected: 0,
            latency: Histogram::new_with_bounds(1, longest, 2).expect("these bounds are in order"),
            elapsed: Duration::ZERO,
            stopped: false,
            fatal: None,
        }
    }

    fn sum(shares: &[Self], elapsed: Duration) -> Self {
        let mut sum = Self { elapsed, ..Self::new() };
        for share in shares {
            sum.calls += share.calls;
            sum.events += share.events;
            sum.unexpected += share.unexpected;
            sum.stopped |= share.stopped;
            sum.fatal = sum.fatal.or_else(|| share.fatal.clone());
            for (all, some) in [(&mut sum.delivered, &share.delivered), (&mut sum.failed, &share.failed)] {
                for (word, count) in some {
                    *all.entry(word).or_default() += count;
                }
            }
            sum.latency.add(&share.latency).expect("all have the same bounds");
        }
        sum
    }

    fn count(&mut self, call: &Call, due: Instant, result: &Result<Delivered, Undelivered>) {
        self.events += 1;
        let latency = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency.saturating_record(latency);
        match result {
            Ok(delivered) => {
                // A word that a newer Zammad made up must not become a row of a table.
                let word = match &delivered.action {
                    Some(Action::None) => "none",
                    Some(Action::Reject { .. }) => "reject",
                    Some(Action::Dial { .. }) => "dial",
                    Some(Action::Unknown(_)) => "other",
                    None => "unknown",
                };
                *self.delivered.entry(word).or_default() += 1;
            }
            Err(error) => *self.failed.entry(error.error.class()).or_default() += 1,
        }
        let expected = call.script.get(call.next).map(|timed| &timed.expected);
        let fits = expected.map_or(result.is_ok(), |expected| expected.fits(result));
        self.unexpected += u64::from(!fits);
    }
}

impl<'a> Source<'a> {
    fn new(calls: Calls<'a>, numbering: &'a Numbering) -> Result<Self, LoadError> {
        let Calls { scenarios, numbers, run } = calls;
        let mut source = Self { scenarios, numbers, numbering, run, scripts: Vec::new() };
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
        Ok(Call { id, script, next: 0, due, open: Open::default(), answered: false })
    }

    fn script(&self, scenario: &Scenario) -> Result<Rc<[Timed]>, LoadError> {
        let id = scenario.call_id(self.run, 0);
        let unusable = |source| LoadError::Event { name: scenario.name.clone(), source };
        let events = scenario.events(&id, self.numbering).map_err(unusable)?;
        let timed = |(step, event): (&Step, CallEvent)| Timed {
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

/// Now, and nothing but the hangups.
fn into_their_ends(waiting: BinaryHeap<Waiting>, now: Instant) -> BinaryHeap<Waiting> {
    waiting.into_iter().filter_map(|Waiting(call)| call.into_its_end(now)).map(Waiting).collect()
}

/// The connection, the call, when its event was due, and what became of it.
struct Ended {
    client: Client,
    call: Call,
    due: Instant,
    result: Result<Delivered, Undelivered>,
}

async fn send(mut client: Client, call: Call, config: &Config, due: Instant) -> Ended {
    let event = call.event();
    let known = Known { direction: call.open.direction, answered: Some(call.answered) };
    let (encoding, deadline) = (config.encoding, config.deadline);
    let result = delivery::deliver(&mut client, &event, encoding, known, Instant::now(), deadline).await;
    Ended { client, call, due, result }
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
