//! Checks of what callers hand over that end up in system calls, where a wrong byte would be cut off or misread in silence.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use machine_core::{EnvVar, Error, ErrorKind, MachineSpec, OsText, Result};

/// The most volumes on one machine.
pub(crate) const MAX_VOLUMES: usize = 64;
/// The longest key or value of a label, in characters. Nothing here needs a bound; a label is for people.
pub(crate) const MAX_LABEL: usize = 255;

/// Checks everything in `spec` that needs no look at the computer.
///
/// # Errors
/// [`ErrorKind::Invalid`], which says what is wrong with what.
pub(crate) fn check_spec(spec: &MachineSpec) -> Result<()> {
    check_command(&spec.command, &spec.env, spec.workdir.as_ref())?;
    for (key, value) in &spec.labels {
        check_label(key, value)?;
    }
    if let Some(tag) = spec.tags.iter().find(|tag| tag.is_empty() || tag.chars().count() > MAX_LABEL) {
        return Err(invalid(format!("the tag `{tag}` is empty or longer than {MAX_LABEL} characters")));
    }
    let mut taken = BTreeSet::new();
    for file in &spec.files {
        check_inside("file", file.path.as_bytes())?;
        if !taken.insert(file.path.as_str()) {
            return Err(invalid(format!("two files are to be at `{}`", file.path)));
        }
    }
    if spec.volumes.len() > MAX_VOLUMES {
        let count = spec.volumes.len();
        return Err(invalid(format!("{count} volumes are to be attached; a machine takes at most {MAX_VOLUMES}")));
    }
    let (mut places, mut volumes) = (BTreeSet::new(), BTreeSet::new());
    for mount in &spec.volumes {
        check_inside("volume", mount.path.as_bytes())?;
        if !places.insert(mount.path.as_str()) {
            return Err(invalid(format!("two volumes are to be at `{}`", mount.path)));
        }
        if !volumes.insert(&mount.volume) {
            return Err(invalid(format!("volume {} is to be attached twice", mount.volume)));
        }
    }
    let mut outside = BTreeSet::new();
    for port in &spec.ports {
        if port.host == 0 || port.guest == 0 {
            return Err(invalid("a port is a number from 1 to 65535".to_owned()));
        }
        if !outside.insert(port.host) {
            return Err(invalid(format!("port {} is to be published twice", port.host)));
        }
    }
    Ok(())
}

/// Checks a label.
///
/// # Errors
/// [`ErrorKind::Invalid`] where it has no key, or is too long.
pub(crate) fn check_label(key: &str, value: &str) -> Result<()> {
    if key.is_empty() {
        return Err(invalid("a label has no name".to_owned()));
    }
    match [key, value].iter().map(|text| text.chars().count()).find(|length| *length > MAX_LABEL) {
        Some(length) => Err(invalid(format!("a label has {length} characters, and may have {MAX_LABEL}"))),
        None => Ok(()),
    }
}

/// Checks a command, its variables and its working directory.
///
/// # Errors
/// [`ErrorKind::Invalid`], which says what is wrong with what.
pub(crate) fn check_command(command: &[OsText], env: &[EnvVar], workdir: Option<&OsText>) -> Result<()> {
    if command.first().is_some_and(|program| program.as_bytes().is_empty()) {
        return Err(invalid("the command's program is an empty string".to_owned()));
    }
    for argument in command {
        no_nul("an argument of the command", argument.as_bytes())?;
    }
    for EnvVar { name, value } in env {
        if name.as_bytes().is_empty() || name.as_bytes().contains(&b'=') {
            return Err(invalid(format!("{name:?} cannot be the name of an environment variable")));
        }
        no_nul("the name of an environment variable", name.as_bytes())?;
        no_nul(&format!("the value of environment variable {name:?}"), value.as_bytes())?;
    }
    match workdir {
        Some(dir) if !dir.as_bytes().starts_with(b"/") => {
            Err(invalid(format!("the working directory {dir:?} is not an absolute path")))
        }
        Some(dir) => no_nul("the working directory", dir.as_bytes()),
        None => Ok(()),
    }
}

/// Checks a path at which something is to show inside.
///
/// # Errors
/// [`ErrorKind::Invalid`] where it is not absolute, climbs, or is one that a machine cannot do without.
pub(crate) fn check_inside(what: &str, path: &[u8]) -> Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    no_nul(&format!("the path of a {what}"), path)?;
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let shown = path.display();
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(invalid(format!("a {what} is to be at `{shown}`, which is not an absolute path without `..`")));
    }
    if path.parent().is_none() || ["/proc", "/sys", "/dev"].iter().any(|own| path.starts_with(own)) {
        return Err(invalid(format!("a {what} cannot be at `{shown}`: a machine has something of its own there")));
    }
    Ok(())
}

fn no_nul(what: &str, bytes: &[u8]) -> Result<()> {
    if bytes.contains(&0) {
        return Err(invalid(format!("{what} holds a zero byte, which no program can be handed")));
    }
    Ok(())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}
