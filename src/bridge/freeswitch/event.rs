//! An event of FreeSWITCH's: which it is, and of its headers those that tell of calls.
//!
//! Source: `switch_event_serialize_json` and `switch_event_serialize` in FreeSWITCH's `switch_event.c`. In JSON a header
//! that was added twice stands there twice, and one that is an array may be a text if it has one entry.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::header::{Header, Kind};
use crate::bridge::mask::Mask;

/// A number, a name of a queue, or a caller's `Call-ID` that is a leg's id has fewer bytes.
const LONGEST_VALUE: usize = 256;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    headers: Vec<(Header, String)>,
}

impl Event {
    /// The value of a header, unless it is empty: of several the last.
    pub fn get(&self, header: Header) -> Option<&str> {
        let mut headers = self.headers.iter().rev();
        let value = headers.find(|(name, _)| *name == header).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// What happened, such as `CHANNEL_CREATE`.
    pub fn name(&self) -> &str {
        self.get(Header::EventName).unwrap_or_default()
    }

    /// When it happened, in microseconds from any beginning.
    pub fn time(&self) -> Option<u64> {
        self.get(Header::Timestamp)?.parse().ok()
    }

    /// As text, one header a line, each value percent-encoded.
    pub fn of_plain(text: &str) -> Self {
        let mut event = Self::default();
        for line in text.lines() {
            // Behind an empty line is the event's body.
            let Some((name, value)) = line.split_once(": ") else { break };
            if let Some(header) = Header::named(name) {
                event.push(header, &percent_decode_str(value).decode_utf8_lossy());
            }
        }
        event
    }

    /// As JSON. Bytes of a name in an older encoding are in it as they are.
    ///
    /// # Errors
    ///
    /// It is no JSON object.
    pub fn of_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        match serde_json::from_slice(text) {
            Err(_) if std::str::from_utf8(text).is_err() => {
                serde_json::from_str(&String::from_utf8_lossy(text))
            }
            read => read,
        }
    }

    /// Puts other numbers and names in place of those that it has.
    pub fn mask(&mut self, mask: &Mask) {
        for (header, value) in &mut self.headers {
            match header.kind() {
                Kind::Word | Kind::Id => {}
                Kind::Number => *value = mask.word(value),
                Kind::Channel => {
                    // `sofia/internal/anna@pbx.example`, `loopback/101-a`
                    let (endpoint, called) = value.split_at(value.rfind('/').map_or(0, |slash| slash + 1));
                    let (user, host) = called.split_at(called.find('@').unwrap_or(called.len()));
                    *value = [endpoint, &mask.word(user), &mask.text(host)].concat();
                }
            }
        }
    }

    fn push(&mut self, header: Header, value: &str) {
        // What is left of an id could be another's.
        if header.kind() == Kind::Id && value.len() > LONGEST_VALUE {
            return;
        }
        let end =
            value.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|&end| end <= LONGEST_VALUE);
        let value =
            if value.len() <= LONGEST_VALUE { value } else { &value[..end.last().unwrap_or_default()] };
        self.headers.push((header, value.to_owned()));
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (header, value) in &self.headers {
            writeln!(f, "{}: {value}", header.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.headers.len()))?;
        for (header, value) in &self.headers {
            map.serialize_entry(header.as_str(), value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Headers)
    }
}

struct Headers;

impl<'de> Visitor<'de> for Headers {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the headers of an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut event = Event { headers: Vec::with_capacity(32) };
        while let Some(header) = map.next_key_seed(Name)? {
            match header {
                Some(header) => {
                    if let Some(value) = map.next_value_seed(Value)? {
                        event.push(header, &value);
                    }
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(event)
    }
}

/// The name of a header, without a copy of it.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<Header>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<Header>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a header")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Header::named(name))
    }
}

/// The value of a header: a text, or the first of several.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a header")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let first = values.next_element_seed(Value)?.flatten();
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_the_same_as_json_and_as_text() {
        let json = br#"{"Event-Name":"CHANNEL_ANSWER","Unique-ID":"1","Hangup-Cause":"X","x":["a",{"b":1}],
                        "Hangup-Cause":"NORMAL_CLEARING","variable_dialed_user":["101","102"],"Channel-Name":"a b%\u00e4",
                        "Caller-Context":"","_body":"y"}"#;
        let event = Event::of_json(json).unwrap();
        let plain = "Event-Name: CHANNEL_ANSWER\nUnique-ID: 1\nHangup-Cause: X\nx: y\nHangup-Cause: NORMAL_CLEARING\n\
                     variable_dialed_user: 101\nChannel-Name: a%20b%25%C3%A4\nCaller-Context: \n\nUnique-ID: 2\n";
        assert_eq!(Event::of_plain(plain), event);
        assert_eq!(event.name(), "CHANNEL_ANSWER");
        assert_eq!(event.get(Header::HangupCause), Some("NORMAL_CLEARING"));
        assert_eq!(event.get(Header::ChannelName), Some("a b%\u{e4}"));
        assert_eq!(event.get(Header::Context), None);
        let again: Event = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
        assert_eq!(again.get(Header::HangupCause), Some("NORMAL_CLEARING"));
    }

    /// A caller's name may have bytes that are no text; FreeSWITCH passes them on.
    #[test]
    fn a_name_in_another_encoding_hides_no_call() {
        let json = b"{\"Event-Name\":\"CHANNEL_CREATE\",\"Caller-Caller-ID-Name\":\"M\xfcller\",\"Unique-ID\":\"1\xff\"}";
        let event = Event::of_json(json).unwrap();
        assert_eq!((event.name(), event.get(Header::UniqueId)), ("CHANNEL_CREATE", Some("1\u{fffd}")));
        assert!(Event::of_json(b"[1]").is_err());
        assert!(Event::of_json(b"{\"Event-Name\":\"X\"").is_err());
    }

    #[test]
    fn a_value_without_an_end_is_cut() {
        let long = "\u{e4}".repeat(10_000);
        let event = Event::of_plain(&format!("Caller-Context: {long}\nUnique-ID: {long}\n"));
        assert_eq!(event.get(Header::Context).map(str::len), Some(LONGEST_VALUE));
        // Two that begin alike would be one.
        assert_eq!(event.get(Header::UniqueId), None);
    }
}
