//! The convention itself: whatever a page has got wrong is found, and told with its line.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::convention::{Tables, dead_links, is_run, parts};
use crate::expected;
use crate::page::Page;
use crate::session;
use crate::{FILES, PAGES, SECOND_WORDS, TABLES, read, root};

/// What is wrong with a page of this text, in a repository with a few files.
fn problems(text: &str) -> String {
    let root = TempDir::new().unwrap();
    // (file, what it has)
    let files = [
        ("examples/run.conf", "[one]\n  exten => 1\n  exten => 2\n"),
        ("examples/unrun.conf", "[one]\n"),
        ("tests/runner", "cookbook/blocks docs/page.md; cat examples/run.conf"),
        ("tests/copier", "docs/page.md"),
        ("docs/page.md", text),
        ("docs/other.md", "# What it does, exactly\n"),
    ];
    for (name, text) in files {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let tables = Tables {
        second_words: &[("asterisk", "tests/runner"), ("copied", "tests/copier")],
        files: &[("examples/run.conf", "tests/runner"), ("examples/unrun.conf", "tests/runner")],
        languages: &[("docs/page.md", "lua", "examples/run.conf")],
    };
    let page = Page::read("docs/page.md", text);
    let (parts, mut problems) = parts(&page, &tables, root.path());
    problems.extend(dead_links(&page, root.path()));
    problems.extend(session::run(&page, &parts));
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// Each text has one problem, told by what begins with this.
fn has(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = problems(text);
        assert!(found.starts_with(expected), "{text}\nhas\n{found}");
    }
}

/// These texts are right.
fn are_right(texts: &[&str]) {
    for text in texts {
        assert_eq!(problems(text), "", "{text}");
    }
}

#[test]
fn a_block_that_fails_is_found() {
    has(&[
        ("```sh\ntrue\nfalse\n```\n", "docs/page.md:2: ended with 1\n"),
        ("```sh\nfalse | true\n```\n", "docs/page.md:2: ended with 1\n"),
        ("Text.\n\n- list\n\n  ```sh\n  exit 3\n  ```\n", "docs/page.md:6: ended with 3\n"),
        ("```sh\necho $nothing\n```\n", "docs/page.md:2: ended with 1\n"),
        ("```sh\nzammad-cti hangup\n```\n", "docs/page.md:2: ended with 2\n"),
    ]);
    let found = problems("One.\n\n```sh\ntrue\nmisspelt\n```\n");
    assert!(found.contains("page.md: line 5: misspelt: command not found"), "{found}");
}

#[test]
fn other_output_is_found() {
    has(&[
        (
            "```sh\necho one\n```\n\n```text\ntwo\n```\n",
            "docs/page.md:6: other output:\none\n--- instead of\ntwo\n",
        ),
        ("```sh\necho one\n```\nIt prints:\n```text\none\none\n```\n", "docs/page.md:6: other output:"),
    ]);
}

#[test]
fn blocks_of_a_page_run_in_one_shell() {
    are_right(&[
        "```sh\nnumber=42\n```\n\n```sh\necho $number\n```\n```text\n42\n```\n",
        "```sh\nsleep 60 &\n```\n```sh\nkill %1\n```\n",
        "```sh\nls -A\ncat\n```\n```text\nexamples\n```\n",
        // What a background process holds open does not keep the page.
        "```sh\nsleep 60 &\n```\n",
    ]);
}

#[test]
fn zammad_is_a_sandbox() {
    are_right(&["```sh\n\
                 export ZAMMAD_CTI_URL=https://zammad.example.com/api/v1/cti/TOKEN\n\
                 zammad-cti new-call --direction in --from 491715000000 --to 42\n\
                 zammad-cti new-call --direction out --from 42 --to 41447110000\n\
                 echo \"at $ZAMMAD_CTI_URL\"\n\
                 ```\n\
                 ```text\n\
                 reject busy\n\
                 dial 41715880339000 41447110000\n\
                 at https://zammad.example.com/api/v1/cti/TOKEN\n\
                 ```\n"]);
    has(&[(
        "```sh\nzammad-cti check --url https://zammad.example.com/api/v1/cti/WRONG\n```\n",
        "docs/page.md:2: ended with 2\n--- stdout\nhttps://zammad.example.com/api/v1/cti/***\n",
    )]);
}

#[test]
fn a_server_has_a_terminal_of_its_own() {
    let server = "```sh terminal\nzammad-cti sandbox --listen 127.0.0.1:3000 --token test\n```\n";
    let event = "```sh\nzammad-cti new-call --url http://127.0.0.1:3000/api/v1/cti/test --direction in \
                 --from 42 --to 43 --call-id 7\n```\n";
    let shown = "```text\nhttp://127.0.0.1:3000/api/v1/cti/test\nwatch it live: http://127.0.0.1:3000/\n{\"event\":\"newCall\",\"callId\":\"7\",…\n```\n";
    are_right(&[&format!("{server}{event}"), &format!("{server}{shown}{event}")]);
    has(&[
        (
            "```sh terminal\necho over\n```\n```sh\nsleep 0.2\n```\n",
            "docs/page.md:2: did not stay: exit status: 0",
        ),
        (&format!("{server}{shown}"), "docs/page.md:5: other output:"),
    ]);
}

#[test]
fn a_block_of_which_nothing_is_known_is_found() {
    has(&[
        ("```\nls\n```\n", "docs/page.md:2: a block without a language"),
        ("```sh later\nls\n```\n", "docs/page.md:2: nobody runs `sh later`"),
        (
            "```sh copied\nls\n```\n",
            "docs/page.md:2: tests/copier does not take blocks by tests/cookbook/blocks",
        ),
        ("```perl asterisk\nls\n```\n", "docs/page.md:2: only `sh` has second words"),
        ("```text\nnone\n```\n", "docs/page.md:2: no `sh` block before this `text`"),
        ("```sh\ntrue\n```\n```ini\n[one]\n```\n", "docs/page.md:5: no file for this `ini`"),
    ]);
    are_right(&["```sh asterisk\nls\n```\n"]);
    has(&[(
        "```sh asterisk\nls\n```\n```text\none\n```\n",
        "docs/page.md:2: tests/runner does not look at what",
    )]);
    let tables = Tables { second_words: &[("asterisk", "tests/runner")], files: &[], languages: &[] };
    let other = Page::read("docs/other.md", "```sh asterisk\nls\n```\n");
    let (_, found) = parts(&other, &tables, root());
    assert!(found[0].text.starts_with("tests/runner: "), "{found:?}");
}

#[test]
fn a_block_has_to_stand_in_a_file_that_a_test_runs() {
    are_right(&[
        "<!-- from: examples/run.conf -->\n\n```ini\n[one]\nexten => 1\n\n  exten => 2\n```\n",
        "<!-- from: examples/run.conf -->\n```ini\n[one]\nexten => 2\n```\n",
        "```lua\n[one]\n```\n",
    ]);
    has(&[
        (
            "<!-- from: examples/run.conf -->\n```ini\n[one]\nexten => 3\n```\n",
            "docs/page.md:3: line 4 is not in examples/run.conf",
        ),
        (
            "<!-- from: examples/run.conf -->\n```ini\nexten => 2\nexten => 1\n```\n",
            "docs/page.md:3: line 4 is not in examples/run.conf, or not in this order",
        ),
        (
            "<!-- from: examples/unrun.conf -->\n```ini\n[one]\n```\n",
            "docs/page.md:3: tests/runner does not run examples/unrun.conf",
        ),
        (
            "<!-- from: examples/none.conf -->\n```ini\n[one]\n```\n",
            "docs/page.md:3: no test runs examples/none.conf",
        ),
        // A comment is for the block right after it.
        (
            "<!-- from: examples/run.conf -->\n\nText.\n\n```ini\n[one]\n```\n",
            "docs/page.md:6: no file for this `ini`",
        ),
    ]);
}

#[test]
fn settings_are_read_by_the_program() {
    are_right(&[
        "```toml\n[numbers]\ncountry = \"DE\"\n```\n",
        "```toml\nurl = \"https://zammad.example.com/api/v1/cti/TOKEN\"\n```\n",
    ]);
    has(&[(
        "```toml\n[numbers]\ncuontry = \"DE\"\n```\n",
        "docs/page.md:2: `config check` of these settings: ",
    )]);
}

#[test]
fn a_dead_link_is_found() {
    are_right(&[
        "# A `word` of its own\n[a](other.md) [b](other.md#what-it-does-exactly) [c](#a-word-of-its-own) [d](../examples)\n",
    ]);
    has(&[
        ("[a](none.md)\n", "docs/page.md:1: there is no none.md"),
        ("\n![a](none.png)\n", "docs/page.md:2: there is no none.png"),
        ("[a](other.md#what)\n", "docs/page.md:1: no heading there is called #what: other.md#what"),
        ("[a](#what)\n", "docs/page.md:1: no heading there is called #what"),
    ]);
}

#[test]
fn dots_stand_for_what_differs() {
    // (what the page shows, what was printed, whether that is the same)
    let cases = [
        ("one\n", "one\n", true),
        ("one\n", "one", true),
        ("one\n", "one\ntwo\n", false),
        ("one\n…\n", "one\ntwo\nthree\n", true),
        ("one\n…\n", "one\n", true),
        ("one\n…\nthree\n", "one\nthree\n", true),
        ("one\n…\nthree\n", "one\ntwo\nthree\n", true),
        ("one\n…\nthree\n", "one\ntwo\n", false),
        ("…\nthree\n", "one\ntwo\nthree\n", true),
        ("took … ms\n", "took 12 ms\n", true),
        ("took … ms\n", "took  ms\n", false),
        // A busy machine takes longer, and what is aligned moves.
        ("took … ms\n", "took 1.20 s\n", true),
        ("took … s over\n", "took 980 ms over\n", true),
        ("took … ms   and … ms\n…\n", "took 0.31 ms   and 12.34 s\n", true),
        ("ok    … ms  …\n", "ok  123.4 ms  127.0.0.1\n", true),
        ("ok    … ms\n", "ok123.4 ms\n", false),
        ("took … ms\n", "took long s\n", false),
        ("took … ms\n", "took 1 h\n", false),
        ("took … msec\n", "took 1 s\n", false),
        ("took … ms\n", "took 1\n2 ms\n", false),
        ("a.b\n", "axb\n", false),
        ("{\"id\":\"…\"}\n", "{\"id\":\"1795231990.1\"}\n", true),
    ];
    for (shown, printed, same) in cases {
        assert_eq!(expected::matches(shown, printed), same, "{shown:?} and {printed:?}");
    }
}

#[test]
fn another_test_takes_the_same_blocks() {
    for name in PAGES {
        let page = read(name);
        for (word, _) in SECOND_WORDS {
            let here: Vec<_> =
                page.blocks.iter().filter(|block| block.second_word.as_deref() == Some(word)).collect();
            if here.is_empty() {
                continue;
            }
            let blocks = |options: &[&str]| {
                let mut script = Command::new(root().join("tests/cookbook/blocks"));
                let output = script.args(options).args([name, word]).output().unwrap();
                assert!(output.status.success(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            let there: serde_json::Value = serde_json::from_str(&blocks(&["--json"])).unwrap();
            let there: Vec<_> = there.as_array().unwrap().iter().collect();
            assert_eq!(there.len(), here.len(), "{name}, {word}");
            let script = blocks(&[]);
            for (there, here) in there.iter().zip(&here) {
                assert_eq!((&there["line"], &there["code"]), (&here.line.into(), &here.code.as_str().into()));
                let first = script.lines().nth(here.line - 1);
                assert_eq!(first, here.code.lines().next(), "{name}:{}", here.line);
            }
        }
    }
}

#[test]
fn each_example_is_run_by_a_test() {
    for (file, _) in FILES {
        is_run(file, &TABLES, root()).unwrap();
        assert!(root().join(file).exists(), "{file}");
    }
    let mut folders = vec![root().join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let file = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                is_run(&file, &TABLES, root()).unwrap();
            }
        }
    }
}

#[test]
fn the_index_has_all_pages() {
    let index = read("docs/README.md");
    for page in PAGES.iter().filter_map(|page| page.strip_prefix("docs/")).filter(|page| *page != "README.md")
    {
        assert!(index.links.iter().any(|link| link.target == page), "docs/README.md does not list {page}");
    }
}
