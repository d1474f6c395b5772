//! Tables and long lines for people, no wider than their terminal.

use std::fmt;

use comfy_table::{ColumnConstraint, ContentArrangement, Table as Cells, presets};
use terminal_size::{Width, terminal_size};

use super::safe_text::printable;

/// What is printed to a file or another program has lines of this width, as if a terminal showed it.
const USUAL: u16 = 80;

/// The least room that a text beside something else needs.
const NARROWEST: usize = 16;

/// Where a text begins that has no room there.
const ALONE: usize = 4;

/// Blanks between two columns.
const BETWEEN: u16 = 2;

/// Rows under a heading, of cells that have a line or more. Whatever is in them does no harm to a terminal.
#[derive(Debug)]
pub struct Table(Cells);

impl Table {
    pub fn new<'a>(heading: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cells = blank(width());
        cells.set_header(heading);
        Self(cells).padded()
    }

    /// Rows of this width without a heading.
    pub fn without_heading<'a>(width: u16, rows: impl IntoIterator<Item = Vec<&'a str>>) -> Self {
        let mut table = Self(blank(width));
        for row in rows {
            table.add(row.into_iter().map(|cell| vec![cell]));
        }
        table.padded()
    }

    fn padded(mut self) -> Self {
        for column in self.0.column_iter_mut() {
            column.set_padding((0, BETWEEN));
        }
        self
    }

    /// The columns of these numbers are never broken.
    pub fn whole(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(column) = self.0.column_mut(column) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        self
    }

    /// A row, each cell of it with its lines.
    pub fn add<'a>(&mut self, row: impl IntoIterator<Item = Vec<&'a str>>) {
        let cell = |lines: Vec<&str>| lines.into_iter().map(printable).collect::<Vec<_>>().join("\n");
        self.0.add_row(row.into_iter().map(cell));
    }
}

/// The columns of the terminal that the output goes to.
pub fn width() -> u16 {
    on_terminal().unwrap_or(USUAL)
}

/// The same, and nothing where the output goes to a file or another program.
pub fn on_terminal() -> Option<u16> {
    terminal_size().map(|(Width(columns), _)| columns)
}

/// A text that begins in column `indent`, broken for a terminal. A file or another program gets it whole, as it may
/// look for a line.
pub fn fitted(text: &str, indent: usize) -> String {
    on_terminal().map_or_else(|| text.to_owned(), |columns| wrapped(text, columns, indent))
}

/// A text in lines of this width that begins in column `indent`, as do its further lines. Where there is no room, it
/// begins a line of its own.
pub fn wrapped(text: &str, width: u16, indent: usize) -> String {
    let room = usize::from(width).saturating_sub(indent);
    if room < NARROWEST && indent > ALONE && !text.is_empty() {
        return format!("\n{:ALONE$}{}", "", wrapped(text, width, ALONE));
    }
    let room = room.max(1);
    let mut cells = blank(u16::try_from(room).unwrap_or(u16::MAX));
    cells.add_row([text]);
    if let Some(column) = cells.column_mut(0) {
        column.set_padding((0, 0));
    }
    let lines: Vec<_> = cells.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join(&format!("\n{:indent$}", ""))
}

fn blank(width: u16) -> Cells {
    let mut cells = Cells::new();
    cells.load_style(presets::NOTHING);
    cells.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    cells
}

/// Without blanks at the ends of lines.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lines().try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn a_long_text_goes_on_under_its_beginning() {
        assert_eq!(wrapped("the caller gave up", 30, 12), "the caller gave up");
        assert_eq!(wrapped("the caller gave up at once", 30, 12), "the caller gave up\n            at once");
        assert_eq!(wrapped("née Müller, née Weiß, née", 30, 12), "née Müller, née\n            Weiß, née");
        assert_eq!(wrapped("", 30, 12), "");
        // A terminal that is narrower than what stands before.
        assert_eq!(wrapped("the caller gave up", 20, 12), "\n    the caller gave\n    up");
        assert_eq!(
            wrapped("the caller", 3, 12),
            "\n    t\n    h\n    e\n    c\n    a\n    l\n    l\n    e\n    r"
        );
    }
}
