//! A desk whose spool is shared: the users of the machine, and what is theirs.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::desk::{Desk, Killed};
use crate::servers::Ran;
use crate::support::clock::Stopwatch;

/// A user by number; none of them has to be known to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    Root,
    /// the owner of the spool
    Service,
    /// somebody else in its group, such as the phone system
    Neighbour,
}

/// The spool's.
pub const GROUP: u32 = 30003;

/// What takes longer than this hangs.
const LIMIT: Duration = Duration::from_secs(60);

impl User {
    pub fn number(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::Service => 30001,
            Self::Neighbour => 30002,
        }
    }

    /// A command as this user, whom somebody has put into the group: his own is another one.
    pub fn running(self, command: Command) -> Command {
        if self == Self::Root {
            return command;
        }
        let mut switched = Command::new("setpriv");
        let number = self.number();
        switched.args([
            format!("--reuid={number}"),
            format!("--regid={number}"),
            format!("--groups={GROUP}"),
        ]);
        switched.arg(command.get_program()).args(command.get_args());
        let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        switched.env_clear().envs(set).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        switched.current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
        switched
    }
}

/// A desk with a spool that the group shares, and things of others outside its folder.
pub struct Shared {
    pub desk: Desk,
}

impl Shared {
    pub fn new() -> Self {
        assert!(rustix::process::geteuid().is_root(), "only root can play several users: run this as root");
        let desk = Desk::new();
        let world = &desk.world;
        mode(&world.path(""), 0o755);
        let spool = world.path("spool");
        std::fs::create_dir(&spool).unwrap();
        give(&spool, User::Service, 0o2770);
        for (folder, owner) in [("outside", User::Root), ("of-service", User::Service)] {
            let folder = world.path(folder);
            std::fs::create_dir_all(folder.join("folder")).unwrap();
            std::fs::write(folder.join("secret"), "a secret").unwrap();
            std::fs::write(folder.join("empty"), "").unwrap();
            for (name, bits) in [("secret", 0o600), ("empty", 0o644), ("folder", 0o755), ("", 0o755)] {
                let path = folder.join(name);
                chown(&path, Some(owner.number()), Some(owner.number())).unwrap();
                mode(&path, bits);
            }
        }
        Self { desk }
    }

    /// What a link may lead to.
    pub fn targets(&self) -> Vec<PathBuf> {
        let folders = ["outside", "of-service"].into_iter();
        folders
            .flat_map(|folder| {
                ["secret", "empty", "folder"].map(|name| self.desk.world.path(folder).join(name))
            })
            .collect()
    }

    /// All that is outside the spool's folder, and must stay as it is.
    pub fn outside(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        for folder in ["outside", "of-service"] {
            look(&self.desk.world.path(folder), &mut found);
        }
        found
    }

    /// The program as this user.
    pub fn program(&self, user: User, arguments: &[&str]) -> Command {
        user.running(self.desk.program(arguments))
    }

    /// Runs it as this user to its end, which has to come.
    pub fn run(&self, user: User, arguments: &[&str], stdin: &str) -> Ran {
        let started = Stopwatch::start();
        let mut program = self.program(user, arguments);
        // By way of files, as a pipe that is full would hold it up.
        let files = tempfile::tempdir().unwrap();
        let path = |name: &str| files.path().join(name);
        std::fs::write(path("in"), stdin).unwrap();
        let file = |name: &str| Stdio::from(std::fs::File::create(path(name)).unwrap());
        program.stdin(std::fs::File::open(path("in")).unwrap()).stdout(file("out")).stderr(file("err"));
        let mut process = Killed(program.spawn().unwrap());
        let status = loop {
            if let Some(status) = process.0.try_wait().unwrap() {
                break status;
            }
            assert!(started.took().within(LIMIT), "{user:?}: {arguments:?} hangs");
            std::thread::sleep(Duration::from_millis(1));
        };
        let text = |name: &str| String::from_utf8(std::fs::read(path(name)).unwrap()).unwrap();
        let code = status.code().unwrap_or_else(|| panic!("{user:?}: {arguments:?} {status}"));
        Ran { code, stdout: text("out"), stderr: text("err"), took: started.took() }
    }
}

pub fn give(path: &Path, user: User, bits: u32) {
    chown(path, Some(user.number()), Some(GROUP)).unwrap();
    mode(path, bits);
}

pub fn mode(path: &Path, bits: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

fn look(path: &Path, found: &mut BTreeMap<PathBuf, String>) {
    let metadata = path.symlink_metadata().unwrap();
    let content = if metadata.is_file() { std::fs::read(path).unwrap() } else { Vec::new() };
    let content = String::from_utf8_lossy(&content[..content.len().min(80)]);
    let (bits, owner, group, length) = (metadata.mode(), metadata.uid(), metadata.gid(), metadata.len());
    found.insert(path.to_owned(), format!("{bits:o} {owner}:{group} {length} bytes: {content:?}"));
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            look(&entry.unwrap().path(), found);
        }
    }
}
