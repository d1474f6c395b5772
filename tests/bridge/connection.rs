//! The connection itself: TLS, signals, and what it is asked for.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::ami::{Ami, Manners, SECRET};
use crate::certificates::{NOW, params, pem_file, root, self_signed, signed_by};
use crate::following::{bridge, bridge_of_file, end, hangup, waiting_call, with_spool};
use crate::running::Running;
use crate::support::World;
use crate::zammad::Zammad;

#[test]
fn tls_is_spoken_to_whom_the_file_trusts() {
    let (world, zammad) = (World::new(), Zammad::start());
    let authority = root("authority");
    let server = signed_by(&authority, params("asterisk", &["127.0.0.1"], NOW));
    let ami = Ami::start_tls(Manners::default(), server.server_config());
    let trusted = pem_file(&world, "trusted.pem", &[&authority]);
    let mut program = bridge(&world, &ami, &zammad);
    let running = Running::start(program.args(["--tls", "--bridge-asterisk-ca-file"]).arg(trusted));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");
    session.say(hangup("1.1"));
    zammad.until("hangup", "1.1");
    ami.assert_content();
    end(running);
}

#[test]
fn whom_nobody_trusts_is_named_and_gets_no_secret() {
    let (world, zammad) = (World::new(), Zammad::start());
    let stranger = self_signed(params("asterisk", &["127.0.0.1"], NOW));
    let trusted = pem_file(&world, "trusted.pem", &[&root("authority")]);
    let ami = Ami::start_tls(Manners::default(), stranger.server_config());
    let mut program = bridge(&world, &ami, &zammad);
    let running = Running::start(program.args(["--tls", "--bridge-asterisk-ca-file"]).arg(trusted));
    running.until_it_says("no connection to 127.0.0.1");
    let said = end(running);
    assert!(said.contains(": the certificate is self-signed; it is tried again after 1s"), "{said}");
    assert!(said.contains("as ca_file in [bridge.asterisk]"), "{said}");
    assert!(ami.actions().is_empty(), "{:?}", ami.actions());
}

#[test]
fn a_configuration_that_is_read_again_loses_no_call() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let other = Zammad::start();
    let configured = |text: &str| world.file("bridge.toml", 0o600, text);
    let url = |zammad: &Zammad| format!("url = \"{}\"\n", zammad.url());
    let mut program = bridge_of_file(&world, &ami);
    let running = Running::start(program.arg("--config").arg(configured(&url(&zammad))));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");

    // What cannot be used changes nothing.
    configured("url = 7");
    running.until_it_says("the old one stays in use");
    session.say(waiting_call("1.2", "4940669691"));
    zammad.until("newCall", "1.2");

    configured(&format!("{}[bridge]\nignore = [\"4940669692\"]\n", url(&zammad)));
    running.until_it_says("a file of the configuration has changed, and was read again");
    session.say(waiting_call("1.3", "4940669692"));
    session.say(waiting_call("1.4", "4940669693"));
    zammad.until("newCall", "1.4");
    session.say(hangup("1.1"));
    zammad.until("hangup", "1.1");
    assert_eq!(zammad.kinds_of("1.3"), [] as [&str; 0]);

    configured(&url(&other));
    running.signal("HUP");
    running.until_it_says("the configuration was read again");
    session.say(waiting_call("1.5", "4940669694"));
    other.until("newCall", "1.5");
    // All of it over one connection.
    assert_eq!(ami.connections(), 1);
    end(running);
}

#[test]
fn a_secret_that_is_put_right_is_tried_at_once() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let mut program = bridge(&world, &ami, &zammad);
    world.file("secret", 0o600, "wr0ng-secret");
    let running = Running::start(&mut program);
    running.until_it_says("refuses the login: Authentication failed; it is tried again after 3m");
    world.file("secret", 0o600, &format!("{SECRET}\n"));
    let session = ami.session();
    running.until_it_says("connected to asterisk");
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");
    ami.assert_content();
    let said = end(running);
    assert!(!said.contains("wr0ng-secret"), "{said}");
}

/// What is done to a file.
type Deed<'a> = &'a dyn Fn(&Path);

/// Whatever happens to the file of the secret or to the configuration, the connection stays as it is.
#[test]
fn a_file_that_cannot_be_read_any_more_changes_nothing() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let url = format!("url = \"{}\"\n", zammad.url());
    let configuration = world.file("bridge.toml", 0o600, &url);
    let mut program = bridge_of_file(&world, &ami);
    let running = Running::start(program.arg("--config").arg(&configuration));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");
    let secret = world.path("secret");
    // (what is done to a file, what is told of it, what puts it right)
    let open =
        |mode| move |path: &Path| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let cases: [(&Path, Deed<'_>, &str, Deed<'_>); 4] = [
        (&secret, &open(0o644), "holds a secret, and others can read it", &open(0o600)),
        (&secret, &|path| std::fs::remove_file(path).unwrap(), "cannot read", &|_| {
            drop(world.file("secret", 0o600, SECRET))
        }),
        (&configuration, &open(0o666), "", &open(0o600)),
        (&configuration, &|path| std::fs::remove_file(path).unwrap(), "", &|_| {
            drop(world.file("bridge.toml", 0o600, &url))
        }),
    ];
    for (number, (path, harm, told, mend)) in cases.into_iter().enumerate() {
        harm(path);
        running.until_it_says_times("the old one stays in use: ", number + 1);
        running.until_it_says(told);
        let id = format!("2.{number}");
        session.say(waiting_call(&id, "4940669690"));
        zammad.until("newCall", &id);
        mend(path);
        running.until_it_says_times("was read again", number + 1);
    }
    session.say(hangup("1.1"));
    zammad.until("hangup", "1.1");
    assert_eq!(ami.connections(), 1);
    end(running);
}

/// What a call is does not depend on the time of day; nor does what the spool knows of it.
#[test]
fn a_clock_that_jumps_ends_no_call_and_begins_none() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let clock = world.file("clock", 0o600, "+0");
    let mut program = with_spool(&world, &ami, &zammad);
    program
        .env("LD_PRELOAD", faked_time())
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1");
    program.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    let running = Running::start(program.args(["--stale", "1h", "--grace", "0s"]));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");
    for (number, jump) in ["+365d", "-1d", "+2h"].into_iter().enumerate() {
        world.file("clock", 0o600, jump);
        let id = format!("2.{number}");
        session.say(waiting_call(&id, "4940669690"));
        zammad.until("newCall", &id);
        session.say(hangup(&id));
        zammad.until("hangup", &id);
        assert_eq!(zammad.kinds_of("1.1"), ["newCall"], "{jump}");
    }
    // Another process takes it up, at whatever time.
    end(running);
    world.file("clock", 0o600, "-30d");
    let listed = "Event: Status\nChannel: PJSIP/trunk-1.1\nChannelStateDesc: Up\nCallerIDNum: 4940669690\n\
                  Context: from-trunk\nExten: 1\nUniqueid: 1.1\nLinkedid: 1.1\nApplication: Queue\n\n";
    ami.behave(|manners| manners.channels = listed.to_owned());
    let running = Running::start(&mut program);
    let session = ami.session();
    session.say(hangup("1.1"));
    zammad.until("hangup", "1.1");
    assert_eq!(zammad.kinds_of("1.1"), ["newCall", "hangup"]);
    assert!(zammad.refused().is_empty(), "{:?}", zammad.refused());
    end(running);
}

/// The library that lies about the time, wherever it is.
fn faked_time() -> String {
    let ran = Command::new("faketime").args(["-f", "+0", "env"]).output().expect("faketime is installed");
    let said = String::from_utf8(ran.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("LD_PRELOAD=")).unwrap().to_owned()
}

#[test]
fn a_caller_who_hides_the_number_is_anonymous() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    ami.behave(|manners| {
        let channel = "PJSIP/trunk-1.1".to_owned();
        let hidden = "prohib_passed_screen".to_owned();
        manners.variables.insert((channel, "CALLERID(num-pres)".to_owned()), hidden);
    });
    let running = Running::start(bridge(&world, &ami, &zammad).args(["--hold", "2s"]));
    let session = ami.session();
    session.say([waiting_call("1.1", "4940669690"), waiting_call("1.2", "4940669690")].concat());
    assert_eq!(zammad.until("newCall", "1.1")["from"], "anonymous");
    assert_eq!(zammad.until("newCall", "1.2")["from"], "4940669690");
    ami.assert_content();
    end(running);
}

/// `jq` sees the event and what became of it.
#[test]
fn a_line_of_json_has_the_event_and_its_fate() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let running = Running::start(&mut bridge(&world, &ami, &zammad));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");
    let line: serde_json::Value = serde_json::from_str(&running.first_line()).unwrap();
    for (field, value) in [
        ("event", "newCall"),
        ("callId", "1.1"),
        ("direction", "in"),
        ("from", "4940669690"),
        ("to", "493023125101"),
        ("queue", "700"),
        ("action", "none"),
        ("delivery", "delivered"),
    ] {
        assert_eq!(line[field], value, "{field} in {line}");
    }
    end(running);
}

/// One call's newCall is not answered, and another's arrives meanwhile.
#[test]
fn a_slow_zammad_delays_no_other_call() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    zammad.keeps_waiting("1.1");
    // Whoever waits behind it waits for longer than this test does.
    let mut program = bridge(&world, &ami, &zammad);
    let running = Running::start(program.args(["--timeout", "5m", "--deadline", "5m"]));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until_it_waits();
    session.say(waiting_call("1.2", "4940669691"));
    zammad.until("newCall", "1.2");
    session.say(hangup("1.2"));
    zammad.until("hangup", "1.2");
    assert!(zammad.kinds_of("1.1").is_empty());
    zammad.answers();
    zammad.until("newCall", "1.1");
    end(running);
}

/// Asterisk has said that somebody answered while nobody listened, and connects them after the list of channels.
#[test]
fn an_answer_is_not_missed_by_who_comes_back_in_the_middle_of_it() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let running = Running::start(&mut bridge(&world, &ami, &zammad));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    session.say(
        "Event: DialBegin\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-1.1\r\nChannelStateDesc: Up\r\n\
         Uniqueid: 1.1\r\nLinkedid: 1.1\r\nDestChannel: PJSIP/101-1\r\nDestChannelStateDesc: Down\r\n\
         DestCallerIDNum: 101\r\nDestCallerIDName: Anna Agent\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1\r\n\
         DialString: 101\r\n\r\n",
    );
    zammad.until("newCall", "1.1");
    let channels = |bridge: &str| {
        format!(
            "Event: Status\nChannel: PJSIP/trunk-1.1\nChannelStateDesc: Up\nCallerIDNum: 4940669690\n\
             DNID: 493023125101\nApplication: Queue\nUniqueid: 1.1\nLinkedid: 1.1\nBridgeID: {bridge}\n\n\
             Event: Status\nChannel: PJSIP/101-1\nChannelStateDesc: Up\nCallerIDNum: 101\n\
             CallerIDName: Anna Agent\nApplication: AppQueue\nUniqueid: 1.2\nLinkedid: 1.1\nBridgeID: {bridge}\n\n"
        )
    };
    ami.behave(|manners| manners.channels = channels(""));
    session.end();
    let session = ami.session();
    // A word later they are connected.
    ami.behave(|manners| manners.channels = channels("b-1"));
    assert_eq!(zammad.until("answer", "1.1")["answeringNumber"], "101");
    session.say(hangup("1.1"));
    assert_eq!(zammad.until("hangup", "1.1")["cause"], "normalClearing");
    ami.assert_content();
    end(running);
}
