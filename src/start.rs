//! The process's first steps, in place of those that the standard library takes before `main`.
//!
//! Those are a tenth of an event's time: the memory map of the process is read to find where its
//! stack ends, and a second stack is set up for a message in case the first one overflows. Without
//! them an overflow ends the process just the same. glibc hands the arguments over in any case.

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd, IntoRawFd};

#[unsafe(no_mangle)]
extern "C" fn main(_: libc::c_int, _: *const *const libc::c_char) -> libc::c_int {
    hold_the_standard_streams();
    // SAFETY: no other thread is there yet, and no handler runs.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    std::process::exit(zammad_cti::program::run().into())
}

/// A stream that is closed leads nowhere from now on, lest a file that is opened later gets its number and
/// is written to instead.
fn hold_the_standard_streams() {
    while let Ok(nowhere) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        if nowhere.as_raw_fd() > libc::STDERR_FILENO {
            return;
        }
        let _held = nowhere.into_raw_fd();
    }
}
