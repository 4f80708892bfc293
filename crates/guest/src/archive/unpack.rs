//! From a stream to a directory tree.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use machine_core::{Error, ErrorKind, Result};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use tar::{Archive, Entry, EntryType};

use super::{Summary, is_plain};

/// Unpacks `stream` below the directory `root`, which is made where it is missing. With `rename`, the first name of every
/// path is replaced by it.
///
/// Every directory is opened one name at a time without following links, so that neither the stream nor a link that stands
/// there already can lead out of `root`. What is in the way is replaced, but never a directory by something else.
///
/// # Errors
/// `Invalid` for a path that leads out of `root` or through a link, and for kinds of entries that we do not carry;
/// `Protocol` for a stream that is damaged or cut; `System` where something cannot be written, naming it.
pub fn unpack(stream: impl Read, root: &Path, rename: Option<&OsStr>) -> Result<Summary> {
    std::fs::create_dir_all(root).map_err(|error| unwritable(root, error))?;
    let mut tree = Tree::open(root)?;
    let mut summary = Summary::default();
    let mut archive = Archive::new(stream);
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let path = entry.path().map_err(|error| damaged(&error))?.into_owned();
        if !is_plain(&path) {
            // The root itself is the one path without a name that is no attempt to get out.
            if entry.header().entry_type() == EntryType::Directory && path.components().all(|c| c == Component::CurDir)
            {
                continue;
            }
            let message = format!("`{}` leads out of the directory that is unpacked into", path.display());
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        tree.put(&mut entry, &renamed(&path, rename), &mut summary)?;
    }
    tree.settle();
    Ok(summary)
}

fn renamed(path: &Path, rename: Option<&OsStr>) -> PathBuf {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_)));
    match rename {
        None => names.collect(),
        Some(first) => std::iter::once(Component::Normal(first)).chain(names.skip(1)).collect(),
    }
}

/// The tree that is unpacked into.
struct Tree<'a> {
    root: &'a Path,
    handle: OwnedFd,
    /// The directory that was used last: entries of one directory come together.
    last: Option<(PathBuf, OwnedFd)>,
    /// Directories whose bits and times are set at the very end, so that they can be filled until then.
    directories: Vec<(PathBuf, Mode, Timestamps)>,
}

impl<'a> Tree<'a> {
    fn open(root: &'a Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(CWD, root, flags, Mode::empty()).map_err(|e| unwritable(root, e.into()))?;
        Ok(Self { root, handle, last: None, directories: Vec::new() })
    }

    fn put(&mut self, entry: &mut Entry<'_, impl Read>, path: &Path, summary: &mut Summary) -> Result<()> {
        let header = entry.header();
        let mode = Mode::from_raw_mode(header.mode().map_err(|error| damaged(&error))? & 0o777);
        let times = times(header.mtime().map_err(|error| damaged(&error))?);
        let kind = header.entry_type();
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let failed = |root: &Path, errno: Errno| unwritable(&root.join(path), errno.into());
        match kind {
            EntryType::Directory => {
                self.directory(path)?;
                self.directories.push((path.to_owned(), mode, times));
            }
            EntryType::Regular | EntryType::Continuous => {
                let root = self.root;
                let directory = self.directory(parent)?;
                remove(directory, name).map_err(|errno| failed(root, errno))?;
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = rustix::fs::openat(directory, name, flags, Mode::RUSR | Mode::WUSR)
                    .map_err(|errno| failed(root, errno))?;
                let mut file = std::fs::File::from(file);
                summary.bytes += copy(entry, &mut file, &root.join(path))?;
                rustix::fs::fchmod(&file, mode).map_err(|errno| failed(root, errno))?;
                rustix::fs::futimens(&file, &times).map_err(|errno| failed(root, errno))?;
                summary.files += 1;
            }
            EntryType::Symlink => {
                let target = entry.link_name().map_err(|error| damaged(&error))?.unwrap_or_default().into_owned();
                let root = self.root;
                let directory = self.directory(parent)?;
                remove(directory, name).map_err(|errno| failed(root, errno))?;
                rustix::fs::symlinkat(&target, directory, name).map_err(|errno| failed(root, errno))?;
                // A link's time matters to nobody enough to fail for it.
                let _ = rustix::fs::utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW);
                summary.files += 1;
            }
            other => {
                let message = format!("`{}` is of a kind that is not unpacked ({other:?})", path.display());
                return Err(Error::new(ErrorKind::Invalid, message));
            }
        }
        Ok(())
    }

    /// The directory at `path`, made where it is missing, reached without following a link.
    fn directory(&mut self, path: &Path) -> Result<&OwnedFd> {
        if path.as_os_str().is_empty() {
            return Ok(&self.handle);
        }
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            let opened = self.open_directory(path)?;
            self.last = Some((path.to_owned(), opened));
        }
        Ok(self.last.as_ref().map_or(&self.handle, |(_, handle)| handle))
    }

    fn open_directory(&self, path: &Path) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut opened: Option<OwnedFd> = None;
        let mut walked = self.root.to_owned();
        for name in path {
            walked.push(name);
            let parent = opened.as_ref().unwrap_or(&self.handle);
            let next = match rustix::fs::openat(parent, name, flags, Mode::empty()) {
                Err(Errno::NOENT) => rustix::fs::mkdirat(parent, name, Mode::RWXU | Mode::from_raw_mode(0o055))
                    .and_then(|()| rustix::fs::openat(parent, name, flags, Mode::empty())),
                other => other,
            };
            opened = Some(next.map_err(|errno| match errno {
                Errno::LOOP | Errno::NOTDIR => Error::new(
                    ErrorKind::Invalid,
                    format!("`{}` is in the way: it is a link or a file and not a directory", walked.display()),
                ),
                errno => unwritable(&walked, errno.into()),
            })?);
        }
        opened.ok_or_else(|| Error::new(ErrorKind::Invalid, "an empty path cannot be unpacked"))
    }

    /// Gives directories the bits and times that they had. Not being able to is no reason to call the copy failed.
    fn settle(&mut self) {
        for (path, mode, times) in std::mem::take(&mut self.directories).into_iter().rev() {
            if let Ok(directory) = self.open_directory(&path) {
                let _ = rustix::fs::fchmod(&directory, mode);
                let _ = rustix::fs::futimens(&directory, &times);
            }
        }
    }
}

fn copy(entry: &mut impl Read, file: &mut std::fs::File, path: &Path) -> Result<u64> {
    let mut buffer = vec![0; 128 * 1024];
    let mut total = 0;
    loop {
        let read = match entry.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(damaged(&error)),
        };
        io::Write::write_all(file, &buffer[..read]).map_err(|error| unwritable(path, error))?;
        total += read as u64;
    }
}

/// Takes away what is in the way, if anything.
fn remove(directory: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

fn times(seconds: u64) -> Timestamps {
    let time = Timespec { tv_sec: seconds.try_into().unwrap_or(0), tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::io(format_args!("`{}` cannot be written", path.display()), error)
}

fn damaged(error: &io::Error) -> Error {
    Error::new(ErrorKind::Protocol, format!("the files did not arrive whole: {error}"))
}

/// Where a copy to `target` goes, as `cp` sees it: the directory to unpack into and the new first name, if any.
/// `asked_for_directory` is whether `target` was written with a `/` at its end.
pub fn destination(target: &Path, asked_for_directory: bool) -> (PathBuf, Option<OsString>) {
    match (target.file_name(), target.parent()) {
        (Some(name), Some(parent)) if !asked_for_directory && !target.is_dir() => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            (parent.to_owned(), Some(name.to_owned()))
        }
        _ => (target.to_owned(), None),
    }
}
