//! YAML of sections with keys, which are all that a configuration of this kind has.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

/// A section, by its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub line: usize,
    pub entries: Vec<Entry>,
}

/// A key and what stands behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub line: usize,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Null,
    /// a list, or keys of its own
    Nested,
}

/// Why it cannot be read, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub line: usize,
    pub reason: String,
}

/// Reads the first document. Keys at the top without keys of their own are sections without any.
///
/// # Errors
///
/// It is not YAML, or not made of sections.
pub fn read(text: &str) -> Result<Vec<Section>, Broken> {
    let mut sections: Vec<Section> = Vec::new();
    let mut anchors: HashMap<usize, Value> = HashMap::new();
    // How deep it is, the key whose value is next, and what is deeper than sections.
    let (mut depth, mut key, mut skipped) = (0, None::<(String, usize)>, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error: ScanError| Broken {
            line: error.marker().line(),
            reason: error.info().to_owned(),
        })?;
        let line = span.start.line();
        let broken = |reason: &str| Broken { line, reason: reason.to_owned() };
        let value = match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => continue,
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::MappingStart(..) | Event::SequenceStart(..) if skipped > 0 => {
                skipped += 1;
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd if skipped > 0 => {
                skipped -= 1;
                continue;
            }
            Event::Scalar(..) | Event::Alias(_) if skipped > 0 => continue,
            Event::MappingStart(..) if depth == 0 => {
                depth = 1;
                continue;
            }
            Event::MappingStart(..) if depth == 1 && key.is_some() => {
                depth = 2;
                let (name, line) = key.take().unwrap_or_default();
                sections.push(Section { name, line, entries: Vec::new() });
                continue;
            }
            Event::MappingEnd => {
                depth -= 1;
                continue;
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if key.is_none() {
                    return Err(broken("not a key with a value"));
                }
                skipped = 1;
                Value::Nested
            }
            Event::SequenceEnd => continue,
            Event::Alias(anchor) => anchors.get(&anchor).cloned().unwrap_or(Value::Nested),
            Event::Scalar(text, style, anchor, _) => {
                let is_null =
                    style == ScalarStyle::Plain && ["", "~", "null", "Null", "NULL"].contains(&&*text);
                let value = if is_null { Value::Null } else { Value::Text(text.into_owned()) };
                if anchor > 0 {
                    anchors.insert(anchor, value.clone());
                }
                value
            }
        };
        match (depth, key.take()) {
            (0, _) => return Err(broken("not a section such as 3CX:")),
            (_, None) => {
                let Value::Text(text) = value else { return Err(broken("not a key with a value")) };
                key = Some((text, line));
            }
            (1, Some((name, line))) => sections.push(Section { name, line, entries: Vec::new() }),
            (_, Some((key, line))) => {
                if let Some(section) = sections.last_mut() {
                    section.entries.push(Entry { key, line, value });
                }
            }
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_their_keys_are_read() {
        let text = "# x\nBridge: &b\n  poll_interval: 0.5\n\n3CX:\n  user: &u \"a: b\"\n  pass: *u\n  group: ~\n  \
                    other: [1, {a: 2}]\n  deep:\n    x: y\nEmpty:\n'Zammad': {endpoint: http://x/y, z: }\n---\nno: more\n";
        let sections = read(text).unwrap();
        let flat: Vec<String> = sections
            .iter()
            .flat_map(|section| {
                let name = [format!("{} {}", section.line, section.name)];
                let entry = |entry: &Entry| match &entry.value {
                    Value::Text(text) => format!("{} {}={text}", entry.line, entry.key),
                    Value::Null => format!("{} {} null", entry.line, entry.key),
                    Value::Nested => format!("{} {} nested", entry.line, entry.key),
                };
                name.into_iter().chain(section.entries.iter().map(entry)).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(
            flat,
            [
                "2 Bridge",
                "3 poll_interval=0.5",
                "5 3CX",
                "6 user=a: b",
                "7 pass=a: b",
                "8 group null",
                "9 other nested",
                "10 deep nested",
                "12 Empty",
                "13 Zammad",
                "13 endpoint=http://x/y",
                "13 z null"
            ]
        );
        assert_eq!(read(""), Ok(Vec::new()));
        assert_eq!(read("# nothing\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_made_of_sections_is_told_with_its_line() {
        // (text, line)
        let cases =
            [("a: 'b\n", 1), ("text\n", 1), ("- a\n", 1), ("a:\n  b: c\n d: e\n", 3), ("a:\n\tb: c\n", 2)];
        for (text, line) in cases {
            let broken = read(text).unwrap_err();
            assert!(broken.line >= line && !broken.reason.is_empty(), "{text:?}: {broken:?}");
        }
    }
}
