//! Questions to a person at a terminal. They go to stderr, because stdout is for the result.

use std::io::{self, IsTerminal, Write, stderr, stdin};
use std::mem::MaybeUninit;

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::low_level::{emulate_default_handler, register, unregister};

/// Whether there is a person who can read a question and answer it.
pub fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// The answer, without blanks around it. `None` if the input has ended.
///
/// # Errors
///
/// The terminal cannot be read.
pub fn ask(question: &str) -> io::Result<Option<String>> {
    // Nobody is left to ask if stderr is closed.
    let _ = write!(stderr(), "{question} ");
    let mut answer = String::new();
    let length = stdin().read_line(&mut answer)?;
    if length == 0 {
        let _ = writeln!(stderr());
        return Ok(None);
    }
    Ok(Some(answer.trim().to_owned()))
}

/// The same for a secret: the terminal does not show what is typed or pasted.
///
/// # Errors
///
/// The terminal cannot be read, or does not stop showing it.
pub fn ask_unseen(question: &str) -> io::Result<Option<String>> {
    let unseen = Unseen::begin()?;
    let answer = ask(question);
    drop(unseen);
    // The line break was not shown either.
    if matches!(answer, Ok(Some(_))) {
        let _ = writeln!(stderr());
    }
    answer
}

/// While this exists, the terminal does not show what is typed. A signal that ends or stops the process first has the
/// terminal show it again.
struct Unseen {
    before: libc::termios,
    handlers: Vec<SigId>,
}

impl Unseen {
    fn begin() -> io::Result<Self> {
        let mut before = MaybeUninit::<libc::termios>::uninit();
        // SAFETY: `before` is read only if the call has filled it.
        let before = unsafe {
            if libc::tcgetattr(libc::STDIN_FILENO, before.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            before.assume_init()
        };
        let mut unseen = Self { before, handlers: Vec::new() };
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP] {
            let handle = move || {
                show(&before);
                let _ = emulate_default_handler(signal);
            };
            // SAFETY: tcsetattr is safe in a signal handler, and so is what follows.
            unseen.handlers.push(unsafe { register(signal, handle) }?);
        }
        let mut without = before;
        without.c_lflag &= !libc::ECHO;
        // SAFETY: `without` is a whole one. What was typed before it stays.
        if unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSADRAIN, &raw const without) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(unseen)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        show(&self.before);
        self.handlers.drain(..).for_each(|handler| {
            unregister(handler);
        });
    }
}

/// Has the terminal be as it was.
fn show(before: &libc::termios) {
    // SAFETY: it is one that the terminal had. If it is gone, there is nothing to mend.
    unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, before) };
}
