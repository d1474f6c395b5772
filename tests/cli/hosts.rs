//! No secret reaches a host that its own layer of settings did not name, and who can read it on its way.

use serde_json::Value;

use crate::servers::{Reply, Server, reserved_port};
use crate::support::{NEW_CALL, TOKEN, World, stderr, stdout};

/// Strongest first.
const LAYERS: [&str; 5] = ["flags", "variables", "profile", "file", "py-zammad-cti"];

/// The program with settings in each of its layers.
struct Layered<'a> {
    world: &'a World,
    program: assert_cmd::Command,
    profile: String,
    file: String,
}

impl<'a> Layered<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, program: world.bare(), profile: String::new(), file: String::new() }
    }

    fn set(&mut self, layer: &str, key: &str, value: &str) {
        match layer {
            "flags" => {
                self.program.args([&format!("--{}", key.replace('_', "-")), value]);
            }
            "variables" => {
                self.program.env(format!("ZAMMAD_CTI_{}", key.to_uppercase()), value);
            }
            "profile" => self.profile += &format!("{key} = '{value}'\n"),
            "file" => self.file += &format!("{key} = '{value}'\n"),
            "py-zammad-cti" => {
                assert_eq!(key, "url", "it has no other variable");
                self.program.env("ZAMMADCTI_URL", value);
            }
            layer => panic!("{layer}"),
        }
    }

    fn command(mut self, command: &[&str]) -> assert_cmd::Command {
        let text = format!("{}[profiles.p]\n{}", self.file, self.profile);
        self.program.arg("--config").arg(self.world.file("config.toml", 0o600, &text));
        self.program.args(["--profile", "p"]).args(command);
        self.program
    }
}

#[test]
fn no_secret_reaches_a_server_that_its_own_layer_did_not_name() {
    let world = World::new();
    let token_file = world.file("token", 0o600, TOKEN);
    let token_file = token_file.to_str().unwrap();
    // On this machine each port is another host.
    let here = Server::answering([Reply::json(200, "{}")]);
    let there = Server::answering([Reply::json(200, "{}")]);
    let base = |server: &Server| format!("http://{}", server.address);
    let whole = |server: &Server, token: &str| format!("{}/api/v1/cti/{token}", base(server));
    let simulate = ["simulate", "answered", "--speed", "100", "--deadline", "2s"];

    let mut arrived = (0, 0);
    for (place, upper) in LAYERS.iter().enumerate() {
        for lower in &LAYERS[place + 1..] {
            for key in ["url", "token", "token_file", "api_token"] {
                if *lower == "py-zammad-cti" && key != "url" {
                    continue;
                }
                for (server, is_same) in [(&here, true), (&there, false)] {
                    let what = format!("{key} of {lower} below a url of {upper}, same host: {is_same}");
                    let before = (here.requests().len(), there.requests().len());
                    let mut layered = Layered::new(&world);
                    let is_api = key == "api_token";
                    layered.set(upper, "url", &if is_api { whole(server, "test") } else { base(server) });
                    match key {
                        "url" => layered.set(lower, key, &whole(&here, TOKEN)),
                        _ => {
                            layered.set(lower, "url", &base(&here));
                            layered.set(lower, key, if key == "token_file" { token_file } else { TOKEN });
                        }
                    }
                    let command: &[&str] = if is_api { &simulate } else { &NEW_CALL };
                    let ended = layered.command(command).assert();
                    let said = stderr(&ended);
                    assert!(!said.contains(TOKEN), "{what}: {said}");

                    let (here, there) = (&here.requests()[before.0..], &there.requests()[before.1..]);
                    let with_secret = |requests: &[String]| {
                        requests.iter().filter(|request| request.contains(TOKEN)).count()
                    };
                    assert_eq!(with_secret(there), 0, "{what}: {there:?}");
                    if is_same {
                        assert!(with_secret(here) > 0, "{what}: {here:?} {said}");
                        arrived.0 += 1;
                        continue;
                    }
                    assert!(here.is_empty(), "{what}: {here:?}");
                    if is_api {
                        // The events went there all the same.
                        assert!(!there.is_empty(), "{what}: {said}");
                    } else {
                        assert!(there.is_empty(), "{what}: {there:?}");
                        assert_eq!(ended.get_output().status.code(), Some(78), "{what}: {said}");
                        assert!(said.contains("is not used: it is for http://127.0.0.1:"), "{what}: {said}");
                    }
                    arrived.1 += 1;
                }
            }
        }
    }
    assert_eq!(arrived, (28, 28));
}

#[test]
fn a_secret_for_another_host_is_named_with_its_layer_and_what_to_do() {
    let world = World::new();
    let live = "url = 'https://live.example'\ntoken_file = 'token'\napi_token = 'secret'\n";
    world.file("token", 0o600, TOKEN);
    let file = world.file(
        "config.toml",
        0o600,
        &format!(
            "{live}[profiles.whole]\nurl = 'https://test.example/api/v1/cti/test'\n\
             [profiles.bare]\nurl = 'https://test.example'\n[profiles.own]\ntoken = 'own'\n"
        ),
    );
    let run = |command: &[&str]| world.bare().arg("--config").arg(&file).args(command).assert();
    let place = file.display();

    // Events go, and nothing is said of them.
    let ended = run(&["config", "check", "--profile", "whole"]).code(0).stderr("");
    assert_eq!(
        stdout(&ended),
        format!(
            "ok: https://test.example/api/v1/cti/*** (Zammad was not asked)\n`api_token` is not used: it is \
             for https://live.example ({place}); if this Zammad has one, set `api_token` beside its url\n"
        )
    );
    let dry = [&["--profile", "whole", "--dry-run"][..], &NEW_CALL].concat();
    run(&dry).code(0).stderr("");

    // Without a token nothing goes.
    let said = stderr(&run(&["config", "check", "--profile", "bare"]).code(78).stdout(""));
    let expected = format!(
        "url: it has no token, and `token_file` is not used: it is for https://live.example ({place}); copy"
    );
    assert!(said.contains(&expected), "{said}");
    let json: Value =
        serde_json::from_str(&stdout(&run(&["check", "--profile", "bare", "--output", "json"]).code(3)))
            .unwrap();
    assert!(json["error"].as_str().unwrap().contains("`token_file` is not used"), "{json}");

    // What counts has its origin, what does not has the reason.
    let shown = |profile: &str| -> Value {
        let ended = run(&["config", "show", "--output", "json", "--profile", profile]).code(0);
        serde_json::from_str::<Value>(&stdout(&ended)).unwrap()["settings"].clone()
    };
    let reason = format!("not used: it is for https://live.example ({place})");
    // (profile, key, whether it counts, origin)
    let cases = [
        ("whole", "api_token", false, reason.clone()),
        ("whole", "token_file", false, "not set".to_owned()),
        ("bare", "token_file", false, reason.clone()),
        ("bare", "api_token", false, reason),
        ("own", "token", true, format!("{place}, profile own")),
        ("own", "token_file", false, "not set".to_owned()),
        ("own", "api_token", true, place.to_string()),
    ];
    for (profile, key, counts, origin) in cases {
        let shown = &shown(profile)[key];
        assert_eq!(
            (!shown["value"].is_null(), &shown["origin"]),
            (counts, &origin.into()),
            "{profile} {key}"
        );
    }
}

/// A top level without a token of its own is what profiles have in common.
#[test]
fn a_secret_below_the_url_of_another_host_is_not_said_to_be_for_that_one() {
    let world = World::new();
    let file = "url = \"https://live.example/api/v1/cti/LIVE-TOKEN-OF-THE-FILE\"\napi_token = \"the-files-api-token\"\n";
    let file = world.file("config.toml", 0o600, file);
    let mut program = world.bare();
    program.env("ZAMMAD_CTI_URL", "https://test.example/api/v1/cti/TEST-TOKEN-OF-THE-VARIABLE");
    program.args(["config", "show", "--url", "https://live.example/api/v1/cti/LIVE-TOKEN-OF-THE-FLAG"]);
    let shown = program.arg("--config").arg(&file).assert().code(0);
    let shown = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
    let line = shown.lines().find(|line| line.starts_with("api_token")).unwrap();
    let reason = format!(
        "not used: it ({}) is below the url of another host (variable ZAMMAD_CTI_URL)",
        file.display()
    );
    assert!(line.ends_with(&reason), "{line}");
}

#[test]
fn all_profiles_pass_over_a_top_level_whose_token_is_for_another_host() {
    let world = World::new();
    let zammad = Server::answering([Reply::doubled(422, "Direction is missing")]);
    let text = format!("url = 'http://127.0.0.1:1'\n[profiles.test]\nurl = '{}'\n", zammad.url());
    let file = world.file("config.toml", 0o600, &text);
    let mut program = world.bare();
    program.env("ZAMMADCTI_URL", "https://live.example/api/v1/cti/x").arg("--config").arg(file);
    let said = stdout(&program.args(["check", "--all-profiles", "--nagios"]).assert());
    assert!(said.contains("test_time=") && !said.contains("top level"), "{said}");
}

#[test]
fn plain_http_to_another_machine_is_said_once_in_a_short_line() {
    let world = World::new();
    let proxy = ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:1"));
    let commands: [&[&str]; 3] =
        [&["config", "check"], &["normalize", "42"], &["config", "check", "--insecure"]];
    // (address, host that is named)
    let addresses = [
        ("http://zammad.example.com", Some("zammad.example.com")),
        ("http://zammad.example.com:8080/help", Some("zammad.example.com")),
        ("http://me:pa55word@192.168.1.2", Some("192.168.1.2")),
        ("http://[fd00::1]", Some("[fd00::1]")),
        ("http://localhost.example.com", Some("localhost.example.com")),
        ("http://127.0.0.1:3000", None),
        ("http://localhost:3000", None),
        ("http://[::1]", None),
        ("https://zammad.example.com", None),
    ];
    for (base, named) in addresses {
        for (command, variables) in
            commands.iter().flat_map(|command| [(command, &[][..]), (command, &proxy)])
        {
            let mut program = world.bare();
            program.args(*command).env("ZAMMAD_CTI_URL", format!("{base}/api/v1/cti/{TOKEN}"));
            let said = stderr(&program.envs(variables.iter().copied()).assert().code(0));
            let about_http: Vec<_> = said.lines().filter(|line| line.contains("http")).collect();
            let Some(named) = named else {
                assert!(about_http.is_empty(), "{base}: {said}");
                continue;
            };
            let [line] = about_http[..] else { panic!("{base}: {said}") };
            assert!(line.starts_with("zammad-cti: warning: ") && line.contains(named), "{line}");
            assert!(line.contains("use https://") && !line.contains("pa55word"), "{line}");
            assert!(line.len() - named.len() <= 120, "{}: {line}", line.len());
        }
    }
    let mut quiet = world.bare();
    quiet.env("RUST_LOG", "error").args(["config", "check", "--url", "http://z.example/api/v1/cti/test"]);
    quiet.assert().code(0).stderr("");
}

#[test]
fn a_check_of_all_profiles_says_so_once_and_keeps_its_line() {
    let world = World::new();
    // Nothing but this machine is asked: the proxy, where nobody listens.
    let reserved = reserved_port();
    let url = |host: &str| format!("url = 'http://{host}/api/v1/cti/{TOKEN}'\n");
    let text = format!(
        "{}[profiles.a]\n{}[profiles.b]\n{}[profiles.c]\ntimeout = '1s'\n",
        url("live.example"),
        url("test.example"),
        url("127.0.0.1:1"),
    );
    let file = world.file("config.toml", 0o600, &text);
    let mut program = world.bare();
    program.env("HTTP_PROXY", format!("http://{}", reserved.local_addr().unwrap())).arg("--config").arg(file);
    let ended = program.args(["check", "--all-profiles", "--nagios", "--deadline", "300ms"]).assert().code(2);
    let said = stderr(&ended);
    assert_eq!((stdout(&ended).lines().count(), said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("http:// to live.example, test.example is not encrypted"), "{said}");
}
