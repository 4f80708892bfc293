//! Reading a machine's output back: from the start, from near the end, and as it comes.

mod files;
mod follow;
mod reader;
mod tail;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use machine_core::{LogLine, LogOptions, Result};

use crate::store::MachineDir;
use follow::Follow;
use reader::LogReader;

/// The output of the machine in `dir`, oldest first.
pub(crate) fn stream(dir: MachineDir, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
    let start = Source::Unopened(dir, how);
    futures::stream::unfold((start, VecDeque::new()), |(mut source, mut lines)| async move {
        loop {
            if let Some(line) = lines.pop_front() {
                return Some((Ok(line), (source, lines)));
            }
            match source.more().await {
                Ok((next, Some(more))) => (source, lines) = (next, more),
                Ok((_, None)) => return None,
                Err(error) => return Some((Err(error), (Source::Over, VecDeque::new()))),
            }
        }
    })
    .boxed()
}

/// Where lines come from.
enum Source {
    Unopened(MachineDir, LogOptions),
    Open(Box<LogReader>, Option<Follow>),
    Over,
}

impl Source {
    /// The next lines, at least one; nothing at the end.
    async fn more(self) -> Result<(Self, Option<VecDeque<LogLine>>)> {
        let (mut reader, mut follow) = match self {
            Self::Over => return Ok((Self::Over, None)),
            Self::Open(reader, follow) => (reader, follow),
            Self::Unopened(dir, how) => {
                // Watching begins before the first look, so that nothing is missed in between.
                let follow = if how.follow { Some(Follow::new(&dir)?) } else { None };
                let reader = crate::work::blocking(move || LogReader::open(dir, &how)).await?;
                (Box::new(reader), follow)
            }
        };
        loop {
            let (next, lines) = crate::work::blocking(move || {
                let lines = reader.next_lines()?;
                Ok((reader, lines))
            })
            .await?;
            reader = next;
            if !lines.is_empty() {
                return Ok((Self::Open(reader, follow), Some(lines)));
            }
            match &mut follow {
                Some(follow) if !reader.is_finished() => follow.wait().await?,
                _ => return Ok((Self::Over, None)),
            }
        }
    }
}
