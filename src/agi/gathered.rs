//! A header that comes in parts, for a server that does not wait for it in a thread.

use super::AgiError;
use super::header::{Header, MAX_BYTES};

/// What has come of a header so far. It takes no more than a header may have.
#[derive(Debug, Default)]
pub struct Gathered {
    bytes: Vec<u8>,
    /// where the line begins that has no end yet
    line: usize,
}

impl Gathered {
    /// Takes what came next. Tells whether there is nothing to wait for any more: the header is whole, or
    /// longer than any.
    pub fn add(&mut self, part: &[u8]) -> bool {
        // Each byte is looked at once, however small the parts are.
        let mut searched = self.bytes.len();
        self.bytes.extend_from_slice(part);
        while let Some(end) = self.bytes[searched..].iter().position(|&byte| byte == b'\n') {
            let end = searched + end;
            let line = &self.bytes[self.line..end];
            if line.is_empty() || line == b"\r" {
                return true;
            }
            (self.line, searched) = (end + 1, end + 1);
        }
        self.bytes.len() as u64 >= MAX_BYTES
    }

    /// The header, and what follows it.
    ///
    /// # Errors
    ///
    /// It is not whole, or is no header.
    pub fn finish(self) -> Result<(Header, Vec<u8>), AgiError> {
        let mut rest = &self.bytes[..];
        let header = Header::read(&mut rest)?;
        Ok((header, rest.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"agi_network: yes\nagi_uniqueid: 7.1\r\nagi_callerid: 49\n";

    #[test]
    fn a_header_is_whole_with_its_empty_line_however_it_comes() {
        for end in [&b"\n"[..], b"\r\n"] {
            let whole = [HEADER, end, b"HANGUP\n"].concat();
            let length = whole.len() - b"HANGUP\n".len();
            for size in [1, 2, 7, length] {
                let mut gathered = Gathered::default();
                let mut came = 0;
                for part in whole[..length].chunks(size) {
                    came += part.len();
                    assert_eq!(gathered.add(part), came == length, "{size}: {came} of {length}");
                }
                let (header, rest) = gathered.finish().unwrap();
                assert_eq!((header.unique_id.as_str(), &rest[..]), ("7.1", &b""[..]), "{size}");
            }
            let mut gathered = Gathered::default();
            assert!(gathered.add(&whole));
            assert_eq!(gathered.finish().unwrap().1, b"HANGUP\n");
        }
    }

    #[test]
    fn what_is_no_header_is_not_waited_for() {
        let mut ended = Gathered::default();
        assert!(!ended.add(HEADER));
        assert!(matches!(ended.finish(), Err(AgiError::Closed)));
        for endless in [vec![b'x'; 70_000], b"agi_x: y\n".repeat(10_000)] {
            let mut gathered = Gathered::default();
            assert!(endless.chunks(4096).any(|part| gathered.add(part)));
            assert!(matches!(gathered.finish(), Err(AgiError::LongHeader)));
        }
    }
}
