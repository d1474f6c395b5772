//! YAML of sections with keys, which are all that a configuration of this kind has.

use std::collections::HashMap;
use std::rc::Rc;

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
    /// it comes from elsewhere, by `<<`
    pub is_merged: bool,
}

#[derive(Debug, PartialEq, Eq)]
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

/// Deeper than any configuration of sections with keys.
const DEEPEST: usize = 16;

/// More entries than such a configuration has, merged ones included.
const MOST_ENTRIES: usize = 10_000;

/// A part of the file, and the line where it begins.
#[derive(Debug)]
struct Node {
    line: usize,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Null,
    List(Vec<Rc<Node>>),
    /// each key with its value
    Keys(Vec<[Rc<Node>; 2]>),
}

/// Reads the first document. Keys at the top without keys of their own are sections without any.
///
/// # Errors
///
/// It is not YAML, or not made of sections.
pub fn read(text: &str) -> Result<Vec<Section>, Broken> {
    let Some(document) = document(text)? else { return Ok(Vec::new()) };
    let Content::Keys(_) = &document.content else {
        return Err(document.broken("not a section such as 3CX:"));
    };
    let mut left = MOST_ENTRIES;
    let mut sections = Vec::new();
    for (name, value, _) in document.pairs(&mut left)? {
        let Content::Text(text) = &name.content else { continue };
        let mut section = Section { name: text.clone(), line: name.line, entries: Vec::new() };
        if let Content::Keys(_) = &value.content {
            for (key, value, is_merged) in value.pairs(&mut left)? {
                let Content::Text(text) = &key.content else { continue };
                let (key, line) = (text.clone(), key.line);
                let value = match &value.content {
                    Content::Text(text) => Value::Text(text.clone()),
                    Content::Null => Value::Null,
                    Content::List(_) | Content::Keys(_) => Value::Nested,
                };
                section.entries.push(Entry { key, line, value, is_merged });
            }
        }
        sections.push(section);
    }
    Ok(sections)
}

impl Node {
    fn broken(&self, reason: &str) -> Broken {
        Broken { line: self.line, reason: reason.to_owned() }
    }

    /// Keys with their values, and whether they are merged: those before the own ones, which count more. Of merged ones
    /// the first count more, so they come last.
    ///
    /// Source: yaml.org, "Merge Key Language-Independent Type for YAML Version 1.1".
    fn pairs(&self, left: &mut usize) -> Result<Vec<(&Node, &Node, bool)>, Broken> {
        let Content::Keys(pairs) = &self.content else {
            return Err(self.broken("`<<` merges keys, and this has none"));
        };
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        for [key, value] in pairs {
            *left = left.checked_sub(1).ok_or_else(|| key.broken("more keys than a configuration has"))?;
            match (&key.content, &value.content) {
                (Content::Text(text), Content::List(several)) if text == "<<" => {
                    for one in several.iter().rev() {
                        merged.extend(one.pairs(left)?);
                    }
                }
                (Content::Text(text), _) if text == "<<" => merged.extend(value.pairs(left)?),
                (Content::Text(_), _) => own.push((&**key, &**value, false)),
                (Content::Null | Content::List(_) | Content::Keys(_), _) => {
                    return Err(key.broken("not a key with a value"));
                }
            }
        }
        let merged = merged.into_iter().map(|(key, value, _)| (key, value, true));
        Ok(merged.chain(own).collect())
    }
}

/// A part that is not at its end yet.
struct Begun {
    line: usize,
    anchor: usize,
    is_list: bool,
    parts: Vec<Rc<Node>>,
}

/// The first document; `None` if there is none.
fn document(text: &str) -> Result<Option<Rc<Node>>, Broken> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut anchors: HashMap<usize, Rc<Node>> = HashMap::new();
    let mut begun: Vec<Begun> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error: ScanError| Broken {
            line: error.marker().line(),
            reason: error.info().to_owned(),
        })?;
        let line = span.start.line();
        let (anchor, node) = match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => continue,
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::MappingStart(anchor, _) | Event::SequenceStart(anchor, _) => {
                if begun.len() >= DEEPEST {
                    return Err(Broken { line, reason: "deeper than sections with keys".to_owned() });
                }
                let is_list = matches!(event, Event::SequenceStart(..));
                begun.push(Begun { line, anchor, is_list, parts: Vec::new() });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let Some(Begun { line, anchor, is_list, parts }) = begun.pop() else { continue };
                let content = match is_list {
                    true => Content::List(parts),
                    false => {
                        let (pairs, _) = parts.as_chunks::<2>();
                        Content::Keys(pairs.to_vec())
                    }
                };
                (anchor, Rc::new(Node { line, content }))
            }
            // One that stands in itself has no end.
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(known) => (0, known.clone()),
                None => return Err(Broken { line, reason: "an alias inside its own anchor".to_owned() }),
            },
            Event::Scalar(text, style, anchor, _) => {
                let is_null =
                    style == ScalarStyle::Plain && ["", "~", "null", "Null", "NULL"].contains(&&*text);
                let content = if is_null { Content::Null } else { Content::Text(text.into_owned()) };
                (anchor, Rc::new(Node { line, content }))
            }
        };
        if anchor > 0 {
            anchors.insert(anchor, node.clone());
        }
        match begun.last_mut() {
            Some(begun) => begun.parts.push(node),
            None => return Ok(Some(node)),
        }
    }
    Ok(None)
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

    #[test]
    fn keys_are_merged_as_yaml_merges_them() {
        // (text, host and user that count)
        let cases = [
            ("base: &b {host: h, user: u}\nx:\n  <<: *b\n  user: v\n", "h v"),
            ("base: &b {host: h, user: u}\nx: {user: v, <<: *b}\n", "h v"),
            ("base: &b {host: h, user: u}\nx: *b\n", "h u"),
            ("a: &a {host: h}\nb: &b {host: i, user: u}\nx: {<<: [*a, *b]}\n", "h u"),
            ("a: &a {host: h}\nb: &b {<<: *a, user: u}\nx: {<<: *b}\n", "h u"),
            ("all: &all\n  x: {host: h, user: u}\n<<: *all\n", "h u"),
            ("\u{feff}x:\r\n  host: h\r\n  user: u\r\n", "h u"),
        ];
        for (text, expected) in cases {
            let sections = read(text).unwrap();
            let own = sections.iter().rfind(|section| section.name == "x").unwrap();
            let counts = |key: &str| match &own.entries.iter().rfind(|entry| entry.key == key).unwrap().value
            {
                Value::Text(text) => text.clone(),
                other => format!("{other:?}"),
            };
            assert_eq!(format!("{} {}", counts("host"), counts("user")), expected, "{text:?}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let deep = format!("a: {}", "[".repeat(100_000));
        let mut laughs = "a0: &a0 {k: v}\n".to_owned();
        for level in 1..40 {
            let before = level - 1;
            laughs += &format!("a{level}: &a{level} {{<<: [*a{before}, *a{before}]}}\n");
        }
        for text in
            [&*deep, &laughs, "a: &a {b: *a}\n", "a: &a {<<: *a}\n", "a: {<<: text}\n", "a: {<<: [1]}\n"]
        {
            let broken = read(text).unwrap_err();
            assert!(broken.line >= 1 && !broken.reason.is_empty(), "{broken:?}");
        }
    }
}
