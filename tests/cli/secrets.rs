use std::fs::File;
use std::process::Stdio;

use assert_cmd::Command;
use httpmock::prelude::*;
use serde_json::json;

use crate::servers::reserved_port;
use crate::support::{NEW_CALL, TOKEN, World, stderr, stdout};

const ANSWER: [&str; 5] = ["answer", "--call-id", "7", "--direction", "in"];
const EVENT: &str = "{\"event\":\"hangup\",\"call_id\":\"7\",\"direction\":\"in\"}\n";

/// Runs the program with the most talkative log, and looks for the token in all it says.
fn says_nothing_of_the_token(program: &mut Command, code: i32) -> String {
    let ended = program.env("RUST_LOG", "trace").write_stdin(EVENT).assert();
    let said = format!("{}{}", stdout(&ended), stderr(&ended));
    assert!(!said.to_lowercase().contains(&TOKEN.to_lowercase()), "{program:?}: {said}");
    assert!(!said.contains("pa55word"), "{program:?}: {said}");
    assert_eq!(ended.get_output().status.code(), Some(code), "{program:?}: {said}");
    assert!(!said.is_empty(), "{program:?}");
    said
}

#[test]
fn the_token_is_nowhere_in_what_any_command_says() {
    let world = World::new();
    let _zammad = world.zammad_accepts();
    let base = world.zammad.base_url();
    let with_password = world.url().replace("http://", "http://me:pa55word@");
    let in_url = world.file("url.toml", 0o600, &format!("url = '{}'", world.url()));
    let in_file = world.file("token.toml", 0o600, &format!("url = '{base}'\ntoken = '{TOKEN}'"));
    let token_file = world.file("token", 0o600, TOKEN);
    let [in_url, in_file, token_file] =
        [in_url, in_file, token_file].map(|path| path.to_str().unwrap().to_owned());
    // (arguments, variables) by which the program gets the token
    type Way<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);
    let ways: [Way; 9] = [
        (&["--url", &world.url()], &[]),
        (&["--url", &with_password], &[]),
        (&["--url", &base, "--token", TOKEN], &[]),
        (&["--url", &base, "--token-file", &token_file], &[]),
        (&[], &[("ZAMMAD_CTI_URL", &world.url())]),
        (&[], &[("ZAMMAD_CTI_URL", &base), ("ZAMMAD_CTI_TOKEN", TOKEN)]),
        (&[], &[("ZAMMADCTI_URL", &world.url())]),
        (&["--config", &in_url], &[]),
        (&["--config", &in_file], &[]),
    ];
    // (command, exit code)
    let commands: [(&[&str], _); 19] = [
        (&NEW_CALL, 0),
        (
            &[
                "new-call",
                "--from",
                "1",
                "--to",
                "2",
                "--direction",
                "in",
                "--output",
                "json",
                "--encoding",
                "form",
            ],
            0,
        ),
        (&["answer", "--call-id", "7", "--dry-run"], 0),
        (&["answer", "--call-id", "7", "--curl"], 0),
        (&["answer", "--call-id", "7", "--output", "shell"], 0),
        (&["answer", "--call-id", "", "--fail-open"], 0),
        (&["hangup", "--call-id", "7", "--field", "request_id"], 0),
        (&["hangup", "--call-id", "7", "--cause", "no-such"], 65),
        (&["send", "--concurrency", "2"], 0),
        (&["send", "--dry-run"], 0),
        (&["simulate", "answered", "--speed", "100"], 0),
        (&["simulate", "--sandbox"], 0),
        (&["normalize", "42"], 0),
        (&["config", "show"], 0),
        (&["config", "show", "--output", "json"], 0),
        (&["config", "check"], 0),
        (&["completions", "zsh"], 0),
        (&["man"], 0),
        (&["--help"], 0),
    ];
    for (arguments, variables) in ways {
        for (command, code) in commands {
            let mut program = world.bare();
            program.args(arguments).envs(variables.iter().copied()).args(command);
            let is_refused = match command[0] {
                "normalize" => arguments.contains(&"--url"),
                "completions" | "man" => !arguments.is_empty(),
                _ => false,
            };
            let said = says_nothing_of_the_token(&mut program, if is_refused { 2 } else { code });
            if command == NEW_CALL {
                // The log is really that talkative.
                assert!(said.contains("none\n") && said.contains("DEBUG reqwest"), "{said}");
            }
        }
    }
    for command in ["new-call", "answer", "hangup", "send", "simulate", "sandbox", "normalize", "config"] {
        says_nothing_of_the_token(world.program().args([command, "--help"]), 0);
    }
    says_nothing_of_the_token(world.program().args(["config", "init"]), 0);
    // Only who asks for it sees it.
    let shown = stdout(&world.zammad_cti([&ANSWER[..], &["--curl", "--show-token"]].concat()).code(0));
    assert!(shown.contains(TOKEN), "{shown}");
}

#[test]
fn the_token_is_nowhere_in_what_is_said_of_a_failure() {
    let echo = format!("No route matches [POST] /api/v1/cti/{TOKEN}, {TOKEN}");
    let error = json!({ "error": echo, "error_human": echo }).to_string();
    let page = format!("<html><title>{TOKEN}</title></html>");
    let elsewhere = format!("https://elsewhere.example/api/v1/cti/{TOKEN}");
    // (status, content type, Location, body, exit code)
    let replies = [
        (200, "application/json", "", "[]", 76),
        (200, "text/html", "", &page, 76),
        (200, TOKEN, "", TOKEN, 76),
        (301, "text/html", &elsewhere, &page, 76),
        (302, "text/html", TOKEN, "", 76),
        (400, "application/json", "", &error, 65),
        (401, "application/json", "", &error, 76),
        (401, "application/json", "", r#"{"error":"Invalid token, please contact your admin!"}"#, 77),
        (404, "application/json", "", &error, 76),
        (422, "application/json", "", &error, 65),
        (
            422,
            "application/json",
            "",
            r#"{"error":"Feature not configured, please contact your admin!"}"#,
            78,
        ),
        (500, "application/json", "", &error, 69),
        (500, "application/json", "", &format!(r#"{{"error":"Error ID {TOKEN}"}}"#), 65),
        (500, "text/html", "", &page, 76),
        (503, "text/html", "", &page, 69),
        (504, "text/html", "", &page, 69),
    ];
    for (status, content_type, location, body, code) in replies {
        // Only what is tried again needs to be short.
        let deadline = if [503, 504].contains(&status) { "600ms" } else { "8s" };
        let world = World::new();
        let _zammad = world.zammad.mock(|when, then| {
            when.method(POST);
            then.status(status).header("content-type", content_type).header("location", location).body(body);
        });
        for output in ["text", "json", "shell"] {
            let mut program = world.program();
            program.args(ANSWER).args(["--deadline", deadline, "--output", output]);
            says_nothing_of_the_token(&mut program, code);
            says_nothing_of_the_token(program.arg("--fail-open"), 0);
        }
        says_nothing_of_the_token(
            world.program().args(["send", "--deadline", deadline, "--output", "json"]),
            code,
        );
        says_nothing_of_the_token(
            world.program().args(["simulate", "--speed", "100", "--deadline", deadline]),
            match status {
                // Nothing says that the call of a newCall is unknown.
                500 if body.contains("Error ID") => 69,
                _ => code,
            },
        );
    }

    let world = World::new();
    // Held to the end, lest another test's server gets the port.
    let reserved = reserved_port();
    let closed = reserved.local_addr().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = world.sandbox(&["--zammad", "5.5", "--token", TOKEN]);
    let token_file = world.file("token", 0o644, TOKEN);
    let readable = world.file("readable.toml", 0o644, &format!("token = '{TOKEN}'"));
    let [token_file, readable] = [token_file, readable].map(|path| path.to_str().unwrap().to_owned());
    let path = format!("/api/v1/cti/{TOKEN}");
    // (arguments, exit code)
    let failures: [(&[&str], _); 17] = [
        (&["--url", &format!("http://{closed}{path}")], 69),
        (&["--url", &format!("http://{}{path}", silent.local_addr().unwrap())], 69),
        (&["--url", &format!("https://{closed}{path}"), "--insecure"], 69),
        (&["--url", &world.url().replace("http:", "https:"), "--insecure"], 69),
        (&["--url", &format!("http://zammad.invalid{path}")], 69),
        (&["--url", &sandbox.url], 65),
        (&["--url", &format!("http://{}/zammad{path}", sandbox.address())], 76),
        (&["--url", &format!("http://zammad.example:99999{path}")], 78),
        (&["--url", &format!("zammad.example{path}")], 78),
        (&["--url", &format!("ftp://zammad.example{path}")], 78),
        (&["--url", &format!("http://zammad.example{path}/log")], 78),
        (&["--url", &format!("http://zammad.example{path}.json")], 78),
        (&["--url", &format!("http://zammad.example{path} {TOKEN}")], 78),
        (&["--url", &format!("http://zammad.example{path}"), "--token", "other"], 78),
        (&["--url", "http://zammad.example", "--token", TOKEN, "--token-file", &token_file], 78),
        (&["--config", &format!("http://zammad.example{path}")], 78),
        (&["--config", &readable], 78),
    ];
    for (arguments, code) in failures {
        let mut program = world.bare();
        program.args(ANSWER).args(["--deadline", "600ms"]).args(arguments);
        says_nothing_of_the_token(&mut program, code);
    }
}

#[test]
fn a_proxys_password_is_not_shown() {
    let world = World::new();
    let closed = reserved_port();
    let port = closed.local_addr().unwrap().port();
    let url = format!("https://zammad.example.com/api/v1/cti/{TOKEN}");
    for login in ["me:pa55word", "me:p@pa55word", "me:p@a@pa55word:80"] {
        let proxy = format!("http://{login}@127.0.0.1:{port}");
        for (command, code) in [(&["check"][..], 2), (&NEW_CALL, 69)] {
            let mut program = world.bare();
            program.env("HTTPS_PROXY", &proxy).env("ZAMMAD_CTI_URL", &url).args(["--deadline", "300ms"]);
            let said = says_nothing_of_the_token(program.args(command), code);
            assert!(said.contains(&format!("http://127.0.0.1:{port}")), "{said}");
        }
    }
}

#[test]
fn the_token_is_nowhere_in_what_is_said_of_a_mistake() {
    let world = World::new();
    let url = world.url();
    // Each is a mistake in the command line.
    let mistakes: [&[&str]; 14] = [
        &[&url],
        &["new-call", &url],
        &["--url", &url, "new-call", "--from", "1"],
        &["--urll", &url, "config", "check"],
        &[&format!("--urll={url}"), "config", "check"],
        &["--toke", TOKEN, "config", "check"],
        &[&format!("--toke={TOKEN}"), "config", "check"],
        &["--token", TOKEN, TOKEN, "config", "check"],
        &[&format!("--token={TOKEN}"), TOKEN, "config", "check"],
        &["--token", TOKEN, "--timeout", TOKEN, "config", "check"],
        &["--timeout", &url, "config", "check"],
        &["--dry-run", &format!("--curl={url}"), "config", "check"],
        &["--url", &url, "--url", "config", "--bogus"],
        &["config", "check", &format!("--insecure={url}")],
    ];
    for mistake in mistakes {
        says_nothing_of_the_token(world.bare().args(mistake), 2);
    }
    says_nothing_of_the_token(world.bare().env("ZAMMAD_CTI_TIMEOUT", &url).args(ANSWER), 78);
}

#[test]
fn a_token_without_the_blank_before_it_is_not_shown() {
    let world = World::new();
    says_nothing_of_the_token(world.bare().args([&format!("--token{TOKEN}"), "config", "check"]), 2);
}

#[test]
fn the_token_is_nowhere_in_what_is_said_of_a_broken_file() {
    let texts = [
        format!("token = {TOKEN}"),
        format!("token = \"{TOKEN}"),
        format!("token \"{TOKEN}\""),
        format!("url = http://zammad.example/api/v1/cti/{TOKEN}"),
        format!("url = 'http://zammad.example/api/v1/cti/{TOKEN}'\ntimout = '1s'"),
        format!("[profiles]\ntest = 'http://zammad.example/api/v1/cti/{TOKEN}'"),
        format!("token = ['{TOKEN}']"),
        format!("tokn = '{TOKEN}'"),
    ];
    for text in texts {
        says_nothing_of_the_token_in_the_file(&text);
    }
}

#[test]
fn a_token_at_another_key_is_not_shown() {
    for key in
        ["insecure", "encoding", "numbers.country", "numbers.extension_digits", "profiles.test", "profiles"]
    {
        says_nothing_of_the_token_in_the_file(&format!("{key} = '{TOKEN}'"));
    }
}

#[test]
fn an_endpoint_in_the_place_of_another_value_is_shown_without_its_token() {
    let world = World::new();
    std::fs::create_dir(world.path("cti")).unwrap();
    for address in [format!("https://z.example/api/v1/cti/{TOKEN}"), format!("/cti/{TOKEN}")] {
        // These two have to be whole paths.
        let path = if address.starts_with('/') { address.clone() } else { format!("/{address}") };
        let text = format!(
            "lock_dir = '{path}'\nca_file = '{address}'\ntoken_file = '{address}'\nurl = '{address}'\n\
             [spool]\npath = '{path}'\n[profiles.'{address}']\ntimeout = '1s'\n\
             [agents]\n'{address}' = 'anna'\n"
        );
        let file = world.file("config.toml", 0o600, &text);
        let with_login = world.file("login.toml", 0o600, &format!("{text}101 = '{address}'\n"));
        let program_with = |file| {
            let mut program = world.bare();
            program.arg("--config").arg(file);
            program
        };
        let program = || program_with(&file);
        for format in ["text", "json", "shell"] {
            for more in [&[][..], &["--profile", &address]] {
                let mut program = program_with(&with_login);
                program.args(["config", "show", "--output", format]).args(more);
                let said = says_nothing_of_the_token(&mut program, 0);
                assert!(format == "shell" || said.contains("/cti/***"), "{said}");
            }
        }
        let whole = format!("http://127.0.0.1:1/api/v1/cti/{TOKEN}");
        let token_file = world.file("token", 0o600, TOKEN);
        // Only the address and the token are right.
        let right =
            ["--url", &whole.replace(&format!("/{TOKEN}"), ""), "--token-file", token_file.to_str().unwrap()];
        let commands: [(&[&str], i32); 7] = [
            (&["spool", "stats"], 0),
            (&["spool", "stats", "--output", "json"], 0),
            (&["spool", "stats", "--prometheus"], 0),
            (&["check", "--nagios", "--profile", &address], 2),
            (&["check", "--profile", &address], 2),
            (&["check", "--output", "json", "--profile", &address], 2),
            (&["new-call", "--from", "1", "--to", "2", "--direction", "in", "--curl"], 0),
        ];
        for (command, code) in commands {
            says_nothing_of_the_token(program().args(command).args(right), code);
        }
        // It would be sent as a name.
        says_nothing_of_the_token(program_with(&with_login).args(NEW_CALL).args(right), 78);
    }
    // The same in the place of a path that has to be whole, and is not.
    for (text, variable) in [
        (format!("lock_dir = 'https://z.example/api/v1/cti/{TOKEN}'"), format!("cti/{TOKEN}")),
        (format!("[spool]\npath = '~/api/v1/cti/{TOKEN}'"), format!("$HOME/api/v1/cti/{TOKEN}")),
    ] {
        let file = world.file("partial.toml", 0o600, &text);
        says_nothing_of_the_token(world.bare().arg("--config").arg(file).args(["config", "show"]), 78);
        let mut program = world.bare();
        program.env("ZAMMAD_CTI_SPOOL_PATH", &variable).args(["config", "show"]);
        says_nothing_of_the_token(&mut program, 78);
        says_nothing_of_the_token(
            world.bare().args(["config", "show", "--spool-path", &format!("~/cti/{TOKEN}")]),
            2,
        );
    }
    // The token alone, in the place of its file; and a path that only looks like an endpoint.
    let spool = world.path("cti/spool.db");
    let mut program = world.bare();
    let as_long = format!("{TOKEN}abcdefgh");
    program.args(["config", "show", "--token-file", &as_long, "--spool-path"]).arg(&spool);
    let said = says_nothing_of_the_token(&mut program, 0);
    assert!(said.contains(spool.to_str().unwrap()), "{said}");
}

fn says_nothing_of_the_token_in_the_file(text: &str) {
    let world = World::new();
    let file = world.file("config.toml", 0o600, text);
    let mut program = world.bare();
    program.arg("--config").arg(file).args(ANSWER);
    if text.contains("[profiles]") || text.contains("profiles.test") {
        program.args(["--profile", "test"]);
    }
    says_nothing_of_the_token(&mut program, 78);
}
#[test]
fn a_sandbox_says_its_token_once() {
    let world = World::new();
    let log = world.path("log");
    let mut sandbox = world
        .process()
        .args(["sandbox", "--listen", "127.0.0.1:0", "--zammad", "5.5", "--token", TOKEN])
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut url = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(sandbox.stdout.take().unwrap()), &mut url)
        .unwrap();
    for url in [url.trim(), &url.trim().replace("/api", "/zammad/api"), &format!("{}x", url.trim())] {
        world.bare().args(NEW_CALL).args(["--url", url]).output().unwrap();
    }
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    assert_eq!(url.matches(TOKEN).count(), 1, "{url}");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("newCall") && !log.contains(TOKEN), "{log}");
}
