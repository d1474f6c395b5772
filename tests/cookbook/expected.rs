//! What a page says a block prints, held against what it did print.

use regex_lite::{Regex, escape};

/// `…` alone in a line stands for any lines, also none; elsewhere for what differs within its line.
const DIFFERS: char = '…';

/// Whether the output is what the page shows, the last line's end apart.
pub fn matches(shown: &str, printed: &str) -> bool {
    let mut pattern = String::from("^");
    for line in shown.trim_end().lines() {
        if line.trim() == DIFFERS.to_string() {
            pattern += r"(?:[^\n]*\n)*";
        } else {
            pattern += &line.split(DIFFERS).map(escape).collect::<Vec<_>>().join(r"[^\n]+");
            pattern += r"\n";
        }
    }
    Regex::new(&(pattern + "$")).expect("escaped").is_match(&format!("{}\n", printed.trim_end()))
}
