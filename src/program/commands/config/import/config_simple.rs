//! Files as Perl's `Config::Simple` reads them, in its syntax of sections and keys.
//!
//! Source: `Config::Simple` 4.59, `parse_ini_file` and `get_param`, and `parse_line` of `Text::ParseWords`.

/// A `[section]`, with all that stands below its name anywhere in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// that of its first key or heading
    pub line: usize,
    pub entries: Vec<Entry>,
}

/// A key and its value. Of several in a section the last one counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub line: usize,
    pub value: Value,
}

/// What stands behind the equals sign.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// It has a comma outside of quotes.
    List,
    /// A quote in it has no end, so that nothing of it is read.
    Unended,
}

/// The section of keys that stand above all headings.
const FIRST: &str = "default";

/// Reads a file; the error is the number of a line that is no heading, no key and no comment.
pub fn read(text: &str) -> Result<Vec<Section>, usize> {
    let mut sections: Vec<Section> = Vec::new();
    let mut current = FIRST.to_owned();
    for (place, line) in text.lines().enumerate() {
        let (number, line) = (place + 1, line.trim());
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let heading = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        if let Some(name) = heading.filter(|name| !name.is_empty() && !name.contains(']')) {
            name.trim().clone_into(&mut current);
            section(&mut sections, &current, number);
        } else {
            let (key, value) = line.split_once('=').ok_or(number)?;
            if key.is_empty() {
                return Err(number);
            }
            let entry = Entry { key: key.trim_end().to_owned(), line: number, value: value_of(value.trim()) };
            section(&mut sections, &current, number).entries.push(entry);
        }
    }
    Ok(sections)
}

fn section<'a>(sections: &'a mut Vec<Section>, name: &str, line: usize) -> &'a mut Section {
    let place = sections.iter().position(|section| section.name == name).unwrap_or_else(|| {
        sections.push(Section { name: name.to_owned(), line, entries: Vec::new() });
        sections.len() - 1
    });
    &mut sections[place]
}

/// Quotes are taken off, wherever they stand. Outside of quotes and in double ones a backslash stands
/// before a character that means itself; in single ones it only keeps a quote from being the end. `\n`
/// that is left is a line break.
fn value_of(written: &str) -> Value {
    let mut text = String::new();
    let mut quote = None;
    let mut is_list = false;
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', _) => {
                let Some(next) = characters.next() else { return Value::Unended };
                text.extend((quote == Some('\'')).then_some(character));
                text.push(next);
            }
            ('"' | '\'', None) => quote = Some(character),
            (character, Some(end)) if character == end => quote = None,
            (',', None) => is_list = true,
            (character, _) => text.push(character),
        }
    }
    match quote {
        Some(_) => Value::Unended,
        None if is_list => Value::List,
        None => Value::Text(text.replace("\\n", "\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_perl_reads_it() {
        // (what stands in the file, what Config::Simple 4.59 makes of it; nothing: it has none, or several)
        let cases = [
            ("a", Some("a")),
            (" a b ", Some("a b")),
            ("", Some("")),
            ("\"\"", Some("")),
            ("\"a\"", Some("a")),
            ("'a'", Some("a")),
            ("\"a,b\"", Some("a,b")),
            ("a,b", None),
            ("a , b", None),
            ("\"a\", \"b\"", None),
            (",", None),
            (r"a\,b", Some("a,b")),
            (r#"\",""#, None),
            ("\"a\" \"b\"", Some("a b")),
            ("a\"b\"c", Some("abc")),
            ("x\"'\"y", Some("x'y")),
            ("\"it's\"", Some("it's")),
            ("it's", None),
            ("\"a", None),
            ("a,\"b", None),
            (r"a\", None),
            (r#""a\"#, None),
            (r"'a\", None),
            (r"a\ b", Some("a b")),
            (r#"a\"b"#, Some("a\"b")),
            (r#""a\"b""#, Some("a\"b")),
            (r"'a\'b'", Some(r"a\'b")),
            (r#""a\\b""#, Some(r"a\b")),
            (r"a\nb", Some("anb")),
            (r#""a\nb""#, Some("anb")),
            (r"a\\nb", Some("a\nb")),
            (r"'a\nb'", Some("a\nb")),
            ("a#b ; c", Some("a#b ; c")),
            ("=a", Some("=a")),
        ];
        for (written, expected) in cases {
            let text = match value_of(written.trim()) {
                Value::Text(text) => Some(text),
                Value::List | Value::Unended => None,
            };
            assert_eq!(text.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn lines_are_headings_keys_or_comments() {
        let text = "url = top\r\n# one\n  ; two\n\n[ a ]\nx=1\nk k = v = w\n[b]\nx=2\n [a] \nx = 3";
        let entry = |key: &str, line, value: &str| Entry {
            key: key.to_owned(),
            line,
            value: Value::Text(value.to_owned()),
        };
        let section = |name: &str, line, entries| Section { name: name.to_owned(), line, entries };
        let expected = [
            section(FIRST, 1, vec![entry("url", 1, "top")]),
            section("a", 5, vec![entry("x", 6, "1"), entry("k k", 7, "v = w"), entry("x", 11, "3")]),
            section("b", 8, vec![entry("x", 9, "2")]),
        ];
        assert_eq!(read(text).unwrap(), expected);
        // (text, the line that is none)
        let cases = [("[a]\nword", 2), ("= x", 1), ("[a] b", 1), ("[]", 1), ("\n\n[a", 3), ("[a]]", 1)];
        for (text, line) in cases {
            assert_eq!(read(text), Err(line), "{text}");
        }
    }
}
