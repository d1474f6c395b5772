//! `bridge webhook`: its settings, and `--explain`. What it does with requests is in `tests/bridge/webhook.rs`.

use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::{World, stdout};

const NEW_CALL: &str =
    "event=newCall&direction=in&from=492111234567&to=4915799912345&callId=C1&user[]=Alice&user[]=Bob";

#[test]
fn a_request_is_explained() {
    let world = World::new();
    let explained = |arguments: &[&str], body: &str| {
        let mut program = world.bare();
        program.args(["bridge", "webhook", "--explain"]).args(arguments);
        program.write_stdin(body.as_bytes().to_vec()).assert()
    };
    explained(&["sipgate"], NEW_CALL).code(0).stderr("").stdout(
        "event=new_call call=C1 direction=in from=492111234567 to=4915799912345 user=Alice, Bob\n\
         -> event=newCall callId=sipgate-C1 direction=in from=492111234567 to=4915799912345 user=[\"Alice\",\"Bob\"]\n",
    );
    let ended = explained(&["sipgate", "--output", "json"], NEW_CALL).code(0);
    let shown: Value = serde_json::from_str(&stdout(&ended)).unwrap();
    assert_eq!(shown["says"][0]["from"], "492111234567");
    assert_eq!(shown["events"][0]["callId"], "sipgate-C1");
    // (preset, body, what is said)
    let cases = [
        (
            "sipgate",
            "event=hangup&callId=C1&cause=busy",
            "-> nothing, unless the beginning of its call was heard before\n",
        ),
        ("sipgate", "event=sung&callId=C1", "nothing: its event \"sung\" is not in words.event\n"),
        ("aircall", "{}", "nothing: it names no event\n"),
        ("telnyx", r#"{"data":{"event_type":"call.initiated"}}"#, "nothing: it has no id of a call"),
        (
            "sipgate",
            "event=newCall&direction=in&from=\u{1b}[31m&to=1&callId=1",
            "-> event=newCall callId=sipgate-1 direction=in from=[31m",
        ),
    ];
    for (preset, body, said) in cases {
        explained(&[preset], body).code(0).stdout(contains(said));
    }
    let sideways = NEW_CALL.replace("direction=in", "direction=sideways");
    explained(&["sipgate"], &sideways).code(0).stdout(
        "event=new_call call=C1 from=492111234567 to=4915799912345 user=Alice, Bob\n\
         not understood: its direction \"sideways\" is not in words.direction\n\
         -> nothing, unless the beginning of its call was heard before\n",
    );
    let shown = stdout(&explained(&["sipgate", "--output", "json"], &sideways).code(0));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["unknown"], json!(["its direction \"sideways\" is not in words.direction"]));
    explained(&["aircall"], "{").code(65).stderr(contains("its body is no JSON"));
    explained(&["pbx"], "").code(78).stderr(contains("the hooks and presets are aircall, didww, "));
    // Without a name it is found out whose it may be.
    explained(&[], NEW_CALL).code(0).stdout(contains("as sipgate:\nevent=new_call call=C1"));
    explained(&[], "").code(0).stdout(contains("nothing: none of aircall, didww, "));
}

#[test]
fn a_hook_of_the_configuration_is_explained_without_its_secret() {
    let world = World::new();
    let text = "[bridge.webhook.hooks.office]\n\
                fields = { event = 'kind', call = 'id', direction = 'way', from = 'a', to = 'b' }\n\
                words.event = { ringing = 'new_call' }\nwords.direction = { kommend = 'in' }";
    let file = world.file("config.toml", 0o644, text);
    let mut program = world.bare();
    program.arg("--config").arg(file).args(["bridge", "webhook", "--explain"]);
    let body = r#"{"kind":"ringing","id":7,"way":"kommend","a":"+492111234567","b":"100"}"#;
    program
        .write_stdin(body)
        .assert()
        .code(0)
        .stdout(contains("-> event=newCall callId=office-7 direction=in"));
}

#[test]
fn hooks_are_shown_and_checked_without_their_secrets() {
    let world = World::new();
    let url = "url = 'http://zammad.example/api/v1/cti/token'\n";
    let hook = "[bridge.webhook.hooks.office]\npreset = 'aircall'\nsecret = 'hook-s3cret'\ntoken = 't0ken-of-aircall'\n";
    let file = world.file("config.toml", 0o600, &format!("{url}{hook}"));
    let run = |arguments: &[&str]| world.bare().arg("--config").arg(&file).args(arguments).assert();
    let shown = stdout(&run(&["config", "show", "--output", "json"]).code(0));
    let settings = serde_json::from_str::<Value>(&shown).unwrap()["settings"].clone();
    assert_eq!(settings["bridge.webhook.hooks.office.secret"]["value"], "***");
    assert_eq!(settings["bridge.webhook.hooks.office.token"]["value"], "***");
    assert_eq!(settings["bridge.webhook.hooks.office.preset"]["value"], json!("aircall"));
    for output in ["text", "json", "shell"] {
        let shown = stdout(&run(&["config", "show", "--output", output]).code(0));
        assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
        assert!(output != "shell" || !shown.contains("HOOKS"), "{shown}");
    }
    run(&["config", "check"])
        .code(0)
        .stdout(contains("ok: Webhook, office at 127.0.0.1:8088 (Webhook was not asked)"));
    // A secret of a hook is one that others must not read.
    for secret in ["secret = 'a'", "token = 'a'", "signing_key = 'a'", "password = 'a'"] {
        let text = format!("[bridge.webhook.hooks.office]\npreset = 'aircall'\n{secret}");
        let open = world.file("open.toml", 0o644, &text);
        world
            .bare()
            .arg("--config")
            .arg(open)
            .args(["config", "show"])
            .assert()
            .code(78)
            .stderr(contains("chmod"));
    }
    // What cannot work is found before anybody sends anything.
    for (text, said) in [
        ("preset = 'aircall'", "bridge.webhook.hooks.office.secret_file is not set"),
        (
            "preset = 'aircall'\nsecret = 'a'\nwords.event = { x = 'sing' }",
            "words.event has \"sing\", which is none of",
        ),
        ("preset = 'telnyx'\nsecret = 'a'\nsigning_key = 'b'", "signing_key is no public key"),
    ] {
        let broken = world.file("broken.toml", 0o600, &format!("{url}[bridge.webhook.hooks.office]\n{text}"));
        let check = |arguments: &[&str]| world.bare().arg("--config").arg(&broken).args(arguments).assert();
        for arguments in [&["bridge", "webhook"][..], &["config", "check"]] {
            let ran = check(arguments).code(78).stderr(contains(said));
            let said_times = String::from_utf8_lossy(&ran.get_output().stderr).matches(said).count();
            assert_eq!(said_times, 1, "{arguments:?}: {said}");
        }
        // Of secrets an explanation needs none.
        if said.contains("words.event") {
            check(&["bridge", "webhook", "--explain"]).code(78).stderr(contains(said)).stdout("");
        }
    }
    // One that can be guessed works, and is told of.
    let short = world.file(
        "short.toml",
        0o600,
        &format!("{url}[bridge.webhook.hooks.office]\npreset = 'aircall'\nsecret = 'a'"),
    );
    world
        .bare()
        .arg("--config")
        .arg(short)
        .args(["config", "check"])
        .assert()
        .code(0)
        .stderr(contains("bridge.webhook.hooks.office: a secret of so few characters can be guessed"));
    let none = world.file("none.toml", 0o600, url);
    world
        .bare()
        .arg("--config")
        .arg(none)
        .args(["bridge", "webhook"])
        .assert()
        .code(78)
        .stderr(contains("there is no hook"));
}
