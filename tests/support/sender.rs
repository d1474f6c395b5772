//! A hosted phone system that sends requests.

use std::io::{Read, Write};
use std::net::TcpStream;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A connection to where requests are taken.
pub struct Sender {
    stream: TcpStream,
}

impl Sender {
    pub fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// Sends a form.
    pub fn form(&mut self, path: &str, body: &str) -> Answer {
        self.post(path, &[("Content-Type", "application/x-www-form-urlencoded")], body.as_bytes())
    }

    /// Sends JSON.
    pub fn json(&mut self, path: &str, body: &str) -> Answer {
        self.post(path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.ask("POST", path, headers, body)
    }

    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.say(method, path, headers, body);
        self.answer()
    }

    /// The same without waiting for what comes back.
    pub fn say(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: cti\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        // Whoever is refused may find that out only afterwards.
        let _ = self.stream.write_all(&[head.as_bytes(), body].concat());
    }

    /// Sends a body of which nobody knows where it ends, until somebody has enough of it.
    pub fn without_end(&mut self, path: &str) -> Answer {
        let head = format!("POST {path} HTTP/1.1\r\nHost: cti\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
        let _ = self.stream.write_all((head + &chunk.repeat(20)).as_bytes());
        self.answer()
    }

    pub fn answer(&mut self) -> Answer {
        let mut read = Vec::new();
        let mut part = [0; 4096];
        loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(read[..end].to_vec()).unwrap().to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.parse().unwrap());
                if read.len() >= end + 4 + length {
                    let body = String::from_utf8(read[end + 4..end + 4 + length].to_vec()).unwrap();
                    return Answer { status: head[9..12].parse().unwrap(), head, body };
                }
            }
            match self.stream.read(&mut part).unwrap() {
                0 => panic!("no answer: {}", String::from_utf8_lossy(&read)),
                count => read.extend_from_slice(&part[..count]),
            }
        }
    }
}
