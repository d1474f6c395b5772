//! What a neighbour puts in place of the spool's files.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::certificates;
use crate::desk::{Desk, Killed, new_call};
use crate::running::Running;
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
        (vec!["answer", "--call-id", id], String::new()),
        (vec!["hangup", "--call-id", id, "--cause", "noAnswer"], String::new()),
        (vec!["agi", "hangup", "--call-id", id], agi.clone()),
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

/// What a neighbour puts in place of a file.
#[derive(Debug)]
enum Trap<'a> {
    Link(&'a Path),
    /// by way of a kernel that lets everybody give files second names (fs.protected_hardlinks)
    SecondName(&'a Path),
    Pipe,
}

impl Trap<'_> {
    fn set(&self, place: &Path) {
        match self {
            Self::Link(target) => {
                symlink(target, place).unwrap();
                lchown(place, Some(User::Neighbour.number()), Some(GROUP)).unwrap();
            }
            Self::SecondName(target) => std::fs::hard_link(target, place).unwrap(),
            Self::Pipe => {
                let all = Mode::from_raw_mode(0o666);
                mknodat(CWD, place, FileType::Fifo, all, 0).unwrap();
                std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o666)).unwrap();
            }
        }
    }
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
            let targets = shared.targets();
            let links = targets.iter().map(|target| Trap::Link(target));
            let names =
                targets.iter().filter(|target| target.is_file()).map(|target| Trap::SecondName(target));
            for trap in links.chain(names).chain([Trap::Pipe]) {
                let was_there = std::fs::rename(&place, &kept).is_ok();
                trap.set(&place);
                number += 1;
                let id = format!("call-{number}");
                let all = commands(&id);
                let (words, stdin) = &all[number % all.len()];
                let ran = shared.run(user, words, stdin);
                assert!(ran.code != 70, "{user:?}: {words:?} with {name:?} is {trap:?}: {ran}");
                if words[0] == "new-call" {
                    let is_safe = shared.desk.seen(&id).is_some() || ran.stdout == "spooled\n";
                    assert!(ran.code == 0 && is_safe, "{user:?}: {name:?} is {trap:?}: {ran}");
                }
                // Whoever sets a damaged file aside, or takes the turns' folder away, may remove a name.
                let _ = std::fs::remove_file(&place);
                if was_there {
                    std::fs::rename(&kept, &place).unwrap();
                }
                assert_eq!(shared.outside(), before, "{user:?}: {words:?} with {name:?} is {trap:?}: {ran}");
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
    // What stays has the spool open all the time.
    let stays = |words: &[&str]| Running::start(shared.program(User::Service, words).stdin(Stdio::null()));
    let flushing = stays(&["spool", "run"]);
    flushing.until_it_says("sending the events of");
    let serving = stays(&["fastagi", "--listen", "127.0.0.1:0"]);
    serving.first_line();
    let neighbour = Neighbour::at(shared.desk.spool().parent().unwrap(), None, &shared.targets());

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
    let traps = neighbour.ends();
    for service in [flushing, serving] {
        service.signal("TERM");
        let ran = service.end();
        assert_eq!(ran.code, 0, "{ran}");
    }
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
    // (the folder's mode, the complaint, and the next step)
    for (bits, complaint, step) in [
        (0o2770, "others can write to root's folder", "chown"),
        (0o777, "others can write to root's folder", "chown"),
        (0o1777, "everybody can write to", "name a private folder"),
    ] {
        give(&folder, User::Root, bits);
        let files = || std::fs::read_dir(&folder).unwrap().count();
        let before = files();
        // The event goes to Zammad all the same.
        let id = format!("{bits:o}");
        let ran = shared.run(User::Root, &new_call(&id), "");
        assert_eq!((ran.code, shared.desk.seen(&id).is_some()), (0, true), "{ran}");
        assert!(ran.stderr.contains(complaint), "{ran}");
        for words in [&["spool", "flush"][..], &["check"]] {
            let ran = shared.run(User::Root, words, "");
            assert!(ran.code != 0 && format!("{ran}").contains(step), "{words:?}: {ran}");
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
    assert!(ran.code != 0 && ran.stderr.contains("others can write to root's folder"), "{ran}");
}

/// Not even a way that a neighbour leads elsewhere at any moment makes root work there.
#[test]
fn root_does_not_take_a_way_that_others_may_change() {
    let shared = Shared::new();
    let before = shared.outside();
    let group = shared.desk.world.path("group");
    std::fs::create_dir(&group).unwrap();
    let outside = shared.desk.world.path("outside/folder");
    // (the folder's mode, what it is in it that the neighbour swaps, his own or root's)
    for (bits, name, owner) in
        [(0o2770, "q", User::Root), (0o2770, "q", User::Neighbour), (0o1777, "q", User::Neighbour)]
    {
        give(&group, User::Root, bits);
        let inner = group.join(name);
        std::fs::create_dir(&inner).unwrap();
        give(&inner, owner, 0o700);
        let neighbour = Neighbour::at(&group, Some(name), std::slice::from_ref(&outside));
        for round in 0..60 {
            let new_call = new_call("7");
            let words = [&["spool", "stats"][..], &["spool", "flush"], &new_call][round % 3];
            let mut program = shared.program(User::Root, words);
            program.env("ZAMMAD_CTI_SPOOL_PATH", inner.join("spool.db"));
            if round % 2 == 1 {
                program.env_remove("ZAMMAD_CTI_SPOOL_PATH").env("ZAMMAD_CTI_LOCK_DIR", inner.join("turns"));
            }
            Desk::end(&mut program);
            assert_eq!(shared.outside(), before, "{words:?} with {bits:o}");
        }
        assert!(neighbour.ends() > 60);
        std::fs::remove_dir_all(&group).unwrap();
        std::fs::create_dir(&group).unwrap();
    }
}

/// A link in a folder that nobody else may write is an administrator's choice. Elsewhere somebody could have moved
/// it there, root's as well.
#[test]
fn a_link_counts_where_nobody_else_can_have_put_it() {
    for (bits, owner, counts) in [
        (0o700, User::Root, true),
        (0o700, User::Service, true),
        (0o700, User::Neighbour, false),
        (0o2770, User::Root, false),
        (0o2770, User::Service, false),
    ] {
        let shared = Shared::new();
        let data = shared.desk.world.path("data");
        std::fs::create_dir(&data).unwrap();
        give(&data, User::Service, 0o2770);
        let spool = shared.desk.spool();
        mode(spool.parent().unwrap(), bits);
        symlink(data.join("real.db"), &spool).unwrap();
        lchown(&spool, Some(owner.number()), Some(GROUP)).unwrap();
        let ran = shared.run(User::Service, &[new_call("1"), vec!["--spool", "always"]].concat(), "");
        let names = |folder: &Path| {
            let names = std::fs::read_dir(folder).unwrap();
            let mut names: Vec<_> =
                names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(spool.parent().unwrap()), ["spool.db"]);
        if counts {
            assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{bits:o} {owner:?}: {ran}");
            // All that belongs to it stands beside it.
            assert!(names(&data).contains(&"real.db.lock".to_owned()), "{:?}", names(&data));
        } else {
            assert!(
                ran.stderr.contains("is a link, which is not followed here"),
                "{bits:o} {owner:?}: {ran}"
            );
            assert_eq!(names(&data), Vec::<String>::new());
            for words in [
                &["spool", "list"][..],
                &["calls"],
                &["spool", "stats"],
                &["check"],
                &["spool", "drop", "--all"],
            ] {
                let ran = shared.run(User::Service, words, "");
                assert!(ran.code != 0 && format!("{ran}").contains("is a link"), "{words:?}: {ran}");
            }
        }
    }
}

/// A trap where nothing is begun yet is no empty spool.
#[test]
fn a_trap_beside_a_spool_that_is_not_begun_is_told() {
    let shared = Shared::new();
    assert_eq!(shared.run(User::Service, &[new_call("7"), vec!["--spool", "never"]].concat(), "").code, 0);
    let lock = PathBuf::from(format!("{}.lock", shared.desk.spool().display()));
    Trap::Pipe.set(&lock);
    for words in [
        &["check"][..],
        &["check", "--nagios"],
        &["spool", "list"],
        &["spool", "stats"],
        &["spool", "flush"],
        &["calls"],
        &["hangup", "--call-key", "7", "--cause", "busy"],
    ] {
        let ran = shared.run(User::Service, words, "");
        assert!(ran.code != 0 && format!("{ran}").contains("spool.db.lock is a pipe"), "{words:?}: {ran}");
        assert!(!format!("{ran}").contains("no call with this key"), "{words:?}: {ran}");
    }
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
        lchown(&squatted, Some(User::Neighbour.number()), Some(GROUP)).unwrap();
        let ran = as_service(&new_call(what));
        assert_eq!((ran.code, shared.desk.seen(what).is_some()), (0, true), "{ran}");
        assert!(ran.stderr.contains("no lock_dir"), "{ran}");
        let ran = as_service(&["check"]);
        assert!(ran.code == 1 && ran.stdout.contains("Order           WARN"), "{ran}");
        assert!(ran.stdout.contains("no folder to keep the events of a call in order"), "{ran}");
        let _ = std::fs::remove_dir(&squatted).or_else(|_| std::fs::remove_file(&squatted));
    }
}

/// Somebody who swaps what is in a folder, until he is told to end.
struct Neighbour {
    process: Killed,
    said: BufReader<ChildStdout>,
}

impl Neighbour {
    fn at(folder: &Path, name: Option<&str>, targets: &[PathBuf]) -> Self {
        let mut swapping = Command::new("python3");
        swapping.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/other_users/swap.py")).arg(folder);
        swapping.args(name).arg("1000000").args(targets);
        let mut swapping = User::Neighbour.running(swapping);
        let mut process = Killed(swapping.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let mut said = BufReader::new(process.0.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { process, said }
    }

    /// Ends him. How many traps he has set.
    fn ends(mut self) -> usize {
        drop(self.process.0.stdin.take());
        let mut traps = String::new();
        self.said.read_to_string(&mut traps).unwrap();
        traps.trim().parse().unwrap()
    }
}
