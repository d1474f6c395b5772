//! The soak with a proxy in between: whatever it does to requests and replies, no call's events change places, none is
//! there twice that does harm twice, and nothing is lost.

use std::collections::{HashMap, HashSet};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::desk::{Desk, Killed};
use crate::dice::Dice;
use crate::proxy::CUT_OFF;
use crate::running::{signal, until};
use crate::servers::Ran;
use crate::{Fate, Reported, allowed, call, quiet};

/// How many calls there are; the variable names another number.
const ROUNDS: u64 = 60;
const ROUNDS_VARIABLE: &str = "ZAMMAD_CTI_SOAK_ROUNDS";

/// So many calls go at the same time.
const AT_ONCE: usize = 8;

/// A sandbox and a spool serve so many calls.
const BATCH: u64 = 200;

/// What a batch had.
#[derive(Debug, Default)]
struct Figures {
    accepted: usize,
    unconfirmed: usize,
    /// events of which only the proxy knew whether they were there
    unknowable: usize,
    /// events whose sender was to ask whether Zammad is reached; and those whose sender did so too late
    asked: usize,
    late: usize,
    done: HashMap<&'static str, usize>,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.unconfirmed += other.unconfirmed;
        self.unknowable += other.unknowable;
        self.asked += other.asked;
        self.late += other.late;
        for (what, often) in other.done {
            *self.done.entry(what).or_default() += often;
        }
    }
}

/// Who may look whether an event in doubt is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Nobody,
    /// a user with a token
    Somebody,
}

impl Looks {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Nobody => &[],
            Self::Somebody => &["--api-token", "x"],
        }
    }
}

#[test]
fn whatever_a_proxy_does_nothing_is_false() {
    soak(Looks::Nobody);
}

#[test]
fn whatever_a_proxy_does_somebody_who_may_look_knows() {
    soak(Looks::Somebody);
}

fn soak(looks: Looks) {
    let rounds = std::env::var(ROUNDS_VARIABLE).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let seed = u64::from(std::process::id());
    let mut all = Figures::default();
    for first in (0..rounds).step_by(usize::try_from(BATCH).unwrap()) {
        let numbers = first..rounds.min(first + BATCH);
        all.add(batch(looks, (seed << 8) | (first / BATCH), numbers.clone()));
        println!("seed {seed}, {looks:?} looks: {} rounds, {all:?}", numbers.end);
    }
    // It was no idle run.
    let faults = ["reply lost", "reply changed", "denied after it was processed", "died", "Zammad was away"];
    assert!(faults.iter().all(|fault| all.done.contains_key(fault)), "{all:?}");
    assert!(all.accepted as u64 > rounds, "{all:?}");
    // It may be the machine in some cases, but not in so many.
    assert!(all.late * 5 <= all.asked, "{all:?}");
}

/// The program behind the proxy.
fn program(desk: &Desk, looks: Looks, arguments: &[&str]) -> std::process::Command {
    let mut program = desk.program(arguments);
    program.args(looks.options()).env("ZAMMAD_CTI_TIMEOUT", "1s").env("ZAMMAD_CTI_DEADLINE", "6s");
    program.env("ZAMMAD_CTI_SPOOL_MAX_AGE_ANSWER", "1h");
    program
}

fn batch(looks: Looks, seed: u64, numbers: std::ops::Range<u64>) -> Figures {
    let desk = Desk::behind_proxy(seed);
    desk.proxy().let_loose();
    let next = AtomicU64::new(numbers.start);
    let over = AtomicBool::new(false);
    let calls = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let reporters = [(); AT_ONCE].map(|()| {
            scope.spawn(|| {
                while let number = next.fetch_add(1, Ordering::Relaxed)
                    && number < numbers.end
                {
                    let mut dice = Dice(seed << 20 | number);
                    let call_id = format!("call-{number}");
                    let mut events = call(number, &call_id);
                    for event in &mut events {
                        event.fate = report(&desk, looks, event, &mut dice);
                    }
                    calls.lock().unwrap().push((call_id, events));
                }
            })
        });
        // Two of them, which end now and then, as services do.
        let flushers = [1, 2].map(|number| {
            let (desk, over) = (&desk, &over);
            scope.spawn(move || {
                let mut dice = Dice(seed << 20 | number << 18);
                while !over.load(Ordering::Relaxed) {
                    let mut run = program(desk, looks, &["spool", "run"]);
                    let mut run = Killed(quiet(&mut run).spawn().unwrap());
                    let mut steps = 10 + dice.below(60);
                    while !over.load(Ordering::Relaxed) && steps > 0 {
                        thread::sleep(Duration::from_millis(50));
                        steps -= 1;
                    }
                    signal(run.0.id(), "TERM");
                    // It may be asked before it listens; and a spool on a busy machine may be too slow for it.
                    let code = run.0.wait().unwrap().code();
                    assert!([Some(0), Some(74), None].contains(&code), "{code:?}");
                }
            })
        });
        let ended = reporters.map(|reporter| reporter.join().is_ok());
        over.store(true, Ordering::Relaxed);
        let flushed = flushers.map(|flusher| flusher.join().is_ok());
        assert_eq!((ended, flushed), ([true; AT_ONCE], [true; 2]), "seed {seed}");
    });
    desk.proxy().mend();
    until("nobody waits", || drained(&desk, looks));
    judge(&desk, looks, seed, &mut calls.into_inner().unwrap())
}

/// Sends what waits. Whether nothing does any more.
fn drained(desk: &Desk, looks: Looks) -> bool {
    // What has failed often is put off for minutes; what is in doubt, for two seconds.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let hurry = "UPDATE event SET due = 0 WHERE state = 'waiting' AND due > ?";
    desk.db().execute(hurry, [now + 4000]).unwrap();
    let ran = Desk::end(&mut program(desk, looks, &["spool", "flush"]));
    // Right after a death, a probe may still meet with it; and the machine may be busy.
    assert!([0, 69, 74].contains(&ran.code), "{ran}");
    let doubts = if looks == Looks::Somebody { desk.count("unconfirmed") } else { 0 };
    desk.count("waiting") + doubts == 0
}

/// Reports an event; whether it was accepted.
fn report(desk: &Desk, looks: Looks, event: &mut Reported, dice: &mut Dice) -> Fate {
    let mode = if dice.below(3) == 0 { "always" } else { "on-failure" };
    let mut program = program(desk, looks, &event.word_list());
    let ran: Ran = Desk::end(program.args(["--spool", mode]).stdin(Stdio::null()));
    event.complained.clone_from(&ran.stderr);
    match (ran.code, ran.stdout.as_str()) {
        (0, "none\n" | "spooled\n") => Fate::Accepted,
        // It says that nobody knows whether Zammad has it; or, on a busy machine, that the spool has it not, or perhaps.
        (69 | 76, _)
            if looks == Looks::Nobody && ran.stderr.contains("it is in the spool as unconfirmed") =>
        {
            Fate::Unknown
        }
        (74, _) if ran.stderr.contains("does not answer in time") => Fate::Unknown,
        _ => panic!("{event:?}: {ran}"),
    }
}

fn judge(desk: &Desk, looks: Looks, seed: u64, calls: &mut [(String, Vec<Reported>)]) -> Figures {
    let proxy = desk.proxy();
    let rest = |state: &str| -> HashSet<(String, String)> {
        let db = desk.db();
        let mut statement = db.prepare("SELECT call_id, kind FROM event WHERE state = ?").unwrap();
        let rows = statement.query_map([state], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let unconfirmed = rest("unconfirmed");
    let mut wrong = Vec::new();
    let dead = rest("dead");
    if !dead.is_empty() {
        wrong.push(format!("given up: {dead:?}"));
    }
    let mut taken: HashMap<String, Vec<String>> = HashMap::new();
    for line in desk.requests().iter().filter(|line| line.contains("-> 200")) {
        let field = |name: &str| {
            let (_, value) = line.split_once(&format!("\"{name}\":\""))?;
            Some(value.split('"').next().unwrap().to_owned())
        };
        if let (Some(call_id), Some(event)) = (field("callId"), field("event")) {
            taken.entry(call_id).or_default().push(event);
        }
    }
    let done = proxy.done().into_iter().collect();
    let done: HashMap<_, _> = done;
    // Of which events that were is not known to the proxy.
    let mut cut_off = done.get(CUT_OFF).copied().unwrap_or_default();
    let mut figures = Figures { done, asked: proxy.was_to_be_asked(), ..Figures::default() };
    for (call_id, events) in calls {
        let taken = taken.remove(call_id.as_str()).unwrap_or_default();
        let is_answered = events.len() == 3;
        // Of a call that a busy spool could not note nobody knows whether it was answered.
        let is_noted = !events.iter().any(|event| event.complained.contains("spool.db"));
        let before = wrong.len();
        let late_before = figures.late;
        for event in events.iter_mut() {
            let name = event.fields["event"].as_str().unwrap().to_owned();
            let key = (call_id.clone(), name.clone());
            let does_harm_twice =
                name == "answer" || (name == "hangup" && event.fields["direction"] == "in" && !is_answered);
            let copies = taken.iter().filter(|other| **other == name).count();
            let only_the_proxy_knows = proxy.only_it_knows(call_id, &name);
            figures.unknowable += usize::from(only_the_proxy_knows && does_harm_twice);
            figures.accepted += usize::from(event.fate == Fate::Accepted);
            // Without somebody who looks, an answer whose reply is lost goes once more; and one of which a spool on a
            // busy machine does not say whether it has it.
            let is_perhaps_kept = event.complained.contains("the event is sent to Zammad at once");
            let most = match (name.as_str(), looks) {
                ("answer", Looks::Nobody) if only_the_proxy_knows => 2,
                ("answer", _) if is_perhaps_kept => 2,
                _ if does_harm_twice || name == "newCall" => 1,
                _ => usize::MAX,
            };
            let is_late = proxy.may_have_been_asked_late(call_id, &name);
            if copies > most && is_late {
                figures.late += 1;
            } else if copies > most {
                wrong.push(format!("{copies} copies of {key:?}"));
            }
            if unconfirmed.contains(&key) {
                figures.unconfirmed += 1;
                event.fate = Fate::Unknown;
                if is_late && !only_the_proxy_knows {
                    figures.late += 1;
                } else if does_harm_twice && !only_the_proxy_knows && cut_off > 0 {
                    cut_off -= 1;
                } else if !only_the_proxy_knows || (!does_harm_twice && (is_noted || name != "hangup")) {
                    wrong.push(format!("unconfirmed, though everybody could know: {key:?}"));
                }
            } else if event.fate == Fate::Accepted && copies == 0 {
                wrong.push(format!("lost: {key:?}"));
            }
        }
        let rank = |event: &String| ["newCall", "answer", "hangup"].iter().position(|name| name == event);
        if !taken.is_sorted_by_key(rank) {
            wrong.push(format!("{call_id} had {taken:?}"));
        }
        let (seen, allowed) = (desk.seen(call_id), allowed(events));
        if figures.late > late_before {
            continue;
        }
        if wrong.len() > before || !allowed.contains(&seen) {
            let told = attempts(desk, call_id);
            wrong.push(format!("{call_id}: {:#?}, then {told:#?}: {events:#?}", proxy.story(call_id)));
        }
        if !allowed.contains(&seen) {
            wrong.push(format!("{call_id}: {seen:?}, not one of {allowed:?}"));
        }
    }
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
    figures
}

/// What came of the attempts of a call's events that are still in the spool.
fn attempts(desk: &Desk, call_id: &str) -> Vec<String> {
    let db = desk.db();
    let sql =
        "SELECT kind, at, outcome FROM attempt JOIN event ON event = position WHERE call_id = ? ORDER BY at";
    let mut statement = db.prepare(sql).unwrap();
    let told = |row: &rusqlite::Row| {
        let (kind, time, outcome): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{kind} at {time}: {outcome}"))
    };
    statement.query_map([call_id], told).unwrap().collect::<Result<_, _>>().unwrap()
}
