//! One reader: an empty home, a shell, and a Zammad that is the sandbox.

use std::cell::OnceCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use regex_lite::{Captures, Regex};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::convention::{Part, Problem};
use crate::expected;
use crate::page::{Block, Page};

/// The address that every page gives its reader's Zammad.
const ZAMMAD: &str = "https://zammad.example.com";
/// How long a block may take, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long after the page's end a server may take to print something.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Runs the parts of a page one after the other, and says what did not come out as it should.
pub fn run(page: &Page, parts: &[Part]) -> Vec<Problem> {
    if parts.is_empty() {
        return vec![];
    }
    let mut session = Session::new(page);
    for part in parts {
        match part {
            Part::Command { block, shown } => session.command(block, *shown),
            Part::Terminal { block, shown } => session.terminal(block, *shown),
            Part::Settings(block) => session.settings(block),
        }
        if session.is_over {
            break;
        }
    }
    session.end()
}

struct Session<'a> {
    page: &'a Page,
    place: TempDir,
    zammad: OnceCell<Zammad>,
    /// (the port on the page, the port in its place, which nobody else gets meanwhile)
    ports: Vec<(u16, u16, TcpSocket)>,
    shell: Group,
    orders: ChildStdin,
    answers: Receiver<String>,
    terminals: Vec<Terminal<'a>>,
    problems: Vec<Problem>,
    /// The shell has ended: what follows on the page cannot be tried.
    is_over: bool,
}

struct Terminal<'a> {
    block: &'a Block,
    shown: Option<&'a Block>,
    script: PathBuf,
    process: Group,
}

impl<'a> Session<'a> {
    fn new(page: &'a Page) -> Self {
        let place = TempDir::new().unwrap();
        let home = place.path().join("home");
        fs::create_dir(&home).unwrap();
        // A reader has a copy of the examples at hand.
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), place.path().join("examples"))
            .unwrap();
        symlink("../examples", home.join("examples")).unwrap();
        // Which block comes next, and that it is done, goes over streams that no block can reach.
        let driver = "set -Eeu -o pipefail\n\
                      while read -r block <&9; do\n\
                      . \"$block\" </dev/null >\"$block.out\" 2>\"$block.err\" 8>&- 9<&-\n\
                      echo done >&8\n\
                      done";
        let mut shell = shell(&home);
        shell.args(["-c", &format!("exec 9<&0 8>&1 </dev/null >/dev/null\n{driver}")]);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = Group(shell.spawn().unwrap());
        Self {
            page,
            zammad: OnceCell::new(),
            ports: vec![],
            orders: shell.0.stdin.take().unwrap(),
            answers: lines(shell.0.stdout.take().unwrap()),
            shell,
            terminals: vec![],
            problems: vec![],
            is_over: false,
            place,
        }
    }

    fn command(&mut self, block: &Block, shown: Option<&Block>) {
        let script = self.write(block);
        writeln!(self.orders, "{}", script.display()).unwrap();
        let answer = self.answers.recv_timeout(PATIENCE);
        let printed = self.printed(&script, "out");
        if let Err(error) = answer {
            self.is_over = true;
            let why = match error {
                RecvTimeoutError::Timeout => format!("not done after {} s", PATIENCE.as_secs()),
                RecvTimeoutError::Disconnected => {
                    let status = self.shell.0.wait().unwrap();
                    format!("ended with {}", status.code().map_or("a signal".into(), |code| code.to_string()))
                }
            };
            let errors = self.printed(&script, "err");
            self.problem(block, format!("{why}\n--- stdout\n{printed}--- stderr\n{errors}"));
        } else if let Some(shown) = shown {
            self.compare(shown, &printed);
        }
    }

    fn terminal(&mut self, block: &'a Block, shown: Option<&'a Block>) {
        let script = self.write(block);
        let seen = named(&script, "out");
        let screen = fs::File::create(&seen).unwrap();
        let mut process = shell(&self.home());
        process.args(["-eu", "-o", "pipefail"]).arg(&script).stdin(Stdio::null());
        process.stdout(screen.try_clone().unwrap()).stderr(screen);
        let mut process = Group(process.spawn().unwrap());
        // Such a program says a word when it is ready.
        let begun = Instant::now();
        while fs::metadata(&seen).unwrap().len() == 0
            && process.0.try_wait().unwrap().is_none()
            && begun.elapsed() < PATIENCE
        {
            thread::sleep(Duration::from_millis(5));
        }
        self.terminals.push(Terminal { block, shown, script, process });
    }

    fn settings(&mut self, block: &Block) {
        let file = self.place.path().join("settings.toml");
        fs::remove_file(&file).ok();
        let mut options = fs::OpenOptions::new();
        let mut written = options.write(true).create_new(true).mode(0o600).open(&file).unwrap();
        let code = self.here(&block.code);
        written.write_all(code.as_bytes()).unwrap();
        let mut check = program(&self.home());
        check.args(["config", "check", "--config"]).arg(&file);
        if !code.lines().any(|line| line.starts_with("url")) {
            check.env("ZAMMAD_CTI_URL", format!("{}/api/v1/cti/TOKEN", self.zammad().origin));
        }
        let checked = check.output().unwrap();
        if !checked.status.success() {
            let said = String::from_utf8_lossy(&checked.stderr).into_owned();
            self.problem(block, format!("`config check` of these settings: {said}"));
        }
    }

    fn end(mut self) -> Vec<Problem> {
        for mut terminal in std::mem::take(&mut self.terminals) {
            if let Some(status) = terminal.process.0.try_wait().unwrap() {
                let printed = self.printed(&terminal.script, "out");
                self.problem(terminal.block, format!("did not stay: {status}\n{printed}"));
            }
            if let Some(shown) = terminal.shown {
                // Its last words may still be on their way.
                let begun = Instant::now();
                let mut printed = self.printed(&terminal.script, "out");
                while !expected::matches(&shown.code, &printed) && begun.elapsed() < LAST_WORDS {
                    thread::sleep(Duration::from_millis(20));
                    printed = self.printed(&terminal.script, "out");
                }
                self.compare(shown, &printed);
            }
        }
        self.problems
    }

    fn compare(&mut self, shown: &Block, printed: &str) {
        if !expected::matches(&shown.code, printed) {
            self.problem(shown, format!("other output:\n{printed}--- instead of\n{}", shown.code));
        }
    }

    fn problem(&mut self, block: &Block, text: String) {
        self.problems.push(Problem { page: self.page.name.clone(), line: block.line, text });
    }

    /// The block as a file in which lines have the numbers that they have on the page, and which is
    /// called like the page: errors of the shell then name both.
    fn write(&mut self, block: &Block) -> PathBuf {
        let folder = self.place.path().join(block.line.to_string());
        fs::create_dir(&folder).unwrap();
        let script = folder.join(Path::new(&self.page.name).file_name().unwrap());
        fs::write(&script, "\n".repeat(block.line - 1) + &self.here(&block.code)).unwrap();
        script
    }

    fn printed(&self, script: &Path, stream: &str) -> String {
        let text = fs::read(named(script, stream)).unwrap_or_default();
        self.there(&String::from_utf8_lossy(&text))
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn zammad(&self) -> &Zammad {
        self.zammad.get_or_init(|| Zammad::start(&self.home()))
    }

    /// The page's text with the addresses of this session.
    fn here(&mut self, code: &str) -> String {
        let code = code.replace("cargo run --release -- ", "zammad-cti ");
        let address = Regex::new(r"127\.0\.0\.1:([0-9]{4,5})").unwrap();
        let ports = &mut self.ports;
        let code = address.replace_all(&code, |found: &Captures| {
            let shown = found[1].parse().unwrap();
            let known = ports.iter().find(|known| known.0 == shown).map(|known| known.1);
            let port = known.unwrap_or_else(|| {
                let (port, socket) = reserved_port();
                ports.push((shown, port, socket));
                port
            });
            format!("127.0.0.1:{port}")
        });
        if code.contains(ZAMMAD) { code.replace(ZAMMAD, &self.zammad().origin) } else { code.into_owned() }
    }

    /// What was printed, with the addresses of the page.
    fn there(&self, text: &str) -> String {
        let mut text = match self.zammad.get() {
            Some(zammad) => text.replace(&zammad.origin, ZAMMAD),
            None => text.to_owned(),
        };
        for (shown, port, _) in &self.ports {
            text = text.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{shown}"));
        }
        text
    }
}

/// A port on which only programs of the session will listen.
fn reserved_port() -> (u16, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    // Servers set it as well, and so get the port although it is taken.
    socket.set_reuseaddr(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (socket.local_addr().unwrap().port(), socket)
}

fn named(script: &Path, stream: &str) -> PathBuf {
    let mut name = script.as_os_str().to_owned();
    name.push(".");
    name.push(stream);
    name.into()
}

/// A program as a reader who has set nothing starts it, in a process group of its own.
pub fn plain(program: &str, home: &Path) -> Command {
    let built = Path::new(env!("CARGO_BIN_EXE_zammad-cti")).parent().unwrap();
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("LANG", "C.UTF-8")
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", built.display()))
        .current_dir(home)
        .process_group(0);
    command
}

fn shell(home: &Path) -> Command {
    plain("bash", home)
}

fn program(home: &Path) -> Command {
    plain(env!("CARGO_BIN_EXE_zammad-cti"), home)
}

fn lines(stream: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A process and all that it began and left running; they end with the session.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.0);
        kill_process_group(group, Signal::KILL).ok();
        self.0.wait().ok();
    }
}

/// The sandbox, which blocks a caller and has a route, as the README says.
pub struct Zammad {
    /// such as `http://127.0.0.1:45678`
    pub origin: String,
    _process: Group,
}

impl Zammad {
    pub fn start(home: &Path) -> Self {
        let mut process = program(home);
        process.args(["sandbox", "--listen", "127.0.0.1:0", "--token", "TOKEN"]);
        process.args(["--block", "491715000000", "--route", "41*=41715880339000"]);
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Group(process.spawn().unwrap());
        let url = lines(process.0.stdout.take().unwrap()).recv_timeout(PATIENCE).unwrap();
        let origin = url.strip_suffix("/api/v1/cti/TOKEN").unwrap().to_owned();
        Self { origin, _process: process }
    }
}
