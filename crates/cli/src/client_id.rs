//! The client id: by which tags tell whose command made a machine, across computers and tools of this name.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Machine, OwnerId, Result};

use crate::setup::Setup;

/// The tag on everything that is created.
const CREATED: &str = "machine:created";
/// What the tag with the client id begins with.
const SESSION: &str = "machine:session:";
/// What the tag with the type begins with.
const TYPE: &str = "machine:type:";
/// The file that the id is kept in.
const FILE: &str = "session-id.yml";

/// The tags of a machine that is about to be created: the client id, that it was created, its type, and whatever else is asked for.
pub(crate) fn tags(client: &str, of_type: Option<&str>, more: &[String]) -> Vec<String> {
    let mut tags = vec![format!("{SESSION}{client}"), CREATED.to_owned()];
    tags.extend(of_type.map(|name| format!("{TYPE}{}", name.to_lowercase())));
    for tag in more {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// The type that a machine was made by.
pub(crate) fn type_of(machine: &Machine) -> Option<&str> {
    machine.tags.iter().find_map(|tag| tag.strip_prefix(TYPE))
}

/// Whose a machine is, for somebody who asks for their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Ours.
    Ours,
    /// Made by another client.
    AnotherClients,
    /// Made by something else.
    Elsewhere,
}

/// Whose the machine is: what carries a client id is whoever's that is, and anything else its owner's.
pub(crate) fn whose(machine: &Machine, client: Option<&str>, owner: Option<&OwnerId>) -> Whose {
    let mut sessions = machine.tags.iter().filter_map(|tag| tag.strip_prefix(SESSION)).peekable();
    if machine.tags.iter().any(|tag| tag == CREATED) && sessions.peek().is_some() {
        let ours =
            |session| client.is_some_and(|client| session == client || mangled(client).as_deref() == Some(session));
        return if sessions.any(ours) { Whose::Ours } else { Whose::AnotherClients };
    }
    match &machine.markers {
        Some(markers) if Some(&markers.owner) == owner => Whose::Ours,
        Some(_) => Whose::AnotherClients,
        None => Whose::Elsewhere,
    }
}

/// The other spelling of an id of eight digits that looks like a number: the older tool of this name reads it as one, and writes
/// that on its machines. `1234e678` is `inf` there, `12e00002` is `1200.0`, and `00000012` is `12`.
fn mangled(id: &str) -> Option<String> {
    if id.len() != 8 || !id.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let spelt = match id.split_once('e') {
        None if id.starts_with('0') => id.parse::<u32>().ok()?.to_string(),
        None => return None,
        Some((digits, power)) => {
            let plain = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
            if !plain(digits) || !plain(power) {
                return None;
            }
            as_python_writes(id.parse().ok()?)
        }
    };
    Some(spelt).filter(|spelt| spelt != id)
}

/// A number as Python writes it: shortest, with a point, and from 1e16 on with an exponent.
fn as_python_writes(number: f64) -> String {
    if number.is_infinite() {
        return "inf".to_owned();
    }
    if number < 1e16 {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, power)) => format!("{digits}e+{power:0>2}"),
        None => text,
    }
}

/// The client id: what the command line says, else what is written down, if anything is.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn known(setup: &Setup) -> Result<Option<String>> {
    if let Some(asked) = &setup.globals.session_id {
        return checked(asked).map(Some);
    }
    match path(setup) {
        Some(path) => read(&path),
        None => Ok(None),
    }
}

/// The same; one is made up and written down where there is none.
///
/// # Errors
/// A file that cannot be read or written.
pub(crate) fn settled(setup: &Setup) -> Result<String> {
    if let Some(known) = known(setup)? {
        return Ok(known);
    }
    let path = path(setup).ok_or_else(|| {
        Error::new(ErrorKind::Config, "there is no place for the client id: HOME is not set to an absolute path")
            .with_hint("say one: --session-id ID")
    })?;
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|error| Error::new(ErrorKind::System, format!("the system has no random numbers: {error}")))?;
    let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    match write(&path, &id) {
        Ok(()) => Ok(id),
        // Another command was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path)?.ok_or_else(|| empty(&path)),
        Err(error) => Err(Error::io(format!("{} cannot be written", path.display()), error)),
    }
}

/// Where the client id is kept.
pub(crate) fn path(setup: &Setup) -> Option<PathBuf> {
    let environment = &setup.surroundings.environment;
    let home = environment.absolute("HOME");
    if setup.config.is_outdated() {
        return home.map(|home| home.join(".machine").join(FILE));
    }
    let usual = environment.absolute("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
    usual.map(|usual| usual.join("machine").join(FILE))
}

fn read(path: &Path) -> Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(format!("{} cannot be read", path.display()), error)),
    };
    // As text and not as YAML: `1234e678` is an id, and to YAML a number without end.
    let id = text.lines().find_map(|line| line.trim().strip_prefix("id:"));
    let id = id.map(|id| id.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']));
    match id.filter(|id| !id.is_empty()) {
        Some(id) => checked(id).map(Some),
        None => Err(empty(path)),
    }
}

fn empty(path: &Path) -> Error {
    let what = format!("{} holds no client id, as in `id: 0a1b2c3d`", path.display());
    Error::new(ErrorKind::Config, what).with_hint("remove it, and the next `create` makes another")
}

/// An id that a tag can hold.
fn checked(id: &str) -> Result<String> {
    let fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if id.is_empty() || id.len() > 64 || !id.chars().all(fine) {
        let what =
            format!("the client id `{}` is not made of letters, digits, `-` and `_`, 64 at most", id.escape_debug());
        return Err(Error::new(ErrorKind::Invalid, what));
    }
    Ok(id.to_owned())
}

/// Makes the file with all that is in it, or not at all.
fn write(path: &Path, id: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let aside = dir.join(format!("{FILE}.{id}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    let linked = file.write_all(format!("id: {id}\n").as_bytes()).and_then(|()| fs::hard_link(&aside, path));
    fs::remove_file(&aside)?;
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_four_and_in_order() {
        let more = ["extra".to_owned(), "machine:created".to_owned()];
        let tags = tags("abc", Some("Web"), &more);
        assert_eq!(tags, ["machine:session:abc", "machine:created", "machine:type:web", "extra"]);
    }

    #[test]
    fn an_id_is_a_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("machine").join(FILE);
        write(&path, "0a1b2c3d").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("0a1b2c3d"));
        assert!(write(&path, "ffffffff").is_err(), "the first one stays");
        for (text, id) in [("id: 1234e678\n", "1234e678"), ("# mine\nid: '00000012' # quoted\n", "00000012")] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap().as_deref(), Some(id));
        }
        for text in ["", "id:\n", "id: a b\n"] {
            fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_id_that_looks_like_a_number_has_another_spelling() {
        for (id, spelt) in [
            ("1234e678", Some("inf")),
            ("12e00002", Some("1200.0")),
            ("01234567", Some("1234567")),
            ("00000012", Some("12")),
            ("1e000016", Some("1e+16")),
            ("12345e20", Some("1.2345e+24")),
            ("12345678", None),
            ("744ff52d", None),
            ("e1234567", None),
            ("1e23e456", None),
            ("ci-run-1", None),
        ] {
            assert_eq!(mangled(id).as_deref(), spelt, "{id}");
        }
        let mut machine = Machine::new("1", "web", "sky", "running");
        machine.tags = tags("1200.0", None, &[]);
        assert_eq!(whose(&machine, Some("12e00002"), None), Whose::Ours);
        assert_eq!(whose(&machine, Some("12e00003"), None), Whose::AnotherClients);
    }

    #[test]
    fn what_carries_a_client_id_is_that_clients() {
        let mut machine = Machine::new("1", "web", "sky", "running");
        assert_eq!(whose(&machine, Some("a"), None), Whose::Elsewhere);
        machine.tags = tags("a", None, &[]);
        assert_eq!(whose(&machine, Some("a"), None), Whose::Ours);
        assert_eq!(whose(&machine, Some("b"), None), Whose::AnotherClients);
        assert_eq!(whose(&machine, None, None), Whose::AnotherClients);
    }
}
