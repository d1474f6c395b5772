//! What Asterisk says of a channel before it is asked.

use std::io::{BufRead, Read};

use super::AgiError;

/// The longest header: Asterisk's own has some 25 lines, one for each argument, and those that values bring
/// with them.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// What is taken of the header.
///
/// Numbers, names and the address stand in it as they are, line breaks included, so a stranger can add lines
/// behind each of them, or end the header there. So what a stranger could change is asked of the channel:
/// see [`values`](super::Conversation::values). What stands here is for a channel that does not answer any
/// more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// the address that the dialplan called, from its path on, as in `new-call?queue=support`;
    /// only over the network
    pub script: Option<String>,
    /// for example `PJSIP/101-00000003`
    pub channel: String,
    pub unique_id: String,
    /// how many arguments follow the program or the address
    pub arguments: usize,
    /// A line comes twice or where it does not belong, or is none of the header's.
    pub(super) is_out_of_place: bool,
}

/// The fields in the order in which Asterisk sends them; `agi_arg_N` follow.
const ORDER: [&str; 22] = [
    "agi_network",
    "agi_network_script",
    "agi_request",
    "agi_channel",
    "agi_language",
    "agi_type",
    "agi_uniqueid",
    "agi_version",
    "agi_callerid",
    "agi_calleridname",
    "agi_callingpres",
    "agi_callingani2",
    "agi_callington",
    "agi_callingtns",
    "agi_dnid",
    "agi_rdnis",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
];

impl Header {
    /// Reads up to the empty line.
    pub(super) fn read(input: &mut impl BufRead) -> Result<Self, AgiError> {
        let mut input = input.by_ref().take(MAX_BYTES);
        let mut fields = Fields::default();
        loop {
            let mut line = Vec::new();
            input.read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                return Err(if input.limit() == 0 { AgiError::LongHeader } else { AgiError::Closed });
            }
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.is_empty() {
                return fields.into_header();
            }
            fields.add(&line);
        }
    }
}

/// The lines so far.
#[derive(Default)]
struct Fields {
    /// by their place in [`ORDER`]
    values: [Option<Vec<u8>>; ORDER.len()],
    /// the place of the next line
    next: usize,
    arguments: usize,
    is_out_of_place: bool,
}

impl Fields {
    fn add(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|&byte| byte == b':') {
            Some(end) => (&line[..end], &line[end + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let place = ORDER[self.next..].iter().position(|known| known.as_bytes() == name);
        match place.map(|place| place + self.next) {
            // An Asterisk that leaves a field out is one still,
            Some(place) => {
                self.values[place] = Some(value.to_owned());
                self.next = place + 1;
            }
            None if self.is_next_argument(name) => self.arguments += 1,
            // and so is one that has more to say.
            None if is_unknown_field(name) => {}
            None => self.is_out_of_place = true,
        }
    }

    /// `agi_arg_1` and so on, after all others.
    fn is_next_argument(&self, name: &[u8]) -> bool {
        self.next == ORDER.len() && name == format!("agi_arg_{}", self.arguments + 1).as_bytes()
    }

    fn into_header(mut self) -> Result<Header, AgiError> {
        let mut text = |name: &str| {
            let place = ORDER.iter().position(|known| *known == name)?;
            String::from_utf8(self.values[place].take()?).ok()
        };
        let unique_id = text("agi_uniqueid").filter(|id| !id.is_empty()).ok_or(AgiError::NoCall)?;
        Ok(Header {
            script: text("agi_network_script"),
            channel: text("agi_channel").unwrap_or_default(),
            unique_id,
            arguments: self.arguments,
            is_out_of_place: self.is_out_of_place,
        })
    }
}

/// A field of a newer Asterisk's.
fn is_unknown_field(name: &[u8]) -> bool {
    name.starts_with(b"agi_")
        && !name.starts_with(b"agi_arg_")
        && !ORDER.iter().any(|known| known.as_bytes() == name)
}
