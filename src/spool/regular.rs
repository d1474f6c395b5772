//! SQLite opens nothing but files, and takes a file that may not become longer for a full disk.
//!
//! A look at a name before SQLite opens it is not enough where others may put a pipe there in between: to
//! open one for reading waits for a writer, for ever. So SQLite opens files by way of this module.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi::{SQLITE_OK, sqlite3_syscall_ptr, sqlite3_vfs_find};

type Open = Option<unsafe extern "C" fn(*const c_char, c_int, c_int) -> c_int>;
type Write = Option<unsafe extern "C" fn(c_int, *const c_void, usize, libc::off_t) -> isize>;

/// Sees to it, for all files that this process opens with SQLite.
///
/// Source: SQLite, "OS Interface Object", `xSetSystemCall`; the signatures are those of `osOpen` and `osPwrite` in
/// os_unix.c.
pub fn only() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the file system's table lives as long as the process, nobody else changes it, and `open` and `write`
        // have the signatures that they are called with. The names are texts of C's.
        let is_set = unsafe {
            let vfs = sqlite3_vfs_find(ptr::null());
            let open = std::mem::transmute::<Open, sqlite3_syscall_ptr>(Some(open));
            let write = std::mem::transmute::<Write, sqlite3_syscall_ptr>(Some(write));
            vfs.as_ref().and_then(|table| table.xSetSystemCall).is_some_and(|set| {
                let is_set = |name: &CStr, call| set(vfs, name.as_ptr(), call) == SQLITE_OK;
                is_set(c"open", open) && is_set(c"pwrite", write)
            })
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

/// Writes to a file. SQLite knows one error that stands for "no room", and the limit for a file's length is
/// another (setrlimit(2), RLIMIT_FSIZE).
unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, length: usize, at: libc::off_t) -> isize {
    // SAFETY: the bytes are SQLite's.
    unsafe {
        let written = libc::pwrite(descriptor, bytes, length, at);
        let error = libc::__errno_location();
        if written < 0 && *error == libc::EFBIG {
            *error = libc::ENOSPC;
        }
        written
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
