//! What `check` says of the caller log, of the country and of its limits.

use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::servers::Ran;
use crate::spool_commands::with_spool;
use crate::support::{NEW_CALL, TOKEN, World, reply_with};

/// A Zammad that takes events, and has this to say about its caller log.
fn zammad(world: &World, status: u16, log: &str) {
    world.zammad.mock(|when, then| {
        when.method(GET).path("/api/v1/cti/log").header("authorization", "Token token=t0ken");
        reply_with(then, status, log);
    });
    world.zammad_answers(422, r#"{"error":"Invalid 'direction'!"}"#);
}

fn row(call_id: &str) -> Value {
    json!({ "id": 1, "call_id": call_id, "direction": "in", "state": "newCall", "from": "1", "to": "2",
            "from_comment": null, "to_comment": null, "queue": null, "comment": null, "done": false,
            "duration_waiting_time": null, "duration_talking_time": null })
}

#[test]
fn an_api_token_is_tried_and_a_refusal_says_what_to_do() {
    // (HTTP status, reply, exit code, what is said)
    let log = json!({ "list": [row("1")] }).to_string();
    let cases = [
        (200, log.as_str(), 0, "the API token's user sees 1 call"),
        (401, r#"{"error":"Not authorized (token expired)!"}"#, 1, "The access token has expired"),
        (401, r#"{"error":"Can't find User for Token"}"#, 1, "does not know the access token"),
        (403, r#"{"error":"API token access disabled!"}"#, 1, "are switched off in Zammad"),
        (403, r#"{"error":"Not authorized (token)!"}"#, 1, "both need the permission cti.agent"),
        (403, r#"{"error":"Maintenance mode enabled!"}"#, 1, "is in maintenance mode"),
        (403, "<html>", 1, "both need the permission cti.agent"),
        (404, "<html>", 1, "Check the API token"),
    ];
    for (status, log, code, said) in cases {
        let world = World::new();
        zammad(&world, status, log);
        let check = |format: &str| {
            let mut program = world.program();
            Ran::of(program.env("ZAMMAD_CTI_API_TOKEN", "t0ken").args(["check", "--output", format]))
        };
        let ran = check("text");
        let shown = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((ran.code, shown.contains(said)), (code, true), "{status} {log}: {ran}");
        assert!(shown.contains("Caller log") && !shown.contains("t0ken"), "{ran}");
        let object: Value = serde_json::from_str(&check("json").stdout).unwrap();
        let word = if code == 0 { "ok" } else { "warning" };
        assert_eq!(object["caller_log"]["status"], word, "{object}");
    }
    // Without one there is nothing to try.
    let world = World::new();
    zammad(&world, 200, &log);
    let ran = Ran::of(world.program().arg("check"));
    assert!(ran.code == 0 && !ran.stdout.contains("Caller log"), "{ran}");
}

#[test]
fn a_filter_that_hides_the_calls_from_here_is_named() {
    let world = World::new();
    let sandbox = world.sandbox(&["--token", TOKEN]);
    let check = || {
        let mut program = with_spool(&world, &sandbox.url, &["check", "--nagios"]);
        Ran::of(program.env("ZAMMAD_CTI_API_TOKEN", "any"))
    };
    assert_eq!(Ran::of(&mut with_spool(&world, &sandbox.url, &NEW_CALL)).code, 0);
    let ran = check();
    assert!(ran.stdout.starts_with("ZAMMAD OK - "), "{ran}");
    // As a filter does, the log shows nothing of it.
    assert_eq!(sandbox.ask("POST /sandbox/reset", &[], "").unwrap().status, 200);
    let ran = check();
    let said =
        "caller log: the API token's user sees 0 calls, and none of the 1 call that this machine reported";
    assert!(ran.code == 1 && ran.stdout.contains(said), "{ran}");
}

#[test]
fn a_country_that_is_not_set_is_named() {
    // (settings, whether it is)
    let cases: [(&[&str], bool); 3] = [
        (&[], true),
        (&["ZAMMAD_CTI_NUMBERS_COUNTRY=DE"], false),
        (&["ZAMMAD_CTI_NUMBERS_NORMALIZE=false"], false),
    ];
    for (settings, is_named) in cases {
        let world = World::new();
        world.zammad_answers(422, r#"{"error":"Invalid 'direction'!"}"#);
        let mut program = world.program();
        program.envs(settings.iter().filter_map(|setting| setting.split_once('='))).arg("check");
        let ran = Ran::of(&mut program);
        assert_eq!((ran.code, ran.stdout.contains("Country         -")), (0, is_named), "{ran}");
    }
}

#[test]
fn a_check_that_cannot_begin_has_its_line_for_nagios() {
    let world = World::new();
    // (arguments, what is said)
    let cases: [(&[&str], &str); 4] = [
        (&["--warning", "x"], "limits are written like"),
        (&["--bogus"], "--bogus"),
        (&["--output", "json"], "cannot be used with --output"),
        (&["-w", "time=9s"], "the warning at 9s would come after the critical at 5s"),
    ];
    for (arguments, said) in cases {
        let ran = Ran::of(world.program().args(["check", "--nagios"]).args(arguments));
        assert_eq!(ran.code, 3, "{arguments:?}: {ran}");
        assert!(
            ran.stdout.starts_with("ZAMMAD UNKNOWN - ") && ran.stdout.contains(said),
            "{arguments:?}: {ran}"
        );
        assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    }
    let ran = Ran::of(world.program().args(["check", "--bogus"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran}");
}

#[test]
fn no_endpoint_is_said_only_where_there_is_none() {
    let world = World::new();
    let heading = |ran: &Ran| ran.stdout.lines().next().unwrap_or_default().to_owned();
    assert_eq!(heading(&Ran::of(world.bare().arg("check"))), "no endpoint");
    let broken = Ran::of(world.program().args(["check", "--deadline", "0s"]));
    assert_eq!(heading(&broken), "the configuration cannot be used");
}

#[test]
fn limits_come_from_the_configuration_and_flags_override_them_one_by_one() {
    let world = World::new();
    let sandbox = world.sandbox(&[]);
    assert_eq!(Ran::of(&mut with_spool(&world, &sandbox.url, &NEW_CALL)).code, 0);
    let file = "[check]\nwarning = 'time=700ms,stuck=2'\ncritical = 'stuck=3'\nstuck_after = '1ms'\n";
    let check = |arguments: &[&str]| {
        let path = world.file("config.toml", 0o600, file);
        let mut program = with_spool(&world, &sandbox.url, &["check", "--nagios", "--config"]);
        Ran::of(program.arg(path).args(arguments))
    };
    let ran = check(&[]);
    // One call is stuck, which is below two.
    assert!(ran.stdout.contains("stuck=1;1;2;0") && ran.stdout.contains(";0.7;5;0"), "{ran}");
    let ran = check(&["-w", "stuck=1"]);
    assert!(ran.stdout.contains("stuck=1;0;2;0") && ran.stdout.contains(";0.7;5;0"), "{ran}");
    assert!(ran.code == 1 && ran.stdout.starts_with("ZAMMAD WARNING"), "{ran}");
    let ran = check(&["--stuck-after", "9h"]);
    assert!(ran.stdout.contains("stuck=0;"), "{ran}");
    world.file("config.toml", 0o600, "[check]\nwarning = 'time'\n");
    let ran = Ran::of(world.program().args(["config", "check", "--config", "config.toml"]));
    assert!(ran.code == 78 && ran.stderr.contains("limits are written like"), "{ran}");
}
