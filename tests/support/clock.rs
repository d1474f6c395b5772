//! How long something took, judged by what this machine did meanwhile.
//!
//! The program promises times, such as to end at its deadline; a busy machine keeps everybody waiting, and
//! nobody can say beforehand for how long. So there is something to compare with: while a test program
//! runs, one process after the other is started that only sleeps for [`STEP`]. What they take longer than
//! that is the machine's part, and a time that is judged may be longer by as much.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// What the program allows itself beyond a deadline.
const PROMISED: Duration = Duration::from_millis(100);

const STEP: Duration = Duration::from_millis(50);

/// The program, the server that it talks to, and the test each wait for the machine as a sleeper does.
const WHO_WAIT: u32 = 3;

/// The sleepers so far, oldest first: when they were started, and when they had ended, if they have.
static SLEEPERS: Mutex<Vec<(Instant, Option<Instant>)>> = Mutex::new(Vec::new());

/// A clock that was started.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        static BEGUN: Once = Once::new();
        BEGUN.call_once(|| drop(std::thread::spawn(sleep_on_and_on)));
        Self(Instant::now())
    }

    pub fn took(self) -> Took {
        let now = Instant::now();
        let over = |from: &Instant, to: &Option<Instant>| {
            to.unwrap_or(now).saturating_duration_since(*from).saturating_sub(STEP)
        };
        let sleepers = sleepers();
        let meanwhile = sleepers.iter().rev().take_while(|(_, to)| to.is_none_or(|to| to > self.0));
        Took { time: now - self.0, late: meanwhile.map(|(from, to)| over(from, to)).sum() }
    }
}

/// How long something took, and the machine's part of it.
#[derive(Clone, Copy)]
pub struct Took {
    time: Duration,
    late: Duration,
}

impl Took {
    pub fn at_least(self, least: Duration) -> bool {
        self.time >= least
    }

    /// Whether the machine was late for more than a tenth of it.
    pub fn was_disturbed(self) -> bool {
        self.late * 10 > self.time
    }

    /// Whether it kept a deadline as the program promises to, as far as it had to wait for nothing but its
    /// own: 100 ms, and the machine's part, may be added.
    pub fn within(self, deadline: Duration) -> bool {
        self.time <= deadline + PROMISED + self.late * WHO_WAIT
    }
}

impl fmt::Debug for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (the machine was late by {:?})", self.time, self.late)
    }
}

/// Runs a test again, four times at most, if it fails while the machine is late: what a program does within a time that is
/// over is not to be seen then. What is wrong is wrong again.
#[allow(dead_code, reason = "not all folders have such tests")]
pub fn patiently(test: impl Fn()) {
    for _ in 0..4 {
        let started = Stopwatch::start();
        let Err(failure) = catch_unwind(AssertUnwindSafe(&test)) else { return };
        let took = started.took();
        if !took.was_disturbed() {
            resume_unwind(failure);
        }
        eprintln!("once more, after {took:?}");
    }
    test();
}

fn sleep_on_and_on() {
    loop {
        sleepers().push((Instant::now(), None));
        let slept = Command::new("sleep").arg(STEP.as_secs_f64().to_string()).status();
        assert!(slept.unwrap().success(), "sleep takes parts of a second");
        sleepers().last_mut().unwrap().1 = Some(Instant::now());
    }
}

fn sleepers() -> MutexGuard<'static, Vec<(Instant, Option<Instant>)>> {
    SLEEPERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_time_is_too_long_when_the_machine_was_not() {
    let deadline = Duration::from_secs(2);
    // (milliseconds that it took, milliseconds that the machine was late, whether it is in time)
    let cases = [(2000, 0, true), (2100, 0, true), (2101, 0, false), (2400, 100, true), (2401, 100, false)];
    for (time, late, is_in_time) in cases {
        let took = Took { time: Duration::from_millis(time), late: Duration::from_millis(late) };
        assert_eq!(took.within(deadline), is_in_time, "{took:?}");
        assert!(!took.was_disturbed(), "{took:?}");
        assert!(took.at_least(deadline), "{took:?}");
    }
    let took = Took { time: Duration::from_millis(1000), late: Duration::from_millis(101) };
    assert!(took.was_disturbed(), "{took:?}");
}
