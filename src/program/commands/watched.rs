//! The files that a configuration is made of, for a process that stays: it reads them again when they change.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::config::{BridgeSettings, Config, Settings, SourceSettings};
use crate::program::cli::Global;

use super::settings;

/// Files, and how each was when it was looked at last.
#[derive(Debug, Default)]
pub struct Watched(Mutex<Vec<(PathBuf, Option<Seen>)>>);

/// What tells one state of a file from another. `None` instead of it: it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    device: u64,
    inode: u64,
    size: u64,
    /// seconds and nanoseconds
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    /// Whatever a link leads to: a Kubernetes secret is a link to another folder each time.
    fn of(path: &Path) -> Option<Self> {
        let file = path.metadata().ok()?;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}

impl Watched {
    fn add(&self, paths: impl IntoIterator<Item = PathBuf>) {
        let seen = paths.into_iter().map(|path| {
            let seen = Seen::of(&path);
            (path, seen)
        });
        self.files().extend(seen);
    }

    /// Whether one of them is another than the last time. It is told once.
    pub fn have_changed(&self) -> bool {
        let mut have_changed = false;
        for (path, seen) in self.files().iter_mut() {
            let now = Seen::of(path);
            have_changed |= std::mem::replace(seen, now) != now;
        }
        have_changed
    }

    fn files(&self) -> std::sync::MutexGuard<'_, Vec<(PathBuf, Option<Seen>)>> {
        // Half of it is no harm: it is only told of a change that was none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The configuration of a command line, and the files it is read from, each of which is looked at before it is read:
/// what changes meanwhile is seen later.
///
/// # Errors
///
/// It cannot be read, or is broken.
pub fn read(global: &Global) -> anyhow::Result<(Config, Watched)> {
    let (_, settings, watched) = sources(global, BridgeSettings::default())?;
    Ok((Config::try_from(settings)?, watched))
}

/// The same before it is checked, with its profile; `flags` are those of a bridge.
///
/// # Errors
///
/// It cannot be read.
pub fn sources(
    global: &Global,
    flags: BridgeSettings,
) -> anyhow::Result<(Option<String>, Settings, Watched)> {
    let watched = Watched::default();
    watched.add(settings::possible_files(global));
    let sources = settings::sources(global)?;
    let profile = sources.profile.clone();
    let mut settings = sources.merged();
    settings.bridge = flags.or(settings.bridge);
    watched.add(named_in(&settings));
    Ok((profile, settings, watched))
}

/// The files that settings name.
fn named_in(settings: &Settings) -> impl Iterator<Item = PathBuf> + use<> {
    fn of_zammad(settings: &Settings) -> impl Iterator<Item = PathBuf> {
        let Settings { token_file, ca_file, client_cert, client_key, .. } = settings;
        [token_file, ca_file, client_cert, client_key].into_iter().flatten().cloned()
    }
    let routed = settings.routed.values().flat_map(of_zammad);
    let of_sources =
        settings.bridge.sources().into_iter().flat_map(SourceSettings::files).map(Path::to_owned);
    of_zammad(settings).chain(routed).chain(of_sources).collect::<Vec<_>>().into_iter()
}

impl Watched {
    /// Looks at this file as well.
    pub fn and(self, path: Option<PathBuf>) -> Self {
        self.add(path);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_files_of_the_zammads_that_routes_lead_to_are_watched_too() {
        let of_token = |path: &str| Settings { token_file: Some(path.into()), ..Settings::default() };
        let settings =
            Settings { routed: [("berlin".to_owned(), of_token("/berlin"))].into(), ..of_token("/own") };
        let named: Vec<_> = named_in(&settings).collect();
        assert_eq!(named, [PathBuf::from("/own"), PathBuf::from("/berlin")]);
    }

    #[test]
    fn each_change_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("edited"), "one").unwrap();
        fs::create_dir(path("v1")).unwrap();
        fs::create_dir(path("v2")).unwrap();
        fs::write(path("v1/token"), "one").unwrap();
        fs::write(path("v2/token"), "two").unwrap();
        symlink("v1", path("data")).unwrap();
        let watched = Watched::default();
        watched.add([path("edited"), path("data/token"), path("later")]);
        let changes: [&dyn Fn(); 5] = [
            &|| fs::write(path("edited"), "longer").unwrap(),
            // As an editor does, and sed -i.
            &|| {
                fs::write(path("new"), "longer").unwrap();
                fs::rename(path("new"), path("edited")).unwrap();
            },
            // As Kubernetes does.
            &|| {
                symlink("v2", path("new")).unwrap();
                fs::rename(path("new"), path("data")).unwrap();
            },
            &|| fs::write(path("later"), "it is there").unwrap(),
            &|| fs::remove_file(path("edited")).unwrap(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert!(!watched.have_changed(), "before {number}");
            change();
            assert!(watched.have_changed(), "{number}");
        }
        assert!(!watched.have_changed());
    }
}
