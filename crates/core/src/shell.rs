//! A shell in a machine, for a person.

use crate::{Exec, OsText};

/// What opens a shell in a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shell {
    /// A program of this computer, with its arguments. It talks to the terminal itself.
    Program(Vec<OsText>),
    /// A command for [`exec`](crate::CloudProvider::exec), to which the caller adds input and a terminal.
    Exec(Exec),
}

impl Shell {
    /// The login shell of whoever runs commands in the machine, or `line` run by `sh`.
    pub fn by_exec(line: Option<&str>) -> Self {
        Self::Exec(match line {
            Some(line) => Exec::of(["sh", "-c", line]),
            None => Exec::of(["sh", "-c", "exec \"${SHELL:-/bin/sh}\" -l"]),
        })
    }
}
