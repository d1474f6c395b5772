//! What Asterisk's manager interface says: blocks of header lines, each ended by an empty line.
//!
//! Source: Asterisk's documentation of AMI, and recordings in `tests/fixtures/bridge`. Texts of
//! strangers come unescaped, a line break in them too, so the end of a block may be one that was made
//! up: what begins without `Event:` or `Response:` says so, and then nothing is believed until the
//! phone system was asked anew.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::masking::masked;
use crate::bridge::mask::Mask;

/// A header line has a few hundred bytes; a name may be longer.
const LONGEST_LINE: usize = 16 * 1024;

/// A block has some forty lines; the reply to a command more.
const LONGEST_BLOCK: usize = 256 * 1024;

/// How the names of fields end that come before a channel's number.
const BEFORE_NUMBERS: &[&str] = &["Event", "Channel", "ChannelState", "ChannelStateDesc"];

/// How the names of fields end that a message may have several times.
const REPEATED: &[&str] = &["Variable", "Output"];

/// One message: an event, or the reply to an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Block {
    fields: Vec<(String, String)>,
    /// Another one came in one go with it, and follows at once.
    #[serde(skip)]
    is_followed: bool,
}

/// Why something is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It is longer than anything that Asterisk says.
    #[error("a message without an end")]
    Endless,
    /// It begins in the middle.
    #[error("a message that begins with neither Event nor Response")]
    Headless,
}

impl Block {
    /// The value of a header field: of several that which Asterisk wrote itself, if another was slipped in by a
    /// number. A channel's name and state come before its number, all else after it. Names of fields are not always
    /// spelt the same.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let is_before = BEFORE_NUMBERS.iter().any(|end| ends_with(name, end));
        let field = if is_before { fields.next() } else { fields.next_back() };
        field.map(|(_, value)| value.as_str())
    }

    /// That another message came in one go with it.
    pub(super) fn followed(self) -> Self {
        Self { is_followed: true, ..self }
    }

    /// Whether another message came in one go with it, and follows at once.
    pub(super) fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// All values of a field that may be repeated, such as `Variable`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.as_str())
    }

    /// The name of the event; `None` for a reply.
    pub fn event(&self) -> Option<&str> {
        self.fields
            .first()
            .filter(|(field, _)| field.eq_ignore_ascii_case("Event"))
            .map(|(_, name)| name.as_str())
    }

    /// Whether a field stands twice that no message has twice: somebody has slipped one in.
    pub fn is_doubled(&self) -> bool {
        let mut known: Vec<&str> = Vec::with_capacity(self.fields.len());
        self.fields.iter().map(|(field, _)| field.as_str()).any(|field| {
            let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(field));
            known.push(field);
            is_known && !REPEATED.iter().any(|end| ends_with(field, end))
        })
    }

    /// Puts other numbers and names in place of those that it has.
    pub fn mask(&mut self, mask: &Mask) {
        for (field, value) in &mut self.fields {
            *value = masked(field, value, mask);
        }
    }

    /// The fields in their order.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (field, value) in &self.fields {
            writeln!(f, "{field}: {value}")?;
        }
        Ok(())
    }
}

/// Puts blocks together from what arrives, however it is cut.
#[derive(Debug, Default)]
pub struct Blocks {
    /// what has arrived of a line that has not ended
    line: Vec<u8>,
    fields: Vec<(String, String)>,
    bytes: usize,
    /// Until the next empty line nothing is kept: it was too long already.
    is_endless: bool,
}

impl Blocks {
    /// Takes what arrived, and gives each block that it completes to `each`.
    pub fn read(&mut self, mut arrived: &[u8], each: &mut impl FnMut(Result<Block, BlockError>)) {
        while let Some(end) = arrived.iter().position(|&byte| byte == b'\n') {
            self.extend(&arrived[..end]);
            arrived = &arrived[end + 1..];
            self.end_line(each);
        }
        self.extend(arrived);
    }

    /// Whether a message has begun, and not ended.
    pub(super) fn is_within(&self) -> bool {
        self.is_endless || !self.fields.is_empty() || !self.line.is_empty()
    }

    fn extend(&mut self, part: &[u8]) {
        self.bytes += part.len();
        if self.line.len() + part.len() > LONGEST_LINE || self.bytes > LONGEST_BLOCK {
            self.is_endless = true;
            self.fields = Vec::new();
        }
        if self.is_endless {
            // So much of it that an empty line is still told from one that is not.
            self.line.truncate(2);
            let room = 2 - self.line.len();
            self.line.extend(part.iter().take(room));
        } else {
            self.line.extend_from_slice(part);
        }
    }

    fn end_line(&mut self, each: &mut impl FnMut(Result<Block, BlockError>)) {
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        if !text.is_empty() {
            if !self.is_endless {
                self.fields.push(field(text));
            }
            return;
        }
        let fields = std::mem::take(&mut self.fields);
        self.bytes = 0;
        if std::mem::take(&mut self.is_endless) {
            each(Err(BlockError::Endless));
        } else if let Some((first, _)) = fields.first() {
            let is_one = ["Event", "Response"].iter().any(|head| first.eq_ignore_ascii_case(head));
            each(if is_one { Ok(Block { fields, is_followed: false }) } else { Err(BlockError::Headless) });
        }
    }
}

pub(super) fn ends_with(name: &str, end: &str) -> bool {
    name.len()
        .checked_sub(end.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// `Name: value`; bytes that are not UTF-8 are those of a name in an older encoding.
fn field(line: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(line);
    match text.split_once(':') {
        Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
        // The output of a command in older releases; of no use here.
        None => (String::new(), text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&[u8]]) -> Vec<Result<Block, BlockError>> {
        let mut blocks = Blocks::default();
        let mut read = Vec::new();
        for part in parts {
            blocks.read(part, &mut |block| read.push(block));
        }
        read
    }

    #[test]
    fn a_block_is_the_same_however_it_is_cut_and_ended() {
        let text =
            b"Event: Hangup\r\nUniqueid: 1.2\r\nCause-txt: Normal: Clearing\r\n\r\nResponse: Success\r\n\r\n";
        let whole = read(&[text]);
        assert_eq!(whole.len(), 2);
        let hangup = whole[0].as_ref().unwrap();
        assert_eq!(hangup.event(), Some("Hangup"));
        assert_eq!(hangup.get("uniqueid"), Some("1.2"));
        assert_eq!(hangup.get("Cause-txt"), Some("Normal: Clearing"));
        assert_eq!(whole[1].as_ref().unwrap().event(), None);
        for cut in 0..text.len() {
            assert_eq!(read(&[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
        }
        let bare: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'\r').collect();
        assert_eq!(read(&[&bare]), whole);
    }

    #[test]
    fn of_a_field_that_was_slipped_in_the_genuine_one_counts() {
        let whole = |number: &str| {
            format!(
                "Event: DialBegin\nChannel: true\nChannelStateDesc: true\nCallerIDNum: {number}\nContext: true\n\
                 Exten: true\nUniqueid: true\nLinkedid: true\nChanVariable: A=1\nChanVariable: B=2\n\
                 DestChannel: true\nDestUniqueid: true\nVariable: A=1\nVariable: B=2\nOutput: 1\nOutput: 2\n\n"
            )
        };
        let block = read(&[whole("1").as_bytes()]).remove(0).unwrap();
        assert!(!block.is_doubled());
        let fields = [
            "Channel",
            "ChannelStateDesc",
            "Context",
            "Exten",
            "Uniqueid",
            "Linkedid",
            "DestChannel",
            "DestUniqueid",
        ];
        for field in fields {
            // DestChannel comes after the caller's number, and before that of the other channel.
            let block = match field {
                "DestChannel" => whole("1")
                    .replace("DestUniqueid", "DestCallerIDNum: 1\nDestChannel: forged\nDestUniqueid"),
                _ => whole(&format!("1\n{field}: forged")),
            };
            let block = read(&[block.as_bytes()]).remove(0).unwrap();
            assert_eq!(block.get(field), Some("true"), "{field}");
            assert!(block.is_doubled(), "{field}");
        }
    }

    #[test]
    fn what_is_no_message_is_named_and_the_next_one_is_read() {
        let next = b"\n\nEvent: FullyBooted\n\n";
        // (what comes before, error)
        let cases: [(Vec<u8>, BlockError); 4] = [
            (b"Exten: 1\nContext: x".to_vec(), BlockError::Headless),
            (b"no colon".to_vec(), BlockError::Headless),
            ([b"Event: ".to_vec(), vec![b'x'; LONGEST_LINE]].concat(), BlockError::Endless),
            (b"A: b\n".repeat(LONGEST_BLOCK / 3), BlockError::Endless),
        ];
        for (before, error) in cases {
            let read = read(&[&before, next]);
            assert_eq!(read[0], Err(error));
            assert_eq!(read[1].as_ref().unwrap().event(), Some("FullyBooted"), "{error:?}");
            assert_eq!(read.len(), 2, "{error:?}");
        }
    }

    #[test]
    fn a_message_without_an_end_takes_no_memory() {
        let mut blocks = Blocks::default();
        for _ in 0..1000 {
            blocks.read(&[b'x'; 100_000], &mut |_| panic!("there is no end"));
        }
        assert!(blocks.line.capacity() <= 2 * LONGEST_LINE, "{}", blocks.line.capacity());
        for _ in 0..100_000 {
            blocks.read(b"some: line\n", &mut |_| panic!("there is no end"));
        }
        assert_eq!(blocks.fields.capacity(), 0);
    }
}
