//! `bridge freeswitch`, by recordings and over a socket.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::esl::{Esl, Manners, PASSWORD, USER};
use crate::running::{Running, until};
use crate::servers::reserved_port;
use crate::support::{World, stdout};

/// Decoded events as `--record` writes them, and what has to become of them.
fn recordings() -> Vec<(String, String, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/freeswitch");
    let mut recordings = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("raw-") {
            continue;
        }
        let list = json!({ "to": "channels", "says": { "channels": [] } });
        let mut said = format!("{}\n", json!({ "time": 0, "connected": "1" }));
        said.push_str(&format!("{}\n", json!({ "time": 0, "said": { "reply": list } })));
        let mut expected = Vec::new();
        for line in fs::read_to_string(path).unwrap().lines() {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if line.get("event").is_some() {
                let line = json!({ "time": line["t"], "said": { "event": line["event"] } });
                said.push_str(&format!("{line}\n"));
            }
            expected.extend(line.get_mut("expect").map(Value::take));
        }
        recordings.push((name, said, expected));
    }
    assert!(recordings.len() > 45, "{}", recordings.len());
    recordings
}

/// The events of each call in their order, without its id; the names in any order.
fn calls(events: impl Iterator<Item = Value>) -> Vec<Vec<String>> {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut event in events {
        if let Some(users) = event.get_mut("user").and_then(Value::as_array_mut) {
            users.sort_by_key(Value::to_string);
            // Zammad takes one name as well as a list of one.
            if let [only] = users.as_slice() {
                event["user"] = only.clone();
            }
        }
        let id = event.as_object_mut().unwrap().remove("callId").unwrap();
        let fields: BTreeMap<String, Value> = serde_json::from_value(event).unwrap();
        calls.entry(id.to_string()).or_default().push(serde_json::to_string(&fields).unwrap());
    }
    let mut calls: Vec<_> = calls.into_values().collect();
    calls.sort();
    calls
}

#[test]
fn recorded_calls_become_the_right_events() {
    let world = World::new();
    let mut wrong = String::new();
    for (name, said, expected) in recordings() {
        let recording = world.file("recording", 0o600, &said);
        let arguments = ["bridge", "freeswitch", "--dry-run", "--output", "json", "--replay"];
        let ended = world.program().args(arguments).arg(recording).assert().code(0);
        let lines = stdout(&ended);
        let events = calls(lines.lines().map(|line| serde_json::from_str(line).unwrap()));
        let expected = calls(expected.into_iter());
        if events != expected {
            wrong.push_str(&format!("{name}:\n  {events:?}\nexpected:\n  {expected:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A call from outside to two phones, of which one answers.
fn call() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/bridge/freeswitch/in-ringgroup-second-answers.jsonl");
    let lines = fs::read_to_string(path).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|mut line| line.get_mut("event").map(Value::take)).collect()
}

/// What was recorded is followed again without FreeSWITCH; masked, it has other numbers, and means the same.
#[test]
fn a_recording_shows_again_what_happened_and_no_secret() {
    let world = World::new();
    let password = world.file("password", 0o600, PASSWORD);
    let mut lines = Vec::new();
    for mask in [false, true] {
        let esl = Esl::start();
        let recording = world.path(if mask { "masked" } else { "plain" });
        let mut program = world.process();
        program.args(["bridge", "freeswitch", "--dry-run", "--output", "json", "--address", &esl.at()]);
        program.arg("--password-file").arg(&password).arg("--record").arg(&recording);
        program.args(mask.then_some("--mask"));
        let running = Running::start(&mut program);
        let session = esl.session();
        call().iter().for_each(|event| session.say(event.as_object().unwrap()));
        until("all is written", || {
            fs::read_to_string(&recording).unwrap().matches("HANGUP_COMPLETE").count() == 4
        });
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
        let text = fs::read_to_string(&recording).unwrap();
        assert!(!text.contains(PASSWORD), "{text}");
        assert_eq!(text.contains("494066969123"), !mask, "{text}");
        assert!(!text.contains("Chris"), "names are not needed: {text}");
        let arguments = ["bridge", "freeswitch", "--dry-run", "--output", "json", "--replay"];
        let ended = world.program().args(arguments).arg(&recording).assert().code(0);
        let told: Vec<Value> =
            stdout(&ended).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.push(told);
    }
    let [plain, masked] = lines.as_slice() else { panic!("two recordings") };
    assert_eq!(plain[1]["answeringNumber"], "102");
    for (plain, masked) in plain.iter().zip(masked) {
        for field in ["event", "callId", "direction", "cause"] {
            assert_eq!(plain[field], masked[field], "{field}");
        }
        assert_ne!(plain["from"], masked["from"]);
    }
    assert_eq!((plain.len(), masked.len()), (3, 3));
}

#[test]
fn check_looks_at_freeswitch_as_a_bridge_would() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let closed = reserved_port().local_addr().unwrap().to_string();
    let few = Manners { commands: Some(vec!["global_getvar"]), ..Manners::default() };
    // (how it behaves; `None`: nobody is there, exit code, what is said)
    let cases: [(Option<Manners>, i32, &[&str]); 4] = [
        (
            Some(Manners::default()),
            0,
            &["reached, login accepted", "trunks carrier; queues support@pbx.example; extensions 101, 102"],
        ),
        (Some(few), 1, &["may not list calls: -ERR permission denied", "esl-allowed-api"]),
        (
            Some(Manners { refuses: true, ..Manners::default() }),
            2,
            &["refuses the login: invalid", "event_socket.conf.xml"],
        ),
        (None, 2, &["no connection to", "mod_event_socket"]),
    ];
    for (manners, expected, said) in cases {
        let esl = manners.map(Esl::start_with);
        let address = esl.as_ref().map_or_else(|| closed.clone(), Esl::at);
        let text = format!(
            "url = {:?}\n[bridge.freeswitch]\naddress = {address:?}\npassword = {PASSWORD:?}\n",
            sandbox.url
        );
        let file = world.file("bridge.toml", 0o600, &text);
        let ran = world.process().arg("check").arg("--config").arg(file).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        assert!(!text.contains(PASSWORD), "{text}");
        assert_eq!(ran.status.code(), Some(expected), "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in said {
            assert!(flat.contains(said), "no {said:?} in {text}");
        }
        esl.iter().for_each(Esl::assert_content);
    }
}

/// Two tenants of one FreeSWITCH, each with a bridge of its own, report to one Zammad by one spool.
#[test]
fn the_bridge_of_one_tenant_leaves_anothers_open_calls_alone() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    let esl = Esl::start();
    let text = format!(
        "url = {:?}\n[spool]\npath = {:?}\n[bridge]\ngrace = '0s'\n[bridge.freeswitch]\naddress = {:?}\n\
         password = {PASSWORD:?}\ndomains = ['berlin.example']\n\
         [profiles.hamburg.bridge.freeswitch]\ndomains = ['hamburg.example']\n",
        sandbox.url,
        world.path("spool.db").to_str().unwrap(),
        esl.at(),
    );
    let file = world.file("bridge.toml", 0o600, &text);
    let start = |profile: Option<&str>| {
        let mut program = world.process();
        program.args(["bridge", "freeswitch", "--config"]).arg(&file);
        program.args(profile.map(|profile| ["--profile", profile]).iter().flatten());
        let running = Running::start(&mut program);
        (running, esl.session())
    };
    let waits = |uuid: &str, domain: &str| {
        let leg = json!({ "Unique-ID": uuid, "Call-Direction": "inbound", "Caller-Context": "public",
                          "Caller-Caller-ID-Number": "4940669690", "Caller-Destination-Number": "493023125101" });
        let with = |more: Value| {
            let mut event = leg.as_object().unwrap().clone();
            event.extend(more.as_object().unwrap().clone());
            event
        };
        [
            with(json!({ "Event-Name": "CHANNEL_CREATE" })),
            with(
                json!({ "Event-Name": "CUSTOM", "Event-Subclass": "callcenter::info", "CC-Action": "member-queue-start",
                         "CC-Queue": format!("support@{domain}"), "CC-Member-Session-UUID": uuid,
                         "variable_domain_name": domain }),
            ),
        ]
    };
    let (first, second) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
    let (berlin, session) = start(None);
    waits(first, "berlin.example").iter().for_each(|event| session.say(event));
    let state = |uuid: &str| sandbox.call(uuid)["state"].clone();
    until("the first is reported", || state(first) == "newCall");
    let (hamburg, session) = start(Some("hamburg"));
    waits(second, "hamburg.example").iter().for_each(|event| session.say(event));
    until("the second is reported", || state(second) == "newCall");
    for running in [hamburg, berlin] {
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
    }
    assert_eq!((state(first), state(second)), (json!("newCall"), json!("newCall")));
}

/// The user of the cookbook may see all that the bridge wants.
#[test]
fn the_user_with_few_rights_has_those_that_it_needs() {
    let text = include_str!("../../examples/bridge/freeswitch-user.xml");
    let words = |name: &str| -> Vec<&'static str> {
        let (_, behind) = text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        behind.split_once('"').unwrap().0.split(' ').collect()
    };
    let (events, commands) = (Some(words("esl-allowed-events")), Some(words("esl-allowed-api")));
    let esl = Esl::start_with(Manners { events, commands, ..Manners::default() });
    let world = World::new();
    let mut program = world.process();
    program.args(["bridge", "freeswitch", "--dry-run", "--address", &esl.at(), "--username", USER]);
    let running = Running::start(program.arg("--password-file").arg(world.file("password", 0o600, PASSWORD)));
    let session = esl.session();
    call().iter().for_each(|event| session.say(event.as_object().unwrap()));
    running.until_it_says("answered by 102");
    running.signal("TERM");
    let ran = running.end();
    assert!(!ran.stderr.contains("warning"), "{ran}");
    esl.assert_content();
}
