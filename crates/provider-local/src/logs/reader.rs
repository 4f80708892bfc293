//! Reads a log forwards, file by file, in pieces of a bounded size.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;

use bytes::Bytes;
use jiff::Timestamp;
use machine_core::{Error, LogLine, LogOptions, Result, Stream};

use super::files::LogFiles;
use super::tail;
use crate::log_format::{HEAD, MAX_PIECE, parse_head};
use crate::store::{MachineDir, failed};

/// How much is read at once. Lines are slices of such a piece: nothing is copied.
const CHUNK: usize = 256 * 1024;
// A piece of a line and its head fit into half of what is read at once, so that every read makes progress.
const _: () = assert!(HEAD + MAX_PIECE < CHUNK / 2);

/// Reads a log forwards.
#[derive(Debug)]
pub(crate) struct LogReader {
    dir: MachineDir,
    files: Option<LogFiles>,
    file: Option<(u64, File)>,
    /// What was read and does not end with a line feed yet.
    rest: Bytes,
    since: Option<Timestamp>,
    buffer: Vec<u8>,
    /// Whether output before the first line was asked for, so that its absence is worth a word.
    from_start: bool,
    finished: bool,
    clock: Clock,
}

impl LogReader {
    /// Opens the log of the machine in `dir` at the place that `how` says.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when it cannot be read.
    pub(crate) fn open(dir: MachineDir, how: &LogOptions) -> Result<Self> {
        let mut reader = Self {
            files: LogFiles::open(&dir).ok(),
            dir,
            file: None,
            rest: Bytes::new(),
            buffer: Vec::new(),
            since: how.since,
            from_start: true,
            finished: false,
            clock: Clock::default(),
        };
        if let (Some(lines), Some(files)) = (how.tail, &reader.files)
            && let Some(start) = tail::find(files, lines).map_err(|error| reader.failed(error))?
        {
            reader.from_start = false;
            let mut file = start.file;
            file.seek(SeekFrom::Start(start.offset)).map_err(|error| reader.failed(error))?;
            reader.file = Some((start.number, file));
        }
        Ok(reader)
    }

    /// The next lines. None: that is all for now, and [`is_finished`](Self::is_finished) says whether it is all there will
    /// ever be.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when the log cannot be read.
    pub(crate) fn next_lines(&mut self) -> Result<VecDeque<LogLine>> {
        let mut lines = VecDeque::new();
        // Looked at before reading: what was written before its writer died is seen by the read that follows.
        let dead = !self.dir.is_alive()?;
        while lines.is_empty() {
            let read = self.fill().map_err(|error| self.failed(error))?;
            self.split(&mut lines);
            if read > 0 {
                continue;
            }
            match self.advance(&mut lines).map_err(|error| self.failed(error))? {
                Advance::Moved => {}
                Advance::AtTheEnd => {
                    if dead {
                        self.end_of_file(&mut lines);
                    }
                    self.finished = dead;
                    break;
                }
            }
        }
        Ok(lines)
    }

    /// Whether nothing can come any more.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Reads on in the present file; 0 at its end.
    fn fill(&mut self) -> std::io::Result<usize> {
        let Some((_, file)) = &mut self.file else { return Ok(0) };
        self.buffer.resize(CHUNK, 0);
        let kept = self.rest.len();
        self.buffer[..kept].copy_from_slice(&self.rest);
        let read = loop {
            match file.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let filled = kept + read;
        self.rest = match read {
            0 => return Ok(0),
            // A few lines must not keep a large buffer alive for as long as somebody keeps them.
            _ if filled < CHUNK / 8 => Bytes::copy_from_slice(&self.buffer[..filled]),
            _ => Bytes::from(std::mem::take(&mut self.buffer)).slice(..filled),
        };
        Ok(read)
    }

    /// Takes the whole lines out of what was read.
    fn split(&mut self, lines: &mut VecDeque<LogLine>) {
        let mut start = 0;
        while let Some(length) = memchr(&self.rest[start..]) {
            self.record(start, start + length, lines);
            start += length + 1;
        }
        self.rest = self.rest.slice(start..);
        if self.rest.len() > HEAD + MAX_PIECE {
            // No writer of ours makes such a line; what it is cannot be told, and it must not grow for ever.
            lines.push_back(damaged());
            self.rest = Bytes::new();
        }
    }

    fn record(&mut self, start: usize, end: usize, lines: &mut VecDeque<LogLine>) {
        let Some((at, stream, partial)) = self.clock.head(&self.rest[start..end]) else {
            if lines.back().is_none_or(|line| line.stream != Stream::System) {
                lines.push_back(damaged());
            }
            return;
        };
        if self.since.is_none_or(|since| at >= since) {
            lines.push_back(LogLine { at, stream, text: self.rest.slice(start + HEAD..end), partial });
        }
    }

    /// What a writer that died left without its line feed.
    fn end_of_file(&mut self, lines: &mut VecDeque<LogLine>) {
        let rest = std::mem::take(&mut self.rest);
        if let Some((at, stream, _)) = parse_head(&rest)
            && self.since.is_none_or(|since| at >= since)
        {
            lines.push_back(LogLine { at, stream, text: rest.slice(HEAD..), partial: true });
        }
    }

    /// Moves on to the next file, where there is one.
    fn advance(&mut self, lines: &mut VecDeque<LogLine>) -> std::io::Result<Advance> {
        if self.files.is_none() {
            self.files = LogFiles::open(&self.dir).ok();
        }
        let Some(files) = &self.files else { return Ok(Advance::AtTheEnd) };
        let present = self.file.as_ref().map(|(number, _)| *number);
        let Some(next) = files.numbers()?.into_iter().find(|number| present.is_none_or(|present| *number > present))
        else {
            return Ok(Advance::AtTheEnd);
        };
        // Whatever the writer added to the present file it had added before it made the next one.
        if present.is_some() && self.fill()? > 0 {
            self.split(lines);
            return Ok(Advance::Moved);
        }
        let Some(files) = &self.files else { return Ok(Advance::AtTheEnd) };
        let Some(file) = files.file(next)? else { return Ok(Advance::Moved) };
        if present.is_some() {
            self.end_of_file(lines);
        }
        let expected = present.map_or(1, |present| present + 1);
        if next != expected && (present.is_some() || (self.from_start && self.since.is_none())) {
            lines.push_back(note("earlier output was rotated away"));
        }
        let mut file = file;
        if self.since.is_some_and(|since| written_before(&file, since)) {
            file.seek(SeekFrom::End(0))?;
        }
        self.file = Some((next, file));
        Ok(Advance::Moved)
    }

    fn failed(&self, error: std::io::Error) -> Error {
        failed("read the log in", self.dir.path(), error)
    }
}

enum Advance {
    Moved,
    AtTheEnd,
}

/// Reads heads. Lines that came in together have the same time, which is then read only once.
#[derive(Debug, Default)]
struct Clock {
    text: [u8; 27],
    at: Option<Timestamp>,
}

impl Clock {
    fn head(&mut self, line: &[u8]) -> Option<(Timestamp, Stream, bool)> {
        let same = self.at.filter(|_| line.len() >= HEAD && line[..27] == self.text);
        if let (Some(at), Some(marks)) = (same, line.get(27..HEAD)) {
            let stream = match marks[1] {
                b'o' => Stream::Stdout,
                b'e' => Stream::Stderr,
                b's' => Stream::System,
                _ => return None,
            };
            return Some((at, stream, marks[2] == b'P'));
        }
        let head = parse_head(line)?;
        self.text.copy_from_slice(&line[..27]);
        self.at = Some(head.0);
        Some(head)
    }
}

/// Where the next line feed is. The standard library has no faster search for one byte that is safe.
fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

/// Whether surely nothing was written to `file` at `since` or later. The kernel stamps files by the last tick of its clock, some
/// milliseconds earlier than the lines in them say, which may be the second before.
fn written_before(file: &File, since: Timestamp) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.mtime() < since.as_second() - 1)
}

fn damaged() -> LogLine {
    note("a part of the log is damaged and was left out")
}

fn note(text: &'static str) -> LogLine {
    LogLine { at: Timestamp::now(), stream: Stream::System, text: Bytes::from_static(text.as_bytes()), partial: false }
}
