//! What a signal ends: an event on its way is kept first, or its fate is told.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::desk::{Desk, later, new_call};
use crate::running::{Running, until};
use crate::servers::{Ran, Server, at_once, read_request, stay_silent};
use crate::support::World;

/// The signals that ask for the end, and what a shell says of whoever they have ended.
const SIGNALS: [(&str, i32); 3] = [("TERM", 143), ("INT", 130), ("HUP", 129)];

/// The others that end a process and can be caught. A shell knows STKFLT by its number only.
const OTHER_SIGNALS: [(&str, i32); 9] = [
    ("QUIT", 131),
    ("USR1", 138),
    ("USR2", 140),
    ("ALRM", 142),
    ("XCPU", 152),
    ("VTALRM", 154),
    ("PROF", 155),
    ("IO", 157),
    ("PWR", 158),
];

/// Longer than any test.
const PATIENT: [&str; 4] = ["--timeout", "10m", "--deadline", "10m"];

/// A Zammad that takes requests and says nothing.
struct Silent {
    server: Server,
    asked: Arc<AtomicUsize>,
}

impl Silent {
    fn start() -> Self {
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        let server = Server::start(move |mut stream| {
            read_request(&mut stream);
            count.fetch_add(1, Ordering::SeqCst);
            stay_silent(stream);
        });
        Self { server, asked }
    }

    fn until_it_was_asked(&self, times: usize) {
        until("a request", || self.asked.load(Ordering::SeqCst) >= times);
    }

    /// The program of this desk that talks with this Zammad, and has time.
    fn program(&self, desk: &Desk, arguments: &[&str]) -> Command {
        let mut program = desk.program(&[arguments, &PATIENT].concat());
        program.env("ZAMMAD_CTI_URL", self.server.url()).stdin(Stdio::null());
        program
    }

    fn without_spool(&self, world: &World, arguments: &[&str]) -> Command {
        let mut program = world.process();
        program.env("ZAMMAD_CTI_URL", self.server.url()).stdin(Stdio::null());
        program.args(arguments).args(PATIENT);
        program
    }
}

/// What becomes of a program that gets a signal when this Zammad was asked.
fn ended_when_asked(silent: &Silent, program: &mut Command, signal: &str) -> Ran {
    let running = Running::start(program);
    silent.until_it_was_asked(1);
    running.signal(signal);
    running.end()
}

#[test]
fn a_signal_leaves_the_event_on_its_way_in_the_spool() {
    at_once(SIGNALS, |(signal, _)| {
        // (event, what is said, code, where it is)
        let cases = [
            (new_call("7"), "spooled\n", 0, "waiting"),
            // Zammad opens a ticket screen for each copy.
            (later("answer", "7", &["--direction", "in"]), "", 69, "unconfirmed"),
            (
                later("hangup", "7", &["--direction", "in", "--cause", "normalClearing", "--answered"]),
                "spooled\n",
                0,
                "waiting",
            ),
            // A second copy would hide a missed call.
            (later("hangup", "7", &["--direction", "in", "--cause", "noAnswer"]), "", 69, "unconfirmed"),
        ];
        for (event, said, code, state) in cases {
            let (desk, silent) = (Desk::new(), Silent::start());
            let ran = ended_when_asked(&silent, &mut silent.program(&desk, &event), signal);
            assert_eq!((ran.code, desk.count(state)), (code, 1), "{signal} {event:?}: {ran}");
            assert!(ran.stdout == said || said.is_empty(), "{signal} {event:?}: {ran}");
        }
    });
}

#[test]
fn without_a_spool_the_fate_is_told_and_the_code_is_the_signals() {
    let world = World::new();
    at_once(SIGNALS, |(signal, code)| {
        let silent = Silent::start();
        let event = new_call("7");
        let ran = ended_when_asked(&silent, &mut silent.without_spool(&world, &event), signal);
        assert_eq!(ran.code, code, "{ran}");
        let told =
            format!("interrupted by SIG{signal}: it is not known whether Zammad took the newCall of call 7");
        assert!(ran.stderr.contains(&told), "{ran}");
        // The call goes on.
        let silent = Silent::start();
        let mut program = silent.without_spool(&world, &event);
        let ran = ended_when_asked(&silent, program.arg("--fail-open"), signal);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    });
}

#[test]
fn any_signal_that_ends_a_process_leaves_the_event_in_the_spool_or_tells_its_fate() {
    let world = World::new();
    at_once(OTHER_SIGNALS, |(signal, code)| {
        let (desk, silent) = (Desk::new(), Silent::start());
        let ran = ended_when_asked(&silent, &mut silent.program(&desk, &new_call("7")), signal);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), desk.count("waiting")),
            (0, "spooled\n", 1),
            "{signal}: {ran}"
        );
        let silent = Silent::start();
        let ran = ended_when_asked(&silent, &mut silent.without_spool(&world, &new_call("7")), signal);
        assert_eq!(ran.code, code, "{signal}: {ran}");
        let told = format!("interrupted by SIG{signal}: it is not known whether");
        assert!(ran.stderr.contains(&told), "{signal}: {ran}");
    });
}

#[test]
fn an_event_that_waits_for_its_turn_is_kept() {
    at_once(SIGNALS, |(signal, _)| {
        let (desk, silent) = (Desk::new(), Silent::start());
        let first = Running::start(&mut silent.program(&desk, &new_call("7")));
        silent.until_it_was_asked(1);
        let second = Running::start(&mut silent.program(&desk, &later("answer", "7", &[])));
        // It waits for its turn; earlier it would end without a word.
        until("it waits", || second.has_open(".turns/"));
        second.signal(signal);
        let ran = second.end();
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{signal}: {ran}");
        assert_eq!(silent.asked.load(Ordering::SeqCst), 1, "it did not overtake its newCall");
        first.signal(signal);
        let ran = first.end();
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{signal}: {ran}");
        assert_eq!(desk.count("waiting"), 2);
    });
}

#[test]
fn a_signal_that_is_to_be_ignored_stays_ignored() {
    let world = World::new();
    let silent = Silent::start();
    let mut program = Command::new("/bin/sh");
    let ours = silent.without_spool(&world, &new_call("7"));
    program.args(["-c", "trap '' HUP INT; exec \"$0\" \"$@\""]).arg(ours.get_program()).args(ours.get_args());
    program.env_clear().stdin(Stdio::null());
    for (name, value) in ours.get_envs() {
        program.env(name, value.unwrap_or_default());
    }
    let running = Running::start(&mut program);
    silent.until_it_was_asked(1);
    for signal in ["HUP", "INT", "TERM"] {
        running.signal(signal);
    }
    let ran = running.end();
    assert_eq!(ran.code, 143, "{ran}");
}

/// A line of a call that begins.
fn line(call: usize) -> String {
    format!(
        "{{\"event\":\"newCall\",\"call_id\":\"{call}\",\"direction\":\"in\",\"from\":\"1\",\"to\":\"2\"}}\n"
    )
}

#[test]
fn what_send_has_read_is_kept_or_reported() {
    const LINES: usize = 40;
    let world = World::new();
    at_once(SIGNALS, |(signal, code)| {
        for has_spool in [true, false] {
            let (desk, silent) = (Desk::new(), Silent::start());
            let arguments = ["send", "-", "--concurrency", "4"];
            let mut program = if has_spool {
                silent.program(&desk, &arguments)
            } else {
                silent.without_spool(&world, &arguments)
            };
            let mut running = Running::start(program.stdin(Stdio::piped()));
            let mut stdin = running.stdin();
            stdin.write_all((0..LINES).map(line).collect::<String>().as_bytes()).unwrap();
            silent.until_it_was_asked(4);
            running.signal(signal);
            let ran = running.end();
            // There may have been more.
            assert_eq!(ran.code, code, "{signal}: {ran}");
            assert!(ran.stderr.contains(&format!("interrupted by SIG{signal}")), "{ran}");
            let word = if has_spool { "spooled" } else { "failed" };
            let told = ran.stdout.lines().filter(|line| line.starts_with(word)).count();
            assert_eq!(told, LINES, "{signal}: {ran}");
            if has_spool {
                assert_eq!(desk.count("waiting"), LINES as u64);
            }
            drop(stdin);
        }
    });
}

#[test]
fn a_file_that_was_read_to_its_end_and_kept_is_done() {
    let (desk, silent) = (Desk::new(), Silent::start());
    std::fs::write(desk.world.path("lines"), line(7)).unwrap();
    let running = Running::start(&mut silent.program(&desk, &["send", "lines"]));
    silent.until_it_was_asked(1);
    running.signal("TERM");
    let ran = running.end();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
}

/// A desk whose spool has these events for that address.
fn kept(url: &str, events: &[Vec<&str>]) -> Desk {
    let desk = Desk::new();
    for event in events {
        let arguments = [event, &["--spool", "always", "--url", url][..]].concat();
        desk.says(&arguments, "spooled");
    }
    desk
}

#[test]
fn a_flush_does_not_wait_for_a_reply_that_does_not_come() {
    let hangup = later("hangup", "9", &["--direction", "in", "--cause", "noAnswer"]);
    at_once(SIGNALS, |(signal, code)| {
        let silent = Silent::start();
        let desk = kept(&silent.server.url(), &[new_call("7"), new_call("8"), hangup.clone()]);
        let flush = ["spool", "flush", "--concurrency", "3", "--timeout", "10m"];
        let mut program = desk.program(&flush);
        let running = Running::start(program.env("ZAMMAD_CTI_URL", silent.server.url()).stdin(Stdio::null()));
        silent.until_it_was_asked(3);
        running.signal(signal);
        let ran = running.end();
        assert_eq!(ran.code, code, "{ran}");
        // A second copy of the hangup would hide a missed call.
        assert_eq!(ran.stdout, "delivered 0, waiting 2, unconfirmed 1, dead 0\n", "{ran}");
        assert!(ran.stderr.contains(&format!("interrupted by SIG{signal}: what waits stays")), "{ran}");
    });
}

#[test]
fn a_flush_that_asks_whether_zammad_is_there_ends_as_well() {
    at_once(SIGNALS, |(signal, code)| {
        let is_silent = Arc::<AtomicBool>::default();
        let (asked, silent) = (Arc::<AtomicUsize>::default(), is_silent.clone());
        let count = asked.clone();
        let server = Server::start(move |mut stream| {
            read_request(&mut stream);
            count.fetch_add(1, Ordering::SeqCst);
            if silent.load(Ordering::SeqCst) {
                stay_silent(stream);
            } else {
                let _ =
                    stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        let desk = kept(&server.url(), &[new_call("7")]);
        let flush = || {
            let mut program = desk.program(&["spool", "flush", "--timeout", "10m"]);
            program.env("ZAMMAD_CTI_URL", server.url()).stdin(Stdio::null());
            Running::start(&mut program)
        };
        let held = flush().end();
        assert_eq!(held.code, 69, "{held}");
        is_silent.store(true, Ordering::SeqCst);
        let before = asked.load(Ordering::SeqCst);
        let running = flush();
        until("a request", || asked.load(Ordering::SeqCst) > before);
        running.signal(signal);
        let ran = running.end();
        assert_eq!(ran.code, code, "{ran}");
        assert_eq!(ran.stdout, "delivered 0, waiting 1, unconfirmed 0, dead 0\n", "{ran}");
        // Why nothing is sent is what it was: nobody was there long enough to learn more.
        let held = desk.db().query_row("SELECT reason FROM held", [], |row| row.get::<_, String>(0));
        assert!(held.unwrap().contains("503"), "{ran}");
    });
}

#[test]
fn a_flush_says_by_its_code_that_events_are_left() {
    at_once(SIGNALS, |(signal, code)| {
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        // It takes the first event, and is slow at the next one.
        let server = Server::start(move |mut stream| {
            loop {
                read_request(&mut stream);
                if count.fetch_add(1, Ordering::SeqCst) > 0 {
                    return stay_silent(stream);
                }
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            }
        });
        let desk = kept(&server.url(), &[new_call("7"), new_call("8"), new_call("9")]);
        let mut program = desk.program(&["spool", "flush", "--concurrency", "1", "--timeout", "10m"]);
        let running = Running::start(program.env("ZAMMAD_CTI_URL", server.url()).stdin(Stdio::null()));
        until("a second request", || asked.load(Ordering::SeqCst) > 1);
        running.signal(signal);
        let ran = running.end();
        assert_eq!((ran.code, ran.stdout.starts_with("delivered 1, waiting 2,")), (code, true), "{ran}");
    });
}

#[test]
fn a_signal_leaves_the_calls_open_that_were_not_closed_yet() {
    at_once(SIGNALS, |(signal, code)| {
        let (desk, silent) = (Desk::new(), Silent::start());
        let url = ["--url", &silent.server.url()];
        let begun = (0..3).map(line).collect::<String>();
        std::fs::write(desk.world.path("lines"), begun).unwrap();
        let sent =
            desk.run(&[&["send", "lines", "--deadline", "300ms", "--spool", "always"][..], &url].concat());
        assert_eq!(sent.code, 0, "{sent}");
        desk.db().execute("DELETE FROM event", []).unwrap();
        let running = Running::start(&mut silent.program(&desk, &["calls", "close", "--all"]));
        silent.until_it_was_asked(1);
        running.signal(signal);
        let ran = running.end();
        assert_eq!((ran.code, ran.stdout.lines().count()), (code, 1), "{signal}: {ran}");
        assert!(ran.stderr.contains("stay open"), "{ran}");
        // Nobody knows of it, and nothing was said of the others.
        assert_eq!((desk.count("unconfirmed"), desk.count("waiting")), (1, 0), "{ran}");
        assert_eq!(silent.asked.load(Ordering::SeqCst), 1);
    });
}
