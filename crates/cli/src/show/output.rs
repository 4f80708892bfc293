//! The flags by which somebody says how to see things.

use clap::Args;
use machine_core::{Error, ErrorKind};
use serde::Serialize;

use super::format::{Format, among};
use super::list::{Column, List};
use crate::failure::Failure;
use crate::printer::Printer;

/// How a list is to be shown.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ListOutput {
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|jsonl|yaml|ids", hide_possible_values = true)]
    output: Option<Format>,
    /// Which columns of a table, or of text, in this order; they are named below.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    columns: Vec<String>,
    /// Leave the headings out.
    #[arg(long)]
    no_header: bool,
}

/// How one thing is to be shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct Output {
    /// In which shape.
    #[arg(long, short, value_name = "text|json|jsonl|yaml", default_value = "text", hide_possible_values = true)]
    #[arg(value_parser = among(&["text", "json", "jsonl", "yaml"]))]
    output: Format,
}

impl Output {
    /// The shape; nothing where it is text.
    pub(crate) fn for_programs(&self) -> Option<Format> {
        (self.output != Format::Text).then_some(self.output)
    }
}

impl ListOutput {
    /// The same, which is text where nobody says otherwise.
    #[must_use]
    pub(crate) fn or_text(&self) -> Self {
        Self { output: self.output.or(Some(Format::Text)), ..self.clone() }
    }

    /// Whether a program is to read all of it.
    pub(crate) fn is_for_programs(&self) -> bool {
        matches!(self.output, Some(Format::Json | Format::Jsonl | Format::Yaml))
    }

    /// Whether somebody said how to see it.
    pub(crate) fn is_chosen(&self) -> bool {
        self.output.is_some() || !self.columns.is_empty()
    }

    /// The shape: ids for those who want it quiet, a table for people, text for programs.
    pub(crate) fn format(&self, printer: &Printer) -> Format {
        self.output.unwrap_or(match (printer.is_quiet() && self.columns.is_empty(), printer.to_terminal()) {
            (true, _) => Format::Ids,
            (false, true) => Format::Table,
            (false, false) => Format::Text,
        })
    }

    /// Whether the column is shown, which otherwise is not.
    pub(crate) fn names(&self, column: &str) -> bool {
        self.columns.iter().any(|named| named.eq_ignore_ascii_case(column))
    }

    /// Refuses what [`show`](Self::show) would refuse, before anything is asked for.
    ///
    /// # Errors
    /// A column that there is none of; columns of a shape that has none.
    pub(crate) fn check<T>(&self, columns: &[Column<'_, T>]) -> Result<(), Error> {
        let shape = match self.output {
            Some(Format::Json | Format::Jsonl | Format::Yaml) => Some("JSON and YAML always have everything"),
            Some(Format::Ids) => Some("ids are one column"),
            Some(Format::Table | Format::Text) | None => None,
        };
        if let Some(shape) = shape.filter(|_| !self.columns.is_empty()) {
            let what = format!("`--columns` is for tables and text: {shape}");
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("add `-o text` or leave one of the two out"));
        }
        let is_there = |wanted: &str| columns.iter().any(|column| column.name().eq_ignore_ascii_case(wanted));
        match self.columns.iter().find(|wanted| !is_there(wanted)) {
            None => Ok(()),
            Some(unknown) => {
                let names: Vec<_> = columns.iter().map(Column::name).collect();
                let what = format!("there is no column `{}`", super::clean(unknown));
                Err(Error::new(ErrorKind::Invalid, what).with_hint(format!("there are {}", names.join(", "))))
            }
        }
    }

    /// Shows the list.
    ///
    /// # Errors
    /// As [`check`](Self::check); where standard output cannot be written.
    pub(crate) fn show<T: Serialize>(&self, printer: &Printer, list: List<'_, T>) -> Result<(), Failure> {
        self.check(&list.columns)?;
        let list = self.picked(list);
        match self.format(printer) {
            Format::Table if list.items.is_empty() && list.nothing.is_some() => {
                list.nothing.into_iter().for_each(|says| printer.note(says));
                Ok(())
            }
            Format::Table => printer.pieces(|out| list.write_table(out, printer.page(), !self.no_header)),
            Format::Text => printer.pieces(|out| list.write_text(out)),
            Format::Ids => printer.pieces(|out| list.write_ids(out)),
            format @ (Format::Json | Format::Jsonl | Format::Yaml) => printer.values(format, list.items),
        }
    }

    /// The list with the columns that were asked for, or the usual ones.
    fn picked<'a, T>(&self, mut list: List<'a, T>) -> List<'a, T> {
        if self.columns.is_empty() {
            list.columns.retain(Column::is_usual);
            return list;
        }
        let mut picked = Vec::new();
        let mut left = std::mem::take(&mut list.columns);
        for wanted in &self.columns {
            // One that is named twice is shown once.
            if let Some(at) = left.iter().position(|column| column.name().eq_ignore_ascii_case(wanted)) {
                picked.push(left.remove(at));
            }
        }
        list.with(picked)
    }
}
