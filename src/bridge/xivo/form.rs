//! Call forms: what a server sends to a client so that it pops up a window with a call's data.
//!
//! Source: `sheet` in the code of xivo-ctid 15.18 and 19.03, and recordings of them in
//! `tests/fixtures/bridge/xivo/sheet_samples.jsonl`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use quick_xml::Reader;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesRef, Event};
use serde_json::Value;

use super::message::masked;
use crate::bridge::mask::Mask;

/// The longest form that is read: XML that is no longer packed. Real ones have some kilobytes.
pub const LONGEST: usize = 1024 * 1024;

/// What is read of one form: fields, characters of a name, and of a value.
const FIELDS: usize = 200;
const NAME: usize = 100;
const VALUE: usize = 500;

/// Why a form cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Its payload is none.
    #[error("its payload is not base64")]
    Base64,
    /// It cannot be unpacked.
    #[error("it cannot be unpacked (zlib)")]
    Zlib,
    /// It is longer than `LONGEST`.
    #[error("it has more than 1 MiB")]
    TooLong,
    /// What was unpacked is not as long as it says.
    #[error("its length is not the one that it announces")]
    Length,
    /// It is not XML.
    #[error("it is not XML")]
    Xml,
}

/// What stands in a form.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Form {
    /// what the server says of the call, by name
    internal: Vec<(String, String)>,
    /// what the administrator has put into it, by name
    fields: Vec<(String, String)>,
}

impl Form {
    /// Unpacks a message of the class `sheet`.
    ///
    /// # Errors
    ///
    /// See [`FormError`].
    pub fn read(payload: &str, is_compressed: bool) -> Result<Self, FormError> {
        // Four characters for three bytes; what is not packed is no shorter.
        if payload.len() / 4 * 3 > LONGEST {
            return Err(FormError::TooLong);
        }
        let packed = STANDARD.decode(payload.trim()).map_err(|_| FormError::Base64)?;
        let xml = if is_compressed { unpack(&packed)? } else { packed };
        Self::parse(&String::from_utf8_lossy(&xml))
    }

    /// The form in a message.
    ///
    /// # Errors
    ///
    /// See [`FormError`].
    pub fn of(message: &serde_json::Map<String, Value>) -> Result<Self, FormError> {
        let payload = message.get("payload").and_then(Value::as_str).unwrap_or_default();
        // Only a message that says so is not packed.
        let is_compressed = message.get("compressed").is_none_or(|value| *value != Value::Bool(false));
        Self::read(payload, is_compressed)
    }

    fn parse(xml: &str) -> Result<Self, FormError> {
        let mut reader = Reader::from_str(xml);
        let mut form = Self::default();
        let mut systray = Vec::new();
        // The element that is being read: its tag, its name, what it holds so far.
        let mut open: Option<(Vec<u8>, String, String)> = None;
        loop {
            match reader.read_event().map_err(|_| FormError::Xml)? {
                Event::Start(tag) => {
                    let name = name(tag.attributes());
                    open = name.map(|name| (tag.name().as_ref().to_vec(), name, String::new()));
                }
                Event::Text(text) => {
                    add(&mut open, &text.decode().map_err(|_| FormError::Xml)?);
                }
                Event::CData(text) => {
                    add(&mut open, &text.decode().map_err(|_| FormError::Xml)?);
                }
                Event::GeneralRef(reference) => add(&mut open, &referred(&reference)),
                Event::End(_) => {
                    let Some((tag, name, value)) = open.take() else { continue };
                    let list = match tag.as_slice() {
                        b"internal" => &mut form.internal,
                        b"sheet_info" => &mut form.fields,
                        b"systray_info" => &mut systray,
                        _ => continue,
                    };
                    if list.len() < FIELDS && !list.iter().any(|(known, _)| *known == name) {
                        list.push((name, said(value)));
                    }
                }
                Event::Eof => break,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        if form.internal.is_empty() && form.fields.is_empty() && systray.is_empty() {
            return Err(FormError::Xml);
        }
        // They often have the same names; what the window shows counts.
        for (name, value) in systray {
            if form.fields.len() < FIELDS && !form.fields.iter().any(|(known, _)| *known == name) {
                form.fields.push((name, value));
            }
        }
        Ok(form)
    }

    /// Other numbers and names in place of its own.
    pub fn masked(mut self, mask: &Mask) -> Self {
        for (name, value) in self.internal.iter_mut().chain(&mut self.fields) {
            *value = masked(name, value, mask);
        }
        self
    }

    /// As a payload that is not compressed.
    pub fn packed(&self) -> String {
        let element = |tag: &str, (name, value): &(String, String)| {
            let (name, value) = (quick_xml::escape::escape(name), quick_xml::escape::escape(value));
            format!("<{tag} name=\"{name}\">{value}</{tag}>")
        };
        let internal = self.internal.iter().map(|one| element("internal", one));
        let fields = self.fields.iter().map(|one| element("sheet_info", one));
        let elements: String = internal.chain(fields).collect();
        STANDARD.encode(format!("<profile><user>{elements}</user></profile>"))
    }

    /// All that it says, for people.
    pub fn text(&self) -> String {
        let lines = self.internal.iter().chain(&self.fields).map(|(name, value)| format!("{name}: {value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What the server itself says, if it says something: `where`, `uid`.
    pub fn internal(&self, name: &str) -> Option<&str> {
        found(&self.internal, name)
    }

    /// A field's value, by its name as it stands in the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        found(&self.fields, name)
    }

    /// The value of a field that is named like one of the server's variables, with `xivo-` in front or without.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let is_it = |field: &str| field.strip_prefix("xivo-").unwrap_or(field).eq_ignore_ascii_case(name);
        let mut fields = self.fields.iter().filter(|(field, _)| is_it(field));
        fields.find_map(|(_, value)| Some(value.as_str()).filter(|value| !value.is_empty()))
    }
}

/// A text that its length stands before, in four bytes. That number is not believed.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, FormError> {
    let (length, stream) = packed.split_first_chunk().ok_or(FormError::Length)?;
    let length = u32::from_be_bytes(*length) as usize;
    let text = decompress_to_vec_zlib_with_limit(stream, LONGEST).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => FormError::TooLong,
        _ => FormError::Zlib,
    })?;
    if text.len() == length { Ok(text) } else { Err(FormError::Length) }
}

fn found<'a>(list: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = list.iter().find(|(known, _)| known == name)?;
    Some(value.as_str()).filter(|value| !value.is_empty())
}

/// A value; a placeholder that the server has put nothing in the place of is none.
fn said(value: String) -> String {
    let text = value.trim();
    if text.starts_with('{') && text.ends_with('}') && !text[1..].contains('{') {
        return String::new();
    }
    text.chars().filter(|c| !c.is_control()).take(VALUE).collect()
}

fn name(mut attributes: Attributes<'_>) -> Option<String> {
    let attribute =
        attributes.find_map(|attribute| attribute.ok().filter(|one| one.key.as_ref() == b"name"))?;
    let raw = String::from_utf8_lossy(&attribute.value);
    let name = quick_xml::escape::unescape(&raw).unwrap_or(Cow::Borrowed(&raw));
    Some(name.chars().take(NAME).collect())
}

fn add(open: &mut Option<(Vec<u8>, String, String)>, text: &str) {
    if let Some((_, _, value)) = open
        && value.len() < 4 * VALUE
    {
        value.push_str(text);
    }
}

/// What `&amp;` and the like stand for.
fn referred(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let text = format!("&{};", String::from_utf8_lossy(reference));
    quick_xml::escape::unescape(&text).map(Cow::into_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(xml: &[u8]) -> String {
        let stream = miniz_oxide::deflate::compress_to_vec_zlib(xml, 6);
        let length = u32::try_from(xml.len()).unwrap().to_be_bytes();
        STANDARD.encode([&length[..], &stream].concat())
    }

    #[test]
    fn the_samples_are_read() {
        let samples = include_str!("../../../tests/fixtures/bridge/xivo/sheet_samples.jsonl");
        let mut seen = 0;
        for line in samples.lines() {
            let sample: Value = serde_json::from_str(line).unwrap();
            let title = &sample["title"];
            let read = Form::of(sample["msg"].as_object().unwrap());
            let error = match &read {
                Ok(_) => None,
                Err(FormError::Base64) => Some("base64"),
                Err(FormError::Zlib) => Some("zlib"),
                Err(FormError::Length) => Some("length"),
                Err(FormError::TooLong) => Some("too long"),
                Err(FormError::Xml) => Some("xml"),
            };
            assert_eq!(error, sample["error"].as_str(), "{title}");
            if let Ok(form) = read {
                let all = |list: &[(String, String)]| {
                    Value::Object(list.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect())
                };
                assert_eq!(all(&form.internal), sample["decoded"]["internal"], "{title}");
                assert_eq!(all(&form.fields), sample["decoded"]["fields"], "{title}");
            }
            seen += 1;
        }
        assert!(seen >= 12, "{seen}");
    }

    #[test]
    fn a_form_of_any_size_takes_no_more_memory_than_it_may() {
        // A bomb: much from little.
        assert!(matches!(Form::read(&packed(&vec![b' '; 8 * LONGEST]), true), Err(FormError::TooLong)));
        assert!(matches!(Form::read(&"A".repeat(4 * LONGEST), false), Err(FormError::TooLong)));
        // One of the size that is allowed is read, with as much of it as anybody needs.
        let value = "9".repeat(LONGEST - 200);
        let xml = format!("<profile><user><sheet_info name='xivo-did'>{value}</sheet_info></user></profile>");
        let form = Form::read(&packed(xml.as_bytes()), true).unwrap();
        assert_eq!(form.variable("did").map(str::len), Some(VALUE));
        let many: String = (0..10_000).map(|n| format!("<sheet_info name='{n}'>1</sheet_info>")).collect();
        let form = Form::read(&packed(format!("<user>{many}</user>").as_bytes()), true).unwrap();
        assert_eq!(form.fields.len(), FIELDS);
    }

    #[test]
    fn values_are_found_however_they_are_written() {
        let xml = "<user><internal name='where'><![CDATA[dial]]></internal>\
                   <sheet_info name='xivo-did'>{xivo-did}</sheet_info><sheet_info name='Num&#233;ro'>47 &amp; 11</sheet_info>\
                   <systray_info name='xivo-did'>7</systray_info><systray_info name='calleridnum'><![CDATA[1]]><![CDATA[2]]></systray_info>\
                   <action_info name='where'>x</action_info></user>";
        let form = Form::parse(xml).unwrap();
        assert_eq!(form.internal("where"), Some("dial"));
        assert_eq!(form.field("Numéro"), Some("47 & 11"));
        assert_eq!((form.variable("did"), form.variable("calleridnum")), (None, Some("12")));
        assert!(Form::parse("no form").is_err());
        assert!(Form::parse("<user><a name='b'>").is_err());
    }
}
