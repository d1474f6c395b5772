//! The committed completions and man pages are what the program generates today, and the package's
//! configuration what the example is.
//!
//! `UPDATE_GENERATED=1 cargo test --test cli generated` refreshes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::World;

fn committed(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

#[test]
fn the_completions_are_up_to_date() {
    let world = World::new();
    let fresh = TempDir::new().unwrap();
    for (shell, name) in [("bash", "zammad-cti.bash"), ("zsh", "_zammad-cti"), ("fish", "zammad-cti.fish")] {
        let output = world.bare().args(["completions", shell]).assert().success().get_output().stdout.clone();
        fs::write(fresh.path().join(name), output).unwrap();
    }
    compare(fresh.path(), &committed("completions"));
}

#[test]
fn bash_completes_the_flags_of_a_command() {
    let script = committed("completions").join("zammad-cti.bash");
    // (words, the word under the cursor, what is offered)
    let cases = [
        ("zammad-cti new-c", 1, "new-call"),
        ("zammad-cti new-call --dir", 2, "--direction"),
        ("zammad-cti new-call --output = j", 4, "json"),
        ("zammad-cti new-call --output =", 3, "text json shell"),
        ("zammad-cti new-call --output j", 3, "json"),
        ("zammad-cti hangup --direction = o", 4, "out"),
        ("zammad-cti hangup --answered = t", 4, "true"),
        ("zammad-cti hangup --answered =", 3, "true false"),
    ];
    for (words, place, offered) in cases {
        let complete = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD={place}; _zammad__cti zammad-cti \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[*]}}\"",
            script.display()
        );
        let output = std::process::Command::new("bash").args(["--norc", "-c", &complete]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), offered, "{words}");
    }
}

#[test]
fn the_man_pages_are_up_to_date() {
    let world = World::new();
    let fresh = TempDir::new().unwrap();
    world.bare().args(["man", "--dir"]).arg(fresh.path()).assert().success();
    let page = world.bare().arg("man").assert().success().get_output().stdout.clone();
    assert_eq!(
        page,
        fs::read(fresh.path().join("zammad-cti.1")).unwrap(),
        "without a folder it is the first page"
    );
    compare(fresh.path(), &committed("man"));
}

#[test]
fn the_head_of_each_man_page_has_no_date_and_says_where_it_is_from() {
    let pages = files(&committed("man"));
    assert!(pages.len() > 20);
    for (name, page) in pages {
        let title = name.strip_suffix(".1").unwrap();
        let head =
            format!(".TH {title} 1 \"\" \"zammad-cti {}\" \"User Commands\"", env!("CARGO_PKG_VERSION"));
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.lines().find(|line| line.starts_with(".TH")), Some(head.as_str()), "{name}");
    }
}

#[test]
fn the_packages_configuration_is_the_example_with_a_spool() {
    let mut text = fs::read_to_string(committed("config.example.toml")).unwrap();
    // With a spool, the phone system's own hangup of a rejected call is no second one.
    for line in ["path = \"/var/spool/zammad-cti/spool.db\"\n", "hangup_rejected = \"busy\"\n"] {
        let (off, on) = (format!("\n#{line}"), format!("\n{line}"));
        assert_eq!(text.matches(&off).count(), 1);
        text = text.replace(&off, &on);
    }
    let fresh = TempDir::new().unwrap();
    fs::write(fresh.path().join("config.toml"), text).unwrap();
    compare(fresh.path(), &committed("packaging/etc"));
}

/// File by file; refreshes the committed ones if that is asked for.
fn compare(fresh: &Path, committed: &Path) {
    let fresh = files(fresh);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::remove_dir_all(committed).ok();
        fs::create_dir_all(committed).unwrap();
        for (name, content) in &fresh {
            fs::write(committed.join(name), content).unwrap();
        }
    }
    let committed = files(committed);
    assert_eq!(committed.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
    for (name, content) in fresh {
        assert!(committed[&name] == content, "{name} is out of date: UPDATE_GENERATED=1 refreshes it");
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}
