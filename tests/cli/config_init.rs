use std::os::unix::fs::PermissionsExt;

use predicates::prelude::*;

use crate::support::dialogue::Dialogue;
use crate::support::{TOKEN, World, stderr, stdout};

const EXAMPLE: &str = include_str!("../../config.example.toml");
const PATH: &str = ".config/zammad-cti/config.toml";

#[test]
fn config_init_writes_what_only_its_owner_reads() {
    let world = World::new();
    let path = world.path(".config/zammad-cti/config.toml");
    let init = |arguments: &[&str]| world.bare().args(["config", "init"]).args(arguments).assert();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    init(&[]).code(0).stdout(format!("{}\n", path.display()));
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode()), (EXAMPLE, 0o600));

    world.file(".config/zammad-cti/config.toml", 0o644, "timeout = '1s'");
    init(&[]).code(74).stdout("").stderr(predicate::str::contains("--force"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "timeout = '1s'");
    init(&["--force"]).code(0);
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode()), (EXAMPLE, 0o600));

    init(&["--config", "elsewhere/config.toml"]).code(0).stdout("elsewhere/config.toml\n");
    assert_eq!(std::fs::read_to_string(world.path("elsewhere/config.toml")).unwrap(), EXAMPLE);
    init(&["--config", "elsewhere/config.toml/below"]).code(74).stdout("");
    let homeless = world.bare().env_remove("HOME").args(["config", "init"]).assert().failure().stdout("");
    homeless.stderr(predicate::str::contains("HOME"));
}

#[test]
fn settings_that_are_given_are_in_the_file() {
    let world = World::new();
    let url = format!("https://zammad.example/api/v1/cti/{TOKEN}");
    let init = |arguments: &[&str]| {
        world.bare().args(["config", "init", "--force"]).args(arguments).assert().code(0).stderr("")
    };
    let lines = |from: &str, to: &str| {
        let written = std::fs::read_to_string(world.path(PATH)).unwrap();
        assert!(written.replace(to, from) == EXAMPLE, "{to}");
        assert!(written.contains(to), "{to}");
    };
    init(&["--url", &url]);
    lines("#url = \"https://zammad.example.com/api/v1/cti/TOKEN\"\n", &format!("url = \"{url}\"\n"));
    init(&["--country", "DE"]);
    lines("#country = \"DE\"\n", "country = \"DE\"\n");
    init(&["--timeout", "3s"]);
    lines("timeout = \"5s\"", "timeout = \"3s\"");

    std::fs::write(world.path("tok"), "from-a-file").unwrap();
    std::fs::set_permissions(world.path("tok"), std::fs::Permissions::from_mode(0o600)).unwrap();
    init(&["--url", "https://zammad.example", "--token-file", "tok", "--spool-path", "/srv/s.db"]);
    // A path does not begin at this folder, wherever the file is read.
    let shown = stdout(&world.bare().args(["config", "show"]).current_dir("/").assert().code(0));
    for words in [&["token_file", world.path("tok").to_str().unwrap()][..], &["spool.path", "/srv/s.db"]] {
        assert!(shown.lines().any(|line| words.iter().all(|word| line.contains(word))), "{words:?}: {shown}");
    }
    init(&["--url", "https://zammad.example", "--token", TOKEN]);
    world.bare().args(["config", "check"]).assert().code(0);
}

#[test]
fn a_file_that_would_be_refused_is_not_written() {
    let world = World::new();
    // (arguments, what is said)
    let cases: [(&[&str], &str); 4] = [
        (&["--url", "zammad.example"], "https:// is missing"),
        (&["--url", "https://zammad.example"], "no token"),
        (&["--token", TOKEN], "a token is set, but no url"),
        (&["--deadline", "0s"], "deadline must not be zero"),
    ];
    for (arguments, said) in cases {
        let ended = world.bare().args(["config", "init"]).args(arguments).assert().code(78).stdout("");
        assert!(stderr(&ended).contains(said), "{arguments:?}: {}", stderr(&ended));
        assert!(!world.path(PATH).exists(), "{arguments:?}");
    }
}

#[test]
fn on_a_terminal_it_asks_and_checks() {
    let world = World::new();
    world.zammad_answers(422, r#"{"error":"Invalid 'direction'!"}"#);
    let mut terminal = Dialogue::of(&world, "config init");
    terminal.waits_for("Endpoint (not shown): ");
    terminal.types("zammad.example.com\n");
    let again = terminal.waits_for("Endpoint (not shown): ");
    assert!(again.contains("https:// is missing"), "{again}");
    terminal.types(&format!(" {} \n", world.url()));
    let country = terminal.waits_for("such as DE: ");
    assert!(country.contains(&world.zammad.url("/api/v1/cti/***")), "{country}");
    terminal.types("Germany\n");
    terminal.waits_for("such as DE: ");
    terminal.types("de\n");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Germany") && shown.contains("OK: token accepted"), "{shown}");
    assert!(shown.contains(world.path(PATH).to_str().unwrap()), "{shown}");
    assert!(!shown.contains(TOKEN), "{shown}");

    let written = std::fs::read_to_string(world.path(PATH)).unwrap();
    assert!(written.contains(&format!("\nurl = \"{}\"\n", world.url())), "{written}");
    assert!(written.contains("\ncountry = \"DE\"\n"), "{written}");
    let mode = std::fs::metadata(world.path(PATH)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    // It is there now: nobody answers in vain.
    let (code, shown) = Dialogue::of(&world, "config init").ends();
    assert_eq!(code, Some(74), "{shown}");
    assert!(shown.contains("--force") && !shown.contains("Endpoint"), "{shown}");
}

#[test]
fn answers_may_be_left_open_and_an_end_writes_nothing() {
    let world = World::new();
    // The terminal shows again what is typed.
    let mut terminal = Dialogue::shell(&world, "trap : INT; $PROGRAM config init; echo $?; stty -a");
    terminal.waits_for("Endpoint (not shown): ");
    // Ctrl-C
    terminal.types("\x03");
    let (_, shown) = terminal.ends();
    assert!(shown.contains("130") && shown.contains(" echo ") && !shown.contains(" -echo "), "{shown}");
    let mut terminal = Dialogue::of(&world, "config init");
    terminal.waits_for("Endpoint (not shown): ");
    // Ctrl-D
    terminal.types("\x04");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("no file is written"), "{shown}");
    assert!(!world.path(PATH).exists());

    let mut terminal = Dialogue::of(&world, "config init");
    terminal.waits_for("Endpoint (not shown): ");
    terminal.types("\n");
    terminal.waits_for("such as DE: ");
    terminal.types("\n");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(std::fs::read_to_string(world.path(PATH)).unwrap(), EXAMPLE);
}
