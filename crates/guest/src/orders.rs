//! What a job's maker tells the guest: one JSON document in a private file, read once and removed.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use machine_core::{EnvVar, OsText, WindowSize};
use serde::{Deserialize, Serialize};

use crate::frame::JobKey;

/// Where the orders are, inside the machine.
pub const ORDERS_PATH: &str = "/run/machine/orders.json";
/// The version of everything that the guest and its client say to each other.
pub const VERSION: u32 = 1;

/// What is to be done. It holds secrets (the key, the environment, credentials), so it shows none of them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Orders {
    /// [`VERSION`].
    pub version: u32,
    /// Signs the frames and opens the guest's socket.
    pub key: JobKey,
    /// The program and its arguments.
    pub command: Vec<OsText>,
    /// Variables on top of the machine's own.
    pub env: Vec<EnvVar>,
    /// Where the job starts; relative to the workspace. The workspace itself otherwise.
    pub workdir: Option<OsText>,
    /// Whether a client sends input. The job reads end-of-file at once otherwise.
    pub stdin: bool,
    /// A terminal of this size, where one is wanted.
    pub tty: Option<WindowSize>,
    /// The longest that the job may run, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How long it may take to end by itself after it was told to, in milliseconds.
    pub grace_ms: u64,
    /// When it must have ended, whatever its timeout.
    pub deadline: Option<Timestamp>,
    /// Whether it is root in the machine.
    pub root: bool,
    /// Repositories to be there before it starts.
    pub repos: Vec<RepoOrder>,
    /// Directories, relative to the workspace, to be remembered as they are when the job starts, so that a patch can be made.
    pub baselines: Vec<PathBuf>,
    /// Wait this many milliseconds for a client's `Start`, and give up without one. Start at once otherwise.
    pub start_within_ms: Option<u64>,
    /// Whether a client will come that acknowledges output: then output is held back for it from the beginning.
    pub client: bool,
    /// After the end, wait this many milliseconds for a client's `Release`. Exit at once otherwise.
    pub linger_ms: Option<u64>,
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A repository to be there before the job starts.
#[derive(Clone, Serialize, Deserialize)]
pub struct RepoOrder {
    /// Its directory in the workspace.
    pub name: String,
    /// Where it comes from, without credentials; what `origin` says.
    pub url: String,
    /// The branch, tag or commit that is wanted; the repository's own default otherwise.
    pub reference: Option<String>,
    /// Whether the client has sent it, history and no files: then it is only checked out.
    pub sent: bool,
    /// The credential for `url`, where it had one.
    pub credential: Option<Credential>,
}

impl fmt::Debug for RepoOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoOrder").field("name", &self.name).field("url", &self.url).finish_non_exhaustive()
    }
}

/// What a git server wants to see.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The user's name.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl Credential {
    /// What git is to be told, so that it asks us for the credential. It stands in the variables of git's process alone, and
    /// neither in a file nor in a command line.
    const HELPER: &str = "credential.helper=!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$MACHINE_GIT_USERNAME\" \"$MACHINE_GIT_PASSWORD\"; }; f";

    /// Has git, which is about to be run, take it instead of asking anybody else. To be called before git's own command is
    /// among the arguments.
    pub fn give_to(&self, git: &mut std::process::Command) {
        git.args(["-c", "credential.helper=", "-c", Self::HELPER]);
        git.env("MACHINE_GIT_USERNAME", &self.username).env("MACHINE_GIT_PASSWORD", &self.password);
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// Where a path below `/run/machine` is in fact: a machine without namespaces has its files elsewhere, and says where.
pub fn private_path(name: &str) -> PathBuf {
    let root = std::env::var_os("MACHINE_FILES").filter(|root| !root.is_empty()).unwrap_or_else(|| "/".into());
    PathBuf::from(root).join("run/machine").join(name)
}

/// Where the workspace is in fact.
pub fn workspace() -> PathBuf {
    std::env::var_os("MACHINE_WORK").filter(|work| !work.is_empty()).map_or_else(|| "/work".into(), PathBuf::from)
}
