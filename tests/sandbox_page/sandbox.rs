//! `zammad-cti sandbox` as a process, and the program that reports to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Long enough to be a secret.
pub const TOKEN: &str = "Xk3vQm9_token-7RtW2";

pub struct Sandbox {
    process: Child,
    home: TempDir,
    /// host and port
    pub address: String,
}

impl Sandbox {
    pub fn start(options: &[&str]) -> Self {
        Self::listening("127.0.0.1:0", options)
    }

    pub fn listening(address: &str, options: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let mut process = program(&home)
            .args(["sandbox", "--listen", address, "--token", TOKEN])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let address = url.split('/').nth(2).expect("the sandbox listens").to_owned();
        Self { process, home, address }
    }

    pub fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Reports an event with the real program, which has to succeed.
    pub fn zammad_cti(&self, arguments: &str) {
        let output = self.try_zammad_cti(arguments.split(' '));
        assert!(output.status.success(), "{arguments}: {output:?}");
    }

    pub fn try_zammad_cti<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> std::process::Output {
        program(&self.home)
            .env("ZAMMAD_CTI_URL", format!("http://{}/api/v1/cti/{TOKEN}", self.address))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Posts a body of JSON as it is; what comes back.
    pub fn post(&self, body: impl AsRef<[u8]>) -> String {
        let head = format!(
            "POST /api/v1/cti/{TOKEN} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.as_ref().len()
        );
        self.send(&[head.as_bytes(), body.as_ref()].concat())
    }

    /// Sends bytes and reads until the connection ends.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        String::from_utf8(reply).unwrap()
    }

    /// Ends it, as a restart or a crash would.
    pub fn stop(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.address.clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program(home: &TempDir) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_zammad-cti"));
    program.env_clear().env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path()).current_dir(home.path());
    program
}
