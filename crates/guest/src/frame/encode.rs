//! Writing frames.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, STANDARD_NO_PAD};

use super::{JobKey, Kind, MAX_PAYLOAD, PREFIX};

/// Numbers frames and signs them.
#[derive(Debug)]
pub struct Encoder {
    key: JobKey,
    last: u64,
}

impl Encoder {
    /// An encoder whose first frame is number 1.
    pub fn new(key: JobKey) -> Self {
        Self { key, last: 0 }
    }

    /// The number of the last frame; 0 before the first.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Appends `payload` to `out` as one frame, line feed included, or as several where it is longer than one may be.
    pub fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        if payload.is_empty() {
            return self.encode_one(kind, payload, out);
        }
        for piece in payload.chunks(MAX_PAYLOAD) {
            self.encode_one(kind, piece, out);
        }
    }

    fn encode_one(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        self.last += 1;
        let mac = self.key.mac(self.last, kind, payload);
        out.extend_from_slice(PREFIX);
        // Writing to a vector cannot fail.
        let _ = write!(out, "{} {} ", self.last, char::from(kind.letter()));
        let start = out.len();
        out.resize(start + payload.len().div_ceil(3) * 4, 0);
        // The room is exactly what standard base64 takes, so this cannot fail either.
        let _ = BASE64.encode_slice(payload, &mut out[start..]);
        let _ = writeln!(out, " {}", STANDARD_NO_PAD.encode(mac));
    }
}
