//! What a run of the command is given from outside: nothing below here looks at the process for it.

use std::ffi::OsString;
use std::path::PathBuf;

use machine_config::Registry;
use machine_core::{Clock, Environment};

use crate::streams::{Streams, Target};

/// What a run of the command is given from outside.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// The kinds of providers that there are.
    pub(crate) registry: Registry,
    /// The command line, the program's name first.
    pub(crate) args: Vec<OsString>,
    /// The environment variables.
    pub(crate) environment: Environment,
    /// Where to read and write.
    pub(crate) streams: Streams,
    /// What time it is.
    pub(crate) clock: Clock,
    /// The program to start again for helper processes.
    pub(crate) program: PathBuf,
}

impl Surroundings {
    /// Whether what is written there may have colours.
    pub(crate) fn wants_colours(&self, target: Target) -> bool {
        self.streams.writes_terminal(target) && self.environment.get("NO_COLOR").is_none()
    }
}
