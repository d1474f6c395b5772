//! What each block of a page has to be, so that nothing in the cookbook stands there untried.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::page::{Block, Page};

/// What is wrong with a page, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub page: String,
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page, self.line, self.text)
    }
}

/// Who runs what the cookbook itself cannot.
pub struct Tables<'a> {
    /// (second word of an `sh` block, the file that runs such blocks)
    ///
    /// It takes them from the page with `tests/cookbook/blocks PAGE WORD`, so both names are in it.
    pub second_words: &'a [(&'a str, &'a str)],
    /// (file or folder that pages quote from, the file that runs it)
    ///
    /// The latter names the former, at least by its last two parts or by its folder.
    pub files: &'a [(&'a str, &'a str)],
    /// (page, language, the file its blocks are from where no comment says so)
    pub languages: &'a [(&'a str, &'a str, &'a str)],
}

/// What is to be done with a block.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Runs here, and prints this, if the page says what.
    Command { block: &'a Block, shown: Option<&'a Block> },
    /// Runs in a terminal of its own until the page ends.
    Terminal { block: &'a Block, shown: Option<&'a Block> },
    /// Settings, for the program to read.
    Settings(&'a Block),
}

/// A second word for blocks that run here: a program that stays, such as a server.
const TERMINAL: &str = "terminal";
/// Another one, for what `cargo run` starts: where the page says what it prints, it runs here as well.
const BUILD: &str = "build";

/// The parts of a page that are run here, and what is wrong with the others.
pub fn parts<'a>(page: &'a Page, tables: &Tables, root: &Path) -> (Vec<Part<'a>>, Vec<Problem>) {
    let mut parts = vec![];
    let mut problems = vec![];
    let mut blocks = page.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        let mut problem = |text| problems.push(Problem { page: page.name.clone(), line: block.line, text });
        match (block.language.as_str(), block.second_word.as_deref()) {
            ("sh", word) => {
                let shown = blocks.next_if(|next| next.language == "text" && next.from.is_none());
                match word {
                    None => parts.push(Part::Command { block, shown }),
                    Some(TERMINAL) => parts.push(Part::Terminal { block, shown }),
                    Some(word) => {
                        let told = run_elsewhere(&page.name, word, shown.is_some(), tables, root);
                        // What it prints is held against the page here.
                        if word == BUILD && shown.is_some() {
                            parts.push(Part::Command { block, shown });
                        }
                        if let Err(text) = told {
                            problem(text);
                        }
                    }
                }
            }
            (_, Some(word)) => problem(format!("only `sh` has second words: `{word}`")),
            ("", None) => problem("a block without a language".to_owned()),
            ("toml", None) if block.from.is_none() => parts.push(Part::Settings(block)),
            ("text", None) if block.from.is_none() => {
                problem("no `sh` block before this `text` prints it".to_owned());
            }
            (language, None) => {
                if let Err(text) = is_quoted(block, language, &page.name, tables, root) {
                    problem(text);
                }
            }
        }
    }
    (parts, problems)
}

/// Whether the file that stands for a second word takes this page's blocks.
fn run_elsewhere(page: &str, word: &str, has_text: bool, tables: &Tables, root: &Path) -> Result<(), String> {
    let (_, runner) = tables
        .second_words
        .iter()
        .find(|(known, _)| *known == word)
        .ok_or_else(|| format!("nobody runs `sh {word}`: the table of second words has no such word"))?;
    let text = read(root, runner)?;
    if !text.contains("cookbook/blocks") {
        return Err(format!("{runner} does not take blocks by tests/cookbook/blocks"));
    }
    if !text.contains(page) {
        return Err(format!("{runner} does not run this page's blocks: {page} is not in it"));
    }
    if has_text && word != BUILD && !text.contains("\"shown\"") {
        return Err(format!("{runner} does not look at what blocks print: \"shown\" is not in it"));
    }
    Ok(())
}

/// Whether a block's lines stand, in this order, in a file that a test runs.
fn is_quoted(block: &Block, language: &str, page: &str, tables: &Tables, root: &Path) -> Result<(), String> {
    let usual =
        tables.languages.iter().find(|(of, known, _)| *of == page && *known == language).map(|known| known.2);
    let from =
        block.from.as_deref().or(usual).ok_or_else(|| {
            format!("no file for this `{language}`: `<!-- from: FILE -->` before it names one")
        })?;
    is_run(from, tables, root)?;
    let text = read(root, from)?;
    let mut lines = text.lines().map(str::trim);
    for (place, line) in block.code.lines().map(str::trim).enumerate() {
        if !line.is_empty() && !lines.any(|there| there == line) {
            let line_there = block.line + place;
            return Err(format!("line {line_there} is not in {from}, or not in this order: {line}"));
        }
    }
    Ok(())
}

/// Whether a test runs this file.
pub fn is_run(file: &str, tables: &Tables, root: &Path) -> Result<(), String> {
    let (known, runner) = tables
        .files
        .iter()
        .find(|(known, _)| {
            file.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .ok_or_else(|| format!("no test runs {file}: the table of files does not have it"))?;
    let named = known.rsplit_once('/').map_or(*known, |(_, name)| name);
    if !read(root, runner)?.contains(named) {
        return Err(format!("{runner} does not run {known}: {named} is not in it"));
    }
    Ok(())
}

fn read(root: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
}

/// The links within the repository that lead nowhere.
pub fn dead_links(page: &Page, root: &Path) -> Vec<Problem> {
    let mut problems = vec![];
    for link in &page.links {
        let mut problem = |text| problems.push(Problem { page: page.name.clone(), line: link.line, text });
        if link.target.contains("://") || link.target.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
        let folder = Path::new(&page.name).parent().expect("a file has one");
        let path = if path.is_empty() { Path::new(&page.name).to_owned() } else { folder.join(path) };
        if !root.join(&path).exists() {
            problem(format!("there is no {}", link.target));
        } else if !anchor.is_empty() {
            match fs::read_to_string(root.join(&path)) {
                Ok(text) if Page::read("", &text).anchors.iter().any(|there| there == anchor) => {}
                Ok(_) => problem(format!("no heading there is called #{anchor}: {}", link.target)),
                Err(error) => problem(format!("{}: {error}", link.target)),
            }
        }
    }
    problems
}
