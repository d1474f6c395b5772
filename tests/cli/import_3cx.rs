//! `config import 3cx`: the configuration of 3cx-zammad-bridge becomes ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{World, stderr, stdout};

const URL: &str = "https://zammad.example.com/api/v1/cti/s3cretT0ken";

/// A file with all keys of the bridge, as its own example has them.
const WHOLE: &str = "\
Bridge:
  poll_interval: 0.25

3CX:
  user: admin
  pass: \"s3cret: pass\"
  client_id: zammad
  client_secret: s3cretKey
  host: https://3cx.example.com/
  group: Support
  extension_digits: 3
  trunk_digits: 5
  queue_extension: 816
  country_prefix: 49

Zammad:
  endpoint: https://zammad.example.com/api/v1/cti/s3cretT0ken
  log_missed_queue_calls: true
";

/// The configuration that a file becomes.
fn imported(world: &World, text: &str) -> String {
    world.file("config.yaml", 0o600, text);
    let ended = world.bare().args(["config", "import", "3cx", "config.yaml"]).assert();
    assert_eq!(ended.get_output().status.code(), Some(0), "{text}: {}", stderr(&ended));
    assert_eq!(stderr(&ended), "", "{text}");
    stdout(&ended)
}

/// What the program reads in a configuration.
fn settings(world: &World, configuration: &str) -> Value {
    let file = world.file("imported.toml", 0o600, configuration);
    let run = |words: &[&str]| {
        let mut program = world.bare();
        stdout(&program.arg("--config").arg(&file).args(words).assert().code(0).stderr(""))
    };
    run(&["config", "check"]);
    serde_json::from_str::<Value>(&run(&["config", "show", "--output", "json"])).unwrap()["settings"].clone()
}

#[test]
fn what_is_imported_can_be_used_as_it_is() {
    let world = World::new();
    let configuration = imported(&world, WHOLE);
    let settings = settings(&world, &configuration);
    let expected = [
        ("url", json!("https://zammad.example.com/api/v1/cti/***")),
        ("numbers.country", json!("DE")),
        ("bridge.3cx.url", json!("https://3cx.example.com/")),
        ("bridge.3cx.client_id", json!("zammad")),
        ("bridge.3cx.client_secret", json!("***")),
        ("bridge.3cx.username", json!("admin")),
        ("bridge.3cx.password", json!("***")),
        ("bridge.3cx.group", json!("Support")),
        ("bridge.3cx.queues", json!(["816"])),
        ("bridge.3cx.trunks", json!(["5"])),
        ("bridge.3cx.poll_interval", json!("250ms")),
    ];
    for (key, value) in expected {
        assert_eq!(settings[key]["value"], value, "{key}: {configuration}");
    }
    for line in
        [&format!("url = \"{URL}\"\n"), "password = \"s3cret: pass\"\n", "client_secret = \"s3cretKey\"\n"]
    {
        assert!(configuration.contains(line), "{line}: {configuration}");
    }
}

#[test]
fn what_means_something_else_here_is_said() {
    let world = World::new();
    // (what stands in the file, what in its place, what is said)
    let cases = [
        (
            "  poll_interval: 0.25\n",
            "  poll_interval: 0\n",
            "line 2: `poll_interval` is left out: the bridge asks without a pause",
        ),
        ("  poll_interval: 0.25\n", "", "no `poll_interval`: the bridge asks without a pause"),
        ("0.25", "-1", "`poll_interval` is left out: the bridge asks without a pause"),
        ("0.25", "soon", "`poll_interval` is left out: it is not a number of seconds"),
        ("0.25", "0.01", "`poll_interval` is 50ms here"),
        ("0.25", "600", "`poll_interval` is 1m here"),
        ("  client_secret: s3cretKey\n", "", "line 7: `client_id` is left out: there is no `client_secret`"),
        (
            "client_id: zammad",
            "client_id: ''",
            "line 8: `client_secret` is left out: there is no `client_id`",
        ),
        (
            "client_id",
            "Client_Id",
            "line 7: `Client_Id` is left out: the bridge does not know it; it knows `client_id`",
        ),
        (
            "  group: Support\n",
            "  groups: [a, b]\n",
            "line 10: `groups` is left out: the bridge does not know it",
        ),
        (
            "  group: Support\n",
            "  group: Sales\n  group: Support\n",
            "line 10: `group` is there twice: the last one counts",
        ),
        ("group: Support", "group: [a, b]", "line 10: `group` is left out: it is not one value"),
        ("extension_digits: 3", "extension_digits: 3", "line 11: `extension_digits` is left out"),
        (
            "trunk_digits: 5",
            "trunk_digits: 12",
            "line 12: `trunk_digits` is left out: it means the digits of a trunk's own",
        ),
        (
            "trunk_digits: 5",
            "trunk_digits: 3",
            "line 12: `trunk_digits` is left out: extensions have as many digits",
        ),
        (
            "queue_extension: 816",
            "queue_extension: '80, 82'",
            "line 13: `queue_extension` is left out: it is not a number",
        ),
        (
            "queue_extension: 816",
            "queue_extension: 816",
            "line 13: `queue_extension`: `queues` may name several",
        ),
        ("prefix: 49", "prefix: \"+43\"", "line 14: `country_prefix` is `country = \"AT\"`"),
        ("prefix: 49", "prefix: 0044", "`country = \"GB\"`"),
        ("prefix: 49", "prefix: 1", "`country = \"US\"`"),
        ("prefix: 49", "prefix: 999", "`country_prefix` is left out: no country has this code"),
        (
            "calls: true",
            "calls: false",
            "line 18: `log_missed_queue_calls` is left out: each call that is missed",
        ),
        (
            "Bridge:\n",
            "bridge:\n",
            "line 1: `bridge` is left out: the bridge does not know it; it knows `Bridge`",
        ),
    ];
    for (from, to, said) in cases {
        assert!(WHOLE.contains(from), "{from}");
        let configuration = imported(&world, &WHOLE.replace(from, to));
        settings(&world, &configuration);
        let remarks: Vec<_> = configuration.lines().filter(|line| line.starts_with("# - line ")).collect();
        assert!(remarks.iter().any(|remark| remark.contains(said)), "{to}: {remarks:#?}");
        assert!(!remarks.concat().contains("s3cret"), "{remarks:?}");
    }
    let without_group = WHOLE
        .replace("  group: Support\n", "")
        .replace("  client_id: zammad\n  client_secret: s3cretKey\n", "");
    assert!(
        imported(&world, &without_group).contains("no `group`: without one the bridge finds no extension")
    );
}

#[test]
fn what_cannot_be_read_is_one_error_with_its_line() {
    let world = World::new();
    let without = |from: &str, to: &str| WHOLE.replace(from, to);
    // (file, what is said)
    let cases = [
        (without("https://3cx.example.com/", "[a, b]"), "line 9: `host` is not one value"),
        (without("https://3cx.example.com/", "*nobody"), "line 9: "),
        (without("  host:", "\thost:"), "line "),
        (without("3CX:", "3CX: text"), "line "),
        (String::new(), "it has no `host` in `3CX`"),
        ("3CX: [\n".to_owned(), "line "),
        ("s3cretT0ken\n".to_owned(), "line 1: not a section such as 3CX:"),
        (without("  host: https://3cx.example.com/\n", ""), "it has no `host` in `3CX`"),
        (without("https://3cx", "3cx"), "line 9: `host`: bridge.3cx.url is not a URL such as"),
        (without("https://3cx", "https://me:s3cret@3cx"), "line 9: `host`: bridge.3cx.url holds an account"),
        (without("/s3cretT0ken", "/"), "line 17: `endpoint`: it has no token"),
        (without("  endpoint:", "  url:"), "it has no `endpoint` in `Zammad`"),
        (
            without("  user: admin\n", "").replace("  client_id: zammad\n", ""),
            "it has neither `client_id` and `client_secret` nor `user` and `pass`",
        ),
    ];
    for (text, said) in cases {
        world.file("config.yaml", 0o600, &text);
        let ended =
            world.bare().args(["config", "import", "3cx", "config.yaml"]).assert().code(78).stdout("");
        let error = stderr(&ended);
        assert!(error.starts_with("zammad-cti: config.yaml: ") && error.contains(said), "{text}: {error}");
        assert_eq!(error.lines().count(), 1, "{text}: {error}");
        assert!(!error.contains("s3cret"), "{text}: {error}");
    }
}

#[test]
fn secrets_go_to_files_of_their_own_if_that_is_wanted() {
    let world = World::new();
    world.file("config.yaml", 0o600, WHOLE);
    fs::create_dir(world.path("secrets")).unwrap();
    let import =
        || world.bare().args(["config", "import", "3cx", "config.yaml", "--secrets", "secrets"]).assert();
    let configuration = stdout(&import().code(0).stderr(""));
    // A file holds one word.
    let others = configuration.replace("password = \"s3cret: pass\"\n", "");
    assert!(!others.contains("s3cret") && others.len() < configuration.len(), "{configuration}");
    let expected = [("zammad-token", "s3cretT0ken\n"), ("3cx-secret", "s3cretKey\n")];
    for (name, content) in expected {
        let path = world.path("secrets").join(name);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        assert!(
            configuration.contains(&format!("_file = {:?}\n", path.to_str().unwrap())),
            "{configuration}"
        );
    }
    // What is there already is nobody's to replace.
    assert!(stderr(&import().code(74).stdout("")).contains("secrets/zammad-token"));
    let file = world.file("imported.toml", 0o600, &configuration);
    let checked = world.bare().arg("--config").arg(file).args(["config", "check"]).assert().code(0);
    assert!(stdout(&checked).contains("https://zammad.example.com/api/v1/cti/***"), "{}", stdout(&checked));
}
