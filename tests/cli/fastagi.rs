use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use crate::asterisk::{
    CALL, Channel, assert_line_break_is_said, assert_said, events, whole_call, with_line_breaks,
};
use crate::clock::Stopwatch;
use crate::running::{Running, until};
use crate::servers::{self, Ran, Reply, Server, at_once, stay_silent};
use crate::support::{TOKEN, World, stdout};

/// An AGI server that runs.
pub struct Fastagi {
    pub running: Running,
    pub address: SocketAddr,
}

impl Fastagi {
    pub fn start(program: &mut Command) -> Self {
        let running = Running::start(program);
        let line = running.first_line();
        let address = line.strip_prefix("agi://").and_then(|address| address.parse().ok());
        Self { address: address.unwrap_or_else(|| panic!("{line:?}")), running }
    }

    /// A connection over which nothing was said yet.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// A customer's call with this id, up to what is said of it.
    pub fn new_call(&self, call_id: &str) -> (Channel, Vec<String>) {
        let mut channel = Channel::of_customer(call_id);
        let told = channel.call(self.address, "new-call");
        (channel, told.said)
    }

    /// Ends it, when the calls under way are over.
    pub fn stop(self) -> Ran {
        self.running.signal("TERM");
        let ran = self.running.end();
        assert_eq!(ran.code, 0, "{ran}");
        assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN), "{ran}");
        ran
    }
}

/// The server with these options, on a port of its own.
pub fn fastagi(world: &World, url: &str, options: &[&str]) -> Fastagi {
    Fastagi::start(&mut program(world, url, &[&["--listen", "127.0.0.1:0"], options].concat()))
}

pub fn program(world: &World, url: &str, options: &[&str]) -> Command {
    let mut program = world.process();
    program.env("ZAMMAD_CTI_URL", url).arg("fastagi").args(options);
    program
}

/// A Zammad that takes everything and wants nothing, so long after it was asked.
pub fn zammad(after: Duration) -> Server {
    Server::answering([Reply::json(200, "{}").after(after)])
}

/// Whether the other side has closed the connection, as seen within a minute.
pub fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// What comes in between, and counts connections.
fn counting(to: &str) -> (Server, Arc<AtomicUsize>) {
    let (to, count) = (to.to_owned(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    let proxy = Server::start(move |mut client| {
        counted.fetch_add(1, Ordering::Relaxed);
        let mut server = TcpStream::connect(&to).unwrap();
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_client, &mut to_server);
            to_server.shutdown(Shutdown::Write)
        });
        let _ = std::io::copy(&mut server, &mut client);
    });
    (proxy, count)
}

#[test]
fn a_call_is_followed_over_one_connection_to_zammad() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let (proxy, connections) = counting(sandbox.address());
    let path = world.file("config.toml", 0o600, "[agents]\n101 = \"anna@example.com\"\n");
    let server = fastagi(&world, &proxy.url(), &["--config", path.to_str().unwrap()]);
    whole_call(&sandbox, |channel, event, options| {
        let query: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        channel.call(server.address, &format!("{event}?{}", query.join("&"))).said
    });
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    let ran = server.stop();
    for event in ["newCall", "answer", "hangup"] {
        assert!(ran.stderr.contains(&format!("{event} of call {CALL}: none")), "{event}: {ran}");
    }
}

#[test]
fn an_argument_that_does_nothing_is_said() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &[]);
    let mut channel = Channel::of_customer(CALL);
    let told = channel.call(server.address, "new-call,--queue,support");
    assert!(told.said[0].contains("put options into the query"), "{:?}", told.said);
    assert_eq!(channel.decision(), ("none", ""));
    assert_eq!(events(&zammad)[0].get("queue"), None);
    server.stop();
}

#[test]
fn a_query_has_the_options_of_the_command_line() {
    let world = World::new();
    // (script, body besides event and call)
    let cases = [
        ("new-call", json!({ "direction": "in", "from": "4940669690", "to": "493023125111" })),
        ("/new-call/", json!({ "direction": "in", "from": "4940669690", "to": "493023125111" })),
        (
            "new-call?queue=&user=&from=&to=&direction=&call-id=",
            json!({ "direction": "in", "from": "4940669690", "to": "493023125111" }),
        ),
        (
            "new-call?queue=a%20b%26c&user=Anna%20M%C3%BCller&user=B%2BC&user=D+E",
            json!({ "direction": "in", "from": "4940669690", "to": "493023125111", "queue": "a b&c",
                    "user": ["Anna M\u{fc}ller", "B+C", "D+E"] }),
        ),
        // Names as phone systems had them before UTF-8.
        (
            "new-call?queue=B%fcro&user=J%f6rg",
            json!({ "direction": "in", "from": "4940669690", "to": "493023125111", "queue": "B\u{fc}ro",
                    "user": ["J\u{f6}rg"] }),
        ),
        ("new-call?from=+49%2030&to=+41", json!({ "direction": "in", "from": "4930", "to": "41" })),
        ("new-call?direction=out&to=42", json!({ "direction": "out", "from": "4940669690", "to": "42" })),
        (
            "new-call?call_id=7",
            json!({ "callId": "7", "direction": "in", "from": "4940669690", "to": "493023125111" }),
        ),
        (
            "hangup?cause=busy&direction=out",
            json!({ "event": "hangup", "direction": "out", "cause": "busy" }),
        ),
        ("answer?voicemail", json!({ "event": "answer", "direction": "in", "user": "voicemail" })),
        (
            "answer?user=anna&answering_number=101",
            json!({ "event": "answer", "direction": "in", "user": "anna", "answeringNumber": "101" }),
        ),
    ];
    at_once(cases, |(script, more)| {
        let zammad = zammad(Duration::ZERO);
        let server = fastagi(&world, &zammad.url(), &[]);
        let mut channel = Channel::of_customer(CALL);
        let told = channel.call(server.address, script);
        assert_eq!(channel.get("ZAMMAD_ERROR"), "", "{script}: {told:?}");
        let mut body = json!({ "event": "newCall", "callId": CALL });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.stop();
        assert_eq!(events(&zammad), [body], "{script}");
    });
}

#[test]
fn a_line_break_in_the_header_takes_nothing_from_the_call() {
    let world = World::new();
    at_once(with_line_breaks(), |(what, mut channel)| {
        let zammad = zammad(Duration::ZERO);
        let server = fastagi(&world, &zammad.url(), &[]);
        channel.call(server.address, "new-call");
        assert_eq!(channel.decision(), ("none", ""), "{what}");
        let body = json!({ "event": "newCall", "callId": CALL, "direction": "in", "from": "4940669690",
                           "to": "493023125111" });
        assert_eq!(events(&zammad), [body], "{what}");
        assert_line_break_is_said(&server.stop().stderr, what);
    });
    // In an address the rest of it would stand in the place of Asterisk's own lines.
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &[]);
    let mut channel = Channel::of_customer(CALL);
    channel
        .call(server.address, "new-call?user=Chris\nagi_channel: PJSIP/666-1\nagi_uniqueid: 666.1\nagi_x: ");
    assert_eq!(channel.decision(), ("none", ""));
    let call = &events(&zammad)[0];
    assert_eq!((&call["callId"], &call["from"]), (&json!(CALL), &json!("4940669690")));
    server.stop();
}

#[test]
fn a_mistake_in_the_address_is_said_and_the_server_lives_on() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &[]);
    // (script, what is said)
    let cases = [
        ("", "the address has no event"),
        ("/?queue=support", "the address has no event"),
        ("newcall", "newcall"),
        ("new-call/in", "unrecognized subcommand"),
        ("help", "help"),
        ("--help", "--help"),
        ("new-call?help", "--help"),
        ("new-call?quue=support", "--quue"),
        ("new-call?queue", "--queue"),
        ("new-call?=support", "--"),
        ("new-call?handed-over", "handed"),
        ("new-call?url=http://127.0.0.1:1/", "--url"),
        ("new-call?from=%ff", "not UTF-8"),
        ("new-call?from=%01", "control character"),
        ("new-call?call-id=%0aSET%20VARIABLE%20X%201", "control character"),
        ("new-call?direction=sideways", "the direction must be"),
    ];
    for (script, said) in cases {
        let mut channel = Channel::of_customer(CALL);
        let told = channel.call(server.address, script);
        let error = channel.assert_error(script);
        assert!(error.contains(said), "{script}: {error}");
        assert!(matches!(&told.said[..], [only] if only.contains(said)), "{script}: {told:?}");
        assert!(told.took.within(Duration::from_secs(1)), "{script}: {told:?}");
    }
    assert_eq!(zammad.requests(), [] as [String; 0]);
    let (channel, _) = server.new_call(CALL);
    assert_eq!(channel.decision(), ("none", ""));
    let ran = server.stop();
    // Once each, in the log too.
    let is_mistake = |line: &&str| line.starts_with("zammad-cti: agi://");
    assert_eq!(ran.stderr.lines().filter(is_mistake).count(), cases.len(), "{ran}");
    assert_eq!(events(&zammad).len(), 1);
}

#[test]
fn fifty_calls_at_once_are_all_in_zammads_log() {
    const CALLS: usize = 50;
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let server = fastagi(&world, &sandbox.url, &["--deadline", "10s", "--user", "root"]);
    std::thread::scope(|scope| {
        for number in 0..CALLS {
            let (server, sandbox) = (&server, &sandbox);
            scope.spawn(move || {
                let id = format!("call-{number}");
                let (mut customer, said) = server.new_call(&id);
                assert_said(&said, &format!("zammad-cti: newCall of call {id}: none"));
                let extension = (200 + number).to_string();
                let mut phone = customer.picked_up_by("PJSIP/anna-0000001f", &extension);
                phone.call(server.address, &format!("answer?user=agent-{number}"));
                customer.is_connected_with(phone);
                until("the answer", || sandbox.call(&id)["state"] == "answer");
                customer.call(server.address, "hangup");
            });
        }
    });
    let ran = server.stop();
    assert_eq!(ran.stderr.matches(": none (").count(), 3 * CALLS, "{ran}");
    let log = sandbox.log();
    assert_eq!(log.len(), CALLS);
    for number in 0..CALLS {
        let call = log.iter().find(|call| call["call_id"] == format!("call-{number}")).unwrap();
        assert_eq!(call["to_comment"], format!("agent-{number}"), "{call}");
        assert_eq!((&call["comment"], &call["done"]), (&"normalClearing".into(), &true.into()), "{call}");
    }
}

#[test]
fn one_call_too_many_goes_on_without_zammad() {
    let world = World::new();
    // Zammad has the first call, and may reply to it.
    let (asked, go_on): (Arc<AtomicBool>, Arc<AtomicBool>) = Default::default();
    let flags = (asked.clone(), go_on.clone());
    let zammad = Server::start(move |mut stream| {
        servers::read_request(&mut stream);
        flags.0.store(true, Ordering::SeqCst);
        until("the end of the first call", || flags.1.load(Ordering::SeqCst));
        let _ = stream.write_all(&Reply::json(200, "{}").bytes());
    });
    let server =
        fastagi(&world, &zammad.url(), &["--max-calls", "1", "--deadline", "90s", "--timeout", "90s"]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| server.new_call("1"));
        until("the first call", || asked.load(Ordering::SeqCst));
        let mut second = server.connect();
        second.write_all(&Channel::of_customer("x").network_header(server.address, "new-call")).unwrap();
        assert!(is_closed(&mut second) && !first.is_finished());
        go_on.store(true, Ordering::SeqCst);
        let (channel, said) = first.join().unwrap();
        assert_eq!(channel.decision(), ("none", ""));
        assert_said(&said, "zammad-cti: newCall of call 1: none");
    });
    // There is room again.
    until("another call", || server.new_call("2").0.decision() == ("none", ""));
    let ran = server.stop();
    assert!(ran.stderr.contains("too many calls at once (--max-calls)"), "{ran}");
}

#[test]
fn a_peer_that_says_too_little_is_let_go_at_the_deadline() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let deadline = Duration::from_millis(500);
    let server = fastagi(&world, &zammad.url(), &["--deadline", "500ms"]);
    let header = Channel::of_customer("1").network_header(server.address, "new-call");
    let asked = [&header[..], b"HANGUP\n"].concat();
    // What the peer says before it falls silent.
    let cases: [&[u8]; 2] = [&header, &asked];
    std::thread::scope(|scope| {
        for said in cases {
            let mut stream = server.connect();
            scope.spawn(move || {
                let started = Stopwatch::start();
                stream.write_all(said).unwrap();
                assert!(is_closed(&mut stream));
                let took = started.took();
                assert!(
                    took.at_least(deadline - Duration::from_millis(100)) && took.within(deadline),
                    "{said:?}: {took:?}"
                );
            });
        }
        // Others are served meanwhile.
        let (channel, _) = server.new_call("2");
        assert_eq!(channel.decision(), ("none", ""));
    });
    assert_eq!(events(&zammad).len(), 1);
    let ran = server.stop();
    assert_eq!(ran.stderr.matches("cannot talk to Asterisk").count(), 2, "{ran}");
    assert!(ran.stderr.contains("1 more like this, the last: agi://.../new-call"), "{ran}");
}

#[test]
fn what_is_not_asterisk_is_turned_away_at_once() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &["--deadline", "90s"]);
    // (input, what is said)
    let cases = [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "does not name a call"),
        (b"agi_x: y\n".repeat(10_000), "is too long"),
        (vec![b'x'; 200_000], "is too long"),
        ((0..=255).cycle().take(200_000).collect(), "is too long"),
    ];
    for (input, said) in &cases {
        let mut stream = server.connect();
        // It need not listen to all of it.
        let _ = stream.write_all(input);
        assert!(is_closed(&mut stream));
        if *said == "does not name a call" {
            server.running.until_it_says(said);
        }
    }
    // A peer that ends in the middle.
    let header = Channel::of_customer("1").network_header(server.address, "new-call");
    for said in [&b""[..], &header[..header.len() / 2], &header] {
        let mut stream = server.connect();
        stream.write_all(said).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(is_closed(&mut stream));
    }
    assert_eq!(zammad.requests(), [] as [String; 0]);
    let (channel, _) = server.new_call("2");
    assert_eq!(channel.decision(), ("none", ""));
    let ran = server.stop();
    // One line, and how often it was. (Whose process it is cannot be told of all that have ended.)
    let of_line = |line: &str| {
        let line = line.strip_prefix("zammad-cti: ").filter(|line| line.contains("Asterisk"))?;
        let more = line.strip_prefix("warning: ").and_then(|line| line.split_once(" more like this"));
        Some(more.map_or(1, |(count, _)| count.parse::<usize>().unwrap()))
    };
    assert_eq!(ran.stderr.lines().filter_map(of_line).sum::<usize>(), cases.len() + 3, "{ran}");
}

#[test]
fn a_caller_who_hangs_up_meanwhile_is_reported_all_the_same() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &[]);
    let mut channel = Channel { hangs_up: true, ..Channel::of_customer(CALL) };
    channel.call(server.address, "new-call");
    assert_eq!(channel.decision(), ("none", ""));
    assert_eq!(events(&zammad)[0]["from"], "4940669690");
    channel = Channel { hangs_up: true, ..channel };
    channel.call(server.address, "hangup");
    until("the hangup", || events(&zammad).len() == 2);
    server.stop();
}

#[test]
fn the_call_goes_on_in_time_when_zammad_is_silent() {
    let world = World::new();
    let silent = Server::start(stay_silent);
    // (options, deadline)
    let cases: [(&[&str], Duration); 2] =
        [(&[], Duration::from_secs(2)), (&["--deadline", "300ms"], Duration::from_millis(300))];
    at_once(cases, |(options, deadline)| {
        let server = fastagi(&world, &silent.url(), options);
        let mut channel = Channel::of_customer(CALL);
        let told = channel.call(server.address, "new-call");
        assert!(told.took.within(deadline), "{told:?}");
        channel.assert_error("a silent Zammad");
        assert_eq!(told.said.len(), 1, "{told:?}");
        let mut phone = channel.picked_up_by("PJSIP/anna-0000001f", "101");
        let told = phone.call(server.address, "answer");
        assert!(told.took.within(Duration::from_millis(300)), "{told:?}");
        assert_said(&told.said, &format!("zammad-cti: answer of call {CALL} is on its way"));
        let told = channel.call(server.address, "hangup");
        assert!(told.took.within(deadline), "{told:?}");
        assert_said(&told.said, &format!("zammad-cti: hangup of call {CALL} is on its way"));
        server.running.signal("TERM");
        server.running.until_it_says("finishing the calls under way");
        server.running.signal("TERM");
        let ran = server.running.end();
        assert_eq!(ran.code, 0, "{ran}");
        assert!(!ran.stderr.contains(TOKEN), "{ran}");
    });
}

/// The server with a spool beside it.
pub fn spooling(world: &World, url: &str, options: &[&str]) -> Fastagi {
    let options = [&["--listen", "127.0.0.1:0", "--spool-path", "spool/spool.db"], options].concat();
    Fastagi::start(&mut program(world, url, &options))
}

/// Sends what waits in that spool, and tells how many events Zammad got.
pub fn flush(world: &World, url: &str) -> String {
    let mut flush = world.bare();
    flush.env("ZAMMAD_CTI_URL", url).args(["spool", "flush", "--spool-path", "spool/spool.db"]);
    stdout(&flush.assert().code(0)).split(',').next().unwrap_or_default().to_owned()
}

#[test]
fn a_call_during_which_zammad_is_down_is_in_its_log_afterwards() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    sandbox.fault(json!({ "mode": "respond", "status": 503 }));
    let server = spooling(&world, &sandbox.url, &["--deadline", "500ms"]);
    let (mut customer, said) = server.new_call(CALL);
    assert_eq!(customer.decision(), ("spooled", ""));
    assert_said(&said, &format!("zammad-cti: newCall of call {CALL}: spooled, as "));
    let mut phone = customer.picked_up_by("PJSIP/anna-0000001f", "101");
    let told = phone.call(server.address, "answer");
    assert_said(&told.said, &format!("zammad-cti: answer of call {CALL}"));
    customer.is_connected_with(phone);
    let told = customer.call(server.address, "hangup");
    assert_said(&told.said, &format!("zammad-cti: hangup of call {CALL}"));
    let ran = server.stop();
    assert_eq!(ran.stderr.matches(": spooled").count(), 3, "{ran}");
    sandbox.fault(json!({ "mode": "none" }));
    assert_eq!(flush(&world, &sandbox.url), "delivered 3");
    let call = sandbox.call(CALL);
    assert_eq!((&call["state"], &call["done"]), (&"hangup".into(), &true.into()), "{call}");
    assert_eq!(call["comment"], "normalClearing", "{call}");
}

#[test]
fn a_call_that_a_setting_keeps_from_zammad_is_in_its_log_afterwards() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    // An address of this machine that may be behind a proxy.
    let url = sandbox.url.replace("127.0.0.1", "0.0.0.0");
    let options = ["--listen", "127.0.0.1:0", "--spool-path", "spool/spool.db"];
    let server = Fastagi::start(program(&world, &url, &options).env("http_proxy", "socks5://127.0.0.1:1"));
    let (mut customer, _) = server.new_call(CALL);
    assert_eq!(customer.decision(), ("spooled", ""));
    customer.call(server.address, "hangup");
    let ran = server.stop();
    assert!(ran.stderr.contains("names a proxy of the kind socks5://"), "{ran}");
    assert_eq!(flush(&world, &url), "delivered 2", "{ran}");
    assert_eq!(sandbox.call(CALL)["state"], "hangup", "{ran}");
}

#[test]
fn the_server_goes_on_when_the_spool_is_removed_or_replaced_under_it() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    // Nothing is tried again, so that each event has all of its time for a disk that others use as well.
    let refuse = || {
        sandbox.fault(json!({
            "mode": "respond", "status": 401, "content_type": "application/json",
            "body": r#"{"error":"Invalid token, please contact your admin!"}"#
        }));
    };
    refuse();
    let server = spooling(&world, &sandbox.url, &["--deadline", "60s"]);
    let shell = |script: &str| {
        let ran = Command::new("sh").current_dir(world.path("")).args(["-ec", script]).status().unwrap();
        assert!(ran.success(), "{script}");
    };
    // (what somebody does to it, whose events are there afterwards)
    let cases = [
        ("true", 2),
        ("rm -r spool/spool.db*", 1),
        ("rm -r spool", 1),
        ("mv spool elsewhere", 1),
        ("rm -r spool; cp -r elsewhere spool", 2),
        ("head -c 20000 /dev/urandom > other; mv other spool/spool.db; rm spool/spool.db-*", 1),
        // The other one that waits there Zammad has had, out of the copy.
        ("rm -r spool; ln -s elsewhere spool", 1),
    ];
    let mut calls = 0;
    let mut call = |what: &str| {
        calls += 1;
        let (channel, said) = server.new_call(&format!("call-{calls}"));
        assert_eq!(channel.decision(), ("spooled", ""), "{what}: {said:?}");
    };
    call("the first one");
    for (what, expected) in cases {
        shell(what);
        call(what);
        sandbox.fault(json!({ "mode": "none" }));
        assert_eq!(flush(&world, &sandbox.url), format!("delivered {expected}"), "{what}");
        refuse();
        // So that there is something to be taken away again.
        call(what);
    }
    let ran = server.stop();
    assert_eq!(ran.stderr.matches("is damaged, and set aside").count(), 1, "{ran}");
}

#[test]
fn a_spool_that_hangs_holds_no_call_longer_than_its_limit() {
    let world = World::new();
    let deadline = Duration::from_secs(1);
    let zammad = zammad(Duration::ZERO);
    let nobody = servers::reserved_port();
    // (Zammad, what the dialplan reads)
    for (url, action) in [(zammad.url(), "none"), (servers::url(nobody.local_addr().unwrap()), "error")] {
        // Somebody keeps the file to himself, from before it is opened, or while it is in use.
        for is_open in [false, true] {
            let start = || spooling(&world, &url, &["--deadline", "1s"]);
            let mut server = start();
            server.new_call("before");
            if !is_open {
                server.stop();
                server = start();
            }
            let other = rusqlite::Connection::open(world.path("spool/spool.db")).unwrap();
            other.execute_batch("BEGIN EXCLUSIVE").unwrap();
            let took = Mutex::new(Vec::new());
            std::thread::scope(|scope| {
                for number in 0..20 {
                    let (server, took) = (&server, &took);
                    scope.spawn(move || {
                        let mut channel = Channel::of_customer(&format!("{is_open}-{action}-{number}"));
                        let told = channel.call(server.address, "new-call");
                        took.lock().unwrap().push(told.took);
                        assert_eq!(channel.decision().0, action, "{told:?}");
                        let mut phone = channel.picked_up_by("PJSIP/anna-0000001f", "101");
                        let told = phone.call(server.address, "answer");
                        took.lock().unwrap().push(told.took);
                    });
                }
            });
            let took = took.into_inner().unwrap();
            assert!(took.iter().all(|took| took.within(deadline)), "{action} {is_open}: {took:?}");
            drop(other);
            server.running.signal("TERM");
            server.running.until_it_says("finishing the calls under way");
            server.running.signal("TERM");
            let ran = server.running.end();
            assert_eq!(ran.code, 0, "{ran}");
        }
    }
}

#[test]
fn a_hangup_has_more_time_than_its_call_is_held() {
    let world = World::new();
    let zammad = zammad(Duration::from_secs(1));
    let server = fastagi(&world, &zammad.url(), &["--deadline", "200ms"]);
    let told = Channel::of_customer(CALL).call(server.address, "hangup?cause=busy");
    assert!(told.took.within(Duration::from_millis(200)), "{told:?}");
    assert_said(&told.said, &format!("zammad-cti: hangup of call {CALL} is on its way"));
    let ran = server.stop();
    assert!(ran.stderr.contains(&format!("hangup of call {CALL}: none")), "{ran}");
    assert_eq!(events(&zammad).len(), 1);
}

#[test]
fn a_stop_waits_for_the_calls_under_way() {
    let world = World::new();
    let zammad = zammad(Duration::from_millis(1500));
    let server = fastagi(&world, &zammad.url(), &[]);
    let address = server.address;
    let told = Channel::of_customer("1").call(address, "answer?user=anna");
    assert_said(&told.said, "zammad-cti: answer of call 1 is on its way");
    std::thread::scope(|scope| {
        let call = scope.spawn(|| server.new_call("2"));
        until("the call and the answer", || zammad.requests().len() == 2);
        server.running.signal("TERM");
        server.running.until_it_says("finishing the calls under way");
        // Nobody else is let in, or told anything, or waits for the end.
        let mut late = TcpStream::connect(address).unwrap();
        // It may be closed before all of it is written.
        let _ = late.write_all(&Channel::of_customer("3").network_header(address, "new-call"));
        assert!(is_closed(&mut late));
        assert!(!call.is_finished(), "one more call waited for the end of the others");
        let (channel, _) = call.join().unwrap();
        assert_eq!(channel.decision(), ("none", ""));
    });
    let ran = server.running.end();
    assert_eq!(ran.code, 0, "{ran}");
    for said in ["answer of call 1: none", "newCall of call 2: none"] {
        assert!(ran.stderr.contains(said), "{said}: {ran}");
    }
    assert_eq!(events(&zammad).len(), 2);
}

#[test]
fn it_can_be_stopped_as_soon_as_it_tells_its_address() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    at_once(0..40, |_| {
        fastagi(&world, &zammad.url(), &[]).stop();
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let world = World::new();
    let silent = Server::start(stay_silent);
    for signal in ["TERM", "INT"] {
        let server = fastagi(&world, &silent.url(), &["--deadline", "20s"]);
        let mut call = server.connect();
        call.write_all(b"agi_network: yes\n").unwrap();
        let told = Channel::of_customer(CALL).call(server.address, "answer");
        assert_said(&told.said, &format!("zammad-cti: answer of call {CALL} is on its way"));
        let started = Stopwatch::start();
        server.running.signal(signal);
        server.running.until_it_says("finishing the calls under way");
        server.running.signal(signal);
        let ran = server.running.end();
        assert_eq!(ran.code, 0, "{ran}");
        let took = started.took();
        assert!(took.within(Duration::from_secs(1)), "{took:?}");
    }
}

#[test]
fn a_second_signal_ends_it_while_events_wait_for_their_turns() {
    let world = World::new();
    let silent = Server::start(stay_silent);
    let server = spooling(&world, &silent.url(), &["--deadline", "20s"]);
    // Zammad does not say what it makes of the answer, and so the hangups wait, each in a thread.
    for event in ["answer"].into_iter().chain(["hangup"; 20]) {
        let told = Channel::of_customer(CALL).call(server.address, event);
        assert_said(&told.said, &format!("zammad-cti: {event} of call {CALL} is on its way"));
    }
    let started = Stopwatch::start();
    server.running.signal("TERM");
    server.running.until_it_says("finishing the calls under way");
    server.running.signal("TERM");
    let ran = server.running.end();
    assert_eq!(ran.code, 0, "{ran}");
    let took = started.took();
    assert!(took.within(Duration::from_secs(1)), "{took:?}");
}

#[test]
fn a_socket_of_systemds_is_used() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hand_over = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$0\" fastagi \
                     --listen 192.0.2.1:1";
    let mut shell = Command::new("/bin/sh");
    let program = world.process();
    shell.args(["-c", hand_over]).arg(program.get_program()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("ZAMMAD_CTI_URL", zammad.url()).stdin(OwnedFd::from(listener));
    let server = Fastagi::start(&mut shell);
    assert_eq!(server.address, address);
    assert_eq!(server.new_call(CALL).0.decision(), ("none", ""));
    server.stop();
}

#[test]
fn a_socket_that_systemd_gave_to_another_process_is_not_used() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    // What a shell leaves of its environment, and a file that is no socket.
    for left in [
        &[("LISTEN_FDS", "1")][..],
        &[("LISTEN_FDS", "1"), ("LISTEN_PID", "1")],
        &[("LISTEN_FDS", "1"), ("LISTEN_PID", "")],
    ] {
        let mut program = world.process();
        program.args(["fastagi", "--listen", "127.0.0.1:0"]).env("ZAMMAD_CTI_URL", zammad.url());
        let server = Fastagi::start(program.envs(left.iter().copied()));
        assert_eq!(server.new_call(CALL).0.decision(), ("none", ""), "{left:?}");
        server.stop();
    }
}

#[test]
fn systemd_is_told_when_it_is_ready_alive_and_about_to_end() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let path = world.path("notify");
    let started = Stopwatch::start();
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut program = program(&world, &zammad.url(), &["--listen", "127.0.0.1:0"]);
    let server = Fastagi::start(program.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000"));
    let next = || {
        let mut part = [0; 4096];
        let length = systemd.recv(&mut part).unwrap();
        String::from_utf8(part[..length].to_vec()).unwrap().trim_end().to_owned()
    };
    let until_it_is = |wanted: &str, meanwhile: &str| {
        let mut said = next();
        while said == meanwhile {
            said = next();
        }
        assert_eq!(said, wanted);
    };
    assert_eq!(next(), format!("READY=1\nSTATUS=taking calls on agi://{}", server.address));
    for _ in 0..4 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    // Twice as often as it wants to know: at once, and after 50, 100 and 150 ms.
    let took = started.took();
    assert!(took.at_least(Duration::from_millis(150)) && took.within(Duration::from_secs(1)), "{took:?}");
    server.running.signal("TERM");
    until_it_is("STOPPING=1\nSTATUS=finishing the attempts on their way", "WATCHDOG=1");
    assert_eq!(server.running.end().code, 0);
}

#[test]
fn a_watchdog_without_time_ends_nothing() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let mut program = program(&world, &zammad.url(), &["--listen", "127.0.0.1:0"]);
    let server = Fastagi::start(program.env("WATCHDOG_USEC", "0"));
    assert_eq!(server.new_call(CALL).0.decision(), ("none", ""));
    assert_eq!(server.stop().code, 0);
}

#[test]
fn an_address_that_others_reach_is_warned_of() {
    let world = World::new();
    // (address, whether it warns)
    let secret = world.file("secret", 0o600, "0123456789abcdef");
    let secret = ["--secret-file", secret.to_str().unwrap()];
    let cases: [(&str, &[&str], bool); 6] = [
        ("127.0.0.1:0", &[], false),
        ("127.0.0.9:0", &[], false),
        ("localhost:0", &[], false),
        ("0.0.0.0:0", &[], true),
        ("0.0.0.0:0", &["--user", "root"], true),
        ("0.0.0.0:0", &secret, false),
    ];
    for (address, options, warns) in cases {
        let zammad = zammad(Duration::ZERO);
        let options = [&["--listen", address], options].concat();
        let server = Fastagi::start(&mut program(&world, &zammad.url(), &options));
        let ran = server.stop();
        let warning = "without a secret (--secret-file): everyone who reaches it can see who is blocked";
        assert_eq!(ran.stderr.contains(warning), warns, "{options:?}: {ran}");
        assert_eq!(ran.stderr.contains("every user of this machine"), options.len() == 2 && !warns, "{ran}");
        assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    }
}

#[test]
fn what_it_cannot_begin_with_is_said_in_a_line() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let broken = world.file("broken.toml", 0o600, "quue = 1\n");
    let url = zammad.url();
    // (address of Zammad, options, exit code, what is said)
    let cases: [(&str, Vec<&str>, i32, &str); 4] = [
        (&url, vec!["--listen", &taken], 74, "cannot listen on 127.0.0.1:"),
        (&url, vec!["--listen", "127.0.0.1:0", "--config", broken.to_str().unwrap()], 78, "quue"),
        (&url, vec!["--listen", "127.0.0.1:0", "--deadline", "0s"], 78, "deadline"),
        ("", vec!["--listen", "127.0.0.1:0"], 78, "url"),
    ];
    for (url, options, code, said) in cases {
        let ran = Running::start(&mut program(&world, url, &options)).end();
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{options:?}: {ran}");
        assert_eq!(ran.stderr.lines().count(), 1, "{options:?}: {ran}");
        assert!(ran.stderr.starts_with("zammad-cti: ") && ran.stderr.contains(said), "{options:?}: {ran}");
    }
}
