//! From a directory tree to a stream.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use machine_core::{Error, ErrorKind, Result};
use tar::{Builder, EntryType, Header};

use super::Summary;

/// Writes files into a stream, one after the other, holding none of them in memory.
pub struct Packer<W: Write> {
    builder: Builder<W>,
    summary: Summary,
    skipped: Vec<String>,
}

impl<W: Write> std::fmt::Debug for Packer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").field("summary", &self.summary).finish_non_exhaustive()
    }
}

impl<W: Write> Packer<W> {
    /// A packer that writes to `stream`.
    pub fn new(stream: W) -> Self {
        Self { builder: Builder::new(stream), summary: Summary::default(), skipped: Vec::new() }
    }

    /// Adds what is at `path`, and if it is a directory nothing below it, as `name`.
    ///
    /// # Errors
    /// `NotFound` or `System`, naming `path`, where it cannot be read; `Network` where the stream takes no more.
    pub fn add(&mut self, path: &Path, name: &Path) -> Result<Metadata> {
        let unreadable = |error| unreadable(path, error);
        let metadata = path.symlink_metadata().map_err(unreadable)?;
        let kind = metadata.file_type();
        if kind.is_socket() || kind.is_fifo() || kind.is_block_device() || kind.is_char_device() {
            let what = if kind.is_socket() {
                "a socket"
            } else if kind.is_fifo() {
                "a pipe"
            } else {
                "a device"
            };
            self.skipped.push(format!("`{}` is {what} and was left out", path.display()));
            return Ok(metadata);
        }
        let mut header = Header::new_gnu();
        header.set_mode(metadata.mode() & 0o777);
        header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        if kind.is_symlink() {
            let target = fs::read_link(path).map_err(unreadable)?;
            header.set_entry_type(EntryType::Symlink);
            self.builder.append_link(&mut header, name, target).map_err(cut)?;
            self.summary.files += 1;
        } else if kind.is_dir() {
            header.set_entry_type(EntryType::Directory);
            self.builder.append_data(&mut header, name, io::empty()).map_err(cut)?;
        } else {
            let file = File::open(path).map_err(unreadable)?;
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.len());
            let mut contents = Exactly { file, left: metadata.len(), failed: None };
            let written = self.builder.append_data(&mut header, name, &mut contents);
            if let Some(error) = contents.failed.take() {
                return Err(unreadable(error));
            }
            written.map_err(cut)?;
            self.summary.files += 1;
            self.summary.bytes += metadata.len();
        }
        Ok(metadata)
    }

    /// Adds what is at `path` and everything below it as `name`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_tree(&mut self, path: &Path, name: &Path) -> Result<()> {
        // A stack of our own: a tree may be deeper than the thread's.
        let mut waiting = vec![(path.to_owned(), name.to_owned())];
        while let Some((path, name)) = waiting.pop() {
            if !self.add(&path, &name)?.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, error))? {
                let entry = entry.map_err(|error| unreadable(&path, error))?;
                waiting.push((entry.path(), name.join(entry.file_name())));
            }
        }
        Ok(())
    }

    /// Ends the stream. Says what was carried and, one sentence each, what was left out.
    ///
    /// # Errors
    /// `Network` where the stream takes no more.
    pub fn finish(self) -> Result<(Summary, Vec<String>)> {
        self.builder.into_inner().and_then(|mut stream| stream.flush()).map_err(cut)?;
        Ok((self.summary, self.skipped))
    }
}

/// A file of the length that its header states, whatever happens to it meanwhile: what grows is cut, what shrinks is
/// filled up with zeros. Anything else would corrupt all that follows.
struct Exactly {
    file: File,
    left: u64,
    failed: Option<io::Error>,
}

impl Read for &mut Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let mut read = match self.file.read(&mut buffer[..want]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                return Err(kind.into());
            }
        };
        if read == 0 && want > 0 {
            buffer[..want].fill(0);
            read = want;
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        return Error::new(ErrorKind::NotFound, format!("`{}` does not exist", path.display())).with_source(error);
    }
    Error::io(format_args!("`{}` cannot be read", path.display()), error)
}

fn cut(error: io::Error) -> Error {
    Error::new(ErrorKind::Network, format!("the files could not be handed over: {error}")).with_source(error)
}
