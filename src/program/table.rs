//! Tables for people, no wider than their terminal.

use std::fmt;

use comfy_table::{ColumnConstraint, ContentArrangement, Table as Cells, presets};
use terminal_size::{Width, terminal_size};

use super::safe_text::printable;

/// What is printed to a file or another program has lines of this width, as if a terminal showed it.
const USUAL: u16 = 80;

/// Blanks between two columns.
const BETWEEN: u16 = 2;

/// Rows under a heading, of cells that have a line or more. Whatever is in them does no harm to a terminal.
#[derive(Debug)]
pub struct Table(Cells);

impl Table {
    pub fn new<'a>(heading: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cells = Cells::new();
        cells.load_style(presets::NOTHING);
        cells.set_content_arrangement(ContentArrangement::Dynamic).set_width(width());
        cells.set_header(heading);
        for column in cells.column_iter_mut() {
            column.set_padding((0, BETWEEN));
        }
        Self(cells)
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
    terminal_size().map_or(USUAL, |(Width(columns), _)| columns)
}

/// Without blanks at the ends of lines.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lines().try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}
