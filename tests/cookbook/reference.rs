//! docs/exit-codes-and-output.md says what the code says, all of it and no more.
//!
//! `UPDATE_GENERATED=1 cargo test --test cookbook reference` writes its tables of exit codes afresh.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use proc_macro2::{TokenStream, TokenTree};
use regex_lite::Regex;

use crate::page::{Page, Row};
use crate::root;

const PAGE: &str = "docs/exit-codes-and-output.md";

type Words = BTreeSet<String>;

#[test]
fn reference_exit_codes_are_those_of_the_help() {
    generated("exit codes", &help(&[]), r"(?m)^  ([0-9]+) +(\S.*(?:\n {6,}\S.*)*)", "Exit codes:");
    let check = help(&["check"]);
    generated("exit codes of check", &check, r"(?m)^  ([0-9]) +(\S.*(?:\n {5,}\S.*)*)", "Exit codes of this");
}

/// Holds a table of the page against a list of the help, or writes it.
fn generated(name: &str, help: &str, item: &str, heading: &str) {
    let list = &help[help.find(heading).unwrap()..];
    let list = list.split_once("\n\n").map_or(list, |(list, _)| list);
    let items: Vec<_> =
        Regex::new(item).unwrap().captures_iter(list).map(|found| found.extract::<2>().1).collect();
    assert!(items.len() > 3, "{items:?}");
    let mut table = "| code | meaning |\n|---|---|\n".to_owned();
    for [code, meaning] in items {
        let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
        table += &format!("| {code} | {meaning} |\n");
    }
    let file = root().join(PAGE);
    let text = fs::read_to_string(&file).unwrap();
    let begin = format!("<!-- generated: {name} -->\n");
    let start = text.find(&begin).unwrap() + begin.len();
    let end = start + text[start..].find("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, format!("{}{table}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert_eq!(text[start..end], table, "UPDATE_GENERATED=1 refreshes it");
    }
}

#[test]
fn reference_exit_codes_are_those_of_the_code() {
    let codes = discriminants("src/program/exit_code.rs", "ExitCode");
    let mut shown = first_column("exit-codes");
    // What no command but check says.
    shown.insert(codes["Unknown"].clone());
    // Rarer signals share a row, each with its code.
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    for (name, code) in &codes {
        let stands = |signal: &str| page.contains(&format!("{code} with SIG{}", signal.to_uppercase()));
        if name.strip_prefix("BySig").is_some_and(stands) {
            shown.insert(code.clone());
        }
    }
    assert_eq!(shown, codes.values().cloned().collect());
    let check: Words = ["Ok", "NotAsExpected", "Usage", "Unknown"].map(|name| codes[name].clone()).into();
    assert_eq!(first_column("exit-codes-of-check"), check);
}

#[test]
fn reference_results_have_these_keys() {
    let mut keys = fields("src/program/output.rs", "Report");
    // What Zammad has decided stands among them.
    assert!(keys.remove("decision"));
    keys.extend(fields("src/program/output.rs", "Decided"));
    assert_eq!(first_column("a-result-as-json"), keys);
    let help = help(&["new-call"]);
    let named =
        Regex::new(r"--field <NAME>[^\[]*\[possible values: ([^\]]*)\]").unwrap().captures(&help).unwrap();
    let mut named: Words = named[1].split(',').map(|name| name.trim().to_owned()).collect();
    named.extend(["version".to_owned(), "line".to_owned()]);
    assert_eq!(named, keys);
}

#[test]
fn reference_results_have_these_variables() {
    let mut program = program();
    program.args([
        "hangup",
        "--call-id",
        "7",
        "--output",
        "shell",
        "--fail-open",
        "--url",
        "http://127.0.0.1:1/t",
    ]);
    let printed = String::from_utf8(program.output().unwrap().stdout).unwrap();
    let names = Regex::new(r"\b(ZAMMAD_[A-Z_]+)='").unwrap();
    let names: Words = names.captures_iter(&printed).map(|found| found[1].to_owned()).collect();
    assert_eq!(first_column("a-result-for-the-shell"), names);
}

#[test]
fn reference_failures_have_these_classes() {
    let code = tokens("src/client/error.rs");
    let mut classes = BTreeMap::new();
    arms(function(&code, "class"), "Self", &mut classes);
    let faults = classes.remove("Tls").unwrap();
    let exit = tokens("src/program/exit_code.rs");
    let mut exits = BTreeMap::new();
    arms(function(&exit, "of_send"), "SendError", &mut exits);
    let codes = discriminants("src/program/exit_code.rs", "ExitCode");
    let code_of = |variant: &str| codes[&exits[variant].first().unwrap()[..]].clone();
    let mut expected: BTreeSet<(String, String)> = BTreeSet::new();
    for (variant, class) in &classes {
        expected.extend(class.iter().map(|class| (class.clone(), code_of(variant))));
    }
    expected.extend(faults.iter().map(|class| (class.clone(), code_of("Tls"))));
    // The classes of what was never sent, and of what only check meets with.
    let unsent = literals(function(&tokens("src/program/commands/report.rs"), "outcome"), r"^[a-z]+$");
    let of_codes = literals(function(&exit, "class"), r"^[a-z]+$");
    let of_check = literals(function(&tokens("src/health/fault.rs"), "class"), r"^[a-z]+$");
    for class in unsent.iter().chain(&of_codes).chain(&of_check) {
        let code = match class.as_str() {
            // The signal's.
            "interrupted" => {
                expected.insert((class.clone(), "128 + the signal".to_owned()));
                continue;
            }
            "unconfirmed" => "Unavailable",
            "invalid" => "InvalidEvent",
            "configuration" => "Configuration",
            "internal" => "Internal",
            // check's CRITICAL
            "proxy" => "Usage",
            other => panic!("a class {other:?}"),
        };
        expected.insert((class.clone(), codes[code].clone()));
    }
    let shown = rows("error-classes");
    let shown: BTreeSet<_> =
        shown.into_iter().map(|row| (row[0].codes[0].clone(), row[1].text.clone())).collect();
    assert_eq!(shown, expected);
}

#[test]
fn reference_lists_have_these_keys() {
    let list = fields("src/program/commands/spool/list.rs", "Row");
    let mut spool = list;
    // What `show` has besides; `row` is the one above.
    spool.extend(fields("src/program/commands/spool/show.rs", "Whole"));
    spool.extend(fields("src/program/commands/spool/show.rs", "FailedAttempt"));
    spool.remove("row");
    assert_eq!(first_column("json-of-spool-list"), spool);

    assert_eq!(first_column("json-of-calls"), fields("src/program/commands/calls.rs", "Row"));
    let mut route = fields("src/program/commands/config/route.rs", "Answer");
    for name in ["Copy", "Judged"] {
        route.extend(fields("src/program/commands/config/route.rs", name));
    }
    assert_eq!(first_column("json-of-config-route"), route);

    assert_eq!(first_column("json-of-log"), fields("src/program/commands/caller_log.rs", "Line"));

    let mut numbers = fields("src/program/commands/normalize.rs", "Row");
    numbers.remove("reading");
    numbers.extend(fields("src/number/reading.rs", "Reading"));
    numbers.extend(fields("src/number/reading.rs", "AppliedRule"));
    numbers.extend(fields("src/number/matches.rs", "Match"));
    assert_eq!(first_column("json-of-normalize"), numbers);

    let mut simulated = Words::new();
    for name in ["Report", "PlayedScenario", "ShownRow", "PlayedStep", "Checked"] {
        simulated.extend(fields("src/program/commands/simulate/report.rs", name));
    }
    simulated.extend(fields("src/simulation/expected.rs", "Check"));
    simulated.extend(fields("src/client/caller_log.rs", "Row"));
    // The rest of a check.
    simulated.remove("check");
    assert_eq!(first_column("json-of-simulate"), simulated);

    let mut load = Words::new();
    for name in ["Report", "Unexpected", "Bucket"] {
        load.extend(fields("src/program/commands/simulate/figures.rs", name));
    }
    load.extend(["p50", "p90", "p99", "p99.9", "max"].map(str::to_owned));
    assert_eq!(all_words("json-of-simulate-under-load", &["--concurrency", "--rate", "true"]), load);

    let stats = tokens("src/program/commands/spool/stats.rs");
    let mut keys = literals(function(&stats, "object"), KEY);
    keys.extend(literals(function(&stats, "ever"), KEY));
    let bridges = tokens("src/program/commands/spool/bridges.rs");
    keys.extend(literals(function(&bridges, "object"), KEY));
    keys.extend(literals(function(&bridges, "state"), KEY));
    assert_eq!(all_words("json-of-spool-stats", &["false"]), keys);
}

#[test]
fn reference_check_has_these_keys() {
    let check = tokens("src/program/commands/check/json.rs");
    let mut words = Words::new();
    for name in ["object", "spool_object", "stage_object"] {
        words.extend(literals(function(&check, name), KEY));
    }
    words.extend(literals(function(&check, "bridges"), KEY));
    words.extend(literals(function(&tokens("src/health/bridge.rs"), "as_str"), KEY));
    // The words of the status.
    words.extend(["ok", "warning", "critical", "unknown"].map(str::to_owned));
    assert_eq!(all_words("json-of-check", &["spool stats", "[bridge.SOURCE]"]), words);
}

/// What a key looks like.
const KEY: &str = "^[a-z][a-z0-9_]*$";

fn rows(heading: &str) -> Vec<Row> {
    let page = Page::read(PAGE, &fs::read_to_string(root().join(PAGE)).unwrap());
    let (_, rows) = page.tables.into_iter().find(|(anchor, _)| anchor == heading).expect(heading);
    rows
}

/// The words of a table's first column.
fn first_column(heading: &str) -> Words {
    let rows = rows(heading).into_iter();
    rows.flat_map(
        |row| if row[0].codes.is_empty() { vec![row[0].text.clone()] } else { row[0].codes.clone() },
    )
    .collect()
}

/// The words of a table, but for these.
fn all_words(heading: &str, but: &[&str]) -> Words {
    let words = rows(heading).into_iter().flatten().flat_map(|cell| cell.codes);
    words.filter(|word| !but.contains(&word.as_str())).collect()
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_zammad-cti"));
    program.env_clear();
    program
}

fn help(command: &[&str]) -> String {
    String::from_utf8(program().args(command).arg("--help").output().unwrap().stdout).unwrap()
}

// -- The code, as far as it takes to find names and literals in it --

fn tokens(file: &str) -> Vec<TokenTree> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    text.parse::<TokenStream>().unwrap().into_iter().collect()
}

/// The trees between braces that follow these two words, also within others.
fn braces(code: &[TokenTree], kind: &str, name: &str) -> Option<Vec<TokenTree>> {
    for (place, tree) in code.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            let inner: Vec<_> = group.stream().into_iter().collect();
            if let Some(found) = braces(&inner, kind, name) {
                return Some(found);
            }
        }
        if is_word(tree, kind) && code.get(place + 1).is_some_and(|tree| is_word(tree, name)) {
            return code[place..].iter().find_map(|tree| match tree {
                TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => {
                    Some(group.stream().into_iter().collect())
                }
                _ => None,
            });
        }
    }
    None
}

fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

fn is_sign(tree: Option<&TokenTree>, sign: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn function(code: &[TokenTree], name: &str) -> Vec<TokenTree> {
    braces(code, "fn", name).unwrap_or_else(|| panic!("fn {name}"))
}

/// The fields of a struct, as they are called in JSON.
fn fields(file: &str, name: &str) -> Words {
    let body = braces(&tokens(file), "struct", name).unwrap_or_else(|| panic!("{file}: struct {name}"));
    let mut names = Words::new();
    let rename = Regex::new(r#"rename = "([^"]+)""#).unwrap();
    let skip = Regex::new(r"\bskip(_serializing)?\b").unwrap();
    let (mut renamed, mut is_skipped) = (None, false);
    for (place, tree) in body.iter().enumerate() {
        if let TokenTree::Group(attribute) = tree {
            let attribute = attribute.to_string();
            renamed = rename.captures(&attribute).map(|found| found[1].to_owned()).or(renamed);
            is_skipped |= skip.is_match(&attribute);
        }
        let ends = is_sign(body.get(place + 1), ':') && !is_sign(body.get(place + 2), ':');
        let begins = place == 0 || !is_sign(body.get(place - 1), ':');
        if let (TokenTree::Ident(ident), true, true) = (tree, begins, ends) {
            let name = renamed.take().unwrap_or_else(|| ident.to_string());
            if !std::mem::take(&mut is_skipped) {
                names.insert(name);
            }
        }
    }
    assert!(!names.is_empty(), "{file}: struct {name}");
    names
}

/// The variants of an enum and their numbers.
fn discriminants(file: &str, name: &str) -> BTreeMap<String, String> {
    let body = braces(&tokens(file), "enum", name).unwrap();
    let numbered = body.windows(3).filter(|trees| is_sign(trees.get(1), '='));
    numbered.map(|trees| (trees[0].to_string(), trees[2].to_string())).collect()
}

/// The text literals that look like this.
fn literals(code: Vec<TokenTree>, like: &str) -> Words {
    let like = Regex::new(like).unwrap();
    let mut found = Words::new();
    for tree in code {
        match tree {
            TokenTree::Group(group) => {
                found.extend(literals(group.stream().into_iter().collect(), like.as_str()))
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                found.extend(text.filter(|text| like.is_match(text)).map(str::to_owned));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    found
}

/// Of a match: for each variant of `of` the literals, or the variants of `Self`, that its arm has.
fn arms(code: Vec<TokenTree>, of: &str, found: &mut BTreeMap<String, Vec<String>>) {
    let mut variants: Vec<String> = Vec::new();
    let mut is_pattern = true;
    for (place, tree) in code.iter().enumerate() {
        if is_sign(Some(tree), '=') && is_sign(code.get(place + 1), '>') {
            is_pattern = false;
        }
        let variant = |of: &str| {
            let trees = code.get(place..place + 4)?;
            let path = is_word(&trees[0], of) && is_sign(trees.get(1), ':');
            path.then(|| trees[3].to_string())
        };
        // The next arm begins.
        if !is_pattern
            && !is_sign(code.get(place.wrapping_sub(1)), '>')
            && variant(of).is_some()
            && of != "Self"
        {
            variants.clear();
            is_pattern = true;
        }
        if is_pattern {
            variants.extend(variant(of));
        }
        let value = match tree {
            TokenTree::Literal(literal) => vec![literal.to_string().trim_matches('"').to_owned()],
            TokenTree::Ident(_) if of != "Self" => variant("Self").into_iter().collect(),
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                if variants.is_empty() {
                    arms(inner, of, found);
                    vec![]
                } else if of == "Self" {
                    literals(inner, KEY_OR_CLASS).into_iter().collect()
                } else {
                    let own = inner.windows(4).filter(|trees| is_word(&trees[0], "Self"));
                    own.map(|trees| trees[3].to_string()).collect()
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => vec![],
        };
        if !is_pattern && !value.is_empty() {
            for variant in &variants {
                found.entry(variant.clone()).or_default().extend(value.iter().cloned());
            }
            variants.clear();
            is_pattern = true;
        }
    }
}

const KEY_OR_CLASS: &str = "^[a-z][a-z-]*$";
