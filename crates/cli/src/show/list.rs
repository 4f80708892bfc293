//! A list as a command states it once; every shape of it follows from that.

use std::io::{self, Write};

use jiff::Timestamp;
use machine_core::Clock;

use super::table::{Heading, Table, Tone};
use super::{age, clean, time};
use crate::printer::Page;

/// What an item says in one place.
type Says<'a, T> = Box<dyn Fn(&T) -> String + 'a>;

/// A column of a list.
pub(crate) struct Column<'a, T> {
    name: &'static str,
    says: Says<'a, T>,
    /// What a person reads instead.
    short: Option<Says<'a, T>>,
    tone: Option<fn(&T) -> Tone>,
    whole: bool,
    on_request: bool,
}

impl<'a, T: 'a> Column<'a, T> {
    /// One of that name, in capitals, in which items say this.
    pub(crate) fn new(name: &'static str, says: impl Fn(&T) -> String + 'a) -> Self {
        Self { name, says: Box::new(says), short: None, tone: None, whole: false, on_request: false }
    }

    /// One of ids or addresses, which are of no use in part.
    pub(crate) fn whole(name: &'static str, says: impl Fn(&T) -> String + 'a) -> Self {
        Self { whole: true, ..Self::new(name, says) }
    }

    /// One of moments: how long ago to a person, when to a program.
    pub(crate) fn time(name: &'static str, clock: &'a Clock, at: fn(&T) -> Option<Timestamp>) -> Self {
        Self::new(name, move |item| at(item).map(time).unwrap_or_default())
            .short(move |item| at(item).map(|at| age(at, clock)).unwrap_or_default())
    }

    /// The same; in a table items say this instead.
    #[must_use]
    pub(crate) fn short(self, says: impl Fn(&T) -> String + 'a) -> Self {
        Self { short: Some(Box::new(says)), ..self }
    }

    /// The same, in colours where there are any.
    #[must_use]
    pub(crate) fn toned(self, tone: fn(&T) -> Tone) -> Self {
        Self { tone: Some(tone), ..self }
    }

    /// The same, shown only to those who name it.
    #[must_use]
    pub(crate) fn on_request(self) -> Self {
        Self { on_request: true, ..self }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is shown where nobody names columns.
    pub(crate) fn is_usual(&self) -> bool {
        !self.on_request
    }
}

/// What the help of a command says of its columns.
pub(crate) fn columns_help<T>(columns: &[Column<'_, T>]) -> String {
    let named = |usual: bool| {
        let names = columns.iter().filter(|column| column.is_usual() == usual).map(Column::name);
        names.collect::<Vec<_>>().join(" ")
    };
    let more = named(false);
    let more = if more.is_empty() { more } else { format!("\n  with --columns also {more}") };
    format!("Columns:\n  {}{more}", named(true))
}

/// A list as a command states it.
pub(crate) struct List<'a, T> {
    pub(super) items: &'a [T],
    pub(super) columns: Vec<Column<'a, T>>,
    id: Says<'a, T>,
    line: Option<Says<'a, T>>,
    pub(super) nothing: Option<&'static str>,
}

impl<'a, T: 'a> List<'a, T> {
    /// These items, in these columns, each with its id.
    pub(crate) fn new(items: &'a [T], columns: Vec<Column<'a, T>>, id: impl Fn(&T) -> String + 'a) -> Self {
        Self { items, columns, id: Box::new(id), line: None, nothing: None }
    }

    /// The same; as text an item is this line. Otherwise it is its columns with tabs between them.
    #[must_use]
    pub(crate) fn line(self, line: impl Fn(&T) -> String + 'a) -> Self {
        Self { line: Some(Box::new(line)), ..self }
    }

    /// The same; a person who would see an empty table is told this instead.
    #[must_use]
    pub(crate) fn nothing(self, says: &'static str) -> Self {
        Self { nothing: Some(says), ..self }
    }

    /// The same with those columns only, which are shown whatever they are.
    pub(super) fn with(self, columns: Vec<Column<'a, T>>) -> Self {
        Self { columns, line: None, ..self }
    }

    /// Writes the ids.
    pub(super) fn write_ids(&self, out: &mut dyn Write) -> io::Result<()> {
        self.items.iter().try_for_each(|item| writeln!(out, "{}", clean(&(self.id)(item))))
    }

    /// Writes a line for each item.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let cells = |item: &T| {
            let cells = self.columns.iter().map(|column| clean(&(column.says)(item)));
            cells.collect::<Vec<_>>().join("\t")
        };
        self.items.iter().try_for_each(|item| match &self.line {
            Some(line) => writeln!(out, "{}", line(item)),
            None => writeln!(out, "{}", cells(item)),
        })
    }

    /// Writes a table for that page.
    pub(crate) fn write_table(&self, out: &mut dyn Write, page: Page, header: bool) -> io::Result<()> {
        let headings = self.columns.iter().map(|column| Heading { name: column.name, whole: column.whole });
        let mut table = Table::under(headings.collect());
        for item in self.items {
            table.toned(self.columns.iter().map(|column| {
                let says = column.short.as_ref().unwrap_or(&column.says);
                (says(item), column.tone.map_or(Tone::Plain, |tone| tone(item)))
            }));
        }
        table.write(out, page, header)
    }
}
