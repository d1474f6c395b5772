//! The program on a terminal: what is on its screen, keys, and other sizes.

use std::fs::File;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::num::NonZeroU16;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::ptr::{null, null_mut};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(60);

/// A terminal, and a program in its foreground that ends with the test.
pub struct Terminal {
    /// the side with the screen and the keys
    keyboard: File,
    /// the program's side, so that the settings outlive it
    line: OwnedFd,
    process: Child,
    shown: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// all that the program wrote
    pub written: Vec<u8>,
}

/// The settings of a terminal: how it treats keys and what is written.
pub type Settings = (u32, u32, u32, u32);

impl Terminal {
    /// Starts a program on a terminal of this size.
    pub fn start(program: &mut Command, columns: u16, rows: u16) -> Self {
        let (mut keyboard, mut line) = (0, 0);
        let size = size(columns, rows);
        // SAFETY: all pointers are to values that are there, or null where that may be.
        let opened = unsafe { libc::openpty(&mut keyboard, &mut line, null_mut(), null(), &size) };
        assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: they were opened just now, and nobody else has them.
        let (keyboard, line) = unsafe { (File::from_raw_fd(keyboard), OwnedFd::from_raw_fd(line)) };
        let end = || line.try_clone().unwrap();
        program.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: between fork and exec it only makes system calls.
        unsafe {
            program.pre_exec(|| {
                // Its own session, whose terminal this is: it hears of other sizes, and of the end.
                if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let process = program.spawn().unwrap();
        let (say, shown) = channel();
        let mut from = keyboard.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut some) {
                if say.send(some[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
        Self { keyboard, line, process, shown, screen, written: Vec::new() }
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Waits until what is on the screen is like that.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let until = Instant::now() + LIMIT;
        while !is_so(&self.text()) {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(more) = self.shown.recv_timeout(left) else { panic!("not {what}:\n{}", self.text()) };
            self.take(&more);
        }
    }

    fn take(&mut self, more: &[u8]) {
        self.screen.process(more);
        self.written.extend(more);
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Somebody pulls at the window.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        let size = size(columns, rows);
        // SAFETY: the size is there while it is read.
        assert_eq!(unsafe { libc::ioctl(self.keyboard.as_raw_fd(), libc::TIOCSWINSZ, &size) }, 0);
    }

    pub fn settings(&self) -> Settings {
        let mut now = MaybeUninit::<libc::termios>::zeroed();
        // SAFETY: `now` has room for them, and is a valid one also where nothing is written to it.
        let now = unsafe {
            assert_eq!(libc::tcgetattr(self.line.as_raw_fd(), now.as_mut_ptr()), 0);
            now.assume_init()
        };
        // The speed of input is either said or the same as that of output.
        (now.c_iflag, now.c_oflag, now.c_cflag & !libc::CIBAUD, now.c_lflag)
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.process.id()).unwrap()
    }

    /// Waits for the end of the program, and takes what it wrote last.
    pub fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + LIMIT;
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > until => panic!("it runs on:\n{}", self.text()),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        // Whatever it wrote is on its way by now; a mark behind it says that all of it has come.
        File::from(self.line.try_clone().unwrap()).write_all(b"\x1b]0;over\x07").unwrap();
        while !self.written.ends_with(b"\x1b]0;over\x07") {
            let more = self.shown.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap();
            self.take(&more);
        }
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn at_least_one(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has a row and a column")
}

fn size(columns: u16, rows: u16) -> libc::winsize {
    libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
