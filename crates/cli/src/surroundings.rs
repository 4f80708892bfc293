//! What a run of the command is given from outside: nothing below here looks at the process for it.

use std::ffi::OsString;
use std::path::PathBuf;

use machine_config::Registry;
use machine_core::{Clock, Environment};

use crate::printer::Page;
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
        self.streams.writes_terminal(target) && self.environment.get("NO_COLOR").is_none() && !self.is_dumb()
    }

    /// What standard output is like for a person: as wide as its terminal, or as `COLUMNS` where that does not tell. What goes
    /// to a file or a program is as wide as it is.
    pub(crate) fn page(&self) -> Page {
        if self.streams.writes_terminal(Target::Stdout) { self.page_at(Target::Stdout) } else { Page::default() }
    }

    /// What standard error is like where a person watches it, at a terminal that can take back what it shows.
    pub(crate) fn watched(&self) -> Option<Page> {
        (self.streams.writes_terminal(Target::Stderr) && !self.is_dumb()).then(|| self.page_at(Target::Stderr))
    }

    fn page_at(&self, target: Target) -> Page {
        let said = || self.environment.get("COLUMNS")?.to_str()?.parse().ok().filter(|columns| *columns > 0);
        let width = self.streams.columns(target).map(usize::from).or_else(said);
        Page { width, colours: self.wants_colours(target) }
    }

    fn is_dumb(&self) -> bool {
        self.environment.get("TERM").is_some_and(|name| name == "dumb")
    }
}
