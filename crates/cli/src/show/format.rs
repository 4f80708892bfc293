//! The shapes in which things are shown, and how values are written in those for programs.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde_yaml::with::singleton_map_recursive;

use crate::failure::Failure;
use crate::printer::Printer;

/// In which shape something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns that line up, under headings.
    Table,
    /// One line each, as scripts read them.
    Text,
    /// Indented JSON.
    Json,
    /// One line of JSON each.
    Jsonl,
    /// One document of YAML, of the same shape as the JSON.
    Yaml,
    /// Ids only.
    Ids,
}

/// Reads a shape that is among these.
pub(crate) fn among(names: &'static [&'static str]) -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(names).try_map(|name| Format::from_str(&name, false))
}

impl Printer {
    /// Writes one value in a shape for programs. Nothing where the shape is one for people.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn value(&self, format: Format, value: &impl Serialize) -> Result<(), Failure> {
        match format {
            Format::Jsonl => self.lines(std::iter::once(value)),
            format => self.whole(format, value),
        }
    }

    /// Writes a list of values in a shape for programs. Nothing where the shape is one for people.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn values(&self, format: Format, values: &[impl Serialize]) -> Result<(), Failure> {
        match format {
            Format::Jsonl => self.lines(values.iter()),
            format => self.whole(format, values),
        }
    }

    fn whole(&self, format: Format, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        match format {
            Format::Json => self.json(value),
            // As in JSON: a choice that holds something is an object with one key, not a tag that few programs know.
            Format::Yaml => self.pieces(|out| {
                let mut out = serde_yaml::Serializer::new(out);
                singleton_map_recursive::serialize(&value, &mut out).map_err(std::io::Error::other)
            }),
            Format::Table | Format::Text | Format::Ids | Format::Jsonl => Ok(()),
        }
    }

    fn lines(&self, mut values: impl Iterator<Item = impl Serialize>) -> Result<(), Failure> {
        self.pieces(|out| {
            values.try_for_each(|value| {
                serde_json::to_writer(&mut *out, &value)?;
                out.write_all(b"\n")
            })
        })
    }
}
