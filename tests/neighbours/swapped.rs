//! What a neighbour puts in place of the spool's files.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::certificates;
use crate::desk::{Desk, Killed, new_call};
use crate::users::{GROUP, Shared, User, give, mode};

/// How often a command runs while the neighbour is at work.
const ROUNDS: usize = 1000;

/// What stands beside a spool, or may stand there.
const NAMES: [&str; 8] = ["", "-wal", "-shm", "-journal", ".lock", ".turns", ".mended", ".mended-wal"];

/// The commands that look into a spool or write it. Each takes the id of a call of its own.
fn commands(id: &str) -> Vec<(Vec<&str>, String)> {
    let line = format!(r#"{{"event":"newCall","call_id":"{id}","direction":"in","from":"49301","to":"42"}}"#);
    let agi = format!(
        "agi_request: zammad\nagi_channel: SIP/x\nagi_uniqueid: {id}\nagi_callerid: 49301\nagi_dnid: 42\n\n"
    );
    let plain = |words: &[&'static str]| (words.to_vec(), String::new());
    vec![
        (new_call(id), String::new()),
        ([new_call(id), vec!["--spool", "always"]].concat(), String::new()),
        (vec!["hangup", "--call-id", id, "--cause", "noAnswer"], String::new()),
        (vec!["send"], line),
        (vec!["agi", "new-call"], agi),
        plain(&["check"]),
        plain(&["calls"]),
        plain(&["calls", "close", "--older-than", "9d"]),
        plain(&["spool", "list"]),
        plain(&["spool", "show", "1"]),
        plain(&["spool", "stats", "--prometheus"]),
        plain(&["spool", "retry", "--state", "dead"]),
        plain(&["spool", "drop", "--state", "dead"]),
        plain(&["spool", "flush"]),
    ]
}

/// A name in the folder is a trap while a command runs, from its beginning to its end.
#[test]
fn what_is_in_the_place_of_a_file_is_never_followed() {
    for user in [User::Root, User::Service] {
        let shared = Shared::new();
        let before = shared.outside();
        let spool = shared.desk.spool();
        assert_eq!(shared.run(User::Service, &new_call("0"), "").code, 0);
        let mut number = 0;
        for name in NAMES {
            let place = Path::new(&format!("{}{name}", spool.display())).to_owned();
            let kept = place.with_extension("kept");
            for target in shared.targets().iter().map(Some).chain([None]) {
                let was_there = std::fs::rename(&place, &kept).is_ok();
                match target {
                    Some(target) => symlink(target, &place).unwrap(),
                    None => rustix::fs::mknodat(
                        rustix::fs::CWD,
                        &place,
                        rustix::fs::FileType::Fifo,
                        rustix::fs::Mode::from_raw_mode(0o666),
                        0,
                    )
                    .unwrap(),
                }
                std::os::unix::fs::lchown(&place, Some(User::Neighbour.number()), Some(GROUP)).unwrap();
                number += 1;
                let id = format!("call-{number}");
                let all = commands(&id);
                let (words, stdin) = &all[number % all.len()];
                let ran = shared.run(user, words, stdin);
                assert!(ran.code != 70, "{user:?}: {words:?} with {name:?} -> {target:?}: {ran}");
                if words[0] == "new-call" {
                    let is_safe = shared.desk.seen(&id).is_some() || ran.stdout == "spooled\n";
                    assert!(ran.code == 0 && is_safe, "{user:?}: {name:?} -> {target:?}: {ran}");
                }
                // Whoever sets a damaged file aside, or takes the turns' folder away, may remove a name.
                let _ = std::fs::remove_file(&place);
                if was_there {
                    std::fs::rename(&kept, &place).unwrap();
                }
                assert_eq!(
                    shared.outside(),
                    before,
                    "{user:?}: {words:?} with {name:?} -> {target:?}: {ran}"
                );
            }
        }
    }
}

/// And while the names change.
#[test]
fn no_round_of_a_thousand_changes_anything_outside_or_loses_an_event() {
    let shared = Shared::new();
    let before = shared.outside();
    assert_eq!(shared.run(User::Service, &new_call("first"), "").code, 0);
    let mut swapping = Command::new("python3");
    swapping.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/neighbours/swap.py"));
    swapping.arg(shared.desk.spool().parent().unwrap()).arg("1000000").args(shared.targets());
    User::Neighbour.run(&mut swapping).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut neighbour = Killed(swapping.spawn().unwrap());
    let mut said = BufReader::new(neighbour.0.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");

    // The phone system reports as well, as the neighbour's own user.
    let users = [User::Root, User::Service, User::Neighbour];
    let accepted: Vec<String> = thread::scope(|scope| {
        let work = |user: User| {
            let shared = &shared;
            move || {
                let mut accepted = Vec::new();
                for round in 0..ROUNDS.div_ceil(users.len()) {
                    let id = format!("{user:?}-{round}");
                    let all = commands(&id);
                    let (words, stdin) = &all[round % all.len()];
                    let ran = shared.run(user, words, stdin);
                    assert!(ran.code != 70, "{user:?}: {words:?}: {ran}");
                    let is_taken = ["none\n", "spooled\n"].contains(&ran.stdout.as_str());
                    if words[0] == "new-call" {
                        assert!(ran.code == 0 && is_taken, "{user:?}: {words:?}: {ran}");
                        accepted.push(id);
                    } else if words[0] == "send" && is_taken {
                        accepted.push(id);
                    }
                }
                accepted
            }
        };
        let working: Vec<_> = users.into_iter().map(|user| scope.spawn(work(user))).collect();
        working.into_iter().flat_map(|working| working.join().unwrap()).collect()
    });
    neighbour.0.stdin.take().unwrap().flush().unwrap();
    let mut traps = String::new();
    said.read_to_string(&mut traps).unwrap();
    let traps: usize = traps.trim().parse().unwrap();
    assert!(traps >= ROUNDS, "only {traps} traps");

    assert_eq!(shared.outside(), before);
    shared.desk.drain();
    assert!(accepted.len() > ROUNDS / 6, "{}", accepted.len());
    let lost: Vec<_> = accepted.iter().filter(|id| shared.desk.seen(id).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// Root becomes the folder's owner, so what it begins there is his.
#[test]
fn what_root_begins_is_the_owners() {
    let shared = Shared::new();
    let ran = shared.run(User::Root, &[new_call("1"), vec!["--spool", "always"]].concat(), "");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "spooled\n", ""), "{ran}");
    let folder = shared.desk.spool().parent().unwrap().to_owned();
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let metadata = file.symlink_metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (30001, 30003), "{}", file.display());
    }
    // And everybody in the group goes on with it.
    for user in [User::Service, User::Neighbour, User::Root] {
        let ran = shared.run(user, &["hangup", "--call-id", "1", "--cause", "busy"], "");
        assert_eq!(ran.code, 0, "{user:?}: {ran}");
    }
    shared.desk.drain();
    assert_eq!(shared.desk.taken("hangup", "1"), 1);
}

/// Where nobody can say who the owner is, root does nothing in the folder, and says what to do.
#[test]
fn root_refuses_a_folder_of_its_own_that_others_may_write() {
    let shared = Shared::new();
    let folder = shared.desk.spool().parent().unwrap().to_owned();
    for bits in [0o2770, 0o777, 0o1777] {
        give(&folder, User::Root, bits);
        let files = || std::fs::read_dir(&folder).unwrap().count();
        let before = files();
        // The event goes to Zammad all the same.
        let id = format!("{bits:o}");
        let ran = shared.run(User::Root, &new_call(&id), "");
        assert_eq!((ran.code, shared.desk.seen(&id).is_some()), (0, true), "{ran}");
        assert!(ran.stderr.contains("others may write to root's folder"), "{ran}");
        for words in [&["spool", "flush"][..], &["check"]] {
            let ran = shared.run(User::Root, words, "");
            assert!(ran.code != 0 && format!("{ran}").contains("chown"), "{words:?}: {ran}");
        }
        assert_eq!(files(), before, "{bits:o}");
    }
    // A way to a folder that others can lead elsewhere is no better.
    let inner = folder.join("inner");
    std::fs::create_dir(&inner).unwrap();
    mode(&inner, 0o700);
    give(&folder, User::Root, 0o777);
    let path = inner.join("spool.db");
    let mut program = shared.program(User::Root, &["spool", "flush"]);
    let ran = Desk::end(program.env("ZAMMAD_CTI_SPOOL_PATH", path));
    assert!(ran.code != 0 && ran.stderr.contains("others may write to root's folder"), "{ran}");
}

/// A link of root's is an administrator's choice; a neighbour's is not.
#[test]
fn a_link_counts_if_root_has_made_it() {
    let shared = Shared::new();
    let world = &shared.desk.world;
    let data = world.path("data");
    std::fs::create_dir(&data).unwrap();
    give(&data, User::Service, 0o2770);
    let spool = shared.desk.spool();
    symlink(data.join("real.db"), &spool).unwrap();
    let spooled =
        |id: &str| shared.run(User::Service, &[new_call(id), vec!["--spool", "always"]].concat(), "");
    let ran = spooled("1");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
    // All that belongs to it stands beside it.
    let names = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(spool.parent().unwrap()), ["spool.db"]);
    assert!(names(&data).contains(&"real.db.lock".to_owned()), "{:?}", names(&data));
    std::os::unix::fs::lchown(&spool, Some(User::Neighbour.number()), Some(GROUP)).unwrap();
    let ran = spooled("2");
    assert!(ran.stderr.contains("is a link, which is not followed here"), "{ran}");
}

/// What only root may read is read before: the certificates to trust, here.
#[test]
fn root_trusts_whom_a_file_of_its_own_names() {
    let shared = Shared::new();
    let root = certificates::root("root");
    let authority = certificates::pem_file(&shared.desk.world, "root.pem", &[&root]);
    mode(&authority, 0o600);
    let zammad = certificates::params("zammad", &["localhost"], certificates::NOW);
    let server = certificates::signed_by(&root, zammad).serve();
    let mut program = shared.program(User::Root, &new_call("1"));
    program
        .env("ZAMMAD_CTI_URL", certificates::url("localhost", &server))
        .env("ZAMMAD_CTI_CA_FILE", authority);
    let ran = Desk::end(&mut program);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{ran}");
    assert_eq!(shared.desk.spool().metadata().unwrap().uid(), User::Service.number());
}

/// A neighbour who is first in a folder that everybody may write keeps nobody from reporting, and `check`
/// says what he takes away.
#[test]
fn a_squatted_folder_costs_the_order_and_check_says_so() {
    let shared = Shared::new();
    let taken = shared.desk.world.path("taken");
    std::fs::create_dir(&taken).unwrap();
    mode(&taken, 0o1777);
    let squatted = taken.join("turns");
    let as_service = |words: &[&str]| {
        let mut program = shared.program(User::Service, words);
        Desk::end(program.env_remove("ZAMMAD_CTI_SPOOL_PATH").env("ZAMMAD_CTI_LOCK_DIR", &squatted))
    };
    let ran = as_service(&["check"]);
    assert!(ran.code == 0 && !ran.stdout.contains("Order"), "{ran}");
    assert!(!squatted.exists(), "a look begins nothing");
    for what in ["folder", "link"] {
        match what {
            "folder" => std::fs::create_dir(&squatted).unwrap(),
            _ => symlink(shared.desk.world.path("of-service/folder"), &squatted).unwrap(),
        }
        std::os::unix::fs::lchown(&squatted, Some(User::Neighbour.number()), Some(GROUP)).unwrap();
        let ran = as_service(&new_call(what));
        assert_eq!((ran.code, shared.desk.seen(what).is_some()), (0, true), "{ran}");
        assert!(ran.stderr.contains("no lock_dir"), "{ran}");
        let ran = as_service(&["check"]);
        assert!(ran.code == 1 && ran.stdout.contains("Order           WARN"), "{ran}");
        assert!(ran.stdout.contains("no folder to keep the events of a call in order"), "{ran}");
        let _ = std::fs::remove_dir(&squatted).or_else(|_| std::fs::remove_file(&squatted));
    }
}
