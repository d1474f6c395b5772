//! What other users of the machine can do to the calls of the right one, and what they cannot.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv6Addr, SocketAddrV6, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::asterisk::{CALL, Channel, events};
use crate::fastagi::{Fastagi, fastagi, flush, is_closed, program, spooling, zammad};
use crate::running::{Running, until};
use crate::servers::{Reply, Server, read_request};
use crate::support::World;

/// Who has no right to anything.
const NOBODY: u32 = 65534;

const SECRET: &str = "Hq7-secret_of-fastagi-2Zp";

/// Does it as this user, as far as the sockets that it opens are concerned.
fn as_user<T: Send>(user: u32, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            // SAFETY: it takes a number, and changes this thread only, which ends with the work.
            let now = unsafe {
                libc::setfsuid(user);
                libc::setfsuid(user)
            };
            assert_eq!(u32::try_from(now), Ok(user), "this test plays two users, so it runs as root only");
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Keeps so many connections open that say `said` and no more, until the work is done.
fn beside_connections<T>(
    server: &Fastagi,
    user: u32,
    count: usize,
    said: &[u8],
    work: impl FnOnce() -> T,
) -> T {
    const THREADS: usize = 4;
    let (is_over, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let connect = || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        // It may be closed already.
        let _ = stream.write_all(said);
        stream
    };
    let is_open = |stream: &mut TcpStream| {
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(count) => count > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                as_user(user, || {
                    let mut streams: Vec<_> = (0..count / THREADS).map(|_| connect()).collect();
                    begun.fetch_add(1, Ordering::Relaxed);
                    while !is_over.load(Ordering::Relaxed) {
                        for stream in &mut streams {
                            if !is_open(stream) {
                                *stream = connect();
                            }
                        }
                        std::thread::sleep(Duration::from_millis(10));
                    }
                });
            });
        }
        until("the connections", || begun.load(Ordering::Relaxed) == THREADS);
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        is_over.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// So many times longer a call may be held.
const PROMISED_TIMES: u32 = 20;

/// Twenty calls, at the same time, each with Zammad's decision. How long each was held.
fn twenty_calls(server: &Fastagi, script: &str) -> Vec<Duration> {
    std::thread::scope(|scope| {
        let call = |number| {
            move || {
                let mut channel = Channel::of_customer(&format!("call-{number}"));
                let started = Instant::now();
                let told = channel.call(server.address, script);
                let held = started.elapsed();
                assert_eq!(channel.decision(), ("reject", ""), "call {number}: {told:?}");
                held
            }
        };
        let calls: Vec<_> = (0..20).map(|number| scope.spawn(call(number))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// A Zammad that blocks everybody.
fn blocking() -> Server {
    Server::answering([Reply::json(200, r#"{"action":"reject","reason":"busy"}"#)])
}

#[test]
fn connections_of_another_user_take_no_decision_from_a_call() {
    let world = World::new();
    let zammad = blocking();
    let secret = world.file("secret", 0o600, SECRET);
    let secret = ["--secret-file", secret.to_str().unwrap()];
    let with_secret = format!("{SECRET}/new-call");
    // (whose they are, options, what they say besides the right path, request)
    let cases: [(u32, &[&str], &str, &str); 6] = [
        // They wait for nothing that others wait for, nobody's as little as those of Asterisk's own user.
        (NOBODY, &[], "", "new-call"),
        (0, &[], "", "new-call"),
        // A whole header, and then no reply.
        (NOBODY, &[], "new-call", "new-call"),
        (NOBODY, &["--user", "root"], "new-call", "new-call"),
        (NOBODY, &secret, "new-call", &with_secret),
        (0, &secret, "new-call", &with_secret),
    ];
    for (user, options, script, request) in cases {
        // A busy machine may take longer for all these connections than a call is held.
        let server = fastagi(&world, &zammad.url(), &[options, &["--deadline", "60s"]].concat());
        let mut said = Channel::of_customer("x").network_header(server.address, script);
        if script.is_empty() {
            said.truncate(said.len() / 2);
        }
        // In turn with a server that has no such connections, on the same busy machine.
        let quiet = fastagi(&world, &zammad.url(), &[options, &["--deadline", "60s"]].concat());
        beside_connections(&server, user, 300, &said, || {
            let rounds = (0..5).map(|_| (twenty_calls(&quiet, request), twenty_calls(&server, request)));
            let (quiet, beside) = rounds.unzip::<_, _, Vec<_>, Vec<_>>();
            let (quiet, beside) = (median(quiet.concat()), median(beside.concat()));
            assert!(beside <= quiet * PROMISED_TIMES, "{beside:?} beside them, {quiet:?} without them");
        });
        server.stop();
        quiet.stop();
    }
}

#[test]
fn a_header_that_comes_byte_by_byte_is_not_waited_for() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &["--deadline", "60s"]);
    let mut stream = server.connect();
    let header = Channel::of_customer(CALL).network_header(server.address, "new-call");
    let mut sent = 0;
    for byte in header.chunks(1) {
        // Closed, and then reset.
        if stream.write_all(byte).is_err() {
            break;
        }
        sent += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(sent < header.len(), "all {sent} bytes were waited for");
    assert!(is_closed(&mut stream));
    let ran = server.stop();
    assert!(
        ran.stderr.contains("no AGI from a process of user 0: its header did not come within 200 ms"),
        "{ran}"
    );
    assert_eq!(zammad.requests(), [] as [String; 0]);
}

#[test]
fn a_stranger_is_said_once_and_counted() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let secret = world.file("secret", 0o600, SECRET);
    let server = fastagi(&world, &zammad.url(), &["--secret-file", secret.to_str().unwrap()]);
    as_user(NOBODY, || {
        let silent: Vec<_> = (0..100).map(|_| server.connect()).collect();
        silent.into_iter().for_each(|mut stream| assert!(is_closed(&mut stream)));
        for number in 0..50 {
            Channel::of_customer(&format!("{number}")).call(server.address, "new-call");
            let mut stream = server.connect();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            assert!(is_closed(&mut stream));
        }
    });
    as_user(33, || Channel::of_customer("33").call(server.address, "new-call"));
    let ran = server.stop();
    // (line, how often)
    let cases = [
        ("no AGI from a process of user 65534: its header did not come within 200 ms", 2),
        ("99 more like this, the last: no AGI from a process of user 65534: its header did not come", 1),
        ("refused a process of user 65534: its address has no secret (--secret-file)", 2),
        ("49 more like this, the last: refused a process of user 65534", 1),
        ("no AGI from a process of user 65534: Asterisk's header does not name a call", 2),
        (
            "49 more like this, the last: no AGI from a process of user 65534: Asterisk's header does not name",
            1,
        ),
        ("refused a process of user 33: its address has no secret", 1),
    ];
    for (line, count) in cases {
        assert_eq!(ran.stderr.matches(line).count(), count, "{line}: {ran}");
    }
    assert_eq!(ran.stderr.lines().count(), 8, "{ran}");
}

#[test]
fn only_the_named_users_report_calls() {
    let world = World::new();
    let named = |users: &[&'static str]| users.iter().flat_map(|user| ["--user", user]).collect::<Vec<_>>();
    // (names, users who may)
    let cases: [(&[&str], &[u32]); 5] = [
        (&["nobody"], &[NOBODY]),
        (&["no-such-user"], &[]),
        (&["33"], &[33]),
        (&["root", "nobody", "no-such-user"], &[0, NOBODY]),
        (&["no-such-user", "nobody"], &[NOBODY]),
    ];
    for (names, users) in cases {
        let zammad = blocking();
        let server = fastagi(&world, &zammad.url(), &named(names));
        for user in [0, 33, NOBODY] {
            for script in ["new-call", "hangup?cause=busy"] {
                let before = zammad.requests().len();
                let mut channel = Channel::of_customer(&format!("{user}-{script}"));
                let told = as_user(user, || channel.call(server.address, script));
                if !users.contains(&user) {
                    let error = channel.assert_error(script);
                    assert!(error.contains("--user"), "{names:?} {user} {script}: {error}");
                    assert!(matches!(&told.said[..], [only] if only.contains("refused")), "{told:?}");
                    assert_eq!(zammad.requests().len(), before, "{names:?} {user} {script}");
                } else if script == "new-call" {
                    assert_eq!(channel.decision(), ("reject", ""), "{names:?} {user}: {told:?}");
                } else {
                    until("the hangup", || zammad.requests().len() == before + 1);
                }
            }
        }
        let ran = server.stop();
        let unknown =
            "warning: there is no user no-such-user on this machine: --user no-such-user lets nobody in";
        assert_eq!(ran.stderr.contains(unknown), names.contains(&"no-such-user"), "{ran}");
        let refused =
            format!("refused a process of user 33: only {} may report calls (--user)", names.join(", "));
        assert_eq!(ran.stderr.contains(&refused), !users.contains(&33), "{ran}");
        assert!(!ran.stderr.contains("every user of this machine"), "{ran}");
    }
}

#[test]
fn a_process_that_has_gone_is_not_taken_for_root() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &["--user", "root"]);
    // It has closed its end before anybody looks whose it is, and the kernel says 0 of such a socket.
    server.running.signal("STOP");
    as_user(NOBODY, || {
        let mut stream = server.connect();
        let header = Channel::of_customer("victim").network_header(server.address, "hangup?cause=busy");
        stream.write_all(&header).unwrap();
    });
    server.running.signal("CONT");
    server.running.until_it_says("refused a process whose user cannot be found");
    let (channel, _) = server.new_call(CALL);
    assert_eq!(channel.decision(), ("none", ""));
    server.stop();
    assert_eq!(events(&zammad).len(), 1);
}

/// Does it in a network of its own, whose loopback interface has this address too.
fn with_address<T: Send>(address: Ipv6Addr, work: impl FnOnce() -> T + Send) -> T {
    let set_up = || {
        // SAFETY: it changes this thread only, and what it starts.
        let unshared = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(unshared, 0, "this test makes a network, so it runs as root only");
        let socket = UdpSocket::bind("[::]:0").unwrap();
        // SAFETY: all of it are numbers, for which zeros do.
        let mut loopback: libc::ifreq = unsafe { std::mem::zeroed() };
        (loopback.ifr_name[0], loopback.ifr_name[1]) = (b'l'.cast_signed(), b'o'.cast_signed());
        loopback.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_UP).unwrap();
        // SAFETY: as above.
        let mut more: libc::in6_ifreq = unsafe { std::mem::zeroed() };
        more.ifr6_addr.s6_addr = address.octets();
        (more.ifr6_prefixlen, more.ifr6_ifindex) = (64, LOOPBACK.cast_signed());
        // SAFETY: the kernel reads the two structures, which outlive the calls.
        let done = unsafe {
            [
                libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const loopback),
                libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFADDR, &raw const more),
            ]
        };
        assert_eq!(done, [0, 0], "{}", std::io::Error::last_os_error());
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            set_up();
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The number of the loopback interface.
const LOOPBACK: u32 = 1;

#[test]
fn a_link_local_address_of_this_machine_is_none_of_another() {
    let address = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
    with_address(address, || {
        let world = World::new();
        let zammad = zammad(Duration::ZERO);
        let options = ["--listen", "[::]:0", "--user", "root"];
        let server = Fastagi::start(&mut program(&world, &zammad.url(), &options));
        let there = SocketAddrV6::new(address, server.address.port(), 0, LOOPBACK).into();
        let mut channel = Channel::of_customer("nobody");
        let told = as_user(NOBODY, || channel.call(there, "new-call"));
        assert!(channel.assert_error("new-call").contains("--user"), "{told:?}");
        let mut channel = Channel::of_customer("root");
        let told = channel.call(there, "new-call");
        assert_eq!(channel.decision(), ("none", ""), "{told:?}");
        let ran = server.stop();
        assert!(ran.stderr.contains("refused a process of user 65534"), "{ran}");
        assert_eq!(events(&zammad).len(), 1);
    });
}

#[test]
fn without_the_secret_nothing_is_looked_up_and_nobody_sees_it() {
    let world = World::new();
    let file = world.file("secret", 0o600, &format!("{SECRET}\n"));
    let file = file.to_str().unwrap();
    let other = world.file("other", 0o600, "another-secret-than-that");
    // (arguments, variables) by which it gets the secret; flags are stronger
    type Way<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);
    let ways: [Way<'_>; 4] = [
        (&["--secret-file", file], &[]),
        (&[], &[("ZAMMAD_CTI_FASTAGI_SECRET", SECRET)]),
        (&[], &[("ZAMMAD_CTI_FASTAGI_SECRET_FILE", file)]),
        (&["--secret-file", file], &[("ZAMMAD_CTI_FASTAGI_SECRET_FILE", other.to_str().unwrap())]),
    ];
    let wrong = "Hq7-secret_of-fastagi-2Zq";
    // (script, whether it has the secret)
    let cases = [
        ("new-call".to_owned(), false),
        ("/new-call".to_owned(), false),
        (format!("{wrong}/new-call"), false),
        (format!("{SECRET}x/new-call"), false),
        (format!("{}/new-call", &SECRET[1..]), false),
        (format!("{SECRET}/{SECRET}/new-call"), false),
        (format!("new-call?queue={SECRET}/new-call"), false),
        (format!("new-call/{SECRET}"), false),
        (SECRET.to_owned(), false),
        (format!("{SECRET}/new-call"), true),
        (format!("/{SECRET}/new-call?direction=in"), true),
        (format!("{SECRET}/hangup?cause=busy"), true),
    ];
    for (arguments, variables) in ways {
        let zammad = blocking();
        let mut program = program(&world, &zammad.url(), &[&["--listen", "127.0.0.1:0"], arguments].concat());
        let server = Fastagi::start(program.envs(variables.iter().copied()).env("RUST_LOG", "trace"));
        for (number, (script, has_secret)) in cases.iter().enumerate() {
            let before = zammad.requests().len();
            let mut channel = Channel::of_customer(&format!("{number}"));
            let told = channel.call(server.address, script);
            if *has_secret {
                assert_eq!(channel.get("ZAMMAD_ERROR"), "", "{script}: {told:?}");
                until("the event", || zammad.requests().len() == before + 1);
            } else {
                let error = channel.assert_error(script);
                assert!(error.contains("needs the secret"), "{script}: {error}");
                assert_eq!(zammad.requests().len(), before, "{script}");
            }
            assert!(!format!("{told:?}").contains(SECRET), "{told:?}");
        }
        // A mistake behind it is shown without it.
        let mut channel = Channel::of_customer(CALL);
        let told = channel.call(server.address, &format!("{SECRET}/newcall"));
        assert!(channel.assert_error("newcall").contains("newcall"), "{told:?}");
        let ran = server.stop();
        assert!(ran.stderr.contains("agi://.../newcall"), "{ran}");
        for secret in [SECRET, wrong] {
            assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret), "{ran}");
        }
    }
}

#[test]
fn a_secret_that_is_not_asked_for_is_let_through_and_said() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let server = fastagi(&world, &zammad.url(), &[]);
    for (id, query) in [("1", ""), ("2", "?queue=1")] {
        let (mut channel, script) = (Channel::of_customer(id), format!("{SECRET}/new-call{query}"));
        channel.call(server.address, &script);
        assert_eq!(channel.decision(), ("none", ""), "{script}");
    }
    // In place of an event it is not shown either.
    let mut channel = Channel::of_customer(CALL);
    channel.call(server.address, SECRET);
    assert!(channel.assert_error("a secret alone").contains("does not end with an event"));
    let ran = server.stop();
    assert_eq!(ran.stderr.matches("this server asks for none (--secret-file)").count(), 2, "{ran}");
    assert!(!ran.stderr.contains(SECRET), "{ran}");
}

#[test]
fn a_secret_that_is_none_keeps_the_server_from_starting() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let file = |name, mode, text: &str| world.file(name, mode, text).to_str().unwrap().to_owned();
    let (right, open) = (file("right", 0o600, SECRET), file("open", 0o644, SECRET));
    let (empty, two) = (file("empty", 0o600, "\n"), file("two", 0o600, &format!("{SECRET} {SECRET}")));
    // (argument, variables, what is said)
    type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case<'_>; 8] = [
        (Some("/nowhere/secret"), &[], "cannot read /nowhere/secret"),
        (Some(&open), &[], "holds the secret, and others can read it; run: chmod o-rwx"),
        (Some(&empty), &[], "must contain one secret, and nothing else"),
        (Some(&two), &[], "must contain one secret, and nothing else"),
        (Some(SECRET), &[], "looks like the secret itself, not like the name of a file"),
        (None, &[("ZAMMAD_CTI_FASTAGI_SECRET", "fifteen-letters")], "shorter than 16 characters"),
        (None, &[("ZAMMAD_CTI_FASTAGI_SECRET", "Hq7-secret_of/fastagi-2Zp")], "letters, digits, - and _"),
        (
            None,
            &[("ZAMMAD_CTI_FASTAGI_SECRET", SECRET), ("ZAMMAD_CTI_FASTAGI_SECRET_FILE", &right)],
            "are set; keep one of them",
        ),
    ];
    for (argument, variables, said) in cases {
        let mut options = vec!["--listen", "127.0.0.1:0"];
        options.extend(argument.iter().flat_map(|file| ["--secret-file", file]));
        let mut program = program(&world, &zammad.url(), &options);
        let ran = Running::start(program.envs(variables.iter().copied())).end();
        assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{said}: {ran}");
        assert_eq!(ran.stderr.lines().count(), 1, "{said}: {ran}");
        assert!(
            ran.stderr.starts_with("zammad-cti: the secret of fastagi: ") && ran.stderr.contains(said),
            "{ran}"
        );
        assert!(!ran.stderr.contains("Hq7-secret"), "{ran}");
    }
}

/// Reports calls until one is not kept, at most so many, and tells how many were.
fn keep(server: &Fastagi, user: u32, most: usize) -> usize {
    let is_kept = |number| {
        let mut channel = Channel::of_customer(&format!("{user}-{number}"));
        let told = as_user(user, || channel.call(server.address, "new-call"));
        if channel.decision() != ("spooled", "") {
            let error = channel.assert_error("a call that is not kept").to_owned();
            assert!(error.contains("too many events"), "{told:?}");
        }
        channel.decision().0 == "spooled"
    };
    (0..most).take_while(|number| is_kept(*number)).count()
}

#[test]
fn one_user_does_not_fill_the_spool_for_others() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", crate::support::TOKEN]);
    let bounded = ["--spool", "always", "--spool-max-events", "30"];
    let server = spooling(&world, &sandbox.url, &bounded);
    assert_eq!(keep(&server, NOBODY, 30), 10);
    // A call that is kept gets its end.
    for number in 0..5 {
        let mut channel = Channel::of_customer(&format!("{NOBODY}-{number}"));
        let told = as_user(NOBODY, || channel.call(server.address, "hangup?cause=busy"));
        assert!(told.said[0].contains("spooled"), "{told:?}");
    }
    assert_eq!(keep(&server, 33, 5), 5);
    // What Zammad has had counts no more.
    assert_eq!(flush(&world, &sandbox.url), "delivered 20");
    until("room", || keep(&server, NOBODY, 1) == 1);
    let ran = server.stop();
    assert!(ran.stderr.contains("too many events of a process of user 65534 wait in the spool"), "{ran}");
    assert!(!ran.stderr.contains("too many events of a process of user 33"), "{ran}");
}

#[test]
fn whoever_is_named_may_fill_the_spool() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", crate::support::TOKEN]);
    sandbox.fault(json!({ "mode": "respond", "status": 503 }));
    let named = ["--spool", "always", "--spool-max-events", "30", "--user", "nobody"];
    let server = spooling(&world, &sandbox.url, &named);
    assert_eq!(keep(&server, NOBODY, 30), 30);
    server.stop();
}

/// A Zammad that says nothing until it is let, and then to all that have asked, and ask.
fn held_back() -> (Server, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let (may_answer, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (is_let, count) = (may_answer.clone(), answered.clone());
    let server = Server::start(move |mut stream| {
        read_request(&mut stream);
        until("Zammad", || is_let.load(Ordering::Relaxed));
        count.fetch_add(1, Ordering::Relaxed);
        let _ = stream.write_all(&Reply::json(200, "{}").bytes());
    });
    (server, may_answer, answered)
}

/// Reports ends of calls, some at a time, and tells of how many it hears that they are on their way.
fn hang_up(server: &Fastagi, user: u32, count: usize) -> usize {
    const AT_ONCE: usize = 4;
    let (address, on_their_way) = (server.address, AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for part in 0..AT_ONCE {
            let on_their_way = &on_their_way;
            scope.spawn(move || {
                as_user(user, || {
                    for number in (part..count).step_by(AT_ONCE) {
                        let mut channel = Channel::of_customer(&format!("{user}-{number}"));
                        let told = channel.call(address, "hangup?cause=busy");
                        let is_one = told.said.concat().contains("on its way");
                        on_their_way.fetch_add(usize::from(is_one), Ordering::Relaxed);
                    }
                });
            });
        }
    });
    on_their_way.into_inner()
}

#[test]
fn what_a_stranger_has_under_way_to_a_silent_zammad_is_bounded() {
    const CALLS: usize = 150;
    let world = World::new();
    // (options, whether all of it goes its way)
    let cases: [(&[&str], bool); 2] = [(&[], false), (&["--user", "nobody"], true)];
    for (options, are_all) in cases {
        let (zammad, may_answer, answered) = held_back();
        let waiting = ["--max-calls", "10", "--timeout", "60s", "--deadline", "60s"];
        let server = fastagi(&world, &zammad.url(), &[&waiting, options].concat());
        let expected = if are_all { CALLS } else { 80 };
        assert_eq!(hang_up(&server, NOBODY, CALLS), expected, "{options:?}");
        if !are_all {
            // Others have their own.
            assert_eq!(hang_up(&server, 33, 1), 1);
        }
        may_answer.store(true, Ordering::Relaxed);
        let others = usize::from(!are_all);
        let ran = server.stop();
        assert_eq!(answered.load(Ordering::Relaxed), expected + others, "{ran}");
        let said = ran.stderr.matches("too many events wait for Zammad").count();
        // At once, and how many more.
        assert_eq!(said, 2 * others, "{ran}");
    }
}

#[test]
fn strangers_do_not_fill_the_log() {
    const CALLS: usize = 60;
    let world = World::new();
    // (options, whether all there is to say is said)
    let cases: [(&[&str], bool); 2] = [(&[], false), (&["--user", "nobody"], true)];
    // (Zammad's reply, what is said of each event)
    let replies = [(200, "newCall of call"), (503, "newCall of call"), (404, "newCall of call")];
    for (status, of_event) in replies {
        for (options, is_all) in cases {
            let zammad = Server::answering([Reply::json(status, "{}")]);
            let options = [options, &["--deadline", "300ms"]].concat();
            let server = fastagi(&world, &zammad.url(), &options);
            std::thread::scope(|scope| {
                for part in 0..4 {
                    let address = server.address;
                    scope.spawn(move || {
                        as_user(NOBODY, || {
                            for number in 0..CALLS / 4 {
                                // An argument and a number that there is advice about.
                                Channel::of_customer(&format!("{part}-{number}"))
                                    .call(address, "new-call?to=7,argument");
                            }
                        });
                    });
                }
            });
            let ran = server.stop();
            for said in [of_event, "put options into the query of the address"] {
                let lines = ran.stderr.lines().filter(|line| line.contains(said)).count();
                assert_eq!(lines >= CALLS, is_all, "{status} {options:?} {said}: {ran}");
            }
            // Twenty of a level, and how many more.
            assert!(is_all || ran.stderr.lines().count() <= 3 * 21 + 1, "{status}: {ran}");
            assert!(is_all || ran.stderr.contains(" more like this, the last: "), "{status}: {ran}");
        }
    }
}
