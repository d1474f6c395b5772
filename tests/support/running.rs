//! The program while it runs: what it has said so far, signals, and the memory it takes.

use std::io::Read;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::clock::Stopwatch;
use crate::support::servers::Ran;

/// What takes longer than this will never be.
const LIMIT: Duration = Duration::from_secs(300);

/// A program that runs; it ends with the test.
pub struct Running {
    process: Child,
    started: Stopwatch,
    stdout: Heard,
    stderr: Heard,
}

impl Running {
    pub fn start(program: &mut Command) -> Self {
        let started = Stopwatch::start();
        let mut process = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Heard::from(process.stdout.take().unwrap());
        let stderr = Heard::from(process.stderr.take().unwrap());
        Self { process, started, stdout, stderr }
    }

    /// Waits until it has said this on stderr.
    pub fn until_it_says(&self, words: &str) {
        until(words, || self.stderr.so_far().contains(words));
    }

    /// What it has said on stderr.
    pub fn so_far(&self) -> String {
        self.stderr.so_far()
    }

    /// Waits until it has said this so often on stderr.
    pub fn until_it_says_times(&self, words: &str, times: usize) {
        until(words, || self.stderr.so_far().matches(words).count() >= times);
    }

    /// What stands behind these words in the first line on stderr that has them, up to the next blank.
    pub fn said_behind(&self, words: &str) -> String {
        let mut found = None;
        until(words, || {
            let said = self.stderr.so_far();
            let line = said.lines().find_map(|line| line.split_once(words));
            found = line.map(|(_, rest)| rest.split(' ').next().unwrap_or_default().to_owned());
            found.is_some()
        });
        found.unwrap()
    }

    /// Its stdin, if that was piped.
    pub fn stdin(&mut self) -> ChildStdin {
        self.process.stdin.take().unwrap()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal, such as INT.
    pub fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// Whether it has a file open whose path holds this.
    pub fn has_open(&self, part: &str) -> bool {
        let files =
            std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).into_iter().flatten().flatten();
        files
            .filter_map(|file| file.path().read_link().ok())
            .any(|path| path.to_string_lossy().contains(part))
    }

    /// How many files it has open, sockets too.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).map_or(0, Iterator::count)
    }

    /// How much memory it takes now, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Waits for its first line on stdout.
    pub fn first_line(&self) -> String {
        until("a line", || self.stdout.so_far().contains('\n'));
        self.stdout.so_far().lines().next().unwrap_or_default().to_owned()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        let ended = self.wait(|_| {});
        self.ran(ended)
    }

    /// Waits for its end, and tells how much memory it took at most, in bytes.
    #[cfg(target_os = "linux")]
    pub fn end_with_memory(mut self) -> (Ran, u64) {
        let status = format!("/proc/{}/status", self.process.id());
        let mut peak = 0;
        let ended = self.wait(|_| {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            // Once it has ended, there is no such line.
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line.map_or(peak, |line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap());
        });
        (self.ran(ended), peak * 1024)
    }

    fn wait(&mut self, mut meanwhile: impl FnMut(&Child)) -> ExitStatus {
        let mut ended = None;
        until("the end of the program", || {
            meanwhile(&self.process);
            ended = self.process.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    fn ran(&mut self, ended: ExitStatus) -> Ran {
        Ran {
            code: ended.code().expect("it ended by itself"),
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
            took: self.started.took(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill().and(self.process.wait());
    }
}

/// A stream that is read while it is written.
pub struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    pub fn from(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let shared = bytes.clone();
        let reader = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut part) {
                shared.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    pub fn all(&mut self) -> String {
        self.reader.take().unwrap().join().unwrap();
        self.so_far()
    }
}

/// Sends a process a signal, such as INT.
pub fn signal(process: u32, name: &str) {
    let kill = format!("kill -s {name} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LIMIT, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
