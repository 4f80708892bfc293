//! What happens in a job, as a line of JSON: what `run --json` prints, and what is kept of a job.

use bytes::Bytes;
use jiff::Timestamp;
use machine_agent::Outcome;
use machine_core::{ExitReason, OsText};
use serde::{Deserialize, Serialize};

/// The longest beginning of a character whose rest has not come yet.
const HALF: usize = 3;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// Its machine runs, and it has begun.
    Started {
        /// When.
        at: Timestamp,
        /// The job's id.
        job: String,
        /// The machine's id.
        machine: String,
        /// The machine's name.
        name: String,
        /// The kind of provider that has the machine.
        provider: String,
    },
    /// It wrote this to standard output.
    Stdout {
        /// Text; where it is none, an object with its bytes in base64.
        data: OsText,
    },
    /// It wrote this to standard error.
    Stderr {
        /// As of `stdout`.
        data: OsText,
    },
    /// What a person should know.
    Note {
        /// One sentence.
        text: String,
    },
    /// Output was lost on the way.
    Lost {
        /// How many frames, each of at most 32 KiB.
        frames: u64,
    },
    /// What came after this is not kept: there was too much of it.
    Cut,
    /// It ended. Nothing follows.
    Ended(Ended),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// When.
    pub(crate) at: Timestamp,
    /// `succeeded`, `failed`, `timed-out`, `cancelled` or `unknown`.
    pub(crate) outcome: String,
    /// What `machine run` exits with for it.
    pub(crate) exit_code: u8,
    /// Its own exit code.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Whether the kernel ended it for want of memory.
    pub(crate) oom: bool,
    /// Why it ended, where that is known.
    pub(crate) reason: Option<ExitReason>,
    /// The same in one sentence, where there is more to say.
    pub(crate) why: Option<String>,
}

impl Ended {
    /// What there is to say of that outcome.
    pub(crate) fn new(outcome: &Outcome, at: Timestamp) -> Self {
        let (mut code, mut signal, mut oom, mut reason, mut why) = (None, None, false, None, None);
        match outcome {
            Outcome::Succeeded => (code, reason) = (Some(0), Some(ExitReason::Exited)),
            Outcome::Failed(status) => {
                (code, signal, oom) = (status.code, status.signal, status.oom);
                (reason, why) = (Some(status.reason), Some(outcome.to_string()));
            }
            outcome => why = Some(outcome.to_string()),
        }
        Self {
            at,
            outcome: outcome.as_str().to_owned(),
            exit_code: outcome.exit_code(),
            code,
            signal,
            oom,
            reason,
            why,
        }
    }

    /// Whether its exit code says all there is to say.
    pub(crate) fn is_plain(&self) -> bool {
        let by_itself = self.code.is_some() || self.signal.is_some();
        by_itself && !self.oom && self.reason != Some(ExitReason::SetupFailed)
    }

    /// One that could not be begun, or whose client failed.
    pub(crate) fn of_failure(why: String, exit_code: u8, at: Timestamp) -> Self {
        let outcome = "unknown".to_owned();
        Self { at, outcome, exit_code, code: None, signal: None, oom: false, reason: None, why: Some(why) }
    }
}

/// The bytes of one stream as text, a character that was cut in two put together again.
#[derive(Debug, Default)]
pub(crate) struct Stitcher(Vec<u8>);

impl Stitcher {
    /// What can be told of it now; nothing where all of it is half a character.
    pub(crate) fn push(&mut self, bytes: &Bytes) -> Option<OsText> {
        let mut whole = std::mem::take(&mut self.0);
        whole.extend_from_slice(bytes);
        if let Err(error) = std::str::from_utf8(&whole)
            && error.error_len().is_none()
            && whole.len() - error.valid_up_to() <= HALF
        {
            self.0 = whole.split_off(error.valid_up_to());
        }
        (!whole.is_empty()).then(|| OsText::from(whole))
    }

    /// What is left when nothing follows.
    pub(crate) fn finish(&mut self) -> Option<OsText> {
        let rest = std::mem::take(&mut self.0);
        (!rest.is_empty()).then(|| OsText::from(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_was_cut_is_whole_again_and_every_byte_arrives() {
        let mut stitcher = Stitcher::default();
        let text = "żółw";
        let mut told = Vec::new();
        for byte in text.as_bytes() {
            told.extend(stitcher.push(&Bytes::copy_from_slice(&[*byte])));
        }
        assert_eq!(told, ["ż", "ó", "ł", "w"].map(OsText::from));
        assert_eq!(stitcher.push(&Bytes::from_static(b"a\xff")), Some(OsText::from(b"a\xff".to_vec())));
        assert_eq!(stitcher.push(&Bytes::from_static(b"\xc5")), None);
        assert_eq!(stitcher.finish(), Some(OsText::from(b"\xc5".to_vec())));
        assert_eq!(stitcher.finish(), None);
    }

    #[test]
    fn every_event_reads_back() {
        let ended = Ended::new(&Outcome::TimedOut, Timestamp::UNIX_EPOCH);
        let text = |event: &Event| serde_json::to_string(event).unwrap();
        assert_eq!(text(&Event::Stdout { data: "a\n".into() }), r#"{"type":"stdout","data":"a\n"}"#);
        for event in [Event::Stderr { data: b"\xff".to_vec().into() }, Event::Cut, Event::Ended(ended)] {
            assert_eq!(serde_json::from_str::<Event>(&text(&event)).unwrap(), event);
        }
    }
}
