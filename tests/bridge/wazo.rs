//! Wazo's calls over its WebSocket.

use std::process::Command;

use serde_json::{Value, json};

use crate::certificates::{NOW, params, pem_file, root, self_signed, signed_by};
use crate::running::Running;
use crate::support::World;
use crate::wazo_server::{PASSWORD, USERNAME, Wazo};
use crate::zammad::Zammad;

fn bridge(world: &World, wazo: &Wazo, zammad: &Zammad) -> Command {
    let password = world.file("password", 0o600, &format!("{PASSWORD}\n"));
    let mut program = world.process();
    program.env("RUST_LOG", "trace");
    program.args(["bridge", "wazo", "--username", USERNAME, "--url", &zammad.url(), "--hold", "0s"]);
    program.arg("--password-file").arg(password).env("ZAMMAD_CTI_BRIDGE_WAZO_URL", wazo.url());
    program
}

/// Ends it; whatever it said, no secret was in it.
fn end(running: Running) -> String {
    running.signal("TERM");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(!ran.stderr.contains(PASSWORD) && !ran.stderr.contains("t0ken-"), "{ran}");
    ran.stderr
}

/// The leg of Anna's phone, in a conversation of its own.
fn leg(conversation: &str, more: Value) -> Value {
    let mut leg = json!({
        "call_id": format!("{conversation}0"), "conversation_id": conversation, "user_uuid": "anna",
        "caller_id_number": "101", "peer_caller_id_number": "4940669690", "dialed_extension": "493023125101",
        "is_caller": false, "direction": "inbound", "status": "Ringing", "talking_to": {}, "line_id": 4,
    });
    leg.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    leg
}

#[test]
fn events_become_calls_whatever_becomes_of_the_connection() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    wazo.until_sessions(1);
    wazo.happens("call_created", &leg("1.1", json!({})));
    let new_call = zammad.until("newCall", "wazo-1.1");
    assert_eq!(new_call["user"], json!(["Anna Agent"]));
    assert_eq!((&new_call["from"], &new_call["to"]), (&json!("4940669690"), &json!("493023125101")));
    let up = json!({ "status": "Up", "talking_to": { "1.1": "x" } });
    wazo.happens("call_answered", &leg("1.1", up.clone()));
    let answer = zammad.until("answer", "wazo-1.1");
    assert_eq!((&answer["user"], &answer["answeringNumber"]), (&json!("Anna Agent"), &json!("101")));
    // Another one begins, and both go on while nobody listens: one ends then, and a third begins.
    wazo.happens("call_created", &leg("2.1", json!({})));
    zammad.until("newCall", "wazo-2.1");
    wazo.close(4003);
    wazo.is_missed("call_ended", &leg("2.1", json!({ "reason_code": 16 })));
    wazo.is_missed("call_created", &leg("3.1", up));
    wazo.until_sessions(2);
    // It has a new token.
    assert_eq!(wazo.tokens(), 2);
    zammad.until("answer", "wazo-3.1");
    assert_eq!(zammad.until("hangup", "wazo-2.1")["cause"], "cancel");
    wazo.happens("call_ended", &leg("1.1", json!({ "reason_code": 16 })));
    assert_eq!(zammad.until("hangup", "wazo-1.1")["cause"], "normalClearing");
    assert_eq!(zammad.kinds_of("wazo-1.1"), ["newCall", "answer", "hangup"]);
    end(running);
    wazo.assert_content();
}

#[test]
fn whoever_is_refused_says_why() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    let mut refused = bridge(&world, &wazo, &zammad);
    world.file("password", 0o600, "another");
    let running = Running::start(&mut refused);
    running.until_it_says("refuses the login: user or password refused; it is tried again after 3m");
    end(running);
    wazo.refuses(Some(4002));
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    running.until_it_says("the token is not valid, or lacks the permission websocketd");
    end(running);
    wazo.assert_content();
}

#[test]
fn who_may_not_list_calls_is_told_and_follows_all_the_same() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    wazo.has_no_list();
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    running.until_it_says("the account needs calld.calls.read");
    wazo.happens("call_created", &leg("1.1", json!({ "user_uuid": "nobody" })));
    assert_eq!(zammad.until("newCall", "wazo-1.1").get("user"), None);
    end(running);
    wazo.assert_content();
}

/// calld is up later than the rest after a restart.
#[test]
fn a_list_that_fails_is_asked_for_again() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    wazo.until_sessions(1);
    wazo.happens("call_created", &leg("1.1", json!({})));
    zammad.until("newCall", "wazo-1.1");
    wazo.list_fails(2);
    wazo.close(4003);
    wazo.is_missed("call_ended", &leg("1.1", json!({ "reason_code": 16 })));
    wazo.until_list_failed();
    assert_eq!(zammad.until("hangup", "wazo-1.1")["cause"], "cancel");
    let said = end(running);
    assert!(!said.contains("calld.calls.read"), "{said}");
    let told = "which calls there are is not told (it answers 503 Service Unavailable); it is asked again";
    assert_eq!(said.matches(told).count(), 1, "{said}");
    wazo.assert_content();
}

/// Calls do not wait for a confd that hangs, and a name that comes late is known to what follows.
#[test]
fn calls_are_told_of_without_names_that_do_not_come() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    wazo.tells_names(false);
    let up = json!({ "status": "Up", "talking_to": { "1.1": "x" } });
    // It is there already, so it is in the list.
    wazo.is_missed("call_created", &leg("3.1", json!({})));
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    wazo.until_sessions(1);
    wazo.happens("call_created", &leg("1.1", json!({})));
    for call in ["wazo-3.1", "wazo-1.1"] {
        assert_eq!(zammad.until("newCall", call).get("user"), None);
    }
    // The same question is answered now.
    wazo.tells_names(true);
    let mut next = (4..).map(|number| {
        let call = format!("{number}.1");
        wazo.happens("call_created", &leg(&call, json!({})));
        zammad.until("newCall", &format!("wazo-{call}")).get("user").cloned()
    });
    assert_eq!(next.by_ref().take(1000).find_map(|user| user), Some(json!(["Anna Agent"])));
    wazo.happens("call_answered", &leg("1.1", up));
    assert_eq!(zammad.until("answer", "wazo-1.1")["user"], "Anna Agent");
    end(running);
    wazo.assert_content();
}

/// A server that is started again is no other server.
#[test]
fn a_socket_that_is_lost_while_it_opens_is_tried_again_soon() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    wazo.loses_sockets(1);
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    running.until_it_says("it is tried again after 1s");
    wazo.until_sessions(1);
    end(running);
    wazo.assert_content();
}

/// In place: the connection goes on, so that nothing is missed.
#[test]
fn a_token_is_renewed_before_its_end() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    wazo.tokens_last(2);
    let running = Running::start(&mut bridge(&world, &wazo, &zammad));
    wazo.until_sessions(1);
    wazo.happens("call_created", &leg("1.1", json!({})));
    zammad.until("newCall", "wazo-1.1");
    wazo.until_renewed(2);
    wazo.happens("call_ended", &leg("1.1", json!({ "reason_code": 16 })));
    zammad.until("hangup", "wazo-1.1");
    assert_eq!(wazo.sessions(), 1);
    end(running);
    wazo.assert_content();
}

#[test]
fn tls_is_spoken_to_whom_the_file_trusts() {
    let (world, zammad, wazo) = (World::new(), Zammad::start(), Wazo::start());
    let authority = root("authority");
    let server = signed_by(&authority, params("wazo", &["127.0.0.1"], NOW));
    let trusted = pem_file(&world, "trusted.pem", &[&authority]);
    let through = |config| {
        let front = crate::fakes::tls_in_front_of(wazo.address, config);
        let mut program = bridge(&world, &wazo, &zammad);
        program.arg("--wazo-url").arg(format!("https://{front}")).arg("--bridge-wazo-ca-file").arg(&trusted);
        Running::start(&mut program)
    };
    let running = through(server.server_config());
    wazo.until_sessions(1);
    wazo.happens("call_created", &leg("1.1", json!({})));
    zammad.until("newCall", "wazo-1.1");
    end(running);
    let tokens = wazo.tokens();
    let running = through(self_signed(params("wazo", &["127.0.0.1"], NOW)).server_config());
    running.until_it_says("certificate is self-signed; it is tried again");
    running.until_it_says("as ca_file in [bridge.wazo]");
    end(running);
    // Nobody who is not trusted has heard the password.
    assert_eq!(wazo.tokens(), tokens);
    wazo.assert_content();
}
