//! Reading and writing small files so that a crash leaves either the old one or the new one.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use machine_core::{Error, ErrorKind, Result};
use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::FILE_MODE;
use crate::record::SCHEMA;

/// The largest record that is read: a full argument vector and environment, escaped, with room to spare.
const MAX_RECORD: u64 = 32 * 1024 * 1024;

/// A failure to do `what` to `path`, with what can be done about it.
pub(crate) fn failed(what: impl fmt::Display, path: &Path, error: impl Into<std::io::Error>) -> Error {
    let error = error.into();
    let message = format!("cannot {what} {}: {}", path.display(), crate::fault::reason(&error));
    let remedy = error.raw_os_error().and_then(remedy);
    let kind = if error.kind() == std::io::ErrorKind::TimedOut { ErrorKind::Timeout } else { ErrorKind::System };
    let failure = Error::new(kind, message).with_source(error);
    match remedy {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// What can be done about a system's error number.
pub(crate) fn remedy(errno: i32) -> Option<&'static str> {
    match Errno::from_raw_os_error(errno) {
        Errno::NOSPC | Errno::DQUOT => {
            Some("the disk is full: free some space, or set MACHINE_STATE_DIR to another disk")
        }
        Errno::ROFS => Some("that file system is read-only; set MACHINE_STATE_DIR to one that is not"),
        Errno::ACCESS | Errno::PERM => Some("check who owns it and whether you may write there"),
        Errno::MFILE | Errno::NFILE => Some("too many files are open; raise the limit with `ulimit -n`"),
        _ => None,
    }
}

/// A record that is there and cannot be used.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// Its path below the state directory.
    pub(crate) file: String,
    /// What is wrong with it.
    pub(crate) why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.why)
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(ErrorKind::System, format!("{unreadable}"))
    }
}

/// The number by which a record says what shape it has.
#[derive(Deserialize)]
struct Shape {
    schema: u32,
}

/// Reads the record called `name` in `dir`; nothing where there is none. `shown` is its path below the state directory.
///
/// # Errors
/// When it is there and cannot be read, is no such record, or was written by a newer version.
pub(crate) fn read_json<T: DeserializeOwned>(
    dir: impl AsFd,
    name: &str,
    shown: impl FnOnce() -> String,
) -> Result<Option<T>, Unreadable> {
    let bytes = match read(dir, name) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) => return Err(Unreadable { file: shown(), why: error.to_string() }),
    };
    // A newer shape may not parse as ours at all, so its number is asked for before the parser's complaint is believed.
    let parsed = serde_json::from_slice::<T>(&bytes);
    match (parsed, serde_json::from_slice::<Shape>(&bytes)) {
        (_, Ok(Shape { schema })) if schema > SCHEMA => Err(Unreadable {
            file: shown(),
            why: format!("written by a newer version of machine (schema {schema}; this one knows {SCHEMA})"),
        }),
        (Ok(record), _) => Ok(Some(record)),
        (Err(error), _) => Err(Unreadable { file: shown(), why: error.to_string() }),
    }
}

/// Reads a small file; nothing where there is none.
pub(crate) fn read(dir: impl AsFd, name: &str) -> std::io::Result<Option<Vec<u8>>> {
    let file = match rustix::fs::openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::with_capacity(4096);
    file.take(MAX_RECORD).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Whether a record has to be on the disk before anything else happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It says something about this boot only: a crash of the computer makes it void anyway.
    ThisBoot,
    /// It has to survive a crash of the computer.
    Durable,
}

/// Replaces the record called `name` in `dir`, so that nobody ever sees half of one.
///
/// # Errors
/// When it cannot be written; then the old one stands.
pub(crate) fn write_json(
    dir: impl AsFd,
    name: &str,
    record: &impl Serialize,
    durability: Durability,
) -> std::io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let dir = dir.as_fd();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = format!(".{name}.{}.{count}", rustix::process::getpid().as_raw_nonzero());
    let json = serde_json::to_vec(record)?;
    let replace = || {
        let file = create(dir, &temporary, &json)?;
        if durability == Durability::ThisBoot {
            return Ok(rustix::fs::renameat(dir, &temporary, dir, name)?);
        }
        file.sync_all()?;
        rustix::fs::renameat(dir, &temporary, dir, name)?;
        // Opened anew: `dir` may stand for the working directory, which is no descriptor.
        let dir = rustix::fs::openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(rustix::fs::fsync(dir)?)
    };
    let done = replace();
    if done.is_err() {
        // The write has failed already; a leftover is swept with its directory.
        let _ = rustix::fs::unlinkat(dir, &temporary, AtFlags::empty());
    }
    done
}

/// Makes the file called `name` in `dir`, which must not be there, and returns when it is on the disk.
pub(crate) fn create_new(dir: impl AsFd, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    create(dir, name, bytes)?.sync_all()
}

fn create(dir: impl AsFd, name: &str, bytes: &[u8]) -> std::io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = File::from(rustix::fs::openat(dir, name, flags, FILE_MODE)?);
    file.write_all(bytes)?;
    Ok(file)
}

/// The names of everything in `dir` that does not start with a dot, sorted.
pub(crate) fn names_in(dir: impl AsFd) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        // A name that is not UTF-8 is not one of ours.
        if let Ok(name) = entry?.file_name().to_str()
            && !name.starts_with('.')
        {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}
