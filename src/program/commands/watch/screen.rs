//! The terminal while it is drawn on: its own screen, keys as they are pressed, and as it was at the end.

use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, queue};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use terminal_size::{Height, Width, terminal_size};

use super::line::Line;
use super::view::Room;

/// What a terminal has that does not say.
const USUAL: (usize, usize) = (80, 24);

/// Keys, as a terminal sends them.
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_Z: u8 = 0x1a;

/// A terminal that shows a view in place of what was on it. It is as before once this is dropped, and after a panic.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    /// each signal below writes a byte to it
    woken: UnixStream,
    is_to_end: Arc<AtomicBool>,
    has_keys: bool,
}

/// Why nothing is waited for any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// the time is over
    Due,
    /// the terminal has another size, or something else was on it
    ToDrawAgain,
    /// a key or a signal asked for the end
    ToEnd,
}

impl<'a> Screen<'a> {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// It, or the operating system, does not let this process do so.
    pub fn enter(out: &'a mut dyn Write) -> anyhow::Result<Self> {
        let (woken, waker) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        let is_to_end = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            signal_hook::flag::register(signal, is_to_end.clone())?;
        }
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGWINCH] {
            signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
        }
        // Without keys Ctrl-C is a signal, as ever.
        let has_keys = io::stdin().is_terminal();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore(&mut io::stderr(), has_keys);
            before(panic);
        }));
        // A line of the log would stand in the middle of the view, which shows what it says.
        log::set_max_level(log::LevelFilter::Off);
        let mut screen = Self { out, woken, is_to_end, has_keys };
        screen.take()?;
        Ok(screen)
    }

    fn take(&mut self) -> io::Result<()> {
        if self.has_keys {
            enable_raw_mode()?;
        }
        let mut taken = Vec::new();
        queue!(taken, EnterAlternateScreen, DisableLineWrap, cursor::Hide)?;
        self.out.write_all(&taken)?;
        self.out.flush()
    }

    /// How large it is at present.
    pub fn room(&self) -> Room {
        let (width, height) = terminal_size()
            .map_or(USUAL, |(Width(width), Height(height))| (usize::from(width), usize::from(height)));
        Room { width, height: Some(height) }
    }

    /// Shows these lines and nothing else.
    ///
    /// # Errors
    ///
    /// The terminal is gone.
    pub fn draw(&mut self, lines: &[Line]) -> io::Result<()> {
        // In one piece, so that nobody sees half of it.
        let mut frame = Vec::new();
        queue!(frame, BeginSynchronizedUpdate)?;
        for (row, line) in lines.iter().enumerate() {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            queue!(frame, cursor::MoveTo(0, row))?;
            write!(frame, "{line}")?;
            queue!(frame, Clear(ClearType::UntilNewLine))?;
        }
        let rest = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        if usize::from(rest) < self.room().height.unwrap_or(USUAL.1) {
            queue!(frame, cursor::MoveTo(0, rest), Clear(ClearType::FromCursorDown))?;
        }
        queue!(frame, EndSynchronizedUpdate)?;
        self.out.write_all(&frame)?;
        self.out.flush()
    }

    /// Waits this long, unless somebody wants something before.
    ///
    /// # Errors
    ///
    /// The terminal is gone.
    pub fn wait(&mut self, time: Duration) -> anyhow::Result<Woken> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Woken::Due);
            }
            let (has_signal, has_key) = self.ready_within(left)?;
            if has_signal {
                // How many there were does not count.
                let _ = self.woken.read(&mut [0; 64]);
                let is_to_end = self.is_to_end.load(Ordering::Relaxed);
                return Ok(if is_to_end { Woken::ToEnd } else { Woken::ToDrawAgain });
            }
            if has_key && let Some(woken) = self.key()? {
                return Ok(woken);
            }
        }
    }

    fn ready_within(&self, time: Duration) -> io::Result<(bool, bool)> {
        let stdin = io::stdin();
        let mut ready = [
            PollFd::from_borrowed_fd(self.woken.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN),
        ];
        let wanted = if self.has_keys { &mut ready[..] } else { &mut ready[..1] };
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: i64::from(time.subsec_nanos()) };
        match poll(wanted, Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [signal, key] = ready.map(|one| !one.revents().is_empty());
        Ok((signal, key))
    }

    /// What the keys that were pressed want.
    fn key(&mut self) -> io::Result<Option<Woken>> {
        let mut keys = [0; 256];
        let count = match rustix::io::read(io::stdin(), &mut keys) {
            // The terminal is closed.
            Ok(0) => return Ok(Some(Woken::ToEnd)),
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let keys = &keys[..count];
        if keys.iter().any(|key| matches!(*key, b'q' | b'Q' | CTRL_C | CTRL_D)) {
            return Ok(Some(Woken::ToEnd));
        }
        if keys.contains(&CTRL_Z) {
            restore(self.out, self.has_keys);
            // Goes on where this process is told to.
            kill_process(getpid(), Signal::TSTP)?;
            self.take()?;
        }
        // Any other key draws it again, as Ctrl-L does everywhere.
        Ok(Some(Woken::ToDrawAgain))
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        restore(self.out, self.has_keys);
    }
}

/// Gives the terminal back as it was. Where it is gone there is nobody to tell.
fn restore(out: &mut dyn Write, has_keys: bool) {
    let mut given_back = Vec::new();
    let _ = queue!(given_back, cursor::Show, EnableLineWrap, LeaveAlternateScreen);
    let _ = out.write_all(&given_back).and_then(|()| out.flush());
    if has_keys {
        let _ = disable_raw_mode();
    }
}
