//! Reading both logs over a connection, and knowing where they were left.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Exec, ExecEvent, ExecSession, LogLine, LogOptions, Result, Stream};
use tokio::sync::mpsc;

use super::entry::entry;
use super::lines::{Line, Lines};
use crate::Connection;
use crate::command::sudo;

/// What cloud-init writes the output of its commands to.
const BOOT: &str = "/var/log/cloud-init-output.log";

/// The most that an entry of the journal may be.
const LONGEST_ENTRY: usize = 1 << 20;

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Told {
    /// It failed.
    Failed(Error),
    /// Nobody listens any more.
    Nobody,
}

impl From<Error> for Told {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

type Read<T> = std::result::Result<T, Told>;

/// Both logs of one machine.
pub(super) struct Reader<'a> {
    /// What makes us root.
    sudo: &'static [&'static str],
    told: &'a mpsc::Sender<Result<LogLine>>,
    boot: Boot,
    journal: Journal,
}

/// Where the output of cloud-init was left.
#[derive(Debug, Default)]
struct Boot {
    /// So many bytes have been told.
    offset: u64,
}

/// Where the journal was left.
#[derive(Debug, Default)]
struct Journal {
    /// The last entry that was told.
    cursor: Option<String>,
    /// Whether there is none to be read.
    lacking: bool,
}

/// What is told, all of it or the last lines.
struct Out<'a> {
    told: &'a mpsc::Sender<Result<LogLine>>,
    tail: Option<(usize, VecDeque<LogLine>)>,
}

impl Out<'_> {
    async fn say(&mut self, line: LogLine) -> Read<()> {
        match &mut self.tail {
            None => self.told.send(Ok(line)).await.map_err(|_| Told::Nobody),
            Some((most, last)) => {
                last.push_back(line);
                if last.len() > *most {
                    last.pop_front();
                }
                Ok(())
            }
        }
    }

    async fn finish(self) -> Read<()> {
        for line in self.tail.into_iter().flat_map(|(_, last)| last) {
            self.told.send(Ok(line)).await.map_err(|_| Told::Nobody)?;
        }
        Ok(())
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(user: &str, told: &'a mpsc::Sender<Result<LogLine>>) -> Self {
        Self { sudo: sudo(user), told, boot: Boot::default(), journal: Journal::default() }
    }

    /// Tells what is there already.
    pub(super) async fn history(&mut self, connection: &Arc<Connection>, how: &LogOptions) -> Read<()> {
        let mut out = Out { told: self.told, tail: how.tail.map(|most| (most, VecDeque::new())) };
        let written = self.written(connection).await?;
        if let Some((size, at)) = written {
            if how.since.is_some_and(|since| at < since) {
                self.boot.offset = size;
            } else {
                let mut session = self.run(connection, &["head", "-c", &size.to_string(), BOOT]).await?;
                self.boot.read(&mut session, &mut out, Some(at)).await?;
            }
        }
        let mut arguments = vec!["-b".to_owned(), "-n".to_owned()];
        arguments.push(how.tail.map_or_else(|| "all".to_owned(), |most| most.to_string()));
        if let Some(since) = how.since {
            arguments.push(format!("--since=@{}", since.as_second()));
        }
        let mut session = self.journal(connection, &arguments).await?;
        let since = how.since.unwrap_or(Timestamp::MIN);
        if let Some(failed) = self.journal.read(&mut session, &mut out, since).await? {
            self.journal.lacking = true;
            if written.is_none() {
                let what = format!("there is no {BOOT} in the machine, and no journal: {failed}");
                out.say(system(what)).await?;
            }
        }
        out.finish().await
    }

    /// Tells what comes, until the connection is lost; answers with what became of it.
    pub(super) async fn follow(&mut self, connection: &Arc<Connection>) -> Read<Error> {
        let from = format!("+{}", self.boot.offset + 1);
        let mut boot = self.run(connection, &["tail", "-c", &from, "-F", BOOT]).await?;
        let place = self.journal.cursor.as_ref().map_or_else(|| "-b".to_owned(), |at| format!("--after-cursor={at}"));
        let journal = if self.journal.lacking {
            None
        } else {
            Some(self.journal(connection, &[place, "-n".to_owned(), "all".to_owned(), "-f".to_owned()]).await?)
        };
        let out = || Out { told: self.told, tail: None };
        let (mut boot_out, mut journal_out) = (out(), out());
        let reading = async {
            match journal {
                Some(mut session) => {
                    self.journal.read(&mut session, &mut journal_out, Timestamp::MIN).await.map(|_| ())
                }
                None => Ok(()),
            }
        };
        let (boot, journal) = futures::join!(self.boot.read(&mut boot, &mut boot_out, None), reading);
        for ended in [boot, journal] {
            match ended {
                Err(Told::Failed(error)) => return Ok(error),
                ended => ended?,
            }
        }
        Ok(Error::new(ErrorKind::Upstream, "the programs that read the machine's logs have ended"))
    }

    /// How many bytes cloud-init has written, and when it did so last.
    async fn written(&self, connection: &Arc<Connection>) -> Read<Option<(u64, Timestamp)>> {
        let mut session = self.run(connection, &["stat", "-c", "%s %Y", BOOT]).await?;
        let mut text = Vec::new();
        while let Some(event) = session.events.next().await {
            if let ExecEvent::Stdout(bytes) = event? {
                text.extend_from_slice(&bytes);
            }
        }
        let text = String::from_utf8_lossy(&text);
        let parsed = text
            .trim()
            .split_once(' ')
            .and_then(|(size, at)| Some((size.parse().ok()?, Timestamp::from_second(at.parse().ok()?).ok()?)));
        Ok(parsed)
    }

    async fn journal(&self, connection: &Arc<Connection>, arguments: &[String]) -> Result<ExecSession> {
        let fixed = ["journalctl", "-q", "--no-pager", "-o", "json"];
        let command: Vec<&str> = fixed.into_iter().chain(arguments.iter().map(String::as_str)).collect();
        self.run(connection, &command).await
    }

    async fn run(&self, connection: &Arc<Connection>, command: &[&str]) -> Result<ExecSession> {
        connection.exec(&Exec::of(self.sudo.iter().chain(command).copied())).await
    }
}

impl Boot {
    /// Tells what a session writes, as written at `at` or as it comes.
    async fn read(&mut self, session: &mut ExecSession, out: &mut Out<'_>, at: Option<Timestamp>) -> Read<()> {
        let mut lines = Lines::default();
        while let Some(event) = session.events.next().await {
            match event? {
                ExecEvent::Stdout(bytes) => lines.push(&bytes),
                _ => continue,
            }
            while let Some(line) = lines.next() {
                self.say(line, out, at).await?;
            }
        }
        // Where more may come, the rest of a line is read again with what is missing of it.
        if at.is_some()
            && let Some(line) = lines.rest()
        {
            self.say(line, out, at).await?;
        }
        Ok(())
    }

    async fn say(&mut self, line: Line, out: &mut Out<'_>, at: Option<Timestamp>) -> Read<()> {
        self.offset += line.bytes();
        let at = at.unwrap_or_else(Timestamp::now);
        out.say(LogLine { at, stream: Stream::Stdout, text: line.text, partial: line.partial }).await
    }
}

impl Journal {
    /// Tells what a session writes of `since` or later; answers with what was said instead, where there is no journal.
    async fn read(&mut self, session: &mut ExecSession, out: &mut Out<'_>, since: Timestamp) -> Read<Option<String>> {
        let (mut lines, mut complained, mut any) = (Lines::default(), Bytes::new(), false);
        let mut long = Vec::new();
        while let Some(event) = session.events.next().await {
            match event? {
                ExecEvent::Stdout(bytes) => lines.push(&bytes),
                ExecEvent::Stderr(bytes) if complained.is_empty() => complained = bytes,
                ExecEvent::Exited(status) if !any && status.code != Some(0) => {
                    let why = String::from_utf8_lossy(&complained).trim().to_owned();
                    return Ok(Some(why));
                }
                _ => continue,
            }
            while let Some(line) = lines.next() {
                // An entry may be longer than a line, and is of no use in pieces.
                if long.len() < LONGEST_ENTRY {
                    long.extend_from_slice(&line.text);
                }
                if line.partial {
                    continue;
                }
                let Some(entry) = entry(&std::mem::take(&mut long)) else { continue };
                any = true;
                self.cursor = Some(entry.cursor);
                if entry.at >= since {
                    out.say(LogLine { at: entry.at, stream: Stream::Stdout, text: entry.text, partial: false }).await?;
                }
            }
        }
        Ok(None)
    }
}

fn system(what: String) -> LogLine {
    LogLine { at: Timestamp::now(), stream: Stream::System, text: what.into(), partial: false }
}
