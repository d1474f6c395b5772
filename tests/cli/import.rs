//! `config import asterisk`: the configuration of asterisk-zammad-cti-bridge becomes ours.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{World, stderr, stdout};

const URL: &str = "https://zammad.example.com/api/v1/cti/s3cretT0ken";
const TEST: &str = "https://test.example.com/api/v1/cti/s3cretT0ken2";

/// A file of the script, with one of each thing that it takes.
fn whole() -> String {
    format!(
        "; the script's\r\n[zammad]\r\nurl=\"{URL}\"\r\n\r\n# here\r\n[asterisk]\r\nhost = pbx.example.com\r\n\
         port=5039\r\nuser=zammad\r\nsecret='a\"b, c'\r\n[zammad-test]\r\nurl={TEST}\r\n\
         [asterisk-b]\r\nhost=::1\r\nuser=\"z 2\"\r\nsecret=foo\\\\bar\r\n"
    )
}

/// The configuration that a file becomes.
fn imported(world: &World, text: &str, arguments: &[&str]) -> String {
    world.file("config.cfg", 0o600, text);
    let ended = world.bare().args(["config", "import", "asterisk", "config.cfg"]).args(arguments).assert();
    assert_eq!(ended.get_output().status.code(), Some(0), "{text}: {}", stderr(&ended));
    assert_eq!(stderr(&ended), "", "{text}");
    stdout(&ended)
}

/// What the program reads in a configuration.
fn settings(world: &World, configuration: &str, profile: Option<&str>) -> Value {
    let file = world.file("imported.toml", 0o600, configuration);
    let run = |words: &[&str]| {
        let mut program = world.bare();
        program.arg("--config").arg(&file).args(profile.map(|name| format!("--profile={name}")));
        stdout(&program.args(words).assert().code(0).stderr(""))
    };
    run(&["config", "check"]);
    serde_json::from_str::<Value>(&run(&["config", "show", "--output", "json"])).unwrap()["settings"].clone()
}

#[test]
fn what_is_imported_can_be_used_as_it_is() {
    let world = World::new();
    let configuration = imported(&world, &whole(), &[]);
    // (profile, host of Zammad, address, account, secret as it is written)
    let cases = [
        (None, "zammad", "pbx.example.com:5039", "zammad", r#"secret = "a\"b, c""#),
        (Some("zammad-test"), "test", "pbx.example.com:5039", "zammad", r#"secret = "a\"b, c""#),
        (Some("asterisk-b"), "zammad", "[::1]:5038", "z 2", r#"secret = "foo\\bar""#),
    ];
    for (profile, host, address, account, secret) in cases {
        let settings = settings(&world, &configuration, profile);
        let value = |key: &str| settings[key]["value"].clone();
        assert_eq!(value("url"), json!(format!("https://{host}.example.com/api/v1/cti/***")), "{profile:?}");
        assert_eq!(value("bridge.asterisk.address"), address, "{profile:?}");
        assert_eq!(value("bridge.asterisk.username"), account, "{profile:?}");
        assert!(configuration.contains(&format!("{secret}\n")), "{configuration}");
    }
    assert!(configuration.contains(&format!("url = \"{URL}\"\n")), "{configuration}");
    for remark in
        ["read = call,agent,system", "write = reporting", "# - line 13: [asterisk-b] has no `port`: 5038"]
    {
        assert!(configuration.contains(remark), "{remark}: {configuration}");
    }
    // What may be added is there, and only has to be taken.
    let more = configuration.lines().map(|line| {
        let is_setting = line.starts_with('#') && line.contains(" = ") && !line.starts_with("# ");
        if is_setting { &line[1..] } else { line }
    });
    let more = settings(&world, &more.collect::<Vec<_>>().join("\n"), None);
    for key in ["numbers.country", "spool.path", "agents.101", "bridge.asterisk.outside_prefix"] {
        assert!(more[key]["origin"].as_str().unwrap().ends_with("imported.toml"), "{key}: {more}");
    }
}

#[test]
fn the_sections_are_those_that_the_scripts_options_name() {
    let world = World::new();
    let configuration = imported(&world, &whole(), &["--zammad", "zammad-test", "--asterisk=asterisk-b"]);
    let of = |profile| {
        let settings = settings(&world, &configuration, profile);
        [&settings["url"]["value"], &settings["bridge.asterisk.address"]["value"]]
            .map(|text| text.to_string())
    };
    assert_eq!(of(None), [r#""https://test.example.com/api/v1/cti/***""#, r#""[::1]:5038""#]);
    assert_eq!(of(Some("zammad")), [r#""https://zammad.example.com/api/v1/cti/***""#, r#""[::1]:5038""#]);
    assert_eq!(of(Some("asterisk"))[1], r#""pbx.example.com:5039""#);
}

#[test]
fn what_is_not_taken_over_is_said() {
    let world = World::new();
    let (zammad, asterisk) =
        (format!("[zammad]\nurl={URL}\n"), "[asterisk]\nhost=pbx\nport=1\nuser=u\nsecret=s\n");
    let file = |more: &str| format!("\u{feff}{zammad}{asterisk}{more}");
    // (what the file has besides, what is said of it)
    let cases = [
        (String::new(), None),
        ("\n# x\n;y\n".to_owned(), None),
        ("timeout=5\n".to_owned(), Some("line 8: `timeout` is left out: the script does not know it")),
        ("USER=x\n".to_owned(), Some("line 8: `USER` is left out: the script does not know it")),
        ("secret=t\n".to_owned(), Some("line 7: `secret` is left out: line 8 has it again")),
        (
            "[zammad]\nurl = \n".to_owned() + &format!("url={URL}"),
            Some("line 9: `url` is left out: line 10 has it again"),
        ),
        ("[x]\ny=1\n".to_owned(), Some("line 8: [x] is left out: it has no key of the script")),
        ("[b]\nhost=c\nuser=u\n".to_owned(), Some("line 8: [b] has no `secret`, so [b] is left out")),
        (
            "[b]\nuser=u\nsecret=it's\n".to_owned(),
            Some("line 10: `secret` has a quote or a backslash that is not closed"),
        ),
        (
            "[z]\nurl=https://zammad.example.com/s3cretT0ken\n".to_owned(),
            Some("line 9: `url`: it has no token"),
        ),
        ("[a b]\nurl=x\n".to_owned(), Some("line 8: the script does not accept its name, so [a b]")),
        (format!("[ ]\nurl={URL}\n"), Some("line 8: the script does not accept its name, so [] is left out")),
        ("[\u{1b}[2J]\nx=1\n".to_owned(), Some("line 8: [\\u{1b}[2J] is left out")),
        ("[\u{202e}]\nx=1\n".to_owned(), Some("line 8: [\\u{202e}] is left out")),
    ];
    for (more, said) in cases {
        let configuration = imported(&world, &file(&more), &[]);
        settings(&world, &configuration, None);
        let remarks: Vec<_> = configuration.lines().filter(|line| line.starts_with("# - line ")).collect();
        match said {
            None => assert!(remarks.is_empty(), "{more}: {remarks:?}"),
            Some(said) => assert!(remarks.iter().any(|remark| remark.contains(said)), "{more}: {remarks:?}"),
        }
        assert!(!remarks.concat().contains("s3cretT0ken"), "{remarks:?}");
    }
    // What the script's library takes by default is said as well.
    let configuration = imported(&world, &format!("{zammad}[asterisk]\nuser=u\nsecret=s\n"), &[]);
    for said in ["line 3: [asterisk] has no `host`: 127.0.0.1", "line 3: [asterisk] has no `port`: 5038"] {
        assert!(configuration.contains(said), "{configuration}");
    }
}

#[test]
fn what_cannot_be_read_is_one_error_with_its_line() {
    let world = World::new();
    let zammad = format!("[zammad]\nurl={URL}\n");
    let with = |asterisk: &str| format!("{zammad}[asterisk]\n{asterisk}").into_bytes();
    // (file, what is said)
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "it has no section"),
        (b"# nothing\n".to_vec(), "it has no section"),
        (b"[zammad\nurl=x\n".to_vec(), "line 1: not a section such as [zammad], and not a key with a value"),
        (with("host pbx\n"), "line 4: not a section"),
        ([with("user=u\n"), b"secret=s3cret\xff\n".to_vec()].concat(), "line 5: it is not UTF-8"),
        (
            zammad.clone().into_bytes(),
            "there is no section [asterisk], which --asterisk names; the sections are: zammad",
        ),
        (b"[asterisk]\nuser=u\n".to_vec(), "there is no section [zammad], which --zammad names"),
        (b"[zammad]\n[asterisk]\nuser=u\nsecret=s\n".to_vec(), "line 1: [zammad] has no `url`"),
        (b"[zammad]\nurl=\"\"\n[asterisk]\nuser=u\nsecret=s\n".to_vec(), "line 2: [zammad] has no `url`"),
        (b"[zammad]\nurl=zammad.example.com\n[asterisk]\n".to_vec(), "line 2: `url`: not a URL such as"),
        (
            b"[zammad]\nurl=https://z.example/api/v1/cti/\n[asterisk]\n".to_vec(),
            "line 2: `url`: it has no token",
        ),
        (with("secret=s\n"), "line 3: [asterisk] has no `user`"),
        (with("user=u\n"), "line 3: [asterisk] has no `secret`"),
        (
            with("user=u\nsecret=s3,cret\n"),
            "line 5: `secret` has a comma, which begins another value there: put it in quotes",
        ),
        (with("user=u\nsecret=\"s3cret\n"), "line 5: `secret` has a quote or a backslash that is not closed"),
        (with("user=u\nsecret='s3\\ncret'\n"), "line 5: `secret` has a control character"),
        (with("user=u\nsecret=s3\tcret\n"), "line 5: `secret` has a control character"),
        (
            with("host=pbx 2\nuser=u\nsecret=s3cret\n"),
            "line 4: `host` is not the name or the address of a machine",
        ),
        (with("port=0\nuser=u\nsecret=s3cret\n"), "line 4: `port` is not a number from 1 to 65535"),
        (with("port=+1\nuser=u\nsecret=s3cret\n"), "line 4: `port` is not a number"),
    ];
    for (content, said) in cases {
        world.file("config.cfg", 0o600, "");
        fs::write(world.path("config.cfg"), &content).unwrap();
        let ended =
            world.bare().args(["config", "import", "asterisk", "config.cfg"]).assert().code(78).stdout("");
        let error = stderr(&ended);
        let what = String::from_utf8_lossy(&content);
        assert!(error.starts_with("zammad-cti: config.cfg: ") && error.contains(said), "{what}: {error}");
        assert_eq!(error.lines().count(), 1, "{what}: {error}");
        assert!(!error.contains("s3"), "{what}: {error}");
        assert!(!error.contains("T0ken"), "{what}: {error}");
    }
    // (arguments, exit code, what is said)
    let cases: [(&[&str], _, _); 4] = [
        (&["asterisk", "nowhere"], 74, "nothing is imported: cannot read nowhere"),
        (&["asterisk", "."], 74, "it is not a regular file"),
        (&["asterisk"], 2, "<FILE>"),
        (&["xivo", "config.cfg"], 2, "invalid value 'xivo'"),
    ];
    for (arguments, code, said) in cases {
        let ended = world.bare().args(["config", "import"]).args(arguments).assert().code(code).stdout("");
        assert!(stderr(&ended).contains(said), "{arguments:?}: {}", stderr(&ended));
    }
}

#[test]
fn others_never_see_what_is_imported() {
    let world = World::new();
    let read = world.file("config.cfg", 0o604, &whole());
    let into = |mode: u32| {
        let written = world.file("written.toml", mode, "");
        let mut program = world.process();
        program.args(["config", "import", "asterisk"]).arg(&read).stdout(File::create(&written).unwrap());
        let output = program.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let mode = fs::metadata(&written).unwrap().permissions().mode() & 0o777;
        assert!(fs::read_to_string(&written).unwrap().contains(URL));
        (mode, String::from_utf8(output.stderr).unwrap())
    };
    let (mode, said) = into(0o644);
    assert_eq!(mode, 0o640);
    assert!(said.contains("others could read the output file"), "{said}");
    assert!(said.contains(&format!("run: chmod o-rwx {}", read.display())), "{said}");
    fs::set_permissions(&read, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(into(0o660), (0o660, String::new()));

    // A terminal, on which somebody may look on.
    let program = env!("CARGO_BIN_EXE_zammad-cti");
    let command = format!("'{program}' config import asterisk '{}'", read.display());
    let output = Command::new("script").args(["-qec", &command, "/dev/null"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && shown.contains("not shown on a terminal"), "{shown}");
    assert!(shown.contains("url = \"https://test.example.com/api/v1/cti/***\"\r\n"), "{shown}");
    assert!(
        !shown.contains("s3cretT0ken") && !shown.contains("a\\\"b") && !shown.contains("foo\\"),
        "{shown}"
    );
}
