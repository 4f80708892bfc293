//! The files that a machine's output is kept in.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use machine_core::Stream;

use crate::layout::LOG;
use crate::log_format::head;

/// How large a file may grow.
const MAX_FILE: u64 = 32 * 1024 * 1024;
/// How many files are kept.
const KEPT: u64 = 8;

/// Appends to the newest file, and begins another where it is full.
#[derive(Debug)]
pub(super) struct LogStore {
    directory: PathBuf,
    max_file: u64,
    number: u64,
    file: Option<File>,
    size: u64,
    /// Bytes that the disk did not take, and why.
    lost: Option<(u64, String)>,
}

impl LogStore {
    /// Goes on where an earlier start has stopped.
    pub(super) fn open() -> io::Result<Self> {
        Self::open_at(Path::new(LOG), MAX_FILE)
    }

    fn open_at(directory: &Path, max_file: u64) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let newest = numbers(directory)?.max().unwrap_or(1);
        let mut store =
            Self { directory: directory.to_owned(), max_file, number: newest, file: None, size: 0, lost: None };
        let mut file = store.file(newest)?;
        store.size = file.metadata()?.len();
        if store.size > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                // The computer crashed in the middle of a piece. It stays as it is, and nothing is glued to it.
                store.number += 1;
                file = store.file(store.number)?;
                store.size = 0;
            }
        }
        store.file = Some(file);
        Ok(store)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:08}.log"))
    }

    fn file(&self, number: u64) -> io::Result<File> {
        File::options().read(true).append(true).create(true).mode(0o600).open(self.path(number))
    }

    /// Appends whole pieces. What the disk does not take is counted, and the machine goes on.
    pub(super) fn append(&mut self, pieces: &[u8]) {
        if let Some((bytes, why)) = self.lost.take() {
            let sentence = format!("about {bytes} bytes of output were lost here: {why}");
            let mark = piece(Stream::System, &sentence);
            if let Err(error) = self.try_append(&mark) {
                let bytes = bytes + pieces.len() as u64;
                self.lost = Some((bytes, crate::fault::reason(&error)));
                return;
            }
        }
        if let Err(error) = self.try_append(pieces) {
            super::complain(&format!("output is being lost: {}", crate::fault::reason(&error)));
            self.lost = Some((pieces.len() as u64, crate::fault::reason(&error)));
        }
    }

    /// Appends a sentence of the supervisor's.
    pub(super) fn note(&mut self, sentence: &str) {
        self.append(&piece(Stream::System, sentence));
    }

    fn try_append(&mut self, pieces: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + pieces.len() as u64 > self.max_file {
            self.rotate()?;
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        if let Err(error) = file.write_all(pieces) {
            // A torn piece would swallow the next one.
            file.set_len(self.size)?;
            return Err(error);
        }
        self.size += pieces.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file = Some(self.file(self.number + 1)?);
        self.number += 1;
        self.size = 0;
        for old in numbers(&self.directory)?.filter(|&number| number + KEPT <= self.number) {
            fs::remove_file(self.path(old))?;
        }
        Ok(())
    }
}

/// One line of ours.
fn piece(stream: Stream, sentence: &str) -> Vec<u8> {
    let mut piece = head(Timestamp::now(), stream, false).to_vec();
    piece.extend(sentence.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
    piece.push(b'\n');
    piece
}

/// The numbers of the files that there are.
fn numbers(directory: &Path) -> io::Result<impl Iterator<Item = u64>> {
    Ok(fs::read_dir(directory)?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".log")?.parse().ok()))
}
