//! Names that every provider accepts, and the nearest one to a name that none has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// A machine's name, under the strictest rule that any supported provider has: 2 to 63 characters, lower-case letters,
/// digits and `-`, a letter first, a letter or digit last. It is therefore a valid host name too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MachineName(String);

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Too short or too long.
    #[error("the name `{name}` has a length of {len}; a machine's name has 2 to 63 characters")]
    Length {
        /// The name as given.
        name: String,
        /// Its length in characters.
        len: usize,
    },
    /// The first character is not a lower-case letter.
    #[error("the name `{name}` starts with {found:?}; a machine's name starts with a lower-case letter")]
    Start {
        /// The name as given.
        name: String,
        /// The offending character.
        found: char,
    },
    /// The last character is a dash.
    #[error("the name `{name}` ends with `-`; a machine's name ends with a letter or a digit")]
    End {
        /// The name as given.
        name: String,
    },
    /// A character that no cloud's rule has in common.
    #[error("the name `{name}` holds {found:?}; a machine's name is made of lower-case letters, digits and `-`")]
    Character {
        /// The name as given.
        name: String,
        /// The offending character.
        found: char,
    },
}

impl MachineName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let owned = || name.to_owned();
        if let Some(found) =
            name.chars().find(|found| !(found.is_ascii_lowercase() || found.is_ascii_digit() || *found == '-'))
        {
            return Err(NameError::Character { name: owned(), found });
        }
        if !(2..=63).contains(&name.len()) {
            return Err(NameError::Length { name: owned(), len: name.len() });
        }
        if let Some(found) = name.chars().next().filter(|first| !first.is_ascii_lowercase()) {
            return Err(NameError::Start { name: owned(), found });
        }
        if name.ends_with('-') {
            return Err(NameError::End { name: owned() });
        }
        Ok(Self(owned()))
    }
}

impl TryFrom<String> for MachineName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        name.parse()
    }
}

impl From<MachineName> for String {
    fn from(name: MachineName) -> Self {
        name.0
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        Self::new(ErrorKind::Invalid, error.to_string())
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names among `known` that `wanted` was most likely meant to be: at most three, the nearest first.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // As many slips of the keyboard as a person may make in a word of this length.
    let slips = (wanted.chars().count() / 3).clamp(1, 3);
    let mut scored: Vec<_> = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, name)| *distance <= slips || (wanted.len() >= 3 && name.starts_with(wanted)))
        .collect();
    scored.sort_unstable();
    scored.into_iter().map(|(_, name)| name).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_common_rule() {
        let longest = "a".repeat(63);
        for good in ["ab", "a-b", "web-1", longest.as_str()] {
            assert_eq!(good.parse::<MachineName>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(64);
        for bad in ["", "a", "1ab", "-ab", "ab-", "aB", "a b", "a_b", "a.b", "ż-1", "a\nb", too_long.as_str()] {
            let error = bad.parse::<MachineName>().unwrap_err().to_string();
            assert!(error.contains("name"), "{bad:?}: {error}");
        }
    }

    #[test]
    fn a_typo_finds_its_name_and_noise_finds_nothing() {
        let known = ["web", "web-1", "web-2", "database"];
        assert_eq!(nearest("wbe", known), ["web"]);
        assert_eq!(nearest("wbe-1", known), ["web-1"]);
        assert_eq!(nearest("web-3", known), ["web-1", "web-2"]);
        assert_eq!(nearest("dtabaes", known), ["database"]);
        assert_eq!(nearest("data", known), ["database"]);
        assert!(nearest("zzz", known).is_empty());
    }
}
