//! What FreeSWITCH's event socket says: header lines, an empty line, and as many bytes as they announce.
//!
//! Source: `mod_event_socket.c` of FreeSWITCH, and recordings in `tests/fixtures/bridge/freeswitch`. The values of an
//! event's headers stand in its body, encoded, so that nobody's name can begin another block.

/// The lines before a body are few and short.
const LONGEST_HEAD: usize = 16 * 1024;

/// FreeSWITCH itself takes no more of who sends to it.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// One message of the event socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

/// A message is too long, or none; nobody knows where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what FreeSWITCH says has no end")]
pub struct Endless;

impl Block {
    /// The value of a header field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// What it is, such as `command/reply`.
    pub fn content_type(&self) -> &str {
        self.get("Content-Type").unwrap_or_default()
    }

    /// What follows the header lines.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Puts blocks together from what arrives, however it is cut.
#[derive(Debug, Default)]
pub struct Blocks {
    /// what has arrived of a line that has not ended
    line: Vec<u8>,
    block: Block,
    head: usize,
    /// how much of the body is to come, once the header lines have ended
    missing: Option<usize>,
}

impl Blocks {
    /// Takes what arrived, and gives each block that it completes to `each`.
    ///
    /// # Errors
    ///
    /// It is nothing that the event socket says. What comes afterwards is of no use.
    pub fn read(&mut self, mut arrived: &[u8], each: &mut impl FnMut(Block)) -> Result<(), Endless> {
        while !arrived.is_empty() {
            if let Some(missing) = self.missing {
                let (part, rest) = arrived.split_at(missing.min(arrived.len()));
                self.block.body.extend_from_slice(part);
                arrived = rest;
                self.missing = Some(missing - part.len());
                self.end_body(each);
                continue;
            }
            let end = arrived.iter().position(|&byte| byte == b'\n');
            let (part, rest) = arrived.split_at(end.unwrap_or(arrived.len()));
            self.head += part.len();
            if self.head > LONGEST_HEAD {
                return Err(Endless);
            }
            self.line.extend_from_slice(part);
            arrived = rest;
            if end.is_some() {
                arrived = &arrived[1..];
                self.end_line()?;
                self.end_body(each);
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), Endless> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
        if let Some((name, value)) = text.split_once(':') {
            self.block.fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        if !text.is_empty() || self.block.fields.is_empty() {
            return Ok(());
        }
        let length = self.block.get("Content-Length").unwrap_or("0");
        let length = length.parse().ok().filter(|&length| length <= LONGEST_BODY).ok_or(Endless)?;
        self.missing = Some(length);
        // So much as has come, in the end: nothing is set aside for what is only announced.
        self.block.body.reserve(length.min(LONGEST_HEAD));
        Ok(())
    }

    fn end_body(&mut self, each: &mut impl FnMut(Block)) {
        if self.missing == Some(0) {
            self.missing = None;
            self.head = 0;
            each(std::mem::take(&mut self.block));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&[u8]]) -> (Vec<Block>, Result<(), Endless>) {
        let mut blocks = Blocks::default();
        let mut read = Vec::new();
        let result = parts.iter().try_for_each(|part| blocks.read(part, &mut |block| read.push(block)));
        (read, result)
    }

    #[test]
    fn a_block_is_the_same_however_it_is_cut_and_ended() {
        let text =
            b"Content-Length: 9\nContent-Type: text/event-json\n\n{\"a\":\n\n1}Content-Type: command/reply\n\
                     Reply-Text: +OK: accepted\n\nContent-Type: api/response\nContent-Length: 4\n\n+OK\n";
        let (whole, result) = read(&[text]);
        assert_eq!(result, Ok(()));
        assert_eq!(whole.len(), 3);
        assert_eq!((whole[0].content_type(), whole[0].body()), ("text/event-json", &b"{\"a\":\n\n1}"[..]));
        assert_eq!(whole[1].get("reply-text"), Some("+OK: accepted"));
        assert_eq!(whole[2].body(), b"+OK\n");
        for cut in 0..text.len() {
            assert_eq!(read(&[&text[..cut], &text[cut..]]).0, whole, "cut at {cut}");
        }
        let head = b"Content-Type: auth/request\r\n\r\n";
        assert_eq!(read(&[head]).0[0].content_type(), "auth/request");
    }

    #[test]
    fn what_has_no_end_is_given_up_and_takes_no_memory() {
        // (what comes)
        let cases: [&[u8]; 5] = [
            b"Content-Length: 99999999999\n\n",
            b"Content-Length: 16777217\n\n",
            b"Content-Length: -1\n\n",
            b"Content-Length: much\n\n",
            &[b'x'; LONGEST_HEAD + 1],
        ];
        for comes in cases {
            assert_eq!(read(&[comes]).1, Err(Endless), "{:?}", String::from_utf8_lossy(&comes[..20]));
        }
        let mut blocks = Blocks::default();
        blocks.read(b"Content-Length: 16777216\n\n", &mut |_| ()).unwrap();
        assert!(blocks.block.body.capacity() <= LONGEST_HEAD, "{}", blocks.block.body.capacity());
        let lines = b"some: line\n".repeat(LONGEST_HEAD / 10 + 1);
        assert_eq!(Blocks::default().read(&lines, &mut |_| ()), Err(Endless));
    }
}
