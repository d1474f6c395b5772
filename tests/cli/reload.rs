//! A service reads its configuration again: when a file of it changes, and on SIGHUP. It loses nothing by it.

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::asterisk::Channel;
use crate::desk::{Desk, later, new_call};
use crate::fastagi::Fastagi;
use crate::running::{Running, until};
use crate::servers::{Reply, Server};
use crate::support::{TOKEN, World};

/// A token that Zammad does not know.
const WRONG: &str = "WRONG-TOKEN-0123456789";

/// This program with its token in a file.
struct TokenFile<'a> {
    desk: &'a Desk,
}

impl TokenFile<'_> {
    fn write(&self, token: &str) {
        // As a whole, as whoever renews secrets does.
        let new = self.desk.world.file("token.new", 0o600, token);
        fs::rename(new, self.desk.world.path("token")).unwrap();
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = self.desk.program(arguments);
        let url = self.desk.url().rsplit_once('/').unwrap().0;
        program.env("ZAMMAD_CTI_URL", url).env("ZAMMAD_CTI_TOKEN_FILE", self.desk.world.path("token"));
        program
    }
}

/// The token that the desk's Zammad knows.
fn right(desk: &Desk) -> String {
    desk.url().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_new_token_reaches_the_service_that_sends() {
    let desk = Desk::new();
    let file = TokenFile { desk: &desk };
    file.write(WRONG);
    desk.says(&[&new_call("7")[..], &["--spool", "always"]].concat(), "spooled");
    let running = Running::start(&mut file.program(&["spool", "run"]));
    running.until_it_says("nothing is sent to Zammad for now");
    file.write(&right(&desk));
    until("the event arrives", || desk.seen("7").is_some());
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "delivered 1, waiting 0, unconfirmed 0, dead 0\n"),
        "{ran}"
    );
    assert!(ran.stderr.contains("a file of the configuration has changed"), "{ran}");
    assert!(!ran.stderr.contains(WRONG) && !ran.stderr.contains(&right(&desk)), "{ran}");
}

#[test]
fn a_broken_configuration_is_refused_and_the_old_one_goes_on() {
    let desk = Desk::new();
    let config = desk.world.path("config.toml");
    fs::write(&config, "deadline = '2s'\n").unwrap();
    let mut program = desk.program(&["spool", "run"]);
    let running = Running::start(program.env("ZAMMAD_CTI_CONFIG", &config));
    running.until_it_says("sending the events of");
    fs::write(&config, "deadlin = '2s'\n").unwrap();
    running.until_it_says("the new configuration cannot be used, and the old one stays in use");
    desk.says(&[&new_call("7")[..], &["--spool", "always"]].concat(), "spooled");
    until("the event arrives", || desk.seen("7").is_some());
    fs::write(&config, "timeoutt = '2s'\n").unwrap();
    running.until_it_says("timeoutt");
    fs::write(&config, "deadline = '3s'\n").unwrap();
    running.until_it_says("a file of the configuration has changed, and was read again");
    running.signal("HUP");
    running.until_it_says("the configuration was read again");
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
}

#[test]
fn a_service_that_reads_its_configuration_in_the_middle_of_an_attempt_loses_nothing() {
    let desk = Desk::new();
    desk.says(&[&new_call("7")[..], &["--spool", "always"]].concat(), "spooled");
    let hangup = later("hangup", "7", &["--cause", "noAnswer", "--spool", "always"]);
    desk.says(&hangup, "spooled");
    desk.sandbox().fail(json!({ "mode": "delay_after", "seconds": 1 }));
    let running =
        Running::start(desk.program(&["spool", "run"]).args(["--timeout", "1m", "--deadline", "1m"]));
    for event in ["newCall", "hangup"] {
        until(event, || desk.taken(event, "7") == 1 || desk.is_under_way());
        running.signal("HUP");
    }
    until("both have arrived", || desk.count("waiting") == 0);
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "delivered 2, waiting 0, unconfirmed 0, dead 0\n"),
        "{ran}"
    );
    let seen = desk.seen("7").unwrap();
    assert_eq!((seen.state.as_str(), seen.done), ("hangup", false), "{ran}");
    assert_eq!((desk.taken("newCall", "7"), desk.taken("hangup", "7")), (1, 1));
}

/// The paths that a Zammad was asked with, which takes everything.
fn paths(zammad: &Server) -> Vec<String> {
    let path = |request: &String| request.split(' ').nth(1).unwrap_or_default().to_owned();
    zammad.requests().iter().map(path).collect()
}

#[test]
fn fastagi_takes_the_next_call_with_the_new_token() {
    let world = World::new();
    let zammad = Server::answering([Reply::json(200, "{}")]);
    let url = zammad.url();
    let (place, token) = url.rsplit_once('/').unwrap();
    assert_eq!(token, TOKEN);
    world.file("token", 0o600, WRONG);
    let mut program = world.process();
    program.args(["fastagi", "--listen", "127.0.0.1:0", "--token-file", "token", "--url", place]);
    let server = Fastagi::start(&mut program);
    server.new_call("1700000000.1");
    for (way, token) in [("a change", TOKEN), ("SIGHUP", "ANOTHER-TOKEN-0123456789")] {
        let before = fs::read(world.path("token")).unwrap();
        let changed = world.file("token.new", 0o600, token);
        fs::rename(changed, world.path("token")).unwrap();
        assert_ne!(before, token.as_bytes());
        if way == "SIGHUP" {
            server.running.signal("HUP");
            // Not only because a file has changed.
            server.running.until_it_says("the configuration was read again");
        }
        let number = Mutex::new(1);
        until(way, || {
            *number.lock().unwrap() += 1;
            server.new_call(&format!("1700000000.{}", number.lock().unwrap()));
            paths(&zammad).last().is_some_and(|path| path.ends_with(token))
        });
    }
    assert!(paths(&zammad)[0].ends_with(WRONG), "{:?}", paths(&zammad));
    server.stop();
}

#[test]
fn a_call_under_way_ends_as_it_began() {
    let world = World::new();
    let zammad = Server::answering([
        Reply::json(200, r#"{"action":"reject","reason":"busy"}"#).after(Duration::from_secs(2))
    ]);
    let server = crate::fastagi::fastagi(&world, &zammad.url(), &["--deadline", "1m"]);
    let address = server.address;
    let call = std::thread::spawn(move || Channel::of_customer("1700000000.7").call(address, "new-call"));
    until("Zammad is asked", || !zammad.requests().is_empty());
    server.running.signal("HUP");
    server.running.until_it_says("the configuration was read again");
    let told = call.join().unwrap();
    assert!(told.said.iter().any(|said| said.contains("reject")), "{:?}", told.said);
    server.stop();
}

#[test]
fn check_knows_that_the_sender_has_another_token() {
    let desk = Desk::new();
    let file = TokenFile { desk: &desk };
    file.write(WRONG);
    desk.says(&[&new_call("7")[..], &["--spool", "always"]].concat(), "spooled");
    let held = Desk::end(&mut file.program(&["spool", "flush"]));
    assert_eq!(held.code, 77, "{held}");
    let wrong = Desk::end(&mut file.program(&["check"]));
    assert!(!wrong.stdout.contains("takes events with this configuration"), "{wrong}");
    file.write(&right(&desk));
    let checked = Desk::end(&mut file.program(&["check"]));
    assert_eq!(checked.code, 1, "{checked}");
    assert!(checked.stdout.contains("takes events with this configuration"), "{checked}");
    let flushed = Desk::end(&mut file.program(&["spool", "flush"]));
    assert_eq!(flushed.code, 0, "{flushed}");
    let well = Desk::end(&mut file.program(&["check"]));
    assert_eq!(well.code, 0, "{well}");
}
