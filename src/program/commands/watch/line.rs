//! A line of the terminal: texts with their styles, none of which does harm or is wider than its place.

use std::fmt;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::program::safe_text::printable;

/// What stands at the end of a text that has no room.
const CUT: char = '…';

/// A line, from left to right.
#[derive(Debug, Default)]
pub struct Line(Vec<(Style, String)>);

impl Line {
    /// Adds a text, a stranger's perhaps.
    #[must_use]
    pub fn with(mut self, style: Style, text: &str) -> Self {
        self.0.push((style, printable(text)));
        self
    }

    /// The same as a cell of this many columns, with two blanks behind it.
    #[must_use]
    pub fn cell(self, style: Style, text: &str, columns: usize) -> Self {
        let mut text = cut(&printable(text), columns);
        let blanks = columns.saturating_sub(text.width()) + 2;
        text.extend(std::iter::repeat_n(' ', blanks));
        self.with(style, &text)
    }

    /// The same with the text at the right of the cell.
    #[must_use]
    pub fn number(self, style: Style, text: &str, columns: usize) -> Self {
        let blanks = " ".repeat(columns.saturating_sub(text.width()));
        self.cell(style, &format!("{blanks}{text}"), columns)
    }

    /// No wider than that.
    #[must_use]
    pub fn no_wider_than(self, columns: usize) -> Self {
        let mut left = columns;
        let mut parts = Vec::new();
        let last = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        for (number, (style, text)) in self.0.into_iter().enumerate() {
            let text = if Some(number) == last { text.trim_end().to_owned() } else { text };
            if Some(number) > last || left == 0 {
                break;
            }
            let width = text.width();
            let is_followed = Some(number) < last;
            // A part that fills the line to its end and is followed by another one is cut as well.
            let text = if width > left || (width == left && is_followed) {
                cut(&format!("{text} "), left)
            } else {
                text
            };
            left = left.saturating_sub(width);
            parts.push((style, text));
        }
        Self(parts)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(style, text)| write!(f, "{style}{text}{style:#}"))
    }
}

/// A text of at most this many columns; one that is longer ends in a sign for that.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut short = String::new();
    for c in text.chars() {
        let width = c.width().unwrap_or_default();
        if width > left {
            break;
        }
        left -= width;
        short.push(c);
    }
    if columns > 0 {
        short.push(CUT);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_more_columns_than_there_are() {
        let plain = Style::new();
        let line =
            || Line::default().cell(plain, "12s", 4).cell(plain, "Jürgen", 5).with(plain, "日本語 \u{1b}[2J");
        // (columns, what is shown)
        let cases = [
            (80, r"12s   Jürg…  日本語 \u{1b}[2J"),
            (20, "12s   Jürg…  日本語…"),
            (19, "12s   Jürg…  日本…"),
            (18, "12s   Jürg…  日本…"),
            (13, "12s   Jürg… …"),
            (8, "12s   J…"),
            (1, "…"),
            (0, ""),
        ];
        for (columns, expected) in cases {
            let shown = line().no_wider_than(columns).to_string();
            assert_eq!(shown, expected, "{columns}");
            assert!(shown.width() <= columns, "{columns}: {shown:?}");
        }
        let number = Line::default().number(plain, "7s", 5).no_wider_than(80).to_string();
        assert_eq!(number, "   7s");
    }
}
