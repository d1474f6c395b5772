//! What several folders of tests share. First a world for one test: an empty home, and a mock Zammad.

#[allow(dead_code, reason = "what an interface can do is written down whole")]
pub mod ami;
pub mod asterisk;
pub mod certificates;
#[allow(dead_code, reason = "tests/bridge and tests/cli have it")]
pub mod channels;
pub mod clock;
#[allow(dead_code, reason = "tests/bridge has it")]
pub mod ctid;
#[allow(dead_code, reason = "tests/spool_promises uses the rest")]
pub mod desk;
#[allow(dead_code, reason = "tests/spool_promises has it")]
pub mod dice;
#[allow(dead_code, reason = "tests/bridge and tests/cli have it")]
pub mod esl;
#[allow(dead_code, reason = "tests/bridge and tests/cli have it")]
pub mod fakes;
#[allow(dead_code, reason = "tests/cli and tests/spool_promises have it")]
pub mod nginx;
#[allow(dead_code, reason = "tests/spool_promises has it")]
pub mod proxy;
#[allow(dead_code, reason = "tests of the bridge have it")]
pub mod recordings;
#[allow(dead_code, reason = "tests/bridge uses the rest")]
pub mod running;
#[allow(dead_code, reason = "tests/bridge has it")]
pub mod sender;
pub mod servers;
#[allow(dead_code, reason = "tests/cli has it")]
pub mod dialogue;
#[allow(dead_code, reason = "tests/cli has it")]
pub mod terminal;
#[allow(dead_code, reason = "what a phone system can do is written down whole")]
pub mod three_cx;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use httpmock::prelude::*;
use httpmock::{Mock, Then};
use serde_json::Value;
use tempfile::TempDir;

/// The token in the mock Zammad's address; it must never be printed.
pub const TOKEN: &str = "Xk3vQm9_token-7RtW2";

/// A port that nobody has, on this machine alone.
const ANY_PORT: &str = "127.0.0.1:0";

pub struct World {
    home: TempDir,
    pub zammad: MockServer,
}

impl World {
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap(), zammad: MockServer::start() }
    }

    /// The mock Zammad's address, token included.
    pub fn url(&self) -> String {
        self.zammad.url(format!("/api/v1/cti/{TOKEN}"))
    }

    /// Zammad takes events and wants nothing.
    pub fn zammad_accepts(&self) -> Mock<'_> {
        self.zammad_answers(200, "{}")
    }

    /// Zammad takes one event whose JSON body is exactly this.
    pub fn zammad_expects(&self, body: Value) -> Mock<'_> {
        self.zammad.mock(|when, then| {
            when.method(POST).path(format!("/api/v1/cti/{TOKEN}")).json_body(body);
            reply_with(then, 200, "{}");
        })
    }

    pub fn zammad_answers(&self, status: u16, body: &str) -> Mock<'_> {
        self.zammad.mock(|when, then| {
            when.method(POST).path(format!("/api/v1/cti/{TOKEN}"));
            reply_with(then, status, body);
        })
    }

    /// Whatever reaches the mock Zammad: it takes it and wants nothing.
    pub fn every_request(&self) -> Mock<'_> {
        self.zammad.mock(|when, then| {
            when.any_request();
            reply_with(then, 200, "{}");
        })
    }

    /// A sandbox with these options, on a port of its own.
    pub fn sandbox(&self, options: &[&str]) -> Sandbox {
        self.sandbox_at(ANY_PORT, options)
    }

    /// The same, at this address: host and port.
    pub fn sandbox_at(&self, address: &str, options: &[&str]) -> Sandbox {
        Self::started(&mut self.process(), address, options)
    }

    /// The same, where variables say that this mock Zammad is the one to use.
    pub fn sandbox_beside_zammad(&self) -> Sandbox {
        let mut program = self.process();
        program.env("ZAMMAD_CTI_URL", self.url()).env("ZAMMAD_CTI_TOKEN", TOKEN);
        Self::started(&mut program, ANY_PORT, &[])
    }

    fn started(program: &mut process::Command, address: &str, options: &[&str]) -> Sandbox {
        let mut process = program
            .args(["sandbox", "--listen", address])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Sandbox { process, url: url.trim_end().to_owned() }
    }

    /// The program with nothing set, for what runs beside the test.
    pub fn process(&self) -> process::Command {
        let mut program = process::Command::new(env!("CARGO_BIN_EXE_zammad-cti"));
        program.env_clear().envs(self.folders()).current_dir(self.home.path());
        program
    }

    /// The program, with nothing set.
    pub fn bare(&self) -> Command {
        let mut program = Command::cargo_bin("zammad-cti").unwrap();
        program.env_clear().envs(self.folders()).current_dir(self.home.path());
        program
    }

    /// The folders that any user has; the calls of one test are not in the way of another's.
    pub fn folders(&self) -> [(&'static str, &Path); 2] {
        [("HOME", self.home.path()), ("XDG_RUNTIME_DIR", self.home.path())]
    }

    /// The program, with the mock Zammad's address set.
    pub fn program(&self) -> Command {
        let mut program = self.bare();
        program.env("ZAMMAD_CTI_URL", self.url());
        program
    }

    /// Runs the program with the mock Zammad's address set.
    pub fn zammad_cti<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Assert {
        self.program().args(arguments).assert()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file with this mode into the home.
    pub fn file(&self, name: &str, mode: u32, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

/// A new-call that is right in every way.
pub const NEW_CALL: [&str; 9] =
    ["new-call", "--call-id", "7", "--from", "493023125741", "--to", "42", "--direction", "in"];

/// As Zammad's CTI controller answers.
pub fn reply_with(then: Then, status: u16, body: &str) -> Then {
    then.status(status).header("content-type", "application/json; charset=utf-8").body(body)
}

/// `zammad-cti sandbox` as a process of its own; it ends with the test.
pub struct Sandbox {
    process: Child,
    /// its first line of output: the address for phone systems
    pub url: String,
}

impl Sandbox {
    /// One that runs already.
    pub fn of(process: Child, url: String) -> Self {
        Self { process, url }
    }

    /// host and port
    pub fn address(&self) -> &str {
        self.url.split('/').nth(2).unwrap()
    }

    pub fn token(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// The caller log, newest first.
    pub fn log(&self) -> Vec<Value> {
        let log = self.ask("GET /api/v1/cti/log", &[], "").unwrap();
        log.json()["list"].as_array().unwrap().clone()
    }

    /// The call in the caller log.
    pub fn call(&self, call_id: &str) -> Value {
        self.log().into_iter().find(|call| call["call_id"] == call_id).unwrap_or_default()
    }

    pub fn fault(&self, fault: Value) {
        let reply = self.ask("POST /sandbox/fault", &[], fault.to_string()).unwrap();
        assert_eq!(reply.status, 200, "{fault}: {}", reply.body);
    }

    /// One request on a connection of its own; `None` if that ends without a reply.
    pub fn ask(&self, request: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Option<Reply> {
        let body = body.as_ref();
        let mut text = format!("{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address());
        for header in headers {
            text += &format!("{header}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n", body.len());
        let mut connection = TcpStream::connect(self.address()).unwrap();
        connection.write_all(text.as_bytes()).unwrap();
        connection.write_all(body).unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).ok()?;
        Reply::read(&reply)
    }

    /// The process, for what the system knows of it.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

/// A body that came in chunks; `None` if it has no end.
fn joined(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, rest) = chunks.split_once("\r\n")?;
        match usize::from_str_radix(length, 16).ok()? {
            0 => return Some(body),
            length => {
                body.push_str(rest.get(..length)?);
                chunks = rest.get(length..)?.strip_prefix("\r\n")?;
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What came back from a sandbox.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// in lower case
    pub head: String,
    pub body: String,
}

impl Reply {
    /// A reply as it came over the wire; `None` if it is not whole.
    pub fn read(reply: &str) -> Option<Self> {
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let head = head.to_lowercase();
        let body = if head.contains("transfer-encoding: chunked") { joined(body)? } else { body.to_owned() };
        Some(Self { status, head, body })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// What a program that has ended wrote to stdout.
pub fn stdout(ended: &Assert) -> String {
    String::from_utf8(ended.get_output().stdout.clone()).unwrap()
}

/// What a program that has ended wrote to stderr.
pub fn stderr(ended: &Assert) -> String {
    String::from_utf8(ended.get_output().stderr.clone()).unwrap()
}
