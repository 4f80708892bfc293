//! Frames: how a job's output and end travel through the machine's log, one line of text each.
//!
//! ```text
//! @m1 17 o aGVsbG8K 5cWJgbSxkW3M1YI8y1qv9g
//! |   |  | |        `- MAC: blake3, keyed, over a domain, the number, the kind and the payload; 16 bytes in base64
//! |   |  | `- payload in base64, at most 32 KiB before encoding
//! |   |  `- kind: s started, o stdout, e stderr, n note, f final
//! |   `- number, from 1, without gaps
//! `- what a frame starts with, wherever in a line it stands
//! ```
//! The key is made for one job and known to its maker and to the guest, never to the job: what the job prints can look like
//! a frame and never be one. A gap in the numbers is output that was lost. A line that is no frame is somebody else's.

mod decode;
mod encode;
mod key;
mod payload;

pub use decode::{Decoded, Decoder, Frame, read_unverified};
pub use encode::Encoder;
pub use key::JobKey;
pub(crate) use key::same_secret;
pub use payload::{Evidence, Final, Started};

/// What every frame starts with. Neither base64 nor a number can hold it, so the last one in a line starts the frame.
const PREFIX: &[u8] = b"@m1 ";
/// The most bytes in one frame's payload.
pub const MAX_PAYLOAD: usize = 32 * 1024;
/// Bytes of MAC in a frame.
const MAC: usize = 16;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The job was started: [`Started`] as JSON.
    Started,
    /// Bytes that the job wrote to standard output, or to its terminal.
    Stdout,
    /// Bytes that the job wrote to standard error.
    Stderr,
    /// A sentence of the guest's for a person.
    Note,
    /// How the job ended: [`Final`] as JSON. Nothing follows.
    Final,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Self::Started => b's',
            Self::Stdout => b'o',
            Self::Stderr => b'e',
            Self::Note => b'n',
            Self::Final => b'f',
        }
    }

    fn from_letter(letter: &[u8]) -> Option<Self> {
        Some(match letter {
            b"s" => Self::Started,
            b"o" => Self::Stdout,
            b"e" => Self::Stderr,
            b"n" => Self::Note,
            b"f" => Self::Final,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
