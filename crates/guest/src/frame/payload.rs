//! What the frames that are not output hold.

use jiff::Timestamp;
use machine_core::{ExitReason, ExitStatus};
use serde::{Deserialize, Serialize};

/// The payload of the first frame of a job that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// When the job's program was executed.
    pub at: Timestamp,
    /// Whether the job is kept apart from the guest, so that it can neither read nor end it.
    pub isolated: bool,
}

/// The payload of a job's last frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Final {
    /// How the job ended.
    #[serde(flatten)]
    pub status: ExitStatus,
    /// How long everything before the job took (files, repositories), in milliseconds.
    pub setup_ms: u64,
    /// How long the job ran, in milliseconds; nothing where it never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_ms: Option<u64>,
    /// What the guest saw that bears on how far the rest can be believed.
    pub evidence: Evidence,
}

/// What the guest saw that bears on how far a job's result can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// The job could neither read nor end its supervisors.
    pub isolated: bool,
    /// The process that holds the job was ended by somebody else, so its end was not seen.
    pub init_died: bool,
    /// A process that got away still held the job's output open, so its end was not waited for.
    pub output_cut: bool,
}

impl Final {
    /// The most bytes of a message, so that a final frame always fits into one atomic write to a pipe (4096 bytes).
    const MAX_MESSAGE: usize = 1024;

    /// `status`, its message cut to what a final frame holds.
    pub fn new(mut status: ExitStatus, setup_ms: u64, run_ms: Option<u64>, evidence: Evidence) -> Self {
        if let Some(message) = &mut status.message
            && message.len() > Self::MAX_MESSAGE
        {
            let end = (0..=Self::MAX_MESSAGE).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(0);
            message.truncate(end);
            message.push('…');
        }
        Self { status, setup_ms, run_ms, evidence }
    }

    /// The frame's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|_| br#"{"reason":"unknown"}"#.to_vec())
    }

    /// Reads it back. A verified frame that cannot be read comes from a guest of another version: nothing is known then.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_else(|_| {
            let mut status = ExitStatus::unknown(ExitReason::Unknown);
            status.message = Some("the guest's last word cannot be understood (another version?)".to_owned());
            Self::new(status, 0, None, Evidence::default())
        })
    }
}
