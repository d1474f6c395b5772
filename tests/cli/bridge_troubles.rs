//! What whoever tries a bridge for the first time meets when something is not as it should be.

use std::process::Command;

use crate::ami::{Ami, SECRET, USERNAME};
use crate::running::{Running, until};
use crate::servers::Ran;
use crate::support::{Sandbox, World};

/// A call from outside that waits in a queue.
const RINGING: &str = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
    Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
    Event: QueueCallerJoin\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: 700\r\n\r\n";

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
