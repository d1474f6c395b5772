//! Where the spool's file is: one file, under one name, with room and locks.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::desk::{Desk, new_call};
use crate::servers::Ran;

/// What the program keeps without asking Zammad.
fn always(call_id: &str) -> Vec<&str> {
    [&new_call(call_id)[..], &["--spool", "always"]].concat()
}

/// The program with its spool at this path.
fn program(desk: &Desk, spool: &Path, arguments: &[&str]) -> Command {
    let mut program = desk.program(arguments);
    program.env("ZAMMAD_CTI_SPOOL_PATH", spool);
    program
}

/// Runs a program behind these commands of a shell, which knows the path as $0 and may mount what nobody else sees.
fn run_behind(commands: &str, path: &Path, program: &Command) -> Ran {
    assert!(rustix::process::geteuid().is_root(), "this test mounts something, so it runs as root only");
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "sh", "-c", &format!("{commands} && exec \"$@\"")]).arg(path);
    shell.arg(program.get_program()).args(program.get_args());
    shell.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(program.get_current_dir().unwrap());
    Desk::end(&mut shell)
}

/// A folder with nothing in it.
fn folder(desk: &Desk, name: &str) -> PathBuf {
    let path = desk.world.path(name);
    std::fs::create_dir(&path).unwrap();
    path
}

/// An event goes to Zammad, as it cannot be kept, and a check says why.
fn is_refused(run: impl Fn(&[&str]) -> Ran, reasons: &[&str], what: &str) {
    // Zammad takes each id once.
    let direct = run(&always(&format!("direct {what}")));
    assert_eq!((direct.code, direct.stdout.as_str()), (0, "none\n"), "{what}: {direct}");
    let check = run(&["check"]);
    assert_eq!(check.code, 2, "{what}: {check}");
    // All reasons but the operating system's own say themselves what to do.
    let is_the_systems = ["No locks available", "Read-only file system"];
    let is_by_trial = reasons.iter().any(|reason| is_the_systems.contains(reason));
    let advice = match is_by_trial {
        true => "Nothing can be kept while Zammad is down. Check who can write to the file",
        false => "Nothing can be kept while Zammad is down, until that is put right",
    };
    let words = check.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(advice), "{what}: {check}");
    // What only a trial shows is no matter of the configuration.
    let configured = run(&["config", "check"]);
    assert_eq!(configured.code, if is_by_trial { 0 } else { 74 }, "{what}: {configured}");
    for reason in reasons {
        assert!(is_by_trial || configured.stderr.contains(reason), "{what}: {reason}: {configured}");
        assert!(direct.stderr.contains(reason), "{what}: {reason}: {direct}");
        assert!(check.stdout.contains(reason), "{what}: {reason}: {check}");
    }
}

#[test]
fn a_file_that_is_mounted_by_itself_is_refused_and_one_in_a_mounted_folder_is_not() {
    let desk = Desk::new();
    desk.says(&always("1"), "spooled");
    let container = folder(&desk, "container");
    let inside = container.join("spool.db");
    let reasons = ["is mounted as a single file", "mount its folder instead"];
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let [inside, outside] =
            [&inside, &desk.spool()].map(|path| PathBuf::from(format!("{}{suffix}", path.display())));
        std::fs::write(&inside, "").unwrap();
        let mount = format!("mount --bind '{}' '{}'", outside.display(), inside.display());
        let run = |arguments: &[&str]| {
            run_behind(&mount, &container, &program(&desk, &container.join("spool.db"), arguments))
        };
        if suffix.is_empty() {
            let listed = run(&["spool", "list"]);
            assert_eq!(listed.code, 74, "{listed}");
            assert!(listed.stderr.contains(reasons[0]), "{listed}");
        } else {
            std::fs::write(container.join("spool.db"), "").unwrap();
        }
        is_refused(run, &reasons, suffix);
        for entry in std::fs::read_dir(&container).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    // Also by the name that it has outside.
    let mount = "mount --bind \"$0\" \"$0\"";
    let spool = desk.spool();
    is_refused(|arguments| run_behind(mount, &spool, &program(&desk, &spool, arguments)), &reasons, "itself");
    let mount = format!("mount --bind '{}' \"$0\"", desk.spool().parent().unwrap().display());
    let ran = run_behind(&mount, &container, &program(&desk, &inside, &always("2")));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "spooled\n"), "{ran}");
    desk.says(&["spool", "flush"], "delivered 2, waiting 0, unconfirmed 0, dead 0");
}

#[test]
fn a_file_with_two_names_is_refused_under_either() {
    let desk = Desk::new();
    desk.says(&always("1"), "spooled");
    let other = folder(&desk, "other").join("spool.db");
    std::fs::hard_link(desk.spool(), &other).unwrap();
    for path in [desk.spool(), other.clone()] {
        let run = |arguments: &[&str]| Desk::end(&mut program(&desk, &path, arguments));
        is_refused(run, &["a hard link", "remove one of them"], path.to_str().unwrap());
    }
    std::fs::remove_file(other).unwrap();
    desk.says(&["spool", "flush"], "delivered 1, waiting 0, unconfirmed 0, dead 0");
}

#[test]
fn all_that_belongs_to_a_file_behind_a_link_stands_where_it_leads() {
    let desk = Desk::new();
    let links = folder(&desk, "links");
    let link = links.join("calls.db");
    symlink("../spool/spool.db", &link).unwrap();
    let run = |arguments: &[&str]| Desk::end(&mut program(&desk, &link, arguments));
    folder(&desk, "spool");
    assert_eq!(run(&always("1")).stdout, "spooled\n");
    assert_eq!(run(&["check"]).code, 0);
    desk.says(&["spool", "flush"], "delivered 1, waiting 0, unconfirmed 0, dead 0");
    // So do the files that were damaged.
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", desk.spool().display()));
    }
    std::fs::write(desk.spool(), "no database ".repeat(1000)).unwrap();
    assert_eq!(run(&always("2")).stdout, "spooled\n");
    let check = run(&["check"]);
    assert_eq!(check.code, 1, "{check}");
    assert!(check.stdout.contains("1 file was damaged and set aside"), "{check}");
    desk.says(&["spool", "flush"], "delivered 1, waiting 0, unconfirmed 0, dead 0");
    let left: Vec<_> = std::fs::read_dir(&links).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [link]);
}

#[test]
fn a_link_that_leads_nowhere_is_told_before_the_first_event() {
    let desk = Desk::new();
    let links = folder(&desk, "links");
    let nowhere = desk.world.path("nowhere");
    symlink("../nowhere/spool.db", links.join("file.db")).unwrap();
    symlink("file.db", links.join("again.db")).unwrap();
    symlink("../nowhere", links.join("folder")).unwrap();
    for name in ["file.db", "again.db", "folder/spool.db"] {
        let path = links.join(name);
        let run = |arguments: &[&str]| Desk::end(&mut program(&desk, &path, arguments));
        is_refused(run, &["is a link to ../nowhere", "which does not exist"], name);
        assert!(!nowhere.exists(), "{name}");
    }
    // What may be begun is what the link leads to.
    std::fs::create_dir(&nowhere).unwrap();
    let link = links.join("file.db");
    let run = |arguments: &[&str]| {
        let mount = "mount -t tmpfs -o ro,mode=700 none \"$0\"";
        run_behind(mount, &nowhere, &program(&desk, &link, arguments))
    };
    is_refused(run, &["Read-only file system"], "read-only");
    let run = |arguments: &[&str]| Desk::end(&mut program(&desk, &link, arguments));
    assert_eq!(run(&["check"]).code, 0);
    assert_eq!(std::fs::read_dir(&nowhere).unwrap().count(), 0, "a check leaves nothing");
    assert_eq!(run(&always("1")).stdout, "spooled\n");
}

#[test]
fn a_file_system_without_locks_is_told_before_the_first_event() {
    let desk = Desk::new();
    let spool = folder(&desk, "unlocked").join("spool.db");
    let run = |arguments: &[&str]| {
        let mut program = program(&desk, &spool, arguments);
        // SAFETY: these are system calls alone, which a child may make.
        unsafe { program.pre_exec(without_locks) };
        Desk::end(&mut program)
    };
    let check = run(&["check"]);
    assert_eq!(check.code, 2, "{check}");
    for said in ["No locks available", "as a local one does"] {
        assert!(check.stdout.contains(said), "{said}: {check}");
    }
    assert_eq!(std::fs::read_dir(spool.parent().unwrap()).unwrap().count(), 0, "a check leaves nothing");
    is_refused(run, &["No locks available"], "after an event");
    // Nor can the events of a call be kept in order.
    let turns = folder(&desk, "turns");
    std::fs::set_permissions(&turns, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut check = desk.program(&["check", "--lock-dir"]);
    check.arg(&turns).env_remove("ZAMMAD_CTI_SPOOL_PATH");
    assert_eq!(Desk::end(&mut check).code, 0);
    // SAFETY: as above.
    let check = Desk::end(unsafe { check.pre_exec(without_locks) });
    assert_eq!(check.code, 1, "{check}");
    assert!(check.stdout.contains("may overtake each other") && check.stdout.contains("No locks"), "{check}");
}

/// From now on no file can be locked, as on a network's file system whose server has no locks.
fn without_locks() -> std::io::Result<()> {
    let jump = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let back = (libc::BPF_RET | libc::BPF_K) as u16;
    let filter = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filters = [
        // The number of the call stands first in what a filter sees.
        filter((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, 0, 0, 0),
        filter(jump, 0, 1, libc::SYS_flock as u32),
        filter(back, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOLCK as u32),
        filter(back, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filters.len() as u16, filter: filters.as_mut_ptr() };
    let (one, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
    // SAFETY: the kernel copies the filters.
    let is_set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, one, none, none, none) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if is_set { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[test]
fn a_file_system_without_inodes_is_told_before_the_first_event() {
    let desk = Desk::new();
    let disk = folder(&desk, "disk");
    let mut codes = Vec::new();
    // The first one is the folder's own.
    for inodes in 1..=12 {
        let mount = format!("mount -t tmpfs -o mode=700,nr_inodes={inodes} none \"$0\"");
        let run = |arguments: &[&str]| {
            run_behind(&mount, &disk, &program(&desk, &disk.join("spool.db"), arguments))
        };
        let check = run(&["check"]);
        if check.code == 0 {
            assert_eq!(run(&always(&inodes.to_string())).stdout, "spooled\n", "{inodes}: {check}");
        } else {
            assert!(check.stdout.contains("the spool "), "{inodes}: {check}");
        }
        codes.push(check.code);
    }
    assert_eq!((codes[0], codes[1], codes[11]), (2, 2, 0), "{codes:?}");
}

#[test]
fn a_limit_of_files_is_a_full_disk() {
    let desk = Desk::new();
    desk.is_down();
    let spool = desk.spool();
    // In blocks of 512 bytes.
    let limited = |blocks: u32, arguments: &[&str]| {
        run_behind(&format!("ulimit -f {blocks}"), &spool, &program(&desk, &spool, arguments))
    };
    let check = limited(1, &["check"]);
    assert_eq!(check.code, 2, "{check}");
    assert!(check.stdout.contains("full") && check.stdout.contains("(512 bytes: ulimit -f"), "{check}");
    let mut kept = Vec::new();
    let refused = (0..200).find(|number| {
        let call_id = format!("call-{number}");
        let ran = limited(600, &always(&call_id));
        match ran.code {
            0 => {
                assert_eq!(ran.stdout, "spooled\n", "{ran}");
                kept.push(call_id);
            }
            74 => assert!(ran.stderr.contains("full") && ran.stderr.contains("ulimit -f"), "{ran}"),
            code => panic!("{code}: {ran}"),
        }
        ran.code == 74
    });
    let refused = refused.expect("the limit is reached");
    assert!(kept.len() > 3, "{}", kept.len());
    desk.well();
    let direct = limited(600, &always("direct"));
    assert_eq!((direct.code, direct.stdout.as_str()), (0, "none\n"), "{direct}");
    let flushed = desk.run(&["spool", "flush", "--output", "json"]);
    assert_eq!((flushed.code, &flushed.report()["delivered"]), (0, &json!(kept.len())), "{flushed}");
    assert_eq!(desk.seen(&format!("call-{refused}")), None);
}
