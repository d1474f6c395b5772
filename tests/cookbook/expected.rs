//! What a page says a block prints, held against what it did print.

use regex_lite::{Regex, escape};

/// `…` alone in a line stands for any lines, also none; elsewhere for what differs within its line.
const DIFFERS: char = '…';

/// A time that differs, `… ms` or `… s`: its unit does too, since a busy machine takes seconds for what is done in
/// milliseconds elsewhere. Where the program aligns it, so do the blanks before it.
const TIME: &str = r" {2,}… m?s\b|… m?s\b";
const ANY_TIME: &str = r"[0-9][0-9.,]* (?:µ|m)?s";

/// Whether the output is what the page shows, the last line's end apart.
pub fn matches(shown: &str, printed: &str) -> bool {
    let mut pattern = String::from("^");
    for line in shown.trim_end().lines() {
        if line.trim() == DIFFERS.to_string() {
            pattern += r"(?:[^\n]*\n)*";
        } else {
            pattern += &line_pattern(line);
            pattern += r"\n";
        }
    }
    Regex::new(&(pattern + "$")).expect("escaped").is_match(&format!("{}\n", printed.trim_end()))
}

/// What a line has to look like that is not all dots.
fn line_pattern(line: &str) -> String {
    let any = |text: &str| text.split(DIFFERS).map(escape).collect::<Vec<_>>().join(r"[^\n]+");
    let mut pattern = String::new();
    let mut end = 0;
    for time in Regex::new(TIME).expect("constant").find_iter(line) {
        let blanks = if time.as_str().starts_with(' ') { " +" } else { "" };
        pattern += &format!("{}{blanks}{ANY_TIME}", any(&line[end..time.start()]));
        end = time.end();
    }
    pattern + &any(&line[end..])
}
