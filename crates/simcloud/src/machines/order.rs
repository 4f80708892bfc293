//! What a cloud orders for a machine, and what is reported back.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

/// What is to be done with a machine.
#[derive(Debug)]
pub(crate) enum Order {
    /// It is to run. One that runs is ended first, without a report.
    Boot(Box<Shape>),
    /// Its command gets `signal`, and what of it is left after `grace` is killed.
    Stop {
        /// The signal's number.
        signal: i32,
        /// How long the command has.
        grace: Duration,
    },
    /// The power is cut: it is killed.
    Cut,
    /// Its command gets a signal.
    Signal(i32),
    /// It is destroyed with all that is on its disk. The volumes stay.
    Forget,
}

/// How a machine is to be.
#[derive(Default)]
pub(crate) struct Shape {
    /// What it calls itself.
    pub(crate) hostname: String,
    /// What runs in it; without one it idles.
    pub(crate) command: Vec<String>,
    /// Variables of everything that runs in it.
    pub(crate) env: Vec<(String, String)>,
    /// Where the command starts.
    pub(crate) workdir: Option<String>,
    /// Files to be there before the command starts.
    pub(crate) files: Vec<File>,
    /// Whether it has a network of its own, in which it is alone, rather than the computer's.
    pub(crate) own_network: bool,
    /// The address of this computer that its ports are published on; 127.0.0.1 otherwise.
    pub(crate) address: Option<Ipv4Addr>,
    /// Ports that are published, outside and inside; only with a network of its own.
    pub(crate) ports: Vec<(u16, u16)>,
    /// Directories of this computer to show inside: where they are, where they show, and whether they can be written.
    pub(crate) mounts: Vec<(PathBuf, String, bool)>,
    /// What it has beside its disk.
    pub(crate) volumes: Vec<Storage>,
    /// The memory that it may use, in mebibytes; the computer's otherwise.
    pub(crate) memory_mib: Option<u64>,
    /// Whether its disk is kept from one boot to the next.
    pub(crate) keeps_disk: bool,
}

/// A file.
pub(crate) struct File {
    /// Its absolute path inside.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) contents: Vec<u8>,
    /// Its permission bits.
    pub(crate) mode: u32,
}

/// A volume that a machine has. It is made where it is missing, and outlives the machine.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    /// The cloud's id of it.
    pub(crate) id: String,
    /// The absolute path inside.
    pub(crate) path: String,
    /// How big, in gibibytes.
    pub(crate) size_gib: u64,
}

impl fmt::Debug for Shape {
    /// The names only: variables and files hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shape").field("hostname", &self.hostname).finish_non_exhaustive()
    }
}

/// What has become of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// The cloud's id of it.
    pub(crate) id: String,
    /// The life that it happened in: that of the last order.
    pub(crate) life: u64,
    /// What.
    pub(crate) what: Happened,
}

/// What can become of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It runs.
    Up,
    /// Its command has ended, by itself or because it was to.
    Ended {
        /// Its exit code.
        code: Option<i32>,
        /// The signal that it ended by.
        signal: Option<i32>,
        /// Whether it was killed for want of memory.
        oom: bool,
    },
    /// It could not be made to run, and why.
    Failed(String),
}
