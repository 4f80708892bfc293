//! What a machine wrote, by the HTTP API of the logs.

mod line;
mod page;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use machine_core::{Error, ErrorKind, LogLine, LogOptions, MachineId, MachineState, Result, Stream};
use tokio::time::Instant;

use crate::fly::Fly;
use page::Pages;

/// The first pause after a look that brought nothing; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(64);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(4_096);
/// How often to look whether the machine has ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long nothing may have come after the machine's end before it is believed that nothing will: lines come on a way of their
/// own, later than the news of the end.
const SETTLE: Duration = Duration::from_secs(2);
/// How long the cloud keeps lines.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The log of one machine.
pub(crate) fn logs(fly: Arc<Fly>, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
    let reader = Reader { fly, id, how, pages: None, pause: FIRST_PAUSE, looked: None, ended: None, over: false };
    let pieces = stream::try_unfold(reader, |mut reader| async move {
        let lines: Option<Vec<LogLine>> = reader.next().await?;
        Ok::<_, Error>(lines.map(|lines| (stream::iter(lines.into_iter().map(Ok::<_, Error>)), reader)))
    });
    pieces.try_flatten().boxed()
}

/// Where reading a log stands.
struct Reader {
    fly: Arc<Fly>,
    id: MachineId,
    how: LogOptions,
    /// Nothing before the first look.
    pages: Option<Pages>,
    pause: Duration,
    /// When the machine was looked at last.
    looked: Option<Instant>,
    /// Since when it has ended and nothing came any more.
    ended: Option<Instant>,
    over: bool,
}

impl Reader {
    /// The next lines; nothing when there will be no more.
    async fn next(&mut self) -> Result<Option<Vec<LogLine>>> {
        if self.pages.is_none() {
            let first = self.begin().await?;
            if !first.is_empty() {
                return Ok(Some(first));
            }
        }
        while !self.over {
            let lines = self.page().await?;
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
        }
        Ok(None)
    }

    /// Finds out where to begin. Where only the tail is wanted, that needs everything before.
    async fn begin(&mut self) -> Result<Vec<LogLine>> {
        let machine = self.fly.look(&self.id).await?.machine;
        let oldest = Timestamp::now().checked_sub(KEPT).ok();
        let from = self.how.since.or(machine.created_at);
        let lost = from.zip(oldest).is_some_and(|(from, oldest)| from < oldest) && self.how.tail.is_none();
        let mut lines: Vec<LogLine> =
            lost.then(|| line::note("lines older than seven days are kept no longer")).into_iter().collect();
        let mut pages = Pages::new(from, self.how.since);
        if let Some(tail) = self.how.tail {
            let mut last = VecDeque::new();
            loop {
                let page = pages.next(&self.fly, &self.id).await?;
                if !page.fresh {
                    break;
                }
                last.extend(page.lines);
                while last.iter().filter(|line| line.stream != Stream::System).count() > tail {
                    last.pop_front();
                }
            }
            // What is told about the machine before the tail begins is not of the tail.
            while last.front().is_some_and(|line| line.stream == Stream::System) {
                last.pop_front();
            }
            lines.extend(last);
            self.over = !self.how.follow;
        }
        self.pages = Some(pages);
        Ok(lines)
    }

    /// One page. Where it brings nothing, either the log is over or there is a pause before the next.
    async fn page(&mut self) -> Result<Vec<LogLine>> {
        let Some(pages) = &mut self.pages else { return Ok(Vec::new()) };
        let page = pages.next(&self.fly, &self.id).await?;
        if page.fresh {
            self.pause = FIRST_PAUSE;
            self.ended = self.ended.map(|_| Instant::now());
            return Ok(page.lines);
        }
        self.over = !self.how.follow || self.has_settled().await?;
        if !self.over {
            tokio::time::sleep(self.pause).await;
            let longest = if self.ended.is_some() { SETTLE / 4 } else { LONGEST_PAUSE };
            self.pause = (self.pause * 2).min(longest);
        }
        Ok(Vec::new())
    }

    /// Whether the machine has ended, and for long enough.
    async fn has_settled(&mut self) -> Result<bool> {
        if let Some(ended) = self.ended {
            return Ok(ended.elapsed() >= SETTLE);
        }
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return Ok(false);
        }
        self.looked = Some(Instant::now());
        let ended = match self.fly.look(&self.id).await {
            Ok(seen) => {
                use MachineState as S;
                matches!(seen.machine.state, S::Stopped | S::Failed | S::Destroying | S::Destroyed)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        };
        self.ended = ended.then(Instant::now);
        Ok(false)
    }
}
