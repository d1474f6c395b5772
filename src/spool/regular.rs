//! SQLite opens nothing but files.
//!
//! A look at a name before SQLite opens it is not enough where others may put a pipe there in between: to
//! open one for reading waits for a writer, for ever. So SQLite opens files by way of this module.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi::{SQLITE_OK, sqlite3_syscall_ptr, sqlite3_vfs_find};

type Open = Option<unsafe extern "C" fn(*const c_char, c_int, c_int) -> c_int>;

/// Sees to it, for all files that this process opens with SQLite.
///
/// Source: SQLite, "OS Interface Object", `xSetSystemCall`; the signature is that of `osOpen` in os_unix.c.
pub fn only() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the file system's table lives as long as the process, nobody else changes it, and `open` has the
        // signature that it is called with. The name is a text of C's.
        let is_set = unsafe {
            let vfs = sqlite3_vfs_find(ptr::null());
            let open = std::mem::transmute::<Open, sqlite3_syscall_ptr>(Some(open));
            vfs.as_ref()
                .and_then(|table| table.xSetSystemCall)
                .is_some_and(|set| set(vfs, c"open".as_ptr(), open) == SQLITE_OK)
        };
        debug_assert!(is_set, "SQLite's own way to files is another one");
    });
}

/// Opens a file, or a folder, which SQLite asks the disk to write down.
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: the path is SQLite's, and ends as texts of C do; the descriptor is the one just opened.
    unsafe {
        let descriptor = libc::open(path, flags | libc::O_NONBLOCK | libc::O_NOFOLLOW, mode);
        if descriptor < 0 {
            return descriptor;
        }
        let mut stat = std::mem::zeroed::<libc::stat>();
        let is_known = libc::fstat(descriptor, &raw mut stat) == 0;
        // A file with a second name may be somebody else's under that one.
        let is_file = stat.st_mode & libc::S_IFMT == libc::S_IFREG && stat.st_nlink < 2;
        if is_known && (is_file || stat.st_mode & libc::S_IFMT == libc::S_IFDIR) {
            return descriptor;
        }
        libc::close(descriptor);
        *libc::__errno_location() = libc::ENXIO;
        -1
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn a_pipe_or_a_link_beside_a_file_is_not_opened() {
        super::only();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
        let read = || {
            let db = Connection::open(&path).unwrap();
            db.query_row("SELECT count(*) FROM x", [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(read(), Ok(0));
        let journal = folder.path().join("file.db-journal");
        mknodat(CWD, &journal, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(read().is_err());
        std::fs::remove_file(&journal).unwrap();
        std::os::unix::fs::symlink(&path, &journal).unwrap();
        assert!(read().is_err());
        std::fs::remove_file(&journal).unwrap();
        assert_eq!(read(), Ok(0));
    }
}
