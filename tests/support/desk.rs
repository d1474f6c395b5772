//! A help desk and a telephone system that reports to it by way of a spool.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use crate::support::clock::Stopwatch;
use crate::support::nginx::Nginx;
use crate::support::proxy::Proxy;
use crate::support::servers::{Ran, Sandbox, url};
use crate::support::{TOKEN, World};

/// A sandbox whose requests are counted, a spool, and the program set up for both.
pub struct Desk {
    pub world: World,
    sandbox: Option<Sandbox>,
    nginx: Option<Nginx>,
    proxy: Option<Proxy>,
    url: String,
}

impl Desk {
    pub fn new() -> Self {
        let world = World::new();
        let sandbox = sandbox(&world, "127.0.0.1:0");
        let url = sandbox.url();
        Self { world, sandbox: Some(sandbox), nginx: None, proxy: None, url }
    }

    /// The same with an nginx in front of it.
    pub fn behind_nginx() -> Self {
        let desk = Self::new();
        let nginx = Nginx::before(desk.sandbox().address);
        Self { url: nginx.url(), nginx: Some(nginx), ..desk }
    }

    /// The same with a proxy in front of it that does what it likes.
    pub fn behind_proxy(seed: u64) -> Self {
        let desk = Self::new();
        let proxy = Proxy::before(desk.sandbox().address, seed);
        Self { url: proxy.url(), proxy: Some(proxy), ..desk }
    }

    pub fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().unwrap()
    }

    /// One whose Zammad is not there yet.
    pub fn closed() -> Self {
        let socket = crate::support::servers::reserved_port();
        let url = url(socket.local_addr().unwrap());
        Self { world: World::new(), sandbox: None, nginx: None, proxy: None, url }
    }

    /// Zammad is there from now on.
    pub fn open(&mut self) {
        assert!(self.nginx.is_none(), "its address would be another");
        let address = self.url.split('/').nth(2).unwrap().to_owned();
        self.sandbox = Some(sandbox(&self.world, &address));
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Zammad takes nothing until it is [`well`](Self::well).
    pub fn is_down(&self) {
        self.sandbox().fail(json!({ "mode": "respond", "status": 503 }));
    }

    pub fn well(&self) {
        self.sandbox().fail(json!({ "mode": "none" }));
    }

    pub fn spool(&self) -> PathBuf {
        self.world.path("spool/spool.db")
    }

    /// The program with little patience, with that Zammad, and with the spool.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut program = self.world.process();
        program.env("ZAMMAD_CTI_URL", &self.url).env("ZAMMAD_CTI_SPOOL_PATH", self.spool());
        program.env("ZAMMAD_CTI_TIMEOUT", "500ms").env("ZAMMAD_CTI_DEADLINE", "1s");
        program.args(arguments);
        program
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Self::end(&mut self.program(arguments))
    }

    pub fn end(program: &mut Command) -> Ran {
        let started = Stopwatch::start();
        Ran::ended(program.stdin(Stdio::null()).output().unwrap(), started)
    }

    /// Runs it, and sees to it that it says this and nothing else on stdout, with code 0.
    pub fn says(&self, arguments: &[&str], word: &str) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, format!("{word}\n").as_str()),
            "{arguments:?}: {ran}"
        );
        ran
    }

    pub fn db(&self) -> Connection {
        let db = Connection::open(self.spool()).unwrap();
        db.busy_timeout(Duration::from_secs(10)).unwrap();
        db
    }

    /// How many events are in the spool in this state.
    pub fn count(&self, state: &str) -> u64 {
        let sql = "SELECT count(*) FROM event WHERE state = ?";
        self.db().query_row(sql, [state], |row| row.get(0)).unwrap()
    }

    /// How many events of the spool are on their way.
    pub fn count_under_way(&self) -> u64 {
        let sql = "SELECT count(*) FROM event WHERE under_way";
        self.db().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Sends what waits before an event of this kind.
    pub fn drain_but(&self, kind: &str) {
        let held = "UPDATE event SET due = ? WHERE kind = ?";
        let event = kind.to_owned();
        self.db().execute(held, params![in_millis(Duration::from_secs(600)), event]).unwrap();
        let ran = self.run(&["spool", "flush"]);
        assert_eq!(ran.code, 0, "{ran}");
        self.db().execute("UPDATE event SET due = 0", []).unwrap();
    }

    /// Whether somebody is sending an event.
    pub fn is_under_way(&self) -> bool {
        self.db().prepare("SELECT 1 FROM event WHERE under_way").unwrap().exists([]).unwrap()
    }

    fn calls_of(&self, state: &str) -> Vec<String> {
        let db = self.db();
        let mut statement = db.prepare("SELECT call_id FROM event WHERE state = ?").unwrap();
        let calls = statement.query_map([state], |row| row.get(0)).unwrap();
        calls.collect::<Result<_, _>>().unwrap()
    }

    /// Sends what waits, also what is in doubt, until nothing does.
    pub fn drain(&self) {
        let started = Instant::now();
        loop {
            // What has failed often is put off for minutes; what is in doubt, for a second.
            let hurry = "UPDATE event SET due = 0
                         WHERE state = 'waiting' AND due > ?";
            self.db().execute(hurry, [in_millis(Duration::from_secs(2))]).unwrap();
            let ran = self.run(&["spool", "flush", "--api-token", "x"]);
            assert_eq!(ran.code, 0, "{ran}");
            let mut left = self.calls_of("unconfirmed");
            // Of a call that Zammad does not know nothing can be looked up.
            left.retain(|call_id| self.seen(call_id).is_some());
            left.extend(self.calls_of("waiting"));
            if left.is_empty() {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(120), "it does not end: {left:?} {ran}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What agents see of a call; `None`: nothing.
    pub fn seen(&self, call_id: &str) -> Option<Seen> {
        self.sandbox().rows(call_id).first().map(Seen::of)
    }

    /// All that the sandbox has taken and refused: a line each.
    pub fn requests(&self) -> Vec<String> {
        let said = std::fs::read_to_string(self.world.path("sandbox.log")).unwrap();
        said.lines().filter(|line| line.contains(" -> ")).map(str::to_owned).collect()
    }

    /// How often an event of a call was taken by the sandbox.
    pub fn taken(&self, event: &str, call_id: &str) -> usize {
        let (event, call_id) = (format!("\"event\":\"{event}\""), format!("\"callId\":\"{call_id}\""));
        let is_one =
            |line: &&String| line.contains("-> 200") && line.contains(&event) && line.contains(&call_id);
        self.requests().iter().filter(is_one).count()
    }
}

/// What agents see of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub state: String,
    pub done: bool,
    pub direction: String,
    pub cause: Option<String>,
}

impl Seen {
    /// A row of the caller log.
    pub fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        Self {
            state: text("state").unwrap(),
            done: row["done"].as_bool().unwrap(),
            direction: text("direction").unwrap(),
            cause: text("comment"),
        }
    }

    /// What Zammad's rules make of these events.
    pub fn after(events: &[&Map<String, Value>]) -> Option<Self> {
        let mut log = zammad_cti::rules::CallLog::default();
        for event in events {
            let setup = zammad_cti::rules::Setup::default();
            // What is refused changes nothing.
            let _ = zammad_cti::rules::process(&setup, true, &mut log, event, std::time::SystemTime::now());
        }
        let entry = log.entries().front()?;
        Some(Self {
            state: entry.state.as_str().to_owned(),
            done: entry.done,
            direction: entry.direction.as_str().to_owned(),
            cause: entry.comment.clone(),
        })
    }
}

/// A time to come, as the spool writes it down.
fn in_millis(time: Duration) -> i64 {
    let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
    i64::try_from(then.as_millis()).unwrap()
}

/// A sandbox whose log of requests is a file.
fn sandbox(world: &World, address: &str) -> Sandbox {
    let mut process = world
        .process()
        .args(["sandbox", "--listen", address, "--token", TOKEN])
        .stdout(Stdio::piped())
        .stderr(File::create(world.path("sandbox.log")).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split('/').nth(2).unwrap().parse().unwrap();
    Sandbox::of(process, address)
}

/// A process that is killed with the test.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill().and(self.0.wait());
    }
}

/// The command line of an inbound newCall.
pub fn new_call(call_id: &str) -> Vec<&str> {
    vec!["new-call", "--call-id", call_id, "--from", "493023125741", "--to", "42", "--direction", "in"]
}

/// The command line of a later event.
pub fn later<'a>(event: &'a str, call_id: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    [&[event, "--call-id", call_id], options].concat()
}
