//! Columns that line up on a terminal, and tabs between them in a pipe.

use std::fmt::Write as _;

use clap::ValueEnum;

/// In which shape a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns that line up, under headings.
    Table,
    /// One line each, tabs between the fields, no headings.
    Text,
    /// A JSON array.
    Json,
    /// Ids only.
    Ids,
}

/// Rows of text under headings.
#[derive(Debug)]
pub(crate) struct Table {
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub(crate) fn new(headings: &'static [&'static str]) -> Self {
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row; an empty cell is shown as `-`.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| super::clean(&cell)).collect());
    }

    /// Columns that line up, under headings.
    pub(crate) fn columns(&self) -> String {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let headings = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = if cell.is_empty() { "-" } else { cell };
                // Writing to a string cannot fail.
                let _ = write!(line, "{cell:<width$}   ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// One line each, tabs between the fields.
    pub(crate) fn tabs(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&row.join("\t"));
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_tabs_separate() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(["web-1".to_owned(), "running".to_owned()]);
        table.row(["żółw\n\u{1b}[31m".to_owned(), String::new()]);
        assert_eq!(table.columns(), "NAME         STATE\nweb-1        running\nżółw??[31m   -\n");
        assert_eq!(table.tabs(), "web-1\trunning\nżółw??[31m\t\n");
    }
}
