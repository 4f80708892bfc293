//! Deleting a tree that strangers wrote: any depth, any permissions, never through a symbolic link.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// How many directories are open at once. What lies deeper is first moved up, so that neither the stack nor the table of
/// descriptors sets a bound to the depth.
const DEPTH: usize = 24;
/// How often a directory is emptied again that somebody put something into meanwhile: whoever waits for a machine's lock
/// makes the file anew, once each.
const AGAIN: usize = 64;

/// Deletes `name` in `parent` and everything below it. One that is gone already is fine.
///
/// # Errors
/// The first thing that cannot be deleted; whatever else can be deleted is gone then.
pub(crate) fn remove_tree(parent: impl AsFd, name: &str) -> io::Result<()> {
    let parent = parent.as_fd();
    let name = CString::new(name)?;
    let mut deep = Vec::new();
    let mut removal = Removal { top: parent, deep: &mut deep, failure: None };
    removal.remove(parent, &name, 0);
    let mut failure = removal.failure;
    while let Some(name) = deep.pop() {
        let mut removal = Removal { top: parent, deep: &mut deep, failure: None };
        removal.remove(parent, &name, 0);
        failure = failure.or(removal.failure);
    }
    // Directories that lost what was moved out of them are empty now.
    match failure {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}

struct Removal<'a> {
    top: BorrowedFd<'a>,
    deep: &'a mut Vec<CString>,
    failure: Option<Errno>,
}

impl Removal<'_> {
    /// Deletes `name` in `parent`; what cannot be deleted is noted and left.
    fn remove(&mut self, parent: BorrowedFd<'_>, name: &CString, depth: usize) {
        match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return,
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return self.note(error),
        }
        if depth == DEPTH {
            return self.move_up(parent, name);
        }
        let mut again = AGAIN;
        loop {
            match open_dir(parent, name) {
                Ok(dir) => self.empty(&dir, depth),
                Err(Errno::NOENT) => return,
                Err(error) => return self.note(error),
            }
            match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => return,
                Err(Errno::NOTEMPTY) if again > 0 && self.failure.is_none() => again -= 1,
                Err(error) => return self.note(error),
            }
        }
    }

    fn empty(&mut self, dir: &OwnedFd, depth: usize) {
        let entries = match Dir::read_from(dir) {
            Ok(entries) => entries,
            Err(error) => return self.note(error),
        };
        for entry in entries {
            match entry {
                Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Ok(entry) => self.remove(dir.as_fd(), &entry.file_name().to_owned(), depth + 1),
                Err(error) => return self.note(error),
            }
        }
    }

    /// Moves a directory that lies too deep up to where the removal began.
    fn move_up(&mut self, parent: BorrowedFd<'_>, name: &CString) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let now = jiff::Timestamp::now().as_microsecond();
        let pid = rustix::process::getpid().as_raw_nonzero();
        let Ok(to) = CString::new(format!("deep.{now}.{pid}.{count}")) else { return };
        // Moving a directory rewrites its `..`, for which it must be writable.
        let _ = open_dir(parent, name);
        match rustix::fs::renameat(parent, name, self.top, &to) {
            Ok(()) => self.deep.push(to),
            Err(Errno::NOENT) => {}
            Err(error) => self.note(error),
        }
    }

    fn note(&mut self, error: Errno) {
        self.failure.get_or_insert(error);
    }
}

/// Opens a directory, giving ourselves the permissions on it that its maker took away (overlay file systems make
/// directories that nobody may enter).
fn open_dir(parent: BorrowedFd<'_>, name: &CString) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let full = |mode: u32| mode & 0o700 == 0o700;
    let kind = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(kind.st_mode) == FileType::Directory && !full(kind.st_mode) {
        // It is a directory and not a link, and its parent is ours: nobody swaps it in between.
        rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
    }
    rustix::fs::openat(parent, name, flags, Mode::empty())
}
