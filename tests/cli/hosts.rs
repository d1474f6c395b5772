//! Who can read a secret on its way.

use crate::servers::reserved_port;
use crate::support::{TOKEN, World, stderr, stdout};

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
            program.args(*command).args(["--url", &format!("{base}/api/v1/cti/{TOKEN}")]);
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
