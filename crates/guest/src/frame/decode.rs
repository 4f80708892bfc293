//! Reading frames.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, STANDARD_NO_PAD};

use super::key::same_secret;
use super::{JobKey, Kind, MAX_PAYLOAD, PREFIX};

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its number.
    pub number: u64,
    /// What it holds.
    pub kind: Kind,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// What a line of a log turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// The next frame.
    Frame {
        /// The frame.
        frame: Frame,
        /// How many frames before it are missing.
        lost: u64,
    },
    /// A genuine frame that was there already.
    Duplicate,
    /// No frame of this job's guest: forged, damaged, or somebody else's text.
    Foreign,
}

/// Verifies frames and watches their numbers.
#[derive(Debug)]
pub struct Decoder {
    key: JobKey,
    last: u64,
    ended: bool,
    lost: u64,
    foreign: u64,
}

impl Decoder {
    /// A decoder that expects frame 1.
    pub fn new(key: JobKey) -> Self {
        Self { key, last: 0, ended: false, lost: 0, foreign: 0 }
    }

    /// Says what `line` is, which has no line feed. After the final frame nothing is a frame any more.
    pub fn decode(&mut self, line: &[u8]) -> Decoded {
        let Some((frame, mac)) = parse(line) else { return self.foreign() };
        let genuine = same_secret(&self.key.mac(frame.number, frame.kind, &frame.payload), &mac);
        if !genuine {
            return self.foreign();
        }
        if self.ended || frame.number <= self.last {
            return Decoded::Duplicate;
        }
        let lost = frame.number - self.last - 1;
        self.last = frame.number;
        self.lost += lost;
        self.ended = frame.kind == Kind::Final;
        Decoded::Frame { frame, lost }
    }

    /// The number of the last frame seen; 0 before the first.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How many frames were lost so far.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// How many lines were no frames of this job so far.
    pub fn foreign_lines(&self) -> u64 {
        self.foreign
    }

    fn foreign(&mut self) -> Decoded {
        self.foreign += 1;
        Decoded::Foreign
    }
}

/// The frame in `line`, if it looks like one. Nothing is verified: for showing a log to a person, never for deciding.
pub fn read_unverified(line: &[u8]) -> Option<Frame> {
    parse(line).map(|(frame, _)| frame)
}

/// A frame and its MAC. Text in front of a frame is skipped: an unfinished line that somebody else wrote into the same log
/// must not swallow the frame behind it.
fn parse(line: &[u8]) -> Option<(Frame, Vec<u8>)> {
    let start = line.windows(PREFIX.len()).rposition(|window| window == PREFIX)?;
    let mut fields = line.get(start + PREFIX.len()..)?.split(|&byte| byte == b' ');
    let number = std::str::from_utf8(fields.next()?).ok()?.parse().ok().filter(|&number| number > 0)?;
    let kind = Kind::from_letter(fields.next()?)?;
    let encoded = fields.next()?;
    if encoded.len() > MAX_PAYLOAD.div_ceil(3) * 4 {
        return None;
    }
    let payload = BASE64.decode(encoded).ok()?;
    let mac = STANDARD_NO_PAD.decode(fields.next()?).ok()?;
    fields.next().is_none().then_some((Frame { number, kind, payload }, mac))
}
