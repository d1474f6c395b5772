//! Folders in which several processes, or several users, have files: whose they are, and their files
//! by the folder's descriptor.
//!
//! Whoever may write such a folder can put a link, a pipe or somebody else's file at any name in it, at
//! any moment. So a name below the folder is never followed, only regular files are opened, and a mode is
//! set on what is open, never on a name. Root uses only folders in which nobody else can do so.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, StatxAttributes, StatxFlags, fstat, statat, statx};
use rustix::io::Errno;

/// As many links as the kernel follows on the way to a file (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// A user and a group, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub user: u32,
    pub group: u32,
}

/// Who besides root decides where a path leads: the owner of its first part that is not root's, with the
/// group of the last part that is his. `None` if nobody does. What does not exist yet is whoever's begins it, and
/// a file at the end counts as nobody's.
///
/// # Errors
///
/// The path cannot be followed; or on it is a folder of root's that others may write, so that nobody
/// can say who decides.
pub fn owner_besides_root(path: &Path) -> io::Result<Option<Owner>> {
    Ok(Way::of(path)?.owner)
}

/// The way that a path takes from the root of all folders.
struct Way {
    owner: Option<Owner>,
    /// as far as it exists, without a link
    end: PathBuf,
    /// all of it exists
    is_whole: bool,
}

impl Way {
    fn of(path: &Path) -> io::Result<Self> {
        let mut owner: Option<Owner> = None;
        let mut end = PathBuf::from("/");
        let mut ahead = parts(&std::path::absolute(path)?);
        let mut links = 0;
        // a folder of root's in which others may put something at the next name, or replace what is there
        let mut shared = None;
        let mut is_whole = true;
        while let Some(part) = ahead.pop() {
            if part == ".." {
                end.pop();
                continue;
            }
            let next = end.join(part);
            let metadata = match next.symlink_metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    is_whole = false;
                    break;
                }
                metadata => metadata?,
            };
            if metadata.is_symlink() {
                links += 1;
                let is_roots = metadata.uid() == 0 && shared.is_none();
                if links > MOST_LINKS || (owner.is_none() && metadata.uid() == 0 && !is_roots) {
                    return Err(is_a_link(&next));
                }
                if metadata.uid() != 0 {
                    owner.get_or_insert(Owner { user: metadata.uid(), group: metadata.gid() });
                }
                let target = next.read_link()?;
                if target.is_absolute() {
                    end = PathBuf::from("/");
                }
                ahead.extend(parts(&target));
                continue;
            }
            let is_last = ahead.is_empty();
            if metadata.is_dir() || !is_last {
                let here = Owner { user: metadata.uid(), group: metadata.gid() };
                match &mut owner {
                    Some(owner) if owner.user == here.user => *owner = here,
                    None if here.user != 0 => owner = Some(here),
                    Some(_) | None => {}
                }
                // In a folder with the sticky bit nobody else can replace what is root's.
                let is_sticky = metadata.mode() & 0o1000 != 0;
                if owner.is_none() && metadata.mode() & 0o022 != 0 && (!is_sticky || is_last) {
                    shared.get_or_insert_with(|| (next.clone(), is_sticky));
                }
            }
            end = next;
        }
        match (&owner, shared) {
            (Some(_), _) | (None, None) => Ok(Self { owner, end, is_whole }),
            (None, Some((folder, is_sticky))) => {
                let folder = folder.display();
                Err(io::Error::other(if is_sticky {
                    format!("everybody can write to {folder}; name a private folder, not {folder} itself")
                } else {
                    format!(
                        "others can write to root's folder {folder}; give it to the user that reports calls \
                        (chown), or restrict it to root (chmod go-w)"
                    )
                }))
            }
        }
    }
}

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let named = |part: Component| match part {
        Component::Normal(_) | Component::ParentDir => Some(part.as_os_str().to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(named).collect()
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
    /// without a link in it
    path: PathBuf,
    /// of the files that are begun in it
    mode: u32,
    group: u32,
    /// Others than its owner may write it.
    is_shared: bool,
}

impl Folder {
    /// Opens a folder, or begins one for this user alone. Its files are this user's, or the group's to
    /// whom an administrator has given the folder (mode 2770).
    ///
    /// # Errors
    ///
    /// It cannot be had; or this is root, and the folder is not root's alone.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::without_link(found_or_begun(path)?)
    }

    /// Opens a folder as [`open`](Self::open) does, if it is there.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); also if there is none ([`ErrorKind::NotFound`]).
    pub fn open_existing(path: &Path) -> io::Result<Self> {
        Self::without_link(found(path)?)
    }

    fn without_link(found: PathBuf) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor =
            rustix::fs::open(&found, flags, Mode::empty()).map_err(|error| what_is_there(error, &found))?;
        let stat = fstat(&descriptor)?;
        let mode = if stat.st_mode & 0o2070 == 0o2070 { 0o660 } else { 0o600 };
        let is_shared = stat.st_mode & 0o022 != 0;
        Ok(Self { descriptor, path: found, mode, group: stat.st_gid, is_shared })
    }

    /// Opens a folder that only this user may use, or begins one. Where everybody may write, anybody may
    /// have put a folder or a link of that name.
    ///
    /// # Errors
    ///
    /// It cannot be had, or is not this user's alone.
    pub fn open_private(path: &Path) -> io::Result<Self> {
        // With a slash at its end a link would be followed.
        let path = path.components().as_path();
        if is_root() {
            refuse_what_is_not_roots(path)?;
        }
        if let Err(error) = path.symlink_metadata() {
            match error.kind() {
                ErrorKind::NotFound => begin(path)?,
                _ => return Err(error),
            }
        }
        // Somebody may have put something there in between.
        if is_root() && !refuse_what_is_not_roots(path)?.is_whole {
            return Err(ErrorKind::NotFound.into());
        }
        Self::only_ours(rustix::fs::openat(CWD, path, FOLDER, Mode::empty()), path.to_owned())
    }

    /// Opens a folder in this one, or begins it: for this user alone, or for the group whose this one is.
    ///
    /// # Errors
    ///
    /// It cannot be had, or is somebody else's.
    pub fn subfolder(&self, name: &OsStr) -> io::Result<Self> {
        let path = self.path.join(name);
        let open = || rustix::fs::openat(&self.descriptor, name, FOLDER, Mode::empty());
        let opened = match open() {
            Err(Errno::NOENT) => match rustix::fs::mkdirat(&self.descriptor, name, Mode::RWXU) {
                // Another process was faster.
                Ok(()) | Err(Errno::EXIST) => open(),
                Err(error) => Err(error),
            },
            opened => opened,
        };
        if !self.is_of_group() {
            return Self::only_ours(opened, path);
        }
        let file = File::from(opened.map_err(|error| what_is_there(error, &path))?);
        let metadata = file.metadata()?;
        if is_ours(&metadata) && metadata.mode() & 0o7777 != 0o2770 {
            // Whoever began it has a mask.
            file.set_permissions(Permissions::from_mode(0o2770))?;
        }
        let metadata = file.metadata()?;
        if metadata.mode() & 0o7777 != 0o2770 || metadata.gid() != self.group {
            let what = format!("{} is not a folder of the spool's group with mode 2770", path.display());
            return Err(io::Error::other(what));
        }
        Ok(Self { descriptor: file.into(), path, mode: self.mode, group: self.group, is_shared: true })
    }

    fn only_ours(opened: rustix::io::Result<OwnedFd>, path: PathBuf) -> io::Result<Self> {
        let file = File::from(opened.map_err(|error| what_is_there(error, &path))?);
        let metadata = file.metadata()?;
        if !is_ours(&metadata) || metadata.mode() & 0o777 != 0o700 {
            return Err(io::Error::other("it is not a folder of this user with mode 0700"));
        }
        Ok(Self { descriptor: file.into(), path, mode: 0o600, group: metadata.gid(), is_shared: false })
    }

    /// The folder, without a link in its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its files are a group's.
    pub fn is_of_group(&self) -> bool {
        self.mode & 0o060 != 0
    }

    /// Whether a file in it could be begun and locked, as far as one without a name shows it.
    ///
    /// # Errors
    ///
    /// What is in the way: the file system has no locks, or no room, or nobody may write to it.
    pub fn has_locks(&self) -> io::Result<()> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.descriptor, ".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => match File::from(file).try_lock() {
                Ok(()) | Err(TryLockError::WouldBlock) => Ok(()),
                Err(TryLockError::Error(error)) => Err(error),
            },
            // Not every file system has files without a name.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is a file of this name.
    ///
    /// # Errors
    ///
    /// Something else is there, or nobody can say.
    pub fn has_file(&self, name: &OsStr) -> io::Result<bool> {
        match self.look(name)? {
            Some(seen) => seen.only_a_file(|| self.path.join(name)).map(|()| true),
            None => Ok(false),
        }
    }

    /// Where a link leads that an administrator has made: one of root's or of this user's, in a folder that nobody
    /// else may write. Elsewhere somebody could have moved it there.
    ///
    /// # Errors
    ///
    /// There is another link.
    pub fn administrators_link(&self, name: &OsStr) -> io::Result<Option<PathBuf>> {
        match self.look(name)? {
            Some(seen) if seen.file_type() == FileType::Symlink => {
                let ours = rustix::process::geteuid().as_raw();
                if self.is_shared || ![0, ours].contains(&seen.user) {
                    return Err(is_a_link(&self.path.join(name)));
                }
                let target = rustix::fs::readlinkat(&self.descriptor, name, Vec::new())?;
                Ok(Some(self.path.join(OsStr::from_bytes(target.as_bytes()))))
            }
            Some(_) | None => Ok(None),
        }
    }

    fn look(&self, name: &OsStr) -> io::Result<Option<Seen>> {
        match Seen::at(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(seen) => Ok(Some(seen)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file that is there.
    ///
    /// # Errors
    ///
    /// There is none, or it is something else.
    pub fn open_file(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::empty())
    }

    /// Opens a file, or begins one with the folder's mode for files, whatever the process's mask is.
    ///
    /// # Errors
    ///
    /// It cannot be had, or is something else.
    pub fn file(&self, name: &OsStr) -> io::Result<File> {
        let file = match self.open_file(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match self.open_with(name, OFlags::CREATE | OFlags::EXCL) {
                    // Another process was faster.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => self.open_file(name),
                    begun => begun,
                }
            }
            opened => opened,
        }?;
        let metadata = file.metadata()?;
        // Another user's stays as it is.
        if metadata.mode() & 0o777 != self.mode && is_ours(&metadata) {
            file.set_permissions(Permissions::from_mode(self.mode))?;
        }
        Ok(file)
    }

    fn open_with(&self, name: &OsStr, more: OFlags) -> io::Result<File> {
        // A pipe would wait for its other end.
        let flags =
            OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | more;
        let path = || self.path.join(name);
        let opened = rustix::fs::openat(&self.descriptor, name, flags, Mode::from_raw_mode(self.mode));
        let file = File::from(opened.map_err(|error| what_is_there(error, &path()))?);
        Seen::at(&file, OsStr::new(""), AtFlags::EMPTY_PATH)?.only_a_file(path)?;
        Ok(file)
    }

    /// Takes rights from a file that its owner has given to others, and that is not opened: to close it
    /// would take away the locks that this process has on it by way of SQLite.
    pub fn restrict(&self, name: &OsStr) -> io::Result<()> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        let is_one = metadata.is_file() && metadata.nlink() == 1;
        if is_one && is_ours(&metadata) && metadata.mode() & 0o777 & !self.mode != 0 {
            // The descriptor's own name, as there is no other way to the mode of what is not opened.
            let by_descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
            std::fs::set_permissions(by_descriptor, Permissions::from_mode(self.mode))?;
        }
        Ok(())
    }

    /// Removes a name, whatever it stands for.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Gives another name to what is there, in place of what has that name.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)?)
    }
}

/// What has a name, or is open.
struct Seen {
    mode: u32,
    user: u32,
    /// It is to be found elsewhere as well.
    has_other_names: bool,
    /// It is mounted where it is, by itself.
    is_mount_point: bool,
}

impl Seen {
    /// Source: statx(2); kernels before 5.8 do not say what is a mount point.
    fn at(folder: impl AsFd, name: &OsStr, flags: AtFlags) -> rustix::io::Result<Self> {
        let wanted = StatxFlags::TYPE | StatxFlags::MODE | StatxFlags::NLINK | StatxFlags::UID;
        match statx(&folder, name, flags, wanted) {
            Ok(stat) => Ok(Self {
                mode: stat.stx_mode.into(),
                user: stat.stx_uid,
                has_other_names: stat.stx_nlink > 1,
                is_mount_point: stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
            }),
            // Some containers have rules for system calls that are older than this one.
            Err(Errno::NOSYS | Errno::PERM) => {
                let stat = statat(&folder, name, flags)?;
                Ok(Self {
                    mode: stat.st_mode,
                    user: stat.st_uid,
                    has_other_names: stat.st_nlink > 1,
                    is_mount_point: false,
                })
            }
            Err(error) => Err(error),
        }
    }

    fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    /// # Errors
    ///
    /// It is no file; or one that others may know by another name, where they do not see what is beside it here.
    fn only_a_file(&self, path: impl FnOnce() -> PathBuf) -> io::Result<()> {
        match self.file_type() {
            FileType::RegularFile if self.has_other_names => Err(has_two_names(&path())),
            FileType::RegularFile if self.is_mount_point => Err(is_mounted_alone(&path())),
            FileType::RegularFile => Ok(()),
            other => Err(is_something_else(&path(), other)),
        }
    }
}

/// A folder that is opened for reading, as its mode could not be set otherwise.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Begins a folder for this user alone.
fn begin(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        begun => begun,
    }
}

/// The folder that a path leads to, without a link.
fn found(path: &Path) -> io::Result<PathBuf> {
    if !is_root() {
        return path.canonicalize();
    }
    let way = refuse_what_is_not_roots(path)?;
    if way.is_whole { Ok(way.end) } else { Err(ErrorKind::NotFound.into()) }
}

/// The same, begun if need be.
fn found_or_begun(path: &Path) -> io::Result<PathBuf> {
    found(path).or_else(|error| match error.kind() {
        // What it leads to may be on a disk that is not there at present.
        ErrorKind::NotFound if path.is_symlink() => Err(leads_nowhere(path)),
        ErrorKind::NotFound => begin(path).and_then(|()| found(path)),
        _ => Err(error),
    })
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Root in another user's folder would do what that user makes of its names.
fn refuse_what_is_not_roots(path: &Path) -> io::Result<Way> {
    let way = Way::of(path)?;
    match way.owner {
        None => Ok(way),
        Some(Owner { user, .. }) => Err(io::Error::other(format!(
            "{} belongs to user {user}; run this as that user, and not as root",
            path.display()
        ))),
    }
}

fn is_ours(metadata: &std::fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

/// What the kernel says of a name, in words that say which.
fn what_is_there(error: Errno, path: &Path) -> io::Error {
    match error {
        Errno::LOOP => is_a_link(path),
        Errno::NOTDIR if path.is_symlink() => is_a_link(path),
        Errno::NOTDIR => io::Error::other(format!("{} is not a folder", path.display())),
        Errno::ISDIR => is_something_else(path, FileType::Directory),
        Errno::NXIO => is_something_else(path, FileType::Socket),
        Errno::ACCESS => {
            let what = format!("{}: this user cannot use it", path.display());
            io::Error::new(ErrorKind::PermissionDenied, what)
        }
        error => error.into(),
    }
}

fn is_a_link(path: &Path) -> io::Error {
    io::Error::other(format!("{} is a link, which is not followed here; remove it", path.display()))
}

fn has_two_names(path: &Path) -> io::Error {
    io::Error::other(format!(
        "{} has another name elsewhere (a hard link); remove one of them",
        path.display()
    ))
}

/// With `docker -v FILE` or Kubernetes' `subPath` only this file is the one outside: SQLite's log beside it would
/// end with the container, and nobody outside would see its locks.
fn is_mounted_alone(path: &Path) -> io::Error {
    io::Error::other(format!(
        "{} is mounted as a single file, so what is written beside it would be lost; mount its folder instead",
        path.display()
    ))
}

/// A link to what is not there.
pub fn leads_nowhere(link: &Path) -> io::Error {
    let target = link.read_link().unwrap_or_default();
    io::Error::other(format!(
        "{} is a link to {}, which does not exist; make that folder, or remove the link",
        link.display(),
        target.display()
    ))
}

fn is_something_else(path: &Path, what: FileType) -> io::Error {
    let what = match what {
        FileType::Symlink => return is_a_link(path),
        FileType::Directory => "a folder",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::RegularFile | FileType::Unknown => "something else",
    };
    io::Error::other(format!("{} is {what}, not a file; remove it, or name another path", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    const OTHER: u32 = 30001;

    #[test]
    fn who_decides_where_a_path_leads_is_the_owner_of_its_first_part_that_is_not_roots() {
        if !rustix::process::geteuid().is_root() {
            // Nobody else gives folders away; the kernel's rules are the same for all.
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let folder = |name: &str, user: u32, mode: u32| {
            let path = home.path().join(name);
            std::fs::create_dir(&path).unwrap();
            chown(&path, Some(user), Some(user)).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        };
        folder("root", 0, 0o755);
        folder("root/inner", 0, 0o700);
        folder("other", OTHER, 0o700);
        folder("other/roots", 0, 0o755);
        for file in ["root/file", "other/file"] {
            std::fs::write(home.path().join(file), "").unwrap();
            chown(home.path().join(file), Some(OTHER), Some(OTHER)).unwrap();
        }
        folder("shared", 0, 0o2770);
        folder("shared/other", OTHER, 0o700);
        folder("shared/roots", 0, 0o700);
        folder("sticky", 0, 0o1777);
        folder("sticky/other", OTHER, 0o700);
        folder("sticky/roots", 0, 0o700);
        symlink("../root/inner", home.path().join("sticky/to-root")).unwrap();
        symlink("../root/inner", home.path().join("shared/to-root")).unwrap();
        symlink(home.path().join("other"), home.path().join("root/to-other")).unwrap();
        symlink("loop", home.path().join("root/loop")).unwrap();
        let other = Some(Some(Owner { user: OTHER, group: OTHER }));
        // (path, who; None: nobody can say)
        let cases = [
            ("root", Some(None)),
            ("root/inner", Some(None)),
            ("root/../root/./inner", Some(None)),
            ("root/not/there", Some(None)),
            ("other", other),
            ("other/roots", other),
            ("other/../root", other),
            ("root/to-other", other),
            ("shared", None),
            ("shared/roots", None),
            ("shared/not-there", None),
            ("shared/to-root", None),
            ("shared/other", other),
            ("sticky", None),
            ("sticky/roots", Some(None)),
            ("sticky/not-there", Some(None)),
            ("sticky/to-root", Some(None)),
            ("sticky/other", other),
            ("root/loop", None),
            ("other/file", other),
            ("root/file", Some(None)),
        ];
        for (path, expected) in cases {
            let found = owner_besides_root(&home.path().join(path));
            assert_eq!(found.as_ref().ok().copied(), expected, "{path}: {found:?}");
        }
    }

    #[test]
    fn only_files_are_opened_and_they_get_the_folders_mode() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(&home.path().join("folder")).unwrap();
        let mode = |file: &File| file.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode(&folder.file("new".as_ref()).unwrap()), 0o600);
        let path = folder.path().join("new");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        folder.restrict("new".as_ref()).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        let target = home.path().join("target");
        std::fs::write(&target, "").unwrap();
        symlink(&target, folder.path().join("link")).unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        rustix::fs::mknodat(CWD, folder.path().join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        for name in ["link", "inner", "pipe"] {
            assert!(folder.file(name.as_ref()).is_err(), "{name}");
            assert!(folder.has_file(name.as_ref()).is_err(), "{name}");
        }
        assert!(folder.restrict("link".as_ref()).is_ok());
        assert_eq!(target.metadata().unwrap().mode() & 0o777, 0o644);
    }
}
