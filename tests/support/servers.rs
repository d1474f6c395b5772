//! Servers that do to a connection what a test wants, and what the program makes of them.

use std::io::{self, Read, Write};
use std::iter;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::clock::{Stopwatch, Took, patiently};
use crate::support::{self, TOKEN, World};

/// How many programs run at the same time: most of theirs is waiting, but not all of it.
const AT_ONCE: usize = 8;

/// A server that lives as long as the test process.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves each connection in a thread of its own.
    pub fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::serving(TcpListener::bind("127.0.0.1:0").unwrap(), move |stream, _| serve(stream))
    }

    /// Reads each request and gives it the reply at its place, the last one again and again.
    pub fn answering(replies: impl Into<Vec<Reply>>) -> Self {
        Self::answering_at(TcpListener::bind("127.0.0.1:0").unwrap(), replies)
    }

    pub fn answering_at(listener: TcpListener, replies: impl Into<Vec<Reply>>) -> Self {
        let replies = replies.into();
        Self::serving(listener, move |mut stream, requests| {
            let request = read_request(&mut stream);
            let mut requests = requests.lock().unwrap();
            let reply = &replies[requests.len().min(replies.len() - 1)];
            requests.push(request);
            drop(requests);
            std::thread::sleep(reply.after);
            // A client that has given up is its own matter.
            let _ = stream.write_all(&reply.bytes());
        })
    }

    fn serving(
        listener: TcpListener,
        serve: impl Fn(TcpStream, &Mutex<Vec<String>>) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let shared = requests.clone();
        let serve = Arc::new(serve);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, requests, stream) = (serve.clone(), shared.clone(), stream.unwrap());
                std::thread::spawn(move || serve(stream, &requests));
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> String {
        url(self.address)
    }

    /// The requests so far, for a server that answers.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The address of a Zammad that listens there.
pub fn url(address: SocketAddr) -> String {
    format!("http://{address}/api/v1/cti/{TOKEN}")
}

/// Reads a request to its end: a server that closes before would reset the connection.
pub fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                break;
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => request.extend_from_slice(&part[..count]),
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

/// Waits until the other side has had enough.
pub fn stay_silent(mut stream: impl Read) {
    let mut part = [0; 4096];
    while stream.read(&mut part).is_ok_and(|count| count > 0) {}
}

/// Closes the connection with a reset.
pub fn reset(stream: TcpStream) {
    TcpSocket::from_std_stream(stream).set_zero_linger().unwrap();
}

/// A listener that has no room for another connection.
pub struct Full {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Full {
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }
}

/// Listens there, and lets as many connections wait as there is room for.
pub fn full(socket: TcpSocket) -> Full {
    let listener = listen(socket, 0);
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(connection) = TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
        waiting.push(connection);
        assert!(waiting.len() < 100, "there is always room");
    }
    Full { listener, _waiting: waiting }
}

/// A reply as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    after: Duration,
}

impl Reply {
    pub fn new(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        let reply = Self { status, headers: Vec::new(), body: body.into(), after: Duration::ZERO };
        if content_type.is_empty() { reply } else { reply.with("Content-Type", content_type) }
    }

    /// As Zammad's CTI controller answers.
    pub fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json; charset=utf-8", body)
    }

    /// As Zammad's handling of exceptions complains.
    pub fn doubled(status: u16, text: &str) -> Self {
        Self::json(status, &json!({ "error": text, "error_human": text }).to_string())
    }

    /// As a proxy complains.
    pub fn html(status: u16, title: &str) -> Self {
        Self::new(status, "text/html", format!("<html><body><h1>{status} {title}</h1></body></html>\r\n"))
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, so long after the request.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    pub fn bytes(&self) -> Vec<u8> {
        // Zammad's reason phrases differ by release, so nobody may rely on them.
        let mut text = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if self.status != 204 {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        format!("{text}\r\n{}", self.body).into_bytes()
    }
}

/// A port that is taken, but where nobody listens yet.
pub fn reserved_port() -> TcpSocket {
    bound_socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
}

/// Sockets of these addresses that share a port. A port that is free at one address may be in use at another.
pub fn sockets_at_one_port(addresses: &[IpAddr]) -> Vec<TcpSocket> {
    let bound = |port| addresses.iter().map(move |&address| bound_socket(SocketAddr::new(address, port)));
    for _ in 0..100 {
        let first = bound(0).next().unwrap().unwrap();
        let port = first.local_addr().unwrap().port();
        let others: io::Result<Vec<_>> = bound(port).skip(1).collect();
        if let Ok(others) = others {
            return iter::once(first).chain(others).collect();
        }
    }
    panic!("no port is free at all of {addresses:?}");
}

fn bound_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    socket.bind(address)?;
    Ok(socket)
}

/// Listens with room for so many connections that wait to be accepted.
pub fn listen(socket: TcpSocket, room: u32) -> TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _entered = runtime.enter();
    let listener = socket.listen(room).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    listener
}

/// Checks all cases, some at a time and [patiently]; one that fails does not keep the others from being checked.
pub fn at_once<C: Clone + Send>(
    cases: impl IntoIterator<Item = C, IntoIter: Send>,
    check: impl Fn(C) + Sync,
) {
    let cases = Mutex::new(cases.into_iter());
    let next = || cases.lock().unwrap().next();
    let failed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let checked = catch_unwind(AssertUnwindSafe(|| patiently(|| check(case.clone()))));
                    failed.fetch_add(usize::from(checked.is_err()), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "cases failed");
}

/// The program, about to report an event to this Zammad.
pub fn program(world: &World, url: &str, arguments: &[&str]) -> Command {
    let mut program = world.bare();
    program.env("ZAMMAD_CTI_URL", url).args(arguments).args(["--output", "json"]);
    program
}

/// How a run of the program ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Took,
}

impl Ran {
    pub fn of(program: &mut Command) -> Self {
        let started = Stopwatch::start();
        Self::ended(program.output().unwrap(), started)
    }

    /// One that was started with this clock.
    pub fn ended(output: Output, started: Stopwatch) -> Self {
        let took = started.took();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Self {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took,
        };
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN), "the token is shown: {ran}");
        ran
    }

    /// The one object of `--output json`.
    pub fn report(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The program failed in this way, and says so: a cause with the request it is about, and
    /// what to do next.
    pub fn assert_failed(&self, what: &str, class: &str, cause: &str) {
        let (_, code, step) = CLASSES.into_iter().find(|(name, ..)| *name == class).unwrap();
        let report = self.report();
        assert_eq!(report["error_class"], class, "{what}: {self}");
        assert_eq!(self.code, code, "{what}: {self}");
        assert_eq!((&report["delivery"], &report["action"]), (&json!("failed"), &json!("none")), "{what}");
        // A host that has no address is not on this machine, and gets its warning of http:// besides.
        let lines: Vec<_> = self.stderr.lines().filter(|line| !line.contains("is not encrypted")).collect();
        assert!((1..=3).contains(&lines.len()), "{what}: {self}");
        let error = lines[lines.len() - 2];
        assert!(error.starts_with("zammad-cti: ") && !error.contains("warning"), "{what}: {self}");
        assert!(error.contains(cause), "{what}: no {cause:?} in {self}");
        assert!(error.ends_with(report["error"].as_str().unwrap()), "{what}: {self}");
        let next = lines[lines.len() - 1];
        assert!(next.starts_with("  ") && next.contains(step), "{what}: no {step:?} in {self}");
        assert!(next.contains(report["request_id"].as_str().unwrap()), "{what}: {self}");
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, took } = self;
        write!(f, "code {code} after {took:?}\n{stdout}{stderr}")
    }
}

/// (`error_class`, exit code, a part of the next step)
const CLASSES: [(&str, i32, &str); 30] = [
    ("lookup", 69, "DNS"),
    ("connect", 69, "firewall"),
    ("connect-timeout", 69, "firewall"),
    ("tls-name", 69, "the name that the certificate is for"),
    ("tls-no-name", 69, "its host in subjectAltName"),
    ("tls-expired", 69, "renew the certificate"),
    ("tls-not-yet-valid", 69, "this machine's clock"),
    ("tls-self-signed", 69, "the certificate's PEM file with --ca-file"),
    ("tls-unknown-issuer", 69, "the authority's PEM file with --ca-file"),
    ("tls-unverifiable", 69, "a certificate of version 3"),
    ("tls-client-certificate", 69, "client"),
    ("tls-none", 69, "the https port"),
    ("tls", 69, "the TLS settings"),
    ("unavailable", 69, "wait until Zammad runs"),
    ("no-reply", 69, "Zammad may have the event"),
    ("connection-lost", 69, "Zammad may have the event"),
    ("head-too-long", 69, "Zammad may have the event"),
    ("gateway-timeout", 69, "Zammad may have the event"),
    ("unknown-call", 65, "send its new-call first"),
    ("call-id-reused", 65, "use an id only once a year"),
    ("refused", 65, "production log"),
    ("failed", 69, "production log"),
    ("wrong-token", 77, "copy the address again"),
    ("switched-off", 78, "switch it on in Zammad's admin page"),
    ("not-configured", 78, "open and save it in Zammad's admin page"),
    ("redirected", 76, "in the URL"),
    ("no-such-page", 76, "/api/v1/cti/TOKEN"),
    ("not-zammad", 76, "another program answers there"),
    ("broken-head", 76, "a proxy, or another server"),
    ("not-http", 76, "whether it wants https://"),
];

/// `zammad-cti sandbox` as a process of its own.
pub struct Sandbox {
    process: Child,
    pub address: SocketAddr,
}

impl Sandbox {
    pub fn start() -> Self {
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_zammad-cti"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--token", TOKEN])
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = process.stdout.take().unwrap();
        while !line.ends_with('\n') {
            let mut byte = [0];
            stdout.read_exact(&mut byte).unwrap();
            line.push(char::from(byte[0]));
        }
        let address = line.split('/').nth(2).unwrap().parse().unwrap();
        assert_eq!(line.trim_end(), url(address));
        Self { process, address }
    }

    /// One that was started by somebody else.
    pub fn of(process: Child, address: SocketAddr) -> Self {
        Self { process, address }
    }

    pub fn url(&self) -> String {
        url(self.address)
    }

    /// Makes the next request fail in this mode.
    pub fn fail_once(&self, mode: &str) {
        self.fail(json!({ "mode": mode, "count": 1 }));
    }

    pub fn fail(&self, fault: Value) {
        assert_eq!(self.request("POST", "/sandbox/fault", &fault.to_string()), json!({}));
    }

    /// The rows of a call in the caller log.
    pub fn rows(&self, call_id: &str) -> Vec<Value> {
        let log = self.request("GET", "/api/v1/cti/log", "");
        log["list"].as_array().unwrap().iter().filter(|row| row["call_id"] == call_id).cloned().collect()
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let (address, length) = (self.address, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}"
        );
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        serde_json::from_str(&support::Reply::read(&reply).unwrap().body).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill().and(self.process.wait());
    }
}
