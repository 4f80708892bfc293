//! `${VAR}` and `${VAR:-default}` in the values of a configuration.

use std::ffi::OsStr;
use std::fmt;

use machine_core::{Environment, Error};

/// A text with its variables put in, and which those were.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub(crate) text: String,
    /// In the order in which they stand. Empty where the text has none.
    pub(crate) variables: Vec<String>,
}

/// Why a variable cannot be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unexpanded {
    /// It is not set and has no default.
    Unset(String),
    /// It is no text.
    NotText(String),
}

impl Unexpanded {
    /// The error with the name of a variable that is not set among its facts, as `unset`: what lacks it may be meant for
    /// another place.
    pub(crate) fn named(self, error: Error) -> Error {
        match self {
            Self::Unset(name) => error.with_context("unset", name),
            Self::NotText(_) => error,
        }
    }
}

impl fmt::Display for Unexpanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset(name) => write!(f, "the environment variable `{name}` is not set"),
            Self::NotText(name) => write!(f, "the environment variable `{name}` is not valid UTF-8"),
        }
    }
}

/// Puts in what `environment` has. A default counts where the variable is not set at all; set and empty is a value. There is
/// no `$VAR` and no escape: whatever is not of one of the two forms stays as it is.
///
/// # Errors
/// The name of a variable that is not set and has no default, or that is no text.
pub(crate) fn expand(text: &str, environment: &Environment) -> Result<Expanded, Unexpanded> {
    let mut expanded = Expanded { text: String::with_capacity(text.len()), variables: Vec::new() };
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, reference) = rest.split_at(start);
        expanded.text.push_str(before);
        let Some(Reference { name, default, length }) = Reference::read(reference) else {
            expanded.text.push_str("${");
            rest = &reference[2..];
            continue;
        };
        match (environment.get_or_empty(OsStr::new(name)), default) {
            (Some(value), _) => {
                expanded.text.push_str(value.to_str().ok_or_else(|| Unexpanded::NotText(name.to_owned()))?);
            }
            (None, Some(default)) => expanded.text.push_str(default),
            (None, None) => return Err(Unexpanded::Unset(name.to_owned())),
        }
        expanded.variables.push(name.to_owned());
        rest = &reference[length..];
    }
    expanded.text.push_str(rest);
    Ok(expanded)
}

/// One `${...}` at the start of a text.
struct Reference<'a> {
    name: &'a str,
    default: Option<&'a str>,
    /// In bytes, braces included.
    length: usize,
}

impl<'a> Reference<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let inner = &text[2..text.find('}')?];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let mut letters = name.bytes();
        let starts = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
        let is_name = starts && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
        is_name.then_some(Self { name, default, length: inner.len() + 3 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<String, Unexpanded> {
        let environment = Environment::from_iter([("A", "one"), ("EMPTY", ""), ("NESTED", "${A}")]);
        expand(text, &environment).map(|expanded| expanded.text)
    }

    #[test]
    fn the_two_forms_and_nothing_else() {
        assert_eq!(text("x ${A} y ${A}").unwrap(), "x one y one");
        assert_eq!(text("${B:-two}${B:-}").unwrap(), "two");
        assert_eq!(text("[${EMPTY}][${EMPTY:-never}]").unwrap(), "[][]");
        assert_eq!(text("${NESTED}").unwrap(), "${A}", "what a variable holds is not read again");
        for plain in ["$A", "${}", "${1A}", "${A B}", "${A", "$", "${A-x}", "żółw ${", "$${"] {
            assert_eq!(text(plain).unwrap(), plain);
        }
        assert_eq!(text("$${A}").unwrap(), "$one");
        assert_eq!(text("${B}"), Err(Unexpanded::Unset("B".to_owned())));
    }
}
