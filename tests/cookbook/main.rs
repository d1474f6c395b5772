//! README.md, CONTRIBUTING.md and the pages of docs/: every command on them is run, or stands in a file that a test runs.
//!
//! What a block is, its info string says:
//!
//! - `sh` runs here, the blocks of a page one after the other in one shell, from an empty home. There
//!   `zammad-cti` is the one that was built, <https://zammad.example.com> is a sandbox that takes the
//!   token TOKEN, blocks 491715000000, and has the caller id 41715880339000 for calls to `41*`; ports of
//!   127.0.0.1 become free ones. A block has to end with 0.
//! - `text` after it is what it prints on stdout; `…` stands for what differs: alone in a line for any
//!   lines, else for a part of its line.
//! - `sh terminal` is a program that stays, such as a server: it runs beside the others until the page
//!   ends. `text` after it is what its terminal shows by then, errors included.
//! - `sh` with another second word is run by the file that [`SECOND_WORDS`] names; that of `sh build` is
//!   run here too, with the program that was built, if `text` says what it prints.
//! - `toml` is settings, which `config check` has to accept.
//! - All else stands, line by line, in a file that [`FILES`] knows: that of the comment
//!   `<!-- from: FILE -->` before the block, or the one of [`LANGUAGES`].
//!
//! Links to files and headings of the repository have to lead somewhere.

mod convention;
mod expected;
mod harness;
mod monitoring;
mod page;
mod reference;
mod session;

use std::fs;
use std::path::Path;

use convention::Tables;
use page::Page;

/// Who runs the `sh` blocks that need more than a home and a sandbox.
const SECOND_WORDS: &[(&str, &str)] = &[
    // a copy of this repository, and its compiler
    ("build", ".ci/run"),
    // a Debian of its own, with systemd: the package, and how to build it or do without
    ("package", "tests/package/run"),
    ("deb", "tests/package/run"),
    ("by-hand", "tests/package/run"),
    // a machine with Asterisk, and root on it; the other one is a program that stays
    ("asterisk", "tests/asterisk/page.py"),
    ("asterisk-terminal", "tests/asterisk/page.py"),
    // the Python client py-zammad-cti, whose blocks run there too
    ("moving", "tests/from_py_zammad_cti/compare.py"),
    // a machine with Kamailio, as root
    ("kamailio", "tests/kamailio/bench.py"),
    // Docker, Compose and Kubernetes, or what stands in for them
    ("containers", "tests/containers/bench.py"),
];

/// What pages quote, and who runs it.
const FILES: &[(&str, &str)] = &[
    // Examples in Rust are doctests, where they stand.
    ("docs/library.md", "src/lib.rs"),
    ("docs/from-py-zammad-cti.md", "tests/from_py_zammad_cti/compare.py"),
    ("examples/asterisk/zammad.conf", "tests/asterisk/processes.py"),
    ("examples/freepbx/extensions_custom.conf", "tests/asterisk/processes.py"),
    ("examples/freepbx/extensions_custom-16.conf", "tests/cookbook/main.rs"),
    ("examples/monitoring", "tests/cookbook/monitoring.rs"),
    ("examples/containers", "tests/containers/bench.py"),
    ("examples/3cx", "docs/3cx.md"),
    ("examples/bridge/calls.jsonl", "docs/bridge.md"),
    ("examples/bridge/freeswitch.jsonl", "docs/freeswitch.md"),
    ("examples/bridge/freeswitch-user.xml", "tests/cli/bridge_freeswitch.rs"),
    ("examples/bridge/fritzbox.jsonl", "docs/fritzbox.md"),
    ("examples/bridge/manager.conf", "docs/asterisk.md"),
    ("examples/webhook/nginx.conf", "tests/bridge/webhook.rs"),
    // Nothing here is Caddy; `caddy validate` of 2.6 accepts it.
    ("examples/webhook/Caddyfile", "docs/webhook.md"),
    ("examples/xivo", "tests/asterisk/processes.py"),
    ("examples/freeswitch", "tests/freeswitch/bench.py"),
    ("examples/kamailio", "tests/kamailio/bench.py"),
    ("tests/asterisk/etc", "tests/asterisk/processes.py"),
];

/// Where the blocks of a page are from if nothing else is said.
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("README.md", "ini", "tests/asterisk/etc/pbx/cookbook.conf"),
    ("docs/asterisk.md", "ini", "tests/asterisk/etc/pbx/cookbook.conf"),
    ("docs/monitoring.md", "cron", "examples/monitoring/zammad-cti.cron"),
    ("docs/monitoring.md", "icinga", "examples/monitoring/icinga2.conf"),
    ("docs/freepbx.md", "ini", "examples/freepbx/extensions_custom.conf"),
    ("docs/library.md", "rust", "docs/library.md"),
    ("docs/from-py-zammad-cti.md", "python", "docs/from-py-zammad-cti.md"),
    ("docs/from-py-zammad-cti.md", "rust", "docs/from-py-zammad-cti.md"),
    ("docs/xivo.md", "ini", "examples/xivo/zammad-xivo.conf"),
];

const TABLES: Tables = Tables { second_words: SECOND_WORDS, files: FILES, languages: LANGUAGES };

/// One test for each page, so that they run side by side.
macro_rules! pages {
    ($($name:ident: $file:literal,)*) => {
        const PAGES: &[&str] = &[$($file),*];
        $(#[test]
        fn $name() {
            holds($file);
        })*
    };
}

pages! {
    readme: "README.md",
    contributing: "CONTRIBUTING.md",
    packaging: "packaging/README.md",
    the_index: "docs/README.md",
    install: "docs/install.md",
    configuration: "docs/configuration.md",
    numbers: "docs/numbers.md",
    spool: "docs/spool.md",
    routes: "docs/routes.md",
    sandbox: "docs/sandbox.md",
    simulate: "docs/simulate.md",
    library: "docs/library.md",
    stability: "docs/stability.md",
    asterisk: "docs/asterisk.md",
    freepbx: "docs/freepbx.md",
    bridge: "docs/bridge.md",
    webhook: "docs/webhook.md",
    exit_codes_and_output: "docs/exit-codes-and-output.md",
    monitoring: "docs/monitoring.md",
    shell: "docs/shell.md",
    zammad: "docs/zammad.md",
    from_asterisk_zammad_cti_bridge: "docs/from-asterisk-zammad-cti-bridge.md",
    from_curl: "docs/from-curl.md",
    from_py_zammad_cti: "docs/from-py-zammad-cti.md",
    threecx: "docs/3cx.md",
    xivo: "docs/xivo.md",
    containers: "docs/containers.md",
    freeswitch: "docs/freeswitch.md",
    fritzbox: "docs/fritzbox.md",
    kamailio: "docs/kamailio.md",
    security: "docs/security.md",
    tls: "docs/tls.md",
}

/// What FreePBX 16 calls as macros ends with `MacroExit()`; all else is what is run with FreePBX 17's contexts.
#[test]
fn the_file_for_freepbx_16_has_the_lines_of_that_for_17() {
    let dialplan = |file: &str| {
        let text = fs::read_to_string(root().join("examples/freepbx").join(file)).unwrap();
        let begins = text.find("#include").expect("it includes zammad.conf");
        text[begins..].to_owned()
    };
    let mut is_macro = false;
    let expected: Vec<String> = dialplan("extensions_custom.conf")
        .lines()
        .map(|line| {
            if line.starts_with('[') {
                is_macro = line.starts_with("[macro-");
            }
            if is_macro { line.replace("Return()", "MacroExit()") } else { line.to_owned() }
        })
        .collect();
    let found: Vec<String> = dialplan("extensions_custom-16.conf").lines().map(str::to_owned).collect();
    assert_eq!(found, expected);
}

/// Older than the convention.
const NOT_YET: &[&str] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> Page {
    Page::read(file, &fs::read_to_string(root().join(file)).unwrap())
}

fn holds(file: &str) {
    let page = read(file);
    let (parts, mut problems) = convention::parts(&page, &TABLES, root());
    problems.extend(convention::dead_links(&page, root()));
    problems.extend(session::run(&page, &parts));
    assert!(
        problems.is_empty(),
        "{}",
        problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()
    );
}

#[test]
fn every_page_is_tried() {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut pages: Vec<String> = pages.map(|name| format!("docs/{}", name.into_string().unwrap())).collect();
    pages.retain(|name| name.ends_with(".md"));
    pages.push("README.md".to_owned());
    pages.retain(|name| !PAGES.contains(&name.as_str()) && !NOT_YET.contains(&name.as_str()));
    assert!(pages.is_empty(), "pages! does not have {pages:?}");
}
