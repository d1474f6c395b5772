//! Paths of what several processes share: each of them has to find the same file there.

use std::path::{Component, Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};

use super::{Settings, shown};

/// What is wrong with a path in a file or a variable, and at which key: each process would find something else there,
/// because it was started in another folder. On a command line the shell's user sees which folder that is.
pub(super) fn misleading(settings: &Settings) -> Option<(&'static str, String)> {
    let paths = [("lock_dir", &settings.lock_dir), ("spool.path", &settings.spool.path)];
    paths.into_iter().find_map(|(key, path)| Some((key, complaint(key, path.as_deref()?)?)))
}

/// What is odd about the paths of other files, which a process reads for itself, and at which keys: one that starts in
/// another folder does not find them. The flags are left out, as above.
pub(crate) fn relative(settings: &Settings, flags: &Settings) -> Vec<(&'static str, String)> {
    type File = fn(&Settings) -> &Option<PathBuf>;
    let files: [(_, File); 4] = [
        ("token_file", |settings| &settings.token_file),
        ("ca_file", |settings| &settings.ca_file),
        ("client_cert", |settings| &settings.client_cert),
        ("client_key", |settings| &settings.client_key),
    ];
    let of_others = files.into_iter().filter(|(_, path)| path(flags).is_none());
    of_others.filter_map(|(key, path)| Some((key, depends(path(settings).as_deref()?)?))).collect()
}

/// A flag's value. Nobody expands it, so it says what the shell was not asked for.
pub(super) fn of_flag() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match unexpanded(&path) {
        Some(complaint) => Err(complaint),
        None => Ok(path),
    })
}

fn complaint(key: &str, path: &Path) -> Option<String> {
    if path.as_os_str().is_empty() {
        let example = if key == "lock_dir" { "/run/zammad-cti" } else { "/var/spool/zammad-cti/spool.db" };
        return Some(format!("it is empty; write a whole path, such as {example}"));
    }
    unexpanded(path).or_else(|| depends(path))
}

/// That a path is another file in another folder.
fn depends(path: &Path) -> Option<String> {
    if path.is_absolute() {
        return None;
    }
    let here = match std::path::absolute(path) {
        Ok(here) => format!(", and would be {} here", shown(&here.to_string_lossy())),
        // The folder is gone.
        Err(_) => String::new(),
    };
    Some(format!("it depends on the folder in which a process starts{here}; write the whole path"))
}

/// What is wrong with a path that is written as for a shell.
fn unexpanded(path: &Path) -> Option<String> {
    let mut parts = path.components();
    let first = match parts.next()? {
        Component::Normal(first) => first.to_string_lossy(),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => "".into(),
    };
    if first.starts_with('~') {
        return Some(not_expanded("~", if first == "~" { in_home(parts.as_path()) } else { None }));
    }
    if ["$HOME", "${HOME}"].contains(&&*first) {
        return Some(not_expanded(&first, in_home(parts.as_path())));
    }
    let names_variable = |part: Component| {
        let part = part.as_os_str().to_string_lossy();
        let mut behind = part.split('$').skip(1);
        behind.any(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || "_{(".contains(c)))
    };
    path.components().any(names_variable).then(|| not_expanded("$", None))
}

fn not_expanded(what: &str, meant: Option<PathBuf>) -> String {
    let meant = meant.map(|path| format!(", {}", shown(&path.to_string_lossy()))).unwrap_or_default();
    format!("{what} is not expanded here; write the whole path{meant}")
}

/// A path in the home of whoever runs this.
fn in_home(rest: &Path) -> Option<PathBuf> {
    Some(std::env::home_dir().filter(|home| home.is_absolute())?.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_whole_or_says_what_was_meant() {
        let home = std::env::home_dir().unwrap();
        let here = std::env::current_dir().unwrap();
        let in_home = |rest: &str| Some(home.join(rest));
        // (path, what it would be; None: nothing can be said, on a command line it may be)
        let cases = [
            ("~/spool.db", in_home("spool.db"), false),
            ("~", in_home(""), false),
            ("~anna/spool.db", None, false),
            ("$HOME/a/spool.db", in_home("a/spool.db"), false),
            ("${HOME}/spool.db", in_home("spool.db"), false),
            ("$XDG_STATE_HOME/spool.db", None, false),
            ("/var/spool/$USER/spool.db", None, false),
            ("/var/spool/zammad-${USER}.db", None, false),
            ("/var/spool/$(id -u)/spool.db", None, false),
            ("spool.db", Some(here.join("spool.db")), true),
            ("./~/spool.db", Some(here.join("~/spool.db")), true),
            ("../spool.db", Some(here.join("../spool.db")), true),
            ("", None, true),
        ];
        for (path, meant, may_be_flag) in cases {
            let complaint =
                complaint("spool.path", Path::new(path)).unwrap_or_else(|| panic!("{path:?} is taken"));
            let meant = meant.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
            assert!(complaint.contains(&meant), "{path:?}: {complaint}");
            assert_eq!(unexpanded(Path::new(path)).is_none(), may_be_flag, "{path:?}");
        }
        for path in ["/var/spool/zammad-cti/spool.db", "/a/~/b", "/a/b~", "/a/$/b", "/a/5$", "/a/../b"] {
            assert_eq!(complaint("spool.path", Path::new(path)), None, "{path}");
        }
    }
}
