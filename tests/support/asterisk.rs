//! A stand-in for Asterisk: a channel with its variables, and the talk with a program about it.
//!
//! It is stricter than Asterisk: a line that is no command fails the test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::clock::{Stopwatch, Took};
use crate::support::running::{Heard, signal, until};
use crate::support::servers::Server;
use crate::support::{Sandbox, TOKEN};

/// The call that is reported where it does not matter which.
pub const CALL: &str = "1795205483.1";

pub type Variables = BTreeMap<String, String>;

/// One channel. Functions such as `CHANNEL(linkedid)` are variables of it too.
#[derive(Clone)]
pub struct Channel {
    pub name: &'static str,
    pub unique_id: String,
    pub caller: Vec<u8>,
    pub caller_name: String,
    pub account: &'static str,
    pub context: &'static str,
    pub presentation: u8,
    pub dialled: Vec<u8>,
    pub extension: &'static str,
    pub variables: Variables,
    /// Those of the channel that called this one; without one it is its own master.
    pub master: Option<Variables>,
    /// The next reply follows a line `HANGUP`, as over the network.
    pub hangs_up: bool,
}

impl Channel {
    /// A customer calls from 4940669690.
    pub fn of_customer(unique_id: &str) -> Self {
        Self {
            name: "PJSIP/trunk-00000001",
            unique_id: unique_id.to_owned(),
            caller: b"4940669690".to_vec(),
            caller_name: "Chris Customer".to_owned(),
            account: "",
            context: "zammad",
            presentation: 0,
            dialled: b"493023125111".to_vec(),
            extension: "s",
            variables: Variables::from([("CHANNEL(linkedid)".to_owned(), unique_id.to_owned())]),
            master: None,
            hangs_up: false,
        }
    }

    /// Extension 101 calls this number.
    pub fn of_agent(unique_id: &str, dialled: &str) -> Self {
        Self {
            name: "PJSIP/anna-00000002",
            caller: b"101".to_vec(),
            dialled: dialled.into(),
            ..Self::of_customer(unique_id)
        }
    }

    /// The phone that picks up, before it is connected with this channel.
    pub fn picked_up_by(&self, name: &'static str, number: &str) -> Self {
        let mut phone = Self {
            name,
            caller: number.into(),
            dialled: b"unknown".to_vec(),
            master: Some(self.variables.clone()),
            ..Self::of_customer(&format!("{}9", self.unique_id))
        };
        phone.variables.insert("CHANNEL(linkedid)".to_owned(), self.unique_id.clone());
        phone
    }

    /// Keeps what was noted of this channel while the phone was picked up.
    pub fn is_connected_with(&mut self, phone: Self) {
        self.variables = phone.master.expect("a phone that this channel called");
    }

    pub fn with(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        self.variables.extend(variables.iter().map(owned));
        self
    }

    /// A variable's value as it goes over the wire.
    fn bytes(&self, name: &str) -> &[u8] {
        match name {
            "CALLERID(num)" if self.caller == b"unknown" => b"",
            "CALLERID(num)" => &self.caller,
            _ => self.get(name).as_bytes(),
        }
    }

    /// A variable's value; empty if it is not set.
    pub fn get(&self, name: &str) -> &str {
        match name {
            "EXTEN" => return self.extension,
            "UNIQUEID" => return &self.unique_id,
            "CHANNEL" => return self.name,
            "CALLERID(pres)" => return presentation(self.presentation),
            // Only the header has a word for a number that is not set.
            "CALLERID(dnid)" if self.dialled == b"unknown" => return "",
            "CALLERID(dnid)" => return str::from_utf8(&self.dialled).unwrap_or_default(),
            _ => {}
        }
        let (name, variables) = match (name.strip_prefix("MASTER_CHANNEL("), &self.master) {
            (Some(inner), master) => {
                (inner.trim_end_matches(')'), master.as_ref().unwrap_or(&self.variables))
            }
            (None, _) => (name, &self.variables),
        };
        variables.get(name).map_or("", String::as_str)
    }

    fn set(&mut self, name: &str, value: String) {
        let (name, variables) = match (name.strip_prefix("MASTER_CHANNEL("), &mut self.master) {
            (Some(inner), Some(master)) => (inner.trim_end_matches(')'), master),
            (Some(inner), None) => (inner.trim_end_matches(')'), &mut self.variables),
            (None, _) => (name, &mut self.variables),
        };
        variables.insert(name.to_owned(), value);
    }

    /// The action that the dialplan branches on, and why if it is none of Zammad's.
    pub fn decision(&self) -> (&str, &str) {
        (self.get("ZAMMAD_ACTION"), self.get("ZAMMAD_ERROR"))
    }

    /// Fails unless the dialplan is told that Zammad could not be asked, in words that do it no
    /// harm.
    pub fn assert_error(&self, what: &str) -> &str {
        let (action, error) = self.decision();
        assert_eq!(action, "error", "{what}: {error}");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " .:_/+*#@-".contains(c);
        assert!(!error.is_empty() && error.chars().all(is_plain), "{what}: {error:?}");
        assert!(!error.contains(TOKEN), "{what}: {error:?}");
        error
    }

    /// What Asterisk says first, after `before`.
    fn header(&self, before: &str, request: &str, arguments: &[String]) -> Vec<u8> {
        let mut header = format!(
            "{before}agi_request: {request}\nagi_channel: {}\nagi_language: en\nagi_type: PJSIP\n\
             agi_uniqueid: {}\nagi_version: 22.10.1\nagi_callerid: ",
            self.name, self.unique_id
        )
        .into_bytes();
        header.extend(&self.caller);
        header.extend(
            format!(
                "\nagi_calleridname: {}\nagi_callingpres: {}\nagi_callingani2: 0\n\
             agi_callington: 0\nagi_callingtns: 0\nagi_dnid: ",
                self.caller_name, self.presentation
            )
            .bytes(),
        );
        header.extend(&self.dialled);
        header.extend(
            format!(
                "\nagi_rdnis: unknown\nagi_context: {}\nagi_extension: {}\nagi_priority: 5\n\
             agi_enhanced: 0.0\nagi_accountcode: {}\nagi_threadid: 140452704097984\n",
                self.context, self.extension, self.account
            )
            .bytes(),
        );
        for (place, argument) in arguments.iter().enumerate() {
            header.extend(format!("agi_arg_{}: {argument}\n", place + 1).bytes());
        }
        header.push(b'\n');
        header
    }

    /// The header of a call over the network; what follows a comma is an argument.
    pub fn network_header(&self, address: SocketAddr, script: &str) -> Vec<u8> {
        let mut arguments: Vec<_> = script.split(',').map(str::to_owned).collect();
        let script = arguments.remove(0);
        let before = format!("agi_network: yes\nagi_network_script: {script}\n");
        self.header(&before, &format!("agi://{address}/{script}"), &arguments)
    }

    /// Runs `AGI()` to its end.
    pub fn run(&mut self, program: &mut Command) -> Ended {
        let agi = self.start(program);
        self.finish(agi)
    }

    /// Runs `AGI()`, and says the header.
    pub fn start(&self, program: &mut Command) -> Agi {
        let arguments: Vec<_> = program.get_args().map(|text| text.to_string_lossy().into_owned()).collect();
        let started = Stopwatch::start();
        let process = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = process.unwrap();
        let stderr = Heard::from(process.stderr.take().unwrap());
        let mut talk =
            Talk::new(BufReader::new(process.stdout.take().unwrap()), process.stdin.take().unwrap());
        talk.say(&self.header("", "/usr/bin/zammad-cti", &arguments));
        Agi { process, talk, stderr, started }
    }

    /// Answers the program's commands until it ends.
    pub fn finish(&mut self, mut agi: Agi) -> Ended {
        while self.answer(&mut agi.talk).is_some() {}
        agi.end()
    }

    /// Runs `AGI(agi://...)` to its end.
    pub fn call(&mut self, address: SocketAddr, script: &str) -> Told {
        let started = Stopwatch::start();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut talk = Talk::new(BufReader::new(stream.try_clone().unwrap()), stream);
        talk.say(&self.network_header(address, script));
        while self.answer(&mut talk).is_some() {}
        Told { said: talk.said, took: started.took() }
    }

    /// Answers the next command, and returns it; `None` if there is none any more.
    pub fn answer<R: BufRead, W: Write>(&mut self, talk: &mut Talk<R, W>) -> Option<String> {
        let line = talk.hear()?;
        let reply = match words(&line).iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["GET", "FULL", "VARIABLE", expression] => {
                [b"200 result=1 (", &self.expand(expression)[..], b")"].concat()
            }
            ["SET", "VARIABLE", name, value] => {
                self.set(name, value.to_owned());
                b"200 result=1".to_vec()
            }
            ["VERBOSE", text, "1"] => {
                talk.said.push(text.to_owned());
                b"200 result=1".to_vec()
            }
            _ => panic!("this is no command: {line:?}"),
        };
        let hangup: &[u8] = if std::mem::take(&mut self.hangs_up) { b"HANGUP\n" } else { b"" };
        talk.say(&[hangup, &reply, b"\n"].concat());
        Some(line)
    }

    fn expand(&self, expression: &str) -> Vec<u8> {
        let mut parts = expression.split("${");
        let mut text = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or_else(|| panic!("no end: {expression}"));
            text.extend(self.bytes(name));
            text.extend(rest.bytes());
        }
        text
    }
}

/// What Asterisk calls a presentation.
fn presentation(number: u8) -> &'static str {
    match number {
        0x00 => "allowed_not_screened",
        0x01 => "allowed_passed_screen",
        0x02 => "allowed_failed_screen",
        0x03 => "allowed",
        0x20 => "prohib_not_screened",
        0x21 => "prohib_passed_screen",
        0x22 => "prohib_failed_screen",
        0x23 => "prohib",
        0x43 => "unavailable",
        _ => "unknown",
    }
}

/// The words of a line as Asterisk's res_agi.c has them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut is_between, mut is_quoted, mut is_escaped) = (true, false, false);
    for c in line.chars() {
        let is_plain = match c {
            '"' | '\\' => is_escaped,
            ' ' | '\t' => is_quoted || is_escaped,
            _ => true,
        };
        if c == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        if is_between && (is_plain || is_quoted) {
            words.push(String::new());
            is_between = false;
        }
        match words.last_mut() {
            Some(word) if is_plain => word.push(c),
            _ => {}
        }
        is_between |= " \t".contains(c) && !is_plain;
        is_escaped = c == '\\' && !is_escaped;
    }
    assert!(!is_quoted && !is_escaped, "a quotation without an end: {line:?}");
    words
}

/// A talk with a program, from Asterisk's side.
pub struct Talk<R, W> {
    input: R,
    output: W,
    /// what is on Asterisk's console
    said: Vec<String>,
}

impl<R: BufRead, W: Write> Talk<R, W> {
    fn new(input: R, output: W) -> Self {
        Self { input, output, said: Vec::new() }
    }

    fn say(&mut self, bytes: &[u8]) {
        // A program need not listen to the end.
        let _ = self.output.write_all(bytes).and_then(|()| self.output.flush());
    }

    fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("{error} after {line:?}"),
        }
        assert!(!line.contains(TOKEN), "the token is shown: {line}");
        Some(line.strip_suffix('\n').unwrap_or_else(|| panic!("half a line: {line:?}")).to_owned())
    }
}

/// A program that Asterisk runs.
pub struct Agi {
    process: Child,
    pub talk: Talk<BufReader<ChildStdout>, ChildStdin>,
    stderr: Heard,
    started: Stopwatch,
}

impl Agi {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal, such as HUP.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Closes the streams, and waits for the program's end.
    pub fn end(mut self) -> Ended {
        drop(self.talk.input);
        drop(self.talk.output);
        let mut code = None;
        until("the end of the program", || {
            code = self.process.try_wait().unwrap();
            code.is_some()
        });
        let code = code.unwrap().code().expect("it ended by itself");
        Ended { code, said: self.talk.said, took: self.started.took(), stderr: self.stderr }
    }
}

/// How a program that Asterisk ran ended.
pub struct Ended {
    pub code: i32,
    /// what is on Asterisk's console
    pub said: Vec<String>,
    /// as long as the channel had to wait
    pub took: Took,
    stderr: Heard,
}

impl Ended {
    /// All that it said on stderr, also after it let the channel go: waits for whatever it has left
    /// running.
    pub fn stderr(mut self) -> String {
        let stderr = self.stderr.all();
        assert!(!stderr.contains(TOKEN), "the token is shown: {stderr}");
        stderr
    }
}

/// How a talk over the network ended.
#[derive(Debug)]
pub struct Told {
    /// what is on Asterisk's console
    pub said: Vec<String>,
    /// as long as the channel had to wait
    pub took: Took,
}

/// A customer's channels with a line break somewhere in their header, each with what is odd about it: a call to
/// 493023125111 from 4940669690 all the same.
pub fn with_line_breaks() -> Vec<(&'static str, Channel)> {
    let named = |name: &str| Channel { caller_name: name.to_owned(), ..Channel::of_customer(CALL) };
    let forged = "x\nagi_callerid: 666\nagi_callingpres: 32\nagi_dnid: 666\nagi_uniqueid: 666\nagi_channel: PJSIP/666-1";
    let whole =
        format!("{forged}\nagi_threadid: 1\n\nHANGUP\n200 result=1 (666)\n200 result=0\n510 x\n520-x\n520 x");
    let calling = |number: &str| Channel { caller: number.into(), ..Channel::of_customer(CALL) };
    let dialling = |number: &str| Channel { dialled: number.into(), ..Channel::of_customer(CALL) };
    vec![
        ("a name out of a program", named("Chris Customer\n")),
        ("a name with a line of the network", named("Chris\r\nCustomer")),
        ("a name with an empty line", named("Chris\n\nCustomer")),
        ("a name with many lines", named(&"Chris\n".repeat(500))),
        ("a name with lines of a header", named(forged)),
        ("a name with a header and replies", named(&whole)),
        ("an account code", Channel { account: "sales\n", ..Channel::of_customer(CALL) }),
        ("a context", Channel { context: "zammad\nagi_callerid: 666", ..Channel::of_customer(CALL) }),
        ("an extension", Channel { extension: "s\n\n666", ..Channel::of_customer(CALL) }),
        ("a number out of a program", calling("4940669690\n")),
        ("a number with a line of the network", calling("4940669690\r\n")),
        ("a dialled number out of a program", dialling("493023125111\n")),
        ("a dialled number with empty lines", dialling("493023125111\r\n\r\n")),
    ]
}

/// Fails unless a line break in the header is said, once and in a short line.
pub fn assert_line_break_is_said(stderr: &str, what: &str) {
    let said: Vec<_> = stderr.lines().filter(|line| line.contains("has a line break")).collect();
    assert!(matches!(said[..], [line] if line.contains(CALL) && line.len() <= 120), "{what}: {stderr}");
}

/// Plays the dialplan of a call that Anna answers; `report` runs one of its lines, whose options are
/// names and values, and returns what is on Asterisk's console.
pub fn whole_call(
    sandbox: &Sandbox,
    mut report: impl FnMut(&mut Channel, &str, &[(&str, &str)]) -> Vec<String>,
) {
    let mut customer = Channel::of_customer(CALL);
    let said = report(&mut customer, "new-call", &[("queue", "support"), ("user", "Anna"), ("user", "Bert")]);
    assert_said(&said, "zammad-cti: newCall of call 1795205483.1: none (");
    for (name, value) in [("CALLID", CALL), ("DIRECTION", "in"), ("ACTION", "none"), ("ERROR", "")] {
        assert_eq!(customer.get(&format!("ZAMMAD_{name}")), value, "{name}");
    }
    let call = sandbox.call(CALL);
    assert_eq!((&call["from"], &call["to"]), (&"4940669690".into(), &"493023125111".into()), "{call}");
    assert_eq!((&call["queue"], &call["to_comment"]), (&"support".into(), &"Anna, Bert".into()), "{call}");

    let mut phone = customer.picked_up_by("PJSIP/anna-0000001f", "101");
    let said = report(&mut phone, "answer", &[]);
    assert_said(&said, "zammad-cti: answer of call 1795205483.1");
    customer.is_connected_with(phone);
    assert_eq!(customer.get("ZAMMAD_ANSWERED"), CALL);
    // It may be on its way still.
    until("the answer", || sandbox.call(CALL)["state"] == "answer");
    assert_eq!(sandbox.call(CALL)["to_comment"], "anna@example.com");

    customer = customer.with(&[("DIALSTATUS", "ANSWER"), ("HANGUPCAUSE", "16")]);
    let said = report(&mut customer, "hangup", &[]);
    assert_said(&said, "zammad-cti: hangup of call 1795205483.1");
    until("the hangup", || sandbox.call(CALL)["state"] == "hangup");
    let call = sandbox.call(CALL);
    assert_eq!((&call["comment"], &call["done"]), (&"normalClearing".into(), &true.into()), "{call}");
    assert_eq!(sandbox.log().len(), 1);
}

/// Fails unless this line, and it alone, is on the console, or begins so.
pub fn assert_said(said: &[String], line: &str) {
    assert!(matches!(said, [only] if only.starts_with(line)), "no {line:?} in {said:?}");
}

/// The events that reached a server, oldest first.
pub fn events(server: &Server) -> Vec<serde_json::Value> {
    let body = |request: &String| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    server.requests().iter().map(body).collect()
}
