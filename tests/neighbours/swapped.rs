//! What a neighbour puts in place of the spool's files.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::desk::{Killed, new_call};
use crate::users::{Shared, User, give, mode};

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
                std::os::unix::fs::lchown(&place, Some(User::Neighbour.number()), Some(30003)).unwrap();
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
    let ran = crate::desk::Desk::end(program.env("ZAMMAD_CTI_SPOOL_PATH", path));
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
    std::os::unix::fs::lchown(&spool, Some(User::Neighbour.number()), Some(30003)).unwrap();
    let ran = spooled("2");
    assert!(ran.stderr.contains("is a link, which is not followed here"), "{ran}");
}
