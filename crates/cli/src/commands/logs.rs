//! `machine logs`.

use bytes::{BufMut as _, Bytes, BytesMut};
use clap::Args;
use futures::{FutureExt as _, StreamExt as _};
use machine_core::{LogLine, LogOptions, ProviderExt as _, Stream};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::pump::Pump;
use crate::streams::Target;
use crate::values::{self, Moment};

/// How much is collected before it is written, while more is there already.
const PIECE: usize = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  machine logs web-1
  machine logs -f -n 20 web-1
  machine logs -t --since 10m web-1";

/// Shows what a machine's own command wrote, each stream on ours of that name.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Logs {
    /// Which, by name or id.
    name: String,
    /// Go on with new lines until the machine has ended.
    #[arg(long, short)]
    follow: bool,
    /// Only the last N lines of what is there already.
    #[arg(long, short = 'n', value_name = "N")]
    lines: Option<usize>,
    /// Only lines since then: a time (2026-11-20T18:30:00), or a span before now (10m).
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    since: Option<Moment>,
    /// Show when each line was written.
    #[arg(long, short)]
    timestamps: bool,
}

impl Logs {
    /// Shows them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let machine = app.provider().resolve(&self.name).await?;
        let how = LogOptions {
            follow: self.follow,
            tail: self.lines,
            since: self.since.map(|since| since.at(app.clock())).transpose()?,
        };
        let mut lines = machine_agent::readable(app.provider().logs(machine.id, how));
        let mut pump = Pump::start(app.printer.streams());
        let mut page = Page::new(self.timestamps);
        let shown: Result<(), Failure> = async {
            loop {
                // What is there already is written in large pieces; what is awaited, at once.
                let line = match lines.next().now_or_never() {
                    Some(line) => line,
                    None => {
                        page.flush(&mut pump).await?;
                        lines.next().await
                    }
                };
                let Some(line) = line else { break };
                page.add(&line?, &mut pump).await?;
            }
            page.flush(&mut pump).await
        }
        .await;
        // What was read before a failure is shown before it.
        let written = if matches!(shown, Err(Failure::Closed)) { Ok(()) } else { pump.finish().await };
        shown.and(written)?;
        Ok(code::OK)
    }
}

/// Lines on their way out: bytes for one stream, written when there are many or when the other stream's turn comes.
struct Page {
    timestamps: bool,
    target: Target,
    bytes: BytesMut,
    /// Whether the last piece on standard output, and on standard error, was the start of a line that goes on.
    open: [bool; 2],
}

impl Page {
    fn new(timestamps: bool) -> Self {
        Self { timestamps, target: Target::Stdout, bytes: BytesMut::new(), open: [false; 2] }
    }

    async fn add(&mut self, line: &LogLine, pump: &mut Pump) -> Result<(), Failure> {
        let (target, index) = match line.stream {
            Stream::Stdout => (Target::Stdout, 0),
            Stream::Stderr | Stream::System => (Target::Stderr, 1),
        };
        if target != self.target || self.bytes.len() >= PIECE {
            self.flush(pump).await?;
            self.target = target;
        }
        if self.timestamps && !self.open[index] {
            self.bytes.put_slice(line.at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ ").to_string().as_bytes());
        }
        if line.stream == Stream::System {
            self.bytes.put_slice(b"machine: ");
        }
        self.bytes.put_slice(&line.text);
        if !line.partial {
            self.bytes.put_u8(b'\n');
        }
        self.open[index] = line.partial;
        Ok(())
    }

    async fn flush(&mut self, pump: &mut Pump) -> Result<(), Failure> {
        let bytes: Bytes = self.bytes.split().freeze();
        if bytes.is_empty() { Ok(()) } else { pump.write(self.target, bytes).await }
    }
}
