//! The log of a job's machine, made readable again.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use machine_core::{LogLine, Result, Stream};
use machine_guest::frame::{Final, Frame, Kind, read_unverified};

use crate::Outcome;

/// The longest piece of a line that is put together before it is handed on unfinished.
const MAX_PIECE: usize = 64 * 1024;

/// Turns frames in `lines` back into what the job wrote, line by line. Lines that are no frames pass as they are, so any
/// machine's log may be handed over.
///
/// This is for people to read: without the job's key nothing here is verified.
pub fn readable(lines: BoxStream<'static, Result<LogLine>>) -> BoxStream<'static, Result<LogLine>> {
    let reader = Some(Reader { lines, ready: VecDeque::new(), stdout: Vec::new(), stderr: Vec::new(), at: None });
    stream::unfold(reader, |reader| async {
        let mut reader = reader?;
        loop {
            if let Some(line) = reader.ready.pop_front() {
                return Some((Ok(line), Some(reader)));
            }
            match reader.lines.next().await {
                Some(Ok(line)) => reader.take(line),
                // After an error nothing more can be relied on.
                Some(Err(error)) => return Some((Err(error), None)),
                None => {
                    reader.flush();
                    let line = reader.ready.pop_front()?;
                    reader.lines = stream::empty().boxed();
                    return Some((Ok(line), Some(reader)));
                }
            }
        }
    })
    .boxed()
}

struct Reader {
    lines: BoxStream<'static, Result<LogLine>>,
    ready: VecDeque<LogLine>,
    /// What each stream has of a line whose end has not come yet.
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    at: Option<Timestamp>,
}

impl Reader {
    fn take(&mut self, line: LogLine) {
        let frame = if line.stream == Stream::Stdout && !line.partial { read_unverified(&line.text) } else { None };
        self.at = Some(line.at);
        match frame {
            None => self.ready.push_back(line),
            Some(Frame { kind: Kind::Started, .. }) => {}
            Some(Frame { kind: Kind::Stdout, payload, .. }) => self.push(Stream::Stdout, &payload, line.at),
            Some(Frame { kind: Kind::Stderr, payload, .. }) => self.push(Stream::Stderr, &payload, line.at),
            Some(Frame { kind: Kind::Note, payload, .. }) => self.say(payload.into(), line.at),
            Some(Frame { kind: Kind::Final, payload, .. }) => {
                self.flush();
                let outcome = Outcome::from_status(Final::from_bytes(&payload).status);
                self.say(outcome.to_string().into(), line.at);
            }
        }
    }

    fn say(&mut self, text: Bytes, at: Timestamp) {
        self.ready.push_back(LogLine { at, stream: Stream::System, text, partial: false });
    }

    fn push(&mut self, stream: Stream, bytes: &[u8], at: Timestamp) {
        let started = if stream == Stream::Stderr { &mut self.stderr } else { &mut self.stdout };
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            started.extend_from_slice(piece);
            let whole = started.last() == Some(&b'\n');
            if whole {
                started.pop();
            }
            if whole || started.len() >= MAX_PIECE {
                let text = std::mem::take(started).into();
                self.ready.push_back(LogLine { at, stream, text, partial: !whole });
            }
        }
    }

    /// Hands on what never got its line feed.
    fn flush(&mut self) {
        let Some(at) = self.at else { return };
        for (stream, text) in
            [(Stream::Stdout, std::mem::take(&mut self.stdout)), (Stream::Stderr, std::mem::take(&mut self.stderr))]
        {
            if !text.is_empty() {
                self.ready.push_back(LogLine { at, stream, text: text.into(), partial: true });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use machine_core::ExitStatus;
    use machine_guest::frame::{Encoder, Evidence, JobKey};

    use super::*;

    #[tokio::test]
    async fn frames_become_lines_and_other_lines_pass() {
        let mut encoder = Encoder::new(JobKey::new([1; 32]));
        let mut log = Vec::new();
        encoder.encode(Kind::Started, b"{}", &mut log);
        encoder.encode(Kind::Stdout, b"one\ntw", &mut log);
        encoder.encode(Kind::Stderr, b"oops\n", &mut log);
        log.extend_from_slice(b"plain text\n");
        encoder.encode(Kind::Stdout, b"o\nend", &mut log);
        let last = Final::new(ExitStatus::exited(3), 0, None, Evidence::default());
        encoder.encode(Kind::Final, &last.to_bytes(), &mut log);
        let lines: Vec<_> = log
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                Ok(LogLine {
                    at: Timestamp::UNIX_EPOCH,
                    stream: Stream::Stdout,
                    text: line.to_vec().into(),
                    partial: false,
                })
            })
            .collect();
        let read: Vec<_> = readable(stream::iter(lines).boxed()).map(|line| line.unwrap()).collect().await;
        let shown: Vec<_> = read.iter().map(|line| (line.stream, &line.text[..], line.partial)).collect();
        assert_eq!(
            shown,
            [
                (Stream::Stdout, &b"one"[..], false),
                (Stream::Stderr, b"oops", false),
                (Stream::Stdout, b"plain text", false),
                (Stream::Stdout, b"two", false),
                (Stream::Stdout, b"end", true),
                (Stream::System, b"the job exited with 3", false),
            ]
        );
    }
}
