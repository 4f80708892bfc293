//! A running job: its events, and how it is finished.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use machine_core::{CloudProvider, Deadline, Error, ErrorKind, Goal, Machine, OsText, Result, Until};
use machine_guest::control::ToGuest;
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::guard::Guard;
use crate::guest::Inside;
use crate::handles::{JobControl, JobInput};
use crate::{Copied, JobSpec, Outcome, carry};

/// How long a machine may take to run once it was accepted.
pub(crate) const RUNNING_WITHIN: Duration = Duration::from_mins(5);
/// Events that wait for whoever takes them: at 32 KiB each, 2 MiB.
pub(crate) const EVENTS: usize = 64;
/// Things to say that wait for the line.
pub(crate) const WISHES: usize = 64;
/// Bytes of input that wait for the line.
pub(crate) const INPUT: usize = 64 * 1024;
/// How long a machine that is kept may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(30);

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobEvent {
    /// Bytes that it wrote to standard output.
    Stdout(Bytes),
    /// Bytes that it wrote to standard error.
    Stderr(Bytes),
    /// What a person should know, one sentence.
    Note(String),
    /// This many frames of output were lost on the way.
    Lost {
        /// How many; each held at most 32 KiB.
        frames: u64,
    },
    /// It ended, and this is how. Nothing follows.
    Ended(Outcome),
}

/// What the log said in all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) outcome: Option<Outcome>,
    pub(crate) lost: u64,
    pub(crate) foreign: u64,
}

/// What a job is put together from.
pub(crate) struct Parts {
    pub(crate) guard: Guard,
    pub(crate) machine: Machine,
    pub(crate) provider: Arc<dyn CloudProvider>,
    /// The way to the guest, where there is one.
    pub(crate) inside: Option<Arc<Inside>>,
    pub(crate) events: mpsc::Receiver<JobEvent>,
    pub(crate) input: Option<DuplexStream>,
    pub(crate) say: mpsc::Sender<ToGuest>,
    pub(crate) tally: watch::Receiver<Tally>,
    pub(crate) tasks: Vec<JoinHandle<()>>,
    pub(crate) workdir: OsText,
    pub(crate) patched: Vec<(String, Option<String>)>,
    pub(crate) spec: JobSpec,
}

/// A running job, as a stream of events whose last is [`JobEvent::Ended`]. Dropping it ends its machine.
#[derive(Debug)]
pub struct Job {
    guard: Guard,
    machine: Machine,
    provider: Arc<dyn CloudProvider>,
    inside: Option<Arc<Inside>>,
    events: mpsc::Receiver<JobEvent>,
    input: Option<JobInput>,
    control: JobControl,
    tally: watch::Receiver<Tally>,
    /// Only held: they end with the job.
    _tasks: Tasks,
    workdir: OsText,
    patched: Vec<(String, Option<String>)>,
    spec: JobSpec,
}

impl Job {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            guard: parts.guard,
            machine: parts.machine,
            provider: parts.provider,
            inside: parts.inside,
            events: parts.events,
            input: parts.input.map(JobInput),
            control: JobControl(parts.say),
            tally: parts.tally,
            _tasks: Tasks(parts.tasks),
            workdir: parts.workdir,
            patched: parts.patched,
            spec: parts.spec,
        }
    }

    /// The machine that it runs on, as it was when it was created.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The job's input, once; `None` where it has none.
    pub fn take_input(&mut self) -> Option<JobInput> {
        self.input.take()
    }

    /// A handle for signals, terminal size and cancelling.
    pub fn control(&self) -> JobControl {
        self.control.clone()
    }

    /// The next event; `None` after [`JobEvent::Ended`].
    pub async fn next(&mut self) -> Option<JobEvent> {
        self.events.recv().await
    }

    /// Brings files and the patch back and ends the machine (unless it is to be kept). A job that still runs is waited for;
    /// events that were not taken are dropped. The machine is ended even where bringing something back failed; then the
    /// error is that first failure.
    ///
    /// # Errors
    /// What could not be fetched or written; a machine that could not be ended.
    pub async fn finish(mut self) -> Result<Finished> {
        while self.events.recv().await.is_some() {}
        let tally = self.tally.borrow().clone();
        let outcome = tally.outcome.unwrap_or_else(|| Outcome::Unknown { why: "nobody saw its end".to_owned() });
        let brought = self.bring_back(&outcome).await;
        let ended = self.end().await;
        let (fetched, patch) = brought?;
        ended?;
        let (lost_frames, foreign_lines) = (tally.lost, tally.foreign);
        Ok(Finished { outcome, fetched, patch, kept: self.spec.keep, lost_frames, foreign_lines })
    }

    async fn bring_back(&self, outcome: &Outcome) -> Result<(Copied, Option<u64>)> {
        // Of a machine that nobody knows about nothing can be had, and the outcome says so already.
        if matches!(outcome, Outcome::Unknown { .. }) {
            return Ok((Copied::default(), None));
        }
        // Each is tried whatever became of the other: with the machine goes what was not brought back.
        let fetched = self.fetch().await;
        let patch = match (&self.inside, &self.spec.patch) {
            (Some(inside), Some(file)) => self.write_patch(inside, file).await.map(Some),
            _ => Ok(None),
        };
        Ok((fetched?, patch?))
    }

    async fn fetch(&self) -> Result<Copied> {
        let Some(inside) = self.inside.as_ref().filter(|_| !self.spec.fetch.is_empty()) else {
            return Ok(Copied::default());
        };
        let into = self.spec.fetch_into.as_ref().or(self.spec.sync.as_ref());
        let into = into.cloned().unwrap_or_else(|| PathBuf::from("."));
        let paths = self.spec.fetch.clone();
        Ok(carry::fetch(inside, self.workdir.clone(), paths, into, None).await?.into())
    }

    /// Writes the patch beside its place and moves it there whole.
    async fn write_patch(&self, inside: &Inside, file: &Path) -> Result<u64> {
        let unwritable = |error| Error::io(format_args!("the patch `{}` cannot be written", file.display()), error);
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As readable as any other file that the user makes: the umask takes off what it takes off everywhere.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        let mut fresh = tempfile::Builder::new().permissions(mode).tempfile_in(directory).map_err(unwritable)?;
        let mut size = 0;
        for (directory, prefix) in &self.patched {
            let mut command: Vec<OsText> = vec!["patch".into(), directory.as_str().into()];
            command.extend(prefix.as_deref().map(OsText::from));
            let (sender, mut pieces) = mpsc::channel::<Bytes>(8);
            let writing = async {
                while let Some(piece) = pieces.recv().await {
                    fresh.write_all(&piece).map_err(unwritable)?;
                    size += piece.len() as u64;
                }
                Ok::<_, Error>(pieces)
            };
            let (sent, written) = tokio::join!(inside.drink(&command, sender), writing);
            written?;
            sent?;
        }
        fresh.as_file().sync_all().map_err(unwritable)?;
        fresh.persist(file).map_err(|error| unwritable(error.error))?;
        Ok(size)
    }

    async fn end(&mut self) -> Result<()> {
        if !self.spec.keep {
            return self.guard.destroy().await;
        }
        self.guard.release();
        if self.inside.is_none() {
            return Ok(());
        }
        self.control.send(ToGuest::Release).await;
        let until = Until { goal: Goal::Ended, deadline: Deadline::after(REST_WITHIN) };
        match self.provider.wait(&self.machine.id, &until).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Stream for Job {
    type Item = JobEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<JobEvent>> {
        self.events.poll_recv(cx)
    }
}

/// What was left when a job was finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How the job ended.
    pub outcome: Outcome,
    /// What was brought back.
    pub fetched: Copied,
    /// The size of the patch in bytes, where one was asked for. Nothing changed: 0.
    pub patch: Option<u64>,
    /// Whether the machine is still there, because it was to be kept.
    pub kept: bool,
    /// Frames of output that were lost on the way, each of at most 32 KiB.
    pub lost_frames: u64,
    /// Lines in the machine's log that were no frames of this job: forged, damaged, or somebody else's.
    pub foreign_lines: u64,
}

/// The job's tasks: they end with it.
#[derive(Debug)]
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
