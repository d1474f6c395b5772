//! `bridge asterisk`, by recordings and over a socket.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use crate::running::{Running, until};
use crate::support::{World, stdout};

/// Recordings of calls, and what has to become of them.
fn recordings() -> Vec<(String, PathBuf, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/asterisk");
    let mut recordings = Vec::new();
    for kind in ["plain", "freepbx"] {
        for entry in fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let Some(name) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".expect.jsonl") else {
                continue;
            };
            let lines = fs::read_to_string(&path).unwrap();
            let expected = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            recordings.push((format!("{kind}/{name}"), path.with_file_name(format!("{name}.txt")), expected));
        }
    }
    assert!(recordings.len() > 80, "{}", recordings.len());
    recordings
}

/// What Asterisk said, as `--record` writes it.
fn as_recorded(said: &str) -> String {
    let mut time = 0.0;
    let mut lines = String::from("{\"time\":0,\"connected\":\"1\"}\n");
    for block in said.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let fields: Vec<(&str, &str)> =
            block.lines().filter_map(|line| line.split_once(':')).map(|(k, v)| (k, v.trim())).collect();
        if let Some((_, stamp)) = fields.iter().find(|(name, _)| *name == "Timestamp") {
            time = stamp.parse().unwrap();
        }
        lines.push_str(&json!({ "time": time, "said": { "block": fields } }).to_string());
        lines.push('\n');
    }
    lines
}

/// The events of each call in their order, the names in any.
fn sorted(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
            // Zammad takes one name as well as a list of one.
            if let [only] = users.as_slice() {
                event["user"] = only.clone();
            }
        }
    }
    events.sort_by_key(|event| event["callId"].to_string());
    events
}

#[test]
fn recorded_calls_become_the_right_events() {
    let world = World::new();
    let mut wrong = String::new();
    for (name, recording, expected) in recordings() {
        let recording = world.file("recording", 0o600, &as_recorded(&fs::read_to_string(recording).unwrap()));
        let arguments =
            ["bridge", "asterisk", "--dry-run", "--output", "json", "--outside-prefix", "0", "--replay"];
        let ended = world.program().args(arguments).arg(recording).assert().code(0);
        let lines = stdout(&ended);
        let events = sorted(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
        let expected = sorted(expected);
        if events != expected {
            wrong.push_str(&format!("{name}:\n  {events:?}\nexpected:\n  {expected:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A manager interface: it lets everybody in, lists no channels, and says what the test wants.
struct Interface {
    address: String,
    connections: Receiver<TcpStream>,
}

impl Interface {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, connections) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let tell = tell.clone();
                std::thread::spawn(move || serve(stream, || tell.clone()));
            }
        });
        Self { address, connections }
    }

    /// The next connection that is logged in and has its list.
    fn connection(&self) -> TcpStream {
        self.connections.recv_timeout(std::time::Duration::from_secs(60)).expect("nobody connects")
    }
}

fn serve(mut stream: TcpStream, tell: impl Fn() -> std::sync::mpsc::Sender<TcpStream>) {
    let _ = stream.write_all(b"Asterisk Call Manager/11.0.0\r\n");
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    loop {
        let action: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let field = |name: &str| {
            action.iter().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
        };
        let (Some(name), Some(id)) = (field("Action:"), field("ActionID:")) else { return };
        let reply = match name.as_str() {
            "Challenge" => "Challenge: 159\r\n",
            "Login" => "Message: Authentication accepted\r\n",
            "Status" => "EventList: start\r\n",
            "Ping" => "Ping: Pong\r\n",
            other => panic!("the bridge asks for {other}"),
        };
        let _ = stream.write_all(format!("Response: Success\r\nActionID: {id}\r\n{reply}\r\n").as_bytes());
        if name == "Status" {
            let end = format!("Event: StatusComplete\r\nActionID: {id}\r\nItems: 0\r\n\r\n");
            let _ = stream.write_all(end.as_bytes());
            let _ = tell().send(stream.try_clone().unwrap());
        }
    }
}

#[test]
fn a_recording_sends_nothing() {
    let world = World::new();
    let requests = world.every_request();
    let recording = world.file("recording", 0o600, "{\"time\":0,\"connected\":\"1\"}\n");
    world.program().args(["bridge", "asterisk", "--replay"]).arg(recording).assert().code(2);
    requests.assert_calls(0);
}

/// Of two phone systems with one spool, each bridge takes up its own calls.
#[test]
fn open_calls_are_taken_up_by_the_bridge_that_reported_them() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let (first, second) = (Interface::start(), Interface::start());
    let secret = world.file("secret", 0o600, "s3cret");
    let start = |interface: &Interface| {
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--url", &sandbox.url, "--username", "zammad", "--spool-path"]);
        program
            .arg(world.path("spool.db"))
            .args(["--address", &interface.address, "--secret-file"])
            .arg(&secret);
        Running::start(&mut program)
    };
    let end = |running: Running| {
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
    };
    let running = start(&first);
    let call = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
                Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
                Event: QueueCallerJoin\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: 700\r\n\r\n";
    first.connection().write_all(call.as_bytes()).unwrap();
    until("the call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "1.1"));
    end(running);
    let running = start(&second);
    let _connection = second.connection();
    let other = call.replace("1.1", "2.1");
    (&_connection).write_all(other.as_bytes()).unwrap();
    until("the other call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "2.1"));
    end(running);
    assert_eq!(sandbox.call("1.1")["state"], "newCall");
    let running = start(&first);
    until("the call has ended at Zammad", || sandbox.call("1.1")["state"] == "hangup");
    end(running);
    assert_eq!(sandbox.call("2.1")["state"], "newCall");
}

#[test]
fn a_call_over_a_socket_is_seen_by_agents() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let interface = Interface::start();
    let secret = world.file("secret", 0o600, "s3cret");
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--url", &sandbox.url, "--username", "zammad"]);
    program.args(["--address", &interface.address, "--secret-file"]).arg(secret);
    let running = Running::start(&mut program);
    let mut connection = interface.connection();
    let said = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
                Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
                Event: DialBegin\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\
                DestChannel: PJSIP/101-2\r\nDestChannelStateDesc: Down\r\nDestCallerIDNum: 101\r\n\
                DestCallerIDName: Anna Agent\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1\r\nDialString: 101\r\n\r\n";
    connection.write_all(said.as_bytes()).unwrap();
    until("the call rings at Zammad", || sandbox.log().iter().any(|call| call["call_id"] == "1.1"));
    // The connection is lost; afterwards the call is no longer there.
    connection.shutdown(std::net::Shutdown::Both).unwrap();
    let _again = interface.connection();
    until("the call has ended at Zammad", || sandbox.call("1.1")["state"] == "hangup");
    running.signal("TERM");
    let ran = running.end();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\nnone\n"), "{ran}");
    assert!(!ran.stderr.contains("s3cret"), "{ran}");
}

/// What a program prints that ends by itself.
fn printed(mut program: Command) -> String {
    String::from_utf8(program.output().unwrap().stdout).unwrap()
}

#[test]
fn a_bridge_tells_of_itself_in_the_spool() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let interface = Interface::start();
    let secret = world.file("secret", 0o600, "s3cret");
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
    let mut program =
        with_spool(&["bridge", "asterisk", "--username", "zammad", "--address", &interface.address]);
    let running = Running::start(program.arg("--secret-file").arg(&secret));
    let connection = interface.connection();
    until("the bridge is connected", || bridge()["state"] == "connected");
    let told = bridge();
    assert_eq!(
        (&told["source"], &told["phone_system"], &told["reconnects"], &told["open_calls"]),
        (&json!("asterisk"), &json!(interface.address), &json!(0), &json!(0))
    );
    connection.shutdown(std::net::Shutdown::Both).unwrap();
    let mut again = interface.connection();
    until("it tells of the second connection", || {
        let told = bridge();
        told["reconnects"] == 1 && told["state"] == "connected"
    });
    let ringing = "Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
                   Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n\
                   Event: QueueCallerJoin\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: 700\r\n\r\n";
    again.write_all(ringing.as_bytes()).unwrap();
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
    let labels = format!("source=\"asterisk\",profile=\"\",phone_system=\"{}\"}}", interface.address);
    for figure in ["running", "connected"] {
        let is_told = |line: &str| {
            line.starts_with(&format!("zammad_cti_bridge_{figure}{{"))
                && line.ends_with(&format!("{labels} 0"))
        };
        assert!(figures.lines().any(is_told), "{figure}: {figures}");
    }
    assert!(figures.lines().any(|line| line.ends_with(&format!("{labels} 1"))), "{figures}");
}

/// One that was killed says nothing any more.
#[test]
fn a_bridge_that_is_gone_is_told_from_one_that_runs() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let interface = Interface::start();
    let secret = world.file("secret", 0o600, "s3cret");
    let mut program = world.process();
    program.args(["bridge", "asterisk", "--url", &sandbox.url, "--username", "zammad", "--spool-path"]);
    program.arg(world.path("spool.db")).args(["--address", &interface.address, "--secret-file"]).arg(&secret);
    let running = Running::start(&mut program);
    let _connection = interface.connection();
    let stats = || {
        let mut program = world.process();
        program.args(["spool", "stats", "--url", &sandbox.url, "--spool-path"]).arg(world.path("spool.db"));
        printed(program)
    };
    until("the bridge is connected", || stats().contains(": connected since "));
    // It is killed.
    drop(running);
    // As if a minute had gone by.
    let db = rusqlite::Connection::open(world.path("spool.db")).unwrap();
    db.execute("UPDATE bridge SET told = told - 60000, up = up - 60000", []).unwrap();
    let told = stats();
    assert!(told.contains("asterisk at ") && told.contains(": gone, silent for "), "{told}");
}
