//! Where a spool is: its file, and what stands beside it, by the descriptor of their folder.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Moment;
use crate::folder::{Folder, leads_nowhere};

/// What SQLite puts beside a file.
pub const OF_SQLITE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Beside each spool that was ever opened there is a file of its name and this.
pub const LOCK: &str = ".lock";

/// What is to take the place of a damaged file is beside it until it is whole.
pub const MENDED: &str = ".mended";

/// What a damaged file's name goes on with; then comes when that was found, in milliseconds.
pub const ASIDE: &str = ".damaged-";

/// The links that lead from one name to the next, at most.
const MOST_LINKS: usize = 8;

/// A spool's folder and name.
#[derive(Debug)]
pub struct Place {
    folder: Folder,
    name: OsString,
}

impl Place {
    /// The place of a spool, whose folder is begun if need be. A link is followed only if an
    /// administrator has made it: then all is where it leads.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`]; or the path names no file, or a link leads to a folder that is not there.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut path = path.to_owned();
        let mut link: Option<PathBuf> = None;
        for _ in 0..MOST_LINKS {
            let Some(name) = path.file_name() else {
                let what = format!("{} is not the name of a file, such as spool.db", path.display());
                return Err(io::Error::other(what));
            };
            let name = name.to_owned();
            let folder = match &link {
                None => Folder::open(folder_of(&path))?,
                Some(link) => match Folder::open_existing(folder_of(&path)) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(leads_nowhere(link)),
                    opened => opened?,
                },
            };
            match folder.administrators_link(&name)? {
                Some(target) => link = Some(std::mem::replace(&mut path, target)),
                None => return Ok(Self { folder, name }),
            }
        }
        Err(io::Error::other(format!("too many links lead on from {}", path.display())))
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The file's name with this at its end.
    pub fn name(&self, suffix: &str) -> OsString {
        let mut name = self.name.clone();
        name.push(suffix);
        name
    }

    /// Its path, without a link in it.
    pub fn path(&self, suffix: &str) -> PathBuf {
        self.folder.path().join(self.name(suffix))
    }

    /// What has the file's name now, by way of its path: somebody may have put another folder there.
    pub fn inode(&self) -> Option<u64> {
        self.path("").symlink_metadata().map(|metadata| metadata.ino()).ok()
    }
}

/// The folder of a file's path.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether there is a spool, or one that is about to be put in its place. Begins nothing.
///
/// # Errors
///
/// There is none, and none could be begun, because something else has the name of one of its files.
pub fn is_begun(path: &Path) -> io::Result<bool> {
    if let Err(error) = folder_of(path).symlink_metadata() {
        return if error.kind() == io::ErrorKind::NotFound { Ok(false) } else { Err(error) };
    }
    let place = Place::open(path)?;
    let folder = place.folder();
    for suffix in OF_SQLITE.into_iter().chain([LOCK]) {
        folder.has_file(&place.name(suffix))?;
    }
    Ok(folder.has_file(&place.name(""))? || folder.has_file(&place.name(MENDED))?)
}

/// Gives a mended file its name. Whoever does has the file's lock alone.
pub fn put_in_place(place: &Place) -> io::Result<()> {
    let folder = place.folder();
    let aside = format!("{ASIDE}{}", Moment::now().wall);
    for suffix in OF_SQLITE {
        // There need not be any; what is there is the damaged one's.
        let _ = folder.rename(&place.name(suffix), &place.name(&format!("{aside}{suffix}")));
    }
    folder.rename(&place.name(MENDED), &place.name(""))
}
