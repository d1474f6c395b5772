//! What each command says of itself: briefly, and only of what counts there.

use crate::support::{World, stdout};

const FILE: &[&str] = &["config", "profile"];
const ADDRESS: &[&str] = &["url", "token", "token-file"];
const WAY: &[&str] = &[
    "connect-timeout",
    "timeout",
    "deadline",
    "ca-file",
    "client-cert",
    "client-key",
    "insecure",
    "encoding",
];
const API_TOKEN: &[&str] = &["api-token"];
const ORDER: &[&str] = &["lock-dir"];
const OUTPUT: &[&str] = &["output"];
const FIELD: &[&str] = &["field"];
const REJECT_EXIT: &[&str] = &["reject-exit"];
const FAIL_OPEN: &[&str] = &["fail-open"];
const HANGUP_REJECTED: &[&str] = &["hangup-rejected"];
const UNSENT: &[&str] = &["dry-run", "curl", "show-token"];
const NUMBERS: &[&str] = &[
    "numbers-country",
    "numbers-extension-digits",
    "numbers-extension-prefix",
    "numbers-national-digits",
    "numbers-normalize",
];
const SPOOL_PATH: &[&str] = &["spool-path"];
const KEEPS: &[&str] = &["spool-mode", "spool-policy", "spool-held-timeout"];
const ROOM: &[&str] = &["spool-max-events", "spool-max-bytes"];
const AGE: &[&str] = &["spool-max-age", "spool-max-age-answer"];

const ALL: &[&[&str]] = &[
    FILE,
    ADDRESS,
    WAY,
    API_TOKEN,
    ORDER,
    OUTPUT,
    FIELD,
    REJECT_EXIT,
    FAIL_OPEN,
    HANGUP_REJECTED,
    UNSENT,
    NUMBERS,
    SPOOL_PATH,
    KEEPS,
    ROOM,
    AGE,
];
const WAY_TO_LOG: &[&str] =
    &["connect-timeout", "timeout", "ca-file", "client-cert", "client-key", "insecure"];
const LOG: &[&[&str]] = &[FILE, ADDRESS, API_TOKEN, WAY_TO_LOG, OUTPUT];
const SENDS: &[&[&str]] = &[FILE, ADDRESS, WAY, API_TOKEN, ORDER, NUMBERS, SPOOL_PATH, KEEPS, ROOM];
const TELLS: &[&[&str]] = &[OUTPUT, FIELD, REJECT_EXIT, FAIL_OPEN, HANGUP_REJECTED, UNSENT];
const LOOKS: &[&[&str]] = &[FILE, ADDRESS, OUTPUT, SPOOL_PATH];
const CONFIG: &[&[&str]] = &[
    FILE,
    ADDRESS,
    WAY,
    API_TOKEN,
    ORDER,
    OUTPUT,
    REJECT_EXIT,
    FAIL_OPEN,
    HANGUP_REJECTED,
    NUMBERS,
    SPOOL_PATH,
    KEEPS,
    ROOM,
    AGE,
];

const WRITTEN: &[&[&str]] = &[
    &["config"],
    ADDRESS,
    WAY,
    API_TOKEN,
    ORDER,
    OUTPUT,
    REJECT_EXIT,
    FAIL_OPEN,
    HANGUP_REJECTED,
    NUMBERS,
    SPOOL_PATH,
    KEEPS,
    ROOM,
    AGE,
];

/// Commands, and the flags of several commands that count there.
const COMMANDS: &[(&str, &[&[&[&str]]])] = &[
    ("new-call", &[SENDS, TELLS]),
    ("answer", &[SENDS, TELLS]),
    ("hangup", &[SENDS, TELLS]),
    ("send", &[SENDS, TELLS]),
    ("simulate", &[&[FILE, ADDRESS, WAY, API_TOKEN, OUTPUT, NUMBERS]]),
    ("sandbox", &[&[&["token"]]]),
    ("check", &[&[FILE, ADDRESS, API_TOKEN, WAY, ORDER, OUTPUT, SPOOL_PATH, &["spool-mode"], ROOM]]),
    ("normalize", &[&[FILE, OUTPUT, NUMBERS]]),
    ("agi", &[]),
    ("agi new-call", &[SENDS, &[HANGUP_REJECTED]]),
    ("agi answer", &[SENDS, &[HANGUP_REJECTED]]),
    ("agi hangup", &[SENDS, &[HANGUP_REJECTED]]),
    ("fastagi", &[SENDS, &[HANGUP_REJECTED]]),
    ("bridge", &[]),
    ("bridge asterisk", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("bridge freeswitch", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("bridge 3cx", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("bridge webhook", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("bridge fritzbox", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("bridge xivo", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("bridge wazo", &[SENDS, &[OUTPUT, &["dry-run"]]]),
    ("spool", &[]),
    ("spool list", &[LOOKS]),
    ("spool show", &[LOOKS]),
    ("spool stats", &[LOOKS, &[ROOM]]),
    ("spool flush", &[LOOKS, &[WAY, API_TOKEN, ORDER, AGE]]),
    ("spool run", &[&[FILE, ADDRESS, SPOOL_PATH, WAY, API_TOKEN, ORDER, AGE]]),
    ("spool retry", &[LOOKS, &[AGE]]),
    ("spool drop", &[LOOKS]),
    ("calls", &[LOOKS]),
    ("calls list", &[LOOKS]),
    ("calls close", &[LOOKS, &[WAY, API_TOKEN, ORDER, FIELD, FAIL_OPEN, KEEPS, ROOM]]),
    ("watch", &[&[FILE, ADDRESS, SPOOL_PATH]]),
    ("log", &[LOG]),
    ("log done", &[LOG, &[&["dry-run"]]]),
    ("config", &[]),
    ("config show", &[CONFIG]),
    ("config check", &[CONFIG]),
    ("config init", &[WRITTEN]),
    ("config import", &[]),
    ("config route", &[&[FILE, ADDRESS, OUTPUT, NUMBERS, SPOOL_PATH]]),
    ("completions", &[]),
    ("man", &[]),
];

/// What it prints on a terminal of 80 columns; without words that is an error, and its text.
fn help(world: &World, words: &str) -> String {
    let output = world.bare().env("COLUMNS", "80").args(words.split_whitespace()).output().unwrap();
    String::from_utf8(if words.is_empty() { output.stderr } else { output.stdout }).unwrap()
}

#[test]
fn the_short_help_of_each_command_fits_on_a_screen() {
    let world = World::new();
    let commands = COMMANDS.iter().map(|(command, _)| format!("{command} -h"));
    for words in commands.chain(["-h".to_owned(), String::new()]) {
        let help = help(&world, &words);
        assert!(help.lines().count() > 5 && help.lines().count() <= 40, "{words}: {help}");
        let is_broken = |line: &str| line.chars().count() <= 80 || line.starts_with("Usage: ");
        assert!(help.lines().all(is_broken), "{words}: {help}");
        let shared = ["--config", "--url", "--timeout", "--output", "--spool-path"];
        assert!(!shared.iter().any(|flag| help.contains(&format!("      {flag} "))), "{words}: {help}");
    }
    let bare = help(&world, "");
    assert_eq!(bare, help(&world, "-h"));
    let (_, end) = bare.rsplit_once("\n\n").unwrap();
    assert!(end.starts_with("Where to start:\n") && end.contains("zammad-cti simulate"), "{bare}");
}

#[test]
fn each_command_has_the_flags_that_count_there_and_refuses_the_others() {
    let world = World::new();
    let pages = world.path("pages");
    std::fs::create_dir(&pages).unwrap();
    world.bare().args(["man", "--dir"]).arg(&pages).assert().success();
    assert_eq!(
        std::fs::read_dir(&pages).unwrap().count(),
        COMMANDS.len() + 1,
        "each command is in the table"
    );
    for (command, counting) in COMMANDS {
        let counts =
            |flag: &str| counting.iter().any(|groups| groups.iter().any(|group| group.contains(&flag)));
        let help = help(&world, &format!("{command} --help"));
        let has = |flag: &str| {
            help.lines()
                .filter_map(|line| line.strip_prefix("      --")?.strip_prefix(flag))
                .any(|rest| rest.is_empty() || rest.starts_with([' ', '[']))
        };
        let (own, others): (Vec<&str>, Vec<&str>) =
            ALL.iter().flat_map(|group| group.iter().copied()).partition(|flag: &&str| counts(flag));
        assert!(own.iter().all(|flag| has(flag)), "{command} has {own:?}: {help}");
        assert!(!others.iter().any(|flag| has(flag)), "{command} has none of {others:?}: {help}");
        let Some(other) = others.first() else { continue };
        let refused = world.bare().args(command.split(' ')).arg(format!("--{other}")).assert();
        let refused = refused.code(if *command == "check" { 3 } else { 2 });
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains(&format!("unexpected argument '--{other}'")), "{command}: {said}");
    }
}

#[test]
fn flags_may_stand_before_their_command() {
    let world = World::new();
    // (words, exit code, what is said)
    let cases = [
        ("--country DE normalize 030-23125741", 0, "030-23125741 -> 493023125741"),
        ("--country=DE --output json normalize 030-23125741", 0, "\"party\":\"493023125741\""),
        ("config --timeout 3s show", 0, "3s"),
        ("--insecure --timeout 3s config show", 0, "3s"),
        ("--timeout 3s normalize 42", 2, "unexpected argument '--timeout'"),
        ("--token x completions bash", 2, "unexpected argument '--token'"),
        ("--ca-file f spool list", 2, "unexpected argument '--ca-file'"),
        ("--timeout 3s check --no-such", 3, "unexpected argument '--no-such'"),
        ("--no-such check", 3, "unexpected argument '--no-such'"),
        ("--url u new_call", 2, "unrecognized subcommand 'new_call'"),
    ];
    for (words, code, said) in cases {
        let ended = world.bare().args(words.split(' ')).assert().code(code);
        let output = ended.get_output();
        let all = [&output.stdout[..], &output.stderr[..]].concat();
        assert!(
            String::from_utf8_lossy(&all).contains(said),
            "{words}: {all:?}",
            all = String::from_utf8_lossy(&all)
        );
    }
}

#[test]
fn what_is_written_in_lines_fits_into_a_terminal() {
    let world = World::new();
    for source in ["asterisk", "freeswitch", "3cx", "xivo", "webhook", "fritzbox", "wazo"] {
        let mut program = world.bare();
        let help =
            stdout(&program.env("COLUMNS", "1000").args(["bridge", source, "--help"]).assert().code(0));
        let (about, _) = help.split_once("\nUsage: ").unwrap();
        for line in about.lines().skip(1) {
            assert!(line.chars().count() <= 80, "bridge {source} --help: {line}");
        }
    }
}
