//! Where the spool's file is: one file, under one name, with room and locks.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    for reason in reasons {
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
