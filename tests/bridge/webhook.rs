//! `bridge webhook`: the real program, and senders over real sockets.

use std::process::Command;

use ring::hmac;
use serde_json::{Value, json};

use crate::running::{self, Running};
use crate::sender::{Answer, Sender};
use crate::servers::at_once;
use crate::support::World;
use crate::support::nginx::Nginx;
use crate::zammad::Zammad;

const SECRET: &str = "hook-s3cret-Xk3vQm9";
const KEY: &str = "signing-k3y-7RtW2";
const HOOK: &str = "/hook/sipgate/hook-s3cret-Xk3vQm9";

/// A program that takes requests, and reports to a Zammad.
struct Bridge {
    running: Running,
    address: String,
}

impl Bridge {
    fn start(program: &mut Command) -> Self {
        let running = Running::start(program);
        let url = running.said_behind(" is heard at http://");
        let address = url.split('/').next().unwrap().to_owned();
        Self { running, address }
    }

    fn sender(&self) -> Sender {
        Sender::to(&self.address)
    }

    /// Ends it as systemd does, and returns what it said.
    fn end(self) -> String {
        self.running.signal("TERM");
        let ran = self.running.end();
        assert_eq!(ran.code, 0, "{ran}");
        for secret in [SECRET, KEY] {
            assert!(!format!("{ran}").contains(secret), "a secret is shown: {ran}");
        }
        ran.stderr
    }
}

fn program(world: &World, zammad: &Zammad, more: &str) -> Command {
    let text = format!(
        "url = '{}'\n[bridge]\n{more}\n[bridge.webhook]\nlisten = '127.0.0.1:0'\n\
         [bridge.webhook.hooks.plain]\npreset = 'sipgate'\nsecret = '{SECRET}'\n\
         [bridge.webhook.hooks.twilio]\npreset = 'twilio'\nsecret = '{SECRET}'\nsigning_key = '{KEY}'\n\
         public_url = 'https://cti.example'\n\
         [bridge.webhook.hooks.sipgate]\npreset = 'sipgate'\nsecret = '{SECRET}'\npublic_url = 'https://cti.example'\n\
         [bridge.webhook.hooks.placetel]\npreset = 'placetel'\nsecret = '{SECRET}'\nsigning_key = '{KEY}'\n\
         [bridge.webhook.hooks.telnyx]\npreset = 'telnyx'\nsecret = '{SECRET}'\nrate = 5\n\
         [bridge.webhook.hooks.aircall]\npreset = 'aircall'\nsecret = '{SECRET}'\ntoken = '{KEY}'\n",
        zammad.url()
    );
    let mut program = world.process();
    program.args(["--config"]).arg(world.file("bridge.toml", 0o600, &text));
    program.args(["bridge", "webhook", "--output", "json"]);
    program
}

fn new_call(id: &str, from: &str) -> String {
    format!("event=newCall&direction=in&from={from}&to=4930600000&callId={id}&user[]=Alice&user[]=Bob")
}

fn answer(id: &str) -> String {
    format!("event=answer&direction=in&callId={id}&user=Alice&answeringNumber=2199")
}

fn hangup(id: &str, cause: &str) -> String {
    format!("event=hangup&direction=in&callId={id}&cause={cause}")
}

fn signed(body: &str) -> String {
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes()), body.as_bytes());
    signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn requests_become_the_rows_that_agents_see() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let mut sender = bridge.sender();
    let replied = sender.form(HOOK, &new_call("1", "492111234567"));
    assert_eq!(replied.status, 200);
    assert!(replied.head.contains("content-type: application/xml"), "{}", replied.head);
    let url = format!("https://cti.example{HOOK}");
    assert!(
        replied.body.contains(&format!("<Response onAnswer=\"{url}\" onHangup=\"{url}\"/>")),
        "{}",
        replied.body
    );
    // What is answered has happened.
    assert_eq!(zammad.kinds_of("sipgate-1"), ["newCall"]);
    assert_eq!(sender.form(HOOK, &answer("1")).status, 200);
    assert_eq!(sender.form(HOOK, &hangup("1", "normalClearing")).status, 200);
    assert_eq!(sender.form(HOOK, &new_call("2", "anonymous")).status, 200);
    assert_eq!(sender.form(HOOK, &hangup("2", "cancel")).status, 200);
    let expected = json!([
        { "event": "newCall", "callId": "sipgate-1", "direction": "in", "from": "492111234567", "to": "4930600000",
          "user": ["Alice", "Bob"] },
        { "event": "answer", "callId": "sipgate-1", "direction": "in", "from": "492111234567", "to": "4930600000",
          "user": "Alice", "answeringNumber": "2199" },
        { "event": "hangup", "callId": "sipgate-1", "direction": "in", "from": "492111234567", "to": "4930600000",
          "cause": "normalClearing" },
        { "event": "newCall", "callId": "sipgate-2", "direction": "in", "from": "anonymous", "to": "4930600000",
          "user": ["Alice", "Bob"] },
        { "event": "hangup", "callId": "sipgate-2", "direction": "in", "from": "anonymous", "to": "4930600000",
          "cause": "cancel" },
    ]);
    assert_eq!(Value::Array(zammad.events()), expected);
    assert_eq!(zammad.refused(), [] as [&str; 0]);
    bridge.end();
}

#[test]
fn a_reply_names_the_address_that_the_sender_knows() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let path = HOOK.replace("sipgate", "plain");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let forwarded = [form, ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "cti.example\"><x")];
    // (headers, what stands before the path)
    let cases: [(&[(&str, &str)], &str); 2] =
        [(&[form], "http://cti"), (&forwarded, "https://cti.example&quot;&gt;&lt;x")];
    for (number, (headers, before)) in cases.into_iter().enumerate() {
        let body = new_call(&number.to_string(), "492111234567");
        let replied = bridge.sender().post(&path, headers, body.as_bytes());
        assert!(replied.body.contains(&format!("onAnswer=\"{before}{path}\"")), "{}", replied.body);
    }
    assert!(bridge.end().contains("plain.public_url is not set"));
}

#[test]
fn many_senders_at_once_make_one_row_for_each_call() {
    let (world, zammad) = (World::new(), Zammad::start());
    let mut with_spool = program(&world, &zammad, "");
    let bridge = Bridge::start(with_spool.arg("--spool-path").arg(world.path("spool.db")));
    // All of a call come from different senders, twice, and their order is anybody's guess.
    let senders: Vec<usize> = (0..12).collect();
    at_once(senders, |sender| {
        let mut connection = bridge.sender();
        for call in 0..20 {
            let id = call.to_string();
            let body = match sender % 3 {
                0 => new_call(&id, "492111234567"),
                1 => format!("{}&from=492111234567&to=4930600000", answer(&id)),
                _ => hangup(&id, "cancel"),
            };
            assert_eq!(connection.form(HOOK, &body).status, 200);
        }
    });
    for call in 0..20 {
        let kinds = zammad.kinds_of(&format!("sipgate-{call}"));
        let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
        // An answer that comes after the end is nobody's.
        assert!(
            [&["newCall", "hangup"][..], &["newCall", "answer", "hangup"]].contains(&&kinds[..]),
            "{kinds:?}"
        );
    }
    assert_eq!(zammad.refused(), [] as [&str; 0]);
    bridge.end();
}

#[test]
fn who_does_not_know_the_secret_gets_nothing_and_changes_nothing() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let body = new_call("1", "492111234567");
    let paths = [
        "/",
        "/hook",
        "/hook/sipgate",
        "/hook/sipgate/",
        "/hook/sipgate/wrong",
        "/hook/nobody/hook-s3cret-Xk3vQm9",
        "/hook/sipgate/hook-s3cret-Xk3vQm9/more",
        "/hook/sipgate/hook-s3cret-Xk3vQm",
        "/hook//hook-s3cret-Xk3vQm9",
        "/healthz",
    ];
    let mut strangers = Vec::new();
    for path in paths {
        for method in ["POST", "GET", "OPTIONS", "DELETE"] {
            let Answer { status, body, .. } = bridge.sender().ask(method, path, &[], body.as_bytes());
            strangers.push((status, body));
        }
    }
    strangers.dedup();
    assert_eq!(strangers, [(404, "Not Found\n".to_owned())]);

    // Whoever knows it still has to prove the rest.
    let mut sender = bridge.sender();
    let placetel = HOOK.replace("sipgate", "placetel");
    let incoming = "event=IncomingCall&from=022112345678&to=022198765432&call_id=1&direction=in";
    assert_eq!(sender.form(&placetel, incoming).status, 403);
    let other = signed(&incoming.replace("call_id=1", "call_id=2"));
    assert_eq!(sender.post(&placetel, &[("X-PLACETEL-SIGNATURE", &other)], incoming.as_bytes()).status, 403);
    let aircall = HOOK.replace("sipgate", "aircall");
    let created = r#"{"event":"call.created","token":"TOKEN","data":{"id":1,"direction":"inbound"}}"#;
    assert_eq!(sender.json(&aircall, created).status, 403);
    assert_eq!(zammad.count(), 0);

    assert_eq!(
        sender.post(&placetel, &[("X-PLACETEL-SIGNATURE", &signed(incoming))], incoming.as_bytes()).status,
        200
    );
    assert_eq!(sender.json(&aircall, &created.replace("TOKEN", KEY)).status, 200);
    assert_eq!(zammad.count(), 2);
    let said = bridge.end();
    for line in [
        "a request is refused: no hook has this address",
        "placetel: a request is refused: its signature is wrong",
    ] {
        assert_eq!(said.matches(line).count(), 1, "{said}");
    }
    assert!(said.contains("aircall: a request is refused: its token is wrong"), "{said}");
}

#[test]
fn hostile_and_broken_requests_change_nothing() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let aircall = HOOK.replace("sipgate", "aircall");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let large = vec![b'a'; 65 * 1024];
    let twice = format!(
        r#"{{"token":"{KEY}","event":"call.created","event":{{"a":1}},"data":{{"id":1,"direction":"inbound"}}}}"#
    );
    let no_id = format!(
        r#"{{"token":"{KEY}","event":"call.created","data":{{"id":1,"id":{{}},"direction":"inbound"}}}}"#
    );
    let many: String = (0..7_000).map(|number| format!("k{number}=&")).collect();
    // (path, body, status)
    let cases: [(&str, &[u8], u16); 13] = [
        (&aircall, b"{", 400),
        (&aircall, deep.as_bytes(), 400),
        (&aircall, b"\xff\xfe", 400),
        (HOOK, b"event=\xff", 400),
        (HOOK, &large, 413),
        (HOOK, b"", 200),
        (HOOK, b"event=sung&callId=1", 200),
        (HOOK, b"event=newCall&callId=&direction=in", 200),
        (HOOK, many.as_bytes(), 200),
        (HOOK, b"event=newCall%2526callId=1&direction=in&from=4940&to=4930", 200),
        (&aircall, twice.as_bytes(), 200),
        (&aircall, no_id.as_bytes(), 200),
        (HOOK, b"event=newCall&event=newCall&callId[]=1&callId[]=2&direction=sideways", 200),
    ];
    for (path, body, status) in cases {
        let answer = bridge.sender().post(path, &[("Content-Type", "application/json")], body);
        assert_eq!(answer.status, status, "{:?}", String::from_utf8_lossy(&body[..body.len().min(80)]));
    }
    assert_eq!(bridge.sender().ask("DELETE", HOOK, &[], b"").status, 405);
    assert_eq!(bridge.sender().without_end(HOOK).status, 413);
    assert_eq!(zammad.count(), 0);
    // Names with signs that terminals obey are shown as what they are.
    let evil = "event=newCall&direction=in&from=4940&to=4930&callId=3%1b%5b2J&user[]=%1b%5b31m";
    bridge.sender().form(HOOK, evil);
    bridge.sender().form(HOOK, &new_call("4", "494012345678"));
    assert_eq!(zammad.kinds_of("sipgate-4"), ["newCall"]);
    let said = bridge.end();
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn more_than_the_rate_is_refused() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let telnyx = HOOK.replace("sipgate", "telnyx");
    let mut sender = bridge.sender();
    let answers: Vec<_> = (0..200).map(|_| sender.json(&telnyx, "{}")).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|answer| answer.head.contains("retry-after: 1")));
    assert!(answers[..10].iter().all(|answer| answer.status == 200));
    // The others have their own.
    assert_eq!(sender.form(HOOK, &new_call("1", "492111234567")).status, 200);
    assert_eq!(zammad.count(), 1);
    assert!(bridge.end().contains("telnyx: a request is refused: there are more than its rate allows"));
}

#[test]
fn what_is_refused_or_said_again_changes_nothing_and_is_counted() {
    let (world, zammad) = (World::new(), Zammad::start());
    let mut with_health = program(&world, &zammad, "");
    let bridge = Bridge::start(with_health.args(["--health", "127.0.0.1:0"]));
    let health = bridge.running.said_behind("health: http://").trim_end_matches("/healthz").to_owned();
    let figure = |name: &str| -> u64 {
        let figures = Sender::to(&health).ask("GET", "/metrics", &[], b"").body;
        let start = format!("zammad_cti_bridge_{name}_total{{");
        let line =
            figures.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{figures}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let placetel = HOOK.replace("sipgate", "placetel");
    let incoming = "event=IncomingCall&from=022112345678&to=022198765432&call_id=1&direction=in";
    let signature = signed(incoming);
    let headers = [("X-PLACETEL-SIGNATURE", signature.as_str())];
    let mut sender = bridge.sender();
    assert_eq!(sender.post(&placetel, &headers, incoming.as_bytes()).status, 200);
    assert_eq!(zammad.count(), 1);
    assert_eq!(figure("repeated"), 0);

    // The same again, its end and what follows the end, and the same for another call.
    for _ in 0..3 {
        assert_eq!(sender.post(&placetel, &headers, incoming.as_bytes()).status, 200);
    }
    let [other, accepted, ended] = [
        "event=IncomingCall&direction=in&from=0221&to=030",
        "event=CallAccepted",
        "event=HungUp&type=accepted",
    ]
    .map(|event| format!("{event}&call_id=3"));
    for body in [&other, &accepted, &accepted, &ended, &ended, &accepted] {
        let signature = signed(body);
        let headers = [("X-PLACETEL-SIGNATURE", signature.as_str())];
        assert_eq!(sender.post(&placetel, &headers, body.as_bytes()).status, 200);
    }
    assert_eq!(zammad.kinds_of("placetel-3"), ["newCall", "answer", "hangup"]);
    let forged = incoming.replace("call_id=1", "call_id=2");
    for _ in 0..4 {
        assert_eq!(sender.post(&placetel, &headers, forged.as_bytes()).status, 403);
    }
    let flood: Vec<_> =
        (0..100).map(|_| sender.json(&HOOK.replace("sipgate", "telnyx"), "{}").status).collect();
    let too_many = flood.iter().filter(|&&status| status == 429).count() as u64;
    let strangers = 5;
    for _ in 0..strangers {
        assert_eq!(bridge.sender().form("/hook/sipgate/wrong", incoming).status, 404);
    }
    running::until("all are counted", || figure("refused") >= 4 + too_many + strangers);
    assert_eq!((figure("refused"), figure("repeated")), (4 + too_many + strangers, 3 + 3));
    assert_eq!(zammad.count(), 1 + 3);
    bridge.end();
}

#[test]
fn a_blocked_caller_is_turned_away_by_the_reply() {
    let (world, zammad) = (World::new(), Zammad::blocking(["491715000000"]));
    let bridge = Bridge::start(&mut program(&world, &zammad, "on_reject = 'hangup'\ngrace = '300ms'"));
    let mut sender = bridge.sender();
    let replied = sender.form(HOOK, &new_call("1", "491715000000"));
    assert!(replied.body.contains("<Reject reason=\"busy\"/>"), "{}", replied.body);
    let replied = sender.form(HOOK, &new_call("2", "491715000001"));
    assert!(!replied.body.contains("Reject"), "{}", replied.body);
    // sipgate may say nothing more of it.
    let hangup = zammad.until("hangup", "sipgate-1");
    assert_eq!(hangup["cause"], "busy");
    assert_eq!(zammad.kinds_of("sipgate-2"), ["newCall"]);
    bridge.end();

    // Unless that is wanted, it is Zammad's matter only.
    let zammad = Zammad::blocking(["491715000000"]);
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let replied = bridge.sender().form(HOOK, &new_call("1", "491715000000"));
    assert!(replied.body.contains("<Response on"), "{}", replied.body);
    bridge.end();
}

#[test]
fn the_reply_comes_when_the_spool_has_the_event() {
    let (world, zammad) = (World::new(), Zammad::start());
    let mut with_spool = program(&world, &zammad, "");
    with_spool.arg("--spool-path").arg(world.path("spool.db"));
    let bridge = Bridge::start(&mut with_spool);
    // Zammad does not answer, and the sender does not wait for it.
    zammad.keeps_waiting("sipgate-1");
    assert_eq!(bridge.sender().form(HOOK, &new_call("1", "492111234567")).status, 200);
    zammad.until_it_waits();
    let kept = world
        .bare()
        .args(["spool", "list", "--spool-path"])
        .arg(world.path("spool.db"))
        .args(["--url", &zammad.url()])
        .assert();
    let kept = crate::support::stdout(&kept.code(0));
    assert!(kept.contains("sipgate-1"), "{kept}");
    zammad.answers();
    assert_eq!(bridge.sender().form(HOOK, &hangup("1", "cancel")).status, 200);
    zammad.until("hangup", "sipgate-1");
    bridge.end();
}

#[test]
fn what_was_lost_reaches_zammad_when_its_sender_says_it_again() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(program(&world, &zammad, "").args(["--deadline", "500ms"]));
    let mut sender = bridge.sender();
    let mut says = |body: &str| {
        zammad.is_overloaded(usize::MAX);
        assert_eq!(sender.form(HOOK, body).status, 503, "{body}");
        zammad.is_overloaded(0);
        assert_eq!(sender.form(HOOK, body).status, 200, "{body}");
        zammad.kinds_of("sipgate-1")
    };
    assert_eq!(says(&new_call("1", "492111234567")), ["newCall"]);
    assert_eq!(says(&answer("1")), ["newCall", "answer"]);
    assert_eq!(says(&hangup("1", "normalClearing")), ["newCall", "answer", "hangup"]);

    // It need not be the same again: whatever is said of the call next brings what is missing.
    zammad.is_overloaded(usize::MAX);
    assert_eq!(sender.form(HOOK, &new_call("2", "492111234567")).status, 503);
    assert_eq!(sender.form(HOOK, &new_call("2", "492111234567")).status, 503);
    zammad.is_overloaded(0);
    assert_eq!(sender.form(HOOK, &hangup("2", "cancel")).status, 200);
    assert_eq!(zammad.kinds_of("sipgate-2"), ["newCall", "hangup"]);

    // An event with an id is known again by that.
    let telnyx = HOOK.replace("sipgate", "telnyx");
    let initiated = r#"{"data":{"id":"e1","event_type":"call.initiated","payload":{"call_session_id":"3",
        "call_leg_id":"l1","direction":"incoming","from":"+492111234567","to":"+4930600000"}}}"#;
    zammad.is_overloaded(usize::MAX);
    assert_eq!(sender.json(&telnyx, initiated).status, 503);
    zammad.is_overloaded(0);
    for _ in 0..2 {
        assert_eq!(sender.json(&telnyx, initiated).status, 200);
        assert_eq!(zammad.kinds_of("telnyx-3"), ["newCall"]);
    }
    assert_eq!(zammad.refused(), [] as [&str; 0]);
    bridge.end();
}

/// A call that was transferred has a new id, of which the reply must not know less.
#[test]
fn what_is_said_of_a_transferred_call_is_answered_when_it_is_safe_too() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(program(&world, &zammad, "").args(["--deadline", "500ms"]));
    let mut sender = bridge.sender();
    let transfer = format!("{}&origCallId=1", new_call("2", "492111234567"));
    for body in [&new_call("1", "492111234567"), &transfer] {
        assert_eq!(sender.form(HOOK, body).status, 200, "{body}");
    }
    let says = [answer("2"), hangup("1", "forwarded"), hangup("2", "normalClearing")];
    for (body, kinds) in says.iter().zip([&["newCall", "answer"][..], &[], &["newCall", "answer", "hangup"]])
    {
        // The first id's end is not that of the call.
        if !kinds.is_empty() {
            zammad.is_overloaded(usize::MAX);
            assert_eq!(sender.form(HOOK, body).status, 503, "{body}");
            zammad.is_overloaded(0);
        }
        assert_eq!(sender.form(HOOK, body).status, 200, "{body}");
        if !kinds.is_empty() {
            assert_eq!(zammad.kinds_of("sipgate-1"), kinds, "{body}");
        }
    }
    assert_eq!(zammad.refused(), [] as [&str; 0]);
    bridge.end();
}

#[test]
fn open_calls_go_on_in_the_next_process() {
    let (world, zammad) = (World::new(), Zammad::start());
    let mut with_spool = program(&world, &zammad, "");
    with_spool.arg("--spool-path").arg(world.path("spool.db"));
    let bridge = Bridge::start(&mut with_spool);
    let mut sender = bridge.sender();
    let out = "event=newCall&direction=out&from=4930600000&to=492111234567&callId=2&user[]=Alice";
    assert_eq!(sender.form(HOOK, &new_call("1", "492111234567")).status, 200);
    assert_eq!(sender.form(HOOK, out).status, 200);
    bridge.end();

    let bridge = Bridge::start(&mut with_spool);
    let mut sender = bridge.sender();
    // The sender says again what it does not know to be heard.
    for body in [new_call("1", "492111234567"), answer("1"), "event=answer&direction=out&callId=2".to_owned()]
    {
        assert_eq!(sender.form(HOOK, &body).status, 200);
    }
    bridge.end();

    let bridge = Bridge::start(&mut with_spool);
    let mut sender = bridge.sender();
    for id in ["1", "2"] {
        assert_eq!(sender.form(HOOK, &hangup(id, "normalClearing")).status, 200);
    }
    let kinds = ["newCall", "answer", "hangup"];
    assert_eq!(
        (zammad.kinds_of("sipgate-1"), zammad.kinds_of("sipgate-2")),
        (kinds.map(str::to_owned).to_vec(), kinds.map(str::to_owned).to_vec())
    );
    assert_eq!(zammad.refused(), [] as [&str; 0]);
    bridge.end();
}

#[test]
fn a_web_server_in_front_changes_nothing_that_is_signed() {
    let (world, zammad) = (World::new(), Zammad::start());
    let bridge = Bridge::start(&mut program(&world, &zammad, ""));
    let example = include_str!("../../examples/webhook/nginx.conf");
    let begin = example.find("location /hook/").unwrap();
    let location = &example[begin..=begin + example[begin..].find('}').unwrap()];
    let location = location.replace("127.0.0.1:8088", &bridge.address);
    let nginx = Nginx::with(bridge.address.parse().unwrap(), "", &location);
    let before = nginx.url();
    let before = before.trim_start_matches("http://").split('/').next().unwrap();
    let path = format!("{}?a=%2B1&b=2%20c", HOOK.replace("sipgate", "twilio"));
    let body =
        "To=%2B493022&CallSid=CA1&From=%2B492111234567&CallStatus=ringing&Direction=inbound&ParentCallSid=";
    let fields = "CallSidCA1CallStatusringingDirectioninboundFrom+492111234567ParentCallSidTo+493022";
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, KEY.as_bytes());
    let signature = hmac::sign(&key, format!("https://cti.example{path}{fields}").as_bytes());
    let signature = data_encoding::BASE64.encode(signature.as_ref());
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", &signature)];
    let mut sender = Sender::to(before);
    assert_eq!(sender.post(&path, &headers, body.as_bytes()).status, 200);
    assert_eq!(zammad.kinds_of("twilio-CA1"), ["newCall"]);
    assert_eq!(sender.post(&path.replace("2%20c", "3"), &headers, body.as_bytes()).status, 403);
    let large = vec![b'a'; 65 * 1024];
    assert_eq!(Sender::to(before).post(HOOK, &[], &large).status, 413);
    bridge.end();
}

#[test]
fn hooks_that_are_changed_count_at_once() {
    let (world, zammad) = (World::new(), Zammad::start());
    let mut command = program(&world, &zammad, "");
    let bridge = Bridge::start(&mut command);
    let mut sender = bridge.sender();
    assert_eq!(sender.form(HOOK, &new_call("1", "492111234567")).status, 200);
    let text = std::fs::read_to_string(world.path("bridge.toml")).unwrap();
    world.file("bridge.toml", 0o600, &text.replace(SECRET, "another-s3cret"));
    bridge.running.until_it_says("was read again");
    assert_eq!(sender.form(HOOK, &answer("1")).status, 404);
    assert_eq!(sender.form("/hook/sipgate/another-s3cret", &answer("1")).status, 200);
    assert_eq!(zammad.kinds_of("sipgate-1"), ["newCall", "answer"]);
    bridge.end();
}

#[test]
fn a_recording_is_played_again_without_a_secret_in_it() {
    let (world, zammad) = (World::new(), Zammad::start());
    let mut recorded = program(&world, &zammad, "");
    let bridge = Bridge::start(recorded.arg("--record").arg(world.path("record")));
    let mut sender = bridge.sender();
    for body in [new_call("1", "492111234567"), answer("1"), hangup("1", "normalClearing")] {
        sender.form(HOOK, &body);
    }
    let aircall = HOOK.replace("sipgate", "aircall");
    let created = r#"{"event":"call.created","token":"TOKEN","data":{"id":1,"direction":"inbound"}}"#;
    sender.json(&aircall, &created.replace("TOKEN", KEY));
    bridge.end();
    let recording = std::fs::read_to_string(world.path("record")).unwrap();
    assert!(!recording.contains(KEY) && !recording.contains(SECRET), "{recording}");

    let mut again = program(&world, &zammad, "");
    let ran = Running::start(again.args(["--dry-run", "--replay"]).arg(world.path("record"))).end();
    assert_eq!(ran.code, 0, "{ran}");
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, zammad.events());
}
