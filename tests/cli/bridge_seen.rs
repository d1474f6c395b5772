//! What people and machines see of a bridge, while it runs and when it does not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ami::{Ami, Manners, SECRET, USERNAME};
use crate::running::{Running, until};
use crate::servers::reserved_port;
use crate::support::{Sandbox, World};
use crate::terminal::Terminal;

const RINGING: &str = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
    Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
    Event: QueueCallerJoin\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: 700\r\n\r\n";

/// What a program prints that ends by itself.
fn printed(mut program: Command) -> String {
    let ran = program.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn a_bridge_tells_of_itself_in_the_spool() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let secret = world.file("secret", 0o600, SECRET);
    let with_spool = |arguments: &[&str]| {
        let mut program = world.process();
        program.args(arguments).args(["--url", &sandbox.url, "--spool-path"]).arg(world.path("spool.db"));
        program
    };
    let bridge = || -> Value {
        let stats = printed(with_spool(&["spool", "stats", "--output", "json"]));
        let stats: Value = serde_json::from_str(&stats).unwrap();
        stats["bridges"][0].clone()
    };
    assert_eq!(bridge(), Value::Null);
    let mut program = with_spool(&["bridge", "asterisk", "--username", USERNAME, "--address", &ami.at()]);
    let running = Running::start(program.arg("--secret-file").arg(&secret));
    let connection = ami.session();
    until("the bridge is connected", || bridge()["state"] == "connected");
    let told = bridge();
    assert_eq!(
        (&told["source"], &told["phone_system"], &told["reconnects"], &told["open_calls"]),
        (&json!("asterisk"), &json!(ami.at()), &json!(0), &json!(0))
    );
    connection.end();
    let again = ami.session();
    until("it tells of the second connection", || {
        let told = bridge();
        told["reconnects"] == 1 && told["state"] == "connected"
    });
    again.say(RINGING);
    until("the call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "1.1"));
    // Figures come with the end, if not before.
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
    let told = bridge();
    assert_eq!(
        (&told["state"], &told["open_calls"], &told["events"], &told["trunks"], &told["queues"]),
        (&json!("ended"), &json!(1), &json!(1), &json!(["PJSIP/trunk"]), &json!(["700"])),
        "{told}"
    );
    assert!(told["delay_ms"].as_f64().unwrap() > 0.0, "{told}");
    let figures = printed(with_spool(&["spool", "stats", "--prometheus"]));
    let labels = format!("source=\"asterisk\",profile=\"\",phone_system=\"{}\"}}", ami.at());
    for figure in ["running", "connected"] {
        let is_told = |line: &str| {
            line.starts_with(&format!("zammad_cti_bridge_{figure}{{"))
                && line.ends_with(&format!("{labels} 0"))
        };
        assert!(figures.lines().any(is_told), "{figure}: {figures}");
    }
    assert!(figures.lines().any(|line| line.ends_with(&format!("{labels} 1"))), "{figures}");
}

/// Changes what a bridge has told of itself.
fn retell(db: &rusqlite::Connection, change: impl Fn(&mut Value)) {
    let told: String = db.query_row("SELECT told FROM bridge", [], |row| row.get(0)).unwrap();
    let mut told = serde_json::from_str(&told).unwrap();
    change(&mut told);
    db.execute("UPDATE bridge SET told = ?", [told.to_string()]).unwrap();
}

/// One that was killed says nothing any more.
#[test]
fn a_bridge_that_is_gone_is_told_from_one_that_runs() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let secret = world.file("secret", 0o600, SECRET);
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--url", &sandbox.url, "--username", USERNAME, "--spool-path"]);
    program.arg(world.path("spool.db")).args(["--address", &ami.at(), "--secret-file"]).arg(&secret);
    let running = Running::start(&mut program);
    ami.session();
    let stats = || {
        let mut program = world.process();
        program.args(["spool", "stats", "--url", &sandbox.url, "--spool-path"]).arg(world.path("spool.db"));
        printed(program)
    };
    until("the bridge is connected", || stats().contains(": connected since "));
    // It is killed.
    drop(running);
    let told = stats();
    assert!(told.contains("asterisk at ") && told.contains(": gone, silent for "), "{told}");
    // As if a minute had gone by, and without the lock of an earlier release.
    let db = rusqlite::Connection::open(world.path("spool.db")).unwrap();
    db.execute("UPDATE bridge SET at = at - 60000, up = up - 60000", []).unwrap();
    retell(&db, |told| drop(told.as_object_mut().unwrap().remove("lock")));
    let told = stats();
    assert!(told.contains("asterisk at ") && told.contains(": gone, silent for 1m"), "{told}");
}

/// A configuration with a phone system to be followed.
fn configured(world: &World, sandbox: &Sandbox, address: &str, spool: Option<&str>) -> std::path::PathBuf {
    let spool = spool.map_or_else(String::new, |name| {
        format!("[spool]\npath = {:?}\n", world.path(name).to_str().unwrap())
    });
    let file = format!(
        "url = {:?}\n{spool}[bridge.asterisk]\naddress = {address:?}\nusername = {USERNAME:?}\nsecret = {SECRET:?}\n\
         trunk_channels = [\"PJSIP/gw-*\"]\n",
        sandbox.url
    );
    world.file("bridge.toml", 0o600, &file)
}

/// The exit code of `check`, and what it prints.
fn check(world: &World, file: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let mut program = world.process();
    let ran = program.arg("check").arg("--config").arg(file).args(arguments).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(!text.contains(SECRET) && !String::from_utf8_lossy(&ran.stderr).contains(SECRET));
    (ran.status.code().unwrap(), text)
}

#[test]
fn check_looks_at_the_phone_system_as_a_bridge_would() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let file = configured(&world, &sandbox, &ami.at(), None);
    let (code, text) = check(&world, &file, &[]);
    assert_eq!(code, 0, "{text}");
    let reached = format!("asterisk at {} reached, login", ami.at());
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        [&*reached, "lists calls, hears events", "trunks PJSIP/gw-berlin; queues 700; extensions 101, 102"]
    {
        assert!(flat.contains(part), "no {part:?} in {text}");
    }
    let (code, text) = check(&world, &file, &["--output", "json"]);
    let bridge = &serde_json::from_str::<Value>(&text).unwrap()["bridges"][0];
    assert_eq!(
        (code, &bridge["state"], &bridge["status"], &bridge["trunks"], &bridge["extensions"]),
        (0, &json!("reached"), &json!("ok"), &json!(["PJSIP/gw-berlin"]), &json!(["101", "102"]))
    );
    let (code, text) = check(&world, &file, &["--nagios"]);
    assert_eq!((code, text.contains(" asterisk_calls=U;;;0")), (0, true), "{text}");
}

#[test]
fn check_says_what_keeps_a_bridge_from_its_phone_system() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let closed = reserved_port().local_addr().unwrap().to_string();
    // (what the account gets; `None`: nobody is there, exit code, what is said, what to do)
    let cases = [
        (
            Some(Manners { refusal: Some("Authentication failed"), ..Manners::default() }),
            2,
            "refuses the login: Authentication failed",
            "secret",
        ),
        (
            Some(Manners { write: Vec::new(), ..Manners::default() }),
            1,
            "may not list calls",
            "write = reporting",
        ),
        (
            Some(Manners { read: vec!["call", "agent"], ..Manners::default() }),
            1,
            "no event arrives",
            "read = call,agent,system",
        ),
        (None, 2, "no connection to", "enabled = yes"),
    ];
    for (manners, expected, said, advice) in cases {
        let ami = manners.map(Ami::start_with);
        let address = ami.map_or_else(|| closed.clone(), |ami| ami.at());
        let file = configured(&world, &sandbox, &address, None);
        let (code, text) = check(&world, &file, &[]);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, expected, "{text}");
        assert!(flat.contains(said) && flat.contains(advice), "{said}: {text}");
        let (code, text) = check(&world, &file, &["--nagios"]);
        assert_eq!(code, expected, "{text}");
        assert!(text.contains("; bridge: ") && text.contains(said) && text.lines().count() == 1, "{text}");
        assert!(text.matches(&address).count() <= 1, "the address is there more than once: {text}");
    }
}

/// A bridge that runs is asked itself, and nobody logs in beside it.
#[test]
fn check_asks_the_bridge_that_runs() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let file = configured(&world, &sandbox, &ami.at(), Some("spool.db"));
    let (code, text) = check(&world, &file, &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("no bridge has followed asterisk yet"), "{text}");
    // That was the check's own.
    ami.session();
    let mut program = world.process();
    let running = Running::start(program.args(["bridge", "asterisk", "--config"]).arg(&file));
    until("check asks the bridge", || check(&world, &file, &["--output", "json"]).1.contains("\"followed\""));
    let connections = ami.connections();
    let (code, text) = check(&world, &file, &[]);
    assert_eq!((code, text.contains(", connected for")), (0, true), "{text}");
    assert!(check(&world, &file, &["--nagios"]).1.contains(" asterisk_calls=0;;;0"));
    assert_eq!(ami.connections(), connections, "somebody logged in beside the bridge");
    // It is killed: its lock tells at once.
    drop(running);
    let (code, text) = check(&world, &file, &["--nagios"]);
    assert_eq!((code, text.contains("the bridge asterisk is gone: silent for ")), (2, true), "{text}");
    // Its last word is a minute old.
    let db = rusqlite::Connection::open(world.path("spool.db")).unwrap();
    db.execute("UPDATE bridge SET at = at - 60000, up = up - 60000", []).unwrap();
    let (code, text) = check(&world, &file, &["--nagios"]);
    assert_eq!((code, text.contains("the bridge asterisk is gone: silent for 1m")), (2, true), "{text}");
    // What a login does not show, it had found out.
    retell(&db, |told| {
        told["lacks"] = json!("no event of a call arrives");
        told["next_step"] = json!("Give it read = call");
    });
    let (_, text) = check(&world, &file, &[]);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = "no event of a call arrives, as the bridge found when it ran last";
    assert!(flat.contains(found) && flat.contains("Give it read = call"), "{text}");
}

/// The status and the body of what a server answers.
fn get(address: &str, path: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Where a service answers monitoring systems.
fn health(running: &Running) -> String {
    running.said_behind("health: http://").trim_end_matches("/healthz").to_owned()
}

#[test]
fn a_bridge_is_healthy_while_it_is_connected_and_delivers() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    for spool in [None, Some("spool.db")] {
        let file = configured(&world, &sandbox, &ami.at(), spool);
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--deadline", "500ms", "--health", "127.0.0.1:0", "--config"]);
        let running = Running::start(program.arg(&file));
        let health = health(&running);
        let ask = || get(&health, "/healthz", "");
        let connection = ami.session();
        until("it is well", || ask() == (200, "ok\n".to_owned()));
        let (status, figures) = get(&health, "/metrics", "");
        let connected = figures.lines().find(|line| line.starts_with("zammad_cti_bridge_connected{"));
        assert!(status == 200 && connected.is_some_and(|line| line.ends_with("} 1")), "{figures}");
        assert_eq!(figures.contains("zammad_cti_spool_held{"), spool.is_some(), "{figures}");
        assert_eq!(get(&health, "/", "").0, 404);
        assert_eq!(get(&health, "/metrics", "Sec-Fetch-Site: cross-site\r\n").0, 403);
        // Zammad takes nothing.
        sandbox.fault(json!({ "mode": "respond", "status": 503, "body": "closed" }));
        connection.say(RINGING);
        until("it does not deliver", || ask().0 == 503);
        let (_, reason) = ask();
        assert!(reason.lines().count() == 1 && reason.contains("503"), "{reason}");
        sandbox.fault(json!({ "mode": "none" }));
        // The phone system is lost; the next connection is a second away at least.
        connection.end();
        until("it is not connected", || {
            let (status, reason) = ask();
            status == 503 && reason.starts_with("not connected to asterisk: ")
        });
        ami.session();
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
        sandbox.ask("POST /sandbox/reset", &[], "").unwrap();
    }
}

/// It is connected, and does not see all calls.
#[test]
fn an_account_without_rights_is_no_bridge_that_is_well() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    // (what the account gets, what is said, what to do)
    let cases = [
        (Manners { read: Vec::new(), ..Manners::default() }, "no event arrives", "read = call,agent,system"),
        (Manners { write: Vec::new(), ..Manners::default() }, "may not list calls", "write = reporting"),
    ];
    for (manners, said, advice) in cases {
        let ami = Ami::start_with(manners);
        let file = configured(&world, &sandbox, &ami.at(), Some("spool.db"));
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--health", "127.0.0.1:0", "--config"]);
        let running = Running::start(program.arg(&file));
        let health = health(&running);
        until("it is not well", || {
            let (status, reason) = get(&health, "/healthz", "");
            status == 503 && reason.starts_with("connected to asterisk, but ") && reason.contains(said)
        });
        let figures = get(&health, "/metrics", "").1;
        let mut lacks = figures.lines().filter(|line| line.starts_with("zammad_cti_bridge_lacks_rights{"));
        let at = format!("phone_system=\"{}\"}} 1", ami.at());
        assert!(lacks.any(|line| line.ends_with(&at)), "{figures}");
        until("check says so", || check(&world, &file, &["--nagios"]).1.contains(said));
        let (code, text) = check(&world, &file, &[]);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 1 && flat.contains(", connected for") && flat.contains(advice), "{text}");
        running.signal("TERM");
        let told = running.end().stderr;
        assert_eq!(told.matches(advice).count(), 1, "{told}");
    }
}

#[test]
fn other_services_say_how_they_are() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let services: [&[&str]; 2] = [&["spool", "run"], &["fastagi", "--listen", "127.0.0.1:0"]];
    for service in services {
        let mut program = world.process();
        program.args(service).args(["--health", "127.0.0.1:0", "--url", &sandbox.url, "--spool-path"]);
        let running = Running::start(program.arg(world.path("spool.db")).env("RUST_LOG", "info"));
        let health = health(&running);
        assert_eq!(get(&health, "/healthz", ""), (200, "ok\n".to_owned()));
        let (status, figures) = get(&health, "/metrics", "");
        assert!(status == 200 && figures.contains("zammad_cti_spool_held{"), "{figures}");
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
    }
}

#[test]
fn a_service_that_cannot_answer_monitoring_systems_says_so() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut program = world.process();
    let service = ["spool", "run", "--url", "http://127.0.0.1:9/api/v1/cti/TOKEN", "--health", &address];
    let ran = program.args(service).arg("--spool-path").arg(world.path("spool.db")).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        !ran.status.success() && said.contains(&format!("cannot listen on {address} (--health)")),
        "{said}"
    );
}

/// On a terminal each event is one line, and there is one page to look at.
#[test]
fn who_watches_a_trial_on_a_terminal_sees_each_event_once() {
    let (world, ami) = (World::new(), Ami::start());
    let secret = world.file("secret", 0o600, SECRET);
    for page in [false, true] {
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--sandbox", "--username", USERNAME, "--address", &ami.at()]);
        program.arg("--secret-file").arg(&secret);
        if page {
            program.args(["--page", "127.0.0.1:0"]);
        }
        let mut terminal = Terminal::start(&mut program, 160, 30);
        let session = ami.session();
        session.say(RINGING);
        terminal.until("the call rings", |text| text.contains("newCall"));
        session.say(
            "Event: Hangup\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Up\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\
             Cause: 16\r\n\r\n",
        );
        terminal.until("it ends", |text| {
            text.lines().any(|line| line.contains("hangup") && line.contains("1.1"))
        });
        let text = terminal.text();
        let lines = |what: &str| text.lines().filter(|line| line.contains(what)).count();
        assert_eq!((lines("newCall"), lines("http://"), lines("none")), (1, 1, 0), "{text}");
    }
}

/// Nothing is configured at Zammad; and if something is, it is left alone.
#[test]
fn a_phone_system_is_followed_without_a_zammad() {
    let world = World::new();
    let requests = world.every_request();
    let ami = Ami::start();
    let secret = world.file("secret", 0o600, SECRET);
    for configured in [false, true] {
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--sandbox", "--username", USERNAME]);
        program.args(["--address", &ami.at(), "--secret-file"]).arg(&secret);
        if configured {
            program.args(["--url", &world.url(), "--spool-path"]).arg(world.path("spool.db"));
        }
        let running = Running::start(&mut program);
        let page = running.said_behind("what agents would see: http://");
        ami.session().say(RINGING);
        until("agents would see it ring", || {
            get(page.trim_end_matches('/'), "/api/v1/cti/log", "Accept: application/json\r\n")
                .1
                .contains("1.1")
        });
        running.signal("TERM");
        let ran = running.end();
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
        assert!(!ran.stderr.contains("without a spool"), "{ran}");
    }
    requests.assert_calls(0);
    assert!(!world.path("spool.db").exists());
}

#[test]
fn systemd_is_told_what_a_bridge_does() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let file = configured(&world, &sandbox, &ami.at(), None);
    let path = world.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut program = world.process();
    // So rarely that what nobody reads meanwhile finds room.
    program.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "60000000");
    let running = Running::start(program.args(["bridge", "asterisk", "--config"]).arg(&file));
    let told = |part: &str| {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{part}: {error}"));
            if String::from_utf8_lossy(&buffer[..length]).contains(part) {
                return;
            }
        }
    };
    told("READY=1");
    told("WATCHDOG=1");
    let connection = ami.session();
    connection.say(RINGING);
    told(", 1 call open");
    connection.end();
    ami.session();
    told("STATUS=connected to asterisk since ");
    running.signal("TERM");
    told("STOPPING=1");
    assert_eq!(running.end().code, 0);
}

#[test]
fn a_second_service_waits_for_the_end_of_the_first() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let ami = Ami::start();
    let spool = world.path("spool.db");
    let file = configured(&world, &sandbox, &ami.at(), Some(spool.to_str().unwrap()));
    let path = world.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let program = || {
        let mut program = world.process();
        program.env("NOTIFY_SOCKET", &path).args(["bridge", "asterisk", "--config"]).arg(&file);
        program
    };
    let first = Running::start(&mut program());
    first.until_it_says("connected to asterisk");
    let waits = Running::start(&mut program());
    let line = format!("another bridge (process {}, since 20", first.id());
    waits.until_it_says(&line);
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&buffer).contains("STATUS=waits: another bridge") {
        buffer = [0; 4096];
        socket.recv(&mut buffer).unwrap();
    }
    // It is ended as any other, and the next one has its turn.
    waits.signal("TERM");
    let ran = waits.end();
    assert_eq!((ran.code, ran.stderr.lines().count()), (0, 1), "{ran}");
    let next = Running::start(&mut program());
    next.until_it_says(&line);
    assert_eq!(ami.connections(), 1);
    drop(first);
    next.until_it_says("the other bridge has ended");
    next.until_it_says("connected to asterisk");
    next.signal("TERM");
    assert_eq!(next.end().code, 0);
}

/// The page as bytes; tests/sandbox_page has it in a browser.
#[test]
fn pages_of_other_sites_learn_nothing_from_a_bridge() {
    let world = World::new();
    let ami = Ami::start();
    let secret = world.file("secret", 0o600, SECRET);
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--dry-run", "--username", USERNAME, "--page", "127.0.0.1:0"]);
    let running = Running::start(program.args(["--address", &ami.at(), "--secret-file"]).arg(&secret));
    let page = running.said_behind("watch it live: http://").trim_end_matches('/').to_owned();
    ami.session().say(RINGING);
    until("the call is shown", || get(&page, "/calls/1", "").1.contains("Event: Newchannel"));
    let ask = |request: &str, host: &str, headers: &str| {
        let mut stream = TcpStream::connect(&page).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").unwrap();
        let mut head = vec![0; 1200];
        let length = stream.read(&mut head).unwrap();
        String::from_utf8_lossy(&head[..length]).to_lowercase()
    };
    // (the request, by which name, more headers, status)
    let cases = [
        ("GET /", &*page, "", 200),
        ("GET /events", &page, "", 200),
        ("GET /events", &page, "Sec-Fetch-Site: same-origin\r\n", 200),
        ("GET /", "evil.example", "", 403),
        ("GET /events", "evil.example", "", 403),
        ("GET /calls/1", "evil.example", "", 403),
        ("GET /calls/1", &page, "Sec-Fetch-Site: cross-site\r\n", 403),
        ("GET /events", &page, "Origin: http://evil.example\r\n", 403),
        ("POST /", &page, "Content-Length: 0\r\n", 405),
        ("GET /calls/99", &page, "", 404),
        ("GET /calls/x", &page, "", 404),
        ("GET /anything", &page, "", 404),
    ];
    for (request, host, headers, status) in cases {
        let head = ask(request, host, headers);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{request} {host} {headers}: {head}");
        for guard in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
        ] {
            assert!(head.contains(guard), "{request}: {head}");
        }
    }
    let head = ask("GET /", &page, "");
    for part in ["script-src 'nonce-", "trusted-types 'none'", "frame-ancestors 'none'"] {
        assert!(head.contains(part), "{head}");
    }
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
}
