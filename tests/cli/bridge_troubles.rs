//! What whoever tries a bridge for the first time meets when something is not as it should be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::json;

use crate::ami::{Ami, SECRET, USERNAME};
use crate::running::{Running, until};
use crate::servers::Ran;
use crate::support::{Sandbox, World};

/// A call from outside that waits in a queue.
const RINGING: &str = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
    Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
    Event: QueueCallerJoin\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: 700\r\n\r\n";

/// Its end.
const GONE: &str =
    "Event: Hangup\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nCause: 16\r\n\r\n";

/// A bridge that follows this phone system.
fn bridge(world: &World, ami: &Ami, arguments: &[&str]) -> Command {
    let secret = world.file("secret", 0o600, SECRET);
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--username", USERNAME, "--address", &ami.at()]);
    program.arg("--secret-file").arg(secret).args(arguments);
    program
}

/// The same, reporting to this Zammad by way of a spool.
fn with_spool(world: &World, ami: &Ami, sandbox: &Sandbox) -> Command {
    let spool = world.path("spool.db");
    bridge(world, ami, &["--url", &sandbox.url, "--spool-path", spool.to_str().unwrap()])
}

/// What a program did that ends by itself.
fn ended(program: &mut Command) -> Ran {
    Running::start(program).end()
}

#[test]
fn a_second_bridge_does_not_report_the_same_calls() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let first = Running::start(&mut with_spool(&world, &ami, &sandbox));
    let session = ami.session();
    let second = ended(&mut with_spool(&world, &ami, &sandbox));
    let said = format!("another bridge (process {}, since 20", first.id());
    assert_eq!((second.code, second.stdout.as_str()), (74, ""), "{second}");
    for part in
        [&*said, &format!("follows asterisk at {} with this spool; end it, or use --dry-run", ami.at())]
    {
        assert!(second.stderr.contains(part), "no {part:?}: {second}");
    }
    assert_eq!((second.stderr.lines().count(), ami.connections()), (1, 1), "{second}");
    // It only looks.
    let looks = Running::start(with_spool(&world, &ami, &sandbox).arg("--dry-run"));
    looks.until_it_says("connected to asterisk");
    drop(looks);
    // Another phone system, or another Zammad, is another matter.
    let (other_ami, other_sandbox) = (Ami::start(), world.sandbox(&[]));
    let others = [with_spool(&world, &other_ami, &sandbox), with_spool(&world, &ami, &other_sandbox)];
    for mut other in others {
        let other = Running::start(&mut other);
        other.until_it_says("connected to asterisk");
    }
    session.say(RINGING);
    until("the call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "1.1"));
    // Whoever comes after it, however it ended.
    drop(first);
    let next = Running::start(&mut with_spool(&world, &ami, &sandbox));
    next.until_it_says("connected to asterisk");
    next.signal("TERM");
    assert_eq!(next.end().code, 0);
    let last = Running::start(&mut with_spool(&world, &ami, &sandbox));
    last.until_it_says("connected to asterisk");
}

/// The status and the body of what a service answers.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The number of events whose fate a bridge knows.
fn events_of(health: &str) -> u64 {
    let (_, figures) = get(health, "/metrics");
    let line = figures.lines().find(|line| line.starts_with("zammad_cti_bridge_events_total{"));
    line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok()).unwrap_or_else(|| panic!("{figures}"))
}

#[test]
fn a_bridge_is_not_healthy_from_the_first_event_that_zammad_does_not_take() {
    for has_spool in [false, true] {
        // (what is wrong, a word of it)
        for (wrong, word) in [("token", "token"), ("down", "503")] {
            let world = World::new();
            let sandbox = world.sandbox(&[]);
            let ami = Ami::start();
            if wrong == "down" {
                sandbox.fault(json!({ "mode": "respond", "status": 503, "body": "closed" }));
            }
            let url = if wrong == "token" { format!("{}x", sandbox.url) } else { sandbox.url.clone() };
            let url_file = |url: &str| {
                let spool = world.path("spool.db");
                let spool = if has_spool { format!("[spool]\npath = {spool:?}\n") } else { String::new() };
                world.file("zammad.toml", 0o600, &format!("url = {url:?}\ndeadline = \"500ms\"\n{spool}"))
            };
            let file = url_file(&url);
            let mut program = bridge(&world, &ami, &["--health", "127.0.0.1:0", "--config"]);
            let running = Running::start(program.arg(&file));
            let health = running.said_behind("health: http://").trim_end_matches("/healthz").to_owned();
            let session = ami.session();
            until("it is well", || get(&health, "/healthz") == (200, "ok\n".to_owned()));
            let is_sick = || {
                let (status, reason) = get(&health, "/healthz");
                assert!(
                    status == 503 && reason.lines().count() == 1 && reason.contains(word),
                    "{wrong}, spool: {has_spool}: {status} {reason}"
                );
            };
            session.say(RINGING);
            until("the first event has its fate", || events_of(&health) == 1);
            is_sick();
            // Those behind it are not even tried.
            session.say(GONE);
            until("the second event has its fate", || events_of(&health) == 2);
            is_sick();
            // It is mended.
            sandbox.fault(json!({ "mode": "none" }));
            url_file(&sandbox.url);
            if wrong == "token" {
                running.until_it_says("was read again");
            }
            if has_spool {
                let mut flush = world.process();
                let ran = ended(flush.args(["spool", "flush", "--config"]).arg(&file));
                assert_eq!(ran.code, 0, "{ran}");
            }
            session.say(RINGING.replace("1.1", "2.1"));
            until("it is well again", || get(&health, "/healthz") == (200, "ok\n".to_owned()));
        }
    }
}
