//! Asterisk's AGI conversation: a header about the channel, then commands, each with its reply.
//!
//! Lines end with a line feed and are bytes, not text. The caller's number and name come from a
//! stranger and stand in the middle of them, line breaks included: what they can pretend to be ends
//! here. The header is read as [`Header`] says; and what is asked of the channel comes back between
//! marks that no stranger can know, so a line that was smuggled in is not taken for a reply.
//!
//! Source: Asterisk's documentation, "Asterisk Gateway Interface", and conversations with Asterisk
//! 22.10.1.

mod header;
mod until;

use std::io::{BufRead, Read, Write};

pub use header::{Header, Numbers};
pub use until::Until;

/// The longest reply that is read. Asterisk's own replies are cut at some thousand bytes.
const MAX_REPLY: usize = 64 * 1024;

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
pub enum AgiError {
    #[error("Asterisk does not go on talking")]
    Stream(#[from] std::io::Error),
    #[error("Asterisk ended the conversation")]
    Closed,
    #[error("Asterisk's header is longer than any")]
    LongHeader,
    #[error("Asterisk's reply is longer than any")]
    LongReply,
    #[error("Asterisk's header names no call")]
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
    pub fn begin(mut input: R, output: W) -> Result<Self, AgiError> {
        let header = Header::read(&mut input)?;
        let mark = uuid::Uuid::new_v4().simple().to_string();
        Ok(Self { header, input, output, mark, is_in_step: false })
    }

    /// The part of the header that is no stranger's.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The numbers of the header. Before the first [`values`](Self::values), and of a header that
    /// was tampered with, none is believed.
    pub fn numbers(&self) -> Numbers<'_> {
        if self.is_in_step { self.header.numbers() } else { Numbers::default() }
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
            if line.starts_with("200 result=0") {
                break last.clone();
            }
            refuse_unknown(&line, "GET FULL VARIABLE")?;
            if line != "HANGUP" && !self.is_in_step {
                // The rest of a header that an empty line of a stranger's cut in two.
                self.header.disbelieve();
            }
        };
        self.is_in_step = true;
        let values = loop {
            if let Some(values) = reply.strip_suffix(&last) {
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
