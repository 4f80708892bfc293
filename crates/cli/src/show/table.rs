//! Columns that line up, as wide as the terminal at most.

use std::io::{self, Write};

use super::width;
use crate::printer::Page;

/// What stands between two columns.
const GAP: &str = "   ";
/// As narrow as a column gets: a few letters, and the sign that there was more.
const LEAST: usize = 8;

/// How a cell looks where there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As everything does.
    Plain,
    /// As what is well.
    Good,
    /// As what is broken.
    Bad,
}

impl Tone {
    /// What a terminal is told before and after it.
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("", ""),
            Self::Good => ("\u{1b}[32m", "\u{1b}[0m"),
            Self::Bad => ("\u{1b}[31m", "\u{1b}[0m"),
        }
    }
}

/// What stands above a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading {
    /// The word.
    pub(crate) name: &'static str,
    /// Whether its cells are of no use in part: ids and addresses.
    pub(crate) whole: bool,
}

/// Rows of text under headings.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<Heading>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    /// An empty one, of which every cell may be cut.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        Self::under(headings.iter().map(|name| Heading { name, whole: false }).collect())
    }

    /// An empty one.
    pub(crate) fn under(headings: Vec<Heading>) -> Self {
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row; an empty cell is shown as `-`.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.toned(cells.into_iter().map(|cell| (cell, Tone::Plain)));
    }

    /// Adds a row, each cell with its tone.
    pub(crate) fn toned(&mut self, cells: impl IntoIterator<Item = (String, Tone)>) {
        let cell = |(text, tone): (String, Tone)| match text.as_str() {
            "" => ("-".to_owned(), tone),
            _ => (super::clean(&text), tone),
        };
        self.rows.push(cells.into_iter().map(cell).collect());
    }

    /// Writes it for that page.
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn write(&self, out: &mut dyn Write, page: Page, header: bool) -> io::Result<()> {
        let headings: Vec<_> = self.headings.iter().map(|heading| (heading.name.to_owned(), Tone::Plain)).collect();
        let shown = || header.then_some(&headings).into_iter().chain(&self.rows);
        let mut widths = vec![0; self.headings.len()];
        for row in shown() {
            for (width, (cell, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(width::of(cell));
            }
        }
        if let Some(width) = page.width {
            fit(&mut widths, &self.headings, width);
        }
        let mut line = String::new();
        for row in shown() {
            line.clear();
            for ((cell, tone), width) in row.iter().zip(&widths) {
                let cell = width::cut(cell, *width);
                let (before, after) = if page.colours { tone.codes() } else { Tone::Plain.codes() };
                line.extend([before, &cell, after]);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(width::of(&cell))));
                line.push_str(GAP);
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// The same as a text.
    pub(crate) fn text(&self, page: Page) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write(&mut text, page, true);
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Makes the widest columns narrower until all of them fit, or nothing that may be cut is left.
fn fit(widths: &mut [usize], headings: &[Heading], page: usize) {
    loop {
        let total = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        let too_much = total.saturating_sub(page);
        let mut cuttable: Vec<usize> = (0..widths.len()).filter(|column| !headings[*column].whole).collect();
        cuttable.sort_by_key(|column| std::cmp::Reverse(widths[*column]));
        let Some(&widest) = cuttable.first().filter(|column| too_much > 0 && widths[**column] > LEAST) else { return };
        // Down to the next one at once; those that are alike go on together.
        let next = cuttable.get(1).map_or(LEAST, |column| widths[*column].max(LEAST));
        widths[widest] -= too_much.min((widths[widest] - next).max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(width: usize) -> Page {
        Page { width: Some(width), colours: false }
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(["web-1".to_owned(), "running".to_owned()]);
        table.row(["żółw\n\u{1b}[31m".to_owned(), String::new()]);
        table.row(["東京".to_owned(), "x".to_owned()]);
        let text = "NAME         STATE\nweb-1        running\nżółw??[31m   -\n東京         x\n";
        assert_eq!(table.text(Page::default()), text);
        let mut bare = Vec::new();
        table.write(&mut bare, Page::default(), false).unwrap();
        assert_eq!(bare, text.split_once('\n').unwrap().1.as_bytes());
    }

    #[test]
    fn the_widest_column_is_cut_and_an_id_never() {
        let headings = [("NAME", false), ("ID", true), ("NOTES", false)];
        let mut table = Table::under(headings.map(|(name, whole)| Heading { name, whole }).into());
        table.row(["web-1".to_owned(), "0123456789abcdef".to_owned(), "it is a note that goes on".to_owned()]);
        assert_eq!(
            table.text(narrow(40)),
            "NAME    ID                 NOTES\nweb-1   0123456789abcdef   it is a note…\n"
        );
        let least = table.text(narrow(3));
        assert!(least.contains("0123456789abcdef") && least.contains("it is a…"), "{least}");
        assert_eq!(table.text(narrow(200)), table.text(Page::default()));
    }

    #[test]
    fn colours_do_not_shift_what_stands_beside_them() {
        let mut table = Table::new(&["STATE", "ID"]);
        table.toned([("running".to_owned(), Tone::Good), ("1".to_owned(), Tone::Plain)]);
        let coloured = table.text(Page { width: None, colours: true });
        assert_eq!(coloured, "STATE     ID\n\u{1b}[32mrunning\u{1b}[0m   1\n");
        assert!(!table.text(Page::default()).contains('\u{1b}'));
    }
}
