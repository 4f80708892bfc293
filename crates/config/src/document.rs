//! A configuration file: its values, and where each of them is written.

use std::path::{Path as FilePath, PathBuf};

use machine_core::{Error, ErrorKind, Result};
use serde_yaml::Value;

use crate::path::Path;
use crate::places::{Place, Places};

/// A configuration file that was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    file: PathBuf,
    text: String,
    /// Its top level; empty for a file of comments.
    pub(crate) root: serde_yaml::Mapping,
    places: Places,
}

impl Document {
    /// Reads `text`, which is that of `file`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with file, line and column.
    pub(crate) fn parse(text: &str, file: &FilePath) -> Result<Self> {
        let mut document = Self { file: file.to_owned(), text: text.to_owned(), ..Self::default() };
        let parsed = serde_yaml::from_str::<Value>(text).and_then(|mut value| {
            value.apply_merge()?;
            Ok(value)
        });
        match parsed {
            Ok(Value::Null) => {}
            Ok(Value::Mapping(root)) => {
                document.root = root;
                document.places = Places::of(text);
            }
            Ok(_) => return Err(document.error(&Path::default(), "this is not a mapping of sections, as in `fly:`")),
            Err(error) => {
                let message = error.to_string();
                let what = message.split_once(" at line ").map_or(message.as_str(), |(what, _)| what);
                // Of a key that is there twice, the parser names the mapping only.
                let duplicate = Places::of(text).duplicate().filter(|_| what.contains("duplicate"));
                let told = error.location().map(|at| Place { line: at.line(), column: at.column() });
                let place = duplicate.or(told);
                return Err(document.error_at(place, what).with_source(error));
            }
        }
        Ok(document)
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &FilePath {
        &self.file
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the value of that path is written.
    pub(crate) fn place(&self, path: &Path) -> Option<Place> {
        self.places.at(path)
    }

    /// The scalar of that path as it is written.
    pub(crate) fn scalar(&self, path: &Path) -> Option<&str> {
        self.places.scalar(path)
    }

    /// An [`ErrorKind::Config`] about what is written at `path`.
    pub(crate) fn error(&self, path: &Path, what: impl std::fmt::Display) -> Error {
        self.error_at(self.place(path), what)
    }

    fn error_at(&self, place: Option<Place>, what: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Config, format!("{}: {what}", self.whereabouts(place)))
    }

    /// File, line and column in words.
    pub(crate) fn whereabouts(&self, place: Option<Place>) -> String {
        let place = place.map(|at| format!(", line {}, column {}", at.line, at.column)).unwrap_or_default();
        format!("in the configuration file `{}`{place}", self.file.display())
    }
}
