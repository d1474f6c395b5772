//! `[[routes]]`: whose Zammad gets a call, from newCall to hangup, whoever reports what.

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::ami::{Ami, SECRET, USERNAME};
use crate::asterisk::Channel;
use crate::fastagi::Fastagi;
use crate::running::{Running, until};
use crate::servers::Ran;
use crate::support::{Sandbox, World};

/// Three Zammads: that of the configuration, that of the profile `berlin`, and the test system, which gets copies.
struct Desks {
    own: Sandbox,
    berlin: Sandbox,
    test: Sandbox,
    world: World,
}

const ROUTES: &str = r#"
[[routes]]
direction = "in"
to = "4930555*"
profile = "berlin"
copy_to = ["test"]

[[routes]]
queue = ["hotline", "support-*"]
profile = "berlin"

[[routes]]
trunk = "PJSIP/trunk"
profile = "berlin"
"#;

impl Desks {
    fn new() -> Self {
        let world = World::new();
        let desks =
            Self { own: world.sandbox(&[]), berlin: world.sandbox(&[]), test: world.sandbox(&[]), world };
        desks.configure(ROUTES, &desks.profiles());
        desks
    }

    /// The tables of both profiles.
    fn profiles(&self) -> String {
        let Self { berlin, test, .. } = self;
        format!("[profiles.berlin]\nurl = \"{}\"\n[profiles.test]\nurl = \"{}\"\n", berlin.url, test.url)
    }

    fn configure(&self, routes: &str, profiles: &str) {
        let own = &self.own.url;
        let text = format!(
            "url = \"{own}\"\ntimeout = \"500ms\"\ndeadline = \"1s\"\n[spool]\npath = \"{}\"\n{routes}\n{profiles}",
            self.spool().display()
        );
        self.world.file("config.toml", 0o600, &text);
    }

    fn spool(&self) -> std::path::PathBuf {
        self.world.path("spool/spool.db")
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = self.world.bare();
        program.arg(arguments[0]).args(&arguments[1..]).arg("--config").arg(self.world.path("config.toml"));
        program
    }

    /// The same for what runs beside the test.
    fn process(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = self.world.process();
        program.args(arguments).arg("--config").arg(self.world.path("config.toml"));
        program
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.program(arguments))
    }

    fn says(&self, arguments: &[&str], word: &str) {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.stdout.trim_end()), (0, word), "{arguments:?}: {ran}");
    }

    fn new_call(&self, call_id: &str, to: &str) {
        self.says(&new_call(call_id, to), "none");
    }

    /// What agents see of a call at the configuration's Zammad, in Berlin, and at the test system.
    fn states(&self, call_id: &str) -> [Value; 3] {
        [&self.own, &self.berlin, &self.test].map(|zammad| zammad.call(call_id)["state"].clone())
    }

    fn flush(&self) {
        let ran = self.run(&["spool", "flush"]);
        assert_eq!(ran.code, 0, "{ran}");
    }
}

fn new_call<'a>(call_id: &'a str, to: &'a str) -> [&'a str; 9] {
    ["new-call", "--call-id", call_id, "--from", "493023125741", "--to", to, "--direction", "in"]
}

fn is_down(zammad: &Sandbox) {
    zammad.fault(json!({ "mode": "respond", "status": 503 }));
}

#[test]
fn a_call_goes_to_one_zammad_from_new_call_to_hangup_and_copies_by_way_of_the_spool() {
    let desks = Desks::new();
    desks.new_call("7", "4930555123");
    assert_eq!(desks.states("7"), [Value::Null, json!("newCall"), Value::Null]);
    // A later event says nothing of where its call goes.
    desks.says(&["answer", "--call-id", "7", "--user", "anna@example.com"], "none");
    desks.says(&["hangup", "--call-id", "7", "--cause", "16"], "none");
    assert_eq!(desks.states("7"), [Value::Null, json!("hangup"), Value::Null]);
    desks.new_call("8", "4940123");
    desks.says(&["hangup", "--call-id", "8"], "none");
    assert_eq!(desks.states("8"), [json!("hangup"), Value::Null, Value::Null]);
    desks.flush();
    assert_eq!(desks.states("7"), [Value::Null, json!("hangup"), json!("hangup")]);
    assert!(desks.test.call("7")["start_at"].is_string(), "the copy of the answer was in its place");
    assert_eq!(desks.states("8")[2], Value::Null);
}

#[test]
fn a_later_event_finds_its_call_by_the_key_and_whatever_the_routes_have_become() {
    let desks = Desks::new();
    let named = [&new_call("7", "4930555123")[..], &["--call-key", "SIP/1"]].concat();
    desks.says(&named, "none");
    desks.configure("[[routes]]\nprofile = \"test\"", &desks.profiles());
    desks.says(&["answer", "--call-key", "SIP/1"], "none");
    desks.says(&["hangup", "--call-id", "7"], "none");
    assert_eq!(desks.states("7"), [Value::Null, json!("hangup"), Value::Null]);
    desks.new_call("8", "4930555123");
    assert_eq!(desks.states("8"), [Value::Null, Value::Null, json!("newCall")]);
}

#[test]
fn a_call_that_was_reported_before_there_were_routes_stays_where_it_is() {
    let desks = Desks::new();
    desks.configure("", &desks.profiles());
    desks.new_call("7", "4930555123");
    desks.configure("[[routes]]\nprofile = \"berlin\"", &desks.profiles());
    desks.says(&["hangup", "--call-id", "7"], "none");
    assert_eq!(desks.states("7"), [json!("hangup"), Value::Null, Value::Null]);
    // Of one that the journal does not know, the routes decide by what the event says.
    desks.says(&["hangup", "--call-id", "unknown", "--direction", "in", "--spool-mode", "always"], "spooled");
    let listed = desks.run(&["spool", "list"]).stdout;
    assert!(listed.contains(desks.berlin.address()), "{listed}");
}

#[test]
fn a_dead_test_system_delays_and_decides_nothing() {
    let desks = Desks::new();
    desks.test.fault(json!({ "mode": "delay_before", "seconds": 60.0 }));
    desks.new_call("7", "4930555123");
    desks.says(&["hangup", "--call-id", "7"], "none");
    assert_eq!(desks.states("7")[1], json!("hangup"));
    is_down(&desks.test);
    let ran = desks.run(&["spool", "flush"]);
    assert_eq!((ran.code, ran.stderr.contains("profile test takes no events")), (0, true), "{ran}");
    desks.test.fault(json!({ "mode": "none" }));
    until("the copies arrive", || {
        desks.flush();
        desks.states("7")[2] == json!("hangup")
    });
}

#[test]
fn an_event_that_waits_goes_to_the_zammad_of_its_call_by_flush_and_by_the_service() {
    for by_service in [false, true] {
        let desks = Desks::new();
        is_down(&desks.berlin);
        desks.says(&new_call("7", "4930555123"), "spooled");
        desks.says(&["answer", "--call-id", "7"], "spooled");
        // The other one is not concerned.
        desks.new_call("8", "4940123");
        let ran = desks.run(&["spool", "flush"]);
        assert_eq!((ran.code, ran.stderr.contains("profile berlin")), (69, true), "{ran}");
        desks.says(&["hangup", "--call-id", "7"], "spooled");
        desks.berlin.fault(json!({ "mode": "none" }));
        let service = by_service.then(|| Running::start(&mut desks.process(&["spool", "run"])));
        until("it arrives", || {
            if !by_service {
                desks.flush();
            }
            desks.states("7") == [Value::Null, json!("hangup"), json!("hangup")]
        });
        if let Some(service) = service {
            service.signal("TERM");
            let ran = service.end();
            assert_eq!((ran.code, ran.stdout.starts_with("delivered 4, waiting 0")), (0, true), "{ran}");
        }
    }
}

#[test]
fn a_flush_that_is_interrupted_says_by_its_code_that_events_of_a_profile_are_left() {
    let desks = Desks::new();
    let always = |event: &[&str]| desks.says(&[event, &["--spool", "always"]].concat(), "spooled");
    always(&[&new_call("7", "42")[..], &["--queue", "hotline"]].concat());
    always(&new_call("8", "42"));
    desks.berlin.fault(json!({ "mode": "delay_before", "seconds": 300.0 }));
    let mut flush = desks.process(&["spool", "flush"]);
    let flush = Running::start(flush.env("ZAMMAD_CTI_TIMEOUT", "300s"));
    until("the other one's arrives", || desks.states("8")[0] == json!("newCall"));
    flush.signal("TERM");
    let ran = flush.end();
    assert_eq!(ran.code, 143, "{ran}");
    assert!(ran.stderr.contains("interrupted by SIGTERM: what waits stays in the spool"), "{ran}");
    desks.berlin.fault(json!({ "mode": "none" }));
    until("it arrives", || {
        desks.flush();
        desks.states("7")[1] == json!("newCall")
    });
}

#[test]
fn a_call_whose_profile_is_gone_waits_for_whatever_leads_to_its_zammad_again() {
    let desks = Desks::new();
    for call_id in ["7", "8", "9"] {
        let out = ["--direction", "out"];
        let named =
            [&new_call(call_id, "4930555123")[..7], &out, &["--queue", "hotline", "--call-key", call_id]];
        desks.says(&named.concat(), "none");
    }
    let test = format!("[profiles.test]\nurl = \"{}\"\n", desks.test.url);
    let routes = "[[routes]]\nprofile = \"test\"";
    desks.configure(routes, &test);
    for how in [["--call-id", "7"], ["--call-key", "8"]] {
        let ran = desks.run(&["hangup", how[0], how[1]]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
        assert!(ran.stderr.contains("went to the profile `berlin`"), "{ran}");
        assert!(ran.stderr.contains(desks.berlin.address()), "{ran}");
    }
    // Nobody else gets it,
    desks.flush();
    assert_eq!(desks.states("7"), [Value::Null, json!("newCall"), Value::Null]);
    // and under another name it is the same Zammad.
    let renamed = format!("[profiles.hauptstadt]\nurl = \"{}\"\n", desks.berlin.url);
    desks.configure("[[routes]]\nprofile = \"hauptstadt\"", &renamed);
    desks.says(&["hangup", "--call-id", "9"], "none");
    desks.flush();
    for call_id in ["7", "8", "9"] {
        assert_eq!(desks.states(call_id), [Value::Null, json!("hangup"), Value::Null], "{call_id}");
        assert_eq!(desks.berlin.call(call_id)["direction"], "out", "{call_id}");
    }
}

#[test]
fn a_profile_or_an_address_that_is_named_decides_alone() {
    let desks = Desks::new();
    let with = |call_id, flag: [&str; 2]| {
        let ran = desks.run(&[&new_call(call_id, "4930555123")[..], &flag].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    };
    with("7", ["--profile", "test"]);
    assert_eq!(desks.states("7"), [Value::Null, Value::Null, json!("newCall")]);
    with("8", ["--url", &desks.own.url]);
    assert_eq!(desks.states("8"), [json!("newCall"), Value::Null, Value::Null]);
    // A later event that names none goes by what is kept, and of these calls nothing is.
    desks.new_call("9", "4930555123");
    let ran = desks.run(&["hangup", "--call-id", "9", "--profile", "test"]);
    assert_eq!(ran.stdout, "spooled\n", "the test system knows no such call yet: {ran}");
    assert_eq!(desks.states("9")[1], json!("newCall"));
    // Routes of its own count.
    let own = "[[profiles.test.routes]]\nto = \"4930555*\"\nprofile = \"berlin\"\n";
    desks.configure(ROUTES, &(desks.profiles() + own));
    with("10", ["--profile", "test"]);
    assert_eq!(desks.states("10"), [Value::Null, json!("newCall"), Value::Null]);
}

#[test]
fn what_is_wrong_with_routes_is_said_before_a_call_goes_astray() {
    let desks = Desks::new();
    let refused = |routes: &str, profiles: &str, words: &str| {
        desks.configure(routes, profiles);
        let ran = desks.run(&new_call("7", "42"));
        assert_eq!((ran.code, ran.stderr.contains(words)), (78, true), "{words}: {ran}");
    };
    refused(
        "[[routes]]\nprofile = \"hamburg\"",
        &desks.profiles(),
        "no profile `hamburg`; there are: berlin, test",
    );
    refused("[[routes]]\ncopy_to = [\"tset\"]", &desks.profiles(), "no profile `tset`");
    refused(
        "[[routes]]\nqueues = \"x\"",
        &desks.profiles(),
        "unknown key `routes.queues`; did you mean `queue`?",
    );
    refused("[[routes]]\ndirection = \"sideways\"", &desks.profiles(), "expected `in` or `out`");
    // Without a spool nothing keeps where a call went, nor a copy.
    for (routes, spool) in
        [("profile = \"berlin\"", ""), ("copy_to = \"test\"", "path = \"/tmp/s.db\"\nmode = \"never\"")]
    {
        let text = format!(
            "url = \"{}\"\n[[routes]]\n{routes}\n{}[spool]\n{spool}\n",
            desks.own.url,
            desks.profiles()
        );
        desks.world.file("config.toml", 0o600, &text);
        let ran = desks.run(&new_call("7", "42"));
        assert_eq!((ran.code, ran.stderr.contains("[[routes]] need a spool")), (78, true), "{ran}");
    }
    // A profile that cannot be used is wrong for the calls that go to it, and for nobody else's.
    let broken = format!(
        "[profiles.berlin]\nurl = \"{}\"\n[profiles.test]\nurl = \"http://127.0.0.1\"\n",
        desks.berlin.url
    );
    desks.configure(
        "[[routes]]\nto = \"42\"\nprofile = \"test\"\n[[routes]]\nto = \"43\"\ncopy_to = \"test\"",
        &broken,
    );
    let ran = desks.run(&new_call("7", "42"));
    assert_eq!((ran.code, ran.stderr.contains("the profile `test`")), (78, true), "{ran}");
    for (call_id, to) in [("8", "43"), ("9", "44")] {
        desks.new_call(call_id, to);
    }
    let ran = desks.run(&["config", "check"]);
    assert_eq!((ran.code, ran.stderr.contains("the profile `test`")), (78, true), "{ran}");
}

#[test]
fn config_route_says_where_a_call_would_go_and_why() {
    let desks = Desks::new();
    let route = |arguments: &[&str]| {
        let ran = desks.run(&[&["config", "route"], arguments].concat());
        assert_eq!(ran.code, 0, "{ran}");
        ran.stdout
    };
    let at = |zammad: &Sandbox| format!("http://{}/api/v1/cti/***", zammad.address());
    let said = route(&["--direction", "in", "--from", "030 23125 741", "--to", "+49 30 555 123"]);
    let expected = format!(
        "profile berlin, {}\n  from is 493023125741\n  to is 4930555123\n  route 1 counts: direction is in, to is 4930555*\n  \
         route 2 does not count: queue is not known, and has to be hotline or support-*\n  \
         route 3 does not count: trunk is not known, and has to be PJSIP/trunk\n  \
         a copy goes to profile test, {}\n",
        at(&desks.berlin),
        at(&desks.test)
    );
    assert_eq!(said.replace("03023125741", "493023125741"), expected);
    let none = route(&["--direction", "out", "--to", "4930555123"]);
    assert!(none.starts_with(&at(&desks.own)), "{none}");
    assert!(none.contains("route 1 does not count: direction is out, not in\n"), "{none}");
    assert!(none.contains("no route counts"), "{none}");
    let answer: Value =
        serde_json::from_str(&route(&["--queue", "support-1", "--trunk", "PJSIP/trunk", "--output", "json"]))
            .unwrap();
    assert_eq!(
        (&answer["profile"], &answer["route"], &answer["copies"]),
        (&json!("berlin"), &json!(2), &json!([]))
    );
    let matches: Vec<_> =
        answer["routes"].as_array().unwrap().iter().map(|route| route["matches"] == true).collect();
    assert_eq!(matches, [false, true, true]);
    for (flags, why) in [
        (vec!["--profile", "test"], "the profile test is named"),
        (vec!["--url", &desks.own.url], "--url names the Zammad"),
    ] {
        let said = route(&flags);
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_call_that_is_rejected_ends_at_the_zammad_that_rejects_it() {
    let mut desks = Desks::new();
    desks.berlin = desks.world.sandbox(&["--block", "493023125741"]);
    desks.configure(ROUTES, &desks.profiles());
    let server = Fastagi::start(&mut desks.process(&["fastagi", "--listen", "127.0.0.1:0"]));
    let channel = |call_id| Channel {
        caller: b"493023125741".to_vec(),
        dialled: b"4930555123".to_vec(),
        ..Channel::of_customer(call_id)
    };
    // Of a channel it is the default, as there is a spool.
    channel("1.1").run(&mut desks.process(&["agi", "new-call"]));
    channel("1.2").call(server.address, "new-call");
    let ran = desks.run(&[&new_call("1.3", "4930555123")[..], &["--hangup-rejected"]].concat());
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "reject busy\n", ""), "{ran}");
    for call_id in ["1.1", "1.2", "1.3"] {
        until("it has ended", || desks.states(call_id)[1] == json!("hangup"));
        assert_eq!(desks.berlin.call(call_id)["comment"], "busy", "{call_id}");
        desks.flush();
        assert_eq!(desks.states(call_id), [Value::Null, json!("hangup"), json!("hangup")], "{call_id}");
    }
    // The phone system's own hangup is a second one, and nobody's to worry about.
    let ended = channel("1.1").run(&mut desks.process(&["agi", "hangup"]));
    assert_eq!((ended.code, ended.stderr()), (0, String::new()));
    server.stop();
}

#[test]
fn an_event_without_a_way_to_the_zammad_of_its_call_waits_for_that_one() {
    let desks = Desks::new();
    let broken = desks.profiles().replacen("http://", "https://", 1);
    let broken = broken.replace("[profiles.test]", "ca_file = \"/nonexistent\"\n[profiles.test]");
    desks.configure(ROUTES, &broken);
    let ran = desks.run(&new_call("7", "4930555123"));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
    assert!(ran.stderr.contains("cannot read /nonexistent"), "{ran}");
    let line =
        r#"{"event":"newCall","call_id":"8","direction":"in","from":"493023125741","to":"4930555124"}"#;
    let ran = Ran::of(desks.program(&["send"]).write_stdin(line));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
    let server = Fastagi::start(&mut desks.process(&["fastagi", "--listen", "127.0.0.1:0"]));
    Channel { dialled: b"4930555125".to_vec(), ..Channel::of_customer("9") }.call(server.address, "new-call");
    server.stop();
    // The configuration's own Zammad can be reached.
    desks.new_call("10", "4940123");
    let listed = desks.run(&["spool", "list", "--output", "json"]);
    let letters: Vec<Value> = listed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let waiting_for = |zammad: &Sandbox| {
        let is_for = |letter: &&Value| letter["zammad"].as_str().unwrap().contains(zammad.address());
        letters.iter().filter(is_for).map(|letter| letter["call_id"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(waiting_for(&desks.berlin), ["7", "8", "9"], "{listed}");
    assert_eq!(waiting_for(&desks.own), [""; 0], "{listed}");
}

#[test]
fn send_brings_each_call_to_its_zammad() {
    let desks = Desks::new();
    let line = |event: Value| format!("{event}\n");
    let call = |call_id: &str, to: &str, more: Value| {
        let mut event = json!({ "event": "newCall", "call_id": call_id, "direction": "in", "from": "493023125741", "to": to });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line(event)
    };
    let mut lines = call("1", "4930555123", json!({}));
    lines += &call("2", "42", json!({ "queue": "support-2" }));
    lines += &call("3", "42", json!({ "trunk": "PJSIP/trunk" }));
    lines += &call("4", "42", json!({}));
    for call_id in ["1", "2", "3", "4"] {
        lines += &line(json!({ "event": "answer", "call_id": call_id }));
        lines += &line(json!({ "event": "hangup", "call_id": call_id }));
    }
    let ran = Ran::of(desks.program(&["send"]).write_stdin(lines));
    assert_eq!((ran.code, ran.stdout), (0, "none\n".repeat(12)), "{}", ran.stderr);
    desks.flush();
    let ended = json!("hangup");
    assert_eq!(desks.states("1"), [Value::Null, ended.clone(), ended.clone()]);
    for call_id in ["2", "3"] {
        assert_eq!(desks.states(call_id), [Value::Null, ended.clone(), Value::Null], "{call_id}");
    }
    assert_eq!(desks.states("4"), [ended, Value::Null, Value::Null]);
}

#[test]
fn a_dialplan_s_calls_go_by_their_channels() {
    let desks = Desks::new();
    let server = Fastagi::start(&mut desks.process(&["fastagi", "--listen", "127.0.0.1:0"]));
    // The number that was dialled leads to the first route, the channel's endpoint to the last.
    for (call_id, dialled, has_copy) in [("1.1", "4930555123", true), ("1.2", "42", false)] {
        for by_server in [true, false] {
            let call_id = format!("{call_id}{}", u8::from(by_server));
            let mut channel = Channel { dialled: dialled.into(), ..Channel::of_customer(&call_id) };
            for event in ["new-call", "hangup"] {
                if by_server {
                    channel.call(server.address, event);
                } else {
                    channel.run(&mut desks.process(&["agi", event]));
                }
            }
            until("it has ended", || desks.states(&call_id)[1] == json!("hangup"));
            desks.flush();
            let copy = if has_copy { json!("hangup") } else { Value::Null };
            assert_eq!(desks.states(&call_id), [Value::Null, json!("hangup"), copy], "{call_id}");
        }
    }
    server.stop();
}

#[test]
fn a_bridge_goes_by_routes_and_takes_up_the_calls_of_all_zammads() {
    let desks = Desks::new();
    let ami = Ami::start();
    let secret = desks.world.file("secret", 0o600, SECRET);
    desks.configure(
        "[[routes]]\nbridge = \"freeswitch\"\nprofile = \"test\"\n\
         [[routes]]\nbridge = \"asterisk\"\ntrunk = \"PJSIP/trunk\"\nprofile = \"berlin\"\ncopy_to = \"test\"",
        &desks.profiles(),
    );
    let start = || {
        let mut program = desks.process(&["bridge", "asterisk", "--username", USERNAME]);
        Running::start(program.args(["--address", &ami.at(), "--secret-file"]).arg(&secret))
    };
    let running = start();
    let session = ami.session();
    for (call_id, trunk) in [("1.1", "trunk"), ("2.1", "other")] {
        session.say(format!(
            "Event: Newchannel\r\nChannel: PJSIP/{trunk}-1\r\nChannelStateDesc: Ring\r\nCallerIDNum: 4940669690\r\n\
             Context: from-trunk\r\nExten: 493023125101\r\nUniqueid: {call_id}\r\nLinkedid: {call_id}\r\n\r\n\
             Event: QueueCallerJoin\r\nChannel: PJSIP/{trunk}-1\r\nUniqueid: {call_id}\r\nLinkedid: {call_id}\r\n\
             Queue: 700\r\n\r\n"
        ));
    }
    let rings = json!("newCall");
    until("both ring", || {
        desks.states("1.1") == [Value::Null, rings.clone(), Value::Null]
            && desks.states("2.1") == [rings.clone(), Value::Null, Value::Null]
    });
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
    // The next process finds that they have ended.
    let running = start();
    until("both have ended", || {
        desks.states("1.1")[1] == json!("hangup") && desks.states("2.1")[0] == json!("hangup")
    });
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
    desks.flush();
    assert_eq!(desks.states("1.1")[2], json!("hangup"));
    assert_eq!(desks.states("2.1")[2], Value::Null);
}

#[test]
fn operators_see_and_close_the_calls_of_all_zammads_and_retry_moves_nothing_between_them() {
    let desks = Desks::new();
    desks.new_call("7", "4930555123");
    desks.new_call("8", "4940123");
    let listed = desks.run(&["calls", "--output", "json"]);
    let rows: Vec<Value> = listed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of: Vec<_> =
        rows.iter().map(|row| (row["call_id"].as_str().unwrap(), row["profile"].clone())).collect();
    assert_eq!(of, [("8", Value::Null), ("7", json!("berlin"))]);
    assert_eq!(listed.stderr, "", "the copy's call is nobody's to worry about");
    let shown = desks.run(&["calls"]).stdout;
    let of_berlin = shown.split_once("4940123").unwrap().1;
    assert!(of_berlin.contains("4930555123") && of_berlin.contains("  profile berlin\n"), "{shown}");
    assert_eq!(shown.matches("profile").count(), 1, "{shown}");
    is_down(&desks.berlin);
    is_down(&desks.test);
    let ran = desks.run(&["calls", "close", "--all"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\nspooled\n"), "{ran}");
    let listed = desks.run(&["spool", "list"]);
    assert!(listed.stdout.contains(desks.berlin.address()), "{listed}");
    assert!(!listed.stderr.contains("another Zammad"), "{listed}");
    let ran = desks.run(&["spool", "retry", "--all"]);
    assert_eq!(ran.code, 0, "{ran}");
    desks.berlin.fault(json!({ "mode": "none" }));
    desks.test.fault(json!({ "mode": "none" }));
    until("it has ended", || {
        desks.flush();
        desks.states("7") == [Value::Null, json!("hangup"), json!("hangup")]
    });
    assert_eq!(desks.states("8"), [json!("hangup"), Value::Null, Value::Null]);
}
