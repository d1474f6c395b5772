//! A 3CX as `check` and the live page show it.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::certificates;
use crate::running::{Running, until};
use crate::support::World;
use crate::support::three_cx::{CLIENT, Pbx, SECRET, USERNAME, Version};

/// What `check` says of a 3CX, and its exit code.
fn check(world: &World, pbx: &Pbx, account: &str, arguments: &[&str]) -> (i32, String) {
    let sandbox = world.sandbox(&[]);
    let file = format!("url = {:?}\n[bridge.3cx]\nurl = {:?}\n{account}", sandbox.url, pbx.url());
    let file = world.file("bridge.toml", 0o600, &file);
    let mut program = world.process();
    let ran = program.arg("check").arg("--config").arg(file).args(arguments).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(!text.contains(SECRET) && !String::from_utf8_lossy(&ran.stderr).contains(SECRET));
    (ran.status.code().unwrap(), text)
}

#[test]
fn check_looks_at_a_3cx_as_a_bridge_would() {
    let world = World::new();
    let client = format!("client_id = {CLIENT:?}\nclient_secret = {SECRET:?}\n");
    let user = format!("username = {USERNAME:?}\npassword = {SECRET:?}\n");
    let group = format!("{user}group = \"Support\"\n");
    let calls = json!({ "id": 1, "dn": "150", "status": "Ringing", "callid": 1 });
    let lists = || {
        let pbx = Pbx::start(Version::Before);
        pbx.lists(&[["1", "10000 Trunk (+4930123456)", "816 Queue", "Talking"]]);
        pbx
    };
    let shows = |participants: &[Value]| {
        let pbx = Pbx::start(Version::V20);
        pbx.shows_silently(participants);
        pbx
    };
    let forbids = |path: &str| {
        let pbx = Pbx::start(Version::V20);
        pbx.fails(path, 403, 99);
        pbx
    };
    let wrong_secret = format!("client_id = {CLIENT:?}\nclient_secret = \"another\"\n");
    let starts = |path: &str| {
        let pbx = Pbx::start(Version::V20);
        pbx.fails(path, 502, 99);
        pbx
    };
    let strange = Pbx::start(Version::V20);
    strange.answers("/", 200, "<html>Welcome</html>", 99);
    let self_signed = || {
        let own = certificates::self_signed(certificates::params("3cx", &["127.0.0.1"], certificates::NOW));
        Pbx::start_tls(Version::V20, own.server_config())
    };
    // (3CX, account, exit code, what is said)
    let cases = [
        (
            shows(&[calls]),
            &client,
            0,
            vec!["sees calls and names", "trunks 10000; queues 816, 817; extensions 150, 151"],
        ),
        (
            lists(),
            &group,
            0,
            vec!["sees the list of calls", "trunks 10000; no queues so far; extensions 150, 151, 816"],
        ),
        (forbids("/callcontrol"), &client, 2, vec!["permits no Call Control (403)", "Integrations, API"]),
        (forbids("/connect"), &client, 2, vec!["may not log in (403)", "Console Restrictions"]),
        (
            Pbx::start(Version::V20),
            &wrong_secret,
            2,
            vec![
                "the API client zammad-client is not known, its secret is wrong",
                "See the account in [bridge.3cx], and the API client in the console of the 3CX",
            ],
        ),
        (starts("/connect"), &client, 2, vec!["it answers 502 to connect/token, as a 3CX that starts does"]),
        (
            starts("/callcontrol"),
            &client,
            2,
            vec!["it answers 502 to callcontrol/ws, as a 3CX that starts does"],
        ),
        (
            Pbx::start(Version::Before),
            &client,
            2,
            vec!["it knows no API clients (404): url leads to something else, or to a 3CX before version 20"],
        ),
        (
            strange.clone(),
            &client,
            2,
            vec!["what it answers to connect/token is not JSON", "See url and ca_file in [bridge.3cx]"],
        ),
        (self_signed(), &client, 2, vec!["the certificate is self-signed", "as ca_file in [bridge.3cx]"]),
    ];
    for (pbx, account, code, said) in cases {
        let (found, text) = check(&world, &pbx, account, &[]);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(found, code, "{text}");
        for said in said {
            assert!(flat.contains(said), "no {said:?} in {text}");
        }
        let (found, text) = check(&world, &pbx, account, &["--output", "json"]);
        let bridge = &serde_json::from_str::<Value>(&text).unwrap()["bridges"][0];
        assert_eq!((found, &bridge["source"]), (code, &json!("3cx")), "{text}");
    }
}

#[test]
fn what_a_3cx_said_of_a_call_is_on_the_page() {
    let (world, pbx) = (World::new(), Pbx::start(Version::V20));
    let mut program = world.process();
    program.args(["bridge", "3cx", "--dry-run", "--page", "127.0.0.1:0", "--3cx-url", &pbx.url()]);
    program.args(["--client-id", CLIENT, "--client-secret-file"]).arg(world.file("secret", 0o600, SECRET));
    let running = Running::start(&mut program);
    let page = running.said_behind("watch it live: http://").trim_end_matches('/').to_owned();
    pbx.until_followed();
    pbx.shows(&[json!({ "id": 8106, "dn": "150", "status": "Ringing", "callid": 1264 })]);
    running.first_line();
    let of_call = || {
        let mut stream = TcpStream::connect(&page).unwrap();
        write!(stream, "GET /calls/1 HTTP/1.1\r\nHost: {page}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    until("what was said", || of_call().contains("party_caller_id"));
}
