//! What the commands of machines wrote, as it came, on the cloud's clock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use machine_core::{LogLine, Result, Stream};

use crate::clock::Clock;

/// How many lines of one machine are kept.
const LINES: usize = 20_000;

/// How many bytes of one machine are kept.
const BYTES: usize = 4 << 20;

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// When it came, in nanoseconds since 1970. No two lines have the same.
    pub(crate) stamp: i128,
    /// The machine.
    pub(crate) id: String,
    /// Where it wrote it.
    pub(crate) stream: Stream,
    /// What, without the line feed.
    pub(crate) text: Bytes,
}

/// The lines of all machines.
#[derive(Debug)]
pub(super) struct Logs {
    clock: Arc<Clock>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    last: i128,
    machines: HashMap<String, Written>,
}

/// What one machine wrote.
#[derive(Debug, Default)]
struct Written {
    lines: VecDeque<Line>,
    bytes: usize,
}

impl Logs {
    pub(super) fn new(clock: Arc<Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// Takes in what a machine writes, to its end.
    pub(super) async fn follow(&self, id: &str, mut lines: BoxStream<'static, Result<LogLine>>) {
        while let Some(line) = lines.next().await {
            match line {
                Ok(line) => self.take(id, line, self.clock.now()),
                Err(error) => {
                    tracing::warn!(machine = id, %error, "a log cannot be read");
                    return;
                }
            }
        }
    }

    /// Takes in what a machine of an earlier run wrote, as of then.
    pub(super) async fn recall(&self, id: &str, mut lines: BoxStream<'static, Result<LogLine>>) {
        while let Some(Ok(line)) = lines.next().await {
            let at = line.at;
            self.take(id, line, at);
        }
    }

    fn take(&self, id: &str, line: LogLine, at: Timestamp) {
        let mut kept = self.kept();
        kept.last = at.as_nanosecond().max(kept.last + 1);
        let stamp = kept.last;
        let written = kept.machines.entry(id.to_owned()).or_default();
        written.bytes += line.text.len();
        written.lines.push_back(Line { stamp, id: id.to_owned(), stream: line.stream, text: line.text });
        while written.lines.len() > LINES || written.bytes > BYTES {
            let Some(gone) = written.lines.pop_front() else { break };
            written.bytes -= gone.text.len();
        }
    }

    pub(super) fn read<'a>(&self, ids: impl Iterator<Item = &'a str>, after: i128, most: usize) -> Vec<Line> {
        let kept = self.kept();
        let mut lines: Vec<Line> = ids
            .filter_map(|id| kept.machines.get(id))
            .flat_map(|written| {
                let from = written.lines.partition_point(|line| line.stamp <= after);
                written.lines.range(from..).take(most).cloned()
            })
            .collect();
        lines.sort_unstable_by_key(|line| line.stamp);
        lines.truncate(most);
        lines
    }

    pub(super) fn drop_of(&self, id: &str) {
        self.kept().machines.remove(id);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
