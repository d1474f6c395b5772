use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::asterisk::{
    CALL, Channel, Variables, assert_line_break_is_said, assert_said, events, whole_call, with_line_breaks,
};
use crate::running::{Running, until};
use crate::servers::{self, Reply, Server, at_once, listen, reserved_port, stay_silent};
use crate::support::{Sandbox, TOKEN, World, stdout};

/// As a line of the dialplan has it.
fn agi(world: &World, url: &str, arguments: &[&str]) -> Command {
    let mut program = world.process();
    program.env("ZAMMAD_CTI_URL", url).arg("agi").args(arguments);
    program
}

/// A Zammad that takes everything and wants nothing, so long after it was asked.
fn zammad(after: Duration) -> Server {
    Server::answering([Reply::json(200, "{}").after(after)])
}

/// A caller log in which a call rings.
fn ringing(world: &World) -> Sandbox {
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let ended = Channel::of_customer(CALL).run(&mut agi(world, &sandbox.url, &["new-call"]));
    assert_eq!((ended.code, sandbox.call(CALL)["state"].as_str()), (0, Some("newCall")));
    sandbox
}

#[test]
fn a_call_is_followed_from_the_first_ring_to_the_hangup() {
    let top = |agents: &str| format!("[agents]\n{agents} = \"anna@example.com\"\n");
    let profile = "[agents]\n101 = \"nobody@example.com\"\n102 = \"bert@example.com\"\n\
                   [profiles.test.agents]\n101 = \"anna@example.com\"\n";
    // (configuration, options)
    let cases: [(String, &[&str]); 5] = [
        (top("\"PJSIP/anna\""), &[]),
        (top("anna"), &[]),
        (top("101"), &[]),
        (profile.to_owned(), &["--profile", "test"]),
        // Endpoint before number.
        (top("101 = \"bert@example.com\"\nanna"), &[]),
    ];
    at_once(cases, |(configuration, options)| {
        let world = World::new();
        let path = world.file("config.toml", 0o600, &configuration);
        let sandbox = world.sandbox(&["--token", TOKEN]);
        whole_call(&sandbox, |channel, event, words| {
            let mut program = agi(&world, &sandbox.url, &[event]);
            for (name, value) in words {
                program.arg(format!("--{name}")).arg(value);
            }
            let ended = channel.run(program.args(options).arg("--config").arg(&path));
            assert_eq!(ended.code, 0, "{configuration}");
            let said = ended.said.clone();
            assert_eq!(ended.stderr(), "", "{configuration}");
            said
        });
    });
}

#[test]
fn an_answer_tells_who_picked_up() {
    let world = World::new();
    let path = world.file("config.toml", 0o600, "[agents]\n101 = \"anna@example.com\"\n");
    // (phone, its number, options, body besides event and call)
    type Case<'a> = (&'static str, &'a str, &'a [&'a str], Value);
    let cases: [Case; 11] = [
        (
            "PJSIP/x-1",
            "101",
            &[],
            json!({ "direction": "in", "answeringNumber": "101", "user": "anna@example.com" }),
        ),
        ("PJSIP/101-1", "", &[], json!({ "direction": "in", "user": "anna@example.com" })),
        ("PJSIP/x-1", "102", &[], json!({ "direction": "in", "answeringNumber": "102" })),
        ("PJSIP/x-1", "$(id)", &[], json!({ "direction": "in" })),
        (
            "PJSIP/x-1",
            "101",
            &["--user", "bert", "--answering-number", "103"],
            json!({ "direction": "in", "answeringNumber": "103", "user": "bert" }),
        ),
        (
            "PJSIP/x-1",
            "101",
            &["--user", "", "--answering-number", "", "--direction", "", "--call-id", ""],
            json!({ "direction": "in", "answeringNumber": "101", "user": "anna@example.com" }),
        ),
        ("PJSIP/x-1", "101", &["--voicemail"], json!({ "direction": "in", "user": "voicemail" })),
        ("PJSIP/x-1", "101", &["--direction", "out"], json!({ "direction": "out" })),
        ("PJSIP/x-1", "101", &["--direction", "OUT"], json!({ "direction": "out" })),
        (
            "PJSIP/x-1",
            "102",
            &["--call-id", "7"],
            json!({ "callId": "7", "direction": "in", "answeringNumber": "102" }),
        ),
        ("Local/101@queue-1;2", "unknown", &[], json!({ "direction": "in", "user": "anna@example.com" })),
    ];
    at_once(cases, |(name, number, options, more)| {
        let zammad = zammad(Duration::ZERO);
        let customer =
            Channel::of_customer(CALL).with(&[("ZAMMAD_CALLID", CALL), ("ZAMMAD_DIRECTION", "in")]);
        let mut phone = customer.picked_up_by(name, number);
        let ended =
            phone.run(agi(&world, &zammad.url(), &["answer"]).args(options).arg("--config").arg(&path));
        assert_eq!(ended.code, 0, "{options:?}");
        let call_id = if options.contains(&"7") { "7" } else { CALL };
        assert_eq!(phone.get("MASTER_CHANNEL(ZAMMAD_ANSWERED)"), call_id, "{options:?}");
        let mut body = json!({ "event": "answer", "callId": CALL });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        until("the answer", || !zammad.requests().is_empty());
        assert_eq!(events(&zammad), [body], "{name} {number} {options:?}");
    });
}

#[test]
fn zammads_decision_is_on_the_channel() {
    let world = World::new();
    let sandbox = world.sandbox(&["--block", "4940669690", "--route", "41*=41715880339000"]);
    let caller = Channel::of_customer("2");
    let allowed = Channel { caller: b"491715000000".to_vec(), ..Channel::of_customer("1") };
    let out = ["--direction", "out", "--to"];
    // (channel, options, action, reason, caller id, number)
    type Case<'a> = (Channel, Vec<&'a str>, [&'a str; 4]);
    let cases: [Case; 4] = [
        (allowed, vec![], ["none", "", "", ""]),
        (caller, vec![], ["reject", "busy", "", ""]),
        (
            Channel::of_agent("3", "00041447110000"),
            [&out[..], &["41447110000"]].concat(),
            ["dial", "", "41715880339000", "41447110000"],
        ),
        (
            Channel::of_agent("4", "0493023125741"),
            [&out[..], &["493023125741"]].concat(),
            ["none", "", "", ""],
        ),
    ];
    for (mut channel, options, expected) in cases {
        let ended = channel.run(agi(&world, &sandbox.url, &["new-call"]).args(&options));
        let said =
            ["ACTION", "REASON", "CALLER_ID", "NUMBER"].map(|name| channel.get(&format!("ZAMMAD_{name}")));
        assert_eq!((ended.code, said), (0, expected), "{options:?}");
        assert_eq!(channel.get("ZAMMAD_CALLID"), channel.unique_id);
        let direction = if options.is_empty() { "in" } else { "out" };
        assert_eq!(channel.get("ZAMMAD_DIRECTION"), direction);
        let word = expected[0];
        assert_said(&ended.said, &format!("zammad-cti: newCall of call {}: {word}", channel.unique_id));
        assert_eq!(ended.stderr(), "", "{options:?}");
    }
}

#[test]
fn a_caller_is_a_number_or_anonymous() {
    let long = "1".repeat(3000);
    let header_of_his_own = "1\nagi_calleridname: x\nagi_callingpres: 0\nagi_callingani2: 0\n\
        agi_callington: 0\nagi_callingtns: 0\nagi_dnid: 666\nagi_rdnis: x\nagi_context: x\nagi_extension: 666\n\
        agi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 1\n\n200 result=1 (666)";
    let anonymous = "anonymous";
    // (direction, number in the header, its presentation, what Zammad gets)
    let cases: [(&str, &[u8], u8, &str); 45] = [
        ("in", b"4940669690", 0, "4940669690"),
        ("in", b"+4940669690;npdi;rn=+49301", 0, "4940669690"),
        ("in", b"0791234567;phone-context=+41", 0, "41791234567"),
        ("in", b"++4940669690", 0, "4940669690"),
        ("in", b"+4940669690", 0, "4940669690"),
        ("in", b"+49 (0)40 669-690", 0, "4940669690"),
        ("in", b"+49.40/669690", 0, "4940669690"),
        ("in", b"101", 0, "101"),
        ("in", b"4940669690", 0x01, "4940669690"),
        ("in", b"4940669690", 0x03, "4940669690"),
        ("in", b"4940669690", 0x20, anonymous),
        ("in", b"4940669690", 0x21, anonymous),
        ("in", b"4940669690", 0x22, anonymous),
        ("in", b"4940669690", 0x23, anonymous),
        ("in", b"unknown", 0x43, anonymous),
        ("out", b"4940669690", 0x20, "4940669690"),
        ("out", b"4940669690", 0x23, "4940669690"),
        ("in", b"unknown", 0, anonymous),
        ("in", b"", 0, anonymous),
        ("in", b" ", 0, anonymous),
        ("in", b"anonymous", 0, anonymous),
        ("in", b"Chris Customer", 0, anonymous),
        ("in", b"sip:4940669690@example.com", 0, "4940669690"),
        ("in", b"tel:+49-40-669690", 0, "4940669690"),
        ("in", b"callto:+4940669690", 0, "4940669690"),
        ("in", b"\"Chris\" <+4940669690>", 0, "4940669690"),
        ("in", b"4940669690,,5", 0, "4940669690"),
        ("in", b"sip:chris@example.com", 0, anonymous),
        ("in", b"\"Chris\" <4940669690>", 0x23, anonymous),
        ("in", b"49\"40", 0, anonymous),
        ("in", b"49'40'", 0, anonymous),
        ("in", b"49$(id)", 0, anonymous),
        ("in", b"${SHELL(id)}", 0, anonymous),
        ("in", b"49`id`", 0, anonymous),
        ("in", b"49,40", 0, anonymous),
        ("in", b"49;40", 0, "49"),
        ("in", b"49\\40", 0, anonymous),
        ("in", b"49\x1b[2J", 0, anonymous),
        ("in", b"49\xff40", 0, anonymous),
        ("in", "49\u{660}40".as_bytes(), 0, anonymous),
        ("in", b"1\nagi_callerid: 4940669690", 0, anonymous),
        ("in", b"1\nagi_dnid: 666", 0, anonymous),
        ("in", b"1\n\n200 result=1 (666)", 0, anonymous),
        ("in", header_of_his_own.as_bytes(), 0, anonymous),
        ("in", long.as_bytes(), 0, anonymous),
    ];
    let world = World::new();
    at_once(cases, |(direction, caller, presentation, from)| {
        let zammad = zammad(Duration::ZERO);
        let mut channel = Channel { caller: caller.to_vec(), presentation, ..Channel::of_customer(CALL) };
        let to = ["--to", "42", "--direction", direction];
        let ended = channel.run(agi(&world, &zammad.url(), &["new-call"]).args(to));
        let what = String::from_utf8_lossy(&caller[..caller.len().min(40)]).into_owned();
        assert_eq!((ended.code, channel.decision()), (0, ("none", "")), "{what:?}");
        let body =
            json!({ "event": "newCall", "callId": CALL, "direction": direction, "from": from, "to": "42" });
        assert_eq!(events(&zammad), [body], "{what:?} {presentation:#x}");
    });
}

#[test]
fn a_line_break_in_the_header_takes_nothing_from_the_call() {
    let world = World::new();
    let path = world.file("config.toml", 0o600, "[agents]\n101 = \"anna@example.com\"\n");
    let mut cases: Vec<_> =
        with_line_breaks().into_iter().map(|(what, channel)| (what, channel, vec![])).collect();
    cases.push(("an option", Channel::of_customer(CALL), vec!["--user", "Chris\n", "--queue", ""]));
    at_once(cases, |(what, mut channel, options)| {
        let zammad = zammad(Duration::ZERO);
        let line = |event| {
            let mut program = agi(&world, &zammad.url(), &[event, "--config"]);
            program.arg(&path);
            program
        };
        let ended = channel.run(line("new-call").args(&options));
        assert_eq!((ended.code, channel.decision()), (0, ("none", "")), "{what}");
        assert_line_break_is_said(&ended.stderr(), what);
        let mut body = json!({ "event": "newCall", "callId": CALL, "direction": "in", "from": "4940669690",
                               "to": "493023125111" });
        if !options.is_empty() {
            body["user"] = json!(["Chris"]);
        }
        let mut phone = Channel { caller: b"101\n".to_vec(), ..channel.picked_up_by("PJSIP/x-1", "101") };
        assert_line_break_is_said(&phone.run(&mut line("answer")).stderr(), what);
        channel.is_connected_with(phone);
        channel.run(&mut line("hangup"));
        until("the hangup", || zammad.requests().len() == 3);
        let answer = json!({ "event": "answer", "callId": CALL, "direction": "in",
                             "answeringNumber": "101", "user": "anna@example.com" });
        let hangup =
            json!({ "event": "hangup", "callId": CALL, "direction": "in", "cause": "normalClearing" });
        assert_eq!(events(&zammad), [body, answer, hangup], "{what}");
    });
}

#[test]
fn an_id_that_was_chosen_with_a_line_break_is_the_same_in_all_events() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let mut channel = Channel::of_customer("7.1\nagi_callerid: 666");
    let ended = channel.run(&mut agi(&world, &zammad.url(), &["new-call"]));
    assert_eq!((ended.code, channel.decision()), (0, ("none", "")));
    let mut other = Channel { variables: Variables::new(), ..channel.clone() };
    for event in ["answer", "hangup"] {
        other.run(&mut agi(&world, &zammad.url(), &[event, "--direction", "in"]));
    }
    until("the hangup", || zammad.requests().len() == 3);
    for event in events(&zammad) {
        assert_eq!(event["callId"], "7.1agi_callerid: 666", "{event}");
    }
    assert_eq!(events(&zammad)[0]["from"], "4940669690");
}

#[test]
fn the_called_party_is_what_was_dialled_first_or_what_an_option_says() {
    let long = "1".repeat(3000);
    // (dialled, extension, options, what Zammad gets besides event, call and direction)
    type Case<'a> = (&'a [u8], &'static str, &'a [&'a str], Value);
    let plain = json!({ "from": "4940669690", "to": "493023125111" });
    let cases: [Case; 17] = [
        (b"493023125111", "s", &[], plain.clone()),
        (b"+493023125111;npdi;rn=+49301", "s", &[], plain.clone()),
        (b"493023125111", "42", &[], plain.clone()),
        (b"+49 30 23125111", "s", &[], plain.clone()),
        (b"unknown", "42", &[], json!({ "from": "4940669690", "to": "42" })),
        (b"4930$(id)", "42", &[], json!({ "from": "4940669690", "to": "42" })),
        (long.as_bytes(), "42", &[], json!({ "from": "4940669690", "to": "42" })),
        (b"unknown", "s", &[], json!({ "from": "4940669690", "to": "anonymous" })),
        (
            b"493023125111",
            "s",
            &["--to", "+49 30 5557142"],
            json!({ "from": "4940669690", "to": "49305557142" }),
        ),
        (
            b"493023125111",
            "s",
            &["--from", "anonymous"],
            json!({ "from": "anonymous", "to": "493023125111" }),
        ),
        (
            b"493023125111",
            "s",
            &["--from", "-4930555710"],
            json!({ "from": "4930555710", "to": "493023125111" }),
        ),
        (
            b"493023125111",
            "s",
            &["--queue", "support"],
            json!({ "from": "4940669690", "to": "493023125111", "queue": "support" }),
        ),
        (
            b"493023125111",
            "s",
            &["--user", "Anna M\u{fc}ller", "--user", "$(id) \"B\"", "--user", ""],
            json!({ "from": "4940669690", "to": "493023125111", "user": ["Anna M\u{fc}ller", "$(id) \"B\""] }),
        ),
        (
            b"493023125111",
            "s",
            &["--from", "", "--to", "", "--queue", "", "--user", "", "--call-id", "", "--direction", ""],
            plain.clone(),
        ),
        (
            b"493023125111",
            "s",
            &["--from", " ", "--to", " ", "--queue", " ", "--call-id", " "],
            plain.clone(),
        ),
        (
            b"493023125111",
            "s",
            &["--call-id", "7"],
            json!({ "from": "4940669690", "to": "493023125111", "callId": "7" }),
        ),
        (
            b"0041447110000",
            "s",
            &["--direction", "out", "--from", "101", "--country", "DE"],
            json!({ "direction": "out", "from": "101", "to": "41447110000" }),
        ),
    ];
    let world = World::new();
    at_once(cases, |(dialled, extension, options, more)| {
        let zammad = zammad(Duration::ZERO);
        let mut channel = Channel { dialled: dialled.to_vec(), extension, ..Channel::of_customer(CALL) };
        let ended = channel.run(agi(&world, &zammad.url(), &["new-call"]).args(options));
        let what =
            format!("{} {extension} {options:?}", &String::from_utf8_lossy(dialled)[..dialled.len().min(40)]);
        assert_eq!((ended.code, channel.decision()), (0, ("none", "")), "{what}");
        let mut body = json!({ "event": "newCall", "callId": CALL, "direction": "in" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(events(&zammad), [body.clone()], "{what}");
        assert_eq!(channel.get("ZAMMAD_CALLID"), body["callId"], "{what}");
        assert_eq!(channel.get("ZAMMAD_DIRECTION"), body["direction"], "{what}");
        // Options that are empty are not given, and an agent's extension may call out.
        let said = ended.stderr();
        let expected = if body["to"] == "anonymous" { "`to` is no number" } else { "" };
        assert!(
            said.contains(expected) && said.lines().count() == usize::from(!expected.is_empty()),
            "{what}: {said}"
        );
    });
}

#[test]
fn a_call_is_reported_once() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let mut channel = Channel::of_customer(CALL);
    channel.run(&mut agi(&world, &zammad.url(), &["new-call"]));
    let first = channel.variables.clone();
    for options in [&[][..], &["--direction", "out"], &["--call-id", "8"]] {
        let ended = channel.run(agi(&world, &zammad.url(), &["new-call"]).args(options));
        assert_eq!(ended.code, 0, "{options:?}");
        assert_said(&ended.said, "zammad-cti: call 1795205483.1 is reported already");
        assert_eq!(channel.variables, first, "{options:?}");
    }
    assert_eq!(events(&zammad).len(), 1);
}

#[test]
fn the_call_goes_on_in_time_when_zammad_does_not_take_it() {
    let world = World::new();
    let file = world.file("config.toml", 0o600, "deadline = \"8s\"\n");
    let short = world.file("short.toml", 0o600, "deadline = \"1s\"\n");
    let nobody = reserved_port();
    let silent = Server::start(stay_silent);
    let answering = |reply: Reply| Server::answering([reply]);
    let busy = answering(Reply::html(503, "Service Unavailable"));
    let refusing = answering(Reply::json(401, "{\"error\":\"Invalid token, please contact your admin!\"}"));
    let page = answering(Reply::html(200, "Please log in"));
    let no_json = answering(Reply::json(422, &format!("{{\"error\":\"no $(id) \\\"{TOKEN}\\\"\\n, go\"}}")));
    let zammads = [
        (servers::url(nobody.local_addr().unwrap()), "refused", true),
        (silent.url(), "no reply", true),
        (busy.url(), "HTTP 503", true),
        (refusing.url(), "Zammad refused the token", false),
        (page.url(), "an HTML page HTTP 200", false),
        (no_json.url(), "no id *** go HTTP 422", false),
    ];
    let (file, short) = (file.to_str().unwrap(), short.to_str().unwrap());
    // (options, deadline)
    let times: [(&[&str], Duration); 4] = [
        (&[], Duration::from_secs(2)),
        (&["--config", file], Duration::from_secs(2)),
        (&["--config", short], Duration::from_secs(1)),
        (&["--config", file, "--deadline", "300ms"], Duration::from_millis(300)),
    ];
    let cases = zammads.iter().flat_map(|zammad| times.iter().map(move |time| (zammad, time)));
    at_once(cases.collect::<Vec<_>>(), |((url, cause, takes_time), (options, deadline))| {
        let what = format!("{cause} {options:?}");
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(agi(&world, url, &["new-call"]).args(*options));
        assert_eq!(ended.code, 0, "{what}");
        let error = channel.assert_error(&what);
        assert!(
            error.starts_with("Zammad did not take ") || error.starts_with("it is not known "),
            "{what}: {error}"
        );
        assert!(error.contains(cause) && error.contains("call 1795205483.1"), "{what}: {error}");
        assert_eq!((channel.get("ZAMMAD_CALLID"), channel.get("ZAMMAD_DIRECTION")), (CALL, "in"), "{what}");
        assert_said(&ended.said, "zammad-cti: ");
        let took = ended.took;
        assert!(took.within(*deadline), "{what}: {took:?}");
        // What may be better later is tried to the end, as far as another attempt makes sense: of 300 ms, once
        // more after 75 ms or up to 100.
        assert!(!takes_time || took.at_least(*deadline / 4), "{what}: {took:?}");
        let stderr = ended.stderr();
        assert!(stderr.lines().last().is_some_and(|line| line.starts_with("  ")), "{what}: {stderr}");
    });
}

#[test]
fn an_answer_and_a_hangup_let_the_call_go_on_when_zammad_does_not_take_them() {
    let world = World::new();
    let nobody = reserved_port();
    let refusing =
        Server::answering([Reply::json(401, "{\"error\":\"Invalid token, please contact your admin!\"}")]);
    let silent = Server::start(stay_silent);
    let file = world.file("config.toml", 0o600, "deadline = \"1s\"\n");
    let zammads = [servers::url(nobody.local_addr().unwrap()), refusing.url(), silent.url()];
    let most = Duration::from_millis(400);
    let cases = zammads.iter().flat_map(|url| ["answer", "hangup"].map(move |event| (url, event)));
    at_once(cases.collect::<Vec<_>>(), |(url, event)| {
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(agi(&world, url, &[event]).arg("--config").arg(&file));
        let took = ended.took;
        assert_eq!(ended.code, 0, "{event} {url}");
        assert!(took.within(most), "{event} {url}: {took:?}");
        assert_said(&ended.said, "zammad-cti: ");
        let stderr = ended.stderr();
        assert!(stderr.contains(&format!("the {event} of call {CALL}")), "{event} {url}: {stderr}");
    });
}

/// The same line, where what Zammad does not take waits in a spool.
fn with_spool(program: &mut Command) -> &mut Command {
    let spool = program.get_current_dir().unwrap().join("spool.db");
    program.env("ZAMMAD_CTI_SPOOL_PATH", spool)
}

#[test]
fn a_new_call_that_zammad_does_not_take_is_spooled_and_goes_on_in_time() {
    let nobody = reserved_port();
    let silent = Server::start(stay_silent);
    let answering = |reply: Reply| Server::answering([reply]);
    let busy = answering(Reply::html(503, "Service Unavailable"));
    let refusing = answering(Reply::json(401, "{\"error\":\"Invalid token, please contact your admin!\"}"));
    let zammads = [
        (servers::url(nobody.local_addr().unwrap()), "refused"),
        (silent.url(), "no reply"),
        (busy.url(), "HTTP 503"),
        (refusing.url(), "Zammad refused the token"),
    ];
    // (options, deadline)
    let times: [(&[&str], Duration); 2] =
        [(&[], Duration::from_secs(2)), (&["--deadline", "400ms"], Duration::from_millis(400))];
    let cases = zammads.iter().flat_map(|zammad| times.iter().map(move |time| (zammad, time)));
    at_once(cases.collect::<Vec<_>>(), |((url, cause), (options, deadline))| {
        let what = format!("{cause} {options:?}");
        let world = World::new();
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(with_spool(&mut agi(&world, url, &["new-call"])).args(*options));
        assert_eq!((ended.code, channel.decision()), (0, ("spooled", "")), "{what}");
        assert_eq!((channel.get("ZAMMAD_CALLID"), channel.get("ZAMMAD_DIRECTION")), (CALL, "in"), "{what}");
        for nothing in ["ZAMMAD_REASON", "ZAMMAD_CALLER_ID", "ZAMMAD_NUMBER"] {
            assert_eq!(channel.get(nothing), "", "{what}");
        }
        assert_said(&ended.said, &format!("zammad-cti: newCall of call {CALL}: spooled, as "));
        assert!(ended.said[0].contains(cause), "{what}: {:?}", ended.said);
        assert!(ended.took.within(*deadline), "{what}: {:?}", ended.took);
        let stderr = ended.stderr();
        assert!(
            stderr.contains("it is in the spool, and will be sent by `zammad-cti spool run`"),
            "{what}: {stderr}"
        );
    });
}

#[test]
fn a_call_during_which_zammad_is_down_is_in_its_log_afterwards() {
    for mode in ["on-failure", "always"] {
        let world = World::new();
        let path = world.file("config.toml", 0o600, "[agents]\n101 = \"anna@example.com\"\n");
        let sandbox = world.sandbox(&["--token", TOKEN]);
        let line = |event| {
            let mut program = agi(&world, &sandbox.url, &[event, "--spool-mode", mode, "--config"]);
            with_spool(&mut program).arg(&path);
            program
        };
        sandbox.fault(json!({ "mode": "respond", "status": 503 }));
        let mut customer = Channel::of_customer(CALL);
        customer.run(&mut line("new-call"));
        assert_eq!(customer.decision(), ("spooled", ""), "{mode}");
        let mut phone = customer.picked_up_by("PJSIP/anna-0000001f", "101");
        let answered = phone.run(&mut line("answer"));
        customer.is_connected_with(phone);
        let ended = customer.run(&mut line("hangup"));
        for (ended, event) in [(answered, "answer"), (ended, "hangup")] {
            assert_eq!(ended.code, 0, "{mode}");
            assert_said(&ended.said, &format!("zammad-cti: {event} of call {CALL}"));
            assert!(ended.took.within(Duration::from_millis(500)), "{mode} {event}: {:?}", ended.took);
            let stderr = ended.stderr();
            assert!(!stderr.contains("did not take"), "{mode} {event}: {stderr}");
        }
        assert_eq!(sandbox.log(), [] as [Value; 0], "{mode}");
        sandbox.fault(json!({ "mode": "none" }));
        let flush = || {
            let mut flush = world.bare();
            flush.env("ZAMMAD_CTI_URL", &sandbox.url).env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
            stdout(&flush.args(["spool", "flush"]).assert().code(0))
        };
        assert_eq!(flush(), "delivered 3, waiting 0, unconfirmed 0, dead 0\n", "{mode}");
        let call = sandbox.call(CALL);
        assert_eq!((&call["state"], &call["done"]), (&"hangup".into(), &true.into()), "{call}");
        assert_eq!(
            (&call["from"], &call["comment"]),
            (&"4940669690".into(), &"normalClearing".into()),
            "{call}"
        );
        assert_eq!(call["to_comment"], "anna@example.com", "{call}");
        assert_eq!(flush(), "delivered 0, waiting 0, unconfirmed 0, dead 0\n", "{mode}");
    }
}

#[test]
fn an_answer_and_a_hangup_outlast_a_zammad_that_is_away_for_longer_than_their_deadline() {
    let world = World::new();
    let sandbox = ringing(&world);
    sandbox.fault(json!({ "mode": "respond", "status": 503 }));
    let config = world.file("config.toml", 0o600, "deadline = \"1s\"\n");
    let line = |event| {
        let mut program = agi(&world, &sandbox.url, &[event, "--config"]);
        with_spool(&mut program).arg(&config);
        program
    };
    let mut customer =
        Channel::of_customer(CALL).with(&[("ZAMMAD_CALLID", CALL), ("ZAMMAD_DIRECTION", "in")]);
    let mut phone = customer.picked_up_by("PJSIP/anna-0000001f", "101");
    let answered = phone.run(&mut line("answer"));
    customer.is_connected_with(phone);
    let ended = customer.run(&mut line("hangup"));
    for ended in [answered, ended] {
        assert!(ended.took.within(Duration::from_millis(500)), "{:?}", ended.took);
        // Waits until each is in the spool.
        let stderr = ended.stderr();
        assert!(!stderr.contains("error"), "{stderr}");
    }
    sandbox.fault(json!({ "mode": "none" }));
    let mut flush = world.bare();
    flush.env("ZAMMAD_CTI_URL", &sandbox.url).env("ZAMMAD_CTI_SPOOL_PATH", world.path("spool.db"));
    let flushed = flush.args(["spool", "flush"]).assert().code(0);
    assert_eq!(stdout(&flushed), "delivered 2, waiting 0, unconfirmed 0, dead 0\n");
    let call = sandbox.call(CALL);
    assert_eq!((&call["state"], &call["done"]), (&"hangup".into(), &true.into()), "{call}");
}

#[test]
fn what_the_journal_knows_of_a_call_its_channel_need_not() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let path = world.file("config.toml", 0o600, "[agents]\n101 = \"anna@example.com\"\n");
    let line = |arguments: &[&str]| {
        let mut program = agi(&world, &sandbox.url, arguments);
        with_spool(&mut program).arg("--config").arg(&path);
        program
    };
    let mut agent = Channel::of_agent(CALL, "493023125741");
    agent.run(&mut line(&["new-call", "--direction", "out"]));
    assert_eq!(agent.decision(), ("none", ""));
    // A channel on which nothing was noted, and a phone that would be Anna's.
    let mut other = Channel::of_agent("8", "493023125741");
    let answered = other.run(&mut line(&["answer", "--call-id", CALL]));
    assert_eq!((answered.code, answered.stderr().as_str()), (0, ""));
    let call = sandbox.call(CALL);
    assert_eq!((&call["state"], &call["direction"]), (&"answer".into(), &"out".into()), "{call}");
    assert_eq!(call["to_comment"], Value::Null, "{call}");
    let ended = other.run(&mut line(&["hangup", "--call-id", CALL, "--cause", "16"]));
    assert_eq!((ended.code, ended.stderr().as_str()), (0, ""));
    let call = sandbox.call(CALL);
    assert_eq!((&call["state"], &call["done"]), (&"hangup".into(), &true.into()), "{call}");
    // A second one, of a channel that does not know of the first.
    let ended = other.with(&[("ZAMMAD_ENDED", "")]).run(&mut line(&["hangup", "--call-id", CALL]));
    let stderr = ended.stderr();
    assert!(stderr.contains(&format!("the hangup of call {CALL} is reported already")), "{stderr}");
    assert_eq!(sandbox.call(CALL), call);
    // An inbound call that ends like this was given up by its caller.
    let mut agent = Channel::of_agent("9", "493023125741");
    agent.run(&mut line(&["new-call", "--direction", "out"]));
    let mut other = Channel::of_agent("10", "493023125741").with(&[("HANGUPCAUSE", "16")]);
    other.run(&mut line(&["hangup", "--call-id", "9"]));
    until("the hangup", || sandbox.call("9")["state"] == "hangup");
    assert_eq!(sandbox.call("9")["comment"], "noAnswer");
}

#[test]
fn a_spool_that_cannot_be_used_holds_no_call() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    world.file("file", 0o600, "");
    for path in ["file/spool.db", "no/such/folder/spool.db", "/proc/spool.db"] {
        let mut channel = Channel::of_customer(&format!("call in {path}"));
        let mut program = agi(&world, &sandbox.url, &["new-call", "--spool-path", path]);
        let ended = channel.run(&mut program);
        assert_eq!((ended.code, channel.decision()), (0, ("none", "")), "{path}");
        assert!(ended.took.within(Duration::from_secs(1)), "{path}: {:?}", ended.took);
        // Nor is it used when it would be needed.
        let nobody = reserved_port();
        let url = servers::url(nobody.local_addr().unwrap());
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(&mut agi(&world, &url, &["new-call", "--spool-path", path]));
        assert_eq!(ended.code, 0, "{path}");
        let error = channel.assert_error(path);
        assert!(error.contains("refused"), "{path}: {error}");
        assert!(ended.took.within(Duration::from_secs(2)), "{path}: {:?}", ended.took);
        let stderr = ended.stderr();
        assert!(stderr.contains("it is not kept"), "{path}: {stderr}");
    }
}

#[test]
fn a_mistake_in_the_dialplan_is_said_to_asterisk_too() {
    let world = World::new();
    let unknown_key = world.file("unknown.toml", 0o600, "quue = 1\n");
    let no_file = world.path("none.toml");
    let (unknown_key, no_file) = (unknown_key.to_str().unwrap(), no_file.to_str().unwrap());
    // (line, exit code, what is said)
    let cases: [(&[&str], i32, &str); 14] = [
        (&["new-call", "--quue", "support"], 2, "--quue"),
        (&["new-call", "support"], 2, "support"),
        (&["new-call", "--queue"], 2, "--queue"),
        (&["newcall"], 2, "newcall"),
        (&["new-call", "--dry-run"], 2, "--dry-run"),
        (&["new-call", "--direction", "sideways"], 2, "the direction must be"),
        (&["answer", "--direction", "sideways"], 2, "the direction must be"),
        (&["hangup", "--direction", "sideways"], 2, "the direction must be"),
        (&["hangup", "--queue", "support"], 2, "--queue"),
        (&["new-call", "--call-id", "a\nb"], 65, "control character"),
        (&["new-call", "--from", "a\u{1}b"], 65, "control character"),
        (&["new-call", "--config", unknown_key], 78, "quue"),
        (&["hangup", "--config", no_file], 78, "none.toml"),
        (&["answer", "--timeout", "0s"], 78, "timeout"),
    ];
    at_once(cases, |(line, code, said)| {
        let zammad = zammad(Duration::ZERO);
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(&mut agi(&world, &zammad.url(), line));
        assert_eq!(ended.code, code, "{line:?}");
        let error = channel.assert_error(&format!("{line:?}"));
        assert!(error.contains(said), "{line:?}: {error}");
        assert!(matches!(&ended.said[..], [only] if only.contains(said)), "{line:?}: {:?}", ended.said);
        let stderr = ended.stderr();
        assert!(stderr.contains(said), "{line:?}: {stderr}");
        assert_eq!(zammad.requests(), [] as [String; 0], "{line:?}");
    });
}

#[test]
fn a_line_that_forgets_the_word_agi_is_told_so() {
    let world = World::new();
    let mut channel = Channel::of_customer(CALL);
    let mut program = world.process();
    let ended = channel.run(program.env("AST_AGI_DIR", "/usr/share/asterisk/agi-bin").arg("new-call"));
    assert_eq!(ended.code, 2);
    assert!(ended.said[0].contains("use AGI(/usr/bin/zammad-cti,agi,new-call)"), "{:?}", ended.said);
}

#[test]
fn a_decision_that_is_lost_is_said_to_be_so() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    sandbox.fault(json!({ "mode": "drop_after", "count": 1 }));
    let mut channel = Channel::of_customer(CALL);
    let ended = channel.run(&mut agi(&world, &sandbox.url, &["new-call"]));
    assert_eq!(channel.decision(), ("none", ""));
    assert!(ended.said[0].contains("the decision is lost"), "{:?}", ended.said);
}

#[test]
fn without_zammads_address_asterisk_is_told_so() {
    let world = World::new();
    for event in ["new-call", "answer", "hangup"] {
        let mut channel = Channel::of_customer(CALL);
        let ended = channel.run(world.process().args(["agi", event]));
        assert_eq!(ended.code, 78, "{event}");
        let error = channel.assert_error(event);
        assert!(error.contains("url"), "{event}: {error}");
        assert_said(&ended.said, "zammad-cti: ");
        let stderr = ended.stderr();
        assert!(stderr.contains("url"), "{event}: {stderr}");
    }
}

#[test]
fn the_program_lives_on_when_the_caller_hangs_up() {
    let world = World::new();
    let hung_up = |event: &str| {
        let zammad = zammad(Duration::from_millis(500));
        let mut channel = Channel::of_customer(CALL);
        let agi = channel.start(&mut agi(&world, &zammad.url(), &[event, "--direction", "in"]));
        let id = Pid::from_raw(agi.id().try_into().unwrap()).unwrap();
        let (ended, was_in_time) = std::thread::scope(|scope| {
            let signalled = scope.spawn(|| {
                until(event, || !zammad.requests().is_empty());
                kill_process(id, Signal::HUP).is_ok()
            });
            (channel.finish(agi), signalled.join().unwrap())
        });
        assert_eq!(ended.code, 0, "{event}");
        assert_eq!(ended.said.len(), 1, "{event}: {:?}", ended.said);
        if event == "new-call" {
            assert_eq!(channel.decision(), ("none", ""));
        }
        assert_eq!(ended.stderr(), "", "{event}");
        assert_eq!(events(&zammad).len(), 1, "{event}");
        was_in_time
    };
    for event in ["new-call", "hangup"] {
        // A hangup's process lets the channel go after 150 ms, which a busy machine may need until the signal.
        until(event, || hung_up(event));
    }
}

#[test]
fn an_event_is_brought_once_although_asterisk_closes_the_pipes_meanwhile() {
    let world = World::new();
    // (event, the last command that Asterisk answers)
    for (event, last) in [
        ("new-call", "SET VARIABLE ZAMMAD_DIRECTION \"in\""),
        ("answer", "SET VARIABLE MASTER_CHANNEL(ZAMMAD_ANSWERED) \"1795205483.1\""),
        ("hangup", "SET VARIABLE ZAMMAD_ENDED \"1795205483.1\""),
    ] {
        let zammad = zammad(Duration::from_millis(500));
        let mut channel = Channel::of_customer(CALL);
        let mut agi = channel.start(&mut agi(&world, &zammad.url(), &[event]));
        while channel.answer(&mut agi.talk).expect(last) != last {}
        agi.signal("HUP");
        let ended = agi.end();
        assert_eq!(ended.code, 0, "{event}");
        until(event, || !zammad.requests().is_empty());
        let stderr = ended.stderr();
        assert!(!stderr.contains("did not take"), "{event}: {stderr}");
        assert_eq!(events(&zammad).len(), 1, "{event}");
    }
}

#[test]
fn what_another_call_of_the_same_channel_had_is_not_this_ones() {
    let world = World::new();
    let noted = |name: &str, call: &str| vec![(name.to_owned(), call.to_owned())];
    // (noted on the channel, or on the one that called it; cause)
    let cases = [
        (noted("ZAMMAD_ANSWERED", CALL), Variables::new(), "normalClearing"),
        (noted("ZAMMAD_ANSWERED", "1795205483.10"), Variables::new(), "cancel"),
        (vec![], noted("ZAMMAD_ANSWERED", CALL).into_iter().collect(), "normalClearing"),
        (vec![], noted("ZAMMAD_ANSWERED", "1795205480.1").into_iter().collect(), "cancel"),
    ];
    for (own, master, cause) in cases {
        let zammad = zammad(Duration::ZERO);
        let mut channel = Channel::of_customer(CALL).with(&[("HANGUPCAUSE", "16")]);
        channel.variables.extend(own);
        channel.master = (!master.is_empty()).then_some(master);
        channel.run(&mut agi(&world, &zammad.url(), &["hangup"]));
        until("the hangup", || !zammad.requests().is_empty());
        assert_eq!(events(&zammad)[0]["cause"], cause);
    }
}

#[test]
fn an_id_that_is_made_up_is_the_same_in_the_dialplan() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let mut channel = Channel::of_customer(CALL);
    channel.run(&mut agi(&world, &zammad.url(), &["new-call", "--call-id", "auto"]));
    let made_up = channel.get("ZAMMAD_CALLID").to_owned();
    assert_eq!(made_up.len(), 32);
    assert_eq!(events(&zammad)[0]["callId"], made_up);
}

#[test]
fn a_call_that_cannot_be_reported_has_no_id() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let mut channel = Channel::of_customer(CALL);
    let ended = channel.run(&mut agi(&world, &zammad.url(), &["new-call", "--from", "4\u{1}9"]));
    assert_eq!(ended.code, 65);
    assert_eq!(channel.get("ZAMMAD_CALLID"), "");
}

#[test]
fn a_hangup_with_a_cause_that_is_none_has_the_channels() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let mut channel = Channel::of_customer(CALL);
    channel.variables.insert("DIALSTATUS".to_owned(), "BUSY".to_owned());
    let ended = channel.run(&mut agi(&world, &zammad.url(), &["hangup", "--cause", "whatever"]));
    assert_eq!(ended.code, 0);
    assert!(ended.said[0].contains("\"whatever\" is not a known hangup cause"), "{:?}", ended.said);
    let hangup = json!({ "event": "hangup", "callId": CALL, "direction": "in", "cause": "busy" });
    until("the hangup", || !zammad.requests().is_empty());
    assert_eq!(events(&zammad), [hangup]);
}

#[test]
fn a_hangup_is_sent_although_the_channel_says_nothing_any_more() {
    let world = World::new();
    let zammad = zammad(Duration::ZERO);
    let ended = Channel::of_customer(CALL).start(&mut agi(&world, &zammad.url(), &["hangup"])).end();
    assert_eq!(ended.code, 0);
    let stderr = ended.stderr();
    assert!(stderr.contains("the cause of the hangup is unknown"), "{stderr}");
    assert_eq!(events(&zammad), [json!({ "event": "hangup", "callId": CALL, "direction": "in" })]);
}

#[test]
fn two_people_do_not_wait_for_the_news_of_their_talk() {
    let world = World::new();
    let sandbox = ringing(&world);
    sandbox.fault(json!({ "mode": "delay_before", "seconds": 1, "count": 1 }));
    let mut customer = Channel::of_customer(CALL).with(&[("ZAMMAD_CALLID", CALL)]);
    let mut phone = customer.picked_up_by("PJSIP/anna-0000001f", "101");
    let ended = phone.run(&mut agi(&world, &sandbox.url, &["answer", "--direction", "in"]));
    assert_eq!(ended.code, 0);
    assert!(ended.took.within(Duration::from_millis(500)), "{:?}", ended.took);
    assert_said(&ended.said, "zammad-cti: answer of call 1795205483.1 is on its way");
    customer.is_connected_with(phone);
    assert_eq!(customer.get("ZAMMAD_ANSWERED"), CALL);
    assert_eq!(sandbox.call(CALL)["state"], "newCall");
    until("the answer", || sandbox.call(CALL)["state"] == "answer");
    assert_eq!(ended.stderr(), "");
}

#[test]
fn a_hangup_arrives_when_its_channel_is_long_gone() {
    let world = World::new();
    let sandbox = ringing(&world);
    sandbox.fault(json!({ "mode": "delay_before", "seconds": 1, "count": 1 }));
    let mut channel = Channel::of_customer(CALL).with(&[("DIALSTATUS", "BUSY")]);
    let ended =
        channel.run(&mut agi(&world, &sandbox.url, &["hangup", "--direction", "in", "--deadline", "200ms"]));
    assert_eq!(ended.code, 0);
    assert!(ended.took.within(Duration::from_millis(200)), "{:?}", ended.took);
    assert_said(&ended.said, "zammad-cti: hangup of call 1795205483.1 is on its way");
    assert_eq!(sandbox.call(CALL)["state"], "newCall");
    until("the hangup", || sandbox.call(CALL)["state"] == "hangup");
    assert_eq!(sandbox.call(CALL)["comment"], "busy");
    assert_eq!(ended.stderr(), "");
}

#[test]
fn a_hangup_outlasts_a_zammad_that_restarts() {
    let world = World::new();
    for options in [&[][..], &["--deadline", "300ms"]] {
        let socket = reserved_port();
        let url = servers::url(socket.local_addr().unwrap());
        let started = Instant::now();
        let (ended, zammad) = std::thread::scope(|scope| {
            let restarting = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(1500));
                Server::answering_at(listen(socket, 8), [Reply::json(200, "{}")])
            });
            let mut channel = Channel::of_customer(CALL).with(&[("DIALSTATUS", "NOANSWER")]);
            let ended = channel.run(agi(&world, &url, &["hangup"]).args(options));
            (ended, restarting.join().unwrap())
        });
        assert_eq!(ended.code, 0, "{options:?}");
        until("the hangup", || !zammad.requests().is_empty());
        assert!(started.elapsed() > Duration::from_millis(1500), "{options:?}");
        let body = json!({ "event": "hangup", "callId": CALL, "direction": "in", "cause": "noAnswer" });
        let stderr = ended.stderr();
        assert_eq!(events(&zammad), [body], "{options:?}: {stderr}");
    }
}

#[test]
fn a_call_ends_with_the_cause_of_what_was_tried() {
    let answered = &[("ZAMMAD_ANSWERED", "1")][..];
    let out = ("ZAMMAD_DIRECTION", "out");
    let dialled = |status, number| vec![("DIALSTATUS", status), ("HANGUPCAUSE", number)];
    // (variables, options, direction, cause)
    type Case<'a> = (Vec<(&'a str, &'a str)>, &'a [&'a str], &'a str, &'a str);
    let cases: Vec<Case> = vec![
        ([answered, &[("HANGUPCAUSE", "16")]].concat(), &[], "in", "normalClearing"),
        // Picked up, then sent to a phone that is busy.
        ([answered, &dialled("BUSY", "17")].concat(), &[], "in", "normalClearing"),
        (dialled("ANSWER", "16"), &[], "in", "normalClearing"),
        (dialled("ANSWER", "127"), &[], "in", "normalClearing"),
        (dialled("CANCEL", "127"), &[], "in", "cancel"),
        (dialled("BUSY", "17"), &[], "in", "busy"),
        (dialled("NOANSWER", "16"), &[], "in", "noAnswer"),
        (dialled("NOANSWER", "17"), &[], "in", "noAnswer"),
        (dialled("CONGESTION", "34"), &[], "in", "congestion"),
        (dialled("CHANUNAVAIL", "21"), &[], "in", "noAnswer"),
        (dialled("CHANUNAVAIL", "18"), &[], "in", "noAnswer"),
        (dialled("CHANUNAVAIL", "1"), &[], "in", "notFound"),
        (dialled("CHANUNAVAIL", "22"), &[], "in", "notFound"),
        (dialled("CHANUNAVAIL", "28"), &[], "in", "notFound"),
        (dialled("CHANUNAVAIL", "3"), &[], "in", "notFound"),
        (dialled("CHANUNAVAIL", "17"), &[], "in", "busy"),
        (dialled("CHANUNAVAIL", "38"), &[], "in", "congestion"),
        (dialled("CHANUNAVAIL", "127"), &[], "in", "congestion"),
        (vec![("ABANDONED", "TRUE"), ("HANGUPCAUSE", "0")], &[], "in", "cancel"),
        (
            vec![("ABANDONED", "TRUE"), ("QUEUESTATUS", "TIMEOUT"), ("HANGUPCAUSE", "16")],
            &[],
            "in",
            "noAnswer",
        ),
        (vec![("QUEUESTATUS", "FULL"), ("HANGUPCAUSE", "16")], &[], "in", "noAnswer"),
        (vec![("HANGUPCAUSE", "0")], &[], "in", "cancel"),
        (vec![("HANGUPCAUSE", "16")], &[], "in", "cancel"),
        (vec![("HANGUPCAUSE", "17")], &[], "in", "busy"),
        (vec![], &[], "in", ""),
        ([vec![out], dialled("ANSWER", "16")].concat(), &[], "out", "normalClearing"),
        ([vec![out], dialled("BUSY", "17")].concat(), &[], "out", "busy"),
        ([vec![out], dialled("CHANUNAVAIL", "1")].concat(), &[], "out", "notFound"),
        (vec![out, ("HANGUPCAUSE", "16")], &[], "out", "noAnswer"),
        (vec![out], &["--direction", ""], "out", ""),
        (vec![out], &["--direction", "in"], "in", ""),
        (dialled("BUSY", "17"), &["--cause", "forwarded"], "in", "forwarded"),
        (vec![], &["--cause", "sip:486"], "in", "busy"),
        (dialled("BUSY", "17"), &["--cause", ""], "in", "busy"),
    ];
    let world = World::new();
    at_once(cases, |(variables, options, direction, cause)| {
        let zammad = zammad(Duration::ZERO);
        let mut channel = Channel::of_customer("9").with(&[("ZAMMAD_CALLID", CALL)]).with(&variables);
        let ended = channel.run(agi(&world, &zammad.url(), &["hangup"]).args(options));
        assert_eq!(ended.code, 0, "{variables:?}");
        until("the hangup", || !zammad.requests().is_empty());
        let mut body = json!({ "event": "hangup", "callId": CALL, "direction": direction });
        if !cause.is_empty() {
            body["cause"] = cause.into();
        }
        assert_eq!(events(&zammad), [body], "{variables:?} {options:?}");
    });
}

#[test]
fn a_second_hangup_is_not_sent() {
    let world = World::new();
    let sandbox = ringing(&world);
    let mut channel = Channel::of_customer(CALL).with(&[("ZAMMAD_CALLID", CALL), ("DIALSTATUS", "NOANSWER")]);
    channel.run(&mut agi(&world, &sandbox.url, &["hangup"]));
    until("the hangup", || sandbox.call(CALL)["state"] == "hangup");
    let missed = sandbox.call(CALL);
    assert_eq!((&missed["comment"], &missed["done"]), (&"noAnswer".into(), &false.into()));
    for options in [&[][..], &["--cause", "forwarded"], &["--call-id", CALL]] {
        let ended = channel.run(agi(&world, &sandbox.url, &["hangup"]).args(options));
        assert_eq!(ended.code, 0, "{options:?}");
        assert_said(&ended.said, "zammad-cti: the hangup of call 1795205483.1 is sent already");
        assert_eq!(sandbox.call(CALL), missed, "{options:?}");
    }
}

#[test]
fn a_voice_message_stays_open() {
    let world = World::new();
    let sandbox = ringing(&world);
    let mut channel = Channel::of_customer(CALL).with(&[
        ("ZAMMAD_CALLID", CALL),
        ("ZAMMAD_DIRECTION", "in"),
        ("DIALSTATUS", "NOANSWER"),
        ("HANGUPCAUSE", "16"),
    ]);
    channel.run(&mut agi(&world, &sandbox.url, &["answer", "--voicemail"]));
    until("the answer", || sandbox.call(CALL)["state"] == "answer");
    assert_eq!(channel.get("ZAMMAD_ANSWERED"), CALL);
    channel.run(&mut agi(&world, &sandbox.url, &["hangup"]));
    until("the hangup", || sandbox.call(CALL)["state"] == "hangup");
    let call = sandbox.call(CALL);
    assert_eq!((&call["to_comment"], &call["done"]), (&"voicemail".into(), &false.into()), "{call}");
    assert_eq!(call["comment"], "normalClearing");
}

#[test]
fn what_is_not_asterisk_is_said_in_a_line() {
    let header = |of: &Channel| of.network_header(([127, 0, 0, 1], 4573).into(), "new-call");
    let whole = header(&Channel::of_customer(CALL));
    let lines = b"agi_x: y\n".repeat(10_000);
    let halved = &whole[..whole.len() / 2];
    let with = |reply: &[u8]| [&whole, reply].concat();
    // (input, whether it ends there, what is said)
    let cases: [(Vec<u8>, bool, &str); 11] = [
        (vec![], true, "Asterisk ended the conversation"),
        (b"hello\n".to_vec(), true, "Asterisk ended the conversation"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), false, "does not name a call"),
        ((0..=255).cycle().take(200_000).collect(), false, "is too long"),
        (lines, false, "is too long"),
        (vec![b'x'; 200_000], false, "is too long"),
        (halved.to_vec(), true, "Asterisk ended the conversation"),
        (halved.to_vec(), false, "cannot talk to Asterisk"),
        (whole.clone(), true, "Asterisk ended the conversation"),
        (whole.clone(), false, "cannot talk to Asterisk"),
        (with(b"510 Invalid or unknown command\n"), true, "Asterisk ended the conversation"),
    ];
    let world = World::new();
    let times = [(&[][..], Duration::from_secs(2)), (&["--deadline", "300ms"], Duration::from_millis(300))];
    let cases = cases.iter().flat_map(|case| times.iter().map(move |time| (case, time)));
    at_once(cases.collect::<Vec<_>>(), |((input, ends, said), (options, deadline))| {
        let zammad = zammad(Duration::ZERO);
        let mut program = agi(&world, &zammad.url(), &["new-call"]);
        let mut running = Running::start(program.args(*options).stdin(Stdio::piped()));
        let mut stdin = running.stdin();
        // It need not listen to all of it.
        let _ = stdin.write_all(input);
        let stdin = Some(stdin).filter(|_| !ends);
        let ran = running.end();
        drop(stdin);
        assert!(ran.code != 0, "{said}: {ran}");
        assert!(ran.stderr.starts_with("zammad-cti: ") && ran.stderr.contains(said), "{said}: {ran}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
        assert!(ran.took.within(*deadline), "{said}: {ran}");
        assert!(
            ran.stdout.lines().all(|line| line.contains(" VARIABLE ") || line.starts_with("VERBOSE ")),
            "{ran}"
        );
        assert_eq!(zammad.requests(), [] as [String; 0], "{said}");
    });
}

#[test]
fn help_is_for_people() {
    let world = World::new();
    for line in ["agi", "agi new-call", "agi answer", "agi hangup", "fastagi"] {
        for flag in ["-h", "--help"] {
            let ended = world.bare().args(line.split(' ')).arg(flag).assert().code(0).stderr("");
            let usage = format!("Usage: zammad-cti {line}");
            assert!(stdout(&ended).contains(&usage), "{line} {flag}: {}", stdout(&ended));
        }
    }
}
