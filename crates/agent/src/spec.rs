//! What is asked for when a job is started.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{EnvVar, MachineSpec, OsText, WindowSize};

use crate::RepoSpec;

/// One command on one machine that is made for it.
#[derive(Debug, Clone)]
pub struct JobSpec {
    /// The machine to make. Its `command` and its `files` below `/run/machine` are the job's own and must be empty.
    pub machine: MachineSpec,
    /// The program and its arguments; never passed through a shell.
    pub command: Vec<OsText>,
    /// Variables for the job, which need not be hidden: where the job is its machine's own command they may stand in the
    /// machine's configuration.
    pub env: Vec<EnvVar>,
    /// Variables that hold secrets. They travel as a private file, or over the machine's exec once it runs, and stand in no
    /// command line, no log and no configuration that can be read.
    pub secrets: Vec<EnvVar>,
    /// Where the job starts. The workspace (`/work`), or the directory of its only repository, otherwise.
    pub workdir: Option<OsText>,
    /// Whether the job gets input from [`Job::take_input`](crate::Job::take_input); it reads end-of-file at once otherwise.
    pub stdin: bool,
    /// A terminal of this size, where one is wanted. With a terminal all output is `Stdout` and there is always input.
    pub tty: Option<WindowSize>,
    /// The longest that the job may run, from its start; then it is ended and the outcome is `TimedOut`.
    pub timeout: Option<Duration>,
    /// How long the job may take to end by itself after it was told to, before it is killed.
    pub grace: Duration,
    /// Whether the job is root inside its machine. It is an ordinary user otherwise.
    pub root: bool,
    /// A directory of this computer to copy into the workspace before the job starts; `.gitignore` is respected.
    pub sync: Option<PathBuf>,
    /// Directories of this computer that are never copied, wherever `sync` may have them.
    pub leave_out: Vec<PathBuf>,
    /// Repositories to clone into the workspace before the job starts.
    pub repos: Vec<RepoSpec>,
    /// Files and directories to bring back after the job has ended, absolute or relative to where the job started.
    pub fetch: Vec<OsText>,
    /// Where they are brought to; `sync`, else the current directory, otherwise.
    pub fetch_into: Option<PathBuf>,
    /// A file of this computer to write the job's changes to, as a patch for `git apply`.
    pub patch: Option<PathBuf>,
    /// Whether the machine stays when the job has ended.
    pub keep: bool,
    /// When the machine must be gone at the latest, whatever the job does.
    pub deadline: Option<Timestamp>,
}

impl JobSpec {
    /// All variables of the job; of two of one name the secret counts.
    pub(crate) fn variables(&self) -> Vec<EnvVar> {
        self.env.iter().chain(&self.secrets).cloned().collect()
    }

    /// How long a job may take to end by itself, where nobody says otherwise.
    pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

    /// `command` on a machine like `machine`, with no input, no limit and nothing carried in or out.
    pub fn new(machine: MachineSpec, command: Vec<OsText>) -> Self {
        Self {
            machine,
            command,
            env: Vec::new(),
            secrets: Vec::new(),
            workdir: None,
            stdin: false,
            tty: None,
            timeout: None,
            grace: Self::DEFAULT_GRACE,
            root: false,
            sync: None,
            leave_out: Vec::new(),
            repos: Vec::new(),
            fetch: Vec::new(),
            fetch_into: None,
            patch: None,
            keep: false,
            deadline: None,
        }
    }
}
