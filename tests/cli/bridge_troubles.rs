//! What whoever tries a bridge for the first time meets when something is not as it should be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::ami::{Ami, Manners, SECRET, USERNAME};
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

/// A configuration with a phone system at this address, and more.
fn configured(world: &World, sandbox: &Sandbox, address: &str, more: &str) -> PathBuf {
    let url = &sandbox.url;
    let text = format!(
        "url = {url:?}\n{more}\n[bridge.asterisk]\naddress = {address:?}\nusername = {USERNAME:?}\nsecret = {SECRET:?}\n"
    );
    world.file("zammad.toml", 0o600, &text)
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

#[test]
fn an_address_that_is_none_is_refused_at_once() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    // (what is set, what is said)
    let cases = [
        ("", "bridge.asterisk.address is empty; it is HOST:PORT, such as 127.0.0.1:5038"),
        (
            "tcp://pbx:5038",
            "bridge.asterisk.address: \"tcp://pbx:5038\" is not HOST:PORT, such as 127.0.0.1:5038",
        ),
        (
            "pbx:50380000",
            "bridge.asterisk.address: \"pbx:50380000\" is not HOST:PORT, such as 127.0.0.1:5038",
        ),
    ];
    for (address, said) in cases {
        let file = configured(&world, &sandbox, address, "");
        for (command, code) in
            [(&["config", "check"][..], 78), (&["bridge", "asterisk"], 78), (&["check"], 2)]
        {
            let ran = ended(world.process().args(command).arg("--config").arg(&file));
            let all = format!("{}{}", ran.stdout, ran.stderr);
            let flat = all.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(ran.code == code && flat.contains(said), "{address:?}: {command:?}: {ran}");
        }
    }
}

#[test]
fn so_is_that_of_any_phone_system_with_a_port() {
    let world = World::new();
    // (phone system, its usual port)
    for (name, port) in [("freeswitch", 8021), ("fritzbox", 1012)] {
        for address in ["", "pbx:0", "pbx:99999", "pbx:port", "tcp://pbx:1012"] {
            let ran = ended(world.process().args(["bridge", name, "--dry-run", "--address", address]));
            let said = format!("HOST:PORT, such as 127.0.0.1:{port}");
            assert!(ran.code == 78 && ran.stderr.contains(&said), "{name} {address:?}: {ran}");
            assert!(ran.stderr.contains(&format!("bridge.{name}.address")), "{ran}");
        }
    }
}

#[test]
fn a_dry_run_beside_the_service_leaves_its_address_for_monitoring_alone() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let health = taken.local_addr().unwrap();
    let file = configured(&world, &sandbox, &ami.at(), &format!("[bridge]\nhealth = \"{health}\""));
    let program = |more: &[&str]| {
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--config"]).arg(&file).args(more);
        program
    };
    for trial in ["--dry-run", "--sandbox"] {
        Running::start(&mut program(&[trial])).until_it_says("connected to asterisk");
    }
    let as_flag = health.to_string();
    let cases: [(&[&str], &str); 3] = [
        (&[], "bridge.health"),
        (&["--health", &as_flag], "--health"),
        (&["--dry-run", "--health", &as_flag], "--health"),
    ];
    for (more, setting) in cases {
        let ran = ended(&mut program(more));
        let said = format!(
            "cannot listen on {health} ({setting}); another process does: end it, or name another port"
        );
        assert!(ran.code == 74 && ran.stderr.contains(&said), "{more:?}: {ran}");
    }
}

#[test]
fn a_recording_is_not_written_over_another_file() {
    let world = World::new();
    let ami = Ami::start();
    let there = world.file("there.jsonl", 0o644, "of last week");
    let ran = ended(bridge(&world, &ami, &["--dry-run", "--record"]).arg(&there));
    let said =
        format!("{}: a recording is not written over what is there; name another file", there.display());
    assert!(ran.code == 74 && ran.stderr.contains(&said), "{ran}");
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "of last week");
    let new = world.path("new.jsonl");
    let running = Running::start(bridge(&world, &ami, &["--dry-run", "--record"]).arg(&new));
    ami.session().say(RINGING);
    until("the call is recorded", || {
        std::fs::read_to_string(&new).unwrap_or_default().contains("QueueCallerJoin")
    });
    assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
}

#[test]
fn a_disk_that_is_full_is_said_once() {
    let world = World::new();
    let ami = Ami::start();
    let running = Running::start(&mut bridge(&world, &ami, &["--dry-run", "--record", "/dev/full"]));
    ami.session().say(RINGING);
    running.first_line();
    running.signal("TERM");
    let ran = running.end();
    let said = ran.stderr.matches("the recording /dev/full has a gap from here: ").count();
    assert_eq!((ran.code, said, ran.stderr.matches("/dev/full").count()), (0, 1, 1), "{ran}");
}

#[test]
fn what_needs_a_restart_is_said_and_nothing_is_taken_over() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let spool = world.path("spool.db");
    let with = |spool: &std::path::Path, health: &str| {
        let more = format!("[spool]\npath = {spool:?}\n[bridge]\nhealth = {health:?}");
        configured(&world, &sandbox, &ami.at(), &more)
    };
    let file = with(&spool, "127.0.0.1:0");
    let mut program = world.process();
    let running = Running::start(program.args(["bridge", "asterisk", "--config"]).arg(&file));
    ami.session();
    with(&world.path("other.db"), "127.0.0.1:0");
    running.until_it_says("the old one stays in use: spool.path is another: restart the bridge");
    with(&spool, "127.0.0.1:1");
    running.until_it_says("the old one stays in use: bridge.health is another: restart the bridge");
    assert!(!world.path("other.db").exists());
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
}

#[test]
fn what_zammad_is_verified_with_is_read_before_a_configuration_counts() {
    let world = World::new();
    let mut sandbox = world.sandbox(&[]);
    sandbox.url =
        format!("https://127.0.0.1:{}/api/v1/cti/token", sandbox.address().rsplit(':').next().unwrap());
    let ami = Ami::start();
    let file = configured(&world, &sandbox, &ami.at(), "");
    let mut program = world.process();
    let running = Running::start(program.args(["bridge", "asterisk", "--config"]).arg(&file));
    ami.session();
    configured(&world, &sandbox, &ami.at(), "ca_file = \"/nonexistent.pem\"");
    running.until_it_says("the old one stays in use: cannot read /nonexistent.pem");
    configured(&world, &sandbox, &ami.at(), "timeout = \"4s\"");
    running.until_it_says("was read again");
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
}

#[test]
fn a_zammad_that_does_not_answer_keeps_no_bridge_with_a_spool_from_ending() {
    let world = World::new();
    let zammad = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = crate::servers::url(zammad.local_addr().unwrap());
    let ami = Ami::start();
    let spool = world.path("spool.db");
    let arguments = ["--url", &url, "--spool-path", spool.to_str().unwrap()];
    let mut program = bridge(&world, &ami, &arguments);
    // Longer than a test may take.
    program.args(["--timeout", "1h", "--deadline", "1h"]);
    let running = Running::start(&mut program);
    let session = ami.session();
    session.say(RINGING);
    let (_request, _) = zammad.accept().unwrap();
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    let mut list = world.process();
    let kept =
        ended(list.args(["spool", "list", "--url", &url, "--output", "json", "--spool-path"]).arg(&spool));
    assert!(kept.code == 0 && kept.stdout.contains("newCall"), "{kept}\n{ran}");
}

#[test]
fn a_secret_that_cannot_be_read_is_a_matter_of_the_configuration() {
    let world = World::new();
    let ami = Ami::start();
    let missing = world.path("missing");
    // (the secret's file, what is said of it)
    let cases = [
        (missing.clone(), "cannot read"),
        (world.file("open", 0o644, SECRET), "holds a secret, and others can read it"),
        (world.file("empty", 0o600, "\n"), "does not hold a secret, and nothing else"),
        (world.file("two", 0o600, "one two"), "does not hold a secret, and nothing else"),
    ];
    for (file, said) in cases {
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--dry-run", "--username", USERNAME, "--address", &ami.at()]);
        let ran = ended(program.arg("--secret-file").arg(&file));
        let names_it = ran.stderr.contains(file.to_str().unwrap()) && ran.stderr.contains(said);
        assert!(ran.code == 78 && names_it && !ran.stderr.contains("token"), "{file:?}: {ran}");
    }
}

#[test]
fn a_file_that_is_no_recording_is_named() {
    let world = World::new();
    let line = "{\"time\":0,\"connected\":\"1\"}";
    // (what is in it, exit code, what is said)
    let cases = [
        (
            "[general]\nenabled = yes\n".to_owned(),
            65,
            "line 1 is no line of a recording of this phone system",
        ),
        (String::new(), 65, "it is empty, and no recording"),
        (format!("{line}\n{{\"time\":1,\"sai"), 0, "line 2 is cut off, and what came then is not recorded"),
    ];
    for (number, (text, code, said)) in cases.into_iter().enumerate() {
        let file = world.file(&format!("recording-{number}"), 0o600, &text);
        let ran = ended(world.process().args(["bridge", "asterisk", "--dry-run", "--replay"]).arg(&file));
        assert_eq!(ran.code, code, "{ran}");
        assert!(ran.stderr.contains(&format!("{}: {said}", file.display())), "{ran}");
    }
    let file = world.path("missing");
    let ran = ended(world.process().args(["bridge", "asterisk", "--dry-run", "--replay"]).arg(&file));
    assert!(ran.code == 74 && ran.stderr.contains(file.to_str().unwrap()), "{ran}");
    let ran = ended(world.process().args(["bridge", "asterisk", "--sandbox", "--replay"]).arg(&file));
    assert!(ran.code == 2 && ran.stderr.contains("'--sandbox' cannot be used with '--replay"), "{ran}");
}

#[test]
fn whoever_spools_says_who_sends_and_check_says_that_nobody_does() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    sandbox.fault(json!({ "mode": "respond", "status": 503, "body": "closed" }));
    let mut program = with_spool(&world, &ami, &sandbox);
    let running = Running::start(program.args(["--deadline", "500ms"]));
    ami.session().say(RINGING);
    running.until_it_says("will be sent by `zammad-cti spool run` (service zammad-cti-spool)");
    running.signal("TERM");
    let ran = running.end();
    let is_told = |line: &&str| line.contains("call 1.1") && !line.contains("trying again");
    let lines: Vec<_> = ran.stderr.lines().filter(is_told).collect();
    assert!(lines.len() == 1 && lines[0].matches("call 1.1").count() == 1, "{ran}");
    sandbox.fault(json!({ "mode": "none" }));
    let check = || {
        let mut check = world.process();
        let spool = world.path("spool.db");
        ended(check.args(["check", "--url", &sandbox.url, "--spool-path"]).arg(spool))
    };
    let ran = check();
    assert!(ran.code == 0 && !ran.stdout.contains("nobody sends"), "{ran}");
    // As if ten minutes had gone by.
    let db = rusqlite::Connection::open(world.path("spool.db")).unwrap();
    db.execute("UPDATE event SET kept = kept - 600000, up = up - 600000, due = max(0, due - 600000)", [])
        .unwrap();
    let ran = check();
    assert!(ran.code == 1 && ran.stdout.contains(", and nobody sends them: due for "), "{ran}");
}

#[test]
fn an_event_that_zammad_does_not_take_is_named_once_in_its_line() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let url = format!("{}x", sandbox.url);
    let running = Running::start(&mut bridge(&world, &ami, &["--url", &url]));
    ami.session().say(RINGING);
    running.until_it_says("Zammad refused the token");
    running.signal("TERM");
    let ran = running.end();
    let lines: Vec<_> = ran.stderr.lines().filter(|line| line.contains("newCall")).collect();
    assert!(lines.len() == 1 && lines[0].matches("newCall of call 1.1").count() == 1, "{ran}");
}

#[test]
fn of_two_secrets_in_one_place_nobody_says_which_counts() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let secret = world.file("secret", 0o600, SECRET);
    let file = configured(&world, &sandbox, &ami.at(), "");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}secret_file = {secret:?}\n")).unwrap();
    for command in [["config", "check"], ["bridge", "asterisk"]] {
        let ran = ended(world.process().args(command).arg("--config").arg(&file));
        let said = "bridge.asterisk: both secret and secret_file are set; keep one of them";
        assert!(ran.code == 78 && ran.stderr.contains(said), "{ran}");
    }
    // A flag is stronger, whichever of both it is.
    std::fs::write(&file, text.replace(SECRET, "wrong-secret")).unwrap();
    let mut program = world.process();
    program
        .args(["bridge", "asterisk", "--dry-run", "--config"])
        .arg(&file)
        .arg("--secret-file")
        .arg(&secret);
    Running::start(&mut program).until_it_says("connected to asterisk");
}

#[test]
fn a_login_that_is_refused_says_what_to_do() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let refusal = Some("Authentication failed");
    let ami = Ami::start_with(Manners { refusal, ..Manners::default() });
    let spool = format!("[spool]\npath = {:?}", world.path("spool.db"));
    let file = configured(&world, &sandbox, &ami.at(), &spool);
    let mut program = world.process();
    let running = Running::start(program.args(["bridge", "asterisk", "--config"]).arg(&file));
    running.until_it_says(
        "refuses the login: Authentication failed; it is tried again after 3m. See username and secret",
    );
    let next_step = "See username and secret in manager.conf";
    let check = || ended(world.process().args(["check", "--config"]).arg(&file));
    until("check asks the bridge", || check().stdout.contains("not connected for"));
    let ran = check();
    let flat = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ran.code == 2 && flat.contains(next_step), "{ran}");
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
    // The phone system has a row, and its bridge another one.
    ami.behave(|manners| manners.refusal = None);
    let ran = check();
    let rows =
        |title: &str| ran.stdout.lines().filter(|line| line.starts_with(&format!("  {title} "))).count();
    assert_eq!((ran.code, rows("Bridge"), rows("Service")), (1, 1, 1), "{ran}");
}

#[test]
fn another_program_at_the_address_is_told_from_an_asterisk() {
    let world = World::new();
    // (what it says, and whether it ends then; what is said of it)
    let cases = [
        (
            "HTTP/1.1 400 Bad Request\r\n",
            false,
            "is no manager interface of Asterisk: it says \"HTTP/1.1 400 Bad Request\"",
        ),
        // An Asterisk that is about to start or to end does so too.
        ("", true, "accepts the connection, and says nothing"),
        ("", false, "accepts the connection, and says nothing"),
    ];
    for (says, ends, said) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.write_all(says.as_bytes()).unwrap();
                if !ends {
                    open.push(stream);
                }
            }
        });
        let secret = world.file("secret", 0o600, SECRET);
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--dry-run", "--username", USERNAME, "--address", &address]);
        let running = Running::start(program.arg("--secret-file").arg(secret));
        running.until_it_says(&format!("{address} {said}"));
        running.until_it_says("ee address and tls in [bridge.asterisk]");
    }
    let ami = Ami::start();
    let running = Running::start(&mut bridge(&world, &ami, &["--dry-run", "--tls"]));
    running.until_it_says("it does not speak TLS there; see tls, and tlsbindaddr in manager.conf");
}

#[test]
fn config_check_says_all_that_is_wrong() {
    let world = World::new();
    let account = format!("username = {USERNAME:?}\nsecret = {SECRET:?}\n");
    let check = |text: &str| {
        let file = world.file("zammad.toml", 0o600, text);
        let ran = ended(world.process().args(["config", "check", "--config"]).arg(file));
        assert_eq!(ran.code, 78, "{ran}");
        ran
    };
    let ran = check(&format!("[bridge.asterisk]\n{account}"));
    assert_eq!(ran.stdout, "ok: Asterisk, zammad at 127.0.0.1:5038 (Asterisk was not asked)\n", "{ran}");
    assert!(ran.stderr.contains("no endpoint is set"), "{ran}");
    let ran = check("[bridge]\nhold = \"3s\"\n[bridge.asterisk]\nusername = \"zammad\"\n");
    for part in ["no endpoint is set", "bridge.hold", "bridge.asterisk.secret_file is not set"] {
        assert!(ran.stderr.contains(part), "no {part}: {ran}");
    }
}

#[test]
fn at_its_end_a_bridge_says_what_becomes_of_calls() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let inside = "Event: Newchannel\r\nChannel: PJSIP/102-9\r\nChannelStateDesc: Ring\r\nCallerIDNum: 102\r\n\
                  Context: from-internal\r\nExten: 101\r\nUniqueid: 9.1\r\nLinkedid: 9.1\r\n\r\n";
    let without = bridge(&world, &ami, &["--url", &sandbox.url]);
    // (the bridge, what it says)
    let cases = [
        (without, "it ends; 1 call stays open at Zammad, because without a spool"),
        (
            with_spool(&world, &ami, &sandbox),
            "it ends; 1 call stays open at Zammad, and the next bridge with this spool",
        ),
    ];
    for (number, (mut program, said)) in cases.into_iter().enumerate() {
        let running = Running::start(&mut program);
        let session = ami.session();
        // One that is not reported does not count.
        session.say(inside);
        session.say(RINGING.replace("1.1", &format!("{number}.1")));
        assert_eq!(running.first_line(), "none");
        running.signal("INT");
        let ran = running.end();
        assert!(ran.code == 0 && ran.stderr.contains(said), "{ran}");
    }
}

/// An Asterisk may put a name of its own in front of its ids.
#[test]
fn a_call_that_cannot_be_reported_is_named() {
    let (world, ami) = (World::new(), Ami::start());
    let running = Running::start(&mut bridge(&world, &ami, &["--sandbox"]));
    let id = format!("{}1.1", "pbx".repeat(100));
    ami.session().say(RINGING.replace("1.1", &id));
    running.until_it_says(
        "the call of PJSIP/trunk-1 is not followed: its Uniqueid has more than 150 characters",
    );
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn the_stand_ins_address_is_said_once() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let file = configured(&world, &sandbox, &ami.at(), "");
    let mut program = world.process();
    let running = Running::start(program.args(["bridge", "asterisk", "--sandbox", "--config"]).arg(&file));
    ami.session();
    running.signal("HUP");
    running.until_it_says("the configuration was read again");
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.stderr.matches("what agents would see").count(), 1, "{ran}");
}

#[test]
fn an_address_for_monitoring_that_is_none_comes_with_an_example() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let file = configured(&world, &sandbox, "127.0.0.1", "[bridge]\nhealth = \"9180\"");
    let by_file = ended(world.process().args(["config", "check", "--config"]).arg(file));
    let by_flag = ended(world.process().args(["bridge", "asterisk", "--health", "9180"]));
    for (ran, code) in [(by_file, 78), (by_flag, 2)] {
        assert!(ran.code == code && ran.stderr.contains("such as 127.0.0.1:9180"), "{ran}");
    }
}
