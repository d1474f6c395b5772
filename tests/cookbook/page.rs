//! A page of the cookbook as its reader's eye takes it in: blocks, headings, links.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A markdown file.
pub struct Page {
    /// from the repository's root, such as `docs/shell.md`
    pub name: String,
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
    /// what a link's `#...` can name
    pub anchors: Vec<String>,
    /// (the anchor of the heading above, the rows without the head)
    pub tables: Vec<(String, Vec<Row>)>,
}

pub type Row = Vec<Cell>;

/// A cell of a table.
#[derive(Debug, Default)]
pub struct Cell {
    pub text: String,
    /// what is set in it as code
    pub codes: Vec<String>,
}

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// the line of its first line of code, from 1
    pub line: usize,
    pub language: String,
    /// what follows the language
    pub second_word: Option<String>,
    pub code: String,
    /// the file of a comment `<!-- from: FILE -->` right before
    pub from: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    pub line: usize,
    pub target: String,
}

impl Page {
    pub fn read(name: &str, text: &str) -> Self {
        let mut page =
            Self { name: name.to_owned(), blocks: vec![], links: vec![], anchors: vec![], tables: vec![] };
        let line = |place: usize| 1 + text[..place].matches('\n').count();
        let mut open: Option<Block> = None;
        let mut heading: Option<String> = None;
        let mut cell: Option<Cell> = None;
        let mut in_head = false;
        let mut from = None;
        for (event, range) in events(text) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let CodeBlockKind::Fenced(info) = kind else { continue };
                    let (language, rest) = info.split_once(char::is_whitespace).unwrap_or((&info, ""));
                    open = Some(Block {
                        line: line(range.start) + 1,
                        language: language.to_owned(),
                        second_word: Some(rest.trim().to_owned()).filter(|word| !word.is_empty()),
                        code: String::new(),
                        from: from.take(),
                    });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(open.take()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|heading| anchor(&heading)));
                }
                Event::Start(Tag::Table(_)) => {
                    page.tables.push((page.anchors.last().cloned().unwrap_or_default(), vec![]));
                }
                Event::Start(Tag::TableRow) => page.tables.last_mut().unwrap().1.push(vec![]),
                Event::Start(Tag::TableHead) => in_head = true,
                Event::End(TagEnd::TableHead) => in_head = false,
                Event::Start(Tag::TableCell) if !in_head => cell = Some(Cell::default()),
                Event::End(TagEnd::TableCell) => {
                    let rows = page.tables.last_mut().and_then(|table| table.1.last_mut());
                    rows.into_iter().for_each(|row| row.extend(cell.take()));
                }
                Event::Text(ref text) | Event::Code(ref text) => {
                    if let Some(cell) = &mut cell {
                        cell.text += text;
                        if matches!(event, Event::Code(_)) {
                            cell.codes.push(text.to_string());
                        }
                    }
                    if let Some(block) = &mut open {
                        block.code += text;
                    }
                    if let Some(heading) = &mut heading {
                        *heading += text;
                    }
                    from = None;
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(Link { line: line(range.start), target: dest_url.into_string() });
                }
                Event::Html(html) => {
                    if let Some(file) = html.trim().strip_prefix("<!-- from:") {
                        from = file.strip_suffix("-->").map(|file| file.trim().to_owned());
                    }
                }
                _ => {}
            }
        }
        page
    }
}

fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter()
}

/// A heading's name in an address, as git hosts give it.
fn anchor(heading: &str) -> String {
    let kept = |sign: &char| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|sign| if sign == ' ' { '-' } else { sign }).collect()
}
