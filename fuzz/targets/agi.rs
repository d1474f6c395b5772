//! Asterisk's AGI, with a stranger on the line.
//!
//! An input of texts with NULs between them is a call: the caller's number, his name, the address that
//! the dialplan called, and then what Asterisk has in its variables, one after the other. Any other
//! input is what comes from Asterisk, as it comes; in it `MARK` is what this program marks values with.

#![no_main]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufReader, Read, Write};
use std::rc::Rc;

use fuzz::{config, is_harmless};
use libfuzzer_sys::fuzz_target;
use zammad_cti::agi::{AgiError, Conversation};
use zammad_cti::event::EventKind;

use zammad_cti::program::reached::{Agi, Report, Wanted, request, tell, wanted};

fuzz_target!(|data: &[u8]| {
    if data.contains(&0) { a_call(data.split(|&byte| byte == 0).collect()) } else { talk(data) }
});

/// Both ends of a conversation; what Asterisk says may depend on what it was told.
#[derive(Clone)]
struct Line(Rc<RefCell<Asterisk>>);

struct Asterisk {
    said: VecDeque<u8>,
    told: Vec<u8>,
    /// what variables hold; nothing: it does not listen
    values: Option<VecDeque<Vec<u8>>>,
    /// what stands for the mark in what it says
    waits_for_mark: Vec<u8>,
}

impl Line {
    fn new(said: &[u8], values: Option<VecDeque<Vec<u8>>>) -> Self {
        let end = said.windows(2).position(|part| part == b"\n\n").map_or(said.len(), |place| place + 2);
        Self(Rc::new(RefCell::new(Asterisk {
            said: said[..end].iter().copied().collect(),
            told: Vec::new(),
            values,
            waits_for_mark: said[end..].to_vec(),
        })))
    }
}

impl Read for Line {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().said.read(bytes)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().hear(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Asterisk {
    /// Takes one command, which comes in one piece, and replies.
    fn hear(&mut self, bytes: &[u8]) {
        self.told.extend_from_slice(bytes);
        let command = str::from_utf8(bytes).expect("commands are text");
        let command = command.strip_suffix('\n').expect("a command is a line");
        // Whatever is in it, it is one command.
        assert!(!command.contains(char::is_control), "{command:?}");
        let expressions =
            command.strip_prefix("GET FULL VARIABLE \"").and_then(|rest| rest.strip_suffix('"'));
        if let Some(expressions) = expressions {
            let (mark, _) = expressions.split_at(32);
            let said = std::mem::take(&mut self.waits_for_mark);
            let parts: Vec<_> = split_at(&said, b"MARK");
            self.said.extend(parts.join(mark.as_bytes()));
            let Some(values) = &mut self.values else { return };
            let count = expressions.matches("${").count();
            self.said.extend(format!("200 result=1 ({mark}").bytes());
            for _ in 0..count {
                self.said.extend(values.pop_front().unwrap_or_default());
                self.said.extend(mark.bytes());
            }
            self.said.extend(b")\n");
        } else {
            let rest = ["SET VARIABLE ", "VERBOSE "].iter().find_map(|verb| command.strip_prefix(verb));
            check_argument(rest.unwrap_or_else(|| panic!("{command:?}")));
            if self.values.is_some() {
                self.said.extend(b"200 result=1\n");
            }
        }
    }
}

/// A variable's name may come before the one argument in quotes, and a level behind it.
fn check_argument(text: &str) {
    let (name, quoted) = text.split_once('"').unwrap_or_else(|| panic!("{text:?}"));
    assert!(name.chars().all(|c| c.is_ascii_uppercase() || "_() ".contains(c)), "{text:?}");
    let mut rest = quoted.chars();
    loop {
        match rest.next() {
            Some('"') => break,
            Some('\\') => assert!(rest.next().is_some_and(|c| c == '"' || c == '\\'), "{text:?}"),
            Some(_) => {}
            None => panic!("{text:?}"),
        }
    }
    assert!(["", " 1"].contains(&rest.as_str()), "{text:?}");
}

fn split_at<'a>(text: &'a [u8], word: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.windows(word.len()).position(|part| part == word) {
        parts.push(&rest[..place]);
        rest = &rest[place + word.len()..];
    }
    parts.push(rest);
    parts
}

/// Whatever comes, a conversation ends.
fn talk(said: &[u8]) {
    let line = Line::new(said, None);
    let Ok(mut asterisk) = Conversation::begin(BufReader::new(line.clone()), line.clone()) else { return };
    assert!(!asterisk.header().unique_id.is_empty());
    // A mark that nobody knows: what has none is never taken for values.
    match asterisk.values(["A", "B"]) {
        Ok(_) => assert!(split_at(said, b"MARK").len() > 2 || said.starts_with(b"200 result=0"), "{said:?}"),
        Err(AgiError::Closed | AgiError::LongReply | AgiError::Unknown { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let _ = asterisk.set("ZAMMAD_ACTION", "a \"text\" with\neverything \\ in it");
    let _ = asterisk.say("\u{7f}\u{1b}[2J");
    let script = asterisk.header().script.clone().unwrap_or_default();
    if let Ok(event) = request::read(&script) {
        let _ = wanted(&event, &mut asterisk, &config("http://127.0.0.1"));
    }
}

const CHANNEL: &str = "PJSIP/trunk-00000001";
const UNIQUE_ID: &str = "1795205487.2";

/// What a genuine Asterisk says of a call from somebody who calls himself that.
fn header(number: &[u8], name: &[u8]) -> Vec<u8> {
    let before = format!(
        "agi_network: yes\nagi_network_script: x\nagi_request: agi://127.0.0.1/x\nagi_channel: {CHANNEL}\n\
         agi_language: en\nagi_type: PJSIP\nagi_uniqueid: {UNIQUE_ID}\nagi_version: 22.10.1\nagi_callerid: "
    );
    let after = "\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\n\
                 agi_dnid: 493023125997\nagi_rdnis: unknown\nagi_context: from-trunk\n\
                 agi_extension: 493023125997\nagi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: \n\
                 agi_threadid: 140452704097984\n\n";
    [before.as_bytes(), number, b"\nagi_calleridname: ", name, after.as_bytes()].concat()
}

fn a_call(parts: Vec<&[u8]>) {
    let mut parts = parts.into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let (number, name, script) = (next(), next(), next());
    let values: VecDeque<_> = parts.map(<[u8]>::to_vec).collect();
    let given = values.clone();
    let line = Line::new(&header(number, name), Some(values));
    // The rest of a header that an empty line cut in two is there already.
    {
        let mut asterisk = line.0.borrow_mut();
        let rest = std::mem::take(&mut asterisk.waits_for_mark);
        asterisk.said.extend(rest);
    }
    let Ok(mut asterisk) = Conversation::begin(BufReader::new(line.clone()), line.clone()) else {
        // Only a header longer than any.
        assert!(number.len() + name.len() > 40);
        return;
    };
    // What stands before a stranger's words is what Asterisk wrote.
    assert_eq!(
        (asterisk.header().channel.as_str(), asterisk.header().unique_id.as_str()),
        (CHANNEL, UNIQUE_ID)
    );

    let script = String::from_utf8_lossy(script);
    let event = match request::read(&script) {
        Ok(event) => event,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            // The values are what stands in the variables, whatever that is.
            let read = asterisk.values(["A", "B", "C"]).expect("it answers");
            for (read, given) in read.iter().zip(given) {
                assert_eq!(read, &String::from_utf8_lossy(&given));
            }
            let _ = tell::mistake(&mut asterisk, &error.to_string());
            return;
        }
    };
    let config = config("http://127.0.0.1");
    let wanted = wanted(&event, &mut asterisk, &config);
    let written = match wanted {
        Ok(Wanted::Report(written)) => *written,
        Ok(Wanted::Nothing(why)) => return asterisk.say(&why).expect("it listens"),
        Err(error) => return tell::failure(&mut asterisk, &error).expect("it listens"),
    };
    // What is to be reported can be sent, and nothing in it is a stranger's but a number.
    let own = matches!(&event, Agi::NewCall(args) if args.from.as_ref().is_none_or(|from| from.is_empty()));
    if own {
        let from = written.from.as_deref().expect("a newCall has one");
        let is_plain = from.chars().all(|c| c.is_ascii_digit() || "+*# -./()".contains(c));
        assert!(from == "anonymous" || (is_plain && from.len() <= 40), "{from:?}");
    }
    let sent = written.clone().read(&config, None).expect("it was looked at").event;
    assert!(sent.kind == EventKind::NewCall || sent.from.is_none());

    // And what Zammad says of it is told in words that do no harm.
    let text = String::from_utf8_lossy(name);
    let answer = serde_json::json!({ "action": script, "reason": text, "caller_id": text, "number": text });
    for action in ["reject", "dial", &text] {
        let mut answer = answer.as_object().expect("it is one").clone();
        answer.insert("action".to_owned(), action.into());
        let effort = zammad_cti::delivery::Effort {
            attempts: 1,
            elapsed: std::time::Duration::ZERO,
            request_id: zammad_cti::client::RequestId::fresh(),
        };
        let action = Some(zammad_cti::Action::read(&answer, "42"));
        let report = Report::delivered(&sent, &zammad_cti::delivery::Delivered { action, effort });
        assert!(is_harmless(&report.summary()), "{}", report.summary());
        tell::told(&mut asterisk, sent.kind, &report).expect("it listens");
    }
}
