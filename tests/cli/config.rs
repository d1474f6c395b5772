use std::collections::BTreeSet;
use std::process::Command;

use predicates::prelude::*;
use serde_json::{Value, json};
use zammad_cti::bridge::asterisk::Trunks;
use zammad_cti::config::{BridgeSettings, FreeSwitchSettings, List, Secret, Settings, read};

use crate::servers::Ran;
use crate::support::{NEW_CALL, TOKEN, World, stderr, stdout};

const EXAMPLE: &str = include_str!("../../config.example.toml");

#[test]
fn a_flag_beats_a_variable_beats_a_profile_beats_the_file_beats_py_zammad_cti_beats_the_default() {
    let world = World::new();
    let text = "url = 'http://file.example/api/v1/cti/x'\ninsecure = true\ntimeout = '4s'\n\
                [numbers]\nextension_digits = 4\n\
                [profiles.test]\nurl = 'http://profile.example/api/v1/cti/x'\n\
                insecure = false\ntimeout = '3s'\n\
                [profiles.test.numbers]\nextension_digits = 3\n";
    let file = world.file("config.toml", 0o600, text);
    let in_file = file.to_str().unwrap();
    let in_profile = format!("{in_file}, profile test");
    // (how many sources there are, the weakest first; host, insecure, timeout, extension digits, origin)
    let cases = [
        (5, "flag", true, "1s", 1, "flag"),
        (4, "variable", true, "2s", 2, "variable ZAMMAD_CTI_INSECURE"),
        (3, "profile", false, "3s", 3, &in_profile),
        (2, "file", true, "4s", 4, in_file),
        (1, "legacy", true, "5s", 5, "variable of py-zammad-cti"),
        (0, "", false, "5s", 5, "default"),
    ];
    for (sources, host, insecure, timeout, digits, origin) in cases {
        let mut program = world.bare();
        if sources >= 2 {
            program.arg("--config").arg(&file);
        }
        if sources >= 3 {
            program.args(["--profile", "test"]);
        }
        if sources >= 5 {
            program.args(["--url", "http://flag.example/api/v1/cti/x", "--insecure", "--timeout", "1s"]);
            program.args(["--numbers-extension-digits", "1"]);
        }
        if sources >= 4 {
            program.env("ZAMMAD_CTI_URL", "http://variable.example/api/v1/cti/x");
            program.env("ZAMMAD_CTI_INSECURE", "yes").env("ZAMMAD_CTI_TIMEOUT", "2s");
            program.env("ZAMMAD_CTI_NUMBERS_EXTENSION_DIGITS", "2");
        }
        if sources >= 1 {
            program
                .env("ZammadCTI_URL", "http://legacy.example/api/v1/cti/x")
                .env("ZammadCTI_VERIFY_SSL", "False");
        }
        let shown = stdout(&program.args(["config", "show", "--output", "json"]).assert().code(0));
        let settings = &serde_json::from_str::<Value>(&shown).unwrap()["settings"];
        let value = |key: &str| settings[key]["value"].to_string().replace('"', "");
        let timeout_and_digits = (value("timeout"), value("numbers.extension_digits"));
        assert_eq!(timeout_and_digits, (timeout.to_owned(), digits.to_string()), "{origin}");
        assert_eq!(settings["insecure"], json!({ "value": insecure, "origin": origin }));
        let url = match host {
            "" => Value::Null,
            host => json!(format!("http://{host}.example/api/v1/cti/***")),
        };
        assert_eq!(settings["url"]["value"], url, "{origin}");
    }
}

#[test]
fn the_variables_of_py_zammad_cti_count_as_it_reads_them_and_as_it_documents_them() {
    // (variables, host, whether certificates go unverified)
    let (read, documented) = ("http://read.example/api/v1/cti/x", "http://documented.example/api/v1/cti/x");
    let cases = [
        (vec![("ZAMMADCTI_URL", read), ("ZAMMADCTI_VERIFY_SSL", "no")], "read", true),
        (vec![("ZammadCTI_URL", documented), ("ZammadCTI_VERIFY_SSL", "1")], "documented", false),
        (vec![("ZammadCTI_URL", documented), ("ZAMMADCTI_URL", read)], "read", false),
    ];
    let world = World::new();
    for (variables, host, insecure) in cases {
        let mut program = world.bare();
        let shown = program.args(["config", "show", "--output", "json"]).envs(variables.clone());
        let settings = serde_json::from_str::<Value>(&stdout(&shown.assert().code(0))).unwrap();
        let url = &settings["settings"]["url"]["value"];
        assert_eq!(url, &json!(format!("http://{host}.example/api/v1/cti/***")), "{variables:?}");
        assert_eq!(settings["settings"]["insecure"]["value"], json!(insecure), "{variables:?}");
    }
}

#[test]
fn the_file_is_the_named_one_else_the_users_own() {
    let world = World::new();
    let file = |name, host| {
        world.file(name, 0o600, &format!("url = 'http://{host}.example/api/v1/cti/x'"));
        world.path(name)
    };
    let named = file("named.toml", "named");
    let by_variable = file("variable.toml", "variable");
    file("xdg/zammad-cti/config.toml", "xdg");
    file(".config/zammad-cti/config.toml", "home");
    let check = |arguments: &[&str], variables: &[(&str, &str)], host| {
        let mut program = world.bare();
        program.args(arguments).envs(variables.iter().copied()).args(["config", "check"]);
        program
            .assert()
            .code(0)
            .stdout(format!("ok: http://{host}.example/api/v1/cti/*** (Zammad was not asked)\n"));
    };
    let xdg = world.path("xdg");
    let variables =
        [("XDG_CONFIG_HOME", xdg.to_str().unwrap()), ("ZAMMAD_CTI_CONFIG", by_variable.to_str().unwrap())];
    check(&["--config", named.to_str().unwrap()], &variables, "named");
    check(&[], &variables, "variable");
    check(&[], &variables[..1], "xdg");
    check(&[], &[], "home");
    check(&[], &[("XDG_CONFIG_HOME", "relative")], "home");
}

#[test]
fn a_default_file_that_is_a_link_to_nothing_is_not_passed_over() {
    // (the link, in the home)
    for link in [".config/zammad-cti/config.toml", ".config/zammad-cti"] {
        let world = World::new();
        let path = world.path(link);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
        let requests = world.every_request();
        let said = stderr(&world.program().args(NEW_CALL).assert().code(78).stdout(""));
        assert!(said.contains("cannot read") && said.contains("zammad-cti/config.toml"), "{link}: {said}");
        assert_eq!(requests.calls(), 0, "{link}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_token_or_a_configuration() {
    let world = World::new();
    let accepted = world.zammad_accepts();
    let base = world.zammad.base_url();
    let token = world.file("token", 0o600, &format!("\u{feff}{TOKEN}\r\n"));
    let file = world.file(
        "config.toml",
        0o600,
        &format!("\u{feff}url = '{base}'\ntoken_file = '{}'\n", token.display()),
    );
    world.bare().arg("--config").arg(file).args(NEW_CALL).assert().code(0).stdout("none\n");
    accepted.assert();
}

#[test]
fn a_token_that_is_none_is_told_where_it_stands() {
    let world = World::new();
    let address = "https://zammad.example/api/v1/cti/secretsecret";
    // (what stands in the token's place, what is said of it)
    let cases = [
        ("\"secretsecret\"", "the token has a quotation mark"),
        ("'secretsecret'", "the token has a quotation mark"),
        (address, "it is an address, where the token alone belongs"),
        ("zammad.example/api/v1/cti/secretsecret", "it is an address, where the token alone belongs"),
        ("/api/v1/cti/secretsecret/", "it is an address, where the token alone belongs"),
        ("cti/secretsecret", "the token has a slash"),
        ("secret.secret", "the token has a dot"),
        ("token=secretsecret?", "the token has a character that is not allowed in a path"),
    ];
    for (text, said) in cases {
        let token_file = world.file("token", 0o600, text);
        for (flag, value, place) in [
            ("--token-file", token_file.as_os_str(), format!("the token file {}: ", token_file.display())),
            ("--token", text.as_ref(), "token: ".to_owned()),
        ] {
            for command in [&["config", "check"][..], &NEW_CALL] {
                let mut program = world.bare();
                program.args(command).args(["--url", "https://zammad.example"]).arg(flag).arg(value);
                let ran = Ran::of(&mut program);
                assert_eq!(ran.code, 78, "{text} {flag}: {ran}");
                assert!(ran.stderr.contains(&format!(": {place}{said}")), "{text} {flag}: {ran}");
                assert!(
                    !ran.stderr.contains("secretsecret") && !ran.stderr.contains("url:"),
                    "{text}: {ran}"
                );
            }
        }
    }
}

#[test]
fn check_warns_of_a_file_that_depends_on_the_folder() {
    let world = World::new();
    world.file("token", 0o600, TOKEN);
    let here = world.path("token").display().to_string();
    let check = |text: &str, flags: &[&str]| {
        let file = world.file("config.toml", 0o600, &format!("url = 'http://127.0.0.1:1'\n{text}"));
        let ran = Ran::of(world.bare().arg("--config").arg(file).args(["config", "check"]).args(flags));
        assert_eq!(ran.code, 0, "{ran}");
        ran.stderr
    };
    let said = check("token_file = 'token'", &[]);
    let words = "token_file: it depends on the folder in which a process starts, and would be";
    assert!(said.contains(words) && said.contains(&here), "{said}");
    let said = check("token = 'x'\nca_file = 'a.pem'\nclient_cert = './b.pem'\nclient_key = '/c'", &[]);
    assert!(said.contains("ca_file: it depends") && said.contains("client_cert: it depends"), "{said}");
    assert!(!said.contains("client_key"), "{said}");
    assert_eq!(check(&format!("token_file = '{here}'"), &[]), "");
    // On a command line one sees which folder it is.
    assert_eq!(check("", &["--token-file", "token"]), "");
}

#[test]
fn an_empty_path_is_explained_with_one_that_would_do() {
    let world = World::new();
    for (setting, example) in
        [("lock_dir = ''", "/run/zammad-cti"), ("[spool]\npath = ''", "/var/spool/zammad-cti/spool.db")]
    {
        let file = world.file("config.toml", 0o600, setting);
        let ran = Ran::of(world.bare().arg("--config").arg(file).args(["config", "check"]));
        assert_eq!(ran.code, 78, "{setting}: {ran}");
        assert!(
            ran.stderr.contains(&format!("it is empty; write a whole path, such as {example}\n")),
            "{ran}"
        );
    }
}

/// The example configuration has a profile with a token in its URL beside a token file.
#[test]
fn a_stronger_address_with_its_token_needs_no_weaker_token() {
    let world = World::new();
    world.file("token", 0o600, "weaker");
    let profile = "[profiles.test]\nurl = 'http://test.example/api/v1/cti/stronger'\n";
    // (top level of the file, arguments)
    let cases = [
        ("token_file = 'token'", &["--profile", "test"][..]),
        ("token = 'weaker'", &["--profile", "test"]),
        ("token_file = 'token'", &["--url", "http://test.example/api/v1/cti/stronger"]),
        ("token_file = 'token'", &["--url", "http://test.example", "--token", "stronger"]),
        ("token = 'weaker'", &["--token", "stronger", "--url", "http://test.example"]),
    ];
    for (token, arguments) in cases {
        let file =
            world.file("config.toml", 0o600, &format!("url = 'http://live.example'\n{token}\n{profile}"));
        let ended = world.bare().arg("--config").arg(file).args(arguments).args(["config", "check"]).assert();
        ended.code(0).stdout("ok: http://test.example/api/v1/cti/*** (Zammad was not asked)\n");
    }
}

#[test]
fn config_show_names_origins_and_hides_secrets() {
    let world = World::new();
    let file = world.file(
        "config.toml",
        0o600,
        &format!(
            "token = '{TOKEN}'\napi_token = 'secret-{TOKEN}'\noutput = 'json'\n[numbers]\ncountry = 'de'\n\
             [spool]\npath = '/srv/calls/spool.db'\npolicy = 'drop-oldest'\n"
        ),
    );
    let mut program = world.bare();
    program.env("ZAMMAD_CTI_URL", world.zammad.base_url());
    program.env("ZAMMAD_CTI_SPOOL_MAX_AGE_ANSWER", "2m");
    program.arg("--config").arg(&file).args(["config", "show", "--deadline", "3s", "--spool", "always"]);
    let in_file = file.to_str().unwrap();

    let shown = stdout(&program.assert().code(0).stderr(""));
    let result: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(result["version"], 1);
    // (key, value, origin)
    let cases = [
        ("url", json!(world.zammad.url("/api/v1/cti/***")), "variable ZAMMAD_CTI_URL"),
        ("token", json!("***"), in_file),
        ("token_file", Value::Null, "not set"),
        ("api_token", json!("***"), in_file),
        ("encoding", json!("json"), "default"),
        ("connect_timeout", json!("2s"), "default"),
        ("timeout", json!("5s"), "default"),
        ("deadline", json!("3s"), "flag"),
        ("lock_dir", Value::Null, "not set"),
        ("ca_file", Value::Null, "not set"),
        ("client_cert", Value::Null, "not set"),
        ("client_key", Value::Null, "not set"),
        ("insecure", json!(false), "default"),
        ("output", json!("json"), in_file),
        ("reject_exit", json!(false), "default"),
        ("fail_open", json!(false), "default"),
        ("hangup_rejected", Value::Null, "not set"),
        ("numbers.country", json!("DE"), in_file),
        ("numbers.extension_digits", json!(5), "default"),
        ("numbers.extension_prefix", Value::Null, "not set"),
        ("numbers.national_digits", Value::Null, "not set"),
        ("numbers.normalize", json!(true), "default"),
        ("spool.path", json!("/srv/calls/spool.db"), in_file),
        ("spool.mode", json!("always"), "flag"),
        ("spool.max_events", json!(1_000_000), "default"),
        ("spool.max_bytes", json!(1_000_000_000), "default"),
        ("spool.max_age", json!("7days"), "default"),
        ("spool.max_age_answer", json!("2m"), "variable ZAMMAD_CTI_SPOOL_MAX_AGE_ANSWER"),
        ("spool.held_timeout", json!("1s"), "default"),
        ("spool.policy", json!("drop-oldest"), in_file),
        ("check.warning", json!("time=1s,days=14,age=10m,dead=1,stuck=1"), "default"),
        ("check.critical", json!("time=5s,days=7,age=1h"), "default"),
        ("check.stuck_after", json!("12h"), "default"),
    ];
    for (key, value, origin) in &cases {
        assert_eq!(result["settings"][key], json!({ "value": value, "origin": origin }), "{key}");
    }
    assert_eq!(result["settings"].as_object().unwrap().len(), cases.len());

    let text = stdout(&program.args(["--output", "text"]).assert().code(0));
    for (key, value, origin) in cases {
        let value = value.as_str().map_or_else(|| value.to_string().replace("null", "-"), str::to_owned);
        let (value, origin) = if key == "output" { ("text".to_owned(), "flag") } else { (value, origin) };
        let row = text.lines().find(|line| line.split(' ').next() == Some(key)).unwrap_or_default();
        let words: Vec<_> = row.splitn(3, "  ").map(str::trim).collect();
        assert!(row.ends_with(&format!(" {origin}")) && row.contains(&format!(" {value} ")), "{words:?}");
    }
    assert!(!shown.contains(TOKEN) && !text.contains(TOKEN));
}

#[test]
fn a_table_says_who_sits_at_which_phone() {
    let world = World::new();
    let text = "[agents]\n101 = 'anna'\n\"PJSIP/B-phone.1\" = 'bert'\n[profiles.p.agents]\n101 = 'carl'\n";
    world.file(".config/zammad-cti/config.toml", 0o600, text);
    let shown = |arguments: &[&str]| {
        let ended = world.bare().args(["config", "show"]).args(arguments).assert().code(0).stderr("");
        let lines = stdout(&ended);
        lines.lines().filter(|line| line.contains("agents")).map(str::to_owned).collect::<Vec<_>>()
    };
    // (arguments, phone, login, origin)
    let cases: [(&[&str], _, _, _); 3] = [
        (&[], "agents.101 ", " anna ", "config.toml"),
        (&[], "agents.PJSIP/B-phone.1 ", " bert ", "config.toml"),
        (&["--profile", "p"], "agents.101 ", " carl ", "config.toml, profile p"),
    ];
    for (arguments, phone, login, origin) in cases {
        let lines = shown(arguments);
        let line = lines.iter().find(|line| line.starts_with(phone)).unwrap();
        assert!(line.contains(login) && line.ends_with(origin), "{line}");
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
    // No variables, so none to be told.
    assert_eq!(shown(&["--output", "shell"]), Vec::<String>::new());
    // (file, what is said)
    let cases = [
        ("agents = 'x'\n", "expected a map"),
        ("[agents]\n101 = ['x']\n", "expected a string"),
        ("[agents]\n101 = \"a\\nb\"\n", "agents.101: the login has a control character"),
        ("[agents]\n101 = 'https://z.example/api/v1/cti/x'\n", "agents.101: a login is expected, not"),
        ("[agents]\nurl = 'https://z.example'\n", "agents.url: a login is expected, not an address"),
        ("[agents]\ntoken = 's3cret-token'\n", "agents.token: `token` is a setting, not a phone; put"),
        ("[agents]\n'numbers.country' = 'DE'\n", "agents.numbers.country: `numbers.country` is a setting"),
    ];
    for (text, said) in cases {
        world.file(".config/zammad-cti/config.toml", 0o600, text);
        let ended = world.program().args(["config", "check"]).assert().code(78);
        let error = stderr(&ended);
        assert!(error.contains(said), "{text}: {error}");
        let show = world.bare().args(["config", "show"]).output().unwrap();
        let all = error + &String::from_utf8(show.stdout).unwrap();
        assert!(!all.contains("s3cret") && !all.contains("cti/x"), "{text}: {all}");
    }
}

#[test]
fn the_example_is_the_default_and_each_line_of_it_can_be_used() {
    let world = World::new();
    let show = |text: &str, arguments: &[&str]| -> Value {
        let file = world.file("example.toml", 0o600, text);
        let mut program = world.bare();
        program.arg("--config").arg(file).args(["config", "show", "--output", "json"]).args(arguments);
        let ended = program.assert();
        assert_eq!(ended.get_output().status.code(), Some(0), "{}\n{text}", stderr(&ended));
        serde_json::from_str::<Value>(&stdout(&ended)).unwrap()["settings"].clone()
    };
    let as_it_stands = show(EXAMPLE, &[]);
    for (key, setting) in show("", &[]).as_object().unwrap() {
        assert_eq!(as_it_stands[key]["value"], setting["value"], "{key}");
    }

    let lines: Vec<_> = EXAMPLE.lines().collect();
    let is_setting = |line: &str| {
        let line = line.strip_prefix('#').map(str::trim_start);
        let key = line.and_then(|line| line.split_once(" = ")).map(|(key, _)| key);
        key.is_some_and(|key| key.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()))
    };
    // A table that is commented out is used with each of its settings.
    let table_of =
        |at: usize| (0..at).rev().find(|&place| lines[place].trim_start_matches(['#', ' ']).starts_with('['));
    let settings: Vec<_> = (0..lines.len()).filter(|&at| is_setting(lines[at])).collect();
    assert_eq!(settings.len(), 78, "{settings:?}");
    for at in settings {
        let table = table_of(at);
        let in_profile = table.is_some_and(|table| lines[table] == "# [profiles.test]");
        let in_use = |(place, line): (usize, &&str)| {
            let used = place == at || (Some(place) == table && line.starts_with('#'));
            if used { line[1..].to_owned() } else { (*line).to_owned() }
        };
        let text = lines.iter().enumerate().map(in_use).collect::<Vec<_>>().join("\n");
        let arguments: &[_] = if in_profile { &["--profile", "test"] } else { &[] };
        let (key, value) = lines[at][1..].trim_start().split_once(" = ").unwrap();
        let table = table.and_then(|table| {
            lines[table].trim_start_matches(['#', ' ']).strip_prefix('[')?.strip_suffix(']')
        });
        let table = table.filter(|_| !in_profile);
        let key = table.map_or_else(|| key.to_owned(), |table| format!("{table}.{key}"));
        let shown = &show(&text, arguments)[&key];
        let value: Value = match key.as_str() {
            "url" if value.contains("TOKEN") => serde_json::from_str(&value.replace("TOKEN", "***")).unwrap(),
            // Without its token it is not known which part of it is none.
            "url"
            | "api_token"
            | "bridge.asterisk.secret"
            | "bridge.freeswitch.password"
            | "bridge.3cx.client_secret"
            | "bridge.3cx.password"
            | "bridge.xivo.password"
            | "bridge.wazo.password"
            | "bridge.webhook.hooks.sipgate.secret" => json!("***"),
            _ => serde_json::from_str(value).unwrap(),
        };
        assert_eq!(shown["value"], value, "{key}");
        assert!(shown["origin"].as_str().unwrap().contains("example.toml"), "{shown}");
        if lines[at].contains("/TOKEN") {
            let file = world.file("example.toml", 0o600, &text);
            world.bare().arg("--config").arg(file).args(arguments).args(["config", "check"]).assert().code(0);
        }
    }
}

/// Such as `sed 's|^#url = .*|url = "..."|'`, which would set the address of a phone system, or a profile's, as well.
#[test]
fn an_edit_of_a_line_of_the_example_changes_no_other_table() {
    let mut table = "";
    let mut keys: Vec<(&str, &str)> = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.trim_start_matches(['#', ' ']).strip_prefix('[') {
            table = name;
        }
        if let Some((key, _)) = line.strip_prefix('#').unwrap_or(line).split_once(" = ")
            && key.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
        {
            keys.push((table, key));
        }
    }
    let of_zammad: Vec<_> =
        keys.iter().filter(|(table, _)| ["", "numbers]", "spool]"].contains(table)).collect();
    assert_eq!(of_zammad.len(), 29, "{of_zammad:?}");
    for (_, key) in of_zammad {
        let lines = keys.iter().filter(|(_, other)| other == key).count();
        assert_eq!(lines, 1, "{key}: write the later ones as `# {key} = `");
    }
}

#[test]
fn the_example_names_each_setting() {
    let mut table = String::new();
    let mut named = BTreeSet::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = format!("{name}.");
        } else if let Some((key, _)) = line.trim_start_matches(['#', ' ']).split_once(" = ") {
            named.insert(format!("{table}{key}"));
        }
    }
    // Another way to give the token, which only flags and variables need.
    let keys = Settings::default().by_key();
    let missing: Vec<_> = keys.keys().filter(|key| *key != "token" && !named.contains(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_config_show_prints_as_variables_has_the_same_effect() {
    let world = World::new();
    let file = world.file(
        "config.toml",
        0o600,
        "[bridge]\nignore = ['a b', '49*']\nhold = '1s'\ninternal = true\non_reject = 'hangup'\n\
         [bridge.asterisk]\nusername = \"it's\"\ntrunk_contexts = 'x,y'\n",
    );
    let of = |program: &mut assert_cmd::Command| -> Value {
        let shown = stdout(&program.args(["config", "show", "--output", "json"]).assert().code(0));
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let values = shown["settings"].as_object().unwrap();
        let values = values.iter().filter(|(key, _)| key.starts_with("bridge."));
        values.map(|(key, setting)| (key.clone(), setting["value"].clone())).collect()
    };
    let by_file = of(world.bare().arg("--config").arg(&file));
    let shown =
        world.bare().arg("--config").arg(&file).args(["config", "show", "--output", "shell"]).assert();
    let variables = stdout(&shown.code(0));
    // The shell takes the quotes off.
    let env = Command::new("sh")
        .env_clear()
        .arg("-c")
        .arg(format!("set -a\n{variables}\nenv -0"))
        .output()
        .unwrap();
    let env = String::from_utf8(env.stdout).unwrap();
    let env =
        env.split('\0').filter_map(|line| line.split_once('=')).filter(|(name, _)| name.contains("_BRIDGE_"));
    let by_variables = of(world.bare().envs(env));
    assert_eq!(by_variables, by_file, "{variables}");
    assert_eq!(by_file.as_object().unwrap().len(), 6, "{by_file}");
}

#[test]
fn accounts_stand_in_a_file_alone_and_their_passwords_are_secrets() {
    let world = World::new();
    let table = "[[bridge.xivo.accounts]]\nusername = 'anna'\npassword = 's3cret-of-anna'\n";
    let file = world.file("config.toml", 0o600, table);
    for format in ["text", "json", "shell"] {
        let arguments = ["config", "show", "--output", format];
        let shown = stdout(&world.bare().arg("--config").arg(&file).args(arguments).assert().code(0));
        assert_eq!(shown.contains("accounts"), format != "shell", "{shown}");
        assert!(!shown.contains("s3cret-of-anna") && !shown.contains("ACCOUNTS"), "{shown}");
    }
    let file = world.file("config.toml", 0o644, table);
    let ended = world.bare().arg("--config").arg(file).args(["config", "show"]).assert().code(78);
    assert!(stderr(&ended).contains("chmod o-rwx"), "{}", stderr(&ended));
}

/// Its other keys are examples: there is nothing that they are by default.
#[test]
fn the_example_shows_how_a_bridge_follows_by_default() {
    let world = World::new();
    let is_default = |line: &str| {
        ["internal", "second_answer", "on_reject", "hold", "stale", "address", "trunk_contexts", "password"]
            .iter()
            .any(|key| line.starts_with(&format!("#{key} = ")))
    };
    let in_use = EXAMPLE.lines().map(|line| if is_default(line) { &line[1..] } else { line });
    let file = world.file("example.toml", 0o600, &in_use.collect::<Vec<_>>().join("\n"));
    let bridge = read(&file, None).unwrap().top_level.bridge;
    let by_default = BridgeSettings::default();
    assert_eq!(format!("{:?}", bridge.checked().unwrap()), format!("{:?}", by_default.checked().unwrap()));
    assert_eq!(bridge.asterisk.trunk_contexts, Some(List(Trunks::CONTEXTS.map(str::to_owned).to_vec())));
    let address = |mut bridge: BridgeSettings| {
        (bridge.asterisk.username, bridge.asterisk.secret) =
            (Some("zammad".to_owned()), Some(Secret::new("x")));
        bridge.asterisk.account().unwrap().address
    };
    assert_eq!(bridge.asterisk.address.clone(), Some(address(by_default)));
    let by_default = FreeSwitchSettings::default().account().unwrap();
    assert_eq!(bridge.freeswitch.address, Some(by_default.address));
    let password = |password: Option<Secret>| password.map(|password| password.reveal().to_owned());
    assert_eq!(password(bridge.freeswitch.password), password(Some(by_default.password)));
}

#[test]
fn a_bridge_that_cannot_begin_is_found_by_config_check() {
    let world = World::new();
    world.file("ami-secret", 0o600, "s3cret\n");
    world.file("open", 0o644, "s3cret\n");
    let check = |table: &str, mode: u32| {
        let text = format!("url = 'http://zammad.example/api/v1/cti/x'\n{table}\n");
        let file = world.file("config.toml", mode, &text);
        world.bare().arg("--config").arg(file).args(["config", "check"]).assert()
    };
    let asked = "ok: http://zammad.example/api/v1/cti/*** (Zammad was not asked)\n";
    let account = "ok: Asterisk, zammad at pbx:5038 (Asterisk was not asked)\n";
    let table = "[bridge.asterisk]\nusername = 'zammad'\naddress = 'pbx:5038'";
    check(&format!("{table}\nsecret = 's3cret'"), 0o640).code(0).stdout(format!("{asked}{account}"));
    check(&format!("{table}\nsecret_file = 'ami-secret'"), 0o644).code(78);
    let without_token = "url = 'http://zammad.example'\ntoken_file = 'ami-secret'";
    let file =
        world.file("config.toml", 0o644, &format!("{without_token}\n{table}\nsecret_file = 'ami-secret'"));
    world.bare().arg("--config").arg(file).args(["config", "check"]).assert().code(0);
    // Nobody is followed.
    check("[bridge]\ninternal = true\n[bridge.asterisk]\ntrunk_contexts = ['x']", 0o600)
        .code(0)
        .stdout(asked);
    // (tables, what is said)
    let cases = [
        ("[bridge]\nhold = '3s'".to_owned(), "bridge.hold: 2s is the longest time"),
        ("[bridge]\nstale = '0s'".to_owned(), "bridge.stale: each call would end at once"),
        ("[bridge]\nignore = ['7*', '']".to_owned(), "bridge.ignore has an empty pattern"),
        (table.to_owned(), "bridge.asterisk.secret_file is not set"),
        ("[bridge.asterisk]\nsecret = 'x'\nusername = ' '".to_owned(), "bridge.asterisk.username is empty"),
        (
            format!("{table}\nsecret = 'x'\noutside_prefix = 'x'"),
            "outside_prefix: \"x\" is not what phones dial",
        ),
        (
            format!("{table}\nsecret = 'x'\ntrunk_contexts = ['']"),
            "bridge.asterisk.trunk_contexts has an empty pattern",
        ),
        ("[bridge.asterisk]\nsecret = 'x'".to_owned(), "bridge.asterisk.username is not set"),
        (format!("{table}\nsecret_file = 'nowhere'"), "cannot read nowhere"),
        (format!("{table}\nsecret_file = 'open'"), "chmod o-rwx open"),
    ];
    for (table, said) in cases {
        // Zammad's half is said to be well all the same.
        let ended = check(&table, 0o600).code(78).stdout(asked);
        assert!(stderr(&ended).contains(said), "{table}: {}", stderr(&ended));
    }
    for table in
        [format!("{table}\nsecret = 's3cret'"), "[profiles.p.bridge.asterisk]\nsecret = 'x'".to_owned()]
    {
        let file = world.file("config.toml", 0o644, &table);
        let ended = world.program().arg("--config").arg(file).args(NEW_CALL).assert().code(78).stdout("");
        let said = stderr(&ended);
        assert!(said.contains("chmod o-rwx") && !said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_broken_configuration_sends_nothing_and_says_what_to_mend() {
    let near = |key: &str, nearest: &str| format!("unknown key `{key}`; did you mean `{nearest}`?");
    // (file, arguments, what is said)
    let cases: [(&str, &[&str], &str); 33] = [
        ("timout = '1s'", &[], &near("timout", "timeout")),
        ("[profiles.test]\ndeadlin = '1s'", &[], &near("deadlin", "deadline")),
        ("[numbers]\ncountri = 'DE'", &[], &near("numbers.countri", "numbers.country")),
        ("[profiles.test.numbers]\nnormalise = true", &[], &near("numbers.normalise", "numbers.normalize")),
        ("xyzzy = 1", &[], "unknown key `xyzzy`\n"),
        ("[bridge]\nhodl = '1s'", &[], &near("bridge.hodl", "bridge.hold")),
        (
            "[bridge.asterisk]\nadress = 'pbx:5038'",
            &[],
            &near("bridge.asterisk.adress", "bridge.asterisk.address"),
        ),
        ("[bridge.asterisc]", &[], "unknown phone system [bridge.asterisc]; there are: bridge.asterisk, "),
        (
            "[bridge.webhook.hooks.a]\npresett = 'sipgate'",
            &[],
            "unknown key `bridge.webhook.hooks.a.presett`; did you mean `preset`?",
        ),
        (
            "[bridge.webhook.hooks.a.fields]\ncal = 'id'",
            &[],
            "unknown key `bridge.webhook.hooks.a.fields.cal`; did you mean `fields.call`?",
        ),
        ("[bridge.webhook.hooks.a]\nrate = 'fast'", &[], "rate"),
        ("[profiles.test.bridge.fax]\nurl = 'x'", &[], "unknown phone system [bridge.fax]; there are"),
        ("[bridge]\non_reject = 'busy'", &[], "expected one of none, hangup"),
        (
            "[profiles.live]\n[profiles.test]",
            &["--profile", "tset"],
            "no profile `tset`; there are: live, test",
        ),
        ("", &["--profile", "test"], "no profile `test`\n"),
        ("timeout = 1s", &[], "line 1"),
        ("timeout = '1s'\n[numbers", &[], "line 2"),
        ("timeout = '1s'\ntimeout = '2s'", &[], "line 2"),
        ("timeout = 'soon'", &[], "such as 5s"),
        ("encoding = 'xml'", &[], "`encoding`"),
        ("insecure = 'perhaps'", &[], "insecure"),
        ("[numbers]\ncountry = 'XX'", &[], "not a country"),
        ("[numbers]\nextension_prefix = '+49'", &[], "use only digits"),
        ("timeout = '0s'", &[], "timeout must not be zero"),
        ("", &["--deadline", "0ms"], "deadline must not be zero"),
        ("", &["--connect-timeout", "0s"], "connect_timeout must not be zero"),
        ("", &["--token", "a", "--token-file", "token"], "both a token and the token file token"),
        ("", &["--token-file", "nowhere"], "cannot read nowhere"),
        ("", &["--token-file", "folder"], "folder"),
        ("", &["--token-file", "empty"], "empty must contain one token"),
        ("", &["--url", "http://zammad.example", "--token", "to.ken"], "a dot"),
        ("", &["--url", "http://zammad.example", "--token", "to ken"], "a blank"),
        ("", &["--ca-file", "empty", "--url", "https://127.0.0.1:1/api/v1/cti/x"], "empty"),
    ];
    let world = World::new();
    let requests = world.every_request();
    world.file("token", 0o600, "a");
    world.file("empty", 0o600, "\n");
    world.file("folder/file", 0o600, "");
    for (text, arguments, said) in cases {
        let file = world.file("config.toml", 0o600, text);
        for command in [&NEW_CALL[..], &["config", "check"]] {
            let ended = world.program().arg("--config").arg(&file).args(command).args(arguments).assert();
            let told = stderr(&ended);
            assert_eq!(ended.get_output().status.code(), Some(78), "{text} {arguments:?}: {told}");
            assert!(told.contains(said), "{text} {arguments:?}: {told}");
            assert_eq!(stdout(&ended), "", "{text} {arguments:?}");
        }
    }
    requests.assert_calls(0);

    // (address, what is said)
    let addresses = [
        (None, "no endpoint is set"),
        (Some(""), "no endpoint is set"),
        (Some("zammad.example.com"), "not a URL"),
        (Some("ftp://zammad.example/api/v1/cti/x"), "\"ftp\""),
        (Some("https:///api/v1/cti/"), "no token"),
        (Some("https://zammad.example/api/v1/cti/to.ken"), "a dot"),
        (Some("https://zammad.example/api/v1/cti/to ken"), "a blank"),
        (Some("https://zammad.example/api/v1/cti/x/log"), "after the token"),
        (Some("https://zammad.example/api/v1/cti/x?a=1"), "a query"),
    ];
    for (address, said) in addresses {
        let mut program = world.bare();
        program.envs(address.map(|address| ("ZAMMAD_CTI_URL", address)));
        program.args(NEW_CALL).assert().code(78).stdout("").stderr(predicate::str::contains(said));
    }
    let twice = world.program().env("ZAMMAD_CTI_TOKEN", "another").args(NEW_CALL).assert();
    twice.code(78).stderr(predicate::str::contains("contains one token, and the setting `token` another"));
    let alone = world.bare().args(NEW_CALL).args(["--token", "x"]).assert();
    alone.code(78).stderr(predicate::str::contains("no url"));
    let no_file = world.bare().args(NEW_CALL).args(["--config", "nowhere.toml"]).assert();
    no_file.code(78).stderr(predicate::str::contains("cannot read nowhere.toml"));
    let no_file = world.program().args(NEW_CALL).args(["--profile", "test"]).assert();
    no_file.code(78).stderr(predicate::str::contains("there is no configuration file"));
    requests.assert_calls(0);
}

#[test]
fn a_secret_that_others_can_read_is_refused_with_the_chmod_that_mends_it() {
    let with_token = "url = 'http://zammad.example/api/v1/cti/x'";
    let profile = format!("[profiles.test]\n{with_token}");
    // (configuration, its mode, token file's mode, the file that is refused)
    let cases = [
        (with_token, 0o600, None, None),
        (with_token, 0o640, None, None),
        (with_token, 0o644, None, Some("config.toml")),
        (with_token, 0o604, None, Some("config.toml")),
        ("url = 'http://zammad.example'\ntoken = 'x'", 0o644, None, Some("config.toml")),
        ("url = 'http://zammad.example'\napi_token = 'x'", 0o644, Some(0o600), Some("config.toml")),
        // Also if the profile is not chosen: the file lies there all the same.
        (&profile, 0o644, None, Some("config.toml")),
        ("url = 'http://zammad.example'", 0o644, Some(0o600), None),
        ("url = 'http://zammad.example'", 0o644, Some(0o640), None),
        ("url = 'http://zammad.example'", 0o644, Some(0o644), Some("token")),
    ];
    for (text, mode, token_mode, refused) in cases {
        let world = World::new();
        let file = world.file("config.toml", mode, text);
        let mut program = world.bare();
        program.arg("--config").arg(&file).args(["config", "check"]);
        if let Some(mode) = token_mode {
            program.arg("--token-file").arg(world.file("token", mode, "x\n"));
        } else if text.starts_with('[') {
            program.args(["--url", "http://zammad.example/api/v1/cti/x"]);
        }
        let Some(refused) = refused else {
            program
                .assert()
                .code(0)
                .stdout("ok: http://zammad.example/api/v1/cti/*** (Zammad was not asked)\n");
            continue;
        };
        let said = stderr(&program.assert().code(78).stdout(""));
        let command = format!("chmod o-rwx {}", world.path(refused).display());
        assert!(said.contains(&command), "{said}");
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
        program.assert().code(0);
    }
}

#[test]
fn a_path_that_processes_share_is_whole_outside_the_command_line() {
    let world = World::new();
    let zammad = world.zammad_accepts();
    let home = world.path("");
    let home = home.to_str().unwrap().trim_end_matches('/');
    // (the path, what the message says of it)
    let cases = [
        (
            "calls.db",
            format!("depends on the folder in which a process starts, and would be {home}/calls.db here"),
        ),
        ("./calls.db", format!("{home}/calls.db here")),
        ("~/calls.db", format!("~ is not expanded here; write the whole path, {home}/calls.db")),
        ("$HOME/calls.db", format!("$HOME is not expanded here; write the whole path, {home}/calls.db")),
        ("${HOME}/calls.db", format!("write the whole path, {home}/calls.db")),
        ("~anna/calls.db", "~ is not expanded".to_owned()),
        ("/var/$USER/calls.db", "$ is not expanded".to_owned()),
    ];
    let commands: [(&[&str], i32); 4] =
        [(&["config", "check"], 78), (&["check"], 3), (&["spool", "list"], 78), (&NEW_CALL, 78)];
    for (path, message) in &cases {
        let is_relative = path.starts_with(['c', '.']);
        for (key, variable, flag) in [
            ("spool.path", "ZAMMAD_CTI_SPOOL_PATH", "--spool-path"),
            ("lock_dir", "ZAMMAD_CTI_LOCK_DIR", "--lock-dir"),
        ] {
            let file = world.file("config.toml", 0o600, &format!("{key} = '{path}'\n"));
            let profile = world.file("profile.toml", 0o600, &format!("[profiles.p]\n{key} = '{path}'\n"));
            for (command, code) in commands {
                for file in [&file, &profile] {
                    let ended = world.program().arg("--config").arg(file).args(command).assert().code(code);
                    let said = stdout(&ended) + &stderr(&ended);
                    let place = format!("{}: {key}: ", file.display());
                    assert!(said.contains(&place) && said.contains(message), "{path} {command:?}: {said}");
                }
                let ended = world.program().env(variable, path).args(command).assert().code(code);
                let said = stdout(&ended) + &stderr(&ended);
                assert!(said.contains(variable) && said.contains(message), "{path} {command:?}: {said}");
            }
            let mut program = world.program();
            program.args(["config", "check", flag, path]);
            let ended = program.assert().code(if is_relative { 0 } else { 2 });
            assert!(is_relative || stderr(&ended).contains(message), "{path}: {}", stderr(&ended));
        }
    }
    zammad.assert_calls(0);
}

#[test]
fn the_account_of_a_phone_system_is_one_that_works() {
    let world = World::new();
    let url = "url = 'https://zammad.example/api/v1/cti/token'\n";
    let check = |table: &str| {
        let file = world.file("config.toml", 0o600, &format!("{url}{table}"));
        world.bare().arg("--config").arg(file).args(["config", "check"]).assert()
    };
    let both =
        |table: &str, key: &str| format!("bridge.{table}: both {key} and {key}_file are set; keep one");
    let of_3cx = "[bridge.3cx]\nurl = 'https://pbx.example:5001'\nclient_id = 'a'\n";
    // (a table, what is wrong with it)
    let cases = [
        (format!("{of_3cx}client_secret = ''"), "bridge.3cx.client_secret is empty".to_owned()),
        (format!("{of_3cx}client_secret = 'a'\nclient_secret_file = '/nope'"), both("3cx", "client_secret")),
        (
            "[bridge.asterisk]\nusername = 'a'\nsecret = ''".to_owned(),
            "bridge.asterisk.secret is empty".to_owned(),
        ),
        (
            "[bridge.freeswitch]\npassword = 'a'\npassword_file = '/nope'".to_owned(),
            both("freeswitch", "password"),
        ),
        (
            "[bridge.xivo]\nusername = 'a'\npassword = 'a'\npassword_file = '/nope'".to_owned(),
            both("xivo", "password"),
        ),
        (
            "[bridge.wazo]\nurl = 'https://wazo.example'\nusername = 'a'\npassword = 'a'\npassword_file = '/nope'"
                .to_owned(),
            both("wazo", "password"),
        ),
        (
            "[bridge.xivo]\nusername = 'a'\npassword = 'a'\nfollow = []".to_owned(),
            "it is empty; leave it out for forms, queues and channels".to_owned(),
        ),
    ];
    for (table, said) in cases {
        check(&table).code(78).stderr(predicate::str::contains(said));
    }
    // What counts for nothing is told of.
    let idle = "bridge.3cx.group counts for nothing since version 20";
    check(&format!("{of_3cx}client_secret = 'a'\ngroup = 'Support'"))
        .code(0)
        .stderr(predicate::str::contains(idle));
    let before =
        "[bridge.3cx]\nurl = 'https://pbx.example:5001'\nusername = 'a'\npassword = 'a'\ngroup = 'Support'";
    check(before).code(0).stderr("");
}
