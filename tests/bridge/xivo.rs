//! XiVO's calls, over a socket and from recordings: each has to become exactly the posts that belong to it.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use serde_json::{Value, json};

use crate::ctid::{Ctid, Manners, Vector, vectors};
use crate::running::{Running, until};
use crate::servers::at_once;
use crate::support::{World, stdout};
use crate::zammad::Zammad;

/// The call that comes last of all.
const MARK: &str = "xivo-1447755600.99";

/// The program, which follows this server.
fn bridge(world: &World, ctid: &Ctid, zammad: &Zammad, vector: &Vector) -> Command {
    let (user, password) = vector.login();
    let password = world.file("password", 0o600, &format!("{password}\n"));
    let mut program = world.process();
    program.env("RUST_LOG", "trace").env("ZAMMAD_CTI_NUMBERS_NORMALIZE", "false");
    program.args(["bridge", "xivo", "--address", &ctid.at(), "--username", user, "--url", &zammad.url()]);
    program.arg("--password-file").arg(password);
    // What rings at once is said at once: nothing depends on the time between two messages.
    program.args(["--hold", "0s"]).args(settings(vector));
    program
}

/// What the recorded talk is about, where it is not what is followed anyway.
fn settings(vector: &Vector) -> Vec<&'static str> {
    let config = &vector.meta["config"];
    let mut settings = Vec::new();
    if config["hints"] == json!(true) {
        settings.extend(["--follow", "queues,hints"]);
    }
    if config["late_outbound"] == json!(true) {
        settings.push("--late-outbound");
    }
    settings
}

fn end(running: Running) -> String {
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    ran.stderr
}

/// A caller in the queue: when that is reported, all before it was understood.
fn mark() -> Value {
    let entry = json!({ "position": 1, "number": "0999", "uniqueid": "1447755600.99", "name": "mark" });
    json!({ "class": "queueentryupdate", "timenow": 1447755600.5,
            "state": { "queue_id": 4, "queue_name": "support", "entries": [entry] } })
}

/// Events as the vectors have them: a call's id is `$1`, and what is left to everybody's choice is left out.
fn in_short(events: &[Value]) -> Vec<Value> {
    let mut ids: Vec<String> = Vec::new();
    let mut short = Vec::new();
    for event in events.iter().filter(|event| event["callId"] != MARK) {
        let mut event = event.clone();
        let id = event["callId"].as_str().unwrap().to_owned();
        if !ids.contains(&id) {
            ids.push(id.clone());
        }
        let number = ids.iter().position(|known| *known == id).unwrap() + 1;
        event["callId"] = format!("${number}").into();
        if event["event"] == "hangup" || event["direction"] == "out" {
            event.as_object_mut().unwrap().remove("answeringNumber");
        }
        // Zammad takes one name as well as a list of one.
        if let Some([only]) = event.get("user").and_then(Value::as_array).map(Vec::as_slice) {
            event["user"] = only.clone();
        }
        short.push(event);
    }
    short
}

fn with_calls() -> Vec<Vector> {
    let is_one =
        |vector: &Vector| !vector.connections[0].live.is_empty() && !vector.name.starts_with("commands");
    vectors().into_iter().filter(is_one).collect()
}

/// A talk as `--record` writes it.
fn as_recorded(world: &World, vector: &Vector) -> PathBuf {
    let mut time = 0.0;
    let mut lines = String::new();
    for talk in &vector.connections {
        lines.push_str(&format!("{}\n", json!({ "time": time, "connected": "1" })));
        for message in talk.login.iter().chain(&talk.load).chain(&talk.live) {
            time = message["timenow"].as_f64().unwrap_or(time).max(time);
            lines.push_str(&format!("{}\n", json!({ "time": time, "said": message })));
        }
        lines.push_str(&format!("{}\n", json!({ "time": time, "lost": "the connection ended" })));
    }
    world.file("recording", 0o600, &lines)
}

#[test]
fn recorded_talk_becomes_the_right_events() {
    let mut wrong = String::new();
    let world = World::new();
    for vector in with_calls() {
        let recording = as_recorded(&world, &vector);
        let mut program = world.program();
        program.env("ZAMMAD_CTI_NUMBERS_NORMALIZE", "false");
        program.args(["bridge", "xivo", "--dry-run", "--output", "json", "--replay"]).arg(recording);
        let lines = stdout(&program.args(settings(&vector)).assert().code(0));
        let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (events, expected) = (in_short(&events), in_short(&vector.expected));
        if events != expected {
            wrong.push_str(&format!("{}:\n  {events:?}\nexpected:\n  {expected:?}\n", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn talk_over_a_socket_becomes_the_right_events() {
    at_once(with_calls(), |vector| {
        let (world, zammad) = (World::new(), Zammad::start());
        let ctid = Ctid::start_with(&vector, Manners { afterwards: vec![mark()], ..Manners::default() });
        let running = Running::start(&mut bridge(&world, &ctid, &zammad, &vector));
        zammad.until("newCall", MARK);
        // Of a call whose end is only guessed it is told a moment later.
        until(&vector.name, || zammad.count() > vector.expected.len());
        let said = end(running);
        ctid.assert_content();
        let (_, password) = vector.login();
        assert!(!said.contains(password), "{}: {said}", vector.name);
        assert_eq!(in_short(&zammad.events()), in_short(&vector.expected), "{}: {said}", vector.name);
    });
}

/// (recorded login, what is said of it)
const REFUSALS: [(&str, &str); 8] = [
    (
        "login_1.2_fail_id_user",
        "there is no such user, or the user has no access to the CTI client; it is tried again after 3m",
    ),
    ("login_1.2_fail_pass", "user or password refused: the server closed the connection without a word"),
    (
        "login_1.2_fail_capas",
        "the user's CTI profile is refused: the server closed the connection without a word",
    ),
    ("login_2.3_fail_pass", "user or password refused; it is tried again after 3m"),
    ("login_2.3_fail_pass_noprofile", "user or password refused; it is tried again after 3m"),
    ("login_2.3_fail_capas", "the user's CTI profile is refused: wrong cti_profile_id"),
    // Nobody is to blame, and it is tried again soon.
    ("login_1.2_timeout", "the connection ended; it is tried again after 1s"),
    ("login_1.2_request_before_login", "the connection ended; it is tried again after 1s"),
];

#[test]
fn a_login_that_fails_says_why() {
    at_once(REFUSALS, |(name, told)| {
        let vector = Vector::named(name);
        let (world, zammad) = (World::new(), Zammad::start());
        let ctid = Ctid::start(&vector);
        let running = Running::start(&mut bridge(&world, &ctid, &zammad, &vector));
        running.until_it_says(told);
        let said = end(running);
        ctid.assert_content();
        let (_, password) = vector.login();
        // One of a letter is in every text.
        assert!(password.len() < 4 || !said.contains(password), "{name}: {said}");
    });
}

#[test]
fn a_login_finds_out_which_version_it_is() {
    let names = [
        "login_1.2_ok",
        "login_2.3_ok",
        "login_1.2_fail_id_version",
        "login_2.3_fail_id_version",
        "login_2.3_starttls_declined",
        "login_2.3_starttls_ignored",
    ];
    at_once(names, |name| {
        let vector = Vector::named(name);
        let (world, zammad) = (World::new(), Zammad::start());
        let ctid = Ctid::start(&vector);
        let running = Running::start(&mut bridge(&world, &ctid, &zammad, &vector));
        running.until_it_says("connected to xivo");
        ctid.until_logins(1);
        // It begins with 2.2, and goes on over a new connection.
        assert_eq!(ctid.connections(), 2, "{name}");
        if name.contains("starttls") {
            running.until_it_says("password and calls go over the network in clear");
        }
        // What has worked comes first the next time.
        ctid.cut();
        ctid.until_logins(2);
        assert_eq!(ctid.connections(), 3, "{name}");
        let said = end(running);
        assert_eq!(
            said.matches("go over the network in clear").count(),
            usize::from(name.contains("starttls")),
            "{said}"
        );
        ctid.assert_content();
    });
}

#[test]
fn a_version_that_is_pinned_gets_no_other_password() {
    let vector = Vector::named("login_2.3_ok");
    let (world, zammad) = (World::new(), Zammad::start());
    let ctid = Ctid::start(&vector);
    let running = Running::start(bridge(&world, &ctid, &zammad, &vector).args(["--protocol", "1.2"]));
    running.until_it_says("the server speaks protocol 2.3, and `protocol` says 1.2");
    end(running);
    assert!(ctid.said().iter().all(|said| said["class"] == "login_id"), "{:?}", ctid.said());
}

/// A connection that ends behind the password or the profile is a refusal, so there it is not tried.
#[test]
fn a_connection_may_be_lost_at_any_question() {
    at_once([0, 3, 4, 8, 12, 16, 20], |cut_after| {
        let vector = Vector::named("sheets_2.3_queue_answered");
        let (world, zammad) = (World::new(), Zammad::start());
        let manners = Manners { afterwards: vec![mark()], cut_after: Some(cut_after), ..Manners::default() };
        let ctid = Ctid::start_with(&vector, manners);
        let running = Running::start(&mut bridge(&world, &ctid, &zammad, &vector));
        zammad.until("newCall", MARK);
        until("all events", || zammad.count() > vector.expected.len());
        assert!(ctid.connections() > 2, "{cut_after}");
        let said = end(running);
        assert_eq!(in_short(&zammad.events()), in_short(&vector.expected), "{cut_after}: {said}");
        ctid.assert_content();
    });
}

/// Whatever a server says, it takes little memory, and what comes behind it counts.
#[test]
fn what_makes_no_sense_or_has_no_end_is_left_out() {
    let mut vector = Vector::named("sheets_2.3_inbound_answered");
    vector.has_users(200);
    let form = |xml: &[u8]| {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(xml, 6);
        let length = u32::try_from(xml.len()).unwrap().to_be_bytes();
        let payload = base64::engine::general_purpose::STANDARD.encode([&length[..], &packed].concat());
        let message =
            json!({ "class": "sheet", "compressed": true, "channel": "SIP/x-1", "payload": payload });
        format!("{message}\n").into_bytes()
    };
    let value = "9".repeat(1024 * 1024 - 200);
    let long = format!("<user><sheet_info name='xivo-did'>{value}</sheet_info></user>");
    let raw = vec![
        b"{\"class\":\n".to_vec(),
        b"[1,2]\n\xff\xfe\n".to_vec(),
        [vec![b'['; 100_000], b"\n".to_vec()].concat(),
        [vec![b'x'; 48 * 1024 * 1024], b"\n".to_vec()].concat(),
        form(&vec![b' '; 64 * 1024 * 1024]),
        form(long.as_bytes()),
        b"{\"class\":\"sheet\",\"payload\":\"***\"}\n".to_vec(),
    ];
    let (world, zammad) = (World::new(), Zammad::start());
    let ctid = Ctid::start_with(&vector, Manners { afterwards: vec![mark()], raw, ..Manners::default() });
    let mut program = bridge(&world, &ctid, &zammad, &vector);
    let running = Running::start(program.env("RUST_LOG", "info"));
    zammad.until("newCall", MARK);
    until("all events", || zammad.count() > vector.expected.len());
    for told in ["a line of more than 4 MiB", "not a JSON object", "it has more than 1 MiB", "is not base64"]
    {
        running.until_it_says(told);
    }
    running.signal("TERM");
    let (ran, memory) = running.end_with_memory();
    assert_eq!(ran.code, 0, "{ran}");
    // The program as it is tried here, not as it is shipped.
    assert!(memory < 64 * 1024 * 1024, "{memory}");
    assert_eq!(in_short(&zammad.events()), in_short(&vector.expected), "{ran}");
    ctid.assert_content();
}

#[test]
fn a_masked_recording_tells_the_same_with_other_names() {
    let vector = Vector::named("sheets_2.3_queue_answered");
    let (world, zammad) = (World::new(), Zammad::start());
    let ctid = Ctid::start_with(&vector, Manners { afterwards: vec![mark()], ..Manners::default() });
    let recording = world.path("recording");
    let mut program = bridge(&world, &ctid, &zammad, &vector);
    let running = Running::start(program.arg("--record").arg(&recording).arg("--mask"));
    zammad.until("newCall", MARK);
    until("all events", || zammad.count() > vector.expected.len());
    end(running);
    let recorded = std::fs::read_to_string(&recording).unwrap();
    for secret in ["0472550123", "Alice", "Martin", "Dupont", "s3cr3t"] {
        assert!(!recorded.contains(secret), "{secret}");
    }
    let mut program = world.program();
    program
        .args(["bridge", "xivo", "--dry-run", "--output", "json", "--hold", "0s", "--replay"])
        .arg(recording);
    let lines = stdout(&program.assert().code(0));
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = events.iter().take(3).map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["newCall", "answer", "hangup"], "{lines}");
    assert_eq!(events[0]["queue"], "Support");
    assert!(events[1]["user"].as_str().unwrap().starts_with("name-"), "{lines}");
}

#[test]
fn each_account_has_a_connection() {
    let vector = Vector::named("login_2.3_ok");
    let (world, zammad) = (World::new(), Zammad::start());
    let ctid = Ctid::start(&vector);
    let account =
        |name: &str| format!("[[bridge.xivo.accounts]]\nusername = \"{name}\"\npassword = \"s3cr3t\"\n");
    let text = format!("url = \"{}\"\n{}{}", zammad.url(), account("anna"), account("bert"));
    let mut program = world.process();
    program
        .args(["bridge", "xivo", "--address", &ctid.at(), "--config"])
        .arg(world.file("x.toml", 0o600, &text));
    let running = Running::start(&mut program);
    ctid.until_logins(2);
    running.until_it_says("connected to xivo");
    let names: Vec<_> =
        ctid.said().iter().filter_map(|said| said["userlogin"].as_str().map(str::to_owned)).collect();
    assert!(names.contains(&"anna".to_owned()) && names.contains(&"bert".to_owned()), "{names:?}");
    assert!(!end(running).contains("s3cr3t"));
    ctid.assert_content();
}

#[test]
fn check_tells_what_the_account_sees() {
    let vector = Vector::named("sheets_2.3_inbound_answered");
    let (world, zammad) = (World::new(), Zammad::start());
    let ctid = Ctid::start(&vector);
    let account = "username = \"zammad\"\npassword = \"s3cr3t\"";
    let text = format!("url = \"{}\"\n[bridge.xivo]\naddress = \"{}\"\n{account}\n", zammad.url(), ctid.at());
    let file = world.file("x.toml", 0o600, &text);
    let checked = stdout(&world.bare().arg("--config").arg(&file).arg("check").assert());
    for seen in ["sees phones, queues and agents", "1001", "Support"] {
        assert!(checked.contains(seen), "{checked}");
    }
    // It is only a look: no queue and no line is subscribed to.
    assert!(ctid.said().iter().all(|said| said["class"] != "subscribe"), "{:?}", ctid.said());
    ctid.assert_content();
}
