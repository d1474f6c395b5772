//! Asterisk's AGI conversation: a header about the channel, then commands, each with its reply.
//!
//! Lines end with a line feed and are bytes, not text. The caller's number and name come from a
//! stranger and stand in the middle of them, line breaks included: what they can pretend to be ends
//! here. So of the header little is taken ([`Header`]); what counts is asked of the channel, and comes
//! back between marks that no stranger can know, so a line that was smuggled in is not taken for a reply.
//!
//! Source: Asterisk's documentation, "Asterisk Gateway Interface", and conversations with Asterisk
//! 22.10.1.

mod gathered;
mod header;
mod until;

use std::io::{BufRead, Read, Write};

pub use gathered::Gathered;
pub use header::Header;
pub use until::Until;

/// The longest reply that is read. Asterisk's own replies are cut at some thousand bytes.
const MAX_REPLY: usize = 64 * 1024;

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
pub enum AgiError {
    #[error("cannot talk to Asterisk")]
    Stream(#[from] std::io::Error),
    #[error("Asterisk ended the conversation")]
    Closed,
    #[error("Asterisk's header is too long")]
    LongHeader,
    #[error("Asterisk's reply is too long")]
    LongReply,
    #[error("Asterisk's header does not name a call")]
    NoCall,
    #[error("Asterisk does not know the command {command}")]
    Unknown { command: &'static str },
}

/// A conversation about one channel.
pub struct Conversation<R, W> {
    header: Header,
    input: R,
    output: W,
    mark: String,
    /// a reply has shown where the header ends
    is_in_step: bool,
}

impl<R: BufRead, W: Write> Conversation<R, W> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// The stream ends, gives up waiting, or brings something that is no header.
    pub fn begin(input: R, output: W) -> Result<Self, AgiError> {
        Self::with_mark(input, output, fresh_mark())
    }

    /// Goes on behind a header that was [gathered](Gathered).
    pub fn after(header: Header, input: R, output: W) -> Self {
        Self { header, input, output, mark: fresh_mark(), is_in_step: false }
    }

    fn with_mark(mut input: R, output: W, mark: String) -> Result<Self, AgiError> {
        let header = Header::read(&mut input)?;
        Ok(Self { header, input, output, mark, is_in_step: false })
    }

    /// What is taken of the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether a line break in one of the header's values has put lines where they do not belong. That shows
    /// with the first [`values`](Self::values).
    pub fn is_out_of_place(&self) -> bool {
        self.is_in_step && self.header.is_out_of_place
    }

    /// The values of expressions such as `DIALSTATUS` or `CALLERID(num)`, in their order; empty
    /// where a variable is not set, or the channel is not there any more.
    ///
    /// # Errors
    ///
    /// The stream ends or gives up waiting.
    pub fn values<const N: usize>(&mut self, expressions: [&str; N]) -> Result<[String; N], AgiError> {
        let mark = self.mark.clone();
        let asked: String = expressions.iter().map(|expression| format!("${{{expression}}}{mark}")).collect();
        self.send(&format!("GET FULL VARIABLE \"{mark}{asked}\""))?;
        let (first, last) = (format!("200 result=1 ({mark}"), format!("{mark})"));
        let mut reply = loop {
            let line = self.line()?;
            if let Some(rest) = line.strip_prefix(&first) {
                break rest.to_owned();
            }
            if !self.is_in_step {
                if line != "HANGUP" {
                    // The rest of a header that an empty line of a stranger's cut in two, or what
                    // he wants to be taken for a reply.
                    self.header.is_out_of_place = true;
                }
                continue;
            }
            refuse_unknown(&line, "GET FULL VARIABLE")?;
            if line.starts_with("200 result=0") {
                return Ok(std::array::from_fn(|_| String::new()));
            }
        };
        self.is_in_step = true;
        let values = loop {
            // As many as were asked for: a value may begin as the reply ends.
            if let Some(values) = reply.strip_suffix(&last)
                && values.matches(&mark).count() + 1 >= N
            {
                break values;
            }
            if reply.len() > MAX_REPLY {
                return Err(AgiError::LongReply);
            }
            // A value with a line break in it.
            reply.push('\n');
            reply.push_str(&self.line()?);
        };
        let mut values = values.split(&mark);
        Ok(std::array::from_fn(|_| values.next().unwrap_or_default().to_owned()))
    }

    /// Sets a variable, or a function such as `MASTER_CHANNEL(X)`.
    ///
    /// # Errors
    ///
    /// The stream ends or gives up waiting.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), AgiError> {
        self.send(&format!("SET VARIABLE {name} {}", quoted(value)))?;
        self.reply("SET VARIABLE")
    }

    /// A line for Asterisk's console and log.
    ///
    /// # Errors
    ///
    /// The stream ends or gives up waiting.
    pub fn say(&mut self, text: &str) -> Result<(), AgiError> {
        self.send(&format!("VERBOSE {} 1", quoted(text)))?;
        self.reply("VERBOSE")
    }

    fn send(&mut self, command: &str) -> Result<(), AgiError> {
        // In one piece: Asterisk reads what is there.
        self.output.write_all(format!("{command}\n").as_bytes())?;
        Ok(self.output.flush()?)
    }

    /// Waits for a reply that says nothing.
    fn reply(&mut self, command: &'static str) -> Result<(), AgiError> {
        loop {
            let line = self.line()?;
            refuse_unknown(&line, command)?;
            // A line `HANGUP` may come before it, and several with 520- belong together.
            if has_code(&line) && line.as_bytes().get(3) == Some(&b' ') {
                return Ok(());
            }
        }
    }

    fn line(&mut self) -> Result<String, AgiError> {
        let mut line = Vec::new();
        self.input.by_ref().take(MAX_REPLY as u64 + 1).read_until(b'\n', &mut line)?;
        if line.len() > MAX_REPLY {
            return Err(AgiError::LongReply);
        }
        match line.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).into_owned()),
            Some(_) | None => Err(AgiError::Closed),
        }
    }
}

fn fresh_mark() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn refuse_unknown(line: &str, command: &'static str) -> Result<(), AgiError> {
    if line.starts_with("510 ") { Err(AgiError::Unknown { command }) } else { Ok(()) }
}

fn has_code(line: &str) -> bool {
    line.len() >= 4 && line.bytes().take(3).all(|byte| byte.is_ascii_digit())
}

/// A text as one argument of a command. A line break would end it, and is none of the texts'.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Asterisk and a program said to each other; `S` is Asterisk.
    const PROCESS: &str = include_str!("../tests/fixtures/asterisk/agi-session.txt");
    const NETWORK: &str = include_str!("../tests/fixtures/asterisk/fastagi-session.txt");

    fn said_by_asterisk(session: &str) -> String {
        let lines =
            session.lines().filter_map(|line| line.strip_prefix("S ").or((line == "S").then_some("")));
        lines.map(|line| format!("{line}\n")).collect()
    }

    fn begin(input: &[u8]) -> Result<Conversation<&[u8], Vec<u8>>, AgiError> {
        Conversation::with_mark(input, Vec::new(), "MARK".to_owned())
    }

    #[test]
    fn recorded_headers_are_read() {
        // (session, script, channel, unique id)
        let cases = [
            (PROCESS, None, "PJSIP/trunk-00000000", "1795205483.1"),
            (NETWORK, Some("newcall?a=1"), "PJSIP/trunk-00000001", "1795205487.2"),
        ];
        for (session, script, channel, unique_id) in cases {
            let header = Header::read(&mut said_by_asterisk(session).as_bytes()).unwrap();
            assert_eq!(header.script.as_deref(), script);
            assert_eq!((header.channel.as_str(), header.unique_id.as_str()), (channel, unique_id));
            assert!(!header.is_out_of_place);
        }
    }

    #[test]
    fn a_recorded_conversation_is_followed_past_the_hangup() {
        let mut asterisk = begin_after_header(
            "HANGUP\n200 result=1\n200 result=1 (MARK4940669690MARK)\n511 Command Not Permitted on a dead \
             channel or intercept routine\n",
        );
        asterisk.set("ZAMMAD_ACTION", "ok").unwrap();
        assert_eq!(asterisk.values(["CALLERID(num)"]).unwrap(), ["4940669690"]);
        asterisk.say("late").unwrap();
        let commands = "SET VARIABLE ZAMMAD_ACTION \"ok\"\n\
                        GET FULL VARIABLE \"MARK${CALLERID(num)}MARK\"\n\
                        VERBOSE \"late\" 1\n";
        assert_eq!(String::from_utf8(asterisk.output).unwrap(), commands);
    }

    fn begin_after_header(replies: &str) -> Conversation<&[u8], Vec<u8>> {
        let header = header(b"4940669690");
        begin(Vec::leak([header.as_slice(), replies.as_bytes()].concat())).unwrap()
    }

    /// A header in which the caller's number is this.
    fn header(caller: &[u8]) -> Vec<u8> {
        let recorded = said_by_asterisk(PROCESS);
        let end = recorded.find("\n\n").unwrap() + 2;
        let (before, after) = recorded[..end].split_once("agi_callerid: 4940669690").unwrap();
        [before.as_bytes(), b"agi_callerid: ", caller, after.as_bytes()].concat()
    }

    #[test]
    fn lines_that_a_caller_writes_are_noticed_and_taken_for_nothing() {
        // All that follows the number, as a stranger would have it; an empty line; and a reply.
        let recorded = said_by_asterisk(PROCESS);
        let rest = recorded.split_once("agi_callerid: 4940669690").unwrap().1;
        let whole_header = &rest[..rest.find("\n\n").unwrap()];
        let cases: [Vec<u8>; 16] = [
            b"1\nagi_calleridname: x".to_vec(),
            b"1\nagi_callingpres: 0".to_vec(),
            b"1\nagi_dnid: 666".to_vec(),
            b"1\nagi_uniqueid: 666.1".to_vec(),
            b"1\nagi_callerid: 666".to_vec(),
            b"1\nagi_arg_1: --to".to_vec(),
            b"1\nx".to_vec(),
            b"1\r\nx: y".to_vec(),
            b"1\n".to_vec(),
            b"1\r\n".to_vec(),
            b"1\n\n".to_vec(),
            [b"1".as_slice(), &b"\nx".repeat(1000)].concat(),
            b"1\n\n200 result=1 (666.1)\n".to_vec(),
            format!("1{whole_header}\n\n200 result=1 (666.1)").into_bytes(),
            format!("1{whole_header}\n\n200 result=0").into_bytes(),
            format!("1{whole_header}\n\n510 Invalid or unknown command").into_bytes(),
        ];
        for caller in cases {
            let shown = String::from_utf8_lossy(&caller).into_owned();
            let input = [header(&caller).as_slice(), b"200 result=1 (MARKxMARK)\n"].concat();
            let mut asterisk = begin(&input).unwrap_or_else(|error| panic!("{shown:?}: {error}"));
            assert_eq!(asterisk.values(["ZAMMAD_CALLID"]).unwrap(), ["x"], "{shown:?}");
            assert_eq!(asterisk.header().unique_id, "1795205483.1", "{shown:?}");
            assert!(asterisk.is_out_of_place(), "{shown:?}");
        }
        let mut asterisk = begin_after_header("HANGUP\n200 result=1 (MARKxMARK)\n");
        asterisk.values(["ZAMMAD_CALLID"]).unwrap();
        assert!(!asterisk.is_out_of_place());
    }

    #[test]
    fn a_header_of_another_release_is_one_too() {
        let text = String::from_utf8(header(b"4940669690")).unwrap();
        let text = text.replace("agi_language: en\n", "").replace("agi_dnid:", "agi_news: 1\nagi_dnid:");
        assert!(!Header::read(&mut text.as_bytes()).unwrap().is_out_of_place);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let line = b"agi_x: y\n";
        let ended = |error: &AgiError| matches!(error, AgiError::Closed);
        let long = |error: &AgiError| matches!(error, AgiError::LongHeader);
        type Is = fn(&AgiError) -> bool;
        // (input, its error)
        let cases: [(Vec<u8>, Is); 6] = [
            (Vec::new(), ended),
            (b"agi_request: x".to_vec(), ended),
            (line.to_vec(), ended),
            (line.repeat(10_000), long),
            ([b"agi_x: ".as_slice(), &[b'1'; 70_000], b"\n\n"].concat(), long),
            (b"GET / HTTP/1.1\nHost: x\n\n".to_vec(), |error| matches!(error, AgiError::NoCall)),
        ];
        for (input, is_expected) in cases {
            let error = begin(&input).err().unwrap();
            assert!(
                is_expected(&error),
                "{error:?} of {:?}",
                String::from_utf8_lossy(&input[..input.len().min(40)])
            );
        }
    }

    #[test]
    fn values_are_what_stands_between_the_marks() {
        // (reply, values)
        let cases: [(&str, [&str; 2]); 8] = [
            ("200 result=1 (MARKaMARKbMARK)\n", ["a", "b"]),
            ("200 result=1 (MARKaMARK)\n200 result=1\nMARK)\n", ["a", ")\n200 result=1\n"]),
            ("200 result=1 (MARKMARKMARK)\n", ["", ""]),
            ("200 result=1 (MARKa)MARK(b)\nMARK)\n", ["a)", "(b)\n"]),
            (
                "200 result=1 (MARK\n200 result=1 (x)MARK510 y\n\nzMARK)\n",
                ["\n200 result=1 (x)", "510 y\n\nz"],
            ),
            ("HANGUP\n200 result=1 (MARKaMARKbMARK)\n", ["a", "b"]),
            ("200 result=1 (1)\nx\n200 result=1 (MARKaMARKbMARK)\n", ["a", "b"]),
            ("200 result=0\n", ["", ""]),
        ];
        for (reply, values) in cases {
            let replies = format!("200 result=1 (MARKMARK)\n{reply}");
            let mut asterisk = begin_after_header(&replies);
            asterisk.values([""]).unwrap();
            assert_eq!(asterisk.values(["A", "B"]).unwrap(), values, "{reply:?}");
        }
    }

    #[test]
    fn a_reply_that_is_none_ends_the_conversation() {
        let long = "x".repeat(70_000);
        type Is = fn(&AgiError) -> bool;
        let cases: [(String, Is); 4] = [
            ("510 Invalid or unknown command\n".to_owned(), |error| {
                matches!(error, AgiError::Unknown { command: "VERBOSE" })
            }),
            ("200 resu".to_owned(), |error| matches!(error, AgiError::Closed)),
            (long, |error| matches!(error, AgiError::LongReply)),
            (String::new(), |error| matches!(error, AgiError::Closed)),
        ];
        for (reply, is_expected) in cases {
            let error = begin_after_header(&reply).say("x").unwrap_err();
            assert!(is_expected(&error), "{error:?}");
        }
        let usage = "520-Invalid command syntax.  Proper usage follows:\nSends 200 <message/>\n520 End of proper usage.\n";
        begin_after_header(usage).say("x").unwrap();
    }

    #[test]
    fn a_text_is_one_argument_whatever_is_in_it() {
        let mut asterisk = begin_after_header("200 result=1\n");
        asterisk.set("X", "a \"b\" \\ c\nd\u{1b}[2J").unwrap();
        assert_eq!(asterisk.output, b"SET VARIABLE X \"a \\\"b\\\" \\\\ c d [2J\"\n");
    }
}
