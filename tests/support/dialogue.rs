//! The program on a terminal, 80 columns wide, with a person who reads and types.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::World;

/// A program that runs on a terminal. What it prints, and what the terminal shows of what is typed, comes together.
pub struct Dialogue {
    process: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    shown: String,
}

impl Dialogue {
    /// `zammad-cti` with these arguments, which need no quotes in a shell.
    pub fn of(world: &World, arguments: &str) -> Self {
        Self::shell(world, &format!("exec $PROGRAM {arguments}"))
    }

    /// These commands of a shell, in which `$PROGRAM` is `zammad-cti`.
    pub fn shell(world: &World, commands: &str) -> Self {
        let command = format!("stty cols 80 rows 24; {commands}");
        // From util-linux. Without `always`, the terminal would show nothing that is typed.
        let mut process = Command::new("script")
            .args(["-E", "always", "-qec", &command, "/dev/null"])
            .env_clear()
            .env("PROGRAM", env!("CARGO_BIN_EXE_zammad-cti"))
            .envs(world.folders())
            .envs([("PATH", "/usr/bin:/bin"), ("SHELL", "/bin/sh"), ("TERM", "xterm"), ("NO_COLOR", "1")])
            .current_dir(world.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (keyboard, screen) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, keyboard, screen, shown: String::new() }
    }

    /// Reads until the program has printed this since it was last waited for.
    pub fn waits_for(&mut self, text: &str) -> String {
        let mut now = String::new();
        let mut byte = [0];
        while !now.ends_with(text) {
            let length = self.screen.read(&mut byte).unwrap();
            assert!(length > 0, "no {text:?} in {}{now:?}", self.shown);
            now.push(byte[0].into());
        }
        self.shown += &now;
        now
    }

    pub fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Its exit code, and all that was shown.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).unwrap();
        let code = self.process.wait().unwrap().code();
        (code, self.shown + &String::from_utf8_lossy(&rest))
    }
}
