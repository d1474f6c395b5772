//! A FRITZ!Box, followed by the real program over a real socket.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::running::Running;
use crate::servers::at_once;
use crate::support::World;
use crate::zammad::Zammad;

/// A call monitor. It only sends, so a test holds each connection itself.
struct Monitor(TcpListener);

impl Monitor {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn at(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// The next connection.
    fn session(&self) -> TcpStream {
        self.0.accept().unwrap().0
    }
}

fn say(session: &mut TcpStream, text: &str) {
    session.write_all(text.as_bytes()).unwrap();
}

fn bridge(world: &World, monitor: &Monitor, zammad: &Zammad) -> Command {
    holding("100ms", world, monitor, zammad)
}

/// A bridge whose new calls wait for so long.
fn holding(hold: &str, world: &World, monitor: &Monitor, zammad: &Zammad) -> Command {
    let mut program = world.process();
    program.args([
        "bridge",
        "fritzbox",
        "--output",
        "json",
        "--url",
        &zammad.url(),
        "--address",
        &monitor.at(),
    ]);
    program.args(["--area-code", "030", "--numbers-country", "DE", "--hold", hold]);
    program
}

fn end(running: Running) -> String {
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    ran.stderr
}

/// The lines may be cut anywhere, and end in one way or the other.
#[test]
fn a_call_is_followed_over_a_connection_that_is_lost_in_the_middle() {
    let (world, monitor, zammad) = (World::new(), Monitor::start(), Zammad::start());
    let running = Running::start(&mut bridge(&world, &monitor, &zammad));
    let mut session = monitor.session();
    let first = "127.0.0.1-031116131716-0";
    for piece in ["03.11.16 13:17:16;RING;0;03023", "125741;990133;SIP0;\r", "\n"] {
        say(&mut session, piece);
    }
    let new_call = zammad.until("newCall", first);
    assert_eq!((&new_call["from"], &new_call["to"]), (&"493023125741".into(), &"4930990133".into()));
    say(&mut session, "03.11.16 13:17:26;CONNECT;0;10;03023125741;\n");
    assert_eq!(zammad.until("answer", first)["user"], "10");
    drop(session);
    let mut session = monitor.session();
    say(
        &mut session,
        "03.11.16 13:18:00;CALL;1;11;990134;*121#23125742#;SIP1;\n03.11.16 13:18:09;DISCONNECT;1;0;\n",
    );
    let second = "127.0.0.1-031116131800-1";
    assert_eq!(zammad.until("hangup", second)["cause"], "noAnswer");
    assert_eq!(zammad.kinds_of(first), ["newCall", "answer"], "a lost connection ends no call");
    say(&mut session, "03.11.16 13:20:47;DISCONNECT;0;201;\n");
    assert_eq!(zammad.until("hangup", first)["cause"], "normalClearing");
    end(running);
}

/// The journal has its open calls; the box tells of none.
#[test]
fn a_call_is_taken_up_by_another_process() {
    let (world, monitor, zammad) = (World::new(), Monitor::start(), Zammad::start());
    let start = || {
        let mut program = bridge(&world, &monitor, &zammad);
        Running::start(program.arg("--spool-path").arg(world.path("spool.db")))
    };
    let running = start();
    let mut session = monitor.session();
    let id = "127.0.0.1-031116131716-0";
    say(&mut session, "03.11.16 13:17:16;RING;0;03023125741;990133;SIP0;\n");
    zammad.until("newCall", id);
    end(running);
    let running = start();
    let mut session = monitor.session();
    say(&mut session, "03.11.16 13:17:26;CONNECT;0;10;03023125741;\n03.11.16 13:20:47;DISCONNECT;0;201;\n");
    assert_eq!(zammad.until("answer", id)["user"], "10");
    assert_eq!(zammad.until("hangup", id)["cause"], "normalClearing");
    assert_eq!(zammad.kinds_of(id), ["newCall", "answer", "hangup"]);
    end(running);
}

/// The box tells the next process nothing of a call that rings or was dialled.
#[test]
fn a_call_that_has_just_begun_is_not_lost_when_the_bridge_ends() {
    let (world, monitor, zammad) = (World::new(), Monitor::start(), Zammad::start());
    let start = || {
        // As long as may be.
        let mut program = holding("2s", &world, &monitor, &zammad);
        Running::start(program.arg("--spool-path").arg(world.path("spool.db")))
    };
    let (inbound, outbound) = ("127.0.0.1-031116131716-0", "127.0.0.1-031116131717-1");
    let running = start();
    let mut session = monitor.session();
    say(&mut session, "03.11.16 13:17:16;RING;0;03023125741;990133;SIP0;\n");
    say(&mut session, "03.11.16 13:17:17;CALL;1;11;990134;03023125742;SIP1;\n");
    // It was heard after the one before, which still waits if the machine is quick.
    zammad.until("newCall", outbound);
    end(running);
    let running = start();
    let mut session = monitor.session();
    say(&mut session, "03.11.16 13:17:26;CONNECT;0;10;03023125741;\n03.11.16 13:20:47;DISCONNECT;0;201;\n");
    say(&mut session, "03.11.16 13:17:27;CONNECT;1;11;03023125742;\n03.11.16 13:20:48;DISCONNECT;1;201;\n");
    for call in [inbound, outbound] {
        assert_eq!(zammad.until("hangup", call)["cause"], "normalClearing", "{call}");
        assert_eq!(zammad.kinds_of(call), ["newCall", "answer", "hangup"], "{call}");
    }
    end(running);
}

#[test]
fn what_is_no_call_monitor_is_named() {
    // (what is said, what is told)
    let cases: [(Vec<u8>, &str); 4] = [
        (
            b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
            "is no call monitor of a FRITZ!Box: it says \"SSH-2.0-OpenSSH_9.2\"",
        ),
        (b"\x1b[2J\xff\r\n".to_vec(), "is no call monitor of a FRITZ!Box"),
        (vec![b'x'; 100_000], "is no call monitor of a FRITZ!Box"),
        (
            [
                b"03.11.16 13:17:16;DISCONNECT;7;0;\n".to_vec(),
                vec![b'x'; 3_000_000],
                b"\n\x1b[31m\n03.11.16 13:17:16;RING;0;03023125741;990133;SIP0;\n".to_vec(),
            ]
            .concat(),
            "the FRITZ!Box says something that is no line of its call monitor",
        ),
    ];
    at_once(cases, |(said, told)| {
        let (world, monitor, zammad) = (World::new(), Monitor::start(), Zammad::start());
        let running = Running::start(&mut bridge(&world, &monitor, &zammad));
        let mut session = monitor.session();
        // Who is recognised is left at once.
        let _ = session.write_all(&said);
        running.until_it_says(told);
        if told.starts_with("the") {
            zammad.until("newCall", "127.0.0.1-031116131716-0");
        }
        let text = end(running);
        assert_eq!(text.lines().filter(|line| line.contains(told)).count(), 1, "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    });
}
