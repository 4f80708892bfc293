//! Finds the place where the last lines of a log begin, from the end, without reading what comes before.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::files::LogFiles;
use crate::log_format::{HEAD, parse_head};

/// How much is read at once.
const CHUNK: u64 = 64 * 1024;

/// Where to begin.
#[derive(Debug)]
pub(super) struct Start {
    /// The file, and its number.
    pub(super) file: File,
    pub(super) number: u64,
    /// The byte in it.
    pub(super) offset: u64,
}

/// The place where the last `wanted` lines begin; nothing where that is the beginning of the log. The pieces of a line that was
/// too long to keep whole count as one.
pub(super) fn find(files: &LogFiles, wanted: usize) -> std::io::Result<Option<Start>> {
    let mut scan = Scan { wanted, found: 0, open: [true; 2] };
    let mut newer = None;
    for number in files.numbers()?.into_iter().rev() {
        // Rotated away in the meantime: then this is where the log begins.
        let Some(mut file) = files.file(number)? else { break };
        if let Some(offset) = scan.file(&mut file)? {
            let start = Start { file, number, offset };
            // Where nothing of this file is wanted, what may be missing between the two is not either.
            let is_at_its_end = start.file.metadata()?.len() == offset;
            return Ok(newer.filter(|_| is_at_its_end).or(Some(start)));
        }
        newer = Some(Start { file, number, offset: 0 });
    }
    Ok(None)
}

struct Scan {
    wanted: usize,
    found: usize,
    /// Whether an unfinished line of standard output (0) or error (1) at the very end is still to be counted.
    open: [bool; 2],
}

impl Scan {
    /// Goes backwards through one file. Says where the wanted lines begin, once they are complete.
    fn file(&mut self, file: &mut File) -> std::io::Result<Option<u64>> {
        let mut end = file.seek(SeekFrom::End(0))?;
        // What follows the last line feed is being written, and is read when it is whole.
        let mut carried: Vec<u8> = Vec::new();
        // The end of the record that is being looked at; none before the first line feed from the end.
        let mut record_end: Option<u64> = None;
        while end > 0 {
            let start = end.saturating_sub(CHUNK);
            let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut bytes)?;
            bytes.extend_from_slice(&carried);
            let mut upto = bytes.len() - carried.len();
            // Only heads matter: what is carried to the next round is the beginning of a record, without its text.
            let mut beginning_of = bytes.len();
            while let Some(feed) = bytes[..upto].iter().rposition(|byte| *byte == b'\n') {
                let position = start + u64::try_from(feed).unwrap_or(0);
                if let Some(record_end) = record_end
                    && self.is_too_many(&bytes[feed + 1..beginning_of])
                {
                    return Ok(Some(record_end + 1));
                }
                record_end = Some(position);
                (upto, beginning_of) = (feed, feed);
            }
            carried = bytes[..beginning_of.min(HEAD)].to_vec();
            end = start;
        }
        Ok(record_end.filter(|_| self.is_too_many(&carried)).map(|record_end| record_end + 1))
    }

    /// Counts a record that starts with `bytes`. Whether it belongs to a line too many.
    fn is_too_many(&mut self, bytes: &[u8]) -> bool {
        let Some((_, stream, partial)) = parse_head(bytes) else { return false };
        let stream = usize::from(stream == machine_core::Stream::Stderr);
        // A finished line, or the unfinished one at the end of its stream.
        let is_line_end = !partial || self.open[stream];
        self.open[stream] = false;
        self.found += usize::from(is_line_end);
        self.found > self.wanted
    }
}
